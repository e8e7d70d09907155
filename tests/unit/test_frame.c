/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/frame.h"

#include "proto/error_code.h"
#include "tests/lib/suite.h"
#include "tests/lib/view_check.h"

static int read_header(struct view bytes, struct request_header *ret)
{
    struct wire_reader r = wire_reader_of(bytes);
    return frame_read_request_header(&r, ret);
}

START_TEST(test_sizes_are_checked_before_memory_is_taken)
{
    uint32_t size = 99;
    const uint8_t negative[] = {0xff, 0xff, 0xff, 0xff}, least[] = {0x80, 0, 0, 0};
    const uint8_t small[] = {0, 0, 0, 7}, fits[] = {0, 0, 0, 8}, large[] = {0, 0, 1, 1};
    ck_assert_int_eq(frame_request_size(negative, 256, &size), FRAME_TOO_SMALL);
    ck_assert_int_eq(frame_request_size(least, 256, &size), FRAME_TOO_SMALL);
    ck_assert_int_eq(frame_request_size(small, 256, &size), FRAME_TOO_SMALL);
    ck_assert_int_eq(frame_request_size(large, 256, &size), FRAME_TOO_LARGE);
    /* A TLS greeting sent to a plaintext listener looks like this. */
    const uint8_t tls[] = {0x16, 3, 1, 2};
    ck_assert_int_eq(frame_request_size(tls, 100 << 20, &size), FRAME_TOO_LARGE);
    ck_assert_uint_eq(size, 99);
    ck_assert_int_eq(frame_request_size(fits, 256, &size), 0);
    ck_assert_uint_eq(size, 8);
    ck_assert_int_eq(frame_request_size(large, 257, &size), 0);
    ck_assert_uint_eq(size, 257);
}
END_TEST

START_TEST(test_a_classic_header)
{
    struct request_header h;
    struct view bytes = VIEW_BYTES(0, 3, 0, 1, 0, 0, 0, 7, 0, 2, 'm', 'e', 42);
    struct wire_reader r = wire_reader_of(bytes);
    ck_assert_int_eq(frame_read_request_header(&r, &h), 0);
    ck_assert_int_eq(h.api_key, API_METADATA);
    ck_assert_int_eq(h.api_version, 1);
    ck_assert_int_eq(h.correlation_id, 7);
    ck_assert(view_equal(h.client_id, VIEW_LITERAL("me")));
    ck_assert_str_eq(h.api->name, "Metadata");
    ck_assert_int_eq(wire_read_i8(&r), 42);
}
END_TEST

START_TEST(test_a_flexible_header_keeps_the_classic_client_id)
{
    struct request_header h;
    struct view bytes = VIEW_BYTES(0, 3, 0, 9, 0, 0, 0, 7, 0, 2, 'm', 'e', 1, 5, 2, 1, 1, 42);
    struct wire_reader r = wire_reader_of(bytes);
    ck_assert_int_eq(frame_read_request_header(&r, &h), 0);
    ck_assert(view_equal(h.client_id, VIEW_LITERAL("me")));
    ck_assert_int_eq(wire_read_i8(&r), 42);
    ck_assert_int_eq(read_header(VIEW_BYTES(0, 3, 0, 9, 0, 0, 0, 7, 0xff, 0xff, 0), &h), 0);
    ck_assert_ptr_null(h.client_id.base);
}
END_TEST

START_TEST(test_every_strict_prefix_of_a_header_is_refused)
{
    struct request_header h;
    struct view bytes = VIEW_BYTES(0, 3, 0, 9, 0, 0, 0, 7, 0, 2, 'm', 'e', 1, 5, 2, 1, 1);
    ck_assert_int_eq(read_header(bytes, &h), 0);
    for (uint32_t size = 0; size < bytes.size; size++)
        ck_assert_int_eq(read_header((struct view){bytes.base, size}, &h), FRAME_MALFORMED);
}
END_TEST

START_TEST(test_unknown_apis_and_versions_keep_the_correlation_id)
{
    struct request_header h;
    ck_assert_int_eq(read_header(VIEW_BYTES(0x7f, 0, 0, 0, 0, 0, 0, 9, 0, 0), &h),
                     FRAME_UNKNOWN_API);
    ck_assert_int_eq(h.correlation_id, 9);
    ck_assert_int_eq(read_header(VIEW_BYTES(0xff, 0xff, 0, 0, 0, 0, 0, 9, 0, 0), &h),
                     FRAME_UNKNOWN_API);
    ck_assert_int_eq(read_header(VIEW_BYTES(0, 18, 0, 99, 0, 0, 0, 8, 0, 0), &h),
                     FRAME_UNSUPPORTED_VERSION);
    ck_assert_int_eq(h.correlation_id, 8);
    ck_assert_int_eq(h.api->key, API_API_VERSIONS);
    ck_assert_int_eq(read_header(VIEW_BYTES(0, 1, 0, 3, 0, 0, 0, 8, 0, 0), &h),
                     FRAME_UNSUPPORTED_VERSION);
    ck_assert_int_eq(read_header(VIEW_BYTES(0, 3, 0xff, 0xff, 0, 0, 0, 8, 0, 0), &h),
                     FRAME_UNSUPPORTED_VERSION);
}
END_TEST

START_TEST(test_old_produce_is_read_but_not_served)
{
    struct request_header h;
    ck_assert_int_eq(read_header(VIEW_BYTES(0, 0, 0, 2, 0, 0, 0, 1, 0, 0), &h), 0);
    ck_assert_int_lt(h.api_version, h.api->served_min);
}
END_TEST

static struct view response(struct wire_writer *w, int16_t key, int16_t version)
{
    wire_writer_init(w, NULL, 0, 1000);
    uint32_t begin = frame_begin_response(w, api_find(key), version, 0x01020304);
    wire_write_i8(w, 77);
    frame_end(w, begin);
    return wire_written(w);
}

START_TEST(test_response_headers)
{
    struct wire_writer w;
    struct view classic = VIEW_BYTES(0, 0, 0, 5, 1, 2, 3, 4, 77);
    struct view flexible = VIEW_BYTES(0, 0, 0, 6, 1, 2, 3, 4, 0, 77);
    ck_assert(view_equal(response(&w, API_METADATA, 8), classic));
    wire_writer_deinit(&w);
    ck_assert(view_equal(response(&w, API_METADATA, 9), flexible));
    struct wire_reader r = wire_reader_of(wire_written(&w));
    ck_assert_int_eq(wire_read_i32(&r), 6);
    ck_assert_int_eq(frame_read_response_header(&r, api_find(API_METADATA), 9), 0x01020304);
    ck_assert_int_eq(wire_read_i8(&r), 77);
    wire_writer_deinit(&w);
    ck_assert(view_equal(response(&w, API_API_VERSIONS, 4), classic));
    wire_writer_deinit(&w);
}
END_TEST

START_TEST(test_request_headers_are_read_back)
{
    for (unsigned i = 0; i < api_table_count; i++) {
        const struct api *api = &api_table[i];
        for (int16_t version = api->version_min; version <= api->version_max; version++) {
            struct wire_writer w;
            wire_writer_init(&w, NULL, 0, 1000);
            struct request_header out = {.api = api,
                                         .api_version = version,
                                         .correlation_id = (int32_t)i,
                                         .client_id = VIEW_LITERAL("c")};
            struct request_header in;
            frame_end(&w, frame_begin_request(&w, &out));
            struct wire_reader r = wire_reader_of(wire_written(&w));
            ck_assert_int_eq(wire_read_i32(&r), w.used - FRAME_PREFIX_SIZE);
            ck_assert_int_eq(frame_read_request_header(&r, &in), 0);
            ck_assert_uint_eq(wire_left(&r), 0);
            ck_assert_ptr_eq(in.api, api);
            ck_assert_int_eq(in.api_version, version);
            wire_writer_deinit(&w);
        }
    }
}
END_TEST

START_TEST(test_gaps_count_into_the_size)
{
    struct wire_writer w;
    wire_writer_init(&w, NULL, 0, 1000);
    wire_writer_leave_gaps(&w);
    uint32_t begin = frame_begin_response(&w, api_find(API_FETCH), 4, 1);
    wire_write_records(&w, false, (struct view){(const uint8_t *)"", 1000000});
    frame_end(&w, begin);
    ck_assert_uint_eq(load_u32(wire_written(&w).base), 4 + 4 + 1000000);
    wire_write_records(&w, false, (struct view){(const uint8_t *)"", INT32_MAX});
    frame_end(&w, begin);
    ck_assert_msg(w.bad, "a frame is never larger than int32 can tell");
    wire_writer_deinit(&w);
}
END_TEST

START_TEST(test_error_codes_have_names)
{
    ck_assert_str_eq(error_code_name(ERROR_NONE), "NONE");
    ck_assert_str_eq(error_code_name(6), "NOT_LEADER_OR_FOLLOWER");
    ck_assert_str_eq(error_code_name(-1), "UNKNOWN_SERVER_ERROR");
    ck_assert_str_eq(error_code_name(100), "UNKNOWN_TOPIC_ID");
    ck_assert_str_eq(error_code_name(9999), "UNKNOWN_ERROR_CODE");
}
END_TEST

SUITE_MAIN("frame", test_sizes_are_checked_before_memory_is_taken, test_a_classic_header,
           test_a_flexible_header_keeps_the_classic_client_id,
           test_every_strict_prefix_of_a_header_is_refused,
           test_unknown_apis_and_versions_keep_the_correlation_id,
           test_old_produce_is_read_but_not_served, test_response_headers,
           test_request_headers_are_read_back, test_gaps_count_into_the_size,
           test_error_codes_have_names)
