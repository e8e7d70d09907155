/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdlib.h>

#include "broker/log/log_internal.h"
#include "broker/log/log_listing.h"
#include "broker/log/segment_scan.h"
#include "common/memory.h"
#include "proto/record_time.h"

/* Looks for a record by its timestamp: a job reads the files, from the first segment that can hold
 * it and there from where its indexes say, then the appends that are only in memory are looked
 * through. What came into place meanwhile is read by the job again. */

/* What the indexes say: the batch that ends at entry.offset is the segment's first with this
 * timestamp, no earlier one has a later record, and a walk from pos comes by it. An index has no
 * checksum: the batch must say the same, or the segment is read from its start. */
struct time_hint {
    bool known;
    struct time_index_entry entry;
    uint32_t pos;
};
struct time_segment {
    int64_t base;
    uint64_t limit; /* bytes to look through */
    int64_t latest_ms;
    bool active;           /* its indexes are in memory only: */
    struct time_hint hint; /* what they say */
};
struct time_search {
    struct shard_job shard_job;
    struct log *log;
    struct log_time_query *query;
    char *dir;
    struct time_segment *segments;
    size_t segment_count;
    uint64_t cuts;
    int64_t from;  /* offsets below it were looked through */
    int64_t until; /* the files' end when the job was begun */
    int64_t at;    /* the segment that is looked through */
};

/* How much of a batch is decompressed for its one record: by a job, which has a thread of its own,
 * and by the shard, for what is not in place yet. Behind it the batch's first offset is told. */
#define JOB_DECOMPRESS_MAX (256u << 20)
#define SHARD_DECOMPRESS_MAX (2u << 20)

static void pick_record(struct log_time_query *q, const struct record_batch *b, int64_t timestamp,
                        uint64_t limit)
{
    q->ret_epoch = b->leader_epoch;
    q->ret_offset = b->base_offset;
    q->ret_timestamp = b->max_timestamp;
    if (b->attributes & RECORD_BATCH_APPEND_TIME)
        return; /* all its records bear the same: the first is the answer, as in Kafka */
    int64_t offset, timestamp_found;
    if (b->bytes.base && record_time_find(b, timestamp, limit, &offset, &timestamp_found) == 0) {
        q->ret_offset = offset;
        q->ret_timestamp = timestamp_found;
    }
}

/* True when the search is over. */
static bool look_at_batch(struct log_time_query *q, const struct record_batch *b, uint64_t limit)
{
    if (b->base_offset >= q->bound)
        return true;
    if (q->max_timestamp) {
        if (b->max_timestamp > q->ret_timestamp)
            pick_record(q, b, b->max_timestamp, limit);
        return false;
    }
    if (b->max_timestamp < q->timestamp)
        return false;
    pick_record(q, b, q->timestamp, limit);
    return true;
}

/* Which timestamp to look up in the indexes of a segment with this latest one. */
static int64_t time_to_hint(const struct log_time_query *q, int64_t latest_ms)
{
    return q->max_timestamp ? latest_ms : q->timestamp;
}

/* ---- from the files ---- */

static int open_file(const struct time_search *s, int64_t base, enum segment_file kind,
                     const struct file_ops *files, void *fs, struct file **ret)
{
    char path[LOG_PATH_SIZE];
    log_file_path(path, s->dir, base, kind);
    return files->open(fs, path, FILE_READ, ret);
}

/* The greatest timestamp at or below this one that the segment's indexes know. */
static struct time_hint read_hint(const struct time_search *s, const struct time_segment *segment,
                                  int64_t timestamp, const struct file_ops *files, void *fs)
{
    struct time_hint hint = {0};
    struct file *times, *offsets;
    if (open_file(s, segment->base, SEGMENT_TIME_INDEX, files, fs, &times) != 0)
        return hint;
    if (open_file(s, segment->base, SEGMENT_INDEX, files, fs, &offsets) == 0) {
        hint.known =
            time_index_find(times, segment->base, timestamp, &hint.entry) == 0 &&
            offset_index_find(offsets, segment->base, hint.entry.offset, &hint.pos, NULL) == 0;
        file_unref(offsets);
    }
    file_unref(times);
    return hint;
}

/* Walks to the batch that the hint speaks of. 0: the scan stands at it, and *ret is it; anything
 * else: the hint is not to be believed. */
static int walk_to_hint(struct segment_scan *scan, const struct time_hint *hint,
                        struct record_batch *ret)
{
    uint64_t pos;
    int error;
    do {
        error = segment_scan_next(scan, ret, &pos);
    } while (!error && record_batch_last_offset(ret) < hint->entry.offset);
    if (error)
        return error;
    return record_batch_last_offset(ret) == hint->entry.offset &&
                   ret->max_timestamp == hint->entry.timestamp_ms
               ? 0
               : -EBADMSG;
}

/* From the hint on, or all of it (NULL). */
static int look_from(struct time_search *s, const struct time_segment *segment, struct file *file,
                     const struct time_hint *hint, bool *ret_over)
{
    struct segment_scan scan;
    struct record_batch b;
    uint64_t pos;
    int error = segment_scan_init(&scan, file, hint ? hint->pos : 0, segment->limit, segment->base);
    if (error)
        return error;
    error = hint ? walk_to_hint(&scan, hint, &b) : segment_scan_next(&scan, &b, &pos);
    bool believed = error == 0;
    while (!error && !*ret_over) {
        if (record_batch_last_offset(&b) >= s->from)
            *ret_over = look_at_batch(s->query, &b, JOB_DECOMPRESS_MAX);
        if (!*ret_over)
            error = segment_scan_next(&scan, &b, &pos);
    }
    segment_scan_deinit(&scan);
    if (hint && !believed)
        return look_from(s, segment, file, NULL, ret_over);
    return error == SEGMENT_SCAN_END ? 0 : error > 0 ? -EBADMSG : error;
}

static int look_through(struct time_search *s, const struct time_segment *segment,
                        const struct file_ops *files, void *fs, bool *ret_over)
{
    const struct log_time_query *q = s->query;
    struct file *file;
    int error = open_file(s, segment->base, SEGMENT_LOG, files, fs, &file);
    if (error)
        return error;
    struct time_hint hint = segment->hint;
    if (!segment->active)
        hint = read_hint(s, segment, time_to_hint(q, segment->latest_ms), files, fs);
    /* The latest record below the bound may stand before the latest of all. */
    bool of_use = hint.known && hint.entry.timestamp_ms >= 0 && hint.pos < segment->limit &&
                  (!q->max_timestamp || hint.entry.offset < q->bound);
    error = look_from(s, segment, file, of_use ? &hint : NULL, ret_over);
    file_unref(file);
    return error;
}

static void run_search(struct disk_job *batch, const struct file_ops *files, void *fs)
{
    for (struct disk_job *job = batch; job; job = job->next) {
        struct log_time_query *q = CONTAINER_OF(job, struct log_time_query, job);
        struct time_search *s = q->search;
        bool over = false;
        job->error = 0;
        for (size_t i = 0; i < s->segment_count && !over && !job->error; i++) {
            int64_t wanted = q->max_timestamp ? q->ret_timestamp + 1 : q->timestamp;
            s->at = s->segments[i].base;
            if (s->segments[i].latest_ms >= wanted)
                job->error = look_through(s, &s->segments[i], files, fs, &over);
        }
        s->query = over && !q->max_timestamp ? NULL : q; /* NULL: found, or beyond the bound */
    }
}

static void search_free(struct shard_job *job)
{
    struct time_search *s = CONTAINER_OF(job, struct time_search, shard_job);
    free(s->segments);
    free(s->dir);
    free(s);
}

/* ---- from memory ---- */

static void look_in_memory(struct log *log, struct log_time_query *q, int64_t from)
{
    for (struct log_op *op = log->op_first; op; op = op->next) {
        struct record_batch b;
        struct view bytes = {op->piece.buf ? piece_bytes(&op->piece) : NULL, op->piece.size};
        if (op->item.entry.kind != JOURNAL_APPEND || op->voided || op->item.entry.end <= from ||
            record_batch_parse_header(bytes, &b) != 0)
            continue;
        if (look_at_batch(q, &b, SHARD_DECOMPRESS_MAX))
            return;
    }
}

/* ---- a search ---- */

static void begin_search(struct log *log, struct log_time_query *q, int64_t from);

static void search_home(struct disk_job *job)
{
    struct log_time_query *q = CONTAINER_OF(job, struct log_time_query, job);
    struct time_search *s = q->search;
    struct log *log = s->log;
    bool found = s->query == NULL, again = false;
    int64_t until = s->until, from = log->start;
    bool wanted = !log->deleted && !log->failed && s->cuts == log->cuts;
    if (file_out_of_descriptors(job->error) && wanted && s->shard_job.tries < JOB_TRIES) {
        dir_shard_job_again(log->shard, &s->shard_job, job);
        return;
    }
    if (log->deleted || log->failed) {
        q->outcome = LOG_FAILED;
    } else if (s->cuts != log->cuts || (job->error == -ENOENT && !log_has_segment(log, s->at))) {
        /* It was cut, or a segment was retained away, meanwhile. */
        q->ret_offset = q->ret_timestamp = q->ret_epoch = -1;
        again = true;
    } else if (job->error) {
        q->ret_offset = q->ret_timestamp = q->ret_epoch = -1;
        q->outcome = log_read_outcome(job->error);
        log_say_unreadable(log, s->at, job->error);
    } else if (!found && until < log->stored_end && until < q->bound) {
        from = until;
        again = true;
    } else if (!found) {
        look_in_memory(log, q, until);
    }
    dir_shard_job_end(&s->shard_job);
    search_free(&s->shard_job);
    if (again)
        begin_search(log, q, from);
    else
        q->done(q);
    log_job_done(log);
}

/* Below the bound, and in place: any earlier entry serves as well, and only costs a longer walk. */
static struct time_hint hint_in_memory(const struct log *log, const struct log_time_query *q)
{
    const struct segment_index *index = &log->index;
    int64_t end = log->stored_end < q->bound ? log->stored_end : q->bound;
    struct time_hint hint = {.known = true};
    hint.entry = time_index_lookup(&index->times, time_to_hint(q, index->latest.timestamp_ms));
    if (hint.entry.offset >= end)
        hint.entry = time_index_lookup_below(&index->times, end);
    hint.pos = offset_index_lookup(&index->offsets, hint.entry.offset, NULL);
    return hint;
}

static void begin_search(struct log *log, struct log_time_query *q, int64_t from)
{
    struct env *env = &log->shard->reactor->env;
    struct time_search *s = xcalloc(1, sizeof *s);
    *s = (struct time_search){.log = log,
                              .query = q,
                              .dir = xasprintf("%s-%d", log->topic, log->id.number),
                              .segments = xcalloc(log->segment_count, sizeof *s->segments),
                              .cuts = log->cuts,
                              .from = from,
                              .until = log->stored_end};
    for (size_t i = log_segment_index(log, from); i < log->segment_count; i++) {
        const struct log_segment *g = &log->segments[i];
        bool active = i + 1 == log->segment_count;
        if (g->base >= log->stored_end)
            break;
        struct time_segment t = {
            .base = g->base,
            .limit = g->base == log->stored_segment ? log->stored_pos : g->size,
            .latest_ms = active ? log->index.latest.timestamp_ms : g->latest.timestamp_ms,
            .active = active,
        };
        if (t.limit == 0)
            continue; /* its file need not be there yet */
        if (active && log->cutting)
            t.latest_ms = INT64_MAX; /* not known until the cut is in place */
        else if (active)
            t.hint = hint_in_memory(log, q);
        s->segments[s->segment_count++] = t;
    }
    q->search = s;
    dir_shard_job_begin(log->shard, &s->shard_job, search_free);
    q->job = (struct disk_job){.run = run_search,
                               .home = search_home,
                               .context = &log->dir->store,
                               .shard = env->shard,
                               .dir = log->dir->config.index,
                               .lane = LANE_READ};
    log->jobs++;
    env->ops->disk(env->world, &q->job);
}

void log_find_time(struct log *log, struct log_time_query *query)
{
    query->outcome = LOG_OK;
    query->ret_offset = query->ret_timestamp = -1;
    query->ret_epoch = -1;
    begin_search(log, query, log->start);
}
