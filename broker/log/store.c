/* SPDX-License-Identifier: Apache-2.0 */
#include "broker/log/store.h"

#include <errno.h>
#include <stdlib.h>

#include "broker/log/log_internal.h"
#include "broker/log/log_listing.h"
#include "common/memory.h"

#define MERGE_MAX 256 /* appends written with one call */

void store_init(struct store *store, struct log_dir *dir)
{
    *store = (struct store){.dir = dir};
}

void store_deinit(struct store *store)
{
    for (struct log_files *log = store->log_first; log; log = log->next)
        store_forget_files(store, log, 0);
}

void store_list(struct store *store, struct log_files *log, char *name)
{
    PRE(!log->listed);
    free(log->name);
    log->name = name;
    log->listed = true;
    log->next = NULL;
    log->previous = store->log_last;
    if (store->log_last)
        store->log_last->next = log;
    else
        store->log_first = log;
    store->log_last = log;
}

void store_unlist(struct store *store, struct log_files *log)
{
    if (!log->listed)
        return;
    log->listed = false;
    if (log->previous)
        log->previous->next = log->next;
    else
        store->log_first = log->next;
    if (log->next)
        log->next->previous = log->previous;
    else
        store->log_last = log->previous;
}

/* ---- open files ---- */

static void lru_remove(struct store *store, struct store_file *f)
{
    if (f->newer)
        f->newer->older = f->older;
    else
        store->newest = f->older;
    if (f->older)
        f->older->newer = f->newer;
    else
        store->oldest = f->newer;
}

static void lru_add(struct store *store, struct store_file *f)
{
    f->newer = NULL;
    f->older = store->newest;
    if (store->newest)
        store->newest->newer = f;
    else
        store->oldest = f;
    store->newest = f;
}

static void close_file(struct store *store, struct store_file *f)
{
    struct store_file **at = &f->log->open;
    while (*at != f)
        at = &(*at)->log_next;
    *at = f->log_next;
    lru_remove(store, f);
    store->file_count--;
    file_unref(f->file);
    free(f);
}

void store_forget_files(struct store *store, struct log_files *log, int64_t from_segment)
{
    struct store_file *next;
    for (struct store_file *f = log->open; f; f = next) {
        next = f->log_next;
        if (f->segment >= from_segment)
            close_file(store, f);
    }
}

/* The descriptor used longest ago goes, synced first if it must be. There is one. */
static int close_oldest(struct store *store)
{
    struct store_file *f = store->oldest;
    while (f && f->dirty)
        f = f->newer;
    if (!f) {
        f = store->oldest;
        int error = store_sync_file(store, f);
        if (error)
            return error;
    }
    close_file(store, f);
    return 0;
}

/* Nothing is wrong with the disk when the process (perhaps its clients) has no descriptor left: our
 * own are given back, and what could not be done waits as it does for room on the disk. */
static int wait_for_descriptors(struct store *store, int error)
{
    if (!file_out_of_descriptors(error))
        return error;
    for (unsigned i = 0; i < STORE_FILES_GIVEN_BACK && store->file_count > 0; i++) {
        int failed = close_oldest(store);
        if (failed)
            return failed;
    }
    return -ENOSPC;
}

static int open_segment(struct store *store, const char *path, struct file **ret)
{
    unsigned max = store->dir->config.files_max;
    if (max == 0 || max > STORE_FILES_MAX)
        max = STORE_FILES_MAX;
    for (;;) {
        int error = 0;
        if (store->file_count >= max)
            error = close_oldest(store);
        if (!error)
            error = store->ops->open(store->fs, path, FILE_WRITE | FILE_CREATE, ret);
        if (!file_out_of_descriptors(error) || store->file_count == 0)
            return error;
        error = close_oldest(store);
        if (error)
            return error;
    }
}

void store_dirty(struct store_file *file)
{
    file->dirty = true;
}

int store_open(struct store *store, struct log_files *log, int64_t segment, struct store_file **ret)
{
    for (struct store_file *f = log->open; f; f = f->log_next) {
        if (f->segment == segment) {
            lru_remove(store, f);
            lru_add(store, f);
            *ret = f;
            return 0;
        }
    }
    char path[LOG_PATH_SIZE];
    log_file_path(path, log->name, segment, SEGMENT_LOG);
    struct file *file;
    int error = open_segment(store, path, &file);
    if (error)
        return error;
    if (segment > log->last_segment) {
        log->last_segment = segment;
        log->dir_dirty = true;
    }
    struct store_file *f = xcalloc(1, sizeof *f);
    *f = (struct store_file){.log = log, .segment = segment, .file = file, .log_next = log->open};
    log->open = f;
    lru_add(store, f);
    store->file_count++;
    *ret = f;
    return 0;
}

/* ---- appends ---- */

static bool follows(const struct log_op *a, const struct log_op *b)
{
    return b->kind == LOG_OP_ENTRY && b->item.entry.kind == JOURNAL_APPEND && !b->seal &&
           b->item.entry.segment == a->item.entry.segment &&
           b->item.entry.pos == a->item.entry.pos + a->size && b->seq == a->seq + 1;
}

/* Writes the append and those that follow on directly; *ret_last is the last one written. */
static int write_appends(struct store *store, struct log_op *first, struct log_op **ret_last)
{
    struct log_files *log = &first->log->files;
    if (first->seal) {
        int error = store_seal(store, first);
        if (error)
            return error;
    }
    struct iovec iov[MERGE_MAX];
    int count = 0;
    struct log_op *last = first;
    for (struct log_op *op = first; op; op = op->batch_next) {
        if (count == MERGE_MAX || (op != first && !follows(last, op)))
            break;
        iov[count++] = (struct iovec){(void *)piece_bytes(&op->piece), op->piece.size};
        last = op;
    }
    struct store_file *f;
    int error = store_open(store, log, first->item.entry.segment, &f);
    if (error)
        return error;
    store_dirty(f);
    error = store->ops->pwritev(f->file, iov, count, first->item.entry.pos);
    if (error)
        return error;
    log->stored_end = last->item.entry.end;
    *ret_last = last;
    return 0;
}

static int run_entry(struct store *store, struct log_op *op, struct log_op **ret_last)
{
    *ret_last = op;
    switch (op->item.entry.kind) {
    case JOURNAL_APPEND:
        return write_appends(store, op, ret_last);
    case JOURNAL_OPEN:
        return store_open_log(store, op);
    case JOURNAL_TRUNC:
        return store_cut(store, op);
    case JOURNAL_RESET:
        return store_reset(store, op);
    case JOURNAL_START:
        return store_start(store, op);
    case JOURNAL_DROP:
        return store_drop(store, op);
    case JOURNAL_NOTHING:
    case JOURNAL_ENDS:
        break;
    }
    IMPOSSIBLE("an entry that is not for the store lane");
}

/* ---- a run ---- */

static void store_failed(struct store *store)
{
    atomic_store(&store->dir->journal.failed, true);
}

/* The operations of one log in their order. Once one met a full disk those behind it wait too. */
static void run_log(struct store *store, struct log_files *log)
{
    for (struct log_op *op = log->batch_first, *next; op; op = next) {
        struct log_op *last = op;
        int error = -EAGAIN;
        next = op->batch_next;
        if (op->kind == LOG_OP_SWEEP) {
            op->item.job.error = store_sweep(store, log->name, false);
            continue;
        }
        if (atomic_load(&store->dir->journal.failed))
            error = -EIO;
        else if (op->seq == log->next_seq)
            error = wait_for_descriptors(store, run_entry(store, op, &last));
        if (error && error != -EAGAIN && error != -ENOSPC)
            store_failed(store);
        next = last->batch_next;
        for (struct log_op *done = op;; done = done->batch_next) {
            done->item.job.error = error;
            if (!error && done->kind == LOG_OP_ENTRY) {
                log->next_seq = done->seq + 1;
                journal_stored(&store->dir->journal, done->item.slot);
            }
            if (done == last)
                break;
        }
    }
    log->batch_first = NULL;
    log->batch_next = NULL;
}

static struct log_op *op_of(struct disk_job *job)
{
    return CONTAINER_OF(CONTAINER_OF(job, struct journal_item, job), struct log_op, item);
}

/* Bytes that may still be assigned: what is free, less the reserve, the journal where it is still
 * to be made, and what was assigned and is not in place. */
void store_look_at_space(struct store *store)
{
    struct log_dir *dir = store->dir;
    uint64_t free_size, total;
    if (store->ops->space(store->fs, &free_size, &total) != 0)
        return;
    int64_t space = free_size > INT64_MAX ? INT64_MAX : (int64_t)free_size;
    space -= (int64_t)dir->config.space_reserve;
    space -= atomic_load(&dir->tail.bytes);
    if (!atomic_load(&dir->journal.made))
        space -= (int64_t)(JOURNAL_FILES * dir->journal.file_size);
    atomic_store(&dir->space, space);
}

/* Sorts the operations of a batch by their logs, each log's in their order. Returns the first log
 * of a list through batch_next. */
static struct log_files *gather_by_log(struct disk_job *batch)
{
    struct log_files *first = NULL, **last = &first;
    for (struct disk_job *job = batch; job; job = job->next) {
        struct log_op *op = op_of(job);
        if (!op->log)
            continue;
        struct log_files *log = &op->log->files;
        if (!log->batch_first) {
            log->batch_last = &log->batch_first;
            log->batch_next = NULL;
            *last = log;
            last = &log->batch_next;
        }
        op->batch_next = NULL;
        *log->batch_last = op;
        log->batch_last = &op->batch_next;
    }
    return first;
}

void store_run(struct disk_job *batch, const struct file_ops *files, void *fs)
{
    struct store *store = batch->context;
    store->ops = files;
    store->fs = fs;
    for (struct disk_job *job = batch; job; job = job->next) {
        struct log_op *op = op_of(job);
        job->error = 0;
        if (op->kind == LOG_OP_REMOVE_DIR)
            job->error = store_sweep(store, op->path, true); /* the rest goes at the next start */
    }
    for (struct log_files *log = gather_by_log(batch), *next; log; log = next) {
        next = log->batch_next;
        run_log(store, log);
    }
    int error = atomic_load(&store->dir->journal.failed) ? 0 : store_release(store);
    if (!error && !atomic_load(&store->dir->journal.failed))
        error = store_orders(store);
    error = wait_for_descriptors(store, error);
    if (error && error != -ENOSPC)
        store_failed(store);
    store_look_at_space(store);
}
