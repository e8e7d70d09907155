/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORDUROY_TESTS_SIM_SIM_ZK_H
#define CORDUROY_TESTS_SIM_SIM_ZK_H

#include "tests/sim/sim_world.h"
#include "tests/sim/zk_model.h"

/* A model of ZooKeeper (zk_model.h) that lives in the world's time and chance. To be freed after
 * the world, and with zk_model_free. */
struct zk_model *sim_zk_new(struct sim_world *w, const struct zk_model_options *options);

#endif
