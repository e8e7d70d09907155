/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/sim/sim_register.h"

#include <stdio.h>
#include <stdlib.h>

#include "common/assert.h"
#include "common/memory.h"

void sim_register_init(struct sim_register *r)
{
    *r = (struct sim_register){0};
    r->writes = xgrow(r->writes, &r->capacity, 1, sizeof *r->writes);
    r->writes[r->count++] = (struct sim_write){.acked = true};
}

void sim_register_deinit(struct sim_register *r)
{
    free(r->writes);
}

static struct sim_write *find(const struct sim_register *r, uint64_t value)
{
    size_t low = 0, high = r->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (r->writes[middle].value < value)
            low = middle + 1;
        else
            high = middle;
    }
    return low < r->count && r->writes[low].value == value ? &r->writes[low] : NULL;
}

const struct sim_write *sim_register_find(const struct sim_register *r, uint64_t value)
{
    return find(r, value);
}

static const char *told(const char *what, const struct sim_write *a, const struct sim_write *b)
{
    static char text[256];
    snprintf(text, sizeof text,
             "%s: %llu [ended %.3f, started %.3f] and %llu [ended %.3f, started %.3f]", what,
             (unsigned long long)a->value, (double)a->end_ns / 1e9, (double)a->start_ns / 1e9,
             (unsigned long long)b->value, (double)b->end_ns / 1e9, (double)b->start_ns / 1e9);
    return text;
}

/* Runs its zone from an end to a later start? Then the value stood all that time. */
static bool is_forward(const struct sim_write *w)
{
    return w->end_ns < w->start_ns;
}

/* Was there, after all of `inner`, somebody who read what `outer` had been before all of it? */
static bool covers(const struct sim_write *outer, const struct sim_write *inner)
{
    return outer->end_ns < inner->start_ns && inner->end_ns < outer->start_ns;
}

static const char *check(const struct sim_register *r, const struct sim_write *w)
{
    if (w->end_ns == UINT64_MAX)
        return NULL;
    for (size_t i = 0; i < r->count; i++) {
        const struct sim_write *other = &r->writes[i];
        if (other == w || other->end_ns == UINT64_MAX)
            continue;
        if (is_forward(w) && is_forward(other)) {
            if (w->end_ns < other->start_ns && other->end_ns < w->start_ns)
                return told("no order fits both", w, other);
        } else if (is_forward(w) && covers(w, other)) {
            return told("read after it was overwritten", w, other);
        } else if (is_forward(other) && covers(other, w)) {
            return told("read after it was overwritten", other, w);
        }
    }
    return NULL;
}

void sim_register_begin(struct sim_register *r, uint64_t value, uint64_t now_ns)
{
    PRE(value > r->writes[r->count - 1].value);
    r->writes = xgrow(r->writes, &r->capacity, r->count + 1, sizeof *r->writes);
    r->writes[r->count++] = (struct sim_write){
        .value = value, .start_ns = now_ns, .end_ns = UINT64_MAX, .begun_ns = now_ns};
}

const char *sim_register_acked(struct sim_register *r, uint64_t value, uint64_t now_ns)
{
    struct sim_write *w = find(r, value);
    PRE(w);
    w->acked = true;
    if (now_ns < w->end_ns)
        w->end_ns = now_ns;
    return check(r, w);
}

const char *sim_register_refused(struct sim_register *r, uint64_t value)
{
    struct sim_write *w = find(r, value);
    PRE(w);
    w->refused = true;
    return w->end_ns == UINT64_MAX ? NULL : told("refused, and read before", w, w);
}

const char *sim_register_read(struct sim_register *r, uint64_t value, uint64_t begun_ns,
                              uint64_t ended_ns)
{
    struct sim_write *w = find(r, value);
    if (!w)
        return "nobody has written that";
    if (w->refused)
        return told("it was refused", w, w);
    if (ended_ns < w->begun_ns)
        return told("read before it was written", w, w);
    if (begun_ns > w->start_ns)
        w->start_ns = begun_ns;
    if (ended_ns < w->end_ns)
        w->end_ns = ended_ns;
    return check(r, w);
}
