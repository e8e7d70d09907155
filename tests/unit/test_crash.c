/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>

#include "common/assert.h"
#include "common/mutation.h"
#include "tests/lib/log_workload.h"
#include "tests/lib/suite.h"

/* Power is cut at every file operation of a life of a directory, and again at operations of the
 * recovery that follows; the rules W1 to W6 of log_workload.h must hold after each. CRASH_SEEDS in
 * the environment says how many lives (default 3), CRASH_FIRST the first seed. */

#define STEPS 150

static struct log_host_config config = {.journal_file_size = 128 * 1024, .seed = 1};

struct tally {
    uint64_t operations, points, recovery_points;
    char why[700];
};

static unsigned setting(const char *name, unsigned otherwise)
{
    const char *text = getenv(name);
    return text ? (unsigned)strtoul(text, NULL, 10) : otherwise;
}

static bool failed(struct tally *t, const struct workload *w, uint64_t seed, uint64_t k, uint64_t j)
{
    snprintf(t->why, sizeof t->why, "seed %llu, power cut at operation %llu, then %llu: %s",
             (unsigned long long)seed, (unsigned long long)k, (unsigned long long)j, w->why);
    return false;
}

/* One life, cut at operation k; then the recovery, cut at operation j (0: not); then a little more
 * life. break_disk (may be NULL) takes a promise of the disk away. Returns whether the rules held.
 * *ret_over: the life ended before k. */
static bool one_crash(struct tally *t, uint64_t seed, uint64_t k, uint64_t j,
                      void (*break_disk)(struct file_mem *disk, bool broken), bool *ret_over,
                      bool *ret_recovered)
{
    struct file_mem *disk = file_mem_new(seed);
    struct workload w;
    if (break_disk)
        break_disk(disk, true);
    file_mem_power_fails_at(disk, k);
    workload_init(&w, disk, &config, seed);
    bool ok = workload_run(&w, STEPS);
    *ret_over = !file_mem_power_is_off(disk);
    if (*ret_over)
        t->operations = file_mem_count(disk, FILE_MEM_CALLS);
    workload_crash(&w);
    file_mem_power_cycle(disk, seed * 1000 + k);
    *ret_recovered = true;
    if (ok && j > 0) {
        file_mem_power_fails_at(disk, j);
        workload_try_start(&w);
        *ret_recovered = !file_mem_power_is_off(disk);
        file_mem_power_cycle(disk, seed * 7000 + k + j);
        t->recovery_points++;
    }
    ok = ok && workload_reopen(&w) && workload_run(&w, 20);
    if (!ok)
        (void)failed(t, &w, seed, k, j);
    workload_deinit(&w);
    file_mem_free(disk);
    t->points++;
    return ok;
}

/* Every k; for each one cut of the recovery, and now and then all of them. */
static bool one_seed(struct tally *t, uint64_t seed,
                     void (*break_disk)(struct file_mem *disk, bool broken))
{
    bool over = false, recovered;
    for (uint64_t k = 1; !over; k++) {
        if (!one_crash(t, seed, k, 0, break_disk, &over, &recovered) ||
            !one_crash(t, seed, k, 1 + (k * 7) % 40, break_disk, &over, &recovered))
            return false;
        for (uint64_t j = 1; k % 97 == 5; j++) {
            if (!one_crash(t, seed, k, j, break_disk, &over, &recovered))
                return false;
            if (recovered)
                break;
        }
    }
    return true;
}

/* One thread only, so there is little for the thread sanitizer to find, and it takes it twenty
 * times as long. */
#ifdef __SANITIZE_THREAD__
#define DEFAULT_SEEDS 1
#else
#define DEFAULT_SEEDS 3
#endif

START_TEST(power_is_lost_anywhere)
{
    unsigned first = setting("CRASH_FIRST", 1), count = setting("CRASH_SEEDS", DEFAULT_SEEDS);
    uint64_t operations = 0, points = 0;
    for (unsigned seed = first; seed < first + count; seed++) {
        struct tally t = {0};
        ck_assert_msg(one_seed(&t, seed, NULL), "%s", t.why);
        operations += t.operations;
        points += t.points;
    }
    printf("%llu file operations, %llu crash points\n", (unsigned long long)operations,
           (unsigned long long)points);
}
END_TEST

/* The test of the test: with a sync that does nothing the very lives that passed lose something. */
static bool something_is_lost(void (*break_disk)(struct file_mem *disk, bool broken),
                              const char *what)
{
    unsigned first = setting("CRASH_FIRST", 1), count = setting("CRASH_SEEDS", DEFAULT_SEEDS);
    for (unsigned seed = first; seed < first + count; seed++) {
        struct tally t = {0};
        if (!one_seed(&t, seed, break_disk)) {
            printf("without %s: 1 loss found, %s\n", what, t.why);
            return true;
        }
    }
    return false;
}

START_TEST(without_sync_dir_something_is_lost)
{
    ck_assert(something_is_lost(file_mem_set_sync_dir_broken, "directory syncs"));
}
END_TEST

START_TEST(without_datasync_something_is_lost)
{
    ck_assert(something_is_lost(file_mem_set_datasync_broken, "data syncs"));
}
END_TEST

#ifdef CORDUROY_MUTATIONS
/* Each rule taken away loses something. */
START_TEST(every_rule_is_needed)
{
    static const enum mutation rules[] = {MUTATION_ACK_BEFORE_SYNC,
                                          MUTATION_REPLAY_PAST_TRUNCATION};
    for (unsigned i = 0; i < COUNT_OF(rules); i++) {
        bool lost = false;
        config.mutation = rules[i];
        for (unsigned seed = 1; seed <= 20 && !lost; seed++) {
            struct tally t = {0};
            lost = !one_seed(&t, seed, NULL);
            if (lost)
                printf("rule %u: %s\n", (unsigned)rules[i], t.why);
        }
        ck_assert_msg(lost, "rule %u", (unsigned)rules[i]);
    }
}
END_TEST
#define MUTATION_TESTS , every_rule_is_needed
#else
#define MUTATION_TESTS
#endif

SUITE_MAIN("crash", power_is_lost_anywhere, without_sync_dir_something_is_lost,
           without_datasync_something_is_lost MUTATION_TESTS)
