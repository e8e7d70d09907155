/* SPDX-License-Identifier: Apache-2.0 */
/* Made by proto/tools/gen.py from proto/schema/create_partitions.json: do not edit. */
#ifndef CORDUROY_PROTO_GEN_CREATE_PARTITIONS_H
#define CORDUROY_PROTO_GEN_CREATE_PARTITIONS_H

#include "proto/wire.h"

/* CreatePartitions (key 37), versions 0-3, flexible from 2. Adds partitions to topics. KIP-195
 * (0), KIP-599 (3). */

struct create_partitions_request_assignment {
    uint32_t broker_ids_count;
    const int32_t *broker_ids;
};
void create_partitions_request_assignment_init(struct create_partitions_request_assignment *ret);

struct create_partitions_request_topic {
    struct view name;
    /* How many partitions there are to be in all. */
    int32_t count;
    /* May be null. Replicas of the new partitions; null: the controller places them. */
    uint32_t assignments_count;
    bool assignments_null; /* then assignments_count is 0 */
    struct create_partitions_request_assignment *assignments;
};
void create_partitions_request_topic_init(struct create_partitions_request_topic *ret);

struct create_partitions_request {
    uint32_t topics_count;
    struct create_partitions_request_topic *topics;
    int32_t timeout_ms;
    /* Check, create nothing. */
    bool validate_only;
};
void create_partitions_request_init(struct create_partitions_request *ret);

MUST_CHECK
bool create_partitions_request_decode(struct wire_reader *r, int16_t version, struct arena *arena,
                                      struct create_partitions_request *ret);
void create_partitions_request_encode(struct wire_writer *w, int16_t version,
                                      const struct create_partitions_request *from);

struct create_partitions_response_topic {
    struct view name;
    int16_t error_code;
    /* May be null. */
    struct view error_message;
};
void create_partitions_response_topic_init(struct create_partitions_response_topic *ret);

struct create_partitions_response {
    /* How long the client should hold back; 0 without a quota. */
    int32_t throttle_time_ms;
    uint32_t results_count;
    struct create_partitions_response_topic *results;
};
void create_partitions_response_init(struct create_partitions_response *ret);

MUST_CHECK
bool create_partitions_response_decode(struct wire_reader *r, int16_t version, struct arena *arena,
                                       struct create_partitions_response *ret);
void create_partitions_response_encode(struct wire_writer *w, int16_t version,
                                       const struct create_partitions_response *from);

#endif
