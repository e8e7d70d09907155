/* SPDX-License-Identifier: Apache-2.0 */
/* Made by proto/tools/gen.py from proto/schema/list_groups.json: do not edit. */
#ifndef CORDUROY_PROTO_GEN_LIST_GROUPS_H
#define CORDUROY_PROTO_GEN_LIST_GROUPS_H

#include "proto/wire.h"

/* ListGroups (key 16), versions 0-5, flexible from 3. Groups that this broker coordinates.
 * KIP-518 (4), KIP-848 (5). */

struct list_groups_request {
    /* 4+. Empty: all. */
    uint32_t states_filter_count;
    const struct view *states_filter;
    /* 5+. Empty: all. */
    uint32_t types_filter_count;
    const struct view *types_filter;
};
void list_groups_request_init(struct list_groups_request *ret);

MUST_CHECK
bool list_groups_request_decode(struct wire_reader *r, int16_t version, struct arena *arena,
                                struct list_groups_request *ret);
void list_groups_request_encode(struct wire_writer *w, int16_t version,
                                const struct list_groups_request *from);

struct list_groups_response_group {
    struct view group_id;
    /* "consumer", "connect" or the application's own. */
    struct view protocol_type;
    /* 4+. Kafka's word: Empty, PreparingRebalance, CompletingRebalance, Stable, Dead. */
    struct view group_state;
    /* 5+. "classic" or "consumer". */
    struct view group_type;
};
void list_groups_response_group_init(struct list_groups_response_group *ret);

struct list_groups_response {
    /* 1+. How long the client should hold back; 0 without a quota. */
    int32_t throttle_time_ms;
    int16_t error_code;
    uint32_t groups_count;
    struct list_groups_response_group *groups;
};
void list_groups_response_init(struct list_groups_response *ret);

MUST_CHECK
bool list_groups_response_decode(struct wire_reader *r, int16_t version, struct arena *arena,
                                 struct list_groups_response *ret);
void list_groups_response_encode(struct wire_writer *w, int16_t version,
                                 const struct list_groups_response *from);

#endif
