/* SPDX-License-Identifier: Apache-2.0 */
/* One replica's step, rule by rule: broker 1 of the replicas 1, 2, 3. */
#include "broker/replica/partition.h"
#include "tests/lib/suite.h"

#define SELF ((struct cluster_member){1, 11})
#define TWO ((struct cluster_member){2, 22})
#define THREE ((struct cluster_member){3, 33})

static const struct partition_id id = {{{9}}, 4};
static const struct partition_config config = {.self = {1, 11},
                                               .silence_ms = 1000,
                                               .lag_ms = 30000,
                                               .rejoin_ms = 200,
                                               .rejoin_ms_max = 1000,
                                               .retry_ms = 500};
static struct partition p;
static struct partition_actions acts;
static int64_t now = 1000;

static void step(struct partition_event e)
{
    e.now_ms = now;
    acts.count = 0;
    partition_step(&p, &e, &acts);
}

static void turn(void)
{
    acts.count = 0;
    partition_turn(&p, now, &acts);
}

static const struct partition_action *did(enum partition_action_kind kind)
{
    for (uint32_t i = 0; i < acts.count; i++) {
        if (acts.items[i].kind == kind)
            return &acts.items[i];
    }
    return NULL;
}

static void begin(int64_t end, int32_t last_epoch, int64_t high_watermark)
{
    struct partition_log log = {.there = true,
                                .created = true,
                                .last_epoch = last_epoch,
                                .end = end,
                                .synced_end = end,
                                .high_watermark = high_watermark};
    now = 1000;
    partition_init(&p, &config, id, &log);
}

static struct cluster_partition_item order(struct cluster_member leader, int32_t epoch,
                                           int32_t version)
{
    return (struct cluster_partition_item){.id = id,
                                           .leader = leader.broker,
                                           .leader_incarnation = leader.incarnation,
                                           .leader_epoch = epoch,
                                           .version = version,
                                           .min_isr = 2,
                                           .replica_count = 3,
                                           .isr_count = 3,
                                           .replicas = {1, 2, 3},
                                           .isr = {1, 2, 3}};
}

static void say_order(struct cluster_partition_item o)
{
    struct partition_event e = {.kind = PARTITION_EV_ORDER};
    e.u.order = o;
    step(e);
}

static void say_member(struct cluster_member m, bool alive)
{
    struct partition_event e = {.kind = PARTITION_EV_MEMBER};
    e.u.member.member = m;
    e.u.member.alive = alive;
    step(e);
}

static void say_log(int64_t end, int64_t synced_end, int32_t last_epoch)
{
    struct partition_event e = {.kind = PARTITION_EV_LOG};
    e.u.log = p.log;
    e.u.log.truncating = false;
    e.u.log.end = end;
    e.u.log.synced_end = synced_end;
    e.u.log.last_epoch = last_epoch;
    step(e);
}

static void say_stream(enum partition_event_kind kind, struct cluster_member from)
{
    step((struct partition_event){.kind = kind, .from = from});
}

static uint32_t session_of(struct cluster_member m)
{
    for (uint32_t i = 0; i < p.peer_count; i++) {
        if (p.peers[i].broker == m.broker)
            return p.peers[i].session;
    }
    return 0;
}

static void say_ack(struct cluster_member from, int32_t epoch, int64_t end, int64_t synced_end)
{
    struct partition_event e = {.kind = PARTITION_EV_ACK, .from = from};
    e.u.ack = (struct cluster_ack){id, epoch, session_of(from), end, synced_end};
    step(e);
}

/* What the leader's log has of the follower's last epoch: own_epoch, own_end. */
static void say_state(struct cluster_member from, int32_t last_epoch, int64_t end,
                      int32_t own_epoch, int64_t own_end)
{
    struct partition_event e = {
        .kind = PARTITION_EV_STATE, .from = from, .own_epoch = own_epoch, .own_end = own_end};
    e.u.state = (struct cluster_replica_state){
        id, p.order.leader_epoch, session_of(from), last_epoch, 0, end, 0};
    step(e);
}

static void lead(int64_t end, int64_t high_watermark)
{
    begin(end, 4, high_watermark);
    say_order(order(SELF, 5, 10));
    ck_assert(partition_leads(&p));
    say_member(TWO, true);
    say_member(THREE, true);
    say_stream(PARTITION_EV_STREAM_UP, TWO);
    say_state(TWO, 4, end, 4, end);
    ck_assert_ptr_nonnull(did(PARTITION_DO_START_PUSH));
    say_stream(PARTITION_EV_STREAM_UP, THREE);
    say_state(THREE, 4, end, 4, end);
    turn();
}

static int64_t high_watermark_after_turn(void)
{
    turn();
    return p.high_watermark;
}

/* ---- commit ---- */

START_TEST(commits_what_all_of_the_isr_has_synced)
{
    lead(10, 10);
    say_log(15, 10, 5);
    say_ack(TWO, 5, 15, 15);
    say_ack(THREE, 5, 15, 12);
    ck_assert_int_eq(high_watermark_after_turn(), 10); /* the leader itself has synced 10 */
    say_log(15, 15, 5);
    ck_assert_int_eq(high_watermark_after_turn(), 12);
    ck_assert_ptr_nonnull(did(PARTITION_DO_PUSH_MARKS));
    say_ack(THREE, 5, 15, 15);
    ck_assert_int_eq(high_watermark_after_turn(), 15);
}
END_TEST

START_TEST(acks_of_other_epochs_sessions_and_processes_count_for_nothing)
{
    lead(10, 10);
    say_log(15, 15, 5);
    say_ack(TWO, 5, 15, 15);
    say_ack(THREE, 4, 15, 15);
    ck_assert_int_eq(high_watermark_after_turn(), 10);
    say_ack((struct cluster_member){3, 34}, 5, 15, 15);
    ck_assert_int_eq(high_watermark_after_turn(), 10);
    p.peers[1].session++;
    struct partition_event e = {.kind = PARTITION_EV_ACK, .from = THREE};
    e.u.ack = (struct cluster_ack){id, 5, p.peers[1].session - 1, 15, 15};
    step(e);
    ck_assert_int_eq(high_watermark_after_turn(), 10);
    say_ack(THREE, 5, 15, 15);
    ck_assert_int_eq(high_watermark_after_turn(), 15);
}
END_TEST

START_TEST(a_restarted_follower_starts_from_nothing)
{
    lead(10, 10);
    say_ack(TWO, 5, 10, 10);
    say_ack(THREE, 5, 10, 10);
    say_member((struct cluster_member){3, 34}, false);
    ck_assert_ptr_nonnull(did(PARTITION_DO_STOP_PUSH));
    say_log(15, 15, 5);
    say_ack(TWO, 5, 15, 15);
    say_ack(THREE, 5, 15, 15); /* on its way from the old process */
    ck_assert_int_eq(high_watermark_after_turn(), 10);
}
END_TEST

START_TEST(an_ack_beyond_our_end_is_not_believed)
{
    lead(10, 10);
    say_ack(TWO, 5, 11, 11);
    say_ack(THREE, 5, 10, 10);
    ck_assert_int_eq(p.peers[0].state, PEER_REFUSED);
    ck_assert(!p.peers[0].acked);
}
END_TEST

START_TEST(nothing_is_committed_or_admitted_below_min_isr)
{
    begin(10, 4, 10);
    struct cluster_partition_item o = order(SELF, 5, 10);
    o.isr_count = 1;
    say_order(o);
    ck_assert_int_eq(partition_admit(&p, -1), PARTITION_NOT_ENOUGH_REPLICAS);
    ck_assert_int_eq(partition_admit(&p, 1), PARTITION_ADMITTED);
    say_log(12, 12, 5);
    ck_assert_int_eq(high_watermark_after_turn(), 10);
}
END_TEST

START_TEST(latest_waits_for_the_start_of_the_epoch)
{
    lead(10, 7);
    ck_assert(!partition_latest_available(&p));
    say_ack(TWO, 5, 10, 10);
    say_ack(THREE, 5, 10, 9);
    turn();
    ck_assert_int_eq(p.high_watermark, 9);
    ck_assert(!partition_latest_available(&p));
    say_ack(THREE, 5, 10, 10);
    turn();
    ck_assert(partition_latest_available(&p));
}
END_TEST

/* ---- the ISR ---- */

static void lead_alone(int64_t end, int64_t high_watermark)
{
    struct cluster_partition_item o = order(SELF, 5, 10);
    begin(end, 4, high_watermark);
    o.isr_count = 2;
    say_order(o);
    say_member(TWO, true);
    say_member(THREE, true);
    say_stream(PARTITION_EV_STREAM_UP, TWO);
    say_state(TWO, 4, end, 4, end);
    say_stream(PARTITION_EV_STREAM_UP, THREE);
    say_state(THREE, 4, 5, 4, end);
    say_ack(TWO, 5, end, end);
    turn();
    now += 1000;
}

START_TEST(joins_by_its_synced_end_at_the_high_watermark_and_the_epochs_start)
{
    lead_alone(10, 6);
    ck_assert_int_eq(p.high_watermark, 10);
    say_ack(THREE, 5, 10, 9);
    turn();
    ck_assert_ptr_null(did(PARTITION_DO_ASK_ISR));
    say_ack(THREE, 5, 10, 10);
    turn();
    const struct partition_action *ask = did(PARTITION_DO_ASK_ISR);
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
        p.isr_change.request, id, result, epoch, version, count, {1, 2, 3}};
    step(e);
}

START_TEST(the_larger_isr_counts_while_a_change_is_pending)
{
    lead_alone(10, 10);
    say_ack(THREE, 5, 10, 10);
    turn();
    say_log(15, 15, 5);
    say_ack(TWO, 5, 15, 15);
    ck_assert_int_eq(high_watermark_after_turn(), 10); /* three may be in it already */
    reply(CLUSTER_ISR_UNKNOWN, 0, 0, 0);
    ck_assert_int_eq(high_watermark_after_turn(), 10);
    now += config.retry_ms;
    turn();
    ck_assert_ptr_nonnull(did(PARTITION_DO_ASK_ISR)); /* again, the same */
    ck_assert_uint_eq(did(PARTITION_DO_ASK_ISR)->u.isr_change.request, 2);
    ck_assert_int_eq(did(PARTITION_DO_ASK_ISR)->u.isr_change.version, 10);
    reply(CLUSTER_ISR_REFUSED, 5, 11, 3); /* an earlier copy may have done it */
    ck_assert_int_eq(high_watermark_after_turn(), 10);
    reply(CLUSTER_ISR_REFUSED, 6, 11, 3);
    ck_assert_int_eq(high_watermark_after_turn(), 10);
    reply(CLUSTER_ISR_REFUSED, 5, 10, 2); /* now it never will be */
    ck_assert_int_eq(high_watermark_after_turn(), 15);
}
END_TEST

static void reply_to(uint64_t request, enum cluster_isr_result result, int32_t version,
                     uint32_t count)
{
    struct partition_event e = {.kind = PARTITION_EV_ISR_REPLY};
    e.u.isr_reply = (struct cluster_isr_reply){request, id, result, 5, version, count, {1, 2, 3}};
    step(e);
}

/* The controller was slow (ZooKeeper was away), so a change was asked twice. The first copy is
 * refused, the second is carried out: between the two answers the larger ISR must count. */
START_TEST(a_refusal_of_an_earlier_asking_ends_nothing)
{
    lead_alone(10, 10);
    say_ack(THREE, 5, 10, 10);
    turn();
    now += config.retry_ms;
    turn();
    say_log(15, 15, 5);
    say_ack(TWO, 5, 15, 15);
    reply_to(1, CLUSTER_ISR_REFUSED, 10, 2);
    ck_assert_int_eq(high_watermark_after_turn(), 10);
    reply_to(2, CLUSTER_ISR_DONE, 11, 3);
    ck_assert_int_eq(high_watermark_after_turn(), 10);
    say_ack(THREE, 5, 15, 15);
    ck_assert_int_eq(high_watermark_after_turn(), 15);
}
END_TEST

START_TEST(an_earlier_asking_that_was_done_settles_the_change)
{
    lead_alone(10, 10);
    say_ack(THREE, 5, 10, 10);
    turn();
    now += config.retry_ms;
    turn();
    reply_to(1, CLUSTER_ISR_DONE, 11, 3);
    ck_assert(!p.isr_pending);
    ck_assert_uint_eq(p.order.isr_count, 3);
}
END_TEST

START_TEST(an_order_settles_a_pending_change)
{
    lead_alone(10, 10);
    say_ack(THREE, 5, 10, 10);
    turn();
    say_log(15, 15, 5);
    say_ack(TWO, 5, 15, 15);
    struct cluster_partition_item o = order(SELF, 5, 11);
    o.isr_count = 2;
    say_order(o);
    ck_assert_int_eq(high_watermark_after_turn(), 15);
}
END_TEST

START_TEST(a_silent_follower_leaves_whatever_min_isr_says)
{
    lead(10, 10);
    say_ack(TWO, 5, 10, 10);
    say_stream(PARTITION_EV_STREAM_SILENT, TWO);
    say_stream(PARTITION_EV_STREAM_DOWN, THREE);
    turn();
    const struct partition_action *ask = did(PARTITION_DO_ASK_ISR);
    ck_assert_ptr_nonnull(ask);
    ck_assert_uint_eq(ask->u.isr_change.isr_count, 2);
    now += config.silence_ms;
    reply(CLUSTER_ISR_REFUSED, 5, 10, 3);
    now += config.retry_ms;
    turn();
    ask = did(PARTITION_DO_ASK_ISR);
    ck_assert_ptr_nonnull(ask);
    ck_assert_uint_eq(ask->u.isr_change.isr_count, 1);
}
END_TEST

START_TEST(a_slow_follower_leaves_only_above_min_isr)
{
    lead(10, 10);
    say_ack(TWO, 5, 10, 10);
    say_ack(THREE, 5, 10, 10);
    say_log(20, 20, 5);
    now += config.lag_ms + 1;
    say_ack(TWO, 5, 20, 11);
    say_ack(THREE, 5, 20, 11);
    turn();
    const struct partition_action *ask = did(PARTITION_DO_ASK_ISR);
    ck_assert_ptr_nonnull(ask);
    ck_assert_uint_eq(ask->u.isr_change.isr_count, 2); /* both are slow; one may go */
}
END_TEST

/* ---- epochs and processes ---- */

START_TEST(only_the_process_that_the_order_names_leads)
{
    begin(10, 4, 10);
    say_order(order((struct cluster_member){1, 10}, 5, 10));
    ck_assert_int_eq(p.state, PARTITION_RESIGNED);
    ck_assert_int_eq(partition_admit(&p, 1), PARTITION_NOT_LEADER);
    say_order(order(SELF, 6, 11));
    ck_assert(partition_leads(&p));
    say_order(order(SELF, 5, 99)); /* old news */
    ck_assert_int_eq(p.order.leader_epoch, 6);
}
END_TEST

START_TEST(a_failed_append_ends_the_epoch)
{
    lead(10, 10);
    struct partition_event e = {.kind = PARTITION_EV_LOG};
    e.u.log = p.log;
    e.u.log.failed = true;
    step(e);
    ck_assert_int_eq(p.state, PARTITION_FAILED);
    ck_assert_ptr_nonnull(did(PARTITION_DO_FAIL_WAITERS));
    turn();
    ck_assert_ptr_nonnull(did(PARTITION_DO_REPORT));
    ck_assert_int_eq(did(PARTITION_DO_REPORT)->u.report.kind, CLUSTER_REPORT_FAILED);
    say_order(order(SELF, 6, 20));
    ck_assert(!partition_leads(&p));
}
END_TEST

START_TEST(nothing_is_appended_while_new)
{
    struct cluster_partition_item o = order(SELF, 0, 0);
    struct partition_log none = {.last_epoch = -1};
    partition_init(&p, &config, id, &none);
    o.flags = CLUSTER_PARTITION_NEW;
    say_order(o);
    ck_assert_ptr_nonnull(did(PARTITION_DO_CREATE_LOG));
    ck_assert_int_eq(p.state, PARTITION_PREPARING);
    turn();
    ck_assert_ptr_null(did(PARTITION_DO_REPORT));
    struct partition_event e = {.kind = PARTITION_EV_LOG};
    e.u.log = (struct partition_log){.there = true, .created = true, .last_epoch = -1};
    step(e);
    turn();
    ck_assert_int_eq(did(PARTITION_DO_REPORT)->u.report.kind, CLUSTER_REPORT_CREATED);
    ck_assert_int_eq(partition_admit(&p, -1), PARTITION_NOT_LEADER);
    now += config.retry_ms;
    turn();
    ck_assert_ptr_nonnull(did(PARTITION_DO_REPORT)); /* it may have been lost */
    o.flags = 0;
    o.version = 1;
    say_order(o);
    ck_assert(partition_leads(&p));
}
END_TEST

START_TEST(a_missing_log_is_not_made_empty_while_the_isr_counts_on_it)
{
    struct cluster_partition_item o = order(TWO, 3, 7);
    struct partition_log none = {.last_epoch = -1};
    partition_init(&p, &config, id, &none);
    say_order(o);
    ck_assert_int_eq(p.state, PARTITION_MISSING);
    ck_assert_ptr_null(did(PARTITION_DO_CREATE_LOG));
    turn();
    ck_assert_int_eq(did(PARTITION_DO_REPORT)->u.report.kind, CLUSTER_REPORT_FAILED);
    o.version = 8;
    o.isr_count = 2;
    o.isr[0] = 2;
    o.isr[1] = 3;
    say_order(o);
    ck_assert_ptr_nonnull(did(PARTITION_DO_CREATE_LOG));
    ck_assert_int_eq(p.state, PARTITION_WAITING);
}
END_TEST

/* ---- following ---- */

static void say_open(struct cluster_member from, int32_t epoch, uint32_t session)
{
    struct partition_event e = {.kind = PARTITION_EV_OPEN, .from = from};
    e.u.open = (struct cluster_replica_open){id, epoch, session, 0};
    step(e);
}

static void say_push(struct cluster_member from, int32_t epoch, uint32_t session, int64_t base,
                     uint32_t size, int64_t high_watermark)
{
    struct partition_event e = {.kind = PARTITION_EV_PUSH, .from = from};
    e.u.push = (struct cluster_push){id, epoch, session, high_watermark, 0, base, size};
    step(e);
}

static void say_diverge(int32_t epoch, int64_t end, int32_t own_epoch, int64_t own_end)
{
    struct partition_event e = {
        .kind = PARTITION_EV_DIVERGE, .from = TWO, .own_epoch = own_epoch, .own_end = own_end};
    e.u.diverge = (struct cluster_diverge){id, p.order.leader_epoch, p.stream_session, epoch, end};
    step(e);
}

static void follow(int64_t end, int32_t last_epoch, int64_t high_watermark)
{
    begin(end, last_epoch, high_watermark);
    say_order(order(TWO, 5, 10));
    say_open(TWO, 5, 1);
    ck_assert_int_eq(p.state, PARTITION_MATCHING);
    ck_assert_int_eq(did(PARTITION_DO_SEND_STATE)->u.state.end, end);
}

START_TEST(pushes_are_taken_from_the_ordered_process_epoch_and_session_only)
{
    follow(10, 4, 8);
    say_push((struct cluster_member){2, 21}, 5, 1, 10, 100, 10);
    ck_assert_ptr_null(did(PARTITION_DO_ACCEPT_PUSH));
    say_push(TWO, 4, 1, 10, 100, 10);
    ck_assert_ptr_null(did(PARTITION_DO_ACCEPT_PUSH));
    say_push(TWO, 5, 2, 10, 100, 10);
    ck_assert_ptr_null(did(PARTITION_DO_ACCEPT_PUSH));
    say_push(TWO, 5, 1, 10, 100, 10);
    ck_assert_ptr_nonnull(did(PARTITION_DO_ACCEPT_PUSH));
    say_log(12, 10, 5);
    turn();
    ck_assert_int_eq(did(PARTITION_DO_SEND_ACK)->u.ack.end, 12);
    ck_assert_int_eq(did(PARTITION_DO_SEND_ACK)->u.ack.synced_end, 10);
    ck_assert_int_eq(p.high_watermark, 10);
}
END_TEST

START_TEST(an_open_of_a_stale_epoch_is_refused_and_an_early_one_waits)
{
    follow(10, 4, 8);
    say_open(THREE, 4, 9);
    ck_assert_int_eq(did(PARTITION_DO_SEND_REFUSE)->u.refuse.reason, CLUSTER_REFUSED_STALE_EPOCH);
    say_open(THREE, 6, 1);
    ck_assert_uint_eq(acts.count, 0);
    say_order(order(THREE, 6, 11));
    ck_assert_int_eq(p.state, PARTITION_MATCHING);
    ck_assert_int_eq(did(PARTITION_DO_SEND_STATE)->to.broker, 3);
}
END_TEST

START_TEST(a_cut_is_durable_before_anything_is_taken)
{
    follow(20, 4, 8);
    say_diverge(4, 15, 4, 20);
    ck_assert_int_eq(did(PARTITION_DO_TRUNCATE)->offset, 15);
    ck_assert_int_eq(p.state, PARTITION_TRUNCATING);
    say_push(TWO, 5, 1, 15, 100, 10);
    ck_assert_ptr_null(did(PARTITION_DO_ACCEPT_PUSH));
    turn();
    ck_assert_ptr_null(did(PARTITION_DO_SEND_ACK));
    say_log(15, 15, 4);
    ck_assert_int_eq(p.state, PARTITION_MATCHING);
    ck_assert_int_eq(did(PARTITION_DO_SEND_STATE)->u.state.end, 15);
}
END_TEST

START_TEST(the_search_goes_back_by_epochs)
{
    follow(20, 4, 3);
    say_diverge(3, 18, 2, 12); /* we have no epoch 3: look at the end of our epoch 2 */
    ck_assert_int_eq(did(PARTITION_DO_TRUNCATE)->offset, 12);
    say_log(12, 12, 2);
    say_diverge(2, 10, 2, 12);
    ck_assert_int_eq(did(PARTITION_DO_TRUNCATE)->offset, 10);
}
END_TEST

START_TEST(never_cuts_below_its_high_watermark_but_after_an_unclean_election)
{
    follow(20, 4, 16);
    say_diverge(4, 15, 4, 20);
    ck_assert_ptr_null(did(PARTITION_DO_TRUNCATE));
    ck_assert_int_eq(p.state, PARTITION_STOPPED);
    ck_assert_int_eq(did(PARTITION_DO_SEND_REFUSE)->u.refuse.reason, CLUSTER_REFUSED_STOPPED);
    turn();
    ck_assert_int_eq(did(PARTITION_DO_REPORT)->u.report.kind, CLUSTER_REPORT_FAILED);
    struct cluster_partition_item o = order(TWO, 6, 12);
    o.flags = CLUSTER_PARTITION_UNCLEAN;
    say_order(o);
    say_open(TWO, 6, 2);
    say_diverge(4, 15, 4, 20);
    ck_assert_int_eq(did(PARTITION_DO_TRUNCATE)->offset, 15);
    ck_assert_int_eq(p.high_watermark, 15);
}
END_TEST

/* The place of the cut lies inside of a batch of ours: the log ends where that batch begins, which
 * after an unclean election may be below what was our high watermark. */
START_TEST(a_cut_inside_of_a_batch_lowers_the_high_watermark_too)
{
    begin(20, 4, 16);
    struct cluster_partition_item o = order(TWO, 5, 10);
    o.flags = CLUSTER_PARTITION_UNCLEAN;
    say_order(o);
    say_open(TWO, 5, 1);
    say_diverge(4, 15, 4, 20);
    ck_assert_int_eq(p.high_watermark, 15);
    say_log(12, 12, 4);
    ck_assert_int_eq(p.high_watermark, 12);
    ck_assert_int_eq(did(PARTITION_DO_SEND_STATE)->u.state.high_watermark, 12);
}
END_TEST

/* The connection that the stream came by has ended here and the leader does not know: without an
 * answer it would wait for acknowledgements for ever. */
START_TEST(a_push_of_a_stream_that_has_ended_here_is_refused)
{
    follow(10, 4, 8);
    say_stream(PARTITION_EV_LEADER_DOWN, TWO);
    ck_assert_int_eq(p.state, PARTITION_WAITING);
    say_push(TWO, 5, 1, 10, 100, 10);
    ck_assert_ptr_null(did(PARTITION_DO_ACCEPT_PUSH));
    ck_assert_int_eq(did(PARTITION_DO_SEND_REFUSE)->u.refuse.reason, CLUSTER_REFUSED_GAP);
    say_push((struct cluster_member){2, 21}, 5, 1, 10, 100, 10);
    ck_assert_ptr_null(did(PARTITION_DO_SEND_REFUSE));
    say_push(TWO, 4, 1, 10, 100, 10);
    ck_assert_ptr_null(did(PARTITION_DO_SEND_REFUSE));
}
END_TEST

START_TEST(a_gap_asks_for_a_new_opening)
{
    follow(10, 4, 8);
    say_push(TWO, 5, 1, 12, 100, 10);
    ck_assert_int_eq(did(PARTITION_DO_SEND_REFUSE)->u.refuse.reason, CLUSTER_REFUSED_GAP);
    ck_assert_int_eq(p.state, PARTITION_WAITING);
    say_open(TWO, 5, 2);
    ck_assert_int_eq(p.state, PARTITION_MATCHING);
}
END_TEST

START_TEST(a_suspect_log_is_fetched_anew_once_the_isr_does_not_count_on_it)
{
    struct cluster_partition_item o = order(TWO, 5, 10);
    begin(20, 4, 16);
    p.log.suspect = true;
    say_order(o);
    ck_assert_int_eq(p.state, PARTITION_SUSPECT);
    o.version = 11;
    o.isr_count = 2;
    o.isr[0] = 2;
    o.isr[1] = 3;
    say_order(o);
    say_open(TWO, 5, 1);
    ck_assert_int_eq(did(PARTITION_DO_SEND_STATE)->u.state.end, -1);
    struct partition_event e = {.kind = PARTITION_EV_RESET, .from = TWO};
    e.u.reset = (struct cluster_reset){id, 5, 1, 2};
    step(e);
    ck_assert_int_eq(did(PARTITION_DO_RESET)->offset, 2);
}
END_TEST

/* Damaged bytes that a read met: somebody else leads, and then this replica is repaired. */
START_TEST(a_leader_with_damaged_bytes_hands_over_and_is_fetched_anew)
{
    struct cluster_partition_item o = order(TWO, 6, 11);
    struct partition_event damaged = {.kind = PARTITION_EV_DAMAGED};
    lead(10, 10);
    step(damaged);
    ck_assert_int_eq(p.state, PARTITION_LEADER); /* nobody has said that it is there */
    say_ack(TWO, 5, 10, 10);
    step(damaged);
    ck_assert_int_eq(p.state, PARTITION_RESIGNED);
    ck_assert_ptr_nonnull(did(PARTITION_DO_FAIL_WAITERS));
    turn();
    ck_assert_int_eq(did(PARTITION_DO_REPORT)->u.report.kind, CLUSTER_REPORT_RESIGNED);
    /* While the ISR counts on it, it neither follows nor is emptied. */
    say_order(o);
    ck_assert_int_eq(p.state, PARTITION_SUSPECT);
    turn();
    ck_assert_int_eq(did(PARTITION_DO_REPORT)->u.report.kind, CLUSTER_REPORT_FAILED);
    o.version = 12;
    o.isr_count = 2;
    o.isr[0] = 2;
    o.isr[1] = 3;
    say_order(o);
    say_open(TWO, 6, 1);
    ck_assert_int_eq(did(PARTITION_DO_SEND_STATE)->u.state.end, -1);
    struct partition_event e = {.kind = PARTITION_EV_RESET, .from = TWO};
    e.u.reset = (struct cluster_reset){id, 6, 1, 0};
    step(e);
    ck_assert_int_eq(did(PARTITION_DO_RESET)->offset, 0);
    ck_assert(!p.damaged);
}
END_TEST

START_TEST(a_leader_with_damaged_bytes_goes_on_alone)
{
    struct cluster_partition_item o = order(SELF, 5, 11);
    struct partition_event damaged = {.kind = PARTITION_EV_DAMAGED};
    lead(10, 10);
    say_ack(TWO, 5, 10, 10);
    o.isr_count = 1;
    say_order(o);
    step(damaged);
    ck_assert_int_eq(p.state, PARTITION_LEADER);
}
END_TEST

START_TEST(a_follower_that_cannot_be_cut_is_fetched_anew)
{
    follow(20, 4, 16);
    say_open(TWO, 5, 2);
    say_diverge(4, 18, 4, 20);
    ck_assert_int_eq(p.state, PARTITION_TRUNCATING);
    struct partition_event e = {.kind = PARTITION_EV_LOG};
    e.u.log = p.log;
    e.u.log.truncating = false;
    e.u.log.suspect = true;
    step(e);
    ck_assert_int_eq(p.state, PARTITION_SUSPECT);
    ck_assert_int_eq(did(PARTITION_DO_SEND_REFUSE)->u.refuse.reason, CLUSTER_REFUSED_GAP);
}
END_TEST

START_TEST(a_failure_is_reported_under_each_order)
{
    begin(20, 4, 16);
    p.log.suspect = true;
    say_order(order(TWO, 5, 10));
    turn();
    ck_assert_int_eq(did(PARTITION_DO_REPORT)->u.report.kind, CLUSTER_REPORT_FAILED);
    ck_assert_int_eq(did(PARTITION_DO_REPORT)->u.report.leader_epoch, 5);
    ck_assert_int_eq(did(PARTITION_DO_REPORT)->u.report.version, 10);
    turn();
    ck_assert_ptr_null(did(PARTITION_DO_REPORT));
    say_order(order(TWO, 5, 11));
    turn();
    ck_assert_int_eq(did(PARTITION_DO_REPORT)->u.report.version, 11);
    turn();
    ck_assert_ptr_null(did(PARTITION_DO_REPORT));
}
END_TEST

/* ---- where logs part, seen by the leader ---- */

START_TEST(the_leader_finds_where_logs_part)
{
    lead(10, 10);
    say_stream(PARTITION_EV_STREAM_DOWN, TWO);
    say_stream(PARTITION_EV_STREAM_UP, TWO);
    say_state(TWO, 4, 12, 4, 10); /* more of epoch 4 than we have */
    ck_assert_int_eq(did(PARTITION_DO_SEND_DIVERGE)->u.diverge.end, 10);
    say_state(TWO, 4, 12, 3, 7); /* an epoch that we have not */
    ck_assert_int_eq(did(PARTITION_DO_SEND_DIVERGE)->u.diverge.epoch, 3);
    say_state(TWO, 4, 12, -1, -1); /* nothing in common */
    ck_assert_ptr_nonnull(did(PARTITION_DO_SEND_RESET));
    say_state(TWO, -1, -1, -1, -1); /* suspect */
    ck_assert_ptr_nonnull(did(PARTITION_DO_SEND_RESET));
    say_state(TWO, -1, 0, -1, -1); /* empty */
    ck_assert_int_eq(did(PARTITION_DO_START_PUSH)->offset, 0);
}
END_TEST

/* ---- the assignment is changed by hand, and the next controller says so in the same epoch ---- */

START_TEST(a_leader_goes_on_with_other_replicas)
{
    static const struct cluster_member FOUR = {4, 44};
    lead(10, 10);
    say_ack(TWO, 5, 10, 10);
    struct cluster_partition_item o = order(SELF, 5, 10);
    o.isr_count = 2;
    o.replicas[2] = FOUR.broker;
    say_order(o);
    ck_assert(partition_leads(&p));
    ck_assert_ptr_null(did(PARTITION_DO_UNLEAD));
    ck_assert_int_eq(acts.items[0].kind, PARTITION_DO_NEW_PEERS);
    ck_assert_int_eq(did(PARTITION_DO_SEND_OPEN)->to.broker, TWO.broker);
    ck_assert(p.peers[0].acked);
    say_member(FOUR, true);
    ck_assert_int_eq(did(PARTITION_DO_WANT_STREAM)->to.broker, FOUR.broker);
    say_stream(PARTITION_EV_STREAM_UP, FOUR);
    say_state(FOUR, -1, 0, -1, -1);
    ck_assert_int_eq(did(PARTITION_DO_START_PUSH)->to.broker, FOUR.broker);
    say_stream(PARTITION_EV_STREAM_DOWN, THREE); /* nobody's any more */
    ck_assert_uint_eq(acts.count, 0);
}
END_TEST

START_TEST(a_pending_isr_change_outlives_other_replicas)
{
    lead_alone(10, 10);
    say_ack(TWO, 5, 10, 10);
    say_ack(THREE, 5, 10, 10);
    turn();
    ck_assert_ptr_nonnull(did(PARTITION_DO_ASK_ISR));
    struct cluster_partition_item o = order(SELF, 5, 10);
    o.isr_count = 2;
    o.replicas[1] = 3;
    o.replicas[2] = 2;
    say_order(o);
    ck_assert(partition_in_maximal_isr(&p, THREE.broker));
}
END_TEST

START_TEST(who_is_assigned_no_more_follows_no_more)
{
    follow(10, 4, 10);
    struct cluster_partition_item o = order(TWO, 5, 10);
    o.isr_count = 2;
    o.isr[0] = 3;
    o.isr[1] = 2;
    o.replicas[0] = 4;
    say_order(o);
    ck_assert_int_eq(p.state, PARTITION_IDLE);
}
END_TEST

START_TEST(what_was_acknowledged_before_a_reset_counts_no_more)
{
    lead(10, 10);
    say_log(15, 15, 5);
    say_ack(TWO, 5, 15, 15);
    say_ack(THREE, 5, 12, 12);
    ck_assert_int_eq(high_watermark_after_turn(), 12);
    say_stream(PARTITION_EV_STREAM_DOWN, TWO);
    say_stream(PARTITION_EV_STREAM_UP, TWO);
    say_state(TWO, -1, -1, -1, -1); /* its log is suspect now */
    ck_assert_ptr_nonnull(did(PARTITION_DO_SEND_RESET));
    say_ack(THREE, 5, 15, 15);
    ck_assert_int_eq(high_watermark_after_turn(), 12);
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

SUITE_MAIN("partition, rules", commits_what_all_of_the_isr_has_synced,
           acks_of_other_epochs_sessions_and_processes_count_for_nothing,
           a_restarted_follower_starts_from_nothing, an_ack_beyond_our_end_is_not_believed,
           nothing_is_committed_or_admitted_below_min_isr, latest_waits_for_the_start_of_the_epoch,
           joins_by_its_synced_end_at_the_high_watermark_and_the_epochs_start,
           the_larger_isr_counts_while_a_change_is_pending,
           a_refusal_of_an_earlier_asking_ends_nothing,
           an_earlier_asking_that_was_done_settles_the_change, an_order_settles_a_pending_change,
           a_silent_follower_leaves_whatever_min_isr_says,
           a_slow_follower_leaves_only_above_min_isr, only_the_process_that_the_order_names_leads,
           a_failed_append_ends_the_epoch, nothing_is_appended_while_new,
           a_missing_log_is_not_made_empty_while_the_isr_counts_on_it,
           pushes_are_taken_from_the_ordered_process_epoch_and_session_only,
           an_open_of_a_stale_epoch_is_refused_and_an_early_one_waits,
           a_cut_is_durable_before_anything_is_taken, the_search_goes_back_by_epochs,
           never_cuts_below_its_high_watermark_but_after_an_unclean_election,
           a_gap_asks_for_a_new_opening, a_cut_inside_of_a_batch_lowers_the_high_watermark_too,
           a_push_of_a_stream_that_has_ended_here_is_refused,
           a_suspect_log_is_fetched_anew_once_the_isr_does_not_count_on_it,
           a_leader_with_damaged_bytes_hands_over_and_is_fetched_anew,
           a_leader_with_damaged_bytes_goes_on_alone, a_follower_that_cannot_be_cut_is_fetched_anew,
           a_failure_is_reported_under_each_order, the_leader_finds_where_logs_part,
           a_leader_goes_on_with_other_replicas, a_pending_isr_change_outlives_other_replicas,
           who_is_assigned_no_more_follows_no_more,
           what_was_acknowledged_before_a_reset_counts_no_more, moves_are_those_of_the_table)
