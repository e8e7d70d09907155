/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "broker/log/checkpoint.h"
#include "broker/log/clean_mark.h"
#include "broker/log/log_dir_internal.h"
#include "broker/log/log_load.h"
#include "broker/log/partition_metadata.h"
#include "broker/log/partition_place.h"
#include "broker/log/recovery.h"
#include "common/memory.h"
#include "common/mutation.h"

/* A start: the lock, whose directory it is, recovery from the journal unless the last stop was
 * clean, every log, and at the end, when all that was found is synced, a round that says so (L6).
 * Only then is anything reported. */

struct starter {
    struct log_dir *dir;
    struct log_dir_load *load;
    const struct file_ops *ops;
    void *fs;
    bool ours;   /* the directory bore our mark: it has a journal, or nothing was appended since */
    bool clean;  /* the last stop was clean */
    bool closed; /* and the journal ends with the round that says so */
    struct journal_read journal;
    struct recovery recovery;
    struct map ends, marks, starts; /* "<topic>-<partition>" to checkpoint_entry */
    struct map orders;              /* the same by topic id */
    struct checkpoint checkpoints[4];
    char **names; /* of directories in the root */
    size_t name_count, name_capacity;
    size_t found_capacity;
};

/* ---- before anything is read ---- */

static int take_lock(struct starter *s)
{
    int error = s->ops->open(s->fs, LOG_DIR_LOCK_FILE, FILE_WRITE | FILE_CREATE, &s->dir->lock);
    if (error)
        return log_dir_refuse(s->load, error, "cannot open .lock: %s", strerror(-error));
    error = s->ops->lock(s->dir->lock);
    if (error)
        return log_dir_refuse_for_good(
            s->load, error,
            "another broker (of Corduroy or Kafka) uses it: .lock is taken; stop that "
            "one, or give this one another directory");
    return 0;
}

static int look_at_clean_mark(struct starter *s)
{
    struct file *file;
    int error = s->ops->open(s->fs, CLEAN_MARK_FILE, FILE_READ, &file);
    if (error && error != -ENOENT)
        return error;
    s->clean = s->load->clean = error == 0;
    if (!error)
        file_unref(file);
    return 0;
}

/* ---- the checkpoints ---- */

static int read_checkpoint(struct starter *s, unsigned i, const char *path, struct map *map)
{
    char why[CHECKPOINT_WHY_SIZE];
    struct checkpoint *c = &s->checkpoints[i];
    int error = checkpoint_load(c, s->ops, s->fs, path, why);
    if (error == -ENOENT)
        return 0;
    if (error)
        return log_dir_refuse(s->load, error < 0 ? error : -EINVAL, "%s: %s", path,
                              error < 0 ? strerror(-error) : why);
    for (size_t at = 0; at < c->count; at++) {
        char *name = xasprintf("%s-%d", c->entries[at].topic, c->entries[at].partition);
        (void)map_put(map, view_of(name), &c->entries[at]);
        free(name);
    }
    return 0;
}

static int64_t checkpointed(const struct map *map, const char *name)
{
    const struct checkpoint_entry *e = map_get(map, view_of(name));
    return e ? e->offset : -1;
}

/* ---- directories ---- */

static void collect(void *context, const char *name, bool is_dir)
{
    struct starter *s = context;
    if (!is_dir)
        return;
    s->names = xgrow(s->names, &s->name_capacity, s->name_count + 1, sizeof *s->names);
    s->names[s->name_count++] = xstrdup(name);
}

static int list_root(struct starter *s)
{
    for (size_t i = 0; i < s->name_count; i++)
        free(s->names[i]);
    s->name_count = 0;
    int error = s->ops->list(s->fs, "", collect, s);
    return error ? log_dir_refuse(s->load, error, "cannot list it: %s", strerror(-error)) : 0;
}

/* The partition whose live directory this is. False for any other directory. */
static bool identify(struct starter *s, const char *name, struct partition_dir *parsed,
                     struct partition_id *ret)
{
    if (!partition_dir_parse(name, parsed) || parsed->kind != PARTITION_DIR_LIVE)
        return false;
    *ret = (struct partition_id){.number = parsed->partition};
    return partition_metadata_load(s->ops, s->fs, name, &ret->topic) == 0;
}

static int remove_deleted(struct starter *s)
{
    for (size_t i = 0; i < s->name_count; i++) {
        struct partition_dir parsed;
        if (!partition_dir_parse(s->names[i], &parsed) || parsed.kind != PARTITION_DIR_DELETE)
            continue;
        int error = store_sweep(&s->dir->store, s->names[i], true);
        if (error)
            return log_dir_refuse(s->load, error, "cannot remove %s: %s", s->names[i],
                                  strerror(-error));
    }
    return 0;
}

/* ---- recovery ---- */

static int read_journal(struct starter *s)
{
    int error = s->clean ? journal_read_closed(&s->journal, s->ops, s->fs, s->dir->journal.id) : 0;
    /* Without the round that closes it all of the journal is looked at, so that the next round's
     * number is above every number in it. */
    s->closed = s->clean && s->journal.floor > 0;
    if (!error && !s->closed)
        error = journal_read(&s->journal, s->ops, s->fs, s->dir->journal.id);
    if (error)
        return log_dir_refuse(s->load, error, "cannot read the journal: %s", strerror(-error));
    if (s->journal.file_count == JOURNAL_FILES && s->journal.floor > 0 &&
        s->journal.file_size != s->dir->journal.file_size) {
        struct uuid id = s->dir->journal.id;
        journal_deinit(&s->dir->journal);
        journal_init(&s->dir->journal, id, s->journal.file_size, s->dir->config.mutation);
    }
    if (s->journal.floor > 0)
        journal_start(&s->dir->journal, s->journal.number_seen + 1, s->journal.floor,
                      s->journal.floor_file);
    return 0;
}

static int recover_existing(struct starter *s)
{
    for (size_t i = 0; i < s->name_count; i++) {
        struct partition_dir parsed;
        struct partition_id id;
        if (!identify(s, s->names[i], &parsed, &id))
            continue;
        struct recovery_log *log = recovery_find(&s->recovery, id);
        if (!log)
            continue;
        log->found = true;
        int error = 0;
        if (log->dropped) {
            char aside[PARTITION_DIR_NAME_SIZE];
            error = partition_set_aside(s->ops, s->fs, s->names[i], parsed.topic, id.number,
                                        PARTITION_DIR_DELETE, id.topic, aside);
            s->dir->store.root_dirty = true;
        } else {
            error = recovery_apply(log, s->ops, s->fs, s->names[i]);
        }
        if (error)
            return log_dir_refuse(s->load, error, "cannot recover %s: %s", s->names[i],
                                  strerror(-error));
    }
    return 0;
}

/* Logs whose making is in a live round, and whose directory did not survive. */
static int recover_missing(struct starter *s)
{
    struct map_entry entry;
    for (uint32_t at = 0; map_next(&s->recovery.logs, &at, &entry);) {
        struct recovery_log *log = entry.value;
        char name[PARTITION_DIR_NAME_SIZE], aside[PARTITION_DIR_NAME_SIZE];
        if (log->found || log->dropped || !log->fresh || !log->topic)
            continue;
        int error = partition_place(s->ops, s->fs, log->topic, log->id, name, aside);
        if (!error && aside[0]) /* it may have been recovered before, and no load syncs its names */
            error = s->ops->sync_dir(s->fs, aside);
        if (!error)
            error = recovery_apply(log, s->ops, s->fs, name);
        if (error)
            return log_dir_refuse(s->load, error, "cannot make %s again: %s", name,
                                  strerror(-error));
        s->dir->store.root_dirty = true;
    }
    return 0;
}

static int recover(struct starter *s)
{
    recovery_plan(&s->recovery, &s->journal, s->dir->config.mutation);
    int error = recover_existing(s);
    if (!error)
        error = recover_missing(s);
    return error ? error : list_root(s);
}

/* ---- the logs ---- */

static void add_found(struct starter *s, struct log *log)
{
    struct log_dir_load *load = s->load;
    load->found =
        xgrow(load->found, &s->found_capacity, load->found_count + 1, sizeof *load->found);
    load->found[load->found_count++] = (struct log_found){
        .id = log->id,
        .topic = xstrdup(log->topic),
        .log = log,
        .suspect = log->suspect,
        .why = log->why ? xstrdup(log->why) : NULL,
    };
    load->has_data = true;
}

static int load_one(struct starter *s, const char *name, const struct partition_dir *parsed,
                    struct partition_id id)
{
    struct log_load in = {
        .dir = s->dir,
        .ops = s->ops,
        .fs = s->fs,
        .clean = s->clean,
        .name = name,
        .topic = parsed->topic,
        .id = id,
        .required_end = checkpointed(&s->ends, name),
        .start = checkpointed(&s->starts, name),
        .journal_start = -1,
        .high_watermark = checkpointed(&s->marks, name),
        .unsure_from = -1,
    };
    const struct recovery_log *log = s->clean ? NULL : recovery_find(&s->recovery, id);
    if (!s->clean && s->journal.missing_count > 0) /* up to there all was synced in place */
        in.unsure_from = in.required_end > 0 ? in.required_end : 0;
    if (log) {
        in.required_end = log->end >= 0 ? log->end : in.required_end;
        in.start = log->start >= 0 && (log->fresh || log->start > in.start) ? log->start : in.start;
        if (log->high_watermark >= 0)
            in.high_watermark = log->high_watermark;
        in.replayed = true;
        in.journal_start = log->start;
        in.rewritten = log->rewritten;
        in.rewritten_segment = log->segment;
        in.rewritten_pos = log->pos;
        in.suspect = log->why;
    }
    /* Before anything of it is written: it stays what its own broker can start from. */
    if (!s->ours && s->load->cluster_id)
        return log_dir_refuse_for_good(
            s->load, -EINVAL,
            "it holds partitions of a Kafka broker, which cannot be taken over: "
            "give this broker an empty directory");
    if (!s->clean && !s->ours)
        in.suspect = "taken over from a Kafka broker that was not stopped cleanly";
    struct log *loaded;
    int error = log_load(&in, &loaded);
    if (error)
        return log_dir_refuse(s->load, error, "cannot open %s: %s", name, strerror(-error));
    char topic[UUID_TEXT_SIZE], key[UUID_TEXT_SIZE + 12];
    uuid_text(id.topic, topic);
    snprintf(key, sizeof key, "%s-%" PRId32, topic, id.number);
    atomic_store(&loaded->files.order, checkpointed(&s->orders, key));
    add_found(s, loaded);
    return 0;
}

static int load_logs(struct starter *s)
{
    for (size_t i = 0; i < s->name_count; i++) {
        struct partition_dir parsed;
        struct partition_id id;
        if (!identify(s, s->names[i], &parsed, &id))
            continue;
        int error = load_one(s, s->names[i], &parsed, id);
        if (error)
            return error;
    }
    return 0;
}

/* ---- the end of a start ---- */

/* All that was found or written is synced by this process now, and stated (L6). */
static int settle(struct starter *s)
{
    struct store *store = &s->dir->store;
    store->root_dirty = true;
    int error = store_sync(store);
    if (!error && !s->clean)
        error = store_checkpoints(store);
    if (!error && !s->closed && s->journal.file_count > 0)
        error = journal_write_floor(&s->dir->journal, s->ops, s->fs);
    if (!error)
        error = meta_properties_store(&s->dir->meta, s->ops, s->fs);
    bool was_clean;
    if (!error)
        error = clean_mark_take(s->ops, s->fs, &was_clean);
    /* Now rather than with the first append, which cannot wait for descriptors. */
    if (!error && s->journal.file_count == JOURNAL_FILES)
        error = journal_open_files(&s->dir->journal, s->ops, s->fs);
    if (error)
        return log_dir_refuse(s->load, error, "cannot write to it: %s", strerror(-error));
    atomic_store(&s->dir->journal.made, s->journal.file_count == JOURNAL_FILES);
    return 0;
}

static int start(struct starter *s)
{
    int error = s->dir->config.unusable;
    if (error)
        return log_dir_refuse(s->load, error, "%s", strerror(-error));
    error = take_lock(s);
    if (!error)
        error = log_dir_meta_read(s->load, s->ops, s->fs, &s->ours);
    if (!error)
        error = look_at_clean_mark(s);
    if (!error)
        error = read_checkpoint(s, 0, CHECKPOINT_RECOVERY_POINT, &s->ends);
    if (!error)
        error = read_checkpoint(s, 1, CHECKPOINT_HIGH_WATERMARK, &s->marks);
    if (!error)
        error = read_checkpoint(s, 2, CHECKPOINT_LOG_START, &s->starts);
    if (!error)
        error = read_checkpoint(s, 3, STORE_ORDERS_FILE, &s->orders);
    if (!error)
        error = list_root(s);
    if (!error)
        error = read_journal(s);
    if (!error && !s->clean)
        error = recover(s);
    if (!error)
        error = remove_deleted(s);
    if (!error)
        error = load_logs(s);
    return error ? error : settle(s);
}

static void starter_deinit(struct starter *s)
{
    journal_read_deinit(&s->journal);
    recovery_deinit(&s->recovery);
    map_deinit(&s->ends);
    map_deinit(&s->marks);
    map_deinit(&s->starts);
    map_deinit(&s->orders);
    for (size_t i = 0; i < COUNT_OF(s->checkpoints); i++)
        checkpoint_deinit(&s->checkpoints[i]);
    for (size_t i = 0; i < s->name_count; i++)
        free(s->names[i]);
    free(s->names);
}

static void run_load(struct disk_job *batch, const struct file_ops *files, void *fs)
{
    for (struct disk_job *job = batch; job; job = job->next) {
        struct log_dir_load *load = CONTAINER_OF(job, struct log_dir_load, job);
        struct log_dir *dir = job->context;
        struct starter s = {.dir = dir, .load = load, .ops = files, .fs = fs};
        dir->store.ops = files;
        dir->store.fs = fs;
        job->error = start(&s);
        if (!job->error)
            store_look_at_space(&dir->store);
        starter_deinit(&s);
    }
}

static void load_home(struct disk_job *job)
{
    struct log_dir_load *load = CONTAINER_OF(job, struct log_dir_load, job);
    load->error = job->error;
    load->done(load);
}

void log_dir_load(struct log_dir *dir, struct reactor *reactor, struct log_dir_load *load)
{
    load->dir = dir;
    load->job.run = run_load;
    load->job.home = load_home;
    load->broker_id = -1;
    log_dir_send(dir, reactor, &load->job);
}

void log_dir_load_deinit(struct log_dir_load *load)
{
    for (uint32_t i = 0; i < load->found_count; i++) {
        free(load->found[i].topic);
        free(load->found[i].why);
    }
    for (uint32_t i = 0; i < load->offline_count; i++)
        free((char *)(uintptr_t)load->offline[i].path);
    free(load->offline);
    free(load->found);
    free(load->message);
    free(load->cluster_id);
    load->offline = NULL;
    load->offline_count = 0;
    load->found = NULL;
    load->message = load->cluster_id = NULL;
    load->found_count = 0;
}
