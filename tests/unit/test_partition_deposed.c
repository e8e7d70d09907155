/* SPDX-License-Identifier: Apache-2.0 */
/* One replica's step, rule by rule: as a leader that may have been followed by another. */
#include "tests/lib/replica_rig.h"
#include "tests/lib/suite.h"

/* As one that was cut off, and has been followed by another since. */
START_TEST(a_leader_that_hears_not_all_of_the_isr_is_not_in_touch)
{
    replica_rig_lead(10, 10);
    ck_assert(partition_is_in_touch(&replica_rig.p));
    replica_rig_say_stream(PARTITION_EV_STREAM_SILENT, THREE);
    ck_assert(!partition_is_in_touch(&replica_rig.p));
    replica_rig_say_stream(PARTITION_EV_STREAM_HEARD, THREE);
    ck_assert(partition_is_in_touch(&replica_rig.p));
    /* It talks, but takes nothing: what it is asked it does not hear. */
    replica_rig_say_stream(PARTITION_EV_STREAM_HELD, THREE);
    ck_assert(!partition_is_in_touch(&replica_rig.p));
    replica_rig_say_stream(PARTITION_EV_STREAM_HEARD, THREE);
    ck_assert(partition_is_in_touch(&replica_rig.p));
    replica_rig_say_stream(PARTITION_EV_STREAM_DOWN, THREE);
    ck_assert(!partition_is_in_touch(&replica_rig.p));
    struct cluster_partition_item o = replica_rig_order(SELF, 5, 11);
    o.isr_count = 2;
    replica_rig_say_order(o);
    ck_assert(partition_is_in_touch(&replica_rig.p));
}
END_TEST

/* It may have been elected since: that the change was made is what we may not know yet. */
START_TEST(who_may_have_joined_the_isr_counts_for_being_in_touch)
{
    replica_rig_lead_alone(10, 10);
    replica_rig_say_ack(THREE, 5, 10, 10);
    replica_rig_turn();
    ck_assert_ptr_nonnull(replica_rig_did(PARTITION_DO_ASK_ISR));
    ck_assert(partition_is_in_touch(&replica_rig.p));
    replica_rig_say_stream(PARTITION_EV_STREAM_DOWN, THREE);
    ck_assert(!partition_is_in_touch(&replica_rig.p));
}
END_TEST

START_TEST(a_leader_that_is_refused_for_its_epoch_leads_no_more)
{
    replica_rig_lead(10, 10);
    struct partition_event e = {.kind = PARTITION_EV_REFUSE, .from = THREE};
    e.u.refuse = (struct cluster_refuse){.id = REPLICA_RIG_ID,
                                         .leader_epoch = 5,
                                         .session = replica_rig_session_of(THREE),
                                         .reason = CLUSTER_REFUSED_STALE_EPOCH};
    replica_rig_step(e);
    ck_assert_int_eq(replica_rig.p.state, PARTITION_RESIGNED);
    ck_assert_ptr_nonnull(replica_rig_did(PARTITION_DO_FAIL_WAITERS));
    replica_rig_step((struct partition_event){.kind = PARTITION_EV_SELF});
    ck_assert_int_eq(replica_rig.p.state, PARTITION_RESIGNED); /* in this epoch for good */
    replica_rig_say_order(replica_rig_order(SELF, 6, 11));
    ck_assert_int_eq(replica_rig.p.state, PARTITION_LEADER);
}
END_TEST

SUITE_MAIN("partition, deposed", a_leader_that_hears_not_all_of_the_isr_is_not_in_touch,
           who_may_have_joined_the_isr_counts_for_being_in_touch,
           a_leader_that_is_refused_for_its_epoch_leads_no_more)
