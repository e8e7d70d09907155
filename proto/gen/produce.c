/* SPDX-License-Identifier: Apache-2.0 */
/* Made by proto/tools/gen.py from proto/schema/produce.json: do not edit. */
#include "proto/gen/produce.h"

void produce_request_partition_init(struct produce_request_partition *ret)
{
    *ret = (struct produce_request_partition){0};
}

void produce_request_topic_init(struct produce_request_topic *ret)
{
    *ret = (struct produce_request_topic){0};
}

void produce_request_init(struct produce_request *ret)
{
    *ret = (struct produce_request){0};
}

static void decode_produce_request_partition(struct wire_reader *r, int16_t version,
                                             struct arena *arena,
                                             struct produce_request_partition *ret)
{
    const bool flexible = version >= 9;
    (void)arena;
    produce_request_partition_init(ret);
    ret->index = wire_read_i32(r);
    ret->records = wire_read_bytes_nullable(r, flexible);
    if (flexible) {
        wire_skip_tags(r);
    }
}

static void decode_produce_request_topic(struct wire_reader *r, int16_t version,
                                         struct arena *arena, struct produce_request_topic *ret)
{
    const bool flexible = version >= 9;
    produce_request_topic_init(ret);
    ret->name = wire_read_string(r, flexible);
    ret->partition_data = wire_read_list(r, flexible, arena,
                                         (struct wire_element){6, sizeof *ret->partition_data},
                                         &ret->partition_data_count);
    for (uint32_t i = 0; i < ret->partition_data_count; i++) {
        decode_produce_request_partition(r, version, arena, &ret->partition_data[i]);
    }
    if (flexible) {
        wire_skip_tags(r);
    }
}

bool produce_request_decode(struct wire_reader *r, int16_t version, struct arena *arena,
                            struct produce_request *ret)
{
    const bool flexible = version >= 9;
    produce_request_init(ret);
    if (version >= 3) {
        ret->transactional_id = wire_read_string_nullable(r, flexible);
    }
    ret->acks = wire_read_i16(r);
    ret->timeout_ms = wire_read_i32(r);
    ret->topic_data = wire_read_list(r, flexible, arena,
                                     (struct wire_element){3, sizeof *ret->topic_data},
                                     &ret->topic_data_count);
    for (uint32_t i = 0; i < ret->topic_data_count; i++) {
        decode_produce_request_topic(r, version, arena, &ret->topic_data[i]);
    }
    if (flexible) {
        wire_skip_tags(r);
    }
    return !r->bad;
}

static void encode_produce_request_partition(struct wire_writer *w, int16_t version,
                                             const struct produce_request_partition *from)
{
    const bool flexible = version >= 9;
    wire_write_i32(w, from->index);
    wire_write_records_nullable(w, flexible, from->records);
    if (flexible) {
        wire_write_no_tags(w);
    }
}

static void encode_produce_request_topic(struct wire_writer *w, int16_t version,
                                         const struct produce_request_topic *from)
{
    const bool flexible = version >= 9;
    wire_write_string(w, flexible, from->name);
    wire_write_count(w, flexible, from->partition_data_count);
    for (uint32_t i = 0; i < from->partition_data_count; i++) {
        encode_produce_request_partition(w, version, &from->partition_data[i]);
    }
    if (flexible) {
        wire_write_no_tags(w);
    }
}

void produce_request_encode(struct wire_writer *w, int16_t version,
                            const struct produce_request *from)
{
    const bool flexible = version >= 9;
    if (version >= 3) {
        wire_write_string_nullable(w, flexible, from->transactional_id);
    }
    wire_write_i16(w, from->acks);
    wire_write_i32(w, from->timeout_ms);
    wire_write_count(w, flexible, from->topic_data_count);
    for (uint32_t i = 0; i < from->topic_data_count; i++) {
        encode_produce_request_topic(w, version, &from->topic_data[i]);
    }
    if (flexible) {
        wire_write_no_tags(w);
    }
}

void produce_response_record_error_init(struct produce_response_record_error *ret)
{
    *ret = (struct produce_response_record_error){0};
}

void produce_response_current_leader_init(struct produce_response_current_leader *ret)
{
    *ret = (struct produce_response_current_leader){0};
    ret->leader_id = -1;
    ret->leader_epoch = -1;
}

void produce_response_partition_init(struct produce_response_partition *ret)
{
    *ret = (struct produce_response_partition){0};
    ret->log_append_time_ms = -1;
    ret->log_start_offset = -1;
    produce_response_current_leader_init(&ret->current_leader);
}

void produce_response_topic_init(struct produce_response_topic *ret)
{
    *ret = (struct produce_response_topic){0};
}

void produce_response_node_endpoint_init(struct produce_response_node_endpoint *ret)
{
    *ret = (struct produce_response_node_endpoint){0};
}

void produce_response_init(struct produce_response *ret)
{
    *ret = (struct produce_response){0};
}

static void decode_produce_response_record_error(struct wire_reader *r, int16_t version,
                                                 struct arena *arena,
                                                 struct produce_response_record_error *ret)
{
    const bool flexible = version >= 9;
    (void)arena;
    produce_response_record_error_init(ret);
    ret->batch_index = wire_read_i32(r);
    ret->batch_index_error_message = wire_read_string_nullable(r, flexible);
    if (flexible) {
        wire_skip_tags(r);
    }
}

static void decode_produce_response_current_leader(struct wire_reader *r, int16_t version,
                                                   struct arena *arena,
                                                   struct produce_response_current_leader *ret)
{
    (void)version;
    (void)arena;
    produce_response_current_leader_init(ret);
    ret->leader_id = wire_read_i32(r);
    ret->leader_epoch = wire_read_i32(r);
    wire_skip_tags(r);
}

static void decode_produce_response_partition(struct wire_reader *r, int16_t version,
                                              struct arena *arena,
                                              struct produce_response_partition *ret)
{
    const bool flexible = version >= 9;
    produce_response_partition_init(ret);
    ret->index = wire_read_i32(r);
    ret->error_code = wire_read_i16(r);
    ret->base_offset = wire_read_i64(r);
    if (version >= 2) {
        ret->log_append_time_ms = wire_read_i64(r);
    }
    if (version >= 5) {
        ret->log_start_offset = wire_read_i64(r);
    }
    if (version >= 8) {
        ret->record_errors = wire_read_list(r, flexible, arena,
                                            (struct wire_element){6, sizeof *ret->record_errors},
                                            &ret->record_errors_count);
        for (uint32_t i = 0; i < ret->record_errors_count; i++) {
            decode_produce_response_record_error(r, version, arena, &ret->record_errors[i]);
        }
        ret->error_message = wire_read_string_nullable(r, flexible);
    }
    if (flexible) {
        for (uint32_t left = wire_read_tag_count(r); left > 0 && !r->bad; left--) {
            struct wire_tag tag = wire_begin_read_tag(r);
            if (tag.number == 0 && version >= 10) {
                decode_produce_response_current_leader(r, version, arena, &ret->current_leader);
            } else {
                wire_skip_tag(r);
            }
            wire_end_read_tag(r, &tag);
        }
    }
}

static void decode_produce_response_topic(struct wire_reader *r, int16_t version,
                                          struct arena *arena, struct produce_response_topic *ret)
{
    const bool flexible = version >= 9;
    produce_response_topic_init(ret);
    ret->name = wire_read_string(r, flexible);
    ret->partition_responses = wire_read_list(
            r, flexible, arena, (struct wire_element){14, sizeof *ret->partition_responses},
            &ret->partition_responses_count);
    for (uint32_t i = 0; i < ret->partition_responses_count; i++) {
        decode_produce_response_partition(r, version, arena, &ret->partition_responses[i]);
    }
    if (flexible) {
        wire_skip_tags(r);
    }
}

static void decode_produce_response_node_endpoint(struct wire_reader *r, int16_t version,
                                                  struct arena *arena,
                                                  struct produce_response_node_endpoint *ret)
{
    (void)version;
    (void)arena;
    produce_response_node_endpoint_init(ret);
    ret->node_id = wire_read_i32(r);
    ret->host = wire_read_string(r, true);
    ret->port = wire_read_i32(r);
    ret->rack = wire_read_string_nullable(r, true);
    wire_skip_tags(r);
}

bool produce_response_decode(struct wire_reader *r, int16_t version, struct arena *arena,
                             struct produce_response *ret)
{
    const bool flexible = version >= 9;
    produce_response_init(ret);
    ret->responses = wire_read_list(r, flexible, arena,
                                    (struct wire_element){3, sizeof *ret->responses},
                                    &ret->responses_count);
    for (uint32_t i = 0; i < ret->responses_count; i++) {
        decode_produce_response_topic(r, version, arena, &ret->responses[i]);
    }
    if (version >= 1) {
        ret->throttle_time_ms = wire_read_i32(r);
    }
    if (flexible) {
        for (uint32_t left = wire_read_tag_count(r); left > 0 && !r->bad; left--) {
            struct wire_tag tag = wire_begin_read_tag(r);
            if (tag.number == 0 && version >= 10) {
                ret->node_endpoints = wire_read_list(
                        r, true, arena, (struct wire_element){11, sizeof *ret->node_endpoints},
                        &ret->node_endpoints_count);
                for (uint32_t i = 0; i < ret->node_endpoints_count; i++) {
                    decode_produce_response_node_endpoint(r, version, arena,
                                                          &ret->node_endpoints[i]);
                }
            } else {
                wire_skip_tag(r);
            }
            wire_end_read_tag(r, &tag);
        }
    }
    return !r->bad;
}

static void encode_produce_response_record_error(struct wire_writer *w, int16_t version,
                                                 const struct produce_response_record_error *from)
{
    const bool flexible = version >= 9;
    wire_write_i32(w, from->batch_index);
    wire_write_string_nullable(w, flexible, from->batch_index_error_message);
    if (flexible) {
        wire_write_no_tags(w);
    }
}

static void encode_produce_response_current_leader(
        struct wire_writer *w, int16_t version, const struct produce_response_current_leader *from)
{
    (void)version;
    wire_write_i32(w, from->leader_id);
    wire_write_i32(w, from->leader_epoch);
    wire_write_no_tags(w);
}

static void encode_produce_response_partition(struct wire_writer *w, int16_t version,
                                              const struct produce_response_partition *from)
{
    const bool flexible = version >= 9;
    wire_write_i32(w, from->index);
    wire_write_i16(w, from->error_code);
    wire_write_i64(w, from->base_offset);
    if (version >= 2) {
        wire_write_i64(w, from->log_append_time_ms);
    }
    if (version >= 5) {
        wire_write_i64(w, from->log_start_offset);
    }
    if (version >= 8) {
        wire_write_count(w, flexible, from->record_errors_count);
        for (uint32_t i = 0; i < from->record_errors_count; i++) {
            encode_produce_response_record_error(w, version, &from->record_errors[i]);
        }
        wire_write_string_nullable(w, flexible, from->error_message);
    }
    if (flexible) {
        const bool has_current_leader =
            version >= 10 && (from->current_leader.leader_id != -1 ||
            from->current_leader.leader_epoch != -1);
        uint32_t tags = 0;
        tags += has_current_leader;
        wire_write_uvarint(w, tags);
        if (has_current_leader) {
            uint32_t begin = wire_begin_write_tag(w, 0);
            encode_produce_response_current_leader(w, version, &from->current_leader);
            wire_end_write_tag(w, begin);
        }
    }
}

static void encode_produce_response_topic(struct wire_writer *w, int16_t version,
                                          const struct produce_response_topic *from)
{
    const bool flexible = version >= 9;
    wire_write_string(w, flexible, from->name);
    wire_write_count(w, flexible, from->partition_responses_count);
    for (uint32_t i = 0; i < from->partition_responses_count; i++) {
        encode_produce_response_partition(w, version, &from->partition_responses[i]);
    }
    if (flexible) {
        wire_write_no_tags(w);
    }
}

static void encode_produce_response_node_endpoint(struct wire_writer *w, int16_t version,
                                                  const struct produce_response_node_endpoint *from)
{
    (void)version;
    wire_write_i32(w, from->node_id);
    wire_write_string(w, true, from->host);
    wire_write_i32(w, from->port);
    wire_write_string_nullable(w, true, from->rack);
    wire_write_no_tags(w);
}

void produce_response_encode(struct wire_writer *w, int16_t version,
                             const struct produce_response *from)
{
    const bool flexible = version >= 9;
    wire_write_count(w, flexible, from->responses_count);
    for (uint32_t i = 0; i < from->responses_count; i++) {
        encode_produce_response_topic(w, version, &from->responses[i]);
    }
    if (version >= 1) {
        wire_write_i32(w, from->throttle_time_ms);
    }
    if (flexible) {
        const bool has_node_endpoints = version >= 10 && from->node_endpoints_count > 0;
        uint32_t tags = 0;
        tags += has_node_endpoints;
        wire_write_uvarint(w, tags);
        if (has_node_endpoints) {
            uint32_t begin = wire_begin_write_tag(w, 0);
            wire_write_count(w, true, from->node_endpoints_count);
            for (uint32_t i = 0; i < from->node_endpoints_count; i++) {
                encode_produce_response_node_endpoint(w, version, &from->node_endpoints[i]);
            }
            wire_end_write_tag(w, begin);
        }
    }
}
