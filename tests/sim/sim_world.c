/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/sim/sim_world.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/assert.h"
#include "common/memory.h"
#include "tests/lib/file_mem.h"
#include "tests/sim/sim_internal.h"

const struct sim_weather sim_weather_calm = {
    .net = {.min_ns = 20 * SIM_US, .max_ns = 200 * SIM_US},
    .disk = {.min_ns = 50 * SIM_US, .max_ns = 500 * SIM_US},
    .schedule = {.min_ns = 1 * SIM_US, .max_ns = 20 * SIM_US},
    .window_min = 65536,
    .window_max = 262144,
    .split_once_in = 50,
    .cold_once_in = 50,
    .give_up_ns = 15 * SIM_SECOND,
};

struct sim_weather sim_weather_draw(struct sim_random *random)
{
    struct sim_weather w = sim_weather_calm;
    if (sim_random_once_in(random, 2))
        w.net.max_ns = sim_random_range(random, 200 * SIM_US, 5 * SIM_MS);
    if (sim_random_once_in(random, 2)) {
        w.net.slow_once_in = (uint32_t)sim_random_range(random, 20, 500);
        w.net.slow_max_ns = sim_random_range(random, 5 * SIM_MS, 400 * SIM_MS);
    }
    if (sim_random_once_in(random, 2))
        w.disk.max_ns = sim_random_range(random, 500 * SIM_US, 20 * SIM_MS);
    if (sim_random_once_in(random, 2)) {
        w.disk.slow_once_in = (uint32_t)sim_random_range(random, 20, 500);
        w.disk.slow_max_ns = sim_random_range(random, 20 * SIM_MS, 2 * SIM_SECOND);
    }
    if (sim_random_once_in(random, 2)) {
        w.schedule.slow_once_in = (uint32_t)sim_random_range(random, 50, 1000);
        w.schedule.slow_max_ns = sim_random_range(random, 1 * SIM_MS, 300 * SIM_MS);
    }
    if (sim_random_once_in(random, 3)) {
        w.window_min = 2048;
        w.window_max = 16384;
    }
    static const uint32_t rates[] = {0, 2, 10, 100};
    w.split_once_in = rates[sim_random_below(random, COUNT_OF(rates))];
    w.cold_once_in = rates[sim_random_below(random, COUNT_OF(rates))];
    return w;
}

struct sim_world *sim_world_new(uint64_t seed, const struct sim_weather *weather)
{
    struct sim_world *w = xcalloc(1, sizeof *w);
    sim_random_init(&w->random, seed);
    w->weather = *weather;
    w->now_ns = SIM_SECOND;
    w->next_port = 32768;
    return w;
}

void sim_world_set_weather(struct sim_world *w, const struct sim_weather *weather)
{
    w->weather = *weather;
}

uint64_t sim_now_ns(const struct sim_world *w)
{
    return w->now_ns;
}

struct sim_random *sim_world_random(struct sim_world *w)
{
    return &w->random;
}

uint64_t sim_world_hash(const struct sim_world *w)
{
    return w->hash;
}

uint64_t sim_world_events(const struct sim_world *w)
{
    return w->events;
}

void sim_world_observe(struct sim_world *w, const struct sim_observer *observer)
{
    w->observer = *observer;
}

void sim_world_stop(struct sim_world *w)
{
    w->stopped = true;
}

/* ---- the hash ---- */
void sim_hash_mix(struct sim_world *w, uint64_t value)
{
    uint64_t h = (w->hash ^ value) * UINT64_C(0x9e3779b97f4a7c15);
    w->hash = h ^ (h >> 29);
}

void sim_hash_bytes(struct sim_world *w, const void *bytes, size_t size)
{
    const uint8_t *at = bytes;
    for (; size >= 8; at += 8, size -= 8) {
        uint64_t word;
        memcpy(&word, at, sizeof word);
        sim_hash_mix(w, word);
    }
    uint64_t rest = size;
    for (size_t i = 0; i < size; i++)
        rest = rest << 8 | at[i];
    sim_hash_mix(w, rest);
}

/* ---- trace ---- */
void sim_world_set_trace(struct sim_world *w, bool on)
{
    w->trace = on;
}

bool sim_world_traces(const struct sim_world *w)
{
    return w->trace;
}

void sim_trace(struct sim_world *w, const char *format, ...)
{
    if (!w->trace)
        return;
    va_list args;
    va_start(args, format);
    fprintf(stderr, "%12.6f ", (double)w->now_ns / 1e9);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
}

/* ---- the heap ---- */
static bool call_before(const struct sim_call *a, const struct sim_call *b)
{
    return a->at_ns != b->at_ns ? a->at_ns < b->at_ns : a->sequence < b->sequence;
}

void sim_world_at(struct sim_world *w, uint64_t at_ns, void (*run)(void *object, uint64_t arg),
                  void *object, uint64_t arg)
{
    if (at_ns < w->now_ns)
        at_ns = w->now_ns;
    struct sim_call call = {at_ns, w->sequence++, run, object, arg};
    w->heap = xgrow(w->heap, &w->heap_capacity, w->heap_count + 1, sizeof *w->heap);
    size_t at = w->heap_count++;
    while (at > 0 && call_before(&call, &w->heap[(at - 1) / 2])) {
        w->heap[at] = w->heap[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    w->heap[at] = call;
}

void sim_world_after(struct sim_world *w, uint64_t delay_ns,
                     void (*run)(void *object, uint64_t arg), void *object, uint64_t arg)
{
    sim_world_at(w, w->now_ns + delay_ns, run, object, arg);
}

static struct sim_call heap_pop(struct sim_world *w)
{
    struct sim_call top = w->heap[0], last = w->heap[--w->heap_count];
    size_t at = 0;
    for (;;) {
        size_t child = at * 2 + 1;
        if (child >= w->heap_count)
            break;
        if (child + 1 < w->heap_count && call_before(&w->heap[child + 1], &w->heap[child]))
            child++;
        if (!call_before(&w->heap[child], &last))
            break;
        w->heap[at] = w->heap[child];
        at = child;
    }
    w->heap[at] = last;
    return top;
}

bool sim_world_step(struct sim_world *w)
{
    if (w->stopped || w->heap_count == 0)
        return false;
    struct sim_call call = heap_pop(w);
    INVARIANT(call.at_ns >= w->now_ns);
    w->now_ns = call.at_ns;
    call.run(call.object, call.arg);
    return !w->stopped;
}

bool sim_world_run(struct sim_world *w, uint64_t until_ns)
{
    while (w->heap_count > 0 && w->heap[0].at_ns <= until_ns)
        if (!sim_world_step(w))
            return false;
    if (w->stopped)
        return false;
    if (w->now_ns < until_ns)
        w->now_ns = until_ns;
    return true;
}

bool sim_world_run_until(struct sim_world *w, uint64_t until_ns, bool (*done)(void *context),
                         void *context)
{
    while (!done(context))
        if (w->heap_count == 0 || w->heap[0].at_ns > until_ns || !sim_world_step(w))
            return false;
    return true;
}

uint64_t sim_delay_draw(struct sim_world *w, const struct sim_delay *delay)
{
    if (sim_random_once_in(&w->random, delay->slow_once_in))
        return sim_random_range(&w->random, delay->max_ns, delay->slow_max_ns);
    return sim_random_range(&w->random, delay->min_ns, delay->max_ns);
}

void sim_world_free(struct sim_world *w)
{
    for (unsigned i = 0; i < w->host_count; i++)
        if (w->hosts[i]->process)
            sim_process_end(w->hosts[i]->process, SIM_END_EXIT);
    while (w->conns)
        sim_conn_free(w->conns);
    for (unsigned i = 0; i < w->host_count; i++) {
        struct sim_host *h = w->hosts[i];
        for (unsigned d = 0; d < h->dir_count; d++)
            file_mem_free(h->disks[d]);
        while (h->processes) {
            struct sim_process *p = h->processes;
            h->processes = p->next;
            for (unsigned d = 0; d < SIM_DIRS_MAX; d++)
                for (unsigned l = 0; l < LANE_COUNT; l++)
                    free(p->lanes[d][l].batch);
            free(p->halt_why);
            free(p);
        }
        free(h);
    }
    free(w->heap);
    free(w);
}
