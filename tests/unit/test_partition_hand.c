/* SPDX-License-Identifier: Apache-2.0 */
/* What people write by hand, as one replica hears of it: other replicas in the same epoch, a state
 * that says what cannot be. */
#include "tests/lib/replica_rig.h"
#include "tests/lib/suite.h"

START_TEST(a_leader_goes_on_with_other_replicas)
{
    static const struct cluster_member FOUR = {4, 44};
    replica_rig_lead(10, 10);
    replica_rig_say_ack(TWO, 5, 10, 10);
    struct cluster_partition_item o = replica_rig_order(SELF, 5, 10);
    o.isr_count = 2;
    o.replicas[2] = FOUR.broker;
    replica_rig_say_order(o);
    ck_assert(partition_leads(&replica_rig.p));
    ck_assert_ptr_null(replica_rig_did(PARTITION_DO_UNLEAD));
    ck_assert_int_eq(replica_rig.acts.items[0].kind, PARTITION_DO_NEW_PEERS);
    ck_assert_int_eq(replica_rig_did(PARTITION_DO_SEND_OPEN)->to.broker, TWO.broker);
    ck_assert(replica_rig.p.peers[0].acked);
    replica_rig_say_member(FOUR, true);
    ck_assert_int_eq(replica_rig_did(PARTITION_DO_WANT_STREAM)->to.broker, FOUR.broker);
    replica_rig_say_stream(PARTITION_EV_STREAM_UP, FOUR);
    replica_rig_say_state(FOUR, -1, 0, -1, -1);
    ck_assert_int_eq(replica_rig_did(PARTITION_DO_START_PUSH)->to.broker, FOUR.broker);
    replica_rig_say_stream(PARTITION_EV_STREAM_DOWN, THREE); /* nobody's any more */
    ck_assert_uint_eq(replica_rig.acts.count, 0);
}
END_TEST

START_TEST(a_pending_isr_change_outlives_other_replicas)
{
    replica_rig_lead_alone(10, 10);
    replica_rig_say_ack(TWO, 5, 10, 10);
    replica_rig_say_ack(THREE, 5, 10, 10);
    replica_rig_turn();
    ck_assert_ptr_nonnull(replica_rig_did(PARTITION_DO_ASK_ISR));
    struct cluster_partition_item o = replica_rig_order(SELF, 5, 10);
    o.isr_count = 2;
    o.replicas[1] = 3;
    o.replicas[2] = 2;
    replica_rig_say_order(o);
    ck_assert(partition_in_maximal_isr(&replica_rig.p, THREE.broker));
}
END_TEST

START_TEST(who_is_assigned_no_more_follows_no_more)
{
    replica_rig_follow(10, 4, 10);
    struct cluster_partition_item o = replica_rig_order(TWO, 5, 10);
    o.isr_count = 2;
    o.isr[0] = 3;
    o.isr[1] = 2;
    o.replicas[0] = 4;
    replica_rig_say_order(o);
    ck_assert_int_eq(replica_rig.p.state, PARTITION_IDLE);
}
END_TEST

/* Nobody pushes to it, so nothing is committed with it; it is asked out of the ISR at once. */
START_TEST(a_member_that_is_not_assigned_holds_the_high_watermark)
{
    replica_rig_lead(10, 10);
    struct cluster_partition_item o = replica_rig_order(SELF, 5, 11);
    o.replicas[2] = 4;
    replica_rig_say_order(o);
    replica_rig_say_log(15, 15, 5);
    replica_rig_say_stream(PARTITION_EV_STREAM_UP, TWO);
    replica_rig_say_state(TWO, 4, 10, 4, 10);
    replica_rig_say_ack(TWO, 5, 15, 15);
    ck_assert_int_eq(replica_rig_high_watermark_after_turn(), 10);
    const struct partition_action *ask = replica_rig_did(PARTITION_DO_ASK_ISR);
    ck_assert_ptr_nonnull(ask);
    ck_assert_uint_eq(ask->u.isr_change.isr_count, 2);
    ck_assert_int_eq(ask->u.isr_change.isr[1].broker, TWO.broker);
    o.version = 12;
    o.isr_count = 2;
    replica_rig_say_order(o);
    ck_assert_int_eq(replica_rig_high_watermark_after_turn(), 15);
}
END_TEST

/* After an edit by hand: it leads on until somebody that is assigned is in sync. */
START_TEST(a_leader_that_is_not_assigned_lets_others_join)
{
    replica_rig_lead(10, 10);
    struct cluster_partition_item o = replica_rig_order(SELF, 5, 11);
    o.isr_count = 1;
    o.replica_count = 2;
    o.replicas[0] = 2;
    o.replicas[1] = 3;
    replica_rig_say_order(o);
    ck_assert(partition_leads(&replica_rig.p));
    replica_rig_say_stream(PARTITION_EV_STREAM_UP, TWO);
    replica_rig_say_state(TWO, 4, 10, 4, 10);
    replica_rig_say_ack(TWO, 5, 10, 10);
    replica_rig.now += replica_rig_config.rejoin_ms_max;
    replica_rig_turn();
    const struct partition_action *ask = replica_rig_did(PARTITION_DO_ASK_ISR);
    ck_assert_ptr_nonnull(ask);
    ck_assert_uint_eq(ask->u.isr_change.isr_count, 2);
    ck_assert_int_eq(ask->u.isr_change.isr[0].broker, SELF.broker);
}
END_TEST

/* The assignment was edited between its election and the order that told it. */
START_TEST(a_leader_that_was_never_told_its_assignment_leads)
{
    struct cluster_partition_item o = replica_rig_order(SELF, 5, 10);
    replica_rig_begin(10, 4, 10);
    o.isr_count = 1;
    o.replica_count = 1;
    o.replicas[0] = 2;
    replica_rig_say_order(o);
    ck_assert(partition_leads(&replica_rig.p));
}
END_TEST

/* Somebody wrote the state by hand. The epoch is led: its log was made, and has records. */
START_TEST(a_leader_does_not_become_new_again)
{
    replica_rig_lead(10, 10);
    struct cluster_partition_item o = replica_rig_order(SELF, 5, 11);
    o.flags = CLUSTER_PARTITION_NEW;
    replica_rig_say_order(o);
    ck_assert(partition_leads(&replica_rig.p));
    ck_assert_int_eq(partition_admit(&replica_rig.p, 1), PARTITION_ADMITTED);
}
END_TEST

SUITE_MAIN("partition, by hand", a_leader_goes_on_with_other_replicas,
           a_pending_isr_change_outlives_other_replicas, who_is_assigned_no_more_follows_no_more,
           a_member_that_is_not_assigned_holds_the_high_watermark,
           a_leader_that_is_not_assigned_lets_others_join,
           a_leader_that_was_never_told_its_assignment_leads, a_leader_does_not_become_new_again)
