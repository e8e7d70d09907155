/* SPDX-License-Identifier: Apache-2.0 */
/* Made by proto/tools/gen.py from proto/schema/metadata.json: do not edit. */
#include "proto/gen/metadata.h"

void metadata_request_topic_init(struct metadata_request_topic *ret)
{
    *ret = (struct metadata_request_topic){0};
    ret->name = VIEW_LITERAL("");
}

void metadata_request_init(struct metadata_request *ret)
{
    *ret = (struct metadata_request){0};
    ret->allow_auto_topic_creation = true;
}

static void decode_metadata_request_topic(struct wire_reader *r, int16_t version,
                                          struct arena *arena, struct metadata_request_topic *ret)
{
    const bool flexible = version >= 9;
    (void)arena;
    metadata_request_topic_init(ret);
    if (version >= 10) {
        ret->topic_id = wire_read_uuid(r);
    }
    ret->name = version >= 10
                ? wire_read_string_nullable(r, flexible)
                : wire_read_string(r, flexible);
    if (flexible) {
        wire_skip_tags(r);
    }
}

bool metadata_request_decode(struct wire_reader *r, int16_t version, struct arena *arena,
                             struct metadata_request *ret)
{
    const bool flexible = version >= 9;
    metadata_request_init(ret);
    if (version >= 1) {
        ret->topics = wire_read_list_nullable(r, flexible, arena,
                                              (struct wire_element){2, sizeof *ret->topics},
                                              &ret->topics_count, &ret->topics_null);
    } else {
        ret->topics = wire_read_list(r, flexible, arena,
                                     (struct wire_element){2, sizeof *ret->topics},
                                     &ret->topics_count);
    }
    for (uint32_t i = 0; i < ret->topics_count; i++) {
        decode_metadata_request_topic(r, version, arena, &ret->topics[i]);
    }
    if (version >= 4) {
        ret->allow_auto_topic_creation = wire_read_bool(r);
    }
    if (version >= 8 && version <= 10) {
        ret->include_cluster_authorized_operations = wire_read_bool(r);
    }
    if (version >= 8) {
        ret->include_topic_authorized_operations = wire_read_bool(r);
    }
    if (flexible) {
        wire_skip_tags(r);
    }
    return !r->bad;
}

static void encode_metadata_request_topic(struct wire_writer *w, int16_t version,
                                          const struct metadata_request_topic *from)
{
    const bool flexible = version >= 9;
    if (version >= 10) {
        wire_write_uuid(w, from->topic_id);
    }
    if (version >= 10) {
        wire_write_string_nullable(w, flexible, from->name);
    } else {
        wire_write_string(w, flexible, from->name);
    }
    if (flexible) {
        wire_write_no_tags(w);
    }
}

void metadata_request_encode(struct wire_writer *w, int16_t version,
                             const struct metadata_request *from)
{
    const bool flexible = version >= 9;
    if (version >= 1) {
        wire_write_count_nullable(w, flexible, from->topics_count, from->topics_null);
    } else {
        wire_write_count(w, flexible, from->topics_count);
    }
    for (uint32_t i = 0; i < from->topics_count; i++) {
        encode_metadata_request_topic(w, version, &from->topics[i]);
    }
    if (version >= 4) {
        wire_write_bool(w, from->allow_auto_topic_creation);
    }
    if (version >= 8 && version <= 10) {
        wire_write_bool(w, from->include_cluster_authorized_operations);
    }
    if (version >= 8) {
        wire_write_bool(w, from->include_topic_authorized_operations);
    }
    if (flexible) {
        wire_write_no_tags(w);
    }
}

void metadata_response_broker_init(struct metadata_response_broker *ret)
{
    *ret = (struct metadata_response_broker){0};
}

void metadata_response_partition_init(struct metadata_response_partition *ret)
{
    *ret = (struct metadata_response_partition){0};
    ret->leader_epoch = -1;
}

void metadata_response_topic_init(struct metadata_response_topic *ret)
{
    *ret = (struct metadata_response_topic){0};
    ret->name = VIEW_LITERAL("");
    ret->topic_authorized_operations = INT32_MIN;
}

void metadata_response_init(struct metadata_response *ret)
{
    *ret = (struct metadata_response){0};
    ret->controller_id = -1;
    ret->cluster_authorized_operations = INT32_MIN;
}

static void decode_metadata_response_broker(struct wire_reader *r, int16_t version,
                                            struct arena *arena,
                                            struct metadata_response_broker *ret)
{
    const bool flexible = version >= 9;
    (void)arena;
    metadata_response_broker_init(ret);
    ret->node_id = wire_read_i32(r);
    ret->host = wire_read_string(r, flexible);
    ret->port = wire_read_i32(r);
    if (version >= 1) {
        ret->rack = wire_read_string_nullable(r, flexible);
    }
    if (flexible) {
        wire_skip_tags(r);
    }
}

static void decode_metadata_response_partition(struct wire_reader *r, int16_t version,
                                               struct arena *arena,
                                               struct metadata_response_partition *ret)
{
    const bool flexible = version >= 9;
    metadata_response_partition_init(ret);
    ret->error_code = wire_read_i16(r);
    ret->partition_index = wire_read_i32(r);
    ret->leader_id = wire_read_i32(r);
    if (version >= 7) {
        ret->leader_epoch = wire_read_i32(r);
    }
    ret->replica_nodes = wire_read_i32_list(r, flexible, arena, &ret->replica_nodes_count);
    ret->isr_nodes = wire_read_i32_list(r, flexible, arena, &ret->isr_nodes_count);
    if (version >= 5) {
        ret->offline_replicas = wire_read_i32_list(r, flexible, arena,
                                                   &ret->offline_replicas_count);
    }
    if (flexible) {
        wire_skip_tags(r);
    }
}

static void decode_metadata_response_topic(struct wire_reader *r, int16_t version,
                                           struct arena *arena, struct metadata_response_topic *ret)
{
    const bool flexible = version >= 9;
    metadata_response_topic_init(ret);
    ret->error_code = wire_read_i16(r);
    ret->name = version >= 12
                ? wire_read_string_nullable(r, flexible)
                : wire_read_string(r, flexible);
    if (version >= 10) {
        ret->topic_id = wire_read_uuid(r);
    }
    if (version >= 1) {
        ret->is_internal = wire_read_bool(r);
    }
    ret->partitions = wire_read_list(r, flexible, arena,
                                     (struct wire_element){18, sizeof *ret->partitions},
                                     &ret->partitions_count);
    for (uint32_t i = 0; i < ret->partitions_count; i++) {
        decode_metadata_response_partition(r, version, arena, &ret->partitions[i]);
    }
    if (version >= 8) {
        ret->topic_authorized_operations = wire_read_i32(r);
    }
    if (flexible) {
        wire_skip_tags(r);
    }
}

bool metadata_response_decode(struct wire_reader *r, int16_t version, struct arena *arena,
                              struct metadata_response *ret)
{
    const bool flexible = version >= 9;
    metadata_response_init(ret);
    if (version >= 3) {
        ret->throttle_time_ms = wire_read_i32(r);
    }
    ret->brokers = wire_read_list(r, flexible, arena,
                                  (struct wire_element){10, sizeof *ret->brokers},
                                  &ret->brokers_count);
    for (uint32_t i = 0; i < ret->brokers_count; i++) {
        decode_metadata_response_broker(r, version, arena, &ret->brokers[i]);
    }
    if (version >= 2) {
        ret->cluster_id = wire_read_string_nullable(r, flexible);
    }
    if (version >= 1) {
        ret->controller_id = wire_read_i32(r);
    }
    ret->topics = wire_read_list(r, flexible, arena, (struct wire_element){8, sizeof *ret->topics},
                                 &ret->topics_count);
    for (uint32_t i = 0; i < ret->topics_count; i++) {
        decode_metadata_response_topic(r, version, arena, &ret->topics[i]);
    }
    if (version >= 8 && version <= 10) {
        ret->cluster_authorized_operations = wire_read_i32(r);
    }
    if (flexible) {
        wire_skip_tags(r);
    }
    return !r->bad;
}

static void encode_metadata_response_broker(struct wire_writer *w, int16_t version,
                                            const struct metadata_response_broker *from)
{
    const bool flexible = version >= 9;
    wire_write_i32(w, from->node_id);
    wire_write_string(w, flexible, from->host);
    wire_write_i32(w, from->port);
    if (version >= 1) {
        wire_write_string_nullable(w, flexible, from->rack);
    }
    if (flexible) {
        wire_write_no_tags(w);
    }
}

static void encode_metadata_response_partition(struct wire_writer *w, int16_t version,
                                               const struct metadata_response_partition *from)
{
    const bool flexible = version >= 9;
    wire_write_i16(w, from->error_code);
    wire_write_i32(w, from->partition_index);
    wire_write_i32(w, from->leader_id);
    if (version >= 7) {
        wire_write_i32(w, from->leader_epoch);
    }
    wire_write_i32_list(w, flexible, from->replica_nodes, from->replica_nodes_count);
    wire_write_i32_list(w, flexible, from->isr_nodes, from->isr_nodes_count);
    if (version >= 5) {
        wire_write_i32_list(w, flexible, from->offline_replicas, from->offline_replicas_count);
    }
    if (flexible) {
        wire_write_no_tags(w);
    }
}

static void encode_metadata_response_topic(struct wire_writer *w, int16_t version,
                                           const struct metadata_response_topic *from)
{
    const bool flexible = version >= 9;
    wire_write_i16(w, from->error_code);
    if (version >= 12) {
        wire_write_string_nullable(w, flexible, from->name);
    } else {
        wire_write_string(w, flexible, from->name);
    }
    if (version >= 10) {
        wire_write_uuid(w, from->topic_id);
    }
    if (version >= 1) {
        wire_write_bool(w, from->is_internal);
    }
    wire_write_count(w, flexible, from->partitions_count);
    for (uint32_t i = 0; i < from->partitions_count; i++) {
        encode_metadata_response_partition(w, version, &from->partitions[i]);
    }
    if (version >= 8) {
        wire_write_i32(w, from->topic_authorized_operations);
    }
    if (flexible) {
        wire_write_no_tags(w);
    }
}

void metadata_response_encode(struct wire_writer *w, int16_t version,
                              const struct metadata_response *from)
{
    const bool flexible = version >= 9;
    if (version >= 3) {
        wire_write_i32(w, from->throttle_time_ms);
    }
    wire_write_count(w, flexible, from->brokers_count);
    for (uint32_t i = 0; i < from->brokers_count; i++) {
        encode_metadata_response_broker(w, version, &from->brokers[i]);
    }
    if (version >= 2) {
        wire_write_string_nullable(w, flexible, from->cluster_id);
    }
    if (version >= 1) {
        wire_write_i32(w, from->controller_id);
    }
    wire_write_count(w, flexible, from->topics_count);
    for (uint32_t i = 0; i < from->topics_count; i++) {
        encode_metadata_response_topic(w, version, &from->topics[i]);
    }
    if (version >= 8 && version <= 10) {
        wire_write_i32(w, from->cluster_authorized_operations);
    }
    if (flexible) {
        wire_write_no_tags(w);
    }
}
