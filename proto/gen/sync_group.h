/* SPDX-License-Identifier: Apache-2.0 */
/* Made by proto/tools/gen.py from proto/schema/sync_group.json: do not edit. */
#ifndef CORDUROY_PROTO_GEN_SYNC_GROUP_H
#define CORDUROY_PROTO_GEN_SYNC_GROUP_H

#include "proto/wire.h"

/* SyncGroup (key 14), versions 0-5, flexible from 4. The leader hands in the assignment, every
 * member gets its part. KIP-345 (3), KIP-559 (5). */

struct sync_group_request_assignment {
    struct view member_id;
    struct view assignment;
};
void sync_group_request_assignment_init(struct sync_group_request_assignment *ret);

struct sync_group_request {
    struct view group_id;
    /* -1: none. */
    int32_t generation_id;
    struct view member_id;
    /* 3+, may be null. Set by hand for static membership (KIP-345). */
    struct view group_instance_id;
    /* 5+, may be null. "consumer", "connect" or the application's own. */
    struct view protocol_type;
    /* 5+, may be null. */
    struct view protocol_name;
    /* From the leader; empty from the others. */
    uint32_t assignments_count;
    struct sync_group_request_assignment *assignments;
};
void sync_group_request_init(struct sync_group_request *ret);

MUST_CHECK
bool sync_group_request_decode(struct wire_reader *r, int16_t version, struct arena *arena,
                               struct sync_group_request *ret);
void sync_group_request_encode(struct wire_writer *w, int16_t version,
                               const struct sync_group_request *from);

struct sync_group_response {
    /* 1+. How long the client should hold back; 0 without a quota. */
    int32_t throttle_time_ms;
    int16_t error_code;
    /* 5+, may be null. "consumer", "connect" or the application's own. */
    struct view protocol_type;
    /* 5+, may be null. */
    struct view protocol_name;
    struct view assignment;
};
void sync_group_response_init(struct sync_group_response *ret);

MUST_CHECK
bool sync_group_response_decode(struct wire_reader *r, int16_t version, struct arena *arena,
                                struct sync_group_response *ret);
void sync_group_response_encode(struct wire_writer *w, int16_t version,
                                const struct sync_group_response *from);

#endif
