/* SPDX-License-Identifier: Apache-2.0 */
#include "broker/log/time_index.h"

#include <errno.h>
#include <stdlib.h>

#include "broker/log/small_file.h"
#include "common/bytes.h"
#include "common/memory.h"

void time_index_init(struct time_index *index, int64_t base_offset, uint32_t size_max)
{
    *index = (struct time_index){
        .base_offset = base_offset,
        .count_max = size_max / TIME_INDEX_ENTRY_SIZE,
    };
}

void time_index_deinit(struct time_index *index)
{
    free(index->entries);
    *index = (struct time_index){0};
}

static struct time_index_entry nothing(int64_t base_offset)
{
    return (struct time_index_entry){.timestamp_ms = -1, .offset = base_offset};
}

struct time_index_entry time_index_last(const struct time_index *index)
{
    return index->count > 0 ? index->entries[index->count - 1] : nothing(index->base_offset);
}

static void add(struct time_index *index, struct time_index_entry entry)
{
    index->entries =
        xgrow(index->entries, &index->capacity, index->count + 1, sizeof index->entries[0]);
    index->entries[index->count++] = entry;
}

bool time_index_append(struct time_index *index, int64_t timestamp_ms, int64_t offset, bool closing)
{
    struct time_index_entry last = time_index_last(index);
    if (timestamp_ms <= last.timestamp_ms)
        return true;
    if (index->count >= index->count_max || (!closing && time_index_is_full(index)))
        return false;
    PRE(offset >= last.offset && offset - index->base_offset <= INT32_MAX);
    add(index, (struct time_index_entry){.timestamp_ms = timestamp_ms, .offset = offset});
    return true;
}

struct time_index_entry time_index_lookup(const struct time_index *index, int64_t timestamp_ms)
{
    size_t low = 0, high = index->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (index->entries[middle].timestamp_ms <= timestamp_ms)
            low = middle + 1;
        else
            high = middle;
    }
    return low > 0 ? index->entries[low - 1] : nothing(index->base_offset);
}

struct time_index_entry time_index_lookup_below(const struct time_index *index, int64_t offset)
{
    size_t low = 0, high = index->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (index->entries[middle].offset < offset)
            low = middle + 1;
        else
            high = middle;
    }
    return low > 0 ? index->entries[low - 1] : nothing(index->base_offset);
}

void time_index_truncate(struct time_index *index, int64_t offset)
{
    while (index->count > 0 && index->entries[index->count - 1].offset >= offset)
        index->count--;
}

int time_index_store(const struct time_index *index, const struct file_ops *ops, void *fs,
                     const char *path)
{
    size_t size = index->count * TIME_INDEX_ENTRY_SIZE;
    uint8_t *bytes = xmalloc(size + 1);
    for (size_t i = 0; i < index->count; i++) {
        uint8_t *at = bytes + i * TIME_INDEX_ENTRY_SIZE;
        store_u64(at, (uint64_t)index->entries[i].timestamp_ms);
        store_u32(at + 8, (uint32_t)(index->entries[i].offset - index->base_offset));
    }
    int error = small_file_write(ops, fs, path, bytes, size);
    free(bytes);
    return error;
}

static bool is_padding(const uint8_t *at)
{
    return load_u64(at) == 0 && load_u32(at + 8) == 0;
}

/* False when the relative offset is negative. */
static bool decode(const uint8_t *at, int64_t base_offset, struct time_index_entry *ret)
{
    int32_t relative_offset = load_i32(at + 8);
    if (relative_offset < 0)
        return false;
    *ret = (struct time_index_entry){.timestamp_ms = load_i64(at),
                                     .offset = base_offset + relative_offset};
    return true;
}

static bool decode_all(struct time_index *index, const uint8_t *bytes, size_t size)
{
    for (size_t at = 0; at < size; at += TIME_INDEX_ENTRY_SIZE) {
        struct time_index_entry entry, last = time_index_last(index);
        if (!decode(bytes + at, index->base_offset, &entry))
            return false;
        if (entry.timestamp_ms <= last.timestamp_ms || entry.offset < last.offset)
            return false;
        add(index, entry);
    }
    return true;
}

int time_index_load(struct time_index *index, const struct file_ops *ops, void *fs,
                    const char *path)
{
    uint8_t *bytes;
    size_t size;
    size_t size_max = (index->count_max + 1) * TIME_INDEX_ENTRY_SIZE;
    int error = small_file_read(ops, fs, path, size_max, &bytes, &size);
    index->count = 0;
    if (error)
        return error == -EFBIG ? TIME_INDEX_CORRUPT : error;
    bool sound = size % TIME_INDEX_ENTRY_SIZE == 0;
    if (sound) {
        while (size > 0 && is_padding(bytes + size - TIME_INDEX_ENTRY_SIZE))
            size -= TIME_INDEX_ENTRY_SIZE;
        sound = size / TIME_INDEX_ENTRY_SIZE <= index->count_max && decode_all(index, bytes, size);
    }
    free(bytes);
    if (sound)
        return 0;
    index->count = 0;
    return TIME_INDEX_CORRUPT;
}

int time_index_find(struct file *file, int64_t base_offset, int64_t timestamp_ms,
                    struct time_index_entry *ret)
{
    int64_t size = file->ops->size(file);
    if (size < 0)
        return (int)size;
    struct time_index_entry found = nothing(base_offset);
    uint64_t low = 0, high = (uint64_t)size / TIME_INDEX_ENTRY_SIZE;
    while (low < high) {
        uint64_t middle = low + (high - low) / 2;
        uint8_t bytes[TIME_INDEX_ENTRY_SIZE];
        struct time_index_entry entry;
        int64_t got = file->ops->pread(file, bytes, sizeof bytes, middle * sizeof bytes);
        if (got < 0)
            return (int)got;
        if (got < (int64_t)sizeof bytes || !decode(bytes, base_offset, &entry))
            return TIME_INDEX_CORRUPT;
        if (!is_padding(bytes) && entry.timestamp_ms <= timestamp_ms) {
            found = entry;
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    *ret = found;
    return 0;
}
