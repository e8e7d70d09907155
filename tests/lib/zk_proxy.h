/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORDUROY_TESTS_LIB_ZK_PROXY_H
#define CORDUROY_TESTS_LIB_ZK_PROXY_H

#include <stdbool.h>
#include <stdint.h>

#include "tests/lib/zk_under_test.h"

/* A proxy in front of a ZooKeeper server on 127.0.0.1, with a thread of its own: it passes whole
 * frames of ZooKeeper's protocol and can lose one, on command. Any thread. */
struct zk_proxy;
struct zk_proxy *zk_proxy_new(uint16_t server_port);
void zk_proxy_free(struct zk_proxy *p);
uint16_t zk_proxy_port(const struct zk_proxy *p);

/* Ends all connections. */
void zk_proxy_disconnect(struct zk_proxy *p);
/* While cut, nothing is read, written, accepted or closed. What was begun meanwhile and given up
 * again never reaches the server. */
void zk_proxy_cut(struct zk_proxy *p, bool cut);
/* Loses the k-th request from now (0: the next), or its reply after the server has given it, and
 * the connection with it. Pings and the like do not count. */
void zk_proxy_fault_at(struct zk_proxy *p, uint32_t k, enum zk_fault how);
/* While it holds, the server's replies wait here and are passed, in their order, when it holds no
 * longer; held is how many do, pings and the like aside. */
void zk_proxy_hold(struct zk_proxy *p, bool hold);
unsigned zk_proxy_held(struct zk_proxy *p);
/* Answers the next reply with this error of ZooKeeper's instead. */
void zk_proxy_forge_error(struct zk_proxy *p, int32_t error);

#endif
