/* SPDX-License-Identifier: Apache-2.0 */
#include "common/reactor.h"

#include <stdio.h>

#include "common/assert.h"
#include "tests/lib/suite.h"

/* A world that only notes what was asked of it. */
struct fake_world {
    token timer;
    uint64_t at_ns;
    unsigned timer_calls;
    char last_line[2000];
    unsigned lines;
};

static void fake_timer(void *world, token name, uint64_t at_ns)
{
    struct fake_world *w = world;
    w->timer = name;
    w->at_ns = at_ns;
    w->timer_calls++;
}

static void fake_say(void *world, enum say_level level, struct view line)
{
    struct fake_world *w = world;
    snprintf(w->last_line, sizeof w->last_line, "%d %.*s", (int)level, (int)line.size,
             (const char *)line.base);
    w->lines++;
}

static const struct env_ops fake_ops = {.timer = fake_timer, .say = fake_say};

static struct reactor *reactor_over(struct reactor *r, struct fake_world *w)
{
    *w = (struct fake_world){0};
    reactor_init(r, &(struct env){&fake_ops, w, 0, 1});
    return r;
}

struct listener {
    struct source source;
    unsigned heard;
    enum event_kind last;
};

static void listener_heard(struct source *source, const struct event *event)
{
    struct listener *l = CONTAINER_OF(source, struct listener, source);
    l->heard++;
    l->last = event->kind;
}

START_TEST(test_events_reach_the_source_of_their_token)
{
    struct fake_world w;
    struct reactor r;
    reactor_over(&r, &w);
    static struct listener all[500];
    for (unsigned i = 0; i < 500; i++) {
        all[i] = (struct listener){.source.heard = listener_heard};
        if (i % 2)
            reactor_add(&r, &all[i].source);
        else
            reactor_add_as(&r, &all[i].source, TOKEN_OF_WORLD | i);
        for (unsigned k = 0; k < i; k++)
            ck_assert_uint_ne(all[k].source.token, all[i].source.token);
    }
    token third = all[3].source.token;
    for (unsigned i = 0; i < 500; i += 3)
        reactor_remove(&r, &all[i].source);
    reactor_remove(&r, &all[3].source); /* harmless */
    for (unsigned i = 0; i < 500; i++)
        if (all[i].source.token)
            reactor_step(&r, &(struct event){.kind = EV_NET_SENT, .token = all[i].source.token});
    reactor_step(&r, &(struct event){.kind = EV_TIMER, .token = third});
    for (unsigned i = 0; i < 500; i++)
        ck_assert_uint_eq(all[i].heard, i % 3 != 0);
    for (unsigned i = 0; i < 500; i++)
        reactor_remove(&r, &all[i].source);
    reactor_deinit(&r);
}
END_TEST

START_TEST(test_bytes_for_nobody_are_released)
{
    struct fake_world w;
    struct reactor r;
    reactor_over(&r, &w);
    struct account account = {0};
    struct event data = {.kind = EV_NET_DATA, .token = 77, .u.data.buf = buf_new(&account, 10)};
    reactor_step(&r, &data);
    ck_assert_int_eq(account.bytes, 0);
    reactor_deinit(&r);
}
END_TEST

static void other_heard(void *context, const struct event *event)
{
    enum event_kind **at = context;
    *(*at)++ = event->kind;
}

START_TEST(test_what_is_for_the_whole_shard)
{
    struct fake_world w;
    struct reactor r;
    reactor_over(&r, &w);
    reactor_step(&r, &(struct event){.kind = EV_ZK_SESSION}); /* nobody listens yet */
    enum event_kind heard[8], *at = heard;
    r.other_heard = other_heard;
    r.other_context = &at;
    reactor_step(&r, &(struct event){.kind = EV_START, .now_ns = 42});
    ck_assert_uint_eq(r.now_ns, 42);
    reactor_step(&r, &(struct event){.kind = EV_ZK_WATCH});
    reactor_step(&r, &(struct event){.kind = EV_NET_ACCEPTED, .token = TOKEN_OF_WORLD | 1});
    reactor_step(&r, &(struct event){.kind = EV_NET_SENT, .token = TOKEN_OF_WORLD | 1});
    reactor_step(&r, &(struct event){.kind = EV_STOP});
    ck_assert_int_eq(at - heard, 4);
    ck_assert_int_eq(heard[0], EV_START);
    ck_assert_int_eq(heard[1], EV_ZK_WATCH);
    ck_assert_int_eq(heard[2], EV_NET_ACCEPTED);
    ck_assert_int_eq(heard[3], EV_STOP);
    reactor_deinit(&r);
}
END_TEST

struct task {
    struct turn_task task;
    struct reactor *reactor;
    struct task *asks;
    char name, *log;
};

static void task_run(struct turn_task *task)
{
    struct task *t = CONTAINER_OF(task, struct task, task);
    *strchr(t->log, 0) = t->name;
    if (t->asks) {
        reactor_at_turn(t->reactor, &t->asks->task);
        t->asks = NULL;
    }
}

START_TEST(test_turn_tasks_run_once_in_order_until_none_is_left)
{
    struct fake_world w;
    struct reactor r;
    reactor_over(&r, &w);
    char log[16] = "";
    struct task a = {.task.run = task_run, .reactor = &r, .name = 'a', .log = log};
    struct task b = a, c = a;
    b.name = 'b';
    c.name = 'c';
    a.asks = &c;
    c.asks = &a;
    reactor_at_turn(&r, &a.task);
    reactor_at_turn(&r, &b.task);
    reactor_at_turn(&r, &a.task);
    reactor_step(&r, &(struct event){.kind = EV_TURN});
    ck_assert_str_eq(log, "abca");
    reactor_step(&r, &(struct event){.kind = EV_TURN});
    ck_assert_str_eq(log, "abca");
    reactor_deinit(&r);
}
END_TEST

struct test_job {
    struct disk_job job;
    bool at_home;
};

static void job_home(struct disk_job *job)
{
    CONTAINER_OF(job, struct test_job, job)->at_home = true;
}

static void mail_heard(void *context, struct mail *mail)
{
    *(struct mail **)context = mail;
}

START_TEST(test_jobs_and_mails)
{
    struct fake_world w;
    struct reactor r;
    reactor_over(&r, &w);
    struct test_job job = {.job.home = job_home};
    reactor_step(&r, &(struct event){.kind = EV_DISK, .u.disk = &job.job});
    ck_assert(job.at_home);
    struct mail *heard[2] = {0}, mails[2] = {{.kind = 0}, {.kind = REACTOR_MAIL_KINDS - 1}};
    reactor_mail_kind(&r, 0, mail_heard, &heard[0]);
    reactor_mail_kind(&r, REACTOR_MAIL_KINDS - 1, mail_heard, &heard[1]);
    reactor_step(&r, &(struct event){.kind = EV_MAIL, .u.mail = &mails[1]});
    ck_assert_ptr_null(heard[0]);
    ck_assert_ptr_eq(heard[1], &mails[1]);
    reactor_deinit(&r);
}
END_TEST

static void count_fired(struct timer *timer)
{
    timer->reactor->now_ns++; /* seen by the test */
}

START_TEST(test_timer_is_set_replaced_fired_and_cancelled)
{
    struct fake_world w;
    struct reactor r;
    reactor_over(&r, &w);
    struct timer t;
    timer_init(&t, &r, count_fired);
    r.now_ns = 1000;
    timer_set(&t, 5);
    ck_assert_uint_eq(w.timer, t.source.token);
    ck_assert_uint_eq(w.at_ns, 5001000);
    timer_set(&t, 7);
    ck_assert_uint_eq(w.at_ns, 7001000);
    reactor_step(&r, &(struct event){.kind = EV_TIMER, .token = t.source.token, .now_ns = 7001000});
    ck_assert_uint_eq(r.now_ns, 7001001);
    ck_assert_uint_eq(t.at_ns, 0);
    unsigned calls = w.timer_calls;
    timer_cancel(&t); /* not set: nothing is asked */
    ck_assert_uint_eq(w.timer_calls, calls);
    timer_set(&t, 1);
    timer_cancel(&t);
    ck_assert_uint_eq(w.at_ns, 0);
    reactor_step(&r, &(struct event){.kind = EV_TIMER, .token = t.source.token, .now_ns = 8});
    ck_assert_uint_eq(r.now_ns, 8);
    timer_set(&t, 1);
    timer_deinit(&t);
    ck_assert_uint_eq(w.at_ns, 0);
    ck_assert_uint_eq(t.source.token, 0);
    reactor_deinit(&r);
}
END_TEST

START_TEST(test_lines_are_cut_and_limited)
{
    struct fake_world w;
    struct reactor r;
    reactor_over(&r, &w);
    say(&r.env, SAY_WARN, "net", "port %d is in use", 9092);
    ck_assert_str_eq(w.last_line, "1 net: port 9092 is in use");
    char longer[3000];
    memset(longer, 'x', sizeof longer);
    longer[sizeof longer - 1] = 0;
    say(&r.env, SAY_INFO, "net", "%s", longer);
    ck_assert_uint_gt(strlen(w.last_line), 900);
    ck_assert_uint_lt(strlen(w.last_line), 1100);

    struct say_limit limit = {0};
    w.lines = 0;
    r.now_ns = 1;
    for (int i = 0; i < 100; i++)
        say_limited(&r, &limit, SAY_WARN, "net", "bad client %d", i);
    ck_assert_uint_eq(w.lines, 5);
    ck_assert_str_eq(w.last_line, "1 net: bad client 4");
    r.now_ns += UINT64_C(10000000000);
    say_limited(&r, &limit, SAY_WARN, "net", "bad client %d", 100);
    ck_assert_str_eq(w.last_line, "1 net: bad client 100 (and 95 like it left out)");
    say_limited(&r, &limit, SAY_WARN, "net", "bad client %d", 101);
    ck_assert_str_eq(w.last_line, "1 net: bad client 101");
    reactor_deinit(&r);
}
END_TEST

SUITE_MAIN("reactor", test_events_reach_the_source_of_their_token,
           test_bytes_for_nobody_are_released, test_what_is_for_the_whole_shard,
           test_turn_tasks_run_once_in_order_until_none_is_left, test_jobs_and_mails,
           test_timer_is_set_replaced_fired_and_cancelled, test_lines_are_cut_and_limited)
