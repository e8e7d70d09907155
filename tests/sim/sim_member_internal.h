/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORDUROY_TESTS_SIM_SIM_MEMBER_INTERNAL_H
#define CORDUROY_TESTS_SIM_SIM_MEMBER_INTERNAL_H

#include "proto/error_code.h"
#include "tests/sim/sim_member.h"

/* Shared by sim_member.c (what a member does when), sim_member_group.c and sim_member_offsets.c
 * (the requests and what the answers mean); for nobody else. */

enum attempt_kind {
    ATTEMPT_FIND,
    ATTEMPT_JOIN,
    ATTEMPT_SYNC,
    ATTEMPT_BEAT,
    ATTEMPT_LEAVE,
    ATTEMPT_COMMIT,
    ATTEMPT_GHOST, /* a commit in the name of a generation that is over */
    ATTEMPT_FETCH,
    ATTEMPT_ID,
    ATTEMPTS,
};
/* One request of each kind may be under way. */
struct attempt {
    struct client_call call;
    struct sim_member *member;
    bool pending;
    struct sim_span span; /* its end: when the answer came */
    /* as whom */
    char member_id[SIM_MEMBER_ID_SIZE];
    int32_t generation;
    uint64_t commit;
    uint32_t partitions;
};

enum member_state {
    MEMBER_JOINING,
    MEMBER_SYNCING,
    MEMBER_STABLE,
    MEMBER_LEAVING,
    MEMBER_OVER, /* left, or fenced */
};

struct sim_member {
    struct sim_client client;
    struct sim_member_options options;
    enum member_state state;
    int32_t coordinator; /* -1: to be found */
    char member_id[SIM_MEMBER_ID_SIZE];
    int32_t generation;
    bool leads; /* and is to assign */
    struct {
        char who[SIM_MEMBER_ID_SIZE];
        char id[SIM_MEMBER_ID_SIZE];
    } others[16]; /* as told to the leader */
    uint32_t other_count;
    uint32_t partitions; /* assigned */
    uint64_t retry_ns;   /* nothing of the group before this time */
    uint64_t find_ns, beat_ns, commit_ns, fetch_ns, ghost_ns, id_ns;
    uint64_t synced_ns, fetched_ns; /* fetched: when the last complete OffsetFetch was asked */
    struct attempt attempts[ATTEMPTS];
};

#define MEMBER_PROTOCOL VIEW_LITERAL("simulated")
#define MEMBER_PROTOCOL_TYPE VIEW_LITERAL("consumer")

/* ---- sim_member.c ---- */
struct view member_group(const struct sim_member *m);
struct view member_instance(const struct sim_member *m); /* null: none */
/* Begins a request of this kind. */
struct attempt *member_begin(struct sim_member *m, enum attempt_kind kind, enum api_key key,
                             int16_t version, struct wire_writer *w, uint32_t *ret_from);
void member_send(struct attempt *a, struct client_node *node, struct wire_writer *w, uint32_t from);
/* The answer, or none, is here: not pending any more, the span is complete. */
struct attempt *member_home(struct client_call *call, const struct wire_reader *r,
                            struct sim_member **ret);
/* The answer does not decode. */
void member_garbled(struct sim_member *m, const char *api);
/* Traces the answer; an error that no coordinator gives to such a request is a violation. */
void member_answered(struct sim_member *m, const char *api, int16_t error, const int16_t *expected,
                     unsigned count);
/* Does what an error of JoinGroup, SyncGroup or Heartbeat asks for. */
void member_trouble(struct sim_member *m, int16_t error);
void member_rejoin(struct sim_member *m);
void member_put_off(struct sim_member *m, uint32_t min_ms, uint32_t max_ms);
void member_lost_coordinator(struct sim_member *m);

/* ---- sim_member_group.c ---- */
void member_find_send(struct sim_member *m);
void member_join_send(struct sim_member *m, struct client_node *node);
void member_sync_send(struct sim_member *m, struct client_node *node);
void member_beat_send(struct sim_member *m, struct client_node *node);
void member_leave_send(struct sim_member *m, struct client_node *node);
void member_id_send(struct sim_member *m);

/* ---- sim_member_offsets.c ---- */
void member_commit_send(struct sim_member *m, struct client_node *node);
void member_ghost_send(struct sim_member *m, struct client_node *node);
void member_fetch_send(struct sim_member *m, struct client_node *node);

#endif
