/* SPDX-License-Identifier: Apache-2.0 */
/* Made by proto/tools/gen.py from proto/schema/fetch.json: do not edit. */
#ifndef CORDUROY_PROTO_GEN_FETCH_H
#define CORDUROY_PROTO_GEN_FETCH_H

#include "proto/wire.h"

/* Fetch (key 1), versions 4-17, flexible from 12. Reads record batches. KIP-98 (4), KIP-107 (5),
 * KIP-227 sessions (7), KIP-320 (9), KIP-392 (11), KIP-516 topic ids (13), KIP-903 (15), KIP-951
 * (16), KIP-853 (17). */

struct fetch_request_replica_state {
    /* -1 for a consumer. */
    int32_t replica_id;
    /* Broker epoch of the follower; -1: none. */
    int64_t replica_epoch;
};
void fetch_request_replica_state_init(struct fetch_request_replica_state *ret);

struct fetch_request_partition {
    int32_t partition;
    /* 9+. Epoch that the asker believes in; -1: do not check. */
    int32_t current_leader_epoch;
    int64_t fetch_offset;
    /* 12+. Epoch of the last record that the asker has; -1: do not check. */
    int32_t last_fetched_epoch;
    /* 5+. A follower's own first offset; consumers send -1. */
    int64_t log_start_offset;
    /* Upper bound for this partition (KIP-74). */
    int32_t partition_max_bytes;
    /* 17+, tag 0. Directory of the follower's copy (KIP-853). */
    struct uuid replica_directory_id;
};
void fetch_request_partition_init(struct fetch_request_partition *ret);

struct fetch_request_topic {
    /* 4-12. */
    struct view topic;
    /* 13+. */
    struct uuid topic_id;
    uint32_t partitions_count;
    struct fetch_request_partition *partitions;
};
void fetch_request_topic_init(struct fetch_request_topic *ret);

struct fetch_request_forgotten_topic {
    /* 7-12. */
    struct view topic;
    /* 13+. */
    struct uuid topic_id;
    uint32_t partitions_count;
    const int32_t *partitions;
};
void fetch_request_forgotten_topic_init(struct fetch_request_forgotten_topic *ret);

struct fetch_request {
    /* 12+, tag 0, may be null. Null when not known. */
    struct view cluster_id;
    /* 4-14. -1 for a consumer. */
    int32_t replica_id;
    /* 15+, tag 1. Who a follower is (KIP-903). */
    struct fetch_request_replica_state replica_state;
    /* How long to wait for min_bytes. */
    int32_t max_wait_ms;
    /* Answer as soon as so many bytes are there. */
    int32_t min_bytes;
    /* Upper bound for the answer; the first batch always fits (KIP-74). */
    int32_t max_bytes;
    /* 0: up to the high watermark, 1: up to the last stable offset. */
    int8_t isolation_level;
    /* 7+. 0: no session yet (KIP-227). */
    int32_t session_id;
    /* 7+. -1: no session, 0: a new one, else counted up per request. */
    int32_t session_epoch;
    uint32_t topics_count;
    struct fetch_request_topic *topics;
    /* 7+. Leaves the session. */
    uint32_t forgotten_topics_data_count;
    struct fetch_request_forgotten_topic *forgotten_topics_data;
    /* 11+. Rack of the consumer, to be sent to a near replica (KIP-392). */
    struct view rack_id;
};
void fetch_request_init(struct fetch_request *ret);

MUST_CHECK
bool fetch_request_decode(struct wire_reader *r, int16_t version, struct arena *arena,
                          struct fetch_request *ret);
void fetch_request_encode(struct wire_writer *w, int16_t version, const struct fetch_request *from);

struct fetch_response_diverging_epoch {
    int32_t epoch;
    /* Offset after the last record of the epoch; -1: not known. */
    int64_t end_offset;
};
void fetch_response_diverging_epoch_init(struct fetch_response_diverging_epoch *ret);

struct fetch_response_current_leader {
    /* -1: none. */
    int32_t leader_id;
    /* -1: not known. */
    int32_t leader_epoch;
};
void fetch_response_current_leader_init(struct fetch_response_current_leader *ret);

struct fetch_response_snapshot_id {
    /* Offset after the last record of the epoch; -1: not known. */
    int64_t end_offset;
    int32_t epoch;
};
void fetch_response_snapshot_id_init(struct fetch_response_snapshot_id *ret);

struct fetch_response_aborted_transaction {
    int64_t producer_id;
    /* First record of the aborted transaction. */
    int64_t first_offset;
};
void fetch_response_aborted_transaction_init(struct fetch_response_aborted_transaction *ret);

struct fetch_response_partition {
    int32_t partition_index;
    int16_t error_code;
    /* Offset after the last committed record. */
    int64_t high_watermark;
    /* Before it every transaction is decided; -1: not known. */
    int64_t last_stable_offset;
    /* 5+. First offset that can be read; -1: not known. */
    int64_t log_start_offset;
    /* 12+, tag 0. Where the asker's log leaves ours: cut there. */
    struct fetch_response_diverging_epoch diverging_epoch;
    /* 12+, tag 1. Told with NOT_LEADER_OR_FOLLOWER and the epoch errors (KIP-951). */
    struct fetch_response_current_leader current_leader;
    /* 12+, tag 2. Only of use between KRaft controllers. */
    struct fetch_response_snapshot_id snapshot_id;
    /* May be null. For isolation level 1; null for 0. */
    uint32_t aborted_transactions_count;
    bool aborted_transactions_null; /* then aborted_transactions_count is 0 */
    struct fetch_response_aborted_transaction *aborted_transactions;
    /* 11+. Ask there from now on; -1: stay. */
    int32_t preferred_read_replica;
    /* May be null. Record batches as they lie in the log. */
    struct view records;
};
void fetch_response_partition_init(struct fetch_response_partition *ret);

struct fetch_response_topic {
    /* 4-12. */
    struct view topic;
    /* 13+. */
    struct uuid topic_id;
    uint32_t partitions_count;
    struct fetch_response_partition *partitions;
};
void fetch_response_topic_init(struct fetch_response_topic *ret);

struct fetch_response_node_endpoint {
    int32_t node_id;
    struct view host;
    int32_t port;
    /* May be null. Null when none is set. */
    struct view rack;
};
void fetch_response_node_endpoint_init(struct fetch_response_node_endpoint *ret);

struct fetch_response {
    /* How long the client should hold back; 0 without a quota. */
    int32_t throttle_time_ms;
    /* 7+. */
    int16_t error_code;
    /* 7+. 0: no session was made. */
    int32_t session_id;
    uint32_t responses_count;
    struct fetch_response_topic *responses;
    /* 16+, tag 0. Where the leaders named in this answer listen (KIP-951). */
    uint32_t node_endpoints_count;
    struct fetch_response_node_endpoint *node_endpoints;
};
void fetch_response_init(struct fetch_response *ret);

MUST_CHECK
bool fetch_response_decode(struct wire_reader *r, int16_t version, struct arena *arena,
                           struct fetch_response *ret);
void fetch_response_encode(struct wire_writer *w, int16_t version,
                           const struct fetch_response *from);

#endif
