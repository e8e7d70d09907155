/* SPDX-License-Identifier: Apache-2.0 */
#include "common/arena.h"

#include <stdalign.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/assert.h"
#include "common/memory.h"

#define FIRST_BLOCK 1024
#define LARGEST_BLOCK ((size_t)64 * 1024)

struct arena_block {
    alignas(max_align_t) struct arena_block *next;
    alignas(max_align_t) uint8_t bytes[];
};

static struct arena_block *block_new(size_t size)
{
    return xcalloc(1, sizeof(struct arena_block) + size);
}

/* A large allocation gets a block of its own, linked behind the first one, so that what is left of
 * the first can still be given out. */
static void *alloc_alone(struct arena *arena, size_t size)
{
    struct arena_block *b = block_new(size);
    if (arena->first) {
        b->next = arena->first->next;
        arena->first->next = b;
    } else {
        arena->first = b;
        arena->used = arena->size = size;
    }
    return b->bytes;
}

void *arena_alloc(struct arena *arena, size_t size)
{
    size_t rounded;
    PRE(!__builtin_add_overflow(size, alignof(max_align_t) - 1, &rounded));
    rounded &= ~(alignof(max_align_t) - 1);
    if (rounded == 0)
        rounded = alignof(max_align_t);
    arena->total += rounded;
    if (arena->first && arena->size - arena->used >= rounded) {
        void *at = arena->first->bytes + arena->used;
        arena->used += rounded;
        return at;
    }
    if (rounded > LARGEST_BLOCK / 4)
        return alloc_alone(arena, rounded);
    size_t size_of_block = arena->size ? arena->size * 2 : FIRST_BLOCK;
    while (size_of_block < rounded)
        size_of_block *= 2;
    if (size_of_block > LARGEST_BLOCK)
        size_of_block = LARGEST_BLOCK;
    struct arena_block *b = block_new(size_of_block);
    b->next = arena->first;
    arena->first = b;
    arena->size = size_of_block;
    arena->used = rounded;
    return b->bytes;
}

void *arena_array(struct arena *arena, size_t count, size_t element_size)
{
    size_t bytes;
    PRE(!__builtin_mul_overflow(count, element_size, &bytes));
    return arena_alloc(arena, bytes);
}

struct view arena_copy(struct arena *arena, struct view bytes)
{
    if (!bytes.base)
        return VIEW_NULL;
    uint8_t *copy = arena_alloc(arena, bytes.size);
    memcpy(copy, bytes.base, bytes.size);
    return (struct view){copy, bytes.size};
}

char *arena_string(struct arena *arena, struct view bytes)
{
    char *copy = arena_alloc(arena, (size_t)bytes.size + 1);
    if (bytes.size)
        memcpy(copy, bytes.base, bytes.size);
    return copy;
}

char *arena_printf(struct arena *arena, const char *format, ...)
{
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int size = vsnprintf(NULL, 0, format, args);
    va_end(args);
    PRE(size >= 0);
    char *text = arena_alloc(arena, (size_t)size + 1);
    vsnprintf(text, (size_t)size + 1, format, again);
    va_end(again);
    return text;
}

void arena_reset(struct arena *arena)
{
    for (struct arena_block *b = arena->first; b;) {
        struct arena_block *next = b->next;
        free(b);
        b = next;
    }
    *arena = ARENA_INIT;
}
