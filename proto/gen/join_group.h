/* SPDX-License-Identifier: Apache-2.0 */
/* Made by proto/tools/gen.py from proto/schema/join_group.json: do not edit. */
#ifndef CORDUROY_PROTO_GEN_JOIN_GROUP_H
#define CORDUROY_PROTO_GEN_JOIN_GROUP_H

#include "proto/wire.h"

/* JoinGroup (key 11), versions 0-9, flexible from 6. A member asks to be in the next generation.
 * KIP-62 (1), KIP-394 (4), KIP-345 (5), KIP-559 (7), KIP-800 (8), KIP-814 (9). */

struct join_group_request_protocol {
    struct view name;
    struct view metadata;
};
void join_group_request_protocol_init(struct join_group_request_protocol *ret);

struct join_group_request {
    struct view group_id;
    /* Without a heartbeat for so long the member is out. */
    int32_t session_timeout_ms;
    /* 1+. How long the others wait for this member; -1: as the session. */
    int32_t rebalance_timeout_ms;
    /* Empty at first; the coordinator names the member. */
    struct view member_id;
    /* 5+, may be null. Set by hand for static membership (KIP-345). */
    struct view group_instance_id;
    /* "consumer", "connect" or the application's own. */
    struct view protocol_type;
    /* What the member can do, what it likes best first. */
    uint32_t protocols_count;
    struct join_group_request_protocol *protocols;
    /* 8+, may be null. For the log. */
    struct view reason;
};
void join_group_request_init(struct join_group_request *ret);

MUST_CHECK
bool join_group_request_decode(struct wire_reader *r, int16_t version, struct arena *arena,
                               struct join_group_request *ret);
void join_group_request_encode(struct wire_writer *w, int16_t version,
                               const struct join_group_request *from);

struct join_group_response_member {
    struct view member_id;
    /* 5+, may be null. Set by hand for static membership (KIP-345). */
    struct view group_instance_id;
    struct view metadata;
};
void join_group_response_member_init(struct join_group_response_member *ret);

struct join_group_response {
    /* 2+. How long the client should hold back; 0 without a quota. */
    int32_t throttle_time_ms;
    int16_t error_code;
    /* -1: none. */
    int32_t generation_id;
    /* 7+, may be null. "consumer", "connect" or the application's own. */
    struct view protocol_type;
    /* May be null from 7. What the coordinator chose. */
    struct view protocol_name;
    /* Member id of the leader. */
    struct view leader;
    /* 9+. The leader keeps the assignment that stands (KIP-814). */
    bool skip_assignment;
    struct view member_id;
    /* Told to the leader only. */
    uint32_t members_count;
    struct join_group_response_member *members;
};
void join_group_response_init(struct join_group_response *ret);

MUST_CHECK
bool join_group_response_decode(struct wire_reader *r, int16_t version, struct arena *arena,
                                struct join_group_response *ret);
void join_group_response_encode(struct wire_writer *w, int16_t version,
                                const struct join_group_response *from);

#endif
