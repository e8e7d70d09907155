/* SPDX-License-Identifier: Apache-2.0 */
/* Made by proto/tools/gen.py from proto/schema/init_producer_id.json: do not edit. */
#include "proto/gen/init_producer_id.h"

void init_producer_id_request_init(struct init_producer_id_request *ret)
{
    *ret = (struct init_producer_id_request){0};
    ret->transactional_id = VIEW_LITERAL("");
    ret->producer_id = -1;
    ret->producer_epoch = -1;
}

bool init_producer_id_request_decode(struct wire_reader *r, int16_t version, struct arena *arena,
                                     struct init_producer_id_request *ret)
{
    const bool flexible = version >= 2;
    (void)arena;
    init_producer_id_request_init(ret);
    ret->transactional_id = wire_read_string_nullable(r, flexible);
    ret->transaction_timeout_ms = wire_read_i32(r);
    if (version >= 3) {
        ret->producer_id = wire_read_i64(r);
        ret->producer_epoch = wire_read_i16(r);
    }
    if (flexible) {
        wire_skip_tags(r);
    }
    return !r->bad;
}

void init_producer_id_request_encode(struct wire_writer *w, int16_t version,
                                     const struct init_producer_id_request *from)
{
    const bool flexible = version >= 2;
    wire_write_string_nullable(w, flexible, from->transactional_id);
    wire_write_i32(w, from->transaction_timeout_ms);
    if (version >= 3) {
        wire_write_i64(w, from->producer_id);
        wire_write_i16(w, from->producer_epoch);
    }
    if (flexible) {
        wire_write_no_tags(w);
    }
}

void init_producer_id_response_init(struct init_producer_id_response *ret)
{
    *ret = (struct init_producer_id_response){0};
    ret->producer_id = -1;
}

bool init_producer_id_response_decode(struct wire_reader *r, int16_t version, struct arena *arena,
                                      struct init_producer_id_response *ret)
{
    const bool flexible = version >= 2;
    (void)arena;
    init_producer_id_response_init(ret);
    ret->throttle_time_ms = wire_read_i32(r);
    ret->error_code = wire_read_i16(r);
    ret->producer_id = wire_read_i64(r);
    ret->producer_epoch = wire_read_i16(r);
    if (flexible) {
        wire_skip_tags(r);
    }
    return !r->bad;
}

void init_producer_id_response_encode(struct wire_writer *w, int16_t version,
                                      const struct init_producer_id_response *from)
{
    const bool flexible = version >= 2;
    wire_write_i32(w, from->throttle_time_ms);
    wire_write_i16(w, from->error_code);
    wire_write_i64(w, from->producer_id);
    wire_write_i16(w, from->producer_epoch);
    if (flexible) {
        wire_write_no_tags(w);
    }
}
