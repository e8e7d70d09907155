/* SPDX-License-Identifier: Apache-2.0 */
/* Made by proto/tools/gen.py from proto/schema/describe_cluster.json: do not edit. */
#include "proto/gen/describe_cluster.h"
#include "tests/gen/codec_table.h"
#include "tests/lib/codec_random.h"

static void random_describe_cluster_request(struct codec_random *random, int16_t version,
                                            struct arena *arena,
                                            struct describe_cluster_request *ret)
{
    (void)arena;
    describe_cluster_request_init(ret);
    ret->include_cluster_authorized_operations = random_bool(random);
    if (version >= 1) {
        ret->endpoint_type = random_i8(random);
    }
}

static bool equal_describe_cluster_request(const struct describe_cluster_request *a,
                                           const struct describe_cluster_request *b)
{
    bool same = true;
    same = same &&
           a->include_cluster_authorized_operations == b->include_cluster_authorized_operations;
    same = same && a->endpoint_type == b->endpoint_type;
    return same;
}

static void random_describe_cluster_response_broker(struct codec_random *random, int16_t version,
                                                    struct arena *arena,
                                                    struct describe_cluster_response_broker *ret)
{
    (void)version;
    describe_cluster_response_broker_init(ret);
    ret->broker_id = random_i32(random);
    ret->host = random_string(random, arena, false);
    ret->port = random_i32(random);
    ret->rack = random_string(random, arena, true);
}

static bool equal_describe_cluster_response_broker(const struct describe_cluster_response_broker *a,
                                                   const struct describe_cluster_response_broker *b)
{
    bool same = true;
    same = same && a->broker_id == b->broker_id;
    same = same && codec_same_view(a->host, b->host);
    same = same && a->port == b->port;
    same = same && codec_same_view(a->rack, b->rack);
    return same;
}

static void random_describe_cluster_response(struct codec_random *random, int16_t version,
                                             struct arena *arena,
                                             struct describe_cluster_response *ret)
{
    describe_cluster_response_init(ret);
    ret->throttle_time_ms = random_i32(random);
    ret->error_code = random_i16(random);
    ret->error_message = random_string(random, arena, true);
    if (version >= 1) {
        ret->endpoint_type = random_i8(random);
    }
    ret->cluster_id = random_string(random, arena, false);
    ret->controller_id = random_i32(random);
    ret->brokers_count = random_count(random);
    ret->brokers = arena_array(arena, ret->brokers_count, sizeof *ret->brokers);
    for (uint32_t i = 0; i < ret->brokers_count; i++) {
        random_describe_cluster_response_broker(random, version, arena, &ret->brokers[i]);
    }
    ret->cluster_authorized_operations = random_i32(random);
}

static bool equal_describe_cluster_response(const struct describe_cluster_response *a,
                                            const struct describe_cluster_response *b)
{
    bool same = true;
    same = same && a->throttle_time_ms == b->throttle_time_ms;
    same = same && a->error_code == b->error_code;
    same = same && codec_same_view(a->error_message, b->error_message);
    same = same && a->endpoint_type == b->endpoint_type;
    same = same && codec_same_view(a->cluster_id, b->cluster_id);
    same = same && a->controller_id == b->controller_id;
    same = same && a->brokers_count == b->brokers_count;
    for (uint32_t i = 0; same && i < a->brokers_count; i++) {
        same = equal_describe_cluster_response_broker(&a->brokers[i], &b->brokers[i]);
    }
    same = same && a->cluster_authorized_operations == b->cluster_authorized_operations;
    return same;
}

static bool decode_any_describe_cluster_request(struct wire_reader *r, int16_t version,
                                                struct arena *arena, void *ret)
{
    return describe_cluster_request_decode(r, version, arena, ret);
}

static void encode_any_describe_cluster_request(struct wire_writer *w, int16_t version,
                                                const void *from)
{
    describe_cluster_request_encode(w, version, from);
}

static void random_any_describe_cluster_request(struct codec_random *random, int16_t version,
                                                struct arena *arena, void *ret)
{
    random_describe_cluster_request(random, version, arena, ret);
}

static bool equal_any_describe_cluster_request(const void *a, const void *b)
{
    return equal_describe_cluster_request(a, b);
}

const struct codec codec_describe_cluster_request = {
    .name = "describe_cluster_request",
    .api_key = 60,
    .is_response = false,
    .version_min = 0,
    .version_max = 1,
    .size = sizeof(struct describe_cluster_request),
    .decode = decode_any_describe_cluster_request,
    .encode = encode_any_describe_cluster_request,
    .random = random_any_describe_cluster_request,
    .equal = equal_any_describe_cluster_request,
};

static bool decode_any_describe_cluster_response(struct wire_reader *r, int16_t version,
                                                 struct arena *arena, void *ret)
{
    return describe_cluster_response_decode(r, version, arena, ret);
}

static void encode_any_describe_cluster_response(struct wire_writer *w, int16_t version,
                                                 const void *from)
{
    describe_cluster_response_encode(w, version, from);
}

static void random_any_describe_cluster_response(struct codec_random *random, int16_t version,
                                                 struct arena *arena, void *ret)
{
    random_describe_cluster_response(random, version, arena, ret);
}

static bool equal_any_describe_cluster_response(const void *a, const void *b)
{
    return equal_describe_cluster_response(a, b);
}

const struct codec codec_describe_cluster_response = {
    .name = "describe_cluster_response",
    .api_key = 60,
    .is_response = true,
    .version_min = 0,
    .version_max = 1,
    .size = sizeof(struct describe_cluster_response),
    .decode = decode_any_describe_cluster_response,
    .encode = encode_any_describe_cluster_response,
    .random = random_any_describe_cluster_response,
    .equal = equal_any_describe_cluster_response,
};
