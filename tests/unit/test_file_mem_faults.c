/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/lib/mem_bench.h"
#include "tests/lib/suite.h"

/* The faults that can be ordered from the disk in memory, and that the same seed gives the same
 * disk. */

static const struct file_ops *const ops = &file_mem_ops;
static uint8_t big[8 * 512];

START_TEST(power_fails_at_the_call_that_was_named)
{
    mem_bench_make_durable("a", "0", 1);
    struct file *file = mem_bench_open("a", FILE_WRITE);
    file_mem_power_fails_at(mem_bench.disk, 3);
    ck_assert_int_eq(mem_bench_write(file, "1", 1, 0), 0);
    ck_assert_int_eq(ops->datasync(file), 0);
    char byte;
    ck_assert_int_eq(ops->pread(file, &byte, 1, 0), 1); /* no change: does not count */
    ck_assert_int_eq(mem_bench_write(file, "2", 1, 0), -EIO);
    ck_assert(file_mem_power_is_off(mem_bench.disk));
    ck_assert_int_eq(ops->pread(file, &byte, 1, 0), -EIO);
    ck_assert_int_eq(ops->datasync(file), -EIO);
    ck_assert_int_eq(ops->mkdir(mem_bench.fs, "d"), -EIO);
    ck_assert_ptr_null(file_mem_mount(mem_bench.disk, ""));
    file_mem_power_cycle(mem_bench.disk, 7);
    /* Files of the host before stay dead. */
    ck_assert_int_eq(ops->size(file), -EIO);
    file_unref(file);
    file_mem_kill(mem_bench.fs);
    mem_bench.fs = file_mem_mount(mem_bench.disk, "");
    char bytes[8];
    const char *is = mem_bench_content("a", bytes, 8);
    ck_assert_uint_ne((unsigned char)is[0], '0');
}
END_TEST

START_TEST(a_sync_that_power_cuts_off_promises_nothing)
{
    unsigned kept = 0;
    for (unsigned seed = 0; seed < 60; seed++) {
        mem_bench_teardown();
        mem_bench_setup();
        mem_bench_make_durable("a", "0", 1);
        struct file *file = mem_bench_open("a", FILE_WRITE);
        ck_assert_int_eq(mem_bench_write(file, "1", 1, 0), 0);
        file_mem_power_fails_at(mem_bench.disk, 1);
        ck_assert_int_eq(ops->datasync(file), -EIO);
        file_unref(file);
        mem_bench_power_cycle(seed);
        char bytes[8];
        kept += strcmp(mem_bench_content("a", bytes, 8), "1") == 0;
    }
    ck_assert_uint_gt(kept, 5);
    ck_assert_uint_lt(kept, 55);
}
END_TEST

START_TEST(after_a_failed_sync_the_next_one_lies)
{
    unsigned lost = 0;
    for (unsigned seed = 0; seed < 60; seed++) {
        mem_bench_teardown();
        mem_bench_setup();
        mem_bench_make_durable("a", "0", 1);
        struct file *file = mem_bench_open("a", FILE_WRITE);
        ck_assert_int_eq(mem_bench_write(file, "1", 1, 0), 0);
        file_mem_fail(mem_bench.disk, FILE_MEM_DATASYNC, NULL, 1, EIO, false);
        ck_assert_int_eq(ops->datasync(file), -EIO);
        EXPECT("a", "1");
        ck_assert_int_eq(ops->datasync(file), 0);
        file_unref(file);
        mem_bench_power_cycle(seed);
        char bytes[8];
        lost += strcmp(mem_bench_content("a", bytes, 8), "0") == 0;
    }
    ck_assert_uint_gt(lost, 5);
}
END_TEST

START_TEST(writing_again_after_a_failed_sync_helps)
{
    for (unsigned seed = 0; seed < 30; seed++) {
        mem_bench_teardown();
        mem_bench_setup();
        mem_bench_make_durable("a", "0", 1);
        struct file *file = mem_bench_open("a", FILE_WRITE);
        ck_assert_int_eq(mem_bench_write(file, "1", 1, 0), 0);
        file_mem_fail(mem_bench.disk, FILE_MEM_DATASYNC, NULL, 1, EIO, false);
        ck_assert_int_eq(ops->datasync(file), -EIO);
        ck_assert_int_eq(mem_bench_write(file, "1", 1, 0), 0);
        ck_assert_int_eq(ops->datasync(file), 0);
        ck_assert_uint_eq(file_mem_unsynced(mem_bench.disk), 0);
        file_unref(file);
        mem_bench_power_cycle(seed);
        EXPECT("a", "1");
    }
}
END_TEST

START_TEST(orders_strike_where_they_were_told)
{
    file_mem_fail(mem_bench.disk, FILE_MEM_MKDIR, "two", 1, EACCES, false);
    ck_assert_int_eq(ops->mkdir(mem_bench.fs, "one"), 0);
    ck_assert_int_eq(ops->mkdir(mem_bench.fs, "two"), -EACCES);
    ck_assert_int_eq(ops->mkdir(mem_bench.fs, "two"), 0);
    file_mem_fail(mem_bench.disk, FILE_MEM_RENAME, NULL, 2, EIO, true);
    ck_assert_int_eq(ops->rename(mem_bench.fs, "one", "a"), 0);
    ck_assert_int_eq(ops->rename(mem_bench.fs, "a", "b"), -EIO);
    ck_assert_int_eq(ops->rename(mem_bench.fs, "a", "b"), -EIO);
    file_mem_fail(mem_bench.disk, FILE_MEM_RENAME, NULL, 0, EIO, false);
    ck_assert_int_eq(ops->rename(mem_bench.fs, "a", "b"), 0);
    file_mem_fail(mem_bench.disk, FILE_MEM_CALLS, NULL, 3, EROFS, false);
    mem_bench_make("x", "", 0); /* made and written; there was nothing to cut */
    ck_assert_int_eq(ops->sync_dir(mem_bench.fs, ""), -EROFS);
    ck_assert_int_eq(ops->sync_dir(mem_bench.fs, ""), 0);
    ck_assert_uint_eq(file_mem_count(mem_bench.disk, FILE_MEM_RENAME), 4);
    ck_assert_uint_eq(file_mem_count(mem_bench.disk, FILE_MEM_SYNC_DIR), 2);
}
END_TEST

START_TEST(a_failed_write_may_leave_a_part)
{
    unsigned some = 0;
    memset(big, 'n', sizeof big);
    for (unsigned i = 0; i < 20; i++) {
        mem_bench_teardown();
        mem_bench.disk = file_mem_new(i);
        mem_bench.fs = file_mem_mount(mem_bench.disk, "");
        struct file *file = mem_bench_open("a", FILE_WRITE | FILE_CREATE);
        file_mem_fail(mem_bench.disk, FILE_MEM_PWRITEV, "a", 1, EIO, false);
        ck_assert_int_eq(mem_bench_write(file, big, sizeof big, 0), -EIO);
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
    file_mem_set_capacity(mem_bench.disk, 4 * 512);
    struct file *file = mem_bench_open("a", FILE_WRITE | FILE_CREATE);
    ck_assert_int_eq(mem_bench_write(file, big, 512, 0), 0);
    ck_assert_int_eq(ops->space(mem_bench.fs, &space, &total), 0);
    ck_assert_uint_eq(total, 2048);
    ck_assert_uint_eq(space, 1536);
    ck_assert_int_eq(mem_bench_write(file, big, 2048, 512), -ENOSPC);
    ck_assert_int_eq(ops->size(file), 2048);
    ck_assert_int_eq(mem_bench_write(file, big, 100, 1000), 0); /* over what it has */
    struct file *other = mem_bench_open("b", FILE_WRITE | FILE_CREATE);
    ck_assert_int_eq(mem_bench_write(other, big, 1, 0), -ENOSPC);
    ck_assert_int_eq(ops->truncate(file, 512), 0);
    ck_assert_int_eq(mem_bench_write(other, big, 1, 0), 0);
    ck_assert_int_eq(ops->truncate(other, 4096), -ENOSPC);
    file_unref(file);
    file_unref(other);
}
END_TEST

START_TEST(a_killed_process_leaves_the_page_cache)
{
    struct file *file = mem_bench_open("a", FILE_WRITE | FILE_CREATE);
    ck_assert_int_eq(mem_bench_write(file, "1", 1, 0), 0);
    ck_assert_int_eq(ops->lock(file), 0);
    void *second = file_mem_mount(mem_bench.disk, "");
    struct file *other;
    ck_assert_int_eq(ops->open(second, "a", FILE_WRITE, &other), 0);
    ck_assert_int_eq(ops->lock(other), -EWOULDBLOCK);
    ck_assert_int_eq(ops->lock(file), 0); /* its own */
    file_mem_kill(mem_bench.fs);
    ck_assert_int_eq(ops->lock(other), 0);
    ck_assert_int_eq(mem_bench_write(file, "2", 1, 0), -EIO);
    file_unref(file);
    file_unref(other);
    mem_bench.fs = second;
    EXPECT("a", "1");
    ck_assert_uint_gt(file_mem_unsynced(mem_bench.disk), 0);
}
END_TEST

START_TEST(a_lock_ends_with_its_file)
{
    struct file *one = mem_bench_open("a", FILE_WRITE | FILE_CREATE),
                *two = mem_bench_open("a", FILE_WRITE);
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
    mem_bench_make_durable("a", "x", 1);
    struct file *file = mem_bench_open("a", FILE_READ);
    ck_assert_int_eq(ops->unlink(mem_bench.fs, "a"), 0);
    char byte;
    ck_assert_int_eq(ops->pread(file, &byte, 1, 0), 1);
    file_unref(file);
}
END_TEST

START_TEST(bit_rot_reaches_medium_and_cache)
{
    mem_bench_make_durable("a", "abc", 3);
    ck_assert_int_eq(file_mem_flip(mem_bench.disk, "a", 1, 0x20), 0);
    ck_assert_int_eq(file_mem_flip(mem_bench.disk, "a", 3, 1), -EINVAL);
    ck_assert_int_eq(file_mem_flip(mem_bench.disk, "b", 0, 1), -ENOENT);
    EXPECT("a", "aBc");
    mem_bench_power_cycle(1);
    EXPECT("a", "aBc");
}
END_TEST

/* A few hundred operations drawn from a seed. */
static void act_at_random(uint64_t seed)
{
    mem_bench_teardown();
    mem_bench_setup();
    srand((unsigned)seed);
    for (unsigned i = 0; i < 300; i++) {
        char name[8], other[8];
        snprintf(name, sizeof name, "f%d", rand() % 5);
        snprintf(other, sizeof other, "f%d", rand() % 5);
        struct file *file = mem_bench_open(name, FILE_WRITE | FILE_CREATE);
        uint8_t bytes[1500];
        memset(bytes, 'a' + rand() % 26, sizeof bytes);
        (void)mem_bench_write(file, bytes, (size_t)rand() % sizeof bytes, (uint64_t)rand() % 3000);
        if (rand() % 5 == 0)
            (void)ops->datasync(file);
        if (rand() % 7 == 0)
            (void)ops->truncate(file, (uint64_t)rand() % 3000);
        file_unref(file);
        if (rand() % 6 == 0)
            (void)ops->rename(mem_bench.fs, name, other);
        if (rand() % 9 == 0)
            (void)ops->unlink(mem_bench.fs, name);
        if (rand() % 11 == 0)
            (void)ops->sync_dir(mem_bench.fs, "");
    }
}

/* All files as one string. */
static void dump(char *all, size_t size)
{
    size_t at = 0;
    for (unsigned i = 0; i < 5; i++) {
        char name[8], bytes[4600];
        snprintf(name, sizeof name, "f%u", i);
        const char *is = mem_bench_content(name, bytes, sizeof bytes);
        at += (size_t)snprintf(all + at, size - at, "%s=%s\n", name, is);
        ck_assert_uint_lt(at, size);
    }
}

START_TEST(the_same_seed_gives_the_same_disk)
{
    static char one[24000], two[24000];
    for (uint64_t seed = 1; seed < 20; seed++) {
        act_at_random(seed);
        mem_bench_power_cycle(seed);
        dump(one, sizeof one);
        act_at_random(seed);
        mem_bench_power_cycle(seed);
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
        struct file_mem *copy = file_mem_copy(mem_bench.disk, 0);
        mem_bench_power_cycle(seed);
        dump(one, sizeof one);
        file_mem_free(mem_bench.disk);
        mem_bench.disk = copy;
        file_mem_power_cycle(mem_bench.disk, seed);
        mem_bench.fs = file_mem_mount(mem_bench.disk, "");
        dump(two, sizeof two);
        ck_assert_str_eq(one, two);
    }
}
END_TEST

MEM_BENCH_MAIN("file_mem_faults", power_fails_at_the_call_that_was_named,
               a_sync_that_power_cuts_off_promises_nothing, after_a_failed_sync_the_next_one_lies,
               writing_again_after_a_failed_sync_helps, orders_strike_where_they_were_told,
               a_failed_write_may_leave_a_part, a_full_disk_takes_what_fits,
               a_killed_process_leaves_the_page_cache, a_lock_ends_with_its_file,
               an_unlinked_file_serves_those_who_hold_it, bit_rot_reaches_medium_and_cache,
               the_same_seed_gives_the_same_disk, a_copy_goes_the_same_way_and_apart)
