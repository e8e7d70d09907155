/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORDUROY_COMMON_MEMORY_H
#define CORDUROY_COMMON_MEMORY_H

#include <stdarg.h>
#include <stddef.h>

/* Small allocations end the process on failure (with overcommit that branch cannot be tested); a
 * size that a peer chooses is bounded by an account or a limit before it comes here. Any thread.
 * Released with free(). */
void *xmalloc(size_t size);
void *xcalloc(size_t count, size_t size);
void *xrealloc(void *old, size_t size);
char *xstrdup(const char *s);
char *xstrndup(const void *s, size_t size);
/* printf into a new string. */
char *xasprintf(const char *format, ...) __attribute__((format(printf, 1, 2)));
char *xvasprintf(const char *format, va_list args) __attribute__((format(printf, 1, 0)));

/* For growable arrays: returns items with room for at least count elements of the given size, and
 * moves *capacity. */
void *xgrow(void *items, size_t *capacity, size_t count, size_t element_size);

#endif
