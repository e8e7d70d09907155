/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdlib.h>

#include "broker/log/log_internal.h"
#include "broker/log/log_listing.h"
#include "broker/log/segment_scan.h"
#include "common/memory.h"
#include "proto/record_time.h"

/* Looks for a record by its timestamp: a job reads the files, from the first segment that can hold
 * it, then the appends that are only in memory are looked through. What came into place meanwhile
 * is read by the job again. */

struct time_segment {
    int64_t base;
    uint64_t pos, limit; /* bytes to look through */
    int64_t latest_ms;
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

static int look_through(struct time_search *s, const struct time_segment *segment,
                        const struct file_ops *files, void *fs, bool *ret_over)
{
    char path[LOG_PATH_SIZE];
    struct file *file;
    struct segment_scan scan;
    struct record_batch b;
    uint64_t pos;
    log_file_path(path, s->dir, segment->base, SEGMENT_LOG);
    int error = files->open(fs, path, FILE_READ, &file);
    if (error)
        return error;
    error = segment_scan_init(&scan, file, segment->pos, segment->limit, segment->base);
    file_unref(file);
    if (error)
        return error;
    while (!*ret_over && (error = segment_scan_next(&scan, &b, &pos)) == 0) {
        if (record_batch_last_offset(&b) >= s->from)
            *ret_over = look_at_batch(s->query, &b, JOB_DECOMPRESS_MAX);
    }
    segment_scan_deinit(&scan);
    return error == SEGMENT_SCAN_END ? 0 : error > 0 ? -EBADMSG : error;
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

static void begin_search(struct log *log, struct log_time_query *q, int64_t from);

static void search_home(struct disk_job *job)
{
    struct log_time_query *q = CONTAINER_OF(job, struct log_time_query, job);
    struct time_search *s = q->search;
    struct log *log = s->log;
    bool found = s->query == NULL, again = false;
    int64_t until = s->until, from = log->start;
    if (log->deleted || log->failed) {
        q->outcome = LOG_FAILED;
    } else if (s->cuts != log->cuts || job->error == -ENOENT) {
        q->ret_offset = q->ret_timestamp = q->ret_epoch = -1;
        again = true;
    } else if (job->error) {
        q->outcome = job->error == -EBADMSG ? LOG_CORRUPT : LOG_FAILED;
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
        s->segments[s->segment_count++] = (struct time_segment){
            .base = g->base,
            .limit = g->base == log->stored_segment ? log->stored_pos : g->size,
            .latest_ms = active ? log->index.latest.timestamp_ms : g->latest.timestamp_ms,
        };
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
