/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdlib.h>

#include "broker/log/log_internal.h"
#include "common/memory.h"

/* The way of one operation: taken by its shard (offsets decided), through the commit lane (durable
 * from here on), through the store lane (in place), home. The operations of a log pass each lane in
 * their order. When a directory dies the operation goes home at once. */

struct log_op *log_op_new(struct log *log, enum journal_kind kind)
{
    struct log_op *op = xcalloc(1, sizeof *op);
    journal_item_init(&op->item, &log->dir->journal, log->dir->config.index);
    op->item.entry.kind = kind;
    op->item.entry.id = log->id;
    op->item.log = &log->journal;
    op->item.job.home = log_op_home_committed;
    op->kind = LOG_OP_ENTRY;
    op->log = log;
    return op;
}

void segment_seal_free(struct segment_seal *seal)
{
    if (!seal)
        return;
    segment_index_deinit(&seal->index);
    txn_index_deinit(&seal->txns);
    epoch_cache_deinit(&seal->epochs);
    free(seal->snapshot);
    free(seal);
}

void log_cut_clear(struct log_cut *cut)
{
    segment_index_deinit(&cut->index);
    txn_index_deinit(&cut->txns);
    producer_state_deinit(&cut->producers);
}

void log_cut_free(struct log_cut *cut)
{
    if (!cut)
        return;
    log_cut_clear(cut);
    free(cut);
}

void log_op_submit(struct log_op *op)
{
    struct log *log = op->log;
    op->seq = log->next_seq++;
    op->item.job.shard = log->shard->reactor->env.shard;
    op->previous = log->op_last;
    if (log->op_last)
        log->op_last->next = op;
    else
        log->op_first = op;
    log->op_last = op;
    log->jobs++;
    dir_shard_submit(log->shard, op);
}

void log_op_free(struct log_op *op)
{
    buf_unref(op->piece.buf);
    segment_seal_free(op->seal);
    log_cut_free(op->cut);
    free(op->path);
    free(op);
}

/* Takes the operation out of its log and frees it. */
static void op_done(struct log_op *op)
{
    struct log *log = op->log;
    if (op->previous)
        op->previous->next = op->next;
    else
        log->op_first = op->next;
    if (op->next)
        op->next->previous = op->previous;
    else
        log->op_last = op->previous;
    if (op->size)
        atomic_fetch_sub_explicit(&log->dir->tail.bytes, (int64_t)op->size, memory_order_relaxed);
    log_op_free(op);
    log_job_done(log);
}

static struct log_op *op_of(struct disk_job *job)
{
    return CONTAINER_OF(CONTAINER_OF(job, struct journal_item, job), struct log_op, item);
}

static void send_to_store(struct log_op *op)
{
    struct disk_job *job = &op->item.job;
    struct env *env = &op->log->shard->reactor->env;
    job->run = store_run;
    job->context = &op->log->dir->store;
    job->lane = LANE_STORE;
    job->home = log_op_home_stored;
    env->ops->disk(env->world, job);
}

static void tell_removal(const struct log_op *op, bool durable)
{
    struct log_removal *removal = op->log->removal;
    if (op->item.entry.kind != JOURNAL_DROP || !removal)
        return;
    op->log->removal = NULL;
    removal->told(removal, durable);
}

static void op_committed(struct log_op *op)
{
    struct log *log = op->log;
    switch (op->item.entry.kind) {
    case JOURNAL_APPEND:
        /* A prefix: the journal keeps the order (L5). What was cut since counts no more. */
        if (!op->voided && op->item.entry.end > log->synced_end)
            log->synced_end = op->item.entry.end;
        break;
    case JOURNAL_OPEN:
        log->created_durable = true;
        break;
    default:
        break;
    }
    log_touch(log);
}

void log_op_home_committed(struct disk_job *job)
{
    struct log_op *op = op_of(job);
    struct dir_shard *shard = op->log->shard;
    if (job->error) {
        dir_shard_fail(shard);
        tell_removal(op, false);
        op_done(op);
        return;
    }
    tell_removal(op, true);
    op_committed(op);
    send_to_store(op);
    dir_shard_committed(shard);
}

static void op_stored(struct log_op *op)
{
    struct log *log = op->log;
    const struct journal_entry *e = &op->item.entry;
    switch (e->kind) {
    case JOURNAL_APPEND:
        if (!op->voided && e->end > log->stored_end) {
            log->stored_end = e->end;
            log->stored_segment = e->segment;
            log->stored_pos = e->pos + op->size;
        }
        break;
    case JOURNAL_TRUNC:
    case JOURNAL_RESET:
        log_cut_stored(log, op);
        break;
    case JOURNAL_START:
        if (op->swept && !log->deleted)
            dir_shard_sweep_later(log->shard, LOG_OP_SWEEP, log, NULL,
                                  log->config.file_delete_delay_ms);
        break;
    case JOURNAL_DROP:
        log->dropped = true;
        if (op->path) {
            dir_shard_sweep_later(log->shard, LOG_OP_REMOVE_DIR, NULL, op->path,
                                  log->config.file_delete_delay_ms);
            op->path = NULL;
        }
        break;
    default:
        break;
    }
    log_touch(log);
}

void log_op_home_stored(struct disk_job *job)
{
    struct log_op *op = op_of(job);
    if (job->error == -ENOSPC || job->error == -EAGAIN) {
        /* The journal has it; in place it goes when there is room. */
        op->stuck = true;
        dir_shard_retry_later(op->log->shard);
        return;
    }
    struct dir_shard *shard = op->log->shard;
    if (job->error)
        dir_shard_fail(shard);
    else
        op_stored(op);
    op_done(op);
    dir_shard_stored(shard);
}

void log_retry_stuck(struct log *log)
{
    for (struct log_op *op = log->op_first; op; op = op->next) {
        if (!op->stuck)
            continue;
        op->stuck = false;
        send_to_store(op);
    }
}
