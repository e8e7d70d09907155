/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORDUROY_TESTS_LIB_WORLD_HOST_H
#define CORDUROY_TESTS_LIB_WORLD_HOST_H

#include "common/reactor.h"
#include "common/world.h"

/* A real world with a reactor a shard, for tests that need threads, sockets or disks. A test sets
 * the functions it wants (all on the thread of the node's shard) and runs it until a node ends it.
 */
#define HOST_NODES_MAX 4
struct host;
struct host_node {
    struct host *host;
    unsigned index;
    struct reactor reactor;
    const struct env *env; /* the reactor's */
};
struct host {
    unsigned count;
    void *context; /* the test's */
    void (*start)(struct host_node *node);
    void (*stop)(struct host_node *node);
    void (*other)(struct host_node *node, const struct event *event); /* accepted, ZooKeeper */
    const struct world_zk_ops *zk_ops;
    void *zk;
    const struct world_dir *dirs;
    unsigned dir_count;
    struct world *world;
    struct host_node nodes[HOST_NODES_MAX];
};

/* What world_run returned. */
int host_run(struct host *host);
void host_end(struct host_node *node, int code);
/* 127.0.0.1 */
struct addr host_loopback(uint16_t port);

#endif
