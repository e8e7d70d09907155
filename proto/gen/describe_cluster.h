/* SPDX-License-Identifier: Apache-2.0 */
/* Made by proto/tools/gen.py from proto/schema/describe_cluster.json: do not edit. */
#ifndef CORDUROY_PROTO_GEN_DESCRIBE_CLUSTER_H
#define CORDUROY_PROTO_GEN_DESCRIBE_CLUSTER_H

#include "proto/wire.h"

/* DescribeCluster (key 60), versions 0-1, flexible from 0. The brokers and the cluster id.
 * KIP-700 (0), KIP-919 (1). */

struct describe_cluster_request {
    bool include_cluster_authorized_operations;
    /* 1+. 1: brokers, 2: controllers. */
    int8_t endpoint_type;
};
void describe_cluster_request_init(struct describe_cluster_request *ret);

MUST_CHECK
bool describe_cluster_request_decode(struct wire_reader *r, int16_t version, struct arena *arena,
                                     struct describe_cluster_request *ret);
void describe_cluster_request_encode(struct wire_writer *w, int16_t version,
                                     const struct describe_cluster_request *from);

struct describe_cluster_response_broker {
    int32_t broker_id;
    struct view host;
    int32_t port;
    /* May be null. Null when none is set. */
    struct view rack;
};
void describe_cluster_response_broker_init(struct describe_cluster_response_broker *ret);

struct describe_cluster_response {
    /* How long the client should hold back; 0 without a quota. */
    int32_t throttle_time_ms;
    int16_t error_code;
    /* May be null. */
    struct view error_message;
    /* 1+. 1: brokers, 2: controllers. */
    int8_t endpoint_type;
    /* Null when not known. */
    struct view cluster_id;
    /* -1: none known. */
    int32_t controller_id;
    uint32_t brokers_count;
    struct describe_cluster_response_broker *brokers;
    /* Bits 1 << operation; the least int32: not asked for. */
    int32_t cluster_authorized_operations;
};
void describe_cluster_response_init(struct describe_cluster_response *ret);

MUST_CHECK
bool describe_cluster_response_decode(struct wire_reader *r, int16_t version, struct arena *arena,
                                      struct describe_cluster_response *ret);
void describe_cluster_response_encode(struct wire_writer *w, int16_t version,
                                      const struct describe_cluster_response *from);

#endif
