/* SPDX-License-Identifier: Apache-2.0 */
/* Made by proto/tools/gen.py from proto/schema/offset_for_leader_epoch.json: do not edit. */
#include "proto/gen/offset_for_leader_epoch.h"

void offset_for_leader_epoch_request_partition_init(
        struct offset_for_leader_epoch_request_partition *ret)
{
    *ret = (struct offset_for_leader_epoch_request_partition){0};
    ret->current_leader_epoch = -1;
}

void offset_for_leader_epoch_request_topic_init(struct offset_for_leader_epoch_request_topic *ret)
{
    *ret = (struct offset_for_leader_epoch_request_topic){0};
}

void offset_for_leader_epoch_request_init(struct offset_for_leader_epoch_request *ret)
{
    *ret = (struct offset_for_leader_epoch_request){0};
    ret->replica_id = -2;
}

static void decode_offset_for_leader_epoch_request_partition(
        struct wire_reader *r, int16_t version, struct arena *arena,
        struct offset_for_leader_epoch_request_partition *ret)
{
    const bool flexible = version >= 4;
    (void)arena;
    offset_for_leader_epoch_request_partition_init(ret);
    ret->partition = wire_read_i32(r);
    if (version >= 2) {
        ret->current_leader_epoch = wire_read_i32(r);
    }
    ret->leader_epoch = wire_read_i32(r);
    if (flexible) {
        wire_skip_tags(r);
    }
}

static void decode_offset_for_leader_epoch_request_topic(
        struct wire_reader *r, int16_t version, struct arena *arena,
        struct offset_for_leader_epoch_request_topic *ret)
{
    const bool flexible = version >= 4;
    offset_for_leader_epoch_request_topic_init(ret);
    ret->topic = wire_read_string(r, flexible);
    ret->partitions = wire_read_list(r, flexible, arena,
                                     (struct wire_element){8, sizeof *ret->partitions},
                                     &ret->partitions_count);
    for (uint32_t i = 0; i < ret->partitions_count; i++) {
        decode_offset_for_leader_epoch_request_partition(r, version, arena, &ret->partitions[i]);
    }
    if (flexible) {
        wire_skip_tags(r);
    }
}

bool offset_for_leader_epoch_request_decode(struct wire_reader *r, int16_t version,
                                            struct arena *arena,
                                            struct offset_for_leader_epoch_request *ret)
{
    const bool flexible = version >= 4;
    offset_for_leader_epoch_request_init(ret);
    if (version >= 3) {
        ret->replica_id = wire_read_i32(r);
    }
    ret->topics = wire_read_list(r, flexible, arena, (struct wire_element){3, sizeof *ret->topics},
                                 &ret->topics_count);
    for (uint32_t i = 0; i < ret->topics_count; i++) {
        decode_offset_for_leader_epoch_request_topic(r, version, arena, &ret->topics[i]);
    }
    if (flexible) {
        wire_skip_tags(r);
    }
    return !r->bad;
}

static void encode_offset_for_leader_epoch_request_partition(
        struct wire_writer *w, int16_t version,
        const struct offset_for_leader_epoch_request_partition *from)
{
    const bool flexible = version >= 4;
    wire_write_i32(w, from->partition);
    if (version >= 2) {
        wire_write_i32(w, from->current_leader_epoch);
    }
    wire_write_i32(w, from->leader_epoch);
    if (flexible) {
        wire_write_no_tags(w);
    }
}

static void encode_offset_for_leader_epoch_request_topic(
        struct wire_writer *w, int16_t version,
        const struct offset_for_leader_epoch_request_topic *from)
{
    const bool flexible = version >= 4;
    wire_write_string(w, flexible, from->topic);
    wire_write_count(w, flexible, from->partitions_count);
    for (uint32_t i = 0; i < from->partitions_count; i++) {
        encode_offset_for_leader_epoch_request_partition(w, version, &from->partitions[i]);
    }
    if (flexible) {
        wire_write_no_tags(w);
    }
}

void offset_for_leader_epoch_request_encode(struct wire_writer *w, int16_t version,
                                            const struct offset_for_leader_epoch_request *from)
{
    const bool flexible = version >= 4;
    if (version >= 3) {
        wire_write_i32(w, from->replica_id);
    }
    wire_write_count(w, flexible, from->topics_count);
    for (uint32_t i = 0; i < from->topics_count; i++) {
        encode_offset_for_leader_epoch_request_topic(w, version, &from->topics[i]);
    }
    if (flexible) {
        wire_write_no_tags(w);
    }
}

void offset_for_leader_epoch_response_partition_init(
        struct offset_for_leader_epoch_response_partition *ret)
{
    *ret = (struct offset_for_leader_epoch_response_partition){0};
    ret->leader_epoch = -1;
    ret->end_offset = -1;
}

void offset_for_leader_epoch_response_topic_init(struct offset_for_leader_epoch_response_topic *ret)
{
    *ret = (struct offset_for_leader_epoch_response_topic){0};
}

void offset_for_leader_epoch_response_init(struct offset_for_leader_epoch_response *ret)
{
    *ret = (struct offset_for_leader_epoch_response){0};
}

static void decode_offset_for_leader_epoch_response_partition(
        struct wire_reader *r, int16_t version, struct arena *arena,
        struct offset_for_leader_epoch_response_partition *ret)
{
    const bool flexible = version >= 4;
    (void)arena;
    offset_for_leader_epoch_response_partition_init(ret);
    ret->error_code = wire_read_i16(r);
    ret->partition = wire_read_i32(r);
    if (version >= 1) {
        ret->leader_epoch = wire_read_i32(r);
    }
    ret->end_offset = wire_read_i64(r);
    if (flexible) {
        wire_skip_tags(r);
    }
}

static void decode_offset_for_leader_epoch_response_topic(
        struct wire_reader *r, int16_t version, struct arena *arena,
        struct offset_for_leader_epoch_response_topic *ret)
{
    const bool flexible = version >= 4;
    offset_for_leader_epoch_response_topic_init(ret);
    ret->topic = wire_read_string(r, flexible);
    ret->partitions = wire_read_list(r, flexible, arena,
                                     (struct wire_element){14, sizeof *ret->partitions},
                                     &ret->partitions_count);
    for (uint32_t i = 0; i < ret->partitions_count; i++) {
        decode_offset_for_leader_epoch_response_partition(r, version, arena, &ret->partitions[i]);
    }
    if (flexible) {
        wire_skip_tags(r);
    }
}

bool offset_for_leader_epoch_response_decode(struct wire_reader *r, int16_t version,
                                             struct arena *arena,
                                             struct offset_for_leader_epoch_response *ret)
{
    const bool flexible = version >= 4;
    offset_for_leader_epoch_response_init(ret);
    if (version >= 2) {
        ret->throttle_time_ms = wire_read_i32(r);
    }
    ret->topics = wire_read_list(r, flexible, arena, (struct wire_element){3, sizeof *ret->topics},
                                 &ret->topics_count);
    for (uint32_t i = 0; i < ret->topics_count; i++) {
        decode_offset_for_leader_epoch_response_topic(r, version, arena, &ret->topics[i]);
    }
    if (flexible) {
        wire_skip_tags(r);
    }
    return !r->bad;
}

static void encode_offset_for_leader_epoch_response_partition(
        struct wire_writer *w, int16_t version,
        const struct offset_for_leader_epoch_response_partition *from)
{
    const bool flexible = version >= 4;
    wire_write_i16(w, from->error_code);
    wire_write_i32(w, from->partition);
    if (version >= 1) {
        wire_write_i32(w, from->leader_epoch);
    }
    wire_write_i64(w, from->end_offset);
    if (flexible) {
        wire_write_no_tags(w);
    }
}

static void encode_offset_for_leader_epoch_response_topic(
        struct wire_writer *w, int16_t version,
        const struct offset_for_leader_epoch_response_topic *from)
{
    const bool flexible = version >= 4;
    wire_write_string(w, flexible, from->topic);
    wire_write_count(w, flexible, from->partitions_count);
    for (uint32_t i = 0; i < from->partitions_count; i++) {
        encode_offset_for_leader_epoch_response_partition(w, version, &from->partitions[i]);
    }
    if (flexible) {
        wire_write_no_tags(w);
    }
}

void offset_for_leader_epoch_response_encode(struct wire_writer *w, int16_t version,
                                             const struct offset_for_leader_epoch_response *from)
{
    const bool flexible = version >= 4;
    if (version >= 2) {
        wire_write_i32(w, from->throttle_time_ms);
    }
    wire_write_count(w, flexible, from->topics_count);
    for (uint32_t i = 0; i < from->topics_count; i++) {
        encode_offset_for_leader_epoch_response_topic(w, version, &from->topics[i]);
    }
    if (flexible) {
        wire_write_no_tags(w);
    }
}
