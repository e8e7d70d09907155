/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "broker/log/log_internal.h"
#include "broker/log/log_listing.h"
#include "broker/log/partition_dir.h"
#include "broker/log/partition_place.h"
#include "broker/log/segment_name.h"
#include "broker/log/small_file.h"
#include "common/memory.h"

/* What a roll writes only makes reads and starts faster. So the operation is tried again when the
 * disk is full or no descriptor is left, and any other error is passed over: these files go, and
 * the next start derives them again. */
static int worth_waiting(int error)
{
    return error == -ENOSPC || file_out_of_descriptors(error) ? error : 0;
}

/* ---- OPEN ---- */

/* The directory that was moved aside may be another log's that still has operations to come. */
static void follow_aside(struct store *store, const char *name, const char *aside)
{
    for (struct log_files *l = store->log_first; l; l = l->next) {
        if (strcmp(l->name, name) == 0) {
            free(l->name);
            l->name = xstrdup(aside);
        }
    }
}

static int open_log(struct store *store, struct log_op *op)
{
    struct log_files *log = &op->log->files;
    char name[PARTITION_DIR_NAME_SIZE], aside[PARTITION_DIR_NAME_SIZE];
    int error = partition_place(store->ops, store->fs, log->topic, log->id, name, aside);
    if (aside[0])
        follow_aside(store, name, aside);
    if (error)
        return error;
    store->root_dirty = true;
    log->stored_end = log->start = log->first_segment = op->item.entry.start;
    log->last_segment = -1;
    if (!log->listed)
        store_list(store, log, xstrdup(name));
    struct store_file *f;
    error = store_open(store, log, op->item.entry.start, &f);
    if (!error)
        store_dirty(f);
    return error;
}

static bool has_same_name(const struct log_files *a, const struct log_files *b)
{
    return a->id.number == b->id.number && strcmp(a->topic, b->topic) == 0;
}

/* A topic may be deleted and made again under its name while the making of the old log waits for
 * room. Were the new one placed first, the old one would move it aside when its turn comes, and a
 * start would not find it. */
static bool waits_for_namesake(struct store *store, struct log_files *log)
{
    struct log_files **at = &store->opening;
    bool waits = false;
    for (; *at && *at != log; at = &(*at)->next_opening)
        waits = waits || has_same_name(*at, log);
    if (!*at) {
        *at = log;
        log->next_opening = NULL;
    }
    return waits;
}

static void opened(struct store *store, struct log_files *log)
{
    struct log_files **at = &store->opening;
    while (*at != log)
        at = &(*at)->next_opening;
    *at = log->next_opening;
}

int store_open_log(struct store *store, struct log_op *op)
{
    struct log_files *log = &op->log->files;
    if (waits_for_namesake(store, log))
        return -EAGAIN;
    int error = open_log(store, op);
    if (!worth_waiting(error))
        opened(store, log);
    return error;
}

/* ---- a rolled segment's companions ---- */

static int store_snapshot(struct store *store, const char *dir, const struct segment_seal *seal)
{
    char path[LOG_PATH_SIZE];
    log_file_path(path, dir, seal->end, SEGMENT_SNAPSHOT);
    return small_file_write(store->ops, store->fs, path, seal->snapshot, seal->snapshot_size);
}

static int store_txns(struct store *store, const char *dir, const struct segment_seal *seal)
{
    char path[LOG_PATH_SIZE];
    if (!seal->txns.count)
        return 0;
    log_file_path(path, dir, seal->segment, SEGMENT_TXN_INDEX);
    return txn_index_store(&seal->txns, store->ops, store->fs, path);
}

/* A part of an index must not pass for a whole one, nor an old list of epochs for a new one: a
 * start believes it. Whether this succeeds is not looked at: the disk has refused writes already,
 * and a load finds what is torn. */
static void drop_companions(struct store *store, const char *dir, int64_t base)
{
    char path[LOG_PATH_SIZE];
    snprintf(path, sizeof path, "%s/%s", dir, EPOCH_CACHE_FILE);
    int error = store->ops->unlink(store->fs, path);
    error = log_file_unlink(store->ops, store->fs, dir, base, SEGMENT_INDEX);
    error = log_file_unlink(store->ops, store->fs, dir, base, SEGMENT_TIME_INDEX);
    (void)error;
}

int store_seal(struct store *store, struct log_op *op)
{
    struct segment_seal *seal = op->seal;
    struct log_files *log = &op->log->files;
    /* The epochs before the snapshot: a start trusts the epochs up to the snapshot it begins at. */
    int error = epoch_cache_store(&seal->epochs, store->ops, store->fs, log->name);
    if (!error)
        error = store_snapshot(store, log->name, seal);
    if (!error)
        error = segment_index_store(&seal->index, store->ops, store->fs, log->name);
    if (!error)
        error = store_txns(store, log->name, seal);
    log->dir_dirty = true;
    if (error && !worth_waiting(error))
        drop_companions(store, log->name, seal->segment);
    return worth_waiting(error);
}

/* ---- START ---- */

static int delete_kind(struct store *store, struct log_files *log, const struct log_listing *l,
                       enum segment_file kind, int64_t below)
{
    int error = 0;
    for (size_t i = 0; i < l->count[kind] && l->bases[kind][i] < below && !error; i++) {
        char name[SEGMENT_NAME_SIZE], from[LOG_PATH_SIZE], to[LOG_PATH_SIZE];
        log_file_path(from, log->name, l->bases[kind][i], kind);
        segment_name(name, l->bases[kind][i], kind, SEGMENT_DELETED);
        snprintf(to, sizeof to, "%s/%s", log->name, name);
        error = store->ops->rename(store->fs, from, to);
        log->dir_dirty = true;
    }
    return error;
}

/* Closes what is about to be deleted; unsynced bytes in it are of no use to anybody. */
static void forget_below(struct log_files *log, int64_t segment)
{
    for (struct store_file *f = log->open; f; f = f->log_next)
        f->dirty = f->dirty && f->segment >= segment;
}

int store_start(struct store *store, struct log_op *op)
{
    struct log_files *log = &op->log->files;
    struct store_file *f;
    int error = store_open(store, log, op->active, &f);
    if (error)
        return error;
    store_dirty(f);
    if (op->seal) {
        error = store_seal(store, op);
        if (error)
            return error;
    }
    forget_below(log, op->keep_from);
    struct log_listing l;
    error = log_listing_read(&l, store->ops, store->fs, log->name);
    if (error)
        return error;
    static const enum segment_file kinds[] = {SEGMENT_INDEX, SEGMENT_TIME_INDEX, SEGMENT_TXN_INDEX,
                                              SEGMENT_SNAPSHOT, SEGMENT_LOG};
    for (size_t i = 0; i < COUNT_OF(kinds) && !error; i++)
        error = delete_kind(store, log, &l, kinds[i], op->keep_from);
    log_listing_deinit(&l);
    if (error)
        return error;
    log->start = op->item.entry.start;
    if (log->stored_end < log->start)
        log->stored_end = log->start;
    if (log->first_segment < op->keep_from)
        log->first_segment = op->keep_from;
    return 0;
}

/* ---- DROP ---- */

int store_drop(struct store *store, struct log_op *op)
{
    struct log_files *log = &op->log->files;
    if (!log->listed)
        return 0;
    char name[PARTITION_DIR_NAME_SIZE];
    int error = partition_set_aside(store->ops, store->fs, log->name, log->topic, log->id.number,
                                    PARTITION_DIR_DELETE, log->id.topic, name);
    if (error && error != -ENOENT)
        return error;
    store_forget_files(store, log, 0);
    store_unlist(store, log);
    store->root_dirty = true;
    free(op->path);
    op->path = xstrdup(name);
    return 0;
}

/* ---- sweeping ---- */

struct sweep_names {
    char **names;
    size_t count, capacity;
    bool all;
};

static void collect_swept(void *context, const char *name, bool is_dir)
{
    struct sweep_names *s = context;
    size_t size = strlen(name);
    static const char suffix[] = ".deleted";
    if (is_dir || (!s->all && (size < sizeof suffix ||
                               strcmp(name + size - (sizeof suffix - 1), suffix) != 0)))
        return;
    s->names = xgrow(s->names, &s->capacity, s->count + 1, sizeof *s->names);
    s->names[s->count++] = xstrdup(name);
}

int store_sweep(struct store *store, const char *path, bool remove_dir)
{
    struct sweep_names s = {.all = remove_dir};
    int error = store->ops->list(store->fs, path, collect_swept, &s);
    for (size_t i = 0; i < s.count; i++) {
        char file[512];
        snprintf(file, sizeof file, "%s/%s", path, s.names[i]);
        if (!error)
            error = store->ops->unlink(store->fs, file);
        free(s.names[i]);
    }
    free(s.names);
    if (!error && remove_dir) {
        error = store->ops->rmdir(store->fs, path);
        store->root_dirty = true;
    }
    return error == -ENOENT ? 0 : error;
}
