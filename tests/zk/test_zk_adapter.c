/* SPDX-License-Identifier: Apache-2.0 */
#include "broker/zk/zk_adapter.h"
#include "tests/lib/suite.h"

#include <check.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

/* What only the adapter has: several servers, none at all, permissions. */

#define DEADLINE_S 30

struct listener {
    struct zk_adapter *adapter;
    pthread_mutex_t lock;
    pthread_cond_t posted;
    struct world_zk_post *first, **last;
    bool up;
    token answered;
    enum zk_error error;
    char warned[512];
};

static void take_post(void *context, struct world_zk_post *post)
{
    struct listener *l = context;

    pthread_mutex_lock(&l->lock);
    post->next = NULL;
    *l->last = post;
    l->last = &post->next;
    pthread_cond_signal(&l->posted);
    pthread_mutex_unlock(&l->lock);
}

static void say(void *context, enum say_level level, struct view line)
{
    struct listener *l = context;

    if (level != SAY_WARN)
        return;
    pthread_mutex_lock(&l->lock);
    snprintf(l->warned, sizeof l->warned, "%.*s", (int)line.size, (const char *)line.base);
    pthread_cond_signal(&l->posted);
    pthread_mutex_unlock(&l->lock);
}

static void hear(struct listener *l, struct world_zk_post *post)
{
    if (post->hearing)
        post->hearing(post);
    if (post->event.kind == EV_ZK_SESSION) {
        l->up = post->event.u.session.state == ZK_UP;
    } else if (post->event.kind == EV_ZK_REPLY) {
        ck_assert(!post->event.u.reply.unknown);
        l->error = post->event.u.reply.results[0].error;
        l->answered = post->event.token;
    }
    world_zk_post_free(post);
}

/* Hears one post, or waits a moment. */
static void turn(struct listener *l)
{
    struct timespec until;
    struct world_zk_post *post;

    pthread_mutex_lock(&l->lock);
    if (!l->first) {
        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_sec++;
        pthread_cond_timedwait(&l->posted, &l->lock, &until);
    }
    post = l->first;
    if (post && !(l->first = post->next))
        l->last = &l->first;
    pthread_mutex_unlock(&l->lock);
    if (post)
        hear(l, post);
}

static time_t now_s(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec;
}

static struct listener *listener_new(const char *connect_text, const char *digest)
{
    struct listener *l = calloc(1, sizeof *l);
    struct zk_connect connect;
    struct zk_adapter_options options = {.connect = &connect,
                                         .session_timeout_ms = 4000,
                                         .digest = digest,
                                         .protect = digest != NULL,
                                         .post = take_post,
                                         .say = say,
                                         .context = l};
    const char *why;

    pthread_mutex_init(&l->lock, NULL);
    pthread_cond_init(&l->posted, NULL);
    l->last = &l->first;
    ck_assert_int_eq(zk_connect_parse(connect_text, &connect, &why), 0);
    l->adapter = zk_adapter_new(&options);
    ck_assert_ptr_nonnull(l->adapter);
    zk_adapter_ops.open(l->adapter);
    return l;
}

static void listener_free(struct listener *l)
{
    zk_adapter_ops.free(l->adapter);
    while (l->first) {
        struct world_zk_post *post = l->first;

        l->first = post->next;
        world_zk_post_free(post);
    }
    free(l);
}

static void wait_up(struct listener *l)
{
    time_t until = now_s() + DEADLINE_S;

    while (!l->up) {
        ck_assert_msg(now_s() < until, "no session");
        turn(l);
    }
}

static enum zk_error run(struct listener *l, struct zk_op op)
{
    time_t until = now_s() + DEADLINE_S;
    token name = l->answered + 1;

    zk_adapter_ops.submit(l->adapter, name, &op, 1);
    while (l->answered != name) {
        ck_assert_msg(now_s() < until, "no answer");
        turn(l);
    }
    return l->error;
}

static const char *connect_to(const char *format)
{
    static char text[256];
    const char *port = getenv("ZK_TEST_PORT");

    ck_assert_msg(port != NULL, "ZK_TEST_PORT is not set: run `make zk-check`");
    snprintf(text, sizeof text, format, port);
    return text;
}

START_TEST(a_server_that_is_down_is_passed_by)
{
    struct listener *l = listener_new(connect_to("127.0.0.1:1,localhost:2,localhost:%s"), NULL);

    wait_up(l);
    ck_assert_int_eq(run(l, (struct zk_op){.kind = ZK_EXISTS, .path = VIEW_LITERAL("/none")}),
                     ZK_ERR_NONODE);
    listener_free(l);
}
END_TEST

START_TEST(without_any_server_it_says_so_and_ends_when_told)
{
    struct listener *l = listener_new("127.0.0.1:1,no-such-name.invalid:2181", NULL);
    time_t until = now_s() + DEADLINE_S;

    while (!l->warned[0]) {
        ck_assert_msg(now_s() < until, "nothing was said");
        turn(l);
    }
    ck_assert_msg(strstr(l->warned, "127.0.0.1:1 and others") &&
                      strstr(l->warned, "zookeeper.connect"),
                  "%s", l->warned);
    ck_assert_int_eq(run(l, (struct zk_op){.kind = ZK_SYNC, .path = VIEW_LITERAL("/")}),
                     ZK_ERR_NO_SESSION);
    listener_free(l);
}
END_TEST

START_TEST(a_name_that_nobody_knows_is_asked_for_again)
{
    struct listener *l = listener_new("no-such-name.invalid:2181", NULL);
    time_t until = now_s() + DEADLINE_S;

    while (!l->warned[0]) {
        ck_assert_msg(now_s() < until, "nothing was said");
        turn(l);
    }
    ck_assert(!l->up);
    listener_free(l);
}
END_TEST

START_TEST(protected_nodes_are_read_by_all_and_written_by_their_owner)
{
    struct listener *owner, *other;
    struct zk_op multi[2] = {{.kind = ZK_CREATE, .path = VIEW_LITERAL("/a")},
                             {.kind = ZK_CREATE, .path = VIEW_LITERAL("/a/b")}};
    char text[400];

    snprintf(text, sizeof text, "127.0.0.1:%s/protected-%d", connect_to("%s"), (int)getpid());
    owner = listener_new(text, "broker:secret");
    other = listener_new(text, NULL);
    wait_up(owner);
    wait_up(other);
    ck_assert_int_eq(run(owner, (struct zk_op){.kind = ZK_CREATE, .path = VIEW_LITERAL("/")}),
                     ZK_OK);
    zk_adapter_ops.submit(owner->adapter, 1000000, multi, 2);
    ck_assert_int_eq(run(owner, (struct zk_op){.kind = ZK_SYNC, .path = VIEW_LITERAL("/")}), ZK_OK);
    ck_assert_int_eq(run(other, (struct zk_op){.kind = ZK_SYNC, .path = VIEW_LITERAL("/")}), ZK_OK);
    ck_assert_int_eq(run(other, (struct zk_op){.kind = ZK_GET, .path = VIEW_LITERAL("/a/b")}),
                     ZK_OK);
    ck_assert_int_eq(
        run(other, (struct zk_op){.kind = ZK_SET, .version = -1, .path = VIEW_LITERAL("/a/b")}),
        ZK_ERR_NOAUTH);
    ck_assert_int_eq(
        run(owner, (struct zk_op){.kind = ZK_SET, .version = -1, .path = VIEW_LITERAL("/a/b")}),
        ZK_OK);
    listener_free(owner);
    listener_free(other);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("zk_adapter");
    TCase *tc = tcase_create("zk_adapter");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_set_timeout(tc, SUITE_TIMEOUT_S);
    tcase_add_test(tc, a_server_that_is_down_is_passed_by);
    tcase_add_test(tc, without_any_server_it_says_so_and_ends_when_told);
    tcase_add_test(tc, a_name_that_nobody_knows_is_asked_for_again);
    tcase_add_test(tc, protected_nodes_are_read_by_all_and_written_by_their_owner);
    suite_add_tcase(suite, tc);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? 1 : 0;
}
