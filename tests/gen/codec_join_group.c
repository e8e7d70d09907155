/* SPDX-License-Identifier: Apache-2.0 */
/* Made by proto/tools/gen.py from proto/schema/join_group.json: do not edit. */
#include "proto/gen/join_group.h"
#include "tests/gen/codec_table.h"
#include "tests/lib/codec_random.h"

static void random_join_group_request_protocol(struct codec_random *random, int16_t version,
                                               struct arena *arena,
                                               struct join_group_request_protocol *ret)
{
    (void)version;
    join_group_request_protocol_init(ret);
    ret->name = random_string(random, arena, false);
    ret->metadata = random_bytes(random, arena, false);
}

static bool equal_join_group_request_protocol(const struct join_group_request_protocol *a,
                                              const struct join_group_request_protocol *b)
{
    bool same = true;
    same = same && codec_same_view(a->name, b->name);
    same = same && codec_same_view(a->metadata, b->metadata);
    return same;
}

static void random_join_group_request(struct codec_random *random, int16_t version,
                                      struct arena *arena, struct join_group_request *ret)
{
    join_group_request_init(ret);
    ret->group_id = random_string(random, arena, false);
    ret->session_timeout_ms = random_i32(random);
    if (version >= 1) {
        ret->rebalance_timeout_ms = random_i32(random);
    }
    ret->member_id = random_string(random, arena, false);
    if (version >= 5) {
        ret->group_instance_id = random_string(random, arena, true);
    }
    ret->protocol_type = random_string(random, arena, false);
    ret->protocols_count = random_count(random);
    ret->protocols = arena_array(arena, ret->protocols_count, sizeof *ret->protocols);
    for (uint32_t i = 0; i < ret->protocols_count; i++) {
        random_join_group_request_protocol(random, version, arena, &ret->protocols[i]);
    }
    if (version >= 8) {
        ret->reason = random_string(random, arena, true);
    }
}

static bool equal_join_group_request(const struct join_group_request *a,
                                     const struct join_group_request *b)
{
    bool same = true;
    same = same && codec_same_view(a->group_id, b->group_id);
    same = same && a->session_timeout_ms == b->session_timeout_ms;
    same = same && a->rebalance_timeout_ms == b->rebalance_timeout_ms;
    same = same && codec_same_view(a->member_id, b->member_id);
    same = same && codec_same_view(a->group_instance_id, b->group_instance_id);
    same = same && codec_same_view(a->protocol_type, b->protocol_type);
    same = same && a->protocols_count == b->protocols_count;
    for (uint32_t i = 0; same && i < a->protocols_count; i++) {
        same = equal_join_group_request_protocol(&a->protocols[i], &b->protocols[i]);
    }
    same = same && codec_same_view(a->reason, b->reason);
    return same;
}

static void random_join_group_response_member(struct codec_random *random, int16_t version,
                                              struct arena *arena,
                                              struct join_group_response_member *ret)
{
    join_group_response_member_init(ret);
    ret->member_id = random_string(random, arena, false);
    if (version >= 5) {
        ret->group_instance_id = random_string(random, arena, true);
    }
    ret->metadata = random_bytes(random, arena, false);
}

static bool equal_join_group_response_member(const struct join_group_response_member *a,
                                             const struct join_group_response_member *b)
{
    bool same = true;
    same = same && codec_same_view(a->member_id, b->member_id);
    same = same && codec_same_view(a->group_instance_id, b->group_instance_id);
    same = same && codec_same_view(a->metadata, b->metadata);
    return same;
}

static void random_join_group_response(struct codec_random *random, int16_t version,
                                       struct arena *arena, struct join_group_response *ret)
{
    join_group_response_init(ret);
    if (version >= 2) {
        ret->throttle_time_ms = random_i32(random);
    }
    ret->error_code = random_i16(random);
    ret->generation_id = random_i32(random);
    if (version >= 7) {
        ret->protocol_type = random_string(random, arena, true);
    }
    ret->protocol_name = random_string(random, arena, version >= 7);
    ret->leader = random_string(random, arena, false);
    if (version >= 9) {
        ret->skip_assignment = random_bool(random);
    }
    ret->member_id = random_string(random, arena, false);
    ret->members_count = random_count(random);
    ret->members = arena_array(arena, ret->members_count, sizeof *ret->members);
    for (uint32_t i = 0; i < ret->members_count; i++) {
        random_join_group_response_member(random, version, arena, &ret->members[i]);
    }
}

static bool equal_join_group_response(const struct join_group_response *a,
                                      const struct join_group_response *b)
{
    bool same = true;
    same = same && a->throttle_time_ms == b->throttle_time_ms;
    same = same && a->error_code == b->error_code;
    same = same && a->generation_id == b->generation_id;
    same = same && codec_same_view(a->protocol_type, b->protocol_type);
    same = same && codec_same_view(a->protocol_name, b->protocol_name);
    same = same && codec_same_view(a->leader, b->leader);
    same = same && a->skip_assignment == b->skip_assignment;
    same = same && codec_same_view(a->member_id, b->member_id);
    same = same && a->members_count == b->members_count;
    for (uint32_t i = 0; same && i < a->members_count; i++) {
        same = equal_join_group_response_member(&a->members[i], &b->members[i]);
    }
    return same;
}

static bool decode_any_join_group_request(struct wire_reader *r, int16_t version,
                                          struct arena *arena, void *ret)
{
    return join_group_request_decode(r, version, arena, ret);
}

static void encode_any_join_group_request(struct wire_writer *w, int16_t version, const void *from)
{
    join_group_request_encode(w, version, from);
}

static void random_any_join_group_request(struct codec_random *random, int16_t version,
                                          struct arena *arena, void *ret)
{
    random_join_group_request(random, version, arena, ret);
}

static bool equal_any_join_group_request(const void *a, const void *b)
{
    return equal_join_group_request(a, b);
}

const struct codec codec_join_group_request = {
    .name = "join_group_request",
    .api_key = 11,
    .is_response = false,
    .version_min = 0,
    .version_max = 9,
    .size = sizeof(struct join_group_request),
    .decode = decode_any_join_group_request,
    .encode = encode_any_join_group_request,
    .random = random_any_join_group_request,
    .equal = equal_any_join_group_request,
};

static bool decode_any_join_group_response(struct wire_reader *r, int16_t version,
                                           struct arena *arena, void *ret)
{
    return join_group_response_decode(r, version, arena, ret);
}

static void encode_any_join_group_response(struct wire_writer *w, int16_t version, const void *from)
{
    join_group_response_encode(w, version, from);
}

static void random_any_join_group_response(struct codec_random *random, int16_t version,
                                           struct arena *arena, void *ret)
{
    random_join_group_response(random, version, arena, ret);
}

static bool equal_any_join_group_response(const void *a, const void *b)
{
    return equal_join_group_response(a, b);
}

const struct codec codec_join_group_response = {
    .name = "join_group_response",
    .api_key = 11,
    .is_response = true,
    .version_min = 0,
    .version_max = 9,
    .size = sizeof(struct join_group_response),
    .decode = decode_any_join_group_response,
    .encode = encode_any_join_group_response,
    .random = random_any_join_group_response,
    .equal = equal_any_join_group_response,
};
