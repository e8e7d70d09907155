/* SPDX-License-Identifier: Apache-2.0 */
/* Made by proto/tools/gen.py from proto/schema/list_offsets.json: do not edit. */
#ifndef CORDUROY_PROTO_GEN_LIST_OFFSETS_H
#define CORDUROY_PROTO_GEN_LIST_OFFSETS_H

#include "proto/wire.h"

/* ListOffsets (key 2), versions 1-9, flexible from 6. Finds offsets by timestamp. KIP-79 (1),
 * KIP-98 (2), KIP-320 (4), KIP-734 (7), KIP-405 (8), KIP-1005 (9). */

struct list_offsets_request_partition {
    int32_t partition_index;
    /* 4+. Epoch that the asker believes in; -1: do not check. */
    int32_t current_leader_epoch;
    /* -1: end, -2: start, -3: largest timestamp (7), -4 and -5: tiered storage (8, 9), else the
     * first record at or after it. */
    int64_t timestamp;
};
void list_offsets_request_partition_init(struct list_offsets_request_partition *ret);

struct list_offsets_request_topic {
    struct view name;
    uint32_t partitions_count;
    struct list_offsets_request_partition *partitions;
};
void list_offsets_request_topic_init(struct list_offsets_request_topic *ret);

struct list_offsets_request {
    /* -1 for a consumer. */
    int32_t replica_id;
    /* 2+. 0: up to the high watermark, 1: up to the last stable offset. */
    int8_t isolation_level;
    uint32_t topics_count;
    struct list_offsets_request_topic *topics;
};
void list_offsets_request_init(struct list_offsets_request *ret);

MUST_CHECK
bool list_offsets_request_decode(struct wire_reader *r, int16_t version, struct arena *arena,
                                 struct list_offsets_request *ret);
void list_offsets_request_encode(struct wire_writer *w, int16_t version,
                                 const struct list_offsets_request *from);

struct list_offsets_response_partition {
    int32_t partition_index;
    int16_t error_code;
    int64_t timestamp;
    /* -1: no such record. */
    int64_t offset;
    /* 4+. -1: not known. */
    int32_t leader_epoch;
};
void list_offsets_response_partition_init(struct list_offsets_response_partition *ret);

struct list_offsets_response_topic {
    struct view name;
    uint32_t partitions_count;
    struct list_offsets_response_partition *partitions;
};
void list_offsets_response_topic_init(struct list_offsets_response_topic *ret);

struct list_offsets_response {
    /* 2+. How long the client should hold back; 0 without a quota. */
    int32_t throttle_time_ms;
    uint32_t topics_count;
    struct list_offsets_response_topic *topics;
};
void list_offsets_response_init(struct list_offsets_response *ret);

MUST_CHECK
bool list_offsets_response_decode(struct wire_reader *r, int16_t version, struct arena *arena,
                                  struct list_offsets_response *ret);
void list_offsets_response_encode(struct wire_writer *w, int16_t version,
                                  const struct list_offsets_response *from);

#endif
