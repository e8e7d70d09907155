/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORDUROY_TESTS_LIB_GROUP_BENCH_H
#define CORDUROY_TESTS_LIB_GROUP_BENCH_H

#include "broker/group/group.h"

/* One group with its clock and its log in the hands of a test. Requests are said in a line; what is
 * appended stays under way until the test says what became of it. */
struct group_bench {
    struct group_config config;
    struct group_space space;
    struct group *group;
    struct group_now now;
    struct group_append *under_way[64];
    unsigned under_way_count;
    int64_t log_end;
    struct group_talk *talks; /* all of them, freed at the end */
};
/* A request and whether it was answered. */
struct group_talk {
    struct group_request request;
    bool answered;
    struct group_talk *next;
    char id[128]; /* JOIN: the member id that was answered */
};
/* The answer to a JoinGroup, SyncGroup or OffsetCommit. */
#define JOINED(talk) ((talk)->request.out.join)
#define SYNCED(talk) ((talk)->request.out.sync)
#define COMMITTED(talk) ((talk)->request.out.commit)

/* Sessions of 6 s to 30 min, no initial delay, an empty group "g". */
void group_bench_init(struct group_bench *b);
/* Unloads and frees the group; every talk must have been answered then. */
void group_bench_deinit(struct group_bench *b);

struct group_talk *group_bench_talk(struct group_bench *b, enum group_request_kind kind,
                                    int16_t version);
/* Hands the request to the group. */
void group_bench_ask(struct group_bench *b, struct group_talk *talk);
/* Time passes; the group is called whenever it wants to be. */
void group_bench_pass(struct group_bench *b, int64_t ms);
/* Everything under way is committed, or failed with this error. */
void group_bench_settle(struct group_bench *b, enum error_code error);

/* Requests. Text is empty for "none" but for instance, where NULL is null. protocols: names
 * separated by spaces; each one's metadata is its name and `mark`. */
struct group_joiner {
    const char *id, *instance, *protocols, *mark, *client;
    int16_t version;
    int32_t session_ms, rebalance_ms;
};
/* id "", no instance, "range", session 10 s, rebalance 30 s, client "c", version 9 */
#define GROUP_JOINER                                                                               \
    ((struct group_joiner){.id = "",                                                               \
                           .protocols = "range",                                                   \
                           .mark = "",                                                             \
                           .client = "c",                                                          \
                           .version = 9,                                                           \
                           .session_ms = 10000,                                                    \
                           .rebalance_ms = 30000})
struct group_talk *group_bench_join(struct group_bench *b, struct group_joiner who);
/* A new dynamic member by the two steps of KIP-394; the second join, perhaps still parked. */
struct group_talk *group_bench_newcomer(struct group_bench *b);
/* assignments: "member=bytes member=bytes" or "". */
struct group_talk *group_bench_sync(struct group_bench *b, const char *id, int32_t generation,
                                    const char *assignments);
int group_bench_heartbeat(struct group_bench *b, const char *id, int32_t generation);
/* The error of the only member that leaves. */
int group_bench_leave(struct group_bench *b, const char *id, const char *instance);
struct group_talk *group_bench_commit(struct group_bench *b, const char *id, int32_t generation,
                                      const char *topic, int32_t partition, int64_t offset);
int group_commit_error(const struct group_talk *talk);
/* The committed offset of a partition; -1: none. */
int64_t group_bench_fetch(struct group_bench *b, const char *topic, int32_t partition);
/* A stable group of so many dynamic members; their ids are written. */
void group_bench_stable(struct group_bench *b, unsigned count, char ids[][128]);

#endif
