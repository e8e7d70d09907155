/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/placement.h"

#include <stdbool.h>
#include <stdlib.h>

#include "common/assert.h"

static uint32_t index_of(uint32_t first, uint64_t shift, uint32_t j, uint32_t count)
{
    return (uint32_t)((first + 1 + (shift + j) % (count - 1)) % count);
}

static int compare_racks(const void *a, const void *b)
{
    const struct view *x = a, *y = b;
    uint32_t size = x->size < y->size ? x->size : y->size;
    int order = size ? memcmp(x->base, y->base, size) : 0;
    return order ? order : (x->size > y->size) - (x->size < y->size);
}

/* The racks, sorted, each once. */
static uint32_t racks_of(const struct placement_broker *brokers, uint32_t count, struct view *racks)
{
    uint32_t unique = 0;
    for (uint32_t i = 0; i < count; i++)
        racks[i] = brokers[i].rack;
    qsort(racks, count, sizeof *racks, compare_racks);
    for (uint32_t i = 0; i < count; i++)
        if (unique == 0 || !view_equal(racks[unique - 1], racks[i]))
            racks[unique++] = racks[i];
    return unique;
}

/* The brokers in turns from the racks: the first of each rack, the second of each, ... */
static void arrange(const struct placement_broker *brokers, uint32_t count,
                    const struct view *racks, uint32_t rack_count, struct placement_broker *ret)
{
    uint32_t placed = 0;
    for (uint32_t round = 0; placed < count; round++) {
        for (uint32_t r = 0; r < rack_count; r++) {
            uint32_t seen = 0;
            for (uint32_t i = 0; i < count; i++)
                if (view_equal(brokers[i].rack, racks[r]) && seen++ == round)
                    ret[placed++] = brokers[i];
        }
    }
}

static void place_plain(const struct placement_broker *brokers, uint32_t count,
                        const struct placement_options *o, int32_t *ret)
{
    uint64_t shift = o->shift;
    for (int32_t i = 0; i < o->partition_count; i++) {
        uint32_t number = (uint32_t)(o->first_partition + i);
        if (number > 0 && number % count == 0)
            shift++;
        uint32_t first = (number % count + o->start % count) % count;
        *ret++ = brokers[first].id;
        for (uint32_t j = 0; j + 1 < o->replication_factor; j++)
            *ret++ = brokers[index_of(first, shift, j, count)].id;
    }
}

struct chosen {
    const struct placement_broker *brokers[64];
    uint32_t count;
};

static bool has_broker(const struct chosen *c, int32_t id)
{
    for (uint32_t i = 0; i < c->count; i++)
        if (c->brokers[i]->id == id)
            return true;
    return false;
}

static bool has_rack(const struct chosen *c, struct view rack)
{
    for (uint32_t i = 0; i < c->count; i++)
        if (view_equal(c->brokers[i]->rack, rack))
            return true;
    return false;
}

static uint32_t rack_total(const struct chosen *c)
{
    uint32_t total = 0;
    for (uint32_t i = 0; i < c->count; i++) {
        struct chosen before = *c;
        before.count = i;
        total += !has_rack(&before, c->brokers[i]->rack);
    }
    return total;
}

static void place_in_racks(const struct placement_broker *brokers, uint32_t count,
                           uint32_t rack_count, const struct placement_options *o, int32_t *ret)
{
    uint64_t shift = o->shift;
    for (int32_t i = 0; i < o->partition_count; i++) {
        uint32_t number = (uint32_t)(o->first_partition + i);
        if (number > 0 && number % count == 0)
            shift++;
        uint32_t first = (number % count + o->start % count) % count;
        struct chosen chosen = {{&brokers[first]}, 1};
        for (uint32_t j = 0; chosen.count < o->replication_factor; j++) {
            const struct placement_broker *b =
                &brokers[index_of(first, shift * rack_count, j, count)];
            bool rack_taken = has_rack(&chosen, b->rack) && rack_total(&chosen) < rack_count;
            if (!rack_taken && !has_broker(&chosen, b->id))
                chosen.brokers[chosen.count++] = b;
        }
        for (uint32_t j = 0; j < chosen.count; j++)
            *ret++ = chosen.brokers[j]->id;
    }
}

int placement_assign(const struct placement_broker *brokers, uint32_t broker_count,
                     const struct placement_options *options, struct arena *arena, int32_t **ret)
{
    PRE(options->partition_count > 0 && options->first_partition >= 0);
    PRE(options->replication_factor > 0);
    if (options->replication_factor > broker_count ||
        options->replication_factor > COUNT_OF(((struct chosen *)0)->brokers))
        return PLACEMENT_TOO_FEW_BROKERS;
    uint32_t with_rack = 0;
    for (uint32_t i = 0; i < broker_count; i++)
        with_rack += brokers[i].rack.base != NULL;
    if (with_rack != 0 && with_rack != broker_count)
        return PLACEMENT_MIXED_RACKS;
    int32_t *placed = arena_array(
        arena, (size_t)options->partition_count * options->replication_factor, sizeof *placed);
    if (with_rack == 0) {
        place_plain(brokers, broker_count, options, placed);
    } else {
        struct view *racks = arena_array(arena, broker_count, sizeof *racks);
        struct placement_broker *arranged = arena_array(arena, broker_count, sizeof *arranged);
        uint32_t rack_count = racks_of(brokers, broker_count, racks);
        arrange(brokers, broker_count, racks, rack_count, arranged);
        place_in_racks(arranged, broker_count, rack_count, options, placed);
    }
    *ret = placed;
    return PLACEMENT_OK;
}
