/* SPDX-License-Identifier: Apache-2.0 */
/* Made by proto/tools/gen.py from proto/schema/leave_group.json: do not edit. */
#include "proto/gen/leave_group.h"

void leave_group_request_member_init(struct leave_group_request_member *ret)
{
    *ret = (struct leave_group_request_member){0};
}

void leave_group_request_init(struct leave_group_request *ret)
{
    *ret = (struct leave_group_request){0};
}

static void decode_leave_group_request_member(struct wire_reader *r, int16_t version,
                                              struct arena *arena,
                                              struct leave_group_request_member *ret)
{
    const bool flexible = version >= 4;
    (void)arena;
    leave_group_request_member_init(ret);
    ret->member_id = wire_read_string(r, flexible);
    ret->group_instance_id = wire_read_string_nullable(r, flexible);
    if (version >= 5) {
        ret->reason = wire_read_string_nullable(r, flexible);
    }
    if (flexible) {
        wire_skip_tags(r);
    }
}

bool leave_group_request_decode(struct wire_reader *r, int16_t version, struct arena *arena,
                                struct leave_group_request *ret)
{
    const bool flexible = version >= 4;
    leave_group_request_init(ret);
    ret->group_id = wire_read_string(r, flexible);
    if (version <= 2) {
        ret->member_id = wire_read_string(r, flexible);
    }
    if (version >= 3) {
        ret->members = wire_read_list(r, flexible, arena,
                                      (struct wire_element){3, sizeof *ret->members},
                                      &ret->members_count);
        for (uint32_t i = 0; i < ret->members_count; i++) {
            decode_leave_group_request_member(r, version, arena, &ret->members[i]);
        }
    }
    if (flexible) {
        wire_skip_tags(r);
    }
    return !r->bad;
}

static void encode_leave_group_request_member(struct wire_writer *w, int16_t version,
                                              const struct leave_group_request_member *from)
{
    const bool flexible = version >= 4;
    wire_write_string(w, flexible, from->member_id);
    wire_write_string_nullable(w, flexible, from->group_instance_id);
    if (version >= 5) {
        wire_write_string_nullable(w, flexible, from->reason);
    }
    if (flexible) {
        wire_write_no_tags(w);
    }
}

void leave_group_request_encode(struct wire_writer *w, int16_t version,
                                const struct leave_group_request *from)
{
    const bool flexible = version >= 4;
    wire_write_string(w, flexible, from->group_id);
    if (version <= 2) {
        wire_write_string(w, flexible, from->member_id);
    }
    if (version >= 3) {
        wire_write_count(w, flexible, from->members_count);
        for (uint32_t i = 0; i < from->members_count; i++) {
            encode_leave_group_request_member(w, version, &from->members[i]);
        }
    }
    if (flexible) {
        wire_write_no_tags(w);
    }
}

void leave_group_response_member_init(struct leave_group_response_member *ret)
{
    *ret = (struct leave_group_response_member){0};
    ret->group_instance_id = VIEW_LITERAL("");
}

void leave_group_response_init(struct leave_group_response *ret)
{
    *ret = (struct leave_group_response){0};
}

static void decode_leave_group_response_member(struct wire_reader *r, int16_t version,
                                               struct arena *arena,
                                               struct leave_group_response_member *ret)
{
    const bool flexible = version >= 4;
    (void)arena;
    leave_group_response_member_init(ret);
    ret->member_id = wire_read_string(r, flexible);
    ret->group_instance_id = wire_read_string_nullable(r, flexible);
    ret->error_code = wire_read_i16(r);
    if (flexible) {
        wire_skip_tags(r);
    }
}

bool leave_group_response_decode(struct wire_reader *r, int16_t version, struct arena *arena,
                                 struct leave_group_response *ret)
{
    const bool flexible = version >= 4;
    leave_group_response_init(ret);
    if (version >= 1) {
        ret->throttle_time_ms = wire_read_i32(r);
    }
    ret->error_code = wire_read_i16(r);
    if (version >= 3) {
        ret->members = wire_read_list(r, flexible, arena,
                                      (struct wire_element){5, sizeof *ret->members},
                                      &ret->members_count);
        for (uint32_t i = 0; i < ret->members_count; i++) {
            decode_leave_group_response_member(r, version, arena, &ret->members[i]);
        }
    }
    if (flexible) {
        wire_skip_tags(r);
    }
    return !r->bad;
}

static void encode_leave_group_response_member(struct wire_writer *w, int16_t version,
                                               const struct leave_group_response_member *from)
{
    const bool flexible = version >= 4;
    wire_write_string(w, flexible, from->member_id);
    wire_write_string_nullable(w, flexible, from->group_instance_id);
    wire_write_i16(w, from->error_code);
    if (flexible) {
        wire_write_no_tags(w);
    }
}

void leave_group_response_encode(struct wire_writer *w, int16_t version,
                                 const struct leave_group_response *from)
{
    const bool flexible = version >= 4;
    if (version >= 1) {
        wire_write_i32(w, from->throttle_time_ms);
    }
    wire_write_i16(w, from->error_code);
    if (version >= 3) {
        wire_write_count(w, flexible, from->members_count);
        for (uint32_t i = 0; i < from->members_count; i++) {
            encode_leave_group_response_member(w, version, &from->members[i]);
        }
    }
    if (flexible) {
        wire_write_no_tags(w);
    }
}
