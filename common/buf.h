/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORDUROY_COMMON_BUF_H
#define CORDUROY_COMMON_BUF_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/view.h"

/* Bytes charged for a purpose (received requests, the tail, answers): one per shard and purpose.
 * Credited from any thread. The limit is asked about by whoever is about to take more
 * (back-pressure), never enforced by a failure. */
struct account {
    _Atomic int64_t bytes;
    int64_t limit;
};
static inline bool account_over(struct account *a)
{
    return atomic_load_explicit(&a->bytes, memory_order_relaxed) >= a->limit;
}

/* Counted bytes. The count is atomic; the last buf_unref, on any thread, frees and credits the
 * account. Bytes below `used` never change, but for the 12 bytes of base offset and leader epoch
 * that a partition's shard patches before it passes the batch on. */
struct buf {
    _Atomic uint32_t refs;
    uint32_t size, used;
    struct account *account; /* may be NULL; outlives the buf */
    uint8_t *data;
};

/* A new buf with one reference, charged to the account (which may be NULL). Never fails: bound size
 * first. */
struct buf *buf_new(struct account *account, uint32_t size);
/* Copies the bytes into a new buf with used = size. */
struct buf *buf_copy(struct account *account, const void *bytes, uint32_t size);
struct buf *buf_ref(struct buf *buf);
void buf_unref(struct buf *buf); /* NULL is nothing */

struct file;

/* Bytes of buf when it is set, else of file. Whoever holds a piece holds a reference to what it
 * names. */
struct piece {
    struct buf *buf;
    struct file *file;
    uint64_t pos;
    uint32_t size;
};
static inline const uint8_t *piece_bytes(const struct piece *p)
{
    return p->buf->data + p->pos;
}

#endif
