/* SPDX-License-Identifier: Apache-2.0 */
/* Made by proto/tools/gen.py from proto/schema/sync_group.json: do not edit. */
#include "proto/gen/sync_group.h"
#include "tests/gen/codec_table.h"
#include "tests/lib/codec_random.h"

static void random_sync_group_request_assignment(struct codec_random *random, int16_t version,
                                                 struct arena *arena,
                                                 struct sync_group_request_assignment *ret)
{
    (void)version;
    sync_group_request_assignment_init(ret);
    ret->member_id = random_string(random, arena, false);
    ret->assignment = random_bytes(random, arena, false);
}

static bool equal_sync_group_request_assignment(const struct sync_group_request_assignment *a,
                                                const struct sync_group_request_assignment *b)
{
    bool same = true;
    same = same && codec_same_view(a->member_id, b->member_id);
    same = same && codec_same_view(a->assignment, b->assignment);
    return same;
}

static void random_sync_group_request(struct codec_random *random, int16_t version,
                                      struct arena *arena, struct sync_group_request *ret)
{
    sync_group_request_init(ret);
    ret->group_id = random_string(random, arena, false);
    ret->generation_id = random_i32(random);
    ret->member_id = random_string(random, arena, false);
    if (version >= 3) {
        ret->group_instance_id = random_string(random, arena, true);
    }
    if (version >= 5) {
        ret->protocol_type = random_string(random, arena, true);
        ret->protocol_name = random_string(random, arena, true);
    }
    ret->assignments_count = random_count(random);
    ret->assignments = arena_array(arena, ret->assignments_count, sizeof *ret->assignments);
    for (uint32_t i = 0; i < ret->assignments_count; i++) {
        random_sync_group_request_assignment(random, version, arena, &ret->assignments[i]);
    }
}

static bool equal_sync_group_request(const struct sync_group_request *a,
                                     const struct sync_group_request *b)
{
    bool same = true;
    same = same && codec_same_view(a->group_id, b->group_id);
    same = same && a->generation_id == b->generation_id;
    same = same && codec_same_view(a->member_id, b->member_id);
    same = same && codec_same_view(a->group_instance_id, b->group_instance_id);
    same = same && codec_same_view(a->protocol_type, b->protocol_type);
    same = same && codec_same_view(a->protocol_name, b->protocol_name);
    same = same && a->assignments_count == b->assignments_count;
    for (uint32_t i = 0; same && i < a->assignments_count; i++) {
        same = equal_sync_group_request_assignment(&a->assignments[i], &b->assignments[i]);
    }
    return same;
}

static void random_sync_group_response(struct codec_random *random, int16_t version,
                                       struct arena *arena, struct sync_group_response *ret)
{
    sync_group_response_init(ret);
    if (version >= 1) {
        ret->throttle_time_ms = random_i32(random);
    }
    ret->error_code = random_i16(random);
    if (version >= 5) {
        ret->protocol_type = random_string(random, arena, true);
        ret->protocol_name = random_string(random, arena, true);
    }
    ret->assignment = random_bytes(random, arena, false);
}

static bool equal_sync_group_response(const struct sync_group_response *a,
                                      const struct sync_group_response *b)
{
    bool same = true;
    same = same && a->throttle_time_ms == b->throttle_time_ms;
    same = same && a->error_code == b->error_code;
    same = same && codec_same_view(a->protocol_type, b->protocol_type);
    same = same && codec_same_view(a->protocol_name, b->protocol_name);
    same = same && codec_same_view(a->assignment, b->assignment);
    return same;
}

static bool decode_any_sync_group_request(struct wire_reader *r, int16_t version,
                                          struct arena *arena, void *ret)
{
    return sync_group_request_decode(r, version, arena, ret);
}

static void encode_any_sync_group_request(struct wire_writer *w, int16_t version, const void *from)
{
    sync_group_request_encode(w, version, from);
}

static void random_any_sync_group_request(struct codec_random *random, int16_t version,
                                          struct arena *arena, void *ret)
{
    random_sync_group_request(random, version, arena, ret);
}

static bool equal_any_sync_group_request(const void *a, const void *b)
{
    return equal_sync_group_request(a, b);
}

const struct codec codec_sync_group_request = {
    .name = "sync_group_request",
    .api_key = 14,
    .is_response = false,
    .version_min = 0,
    .version_max = 5,
    .size = sizeof(struct sync_group_request),
    .decode = decode_any_sync_group_request,
    .encode = encode_any_sync_group_request,
    .random = random_any_sync_group_request,
    .equal = equal_any_sync_group_request,
};

static bool decode_any_sync_group_response(struct wire_reader *r, int16_t version,
                                           struct arena *arena, void *ret)
{
    return sync_group_response_decode(r, version, arena, ret);
}

static void encode_any_sync_group_response(struct wire_writer *w, int16_t version, const void *from)
{
    sync_group_response_encode(w, version, from);
}

static void random_any_sync_group_response(struct codec_random *random, int16_t version,
                                           struct arena *arena, void *ret)
{
    random_sync_group_response(random, version, arena, ret);
}

static bool equal_any_sync_group_response(const void *a, const void *b)
{
    return equal_sync_group_response(a, b);
}

const struct codec codec_sync_group_response = {
    .name = "sync_group_response",
    .api_key = 14,
    .is_response = true,
    .version_min = 0,
    .version_max = 5,
    .size = sizeof(struct sync_group_response),
    .decode = decode_any_sync_group_response,
    .encode = encode_any_sync_group_response,
    .random = random_any_sync_group_response,
    .equal = equal_any_sync_group_response,
};
