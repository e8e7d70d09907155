/* SPDX-License-Identifier: Apache-2.0 */
/* Runs simulated clusters: one seed after the other, each in a process of its own, and adds up what
 * happened. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/assert.h"
#include "tests/sim/sim_run.h"

#define CPU_SECONDS_MAX 300
#define JOBS_MAX 16
#define REPEAT_EACH 20
#define MUTATION_SCENARIO_SEEDS 300

struct job {
    pid_t pid;
    int pipe;
    uint64_t seed;
    bool repeat;
};
struct runner {
    uint64_t first, last, done, failed, repeated;
    unsigned jobs;
    const char *scenario;
    unsigned mutation;
    bool trace, quiet;
    struct sim_totals totals;
    struct job running[JOBS_MAX];
    unsigned running_count;
    uint64_t *hashes; /* of the seeds that are run twice; by (seed - first) / REPEAT_EACH */
};

static void usage(void)
{
    fprintf(
        stderr,
        "usage: sim [--seed N | --seeds A-B] [--scenario NAME | --scenarios] [--mutation NAME]\n"
        "           [--jobs N] [--trace]\n"
        "  --scenarios  every named scenario, with each of the seeds\n"
        "  --mutation   without this rule: succeeds when a seed is caught (needs a build with\n"
        "               MUTATION_BUILD=1)\n"
        "scenarios, and what each is to show:\n");
    for (unsigned i = 0; i < sim_scenario_count; i++)
        fprintf(stderr, "  %-26s%s\n", sim_scenarios[i].name, sim_scenarios[i].shows);
    exit(2);
}

static void child_run(const struct runner *r, uint64_t seed, int to)
{
    static struct sim_result result;
    struct rlimit cpu = {CPU_SECONDS_MAX, CPU_SECONDS_MAX};
    struct rlimit core = {0, 0};
    setrlimit(RLIMIT_CPU, &cpu);
    setrlimit(RLIMIT_CORE, &core);
    struct sim_run_options options = {
        .seed = seed, .scenario = r->scenario, .mutation = r->mutation, .trace = r->trace};
    sim_run(&options, &result);
    ssize_t written = write(to, &result, sizeof result);
    _exit(written == (ssize_t)sizeof result ? 0 : 1);
}

static void job_start(struct runner *r, uint64_t seed, bool repeat)
{
    int ends[2];
    if (pipe(ends) != 0) {
        perror("sim: pipe");
        exit(2);
    }
    fflush(NULL);
    pid_t pid = fork();
    if (pid < 0) {
        perror("sim: fork");
        exit(2);
    }
    if (pid == 0) {
        close(ends[0]);
        child_run(r, seed, ends[1]);
    }
    close(ends[1]);
    r->running[r->running_count++] = (struct job){pid, ends[0], seed, repeat};
}

static void totals_add(struct sim_totals *to, const struct sim_totals *from)
{
    to->elections += from->elections;
    to->isr_changes += from->isr_changes;
    to->truncations += from->truncations;
    to->power_losses += from->power_losses;
    to->kills += from->kills;
    to->unknown_outcomes += from->unknown_outcomes;
    to->acknowledged += from->acknowledged;
    to->records_checked += from->records_checked;
    to->crossed += from->crossed;
    to->events += from->events;
    to->rebalances += from->rebalances;
    to->commits += from->commits;
    to->coordinators_moved += from->coordinators_moved;
    to->late_answers += from->late_answers;
    to->producer_ids += from->producer_ids;
    to->flipped += from->flipped;
    to->noticed += from->noticed;
    to->full_disks += from->full_disks;
    to->failed_dirs += from->failed_dirs;
    to->removed += from->removed;
    to->recreated += from->recreated;
    to->lost += from->lost;
    to->unclean_elections += from->unclean_elections;
    to->grown += from->grown;
}

static void report(struct runner *r, const struct job *job, const char *what)
{
    r->failed++;
    if (r->quiet && r->failed > 3)
        return;
    printf("seed %llu%s%s%s: %s\n", (unsigned long long)job->seed, r->scenario ? " (" : "",
           r->scenario ? r->scenario : "", r->scenario ? ")" : "", what);
    fflush(stdout);
}

static void job_finished(struct runner *r, const struct job *job, int status,
                         const struct sim_result *result, bool complete)
{
    char text[64];
    uint64_t *hash = &r->hashes[(job->seed - r->first) / REPEAT_EACH];
    if (!job->repeat)
        r->done++;
    if (!complete) {
        snprintf(text, sizeof text, "the run died of %s %d",
                 WIFSIGNALED(status) ? "signal" : "exit",
                 WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
        report(r, job, text);
        return;
    }
    if (result->failed)
        report(r, job, result->violation);
    if (!job->repeat)
        totals_add(&r->totals, &result->totals);
    if ((job->seed - r->first) % REPEAT_EACH != 0)
        return;
    if (!job->repeat) {
        *hash = result->hash;
        return;
    }
    r->repeated++;
    if (*hash && *hash != result->hash)
        report(r, job, "the same seed gave another run");
}

static void job_wait(struct runner *r)
{
    static struct sim_result result;
    struct job job = r->running[0];
    size_t have = 0;
    int status = 0;
    while (have < sizeof result) {
        ssize_t n = read(job.pipe, (char *)&result + have, sizeof result - have);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            break;
        have += (size_t)n;
    }
    close(job.pipe);
    waitpid(job.pid, &status, 0);
    memmove(r->running, r->running + 1, --r->running_count * sizeof *r->running);
    job_finished(r, &job, status, &result, have == sizeof result && status == 0);
}

static void run_seeds(struct runner *r)
{
    uint64_t count = r->last - r->first + 1;
    r->hashes = calloc(count / REPEAT_EACH + 1, sizeof *r->hashes);
    for (uint64_t seed = r->first; seed <= r->last; seed++) {
        if (r->mutation && r->failed)
            break; /* caught */
        for (int repeat = 0; repeat < 2; repeat++) {
            if (repeat && (r->trace || r->mutation || (seed - r->first) % REPEAT_EACH != 0))
                break;
            while (r->running_count >= r->jobs)
                job_wait(r);
            job_start(r, seed, repeat);
        }
    }
    while (r->running_count > 0)
        job_wait(r);
    free(r->hashes);
}

static void print_totals(const struct runner *r)
{
    const struct sim_totals *t = &r->totals;
    const struct {
        const char *name;
        uint64_t count;
    } counts[] = {{"elections", t->elections},
                  {"ISR changes", t->isr_changes},
                  {"truncations", t->truncations},
                  {"power losses", t->power_losses},
                  {"kills", t->kills},
                  {"unknown outcomes", t->unknown_outcomes},
                  {"acknowledged records", t->acknowledged},
                  {"records read back from replicas", t->records_checked},
                  {"records removed by retention", t->removed},
                  {"flipped bits", t->flipped},
                  {"of them found", t->noticed},
                  {"partitions left with a damaged copy only", t->lost},
                  {"unclean elections", t->unclean_elections},
                  {"full-disk episodes", t->full_disks},
                  {"failed directories", t->failed_dirs},
                  {"topics made again", t->recreated},
                  {"topics grown", t->grown},
                  {"requests that crossed shards", t->crossed},
                  {"rebalances", t->rebalances},
                  {"commits acknowledged", t->commits},
                  {"coordinators moved", t->coordinators_moved},
                  {"answers of deposed coordinators", t->late_answers},
                  {"producer ids", t->producer_ids},
                  {"events", t->events}};
    printf("sim%s%s: %llu runs, %llu failed, %llu run twice |", r->scenario ? " " : "",
           r->scenario ? r->scenario : "", (unsigned long long)r->done,
           (unsigned long long)r->failed, (unsigned long long)r->repeated);
    for (unsigned i = 0; i < COUNT_OF(counts); i++)
        printf("%s %s %llu", i ? "," : "", counts[i].name, (unsigned long long)counts[i].count);
    printf("\n");
    fflush(stdout);
}

/* So many seeds that a kind of trouble which hardly occurs shows a fault of the test. */
#define SEEDS_OF_A_FULL_RUN 1000
#define TOTAL_MIN 1000
#define RARE_MIN 100

static bool totals_are_enough(const struct runner *r)
{
    const struct sim_totals *t = &r->totals;
    const struct {
        const char *name;
        uint64_t count, min;
    } wanted[] = {{"elections", t->elections},
                  {"ISR changes", t->isr_changes},
                  {"truncations", t->truncations},
                  {"power losses", t->power_losses},
                  {"unknown outcomes", t->unknown_outcomes},
                  {"acknowledged records", t->acknowledged},
                  {"requests that crossed shards", t->crossed},
                  {"rebalances", t->rebalances},
                  {"acknowledged commits", t->commits},
                  {"moves of coordinators", t->coordinators_moved},
                  {"records removed by retention", t->removed},
                  {"flipped bits", t->flipped, RARE_MIN},
                  {"flipped bits found", t->noticed, RARE_MIN},
                  {"full-disk episodes", t->full_disks, RARE_MIN},
                  {"failed directories", t->failed_dirs, RARE_MIN},
                  {"topics made again", t->recreated, RARE_MIN},
                  {"topics grown", t->grown, RARE_MIN}};
    bool enough = r->repeated > 0;
    if (!enough)
        printf("sim: no seed was run twice\n");
    for (unsigned i = 0; i < COUNT_OF(wanted); i++) {
        if (wanted[i].count > (wanted[i].min ? wanted[i].min : TOTAL_MIN))
            continue;
        printf("sim: only %llu %s\n", (unsigned long long)wanted[i].count, wanted[i].name);
        enough = false;
    }
    return enough;
}

static bool parse_seeds(struct runner *r, const char *text)
{
    unsigned long long first, last;
    if (sscanf(text, "%llu-%llu", &first, &last) != 2 || last < first)
        return false;
    r->first = first;
    r->last = last;
    return true;
}

/* Without a rule: first the scenarios that are meant to show it, then the seeds; 0 when a run has
 * been caught. */
static int run_mutation(struct runner *r)
{
    bool caught = false;
    for (unsigned i = 0; i <= sim_scenario_count && !caught; i++) {
        struct runner one = *r;
        bool last = i == sim_scenario_count;
        if (!last && (r->scenario || sim_scenarios[i].mutation != r->mutation))
            continue;
        if (!last) {
            one.scenario = sim_scenarios[i].name;
            if (one.last > one.first + MUTATION_SCENARIO_SEEDS - 1)
                one.last = one.first + MUTATION_SCENARIO_SEEDS - 1;
        }
        run_seeds(&one);
        print_totals(&one);
        caught = one.failed > 0;
    }
    printf("mutation %s: %s\n", sim_mutation_name(r->mutation), caught ? "caught" : "NOT caught");
    return caught ? 0 : 1;
}

static struct runner parse(int argc, char **argv, bool *ret_all_scenarios)
{
    struct runner r = {.first = 1, .last = 1, .jobs = 2};
    for (int i = 1; i < argc; i++) {
        const char *value = i + 1 < argc ? argv[i + 1] : "";
        if (strcmp(argv[i], "--trace") == 0) {
            r.trace = true;
        } else if (strcmp(argv[i], "--scenarios") == 0) {
            *ret_all_scenarios = true;
        } else if (strcmp(argv[i], "--seed") == 0) {
            r.first = r.last = strtoull(value, NULL, 10);
            i++;
        } else if (strcmp(argv[i], "--seeds") == 0 && parse_seeds(&r, value)) {
            i++;
        } else if (strcmp(argv[i], "--jobs") == 0 && atoi(value) >= 1 && atoi(value) <= JOBS_MAX) {
            r.jobs = (unsigned)atoi(value);
            i++;
        } else if (strcmp(argv[i], "--scenario") == 0 && sim_scenario_find(value)) {
            r.scenario = value;
            i++;
        } else if (strcmp(argv[i], "--mutation") == 0 && sim_mutation_find(value)) {
            r.mutation = sim_mutation_find(value);
            r.quiet = true;
            i++;
        } else {
            usage();
        }
    }
    return r;
}

int main(int argc, char **argv)
{
    bool all_scenarios = false;
    struct runner r = parse(argc, argv, &all_scenarios);
    uint64_t failed = 0, runs = 0;
    if (r.mutation)
        return run_mutation(&r);
    for (unsigned i = 0; i < (all_scenarios ? sim_scenario_count : 1); i++) {
        struct runner one = r;
        if (all_scenarios)
            one.scenario = sim_scenarios[i].name;
        run_seeds(&one);
        print_totals(&one);
        failed += one.failed;
        runs += one.done;
        if (!one.scenario && one.done >= SEEDS_OF_A_FULL_RUN && !totals_are_enough(&one))
            failed++;
    }
    if (all_scenarios)
        printf("scenarios: %u named, %llu runs, %llu failed\n", sim_scenario_count,
               (unsigned long long)runs, (unsigned long long)failed);
    return failed ? 1 : 0;
}
