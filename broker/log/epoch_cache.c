/* SPDX-License-Identifier: Apache-2.0 */
#include "broker/log/epoch_cache.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "broker/log/small_file.h"
#include "common/memory.h"

#define EPOCH_FILE_SIZE_MAX (16u << 20)

void epoch_cache_deinit(struct epoch_cache *c)
{
    free(c->entries);
    *c = EPOCH_CACHE_INIT;
}

void epoch_cache_clear(struct epoch_cache *c)
{
    c->count = 0;
}

bool epoch_cache_assign(struct epoch_cache *c, int32_t epoch, int64_t start_offset)
{
    PRE(epoch >= 0);
    PRE(start_offset >= 0);
    if (c->count > 0) {
        const struct epoch_entry *last = &c->entries[c->count - 1];
        if (last->epoch == epoch && start_offset >= last->start_offset)
            return false;
    }
    while (c->count > 0 && (c->entries[c->count - 1].epoch >= epoch ||
                            c->entries[c->count - 1].start_offset >= start_offset))
        c->count--;
    c->entries = xgrow(c->entries, &c->capacity, c->count + 1, sizeof c->entries[0]);
    c->entries[c->count++] = (struct epoch_entry){.epoch = epoch, .start_offset = start_offset};
    return true;
}

int32_t epoch_cache_latest(const struct epoch_cache *c)
{
    return c->count > 0 ? c->entries[c->count - 1].epoch : -1;
}

/* How many entries have an epoch at or below this one. */
static size_t count_up_to_epoch(const struct epoch_cache *c, int32_t epoch)
{
    size_t low = 0, high = c->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (c->entries[middle].epoch <= epoch)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

int32_t epoch_cache_epoch_of(const struct epoch_cache *c, int64_t offset)
{
    for (size_t i = c->count; i-- > 0;)
        if (c->entries[i].start_offset <= offset)
            return c->entries[i].epoch;
    return -1;
}

struct epoch_end epoch_cache_end_offset_for(const struct epoch_cache *c, int32_t epoch,
                                            int64_t log_end)
{
    const struct epoch_end unknown = {.epoch = -1, .end_offset = -1};
    if (epoch < 0 || c->count == 0)
        return unknown;
    size_t count = count_up_to_epoch(c, epoch);
    if (count == c->count) {
        /* Nothing is higher: known only when it is the latest itself. */
        if (c->entries[count - 1].epoch != epoch)
            return unknown;
        return (struct epoch_end){.epoch = epoch, .end_offset = log_end};
    }
    int32_t floor = count > 0 ? c->entries[count - 1].epoch : epoch;
    return (struct epoch_end){.epoch = floor, .end_offset = c->entries[count].start_offset};
}

bool epoch_cache_truncate_end(struct epoch_cache *c, int64_t end_offset)
{
    size_t before = c->count;
    while (c->count > 0 && c->entries[c->count - 1].start_offset >= end_offset)
        c->count--;
    return c->count != before;
}

bool epoch_cache_truncate_start(struct epoch_cache *c, int64_t start_offset)
{
    size_t gone = 0;
    /* An entry ends where the next one starts; the last one has no end. */
    while (gone + 1 < c->count && c->entries[gone + 1].start_offset <= start_offset)
        gone++;
    bool changed = gone > 0;
    if (changed) {
        c->count -= gone;
        memmove(c->entries, c->entries + gone, c->count * sizeof c->entries[0]);
    }
    if (c->count > 0 && c->entries[0].start_offset < start_offset) {
        c->entries[0].start_offset = start_offset;
        changed = true;
    }
    return changed;
}

int epoch_cache_store(const struct epoch_cache *c, const struct file_ops *ops, void *fs,
                      const char *dir_path)
{
    struct text text = {0};
    text_printf(&text, "0\n%zu\n", c->count);
    for (size_t i = 0; i < c->count; i++)
        text_printf(&text, "%" PRId32 " %" PRId64 "\n", c->entries[i].epoch,
                    c->entries[i].start_offset);
    char *path = xasprintf("%s/%s", dir_path, EPOCH_CACHE_FILE);
    int error = small_file_replace(ops, fs, path, text.data, text.size);
    free(path);
    text_deinit(&text);
    return error;
}

static bool add_line(void *context, struct view line)
{
    struct epoch_cache *c = context;
    struct view first, second, more;
    int64_t epoch, start_offset;
    if (!word_next(&line, &first) || !word_next(&line, &second) || word_next(&line, &more))
        return false;
    if (!number_parse(first, &epoch) || !number_parse(second, &start_offset))
        return false;
    if (epoch < 0 || epoch > INT32_MAX || start_offset < 0)
        return false;
    if (c->count > 0 && (epoch <= c->entries[c->count - 1].epoch ||
                         start_offset <= c->entries[c->count - 1].start_offset))
        return false;
    return epoch_cache_assign(c, (int32_t)epoch, start_offset);
}

int epoch_cache_load(struct epoch_cache *c, const struct file_ops *ops, void *fs,
                     const char *dir_path, char why[CHECKPOINT_WHY_SIZE])
{
    uint8_t *bytes;
    size_t size;
    char *path = xasprintf("%s/%s", dir_path, EPOCH_CACHE_FILE);
    epoch_cache_clear(c);
    int error = small_file_read(ops, fs, path, EPOCH_FILE_SIZE_MAX, &bytes, &size);
    free(path);
    if (error == -EFBIG) {
        snprintf(why, CHECKPOINT_WHY_SIZE, "it is larger than %u bytes", EPOCH_FILE_SIZE_MAX);
        return CHECKPOINT_MALFORMED;
    }
    if (error)
        return error;
    error = checkpoint_parse((struct view){bytes, (uint32_t)size}, add_line, c, why);
    free(bytes);
    if (error)
        epoch_cache_clear(c);
    return error;
}
