/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORDUROY_COMMON_MAP_H
#define CORDUROY_COMMON_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/view.h"

/* A hash map from byte keys (copied) to pointers. Iteration is in insertion order (removal keeps
 * the order of the rest), never in the order of pointers or of a random hash, so that a simulated
 * run repeats exactly. One thread. */
struct map_entry {
    struct view key;
    void *value; /* may be replaced in place */
};
struct map {
    struct map_slot *slots;
    uint32_t slot_count, count, used;
    struct map_node *nodes;
    size_t node_capacity;
};
#define MAP_INIT ((struct map){0})

void map_deinit(struct map *m);                      /* values are the caller's */
void *map_get(const struct map *m, struct view key); /* NULL: not there */
/* Puts or replaces; returns the old value or NULL. value is not NULL. */
void *map_put(struct map *m, struct view key, void *value);
void *map_remove(struct map *m, struct view key); /* the old value or NULL */
/* for (uint32_t at = 0; map_next(&m, &at, &entry);). Removing the entry just given is allowed;
 * putting is not. */
bool map_next(const struct map *m, uint32_t *at, struct map_entry *ret);

/* Keys that are fixed-size structs without padding. */
#define MAP_KEY(object) ((struct view){(const uint8_t *)&(object), (uint32_t)sizeof(object)})

#endif
