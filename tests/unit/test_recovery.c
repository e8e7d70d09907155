/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdlib.h>

#include "broker/log/journal.h"
#include "broker/log/log_internal.h"
#include "tests/lib/log_host.h"
#include "tests/lib/suite.h"

static const struct log_host_config config = {.journal_file_size = 512 * 1024, .seed = 7};

struct heard {
    struct log_observer observer;
    unsigned moved, failed;
    enum log_outcome why;
};
static void on_moved(struct log_observer *o)
{
    CONTAINER_OF(o, struct heard, observer)->moved++;
}
static void on_failed(struct log_observer *o, enum log_outcome why)
{
    struct heard *h = CONTAINER_OF(o, struct heard, observer);
    h->failed++;
    h->why = why;
}
static void listen_to(struct heard *h, struct log *log)
{
    *h = (struct heard){.observer = {on_moved, on_failed}};
    log_observe(log, &h->observer);
}

/* ---- damage ---- */

static const int64_t ends[] = {60, 30, 3};

/* Three logs whose records are in the journal only; the ends of all are confirmed. */
static struct file_mem *journalled(uint64_t *ret_used)
{
    struct file_mem *disk = file_mem_new(11);
    struct log_host h;
    ck_assert(log_host_start(&h, disk, &config));
    step_world_block(&h.world, 0, LANE_STORE, true);
    struct log *logs[3];
    for (uint8_t i = 0; i < 3; i++)
        logs[i] = log_host_make(&h, (uint8_t)(i + 1));
    for (unsigned round = 0; round < 10; round++) {
        log_host_fill(logs[0], 2, 1);
        log_host_fill(logs[1], 1, 1);
        step_world_run(&h.world);
    }
    log_host_fill(logs[2], 1, 1);
    step_world_advance(&h.world, 200);
    for (unsigned i = 0; i < 3; i++)
        ck_assert_int_eq(log_synced_end(logs[i]), ends[i]);
    *ret_used = h.dir->journal.used[h.dir->journal.current];
    log_host_kill(&h);
    return disk;
}

/* One flipped bit anywhere in the journal: every log is whole, or suspect and says why. */
START_TEST(a_flipped_bit_in_the_journal_is_found)
{
    uint64_t used;
    struct file_mem *disk = journalled(&used);
    unsigned suspects = 0;
    for (uint64_t pos = 0; pos < used; pos += 61) {
        struct file_mem *copy = file_mem_copy(disk, pos);
        struct log_host h;
        ck_assert_int_eq(file_mem_flip(copy, journal_file_name(0), pos, 0x10), 0);
        ck_assert_msg(log_host_start(&h, copy, &config), "%s", h.load.message);
        for (uint8_t i = 0; i < 3; i++) {
            const struct log_found *f = log_host_found(&h, (uint8_t)(i + 1));
            if (f && f->suspect) {
                suspects++;
                ck_assert_ptr_nonnull(f->why);
                continue;
            }
            /* The first round made the logs: without it they are missing, which is for the
             * broker's inventory to see. */
            ck_assert(f || pos < 3 * JOURNAL_BLOCK_SIZE);
            if (f)
                ck_assert_int_eq(log_end(f->log), ends[i]);
        }
        log_host_kill(&h);
        file_mem_free(copy);
    }
    ck_assert_uint_gt(suspects, 10);
    file_mem_free(disk);
}
END_TEST

/* Live rounds that hold the end of a segment and the beginning of the next ones, and not the log's
 * making. They are in place too, unsynced: what a loss of power leaves of that is drawn. */
static struct file_mem *journalled_rolls(uint64_t *ret_used, int64_t *ret_end)
{
    struct file_mem *disk = file_mem_new(12);
    struct log_host h;
    ck_assert(log_host_start(&h, disk, &config));
    log_host_fill(log_host_make(&h, 1), 2, 1);
    ck_assert_int_eq(log_host_stop(&h), 0);
    ck_assert(log_host_start(&h, disk, &config));
    struct log *log = log_host_find(&h, log_host_id(1), 0);
    for (unsigned round = 0; round < 6; round++) {
        log_host_fill(log, 15, 1);
        step_world_run(&h.world);
    }
    step_world_advance(&h.world, 200);
    ck_assert_uint_gt(log->segment_count, 3);
    ck_assert_int_eq(log_synced_end(log), log_end(log));
    *ret_end = log_end(log);
    *ret_used = h.dir->journal.used[h.dir->journal.current];
    log_host_kill(&h);
    return disk;
}

static void check_whole(struct log_host *h, struct log *log, int64_t end)
{
    enum log_outcome outcome;
    struct buf *read = log_host_read(h, log, 0, 100000, &outcome);
    ck_assert_int_eq(outcome, LOG_OK);
    struct view rest = {read->data, read->used};
    struct record_batch b;
    int64_t next = 0;
    while (record_batch_next(&rest, &b) == 0) {
        ck_assert_int_eq(b.base_offset, next);
        next = record_batch_end_offset(&b);
    }
    ck_assert_int_eq(next, end);
    buf_unref(read);
}

/* A damaged round may be all that had the end of a segment that later rounds do not speak of. */
START_TEST(a_flipped_bit_in_the_journal_is_found_before_the_last_segment)
{
    uint64_t used;
    int64_t end;
    struct file_mem *disk = journalled_rolls(&used, &end);
    unsigned suspects = 0, whole = 0;
    for (uint64_t i = 0; i < 200; i++) {
        struct file_mem *copy = file_mem_copy(disk, i + 1);
        struct log_host h;
        uint64_t pos = i * 991 % used;
        if (i % 2 == 0) /* the first round is the one that nothing live comes before */
            pos %= 2 * JOURNAL_BLOCK_SIZE;
        file_mem_power_cycle(copy, i + 1);
        ck_assert_int_eq(file_mem_flip(copy, journal_file_name(0), pos, 0x10), 0);
        ck_assert_msg(log_host_start(&h, copy, &config), "%s", h.load.message);
        const struct log_found *f = log_host_found(&h, 1);
        suspects += f && f->suspect;
        if (f && !f->suspect) {
            whole++;
            struct log *log = log_host_find(&h, log_host_id(1), 0);
            ck_assert_int_eq(log_end(log), end);
            check_whole(&h, log, end);
        }
        log_host_kill(&h);
        file_mem_free(copy);
    }
    ck_assert_uint_gt(suspects, 10);
    ck_assert_uint_gt(whole, 0);
    file_mem_free(disk);
}
END_TEST

START_TEST(damage_outlives_restarts_until_the_log_is_reset)
{
    uint64_t used;
    struct file_mem *disk = journalled(&used);
    struct log_host h;
    ck_assert_int_eq(file_mem_flip(disk, journal_file_name(0), 5 * JOURNAL_BLOCK_SIZE + 700, 1), 0);
    for (unsigned start = 0; start < 3; start++) {
        ck_assert(log_host_start(&h, disk, &config));
        ck_assert(log_host_found(&h, 1)->suspect);
        struct log *log = log_host_find(&h, log_host_id(1), 0);
        ck_assert(log_is_suspect(log));
        struct buf *b = log_host_batch(1, 1, 10, 1);
        ck_assert_int_eq(log_host_append(log, b, 9, NULL), LOG_FAILED);
        buf_unref(b);
        if (start == 1)
            ck_assert_int_eq(log_host_stop(&h), 0);
        else
            log_host_kill(&h);
    }
    ck_assert(log_host_start(&h, disk, &config));
    struct log *log = log_host_find(&h, log_host_id(1), 0);
    log_reset(log, 1000);
    step_world_run(&h.world);
    ck_assert(!log_is_suspect(log));
    log_host_fill(log, 2, 9);
    step_world_run(&h.world);
    ck_assert_int_eq(log_synced_end(log), 1006);
    log_host_kill(&h);
    file_mem_power_cycle(disk, 3);
    ck_assert(log_host_start(&h, disk, &config));
    ck_assert_msg(!log_host_found(&h, 1)->suspect, "%s", log_host_found(&h, 1)->why);
    ck_assert_int_eq(log_start(log_host_found(&h, 1)->log), 1000);
    ck_assert_int_eq(log_end(log_host_found(&h, 1)->log), 1006);
    log_host_kill(&h);
    file_mem_free(disk);
}
END_TEST

START_TEST(a_segment_cut_short_is_found)
{
    struct file_mem *disk = file_mem_new(5);
    struct log_host h;
    ck_assert(log_host_start(&h, disk, &config));
    log_host_fill(log_host_make(&h, 1), 6, 1);
    log_host_fill(log_host_make(&h, 2), 6, 1);
    log_host_fill(log_host_make(&h, 3), 6, 1);
    ck_assert_int_eq(log_host_stop(&h), 0);
    uint64_t size = log_host_file_size(disk, "topic3-0/00000000000000000000.log");
    void *fs = file_mem_mount(disk, "");
    struct file *file;
    ck_assert_int_eq(file_mem_ops.open(fs, "topic3-0/00000000000000000000.log", FILE_WRITE, &file),
                     0);
    ck_assert_int_eq(file_mem_ops.truncate(file, size / 6 * 5), 0); /* where a batch ends */
    file_unref(file);
    ck_assert_int_eq(file_mem_ops.open(fs, "topic1-0/00000000000000000000.log", FILE_WRITE, &file),
                     0);
    ck_assert_int_eq(file_mem_ops.truncate(file, 1000), 0);
    file_unref(file);
    ck_assert_int_eq(file_mem_ops.unlink(fs, "topic2-0/00000000000000000000.log"), 0);
    file_mem_kill(fs);
    ck_assert(log_host_start(&h, disk, &config));
    ck_assert(log_host_found(&h, 1)->suspect);
    ck_assert(log_host_found(&h, 2)->suspect);
    ck_assert(log_host_found(&h, 3)->suspect);
    ck_assert_int_eq(log_end(log_host_found(&h, 3)->log), 15);
    log_host_kill(&h);
    file_mem_free(disk);
}
END_TEST

/* ---- failing disks ---- */

/* One refused sync: everything under way fails, every log of the directory hears it, for good. */
static void check_dead(struct log_host *h, struct log **logs, struct heard *heard)
{
    ck_assert(log_dir_is_failed(h->dir));
    for (unsigned i = 0; i < 2; i++) {
        struct buf *b = log_host_batch(1, 1, 10, 1);
        ck_assert_uint_eq(heard[i].failed, 1);
        ck_assert_int_eq(heard[i].why, LOG_FAILED);
        ck_assert(log_is_failed(logs[i]));
        ck_assert_int_eq(log_host_append(logs[i], b, 1, NULL), LOG_FAILED);
        buf_unref(b);
    }
}

START_TEST(a_failed_commit_kills_the_directory)
{
    static const enum file_mem_call calls[] = {FILE_MEM_DATASYNC, FILE_MEM_PWRITEV};
    for (unsigned i = 0; i < COUNT_OF(calls); i++) {
        struct file_mem *disk = file_mem_new(5);
        struct log_host h;
        struct log *logs[2];
        struct heard heard[2];
        ck_assert(log_host_start(&h, disk, &config));
        for (uint8_t l = 0; l < 2; l++) {
            logs[l] = log_host_make(&h, (uint8_t)(l + 1));
            listen_to(&heard[l], logs[l]);
        }
        log_host_fill(logs[0], 5, 1);
        step_world_run(&h.world);
        file_mem_fail(disk, calls[i], "journal", 1, EIO, false);
        log_host_fill(logs[0], 5, 1);
        step_world_run(&h.world);
        ck_assert_int_eq(log_synced_end(logs[0]), 15);
        check_dead(&h, logs, heard);
        log_delete(logs[1]);
        step_world_run(&h.world);
        ck_assert_int_ne(log_host_stop(&h), 0);
        /* What was synced is there; what was not acknowledged may be. */
        file_mem_power_cycle(disk, 17);
        ck_assert(log_host_start(&h, disk, &config));
        ck_assert(!h.load.clean);
        ck_assert(!log_host_found(&h, 1)->suspect);
        ck_assert_int_ge(log_end(log_host_found(&h, 1)->log), 15);
        log_host_kill(&h);
        file_mem_free(disk);
    }
}
END_TEST

START_TEST(a_failed_segment_sync_kills_the_directory)
{
    struct file_mem *disk = file_mem_new(5);
    struct log_host h;
    struct log *logs[2];
    struct heard heard[2];
    ck_assert(log_host_start(&h, disk, &config));
    for (uint8_t l = 0; l < 2; l++) {
        logs[l] = log_host_make(&h, (uint8_t)(l + 1));
        listen_to(&heard[l], logs[l]);
    }
    file_mem_fail(disk, FILE_MEM_DATASYNC, ".log", 1, EIO, false);
    for (unsigned i = 0; i < 500 && !log_dir_is_failed(h.dir); i++) {
        log_host_fill(logs[0], 1, 1);
        step_world_run(&h.world);
    }
    log_host_fill(logs[0], 0, 1);
    step_world_advance(&h.world, 2000);
    ck_assert(log_dir_is_failed(h.dir));
    int64_t synced = log_synced_end(logs[0]);
    struct buf *b = log_host_batch(1, 1, 10, 1);
    ck_assert_int_eq(log_host_append(logs[1], b, 1, NULL), LOG_FAILED);
    buf_unref(b);
    log_host_kill(&h);
    file_mem_power_cycle(disk, 4);
    ck_assert(log_host_start(&h, disk, &config));
    ck_assert_msg(!log_host_found(&h, 1)->suspect, "%s", log_host_found(&h, 1)->why);
    ck_assert_int_ge(log_end(log_host_found(&h, 1)->log), synced);
    log_host_kill(&h);
    file_mem_free(disk);
}
END_TEST

/* A broker has thousands of logs, most of them quiet: a clean stop writes the companions of those
 * that something was done to since the last one. */
START_TEST(a_clean_stop_writes_what_has_changed)
{
    enum {
        LOGS = 20
    };
    struct file_mem *disk = file_mem_new(8);
    struct log_host h;
    uint64_t syncs[4];
    ck_assert(log_host_start(&h, disk, &config));
    for (uint8_t i = 1; i <= 2 * LOGS; i++) {
        struct log *log = log_host_make(&h, i);
        if (i <= LOGS)
            log_host_fill(log, 5, 1);
        step_world_run(&h.world);
    }
    for (unsigned i = 0; i < COUNT_OF(syncs); i++) {
        uint64_t before = file_mem_count(disk, FILE_MEM_DATASYNC);
        ck_assert_int_eq(log_host_stop(&h), 0);
        syncs[i] = file_mem_count(disk, FILE_MEM_DATASYNC) - before;
        ck_assert(log_host_start(&h, disk, &config));
        ck_assert(h.load.clean);
        struct log *third = NULL;
        for (uint8_t k = 1; k <= 2 * LOGS; k++) {
            struct log *log = log_host_find(&h, log_host_id(k), 0);
            ck_assert(log && !log_is_suspect(log));
            ck_assert_int_eq(log_end(log), k > LOGS ? 0 : i >= 2 && k == 3 ? 30 : 15);
            ck_assert_int_eq(log_last_epoch(log), k > LOGS ? -1 : i >= 2 && k == 3 ? 2 : 1);
            third = k == 3 ? log : third;
        }
        if (i == 1)
            log_host_fill(third, 5, 2);
        step_world_run(&h.world);
    }
    ck_assert_uint_eq(log_host_file_size(disk, "topic40-0/00000000000000000000.index"), 0);
    ck_assert_uint_eq(log_host_file_size(disk, "topic40-0/00000000000000000000.timeindex"), 0);
    ck_assert_uint_ge(syncs[0], 4 * LOGS); /* of those with records */
    ck_assert_uint_lt(syncs[0], 8 * LOGS);
    ck_assert_uint_lt(syncs[1], LOGS);
    ck_assert_uint_lt(syncs[2], LOGS);
    ck_assert_uint_gt(syncs[2], syncs[3]);
    log_host_kill(&h);
    file_mem_free(disk);
}
END_TEST

/* The process has no descriptor left, perhaps because of its clients: what is durable in the
 * journal waits, and no directory is given up. */
START_TEST(a_want_of_descriptors_is_waited_for)
{
    struct file_mem *disk = file_mem_new(6);
    struct log_host h;
    struct heard heard;
    ck_assert(log_host_start(&h, disk, &config));
    struct log *log = log_host_make(&h, 1);
    listen_to(&heard, log);
    log_host_fill(log, 5, 1);
    step_world_run(&h.world);
    /* The next log's first file, and everything else that is opened. */
    file_mem_fail(disk, FILE_MEM_OPEN, NULL, 1, EMFILE, true);
    file_mem_fail(disk, FILE_MEM_SYNC_DIR, NULL, 1, EMFILE, true);
    struct log *other = log_host_make(&h, 2);
    log_host_fill(other, 5, 1);
    log_host_fill(log, 5, 1);
    step_world_run(&h.world);
    step_world_advance(&h.world, 1000);
    ck_assert(!log_is_failed(log) && !log_is_failed(other));
    ck_assert_int_eq(log_synced_end(other), 15);
    ck_assert_int_eq(log_stored_end(other), 0);
    file_mem_fail(disk, FILE_MEM_OPEN, NULL, 0, EMFILE, false);
    file_mem_fail(disk, FILE_MEM_SYNC_DIR, NULL, 0, EMFILE, false);
    step_world_advance(&h.world, 1000);
    ck_assert_int_eq(log_stored_end(other), 15);
    ck_assert_int_eq(log_stored_end(log), 30);
    ck_assert_uint_eq(heard.failed, 0);
    log_host_stop(&h);
    file_mem_free(disk);
}
END_TEST

/* A cut that stopped half-way for want of a descriptor is made again from its start. */
START_TEST(a_cut_half_done_is_done_again)
{
    for (uint32_t nth = 1; nth <= 6; nth++) {
        struct file_mem *disk = file_mem_new(6);
        struct log_host h;
        enum log_outcome outcome;
        ck_assert(log_host_start(&h, disk, &config));
        struct log *log = log_host_make(&h, 1);
        log_host_fill(log, 40, 1);
        step_world_run(&h.world);
        ck_assert_uint_gt(log->segment_count, 3);
        int64_t to = log->segments[1].base + 6;
        step_world_block(&h.world, 0, LANE_STORE, true);
        log_truncate(log, to);
        step_world_run(&h.world); /* where to cut is known */
        file_mem_fail(disk, FILE_MEM_OPEN, NULL, nth, EMFILE, true);
        step_world_block(&h.world, 0, LANE_STORE, false);
        step_world_run(&h.world);
        step_world_advance(&h.world, 1000);
        file_mem_fail(disk, FILE_MEM_OPEN, NULL, 0, EMFILE, false);
        step_world_advance(&h.world, 1000);
        ck_assert(!log_is_failed(log));
        ck_assert_int_eq(log_stored_end(log), to);
        log_host_fill(log, 5, 2);
        step_world_run(&h.world);
        struct buf *read = log_host_read(&h, log, 0, 600, &outcome);
        ck_assert_int_eq(outcome, LOG_OK);
        ck_assert_int_eq(log_stored_end(log), to + 15);
        buf_unref(read);
        log_host_stop(&h);
        file_mem_free(disk);
    }
}
END_TEST

/* A refused write of a segment for want of space alone: read-only, tried again, nothing lost. */
START_TEST(a_full_disk_is_waited_for)
{
    struct file_mem *disk = file_mem_new(5);
    struct log_host h;
    struct heard heard;
    ck_assert(log_host_start(&h, disk, &config));
    struct log *log = log_host_make(&h, 1);
    listen_to(&heard, log);
    log_host_fill(log, 5, 1);
    step_world_run(&h.world);
    file_mem_fail(disk, FILE_MEM_PWRITEV, ".log", 1, ENOSPC, true);
    log_host_fill(log, 5, 1);
    step_world_run(&h.world);
    ck_assert_int_eq(log_synced_end(log), 30);
    ck_assert_int_eq(log_stored_end(log), 15);
    ck_assert(!log_is_failed(log));
    enum log_outcome outcome;
    struct buf *read = log_host_read(&h, log, 0, 3000, &outcome);
    ck_assert_ptr_nonnull(read);
    buf_unref(read);
    log_host_fill(log, 5, 1);
    step_world_advance(&h.world, 1000);
    ck_assert_int_eq(log_stored_end(log), 15);
    file_mem_fail(disk, FILE_MEM_PWRITEV, ".log", 0, ENOSPC, false);
    step_world_advance(&h.world, 1000);
    ck_assert_int_eq(log_stored_end(log), 45);
    ck_assert_uint_eq(heard.failed, 0);
    /* A disk that says it is full takes no offset at all. */
    file_mem_set_capacity(disk, 1);
    (void)file_mem_ops.sync_dir(h.world.fs[0], "");
    struct buf *b = log_host_batch(1, 3, 100, 1);
    unsigned full = 0;
    for (unsigned i = 0; i < 5; i++) {
        full += log_host_append(log, b, 1, NULL) == LOG_FULL;
        step_world_run(&h.world);
    }
    ck_assert_uint_ge(full, 4);
    file_mem_set_capacity(disk, 0);
    step_world_advance(&h.world, 1000);
    (void)log_host_append(log, b, 1, NULL);
    step_world_run(&h.world);
    ck_assert_int_eq(log_host_append(log, b, 1, NULL), LOG_OK);
    buf_unref(b);
    log_host_kill(&h);
    file_mem_free(disk);
}
END_TEST

/* More than the journal holds, while nothing gets in place: appends wait for room and none is lost
 * or overtaken. */
START_TEST(appends_wait_for_room_in_the_journal)
{
    struct file_mem *disk = file_mem_new(5);
    struct log_host h;
    ck_assert(log_host_start(&h, disk, &config));
    struct log *log = log_host_make(&h, 1);
    step_world_block(&h.world, 0, LANE_STORE, true);
    for (unsigned i = 0; i < 3000; i++) {
        log_host_fill(log, 1, 1);
        if (i % 3 == 0)
            step_world_run(&h.world);
    }
    step_world_advance(&h.world, 20);
    ck_assert_int_lt(log_synced_end(log), 9000);
    step_world_block(&h.world, 0, LANE_STORE, false);
    step_world_advance(&h.world, 3000);
    ck_assert_int_eq(log_synced_end(log), 9000);
    ck_assert_int_eq(log_stored_end(log), 9000);
    enum log_outcome outcome;
    struct buf *read = log_host_read(&h, log, 0, 100000, &outcome);
    ck_assert_ptr_nonnull(read);
    buf_unref(read);
    log_host_kill(&h);
    file_mem_free(disk);
}
END_TEST

SUITE_MAIN("recovery", a_flipped_bit_in_the_journal_is_found,
           a_flipped_bit_in_the_journal_is_found_before_the_last_segment,
           damage_outlives_restarts_until_the_log_is_reset, a_segment_cut_short_is_found,
           a_failed_commit_kills_the_directory, a_failed_segment_sync_kills_the_directory,
           a_full_disk_is_waited_for, a_clean_stop_writes_what_has_changed,
           a_want_of_descriptors_is_waited_for, a_cut_half_done_is_done_again,
           appends_wait_for_room_in_the_journal)
