/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORDUROY_TESTS_SIM_SIM_CHECKER_H
#define CORDUROY_TESTS_SIM_SIM_CHECKER_H

#include "broker/replica/replica_host.h"
#include "tests/sim/sim_history.h"
#include "tests/sim/zk_model.h"

/* Looks at every broker after each turn of each of its shards, and at ZooKeeper's truth:
 *
 *  - a leader epoch of a partition is led by one process only;
 *  - what was committed once (the largest high watermark of any leader) is in every leader of that
 *    epoch or a later one, and no leader of an older epoch commits more;
 *  - nothing is acknowledged to a client that is not committed;
 *  - every member of the ISR that stands in ZooKeeper has synced up to it (a copy that was damaged
 *    by a flipped bit aside);
 *  - no process cuts its log below its own high watermark;
 *  - now and then each replica's records below its high watermark are read and must be the ones
 *    that the history knows at their offsets.
 *
 * What it finds is noted in the history and ends the run. */
struct sim_checker;

struct sim_totals {
    uint64_t elections, isr_changes, truncations, power_losses, kills, unknown_outcomes;
    uint64_t acknowledged, records_checked, crossed, events;
    uint64_t rebalances, commits, coordinators_moved, late_answers, producer_ids;
};

/* replicas() gives the replicas of a shard of a broker's process, NULL while there are none or
 * when the process is no broker. */
struct sim_checker *sim_checker_new(struct sim_history *history, unsigned broker_count,
                                    struct replica_host *(*replicas)(struct sim_process *process,
                                                                     unsigned shard));
void sim_checker_free(struct sim_checker *c);
/* Hears every write of the model from now on. */
void sim_checker_watch(struct sim_checker *c, struct zk_model *zk);
/* After a turn. */
void sim_checker_turned(struct sim_checker *c, struct sim_process *process, unsigned shard);
void sim_checker_ended(struct sim_checker *c, struct sim_process *process);
/* Reads a part of one replica (drawn) of a running broker. */
void sim_checker_read(struct sim_checker *c, struct sim_process *process);
/* Bits of this broker's disk were flipped: its copies may be suspect. */
void sim_checker_excuse(struct sim_checker *c, unsigned broker);
/* Every replica of every partition is in the ISR; else why not, into `why`. */
bool sim_checker_all_in_sync(const struct sim_checker *c, unsigned replication_factor, char *why,
                             size_t why_size);
/* Adds what was counted. */
void sim_checker_add_totals(const struct sim_checker *c, struct sim_totals *totals);
/* The leader that stands in ZooKeeper (a broker's id, -1: none). */
int32_t sim_checker_leader(const struct sim_checker *c, uint32_t partition);
bool sim_checker_in_isr(const struct sim_checker *c, uint32_t partition, int32_t broker_id);
int64_t sim_checker_committed_end(const struct sim_checker *c, uint32_t partition);

#endif
