/* SPDX-License-Identifier: Apache-2.0 */
#include "common/world_loop.h"

#include <errno.h>
#include <event2/event.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "common/assert.h"

/* Being woken is all that was asked for. */
static void on_timer(evutil_socket_t fd, short what, void *arg)
{
    struct world_loop *loop = arg;
    uint64_t count;
    (void)what;
    ssize_t got = read(fd, &count, sizeof count);
    (void)got;
    loop->armed_ns = 0;
}

/* A descriptor of our own for time: libevent's precise timers set theirs at every wait, whether the
 * time has changed or not, and its others know milliseconds only. */
int world_loop_init(struct world_loop *loop)
{
    *loop = (struct world_loop){.timer_fd = -1};
    struct event_config *config = event_config_new();
    if (!config)
        return -ENOMEM;
    event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK);
    loop->base = event_base_new_with_config(config);
    event_config_free(config);
    if (!loop->base)
        return -EMFILE; /* no descriptor for epoll: libevent does not say */
    loop->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    int error = loop->timer_fd < 0 ? -errno : 0;
    if (!error) {
        loop->timer = event_new(loop->base, loop->timer_fd, EV_READ | EV_PERSIST, on_timer, loop);
        error = loop->timer && event_add(loop->timer, NULL) == 0 ? 0 : -ENOMEM;
    }
    if (error)
        world_loop_deinit(loop);
    return error;
}

void world_loop_deinit(struct world_loop *loop)
{
    if (loop->timer)
        event_free(loop->timer);
    if (loop->base)
        event_base_free(loop->base);
    if (loop->timer_fd >= 0)
        close(loop->timer_fd);
    *loop = (struct world_loop){.timer_fd = -1};
}

uint64_t world_loop_now_ns(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

/* A time set earlier than the one wanted stays: waking once for nothing is cheaper than setting it
 * with each change. */
static void arm(struct world_loop *loop, uint64_t until_ns)
{
    if (until_ns == 0 || (loop->armed_ns && loop->armed_ns <= until_ns))
        return;
    struct itimerspec at = {
        .it_value = {(time_t)(until_ns / 1000000000u), (long)(until_ns % 1000000000u)}};
    int failed = timerfd_settime(loop->timer_fd, TFD_TIMER_ABSTIME, &at, NULL);
    INVARIANT(!failed);
    loop->armed_ns = until_ns;
}

void world_loop_once(struct world_loop *loop, bool wait, uint64_t until_ns)
{
    if (wait)
        arm(loop, until_ns);
    event_base_loop(loop->base, wait ? EVLOOP_ONCE : EVLOOP_ONCE | EVLOOP_NONBLOCK);
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
