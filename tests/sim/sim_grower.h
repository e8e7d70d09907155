/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORDUROY_TESTS_SIM_SIM_GROWER_H
#define CORDUROY_TESTS_SIM_SIM_GROWER_H

#include "tests/sim/sim_client.h"

/* A client that asks for more partitions (CreatePartitions), again and again until the topic has
 * them. */
struct sim_grower;
/* options are copied. */
struct sim_process *sim_grower_start(struct sim_host *host,
                                     const struct sim_client_options *options);
/* The topic of the history shall have so many. */
void sim_grower_ask(struct sim_process *process, uint32_t topic, int32_t total);

#endif
