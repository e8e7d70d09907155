/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdlib.h>

#include "broker/log/log_internal.h"
#include "broker/log/segment_name.h"
#include "common/memory.h"

/* Three ways to the bytes: what is not in place yet is in memory (the operations of the log hold
 * it); what is in the page cache is copied from there by the shard; everything else is read by a
 * job on LANE_READ. A read gives whole batches, of one of these ways. Every CRC of what comes from
 * a file is checked, from the page cache too: the kernel reads ahead, so bytes that nobody has
 * looked at yet lie there as well. An index may be damaged like anything else: a place that does
 * not fit is not believed, and the segment is read from its start. */

#define SCAN_STEP 65536u     /* bytes read to find the start */
#define FILES_PER_SHARD 256u /* segment files kept for reads from the page cache */

/* Where a read from files begins and how far it may go. */
struct read_plan {
    int64_t segment;
    uint64_t pos;   /* of a batch at or before the offset */
    uint64_t limit; /* bytes of the segment that count */
    bool indexed;   /* pos is good; else the segment's own index on disk says more */
};

/* What is to be read from one segment's file. */
struct file_read {
    struct read_plan plan;
    struct file *file;
    int64_t offset, bound;
    uint32_t size_max;
    bool first_whole;
};

struct batch_walk {
    const uint8_t *bytes;
    uint32_t have;        /* bytes at hand */
    uint32_t first, size; /* the batches chosen */
    uint32_t next;        /* where the walk stands */
    uint32_t need;        /* a chosen batch needs so many bytes from `next` on; 0: none */
    uint64_t file_pos;    /* of bytes */
    bool at_limit;        /* nothing was chosen up to the segment's end: look at the next one */
    int64_t end;
    enum log_outcome outcome;
};

struct read_job {
    struct disk_job job;
    struct shard_job shard_job;
    struct log *log;
    struct log_read *read; /* NULL: nobody waits for it any more */
    struct file_read what; /* its file: the shard's, or opened by the job, and given to the shard */
    char *path;
    uint64_t cuts;   /* the log's when it began */
    struct buf *buf; /* result: whole batches */
    struct batch_walk w;
};

void log_read_reset(struct log_read *read)
{
    for (unsigned i = 0; i < read->piece_count; i++)
        buf_unref(read->pieces[i].buf);
    read->piece_count = 0;
    read->size = 0;
    struct read_job *rj = read->job;
    if (rj)
        rj->read = NULL;
    read->job = NULL;
}

static void result_reset(struct log_read *read)
{
    read->outcome = LOG_OK;
    read->piece_count = 0;
    read->size = 0;
    read->end = read->offset;
    read->job = NULL;
}

static bool has_room(const struct log_read *read, uint32_t size)
{
    if (read->piece_count == COUNT_OF(read->pieces))
        return false;
    return (uint64_t)read->size + size <= read->size_max || (read->size == 0 && read->first_whole);
}

static void add_piece(struct log_read *read, struct buf *buf, uint64_t pos, uint32_t size,
                      int64_t end)
{
    struct piece *last = read->piece_count ? &read->pieces[read->piece_count - 1] : NULL;
    if (last && last->buf == buf && last->pos + last->size == pos) {
        last->size += size;
    } else {
        read->pieces[read->piece_count++] =
            (struct piece){.buf = buf_ref(buf), .pos = pos, .size = size};
    }
    read->size += size;
    read->end = end;
}

/* ---- from memory ---- */

/* The append that holds the offset, NULL when it is in place already. */
static struct log_op *tail_find(const struct log *log, int64_t offset)
{
    for (struct log_op *op = log->op_last; op; op = op->previous) {
        if (op->item.entry.kind != JOURNAL_APPEND || op->voided)
            continue;
        if (op->item.entry.end <= offset)
            return NULL;
        if (op->item.entry.base <= offset)
            return op;
    }
    return NULL;
}

static void read_tail(struct log_read *read, struct log_op *op)
{
    for (; op; op = op->next) {
        const struct journal_entry *e = &op->item.entry;
        if (e->kind != JOURNAL_APPEND || op->voided)
            continue;
        if (e->base >= read->bound || !has_room(read, op->size))
            return;
        add_piece(read, op->piece.buf, op->piece.pos, op->size, e->end);
    }
}

/* ---- choosing among whole batches in bytes ---- */

/* Goes on until bytes or room end. Bytes below the segment's limit are batches of ours. */
static void walk(struct batch_walk *w, const struct file_read *r)
{
    struct record_batch b;
    w->need = 0;
    while (w->next < w->have) {
        struct view rest = {w->bytes + w->next, w->have - w->next};
        int error = record_batch_parse_header(rest, &b);
        if (error == RECORD_BATCH_SHORT) {
            w->need = RECORD_BATCH_HEADER_SIZE;
            return;
        }
        if (error) {
            w->outcome = LOG_CORRUPT;
            return;
        }
        if (b.base_offset >= r->bound)
            return;
        bool wanted = record_batch_end_offset(&b) > r->offset;
        bool fits = w->size + (uint64_t)b.size <= r->size_max || (w->size == 0 && r->first_whole);
        if (wanted && !fits)
            return;
        if (b.size > rest.size) {
            w->need = b.size;
            return;
        }
        if (wanted && !record_batch_crc_ok(&b)) {
            w->outcome = LOG_CORRUPT;
            return;
        }
        if (wanted && w->size == 0)
            w->first = w->next;
        if (wanted) {
            w->size += b.size;
            w->end = record_batch_end_offset(&b);
        }
        w->next += b.size;
    }
}

typedef int64_t (*read_bytes)(void *context, struct file *file, uint64_t pos, void *to,
                              uint32_t size);

/* Whether the batch at a place that an index gave lies behind the offset that was looked up. */
static bool is_beyond(const struct batch_walk *w, int64_t offset)
{
    struct record_batch b;
    struct view bytes = {w->bytes, w->have};
    return record_batch_parse_header(bytes, &b) == 0 && b.base_offset > offset;
}

/* Reads from the plan's place until the read is satisfied. -EAGAIN from the way to the bytes is
 * passed on. *ret_buf has the chosen batches. */
static int64_t read_file(const struct file_read *r, read_bytes get, void *context,
                         struct batch_walk *w, struct buf **ret_buf)
{
    uint64_t pos = r->plan.pos;
    uint32_t room = r->size_max < SCAN_STEP ? SCAN_STEP : r->size_max + SCAN_STEP;
    struct buf *buf = NULL;
    *w = (struct batch_walk){.end = r->offset};
    for (;;) {
        uint64_t left = r->plan.limit > pos ? r->plan.limit - pos : 0;
        uint32_t size = left < room ? (uint32_t)left : room;
        buf_unref(buf);
        buf = buf_new(NULL, size);
        int64_t n = size ? get(context, r->file, pos, buf->data, size) : 0;
        if (n < 0) {
            buf_unref(buf);
            return n;
        }
        buf->used = (uint32_t)n;
        *w = (struct batch_walk){
            .bytes = buf->data, .have = (uint32_t)n, .file_pos = pos, .end = r->offset};
        walk(w, r);
        if ((uint64_t)n < size || (pos > 0 && pos == r->plan.pos && is_beyond(w, r->offset)))
            w->outcome = LOG_CORRUPT;
        w->at_limit = pos + w->next >= r->plan.limit;
        if (w->size > 0 || w->outcome != LOG_OK || w->at_limit ||
            (w->need == 0 && w->next < w->have))
            break; /* done, the end of what counts, or nothing more is wanted */
        /* Batches before the offset were skipped, or the first is larger than what was read. */
        pos += w->next;
        room = w->need > room ? w->need : room;
        if (w->need > left - w->next) {
            w->outcome = LOG_CORRUPT;
            break;
        }
    }
    *ret_buf = buf;
    return 0;
}

/* ---- planning ---- */

static uint64_t segment_limit(const struct log *log, const struct log_segment *segment)
{
    return segment->base == log->stored_segment ? log->stored_pos : segment->size;
}

static const struct read_hint *find_hint(const struct log *log, int64_t offset, int64_t segment)
{
    for (unsigned i = 0; i < LOG_READ_HINTS; i++)
        if (log->hints[i].offset == offset && log->hints[i].segment == segment)
            return &log->hints[i];
    return NULL;
}

static void plan_read(const struct log *log, const struct log_segment *segment, int64_t offset,
                      struct read_plan *plan)
{
    const struct read_hint *hint = find_hint(log, offset, segment->base);
    *plan = (struct read_plan){.segment = segment->base, .limit = segment_limit(log, segment)};
    if (offset <= segment->base) {
        plan->indexed = true;
    } else if (hint) {
        plan->pos = hint->pos;
        plan->indexed = true;
    } else if (segment->base == log->index.offsets.base_offset) {
        plan->pos = offset_index_lookup(&log->index.offsets, offset, NULL);
        plan->indexed = true;
    }
}

static void keep_hint(struct log *log, const struct read_plan *plan, const struct batch_walk *w)
{
    log->hints[log->hint_next] =
        (struct read_hint){w->end, plan->segment, (uint32_t)(w->file_pos + w->first + w->size)};
    log->hint_next = (log->hint_next + 1) % LOG_READ_HINTS;
}

void log_read_close_files(struct dir_shard *shard, uint32_t kept)
{
    for (struct log *log = shard->log_first; log && shard->file_count > 0; log = log->next) {
        for (size_t i = 0; i < log->segment_count; i++)
            if (shard->file_clock - log->segments[i].file_used >= kept)
                log_segment_drop_file(log, &log->segments[i]);
    }
}

/* The file goes to the segment, for reads from the page cache; those used longest ago go. */
static void keep_file(struct log *log, int64_t base, struct file *file)
{
    struct dir_shard *shard = log->shard;
    struct log_segment *segment = &log->segments[log_segment_index(log, base)];
    if (segment->base != base || segment->file || log->deleted) {
        file_unref(file);
        return;
    }
    unsigned max = shard->dir->config.files_max;
    if (max == 0 || max > FILES_PER_SHARD)
        max = FILES_PER_SHARD;
    if (shard->file_count >= max)
        log_read_close_files(shard, max / 2 + 1);
    segment->file = file;
    segment->file_used = ++shard->file_clock;
    shard->file_count++;
}

/* ---- from the page cache ---- */

static int64_t peek(void *context, struct file *file, uint64_t pos, void *to, uint32_t size)
{
    struct env *env = context;
    return env->ops->file_peek(env->world, file, pos, to, size);
}

static struct file_read file_read_of(const struct log_read *read, int64_t bound,
                                     const struct log_segment *segment,
                                     const struct read_plan *plan)
{
    return (struct file_read){.plan = *plan,
                              .file = segment->file,
                              .offset = read->offset,
                              .bound = bound,
                              .size_max = read->size_max,
                              .first_whole = read->first_whole};
}

static bool read_cache(struct log *log, struct log_read *read, int64_t bound,
                       struct log_segment *segment, const struct read_plan *plan,
                       struct batch_walk *w)
{
    if (!segment->file || !plan->indexed)
        return false;
    struct file_read what = file_read_of(read, bound, segment, plan);
    struct buf *buf;
    segment->file_used = ++log->shard->file_clock;
    if (read_file(&what, peek, &log->shard->reactor->env, w, &buf) < 0)
        return false;
    if (w->outcome == LOG_OK && w->size > 0) {
        add_piece(read, buf, w->first, w->size, w->end);
        keep_hint(log, plan, w);
    }
    buf_unref(buf);
    return w->outcome == LOG_OK; /* else the job looks again */
}

/* ---- by a job ---- */

static int64_t disk_read(void *context, struct file *file, uint64_t pos, void *to, uint32_t size)
{
    (void)context;
    return file->ops->pread(file, to, size, pos);
}

/* The place by the segment's index on disk; the start of the segment where that does not help. */
static void look_up(struct read_job *rj, const struct file_ops *files, void *fs)
{
    char path[512];
    size_t size = strlen(rj->path);
    struct file *index;
    uint32_t pos;
    if (rj->what.plan.indexed || size < 4 || size + 3 >= sizeof path)
        return;
    memcpy(path, rj->path, size - 4);
    memcpy(path + size - 4, ".index", 7);
    if (files->open(fs, path, FILE_READ, &index) != 0)
        return;
    if (offset_index_find(index, rj->what.plan.segment, rj->what.offset, &pos, NULL) == 0 &&
        pos < rj->what.plan.limit)
        rj->what.plan.pos = pos;
    file_unref(index);
}

static void run_read(struct disk_job *batch, const struct file_ops *files, void *fs)
{
    for (struct disk_job *job = batch; job; job = job->next) {
        struct read_job *rj = CONTAINER_OF(job, struct read_job, job);
        job->error = 0;
        if (!rj->what.file)
            job->error = files->open(fs, rj->path, FILE_READ, &rj->what.file);
        if (job->error)
            continue;
        look_up(rj, files, fs);
        job->error = (int)read_file(&rj->what, disk_read, NULL, &rj->w, &rj->buf);
        if (!job->error && rj->w.outcome != LOG_OK && rj->what.plan.pos > 0) {
            rj->what.plan.pos = 0; /* the place may be what is wrong */
            buf_unref(rj->buf);
            rj->buf = NULL;
            job->error = (int)read_file(&rj->what, disk_read, NULL, &rj->w, &rj->buf);
        }
        if (!job->error && rj->w.outcome != LOG_OK)
            job->error = -EBADMSG;
    }
}

static bool read_files(struct log *log, struct log_read *read, size_t index);

/* The segment held nothing from the offset on (compaction leaves gaps): on with the next one. */
static bool read_on(struct log *log, struct log_read *read, int64_t segment)
{
    size_t index = log_segment_index(log, segment) + 1;
    if (index >= log->segment_count || log->segments[index].base >= log->stored_end)
        return true;
    return read_files(log, read, index);
}

enum log_outcome log_read_outcome(int error)
{
    if (file_out_of_descriptors(error))
        return LOG_BUSY;
    if (error == -ENOENT)
        return LOG_MISSING;
    return error == -EBADMSG ? LOG_CORRUPT : LOG_FAILED;
}

bool log_has_segment(const struct log *log, int64_t base)
{
    return log->segments[log_segment_index(log, base)].base == base;
}

void log_say_unreadable(struct log *log, int64_t segment, int error)
{
    struct dir_shard *shard = log->shard;
    char name[SEGMENT_NAME_SIZE];
    segment_name(name, segment, SEGMENT_LOG, SEGMENT_LIVE);
    say_limited(shard->reactor, &shard->say_unreadable, SAY_ERROR, "log",
                "%s/%s-%d/%s cannot be read: %s", shard->dir->path, log->topic, log->id.number,
                name, error == -EBADMSG ? "damaged bytes" : strerror(-error));
}

/* What the job found goes to the reader. False: the read was begun again. */
static bool job_result(struct log *log, struct log_read *read, struct read_job *rj)
{
    result_reset(read);
    if (log->deleted || log->failed) {
        read->outcome = LOG_FAILED;
    } else if (rj->cuts != log->cuts || read->offset < log->start) {
        /* The log was cut meanwhile: what was read may never have been part of it. */
        return log_read(log, read);
    } else if (rj->job.error) {
        read->outcome = log_read_outcome(rj->job.error);
        log_say_unreadable(log, rj->what.plan.segment, rj->job.error);
    } else if (rj->w.size > 0) {
        add_piece(read, rj->buf, rj->w.first, rj->w.size, rj->w.end);
        keep_hint(log, &rj->what.plan, &rj->w);
    } else if (rj->w.at_limit) {
        return read_on(log, read, rj->what.plan.segment);
    }
    return true;
}

static void read_drop(struct shard_job *job)
{
    struct read_job *rj = CONTAINER_OF(job, struct read_job, shard_job);
    file_unref(rj->what.file);
    buf_unref(rj->buf);
    free(rj->path);
    free(rj);
}

static void read_home(struct disk_job *job)
{
    struct read_job *rj = CONTAINER_OF(job, struct read_job, job);
    struct log *log = rj->log;
    bool wanted = rj->read && !log->deleted && !log->failed && rj->cuts == log->cuts;
    if (file_out_of_descriptors(job->error) && wanted && rj->shard_job.tries < JOB_TRIES) {
        dir_shard_job_again(log->shard, &rj->shard_job, job);
        return;
    }
    if (rj->what.file && rj->cuts == log->cuts) {
        keep_file(log, rj->what.plan.segment, rj->what.file);
        rj->what.file = NULL;
    }
    if (rj->read && job_result(log, rj->read, rj))
        rj->read->done(rj->read);
    dir_shard_job_end(&rj->shard_job);
    read_drop(&rj->shard_job);
    log_job_done(log);
}

static void start_job(struct log *log, struct log_read *read, int64_t bound,
                      struct log_segment *segment, const struct read_plan *plan)
{
    struct read_job *rj = xcalloc(1, sizeof *rj);
    struct env *env = &log->shard->reactor->env;
    char name[SEGMENT_NAME_SIZE];
    segment_name(name, segment->base, SEGMENT_LOG, SEGMENT_LIVE);
    *rj = (struct read_job){
        .job = {.run = run_read,
                .home = read_home,
                .context = &log->dir->tail, /* one list of reads a directory */
                .shard = env->shard,
                .dir = log->dir->config.index,
                .lane = LANE_READ},
        .log = log,
        .read = read,
        .what = file_read_of(read, bound, segment, plan),
        .path = xasprintf("%s-%d/%s", log->topic, log->id.number, name),
        .cuts = log->cuts,
    };
    if (segment->file)
        file_ref(segment->file);
    read->job = rj;
    dir_shard_job_begin(log->shard, &rj->shard_job, read_drop);
    log->jobs++;
    env->ops->disk(env->world, &rj->job);
}

static bool read_files(struct log *log, struct log_read *read, size_t index)
{
    /* Files are read only where they are written. */
    int64_t bound = read->bound < log->stored_end ? read->bound : log->stored_end;
    struct log_segment *segment = &log->segments[index];
    struct read_plan plan;
    struct batch_walk w;
    plan_read(log, segment, read->offset, &plan);
    if (!read_cache(log, read, bound, segment, &plan, &w)) {
        start_job(log, read, bound, segment, &plan);
        return false;
    }
    return w.size > 0 || !w.at_limit ? true : read_on(log, read, segment->base);
}

bool log_read(struct log *log, struct log_read *read)
{
    result_reset(read);
    if (log->deleted || log->failed) {
        read->outcome = LOG_FAILED;
        return true;
    }
    if (read->offset < log->start || read->offset > log->end) {
        read->outcome = LOG_OUT_OF_RANGE;
        return true;
    }
    if (read->offset >= log->end || read->offset >= read->bound)
        return true;
    if (read->offset >= log->stored_end) {
        read_tail(read, tail_find(log, read->offset));
        return true;
    }
    return read_files(log, read, log_segment_index(log, read->offset));
}
