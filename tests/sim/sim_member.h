/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORDUROY_TESTS_SIM_SIM_MEMBER_H
#define CORDUROY_TESTS_SIM_SIM_MEMBER_H

#include "tests/sim/sim_client.h"
#include "tests/sim/sim_group_checker.h"

/* A member of a consumer group of the classic protocol, without the consuming: it finds its
 * coordinator, joins, assigns when it leads, syncs, sends heartbeats, commits offsets of its
 * partitions and reads committed ones back, and does with errors what Kafka's clients do. Now and
 * then it commits for a generation that is over. Or a simple consumer, which commits and reads
 * without being a member, and asks for producer ids. All that it is told goes to the checker. */

/* What a process leaves to the next one in its place: the member that it was, so that somebody can
 * commit in its name. */
struct sim_member_ghost {
    char member_id[SIM_MEMBER_ID_SIZE];
    int32_t generation; /* -1: none */
};
struct sim_member_versions {
    int16_t find, join, sync, beat, leave, commit, fetch;
};
struct sim_member_options {
    struct sim_client_options client;
    struct sim_group_checker *checker;
    uint32_t group;
    bool simple;
    char instance[16]; /* "": not static */
    uint32_t number;   /* for the trace */
    struct sim_member_versions versions;
    int32_t session_timeout_ms, rebalance_timeout_ms;
    uint32_t commit_interval_ms, fetch_interval_ms;
    uint32_t slow_once_in;          /* it stops for a while between Join and Sync; 0: never */
    struct sim_member_ghost *ghost; /* outlives the process */
};
struct sim_member;
/* Versions of the requests that a member of that kind may use. */
struct sim_member_versions sim_member_versions_draw(struct sim_random *random, bool static_group);
/* options are copied. */
struct sim_process *sim_member_start(struct sim_host *host,
                                     const struct sim_member_options *options);
struct sim_member *sim_member_of(struct sim_process *process);
/* It says that it leaves, and rests. */
void sim_member_leave(struct sim_member *m);
/* It has left, or another member has its instance id. */
bool sim_member_is_over(const struct sim_member *m);
/* It has an assignment in this generation, or is a simple consumer, and has read all offsets of its
 * group after that time. */
bool sim_member_is_settled(const struct sim_member *m, uint64_t since_ns, int32_t *ret_generation,
                           uint32_t *ret_partitions);
/* Where it is, for messages. */
const char *sim_member_state(const struct sim_member *m);

#endif
