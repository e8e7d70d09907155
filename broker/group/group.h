/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORDUROY_BROKER_GROUP_GROUP_H
#define CORDUROY_BROKER_GROUP_GROUP_H

#include <stdbool.h>
#include <stdint.h>

#include "common/arena.h"
#include "common/map.h"
#include "proto/error_code.h"
#include "proto/gen/describe_groups.h"
#include "proto/gen/group_metadata_value.h"
#include "proto/gen/heartbeat.h"
#include "proto/gen/join_group.h"
#include "proto/gen/leave_group.h"
#include "proto/gen/list_groups.h"
#include "proto/gen/offset_commit.h"
#include "proto/gen/offset_commit_value.h"
#include "proto/gen/offset_fetch.h"
#include "proto/gen/sync_group.h"
#include "proto/record_builder.h"

/* One group of the classic protocol as a step machine: requests, the time and the fate of its
 * records go in; answers, records to append and a time to be called again come out. It sees no
 * clock, no log and no connection. The rules are those of Kafka 3.9's coordinator (KIP-62, 134,
 * 345, 394, 559, 814); README.md here has the table of states. One thread. */

enum group_state {
    GROUP_EMPTY,      /* no member; perhaps offsets */
    GROUP_PREPARING,  /* PreparingRebalance: members are to join again */
    GROUP_COMPLETING, /* CompletingRebalance: the next generation waits for its assignment */
    GROUP_STABLE,
    GROUP_DEAD, /* unloaded, or nothing is left of it: to be freed */
    GROUP_STATES,
};
/* Kafka's word for it, as in DescribeGroups. */
const char *group_state_name(enum group_state state);
bool group_state_may_move(enum group_state from, enum group_state to);

/* Limits of ours; over them requests are refused, never a connection closed. */
#define GROUP_MEMBERS_MAX 10000u     /* of one group, pending ones too: GROUP_MAX_SIZE_REACHED */
#define GROUP_PROTOCOLS_MAX 128u     /* of one member: INCONSISTENT_GROUP_PROTOCOL */
#define GROUP_SHARD_GROUPS 100000u   /* groups of one shard: COORDINATOR_NOT_AVAILABLE */
#define GROUP_SHARD_BYTES (1u << 30) /* of all groups of one shard: COORDINATOR_NOT_AVAILABLE */

/* What all groups of a shard share. */
struct group_config {
    int64_t session_min_ms, session_max_ms; /* group.{min,max}.session.timeout.ms */
    int64_t rebalance_delay_ms;             /* group.initial.rebalance.delay.ms */
    int64_t size_max;                       /* group.max.size */
    int64_t retention_ms;                   /* offsets.retention.minutes */
    int64_t metadata_size_max;              /* offset.metadata.max.bytes */
    unsigned mutation;                      /* enum mutation; mutation builds only */
};
struct group_space {
    const struct group_config *config;
    uint64_t bytes, bytes_max; /* of members, ids given out, offsets and their keys; a load may go
                                  over it */
};

/* ---- requests ---- */
enum group_request_kind {
    GROUP_JOIN,
    GROUP_SYNC,
    GROUP_HEARTBEAT,
    GROUP_LEAVE,
    GROUP_COMMIT,
    GROUP_FETCH,    /* one group of an OffsetFetch */
    GROUP_DESCRIBE, /* one group of a DescribeGroups */
    GROUP_REQUESTS,
};
/* One request to a group, from its arrival until its answer: owned by whoever asks, who frees it,
 * with group_request_deinit, after answered() or dropped() was called. What `in` points to lives as
 * long. */
struct group_request {
    enum group_request_kind kind;
    int16_t version;
    struct view group_id, client_id, client_host;
    uint64_t random[2]; /* JOIN: for a new member's id */
    union {
        struct join_group_request join;
        struct sync_group_request sync;
        struct heartbeat_request heartbeat;
        struct leave_group_request leave;
        struct offset_commit_request commit;
        struct offset_fetch_request_group fetch;
        bool describe_operations; /* include_authorized_operations */
    } in;
    /* For COMMIT laid out by the asker as group_commit_prepare does: partitions whose error is
     * already set are left alone. */
    union {
        struct join_group_response join;
        struct sync_group_response sync;
        struct heartbeat_response heartbeat;
        struct leave_group_response leave;
        struct offset_commit_response commit;
        struct offset_fetch_response_group fetch;
        struct describe_groups_response_group describe;
    } out;
    struct arena arena; /* holds what the answer points to */
    void (*answered)(struct group_request *request);
    void (*dropped)(struct group_request *request); /* instead, when the broker goes away */
    struct group_request *next;                     /* in struct group_actions */
};
void group_request_deinit(struct group_request *request);
/* Lays out the answer to a COMMIT, every error 0. */
void group_commit_prepare(struct group_request *request);
/* Fills in the answer that says this error; LOADING and absent groups have rules of their own. */
void group_request_refuse(struct group_request *request, enum error_code error);
/* COORDINATOR_LOAD_IN_PROGRESS, but for Heartbeat (no error) and SyncGroup (REBALANCE_IN_PROGRESS):
 * older clients do not expect it there. */
void group_request_refuse_loading(struct group_request *request);
/* Is a group made for this request when there is none? */
bool group_request_makes_group(const struct group_request *request);
/* The answer where there is no group and none is made. */
void group_request_answer_absent(struct group_request *request);
/* A group id that this request must not have (INVALID_GROUP_ID): empty, for all but commits,
 * fetches and descriptions. */
bool group_request_id_valid(const struct group_request *request);
/* Whether a SyncGroup names the protocol that its group agreed on, as it must from version 5 on
 * (KIP-559). Kafka checks this before anything else. */
bool group_request_names_protocol(const struct group_request *request);

/* ---- records to append ---- */
enum group_append_kind {
    GROUP_APPEND_ASSIGNMENT, /* a generation with its assignment */
    GROUP_APPEND_EMPTY,      /* the group became empty */
    GROUP_APPEND_STATIC,     /* a static member was replaced */
    GROUP_APPEND_OFFSETS,    /* a commit */
    GROUP_APPEND_TOMBSTONES, /* expired offsets; nobody waits */
};
struct group;
/* One batch for the group's partition. Whoever carries out actions owns it, says what became of it
 * with group_appended, and frees it with group_append_free. */
struct group_append {
    struct group_append *next;
    enum group_append_kind kind;
    struct record_builder records;
    int32_t generation;
    struct group_request *request;        /* OFFSETS: answered when committed; NULL afterwards */
    struct view member_id, old_leader_id; /* STATIC */
    /* ASSIGNMENT: as the leader gave them */
    struct group_assignment *assignments;
    uint32_t assignment_count;
    /* OFFSETS */
    struct group_offset **offsets;
    uint32_t offset_count;
    struct arena arena;
};
void group_append_free(struct group_append *append);

struct group_actions {
    struct group_request *answered, **answered_last; /* in this order */
    struct group_append *appends, **appends_last;
};
void group_actions_init(struct group_actions *actions);

/* The time of a step. */
struct group_now {
    int64_t ms;      /* monotonic */
    int64_t wall_ms; /* for records */
};

/* ---- the group ---- */
struct group_member {
    struct view id, instance_id, client_id, client_host; /* instance_id null: dynamic */
    int32_t session_timeout_ms, rebalance_timeout_ms;
    struct group_protocol *protocols; /* one block, ended by a null name */
    struct view assignment;
    bool fresh;          /* joined for the first time and waits for its first generation */
    bool sync_due;       /* has not synced in this generation */
    int64_t deadline_ms; /* of its session; 0: none while it waits */
    struct group_request *join, *sync; /* parked; answered exactly once */
};
struct group_protocol {
    struct view name, metadata;
};
struct group_assignment {
    struct view member_id, assignment;
};
struct group_offset {
    int64_t offset, commit_ms, expire_ms; /* expire_ms -1: by the broker's configuration */
    int64_t log_offset; /* of its record: the newer one stands. -1: not appended */
    int32_t leader_epoch, partition;
    uint32_t topic_size, metadata_size;
    uint8_t bytes[]; /* topic, partition as a big-endian int32 (that is the key), metadata */
};

struct group {
    struct group_space *space;
    struct view id;
    enum group_state state;
    struct view protocol_type; /* null: none yet, offsets only */
    struct view protocol;      /* null: none chosen */
    int32_t generation;
    int64_t state_ms; /* wall clock: since when in this state; -1: not known */
    struct group_member *leader;
    struct map members;        /* by id: struct group_member */
    struct map static_members; /* by instance id */
    struct map pending;        /* member ids given out (MEMBER_ID_REQUIRED): struct group_pending */
    struct map supported;      /* by protocol name: how many members support it */
    uint32_t join_count, sync_due_count;
    struct map offsets; /* struct group_offset */
    uint32_t commits_under_way, appends_under_way;

    /* PREPARING */
    bool initial; /* the first round of an empty group: waits for its delay whoever joined */
    bool joined_meanwhile;
    int64_t initial_left_ms, join_deadline_ms;
    /* COMPLETING, STABLE */
    int64_t sync_deadline_ms; /* 0: none */
    bool assigning;           /* the leader's assignment is on its way to the log */

    int64_t timer_ms;              /* when group_timer wants to be called at the latest; 0: never */
    struct group_actions *actions; /* of the step that runs */
    struct group_now now;
};

struct group *group_new(struct group_space *space, struct view id, struct group_now now);
/* Whoever was parked was answered before (group_unload). */
void group_free(struct group *group);

/* One request of any kind. */
void group_serve(struct group *group, struct group_request *request, struct group_now now,
                 struct group_actions *actions);
/* At group->timer_ms or later. */
void group_timer(struct group *group, struct group_now now, struct group_actions *actions);
/* An append's fate: ERROR_NONE when it is committed, at this offset; else what a producer would be
 * told. REQUEST_TIMED_OUT says that nothing is known yet: another call follows. */
void group_appended(struct group *group, struct group_append *append, enum error_code error,
                    int64_t log_offset, struct group_now now, struct group_actions *actions);
/* Dead: who is parked is told NOT_COORDINATOR. */
void group_unload(struct group *group, struct group_now now, struct group_actions *actions);

/* Expired offsets go, with tombstones. An empty group without offsets becomes Dead: then free it
 * when no append is under way. */
void group_expire(struct group *group, struct group_now now, struct group_actions *actions);
/* The same for the offsets of a deleted topic. */
void group_topic_gone(struct group *group, struct view topic, struct group_now now,
                      struct group_actions *actions);
/* Nothing is left of it, in memory or in the log, and nothing is under way: free it. */
bool group_is_over(const struct group *group);

/* ---- loading ---- */
/* From a record; the newest wins by its log offset. */
void group_load_offset(struct group *group, struct view topic, int32_t partition,
                       const struct offset_commit_value *value, int64_t log_offset);
void group_load_offset_gone(struct group *group, struct view topic, int32_t partition);
/* Replaces whatever was loaded of the members. */
void group_load_metadata(struct group *group, const struct group_metadata_value *value);
void group_load_metadata_gone(struct group *group);
/* After the last record: sessions begin. False: nothing is left of it, free it. */
bool group_loaded(struct group *group, struct group_now now, struct group_actions *actions);

/* ---- looking ---- */
bool group_matches(const struct group *group, const struct list_groups_request *request);
/* As ListGroups shows it; views into the group. */
struct list_groups_response_group group_listing(const struct group *group);

#endif
