/* SPDX-License-Identifier: Apache-2.0 */
#include "common/resolve.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/world_addr.h"

static const uint8_t mapped_prefix[12] = {[10] = 0xff, [11] = 0xff};

static bool is_v4(const struct addr *addr)
{
    return memcmp(addr->ip, mapped_prefix, sizeof mapped_prefix) == 0;
}

bool resolve_numeric(const char *host, uint16_t port, struct addr *ret)
{
    char bare[INET6_ADDRSTRLEN];
    size_t size = strlen(host);
    *ret = (struct addr){.port = port};
    if (size == 0)
        return true;
    if (size >= 2 && host[0] == '[' && host[size - 1] == ']') {
        host++;
        size -= 2;
    }
    if (size >= sizeof bare)
        return false;
    memcpy(bare, host, size);
    bare[size] = 0;
    if (inet_pton(AF_INET6, bare, ret->ip) == 1)
        return true;
    memcpy(ret->ip, mapped_prefix, sizeof mapped_prefix);
    return inet_pton(AF_INET, bare, ret->ip + 12) == 1;
}

enum resolve_error resolve_host(const char *host, uint16_t port, struct addr *ret,
                                bool *ret_numeric)
{
    bool numeric = resolve_numeric(host, port, ret);
    if (ret_numeric)
        *ret_numeric = numeric;
    if (numeric)
        return RESOLVE_OK;
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *found = NULL;
    int error = getaddrinfo(host, NULL, &hints, &found);
    if (error)
        return error == EAI_AGAIN || error == EAI_SYSTEM ? RESOLVE_LATER : RESOLVE_UNKNOWN;
    enum resolve_error result = RESOLVE_UNKNOWN;
    for (struct addrinfo *at = found; at && result != RESOLVE_OK; at = at->ai_next)
        if (world_addr_from_kernel(at->ai_addr, ret))
            result = RESOLVE_OK;
    freeaddrinfo(found);
    ret->port = port;
    return result;
}

void resolve_ip_text(const struct addr *addr, char text[RESOLVE_TEXT_SIZE])
{
    if (is_v4(addr))
        inet_ntop(AF_INET, addr->ip + 12, text, RESOLVE_TEXT_SIZE);
    else
        inet_ntop(AF_INET6, addr->ip, text, RESOLVE_TEXT_SIZE);
}

void resolve_text(const struct addr *addr, char text[RESOLVE_TEXT_SIZE])
{
    char ip[RESOLVE_TEXT_SIZE];
    resolve_ip_text(addr, ip);
    snprintf(text, RESOLVE_TEXT_SIZE, is_v4(addr) ? "%.46s:%u" : "[%.46s]:%u", ip,
             (unsigned)addr->port);
}

bool resolve_is_loopback(const struct addr *addr)
{
    static const uint8_t one[16] = {[15] = 1};
    return is_v4(addr) ? addr->ip[12] == 127 : memcmp(addr->ip, one, sizeof one) == 0;
}

bool resolve_is_wildcard(const struct addr *addr)
{
    static const uint8_t any[16] = {0};
    return memcmp(is_v4(addr) ? addr->ip + 12 : addr->ip, any, is_v4(addr) ? 4 : 16) == 0;
}

void resolve_own_name(char *name, size_t size)
{
    if (gethostname(name, size))
        snprintf(name, size, "localhost");
    name[size - 1] = 0;
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_CANONNAME}, *found = NULL;
    if (getaddrinfo(name, NULL, &hints, &found))
        return;
    if (found->ai_canonname && strlen(found->ai_canonname) < size)
        snprintf(name, size, "%s", found->ai_canonname);
    freeaddrinfo(found);
}
