/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORDUROY_BROKER_ZK_ZK_ADAPTER_H
#define CORDUROY_BROKER_ZK_ZK_ADAPTER_H

#include "broker/zk/zk_connect.h"
#include "common/world_zk.h"

/* The ZooKeeper of the real world: struct world_zk_ops over the C client library (3.8, the
 * multi-threaded one). The files broker/zk/zk_adapter*.c alone know that library.
 *
 * What env.h promises and the library does not do by itself is done here:
 *  - ops given while the connection is away wait here and go out after it is back (the library
 *    would fail them at each failed attempt); at expiry they are answered ZK_ERR_NO_SESSION. So are
 *    ops given before the shard has heard of the new session: none leaks from one into the next.
 *  - when the connection is lost every outstanding op is answered `unknown`, in order, then
 * ZK_LOST. One that the library had not yet sent may still be done after the reconnect, but before
 *    everything given later, a sync too.
 *  - a watch is heard at most once per path and kind, at most ZK_WATCHES_MAX are held, and the size
 *    of a request is bounded (zk_limits.h).
 *  - paths get the chroot in front. CREATE of "/" makes the chroot with its parents; only its own
 *    outcome is told.
 *  - names are resolved here, on a thread of the adapter: at each new session, and again while no
 *    server answers (the library by itself would resolve them on its own thread before every poll).
 *  - closing, which may block for seconds, happens on that thread.
 *  - "session moved" ends the connection, with the outcome unknown.
 *
 * Threads: the library has two a session; their callbacks copy what they are given and post it. */
struct zk_adapter;
struct zk_adapter_options {
    const struct zk_connect *connect; /* copied */
    uint32_t session_timeout_ms;      /* the server may grant another */
    const char *digest;               /* "user:password" for the digest scheme, or NULL; copied */
    /* Nodes made may be changed by whoever has the digest's rights only, and read by all. */
    bool protect;
    /* Hands a post over: world_post_zk, in a test something else. Any thread, never blocks. */
    void (*post)(void *context, struct world_zk_post *post);
    /* One log line: world_say. Any thread. */
    void (*say)(void *context, enum say_level level, struct view line);
    void *context;
};
/* NULL with errno when no thread could be made. Once opened, without any server that answers, it
 * goes on trying, and says so. */
struct zk_adapter *zk_adapter_new(const struct zk_adapter_options *options);
/* The functions of the table take the adapter. */
extern const struct world_zk_ops zk_adapter_ops;

#endif
