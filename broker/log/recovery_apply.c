/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>

#include "broker/log/log_replay.h"
#include "broker/log/recovery.h"
#include "common/memory.h"

struct applier {
    struct recovery_log *log;
    const struct file_ops *ops;
    void *fs;
    const char *name;
    struct log_listing listing;
};

/* What stays below the cut was synced before its rounds were released: it must be whole. */
static int check_kept(struct applier *a)
{
    struct recovery_log *log = a->log;
    struct log_replay r = {.ops = a->ops, .fs = a->fs, .dir = a->name};
    if (log->pos == 0)
        return 0;
    int error = log_replay_segment(&r, log->segment, 0, log->pos, log->segment);
    if (error && error != -ENOENT)
        return error;
    if (error || r.stop != SEGMENT_SCAN_END || r.pos != log->pos || r.end > log->cut_end)
        log->why = xasprintf("segment %020lld: %s at byte %llu, below offset %lld which was synced",
                             (long long)log->segment,
                             error ? "missing file" : segment_scan_stop_text(r.stop),
                             error ? 0ULL : (unsigned long long)r.pos, (long long)log->cut_end);
    return 0;
}

/* Indexes and snapshots from the cut on belong to what is written anew; segments behind it go, the
 * newest first. */
static int unlink_kind(struct applier *a, enum segment_file kind)
{
    const struct recovery_log *log = a->log;
    int error = 0;
    for (size_t i = a->listing.count[kind]; i-- > 0 && !error;) {
        int64_t base = a->listing.bases[kind][i];
        bool gone;
        if (kind == SEGMENT_LOG)
            gone = base > log->segment;
        else if (kind == SEGMENT_SNAPSHOT)
            gone = base > log->cut_end || log->fresh;
        else
            gone = base >= log->segment;
        if (gone || base < log->removed_below)
            error = log_file_unlink(a->ops, a->fs, a->name, base, kind);
    }
    return error;
}

static int unlink_named(struct applier *a, const char *file)
{
    char path[LOG_PATH_SIZE];
    snprintf(path, sizeof path, "%s/%s", a->name, file);
    int error = a->ops->unlink(a->fs, path);
    return error == -ENOENT ? 0 : error;
}

/* Writes the appends of one segment, from *at on; the file is cut at pos first. */
static int write_segment(struct applier *a, int64_t segment, uint32_t pos, size_t *at)
{
    char path[LOG_PATH_SIZE];
    struct file *file;
    log_file_path(path, a->name, segment, SEGMENT_LOG);
    int error = a->ops->open(a->fs, path, FILE_WRITE | FILE_CREATE, &file);
    if (error)
        return error;
    error = a->ops->truncate(file, pos);
    while (!error && *at < a->log->append_count && a->log->appends[*at].segment == segment) {
        const struct recovery_append *append = &a->log->appends[(*at)++];
        struct iovec iov = {(void *)append->bytes.base, append->bytes.size};
        error = a->ops->pwritev(file, &iov, 1, append->pos);
    }
    if (!error)
        error = a->ops->datasync(file);
    file_unref(file);
    return error;
}

static int write_appends(struct applier *a)
{
    size_t at = 0;
    int error = write_segment(a, a->log->segment, a->log->pos, &at);
    while (!error && at < a->log->append_count)
        error = write_segment(a, a->log->appends[at].segment, 0, &at);
    return error;
}

static int apply(struct applier *a)
{
    int error = check_kept(a);
    if (error || a->log->why)
        return error;
    for (unsigned kind = 0; kind < SEGMENT_FILES && !error; kind++)
        error = unlink_kind(a, (enum segment_file)kind);
    if (!error && a->log->fresh)
        error = unlink_named(a, EPOCH_CACHE_FILE);
    if (!error && a->log->fresh)
        error = unlink_named(a, LOG_SUSPECT_FILE);
    if (!error)
        error = write_appends(a);
    return error;
}

int recovery_apply(struct recovery_log *log, const struct file_ops *ops, void *fs, const char *name)
{
    struct applier a = {.log = log, .ops = ops, .fs = fs, .name = name};
    if (log->why || !log->rewritten)
        return 0;
    int error = log_listing_read(&a.listing, ops, fs, name);
    if (error)
        return error;
    error = apply(&a);
    log_listing_deinit(&a.listing);
    return error;
}
