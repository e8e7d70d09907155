/* SPDX-License-Identifier: Apache-2.0 */
/* Made by proto/tools/gen.py from proto/schema/create_partitions.json: do not edit. */
#include "proto/gen/create_partitions.h"
#include "tests/gen/codec_table.h"
#include "tests/lib/codec_random.h"

static void random_create_partitions_request_assignment(
        struct codec_random *random, int16_t version, struct arena *arena,
        struct create_partitions_request_assignment *ret)
{
    (void)version;
    create_partitions_request_assignment_init(ret);
    ret->broker_ids = random_i32_list(random, arena, &ret->broker_ids_count);
}

static bool equal_create_partitions_request_assignment(
        const struct create_partitions_request_assignment *a,
        const struct create_partitions_request_assignment *b)
{
    bool same = true;
    same = same && a->broker_ids_count == b->broker_ids_count;
    for (uint32_t i = 0; same && i < a->broker_ids_count; i++) {
        same = a->broker_ids[i] == b->broker_ids[i];
    }
    return same;
}

static void random_create_partitions_request_topic(struct codec_random *random, int16_t version,
                                                   struct arena *arena,
                                                   struct create_partitions_request_topic *ret)
{
    create_partitions_request_topic_init(ret);
    ret->name = random_string(random, arena, false);
    ret->count = random_i32(random);
    ret->assignments_count = random_count(random);
    ret->assignments = arena_array(arena, ret->assignments_count, sizeof *ret->assignments);
    for (uint32_t i = 0; i < ret->assignments_count; i++) {
        random_create_partitions_request_assignment(random, version, arena, &ret->assignments[i]);
    }
    ret->assignments_null = ret->assignments_count == 0 && random_bool(random);
}

static bool equal_create_partitions_request_topic(const struct create_partitions_request_topic *a,
                                                  const struct create_partitions_request_topic *b)
{
    bool same = true;
    same = same && codec_same_view(a->name, b->name);
    same = same && a->count == b->count;
    same = same && a->assignments_count == b->assignments_count;
    same = same && a->assignments_null == b->assignments_null;
    for (uint32_t i = 0; same && i < a->assignments_count; i++) {
        same = equal_create_partitions_request_assignment(&a->assignments[i], &b->assignments[i]);
    }
    return same;
}

static void random_create_partitions_request(struct codec_random *random, int16_t version,
                                             struct arena *arena,
                                             struct create_partitions_request *ret)
{
    create_partitions_request_init(ret);
    ret->topics_count = random_count(random);
    ret->topics = arena_array(arena, ret->topics_count, sizeof *ret->topics);
    for (uint32_t i = 0; i < ret->topics_count; i++) {
        random_create_partitions_request_topic(random, version, arena, &ret->topics[i]);
    }
    ret->timeout_ms = random_i32(random);
    ret->validate_only = random_bool(random);
}

static bool equal_create_partitions_request(const struct create_partitions_request *a,
                                            const struct create_partitions_request *b)
{
    bool same = true;
    same = same && a->topics_count == b->topics_count;
    for (uint32_t i = 0; same && i < a->topics_count; i++) {
        same = equal_create_partitions_request_topic(&a->topics[i], &b->topics[i]);
    }
    same = same && a->timeout_ms == b->timeout_ms;
    same = same && a->validate_only == b->validate_only;
    return same;
}

static void random_create_partitions_response_topic(struct codec_random *random, int16_t version,
                                                    struct arena *arena,
                                                    struct create_partitions_response_topic *ret)
{
    (void)version;
    create_partitions_response_topic_init(ret);
    ret->name = random_string(random, arena, false);
    ret->error_code = random_i16(random);
    ret->error_message = random_string(random, arena, true);
}

static bool equal_create_partitions_response_topic(const struct create_partitions_response_topic *a,
                                                   const struct create_partitions_response_topic *b)
{
    bool same = true;
    same = same && codec_same_view(a->name, b->name);
    same = same && a->error_code == b->error_code;
    same = same && codec_same_view(a->error_message, b->error_message);
    return same;
}

static void random_create_partitions_response(struct codec_random *random, int16_t version,
                                              struct arena *arena,
                                              struct create_partitions_response *ret)
{
    create_partitions_response_init(ret);
    ret->throttle_time_ms = random_i32(random);
    ret->results_count = random_count(random);
    ret->results = arena_array(arena, ret->results_count, sizeof *ret->results);
    for (uint32_t i = 0; i < ret->results_count; i++) {
        random_create_partitions_response_topic(random, version, arena, &ret->results[i]);
    }
}

static bool equal_create_partitions_response(const struct create_partitions_response *a,
                                             const struct create_partitions_response *b)
{
    bool same = true;
    same = same && a->throttle_time_ms == b->throttle_time_ms;
    same = same && a->results_count == b->results_count;
    for (uint32_t i = 0; same && i < a->results_count; i++) {
        same = equal_create_partitions_response_topic(&a->results[i], &b->results[i]);
    }
    return same;
}

static bool decode_any_create_partitions_request(struct wire_reader *r, int16_t version,
                                                 struct arena *arena, void *ret)
{
    return create_partitions_request_decode(r, version, arena, ret);
}

static void encode_any_create_partitions_request(struct wire_writer *w, int16_t version,
                                                 const void *from)
{
    create_partitions_request_encode(w, version, from);
}

static void random_any_create_partitions_request(struct codec_random *random, int16_t version,
                                                 struct arena *arena, void *ret)
{
    random_create_partitions_request(random, version, arena, ret);
}

static bool equal_any_create_partitions_request(const void *a, const void *b)
{
    return equal_create_partitions_request(a, b);
}

const struct codec codec_create_partitions_request = {
    .name = "create_partitions_request",
    .api_key = 37,
    .is_response = false,
    .version_min = 0,
    .version_max = 3,
    .size = sizeof(struct create_partitions_request),
    .decode = decode_any_create_partitions_request,
    .encode = encode_any_create_partitions_request,
    .random = random_any_create_partitions_request,
    .equal = equal_any_create_partitions_request,
};

static bool decode_any_create_partitions_response(struct wire_reader *r, int16_t version,
                                                  struct arena *arena, void *ret)
{
    return create_partitions_response_decode(r, version, arena, ret);
}

static void encode_any_create_partitions_response(struct wire_writer *w, int16_t version,
                                                  const void *from)
{
    create_partitions_response_encode(w, version, from);
}

static void random_any_create_partitions_response(struct codec_random *random, int16_t version,
                                                  struct arena *arena, void *ret)
{
    random_create_partitions_response(random, version, arena, ret);
}

static bool equal_any_create_partitions_response(const void *a, const void *b)
{
    return equal_create_partitions_response(a, b);
}

const struct codec codec_create_partitions_response = {
    .name = "create_partitions_response",
    .api_key = 37,
    .is_response = true,
    .version_min = 0,
    .version_max = 3,
    .size = sizeof(struct create_partitions_response),
    .decode = decode_any_create_partitions_response,
    .encode = encode_any_create_partitions_response,
    .random = random_any_create_partitions_response,
    .equal = equal_any_create_partitions_response,
};
