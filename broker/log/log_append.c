/* SPDX-License-Identifier: Apache-2.0 */

#include "broker/log/log_internal.h"
#include "common/memory.h"

/* An append: the shard decides offset, segment and place by arithmetic, takes note of the batch in
 * what it keeps in memory, and queues the bytes. From then on the offset is decided: a failure on
 * the way ends the log (L7, L8). */

struct segment_seal *log_roll(struct log *log, int64_t now_ms)
{
    struct log_segment *old = log_active(log);
    struct segment_seal *seal = xcalloc(1, sizeof *seal);
    segment_index_close(&log->index);
    old->latest = log->index.latest;
    old->created_ms = now_ms;
    seal->segment = old->base;
    seal->end = log->end;
    seal->index = log->index;
    seal->txns = log->txns;
    for (size_t i = 0; i < log->epochs.count; i++)
        (void)epoch_cache_assign(&seal->epochs, log->epochs.entries[i].epoch,
                                 log->epochs.entries[i].start_offset);
    seal->snapshot = producer_state_encode(&log->producers, &seal->snapshot_size);
    log_segment_add(log, log->end, now_ms);
    return seal;
}

/* Kafka's rules (LogSegment.shouldRoll): the batch does not fit, the segment is old by the batches'
 * own timestamps, an index is full, or the offset is too far from the base. */
static bool roll_is_due(struct log *log, const struct record_batch *batch, int64_t end,
                        int64_t now_ms)
{
    const struct log_segment *active = log_active(log);
    if (active->size == 0)
        return end - 1 - active->base > INT32_MAX;
    if ((uint64_t)active->size + batch->size > log->config.segment_bytes ||
        (uint64_t)active->size + batch->size > INT32_MAX || end - 1 - active->base > INT32_MAX ||
        segment_index_is_full(&log->index))
        return true;
    int64_t age = active->first_timestamp >= 0 && batch->max_timestamp >= 0
                      ? batch->max_timestamp - active->first_timestamp
                      : now_ms - active->created_ms;
    return age > log->config.segment_ms;
}

static enum log_outcome may_append(struct log *log, uint32_t size)
{
    struct log_dir *dir = log->dir;
    if (log->failed || log->deleted || log->suspect || atomic_load(&dir->journal.failed))
        return LOG_FAILED;
    if (log->cutting ||
        (uint64_t)size + 2 * JOURNAL_ENTRY_HEADER_SIZE > journal_entry_size_max(&dir->journal))
        return LOG_FULL;
    /* Room is kept before an offset is decided (L8). */
    int64_t left = atomic_fetch_sub(&dir->space, (int64_t)size) - (int64_t)size;
    if (left >= 0)
        return LOG_OK;
    atomic_fetch_add(&dir->space, (int64_t)size);
    dir_shard_maintain(log->shard);
    return LOG_FULL;
}

static void note_batch(struct log *log, const struct record_batch *batch, uint32_t pos)
{
    struct log_segment *active = log_active(log);
    struct aborted_txn aborted;
    if (active->size == 0)
        active->first_timestamp = batch->max_timestamp;
    segment_index_add(&log->index, batch, pos);
    if (batch->leader_epoch >= 0 && batch->leader_epoch > epoch_cache_latest(&log->epochs))
        (void)epoch_cache_assign(&log->epochs, batch->leader_epoch, batch->base_offset);
    if (producer_state_update(&log->producers, batch, &aborted))
        txn_index_append(&log->txns, aborted);
    active->size += batch->size;
}

static void append(struct log *log, const struct piece *piece, const struct record_batch *batch,
                   struct log_place *ret)
{
    int64_t now_ms = dir_shard_wall_ms(log->shard), end = record_batch_end_offset(batch);
    struct log_op *op = log_op_new(log, JOURNAL_APPEND);
    if (roll_is_due(log, batch, end, now_ms))
        op->seal = log_roll(log, now_ms);
    struct log_segment *active = log_active(log);
    uint32_t pos = active->size;
    note_batch(log, batch, pos);
    op->piece = *piece;
    buf_ref(piece->buf);
    op->size = piece->size;
    atomic_fetch_add_explicit(&log->dir->tail.bytes, (int64_t)op->size, memory_order_relaxed);
    struct journal_entry *e = &op->item.entry;
    e->base = log->end;
    e->end = end;
    e->segment = active->base;
    e->pos = pos;
    e->bytes = (struct view){piece_bytes(piece), piece->size};
    log->end = end;
    if (ret)
        *ret = (struct log_place){e->base, end, active->base, pos, piece->size};
    log_op_submit(op);
}

enum log_outcome log_append_leader(struct log *log, const struct piece *batch, int32_t leader_epoch,
                                   struct log_place *ret)
{
    PRE(batch->buf && !batch->file);
    struct record_batch header;
    uint8_t *bytes = batch->buf->data + batch->pos;
    enum log_outcome outcome = may_append(log, batch->size);
    if (outcome != LOG_OK)
        return outcome;
    record_batch_assign(bytes, log->end, leader_epoch);
    int error = record_batch_parse_header((struct view){bytes, batch->size}, &header);
    PRE(error == 0 && header.size == batch->size);
    append(log, batch, &header, ret);
    return LOG_OK;
}

enum log_outcome log_append_follower(struct log *log, const struct piece *batch,
                                     struct log_place *ret)
{
    PRE(batch->buf && !batch->file);
    struct record_batch header;
    struct view bytes = {piece_bytes(batch), batch->size};
    if (record_batch_parse_header(bytes, &header) != 0 || header.size != batch->size)
        return LOG_CORRUPT;
    if (header.base_offset != log->end)
        return LOG_GAP;
    enum log_outcome outcome = may_append(log, batch->size);
    if (outcome == LOG_OK)
        append(log, batch, &header, ret);
    return outcome;
}
