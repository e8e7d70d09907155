/* SPDX-License-Identifier: Apache-2.0 */
/* Made by proto/tools/gen.py from proto/schema/group_metadata_value.json: do not edit. */
#include "proto/gen/group_metadata_value.h"

void group_metadata_value_member_init(struct group_metadata_value_member *ret)
{
    *ret = (struct group_metadata_value_member){0};
    ret->rebalance_timeout = -1;
}

void group_metadata_value_init(struct group_metadata_value *ret)
{
    *ret = (struct group_metadata_value){0};
    ret->protocol = VIEW_LITERAL("");
    ret->leader = VIEW_LITERAL("");
    ret->current_state_timestamp = -1;
}

static void decode_group_metadata_value_member(struct wire_reader *r, int16_t version,
                                               struct arena *arena,
                                               struct group_metadata_value_member *ret)
{
    const bool flexible = version >= 4;
    (void)arena;
    group_metadata_value_member_init(ret);
    ret->member_id = wire_read_string(r, flexible);
    if (version >= 3) {
        ret->group_instance_id = wire_read_string_nullable(r, flexible);
    }
    ret->client_id = wire_read_string(r, flexible);
    ret->client_host = wire_read_string(r, flexible);
    if (version >= 1) {
        ret->rebalance_timeout = wire_read_i32(r);
    }
    ret->session_timeout = wire_read_i32(r);
    ret->subscription = wire_read_bytes(r, flexible);
    ret->assignment = wire_read_bytes(r, flexible);
    if (flexible) {
        wire_skip_tags(r);
    }
}

bool group_metadata_value_decode(struct wire_reader *r, int16_t version, struct arena *arena,
                                 struct group_metadata_value *ret)
{
    const bool flexible = version >= 4;
    group_metadata_value_init(ret);
    ret->protocol_type = wire_read_string(r, flexible);
    ret->generation = wire_read_i32(r);
    ret->protocol = wire_read_string_nullable(r, flexible);
    ret->leader = wire_read_string_nullable(r, flexible);
    if (version >= 2) {
        ret->current_state_timestamp = wire_read_i64(r);
    }
    ret->members = wire_read_list(r, flexible, arena,
                                  (struct wire_element){15, sizeof *ret->members},
                                  &ret->members_count);
    for (uint32_t i = 0; i < ret->members_count; i++) {
        decode_group_metadata_value_member(r, version, arena, &ret->members[i]);
    }
    if (flexible) {
        wire_skip_tags(r);
    }
    return !r->bad;
}

static void encode_group_metadata_value_member(struct wire_writer *w, int16_t version,
                                               const struct group_metadata_value_member *from)
{
    const bool flexible = version >= 4;
    wire_write_string(w, flexible, from->member_id);
    if (version >= 3) {
        wire_write_string_nullable(w, flexible, from->group_instance_id);
    }
    wire_write_string(w, flexible, from->client_id);
    wire_write_string(w, flexible, from->client_host);
    if (version >= 1) {
        wire_write_i32(w, from->rebalance_timeout);
    }
    wire_write_i32(w, from->session_timeout);
    wire_write_bytes(w, flexible, from->subscription);
    wire_write_bytes(w, flexible, from->assignment);
    if (flexible) {
        wire_write_no_tags(w);
    }
}

void group_metadata_value_encode(struct wire_writer *w, int16_t version,
                                 const struct group_metadata_value *from)
{
    const bool flexible = version >= 4;
    wire_write_string(w, flexible, from->protocol_type);
    wire_write_i32(w, from->generation);
    wire_write_string_nullable(w, flexible, from->protocol);
    wire_write_string_nullable(w, flexible, from->leader);
    if (version >= 2) {
        wire_write_i64(w, from->current_state_timestamp);
    }
    wire_write_count(w, flexible, from->members_count);
    for (uint32_t i = 0; i < from->members_count; i++) {
        encode_group_metadata_value_member(w, version, &from->members[i]);
    }
    if (flexible) {
        wire_write_no_tags(w);
    }
}
