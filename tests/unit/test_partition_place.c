/* SPDX-License-Identifier: Apache-2.0 */
/* Directories of partitions: made, found again, moved aside when they are another topic's. */
#include <errno.h>

#include "broker/log/log_listing.h"
#include "broker/log/partition_metadata.h"
#include "broker/log/partition_place.h"
#include "broker/log/small_file.h"
#include "tests/lib/file_mem.h"
#include "tests/lib/suite.h"

static const struct partition_id ours = {{{1}}, 3}, others = {{{2}}, 3};
static struct file_mem *disk;
static void *fs;
static char name[PARTITION_DIR_NAME_SIZE], aside[PARTITION_DIR_NAME_SIZE];

static void open_disk(void)
{
    disk = file_mem_new(1);
    fs = file_mem_mount(disk, "");
}

static int place(struct partition_id id)
{
    return partition_place(&file_mem_ops, fs, "orders", id, name, aside);
}

static struct uuid owner_of(const char *dir)
{
    struct uuid id;
    ck_assert_int_eq(partition_metadata_load(&file_mem_ops, fs, dir, &id), 0);
    return id;
}

START_TEST(a_directory_is_made_with_its_topic_id_and_found_again)
{
    open_disk();
    ck_assert_int_eq(place(ours), 0);
    ck_assert_str_eq(name, "orders-3");
    ck_assert_str_eq(aside, "");
    ck_assert(uuid_equal(owner_of("orders-3"), ours.topic));
    ck_assert_int_eq(small_file_write(&file_mem_ops, fs, "orders-3/x", "1", 1), 0);
    ck_assert_int_eq(place(ours), 0);
    ck_assert_str_eq(aside, "");
    struct file *file; /* what was in it is still there */
    ck_assert_int_eq(file_mem_ops.open(fs, "orders-3/x", FILE_READ, &file), 0);
    file_unref(file);
    file_mem_free(disk);
}
END_TEST

START_TEST(another_topics_directory_is_moved_aside_not_reused)
{
    open_disk();
    ck_assert_int_eq(place(others), 0);
    ck_assert_int_eq(place(ours), 0);
    ck_assert_str_eq(aside, "orders-3.02000000000000000000000000000000-stray");
    ck_assert(uuid_equal(owner_of(aside), others.topic));
    ck_assert(uuid_equal(owner_of("orders-3"), ours.topic));
    file_mem_free(disk);
}
END_TEST

/* A process was killed between the directory and its partition.metadata. */
START_TEST(a_directory_without_a_topic_id_is_moved_aside)
{
    open_disk();
    ck_assert_int_eq(file_mem_ops.mkdir(fs, "orders-3"), 0);
    ck_assert_int_eq(place(ours), 0);
    ck_assert_str_eq(aside, "orders-3.00000000000000000000000000000000-stray");
    ck_assert(uuid_equal(owner_of("orders-3"), ours.topic));
    file_mem_free(disk);
}
END_TEST

START_TEST(a_name_that_is_taken_is_counted_up)
{
    open_disk();
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(place(ours), 0);
        ck_assert_int_eq(partition_set_aside(&file_mem_ops, fs, "orders-3", "orders", 3,
                                             PARTITION_DIR_DELETE, ours.topic, aside),
                         0);
        ck_assert_int_eq(aside[sizeof "orders-3." - 1 + 31], '0' + i);
    }
    ck_assert_str_eq(aside, "orders-3.01000000000000000000000000000002-delete");
    file_mem_free(disk);
}
END_TEST

START_TEST(errors_of_the_disk_are_passed_on)
{
    open_disk();
    file_mem_fail(disk, FILE_MEM_MKDIR, NULL, 1, EIO, false);
    ck_assert_int_eq(place(ours), -EIO);
    ck_assert_int_eq(place(others), 0);
    file_mem_fail(disk, FILE_MEM_RENAME, NULL, 1, EIO, false);
    ck_assert_int_eq(place(ours), -EIO);
    ck_assert(uuid_equal(owner_of("orders-3"), others.topic)); /* it stays where it was */
    ck_assert_int_eq(partition_set_aside(&file_mem_ops, fs, "none-0", "none", 0,
                                         PARTITION_DIR_STRAY, ours.topic, aside),
                     -ENOENT);
    file_mem_free(disk);
}
END_TEST

/* ---- what such a directory holds ---- */

static void touch(const char *path)
{
    ck_assert_int_eq(small_file_write(&file_mem_ops, fs, path, "", 0), 0);
}

START_TEST(a_listing_sorts_files_by_kind_and_offset)
{
    struct log_listing l;
    open_disk();
    ck_assert_int_eq(log_listing_read(&l, &file_mem_ops, fs, "orders-3"), -ENOENT);
    ck_assert_int_eq(place(ours), 0);
    touch("orders-3/00000000000000000200.log");
    touch("orders-3/00000000000000000100.log");
    touch("orders-3/00000000000000000100.index");
    touch("orders-3/00000000000000000000.log.deleted");
    touch("orders-3/leader-epoch-checkpoint");
    ck_assert_int_eq(log_listing_read(&l, &file_mem_ops, fs, "orders-3"), 0);
    ck_assert_uint_eq(l.count[SEGMENT_LOG], 2);
    ck_assert_int_eq(l.bases[SEGMENT_LOG][0], 100);
    ck_assert_int_eq(l.bases[SEGMENT_LOG][1], 200);
    ck_assert_uint_eq(l.count[SEGMENT_INDEX], 1);
    ck_assert_uint_eq(l.count[SEGMENT_SNAPSHOT], 0);
    ck_assert_uint_eq(l.leftover_count, 1);
    ck_assert_str_eq(l.leftovers[0], "00000000000000000000.log.deleted");
    ck_assert_int_eq(log_listing_find(&l, SEGMENT_LOG, 99), -1);
    ck_assert_int_eq(log_listing_find(&l, SEGMENT_LOG, 100), 0);
    ck_assert_int_eq(log_listing_find(&l, SEGMENT_LOG, 199), 0);
    ck_assert_int_eq(log_listing_find(&l, SEGMENT_LOG, INT64_MAX), 1);
    ck_assert_int_eq(log_listing_find(&l, SEGMENT_SNAPSHOT, 5), -1);
    log_listing_deinit(&l);
    file_mem_free(disk);
}
END_TEST

START_TEST(a_file_that_is_gone_counts_as_unlinked)
{
    open_disk();
    ck_assert_int_eq(place(ours), 0);
    touch("orders-3/00000000000000000100.log");
    ck_assert_int_eq(log_file_unlink(&file_mem_ops, fs, "orders-3", 100, SEGMENT_LOG), 0);
    ck_assert_int_eq(log_file_unlink(&file_mem_ops, fs, "orders-3", 100, SEGMENT_LOG), 0);
    touch("orders-3/00000000000000000100.log");
    file_mem_fail(disk, FILE_MEM_UNLINK, NULL, 1, EIO, false);
    ck_assert_int_eq(log_file_unlink(&file_mem_ops, fs, "orders-3", 100, SEGMENT_LOG), -EIO);
    file_mem_free(disk);
}
END_TEST

SUITE_MAIN("partition place", a_directory_is_made_with_its_topic_id_and_found_again,
           another_topics_directory_is_moved_aside_not_reused,
           a_directory_without_a_topic_id_is_moved_aside, a_name_that_is_taken_is_counted_up,
           errors_of_the_disk_are_passed_on, a_listing_sorts_files_by_kind_and_offset,
           a_file_that_is_gone_counts_as_unlinked)
