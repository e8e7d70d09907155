/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "broker/log/epoch_cache.h"
#include "broker/log/small_file.h"
#include "tests/lib/file_mem.h"
#include "tests/lib/suite.h"

/* The cache as "epoch:start epoch:start ". */
static const char *text_of(const struct epoch_cache *c)
{
    static char text[200];
    size_t size = 0;
    text[0] = 0;
    for (size_t i = 0; i < c->count; i++)
        size += (size_t)snprintf(text + size, sizeof text - size, "%d:%d ", c->entries[i].epoch,
                                 (int)c->entries[i].start_offset);
    return text;
}

static struct epoch_cache example(void)
{
    struct epoch_cache c = EPOCH_CACHE_INIT;
    ck_assert(epoch_cache_assign(&c, 1, 10));
    ck_assert(epoch_cache_assign(&c, 3, 20));
    ck_assert(epoch_cache_assign(&c, 4, 35));
    return c;
}

START_TEST(epochs_and_starts_rise)
{
    struct epoch_cache c = example();
    ck_assert(!epoch_cache_assign(&c, 4, 40)); /* it began before */
    ck_assert_str_eq(text_of(&c), "1:10 3:20 4:35 ");
    ck_assert(epoch_cache_assign(&c, 4, 30)); /* it began even earlier */
    ck_assert_str_eq(text_of(&c), "1:10 3:20 4:30 ");
    ck_assert(epoch_cache_assign(&c, 5, 30)); /* the one before left nothing */
    ck_assert_str_eq(text_of(&c), "1:10 3:20 5:30 ");
    ck_assert(epoch_cache_assign(&c, 6, 15)); /* a log that was cut */
    ck_assert_str_eq(text_of(&c), "1:10 6:15 ");
    ck_assert(epoch_cache_assign(&c, 2, 50)); /* an older epoch after a newer one */
    ck_assert_str_eq(text_of(&c), "1:10 2:50 ");
    ck_assert(epoch_cache_assign(&c, 0, 5));
    ck_assert_str_eq(text_of(&c), "0:5 ");
    epoch_cache_deinit(&c);
}
END_TEST

START_TEST(where_an_epoch_ends)
{
    static const struct {
        int32_t asked, epoch;
        int64_t end_offset;
    } cases[] = {
        {-1, -1, -1}, {0, 0, 10}, {1, 1, 20}, {2, 1, 20}, {3, 3, 35}, {4, 4, 99}, {5, -1, -1},
    };
    struct epoch_cache c = example(), empty = EPOCH_CACHE_INIT;
    for (unsigned i = 0; i < COUNT_OF(cases); i++) {
        struct epoch_end end = epoch_cache_end_offset_for(&c, cases[i].asked, 99);
        ck_assert_msg(end.epoch == cases[i].epoch && end.end_offset == cases[i].end_offset,
                      "epoch %d: %d, %d", cases[i].asked, end.epoch, (int)end.end_offset);
    }
    ck_assert_int_eq(epoch_cache_end_offset_for(&empty, 0, 5).epoch, -1);
    epoch_cache_deinit(&c);
}
END_TEST

START_TEST(whose_epoch_an_offset_is)
{
    struct epoch_cache c = example();
    ck_assert_int_eq(epoch_cache_epoch_of(&c, 9), -1);
    ck_assert_int_eq(epoch_cache_epoch_of(&c, 10), 1);
    ck_assert_int_eq(epoch_cache_epoch_of(&c, 34), 3);
    ck_assert_int_eq(epoch_cache_epoch_of(&c, 1000), 4);
    ck_assert_int_eq(epoch_cache_latest(&c), 4);
    epoch_cache_clear(&c);
    ck_assert_int_eq(epoch_cache_latest(&c), -1);
    epoch_cache_deinit(&c);
}
END_TEST

START_TEST(cuts_at_both_ends)
{
    struct epoch_cache c = example();
    ck_assert(!epoch_cache_truncate_end(&c, 36));
    ck_assert(epoch_cache_truncate_end(&c, 35));
    ck_assert_str_eq(text_of(&c), "1:10 3:20 ");
    ck_assert(!epoch_cache_truncate_start(&c, 10));
    ck_assert(epoch_cache_truncate_start(&c, 12));
    ck_assert_str_eq(text_of(&c), "1:12 3:20 ");
    ck_assert(epoch_cache_truncate_start(&c, 20));
    ck_assert_str_eq(text_of(&c), "3:20 ");
    ck_assert(epoch_cache_truncate_start(&c, 500)); /* the latest stays known */
    ck_assert_str_eq(text_of(&c), "3:500 ");
    ck_assert(epoch_cache_truncate_end(&c, 0));
    ck_assert(!epoch_cache_truncate_start(&c, 5));
    ck_assert_str_eq(text_of(&c), "");
    epoch_cache_deinit(&c);
}
END_TEST

START_TEST(the_file_round_trips_and_is_checked)
{
    static const char *const bad[] = {
        "",
        "0\n1\n",
        "0\n1\n1\n",
        "0\n1\n-1 0\n",
        "0\n1\n1 -5\n",
        "0\n2\n1 0\n1 5\n",
        "0\n2\n1 5\n2 5\n",
        "0\n1\n2147483648 5\n",
        "0\n1\n1 0 0\n",
    };
    struct file_mem *disk = file_mem_new(1);
    void *fs = file_mem_mount(disk, "");
    struct epoch_cache c = example(), loaded = EPOCH_CACHE_INIT;
    char why[CHECKPOINT_WHY_SIZE];
    ck_assert_int_eq(file_mem_ops.mkdir(fs, "t-0"), 0);
    ck_assert_int_eq(epoch_cache_load(&loaded, &file_mem_ops, fs, "t-0", why), -ENOENT);
    ck_assert_int_eq(epoch_cache_store(&c, &file_mem_ops, fs, "t-0"), 0);
    ck_assert_int_eq(epoch_cache_load(&loaded, &file_mem_ops, fs, "t-0", why), 0);
    ck_assert_str_eq(text_of(&loaded), "1:10 3:20 4:35 ");
    for (unsigned i = 0; i < COUNT_OF(bad); i++) {
        ck_assert_int_eq(small_file_write(&file_mem_ops, fs, "t-0/leader-epoch-checkpoint", bad[i],
                                          strlen(bad[i])),
                         0);
        ck_assert_int_eq(epoch_cache_load(&loaded, &file_mem_ops, fs, "t-0", why),
                         CHECKPOINT_MALFORMED);
        ck_assert_uint_eq(loaded.count, 0);
    }
    epoch_cache_deinit(&c);
    epoch_cache_deinit(&loaded);
    file_mem_free(disk);
}
END_TEST

SUITE_MAIN("epoch_cache", epochs_and_starts_rise, where_an_epoch_ends, whose_epoch_an_offset_is,
           cuts_at_both_ends, the_file_round_trips_and_is_checked)
