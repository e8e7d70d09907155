/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "proto/record_builder.h"
#include "proto/record_reader.h"
#include "tests/lib/suite.h"

static struct record_builder builder;

/* A batch of `count` records, with keys, a null value and headers. */
static struct view build(uint32_t count, const struct record_batch_options *options)
{
    struct record_header headers[] = {{VIEW_LITERAL("a"), VIEW_LITERAL("1")},
                                      {VIEW_LITERAL("a"), VIEW_NULL}};
    record_builder_reset(&builder);
    for (uint32_t i = 0; i < count; i++)
        record_builder_add(&builder, 1000 - i, VIEW_LITERAL("key"),
                           i == 1 ? VIEW_NULL : VIEW_LITERAL("value"), headers, i == 2 ? 2 : 0);
    return record_builder_finish(&builder, options);
}

static struct view build_plain(uint32_t count)
{
    return build(count, &RECORD_BATCH_OPTIONS_INIT);
}

static uint8_t *writable(struct view v)
{
    return (uint8_t *)(uintptr_t)v.base;
}

START_TEST(a_built_batch_reads_back)
{
    struct record_batch_options options = {.base_offset = 77,
                                           .leader_epoch = 5,
                                           .producer_id = 9,
                                           .producer_epoch = 2,
                                           .base_sequence = 30,
                                           .transactional = true};
    struct record_batch b;
    struct record_reader reader;
    struct record r;
    record_builder_init(&builder);
    ck_assert_int_eq(record_batch_parse(build(3, &options), &b), 0);
    ck_assert_int_eq(b.base_offset, 77);
    ck_assert_int_eq(b.leader_epoch, 5);
    ck_assert_int_eq(record_batch_last_offset(&b), 79);
    ck_assert_int_eq(record_batch_end_offset(&b), 80);
    ck_assert_int_eq(b.base_timestamp, 1000);
    ck_assert_int_eq(b.max_timestamp, 1000);
    ck_assert_int_eq(b.producer_id, 9);
    ck_assert_int_eq(record_batch_last_sequence(&b), 32);
    ck_assert(record_batch_is_transactional(&b) && !record_batch_is_control(&b));
    ck_assert_int_eq(record_reader_init(&reader, &b), 0);
    ck_assert_int_eq(record_reader_next(&reader, &r), 0);
    ck_assert(view_equal(r.key, VIEW_LITERAL("key")) && view_equal(r.value, VIEW_LITERAL("value")));
    ck_assert_int_eq(record_reader_next(&reader, &r), 0);
    ck_assert_ptr_null(r.value.base);
    ck_assert_int_eq(r.timestamp, 999);
    ck_assert_int_eq(r.offset, 78);
    ck_assert_int_eq(record_reader_next(&reader, &r), 0);
    ck_assert_uint_eq(r.header_count, 2);
    ck_assert_int_eq(r.sequence, 32);
    struct record_header h;
    ck_assert(record_header_next(&r.headers, &h) && view_equal(h.value, VIEW_LITERAL("1")));
    ck_assert(record_header_next(&r.headers, &h) && h.value.base == NULL);
    ck_assert(!record_header_next(&r.headers, &h));
    ck_assert_int_eq(record_reader_next(&reader, &r), RECORD_READER_END);
    record_builder_deinit(&builder);
}
END_TEST

START_TEST(every_prefix_is_short)
{
    struct record_batch b;
    record_builder_init(&builder);
    struct view whole = build_plain(3);
    for (uint32_t size = 0; size < whole.size; size++) {
        /* Exactly sized memory, so that a read beyond it is noticed. */
        uint8_t *part = xmalloc(size + 1);
        memcpy(part, whole.base, size);
        part = xrealloc(part, size ? size : 1);
        struct view view = {part, size};
        ck_assert_int_eq(record_batch_parse(view, &b), RECORD_BATCH_SHORT);
        ck_assert_int_eq(record_batch_next(&view, &b),
                         size ? RECORD_BATCH_SHORT : RECORD_BATCH_END);
        ck_assert_uint_eq(view.size, size);
        free(part);
    }
    ck_assert_int_eq(record_batch_parse(whole, &b), 0);
    record_builder_deinit(&builder);
}
END_TEST

START_TEST(every_flipped_bit_is_found_but_for_offset_and_epoch)
{
    struct record_batch b;
    record_builder_init(&builder);
    struct view whole = build_plain(2);
    uint8_t *bytes = writable(whole);
    for (uint32_t bit = 0; bit < whole.size * 8; bit++) {
        uint32_t at = bit / 8;
        bytes[at] ^= (uint8_t)(1 << bit % 8);
        int error = record_batch_parse(whole, &b);
        bool uncovered = at < 8 || (at >= 12 && at < 16);
        /* The sign bit of the base offset makes it impossible. */
        if (bit == 7)
            ck_assert_int_eq(error, RECORD_BATCH_BAD_HEADER);
        else if (uncovered)
            ck_assert_int_eq(error, 0);
        else
            ck_assert_int_ne(error, 0);
        if (at > 16 && at != 21)
            ck_assert_int_eq(error, RECORD_BATCH_BAD_CRC);
        bytes[at] ^= (uint8_t)(1 << bit % 8);
    }
    record_builder_deinit(&builder);
}
END_TEST

START_TEST(old_and_unknown_formats_are_told_apart)
{
    struct record_batch b;
    uint32_t size;
    record_builder_init(&builder);
    struct view whole = build_plain(1);
    uint8_t *bytes = writable(whole);
    bytes[16] = 0;
    ck_assert_int_eq(record_batch_parse(whole, &b), RECORD_BATCH_OLD_MAGIC);
    bytes[16] = 1;
    ck_assert_int_eq(record_batch_parse(whole, &b), RECORD_BATCH_OLD_MAGIC);
    bytes[16] = 3;
    ck_assert_int_eq(record_batch_parse(whole, &b), RECORD_BATCH_BAD_MAGIC);
    bytes[16] = 2;
    ck_assert_int_eq(record_batch_size(bytes, 16, &size), RECORD_BATCH_SHORT);
    ck_assert_int_eq(record_batch_size(bytes, 17, &size), 0);
    ck_assert_uint_eq(size, whole.size);
    store_u32(bytes + 8, 48);
    ck_assert_int_eq(record_batch_parse(whole, &b), RECORD_BATCH_BAD_SIZE);
    store_u32(bytes + 8, (uint32_t)-1);
    ck_assert_int_eq(record_batch_size(bytes, 17, &size), RECORD_BATCH_BAD_SIZE);
    store_u32(bytes + 8, INT32_MAX);
    ck_assert_int_eq(record_batch_parse(whole, &b), RECORD_BATCH_SHORT);
    record_builder_deinit(&builder);
}
END_TEST

/* Seals the batch again and says what parse makes of it. */
static int reparse(struct view whole, struct record_batch *ret)
{
    record_batch_seal(writable(whole), whole.size);
    return record_batch_parse(whole, ret);
}

START_TEST(impossible_headers_are_refused_with_a_right_checksum)
{
    struct record_batch b;
    record_builder_init(&builder);
    struct view whole = build_plain(3);
    uint8_t *bytes = writable(whole);
    store_u32(bytes + RECORD_BATCH_POS_COUNT, 4); /* more than the delta allows */
    ck_assert_int_eq(reparse(whole, &b), RECORD_BATCH_BAD_HEADER);
    store_u32(bytes + RECORD_BATCH_POS_COUNT, (uint32_t)-1);
    ck_assert_int_eq(reparse(whole, &b), RECORD_BATCH_BAD_HEADER);
    store_u32(bytes + RECORD_BATCH_POS_COUNT, 2); /* fewer: compacted */
    ck_assert_int_eq(reparse(whole, &b), 0);
    ck_assert(!record_batch_is_producible(&b));
    store_u32(bytes + RECORD_BATCH_POS_COUNT, 3);
    store_u32(bytes + RECORD_BATCH_POS_LAST_OFFSET_DELTA, (uint32_t)-2);
    ck_assert_int_eq(reparse(whole, &b), RECORD_BATCH_BAD_HEADER);
    store_u32(bytes + RECORD_BATCH_POS_LAST_OFFSET_DELTA, 2);
    record_batch_assign(bytes, INT64_MAX - 2, 0);
    ck_assert_int_eq(reparse(whole, &b), RECORD_BATCH_BAD_HEADER);
    record_batch_assign(bytes, INT64_MAX - 3, 0);
    ck_assert_int_eq(reparse(whole, &b), 0);
    store_u16(bytes + RECORD_BATCH_POS_ATTRIBUTES, 5); /* no such codec */
    ck_assert_int_eq(reparse(whole, &b), RECORD_BATCH_BAD_HEADER);
    record_builder_deinit(&builder);
}
END_TEST

START_TEST(offset_and_epoch_are_decided_in_place)
{
    struct record_batch b;
    record_builder_init(&builder);
    struct view whole = build_plain(2);
    record_batch_assign(writable(whole), 0x123456789a, 42);
    ck_assert_int_eq(record_batch_parse(whole, &b), 0);
    ck_assert_int_eq(b.base_offset, 0x123456789a);
    ck_assert_int_eq(b.leader_epoch, 42);
    record_builder_deinit(&builder);
}
END_TEST

START_TEST(append_time_replaces_the_records_times)
{
    struct record_batch b;
    struct record_reader reader;
    struct record r;
    record_builder_init(&builder);
    struct view whole = build_plain(2);
    record_batch_set_append_time(writable(whole), whole.size, 123456);
    ck_assert_int_eq(record_batch_parse(whole, &b), 0);
    ck_assert(b.attributes & RECORD_BATCH_APPEND_TIME);
    ck_assert_int_eq(b.max_timestamp, 123456);
    ck_assert_int_eq(record_reader_init(&reader, &b), 0);
    ck_assert_int_eq(record_reader_next(&reader, &r), 0);
    ck_assert_int_eq(r.timestamp, 123456);
    record_builder_deinit(&builder);
}
END_TEST

START_TEST(a_walk_takes_batch_after_batch)
{
    struct record_batch b;
    uint8_t bytes[1000];
    uint32_t size = 0;
    record_builder_init(&builder);
    for (int64_t offset = 0; offset < 6; offset += 2) {
        struct record_batch_options options = RECORD_BATCH_OPTIONS_INIT;
        options.base_offset = offset;
        struct view one = build(2, &options);
        memcpy(bytes + size, one.base, one.size);
        size += one.size;
    }
    struct view rest = {bytes, size - 1};
    ck_assert_int_eq(record_batch_next(&rest, &b), 0);
    ck_assert_int_eq(b.base_offset, 0);
    ck_assert_int_eq(record_batch_next(&rest, &b), 0);
    ck_assert_int_eq(b.base_offset, 2);
    ck_assert_int_eq(record_batch_next(&rest, &b), RECORD_BATCH_SHORT);
    rest.size++;
    ck_assert_int_eq(record_batch_next(&rest, &b), 0);
    ck_assert_int_eq(record_batch_next(&rest, &b), RECORD_BATCH_END);
    record_builder_deinit(&builder);
}
END_TEST

START_TEST(what_may_be_produced)
{
    struct record_batch_options options = RECORD_BATCH_OPTIONS_INIT;
    struct record_batch b;
    record_builder_init(&builder);
    ck_assert_int_eq(record_batch_parse(build(2, &options), &b), 0);
    ck_assert(record_batch_is_producible(&b));
    options.transactional = true;
    ck_assert_int_eq(record_batch_parse(build(2, &options), &b), 0);
    ck_assert(!record_batch_is_producible(&b));
    options.producer_id = 1;
    ck_assert_int_eq(record_batch_parse(build(2, &options), &b), 0);
    ck_assert(!record_batch_is_producible(&b)); /* no epoch */
    options.producer_epoch = 0;
    options.base_sequence = 0;
    ck_assert_int_eq(record_batch_parse(build(2, &options), &b), 0);
    ck_assert(record_batch_is_producible(&b));
    options.control = true;
    ck_assert_int_eq(record_batch_parse(build(1, &options), &b), 0);
    ck_assert(!record_batch_is_producible(&b));
    record_builder_deinit(&builder);
}
END_TEST

START_TEST(sequence_numbers_wrap_to_zero)
{
    struct record_batch_options options = {
        .producer_id = 1, .producer_epoch = 0, .base_sequence = INT32_MAX - 1};
    struct record_batch b;
    struct record_reader reader;
    struct record r;
    record_builder_init(&builder);
    ck_assert_int_eq(record_batch_parse(build(4, &options), &b), 0);
    ck_assert_int_eq(record_batch_last_sequence(&b), 1);
    ck_assert_int_eq(record_reader_init(&reader, &b), 0);
    int32_t want[] = {INT32_MAX - 1, INT32_MAX, 0, 1};
    for (unsigned i = 0; i < 4; i++) {
        ck_assert_int_eq(record_reader_next(&reader, &r), 0);
        ck_assert_int_eq(r.sequence, want[i]);
    }
    record_builder_deinit(&builder);
}
END_TEST

START_TEST(markers_read_back)
{
    struct record_batch_options options = {.producer_id = 1,
                                           .producer_epoch = 3,
                                           .base_sequence = -1,
                                           .transactional = true,
                                           .control = true};
    struct record_batch b;
    struct txn_marker marker;
    record_builder_init(&builder);
    record_builder_add_marker(&builder, 5, (struct txn_marker){TXN_MARKER_COMMIT, 8});
    ck_assert_int_eq(record_batch_parse(record_builder_finish(&builder, &options), &b), 0);
    ck_assert(txn_marker_parse(&b, &marker));
    ck_assert_int_eq(marker.type, TXN_MARKER_COMMIT);
    ck_assert_int_eq(marker.coordinator_epoch, 8);
    ck_assert_uint_eq(b.size, 78); /* as Kafka's */
    options.control = false;
    ck_assert_int_eq(record_batch_parse(record_builder_finish(&builder, &options), &b), 0);
    ck_assert(!txn_marker_parse(&b, &marker));
    record_builder_deinit(&builder);
}
END_TEST

/* Reads all records; says how it ended. */
static int read_all(const struct record_batch *b)
{
    struct record_reader reader;
    struct record r;
    int result = record_reader_init(&reader, b);
    while (result == 0)
        result = record_reader_next(&reader, &r);
    return result;
}

START_TEST(damaged_records_are_refused_and_never_overrun)
{
    struct record_batch b;
    record_builder_init(&builder);
    struct view whole = build_plain(3);
    uint8_t *copy = xmalloc(whole.size);
    unsigned refused = 0;
    for (uint32_t at = RECORD_BATCH_HEADER_SIZE; at < whole.size; at++) {
        for (unsigned value = 0; value < 256; value += 5) {
            memcpy(copy, whole.base, whole.size);
            copy[at] = (uint8_t)value;
            ck_assert_int_eq(reparse((struct view){copy, whole.size}, &b), 0);
            int result = read_all(&b);
            ck_assert(result == RECORD_READER_END || result == RECORD_READER_CORRUPT);
            refused += result == RECORD_READER_CORRUPT;
        }
    }
    ck_assert_uint_gt(refused, 500);
    free(copy);
    record_builder_deinit(&builder);
}
END_TEST

START_TEST(compressed_records_are_not_read)
{
    struct record_batch b;
    record_builder_init(&builder);
    struct view whole = build_plain(1);
    store_u16(writable(whole) + RECORD_BATCH_POS_ATTRIBUTES, RECORD_CODEC_ZSTD);
    ck_assert_int_eq(reparse(whole, &b), 0);
    ck_assert_int_eq(read_all(&b), RECORD_READER_COMPRESSED);
    record_builder_deinit(&builder);
}
END_TEST

SUITE_MAIN("record_batch", a_built_batch_reads_back, every_prefix_is_short,
           every_flipped_bit_is_found_but_for_offset_and_epoch,
           old_and_unknown_formats_are_told_apart,
           impossible_headers_are_refused_with_a_right_checksum,
           offset_and_epoch_are_decided_in_place, append_time_replaces_the_records_times,
           a_walk_takes_batch_after_batch, what_may_be_produced, sequence_numbers_wrap_to_zero,
           markers_read_back, damaged_records_are_refused_and_never_overrun,
           compressed_records_are_not_read)
