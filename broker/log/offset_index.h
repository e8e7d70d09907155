/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORDUROY_BROKER_LOG_OFFSET_INDEX_H
#define CORDUROY_BROKER_LOG_OFFSET_INDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/assert.h"
#include "common/file.h"

/* A segment's sparse index from offset to place in the .log file. The file, Kafka's .index, is a
 * row of 8-byte entries {offset - base i32, pos i32}, both strictly increasing. Kafka preallocates
 * it and trims it at roll or close, so after an unclean stop zeros follow the last entry; we keep
 * the entries of an active segment in memory and write the file at roll or clean stop.
 * What a crash may leave: no file, a part of one, or one with zeros; load says CORRUPT and the
 * index is rebuilt from the segment. One thread at a time. */

#define OFFSET_INDEX_ENTRY_SIZE 8u

struct offset_index_entry {
    int32_t relative_offset;
    int32_t pos;
};

struct offset_index {
    int64_t base_offset;
    struct offset_index_entry *entries;
    size_t count, capacity;
    size_t count_max; /* from segment.index.bytes */
};

enum offset_index_result {
    OFFSET_INDEX_FULL = 1,    /* roll the segment */
    OFFSET_INDEX_CORRUPT = 2, /* rebuild it */
};

/* size_max: segment.index.bytes, rounded down to whole entries. */
void offset_index_init(struct offset_index *index, int64_t base_offset, uint32_t size_max);
void offset_index_deinit(struct offset_index *index);

/* Adds an entry: the last offset of a batch and the place where the batch starts. Larger than the
 * last entry's, in both, and the offset within 2^31 - 1 of the base. 0 or OFFSET_INDEX_FULL. */
MUST_CHECK int offset_index_append(struct offset_index *index, int64_t offset, uint32_t pos);
static inline bool offset_index_is_full(const struct offset_index *index)
{
    return index->count >= index->count_max;
}

/* Where to start reading for an offset: the place of the greatest entry at or below it, 0 when
 * there is none. *ret_offset (may be NULL) is that entry's offset, the base without one. */
uint32_t offset_index_lookup(const struct offset_index *index, int64_t offset, int64_t *ret_offset);
/* Drops the entries at or beyond the offset. */
void offset_index_truncate(struct offset_index *index, int64_t offset);

/* Writes the file anew (it is cut or made) and syncs its bytes; the caller syncs the directory. */
MUST_CHECK int offset_index_store(const struct offset_index *index, const struct file_ops *ops,
                                  void *fs, const char *path);
/* Replaces the entries by the file's. 0, -errno (-ENOENT: no file), or OFFSET_INDEX_CORRUPT: not
 * whole entries, not increasing, a place at or beyond log_size, or more than count_max. Zeros at
 * the end are skipped. */
MUST_CHECK int offset_index_load(struct offset_index *index, const struct file_ops *ops, void *fs,
                                 const char *path, uint64_t log_size);
/* offset_index_lookup in the open file of a closed segment, by bisection, without loading it. 0,
 * -errno or OFFSET_INDEX_CORRUPT. */
MUST_CHECK int offset_index_find(struct file *file, int64_t base_offset, int64_t offset,
                                 uint32_t *ret_pos, int64_t *ret_offset);

#endif
