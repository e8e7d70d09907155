/* SPDX-License-Identifier: Apache-2.0 */
/* Files that were written before something was cut, reset, or made again, and that a start after a
 * crash must not believe. */
#include <errno.h>

#include "broker/log/log_internal.h"
#include "tests/lib/log_host.h"
#include "tests/lib/suite.h"

static const struct log_host_config config = {.journal_file_size = 512 * 1024, .seed = 7};

static void roll(struct log_host *h, struct log *log, int32_t epoch)
{
    for (size_t count = log->segment_count; log->segment_count == count;)
        log_host_fill(log, 1, epoch);
    step_world_run(&h->world);
}

/* Until the journal holds nothing more of what was done to other logs before. */
static void let_the_journal_forget(struct log_host *h, struct log *other)
{
    while (log_end(other) < 15000) {
        log_host_fill(other, 3, 8);
        step_world_run(&h->world);
    }
    step_world_advance(&h->world, 10000);
}

/* The list of epochs that a roll writes is believed by a start: one from before must not stay. */
static void check_epochs_after_a_roll(int error, bool sticky)
{
    struct file_mem *disk = file_mem_new(6);
    struct log_host h;
    ck_assert(log_host_start(&h, disk, &config));
    struct log *log = log_host_make(&h, 1), *other = log_host_make(&h, 2);
    roll(&h, log, 5);
    log_host_fill(log, 2, 6);
    step_world_run(&h.world);
    file_mem_fail(disk, FILE_MEM_OPEN, "leader-epoch", 1, error, sticky);
    roll(&h, log, 7);
    step_world_advance(&h.world, 2000);
    file_mem_fail(disk, FILE_MEM_OPEN, NULL, 0, error, false);
    step_world_advance(&h.world, 2000);
    ck_assert(!log_is_failed(log));
    int32_t epoch_before, epoch;
    int64_t end_before, end;
    log_epoch_end(log, 6, &epoch_before, &end_before);
    let_the_journal_forget(&h, other);
    log_host_kill(&h);
    ck_assert(log_host_start(&h, disk, &config));
    log = log_host_find(&h, log_host_id(1), 0);
    log_epoch_end(log, 6, &epoch, &end);
    ck_assert_int_eq(epoch_before, 6);
    ck_assert_int_eq(epoch, 6);
    ck_assert_int_eq(end, end_before);
    log_host_kill(&h);
    file_mem_free(disk);
}

START_TEST(a_roll_that_cannot_write_its_epochs_leaves_no_old_ones)
{
    check_epochs_after_a_roll(EMFILE, false);
    check_epochs_after_a_roll(EMFILE, true);
    check_epochs_after_a_roll(EACCES, false);
}
END_TEST

/* The list is from before a cut, the roll that would have stored another was not in place when the
 * power went, and all that it closed is below the start: only the first batch left tells. */
START_TEST(a_start_beyond_a_cut_leaves_no_old_epochs)
{
    struct file_mem *disk = file_mem_new(6);
    struct log_host h;
    ck_assert(log_host_start(&h, disk, &config));
    struct log *log = log_host_make(&h, 1);
    log_host_fill(log, 1, 1);
    log_host_fill(log, 2, 5);
    step_world_run(&h.world);
    ck_assert_int_eq(log_host_stop(&h), 0); /* the list is written */
    ck_assert(log_host_start(&h, disk, &config));
    log = log_host_find(&h, log_host_id(1), 0);
    log_truncate(log, 3);
    step_world_run(&h.world);
    step_world_block(&h.world, 0, LANE_STORE, true);
    log_host_fill(log, 2, 2);
    for (size_t count = log->segment_count; log->segment_count == count;)
        log_host_fill(log, 1, 3);
    log_host_fill(log, 2, 4);
    log_set_high_watermark(log, log_end(log));
    int64_t start = log_active(log)->base;
    log_advance_start(log, start);
    step_world_run(&h.world);
    log_host_kill(&h);
    ck_assert(log_host_start(&h, disk, &config));
    log = log_host_find(&h, log_host_id(1), 0);
    ck_assert_int_eq(log_start(log), start);
    ck_assert_int_eq(log_last_epoch(log), 4);
    ck_assert_int_eq(log_epoch_at(log, start), 3);
    log_host_kill(&h);
    file_mem_free(disk);
}
END_TEST

static struct log *make_named(struct log_host *h, uint8_t topic)
{
    struct log_config c = log_host_log_config();
    return log_create(h->dir, step_world_reactor(&h->world, 0), VIEW_LITERAL("again"),
                      log_host_id(topic), 0, &c);
}

/* A topic is deleted and made again while the old log cannot be placed. When it can, it does not
 * push the new one of its name aside. */
START_TEST(a_log_waits_for_an_older_one_of_its_name)
{
    struct file_mem *disk = file_mem_new(6);
    struct log_host h;
    ck_assert(log_host_start(&h, disk, &config));
    file_mem_fail(disk, FILE_MEM_OPEN, "partition.metadata", 1, EMFILE, false);
    struct log *old = make_named(&h, 1), *other = log_host_make(&h, 3);
    step_world_run(&h.world);
    log_delete(old);
    struct log *log = make_named(&h, 2);
    step_world_run(&h.world);
    log_host_fill(log, 2, 1);
    step_world_advance(&h.world, 2000);
    let_the_journal_forget(&h, other);
    log_host_kill(&h);
    ck_assert(log_host_start(&h, disk, &config));
    ck_assert_ptr_null(log_host_find(&h, log_host_id(1), 0));
    log = log_host_find(&h, log_host_id(2), 0);
    ck_assert_ptr_nonnull(log);
    ck_assert_int_eq(log_end(log), 6);
    log_host_kill(&h);
    file_mem_free(disk);
}
END_TEST

/* What a log had before a reset is not in its list of epochs after the next start: what its leader
 * has from the new start on may be of an earlier epoch than what it had itself. */
START_TEST(a_reset_leaves_no_old_epochs)
{
    struct file_mem *disk = file_mem_new(6);
    struct log_host h;
    ck_assert(log_host_start(&h, disk, &config));
    struct log *log = log_host_make(&h, 1), *other = log_host_make(&h, 2);
    roll(&h, log, 5);
    log_host_fill(log, 2, 7);
    step_world_run(&h.world);
    ck_assert_int_eq(log_host_stop(&h), 0); /* the list is written */
    ck_assert(log_host_start(&h, disk, &config));
    log = log_host_find(&h, log_host_id(1), 0);
    other = log_host_find(&h, log_host_id(2), 0);
    log_reset(log, 1000);
    step_world_advance(&h.world, 1000);
    log_host_fill(log, 2, 6);
    log_host_fill(log, 2, 8);
    let_the_journal_forget(&h, other);
    log_host_kill(&h);
    ck_assert(log_host_start(&h, disk, &config));
    log = log_host_find(&h, log_host_id(1), 0);
    int32_t epoch;
    int64_t end;
    ck_assert_int_eq(log_start(log), 1000);
    log_epoch_end(log, 6, &epoch, &end);
    ck_assert_int_eq(epoch, 6);
    ck_assert_int_eq(end, 1006);
    log_host_kill(&h);
    file_mem_free(disk);
}
END_TEST

SUITE_MAIN("recovery, old files", a_roll_that_cannot_write_its_epochs_leaves_no_old_ones,
           a_reset_leaves_no_old_epochs, a_start_beyond_a_cut_leaves_no_old_epochs,
           a_log_waits_for_an_older_one_of_its_name)
