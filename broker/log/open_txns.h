/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORDUROY_BROKER_LOG_OPEN_TXNS_H
#define CORDUROY_BROKER_LOG_OPEN_TXNS_H

#include <stddef.h>
#include <stdint.h>

/* A partition's transactions that bound its last stable offset: those still open, and those whose
 * marker is not yet below the high watermark. In the order of their first offsets. */

struct open_txn {
    int64_t producer_id;
    int64_t first_offset;
    int64_t last_offset; /* the marker's; -1 while open */
};

struct open_txns {
    struct open_txn *items;
    size_t count, capacity;
};
#define OPEN_TXNS_INIT ((struct open_txns){0})

void open_txns_deinit(struct open_txns *t);
void open_txns_clear(struct open_txns *t);
/* A producer's transaction begins; it has none open. */
void open_txns_begin(struct open_txns *t, int64_t producer_id, int64_t first_offset);
/* Its marker was appended at marker_offset. Returns the last stable offset as the marker leaves it:
 * the first offset of the earliest other open transaction, else the offset after the marker. */
int64_t open_txns_complete(struct open_txns *t, int64_t producer_id, int64_t marker_offset);
/* Transactions that ended below the high watermark no longer count. */
void open_txns_advance(struct open_txns *t, int64_t high_watermark);
/* The first offset of the earliest that counts; -1: none, and the high watermark is stable. */
int64_t open_txns_first_unstable(const struct open_txns *t);

#endif
