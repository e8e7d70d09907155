/* SPDX-License-Identifier: Apache-2.0 */
#include "common/reactor.h"

#include <stdarg.h>
#include <stdio.h>

#include "common/assert.h"

#define SAY_LINE_SIZE 1024
#define SAY_LIMIT_WINDOW_NS (UINT64_C(10) * 1000 * 1000 * 1000)
#define SAY_LIMIT_BURST 5

void reactor_init(struct reactor *r, const struct env *env)
{
    *r = (struct reactor){.env = *env, .next_token = 1};
    r->turn_last = &r->turn_first;
}

void reactor_deinit(struct reactor *r)
{
    token_map_deinit(&r->sources);
}

token reactor_add(struct reactor *r, struct source *source)
{
    reactor_add_as(r, source, r->next_token++);
    return source->token;
}

void reactor_add_as(struct reactor *r, struct source *source, token name)
{
    PRE(source->token == 0);
    source->token = name;
    token_map_put(&r->sources, name, source);
}

void reactor_remove(struct reactor *r, struct source *source)
{
    if (source->token == 0)
        return;
    void *was = token_map_remove(&r->sources, source->token);
    PRE(was == source);
    source->token = 0;
}

static void run_turn(struct reactor *r)
{
    while (r->turn_first) {
        struct turn_task *task = r->turn_first;
        r->turn_first = task->next;
        if (!r->turn_first)
            r->turn_last = &r->turn_first;
        task->queued = false;
        task->run(task);
    }
}

static void hand_to_other(struct reactor *r, const struct event *event)
{
    if (r->other_heard)
        r->other_heard(r->other_context, event);
}

static void hand_to_source(struct reactor *r, const struct event *event)
{
    struct source *source = token_map_get(&r->sources, event->token);
    if (source)
        source->heard(source, event);
    else if (event->kind == EV_NET_ACCEPTED)
        hand_to_other(r, event);
    else if (event->kind == EV_NET_DATA)
        buf_unref(event->u.data.buf); /* the reference was ours, and nobody is left to take it */
}

void reactor_step(struct reactor *r, const struct event *event)
{
    r->now_ns = event->now_ns;
    switch (event->kind) {
    case EV_TURN:
        run_turn(r);
        break;
    case EV_START:
    case EV_STOP:
    case EV_ZK_SESSION:
    case EV_ZK_WATCH:
        hand_to_other(r, event);
        break;
    case EV_DISK:
        event->u.disk->home(event->u.disk);
        break;
    case EV_MAIL: {
        struct mail *mail = event->u.mail;
        INVARIANT(mail->kind < REACTOR_MAIL_KINDS && r->mail_heard[mail->kind]);
        r->mail_heard[mail->kind](r->mail_context[mail->kind], mail);
        break;
    }
    case EV_TIMER:
    case EV_NET_LISTENING:
    case EV_NET_ACCEPTED:
    case EV_NET_OPENED:
    case EV_NET_DATA:
    case EV_NET_SENT:
    case EV_NET_CLOSED:
    case EV_ZK_REPLY:
        hand_to_source(r, event);
        break;
    }
}

void reactor_at_turn(struct reactor *r, struct turn_task *task)
{
    if (task->queued)
        return;
    task->queued = true;
    task->next = NULL;
    *r->turn_last = task;
    r->turn_last = &task->next;
}

void reactor_mail_kind(struct reactor *r, unsigned kind,
                       void (*heard)(void *context, struct mail *mail), void *context)
{
    PRE(kind < REACTOR_MAIL_KINDS);
    PRE(!r->mail_heard[kind]);
    r->mail_heard[kind] = heard;
    r->mail_context[kind] = context;
}

static void timer_heard(struct source *source, const struct event *event)
{
    struct timer *t = CONTAINER_OF(source, struct timer, source);
    (void)event;
    if (t->at_ns == 0)
        return;
    t->at_ns = 0;
    t->fired(t);
}

void timer_init(struct timer *t, struct reactor *r, void (*fired)(struct timer *timer))
{
    *t = (struct timer){.source.heard = timer_heard, .reactor = r, .fired = fired};
    reactor_add(r, &t->source);
}

void timer_set(struct timer *t, uint64_t after_ms)
{
    uint64_t at_ns = t->reactor->now_ns + after_ms * 1000 * 1000;
    if (at_ns == 0)
        at_ns = 1;
    t->at_ns = at_ns;
    t->reactor->env.ops->timer(t->reactor->env.world, t->source.token, at_ns);
}

void timer_cancel(struct timer *t)
{
    if (t->at_ns == 0)
        return;
    t->at_ns = 0;
    t->reactor->env.ops->timer(t->reactor->env.world, t->source.token, 0);
}

void timer_deinit(struct timer *t)
{
    if (!t->reactor)
        return;
    timer_cancel(t);
    reactor_remove(t->reactor, &t->source);
}

/* Lines longer than the room for them are cut. */
static void say_line(const struct env *env, enum say_level level, const char *area,
                     uint32_t left_out, const char *format, va_list args)
{
    char line[SAY_LINE_SIZE];
    int at = snprintf(line, sizeof line, "%s: ", area);
    if (at < 0 || (size_t)at >= sizeof line)
        at = 0;
    int size = vsnprintf(line + at, sizeof line - (size_t)at, format, args);
    size_t end = (size_t)at + (size < 0 ? 0 : (size_t)size);
    if (end >= sizeof line)
        end = sizeof line - 1;
    if (left_out && end < sizeof line - 1) {
        size = snprintf(line + end, sizeof line - end, " (and %u like it left out)", left_out);
        end += size < 0 ? 0 : (size_t)size;
        if (end >= sizeof line)
            end = sizeof line - 1;
    }
    env->ops->say(env->world, level, (struct view){(const uint8_t *)line, (uint32_t)end});
}

void say(const struct env *env, enum say_level level, const char *area, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    say_line(env, level, area, 0, format, args);
    va_end(args);
}

void say_limited(struct reactor *r, struct say_limit *limit, enum say_level level, const char *area,
                 const char *format, ...)
{
    if (limit->since_ns == 0 || r->now_ns - limit->since_ns >= SAY_LIMIT_WINDOW_NS) {
        limit->since_ns = r->now_ns;
        limit->said = 0;
    }
    if (limit->said >= SAY_LIMIT_BURST) {
        limit->left_out++;
        return;
    }
    limit->said++;
    uint32_t left_out = limit->left_out;
    limit->left_out = 0;
    va_list args;
    va_start(args, format);
    say_line(&r->env, level, area, left_out, format, args);
    va_end(args);
}
