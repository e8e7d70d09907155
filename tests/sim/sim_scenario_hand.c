/* SPDX-License-Identifier: Apache-2.0 */
/* Scenarios of people who write into ZooKeeper past the brokers. */
#include "tests/sim/sim_outside.h"
#include "tests/sim/sim_play.h"

/* ---- somebody gives a replica of a broker that is away to another one, by hand ---- */
void sim_four_brokers(struct sim_cluster_options *o)
{
    sim_calm(o);
    o->topic_count = o->partition_count = 1;
    o->broker_count = 4;
    o->shard_counts[3] = o->shard_counts[0];
}

void sim_play_replaced_by_hand(struct sim_cluster *c)
{
    for (int i = 0; i < 5 && sim_settle(c); i++) {
        int32_t spare = sim_outside_spare(c);
        unsigned away = sim_follower_of(c, 0);
        while ((int32_t)away + 1 == spare || away == sim_leader_of(c, 0))
            away = (away + 1) % c->options.broker_count;
        sim_cluster_kill(c, away);
        if (spare < 0 || !sim_wait_isr(c, away, false))
            return;
        sim_outside_replace(c, (int32_t)away + 1, spare);
        sim_cluster_run(c, sim_between(c, 1, 3000) * SIM_MS);
        sim_cluster_start(c, away);
        if (!sim_wait_isr(c, (unsigned)spare - 1, true)) {
            sim_violation(c->history, "liveness: a replica given by hand is never in sync");
            return;
        }
        sim_cluster_kill(c, away);
        sim_cluster_run(c, sim_between(c, 1, 3000) * SIM_MS);
        sim_cluster_start(c, away);
        sim_cluster_run(c, sim_between(c, 1, 3000) * SIM_MS);
    }
}

/* ---- somebody gives the replica of a broker that is in sync to another one, by hand ---- */

static bool moved(struct sim_cluster *c, unsigned from, unsigned to)
{
    if (sim_wait_isr(c, to, true) && sim_wait_isr(c, from, false) && sim_settle(c))
        return true;
    sim_violation(c->history, "liveness: a replica given by hand to another broker does not move");
    return false;
}

void sim_play_assigned_elsewhere(struct sim_cluster *c)
{
    for (int i = 0; i < 5 && sim_settle(c); i++) {
        int32_t spare = sim_outside_spare(c);
        unsigned from = (unsigned)sim_between(c, 0, c->options.broker_count - 1);
        unsigned killed = (unsigned)sim_between(c, 0, c->options.broker_count - 1);
        if (spare < 0)
            return;
        if ((int32_t)from + 1 == spare)
            from = sim_leader_of(c, 0);
        sim_outside_replace(c, (int32_t)from + 1, spare);
        sim_cluster_run(c, sim_between(c, 1, 3000) * SIM_MS);
        sim_cluster_kill(c, killed);
        sim_cluster_run(c, sim_between(c, 1, 3000) * SIM_MS);
        sim_cluster_start(c, killed);
        if (!moved(c, from, (unsigned)spare - 1))
            return;
    }
}

/* ---- somebody deletes the state node of a partition ---- */

/* The broker that is controller lives: nobody else knows what stood there. */
void sim_play_state_removed(struct sim_cluster *c)
{
    for (int i = 0; i < 5 && sim_settle(c); i++) {
        int32_t controller = sim_cluster_controller(c);
        unsigned killed = (unsigned)sim_between(c, 0, c->options.broker_count - 1);
        if ((int32_t)killed + 1 == controller)
            killed = (killed + 1) % c->options.broker_count;
        sim_outside_remove_state(c, sim_between(c, 0, 1));
        sim_cluster_run(c, sim_between(c, 1, 2000) * SIM_MS);
        sim_cluster_kill(c, killed);
        sim_cluster_run(c, sim_between(c, 1, 3000) * SIM_MS);
        sim_cluster_start(c, killed);
        sim_cluster_run(c, sim_between(c, 1, 3000) * SIM_MS);
    }
}

void sim_one_replica(struct sim_cluster_options *o)
{
    sim_four_brokers(o);
    o->replication_factor = 1;
    o->min_isr = 1;
}

/* Nobody is killed: the only one that has everything must live until another has it. */
void sim_play_moved_by_hand(struct sim_cluster *c)
{
    for (int i = 0; i < 5 && sim_settle(c); i++) {
        int32_t spare = sim_outside_spare(c);
        unsigned from = sim_leader_of(c, 0);
        if (spare < 0)
            return;
        sim_outside_replace(c, (int32_t)from + 1, spare);
        if (!moved(c, from, (unsigned)spare - 1))
            return;
    }
}
