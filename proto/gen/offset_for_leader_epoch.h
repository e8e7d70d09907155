/* SPDX-License-Identifier: Apache-2.0 */
/* Made by proto/tools/gen.py from proto/schema/offset_for_leader_epoch.json: do not edit. */
#ifndef CORDUROY_PROTO_GEN_OFFSET_FOR_LEADER_EPOCH_H
#define CORDUROY_PROTO_GEN_OFFSET_FOR_LEADER_EPOCH_H

#include "proto/wire.h"

/* OffsetForLeaderEpoch (key 23), versions 0-4, flexible from 4. Where an epoch ends in the
 * leader's log. KIP-101 (0), KIP-279 (1), KIP-320 (2), KIP-392 (3). */

struct offset_for_leader_epoch_request_partition {
    int32_t partition;
    /* 2+. Epoch that the asker believes in; -1: do not check. */
    int32_t current_leader_epoch;
    /* The epoch whose end is asked for. */
    int32_t leader_epoch;
};
void offset_for_leader_epoch_request_partition_init(
        struct offset_for_leader_epoch_request_partition *ret);

struct offset_for_leader_epoch_request_topic {
    struct view topic;
    uint32_t partitions_count;
    struct offset_for_leader_epoch_request_partition *partitions;
};
void offset_for_leader_epoch_request_topic_init(struct offset_for_leader_epoch_request_topic *ret);

struct offset_for_leader_epoch_request {
    /* 3+. -1 for a consumer, -2: not told. */
    int32_t replica_id;
    uint32_t topics_count;
    struct offset_for_leader_epoch_request_topic *topics;
};
void offset_for_leader_epoch_request_init(struct offset_for_leader_epoch_request *ret);

MUST_CHECK
bool offset_for_leader_epoch_request_decode(struct wire_reader *r, int16_t version,
                                            struct arena *arena,
                                            struct offset_for_leader_epoch_request *ret);
void offset_for_leader_epoch_request_encode(struct wire_writer *w, int16_t version,
                                            const struct offset_for_leader_epoch_request *from);

struct offset_for_leader_epoch_response_partition {
    int16_t error_code;
    int32_t partition;
    /* 1+. -1: not known. */
    int32_t leader_epoch;
    /* Offset after the last record of the epoch; -1: not known. */
    int64_t end_offset;
};
void offset_for_leader_epoch_response_partition_init(
        struct offset_for_leader_epoch_response_partition *ret);

struct offset_for_leader_epoch_response_topic {
    struct view topic;
    uint32_t partitions_count;
    struct offset_for_leader_epoch_response_partition *partitions;
};
void offset_for_leader_epoch_response_topic_init(
        struct offset_for_leader_epoch_response_topic *ret);

struct offset_for_leader_epoch_response {
    /* 2+. How long the client should hold back; 0 without a quota. */
    int32_t throttle_time_ms;
    uint32_t topics_count;
    struct offset_for_leader_epoch_response_topic *topics;
};
void offset_for_leader_epoch_response_init(struct offset_for_leader_epoch_response *ret);

MUST_CHECK
bool offset_for_leader_epoch_response_decode(struct wire_reader *r, int16_t version,
                                             struct arena *arena,
                                             struct offset_for_leader_epoch_response *ret);
void offset_for_leader_epoch_response_encode(struct wire_writer *w, int16_t version,
                                             const struct offset_for_leader_epoch_response *from);

#endif
