/* SPDX-License-Identifier: Apache-2.0 */
#include "common/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/assert.h"

static void *must(void *p)
{
    if (!p)
        IMPOSSIBLE("out of memory");
    return p;
}

void *xmalloc(size_t size)
{
    return must(malloc(size ? size : 1));
}

void *xcalloc(size_t count, size_t size)
{
    return must(calloc(count ? count : 1, size ? size : 1));
}

void *xrealloc(void *old, size_t size)
{
    return must(realloc(old, size ? size : 1));
}

char *xstrdup(const char *s)
{
    return xstrndup(s, strlen(s));
}

char *xstrndup(const void *s, size_t size)
{
    char *copy = xmalloc(size + 1);
    if (size)
        memcpy(copy, s, size);
    copy[size] = 0;
    return copy;
}

char *xvasprintf(const char *format, va_list args)
{
    char *text = NULL;
    int size = vasprintf(&text, format, args);
    return must(size < 0 ? NULL : text);
}

char *xasprintf(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *text = xvasprintf(format, args);
    va_end(args);
    return text;
}

void *xgrow(void *items, size_t *capacity, size_t count, size_t element_size)
{
    if (count <= *capacity)
        return items;
    size_t wanted = *capacity ? *capacity * 2 : 8;
    if (wanted < count)
        wanted = count;
    size_t bytes;
    if (__builtin_mul_overflow(wanted, element_size, &bytes))
        IMPOSSIBLE("an array larger than memory");
    items = xrealloc(items, bytes);
    *capacity = wanted;
    return items;
}
