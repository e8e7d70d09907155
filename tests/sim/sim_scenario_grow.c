/* SPDX-License-Identifier: Apache-2.0 */
/* Topics that get more partitions. */
#include "tests/sim/sim_play.h"

#define ROUNDS 6

void sim_with_room(struct sim_cluster_options *o)
{
    sim_calm(o);
    o->topic_count = o->partition_count = 1;
    o->grows_to = 1 + ROUNDS;
}

static bool stands(struct sim_cluster *c, void *context)
{
    (void)context;
    return c->history->topics[0].standing >= c->history->topics[0].made;
}

/* ---- the controller dies when the new partitions stand in ZooKeeper, and nobody knows of them ---
 */
void sim_play_grown_and_gone(struct sim_cluster *c)
{
    for (int i = 0; i < ROUNDS && sim_settle(c); i++) {
        sim_cluster_run(c, sim_between(c, 1, 1500) * SIM_MS);
        sim_cluster_grow(c, 0, c->history->topics[0].made + 1, false);
        if (!sim_cluster_run_until(c, 60 * SIM_SECOND, stands, NULL)) {
            sim_violation(c->history, "liveness: a topic does not grow");
            return;
        }
        if (i % 3 != 0) /* or later: some brokers have heard, some states are written */
            sim_cluster_run(c, sim_between(c, 1, i % 3 == 1 ? 5000 : 60000) * (SIM_MS / 1000));
        int32_t controller = sim_cluster_controller(c);
        if (controller > 0)
            sim_cluster_kill(c, (unsigned)controller - 1);
        sim_cluster_run(c, sim_between(c, 1, 9000) * SIM_MS);
    }
}

/* ---- a tool and a client make more of the same topic at the same time ---- */
void sim_play_grown_by_two(struct sim_cluster *c)
{
    for (int i = 0; i < ROUNDS / 2 && sim_settle(c); i++) {
        sim_cluster_grow(c, 0, c->history->topics[0].made + 1, false);
        sim_cluster_run(c, sim_between(c, 1, 40000) * (SIM_MS / 1000));
        sim_cluster_grow(c, 0, c->history->topics[0].made + 1, true);
        sim_cluster_run(c, sim_between(c, 1, 3000) * SIM_MS);
    }
}
