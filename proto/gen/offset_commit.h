/* SPDX-License-Identifier: Apache-2.0 */
/* Made by proto/tools/gen.py from proto/schema/offset_commit.json: do not edit. */
#ifndef CORDUROY_PROTO_GEN_OFFSET_COMMIT_H
#define CORDUROY_PROTO_GEN_OFFSET_COMMIT_H

#include "proto/wire.h"

/* OffsetCommit (key 8), versions 1-9, flexible from 8. Stores the offsets of a group. KIP-211
 * (5), KIP-320 (6), KIP-345 (7), KIP-848 (9). */

struct offset_commit_request_partition {
    int32_t partition_index;
    int64_t committed_offset;
    /* 6+. Epoch of the last consumed record; -1: not known. */
    int32_t committed_leader_epoch;
    /* 1-1. -1: the time of arrival. */
    int64_t commit_timestamp;
    /* May be null. */
    struct view committed_metadata;
};
void offset_commit_request_partition_init(struct offset_commit_request_partition *ret);

struct offset_commit_request_topic {
    struct view name;
    uint32_t partitions_count;
    struct offset_commit_request_partition *partitions;
};
void offset_commit_request_topic_init(struct offset_commit_request_topic *ret);

struct offset_commit_request {
    struct view group_id;
    /* -1: not a member, committing by hand. */
    int32_t generation_id_or_member_epoch;
    struct view member_id;
    /* 7+, may be null. Set by hand for static membership (KIP-345). */
    struct view group_instance_id;
    /* 2-4. -1: as the broker is configured. */
    int64_t retention_time_ms;
    uint32_t topics_count;
    struct offset_commit_request_topic *topics;
};
void offset_commit_request_init(struct offset_commit_request *ret);

MUST_CHECK
bool offset_commit_request_decode(struct wire_reader *r, int16_t version, struct arena *arena,
                                  struct offset_commit_request *ret);
void offset_commit_request_encode(struct wire_writer *w, int16_t version,
                                  const struct offset_commit_request *from);

struct offset_commit_response_partition {
    int32_t partition_index;
    int16_t error_code;
};
void offset_commit_response_partition_init(struct offset_commit_response_partition *ret);

struct offset_commit_response_topic {
    struct view name;
    uint32_t partitions_count;
    struct offset_commit_response_partition *partitions;
};
void offset_commit_response_topic_init(struct offset_commit_response_topic *ret);

struct offset_commit_response {
    /* 3+. How long the client should hold back; 0 without a quota. */
    int32_t throttle_time_ms;
    uint32_t topics_count;
    struct offset_commit_response_topic *topics;
};
void offset_commit_response_init(struct offset_commit_response *ret);

MUST_CHECK
bool offset_commit_response_decode(struct wire_reader *r, int16_t version, struct arena *arena,
                                   struct offset_commit_response *ret);
void offset_commit_response_encode(struct wire_writer *w, int16_t version,
                                   const struct offset_commit_response *from);

#endif
