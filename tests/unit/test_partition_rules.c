/* SPDX-License-Identifier: Apache-2.0 */
/* One replica's step, rule by rule: as a leader, and the choice of a role. */
#include "tests/lib/replica_rig.h"
#include "tests/lib/suite.h"

/* ---- commit ---- */

START_TEST(commits_what_all_of_the_isr_has_synced)
{
    replica_rig_lead(10, 10);
    replica_rig_say_log(15, 10, 5);
    replica_rig_say_ack(TWO, 5, 15, 15);
    replica_rig_say_ack(THREE, 5, 15, 12);
    ck_assert_int_eq(replica_rig_high_watermark_after_turn(),
                     10); /* the leader itself has synced 10 */
    replica_rig_say_log(15, 15, 5);
    ck_assert_int_eq(replica_rig_high_watermark_after_turn(), 12);
    ck_assert_ptr_nonnull(replica_rig_did(PARTITION_DO_PUSH_MARKS));
    replica_rig_say_ack(THREE, 5, 15, 15);
    ck_assert_int_eq(replica_rig_high_watermark_after_turn(), 15);
}
END_TEST

START_TEST(acks_of_other_epochs_sessions_and_processes_count_for_nothing)
{
    replica_rig_lead(10, 10);
    replica_rig_say_log(15, 15, 5);
    replica_rig_say_ack(TWO, 5, 15, 15);
    replica_rig_say_ack(THREE, 4, 15, 15);
    ck_assert_int_eq(replica_rig_high_watermark_after_turn(), 10);
    replica_rig_say_ack((struct cluster_member){3, 34}, 5, 15, 15);
    ck_assert_int_eq(replica_rig_high_watermark_after_turn(), 10);
    replica_rig.p.peers[1].session++;
    struct partition_event e = {.kind = PARTITION_EV_ACK, .from = THREE};
    e.u.ack = (struct cluster_ack){REPLICA_RIG_ID, 5, replica_rig.p.peers[1].session - 1, 15, 15};
    replica_rig_step(e);
    ck_assert_int_eq(replica_rig_high_watermark_after_turn(), 10);
    replica_rig_say_ack(THREE, 5, 15, 15);
    ck_assert_int_eq(replica_rig_high_watermark_after_turn(), 15);
}
END_TEST

START_TEST(a_restarted_follower_starts_from_nothing)
{
    replica_rig_lead(10, 10);
    replica_rig_say_ack(TWO, 5, 10, 10);
    replica_rig_say_ack(THREE, 5, 10, 10);
    replica_rig_say_member((struct cluster_member){3, 34}, false);
    ck_assert_ptr_nonnull(replica_rig_did(PARTITION_DO_STOP_PUSH));
    replica_rig_say_log(15, 15, 5);
    replica_rig_say_ack(TWO, 5, 15, 15);
    replica_rig_say_ack(THREE, 5, 15, 15); /* on its way from the old process */
    ck_assert_int_eq(replica_rig_high_watermark_after_turn(), 10);
}
END_TEST

START_TEST(an_ack_beyond_our_end_is_not_believed)
{
    replica_rig_lead(10, 10);
    replica_rig_say_ack(TWO, 5, 11, 11);
    replica_rig_say_ack(THREE, 5, 10, 10);
    ck_assert_int_eq(replica_rig.p.peers[0].state, PEER_REFUSED);
    ck_assert(!replica_rig.p.peers[0].acked);
    replica_rig_lead(10, 10);
    replica_rig_say_ack(TWO, 5, 9, 10); /* synced beyond its own end */
    ck_assert_int_eq(replica_rig.p.peers[0].state, PEER_REFUSED);
    ck_assert(!replica_rig.p.peers[0].acked);
}
END_TEST

START_TEST(nothing_is_committed_or_admitted_below_min_isr)
{
    replica_rig_begin(10, 4, 10);
    struct cluster_partition_item o = replica_rig_order(SELF, 5, 10);
    o.isr_count = 1;
    replica_rig_say_order(o);
    ck_assert_int_eq(partition_admit(&replica_rig.p, -1), PARTITION_NOT_ENOUGH_REPLICAS);
    ck_assert_int_eq(partition_admit(&replica_rig.p, 1), PARTITION_ADMITTED);
    replica_rig_say_log(12, 12, 5);
    ck_assert_int_eq(replica_rig_high_watermark_after_turn(), 10);
}
END_TEST

START_TEST(latest_waits_for_the_start_of_the_epoch)
{
    replica_rig_lead(10, 7);
    ck_assert(!partition_latest_available(&replica_rig.p));
    replica_rig_say_ack(TWO, 5, 10, 10);
    replica_rig_say_ack(THREE, 5, 10, 9);
    replica_rig_turn();
    ck_assert_int_eq(replica_rig.p.high_watermark, 9);
    ck_assert(!partition_latest_available(&replica_rig.p));
    replica_rig_say_ack(THREE, 5, 10, 10);
    replica_rig_turn();
    ck_assert(partition_latest_available(&replica_rig.p));
}
END_TEST

/* ---- the ISR ---- */

START_TEST(joins_by_its_synced_end_at_the_high_watermark_and_the_epochs_start)
{
    replica_rig_lead_alone(10, 6);
    ck_assert_int_eq(replica_rig.p.high_watermark, 10);
    replica_rig_say_ack(THREE, 5, 10, 9);
    replica_rig_turn();
    ck_assert_ptr_null(replica_rig_did(PARTITION_DO_ASK_ISR));
    replica_rig_say_ack(THREE, 5, 10, 10);
    replica_rig_turn();
    const struct partition_action *ask = replica_rig_did(PARTITION_DO_ASK_ISR);
    ck_assert_ptr_nonnull(ask);
    ck_assert_uint_eq(ask->u.isr_change.isr_count, 3);
    ck_assert_int_eq(ask->u.isr_change.version, 10);
    ck_assert_uint_eq(ask->u.isr_change.isr[2].incarnation, 33);
}
END_TEST

static void reply(enum cluster_isr_result result, int32_t epoch, int32_t version, uint32_t count)
{
    struct partition_event e = {.kind = PARTITION_EV_ISR_REPLY};
    e.u.isr_reply = (struct cluster_isr_reply){
        replica_rig.p.isr_change.request, REPLICA_RIG_ID, result, epoch, version, count, {1, 2, 3}};
    replica_rig_step(e);
}

START_TEST(the_larger_isr_counts_while_a_change_is_pending)
{
    replica_rig_lead_alone(10, 10);
    replica_rig_say_ack(THREE, 5, 10, 10);
    replica_rig_turn();
    replica_rig_say_log(15, 15, 5);
    replica_rig_say_ack(TWO, 5, 15, 15);
    ck_assert_int_eq(replica_rig_high_watermark_after_turn(), 10); /* three may be in it already */
    reply(CLUSTER_ISR_UNKNOWN, 0, 0, 0);
    ck_assert_int_eq(replica_rig_high_watermark_after_turn(), 10);
    replica_rig.now += replica_rig_config.retry_ms;
    replica_rig_turn();
    ck_assert_ptr_nonnull(replica_rig_did(PARTITION_DO_ASK_ISR)); /* again, the same */
    ck_assert_uint_eq(replica_rig_did(PARTITION_DO_ASK_ISR)->u.isr_change.request, 2);
    ck_assert_int_eq(replica_rig_did(PARTITION_DO_ASK_ISR)->u.isr_change.version, 10);
    reply(CLUSTER_ISR_REFUSED, 5, 11, 3); /* an earlier copy may have done it */
    ck_assert_int_eq(replica_rig_high_watermark_after_turn(), 10);
    reply(CLUSTER_ISR_REFUSED, 6, 11, 3);
    ck_assert_int_eq(replica_rig_high_watermark_after_turn(), 10);
    reply(CLUSTER_ISR_REFUSED, 5, 10, 2); /* now it never will be */
    ck_assert_int_eq(replica_rig_high_watermark_after_turn(), 15);
}
END_TEST

static void reply_to(uint64_t request, enum cluster_isr_result result, int32_t version,
                     uint32_t count)
{
    struct partition_event e = {.kind = PARTITION_EV_ISR_REPLY};
    e.u.isr_reply =
        (struct cluster_isr_reply){request, REPLICA_RIG_ID, result, 5, version, count, {1, 2, 3}};
    replica_rig_step(e);
}

/* The controller was slow (ZooKeeper was away), so a change was asked twice. The first copy is
 * refused, the second is carried out: between the two answers the larger ISR must count. */
START_TEST(a_refusal_of_an_earlier_asking_ends_nothing)
{
    replica_rig_lead_alone(10, 10);
    replica_rig_say_ack(THREE, 5, 10, 10);
    replica_rig_turn();
    replica_rig.now += replica_rig_config.retry_ms;
    replica_rig_turn();
    replica_rig_say_log(15, 15, 5);
    replica_rig_say_ack(TWO, 5, 15, 15);
    reply_to(1, CLUSTER_ISR_REFUSED, 10, 2);
    ck_assert_int_eq(replica_rig_high_watermark_after_turn(), 10);
    reply_to(2, CLUSTER_ISR_DONE, 11, 3);
    ck_assert_int_eq(replica_rig_high_watermark_after_turn(), 10);
    replica_rig_say_ack(THREE, 5, 15, 15);
    ck_assert_int_eq(replica_rig_high_watermark_after_turn(), 15);
}
END_TEST

START_TEST(an_earlier_asking_that_was_done_settles_the_change)
{
    replica_rig_lead_alone(10, 10);
    replica_rig_say_ack(THREE, 5, 10, 10);
    replica_rig_turn();
    replica_rig.now += replica_rig_config.retry_ms;
    replica_rig_turn();
    reply_to(1, CLUSTER_ISR_DONE, 11, 3);
    ck_assert(!replica_rig.p.isr_pending);
    ck_assert_uint_eq(replica_rig.p.order.isr_count, 3);
}
END_TEST

/* Nothing that another leader was answered is this one's ISR. */
START_TEST(an_answer_of_another_epoch_settles_nothing)
{
    replica_rig_lead_alone(10, 10);
    replica_rig_say_ack(THREE, 5, 10, 10);
    replica_rig_turn();
    reply(CLUSTER_ISR_DONE, 6, 11, 3);
    reply(CLUSTER_ISR_DONE, 5, 10, 3); /* nor what stood before the change */
    reply(CLUSTER_ISR_DONE, 5, 11, CLUSTER_REPLICAS_MAX + 1);
    ck_assert(replica_rig.p.isr_pending);
    ck_assert_int_eq(replica_rig.p.order.version, 10);
    ck_assert_uint_eq(replica_rig.p.order.isr_count, 2);
}
END_TEST

START_TEST(an_order_settles_a_pending_change)
{
    replica_rig_lead_alone(10, 10);
    replica_rig_say_ack(THREE, 5, 10, 10);
    replica_rig_turn();
    replica_rig_say_log(15, 15, 5);
    replica_rig_say_ack(TWO, 5, 15, 15);
    struct cluster_partition_item o = replica_rig_order(SELF, 5, 11);
    o.isr_count = 2;
    replica_rig_say_order(o);
    ck_assert_int_eq(replica_rig_high_watermark_after_turn(), 15);
}
END_TEST

START_TEST(a_silent_follower_leaves_whatever_min_isr_says)
{
    replica_rig_lead(10, 10);
    replica_rig_say_ack(TWO, 5, 10, 10);
    replica_rig_say_stream(PARTITION_EV_STREAM_SILENT, TWO);
    replica_rig_say_stream(PARTITION_EV_STREAM_DOWN, THREE);
    replica_rig_turn();
    const struct partition_action *ask = replica_rig_did(PARTITION_DO_ASK_ISR);
    ck_assert_ptr_nonnull(ask);
    ck_assert_uint_eq(ask->u.isr_change.isr_count, 2);
    replica_rig.now += replica_rig_config.silence_ms;
    reply(CLUSTER_ISR_REFUSED, 5, 10, 3);
    replica_rig.now += replica_rig_config.retry_ms;
    replica_rig_turn();
    ask = replica_rig_did(PARTITION_DO_ASK_ISR);
    ck_assert_ptr_nonnull(ask);
    ck_assert_uint_eq(ask->u.isr_change.isr_count, 1);
}
END_TEST

START_TEST(a_slow_follower_leaves_only_above_min_isr)
{
    replica_rig_lead(10, 10);
    replica_rig_say_ack(TWO, 5, 10, 10);
    replica_rig_say_ack(THREE, 5, 10, 10);
    replica_rig_say_log(20, 20, 5);
    replica_rig.now += replica_rig_config.lag_ms + 1;
    replica_rig_say_ack(TWO, 5, 20, 11);
    replica_rig_say_ack(THREE, 5, 20, 11);
    replica_rig_turn();
    const struct partition_action *ask = replica_rig_did(PARTITION_DO_ASK_ISR);
    ck_assert_ptr_nonnull(ask);
    ck_assert_uint_eq(ask->u.isr_change.isr_count, 2); /* both are slow; one may go */
}
END_TEST

/* ---- epochs and processes ---- */

/* Nothing was written for long: the followers had all there was, and are not late with what comes.
 */
START_TEST(followers_of_a_quiet_partition_are_not_slow)
{
    replica_rig_lead(10, 10);
    replica_rig_say_ack(TWO, 5, 10, 10);
    replica_rig_say_ack(THREE, 5, 10, 10);
    replica_rig_turn();
    replica_rig.now += 10 * replica_rig_config.lag_ms;
    replica_rig_say_log(11, 10, 5);
    replica_rig_turn();
    ck_assert_ptr_null(replica_rig_did(PARTITION_DO_ASK_ISR));
    replica_rig.now += replica_rig_config.lag_ms - 1;
    replica_rig_say_ack(TWO, 5, 11, 11);
    replica_rig_turn();
    ck_assert_ptr_null(replica_rig_did(PARTITION_DO_ASK_ISR));
    replica_rig.now += 2;
    replica_rig_turn();
    ck_assert_ptr_nonnull(replica_rig_did(PARTITION_DO_ASK_ISR)); /* three is late now */
    ck_assert_uint_eq(replica_rig_did(PARTITION_DO_ASK_ISR)->u.isr_change.isr_count, 2);
}
END_TEST

START_TEST(a_restart_makes_no_follower_of_a_quiet_partition_slow)
{
    replica_rig_lead(10, 10);
    replica_rig_say_ack(TWO, 5, 10, 10);
    replica_rig_say_ack(THREE, 5, 10, 10);
    replica_rig_turn();
    replica_rig.now += 10 * replica_rig_config.lag_ms;
    replica_rig_say_member((struct cluster_member){3, 34}, false);
    replica_rig_turn();
    ck_assert_ptr_null(replica_rig_did(PARTITION_DO_ASK_ISR));
}
END_TEST

START_TEST(only_the_process_that_the_order_names_leads)
{
    replica_rig_begin(10, 4, 10);
    replica_rig_say_order(replica_rig_order((struct cluster_member){1, 10}, 5, 10));
    ck_assert_int_eq(replica_rig.p.state, PARTITION_RESIGNED);
    ck_assert_int_eq(partition_admit(&replica_rig.p, 1), PARTITION_NOT_LEADER);
    replica_rig_say_order(replica_rig_order(SELF, 6, 11));
    ck_assert(partition_leads(&replica_rig.p));
    replica_rig_say_order(replica_rig_order(SELF, 5, 99)); /* old news */
    ck_assert_int_eq(replica_rig.p.order.leader_epoch, 6);
}
END_TEST

START_TEST(a_failed_append_ends_the_epoch)
{
    replica_rig_lead(10, 10);
    struct partition_event e = {.kind = PARTITION_EV_LOG};
    e.u.log = replica_rig.p.log;
    e.u.log.failed = true;
    replica_rig_step(e);
    ck_assert_int_eq(replica_rig.p.state, PARTITION_FAILED);
    ck_assert_ptr_nonnull(replica_rig_did(PARTITION_DO_FAIL_WAITERS));
    replica_rig_turn();
    ck_assert_ptr_nonnull(replica_rig_did(PARTITION_DO_REPORT));
    ck_assert_int_eq(replica_rig_did(PARTITION_DO_REPORT)->u.report.kind, CLUSTER_REPORT_FAILED);
    replica_rig_say_order(replica_rig_order(SELF, 6, 20));
    ck_assert(!partition_leads(&replica_rig.p));
}
END_TEST

START_TEST(nothing_is_appended_while_new)
{
    struct cluster_partition_item o = replica_rig_order(SELF, 0, 0);
    struct partition_log none = {.last_epoch = -1};
    partition_init(&replica_rig.p, &replica_rig_config, REPLICA_RIG_ID, &none);
    o.flags = CLUSTER_PARTITION_NEW;
    replica_rig_say_order(o);
    ck_assert_ptr_nonnull(replica_rig_did(PARTITION_DO_CREATE_LOG));
    ck_assert_int_eq(replica_rig.p.state, PARTITION_PREPARING);
    replica_rig_turn();
    ck_assert_ptr_null(replica_rig_did(PARTITION_DO_REPORT));
    struct partition_event e = {.kind = PARTITION_EV_LOG};
    e.u.log = (struct partition_log){.there = true, .created = true, .last_epoch = -1};
    replica_rig_step(e);
    replica_rig_turn();
    ck_assert_int_eq(replica_rig_did(PARTITION_DO_REPORT)->u.report.kind, CLUSTER_REPORT_CREATED);
    ck_assert_int_eq(partition_admit(&replica_rig.p, -1), PARTITION_NOT_LEADER);
    replica_rig.now += replica_rig_config.retry_ms;
    replica_rig_turn();
    ck_assert_ptr_nonnull(replica_rig_did(PARTITION_DO_REPORT)); /* it may have been lost */
    o.flags = 0;
    o.version = 1;
    replica_rig_say_order(o);
    ck_assert(partition_leads(&replica_rig.p));
}
END_TEST

START_TEST(a_missing_log_is_not_made_empty_while_the_isr_counts_on_it)
{
    struct cluster_partition_item o = replica_rig_order(TWO, 3, 7);
    struct partition_log none = {.last_epoch = -1};
    partition_init(&replica_rig.p, &replica_rig_config, REPLICA_RIG_ID, &none);
    replica_rig_say_order(o);
    ck_assert_int_eq(replica_rig.p.state, PARTITION_MISSING);
    ck_assert_ptr_null(replica_rig_did(PARTITION_DO_CREATE_LOG));
    replica_rig_turn();
    ck_assert_int_eq(replica_rig_did(PARTITION_DO_REPORT)->u.report.kind, CLUSTER_REPORT_FAILED);
    o.version = 8;
    o.isr_count = 2;
    o.isr[0] = 2;
    o.isr[1] = 3;
    replica_rig_say_order(o);
    ck_assert_ptr_nonnull(replica_rig_did(PARTITION_DO_CREATE_LOG));
    ck_assert_int_eq(replica_rig.p.state, PARTITION_WAITING);
}
END_TEST

START_TEST(no_empty_log_is_made_while_a_directory_is_offline)
{
    struct partition_config offline = replica_rig_config;
    struct cluster_partition_item o = replica_rig_order(TWO, 3, 7);
    struct partition_log none = {.last_epoch = -1};
    offline.dir_offline = true;
    partition_init(&replica_rig.p, &offline, REPLICA_RIG_ID, &none);
    o.isr_count = 2;
    o.isr[0] = 2;
    o.isr[1] = 3;
    replica_rig_say_order(o);
    ck_assert_int_eq(replica_rig.p.state, PARTITION_MISSING);
    ck_assert_ptr_null(replica_rig_did(PARTITION_DO_CREATE_LOG));
    o.version = 8;
    o.flags = CLUSTER_PARTITION_NEW;
    replica_rig_say_order(o);
    ck_assert_ptr_nonnull(replica_rig_did(PARTITION_DO_CREATE_LOG));
}
END_TEST

/* ---- where logs part, seen by the leader ---- */

START_TEST(the_leader_finds_where_logs_part)
{
    replica_rig_lead(10, 10);
    replica_rig_say_stream(PARTITION_EV_STREAM_DOWN, TWO);
    replica_rig_say_stream(PARTITION_EV_STREAM_UP, TWO);
    replica_rig_say_state(TWO, 4, 12, 4, 10); /* more of epoch 4 than we have */
    ck_assert_int_eq(replica_rig_did(PARTITION_DO_SEND_DIVERGE)->u.diverge.end, 10);
    replica_rig_say_state(TWO, 4, 12, 3, 7); /* an epoch that we have not */
    ck_assert_int_eq(replica_rig_did(PARTITION_DO_SEND_DIVERGE)->u.diverge.epoch, 3);
    replica_rig_say_state(TWO, 4, 12, -1, -1); /* nothing in common */
    ck_assert_ptr_nonnull(replica_rig_did(PARTITION_DO_SEND_RESET));
    replica_rig_say_state(TWO, -1, -1, -1, -1); /* suspect */
    ck_assert_ptr_nonnull(replica_rig_did(PARTITION_DO_SEND_RESET));
    replica_rig_say_state(TWO, -1, 0, -1, -1); /* empty */
    ck_assert_int_eq(replica_rig_did(PARTITION_DO_START_PUSH)->offset, 0);
}
END_TEST

/* Its memory is full, and it says so: better waited for than refused, where min_isr needs it. */
START_TEST(a_follower_that_takes_nothing_leaves_where_enough_remain)
{
    replica_rig_lead(10, 10);
    replica_rig_say_ack(TWO, 5, 10, 10);
    replica_rig_say_ack(THREE, 5, 10, 10);
    replica_rig_say_stream(PARTITION_EV_STREAM_HELD, TWO);
    replica_rig_turn();
    ck_assert_ptr_null(replica_rig_did(PARTITION_DO_ASK_ISR)); /* it has everything */
    replica_rig_say_stream(PARTITION_EV_STREAM_HELD, THREE);
    replica_rig_say_log(15, 15, 5);
    replica_rig_turn();
    const struct partition_action *ask = replica_rig_did(PARTITION_DO_ASK_ISR);
    ck_assert_ptr_nonnull(ask);
    ck_assert_uint_eq(ask->u.isr_change.isr_count, 2); /* min_isr */
    ck_assert_int_eq(ask->u.isr_change.isr[1].broker, THREE.broker);
    /* Nor does one come back as long as it takes nothing. */
    replica_rig_lead_alone(10, 10);
    replica_rig_say_ack(THREE, 5, 10, 10);
    replica_rig_say_stream(PARTITION_EV_STREAM_HELD, THREE);
    replica_rig_turn();
    ck_assert_ptr_null(replica_rig_did(PARTITION_DO_ASK_ISR));
    replica_rig_say_stream(PARTITION_EV_STREAM_HEARD, THREE);
    replica_rig_turn();
    ck_assert_ptr_nonnull(replica_rig_did(PARTITION_DO_ASK_ISR));
}
END_TEST

START_TEST(what_was_acknowledged_before_a_reset_counts_no_more)
{
    replica_rig_lead(10, 10);
    replica_rig_say_log(15, 15, 5);
    replica_rig_say_ack(TWO, 5, 15, 15);
    replica_rig_say_ack(THREE, 5, 12, 12);
    ck_assert_int_eq(replica_rig_high_watermark_after_turn(), 12);
    replica_rig_say_stream(PARTITION_EV_STREAM_DOWN, TWO);
    replica_rig_say_stream(PARTITION_EV_STREAM_UP, TWO);
    replica_rig_say_state(TWO, -1, -1, -1, -1); /* its log is suspect now */
    ck_assert_ptr_nonnull(replica_rig_did(PARTITION_DO_SEND_RESET));
    replica_rig_say_ack(THREE, 5, 15, 15);
    ck_assert_int_eq(replica_rig_high_watermark_after_turn(), 12);
}
END_TEST

START_TEST(what_was_acknowledged_before_a_cut_counts_no_more)
{
    replica_rig_lead(10, 10);
    replica_rig_say_log(15, 15, 5);
    replica_rig_say_ack(TWO, 5, 15, 15);
    replica_rig_say_ack(THREE, 5, 12, 12);
    ck_assert_int_eq(replica_rig_high_watermark_after_turn(), 12);
    replica_rig_say_stream(PARTITION_EV_STREAM_DOWN, TWO);
    replica_rig_say_stream(PARTITION_EV_STREAM_UP, TWO);
    replica_rig_say_state(TWO, 4, 15, 4, 11); /* another leader's records since */
    ck_assert_ptr_nonnull(replica_rig_did(PARTITION_DO_SEND_DIVERGE));
    replica_rig_say_ack(THREE, 5, 15, 15);
    ck_assert_int_eq(replica_rig_high_watermark_after_turn(), 12);
}
END_TEST

START_TEST(moves_are_those_of_the_table)
{
    for (int from = 0; from < PARTITION_STATES; from++) {
        ck_assert_ptr_nonnull(partition_state_name((enum partition_state)from));
        ck_assert(!partition_state_may_move(PARTITION_FAILED, (enum partition_state)from));
        bool leads_from = partition_state_may_move((enum partition_state)from, PARTITION_LEADER);
        ck_assert(leads_from == (from == PARTITION_PREPARING));
        bool follows_from =
            partition_state_may_move((enum partition_state)from, PARTITION_FOLLOWER);
        ck_assert(follows_from == (from == PARTITION_MATCHING));
    }
}
END_TEST

/* Only a disk that was put back from a copy can do that: the marker in it may still be the one that
 * ZooKeeper knows. */
START_TEST(a_member_that_lacks_what_is_committed_leaves_until_it_has_it)
{
    replica_rig_lead(10, 10);
    replica_rig_say_stream(PARTITION_EV_STREAM_DOWN, TWO);
    replica_rig_say_stream(PARTITION_EV_STREAM_UP, TWO);
    replica_rig_say_state(TWO, 4, 7, 4, 10);
    replica_rig_turn();
    const struct partition_action *ask = replica_rig_did(PARTITION_DO_ASK_ISR);
    ck_assert_ptr_nonnull(ask);
    ck_assert_uint_eq(ask->u.isr_change.isr_count, 2);
    ck_assert_int_eq(ask->u.isr_change.isr[1].broker, THREE.broker);
    struct cluster_partition_item o = replica_rig_order(SELF, 5, 11);
    o.isr_count = 2;
    o.isr[1] = 3;
    replica_rig_say_order(o);
    replica_rig_say_ack(TWO, 5, 10, 10);
    replica_rig.now += 1000;
    replica_rig_turn();
    ask = replica_rig_did(PARTITION_DO_ASK_ISR);
    ck_assert_ptr_nonnull(ask);
    ck_assert_uint_eq(ask->u.isr_change.isr_count, 3);
    o = replica_rig_order(SELF, 5, 12);
    replica_rig_say_order(o);
    replica_rig.now += 1000;
    replica_rig_turn();
    ck_assert_ptr_null(replica_rig_did(PARTITION_DO_ASK_ISR));
}
END_TEST

/* What it said may have gone by a connection that has ended since. To one that reads nothing more
 * would only pile up. */
START_TEST(an_opening_without_an_answer_is_said_again)
{
    struct partition_event timer = {.kind = PARTITION_EV_TIMER};
    replica_rig_lead(10, 8);
    replica_rig_say_stream(PARTITION_EV_STREAM_REOPEN, TWO);
    uint32_t session = replica_rig_session_of(TWO);
    replica_rig_turn();
    replica_rig.now += 10000;
    replica_rig_say_stream(PARTITION_EV_STREAM_HELD, TWO);
    replica_rig_step(timer);
    ck_assert_ptr_null(replica_rig_did(PARTITION_DO_SEND_OPEN));
    replica_rig_say_stream(PARTITION_EV_STREAM_HEARD, TWO);
    replica_rig.now += 10000;
    replica_rig_step(timer);
    ck_assert_int_eq(replica_rig_did(PARTITION_DO_SEND_OPEN)->to.broker, 2);
    ck_assert_uint_gt(replica_rig_did(PARTITION_DO_SEND_OPEN)->u.open.session, session);
    replica_rig_say_state(TWO, 4, 10, 4, 10);
    ck_assert_ptr_nonnull(replica_rig_did(PARTITION_DO_START_PUSH));
    replica_rig.now += 10000;
    replica_rig_step(timer);
    ck_assert_ptr_null(replica_rig_did(PARTITION_DO_SEND_OPEN));
}
END_TEST

SUITE_MAIN("partition, rules", commits_what_all_of_the_isr_has_synced,
           acks_of_other_epochs_sessions_and_processes_count_for_nothing,
           a_restarted_follower_starts_from_nothing, an_ack_beyond_our_end_is_not_believed,
           nothing_is_committed_or_admitted_below_min_isr, latest_waits_for_the_start_of_the_epoch,
           joins_by_its_synced_end_at_the_high_watermark_and_the_epochs_start,
           the_larger_isr_counts_while_a_change_is_pending,
           a_refusal_of_an_earlier_asking_ends_nothing,
           an_earlier_asking_that_was_done_settles_the_change,
           an_answer_of_another_epoch_settles_nothing, an_order_settles_a_pending_change,
           a_silent_follower_leaves_whatever_min_isr_says,
           a_slow_follower_leaves_only_above_min_isr, followers_of_a_quiet_partition_are_not_slow,
           a_restart_makes_no_follower_of_a_quiet_partition_slow,
           only_the_process_that_the_order_names_leads, a_failed_append_ends_the_epoch,
           nothing_is_appended_while_new,
           a_missing_log_is_not_made_empty_while_the_isr_counts_on_it,
           no_empty_log_is_made_while_a_directory_is_offline, the_leader_finds_where_logs_part,
           a_follower_that_takes_nothing_leaves_where_enough_remain,
           what_was_acknowledged_before_a_reset_counts_no_more,
           what_was_acknowledged_before_a_cut_counts_no_more,
           a_member_that_lacks_what_is_committed_leaves_until_it_has_it,
           moves_are_those_of_the_table, an_opening_without_an_answer_is_said_again)
