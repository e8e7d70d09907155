/* SPDX-License-Identifier: Apache-2.0 */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/lib/file_mem.h"
#include "tests/lib/suite.h"

/* The model of a disk keeps its own promises: what is synced stays, what is not may go in any
 * subset, and the same seed gives the same disk. */

static const struct file_ops *const ops = &file_mem_ops;
static struct file_mem *disk;
static void *fs;

static void setup(void)
{
    disk = file_mem_new(1);
    fs = file_mem_mount(disk, "");
    ck_assert_ptr_nonnull(fs);
}

static void teardown(void)
{
    file_mem_free(disk);
}

static struct file *open_file(const char *path, unsigned flags)
{
    struct file *file = NULL;
    ck_assert_int_eq(ops->open(fs, path, flags, &file), 0);
    return file;
}

static int write_at(struct file *file, const void *bytes, size_t size, uint64_t pos)
{
    struct iovec iov = {(void *)(uintptr_t)bytes, size};
    return ops->pwritev(file, &iov, 1, pos);
}

static void make(const char *path, const void *bytes, size_t size)
{
    struct file *file = open_file(path, FILE_WRITE | FILE_CREATE | FILE_TRUNCATE);
    ck_assert_int_eq(write_at(file, bytes, size, 0), 0);
    file_unref(file);
}

static void make_durable(const char *path, const void *bytes, size_t size)
{
    make(path, bytes, size);
    struct file *file = open_file(path, FILE_WRITE);
    ck_assert_int_eq(ops->datasync(file), 0);
    file_unref(file);
    ck_assert_int_eq(ops->sync_dir(fs, ""), 0);
}

/* The content of a file as a string; "-" when it is not there. */
static const char *content(const char *path, char *out, size_t size)
{
    struct file *file;
    if (ops->open(fs, path, FILE_READ, &file))
        return "-";
    int64_t got = ops->pread(file, out, size - 1, 0);
    ck_assert_int_ge(got, 0);
    out[got] = 0;
    file_unref(file);
    return out;
}

static void power_cycle(uint64_t seed)
{
    file_mem_power_cycle(disk, seed);
    file_mem_kill(fs);
    fs = file_mem_mount(disk, "");
    ck_assert_ptr_nonnull(fs);
}

#define EXPECT(path, want)                                                                         \
    do {                                                                                           \
        char bytes_[4096];                                                                         \
        ck_assert_str_eq(content(path, bytes_, sizeof bytes_), want);                              \
    } while (0)

START_TEST(reads_what_was_written)
{
    struct file *file = open_file("a", FILE_WRITE | FILE_CREATE);
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
    file = open_file("a", FILE_READ);
    ck_assert_int_eq(write_at(file, "x", 1, 0), -EBADF);
    file_unref(file);
}
END_TEST

START_TEST(names_behave_as_on_a_posix_system)
{
    struct file *file;
    ck_assert_int_eq(ops->open(fs, "none", FILE_WRITE, &file), -ENOENT);
    ck_assert_int_eq(ops->open(fs, "none/x", FILE_WRITE | FILE_CREATE, &file), -ENOENT);
    ck_assert_int_eq(ops->mkdir(fs, "d"), 0);
    ck_assert_int_eq(ops->mkdir(fs, "d"), -EEXIST);
    make("d/x", "1", 1);
    ck_assert_int_eq(ops->open(fs, "d/x", FILE_WRITE | FILE_CREATE | FILE_EXCLUSIVE, &file),
                     -EEXIST);
    ck_assert_int_eq(ops->open(fs, "d/x/y", FILE_READ, &file), -ENOTDIR);
    ck_assert_int_eq(ops->open(fs, "d", FILE_READ, &file), -EISDIR);
    ck_assert_int_eq(ops->rmdir(fs, "d"), -ENOTEMPTY);
    ck_assert_int_eq(ops->unlink(fs, "d"), -EISDIR);
    ck_assert_int_eq(ops->rmdir(fs, "d/x"), -ENOTDIR);
    make("y", "2", 1);
    ck_assert_int_eq(ops->rename(fs, "y", "d/x"), 0);
    EXPECT("d/x", "2");
    EXPECT("y", "-");
    ck_assert_int_eq(ops->rename(fs, "d", "d/z"), -EINVAL);
    ck_assert_int_eq(ops->rename(fs, "d", "e"), 0);
    EXPECT("e/x", "2");
    ck_assert_int_eq(ops->unlink(fs, "e/x"), 0);
    ck_assert_int_eq(ops->rmdir(fs, "e"), 0);
    ck_assert_int_eq(ops->unlink(fs, "e"), -ENOENT);
    char name[300];
    memset(name, 'n', sizeof name);
    name[255] = 0;
    make(name, "", 0);
    name[255] = 'n';
    name[256] = 0;
    ck_assert_int_eq(ops->mkdir(fs, name), -ENAMETOOLONG);
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
    ck_assert_int_eq(ops->mkdir(fs, "b"), 0);
    make("c", "", 0);
    make("B", "", 0);
    make("a-10", "", 0);
    make("a-1", "", 0);
    ck_assert_int_eq(ops->list(fs, "", collect, all), 0);
    ck_assert_str_eq(all, "B a-1 a-10 b/ c ");
    ck_assert_int_eq(ops->list(fs, "none", collect, all), -ENOENT);
    ck_assert_int_eq(ops->list(fs, "c", collect, all), -ENOTDIR);
}
END_TEST

START_TEST(synced_data_survives_every_loss_of_power)
{
    make_durable("a", "durable", 7);
    for (uint64_t seed = 0; seed < 50; seed++) {
        make("b", "gone?", 5);
        power_cycle(seed);
        EXPECT("a", "durable");
        ck_assert_uint_eq(file_mem_unsynced(disk), 0);
    }
}
END_TEST

/* Counts in how many of the seeds the test of `state` holds. */
static unsigned outcomes(void (*act)(void), bool (*state)(void), unsigned seeds)
{
    unsigned count = 0;
    for (unsigned seed = 0; seed < seeds; seed++) {
        teardown();
        setup();
        act();
        power_cycle(seed);
        count += state();
    }
    return count;
}

static void name_without_sync(void)
{
    make("a", "x", 1);
    struct file *file = open_file("a", FILE_WRITE);
    ck_assert_int_eq(ops->datasync(file), 0);
    file_unref(file);
}
static bool a_is_there(void)
{
    char bytes[8];
    const char *is = content("a", bytes, sizeof bytes);
    ck_assert(strcmp(is, "-") == 0 || strcmp(is, "x") == 0);
    return strcmp(is, "x") == 0;
}

START_TEST(a_new_name_may_be_lost_until_its_directory_is_synced)
{
    unsigned there = outcomes(name_without_sync, a_is_there, 100);
    ck_assert_uint_gt(there, 10);
    ck_assert_uint_lt(there, 90);
}
END_TEST

static void rename_without_sync(void)
{
    make_durable("a", "old", 3);
    make_durable("t", "new", 3);
    ck_assert_int_eq(ops->rename(fs, "t", "a"), 0);
}
static bool a_is_new(void)
{
    char a[8], t[8];
    const char *is = content("a", a, sizeof a), *tmp = content("t", t, sizeof t);
    bool renamed = strcmp(is, "new") == 0;
    ck_assert_str_eq(is, renamed ? "new" : "old");
    ck_assert_str_eq(tmp, renamed ? "-" : "new");
    return renamed;
}

START_TEST(a_rename_happens_whole_or_not_at_all)
{
    unsigned renamed = outcomes(rename_without_sync, a_is_new, 100);
    ck_assert_uint_gt(renamed, 10);
    ck_assert_uint_lt(renamed, 90);
}
END_TEST

static void two_removals(void)
{
    make_durable("a", "x", 1);
    make_durable("b", "x", 1);
    ck_assert_int_eq(ops->unlink(fs, "a"), 0);
    ck_assert_int_eq(ops->unlink(fs, "b"), 0);
}
static bool only_the_first_is_there(void)
{
    char a[8], b[8];
    return strcmp(content("a", a, 8), "x") == 0 && strcmp(content("b", b, 8), "-") == 0;
}

START_TEST(a_later_removal_may_survive_an_earlier_one)
{
    ck_assert_uint_gt(outcomes(two_removals, only_the_first_is_there, 100), 0);
}
END_TEST

START_TEST(sync_dir_makes_what_a_rename_builds_on_durable)
{
    ck_assert_int_eq(ops->mkdir(fs, "from"), 0);
    ck_assert_int_eq(ops->mkdir(fs, "to"), 0);
    ck_assert_int_eq(ops->sync_dir(fs, ""), 0);
    make("from/x", "1", 1);
    struct file *file = open_file("from/x", FILE_WRITE);
    ck_assert_int_eq(ops->datasync(file), 0);
    file_unref(file);
    make("from/other", "", 0);
    ck_assert_int_eq(ops->rename(fs, "from/x", "to/x"), 0);
    ck_assert_int_eq(ops->sync_dir(fs, "to"), 0);
    ck_assert_uint_eq(file_mem_unsynced(disk), 1); /* from/other */
    power_cycle(0);
    EXPECT("to/x", "1");
    EXPECT("from/x", "-");
}
END_TEST

static uint8_t big[8 * 512];

static void eight_sectors(void)
{
    memset(big, 'o', sizeof big);
    make_durable("a", big, sizeof big);
    memset(big, 'n', sizeof big);
    make("b", "", 0);
    struct file *file = open_file("a", FILE_WRITE);
    ck_assert_int_eq(write_at(file, big + 100, sizeof big - 200, 100), 0);
    file_unref(file);
}
static bool mixed(void)
{
    struct file *file = open_file("a", FILE_READ);
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
    unsigned count = outcomes(eight_sectors, mixed, 200);
    ck_assert_uint_gt(count, 40);
}
END_TEST

static bool has_noise(void)
{
    struct file *file = open_file("a", FILE_READ);
    uint8_t now[sizeof big];
    ck_assert_int_eq(ops->pread(file, now, sizeof now, 0), sizeof now);
    file_unref(file);
    for (size_t i = 0; i < sizeof now; i++) {
        if (now[i] != 'o' && now[i] != 'n')
            return true;
    }
    return false;
}

START_TEST(one_sector_may_be_torn)
{
    unsigned count = outcomes(eight_sectors, has_noise, 200);
    ck_assert_uint_gt(count, 10);
    ck_assert_uint_lt(count, 150);
}
END_TEST

static void three_versions(void)
{
    make_durable("a", "0000", 4);
    struct file *file = open_file("a", FILE_WRITE);
    ck_assert_int_eq(write_at(file, "1", 1, 0), 0);
    ck_assert_int_eq(write_at(file, "2", 1, 1), 0);
    ck_assert_int_eq(write_at(file, "3", 1, 2), 0);
    file_unref(file);
}
static bool is_middle_version(void)
{
    char bytes[8];
    return strcmp(content("a", bytes, 8), "1200") == 0;
}

START_TEST(write_back_may_have_come_between_two_writes)
{
    ck_assert_uint_gt(outcomes(three_versions, is_middle_version, 200), 5);
}
END_TEST

static void shrink(void)
{
    make_durable("a", "x and more", 10);
    struct file *file = open_file("a", FILE_WRITE);
    ck_assert_int_eq(ops->truncate(file, 1), 0);
    file_unref(file);
}
static bool is_short(void)
{
    struct file *file = open_file("a", FILE_READ);
    int64_t size = ops->size(file);
    file_unref(file);
    ck_assert(size == 1 || size == 10);
    return size == 1;
}

START_TEST(an_unsynced_truncation_may_be_undone)
{
    unsigned count = outcomes(shrink, is_short, 100);
    ck_assert_uint_gt(count, 10);
    ck_assert_uint_lt(count, 90);
}
END_TEST

START_TEST(power_fails_at_the_call_that_was_named)
{
    make_durable("a", "0", 1);
    struct file *file = open_file("a", FILE_WRITE);
    file_mem_power_fails_at(disk, 3);
    ck_assert_int_eq(write_at(file, "1", 1, 0), 0);
    ck_assert_int_eq(ops->datasync(file), 0);
    char byte;
    ck_assert_int_eq(ops->pread(file, &byte, 1, 0), 1); /* no change: does not count */
    ck_assert_int_eq(write_at(file, "2", 1, 0), -EIO);
    ck_assert(file_mem_power_is_off(disk));
    ck_assert_int_eq(ops->pread(file, &byte, 1, 0), -EIO);
    ck_assert_int_eq(ops->datasync(file), -EIO);
    ck_assert_int_eq(ops->mkdir(fs, "d"), -EIO);
    ck_assert_ptr_null(file_mem_mount(disk, ""));
    file_mem_power_cycle(disk, 7);
    /* Files of the host before stay dead. */
    ck_assert_int_eq(ops->size(file), -EIO);
    file_unref(file);
    file_mem_kill(fs);
    fs = file_mem_mount(disk, "");
    char bytes[8];
    const char *is = content("a", bytes, 8);
    ck_assert_uint_ne((unsigned char)is[0], '0');
}
END_TEST

START_TEST(a_sync_that_power_cuts_off_promises_nothing)
{
    unsigned kept = 0;
    for (unsigned seed = 0; seed < 60; seed++) {
        teardown();
        setup();
        make_durable("a", "0", 1);
        struct file *file = open_file("a", FILE_WRITE);
        ck_assert_int_eq(write_at(file, "1", 1, 0), 0);
        file_mem_power_fails_at(disk, 1);
        ck_assert_int_eq(ops->datasync(file), -EIO);
        file_unref(file);
        power_cycle(seed);
        char bytes[8];
        kept += strcmp(content("a", bytes, 8), "1") == 0;
    }
    ck_assert_uint_gt(kept, 5);
    ck_assert_uint_lt(kept, 55);
}
END_TEST

START_TEST(after_a_failed_sync_the_next_one_lies)
{
    unsigned lost = 0;
    for (unsigned seed = 0; seed < 60; seed++) {
        teardown();
        setup();
        make_durable("a", "0", 1);
        struct file *file = open_file("a", FILE_WRITE);
        ck_assert_int_eq(write_at(file, "1", 1, 0), 0);
        file_mem_fail(disk, FILE_MEM_DATASYNC, NULL, 1, EIO, false);
        ck_assert_int_eq(ops->datasync(file), -EIO);
        EXPECT("a", "1");
        ck_assert_int_eq(ops->datasync(file), 0);
        file_unref(file);
        power_cycle(seed);
        char bytes[8];
        lost += strcmp(content("a", bytes, 8), "0") == 0;
    }
    ck_assert_uint_gt(lost, 5);
}
END_TEST

START_TEST(writing_again_after_a_failed_sync_helps)
{
    for (unsigned seed = 0; seed < 30; seed++) {
        teardown();
        setup();
        make_durable("a", "0", 1);
        struct file *file = open_file("a", FILE_WRITE);
        ck_assert_int_eq(write_at(file, "1", 1, 0), 0);
        file_mem_fail(disk, FILE_MEM_DATASYNC, NULL, 1, EIO, false);
        ck_assert_int_eq(ops->datasync(file), -EIO);
        ck_assert_int_eq(write_at(file, "1", 1, 0), 0);
        ck_assert_int_eq(ops->datasync(file), 0);
        ck_assert_uint_eq(file_mem_unsynced(disk), 0);
        file_unref(file);
        power_cycle(seed);
        EXPECT("a", "1");
    }
}
END_TEST

START_TEST(orders_strike_where_they_were_told)
{
    file_mem_fail(disk, FILE_MEM_MKDIR, "two", 1, EACCES, false);
    ck_assert_int_eq(ops->mkdir(fs, "one"), 0);
    ck_assert_int_eq(ops->mkdir(fs, "two"), -EACCES);
    ck_assert_int_eq(ops->mkdir(fs, "two"), 0);
    file_mem_fail(disk, FILE_MEM_RENAME, NULL, 2, EIO, true);
    ck_assert_int_eq(ops->rename(fs, "one", "a"), 0);
    ck_assert_int_eq(ops->rename(fs, "a", "b"), -EIO);
    ck_assert_int_eq(ops->rename(fs, "a", "b"), -EIO);
    file_mem_fail(disk, FILE_MEM_RENAME, NULL, 0, EIO, false);
    ck_assert_int_eq(ops->rename(fs, "a", "b"), 0);
    file_mem_fail(disk, FILE_MEM_CALLS, NULL, 3, EROFS, false);
    make("x", "", 0); /* made and written; there was nothing to cut */
    ck_assert_int_eq(ops->sync_dir(fs, ""), -EROFS);
    ck_assert_int_eq(ops->sync_dir(fs, ""), 0);
    ck_assert_uint_eq(file_mem_count(disk, FILE_MEM_RENAME), 4);
    ck_assert_uint_eq(file_mem_count(disk, FILE_MEM_SYNC_DIR), 2);
}
END_TEST

START_TEST(a_failed_write_may_leave_a_part)
{
    unsigned some = 0;
    memset(big, 'n', sizeof big);
    for (unsigned i = 0; i < 20; i++) {
        teardown();
        disk = file_mem_new(i);
        fs = file_mem_mount(disk, "");
        struct file *file = open_file("a", FILE_WRITE | FILE_CREATE);
        file_mem_fail(disk, FILE_MEM_PWRITEV, "a", 1, EIO, false);
        ck_assert_int_eq(write_at(file, big, sizeof big, 0), -EIO);
        int64_t size = ops->size(file);
        some += size > 0 && size < (int64_t)sizeof big;
        file_unref(file);
    }
    ck_assert_uint_gt(some, 0);
}
END_TEST

START_TEST(a_full_disk_takes_what_fits)
{
    uint64_t space, total;
    file_mem_set_capacity(disk, 4 * 512);
    struct file *file = open_file("a", FILE_WRITE | FILE_CREATE);
    ck_assert_int_eq(write_at(file, big, 512, 0), 0);
    ck_assert_int_eq(ops->space(fs, &space, &total), 0);
    ck_assert_uint_eq(total, 2048);
    ck_assert_uint_eq(space, 1536);
    ck_assert_int_eq(write_at(file, big, 2048, 512), -ENOSPC);
    ck_assert_int_eq(ops->size(file), 2048);
    ck_assert_int_eq(write_at(file, big, 100, 1000), 0); /* over what it has */
    struct file *other = open_file("b", FILE_WRITE | FILE_CREATE);
    ck_assert_int_eq(write_at(other, big, 1, 0), -ENOSPC);
    ck_assert_int_eq(ops->truncate(file, 512), 0);
    ck_assert_int_eq(write_at(other, big, 1, 0), 0);
    ck_assert_int_eq(ops->truncate(other, 4096), -ENOSPC);
    file_unref(file);
    file_unref(other);
}
END_TEST

START_TEST(a_killed_process_leaves_the_page_cache)
{
    struct file *file = open_file("a", FILE_WRITE | FILE_CREATE);
    ck_assert_int_eq(write_at(file, "1", 1, 0), 0);
    ck_assert_int_eq(ops->lock(file), 0);
    void *second = file_mem_mount(disk, "");
    struct file *other;
    ck_assert_int_eq(ops->open(second, "a", FILE_WRITE, &other), 0);
    ck_assert_int_eq(ops->lock(other), -EWOULDBLOCK);
    ck_assert_int_eq(ops->lock(file), 0); /* its own */
    file_mem_kill(fs);
    ck_assert_int_eq(ops->lock(other), 0);
    ck_assert_int_eq(write_at(file, "2", 1, 0), -EIO);
    file_unref(file);
    file_unref(other);
    fs = second;
    EXPECT("a", "1");
    ck_assert_uint_gt(file_mem_unsynced(disk), 0);
}
END_TEST

START_TEST(a_lock_ends_with_its_file)
{
    struct file *one = open_file("a", FILE_WRITE | FILE_CREATE), *two = open_file("a", FILE_WRITE);
    ck_assert_int_eq(ops->lock(one), 0);
    file_ref(one);
    file_unref(one);
    ck_assert_int_eq(ops->lock(two), -EWOULDBLOCK);
    file_unref(one);
    ck_assert_int_eq(ops->lock(two), 0);
    file_unref(two);
}
END_TEST

START_TEST(an_unlinked_file_serves_those_who_hold_it)
{
    make_durable("a", "x", 1);
    struct file *file = open_file("a", FILE_READ);
    ck_assert_int_eq(ops->unlink(fs, "a"), 0);
    char byte;
    ck_assert_int_eq(ops->pread(file, &byte, 1, 0), 1);
    file_unref(file);
}
END_TEST

START_TEST(bit_rot_reaches_medium_and_cache)
{
    make_durable("a", "abc", 3);
    ck_assert_int_eq(file_mem_flip(disk, "a", 1, 0x20), 0);
    ck_assert_int_eq(file_mem_flip(disk, "a", 3, 1), -EINVAL);
    ck_assert_int_eq(file_mem_flip(disk, "b", 0, 1), -ENOENT);
    EXPECT("a", "aBc");
    power_cycle(1);
    EXPECT("a", "aBc");
}
END_TEST

START_TEST(a_broken_sync_dir_is_found_out)
{
    unsigned lost = 0;
    for (unsigned seed = 0; seed < 60; seed++) {
        teardown();
        setup();
        file_mem_set_sync_dir_broken(disk, true);
        make_durable("a", "x", 1);
        power_cycle(seed);
        lost += !a_is_there();
    }
    ck_assert_uint_gt(lost, 5);
}
END_TEST

/* A few hundred operations drawn from a seed. */
static void act_at_random(uint64_t seed)
{
    teardown();
    setup();
    srand((unsigned)seed);
    for (unsigned i = 0; i < 300; i++) {
        char name[8], other[8];
        snprintf(name, sizeof name, "f%d", rand() % 5);
        snprintf(other, sizeof other, "f%d", rand() % 5);
        struct file *file = open_file(name, FILE_WRITE | FILE_CREATE);
        uint8_t bytes[1500];
        memset(bytes, 'a' + rand() % 26, sizeof bytes);
        (void)write_at(file, bytes, (size_t)rand() % sizeof bytes, (uint64_t)rand() % 3000);
        if (rand() % 5 == 0)
            (void)ops->datasync(file);
        if (rand() % 7 == 0)
            (void)ops->truncate(file, (uint64_t)rand() % 3000);
        file_unref(file);
        if (rand() % 6 == 0)
            (void)ops->rename(fs, name, other);
        if (rand() % 9 == 0)
            (void)ops->unlink(fs, name);
        if (rand() % 11 == 0)
            (void)ops->sync_dir(fs, "");
    }
}

/* All files as one string. */
static void dump(char *all, size_t size)
{
    size_t at = 0;
    for (unsigned i = 0; i < 5; i++) {
        char name[8], bytes[4600];
        snprintf(name, sizeof name, "f%u", i);
        const char *is = content(name, bytes, sizeof bytes);
        at += (size_t)snprintf(all + at, size - at, "%s=%s\n", name, is);
        ck_assert_uint_lt(at, size);
    }
}

START_TEST(the_same_seed_gives_the_same_disk)
{
    static char one[24000], two[24000];
    for (uint64_t seed = 1; seed < 20; seed++) {
        act_at_random(seed);
        power_cycle(seed);
        dump(one, sizeof one);
        act_at_random(seed);
        power_cycle(seed);
        dump(two, sizeof two);
        ck_assert_str_eq(one, two);
    }
}
END_TEST

START_TEST(a_copy_goes_the_same_way_and_apart)
{
    static char one[24000], two[24000];
    for (uint64_t seed = 1; seed < 20; seed++) {
        act_at_random(seed);
        struct file_mem *copy = file_mem_copy(disk, 0);
        power_cycle(seed);
        dump(one, sizeof one);
        file_mem_free(disk);
        disk = copy;
        file_mem_power_cycle(disk, seed);
        fs = file_mem_mount(disk, "");
        dump(two, sizeof two);
        ck_assert_str_eq(one, two);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("file_mem");
    TCase *tcase = tcase_create("disk");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_set_timeout(tcase, SUITE_TIMEOUT_S);
    tcase_add_test(tcase, reads_what_was_written);
    tcase_add_test(tcase, names_behave_as_on_a_posix_system);
    tcase_add_test(tcase, lists_in_byte_order);
    tcase_add_test(tcase, synced_data_survives_every_loss_of_power);
    tcase_add_test(tcase, a_new_name_may_be_lost_until_its_directory_is_synced);
    tcase_add_test(tcase, a_rename_happens_whole_or_not_at_all);
    tcase_add_test(tcase, a_later_removal_may_survive_an_earlier_one);
    tcase_add_test(tcase, sync_dir_makes_what_a_rename_builds_on_durable);
    tcase_add_test(tcase, any_subset_of_unsynced_sectors_may_be_lost);
    tcase_add_test(tcase, one_sector_may_be_torn);
    tcase_add_test(tcase, write_back_may_have_come_between_two_writes);
    tcase_add_test(tcase, an_unsynced_truncation_may_be_undone);
    tcase_add_test(tcase, power_fails_at_the_call_that_was_named);
    tcase_add_test(tcase, a_sync_that_power_cuts_off_promises_nothing);
    tcase_add_test(tcase, after_a_failed_sync_the_next_one_lies);
    tcase_add_test(tcase, writing_again_after_a_failed_sync_helps);
    tcase_add_test(tcase, orders_strike_where_they_were_told);
    tcase_add_test(tcase, a_failed_write_may_leave_a_part);
    tcase_add_test(tcase, a_full_disk_takes_what_fits);
    tcase_add_test(tcase, a_killed_process_leaves_the_page_cache);
    tcase_add_test(tcase, a_lock_ends_with_its_file);
    tcase_add_test(tcase, an_unlinked_file_serves_those_who_hold_it);
    tcase_add_test(tcase, bit_rot_reaches_medium_and_cache);
    tcase_add_test(tcase, a_broken_sync_dir_is_found_out);
    tcase_add_test(tcase, the_same_seed_gives_the_same_disk);
    tcase_add_test(tcase, a_copy_goes_the_same_way_and_apart);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? 1 : 0;
}
