/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORDUROY_TESTS_SIM_SIM_IDS_H
#define CORDUROY_TESTS_SIM_SIM_IDS_H

#include "tests/sim/sim_history.h"
#include "tests/sim/zk_model.h"

/* Every producer id that any client was given, and every block that stood in ZooKeeper: blocks
 * follow one another without overlapping, an id lies in a block of the broker that gave it, and no
 * id is given twice, whoever restarts. What contradicts that is noted in the history. */
struct sim_ids;

struct sim_ids *sim_ids_new(struct sim_history *history);
void sim_ids_free(struct sim_ids *ids);
/* Hears of the model's writes from now on. */
void sim_ids_watch(struct sim_ids *ids, struct zk_model *zk);
/* A client was given this id by that broker (its id). */
void sim_ids_given(struct sim_ids *ids, int64_t producer_id, int32_t broker);
uint64_t sim_ids_count(const struct sim_ids *ids);

#endif
