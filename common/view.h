/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORDUROY_COMMON_VIEW_H
#define CORDUROY_COMMON_VIEW_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* Borrowed bytes: never freed through the view. base NULL is "null" where a format knows null; an
 * empty view has size 0 and any base. */
struct view {
    const uint8_t *base;
    uint32_t size;
};

#define VIEW_NULL ((struct view){NULL, 0})
/* A view of a string literal, without its terminating zero. */
#define VIEW_LITERAL(s) ((struct view){(const uint8_t *)(s), (uint32_t)(sizeof(s) - 1)})

/* A view of a C string, which must outlive it. NULL gives VIEW_NULL. */
static inline struct view view_of(const char *s)
{
    return s ? (struct view){(const uint8_t *)s, (uint32_t)strlen(s)} : VIEW_NULL;
}

/* True when both hold the same bytes; null and empty are the same here. */
static inline bool view_equal(struct view a, struct view b)
{
    return a.size == b.size && (a.size == 0 || memcmp(a.base, b.base, a.size) == 0);
}

#endif
