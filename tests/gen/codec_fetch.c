/* SPDX-License-Identifier: Apache-2.0 */
/* Made by proto/tools/gen.py from proto/schema/fetch.json: do not edit. */
#include "proto/gen/fetch.h"
#include "tests/gen/codec_table.h"
#include "tests/lib/codec_random.h"

static void random_fetch_request_replica_state(struct codec_random *random, int16_t version,
                                               struct arena *arena,
                                               struct fetch_request_replica_state *ret)
{
    (void)version;
    (void)arena;
    fetch_request_replica_state_init(ret);
    ret->replica_id = random_i32(random);
    ret->replica_epoch = random_i64(random);
}

static bool equal_fetch_request_replica_state(const struct fetch_request_replica_state *a,
                                              const struct fetch_request_replica_state *b)
{
    bool same = true;
    same = same && a->replica_id == b->replica_id;
    same = same && a->replica_epoch == b->replica_epoch;
    return same;
}

static void random_fetch_request_partition(struct codec_random *random, int16_t version,
                                           struct arena *arena, struct fetch_request_partition *ret)
{
    (void)arena;
    fetch_request_partition_init(ret);
    ret->partition = random_i32(random);
    if (version >= 9) {
        ret->current_leader_epoch = random_i32(random);
    }
    ret->fetch_offset = random_i64(random);
    if (version >= 12) {
        ret->last_fetched_epoch = random_i32(random);
    }
    if (version >= 5) {
        ret->log_start_offset = random_i64(random);
    }
    ret->partition_max_bytes = random_i32(random);
    if (version >= 17) {
        ret->replica_directory_id = random_uuid(random);
    }
}

static bool equal_fetch_request_partition(const struct fetch_request_partition *a,
                                          const struct fetch_request_partition *b)
{
    bool same = true;
    same = same && a->partition == b->partition;
    same = same && a->current_leader_epoch == b->current_leader_epoch;
    same = same && a->fetch_offset == b->fetch_offset;
    same = same && a->last_fetched_epoch == b->last_fetched_epoch;
    same = same && a->log_start_offset == b->log_start_offset;
    same = same && a->partition_max_bytes == b->partition_max_bytes;
    same = same && uuid_equal(a->replica_directory_id, b->replica_directory_id);
    return same;
}

static void random_fetch_request_topic(struct codec_random *random, int16_t version,
                                       struct arena *arena, struct fetch_request_topic *ret)
{
    fetch_request_topic_init(ret);
    if (version <= 12) {
        ret->topic = random_string(random, arena, false);
    }
    if (version >= 13) {
        ret->topic_id = random_uuid(random);
    }
    ret->partitions_count = random_count(random);
    ret->partitions = arena_array(arena, ret->partitions_count, sizeof *ret->partitions);
    for (uint32_t i = 0; i < ret->partitions_count; i++) {
        random_fetch_request_partition(random, version, arena, &ret->partitions[i]);
    }
}

static bool equal_fetch_request_topic(const struct fetch_request_topic *a,
                                      const struct fetch_request_topic *b)
{
    bool same = true;
    same = same && codec_same_view(a->topic, b->topic);
    same = same && uuid_equal(a->topic_id, b->topic_id);
    same = same && a->partitions_count == b->partitions_count;
    for (uint32_t i = 0; same && i < a->partitions_count; i++) {
        same = equal_fetch_request_partition(&a->partitions[i], &b->partitions[i]);
    }
    return same;
}

static void random_fetch_request_forgotten_topic(struct codec_random *random, int16_t version,
                                                 struct arena *arena,
                                                 struct fetch_request_forgotten_topic *ret)
{
    fetch_request_forgotten_topic_init(ret);
    if (version <= 12) {
        ret->topic = random_string(random, arena, false);
    }
    if (version >= 13) {
        ret->topic_id = random_uuid(random);
    }
    ret->partitions = random_i32_list(random, arena, &ret->partitions_count);
}

static bool equal_fetch_request_forgotten_topic(const struct fetch_request_forgotten_topic *a,
                                                const struct fetch_request_forgotten_topic *b)
{
    bool same = true;
    same = same && codec_same_view(a->topic, b->topic);
    same = same && uuid_equal(a->topic_id, b->topic_id);
    same = same && a->partitions_count == b->partitions_count;
    for (uint32_t i = 0; same && i < a->partitions_count; i++) {
        same = a->partitions[i] == b->partitions[i];
    }
    return same;
}

static void random_fetch_request(struct codec_random *random, int16_t version, struct arena *arena,
                                 struct fetch_request *ret)
{
    fetch_request_init(ret);
    if (version >= 12) {
        ret->cluster_id = random_string(random, arena, true);
    }
    if (version <= 14) {
        ret->replica_id = random_i32(random);
    }
    if (version >= 15) {
        random_fetch_request_replica_state(random, version, arena, &ret->replica_state);
    }
    ret->max_wait_ms = random_i32(random);
    ret->min_bytes = random_i32(random);
    ret->max_bytes = random_i32(random);
    ret->isolation_level = random_i8(random);
    if (version >= 7) {
        ret->session_id = random_i32(random);
        ret->session_epoch = random_i32(random);
    }
    ret->topics_count = random_count(random);
    ret->topics = arena_array(arena, ret->topics_count, sizeof *ret->topics);
    for (uint32_t i = 0; i < ret->topics_count; i++) {
        random_fetch_request_topic(random, version, arena, &ret->topics[i]);
    }
    if (version >= 7) {
        ret->forgotten_topics_data_count = random_count(random);
        ret->forgotten_topics_data = arena_array(arena, ret->forgotten_topics_data_count,
                                                 sizeof *ret->forgotten_topics_data);
        for (uint32_t i = 0; i < ret->forgotten_topics_data_count; i++) {
            random_fetch_request_forgotten_topic(random, version, arena,
                                                 &ret->forgotten_topics_data[i]);
        }
    }
    if (version >= 11) {
        ret->rack_id = random_string(random, arena, false);
    }
}

static bool equal_fetch_request(const struct fetch_request *a, const struct fetch_request *b)
{
    bool same = true;
    same = same && codec_same_view(a->cluster_id, b->cluster_id);
    same = same && a->replica_id == b->replica_id;
    same = same && equal_fetch_request_replica_state(&a->replica_state, &b->replica_state);
    same = same && a->max_wait_ms == b->max_wait_ms;
    same = same && a->min_bytes == b->min_bytes;
    same = same && a->max_bytes == b->max_bytes;
    same = same && a->isolation_level == b->isolation_level;
    same = same && a->session_id == b->session_id;
    same = same && a->session_epoch == b->session_epoch;
    same = same && a->topics_count == b->topics_count;
    for (uint32_t i = 0; same && i < a->topics_count; i++) {
        same = equal_fetch_request_topic(&a->topics[i], &b->topics[i]);
    }
    same = same && a->forgotten_topics_data_count == b->forgotten_topics_data_count;
    for (uint32_t i = 0; same && i < a->forgotten_topics_data_count; i++) {
        same = equal_fetch_request_forgotten_topic(&a->forgotten_topics_data[i],
                                                   &b->forgotten_topics_data[i]);
    }
    same = same && codec_same_view(a->rack_id, b->rack_id);
    return same;
}

static void random_fetch_response_diverging_epoch(struct codec_random *random, int16_t version,
                                                  struct arena *arena,
                                                  struct fetch_response_diverging_epoch *ret)
{
    (void)version;
    (void)arena;
    fetch_response_diverging_epoch_init(ret);
    ret->epoch = random_i32(random);
    ret->end_offset = random_i64(random);
}

static bool equal_fetch_response_diverging_epoch(const struct fetch_response_diverging_epoch *a,
                                                 const struct fetch_response_diverging_epoch *b)
{
    bool same = true;
    same = same && a->epoch == b->epoch;
    same = same && a->end_offset == b->end_offset;
    return same;
}

static void random_fetch_response_current_leader(struct codec_random *random, int16_t version,
                                                 struct arena *arena,
                                                 struct fetch_response_current_leader *ret)
{
    (void)version;
    (void)arena;
    fetch_response_current_leader_init(ret);
    ret->leader_id = random_i32(random);
    ret->leader_epoch = random_i32(random);
}

static bool equal_fetch_response_current_leader(const struct fetch_response_current_leader *a,
                                                const struct fetch_response_current_leader *b)
{
    bool same = true;
    same = same && a->leader_id == b->leader_id;
    same = same && a->leader_epoch == b->leader_epoch;
    return same;
}

static void random_fetch_response_snapshot_id(struct codec_random *random, int16_t version,
                                              struct arena *arena,
                                              struct fetch_response_snapshot_id *ret)
{
    (void)version;
    (void)arena;
    fetch_response_snapshot_id_init(ret);
    ret->end_offset = random_i64(random);
    ret->epoch = random_i32(random);
}

static bool equal_fetch_response_snapshot_id(const struct fetch_response_snapshot_id *a,
                                             const struct fetch_response_snapshot_id *b)
{
    bool same = true;
    same = same && a->end_offset == b->end_offset;
    same = same && a->epoch == b->epoch;
    return same;
}

static void random_fetch_response_aborted_transaction(
        struct codec_random *random, int16_t version, struct arena *arena,
        struct fetch_response_aborted_transaction *ret)
{
    (void)version;
    (void)arena;
    fetch_response_aborted_transaction_init(ret);
    ret->producer_id = random_i64(random);
    ret->first_offset = random_i64(random);
}

static bool equal_fetch_response_aborted_transaction(
        const struct fetch_response_aborted_transaction *a,
        const struct fetch_response_aborted_transaction *b)
{
    bool same = true;
    same = same && a->producer_id == b->producer_id;
    same = same && a->first_offset == b->first_offset;
    return same;
}

static void random_fetch_response_partition(struct codec_random *random, int16_t version,
                                            struct arena *arena,
                                            struct fetch_response_partition *ret)
{
    fetch_response_partition_init(ret);
    ret->partition_index = random_i32(random);
    ret->error_code = random_i16(random);
    ret->high_watermark = random_i64(random);
    ret->last_stable_offset = random_i64(random);
    if (version >= 5) {
        ret->log_start_offset = random_i64(random);
    }
    if (version >= 12) {
        random_fetch_response_diverging_epoch(random, version, arena, &ret->diverging_epoch);
        random_fetch_response_current_leader(random, version, arena, &ret->current_leader);
        random_fetch_response_snapshot_id(random, version, arena, &ret->snapshot_id);
    }
    ret->aborted_transactions_count = random_count(random);
    ret->aborted_transactions = arena_array(arena, ret->aborted_transactions_count,
                                            sizeof *ret->aborted_transactions);
    for (uint32_t i = 0; i < ret->aborted_transactions_count; i++) {
        random_fetch_response_aborted_transaction(random, version, arena,
                                                  &ret->aborted_transactions[i]);
    }
    ret->aborted_transactions_null = ret->aborted_transactions_count == 0 && random_bool(random);
    if (version >= 11) {
        ret->preferred_read_replica = random_i32(random);
    }
    ret->records = random_bytes(random, arena, true);
}

static bool equal_fetch_response_partition(const struct fetch_response_partition *a,
                                           const struct fetch_response_partition *b)
{
    bool same = true;
    same = same && a->partition_index == b->partition_index;
    same = same && a->error_code == b->error_code;
    same = same && a->high_watermark == b->high_watermark;
    same = same && a->last_stable_offset == b->last_stable_offset;
    same = same && a->log_start_offset == b->log_start_offset;
    same = same && equal_fetch_response_diverging_epoch(&a->diverging_epoch, &b->diverging_epoch);
    same = same && equal_fetch_response_current_leader(&a->current_leader, &b->current_leader);
    same = same && equal_fetch_response_snapshot_id(&a->snapshot_id, &b->snapshot_id);
    same = same && a->aborted_transactions_count == b->aborted_transactions_count;
    same = same && a->aborted_transactions_null == b->aborted_transactions_null;
    for (uint32_t i = 0; same && i < a->aborted_transactions_count; i++) {
        same = equal_fetch_response_aborted_transaction(&a->aborted_transactions[i],
                                                        &b->aborted_transactions[i]);
    }
    same = same && a->preferred_read_replica == b->preferred_read_replica;
    same = same && codec_same_view(a->records, b->records);
    return same;
}

static void random_fetch_response_topic(struct codec_random *random, int16_t version,
                                        struct arena *arena, struct fetch_response_topic *ret)
{
    fetch_response_topic_init(ret);
    if (version <= 12) {
        ret->topic = random_string(random, arena, false);
    }
    if (version >= 13) {
        ret->topic_id = random_uuid(random);
    }
    ret->partitions_count = random_count(random);
    ret->partitions = arena_array(arena, ret->partitions_count, sizeof *ret->partitions);
    for (uint32_t i = 0; i < ret->partitions_count; i++) {
        random_fetch_response_partition(random, version, arena, &ret->partitions[i]);
    }
}

static bool equal_fetch_response_topic(const struct fetch_response_topic *a,
                                       const struct fetch_response_topic *b)
{
    bool same = true;
    same = same && codec_same_view(a->topic, b->topic);
    same = same && uuid_equal(a->topic_id, b->topic_id);
    same = same && a->partitions_count == b->partitions_count;
    for (uint32_t i = 0; same && i < a->partitions_count; i++) {
        same = equal_fetch_response_partition(&a->partitions[i], &b->partitions[i]);
    }
    return same;
}

static void random_fetch_response_node_endpoint(struct codec_random *random, int16_t version,
                                                struct arena *arena,
                                                struct fetch_response_node_endpoint *ret)
{
    (void)version;
    fetch_response_node_endpoint_init(ret);
    ret->node_id = random_i32(random);
    ret->host = random_string(random, arena, false);
    ret->port = random_i32(random);
    ret->rack = random_string(random, arena, true);
}

static bool equal_fetch_response_node_endpoint(const struct fetch_response_node_endpoint *a,
                                               const struct fetch_response_node_endpoint *b)
{
    bool same = true;
    same = same && a->node_id == b->node_id;
    same = same && codec_same_view(a->host, b->host);
    same = same && a->port == b->port;
    same = same && codec_same_view(a->rack, b->rack);
    return same;
}

static void random_fetch_response(struct codec_random *random, int16_t version, struct arena *arena,
                                  struct fetch_response *ret)
{
    fetch_response_init(ret);
    ret->throttle_time_ms = random_i32(random);
    if (version >= 7) {
        ret->error_code = random_i16(random);
        ret->session_id = random_i32(random);
    }
    ret->responses_count = random_count(random);
    ret->responses = arena_array(arena, ret->responses_count, sizeof *ret->responses);
    for (uint32_t i = 0; i < ret->responses_count; i++) {
        random_fetch_response_topic(random, version, arena, &ret->responses[i]);
    }
    if (version >= 16) {
        ret->node_endpoints_count = random_count(random);
        ret->node_endpoints = arena_array(arena, ret->node_endpoints_count,
                                          sizeof *ret->node_endpoints);
        for (uint32_t i = 0; i < ret->node_endpoints_count; i++) {
            random_fetch_response_node_endpoint(random, version, arena, &ret->node_endpoints[i]);
        }
    }
}

static bool equal_fetch_response(const struct fetch_response *a, const struct fetch_response *b)
{
    bool same = true;
    same = same && a->throttle_time_ms == b->throttle_time_ms;
    same = same && a->error_code == b->error_code;
    same = same && a->session_id == b->session_id;
    same = same && a->responses_count == b->responses_count;
    for (uint32_t i = 0; same && i < a->responses_count; i++) {
        same = equal_fetch_response_topic(&a->responses[i], &b->responses[i]);
    }
    same = same && a->node_endpoints_count == b->node_endpoints_count;
    for (uint32_t i = 0; same && i < a->node_endpoints_count; i++) {
        same = equal_fetch_response_node_endpoint(&a->node_endpoints[i], &b->node_endpoints[i]);
    }
    return same;
}

static bool decode_any_fetch_request(struct wire_reader *r, int16_t version, struct arena *arena,
                                     void *ret)
{
    return fetch_request_decode(r, version, arena, ret);
}

static void encode_any_fetch_request(struct wire_writer *w, int16_t version, const void *from)
{
    fetch_request_encode(w, version, from);
}

static void random_any_fetch_request(struct codec_random *random, int16_t version,
                                     struct arena *arena, void *ret)
{
    random_fetch_request(random, version, arena, ret);
}

static bool equal_any_fetch_request(const void *a, const void *b)
{
    return equal_fetch_request(a, b);
}

const struct codec codec_fetch_request = {
    .name = "fetch_request",
    .api_key = 1,
    .is_response = false,
    .version_min = 4,
    .version_max = 17,
    .size = sizeof(struct fetch_request),
    .decode = decode_any_fetch_request,
    .encode = encode_any_fetch_request,
    .random = random_any_fetch_request,
    .equal = equal_any_fetch_request,
};

static bool decode_any_fetch_response(struct wire_reader *r, int16_t version, struct arena *arena,
                                      void *ret)
{
    return fetch_response_decode(r, version, arena, ret);
}

static void encode_any_fetch_response(struct wire_writer *w, int16_t version, const void *from)
{
    fetch_response_encode(w, version, from);
}

static void random_any_fetch_response(struct codec_random *random, int16_t version,
                                      struct arena *arena, void *ret)
{
    random_fetch_response(random, version, arena, ret);
}

static bool equal_any_fetch_response(const void *a, const void *b)
{
    return equal_fetch_response(a, b);
}

const struct codec codec_fetch_response = {
    .name = "fetch_response",
    .api_key = 1,
    .is_response = true,
    .version_min = 4,
    .version_max = 17,
    .size = sizeof(struct fetch_response),
    .decode = decode_any_fetch_response,
    .encode = encode_any_fetch_response,
    .random = random_any_fetch_response,
    .equal = equal_any_fetch_response,
};
