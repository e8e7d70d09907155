/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORDUROY_TESTS_SIM_SIM_UNCLEAN_H
#define CORDUROY_TESTS_SIM_SIM_UNCLEAN_H

#include "tests/sim/sim_cluster.h"

/* The end of a time in which leaders might be elected uncleanly (sim_cluster_options.unclean).
 * Everything is healed and in sync again; what has become of the logs then counts, is the same in
 * every copy, and nothing of it may be lost from now on. False: there is a violation. */
bool sim_unclean_end(struct sim_cluster *c);

#endif
