/* SPDX-License-Identifier: Apache-2.0 */
/* Made by proto/tools/gen.py from proto/schema/offset_fetch.json: do not edit. */
#include "proto/gen/offset_fetch.h"

void offset_fetch_request_topic_init(struct offset_fetch_request_topic *ret)
{
    *ret = (struct offset_fetch_request_topic){0};
}

void offset_fetch_request_group_topic_init(struct offset_fetch_request_group_topic *ret)
{
    *ret = (struct offset_fetch_request_group_topic){0};
}

void offset_fetch_request_group_init(struct offset_fetch_request_group *ret)
{
    *ret = (struct offset_fetch_request_group){0};
    ret->member_epoch = -1;
}

void offset_fetch_request_init(struct offset_fetch_request *ret)
{
    *ret = (struct offset_fetch_request){0};
}

static void decode_offset_fetch_request_topic(struct wire_reader *r, int16_t version,
                                              struct arena *arena,
                                              struct offset_fetch_request_topic *ret)
{
    const bool flexible = version >= 6;
    offset_fetch_request_topic_init(ret);
    ret->name = wire_read_string(r, flexible);
    ret->partition_indexes = wire_read_i32_list(r, flexible, arena, &ret->partition_indexes_count);
    if (flexible) {
        wire_skip_tags(r);
    }
}

static void decode_offset_fetch_request_group_topic(struct wire_reader *r, int16_t version,
                                                    struct arena *arena,
                                                    struct offset_fetch_request_group_topic *ret)
{
    (void)version;
    offset_fetch_request_group_topic_init(ret);
    ret->name = wire_read_string(r, true);
    ret->partition_indexes = wire_read_i32_list(r, true, arena, &ret->partition_indexes_count);
    wire_skip_tags(r);
}

static void decode_offset_fetch_request_group(struct wire_reader *r, int16_t version,
                                              struct arena *arena,
                                              struct offset_fetch_request_group *ret)
{
    offset_fetch_request_group_init(ret);
    ret->group_id = wire_read_string(r, true);
    if (version >= 9) {
        ret->member_id = wire_read_string_nullable(r, true);
        ret->member_epoch = wire_read_i32(r);
    }
    ret->topics = wire_read_list_nullable(r, true, arena,
                                          (struct wire_element){3, sizeof *ret->topics},
                                          &ret->topics_count, &ret->topics_null);
    for (uint32_t i = 0; i < ret->topics_count; i++) {
        decode_offset_fetch_request_group_topic(r, version, arena, &ret->topics[i]);
    }
    wire_skip_tags(r);
}

bool offset_fetch_request_decode(struct wire_reader *r, int16_t version, struct arena *arena,
                                 struct offset_fetch_request *ret)
{
    const bool flexible = version >= 6;
    offset_fetch_request_init(ret);
    if (version <= 7) {
        ret->group_id = wire_read_string(r, flexible);
        if (version >= 2) {
            ret->topics = wire_read_list_nullable(r, flexible, arena,
                                                  (struct wire_element){3, sizeof *ret->topics},
                                                  &ret->topics_count, &ret->topics_null);
        } else {
            ret->topics = wire_read_list(r, flexible, arena,
                                         (struct wire_element){3, sizeof *ret->topics},
                                         &ret->topics_count);
        }
        for (uint32_t i = 0; i < ret->topics_count; i++) {
            decode_offset_fetch_request_topic(r, version, arena, &ret->topics[i]);
        }
    }
    if (version >= 8) {
        ret->groups = wire_read_list(r, flexible, arena,
                                     (struct wire_element){3, sizeof *ret->groups},
                                     &ret->groups_count);
        for (uint32_t i = 0; i < ret->groups_count; i++) {
            decode_offset_fetch_request_group(r, version, arena, &ret->groups[i]);
        }
    }
    if (version >= 7) {
        ret->require_stable = wire_read_bool(r);
    }
    if (flexible) {
        wire_skip_tags(r);
    }
    return !r->bad;
}

static void encode_offset_fetch_request_topic(struct wire_writer *w, int16_t version,
                                              const struct offset_fetch_request_topic *from)
{
    const bool flexible = version >= 6;
    wire_write_string(w, flexible, from->name);
    wire_write_i32_list(w, flexible, from->partition_indexes, from->partition_indexes_count);
    if (flexible) {
        wire_write_no_tags(w);
    }
}

static void encode_offset_fetch_request_group_topic(
        struct wire_writer *w, int16_t version, const struct offset_fetch_request_group_topic *from)
{
    (void)version;
    wire_write_string(w, true, from->name);
    wire_write_i32_list(w, true, from->partition_indexes, from->partition_indexes_count);
    wire_write_no_tags(w);
}

static void encode_offset_fetch_request_group(struct wire_writer *w, int16_t version,
                                              const struct offset_fetch_request_group *from)
{
    wire_write_string(w, true, from->group_id);
    if (version >= 9) {
        wire_write_string_nullable(w, true, from->member_id);
        wire_write_i32(w, from->member_epoch);
    }
    wire_write_count_nullable(w, true, from->topics_count, from->topics_null);
    for (uint32_t i = 0; i < from->topics_count; i++) {
        encode_offset_fetch_request_group_topic(w, version, &from->topics[i]);
    }
    wire_write_no_tags(w);
}

void offset_fetch_request_encode(struct wire_writer *w, int16_t version,
                                 const struct offset_fetch_request *from)
{
    const bool flexible = version >= 6;
    if (version <= 7) {
        wire_write_string(w, flexible, from->group_id);
        if (version >= 2) {
            wire_write_count_nullable(w, flexible, from->topics_count, from->topics_null);
        } else {
            wire_write_count(w, flexible, from->topics_count);
        }
        for (uint32_t i = 0; i < from->topics_count; i++) {
            encode_offset_fetch_request_topic(w, version, &from->topics[i]);
        }
    }
    if (version >= 8) {
        wire_write_count(w, flexible, from->groups_count);
        for (uint32_t i = 0; i < from->groups_count; i++) {
            encode_offset_fetch_request_group(w, version, &from->groups[i]);
        }
    }
    if (version >= 7) {
        wire_write_bool(w, from->require_stable);
    }
    if (flexible) {
        wire_write_no_tags(w);
    }
}

void offset_fetch_response_partition_init(struct offset_fetch_response_partition *ret)
{
    *ret = (struct offset_fetch_response_partition){0};
    ret->committed_leader_epoch = -1;
    ret->metadata = VIEW_LITERAL("");
}

void offset_fetch_response_topic_init(struct offset_fetch_response_topic *ret)
{
    *ret = (struct offset_fetch_response_topic){0};
}

void offset_fetch_response_group_partition_init(struct offset_fetch_response_group_partition *ret)
{
    *ret = (struct offset_fetch_response_group_partition){0};
    ret->committed_leader_epoch = -1;
    ret->metadata = VIEW_LITERAL("");
}

void offset_fetch_response_group_topic_init(struct offset_fetch_response_group_topic *ret)
{
    *ret = (struct offset_fetch_response_group_topic){0};
}

void offset_fetch_response_group_init(struct offset_fetch_response_group *ret)
{
    *ret = (struct offset_fetch_response_group){0};
}

void offset_fetch_response_init(struct offset_fetch_response *ret)
{
    *ret = (struct offset_fetch_response){0};
}

static void decode_offset_fetch_response_partition(struct wire_reader *r, int16_t version,
                                                   struct arena *arena,
                                                   struct offset_fetch_response_partition *ret)
{
    const bool flexible = version >= 6;
    (void)arena;
    offset_fetch_response_partition_init(ret);
    ret->partition_index = wire_read_i32(r);
    ret->committed_offset = wire_read_i64(r);
    if (version >= 5) {
        ret->committed_leader_epoch = wire_read_i32(r);
    }
    ret->metadata = wire_read_string_nullable(r, flexible);
    ret->error_code = wire_read_i16(r);
    if (flexible) {
        wire_skip_tags(r);
    }
}

static void decode_offset_fetch_response_topic(struct wire_reader *r, int16_t version,
                                               struct arena *arena,
                                               struct offset_fetch_response_topic *ret)
{
    const bool flexible = version >= 6;
    offset_fetch_response_topic_init(ret);
    ret->name = wire_read_string(r, flexible);
    ret->partitions = wire_read_list(r, flexible, arena,
                                     (struct wire_element){16, sizeof *ret->partitions},
                                     &ret->partitions_count);
    for (uint32_t i = 0; i < ret->partitions_count; i++) {
        decode_offset_fetch_response_partition(r, version, arena, &ret->partitions[i]);
    }
    if (flexible) {
        wire_skip_tags(r);
    }
}

static void decode_offset_fetch_response_group_partition(
        struct wire_reader *r, int16_t version, struct arena *arena,
        struct offset_fetch_response_group_partition *ret)
{
    (void)version;
    (void)arena;
    offset_fetch_response_group_partition_init(ret);
    ret->partition_index = wire_read_i32(r);
    ret->committed_offset = wire_read_i64(r);
    ret->committed_leader_epoch = wire_read_i32(r);
    ret->metadata = wire_read_string_nullable(r, true);
    ret->error_code = wire_read_i16(r);
    wire_skip_tags(r);
}

static void decode_offset_fetch_response_group_topic(struct wire_reader *r, int16_t version,
                                                     struct arena *arena,
                                                     struct offset_fetch_response_group_topic *ret)
{
    offset_fetch_response_group_topic_init(ret);
    ret->name = wire_read_string(r, true);
    ret->partitions = wire_read_list(r, true, arena,
                                     (struct wire_element){20, sizeof *ret->partitions},
                                     &ret->partitions_count);
    for (uint32_t i = 0; i < ret->partitions_count; i++) {
        decode_offset_fetch_response_group_partition(r, version, arena, &ret->partitions[i]);
    }
    wire_skip_tags(r);
}

static void decode_offset_fetch_response_group(struct wire_reader *r, int16_t version,
                                               struct arena *arena,
                                               struct offset_fetch_response_group *ret)
{
    offset_fetch_response_group_init(ret);
    ret->group_id = wire_read_string(r, true);
    ret->topics = wire_read_list(r, true, arena, (struct wire_element){3, sizeof *ret->topics},
                                 &ret->topics_count);
    for (uint32_t i = 0; i < ret->topics_count; i++) {
        decode_offset_fetch_response_group_topic(r, version, arena, &ret->topics[i]);
    }
    ret->error_code = wire_read_i16(r);
    wire_skip_tags(r);
}

bool offset_fetch_response_decode(struct wire_reader *r, int16_t version, struct arena *arena,
                                  struct offset_fetch_response *ret)
{
    const bool flexible = version >= 6;
    offset_fetch_response_init(ret);
    if (version >= 3) {
        ret->throttle_time_ms = wire_read_i32(r);
    }
    if (version <= 7) {
        ret->topics = wire_read_list(r, flexible, arena,
                                     (struct wire_element){3, sizeof *ret->topics},
                                     &ret->topics_count);
        for (uint32_t i = 0; i < ret->topics_count; i++) {
            decode_offset_fetch_response_topic(r, version, arena, &ret->topics[i]);
        }
    }
    if (version >= 2 && version <= 7) {
        ret->error_code = wire_read_i16(r);
    }
    if (version >= 8) {
        ret->groups = wire_read_list(r, flexible, arena,
                                     (struct wire_element){5, sizeof *ret->groups},
                                     &ret->groups_count);
        for (uint32_t i = 0; i < ret->groups_count; i++) {
            decode_offset_fetch_response_group(r, version, arena, &ret->groups[i]);
        }
    }
    if (flexible) {
        wire_skip_tags(r);
    }
    return !r->bad;
}

static void encode_offset_fetch_response_partition(
        struct wire_writer *w, int16_t version, const struct offset_fetch_response_partition *from)
{
    const bool flexible = version >= 6;
    wire_write_i32(w, from->partition_index);
    wire_write_i64(w, from->committed_offset);
    if (version >= 5) {
        wire_write_i32(w, from->committed_leader_epoch);
    }
    wire_write_string_nullable(w, flexible, from->metadata);
    wire_write_i16(w, from->error_code);
    if (flexible) {
        wire_write_no_tags(w);
    }
}

static void encode_offset_fetch_response_topic(struct wire_writer *w, int16_t version,
                                               const struct offset_fetch_response_topic *from)
{
    const bool flexible = version >= 6;
    wire_write_string(w, flexible, from->name);
    wire_write_count(w, flexible, from->partitions_count);
    for (uint32_t i = 0; i < from->partitions_count; i++) {
        encode_offset_fetch_response_partition(w, version, &from->partitions[i]);
    }
    if (flexible) {
        wire_write_no_tags(w);
    }
}

static void encode_offset_fetch_response_group_partition(
        struct wire_writer *w, int16_t version,
        const struct offset_fetch_response_group_partition *from)
{
    (void)version;
    wire_write_i32(w, from->partition_index);
    wire_write_i64(w, from->committed_offset);
    wire_write_i32(w, from->committed_leader_epoch);
    wire_write_string_nullable(w, true, from->metadata);
    wire_write_i16(w, from->error_code);
    wire_write_no_tags(w);
}

static void encode_offset_fetch_response_group_topic(
        struct wire_writer *w, int16_t version,
        const struct offset_fetch_response_group_topic *from)
{
    wire_write_string(w, true, from->name);
    wire_write_count(w, true, from->partitions_count);
    for (uint32_t i = 0; i < from->partitions_count; i++) {
        encode_offset_fetch_response_group_partition(w, version, &from->partitions[i]);
    }
    wire_write_no_tags(w);
}

static void encode_offset_fetch_response_group(struct wire_writer *w, int16_t version,
                                               const struct offset_fetch_response_group *from)
{
    wire_write_string(w, true, from->group_id);
    wire_write_count(w, true, from->topics_count);
    for (uint32_t i = 0; i < from->topics_count; i++) {
        encode_offset_fetch_response_group_topic(w, version, &from->topics[i]);
    }
    wire_write_i16(w, from->error_code);
    wire_write_no_tags(w);
}

void offset_fetch_response_encode(struct wire_writer *w, int16_t version,
                                  const struct offset_fetch_response *from)
{
    const bool flexible = version >= 6;
    if (version >= 3) {
        wire_write_i32(w, from->throttle_time_ms);
    }
    if (version <= 7) {
        wire_write_count(w, flexible, from->topics_count);
        for (uint32_t i = 0; i < from->topics_count; i++) {
            encode_offset_fetch_response_topic(w, version, &from->topics[i]);
        }
    }
    if (version >= 2 && version <= 7) {
        wire_write_i16(w, from->error_code);
    }
    if (version >= 8) {
        wire_write_count(w, flexible, from->groups_count);
        for (uint32_t i = 0; i < from->groups_count; i++) {
            encode_offset_fetch_response_group(w, version, &from->groups[i]);
        }
    }
    if (flexible) {
        wire_write_no_tags(w);
    }
}
