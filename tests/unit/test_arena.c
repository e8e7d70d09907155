/* SPDX-License-Identifier: Apache-2.0 */
#include "common/arena.h"

#include <stdalign.h>
#include <stdlib.h>

#include "common/memory.h"
#include "tests/lib/suite.h"

START_TEST(test_bytes_are_zeroed_aligned_and_apart)
{
    struct arena arena = ARENA_INIT;
    uint8_t *all[400];
    for (size_t i = 0; i < 400; i++) {
        size_t size = (i * 37) % 900;
        all[i] = arena_alloc(&arena, size);
        ck_assert_uint_eq((uintptr_t)all[i] % alignof(max_align_t), 0);
        for (size_t k = 0; k < size; k++)
            ck_assert_uint_eq(all[i][k], 0);
        memset(all[i], (int)(i & 255), size);
    }
    for (size_t i = 0; i < 400; i++)
        for (size_t k = 0; k < (i * 37) % 900; k++)
            ck_assert_uint_eq(all[i][k], i & 255);
    arena_reset(&arena);
    ck_assert_ptr_null(arena.first);
    ck_assert_uint_eq(arena.total, 0);
}
END_TEST

START_TEST(test_large_things_leave_the_open_block_in_use)
{
    struct arena arena = ARENA_INIT;
    uint8_t *small = arena_alloc(&arena, 16);
    uint8_t *large = arena_alloc(&arena, 1 << 20);
    uint8_t *next = arena_alloc(&arena, 16);
    ck_assert_ptr_eq(next, small + 16);
    memset(large, 1, 1 << 20);
    ck_assert_uint_eq(arena.total, (1 << 20) + 32);
    arena_reset(&arena);
    large = arena_alloc(&arena, 1 << 20);
    large[(1 << 20) - 1] = 1;
    memset(arena_alloc(&arena, 24), 1, 24);
    arena_reset(&arena);
}
END_TEST

START_TEST(test_copies_and_strings)
{
    struct arena arena = ARENA_INIT;
    char source[] = "broker";
    struct view copy = arena_copy(&arena, view_of(source));
    char *text = arena_string(&arena, (struct view){(const uint8_t *)source, 4});
    source[0] = 'x';
    ck_assert(view_equal(copy, VIEW_LITERAL("broker")));
    ck_assert_str_eq(text, "brok");
    ck_assert_str_eq(arena_string(&arena, VIEW_NULL), "");
    ck_assert_ptr_null(arena_copy(&arena, VIEW_NULL).base);
    ck_assert_ptr_nonnull(arena_copy(&arena, view_of("")).base);
    ck_assert_str_eq(arena_printf(&arena, "%s-%d", "topic", 7), "topic-7");
    int32_t *numbers = arena_array(&arena, 10, sizeof *numbers);
    ck_assert_int_eq(numbers[9], 0);
    arena_reset(&arena);
}
END_TEST

START_TEST(test_arrays_grow_by_doubling)
{
    size_t capacity = 0;
    int *items = NULL;
    for (int i = 0; i < 100; i++) {
        items = xgrow(items, &capacity, (size_t)i + 1, sizeof *items);
        items[i] = i;
    }
    ck_assert_uint_eq(capacity, 128);
    ck_assert_int_eq(items[0], 0);
    ck_assert_int_eq(items[63], 63);
    free(items);
    char *text = xasprintf("%s/%03d", "a", 5);
    ck_assert_str_eq(text, "a/005");
    free(text);
    text = xstrndup("partition", 4);
    ck_assert_str_eq(text, "part");
    free(text);
}
END_TEST

SUITE_MAIN("arena", test_bytes_are_zeroed_aligned_and_apart,
           test_large_things_leave_the_open_block_in_use, test_copies_and_strings,
           test_arrays_grow_by_doubling)
