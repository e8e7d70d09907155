/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/sim/sim_run.h"

#include <stdio.h>
#include <string.h>

#include "common/assert.h"
#include "common/mutation.h"
#include "tests/sim/sim_faults.h"
#include "tests/sim/sim_groups.h"
#include "tests/sim/sim_unclean.h"

#define FINISH_NS (120 * SIM_SECOND)
#define READ_INTERVAL_NS (200 * SIM_MS)

static const char *const mutation_names[] = {
    [MUTATION_TRUNCATE_TO_HIGH_WATERMARK] = "truncate-to-high-watermark",
    [MUTATION_ACK_BEFORE_SYNC] = "ack-before-sync",
    [MUTATION_JOIN_BY_LOG_END] = "join-by-log-end",
    [MUTATION_NO_EPOCH_CHECK_ON_PUSH] = "no-epoch-check-on-push",
    [MUTATION_NO_INCARNATION_CHECK] = "no-incarnation-check",
    [MUTATION_RESUME_OLD_EPOCH] = "resume-old-epoch",
    [MUTATION_READ_WITHOUT_SYNC] = "read-without-sync",
    [MUTATION_REPLAY_PAST_TRUNCATION] = "replay-past-truncation",
    [MUTATION_CONFIRM_OWN_LOGS_ONLY] = "confirm-own-logs-only",
    [MUTATION_EMPTY_FOR_MISSING] = "empty-for-missing",
    [MUTATION_ANSWER_BEFORE_COMMIT] = "answer-before-commit",
    [MUTATION_LOAD_TO_HIGH_WATERMARK] = "load-to-high-watermark",
    [MUTATION_TAKE_ANY_GENERATION] = "take-any-generation",
    [MUTATION_BLOCK_WITHOUT_VERSION] = "block-without-version",
    [MUTATION_ELECT_OUTSIDE_ISR] = "elect-outside-isr",
    [MUTATION_COUNT_COMMITTED_ISR] = "count-committed-isr",
    [MUTATION_TRUST_ANY_DISK] = "trust-any-disk",
    [MUTATION_KEEP_CUT_PRODUCERS] = "keep-cut-producers",
};

unsigned sim_mutation_find(const char *name)
{
    for (unsigned i = 1; i < COUNT_OF(mutation_names); i++)
        if (mutation_names[i] && strcmp(mutation_names[i], name) == 0)
            return i;
    return 0;
}

const char *sim_mutation_name(unsigned mutation)
{
    return mutation < COUNT_OF(mutation_names) && mutation_names[mutation]
               ? mutation_names[mutation]
               : "none";
}

const struct sim_scenario *sim_scenario_find(const char *name)
{
    for (unsigned i = 0; i < sim_scenario_count; i++)
        if (strcmp(sim_scenarios[i].name, name) == 0)
            return &sim_scenarios[i];
    return NULL;
}

/* Now and then the checker reads a replica. */
static void read_replicas(void *object, uint64_t arg)
{
    struct sim_cluster *c = object;
    (void)arg;
    for (unsigned i = 0; i < c->options.broker_count; i++)
        if (sim_cluster_runs(c, i) && !sim_process_is_paused(c->brokers[i].process))
            sim_checker_read(c->checker, c->brokers[i].process);
    sim_world_at(c->world, sim_now_ns(c->world) + READ_INTERVAL_NS, read_replicas, c, 0);
}

/* Unclean elections are over: faults that have begun since find a cluster that loses nothing. */
static struct sim_faults *end_unclean(struct sim_cluster *c, struct sim_faults *faults)
{
    sim_faults_stop(faults);
    if (!sim_unclean_end(c))
        return faults;
    sim_world_set_weather(c->world, &c->options.weather);
    sim_cluster_add_producer(c, true);
    return sim_faults_new(c);
}

static void play_faults(struct sim_cluster *c)
{
    struct sim_random *random = sim_world_random(c->world);
    struct sim_faults *faults = sim_faults_new(c);
    if (c->groups)
        sim_groups_trouble(c->groups);
    sim_cluster_let_grow(c, true);
    uint64_t part_ns = sim_random_range(random, 4, 20) * SIM_SECOND;
    for (int i = 0; i < 3; i++) {
        if (!sim_cluster_run(c, part_ns))
            break;
        if (c->options.unclean)
            faults = end_unclean(c, faults);
        if (sim_random_once_in(random, 2))
            sim_cluster_add_consumer(c);
    }
    sim_faults_stop(faults); /* it may still be called: freed with the process */
}

void sim_run(const struct sim_run_options *options, struct sim_result *ret)
{
    const struct sim_scenario *scenario =
        options->scenario ? sim_scenario_find(options->scenario) : NULL;
    struct sim_cluster_options o = sim_cluster_options_draw(options->seed);
    o.mutation = options->mutation;
    o.trace = options->trace;
    o.groups = o.groups && !scenario;
    if (scenario)
        o.grows_to = 0;
    if (scenario && scenario->prepare)
        scenario->prepare(&o);
    struct sim_cluster *c = sim_cluster_new(&o);
    sim_cluster_start_all(c);
    *ret = (struct sim_result){0};
    bool ready = sim_cluster_create_topics(c);
    if (ready && scenario && scenario->early)
        scenario->early(c);
    if (ready && !sim_cluster_violation(c)) {
        sim_cluster_add_producer(c, true);
        sim_cluster_add_producer(c, false);
        sim_cluster_add_consumer(c);
        sim_cluster_add_groups(c);
        read_replicas(c, 0);
        if (scenario)
            scenario->play(c);
        else
            play_faults(c);
        sim_cluster_finish(c, FINISH_NS);
    }
    ret->totals = sim_cluster_totals(c);
    ret->hash = sim_world_hash(c->world);
    ret->failed = sim_cluster_violation(c) != NULL;
    if (ret->failed)
        snprintf(ret->violation, sizeof ret->violation, "%s%s%s", sim_cluster_violation(c),
                 c->unexpected_halt ? "; earlier: " : "",
                 c->unexpected_halt ? c->unexpected_halt : "");
}
