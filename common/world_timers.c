/* SPDX-License-Identifier: Apache-2.0 */
#include "common/world_timers.h"

#include <stdlib.h>

#include "common/memory.h"

struct world_timer {
    token name;
    uint64_t at_ns, order;
    size_t place; /* in the heap */
    struct world_timer *next_spare;
};

static bool earlier(const struct world_timer *a, const struct world_timer *b)
{
    return a->at_ns != b->at_ns ? a->at_ns < b->at_ns : a->order < b->order;
}

static void put_at(struct world_timers *t, struct world_timer *timer, size_t place)
{
    t->heap[place] = timer;
    timer->place = place;
}

/* Moves the timer from the free place to where it belongs. */
static void sift(struct world_timers *t, struct world_timer *timer, size_t place)
{
    while (place > 0 && earlier(timer, t->heap[(place - 1) / 2])) {
        put_at(t, t->heap[(place - 1) / 2], place);
        place = (place - 1) / 2;
    }
    for (;;) {
        size_t child = place * 2 + 1;
        if (child + 1 < t->count && earlier(t->heap[child + 1], t->heap[child]))
            child++;
        if (child >= t->count || !earlier(t->heap[child], timer))
            break;
        put_at(t, t->heap[child], place);
        place = child;
    }
    put_at(t, timer, place);
}

static void take_out(struct world_timers *t, struct world_timer *timer)
{
    size_t hole = timer->place;
    struct world_timer *last = t->heap[--t->count];
    if (last != timer)
        sift(t, last, hole);
    token_map_remove(&t->by_token, timer->name);
    timer->next_spare = t->spare;
    t->spare = timer;
}

static struct world_timer *timer_new(struct world_timers *t, token name)
{
    struct world_timer *timer = t->spare;
    if (timer)
        t->spare = timer->next_spare;
    else
        timer = xmalloc(sizeof *timer);
    *timer = (struct world_timer){.name = name};
    token_map_put(&t->by_token, name, timer);
    t->heap = xgrow(t->heap, &t->capacity, t->count + 1, sizeof(struct world_timer *));
    timer->place = t->count++;
    return timer;
}

void world_timers_set(struct world_timers *t, token name, uint64_t at_ns)
{
    struct world_timer *timer = token_map_get(&t->by_token, name);
    if (at_ns == 0) {
        if (timer)
            take_out(t, timer);
        return;
    }
    if (!timer)
        timer = timer_new(t, name);
    timer->at_ns = at_ns;
    timer->order = t->next_order++;
    sift(t, timer, timer->place);
}

uint64_t world_timers_next_ns(const struct world_timers *t)
{
    return t->count ? t->heap[0]->at_ns : 0;
}

token world_timers_pop(struct world_timers *t, uint64_t now_ns)
{
    if (t->count == 0 || t->heap[0]->at_ns > now_ns)
        return 0;
    token name = t->heap[0]->name;
    take_out(t, t->heap[0]);
    return name;
}

void world_timers_deinit(struct world_timers *t)
{
    while (t->count)
        take_out(t, t->heap[t->count - 1]);
    while (t->spare) {
        struct world_timer *next = t->spare->next_spare;
        free(t->spare);
        t->spare = next;
    }
    free(t->heap);
    token_map_deinit(&t->by_token);
    *t = (struct world_timers){0};
}
