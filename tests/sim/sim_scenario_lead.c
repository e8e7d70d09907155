/* SPDX-License-Identifier: Apache-2.0 */
/* Who leads, on whom it counts, and what it remembers of producers. */
#include "tests/sim/sim_play.h"

/* ---- a follower joins, and the leader does not hear that it has ---- */
void sim_play_untold_joiner(struct sim_cluster *c)
{
    for (int i = 0; i < 8 && sim_settle(c); i++) {
        unsigned leader, controller;
        if (!sim_part_leader_from_controller(c, &leader, &controller))
            continue;
        unsigned joiner = 3 - leader - controller;
        sim_cluster_kill(c, joiner);
        sim_wait_isr(c, joiner, false);
        sim_cluster_start(c, joiner);
        struct sim_host *to = c->brokers[leader].host, *from = c->brokers[controller].host;
        for (int k = 0; k < 40 && !sim_checker_in_isr(c->checker, 0, (int32_t)joiner + 1); k++) {
            sim_link_cut(from, to, true);
            sim_cluster_run(c, sim_between(c, 100, 600) * SIM_MS);
            sim_link_cut(from, to, false);
            sim_cluster_run(c, sim_between(c, 1, 200) * SIM_MS);
        }
        sim_links_heal(c->world);
        sim_cluster_run(c, sim_between(c, 1, 500) * SIM_MS);
        for (unsigned b = 0; b < c->options.broker_count; b++)
            if (b != joiner)
                sim_cluster_kill(c, b);
        sim_cluster_run(c, sim_between(c, 1, 9000) * SIM_MS);
    }
}

/* ---- a leader is cut off with what only it has, cuts that, and leads again ---- */
void sim_one_producer(struct sim_cluster_options *o)
{
    sim_calm(o);
    o->topic_count = o->partition_count = 1;
    o->produce_timeout_ms = 1000;
}

/* Clients reach this broker only. */
static void cut_clients(struct sim_cluster *c, unsigned but)
{
    for (unsigned i = 0; i < c->client_host_count; i++) {
        for (unsigned b = 0; b < c->options.broker_count; b++) {
            if (b == but)
                continue;
            sim_link_cut(c->client_hosts[i], c->brokers[b].host, true);
            sim_link_cut(c->brokers[b].host, c->client_hosts[i], true);
        }
    }
}

void sim_play_cut_producers(struct sim_cluster *c)
{
    for (int i = 0; i < 8 && sim_settle(c); i++) {
        unsigned leader = sim_leader_of(c, 0);
        cut_clients(c, leader);
        sim_cluster_isolate(c, leader, true, true);
        sim_cluster_run(c, sim_between(c, 7000, 12000) * SIM_MS);
        unsigned other = sim_leader_of(c, 0);
        sim_cluster_isolate(c, leader, false, true);
        sim_wait_isr(c, leader, true);
        /* Again and again the one that leads goes, until it is the first one's turn. */
        for (int k = 0; k < 4 && other != leader && !sim_cluster_violation(c); k++) {
            sim_cluster_kill(c, other);
            sim_wait_isr(c, other, false);
            sim_cluster_start(c, other);
            sim_wait_isr(c, other, true);
            other = sim_leader_of(c, 0);
        }
        sim_cluster_run(c, sim_between(c, 1, 3000) * SIM_MS);
        sim_links_heal(c->world);
        sim_cluster_run(c, sim_between(c, 1, 3000) * SIM_MS);
    }
}

/* ---- retention removes the batches of an idempotent producer before it hears of them ---- */
void sim_forgetting(struct sim_cluster_options *o)
{
    sim_small_logs(o);
    o->topic_count = o->partition_count = 1;
    o->produce_timeout_ms = 2000;
    o->forgetful = true;
}

/* The first producer, which is idempotent, hears no answers; the other one fills the log. */
static void deafen(struct sim_cluster *c, bool deaf)
{
    struct sim_host *producer = sim_process_host(c->producers[0]);
    for (unsigned b = 0; b < c->options.broker_count; b++)
        sim_link_cut(c->brokers[b].host, producer, deaf);
}

/* One comes back when the log starts beyond what it had, and leads. */
void sim_play_forgotten_producers(struct sim_cluster *c)
{
    for (int i = 0; i < 8 && sim_settle(c); i++) {
        unsigned away = sim_follower_of(c, (unsigned)sim_between(c, 0, 1));
        sim_cluster_run(c, sim_between(c, 100, 2000) * SIM_MS);
        sim_cluster_kill(c, away);
        deafen(c, true);
        sim_cluster_run(c, sim_between(c, 2000, 20000) * SIM_MS);
        sim_cluster_start(c, away);
        sim_wait_isr(c, away, true);
        for (unsigned b = 0; b < c->options.broker_count; b++)
            if (b != away && sim_between(c, 0, 1))
                sim_cluster_kill(c, b);
        sim_cluster_run(c, sim_between(c, 1, 3000) * SIM_MS);
        deafen(c, false);
        sim_cluster_run(c, sim_between(c, 1, 8000) * SIM_MS);
    }
}

/* ---- those that are left when the ISR is gone have not got everything ---- */
void sim_play_elect_from_isr(struct sim_cluster *c)
{
    for (int i = 0; i < 6 && sim_settle(c); i++) {
        unsigned leader = sim_leader_of(c, 0), late = sim_follower_of(c, 0),
                 member = sim_follower_of(c, 1);
        sim_cluster_kill(c, late);
        sim_wait_isr(c, late, false);
        sim_cluster_run(c, sim_between(c, 500, 4000) * SIM_MS);
        sim_cluster_kill(c, leader);
        sim_cluster_kill(c, member);
        sim_cluster_start(c, late);
        sim_cluster_run(c, sim_between(c, 1, 15000) * SIM_MS);
        sim_cluster_start(c, sim_between(c, 0, 1) ? leader : member);
        sim_cluster_run(c, sim_between(c, 1, 8000) * SIM_MS);
    }
}
