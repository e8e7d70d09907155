/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORDUROY_TESTS_LIB_ZK_UNDER_TEST_H
#define CORDUROY_TESTS_LIB_ZK_UNDER_TEST_H

#include <stdbool.h>

#include "common/env.h"

/* Something that speaks ZooKeeper as env.h says: the model, or the adapter in front of a real
 * server. The same tests (zk_contract.c) run against both. */
struct zk_under_test {
    const struct zk_under_test_ops *ops;
};
enum zk_fault {
    ZK_FAULT_REQUEST, /* the k-th request from now is lost, and the connection */
    ZK_FAULT_REPLY,   /* the k-th request from now is executed, its reply is lost with the
                         connection */
};
#define ZK_TEST_SESSION_MS 4000

struct zk_under_test_ops {
    void *(*client_new)(struct zk_under_test *z, const char *chroot,
                        void (*heard)(void *owner, const struct event *event), void *owner);
    /* Its process is gone: nothing more is heard, and nothing was closed in good order. */
    void (*client_kill)(void *client);
    void (*open)(void *client, bool open);
    void (*submit)(void *client, token token, const struct zk_op *ops, uint32_t count);
    /* Lets time pass until something happens or a little while is over; what the clients hear, they
     * hear inside. False when nothing can happen any more, or far too much time has passed. */
    bool (*turn)(struct zk_under_test *z);
    void (*disconnect)(void *client);
    void (*fault_at)(void *client, uint32_t k, enum zk_fault how);
    void (*cut)(void *client, bool cut); /* nothing passes, and nobody is told */
    /* The next reply says "session moved", whatever it would have said. NULL: cannot be done. */
    void (*forge_moved)(void *client);
    /* The client's connection moves to a server that can fall behind the others. NULL: it need
     * not. */
    void (*follow)(void *client);
    /* While it lags, reads may be older than what others have written and heard answered. */
    void (*lag)(void *client, bool lags);
    /* A read that was begun while it lags knows nothing of what is written from here on. */
    bool (*behind)(void *client);
    void (*free)(struct zk_under_test *z);
};

/* Runs the contract as a Check suite; returns what main returns. make() is called once a test. */
int zk_contract_run(const char *name, struct zk_under_test *(*make)(void));

#endif
