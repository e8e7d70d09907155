/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORDUROY_COMMON_RESOLVE_H
#define CORDUROY_COMMON_RESOLVE_H

#include "common/assert.h"
#include "common/env.h"

/* Names to addresses, by the system's resolver. Blocks, so only before the world runs, or on a
 * thread that may wait. */

enum resolve_error {
    RESOLVE_OK,
    RESOLVE_UNKNOWN, /* there is no such name, or it has no address */
    RESOLVE_LATER,   /* the name service does not answer now */
};
/* The first address of a host: a name, an IPv4 or an IPv6 address ("[::1]" too). An empty host is
 * the wildcard "::", which listens on IPv4 as well, as in Kafka's listeners. ret_numeric (may be
 * NULL) tells whether it was an address already. */
enum resolve_error resolve_host(const char *host, uint16_t port, struct addr *ret,
                                bool *ret_numeric) MUST_CHECK;

/* The same without any name service: false when host is a name. Any thread; never blocks. */
bool resolve_numeric(const char *host, uint16_t port, struct addr *ret);

/* "127.0.0.1:9092", "[::1]:9092". */
#define RESOLVE_TEXT_SIZE 64
void resolve_text(const struct addr *addr, char text[RESOLVE_TEXT_SIZE]);
/* Only the address: "127.0.0.1", "::1". */
void resolve_ip_text(const struct addr *addr, char text[RESOLVE_TEXT_SIZE]);

bool resolve_is_loopback(const struct addr *addr);
bool resolve_is_wildcard(const struct addr *addr);

/* The canonical name of this machine, as Kafka advertises it where nothing is configured; its host
 * name where the name service knows no better. Blocks. */
void resolve_own_name(char *name, size_t size);

#endif
