/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>

#include "broker/log/log_internal.h"
#include "broker/log/log_replay.h"

/* Cuts and resets in place. Everything is unsynced until the next release: the journal's entry,
 * which is durable, does it again after a crash. */

static int unlink_kind(struct store *store, struct log_files *log, int64_t base,
                       enum segment_file kind)
{
    log->dir_dirty = true;
    return log_file_unlink(store->ops, store->fs, log->name, base, kind);
}

/* Unlinks the files of a kind at or beyond the offset, the newest first: a crash between leaves no
 * hole. */
static int unlink_from(struct store *store, struct log_files *log, struct log_listing *l,
                       enum segment_file kind, int64_t from)
{
    int error = 0;
    while (!error && l->count[kind] > 0 && l->bases[kind][l->count[kind] - 1] >= from)
        error = unlink_kind(store, log, l->bases[kind][--l->count[kind]], kind);
    return error;
}

static int unlink_tail(struct store *store, struct log_files *log, struct log_listing *l,
                       int64_t segment, int64_t end)
{
    store_forget_files(store, log, segment + 1);
    int error = unlink_from(store, log, l, SEGMENT_LOG, segment + 1);
    if (!error)
        error = unlink_from(store, log, l, SEGMENT_INDEX, segment + 1);
    if (!error)
        error = unlink_from(store, log, l, SEGMENT_TIME_INDEX, segment + 1);
    if (!error)
        error = unlink_from(store, log, l, SEGMENT_TXN_INDEX, segment + 1);
    if (!error)
        error = unlink_from(store, log, l, SEGMENT_SNAPSHOT, end + 1);
    return error;
}

static int cut_file(struct store *store, struct log_files *log, int64_t segment, uint32_t pos)
{
    struct store_file *f;
    int error = store_open(store, log, segment, &f);
    if (error)
        return error;
    store_dirty(f);
    return store->ops->truncate(f->file, pos);
}

/* The index of a segment that was closed and is active again. */
static int reopen_index(struct store *store, struct log_files *log, struct log_cut *cut,
                        int64_t segment, int64_t end, uint32_t end_pos)
{
    char path[LOG_PATH_SIZE];
    struct segment_index *index = &cut->index;
    segment_index_init(index, segment, cut->index_size, cut->interval_size);
    if (segment_index_load(index, store->ops, store->fs, log->name, UINT32_MAX) != 0) {
        segment_index_deinit(index);
        segment_index_init(index, segment, cut->index_size, cut->interval_size);
    } else {
        segment_index_truncate(index, end);
    }
    log_file_path(path, log->name, segment, SEGMENT_TXN_INDEX);
    txn_index_init(&cut->txns);
    int error = txn_index_load(&cut->txns, store->ops, store->fs, path, UINT32_MAX);
    if (error < 0 && error != -ENOENT)
        return error;
    if (!error)
        txn_index_truncate(&cut->txns, end);
    int64_t indexed;
    uint32_t from = offset_index_lookup(&index->offsets, end, &indexed);
    struct log_replay r = {.ops = store->ops,
                           .fs = store->fs,
                           .dir = log->name,
                           .headers_only = true,
                           .index = index,
                           .index_from = index->offsets.count ? indexed + 1 : 0};
    return log_replay_segment(&r, segment, from, end_pos, segment);
}

/* The largest timestamp behind the last index entry left. */
static int scan_latest(struct store *store, struct log_files *log, struct log_cut *cut,
                       int64_t segment, uint32_t end_pos)
{
    struct segment_index index;
    segment_index_init(&index, segment, cut->index_size, UINT32_MAX);
    struct log_replay r = {.ops = store->ops,
                           .fs = store->fs,
                           .dir = log->name,
                           .headers_only = true,
                           .index = &index};
    int error = log_replay_segment(&r, segment, cut->scan_from, end_pos, segment);
    cut->latest = index.latest;
    segment_index_deinit(&index);
    return error;
}

int store_cut(struct store *store, struct log_op *op)
{
    struct log_files *log = &op->log->files;
    struct log_cut *cut = op->cut;
    const struct journal_entry *e = &op->item.entry;
    struct log_listing l;
    int error = log_listing_read(&l, store->ops, store->fs, log->name);
    if (error)
        return error;
    error = unlink_tail(store, log, &l, e->segment, e->end);
    if (!error)
        error = cut_file(store, log, e->segment, e->pos);
    if (!error)
        error = cut->index_kept ? scan_latest(store, log, cut, e->segment, e->pos)
                                : reopen_index(store, log, cut, e->segment, e->end, e->pos);
    producer_state_init(&cut->producers, LOG_PRODUCERS_MAX);
    if (!error)
        error = log_replay_producers(&cut->producers, store->ops, store->fs, log->name, &l,
                                     cut->start, e->end);
    /* Last, when nothing more can be in want of a descriptor: what was aborted stands only there.
     */
    if (!error)
        error = unlink_from(store, log, &l, SEGMENT_INDEX, e->segment);
    if (!error)
        error = unlink_from(store, log, &l, SEGMENT_TIME_INDEX, e->segment);
    if (!error)
        error = unlink_from(store, log, &l, SEGMENT_TXN_INDEX, e->segment);
    log_listing_deinit(&l);
    if (error) {
        log_cut_clear(cut); /* it may be tried again */
        return error;
    }
    log->stored_end = e->end;
    log->last_segment = e->segment;
    return 0;
}

static int unlink_named(struct store *store, struct log_files *log, const char *file)
{
    char path[LOG_PATH_SIZE];
    snprintf(path, sizeof path, "%s/%s", log->name, file);
    log->dir_dirty = true;
    int error = store->ops->unlink(store->fs, path);
    return error == -ENOENT ? 0 : error;
}

/* The list of epochs goes with the rest: a start believes it below the segment that it reads. */
int store_reset(struct store *store, struct log_op *op)
{
    struct log_files *log = &op->log->files;
    int64_t start = op->item.entry.start;
    struct log_listing l;
    int error = log_listing_read(&l, store->ops, store->fs, log->name);
    if (error)
        return error;
    error = unlink_tail(store, log, &l, -1, -1);
    log_listing_deinit(&l);
    if (!error)
        error = unlink_named(store, log, EPOCH_CACHE_FILE);
    if (!error)
        error = unlink_named(store, log, LOG_SUSPECT_FILE);
    log->last_segment = -1;
    struct store_file *f;
    if (!error)
        error = store_open(store, log, start, &f);
    if (error)
        return error;
    store_dirty(f);
    log->dir_dirty = true;
    log->stored_end = log->start = log->first_segment = start;
    producer_state_init(&op->cut->producers, LOG_PRODUCERS_MAX);
    producer_state_clear(&op->cut->producers, start);
    op->cut->latest = (struct time_index_entry){-1, start};
    return 0;
}
