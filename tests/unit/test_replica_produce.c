/* SPDX-License-Identifier: Apache-2.0 */
/* Batches of idempotent producers at a leader: refused, repeated, out of order, forgotten. */
#include "broker/log/producer_state.h"
#include "tests/lib/log_host.h"
#include "tests/lib/replica_pair.h"
#include "tests/lib/suite.h"

/* One batch of four records of producer 1, whose first sequence number is its tag. */
struct attempt {
    struct produce_waiter produce;
    struct buf *batch;
    uint32_t answers;
};

static void attempt_done(struct produce_waiter *w)
{
    CONTAINER_OF(w, struct attempt, produce)->answers++;
}

static void start_attempt(void *context, struct replica_host *host)
{
    struct attempt *a = context;
    replica_host_produce(host, &a->produce);
}

static bool attempt_answered(void *context)
{
    return ((struct attempt *)context)->answers > 0;
}

static struct attempt attempt_of(uint64_t tag, int16_t acks)
{
    struct attempt a = {.batch = log_host_batch(tag, 4, 10, 1000)};
    a.produce.id = REPLICA_PAIR_ID;
    a.produce.acks = acks;
    a.produce.batch = (struct piece){.buf = a.batch, .size = a.batch->used};
    a.produce.done = attempt_done;
    return a;
}

/* The answer of nodes[0]. */
static struct attempt answer_to(struct replica_pair *pair, uint64_t tag, int16_t acks)
{
    struct attempt a = attempt_of(tag, acks);
    replica_pair_do(pair, 0, start_attempt, &a);
    replica_pair_wait(pair, attempt_answered, &a);
    buf_unref(a.batch);
    return a;
}

static enum replica_result result_of(struct replica_pair *pair, uint64_t tag)
{
    return answer_to(pair, tag, -1).produce.result;
}

static struct replica_pair *pair_led_by_the_first(uint64_t seed)
{
    struct replica_pair *pair = replica_pair_new(seed, &sim_weather_calm);
    replica_pair_lead_first(pair, 1);
    replica_pair_wait_for_leader(pair, 1);
    return pair;
}

/* Leadership comes between two batches in flight: the second is not called out of order while the
 * first, refused, has not come again. */
START_TEST(what_follows_a_refused_batch_is_refused_for_its_reason)
{
    struct replica_pair *pair = pair_led_by_the_first(60);
    ck_assert_int_eq(result_of(pair, 1), REPLICA_OK);
    replica_pair_elect(pair, 2);
    replica_pair_wait_for_leader(pair, 2);
    ck_assert_int_eq(result_of(pair, 5), REPLICA_NOT_LEADER);
    replica_pair_elect(pair, 1);
    replica_pair_wait_for_leader(pair, 1);
    ck_assert_int_eq(result_of(pair, 9), REPLICA_NOT_LEADER);
    ck_assert_int_eq(result_of(pair, 5), REPLICA_OK);
    ck_assert_int_eq(result_of(pair, 9), REPLICA_OK);
    struct attempt gap = answer_to(pair, 17, -1); /* 13 was never seen */
    ck_assert_int_eq(gap.produce.result, REPLICA_OUT_OF_ORDER);
    ck_assert_int_eq(gap.produce.log_start, 0); /* it was not deleted, the client sees */
    replica_pair_free(pair);
}
END_TEST

/* Nothing is known of the producer here: its refused batches are all that tells what comes first.
 */
START_TEST(the_first_of_the_refused_batches_goes_first)
{
    struct replica_pair *pair = pair_led_by_the_first(59);
    replica_pair_elect(pair, 2);
    replica_pair_wait_for_leader(pair, 2);
    ck_assert_int_eq(result_of(pair, 10), REPLICA_NOT_LEADER);
    ck_assert_int_eq(result_of(pair, 6), REPLICA_NOT_LEADER);
    replica_pair_elect(pair, 1);
    replica_pair_wait_for_leader(pair, 1);
    ck_assert_int_eq(result_of(pair, 10), REPLICA_NOT_LEADER);
    ck_assert_int_eq(result_of(pair, 6), REPLICA_OK);
    ck_assert_int_eq(result_of(pair, 10), REPLICA_OK);
    replica_pair_free(pair);
}
END_TEST

/* Its client may have given it up: what follows it does not wait for ever. */
START_TEST(a_refused_batch_is_waited_for_a_while_only)
{
    struct replica_pair *pair = pair_led_by_the_first(58);
    replica_pair_elect(pair, 2);
    replica_pair_wait_for_leader(pair, 2);
    ck_assert_int_eq(result_of(pair, 6), REPLICA_NOT_LEADER);
    replica_pair_elect(pair, 1);
    replica_pair_wait_for_leader(pair, 1);
    ck_assert_int_eq(result_of(pair, 10), REPLICA_NOT_LEADER);
    sim_world_run(pair->world, sim_now_ns(pair->world) + (REFUSED_MS / 1000 + 1) * SIM_SECOND);
    ck_assert_int_eq(result_of(pair, 10), REPLICA_OK);
    replica_pair_free(pair);
}
END_TEST

static bool second_leads(void *context)
{
    struct replica_view view;
    return replica_host_look(replica_pair_host(context, 1), REPLICA_PAIR_ID, &view) && view.leads;
}

/* What the first leader misses, the second may have taken: only the controller could not tell it
 * so. Its follower does. */
START_TEST(a_deposed_leader_that_is_not_told_calls_nothing_out_of_order)
{
    struct replica_pair *pair = pair_led_by_the_first(67);
    ck_assert_int_eq(result_of(pair, 1), REPLICA_OK);
    pair->untold = 1;
    replica_pair_elect(pair, 2);
    replica_pair_wait(pair, second_leads, pair);
    ck_assert_int_eq(result_of(pair, 9), REPLICA_NOT_LEADER);
    replica_pair_free(pair);
}
END_TEST

/* The link is cut a moment before: silence is not noticed yet. */
START_TEST(a_leader_that_was_just_cut_off_calls_nothing_out_of_order)
{
    struct replica_pair *pair = pair_led_by_the_first(68);
    ck_assert_int_eq(result_of(pair, 1), REPLICA_OK);
    pair->untold = 1;
    sim_link_cut(pair->hosts[0], pair->hosts[1], true);
    sim_link_cut(pair->hosts[1], pair->hosts[0], true);
    replica_pair_elect(pair, 2);
    replica_pair_wait(pair, second_leads, pair);
    ck_assert_int_eq(result_of(pair, 9), REPLICA_NOT_LEADER);
    replica_pair_free(pair);
}
END_TEST

static bool never(void *context)
{
    (void)context;
    return false;
}

/* Its client may wait for what the leader before says of those that are missing here. */
START_TEST(a_new_leader_calls_nothing_out_of_order_for_a_while)
{
    struct replica_pair *pair = pair_led_by_the_first(69);
    ck_assert_int_eq(result_of(pair, 1), REPLICA_OK);
    ck_assert_int_eq(result_of(pair, 9), REPLICA_OUT_OF_ORDER);
    replica_pair_elect(pair, 2);
    replica_pair_wait_for_leader(pair, 2);
    replica_pair_elect(pair, 1);
    replica_pair_wait_for_leader(pair, 1);
    ck_assert_int_eq(result_of(pair, 9), REPLICA_NOT_LEADER);
    sim_world_run_until(pair->world, sim_now_ns(pair->world) + 61 * SIM_SECOND, never, pair);
    ck_assert_int_eq(result_of(pair, 9), REPLICA_OUT_OF_ORDER);
    ck_assert_int_eq(result_of(pair, 5), REPLICA_OK);
    replica_pair_free(pair);
}
END_TEST

static void start_two(void *context, struct replica_host *host)
{
    struct attempt *a = context;
    replica_host_produce(host, &a[0].produce);
    replica_host_produce(host, &a[1].produce);
}

/* It is asked for a moment whether the first leads still: what is missing may come meanwhile. */
START_TEST(what_seemed_out_of_order_is_taken_when_what_was_missing_comes)
{
    struct replica_pair *pair = pair_led_by_the_first(70);
    ck_assert_int_eq(result_of(pair, 1), REPLICA_OK);
    struct attempt both[] = {attempt_of(9, -1), attempt_of(5, -1)};
    replica_pair_do(pair, 0, start_two, both);
    for (unsigned i = 0; i < 2; i++) {
        replica_pair_wait(pair, attempt_answered, &both[i]);
        ck_assert_int_eq(both[i].produce.result, REPLICA_OK);
        buf_unref(both[i].batch);
    }
    replica_pair_free(pair);
}
END_TEST

/* As if the follower had not been there when the others were asked. */
static void start_unasked(void *context, struct replica_host *host)
{
    struct attempt *a = context;
    replica_host_produce(host, &a->produce);
    ck_assert_int_eq(a->produce.place, PRODUCE_DOUBTED);
    struct stream *s = feed_find(host_find(host, REPLICA_PAIR_ID), 2)->live;
    s->doubt_wanted = s->doubt_settled;
}

START_TEST(who_joins_the_isr_while_others_are_asked_is_asked_too)
{
    struct replica_pair *pair = pair_led_by_the_first(71);
    ck_assert_int_eq(result_of(pair, 1), REPLICA_OK);
    struct attempt a = attempt_of(9, -1);
    replica_pair_do(pair, 0, start_unasked, &a);
    replica_pair_wait(pair, attempt_answered, &a);
    ck_assert_int_eq(a.produce.result, REPLICA_OUT_OF_ORDER);
    buf_unref(a.batch);
    replica_pair_free(pair);
}
END_TEST

START_TEST(a_repeated_batch_is_answered_with_its_first_offset)
{
    struct replica_pair *pair = pair_led_by_the_first(62);
    ck_assert_int_eq(result_of(pair, 1), REPLICA_OK);
    struct attempt first = answer_to(pair, 5, -1), again = answer_to(pair, 5, -1);
    ck_assert_int_eq(first.produce.result, REPLICA_OK);
    ck_assert(!first.produce.duplicate);
    ck_assert_int_eq(first.produce.base_offset, 4);
    ck_assert_int_eq(again.produce.result, REPLICA_OK);
    ck_assert(again.produce.duplicate);
    ck_assert_int_eq(again.produce.base_offset, 4);
    ck_assert_int_eq(log_end(replica_host_log(replica_pair_host(pair, 0), REPLICA_PAIR_ID)), 8);
    replica_pair_free(pair);
}
END_TEST

/* A client that changed leaders has had more of them in flight than are remembered. */
START_TEST(a_repeated_batch_whose_place_is_forgotten_is_a_duplicate)
{
    struct replica_pair *pair = pair_led_by_the_first(71);
    for (uint64_t tag = 1; tag < 30; tag += 4)
        ck_assert_int_eq(result_of(pair, tag), REPLICA_OK);
    struct attempt again = answer_to(pair, 1, -1);
    ck_assert_int_eq(again.produce.result, REPLICA_DUPLICATE);
    ck_assert_int_eq(again.produce.base_offset, -1);
    ck_assert_int_eq(log_end(replica_host_log(replica_pair_host(pair, 0), REPLICA_PAIR_ID)), 32);
    replica_pair_free(pair);
}
END_TEST

START_TEST(acks_zero_and_one_are_answered_without_the_follower)
{
    struct replica_pair *pair = pair_led_by_the_first(63);
    replica_pair_kill(pair, 1);
    ck_assert_int_eq(answer_to(pair, 1, 0).produce.result, REPLICA_OK);
    ck_assert_int_eq(answer_to(pair, 5, 1).produce.result, REPLICA_OK);
    ck_assert_uint_eq(pair->state.isr_count, 2); /* sooner than it leaves the ISR */
    struct replica_view view;
    ck_assert(replica_host_look(replica_pair_host(pair, 0), REPLICA_PAIR_ID, &view));
    ck_assert_int_eq(view.synced_end, 8);
    ck_assert_int_eq(view.high_watermark, 0);
    replica_pair_free(pair);
}
END_TEST

START_TEST(too_few_in_sync_refuse_acks_all_and_append_nothing)
{
    struct replica_pair *pair = replica_pair_new(64, &sim_weather_calm);
    pair->state.min_isr = 3; /* more than there are */
    replica_pair_lead_first(pair, 1);
    replica_pair_wait_for_leader(pair, 1);
    ck_assert_int_eq(result_of(pair, 1), REPLICA_NOT_ENOUGH);
    ck_assert_int_eq(log_end(replica_host_log(replica_pair_host(pair, 0), REPLICA_PAIR_ID)), 0);
    replica_pair_free(pair);
}
END_TEST

/* Its first attempt was committed: refused now, it might be forgotten before it comes again. */
START_TEST(too_few_in_sync_do_not_refuse_what_is_there)
{
    struct replica_pair *pair = pair_led_by_the_first(57);
    ck_assert_int_eq(result_of(pair, 1), REPLICA_OK);
    pair->state.min_isr = 3;
    replica_pair_elect(pair, 1);
    sim_world_run(pair->world, sim_now_ns(pair->world) + SIM_SECOND);
    replica_pair_wait_for_leader(pair, 1);
    ck_assert_int_eq(result_of(pair, 5), REPLICA_NOT_ENOUGH);
    struct attempt again = answer_to(pair, 1, -1);
    ck_assert_int_eq(again.produce.result, REPLICA_OK);
    ck_assert_int_eq(again.produce.base_offset, 0);
    replica_pair_free(pair);
}
END_TEST

START_TEST(a_partition_without_an_order_is_unknown)
{
    struct replica_pair *pair = pair_led_by_the_first(65);
    struct attempt a = attempt_of(1, -1);
    a.produce.id.number = 7;
    replica_pair_do(pair, 0, start_attempt, &a);
    replica_pair_wait(pair, attempt_answered, &a);
    ck_assert_int_eq(a.produce.result, REPLICA_UNKNOWN);
    buf_unref(a.batch);
    replica_pair_free(pair);
}
END_TEST

static void start_and_cancel(void *context, struct replica_host *host)
{
    struct attempt *a = context;
    replica_host_produce(host, &a->produce);
    replica_host_produce_cancel(host, &a->produce);
    replica_host_produce_cancel(host, &a->produce); /* harmless */
}

START_TEST(a_cancelled_waiter_is_not_answered_and_its_batch_stays)
{
    struct replica_pair *pair = pair_led_by_the_first(66);
    struct attempt a = attempt_of(1, -1);
    replica_pair_do(pair, 0, start_and_cancel, &a);
    ck_assert_int_eq(result_of(pair, 5), REPLICA_OK); /* what follows it is committed after it */
    ck_assert_uint_eq(a.answers, 0);
    ck_assert_int_eq(log_end(replica_host_log(replica_pair_host(pair, 0), REPLICA_PAIR_ID)), 8);
    buf_unref(a.batch);
    a = attempt_of(13, -1); /* 9 is missing */
    replica_pair_do(pair, 0, start_and_cancel, &a);
    ck_assert_int_eq(result_of(pair, 9), REPLICA_OK);
    ck_assert_uint_eq(a.answers, 0);
    buf_unref(a.batch);
    replica_pair_free(pair);
}
END_TEST

static bool nobody_is_remembered(void *context)
{
    struct replica_pair *pair = context;
    uint32_t count = 0;
    for (unsigned i = 0; i < REPLICA_PAIR; i++) {
        struct log *log = replica_host_log(replica_pair_host(pair, i), REPLICA_PAIR_ID);
        count += log ? producer_state_count(log_producers(log)) : 0;
    }
    return count == 0;
}

/* Or each that ever wrote would stay for as long as the process lives. */
START_TEST(producers_that_write_no_more_are_forgotten)
{
    struct replica_pair *pair = pair_led_by_the_first(61);
    ck_assert_int_eq(result_of(pair, 1), REPLICA_OK);
    ck_assert(!nobody_is_remembered(pair));
    uint64_t until_ns = sim_now_ns(pair->world) + 1200 * SIM_SECOND;
    ck_assert(sim_world_run_until(pair->world, until_ns, nobody_is_remembered, pair));
    replica_pair_free(pair);
}
END_TEST

SUITE_MAIN("replica produce", what_follows_a_refused_batch_is_refused_for_its_reason,
           the_first_of_the_refused_batches_goes_first, a_refused_batch_is_waited_for_a_while_only,
           a_deposed_leader_that_is_not_told_calls_nothing_out_of_order,
           a_leader_that_was_just_cut_off_calls_nothing_out_of_order,
           a_new_leader_calls_nothing_out_of_order_for_a_while,
           what_seemed_out_of_order_is_taken_when_what_was_missing_comes,
           who_joins_the_isr_while_others_are_asked_is_asked_too,
           a_repeated_batch_is_answered_with_its_first_offset,
           a_repeated_batch_whose_place_is_forgotten_is_a_duplicate,
           acks_zero_and_one_are_answered_without_the_follower,
           too_few_in_sync_refuse_acks_all_and_append_nothing,
           too_few_in_sync_do_not_refuse_what_is_there, a_partition_without_an_order_is_unknown,
           a_cancelled_waiter_is_not_answered_and_its_batch_stays,
           producers_that_write_no_more_are_forgotten)
