/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORDUROY_TESTS_SIM_SIM_GROUPS_H
#define CORDUROY_TESTS_SIM_SIM_GROUPS_H

#include "tests/sim/sim_cluster.h"

/* Consumer groups of a simulated cluster: one or two with members, dynamic or static, and perhaps a
 * simple consumer. While there is trouble members crash without leaving, leave, stop for a while,
 * come back, and start twice under one instance id. Coordinators move by what happens to brokers.
 * What is checked stands in sim_group_checker.h. */
struct sim_groups;

/* Before the cluster's clients; draws who there is. Members start at once. */
struct sim_groups *sim_groups_new(struct sim_cluster *c);
void sim_groups_free(struct sim_groups *g);
/* The members' own trouble begins; sim_groups_calm ends it: who is not there is started. */
void sim_groups_trouble(struct sim_groups *g);
void sim_groups_calm(struct sim_groups *g);
/* Since sim_groups_calm every group has come to a generation in which each member has its
 * assignment, every partition is somebody's, and all have read the committed offsets. Else why not,
 * into `why`. */
bool sim_groups_are_settled(struct sim_groups *g, char *why, size_t why_size);
/* A simple consumer that asks for producer ids is among the clients, all the time. */
void sim_groups_ask_ids(struct sim_groups *g);
/* A broker's shard had its turn; a broker has ended. */
void sim_groups_turned(struct sim_groups *g, struct sim_process *process, unsigned shard);
void sim_groups_ended(struct sim_groups *g, struct sim_process *process);
void sim_groups_add_totals(const struct sim_groups *g, struct sim_totals *totals);
/* The broker's index that coordinates the first group; -1: none. */
int sim_groups_coordinator(const struct sim_groups *g);

#endif
