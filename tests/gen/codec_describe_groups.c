/* SPDX-License-Identifier: Apache-2.0 */
/* Made by proto/tools/gen.py from proto/schema/describe_groups.json: do not edit. */
#include "proto/gen/describe_groups.h"
#include "tests/gen/codec_table.h"
#include "tests/lib/codec_random.h"

static void random_describe_groups_request(struct codec_random *random, int16_t version,
                                           struct arena *arena, struct describe_groups_request *ret)
{
    describe_groups_request_init(ret);
    ret->groups = random_string_list(random, arena, &ret->groups_count);
    if (version >= 3) {
        ret->include_authorized_operations = random_bool(random);
    }
}

static bool equal_describe_groups_request(const struct describe_groups_request *a,
                                          const struct describe_groups_request *b)
{
    bool same = true;
    same = same && a->groups_count == b->groups_count;
    for (uint32_t i = 0; same && i < a->groups_count; i++) {
        same = codec_same_view(a->groups[i], b->groups[i]);
    }
    same = same && a->include_authorized_operations == b->include_authorized_operations;
    return same;
}

static void random_describe_groups_response_member(struct codec_random *random, int16_t version,
                                                   struct arena *arena,
                                                   struct describe_groups_response_member *ret)
{
    describe_groups_response_member_init(ret);
    ret->member_id = random_string(random, arena, false);
    if (version >= 4) {
        ret->group_instance_id = random_string(random, arena, true);
    }
    ret->client_id = random_string(random, arena, false);
    ret->client_host = random_string(random, arena, false);
    ret->member_metadata = random_bytes(random, arena, false);
    ret->member_assignment = random_bytes(random, arena, false);
}

static bool equal_describe_groups_response_member(const struct describe_groups_response_member *a,
                                                  const struct describe_groups_response_member *b)
{
    bool same = true;
    same = same && codec_same_view(a->member_id, b->member_id);
    same = same && codec_same_view(a->group_instance_id, b->group_instance_id);
    same = same && codec_same_view(a->client_id, b->client_id);
    same = same && codec_same_view(a->client_host, b->client_host);
    same = same && codec_same_view(a->member_metadata, b->member_metadata);
    same = same && codec_same_view(a->member_assignment, b->member_assignment);
    return same;
}

static void random_describe_groups_response_group(struct codec_random *random, int16_t version,
                                                  struct arena *arena,
                                                  struct describe_groups_response_group *ret)
{
    describe_groups_response_group_init(ret);
    ret->error_code = random_i16(random);
    ret->group_id = random_string(random, arena, false);
    ret->group_state = random_string(random, arena, false);
    ret->protocol_type = random_string(random, arena, false);
    ret->protocol_data = random_string(random, arena, false);
    ret->members_count = random_count(random);
    ret->members = arena_array(arena, ret->members_count, sizeof *ret->members);
    for (uint32_t i = 0; i < ret->members_count; i++) {
        random_describe_groups_response_member(random, version, arena, &ret->members[i]);
    }
    if (version >= 3) {
        ret->authorized_operations = random_i32(random);
    }
}

static bool equal_describe_groups_response_group(const struct describe_groups_response_group *a,
                                                 const struct describe_groups_response_group *b)
{
    bool same = true;
    same = same && a->error_code == b->error_code;
    same = same && codec_same_view(a->group_id, b->group_id);
    same = same && codec_same_view(a->group_state, b->group_state);
    same = same && codec_same_view(a->protocol_type, b->protocol_type);
    same = same && codec_same_view(a->protocol_data, b->protocol_data);
    same = same && a->members_count == b->members_count;
    for (uint32_t i = 0; same && i < a->members_count; i++) {
        same = equal_describe_groups_response_member(&a->members[i], &b->members[i]);
    }
    same = same && a->authorized_operations == b->authorized_operations;
    return same;
}

static void random_describe_groups_response(struct codec_random *random, int16_t version,
                                            struct arena *arena,
                                            struct describe_groups_response *ret)
{
    describe_groups_response_init(ret);
    if (version >= 1) {
        ret->throttle_time_ms = random_i32(random);
    }
    ret->groups_count = random_count(random);
    ret->groups = arena_array(arena, ret->groups_count, sizeof *ret->groups);
    for (uint32_t i = 0; i < ret->groups_count; i++) {
        random_describe_groups_response_group(random, version, arena, &ret->groups[i]);
    }
}

static bool equal_describe_groups_response(const struct describe_groups_response *a,
                                           const struct describe_groups_response *b)
{
    bool same = true;
    same = same && a->throttle_time_ms == b->throttle_time_ms;
    same = same && a->groups_count == b->groups_count;
    for (uint32_t i = 0; same && i < a->groups_count; i++) {
        same = equal_describe_groups_response_group(&a->groups[i], &b->groups[i]);
    }
    return same;
}

static bool decode_any_describe_groups_request(struct wire_reader *r, int16_t version,
                                               struct arena *arena, void *ret)
{
    return describe_groups_request_decode(r, version, arena, ret);
}

static void encode_any_describe_groups_request(struct wire_writer *w, int16_t version,
                                               const void *from)
{
    describe_groups_request_encode(w, version, from);
}

static void random_any_describe_groups_request(struct codec_random *random, int16_t version,
                                               struct arena *arena, void *ret)
{
    random_describe_groups_request(random, version, arena, ret);
}

static bool equal_any_describe_groups_request(const void *a, const void *b)
{
    return equal_describe_groups_request(a, b);
}

const struct codec codec_describe_groups_request = {
    .name = "describe_groups_request",
    .api_key = 15,
    .is_response = false,
    .version_min = 0,
    .version_max = 5,
    .size = sizeof(struct describe_groups_request),
    .decode = decode_any_describe_groups_request,
    .encode = encode_any_describe_groups_request,
    .random = random_any_describe_groups_request,
    .equal = equal_any_describe_groups_request,
};

static bool decode_any_describe_groups_response(struct wire_reader *r, int16_t version,
                                                struct arena *arena, void *ret)
{
    return describe_groups_response_decode(r, version, arena, ret);
}

static void encode_any_describe_groups_response(struct wire_writer *w, int16_t version,
                                                const void *from)
{
    describe_groups_response_encode(w, version, from);
}

static void random_any_describe_groups_response(struct codec_random *random, int16_t version,
                                                struct arena *arena, void *ret)
{
    random_describe_groups_response(random, version, arena, ret);
}

static bool equal_any_describe_groups_response(const void *a, const void *b)
{
    return equal_describe_groups_response(a, b);
}

const struct codec codec_describe_groups_response = {
    .name = "describe_groups_response",
    .api_key = 15,
    .is_response = true,
    .version_min = 0,
    .version_max = 5,
    .size = sizeof(struct describe_groups_response),
    .decode = decode_any_describe_groups_response,
    .encode = encode_any_describe_groups_response,
    .random = random_any_describe_groups_response,
    .equal = equal_any_describe_groups_response,
};
