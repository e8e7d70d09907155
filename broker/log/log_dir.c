/* SPDX-License-Identifier: Apache-2.0 */
#include "broker/log/log_dir.h"

#include <errno.h>
#include <stdlib.h>

#include "broker/log/clean_mark.h"
#include "broker/log/log_dir_internal.h"
#include "broker/log/log_internal.h"
#include "broker/log/log_listing.h"
#include "common/memory.h"

#define TAIL_LIMIT (INT64_C(32) << 20)

struct log_dir *log_dir_new(const struct log_dir_config *config)
{
    struct log_dir *dir = xcalloc(1, sizeof *dir);
    dir->config = *config;
    dir->path = xstrdup(config->path ? config->path : "");
    dir->config.path = dir->path;
    dir->tail.limit = TAIL_LIMIT;
    journal_init(&dir->journal, config->fresh_journal_id,
                 config->journal_file_size / JOURNAL_BLOCK_SIZE * JOURNAL_BLOCK_SIZE,
                 config->mutation);
    store_init(&dir->store, dir);
    return dir;
}

void log_dir_free(struct log_dir *dir)
{
    if (!dir)
        return;
    for (unsigned i = 0; i < LOG_SHARDS_MAX; i++) {
        struct dir_shard *shard = dir->shards[i];
        while (shard && shard->log_first) {
            struct log *log = shard->log_first;
            shard->log_first = log->next;
            log_free(log);
        }
        dir_shard_free(shard);
    }
    /* Loaded and never attached. */
    while (dir->store.log_first)
        log_free(CONTAINER_OF(dir->store.log_first, struct log, files));
    store_deinit(&dir->store);
    journal_deinit(&dir->journal);
    meta_properties_deinit(&dir->meta);
    file_unref(dir->lock);
    free(dir->path);
    free(dir);
}

bool log_dir_is_failed(const struct log_dir *dir)
{
    return atomic_load(&((struct log_dir *)dir)->journal.failed);
}

void log_dir_give_up(struct log_dir *dir, struct reactor *reactor)
{
    atomic_store(&dir->journal.failed, true);
    dir_shards_tell(dir, reactor);
}

uint32_t log_dir_log_count(const struct log_dir *dir)
{
    return atomic_load(&((struct log_dir *)dir)->log_count);
}

unsigned log_dir_choose(struct log_dir *const *dirs, unsigned count)
{
    unsigned best = count;
    uint32_t fewest = UINT32_MAX;
    for (unsigned i = 0; i < count; i++) {
        uint32_t logs = log_dir_log_count(dirs[i]);
        if (!log_dir_is_failed(dirs[i]) && logs < fewest) {
            best = i;
            fewest = logs;
        }
    }
    return best;
}

struct account *log_dir_tail(struct log_dir *dir)
{
    return &dir->tail;
}

void log_dir_send(struct log_dir *dir, struct reactor *reactor, struct disk_job *job)
{
    job->context = dir;
    job->shard = reactor->env.shard;
    job->dir = dir->config.index;
    job->lane = LANE_STORE;
    job->error = 0;
    reactor->env.ops->disk(reactor->env.world, job);
}

/* ---- the clean stop ---- */

static bool all_in_place(struct log_dir *dir)
{
    for (unsigned i = 0; i < JOURNAL_SLOTS; i++)
        if (atomic_load(&dir->journal.slots[i].pending) != 0)
            return false;
    return true;
}

/* The indexes of an empty log are empty. They are there, as Kafka's are, and not synced: one that a
 * loss of power takes, or that could not be made, says no less. */
static void make_empty_indexes(struct store *store, const struct log *log)
{
    static const enum segment_file kinds[] = {SEGMENT_INDEX, SEGMENT_TIME_INDEX};
    for (unsigned i = 0; i < COUNT_OF(kinds); i++) {
        char path[LOG_PATH_SIZE];
        struct file *file;
        log_file_path(path, log->files.name, log->segments[0].base, kinds[i]);
        if (store->ops->open(store->fs, path, FILE_WRITE | FILE_CREATE, &file) == 0)
            file_unref(file);
    }
}

/* What Kafka finds after a clean stop: trimmed indexes, a snapshot at the end, the epochs. */
static int close_log(struct store *store, struct log *log)
{
    char path[LOG_PATH_SIZE];
    int64_t base = log->segments[log->segment_count - 1].base;
    if (log->suspect)
        return 0;
    if (log->next_seq == log->closed_seq) {
        if (log->end == log->segments[0].base)
            make_empty_indexes(store, log);
        return 0;
    }
    segment_index_close(&log->index);
    int error = segment_index_store(&log->index, store->ops, store->fs, log->files.name);
    log_file_path(path, log->files.name, base, SEGMENT_TXN_INDEX);
    if (!error && log->txns.count)
        error = txn_index_store(&log->txns, store->ops, store->fs, path);
    if (!error)
        error = epoch_cache_store(&log->epochs, store->ops, store->fs, log->files.name);
    log->producers.end_offset = log->end;
    if (!error)
        error = producer_state_store(&log->producers, store->ops, store->fs, log->files.name);
    log->files.dir_dirty = true;
    return error;
}

static int stop(struct log_dir *dir, const struct file_ops *files, void *fs)
{
    struct store *store = &dir->store;
    int error = 0;
    store->ops = files;
    store->fs = fs;
    if (log_dir_is_failed(dir))
        return -EIO;
    if (!all_in_place(dir))
        return -EBUSY;
    for (struct log_files *log = store->log_first; log && !error; log = log->next)
        error = close_log(store, CONTAINER_OF(log, struct log, files));
    if (!error)
        error = store_sync(store);
    if (!error)
        error = store_checkpoints(store);
    return error ? error : store_orders(store);
}

static void run_stop(struct disk_job *batch, const struct file_ops *files, void *fs)
{
    for (struct disk_job *job = batch; job; job = job->next)
        job->error = stop(job->context, files, fs);
}

static void stop_home(struct disk_job *job)
{
    struct log_dir_stop *s = CONTAINER_OF(job, struct log_dir_stop, job);
    s->error = job->error;
    s->done(s);
}

/* The last act, on the commit lane: an idle round may be on its way there, and none may be written
 * behind the one that ends the journal. */
static void run_close(struct disk_job *batch, const struct file_ops *files, void *fs)
{
    for (struct disk_job *job = batch; job; job = job->next) {
        struct log_dir *dir = job->context;
        job->error = log_dir_is_failed(dir) ? -EIO : 0;
        if (!job->error && atomic_load(&dir->journal.made))
            job->error = journal_write_floor(&dir->journal, files, fs);
        dir->journal.closed = true;
        if (!job->error)
            job->error = clean_mark_set(files, fs);
    }
}

static void drained_home(struct disk_job *job)
{
    struct log_dir_stop *s = CONTAINER_OF(job, struct log_dir_stop, job);
    if (job->error) {
        stop_home(job);
        return;
    }
    job->run = run_close;
    job->home = stop_home;
    job->lane = LANE_COMMIT;
    s->reactor->env.ops->disk(s->reactor->env.world, job);
}

void log_dir_stop(struct log_dir *dir, struct reactor *reactor, struct log_dir_stop *s)
{
    s->job.run = run_stop;
    s->job.home = drained_home;
    s->reactor = reactor;
    log_dir_send(dir, reactor, &s->job);
}
