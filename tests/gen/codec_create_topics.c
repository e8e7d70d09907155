/* SPDX-License-Identifier: Apache-2.0 */
/* Made by proto/tools/gen.py from proto/schema/create_topics.json: do not edit. */
#include "proto/gen/create_topics.h"
#include "tests/gen/codec_table.h"
#include "tests/lib/codec_random.h"

static void random_create_topics_request_assignment(struct codec_random *random, int16_t version,
                                                    struct arena *arena,
                                                    struct create_topics_request_assignment *ret)
{
    (void)version;
    create_topics_request_assignment_init(ret);
    ret->partition_index = random_i32(random);
    ret->broker_ids = random_i32_list(random, arena, &ret->broker_ids_count);
}

static bool equal_create_topics_request_assignment(const struct create_topics_request_assignment *a,
                                                   const struct create_topics_request_assignment *b)
{
    bool same = true;
    same = same && a->partition_index == b->partition_index;
    same = same && a->broker_ids_count == b->broker_ids_count;
    for (uint32_t i = 0; same && i < a->broker_ids_count; i++) {
        same = a->broker_ids[i] == b->broker_ids[i];
    }
    return same;
}

static void random_create_topics_request_config(struct codec_random *random, int16_t version,
                                                struct arena *arena,
                                                struct create_topics_request_config *ret)
{
    (void)version;
    create_topics_request_config_init(ret);
    ret->name = random_string(random, arena, false);
    ret->value = random_string(random, arena, true);
}

static bool equal_create_topics_request_config(const struct create_topics_request_config *a,
                                               const struct create_topics_request_config *b)
{
    bool same = true;
    same = same && codec_same_view(a->name, b->name);
    same = same && codec_same_view(a->value, b->value);
    return same;
}

static void random_create_topics_request_topic(struct codec_random *random, int16_t version,
                                               struct arena *arena,
                                               struct create_topics_request_topic *ret)
{
    create_topics_request_topic_init(ret);
    ret->name = random_string(random, arena, false);
    ret->num_partitions = random_i32(random);
    ret->replication_factor = random_i16(random);
    ret->assignments_count = random_count(random);
    ret->assignments = arena_array(arena, ret->assignments_count, sizeof *ret->assignments);
    for (uint32_t i = 0; i < ret->assignments_count; i++) {
        random_create_topics_request_assignment(random, version, arena, &ret->assignments[i]);
    }
    ret->configs_count = random_count(random);
    ret->configs = arena_array(arena, ret->configs_count, sizeof *ret->configs);
    for (uint32_t i = 0; i < ret->configs_count; i++) {
        random_create_topics_request_config(random, version, arena, &ret->configs[i]);
    }
}

static bool equal_create_topics_request_topic(const struct create_topics_request_topic *a,
                                              const struct create_topics_request_topic *b)
{
    bool same = true;
    same = same && codec_same_view(a->name, b->name);
    same = same && a->num_partitions == b->num_partitions;
    same = same && a->replication_factor == b->replication_factor;
    same = same && a->assignments_count == b->assignments_count;
    for (uint32_t i = 0; same && i < a->assignments_count; i++) {
        same = equal_create_topics_request_assignment(&a->assignments[i], &b->assignments[i]);
    }
    same = same && a->configs_count == b->configs_count;
    for (uint32_t i = 0; same && i < a->configs_count; i++) {
        same = equal_create_topics_request_config(&a->configs[i], &b->configs[i]);
    }
    return same;
}

static void random_create_topics_request(struct codec_random *random, int16_t version,
                                         struct arena *arena, struct create_topics_request *ret)
{
    create_topics_request_init(ret);
    ret->topics_count = random_count(random);
    ret->topics = arena_array(arena, ret->topics_count, sizeof *ret->topics);
    for (uint32_t i = 0; i < ret->topics_count; i++) {
        random_create_topics_request_topic(random, version, arena, &ret->topics[i]);
    }
    ret->timeout_ms = random_i32(random);
    if (version >= 1) {
        ret->validate_only = random_bool(random);
    }
}

static bool equal_create_topics_request(const struct create_topics_request *a,
                                        const struct create_topics_request *b)
{
    bool same = true;
    same = same && a->topics_count == b->topics_count;
    for (uint32_t i = 0; same && i < a->topics_count; i++) {
        same = equal_create_topics_request_topic(&a->topics[i], &b->topics[i]);
    }
    same = same && a->timeout_ms == b->timeout_ms;
    same = same && a->validate_only == b->validate_only;
    return same;
}

static void random_create_topics_response_config(struct codec_random *random, int16_t version,
                                                 struct arena *arena,
                                                 struct create_topics_response_config *ret)
{
    (void)version;
    create_topics_response_config_init(ret);
    ret->name = random_string(random, arena, false);
    ret->value = random_string(random, arena, true);
    ret->read_only = random_bool(random);
    ret->config_source = random_i8(random);
    ret->is_sensitive = random_bool(random);
}

static bool equal_create_topics_response_config(const struct create_topics_response_config *a,
                                                const struct create_topics_response_config *b)
{
    bool same = true;
    same = same && codec_same_view(a->name, b->name);
    same = same && codec_same_view(a->value, b->value);
    same = same && a->read_only == b->read_only;
    same = same && a->config_source == b->config_source;
    same = same && a->is_sensitive == b->is_sensitive;
    return same;
}

static void random_create_topics_response_topic(struct codec_random *random, int16_t version,
                                                struct arena *arena,
                                                struct create_topics_response_topic *ret)
{
    create_topics_response_topic_init(ret);
    ret->name = random_string(random, arena, false);
    if (version >= 7) {
        ret->topic_id = random_uuid(random);
    }
    ret->error_code = random_i16(random);
    if (version >= 1) {
        ret->error_message = random_string(random, arena, true);
    }
    if (version >= 5) {
        ret->topic_config_error_code = random_i16(random);
        ret->num_partitions = random_i32(random);
        ret->replication_factor = random_i16(random);
        ret->configs_count = random_count(random);
        ret->configs = arena_array(arena, ret->configs_count, sizeof *ret->configs);
        for (uint32_t i = 0; i < ret->configs_count; i++) {
            random_create_topics_response_config(random, version, arena, &ret->configs[i]);
        }
        ret->configs_null = ret->configs_count == 0 && random_bool(random);
    }
}

static bool equal_create_topics_response_topic(const struct create_topics_response_topic *a,
                                               const struct create_topics_response_topic *b)
{
    bool same = true;
    same = same && codec_same_view(a->name, b->name);
    same = same && uuid_equal(a->topic_id, b->topic_id);
    same = same && a->error_code == b->error_code;
    same = same && codec_same_view(a->error_message, b->error_message);
    same = same && a->topic_config_error_code == b->topic_config_error_code;
    same = same && a->num_partitions == b->num_partitions;
    same = same && a->replication_factor == b->replication_factor;
    same = same && a->configs_count == b->configs_count;
    same = same && a->configs_null == b->configs_null;
    for (uint32_t i = 0; same && i < a->configs_count; i++) {
        same = equal_create_topics_response_config(&a->configs[i], &b->configs[i]);
    }
    return same;
}

static void random_create_topics_response(struct codec_random *random, int16_t version,
                                          struct arena *arena, struct create_topics_response *ret)
{
    create_topics_response_init(ret);
    if (version >= 2) {
        ret->throttle_time_ms = random_i32(random);
    }
    ret->topics_count = random_count(random);
    ret->topics = arena_array(arena, ret->topics_count, sizeof *ret->topics);
    for (uint32_t i = 0; i < ret->topics_count; i++) {
        random_create_topics_response_topic(random, version, arena, &ret->topics[i]);
    }
}

static bool equal_create_topics_response(const struct create_topics_response *a,
                                         const struct create_topics_response *b)
{
    bool same = true;
    same = same && a->throttle_time_ms == b->throttle_time_ms;
    same = same && a->topics_count == b->topics_count;
    for (uint32_t i = 0; same && i < a->topics_count; i++) {
        same = equal_create_topics_response_topic(&a->topics[i], &b->topics[i]);
    }
    return same;
}

static bool decode_any_create_topics_request(struct wire_reader *r, int16_t version,
                                             struct arena *arena, void *ret)
{
    return create_topics_request_decode(r, version, arena, ret);
}

static void encode_any_create_topics_request(struct wire_writer *w, int16_t version,
                                             const void *from)
{
    create_topics_request_encode(w, version, from);
}

static void random_any_create_topics_request(struct codec_random *random, int16_t version,
                                             struct arena *arena, void *ret)
{
    random_create_topics_request(random, version, arena, ret);
}

static bool equal_any_create_topics_request(const void *a, const void *b)
{
    return equal_create_topics_request(a, b);
}

const struct codec codec_create_topics_request = {
    .name = "create_topics_request",
    .api_key = 19,
    .is_response = false,
    .version_min = 0,
    .version_max = 7,
    .size = sizeof(struct create_topics_request),
    .decode = decode_any_create_topics_request,
    .encode = encode_any_create_topics_request,
    .random = random_any_create_topics_request,
    .equal = equal_any_create_topics_request,
};

static bool decode_any_create_topics_response(struct wire_reader *r, int16_t version,
                                              struct arena *arena, void *ret)
{
    return create_topics_response_decode(r, version, arena, ret);
}

static void encode_any_create_topics_response(struct wire_writer *w, int16_t version,
                                              const void *from)
{
    create_topics_response_encode(w, version, from);
}

static void random_any_create_topics_response(struct codec_random *random, int16_t version,
                                              struct arena *arena, void *ret)
{
    random_create_topics_response(random, version, arena, ret);
}

static bool equal_any_create_topics_response(const void *a, const void *b)
{
    return equal_create_topics_response(a, b);
}

const struct codec codec_create_topics_response = {
    .name = "create_topics_response",
    .api_key = 19,
    .is_response = true,
    .version_min = 0,
    .version_max = 7,
    .size = sizeof(struct create_topics_response),
    .decode = decode_any_create_topics_response,
    .encode = encode_any_create_topics_response,
    .random = random_any_create_topics_response,
    .equal = equal_any_create_topics_response,
};
