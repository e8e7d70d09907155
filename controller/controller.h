/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORDUROY_CONTROLLER_CONTROLLER_H
#define CORDUROY_CONTROLLER_CONTROLLER_H

#include <stdbool.h>
#include <stdint.h>

#include "common/arena.h"
#include "common/env.h"
#include "common/uuid.h"
#include "common/view.h"
#include "proto/cluster/messages.h"

/* The mind of the cluster: a step function. Every broker runs one; it races for /controller, and
 * the winner keeps the state of all brokers, topics and partitions, elects leaders and tells the
 * brokers. An event goes in, actions come out; it has no clock, no random source, no socket and no
 * ZooKeeper of its own, and never blocks. One thread (shard 0's).
 *
 * Rules for the shell that drives it:
 *  - Events of one source in the order in which they happened. What an event points to is only
 *    borrowed during controller_step.
 *  - No action waits for another of the same list: they are carried out in order, at once. Every
 *    CONTROLLER_DO_ZK gets exactly one CONTROLLER_EV_ZK_REPLY with its token, before a loss of the
 *    connection or the session is told. Watches are forwarded whatever their path: those that are
 *    not ours are ignored.
 *  - `connection` is the shell's name for a control connection (its own broker too is given one,
 *    when this broker is controller; values are handed over directly then). Names are never used
 *    twice.
 *  - Time is milliseconds of any monotonic clock. */
struct controller;

struct controller_config {
    int32_t broker;              /* this broker's id */
    uint64_t seed[2];            /* for topic ids and placement */
    int32_t num_partitions;      /* num.partitions */
    int32_t replication_factor;  /* default.replication.factor */
    bool replication_factor_set; /* by hand; if not, it is never more than there are broker nodes */
    int32_t
        offsets_replication_factor; /* offsets.topic.replication.factor: of __consumer_offsets */
    bool offsets_replication_factor_set; /* likewise */
    int32_t min_insync_replicas; /* min.insync.replicas; never more than a topic's replicas count */
    bool unclean_election;       /* unclean.leader.election.enable */
    bool topic_deletion;         /* delete.topic.enable */
    bool auto_rebalance;         /* auto.leader.rebalance.enable */
    int64_t rebalance_interval_ms; /* leader.imbalance.check.interval.seconds */
    int32_t rebalance_percent;     /* leader.imbalance.per.broker.percentage */
    /* NULL: a topic may be given this setting; otherwise why not, as a text that the controller
     * frees. NULL instead of a function: any may. */
    char *(*check_setting)(struct view key, struct view value);
    uint32_t mutations; /* enum mutation: a rule taken away; heard only in builds for that */
};
/* Kafka's defaults, but for replication factor 3 and min.insync.replicas 2. broker is -1 and the
 * seed zero: the caller's to fill in. */
extern const struct controller_config controller_config_default;

/* Never fails. */
struct controller *controller_new(const struct controller_config *config);
void controller_free(struct controller *c);

/* ---- events ---- */
enum controller_event_kind {
    CONTROLLER_EV_TIMER,
    CONTROLLER_EV_ZK_SESSION,
    CONTROLLER_EV_ZK_REPLY,
    CONTROLLER_EV_ZK_WATCH,
    CONTROLLER_EV_REGISTERED, /* member: this broker's registration came through in this session; it
                                 may race now */
    CONTROLLER_EV_UNREGISTERED, /* this broker found its registration gone (out, or expired): it
                                   does not race before the next REGISTERED */
    CONTROLLER_EV_STOP,      /* this broker ends: gives /controller up, races no more; answered by
                                CONTROLLER_DO_STOPPED, soon */
    CONTROLLER_EV_CONNECTED, /* member: a broker's control connection (or our own) is there. A later
                                one of the same broker replaces it */
    CONTROLLER_EV_DISCONNECTED, /* connection */
    CONTROLLER_EV_INVENTORY,
    CONTROLLER_EV_ISR_CHANGE,
    CONTROLLER_EV_REPORT,
    CONTROLLER_EV_SHUTDOWN,        /* controlled shutdown asked for */
    CONTROLLER_EV_SNAPSHOT_WANTED, /* connection: its digest differs, or there was a gap */
    CONTROLLER_EV_CREATE_TOPIC,
    CONTROLLER_EV_DELETE_TOPIC,
    CONTROLLER_EV_CREATE_PARTITIONS,
    CONTROLLER_EV_ELECT_PREFERRED,
    CONTROLLER_EV_COUNT,
};

/* An admin request's assignment by hand. */
struct controller_replicas {
    int32_t partition; /* create_topic: 0.. each once, in any order; create_partitions: not read */
    uint32_t count;
    const int32_t *brokers;
};
struct controller_create_topic {
    struct view name;
    int32_t partition_count;    /* -1: num.partitions */
    int32_t replication_factor; /* -1: the default */
    uint32_t assignment_count;  /* then both above are -1 */
    const struct controller_replicas *assignment;
    uint32_t config_count; /* overrides, already checked by the caller against the known keys */
    const struct controller_setting {
        struct view key, value;
    } * configs;
    bool validate_only;
};
struct controller_delete_topic {
    struct view name; /* null: by id */
    struct uuid id;
};
struct controller_create_partitions {
    struct view name;
    int32_t total;
    bool placed;               /* by the asker, as the assignment says; else by us */
    uint32_t assignment_count; /* of the new ones, in order */
    const struct controller_replicas *assignment;
    bool validate_only;
};
struct controller_elect {
    struct view name;
    int32_t partition;
};

struct controller_event {
    enum controller_event_kind kind;
    int64_t now_ms;
    int64_t wall_ms;     /* for timestamps in znodes only */
    uint64_t connection; /* of everything that comes from a broker, admin requests too */
    uint64_t request;    /* admin: the shell's name for it; 0 never */
    int32_t timeout_ms;  /* admin */
    union {
        struct cluster_member member; /* REGISTERED, CONNECTED */
        struct {
            uint32_t generation;
            enum zk_session_state state;
        } session;
        struct {
            uint64_t token;
            const struct zk_result *results;
            uint32_t count;
            bool unknown;
        } reply;
        struct {
            struct view path;
            enum zk_watch_kind what;
        } watch;
        struct cluster_inventory inventory;
        struct cluster_isr_change isr_change;
        struct cluster_report report;
        struct controller_create_topic create_topic;
        struct controller_delete_topic delete_topic;
        struct controller_create_partitions create_partitions;
        struct controller_elect elect;
    } u;
};

/* ---- actions ---- */
enum controller_action_kind {
    CONTROLLER_DO_ZK,            /* ops to ZooKeeper; more than one: a multi */
    CONTROLLER_DO_SEND_METADATA, /* to one broker: a frame of its numbered stream */
    CONTROLLER_DO_SEND_DIGEST,
    CONTROLLER_DO_SEND_ISR_REPLY,
    CONTROLLER_DO_SEND_SHUTDOWN_REPLY,
    CONTROLLER_DO_CLOSE,   /* connection: it has been replaced, or its member is not the one
                              registered */
    CONTROLLER_DO_ANSWER,  /* an admin request's; exactly one for each */
    CONTROLLER_DO_TIMER,   /* one timer: a new time replaces the old */
    CONTROLLER_DO_KNOWN,   /* who is controller, as far as we know; whenever it changes */
    CONTROLLER_DO_NOTE,    /* a log line for people */
    CONTROLLER_DO_TRACE,   /* one line per decision, for tests and debugging */
    CONTROLLER_DO_STOPPED, /* answers CONTROLLER_EV_STOP */
};

enum controller_result {
    CONTROLLER_OK = 0,
    CONTROLLER_NOT_ACTIVE, /* this broker is not controller (any more): ask the other */
    CONTROLLER_TIMED_OUT,  /* not finished in time, or its outcome is unknown; may be done yet */
    CONTROLLER_TOPIC_EXISTS,
    CONTROLLER_UNKNOWN_TOPIC, /* by name */
    CONTROLLER_UNKNOWN_TOPIC_ID,
    CONTROLLER_UNKNOWN_PARTITION,
    CONTROLLER_TOPIC_DELETING, /* it is being deleted */
    CONTROLLER_INVALID_NAME,
    CONTROLLER_INVALID_PARTITIONS,
    CONTROLLER_INVALID_REPLICATION,
    CONTROLLER_INVALID_ASSIGNMENT,
    CONTROLLER_INVALID_CONFIG,
    CONTROLLER_INVALID_REQUEST,
    CONTROLLER_DELETION_DISABLED,
    CONTROLLER_ELECTION_NOT_NEEDED,
    CONTROLLER_PREFERRED_UNAVAILABLE,
    CONTROLLER_FAILED, /* ZooKeeper refused the write (size, rights) */
    CONTROLLER_RESULT_COUNT,
};
const char *controller_result_text(enum controller_result result);

struct controller_answer {
    uint64_t request;
    enum controller_result result;
    struct view message; /* for the client; null with CONTROLLER_OK */
    struct uuid id;      /* of the topic, when there is one */
    struct view name;    /* the same; borrowed for this list */
    int32_t partition_count, replication_factor;
    uint64_t metadata_number; /* of the stream of the connection that asked: once it has heard this
                                 item it knows all that was done. 0: no such connection */
};
struct controller_known {
    bool active; /* it is this broker, and everything was read: requests are heard */
    struct cluster_member member; /* broker -1: nobody */
    int32_t epoch;                /* when active */
    struct view cluster_host;     /* where it listens; null until known */
    uint16_t cluster_port;
};

/* Everything that it points to lives until the next controller_step or controller_actions_reset. */
struct controller_action {
    enum controller_action_kind kind;
    uint64_t connection; /* SEND_*, CLOSE */
    union {
        struct {
            uint64_t token; /* small numbers from 1, never used twice */
            const struct zk_op *ops;
            uint32_t count;
        } zk;
        struct cluster_metadata metadata;
        struct cluster_digest digest;
        struct cluster_isr_reply isr_reply;
        struct cluster_shutdown_reply shutdown_reply;
        struct controller_answer answer;
        int64_t at_ms; /* TIMER */
        struct controller_known known;
        struct {
            enum say_level level;
            struct view text;
        } note; /* NOTE, TRACE */
    } u;
};
struct controller_actions {
    struct arena arena;
    struct controller_action *items;
    uint32_t count;
    size_t capacity;
};
#define CONTROLLER_ACTIONS_INIT ((struct controller_actions){0})
void controller_actions_deinit(struct controller_actions *actions);

/* The one way in. Any event in any state is handled, refused with an answer, or ignored. Replaces
 * what stood in *ret. */
void controller_step(struct controller *c, const struct controller_event *event,
                     struct controller_actions *ret);

/* ---- looking at it: for the status page, the log and tests ---- */
enum controller_state {
    CONTROLLER_NO_SESSION, /* or not registered */
    CONTROLLER_STANDBY,    /* another is controller */
    CONTROLLER_CONTENDING, /* reading /controller, or racing for it */
    CONTROLLER_LOADING,    /* won; reading everything */
    CONTROLLER_ACTIVE,
    CONTROLLER_RESIGNING, /* giving /controller up */
    CONTROLLER_STOPPED,
    CONTROLLER_STATE_COUNT,
};
const char *controller_state_name(enum controller_state state);
struct controller_view {
    enum controller_state state;
    int32_t epoch;
    uint32_t brokers_alive, topics, partitions, offline_partitions, zk_in_flight;
    bool zookeeper_is_older; /* brokers have seen a later controller epoch than ZooKeeper's: nothing
                                is elected */
};
struct controller_view controller_look(const struct controller *c);
/* The digest of all partitions, as the brokers compute it (proto/cluster/digest.h). */
uint64_t controller_digest(const struct controller *c);

#endif
