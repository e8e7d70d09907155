/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/zk_contract.h"
#include "tests/lib/zk_tester.h"

/* What a broker relies on from ZooKeeper: sessions, watches, unknown outcomes. */

/* ---- sessions ---- */

START_TEST(nothing_is_done_without_a_session)
{
    struct tester *t = tester_new(tester_root);

    ck_assert_int_eq(tester_error_of(t, OP(ZK_CREATE, "/a")), ZK_ERR_NO_SESSION);
    tester_zk->ops->open(t->client, true);
    tester_wait_state(t, ZK_UP, 0);
    tester_must(t, OP(ZK_CREATE, "/"));
    tester_free(t);
}
END_TEST

START_TEST(ephemerals_go_when_the_session_is_closed)
{
    struct tester *t = tester_first(), *u = tester_open(tester_root);
    struct zk_result r;

    tester_must(t, OP(ZK_CREATE, "/e", .ephemeral = true));
    r = tester_run_one(t, OP(ZK_GET, "/e"));
    ck_assert_int_eq(r.owner, t->session);
    tester_must(u, OP(ZK_SYNC, "/"));
    ck_assert_int_eq(tester_error_of(u, OP(ZK_EXISTS, "/e", .watch = true)), ZK_OK);
    tester_zk->ops->open(t->client, false);
    tester_wait_watch(u, "/e", ZK_WATCH_DELETED);
    ck_assert_int_eq(tester_error_of(u, OP(ZK_GET, "/e")), ZK_ERR_NONODE);
    tester_free(t);
    tester_free(u);
}
END_TEST

START_TEST(ephemerals_go_when_a_dead_process_session_expires)
{
    struct tester *t = tester_first(), *u = tester_open(tester_root);

    tester_must(t, OP(ZK_CREATE, "/e", .ephemeral = true));
    tester_must(u, OP(ZK_SYNC, "/"));
    tester_must(u, OP(ZK_GET, "/e", .watch = true));
    tester_zk->ops->client_kill(t->client);
    tester_wait_watch(u, "/e", ZK_WATCH_DELETED);
    ck_assert_int_eq(tester_error_of(u, OP(ZK_GET, "/e")), ZK_ERR_NONODE);
    tester_free(t);
    tester_free(u);
}
END_TEST

START_TEST(expiry_is_heard_after_the_link_is_back)
{
    struct tester *t = tester_first(), *u = tester_open(tester_root);
    uint32_t generation = 1;
    int lost, expired, up;
    token away;

    tester_must(t, OP(ZK_CREATE, "/e", .ephemeral = true));
    tester_must(t, OP(ZK_GET, "/e", .watch = true));
    tester_must(u, OP(ZK_SYNC, "/"));
    tester_must(u, OP(ZK_GET, "/e", .watch = true));
    tester_fresh(t);
    tester_zk->ops->cut(t->client, true);
    lost = tester_wait_state(t, ZK_LOST, 0);
    ck_assert_uint_eq(t->said[lost].generation, generation);
    away = tester_start(t, &OP(ZK_CREATE, "/away"), 1);
    tester_wait_watch(u, "/e", ZK_WATCH_DELETED);
    ck_assert_int_eq(t->count, 1);
    tester_zk->ops->cut(t->client, false);
    expired = tester_wait_state(t, ZK_EXPIRED, lost);
    ck_assert_uint_eq(t->said[expired].generation, generation);
    /* What was given meanwhile is surely not done, and is answered first. */
    ck_assert_int_eq(tester_find_answer(t, away), expired - 1);
    ck_assert(!t->said[expired - 1].answer.unknown);
    ck_assert_int_eq(t->said[expired - 1].answer.results[0].error, ZK_ERR_NO_SESSION);
    up = tester_wait_state(t, ZK_UP, expired);
    ck_assert_uint_eq(t->said[up].generation, generation + 1);
    ck_assert_int_eq(tester_error_of(t, OP(ZK_GET, "/e")), ZK_ERR_NONODE);
    ck_assert_int_eq(tester_error_of(t, OP(ZK_GET, "/away")), ZK_ERR_NONODE);
    ck_assert_int_eq(tester_count_watches(t), 0);
    tester_free(t);
    tester_free(u);
}
END_TEST

/* ---- watches ---- */

START_TEST(watches_are_one_shot)
{
    struct tester *t = tester_first();
    int fired;
    token read;

    ck_assert_int_eq(tester_error_of(t, OP(ZK_EXISTS, "/a", .watch = true)), ZK_ERR_NONODE);
    tester_must(t, OP(ZK_CREATE, "/a"));
    tester_wait_watch(t, "/a", ZK_WATCH_CREATED);
    tester_must(t, OP(ZK_SET, "/a", .version = -1));
    tester_must(t, OP(ZK_SYNC, "/"));
    ck_assert_int_eq(tester_count_watches(t), 1);

    /* Asked for twice, and by both kinds of read: heard once. */
    tester_must(t, OP(ZK_GET, "/a", .watch = true));
    tester_must(t, OP(ZK_EXISTS, "/a", .watch = true));
    tester_must(t, OP(ZK_GET, "/a", .watch = true));
    tester_fresh(t);
    tester_must(t, OP(ZK_SET, "/a", .version = -1));
    tester_must(t, OP(ZK_SET, "/a", .version = -1));
    fired = tester_wait_watch(t, "/a", ZK_WATCH_CHANGED);
    read = t->next;
    tester_must(t, OP(ZK_GET, "/a"));
    /* Heard before the reply that shows the change. */
    ck_assert_int_lt(fired, tester_find_answer(t, read));
    ck_assert_int_eq(tester_count_watches(t), 1);
    tester_free(t);
}
END_TEST

START_TEST(a_watch_is_heard_before_the_reply_of_the_write_that_fires_it)
{
    struct tester *t = tester_first();
    token write;
    int answer;

    tester_must(t, OP(ZK_CREATE, "/a"));
    tester_must(t, OP(ZK_CHILDREN, "/", .watch = true));
    tester_must(t, OP(ZK_GET, "/a", .watch = true));
    tester_fresh(t);
    write = tester_start(t, &OP(ZK_DELETE, "/a", .version = -1), 1);
    answer = tester_wait_answer(t, write);
    ck_assert_int_eq(answer, 2);
    ck_assert_int_lt(tester_wait_watch(t, "/a", ZK_WATCH_DELETED), answer);
    ck_assert_int_lt(tester_wait_watch(t, "/", ZK_WATCH_CHILDREN), answer);
    tester_free(t);
}
END_TEST

START_TEST(child_watches_see_children_only)
{
    struct tester *t = tester_first();

    tester_must(t, OP(ZK_CREATE, "/p"));
    tester_must(t, OP(ZK_CREATE, "/p/a"));
    tester_must(t, OP(ZK_CHILDREN, "/p", .watch = true));
    tester_fresh(t);
    tester_must(t, OP(ZK_SET, "/p", .version = -1));
    tester_must(t, OP(ZK_SET, "/p/a", .version = -1));
    ck_assert_int_eq(tester_count_watches(t), 0);
    tester_must(t, OP(ZK_CREATE, "/p/b"));
    tester_wait_watch(t, "/p", ZK_WATCH_CHILDREN);
    tester_must(t, OP(ZK_CHILDREN, "/p", .watch = true));
    tester_fresh(t);
    tester_must(t, OP(ZK_DELETE, "/p/b", .version = -1));
    tester_wait_watch(t, "/p", ZK_WATCH_CHILDREN);
    ck_assert_int_eq(tester_count_watches(t), 1);
    /* No watch on a node that is not there, but by EXISTS. */
    ck_assert_int_eq(tester_error_of(t, OP(ZK_GET, "/none", .watch = true)), ZK_ERR_NONODE);
    ck_assert_int_eq(tester_error_of(t, OP(ZK_CHILDREN, "/none", .watch = true)), ZK_ERR_NONODE);
    tester_must(t, OP(ZK_CREATE, "/none"));
    tester_must(t, OP(ZK_SYNC, "/"));
    ck_assert_int_eq(tester_count_watches(t), 1);
    /* Both kinds on one node: its deletion is heard once. */
    tester_must(t, OP(ZK_CHILDREN, "/none", .watch = true));
    tester_must(t, OP(ZK_GET, "/none", .watch = true));
    tester_fresh(t);
    tester_must(t, OP(ZK_DELETE, "/none", .version = -1));
    tester_must(t, OP(ZK_SYNC, "/"));
    ck_assert_int_eq(tester_count_watches(t), 1);
    ck_assert_int_eq(t->said[0].what, ZK_WATCH_DELETED);
    tester_free(t);
}
END_TEST

START_TEST(watches_survive_a_reconnect)
{
    struct tester *t = tester_first(), *u = tester_open(tester_root);
    int up;

    tester_must(t, OP(ZK_CREATE, "/changed"));
    tester_must(t, OP(ZK_CREATE, "/same"));
    tester_must(t, OP(ZK_CREATE, "/parent"));
    tester_must(t, OP(ZK_GET, "/changed", .watch = true));
    tester_must(t, OP(ZK_GET, "/same", .watch = true));
    tester_must(t, OP(ZK_CHILDREN, "/parent", .watch = true));
    ck_assert_int_eq(tester_error_of(t, OP(ZK_EXISTS, "/made", .watch = true)), ZK_ERR_NONODE);
    tester_fresh(t);
    tester_zk->ops->cut(t->client, true);
    tester_must(u, OP(ZK_SET, "/changed", .version = -1));
    tester_must(u, OP(ZK_CREATE, "/parent/c"));
    tester_must(u, OP(ZK_CREATE, "/made"));
    tester_zk->ops->disconnect(t->client);
    tester_wait_state(t, ZK_LOST, 0);
    tester_zk->ops->cut(t->client, false);
    up = tester_wait_state(t, ZK_UP, 0);
    ck_assert_uint_eq(t->said[up].generation, 1);
    ck_assert_int_gt(tester_wait_watch(t, "/changed", ZK_WATCH_CHANGED), up);
    ck_assert_int_gt(tester_wait_watch(t, "/parent", ZK_WATCH_CHILDREN), up);
    ck_assert_int_gt(tester_wait_watch(t, "/made", ZK_WATCH_CREATED), up);
    tester_must(t, OP(ZK_SYNC, "/"));
    ck_assert_int_eq(tester_count_watches(t), 3);
    tester_must(u, OP(ZK_SET, "/same", .version = -1));
    tester_wait_watch(t, "/same", ZK_WATCH_CHANGED);
    tester_free(t);
    tester_free(u);
}
END_TEST

/* ---- unknown outcomes ---- */

START_TEST(a_lost_reply_is_resolved_by_sync_and_read)
{
    struct tester *t = tester_first();
    token write;
    int at, lost;

    tester_must(t, OP(ZK_CREATE, "/a", TEXT("before")));
    tester_fresh(t);
    tester_zk->ops->fault_at(t->client, 0, ZK_FAULT_REPLY);
    write = tester_start(t, &OP(ZK_SET, "/a", TEXT("after"), .version = 0), 1);
    at = tester_wait_answer(t, write);
    ck_assert(t->said[at].answer.unknown);
    lost = tester_wait_state(t, ZK_LOST, 0);
    ck_assert_int_lt(at, lost);
    tester_wait_state(t, ZK_UP, lost);
    tester_must(t, OP(ZK_SYNC, "/"));
    ck_assert(view_equal(tester_run_one(t, OP(ZK_GET, "/a")).data, VIEW_LITERAL("after")));
    tester_free(t);
}
END_TEST

START_TEST(a_lost_request_is_resolved_by_sync_and_read)
{
    struct tester *t = tester_first();
    token write;
    int at;

    tester_must(t, OP(ZK_CREATE, "/a", TEXT("before")));
    tester_zk->ops->fault_at(t->client, 0, ZK_FAULT_REQUEST);
    write = tester_start(t, &OP(ZK_SET, "/a", TEXT("after"), .version = 0), 1);
    at = tester_wait_answer(t, write);
    ck_assert(t->said[at].answer.unknown);
    tester_wait_state(t, ZK_UP, tester_wait_state(t, ZK_LOST, 0));
    tester_must(t, OP(ZK_SYNC, "/"));
    ck_assert(view_equal(tester_run_one(t, OP(ZK_GET, "/a")).data, VIEW_LITERAL("before")));
    tester_free(t);
}
END_TEST

/* A read proves nothing of what others do: a server may be behind, or the answer late. */
START_TEST(a_read_may_be_old_and_a_sync_makes_it_new)
{
    struct tester *t = tester_first(), *u = tester_open(tester_root);
    token read;
    int at;

    tester_must(t, OP(ZK_CREATE, "/a", TEXT("before")));
    if (tester_zk->ops->follow) {
        tester_zk->ops->follow(u->client);
        tester_wait_state(u, ZK_UP, tester_wait_state(u, ZK_LOST, 0));
    }
    tester_must(u, OP(ZK_SYNC, "/"));
    tester_zk->ops->lag(u->client, true);
    read = tester_start(u, &OP(ZK_GET, "/a"), 1);
    while (!tester_zk->ops->behind(u->client))
        tester_turn("the read to be made");
    tester_must(t, OP(ZK_SET, "/a", TEXT("after"), .version = 0));
    tester_zk->ops->lag(u->client, false);
    at = tester_wait_answer(u, read);
    ck_assert(view_equal(u->said[at].answer.results[0].data, VIEW_LITERAL("before")));
    tester_must(u, OP(ZK_SYNC, "/"));
    ck_assert(view_equal(tester_run_one(u, OP(ZK_GET, "/a")).data, VIEW_LITERAL("after")));
    tester_free(t);
    tester_free(u);
}
END_TEST

START_TEST(all_outstanding_are_unknown_in_order_and_later_ones_wait)
{
    struct tester *t = tester_first();
    token first, later;
    int lost;

    tester_must(t, OP(ZK_CREATE, "/a"));
    tester_fresh(t);
    tester_zk->ops->fault_at(t->client, 0, ZK_FAULT_REPLY);
    first = tester_start(t, &OP(ZK_SET, "/a", .version = -1), 1);
    for (int i = 1; i < 5; i++)
        tester_start(t, &OP(ZK_SET, "/a", .version = -1), 1);
    lost = tester_wait_state(t, ZK_LOST, 0);
    ck_assert_int_eq(lost, 5);
    for (int i = 0; i < 5; i++) {
        ck_assert_int_eq(tester_find_answer(t, first + (token)i), i);
        ck_assert(t->said[i].answer.unknown);
    }
    later = tester_start(t, &OP(ZK_CREATE, "/later"), 1);
    ck_assert_int_gt(tester_wait_answer(t, later), tester_wait_state(t, ZK_UP, lost));
    ck_assert_int_eq(t->said[tester_find_answer(t, later)].answer.results[0].error, ZK_OK);
    tester_free(t);
}
END_TEST

START_TEST(a_lost_multi_is_done_or_not_as_a_whole)
{
    struct tester *t = tester_first();
    struct zk_op ops[] = {OP(ZK_SET, "/v", TEXT("mine"), .version = 0),
                          OP(ZK_CREATE, "/e", .ephemeral = true)};
    int at;

    tester_must(t, OP(ZK_CREATE, "/v"));
    tester_zk->ops->fault_at(t->client, 0, ZK_FAULT_REPLY);
    at = tester_wait_answer(t, tester_start(t, ops, 2));
    ck_assert(t->said[at].answer.unknown);
    tester_wait_state(t, ZK_UP, tester_wait_state(t, ZK_LOST, 0));
    tester_must(t, OP(ZK_SYNC, "/"));
    ck_assert(view_equal(tester_run_one(t, OP(ZK_GET, "/v")).data, VIEW_LITERAL("mine")));
    ck_assert_int_eq(tester_run_one(t, OP(ZK_GET, "/e")).owner, t->session);
    /* Again with the version it had: the answer is no. */
    ck_assert_int_eq(tester_run(t, ops, 2).results[0].error, ZK_ERR_BADVERSION);
    tester_free(t);
}
END_TEST

START_TEST(a_moved_session_ends_the_connection)
{
    struct tester *t;
    int at, lost;

    if (!tester_zk->ops->forge_moved)
        return;
    t = tester_first();
    tester_must(t, OP(ZK_CREATE, "/a"));
    tester_fresh(t);
    tester_zk->ops->forge_moved(t->client);
    at = tester_wait_answer(t, tester_start(t, &OP(ZK_SET, "/a", .version = 0), 1));
    ck_assert(t->said[at].answer.unknown);
    lost = tester_wait_state(t, ZK_LOST, 0);
    tester_wait_state(t, ZK_UP, lost);
    tester_must(t, OP(ZK_SYNC, "/"));
    ck_assert_int_eq(tester_run_one(t, OP(ZK_GET, "/a")).version, 1);
    tester_free(t);
}
END_TEST

START_TEST(too_large_is_refused_in_its_place)
{
    struct tester *t = tester_first();
    static uint8_t big[1100 << 10];
    struct zk_op ops[] = {OP(ZK_CREATE, "/x", .data = {big, 70 << 10}),
                          OP(ZK_CREATE, "/y", .data = {big, 70 << 10})};
    token before, refused, multi, after;

    before = tester_start(t, &OP(ZK_CREATE, "/a"), 1);
    refused = tester_start(t, &OP(ZK_CREATE, "/b", .data = {big, sizeof big}), 1);
    multi = tester_start(t, ops, 2);
    after = tester_start(t, &OP(ZK_CREATE, "/c"), 1);
    ck_assert_int_eq(tester_wait_answer(t, after), 3);
    ck_assert_int_eq(tester_find_answer(t, before), 0);
    ck_assert_int_eq(tester_find_answer(t, refused), 1);
    ck_assert_int_eq(tester_find_answer(t, multi), 2);
    ck_assert_int_eq(t->said[1].answer.results[0].error, ZK_ERR_TOO_LARGE);
    ck_assert_int_eq(t->said[2].answer.results[0].error, ZK_ERR_TOO_LARGE);
    ck_assert_int_eq(t->said[3].answer.results[0].error, ZK_OK);
    ck_assert_int_eq(tester_error_of(t, OP(ZK_GET, "/x")), ZK_ERR_NONODE);
    tester_must(t, OP(ZK_CREATE, "/big", .data = {big, 200 << 10}));
    ck_assert_uint_eq(tester_run_one(t, OP(ZK_GET, "/big")).data.size, 200 << 10);
    tester_free(t);
}
END_TEST

void zk_contract_add_session_tests(TCase *tc)
{
    tcase_add_test(tc, nothing_is_done_without_a_session);
    tcase_add_test(tc, ephemerals_go_when_the_session_is_closed);
    tcase_add_test(tc, ephemerals_go_when_a_dead_process_session_expires);
    tcase_add_test(tc, expiry_is_heard_after_the_link_is_back);
    tcase_add_test(tc, watches_are_one_shot);
    tcase_add_test(tc, a_watch_is_heard_before_the_reply_of_the_write_that_fires_it);
    tcase_add_test(tc, child_watches_see_children_only);
    tcase_add_test(tc, watches_survive_a_reconnect);
    tcase_add_test(tc, a_lost_reply_is_resolved_by_sync_and_read);
    tcase_add_test(tc, a_lost_request_is_resolved_by_sync_and_read);
    tcase_add_test(tc, a_read_may_be_old_and_a_sync_makes_it_new);
    tcase_add_test(tc, all_outstanding_are_unknown_in_order_and_later_ones_wait);
    tcase_add_test(tc, a_lost_multi_is_done_or_not_as_a_whole);
    tcase_add_test(tc, a_moved_session_ends_the_connection);
    tcase_add_test(tc, too_large_is_refused_in_its_place);
}
