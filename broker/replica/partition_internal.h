/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORDUROY_BROKER_REPLICA_PARTITION_INTERNAL_H
#define CORDUROY_BROKER_REPLICA_PARTITION_INTERNAL_H

#include "broker/replica/partition.h"
#include "common/assert.h"
#include "common/mutation.h"

/* What the files of the partition's step say to each other. */
void partition_move(struct partition *p, enum partition_state to);
struct partition_action *partition_do(struct partition_actions *actions,
                                      enum partition_action_kind kind);
struct partition_peer *partition_find_peer(struct partition *p, int32_t broker);
bool partition_in_isr(const struct partition *p, int32_t broker); /* the committed one */
/* Whether somebody is in the committed ISR who is not assigned: the assignment was edited by hand.
 */
bool partition_stranger_in_isr(const struct partition *p);
/* Whether what `from` says under this epoch and session is to be heard by a leader. */
static inline bool member_equal(struct cluster_member a, struct cluster_member b)
{
    return a.broker == b.broker && a.incarnation == b.incarnation;
}
/* The log is not to be built on: what the ISR does not count on is fetched anew. */
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
void leader_prepare_peers(struct partition *p);
void leader_begin(struct partition *p, struct partition_actions *a);
void leader_replicas_changed(struct partition *p, struct partition_actions *a);
void leader_end(struct partition *p, struct partition_actions *a);
void leader_member(struct partition *p, const struct partition_event *e,
                   struct partition_actions *a);
void leader_event(struct partition *p, const struct partition_event *e,
                  struct partition_actions *a);
void leader_timer(struct partition *p, struct partition_actions *a);
void leader_turn(struct partition *p, struct partition_actions *a);

/* partition_isr.c */
void isr_order(struct partition *p, const struct cluster_partition_item *order);
void isr_reply(struct partition *p, const struct cluster_isr_reply *reply);
void isr_heard_ack(struct partition *p, struct partition_peer *peer);
void isr_turn(struct partition *p, struct partition_actions *a);
/* When isr_turn wants to be called at the latest; 0: no need. */
int64_t isr_timer(const struct partition *p);

/* partition_follower.c */
void follower_drop_stream(struct partition *p);
void follower_refuse_stream(struct partition *p, struct partition_actions *a);
void follower_event(struct partition *p, const struct partition_event *e,
                    struct partition_actions *a);
void follower_log_moved(struct partition *p, struct partition_actions *a);
/* An open that came before its order may count now. */
void follower_early_open(struct partition *p, struct partition_actions *a);
void follower_turn(struct partition *p, struct partition_actions *a);

#endif
