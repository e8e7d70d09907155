/* SPDX-License-Identifier: Apache-2.0 */
/* Made by proto/tools/gen.py from proto/schema/create_topics.json: do not edit. */
#include "proto/gen/create_topics.h"

void create_topics_request_assignment_init(struct create_topics_request_assignment *ret)
{
    *ret = (struct create_topics_request_assignment){0};
}

void create_topics_request_config_init(struct create_topics_request_config *ret)
{
    *ret = (struct create_topics_request_config){0};
    ret->value = VIEW_LITERAL("");
}

void create_topics_request_topic_init(struct create_topics_request_topic *ret)
{
    *ret = (struct create_topics_request_topic){0};
}

void create_topics_request_init(struct create_topics_request *ret)
{
    *ret = (struct create_topics_request){0};
    ret->timeout_ms = 60000;
}

static void decode_create_topics_request_assignment(struct wire_reader *r, int16_t version,
                                                    struct arena *arena,
                                                    struct create_topics_request_assignment *ret)
{
    const bool flexible = version >= 5;
    create_topics_request_assignment_init(ret);
    ret->partition_index = wire_read_i32(r);
    ret->broker_ids = wire_read_i32_list(r, flexible, arena, &ret->broker_ids_count);
    if (flexible) {
        wire_skip_tags(r);
    }
}

static void decode_create_topics_request_config(struct wire_reader *r, int16_t version,
                                                struct arena *arena,
                                                struct create_topics_request_config *ret)
{
    const bool flexible = version >= 5;
    (void)arena;
    create_topics_request_config_init(ret);
    ret->name = wire_read_string(r, flexible);
    ret->value = wire_read_string_nullable(r, flexible);
    if (flexible) {
        wire_skip_tags(r);
    }
}

static void decode_create_topics_request_topic(struct wire_reader *r, int16_t version,
                                               struct arena *arena,
                                               struct create_topics_request_topic *ret)
{
    const bool flexible = version >= 5;
    create_topics_request_topic_init(ret);
    ret->name = wire_read_string(r, flexible);
    ret->num_partitions = wire_read_i32(r);
    ret->replication_factor = wire_read_i16(r);
    ret->assignments = wire_read_list(r, flexible, arena,
                                      (struct wire_element){6, sizeof *ret->assignments},
                                      &ret->assignments_count);
    for (uint32_t i = 0; i < ret->assignments_count; i++) {
        decode_create_topics_request_assignment(r, version, arena, &ret->assignments[i]);
    }
    ret->configs = wire_read_list(r, flexible, arena,
                                  (struct wire_element){3, sizeof *ret->configs},
                                  &ret->configs_count);
    for (uint32_t i = 0; i < ret->configs_count; i++) {
        decode_create_topics_request_config(r, version, arena, &ret->configs[i]);
    }
    if (flexible) {
        wire_skip_tags(r);
    }
}

bool create_topics_request_decode(struct wire_reader *r, int16_t version, struct arena *arena,
                                  struct create_topics_request *ret)
{
    const bool flexible = version >= 5;
    create_topics_request_init(ret);
    ret->topics = wire_read_list(r, flexible, arena, (struct wire_element){10, sizeof *ret->topics},
                                 &ret->topics_count);
    for (uint32_t i = 0; i < ret->topics_count; i++) {
        decode_create_topics_request_topic(r, version, arena, &ret->topics[i]);
    }
    ret->timeout_ms = wire_read_i32(r);
    if (version >= 1) {
        ret->validate_only = wire_read_bool(r);
    }
    if (flexible) {
        wire_skip_tags(r);
    }
    return !r->bad;
}

static void encode_create_topics_request_assignment(
        struct wire_writer *w, int16_t version, const struct create_topics_request_assignment *from)
{
    const bool flexible = version >= 5;
    wire_write_i32(w, from->partition_index);
    wire_write_i32_list(w, flexible, from->broker_ids, from->broker_ids_count);
    if (flexible) {
        wire_write_no_tags(w);
    }
}

static void encode_create_topics_request_config(struct wire_writer *w, int16_t version,
                                                const struct create_topics_request_config *from)
{
    const bool flexible = version >= 5;
    wire_write_string(w, flexible, from->name);
    wire_write_string_nullable(w, flexible, from->value);
    if (flexible) {
        wire_write_no_tags(w);
    }
}

static void encode_create_topics_request_topic(struct wire_writer *w, int16_t version,
                                               const struct create_topics_request_topic *from)
{
    const bool flexible = version >= 5;
    wire_write_string(w, flexible, from->name);
    wire_write_i32(w, from->num_partitions);
    wire_write_i16(w, from->replication_factor);
    wire_write_count(w, flexible, from->assignments_count);
    for (uint32_t i = 0; i < from->assignments_count; i++) {
        encode_create_topics_request_assignment(w, version, &from->assignments[i]);
    }
    wire_write_count(w, flexible, from->configs_count);
    for (uint32_t i = 0; i < from->configs_count; i++) {
        encode_create_topics_request_config(w, version, &from->configs[i]);
    }
    if (flexible) {
        wire_write_no_tags(w);
    }
}

void create_topics_request_encode(struct wire_writer *w, int16_t version,
                                  const struct create_topics_request *from)
{
    const bool flexible = version >= 5;
    wire_write_count(w, flexible, from->topics_count);
    for (uint32_t i = 0; i < from->topics_count; i++) {
        encode_create_topics_request_topic(w, version, &from->topics[i]);
    }
    wire_write_i32(w, from->timeout_ms);
    if (version >= 1) {
        wire_write_bool(w, from->validate_only);
    }
    if (flexible) {
        wire_write_no_tags(w);
    }
}

void create_topics_response_config_init(struct create_topics_response_config *ret)
{
    *ret = (struct create_topics_response_config){0};
    ret->value = VIEW_LITERAL("");
    ret->config_source = -1;
}

void create_topics_response_topic_init(struct create_topics_response_topic *ret)
{
    *ret = (struct create_topics_response_topic){0};
    ret->error_message = VIEW_LITERAL("");
    ret->num_partitions = -1;
    ret->replication_factor = -1;
}

void create_topics_response_init(struct create_topics_response *ret)
{
    *ret = (struct create_topics_response){0};
}

static void decode_create_topics_response_config(struct wire_reader *r, int16_t version,
                                                 struct arena *arena,
                                                 struct create_topics_response_config *ret)
{
    (void)version;
    (void)arena;
    create_topics_response_config_init(ret);
    ret->name = wire_read_string(r, true);
    ret->value = wire_read_string_nullable(r, true);
    ret->read_only = wire_read_bool(r);
    ret->config_source = wire_read_i8(r);
    ret->is_sensitive = wire_read_bool(r);
    wire_skip_tags(r);
}

static void decode_create_topics_response_topic(struct wire_reader *r, int16_t version,
                                                struct arena *arena,
                                                struct create_topics_response_topic *ret)
{
    const bool flexible = version >= 5;
    create_topics_response_topic_init(ret);
    ret->name = wire_read_string(r, flexible);
    if (version >= 7) {
        ret->topic_id = wire_read_uuid(r);
    }
    ret->error_code = wire_read_i16(r);
    if (version >= 1) {
        ret->error_message = wire_read_string_nullable(r, flexible);
    }
    if (version >= 5) {
        ret->num_partitions = wire_read_i32(r);
        ret->replication_factor = wire_read_i16(r);
        ret->configs = wire_read_list_nullable(r, flexible, arena,
                                               (struct wire_element){6, sizeof *ret->configs},
                                               &ret->configs_count, &ret->configs_null);
        for (uint32_t i = 0; i < ret->configs_count; i++) {
            decode_create_topics_response_config(r, version, arena, &ret->configs[i]);
        }
    }
    if (flexible) {
        for (uint32_t left = wire_read_tag_count(r); left > 0 && !r->bad; left--) {
            struct wire_tag tag = wire_begin_read_tag(r);
            if (tag.number == 0) {
                ret->topic_config_error_code = wire_read_i16(r);
            } else {
                wire_skip_tag(r);
            }
            wire_end_read_tag(r, &tag);
        }
    }
}

bool create_topics_response_decode(struct wire_reader *r, int16_t version, struct arena *arena,
                                   struct create_topics_response *ret)
{
    const bool flexible = version >= 5;
    create_topics_response_init(ret);
    if (version >= 2) {
        ret->throttle_time_ms = wire_read_i32(r);
    }
    ret->topics = wire_read_list(r, flexible, arena, (struct wire_element){4, sizeof *ret->topics},
                                 &ret->topics_count);
    for (uint32_t i = 0; i < ret->topics_count; i++) {
        decode_create_topics_response_topic(r, version, arena, &ret->topics[i]);
    }
    if (flexible) {
        wire_skip_tags(r);
    }
    return !r->bad;
}

static void encode_create_topics_response_config(struct wire_writer *w, int16_t version,
                                                 const struct create_topics_response_config *from)
{
    (void)version;
    wire_write_string(w, true, from->name);
    wire_write_string_nullable(w, true, from->value);
    wire_write_bool(w, from->read_only);
    wire_write_i8(w, from->config_source);
    wire_write_bool(w, from->is_sensitive);
    wire_write_no_tags(w);
}

static void encode_create_topics_response_topic(struct wire_writer *w, int16_t version,
                                                const struct create_topics_response_topic *from)
{
    const bool flexible = version >= 5;
    wire_write_string(w, flexible, from->name);
    if (version >= 7) {
        wire_write_uuid(w, from->topic_id);
    }
    wire_write_i16(w, from->error_code);
    if (version >= 1) {
        wire_write_string_nullable(w, flexible, from->error_message);
    }
    if (version >= 5) {
        wire_write_i32(w, from->num_partitions);
        wire_write_i16(w, from->replication_factor);
        wire_write_count_nullable(w, flexible, from->configs_count, from->configs_null);
        for (uint32_t i = 0; i < from->configs_count; i++) {
            encode_create_topics_response_config(w, version, &from->configs[i]);
        }
    }
    if (flexible) {
        const bool has_topic_config_error_code = from->topic_config_error_code != 0;
        uint32_t tags = 0;
        tags += has_topic_config_error_code;
        wire_write_uvarint(w, tags);
        if (has_topic_config_error_code) {
            uint32_t begin = wire_begin_write_tag(w, 0);
            wire_write_i16(w, from->topic_config_error_code);
            wire_end_write_tag(w, begin);
        }
    }
}

void create_topics_response_encode(struct wire_writer *w, int16_t version,
                                   const struct create_topics_response *from)
{
    const bool flexible = version >= 5;
    if (version >= 2) {
        wire_write_i32(w, from->throttle_time_ms);
    }
    wire_write_count(w, flexible, from->topics_count);
    for (uint32_t i = 0; i < from->topics_count; i++) {
        encode_create_topics_response_topic(w, version, &from->topics[i]);
    }
    if (flexible) {
        wire_write_no_tags(w);
    }
}
