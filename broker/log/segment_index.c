/* SPDX-License-Identifier: Apache-2.0 */
#include "broker/log/segment_index.h"

#include "broker/log/log_listing.h"

void segment_index_init(struct segment_index *index, int64_t base_offset, uint32_t size_max,
                        uint32_t interval_size)
{
    *index = (struct segment_index){.interval_size = interval_size};
    offset_index_init(&index->offsets, base_offset, size_max);
    time_index_init(&index->times, base_offset, size_max);
    index->latest = time_index_last(&index->times);
}

void segment_index_deinit(struct segment_index *index)
{
    offset_index_deinit(&index->offsets);
    time_index_deinit(&index->times);
}

void segment_index_add(struct segment_index *index, const struct record_batch *batch, uint32_t pos)
{
    int64_t last_offset = record_batch_last_offset(batch);
    /* A damaged file may claim offsets that an index cannot hold: such batches get no entry. */
    if (last_offset - index->offsets.base_offset > INT32_MAX || pos > INT32_MAX)
        return;
    if (batch->max_timestamp > index->latest.timestamp_ms) {
        index->latest.timestamp_ms = batch->max_timestamp;
        index->latest.offset = last_offset;
    }
    if (index->size_since_entry > index->interval_size) {
        /* A full index gets no more entries: reads scan further then. */
        if (offset_index_append(&index->offsets, last_offset, pos) == 0)
            (void)time_index_append(&index->times, index->latest.timestamp_ms, index->latest.offset,
                                    false);
        index->size_since_entry = 0;
    }
    index->size_since_entry += batch->size;
}

bool segment_index_is_full(const struct segment_index *index)
{
    return offset_index_is_full(&index->offsets) || time_index_is_full(&index->times);
}

void segment_index_close(struct segment_index *index)
{
    (void)time_index_append(&index->times, index->latest.timestamp_ms, index->latest.offset, true);
}

/* What the entries do not say is forgotten. */
static void take_latest_from_entries(struct segment_index *index)
{
    index->latest = time_index_last(&index->times);
    index->size_since_entry = 0;
}

int segment_index_store(const struct segment_index *index, const struct file_ops *ops, void *fs,
                        const char *dir)
{
    char path[LOG_PATH_SIZE];
    log_file_path(path, dir, index->offsets.base_offset, SEGMENT_INDEX);
    int error = offset_index_store(&index->offsets, ops, fs, path);
    log_file_path(path, dir, index->offsets.base_offset, SEGMENT_TIME_INDEX);
    return error ? error : time_index_store(&index->times, ops, fs, path);
}

int segment_index_load(struct segment_index *index, const struct file_ops *ops, void *fs,
                       const char *dir, uint64_t log_size)
{
    char path[LOG_PATH_SIZE];
    log_file_path(path, dir, index->offsets.base_offset, SEGMENT_INDEX);
    int error = offset_index_load(&index->offsets, ops, fs, path, log_size);
    log_file_path(path, dir, index->offsets.base_offset, SEGMENT_TIME_INDEX);
    if (!error)
        error = time_index_load(&index->times, ops, fs, path);
    if (!error)
        take_latest_from_entries(index);
    return error;
}

void segment_index_truncate(struct segment_index *index, int64_t offset)
{
    offset_index_truncate(&index->offsets, offset);
    time_index_truncate(&index->times, offset);
    take_latest_from_entries(index);
}
