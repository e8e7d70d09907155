/* SPDX-License-Identifier: Apache-2.0 */
#include "broker/zk/zk_connect.h"

#include <stdbool.h>
#include <string.h>

#define PORT_DEFAULT 2181

static bool parse_port(const char *text, size_t size, uint16_t *ret)
{
    uint32_t port = 0;

    if (size == 0 || size > 5)
        return false;
    for (size_t i = 0; i < size; i++) {
        if (text[i] < '0' || text[i] > '9')
            return false;
        port = port * 10 + (uint32_t)(text[i] - '0');
    }
    *ret = (uint16_t)port;
    return port > 0 && port <= UINT16_MAX;
}

static const char *skip_spaces(const char *text, const char *end)
{
    while (text < end && *text == ' ')
        text++;
    return text;
}

/* One "host:port" of size bytes; NULL, or what is wrong. */
static const char *parse_server(const char *text, size_t size, struct zk_connect_server *ret)
{
    const char *end = text + size, *host, *host_end, *rest;

    text = skip_spaces(text, end);
    while (end > text && end[-1] == ' ')
        end--;
    host = text;
    if (host < end && *host == '[') {
        host++;
        host_end = memchr(host, ']', (size_t)(end - host));
        if (!host_end)
            return "a '[' is not closed";
        rest = host_end + 1;
    } else {
        host_end = memchr(host, ':', (size_t)(end - host));
        host_end = host_end ? host_end : end;
        rest = host_end;
    }
    if (host_end == host)
        return "a server has no name";
    if (host_end - host >= ZK_CONNECT_HOST_SIZE)
        return "a server's name is too long";
    memcpy(ret->host, host, (size_t)(host_end - host));
    ret->host[host_end - host] = '\0';
    ret->port = PORT_DEFAULT;
    if (rest == end)
        return NULL;
    if (*rest != ':' || !parse_port(rest + 1, (size_t)(end - rest - 1), &ret->port))
        return "a port is not a number from 1 to 65535";
    return NULL;
}

static const char *parse_chroot(const char *text, struct zk_connect *ret)
{
    size_t size = strlen(text);

    while (size > 0 && text[size - 1] == '/')
        size--;
    if (size >= ZK_CONNECT_CHROOT_SIZE)
        return "the chroot is too long";
    if (memchr(text, ',', size))
        return "the chroot stands once, behind the last server";
    if (size > 0 && (memmem(text, size, "//", 2) || memmem(text, size, "/./", 3) ||
                     memmem(text, size, "/../", 4)))
        return "the chroot is not a path";
    memcpy(ret->chroot, text, size);
    ret->chroot[size] = '\0';
    return NULL;
}

int zk_connect_parse(const char *text, struct zk_connect *ret, const char **ret_why)
{
    const char *servers_end = strchrnul(text, '/');
    const char *why = parse_chroot(servers_end, ret);

    ret->server_count = 0;
    while (!why) {
        const char *end = memchr(text, ',', (size_t)(servers_end - text));

        if (ret->server_count == ZK_CONNECT_SERVERS_MAX) {
            why = "there are more than 32 servers";
            break;
        }
        end = end ? end : servers_end;
        why = parse_server(text, (size_t)(end - text), &ret->servers[ret->server_count++]);
        if (end == servers_end)
            break;
        text = end + 1;
    }
    if (!why)
        return 0;
    *ret_why = why;
    return 1;
}
