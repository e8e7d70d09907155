/* SPDX-License-Identifier: Apache-2.0 */
/* What bounds the last stable offset: transactions that are open, or ended above the high
 * watermark. */
#include "broker/log/open_txns.h"
#include "tests/lib/suite.h"

START_TEST(without_transactions_everything_is_stable)
{
    struct open_txns t = OPEN_TXNS_INIT;
    ck_assert_int_eq(open_txns_first_unstable(&t), -1);
    open_txns_advance(&t, 100);
    ck_assert_int_eq(open_txns_first_unstable(&t), -1);
    open_txns_deinit(&t);
}
END_TEST

START_TEST(the_earliest_open_transaction_bounds)
{
    struct open_txns t = OPEN_TXNS_INIT;
    open_txns_begin(&t, 7, 10);
    open_txns_begin(&t, 8, 20);
    open_txns_advance(&t, 1000);
    ck_assert_int_eq(open_txns_first_unstable(&t), 10);
    ck_assert_int_eq(open_txns_complete(&t, 8, 30), 10); /* the other one is still open */
    ck_assert_int_eq(open_txns_complete(&t, 7, 40), 41);
    open_txns_deinit(&t);
}
END_TEST

START_TEST(a_transaction_counts_until_its_marker_is_committed)
{
    struct open_txns t = OPEN_TXNS_INIT;
    open_txns_begin(&t, 7, 10);
    ck_assert_int_eq(open_txns_complete(&t, 7, 15), 16);
    open_txns_advance(&t, 15); /* the marker is not below it */
    ck_assert_int_eq(open_txns_first_unstable(&t), 10);
    open_txns_advance(&t, 16);
    ck_assert_int_eq(open_txns_first_unstable(&t), -1);
    open_txns_deinit(&t);
}
END_TEST

START_TEST(one_producers_transactions_follow_on_each_other)
{
    struct open_txns t = OPEN_TXNS_INIT;
    open_txns_begin(&t, 7, 10);
    ck_assert_int_eq(open_txns_complete(&t, 7, 15), 16);
    open_txns_begin(&t, 7, 16);
    open_txns_advance(&t, 16);
    ck_assert_int_eq(open_txns_first_unstable(&t), 16);
    ck_assert_int_eq(open_txns_complete(&t, 7, 20), 21);
    open_txns_deinit(&t);
}
END_TEST

/* A snapshot lists producers in the order in which they came, not in that of their offsets. */
START_TEST(entries_of_a_snapshot_are_put_in_order)
{
    struct open_txns t = OPEN_TXNS_INIT;
    open_txns_begin(&t, 7, 30);
    open_txns_begin(&t, 8, 10);
    open_txns_begin(&t, 9, 20);
    ck_assert_int_eq(open_txns_first_unstable(&t), 10);
    ck_assert_int_eq(open_txns_complete(&t, 8, 40), 20);
    open_txns_advance(&t, 41);
    ck_assert_int_eq(open_txns_first_unstable(&t), 20);
    ck_assert_int_eq(open_txns_complete(&t, 9, 50), 30);
    open_txns_clear(&t);
    ck_assert_int_eq(open_txns_first_unstable(&t), -1);
    open_txns_deinit(&t);
}
END_TEST

SUITE_MAIN("open transactions", without_transactions_everything_is_stable,
           the_earliest_open_transaction_bounds, a_transaction_counts_until_its_marker_is_committed,
           one_producers_transactions_follow_on_each_other, entries_of_a_snapshot_are_put_in_order)
