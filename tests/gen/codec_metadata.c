/* SPDX-License-Identifier: Apache-2.0 */
/* Made by proto/tools/gen.py from proto/schema/metadata.json: do not edit. */
#include "proto/gen/metadata.h"
#include "tests/gen/codec_table.h"
#include "tests/lib/codec_random.h"

static void random_metadata_request_topic(struct codec_random *random, int16_t version,
                                          struct arena *arena, struct metadata_request_topic *ret)
{
    metadata_request_topic_init(ret);
    if (version >= 10) {
        ret->topic_id = random_uuid(random);
    }
    ret->name = random_string(random, arena, version >= 10);
}

static bool equal_metadata_request_topic(const struct metadata_request_topic *a,
                                         const struct metadata_request_topic *b)
{
    bool same = true;
    same = same && uuid_equal(a->topic_id, b->topic_id);
    same = same && codec_same_view(a->name, b->name);
    return same;
}

static void random_metadata_request(struct codec_random *random, int16_t version,
                                    struct arena *arena, struct metadata_request *ret)
{
    metadata_request_init(ret);
    ret->topics_count = random_count(random);
    ret->topics = arena_array(arena, ret->topics_count, sizeof *ret->topics);
    for (uint32_t i = 0; i < ret->topics_count; i++) {
        random_metadata_request_topic(random, version, arena, &ret->topics[i]);
    }
    ret->topics_null = version >= 1 && ret->topics_count == 0 && random_bool(random);
    if (version >= 4) {
        ret->allow_auto_topic_creation = random_bool(random);
    }
    if (version >= 8 && version <= 10) {
        ret->include_cluster_authorized_operations = random_bool(random);
    }
    if (version >= 8) {
        ret->include_topic_authorized_operations = random_bool(random);
    }
}

static bool equal_metadata_request(const struct metadata_request *a,
                                   const struct metadata_request *b)
{
    bool same = true;
    same = same && a->topics_count == b->topics_count;
    same = same && a->topics_null == b->topics_null;
    for (uint32_t i = 0; same && i < a->topics_count; i++) {
        same = equal_metadata_request_topic(&a->topics[i], &b->topics[i]);
    }
    same = same && a->allow_auto_topic_creation == b->allow_auto_topic_creation;
    same = same &&
           a->include_cluster_authorized_operations == b->include_cluster_authorized_operations;
    same = same && a->include_topic_authorized_operations == b->include_topic_authorized_operations;
    return same;
}

static void random_metadata_response_broker(struct codec_random *random, int16_t version,
                                            struct arena *arena,
                                            struct metadata_response_broker *ret)
{
    metadata_response_broker_init(ret);
    ret->node_id = random_i32(random);
    ret->host = random_string(random, arena, false);
    ret->port = random_i32(random);
    if (version >= 1) {
        ret->rack = random_string(random, arena, true);
    }
}

static bool equal_metadata_response_broker(const struct metadata_response_broker *a,
                                           const struct metadata_response_broker *b)
{
    bool same = true;
    same = same && a->node_id == b->node_id;
    same = same && codec_same_view(a->host, b->host);
    same = same && a->port == b->port;
    same = same && codec_same_view(a->rack, b->rack);
    return same;
}

static void random_metadata_response_partition(struct codec_random *random, int16_t version,
                                               struct arena *arena,
                                               struct metadata_response_partition *ret)
{
    metadata_response_partition_init(ret);
    ret->error_code = random_i16(random);
    ret->partition_index = random_i32(random);
    ret->leader_id = random_i32(random);
    if (version >= 7) {
        ret->leader_epoch = random_i32(random);
    }
    ret->replica_nodes = random_i32_list(random, arena, &ret->replica_nodes_count);
    ret->isr_nodes = random_i32_list(random, arena, &ret->isr_nodes_count);
    if (version >= 5) {
        ret->offline_replicas = random_i32_list(random, arena, &ret->offline_replicas_count);
    }
}

static bool equal_metadata_response_partition(const struct metadata_response_partition *a,
                                              const struct metadata_response_partition *b)
{
    bool same = true;
    same = same && a->error_code == b->error_code;
    same = same && a->partition_index == b->partition_index;
    same = same && a->leader_id == b->leader_id;
    same = same && a->leader_epoch == b->leader_epoch;
    same = same && a->replica_nodes_count == b->replica_nodes_count;
    for (uint32_t i = 0; same && i < a->replica_nodes_count; i++) {
        same = a->replica_nodes[i] == b->replica_nodes[i];
    }
    same = same && a->isr_nodes_count == b->isr_nodes_count;
    for (uint32_t i = 0; same && i < a->isr_nodes_count; i++) {
        same = a->isr_nodes[i] == b->isr_nodes[i];
    }
    same = same && a->offline_replicas_count == b->offline_replicas_count;
    for (uint32_t i = 0; same && i < a->offline_replicas_count; i++) {
        same = a->offline_replicas[i] == b->offline_replicas[i];
    }
    return same;
}

static void random_metadata_response_topic(struct codec_random *random, int16_t version,
                                           struct arena *arena, struct metadata_response_topic *ret)
{
    metadata_response_topic_init(ret);
    ret->error_code = random_i16(random);
    ret->name = random_string(random, arena, version >= 12);
    if (version >= 10) {
        ret->topic_id = random_uuid(random);
    }
    if (version >= 1) {
        ret->is_internal = random_bool(random);
    }
    ret->partitions_count = random_count(random);
    ret->partitions = arena_array(arena, ret->partitions_count, sizeof *ret->partitions);
    for (uint32_t i = 0; i < ret->partitions_count; i++) {
        random_metadata_response_partition(random, version, arena, &ret->partitions[i]);
    }
    if (version >= 8) {
        ret->topic_authorized_operations = random_i32(random);
    }
}

static bool equal_metadata_response_topic(const struct metadata_response_topic *a,
                                          const struct metadata_response_topic *b)
{
    bool same = true;
    same = same && a->error_code == b->error_code;
    same = same && codec_same_view(a->name, b->name);
    same = same && uuid_equal(a->topic_id, b->topic_id);
    same = same && a->is_internal == b->is_internal;
    same = same && a->partitions_count == b->partitions_count;
    for (uint32_t i = 0; same && i < a->partitions_count; i++) {
        same = equal_metadata_response_partition(&a->partitions[i], &b->partitions[i]);
    }
    same = same && a->topic_authorized_operations == b->topic_authorized_operations;
    return same;
}

static void random_metadata_response(struct codec_random *random, int16_t version,
                                     struct arena *arena, struct metadata_response *ret)
{
    metadata_response_init(ret);
    if (version >= 3) {
        ret->throttle_time_ms = random_i32(random);
    }
    ret->brokers_count = random_count(random);
    ret->brokers = arena_array(arena, ret->brokers_count, sizeof *ret->brokers);
    for (uint32_t i = 0; i < ret->brokers_count; i++) {
        random_metadata_response_broker(random, version, arena, &ret->brokers[i]);
    }
    if (version >= 2) {
        ret->cluster_id = random_string(random, arena, true);
    }
    if (version >= 1) {
        ret->controller_id = random_i32(random);
    }
    ret->topics_count = random_count(random);
    ret->topics = arena_array(arena, ret->topics_count, sizeof *ret->topics);
    for (uint32_t i = 0; i < ret->topics_count; i++) {
        random_metadata_response_topic(random, version, arena, &ret->topics[i]);
    }
    if (version >= 8 && version <= 10) {
        ret->cluster_authorized_operations = random_i32(random);
    }
}

static bool equal_metadata_response(const struct metadata_response *a,
                                    const struct metadata_response *b)
{
    bool same = true;
    same = same && a->throttle_time_ms == b->throttle_time_ms;
    same = same && a->brokers_count == b->brokers_count;
    for (uint32_t i = 0; same && i < a->brokers_count; i++) {
        same = equal_metadata_response_broker(&a->brokers[i], &b->brokers[i]);
    }
    same = same && codec_same_view(a->cluster_id, b->cluster_id);
    same = same && a->controller_id == b->controller_id;
    same = same && a->topics_count == b->topics_count;
    for (uint32_t i = 0; same && i < a->topics_count; i++) {
        same = equal_metadata_response_topic(&a->topics[i], &b->topics[i]);
    }
    same = same && a->cluster_authorized_operations == b->cluster_authorized_operations;
    return same;
}

static bool decode_any_metadata_request(struct wire_reader *r, int16_t version, struct arena *arena,
                                        void *ret)
{
    return metadata_request_decode(r, version, arena, ret);
}

static void encode_any_metadata_request(struct wire_writer *w, int16_t version, const void *from)
{
    metadata_request_encode(w, version, from);
}

static void random_any_metadata_request(struct codec_random *random, int16_t version,
                                        struct arena *arena, void *ret)
{
    random_metadata_request(random, version, arena, ret);
}

static bool equal_any_metadata_request(const void *a, const void *b)
{
    return equal_metadata_request(a, b);
}

const struct codec codec_metadata_request = {
    .name = "metadata_request",
    .api_key = 3,
    .is_response = false,
    .version_min = 0,
    .version_max = 12,
    .size = sizeof(struct metadata_request),
    .decode = decode_any_metadata_request,
    .encode = encode_any_metadata_request,
    .random = random_any_metadata_request,
    .equal = equal_any_metadata_request,
};

static bool decode_any_metadata_response(struct wire_reader *r, int16_t version,
                                         struct arena *arena, void *ret)
{
    return metadata_response_decode(r, version, arena, ret);
}

static void encode_any_metadata_response(struct wire_writer *w, int16_t version, const void *from)
{
    metadata_response_encode(w, version, from);
}

static void random_any_metadata_response(struct codec_random *random, int16_t version,
                                         struct arena *arena, void *ret)
{
    random_metadata_response(random, version, arena, ret);
}

static bool equal_any_metadata_response(const void *a, const void *b)
{
    return equal_metadata_response(a, b);
}

const struct codec codec_metadata_response = {
    .name = "metadata_response",
    .api_key = 3,
    .is_response = true,
    .version_min = 0,
    .version_max = 12,
    .size = sizeof(struct metadata_response),
    .decode = decode_any_metadata_response,
    .encode = encode_any_metadata_response,
    .random = random_any_metadata_response,
    .equal = equal_any_metadata_response,
};
