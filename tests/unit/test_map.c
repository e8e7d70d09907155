/* SPDX-License-Identifier: Apache-2.0 */
#include "common/map.h"

#include "tests/lib/suite.h"

static struct view key_of(uint32_t *number)
{
    return (struct view){(const uint8_t *)number, sizeof *number};
}

START_TEST(test_put_get_replace_remove)
{
    struct map m = MAP_INIT;
    int a = 1, b = 2;
    ck_assert_ptr_null(map_get(&m, view_of("x")));
    ck_assert_ptr_null(map_remove(&m, view_of("x")));
    ck_assert_ptr_null(map_put(&m, view_of("x"), &a));
    ck_assert_ptr_null(map_put(&m, view_of(""), &b));
    ck_assert_ptr_eq(map_get(&m, view_of("x")), &a);
    ck_assert_ptr_eq(map_get(&m, VIEW_NULL), &b);
    ck_assert_ptr_eq(map_put(&m, view_of("x"), &b), &a);
    ck_assert_uint_eq(m.count, 2);
    ck_assert_ptr_eq(map_remove(&m, view_of("x")), &b);
    ck_assert_ptr_null(map_get(&m, view_of("x")));
    ck_assert_uint_eq(m.count, 1);
    map_deinit(&m);
    ck_assert_uint_eq(m.count, 0);
}
END_TEST

START_TEST(test_keys_are_copied)
{
    struct map m = MAP_INIT;
    char key[] = "topic";
    map_put(&m, view_of(key), key);
    key[0] = 'x';
    ck_assert_ptr_eq(map_get(&m, VIEW_LITERAL("topic")), key);
    ck_assert_ptr_null(map_get(&m, view_of(key)));
    map_deinit(&m);
}
END_TEST

/* Against a plain array, over many puts and removals in a fixed random order. */
START_TEST(test_agrees_with_an_array)
{
    enum {
        KEYS = 700
    };
    static int values[KEYS];
    static bool there[KEYS];
    struct map m = MAP_INIT;
    uint32_t seed = 1, count = 0;
    for (int round = 0; round < 60000; round++) {
        seed = seed * 1664525u + 1013904223u;
        uint32_t k = (seed >> 8) % KEYS;
        if (seed >> 31) {
            ck_assert_ptr_eq(map_put(&m, key_of(&k), &values[k]), there[k] ? &values[k] : NULL);
            count += !there[k];
            there[k] = true;
        } else {
            ck_assert_ptr_eq(map_remove(&m, key_of(&k)), there[k] ? &values[k] : NULL);
            count -= there[k];
            there[k] = false;
        }
        ck_assert_uint_eq(m.count, count);
    }
    for (uint32_t k = 0; k < KEYS; k++)
        ck_assert_ptr_eq(map_get(&m, key_of(&k)), there[k] ? &values[k] : NULL);
    map_deinit(&m);
}
END_TEST

START_TEST(test_iterates_in_insertion_order_also_across_growth)
{
    struct map m = MAP_INIT;
    static uint32_t numbers[1000];
    for (uint32_t i = 0; i < 1000; i++) {
        numbers[i] = i * 2654435761u;
        map_put(&m, key_of(&numbers[i]), &numbers[i]);
        if (i % 3 == 2)
            map_remove(&m, key_of(&numbers[i - 1]));
    }
    uint32_t at = 0, expected = 0;
    struct map_entry entry;
    while (map_next(&m, &at, &entry)) {
        if (expected % 3 == 1 && expected < 999)
            expected++;
        ck_assert_ptr_eq(entry.value, &numbers[expected]);
        ck_assert_uint_eq(entry.key.size, 4);
        ck_assert_mem_eq(entry.key.base, &numbers[expected], 4);
        expected++;
    }
    ck_assert_uint_eq(expected, 1000);
    map_deinit(&m);
}
END_TEST

START_TEST(test_removing_the_entry_just_given)
{
    struct map m = MAP_INIT;
    static uint32_t numbers[100];
    for (uint32_t i = 0; i < 100; i++) {
        numbers[i] = i;
        map_put(&m, key_of(&numbers[i]), &numbers[i]);
    }
    uint32_t seen = 0, at = 0;
    struct map_entry entry;
    while (map_next(&m, &at, &entry)) {
        ck_assert_ptr_eq(entry.value, &numbers[seen]);
        map_remove(&m, key_of(&numbers[seen]));
        seen++;
    }
    ck_assert_uint_eq(seen, 100);
    ck_assert_uint_eq(m.count, 0);
    map_deinit(&m);
}
END_TEST

START_TEST(test_keys_that_come_and_go_do_not_make_it_grow)
{
    struct map m = MAP_INIT;
    int value;
    for (uint32_t i = 0; i < 100000; i++) {
        map_put(&m, key_of(&i), &value);
        if (i >= 20) {
            uint32_t old = i - 20;
            ck_assert_ptr_nonnull(map_remove(&m, key_of(&old)));
        }
    }
    ck_assert_uint_le(m.node_capacity, 64);
    map_deinit(&m);
}
END_TEST

SUITE_MAIN("map", test_put_get_replace_remove, test_keys_are_copied, test_agrees_with_an_array,
           test_iterates_in_insertion_order_also_across_growth, test_removing_the_entry_just_given,
           test_keys_that_come_and_go_do_not_make_it_grow)
