/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORDUROY_TESTS_SIM_SIM_CHECKER_INTERNAL_H
#define CORDUROY_TESTS_SIM_SIM_CHECKER_INTERNAL_H

#include "tests/sim/sim_checker.h"

/* What the checker's files share; nobody else includes it. */
#define BROKERS_MAX 8

/* A leader epoch and the process that led it. */
struct reign {
    int32_t epoch;
    unsigned broker, process;
};
/* What a broker's replica was like when it was seen last. */
struct copy {
    bool known, damaged, distrusted;
    bool suspected; /* was distrusted since it was hit */
    unsigned process;
    uint64_t turn; /* when it was looked at last */
    enum partition_state state;
    int32_t led_epoch; /* -1: it did not lead */
    int64_t isr_count; /* when it was looked at last: a turn may commit first and shrink then */
    int64_t start, end, synced_end, high_watermark, read_to;
};
struct checked_partition {
    struct reign *reigns;
    size_t reign_count, reign_capacity;
    int64_t committed_end;
    int32_t committed_epoch;
    struct copy copies[BROKERS_MAX];
    /* as it stands in ZooKeeper */
    int32_t leader, leader_epoch, isr[BROKERS_MAX];
    uint32_t isr_count;
    bool recovering;
};
struct sim_checker {
    struct sim_history *history;
    unsigned broker_count;
    struct replica_host *(*replicas)(struct sim_process *process, unsigned shard);
    struct checked_partition *partitions; /* as in the history */
    uint64_t elections, isr_changes, truncations, records_checked, removed;
    uint64_t turns; /* of all brokers' shards */
    int64_t retention_ms, retention_bytes;
    bool may_lose; /* topics allow unclean elections */
    bool matches;  /* they did: whole logs are compared */
    uint64_t unclean_elections;
    unsigned running[BROKERS_MAX]; /* the number of the process that was looked at last; 0: none */
    void (*alone)(void *context, uint32_t partition, unsigned broker);
    void *alone_context;
};

/* The partition's topic and number, into name. */
const char *sim_checker_name(const struct sim_checker *c, uint32_t index, char name[48]);

#endif
