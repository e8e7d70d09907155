/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORDUROY_COMMON_WORLD_LOOP_H
#define CORDUROY_COMMON_WORLD_LOOP_H

#include <stdbool.h>
#include <stdint.h>

/* Waiting for descriptors and for a time, over libevent, whose names stay in world_loop.c (its
 * `struct event` is not ours). One thread at a time. */
struct world_loop {
    void *base, *timer; /* of libevent: the base, the watch of timer_fd */
    int timer_fd;
    uint64_t armed_ns; /* when timer_fd becomes readable; 0: not set */
};
int world_loop_init(struct world_loop *loop); /* 0 or -errno */
void world_loop_deinit(struct world_loop *loop);

/* The monotonic clock that until_ns is measured by. Any thread. */
uint64_t world_loop_now_ns(void);

/* Calls ready of the watches that are ready; where none is and wait is true, waits for one, at most
 * until until_ns (0: as long as it takes). */
void world_loop_once(struct world_loop *loop, bool wait, uint64_t until_ns);

enum world_watch_kind {
    WATCH_READ,
    WATCH_WRITE,
    WATCH_TIME, /* no descriptor: only a time-out */
};
/* Embedded. ready is called again and again (level-triggered) until the watch is stopped; it may
 * start and stop any watch, and must not deinit one. */
struct world_watch {
    void *event;
    bool active;
    void (*ready)(struct world_watch *watch, bool timed_out);
};
void world_watch_init(struct world_watch *watch, struct world_loop *loop, int fd,
                      enum world_watch_kind kind,
                      void (*ready)(struct world_watch *watch, bool timed_out));
/* timeout_ms 0: none. The time starts anew after each call of ready. Starting an active watch
 * changes nothing but its time-out. */
void world_watch_start(struct world_watch *watch, uint32_t timeout_ms);
void world_watch_stop(struct world_watch *watch);
void world_watch_deinit(struct world_watch *watch); /* harmless when not initialized (zeroed) */

#endif
