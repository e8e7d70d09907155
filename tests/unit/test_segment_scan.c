/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "broker/log/segment_scan.h"
#include "common/memory.h"
#include "proto/record_builder.h"
#include "tests/lib/file_mem.h"
#include "tests/lib/suite.h"

static const struct file_ops *const ops = &file_mem_ops;
static struct file_mem *disk;
static void *fs;
static struct file *file;
static uint64_t size; /* of the file */

static void start(void)
{
    disk = file_mem_new(1);
    fs = file_mem_mount(disk, "");
    ck_assert_int_eq(ops->open(fs, "x", FILE_WRITE | FILE_CREATE, &file), 0);
    size = 0;
}

static void finish(void)
{
    file_unref(file);
    file_mem_free(disk);
}

/* Appends a batch whose value has so many bytes; returns its size. */
static uint32_t append(int64_t base_offset, uint32_t value_size, bool control)
{
    struct record_builder builder;
    struct record_batch_options options = RECORD_BATCH_OPTIONS_INIT;
    uint8_t *value = xmalloc(value_size + 1);
    for (uint32_t i = 0; i < value_size; i++)
        value[i] = (uint8_t)(i * 31 + i / 255);
    options.base_offset = base_offset;
    options.control = control;
    record_builder_init(&builder);
    record_builder_add(&builder, base_offset, VIEW_NULL, (struct view){value, value_size}, NULL, 0);
    struct view batch = record_builder_finish(&builder, &options);
    struct iovec iov = {(void *)(uintptr_t)batch.base, batch.size};
    ck_assert_int_eq(ops->pwritev(file, &iov, 1, size), 0);
    size += batch.size;
    uint32_t batch_size = batch.size;
    record_builder_deinit(&builder);
    free(value);
    return batch_size;
}

/* Walks from pos to end; returns how it stopped. */
static int walk(uint64_t pos, uint64_t end, bool headers_only, unsigned *ret_count,
                uint64_t *ret_pos)
{
    struct segment_scan scan;
    struct record_batch batch;
    uint64_t at;
    int result;
    *ret_count = 0;
    ck_assert_int_eq(segment_scan_init(&scan, file, pos, end, 0), 0);
    scan.headers_only = headers_only;
    while ((result = segment_scan_next(&scan, &batch, &at)) == 0) {
        ck_assert_uint_eq(at + batch.size, scan.pos);
        if (batch.bytes.base)
            ck_assert_int_eq(load_i64(batch.bytes.base), batch.base_offset);
        (*ret_count)++;
    }
    *ret_pos = scan.pos;
    ck_assert_int_eq(segment_scan_next(&scan, &batch, &at), result);
    segment_scan_deinit(&scan);
    return result;
}

START_TEST(finds_batches_of_every_size)
{
    static const uint32_t sizes[] = {
        0, 1, 100, SEGMENT_SCAN_BUFFER_SIZE - 80, 300000, 1, 262144, 262143, 2, 700000, 5, 1 << 20};
    unsigned count;
    uint64_t pos;
    start();
    for (unsigned i = 0; i < COUNT_OF(sizes); i++)
        append(i, sizes[i], false);
    for (unsigned headers_only = 0; headers_only < 2; headers_only++) {
        ck_assert_int_eq(walk(0, UINT64_MAX, headers_only, &count, &pos), SEGMENT_SCAN_END);
        ck_assert_uint_eq(count, COUNT_OF(sizes));
        ck_assert_uint_eq(pos, size);
    }
    finish();
}
END_TEST

START_TEST(an_empty_range_ends_at_once)
{
    unsigned count;
    uint64_t pos;
    start();
    ck_assert_int_eq(walk(0, UINT64_MAX, false, &count, &pos), SEGMENT_SCAN_END);
    append(0, 10, false);
    ck_assert_int_eq(walk(size, UINT64_MAX, false, &count, &pos), SEGMENT_SCAN_END);
    ck_assert_int_eq(walk(0, 0, false, &count, &pos), SEGMENT_SCAN_END);
    ck_assert_uint_eq(count, 0);
    finish();
}
END_TEST

START_TEST(a_torn_tail_stops_at_its_batch)
{
    unsigned count;
    uint64_t pos;
    start();
    append(0, 50, false);
    uint64_t whole = size;
    uint32_t last = append(1, 50, false);
    for (uint32_t part = 1; part < last; part++) {
        ck_assert_int_eq(walk(0, whole + part, part % 2, &count, &pos), SEGMENT_SCAN_TORN);
        ck_assert_uint_eq(count, 1);
        ck_assert_uint_eq(pos, whole);
    }
    finish();
}
END_TEST

START_TEST(every_damaged_byte_is_found)
{
    unsigned count;
    uint64_t pos;
    start();
    append(0, 50, false);
    uint64_t first = size;
    append(1, 50, false);
    append(2, 50, false);
    for (uint64_t at = first; at < 2 * first; at++) {
        uint64_t in_batch = at - first;
        if (in_batch >= 12 && in_batch < 16)
            continue; /* the leader epoch is not covered */
        ck_assert_int_eq(file_mem_flip(disk, "x", at, 0x81), 0);
        int result = walk(0, UINT64_MAX, false, &count, &pos);
        ck_assert_int_gt(result, SEGMENT_SCAN_END);
        ck_assert_uint_le(count, 2);
        ck_assert_uint_ge(pos, first);
        if (in_batch >= 17)
            ck_assert_int_eq(result, SEGMENT_SCAN_BAD_CRC);
        ck_assert_int_eq(file_mem_flip(disk, "x", at, 0x81), 0);
    }
    finish();
}
END_TEST

START_TEST(damage_in_a_large_batch_is_found)
{
    unsigned count;
    uint64_t pos;
    start();
    append(0, 10, false);
    uint64_t first = size;
    append(1, 1000000, false);
    append(2, 10, false);
    ck_assert_int_eq(file_mem_flip(disk, "x", first + 900000, 1), 0);
    ck_assert_int_eq(walk(0, UINT64_MAX, false, &count, &pos), SEGMENT_SCAN_BAD_CRC);
    ck_assert_uint_eq(count, 1);
    ck_assert_uint_eq(pos, first);
    ck_assert_int_eq(walk(0, UINT64_MAX, true, &count, &pos), SEGMENT_SCAN_END);
    ck_assert_uint_eq(count, 3);
    finish();
}
END_TEST

START_TEST(zeros_and_old_formats_are_told_apart)
{
    unsigned count;
    uint64_t pos;
    uint8_t magic = 3, length = 14;
    struct iovec iov = {&magic, 1};
    start();
    append(0, 10, false);
    ck_assert_int_eq(ops->truncate(file, size + 4096), 0);
    ck_assert_int_eq(walk(0, UINT64_MAX, false, &count, &pos), SEGMENT_SCAN_BAD_SIZE);
    ck_assert_int_eq(ops->pwritev(file, &(struct iovec){&length, 1}, 1, size + 11), 0);
    ck_assert_int_eq(walk(0, UINT64_MAX, false, &count, &pos), SEGMENT_SCAN_OLD_MAGIC);
    ck_assert_int_eq(ops->pwritev(file, &iov, 1, size + 16), 0);
    ck_assert_int_eq(walk(0, UINT64_MAX, false, &count, &pos), SEGMENT_SCAN_BAD_MAGIC);
    magic = 2;
    ck_assert_int_eq(ops->pwritev(file, &iov, 1, size + 16), 0);
    ck_assert_int_eq(walk(0, UINT64_MAX, false, &count, &pos), SEGMENT_SCAN_BAD_SIZE);
    ck_assert_uint_eq(pos, size);
    finish();
}
END_TEST

START_TEST(offsets_that_fall_are_refused)
{
    unsigned count;
    uint64_t pos;
    start();
    append(5, 10, false);
    append(9, 10, false); /* a gap: compacted */
    uint64_t good = size;
    append(9, 10, false);
    ck_assert_int_eq(walk(0, UINT64_MAX, false, &count, &pos), SEGMENT_SCAN_BAD_OFFSET);
    ck_assert_uint_eq(count, 2);
    ck_assert_uint_eq(pos, good);
    finish();
}
END_TEST

START_TEST(control_batches_come_with_their_bytes)
{
    struct segment_scan scan;
    struct record_batch batch;
    uint64_t at;
    start();
    for (int64_t i = 0; i < 1000; i++)
        append(i, 100, i % 7 == 3);
    ck_assert_int_eq(segment_scan_init(&scan, file, 0, UINT64_MAX, 0), 0);
    scan.headers_only = true;
    for (int64_t i = 0; i < 1000; i++) {
        ck_assert_int_eq(segment_scan_next(&scan, &batch, &at), 0);
        ck_assert_int_eq(batch.base_offset, i);
        ck_assert((batch.bytes.base != NULL) == (i % 7 == 3));
        if (batch.bytes.base)
            ck_assert(record_batch_crc_ok(&batch));
    }
    ck_assert_int_eq(segment_scan_next(&scan, &batch, &at), SEGMENT_SCAN_END);
    segment_scan_deinit(&scan);
    /* Read in pieces, not batch by batch. */
    ck_assert_uint_lt(file_mem_count(disk, FILE_MEM_PREAD), 20);
    finish();
}
END_TEST

START_TEST(a_disk_that_fails_is_no_damage)
{
    struct segment_scan scan;
    struct record_batch batch;
    uint64_t at;
    start();
    append(0, 10, false);
    file_mem_fail(disk, FILE_MEM_SIZE, NULL, 1, EIO, false);
    ck_assert_int_eq(segment_scan_init(&scan, file, 0, UINT64_MAX, 0), -EIO);
    ck_assert_int_eq(segment_scan_init(&scan, file, 0, UINT64_MAX, 0), 0);
    file_mem_fail(disk, FILE_MEM_PREAD, NULL, 1, EIO, false);
    ck_assert_int_eq(segment_scan_next(&scan, &batch, &at), -EIO);
    ck_assert_int_eq(segment_scan_next(&scan, &batch, &at), 0);
    segment_scan_deinit(&scan);
    finish();
}
END_TEST

SUITE_MAIN("segment_scan", finds_batches_of_every_size, an_empty_range_ends_at_once,
           a_torn_tail_stops_at_its_batch, every_damaged_byte_is_found,
           damage_in_a_large_batch_is_found, zeros_and_old_formats_are_told_apart,
           offsets_that_fall_are_refused, control_batches_come_with_their_bytes,
           a_disk_that_fails_is_no_damage)
