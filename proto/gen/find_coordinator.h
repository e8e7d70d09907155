/* SPDX-License-Identifier: Apache-2.0 */
/* Made by proto/tools/gen.py from proto/schema/find_coordinator.json: do not edit. */
#ifndef CORDUROY_PROTO_GEN_FIND_COORDINATOR_H
#define CORDUROY_PROTO_GEN_FIND_COORDINATOR_H

#include "proto/wire.h"

/* FindCoordinator (key 10), versions 0-6, flexible from 3. Where a group or a transactional id
 * lives. KIP-98 (1), KIP-699 (4), KIP-890 (5), KIP-932 (6). */

struct find_coordinator_request {
    /* 0-3. */
    struct view key;
    /* 1+. 0: group, 1: transactional id, 2: share group (6). */
    int8_t key_type;
    /* 4+. */
    uint32_t coordinator_keys_count;
    const struct view *coordinator_keys;
};
void find_coordinator_request_init(struct find_coordinator_request *ret);

MUST_CHECK
bool find_coordinator_request_decode(struct wire_reader *r, int16_t version, struct arena *arena,
                                     struct find_coordinator_request *ret);
void find_coordinator_request_encode(struct wire_writer *w, int16_t version,
                                     const struct find_coordinator_request *from);

struct find_coordinator_response_coordinator {
    struct view key;
    int32_t node_id;
    struct view host;
    int32_t port;
    int16_t error_code;
    /* May be null. */
    struct view error_message;
};
void find_coordinator_response_coordinator_init(struct find_coordinator_response_coordinator *ret);

struct find_coordinator_response {
    /* 1+. How long the client should hold back; 0 without a quota. */
    int32_t throttle_time_ms;
    /* 0-3. */
    int16_t error_code;
    /* 1-3, may be null. */
    struct view error_message;
    /* 0-3. */
    int32_t node_id;
    /* 0-3. */
    struct view host;
    /* 0-3. */
    int32_t port;
    /* 4+. */
    uint32_t coordinators_count;
    struct find_coordinator_response_coordinator *coordinators;
};
void find_coordinator_response_init(struct find_coordinator_response *ret);

MUST_CHECK
bool find_coordinator_response_decode(struct wire_reader *r, int16_t version, struct arena *arena,
                                      struct find_coordinator_response *ret);
void find_coordinator_response_encode(struct wire_writer *w, int16_t version,
                                      const struct find_coordinator_response *from);

#endif
