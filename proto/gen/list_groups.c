/* SPDX-License-Identifier: Apache-2.0 */
/* Made by proto/tools/gen.py from proto/schema/list_groups.json: do not edit. */
#include "proto/gen/list_groups.h"

void list_groups_request_init(struct list_groups_request *ret)
{
    *ret = (struct list_groups_request){0};
}

bool list_groups_request_decode(struct wire_reader *r, int16_t version, struct arena *arena,
                                struct list_groups_request *ret)
{
    const bool flexible = version >= 3;
    list_groups_request_init(ret);
    if (version >= 4) {
        ret->states_filter = wire_read_string_list(r, flexible, arena, &ret->states_filter_count);
    }
    if (version >= 5) {
        ret->types_filter = wire_read_string_list(r, flexible, arena, &ret->types_filter_count);
    }
    if (flexible) {
        wire_skip_tags(r);
    }
    return !r->bad;
}

void list_groups_request_encode(struct wire_writer *w, int16_t version,
                                const struct list_groups_request *from)
{
    const bool flexible = version >= 3;
    if (version >= 4) {
        wire_write_string_list(w, flexible, from->states_filter, from->states_filter_count);
    }
    if (version >= 5) {
        wire_write_string_list(w, flexible, from->types_filter, from->types_filter_count);
    }
    if (flexible) {
        wire_write_no_tags(w);
    }
}

void list_groups_response_group_init(struct list_groups_response_group *ret)
{
    *ret = (struct list_groups_response_group){0};
}

void list_groups_response_init(struct list_groups_response *ret)
{
    *ret = (struct list_groups_response){0};
}

static void decode_list_groups_response_group(struct wire_reader *r, int16_t version,
                                              struct arena *arena,
                                              struct list_groups_response_group *ret)
{
    const bool flexible = version >= 3;
    (void)arena;
    list_groups_response_group_init(ret);
    ret->group_id = wire_read_string(r, flexible);
    ret->protocol_type = wire_read_string(r, flexible);
    if (version >= 4) {
        ret->group_state = wire_read_string(r, flexible);
    }
    if (version >= 5) {
        ret->group_type = wire_read_string(r, flexible);
    }
    if (flexible) {
        wire_skip_tags(r);
    }
}

bool list_groups_response_decode(struct wire_reader *r, int16_t version, struct arena *arena,
                                 struct list_groups_response *ret)
{
    const bool flexible = version >= 3;
    list_groups_response_init(ret);
    if (version >= 1) {
        ret->throttle_time_ms = wire_read_i32(r);
    }
    ret->error_code = wire_read_i16(r);
    ret->groups = wire_read_list(r, flexible, arena, (struct wire_element){3, sizeof *ret->groups},
                                 &ret->groups_count);
    for (uint32_t i = 0; i < ret->groups_count; i++) {
        decode_list_groups_response_group(r, version, arena, &ret->groups[i]);
    }
    if (flexible) {
        wire_skip_tags(r);
    }
    return !r->bad;
}

static void encode_list_groups_response_group(struct wire_writer *w, int16_t version,
                                              const struct list_groups_response_group *from)
{
    const bool flexible = version >= 3;
    wire_write_string(w, flexible, from->group_id);
    wire_write_string(w, flexible, from->protocol_type);
    if (version >= 4) {
        wire_write_string(w, flexible, from->group_state);
    }
    if (version >= 5) {
        wire_write_string(w, flexible, from->group_type);
    }
    if (flexible) {
        wire_write_no_tags(w);
    }
}

void list_groups_response_encode(struct wire_writer *w, int16_t version,
                                 const struct list_groups_response *from)
{
    const bool flexible = version >= 3;
    if (version >= 1) {
        wire_write_i32(w, from->throttle_time_ms);
    }
    wire_write_i16(w, from->error_code);
    wire_write_count(w, flexible, from->groups_count);
    for (uint32_t i = 0; i < from->groups_count; i++) {
        encode_list_groups_response_group(w, version, &from->groups[i]);
    }
    if (flexible) {
        wire_write_no_tags(w);
    }
}
