/* SPDX-License-Identifier: Apache-2.0 */
#include "common/world_loop.h"

#include <errno.h>
#include <event2/event.h>
#include <time.h>

#include "common/assert.h"

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
    (void)fd, (void)what, (void)arg; /* being woken is all that was asked for */
}

int world_loop_init(struct world_loop *loop)
{
    *loop = (struct world_loop){0};
    struct event_config *config = event_config_new();
    if (!config)
        return -ENOMEM;
    event_config_set_flag(config, EVENT_BASE_FLAG_PRECISE_TIMER);
    event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK);
    loop->base = event_base_new_with_config(config);
    event_config_free(config);
    if (!loop->base)
        return -EMFILE; /* no descriptor for epoll: libevent does not say */
    loop->timer = evtimer_new(loop->base, on_timer, NULL);
    if (!loop->timer) {
        world_loop_deinit(loop);
        return -ENOMEM;
    }
    return 0;
}

void world_loop_deinit(struct world_loop *loop)
{
    if (loop->timer)
        event_free(loop->timer);
    if (loop->base)
        event_base_free(loop->base);
    *loop = (struct world_loop){0};
}

uint64_t world_loop_now_ns(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

void world_loop_once(struct world_loop *loop, bool wait, uint64_t until_ns)
{
    if (!wait) {
        event_base_loop(loop->base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
        return;
    }
    if (until_ns) {
        uint64_t now_ns = world_loop_now_ns();
        /* Rounded up: waking early would only be waking twice. */
        uint64_t us = until_ns > now_ns ? (until_ns - now_ns + 999) / 1000 : 0;
        struct timeval tv = {(time_t)(us / 1000000), (suseconds_t)(us % 1000000)};
        event_add(loop->timer, &tv);
    }
    event_base_loop(loop->base, EVLOOP_ONCE);
    if (until_ns)
        event_del(loop->timer);
}

static void on_watch(evutil_socket_t fd, short what, void *arg)
{
    struct world_watch *watch = arg;
    (void)fd;
    watch->ready(watch, (what & (EV_READ | EV_WRITE)) == 0);
}

void world_watch_init(struct world_watch *watch, struct world_loop *loop, int fd,
                      enum world_watch_kind kind,
                      void (*ready)(struct world_watch *watch, bool timed_out))
{
    short what = kind == WATCH_READ ? EV_READ : kind == WATCH_WRITE ? EV_WRITE : 0;
    *watch = (struct world_watch){.ready = ready};
    watch->event = event_new(loop->base, kind == WATCH_TIME ? -1 : fd, (short)(what | EV_PERSIST),
                             on_watch, watch);
    INVARIANT(watch->event);
}

void world_watch_start(struct world_watch *watch, uint32_t timeout_ms)
{
    if (watch->active && timeout_ms == 0)
        return;
    struct timeval tv = {(time_t)(timeout_ms / 1000), (suseconds_t)(timeout_ms % 1000) * 1000};
    int failed = event_add(watch->event, timeout_ms ? &tv : NULL);
    INVARIANT(!failed); /* the kernel is out of memory for epoll */
    watch->active = true;
}

void world_watch_stop(struct world_watch *watch)
{
    if (!watch->active)
        return;
    event_del(watch->event);
    watch->active = false;
}

void world_watch_deinit(struct world_watch *watch)
{
    if (!watch->event)
        return;
    event_free(watch->event);
    *watch = (struct world_watch){0};
}
