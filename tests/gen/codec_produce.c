/* SPDX-License-Identifier: Apache-2.0 */
/* Made by proto/tools/gen.py from proto/schema/produce.json: do not edit. */
#include "proto/gen/produce.h"
#include "tests/gen/codec_table.h"
#include "tests/lib/codec_random.h"

static void random_produce_request_partition(struct codec_random *random, int16_t version,
                                             struct arena *arena,
                                             struct produce_request_partition *ret)
{
    (void)version;
    produce_request_partition_init(ret);
    ret->index = random_i32(random);
    ret->records = random_bytes(random, arena, true);
}

static bool equal_produce_request_partition(const struct produce_request_partition *a,
                                            const struct produce_request_partition *b)
{
    bool same = true;
    same = same && a->index == b->index;
    same = same && codec_same_view(a->records, b->records);
    return same;
}

static void random_produce_request_topic(struct codec_random *random, int16_t version,
                                         struct arena *arena, struct produce_request_topic *ret)
{
    produce_request_topic_init(ret);
    ret->name = random_string(random, arena, false);
    ret->partition_data_count = random_count(random);
    ret->partition_data = arena_array(arena, ret->partition_data_count,
                                      sizeof *ret->partition_data);
    for (uint32_t i = 0; i < ret->partition_data_count; i++) {
        random_produce_request_partition(random, version, arena, &ret->partition_data[i]);
    }
}

static bool equal_produce_request_topic(const struct produce_request_topic *a,
                                        const struct produce_request_topic *b)
{
    bool same = true;
    same = same && codec_same_view(a->name, b->name);
    same = same && a->partition_data_count == b->partition_data_count;
    for (uint32_t i = 0; same && i < a->partition_data_count; i++) {
        same = equal_produce_request_partition(&a->partition_data[i], &b->partition_data[i]);
    }
    return same;
}

static void random_produce_request(struct codec_random *random, int16_t version,
                                   struct arena *arena, struct produce_request *ret)
{
    produce_request_init(ret);
    if (version >= 3) {
        ret->transactional_id = random_string(random, arena, true);
    }
    ret->acks = random_i16(random);
    ret->timeout_ms = random_i32(random);
    ret->topic_data_count = random_count(random);
    ret->topic_data = arena_array(arena, ret->topic_data_count, sizeof *ret->topic_data);
    for (uint32_t i = 0; i < ret->topic_data_count; i++) {
        random_produce_request_topic(random, version, arena, &ret->topic_data[i]);
    }
}

static bool equal_produce_request(const struct produce_request *a, const struct produce_request *b)
{
    bool same = true;
    same = same && codec_same_view(a->transactional_id, b->transactional_id);
    same = same && a->acks == b->acks;
    same = same && a->timeout_ms == b->timeout_ms;
    same = same && a->topic_data_count == b->topic_data_count;
    for (uint32_t i = 0; same && i < a->topic_data_count; i++) {
        same = equal_produce_request_topic(&a->topic_data[i], &b->topic_data[i]);
    }
    return same;
}

static void random_produce_response_record_error(struct codec_random *random, int16_t version,
                                                 struct arena *arena,
                                                 struct produce_response_record_error *ret)
{
    (void)version;
    produce_response_record_error_init(ret);
    ret->batch_index = random_i32(random);
    ret->batch_index_error_message = random_string(random, arena, true);
}

static bool equal_produce_response_record_error(const struct produce_response_record_error *a,
                                                const struct produce_response_record_error *b)
{
    bool same = true;
    same = same && a->batch_index == b->batch_index;
    same = same && codec_same_view(a->batch_index_error_message, b->batch_index_error_message);
    return same;
}

static void random_produce_response_current_leader(struct codec_random *random, int16_t version,
                                                   struct arena *arena,
                                                   struct produce_response_current_leader *ret)
{
    (void)version;
    (void)arena;
    produce_response_current_leader_init(ret);
    ret->leader_id = random_i32(random);
    ret->leader_epoch = random_i32(random);
}

static bool equal_produce_response_current_leader(const struct produce_response_current_leader *a,
                                                  const struct produce_response_current_leader *b)
{
    bool same = true;
    same = same && a->leader_id == b->leader_id;
    same = same && a->leader_epoch == b->leader_epoch;
    return same;
}

static void random_produce_response_partition(struct codec_random *random, int16_t version,
                                              struct arena *arena,
                                              struct produce_response_partition *ret)
{
    produce_response_partition_init(ret);
    ret->index = random_i32(random);
    ret->error_code = random_i16(random);
    ret->base_offset = random_i64(random);
    if (version >= 2) {
        ret->log_append_time_ms = random_i64(random);
    }
    if (version >= 5) {
        ret->log_start_offset = random_i64(random);
    }
    if (version >= 8) {
        ret->record_errors_count = random_count(random);
        ret->record_errors = arena_array(arena, ret->record_errors_count,
                                         sizeof *ret->record_errors);
        for (uint32_t i = 0; i < ret->record_errors_count; i++) {
            random_produce_response_record_error(random, version, arena, &ret->record_errors[i]);
        }
        ret->error_message = random_string(random, arena, true);
    }
    if (version >= 10) {
        random_produce_response_current_leader(random, version, arena, &ret->current_leader);
    }
}

static bool equal_produce_response_partition(const struct produce_response_partition *a,
                                             const struct produce_response_partition *b)
{
    bool same = true;
    same = same && a->index == b->index;
    same = same && a->error_code == b->error_code;
    same = same && a->base_offset == b->base_offset;
    same = same && a->log_append_time_ms == b->log_append_time_ms;
    same = same && a->log_start_offset == b->log_start_offset;
    same = same && a->record_errors_count == b->record_errors_count;
    for (uint32_t i = 0; same && i < a->record_errors_count; i++) {
        same = equal_produce_response_record_error(&a->record_errors[i], &b->record_errors[i]);
    }
    same = same && codec_same_view(a->error_message, b->error_message);
    same = same && equal_produce_response_current_leader(&a->current_leader, &b->current_leader);
    return same;
}

static void random_produce_response_topic(struct codec_random *random, int16_t version,
                                          struct arena *arena, struct produce_response_topic *ret)
{
    produce_response_topic_init(ret);
    ret->name = random_string(random, arena, false);
    ret->partition_responses_count = random_count(random);
    ret->partition_responses = arena_array(arena, ret->partition_responses_count,
                                           sizeof *ret->partition_responses);
    for (uint32_t i = 0; i < ret->partition_responses_count; i++) {
        random_produce_response_partition(random, version, arena, &ret->partition_responses[i]);
    }
}

static bool equal_produce_response_topic(const struct produce_response_topic *a,
                                         const struct produce_response_topic *b)
{
    bool same = true;
    same = same && codec_same_view(a->name, b->name);
    same = same && a->partition_responses_count == b->partition_responses_count;
    for (uint32_t i = 0; same && i < a->partition_responses_count; i++) {
        same = equal_produce_response_partition(&a->partition_responses[i],
                                                &b->partition_responses[i]);
    }
    return same;
}

static void random_produce_response_node_endpoint(struct codec_random *random, int16_t version,
                                                  struct arena *arena,
                                                  struct produce_response_node_endpoint *ret)
{
    (void)version;
    produce_response_node_endpoint_init(ret);
    ret->node_id = random_i32(random);
    ret->host = random_string(random, arena, false);
    ret->port = random_i32(random);
    ret->rack = random_string(random, arena, true);
}

static bool equal_produce_response_node_endpoint(const struct produce_response_node_endpoint *a,
                                                 const struct produce_response_node_endpoint *b)
{
    bool same = true;
    same = same && a->node_id == b->node_id;
    same = same && codec_same_view(a->host, b->host);
    same = same && a->port == b->port;
    same = same && codec_same_view(a->rack, b->rack);
    return same;
}

static void random_produce_response(struct codec_random *random, int16_t version,
                                    struct arena *arena, struct produce_response *ret)
{
    produce_response_init(ret);
    ret->responses_count = random_count(random);
    ret->responses = arena_array(arena, ret->responses_count, sizeof *ret->responses);
    for (uint32_t i = 0; i < ret->responses_count; i++) {
        random_produce_response_topic(random, version, arena, &ret->responses[i]);
    }
    if (version >= 1) {
        ret->throttle_time_ms = random_i32(random);
    }
    if (version >= 10) {
        ret->node_endpoints_count = random_count(random);
        ret->node_endpoints = arena_array(arena, ret->node_endpoints_count,
                                          sizeof *ret->node_endpoints);
        for (uint32_t i = 0; i < ret->node_endpoints_count; i++) {
            random_produce_response_node_endpoint(random, version, arena, &ret->node_endpoints[i]);
        }
    }
}

static bool equal_produce_response(const struct produce_response *a,
                                   const struct produce_response *b)
{
    bool same = true;
    same = same && a->responses_count == b->responses_count;
    for (uint32_t i = 0; same && i < a->responses_count; i++) {
        same = equal_produce_response_topic(&a->responses[i], &b->responses[i]);
    }
    same = same && a->throttle_time_ms == b->throttle_time_ms;
    same = same && a->node_endpoints_count == b->node_endpoints_count;
    for (uint32_t i = 0; same && i < a->node_endpoints_count; i++) {
        same = equal_produce_response_node_endpoint(&a->node_endpoints[i], &b->node_endpoints[i]);
    }
    return same;
}

static bool decode_any_produce_request(struct wire_reader *r, int16_t version, struct arena *arena,
                                       void *ret)
{
    return produce_request_decode(r, version, arena, ret);
}

static void encode_any_produce_request(struct wire_writer *w, int16_t version, const void *from)
{
    produce_request_encode(w, version, from);
}

static void random_any_produce_request(struct codec_random *random, int16_t version,
                                       struct arena *arena, void *ret)
{
    random_produce_request(random, version, arena, ret);
}

static bool equal_any_produce_request(const void *a, const void *b)
{
    return equal_produce_request(a, b);
}

const struct codec codec_produce_request = {
    .name = "produce_request",
    .api_key = 0,
    .is_response = false,
    .version_min = 0,
    .version_max = 11,
    .size = sizeof(struct produce_request),
    .decode = decode_any_produce_request,
    .encode = encode_any_produce_request,
    .random = random_any_produce_request,
    .equal = equal_any_produce_request,
};

static bool decode_any_produce_response(struct wire_reader *r, int16_t version, struct arena *arena,
                                        void *ret)
{
    return produce_response_decode(r, version, arena, ret);
}

static void encode_any_produce_response(struct wire_writer *w, int16_t version, const void *from)
{
    produce_response_encode(w, version, from);
}

static void random_any_produce_response(struct codec_random *random, int16_t version,
                                        struct arena *arena, void *ret)
{
    random_produce_response(random, version, arena, ret);
}

static bool equal_any_produce_response(const void *a, const void *b)
{
    return equal_produce_response(a, b);
}

const struct codec codec_produce_response = {
    .name = "produce_response",
    .api_key = 0,
    .is_response = true,
    .version_min = 0,
    .version_max = 11,
    .size = sizeof(struct produce_response),
    .decode = decode_any_produce_response,
    .encode = encode_any_produce_response,
    .random = random_any_produce_response,
    .equal = equal_any_produce_response,
};
