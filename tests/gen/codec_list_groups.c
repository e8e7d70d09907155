/* SPDX-License-Identifier: Apache-2.0 */
/* Made by proto/tools/gen.py from proto/schema/list_groups.json: do not edit. */
#include "proto/gen/list_groups.h"
#include "tests/gen/codec_table.h"
#include "tests/lib/codec_random.h"

static void random_list_groups_request(struct codec_random *random, int16_t version,
                                       struct arena *arena, struct list_groups_request *ret)
{
    list_groups_request_init(ret);
    if (version >= 4) {
        ret->states_filter = random_string_list(random, arena, &ret->states_filter_count);
    }
    if (version >= 5) {
        ret->types_filter = random_string_list(random, arena, &ret->types_filter_count);
    }
}

static bool equal_list_groups_request(const struct list_groups_request *a,
                                      const struct list_groups_request *b)
{
    bool same = true;
    same = same && a->states_filter_count == b->states_filter_count;
    for (uint32_t i = 0; same && i < a->states_filter_count; i++) {
        same = codec_same_view(a->states_filter[i], b->states_filter[i]);
    }
    same = same && a->types_filter_count == b->types_filter_count;
    for (uint32_t i = 0; same && i < a->types_filter_count; i++) {
        same = codec_same_view(a->types_filter[i], b->types_filter[i]);
    }
    return same;
}

static void random_list_groups_response_group(struct codec_random *random, int16_t version,
                                              struct arena *arena,
                                              struct list_groups_response_group *ret)
{
    list_groups_response_group_init(ret);
    ret->group_id = random_string(random, arena, false);
    ret->protocol_type = random_string(random, arena, false);
    if (version >= 4) {
        ret->group_state = random_string(random, arena, false);
    }
    if (version >= 5) {
        ret->group_type = random_string(random, arena, false);
    }
}

static bool equal_list_groups_response_group(const struct list_groups_response_group *a,
                                             const struct list_groups_response_group *b)
{
    bool same = true;
    same = same && codec_same_view(a->group_id, b->group_id);
    same = same && codec_same_view(a->protocol_type, b->protocol_type);
    same = same && codec_same_view(a->group_state, b->group_state);
    same = same && codec_same_view(a->group_type, b->group_type);
    return same;
}

static void random_list_groups_response(struct codec_random *random, int16_t version,
                                        struct arena *arena, struct list_groups_response *ret)
{
    list_groups_response_init(ret);
    if (version >= 1) {
        ret->throttle_time_ms = random_i32(random);
    }
    ret->error_code = random_i16(random);
    ret->groups_count = random_count(random);
    ret->groups = arena_array(arena, ret->groups_count, sizeof *ret->groups);
    for (uint32_t i = 0; i < ret->groups_count; i++) {
        random_list_groups_response_group(random, version, arena, &ret->groups[i]);
    }
}

static bool equal_list_groups_response(const struct list_groups_response *a,
                                       const struct list_groups_response *b)
{
    bool same = true;
    same = same && a->throttle_time_ms == b->throttle_time_ms;
    same = same && a->error_code == b->error_code;
    same = same && a->groups_count == b->groups_count;
    for (uint32_t i = 0; same && i < a->groups_count; i++) {
        same = equal_list_groups_response_group(&a->groups[i], &b->groups[i]);
    }
    return same;
}

static bool decode_any_list_groups_request(struct wire_reader *r, int16_t version,
                                           struct arena *arena, void *ret)
{
    return list_groups_request_decode(r, version, arena, ret);
}

static void encode_any_list_groups_request(struct wire_writer *w, int16_t version, const void *from)
{
    list_groups_request_encode(w, version, from);
}

static void random_any_list_groups_request(struct codec_random *random, int16_t version,
                                           struct arena *arena, void *ret)
{
    random_list_groups_request(random, version, arena, ret);
}

static bool equal_any_list_groups_request(const void *a, const void *b)
{
    return equal_list_groups_request(a, b);
}

const struct codec codec_list_groups_request = {
    .name = "list_groups_request",
    .api_key = 16,
    .is_response = false,
    .version_min = 0,
    .version_max = 5,
    .size = sizeof(struct list_groups_request),
    .decode = decode_any_list_groups_request,
    .encode = encode_any_list_groups_request,
    .random = random_any_list_groups_request,
    .equal = equal_any_list_groups_request,
};

static bool decode_any_list_groups_response(struct wire_reader *r, int16_t version,
                                            struct arena *arena, void *ret)
{
    return list_groups_response_decode(r, version, arena, ret);
}

static void encode_any_list_groups_response(struct wire_writer *w, int16_t version,
                                            const void *from)
{
    list_groups_response_encode(w, version, from);
}

static void random_any_list_groups_response(struct codec_random *random, int16_t version,
                                            struct arena *arena, void *ret)
{
    random_list_groups_response(random, version, arena, ret);
}

static bool equal_any_list_groups_response(const void *a, const void *b)
{
    return equal_list_groups_response(a, b);
}

const struct codec codec_list_groups_response = {
    .name = "list_groups_response",
    .api_key = 16,
    .is_response = true,
    .version_min = 0,
    .version_max = 5,
    .size = sizeof(struct list_groups_response),
    .decode = decode_any_list_groups_response,
    .encode = encode_any_list_groups_response,
    .random = random_any_list_groups_response,
    .equal = equal_any_list_groups_response,
};
