/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdlib.h>

#include "broker/log/log_internal.h"
#include "broker/log/log_listing.h"
#include "broker/log/segment_scan.h"
#include "common/memory.h"
#include "common/mutation.h"

/* A truncation. A log is cut at a batch boundary: it is known when the batch is still in memory,
 * otherwise a job on LANE_READ looks for it. Then the shard's view of the log is cut at once, and
 * an entry is queued that makes older entries of the log in the journal void. When the store lane
 * has cut the files, and has said what producers and indexes are at the new end, appends are taken
 * again. */

struct locate_job {
    struct disk_job job;
    struct shard_job shard_job;
    struct log *log;
    char *dir;
    int64_t segment, to;
    uint64_t pos, limit;
    uint64_t cuts;
    int64_t base; /* result: the batch that holds `to` starts here */
};

static void void_ops(struct log *log, int64_t end)
{
    for (struct log_op *op = log->op_first; op; op = op->next)
        if (op->item.entry.kind == JOURNAL_APPEND && op->item.entry.end > end)
            op->voided = true;
}

static void lower(int64_t *offset, int64_t end)
{
    if (*offset > end)
        *offset = end;
}

/* Nothing at or beyond end is the log's any more, in memory (L9). */
static void cut_offsets(struct log *log, int64_t end)
{
    log->end = end;
    lower(&log->synced_end, end);
    lower(&log->high_watermark, end);
    atomic_store_explicit(&log->journal.high_watermark, log->high_watermark, memory_order_relaxed);
    for (unsigned i = 0; i < LOG_READ_HINTS; i++)
        log->hints[i] = (struct read_hint){-1, -1, 0};
}

/* A job that still looks for the place of an earlier cut is void from here on (log->cuts has
 * moved), so only cuts that were queued count as under way. */
static void begin_cut(struct log *log)
{
    log->cuts++;
    log->cutting = 0;
    for (struct log_op *op = log->op_first; op; op = op->next)
        log->cutting += op->cut ? 1 : 0;
}

static struct log_op *cut_op(struct log *log, enum journal_kind kind)
{
    struct log_op *op = log_op_new(log, kind);
    op->cut = xcalloc(1, sizeof *op->cut);
    op->cut->index_size = log->config.segment_index_bytes;
    op->cut->interval_size = log->config.index_interval_bytes;
    op->cut->start = log->start;
    log->cutting++;
    return op;
}

/* Cuts to `end`, a batch boundary at pos of the segment. */
static void cut_at(struct log *log, int64_t end, int64_t segment, uint32_t pos)
{
    size_t index = log_segment_index(log, segment);
    INVARIANT(log->segments[index].base == segment);
    bool was_active = index + 1 == log->segment_count, unsure = log->cutting > 0;
    struct log_op *op = cut_op(log, JOURNAL_TRUNC);
    log->cuts++; /* what was read since the place was looked for is void as well */
    void_ops(log, end);
    cut_offsets(log, end);
    if (log->stored_end > end) {
        log->stored_end = end;
        log->stored_segment = segment;
        log->stored_pos = pos;
    }
    log_segments_drop(log, index + 1, log->segment_count);
    log_active(log)->size = pos;
    op->cut->index_kept = was_active && !unsure;
    if (op->cut->index_kept) {
        segment_index_truncate(&log->index, end);
        txn_index_truncate(&log->txns, end);
        op->cut->scan_from = offset_index_lookup(&log->index.offsets, end, NULL);
    } else {
        segment_index_deinit(&log->index);
        txn_index_deinit(&log->txns);
        segment_index_init(&log->index, segment, log->config.segment_index_bytes,
                           log->config.index_interval_bytes);
        txn_index_init(&log->txns);
    }
    (void)epoch_cache_truncate_end(&log->epochs, end);
    op->item.entry.end = end;
    op->item.entry.segment = segment;
    op->item.entry.pos = pos;
    op->item.entry.epoch = epoch_cache_latest(&log->epochs);
    log_op_submit(op);
}

/* ---- where to cut ---- */

static void run_locate(struct disk_job *batch, const struct file_ops *files, void *fs)
{
    for (struct disk_job *job = batch; job; job = job->next) {
        struct locate_job *l = CONTAINER_OF(job, struct locate_job, job);
        char path[LOG_PATH_SIZE];
        struct file *file;
        struct segment_scan scan;
        struct record_batch b;
        uint64_t pos;
        log_file_path(path, l->dir, l->segment, SEGMENT_LOG);
        job->error = files->open(fs, path, FILE_READ, &file);
        if (job->error)
            continue;
        job->error = segment_scan_init(&scan, file, l->pos, l->limit, l->segment);
        file_unref(file);
        if (job->error)
            continue;
        scan.headers_only = true;
        l->base = l->to;
        while ((job->error = segment_scan_next(&scan, &b, &pos)) == 0) {
            l->pos = pos;
            if (record_batch_end_offset(&b) > l->to) {
                l->base = b.base_offset < l->to ? b.base_offset : l->to;
                break;
            }
            l->pos = pos + b.size;
        }
        if (job->error == SEGMENT_SCAN_END)
            job->error = 0;
        else if (job->error > 0)
            job->error = -EBADMSG;
        segment_scan_deinit(&scan);
    }
}

static void locate_drop(struct shard_job *job)
{
    struct locate_job *l = CONTAINER_OF(job, struct locate_job, shard_job);
    free(l->dir);
    free(l);
}

static void locate_home(struct disk_job *job)
{
    struct locate_job *l = CONTAINER_OF(job, struct locate_job, job);
    struct log *log = l->log;
    bool current = l->cuts == log->cuts && !log->deleted && !log->failed;
    if (current && !log_has_segment(log, l->segment)) {
        /* The start has moved beyond it meanwhile: all that was left is cut or gone. */
        log->cutting--;
        log_reset(log, log->start);
        current = false;
    }
    if (current && file_out_of_descriptors(job->error)) {
        dir_shard_job_again(log->shard, &l->shard_job, job);
        return;
    }
    if (current) {
        log->cutting--;
        if (job->error)
            log_say_unreadable(log, l->segment, job->error);
        if (job->error == -EBADMSG || job->error == -ENOENT) {
            log->suspect = true;
            log_touch(log);
        } else if (job->error) {
            log_fail(log);
        } else if (l->base <= log->start) {
            log_reset(log, log->start);
        } else {
            cut_at(log, l->base, l->segment, (uint32_t)l->pos);
        }
    }
    dir_shard_job_end(&l->shard_job);
    locate_drop(&l->shard_job);
    log_job_done(log);
}

static void locate(struct log *log, int64_t to)
{
    struct log_segment *segment = &log->segments[log_segment_index(log, to)];
    struct locate_job *l = xcalloc(1, sizeof *l);
    struct env *env = &log->shard->reactor->env;
    *l = (struct locate_job){
        .job = {.run = run_locate,
                .home = locate_home,
                .context = &log->dir->journal,
                .shard = env->shard,
                .dir = log->dir->config.index,
                .lane = LANE_READ},
        .log = log,
        .dir = xasprintf("%s-%d", log->topic, log->id.number),
        .segment = segment->base,
        .to = to,
        .limit = segment->base == log->stored_segment ? log->stored_pos : segment->size,
        .cuts = log->cuts,
    };
    if (segment->base == log->index.offsets.base_offset)
        l->pos = offset_index_lookup(&log->index.offsets, to, NULL);
    dir_shard_job_begin(log->shard, &l->shard_job, locate_drop);
    log->cutting++;
    log->jobs++;
    void_ops(log, to);    /* what is on its way to the disk counts no more when it gets there */
    cut_offsets(log, to); /* at least so much goes; the batch boundary may lie below */
    env->ops->disk(env->world, &l->job);
}

/* The append in memory that holds the offset. */
static const struct log_op *find_op(const struct log *log, int64_t to)
{
    for (const struct log_op *op = log->op_first; op; op = op->next) {
        const struct journal_entry *e = &op->item.entry;
        if (e->kind == JOURNAL_APPEND && !op->voided && e->base <= to && e->end > to)
            return op;
    }
    return NULL;
}

void log_truncate(struct log *log, int64_t to)
{
    if (to >= log->end || log->deleted || log->failed)
        return;
    if (to <= log->start) {
        log_reset(log, log->start);
        return;
    }
    begin_cut(log);
    const struct log_op *op = find_op(log, to);
    if (op && op->item.entry.base < log->start)
        log_reset(log, log->start); /* the start lies inside of that batch: nothing is left */
    else if (op)
        cut_at(log, op->item.entry.base, op->item.entry.segment, op->item.entry.pos);
    else if (to == log->stored_end)
        cut_at(log, to, log->stored_segment, log->stored_pos);
    else
        locate(log, to);
}

void log_reset(struct log *log, int64_t to)
{
    if (log->deleted || log->failed)
        return;
    begin_cut(log);
    struct log_op *op = cut_op(log, JOURNAL_RESET);
    op->item.entry.start = to;
    op->cut->start = to;
    op->cut->index_kept = true;
    for (struct log_op *old = log->op_first; old; old = old->next)
        old->voided = true;
    log_segments_drop(log, 0, log->segment_count);
    segment_index_deinit(&log->index);
    txn_index_deinit(&log->txns);
    epoch_cache_clear(&log->epochs);
    log->start = log->end = log->synced_end = log->stored_end = log->high_watermark = to;
    log->stored_segment = to;
    log->stored_pos = 0;
    cut_offsets(log, to);
    log_segment_add(log, to, dir_shard_wall_ms(log->shard));
    log_op_submit(op);
}

/* ---- the store lane has done it ---- */

void log_cut_stored(struct log *log, struct log_op *op)
{
    struct log_cut *cut = op->cut;
    INVARIANT(log->cutting > 0);
    log->cutting--;
    if (log->cutting > 0)
        return; /* a later cut gives the state */
    if (op->item.entry.kind == JOURNAL_RESET) {
        log->suspect = false;
        free(log->why);
        log->why = NULL;
    }
    if (cut->index_kept) {
        if (cut->latest.timestamp_ms > log->index.latest.timestamp_ms)
            log->index.latest = cut->latest;
    } else {
        segment_index_deinit(&log->index);
        log->index = cut->index;
        cut->index = (struct segment_index){0};
        txn_index_deinit(&log->txns);
        log->txns = cut->txns;
        cut->txns = (struct txn_index){0};
    }
    if (!mutated(log->dir->config.mutation, MUTATION_KEEP_CUT_PRODUCERS)) {
        producer_state_deinit(&log->producers);
        log->producers = cut->producers;
        producer_state_init(&cut->producers, 1);
    }
    open_txns_advance(&log->producers.txns, log->high_watermark);
}
