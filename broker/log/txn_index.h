/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORDUROY_BROKER_LOG_TXN_INDEX_H
#define CORDUROY_BROKER_LOG_TXN_INDEX_H

#include <stddef.h>
#include <stdint.h>

#include "common/assert.h"
#include "common/file.h"

/* A segment's aborted transactions, in the order of their markers. The file, Kafka's .txnindex, is
 * a row of 34-byte entries {version i16 = 0, producer id i64, first offset i64, last offset i64
 * (the marker's), last stable offset i64}; it exists only when the segment holds an abort marker. A
 * crash may leave a part of it; it is rebuilt with the producer state. */

#define TXN_INDEX_ENTRY_SIZE 34u

struct aborted_txn {
    int64_t producer_id;
    int64_t first_offset, last_offset;
    int64_t last_stable_offset; /* when the marker was appended */
};

struct txn_index {
    struct aborted_txn *entries;
    size_t count, capacity;
};

enum txn_index_result {
    TXN_INDEX_CORRUPT = 1,
};

void txn_index_init(struct txn_index *index);
void txn_index_deinit(struct txn_index *index);
void txn_index_append(struct txn_index *index, struct aborted_txn txn);
/* Drops the entries whose marker lies at or beyond the offset. */
void txn_index_truncate(struct txn_index *index, int64_t offset);
/* Writes the file anew and syncs its bytes; the caller syncs the directory. */
MUST_CHECK int txn_index_store(const struct txn_index *index, const struct file_ops *ops, void *fs,
                               const char *path);
/* 0, -errno (-ENOENT: none), or TXN_INDEX_CORRUPT. At most size_max bytes are read: a larger file
 * is corrupt. */
MUST_CHECK int txn_index_load(struct txn_index *index, const struct file_ops *ops, void *fs,
                              const char *path, uint64_t size_max);

#endif
