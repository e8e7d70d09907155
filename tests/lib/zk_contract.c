/* SPDX-License-Identifier: Apache-2.0 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/arena.h"
#include "common/memory.h"
#include "tests/lib/zk_under_test.h"

/* What a broker relies on from ZooKeeper through env.h. Each test starts with an empty tree below
 * /contract-<n>, or with a fresh model. */

static struct zk_under_test *(*make_under_test)(void);
static struct zk_under_test *zk;

/* ---- a client that remembers what it heard ---- */

#define SAID_MAX 64
struct answer {
    token token;
    bool unknown;
    uint32_t count;
    struct zk_result results[8];
};
struct said {
    enum event_kind kind;
    enum zk_session_state state;
    uint32_t generation;
    struct answer answer;
    char path[128];
    enum zk_watch_kind what;
};
struct tester {
    void *client;
    struct arena arena;
    struct said said[SAID_MAX];
    int count;
    token next;
    int64_t session;
};

static void hear_reply(struct tester *t, struct answer *a, const struct event *event)
{
    a->token = event->token;
    a->unknown = event->u.reply.unknown;
    if (a->unknown)
        return;
    a->count = event->u.reply.count;
    ck_assert_uint_le(a->count, 8);
    for (uint32_t i = 0; i < a->count; i++) {
        struct zk_result *r = &a->results[i];
        struct view *names;

        *r = event->u.reply.results[i];
        if (r->data.base)
            r->data = arena_copy(&t->arena, r->data);
        names = arena_array(&t->arena, r->name_count + 1, sizeof *names);
        for (uint32_t k = 0; k < r->name_count; k++)
            names[k] = arena_copy(&t->arena, r->names[k]);
        r->names = names;
    }
}

static void hear(void *owner, const struct event *event)
{
    struct tester *t = owner;
    struct said *s = &t->said[t->count++];

    ck_assert_int_lt(t->count, SAID_MAX);
    s->kind = event->kind;
    if (event->kind == EV_ZK_SESSION) {
        s->state = event->u.session.state;
        s->generation = event->u.session.generation;
        if (s->state == ZK_UP)
            t->session = event->u.session.id;
    } else if (event->kind == EV_ZK_REPLY) {
        hear_reply(t, &s->answer, event);
    } else {
        snprintf(s->path, sizeof s->path, "%.*s", (int)event->u.watch.path.size,
                 (const char *)event->u.watch.path.base);
        s->what = event->u.watch.what;
    }
}

static struct tester *tester_new(const char *chroot)
{
    struct tester *t = xcalloc(1, sizeof *t);

    t->arena = ARENA_INIT;
    t->next = 1;
    t->client = zk->ops->client_new(zk, chroot, hear, t);
    return t;
}

/* Forgets what was heard. */
static void fresh(struct tester *t)
{
    t->count = 0;
    memset(t->said, 0, sizeof t->said);
}

static void tester_free(struct tester *t)
{
    arena_reset(&t->arena);
    free(t);
}

static void wait_turn(const char *what)
{
    ck_assert_msg(zk->ops->turn(zk), "waited in vain for %s", what);
}

/* Waits for a session event, at or after `from` in what was heard; its place. */
static int wait_state(struct tester *t, enum zk_session_state state, int from)
{
    for (;;) {
        for (int i = from; i < t->count; i++)
            if (t->said[i].kind == EV_ZK_SESSION && t->said[i].state == state)
                return i;
        wait_turn("a session event");
    }
}

static int find_answer(const struct tester *t, token name)
{
    for (int i = 0; i < t->count; i++)
        if (t->said[i].kind == EV_ZK_REPLY && t->said[i].answer.token == name)
            return i;
    return -1;
}

static int wait_answer(struct tester *t, token name)
{
    int at;

    while ((at = find_answer(t, name)) < 0)
        wait_turn("an answer");
    return at;
}

static int wait_watch(struct tester *t, const char *path, enum zk_watch_kind what)
{
    for (;;) {
        for (int i = 0; i < t->count; i++)
            if (t->said[i].kind == EV_ZK_WATCH && strcmp(t->said[i].path, path) == 0 &&
                t->said[i].what == what)
                return i;
        wait_turn("a watch");
    }
}

static int count_watches(const struct tester *t)
{
    int count = 0;

    for (int i = 0; i < t->count; i++)
        count += t->said[i].kind == EV_ZK_WATCH;
    return count;
}

static token start(struct tester *t, const struct zk_op *ops, uint32_t count)
{
    zk->ops->submit(t->client, t->next, ops, count);
    return t->next++;
}

static struct answer run(struct tester *t, const struct zk_op *ops, uint32_t count)
{
    token name = start(t, ops, count);

    return t->said[wait_answer(t, name)].answer;
}

static struct zk_result run_one(struct tester *t, struct zk_op op)
{
    struct answer a = run(t, &op, 1);

    ck_assert(!a.unknown);
    ck_assert_uint_eq(a.count, 1);
    return a.results[0];
}

#define OP(k, p, ...) ((struct zk_op){.kind = (k), .path = VIEW_LITERAL(p), __VA_ARGS__})
#define TEXT(text) .data = VIEW_LITERAL(text)

static void must(struct tester *t, struct zk_op op)
{
    ck_assert_int_eq(run_one(t, op).error, ZK_OK);
}

static enum zk_error error_of(struct tester *t, struct zk_op op)
{
    return run_one(t, op).error;
}

static struct tester *tester_open(const char *chroot)
{
    struct tester *t = tester_new(chroot);

    zk->ops->open(t->client, true);
    wait_state(t, ZK_UP, 0);
    return t;
}

/* Two clients of one test share its tree. */
static char root[64];

static struct tester *first_client(void)
{
    struct tester *t = tester_open(root);

    must(t, OP(ZK_CREATE, "/"));
    fresh(t);
    return t;
}

static void setup(void)
{
    static unsigned count;

    snprintf(root, sizeof root, "/contract/%d-%u", getpid(), count++);
    zk = make_under_test();
}

static void teardown(void)
{
    zk->ops->free(zk);
}

/* ---- single ops ---- */

START_TEST(create_read_write_delete)
{
    struct tester *t = first_client();
    struct zk_result r = run_one(t, OP(ZK_CREATE, "/a", TEXT("one")));
    int64_t czxid = r.czxid;

    ck_assert_int_eq(r.error, ZK_OK);
    ck_assert(view_equal(r.data, VIEW_LITERAL("/a")));
    ck_assert_int_eq(r.version, 0);
    ck_assert_int_gt(czxid, 0);
    r = run_one(t, OP(ZK_SET, "/a", TEXT("two"), .version = 0));
    ck_assert_int_eq(r.error, ZK_OK);
    ck_assert_int_eq(r.version, 1);
    ck_assert_int_eq(r.czxid, czxid);
    ck_assert_int_gt(r.mzxid, czxid);
    r = run_one(t, OP(ZK_GET, "/a"));
    ck_assert(view_equal(r.data, VIEW_LITERAL("two")));
    ck_assert_int_eq(r.version, 1);
    ck_assert_int_eq(r.owner, 0);
    r = run_one(t, OP(ZK_EXISTS, "/a"));
    ck_assert_int_eq(r.error, ZK_OK);
    ck_assert_int_eq(r.version, 1);
    ck_assert_int_eq(error_of(t, OP(ZK_SET, "/a", .version = 0)), ZK_ERR_BADVERSION);
    ck_assert_int_eq(error_of(t, OP(ZK_DELETE, "/a", .version = 0)), ZK_ERR_BADVERSION);
    must(t, OP(ZK_SET, "/a", TEXT("three"), .version = -1));
    must(t, OP(ZK_DELETE, "/a", .version = 2));
    ck_assert_int_eq(error_of(t, OP(ZK_GET, "/a")), ZK_ERR_NONODE);
    ck_assert_int_eq(error_of(t, OP(ZK_EXISTS, "/a")), ZK_ERR_NONODE);
    tester_free(t);
}
END_TEST

START_TEST(errors_of_single_ops)
{
    struct tester *t = first_client();

    must(t, OP(ZK_CREATE, "/a"));
    must(t, OP(ZK_CREATE, "/a/b"));
    must(t, OP(ZK_CREATE, "/e", .ephemeral = true));
    ck_assert_int_eq(error_of(t, OP(ZK_CREATE, "/a")), ZK_ERR_NODEEXISTS);
    ck_assert_int_eq(error_of(t, OP(ZK_CREATE, "/x/y")), ZK_ERR_NONODE);
    ck_assert_int_eq(error_of(t, OP(ZK_CREATE, "/e/c")), ZK_ERR_NOCHILDRENFOREPHEMERALS);
    ck_assert_int_eq(error_of(t, OP(ZK_DELETE, "/a", .version = -1)), ZK_ERR_NOTEMPTY);
    ck_assert_int_eq(error_of(t, OP(ZK_DELETE, "/x", .version = -1)), ZK_ERR_NONODE);
    ck_assert_int_eq(error_of(t, OP(ZK_SET, "/x", .version = -1)), ZK_ERR_NONODE);
    ck_assert_int_eq(error_of(t, OP(ZK_CHILDREN, "/x")), ZK_ERR_NONODE);
    tester_free(t);
}
END_TEST

START_TEST(no_data_is_not_empty_data)
{
    struct tester *t = first_client();
    struct zk_result r;

    must(t, OP(ZK_CREATE, "/null"));
    must(t, OP(ZK_CREATE, "/empty", .data = {(const uint8_t *)"", 0}));
    r = run_one(t, OP(ZK_GET, "/null"));
    ck_assert_int_eq(r.error, ZK_OK);
    ck_assert_ptr_null(r.data.base);
    r = run_one(t, OP(ZK_GET, "/empty"));
    ck_assert_int_eq(r.error, ZK_OK);
    ck_assert_uint_eq(r.data.size, 0);
    ck_assert_ptr_nonnull(r.data.base);
    tester_free(t);
}
END_TEST

START_TEST(children_come_in_byte_order)
{
    struct tester *t = first_client();
    struct zk_result r;

    must(t, OP(ZK_CREATE, "/b"));
    must(t, OP(ZK_CREATE, "/10"));
    must(t, OP(ZK_CREATE, "/a"));
    must(t, OP(ZK_CREATE, "/2"));
    must(t, OP(ZK_CREATE, "/a/c"));
    r = run_one(t, OP(ZK_CHILDREN, "/"));
    ck_assert_uint_eq(r.name_count, 4);
    ck_assert(view_equal(r.names[0], VIEW_LITERAL("10")));
    ck_assert(view_equal(r.names[1], VIEW_LITERAL("2")));
    ck_assert(view_equal(r.names[2], VIEW_LITERAL("a")));
    ck_assert(view_equal(r.names[3], VIEW_LITERAL("b")));
    ck_assert_uint_eq(run_one(t, OP(ZK_CHILDREN, "/b")).name_count, 0);
    tester_free(t);
}
END_TEST

START_TEST(sequential_nodes_count_up)
{
    struct tester *t = first_client();
    struct zk_result first, second;

    must(t, OP(ZK_CREATE, "/q"));
    first = run_one(t, OP(ZK_CREATE, "/q/n_", .sequential = true));
    must(t, OP(ZK_CREATE, "/q/other"));
    second = run_one(t, OP(ZK_CREATE, "/q/n_", .sequential = true, TEXT("x")));
    ck_assert_uint_eq(first.data.size, strlen("/q/n_0000000000"));
    ck_assert(view_equal(first.data, VIEW_LITERAL("/q/n_0000000000")));
    ck_assert(view_equal(second.data, VIEW_LITERAL("/q/n_0000000002")));
    tester_free(t);
}
END_TEST

START_TEST(two_clients_share_a_tree_below_the_chroot)
{
    struct tester *t = first_client(), *u = tester_open(root);
    char deep[80];
    struct tester *v;

    must(t, OP(ZK_CREATE, "/a", TEXT("x")));
    must(u, OP(ZK_SYNC, "/"));
    ck_assert(view_equal(run_one(u, OP(ZK_GET, "/a")).data, VIEW_LITERAL("x")));
    /* A chroot below nodes that are not there is made with them. */
    snprintf(deep, sizeof deep, "%s/p/q/r", root);
    v = tester_open(deep);
    ck_assert_int_eq(error_of(v, OP(ZK_CREATE, "/a")), ZK_ERR_NONODE);
    must(v, OP(ZK_CREATE, "/"));
    ck_assert_int_eq(error_of(v, OP(ZK_CREATE, "/")), ZK_ERR_NODEEXISTS);
    must(v, OP(ZK_CREATE, "/a"));
    must(t, OP(ZK_SYNC, "/"));
    must(t, OP(ZK_GET, "/p/q/r/a"));
    tester_free(t);
    tester_free(u);
    tester_free(v);
}
END_TEST

/* ---- multi ---- */

START_TEST(multi_is_all_or_nothing)
{
    struct tester *t = first_client();
    struct zk_op good[] = {OP(ZK_CHECK, "/v", .version = 0), OP(ZK_CREATE, "/a", TEXT("1")),
                           OP(ZK_SET, "/a", TEXT("2"), .version = 0),
                           OP(ZK_DELETE, "/gone", .version = -1)};
    struct zk_op bad[] = {OP(ZK_CREATE, "/b"), OP(ZK_CHECK, "/v", .version = 7),
                          OP(ZK_SET, "/a", TEXT("3"), .version = -1)};
    struct answer a;

    must(t, OP(ZK_CREATE, "/v"));
    must(t, OP(ZK_CREATE, "/gone"));
    a = run(t, good, 4);
    ck_assert_uint_eq(a.count, 4);
    for (int i = 0; i < 4; i++)
        ck_assert_int_eq(a.results[i].error, ZK_OK);
    ck_assert_int_eq(a.results[2].version, 1);
    ck_assert(view_equal(a.results[1].data, VIEW_LITERAL("/a")));
    ck_assert_int_eq(error_of(t, OP(ZK_GET, "/gone")), ZK_ERR_NONODE);
    /* The set's mzxid is the transaction's, so it is also the zxid at which /a was created. */
    ck_assert_int_eq(run_one(t, OP(ZK_GET, "/a")).czxid, a.results[2].mzxid);

    a = run(t, bad, 3);
    ck_assert_uint_eq(a.count, 3);
    ck_assert_int_eq(a.results[0].error, ZK_ERR_ROLLED_BACK);
    ck_assert_int_eq(a.results[1].error, ZK_ERR_BADVERSION);
    ck_assert_int_eq(a.results[2].error, ZK_ERR_ROLLED_BACK);
    ck_assert_int_eq(error_of(t, OP(ZK_GET, "/b")), ZK_ERR_NONODE);
    ck_assert(view_equal(run_one(t, OP(ZK_GET, "/a")).data, VIEW_LITERAL("2")));
    tester_free(t);
}
END_TEST

START_TEST(multi_replaces_an_ephemeral_of_another_session)
{
    struct tester *old = first_client(), *t = tester_open(root);
    struct zk_op ops[] = {OP(ZK_SET, "/node", TEXT("new"), .version = 0),
                          OP(ZK_DELETE, "/id", .version = -1),
                          OP(ZK_CREATE, "/id", TEXT("new"), .ephemeral = true)};
    struct zk_result r;
    struct answer a;

    must(old, OP(ZK_CREATE, "/node"));
    must(old, OP(ZK_CREATE, "/id", TEXT("old"), .ephemeral = true));
    a = run(t, ops, 3);
    ck_assert_int_eq(a.results[2].error, ZK_OK);
    r = run_one(t, OP(ZK_GET, "/id"));
    ck_assert_int_eq(r.owner, t->session);
    ck_assert_int_eq(r.czxid, a.results[0].mzxid);
    /* The old session's end does not touch the new one's node. */
    zk->ops->open(old->client, false);
    must(t, OP(ZK_CREATE, "/x"));
    must(t, OP(ZK_GET, "/id"));
    tester_free(old);
    tester_free(t);
}
END_TEST

START_TEST(each_failure_of_a_multi_is_named)
{
    struct tester *t = first_client();
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

    must(t, OP(ZK_CREATE, "/v"));
    must(t, OP(ZK_CREATE, "/v/child"));
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct zk_op ops[] = {OP(ZK_CHECK, "/v", .version = 0), cases[i].op,
                              OP(ZK_CREATE, "/after")};
        struct answer a = run(t, ops, 3);

        ck_assert_int_eq(a.results[0].error, ZK_ERR_ROLLED_BACK);
        ck_assert_int_eq(a.results[1].error, cases[i].error);
        ck_assert_int_eq(a.results[2].error, ZK_ERR_ROLLED_BACK);
    }
    tester_free(t);
}
END_TEST

/* ---- sessions ---- */

START_TEST(nothing_is_done_without_a_session)
{
    struct tester *t = tester_new(root);

    ck_assert_int_eq(error_of(t, OP(ZK_CREATE, "/a")), ZK_ERR_NO_SESSION);
    zk->ops->open(t->client, true);
    wait_state(t, ZK_UP, 0);
    must(t, OP(ZK_CREATE, "/"));
    tester_free(t);
}
END_TEST

START_TEST(ephemerals_go_when_the_session_is_closed)
{
    struct tester *t = first_client(), *u = tester_open(root);
    struct zk_result r;

    must(t, OP(ZK_CREATE, "/e", .ephemeral = true));
    r = run_one(t, OP(ZK_GET, "/e"));
    ck_assert_int_eq(r.owner, t->session);
    must(u, OP(ZK_SYNC, "/"));
    ck_assert_int_eq(error_of(u, OP(ZK_EXISTS, "/e", .watch = true)), ZK_OK);
    zk->ops->open(t->client, false);
    wait_watch(u, "/e", ZK_WATCH_DELETED);
    ck_assert_int_eq(error_of(u, OP(ZK_GET, "/e")), ZK_ERR_NONODE);
    tester_free(t);
    tester_free(u);
}
END_TEST

START_TEST(ephemerals_go_when_a_dead_process_session_expires)
{
    struct tester *t = first_client(), *u = tester_open(root);

    must(t, OP(ZK_CREATE, "/e", .ephemeral = true));
    must(u, OP(ZK_SYNC, "/"));
    must(u, OP(ZK_GET, "/e", .watch = true));
    zk->ops->client_kill(t->client);
    wait_watch(u, "/e", ZK_WATCH_DELETED);
    tester_free(t);
    tester_free(u);
}
END_TEST

START_TEST(expiry_is_heard_after_the_link_is_back)
{
    struct tester *t = first_client(), *u = tester_open(root);
    uint32_t generation = 1;
    int lost, expired, up;
    token away;

    must(t, OP(ZK_CREATE, "/e", .ephemeral = true));
    must(t, OP(ZK_GET, "/e", .watch = true));
    must(u, OP(ZK_SYNC, "/"));
    must(u, OP(ZK_GET, "/e", .watch = true));
    fresh(t);
    zk->ops->cut(t->client, true);
    lost = wait_state(t, ZK_LOST, 0);
    ck_assert_uint_eq(t->said[lost].generation, generation);
    away = start(t, &OP(ZK_CREATE, "/away"), 1);
    wait_watch(u, "/e", ZK_WATCH_DELETED);
    ck_assert_int_eq(t->count, 1);
    zk->ops->cut(t->client, false);
    expired = wait_state(t, ZK_EXPIRED, lost);
    ck_assert_uint_eq(t->said[expired].generation, generation);
    /* What was given meanwhile is surely not done, and is answered first. */
    ck_assert_int_eq(find_answer(t, away), expired - 1);
    ck_assert(!t->said[expired - 1].answer.unknown);
    ck_assert_int_eq(t->said[expired - 1].answer.results[0].error, ZK_ERR_NO_SESSION);
    up = wait_state(t, ZK_UP, expired);
    ck_assert_uint_eq(t->said[up].generation, generation + 1);
    ck_assert_int_eq(error_of(t, OP(ZK_GET, "/e")), ZK_ERR_NONODE);
    ck_assert_int_eq(error_of(t, OP(ZK_GET, "/away")), ZK_ERR_NONODE);
    ck_assert_int_eq(count_watches(t), 0);
    tester_free(t);
    tester_free(u);
}
END_TEST

/* ---- watches ---- */

START_TEST(watches_are_one_shot)
{
    struct tester *t = first_client();
    int fired;
    token read;

    ck_assert_int_eq(error_of(t, OP(ZK_EXISTS, "/a", .watch = true)), ZK_ERR_NONODE);
    must(t, OP(ZK_CREATE, "/a"));
    wait_watch(t, "/a", ZK_WATCH_CREATED);
    must(t, OP(ZK_SET, "/a", .version = -1));
    must(t, OP(ZK_SYNC, "/"));
    ck_assert_int_eq(count_watches(t), 1);

    /* Asked for twice, and by both kinds of read: heard once. */
    must(t, OP(ZK_GET, "/a", .watch = true));
    must(t, OP(ZK_EXISTS, "/a", .watch = true));
    must(t, OP(ZK_GET, "/a", .watch = true));
    fresh(t);
    must(t, OP(ZK_SET, "/a", .version = -1));
    must(t, OP(ZK_SET, "/a", .version = -1));
    fired = wait_watch(t, "/a", ZK_WATCH_CHANGED);
    read = t->next;
    must(t, OP(ZK_GET, "/a"));
    /* Heard before the reply that shows the change. */
    ck_assert_int_lt(fired, find_answer(t, read));
    ck_assert_int_eq(count_watches(t), 1);
    tester_free(t);
}
END_TEST

START_TEST(a_watch_is_heard_before_the_reply_of_the_write_that_fires_it)
{
    struct tester *t = first_client();
    token write;
    int answer;

    must(t, OP(ZK_CREATE, "/a"));
    must(t, OP(ZK_CHILDREN, "/", .watch = true));
    must(t, OP(ZK_GET, "/a", .watch = true));
    fresh(t);
    write = start(t, &OP(ZK_DELETE, "/a", .version = -1), 1);
    answer = wait_answer(t, write);
    ck_assert_int_eq(answer, 2);
    ck_assert_int_lt(wait_watch(t, "/a", ZK_WATCH_DELETED), answer);
    ck_assert_int_lt(wait_watch(t, "/", ZK_WATCH_CHILDREN), answer);
    tester_free(t);
}
END_TEST

START_TEST(child_watches_see_children_only)
{
    struct tester *t = first_client();

    must(t, OP(ZK_CREATE, "/p"));
    must(t, OP(ZK_CREATE, "/p/a"));
    must(t, OP(ZK_CHILDREN, "/p", .watch = true));
    fresh(t);
    must(t, OP(ZK_SET, "/p", .version = -1));
    must(t, OP(ZK_SET, "/p/a", .version = -1));
    ck_assert_int_eq(count_watches(t), 0);
    must(t, OP(ZK_CREATE, "/p/b"));
    wait_watch(t, "/p", ZK_WATCH_CHILDREN);
    must(t, OP(ZK_CHILDREN, "/p", .watch = true));
    fresh(t);
    must(t, OP(ZK_DELETE, "/p/b", .version = -1));
    wait_watch(t, "/p", ZK_WATCH_CHILDREN);
    ck_assert_int_eq(count_watches(t), 1);
    /* No watch on a node that is not there, but by EXISTS. */
    ck_assert_int_eq(error_of(t, OP(ZK_GET, "/none", .watch = true)), ZK_ERR_NONODE);
    ck_assert_int_eq(error_of(t, OP(ZK_CHILDREN, "/none", .watch = true)), ZK_ERR_NONODE);
    must(t, OP(ZK_CREATE, "/none"));
    must(t, OP(ZK_SYNC, "/"));
    ck_assert_int_eq(count_watches(t), 1);
    /* Both kinds on one node: its deletion is heard once. */
    must(t, OP(ZK_CHILDREN, "/none", .watch = true));
    must(t, OP(ZK_GET, "/none", .watch = true));
    fresh(t);
    must(t, OP(ZK_DELETE, "/none", .version = -1));
    must(t, OP(ZK_SYNC, "/"));
    ck_assert_int_eq(count_watches(t), 1);
    ck_assert_int_eq(t->said[0].what, ZK_WATCH_DELETED);
    tester_free(t);
}
END_TEST

START_TEST(watches_survive_a_reconnect)
{
    struct tester *t = first_client(), *u = tester_open(root);
    int up;

    must(t, OP(ZK_CREATE, "/changed"));
    must(t, OP(ZK_CREATE, "/same"));
    must(t, OP(ZK_CREATE, "/parent"));
    must(t, OP(ZK_GET, "/changed", .watch = true));
    must(t, OP(ZK_GET, "/same", .watch = true));
    must(t, OP(ZK_CHILDREN, "/parent", .watch = true));
    ck_assert_int_eq(error_of(t, OP(ZK_EXISTS, "/made", .watch = true)), ZK_ERR_NONODE);
    fresh(t);
    zk->ops->cut(t->client, true);
    must(u, OP(ZK_SET, "/changed", .version = -1));
    must(u, OP(ZK_CREATE, "/parent/c"));
    must(u, OP(ZK_CREATE, "/made"));
    zk->ops->disconnect(t->client);
    wait_state(t, ZK_LOST, 0);
    zk->ops->cut(t->client, false);
    up = wait_state(t, ZK_UP, 0);
    ck_assert_uint_eq(t->said[up].generation, 1);
    ck_assert_int_gt(wait_watch(t, "/changed", ZK_WATCH_CHANGED), up);
    ck_assert_int_gt(wait_watch(t, "/parent", ZK_WATCH_CHILDREN), up);
    ck_assert_int_gt(wait_watch(t, "/made", ZK_WATCH_CREATED), up);
    must(t, OP(ZK_SYNC, "/"));
    ck_assert_int_eq(count_watches(t), 3);
    must(u, OP(ZK_SET, "/same", .version = -1));
    wait_watch(t, "/same", ZK_WATCH_CHANGED);
    tester_free(t);
    tester_free(u);
}
END_TEST

/* ---- unknown outcomes ---- */

START_TEST(a_lost_reply_is_resolved_by_sync_and_read)
{
    struct tester *t = first_client();
    token write;
    int at, lost;

    must(t, OP(ZK_CREATE, "/a", TEXT("before")));
    fresh(t);
    zk->ops->fault_at(t->client, 0, ZK_FAULT_REPLY);
    write = start(t, &OP(ZK_SET, "/a", TEXT("after"), .version = 0), 1);
    at = wait_answer(t, write);
    ck_assert(t->said[at].answer.unknown);
    lost = wait_state(t, ZK_LOST, 0);
    ck_assert_int_lt(at, lost);
    wait_state(t, ZK_UP, lost);
    must(t, OP(ZK_SYNC, "/"));
    ck_assert(view_equal(run_one(t, OP(ZK_GET, "/a")).data, VIEW_LITERAL("after")));
    tester_free(t);
}
END_TEST

START_TEST(a_lost_request_is_resolved_by_sync_and_read)
{
    struct tester *t = first_client();
    token write;
    int at;

    must(t, OP(ZK_CREATE, "/a", TEXT("before")));
    zk->ops->fault_at(t->client, 0, ZK_FAULT_REQUEST);
    write = start(t, &OP(ZK_SET, "/a", TEXT("after"), .version = 0), 1);
    at = wait_answer(t, write);
    ck_assert(t->said[at].answer.unknown);
    wait_state(t, ZK_UP, wait_state(t, ZK_LOST, 0));
    must(t, OP(ZK_SYNC, "/"));
    ck_assert(view_equal(run_one(t, OP(ZK_GET, "/a")).data, VIEW_LITERAL("before")));
    tester_free(t);
}
END_TEST

START_TEST(all_outstanding_are_unknown_in_order_and_later_ones_wait)
{
    struct tester *t = first_client();
    token first, later;
    int lost;

    must(t, OP(ZK_CREATE, "/a"));
    fresh(t);
    zk->ops->fault_at(t->client, 0, ZK_FAULT_REPLY);
    first = start(t, &OP(ZK_SET, "/a", .version = -1), 1);
    for (int i = 1; i < 5; i++)
        start(t, &OP(ZK_SET, "/a", .version = -1), 1);
    lost = wait_state(t, ZK_LOST, 0);
    ck_assert_int_eq(lost, 5);
    for (int i = 0; i < 5; i++) {
        ck_assert_int_eq(find_answer(t, first + (token)i), i);
        ck_assert(t->said[i].answer.unknown);
    }
    later = start(t, &OP(ZK_CREATE, "/later"), 1);
    ck_assert_int_gt(wait_answer(t, later), wait_state(t, ZK_UP, lost));
    ck_assert_int_eq(t->said[find_answer(t, later)].answer.results[0].error, ZK_OK);
    tester_free(t);
}
END_TEST

START_TEST(a_lost_multi_is_done_or_not_as_a_whole)
{
    struct tester *t = first_client();
    struct zk_op ops[] = {OP(ZK_SET, "/v", TEXT("mine"), .version = 0),
                          OP(ZK_CREATE, "/e", .ephemeral = true)};
    int at;

    must(t, OP(ZK_CREATE, "/v"));
    zk->ops->fault_at(t->client, 0, ZK_FAULT_REPLY);
    at = wait_answer(t, start(t, ops, 2));
    ck_assert(t->said[at].answer.unknown);
    wait_state(t, ZK_UP, wait_state(t, ZK_LOST, 0));
    must(t, OP(ZK_SYNC, "/"));
    ck_assert(view_equal(run_one(t, OP(ZK_GET, "/v")).data, VIEW_LITERAL("mine")));
    ck_assert_int_eq(run_one(t, OP(ZK_GET, "/e")).owner, t->session);
    /* Again with the version it had: the answer is no. */
    ck_assert_int_eq(run(t, ops, 2).results[0].error, ZK_ERR_BADVERSION);
    tester_free(t);
}
END_TEST

START_TEST(a_moved_session_ends_the_connection)
{
    struct tester *t = first_client();
    int at, lost;

    if (!zk->ops->forge_moved)
        return;
    must(t, OP(ZK_CREATE, "/a"));
    fresh(t);
    zk->ops->forge_moved(t->client);
    at = wait_answer(t, start(t, &OP(ZK_SET, "/a", .version = 0), 1));
    ck_assert(t->said[at].answer.unknown);
    lost = wait_state(t, ZK_LOST, 0);
    wait_state(t, ZK_UP, lost);
    must(t, OP(ZK_SYNC, "/"));
    ck_assert_int_eq(run_one(t, OP(ZK_GET, "/a")).version, 1);
    tester_free(t);
}
END_TEST

START_TEST(too_large_is_refused_in_its_place)
{
    struct tester *t = first_client();
    static uint8_t big[1100 << 10];
    struct zk_op ops[] = {OP(ZK_CREATE, "/x", .data = {big, 70 << 10}),
                          OP(ZK_CREATE, "/y", .data = {big, 70 << 10})};
    token before, refused, multi, after;

    before = start(t, &OP(ZK_CREATE, "/a"), 1);
    refused = start(t, &OP(ZK_CREATE, "/b", .data = {big, sizeof big}), 1);
    multi = start(t, ops, 2);
    after = start(t, &OP(ZK_CREATE, "/c"), 1);
    ck_assert_int_eq(wait_answer(t, after), 3);
    ck_assert_int_eq(find_answer(t, before), 0);
    ck_assert_int_eq(find_answer(t, refused), 1);
    ck_assert_int_eq(find_answer(t, multi), 2);
    ck_assert_int_eq(t->said[1].answer.results[0].error, ZK_ERR_TOO_LARGE);
    ck_assert_int_eq(t->said[2].answer.results[0].error, ZK_ERR_TOO_LARGE);
    ck_assert_int_eq(t->said[3].answer.results[0].error, ZK_OK);
    ck_assert_int_eq(error_of(t, OP(ZK_GET, "/x")), ZK_ERR_NONODE);
    must(t, OP(ZK_CREATE, "/big", .data = {big, 200 << 10}));
    ck_assert_uint_eq(run_one(t, OP(ZK_GET, "/big")).data.size, 200 << 10);
    tester_free(t);
}
END_TEST

static void add_tests(TCase *tc)
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
    tcase_add_test(tc, all_outstanding_are_unknown_in_order_and_later_ones_wait);
    tcase_add_test(tc, a_lost_multi_is_done_or_not_as_a_whole);
    tcase_add_test(tc, a_moved_session_ends_the_connection);
    tcase_add_test(tc, too_large_is_refused_in_its_place);
}

int zk_contract_run(const char *name, struct zk_under_test *(*make)(void))
{
    Suite *suite = suite_create(name);
    TCase *tc = tcase_create(name);
    SRunner *runner;
    int failed;

    make_under_test = make;
    tcase_set_timeout(tc, 120);
    tcase_add_checked_fixture(tc, setup, teardown);
    add_tests(tc);
    suite_add_tcase(suite, tc);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
