/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/schedule.h"

#include <stdlib.h>

#include "common/memory.h"

void schedule_init(struct schedule *s, uint64_t seed)
{
    *s = (struct schedule){.now_ns = 1, .seed = seed};
}

void schedule_deinit(struct schedule *s)
{
    free(s->heap);
}

uint64_t schedule_now_ns(void *schedule)
{
    return ((struct schedule *)schedule)->now_ns;
}

static bool is_before(const struct schedule_item *a, const struct schedule_item *b)
{
    return a->at_ns != b->at_ns ? a->at_ns < b->at_ns : a->number < b->number;
}

static void swap(struct schedule *s, size_t a, size_t b)
{
    struct schedule_item item = s->heap[a];

    s->heap[a] = s->heap[b];
    s->heap[b] = item;
}

void schedule_after(void *schedule, uint64_t delay_ns, void (*run)(void *arg), void *arg)
{
    struct schedule *s = schedule;
    size_t at = s->count++;

    s->heap = xgrow(s->heap, &s->capacity, s->count, sizeof *s->heap);
    s->heap[at] = (struct schedule_item){
        .at_ns = s->now_ns + delay_ns, .number = s->next_number++, .run = run, .arg = arg};
    while (at > 0 && is_before(&s->heap[at], &s->heap[(at - 1) / 2])) {
        swap(s, at, (at - 1) / 2);
        at = (at - 1) / 2;
    }
}

/* splitmix64 (Steele, Lea, Flood 2014). */
uint64_t schedule_random(void *schedule)
{
    struct schedule *s = schedule;
    uint64_t z = s->seed += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

bool schedule_step(struct schedule *s)
{
    struct schedule_item item;
    size_t at = 0;

    if (s->count == 0)
        return false;
    item = s->heap[0];
    s->heap[0] = s->heap[--s->count];
    for (;;) {
        size_t least = at;

        for (size_t child = 2 * at + 1; child <= 2 * at + 2 && child < s->count; child++)
            if (is_before(&s->heap[child], &s->heap[least]))
                least = child;
        if (least == at)
            break;
        swap(s, at, least);
        at = least;
    }
    s->now_ns = item.at_ns;
    item.run(item.arg);
    return true;
}
