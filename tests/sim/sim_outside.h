/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORDUROY_TESTS_SIM_SIM_OUTSIDE_H
#define CORDUROY_TESTS_SIM_SIM_OUTSIDE_H

#include "tests/sim/sim_cluster.h"

/* What tools and people write into ZooKeeper by hand, past the brokers. */

/* More partitions for a topic, on brokers one after the other. */
void sim_outside_grow(struct sim_cluster *c, uint32_t topic, int32_t total);
/* min.insync.replicas of t0, and the hint that it was changed; a number for each. */
void sim_outside_min_isr(struct sim_cluster *c, const char *value, unsigned change);
/* Nobody may be elected uncleanly any more, in any topic of the history. */
void sim_outside_forbid_unclean(struct sim_cluster *c);
/* Of t0: everywhere in its assignment broker id `to` takes the place of `from`. Then the controller
 * is sent away, since only its successor takes notice. */
void sim_outside_replace(struct sim_cluster *c, int32_t from, int32_t to);
/* Removes the state node of t0-0, and its partition's node when `all`. */
void sim_outside_remove_state(struct sim_cluster *c, bool all);
/* The id of a broker that has no replica of t0-0; -1: all have one. */
int32_t sim_outside_spare(struct sim_cluster *c);

#endif
