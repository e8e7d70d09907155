/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORDUROY_COMMON_ADDR_H
#define CORDUROY_COMMON_ADDR_H

#include <stdbool.h>

#include "common/env.h"

#define ADDR_TEXT_SIZE 64

/* An IPv4 or IPv6 address in digits; names are not resolved here. False: it is none, or the port is
 * outside of 0..65535. */
bool addr_parse(struct view ip, int64_t port, struct addr *ret);
/* "127.0.0.1:9092", "[::1]:9092" */
void addr_text(const struct addr *addr, char text[ADDR_TEXT_SIZE]);
bool addr_is_loopback(const struct addr *addr);

#endif
