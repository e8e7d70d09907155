/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORDUROY_TESTS_LIB_SCHEDULE_H
#define CORDUROY_TESTS_LIB_SCHEDULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A clock that stands still until it is told to move, and what is to happen on it; for unit tests
 * of things that take a scheduler. Equal times run in the order given. */
struct schedule_item {
    uint64_t at_ns, number;
    void (*run)(void *arg);
    void *arg;
};
struct schedule {
    uint64_t now_ns, next_number, seed;
    struct schedule_item *heap;
    size_t count, capacity;
};

void schedule_init(struct schedule *s, uint64_t seed);
void schedule_deinit(struct schedule *s);
/* The three functions of struct zk_scheduler; the context is the schedule. */
uint64_t schedule_now_ns(void *schedule);
void schedule_after(void *schedule, uint64_t delay_ns, void (*run)(void *arg), void *arg);
uint64_t schedule_random(void *schedule);
/* Moves to the next item and runs it; false when there is none. */
bool schedule_step(struct schedule *s);

#endif
