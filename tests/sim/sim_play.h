/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORDUROY_TESTS_SIM_SIM_PLAY_H
#define CORDUROY_TESTS_SIM_SIM_PLAY_H

#include "tests/sim/sim_run.h"

/* What the scenarios share, and those that have a file of their own. */

/* The index of the broker that leads partition 0, as ZooKeeper has it. */
unsigned sim_leader_of(struct sim_cluster *c, uint32_t partition);
/* The brokers that lead partition 0 and the cluster, when they are two. Otherwise the one that is
 * both is killed, for another try: false. */
bool sim_part_leader_from_controller(struct sim_cluster *c, unsigned *ret_leader,
                                     unsigned *ret_controller);
/* A broker that is not the leader of partition 0: the n-th after it. */
unsigned sim_follower_of(struct sim_cluster *c, unsigned n);
uint64_t sim_between(struct sim_cluster *c, uint64_t min, uint64_t max);
/* Everybody runs and is in sync, or a minute has passed. False: there is a violation. */
bool sim_settle(struct sim_cluster *c);
/* Waits until the broker is in the ISR of partition 0, or is not. */
bool sim_wait_isr(struct sim_cluster *c, unsigned broker, bool in);
/* One disk each, nothing retained away, no bad weather. */
void sim_calm(struct sim_cluster_options *o);

/* ---- sim_scenario_stops.c ---- */
void sim_early_stop_between(struct sim_cluster *c);
void sim_play_stops(struct sim_cluster *c);

/* ---- sim_scenario_disk.c ---- */
void sim_one_partition(struct sim_cluster_options *o);
void sim_three_disks(struct sim_cluster_options *o);
void sim_small_logs(struct sim_cluster_options *o);
void sim_play_damaged_segment(struct sim_cluster *c);
void sim_play_full_disk(struct sim_cluster *c);
void sim_play_one_disk_fails(struct sim_cluster *c);
void sim_play_one_disk_swapped(struct sim_cluster *c);
void sim_play_left_behind(struct sim_cluster *c);

/* ---- sim_scenario_hand.c ---- */
void sim_four_brokers(struct sim_cluster_options *o);
void sim_one_replica(struct sim_cluster_options *o);
void sim_play_replaced_by_hand(struct sim_cluster *c);
void sim_play_assigned_elsewhere(struct sim_cluster *c);
void sim_play_state_removed(struct sim_cluster *c);
void sim_play_moved_by_hand(struct sim_cluster *c);

/* ---- sim_scenario_group.c ---- */
void sim_with_groups(struct sim_cluster_options *o);
void sim_play_coordinator_dies(struct sim_cluster *c);
void sim_play_coordinator_cut_off(struct sim_cluster *c);
void sim_play_producer_ids(struct sim_cluster *c);

/* ---- sim_scenario_grow.c ---- */
void sim_with_room(struct sim_cluster_options *o);
void sim_play_grown_and_gone(struct sim_cluster *c);
void sim_play_grown_by_two(struct sim_cluster *c);

/* ---- sim_scenario_lead.c ---- */
void sim_play_untold_joiner(struct sim_cluster *c);
void sim_one_producer(struct sim_cluster_options *o);
void sim_play_cut_producers(struct sim_cluster *c);
void sim_forgetting(struct sim_cluster_options *o);
void sim_play_forgotten_producers(struct sim_cluster *c);
void sim_play_elect_from_isr(struct sim_cluster *c);

/* ---- sim_scenario_unclean.c ---- */
void sim_allow_unclean(struct sim_cluster_options *o);
void sim_play_unclean(struct sim_cluster *c);

#endif
