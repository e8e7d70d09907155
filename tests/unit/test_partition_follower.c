/* SPDX-License-Identifier: Apache-2.0 */
/* One replica's step, rule by rule: as a follower. */
#include "tests/lib/replica_rig.h"
#include "tests/lib/suite.h"

START_TEST(pushes_are_taken_from_the_ordered_process_epoch_and_session_only)
{
    replica_rig_follow(10, 4, 8);
    replica_rig_say_push((struct cluster_member){2, 21}, 5, 1, 10, 100, 10);
    ck_assert_ptr_null(replica_rig_did(PARTITION_DO_ACCEPT_PUSH));
    replica_rig_say_push(TWO, 4, 1, 10, 100, 10);
    ck_assert_ptr_null(replica_rig_did(PARTITION_DO_ACCEPT_PUSH));
    replica_rig_say_push(TWO, 5, 2, 10, 100, 10);
    ck_assert_ptr_null(replica_rig_did(PARTITION_DO_ACCEPT_PUSH));
    replica_rig_say_push(TWO, 5, 1, 10, 100, 10);
    ck_assert_ptr_nonnull(replica_rig_did(PARTITION_DO_ACCEPT_PUSH));
    replica_rig_say_log(12, 10, 5);
    replica_rig_turn();
    ck_assert_int_eq(replica_rig_did(PARTITION_DO_SEND_ACK)->u.ack.end, 12);
    ck_assert_int_eq(replica_rig_did(PARTITION_DO_SEND_ACK)->u.ack.synced_end, 10);
    ck_assert_int_eq(replica_rig.p.high_watermark, 10);
}
END_TEST

START_TEST(an_open_of_a_stale_epoch_is_refused_and_an_early_one_waits)
{
    replica_rig_follow(10, 4, 8);
    replica_rig_say_open(THREE, 4, 9);
    ck_assert_int_eq(replica_rig_did(PARTITION_DO_SEND_REFUSE)->u.refuse.reason,
                     CLUSTER_REFUSED_STALE_EPOCH);
    replica_rig_say_open(THREE, 6, 1);
    ck_assert_uint_eq(replica_rig.acts.count, 0);
    replica_rig_say_order(replica_rig_order(THREE, 6, 11));
    ck_assert_int_eq(replica_rig.p.state, PARTITION_MATCHING);
    ck_assert_int_eq(replica_rig_did(PARTITION_DO_SEND_STATE)->to.broker, 3);
}
END_TEST

/* The leader connected again while the order was on its way, and what it had said before comes by
 * the old connection after that: it awaits an answer to the newest opening only. */
START_TEST(of_early_openings_the_newest_counts)
{
    replica_rig_follow(10, 4, 8);
    replica_rig_say_open(THREE, 7, 2);
    replica_rig_say_open(THREE, 7, 1);
    replica_rig_say_open(TWO, 6, 9);
    replica_rig_say_order(replica_rig_order(THREE, 7, 11));
    ck_assert_int_eq(replica_rig.p.state, PARTITION_MATCHING);
    ck_assert_uint_eq(replica_rig_did(PARTITION_DO_SEND_STATE)->u.state.session, 2);
    ck_assert_int_eq(replica_rig_did(PARTITION_DO_SEND_STATE)->to.broker, 3);
}
END_TEST

/* A leader whose replica was made anew counts its sessions from the start again. */
START_TEST(of_early_openings_the_newest_epoch_counts_before_the_session)
{
    replica_rig_follow(10, 4, 8);
    replica_rig_say_open(THREE, 6, 9);
    replica_rig_say_open(THREE, 7, 1);
    replica_rig_say_order(replica_rig_order(THREE, 7, 11));
    ck_assert_int_eq(replica_rig.p.state, PARTITION_MATCHING);
    ck_assert_uint_eq(replica_rig_did(PARTITION_DO_SEND_STATE)->u.state.session, 1);
}
END_TEST

/* Its leader may not have heard that it was deposed. */
START_TEST(a_push_of_a_stale_epoch_is_refused_by_followers_and_leaders)
{
    replica_rig_follow(10, 4, 8);
    replica_rig_say_order(replica_rig_order(THREE, 6, 11));
    replica_rig_say_push(TWO, 5, 1, 10, 0, 10);
    const struct partition_action *refuse = replica_rig_did(PARTITION_DO_SEND_REFUSE);
    ck_assert_int_eq(refuse->to.broker, 2);
    ck_assert_int_eq(refuse->u.refuse.reason, CLUSTER_REFUSED_STALE_EPOCH);
    ck_assert_int_eq(refuse->u.refuse.leader_epoch, 5);
    ck_assert_uint_eq(refuse->u.refuse.session, 1);
    replica_rig_say_order(replica_rig_order(SELF, 7, 12));
    ck_assert_int_eq(replica_rig.p.state, PARTITION_LEADER);
    replica_rig_say_push(THREE, 6, 4, 10, 100, 10);
    ck_assert_int_eq(replica_rig_did(PARTITION_DO_SEND_REFUSE)->u.refuse.reason,
                     CLUSTER_REFUSED_STALE_EPOCH);
    ck_assert_ptr_null(replica_rig_did(PARTITION_DO_ACCEPT_PUSH));
}
END_TEST

START_TEST(a_cut_is_durable_before_anything_is_taken)
{
    replica_rig_follow(20, 4, 8);
    replica_rig_say_diverge(4, 15, 4, 20);
    ck_assert_int_eq(replica_rig_did(PARTITION_DO_TRUNCATE)->offset, 15);
    ck_assert_int_eq(replica_rig.p.state, PARTITION_TRUNCATING);
    replica_rig_say_push(TWO, 5, 1, 15, 100, 10);
    ck_assert_ptr_null(replica_rig_did(PARTITION_DO_ACCEPT_PUSH));
    replica_rig_turn();
    ck_assert_ptr_null(replica_rig_did(PARTITION_DO_SEND_ACK));
    replica_rig_say_log(15, 15, 4);
    ck_assert_int_eq(replica_rig.p.state, PARTITION_MATCHING);
    ck_assert_int_eq(replica_rig_did(PARTITION_DO_SEND_STATE)->u.state.end, 15);
}
END_TEST

START_TEST(the_search_goes_back_by_epochs)
{
    replica_rig_follow(20, 4, 3);
    replica_rig_say_diverge(3, 18, 2, 12); /* we have no epoch 3: look at the end of our epoch 2 */
    ck_assert_int_eq(replica_rig_did(PARTITION_DO_TRUNCATE)->offset, 12);
    replica_rig_say_log(12, 12, 2);
    replica_rig_say_diverge(2, 10, 2, 12);
    ck_assert_int_eq(replica_rig_did(PARTITION_DO_TRUNCATE)->offset, 10);
}
END_TEST

START_TEST(never_cuts_below_its_high_watermark_but_after_an_unclean_election)
{
    replica_rig_follow(20, 4, 16);
    replica_rig_say_diverge(4, 15, 4, 20);
    ck_assert_ptr_null(replica_rig_did(PARTITION_DO_TRUNCATE));
    ck_assert_int_eq(replica_rig.p.state, PARTITION_STOPPED);
    ck_assert_int_eq(replica_rig_did(PARTITION_DO_SEND_REFUSE)->u.refuse.reason,
                     CLUSTER_REFUSED_STOPPED);
    replica_rig_turn();
    ck_assert_int_eq(replica_rig_did(PARTITION_DO_REPORT)->u.report.kind, CLUSTER_REPORT_FAILED);
    struct cluster_partition_item o = replica_rig_order(TWO, 6, 12);
    o.flags = CLUSTER_PARTITION_UNCLEAN;
    replica_rig_say_order(o);
    replica_rig_say_open(TWO, 6, 2);
    replica_rig_say_diverge(4, 15, 4, 20);
    ck_assert_int_eq(replica_rig_did(PARTITION_DO_TRUNCATE)->offset, 15);
    ck_assert_int_eq(replica_rig.p.high_watermark, 15);
}
END_TEST

/* The place of the cut lies inside of a batch of ours: the log ends where that batch begins, which
 * after an unclean election may be below what was our high watermark. */
START_TEST(a_cut_inside_of_a_batch_lowers_the_high_watermark_too)
{
    replica_rig_begin(20, 4, 16);
    struct cluster_partition_item o = replica_rig_order(TWO, 5, 10);
    o.flags = CLUSTER_PARTITION_UNCLEAN;
    replica_rig_say_order(o);
    replica_rig_say_open(TWO, 5, 1);
    replica_rig_say_diverge(4, 15, 4, 20);
    ck_assert_int_eq(replica_rig.p.high_watermark, 15);
    replica_rig_say_log(12, 12, 4);
    ck_assert_int_eq(replica_rig.p.high_watermark, 12);
    ck_assert_int_eq(replica_rig_did(PARTITION_DO_SEND_STATE)->u.state.high_watermark, 12);
}
END_TEST

/* The connection that the stream came by has ended here and the leader does not know: without an
 * answer it would wait for acknowledgements for ever. */
START_TEST(a_push_of_a_stream_that_has_ended_here_is_refused)
{
    replica_rig_follow(10, 4, 8);
    replica_rig_say_stream(PARTITION_EV_LEADER_DOWN, TWO);
    ck_assert_int_eq(replica_rig.p.state, PARTITION_WAITING);
    replica_rig_say_push(TWO, 5, 1, 10, 100, 10);
    ck_assert_ptr_null(replica_rig_did(PARTITION_DO_ACCEPT_PUSH));
    ck_assert_int_eq(replica_rig_did(PARTITION_DO_SEND_REFUSE)->u.refuse.reason,
                     CLUSTER_REFUSED_GAP);
    replica_rig_say_push((struct cluster_member){2, 21}, 5, 1, 10, 100, 10);
    ck_assert_ptr_null(replica_rig_did(PARTITION_DO_SEND_REFUSE));
}
END_TEST

START_TEST(a_gap_asks_for_a_new_opening)
{
    replica_rig_follow(10, 4, 8);
    replica_rig_say_push(TWO, 5, 1, 12, 100, 10);
    ck_assert_int_eq(replica_rig_did(PARTITION_DO_SEND_REFUSE)->u.refuse.reason,
                     CLUSTER_REFUSED_GAP);
    ck_assert_int_eq(replica_rig.p.state, PARTITION_WAITING);
    replica_rig_say_open(TWO, 5, 2);
    ck_assert_int_eq(replica_rig.p.state, PARTITION_MATCHING);
}
END_TEST

START_TEST(a_suspect_log_is_fetched_anew_once_the_isr_does_not_count_on_it)
{
    struct cluster_partition_item o = replica_rig_order(TWO, 5, 10);
    replica_rig_begin(20, 4, 16);
    replica_rig.p.log.suspect = true;
    replica_rig_say_order(o);
    ck_assert_int_eq(replica_rig.p.state, PARTITION_SUSPECT);
    o.version = 11;
    o.isr_count = 2;
    o.isr[0] = 2;
    o.isr[1] = 3;
    replica_rig_say_order(o);
    replica_rig_say_open(TWO, 5, 1);
    ck_assert_int_eq(replica_rig_did(PARTITION_DO_SEND_STATE)->u.state.end, -1);
    struct partition_event e = {.kind = PARTITION_EV_RESET, .from = TWO};
    e.u.reset = (struct cluster_reset){REPLICA_RIG_ID, 5, 1, 2};
    replica_rig_step(e);
    ck_assert_int_eq(replica_rig_did(PARTITION_DO_RESET)->offset, 2);
}
END_TEST

/* Damaged bytes that a read met: somebody else leads, and then this replica is repaired. */
START_TEST(a_leader_with_damaged_bytes_hands_over_and_is_fetched_anew)
{
    struct cluster_partition_item o = replica_rig_order(TWO, 6, 11);
    struct partition_event damaged = {.kind = PARTITION_EV_DAMAGED};
    replica_rig_lead(10, 10);
    replica_rig_step(damaged);
    ck_assert_int_eq(replica_rig.p.state, PARTITION_LEADER); /* nobody has said that it is there */
    replica_rig_say_ack(TWO, 5, 10, 10);
    replica_rig_step(damaged);
    ck_assert_int_eq(replica_rig.p.state, PARTITION_RESIGNED);
    ck_assert_ptr_nonnull(replica_rig_did(PARTITION_DO_FAIL_WAITERS));
    replica_rig_turn();
    ck_assert_int_eq(replica_rig_did(PARTITION_DO_REPORT)->u.report.kind, CLUSTER_REPORT_RESIGNED);
    /* While the ISR counts on it, it neither follows nor is emptied. */
    replica_rig_say_order(o);
    ck_assert_int_eq(replica_rig.p.state, PARTITION_SUSPECT);
    replica_rig_turn();
    ck_assert_int_eq(replica_rig_did(PARTITION_DO_REPORT)->u.report.kind, CLUSTER_REPORT_FAILED);
    o.version = 12;
    o.isr_count = 2;
    o.isr[0] = 2;
    o.isr[1] = 3;
    replica_rig_say_order(o);
    replica_rig_say_open(TWO, 6, 1);
    ck_assert_int_eq(replica_rig_did(PARTITION_DO_SEND_STATE)->u.state.end, -1);
    struct partition_event e = {.kind = PARTITION_EV_RESET, .from = TWO};
    e.u.reset = (struct cluster_reset){REPLICA_RIG_ID, 6, 1, 0};
    replica_rig_step(e);
    ck_assert_int_eq(replica_rig_did(PARTITION_DO_RESET)->offset, 0);
    ck_assert(!replica_rig.p.damaged);
}
END_TEST

START_TEST(a_leader_with_damaged_bytes_goes_on_alone)
{
    struct cluster_partition_item o = replica_rig_order(SELF, 5, 11);
    struct partition_event damaged = {.kind = PARTITION_EV_DAMAGED};
    replica_rig_lead(10, 10);
    replica_rig_say_ack(TWO, 5, 10, 10);
    o.isr_count = 1;
    replica_rig_say_order(o);
    replica_rig_step(damaged);
    ck_assert_int_eq(replica_rig.p.state, PARTITION_LEADER);
}
END_TEST

START_TEST(a_follower_that_cannot_be_cut_is_fetched_anew)
{
    replica_rig_follow(20, 4, 16);
    replica_rig_say_open(TWO, 5, 2);
    replica_rig_say_diverge(4, 18, 4, 20);
    ck_assert_int_eq(replica_rig.p.state, PARTITION_TRUNCATING);
    struct partition_event e = {.kind = PARTITION_EV_LOG};
    e.u.log = replica_rig.p.log;
    e.u.log.truncating = false;
    e.u.log.suspect = true;
    replica_rig_step(e);
    ck_assert_int_eq(replica_rig.p.state, PARTITION_SUSPECT);
    ck_assert_int_eq(replica_rig_did(PARTITION_DO_SEND_REFUSE)->u.refuse.reason,
                     CLUSTER_REFUSED_GAP);
}
END_TEST

START_TEST(a_failure_is_reported_under_each_order)
{
    replica_rig_begin(20, 4, 16);
    replica_rig.p.log.suspect = true;
    replica_rig_say_order(replica_rig_order(TWO, 5, 10));
    replica_rig_turn();
    ck_assert_int_eq(replica_rig_did(PARTITION_DO_REPORT)->u.report.kind, CLUSTER_REPORT_FAILED);
    ck_assert_int_eq(replica_rig_did(PARTITION_DO_REPORT)->u.report.leader_epoch, 5);
    ck_assert_int_eq(replica_rig_did(PARTITION_DO_REPORT)->u.report.version, 10);
    replica_rig_turn();
    ck_assert_ptr_null(replica_rig_did(PARTITION_DO_REPORT));
    replica_rig_say_order(replica_rig_order(TWO, 5, 11));
    replica_rig_turn();
    ck_assert_int_eq(replica_rig_did(PARTITION_DO_REPORT)->u.report.version, 11);
    replica_rig_turn();
    ck_assert_ptr_null(replica_rig_did(PARTITION_DO_REPORT));
}
END_TEST

SUITE_MAIN("partition, follower", pushes_are_taken_from_the_ordered_process_epoch_and_session_only,
           an_open_of_a_stale_epoch_is_refused_and_an_early_one_waits,
           of_early_openings_the_newest_counts,
           of_early_openings_the_newest_epoch_counts_before_the_session,
           a_push_of_a_stale_epoch_is_refused_by_followers_and_leaders,
           a_cut_is_durable_before_anything_is_taken, the_search_goes_back_by_epochs,
           never_cuts_below_its_high_watermark_but_after_an_unclean_election,
           a_cut_inside_of_a_batch_lowers_the_high_watermark_too,
           a_push_of_a_stream_that_has_ended_here_is_refused, a_gap_asks_for_a_new_opening,
           a_suspect_log_is_fetched_anew_once_the_isr_does_not_count_on_it,
           a_leader_with_damaged_bytes_hands_over_and_is_fetched_anew,
           a_leader_with_damaged_bytes_goes_on_alone, a_follower_that_cannot_be_cut_is_fetched_anew,
           a_failure_is_reported_under_each_order)
