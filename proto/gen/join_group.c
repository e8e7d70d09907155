/* SPDX-License-Identifier: Apache-2.0 */
/* Made by proto/tools/gen.py from proto/schema/join_group.json: do not edit. */
#include "proto/gen/join_group.h"

void join_group_request_protocol_init(struct join_group_request_protocol *ret)
{
    *ret = (struct join_group_request_protocol){0};
}

void join_group_request_init(struct join_group_request *ret)
{
    *ret = (struct join_group_request){0};
    ret->rebalance_timeout_ms = -1;
}

static void decode_join_group_request_protocol(struct wire_reader *r, int16_t version,
                                               struct arena *arena,
                                               struct join_group_request_protocol *ret)
{
    const bool flexible = version >= 6;
    (void)arena;
    join_group_request_protocol_init(ret);
    ret->name = wire_read_string(r, flexible);
    ret->metadata = wire_read_bytes(r, flexible);
    if (flexible) {
        wire_skip_tags(r);
    }
}

bool join_group_request_decode(struct wire_reader *r, int16_t version, struct arena *arena,
                               struct join_group_request *ret)
{
    const bool flexible = version >= 6;
    join_group_request_init(ret);
    ret->group_id = wire_read_string(r, flexible);
    ret->session_timeout_ms = wire_read_i32(r);
    if (version >= 1) {
        ret->rebalance_timeout_ms = wire_read_i32(r);
    }
    ret->member_id = wire_read_string(r, flexible);
    if (version >= 5) {
        ret->group_instance_id = wire_read_string_nullable(r, flexible);
    }
    ret->protocol_type = wire_read_string(r, flexible);
    ret->protocols = wire_read_list(r, flexible, arena,
                                    (struct wire_element){3, sizeof *ret->protocols},
                                    &ret->protocols_count);
    for (uint32_t i = 0; i < ret->protocols_count; i++) {
        decode_join_group_request_protocol(r, version, arena, &ret->protocols[i]);
    }
    if (version >= 8) {
        ret->reason = wire_read_string_nullable(r, flexible);
    }
    if (flexible) {
        wire_skip_tags(r);
    }
    return !r->bad;
}

static void encode_join_group_request_protocol(struct wire_writer *w, int16_t version,
                                               const struct join_group_request_protocol *from)
{
    const bool flexible = version >= 6;
    wire_write_string(w, flexible, from->name);
    wire_write_bytes(w, flexible, from->metadata);
    if (flexible) {
        wire_write_no_tags(w);
    }
}

void join_group_request_encode(struct wire_writer *w, int16_t version,
                               const struct join_group_request *from)
{
    const bool flexible = version >= 6;
    wire_write_string(w, flexible, from->group_id);
    wire_write_i32(w, from->session_timeout_ms);
    if (version >= 1) {
        wire_write_i32(w, from->rebalance_timeout_ms);
    }
    wire_write_string(w, flexible, from->member_id);
    if (version >= 5) {
        wire_write_string_nullable(w, flexible, from->group_instance_id);
    }
    wire_write_string(w, flexible, from->protocol_type);
    wire_write_count(w, flexible, from->protocols_count);
    for (uint32_t i = 0; i < from->protocols_count; i++) {
        encode_join_group_request_protocol(w, version, &from->protocols[i]);
    }
    if (version >= 8) {
        wire_write_string_nullable(w, flexible, from->reason);
    }
    if (flexible) {
        wire_write_no_tags(w);
    }
}

void join_group_response_member_init(struct join_group_response_member *ret)
{
    *ret = (struct join_group_response_member){0};
}

void join_group_response_init(struct join_group_response *ret)
{
    *ret = (struct join_group_response){0};
    ret->generation_id = -1;
    ret->protocol_name = VIEW_LITERAL("");
}

static void decode_join_group_response_member(struct wire_reader *r, int16_t version,
                                              struct arena *arena,
                                              struct join_group_response_member *ret)
{
    const bool flexible = version >= 6;
    (void)arena;
    join_group_response_member_init(ret);
    ret->member_id = wire_read_string(r, flexible);
    if (version >= 5) {
        ret->group_instance_id = wire_read_string_nullable(r, flexible);
    }
    ret->metadata = wire_read_bytes(r, flexible);
    if (flexible) {
        wire_skip_tags(r);
    }
}

bool join_group_response_decode(struct wire_reader *r, int16_t version, struct arena *arena,
                                struct join_group_response *ret)
{
    const bool flexible = version >= 6;
    join_group_response_init(ret);
    if (version >= 2) {
        ret->throttle_time_ms = wire_read_i32(r);
    }
    ret->error_code = wire_read_i16(r);
    ret->generation_id = wire_read_i32(r);
    if (version >= 7) {
        ret->protocol_type = wire_read_string_nullable(r, flexible);
    }
    ret->protocol_name = version >= 7
                         ? wire_read_string_nullable(r, flexible)
                         : wire_read_string(r, flexible);
    ret->leader = wire_read_string(r, flexible);
    if (version >= 9) {
        ret->skip_assignment = wire_read_bool(r);
    }
    ret->member_id = wire_read_string(r, flexible);
    ret->members = wire_read_list(r, flexible, arena,
                                  (struct wire_element){4, sizeof *ret->members},
                                  &ret->members_count);
    for (uint32_t i = 0; i < ret->members_count; i++) {
        decode_join_group_response_member(r, version, arena, &ret->members[i]);
    }
    if (flexible) {
        wire_skip_tags(r);
    }
    return !r->bad;
}

static void encode_join_group_response_member(struct wire_writer *w, int16_t version,
                                              const struct join_group_response_member *from)
{
    const bool flexible = version >= 6;
    wire_write_string(w, flexible, from->member_id);
    if (version >= 5) {
        wire_write_string_nullable(w, flexible, from->group_instance_id);
    }
    wire_write_bytes(w, flexible, from->metadata);
    if (flexible) {
        wire_write_no_tags(w);
    }
}

void join_group_response_encode(struct wire_writer *w, int16_t version,
                                const struct join_group_response *from)
{
    const bool flexible = version >= 6;
    if (version >= 2) {
        wire_write_i32(w, from->throttle_time_ms);
    }
    wire_write_i16(w, from->error_code);
    wire_write_i32(w, from->generation_id);
    if (version >= 7) {
        wire_write_string_nullable(w, flexible, from->protocol_type);
    }
    if (version >= 7) {
        wire_write_string_nullable(w, flexible, from->protocol_name);
    } else {
        wire_write_string(w, flexible, from->protocol_name);
    }
    wire_write_string(w, flexible, from->leader);
    if (version >= 9) {
        wire_write_bool(w, from->skip_assignment);
    }
    wire_write_string(w, flexible, from->member_id);
    wire_write_count(w, flexible, from->members_count);
    for (uint32_t i = 0; i < from->members_count; i++) {
        encode_join_group_response_member(w, version, &from->members[i]);
    }
    if (flexible) {
        wire_write_no_tags(w);
    }
}
