/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>

#include "broker/log/segment_index.h"
#include "broker/log/small_file.h"
#include "broker/log/txn_index.h"
#include "common/bytes.h"
#include "tests/lib/file_mem.h"
#include "tests/lib/suite.h"

#define BASE 1000

static const struct file_ops *const ops = &file_mem_ops;
static struct file_mem *disk;
static void *fs;

static void open_disk(void)
{
    disk = file_mem_new(1);
    fs = file_mem_mount(disk, "");
}

static void put(const char *path, const void *bytes, size_t size)
{
    ck_assert_int_eq(small_file_write(ops, fs, path, bytes, size), 0);
}

START_TEST(an_offset_is_found_at_or_below)
{
    struct offset_index index;
    int64_t offset;
    offset_index_init(&index, BASE, 4 * OFFSET_INDEX_ENTRY_SIZE + 5);
    ck_assert_uint_eq(offset_index_lookup(&index, BASE + 50, &offset), 0);
    ck_assert_int_eq(offset, BASE);
    ck_assert_int_eq(offset_index_append(&index, BASE + 10, 4100), 0);
    ck_assert_int_eq(offset_index_append(&index, BASE + 20, 8300), 0);
    ck_assert_int_eq(offset_index_append(&index, BASE + 30, 12500), 0);
    ck_assert(!offset_index_is_full(&index));
    ck_assert_int_eq(offset_index_append(&index, BASE + 40, 16000), 0);
    ck_assert_int_eq(offset_index_append(&index, BASE + 50, 20000), OFFSET_INDEX_FULL);
    ck_assert_uint_eq(offset_index_lookup(&index, BASE + 9, &offset), 0);
    ck_assert_uint_eq(offset_index_lookup(&index, BASE + 10, &offset), 4100);
    ck_assert_uint_eq(offset_index_lookup(&index, BASE + 29, &offset), 8300);
    ck_assert_int_eq(offset, BASE + 20);
    ck_assert_uint_eq(offset_index_lookup(&index, BASE + 4000, NULL), 16000);
    offset_index_truncate(&index, BASE + 30);
    ck_assert_uint_eq(index.count, 2);
    offset_index_truncate(&index, BASE + 11);
    ck_assert_uint_eq(index.count, 1);
    offset_index_truncate(&index, 0);
    ck_assert_uint_eq(index.count, 0);
    offset_index_deinit(&index);
}
END_TEST

static void fill_offsets(struct offset_index *index, unsigned count)
{
    offset_index_init(index, BASE, 8192);
    for (unsigned i = 1; i <= count; i++)
        ck_assert_int_eq(offset_index_append(index, BASE + 10 * i, 4000 * i), 0);
}

START_TEST(a_file_is_searched_without_being_loaded)
{
    struct offset_index index;
    struct file *file;
    open_disk();
    for (unsigned count = 0; count < 9; count++) {
        fill_offsets(&index, count);
        ck_assert_int_eq(offset_index_store(&index, ops, fs, "x"), 0);
        ck_assert_int_eq(ops->open(fs, "x", FILE_WRITE, &file), 0);
        for (unsigned padded = 0; padded < 2; padded++) {
            for (int64_t offset = BASE; offset < BASE + 100; offset++) {
                uint32_t pos;
                int64_t found, want;
                ck_assert_int_eq(offset_index_find(file, BASE, offset, &pos, &found), 0);
                ck_assert_uint_eq(pos, offset_index_lookup(&index, offset, &want));
                ck_assert_int_eq(found, want);
            }
            ck_assert_int_eq(ops->truncate(file, 8192), 0);
        }
        file_unref(file);
        offset_index_deinit(&index);
    }
    file_mem_free(disk);
}
END_TEST

/* What loading these bytes gives. */
static int load_offsets(const void *bytes, size_t size, uint64_t log_size, size_t *ret_count)
{
    struct offset_index index;
    offset_index_init(&index, BASE, 64);
    put("x", bytes, size);
    int result = offset_index_load(&index, ops, fs, "x", log_size);
    *ret_count = index.count;
    offset_index_deinit(&index);
    return result;
}

START_TEST(a_damaged_offset_index_is_to_be_rebuilt)
{
    struct offset_index index;
    uint8_t bytes[80] = {0};
    size_t count;
    open_disk();
    offset_index_init(&index, BASE, 64);
    ck_assert_int_eq(offset_index_load(&index, ops, fs, "x", 100), -ENOENT);
    store_u32(bytes, 5);
    store_u32(bytes + 4, 100);
    store_u32(bytes + 8, 7);
    store_u32(bytes + 12, 200);
    ck_assert_int_eq(load_offsets(bytes, 64, 1000, &count), 0); /* padded */
    ck_assert_uint_eq(count, 2);
    ck_assert_int_eq(load_offsets(bytes, 0, 1000, &count), 0);
    ck_assert_uint_eq(count, 0);
    ck_assert_int_eq(load_offsets(bytes, 15, 1000, &count), OFFSET_INDEX_CORRUPT);
    ck_assert_int_eq(load_offsets(bytes, 16, 200, &count), OFFSET_INDEX_CORRUPT);
    ck_assert_uint_eq(count, 0);
    ck_assert_int_eq(load_offsets(bytes, 80, 1000, &count), OFFSET_INDEX_CORRUPT);
    store_u32(bytes + 8, 5);
    ck_assert_int_eq(load_offsets(bytes, 16, 1000, &count), OFFSET_INDEX_CORRUPT);
    store_u32(bytes + 8, (uint32_t)-7);
    ck_assert_int_eq(load_offsets(bytes, 16, 1000, &count), OFFSET_INDEX_CORRUPT);
    store_u32(bytes + 8, 7);
    store_u32(bytes + 12, 100);
    ck_assert_int_eq(load_offsets(bytes, 16, 1000, &count), OFFSET_INDEX_CORRUPT);
    file_mem_fail(disk, FILE_MEM_PREAD, NULL, 1, EIO, false);
    ck_assert_int_eq(load_offsets(bytes, 16, 1000, &count), -EIO);
    file_mem_free(disk);
}
END_TEST

START_TEST(a_time_is_found_at_or_below)
{
    struct time_index index;
    time_index_init(&index, BASE, 4 * TIME_INDEX_ENTRY_SIZE);
    ck_assert_int_eq(time_index_lookup(&index, 5).timestamp_ms, -1);
    ck_assert_int_eq(time_index_lookup(&index, 5).offset, BASE);
    ck_assert(time_index_append(&index, -1, BASE, false)); /* no timestamp: no entry */
    ck_assert_uint_eq(index.count, 0);
    ck_assert(time_index_append(&index, 100, BASE + 5, false));
    ck_assert(time_index_append(&index, 100, BASE + 6, false));
    ck_assert_uint_eq(index.count, 1);
    ck_assert(time_index_append(&index, 200, BASE + 7, false));
    ck_assert(time_index_append(&index, 300, BASE + 9, false));
    ck_assert(time_index_is_full(&index));
    ck_assert(!time_index_append(&index, 400, BASE + 10, false));
    ck_assert(time_index_append(&index, 400, BASE + 10, true));
    ck_assert(!time_index_append(&index, 500, BASE + 11, true));
    ck_assert_int_eq(time_index_lookup(&index, 99).offset, BASE);
    ck_assert_int_eq(time_index_lookup(&index, 100).offset, BASE + 5);
    ck_assert_int_eq(time_index_lookup(&index, 299).offset, BASE + 7);
    ck_assert_int_eq(time_index_lookup(&index, INT64_MAX).offset, BASE + 10);
    time_index_truncate(&index, BASE + 9);
    ck_assert_int_eq(time_index_last(&index).timestamp_ms, 200);
    time_index_deinit(&index);
}
END_TEST

START_TEST(a_time_index_file_is_searched_and_checked)
{
    struct time_index index, loaded;
    struct file *file;
    struct time_index_entry found;
    uint8_t bytes[24] = {0};
    open_disk();
    time_index_init(&index, BASE, 8192);
    time_index_init(&loaded, BASE, 8192);
    for (int64_t i = 1; i < 7; i++)
        ck_assert(time_index_append(&index, 100 * i, BASE + i, false));
    ck_assert_int_eq(time_index_store(&index, ops, fs, "x"), 0);
    ck_assert_int_eq(ops->open(fs, "x", FILE_WRITE, &file), 0);
    ck_assert_int_eq(ops->truncate(file, 8184), 0); /* padding, as Kafka leaves it */
    for (int64_t time = 0; time < 800; time += 50) {
        ck_assert_int_eq(time_index_find(file, BASE, time, &found), 0);
        ck_assert_int_eq(found.offset, time_index_lookup(&index, time).offset);
    }
    file_unref(file);
    ck_assert_int_eq(time_index_load(&loaded, ops, fs, "x"), 0);
    ck_assert_uint_eq(loaded.count, 6);
    store_u64(bytes, 100);
    store_u32(bytes + 8, 3);
    store_u64(bytes + 12, 200);
    store_u32(bytes + 20, 2); /* falls */
    put("x", bytes, 24);
    ck_assert_int_eq(time_index_load(&loaded, ops, fs, "x"), TIME_INDEX_CORRUPT);
    ck_assert_uint_eq(loaded.count, 0);
    store_u32(bytes + 20, 3);
    put("x", bytes, 24);
    ck_assert_int_eq(time_index_load(&loaded, ops, fs, "x"), 0);
    store_u64(bytes + 12, 100);
    put("x", bytes, 24);
    ck_assert_int_eq(time_index_load(&loaded, ops, fs, "x"), TIME_INDEX_CORRUPT);
    put("x", bytes, 23);
    ck_assert_int_eq(time_index_load(&loaded, ops, fs, "x"), TIME_INDEX_CORRUPT);
    time_index_deinit(&index);
    time_index_deinit(&loaded);
    file_mem_free(disk);
}
END_TEST

static struct record_batch batch_at(int64_t base_offset, int32_t delta, int64_t timestamp)
{
    return (struct record_batch){.base_offset = base_offset,
                                 .last_offset_delta = delta,
                                 .max_timestamp = timestamp,
                                 .size = 300};
}

START_TEST(entries_come_when_the_interval_is_passed)
{
    struct segment_index index;
    int64_t offset;
    segment_index_init(&index, BASE, 800, 500);
    uint32_t pos = 0;
    for (int64_t i = 0; i < 7; i++, pos += 300) {
        /* The largest time is in the second batch. */
        struct record_batch batch = batch_at(BASE + 2 * i, 1, i == 1 ? 5000 : 100 * i);
        segment_index_add(&index, &batch, pos);
    }
    /* More than 500 bytes lie before the third batch, and again before the fifth and the seventh.
     */
    ck_assert_uint_eq(index.offsets.count, 3);
    ck_assert_uint_eq(offset_index_lookup(&index.offsets, BASE + 5, &offset), 600);
    ck_assert_int_eq(offset, BASE + 5);
    ck_assert_uint_eq(index.times.count, 1);
    ck_assert_int_eq(time_index_last(&index.times).timestamp_ms, 5000);
    ck_assert_int_eq(time_index_last(&index.times).offset, BASE + 3);
    segment_index_close(&index);
    ck_assert_uint_eq(index.times.count, 1);
    segment_index_truncate(&index, BASE + 9);
    ck_assert_uint_eq(index.offsets.count, 1);
    ck_assert_int_eq(index.latest.timestamp_ms, 5000);
    segment_index_truncate(&index, BASE);
    ck_assert_int_eq(index.latest.timestamp_ms, -1);
    ck_assert(!segment_index_is_full(&index));
    segment_index_deinit(&index);
}
END_TEST

START_TEST(a_segment_is_full_when_an_index_is)
{
    struct segment_index index;
    segment_index_init(&index, BASE, 8 * 4, 0);
    struct record_batch batch = batch_at(BASE, 0, 1);
    segment_index_add(&index, &batch, 0);
    ck_assert(!segment_index_is_full(&index));
    batch = batch_at(BASE + 1, 0, 2);
    segment_index_add(&index, &batch, 300);
    ck_assert(segment_index_is_full(&index)); /* the time index keeps one of its two slots */
    /* Offsets that an index cannot hold are passed over. */
    batch = batch_at(BASE + ((int64_t)1 << 40), 0, 3);
    segment_index_add(&index, &batch, 600);
    ck_assert_uint_eq(index.offsets.count, 1);
    segment_index_deinit(&index);
}
END_TEST

START_TEST(both_indexes_of_a_segment_round_trip_or_are_refused)
{
    struct segment_index index, loaded;
    open_disk();
    ck_assert_int_eq(file_mem_ops.mkdir(fs, "t-0"), 0);
    segment_index_init(&index, BASE, 800, 0);
    segment_index_init(&loaded, BASE, 800, 0);
    ck_assert_int_eq(segment_index_load(&loaded, ops, fs, "t-0", 1000), -ENOENT);
    for (int i = 0; i < 5; i++) {
        struct record_batch batch = batch_at(BASE + i, 0, 100 + i);
        segment_index_add(&index, &batch, (uint32_t)i * 100);
    }
    segment_index_close(&index);
    ck_assert_int_eq(segment_index_store(&index, ops, fs, "t-0"), 0);
    ck_assert_int_eq(segment_index_load(&loaded, ops, fs, "t-0", 1000), 0);
    ck_assert_uint_eq(loaded.offsets.count, index.offsets.count);
    ck_assert_uint_eq(loaded.times.count, index.times.count);
    ck_assert_int_eq(loaded.latest.timestamp_ms, 104);
    ck_assert_int_eq(segment_index_load(&loaded, ops, fs, "t-0", 300), OFFSET_INDEX_CORRUPT);
    put("t-0/00000000000000001000.timeindex", "12345", 5);
    ck_assert_int_eq(segment_index_load(&loaded, ops, fs, "t-0", 1000), TIME_INDEX_CORRUPT);
    segment_index_deinit(&index);
    segment_index_deinit(&loaded);
    file_mem_free(disk);
}
END_TEST

START_TEST(aborted_transactions_round_trip)
{
    struct txn_index index, loaded;
    uint8_t zeros[35] = {0};
    open_disk();
    txn_index_init(&index);
    txn_index_init(&loaded);
    txn_index_append(&index, (struct aborted_txn){7, 10, 20, 15});
    txn_index_append(&index, (struct aborted_txn){8, 12, 30, 31});
    ck_assert_int_eq(txn_index_store(&index, ops, fs, "x"), 0);
    ck_assert_int_eq(txn_index_load(&loaded, ops, fs, "x", 100), 0);
    ck_assert_uint_eq(loaded.count, 2);
    ck_assert_mem_eq(loaded.entries, index.entries, 2 * sizeof index.entries[0]);
    ck_assert_int_eq(txn_index_load(&loaded, ops, fs, "x", 50), TXN_INDEX_CORRUPT);
    txn_index_truncate(&index, 30);
    ck_assert_uint_eq(index.count, 1);
    put("x", zeros, 35);
    ck_assert_int_eq(txn_index_load(&loaded, ops, fs, "x", 100), TXN_INDEX_CORRUPT);
    ck_assert_int_eq(txn_index_load(&loaded, ops, fs, "y", 100), -ENOENT);
    txn_index_deinit(&index);
    txn_index_deinit(&loaded);
    file_mem_free(disk);
}
END_TEST

SUITE_MAIN("segment_index", an_offset_is_found_at_or_below, a_file_is_searched_without_being_loaded,
           a_damaged_offset_index_is_to_be_rebuilt, a_time_is_found_at_or_below,
           a_time_index_file_is_searched_and_checked, entries_come_when_the_interval_is_passed,
           a_segment_is_full_when_an_index_is, both_indexes_of_a_segment_round_trip_or_are_refused,
           aborted_transactions_round_trip)
