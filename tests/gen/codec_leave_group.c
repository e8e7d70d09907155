/* SPDX-License-Identifier: Apache-2.0 */
/* Made by proto/tools/gen.py from proto/schema/leave_group.json: do not edit. */
#include "proto/gen/leave_group.h"
#include "tests/gen/codec_table.h"
#include "tests/lib/codec_random.h"

static void random_leave_group_request_member(struct codec_random *random, int16_t version,
                                              struct arena *arena,
                                              struct leave_group_request_member *ret)
{
    leave_group_request_member_init(ret);
    ret->member_id = random_string(random, arena, false);
    ret->group_instance_id = random_string(random, arena, true);
    if (version >= 5) {
        ret->reason = random_string(random, arena, true);
    }
}

static bool equal_leave_group_request_member(const struct leave_group_request_member *a,
                                             const struct leave_group_request_member *b)
{
    bool same = true;
    same = same && codec_same_view(a->member_id, b->member_id);
    same = same && codec_same_view(a->group_instance_id, b->group_instance_id);
    same = same && codec_same_view(a->reason, b->reason);
    return same;
}

static void random_leave_group_request(struct codec_random *random, int16_t version,
                                       struct arena *arena, struct leave_group_request *ret)
{
    leave_group_request_init(ret);
    ret->group_id = random_string(random, arena, false);
    if (version <= 2) {
        ret->member_id = random_string(random, arena, false);
    }
    if (version >= 3) {
        ret->members_count = random_count(random);
        ret->members = arena_array(arena, ret->members_count, sizeof *ret->members);
        for (uint32_t i = 0; i < ret->members_count; i++) {
            random_leave_group_request_member(random, version, arena, &ret->members[i]);
        }
    }
}

static bool equal_leave_group_request(const struct leave_group_request *a,
                                      const struct leave_group_request *b)
{
    bool same = true;
    same = same && codec_same_view(a->group_id, b->group_id);
    same = same && codec_same_view(a->member_id, b->member_id);
    same = same && a->members_count == b->members_count;
    for (uint32_t i = 0; same && i < a->members_count; i++) {
        same = equal_leave_group_request_member(&a->members[i], &b->members[i]);
    }
    return same;
}

static void random_leave_group_response_member(struct codec_random *random, int16_t version,
                                               struct arena *arena,
                                               struct leave_group_response_member *ret)
{
    (void)version;
    leave_group_response_member_init(ret);
    ret->member_id = random_string(random, arena, false);
    ret->group_instance_id = random_string(random, arena, true);
    ret->error_code = random_i16(random);
}

static bool equal_leave_group_response_member(const struct leave_group_response_member *a,
                                              const struct leave_group_response_member *b)
{
    bool same = true;
    same = same && codec_same_view(a->member_id, b->member_id);
    same = same && codec_same_view(a->group_instance_id, b->group_instance_id);
    same = same && a->error_code == b->error_code;
    return same;
}

static void random_leave_group_response(struct codec_random *random, int16_t version,
                                        struct arena *arena, struct leave_group_response *ret)
{
    leave_group_response_init(ret);
    if (version >= 1) {
        ret->throttle_time_ms = random_i32(random);
    }
    ret->error_code = random_i16(random);
    if (version >= 3) {
        ret->members_count = random_count(random);
        ret->members = arena_array(arena, ret->members_count, sizeof *ret->members);
        for (uint32_t i = 0; i < ret->members_count; i++) {
            random_leave_group_response_member(random, version, arena, &ret->members[i]);
        }
    }
}

static bool equal_leave_group_response(const struct leave_group_response *a,
                                       const struct leave_group_response *b)
{
    bool same = true;
    same = same && a->throttle_time_ms == b->throttle_time_ms;
    same = same && a->error_code == b->error_code;
    same = same && a->members_count == b->members_count;
    for (uint32_t i = 0; same && i < a->members_count; i++) {
        same = equal_leave_group_response_member(&a->members[i], &b->members[i]);
    }
    return same;
}

static bool decode_any_leave_group_request(struct wire_reader *r, int16_t version,
                                           struct arena *arena, void *ret)
{
    return leave_group_request_decode(r, version, arena, ret);
}

static void encode_any_leave_group_request(struct wire_writer *w, int16_t version, const void *from)
{
    leave_group_request_encode(w, version, from);
}

static void random_any_leave_group_request(struct codec_random *random, int16_t version,
                                           struct arena *arena, void *ret)
{
    random_leave_group_request(random, version, arena, ret);
}

static bool equal_any_leave_group_request(const void *a, const void *b)
{
    return equal_leave_group_request(a, b);
}

const struct codec codec_leave_group_request = {
    .name = "leave_group_request",
    .api_key = 13,
    .is_response = false,
    .version_min = 0,
    .version_max = 5,
    .size = sizeof(struct leave_group_request),
    .decode = decode_any_leave_group_request,
    .encode = encode_any_leave_group_request,
    .random = random_any_leave_group_request,
    .equal = equal_any_leave_group_request,
};

static bool decode_any_leave_group_response(struct wire_reader *r, int16_t version,
                                            struct arena *arena, void *ret)
{
    return leave_group_response_decode(r, version, arena, ret);
}

static void encode_any_leave_group_response(struct wire_writer *w, int16_t version,
                                            const void *from)
{
    leave_group_response_encode(w, version, from);
}

static void random_any_leave_group_response(struct codec_random *random, int16_t version,
                                            struct arena *arena, void *ret)
{
    random_leave_group_response(random, version, arena, ret);
}

static bool equal_any_leave_group_response(const void *a, const void *b)
{
    return equal_leave_group_response(a, b);
}

const struct codec codec_leave_group_response = {
    .name = "leave_group_response",
    .api_key = 13,
    .is_response = true,
    .version_min = 0,
    .version_max = 5,
    .size = sizeof(struct leave_group_response),
    .decode = decode_any_leave_group_response,
    .encode = encode_any_leave_group_response,
    .random = random_any_leave_group_response,
    .equal = equal_any_leave_group_response,
};
