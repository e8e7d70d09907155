/* SPDX-License-Identifier: Apache-2.0 */
/* What a leader pushes reaches its follower whole and in order, whichever stream it goes by. */
#include "tests/lib/replica_pair.h"
#include "tests/lib/suite.h"

/* Little on its way at a time, and late. */
static struct sim_weather narrow_weather(void)
{
    struct sim_weather weather = sim_weather_calm;
    weather.window_min = weather.window_max = 64 << 10;
    weather.net = (struct sim_delay){2 * SIM_MS, 4 * SIM_MS, 0, 0};
    return weather;
}

START_TEST(everything_pushed_live_arrives)
{
    struct replica_pair *pair = replica_pair_new(1, &sim_weather_calm);
    replica_pair_lead_first(pair, 1);
    replica_pair_produce(pair, 60);
    ck_assert_uint_eq(pair->acknowledged, 60);
    replica_pair_wait_in_step(pair);
    replica_pair_check_same(pair);
    replica_pair_free(pair);
}
END_TEST

START_TEST(an_overflowing_follower_is_caught_up_from_the_log)
{
    for (uint64_t seed = 2; seed < 5; seed++) {
        struct sim_weather weather = narrow_weather();
        struct replica_pair *pair = replica_pair_new(seed, &weather);
        replica_pair_lead_first(pair, 1);
        replica_pair_produce(pair, 1);
        replica_pair_wait_in_step(pair); /* the stream is live */
        replica_pair_produce(pair, 300); /* 30 MB, through 64 KiB each few ms */
        ck_assert_uint_eq(pair->acknowledged, 301);
        ck_assert_uint_gt(pair->leaving_seen, 0);
        ck_assert_uint_gt(pair->behind_seen, 0);
        replica_pair_wait_in_step(pair);
        replica_pair_check_same(pair);
        replica_pair_produce(pair, 10); /* and live again */
        ck_assert_uint_eq(pair->acknowledged, 311);
        replica_pair_free(pair);
    }
}
END_TEST

START_TEST(a_follower_that_was_away_catches_up_while_others_produce)
{
    for (uint64_t seed = 20; seed < 25; seed++) {
        struct replica_pair *pair = replica_pair_new(seed, &sim_weather_calm);
        replica_pair_lead_first(pair, 1);
        replica_pair_produce(pair, 20);
        replica_pair_kill(pair, 1);
        replica_pair_produce(pair, 100); /* answered once it has left the ISR */
        ck_assert_uint_eq(pair->state.isr_count, 1);
        replica_pair_start(pair, 1);
        replica_pair_produce(pair, 100);
        replica_pair_wait_in_step(pair);
        ck_assert_uint_gt(pair->behind_seen, 0);
        ck_assert_uint_eq(pair->acknowledged, 220);
        replica_pair_check_same(pair);
        replica_pair_elect(pair, 2);
        replica_pair_produce(pair, 20);
        replica_pair_wait_in_step(pair);
        ck_assert_uint_eq(pair->acknowledged, 240);
        replica_pair_free(pair);
    }
}
END_TEST

START_TEST(broken_streams_are_opened_again)
{
    for (uint64_t seed = 40; seed < 45; seed++) {
        struct replica_pair *pair = replica_pair_new(seed, &sim_weather_calm);
        replica_pair_lead_first(pair, 1);
        pair->to_produce = 150;
        for (unsigned i = 0; i < 30; i++) {
            sim_world_run(pair->world, sim_now_ns(pair->world) + 20 * SIM_MS);
            sim_link_break(pair->hosts[0], pair->hosts[1], true, true);
        }
        replica_pair_produce(pair, 0);
        ck_assert_uint_eq(pair->acknowledged, 150);
        replica_pair_wait_in_step(pair);
        replica_pair_check_same(pair);
        replica_pair_free(pair);
    }
}
END_TEST

static void set_tail_limit(void *context, struct replica_host *host)
{
    log_dir_tail(host->config.dirs[0])->limit = *(int64_t *)context;
}

static void see_start_of_stream(void *context, struct replica_host *host)
{
    *(uint64_t *)context = host->streams[0]->started_ns;
}

/* Memory for what is not in place yet is full, for longer than anybody waits for a silent peer. The
 * follower reads nothing, pings included, and is neither dropped nor cut off as long as min_isr
 * needs it. (Two that lead for each other cannot block each other: leaders always read what their
 * followers acknowledge, and memory is given back by the disk alone.) */
START_TEST(a_follower_without_memory_is_waited_for)
{
    struct replica_pair *pair = replica_pair_new(60, &sim_weather_calm);
    int64_t none = -1, plenty = INT64_C(64) << 20;
    uint64_t before = 0, after = 0;
    pair->state.min_isr = 2;
    replica_pair_lead_first(pair, 1);
    replica_pair_produce(pair, 5);
    replica_pair_wait_in_step(pair);
    replica_pair_do(pair, 0, see_start_of_stream, &before);
    replica_pair_do(pair, 1, set_tail_limit, &none);
    sim_world_run(pair->world, sim_now_ns(pair->world) + 100 * SIM_MS);
    pair->to_produce += 20;
    sim_world_run(pair->world, sim_now_ns(pair->world) + 25 * SIM_SECOND);
    ck_assert_uint_eq(pair->state.isr_count, 2);
    ck_assert_uint_lt(pair->acknowledged, 25);
    replica_pair_do(pair, 1, set_tail_limit, &plenty);
    replica_pair_produce(pair, 0);
    replica_pair_wait_in_step(pair);
    replica_pair_do(pair, 0, see_start_of_stream, &after);
    ck_assert_uint_eq(before, after);
    ck_assert_uint_eq(pair->acknowledged, 25);
    replica_pair_free(pair);
}
END_TEST

START_TEST(a_follower_without_memory_leaves_where_enough_remain)
{
    struct replica_pair *pair = replica_pair_new(61, &sim_weather_calm);
    int64_t none = -1, plenty = INT64_C(64) << 20;
    replica_pair_lead_first(pair, 1);
    replica_pair_produce(pair, 5);
    replica_pair_wait_in_step(pair);
    replica_pair_do(pair, 1, set_tail_limit, &none);
    sim_world_run(pair->world, sim_now_ns(pair->world) + 100 * SIM_MS);
    pair->to_produce += 20;
    sim_world_run(pair->world, sim_now_ns(pair->world) + 4 * SIM_SECOND);
    ck_assert_uint_eq(pair->state.isr_count, 1);
    ck_assert_uint_eq(pair->acknowledged, 25);
    replica_pair_do(pair, 1, set_tail_limit, &plenty);
    replica_pair_wait_in_step(pair);
    replica_pair_free(pair);
}
END_TEST

SUITE_MAIN("replica streams", everything_pushed_live_arrives,
           an_overflowing_follower_is_caught_up_from_the_log,
           a_follower_that_was_away_catches_up_while_others_produce,
           broken_streams_are_opened_again, a_follower_without_memory_is_waited_for,
           a_follower_without_memory_leaves_where_enough_remain)
