/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORDUROY_TESTS_SIM_SIM_COORDINATORS_H
#define CORDUROY_TESTS_SIM_SIM_COORDINATORS_H

#include "broker/replica/replica_host.h"
#include "tests/sim/sim_history.h"
#include "tests/sim/zk_model.h"

/* Who led the partitions of __consumer_offsets, when, in which epoch: as ZooKeeper had it, and as
 * the brokers themselves believed. With it an answer of a coordinator is judged: it must have led
 * at some moment between question and answer, and what it says may be as old as the moment when
 * somebody else was elected, never older. That is all that is promised: a coordinator that was cut
 * off and does not know yet serves a prefix of what was committed (and commits nothing). */
struct sim_coordinators;

struct sim_coordinators *sim_coordinators_new(struct sim_history *history, unsigned broker_count);
void sim_coordinators_free(struct sim_coordinators *c);
void sim_coordinators_watch(struct sim_coordinators *c, struct zk_model *zk);
/* After a turn of a broker's shard; replicas: that shard's, may be NULL. */
void sim_coordinators_turned(struct sim_coordinators *c, struct sim_process *process,
                             unsigned shard, const struct replica_host *replicas);
void sim_coordinators_ended(struct sim_coordinators *c, struct sim_process *process);

/* The partition of a group; -1 while the topic is not there. */
int32_t sim_coordinators_partition(const struct sim_coordinators *c, struct view group);
/* The broker's id that ZooKeeper names for the group; -1: none. */
int32_t sim_coordinators_of(const struct sim_coordinators *c, struct view group);
/* False: the broker (its id) did not lead the group's partition at any moment from begin to end.
 * *ret_fresh_ns: what was committed before this time, begin at the latest, it must have known. */
bool sim_coordinators_led(const struct sim_coordinators *c, struct view group, int32_t broker,
                          uint64_t begin_ns, uint64_t end_ns, uint64_t *ret_fresh_ns);
/* How often the leader of a partition changed, in ZooKeeper. */
uint64_t sim_coordinators_moved(const struct sim_coordinators *c);

#endif
