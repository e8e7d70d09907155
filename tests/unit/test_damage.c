/* SPDX-License-Identifier: Apache-2.0 */
/* Bits that flipped in files in place, and who finds them. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "broker/log/log_internal.h"
#include "tests/lib/log_host.h"
#include "tests/lib/suite.h"

static const struct log_host_config config = {.journal_file_size = 512 * 1024, .seed = 7};

/* Below the recovery point bytes were synced: damage there is no torn tail. */
START_TEST(a_flipped_bit_in_a_segment_is_found)
{
    static const uint64_t places[] = {70, 500, 1000};
    for (unsigned i = 0; i < COUNT_OF(places); i++) {
        struct file_mem *disk = file_mem_new(5);
        struct log_host h;
        ck_assert(log_host_start(&h, disk, &config));
        struct log *log = log_host_make(&h, 1);
        log_host_fill(log, 6, 1);
        ck_assert_int_eq(log_host_stop(&h), 0);
        ck_assert_int_eq(file_mem_flip(disk, "topic1-0/00000000000000000000.log", places[i], 0x40),
                         0);
        /* After a clean stop nothing is read at the start; a cold read finds it. */
        ck_assert(log_host_start(&h, disk, &config));
        log = log_host_find(&h, log_host_id(1), 0);
        enum log_outcome outcome;
        h.world.cold = true;
        struct buf *read = log_host_read(&h, log, 0, 100000, &outcome);
        ck_assert_ptr_null(read);
        ck_assert_int_eq(outcome, LOG_CORRUPT);
        log_host_kill(&h);
        ck_assert(log_host_start(&h, disk, &config));
        ck_assert(!h.load.clean);
        ck_assert(log_host_found(&h, 1)->suspect);
        log_host_kill(&h);
        file_mem_free(disk);
    }
}
END_TEST

/* In the page cache too: what the kernel read ahead was looked at by nobody. */
START_TEST(a_flipped_bit_is_found_by_the_next_read)
{
    for (unsigned cold = 0; cold < 2; cold++) {
        struct file_mem *disk = file_mem_new(5);
        struct log_host h;
        enum log_outcome outcome;
        ck_assert(log_host_start(&h, disk, &config));
        struct log *log = log_host_make(&h, 1);
        log_host_fill(log, 6, 1);
        step_world_run(&h.world);
        h.world.cold = true; /* the first read opens the file for those that follow */
        struct buf *read = log_host_read(&h, log, 0, 100000, &outcome);
        ck_assert_int_eq(outcome, LOG_OK);
        buf_unref(read);
        h.world.cold = cold == 1;
        ck_assert_int_eq(file_mem_flip(disk, "topic1-0/00000000000000000000.log", 500, 4), 0);
        read = log_host_read(&h, log, 0, 100000, &outcome);
        ck_assert_ptr_null(read);
        ck_assert_int_eq(outcome, LOG_CORRUPT);
        log_host_kill(&h);
        file_mem_free(disk);
    }
}
END_TEST

static void read_at(struct log_host *h, struct log *log, int64_t offset)
{
    enum log_outcome outcome;
    struct record_batch b;
    struct buf *read = log_host_read(h, log, offset, 600, &outcome);
    ck_assert_int_eq(outcome, LOG_OK);
    struct view bytes = {read->data, read->used};
    ck_assert_int_eq(record_batch_next(&bytes, &b), 0);
    ck_assert_int_le(b.base_offset, offset);
    ck_assert_int_gt(record_batch_end_offset(&b), offset);
    buf_unref(read);
}

/* An index that lies about a place costs a longer read and hides nothing, whichever bit it is: that
 * of a closed segment as well as that of the active one. */
START_TEST(a_flipped_bit_in_an_index_hides_nothing)
{
    struct file_mem *disk = file_mem_new(5);
    struct log_host h;
    char path[2][64];
    ck_assert(log_host_start(&h, disk, &config));
    struct log *log = log_host_make(&h, 1);
    while (log->segment_count == 1 || log_active(log)->size < 2000)
        log_host_fill(log, 1, 1);
    int64_t end = log_end(log);
    for (unsigned i = 0; i < 2; i++)
        snprintf(path[i], sizeof path[i], "topic1-0/%020lld.index",
                 (long long)log->segments[i].base);
    ck_assert_int_eq(log_host_stop(&h), 0);
    for (unsigned i = 0; i < 2; i++) {
        uint64_t size = log_host_file_size(disk, path[i]);
        ck_assert_uint_gt(size, 24);
        for (uint64_t bit = 0; bit < size * 8; bit += 3) {
            struct file_mem *copy = file_mem_copy(disk, bit + 1);
            ck_assert_int_eq(file_mem_flip(copy, path[i], bit / 8, (uint8_t)(1u << bit % 8)), 0);
            ck_assert(log_host_start(&h, copy, &config));
            ck_assert(!log_host_found(&h, 1)->suspect);
            log = log_host_find(&h, log_host_id(1), 0);
            ck_assert_int_eq(log_end(log), end);
            h.world.cold = true;
            for (int64_t offset = 0; offset < end; offset += 7)
                read_at(&h, log, offset);
            log_host_kill(&h);
            file_mem_free(copy);
        }
    }
    file_mem_free(disk);
}
END_TEST

static void time_found(struct log_time_query *q)
{
    (void)q;
}

/* The batch at an offset bears the timestamp 1000 + offset. */
static void find_times(struct log_host *h, struct log *log)
{
    for (int64_t offset = 0; offset < log_end(log); offset += 15) {
        struct log_time_query q = {
            .timestamp = 1000 + offset, .bound = INT64_MAX, .done = time_found};
        log_find_time(log, &q);
        step_world_run(&h->world);
        ck_assert_int_eq(q.outcome, LOG_OK);
        ck_assert_int_eq(q.ret_offset, offset);
    }
}

/* Neither does one that lies about a time, or about the place of what a time index names. */
START_TEST(a_flipped_bit_in_an_index_hides_no_time)
{
    static const char *const paths[] = {"topic1-0/00000000000000000000.index",
                                        "topic1-0/00000000000000000000.timeindex"};
    struct file_mem *disk = file_mem_new(5);
    struct log_host h;
    ck_assert(log_host_start(&h, disk, &config));
    struct log *log = log_host_make(&h, 1);
    while (log->segment_count == 1)
        log_host_fill(log, 1, 1);
    ck_assert_int_eq(log_host_stop(&h), 0);
    for (unsigned i = 0; i < 2; i++) {
        /* The last time is that of the whole segment. */
        uint64_t size = log_host_file_size(disk, paths[i]) - (i == 1 ? TIME_INDEX_ENTRY_SIZE : 0);
        ck_assert_uint_gt(size, 24);
        for (uint64_t bit = 0; bit < size * 8; bit += 3) {
            struct file_mem *copy = file_mem_copy(disk, bit + 1);
            ck_assert_int_eq(file_mem_flip(copy, paths[i], bit / 8, (uint8_t)(1u << bit % 8)), 0);
            ck_assert(log_host_start(&h, copy, &config));
            find_times(&h, log_host_find(&h, log_host_id(1), 0));
            log_host_kill(&h);
            file_mem_free(copy);
        }
    }
    file_mem_free(disk);
}
END_TEST

/* A loss of power may bring back the names of segments that retention removed. What is damaged in
 * them is nobody's loss. */
START_TEST(damage_below_the_start_is_no_damage)
{
    static const char first[] = "topic1-0/00000000000000000000.log";
    struct file_mem *disk = file_mem_new(5);
    struct log_host h;
    ck_assert(log_host_start(&h, disk, &config));
    struct log *log = log_host_make(&h, 1);
    while (log->segment_count < 3)
        log_host_fill(log, 1, 1);
    int64_t start = log->segments[1].base, end = log_end(log);
    ck_assert_int_eq(log_host_stop(&h), 0);
    ck_assert(log_host_start(&h, disk, &config)); /* no append is live in the journal */
    log_advance_start(log_host_find(&h, log_host_id(1), 0), start);
    step_world_run(&h.world);
    log_host_kill(&h);
    void *fs = file_mem_mount(disk, "");
    ck_assert_int_eq(file_mem_ops.rename(fs, "topic1-0/00000000000000000000.log.deleted", first),
                     0);
    file_mem_kill(fs);
    ck_assert_int_eq(file_mem_flip(disk, first, 500, 4), 0);
    ck_assert(log_host_start(&h, disk, &config));
    ck_assert(!log_host_found(&h, 1)->suspect);
    log = log_host_find(&h, log_host_id(1), 0);
    ck_assert_int_eq(log_start(log), start);
    ck_assert_int_eq(log_end(log), end);
    ck_assert_int_eq(log->segments[0].base, start);
    log_host_kill(&h);
    fs = file_mem_mount(disk, "");
    ck_assert_int_eq(file_mem_ops.unlink(fs, first), -ENOENT);
    file_mem_kill(fs);
    file_mem_free(disk);
}
END_TEST

/* A process that was killed has removed segments, but not durably. The start after it sees them
 * gone, and must make it so before it forgets why. */
START_TEST(what_retention_removed_stays_away)
{
    for (uint64_t seed = 1; seed <= 10; seed++) {
        struct file_mem *disk = file_mem_new(seed);
        struct log_host h;
        ck_assert(log_host_start(&h, disk, &config));
        struct log *log = log_host_make(&h, 1);
        while (log->segment_count < 4)
            log_host_fill(log, 1, 1);
        int64_t start = log->segments[3].base;
        ck_assert_int_eq(log_host_stop(&h), 0);
        ck_assert(log_host_start(&h, disk, &config));
        log_advance_start(log_host_find(&h, log_host_id(1), 0), start);
        step_world_run(&h.world);
        step_world_advance(&h.world, 120000); /* the files are unlinked */
        step_world_run(&h.world);
        log_host_kill(&h);
        ck_assert(log_host_start(&h, disk, &config));
        log_host_kill(&h);
        file_mem_power_cycle(disk, seed);
        ck_assert(log_host_start(&h, disk, &config));
        log = log_host_find(&h, log_host_id(1), 0);
        ck_assert(!log_host_found(&h, 1)->suspect);
        ck_assert_int_eq(log_start(log), start);
        ck_assert_uint_eq(log->segment_count, 1);
        log_host_kill(&h);
        file_mem_free(disk);
    }
}
END_TEST

/* A checkpoint has no checksum: whatever start it names by a flipped bit, inside the log or beyond
 * its end, no segment is given up for it. */
static void start_with_checkpoint(bool beyond)
{
    struct file_mem *disk = file_mem_new(5);
    struct log_host h;
    struct file *file;
    char text[64];
    ck_assert(log_host_start(&h, disk, &config));
    struct log *log = log_host_make(&h, 1);
    while (log->segment_count < 3)
        log_host_fill(log, 1, 1);
    int64_t start = beyond ? 9000000 : log->segments[1].base + 1;
    ck_assert_int_eq(log_host_stop(&h), 0);
    uint64_t size = log_host_file_size(disk, "topic1-0/00000000000000000000.log");
    ck_assert(log_host_start(&h, disk, &config));
    log_host_fill(log_host_find(&h, log_host_id(1), 0), 1, 1);
    step_world_run(&h.world);
    log_host_kill(&h);
    snprintf(text, sizeof text, "0\n1\ntopic1 0 %lld\n", (long long)start);
    struct iovec iov = {text, strlen(text)};
    void *fs = file_mem_mount(disk, "");
    ck_assert_int_eq(file_mem_ops.open(fs, "log-start-offset-checkpoint", FILE_WRITE, &file), 0);
    ck_assert_int_eq(file_mem_ops.truncate(file, 0), 0);
    ck_assert_int_eq(file_mem_ops.pwritev(file, &iov, 1, 0), 0);
    file_unref(file);
    file_mem_kill(fs);
    ck_assert(log_host_start(&h, disk, &config));
    ck_assert(log_host_found(&h, 1)->suspect == beyond);
    log_host_kill(&h);
    ck_assert_uint_eq(log_host_file_size(disk, "topic1-0/00000000000000000000.log"), size);
    file_mem_free(disk);
}

START_TEST(a_checkpoint_s_start_removes_nothing)
{
    start_with_checkpoint(false);
    start_with_checkpoint(true);
}
END_TEST

struct time_question {
    struct log_time_query query;
    unsigned answers;
};

static void answered(struct log_time_query *q)
{
    CONTAINER_OF(q, struct time_question, query)->answers++;
}

/* Somebody removed a segment's file under the running broker. */
static struct log *start_with_a_file_removed(struct log_host *h, struct file_mem *disk, char *path,
                                             size_t size)
{
    ck_assert(log_host_start(h, disk, &config));
    struct log *log = log_host_make(h, 1);
    log_host_fill(log, 40, 1);
    step_world_run(&h->world);
    h->world.cold = true;
    snprintf(path, size, "topic1-0/%020lld.log", (long long)log->segments[1].base);
    void *fs = file_mem_mount(disk, "");
    ck_assert_int_eq(file_mem_ops.unlink(fs, path), 0);
    file_mem_kill(fs);
    return log;
}

/* Reads of it, by offset and by time, come to an end that says which file it was; what lies in the
 * others is served. */
START_TEST(a_file_that_was_removed_is_named)
{
    struct file_mem *disk = file_mem_new(5);
    struct log_host h;
    char path[64];
    enum log_outcome outcome;
    struct log *log = start_with_a_file_removed(&h, disk, path, sizeof path);
    int64_t base = log->segments[1].base, next = log->segments[2].base;
    for (unsigned max = 0; max < 2; max++) {
        struct time_question q = {
            .query = {.timestamp = 1000 + base, .bound = next, .done = answered}};
        q.query.max_timestamp = max == 1;
        log_find_time(log, &q.query);
        for (unsigned i = 0; i < 1000; i++)
            (void)step_world_step(&h.world);
        ck_assert_uint_eq(q.answers, 1);
        ck_assert_int_eq(q.query.outcome, LOG_MISSING);
        ck_assert_int_eq(q.query.ret_offset, -1);
        ck_assert_ptr_nonnull(strstr(h.world.last_line, path));
    }
    h.world.last_line[0] = 0;
    ck_assert_ptr_null(log_host_read(&h, log, base, 600, &outcome));
    ck_assert_int_eq(outcome, LOG_MISSING);
    ck_assert_ptr_nonnull(strstr(h.world.last_line, path));
    struct buf *read = log_host_read(&h, log, next, 600, &outcome);
    ck_assert_int_eq(outcome, LOG_OK);
    buf_unref(read);
    ck_assert(!log_is_failed(log));
    log_host_kill(&h);
    file_mem_free(disk);
}
END_TEST

/* A follower that is to be cut there has to fetch everything anew: it is not the disk that failed.
 */
START_TEST(a_cut_in_a_file_that_was_removed_is_suspect)
{
    struct file_mem *disk = file_mem_new(5);
    struct log_host h;
    char path[64];
    struct log *log = start_with_a_file_removed(&h, disk, path, sizeof path);
    log_truncate(log, log->segments[1].base + 7);
    step_world_run(&h.world);
    ck_assert(!log_is_failed(log) && log_is_suspect(log));
    ck_assert_ptr_nonnull(strstr(h.world.last_line, path));
    log_reset(log, 0);
    step_world_run(&h.world);
    ck_assert(!log_is_suspect(log) && !log_truncating(log));
    log_host_kill(&h);
    file_mem_free(disk);
}
END_TEST

/* While the place of a cut is looked for, the start moves up to where it will be. */
static void overtake_a_cut(bool in_active)
{
    struct file_mem *disk = file_mem_new(5);
    struct log_host h;
    ck_assert(log_host_start(&h, disk, &config));
    struct log *log = log_host_make(&h, 1);
    log_host_fill(log, 40, 1);
    step_world_run(&h.world);
    int64_t to = (in_active ? log_active(log)->base : log->segments[1].base) + 6;
    ck_assert_int_lt(to, log_end(log));
    step_world_block(&h.world, 0, LANE_READ, true);
    log_truncate(log, to);
    step_world_run(&h.world);
    log_advance_start(log, to);
    step_world_run(&h.world);
    step_world_block(&h.world, 0, LANE_READ, false);
    step_world_run(&h.world);
    ck_assert(!log_is_failed(log) && !log_truncating(log));
    ck_assert_int_eq(log_start(log), to);
    ck_assert_int_eq(log_end(log), to);
    log_host_fill(log, 3, 2);
    step_world_run(&h.world);
    ck_assert_int_eq(log_stored_end(log), to + 9);
    log_host_kill(&h);
    ck_assert(log_host_start(&h, disk, &config));
    ck_assert(!log_host_found(&h, 1)->suspect);
    log_host_kill(&h);
    file_mem_free(disk);
}

START_TEST(a_cut_that_the_start_overtakes_leaves_an_empty_log)
{
    overtake_a_cut(false);
    overtake_a_cut(true);
}
END_TEST

/* Its place is known at once, so the list of segments is cut already when the start moves up. */
START_TEST(a_start_at_the_end_of_a_cut_leaves_an_empty_log)
{
    struct file_mem *disk = file_mem_new(5);
    struct log_host h;
    ck_assert(log_host_start(&h, disk, &config));
    struct log *log = log_host_make(&h, 1);
    step_world_run(&h.world);
    log_host_fill(log, 8, 1);
    log_truncate(log, 21);
    log_truncate(log, 18);
    log_advance_start(log, 18);
    step_world_run(&h.world);
    ck_assert(!log_truncating(log));
    log_host_fill(log, 6, 2);
    step_world_run(&h.world);
    ck_assert_int_eq(log_start(log), 18);
    ck_assert_int_eq(log_stored_end(log), 36);
    log_host_kill(&h);
    file_mem_free(disk);
}
END_TEST

/* What the start leaves is in the journal and in no file yet: that is no file that is missing. */
START_TEST(a_file_that_is_not_made_yet_is_not_missed)
{
    struct file_mem *disk = file_mem_new(5);
    struct log_host h;
    ck_assert(log_host_start(&h, disk, &config));
    struct log *log = log_host_make(&h, 1);
    step_world_run(&h.world);
    step_world_block(&h.world, 0, LANE_STORE, true);
    log_host_fill(log, 40, 1);
    step_world_run(&h.world);
    int64_t start = log->segments[1].base + 3;
    log_advance_start(log, start);
    struct time_question q = {
        .query = {.timestamp = 1001 + start, .bound = INT64_MAX, .done = answered}};
    log_find_time(log, &q.query);
    step_world_run(&h.world);
    ck_assert_uint_eq(q.answers, 1);
    ck_assert_int_eq(q.query.outcome, LOG_OK);
    ck_assert_int_eq(q.query.ret_offset, start + 3);
    log_host_kill(&h);
    file_mem_free(disk);
}
END_TEST

SUITE_MAIN("damage", a_flipped_bit_in_a_segment_is_found, a_flipped_bit_is_found_by_the_next_read,
           a_flipped_bit_in_an_index_hides_nothing, a_flipped_bit_in_an_index_hides_no_time,
           damage_below_the_start_is_no_damage, what_retention_removed_stays_away,
           a_checkpoint_s_start_removes_nothing, a_file_that_was_removed_is_named,
           a_cut_in_a_file_that_was_removed_is_suspect,
           a_cut_that_the_start_overtakes_leaves_an_empty_log,
           a_start_at_the_end_of_a_cut_leaves_an_empty_log,
           a_file_that_is_not_made_yet_is_not_missed)
