/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORDUROY_PROTO_CLUSTER_MESSAGES_H
#define CORDUROY_PROTO_CLUSTER_MESSAGES_H

#include <stdbool.h>
#include <stdint.h>

#include "common/env.h"
#include "common/uuid.h"
#include "common/view.h"

/* What brokers say to each other, as values. How it stands on the wire: README.md here and
 * frames.h. Views and arrays borrow from the frame or arena that they were decoded from. Every
 * broker keeps one control connection to the broker that is controller (none to itself: there the
 * same values are handed over directly), and each leader's shard opens replication streams to its
 * followers. */
#define CLUSTER_REPLICAS_MAX 16

/* A process of a broker: a new incarnation is drawn for every registration. 0: none. */
struct cluster_member {
    int32_t broker;
    uint64_t incarnation;
};

/* ---- the numbered stream from the controller to one broker: metadata and orders in one ----
 * Every broker hears the wanted state of everything. A partition's item is its order: whoever is
 * named leader, with the incarnation that it has, leads; every other replica follows. Items are
 * levels, never commands: hearing one twice is harmless. */
struct cluster_broker_item {
    struct cluster_member member;
    bool alive; /* `in`: counts and may lead */
    struct view host;
    int32_t port;     /* of the PLAINTEXT client listener */
    struct view rack; /* null: none */
    struct view cluster_host;
    int32_t cluster_port, shard_count;
};
struct cluster_topic_item {
    struct uuid id;
    struct view name;
    int32_t partition_count;
    struct view config; /* overrides, a line `key=value\n` each */
};
enum cluster_partition_flags {
    /* Members of the ISR may make their logs empty; nothing is appended before this flag is gone.
     */
    CLUSTER_PARTITION_NEW = 1,
    /* The leader was elected from outside of the ISR: followers may cut below their high watermark.
     */
    CLUSTER_PARTITION_UNCLEAN = 2,
};
struct cluster_partition_item {
    struct partition_id id;
    int32_t leader; /* -1: none */
    uint64_t leader_incarnation;
    int32_t leader_epoch;
    int32_t version; /* data version of the state node: the partition epoch */
    int32_t min_isr;
    uint32_t flags;
    uint32_t replica_count, isr_count;
    int32_t replicas[CLUSTER_REPLICAS_MAX], isr[CLUSTER_REPLICAS_MAX];
};
static inline bool cluster_partition_has_replica(const struct cluster_partition_item *item,
                                                 int32_t broker)
{
    for (uint32_t i = 0; i < item->replica_count; i++)
        if (item->replicas[i] == broker)
            return true;
    return false;
}
static inline bool cluster_partition_in_isr(const struct cluster_partition_item *item,
                                            int32_t broker)
{
    for (uint32_t i = 0; i < item->isr_count; i++)
        if (item->isr[i] == broker)
            return true;
    return false;
}
enum cluster_item_kind {
    CLUSTER_ITEM_BROKER = 1,
    CLUSTER_ITEM_BROKER_GONE, /* broker.member.broker only */
    CLUSTER_ITEM_TOPIC,
    CLUSTER_ITEM_TOPIC_GONE, /* topic.id, topic.name: deleted; replicas remove their logs */
    CLUSTER_ITEM_PARTITION,
};
struct cluster_item {
    enum cluster_item_kind kind;
    union {
        struct cluster_broker_item broker;
        struct cluster_topic_item topic;
        struct cluster_partition_item partition;
    } u;
};
/* One frame of the stream. The first of a connection, and after any doubt, is a snapshot: begin ..
 * end, possibly many frames; what a snapshot does not name is gone from the metadata (a log without
 * a topic is kept and reported, never deleted). */
struct cluster_metadata {
    int32_t controller_epoch, controller;
    uint64_t first_number; /* of the first item; each item is one more */
    bool snapshot_begin, snapshot_end;
    uint32_t item_count;
    struct cluster_item *items;
};
/* Each second: number of the last item said and a digest of the state; a broker that differs asks
 * for a snapshot. */
struct cluster_digest {
    int32_t controller_epoch;
    uint64_t last_number, digest;
};

/* ---- broker to controller ---- */
enum cluster_exception_kind {
    CLUSTER_REPLICA_MISSING = 1, /* the order names it and is not new, and no directory has it */
    CLUSTER_REPLICA_SUSPECT,     /* its log is damaged */
    CLUSTER_REPLICA_WRONG_TOPIC, /* a directory of that name belongs to another topic id */
    CLUSTER_REPLICA_FAILED,      /* its directory failed while running */
};
struct cluster_exception {
    struct partition_id id;
    enum cluster_exception_kind kind;
};
struct cluster_held { /* a replica that is there: the last leader epoch in its log */
    struct partition_id id;
    int32_t last_epoch;
    int64_t end;
    int32_t order_epoch, order_version; /* of the newest order ever heard for it; -1: none */
};
struct cluster_directory {
    struct uuid id;
    bool marker_matches; /* its marker names the incarnation that the broker node knew last */
};
/* Sent when a broker in state `starting` has heard a whole snapshot; answered by its broker item
 * with alive = true. */
struct cluster_inventory {
    struct cluster_member from;
    int32_t highest_controller_epoch; /* ever seen by this broker */
    uint32_t directory_count, exception_count, held_count;
    struct cluster_directory *directories;
    struct cluster_exception *exceptions;
    struct cluster_held *held;
};
/* A leader asks for another ISR. isr names each member with the incarnation whose acknowledgements
 * were counted. */
struct cluster_isr_change {
    uint64_t request; /* chosen by the asker; in the reply */
    struct partition_id id;
    int32_t leader_epoch, version;
    uint32_t isr_count;
    struct cluster_member isr[CLUSTER_REPLICAS_MAX];
};
enum cluster_isr_result {
    /* leader_epoch, version and isr are the new state. A state that is so already is done, too. */
    CLUSTER_ISR_DONE = 0,
    /* Not done: epochs, version or a member did not fit; the reply has the current state. When that
     * has the request's own epoch and version, the request never will be done: a controller
     * remembers for each partition and leader epoch the largest request that it refused, and
     * refuses it and all below for ever (another copy may be on its way when its members fit
     * again). When it has a later version, an earlier copy may have been done, and the asker waits
     * for the order. */
    CLUSTER_ISR_REFUSED = 1,
    /* This controller does not know: it moved, or the outcome of the write is unknown. The change
     * stays pending; ask again. */
    CLUSTER_ISR_UNKNOWN = 2,
};
struct cluster_isr_reply {
    uint64_t request;
    struct partition_id id;
    enum cluster_isr_result result;
    int32_t leader_epoch, version;
    uint32_t isr_count;
    int32_t isr[CLUSTER_REPLICAS_MAX];
};
enum cluster_report_kind {
    /* The empty log of a `new` partition is durable. */
    CLUSTER_REPORT_CREATED = 1,
    /* The replica cannot go on (its directory failed, its log is suspect): it must not lead, and
     * must leave the ISR. */
    CLUSTER_REPORT_FAILED,
    /* An append failed after its offset was decided: never leads again in this epoch. */
    CLUSTER_REPORT_RESIGNED,
    /* Answers TOPIC_GONE: no log of that topic is left here, durably. One report for the whole
     * topic, with id.number and leader_epoch -1, also when there was none, and again whenever
     * TOPIC_GONE is heard again. The topic's znodes stay until the brokers of all replicas have
     * sent it. */
    CLUSTER_REPORT_DELETED,
};
struct cluster_report {
    struct partition_id id;
    enum cluster_report_kind kind;
    /* Of the order under which it is so. FAILED counts only while the state is still that one, and
     * is said again with the next. */
    int32_t leader_epoch, version;
};
struct cluster_shutdown {
    struct cluster_member from;
};
struct cluster_shutdown_reply {
    int32_t remaining; /* partitions still led by it; 0: it may stop */
};
/* A Kafka admin request accepted by any broker and done by the controller's: header-less body bytes
 * both ways. */
struct cluster_admin {
    uint64_t request;
    int16_t api_key, api_version;
    int32_t timeout_ms;
    struct view body;
};
struct cluster_admin_reply {
    uint64_t request;
    int16_t error;            /* a Kafka error code when body is null: NOT_CONTROLLER (41) or so */
    uint64_t metadata_number; /* the client is answered once the metadata has reached this item */
    struct view body;
};

/* ---- either way, on every connection that has been silent for a while ---- */
struct cluster_ping {
    uint64_t number; /* the answer (pong) repeats it */
};
/* Broker to controller, first on a control connection: what it has heard of this controller epoch.
 */
struct cluster_subscribe {
    struct cluster_member from;
    int32_t controller_epoch; /* -1: nothing yet */
    uint64_t next_number;     /* of the first item that it has not heard */
};

/* ---- replication: leader to follower, one stream per (leader's shard, follower, follower's shard,
 * live or catch-up) ---- The incarnations of both ends stand in the handshake of the connection;
 * every message names the leader epoch and the session: the leader's number for this opening of the
 * partition to this follower, one more with each replica open. What bears another session
 * than the newest is dropped without an answer, so that nothing that is still on its way from
 * before a new opening can be taken for an answer to it. Open, state, diverge, reset, ack and
 * refuse go by the live stream; pushes by either. */
/* Leader to follower: I lead this partition in this epoch; where does your log end? */
struct cluster_replica_open {
    struct partition_id id;
    int32_t leader_epoch;
    uint32_t session;
    int64_t leader_start; /* start of the leader's log */
};
/* Follower to leader: there. */
struct cluster_replica_state {
    struct partition_id id;
    int32_t leader_epoch;
    uint32_t session;
    int32_t last_epoch; /* of its last record; -1: its log is empty */
    int64_t start;
    int64_t end; /* -1: its log is suspect; it asks for a reset */
    int64_t high_watermark;
};
/* Leader to follower: our logs part. The largest epoch that I have at or below your last one is
 * `epoch`, and it ends at `end` in my log. */
struct cluster_diverge {
    struct partition_id id;
    int32_t leader_epoch;
    uint32_t session;
    int32_t epoch;
    int64_t end;
};
/* Leader to follower: drop all that you have, and go on at my log's start. */
struct cluster_reset {
    struct partition_id id;
    int32_t leader_epoch;
    uint32_t session;
    int64_t start;
};
/* Leader to follower: batches, or none when only the high watermark or the start have moved. */
struct cluster_push {
    struct partition_id id;
    int32_t leader_epoch;
    uint32_t session;
    int64_t high_watermark, leader_start;
    int64_t base;  /* offset of the first batch; without one the follower's end as last known */
    uint32_t size; /* bytes of the batches */
};
/* Follower to leader: my log has all below end, durably all below synced_end. */
struct cluster_ack {
    struct partition_id id;
    int32_t leader_epoch;
    uint32_t session;
    int64_t end, synced_end;
};
enum cluster_refusal {
    CLUSTER_REFUSED_STALE_EPOCH = 1, /* the follower knows a newer leader epoch */
    CLUSTER_REFUSED_NOT_REPLICA,     /* not a replica of this partition, or not on this shard */
    CLUSTER_REFUSED_STOPPED,         /* its log failed or is suspect, or would be cut too far */
    CLUSTER_REFUSED_GAP,             /* bytes that do not follow on: open again */
};
/* Follower to leader: no more of this partition in this session. */
struct cluster_refuse {
    struct partition_id id;
    int32_t leader_epoch;
    uint32_t session;
    enum cluster_refusal reason;
};

#endif
