/* SPDX-License-Identifier: Apache-2.0 */
#include "broker/log/log_load.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "broker/log/log_replay.h"
#include "broker/log/small_file.h"
#include "common/memory.h"

#define WHY_SIZE_MAX 4096

struct loader {
    const struct log_load *in;
    struct log *log;
    struct log_listing listing;
    int64_t end;         /* of what was read so far */
    int64_t walked_from; /* segments from this base on are read whole */
    int64_t epochs_from; /* epochs below it come from the file */
    bool rebuilt;        /* a file for reading faster was missing or made no sense */
};

/* Only the first reason is kept. */
static void suspect(struct loader *l, const char *format, ...) PRINTF_LIKE(2, 3);
static void suspect(struct loader *l, const char *format, ...)
{
    char why[512];
    va_list args;
    va_start(args, format);
    vsnprintf(why, sizeof why, format, args);
    va_end(args);
    l->log->suspect = true;
    if (!l->log->why)
        l->log->why = xstrdup(why);
}

static int remove_leftovers(struct loader *l)
{
    for (size_t i = 0; i < l->listing.leftover_count; i++) {
        char path[LOG_PATH_SIZE];
        const char *name = l->listing.leftovers[i];
        const char *suffix = strrchr(name, '.');
        if (strcmp(suffix, ".swap") == 0)
            continue;
        snprintf(path, sizeof path, "%s/%s", l->in->name, name);
        int error = l->in->ops->unlink(l->in->fs, path);
        if (error && error != -ENOENT)
            return error;
        l->log->files.dir_dirty = true;
    }
    return 0;
}

static int read_suspect_file(struct loader *l)
{
    char path[LOG_PATH_SIZE];
    uint8_t *text;
    size_t size;
    snprintf(path, sizeof path, "%s/%s", l->in->name, LOG_SUSPECT_FILE);
    int error = small_file_read(l->in->ops, l->in->fs, path, WHY_SIZE_MAX, &text, &size);
    if (error == -ENOENT)
        return 0;
    if (error && error != -EFBIG)
        return error;
    suspect(l, "%s", error ? "found damaged at an earlier start" : (const char *)text);
    if (!error)
        free(text);
    return 0;
}

/* ---- closed segments ---- */

static int store_indexes(struct loader *l, struct segment_index *index)
{
    segment_index_close(index);
    l->log->files.dir_dirty = true;
    return segment_index_store(index, l->in->ops, l->in->fs, l->in->name);
}

static int store_txns(struct loader *l, struct txn_index *txns, int64_t base)
{
    char path[LOG_PATH_SIZE];
    if (!txns->count)
        return log_file_unlink(l->in->ops, l->in->fs, l->in->name, base, SEGMENT_TXN_INDEX);
    log_file_path(path, l->in->name, base, SEGMENT_TXN_INDEX);
    return txn_index_store(txns, l->in->ops, l->in->fs, path);
}

/* Reads the whole segment, every checksum. *ret_pos is where what is sound ends. */
static int walk_segment(struct loader *l, int64_t base, int64_t min_offset,
                        struct segment_index *index, struct txn_index *txns, struct log_replay *r)
{
    const struct log_config *c = &l->log->config;
    segment_index_init(index, base, c->segment_index_bytes, c->index_interval_bytes);
    txn_index_init(txns);
    *r = (struct log_replay){.ops = l->in->ops,
                             .fs = l->in->fs,
                             .dir = l->in->name,
                             .index = index,
                             .producers = &l->log->producers,
                             .epochs = base >= l->epochs_from ? &l->log->epochs : NULL,
                             .epochs_in_doubt = base == l->epochs_from,
                             .txns = txns};
    if (!l->in->clean && l->in->required_end >= 0) {
        r->bounded = true;
        r->bound = l->in->required_end;
    }
    return log_replay_segment(r, base, 0, UINT64_MAX, min_offset);
}

static int segment_stat(struct loader *l, int64_t base, struct log_segment *s)
{
    char path[LOG_PATH_SIZE];
    struct file *file;
    log_file_path(path, l->in->name, base, SEGMENT_LOG);
    int error = l->in->ops->open(l->in->fs, path, FILE_READ, &file);
    if (error)
        return error;
    int64_t size = l->in->ops->size(file);
    s->created_ms = l->in->ops->mtime_ms(file);
    file_unref(file);
    if (size < 0)
        return (int)size;
    if (size > INT32_MAX)
        suspect(l, "segment %020lld is larger than 2 GiB", (long long)base);
    s->size = size > INT32_MAX ? INT32_MAX : (uint32_t)size;
    return 0;
}

/* The indexes of a closed segment as they stand; *ret_sound when nothing has to be made anew. */
static int check_indexes(struct loader *l, struct log_segment *s, bool *ret_sound)
{
    char path[LOG_PATH_SIZE];
    struct file *file;
    struct time_index times;
    log_file_path(path, l->in->name, s->base, SEGMENT_INDEX);
    int error = l->in->ops->open(l->in->fs, path, FILE_READ, &file);
    *ret_sound = false;
    if (error)
        return error == -ENOENT ? 0 : error;
    int64_t size = l->in->ops->size(file);
    file_unref(file);
    if (size < 0)
        return (int)size;
    time_index_init(&times, s->base, UINT32_MAX);
    log_file_path(path, l->in->name, s->base, SEGMENT_TIME_INDEX);
    error = time_index_load(&times, l->in->ops, l->in->fs, path);
    if (error == 0) {
        s->latest = time_index_last(&times);
        *ret_sound = size % (int64_t)OFFSET_INDEX_ENTRY_SIZE == 0;
    }
    time_index_deinit(&times);
    return error < 0 && error != -ENOENT ? error : 0;
}

static int load_closed(struct loader *l, size_t i)
{
    int64_t base = l->listing.bases[SEGMENT_LOG][i], next = l->listing.bases[SEGMENT_LOG][i + 1];
    log_segment_add(l->log, base, 0);
    struct log_segment *s = log_active(l->log);
    bool sound;
    int error = segment_stat(l, base, s);
    if (!error)
        error = check_indexes(l, s, &sound);
    if (error || (sound && base < l->walked_from))
        return error;
    struct segment_index index;
    struct txn_index txns;
    struct log_replay r;
    error = walk_segment(l, base, base, &index, &txns, &r);
    /* What was written since the last release follows on without a gap: a lost round of the journal
     * would leave one. */
    if (!error && r.stop == SEGMENT_SCAN_END && base >= l->walked_from && r.end < next)
        suspect(l, "offsets %lld to %lld are missing between two segments", (long long)r.end,
                (long long)next - 1);
    if (!error && (r.stop != SEGMENT_SCAN_END || r.end > next))
        suspect(l, "segment %020lld: %s at byte %llu, offset %lld", (long long)base,
                segment_scan_stop_text(r.stop), (unsigned long long)r.pos, (long long)r.end);
    s->latest = index.latest;
    if (!error && !l->log->suspect)
        error = store_indexes(l, &index);
    if (!error && !l->log->suspect && base >= l->walked_from)
        error = store_txns(l, &txns, base);
    segment_index_deinit(&index);
    txn_index_deinit(&txns);
    l->end = r.end;
    return error;
}

/* ---- the active segment ---- */

static int cut_active(struct loader *l, uint64_t pos)
{
    struct store_file *f;
    int error = store_open(&l->in->dir->store, &l->log->files, log_active(l->log)->base, &f);
    if (error)
        return error;
    store_dirty(f);
    return l->in->ops->truncate(f->file, pos);
}

/* After an unclean stop: every byte is read. What lies beyond what was confirmed is cut. */
static int walk_active(struct loader *l, struct log_segment *s)
{
    struct log *log = l->log;
    struct log_replay r;
    l->rebuilt |= s->size > 0;
    segment_index_deinit(&log->index);
    txn_index_deinit(&log->txns);
    int error = walk_segment(l, s->base, s->base, &log->index, &log->txns, &r);
    if (error)
        return error;
    bool reached = l->in->required_end < 0 || r.end >= l->in->required_end;
    if (r.stop != SEGMENT_SCAN_END && (!reached || r.stop == SEGMENT_SCAN_OLD_MAGIC))
        suspect(l, "segment %020lld: %s at byte %llu, offset %lld, before its confirmed end %lld",
                (long long)s->base, segment_scan_stop_text(r.stop), (unsigned long long)r.pos,
                (long long)r.end, (long long)l->in->required_end);
    if (l->in->clean) { /* only the indexes were missing: producers are not followed */
        char path[LOG_PATH_SIZE];
        log_file_path(path, l->in->name, s->base, SEGMENT_TXN_INDEX);
        error = txn_index_load(&log->txns, l->in->ops, l->in->fs, path, UINT32_MAX);
        if (error < 0 && error != -ENOENT)
            return error;
        error = 0;
    }
    s->first_timestamp = r.first_timestamp;
    l->end = r.end;
    if (r.pos < s->size && !log->suspect) {
        error = cut_active(l, r.pos);
        s->size = (uint32_t)r.pos;
    }
    s->size = (uint32_t)r.pos;
    return error;
}

/* After a clean stop: what the index says, and the few batches behind its last entry. */
static int load_active(struct loader *l, struct log_segment *s)
{
    struct log *log = l->log;
    char path[LOG_PATH_SIZE];
    int error =
        segment_index_load(&log->index, l->in->ops, l->in->fs, l->in->name, s->size ? s->size : 1);
    if (error)
        return error < 0 && error != -ENOENT ? error : walk_active(l, s);
    log_file_path(path, l->in->name, s->base, SEGMENT_TXN_INDEX);
    error = txn_index_load(&log->txns, l->in->ops, l->in->fs, path, UINT32_MAX);
    if (error < 0 && error != -ENOENT)
        return error;
    int64_t indexed;
    uint32_t from = offset_index_lookup(&log->index.offsets, INT64_MAX, &indexed);
    struct log_replay r = {.ops = l->in->ops,
                           .fs = l->in->fs,
                           .dir = l->in->name,
                           .headers_only = true,
                           .index = &log->index,
                           .index_from = log->index.offsets.count ? indexed + 1 : 0};
    error = log_replay_segment(&r, s->base, from, UINT64_MAX, s->base);
    if (error)
        return error;
    if (r.stop != SEGMENT_SCAN_END && from > 0)
        return walk_active(l, s); /* it may be the index that is damaged */
    if (r.stop != SEGMENT_SCAN_END)
        suspect(l, "segment %020lld: %s at byte %llu, offset %lld, after a clean stop",
                (long long)s->base, segment_scan_stop_text(r.stop), (unsigned long long)r.pos,
                (long long)r.end);
    if (from == 0)
        s->first_timestamp = r.first_timestamp;
    l->end = r.end;
    s->size = (uint32_t)r.pos;
    return 0;
}

static int load_last(struct loader *l)
{
    int64_t base = l->listing.bases[SEGMENT_LOG][l->listing.count[SEGMENT_LOG] - 1];
    log_segment_add(l->log, base, 0);
    struct log_segment *s = log_active(l->log);
    int error = segment_stat(l, base, s);
    l->end = base;
    if (error)
        return error;
    return l->in->clean ? load_active(l, s) : walk_active(l, s);
}

/* ---- epochs, producers ---- */

/* What the last clean stop wrote is all there, or there is nothing to write: then the next one need
 * not write it again as long as nothing was done to the log. */
static bool is_as_closed(const struct loader *l)
{
    const struct log_listing *list = &l->listing;
    const struct log *log = l->log;
    size_t snapshots = list->count[SEGMENT_SNAPSHOT];
    if (!l->in->clean || log->suspect || l->rebuilt)
        return false;
    if (log->end == log->segments[0].base)
        return true;
    return snapshots > 0 && list->bases[SEGMENT_SNAPSHOT][snapshots - 1] == log->end;
}

static int load_epochs(struct loader *l)
{
    char why[CHECKPOINT_WHY_SIZE];
    size_t count = l->listing.count[SEGMENT_LOG];
    int error = epoch_cache_load(&l->log->epochs, l->in->ops, l->in->fs, l->in->name, why);
    if (error < 0 && error != -ENOENT)
        return error;
    l->epochs_from = l->walked_from;
    if (error == 0) {
        if (!l->in->clean)
            (void)epoch_cache_truncate_end(&l->log->epochs, l->epochs_from);
        return 0;
    }
    /* No file, or none that can be read: all of it follows from the batches. */
    l->rebuilt |= l->listing.count[SEGMENT_SNAPSHOT] > 0;
    epoch_cache_clear(&l->log->epochs);
    l->epochs_from = INT64_MAX;
    for (size_t i = 0; i < count; i++) {
        struct log_replay r = {.ops = l->in->ops,
                               .fs = l->in->fs,
                               .dir = l->in->name,
                               .headers_only = true,
                               .epochs = &l->log->epochs};
        int64_t base = l->listing.bases[SEGMENT_LOG][i];
        error = log_replay_segment(&r, base, 0, UINT64_MAX, base);
        if (error)
            return error;
    }
    return 0;
}

/* Before the walk: the state where it begins. What follows comes from the batches walked over. */
static int begin_producers(struct loader *l)
{
    struct producer_state *producers = &l->log->producers;
    producer_state_clear(producers, INT64_MAX); /* nothing is followed */
    if (l->walked_from == INT64_MAX)
        return 0;
    return log_replay_producers(producers, l->in->ops, l->in->fs, l->in->name, &l->listing, 0,
                                l->walked_from);
}

static int end_producers(struct loader *l)
{
    struct log *log = l->log;
    if (l->walked_from != INT64_MAX) {
        log->producers.end_offset = log->end;
        return 0;
    }
    return log_replay_producers(&log->producers, l->in->ops, l->in->fs, l->in->name, &l->listing,
                                log->start, log->end);
}

/* ---- the whole ---- */

static int make_first_segment(struct loader *l)
{
    int64_t base = l->in->start > 0 ? l->in->start : 0;
    struct store_file *f;
    int error = store_open(&l->in->dir->store, &l->log->files, base, &f);
    if (error)
        return error;
    store_dirty(f);
    log_segment_add(l->log, base, l->in->ops->mtime_ms(f->file));
    l->end = base;
    if (l->in->required_end > base)
        suspect(l, "its segments are missing; its confirmed end is %lld",
                (long long)l->in->required_end);
    return 0;
}

static int load_segments(struct loader *l)
{
    size_t count = l->listing.count[SEGMENT_LOG];
    if (count == 0)
        return make_first_segment(l);
    int error = 0;
    for (size_t i = 0; i + 1 < count && !error; i++)
        error = load_closed(l, i);
    return error ? error : load_last(l);
}

static void set_offsets(struct loader *l)
{
    struct log *log = l->log;
    int64_t first = log->segments[0].base;
    log->start = l->in->start > first ? l->in->start : first;
    log->end = l->end;
    if (log->start > log->end) {
        suspect(l, "its start %lld lies beyond its end %lld", (long long)log->start,
                (long long)log->end);
        log->start = log->end;
    }
    if (l->in->required_end >= 0 && log->end < l->in->required_end)
        suspect(l, "offsets %lld to %lld are missing: they were confirmed", (long long)log->end,
                (long long)l->in->required_end - 1);
    log->synced_end = log->stored_end = log->end;
    log->stored_segment = log_active(log)->base;
    log->stored_pos = log_active(log)->size;
    int64_t mark = l->in->high_watermark;
    log->high_watermark = mark < log->start ? log->start : mark > log->end ? log->end : mark;
    journal_log_init(&log->journal, log->id, log->end, log->high_watermark);
    log->created_durable = true;
    struct log_files *files = &log->files;
    files->stored_end = log->end;
    files->start = log->start;
    files->first_segment = first;
    files->last_segment = log_active(log)->base;
}

/* Whole segments beyond what was confirmed: an earlier recovery may have made them from rounds that
 * were never synced. The newest first. */
static int unlink_beyond(struct loader *l, enum segment_file kind)
{
    struct log_listing *list = &l->listing;
    int error = 0;
    while (list->count[kind] && list->bases[kind][list->count[kind] - 1] > l->in->required_end &&
           !error) {
        error = log_file_unlink(l->in->ops, l->in->fs, l->in->name,
                                list->bases[kind][--list->count[kind]], kind);
        l->log->files.dir_dirty = true;
    }
    return error;
}

static int remove_beyond(struct loader *l)
{
    int error = 0;
    if (l->in->clean || l->in->required_end < 0 || l->log->suspect)
        return 0;
    for (unsigned kind = 0; kind < SEGMENT_FILES && !error; kind++)
        error = unlink_beyond(l, (enum segment_file)kind);
    return error;
}

/* Whole segments below a start that live rounds state: their removal was not durable yet, and what
 * is in them concerns nobody. The oldest first. The checkpoint's start removes nothing: it was
 * written after the removal was durable, and it has no checksum. */
static int remove_below(struct loader *l)
{
    struct log_listing *list = &l->listing;
    int error = 0;
    ptrdiff_t first = log_listing_find(list, SEGMENT_LOG, l->in->journal_start);
    if (l->log->suspect || first <= 0)
        return 0;
    int64_t base = list->bases[SEGMENT_LOG][first];
    for (unsigned kind = 0; kind < SEGMENT_FILES && !error; kind++) {
        size_t gone = 0;
        while (gone < list->count[kind] && list->bases[kind][gone] < base && !error) {
            error = log_file_unlink(l->in->ops, l->in->fs, l->in->name, list->bases[kind][gone++],
                                    (enum segment_file)kind);
            l->log->files.dir_dirty = true;
        }
        list->count[kind] -= gone;
        if (gone == 0)
            continue;
        memmove(list->bases[kind], list->bases[kind] + gone,
                list->count[kind] * sizeof *list->bases[kind]);
    }
    return error;
}

/* The segment that holds the offset is read, and those behind it. */
static void walk_from(struct loader *l, int64_t offset)
{
    const struct log_listing *list = &l->listing;
    ptrdiff_t at = log_listing_find(list, SEGMENT_LOG, offset);
    int64_t base = list->bases[SEGMENT_LOG][at < 0 ? 0 : at];
    if (base < l->walked_from)
        l->walked_from = base;
}

/* After a clean stop nothing need be read whole; else the active segment and what recovery wrote.
 */
static void choose_walk(struct loader *l)
{
    const struct log_listing *list = &l->listing;
    size_t count = list->count[SEGMENT_LOG];
    l->walked_from = INT64_MAX;
    if (l->in->clean || count == 0)
        return;
    l->walked_from = list->bases[SEGMENT_LOG][count - 1];
    if (l->in->rewritten)
        walk_from(l, l->in->rewritten_segment - (l->in->rewritten_pos ? 0 : 1));
    if (l->in->unsure_from >= 0)
        walk_from(l, l->in->unsure_from);
}

/* A start trusts the file of epochs up to the segment where its walk begins, because a roll has
 * stored it; or that roll was not in place yet, and what it closed is below the log's start. Then
 * the file may be from before a cut, and the first batch tells. Recovery rolls too, when it writes
 * what the journal has across the end of a segment: then it stores it as well, or the next start
 * would miss the epochs that began in between. */
static int store_epochs(struct loader *l)
{
    if (l->in->clean || l->log->suspect || l->walked_from >= log_active(l->log)->base)
        return 0;
    l->log->files.dir_dirty = true;
    return epoch_cache_store(&l->log->epochs, l->in->ops, l->in->fs, l->in->name);
}

static int load(struct loader *l)
{
    int error = log_listing_read(&l->listing, l->in->ops, l->in->fs, l->in->name);
    /* What a process that was killed has renamed or removed looks done, and may not be durable. */
    l->log->files.dir_dirty = l->in->replayed;
    if (!error)
        error = remove_leftovers(l);
    if (!error)
        error = remove_beyond(l);
    if (!error)
        error = read_suspect_file(l);
    if (!error)
        error = remove_below(l);
    choose_walk(l);
    if (!error)
        error = load_epochs(l);
    if (!error)
        error = begin_producers(l);
    if (!error)
        error = load_segments(l);
    if (error)
        return error;
    set_offsets(l);
    (void)epoch_cache_truncate_end(&l->log->epochs, l->log->end);
    (void)epoch_cache_truncate_start(&l->log->epochs, l->log->start);
    error = store_epochs(l);
    if (!error)
        error = end_producers(l);
    l->log->closed_seq = is_as_closed(l) ? 0 : UINT64_MAX;
    return error;
}

/* Damage outlives this process: the next start must not take the log for whole. */
static int write_suspect_file(struct loader *l)
{
    char path[LOG_PATH_SIZE];
    if (!l->log->suspect)
        return 0;
    snprintf(path, sizeof path, "%s/%s", l->in->name, LOG_SUSPECT_FILE);
    return small_file_replace(l->in->ops, l->in->fs, path, l->log->why, strlen(l->log->why));
}

int log_load(const struct log_load *in, struct log **ret)
{
    struct loader l = {.in = in};
    l.log = log_new(in->dir, in->topic, in->id, &in->dir->config.defaults);
    l.log->files.last_segment = INT64_MAX;
    store_list(&in->dir->store, &l.log->files, xstrdup(in->name));
    if (in->suspect)
        suspect(&l, "%s", in->suspect);
    int error = load(&l);
    if (!error)
        error = write_suspect_file(&l);
    log_listing_deinit(&l.listing);
    if (error)
        log_free(l.log);
    else
        *ret = l.log;
    return error;
}
