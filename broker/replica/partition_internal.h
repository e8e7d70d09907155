/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORDUROY_BROKER_REPLICA_PARTITION_INTERNAL_H
#define CORDUROY_BROKER_REPLICA_PARTITION_INTERNAL_H

#include "broker/replica/partition.h"
#include "common/assert.h"
#include "common/mutation.h"

/* What the files of the partition's step share; see the top of each file for its part. Functions
 * that take actions add to them. */

/* Moves to the state, which the table must allow; nothing when it is the state already. */
void partition_move(struct partition *p, enum partition_state to);
/* A new action of this kind, zeroed, for the caller to fill in. */
struct partition_action *partition_do(struct partition_actions *actions,
                                      enum partition_action_kind kind);
/* NULL: not a replica. */
struct partition_peer *partition_find_peer(struct partition *p, int32_t broker);
bool partition_in_isr(const struct partition *p, int32_t broker); /* the committed one */
/* Whether somebody is in the committed ISR who is not assigned: the assignment was edited by hand.
 */
bool partition_stranger_in_isr(const struct partition *p);
/* The same process of the same broker. */
static inline bool member_equal(struct cluster_member a, struct cluster_member b)
{
    return a.broker == b.broker && a.incarnation == b.incarnation;
}
/* Damage was found in the log: it is fetched anew, unless the ISR counts on it. */
static inline bool partition_distrusted(const struct partition *p)
{
    return p->log.suspect || p->damaged;
}
static inline int64_t min_i64(int64_t a, int64_t b)
{
    return a < b ? a : b;
}
static inline int64_t max_i64(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* partition_leader.c */
/* Makes peers of the order's replicas but this one; what is known of those that stay is kept. */
void leader_prepare_peers(struct partition *p);
/* The replica leads from here on; and no more. */
void leader_begin(struct partition *p, struct partition_actions *a);
void leader_end(struct partition *p, struct partition_actions *a);
/* The assignment changed under a leader that stays. */
void leader_replicas_changed(struct partition *p, struct partition_actions *a);
/* PARTITION_EV_MEMBER, whether it leads or not. */
void leader_member(struct partition *p, const struct partition_event *e,
                   struct partition_actions *a);
/* Events of streams to followers, and answers to ISR changes; ignored when it does not lead. */
void leader_event(struct partition *p, const struct partition_event *e,
                  struct partition_actions *a);
void leader_timer(struct partition *p, struct partition_actions *a);
void leader_turn(struct partition *p, struct partition_actions *a);

/* partition_isr.c */
/* A leader's order of the same epoch came, and is about to be taken over. */
void isr_order(struct partition *p, const struct cluster_partition_item *order);
void isr_reply(struct partition *p, const struct cluster_isr_reply *reply);
/* The peer's synced end has moved: notes since when it keeps up. */
void isr_heard_ack(struct partition *p, struct partition_peer *peer);
/* What the peer has acknowledged is about to count no more, or to be less than all there is. */
void isr_before_falling_behind(struct partition *p, struct partition_peer *peer);
/* The leader's log has grown; called before the new end is taken over. */
void isr_before_append(struct partition *p);
/* Asks for another ISR when one is due, or again for the one that is pending. */
void isr_turn(struct partition *p, struct partition_actions *a);
/* When isr_turn wants to be called at the latest; 0: no need. */
int64_t isr_timer(const struct partition *p);

/* partition_follower.c */
/* The leader's stream counts no more: another epoch, or this replica's log changed under it. */
void follower_drop_stream(struct partition *p);
/* Tells the leader to open its stream again. */
void follower_refuse_stream(struct partition *p, struct partition_actions *a);
void follower_event(struct partition *p, const struct partition_event *e,
                    struct partition_actions *a);
void follower_log_moved(struct partition *p, struct partition_actions *a);
/* An open that came before its order may count now. */
void follower_early_open(struct partition *p, struct partition_actions *a);
void follower_turn(struct partition *p, struct partition_actions *a);

#endif
