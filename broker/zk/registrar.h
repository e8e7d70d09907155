/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORDUROY_BROKER_ZK_REGISTRAR_H
#define CORDUROY_BROKER_ZK_REGISTRAR_H

#include "common/env.h"
#include "controller/znode.h"

/* A broker's place in the cluster, as ZooKeeper has it. A pure step function: one event in, a list
 * of actions out; it knows no clock, no random numbers, no ZooKeeper library.
 *
 * What it does, again from the start for every session and whenever something changed under it:
 *  1. /cluster/id: compared with what the data directories say; created by the first broker, but
 *     never by one that has data (then ZooKeeper was wiped, and a new id would hide it).
 *  2. Kafka's top-level paths and ours.
 *  3. The nodes of this broker id and the registrations of all others. Refused: an id that another
 *     storage id holds and is alive (after one session time-out, so that its own ghost is gone), an
 *     advertised address that another id has.
 *  4. The marker: the new incarnation is synced to every directory before ZooKeeper hears of it, so
 *     that a rolled-back or swapped disk is found out whatever crashes when.
 *  5. One multi: {the broker node /corduroy/brokers/N at the version read, state "starting", new
 *     incarnation; delete what is left of /brokers/ids/N; create it}. So a restart never meets its
 *     own ghost. An unknown outcome is resolved by sync, then read, then comparison.
 *  6. While registered it watches both nodes: declared dead ("out") it registers anew with a new
 *     incarnation; another incarnation in its place (a twin, a cloned disk) ends this process: the
 *     newest wins.
 *
 * The process that registers holds the lock of its directories, so a same storage id means the same
 * disks: the one before it is gone, or the disks were copied. */

struct registrar_config {
    int32_t broker;
    uint32_t session_timeout_ms;
    /* What /brokers/ids/N will say; incarnation and timestamp are filled in. Its views live as long
     * as the registrar. */
    struct znode_registration registration;
    struct uuid storage_id;
    uint32_t directory_count, failed_count;
    const struct uuid *directory_ids, *failed_directories; /* as the registration's views */
    /* Copied. From meta.properties; VIEW_NULL when no directory names one (a broker without data).
     */
    struct view cluster_id;
};

enum registrar_event_kind {
    REGISTRAR_SESSION,
    REGISTRAR_REPLY,
    REGISTRAR_WATCH,
    REGISTRAR_TIMER,
    REGISTRAR_PERSISTED, /* what REGISTRAR_PERSIST asked for is synced, in every directory that is
                            left; `request` is the action's */
    REGISTRAR_FAILED,    /* a directory has failed: the lists of the configuration were changed; the
                            broker node follows */
};
struct registrar_event {
    enum registrar_event_kind kind;
    int64_t wall_ms;
    uint64_t random[4]; /* fresh ones with each event */
    uint64_t request;   /* REPLY, PERSISTED */
    enum zk_session_state state;
    int64_t session; /* its id, when UP */
    const struct zk_result *results;
    uint32_t count;
    bool unknown;
    struct view path; /* WATCH */
};

enum registrar_action_kind {
    REGISTRAR_ZK,         /* give ops to ZooKeeper; the reply comes back with `request` */
    REGISTRAR_PERSIST,    /* (May be asked for again before it was answered: the later one counts.)
                             Write and sync, in each directory whose marker names `previous` (or when
                             `previous` is 0): marker {previous, incarnation}, cluster id. A directory
                             whose marker names another incarnation keeps it until the controller has
                             taken the inventory that says so */
    REGISTRAR_REGISTERED, /* this broker is known: incarnation, epoch, previous, cluster_id */
    REGISTRAR_UNREGISTERED, /* not any more: nothing is led in that incarnation from now on */
    REGISTRAR_STATE,        /* the broker node says `broker_state` of this incarnation */
    REGISTRAR_TIMER_SET,    /* one timer; after_ms 0 cancels */
    REGISTRAR_SAY,
    REGISTRAR_HALT, /* the process ends: text says why and what to do */
};
struct registrar_action {
    enum registrar_action_kind kind;
    uint64_t request; /* ZK, PERSIST */
    const struct zk_op *ops;
    uint32_t op_count;
    uint64_t incarnation, previous; /* previous: what the broker node named before; 0: none */
    int64_t broker_epoch;           /* Kafka's: the czxid of /brokers/ids/N */
    int32_t node_version;           /* of the broker node */
    enum znode_broker_state broker_state;
    struct view cluster_id;
    uint32_t after_ms;
    enum say_level level;
    struct view text;
};

struct registrar;
/* The configuration must outlive it; its lists of directories may change before REGISTRAR_FAILED.
 */
struct registrar *registrar_new(const struct registrar_config *config);
void registrar_free(struct registrar *r);
/* The actions live until the next step; they are carried out in order. After REGISTRAR_HALT nothing
 * more comes. */
const struct registrar_action *registrar_step(struct registrar *r, const struct registrar_event *e,
                                              uint32_t *ret_count);

#endif
