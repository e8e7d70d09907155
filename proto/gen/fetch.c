/* SPDX-License-Identifier: Apache-2.0 */
/* Made by proto/tools/gen.py from proto/schema/fetch.json: do not edit. */
#include "proto/gen/fetch.h"

void fetch_request_replica_state_init(struct fetch_request_replica_state *ret)
{
    *ret = (struct fetch_request_replica_state){0};
    ret->replica_id = -1;
    ret->replica_epoch = -1;
}

void fetch_request_partition_init(struct fetch_request_partition *ret)
{
    *ret = (struct fetch_request_partition){0};
    ret->current_leader_epoch = -1;
    ret->last_fetched_epoch = -1;
    ret->log_start_offset = -1;
}

void fetch_request_topic_init(struct fetch_request_topic *ret)
{
    *ret = (struct fetch_request_topic){0};
}

void fetch_request_forgotten_topic_init(struct fetch_request_forgotten_topic *ret)
{
    *ret = (struct fetch_request_forgotten_topic){0};
}

void fetch_request_init(struct fetch_request *ret)
{
    *ret = (struct fetch_request){0};
    ret->replica_id = -1;
    fetch_request_replica_state_init(&ret->replica_state);
    ret->max_bytes = 2147483647;
    ret->session_epoch = -1;
}

static void decode_fetch_request_replica_state(struct wire_reader *r, int16_t version,
                                               struct arena *arena,
                                               struct fetch_request_replica_state *ret)
{
    (void)version;
    (void)arena;
    fetch_request_replica_state_init(ret);
    ret->replica_id = wire_read_i32(r);
    ret->replica_epoch = wire_read_i64(r);
    wire_skip_tags(r);
}

static void decode_fetch_request_partition(struct wire_reader *r, int16_t version,
                                           struct arena *arena, struct fetch_request_partition *ret)
{
    const bool flexible = version >= 12;
    (void)arena;
    fetch_request_partition_init(ret);
    ret->partition = wire_read_i32(r);
    if (version >= 9) {
        ret->current_leader_epoch = wire_read_i32(r);
    }
    ret->fetch_offset = wire_read_i64(r);
    if (version >= 12) {
        ret->last_fetched_epoch = wire_read_i32(r);
    }
    if (version >= 5) {
        ret->log_start_offset = wire_read_i64(r);
    }
    ret->partition_max_bytes = wire_read_i32(r);
    if (flexible) {
        for (uint32_t left = wire_read_tag_count(r); left > 0 && !r->bad; left--) {
            struct wire_tag tag = wire_begin_read_tag(r);
            if (tag.number == 0 && version >= 17) {
                ret->replica_directory_id = wire_read_uuid(r);
            } else {
                wire_skip_tag(r);
            }
            wire_end_read_tag(r, &tag);
        }
    }
}

static void decode_fetch_request_topic(struct wire_reader *r, int16_t version, struct arena *arena,
                                       struct fetch_request_topic *ret)
{
    const bool flexible = version >= 12;
    fetch_request_topic_init(ret);
    if (version <= 12) {
        ret->topic = wire_read_string(r, flexible);
    }
    if (version >= 13) {
        ret->topic_id = wire_read_uuid(r);
    }
    ret->partitions = wire_read_list(r, flexible, arena,
                                     (struct wire_element){16, sizeof *ret->partitions},
                                     &ret->partitions_count);
    for (uint32_t i = 0; i < ret->partitions_count; i++) {
        decode_fetch_request_partition(r, version, arena, &ret->partitions[i]);
    }
    if (flexible) {
        wire_skip_tags(r);
    }
}

static void decode_fetch_request_forgotten_topic(struct wire_reader *r, int16_t version,
                                                 struct arena *arena,
                                                 struct fetch_request_forgotten_topic *ret)
{
    const bool flexible = version >= 12;
    fetch_request_forgotten_topic_init(ret);
    if (version <= 12) {
        ret->topic = wire_read_string(r, flexible);
    }
    if (version >= 13) {
        ret->topic_id = wire_read_uuid(r);
    }
    ret->partitions = wire_read_i32_list(r, flexible, arena, &ret->partitions_count);
    if (flexible) {
        wire_skip_tags(r);
    }
}

bool fetch_request_decode(struct wire_reader *r, int16_t version, struct arena *arena,
                          struct fetch_request *ret)
{
    const bool flexible = version >= 12;
    fetch_request_init(ret);
    if (version <= 14) {
        ret->replica_id = wire_read_i32(r);
    }
    ret->max_wait_ms = wire_read_i32(r);
    ret->min_bytes = wire_read_i32(r);
    ret->max_bytes = wire_read_i32(r);
    ret->isolation_level = wire_read_i8(r);
    if (version >= 7) {
        ret->session_id = wire_read_i32(r);
        ret->session_epoch = wire_read_i32(r);
    }
    ret->topics = wire_read_list(r, flexible, arena, (struct wire_element){3, sizeof *ret->topics},
                                 &ret->topics_count);
    for (uint32_t i = 0; i < ret->topics_count; i++) {
        decode_fetch_request_topic(r, version, arena, &ret->topics[i]);
    }
    if (version >= 7) {
        ret->forgotten_topics_data = wire_read_list(
                r, flexible, arena, (struct wire_element){3, sizeof *ret->forgotten_topics_data},
                &ret->forgotten_topics_data_count);
        for (uint32_t i = 0; i < ret->forgotten_topics_data_count; i++) {
            decode_fetch_request_forgotten_topic(r, version, arena, &ret->forgotten_topics_data[i]);
        }
    }
    if (version >= 11) {
        ret->rack_id = wire_read_string(r, flexible);
    }
    if (flexible) {
        for (uint32_t left = wire_read_tag_count(r); left > 0 && !r->bad; left--) {
            struct wire_tag tag = wire_begin_read_tag(r);
            if (tag.number == 0) {
                ret->cluster_id = wire_read_string_nullable(r, true);
            } else if (tag.number == 1 && version >= 15) {
                decode_fetch_request_replica_state(r, version, arena, &ret->replica_state);
            } else {
                wire_skip_tag(r);
            }
            wire_end_read_tag(r, &tag);
        }
    }
    return !r->bad;
}

static void encode_fetch_request_replica_state(struct wire_writer *w, int16_t version,
                                               const struct fetch_request_replica_state *from)
{
    (void)version;
    wire_write_i32(w, from->replica_id);
    wire_write_i64(w, from->replica_epoch);
    wire_write_no_tags(w);
}

static void encode_fetch_request_partition(struct wire_writer *w, int16_t version,
                                           const struct fetch_request_partition *from)
{
    const bool flexible = version >= 12;
    wire_write_i32(w, from->partition);
    if (version >= 9) {
        wire_write_i32(w, from->current_leader_epoch);
    }
    wire_write_i64(w, from->fetch_offset);
    if (version >= 12) {
        wire_write_i32(w, from->last_fetched_epoch);
    }
    if (version >= 5) {
        wire_write_i64(w, from->log_start_offset);
    }
    wire_write_i32(w, from->partition_max_bytes);
    if (flexible) {
        const bool has_replica_directory_id =
            version >= 17 && !uuid_is_zero(from->replica_directory_id);
        uint32_t tags = 0;
        tags += has_replica_directory_id;
        wire_write_uvarint(w, tags);
        if (has_replica_directory_id) {
            uint32_t begin = wire_begin_write_tag(w, 0);
            wire_write_uuid(w, from->replica_directory_id);
            wire_end_write_tag(w, begin);
        }
    }
}

static void encode_fetch_request_topic(struct wire_writer *w, int16_t version,
                                       const struct fetch_request_topic *from)
{
    const bool flexible = version >= 12;
    if (version <= 12) {
        wire_write_string(w, flexible, from->topic);
    }
    if (version >= 13) {
        wire_write_uuid(w, from->topic_id);
    }
    wire_write_count(w, flexible, from->partitions_count);
    for (uint32_t i = 0; i < from->partitions_count; i++) {
        encode_fetch_request_partition(w, version, &from->partitions[i]);
    }
    if (flexible) {
        wire_write_no_tags(w);
    }
}

static void encode_fetch_request_forgotten_topic(struct wire_writer *w, int16_t version,
                                                 const struct fetch_request_forgotten_topic *from)
{
    const bool flexible = version >= 12;
    if (version <= 12) {
        wire_write_string(w, flexible, from->topic);
    }
    if (version >= 13) {
        wire_write_uuid(w, from->topic_id);
    }
    wire_write_i32_list(w, flexible, from->partitions, from->partitions_count);
    if (flexible) {
        wire_write_no_tags(w);
    }
}

void fetch_request_encode(struct wire_writer *w, int16_t version, const struct fetch_request *from)
{
    const bool flexible = version >= 12;
    if (version <= 14) {
        wire_write_i32(w, from->replica_id);
    }
    wire_write_i32(w, from->max_wait_ms);
    wire_write_i32(w, from->min_bytes);
    wire_write_i32(w, from->max_bytes);
    wire_write_i8(w, from->isolation_level);
    if (version >= 7) {
        wire_write_i32(w, from->session_id);
        wire_write_i32(w, from->session_epoch);
    }
    wire_write_count(w, flexible, from->topics_count);
    for (uint32_t i = 0; i < from->topics_count; i++) {
        encode_fetch_request_topic(w, version, &from->topics[i]);
    }
    if (version >= 7) {
        wire_write_count(w, flexible, from->forgotten_topics_data_count);
        for (uint32_t i = 0; i < from->forgotten_topics_data_count; i++) {
            encode_fetch_request_forgotten_topic(w, version, &from->forgotten_topics_data[i]);
        }
    }
    if (version >= 11) {
        wire_write_string(w, flexible, from->rack_id);
    }
    if (flexible) {
        const bool has_cluster_id = from->cluster_id.base != NULL;
        const bool has_replica_state =
            version >= 15 && (from->replica_state.replica_id != -1 ||
            from->replica_state.replica_epoch != -1);
        uint32_t tags = 0;
        tags += has_cluster_id;
        tags += has_replica_state;
        wire_write_uvarint(w, tags);
        if (has_cluster_id) {
            uint32_t begin = wire_begin_write_tag(w, 0);
            wire_write_string_nullable(w, true, from->cluster_id);
            wire_end_write_tag(w, begin);
        }
        if (has_replica_state) {
            uint32_t begin = wire_begin_write_tag(w, 1);
            encode_fetch_request_replica_state(w, version, &from->replica_state);
            wire_end_write_tag(w, begin);
        }
    }
}

void fetch_response_diverging_epoch_init(struct fetch_response_diverging_epoch *ret)
{
    *ret = (struct fetch_response_diverging_epoch){0};
    ret->epoch = -1;
    ret->end_offset = -1;
}

void fetch_response_current_leader_init(struct fetch_response_current_leader *ret)
{
    *ret = (struct fetch_response_current_leader){0};
    ret->leader_id = -1;
    ret->leader_epoch = -1;
}

void fetch_response_snapshot_id_init(struct fetch_response_snapshot_id *ret)
{
    *ret = (struct fetch_response_snapshot_id){0};
    ret->end_offset = -1;
    ret->epoch = -1;
}

void fetch_response_aborted_transaction_init(struct fetch_response_aborted_transaction *ret)
{
    *ret = (struct fetch_response_aborted_transaction){0};
}

void fetch_response_partition_init(struct fetch_response_partition *ret)
{
    *ret = (struct fetch_response_partition){0};
    ret->last_stable_offset = -1;
    ret->log_start_offset = -1;
    fetch_response_diverging_epoch_init(&ret->diverging_epoch);
    fetch_response_current_leader_init(&ret->current_leader);
    fetch_response_snapshot_id_init(&ret->snapshot_id);
    ret->preferred_read_replica = -1;
}

void fetch_response_topic_init(struct fetch_response_topic *ret)
{
    *ret = (struct fetch_response_topic){0};
}

void fetch_response_node_endpoint_init(struct fetch_response_node_endpoint *ret)
{
    *ret = (struct fetch_response_node_endpoint){0};
}

void fetch_response_init(struct fetch_response *ret)
{
    *ret = (struct fetch_response){0};
}

static void decode_fetch_response_diverging_epoch(struct wire_reader *r, int16_t version,
                                                  struct arena *arena,
                                                  struct fetch_response_diverging_epoch *ret)
{
    (void)version;
    (void)arena;
    fetch_response_diverging_epoch_init(ret);
    ret->epoch = wire_read_i32(r);
    ret->end_offset = wire_read_i64(r);
    wire_skip_tags(r);
}

static void decode_fetch_response_current_leader(struct wire_reader *r, int16_t version,
                                                 struct arena *arena,
                                                 struct fetch_response_current_leader *ret)
{
    (void)version;
    (void)arena;
    fetch_response_current_leader_init(ret);
    ret->leader_id = wire_read_i32(r);
    ret->leader_epoch = wire_read_i32(r);
    wire_skip_tags(r);
}

static void decode_fetch_response_snapshot_id(struct wire_reader *r, int16_t version,
                                              struct arena *arena,
                                              struct fetch_response_snapshot_id *ret)
{
    (void)version;
    (void)arena;
    fetch_response_snapshot_id_init(ret);
    ret->end_offset = wire_read_i64(r);
    ret->epoch = wire_read_i32(r);
    wire_skip_tags(r);
}

static void decode_fetch_response_aborted_transaction(
        struct wire_reader *r, int16_t version, struct arena *arena,
        struct fetch_response_aborted_transaction *ret)
{
    const bool flexible = version >= 12;
    (void)arena;
    fetch_response_aborted_transaction_init(ret);
    ret->producer_id = wire_read_i64(r);
    ret->first_offset = wire_read_i64(r);
    if (flexible) {
        wire_skip_tags(r);
    }
}

static void decode_fetch_response_partition(struct wire_reader *r, int16_t version,
                                            struct arena *arena,
                                            struct fetch_response_partition *ret)
{
    const bool flexible = version >= 12;
    fetch_response_partition_init(ret);
    ret->partition_index = wire_read_i32(r);
    ret->error_code = wire_read_i16(r);
    ret->high_watermark = wire_read_i64(r);
    ret->last_stable_offset = wire_read_i64(r);
    if (version >= 5) {
        ret->log_start_offset = wire_read_i64(r);
    }
    ret->aborted_transactions = wire_read_list_nullable(
            r, flexible, arena, (struct wire_element){16, sizeof *ret->aborted_transactions},
            &ret->aborted_transactions_count, &ret->aborted_transactions_null);
    for (uint32_t i = 0; i < ret->aborted_transactions_count; i++) {
        decode_fetch_response_aborted_transaction(r, version, arena, &ret->aborted_transactions[i]);
    }
    if (version >= 11) {
        ret->preferred_read_replica = wire_read_i32(r);
    }
    ret->records = wire_read_bytes_nullable(r, flexible);
    if (flexible) {
        for (uint32_t left = wire_read_tag_count(r); left > 0 && !r->bad; left--) {
            struct wire_tag tag = wire_begin_read_tag(r);
            if (tag.number == 0) {
                decode_fetch_response_diverging_epoch(r, version, arena, &ret->diverging_epoch);
            } else if (tag.number == 1) {
                decode_fetch_response_current_leader(r, version, arena, &ret->current_leader);
            } else if (tag.number == 2) {
                decode_fetch_response_snapshot_id(r, version, arena, &ret->snapshot_id);
            } else {
                wire_skip_tag(r);
            }
            wire_end_read_tag(r, &tag);
        }
    }
}

static void decode_fetch_response_topic(struct wire_reader *r, int16_t version, struct arena *arena,
                                        struct fetch_response_topic *ret)
{
    const bool flexible = version >= 12;
    fetch_response_topic_init(ret);
    if (version <= 12) {
        ret->topic = wire_read_string(r, flexible);
    }
    if (version >= 13) {
        ret->topic_id = wire_read_uuid(r);
    }
    ret->partitions = wire_read_list(r, flexible, arena,
                                     (struct wire_element){30, sizeof *ret->partitions},
                                     &ret->partitions_count);
    for (uint32_t i = 0; i < ret->partitions_count; i++) {
        decode_fetch_response_partition(r, version, arena, &ret->partitions[i]);
    }
    if (flexible) {
        wire_skip_tags(r);
    }
}

static void decode_fetch_response_node_endpoint(struct wire_reader *r, int16_t version,
                                                struct arena *arena,
                                                struct fetch_response_node_endpoint *ret)
{
    (void)version;
    (void)arena;
    fetch_response_node_endpoint_init(ret);
    ret->node_id = wire_read_i32(r);
    ret->host = wire_read_string(r, true);
    ret->port = wire_read_i32(r);
    ret->rack = wire_read_string_nullable(r, true);
    wire_skip_tags(r);
}

bool fetch_response_decode(struct wire_reader *r, int16_t version, struct arena *arena,
                           struct fetch_response *ret)
{
    const bool flexible = version >= 12;
    fetch_response_init(ret);
    ret->throttle_time_ms = wire_read_i32(r);
    if (version >= 7) {
        ret->error_code = wire_read_i16(r);
        ret->session_id = wire_read_i32(r);
    }
    ret->responses = wire_read_list(r, flexible, arena,
                                    (struct wire_element){3, sizeof *ret->responses},
                                    &ret->responses_count);
    for (uint32_t i = 0; i < ret->responses_count; i++) {
        decode_fetch_response_topic(r, version, arena, &ret->responses[i]);
    }
    if (flexible) {
        for (uint32_t left = wire_read_tag_count(r); left > 0 && !r->bad; left--) {
            struct wire_tag tag = wire_begin_read_tag(r);
            if (tag.number == 0 && version >= 16) {
                ret->node_endpoints = wire_read_list(
                        r, true, arena, (struct wire_element){11, sizeof *ret->node_endpoints},
                        &ret->node_endpoints_count);
                for (uint32_t i = 0; i < ret->node_endpoints_count; i++) {
                    decode_fetch_response_node_endpoint(r, version, arena, &ret->node_endpoints[i]);
                }
            } else {
                wire_skip_tag(r);
            }
            wire_end_read_tag(r, &tag);
        }
    }
    return !r->bad;
}

static void encode_fetch_response_diverging_epoch(struct wire_writer *w, int16_t version,
                                                  const struct fetch_response_diverging_epoch *from)
{
    (void)version;
    wire_write_i32(w, from->epoch);
    wire_write_i64(w, from->end_offset);
    wire_write_no_tags(w);
}

static void encode_fetch_response_current_leader(struct wire_writer *w, int16_t version,
                                                 const struct fetch_response_current_leader *from)
{
    (void)version;
    wire_write_i32(w, from->leader_id);
    wire_write_i32(w, from->leader_epoch);
    wire_write_no_tags(w);
}

static void encode_fetch_response_snapshot_id(struct wire_writer *w, int16_t version,
                                              const struct fetch_response_snapshot_id *from)
{
    (void)version;
    wire_write_i64(w, from->end_offset);
    wire_write_i32(w, from->epoch);
    wire_write_no_tags(w);
}

static void encode_fetch_response_aborted_transaction(
        struct wire_writer *w, int16_t version,
        const struct fetch_response_aborted_transaction *from)
{
    const bool flexible = version >= 12;
    wire_write_i64(w, from->producer_id);
    wire_write_i64(w, from->first_offset);
    if (flexible) {
        wire_write_no_tags(w);
    }
}

static void encode_fetch_response_partition(struct wire_writer *w, int16_t version,
                                            const struct fetch_response_partition *from)
{
    const bool flexible = version >= 12;
    wire_write_i32(w, from->partition_index);
    wire_write_i16(w, from->error_code);
    wire_write_i64(w, from->high_watermark);
    wire_write_i64(w, from->last_stable_offset);
    if (version >= 5) {
        wire_write_i64(w, from->log_start_offset);
    }
    wire_write_count_nullable(w, flexible, from->aborted_transactions_count,
                              from->aborted_transactions_null);
    for (uint32_t i = 0; i < from->aborted_transactions_count; i++) {
        encode_fetch_response_aborted_transaction(w, version, &from->aborted_transactions[i]);
    }
    if (version >= 11) {
        wire_write_i32(w, from->preferred_read_replica);
    }
    wire_write_records_nullable(w, flexible, from->records);
    if (flexible) {
        const bool has_diverging_epoch =
            from->diverging_epoch.epoch != -1 ||
            from->diverging_epoch.end_offset != -1;
        const bool has_current_leader =
            from->current_leader.leader_id != -1 ||
            from->current_leader.leader_epoch != -1;
        const bool has_snapshot_id =
            from->snapshot_id.end_offset != -1 ||
            from->snapshot_id.epoch != -1;
        uint32_t tags = 0;
        tags += has_diverging_epoch;
        tags += has_current_leader;
        tags += has_snapshot_id;
        wire_write_uvarint(w, tags);
        if (has_diverging_epoch) {
            uint32_t begin = wire_begin_write_tag(w, 0);
            encode_fetch_response_diverging_epoch(w, version, &from->diverging_epoch);
            wire_end_write_tag(w, begin);
        }
        if (has_current_leader) {
            uint32_t begin = wire_begin_write_tag(w, 1);
            encode_fetch_response_current_leader(w, version, &from->current_leader);
            wire_end_write_tag(w, begin);
        }
        if (has_snapshot_id) {
            uint32_t begin = wire_begin_write_tag(w, 2);
            encode_fetch_response_snapshot_id(w, version, &from->snapshot_id);
            wire_end_write_tag(w, begin);
        }
    }
}

static void encode_fetch_response_topic(struct wire_writer *w, int16_t version,
                                        const struct fetch_response_topic *from)
{
    const bool flexible = version >= 12;
    if (version <= 12) {
        wire_write_string(w, flexible, from->topic);
    }
    if (version >= 13) {
        wire_write_uuid(w, from->topic_id);
    }
    wire_write_count(w, flexible, from->partitions_count);
    for (uint32_t i = 0; i < from->partitions_count; i++) {
        encode_fetch_response_partition(w, version, &from->partitions[i]);
    }
    if (flexible) {
        wire_write_no_tags(w);
    }
}

static void encode_fetch_response_node_endpoint(struct wire_writer *w, int16_t version,
                                                const struct fetch_response_node_endpoint *from)
{
    (void)version;
    wire_write_i32(w, from->node_id);
    wire_write_string(w, true, from->host);
    wire_write_i32(w, from->port);
    wire_write_string_nullable(w, true, from->rack);
    wire_write_no_tags(w);
}

void fetch_response_encode(struct wire_writer *w, int16_t version,
                           const struct fetch_response *from)
{
    const bool flexible = version >= 12;
    wire_write_i32(w, from->throttle_time_ms);
    if (version >= 7) {
        wire_write_i16(w, from->error_code);
        wire_write_i32(w, from->session_id);
    }
    wire_write_count(w, flexible, from->responses_count);
    for (uint32_t i = 0; i < from->responses_count; i++) {
        encode_fetch_response_topic(w, version, &from->responses[i]);
    }
    if (flexible) {
        const bool has_node_endpoints = version >= 16 && from->node_endpoints_count > 0;
        uint32_t tags = 0;
        tags += has_node_endpoints;
        wire_write_uvarint(w, tags);
        if (has_node_endpoints) {
            uint32_t begin = wire_begin_write_tag(w, 0);
            wire_write_count(w, true, from->node_endpoints_count);
            for (uint32_t i = 0; i < from->node_endpoints_count; i++) {
                encode_fetch_response_node_endpoint(w, version, &from->node_endpoints[i]);
            }
            wire_end_write_tag(w, begin);
        }
    }
}
