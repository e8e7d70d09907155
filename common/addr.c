/* SPDX-License-Identifier: Apache-2.0 */
#include "common/addr.h"

#include <arpa/inet.h>
#include <stdio.h>

static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

bool addr_parse(struct view ip, int64_t port, struct addr *ret)
{
    char text[INET6_ADDRSTRLEN];
    struct addr a = {.port = (uint16_t)port};
    if (ip.size == 0 || ip.size >= sizeof text || port < 0 || port > 65535) {
        return false;
    }
    memcpy(text, ip.base, ip.size);
    text[ip.size] = '\0';
    if (inet_pton(AF_INET, text, a.ip + 12) == 1) {
        memcpy(a.ip, mapped, sizeof mapped);
    } else if (inet_pton(AF_INET6, text, a.ip) != 1) {
        return false;
    }
    *ret = a;
    return true;
}

void addr_text(const struct addr *addr, char text[ADDR_TEXT_SIZE])
{
    char ip[INET6_ADDRSTRLEN] = "?";
    if (memcmp(addr->ip, mapped, sizeof mapped) == 0) {
        inet_ntop(AF_INET, addr->ip + 12, ip, sizeof ip);
        snprintf(text, ADDR_TEXT_SIZE, "%s:%u", ip, addr->port);
    } else {
        inet_ntop(AF_INET6, addr->ip, ip, sizeof ip);
        snprintf(text, ADDR_TEXT_SIZE, "[%s]:%u", ip, addr->port);
    }
}

bool addr_is_loopback(const struct addr *addr)
{
    static const uint8_t six[16] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
    return (memcmp(addr->ip, mapped, sizeof mapped) == 0 && addr->ip[12] == 127) ||
           memcmp(addr->ip, six, sizeof six) == 0;
}
