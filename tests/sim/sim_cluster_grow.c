/* SPDX-License-Identifier: Apache-2.0 */
/* Topics that get more partitions while all goes on. */
#include "tests/sim/sim_cluster.h"
#include "tests/sim/sim_outside.h"

void sim_cluster_grow(struct sim_cluster *c, uint32_t topic, int32_t total, bool by_hand)
{
    struct sim_topic_history *t = &c->history->topics[topic];
    if (total <= t->made || total > t->partition_count || t->fleeting)
        return;
    if (!c->grower) {
        struct sim_client_options o = sim_cluster_client_options(c);
        c->grower = sim_grower_start(sim_cluster_client_host(c), &o);
    }
    sim_trace(c->world, "%s grows from %d to %d%s", t->name, t->made, total,
              by_hand ? " by hand" : "");
    t->made = total;
    c->totals.grown++;
    if (by_hand)
        sim_outside_grow(c, topic, total);
    else
        sim_grower_ask(c->grower, topic, total);
}

static void grow_by_hand(void *object, uint64_t topic)
{
    struct sim_cluster *c = object;
    if (c->grows)
        sim_cluster_grow(c, (uint32_t)topic, c->history->topics[topic].made + 1, true);
}

/* By a client, by hand, or by both at the same time. */
static void grow_some(void *object, uint64_t arg)
{
    struct sim_cluster *c = object;
    (void)arg;
    if (!c->grows)
        return;
    uint32_t topic = (uint32_t)sim_random_below(&c->growth, c->history->topic_count);
    int32_t more = 1 + (int32_t)sim_random_below(&c->growth, 2);
    uint64_t who = sim_random_below(&c->growth, 3), now_ns = sim_now_ns(c->world);
    sim_cluster_grow(c, topic, c->history->topics[topic].made + more, who == 0);
    if (who == 1)
        sim_world_at(c->world, now_ns + sim_random_range(&c->growth, 1, 50) * SIM_MS, grow_by_hand,
                     c, topic);
    sim_world_at(c->world, now_ns + sim_random_range(&c->growth, 300, 5000) * SIM_MS, grow_some, c,
                 0);
}

void sim_cluster_let_grow(struct sim_cluster *c, bool grows)
{
    bool begins = grows && !c->grows && c->options.grows_to > 0;
    c->grows = grows && c->options.grows_to > 0;
    if (begins)
        sim_world_at(c->world,
                     sim_now_ns(c->world) + sim_random_range(&c->growth, 300, 5000) * SIM_MS,
                     grow_some, c, 0);
}
