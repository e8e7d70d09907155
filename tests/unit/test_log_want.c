/* SPDX-License-Identifier: Apache-2.0 */
/* The process has no descriptor left, perhaps because of its clients: nothing is wrong with a log
 * or its disk. And what looks like want and is none: a sync that failed. */
#include <errno.h>

#include "broker/log/log_internal.h"
#include "tests/lib/log_host.h"
#include "tests/lib/suite.h"

static const struct log_host_config config = {.journal_file_size = 512 * 1024, .seed = 11};
static const int wants[] = {EMFILE, ENFILE, ENOMEM};

struct bench {
    struct file_mem *disk;
    struct log_host h;
    struct log *log;
};

/* A log of some segments, all of it in place, nothing of it in the page cache. */
static void bench_init(struct bench *b)
{
    b->disk = file_mem_new(6);
    ck_assert(log_host_start(&b->h, b->disk, &config));
    b->log = log_host_make(&b->h, 1);
    log_host_fill(b->log, 40, 1);
    step_world_run(&b->h.world);
    ck_assert_uint_gt(b->log->segment_count, 3);
    b->h.world.cold = true;
}

static void bench_deinit(struct bench *b)
{
    log_host_kill(&b->h);
    file_mem_free(b->disk);
}

static void want(struct bench *b, int error)
{
    file_mem_fail(b->disk, FILE_MEM_OPEN, ".log", error ? 1 : 0, error ? error : EMFILE, true);
}

struct reader {
    struct log_read read;
    unsigned answers;
};

static void read_done(struct log_read *read)
{
    CONTAINER_OF(read, struct reader, read)->answers++;
}

static void begin_read(struct bench *b, struct reader *r, int64_t offset)
{
    *r = (struct reader){.read = {.offset = offset,
                                  .bound = INT64_MAX,
                                  .size_max = 600,
                                  .first_whole = true,
                                  .done = read_done}};
    ck_assert(!log_read(b->log, &r->read));
    step_world_run(&b->h.world);
}

START_TEST(a_read_waits_for_a_descriptor)
{
    for (unsigned i = 0; i < COUNT_OF(wants); i++) {
        struct bench b;
        struct reader r;
        bench_init(&b);
        want(&b, wants[i]);
        begin_read(&b, &r, 0);
        step_world_advance(&b.h.world, 300);
        ck_assert_uint_eq(r.answers, 0);
        want(&b, 0);
        step_world_advance(&b.h.world, 1000);
        ck_assert_uint_eq(r.answers, 1);
        ck_assert_int_eq(r.read.outcome, LOG_OK);
        ck_assert_uint_gt(r.read.size, 0);
        log_read_reset(&r.read);
        bench_deinit(&b);
    }
}
END_TEST

/* Its reader hears that it may ask again; nothing is condemned. */
START_TEST(a_read_does_not_wait_for_ever)
{
    struct bench b;
    struct reader r;
    bench_init(&b);
    want(&b, EMFILE);
    begin_read(&b, &r, 0);
    step_world_advance(&b.h.world, 10000);
    ck_assert_uint_eq(r.answers, 1);
    ck_assert_int_eq(r.read.outcome, LOG_BUSY);
    ck_assert_ptr_nonnull(strstr(b.h.world.last_line, "cannot be read: Too many open files"));
    ck_assert(!log_is_failed(b.log));
    want(&b, 0);
    begin_read(&b, &r, 0);
    ck_assert_int_eq(r.read.outcome, LOG_OK);
    log_read_reset(&r.read);
    bench_deinit(&b);
}
END_TEST

/* A reader goes away, a log is deleted, while the read waits. */
START_TEST(a_read_that_waits_can_be_dropped)
{
    for (unsigned i = 0; i < 3; i++) {
        struct bench b;
        struct reader r;
        bench_init(&b);
        want(&b, EMFILE);
        begin_read(&b, &r, 0);
        if (i == 0)
            log_read_reset(&r.read);
        if (i == 1)
            log_delete(b.log);
        step_world_advance(&b.h.world, i < 2 ? 10000 : 50);
        ck_assert_uint_eq(r.answers, i == 1 ? 1 : 0);
        if (i == 1)
            ck_assert_int_eq(r.read.outcome, LOG_FAILED);
        bench_deinit(&b); /* in the last turn the process ends meanwhile */
    }
}
END_TEST

/* What is kept open for reads from the page cache is given back to the process. */
START_TEST(a_want_of_descriptors_closes_files_that_are_kept)
{
    struct bench b;
    struct reader r;
    bench_init(&b);
    for (size_t i = 0; i + 1 < b.log->segment_count; i++) {
        begin_read(&b, &r, b.log->segments[i].base);
        log_read_reset(&r.read);
    }
    uint32_t before = b.log->shard->file_count;
    ck_assert_uint_gt(before, 2);
    want(&b, EMFILE);
    begin_read(&b, &r, log_active(b.log)->base);
    ck_assert_uint_lt(b.log->shard->file_count, before);
    step_world_advance(&b.h.world, 10000);
    ck_assert_uint_eq(b.log->shard->file_count, 0);
    ck_assert_int_eq(r.read.outcome, LOG_BUSY);
    bench_deinit(&b);
}
END_TEST

struct time_question {
    struct log_time_query query;
    unsigned answers;
};

static void time_found(struct log_time_query *q)
{
    CONTAINER_OF(q, struct time_question, query)->answers++;
}

START_TEST(a_look_up_by_time_waits_for_a_descriptor)
{
    for (unsigned forever = 0; forever < 2; forever++) {
        struct bench b;
        bench_init(&b);
        struct time_question q = {
            .query = {.timestamp = 1050, .bound = INT64_MAX, .done = time_found}};
        want(&b, ENFILE);
        log_find_time(b.log, &q.query);
        step_world_run(&b.h.world);
        step_world_advance(&b.h.world, 300);
        ck_assert_uint_eq(q.answers, 0);
        if (!forever)
            want(&b, 0);
        step_world_advance(&b.h.world, 10000);
        ck_assert_uint_eq(q.answers, 1);
        ck_assert_int_eq(q.query.outcome, forever ? LOG_BUSY : LOG_OK);
        ck_assert_int_eq(q.query.ret_offset, forever ? -1 : 51);
        bench_deinit(&b);
    }
}
END_TEST

/* A follower that cannot look for the place of a cut must not end: it goes on when it can. */
START_TEST(a_truncation_waits_for_a_descriptor)
{
    for (unsigned i = 0; i < COUNT_OF(wants); i++) {
        struct bench b;
        enum log_outcome outcome;
        bench_init(&b);
        int64_t to = b.log->segments[1].base + 6;
        want(&b, wants[i]);
        log_truncate(b.log, to + 1);
        step_world_run(&b.h.world);
        step_world_advance(&b.h.world, 60000);
        ck_assert(!log_is_failed(b.log) && log_truncating(b.log));
        ck_assert_ptr_nonnull(strstr(b.h.world.last_line, "descriptor"));
        want(&b, 0);
        step_world_advance(&b.h.world, 1000);
        ck_assert(!log_is_failed(b.log) && !log_truncating(b.log));
        ck_assert_int_eq(log_end(b.log), to);
        log_host_fill(b.log, 5, 2);
        step_world_run(&b.h.world);
        struct buf *read = log_host_read(&b.h, b.log, 0, 600, &outcome);
        ck_assert_int_eq(outcome, LOG_OK);
        buf_unref(read);
        ck_assert_int_eq(log_host_stop(&b.h), 0);
        file_mem_free(b.disk);
    }
}
END_TEST

/* A later cut or the log's end makes the one that waits void. */
START_TEST(a_truncation_that_waits_can_be_overtaken)
{
    for (unsigned i = 0; i < 2; i++) {
        struct bench b;
        bench_init(&b);
        want(&b, EMFILE);
        log_truncate(b.log, b.log->segments[1].base + 7);
        step_world_run(&b.h.world);
        if (i == 0)
            log_reset(b.log, 500);
        else
            log_delete(b.log);
        step_world_run(&b.h.world);
        want(&b, 0);
        step_world_advance(&b.h.world, 1000);
        if (i == 0) {
            ck_assert(!log_truncating(b.log));
            ck_assert_int_eq(log_end(b.log), 500);
        }
        bench_deinit(&b);
    }
}
END_TEST

/* The commit lane cannot wait: a round is written, or the directory is dead. It has its files from
 * the start on. */
START_TEST(a_commit_needs_no_descriptor)
{
    struct bench b;
    bench_init(&b);
    for (unsigned clean = 0; clean < 2; clean++) {
        if (clean)
            ck_assert_int_eq(log_host_stop(&b.h), 0);
        else
            log_host_kill(&b.h);
        ck_assert(log_host_start(&b.h, b.disk, &config));
        file_mem_fail(b.disk, FILE_MEM_OPEN, NULL, 1, EMFILE, true);
        b.log = log_host_find(&b.h, log_host_id(1), 0);
        log_host_fill(b.log, 1, 1);
        step_world_run(&b.h.world);
        ck_assert(!log_is_failed(b.log));
        ck_assert_int_eq(log_synced_end(b.log), log_end(b.log));
        file_mem_fail(b.disk, FILE_MEM_OPEN, NULL, 0, EMFILE, false);
        step_world_advance(&b.h.world, 1000);
    }
    bench_deinit(&b);
}
END_TEST

/* A sync that failed is no want, whatever its error: the bytes may count as clean now, and the next
 * sync would say 0 without having written them. */
START_TEST(a_failed_sync_is_not_tried_again)
{
    static const int errors[] = {ENOSPC, EMFILE, ENOMEM, EIO};
    for (unsigned i = 0; i < COUNT_OF(errors); i++) {
        struct bench b;
        bench_init(&b);
        file_mem_fail(b.disk, FILE_MEM_DATASYNC, ".log", 1, errors[i], false);
        for (unsigned k = 0; k < 2000 && !log_is_failed(b.log); k++) {
            struct buf *batch = log_host_batch(k, 3, 100, 1000);
            (void)log_host_append(b.log, batch, 1, NULL);
            buf_unref(batch);
            step_world_run(&b.h.world);
            if (k % 50 == 0)
                step_world_advance(&b.h.world, 200);
        }
        ck_assert(log_is_failed(b.log));
        bench_deinit(&b);
    }
}
END_TEST

SUITE_MAIN("log want", a_read_waits_for_a_descriptor, a_read_does_not_wait_for_ever,
           a_read_that_waits_can_be_dropped, a_want_of_descriptors_closes_files_that_are_kept,
           a_look_up_by_time_waits_for_a_descriptor, a_truncation_waits_for_a_descriptor,
           a_truncation_that_waits_can_be_overtaken, a_commit_needs_no_descriptor,
           a_failed_sync_is_not_tried_again)
