/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORDUROY_TESTS_LIB_REPLICA_RIG_H
#define CORDUROY_TESTS_LIB_REPLICA_RIG_H

#include "broker/replica/partition.h"

/* One replica's step, with the test as its log, its controller and the other replicas: broker 1 of
 * the replicas 1, 2, 3. What is said to it is one step; `acts` holds what that step asked for. */
#define SELF ((struct cluster_member){1, 11})
#define TWO ((struct cluster_member){2, 22})
#define THREE ((struct cluster_member){3, 33})
#define REPLICA_RIG_ID ((struct partition_id){{{9}}, 4})

struct replica_rig {
    struct partition p;
    struct partition_actions acts;
    int64_t now;
};
extern struct replica_rig replica_rig;
extern const struct partition_config replica_rig_config;

void replica_rig_step(struct partition_event e);
void replica_rig_turn(void);
/* The first action of that kind of the last step or turn; NULL: there is none. */
const struct partition_action *replica_rig_did(enum partition_action_kind kind);
/* A replica with such a log. */
void replica_rig_begin(int64_t end, int32_t last_epoch, int64_t high_watermark);
/* All three are in the ISR, min_isr is 2. */
struct cluster_partition_item replica_rig_order(struct cluster_member leader, int32_t epoch,
                                                int32_t version);
void replica_rig_say_order(struct cluster_partition_item o);
void replica_rig_say_member(struct cluster_member m, bool alive);
void replica_rig_say_log(int64_t end, int64_t synced_end, int32_t last_epoch);
void replica_rig_say_stream(enum partition_event_kind kind, struct cluster_member from);
/* Of the stream to that follower. */
uint32_t replica_rig_session_of(struct cluster_member m);
void replica_rig_say_ack(struct cluster_member from, int32_t epoch, int64_t end,
                         int64_t synced_end);
/* What the leader's log has of the follower's last epoch: own_epoch, own_end. */
void replica_rig_say_state(struct cluster_member from, int32_t last_epoch, int64_t end,
                           int32_t own_epoch, int64_t own_end);
/* It leads epoch 5, both others are pushed to. */
void replica_rig_lead(int64_t end, int64_t high_watermark);
/* It leads epoch 5 with broker 2 in sync; broker 3 is pushed to and may join. */
void replica_rig_lead_alone(int64_t end, int64_t high_watermark);
int64_t replica_rig_high_watermark_after_turn(void);
void replica_rig_say_open(struct cluster_member from, int32_t epoch, uint32_t session);
void replica_rig_say_push(struct cluster_member from, int32_t epoch, uint32_t session, int64_t base,
                          uint32_t size, int64_t high_watermark);
void replica_rig_say_diverge(int32_t epoch, int64_t end, int32_t own_epoch, int64_t own_end);
/* It follows broker 2 in epoch 5, whose stream is open. */
void replica_rig_follow(int64_t end, int32_t last_epoch, int64_t high_watermark);

#endif
