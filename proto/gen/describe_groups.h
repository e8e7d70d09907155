/* SPDX-License-Identifier: Apache-2.0 */
/* Made by proto/tools/gen.py from proto/schema/describe_groups.json: do not edit. */
#ifndef CORDUROY_PROTO_GEN_DESCRIBE_GROUPS_H
#define CORDUROY_PROTO_GEN_DESCRIBE_GROUPS_H

#include "proto/wire.h"

/* DescribeGroups (key 15), versions 0-5, flexible from 5. Groups with their members. KIP-430
 * (3), KIP-345 (4). */

struct describe_groups_request {
    uint32_t groups_count;
    const struct view *groups;
    /* 3+. */
    bool include_authorized_operations;
};
void describe_groups_request_init(struct describe_groups_request *ret);

MUST_CHECK
bool describe_groups_request_decode(struct wire_reader *r, int16_t version, struct arena *arena,
                                    struct describe_groups_request *ret);
void describe_groups_request_encode(struct wire_writer *w, int16_t version,
                                    const struct describe_groups_request *from);

struct describe_groups_response_member {
    struct view member_id;
    /* 4+, may be null. Set by hand for static membership (KIP-345). */
    struct view group_instance_id;
    struct view client_id;
    struct view client_host;
    struct view member_metadata;
    struct view member_assignment;
};
void describe_groups_response_member_init(struct describe_groups_response_member *ret);

struct describe_groups_response_group {
    int16_t error_code;
    struct view group_id;
    /* Kafka's word: Empty, PreparingRebalance, CompletingRebalance, Stable, Dead. */
    struct view group_state;
    /* "consumer", "connect" or the application's own. */
    struct view protocol_type;
    /* Name of the assignor in use. */
    struct view protocol_data;
    uint32_t members_count;
    struct describe_groups_response_member *members;
    /* 3+. Bits 1 << operation; the least int32: not asked for. */
    int32_t authorized_operations;
};
void describe_groups_response_group_init(struct describe_groups_response_group *ret);

struct describe_groups_response {
    /* 1+. How long the client should hold back; 0 without a quota. */
    int32_t throttle_time_ms;
    uint32_t groups_count;
    struct describe_groups_response_group *groups;
};
void describe_groups_response_init(struct describe_groups_response *ret);

MUST_CHECK
bool describe_groups_response_decode(struct wire_reader *r, int16_t version, struct arena *arena,
                                     struct describe_groups_response *ret);
void describe_groups_response_encode(struct wire_writer *w, int16_t version,
                                     const struct describe_groups_response *from);

#endif
