/* SPDX-License-Identifier: Apache-2.0 */
/* Made by proto/tools/gen.py from proto/schema/produce.json: do not edit. */
#ifndef CORDUROY_PROTO_GEN_PRODUCE_H
#define CORDUROY_PROTO_GEN_PRODUCE_H

#include "proto/wire.h"

/* Produce (key 0), versions 0-11, flexible from 9. Appends record batches. 0-2 are advertised
 * because librdkafka infers codecs from them, but carry message sets that we refuse. KIP-98 (3),
 * KIP-110 zstd (7), KIP-467 (8), KIP-951 (10). */

struct produce_request_partition {
    int32_t index;
    /* May be null. Record batches as they lie in the log. */
    struct view records;
};
void produce_request_partition_init(struct produce_request_partition *ret);

struct produce_request_topic {
    struct view name;
    uint32_t partition_data_count;
    struct produce_request_partition *partition_data;
};
void produce_request_topic_init(struct produce_request_topic *ret);

struct produce_request {
    /* 3+, may be null. Null without transactions. */
    struct view transactional_id;
    /* 0: no answer, 1: the leader, -1: the whole ISR. */
    int16_t acks;
    /* How long to wait for the ISR. */
    int32_t timeout_ms;
    uint32_t topic_data_count;
    struct produce_request_topic *topic_data;
};
void produce_request_init(struct produce_request *ret);

MUST_CHECK
bool produce_request_decode(struct wire_reader *r, int16_t version, struct arena *arena,
                            struct produce_request *ret);
void produce_request_encode(struct wire_writer *w, int16_t version,
                            const struct produce_request *from);

struct produce_response_record_error {
    /* Number of the record within its batch. */
    int32_t batch_index;
    /* May be null. */
    struct view batch_index_error_message;
};
void produce_response_record_error_init(struct produce_response_record_error *ret);

struct produce_response_current_leader {
    /* -1: none. */
    int32_t leader_id;
    /* -1: not known. */
    int32_t leader_epoch;
};
void produce_response_current_leader_init(struct produce_response_current_leader *ret);

struct produce_response_partition {
    int32_t index;
    int16_t error_code;
    /* Offset of the first record; -1 on an error. */
    int64_t base_offset;
    /* 2+. -1 unless the topic stamps records itself. */
    int64_t log_append_time_ms;
    /* 5+. First offset that can be read; -1: not known. */
    int64_t log_start_offset;
    /* 8+. */
    uint32_t record_errors_count;
    struct produce_response_record_error *record_errors;
    /* 8+, may be null. Null when there is nothing to add to the code. */
    struct view error_message;
    /* 10+, tag 0. Told with NOT_LEADER_OR_FOLLOWER and the epoch errors (KIP-951). */
    struct produce_response_current_leader current_leader;
};
void produce_response_partition_init(struct produce_response_partition *ret);

struct produce_response_topic {
    struct view name;
    uint32_t partition_responses_count;
    struct produce_response_partition *partition_responses;
};
void produce_response_topic_init(struct produce_response_topic *ret);

struct produce_response_node_endpoint {
    int32_t node_id;
    struct view host;
    int32_t port;
    /* May be null. Null when none is set. */
    struct view rack;
};
void produce_response_node_endpoint_init(struct produce_response_node_endpoint *ret);

struct produce_response {
    uint32_t responses_count;
    struct produce_response_topic *responses;
    /* 1+. How long the client should hold back; 0 without a quota. */
    int32_t throttle_time_ms;
    /* 10+, tag 0. Where the leaders named in this answer listen (KIP-951). */
    uint32_t node_endpoints_count;
    struct produce_response_node_endpoint *node_endpoints;
};
void produce_response_init(struct produce_response *ret);

MUST_CHECK
bool produce_response_decode(struct wire_reader *r, int16_t version, struct arena *arena,
                             struct produce_response *ret);
void produce_response_encode(struct wire_writer *w, int16_t version,
                             const struct produce_response *from);

#endif
