/* SPDX-License-Identifier: Apache-2.0 */
/* A log at its limits: how far is read, what fits, what is kept, cuts that overtake each other. */
#include "broker/log/log_internal.h"
#include "tests/lib/log_host.h"
#include "tests/lib/suite.h"

static const struct log_host_config config = {.journal_file_size = 256 * 1024, .seed = 7};

static void read_is_over(struct log_read *read)
{
    (void)read;
}

/* What lies at or beyond the bound is not committed yet, wherever it is read from. */
START_TEST(nothing_is_read_beyond_the_bound)
{
    struct file_mem *disk = file_mem_new(6);
    struct log_host h;
    ck_assert(log_host_start(&h, disk, &config));
    struct log *log = log_host_make(&h, 1);
    log_host_fill(log, 10, 1);
    for (unsigned stored = 0; stored < 2; stored++) {
        struct log_read read = {.bound = 6, .size_max = 1 << 20, .done = read_is_over};
        if (!log_read(log, &read))
            step_world_run(&h.world);
        ck_assert_int_eq(read.outcome, LOG_OK);
        ck_assert_int_eq(read.end, 6);
        log_read_reset(&read);
        step_world_run(&h.world);
        ck_assert_int_eq(log_stored_end(log), 30);
    }
    log_host_kill(&h);
    file_mem_free(disk);
}
END_TEST

/* A batch whose offsets reach so far that the next one's are too far from the segment's base. */
START_TEST(offsets_too_far_from_the_base_begin_a_segment)
{
    struct file_mem *disk = file_mem_new(6);
    struct log_host h;
    ck_assert(log_host_start(&h, disk, &config));
    struct log *log = log_host_make(&h, 1);
    struct buf *b = log_host_batch(0, 1, 10, 1000);
    store_u32(b->data + RECORD_BATCH_POS_LAST_OFFSET_DELTA, INT32_MAX - 1);
    record_batch_seal(b->data, b->used);
    ck_assert_int_eq(log_host_append(log, b, 1, NULL), LOG_OK);
    buf_unref(b);
    ck_assert_int_eq(log_end(log), INT32_MAX);
    b = log_host_batch(1, 3, 10, 1000);
    ck_assert_int_eq(log_host_append(log, b, 1, NULL), LOG_OK);
    buf_unref(b);
    ck_assert_uint_eq(log->segment_count, 2);
    ck_assert_int_eq(log->segments[1].base, INT32_MAX);
    step_world_run(&h.world);
    enum log_outcome outcome;
    struct buf *read = log_host_read(&h, log, log_end(log) - 1, 1, &outcome);
    ck_assert_int_eq(outcome, LOG_OK);
    buf_unref(read);
    log_host_kill(&h);
    file_mem_free(disk);
}
END_TEST

/* What does not fit is refused before it has an offset, and takes no room from what does. */
START_TEST(a_batch_that_does_not_fit_leaves_room_for_others)
{
    struct file_mem *disk = file_mem_new(6);
    struct log_host h;
    ck_assert(log_host_start(&h, disk, &config));
    struct log *log = log_host_make(&h, 1);
    step_world_run(&h.world);
    struct buf *huge = log_host_batch(0, 1, config.journal_file_size / 4 + 1000, 1000);
    ck_assert_int_eq(log_host_append(log, huge, 1, NULL), LOG_FULL); /* no journal entry holds it */
    struct buf *large = log_host_batch(0, 1, 2000, 1000);
    atomic_store(&h.dir->space, 1000);
    ck_assert_int_eq(log_host_append(log, large, 1, NULL), LOG_FULL);
    ck_assert_int_eq(log_end(log), 0);
    log_host_fill(log, 1, 1);
    buf_unref(huge);
    buf_unref(large);
    log_host_kill(&h);
    file_mem_free(disk);
}
END_TEST

/* Batches without any time are as old as their segment: kept until that is too old. */
START_TEST(records_without_a_time_are_as_old_as_their_segment)
{
    struct file_mem *disk = file_mem_new(6);
    struct log_host h;
    ck_assert(log_host_start(&h, disk, &config));
    struct log *log = log_host_make(&h, 1);
    struct log_config c = log_host_log_config();
    c.retention_ms = 60000;
    log_configure(log, &c);
    struct buf *b = log_host_batch(0, 3, 10, -1);
    ck_assert_int_eq(log_host_append(log, b, 1, NULL), LOG_OK);
    buf_unref(b);
    step_world_run(&h.world);
    log_set_high_watermark(log, 4); /* never beyond the end */
    ck_assert_int_eq(log_high_watermark(log), 3);
    log_retain(log, h.world.wall_ms + 60000);
    ck_assert_int_eq(log_start(log), 0);
    log_retain(log, h.world.wall_ms + 120000);
    ck_assert_int_eq(log_start(log), 3);
    step_world_run(&h.world);
    log_host_kill(&h);
    file_mem_free(disk);
}
END_TEST

/* The place of the first cut is still looked for, or not cut yet, when the second is asked for. */
START_TEST(a_second_truncation_replaces_the_first)
{
    struct file_mem *disk = file_mem_new(6);
    struct log_host h;
    ck_assert(log_host_start(&h, disk, &config));
    struct log *log = log_host_make(&h, 1);
    log_host_fill(log, 40, 1);
    step_world_run(&h.world);
    ck_assert_uint_gt(log->segment_count, 3);
    int64_t base = log->segments[1].base, later = log->segments[2].base;
    step_world_block(&h.world, 0, LANE_READ, true);
    log_truncate(log, log_end(log) - 4);
    log_truncate(log, later + 13);
    step_world_block(&h.world, 0, LANE_READ, false);
    step_world_run(&h.world);
    ck_assert(!log_truncating(log));
    ck_assert_int_eq(log_end(log), later + 12);
    step_world_block(&h.world, 0, LANE_STORE, true);
    log_truncate(log, base + 25);
    step_world_run(&h.world);
    ck_assert_int_eq(log_end(log), base + 24);
    log_truncate(log, base + 19);
    step_world_run(&h.world);
    step_world_block(&h.world, 0, LANE_STORE, false);
    step_world_run(&h.world);
    ck_assert(!log_truncating(log));
    ck_assert_int_eq(log_end(log), base + 18);
    ck_assert_int_eq(log_stored_end(log), base + 18);
    ck_assert_uint_gt(log->index.offsets.count, 2); /* of the segment that is written to again */
    log_host_fill(log, 1, 2);
    step_world_run(&h.world);
    ck_assert_int_eq(log_synced_end(log), base + 21);
    log_host_kill(&h);
    file_mem_free(disk);
}
END_TEST

struct time_question {
    struct log_time_query query;
    unsigned answers;
};

static void query_done(struct log_time_query *q)
{
    CONTAINER_OF(q, struct time_question, query)->answers++;
}

/* The search has read what is then cut: its answer would be an offset that is not there any more.
 */
START_TEST(a_look_up_by_time_begins_anew_after_a_cut)
{
    struct file_mem *disk = file_mem_new(6);
    struct log_host h;
    ck_assert(log_host_start(&h, disk, &config));
    struct log *log = log_host_make(&h, 1);
    log_host_fill(log, 40, 5);
    step_world_run(&h.world);
    struct time_question q = {.query = {.timestamp = 1030, .bound = INT64_MAX, .done = query_done}};
    step_world_block(&h.world, 0, LANE_READ, true);
    log_find_time(log, &q.query);
    log_truncate(log, 12);
    step_world_block(&h.world, 0, LANE_READ, false);
    step_world_run(&h.world);
    ck_assert_int_eq(log_end(log), 12);
    ck_assert_uint_eq(q.answers, 1);
    ck_assert_int_eq(q.query.outcome, LOG_OK);
    ck_assert_int_eq(q.query.ret_offset, -1);
    log_host_kill(&h);
    file_mem_free(disk);
}
END_TEST

SUITE_MAIN("log, limits", nothing_is_read_beyond_the_bound,
           offsets_too_far_from_the_base_begin_a_segment,
           a_batch_that_does_not_fit_leaves_room_for_others,
           records_without_a_time_are_as_old_as_their_segment,
           a_second_truncation_replaces_the_first, a_look_up_by_time_begins_anew_after_a_cut)
