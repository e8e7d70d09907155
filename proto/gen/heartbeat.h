/* SPDX-License-Identifier: Apache-2.0 */
/* Made by proto/tools/gen.py from proto/schema/heartbeat.json: do not edit. */
#ifndef CORDUROY_PROTO_GEN_HEARTBEAT_H
#define CORDUROY_PROTO_GEN_HEARTBEAT_H

#include "proto/wire.h"

/* Heartbeat (key 12), versions 0-4, flexible from 4. A member says that it lives. KIP-345 (3). */

struct heartbeat_request {
    struct view group_id;
    /* -1: none. */
    int32_t generation_id;
    struct view member_id;
    /* 3+, may be null. Set by hand for static membership (KIP-345). */
    struct view group_instance_id;
};
void heartbeat_request_init(struct heartbeat_request *ret);

MUST_CHECK
bool heartbeat_request_decode(struct wire_reader *r, int16_t version, struct arena *arena,
                              struct heartbeat_request *ret);
void heartbeat_request_encode(struct wire_writer *w, int16_t version,
                              const struct heartbeat_request *from);

struct heartbeat_response {
    /* 1+. How long the client should hold back; 0 without a quota. */
    int32_t throttle_time_ms;
    int16_t error_code;
};
void heartbeat_response_init(struct heartbeat_response *ret);

MUST_CHECK
bool heartbeat_response_decode(struct wire_reader *r, int16_t version, struct arena *arena,
                               struct heartbeat_response *ret);
void heartbeat_response_encode(struct wire_writer *w, int16_t version,
                               const struct heartbeat_response *from);

#endif
