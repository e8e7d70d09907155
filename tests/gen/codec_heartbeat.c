/* SPDX-License-Identifier: Apache-2.0 */
/* Made by proto/tools/gen.py from proto/schema/heartbeat.json: do not edit. */
#include "proto/gen/heartbeat.h"
#include "tests/gen/codec_table.h"
#include "tests/lib/codec_random.h"

static void random_heartbeat_request(struct codec_random *random, int16_t version,
                                     struct arena *arena, struct heartbeat_request *ret)
{
    heartbeat_request_init(ret);
    ret->group_id = random_string(random, arena, false);
    ret->generation_id = random_i32(random);
    ret->member_id = random_string(random, arena, false);
    if (version >= 3) {
        ret->group_instance_id = random_string(random, arena, true);
    }
}

static bool equal_heartbeat_request(const struct heartbeat_request *a,
                                    const struct heartbeat_request *b)
{
    bool same = true;
    same = same && codec_same_view(a->group_id, b->group_id);
    same = same && a->generation_id == b->generation_id;
    same = same && codec_same_view(a->member_id, b->member_id);
    same = same && codec_same_view(a->group_instance_id, b->group_instance_id);
    return same;
}

static void random_heartbeat_response(struct codec_random *random, int16_t version,
                                      struct arena *arena, struct heartbeat_response *ret)
{
    (void)arena;
    heartbeat_response_init(ret);
    if (version >= 1) {
        ret->throttle_time_ms = random_i32(random);
    }
    ret->error_code = random_i16(random);
}

static bool equal_heartbeat_response(const struct heartbeat_response *a,
                                     const struct heartbeat_response *b)
{
    bool same = true;
    same = same && a->throttle_time_ms == b->throttle_time_ms;
    same = same && a->error_code == b->error_code;
    return same;
}

static bool decode_any_heartbeat_request(struct wire_reader *r, int16_t version,
                                         struct arena *arena, void *ret)
{
    return heartbeat_request_decode(r, version, arena, ret);
}

static void encode_any_heartbeat_request(struct wire_writer *w, int16_t version, const void *from)
{
    heartbeat_request_encode(w, version, from);
}

static void random_any_heartbeat_request(struct codec_random *random, int16_t version,
                                         struct arena *arena, void *ret)
{
    random_heartbeat_request(random, version, arena, ret);
}

static bool equal_any_heartbeat_request(const void *a, const void *b)
{
    return equal_heartbeat_request(a, b);
}

const struct codec codec_heartbeat_request = {
    .name = "heartbeat_request",
    .api_key = 12,
    .is_response = false,
    .version_min = 0,
    .version_max = 4,
    .size = sizeof(struct heartbeat_request),
    .decode = decode_any_heartbeat_request,
    .encode = encode_any_heartbeat_request,
    .random = random_any_heartbeat_request,
    .equal = equal_any_heartbeat_request,
};

static bool decode_any_heartbeat_response(struct wire_reader *r, int16_t version,
                                          struct arena *arena, void *ret)
{
    return heartbeat_response_decode(r, version, arena, ret);
}

static void encode_any_heartbeat_response(struct wire_writer *w, int16_t version, const void *from)
{
    heartbeat_response_encode(w, version, from);
}

static void random_any_heartbeat_response(struct codec_random *random, int16_t version,
                                          struct arena *arena, void *ret)
{
    random_heartbeat_response(random, version, arena, ret);
}

static bool equal_any_heartbeat_response(const void *a, const void *b)
{
    return equal_heartbeat_response(a, b);
}

const struct codec codec_heartbeat_response = {
    .name = "heartbeat_response",
    .api_key = 12,
    .is_response = true,
    .version_min = 0,
    .version_max = 4,
    .size = sizeof(struct heartbeat_response),
    .decode = decode_any_heartbeat_response,
    .encode = encode_any_heartbeat_response,
    .random = random_any_heartbeat_response,
    .equal = equal_any_heartbeat_response,
};
