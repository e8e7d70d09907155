/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORDUROY_BROKER_LOG_TIME_INDEX_H
#define CORDUROY_BROKER_LOG_TIME_INDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/assert.h"
#include "common/file.h"

/* A segment's sparse index from timestamp to offset. The file, Kafka's .timeindex, is a row of
 * 12-byte entries {timestamp i64, offset - base i32}: the largest timestamp so far and the last
 * offset of the batch that holds it; timestamps strictly increasing, offsets not falling.
 * What a crash may leave, and who may call: as for offset_index.h. */

#define TIME_INDEX_ENTRY_SIZE 12u

struct time_index_entry {
    int64_t timestamp_ms;
    int64_t offset; /* absolute */
};

struct time_index {
    int64_t base_offset;
    struct time_index_entry *entries;
    size_t count, capacity;
    size_t count_max;
};

enum time_index_result {
    TIME_INDEX_CORRUPT = 1,
};

/* size_max: segment.index.bytes, rounded down to whole entries. */
void time_index_init(struct time_index *index, int64_t base_offset, uint32_t size_max);
void time_index_deinit(struct time_index *index);

/* The last entry; {-1, base offset} when there is none. */
struct time_index_entry time_index_last(const struct time_index *index);
/* One slot is kept for the entry written when the segment is closed. */
static inline bool time_index_is_full(const struct time_index *index)
{
    return index->count + 1 >= index->count_max;
}
/* Adds the entry when its timestamp is larger than the last one's; else does nothing. closing:
 * the kept slot may be used. False when the index is full and nothing was added. */
bool time_index_append(struct time_index *index, int64_t timestamp_ms, int64_t offset,
                       bool closing);

/* The greatest entry with a timestamp at or below this; {-1, base offset} when there is none.
 * Records with a larger timestamp lie after it. */
struct time_index_entry time_index_lookup(const struct time_index *index, int64_t timestamp_ms);
/* The last entry with an offset below this one; {-1, base offset} when there is none. */
struct time_index_entry time_index_lookup_below(const struct time_index *index, int64_t offset);
/* Drops the entries at or beyond the offset. */
void time_index_truncate(struct time_index *index, int64_t offset);

/* As for offset_index.h. */
MUST_CHECK int time_index_store(const struct time_index *index, const struct file_ops *ops,
                                void *fs, const char *path);
/* 0, -errno (-ENOENT: no file), or TIME_INDEX_CORRUPT: not whole entries, timestamps that do not
 * rise, offsets that fall or lie below the base, or more than count_max. */
MUST_CHECK int time_index_load(struct time_index *index, const struct file_ops *ops, void *fs,
                               const char *path);
/* time_index_lookup in the open file of a closed segment, by bisection. 0, -errno or
 * TIME_INDEX_CORRUPT. */
MUST_CHECK int time_index_find(struct file *file, int64_t base_offset, int64_t timestamp_ms,
                               struct time_index_entry *ret);

#endif
