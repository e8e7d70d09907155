/* SPDX-License-Identifier: Apache-2.0 */
/* Made by proto/tools/gen.py from proto/schema/: do not edit. */
#ifndef CORDUROY_TESTS_GEN_CODEC_TABLE_H
#define CORDUROY_TESTS_GEN_CODEC_TABLE_H

#include "proto/wire.h"

struct codec_random;

/* One message: an API's request or response, or a record. */
struct codec {
    const char *name;
    int16_t api_key; /* -1: a record */
    bool is_response;
    int16_t version_min, version_max;
    size_t size; /* of the struct behind the void pointers */
    bool (*decode)(struct wire_reader *r, int16_t version, struct arena *arena, void *ret);
    void (*encode)(struct wire_writer *w, int16_t version, const void *from);
    /* Content that the version can carry; everything else at its default. */
    void (*random)(struct codec_random *random, int16_t version, struct arena *arena, void *ret);
    /* Field by field; null and empty differ. */
    bool (*equal)(const void *a, const void *b);
};

extern const struct codec codec_produce_request;
extern const struct codec codec_produce_response;
extern const struct codec codec_fetch_request;
extern const struct codec codec_fetch_response;
extern const struct codec codec_list_offsets_request;
extern const struct codec codec_list_offsets_response;
extern const struct codec codec_metadata_request;
extern const struct codec codec_metadata_response;
extern const struct codec codec_offset_commit_request;
extern const struct codec codec_offset_commit_response;
extern const struct codec codec_offset_fetch_request;
extern const struct codec codec_offset_fetch_response;
extern const struct codec codec_find_coordinator_request;
extern const struct codec codec_find_coordinator_response;
extern const struct codec codec_join_group_request;
extern const struct codec codec_join_group_response;
extern const struct codec codec_heartbeat_request;
extern const struct codec codec_heartbeat_response;
extern const struct codec codec_leave_group_request;
extern const struct codec codec_leave_group_response;
extern const struct codec codec_sync_group_request;
extern const struct codec codec_sync_group_response;
extern const struct codec codec_describe_groups_request;
extern const struct codec codec_describe_groups_response;
extern const struct codec codec_list_groups_request;
extern const struct codec codec_list_groups_response;
extern const struct codec codec_api_versions_request;
extern const struct codec codec_api_versions_response;
extern const struct codec codec_create_topics_request;
extern const struct codec codec_create_topics_response;
extern const struct codec codec_delete_topics_request;
extern const struct codec codec_delete_topics_response;
extern const struct codec codec_init_producer_id_request;
extern const struct codec codec_init_producer_id_response;
extern const struct codec codec_offset_for_leader_epoch_request;
extern const struct codec codec_offset_for_leader_epoch_response;
extern const struct codec codec_create_partitions_request;
extern const struct codec codec_create_partitions_response;
extern const struct codec codec_describe_cluster_request;
extern const struct codec codec_describe_cluster_response;
extern const struct codec codec_consumer_protocol_subscription;
extern const struct codec codec_group_metadata_key;
extern const struct codec codec_group_metadata_value;
extern const struct codec codec_offset_commit_key;
extern const struct codec codec_offset_commit_value;

extern const struct codec *const codec_table[];
extern const unsigned codec_table_count;

#endif
