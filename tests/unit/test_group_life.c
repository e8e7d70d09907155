/* SPDX-License-Identifier: Apache-2.0 */
/* The life of a generation: sync, heartbeats, leaving, sessions; and what every request is told in
 * every state. */
#include <stdio.h>
#include <string.h>

#include "broker/group/group_records.h"
#include "common/assert.h"
#include "proto/record_reader.h"
#include "tests/lib/group_bench.h"
#include "tests/lib/suite.h"
#include "tests/lib/view_check.h"

static struct group_bench b;

/* The only record of an append as it will be read again. */
static struct group_record only_record(const struct group_append *append, struct arena *arena)
{
    const struct record_batch_options options = RECORD_BATCH_OPTIONS_INIT;
    struct record_builder copy = append->records;
    struct record_batch batch;
    struct record_reader reader;
    struct record record;
    struct group_record ret;
    ck_assert_int_eq(record_batch_parse(record_builder_finish(&copy, &options), &batch), 0);
    ck_assert_int_eq(record_reader_init(&reader, &batch), 0);
    ck_assert_int_eq(record_reader_next(&reader, &record), 0);
    group_record_parse(record.key, record.value, arena, &ret);
    return ret;
}

/* Two members that have joined and not synced. */
static void join_two(char ids[2][128])
{
    struct group_talk *talks[2];
    group_bench_init(&b);
    for (int i = 0; i < 2; i++) {
        talks[i] = group_bench_newcomer(&b);
        snprintf(ids[i], 128, "%s", talks[i]->id);
    }
    group_bench_pass(&b, 0);
    ck_assert_int_eq(b.group->state, GROUP_COMPLETING);
    ck_assert(view_equal(b.group->leader->id, view_of(ids[0])));
}

START_TEST(test_assignment_is_told_when_it_is_committed)
{
    char ids[2][128], all[300];
    join_two(ids);
    struct group_talk *two = group_bench_sync(&b, ids[1], 1, "");
    snprintf(all, sizeof all, "%s=one", ids[0]);
    struct group_talk *one = group_bench_sync(&b, ids[0], 1, all);
    ck_assert(!one->answered && !two->answered);
    ck_assert_uint_eq(b.under_way_count, 1);
    ck_assert_int_eq(b.group->state, GROUP_COMPLETING);
    group_bench_settle(&b, ERROR_NONE);
    ck_assert(one->answered && two->answered);
    ck_assert_int_eq(b.group->state, GROUP_STABLE);
    ck_assert_view(SYNCED(one).assignment, "one");
    ck_assert_uint_eq(SYNCED(two).assignment.size, 0); /* the leader gave it nothing */
    ck_assert_view(SYNCED(two).protocol_name, "range");
    ck_assert_view(SYNCED(two).protocol_type, "consumer");
    group_bench_deinit(&b);
}
END_TEST

START_TEST(test_what_is_stored_of_a_generation)
{
    char ids[2][128], all[300];
    struct arena arena = ARENA_INIT;
    join_two(ids);
    snprintf(all, sizeof all, "%s=one %s=two", ids[0], ids[1]);
    group_bench_sync(&b, ids[0], 1, all);
    ck_assert_uint_eq(b.under_way_count, 1);
    struct group_record r = only_record(b.under_way[0], &arena);
    ck_assert_int_eq(r.kind, GROUP_RECORD_METADATA);
    ck_assert_view(r.group, "g");
    ck_assert_int_eq(r.value.metadata.generation, 1);
    ck_assert_view(r.value.metadata.protocol, "range");
    ck_assert(view_equal(r.value.metadata.leader, view_of(ids[0])));
    ck_assert_int_eq(r.value.metadata.current_state_timestamp, b.now.wall_ms);
    ck_assert_uint_eq(r.value.metadata.members_count, 2);
    const struct group_metadata_value_member *m = &r.value.metadata.members[1];
    ck_assert(view_equal(m->member_id, view_of(ids[1])));
    ck_assert_ptr_null(m->group_instance_id.base);
    ck_assert_view(m->client_id, "c");
    ck_assert_view(m->client_host, "/127.0.0.1");
    ck_assert_int_eq(m->session_timeout, 10000);
    ck_assert_int_eq(m->rebalance_timeout, 30000);
    ck_assert_view(m->subscription, "range");
    ck_assert_view(m->assignment, "two");
    arena_reset(&arena);
    group_bench_deinit(&b);
}
END_TEST

START_TEST(test_late_sync_gets_the_assignment_that_stands)
{
    char ids[2][128], all[300];
    join_two(ids);
    snprintf(all, sizeof all, "%s=one %s=two", ids[0], ids[1]);
    group_bench_sync(&b, ids[0], 1, all);
    group_bench_settle(&b, ERROR_NONE);
    struct group_talk *two = group_bench_sync(&b, ids[1], 1, "");
    ck_assert(two->answered);
    ck_assert_view(SYNCED(two).assignment, "two");
    ck_assert_uint_eq(b.under_way_count, 0);
    group_bench_deinit(&b);
}
END_TEST

START_TEST(test_syncs_that_do_not_fit)
{
    char ids[2][128];
    join_two(ids);
    ck_assert_int_eq(SYNCED(group_bench_sync(&b, ids[0], 0, "")).error_code,
                     ERROR_ILLEGAL_GENERATION);
    ck_assert_int_eq(SYNCED(group_bench_sync(&b, "stranger", 1, "")).error_code,
                     ERROR_UNKNOWN_MEMBER_ID);
    struct group_talk *t = group_bench_talk(&b, GROUP_SYNC, 5);
    sync_group_request_init(&t->request.in.sync);
    t->request.in.sync.member_id = view_of(ids[0]);
    t->request.in.sync.generation_id = 99;
    group_bench_ask(&b, t); /* no protocol named: that is said first */
    ck_assert_int_eq(SYNCED(t).error_code, ERROR_INCONSISTENT_GROUP_PROTOCOL);
    t->answered = false;
    t->request.in.sync.generation_id = 1;
    t->request.in.sync.protocol_type = VIEW_LITERAL("connect");
    t->request.in.sync.protocol_name = VIEW_LITERAL("range");
    group_bench_ask(&b, t);
    ck_assert_int_eq(SYNCED(t).error_code, ERROR_INCONSISTENT_GROUP_PROTOCOL);
    ck_assert_int_eq(b.group->state, GROUP_COMPLETING);
    group_bench_deinit(&b);
}
END_TEST

START_TEST(test_assignment_that_cannot_be_stored)
{
    static const struct {
        enum error_code append, told;
    } cases[] = {
        {ERROR_NOT_ENOUGH_REPLICAS, ERROR_COORDINATOR_NOT_AVAILABLE},
        {ERROR_UNKNOWN_TOPIC_OR_PARTITION, ERROR_COORDINATOR_NOT_AVAILABLE},
        {ERROR_NOT_LEADER_OR_FOLLOWER, ERROR_NOT_COORDINATOR},
        {ERROR_KAFKA_STORAGE_ERROR, ERROR_NOT_COORDINATOR},
        {ERROR_MESSAGE_TOO_LARGE, ERROR_UNKNOWN_SERVER_ERROR},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char ids[2][128];
        join_two(ids);
        struct group_talk *two = group_bench_sync(&b, ids[1], 1, "");
        struct group_talk *one = group_bench_sync(&b, ids[0], 1, "");
        group_bench_settle(&b, cases[i].append);
        ck_assert_int_eq(SYNCED(one).error_code, cases[i].told);
        ck_assert_int_eq(SYNCED(two).error_code, cases[i].told);
        ck_assert_int_eq(b.group->state, GROUP_PREPARING);
        group_bench_deinit(&b);
    }
}
END_TEST

START_TEST(test_assignment_that_takes_too_long)
{
    char ids[2][128];
    struct group_actions actions;
    join_two(ids);
    struct group_talk *one = group_bench_sync(&b, ids[0], 1, "");
    group_actions_init(&actions);
    group_appended(b.group, b.under_way[0], ERROR_REQUEST_TIMED_OUT, -1, b.now, &actions);
    actions.answered->answered(actions.answered);
    ck_assert(one->answered);
    ck_assert_int_eq(SYNCED(one).error_code, ERROR_REBALANCE_IN_PROGRESS);
    ck_assert_int_eq(b.group->state, GROUP_PREPARING);
    group_bench_settle(&b, ERROR_NONE); /* it was committed after all: a generation ago */
    ck_assert_int_eq(b.group->state, GROUP_PREPARING);
    group_bench_deinit(&b);
}
END_TEST

START_TEST(test_join_overtakes_the_assignment)
{
    char ids[2][128], all[300];
    join_two(ids);
    snprintf(all, sizeof all, "%s=old %s=old", ids[0], ids[1]);
    struct group_talk *one = group_bench_sync(&b, ids[0], 1, all);
    struct group_joiner who = GROUP_JOINER;
    who.id = ids[1];
    who.mark = "other topics";
    group_bench_join(&b, who);
    ck_assert(one->answered);
    ck_assert_int_eq(SYNCED(one).error_code, ERROR_REBALANCE_IN_PROGRESS);
    who.id = ids[0];
    group_bench_join(&b, who);
    ck_assert_int_eq(b.group->generation, 2);
    group_bench_settle(&b, ERROR_NONE); /* of generation 1 */
    ck_assert_int_eq(b.group->state, GROUP_COMPLETING);
    struct group_talk *sync = group_bench_sync(&b, ids[1], 2, "");
    ck_assert(!sync->answered);
    group_bench_deinit(&b);
}
END_TEST

START_TEST(test_leader_that_syncs_twice_is_stored_once)
{
    char ids[2][128], all[300];
    join_two(ids);
    snprintf(all, sizeof all, "%s=first", ids[0]);
    struct group_talk *one = group_bench_sync(&b, ids[0], 1, all);
    struct group_talk *again = group_bench_sync(&b, ids[0], 1, "");
    ck_assert_int_eq(SYNCED(one).error_code, ERROR_REBALANCE_IN_PROGRESS);
    ck_assert_uint_eq(b.under_way_count, 1);
    group_bench_settle(&b, ERROR_NONE);
    ck_assert_view(SYNCED(again).assignment, "first");
    group_bench_deinit(&b);
}
END_TEST

START_TEST(test_members_that_never_sync_are_out)
{
    char ids[2][128];
    join_two(ids);
    group_bench_sync(&b, ids[0], 1, "");
    group_bench_settle(&b, ERROR_NONE);
    for (int i = 0; i < 6; i++) {
        ck_assert_int_eq(group_bench_heartbeat(&b, ids[0], 1), ERROR_NONE);
        ck_assert_int_eq(group_bench_heartbeat(&b, ids[1], 1), ERROR_NONE);
        group_bench_pass(&b, 5000);
    }
    ck_assert_int_eq(group_bench_heartbeat(&b, ids[1], 1), ERROR_UNKNOWN_MEMBER_ID);
    ck_assert_int_eq(group_bench_heartbeat(&b, ids[0], 1), ERROR_REBALANCE_IN_PROGRESS);
    group_bench_deinit(&b);
}
END_TEST

START_TEST(test_session_ends_without_heartbeats)
{
    char ids[2][128];
    group_bench_init(&b);
    group_bench_stable(&b, 2, ids);
    for (int i = 0; i < 2; i++) {
        group_bench_pass(&b, 4500);
        ck_assert_int_eq(group_bench_heartbeat(&b, ids[0], 1), ERROR_NONE);
    }
    group_bench_pass(&b, 999);
    ck_assert_int_eq(b.group->state, GROUP_STABLE);
    group_bench_pass(&b, 1);
    ck_assert_int_eq(b.group->state, GROUP_PREPARING);
    ck_assert_int_eq(group_bench_heartbeat(&b, ids[1], 1), ERROR_UNKNOWN_MEMBER_ID);
    group_bench_deinit(&b);
}
END_TEST

START_TEST(test_a_commit_is_a_sign_of_life)
{
    char ids[1][128];
    group_bench_init(&b);
    group_bench_stable(&b, 1, ids);
    for (int i = 0; i < 5; i++) {
        group_bench_pass(&b, 9000);
        group_bench_commit(&b, ids[0], 1, "t", 0, i);
        group_bench_settle(&b, ERROR_NONE);
    }
    ck_assert_int_eq(b.group->state, GROUP_STABLE);
    group_bench_deinit(&b);
}
END_TEST

START_TEST(test_last_member_leaves)
{
    char ids[1][128];
    struct arena arena = ARENA_INIT;
    group_bench_init(&b);
    group_bench_stable(&b, 1, ids);
    ck_assert_int_eq(group_bench_leave(&b, ids[0], NULL), ERROR_NONE);
    ck_assert_int_eq(b.group->state, GROUP_EMPTY);
    ck_assert_int_eq(b.group->generation, 2);
    ck_assert_uint_eq(b.under_way_count, 1); /* that it is empty is stored */
    struct group_record r = only_record(b.under_way[0], &arena);
    ck_assert_int_eq(r.value.metadata.generation, 2);
    ck_assert_view(r.value.metadata.protocol_type, "consumer");
    ck_assert_ptr_null(r.value.metadata.protocol.base);
    ck_assert_ptr_null(r.value.metadata.leader.base);
    ck_assert_uint_eq(r.value.metadata.members_count, 0);
    arena_reset(&arena);
    ck_assert_int_eq(group_bench_leave(&b, ids[0], NULL), ERROR_UNKNOWN_MEMBER_ID);
    group_bench_settle(&b, ERROR_NONE);
    /* The next generation goes on from there. */
    struct group_talk *t = group_bench_newcomer(&b);
    group_bench_pass(&b, 0);
    ck_assert_int_eq(JOINED(t).generation_id, 3);
    group_bench_deinit(&b);
}
END_TEST

START_TEST(test_one_of_two_leaves)
{
    char ids[2][128];
    group_bench_init(&b);
    group_bench_stable(&b, 2, ids);
    ck_assert_int_eq(group_bench_leave(&b, ids[0], NULL), ERROR_NONE);
    ck_assert_int_eq(b.group->state, GROUP_PREPARING);
    struct group_joiner who = GROUP_JOINER;
    who.id = ids[1];
    struct group_talk *t = group_bench_join(&b, who);
    ck_assert(t->answered);
    ck_assert(view_equal(JOINED(t).leader, view_of(ids[1])));
    group_bench_deinit(&b);
}
END_TEST

START_TEST(test_leaving_ends_the_wait_of_the_others)
{
    char ids[2][128];
    group_bench_init(&b);
    group_bench_stable(&b, 2, ids);
    struct group_joiner who = GROUP_JOINER;
    who.id = ids[0];
    struct group_talk *t = group_bench_join(&b, who);
    ck_assert(!t->answered);
    group_bench_leave(&b, ids[1], NULL);
    ck_assert(t->answered);
    ck_assert_uint_eq(JOINED(t).members_count, 1);
    group_bench_deinit(&b);
}
END_TEST

START_TEST(test_administrator_removes_by_instance_id)
{
    group_bench_init(&b);
    struct group_joiner who = GROUP_JOINER;
    who.instance = "i1";
    struct group_talk *t = group_bench_join(&b, who);
    group_bench_pass(&b, 0);
    ck_assert_int_eq(JOINED(t).error_code, ERROR_NONE);
    ck_assert_int_eq(group_bench_leave(&b, "", "i2"), ERROR_UNKNOWN_MEMBER_ID);
    ck_assert_int_eq(group_bench_leave(&b, "", "i1"), ERROR_NONE);
    ck_assert_int_eq(b.group->state, GROUP_EMPTY);
    group_bench_deinit(&b);
}
END_TEST

START_TEST(test_old_leave_names_one_member)
{
    char ids[1][128];
    group_bench_init(&b);
    group_bench_stable(&b, 1, ids);
    struct group_talk *t = group_bench_talk(&b, GROUP_LEAVE, 1);
    leave_group_request_init(&t->request.in.leave);
    t->request.in.leave.member_id = VIEW_LITERAL("stranger");
    group_bench_ask(&b, t);
    ck_assert_int_eq(t->request.out.leave.error_code, ERROR_UNKNOWN_MEMBER_ID);
    t->answered = false;
    t->request.in.leave.member_id = view_of(ids[0]);
    group_bench_ask(&b, t);
    ck_assert_int_eq(t->request.out.leave.error_code, ERROR_NONE);
    ck_assert_int_eq(b.group->state, GROUP_EMPTY);
    group_bench_deinit(&b);
}
END_TEST

/* ---- every request in every state ---- */
static void reach(enum group_state state, char ids[2][128])
{
    struct group_actions actions;
    group_bench_init(&b);
    if (state == GROUP_EMPTY)
        return;
    if (state == GROUP_COMPLETING) {
        group_bench_deinit(&b);
        join_two(ids);
        return;
    }
    group_bench_stable(&b, 2, ids);
    if (state == GROUP_PREPARING) {
        group_bench_newcomer(&b);
    } else if (state == GROUP_DEAD) {
        group_actions_init(&actions);
        group_unload(b.group, b.now, &actions);
    }
    ck_assert_int_eq(b.group->state, state);
}

/* What a member of the current generation is told, then what a stranger is. */
struct expected {
    int sync, heartbeat, commit, leave, join;
    int stranger_heartbeat, stranger_commit;
};
#define WAITS (-100)
static const struct expected expected[GROUP_STATES] = {
    [GROUP_EMPTY] = {ERROR_UNKNOWN_MEMBER_ID, ERROR_UNKNOWN_MEMBER_ID, ERROR_UNKNOWN_MEMBER_ID,
                     ERROR_UNKNOWN_MEMBER_ID, ERROR_UNKNOWN_MEMBER_ID, ERROR_UNKNOWN_MEMBER_ID,
                     WAITS},
    [GROUP_PREPARING] = {ERROR_REBALANCE_IN_PROGRESS, ERROR_REBALANCE_IN_PROGRESS, WAITS,
                         ERROR_NONE, WAITS, ERROR_UNKNOWN_MEMBER_ID, ERROR_UNKNOWN_MEMBER_ID},
    [GROUP_COMPLETING] = {WAITS, ERROR_NONE, ERROR_REBALANCE_IN_PROGRESS, ERROR_NONE, ERROR_NONE,
                          ERROR_UNKNOWN_MEMBER_ID, ERROR_UNKNOWN_MEMBER_ID},
    [GROUP_STABLE] = {ERROR_NONE, ERROR_NONE, WAITS, ERROR_NONE, ERROR_NONE,
                      ERROR_UNKNOWN_MEMBER_ID, ERROR_UNKNOWN_MEMBER_ID},
};

static int sync_in(enum group_state state, const char *id)
{
    struct group_talk *t = group_bench_sync(&b, id, 1, "");
    (void)state;
    return t->answered ? SYNCED(t).error_code : WAITS;
}

static int commit_in(const char *id, int32_t generation)
{
    struct group_talk *t = group_bench_commit(&b, id, generation, "t", 0, 5);
    return t->answered ? group_commit_error(t) : WAITS;
}

static int join_in(const char *id)
{
    struct group_joiner who = GROUP_JOINER;
    who.id = id;
    struct group_talk *t = group_bench_join(&b, who);
    return t->answered ? JOINED(t).error_code : WAITS;
}

START_TEST(test_every_request_in_every_state)
{
    for (enum group_state s = GROUP_EMPTY; s < GROUP_DEAD; s++) {
        const struct expected *x = &expected[s];
        char ids[2][128] = {"nobody", "nobody"};
        for (int which = 0; which < 7; which++) {
            reach(s, ids);
            const char *id = ids[1];
            int got = which == 0   ? sync_in(s, id)
                      : which == 1 ? group_bench_heartbeat(&b, id, 1)
                      : which == 2 ? commit_in(id, 1)
                      : which == 3 ? group_bench_leave(&b, id, NULL)
                      : which == 4 ? join_in(id)
                      : which == 5 ? group_bench_heartbeat(&b, "stranger", 1)
                                   : commit_in("", -1);
            int want = (const int[]){x->sync, x->heartbeat,          x->commit,         x->leave,
                                     x->join, x->stranger_heartbeat, x->stranger_commit}[which];
            ck_assert_msg(got == want, "state %s, request %d: %d, not %d", group_state_name(s),
                          which, got, want);
            group_bench_deinit(&b);
        }
    }
}
END_TEST

START_TEST(test_dead_group_says_so)
{
    char ids[2][128];
    reach(GROUP_DEAD, ids);
    ck_assert_int_eq(sync_in(GROUP_DEAD, ids[0]), ERROR_COORDINATOR_NOT_AVAILABLE);
    ck_assert_int_eq(group_bench_heartbeat(&b, ids[0], 1), ERROR_COORDINATOR_NOT_AVAILABLE);
    ck_assert_int_eq(commit_in(ids[0], 1), ERROR_COORDINATOR_NOT_AVAILABLE);
    ck_assert_int_eq(join_in(ids[0]), ERROR_COORDINATOR_NOT_AVAILABLE);
    ck_assert_int_eq(group_bench_fetch(&b, "t", 0), -1);
    group_bench_deinit(&b);
}
END_TEST

START_TEST(test_wrong_generation_in_every_state)
{
    for (enum group_state s = GROUP_PREPARING; s < GROUP_DEAD; s++) {
        char ids[2][128];
        reach(s, ids);
        ck_assert_int_eq(group_bench_heartbeat(&b, ids[1], 7), ERROR_ILLEGAL_GENERATION);
        ck_assert_int_eq(commit_in(ids[1], 7), ERROR_ILLEGAL_GENERATION);
        group_bench_deinit(&b);
    }
}
END_TEST

START_TEST(test_unloading_tells_everyone)
{
    char ids[2][128];
    struct group_actions actions;
    group_bench_init(&b);
    group_bench_stable(&b, 2, ids);
    struct group_talk *commit = group_bench_commit(&b, ids[0], 1, "t", 0, 5);
    struct group_joiner who = GROUP_JOINER;
    who.id = ids[0];
    struct group_talk *join = group_bench_join(&b, who);
    group_actions_init(&actions);
    group_unload(b.group, b.now, &actions);
    ck_assert_ptr_eq(actions.answered, &join->request);
    join->request.answered(&join->request);
    ck_assert_int_eq(JOINED(join).error_code, ERROR_NOT_COORDINATOR);
    group_bench_settle(&b, ERROR_NOT_LEADER_OR_FOLLOWER);
    ck_assert_int_eq(group_commit_error(commit), ERROR_NOT_COORDINATOR);
    group_bench_deinit(&b);
}
END_TEST

START_TEST(test_moves_are_those_of_the_protocol)
{
    static const enum group_state allowed[][2] = {
        {GROUP_EMPTY, GROUP_PREPARING},      {GROUP_EMPTY, GROUP_DEAD},
        {GROUP_PREPARING, GROUP_COMPLETING}, {GROUP_PREPARING, GROUP_EMPTY},
        {GROUP_PREPARING, GROUP_DEAD},       {GROUP_COMPLETING, GROUP_STABLE},
        {GROUP_COMPLETING, GROUP_PREPARING}, {GROUP_COMPLETING, GROUP_DEAD},
        {GROUP_STABLE, GROUP_PREPARING},     {GROUP_STABLE, GROUP_DEAD},
    };
    unsigned count = 0;
    for (enum group_state from = GROUP_EMPTY; from < GROUP_STATES; from++)
        for (enum group_state to = GROUP_EMPTY; to < GROUP_STATES; to++)
            count += group_state_may_move(from, to);
    ck_assert_uint_eq(count, COUNT_OF(allowed));
    for (size_t i = 0; i < COUNT_OF(allowed); i++)
        ck_assert(group_state_may_move(allowed[i][0], allowed[i][1]));
}
END_TEST

START_TEST(test_describing)
{
    char ids[2][128];
    group_bench_init(&b);
    group_bench_stable(&b, 2, ids);
    struct group_talk *t = group_bench_talk(&b, GROUP_DESCRIBE, 5);
    t->request.in.describe_operations = true;
    group_bench_ask(&b, t);
    const struct describe_groups_response_group *d = &t->request.out.describe;
    ck_assert_view(d->group_state, "Stable");
    ck_assert_view(d->protocol_type, "consumer");
    ck_assert_view(d->protocol_data, "range");
    ck_assert_int_eq(d->authorized_operations, 328);
    ck_assert_uint_eq(d->members_count, 2);
    ck_assert(view_equal(d->members[1].member_id, view_of(ids[1])));
    ck_assert_view(d->members[1].member_metadata, "range");
    ck_assert_view(d->members[1].member_assignment, "part1");
    ck_assert_view(d->members[1].client_host, "/127.0.0.1");
    group_bench_newcomer(&b);
    struct group_talk *moving = group_bench_talk(&b, GROUP_DESCRIBE, 5);
    group_bench_ask(&b, moving);
    d = &moving->request.out.describe;
    ck_assert_view(d->group_state, "PreparingRebalance");
    ck_assert_uint_eq(d->protocol_data.size, 0);
    ck_assert_uint_eq(d->members_count, 3);
    ck_assert_uint_eq(d->members[0].member_assignment.size, 0);
    ck_assert_int_eq(d->authorized_operations, INT32_MIN);
    group_bench_deinit(&b);
}
END_TEST

START_TEST(test_listing)
{
    static const struct view states[] = {{(const uint8_t *)"EMPTY", 5}};
    static const struct view types[] = {{(const uint8_t *)"consumer", 8}};
    struct list_groups_request q;
    char ids[1][128];
    group_bench_init(&b);
    list_groups_request_init(&q);
    ck_assert(group_matches(b.group, &q));
    q.states_filter = states;
    q.states_filter_count = 1;
    ck_assert(group_matches(b.group, &q));
    group_bench_stable(&b, 1, ids);
    ck_assert(!group_matches(b.group, &q));
    q.states_filter_count = 0;
    q.types_filter = types;
    q.types_filter_count = 1;
    ck_assert(!group_matches(b.group, &q));
    struct list_groups_response_group l = group_listing(b.group);
    ck_assert_view(l.group_id, "g");
    ck_assert_view(l.group_state, "Stable");
    ck_assert_view(l.group_type, "classic");
    group_bench_deinit(&b);
}
END_TEST

SUITE_MAIN("group_life", test_assignment_is_told_when_it_is_committed,
           test_what_is_stored_of_a_generation, test_late_sync_gets_the_assignment_that_stands,
           test_syncs_that_do_not_fit, test_assignment_that_cannot_be_stored,
           test_assignment_that_takes_too_long, test_join_overtakes_the_assignment,
           test_leader_that_syncs_twice_is_stored_once, test_members_that_never_sync_are_out,
           test_session_ends_without_heartbeats, test_a_commit_is_a_sign_of_life,
           test_last_member_leaves, test_one_of_two_leaves,
           test_leaving_ends_the_wait_of_the_others, test_administrator_removes_by_instance_id,
           test_old_leave_names_one_member, test_every_request_in_every_state,
           test_dead_group_says_so, test_wrong_generation_in_every_state,
           test_unloading_tells_everyone, test_moves_are_those_of_the_protocol, test_describing,
           test_listing)
