/* SPDX-License-Identifier: Apache-2.0 */
#include "common/world_timers.h"

#include "tests/lib/suite.h"

START_TEST(test_by_time_then_by_order_of_setting)
{
    struct world_timers t = {0};
    world_timers_set(&t, 1, 30);
    world_timers_set(&t, 2, 10);
    world_timers_set(&t, 3, 20);
    world_timers_set(&t, 4, 10);
    ck_assert_uint_eq(world_timers_next_ns(&t), 10);
    ck_assert_uint_eq(world_timers_pop(&t, 9), 0);
    ck_assert_uint_eq(world_timers_pop(&t, 100), 2);
    ck_assert_uint_eq(world_timers_pop(&t, 100), 4);
    ck_assert_uint_eq(world_timers_pop(&t, 100), 3);
    ck_assert_uint_eq(world_timers_pop(&t, 29), 0);
    ck_assert_uint_eq(world_timers_pop(&t, 30), 1);
    ck_assert_uint_eq(world_timers_pop(&t, 100), 0);
    ck_assert_uint_eq(world_timers_next_ns(&t), 0);
    world_timers_deinit(&t);
}
END_TEST

START_TEST(test_replace_and_cancel)
{
    struct world_timers t = {0};
    world_timers_set(&t, 1, 10);
    world_timers_set(&t, 2, 20);
    world_timers_set(&t, 1, 30);
    world_timers_set(&t, 3, 5);
    world_timers_set(&t, 3, 0);
    world_timers_set(&t, 9, 0);
    ck_assert_uint_eq(t.count, 2);
    ck_assert_uint_eq(world_timers_pop(&t, 25), 2);
    ck_assert_uint_eq(world_timers_pop(&t, 25), 0);
    ck_assert_uint_eq(world_timers_next_ns(&t), 30);
    world_timers_deinit(&t);
}
END_TEST

/* Against a plain table, in a fixed random order. */
START_TEST(test_agrees_with_a_table)
{
    enum {
        NAMES = 200
    };
    uint64_t at_ns[NAMES + 1] = {0}, now_ns = 1;
    struct world_timers t = {0};
    uint32_t seed = 3;
    for (int round = 0; round < 20000; round++) {
        seed = seed * 1664525u + 1013904223u;
        token name = (seed >> 8) % NAMES + 1;
        unsigned what = seed >> 29;
        if (what < 5) {
            at_ns[name] = now_ns + (seed >> 4) % 1000;
            world_timers_set(&t, name, at_ns[name]);
        } else if (what == 5) {
            at_ns[name] = 0;
            world_timers_set(&t, name, 0);
        } else {
            now_ns += 10;
            uint64_t before = 0;
            while ((name = world_timers_pop(&t, now_ns))) {
                ck_assert_uint_ne(at_ns[name], 0);
                ck_assert_uint_le(at_ns[name], now_ns);
                ck_assert_uint_ge(at_ns[name], before);
                before = at_ns[name];
                at_ns[name] = 0;
            }
            for (int i = 1; i <= NAMES; i++)
                ck_assert(at_ns[i] == 0 || at_ns[i] > now_ns);
        }
    }
    world_timers_deinit(&t);
}
END_TEST

SUITE_MAIN("world_timers", test_by_time_then_by_order_of_setting, test_replace_and_cancel,
           test_agrees_with_a_table)
