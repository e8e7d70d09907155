/* SPDX-License-Identifier: Apache-2.0 */
#include "common/world_addr.h"

#include <netinet/in.h>
#include <string.h>

static const uint8_t mapped_prefix[12] = {[10] = 0xff, [11] = 0xff};

socklen_t world_addr_to_kernel(const struct addr *addr, struct sockaddr_storage *ret)
{
    memset(ret, 0, sizeof *ret);
    if (memcmp(addr->ip, mapped_prefix, sizeof mapped_prefix) == 0) {
        struct sockaddr_in *v4 = (struct sockaddr_in *)ret;
        v4->sin_family = AF_INET;
        v4->sin_port = htons(addr->port);
        memcpy(&v4->sin_addr, addr->ip + 12, 4);
        return sizeof *v4;
    }
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)ret;
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(addr->port);
    memcpy(&v6->sin6_addr, addr->ip, 16);
    return sizeof *v6;
}

bool world_addr_from_kernel(const struct sockaddr *from, struct addr *ret)
{
    *ret = (struct addr){0};
    if (from->sa_family == AF_INET) {
        const struct sockaddr_in *v4 = (const struct sockaddr_in *)(const void *)from;
        memcpy(ret->ip, mapped_prefix, sizeof mapped_prefix);
        memcpy(ret->ip + 12, &v4->sin_addr, 4);
        ret->port = ntohs(v4->sin_port);
        return true;
    }
    if (from->sa_family == AF_INET6) {
        const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)(const void *)from;
        memcpy(ret->ip, &v6->sin6_addr, 16);
        ret->port = ntohs(v6->sin6_port);
        return true;
    }
    return false;
}
