/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORDUROY_COMMON_WORLD_ADDR_H
#define CORDUROY_COMMON_WORLD_ADDR_H

#include <stdbool.h>
#include <sys/socket.h>

#include "common/env.h"

/* Between our addresses and the kernel's. IPv4 is mapped into ours (::ffff:a.b.c.d) and is AF_INET
 * to the kernel. */
socklen_t world_addr_to_kernel(const struct addr *addr, struct sockaddr_storage *ret);
/* False when it is neither IPv4 nor IPv6. */
bool world_addr_from_kernel(const struct sockaddr *from, struct addr *ret);

#endif
