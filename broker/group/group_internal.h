/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORDUROY_BROKER_GROUP_GROUP_INTERNAL_H
#define CORDUROY_BROKER_GROUP_GROUP_INTERNAL_H

#include "broker/group/group.h"

/* Shared by the files of the step machine (group*.c); for nobody else. */

#define GROUP_CONSUMER VIEW_LITERAL("consumer")
/* A new member that waits longer than this for its first generation is dropped; it asks again. */
#define GROUP_FRESH_WAIT_MS 300000
/* No record of ours is larger; what the topic allows is checked before the append. */
#define GROUP_RECORD_BYTES_MAX (64u << 20)

struct group_pending {
    int64_t deadline_ms;
};

/* ---- group.c ---- */
/* A copy that belongs to the group, charged to its space; null stays null. */
struct view group_own(struct group *g, struct view bytes);
void group_disown(struct group *g, struct view *bytes);
void group_charge(struct group *g, int64_t bytes);
bool group_has_room(const struct group *g);

void group_answer(struct group *g, struct group_request *r);
void group_refuse(struct group *g, struct group_request *r, enum error_code error);
void group_emit(struct group *g, struct group_append *append);
struct group_append *group_append_new(struct group *g, enum group_append_kind kind);
void group_move(struct group *g, enum group_state to);
/* The group must look at its clocks at this time at the latest. */
void group_wake_at(struct group *g, int64_t at_ms);

/* ---- group_member.c ---- */
struct group_protocol *group_protocols_new(struct group *g,
                                           const struct join_group_request_protocol *from,
                                           uint32_t count);
void group_protocols_free(struct group *g, struct group_protocol *protocols);
/* Ids that were given out and are not used yet (KIP-394), charged to the space like members. */
void group_pending_add(struct group *g, struct view id, int64_t deadline_ms);
/* False: there is no such id. */
bool group_pending_remove(struct group *g, struct view id);
/* Forgets those whose time is over; true when there were some. */
bool group_pending_expire(struct group *g);
void group_pending_free(struct group *g);
struct group_member *group_member_new(struct group *g, struct view id, struct view instance_id,
                                      struct view client_id, struct view client_host);
/* Into the group; the first one leads. Its protocols are set. */
void group_member_add(struct group *g, struct group_member *m);
/* Out of the group, requests that it parked are refused with the error; freed. Another leads if it
 * led. What follows is group_members_left's. */
void group_member_remove(struct group *g, struct group_member *m, enum error_code error);
void group_member_free(struct group *g, struct group_member *m);
void group_member_set_protocols(struct group *g, struct group_member *m,
                                struct group_protocol *protocols);
/* Parks a JoinGroup or SyncGroup, to be answered when the join or sync phase ends; one that was
 * parked before is refused. */
void group_member_park(struct group *g, struct group_member *m, struct group_request *r);
/* The parked JoinGroup or SyncGroup, which is the caller's to answer from now on; NULL: none. */
struct group_request *group_member_take_join(struct group *g, struct group_member *m);
struct group_request *group_member_take_sync(struct group_member *m);
/* Refuses what is parked. */
void group_member_refuse_parked(struct group *g, struct group_member *m, enum error_code error);
struct group_member *group_member_find(const struct group *g, struct view id);
/* Kafka's validateCurrentMember: FENCED_INSTANCE_ID, UNKNOWN_MEMBER_ID or none. */
enum error_code group_member_check(const struct group *g, struct view id, struct view instance_id,
                                   struct group_member **ret);
/* Its session begins again. */
void group_member_touch(struct group *g, struct group_member *m);
struct view group_member_metadata(const struct group_member *m, struct view protocol);
void group_member_synced(struct group *g, struct group_member *m);
/* Whether some protocol of the list is one that all members support. */
bool group_supports(const struct group *g, struct view type,
                    const struct join_group_request_protocol *protocols, uint32_t count);
/* The protocol that most members like best among those all support; the earlier vote wins a tie. */
struct view group_vote(const struct group *g);
int64_t group_rebalance_timeout_ms(const struct group *g);

/* ---- group_join.c ---- */
void group_join(struct group *g, struct group_request *r);
/* Starts a rebalance where the state allows one. */
void group_prepare(struct group *g);
/* Members are gone: a rebalance begins, or the one that runs may be able to end. */
void group_members_left(struct group *g);
void group_maybe_complete_join(struct group *g);
/* Deadlines of the join phase. */
void group_join_timer(struct group *g);
/* The append of a replaced static member came home. */
void group_static_stored(struct group *g, struct group_append *append, enum error_code error);

/* ---- group_sync.c ---- */
void group_sync(struct group *g, struct group_request *r);
void group_heartbeat(struct group *g, struct group_request *r);
void group_leave(struct group *g, struct group_request *r);
void group_sync_timer(struct group *g);
/* Syncs that are parked are refused; the assignments of this generation are void. */
void group_refuse_syncs(struct group *g, enum error_code error);
void group_assignment_stored(struct group *g, struct group_append *append, enum error_code error);
/* The record of the group as it is, with these assignments or, NULL, the members' own. False: it
 * would be too large, nothing is emitted and the append freed. */
bool group_store(struct group *g, struct group_append *append);

/* ---- group_offsets.c ---- */
void group_commit(struct group *g, struct group_request *r);
void group_fetch(struct group *g, struct group_request *r);
void group_fetch_absent(struct group_request *r);
void group_offsets_stored(struct group *g, struct group_append *append, enum error_code error,
                          int64_t log_offset);
void group_offsets_free(struct group *g);

/* ---- group_view.c ---- */
void group_describe(struct group *g, struct group_request *r);
void group_describe_absent(struct group_request *r);

#endif
