/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORDUROY_TESTS_SIM_ZK_MODEL_H
#define CORDUROY_TESTS_SIM_ZK_MODEL_H

#include <stdbool.h>
#include <stdint.h>

#include "common/env.h"

/* A model of a ZooKeeper ensemble and of the C client as the broker sees it through
 * env_ops.zk_open and env_ops.zk. It passes the same test file as broker/zk/zk_adapter.c in front
 * of a real server (tests/unit/test_zk_contract.c, tests/zk/).
 *
 * What it keeps of the real thing:
 *  - one order of writes (zxids), decided by the leader; each server applies it in order, some
 *    later than others. A write's reply leaves when the client's own server has applied it; a read
 *    is answered from that server's tree; a sync's reply leaves when that server has applied all
 *    that was written when the leader saw it.
 *  - sessions with ephemerals, kept alive while the link works, expired by the leader; the client
 *    hears of it only when it reconnects. A request of a connection that the session has left
 *    since is never executed late (the server's "session moved").
 *  - requests and replies of one connection stay in order; a watch event comes before the reply
 *    that shows the change. Watches are one-shot, at most one per path and kind; at reconnect they
 *    are set again with the last zxid seen, and fire at once where something changed meanwhile.
 *    The last zxid seen moves with replies only; a server that is behind it is not connected to.
 *  - connection loss: every outstanding op is answered `unknown`, in order, then ZK_LOST. Ops
 *    given while away wait and go out after ZK_UP, after the watches; at expiry they are answered
 *    ZK_ERR_NO_SESSION first. Ops given before the first ZK_UP, or between ZK_EXPIRED and the next
 *    ZK_UP, or after a close, are answered ZK_ERR_NO_SESSION.
 *
 * One thread. All that happens, happens inside a function that the scheduler calls; no call below
 * delivers an event itself. Everything is repeatable from the scheduler's random numbers. */

/* The simulated world's clock and heap. */
struct zk_scheduler {
    void *context;
    uint64_t (*now_ns)(void *context);
    /* Calls run(arg) once, delay_ns from now; equal times in the order given, or by the seed. */
    void (*after)(void *context, uint64_t delay_ns, void (*run)(void *arg), void *arg);
    uint64_t (*random)(void *context);
};

struct zk_model_options {
    unsigned server_count;                   /* 1..ZK_MODEL_SERVERS_MAX; server 0 leads */
    uint64_t link_min_ns, link_max_ns;       /* one way, client to server and server to leader */
    uint64_t connect_min_ns, connect_max_ns; /* a connection attempt, successful or not */
};
#define ZK_MODEL_SERVERS_MAX 5
#define ZK_MODEL_LISTENERS_MAX 4
/* Three servers, 50-500 us a way, 1-20 ms to connect. */
extern const struct zk_model_options zk_model_options_default;

struct zk_model;
struct zk_model *zk_model_new(const struct zk_scheduler *scheduler,
                              const struct zk_model_options *options);
/* Frees the model and all its clients. What the scheduler still holds must not be run after it. */
void zk_model_free(struct zk_model *m);

/* ---- a broker's client ---- */
struct zk_client;
/* deliver() hears EV_ZK_SESSION, EV_ZK_REPLY and EV_ZK_WATCH; now_ns is set; what the event points
 * to lives until it returns. chroot: "" or "/some/path". Owned by the model. */
struct zk_client *zk_client_new(struct zk_model *m, const char *chroot, uint32_t session_timeout_ms,
                                void (*deliver)(void *owner, const struct event *event),
                                void *owner);
/* As env_ops.zk_open. Closing ends the session in good order: its ephemerals go at once. */
void zk_client_open(struct zk_client *c, bool open);
/* As env_ops.zk. */
void zk_client_submit(struct zk_client *c, token token, const struct zk_op *ops, uint32_t count);
/* The broker's process is gone (crash, kill -9): nothing more is delivered, the connection ends,
 * the session lives until it expires. Not to be used again; a restarted broker has a new client. */
void zk_client_kill(struct zk_client *c);

/* ---- faults ---- */
/* Ends the connection now. Of the requests on their way any prefix arrives and is executed; the
 * replies on their way are lost. Nothing when not connected. */
void zk_client_disconnect(struct zk_client *c);
/* While cut, nothing passes in either direction and no connection succeeds: the client notices
 * after two thirds of the session time-out, the ensemble expires the session after all of it. */
void zk_client_cut(struct zk_client *c, bool cut);
/* Breaks the connection at the k-th request counted from now (0: the next). */
enum zk_break {
    ZK_BREAK_REQUEST, /* the request is lost: surely not done, but the client cannot know */
    ZK_BREAK_REPLY,   /* it is executed, its reply is lost */
    ZK_BREAK_LATE,    /* lost to the client at once, executed by the leader a little later */
};
void zk_client_break_at(struct zk_client *c, uint32_t k, enum zk_break how);
/* The session is over at the leader; the connection is closed and the client learns when it comes
 * back. Nothing without a session. */
void zk_client_expire(struct zk_client *c);
/* From now on this server applies writes so much later (not for server 0, whose clients see all).
 * 0: at once again. */
void zk_model_lag(struct zk_model *m, unsigned server, uint64_t delay_ns);
/* A server that is down has no connections; when all are (or more than half), nothing is written
 * and sessions do not expire. */
void zk_model_down(struct zk_model *m, unsigned server, bool down);
/* Where the next connection of this client goes; -1: drawn at random. */
void zk_client_prefer(struct zk_client *c, int server);

/* ---- looking at it, and playing an outside tool ---- */
struct zk_model_node {
    const char *path; /* from the root, chroots included */
    struct view data; /* VIEW_NULL: none */
    int32_t version, child_version;
    int64_t czxid, mzxid, owner;
    uint32_t child_count;
};
/* The leader's truth. False: no such node. The views live until the next write. */
bool zk_model_find(struct zk_model *m, const char *path, struct zk_model_node *ret);
/* Calls each() for the node and all below it, in byte order. */
void zk_model_walk(struct zk_model *m, const char *path,
                   void (*each)(void *context, const struct zk_model_node *node), void *context);
/* Writes at once, without a session, as one transaction; 0 or the error. Missing parents are made
 * by put. */
enum zk_error zk_model_put(struct zk_model *m, const char *path, struct view data);
enum zk_error zk_model_delete(struct zk_model *m, const char *path);
/* Heard of every node written, in zxid order, at the leader, before anybody else knows; up to
 * ZK_MODEL_LISTENERS_MAX may hear. kind:
 * ZK_WATCH_CREATED, _CHANGED or _DELETED (then data is VIEW_NULL). */
void zk_model_on_write(struct zk_model *m,
                       void (*wrote)(void *context, enum zk_watch_kind kind,
                                     const struct zk_model_node *node),
                       void *context);
/* The session id of the client, 0 without one; whether it is connected. */
int64_t zk_client_session(const struct zk_client *c);
bool zk_client_connected(const struct zk_client *c);
/* What happened since zk_model_new. */
struct zk_model_counts {
    uint64_t writes, multis, failed, unknown, expired, reconnects, watches_fired;
};
struct zk_model_counts zk_model_counts(const struct zk_model *m);

#endif
