/* SPDX-License-Identifier: Apache-2.0 */
#include "broker/log/log.h"

#include <stdlib.h>

#include "broker/log/log_internal.h"
#include "common/memory.h"

/* ---- life ---- */

static void run_moved(struct turn_task *task)
{
    struct log *log = CONTAINER_OF(task, struct log, moved_task);
    if (log->observer && !log->failed && !log->deleted)
        log->observer->moved(log->observer);
    log_job_done(log);
}

void log_touch(struct log *log)
{
    if (log->moved_task.queued || !log->shard)
        return;
    log->jobs++; /* the log outlives the task */
    reactor_at_turn(log->shard->reactor, &log->moved_task);
}

struct log *log_new(struct log_dir *dir, const char *topic, struct partition_id id,
                    const struct log_config *config)
{
    struct log *log = xcalloc(1, sizeof *log);
    log->dir = dir;
    atomic_fetch_add(&dir->log_count, 1);
    log->id = id;
    log->closed_seq = 1; /* made, and nothing else: what is missing of an empty log is empty */
    log->topic = xstrdup(topic);
    log->config = *config;
    log->moved_task.run = run_moved;
    journal_log_init(&log->journal, id, 0, 0);
    log->files.id = id;
    log->files.topic = log->topic;
    log->files.high_watermark = &log->journal.high_watermark;
    atomic_store(&log->files.order, -1);
    producer_state_init(&log->producers, LOG_PRODUCERS_MAX);
    return log;
}

void log_free(struct log *log)
{
    if (!log)
        return;
    if (!log->deleted)
        atomic_fetch_sub(&log->dir->log_count, 1);
    /* None is left but when the whole process is thrown away. */
    for (struct log_op *op = log->op_first, *next; op; op = next) {
        next = op->next;
        log_op_free(op);
    }
    store_forget_files(&log->dir->store, &log->files, 0);
    store_unlist(&log->dir->store, &log->files);
    log_segments_drop(log, 0, log->segment_count);
    free(log->segments);
    segment_index_deinit(&log->index);
    txn_index_deinit(&log->txns);
    epoch_cache_deinit(&log->epochs);
    producer_state_deinit(&log->producers);
    free(log->files.name);
    free(log->topic);
    free(log->why);
    free(log);
}

void log_fail(struct log *log)
{
    log->failed = true;
    if (!log->observer || log->failed_said || log->deleted)
        return;
    log->failed_said = true;
    log->observer->failed(log->observer, LOG_FAILED);
}

void log_job_done(struct log *log)
{
    INVARIANT(log->jobs > 0);
    log->jobs--;
    /* A log that could not be dropped, because its directory died, stays known to the store lane:
     * it is freed with the directory. */
    if (log->jobs > 0 || !log->dropped)
        return;
    struct dir_shard *shard = log->shard;
    if (log->previous)
        log->previous->next = log->next;
    else
        shard->log_first = log->next;
    if (log->next)
        log->next->previous = log->previous;
    else
        shard->log_last = log->previous;
    log_free(log);
}

static void shard_add_log(struct dir_shard *shard, struct log *log)
{
    log->shard = shard;
    log->previous = shard->log_last;
    if (shard->log_last)
        shard->log_last->next = log;
    else
        shard->log_first = log;
    shard->log_last = log;
}

struct log *log_create(struct log_dir *dir, struct reactor *reactor, struct view topic,
                       struct partition_id id, int64_t start_offset,
                       const struct log_config *config)
{
    char *name = xstrndup(topic.base, topic.size);
    struct log *log = log_new(dir, name, id, config);
    free(name);
    log->start = log->end = log->synced_end = log->stored_end = start_offset;
    log->stored_segment = start_offset;
    log->high_watermark = start_offset;
    atomic_store(&log->journal.high_watermark, start_offset);
    producer_state_clear(&log->producers, start_offset);
    struct dir_shard *shard = dir_shard_get(dir, reactor);
    shard_add_log(shard, log);
    log_segment_add(log, start_offset, dir_shard_wall_ms(shard));
    struct log_op *op = log_op_new(log, JOURNAL_OPEN);
    op->item.entry.start = start_offset;
    op->item.entry.topic = view_of(log->topic);
    log_op_submit(op);
    return log;
}

void log_attach(struct log *log, struct reactor *reactor, const struct log_config *config)
{
    PRE(!log->shard);
    log->config = *config;
    shard_add_log(dir_shard_get(log->dir, reactor), log);
}

void log_observe(struct log *log, struct log_observer *observer)
{
    log->observer = observer;
}

void log_configure(struct log *log, const struct log_config *config)
{
    log->config = *config;
}

void log_delete(struct log *log)
{
    PRE(!log->deleted);
    log->deleted = true;
    atomic_fetch_sub(&log->dir->log_count, 1);
    log->observer = NULL;
    dir_shard_forget_sweeps(log->shard, log);
    log_op_submit(log_op_new(log, JOURNAL_DROP));
}

void log_delete_told(struct log *log, struct log_removal *removal)
{
    log->removal = removal;
    log_delete(log);
}

/* ---- what it says ---- */

struct partition_id log_id(const struct log *log)
{
    return log->id;
}

int64_t log_start(const struct log *log)
{
    return log->start;
}

int64_t log_end(const struct log *log)
{
    return log->end;
}

int64_t log_synced_end(const struct log *log)
{
    return log->synced_end;
}

int64_t log_stored_end(const struct log *log)
{
    return log->stored_end;
}

int32_t log_last_epoch(const struct log *log)
{
    return epoch_cache_latest(&log->epochs);
}

int64_t log_high_watermark(const struct log *log)
{
    return log->high_watermark;
}

void log_set_high_watermark(struct log *log, int64_t high_watermark)
{
    log->high_watermark = high_watermark > log->end ? log->end : high_watermark;
    open_txns_advance(&log->producers.txns, log->high_watermark);
    atomic_store_explicit(&log->journal.high_watermark, log->high_watermark, memory_order_relaxed);
}

void log_set_order(struct log *log, int32_t leader_epoch, int32_t version)
{
    if (leader_epoch < 0 || version < 0)
        return;
    int64_t order = LOG_ORDER(leader_epoch, version);
    if (order <= atomic_load_explicit(&log->files.order, memory_order_relaxed))
        return;
    atomic_store_explicit(&log->files.order, order, memory_order_relaxed);
    dir_shard_note_orders(log->shard);
}

void log_order(const struct log *log, int32_t *ret_leader_epoch, int32_t *ret_version)
{
    int64_t order = atomic_load_explicit(&log->files.order, memory_order_relaxed);
    *ret_leader_epoch = order < 0 ? -1 : (int32_t)(order >> 32);
    *ret_version = order < 0 ? -1 : (int32_t)(order & INT32_MAX);
}

bool log_created_durable(const struct log *log)
{
    return log->created_durable;
}

bool log_is_failed(const struct log *log)
{
    return log->failed || log_dir_is_failed(log->dir);
}

bool log_is_suspect(const struct log *log)
{
    return log->suspect;
}

uint64_t log_size(const struct log *log)
{
    uint64_t size = 0;
    for (size_t i = 0; i < log->segment_count; i++)
        size += log->segments[i].size;
    return size;
}

bool log_truncating(const struct log *log)
{
    return log->cutting > 0;
}

void log_epoch_end(const struct log *log, int32_t epoch, int32_t *ret_epoch, int64_t *ret_end)
{
    struct epoch_end end = epoch_cache_end_offset_for(&log->epochs, epoch, log->end);
    *ret_epoch = end.epoch;
    *ret_end = end.end_offset;
}

int32_t log_epoch_at(const struct log *log, int64_t offset)
{
    return epoch_cache_epoch_of(&log->epochs, offset);
}

struct producer_state *log_producers(struct log *log)
{
    return &log->producers;
}

/* ---- segments ---- */

struct log_segment *log_active(struct log *log)
{
    return &log->segments[log->segment_count - 1];
}

void log_segment_add(struct log *log, int64_t base, int64_t now_ms)
{
    log->segments =
        xgrow(log->segments, &log->segment_capacity, log->segment_count + 1, sizeof *log->segments);
    log->segments[log->segment_count++] = (struct log_segment){
        .base = base, .first_timestamp = -1, .latest = {-1, base}, .created_ms = now_ms};
    segment_index_init(&log->index, base, log->config.segment_index_bytes,
                       log->config.index_interval_bytes);
    txn_index_init(&log->txns);
}

size_t log_segment_index(const struct log *log, int64_t offset)
{
    size_t low = 0, high = log->segment_count;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (log->segments[middle].base <= offset)
            low = middle;
        else
            high = middle;
    }
    return low;
}

void log_segment_drop_file(struct log *log, struct log_segment *segment)
{
    if (!segment->file)
        return;
    file_unref(segment->file);
    segment->file = NULL;
    if (log->shard)
        log->shard->file_count--;
}

/* Forgets the segments [from, to). */
void log_segments_drop(struct log *log, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++)
        log_segment_drop_file(log, &log->segments[i]);
    if (to < log->segment_count)
        memmove(log->segments + from, log->segments + to,
                (log->segment_count - to) * sizeof *log->segments);
    log->segment_count -= to - from;
}
