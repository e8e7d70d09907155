/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORDUROY_TESTS_SIM_SIM_FAULTS_H
#define CORDUROY_TESTS_SIM_SIM_FAULTS_H

#include "tests/sim/sim_cluster.h"

/* Trouble for a cluster, drawn from the world's seed. Each run leaves out some kinds (swarm
 * testing): a run with everything at once rarely gets far enough to show what one kind does. */
struct sim_faults;
/* Faults begin to happen, until sim_faults_stop. What is broken then stays broken until
 * sim_cluster_finish heals it. */
struct sim_faults *sim_faults_new(struct sim_cluster *c);
void sim_faults_stop(struct sim_faults *f);
/* After the world is freed. */
void sim_faults_free(struct sim_faults *f);

#endif
