/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/sim/sim_group_checker.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/assert.h"
#include "common/bytes.h"
#include "common/memory.h"
#include "tests/sim/sim_register.h"

#define PARTITIONS_MAX 32
#define PLAN_MEMBERS_MAX 16
/* After trouble, until connections that are dead have been found out. */
#define CALM_NS (3 * SIM_SECOND)

struct commit {
    uint32_t group, partitions;
    int32_t generation;
    uint64_t begin_ns;
};
/* What a leader handed in with one SyncGroup. */
struct plan {
    uint32_t group, count;
    int32_t generation;
    char who[PLAN_MEMBERS_MAX][SIM_MEMBER_ID_SIZE];
    uint32_t partitions[PLAN_MEMBERS_MAX];
};
/* The first time that something was acknowledged in so new a generation. */
struct mark {
    int32_t generation;
    uint64_t at_ns;
};
/* The plan that members of a generation were told. */
struct told {
    int32_t generation;
    uint32_t plan;
    uint64_t at_ns;
};
struct static_id {
    char instance[16], member_id[SIM_MEMBER_ID_SIZE];
    uint64_t asked_ns, known_ns;
    uint64_t synced_ns; /* UINT64_MAX: not yet */
};
struct checked_group {
    char name[16];
    struct sim_register registers[PARTITIONS_MAX]; /* as the partitions of the history */
    uint64_t first_acked_ns; /* of its commits; from then on it is never forgotten */
    struct mark *marks;
    size_t mark_count, mark_capacity;
    struct told *told;
    size_t told_count, told_capacity;
    struct static_id *statics;
    size_t static_count, static_capacity;
};
struct sim_group_checker {
    struct sim_history *history;
    const struct sim_coordinators *coordinators;
    struct checked_group groups[SIM_GROUPS_MAX];
    uint32_t group_count;
    struct commit *commits; /* by the offset, which is 1 for the first */
    size_t commit_count, commit_capacity;
    struct plan *plans; /* by number, which is 1 for the first */
    size_t plan_count, plan_capacity;
    uint64_t acked, generations, late;
    uint64_t calm_ns; /* 0: not yet */
};

struct sim_group_checker *sim_group_checker_new(struct sim_history *history,
                                                const struct sim_coordinators *coordinators)
{
    struct sim_group_checker *c = xcalloc(1, sizeof *c);
    PRE(history->partition_count <= PARTITIONS_MAX);
    c->history = history;
    c->coordinators = coordinators;
    return c;
}

void sim_group_checker_free(struct sim_group_checker *c)
{
    for (uint32_t i = 0; i < c->group_count; i++) {
        for (size_t k = 0; k < c->history->partition_count; k++)
            sim_register_deinit(&c->groups[i].registers[k]);
        free(c->groups[i].marks);
        free(c->groups[i].told);
        free(c->groups[i].statics);
    }
    free(c->commits);
    free(c->plans);
    free(c);
}

uint32_t sim_group_checker_add(struct sim_group_checker *c, const char *name)
{
    PRE(c->group_count < SIM_GROUPS_MAX);
    struct checked_group *g = &c->groups[c->group_count];
    snprintf(g->name, sizeof g->name, "%s", name);
    g->first_acked_ns = UINT64_MAX;
    for (size_t i = 0; i < c->history->partition_count; i++)
        sim_register_init(&g->registers[i]);
    return c->group_count++;
}

const char *sim_group_checker_name(const struct sim_group_checker *c, uint32_t group)
{
    return c->groups[group].name;
}

/* ---- who may answer, and how old that may be ---- */
/* Since when the answer must know everything. */
static uint64_t fresh_since(struct sim_group_checker *c, const struct checked_group *g,
                            const struct sim_span *span, const char *what)
{
    uint64_t fresh_ns;
    if (!sim_coordinators_led(c->coordinators, view_of(g->name), span->broker, span->begin_ns,
                              span->end_ns, &fresh_ns))
        sim_violation(c->history,
                      "group %s: broker %d answers %s and did not lead from %.3f to %.3f", g->name,
                      span->broker, what, (double)span->begin_ns / 1e9, (double)span->end_ns / 1e9);
    return fresh_ns;
}

/* ---- generations never go back ---- */
static void generation_seen(struct checked_group *g, int32_t generation, uint64_t at_ns)
{
    if (g->mark_count && g->marks[g->mark_count - 1].generation >= generation)
        return;
    g->marks = xgrow(g->marks, &g->mark_capacity, g->mark_count + 1, sizeof *g->marks);
    g->marks[g->mark_count++] = (struct mark){generation, at_ns};
}

/* Something of this generation was acknowledged that began then. */
static void check_generation(struct sim_group_checker *c, struct checked_group *g,
                             int32_t generation, uint64_t begin_ns, uint64_t end_ns,
                             const char *what)
{
    for (size_t i = 0; i < g->mark_count; i++) {
        const struct mark *m = &g->marks[i];
        if (m->generation > generation && m->at_ns < begin_ns)
            sim_violation(c->history,
                          "group %s: %s of generation %d, begun at %.3f, is acknowledged; "
                          "generation %d was at %.3f",
                          g->name, what, generation, (double)begin_ns / 1e9, m->generation,
                          (double)m->at_ns / 1e9);
    }
    /* Until offsets are committed a group may be forgotten when its last member leaves. */
    if (g->first_acked_ns < begin_ns)
        generation_seen(g, generation, end_ns);
}

/* ---- static members ---- */
static struct static_id *static_find(struct checked_group *g, const char *member_id)
{
    for (size_t i = 0; i < g->static_count; i++)
        if (strcmp(g->statics[i].member_id, member_id) == 0)
            return &g->statics[i];
    return NULL;
}

static void check_static(struct sim_group_checker *c, struct checked_group *g,
                         const char *member_id, uint64_t begin_ns, const char *what)
{
    const struct static_id *id = static_find(g, member_id);
    for (size_t i = 0; id && i < g->static_count; i++) {
        const struct static_id *next = &g->statics[i];
        if (strcmp(next->instance, id->instance) == 0 && next->asked_ns > id->known_ns &&
            next->synced_ns < begin_ns)
            sim_violation(c->history,
                          "group %s: %s of %s is acknowledged at %.3f; %s replaced it at %.3f",
                          g->name, what, member_id, (double)begin_ns / 1e9, next->member_id,
                          (double)next->synced_ns / 1e9);
    }
}

void sim_group_static_joined(struct sim_group_checker *c, uint32_t group, const char *instance,
                             const char *member_id, const struct sim_span *span)
{
    struct checked_group *g = &c->groups[group];
    if (static_find(g, member_id))
        sim_violation(c->history, "group %s: member id %s is given out twice", g->name, member_id);
    g->statics = xgrow(g->statics, &g->static_capacity, g->static_count + 1, sizeof *g->statics);
    struct static_id *id = &g->statics[g->static_count++];
    *id = (struct static_id){
        .asked_ns = span->begin_ns, .known_ns = span->end_ns, .synced_ns = UINT64_MAX};
    snprintf(id->instance, sizeof id->instance, "%s", instance);
    snprintf(id->member_id, sizeof id->member_id, "%s", member_id);
}

/* ---- plans ---- */
uint32_t sim_group_plan(struct sim_group_checker *c, uint32_t group, int32_t generation,
                        const char *who, uint32_t partitions, uint32_t *plan, uint8_t *to)
{
    if (*plan == 0) {
        c->plans = xgrow(c->plans, &c->plan_capacity, c->plan_count + 1, sizeof *c->plans);
        c->plans[c->plan_count] = (struct plan){.group = group, .generation = generation};
        *plan = (uint32_t)++c->plan_count;
    }
    struct plan *p = &c->plans[*plan - 1];
    PRE(p->count < PLAN_MEMBERS_MAX);
    snprintf(p->who[p->count], sizeof p->who[0], "%s", who);
    p->partitions[p->count++] = partitions;
    store_u32(to, *plan);
    store_u32(to + 4, partitions);
    size_t size = strlen(who);
    PRE(8 + size <= SIM_ASSIGNMENT_SIZE);
    memcpy(to + 8, who, size);
    return (uint32_t)(8 + size);
}

/* What the plan says of somebody; false: nothing. */
static bool plan_find(const struct plan *p, const char *who, uint32_t *ret_partitions)
{
    for (uint32_t i = 0; i < p->count; i++) {
        if (strcmp(p->who[i], who) == 0) {
            *ret_partitions = p->partitions[i];
            return true;
        }
    }
    return false;
}

static void check_told(struct sim_group_checker *c, struct checked_group *g, int32_t generation,
                       uint32_t plan, uint64_t begin_ns, uint64_t end_ns)
{
    bool known = false;
    for (size_t i = 0; i < g->told_count; i++) {
        const struct told *t = &g->told[i];
        if (t->generation != generation)
            continue;
        if (t->plan != plan && g->first_acked_ns < t->at_ns && g->first_acked_ns < begin_ns)
            sim_violation(c->history, "group %s: generation %d has two assignments, %u and %u",
                          g->name, generation, t->plan, plan);
        known = known || t->plan == plan;
    }
    if (known)
        return;
    c->generations++;
    g->told = xgrow(g->told, &g->told_capacity, g->told_count + 1, sizeof *g->told);
    g->told[g->told_count++] = (struct told){generation, plan, end_ns};
}

void sim_group_synced(struct sim_group_checker *c, uint32_t group, int32_t generation,
                      const char *instance, const char *member_id, struct view assignment,
                      const struct sim_span *span, uint32_t *ret_partitions)
{
    struct checked_group *g = &c->groups[group];
    const char *who = instance[0] ? instance : member_id;
    uint32_t number = assignment.size > 8 ? load_u32(assignment.base) : 0, given = 0;
    const struct plan *p = number >= 1 && number <= c->plan_count ? &c->plans[number - 1] : NULL;
    *ret_partitions = assignment.size > 8 ? load_u32(assignment.base + 4) : 0;
    uint64_t fresh_ns = fresh_since(c, g, span, "a SyncGroup");
    if (!p || p->group != group || p->generation != generation || !plan_find(p, who, &given) ||
        given != *ret_partitions || assignment.size - 8 != strlen(who) ||
        memcmp(assignment.base + 8, who, strlen(who)) != 0) {
        sim_violation(c->history,
                      "group %s: %s is told %x of plan %u (generation %d) in generation %d; its "
                      "leader gave it %x",
                      g->name, who, *ret_partitions, number, p ? p->generation : -1, generation,
                      given);
        return;
    }
    check_told(c, g, generation, number, fresh_ns, span->end_ns);
    check_generation(c, g, generation, fresh_ns, span->end_ns, "a SyncGroup");
    check_static(c, g, member_id, fresh_ns, "a SyncGroup");
    struct static_id *id = static_find(g, member_id);
    if (id && span->end_ns < id->synced_ns)
        id->synced_ns = span->end_ns;
}

void sim_group_beat(struct sim_group_checker *c, uint32_t group, int32_t generation,
                    const char *member_id, const struct sim_span *span)
{
    struct checked_group *g = &c->groups[group];
    (void)generation; /* of a coordinator that loads it is well whatever it says */
    (void)member_id;
    fresh_since(c, g, span, "a Heartbeat");
}

/* ---- commits ---- */
uint64_t sim_group_commit_begin(struct sim_group_checker *c, uint32_t group, uint32_t partitions,
                                int32_t generation)
{
    uint64_t now_ns = sim_now_ns(c->history->world);
    c->commits = xgrow(c->commits, &c->commit_capacity, c->commit_count + 1, sizeof *c->commits);
    c->commits[c->commit_count++] = (struct commit){group, partitions, generation, now_ns};
    for (uint32_t i = 0; i < c->history->partition_count; i++)
        if (partitions >> i & 1)
            sim_register_begin(&c->groups[group].registers[i], c->commit_count, now_ns);
    return c->commit_count;
}

static void contradicted(struct sim_group_checker *c, const struct checked_group *g,
                         uint32_t partition, const char *what, uint64_t value, const char *how)
{
    if (how)
        sim_violation(c->history, "group %s, partition %u: offset %llu %s: %s", g->name, partition,
                      (unsigned long long)value, what, how);
}

void sim_group_commit_done(struct sim_group_checker *c, uint64_t commit, uint32_t partition,
                           enum sim_commit_outcome outcome, const struct sim_span *span,
                           const char *member_id)
{
    const struct commit *k = &c->commits[commit - 1];
    struct checked_group *g = &c->groups[k->group];
    struct sim_register *r = &g->registers[partition];
    switch (outcome) {
    case SIM_COMMIT_UNKNOWN:
        return;
    case SIM_COMMIT_REFUSED:
        contradicted(c, g, partition, "is refused", commit, sim_register_refused(r, commit));
        return;
    case SIM_COMMIT_ACKED:
        break;
    }
    c->acked++;
    fresh_since(c, g, span, "an OffsetCommit");
    contradicted(c, g, partition, "is acknowledged", commit,
                 sim_register_acked(r, commit, span->end_ns));
    if (k->generation >= 0) {
        check_generation(c, g, k->generation, k->begin_ns, span->end_ns, "a commit");
        check_static(c, g, member_id, k->begin_ns, "a commit");
    }
    if (span->end_ns < g->first_acked_ns)
        g->first_acked_ns = span->end_ns;
}

/* A commit of two partitions is one batch: who sees it in one of them sees nothing in the other
 * that had been acknowledged before it began. */
static void check_whole(struct sim_group_checker *c, const struct checked_group *g,
                        uint32_t partitions, const int64_t *offsets)
{
    for (uint32_t i = 0; i < c->history->partition_count; i++) {
        const struct commit *k =
            partitions >> i & 1 && offsets[i] > 0 ? &c->commits[offsets[i] - 1] : NULL;
        for (uint32_t j = 0; k && j < c->history->partition_count; j++) {
            if (!((k->partitions & partitions) >> j & 1) || offsets[j] == offsets[i])
                continue;
            const struct sim_write *other =
                sim_register_find(&g->registers[j], offsets[j] > 0 ? (uint64_t)offsets[j] : 0);
            if (other && other->acked && other->end_ns < k->begin_ns &&
                !sim_register_find(&g->registers[j], (uint64_t)offsets[i])->refused)
                sim_violation(c->history,
                              "group %s: commit %lld is seen in partition %u, and %lld, which was "
                              "before it, in partition %u",
                              g->name, (long long)offsets[i], i, (long long)offsets[j], j);
        }
    }
}

void sim_group_fetched(struct sim_group_checker *c, uint32_t group, uint32_t partitions,
                       const int64_t *offsets, const struct sim_span *span)
{
    struct checked_group *g = &c->groups[group];
    uint64_t fresh_ns = fresh_since(c, g, span, "an OffsetFetch");
    c->late += fresh_ns < span->begin_ns;
    for (uint32_t i = 0; i < c->history->partition_count; i++) {
        uint64_t value = offsets[i] < 0 ? 0 : (uint64_t)offsets[i];
        if (!(partitions >> i & 1))
            continue;
        if (offsets[i] == 0 || value > c->commit_count) {
            sim_violation(c->history, "group %s, partition %u: offset %lld was never committed",
                          g->name, i, (long long)offsets[i]);
            return;
        }
        contradicted(c, g, i, "is fetched", value,
                     sim_register_read(&g->registers[i], value, fresh_ns, span->end_ns));
    }
    check_whole(c, g, partitions, offsets);
}

/* ---- answers that do not come ---- */
void sim_group_checker_calm(struct sim_group_checker *c)
{
    c->calm_ns = sim_now_ns(c->history->world);
}

void sim_group_unanswered(struct sim_group_checker *c, uint32_t group, const char *member_id,
                          const char *api, const struct sim_span *span)
{
    if (c->calm_ns > 0 && span->begin_ns > c->calm_ns + CALM_NS)
        sim_violation(c->history, "group %s: broker %d does not answer %s of %s, asked at %.3f",
                      c->groups[group].name, span->broker, api, member_id,
                      (double)span->begin_ns / 1e9);
}

uint64_t sim_group_checker_commits(const struct sim_group_checker *c)
{
    return c->acked;
}

uint64_t sim_group_checker_generations(const struct sim_group_checker *c)
{
    return c->generations;
}

uint64_t sim_group_checker_late_answers(const struct sim_group_checker *c)
{
    return c->late;
}
