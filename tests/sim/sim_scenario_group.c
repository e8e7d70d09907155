/* SPDX-License-Identifier: Apache-2.0 */
/* Coordinators of groups that go away at bad moments, and producer ids. */
#include "tests/sim/sim_groups.h"
#include "tests/sim/sim_play.h"

void sim_with_groups(struct sim_cluster_options *o)
{
    sim_calm(o);
    o->groups = true;
}

/* The broker that coordinates the first group; any other before that is known. */
static unsigned coordinator_of(struct sim_cluster *c)
{
    int broker = sim_groups_coordinator(c->groups);
    return broker >= 0 ? (unsigned)broker : 0;
}

static bool groups_settled(struct sim_cluster *c, void *context)
{
    char why[128];
    (void)context;
    return sim_groups_are_settled(c->groups, why, sizeof why);
}

/* It goes while members join, sync and commit, and often comes back before anybody noticed; often
 * the others have not heard the last of it. */
void sim_play_coordinator_dies(struct sim_cluster *c)
{
    struct sim_weather slow = c->options.weather;
    slow.net.slow_once_in = 4;
    slow.net.slow_max_ns = 300 * SIM_MS;
    sim_world_set_weather(c->world, &slow);
    sim_cluster_run_until(c, 30 * SIM_SECOND, groups_settled, NULL);
    sim_groups_trouble(c->groups);
    for (int i = 0; i < 12 && sim_settle(c); i++) {
        sim_cluster_run(c, sim_between(c, 100, 4000) * SIM_MS);
        unsigned broker = coordinator_of(c);
        if (i % 3 == 0) {
            sim_cluster_isolate(c, broker, true, false);
            sim_cluster_run(c, sim_between(c, 10, 1500) * SIM_MS);
        }
        switch (sim_between(c, 0, 3)) {
        case 0:
            sim_cluster_power_off(c, broker);
            break;
        case 1:
            sim_process_terminate(c->brokers[broker].process);
            break;
        default:
            sim_cluster_kill(c, broker);
            break;
        }
        sim_cluster_isolate(c, broker, false, false);
        sim_cluster_run(c, sim_between(c, 1, i % 2 ? 100 : 5000) * SIM_MS);
        sim_cluster_start(c, broker);
    }
}

/* It is cut off from the others, or stands still, and clients go on asking it while another is
 * elected. */
void sim_play_coordinator_cut_off(struct sim_cluster *c)
{
    sim_cluster_run_until(c, 30 * SIM_SECOND, groups_settled, NULL);
    sim_groups_trouble(c->groups);
    for (int i = 0; i < 8 && sim_settle(c); i++) {
        unsigned broker = coordinator_of(c);
        sim_cluster_run(c, sim_between(c, 1, 2000) * SIM_MS);
        bool stands = i % 4 == 3 && sim_cluster_runs(c, broker);
        if (stands)
            sim_process_pause(c->brokers[broker].process, true);
        else
            sim_cluster_isolate(c, broker, true, true);
        sim_cluster_run(c, sim_between(c, 3000, 14000) * SIM_MS);
        if (stands && sim_cluster_runs(c, broker))
            sim_process_pause(c->brokers[broker].process, false);
        sim_cluster_isolate(c, broker, false, true);
    }
}

/* Blocks of ids are taken by several at once, and answers of ZooKeeper get lost. */
void sim_play_producer_ids(struct sim_cluster *c)
{
    for (int i = 0; i < 15 && sim_settle(c); i++) {
        sim_groups_ask_ids(c->groups);
        for (unsigned b = 0; b < c->options.broker_count; b++)
            sim_cluster_kill(c, b);
        sim_cluster_run(c, sim_between(c, 1, 50) * SIM_MS);
        sim_cluster_start_all(c);
        for (int k = 0; k < 4; k++) {
            sim_cluster_run(c, sim_between(c, 100, 3000) * SIM_MS);
            unsigned b = (unsigned)sim_between(c, 0, c->options.broker_count - 1);
            if (sim_cluster_runs(c, b))
                zk_client_break_at(sim_process_zk(c->brokers[b].process),
                                   (uint32_t)sim_between(c, 0, 5),
                                   (enum zk_break)sim_between(c, 0, 2));
        }
    }
}
