/* SPDX-License-Identifier: Apache-2.0 */
#include "broker/log/log_replay.h"

#include <errno.h>

static void note_epoch(struct log_replay *r, const struct record_batch *batch)
{
    if (!r->epochs || batch->leader_epoch < 0)
        return;
    int32_t latest = epoch_cache_latest(r->epochs);
    if (batch->leader_epoch > latest || (r->epochs_in_doubt && batch->leader_epoch < latest))
        (void)epoch_cache_assign(r->epochs, batch->leader_epoch, batch->base_offset);
    r->epochs_in_doubt = false;
}

static void feed(struct log_replay *r, const struct record_batch *batch, uint64_t pos)
{
    struct aborted_txn aborted;
    if (r->first_timestamp < 0)
        r->first_timestamp = batch->max_timestamp;
    if (r->index && record_batch_end_offset(batch) > r->index_from)
        segment_index_add(r->index, batch, (uint32_t)pos);
    note_epoch(r, batch);
    if (r->producers && batch->base_offset >= r->producers->end_offset &&
        producer_state_update(r->producers, batch, &aborted) && r->txns)
        txn_index_append(r->txns, aborted);
    if (r->remembers)
        producer_state_remember(r->remembers, batch);
}

int log_replay_segment(struct log_replay *r, int64_t segment, uint64_t from, uint64_t to,
                       int64_t min_offset)
{
    char path[LOG_PATH_SIZE];
    struct file *file;
    struct segment_scan scan;
    log_file_path(path, r->dir, segment, SEGMENT_LOG);
    r->end = min_offset;
    r->pos = from;
    r->first_timestamp = -1;
    r->stop = SEGMENT_SCAN_END;
    int result = r->ops->open(r->fs, path, FILE_READ, &file);
    if (result)
        return result;
    result = segment_scan_init(&scan, file, from, to, min_offset);
    file_unref(file);
    if (result)
        return result;
    scan.headers_only = r->headers_only;
    struct record_batch batch;
    uint64_t pos;
    while ((result = segment_scan_next(&scan, &batch, &pos)) == 0) {
        if (r->bounded && batch.base_offset >= r->bound) {
            result = SEGMENT_SCAN_END;
            break;
        }
        feed(r, &batch, pos);
        r->end = record_batch_end_offset(&batch);
        r->pos = pos + batch.size;
    }
    segment_scan_deinit(&scan);
    if (result < 0)
        return result;
    r->stop = (enum segment_scan_stop)result;
    return 0;
}

/* Where in the segment's file to start for an offset: as its index says, else at the beginning. */
static uint32_t index_place(const struct log_replay *r, int64_t segment, int64_t offset)
{
    char path[LOG_PATH_SIZE];
    struct file *file;
    uint32_t pos;
    int64_t found;
    log_file_path(path, r->dir, segment, SEGMENT_INDEX);
    if (r->ops->open(r->fs, path, FILE_READ, &file) != 0)
        return 0;
    if (offset_index_find(file, segment, offset, &pos, &found) != 0)
        pos = 0;
    file_unref(file);
    return pos;
}

/* The last batches before a snapshot. */
#define REMEMBERED_OFFSETS 10000
static int remember(struct log_replay *r, const struct log_listing *l)
{
    int64_t end = r->remembers->end_offset, from = end - REMEMBERED_OFFSETS;
    ptrdiff_t at = log_listing_find(l, SEGMENT_LOG, from);
    if (producer_state_count(r->remembers) == 0)
        return 0;
    for (at = at < 0 ? 0 : at; at < (ptrdiff_t)l->count[SEGMENT_LOG]; at++) {
        int64_t base = l->bases[SEGMENT_LOG][at];
        if (base >= end)
            break;
        uint64_t pos = from > base ? index_place(r, base, from) : 0;
        r->bounded = true;
        r->bound = end;
        int error = log_replay_segment(r, base, pos, UINT64_MAX, base);
        if (error)
            return error;
    }
    return 0;
}

int log_replay_producers(struct producer_state *producers, const struct file_ops *ops, void *fs,
                         const char *dir, const struct log_listing *l, int64_t start, int64_t end)
{
    ptrdiff_t at = log_listing_find(l, SEGMENT_SNAPSHOT, end);
    int error = PRODUCER_STATE_CORRUPT;
    for (; at >= 0 && error; at--) {
        error = producer_state_load(producers, ops, fs, dir, l->bases[SEGMENT_SNAPSHOT][at]);
        if (error < 0 && error != -ENOENT)
            return error;
    }
    struct log_replay old = {
        .ops = ops, .fs = fs, .dir = dir, .headers_only = true, .remembers = producers};
    if (error) {
        /* From the segment of the start on: the start may lie inside of a batch. */
        ptrdiff_t first = log_listing_find(l, SEGMENT_LOG, start);
        producer_state_clear(producers, first < 0 ? start : l->bases[SEGMENT_LOG][first]);
    } else if ((error = remember(&old, l)) != 0) {
        return error;
    }
    ptrdiff_t segment = log_listing_find(l, SEGMENT_LOG, producers->end_offset);
    if (segment < 0)
        segment = 0;
    for (; segment < (ptrdiff_t)l->count[SEGMENT_LOG]; segment++) {
        int64_t base = l->bases[SEGMENT_LOG][segment];
        if (base >= end)
            break;
        struct log_replay r = {
            .ops = ops, .fs = fs, .dir = dir, .headers_only = true, .producers = producers};
        error = log_replay_segment(&r, base, 0, UINT64_MAX, base);
        if (error)
            return error;
    }
    producers->end_offset = end > producers->end_offset ? end : producers->end_offset;
    return 0;
}
