/* SPDX-License-Identifier: Apache-2.0 */
#include "broker/log/segment_index.h"

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

void segment_index_loaded(struct segment_index *index)
{
    index->latest = time_index_last(&index->times);
    index->size_since_entry = 0;
}

void segment_index_truncate(struct segment_index *index, int64_t offset)
{
    offset_index_truncate(&index->offsets, offset);
    time_index_truncate(&index->times, offset);
    segment_index_loaded(index);
}
