/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/sim/sim_unclean.h"

#include "tests/sim/sim_outside.h"

#define IN_SYNC_NS (120 * SIM_SECOND)
#define QUIET_NS (5 * SIM_SECOND) /* answers of old leaders have arrived */

static bool all_read(struct sim_cluster *c, void *context)
{
    bool done = true;
    (void)context;
    for (unsigned b = 0; b < c->options.broker_count; b++)
        done &= sim_cluster_runs(c, b) && sim_checker_read_all(c->checker, c->brokers[b].process);
    return done;
}

static bool settle(struct sim_cluster *c)
{
    char why[256] = "";
    if (sim_cluster_wait(c, IN_SYNC_NS, sim_cluster_in_sync))
        return true;
    sim_checker_all_in_sync(c->checker, (unsigned)c->options.replication_factor, why, sizeof why);
    sim_violation(c->history, "liveness: %s long after unclean elections", why);
    return false;
}

bool sim_unclean_end(struct sim_cluster *c)
{
    sim_cluster_heal(c);
    sim_outside_forbid_unclean(c);
    if (!settle(c) || !sim_cluster_run(c, QUIET_NS) || !settle(c))
        return false;
    for (uint32_t p = 0; p < c->history->partition_count; p++) {
        if (!c->history->partitions[p].unclean)
            continue;
        sim_checker_begin_anew(c->checker, p);
        for (unsigned i = 0; i < c->consumer_count; i++)
            sim_consumer_rewind(sim_consumer_of(c->consumers[i]), p);
    }
    sim_checker_may_lose(c->checker, false);
    c->options.unclean = false;
    if (!sim_cluster_wait(c, IN_SYNC_NS, all_read) && !c->history->violation)
        sim_violation(c->history, "liveness: the copies cannot be read to their ends");
    return !c->history->violation;
}
