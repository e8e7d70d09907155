/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORDUROY_COMMON_REACTOR_H
#define CORDUROY_COMMON_REACTOR_H

#include <stdbool.h>
#include <stdint.h>

#include "common/env.h"
#include "common/token_map.h"

/* Hands the events of one shard to the parts of it that they concern. One thread. Order of events
 * is kept. */

/* Something with a token: a timer, a connection, a listening socket, a ZooKeeper request. Embedded
 * in its owner. */
struct source {
    token token; /* 0: not registered */
    void (*heard)(struct source *source, const struct event *event);
};
/* Wants to be called once at the end of a turn; asking twice in a turn is asking once. */
struct turn_task {
    struct turn_task *next;
    bool queued;
    void (*run)(struct turn_task *task);
};
#define REACTOR_MAIL_KINDS 32

struct reactor {
    struct env env;
    uint64_t now_ns; /* of the event being handled */
    uint64_t next_token;
    struct token_map sources; /* of struct source */
    struct turn_task *turn_first, **turn_last;
    void (*mail_heard[REACTOR_MAIL_KINDS])(void *context, struct mail *mail);
    void *mail_context[REACTOR_MAIL_KINDS];
    /* EV_START, EV_STOP, EV_ZK_SESSION, EV_ZK_WATCH, and accepted connections (token unknown). */
    void (*other_heard)(void *context, const struct event *event);
    void *other_context;
};

void reactor_init(struct reactor *r, const struct env *env);
void reactor_deinit(struct reactor *r);
/* Registers under a new token of this shard, or under the given one (an accepted connection's). */
token reactor_add(struct reactor *r, struct source *source);
void reactor_add_as(struct reactor *r, struct source *source, token token);
/* Later events of its token are dropped silently. Harmless when not registered. */
void reactor_remove(struct reactor *r, struct source *source);
/* One event. EV_TURN runs the turn tasks, those queued meanwhile too, until none is left. EV_DISK
 * calls job->home. */
void reactor_step(struct reactor *r, const struct event *event);
void reactor_at_turn(struct reactor *r, struct turn_task *task);
void reactor_mail_kind(struct reactor *r, unsigned kind,
                       void (*heard)(void *context, struct mail *mail), void *context);

/* A one-shot timer as a thing of its own. */
struct timer {
    struct source source;
    struct reactor *reactor;
    uint64_t at_ns; /* 0: not set */
    void (*fired)(struct timer *timer);
};
void timer_init(struct timer *t, struct reactor *r, void (*fired)(struct timer *timer));
void timer_set(struct timer *t, uint64_t after_ms); /* from now; replaces */
void timer_cancel(struct timer *t);
void timer_deinit(struct timer *t);

/* One line to the log: "area: text", level-filtered by the world. */
void say(const struct env *env, enum say_level level, const char *area, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* The same where a peer can cause it: at most `burst` lines each ten seconds from this place; how
 * many were left out is said with the next one. */
struct say_limit {
    uint64_t since_ns;
    uint32_t said, left_out;
};
void say_limited(struct reactor *r, struct say_limit *limit, enum say_level level, const char *area,
                 const char *format, ...) __attribute__((format(printf, 5, 6)));

#endif
