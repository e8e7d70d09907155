/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORDUROY_CONTROLLER_INTERNAL_H
#define CORDUROY_CONTROLLER_INTERNAL_H

/* What the files of this folder share, and nobody else includes (tests may). Each block names the
 * file that holds its functions. */

#include "common/arena.h"
#include "common/assert.h"
#include "common/map.h"
#include "common/mutation.h"
#include "controller/controller.h"
#include "controller/machine.h"
#include "controller/znode.h"

enum ctl_limits {
    CTL_IN_FLIGHT_MAX = 100,        /* operations at ZooKeeper at one time */
    CTL_MULTI_SIZE_MAX = 100 << 10, /* bytes of one multi, well below ZooKeeper's 1 MiB */
    CTL_MULTI_OPS_MAX = 600,
    CTL_MULTIS_MAX = 4,          /* of partition states under way, unless a full one is gathered */
    CTL_FRAME_ITEMS_MAX = 400,   /* items of one frame of the metadata stream */
    CTL_PARTITIONS_MAX = 100000, /* of one topic */
    CTL_NOTES_MAX = 40,          /* log lines of one step */
    CTL_LIMITED_MAX = 20,        /* log lines of one limit in CTL_LIMITED_MS */
    CTL_LIMITED_MS = 10000,
    CTL_TICK_MS = 1000,
    CTL_RETRY_MS = 1000,                 /* after something failed for a reason that may pass */
    CTL_RESCAN_TICKS = 10,               /* each topic node is read again once in so many ticks */
    CTL_RESCAN_MAX = 1000,               /* topic nodes read in one tick */
    CTL_DOUBTS_READ_MAX = 100,           /* doubted state nodes read in one tick */
    CTL_CHANGE_KEPT_MS = 15 * 60 * 1000, /* Kafka's age for config change nodes */
};

/* ---- partitions ---- */
struct ctl_isr {
    uint32_t count;
    int32_t brokers[CLUSTER_REPLICAS_MAX];
};
struct ctl_state {
    int32_t version; /* -1: no state node; one that was there is remembered: leader_epoch >= 0 */
    int32_t leader, leader_epoch, controller_epoch, min_isr;
    uint64_t leader_incarnation;
    bool is_new, recovering;
    struct ctl_isr isr;
};
struct ctl_replica {
    int32_t broker;
    uint8_t state;    /* enum ctl_replica_state */
    uint64_t created; /* incarnation that reported its empty log durable */
};
struct ctl_change;
struct ctl_partition {
    struct ctl_topic *topic;
    struct ctl_partition *dirty_next;
    struct ctl_change *change; /* the one write under way; NULL: idle */
    struct ctl_asked *asked;   /* an ISR change that waits for it */
    int32_t refused_epoch;     /* leader epoch of the last ISR request that was refused */
    uint64_t refused_request;  /* the largest one of that epoch */
    char *unknown;             /* fields of the state node that we do not know; JSON */
    struct ctl_state now;
    uint64_t digest;
    int64_t hold_until_ms; /* nothing is decided before */
    int64_t resigned_at_ms;
    int32_t number;
    int32_t resigned_epoch;             /* its leader will not lead again in it; -2: none */
    int32_t ahead_epoch, ahead_version; /* when ahead: the most that brokers know */
    uint64_t survey; /* no state node was there: brokers must have answered since; 0: never read */
    uint8_t state;   /* enum ctl_partition_state */
    uint8_t write;   /* enum ctl_write_state */
    bool dirty;      /* in controller->dirty_*: decided anew at the end of the step */
    bool held;       /* in controller->held: not decided before hold_until_ms */
    bool touched;    /* in controller->touched: its invariants are checked at the end of the step */
    bool said;       /* the brokers know of it: it counts in the digest */
    bool has_node;   /* .../partitions/N is there */
    bool ahead;      /* brokers know more than ZooKeeper: hands off */
    bool doubt_listed;
    bool preferred_wanted;
    bool waiting_noted; /* "has no leader" was said */
    uint8_t replica_count;
    struct ctl_replica replicas[];
};

/* ---- topics ---- */
struct ctl_setting {
    char *key, *value;
};
struct ctl_topic {
    char *name;
    struct uuid id;
    uint64_t serial;               /* tells this object from a later one of the same name */
    uint8_t state;                 /* enum ctl_topic_state */
    bool loading;                  /* counted in controller->loading */
    bool nodes_known, nodes_asked; /* which nodes are below it: heard, asked */
    bool has_partitions_node;      /* .../partitions is there */
    bool growing;                  /* more partitions are being written for a request */
    bool marked;                   /* there is a marker under /admin/delete_topics */
    bool said;                     /* the brokers know of it */
    bool is_unclean;               /* unclean.leader.election.enable, as it is for this topic */
    uint32_t reads;                /* outstanding before it is complete */
    uint32_t unready;              /* partitions without a state node, or new */
    int32_t version, min_insync;
    int64_t czxid;
    uint32_t partition_count;
    size_t partition_capacity;
    struct ctl_partition **partitions; /* by number, ascending */
    uint32_t setting_count;
    struct ctl_setting *settings; /* as they stand in the node, bad ones too */
    int32_t settings_version;     /* of the node when it was read last; -1: none */
    int64_t settings_czxid;
    bool settings_unreadable; /* the node makes no sense */
    bool settings_unknown;    /* and never did to this controller */
    uint32_t waiting_count;   /* DELETING: brokers that have not said DELETED */
    int32_t *waiting;
    struct ctl_erase *erase;
    struct ctl_topic *dead_next;
};

/* ---- brokers ---- */
struct ctl_connection {
    uint64_t id;
    struct cluster_member member;
    uint64_t number; /* of the last item said */
    bool wants_snapshot;
    bool started;            /* a snapshot was said */
    uint64_t shutdown_asked; /* not 0: it asked for a controlled shutdown and is to be answered */
    struct ctl_connection *next;
};
struct ctl_broker {
    int32_t id;
    uint8_t state;        /* enum ctl_broker_state */
    bool listed;          /* below /brokers/ids when last looked */
    bool shutting_down;   /* it has asked to move its leadership away */
    bool foreign_noted;   /* that it is no broker of ours was said in the log */
    bool said;            /* the other brokers know of it */
    bool item_stale;      /* what they know of it is not what was read last */
    bool loading;         /* counted in controller->loading */
    uint32_t reads;       /* of its two nodes, outstanding */
    bool read_again;      /* once these are answered, because something changed meanwhile */
    uint64_t incarnation; /* of the process that was judged last; 0: none */
    /* As read. */
    bool has_registration, has_node;
    uint64_t registered_incarnation;
    char *host, *rack, *cluster_host; /* rack NULL: none */
    int32_t port, cluster_port, shard_count;
    int32_t node_version;
    uint64_t node_incarnation;
    enum znode_broker_state node_state;
    struct view node_data; /* malloced */
    int64_t refresh_at_ms; /* 0: not asked */
    uint64_t surveyed;     /* the survey that this process has answered last */
    uint32_t writes;       /* writes under way of partitions that it is a replica of */
    uint32_t partition_count;
    size_t partition_capacity;
    struct ctl_partition **partitions;
};

/* ---- ZooKeeper requests: controller_zk.c ---- */
struct ctl_request;
typedef void ctl_done(struct controller *c, struct ctl_request *r, const struct zk_result *results,
                      uint32_t count);
typedef void ctl_resolve(struct controller *c, struct ctl_request *r);
struct ctl_request {
    struct ctl_request *next;
    uint64_t token;
    ctl_done *done;
    ctl_resolve *resolve; /* outcome unknown, and a sync was answered since; NULL: do it again */
    bool fenced;          /* ops[0] checks /controller_epoch: when it fails we are deposed */
    struct arena arena;   /* of ops */
    struct zk_op *ops;
    uint32_t count;
    size_t capacity, size;
    /* What it is about, for done. */
    int32_t id;
    uint64_t serial;
    void *context;                       /* owned by whoever made it; see drop */
    void (*drop)(struct ctl_request *r); /* frees context; NULL: nothing */
    struct zk_op single;                 /* a read: no arena */
    char path[];
};
/* Reads one node; the reply is given to done. */
struct ctl_request *ctl_read(struct controller *c, enum zk_kind kind, struct view path, bool watch,
                             ctl_done *done);
/* A multi whose first op checks the reign. Ops are added, then it is sent. */
struct ctl_request *ctl_multi_new(struct controller *c, ctl_done *done, ctl_resolve *resolve);
/* Without the check, for the race. */
struct ctl_request *ctl_bare_new(ctl_done *done, ctl_resolve *resolve);
/* path and data are copied; returns the index of the op. */
uint32_t ctl_add(struct ctl_request *r, struct zk_op op);
void ctl_send(struct controller *c, struct ctl_request *r);
void ctl_zk_session(struct controller *c, enum zk_session_state state);
void ctl_zk_reply(struct controller *c, const struct controller_event *event);
void ctl_zk_pump(struct controller *c);
void ctl_request_free(struct controller *c, struct ctl_request *r); /* never sent */
void ctl_zk_forget(struct controller *c); /* all requests, without an answer */
void ctl_zk_bury(struct controller *c);   /* frees what died in the last step */
/* The first op that failed by itself; count when all is well. */
uint32_t ctl_failed_op(const struct zk_result *results, uint32_t count);
bool ctl_all_ok(const struct zk_result *results, uint32_t count);

/* ---- writes of partition states: controller_writes.c ---- */
struct ctl_asked { /* an ISR change that a leader asked for */
    uint64_t connection;
    struct cluster_isr_change change;
};
struct ctl_joiner { /* a broker node that must still be as it was when its incarnation was compared
                     */
    int32_t broker, node_version;
};
struct ctl_change {
    struct ctl_change *next;
    struct ctl_partition *p; /* NULL: its topic is gone */
    struct ctl_state wanted;
    const char *why;
    struct ctl_asked *asked; /* the leader's request that it answers; NULL: our own decision */
    uint32_t joiner_count;
    struct ctl_joiner joiners[CLUSTER_REPLICAS_MAX];
    uint32_t first_op, op_count, state_op; /* in its multi */
    struct view data;                      /* as sent; in the multi's arena */
};
struct ctl_change *ctl_change_gather(struct controller *c, struct ctl_partition *p,
                                     const struct ctl_state *wanted, const char *why);
void ctl_writes_flush(struct controller *c);
/* The partition's topic goes: its write is nobody's any more; a leader who asked is told so. */
void ctl_change_abandon(struct controller *c, struct ctl_partition *p);
void ctl_changes_forget(struct controller *c);
/* Reads the state node again and takes what stands there. */
void ctl_partition_read(struct controller *c, struct ctl_partition *p);

/* ---- what is waited for by an admin request: controller_admin.c ---- */
enum ctl_wait_kind {
    CTL_WAIT_READY, /* all partitions of the topic have leaders that may append */
    CTL_WAIT_ELECTION,
    CTL_WAIT_DELETION,
};
struct ctl_wait {
    struct ctl_wait *next;
    enum ctl_wait_kind kind;
    uint64_t request, connection, serial;
    int64_t deadline_ms;
    char *name;
    int32_t partition;
    uint32_t total; /* partitions that the topic must have */
};

/* A config change node that was seen. */
struct ctl_hint {
    int64_t seen_ms;
};

/* What others write may be wrong in a thousand places, and what clients ask for may be a thousand
 * things: a few lines of it are said in ten seconds. */
struct ctl_note_limit {
    int64_t since_ms;
    uint32_t said, left_out;
};

/* Nodes whose children are watched, in the order in which a new controller reads them: hints before
 * the configurations that they are about, topics before the markers of their deletion. */
enum ctl_list {
    CTL_LIST_CONFIG_CHANGES,
    CTL_LIST_BROKERS,
    CTL_LIST_TOPICS,
    CTL_LIST_DELETIONS,
    CTL_LIST_ADMIN,
    CTL_LIST_COUNT,
};

struct controller {
    struct controller_config config;
    uint64_t random[2];
    struct controller_actions *out; /* of the running step */
    int64_t now_ms, wall_ms;
    uint8_t state; /* enum controller_state */
    bool session_up, stopping;
    uint32_t generation;
    uint64_t incarnation; /* ours, of this session; 0: not registered */

    /* The race. */
    int32_t epoch, epoch_version; /* of our reign; the version is what every multi checks */
    int32_t tried_epoch;
    bool rereading, reread_again; /* /controller is being read; and must be after that */
    struct cluster_member known;
    char *known_host;
    uint16_t known_port;
    bool known_read; /* its registration is being read */
    bool known_said;
    bool known_active;
    int32_t known_epoch;
    int64_t known_again_ms;

    /* Requests. */
    uint64_t last_token;
    uint32_t in_flight;
    struct ctl_request *queue_first, **queue_last, *flight_first, **flight_last, *unresolved_first,
        **unresolved_last, *buried;
    bool syncing;

    /* The cluster; empty unless loading or active. */
    struct map brokers;      /* by id, of struct ctl_broker */
    struct map topics;       /* by name, of struct ctl_topic */
    struct map topics_by_id; /* those that have one */
    struct map hints;        /* names below /config/changes, of struct ctl_hint */
    struct ctl_topic *dead_topics;
    uint64_t last_serial;
    uint64_t reign;   /* counts how often the cluster was forgotten */
    uint32_t loading; /* things still to be read before we act */
    bool list_armed[CTL_LIST_COUNT], list_reading[CTL_LIST_COUNT], list_again[CTL_LIST_COUNT];
    bool zookeeper_is_older, hints_read;
    uint32_t rescan_at, offline_count, partition_count;
    int64_t tick_at_ms, rebalance_at_ms, wake_at_ms, wake_said_ms;
    uint64_t digest;
    bool digest_due;
    uint32_t notes; /* of this step */
    struct ctl_note_limit bad_settings, deletions_begun, deletions_done;

    struct ctl_partition *dirty_first, **dirty_last;
    struct ctl_partition **touched;
    uint32_t touched_count;
    size_t touched_capacity;
    struct ctl_partition **held;
    uint32_t held_count;
    size_t held_capacity;
    struct ctl_partition **doubts;
    uint32_t doubt_count, doubt_at;
    size_t doubt_capacity;
    uint64_t surveys;
    struct ctl_change *gathered_first, **gathered_last;
    uint32_t gathered_count, multis; /* of states: gathered; multis under way */
    struct ctl_wait *waits;

    /* The stream: what this step has to say to everybody. */
    struct ctl_connection *connections;
    struct ctl_news *news;
    uint32_t news_count;
    size_t news_capacity;
};

/* ---- controller.c ---- */
struct controller_action *ctl_act(struct controller *c, enum controller_action_kind kind);
void ctl_note(struct controller *c, enum say_level level, const char *format, ...)
    PRINTF_LIKE(3, 4);
void ctl_note_limited(struct controller *c, struct ctl_note_limit *limit, enum say_level level,
                      const char *format, ...) PRINTF_LIKE(4, 5);
void ctl_trace(struct controller *c, const char *format, ...) PRINTF_LIKE(2, 3);
uint64_t ctl_random(struct controller *c, unsigned stream);
void ctl_wake(struct controller *c, int64_t at_ms); /* hear a timer then at the latest */
void ctl_move(struct controller *c, enum controller_state to);
bool ctl_reigns(const struct controller *c); /* loading or active */
/* Memory of the running step. */
struct arena *ctl_scratch(struct controller *c);
void ctl_forget_cluster(struct controller *c);

/* ---- controller_election.c ---- */
void ctl_race(struct controller *c); /* read /controller, and go on from there */
void ctl_deposed(struct controller *c, const char *why);
void ctl_resign(struct controller *c, const char *why);
void ctl_session_over(struct controller *c);
void ctl_known_changed(struct controller *c);
void ctl_known_tick(struct controller *c);
void ctl_stop(struct controller *c);

/* ---- controller_load.c ---- */
void ctl_load(struct controller *c);
void ctl_loaded_one(struct controller *c);
void ctl_list_read(struct controller *c, enum ctl_list list);
bool ctl_list_watch(struct controller *c, struct view path); /* false: not one of ours */
void ctl_list_tick(struct controller *c);
void ctl_node_delete(struct controller *c, struct view parent, struct view name);

/* ---- controller_preferred.c ---- */
void ctl_rebalance(struct controller *c);
void ctl_admin_listed(struct controller *c, const struct view *names, uint32_t count);

/* ---- controller_brokers.c ---- */
struct ctl_broker *ctl_broker_find(const struct controller *c, int32_t id);
struct ctl_broker *ctl_broker_get(struct controller *c, int32_t id); /* made when unknown */
void ctl_broker_free(struct ctl_broker *b);
void ctl_broker_refresh(struct controller *c, struct ctl_broker *b);
void ctl_brokers_listed(struct controller *c, const struct view *names, uint32_t count);
void ctl_brokers_persistent(struct controller *c, const struct view *names, uint32_t count);
bool ctl_broker_watch(struct controller *c, struct view path);
void ctl_broker_tick(struct controller *c);
void ctl_broker_enter(struct controller *c, struct ctl_broker *b); /* sets it `in` */
void ctl_brokers_settle(struct controller *c);                     /* at the end of a step */
void ctl_broker_inventory(struct controller *c, uint64_t connection,
                          const struct cluster_inventory *inventory);
void ctl_broker_shutdown(struct controller *c, uint64_t connection);
void ctl_broker_add_partition(struct ctl_broker *b, struct ctl_partition *p);
bool ctl_broker_counts(const struct ctl_broker *b); /* in, and not shutting down */
/* Live brokers (in, not shutting down), ascending, in the scratch arena. */
uint32_t ctl_brokers_live(struct controller *c, struct ctl_broker ***ret);

/* ---- controller_topics.c ---- */
struct ctl_topic *ctl_topic_find(const struct controller *c, struct view name);
struct ctl_topic *ctl_topic_by_id(const struct controller *c, struct uuid id);
struct ctl_topic *ctl_topic_still(const struct controller *c, struct view name, uint64_t serial);
struct ctl_topic *ctl_topic_new(struct controller *c, struct view name, enum ctl_topic_state state);
void ctl_topic_set_id(struct controller *c, struct ctl_topic *t, struct uuid id);
void ctl_topic_forget(struct controller *c, struct ctl_topic *t);
void ctl_topics_bury(struct controller *c);
void ctl_topics_listed(struct controller *c, const struct view *names, uint32_t count);
void ctl_topic_read(struct controller *c, struct view name);
void ctl_topic_read_done(struct controller *c, struct ctl_topic *t);
/* Asks which of its partition nodes are there, before their states are made. */
void ctl_topic_probe(struct controller *c, struct ctl_topic *t);
void ctl_topic_present(struct controller *c, struct ctl_topic *t);
void ctl_topic_rescan(struct controller *c);
struct uuid ctl_topic_id_new(struct controller *c);
struct ctl_partition *ctl_partition_find(const struct ctl_topic *t, int32_t number);
/* Adds a partition that is not there yet; NULL when the assignment cannot be used. */
struct ctl_partition *ctl_topic_add(struct controller *c, struct ctl_topic *t, int32_t number,
                                    const int32_t *replicas, uint32_t count);
/* Adds those of the node that are new; they are read first when `read`. */
void ctl_topic_grow(struct controller *c, struct ctl_topic *t, const struct znode_topic *node,
                    bool read);
bool ctl_topic_name_valid(struct view name);

/* ---- controller_overrides.c ---- */
/* Reads a topic's overrides; `first`: counted in the topic's reads. */
void ctl_overrides_read(struct controller *c, struct view topic, bool first);
/* Takes the good ones, and says which ones are not and were not there before. */
void ctl_overrides_set(struct controller *c, struct ctl_topic *t,
                       const struct znode_config *config);
void ctl_overrides_free(struct ctl_topic *t);
void ctl_hints_heard(struct controller *c, const struct view *names, uint32_t count);
void ctl_hints_tick(struct controller *c);

/* ---- controller_deletion.c ---- */
void ctl_deletions_listed(struct controller *c, const struct view *names, uint32_t count);
/* It can be deleted, and is not being deleted yet. */
bool ctl_topic_deletable(const struct ctl_topic *t);
void ctl_topic_delete(struct controller *c, struct ctl_topic *t);
/* A write of one of its partitions is settled. */
void ctl_deletion_look(struct controller *c, struct ctl_topic *t);
void ctl_deletion_heard(struct controller *c, struct ctl_topic *t, int32_t broker);
void ctl_erase_free(struct ctl_erase *e);
void ctl_marker_remove(struct controller *c, struct view name);

/* ---- controller_partitions.c ---- */
void ctl_partition_dirty(struct controller *c, struct ctl_partition *p);
void ctl_partition_hold(struct controller *c, struct ctl_partition *p, int64_t until_ms);
void ctl_partitions_settle(struct controller *c);
void ctl_partitions_tick(struct controller *c);
void ctl_partition_apply(struct controller *c, struct ctl_partition *p,
                         const struct ctl_state *state, const char *why);
void ctl_partition_missing(struct controller *c, struct ctl_partition *p); /* no state node */
void ctl_partition_unreadable(struct controller *c, struct ctl_partition *p, const char *why);
void ctl_partition_report(struct controller *c, uint64_t connection,
                          const struct cluster_report *report);
struct ctl_replica *ctl_replica_find(struct ctl_partition *p, int32_t broker);
void ctl_replica_failed(struct controller *c, struct ctl_partition *p, struct ctl_replica *r);
void ctl_replicas_follow(struct controller *c, struct ctl_broker *b, bool new_process);
void ctl_check_touched(struct controller *c);
void ctl_check_all(const struct controller *c);

/* ---- controller_doubt.c ---- */
/* It is ahead or unreadable: its node is read again now and then. */
void ctl_doubt_list(struct controller *c, struct ctl_partition *p);
void ctl_doubt_tick(struct controller *c);
void ctl_doubt_heard_state(struct controller *c, struct ctl_partition *p);
void ctl_doubt_held(struct controller *c, const struct ctl_broker *b, struct ctl_partition *p,
                    const struct cluster_held *held);
/* It was read and has no state node. */
void ctl_survey_begin(struct controller *c, struct ctl_partition *p);
void ctl_survey_heard(struct controller *c, struct ctl_broker *b);
/* All replicas whose brokers are not away have shown what they have. */
bool ctl_survey_done(const struct controller *c, const struct ctl_partition *p);

/* ---- controller_state.c: between the state node's JSON and struct ctl_state ---- */
/* False, and why, when it makes no sense for this partition. */
bool ctl_state_parse(struct controller *c, struct ctl_partition *p, const struct zk_result *result,
                     struct ctl_state *ret, const char **ret_why);
struct view ctl_state_print(const struct ctl_partition *p, const struct ctl_state *s,
                            struct arena *arena);

/* ---- controller_decide.c: what a partition's state should be; pure ---- */
/* The state that should be written instead of p->now, and why; NULL: as it is. */
const char *ctl_decide(const struct controller *c, const struct ctl_partition *p,
                       struct ctl_state *ret);
bool ctl_isr_has(const struct ctl_isr *isr, int32_t broker);
int32_t ctl_min_isr(const struct controller *c, const struct ctl_partition *p);
bool ctl_leader_fits(const struct controller *c, const struct ctl_partition *p);

/* ---- controller_isr.c ---- */
void ctl_isr_asked(struct controller *c, uint64_t connection,
                   const struct cluster_isr_change *change);
/* The write that an ISR change waited for is settled: look at it (again). */
void ctl_isr_next(struct controller *c, struct ctl_partition *p);
void ctl_isr_answer(struct controller *c, const struct ctl_asked *asked,
                    const struct ctl_partition *p, enum cluster_isr_result result);

/* ---- controller_stream.c ---- */
struct ctl_connection *ctl_connection_find(const struct controller *c, uint64_t id);
void ctl_connected(struct controller *c, uint64_t id, struct cluster_member member);
void ctl_disconnected(struct controller *c, uint64_t id);
/* The connection's broker when it is the process that is registered; NULL otherwise. */
struct ctl_broker *ctl_connection_broker(const struct controller *c, uint64_t id);
void ctl_say_broker(struct controller *c, struct ctl_broker *b);
void ctl_say_topic(struct controller *c, struct ctl_topic *t);
void ctl_say_topic_gone(struct controller *c, struct ctl_topic *t);
void ctl_say_partition(struct controller *c, struct ctl_partition *p);
void ctl_topic_unsay(struct controller *c, struct ctl_topic *t);
void ctl_say_snapshot(struct controller *c); /* to everybody */
void ctl_stream_flush(struct controller *c);
void ctl_stream_digest(struct controller *c);
void ctl_partition_item(const struct controller *c, const struct ctl_partition *p,
                        struct cluster_partition_item *ret);

/* ---- controller_admin.c, controller_create.c, controller_grow.c ---- */
void ctl_admin(struct controller *c, const struct controller_event *event);
void ctl_create_topic(struct controller *c, const struct controller_event *event);
/* Why one partition's replicas, as given by hand, cannot be; NULL: they can. */
const char *ctl_bad_replicas(const struct controller *c, const struct controller_replicas *a,
                             uint32_t replication_factor);
void ctl_create_partitions(struct controller *c, const struct controller_event *event);
void ctl_answer(struct controller *c, uint64_t request, uint64_t connection,
                enum controller_result result, const struct ctl_topic *t, const char *format, ...)
    PRINTF_LIKE(6, 7);
struct ctl_wait *ctl_wait_new(struct controller *c, const struct controller_event *event,
                              enum ctl_wait_kind kind, const struct ctl_topic *t);
/* Answers those that wait so for this topic. */
void ctl_waits_refuse(struct controller *c, const struct ctl_topic *t, enum ctl_wait_kind kind,
                      enum controller_result result, const char *message);
void ctl_waits_settle(struct controller *c);
void ctl_waits_fail(struct controller *c); /* we are not controller any more */

static inline struct view ctl_text(const char *s)
{
    return view_of(s);
}

#endif
