/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <unistd.h>

#include "tests/lib/suite.h"
#include "tests/lib/zk_contract.h"
#include "tests/lib/zk_tester.h"

/* What a broker relies on from ZooKeeper through env.h: operations. Each test starts with an empty
 * tree below /contract/<process>, or with a fresh model. */

/* ---- single ops ---- */

START_TEST(create_read_write_delete)
{
    struct tester *t = tester_first();
    struct zk_result r = tester_run_one(t, OP(ZK_CREATE, "/a", TEXT("one")));
    int64_t czxid = r.czxid;

    ck_assert_int_eq(r.error, ZK_OK);
    ck_assert(view_equal(r.data, VIEW_LITERAL("/a")));
    ck_assert_int_eq(r.version, 0);
    ck_assert_int_gt(czxid, 0);
    r = tester_run_one(t, OP(ZK_SET, "/a", TEXT("two"), .version = 0));
    ck_assert_int_eq(r.error, ZK_OK);
    ck_assert_int_eq(r.version, 1);
    ck_assert_int_eq(r.czxid, czxid);
    ck_assert_int_gt(r.mzxid, czxid);
    r = tester_run_one(t, OP(ZK_GET, "/a"));
    ck_assert(view_equal(r.data, VIEW_LITERAL("two")));
    ck_assert_int_eq(r.version, 1);
    ck_assert_int_eq(r.owner, 0);
    r = tester_run_one(t, OP(ZK_EXISTS, "/a"));
    ck_assert_int_eq(r.error, ZK_OK);
    ck_assert_int_eq(r.version, 1);
    ck_assert_int_eq(tester_error_of(t, OP(ZK_SET, "/a", .version = 0)), ZK_ERR_BADVERSION);
    ck_assert_int_eq(tester_error_of(t, OP(ZK_DELETE, "/a", .version = 0)), ZK_ERR_BADVERSION);
    tester_must(t, OP(ZK_SET, "/a", TEXT("three"), .version = -1));
    tester_must(t, OP(ZK_DELETE, "/a", .version = 2));
    ck_assert_int_eq(tester_error_of(t, OP(ZK_GET, "/a")), ZK_ERR_NONODE);
    ck_assert_int_eq(tester_error_of(t, OP(ZK_EXISTS, "/a")), ZK_ERR_NONODE);
    tester_free(t);
}
END_TEST

START_TEST(errors_of_single_ops)
{
    struct tester *t = tester_first();

    tester_must(t, OP(ZK_CREATE, "/a"));
    tester_must(t, OP(ZK_CREATE, "/a/b"));
    tester_must(t, OP(ZK_CREATE, "/e", .ephemeral = true));
    ck_assert_int_eq(tester_error_of(t, OP(ZK_CREATE, "/a")), ZK_ERR_NODEEXISTS);
    ck_assert_int_eq(tester_error_of(t, OP(ZK_CREATE, "/x/y")), ZK_ERR_NONODE);
    ck_assert_int_eq(tester_error_of(t, OP(ZK_CREATE, "/e/c")), ZK_ERR_NOCHILDRENFOREPHEMERALS);
    ck_assert_int_eq(tester_error_of(t, OP(ZK_DELETE, "/a", .version = -1)), ZK_ERR_NOTEMPTY);
    ck_assert_int_eq(tester_error_of(t, OP(ZK_DELETE, "/x", .version = -1)), ZK_ERR_NONODE);
    ck_assert_int_eq(tester_error_of(t, OP(ZK_SET, "/x", .version = -1)), ZK_ERR_NONODE);
    ck_assert_int_eq(tester_error_of(t, OP(ZK_CHILDREN, "/x")), ZK_ERR_NONODE);
    tester_free(t);
}
END_TEST

START_TEST(no_data_is_not_empty_data)
{
    struct tester *t = tester_first();
    struct zk_result r;

    tester_must(t, OP(ZK_CREATE, "/null"));
    tester_must(t, OP(ZK_CREATE, "/empty", .data = {(const uint8_t *)"", 0}));
    r = tester_run_one(t, OP(ZK_GET, "/null"));
    ck_assert_int_eq(r.error, ZK_OK);
    ck_assert_ptr_null(r.data.base);
    r = tester_run_one(t, OP(ZK_GET, "/empty"));
    ck_assert_int_eq(r.error, ZK_OK);
    ck_assert_uint_eq(r.data.size, 0);
    ck_assert_ptr_nonnull(r.data.base);
    tester_free(t);
}
END_TEST

START_TEST(children_come_in_byte_order)
{
    struct tester *t = tester_first();
    struct zk_result r;

    tester_must(t, OP(ZK_CREATE, "/b"));
    tester_must(t, OP(ZK_CREATE, "/10"));
    tester_must(t, OP(ZK_CREATE, "/a"));
    tester_must(t, OP(ZK_CREATE, "/2"));
    tester_must(t, OP(ZK_CREATE, "/a/c"));
    r = tester_run_one(t, OP(ZK_CHILDREN, "/"));
    ck_assert_uint_eq(r.name_count, 4);
    ck_assert(view_equal(r.names[0], VIEW_LITERAL("10")));
    ck_assert(view_equal(r.names[1], VIEW_LITERAL("2")));
    ck_assert(view_equal(r.names[2], VIEW_LITERAL("a")));
    ck_assert(view_equal(r.names[3], VIEW_LITERAL("b")));
    ck_assert_uint_eq(tester_run_one(t, OP(ZK_CHILDREN, "/b")).name_count, 0);
    tester_free(t);
}
END_TEST

START_TEST(sequential_nodes_count_up)
{
    struct tester *t = tester_first();
    struct zk_result first, second;

    tester_must(t, OP(ZK_CREATE, "/q"));
    first = tester_run_one(t, OP(ZK_CREATE, "/q/n_", .sequential = true));
    tester_must(t, OP(ZK_CREATE, "/q/other"));
    second = tester_run_one(t, OP(ZK_CREATE, "/q/n_", .sequential = true, TEXT("x")));
    ck_assert_uint_eq(first.data.size, strlen("/q/n_0000000000"));
    ck_assert(view_equal(first.data, VIEW_LITERAL("/q/n_0000000000")));
    ck_assert(view_equal(second.data, VIEW_LITERAL("/q/n_0000000002")));
    tester_free(t);
}
END_TEST

START_TEST(two_clients_share_a_tree_below_the_chroot)
{
    struct tester *t = tester_first(), *u = tester_open(tester_root);
    char deep[80];
    struct tester *v;

    tester_must(t, OP(ZK_CREATE, "/a", TEXT("x")));
    tester_must(u, OP(ZK_SYNC, "/"));
    ck_assert(view_equal(tester_run_one(u, OP(ZK_GET, "/a")).data, VIEW_LITERAL("x")));
    /* A chroot below nodes that are not there is made with them. */
    snprintf(deep, sizeof deep, "%s/p/q/r", tester_root);
    v = tester_open(deep);
    ck_assert_int_eq(tester_error_of(v, OP(ZK_CREATE, "/a")), ZK_ERR_NONODE);
    tester_must(v, OP(ZK_CREATE, "/"));
    ck_assert_int_eq(tester_error_of(v, OP(ZK_CREATE, "/")), ZK_ERR_NODEEXISTS);
    tester_must(v, OP(ZK_CREATE, "/a"));
    tester_must(t, OP(ZK_SYNC, "/"));
    tester_must(t, OP(ZK_GET, "/p/q/r/a"));
    tester_free(t);
    tester_free(u);
    tester_free(v);
}
END_TEST

/* ---- multi ---- */

START_TEST(multi_is_all_or_nothing)
{
    struct tester *t = tester_first();
    struct zk_op good[] = {OP(ZK_CHECK, "/v", .version = 0), OP(ZK_CREATE, "/a", TEXT("1")),
                           OP(ZK_SET, "/a", TEXT("2"), .version = 0),
                           OP(ZK_DELETE, "/gone", .version = -1)};
    struct zk_op bad[] = {OP(ZK_CREATE, "/b"), OP(ZK_CHECK, "/v", .version = 7),
                          OP(ZK_SET, "/a", TEXT("3"), .version = -1)};
    struct answer a;

    tester_must(t, OP(ZK_CREATE, "/v"));
    tester_must(t, OP(ZK_CREATE, "/gone"));
    a = tester_run(t, good, 4);
    ck_assert_uint_eq(a.count, 4);
    for (int i = 0; i < 4; i++)
        ck_assert_int_eq(a.results[i].error, ZK_OK);
    ck_assert_int_eq(a.results[2].version, 1);
    ck_assert(view_equal(a.results[1].data, VIEW_LITERAL("/a")));
    ck_assert_int_eq(tester_error_of(t, OP(ZK_GET, "/gone")), ZK_ERR_NONODE);
    /* The set's mzxid is the transaction's, so it is also the zxid at which /a was created. */
    ck_assert_int_eq(tester_run_one(t, OP(ZK_GET, "/a")).czxid, a.results[2].mzxid);

    a = tester_run(t, bad, 3);
    ck_assert_uint_eq(a.count, 3);
    ck_assert_int_eq(a.results[0].error, ZK_ERR_ROLLED_BACK);
    ck_assert_int_eq(a.results[1].error, ZK_ERR_BADVERSION);
    ck_assert_int_eq(a.results[2].error, ZK_ERR_ROLLED_BACK);
    ck_assert_int_eq(tester_error_of(t, OP(ZK_GET, "/b")), ZK_ERR_NONODE);
    ck_assert(view_equal(tester_run_one(t, OP(ZK_GET, "/a")).data, VIEW_LITERAL("2")));
    tester_free(t);
}
END_TEST

START_TEST(multi_replaces_an_ephemeral_of_another_session)
{
    struct tester *old = tester_first(), *t = tester_open(tester_root);
    struct zk_op ops[] = {OP(ZK_SET, "/node", TEXT("new"), .version = 0),
                          OP(ZK_DELETE, "/id", .version = -1),
                          OP(ZK_CREATE, "/id", TEXT("new"), .ephemeral = true)};
    struct zk_result r;
    struct answer a;

    tester_must(old, OP(ZK_CREATE, "/node"));
    tester_must(old, OP(ZK_CREATE, "/id", TEXT("old"), .ephemeral = true));
    a = tester_run(t, ops, 3);
    ck_assert_int_eq(a.results[2].error, ZK_OK);
    r = tester_run_one(t, OP(ZK_GET, "/id"));
    ck_assert_int_eq(r.owner, t->session);
    ck_assert_int_eq(r.czxid, a.results[0].mzxid);
    /* The old session's end does not touch the new one's node. */
    tester_zk->ops->open(old->client, false);
    tester_must(t, OP(ZK_CREATE, "/x"));
    tester_must(t, OP(ZK_GET, "/id"));
    tester_free(old);
    tester_free(t);
}
END_TEST

START_TEST(each_failure_of_a_multi_is_named)
{
    struct tester *t = tester_first();
    static const struct {
        struct zk_op op;
        enum zk_error error;
    } cases[] = {
        {{.kind = ZK_CREATE, .path = VIEW_LITERAL("/v")}, ZK_ERR_NODEEXISTS},
        {{.kind = ZK_CREATE, .path = VIEW_LITERAL("/x/y")}, ZK_ERR_NONODE},
        {{.kind = ZK_SET, .path = VIEW_LITERAL("/x")}, ZK_ERR_NONODE},
        {{.kind = ZK_SET, .path = VIEW_LITERAL("/v"), .version = 3}, ZK_ERR_BADVERSION},
        {{.kind = ZK_DELETE, .path = VIEW_LITERAL("/v"), .version = -1}, ZK_ERR_NOTEMPTY},
        {{.kind = ZK_DELETE, .path = VIEW_LITERAL("/x")}, ZK_ERR_NONODE},
        {{.kind = ZK_CHECK, .path = VIEW_LITERAL("/x")}, ZK_ERR_NONODE},
    };

    tester_must(t, OP(ZK_CREATE, "/v"));
    tester_must(t, OP(ZK_CREATE, "/v/child"));
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct zk_op ops[] = {OP(ZK_CHECK, "/v", .version = 0), cases[i].op,
                              OP(ZK_CREATE, "/after")};
        struct answer a = tester_run(t, ops, 3);

        ck_assert_int_eq(a.results[0].error, ZK_ERR_ROLLED_BACK);
        ck_assert_int_eq(a.results[1].error, cases[i].error);
        ck_assert_int_eq(a.results[2].error, ZK_ERR_ROLLED_BACK);
    }
    tester_free(t);
}
END_TEST

static void add_operation_tests(TCase *tc)
{
    tcase_add_test(tc, create_read_write_delete);
    tcase_add_test(tc, errors_of_single_ops);
    tcase_add_test(tc, no_data_is_not_empty_data);
    tcase_add_test(tc, children_come_in_byte_order);
    tcase_add_test(tc, sequential_nodes_count_up);
    tcase_add_test(tc, two_clients_share_a_tree_below_the_chroot);
    tcase_add_test(tc, multi_is_all_or_nothing);
    tcase_add_test(tc, multi_replaces_an_ephemeral_of_another_session);
    tcase_add_test(tc, each_failure_of_a_multi_is_named);
}

static struct zk_under_test *(*make_under_test)(void);

static void setup(void)
{
    static unsigned count;

    snprintf(tester_root, sizeof tester_root, "/contract/%d-%u", getpid(), count++);
    tester_zk = make_under_test();
}

static void teardown(void)
{
    tester_zk->ops->free(tester_zk);
}

int zk_contract_run(const char *name, struct zk_under_test *(*make)(void))
{
    Suite *suite = suite_create(name);
    TCase *tc = tcase_create(name);
    SRunner *runner;
    int failed;

    make_under_test = make;
    tcase_set_timeout(tc, SUITE_TIMEOUT_S);
    tcase_add_checked_fixture(tc, setup, teardown);
    add_operation_tests(tc);
    zk_contract_add_session_tests(tc);
    zk_contract_add_registrar_tests(tc);
    suite_add_tcase(suite, tc);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
