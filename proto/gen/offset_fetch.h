/* SPDX-License-Identifier: Apache-2.0 */
/* Made by proto/tools/gen.py from proto/schema/offset_fetch.json: do not edit. */
#ifndef CORDUROY_PROTO_GEN_OFFSET_FETCH_H
#define CORDUROY_PROTO_GEN_OFFSET_FETCH_H

#include "proto/wire.h"

/* OffsetFetch (key 9), versions 1-9, flexible from 6. Reads the committed offsets of groups.
 * KIP-88 (2), KIP-320 (5), KIP-447 (7), KIP-709 (8), KIP-848 (9). */

struct offset_fetch_request_topic {
    struct view name;
    uint32_t partition_indexes_count;
    const int32_t *partition_indexes;
};
void offset_fetch_request_topic_init(struct offset_fetch_request_topic *ret);

struct offset_fetch_request_group_topic {
    struct view name;
    uint32_t partition_indexes_count;
    const int32_t *partition_indexes;
};
void offset_fetch_request_group_topic_init(struct offset_fetch_request_group_topic *ret);

struct offset_fetch_request_group {
    struct view group_id;
    /* 9+, may be null. */
    struct view member_id;
    /* 9+. -1 with the classic protocol. */
    int32_t member_epoch;
    /* May be null. Null: every topic of the group. */
    uint32_t topics_count;
    bool topics_null; /* then topics_count is 0 */
    struct offset_fetch_request_group_topic *topics;
};
void offset_fetch_request_group_init(struct offset_fetch_request_group *ret);

struct offset_fetch_request {
    /* 1-7. */
    struct view group_id;
    /* 1-7, may be null from 2. Null: every topic of the group. */
    uint32_t topics_count;
    bool topics_null; /* then topics_count is 0 */
    struct offset_fetch_request_topic *topics;
    /* 8+. */
    uint32_t groups_count;
    struct offset_fetch_request_group *groups;
    /* 7+. Answer UNSTABLE_OFFSET_COMMIT while a transaction on the offset is open (KIP-447). */
    bool require_stable;
};
void offset_fetch_request_init(struct offset_fetch_request *ret);

MUST_CHECK
bool offset_fetch_request_decode(struct wire_reader *r, int16_t version, struct arena *arena,
                                 struct offset_fetch_request *ret);
void offset_fetch_request_encode(struct wire_writer *w, int16_t version,
                                 const struct offset_fetch_request *from);

struct offset_fetch_response_partition {
    int32_t partition_index;
    /* -1: none. */
    int64_t committed_offset;
    /* 5+. Epoch of the last consumed record; -1: not known. */
    int32_t committed_leader_epoch;
    /* May be null. */
    struct view metadata;
    int16_t error_code;
};
void offset_fetch_response_partition_init(struct offset_fetch_response_partition *ret);

struct offset_fetch_response_topic {
    struct view name;
    uint32_t partitions_count;
    struct offset_fetch_response_partition *partitions;
};
void offset_fetch_response_topic_init(struct offset_fetch_response_topic *ret);

struct offset_fetch_response_group_partition {
    int32_t partition_index;
    /* -1: none. */
    int64_t committed_offset;
    /* Epoch of the last consumed record; -1: not known. */
    int32_t committed_leader_epoch;
    /* May be null. */
    struct view metadata;
    int16_t error_code;
};
void offset_fetch_response_group_partition_init(struct offset_fetch_response_group_partition *ret);

struct offset_fetch_response_group_topic {
    struct view name;
    uint32_t partitions_count;
    struct offset_fetch_response_group_partition *partitions;
};
void offset_fetch_response_group_topic_init(struct offset_fetch_response_group_topic *ret);

struct offset_fetch_response_group {
    struct view group_id;
    uint32_t topics_count;
    struct offset_fetch_response_group_topic *topics;
    int16_t error_code;
};
void offset_fetch_response_group_init(struct offset_fetch_response_group *ret);

struct offset_fetch_response {
    /* 3+. How long the client should hold back; 0 without a quota. */
    int32_t throttle_time_ms;
    /* 1-7. */
    uint32_t topics_count;
    struct offset_fetch_response_topic *topics;
    /* 2-7. */
    int16_t error_code;
    /* 8+. */
    uint32_t groups_count;
    struct offset_fetch_response_group *groups;
};
void offset_fetch_response_init(struct offset_fetch_response *ret);

MUST_CHECK
bool offset_fetch_response_decode(struct wire_reader *r, int16_t version, struct arena *arena,
                                  struct offset_fetch_response *ret);
void offset_fetch_response_encode(struct wire_writer *w, int16_t version,
                                  const struct offset_fetch_response *from);

#endif
