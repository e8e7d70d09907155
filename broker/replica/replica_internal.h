/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORDUROY_BROKER_REPLICA_REPLICA_INTERNAL_H
#define CORDUROY_BROKER_REPLICA_REPLICA_INTERNAL_H

#include "broker/replica/link.h"
#include "broker/replica/replica_host.h"
#include "common/assert.h"
#include "common/map.h"

/* What the files of the replica host share. */
#define TICK_MS 100                  /* pings, silence, reconnects, due timers of partitions */
#define STREAM_LIVE_BYTES (4 << 20)  /* references that one live stream may pin */
#define STREAM_FRAME_BYTES (1 << 20) /* a push frame is closed when it holds so much */
#define STREAM_FRAME_PIECES 1024u
#define CATCH_UP_BYTES (1 << 20) /* of one read */
#define RECONNECT_MS 50          /* doubled up to */
#define RECONNECT_MS_MAX 1000
#define INCOMING_IDLE_MS 30000 /* the leader pings far more often */
#define STEP_DEPTH 6           /* an action may cause an event, whose action may ... */

struct stream;
struct replica;

/* ---- leader: what is pushed to one follower of one partition ---- */
/* feed.c draws how a feed changes from one to the other. */
enum feed_mode {
    FEED_OFF,     /* nothing is pushed */
    FEED_LIVE,    /* batches go by the live stream as they are appended */
    FEED_BEHIND,  /* what the follower lacks is read from the log and goes by the catch-up stream */
    FEED_JOINING, /* catch-up has sent everything; live begins when the follower acknowledged it */
    FEED_LEAVING, /* live overflowed; catch-up begins when the follower acknowledged what live sent
                   */
};
struct feed_batch {
    struct piece piece; /* a reference is held */
    int64_t base, end;  /* offsets: [base, end) */
};
struct feed {
    enum feed_mode mode;
    struct replica *replica;
    struct stream *live; /* while the feed is not off */
    struct cluster_member to;
    uint32_t session;
    int64_t next;             /* the first offset that was not given to a connection */
    int64_t acked;            /* the follower's end, as it said last in this session */
    bool marks;               /* high watermark or start have moved: push them, batches or not */
    struct feed_batch *queue; /* a ring of batches for the live stream */
    uint32_t queue_first, queue_count, queue_capacity;
    bool listed; /* on its stream's list of feeds with something to push */
    struct feed *next_listed;
    bool reading; /* a disk is waited for */
    struct log_read read;
};

/* One replica of this shard. */
struct replica {
    struct replica_host *host;
    struct partition partition;
    struct partition_id id;
    struct log *log; /* NULL: none */
    struct log_observer observer;
    struct incoming *in; /* follower: the stream that the newest open came by */
    struct feed *feeds;  /* one per peer, while it leads */
    uint32_t feed_count;
    bool damaged; /* a read met a bad checksum: the step hears it at the end of the turn */
    bool touched; /* in the host's list of replicas that have something to do at the turn's end */
    struct replica *next_touched;
    bool dead;          /* its topic was deleted: freed when no read of it is under way */
    bool said_leads;    /* what the host's observer heard last of its leadership */
    int32_t said_epoch; /* and in which epoch */
    int64_t timer_ms;   /* when the step wants PARTITION_EV_TIMER; 0: not */
    struct replica *next_armed, **link_armed; /* in the host's list while timer_ms is not 0 */
    struct host_topic *topic;                 /* while it is in the host's map */
    struct replica *next_of_topic, **link_of_topic;
    struct produce_waiter *by_commit, **by_commit_last; /* acks -1, by wait_for */
    struct produce_waiter *by_sync, **by_sync_last;     /* acks 1 */
    struct fetch_waiter *fetches;
    uint32_t reads; /* of the log that are under way */
};

/* ---- streams to other brokers ---- */
/* From this shard, as a leader, to one shard of a follower. */
struct stream {
    struct link link;
    struct replica_host *host;
    struct host_broker *broker;
    uint32_t shard; /* the follower's */
    bool catch_up;  /* the catch-up stream; else the live one */
    bool wanted;    /* some partition needs it: connected, and again when it was closed */
    bool silent;    /* nothing was heard on it for too long, and its partitions know */
    bool held;      /* the follower says that it reads nothing, and its partitions know */
    bool was_ready; /* since it was connected last */
    bool starved;   /* catch-up: a feed waits until fewer bytes are on their way */
    bool dying;     /* its broker is another process now: freed when the link is closed */
    uint64_t retry_ns, started_ns, pinged_ns;
    uint64_t held_since_ns, held_ns; /* the follower said that it reads nothing: first, last */
    uint64_t retry_ms;
    uint64_t queued_bytes; /* in the queues of its feeds (live) */
    /* Numbers of doubts (replica_produce.c): the newest that was asked for, the one that is being
     * asked with ping number doubt_ping (0: none is), the newest that was answered. */
    uint64_t doubt_wanted, doubt_pinged, doubt_ping, doubt_settled;
    struct feed *listed_first, **listed_last; /* feeds with something to push at the turn's end */
    struct cluster_replica_open *opens;       /* these three: to be sent at the turn's end */
    struct cluster_diverge *diverges;
    struct cluster_reset *resets;
    size_t open_capacity, diverge_capacity, reset_capacity;
    uint32_t open_count, diverge_count, reset_count;
};
/* Another broker, as its newest item says. */
struct host_broker {
    int32_t broker;
    bool known; /* an item was heard; the rest is zero before */
    bool alive;
    struct cluster_member member;
    struct addr addr;
    bool has_addr;
    uint32_t shard_count;
    struct stream **live, **catch_up; /* by the follower's shard; NULL: none yet */
};

/* ---- streams from other brokers ---- */
/* From one shard of a leader to this shard, as a follower. */
struct incoming {
    struct link link;
    uint64_t pinged_ns; /* while it is held: that we live */
    struct replica_host *host;
    bool catch_up;
    struct incoming *next;
    struct cluster_replica_state *states; /* these three: to be sent at the turn's end */
    struct cluster_ack *acks;
    struct cluster_refuse *refuses;
    size_t state_capacity, ack_capacity, refuse_capacity;
    uint32_t state_count, ack_count, refuse_count;
};

/* An idempotent producer's batch that was refused, and that will come again; replica_produce.c says
 * why it is remembered. */
#define REFUSED_BATCHES 256u
#define REFUSED_MS 60000
struct refused_batch {
    struct partition_id id;
    int64_t producer_id;
    int16_t producer_epoch;
    int32_t sequence; /* of the first batch that was refused */
    enum replica_result why;
    int64_t until_ms; /* when it is forgotten; 0: the slot is free */
};

/* Made with the first item or the first replica of the topic, whichever comes first. */
struct host_topic {
    char *name; /* NULL: no item was heard */
    struct log_config config;
    struct replica *replicas; /* of this shard */
};
/* For log lines. */
static inline const char *replica_topic_name(const struct replica *r)
{
    return r->topic && r->topic->name ? r->topic->name : "(a topic without a name)";
}
struct replica_host {
    struct reactor *reactor;
    struct replica_host_config config;
    struct replica_host_observer *observer;
    struct partition_config partition_config;
    struct link_identity identity;
    struct map replicas; /* partition_id -> replica */
    struct map topics;   /* uuid -> host_topic */
    struct map brokers;  /* i32 -> host_broker */
    struct timer tick;
    struct turn_task turn;
    struct replica *touched_first, **touched_last;
    struct replica *armed; /* those with a timer: a replica that waits for nothing costs nothing */
    struct incoming *incoming;
    struct incoming *hearing; /* whose frame is being handled */
    struct piece *pieces;     /* STREAM_FRAME_PIECES, of the frame being made */
    struct cluster_push *pushes;
    size_t push_capacity;
    struct stream **streams;
    size_t stream_count, stream_capacity;
    struct produce_waiter *produced_first, **produced_last; /* finished, to be told */
    struct produce_waiter *doubted, **doubted_last;         /* they seem out of order */
    uint64_t doubt_last;
    struct fetch_waiter *fetched_first, **fetched_last;
    struct offset_query *offsets_first, **offsets_last;
    struct refused_batch *refused; /* a ring of REFUSED_BATCHES; NULL: none yet */
    uint32_t refused_next;
    struct cluster_isr_change *changes;
    size_t change_capacity;
    uint32_t change_count;
    struct cluster_report *reports;
    size_t report_capacity;
    uint32_t report_count;
    struct partition_actions *actions; /* STEP_DEPTH of them */
    unsigned depth;
    uint64_t retained_ns;
    uint32_t reads;                   /* queries and reads that are out */
    struct removed_log *removed_logs; /* on their way out */
    struct topic_removal *removals;   /* who waits for that */
    bool stopping;
    void (*stopped)(void *context);
    void *stopped_context;
    struct say_limit say_push, say_link, say_step;
};

/* replica_host.c */
/* NULL: none on this shard. */
struct replica *host_find(const struct replica_host *h, struct partition_id id);
/* A replica without an order; log NULL: it has none yet. */
struct replica *host_add(struct replica_host *h, struct partition_id id, struct log *log);
/* The step hears PARTITION_EV_TIMER then; 0: it does not. */
void replica_arm(struct replica *r, int64_t at_ms);
/* Frees the replica of a deleted topic, unless a read of it is still under way. */
void replica_free_if_dead(struct replica *r);
/* The host's part of the end of this turn runs (again). */
void host_turn_soon(struct replica_host *h);
/* The bytes received from streams, or those that wait to be written in place, are at their limit:
 * nothing more is read from leaders until some are done with. */
bool host_is_full(const struct replica_host *h);
/* The monotonic clock as the partitions' step functions know it. */
static inline int64_t host_now_ms(const struct replica_host *h)
{
    return (int64_t)(h->reactor->now_ns / 1000000);
}

/* replica_metadata.c */
/* Enters the replica with its topic, which is made when no item has named it yet. */
void host_topic_link(struct replica *r);
void host_metadata_free(struct replica_host *h);

/* replica_removal.c */
/* Deletes the log; the topic counts as removed when all of its logs are, durably. */
void host_remove_log(struct replica_host *h, struct uuid topic, struct log *log);
/* Answers all who wait for a removal that it did not end in time. */
void host_removals_stop(struct replica_host *h);
void host_removals_free(struct replica_host *h);

/* replica_step.c: events into the step, its actions out */
void replica_step(struct replica *r, struct partition_event *e);
/* True when the step wants the bytes of this push appended. */
bool replica_step_push(struct replica *r, struct partition_event *e);
/* What the step function is to know of the log as it is now. */
struct partition_log replica_log_numbers(const struct replica *r);
/* The log changed: the step hears it, and waiters whose records are synced now are answered. */
void replica_log_moved(struct replica *r);
void replica_touch(struct replica *r);
/* A read of its log met damaged bytes. */
void replica_damaged(struct replica *r);
void replica_turn(struct replica *r);
void replica_member(struct replica *r, const struct host_broker *b);
void replica_watch_log(struct replica *r);
/* The largest epoch that the log holds at or below the given one and where it ends; (-1, -1) when
 * it holds none. */
void replica_epoch_end(const struct replica *r, int32_t epoch, int32_t *ret_epoch,
                       int64_t *ret_end);
int64_t replica_stable_offset(const struct replica *r);

/* replica_produce.c, replica_fetch.c: who waits */
void produce_wake(struct replica *r);
void produce_fail(struct replica *r, enum replica_result why);
void produce_tell(struct replica_host *h);
void produce_doubted(struct replica_host *h); /* once a turn: looks again at those in doubt */
void fetch_wake(struct replica *r);
void fetch_fail(struct replica *r, enum replica_result why);
void fetch_tell(struct replica_host *h);

/* feed.c */
void feeds_make(struct replica *r);
void feeds_drop(struct replica *r);
struct feed *feed_find(struct replica *r, int32_t broker);
void feed_start(struct feed *f, struct stream *live, struct cluster_member to, uint32_t session,
                int64_t offset);
void feed_stop(struct feed *f);
void feed_appended(struct replica *r, const struct piece *batch, int64_t base, int64_t end);
void feed_acked(struct feed *f, const struct cluster_ack *ack);
void feeds_mark(struct replica *r);
void feed_go_on(struct feed *f); /* catch-up: read and push what may be */

/* stream.c */
struct stream *stream_get(struct replica_host *h, int32_t broker, struct partition_id id,
                          bool catch_up);
void stream_want(struct stream *s);
/* What was listed so far goes out, then a ping: s->doubt_settled reaches the doubt when the other
 * end has answered both. */
void stream_doubt(struct stream *s, uint64_t doubt);
void stream_list(struct stream *s, struct feed *f);
void stream_say_open(struct stream *s, const struct cluster_replica_open *open);
void stream_say_diverge(struct stream *s, const struct cluster_diverge *diverge);
void stream_say_reset(struct stream *s, const struct cluster_reset *reset);
void stream_turn(struct stream *s);
void stream_tick(struct stream *s);
void streams_drop_broker(struct host_broker *b);
void streams_close_all(struct replica_host *h, const char *why);
void streams_free(struct replica_host *h);
static inline bool stream_is_ready(const struct stream *s)
{
    return s->link.state == LINK_READY;
}

/* incoming.c */
struct incoming *incoming_of(struct replica *r, struct cluster_member from);
void incoming_say_state(struct incoming *in, const struct cluster_replica_state *state);
void incoming_say_ack(struct incoming *in, const struct cluster_ack *ack);
void incoming_say_refuse(struct incoming *in, const struct cluster_refuse *refuse);
void incoming_turn(struct incoming *in);
void incoming_tick(struct incoming *in);
void incoming_close_all(struct replica_host *h, const char *why);

#endif
