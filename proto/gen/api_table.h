/* SPDX-License-Identifier: Apache-2.0 */
/* Made by proto/tools/gen.py from proto/schema/: do not edit. */
#ifndef CORDUROY_PROTO_GEN_API_TABLE_H
#define CORDUROY_PROTO_GEN_API_TABLE_H

#include <stdbool.h>
#include <stdint.h>

/* Kafka's numbers for the APIs that this broker knows. */
enum api_key {
    API_PRODUCE = 0,
    API_FETCH = 1,
    API_LIST_OFFSETS = 2,
    API_METADATA = 3,
    API_OFFSET_COMMIT = 8,
    API_OFFSET_FETCH = 9,
    API_FIND_COORDINATOR = 10,
    API_JOIN_GROUP = 11,
    API_HEARTBEAT = 12,
    API_LEAVE_GROUP = 13,
    API_SYNC_GROUP = 14,
    API_DESCRIBE_GROUPS = 15,
    API_LIST_GROUPS = 16,
    API_API_VERSIONS = 18,
    API_CREATE_TOPICS = 19,
    API_DELETE_TOPICS = 20,
    API_INIT_PRODUCER_ID = 22,
    API_OFFSET_FOR_LEADER_EPOCH = 23,
    API_CREATE_PARTITIONS = 37,
    API_DESCRIBE_CLUSTER = 60,
};

struct api {
    int16_t key;
    const char *name;
    /* What ApiVersions tells and what the codec can read. */
    int16_t version_min, version_max;
    /* Requests older than this are read and refused (they are told because clients infer other
     * abilities from them). */
    int16_t served_min;
    /* First version with tagged fields; INT16_MAX: none. */
    int16_t flexible_from;
    /* The response header never has tagged fields. */
    bool plain_response_header;
};

/* By key, in ascending order. */
extern const struct api api_table[];
extern const unsigned api_table_count;

/* NULL: not an API of ours. */
const struct api *api_find(int16_t key);

#endif
