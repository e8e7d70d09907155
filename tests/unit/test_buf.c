/* SPDX-License-Identifier: Apache-2.0 */
#include "common/buf.h"

#include <pthread.h>

#include "tests/lib/suite.h"

START_TEST(test_account_is_charged_until_the_last_reference)
{
    struct account account = {.limit = 100};
    struct buf *b = buf_new(&account, 60);
    ck_assert_uint_eq(b->used, 0);
    ck_assert_int_eq(account.bytes, 60);
    ck_assert(!account_over(&account));
    struct buf *again = buf_ref(b);
    ck_assert_ptr_eq(again, b);
    struct buf *other = buf_copy(&account, "0123456789012345678901234567890123456789", 40);
    ck_assert(account_over(&account));
    buf_unref(b);
    ck_assert_int_eq(account.bytes, 100);
    buf_unref(again);
    ck_assert_int_eq(account.bytes, 40);
    buf_unref(other);
    ck_assert_int_eq(account.bytes, 0);
    buf_unref(NULL);
}
END_TEST

START_TEST(test_copy_holds_the_bytes)
{
    struct buf *b = buf_copy(NULL, "corduroy", 8);
    ck_assert_uint_eq(b->used, 8);
    ck_assert_uint_eq(b->size, 8);
    ck_assert_mem_eq(b->data, "corduroy", 8);
    struct piece piece = {.buf = b, .pos = 4, .size = 4};
    ck_assert_mem_eq(piece_bytes(&piece), "uroy", 4);
    buf_unref(b);
    struct buf *empty = buf_copy(NULL, NULL, 0);
    ck_assert_uint_eq(empty->used, 0);
    buf_unref(empty);
}
END_TEST

static void *take_and_drop(void *arg)
{
    for (int i = 0; i < 20000; i++)
        buf_unref(buf_ref(arg));
    buf_unref(arg);
    return NULL;
}

START_TEST(test_references_are_counted_across_threads)
{
    struct account account = {0};
    struct buf *b = buf_new(&account, 10);
    pthread_t threads[3];
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, take_and_drop, buf_ref(b)), 0);
    buf_unref(b);
    for (int i = 0; i < 3; i++)
        pthread_join(threads[i], NULL);
    ck_assert_int_eq(account.bytes, 0);
}
END_TEST

SUITE_MAIN("buf", test_account_is_charged_until_the_last_reference, test_copy_holds_the_bytes,
           test_references_are_counted_across_threads)
