/* SPDX-License-Identifier: Apache-2.0 */
/* The coordinators of a shard over a replica that the test plays: an answer waits for its record to
 * be committed; timers. */
#include <stdlib.h>
#include <string.h>

#include "broker/group/group_records.h"
#include "common/assert.h"
#include "proto/record_reader.h"
#include "tests/lib/group_host_rig.h"
#include "tests/lib/suite.h"

HOST_RIG_REPLICAS

START_TEST(test_commit_is_answered_when_committed)
{
    host_rig_init();
    host_rig_lead(1);
    struct group_request *r = host_rig_commit("g", "t", 5);
    ck_assert_int_eq(host_rig_outcome(r), 0);
    ck_assert_uint_eq(host_rig.producing_count, 1);
    ck_assert_int_eq(host_rig_fetched("g", "t"), -1);
    host_rig_settle(REPLICA_OK);
    ck_assert_int_eq(host_rig_commit_error(r), ERROR_NONE);
    ck_assert_int_eq(host_rig_fetched("g", "t"), 5);
    host_rig_deinit();
}
END_TEST

START_TEST(test_what_a_failed_append_is_called)
{
    static const struct {
        enum replica_result result;
        enum error_code told;
    } cases[] = {
        {REPLICA_NOT_ENOUGH, ERROR_COORDINATOR_NOT_AVAILABLE},
        {REPLICA_UNKNOWN, ERROR_COORDINATOR_NOT_AVAILABLE},
        {REPLICA_TOO_MANY, ERROR_COORDINATOR_NOT_AVAILABLE},
        {REPLICA_NOT_LEADER, ERROR_NOT_COORDINATOR},
        {REPLICA_STORAGE, ERROR_NOT_COORDINATOR},
        {REPLICA_CORRUPT, ERROR_UNKNOWN_SERVER_ERROR},
    };
    host_rig_init();
    host_rig_lead(1);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct group_request *r = host_rig_commit("g", "t", 5);
        host_rig_settle(cases[i].result);
        ck_assert_int_eq(host_rig_commit_error(r), cases[i].told);
    }
    ck_assert_int_eq(host_rig_fetched("g", "t"), -1);
    host_rig_deinit();
}
END_TEST

START_TEST(test_batch_that_the_topic_does_not_take)
{
    static char name[2500];
    host_rig_init();
    host_rig_lead(1);
    memset(name, 't', sizeof name - 1);
    ck_assert_int_eq(host_rig_commit_error(host_rig_commit("g", name, 5)),
                     ERROR_INVALID_COMMIT_OFFSET_SIZE);
    ck_assert_uint_eq(host_rig.producing_count, 0);
    host_rig_deinit();
}
END_TEST

START_TEST(test_append_that_takes_too_long)
{
    host_rig_init();
    host_rig_lead(1);
    struct group_request *first = host_rig_commit("g", "t", 5);
    host_rig_pass(3000);
    struct group_request *second = host_rig_commit("g", "t", 6);
    host_rig_pass(1999);
    ck_assert_int_eq(host_rig_outcome(first), 0);
    host_rig_pass(1);
    ck_assert_int_eq(host_rig_commit_error(first), ERROR_REQUEST_TIMED_OUT);
    ck_assert_int_eq(host_rig_outcome(second), 0);
    host_rig_pass(3000);
    ck_assert_int_eq(host_rig_commit_error(second), ERROR_REQUEST_TIMED_OUT);
    struct group_request *third = host_rig_commit("g", "t", 7); /* the timer begins anew */
    host_rig_pass(5000);
    ck_assert_int_eq(host_rig_commit_error(third), ERROR_REQUEST_TIMED_OUT);
    host_rig_settle(REPLICA_OK);
    ck_assert_int_eq(host_rig_fetched("g", "t"), 7);
    host_rig_deinit();
}
END_TEST

START_TEST(test_rebalance_by_timers)
{
    host_rig_init();
    host_rig_lead(1);
    struct group_request *one = host_rig_join("g", "");
    host_rig_pass(0);
    ck_assert_int_eq(host_rig_outcome(one), 1);
    ck_assert_int_eq(one->out.join.generation_id, 1);
    struct group_request *s = host_rig_sync_group("g", one->out.join.member_id, 1);
    ck_assert_int_eq(host_rig_outcome(s), 0);
    host_rig_settle(REPLICA_OK);
    ck_assert_int_eq(s->out.sync.error_code, ERROR_NONE);
    host_rig_pass(9999);
    ck_assert_uint_eq(host_rig.producing_count, 0);
    host_rig_pass(2);
    ck_assert_uint_eq(host_rig.producing_count, 1); /* the session is over: the group is empty */
    host_rig_settle(REPLICA_OK);
    struct list_groups_request q;
    struct arena arena = ARENA_INIT;
    uint32_t count;
    bool loading;
    list_groups_request_init(&q);
    struct list_groups_response_group *list =
        group_host_list(host_rig.shard.groups, &q, &arena, &count, &loading);
    ck_assert_uint_eq(count, 1);
    ck_assert(!loading);
    ck_assert(view_equal(list[0].group_state, VIEW_LITERAL("Empty")));
    arena_reset(&arena);
    host_rig_deinit();
}
END_TEST

START_TEST(test_blank_groups_do_not_stay)
{
    struct list_groups_request q;
    struct arena arena = ARENA_INIT;
    uint32_t count;
    bool loading;
    host_rig_init();
    host_rig_lead(1);
    struct group_request *r = host_rig_request(GROUP_JOIN, 9);
    join_group_request_init(&r->in.join);
    r->in.join.member_id = VIEW_LITERAL("");
    r->in.join.session_timeout_ms = 1; /* refused */
    group_host_serve(host_rig.shard.groups, host_rig.id, r);
    ck_assert_int_eq(r->out.join.error_code, ERROR_INVALID_SESSION_TIMEOUT);
    list_groups_request_init(&q);
    group_host_list(host_rig.shard.groups, &q, &arena, &count, &loading);
    ck_assert_uint_eq(count, 0);
    arena_reset(&arena);
    host_rig_deinit();
}
END_TEST

START_TEST(test_offsets_expire_by_the_clock)
{
    host_rig_init();
    host_rig_lead(1);
    host_rig_commit("g", "t", 5);
    host_rig_settle(REPLICA_OK);
    host_rig_pass(600000);
    ck_assert_uint_eq(host_rig.producing_count, 1);
    host_rig_settle(REPLICA_OK);
    ck_assert_int_eq(host_rig_fetched("g", "t"), -1);
    host_rig_commit("g", "t", 6);
    host_rig_settle(REPLICA_OK);
    host_rig_pass(600000); /* again and again */
    ck_assert_uint_eq(host_rig.producing_count, 1);
    host_rig_settle(REPLICA_OK);
    host_rig_deinit();
}
END_TEST

START_TEST(test_the_broker_ends)
{
    host_rig_init();
    host_rig_lead(1);
    struct group_request *c = host_rig_commit("g", "t", 5), *j = host_rig_join("h", "");
    group_host_free(host_rig.shard.groups);
    ck_assert_int_eq(host_rig_outcome(c), 2);
    ck_assert_int_eq(host_rig_outcome(j), 2);
    host_rig.shard.groups = group_host_new(&host_rig.shard);
    host_rig_deinit();
}
END_TEST

SUITE_MAIN("group_host", test_commit_is_answered_when_committed,
           test_what_a_failed_append_is_called, test_batch_that_the_topic_does_not_take,
           test_append_that_takes_too_long, test_rebalance_by_timers, test_blank_groups_do_not_stay,
           test_offsets_expire_by_the_clock, test_the_broker_ends)
