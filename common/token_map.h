/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORDUROY_COMMON_TOKEN_MAP_H
#define CORDUROY_COMMON_TOKEN_MAP_H

#include <stddef.h>

#include "common/env.h"

/* A hash map from tokens (never 0) to pointers (never NULL). One thread. Not for iteration where
 * its order could be seen: that order depends on the history of the map. */
struct token_slot {
    token name; /* 0: free */
    void *value;
};
struct token_map {
    struct token_slot *slots;
    size_t slot_count, count;
};

void token_map_deinit(struct token_map *m);
void *token_map_get(const struct token_map *m, token name);       /* NULL: not there */
void token_map_put(struct token_map *m, token name, void *value); /* the name is not there yet */
void *token_map_remove(struct token_map *m, token name);          /* the value, or NULL */

#endif
