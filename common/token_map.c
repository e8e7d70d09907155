/* SPDX-License-Identifier: Apache-2.0 */
#include "common/token_map.h"

#include <stdlib.h>

#include "common/assert.h"
#include "common/memory.h"

#define FIRST_SLOTS 16

/* Open-addressed, probed in line, at most half full; removal closes the gap. */
static size_t home_of(const struct token_map *m, token name)
{
    return (size_t)((name * UINT64_C(0x9e3779b97f4a7c15)) >> 32) & (m->slot_count - 1);
}

/* The slot of the name, or the free one where it would go. */
static size_t slot_of(const struct token_map *m, token name)
{
    size_t at = home_of(m, name);
    while (m->slots[at].name && m->slots[at].name != name)
        at = (at + 1) & (m->slot_count - 1);
    return at;
}

static void grow(struct token_map *m)
{
    struct token_map old = *m;
    m->slot_count = old.slot_count ? old.slot_count * 2 : FIRST_SLOTS;
    m->slots = xcalloc(m->slot_count, sizeof *m->slots);
    for (size_t i = 0; i < old.slot_count; i++)
        if (old.slots[i].name)
            m->slots[slot_of(m, old.slots[i].name)] = old.slots[i];
    free(old.slots);
}

void token_map_deinit(struct token_map *m)
{
    free(m->slots);
    *m = (struct token_map){0};
}

void *token_map_get(const struct token_map *m, token name)
{
    return m->count ? m->slots[slot_of(m, name)].value : NULL;
}

void token_map_put(struct token_map *m, token name, void *value)
{
    PRE(name != 0);
    PRE(value);
    if (m->count * 2 >= m->slot_count)
        grow(m);
    size_t at = slot_of(m, name);
    PRE(m->slots[at].name == 0);
    m->slots[at] = (struct token_slot){name, value};
    m->count++;
}

void *token_map_remove(struct token_map *m, token name)
{
    if (m->count == 0)
        return NULL;
    size_t mask = m->slot_count - 1, hole = slot_of(m, name);
    void *value = m->slots[hole].value;
    if (!value)
        return NULL;
    for (size_t at = (hole + 1) & mask; m->slots[at].name; at = (at + 1) & mask) {
        size_t home = home_of(m, m->slots[at].name);
        if (((at - home) & mask) >= ((at - hole) & mask)) {
            m->slots[hole] = m->slots[at];
            hole = at;
        }
    }
    m->slots[hole] = (struct token_slot){0};
    m->count--;
    return value;
}
