/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORDUROY_COMMON_ARENA_H
#define CORDUROY_COMMON_ARENA_H

#include <stddef.h>

#include "common/view.h"

/* Memory that dies together: one per request. Not for two threads at once. Zeroed bytes, aligned
 * for any type. */
struct arena_block;
struct arena {
    struct arena_block *first;
    size_t used, size; /* of the first block */
    size_t total;      /* bytes handed out, for bounds */
};
#define ARENA_INIT ((struct arena){0})

void *arena_alloc(struct arena *arena, size_t size);
/* count * element_size, checked for overflow. */
void *arena_array(struct arena *arena, size_t count, size_t element_size);
struct view arena_copy(struct arena *arena, struct view bytes);
char *arena_string(struct arena *arena, struct view bytes); /* zero-terminated copy */
char *arena_printf(struct arena *arena, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void arena_reset(struct arena *arena); /* frees everything; the arena can be used again */

#endif
