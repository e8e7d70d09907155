/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORDUROY_TESTS_SIM_SIM_RUN_H
#define CORDUROY_TESTS_SIM_SIM_RUN_H

#include "tests/sim/sim_cluster.h"

/* What came of one run. */
struct sim_result {
    struct sim_totals totals;
    uint64_t hash;
    bool failed;
    char violation[1024];
};
struct sim_run_options {
    uint64_t seed;
    const char *scenario; /* NULL: faults drawn from the seed */
    unsigned mutation;
    bool trace;
};
/* Runs in this process, which keeps what brokers that ended had allocated. */
void sim_run(const struct sim_run_options *options, struct sim_result *ret);

/* A named course of events (sim_scenario.c), one for each hazard that it shows. */
struct sim_scenario {
    const char *name, *shows;
    /* May change what the seed drew. NULL: as drawn. */
    void (*prepare)(struct sim_cluster_options *options);
    /* The cluster runs, its topics are there, one idempotent and one other producer and a consumer
     * are at work. sim_cluster_finish follows. */
    void (*play)(struct sim_cluster *c);
    unsigned mutation; /* the rule without which it ends badly; 0: none */
    /* Before there are clients; may be NULL. */
    void (*early)(struct sim_cluster *c);
};
extern const struct sim_scenario sim_scenarios[];
extern const unsigned sim_scenario_count;
const struct sim_scenario *sim_scenario_find(const char *name);

/* "ack-before-sync" and so on; 0: no such name. */
unsigned sim_mutation_find(const char *name);
const char *sim_mutation_name(unsigned mutation);

#endif
