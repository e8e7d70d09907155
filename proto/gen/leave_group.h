/* SPDX-License-Identifier: Apache-2.0 */
/* Made by proto/tools/gen.py from proto/schema/leave_group.json: do not edit. */
#ifndef CORDUROY_PROTO_GEN_LEAVE_GROUP_H
#define CORDUROY_PROTO_GEN_LEAVE_GROUP_H

#include "proto/wire.h"

/* LeaveGroup (key 13), versions 0-5, flexible from 4. Members leave a group. KIP-345 (3),
 * KIP-800 (5). */

struct leave_group_request_member {
    struct view member_id;
    /* May be null. Set by hand for static membership (KIP-345). */
    struct view group_instance_id;
    /* 5+, may be null. For the log. */
    struct view reason;
};
void leave_group_request_member_init(struct leave_group_request_member *ret);

struct leave_group_request {
    struct view group_id;
    /* 0-2. */
    struct view member_id;
    /* 3+. */
    uint32_t members_count;
    struct leave_group_request_member *members;
};
void leave_group_request_init(struct leave_group_request *ret);

MUST_CHECK
bool leave_group_request_decode(struct wire_reader *r, int16_t version, struct arena *arena,
                                struct leave_group_request *ret);
void leave_group_request_encode(struct wire_writer *w, int16_t version,
                                const struct leave_group_request *from);

struct leave_group_response_member {
    struct view member_id;
    /* May be null. Set by hand for static membership (KIP-345). */
    struct view group_instance_id;
    int16_t error_code;
};
void leave_group_response_member_init(struct leave_group_response_member *ret);

struct leave_group_response {
    /* 1+. How long the client should hold back; 0 without a quota. */
    int32_t throttle_time_ms;
    int16_t error_code;
    /* 3+. One result per member that was named. */
    uint32_t members_count;
    struct leave_group_response_member *members;
};
void leave_group_response_init(struct leave_group_response *ret);

MUST_CHECK
bool leave_group_response_decode(struct wire_reader *r, int16_t version, struct arena *arena,
                                 struct leave_group_response *ret);
void leave_group_response_encode(struct wire_writer *w, int16_t version,
                                 const struct leave_group_response *from);

#endif
