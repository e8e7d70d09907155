/* SPDX-License-Identifier: Apache-2.0 */
/* Made by proto/tools/gen.py from proto/schema/offset_commit.json: do not edit. */
#include "proto/gen/offset_commit.h"

void offset_commit_request_partition_init(struct offset_commit_request_partition *ret)
{
    *ret = (struct offset_commit_request_partition){0};
    ret->committed_leader_epoch = -1;
    ret->commit_timestamp = -1;
    ret->committed_metadata = VIEW_LITERAL("");
}

void offset_commit_request_topic_init(struct offset_commit_request_topic *ret)
{
    *ret = (struct offset_commit_request_topic){0};
}

void offset_commit_request_init(struct offset_commit_request *ret)
{
    *ret = (struct offset_commit_request){0};
    ret->generation_id_or_member_epoch = -1;
    ret->retention_time_ms = -1;
}

static void decode_offset_commit_request_partition(struct wire_reader *r, int16_t version,
                                                   struct arena *arena,
                                                   struct offset_commit_request_partition *ret)
{
    const bool flexible = version >= 8;
    (void)arena;
    offset_commit_request_partition_init(ret);
    ret->partition_index = wire_read_i32(r);
    ret->committed_offset = wire_read_i64(r);
    if (version >= 6) {
        ret->committed_leader_epoch = wire_read_i32(r);
    }
    if (version <= 1) {
        ret->commit_timestamp = wire_read_i64(r);
    }
    ret->committed_metadata = wire_read_string_nullable(r, flexible);
    if (flexible) {
        wire_skip_tags(r);
    }
}

static void decode_offset_commit_request_topic(struct wire_reader *r, int16_t version,
                                               struct arena *arena,
                                               struct offset_commit_request_topic *ret)
{
    const bool flexible = version >= 8;
    offset_commit_request_topic_init(ret);
    ret->name = wire_read_string(r, flexible);
    ret->partitions = wire_read_list(r, flexible, arena,
                                     (struct wire_element){14, sizeof *ret->partitions},
                                     &ret->partitions_count);
    for (uint32_t i = 0; i < ret->partitions_count; i++) {
        decode_offset_commit_request_partition(r, version, arena, &ret->partitions[i]);
    }
    if (flexible) {
        wire_skip_tags(r);
    }
}

bool offset_commit_request_decode(struct wire_reader *r, int16_t version, struct arena *arena,
                                  struct offset_commit_request *ret)
{
    const bool flexible = version >= 8;
    offset_commit_request_init(ret);
    ret->group_id = wire_read_string(r, flexible);
    ret->generation_id_or_member_epoch = wire_read_i32(r);
    ret->member_id = wire_read_string(r, flexible);
    if (version >= 7) {
        ret->group_instance_id = wire_read_string_nullable(r, flexible);
    }
    if (version >= 2 && version <= 4) {
        ret->retention_time_ms = wire_read_i64(r);
    }
    ret->topics = wire_read_list(r, flexible, arena, (struct wire_element){3, sizeof *ret->topics},
                                 &ret->topics_count);
    for (uint32_t i = 0; i < ret->topics_count; i++) {
        decode_offset_commit_request_topic(r, version, arena, &ret->topics[i]);
    }
    if (flexible) {
        wire_skip_tags(r);
    }
    return !r->bad;
}

static void encode_offset_commit_request_partition(
        struct wire_writer *w, int16_t version, const struct offset_commit_request_partition *from)
{
    const bool flexible = version >= 8;
    wire_write_i32(w, from->partition_index);
    wire_write_i64(w, from->committed_offset);
    if (version >= 6) {
        wire_write_i32(w, from->committed_leader_epoch);
    }
    if (version <= 1) {
        wire_write_i64(w, from->commit_timestamp);
    }
    wire_write_string_nullable(w, flexible, from->committed_metadata);
    if (flexible) {
        wire_write_no_tags(w);
    }
}

static void encode_offset_commit_request_topic(struct wire_writer *w, int16_t version,
                                               const struct offset_commit_request_topic *from)
{
    const bool flexible = version >= 8;
    wire_write_string(w, flexible, from->name);
    wire_write_count(w, flexible, from->partitions_count);
    for (uint32_t i = 0; i < from->partitions_count; i++) {
        encode_offset_commit_request_partition(w, version, &from->partitions[i]);
    }
    if (flexible) {
        wire_write_no_tags(w);
    }
}

void offset_commit_request_encode(struct wire_writer *w, int16_t version,
                                  const struct offset_commit_request *from)
{
    const bool flexible = version >= 8;
    wire_write_string(w, flexible, from->group_id);
    wire_write_i32(w, from->generation_id_or_member_epoch);
    wire_write_string(w, flexible, from->member_id);
    if (version >= 7) {
        wire_write_string_nullable(w, flexible, from->group_instance_id);
    }
    if (version >= 2 && version <= 4) {
        wire_write_i64(w, from->retention_time_ms);
    }
    wire_write_count(w, flexible, from->topics_count);
    for (uint32_t i = 0; i < from->topics_count; i++) {
        encode_offset_commit_request_topic(w, version, &from->topics[i]);
    }
    if (flexible) {
        wire_write_no_tags(w);
    }
}

void offset_commit_response_partition_init(struct offset_commit_response_partition *ret)
{
    *ret = (struct offset_commit_response_partition){0};
}

void offset_commit_response_topic_init(struct offset_commit_response_topic *ret)
{
    *ret = (struct offset_commit_response_topic){0};
}

void offset_commit_response_init(struct offset_commit_response *ret)
{
    *ret = (struct offset_commit_response){0};
}

static void decode_offset_commit_response_partition(struct wire_reader *r, int16_t version,
                                                    struct arena *arena,
                                                    struct offset_commit_response_partition *ret)
{
    const bool flexible = version >= 8;
    (void)arena;
    offset_commit_response_partition_init(ret);
    ret->partition_index = wire_read_i32(r);
    ret->error_code = wire_read_i16(r);
    if (flexible) {
        wire_skip_tags(r);
    }
}

static void decode_offset_commit_response_topic(struct wire_reader *r, int16_t version,
                                                struct arena *arena,
                                                struct offset_commit_response_topic *ret)
{
    const bool flexible = version >= 8;
    offset_commit_response_topic_init(ret);
    ret->name = wire_read_string(r, flexible);
    ret->partitions = wire_read_list(r, flexible, arena,
                                     (struct wire_element){6, sizeof *ret->partitions},
                                     &ret->partitions_count);
    for (uint32_t i = 0; i < ret->partitions_count; i++) {
        decode_offset_commit_response_partition(r, version, arena, &ret->partitions[i]);
    }
    if (flexible) {
        wire_skip_tags(r);
    }
}

bool offset_commit_response_decode(struct wire_reader *r, int16_t version, struct arena *arena,
                                   struct offset_commit_response *ret)
{
    const bool flexible = version >= 8;
    offset_commit_response_init(ret);
    if (version >= 3) {
        ret->throttle_time_ms = wire_read_i32(r);
    }
    ret->topics = wire_read_list(r, flexible, arena, (struct wire_element){3, sizeof *ret->topics},
                                 &ret->topics_count);
    for (uint32_t i = 0; i < ret->topics_count; i++) {
        decode_offset_commit_response_topic(r, version, arena, &ret->topics[i]);
    }
    if (flexible) {
        wire_skip_tags(r);
    }
    return !r->bad;
}

static void encode_offset_commit_response_partition(
        struct wire_writer *w, int16_t version, const struct offset_commit_response_partition *from)
{
    const bool flexible = version >= 8;
    wire_write_i32(w, from->partition_index);
    wire_write_i16(w, from->error_code);
    if (flexible) {
        wire_write_no_tags(w);
    }
}

static void encode_offset_commit_response_topic(struct wire_writer *w, int16_t version,
                                                const struct offset_commit_response_topic *from)
{
    const bool flexible = version >= 8;
    wire_write_string(w, flexible, from->name);
    wire_write_count(w, flexible, from->partitions_count);
    for (uint32_t i = 0; i < from->partitions_count; i++) {
        encode_offset_commit_response_partition(w, version, &from->partitions[i]);
    }
    if (flexible) {
        wire_write_no_tags(w);
    }
}

void offset_commit_response_encode(struct wire_writer *w, int16_t version,
                                   const struct offset_commit_response *from)
{
    const bool flexible = version >= 8;
    if (version >= 3) {
        wire_write_i32(w, from->throttle_time_ms);
    }
    wire_write_count(w, flexible, from->topics_count);
    for (uint32_t i = 0; i < from->topics_count; i++) {
        encode_offset_commit_response_topic(w, version, &from->topics[i]);
    }
    if (flexible) {
        wire_write_no_tags(w);
    }
}
