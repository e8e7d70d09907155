/* SPDX-License-Identifier: Apache-2.0 */
/* Made by proto/tools/gen.py from proto/schema/describe_cluster.json: do not edit. */
#include "proto/gen/describe_cluster.h"

void describe_cluster_request_init(struct describe_cluster_request *ret)
{
    *ret = (struct describe_cluster_request){0};
    ret->endpoint_type = 1;
}

bool describe_cluster_request_decode(struct wire_reader *r, int16_t version, struct arena *arena,
                                     struct describe_cluster_request *ret)
{
    (void)arena;
    describe_cluster_request_init(ret);
    ret->include_cluster_authorized_operations = wire_read_bool(r);
    if (version >= 1) {
        ret->endpoint_type = wire_read_i8(r);
    }
    wire_skip_tags(r);
    return !r->bad;
}

void describe_cluster_request_encode(struct wire_writer *w, int16_t version,
                                     const struct describe_cluster_request *from)
{
    wire_write_bool(w, from->include_cluster_authorized_operations);
    if (version >= 1) {
        wire_write_i8(w, from->endpoint_type);
    }
    wire_write_no_tags(w);
}

void describe_cluster_response_broker_init(struct describe_cluster_response_broker *ret)
{
    *ret = (struct describe_cluster_response_broker){0};
}

void describe_cluster_response_init(struct describe_cluster_response *ret)
{
    *ret = (struct describe_cluster_response){0};
    ret->endpoint_type = 1;
    ret->controller_id = -1;
    ret->cluster_authorized_operations = INT32_MIN;
}

static void decode_describe_cluster_response_broker(struct wire_reader *r, int16_t version,
                                                    struct arena *arena,
                                                    struct describe_cluster_response_broker *ret)
{
    (void)version;
    (void)arena;
    describe_cluster_response_broker_init(ret);
    ret->broker_id = wire_read_i32(r);
    ret->host = wire_read_string(r, true);
    ret->port = wire_read_i32(r);
    ret->rack = wire_read_string_nullable(r, true);
    wire_skip_tags(r);
}

bool describe_cluster_response_decode(struct wire_reader *r, int16_t version, struct arena *arena,
                                      struct describe_cluster_response *ret)
{
    describe_cluster_response_init(ret);
    ret->throttle_time_ms = wire_read_i32(r);
    ret->error_code = wire_read_i16(r);
    ret->error_message = wire_read_string_nullable(r, true);
    if (version >= 1) {
        ret->endpoint_type = wire_read_i8(r);
    }
    ret->cluster_id = wire_read_string(r, true);
    ret->controller_id = wire_read_i32(r);
    ret->brokers = wire_read_list(r, true, arena, (struct wire_element){11, sizeof *ret->brokers},
                                  &ret->brokers_count);
    for (uint32_t i = 0; i < ret->brokers_count; i++) {
        decode_describe_cluster_response_broker(r, version, arena, &ret->brokers[i]);
    }
    ret->cluster_authorized_operations = wire_read_i32(r);
    wire_skip_tags(r);
    return !r->bad;
}

static void encode_describe_cluster_response_broker(
        struct wire_writer *w, int16_t version, const struct describe_cluster_response_broker *from)
{
    (void)version;
    wire_write_i32(w, from->broker_id);
    wire_write_string(w, true, from->host);
    wire_write_i32(w, from->port);
    wire_write_string_nullable(w, true, from->rack);
    wire_write_no_tags(w);
}

void describe_cluster_response_encode(struct wire_writer *w, int16_t version,
                                      const struct describe_cluster_response *from)
{
    wire_write_i32(w, from->throttle_time_ms);
    wire_write_i16(w, from->error_code);
    wire_write_string_nullable(w, true, from->error_message);
    if (version >= 1) {
        wire_write_i8(w, from->endpoint_type);
    }
    wire_write_string(w, true, from->cluster_id);
    wire_write_i32(w, from->controller_id);
    wire_write_count(w, true, from->brokers_count);
    for (uint32_t i = 0; i < from->brokers_count; i++) {
        encode_describe_cluster_response_broker(w, version, &from->brokers[i]);
    }
    wire_write_i32(w, from->cluster_authorized_operations);
    wire_write_no_tags(w);
}
