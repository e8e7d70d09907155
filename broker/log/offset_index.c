/* SPDX-License-Identifier: Apache-2.0 */
#include "broker/log/offset_index.h"

#include <errno.h>
#include <stdlib.h>

#include "broker/log/small_file.h"
#include "common/bytes.h"
#include "common/memory.h"

void offset_index_init(struct offset_index *index, int64_t base_offset, uint32_t size_max)
{
    *index = (struct offset_index){
        .base_offset = base_offset,
        .count_max = size_max / OFFSET_INDEX_ENTRY_SIZE,
    };
}

void offset_index_deinit(struct offset_index *index)
{
    free(index->entries);
    *index = (struct offset_index){0};
}

int offset_index_append(struct offset_index *index, int64_t offset, uint32_t pos)
{
    if (offset_index_is_full(index))
        return OFFSET_INDEX_FULL;
    int64_t relative_offset = offset - index->base_offset;
    PRE(relative_offset >= 0 && relative_offset <= INT32_MAX);
    PRE(pos <= INT32_MAX);
    if (index->count > 0) {
        const struct offset_index_entry *last = &index->entries[index->count - 1];
        PRE(relative_offset > last->relative_offset);
        PRE((int32_t)pos > last->pos);
    }
    index->entries =
        xgrow(index->entries, &index->capacity, index->count + 1, sizeof index->entries[0]);
    index->entries[index->count++] = (struct offset_index_entry){
        .relative_offset = (int32_t)relative_offset, .pos = (int32_t)pos};
    return 0;
}

/* How many entries lie at or below the offset. */
static size_t count_up_to(const struct offset_index *index, int64_t offset)
{
    size_t low = 0, high = index->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (index->base_offset + index->entries[middle].relative_offset <= offset)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

uint32_t offset_index_lookup(const struct offset_index *index, int64_t offset, int64_t *ret_offset)
{
    size_t count = count_up_to(index, offset);
    struct offset_index_entry found = {0};
    if (count > 0)
        found = index->entries[count - 1];
    if (ret_offset)
        *ret_offset = index->base_offset + found.relative_offset;
    return (uint32_t)found.pos;
}

void offset_index_truncate(struct offset_index *index, int64_t offset)
{
    index->count = offset > INT64_MIN ? count_up_to(index, offset - 1) : 0;
}

int offset_index_store(const struct offset_index *index, const struct file_ops *ops, void *fs,
                       const char *path)
{
    size_t size = index->count * OFFSET_INDEX_ENTRY_SIZE;
    uint8_t *bytes = xmalloc(size + 1);
    for (size_t i = 0; i < index->count; i++) {
        uint8_t *at = bytes + i * OFFSET_INDEX_ENTRY_SIZE;
        store_u32(at, (uint32_t)index->entries[i].relative_offset);
        store_u32(at + 4, (uint32_t)index->entries[i].pos);
    }
    int error = small_file_write(ops, fs, path, bytes, size);
    free(bytes);
    return error;
}

static struct offset_index_entry decode(const uint8_t *at)
{
    return (struct offset_index_entry){.relative_offset = load_i32(at), .pos = load_i32(at + 4)};
}

/* Decodes the entries; false when they are no index. An entry of zeros is the padding of an index
 * that was not trimmed: a true entry never has position 0, because the first batch of a segment
 * gets none, and relative offset 0 is that batch's. */
static bool decode_all(struct offset_index *index, const uint8_t *bytes, size_t size,
                       uint64_t log_size)
{
    struct offset_index_entry last = {.relative_offset = -1, .pos = -1};
    for (size_t at = 0; at < size; at += OFFSET_INDEX_ENTRY_SIZE) {
        struct offset_index_entry entry = decode(bytes + at);
        if (entry.relative_offset <= last.relative_offset || entry.pos <= last.pos)
            return false;
        if ((uint64_t)entry.pos >= log_size)
            return false;
        index->entries =
            xgrow(index->entries, &index->capacity, index->count + 1, sizeof index->entries[0]);
        index->entries[index->count++] = entry;
        last = entry;
    }
    return true;
}

static size_t without_padding(const uint8_t *bytes, size_t size)
{
    while (size >= OFFSET_INDEX_ENTRY_SIZE && load_u64(bytes + size - OFFSET_INDEX_ENTRY_SIZE) == 0)
        size -= OFFSET_INDEX_ENTRY_SIZE;
    return size;
}

int offset_index_load(struct offset_index *index, const struct file_ops *ops, void *fs,
                      const char *path, uint64_t log_size)
{
    uint8_t *bytes;
    size_t size;
    size_t size_max = (index->count_max + 1) * OFFSET_INDEX_ENTRY_SIZE;
    int error = small_file_read(ops, fs, path, size_max, &bytes, &size);
    index->count = 0;
    if (error)
        return error == -EFBIG ? OFFSET_INDEX_CORRUPT : error;
    bool sound = size % OFFSET_INDEX_ENTRY_SIZE == 0;
    if (sound) {
        size = without_padding(bytes, size);
        sound = size / OFFSET_INDEX_ENTRY_SIZE <= index->count_max &&
                decode_all(index, bytes, size, log_size);
    }
    free(bytes);
    if (sound)
        return 0;
    index->count = 0;
    return OFFSET_INDEX_CORRUPT;
}

static int read_entry(struct file *file, uint64_t at, struct offset_index_entry *ret)
{
    uint8_t bytes[OFFSET_INDEX_ENTRY_SIZE];
    int64_t got = file->ops->pread(file, bytes, sizeof bytes, at * sizeof bytes);
    if (got < 0)
        return (int)got;
    if (got < (int64_t)sizeof bytes)
        return OFFSET_INDEX_CORRUPT;
    *ret = decode(bytes);
    return ret->relative_offset < 0 || ret->pos < 0 ? OFFSET_INDEX_CORRUPT : 0;
}

int offset_index_find(struct file *file, int64_t base_offset, int64_t offset, uint32_t *ret_pos,
                      int64_t *ret_offset)
{
    int64_t size = file->ops->size(file);
    if (size < 0)
        return (int)size;
    struct offset_index_entry found = {0};
    uint64_t low = 0, high = (uint64_t)size / OFFSET_INDEX_ENTRY_SIZE;
    while (low < high) {
        uint64_t middle = low + (high - low) / 2;
        struct offset_index_entry entry = {0};
        int error = read_entry(file, middle, &entry);
        if (error)
            return error;
        /* Padding of a file that was not trimmed counts as beyond every offset. */
        bool padding = middle > 0 && entry.relative_offset == 0;
        if (!padding && base_offset + entry.relative_offset <= offset) {
            found = entry;
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    *ret_pos = (uint32_t)found.pos;
    if (ret_offset)
        *ret_offset = base_offset + found.relative_offset;
    return 0;
}
