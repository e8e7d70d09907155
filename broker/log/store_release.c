/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "broker/log/checkpoint.h"
#include "broker/log/log_internal.h"

/* Release: what is in place is made durable, then the checkpoints say so, then the journal's rounds
 * need no replay (L4). */

int store_sync_file(struct store *store, struct store_file *f)
{
    if (f->dirty && store->ops->datasync(f->file) != 0)
        return -EIO;
    f->dirty = false;
    return 0;
}

static int sync_names(struct store *store, const char *dir)
{
    int error = store->ops->sync_dir(store->fs, dir);
    return error && !file_out_of_descriptors(error) ? -EIO : error;
}

int store_sync(struct store *store)
{
    for (struct store_file *f = store->newest; f; f = f->older) {
        int error = store_sync_file(store, f);
        if (error)
            return error;
    }
    for (struct log_files *log = store->log_first; log; log = log->next) {
        if (!log->dir_dirty)
            continue;
        int error = sync_names(store, log->name);
        if (error)
            return error;
        log->dir_dirty = false;
    }
    if (store->root_dirty) {
        int error = sync_names(store, "");
        if (error)
            return error;
        store->root_dirty = false;
    }
    return 0;
}

static int64_t clamped(int64_t value, int64_t low, int64_t high)
{
    return value < low ? low : value > high ? high : value;
}

int store_checkpoints(struct store *store)
{
    struct checkpoint ends = CHECKPOINT_INIT, marks = CHECKPOINT_INIT, starts = CHECKPOINT_INIT;
    for (struct log_files *log = store->log_first; log; log = log->next) {
        int64_t mark = atomic_load_explicit(log->high_watermark, memory_order_relaxed);
        checkpoint_add(&ends, log->topic, log->id.number, log->stored_end);
        checkpoint_add(&marks, log->topic, log->id.number,
                       clamped(mark, log->start, log->stored_end));
        if (log->start > log->first_segment)
            checkpoint_add(&starts, log->topic, log->id.number, log->start);
    }
    int error = checkpoint_store(&ends, store->ops, store->fs, CHECKPOINT_RECOVERY_POINT);
    if (!error)
        error = checkpoint_store(&marks, store->ops, store->fs, CHECKPOINT_HIGH_WATERMARK);
    if (!error)
        error = checkpoint_store(&starts, store->ops, store->fs, CHECKPOINT_LOG_START);
    checkpoint_deinit(&ends);
    checkpoint_deinit(&marks);
    checkpoint_deinit(&starts);
    return error;
}

int store_orders(struct store *store)
{
    struct checkpoint orders = CHECKPOINT_INIT;
    if (!atomic_exchange(&store->orders_dirty, false))
        return 0;
    for (struct log_files *log = store->log_first; log; log = log->next) {
        char topic[UUID_TEXT_SIZE];
        int64_t order = atomic_load_explicit(&log->order, memory_order_relaxed);
        uuid_text(log->id.topic, topic);
        if (order >= 0)
            checkpoint_add(&orders, topic, log->id.number, order);
    }
    int error = checkpoint_store(&orders, store->ops, store->fs, STORE_ORDERS_FILE);
    if (error)
        atomic_store(&store->orders_dirty, true); /* want of space is waited for */
    checkpoint_deinit(&orders);
    return error;
}

int store_release(struct store *store)
{
    struct journal *journal = &store->dir->journal;
    if (!journal_releasable(journal))
        return 0;
    uint64_t below = journal_releasable_below(journal);
    int error = store_sync(store);
    if (!error)
        error = store_checkpoints(store);
    if (!error)
        journal_release(journal, below);
    return error;
}
