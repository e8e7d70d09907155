/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORDUROY_BROKER_LOG_SEGMENT_INDEX_H
#define CORDUROY_BROKER_LOG_SEGMENT_INDEX_H

#include <stdbool.h>
#include <stdint.h>

#include "broker/log/offset_index.h"
#include "broker/log/time_index.h"
#include "proto/record_batch.h"

/* Both indexes of one segment, fed batch by batch with Kafka's rule: an entry for a batch when more
 * than index.interval.bytes were appended since the last entry. Appending and rebuilding after a
 * crash run through the same function, so they agree. */
struct segment_index {
    struct offset_index offsets;
    struct time_index times;
    uint32_t interval_size;         /* index.interval.bytes */
    uint64_t size_since_entry;      /* bytes appended since the last entry */
    struct time_index_entry latest; /* largest timestamp so far and its batch's last offset */
};

void segment_index_init(struct segment_index *index, int64_t base_offset, uint32_t size_max,
                        uint32_t interval_size);
void segment_index_deinit(struct segment_index *index);
/* Takes note of a batch that stands at pos. Offsets and places rise from call to call; the offset
 * is at or beyond the base. */
void segment_index_add(struct segment_index *index, const struct record_batch *batch, uint32_t pos);
/* The segment must be rolled before the next batch. */
bool segment_index_is_full(const struct segment_index *index);
/* The final entry of the time index; before storing. */
void segment_index_close(struct segment_index *index);
/* Writes both files anew in the partition's directory and syncs their bytes; the caller syncs the
 * directory. 0 or -errno. */
MUST_CHECK int segment_index_store(const struct segment_index *index, const struct file_ops *ops,
                                   void *fs, const char *dir);
/* Replaces the entries by those of the files; latest is then the last entry of the time index. 0,
 * -errno (-ENOENT: one is missing) or positive: one is damaged (offset_index_load,
 * time_index_load). After an error the entries are of no use: deinit. */
MUST_CHECK int segment_index_load(struct segment_index *index, const struct file_ops *ops, void *fs,
                                  const char *dir, uint64_t log_size);
/* Forgets everything at or beyond the offset (a truncation). The largest timestamp so far is then
 * that of the last time entry left; the caller feeds the batches behind it again if it needs it
 * exact. */
void segment_index_truncate(struct segment_index *index, int64_t offset);

#endif
