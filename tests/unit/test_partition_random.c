/* SPDX-License-Identifier: Apache-2.0 */
/* Random runs of three replicas, a controller and clients. In a mutation build each rule of the
 * step is taken away in turn, and some seed must show the harm. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/mutation.h"
#include "tests/lib/partition_model.h"
#include "tests/lib/suite.h"

#define STEPS 8000
#define HEAL_STEPS 400000

static unsigned seed_count(void)
{
    const char *said = getenv("PARTITION_SEEDS");
    return said ? (unsigned)strtoul(said, NULL, 10) : 300;
}

static void add_counts(struct model_counts *sum, const struct model_counts *one)
{
    uint64_t *to = (uint64_t *)sum;
    const uint64_t *from = (const uint64_t *)one;
    for (size_t i = 0; i < sizeof *sum / sizeof *to; i++)
        to[i] += from[i];
}

START_TEST(promises_hold_under_every_seed)
{
    struct model_counts sum = {0};
    for (uint64_t seed = 1; seed <= seed_count(); seed++) {
        struct partition_model *m = partition_model_new(seed, MUTATION_NONE);
        bool ok = partition_model_run(m, STEPS) && partition_model_heal(m, HEAL_STEPS);
        ck_assert_msg(ok, "seed %llu: %s", (unsigned long long)seed, m->violation);
        add_counts(&sum, &m->counts);
        partition_model_free(m);
    }
    printf("%llu steps: %llu elections, %llu isr changes, %llu truncations, %llu resets, %llu "
           "kills, %llu power losses, %llu disks exchanged, %llu streams broken, %llu late "
           "messages, %llu wrong guesses, %llu unknown outcomes, %llu appended, %llu "
           "acknowledged\n",
           (unsigned long long)sum.steps, (unsigned long long)sum.elections,
           (unsigned long long)sum.isr_changes, (unsigned long long)sum.truncations,
           (unsigned long long)sum.resets, (unsigned long long)sum.kills,
           (unsigned long long)sum.power_losses, (unsigned long long)sum.disk_swaps,
           (unsigned long long)sum.broken_streams, (unsigned long long)sum.late_messages,
           (unsigned long long)sum.wrong_guesses, (unsigned long long)sum.unknown_outcomes,
           (unsigned long long)sum.appended, (unsigned long long)sum.acknowledged);
    ck_assert_uint_gt(sum.acknowledged, seed_count());
    ck_assert_uint_gt(sum.truncations, seed_count() / 10);
    ck_assert_uint_gt(sum.elections, seed_count());
}
END_TEST

START_TEST(the_same_seed_gives_the_same_run)
{
    struct partition_model *a = partition_model_new(99, MUTATION_NONE);
    struct partition_model *b = partition_model_new(99, MUTATION_NONE);
    partition_model_run(a, STEPS);
    partition_model_run(b, STEPS);
    ck_assert_mem_eq(&a->counts, &b->counts, sizeof a->counts);
    ck_assert_mem_eq(a->acknowledged, b->acknowledged, sizeof a->acknowledged);
    partition_model_free(a);
    partition_model_free(b);
}
END_TEST

#ifdef CORDUROY_MUTATIONS
/* Runs in a process of its own: the step's own assertions may be what notices. */
static bool seed_shows_harm(uint64_t seed, unsigned mutation)
{
    pid_t child = fork();
    if (child == 0) {
        struct partition_model *m = partition_model_new(seed, mutation);
        (void)!freopen("/dev/null", "w", stderr);
        _exit(partition_model_run(m, STEPS) ? 0 : 1);
    }
    int status = 0;
    waitpid(child, &status, 0);
    return status != 0;
}

START_TEST(each_rule_is_needed)
{
    static const unsigned rules[] = {
        MUTATION_TRUNCATE_TO_HIGH_WATERMARK,
        MUTATION_ACK_BEFORE_SYNC,
        MUTATION_JOIN_BY_LOG_END,
        MUTATION_NO_EPOCH_CHECK_ON_PUSH,
        MUTATION_NO_INCARNATION_CHECK,
        MUTATION_RESUME_OLD_EPOCH,
        MUTATION_EMPTY_FOR_MISSING,
    };
    unsigned caught = 0;
    uint64_t seed = 1;
    for (; seed <= 20000 && !caught; seed++)
        caught += seed_shows_harm(seed, rules[_i]);
    ck_assert_msg(caught > 0, "mutation %u harms nothing", rules[_i]);
    printf("mutation %u: caught by seed %llu\n", rules[_i], (unsigned long long)seed - 1);
}
END_TEST
#endif

int main(void)
{
    Suite *s = suite_create("partition, random");
    TCase *t = tcase_create("model");
    tcase_set_timeout(t, SUITE_TIMEOUT_S);
    tcase_add_test(t, promises_hold_under_every_seed);
    tcase_add_test(t, the_same_seed_gives_the_same_run);
#ifdef CORDUROY_MUTATIONS
    tcase_add_loop_test(t, each_rule_is_needed, 0, 7);
#endif
    suite_add_tcase(s, t);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
