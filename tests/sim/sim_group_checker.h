/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORDUROY_TESTS_SIM_SIM_GROUP_CHECKER_H
#define CORDUROY_TESTS_SIM_SIM_GROUP_CHECKER_H

#include "tests/sim/sim_coordinators.h"

/* What members of consumer groups asked and were answered, and whether that can be:
 *
 *  - the offset of a partition is a linearizable register: a commit that was acknowledged is seen
 *    by every later OffsetFetch, one that was refused is never seen, one whose outcome is unknown
 *    may be, and commits of several partitions are seen whole;
 *  - in a generation every member gets what its leader gave it, and there is one such plan only;
 *  - after something was acknowledged in a generation, nothing is acknowledged in an older one;
 *  - once a static member was replaced and its successor has its assignment, the one before is
 *    acknowledged nothing;
 *  - only who leads the group's partition says yes to anything.
 *
 * A coordinator that was deposed and does not know yet may show what was true until then
 * (sim_coordinators.h); a commit it cannot acknowledge. What it finds is noted in the history. */
struct sim_group_checker;

#define SIM_GROUPS_MAX 3
#define SIM_MEMBERS_MAX 6
#define SIM_MEMBER_ID_SIZE 96
#define SIM_ASSIGNMENT_SIZE 160

/* A question and its answer: when, and by which broker (its id). */
struct sim_span {
    uint64_t begin_ns, end_ns;
    int32_t broker;
};

/* coordinators outlive the checker. */
struct sim_group_checker *sim_group_checker_new(struct sim_history *history,
                                                const struct sim_coordinators *coordinators);
void sim_group_checker_free(struct sim_group_checker *c);
/* The index of a new group. The name is at most 15 bytes. */
uint32_t sim_group_checker_add(struct sim_group_checker *c, const char *name);
const char *sim_group_checker_name(const struct sim_group_checker *c, uint32_t group);

/* ---- commits; partitions: a bit for each partition of the history ---- */
/* About to be sent: the offset to commit, which no other commit has. generation -1: nobody's. */
uint64_t sim_group_commit_begin(struct sim_group_checker *c, uint32_t group, uint32_t partitions,
                                int32_t generation);
enum sim_commit_outcome {
    SIM_COMMIT_ACKED,
    SIM_COMMIT_REFUSED,
    SIM_COMMIT_UNKNOWN
};
/* For each partition of the answer; member_id: in whose name ("": nobody's). */
void sim_group_commit_done(struct sim_group_checker *c, uint64_t commit, uint32_t partition,
                           enum sim_commit_outcome outcome, const struct sim_span *span,
                           const char *member_id);
/* One OffsetFetch: offsets[i] of each partition in the bits, -1: none. */
void sim_group_fetched(struct sim_group_checker *c, uint32_t group, uint32_t partitions,
                       const int64_t *offsets, const struct sim_span *span);

/* ---- generations ---- */
/* A leader is about to hand in assignments. Writes what this member, by its instance id or else its
 * member id, is to get to `to` (SIM_ASSIGNMENT_SIZE) and returns the size. plan: 0 for the first
 * member of a SyncGroup, then what came of it. */
uint32_t sim_group_plan(struct sim_group_checker *c, uint32_t group, int32_t generation,
                        const char *who, uint32_t partitions, uint32_t *plan, uint8_t *to);
/* A member was told its assignment; *ret_partitions: what is in it. */
void sim_group_synced(struct sim_group_checker *c, uint32_t group, int32_t generation,
                      const char *instance, const char *member_id, struct view assignment,
                      const struct sim_span *span, uint32_t *ret_partitions);
/* Its heartbeat was well. */
void sim_group_beat(struct sim_group_checker *c, uint32_t group, int32_t generation,
                    const char *member_id, const struct sim_span *span);
/* A static member, which asked without an id, has got this one. */
void sim_group_static_joined(struct sim_group_checker *c, uint32_t group, const char *instance,
                             const char *member_id, const struct sim_span *span);

/* Nothing is in the way of an answer from now on. */
void sim_group_checker_calm(struct sim_group_checker *c);
/* A question was given up without an answer: a violation when it was asked in the calm. */
void sim_group_unanswered(struct sim_group_checker *c, uint32_t group, const char *member_id,
                          const char *api, const struct sim_span *span);

/* Acknowledged commits, and generations that somebody got an assignment of. */
uint64_t sim_group_checker_commits(const struct sim_group_checker *c);
uint64_t sim_group_checker_generations(const struct sim_group_checker *c);
/* Answers that were older than what somebody else had acknowledged by then. */
uint64_t sim_group_checker_late_answers(const struct sim_group_checker *c);

#endif
