/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/sim/sim_play.h"

unsigned sim_leader_of(struct sim_cluster *c, uint32_t partition)
{
    int32_t leader = sim_checker_leader(c->checker, partition);
    return leader > 0 ? (unsigned)leader - 1 : 0;
}

bool sim_part_leader_from_controller(struct sim_cluster *c, unsigned *ret_leader,
                                     unsigned *ret_controller)
{
    int32_t controller = sim_cluster_controller(c);
    *ret_leader = sim_leader_of(c, 0);
    if (controller <= 0 || (unsigned)controller - 1 == *ret_leader) {
        sim_cluster_kill(c, *ret_leader);
        sim_cluster_run(c, 8 * SIM_SECOND);
        return false;
    }
    *ret_controller = (unsigned)controller - 1;
    return true;
}

unsigned sim_follower_of(struct sim_cluster *c, unsigned n)
{
    return (sim_leader_of(c, 0) + 1 + n) % c->options.broker_count;
}

uint64_t sim_between(struct sim_cluster *c, uint64_t min, uint64_t max)
{
    return sim_random_range(sim_world_random(c->world), min, max);
}

static bool all_in_sync(struct sim_cluster *c, void *context)
{
    char why[128];
    (void)context;
    return sim_checker_all_in_sync(c->checker, (unsigned)c->options.replication_factor, why,
                                   sizeof why);
}

bool sim_settle(struct sim_cluster *c)
{
    sim_cluster_start_all(c);
    sim_cluster_run_until(c, 60 * SIM_SECOND, all_in_sync, NULL);
    return !sim_cluster_violation(c);
}

struct isr_wait {
    unsigned broker;
    bool in;
};

static bool isr_is(struct sim_cluster *c, void *context)
{
    const struct isr_wait *wait = context;
    return sim_checker_in_isr(c->checker, 0, (int32_t)wait->broker + 1) == wait->in;
}

bool sim_wait_isr(struct sim_cluster *c, unsigned broker, bool in)
{
    struct isr_wait wait = {broker, in};
    return sim_cluster_run_until(c, 60 * SIM_SECOND, isr_is, &wait);
}

void sim_calm(struct sim_cluster_options *o)
{
    o->weather = sim_weather_calm;
    o->min_isr = 2;
    o->dir_count = 1;
    o->retention_ms = o->retention_bytes = 0;
    o->fleeting = o->unclean = o->reshards = false;
    o->broker_count = 3;
    o->replication_factor = 3;
    o->rebalance_s = 300;
}
