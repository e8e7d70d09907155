/* SPDX-License-Identifier: Apache-2.0 */
/* Leaders that an operator's choice lets lead without all that was acknowledged: that is lost, but
 * nothing else, and what comes afterwards is one log again. */
#include "tests/sim/sim_play.h"
#include "tests/sim/sim_unclean.h"

void sim_allow_unclean(struct sim_cluster_options *o)
{
    sim_calm(o);
    o->unclean = true;
    o->min_isr = o->seed % 3 == 0 ? 2 : 1;
    o->segment_bytes = 32768;
    if (o->seed % 4 == 0)
        o->retention_bytes = 70000;
}

/* The leader is left alone in sync, goes on alone, and goes away; or is only cut off, and does not
 * hear for a while that others lead. */
static void lose_leader(struct sim_cluster *c, unsigned leader, bool cut_off)
{
    for (unsigned b = 0; b < c->options.broker_count; b++)
        if (b != leader)
            sim_cluster_kill(c, b);
    for (unsigned b = 0; b < c->options.broker_count; b++)
        if (b != leader)
            sim_wait_isr(c, b, false);
    sim_cluster_run(c, sim_between(c, 1, 6000) * SIM_MS);
    if (cut_off)
        sim_cluster_isolate(c, leader, true, true);
    else if (sim_between(c, 0, 1))
        sim_cluster_power_off(c, leader);
    else
        sim_cluster_kill(c, leader);
}

static void start_others(struct sim_cluster *c, unsigned leader)
{
    unsigned late = sim_follower_of(c, (unsigned)sim_between(c, 0, 1));
    for (unsigned b = 0; b < c->options.broker_count; b++)
        if (b != leader && b != late)
            sim_cluster_start(c, b);
    sim_cluster_run(c, sim_between(c, 1, 12000) * SIM_MS);
    if (late != leader)
        sim_cluster_start(c, late);
    sim_cluster_run(c, sim_between(c, 500, 12000) * SIM_MS);
}

/* It has to cut what it acknowledged; power may fail meanwhile, or the new leader goes. */
static void bring_back(struct sim_cluster *c, unsigned leader, bool cut_off)
{
    if (cut_off) {
        sim_cluster_isolate(c, leader, false, true);
    } else {
        sim_cluster_start(c, leader);
        if (sim_between(c, 0, 1))
            sim_host_power_off_at(c->brokers[leader].host, 0, sim_between(c, 0, 300));
    }
    sim_cluster_run(c, sim_between(c, 1, 1500) * SIM_MS);
    if (sim_between(c, 0, 2) == 0)
        for (unsigned b = 0; b < c->options.broker_count; b++)
            sim_cluster_power_off(c, b);
    else if (sim_between(c, 0, 1))
        sim_cluster_kill(c, sim_leader_of(c, 0));
    sim_cluster_run(c, sim_between(c, 1, 500) * SIM_MS);
}

void sim_play_unclean(struct sim_cluster *c)
{
    for (int i = 0; i < 5 && sim_settle(c); i++) {
        unsigned leader = sim_leader_of(c, 0);
        bool cut_off = sim_between(c, 0, 2) == 0;
        lose_leader(c, leader, cut_off);
        start_others(c, leader);
        bring_back(c, leader, cut_off);
    }
    if (sim_cluster_violation(c) || !sim_unclean_end(c))
        return;
    sim_cluster_add_producer(c, true);
    for (int i = 0; i < 3 && sim_settle(c); i++) {
        sim_cluster_run(c, sim_between(c, 100, 3000) * SIM_MS);
        sim_cluster_kill(c, sim_leader_of(c, 0));
        sim_cluster_run(c, sim_between(c, 1, 3000) * SIM_MS);
    }
}
