/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORDUROY_BROKER_ZK_ZK_CONNECT_H
#define CORDUROY_BROKER_ZK_ZK_CONNECT_H

#include <stddef.h>
#include <stdint.h>

/* Kafka's zookeeper.connect: "host1:port1,host2:port2/chroot". The port may be left out (2181); an
 * IPv6 address stands in brackets. */
#define ZK_CONNECT_HOST_SIZE 256
#define ZK_CONNECT_SERVERS_MAX 32
#define ZK_CONNECT_CHROOT_SIZE 256

struct zk_connect_server {
    char host[ZK_CONNECT_HOST_SIZE]; /* without brackets */
    uint16_t port;
};
struct zk_connect {
    unsigned server_count;
    struct zk_connect_server servers[ZK_CONNECT_SERVERS_MAX];
    char chroot[ZK_CONNECT_CHROOT_SIZE]; /* "" or "/a/b", without a slash at its end */
};

/* 0, or a positive number and in ret_why a text for the operator: what is wrong with it. *ret is
 * then undefined. */
int zk_connect_parse(const char *text, struct zk_connect *ret, const char **ret_why);

#endif
