/* SPDX-License-Identifier: Apache-2.0 */
#include "common/buf.h"

#include <stdlib.h>

#include "common/assert.h"
#include "common/memory.h"

struct buf *buf_new(struct account *account, uint32_t size)
{
    /* One allocation: the bytes follow the head. */
    struct buf *b = xmalloc(sizeof *b + size);
    atomic_init(&b->refs, 1);
    b->size = size;
    b->used = 0;
    b->account = account;
    b->data = (uint8_t *)(b + 1);
    if (account)
        atomic_fetch_add_explicit(&account->bytes, (int64_t)size, memory_order_relaxed);
    return b;
}

struct buf *buf_copy(struct account *account, const void *bytes, uint32_t size)
{
    struct buf *b = buf_new(account, size);
    if (size)
        memcpy(b->data, bytes, size);
    b->used = size;
    return b;
}

struct buf *buf_ref(struct buf *buf)
{
    uint32_t before = atomic_fetch_add_explicit(&buf->refs, 1, memory_order_relaxed);
    PRE(before > 0);
    return buf;
}

void buf_unref(struct buf *buf)
{
    if (!buf)
        return;
    uint32_t before = atomic_fetch_sub_explicit(&buf->refs, 1, memory_order_acq_rel);
    PRE(before > 0);
    if (before > 1)
        return;
    if (buf->account)
        atomic_fetch_sub_explicit(&buf->account->bytes, (int64_t)buf->size, memory_order_relaxed);
    free(buf);
}
