/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORDUROY_COMMON_WORLD_ZK_H
#define CORDUROY_COMMON_WORLD_ZK_H

#include "common/arena.h"
#include "common/env.h"

/* Between the real world and the adapter to a ZooKeeper library (the world itself knows no such
 * library). The world calls the adapter's functions on the thread of shard 0, except free; the
 * adapter answers by posts from any thread of its own. */
struct world;

struct world_zk_ops {
    /* The shard's zk_open(true): start a session; heard later as EV_ZK_SESSION with ZK_UP. After an
     * expiry the adapter starts the next one by itself. */
    void (*open)(void *adapter);
    /* The shard's zk_open(false): end the session, so that its ephemerals go at once. Does not
     * block. Ops that are outstanding are answered as unknown; nothing is heard after that. */
    void (*close)(void *adapter);
    /* One op, or with count > 1 one multi. The ops and their views are copied as far as they are
     * needed after the call. Answered by exactly one EV_ZK_REPLY post with this token; in the order
     * given, also where the adapter itself refuses it. */
    void (*submit)(void *adapter, token name, const struct zk_op *ops, unsigned count);
    /* Ends the adapter with its threads; may block for a bounded time. Called by world_free on the
     * main thread; after it has returned nothing is posted. */
    void (*free)(void *adapter);
};

/* One EV_ZK_SESSION, EV_ZK_REPLY or EV_ZK_WATCH on its way to shard 0. Whatever the event points to
 * is allocated from the post's own arena, which dies with it after shard_step has returned. The
 * world fills in now_ns. */
struct world_zk_post {
    struct world_zk_post *next; /* the world's */
    struct event event;
    struct arena arena;
    /* When set, called on the shard's thread just before it hears the event. */
    void (*hearing)(struct world_zk_post *post);
    void *hearing_context;
};
struct world_zk_post *world_zk_post_new(void);
void world_zk_post_free(struct world_zk_post *post);

/* Hands the post over. Any thread; order of one thread's posts is kept. Posts that come after the
 * broker has halted are freed unheard. */
void world_post_zk(struct world *world, struct world_zk_post *post);

#endif
