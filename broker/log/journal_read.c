/* SPDX-License-Identifier: Apache-2.0 */
#include "broker/log/journal_read.h"

#include <errno.h>
#include <stdlib.h>

#include "broker/log/journal.h"
#include "common/memory.h"

#define SKIP_MAX (UINT64_C(1) << 32) /* a damaged number further ahead than that is noise */

struct found {
    struct journal_round round;
    unsigned file;
    uint64_t pos;
};
struct finder {
    struct file *files[JOURNAL_FILES];
    struct uuid journal_id;
    struct found *found;
    size_t count, capacity;
    uint64_t damaged_max;
    uint8_t *buffer;
    size_t buffer_size;
};

static bool entries_sound(struct view entries, uint32_t count)
{
    struct journal_entry e;
    for (uint32_t i = 0; i < count; i++)
        if (!journal_entry_decode(&entries, &e))
            return false;
    return entries.size == 0;
}

/* Reads [pos, pos + size) of a file into the finder's buffer. Bytes read or -errno. */
static int64_t read_bytes(struct finder *f, unsigned file, uint64_t pos, uint64_t size)
{
    if (f->buffer_size < size) {
        free(f->buffer);
        f->buffer = xmalloc((size_t)size);
        f->buffer_size = (size_t)size;
    }
    return f->files[file]->ops->pread(f->files[file], f->buffer, size, pos);
}

/* Judges the block at pos. *ret_next is where to look next. */
static int look_at(struct finder *f, unsigned file, uint64_t pos, uint64_t file_size,
                   uint64_t *ret_next)
{
    struct journal_round round;
    *ret_next = pos + JOURNAL_BLOCK_SIZE;
    int64_t n = read_bytes(f, file, pos, JOURNAL_BLOCK_SIZE);
    if (n < 0)
        return (int)n;
    enum journal_round_verdict verdict =
        journal_round_check((struct view){f->buffer, (uint32_t)n}, f->journal_id, &round);
    if (verdict == JOURNAL_ROUND_DAMAGED && round.size > n && round.size <= file_size - pos) {
        n = read_bytes(f, file, pos, round.size);
        if (n < 0)
            return (int)n;
        verdict = journal_round_check((struct view){f->buffer, (uint32_t)n}, f->journal_id, &round);
    }
    if (verdict == JOURNAL_ROUND_NONE)
        return 0;
    struct view entries = {f->buffer + JOURNAL_ROUND_HEADER_SIZE,
                           round.size - JOURNAL_ROUND_HEADER_SIZE};
    if (verdict == JOURNAL_ROUND_DAMAGED || !entries_sound(entries, round.entry_count)) {
        f->damaged_max = round.number > f->damaged_max ? round.number : f->damaged_max;
        return 0;
    }
    f->found = xgrow(f->found, &f->capacity, f->count + 1, sizeof *f->found);
    f->found[f->count++] = (struct found){round, file, pos};
    *ret_next = pos + journal_padded(round.size);
    return 0;
}

static int look_through(struct finder *f, unsigned file, uint64_t file_size)
{
    int error = 0;
    for (uint64_t pos = 0, next; pos < file_size && !error; pos = next)
        error = look_at(f, file, pos, file_size, &next);
    return error;
}

static int open_both(struct finder *f, struct journal_read *r, const struct file_ops *files,
                     void *fs)
{
    for (unsigned i = 0; i < JOURNAL_FILES; i++) {
        int error = files->open(fs, journal_file_name(i), FILE_READ, &f->files[i]);
        if (error == -ENOENT)
            continue;
        if (error)
            return error;
        int64_t size = files->size(f->files[i]);
        if (size < 0)
            return (int)size;
        r->file_count++;
        r->file_size = (uint64_t)size > r->file_size ? (uint64_t)size : r->file_size;
        error = look_through(f, i, (uint64_t)size);
        if (error)
            return error;
    }
    return 0;
}

static int compare_found(const void *a, const void *b)
{
    uint64_t x = ((const struct found *)a)->round.number;
    uint64_t y = ((const struct found *)b)->round.number;
    return (x > y) - (x < y);
}

static void find_floor(const struct finder *f, struct journal_read *r)
{
    for (size_t i = 0; i < f->count; i++) {
        const struct journal_round *round = &f->found[i].round;
        if (round->floor > r->floor) {
            r->floor = round->floor;
            r->floor_file = f->found[i].file;
        }
        if (round->number > r->number_last)
            r->number_last = round->number;
        if (round->durable > r->number_last)
            r->number_last = round->durable;
    }
    r->number_seen = r->number_last;
    if (f->damaged_max > r->number_seen && f->damaged_max - r->number_seen < SKIP_MAX)
        r->number_seen = f->damaged_max;
}

/* Keeps the bytes of the rounds that need replay, in the order of their numbers. */
static int load_live(struct finder *f, struct journal_read *r)
{
    if (f->count > 0)
        qsort(f->found, f->count, sizeof *f->found, compare_found);
    r->live = xcalloc(f->count + 1, sizeof *r->live);
    for (size_t i = 0; i < f->count; i++) {
        const struct found *found = &f->found[i];
        if (found->round.number < r->floor ||
            (r->live_count > 0 && r->live[r->live_count - 1].round.number == found->round.number))
            continue;
        uint8_t *bytes = xmalloc(found->round.size);
        struct file *file = f->files[found->file];
        int64_t n = file->ops->pread(file, bytes, found->round.size, found->pos);
        if (n != (int64_t)found->round.size) {
            free(bytes);
            return n < 0 ? (int)n : -EIO;
        }
        r->live[r->live_count++] = (struct journal_live){found->round, bytes};
    }
    return 0;
}

static void find_missing(struct journal_read *r)
{
    if (r->floor == 0)
        return;
    uint64_t expected = r->floor;
    for (size_t i = 0; i <= r->live_count; i++) {
        uint64_t number = i < r->live_count ? r->live[i].round.number : r->number_last + 1;
        if (number > expected) {
            if (r->missing_count == 0)
                r->missing_first = expected;
            r->missing_count += number - expected;
        }
        expected = number + 1;
    }
}

int journal_read(struct journal_read *r, const struct file_ops *files, void *fs,
                 struct uuid journal_id)
{
    struct finder f = {.journal_id = journal_id};
    *r = (struct journal_read){0};
    int error = open_both(&f, r, files, fs);
    if (!error) {
        find_floor(&f, r);
        error = load_live(&f, r);
    }
    if (!error)
        find_missing(r);
    for (unsigned i = 0; i < JOURNAL_FILES; i++)
        file_unref(f.files[i]);
    free(f.found);
    free(f.buffer);
    if (error)
        journal_read_deinit(r);
    return error;
}

int journal_read_closed(struct journal_read *r, const struct file_ops *files, void *fs,
                        struct uuid journal_id)
{
    *r = (struct journal_read){0};
    for (unsigned i = 0; i < JOURNAL_FILES; i++) {
        struct file *file;
        struct journal_round round;
        uint8_t block[JOURNAL_BLOCK_SIZE];
        int error = files->open(fs, journal_file_name(i), FILE_READ, &file);
        if (error == -ENOENT)
            continue;
        if (error)
            return error;
        int64_t n = files->size(file);
        r->file_count++;
        if (n > (int64_t)r->file_size)
            r->file_size = (uint64_t)n;
        if (n >= (int64_t)sizeof block)
            n = files->pread(file, block, sizeof block, (uint64_t)n - sizeof block);
        file_unref(file);
        if (n < 0)
            return (int)n;
        if (n == (int64_t)sizeof block &&
            journal_round_check((struct view){block, sizeof block}, journal_id, &round) ==
                JOURNAL_ROUND_VALID &&
            round.floor > r->floor) {
            r->floor = round.floor;
            r->floor_file = i;
            r->number_last = r->number_seen = round.number;
        }
    }
    return 0;
}

void journal_read_deinit(struct journal_read *r)
{
    for (size_t i = 0; i < r->live_count; i++)
        free(r->live[i].bytes);
    free(r->live);
    *r = (struct journal_read){0};
}

struct view journal_live_entries(const struct journal_live *live)
{
    return (struct view){live->bytes + JOURNAL_ROUND_HEADER_SIZE,
                         live->round.size - JOURNAL_ROUND_HEADER_SIZE};
}
