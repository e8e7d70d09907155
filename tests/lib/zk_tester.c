/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/zk_tester.h"

#include <stdio.h>
#include <stdlib.h>

#include "common/memory.h"

struct zk_under_test *tester_zk;
char tester_root[64];

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

struct tester *tester_new(const char *chroot)
{
    struct tester *t = xcalloc(1, sizeof *t);

    t->arena = ARENA_INIT;
    t->next = 1;
    t->client = tester_zk->ops->client_new(tester_zk, chroot, hear, t);
    return t;
}

/* Forgets what was heard. */
void tester_fresh(struct tester *t)
{
    t->count = 0;
    memset(t->said, 0, sizeof t->said);
}

void tester_free(struct tester *t)
{
    arena_reset(&t->arena);
    free(t);
}

void tester_turn(const char *what)
{
    ck_assert_msg(tester_zk->ops->turn(tester_zk), "waited in vain for %s", what);
}

/* Waits for a session event, at or after `from` in what was heard; its place. */
int tester_wait_state(struct tester *t, enum zk_session_state state, int from)
{
    for (;;) {
        for (int i = from; i < t->count; i++)
            if (t->said[i].kind == EV_ZK_SESSION && t->said[i].state == state)
                return i;
        tester_turn("a session event");
    }
}

int tester_find_answer(const struct tester *t, token name)
{
    for (int i = 0; i < t->count; i++)
        if (t->said[i].kind == EV_ZK_REPLY && t->said[i].answer.token == name)
            return i;
    return -1;
}

int tester_wait_answer(struct tester *t, token name)
{
    int at;

    while ((at = tester_find_answer(t, name)) < 0)
        tester_turn("an answer");
    return at;
}

int tester_wait_watch(struct tester *t, const char *path, enum zk_watch_kind what)
{
    for (;;) {
        for (int i = 0; i < t->count; i++)
            if (t->said[i].kind == EV_ZK_WATCH && strcmp(t->said[i].path, path) == 0 &&
                t->said[i].what == what)
                return i;
        tester_turn("a watch");
    }
}

int tester_count_watches(const struct tester *t)
{
    int count = 0;

    for (int i = 0; i < t->count; i++)
        count += t->said[i].kind == EV_ZK_WATCH;
    return count;
}

token tester_start(struct tester *t, const struct zk_op *ops, uint32_t count)
{
    tester_zk->ops->submit(t->client, t->next, ops, count);
    return t->next++;
}

struct answer tester_run(struct tester *t, const struct zk_op *ops, uint32_t count)
{
    token name = tester_start(t, ops, count);

    return t->said[tester_wait_answer(t, name)].answer;
}

struct zk_result tester_run_one(struct tester *t, struct zk_op op)
{
    struct answer a = tester_run(t, &op, 1);

    ck_assert(!a.unknown);
    ck_assert_uint_eq(a.count, 1);
    return a.results[0];
}

void tester_must(struct tester *t, struct zk_op op)
{
    ck_assert_int_eq(tester_run_one(t, op).error, ZK_OK);
}

enum zk_error tester_error_of(struct tester *t, struct zk_op op)
{
    return tester_run_one(t, op).error;
}

struct tester *tester_open(const char *chroot)
{
    struct tester *t = tester_new(chroot);

    tester_zk->ops->open(t->client, true);
    tester_wait_state(t, ZK_UP, 0);
    return t;
}

struct tester *tester_first(void)
{
    struct tester *t = tester_open(tester_root);

    tester_must(t, OP(ZK_CREATE, "/"));
    tester_fresh(t);
    return t;
}
