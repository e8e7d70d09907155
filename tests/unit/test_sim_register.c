/* SPDX-License-Identifier: Apache-2.0 */
/* The check of registers by histories whose answer is known: each wrong one is found, none of the
 * right ones is. */
#include "tests/lib/suite.h"
#include "tests/sim/sim_register.h"

static struct sim_register r; /* each test runs in a process of its own */

START_TEST(test_reads_see_the_last_write)
{
    sim_register_init(&r);
    ck_assert_ptr_null(sim_register_read(&r, 0, 1, 2));
    sim_register_begin(&r, 1, 3);
    ck_assert_ptr_null(sim_register_acked(&r, 1, 5));
    ck_assert_ptr_null(sim_register_read(&r, 1, 6, 7));
    sim_register_begin(&r, 4, 8);
    ck_assert_ptr_null(sim_register_read(&r, 1, 9, 10)); /* while another is under way */
    ck_assert_ptr_null(sim_register_acked(&r, 4, 12));
    ck_assert_ptr_null(sim_register_read(&r, 1, 11, 14)); /* asked before it was acknowledged */
    ck_assert_ptr_null(sim_register_read(&r, 4, 15, 16));
    sim_register_deinit(&r);
}
END_TEST

START_TEST(test_a_lost_write_is_found)
{
    sim_register_init(&r);
    sim_register_begin(&r, 1, 1);
    ck_assert_ptr_null(sim_register_acked(&r, 1, 2));
    ck_assert_ptr_nonnull(sim_register_read(&r, 0, 3, 4));
    sim_register_deinit(&r);
}
END_TEST

START_TEST(test_an_older_value_is_found)
{
    sim_register_init(&r);
    for (uint64_t value = 1; value <= 2; value++) {
        sim_register_begin(&r, value, 10 * value);
        ck_assert_ptr_null(sim_register_acked(&r, value, 10 * value + 1));
    }
    ck_assert_ptr_nonnull(sim_register_read(&r, 1, 30, 31));
    sim_register_deinit(&r);
}
END_TEST

START_TEST(test_an_unknown_write_may_be_there_or_not)
{
    sim_register_init(&r);
    sim_register_begin(&r, 1, 1);
    sim_register_begin(&r, 2, 2);
    ck_assert_ptr_null(sim_register_read(&r, 0, 3, 4));
    ck_assert_ptr_null(sim_register_read(&r, 2, 5, 6));
    ck_assert_ptr_null(sim_register_read(&r, 1, 7, 8)); /* the other one came late */
    ck_assert_ptr_nonnull(sim_register_read(&r, 2, 9, 10));
    sim_register_deinit(&r);
}
END_TEST

START_TEST(test_what_was_read_does_not_go_away)
{
    sim_register_init(&r);
    sim_register_begin(&r, 1, 1);
    ck_assert_ptr_null(sim_register_read(&r, 1, 2, 3));
    ck_assert_ptr_nonnull(sim_register_read(&r, 0, 4, 5));
    sim_register_deinit(&r);
}
END_TEST

START_TEST(test_a_refused_write_is_never_read)
{
    sim_register_init(&r);
    sim_register_begin(&r, 1, 1);
    sim_register_begin(&r, 2, 1);
    ck_assert_ptr_null(sim_register_refused(&r, 1));
    ck_assert_ptr_nonnull(sim_register_read(&r, 1, 2, 3));
    ck_assert_ptr_null(sim_register_read(&r, 2, 2, 3));
    ck_assert_ptr_nonnull(sim_register_refused(&r, 2));
    sim_register_deinit(&r);
}
END_TEST

START_TEST(test_values_out_of_nowhere)
{
    sim_register_init(&r);
    sim_register_begin(&r, 3, 10);
    ck_assert_ptr_nonnull(sim_register_read(&r, 2, 11, 12));
    ck_assert_ptr_nonnull(sim_register_read(&r, 3, 1, 9)); /* before it was written */
    sim_register_deinit(&r);
}
END_TEST

SUITE_MAIN("sim_register", test_reads_see_the_last_write, test_a_lost_write_is_found,
           test_an_older_value_is_found, test_an_unknown_write_may_be_there_or_not,
           test_what_was_read_does_not_go_away, test_a_refused_write_is_never_read,
           test_values_out_of_nowhere)
