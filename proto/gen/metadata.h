/* SPDX-License-Identifier: Apache-2.0 */
/* Made by proto/tools/gen.py from proto/schema/metadata.json: do not edit. */
#ifndef CORDUROY_PROTO_GEN_METADATA_H
#define CORDUROY_PROTO_GEN_METADATA_H

#include "proto/wire.h"

/* Metadata (key 3), versions 0-12, flexible from 9. Who is in the cluster and who leads what.
 * KIP-4 (1, 4), KIP-112 (5), KIP-320 (7), KIP-430 (8), KIP-516 (10, 12), KIP-700 (11). */

struct metadata_request_topic {
    /* 10+. */
    struct uuid topic_id;
    /* May be null from 10. Null when asked by id. */
    struct view name;
};
void metadata_request_topic_init(struct metadata_request_topic *ret);

struct metadata_request {
    /* May be null from 1. Null: all topics (in version 0 the empty list means that). */
    uint32_t topics_count;
    bool topics_null; /* then topics_count is 0 */
    struct metadata_request_topic *topics;
    /* 4+. Whether a missing topic may be created by asking. */
    bool allow_auto_topic_creation;
    /* 8-10. */
    bool include_cluster_authorized_operations;
    /* 8+. */
    bool include_topic_authorized_operations;
};
void metadata_request_init(struct metadata_request *ret);

MUST_CHECK
bool metadata_request_decode(struct wire_reader *r, int16_t version, struct arena *arena,
                             struct metadata_request *ret);
void metadata_request_encode(struct wire_writer *w, int16_t version,
                             const struct metadata_request *from);

struct metadata_response_broker {
    int32_t node_id;
    struct view host;
    int32_t port;
    /* 1+, may be null. Null when none is set. */
    struct view rack;
};
void metadata_response_broker_init(struct metadata_response_broker *ret);

struct metadata_response_partition {
    int16_t error_code;
    int32_t partition_index;
    /* -1: none. */
    int32_t leader_id;
    /* 7+. -1: not known. */
    int32_t leader_epoch;
    uint32_t replica_nodes_count;
    const int32_t *replica_nodes;
    uint32_t isr_nodes_count;
    const int32_t *isr_nodes;
    /* 5+. Replicas on a broker or in a directory that is away. */
    uint32_t offline_replicas_count;
    const int32_t *offline_replicas;
};
void metadata_response_partition_init(struct metadata_response_partition *ret);

struct metadata_response_topic {
    int16_t error_code;
    /* May be null from 12. Null when asked by an id that nobody knows. */
    struct view name;
    /* 10+. Zero when asked by a name that nobody knows. */
    struct uuid topic_id;
    /* 1+. True for the coordinators' own topics. */
    bool is_internal;
    uint32_t partitions_count;
    struct metadata_response_partition *partitions;
    /* 8+. Bits 1 << operation; the least int32: not asked for. */
    int32_t topic_authorized_operations;
};
void metadata_response_topic_init(struct metadata_response_topic *ret);

struct metadata_response {
    /* 3+. How long the client should hold back; 0 without a quota. */
    int32_t throttle_time_ms;
    uint32_t brokers_count;
    struct metadata_response_broker *brokers;
    /* 2+, may be null. Null when not known. */
    struct view cluster_id;
    /* 1+. -1: none known. */
    int32_t controller_id;
    uint32_t topics_count;
    struct metadata_response_topic *topics;
    /* 8-10. Bits 1 << operation; the least int32: not asked for. */
    int32_t cluster_authorized_operations;
};
void metadata_response_init(struct metadata_response *ret);

MUST_CHECK
bool metadata_response_decode(struct wire_reader *r, int16_t version, struct arena *arena,
                              struct metadata_response *ret);
void metadata_response_encode(struct wire_writer *w, int16_t version,
                              const struct metadata_response *from);

#endif
