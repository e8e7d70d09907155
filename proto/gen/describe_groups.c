/* SPDX-License-Identifier: Apache-2.0 */
/* Made by proto/tools/gen.py from proto/schema/describe_groups.json: do not edit. */
#include "proto/gen/describe_groups.h"

void describe_groups_request_init(struct describe_groups_request *ret)
{
    *ret = (struct describe_groups_request){0};
}

bool describe_groups_request_decode(struct wire_reader *r, int16_t version, struct arena *arena,
                                    struct describe_groups_request *ret)
{
    const bool flexible = version >= 5;
    describe_groups_request_init(ret);
    ret->groups = wire_read_string_list(r, flexible, arena, &ret->groups_count);
    if (version >= 3) {
        ret->include_authorized_operations = wire_read_bool(r);
    }
    if (flexible) {
        wire_skip_tags(r);
    }
    return !r->bad;
}

void describe_groups_request_encode(struct wire_writer *w, int16_t version,
                                    const struct describe_groups_request *from)
{
    const bool flexible = version >= 5;
    wire_write_string_list(w, flexible, from->groups, from->groups_count);
    if (version >= 3) {
        wire_write_bool(w, from->include_authorized_operations);
    }
    if (flexible) {
        wire_write_no_tags(w);
    }
}

void describe_groups_response_member_init(struct describe_groups_response_member *ret)
{
    *ret = (struct describe_groups_response_member){0};
}

void describe_groups_response_group_init(struct describe_groups_response_group *ret)
{
    *ret = (struct describe_groups_response_group){0};
    ret->authorized_operations = INT32_MIN;
}

void describe_groups_response_init(struct describe_groups_response *ret)
{
    *ret = (struct describe_groups_response){0};
}

static void decode_describe_groups_response_member(struct wire_reader *r, int16_t version,
                                                   struct arena *arena,
                                                   struct describe_groups_response_member *ret)
{
    const bool flexible = version >= 5;
    (void)arena;
    describe_groups_response_member_init(ret);
    ret->member_id = wire_read_string(r, flexible);
    if (version >= 4) {
        ret->group_instance_id = wire_read_string_nullable(r, flexible);
    }
    ret->client_id = wire_read_string(r, flexible);
    ret->client_host = wire_read_string(r, flexible);
    ret->member_metadata = wire_read_bytes(r, flexible);
    ret->member_assignment = wire_read_bytes(r, flexible);
    if (flexible) {
        wire_skip_tags(r);
    }
}

static void decode_describe_groups_response_group(struct wire_reader *r, int16_t version,
                                                  struct arena *arena,
                                                  struct describe_groups_response_group *ret)
{
    const bool flexible = version >= 5;
    describe_groups_response_group_init(ret);
    ret->error_code = wire_read_i16(r);
    ret->group_id = wire_read_string(r, flexible);
    ret->group_state = wire_read_string(r, flexible);
    ret->protocol_type = wire_read_string(r, flexible);
    ret->protocol_data = wire_read_string(r, flexible);
    ret->members = wire_read_list(r, flexible, arena,
                                  (struct wire_element){7, sizeof *ret->members},
                                  &ret->members_count);
    for (uint32_t i = 0; i < ret->members_count; i++) {
        decode_describe_groups_response_member(r, version, arena, &ret->members[i]);
    }
    if (version >= 3) {
        ret->authorized_operations = wire_read_i32(r);
    }
    if (flexible) {
        wire_skip_tags(r);
    }
}

bool describe_groups_response_decode(struct wire_reader *r, int16_t version, struct arena *arena,
                                     struct describe_groups_response *ret)
{
    const bool flexible = version >= 5;
    describe_groups_response_init(ret);
    if (version >= 1) {
        ret->throttle_time_ms = wire_read_i32(r);
    }
    ret->groups = wire_read_list(r, flexible, arena, (struct wire_element){12, sizeof *ret->groups},
                                 &ret->groups_count);
    for (uint32_t i = 0; i < ret->groups_count; i++) {
        decode_describe_groups_response_group(r, version, arena, &ret->groups[i]);
    }
    if (flexible) {
        wire_skip_tags(r);
    }
    return !r->bad;
}

static void encode_describe_groups_response_member(
        struct wire_writer *w, int16_t version, const struct describe_groups_response_member *from)
{
    const bool flexible = version >= 5;
    wire_write_string(w, flexible, from->member_id);
    if (version >= 4) {
        wire_write_string_nullable(w, flexible, from->group_instance_id);
    }
    wire_write_string(w, flexible, from->client_id);
    wire_write_string(w, flexible, from->client_host);
    wire_write_bytes(w, flexible, from->member_metadata);
    wire_write_bytes(w, flexible, from->member_assignment);
    if (flexible) {
        wire_write_no_tags(w);
    }
}

static void encode_describe_groups_response_group(struct wire_writer *w, int16_t version,
                                                  const struct describe_groups_response_group *from)
{
    const bool flexible = version >= 5;
    wire_write_i16(w, from->error_code);
    wire_write_string(w, flexible, from->group_id);
    wire_write_string(w, flexible, from->group_state);
    wire_write_string(w, flexible, from->protocol_type);
    wire_write_string(w, flexible, from->protocol_data);
    wire_write_count(w, flexible, from->members_count);
    for (uint32_t i = 0; i < from->members_count; i++) {
        encode_describe_groups_response_member(w, version, &from->members[i]);
    }
    if (version >= 3) {
        wire_write_i32(w, from->authorized_operations);
    }
    if (flexible) {
        wire_write_no_tags(w);
    }
}

void describe_groups_response_encode(struct wire_writer *w, int16_t version,
                                     const struct describe_groups_response *from)
{
    const bool flexible = version >= 5;
    if (version >= 1) {
        wire_write_i32(w, from->throttle_time_ms);
    }
    wire_write_count(w, flexible, from->groups_count);
    for (uint32_t i = 0; i < from->groups_count; i++) {
        encode_describe_groups_response_group(w, version, &from->groups[i]);
    }
    if (flexible) {
        wire_write_no_tags(w);
    }
}
