/* SPDX-License-Identifier: Apache-2.0 */
/* Made by proto/tools/gen.py from proto/schema/heartbeat.json: do not edit. */
#include "proto/gen/heartbeat.h"

void heartbeat_request_init(struct heartbeat_request *ret)
{
    *ret = (struct heartbeat_request){0};
}

bool heartbeat_request_decode(struct wire_reader *r, int16_t version, struct arena *arena,
                              struct heartbeat_request *ret)
{
    const bool flexible = version >= 4;
    (void)arena;
    heartbeat_request_init(ret);
    ret->group_id = wire_read_string(r, flexible);
    ret->generation_id = wire_read_i32(r);
    ret->member_id = wire_read_string(r, flexible);
    if (version >= 3) {
        ret->group_instance_id = wire_read_string_nullable(r, flexible);
    }
    if (flexible) {
        wire_skip_tags(r);
    }
    return !r->bad;
}

void heartbeat_request_encode(struct wire_writer *w, int16_t version,
                              const struct heartbeat_request *from)
{
    const bool flexible = version >= 4;
    wire_write_string(w, flexible, from->group_id);
    wire_write_i32(w, from->generation_id);
    wire_write_string(w, flexible, from->member_id);
    if (version >= 3) {
        wire_write_string_nullable(w, flexible, from->group_instance_id);
    }
    if (flexible) {
        wire_write_no_tags(w);
    }
}

void heartbeat_response_init(struct heartbeat_response *ret)
{
    *ret = (struct heartbeat_response){0};
}

bool heartbeat_response_decode(struct wire_reader *r, int16_t version, struct arena *arena,
                               struct heartbeat_response *ret)
{
    const bool flexible = version >= 4;
    (void)arena;
    heartbeat_response_init(ret);
    if (version >= 1) {
        ret->throttle_time_ms = wire_read_i32(r);
    }
    ret->error_code = wire_read_i16(r);
    if (flexible) {
        wire_skip_tags(r);
    }
    return !r->bad;
}

void heartbeat_response_encode(struct wire_writer *w, int16_t version,
                               const struct heartbeat_response *from)
{
    const bool flexible = version >= 4;
    if (version >= 1) {
        wire_write_i32(w, from->throttle_time_ms);
    }
    wire_write_i16(w, from->error_code);
    if (flexible) {
        wire_write_no_tags(w);
    }
}
