/* SPDX-License-Identifier: Apache-2.0 */
/* Made by proto/tools/gen.py from proto/schema/find_coordinator.json: do not edit. */
#include "proto/gen/find_coordinator.h"

void find_coordinator_request_init(struct find_coordinator_request *ret)
{
    *ret = (struct find_coordinator_request){0};
}

bool find_coordinator_request_decode(struct wire_reader *r, int16_t version, struct arena *arena,
                                     struct find_coordinator_request *ret)
{
    const bool flexible = version >= 3;
    find_coordinator_request_init(ret);
    if (version <= 3) {
        ret->key = wire_read_string(r, flexible);
    }
    if (version >= 1) {
        ret->key_type = wire_read_i8(r);
    }
    if (version >= 4) {
        ret->coordinator_keys = wire_read_string_list(r, flexible, arena,
                                                      &ret->coordinator_keys_count);
    }
    if (flexible) {
        wire_skip_tags(r);
    }
    return !r->bad;
}

void find_coordinator_request_encode(struct wire_writer *w, int16_t version,
                                     const struct find_coordinator_request *from)
{
    const bool flexible = version >= 3;
    if (version <= 3) {
        wire_write_string(w, flexible, from->key);
    }
    if (version >= 1) {
        wire_write_i8(w, from->key_type);
    }
    if (version >= 4) {
        wire_write_string_list(w, flexible, from->coordinator_keys, from->coordinator_keys_count);
    }
    if (flexible) {
        wire_write_no_tags(w);
    }
}

void find_coordinator_response_coordinator_init(struct find_coordinator_response_coordinator *ret)
{
    *ret = (struct find_coordinator_response_coordinator){0};
    ret->error_message = VIEW_LITERAL("");
}

void find_coordinator_response_init(struct find_coordinator_response *ret)
{
    *ret = (struct find_coordinator_response){0};
    ret->error_message = VIEW_LITERAL("");
}

static void decode_find_coordinator_response_coordinator(
        struct wire_reader *r, int16_t version, struct arena *arena,
        struct find_coordinator_response_coordinator *ret)
{
    (void)version;
    (void)arena;
    find_coordinator_response_coordinator_init(ret);
    ret->key = wire_read_string(r, true);
    ret->node_id = wire_read_i32(r);
    ret->host = wire_read_string(r, true);
    ret->port = wire_read_i32(r);
    ret->error_code = wire_read_i16(r);
    ret->error_message = wire_read_string_nullable(r, true);
    wire_skip_tags(r);
}

bool find_coordinator_response_decode(struct wire_reader *r, int16_t version, struct arena *arena,
                                      struct find_coordinator_response *ret)
{
    const bool flexible = version >= 3;
    find_coordinator_response_init(ret);
    if (version >= 1) {
        ret->throttle_time_ms = wire_read_i32(r);
    }
    if (version <= 3) {
        ret->error_code = wire_read_i16(r);
    }
    if (version >= 1 && version <= 3) {
        ret->error_message = wire_read_string_nullable(r, flexible);
    }
    if (version <= 3) {
        ret->node_id = wire_read_i32(r);
        ret->host = wire_read_string(r, flexible);
        ret->port = wire_read_i32(r);
    }
    if (version >= 4) {
        ret->coordinators = wire_read_list(r, flexible, arena,
                                           (struct wire_element){14, sizeof *ret->coordinators},
                                           &ret->coordinators_count);
        for (uint32_t i = 0; i < ret->coordinators_count; i++) {
            decode_find_coordinator_response_coordinator(r, version, arena, &ret->coordinators[i]);
        }
    }
    if (flexible) {
        wire_skip_tags(r);
    }
    return !r->bad;
}

static void encode_find_coordinator_response_coordinator(
        struct wire_writer *w, int16_t version,
        const struct find_coordinator_response_coordinator *from)
{
    (void)version;
    wire_write_string(w, true, from->key);
    wire_write_i32(w, from->node_id);
    wire_write_string(w, true, from->host);
    wire_write_i32(w, from->port);
    wire_write_i16(w, from->error_code);
    wire_write_string_nullable(w, true, from->error_message);
    wire_write_no_tags(w);
}

void find_coordinator_response_encode(struct wire_writer *w, int16_t version,
                                      const struct find_coordinator_response *from)
{
    const bool flexible = version >= 3;
    if (version >= 1) {
        wire_write_i32(w, from->throttle_time_ms);
    }
    if (version <= 3) {
        wire_write_i16(w, from->error_code);
    }
    if (version >= 1 && version <= 3) {
        wire_write_string_nullable(w, flexible, from->error_message);
    }
    if (version <= 3) {
        wire_write_i32(w, from->node_id);
        wire_write_string(w, flexible, from->host);
        wire_write_i32(w, from->port);
    }
    if (version >= 4) {
        wire_write_count(w, flexible, from->coordinators_count);
        for (uint32_t i = 0; i < from->coordinators_count; i++) {
            encode_find_coordinator_response_coordinator(w, version, &from->coordinators[i]);
        }
    }
    if (flexible) {
        wire_write_no_tags(w);
    }
}
