/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORDUROY_TESTS_SIM_ZK_TREE_H
#define CORDUROY_TESTS_SIM_ZK_TREE_H

#include "common/env.h"
#include "common/map.h"

/* A tree of znodes and the transactions that change it: the state of one server of the model. */
struct zk_node {
    char *path;
    uint8_t *data; /* NULL: none */
    uint32_t size;
    int32_t version;
    int32_t created_count; /* children ever made: the next sequence number */
    int64_t czxid, mzxid, pzxid, owner;
    struct zk_node *parent;
    struct zk_node **children; /* in byte order of their names */
    size_t child_count, child_capacity;
};
struct zk_tree {
    struct map nodes; /* path -> node */
    int64_t zxid;     /* of the last transaction applied */
};

/* One change as the leader decided it; every server makes the same. */
struct zk_change {
    enum zk_watch_kind kind; /* CREATED, CHANGED, DELETED */
    char *path;
    uint8_t *data;
    uint32_t size;
    int64_t owner;
};
struct zk_txn {
    int64_t zxid;
    uint32_t count;
    size_t capacity;
    struct zk_change *changes;
};

void zk_tree_init(struct zk_tree *t);
void zk_tree_deinit(struct zk_tree *t);
struct zk_node *zk_tree_find(const struct zk_tree *t, struct view path);
/* The last name of the path. */
const char *zk_node_name(const struct zk_node *n);

/* Decides the ops as one transaction with the next zxid, on behalf of a session (0: none): fills
 * the results (path and stat; views are into the tree or the ops) and the changes, and applies
 * them; or, when one fails, changes nothing, and the results say which. ops name full paths. True:
 * applied. A failed transaction takes a zxid too. */
bool zk_tree_decide(struct zk_tree *t, const struct zk_op *ops, uint32_t count, int64_t session,
                    struct zk_txn *ret_txn, struct zk_result *ret_results);
/* Deletes the session's ephemerals as one transaction. */
void zk_tree_close_session(struct zk_tree *t, int64_t session, struct zk_txn *ret_txn);
/* Applies what another tree decided. */
void zk_tree_apply(struct zk_tree *t, const struct zk_txn *txn);
void zk_txn_deinit(struct zk_txn *txn);

#endif
