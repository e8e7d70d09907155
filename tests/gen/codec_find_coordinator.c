/* SPDX-License-Identifier: Apache-2.0 */
/* Made by proto/tools/gen.py from proto/schema/find_coordinator.json: do not edit. */
#include "proto/gen/find_coordinator.h"
#include "tests/gen/codec_table.h"
#include "tests/lib/codec_random.h"

static void random_find_coordinator_request(struct codec_random *random, int16_t version,
                                            struct arena *arena,
                                            struct find_coordinator_request *ret)
{
    find_coordinator_request_init(ret);
    if (version <= 3) {
        ret->key = random_string(random, arena, false);
    }
    if (version >= 1) {
        ret->key_type = random_i8(random);
    }
    if (version >= 4) {
        ret->coordinator_keys = random_string_list(random, arena, &ret->coordinator_keys_count);
    }
}

static bool equal_find_coordinator_request(const struct find_coordinator_request *a,
                                           const struct find_coordinator_request *b)
{
    bool same = true;
    same = same && codec_same_view(a->key, b->key);
    same = same && a->key_type == b->key_type;
    same = same && a->coordinator_keys_count == b->coordinator_keys_count;
    for (uint32_t i = 0; same && i < a->coordinator_keys_count; i++) {
        same = codec_same_view(a->coordinator_keys[i], b->coordinator_keys[i]);
    }
    return same;
}

static void random_find_coordinator_response_coordinator(
        struct codec_random *random, int16_t version, struct arena *arena,
        struct find_coordinator_response_coordinator *ret)
{
    (void)version;
    find_coordinator_response_coordinator_init(ret);
    ret->key = random_string(random, arena, false);
    ret->node_id = random_i32(random);
    ret->host = random_string(random, arena, false);
    ret->port = random_i32(random);
    ret->error_code = random_i16(random);
    ret->error_message = random_string(random, arena, true);
}

static bool equal_find_coordinator_response_coordinator(
        const struct find_coordinator_response_coordinator *a,
        const struct find_coordinator_response_coordinator *b)
{
    bool same = true;
    same = same && codec_same_view(a->key, b->key);
    same = same && a->node_id == b->node_id;
    same = same && codec_same_view(a->host, b->host);
    same = same && a->port == b->port;
    same = same && a->error_code == b->error_code;
    same = same && codec_same_view(a->error_message, b->error_message);
    return same;
}

static void random_find_coordinator_response(struct codec_random *random, int16_t version,
                                             struct arena *arena,
                                             struct find_coordinator_response *ret)
{
    find_coordinator_response_init(ret);
    if (version >= 1) {
        ret->throttle_time_ms = random_i32(random);
    }
    if (version <= 3) {
        ret->error_code = random_i16(random);
    }
    if (version >= 1 && version <= 3) {
        ret->error_message = random_string(random, arena, true);
    }
    if (version <= 3) {
        ret->node_id = random_i32(random);
        ret->host = random_string(random, arena, false);
        ret->port = random_i32(random);
    }
    if (version >= 4) {
        ret->coordinators_count = random_count(random);
        ret->coordinators = arena_array(arena, ret->coordinators_count, sizeof *ret->coordinators);
        for (uint32_t i = 0; i < ret->coordinators_count; i++) {
            random_find_coordinator_response_coordinator(random, version, arena,
                                                         &ret->coordinators[i]);
        }
    }
}

static bool equal_find_coordinator_response(const struct find_coordinator_response *a,
                                            const struct find_coordinator_response *b)
{
    bool same = true;
    same = same && a->throttle_time_ms == b->throttle_time_ms;
    same = same && a->error_code == b->error_code;
    same = same && codec_same_view(a->error_message, b->error_message);
    same = same && a->node_id == b->node_id;
    same = same && codec_same_view(a->host, b->host);
    same = same && a->port == b->port;
    same = same && a->coordinators_count == b->coordinators_count;
    for (uint32_t i = 0; same && i < a->coordinators_count; i++) {
        same = equal_find_coordinator_response_coordinator(&a->coordinators[i],
                                                           &b->coordinators[i]);
    }
    return same;
}

static bool decode_any_find_coordinator_request(struct wire_reader *r, int16_t version,
                                                struct arena *arena, void *ret)
{
    return find_coordinator_request_decode(r, version, arena, ret);
}

static void encode_any_find_coordinator_request(struct wire_writer *w, int16_t version,
                                                const void *from)
{
    find_coordinator_request_encode(w, version, from);
}

static void random_any_find_coordinator_request(struct codec_random *random, int16_t version,
                                                struct arena *arena, void *ret)
{
    random_find_coordinator_request(random, version, arena, ret);
}

static bool equal_any_find_coordinator_request(const void *a, const void *b)
{
    return equal_find_coordinator_request(a, b);
}

const struct codec codec_find_coordinator_request = {
    .name = "find_coordinator_request",
    .api_key = 10,
    .is_response = false,
    .version_min = 0,
    .version_max = 6,
    .size = sizeof(struct find_coordinator_request),
    .decode = decode_any_find_coordinator_request,
    .encode = encode_any_find_coordinator_request,
    .random = random_any_find_coordinator_request,
    .equal = equal_any_find_coordinator_request,
};

static bool decode_any_find_coordinator_response(struct wire_reader *r, int16_t version,
                                                 struct arena *arena, void *ret)
{
    return find_coordinator_response_decode(r, version, arena, ret);
}

static void encode_any_find_coordinator_response(struct wire_writer *w, int16_t version,
                                                 const void *from)
{
    find_coordinator_response_encode(w, version, from);
}

static void random_any_find_coordinator_response(struct codec_random *random, int16_t version,
                                                 struct arena *arena, void *ret)
{
    random_find_coordinator_response(random, version, arena, ret);
}

static bool equal_any_find_coordinator_response(const void *a, const void *b)
{
    return equal_find_coordinator_response(a, b);
}

const struct codec codec_find_coordinator_response = {
    .name = "find_coordinator_response",
    .api_key = 10,
    .is_response = true,
    .version_min = 0,
    .version_max = 6,
    .size = sizeof(struct find_coordinator_response),
    .decode = decode_any_find_coordinator_response,
    .encode = encode_any_find_coordinator_response,
    .random = random_any_find_coordinator_response,
    .equal = equal_any_find_coordinator_response,
};
