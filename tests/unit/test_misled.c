/* SPDX-License-Identifier: Apache-2.0 */
/* Who counts as a client that goes on sending to the wrong broker. */
#include "broker/api/misled.h"
#include "tests/lib/suite.h"

#define MS UINT64_C(1000000)
#define START (1000 * MS)

static const struct partition_id one = {{{1}}, 0}, two = {{{1}}, 1};

/* Refused every 100 ms for so long; the time afterwards. */
static uint64_t refused_for(struct misled *m, token connection, struct partition_id id, uint64_t at,
                            uint64_t ms)
{
    for (uint64_t end = at + ms * MS; at <= end; at += 100 * MS)
        misled_refused(m, connection, id, at);
    return at;
}

START_TEST(test_who_goes_on_for_long_is_set_free_once)
{
    struct misled m = {0};
    uint64_t now = refused_for(&m, 7, one, START, MISLED_PATIENCE_MS - 200);
    ck_assert(!misled_set_free(&m, 7, one, now));
    now = refused_for(&m, 7, one, now, 300);
    ck_assert(!misled_set_free(&m, 8, one, now));
    ck_assert(!misled_set_free(&m, 7, two, now));
    ck_assert(misled_set_free(&m, 7, one, now));
    ck_assert(!misled_set_free(&m, 7, one, now));
    now = refused_for(&m, 7, one, now, MISLED_PATIENCE_MS - 200);
    ck_assert(!misled_set_free(&m, 7, one, now));
    now = refused_for(&m, 7, one, now, 300);
    ck_assert(misled_set_free(&m, 7, one, now));
}
END_TEST

START_TEST(test_who_has_turned_away_is_forgotten)
{
    struct misled m = {0};
    uint64_t now = refused_for(&m, 7, one, START, 2 * MISLED_PATIENCE_MS);
    now += (MISLED_QUIET_MS + 1) * MS;
    ck_assert(!misled_set_free(&m, 7, one, now));
    misled_refused(&m, 7, one, now);
    ck_assert(!misled_set_free(&m, 7, one, now));
}
END_TEST

/* More than there is room for: those that are noted have their time, then others. */
START_TEST(test_a_full_table_serves_all_in_the_end)
{
    struct misled m = {0};
    bool is_free[2 * MISLED_MAX] = {false};
    unsigned left = 2 * MISLED_MAX;
    uint64_t now = START;
    for (unsigned rounds = 0; left > 0; rounds++, now += 100 * MS) {
        ck_assert_uint_lt(rounds, 200);
        for (unsigned i = 0; i < 2 * MISLED_MAX; i++) {
            if (is_free[i])
                continue;
            misled_refused(&m, i + 1, one, now);
            is_free[i] = misled_set_free(&m, i + 1, one, now);
            left -= is_free[i];
        }
    }
}
END_TEST

START_TEST(test_a_connection_that_is_gone_is_not_noted)
{
    struct misled m = {0};
    uint64_t now = refused_for(&m, 0, one, START, 2 * MISLED_PATIENCE_MS);
    ck_assert(!misled_set_free(&m, 0, one, now));
}
END_TEST

SUITE_MAIN("misled", test_who_goes_on_for_long_is_set_free_once,
           test_who_has_turned_away_is_forgotten, test_a_full_table_serves_all_in_the_end,
           test_a_connection_that_is_gone_is_not_noted)
