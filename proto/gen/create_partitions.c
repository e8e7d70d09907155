/* SPDX-License-Identifier: Apache-2.0 */
/* Made by proto/tools/gen.py from proto/schema/create_partitions.json: do not edit. */
#include "proto/gen/create_partitions.h"

void create_partitions_request_assignment_init(struct create_partitions_request_assignment *ret)
{
    *ret = (struct create_partitions_request_assignment){0};
}

void create_partitions_request_topic_init(struct create_partitions_request_topic *ret)
{
    *ret = (struct create_partitions_request_topic){0};
}

void create_partitions_request_init(struct create_partitions_request *ret)
{
    *ret = (struct create_partitions_request){0};
}

static void decode_create_partitions_request_assignment(
        struct wire_reader *r, int16_t version, struct arena *arena,
        struct create_partitions_request_assignment *ret)
{
    const bool flexible = version >= 2;
    create_partitions_request_assignment_init(ret);
    ret->broker_ids = wire_read_i32_list(r, flexible, arena, &ret->broker_ids_count);
    if (flexible) {
        wire_skip_tags(r);
    }
}

static void decode_create_partitions_request_topic(struct wire_reader *r, int16_t version,
                                                   struct arena *arena,
                                                   struct create_partitions_request_topic *ret)
{
    const bool flexible = version >= 2;
    create_partitions_request_topic_init(ret);
    ret->name = wire_read_string(r, flexible);
    ret->count = wire_read_i32(r);
    ret->assignments = wire_read_list_nullable(r, flexible, arena,
                                               (struct wire_element){2, sizeof *ret->assignments},
                                               &ret->assignments_count, &ret->assignments_null);
    for (uint32_t i = 0; i < ret->assignments_count; i++) {
        decode_create_partitions_request_assignment(r, version, arena, &ret->assignments[i]);
    }
    if (flexible) {
        wire_skip_tags(r);
    }
}

bool create_partitions_request_decode(struct wire_reader *r, int16_t version, struct arena *arena,
                                      struct create_partitions_request *ret)
{
    const bool flexible = version >= 2;
    create_partitions_request_init(ret);
    ret->topics = wire_read_list(r, flexible, arena, (struct wire_element){7, sizeof *ret->topics},
                                 &ret->topics_count);
    for (uint32_t i = 0; i < ret->topics_count; i++) {
        decode_create_partitions_request_topic(r, version, arena, &ret->topics[i]);
    }
    ret->timeout_ms = wire_read_i32(r);
    ret->validate_only = wire_read_bool(r);
    if (flexible) {
        wire_skip_tags(r);
    }
    return !r->bad;
}

static void encode_create_partitions_request_assignment(
        struct wire_writer *w, int16_t version,
        const struct create_partitions_request_assignment *from)
{
    const bool flexible = version >= 2;
    wire_write_i32_list(w, flexible, from->broker_ids, from->broker_ids_count);
    if (flexible) {
        wire_write_no_tags(w);
    }
}

static void encode_create_partitions_request_topic(
        struct wire_writer *w, int16_t version, const struct create_partitions_request_topic *from)
{
    const bool flexible = version >= 2;
    wire_write_string(w, flexible, from->name);
    wire_write_i32(w, from->count);
    wire_write_count_nullable(w, flexible, from->assignments_count, from->assignments_null);
    for (uint32_t i = 0; i < from->assignments_count; i++) {
        encode_create_partitions_request_assignment(w, version, &from->assignments[i]);
    }
    if (flexible) {
        wire_write_no_tags(w);
    }
}

void create_partitions_request_encode(struct wire_writer *w, int16_t version,
                                      const struct create_partitions_request *from)
{
    const bool flexible = version >= 2;
    wire_write_count(w, flexible, from->topics_count);
    for (uint32_t i = 0; i < from->topics_count; i++) {
        encode_create_partitions_request_topic(w, version, &from->topics[i]);
    }
    wire_write_i32(w, from->timeout_ms);
    wire_write_bool(w, from->validate_only);
    if (flexible) {
        wire_write_no_tags(w);
    }
}

void create_partitions_response_topic_init(struct create_partitions_response_topic *ret)
{
    *ret = (struct create_partitions_response_topic){0};
}

void create_partitions_response_init(struct create_partitions_response *ret)
{
    *ret = (struct create_partitions_response){0};
}

static void decode_create_partitions_response_topic(struct wire_reader *r, int16_t version,
                                                    struct arena *arena,
                                                    struct create_partitions_response_topic *ret)
{
    const bool flexible = version >= 2;
    (void)arena;
    create_partitions_response_topic_init(ret);
    ret->name = wire_read_string(r, flexible);
    ret->error_code = wire_read_i16(r);
    ret->error_message = wire_read_string_nullable(r, flexible);
    if (flexible) {
        wire_skip_tags(r);
    }
}

bool create_partitions_response_decode(struct wire_reader *r, int16_t version, struct arena *arena,
                                       struct create_partitions_response *ret)
{
    const bool flexible = version >= 2;
    create_partitions_response_init(ret);
    ret->throttle_time_ms = wire_read_i32(r);
    ret->results = wire_read_list(r, flexible, arena,
                                  (struct wire_element){5, sizeof *ret->results},
                                  &ret->results_count);
    for (uint32_t i = 0; i < ret->results_count; i++) {
        decode_create_partitions_response_topic(r, version, arena, &ret->results[i]);
    }
    if (flexible) {
        wire_skip_tags(r);
    }
    return !r->bad;
}

static void encode_create_partitions_response_topic(
        struct wire_writer *w, int16_t version, const struct create_partitions_response_topic *from)
{
    const bool flexible = version >= 2;
    wire_write_string(w, flexible, from->name);
    wire_write_i16(w, from->error_code);
    wire_write_string_nullable(w, flexible, from->error_message);
    if (flexible) {
        wire_write_no_tags(w);
    }
}

void create_partitions_response_encode(struct wire_writer *w, int16_t version,
                                       const struct create_partitions_response *from)
{
    const bool flexible = version >= 2;
    wire_write_i32(w, from->throttle_time_ms);
    wire_write_count(w, flexible, from->results_count);
    for (uint32_t i = 0; i < from->results_count; i++) {
        encode_create_partitions_response_topic(w, version, &from->results[i]);
    }
    if (flexible) {
        wire_write_no_tags(w);
    }
}
