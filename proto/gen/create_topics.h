/* SPDX-License-Identifier: Apache-2.0 */
/* Made by proto/tools/gen.py from proto/schema/create_topics.json: do not edit. */
#ifndef CORDUROY_PROTO_GEN_CREATE_TOPICS_H
#define CORDUROY_PROTO_GEN_CREATE_TOPICS_H

#include "proto/wire.h"

/* CreateTopics (key 19), versions 0-7, flexible from 5. Creates topics. KIP-4 (1), KIP-464 (4),
 * KIP-525 (5), KIP-599 (6), KIP-516 (7). */

struct create_topics_request_assignment {
    int32_t partition_index;
    uint32_t broker_ids_count;
    const int32_t *broker_ids;
};
void create_topics_request_assignment_init(struct create_topics_request_assignment *ret);

struct create_topics_request_config {
    struct view name;
    /* May be null. */
    struct view value;
};
void create_topics_request_config_init(struct create_topics_request_config *ret);

struct create_topics_request_topic {
    struct view name;
    /* -1: the broker's default, or as the assignments say. */
    int32_t num_partitions;
    /* -1: the broker's default, or as the assignments say. */
    int16_t replication_factor;
    /* Replicas placed by hand; empty: the controller places them. */
    uint32_t assignments_count;
    struct create_topics_request_assignment *assignments;
    uint32_t configs_count;
    struct create_topics_request_config *configs;
};
void create_topics_request_topic_init(struct create_topics_request_topic *ret);

struct create_topics_request {
    uint32_t topics_count;
    struct create_topics_request_topic *topics;
    int32_t timeout_ms;
    /* 1+. Check, create nothing. */
    bool validate_only;
};
void create_topics_request_init(struct create_topics_request *ret);

MUST_CHECK
bool create_topics_request_decode(struct wire_reader *r, int16_t version, struct arena *arena,
                                  struct create_topics_request *ret);
void create_topics_request_encode(struct wire_writer *w, int16_t version,
                                  const struct create_topics_request *from);

struct create_topics_response_config {
    struct view name;
    /* May be null. */
    struct view value;
    bool read_only;
    /* 1: topic, 2-3: dynamic broker, 4: static broker, 5: default. */
    int8_t config_source;
    bool is_sensitive;
};
void create_topics_response_config_init(struct create_topics_response_config *ret);

struct create_topics_response_topic {
    struct view name;
    /* 7+. */
    struct uuid topic_id;
    int16_t error_code;
    /* 1+, may be null. */
    struct view error_message;
    /* 5+, tag 0. Why configs is null. */
    int16_t topic_config_error_code;
    /* 5+. -1: the broker's default, or as the assignments say. */
    int32_t num_partitions;
    /* 5+. -1: the broker's default, or as the assignments say. */
    int16_t replication_factor;
    /* 5+, may be null. */
    uint32_t configs_count;
    bool configs_null; /* then configs_count is 0 */
    struct create_topics_response_config *configs;
};
void create_topics_response_topic_init(struct create_topics_response_topic *ret);

struct create_topics_response {
    /* 2+. How long the client should hold back; 0 without a quota. */
    int32_t throttle_time_ms;
    uint32_t topics_count;
    struct create_topics_response_topic *topics;
};
void create_topics_response_init(struct create_topics_response *ret);

MUST_CHECK
bool create_topics_response_decode(struct wire_reader *r, int16_t version, struct arena *arena,
                                   struct create_topics_response *ret);
void create_topics_response_encode(struct wire_writer *w, int16_t version,
                                   const struct create_topics_response *from);

#endif
