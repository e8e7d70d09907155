/* SPDX-License-Identifier: Apache-2.0 */
/* The small text files of a log directory: what they hold, what is refused, and that they are
 * replaced in one step however power fails. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "broker/log/checkpoint.h"
#include "broker/log/clean_mark.h"
#include "broker/log/meta_properties.h"
#include "broker/log/partition_metadata.h"
#include "broker/log/small_file.h"
#include "tests/lib/file_mem.h"
#include "tests/lib/suite.h"

static const struct file_ops *const ops = &file_mem_ops;
static struct file_mem *disk;
static void *fs;
static char why[CHECKPOINT_WHY_SIZE];

static void open_disk(void)
{
    disk = file_mem_new(1);
    fs = file_mem_mount(disk, "");
}

static void put(const char *path, const char *text)
{
    ck_assert_int_eq(small_file_write(ops, fs, path, text, strlen(text)), 0);
}

static void power_cycle(uint64_t seed)
{
    file_mem_power_cycle(disk, seed);
    file_mem_kill(fs);
    fs = file_mem_mount(disk, "");
}

START_TEST(entries_round_trip_in_order)
{
    struct checkpoint c = CHECKPOINT_INIT, loaded = CHECKPOINT_INIT;
    uint8_t *bytes;
    size_t size;
    open_disk();
    checkpoint_add(&c, "b", 0, 5);
    checkpoint_add(&c, "a", 12, INT64_MAX);
    ck_assert_int_eq(checkpoint_store(&c, ops, fs, CHECKPOINT_RECOVERY_POINT), 0);
    ck_assert_int_eq(small_file_read(ops, fs, CHECKPOINT_RECOVERY_POINT, 100, &bytes, &size), 0);
    ck_assert_str_eq((char *)bytes, "0\n2\nb 0 5\na 12 9223372036854775807\n");
    free(bytes);
    ck_assert_int_eq(checkpoint_load(&loaded, ops, fs, CHECKPOINT_RECOVERY_POINT, why), 0);
    ck_assert_uint_eq(loaded.count, 2);
    ck_assert_str_eq(loaded.entries[0].topic, "b");
    ck_assert_str_eq(loaded.entries[1].topic, "a");
    ck_assert_int_eq(loaded.entries[1].partition, 12);
    ck_assert_int_eq(loaded.entries[1].offset, INT64_MAX);
    ck_assert_int_eq(checkpoint_load(&loaded, ops, fs, "none", why), -ENOENT);
    checkpoint_deinit(&c);
    checkpoint_deinit(&loaded);
    file_mem_free(disk);
}
END_TEST

START_TEST(malformed_files_are_refused_with_a_reason)
{
    static const struct {
        const char *text, *why;
    } cases[] = {
        {"", "line 1 is no version"},
        {"x\n", "line 1 is no version"},
        {"1\n0\n", "version 1 is not known, only 0 is"},
        {"0\n", "line 2 is no number of entries"},
        {"0\n-1\n", "line 2 is no number of entries"},
        {"0\n1\n", "line 2 promises 1 entries, there are 0"},
        {"0\n2\na 0 1\n", "line 2 promises 2 entries, there are 1"},
        {"0\n0\na 0 1\n", "there are more than the 0 entries that line 2 promises"},
        {"0\n1\na 0\n", "line 3 is malformed: \"a 0\""},
        {"0\n1\na 0 1 2\n", "line 3 is malformed: \"a 0 1 2\""},
        {"0\n1\na -1 1\n", "line 3 is malformed: \"a -1 1\""},
        {"0\n1\na 2147483648 1\n", "line 3 is malformed: \"a 2147483648 1\""},
        {"0\n1\na 0 9223372036854775808\n", "line 3 is malformed: \"a 0 9223372036854775808\""},
        {"0\n99999999999\na 0 1\n", "line 2 promises 99999999999 entries, there are 1"},
    };
    struct checkpoint c = CHECKPOINT_INIT;
    open_disk();
    for (unsigned i = 0; i < COUNT_OF(cases); i++) {
        put("x", cases[i].text);
        ck_assert_int_eq(checkpoint_load(&c, ops, fs, "x", why), CHECKPOINT_MALFORMED);
        ck_assert_str_eq(why, cases[i].why);
        ck_assert_uint_eq(c.count, 0);
    }
    ck_assert_int_eq(small_file_write(ops, fs, "x", "0\n1\na\0b 0 1\n", 12), 0);
    ck_assert_int_eq(checkpoint_load(&c, ops, fs, "x", why), CHECKPOINT_MALFORMED);
    put("x", "0\n1\na 0 -1"); /* without the last line end; -1 is a number */
    ck_assert_int_eq(checkpoint_load(&c, ops, fs, "x", why), 0);
    checkpoint_deinit(&c);
    file_mem_free(disk);
}
END_TEST

/* Replaces "old" by "new" while power fails at the k-th operation; returns how many there were. */
static uint64_t replace_with_power_cut(uint64_t k, uint64_t seed, bool broken, unsigned *ret_wrong)
{
    uint8_t *bytes;
    size_t size;
    open_disk();
    ck_assert_int_eq(small_file_replace(ops, fs, "x", "old, and longer", 15), 0);
    file_mem_set_sync_dir_broken(disk, broken);
    uint64_t before = file_mem_count(disk, FILE_MEM_CALLS);
    file_mem_power_fails_at(disk, k);
    int error = small_file_replace(ops, fs, "x", "new", 3);
    uint64_t calls = file_mem_count(disk, FILE_MEM_CALLS) - before;
    ck_assert(error == 0 || file_mem_power_is_off(disk));
    power_cycle(seed);
    ck_assert_int_eq(small_file_read(ops, fs, "x", 100, &bytes, &size), 0);
    bool is_new = strcmp((char *)bytes, "new") == 0;
    ck_assert_msg(is_new || strcmp((char *)bytes, "old, and longer") == 0, "\"%s\"", bytes);
    *ret_wrong += error == 0 && !is_new;
    free(bytes);
    file_mem_free(disk);
    return calls;
}

START_TEST(a_file_is_replaced_whole_or_not_at_all)
{
    unsigned wrong = 0;
    uint64_t calls = replace_with_power_cut(0, 0, false, &wrong);
    ck_assert_uint_gt(calls, 3);
    for (uint64_t k = 0; k <= calls; k++)
        for (uint64_t seed = 0; seed < 40; seed++)
            replace_with_power_cut(k, seed, false, &wrong);
    ck_assert_uint_eq(wrong, 0);
    /* The test notices when a directory is not synced. */
    for (uint64_t seed = 0; seed < 40; seed++)
        replace_with_power_cut(0, seed, true, &wrong);
    ck_assert_uint_gt(wrong, 0);
}
END_TEST

START_TEST(every_error_of_the_disk_is_passed_up)
{
    struct checkpoint c = CHECKPOINT_INIT;
    unsigned nth = 1;
    for (int error = -1; error; nth++) {
        open_disk();
        file_mem_fail(disk, FILE_MEM_CALLS, NULL, nth, EROFS, false);
        error = checkpoint_store(&c, ops, fs, "x");
        ck_assert(error == 0 || error == -EROFS);
        file_mem_free(disk);
    }
    ck_assert_uint_gt(nth, 4);
    open_disk();
    file_mem_set_capacity(disk, 512);
    put("y", "1");
    ck_assert_int_eq(checkpoint_store(&c, ops, fs, "x"), -ENOSPC);
    file_mem_free(disk);
}
END_TEST

START_TEST(a_topic_id_round_trips)
{
    struct uuid id = {{0}}, loaded;
    uint8_t *bytes;
    size_t size;
    open_disk();
    ck_assert_int_eq(ops->mkdir(fs, "t-0"), 0);
    ck_assert(uuid_parse(VIEW_LITERAL("eiewkgUeRK-4BWsSn-Z6yA"), &id));
    ck_assert_int_eq(partition_metadata_load(ops, fs, "t-0", &loaded), -ENOENT);
    ck_assert_int_eq(partition_metadata_store(ops, fs, "t-0", id), 0);
    ck_assert_int_eq(partition_metadata_load(ops, fs, "t-0", &loaded), 0);
    ck_assert(uuid_equal(id, loaded));
    ck_assert_int_eq(small_file_read(ops, fs, "t-0/partition.metadata", 100, &bytes, &size), 0);
    ck_assert_str_eq((char *)bytes, "version: 0\ntopic_id: eiewkgUeRK-4BWsSn-Z6yA");
    free(bytes);
    static const char *const bad[] = {
        "",
        "version: 0\n",
        "version: 1\ntopic_id: eiewkgUeRK-4BWsSn-Z6yA",
        "version: 0\ntopic_id: eiewkgUeRK-4BWsSn-Z6y",
        "version: 0\ntopic_id: AAAAAAAAAAAAAAAAAAAAAA",
        "topic_id: eiewkgUeRK-4BWsSn-Z6yA\nversion: 0\n",
    };
    for (unsigned i = 0; i < COUNT_OF(bad); i++) {
        put("t-0/partition.metadata", bad[i]);
        ck_assert_int_eq(partition_metadata_load(ops, fs, "t-0", &loaded),
                         PARTITION_METADATA_MALFORMED);
    }
    file_mem_free(disk);
}
END_TEST

START_TEST(properties_keep_what_is_not_known)
{
    struct meta_properties m = META_PROPERTIES_INIT;
    open_disk();
    put("meta.properties", "#\n#Sun Nov 22 20:49:59 UTC 2026\n  broker.id=1\nversion=0\r\n"
                           "!note\ncluster.id : a\\:b\\=c\nsomething.else=x y\nempty=\n\nbare\n");
    ck_assert_int_eq(meta_properties_load(&m, ops, fs, why), 0);
    ck_assert_int_eq(meta_properties_broker_id(&m), 1);
    ck_assert_str_eq(meta_properties_get(&m, META_CLUSTER_ID), "a:b=c");
    ck_assert_str_eq(meta_properties_get(&m, "something.else"), "x y");
    ck_assert_str_eq(meta_properties_get(&m, "empty"), "");
    ck_assert_str_eq(meta_properties_get(&m, "bare"), "");
    ck_assert_ptr_null(meta_properties_get(&m, META_DIRECTORY_ID));
    meta_properties_set(&m, META_DIRECTORY_ID, "id");
    meta_properties_set(&m, "empty", NULL);
    meta_properties_set(&m, META_CLUSTER_ID, " #odd:\tone\r");
    ck_assert_int_eq(meta_properties_store(&m, ops, fs), 0);
    ck_assert_int_eq(meta_properties_load(&m, ops, fs, why), 0);
    ck_assert_str_eq(meta_properties_get(&m, META_DIRECTORY_ID), "id");
    ck_assert_str_eq(meta_properties_get(&m, META_CLUSTER_ID), " #odd:\tone\r");
    ck_assert_ptr_null(meta_properties_get(&m, "empty"));
    ck_assert_uint_eq(m.count, 6);
    put("meta.properties", "broker.id=1\n");
    ck_assert_int_eq(meta_properties_load(&m, ops, fs, why), CHECKPOINT_MALFORMED);
    ck_assert_str_eq(why, "it has no \"version\"");
    put("meta.properties", "version=1\nnode.id=1\n");
    ck_assert_int_eq(meta_properties_load(&m, ops, fs, why), CHECKPOINT_MALFORMED);
    ck_assert_ptr_nonnull(strstr(why, "ZooKeeper"));
    ck_assert_uint_eq(m.count, 0);
    put("meta.properties", "version=0\nbroker.id=-4\n");
    ck_assert_int_eq(meta_properties_load(&m, ops, fs, why), 0);
    ck_assert_int_eq(meta_properties_broker_id(&m), -1);
    meta_properties_deinit(&m);
    file_mem_free(disk);
}
END_TEST

START_TEST(a_clean_mark_never_comes_back)
{
    bool clean;
    for (uint64_t seed = 0; seed < 40; seed++) {
        open_disk();
        ck_assert_int_eq(clean_mark_take(ops, fs, &clean), 0);
        ck_assert(!clean);
        ck_assert_int_eq(clean_mark_set(ops, fs), 0);
        power_cycle(seed);
        /* Power fails after the removal, before it is durable: the next start must see to it. */
        file_mem_fail(disk, FILE_MEM_SYNC_DIR, NULL, 1, EIO, false);
        ck_assert_int_eq(clean_mark_take(ops, fs, &clean), -EIO);
        ck_assert_int_eq(clean_mark_take(ops, fs, &clean), 0);
        power_cycle(seed);
        ck_assert_int_eq(clean_mark_take(ops, fs, &clean), 0);
        ck_assert(!clean);
        file_mem_free(disk);
    }
}
END_TEST

START_TEST(a_clean_mark_survives)
{
    bool clean;
    for (uint64_t seed = 0; seed < 40; seed++) {
        open_disk();
        ck_assert_int_eq(clean_mark_set(ops, fs), 0);
        power_cycle(seed);
        ck_assert_int_eq(clean_mark_take(ops, fs, &clean), 0);
        ck_assert(clean);
        file_mem_free(disk);
    }
}
END_TEST

START_TEST(numbers_and_lines_are_read_strictly)
{
    static const char *const bad[] = {
        "", "-", "+", "1x", " 1", "0x1", "9223372036854775808", "-9223372036854775809"};
    int64_t n;
    for (unsigned i = 0; i < COUNT_OF(bad); i++)
        ck_assert_msg(!number_parse(view_of(bad[i]), &n), "%s", bad[i]);
    ck_assert(number_parse(view_of("-9223372036854775808"), &n) && n == INT64_MIN);
    ck_assert(number_parse(view_of("+007"), &n) && n == 7);
    struct view rest = VIEW_LITERAL("a  b\r\n\nc"), line, word;
    ck_assert(line_next(&rest, &line) && view_equal(line, VIEW_LITERAL("a  b")));
    ck_assert(word_next(&line, &word) && view_equal(word, VIEW_LITERAL("a")));
    ck_assert(word_next(&line, &word) && view_equal(word, VIEW_LITERAL("b")));
    ck_assert(!word_next(&line, &word));
    ck_assert(line_next(&rest, &line) && line.size == 0);
    ck_assert(line_next(&rest, &line) && view_equal(line, VIEW_LITERAL("c")));
    ck_assert(!line_next(&rest, &line));
}
END_TEST

START_TEST(a_file_that_is_too_large_is_not_read)
{
    uint8_t *bytes;
    size_t size;
    open_disk();
    put("x", "12345");
    ck_assert_int_eq(small_file_read(ops, fs, "x", 4, &bytes, &size), -EFBIG);
    ck_assert_int_eq(small_file_read(ops, fs, "x", 5, &bytes, &size), 0);
    ck_assert_uint_eq(size, 5);
    free(bytes);
    file_mem_free(disk);
}
END_TEST

SUITE_MAIN("checkpoint", entries_round_trip_in_order, malformed_files_are_refused_with_a_reason,
           a_file_is_replaced_whole_or_not_at_all, every_error_of_the_disk_is_passed_up,
           a_topic_id_round_trips, properties_keep_what_is_not_known, a_clean_mark_never_comes_back,
           a_clean_mark_survives, numbers_and_lines_are_read_strictly,
           a_file_that_is_too_large_is_not_read)
