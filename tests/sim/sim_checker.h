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
 *  - a topic never has fewer partitions than it had;
 *  - a log's start moves only over what is committed, and only over what retention may remove;
 *  - now and then each replica's records below its high watermark are read and must be the ones
 *    that the history knows at their offsets.
 *
 * What it finds is noted in the history and ends the run. */
struct sim_checker;

struct sim_totals {
    uint64_t elections, isr_changes, truncations, power_losses, kills, unknown_outcomes;
    uint64_t acknowledged, records_checked, crossed, events;
    uint64_t rebalances, commits, coordinators_moved, late_answers, producer_ids;
    uint64_t flipped, noticed, full_disks, failed_dirs, removed, recreated, lost;
    uint64_t unclean_elections, grown;
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
/* Reads on in every replica of a running broker; true when there is nothing more to read. */
bool sim_checker_read_all(struct sim_checker *c, struct sim_process *process);
/* Topics allow unclean elections, from now on or no more: where one is held what was acknowledged
 * may be lost, and only this is checked: one process leads an epoch, and no two records are of one
 * epoch at one offset, in any copy. */
void sim_checker_may_lose(struct sim_checker *c, bool may_lose);
/* After that, when all are in sync: what the leader has counts, and is checked like anything else
 * from now on. A violation when the partition is still marked as recovering. */
void sim_checker_begin_anew(struct sim_checker *c, uint32_t partition);
/* Bits of this broker's disk were flipped: its copies may be suspect. */
void sim_checker_excuse(struct sim_checker *c, unsigned broker);
/* What retention may remove, of every topic; -1: nothing for that reason. */
void sim_checker_retention(struct sim_checker *c, int64_t retention_ms, int64_t retention_bytes);
/* Bits of this copy were flipped; or its bytes are good again, and it counts like any other. */
void sim_checker_hit(struct sim_checker *c, uint32_t partition, unsigned broker, bool hit);
/* Called when a copy that was hit becomes the only one in sync, before anybody acts on that. */
void sim_checker_on_alone(struct sim_checker *c,
                          void (*alone)(void *context, uint32_t partition, unsigned broker),
                          void *context);
bool sim_checker_is_in_sync(const struct sim_checker *c, uint32_t partition,
                            unsigned replication_factor);
/* Since it was hit, a process has said that the copy is damaged. */
bool sim_checker_was_suspected(const struct sim_checker *c, uint32_t partition, unsigned broker);
/* A process runs there, trusts its copy, is in the ISR and has synced all that is committed. */
bool sim_checker_is_sound(const struct sim_checker *c, uint32_t partition, unsigned broker);
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
