/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORDUROY_TESTS_LIB_PARTITION_MODEL_H
#define CORDUROY_TESTS_LIB_PARTITION_MODEL_H

#include <stdbool.h>
#include <stdint.h>

#include "broker/replica/partition.h"

/* A cluster around one partition, in memory: replicas run the product's step function; logs, disks,
 * the network, a controller and clients are models of them. Everything is drawn from a seed. What a
 * run may meet: processes killed, power lost, disks exchanged for empty ones, streams broken with
 * some of their messages coming late all the same, ISR requests and replies lost, repeated and
 * late, elections of live leaders. After every step the promises are checked (see
 * partition_model.c). */
#define MODEL_BROKERS 3
#define MODEL_RECORDS 600
#define MODEL_MESSAGES 512

struct model_record {
    int32_t epoch;
    uint64_t value;
};
/* A model of one log: the records of [start, end), the truth on disk lags behind. */
struct model_log {
    bool there, created, truncating;
    int64_t start, end, synced_end, high_watermark; /* high_watermark: as it would be restored */
    struct model_record records[MODEL_RECORDS];
    struct model_record before[MODEL_RECORDS]; /* what a crash may bring back while truncating */
    int64_t before_start, before_end;
};
struct model_feed { /* a leader's push to one follower */
    bool active;
    struct cluster_member to;
    uint32_t session;
    int64_t next;
};
struct model_broker {
    bool running, suspect;
    uint64_t incarnation;
    struct partition_config config;
    struct partition partition;
    struct model_log log;
    struct model_feed feeds[MODEL_BROKERS];
    bool stream_wanted[MODEL_BROKERS];
    uint64_t stream_up[MODEL_BROKERS]; /* to the process of that incarnation; 0: down */
    int64_t waiting[MODEL_RECORDS];    /* offsets whose producers wait */
    uint32_t waiting_count;
    struct cluster_item queue[256]; /* the controller's stream to it */
    uint32_t queue_first, queue_count;
    struct cluster_member known[MODEL_BROKERS]; /* as heard by that stream */
    bool known_alive[MODEL_BROKERS];
};
enum model_message_kind {
    MODEL_OPEN,
    MODEL_STATE,
    MODEL_DIVERGE,
    MODEL_RESET,
    MODEL_PUSH,
    MODEL_ACK,
    MODEL_REFUSE,
    MODEL_ISR_CHANGE,
    MODEL_ISR_REPLY,
    MODEL_REPORT,
};
struct model_message {
    enum model_message_kind kind;
    struct cluster_member from, to;
    uint64_t not_before; /* step: it comes late */
    union {
        struct cluster_replica_open open;
        struct cluster_replica_state state;
        struct cluster_diverge diverge;
        struct cluster_reset reset;
        struct cluster_push push;
        struct cluster_ack ack;
        struct cluster_refuse refuse;
        struct cluster_isr_change isr_change;
        struct cluster_isr_reply isr_reply;
        struct cluster_report report;
    } u;
    struct model_record records[8];
};
struct model_counts {
    uint64_t steps, elections, isr_changes, truncations, resets, kills, power_losses, disk_swaps,
        broken_streams, late_messages, wrong_guesses, unknown_outcomes, appended, acknowledged;
};
struct partition_model {
    uint64_t seed;
    int64_t now_ms;
    struct model_broker brokers[MODEL_BROKERS];
    struct model_message messages[MODEL_MESSAGES];
    uint32_t message_count;
    struct model_message spilled;
    bool overflowed;
    /* the controller and what stands in its store */
    struct cluster_partition_item state;
    struct cluster_member members[MODEL_BROKERS];
    bool alive[MODEL_BROKERS], out[MODEL_BROKERS], created[MODEL_BROKERS];
    int32_t refused_epoch;
    uint64_t refused_request; /* the last ISR change that was refused in that epoch */
    /* the truth */
    uint64_t value_last, incarnation_last;
    struct model_record committed[MODEL_RECORDS]; /* value 0: not yet */
    struct model_record acknowledged[MODEL_RECORDS];
    int32_t acknowledged_epoch[MODEL_RECORDS];       /* of the leader that did it */
    struct model_record assigned[64][MODEL_RECORDS]; /* by epoch and offset */
    struct model_counts counts;
    bool healing;
    char violation[256]; /* empty: none */
};

struct partition_model *partition_model_new(uint64_t seed, unsigned mutation);
void partition_model_free(struct partition_model *m);
/* So many random steps; false when a promise was broken (m->violation says which). */
bool partition_model_run(struct partition_model *m, uint32_t steps);
/* Faults end; false when the replicas do not all come into the ISR with everything committed. */
bool partition_model_heal(struct partition_model *m, uint32_t steps_max);

#endif
