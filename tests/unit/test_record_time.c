/* SPDX-License-Identifier: Apache-2.0 */
#include <lz4frame.h>
#include <snappy-c.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

#include "common/bytes.h"
#include "proto/decompress.h"
#include "proto/record_builder.h"
#include "proto/record_time.h"
#include "tests/lib/suite.h"

#define ROOM (1u << 20)
#define RECORDS 300
#define BASE_OFFSET 5000

enum way {
    GZIP,
    SNAPPY_RAW,
    SNAPPY_FRAMED,
    LZ4,
    ZSTD,
    WAYS
};
static const enum record_codec codecs[] = {RECORD_CODEC_GZIP, RECORD_CODEC_SNAPPY,
                                           RECORD_CODEC_SNAPPY, RECORD_CODEC_LZ4,
                                           RECORD_CODEC_ZSTD};

static size_t gzip(const uint8_t *from, size_t size, uint8_t *to)
{
    z_stream z = {.next_in = (uint8_t *)(uintptr_t)from,
                  .avail_in = (uInt)size,
                  .next_out = to,
                  .avail_out = ROOM};
    ck_assert_int_eq(deflateInit2(&z, 6, Z_DEFLATED, 16 + 15, 8, Z_DEFAULT_STRATEGY), Z_OK);
    ck_assert_int_eq(deflate(&z, Z_FINISH), Z_STREAM_END);
    size_t used = z.total_out;
    deflateEnd(&z);
    return used;
}

static size_t snappy(const uint8_t *from, size_t size, uint8_t *to)
{
    size_t used = ROOM;
    ck_assert_int_eq(snappy_compress((const char *)from, size, (char *)to, &used), SNAPPY_OK);
    return used;
}

/* Blocks of 1,000 bytes behind the header that Java's library writes. */
static size_t snappy_framed(const uint8_t *from, size_t size, uint8_t *to)
{
    size_t used = 16;
    memcpy(to, "\x82SNAPPY\0\0\0\0\1\0\0\0\1", 16);
    for (size_t at = 0; at < size; at += 1000) {
        size_t some = snappy(from + at, size - at < 1000 ? size - at : 1000, to + used + 4);
        store_u32(to + used, (uint32_t)some);
        used += 4 + some;
    }
    return used;
}

static size_t compress_way(enum way way, const uint8_t *from, size_t size, uint8_t *to)
{
    switch (way) {
    case GZIP:
        return gzip(from, size, to);
    case SNAPPY_RAW:
        return snappy(from, size, to);
    case SNAPPY_FRAMED:
        return snappy_framed(from, size, to);
    case LZ4:
        return LZ4F_compressFrame(to, ROOM, from, size, NULL);
    case ZSTD:
        return ZSTD_compress(to, ROOM, from, size, 3);
    case WAYS:
        break;
    }
    ck_abort_msg("no such way");
    return 0;
}

/* Record i is at 10,000 + 10 * i ms, but each seventh is 35 ms late. Values of 0 to 999 bytes. */
static int64_t time_of(int i)
{
    return 10000 + 10 * i + (i % 7 == 6 ? 35 : 0);
}

static struct record_batch build(struct record_builder *builder)
{
    static uint8_t value[1000];
    struct record_batch_options options = RECORD_BATCH_OPTIONS_INIT;
    struct record_batch b;
    record_builder_init(builder);
    for (int i = 0; i < RECORDS; i++) {
        for (size_t k = 0; k < sizeof value; k++)
            value[k] = (uint8_t)(k * (size_t)i % 11);
        record_builder_add(builder, time_of(i), VIEW_NULL,
                           (struct view){value, (uint32_t)(i * 37 % 1000)}, NULL, 0);
    }
    options.base_offset = BASE_OFFSET;
    ck_assert_int_eq(record_batch_parse(record_builder_finish(builder, &options), &b), 0);
    return b;
}

/* The same batch with its records compressed. The bytes are the caller's. */
static struct record_batch compressed(const struct record_batch *plain, enum way way)
{
    uint8_t *bytes = malloc(RECORD_BATCH_HEADER_SIZE + ROOM);
    struct record_batch b = *plain;
    memcpy(bytes, plain->bytes.base, RECORD_BATCH_HEADER_SIZE);
    b.size = RECORD_BATCH_HEADER_SIZE +
             (uint32_t)compress_way(way, plain->bytes.base + RECORD_BATCH_HEADER_SIZE,
                                    plain->size - RECORD_BATCH_HEADER_SIZE,
                                    bytes + RECORD_BATCH_HEADER_SIZE);
    b.bytes = (struct view){bytes, b.size};
    b.attributes = (uint16_t)codecs[way];
    return b;
}

static void drop(struct record_batch *b)
{
    free((void *)(uintptr_t)b->bytes.base);
}

static void check_all_times(const struct record_batch *b)
{
    int64_t offset, timestamp;
    for (int64_t t = time_of(0) - 20; t <= b->max_timestamp; t += 5) {
        int first = 0;
        while (time_of(first) < t)
            first++;
        ck_assert_int_eq(record_time_find(b, t, UINT64_MAX, &offset, &timestamp), 0);
        ck_assert_int_eq(offset, BASE_OFFSET + first);
        ck_assert_int_eq(timestamp, time_of(first));
    }
    ck_assert_int_eq(record_time_find(b, b->max_timestamp + 1, UINT64_MAX, &offset, &timestamp),
                     RECORD_TIME_NONE);
}

START_TEST(every_codec_is_looked_into)
{
    struct record_builder builder;
    struct record_batch plain = build(&builder);
    check_all_times(&plain);
    for (enum way way = 0; way < WAYS; way++) {
        struct record_batch b = compressed(&plain, way);
        check_all_times(&b);
        drop(&b);
    }
    record_builder_deinit(&builder);
}
END_TEST

START_TEST(the_limit_ends_the_search)
{
    struct record_builder builder;
    struct record_batch plain = build(&builder);
    int64_t offset, timestamp;
    for (enum way way = 0; way < WAYS; way++) {
        struct record_batch b = compressed(&plain, way);
        ck_assert_int_eq(record_time_find(&b, time_of(290), 20000, &offset, &timestamp),
                         RECORD_TIME_UNKNOWN);
        ck_assert_int_eq(record_time_find(&b, time_of(1), 20000, &offset, &timestamp), 0);
        ck_assert_int_eq(offset, BASE_OFFSET + 1);
        drop(&b);
    }
    record_builder_deinit(&builder);
}
END_TEST

/* What is cut short says so, or was found before the cut; nothing is read behind it. */
START_TEST(what_is_cut_short_is_corrupt)
{
    struct record_builder builder;
    struct record_batch plain = build(&builder);
    int64_t offset, timestamp;
    for (enum way way = 0; way < WAYS; way++) {
        struct record_batch whole = compressed(&plain, way);
        for (uint32_t size = RECORD_BATCH_HEADER_SIZE; size + 16 < whole.size; size += 13) {
            struct record_batch b = whole;
            uint8_t *copy = malloc(size); /* exact, so that ASan sees a read behind it */
            memcpy(copy, whole.bytes.base, size);
            b.bytes = (struct view){copy, size};
            ck_assert_int_eq(
                record_time_find(&b, whole.max_timestamp + 1, UINT64_MAX, &offset, &timestamp),
                RECORD_TIME_CORRUPT);
            free(copy);
        }
        drop(&whole);
    }
    record_builder_deinit(&builder);
}
END_TEST

START_TEST(damage_is_survived)
{
    struct record_builder builder;
    struct record_batch plain = build(&builder);
    int64_t offset, timestamp;
    uint32_t random = 1;
    for (enum way way = 0; way < WAYS; way++) {
        struct record_batch b = compressed(&plain, way);
        uint8_t *bytes = (uint8_t *)(uintptr_t)b.bytes.base;
        for (unsigned round = 0; round < 300; round++) {
            random = random * 1664525 + 1013904223;
            uint32_t at = RECORD_BATCH_HEADER_SIZE + random % (b.size - RECORD_BATCH_HEADER_SIZE);
            uint8_t before = bytes[at];
            bytes[at] ^= (uint8_t)(1 + (random >> 24) % 255);
            int result = record_time_find(&b, time_of(200), 64u << 20, &offset, &timestamp);
            ck_assert(result >= 0 && result <= RECORD_TIME_CORRUPT);
            if (result == 0) {
                ck_assert_int_ge(offset, BASE_OFFSET);
                ck_assert_int_lt(offset, BASE_OFFSET + RECORDS);
            }
            bytes[at] = before;
        }
        drop(&b);
    }
    record_builder_deinit(&builder);
}
END_TEST

/* One raw block that claims 4 GB is refused before its memory is asked for. */
START_TEST(a_block_that_is_too_large_is_refused)
{
    static const uint8_t block[] = {0xff, 0xff, 0xff, 0xff, 0x0f, 0x00, 0x41};
    uint8_t out[16];
    uint32_t size;
    struct decompressor *d =
        decompressor_new(RECORD_CODEC_SNAPPY, (struct view){block, sizeof block});
    ck_assert_int_eq(decompressor_read(d, out, sizeof out, &size), DECOMPRESS_TOO_LARGE);
    decompressor_free(d);
}
END_TEST

START_TEST(append_time_is_the_whole_batch_s)
{
    struct record_builder builder;
    struct record_batch b = build(&builder);
    int64_t offset, timestamp;
    b.attributes |= RECORD_BATCH_APPEND_TIME;
    ck_assert_int_eq(record_time_find(&b, b.max_timestamp, 0, &offset, &timestamp), 0);
    ck_assert_int_eq(offset, BASE_OFFSET);
    ck_assert_int_eq(timestamp, b.max_timestamp);
    ck_assert_int_eq(record_time_find(&b, b.max_timestamp + 1, 0, &offset, &timestamp),
                     RECORD_TIME_NONE);
    record_builder_deinit(&builder);
}
END_TEST

SUITE_MAIN("record_time", every_codec_is_looked_into, the_limit_ends_the_search,
           what_is_cut_short_is_corrupt, damage_is_survived, a_block_that_is_too_large_is_refused,
           append_time_is_the_whole_batch_s)
