/* SPDX-License-Identifier: Apache-2.0 */
/* Made by proto/tools/gen.py from proto/schema/delete_topics.json: do not edit. */
#ifndef CORDUROY_PROTO_GEN_DELETE_TOPICS_H
#define CORDUROY_PROTO_GEN_DELETE_TOPICS_H

#include "proto/wire.h"

/* DeleteTopics (key 20), versions 0-6, flexible from 4. Deletes topics. KIP-4 (0), KIP-599 (5),
 * KIP-516 (6). */

struct delete_topics_request_topic {
    /* May be null. Null when named by id. */
    struct view name;
    struct uuid topic_id;
};
void delete_topics_request_topic_init(struct delete_topics_request_topic *ret);

struct delete_topics_request {
    /* 6+. */
    uint32_t topics_count;
    struct delete_topics_request_topic *topics;
    /* 0-5. */
    uint32_t topic_names_count;
    const struct view *topic_names;
    int32_t timeout_ms;
};
void delete_topics_request_init(struct delete_topics_request *ret);

MUST_CHECK
bool delete_topics_request_decode(struct wire_reader *r, int16_t version, struct arena *arena,
                                  struct delete_topics_request *ret);
void delete_topics_request_encode(struct wire_writer *w, int16_t version,
                                  const struct delete_topics_request *from);

struct delete_topics_response_topic {
    /* May be null from 6. */
    struct view name;
    /* 6+. */
    struct uuid topic_id;
    int16_t error_code;
    /* 5+, may be null. */
    struct view error_message;
};
void delete_topics_response_topic_init(struct delete_topics_response_topic *ret);

struct delete_topics_response {
    /* 1+. How long the client should hold back; 0 without a quota. */
    int32_t throttle_time_ms;
    uint32_t responses_count;
    struct delete_topics_response_topic *responses;
};
void delete_topics_response_init(struct delete_topics_response *ret);

MUST_CHECK
bool delete_topics_response_decode(struct wire_reader *r, int16_t version, struct arena *arena,
                                   struct delete_topics_response *ret);
void delete_topics_response_encode(struct wire_writer *w, int16_t version,
                                   const struct delete_topics_response *from);

#endif
