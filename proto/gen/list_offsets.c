/* SPDX-License-Identifier: Apache-2.0 */
/* Made by proto/tools/gen.py from proto/schema/list_offsets.json: do not edit. */
#include "proto/gen/list_offsets.h"

void list_offsets_request_partition_init(struct list_offsets_request_partition *ret)
{
    *ret = (struct list_offsets_request_partition){0};
    ret->current_leader_epoch = -1;
}

void list_offsets_request_topic_init(struct list_offsets_request_topic *ret)
{
    *ret = (struct list_offsets_request_topic){0};
}

void list_offsets_request_init(struct list_offsets_request *ret)
{
    *ret = (struct list_offsets_request){0};
}

static void decode_list_offsets_request_partition(struct wire_reader *r, int16_t version,
                                                  struct arena *arena,
                                                  struct list_offsets_request_partition *ret)
{
    const bool flexible = version >= 6;
    (void)arena;
    list_offsets_request_partition_init(ret);
    ret->partition_index = wire_read_i32(r);
    if (version >= 4) {
        ret->current_leader_epoch = wire_read_i32(r);
    }
    ret->timestamp = wire_read_i64(r);
    if (flexible) {
        wire_skip_tags(r);
    }
}

static void decode_list_offsets_request_topic(struct wire_reader *r, int16_t version,
                                              struct arena *arena,
                                              struct list_offsets_request_topic *ret)
{
    const bool flexible = version >= 6;
    list_offsets_request_topic_init(ret);
    ret->name = wire_read_string(r, flexible);
    ret->partitions = wire_read_list(r, flexible, arena,
                                     (struct wire_element){12, sizeof *ret->partitions},
                                     &ret->partitions_count);
    for (uint32_t i = 0; i < ret->partitions_count; i++) {
        decode_list_offsets_request_partition(r, version, arena, &ret->partitions[i]);
    }
    if (flexible) {
        wire_skip_tags(r);
    }
}

bool list_offsets_request_decode(struct wire_reader *r, int16_t version, struct arena *arena,
                                 struct list_offsets_request *ret)
{
    const bool flexible = version >= 6;
    list_offsets_request_init(ret);
    ret->replica_id = wire_read_i32(r);
    if (version >= 2) {
        ret->isolation_level = wire_read_i8(r);
    }
    ret->topics = wire_read_list(r, flexible, arena, (struct wire_element){3, sizeof *ret->topics},
                                 &ret->topics_count);
    for (uint32_t i = 0; i < ret->topics_count; i++) {
        decode_list_offsets_request_topic(r, version, arena, &ret->topics[i]);
    }
    if (flexible) {
        wire_skip_tags(r);
    }
    return !r->bad;
}

static void encode_list_offsets_request_partition(struct wire_writer *w, int16_t version,
                                                  const struct list_offsets_request_partition *from)
{
    const bool flexible = version >= 6;
    wire_write_i32(w, from->partition_index);
    if (version >= 4) {
        wire_write_i32(w, from->current_leader_epoch);
    }
    wire_write_i64(w, from->timestamp);
    if (flexible) {
        wire_write_no_tags(w);
    }
}

static void encode_list_offsets_request_topic(struct wire_writer *w, int16_t version,
                                              const struct list_offsets_request_topic *from)
{
    const bool flexible = version >= 6;
    wire_write_string(w, flexible, from->name);
    wire_write_count(w, flexible, from->partitions_count);
    for (uint32_t i = 0; i < from->partitions_count; i++) {
        encode_list_offsets_request_partition(w, version, &from->partitions[i]);
    }
    if (flexible) {
        wire_write_no_tags(w);
    }
}

void list_offsets_request_encode(struct wire_writer *w, int16_t version,
                                 const struct list_offsets_request *from)
{
    const bool flexible = version >= 6;
    wire_write_i32(w, from->replica_id);
    if (version >= 2) {
        wire_write_i8(w, from->isolation_level);
    }
    wire_write_count(w, flexible, from->topics_count);
    for (uint32_t i = 0; i < from->topics_count; i++) {
        encode_list_offsets_request_topic(w, version, &from->topics[i]);
    }
    if (flexible) {
        wire_write_no_tags(w);
    }
}

void list_offsets_response_partition_init(struct list_offsets_response_partition *ret)
{
    *ret = (struct list_offsets_response_partition){0};
    ret->timestamp = -1;
    ret->offset = -1;
    ret->leader_epoch = -1;
}

void list_offsets_response_topic_init(struct list_offsets_response_topic *ret)
{
    *ret = (struct list_offsets_response_topic){0};
}

void list_offsets_response_init(struct list_offsets_response *ret)
{
    *ret = (struct list_offsets_response){0};
}

static void decode_list_offsets_response_partition(struct wire_reader *r, int16_t version,
                                                   struct arena *arena,
                                                   struct list_offsets_response_partition *ret)
{
    const bool flexible = version >= 6;
    (void)arena;
    list_offsets_response_partition_init(ret);
    ret->partition_index = wire_read_i32(r);
    ret->error_code = wire_read_i16(r);
    ret->timestamp = wire_read_i64(r);
    ret->offset = wire_read_i64(r);
    if (version >= 4) {
        ret->leader_epoch = wire_read_i32(r);
    }
    if (flexible) {
        wire_skip_tags(r);
    }
}

static void decode_list_offsets_response_topic(struct wire_reader *r, int16_t version,
                                               struct arena *arena,
                                               struct list_offsets_response_topic *ret)
{
    const bool flexible = version >= 6;
    list_offsets_response_topic_init(ret);
    ret->name = wire_read_string(r, flexible);
    ret->partitions = wire_read_list(r, flexible, arena,
                                     (struct wire_element){22, sizeof *ret->partitions},
                                     &ret->partitions_count);
    for (uint32_t i = 0; i < ret->partitions_count; i++) {
        decode_list_offsets_response_partition(r, version, arena, &ret->partitions[i]);
    }
    if (flexible) {
        wire_skip_tags(r);
    }
}

bool list_offsets_response_decode(struct wire_reader *r, int16_t version, struct arena *arena,
                                  struct list_offsets_response *ret)
{
    const bool flexible = version >= 6;
    list_offsets_response_init(ret);
    if (version >= 2) {
        ret->throttle_time_ms = wire_read_i32(r);
    }
    ret->topics = wire_read_list(r, flexible, arena, (struct wire_element){3, sizeof *ret->topics},
                                 &ret->topics_count);
    for (uint32_t i = 0; i < ret->topics_count; i++) {
        decode_list_offsets_response_topic(r, version, arena, &ret->topics[i]);
    }
    if (flexible) {
        wire_skip_tags(r);
    }
    return !r->bad;
}

static void encode_list_offsets_response_partition(
        struct wire_writer *w, int16_t version, const struct list_offsets_response_partition *from)
{
    const bool flexible = version >= 6;
    wire_write_i32(w, from->partition_index);
    wire_write_i16(w, from->error_code);
    wire_write_i64(w, from->timestamp);
    wire_write_i64(w, from->offset);
    if (version >= 4) {
        wire_write_i32(w, from->leader_epoch);
    }
    if (flexible) {
        wire_write_no_tags(w);
    }
}

static void encode_list_offsets_response_topic(struct wire_writer *w, int16_t version,
                                               const struct list_offsets_response_topic *from)
{
    const bool flexible = version >= 6;
    wire_write_string(w, flexible, from->name);
    wire_write_count(w, flexible, from->partitions_count);
    for (uint32_t i = 0; i < from->partitions_count; i++) {
        encode_list_offsets_response_partition(w, version, &from->partitions[i]);
    }
    if (flexible) {
        wire_write_no_tags(w);
    }
}

void list_offsets_response_encode(struct wire_writer *w, int16_t version,
                                  const struct list_offsets_response *from)
{
    const bool flexible = version >= 6;
    if (version >= 2) {
        wire_write_i32(w, from->throttle_time_ms);
    }
    wire_write_count(w, flexible, from->topics_count);
    for (uint32_t i = 0; i < from->topics_count; i++) {
        encode_list_offsets_response_topic(w, version, &from->topics[i]);
    }
    if (flexible) {
        wire_write_no_tags(w);
    }
}
