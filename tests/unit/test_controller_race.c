/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/controller_rig.h"
#include "tests/lib/suite.h"

/* The race for /controller: one wins, the next takes over, an expired or deposed one knows it. */

START_TEST(first_broker_wins_and_is_let_in)
{
    struct rig *r = rig_new(1, 1);
    rig_trace_clear(r);
    rig_start_all(r);
    rig_expect(r, "1: state no-session -> contending\n"
                  "1: try epoch 1\n"
                  "1: won epoch 1\n"
                  "1: state contending -> loading\n"
                  "1: broker 1 absent -> starting\n"
                  "1: state loading -> active\n"
                  "1: read 1 brokers, 0 topics, 0 partitions\n"
                  "1: snapshot to broker 1: 1 items\n"
                  "1: inventory of broker 1: 0 exceptions\n"
                  "1: broker 1 starting -> admitting\n"
                  "1: broker 1 admitting -> entering\n"
                  "1: broker 1 entering -> in\n");
    rig_free(r);
}
END_TEST

START_TEST(three_brokers_and_a_topic)
{
    struct rig *r = rig_new(2, 3);
    rig_start_all(r);
    rig_create_ok(r, "t", 3, 3);
    for (int32_t p = 0; p < 3; p++) {
        struct rig_state s = rig_state(r, "t", p);
        ck_assert_int_eq(s.leader_epoch, 0);
        ck_assert_uint_eq(s.isr_count, 3);
        ck_assert(!s.is_new);
        ck_assert_int_eq(s.min_isr, 2);
        ck_assert_int_eq(s.version, 1);
    }
    rig_free(r);
}
END_TEST

SUITE_MAIN("controller_race", first_broker_wins_and_is_let_in, three_brokers_and_a_topic)
