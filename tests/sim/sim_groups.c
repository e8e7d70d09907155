/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/sim/sim_groups.h"

#include <stdio.h>
#include <stdlib.h>

#include "broker/broker.h"
#include "common/assert.h"
#include "common/memory.h"
#include "tests/sim/sim_member.h"
#include "tests/sim/sim_rot.h"

/* A place for a member: one process after the other, each with its name. */
struct place {
    struct sim_host *host;
    struct sim_process *process; /* the last one; NULL: none yet */
    struct sim_member_options options;
    struct sim_member_ghost ghost;
    bool paused;
};
struct sim_groups {
    struct sim_cluster *cluster;
    struct sim_coordinators *coordinators;
    struct sim_group_checker *checker;
    struct place places[SIM_MEMBERS_MAX];
    unsigned place_count;
    /* Where a second process with the instance id of a member runs, now and then. */
    struct place twin;
    bool troubled, static_groups[SIM_GROUPS_MAX];
    uint32_t group_count;
    uint64_t calm_ns, interval_max_ns;
};

static struct sim_random *chance(const struct sim_groups *g)
{
    return sim_world_random(g->cluster->world);
}

/* ---- members ---- */
static bool runs(const struct place *p)
{
    return p->process && sim_process_is_running(p->process);
}

static void start(struct sim_groups *g, struct place *p)
{
    p->paused = false;
    p->options.versions = sim_member_versions_draw(chance(g), g->static_groups[p->options.group]);
    p->process = sim_member_start(p->host, &p->options);
}

static void pause(struct place *p, bool paused)
{
    p->paused = paused;
    sim_process_pause(p->process, paused);
}

static void end(struct place *p)
{
    if (runs(p))
        sim_process_kill(p->process);
}

static void place_add(struct sim_groups *g, uint32_t group, bool simple)
{
    struct sim_random *random = chance(g);
    struct place *p = &g->places[g->place_count];
    p->host = sim_cluster_client_host(g->cluster);
    p->ghost.generation = -1;
    p->options = (struct sim_member_options){
        .client = sim_cluster_client_options(g->cluster),
        .checker = g->checker,
        .group = group,
        .simple = simple,
        .number = g->place_count,
        .session_timeout_ms = (int32_t)sim_random_range(random, 1000, 4000),
        .rebalance_timeout_ms = (int32_t)sim_random_range(random, 1000, 4000),
        .commit_interval_ms = (uint32_t)sim_random_range(random, 300, 2000),
        .fetch_interval_ms = (uint32_t)sim_random_range(random, 500, 4000),
        .slow_once_in = sim_random_once_in(random, 2) ? 8 : 0,
        .ghost = &p->ghost,
    };
    p->options.client.request_timeout_ms = (int32_t)sim_random_range(random, 6000, 10000);
    if (g->static_groups[group] && !simple && !sim_random_once_in(random, 4))
        snprintf(p->options.instance, sizeof p->options.instance, "i%u", g->place_count);
    g->place_count++;
    start(g, p);
}

static void groups_draw(struct sim_groups *g)
{
    struct sim_random *random = chance(g);
    uint32_t member_groups = 1 + (uint32_t)sim_random_once_in(random, 4);
    for (uint32_t i = 0; i < member_groups; i++) {
        char name[16];
        snprintf(name, sizeof name, "g%llu", (unsigned long long)sim_random_below(random, 1000));
        uint32_t group = sim_group_checker_add(g->checker, name);
        g->static_groups[group] = sim_random_once_in(random, 2);
        unsigned members = (unsigned)sim_random_range(random, 1, member_groups == 1 ? 4 : 2);
        for (unsigned k = 0; k < members; k++)
            place_add(g, group, false);
    }
    g->group_count = member_groups;
    if (sim_random_once_in(random, 2)) {
        place_add(g, sim_group_checker_add(g->checker, "simple"), true);
        g->group_count++;
    } else if (sim_random_once_in(random, 4)) {
        place_add(g, 0, true); /* into a group of members: well only while that is empty */
    }
}

struct sim_groups *sim_groups_new(struct sim_cluster *c)
{
    struct sim_groups *g = xcalloc(1, sizeof *g);
    g->cluster = c;
    g->coordinators = sim_coordinators_new(c->history, c->options.broker_count);
    sim_coordinators_watch(g->coordinators, c->zk);
    g->checker = sim_group_checker_new(c->history, g->coordinators);
    groups_draw(g);
    g->twin.host = sim_cluster_client_host(c);
    return g;
}

void sim_groups_free(struct sim_groups *g)
{
    sim_group_checker_free(g->checker);
    sim_coordinators_free(g->coordinators);
    free(g);
}

void sim_groups_ask_ids(struct sim_groups *g)
{
    for (unsigned i = 0; i < g->place_count; i++)
        if (g->places[i].options.simple)
            return;
    place_add(g, sim_group_checker_add(g->checker, "simple"), true);
    g->group_count++;
}

/* ---- trouble ---- */
static void go_on(void *object, uint64_t place)
{
    struct sim_groups *g = object;
    struct place *p = &g->places[place];
    if (runs(p) && p->paused)
        pause(p, false);
}

/* A second process with this one's instance id; the first is not told before it asks. */
static void start_twin(struct sim_groups *g, const struct place *p)
{
    end(&g->twin);
    g->twin.options = p->options;
    g->twin.options.ghost = &g->twin.ghost;
    g->twin.ghost = p->ghost;
    start(g, &g->twin);
}

static void happen(struct sim_groups *g)
{
    struct sim_world *w = g->cluster->world;
    unsigned index = (unsigned)sim_random_below(chance(g), g->place_count);
    struct place *p = &g->places[index];
    if (!runs(p)) {
        start(g, p);
        return;
    }
    switch (sim_random_below(chance(g), 5)) {
    case 0:
        end(p);
        break;
    case 1:
        if (!p->paused)
            sim_member_leave(sim_member_of(p->process));
        break;
    case 2:
    case 3:
        if (!p->paused) {
            pause(p, true);
            sim_world_at(w, sim_now_ns(w) + sim_random_range(chance(g), 50, 6000) * SIM_MS, go_on,
                         g, index);
        }
        break;
    default:
        if (p->options.instance[0])
            start_twin(g, p);
        break;
    }
}

/* A client that is fenced or has left goes away. */
static void bury(struct sim_groups *g)
{
    for (unsigned i = 0; i < g->place_count; i++) {
        struct place *p = &g->places[i];
        if (runs(p) && !p->paused && sim_member_is_over(sim_member_of(p->process)))
            end(p);
    }
}

static void next(void *object, uint64_t arg)
{
    struct sim_groups *g = object;
    struct sim_world *w = g->cluster->world;
    (void)arg;
    if (!g->troubled)
        return;
    bury(g);
    happen(g);
    sim_world_at(w, sim_now_ns(w) + sim_random_range(chance(g), 100 * SIM_MS, g->interval_max_ns),
                 next, g, 0);
}

void sim_groups_trouble(struct sim_groups *g)
{
    g->troubled = true;
    g->interval_max_ns = sim_random_range(chance(g), 1, 12) * SIM_SECOND;
    struct sim_world *w = g->cluster->world;
    sim_world_at(w, sim_now_ns(w) + g->interval_max_ns, next, g, 0);
}

void sim_groups_calm(struct sim_groups *g)
{
    g->troubled = false;
    g->calm_ns = sim_now_ns(g->cluster->world);
    sim_group_checker_calm(g->checker);
    end(&g->twin);
    for (unsigned i = 0; i < g->place_count; i++) {
        struct place *p = &g->places[i];
        if (runs(p) && p->paused)
            pause(p, false);
    }
}

/* ---- the end ---- */
/* Fenced by a twin that is gone, or leaving when calm came: started anew. */
static bool place_is_settled(struct sim_groups *g, struct place *p, int32_t *ret_generation,
                             uint32_t *ret_partitions)
{
    if (runs(p) && sim_member_is_over(sim_member_of(p->process)))
        end(p);
    if (!runs(p)) {
        start(g, p);
        return false;
    }
    return sim_member_is_settled(sim_member_of(p->process), g->calm_ns, ret_generation,
                                 ret_partitions);
}

/* Bits are flipped while the topics of the history have other copies; that its partition of
 * __consumer_offsets has one is not looked at. Without it nobody may lead. */
static bool is_out_of_reach(const struct sim_groups *g, uint32_t group)
{
    struct view name = view_of(sim_group_checker_name(g->checker, group));
    return sim_rot_flipped(g->cluster->rot) > 0 && sim_coordinators_of(g->coordinators, name) < 0;
}

static bool group_is_settled(struct sim_groups *g, uint32_t group, char *why, size_t why_size)
{
    uint32_t all = 0, taken = 0;
    int32_t generation = -1;
    bool members = false;
    if (is_out_of_reach(g, group))
        return true;
    for (unsigned i = 0; i < g->place_count; i++) {
        struct place *p = &g->places[i];
        int32_t its = -1;
        uint32_t partitions = 0;
        if (p->options.group != group)
            continue;
        if (!place_is_settled(g, p, &its, &partitions)) {
            snprintf(why, why_size, "group %s: member %u is %s",
                     sim_group_checker_name(g->checker, group), i,
                     runs(p) ? sim_member_state(sim_member_of(p->process)) : "starting");
            return false;
        }
        if (p->options.simple)
            continue;
        if ((members && its != generation) || (taken & partitions)) {
            snprintf(why, why_size, "group %s: member %u has %x in generation %d, others %x in %d",
                     sim_group_checker_name(g->checker, group), i, partitions, its, taken,
                     generation);
            return false;
        }
        members = true;
        generation = its;
        taken |= partitions;
    }
    all = (uint32_t)((UINT64_C(1) << sim_history_kept(g->cluster->history)) - 1);
    if (members && taken != all)
        snprintf(why, why_size, "group %s: generation %d has %x of %x",
                 sim_group_checker_name(g->checker, group), generation, taken, all);
    return !members || taken == all;
}

bool sim_groups_are_settled(struct sim_groups *g, char *why, size_t why_size)
{
    for (uint32_t i = 0; i < g->group_count; i++)
        if (!group_is_settled(g, i, why, why_size))
            return false;
    return true;
}

/* ---- brokers ---- */
void sim_groups_turned(struct sim_groups *g, struct sim_process *process, unsigned shard)
{
    const struct shard *s = sim_process_shard(process, shard);
    sim_coordinators_turned(g->coordinators, process, shard, s->replicas);
}

void sim_groups_ended(struct sim_groups *g, struct sim_process *process)
{
    sim_coordinators_ended(g->coordinators, process);
}

void sim_groups_add_totals(const struct sim_groups *g, struct sim_totals *totals)
{
    totals->rebalances += sim_group_checker_generations(g->checker);
    totals->commits += sim_group_checker_commits(g->checker);
    totals->late_answers += sim_group_checker_late_answers(g->checker);
    totals->coordinators_moved += sim_coordinators_moved(g->coordinators);
}

int sim_groups_coordinator(const struct sim_groups *g)
{
    return sim_coordinators_of(g->coordinators, view_of(sim_group_checker_name(g->checker, 0))) - 1;
}
