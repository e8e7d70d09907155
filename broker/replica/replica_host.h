/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORDUROY_BROKER_REPLICA_REPLICA_HOST_H
#define CORDUROY_BROKER_REPLICA_REPLICA_HOST_H

#include <stdbool.h>
#include <stdint.h>

#include "broker/log/log.h"
#include "broker/log/log_dir.h"
#include "broker/replica/partition.h"
#include "common/arena.h"
#include "common/reactor.h"
#include "proto/cluster/handshake.h"
#include "proto/cluster/messages.h"

/* All replicas of one shard: their logs, their step functions, the replication streams to and from
 * other brokers, and who waits for them. One thread, the shard's; nothing here is shared. Callbacks
 * of requests fire exactly once, from a later event or the end of the turn, never inside the call
 * that started them. */
struct replica_host;
struct replica;

/* How a request ended. The API handlers map it to Kafka's error codes. */
enum replica_result {
    REPLICA_OK = 0,
    REPLICA_UNKNOWN,        /* UNKNOWN_TOPIC_OR_PARTITION: no order for this partition was heard */
    REPLICA_NOT_LEADER,     /* NOT_LEADER_OR_FOLLOWER; leader and epoch are known by
                               replica_host_look (KIP-951) */
    REPLICA_NOT_ENOUGH,     /* NOT_ENOUGH_REPLICAS: nothing was appended */
    REPLICA_STORAGE,        /* KAFKA_STORAGE_ERROR: no space, or the directory failed */
    REPLICA_FENCED_EPOCH,   /* FENCED_LEADER_EPOCH */
    REPLICA_UNKNOWN_EPOCH,  /* UNKNOWN_LEADER_EPOCH */
    REPLICA_OUT_OF_RANGE,   /* OFFSET_OUT_OF_RANGE */
    REPLICA_NOT_AVAILABLE,  /* OFFSET_NOT_AVAILABLE (KIP-207) */
    REPLICA_OUT_OF_ORDER,   /* OUT_OF_ORDER_SEQUENCE_NUMBER */
    REPLICA_DUPLICATE,      /* DUPLICATE_SEQUENCE_NUMBER: it is there and committed; where is not
                               known any more. Clients take it for a success */
    REPLICA_STALE_PRODUCER, /* INVALID_PRODUCER_EPOCH */
    REPLICA_NOT_IN_TXN,     /* INVALID_TXN_STATE */
    REPLICA_CORRUPT,        /* CORRUPT_MESSAGE: a batch on disk is damaged */
    REPLICA_TOO_MANY,       /* a limit of ours: too many producers or waiters; retriable */
};

/* What the host says to its owner; from events or the end of a turn, never inside a call. */
struct replica_host_observer {
    /* To the controller. All changes of one turn together; each is answered by
     * replica_host_isr_reply, or said again after a while when it was not. */
    void (*ask_isr)(struct replica_host_observer *o, const struct cluster_isr_change *changes,
                    uint32_t count);
    void (*report)(struct replica_host_observer *o, const struct cluster_report *report);
    /* Leadership came or went: coordinators load and unload (may be NULL). */
    void (*leads)(struct replica_host_observer *o, struct partition_id id, int32_t leader_epoch);
    void (*leads_not)(struct replica_host_observer *o, struct partition_id id);
};

struct replica_host_config {
    struct cluster_member self;
    struct view cluster_id; /* for the handshake */
    struct view secret;     /* shared by the cluster; VIEW_NULL: no authentication */
    struct log_dir *const *dirs;
    unsigned dir_count;
    bool dir_offline; /* one of them could not be read at the start */
    /* A topic's settings from its overrides (cluster_topic_item.config, lines of key=value). */
    void (*topic_config)(void *context, struct view overrides, struct log_config *ret);
    void *topic_config_context;
    int64_t lag_ms;         /* replica.lag.time.max.ms; 0: 30,000 */
    int64_t silence_ms;     /* a follower's stream without a sign of life; 0: 1,000 */
    int64_t retain_ms;      /* log.retention.check.interval.ms; 0: 300,000 */
    int64_t producer_ms;    /* producer.id.expiration.ms; 0: 86,400,000 */
    struct account *stream; /* received bytes of replication streams; may be NULL */
    unsigned mutation;      /* enum mutation; mutation builds only */
};
/* Copies the config's values; what it points to outlives the host. */
struct replica_host *replica_host_new(struct reactor *reactor,
                                      const struct replica_host_config *config,
                                      struct replica_host_observer *observer);
/* After replica_host_stop was answered. */
void replica_host_free(struct replica_host *host);

/* ---- start, metadata, stop ---- */
/* Gives the host a log found at the start and not attached yet. Before the first item. */
void replica_host_add_log(struct replica_host *host, struct log *log);
/* A new registration: the process has another incarnation now (nothing that it leads goes on). */
void replica_host_set_self(struct replica_host *host, struct cluster_member self);
/* One item of the controller's stream. Every shard hears every item; partitions of other shards are
 * ignored here. Topic items come before their partitions. Views are copied. */
void replica_host_apply(struct replica_host *host, const struct cluster_item *item);
/* Tells, once and maybe inside the call, when no log of a topic is left on this shard after its
 * TOPIC_GONE was applied, durably; or with gone false, when the host stops before that. A directory
 * that failed keeps what it has: then nothing is told until the host stops. */
struct topic_removal {
    struct uuid topic;
    void (*told)(struct topic_removal *removal);
    bool gone;                  /* result */
    struct topic_removal *next; /* the host's */
};
void replica_host_when_gone(struct replica_host *host, struct topic_removal *removal);
void replica_host_isr_reply(struct replica_host *host, const struct cluster_isr_reply *reply);
/* This shard's part of the inventory: exceptions and held replicas are appended, in the arena. */
void replica_host_inventory(struct replica_host *host, struct arena *arena,
                            struct cluster_exception **ret_exceptions,
                            uint32_t *ret_exception_count, struct cluster_held **ret_held,
                            uint32_t *ret_held_count);
/* Closes every stream, fails every waiter with NOT_LEADER, takes no more; done once no job, read or
 * connection of this host is out. Logs stay open for log_dir_stop. */
void replica_host_stop(struct replica_host *host, void (*done)(void *context), void *context);

/* ---- replication streams from other brokers ---- */
/* Shard 0's listener read exactly one OPEN frame (CLUSTER_OPEN_SIZE bytes) and moved the connection
 * here; the handshake goes on. purpose is live or catch-up. The connection is the host's now,
 * whatever comes of it. */
void replica_host_incoming_accept(struct replica_host *host, token connection,
                                  const struct cluster_open *open);

/* ---- what partitions are ---- */
struct replica_view {
    enum partition_state state;
    int32_t leader; /* -1: none */
    int32_t leader_epoch;
    bool leads;      /* this process, now */
    bool distrusted; /* its log is damaged, and to be fetched anew */
    int64_t start, end, synced_end, high_watermark, stable_offset;
    uint64_t size; /* bytes */
    uint32_t isr_count;
    int32_t min_isr;
};
/* False: no order for it was heard on this shard. */
bool replica_host_look(const struct replica_host *host, struct partition_id id,
                       struct replica_view *ret);
/* Every partition of this shard with an order or a log, in the order in which they came. */
void replica_host_each(const struct replica_host *host,
                       void (*each)(void *context, struct partition_id id,
                                    const struct replica_view *view),
                       void *context);
/* The log itself, for readers on this shard (coordinators load from it); NULL: none. */
struct log *replica_host_log(const struct replica_host *host, struct partition_id id);

/* ---- produce ---- */
/* Embedded in a request; the owner keeps it until done was called or it was cancelled. */
struct produce_waiter {
    struct partition_id id;
    struct piece batch; /* one whole, checked v2 batch; the owner's reference, needed until done */
    int16_t acks;       /* 0, 1, -1. 0 is done at the turn's end; 1 when the leader has synced it */
    bool internal; /* by the broker itself: no sequence check, and never NOT_ENOUGH for acks 1 */
    void (*done)(struct produce_waiter *w);
    /* results */
    enum replica_result result;
    int64_t base_offset, log_start;
    int64_t append_time_ms; /* -1 unless a duplicate of a batch with LogAppendTime is answered */
    bool duplicate;
    /* the host's */
    struct produce_waiter *next, **previous;
    int64_t wait_for;
    bool forgotten; /* a duplicate whose place is not known any more */
    uint64_t doubt; /* it seems out of order: what the others of the ISR were asked for it; 0: no */
    enum {
        PRODUCE_NOWHERE,
        PRODUCE_WAITS,
        PRODUCE_DOUBTED,
        PRODUCE_FINISHED
    } place;
};
void replica_host_produce(struct replica_host *host, struct produce_waiter *w);
/* Its done will not be called. What was appended stays appended. Harmless after done. */
void replica_host_produce_cancel(struct replica_host *host, struct produce_waiter *w);

/* ---- fetch ---- */
struct fetch_waiter {
    struct partition_id id;
    int64_t offset;
    uint32_t size_max;
    bool first_whole;             /* at least one whole batch however large */
    bool wait;                    /* with nothing to read: stay until there is, or cancelled */
    bool committed;               /* isolation read_committed: below the last stable offset */
    int32_t current_leader_epoch; /* -1: not checked */
    int32_t last_fetched_epoch;   /* -1: not checked; else KIP-595's divergence check */
    void (*done)(struct fetch_waiter *w);
    /* results; the pieces of read are dropped by log_read_reset(&w->read) */
    enum replica_result result;
    int64_t high_watermark, stable_offset, log_start;
    bool diverging;
    int32_t diverging_epoch;
    int64_t diverging_end;
    struct log_read read;
    /* the host's */
    struct replica_host *host;
    struct replica *replica;
    struct fetch_waiter *next, **previous;
    enum {
        FETCH_NOWHERE,
        FETCH_WAITS,
        FETCH_READS,
        FETCH_FINISHED
    } place;
};
/* Reads at once when there is anything; done comes from a later event or the end of this turn. */
void replica_host_fetch(struct replica_host *host, struct fetch_waiter *w);
/* Asks a waiter to end: done is called all the same, soon, exactly once (REPLICA_OK and nothing
 * read, when it was still waiting). Harmless after done. */
void replica_host_fetch_cancel(struct replica_host *host, struct fetch_waiter *w);

/* ---- offsets ---- */
#define OFFSET_LATEST (-1)
#define OFFSET_EARLIEST (-2)
#define OFFSET_MAX_TIMESTAMP (-3)
struct offset_query {
    struct partition_id id;
    int64_t timestamp; /* >= 0, or one of OFFSET_* */
    bool committed;
    int32_t current_leader_epoch; /* -1: not checked */
    void (*done)(struct offset_query *q);
    enum replica_result result;
    int64_t ret_offset, ret_timestamp; /* -1, -1: none */
    int32_t ret_epoch;
    struct log_time_query time;
    struct offset_query *next;
    struct replica_host *host;
};
void replica_host_find_offset(struct replica_host *host, struct offset_query *q);
/* OffsetForLeaderEpoch (KIP-279). REPLICA_OK: the largest epoch <= the given one and its end; the
 * given one and the start of the first when it is below all; (-1, -1) for -1 and for epochs that
 * have not come. */
enum replica_result replica_host_epoch_end(const struct replica_host *host, struct partition_id id,
                                           int32_t current_leader_epoch, int32_t epoch,
                                           int32_t *ret_epoch, int64_t *ret_end);

#endif
