/* SPDX-License-Identifier: Apache-2.0 */
/* Whose a directory is: what its meta.properties says at a start, and the marker that is written
 * into it before each registration. The keys that begin with "corduroy." are ours; Kafka keeps what
 * it does not know. */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "broker/log/log_dir_internal.h"
#include "broker/log/log_internal.h"
#include "broker/log/log_listing.h"
#include "broker/log/small_file.h"
#include "common/memory.h"

/* While a directory is ours its cluster id ends with this mark: a Kafka broker then refuses the
 * directory before it touches a log. */
#define CLUSTER_MARK "-in-use-by-corduroy"
#define KEY_STORAGE_ID "corduroy.storage.id"
#define KEY_JOURNAL_ID "corduroy.journal.id"
#define KEY_INCARNATION_LAST "corduroy.incarnation.last"
#define KEY_INCARNATION_NEXT "corduroy.incarnation.next"
#define KEY_CONTROLLER_EPOCH "corduroy.controller.epoch"
#define KEY_OFFLINE "corduroy.offline." /* and the path of another directory */

/* The first reason is kept: what follows may only be its consequence. */
static void keep_message(struct log_dir_load *load, const char *format, va_list args)
{
    char text[512];
    vsnprintf(text, sizeof text, format, args);
    if (!load->message)
        load->message = xasprintf("log directory \"%s\": %s", load->dir->path, text);
}

int log_dir_refuse(struct log_dir_load *load, int error, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    keep_message(load, format, args);
    va_end(args);
    return error;
}

int log_dir_refuse_for_good(struct log_dir_load *load, int error, const char *format, ...)
{
    va_list args;
    load->refused = true;
    va_start(args, format);
    keep_message(load, format, args);
    va_end(args);
    return error;
}

/* ---- reading ---- */

static int check_broker_id(struct log_dir_load *load)
{
    const struct log_dir *dir = load->dir;
    int32_t known = meta_properties_broker_id(&dir->meta), wanted = dir->config.broker_id;
    load->broker_id = known >= 0 ? known : wanted;
    if (known >= 0 && wanted >= 0 && known != wanted)
        return log_dir_refuse_for_good(
            load, -EINVAL,
            "meta.properties says broker.id %d, the configuration %d: set broker.id=%d, "
            "or use another directory",
            known, wanted, known);
    return 0;
}

static void get_cluster_id(struct log_dir_load *load)
{
    const char *id = meta_properties_get(&load->dir->meta, META_CLUSTER_ID);
    static const char mark[] = CLUSTER_MARK;
    if (!id)
        return;
    size_t size = strlen(id), mark_size = sizeof mark - 1;
    if (size > mark_size && strcmp(id + size - mark_size, mark) == 0)
        size -= mark_size;
    load->cluster_id = xstrndup(id, size);
}

/* Reads an id, or takes the fresh one. True when it was there. */
static bool get_id(struct meta_properties *meta, const char *key, struct uuid fresh,
                   struct uuid *ret)
{
    const char *text = meta_properties_get(meta, key);
    if (text && uuid_parse(view_of(text), ret))
        return true;
    char fresh_text[UUID_TEXT_SIZE];
    *ret = fresh;
    uuid_text(fresh, fresh_text);
    meta_properties_set(meta, key, fresh_text);
    return false;
}

static uint64_t get_number(const struct meta_properties *meta, const char *key)
{
    const char *text = meta_properties_get(meta, key);
    return text ? strtoull(text, NULL, 16) : 0;
}

/* What is noted of the broker and of its other directories. */
static void get_notes(struct log_dir_load *load)
{
    const struct meta_properties *meta = &load->dir->meta;
    const char *epoch = meta_properties_get(meta, KEY_CONTROLLER_EPOCH);
    int64_t number;
    if (epoch && number_parse(view_of(epoch), &number) && number > 0 && number <= INT32_MAX)
        load->controller_epoch = (int32_t)number;
    load->offline = xcalloc(meta->count ? meta->count : 1, sizeof *load->offline);
    for (size_t i = 0; i < meta->count; i++) {
        const char *key = meta->items[i].key;
        size_t size = sizeof KEY_OFFLINE - 1;
        if (strncmp(key, KEY_OFFLINE, size) == 0)
            load->offline[load->offline_count++] = (struct log_dir_offline){
                xstrdup(key + size), strtoull(meta->items[i].value, NULL, 16)};
    }
}

int log_dir_meta_read(struct log_dir_load *load, const struct file_ops *ops, void *fs,
                      bool *ret_ours)
{
    char why[CHECKPOINT_WHY_SIZE];
    struct log_dir *dir = load->dir;
    const struct log_dir_config *c = &dir->config;
    int error = meta_properties_load(&dir->meta, ops, fs, why);
    if (error == CHECKPOINT_MALFORMED)
        return log_dir_refuse_for_good(load, -EINVAL, "meta.properties: %s", why);
    if (error && error != -ENOENT)
        return log_dir_refuse(load, error, "cannot read meta.properties: %s", strerror(-error));
    if (error == -ENOENT)
        meta_properties_set(&dir->meta, META_VERSION, "0");
    get_cluster_id(load);
    *ret_ours = get_id(&dir->meta, KEY_JOURNAL_ID, c->fresh_journal_id, &dir->journal.id);
    (void)get_id(&dir->meta, META_DIRECTORY_ID, c->fresh_directory_id, &load->directory_id);
    (void)get_id(&dir->meta, KEY_STORAGE_ID, c->fresh_storage_id, &load->storage_id);
    load->incarnation_last = get_number(&dir->meta, KEY_INCARNATION_LAST);
    load->incarnation_next = get_number(&dir->meta, KEY_INCARNATION_NEXT);
    get_notes(load);
    return check_broker_id(load);
}

/* ---- the mark ---- */

static void set_number(struct log_dir *dir, const char *key, uint64_t value)
{
    char text[24];
    snprintf(text, sizeof text, "%016" PRIx64, value);
    meta_properties_set(&dir->meta, key, value ? text : NULL);
}

static void set_offline(struct log_dir *dir, const struct log_dir_mark *mark)
{
    for (size_t i = 0; i < dir->meta.count;) {
        const char *key = dir->meta.items[i].key;
        if (strncmp(key, KEY_OFFLINE, sizeof KEY_OFFLINE - 1) == 0) {
            char *gone = xstrdup(key);
            meta_properties_set(&dir->meta, gone, NULL);
            free(gone);
        } else {
            i++;
        }
    }
    for (uint32_t i = 0; i < mark->offline_count; i++) {
        char *key = xasprintf(KEY_OFFLINE "%s", mark->offline_copy[i].path);
        set_number(dir, key, mark->offline_copy[i].since);
        free(key);
    }
}

static void set_mark(struct log_dir *dir, const struct log_dir_mark *mark)
{
    char text[UUID_TEXT_SIZE];
    if (mark->cluster_id) {
        char *marked = xasprintf("%s" CLUSTER_MARK, mark->cluster_id);
        meta_properties_set(&dir->meta, META_CLUSTER_ID, marked);
        free(marked);
    }
    snprintf(text, sizeof text, "%" PRId32, mark->broker_id);
    meta_properties_set(&dir->meta, META_BROKER_ID, text);
    uuid_text(mark->storage_id, text);
    if (!uuid_is_zero(mark->storage_id))
        meta_properties_set(&dir->meta, KEY_STORAGE_ID, text);
    set_number(dir, KEY_INCARNATION_LAST, mark->incarnation_last);
    set_number(dir, KEY_INCARNATION_NEXT, mark->incarnation_next);
    snprintf(text, sizeof text, "%" PRId32, mark->controller_epoch);
    if (mark->controller_epoch > 0)
        meta_properties_set(&dir->meta, KEY_CONTROLLER_EPOCH, text);
    set_offline(dir, mark);
}

/* A directory that is not as it was left may lack what was acknowledged: none of its logs may lead
 * or count. */
static int distrust_logs(const struct log_dir_mark *mark, const struct file_ops *files, void *fs)
{
    char path[LOG_PATH_SIZE];
    int error = 0;
    for (uint32_t i = 0; i < mark->found_count && !error; i++) {
        const struct log_found *found = &mark->found[i];
        snprintf(path, sizeof path, "%s-%d/%s", found->topic, found->id.number, LOG_SUSPECT_FILE);
        if (!found->suspect)
            error = small_file_replace(files, fs, path, mark->distrust, strlen(mark->distrust));
    }
    return error;
}

static void run_mark(struct disk_job *batch, const struct file_ops *files, void *fs)
{
    for (struct disk_job *job = batch; job; job = job->next) {
        struct log_dir_mark *mark = CONTAINER_OF(job, struct log_dir_mark, job);
        struct log_dir *dir = job->context;
        job->error = mark->distrust ? distrust_logs(mark, files, fs) : 0;
        if (job->error)
            continue;
        set_mark(dir, mark);
        job->error = meta_properties_store(&dir->meta, files, fs);
    }
}

static void mark_home(struct disk_job *job)
{
    struct log_dir_mark *mark = CONTAINER_OF(job, struct log_dir_mark, job);
    mark->error = job->error;
    free(mark->offline_copy);
    mark->offline_copy = NULL;
    for (uint32_t i = 0; mark->distrust && !job->error && i < mark->found_count; i++) {
        struct log *log = mark->found[i].log;
        PRE(!log->shard);
        mark->found[i].suspect = log->suspect = true;
        if (!log->why)
            log->why = xstrdup(mark->distrust);
    }
    mark->done(mark);
}

void log_dir_mark(struct log_dir *dir, struct reactor *reactor, struct log_dir_mark *mark)
{
    mark->offline_copy = xcalloc(mark->offline_count + 1, sizeof *mark->offline_copy);
    for (uint32_t i = 0; i < mark->offline_count; i++)
        mark->offline_copy[i] = mark->offline[i];
    mark->job.run = run_mark;
    mark->job.home = mark_home;
    log_dir_send(dir, reactor, &mark->job);
}
