/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/wire.h"

#include "tests/lib/suite.h"
#include "tests/lib/view_check.h"

static struct wire_writer writer(void)
{
    struct wire_writer w;
    wire_writer_init(&w, NULL, 0, 1 << 20);
    return w;
}

static void expect_written(struct wire_writer *w, struct view bytes)
{
    ck_assert(!w->bad);
    ck_assert_uint_eq(w->used, bytes.size);
    ck_assert_mem_eq(wire_written(w).base, bytes.base, bytes.size);
    wire_writer_deinit(w);
}

START_TEST(test_integers_are_big_endian)
{
    struct view bytes =
        VIEW_BYTES(0xfe, 0x80, 0x01, 0xff, 0xff, 0xff, 0xfd, 0, 0, 0, 1, 0, 0, 0, 2, 7);
    struct wire_reader r = wire_reader_of(bytes);
    ck_assert_int_eq(wire_read_i8(&r), -2);
    ck_assert_int_eq(wire_read_i16(&r), INT16_MIN + 1);
    ck_assert_int_eq(wire_read_i32(&r), -3);
    ck_assert_int_eq(wire_read_i64(&r), ((int64_t)1 << 32) + 2);
    ck_assert(wire_read_bool(&r));
    ck_assert(!r.bad);
    ck_assert_uint_eq(wire_left(&r), 0);

    struct wire_writer w = writer();
    wire_write_i8(&w, -2);
    wire_write_i16(&w, INT16_MIN + 1);
    wire_write_i32(&w, -3);
    wire_write_i64(&w, ((int64_t)1 << 32) + 2);
    wire_write_i8(&w, 7);
    expect_written(&w, bytes);
}
END_TEST

START_TEST(test_the_first_short_read_spoils_all_later_ones)
{
    struct arena arena = ARENA_INIT;
    uint32_t count = 7;
    struct wire_reader r = wire_reader_of(VIEW_BYTES(0, 1, 2));
    ck_assert_int_eq(wire_read_i32(&r), 0);
    ck_assert(r.bad);
    ck_assert_int_eq(wire_read_i8(&r), 0);
    ck_assert_uint_eq(wire_read_uvarint(&r), 0);
    ck_assert_ptr_null(wire_read_string(&r, false).base);
    ck_assert_ptr_null(wire_read_i32_list(&r, true, &arena, &count));
    ck_assert_uint_eq(count, 0);
    ck_assert(uuid_is_zero(wire_read_uuid(&r)));
    wire_skip_tags(&r);
    ck_assert(r.bad);
    ck_assert_uint_eq(arena.total, 0);
}
END_TEST

START_TEST(test_an_empty_view_reads_as_nothing)
{
    struct wire_reader r = wire_reader_of(VIEW_NULL);
    ck_assert_uint_eq(wire_left(&r), 0);
    ck_assert(!r.bad);
    ck_assert_int_eq(wire_read_i8(&r), 0);
    ck_assert(r.bad);
}
END_TEST

START_TEST(test_uvarint_borders)
{
    static const uint32_t values[] = {0, 1, 127, 128, 16383, 16384, 1u << 28, UINT32_MAX};
    static const uint32_t sizes[] = {1, 1, 1, 2, 2, 3, 5, 5};
    for (size_t i = 0; i < COUNT_OF(values); i++) {
        struct wire_writer w = writer();
        wire_write_uvarint(&w, values[i]);
        ck_assert_uint_eq(w.used, sizes[i]);
        struct wire_reader r = wire_reader_of(wire_written(&w));
        ck_assert_uint_eq(wire_read_uvarint(&r), values[i]);
        ck_assert(!r.bad && wire_left(&r) == 0);
        wire_writer_deinit(&w);
    }
}
END_TEST

START_TEST(test_uvarint_over_32_bits_is_refused)
{
    struct wire_reader r = wire_reader_of(VIEW_BYTES(0xff, 0xff, 0xff, 0xff, 0x10));
    ck_assert_uint_eq(wire_read_uvarint(&r), 0);
    ck_assert(r.bad);
    r = wire_reader_of(VIEW_BYTES(0x80, 0x80, 0x80, 0x80, 0x80, 0x00));
    ck_assert_uint_eq(wire_read_uvarint(&r), 0);
    ck_assert(r.bad);
    r = wire_reader_of(VIEW_BYTES(0x80, 0x80));
    ck_assert_uint_eq(wire_read_uvarint(&r), 0);
    ck_assert(r.bad);
}
END_TEST

START_TEST(test_strings_in_both_forms)
{
    struct wire_writer w = writer();
    wire_write_string(&w, false, VIEW_LITERAL("ab"));
    wire_write_string(&w, true, VIEW_LITERAL("ab"));
    wire_write_string_nullable(&w, false, VIEW_NULL);
    wire_write_string_nullable(&w, true, VIEW_NULL);
    wire_write_string_nullable(&w, true, VIEW_LITERAL(""));
    wire_write_string(&w, false, VIEW_NULL); /* cannot be null: empty */
    struct view bytes = VIEW_BYTES(0, 2, 'a', 'b', 3, 'a', 'b', 0xff, 0xff, 0, 1, 0, 0);
    struct wire_reader r = wire_reader_of(bytes);
    ck_assert(view_equal(wire_read_string(&r, false), VIEW_LITERAL("ab")));
    ck_assert(view_equal(wire_read_string(&r, true), VIEW_LITERAL("ab")));
    ck_assert_ptr_null(wire_read_string_nullable(&r, false).base);
    ck_assert_ptr_null(wire_read_string_nullable(&r, true).base);
    struct view empty = wire_read_string_nullable(&r, true);
    ck_assert(empty.base != NULL && empty.size == 0);
    ck_assert_ptr_nonnull(wire_read_string(&r, false).base);
    ck_assert(!r.bad && wire_left(&r) == 0);
    expect_written(&w, bytes);
}
END_TEST

START_TEST(test_null_and_negative_sizes_are_refused)
{
    struct wire_reader r = wire_reader_of(VIEW_BYTES(0xff, 0xff));
    (void)wire_read_string(&r, false);
    ck_assert_msg(r.bad, "null for a string that cannot be");
    r = wire_reader_of(VIEW_BYTES(0));
    (void)wire_read_bytes(&r, true);
    ck_assert_msg(r.bad, "null for bytes that cannot be");
    r = wire_reader_of(VIEW_BYTES(0xff, 0xfe, 0, 0));
    (void)wire_read_string_nullable(&r, false);
    ck_assert_msg(r.bad, "size -2");
    r = wire_reader_of(VIEW_BYTES(0x80, 0, 0, 0, 1, 2, 3, 4));
    (void)wire_read_bytes_nullable(&r, false);
    ck_assert_msg(r.bad, "the least int32");
    r = wire_reader_of(VIEW_BYTES(0xff, 0xff, 0xff, 0xff, 0x0f, 1, 2));
    (void)wire_read_bytes_nullable(&r, true);
    ck_assert_msg(r.bad, "a compact size over int32");
}
END_TEST

START_TEST(test_a_string_over_32767_is_neither_read_nor_written)
{
    static char text[WIRE_STRING_SIZE_MAX + 2];
    struct view fits = {(const uint8_t *)text, WIRE_STRING_SIZE_MAX};
    struct view too_long = {(const uint8_t *)text, WIRE_STRING_SIZE_MAX + 1};
    struct wire_writer w = writer();
    wire_write_string(&w, true, fits);
    ck_assert(!w.bad);
    struct wire_reader r = wire_reader_of(wire_written(&w));
    ck_assert_uint_eq(wire_read_string(&r, true).size, fits.size);
    wire_write_string(&w, true, too_long);
    ck_assert(w.bad);
    wire_writer_deinit(&w);

    w = writer();
    wire_write_bytes(&w, true, too_long); /* the same form, without the limit */
    r = wire_reader_of(wire_written(&w));
    ck_assert_ptr_null(wire_read_string(&r, true).base);
    ck_assert(r.bad);
    wire_writer_deinit(&w);
}
END_TEST

START_TEST(test_a_count_is_checked_before_memory_is_taken)
{
    struct arena arena = ARENA_INIT;
    struct wire_element element = {2, 1000};
    uint32_t count;
    bool null;
    struct wire_reader r = wire_reader_of(VIEW_BYTES(0, 0, 0, 3, 1, 2, 3, 4, 5));
    ck_assert_ptr_null(wire_read_list(&r, false, &arena, element, &count));
    ck_assert_msg(r.bad, "three elements of two bytes do not fit into five");
    r = wire_reader_of(VIEW_BYTES(0x7f, 0xff, 0xff, 0xff, 0));
    ck_assert_ptr_null(wire_read_list(&r, false, &arena, element, &count));
    ck_assert(r.bad);
    r = wire_reader_of(VIEW_BYTES(0xff, 0xff, 0xff, 0xfe, 0));
    ck_assert_ptr_null(wire_read_list_nullable(&r, false, &arena, element, &count, &null));
    ck_assert(r.bad && !null);
    r = wire_reader_of(VIEW_BYTES(0));
    ck_assert_ptr_null(wire_read_list(&r, true, &arena, element, &count));
    ck_assert_msg(r.bad, "null for a list that cannot be");
    ck_assert_uint_eq(arena.total, 0);

    r = wire_reader_of(VIEW_BYTES(3, 1, 2, 3, 4));
    ck_assert_ptr_nonnull(wire_read_list(&r, true, &arena, element, &count));
    ck_assert_uint_eq(count, 2);
    r = wire_reader_of(VIEW_BYTES(0xff, 0xff, 0xff, 0xff));
    ck_assert_ptr_null(wire_read_list_nullable(&r, false, &arena, element, &count, &null));
    ck_assert(!r.bad && null && count == 0);
    arena_reset(&arena);
}
END_TEST

START_TEST(test_lists_of_one_message_share_one_bound_of_memory)
{
    struct arena arena = ARENA_INIT;
    struct wire_element element = {1, 100};
    uint32_t count;
    struct wire_reader r = wire_reader_of(VIEW_BYTES(3, 3, 3, 3, 3, 3));
    r.memory_left = 500;
    ck_assert_ptr_nonnull(wire_read_list(&r, true, &arena, element, &count));
    ck_assert_ptr_nonnull(wire_read_list(&r, true, &arena, element, &count));
    ck_assert(!r.bad);
    ck_assert_ptr_null(wire_read_list(&r, true, &arena, element, &count));
    ck_assert(r.bad);
    arena_reset(&arena);
}
END_TEST

START_TEST(test_lists_of_integers_and_strings)
{
    struct arena arena = ARENA_INIT;
    const int32_t numbers[] = {1, -1};
    const struct view texts[] = {VIEW_LITERAL("a"), VIEW_LITERAL("")};
    uint32_t count;
    struct wire_writer w = writer();
    wire_write_i32_list(&w, false, numbers, 2);
    wire_write_string_list(&w, true, texts, 2);
    struct view bytes = VIEW_BYTES(0, 0, 0, 2, 0, 0, 0, 1, 0xff, 0xff, 0xff, 0xff, 3, 2, 'a', 1);
    struct wire_reader r = wire_reader_of(bytes);
    const int32_t *read = wire_read_i32_list(&r, false, &arena, &count);
    ck_assert_uint_eq(count, 2);
    ck_assert_int_eq(read[1], -1);
    const struct view *strings = wire_read_string_list(&r, true, &arena, &count);
    ck_assert_uint_eq(count, 2);
    ck_assert(view_equal(strings[0], VIEW_LITERAL("a")) && strings[1].size == 0);
    ck_assert(!r.bad && wire_left(&r) == 0);
    expect_written(&w, bytes);
    arena_reset(&arena);
}
END_TEST

START_TEST(test_unknown_tags_are_skipped)
{
    struct wire_reader r = wire_reader_of(VIEW_BYTES(2, 0, 1, 9, 0x81, 1, 2, 8, 7, 42));
    wire_skip_tags(&r);
    ck_assert_int_eq(wire_read_i8(&r), 42);
    ck_assert(!r.bad);
}
END_TEST

START_TEST(test_a_tag_cannot_be_read_beyond_its_end)
{
    struct wire_reader r = wire_reader_of(VIEW_BYTES(5, 2, 1, 2, 3, 4, 5, 6));
    struct wire_tag tag = wire_begin_read_tag(&r);
    ck_assert_uint_eq(tag.number, 5);
    ck_assert_int_eq(wire_read_i32(&r), 0);
    ck_assert(r.bad);

    r = wire_reader_of(VIEW_BYTES(5, 4, 1, 2, 3, 4, 5, 6));
    tag = wire_begin_read_tag(&r);
    ck_assert_int_eq(wire_read_i16(&r), 0x102);
    wire_end_read_tag(&r, &tag);
    ck_assert_msg(r.bad, "two bytes of the tag were left over");

    r = wire_reader_of(VIEW_BYTES(5, 9, 1, 2));
    (void)wire_begin_read_tag(&r);
    ck_assert_msg(r.bad, "the tag is longer than what holds it");

    r = wire_reader_of(VIEW_BYTES(0xff, 0xff, 3, 0, 0));
    ck_assert_uint_eq(wire_read_tag_count(&r), 0);
    ck_assert_msg(r.bad, "more tags than bytes");
}
END_TEST

START_TEST(test_a_tag_gets_its_size_afterwards)
{
    static const uint32_t sizes[] = {0, 1, 127, 128, 20000};
    static const uint8_t value[20000] = {1, 2, 3};
    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
        struct wire_writer w = writer();
        wire_write_uvarint(&w, 2);
        uint32_t begin = wire_begin_write_tag(&w, 0);
        wire_write_raw(&w, value, sizes[i]);
        wire_end_write_tag(&w, begin);
        begin = wire_begin_write_tag(&w, 300);
        wire_write_i8(&w, 9);
        wire_end_write_tag(&w, begin);

        struct wire_reader r = wire_reader_of(wire_written(&w));
        ck_assert_uint_eq(wire_read_tag_count(&r), 2);
        struct wire_tag tag = wire_begin_read_tag(&r);
        ck_assert_uint_eq(tag.number, 0);
        ck_assert_uint_eq(wire_left(&r), sizes[i]);
        ck_assert_mem_eq(r.at, value, sizes[i]);
        wire_skip_tag(&r);
        wire_end_read_tag(&r, &tag);
        tag = wire_begin_read_tag(&r);
        ck_assert_uint_eq(tag.number, 300);
        ck_assert_int_eq(wire_read_i8(&r), 9);
        wire_end_read_tag(&r, &tag);
        ck_assert(!r.bad && wire_left(&r) == 0);
        wire_writer_deinit(&w);
    }
}
END_TEST

START_TEST(test_the_writer_grows_up_to_its_limit)
{
    struct account account = {0, 1 << 20};
    struct wire_writer w;
    wire_writer_init(&w, &account, 8, 1000);
    for (uint32_t i = 0; i < 250; i++)
        wire_write_i32(&w, (int32_t)i);
    ck_assert(!w.bad);
    ck_assert_uint_eq(w.used, 1000);
    struct wire_reader r = wire_reader_of(wire_written(&w));
    for (int32_t i = 0; i < 250; i++)
        ck_assert_int_eq(wire_read_i32(&r), i);
    wire_write_i8(&w, 1);
    ck_assert(w.bad);
    ck_assert_ptr_null(wire_writer_take(&w));
    wire_writer_deinit(&w);
    ck_assert_int_eq(account.bytes, 0);
}
END_TEST

START_TEST(test_the_writer_hands_over_its_buf)
{
    struct account account = {0, 1 << 20};
    struct wire_writer w;
    wire_writer_init(&w, &account, 8, 1000);
    wire_write_i32(&w, 0);
    wire_write_raw(&w, "abc", 3);
    wire_patch_i32(&w, 0, 3);
    struct buf *buf = wire_writer_take(&w);
    wire_writer_deinit(&w);
    ck_assert_uint_eq(buf->used, 7);
    ck_assert_mem_eq(buf->data, "\0\0\0\3abc", 7);
    ck_assert_int_gt(account.bytes, 0);
    buf_unref(buf);
    ck_assert_int_eq(account.bytes, 0);
}
END_TEST

START_TEST(test_records_may_leave_gaps)
{
    struct wire_writer w = writer();
    wire_writer_leave_gaps(&w);
    wire_write_records_nullable(&w, false, VIEW_LITERAL("hidden"));
    wire_write_records_nullable(&w, true, VIEW_NULL);
    wire_write_records(&w, true, VIEW_LITERAL(""));
    wire_write_records(&w, true, VIEW_LITERAL("also"));
    wire_write_bytes(&w, true, VIEW_LITERAL("x"));
    ck_assert_uint_eq(w.gap_count, 2);
    ck_assert_uint_eq(w.gap_bytes, 10);
    ck_assert(w.gaps[0].pos == 4 && w.gaps[0].size == 6);
    ck_assert(w.gaps[1].pos == 7 && w.gaps[1].size == 4);
    expect_written(&w, VIEW_BYTES(0, 0, 0, 6, 0, 1, 5, 2, 'x'));
}
END_TEST

SUITE_MAIN("wire", test_integers_are_big_endian, test_the_first_short_read_spoils_all_later_ones,
           test_an_empty_view_reads_as_nothing, test_uvarint_borders,
           test_uvarint_over_32_bits_is_refused, test_strings_in_both_forms,
           test_null_and_negative_sizes_are_refused,
           test_a_string_over_32767_is_neither_read_nor_written,
           test_a_count_is_checked_before_memory_is_taken,
           test_lists_of_one_message_share_one_bound_of_memory, test_lists_of_integers_and_strings,
           test_unknown_tags_are_skipped, test_a_tag_cannot_be_read_beyond_its_end,
           test_a_tag_gets_its_size_afterwards, test_the_writer_grows_up_to_its_limit,
           test_the_writer_hands_over_its_buf, test_records_may_leave_gaps)
