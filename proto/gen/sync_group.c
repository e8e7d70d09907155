/* SPDX-License-Identifier: Apache-2.0 */
/* Made by proto/tools/gen.py from proto/schema/sync_group.json: do not edit. */
#include "proto/gen/sync_group.h"

void sync_group_request_assignment_init(struct sync_group_request_assignment *ret)
{
    *ret = (struct sync_group_request_assignment){0};
}

void sync_group_request_init(struct sync_group_request *ret)
{
    *ret = (struct sync_group_request){0};
}

static void decode_sync_group_request_assignment(struct wire_reader *r, int16_t version,
                                                 struct arena *arena,
                                                 struct sync_group_request_assignment *ret)
{
    const bool flexible = version >= 4;
    (void)arena;
    sync_group_request_assignment_init(ret);
    ret->member_id = wire_read_string(r, flexible);
    ret->assignment = wire_read_bytes(r, flexible);
    if (flexible) {
        wire_skip_tags(r);
    }
}

bool sync_group_request_decode(struct wire_reader *r, int16_t version, struct arena *arena,
                               struct sync_group_request *ret)
{
    const bool flexible = version >= 4;
    sync_group_request_init(ret);
    ret->group_id = wire_read_string(r, flexible);
    ret->generation_id = wire_read_i32(r);
    ret->member_id = wire_read_string(r, flexible);
    if (version >= 3) {
        ret->group_instance_id = wire_read_string_nullable(r, flexible);
    }
    if (version >= 5) {
        ret->protocol_type = wire_read_string_nullable(r, flexible);
        ret->protocol_name = wire_read_string_nullable(r, flexible);
    }
    ret->assignments = wire_read_list(r, flexible, arena,
                                      (struct wire_element){3, sizeof *ret->assignments},
                                      &ret->assignments_count);
    for (uint32_t i = 0; i < ret->assignments_count; i++) {
        decode_sync_group_request_assignment(r, version, arena, &ret->assignments[i]);
    }
    if (flexible) {
        wire_skip_tags(r);
    }
    return !r->bad;
}

static void encode_sync_group_request_assignment(struct wire_writer *w, int16_t version,
                                                 const struct sync_group_request_assignment *from)
{
    const bool flexible = version >= 4;
    wire_write_string(w, flexible, from->member_id);
    wire_write_bytes(w, flexible, from->assignment);
    if (flexible) {
        wire_write_no_tags(w);
    }
}

void sync_group_request_encode(struct wire_writer *w, int16_t version,
                               const struct sync_group_request *from)
{
    const bool flexible = version >= 4;
    wire_write_string(w, flexible, from->group_id);
    wire_write_i32(w, from->generation_id);
    wire_write_string(w, flexible, from->member_id);
    if (version >= 3) {
        wire_write_string_nullable(w, flexible, from->group_instance_id);
    }
    if (version >= 5) {
        wire_write_string_nullable(w, flexible, from->protocol_type);
        wire_write_string_nullable(w, flexible, from->protocol_name);
    }
    wire_write_count(w, flexible, from->assignments_count);
    for (uint32_t i = 0; i < from->assignments_count; i++) {
        encode_sync_group_request_assignment(w, version, &from->assignments[i]);
    }
    if (flexible) {
        wire_write_no_tags(w);
    }
}

void sync_group_response_init(struct sync_group_response *ret)
{
    *ret = (struct sync_group_response){0};
}

bool sync_group_response_decode(struct wire_reader *r, int16_t version, struct arena *arena,
                                struct sync_group_response *ret)
{
    const bool flexible = version >= 4;
    (void)arena;
    sync_group_response_init(ret);
    if (version >= 1) {
        ret->throttle_time_ms = wire_read_i32(r);
    }
    ret->error_code = wire_read_i16(r);
    if (version >= 5) {
        ret->protocol_type = wire_read_string_nullable(r, flexible);
        ret->protocol_name = wire_read_string_nullable(r, flexible);
    }
    ret->assignment = wire_read_bytes(r, flexible);
    if (flexible) {
        wire_skip_tags(r);
    }
    return !r->bad;
}

void sync_group_response_encode(struct wire_writer *w, int16_t version,
                                const struct sync_group_response *from)
{
    const bool flexible = version >= 4;
    if (version >= 1) {
        wire_write_i32(w, from->throttle_time_ms);
    }
    wire_write_i16(w, from->error_code);
    if (version >= 5) {
        wire_write_string_nullable(w, flexible, from->protocol_type);
        wire_write_string_nullable(w, flexible, from->protocol_name);
    }
    wire_write_bytes(w, flexible, from->assignment);
    if (flexible) {
        wire_write_no_tags(w);
    }
}
