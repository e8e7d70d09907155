/* SPDX-License-Identifier: Apache-2.0 */
#include "common/map.h"

#include <stdlib.h>

#include "common/assert.h"
#include "common/memory.h"

/* Entries stand in an array in the order they came; a removed one leaves a hole (value NULL) until
 * the array is full and is packed. The slots are an open-addressed index into it, at most half
 * full, probed in line. */
struct map_node {
    uint8_t *key;
    uint32_t key_size, hash;
    void *value;
};
struct map_slot {
    uint32_t node; /* index + 1; 0: free */
    uint32_t hash;
};

/* FNV-1a over 64 bits, folded: fixed, so that runs repeat; the same on every machine. */
static uint32_t hash_of(struct view key)
{
    uint64_t h = UINT64_C(0xcbf29ce484222325);
    for (uint32_t i = 0; i < key.size; i++)
        h = (h ^ key.base[i]) * UINT64_C(0x100000001b3);
    h ^= h >> 32;
    h *= UINT64_C(0x9e3779b97f4a7c15);
    return (uint32_t)(h >> 32);
}

static bool node_has_key(const struct map_node *n, uint32_t hash, struct view key)
{
    return n->hash == hash && view_equal((struct view){n->key, n->key_size}, key);
}

/* The slot of the key, or the free slot where it would go. */
static uint32_t find_slot(const struct map *m, struct view key, uint32_t hash)
{
    uint32_t mask = m->slot_count - 1, at = hash & mask;
    while (m->slots[at].node && !(m->slots[at].hash == hash &&
                                  node_has_key(&m->nodes[m->slots[at].node - 1], hash, key)))
        at = (at + 1) & mask;
    return at;
}

static void index_node(struct map *m, uint32_t node)
{
    uint32_t mask = m->slot_count - 1, at = m->nodes[node].hash & mask;
    while (m->slots[at].node)
        at = (at + 1) & mask;
    m->slots[at] = (struct map_slot){node + 1, m->nodes[node].hash};
}

/* Packs the nodes and indexes them anew, with room for another. */
static void rebuild(struct map *m)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < m->used; i++)
        if (m->nodes[i].value)
            m->nodes[kept++] = m->nodes[i];
    INVARIANT(kept == m->count);
    m->used = kept;
    /* Growing at three quarters keeps the number of rebuilds small when keys come and go. */
    size_t wanted = (size_t)kept + kept / 3 + 1;
    m->nodes = xgrow(m->nodes, &m->node_capacity, wanted, sizeof *m->nodes);
    uint32_t slot_count = 16;
    while (slot_count < m->node_capacity * 2)
        slot_count *= 2;
    free(m->slots);
    m->slots = xcalloc(slot_count, sizeof *m->slots);
    m->slot_count = slot_count;
    for (uint32_t i = 0; i < kept; i++)
        index_node(m, i);
}

/* Closes the gap of a freed slot, so that no probe ends too early. */
static void free_slot(struct map *m, uint32_t hole)
{
    uint32_t mask = m->slot_count - 1;
    for (uint32_t at = (hole + 1) & mask; m->slots[at].node; at = (at + 1) & mask) {
        uint32_t home = m->slots[at].hash & mask;
        if (((at - home) & mask) >= ((at - hole) & mask)) {
            m->slots[hole] = m->slots[at];
            hole = at;
        }
    }
    m->slots[hole] = (struct map_slot){0};
}

void map_deinit(struct map *m)
{
    for (uint32_t i = 0; i < m->used; i++)
        free(m->nodes[i].key);
    free(m->nodes);
    free(m->slots);
    *m = MAP_INIT;
}

void *map_get(const struct map *m, struct view key)
{
    if (m->count == 0)
        return NULL;
    uint32_t node = m->slots[find_slot(m, key, hash_of(key))].node;
    return node ? m->nodes[node - 1].value : NULL;
}

void *map_put(struct map *m, struct view key, void *value)
{
    PRE(value);
    uint32_t hash = hash_of(key);
    if (m->slot_count) {
        uint32_t node = m->slots[find_slot(m, key, hash)].node;
        if (node) {
            void *old = m->nodes[node - 1].value;
            m->nodes[node - 1].value = value;
            return old;
        }
    }
    if (m->used == m->node_capacity)
        rebuild(m);
    uint8_t *copy = xmalloc(key.size);
    if (key.size)
        memcpy(copy, key.base, key.size);
    m->nodes[m->used] = (struct map_node){copy, key.size, hash, value};
    index_node(m, m->used);
    m->used++;
    m->count++;
    return NULL;
}

void *map_remove(struct map *m, struct view key)
{
    if (m->count == 0)
        return NULL;
    uint32_t slot = find_slot(m, key, hash_of(key));
    if (!m->slots[slot].node)
        return NULL;
    struct map_node *n = &m->nodes[m->slots[slot].node - 1];
    void *old = n->value;
    free(n->key);
    *n = (struct map_node){0};
    free_slot(m, slot);
    m->count--;
    while (m->used && !m->nodes[m->used - 1].value)
        m->used--;
    return old;
}

bool map_next(const struct map *m, uint32_t *at, struct map_entry *ret)
{
    while (*at < m->used) {
        const struct map_node *n = &m->nodes[(*at)++];
        if (n->value) {
            *ret = (struct map_entry){{n->key, n->key_size}, n->value};
            return true;
        }
    }
    return false;
}
