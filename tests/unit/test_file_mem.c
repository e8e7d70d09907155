/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "tests/lib/mem_bench.h"
#include "tests/lib/suite.h"

/* The model of a disk keeps its own promises: what is synced stays, what is not may go in any
 * subset. */

static const struct file_ops *const ops = &file_mem_ops;

START_TEST(reads_what_was_written)
{
    struct file *file = mem_bench_open("a", FILE_WRITE | FILE_CREATE);
    struct iovec iov[] = {
        {(void *)(uintptr_t) "one", 3}, {NULL, 0}, {(void *)(uintptr_t) "two", 3}};
    ck_assert_int_eq(ops->pwritev(file, iov, 3, 700), 0);
    ck_assert_int_eq(ops->size(file), 706);
    char bytes[16] = {1};
    ck_assert_int_eq(ops->pread(file, bytes, 16, 699), 7);
    ck_assert_mem_eq(bytes, "\0onetwo", 7);
    ck_assert_int_eq(ops->pread(file, bytes, 16, 706), 0);
    ck_assert_int_eq(ops->truncate(file, 702), 0);
    ck_assert_int_eq(ops->truncate(file, 710), 0);
    ck_assert_int_eq(ops->pread(file, bytes, 16, 700), 10);
    ck_assert_mem_eq(bytes, "on\0\0\0\0\0\0\0\0", 10);
    file_unref(file);
    file = mem_bench_open("a", FILE_READ);
    ck_assert_int_eq(mem_bench_write(file, "x", 1, 0), -EBADF);
    file_unref(file);
}
END_TEST

START_TEST(names_behave_as_on_a_posix_system)
{
    struct file *file;
    ck_assert_int_eq(ops->open(mem_bench.fs, "none", FILE_WRITE, &file), -ENOENT);
    ck_assert_int_eq(ops->open(mem_bench.fs, "none/x", FILE_WRITE | FILE_CREATE, &file), -ENOENT);
    ck_assert_int_eq(ops->mkdir(mem_bench.fs, "d"), 0);
    ck_assert_int_eq(ops->mkdir(mem_bench.fs, "d"), -EEXIST);
    mem_bench_make("d/x", "1", 1);
    ck_assert_int_eq(
        ops->open(mem_bench.fs, "d/x", FILE_WRITE | FILE_CREATE | FILE_EXCLUSIVE, &file), -EEXIST);
    ck_assert_int_eq(ops->open(mem_bench.fs, "d/x/y", FILE_READ, &file), -ENOTDIR);
    ck_assert_int_eq(ops->open(mem_bench.fs, "d", FILE_READ, &file), -EISDIR);
    ck_assert_int_eq(ops->rmdir(mem_bench.fs, "d"), -ENOTEMPTY);
    ck_assert_int_eq(ops->unlink(mem_bench.fs, "d"), -EISDIR);
    ck_assert_int_eq(ops->rmdir(mem_bench.fs, "d/x"), -ENOTDIR);
    mem_bench_make("y", "2", 1);
    ck_assert_int_eq(ops->rename(mem_bench.fs, "y", "d/x"), 0);
    EXPECT("d/x", "2");
    EXPECT("y", "-");
    ck_assert_int_eq(ops->rename(mem_bench.fs, "d", "d/z"), -EINVAL);
    ck_assert_int_eq(ops->rename(mem_bench.fs, "d", "e"), 0);
    EXPECT("e/x", "2");
    ck_assert_int_eq(ops->unlink(mem_bench.fs, "e/x"), 0);
    ck_assert_int_eq(ops->rmdir(mem_bench.fs, "e"), 0);
    ck_assert_int_eq(ops->unlink(mem_bench.fs, "e"), -ENOENT);
    char name[300];
    memset(name, 'n', sizeof name);
    name[255] = 0;
    mem_bench_make(name, "", 0);
    name[255] = 'n';
    name[256] = 0;
    ck_assert_int_eq(ops->mkdir(mem_bench.fs, name), -ENAMETOOLONG);
}
END_TEST

static void collect(void *context, const char *name, bool is_dir)
{
    char *all = context;
    snprintf(all + strlen(all), 100 - strlen(all), "%s%s ", name, is_dir ? "/" : "");
}

START_TEST(lists_in_byte_order)
{
    char all[100] = "";
    ck_assert_int_eq(ops->mkdir(mem_bench.fs, "b"), 0);
    mem_bench_make("c", "", 0);
    mem_bench_make("B", "", 0);
    mem_bench_make("a-10", "", 0);
    mem_bench_make("a-1", "", 0);
    ck_assert_int_eq(ops->list(mem_bench.fs, "", collect, all), 0);
    ck_assert_str_eq(all, "B a-1 a-10 b/ c ");
    ck_assert_int_eq(ops->list(mem_bench.fs, "none", collect, all), -ENOENT);
    ck_assert_int_eq(ops->list(mem_bench.fs, "c", collect, all), -ENOTDIR);
}
END_TEST

START_TEST(synced_data_survives_every_loss_of_power)
{
    mem_bench_make_durable("a", "durable", 7);
    for (uint64_t seed = 0; seed < 50; seed++) {
        mem_bench_make("b", "gone?", 5);
        mem_bench_power_cycle(seed);
        EXPECT("a", "durable");
        ck_assert_uint_eq(file_mem_unsynced(mem_bench.disk), 0);
    }
}
END_TEST

static void name_without_sync(void)
{
    mem_bench_make("a", "x", 1);
    struct file *file = mem_bench_open("a", FILE_WRITE);
    ck_assert_int_eq(ops->datasync(file), 0);
    file_unref(file);
}
static bool a_is_there(void)
{
    char bytes[8];
    const char *is = mem_bench_content("a", bytes, sizeof bytes);
    ck_assert(strcmp(is, "-") == 0 || strcmp(is, "x") == 0);
    return strcmp(is, "x") == 0;
}

START_TEST(a_new_name_may_be_lost_until_its_directory_is_synced)
{
    unsigned there = mem_bench_outcomes(name_without_sync, a_is_there, 100);
    ck_assert_uint_gt(there, 10);
    ck_assert_uint_lt(there, 90);
}
END_TEST

static void rename_without_sync(void)
{
    mem_bench_make_durable("a", "old", 3);
    mem_bench_make_durable("t", "new", 3);
    ck_assert_int_eq(ops->rename(mem_bench.fs, "t", "a"), 0);
}
static bool a_is_new(void)
{
    char a[8], t[8];
    const char *is = mem_bench_content("a", a, sizeof a),
               *tmp = mem_bench_content("t", t, sizeof t);
    bool renamed = strcmp(is, "new") == 0;
    ck_assert_str_eq(is, renamed ? "new" : "old");
    ck_assert_str_eq(tmp, renamed ? "-" : "new");
    return renamed;
}

START_TEST(a_rename_happens_whole_or_not_at_all)
{
    unsigned renamed = mem_bench_outcomes(rename_without_sync, a_is_new, 100);
    ck_assert_uint_gt(renamed, 10);
    ck_assert_uint_lt(renamed, 90);
}
END_TEST

static void two_removals(void)
{
    mem_bench_make_durable("a", "x", 1);
    mem_bench_make_durable("b", "x", 1);
    ck_assert_int_eq(ops->unlink(mem_bench.fs, "a"), 0);
    ck_assert_int_eq(ops->unlink(mem_bench.fs, "b"), 0);
}
static bool only_the_first_is_there(void)
{
    char a[8], b[8];
    return strcmp(mem_bench_content("a", a, 8), "x") == 0 &&
           strcmp(mem_bench_content("b", b, 8), "-") == 0;
}

START_TEST(a_later_removal_may_survive_an_earlier_one)
{
    ck_assert_uint_gt(mem_bench_outcomes(two_removals, only_the_first_is_there, 100), 0);
}
END_TEST

START_TEST(sync_dir_makes_what_a_rename_builds_on_durable)
{
    ck_assert_int_eq(ops->mkdir(mem_bench.fs, "from"), 0);
    ck_assert_int_eq(ops->mkdir(mem_bench.fs, "to"), 0);
    ck_assert_int_eq(ops->sync_dir(mem_bench.fs, ""), 0);
    mem_bench_make("from/x", "1", 1);
    struct file *file = mem_bench_open("from/x", FILE_WRITE);
    ck_assert_int_eq(ops->datasync(file), 0);
    file_unref(file);
    mem_bench_make("from/other", "", 0);
    ck_assert_int_eq(ops->rename(mem_bench.fs, "from/x", "to/x"), 0);
    ck_assert_int_eq(ops->sync_dir(mem_bench.fs, "to"), 0);
    ck_assert_uint_eq(file_mem_unsynced(mem_bench.disk), 1); /* from/other */
    mem_bench_power_cycle(0);
    EXPECT("to/x", "1");
    EXPECT("from/x", "-");
}
END_TEST

static uint8_t big[8 * 512];

static void eight_sectors(void)
{
    memset(big, 'o', sizeof big);
    mem_bench_make_durable("a", big, sizeof big);
    memset(big, 'n', sizeof big);
    mem_bench_make("b", "", 0);
    struct file *file = mem_bench_open("a", FILE_WRITE);
    ck_assert_int_eq(mem_bench_write(file, big + 100, sizeof big - 200, 100), 0);
    file_unref(file);
}
static bool mixed(void)
{
    struct file *file = mem_bench_open("a", FILE_READ);
    uint8_t now[sizeof big];
    ck_assert_int_eq(ops->pread(file, now, sizeof now, 0), sizeof now);
    file_unref(file);
    unsigned old = 0, new = 0, torn = 0;
    for (size_t i = 0; i < 100; i++) {
        /* What the write did not touch is unharmed, in its sectors too. */
        ck_assert_uint_eq(now[i], 'o');
        ck_assert_uint_eq(now[sizeof now - 1 - i], 'o');
    }
    for (size_t sector = 0; sector < 8; sector++) {
        unsigned olds = 0, news = 0;
        for (size_t i = 100; i < 400; i++) {
            olds += now[sector * 512 + i] == 'o';
            news += now[sector * 512 + i] == 'n';
        }
        old += olds == 300;
        new += news == 300;
        torn += olds != 300 && news != 300;
    }
    ck_assert_uint_le(torn, 1);
    return old > 0 && new > 0;
}

START_TEST(any_subset_of_unsynced_sectors_may_be_lost)
{
    unsigned count = mem_bench_outcomes(eight_sectors, mixed, 200);
    ck_assert_uint_gt(count, 40);
}
END_TEST

static bool has_noise(void)
{
    struct file *file = mem_bench_open("a", FILE_READ);
    uint8_t now[sizeof big];
    ck_assert_int_eq(ops->pread(file, now, sizeof now, 0), sizeof now);
    file_unref(file);
    for (size_t i = 0; i < sizeof now; i++)
        if (now[i] != 'o' && now[i] != 'n')
            return true;
    return false;
}

START_TEST(one_sector_may_be_torn)
{
    unsigned count = mem_bench_outcomes(eight_sectors, has_noise, 200);
    ck_assert_uint_gt(count, 10);
    ck_assert_uint_lt(count, 150);
}
END_TEST

static void three_versions(void)
{
    mem_bench_make_durable("a", "0000", 4);
    struct file *file = mem_bench_open("a", FILE_WRITE);
    ck_assert_int_eq(mem_bench_write(file, "1", 1, 0), 0);
    ck_assert_int_eq(mem_bench_write(file, "2", 1, 1), 0);
    ck_assert_int_eq(mem_bench_write(file, "3", 1, 2), 0);
    file_unref(file);
}
static bool is_middle_version(void)
{
    char bytes[8];
    return strcmp(mem_bench_content("a", bytes, 8), "1200") == 0;
}

START_TEST(write_back_may_have_come_between_two_writes)
{
    ck_assert_uint_gt(mem_bench_outcomes(three_versions, is_middle_version, 200), 5);
}
END_TEST

static void shrink(void)
{
    mem_bench_make_durable("a", "x and more", 10);
    struct file *file = mem_bench_open("a", FILE_WRITE);
    ck_assert_int_eq(ops->truncate(file, 1), 0);
    file_unref(file);
}
static bool is_short(void)
{
    struct file *file = mem_bench_open("a", FILE_READ);
    int64_t size = ops->size(file);
    file_unref(file);
    ck_assert(size == 1 || size == 10);
    return size == 1;
}

START_TEST(an_unsynced_truncation_may_be_undone)
{
    unsigned count = mem_bench_outcomes(shrink, is_short, 100);
    ck_assert_uint_gt(count, 10);
    ck_assert_uint_lt(count, 90);
}
END_TEST

START_TEST(a_broken_sync_dir_is_found_out)
{
    unsigned lost = 0;
    for (unsigned seed = 0; seed < 60; seed++) {
        mem_bench_teardown();
        mem_bench_setup();
        file_mem_set_sync_dir_broken(mem_bench.disk, true);
        mem_bench_make_durable("a", "x", 1);
        mem_bench_power_cycle(seed);
        lost += !a_is_there();
    }
    ck_assert_uint_gt(lost, 5);
}
END_TEST

MEM_BENCH_MAIN("file_mem", reads_what_was_written, names_behave_as_on_a_posix_system,
               lists_in_byte_order, synced_data_survives_every_loss_of_power,
               a_new_name_may_be_lost_until_its_directory_is_synced,
               a_rename_happens_whole_or_not_at_all, a_later_removal_may_survive_an_earlier_one,
               sync_dir_makes_what_a_rename_builds_on_durable,
               any_subset_of_unsynced_sectors_may_be_lost, one_sector_may_be_torn,
               write_back_may_have_come_between_two_writes, an_unsynced_truncation_may_be_undone,
               a_broken_sync_dir_is_found_out)
