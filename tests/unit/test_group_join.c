/* SPDX-License-Identifier: Apache-2.0 */
/* How members come into a generation: joins, votes, static members, who is late. */
#include <stdio.h>
#include <string.h>

#include "tests/lib/group_bench.h"
#include "tests/lib/suite.h"
#include "tests/lib/view_check.h"

static struct group_bench b;

static struct group_talk *rejoin(const char *id, const char *mark)
{
    struct group_joiner who = GROUP_JOINER;
    who.id = id;
    who.mark = mark;
    return group_bench_join(&b, who);
}

static struct group_talk *join_static(const char *id, const char *instance, int16_t version)
{
    struct group_joiner who = GROUP_JOINER;
    who.id = id;
    who.instance = instance;
    who.version = version;
    return group_bench_join(&b, who);
}

START_TEST(test_first_member_leads_the_first_generation)
{
    group_bench_init(&b);
    struct group_talk *t = group_bench_newcomer(&b);
    ck_assert(!t->answered);
    ck_assert_int_eq(b.group->state, GROUP_PREPARING);
    group_bench_pass(&b, 0);
    ck_assert_int_eq(b.group->state, GROUP_COMPLETING);
    ck_assert_int_eq(JOINED(t).error_code, ERROR_NONE);
    ck_assert_int_eq(JOINED(t).generation_id, 1);
    ck_assert_view(JOINED(t).protocol_type, "consumer");
    ck_assert_view(JOINED(t).protocol_name, "range");
    ck_assert(view_equal(JOINED(t).leader, JOINED(t).member_id));
    ck_assert_uint_eq(JOINED(t).members_count, 1);
    ck_assert_view(JOINED(t).members[0].metadata, "range");
    ck_assert(!JOINED(t).skip_assignment);
    ck_assert_uint_eq(b.under_way_count, 0); /* nothing is written before the assignment */
    group_bench_deinit(&b);
}
END_TEST

START_TEST(test_member_id_is_client_id_and_a_random_uuid)
{
    group_bench_init(&b);
    struct group_joiner who = GROUP_JOINER;
    who.client = "reader";
    struct group_talk *t = group_bench_join(&b, who);
    ck_assert_int_eq(JOINED(t).error_code, ERROR_MEMBER_ID_REQUIRED);
    ck_assert_uint_eq(strlen(t->id), strlen("reader-") + 36);
    ck_assert(strncmp(t->id, "reader-", 7) == 0);
    ck_assert(t->id[7 + 14] == '4' && strchr("89ab", t->id[7 + 19]));
    ck_assert_int_eq(b.group->state, GROUP_EMPTY);
    /* It must fit into a string of the protocol, with what is added to it. */
    static char large[32700];
    memset(large, 'x', sizeof large - 1);
    who.client = large;
    ck_assert_uint_lt(JOINED(group_bench_join(&b, who)).member_id.size, 2000);
    group_bench_deinit(&b);
}
END_TEST

START_TEST(test_before_version_4_a_member_joins_at_once)
{
    group_bench_init(&b);
    struct group_joiner who = GROUP_JOINER;
    who.version = 3;
    struct group_talk *t = group_bench_join(&b, who);
    group_bench_pass(&b, 0);
    ck_assert(t->answered);
    ck_assert_int_eq(JOINED(t).error_code, ERROR_NONE);
    group_bench_deinit(&b);
}
END_TEST

START_TEST(test_id_that_is_not_used_is_forgotten)
{
    group_bench_init(&b);
    struct group_talk *t = group_bench_join(&b, GROUP_JOINER);
    group_bench_pass(&b, 10001);
    ck_assert_int_eq(JOINED(rejoin(t->id, "")).error_code, ERROR_UNKNOWN_MEMBER_ID);
    group_bench_deinit(&b);
}
END_TEST

START_TEST(test_initial_delay_gathers_members)
{
    group_bench_init(&b);
    b.config.rebalance_delay_ms = 3000;
    struct group_talk *first = group_bench_newcomer(&b);
    group_bench_pass(&b, 2900);
    struct group_talk *second = group_bench_newcomer(&b); /* so the delay begins again */
    group_bench_pass(&b, 200);
    ck_assert(!first->answered && !second->answered);
    group_bench_pass(&b, 2700);
    ck_assert(!first->answered);
    group_bench_pass(&b, 300);
    ck_assert(first->answered && second->answered);
    ck_assert_int_eq(JOINED(first).generation_id, 1);
    ck_assert_uint_eq(JOINED(first).members_count, 2);
    ck_assert_uint_eq(JOINED(second).members_count, 0);
    group_bench_deinit(&b);
}
END_TEST

START_TEST(test_initial_delay_ends_with_the_rebalance_timeout)
{
    group_bench_init(&b);
    b.config.rebalance_delay_ms = 3000;
    struct group_joiner who = GROUP_JOINER;
    who.version = 3;
    who.rebalance_ms = 4000;
    struct group_talk *first = group_bench_join(&b, who);
    for (int i = 0; i < 3; i++) {
        ck_assert(!first->answered);
        group_bench_pass(&b, 1500);
        group_bench_join(&b, who);
    }
    ck_assert(first->answered);
    group_bench_deinit(&b);
}
END_TEST

START_TEST(test_newcomer_makes_everyone_join_again)
{
    char ids[2][128];
    group_bench_init(&b);
    group_bench_stable(&b, 2, ids);
    struct group_talk *third = group_bench_newcomer(&b);
    ck_assert_int_eq(b.group->state, GROUP_PREPARING);
    ck_assert_int_eq(group_bench_heartbeat(&b, ids[0], 1), ERROR_REBALANCE_IN_PROGRESS);
    struct group_talk *one = rejoin(ids[0], ""), *two = rejoin(ids[1], "");
    ck_assert(one->answered && two->answered && third->answered);
    ck_assert_int_eq(JOINED(third).generation_id, 2);
    ck_assert_uint_eq(JOINED(one).members_count, 3);
    group_bench_deinit(&b);
}
END_TEST

START_TEST(test_who_does_not_come_back_in_time_is_out)
{
    char ids[2][128];
    group_bench_init(&b);
    group_bench_stable(&b, 2, ids);
    struct group_talk *one = rejoin(ids[0], "");
    ck_assert(!one->answered);
    for (int i = 0; i < 5; i++) {
        group_bench_pass(&b, 5000);
        ck_assert_int_eq(group_bench_heartbeat(&b, ids[1], 1), ERROR_REBALANCE_IN_PROGRESS);
    }
    group_bench_pass(&b, 5000); /* 30 s, though it has sent heartbeats */
    ck_assert(one->answered);
    ck_assert_uint_eq(JOINED(one).members_count, 1);
    ck_assert_int_eq(group_bench_heartbeat(&b, ids[1], 1), ERROR_UNKNOWN_MEMBER_ID);
    group_bench_deinit(&b);
}
END_TEST

START_TEST(test_another_leads_when_the_leader_is_late)
{
    char ids[2][128];
    group_bench_init(&b);
    group_bench_stable(&b, 2, ids);
    struct group_talk *two = rejoin(ids[1], "new");
    for (int i = 0; i < 6; i++) {
        ck_assert(!two->answered);
        group_bench_heartbeat(&b, ids[0], 1);
        group_bench_pass(&b, 5000);
    }
    ck_assert(two->answered);
    ck_assert(view_equal(JOINED(two).leader, view_of(ids[1])));
    ck_assert_uint_eq(JOINED(two).members_count, 1);
    ck_assert_view(JOINED(two).members[0].metadata, "rangenew");
    group_bench_deinit(&b);
}
END_TEST

START_TEST(test_join_again_with_the_same_topics)
{
    char ids[2][128];
    group_bench_init(&b);
    group_bench_stable(&b, 2, ids);
    struct group_talk *follower = rejoin(ids[1], "");
    ck_assert(follower->answered);
    ck_assert_int_eq(JOINED(follower).generation_id, 1);
    ck_assert_int_eq(b.group->state, GROUP_STABLE);
    struct group_talk *leader = rejoin(ids[0], "");
    ck_assert(!leader->answered);
    ck_assert_int_eq(b.group->state, GROUP_PREPARING);
    group_bench_deinit(&b);
}
END_TEST

START_TEST(test_lost_answer_is_repeated)
{
    group_bench_init(&b);
    struct group_talk *first = group_bench_newcomer(&b);
    group_bench_pass(&b, 0);
    struct group_talk *again = rejoin(first->id, "");
    ck_assert(again->answered);
    ck_assert_int_eq(JOINED(again).generation_id, 1);
    ck_assert_uint_eq(JOINED(again).members_count, 1);
    struct group_talk *changed = rejoin(first->id, "other");
    ck_assert_int_eq(JOINED(changed).generation_id, 2);
    group_bench_deinit(&b);
}
END_TEST

START_TEST(test_join_twice_answers_both)
{
    char ids[2][128];
    group_bench_init(&b);
    group_bench_stable(&b, 2, ids);
    struct group_talk *one = rejoin(ids[0], "x");
    struct group_talk *again = rejoin(ids[0], "x");
    ck_assert(one->answered && !again->answered);
    ck_assert_int_eq(JOINED(one).error_code, ERROR_REBALANCE_IN_PROGRESS);
    rejoin(ids[1], "x");
    ck_assert_int_eq(JOINED(again).error_code, ERROR_NONE);
    group_bench_deinit(&b);
}
END_TEST

START_TEST(test_protocol_that_most_members_prefer_is_chosen)
{
    static const char *const wishes[] = {"a b c", "c b", "b c"};
    struct group_talk *talks[3];
    group_bench_init(&b);
    for (int i = 0; i < 3; i++) {
        struct group_joiner who = GROUP_JOINER;
        who.version = 3;
        who.protocols = wishes[i];
        talks[i] = group_bench_join(&b, who);
    }
    group_bench_pass(&b, 0);
    for (int i = 0; i < 3; i++)
        ck_assert_view(JOINED(talks[i]).protocol_name, "b");
    ck_assert_view(JOINED(talks[0]).members[2].metadata, "b");
    group_bench_deinit(&b);
}
END_TEST

START_TEST(test_requests_that_do_not_fit)
{
    char ids[1][128];
    group_bench_init(&b);
    struct group_joiner who = GROUP_JOINER;
    who.session_ms = 5999;
    ck_assert_int_eq(JOINED(group_bench_join(&b, who)).error_code, ERROR_INVALID_SESSION_TIMEOUT);
    who.session_ms = 1800001;
    ck_assert_int_eq(JOINED(group_bench_join(&b, who)).error_code, ERROR_INVALID_SESSION_TIMEOUT);
    who = GROUP_JOINER;
    who.protocols = "";
    ck_assert_int_eq(JOINED(group_bench_join(&b, who)).error_code,
                     ERROR_INCONSISTENT_GROUP_PROTOCOL);
    group_bench_stable(&b, 1, ids);
    who.protocols = "sticky";
    ck_assert_int_eq(JOINED(group_bench_join(&b, who)).error_code,
                     ERROR_INCONSISTENT_GROUP_PROTOCOL);
    struct group_talk *stranger = rejoin("stranger", "");
    ck_assert_int_eq(JOINED(stranger).error_code, ERROR_UNKNOWN_MEMBER_ID);
    ck_assert_str_eq(stranger->id, "stranger");
    ck_assert_int_eq(JOINED(stranger).generation_id, -1);
    group_bench_deinit(&b);
}
END_TEST

START_TEST(test_full_group)
{
    char ids[2][128];
    group_bench_init(&b);
    b.config.size_max = 2;
    group_bench_stable(&b, 2, ids);
    struct group_joiner who = GROUP_JOINER;
    who.version = 3;
    ck_assert_int_eq(JOINED(group_bench_join(&b, who)).error_code, ERROR_GROUP_MAX_SIZE_REACHED);
    ck_assert_int_eq(b.group->state, GROUP_STABLE);
    /* A lowered limit holds from the next rebalance on. */
    b.config.size_max = 1;
    struct group_talk *one = rejoin(ids[0], "");
    struct group_talk *two = rejoin(ids[1], "");
    ck_assert_int_eq(JOINED(two).error_code, ERROR_GROUP_MAX_SIZE_REACHED);
    ck_assert_int_eq(JOINED(one).error_code, ERROR_NONE);
    ck_assert_uint_eq(JOINED(one).members_count, 1);
    group_bench_deinit(&b);
}
END_TEST

START_TEST(test_no_memory_left)
{
    group_bench_init(&b);
    b.space.bytes_max = b.space.bytes;
    ck_assert_int_eq(JOINED(group_bench_join(&b, GROUP_JOINER)).error_code,
                     ERROR_COORDINATOR_NOT_AVAILABLE);
    ck_assert_int_eq(group_commit_error(group_bench_commit(&b, "", -1, "t", 0, 1)),
                     ERROR_COORDINATOR_NOT_AVAILABLE);
    group_bench_deinit(&b);
}
END_TEST

/* Ids that are given out and never used are members as far as memory goes. */
START_TEST(test_unused_ids_are_bounded)
{
    group_bench_init(&b);
    b.space.bytes_max = UINT64_C(1) << 30;
    uint64_t before = b.space.bytes;
    ck_assert_int_eq(JOINED(group_bench_join(&b, GROUP_JOINER)).error_code,
                     ERROR_MEMBER_ID_REQUIRED);
    uint64_t each = b.space.bytes - before;
    ck_assert_uint_gt(each, 40); /* the id alone */
    for (unsigned i = 1; i < GROUP_MEMBERS_MAX; i++)
        ck_assert_int_eq(JOINED(group_bench_join(&b, GROUP_JOINER)).error_code,
                         ERROR_MEMBER_ID_REQUIRED);
    ck_assert_int_eq(JOINED(group_bench_join(&b, GROUP_JOINER)).error_code,
                     ERROR_GROUP_MAX_SIZE_REACHED);
    ck_assert_uint_eq(b.space.bytes, before + GROUP_MEMBERS_MAX * each);
    group_bench_pass(&b, 10001);
    ck_assert_uint_eq(b.space.bytes, before);
    group_bench_deinit(&b);
}
END_TEST

START_TEST(test_newcomer_is_not_kept_waiting_for_ever)
{
    group_bench_init(&b);
    struct group_talk *fixed = join_static("", "i1", 9);
    group_bench_pass(&b, 0);
    group_bench_sync(&b, fixed->id, 1, "");
    group_bench_settle(&b, ERROR_NONE);
    struct group_joiner who = GROUP_JOINER;
    who.version = 3;
    who.rebalance_ms = 1800000;
    struct group_talk *t = group_bench_join(&b, who);
    for (int i = 0; i < 60; i++) {
        ck_assert(!t->answered);
        group_bench_heartbeat(&b, fixed->id, 1);
        group_bench_pass(&b, 5000);
    }
    ck_assert(t->answered);
    ck_assert_int_eq(JOINED(t).error_code, ERROR_UNKNOWN_MEMBER_ID);
    ck_assert_str_eq(t->id, "");
    group_bench_deinit(&b);
}
END_TEST

/* ---- static members (KIP-345) ---- */
static struct group_talk *stable_static(int16_t version)
{
    struct group_talk *one = join_static("", "i1", version);
    struct group_talk *two = join_static("", "i2", version);
    char all[300];
    group_bench_pass(&b, 0);
    ck_assert_int_eq(JOINED(one).error_code, ERROR_NONE);
    snprintf(all, sizeof all, "%s=p1 %s=p2", one->id, two->id);
    group_bench_sync(&b, one->id, 1, all);
    group_bench_sync(&b, two->id, 1, "");
    group_bench_settle(&b, ERROR_NONE);
    ck_assert_int_eq(b.group->state, GROUP_STABLE);
    return two;
}

START_TEST(test_static_member_comes_back_without_a_rebalance)
{
    group_bench_init(&b);
    struct group_talk *old = stable_static(9);
    struct group_talk *back = join_static("", "i2", 9);
    ck_assert(!back->answered); /* not before it is stored */
    ck_assert_uint_eq(b.under_way_count, 1);
    group_bench_settle(&b, ERROR_NONE);
    ck_assert(back->answered);
    ck_assert_int_eq(JOINED(back).error_code, ERROR_NONE);
    ck_assert_int_eq(JOINED(back).generation_id, 1);
    ck_assert_str_ne(back->id, old->id);
    ck_assert(strncmp(back->id, "i2-", 3) == 0);
    ck_assert_int_eq(b.group->state, GROUP_STABLE);
    struct group_talk *sync = group_bench_sync(&b, back->id, 1, "");
    ck_assert_view(sync->request.out.sync.assignment, "p2");
    ck_assert_int_eq(group_bench_heartbeat(&b, old->id, 1), ERROR_UNKNOWN_MEMBER_ID);
    group_bench_deinit(&b);
}
END_TEST

START_TEST(test_old_process_of_a_static_member_is_fenced)
{
    group_bench_init(&b);
    struct group_talk *old = stable_static(9);
    join_static("", "i2", 9);
    group_bench_settle(&b, ERROR_NONE);
    ck_assert_int_eq(JOINED(join_static(old->id, "i2", 9)).error_code, ERROR_FENCED_INSTANCE_ID);
    struct group_talk *t = group_bench_talk(&b, GROUP_HEARTBEAT, 4);
    heartbeat_request_init(&t->request.in.heartbeat);
    t->request.in.heartbeat.member_id = view_of(old->id);
    t->request.in.heartbeat.group_instance_id = VIEW_LITERAL("i2");
    t->request.in.heartbeat.generation_id = 1;
    group_bench_ask(&b, t);
    ck_assert_int_eq(t->request.out.heartbeat.error_code, ERROR_FENCED_INSTANCE_ID);
    t->request.in.heartbeat.group_instance_id = VIEW_LITERAL("i9");
    t->answered = false;
    group_bench_ask(&b, t);
    ck_assert_int_eq(t->request.out.heartbeat.error_code, ERROR_UNKNOWN_MEMBER_ID);
    ck_assert_int_eq(group_bench_leave(&b, old->id, "i2"), ERROR_FENCED_INSTANCE_ID);
    group_bench_deinit(&b);
}
END_TEST

START_TEST(test_static_leader_comes_back)
{
    for (int16_t version = 8; version <= 9; version++) {
        group_bench_init(&b);
        stable_static(version);
        char old[128];
        snprintf(old, sizeof old, "%.*s", (int)b.group->leader->id.size,
                 (const char *)b.group->leader->id.base);
        struct group_talk *back = join_static("", "i1", version);
        group_bench_settle(&b, ERROR_NONE);
        ck_assert_int_eq(JOINED(back).error_code, ERROR_NONE);
        if (version == 9) { /* KIP-814: it leads, and need not assign */
            ck_assert(JOINED(back).skip_assignment);
            ck_assert_str_eq(back->id, (const char *)JOINED(back).leader.base);
            ck_assert_uint_eq(JOINED(back).members_count, 2);
        } else { /* it is not to know that it leads */
            ck_assert(!JOINED(back).skip_assignment);
            ck_assert(view_equal(JOINED(back).leader, view_of(old)));
            ck_assert_uint_eq(JOINED(back).members_count, 0);
        }
        group_bench_deinit(&b);
    }
}
END_TEST

START_TEST(test_static_member_that_changes_the_vote)
{
    group_bench_init(&b);
    struct group_joiner who = GROUP_JOINER;
    who.instance = "i1";
    who.protocols = "range sticky";
    struct group_talk *one = group_bench_join(&b, who);
    group_bench_pass(&b, 0);
    group_bench_sync(&b, one->id, 1, "");
    group_bench_settle(&b, ERROR_NONE);
    who.protocols = "sticky range";
    struct group_talk *back = group_bench_join(&b, who);
    ck_assert(back->answered); /* alone, so the rebalance is over at once */
    ck_assert_int_eq(JOINED(back).generation_id, 2);
    ck_assert_view(JOINED(back).protocol_name, "sticky");
    group_bench_deinit(&b);
}
END_TEST

START_TEST(test_replacement_that_cannot_be_stored)
{
    group_bench_init(&b);
    stable_static(9);
    struct group_talk *back = join_static("", "i2", 9);
    group_bench_settle(&b, ERROR_NOT_ENOUGH_REPLICAS);
    ck_assert_int_eq(JOINED(back).error_code, ERROR_COORDINATOR_NOT_AVAILABLE);
    ck_assert_int_eq(b.group->state, GROUP_STABLE);
    struct group_talk *again = join_static("", "i2", 9);
    group_bench_settle(&b, ERROR_NONE);
    ck_assert_int_eq(JOINED(again).error_code, ERROR_NONE);
    group_bench_deinit(&b);
}
END_TEST

START_TEST(test_rebalance_overtakes_a_replacement)
{
    group_bench_init(&b);
    struct group_talk *two = stable_static(9);
    struct group_talk *back = join_static("", "i1", 9);
    struct group_talk *again = join_static(two->id, "i2", 9); /* same topics: no rebalance */
    ck_assert(again->answered && !back->answered);
    struct group_joiner who = GROUP_JOINER;
    who.id = two->id;
    who.instance = "i2";
    who.mark = "more";
    struct group_talk *changed = group_bench_join(&b, who);
    ck_assert(back->answered && changed->answered);
    ck_assert_int_eq(JOINED(back).generation_id, 2);
    group_bench_settle(&b, ERROR_NONE); /* the stored replacement comes home: nothing more */
    group_bench_deinit(&b);
}
END_TEST

START_TEST(test_static_member_replaced_while_it_waits)
{
    group_bench_init(&b);
    struct group_talk *one = join_static("", "i1", 9);
    struct group_talk *other = join_static("", "i1", 9);
    ck_assert_int_eq(JOINED(one).error_code, ERROR_FENCED_INSTANCE_ID);
    group_bench_pass(&b, 0);
    ck_assert_int_eq(JOINED(other).error_code, ERROR_NONE);
    ck_assert_uint_eq(JOINED(other).members_count, 1);
    /* Its id may be in the leader's hands already: a rebalance. */
    struct group_talk *third = join_static("", "i1", 9);
    ck_assert_int_eq(JOINED(third).generation_id, 2);
    group_bench_deinit(&b);
}
END_TEST

START_TEST(test_absent_static_members_stay_until_their_session_ends)
{
    group_bench_init(&b);
    struct group_talk *two = stable_static(9);
    struct group_joiner who = GROUP_JOINER;
    who.id = two->id;
    who.instance = "i2";
    who.mark = "changed";
    who.rebalance_ms = 8000;
    b.group->leader->rebalance_timeout_ms = 8000;
    struct group_talk *t = group_bench_join(&b, who);
    group_bench_pass(&b, 8000);
    ck_assert(t->answered);
    ck_assert_uint_eq(JOINED(t).members_count, 2); /* i1 still counts */
    ck_assert(view_equal(JOINED(t).leader, view_of(two->id)));
    group_bench_deinit(&b);
}
END_TEST

/* They may allow no time at all for a rebalance: it is looked again after a while, not at once. */
START_TEST(test_absent_static_members_are_not_looked_for_without_a_pause)
{
    struct map_entry e;
    group_bench_init(&b);
    (void)stable_static(9);
    for (uint32_t at = 0; map_next(&b.group->members, &at, &e);)
        ((struct group_member *)e.value)->rebalance_timeout_ms = 0;
    struct group_joiner who = GROUP_JOINER;
    who.rebalance_ms = 1000;
    struct group_talk *t = group_bench_join(&b, who);
    who.id = t->id;
    (void)group_bench_join(&b, who);
    ck_assert_int_eq(group_bench_leave(&b, t->id, NULL), ERROR_NONE);
    group_bench_pass(&b, 500000);
    ck_assert_int_eq(b.group->state, GROUP_EMPTY); /* their sessions are over */
    group_bench_settle(&b, ERROR_NONE);
    group_bench_deinit(&b);
}
END_TEST

START_TEST(test_generations_begin_again)
{
    char ids[1][128];
    group_bench_init(&b);
    group_bench_stable(&b, 1, ids);
    b.group->generation = INT32_MAX;
    struct group_talk *t = rejoin(ids[0], "changed");
    group_bench_pass(&b, 0);
    ck_assert(t->answered);
    ck_assert_int_eq(JOINED(t).generation_id, 1);
    group_bench_deinit(&b);
}
END_TEST

SUITE_MAIN("group_join", test_first_member_leads_the_first_generation,
           test_member_id_is_client_id_and_a_random_uuid,
           test_before_version_4_a_member_joins_at_once, test_id_that_is_not_used_is_forgotten,
           test_initial_delay_gathers_members, test_initial_delay_ends_with_the_rebalance_timeout,
           test_newcomer_makes_everyone_join_again, test_who_does_not_come_back_in_time_is_out,
           test_another_leads_when_the_leader_is_late, test_join_again_with_the_same_topics,
           test_lost_answer_is_repeated, test_join_twice_answers_both,
           test_protocol_that_most_members_prefer_is_chosen, test_requests_that_do_not_fit,
           test_full_group, test_no_memory_left, test_unused_ids_are_bounded,
           test_newcomer_is_not_kept_waiting_for_ever,
           test_static_member_comes_back_without_a_rebalance,
           test_old_process_of_a_static_member_is_fenced, test_static_leader_comes_back,
           test_static_member_that_changes_the_vote, test_replacement_that_cannot_be_stored,
           test_rebalance_overtakes_a_replacement, test_static_member_replaced_while_it_waits,
           test_absent_static_members_stay_until_their_session_ends,
           test_absent_static_members_are_not_looked_for_without_a_pause,
           test_generations_begin_again)
