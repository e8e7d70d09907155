/* SPDX-License-Identifier: Apache-2.0 */
#include "common/token_map.h"
#include "tests/lib/suite.h"

static int values[1000];

START_TEST(an_empty_map_has_nothing)
{
    struct token_map m = {0};
    ck_assert_ptr_null(token_map_get(&m, 1));
    ck_assert_ptr_null(token_map_remove(&m, 1));
    token_map_deinit(&m);
}
END_TEST

START_TEST(what_was_put_is_found_until_it_is_removed)
{
    struct token_map m = {0};
    for (token t = 1; t <= 1000; t++)
        token_map_put(&m, t, &values[t - 1]);
    ck_assert_uint_eq(m.count, 1000);
    for (token t = 1; t <= 1000; t++)
        ck_assert_ptr_eq(token_map_get(&m, t), &values[t - 1]);
    for (token t = 1; t <= 1000; t += 2)
        ck_assert_ptr_eq(token_map_remove(&m, t), &values[t - 1]);
    ck_assert_uint_eq(m.count, 500);
    for (token t = 1; t <= 1000; t++)
        ck_assert_ptr_eq(token_map_get(&m, t), t % 2 ? NULL : (void *)&values[t - 1]);
    ck_assert_ptr_null(token_map_remove(&m, 1));
    token_map_deinit(&m);
}
END_TEST

/* Tokens of the world have bit 63 set, and count up as those of a shard do. */
START_TEST(tokens_of_world_and_shard_do_not_meet)
{
    struct token_map m = {0};
    for (token t = 1; t <= 100; t++) {
        token_map_put(&m, t, &values[t]);
        token_map_put(&m, t | TOKEN_OF_WORLD, &values[t + 100]);
    }
    for (token t = 1; t <= 100; t++) {
        ck_assert_ptr_eq(token_map_get(&m, t), &values[t]);
        ck_assert_ptr_eq(token_map_remove(&m, t | TOKEN_OF_WORLD), &values[t + 100]);
        ck_assert_ptr_eq(token_map_get(&m, t), &values[t]);
    }
    token_map_deinit(&m);
}
END_TEST

/* Removal moves what stands behind the hole: nothing may be lost whatever the order. */
START_TEST(every_order_of_removal_keeps_the_rest)
{
    for (unsigned step = 1; step < 97; step++) {
        struct token_map m = {0};
        bool there[97] = {false};
        for (token t = 1; t < 97; t++) {
            token_map_put(&m, t * 7919, &values[t]);
            there[t] = true;
        }
        for (unsigned i = 1; i < 97; i++) {
            token gone = (token)i * step % 97; /* 97 is a prime: each comes once */
            ck_assert_ptr_eq(token_map_remove(&m, gone * 7919), &values[gone]);
            there[gone] = false;
            for (token t = 1; t < 97; t++)
                ck_assert_ptr_eq(token_map_get(&m, t * 7919), there[t] ? &values[t] : NULL);
        }
        ck_assert_uint_eq(m.count, 0);
        token_map_deinit(&m);
    }
}
END_TEST

SUITE_MAIN("token map", an_empty_map_has_nothing, what_was_put_is_found_until_it_is_removed,
           tokens_of_world_and_shard_do_not_meet, every_order_of_removal_keeps_the_rest)
