/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORDUROY_TESTS_LIB_MEM_BENCH_H
#define CORDUROY_TESTS_LIB_MEM_BENCH_H

#include <check.h>

#include "tests/lib/file_mem.h"

/* A disk in memory and one view of it, for tests of that disk: a fixture and a few short hands.
 * What goes wrong ends the test. */
struct mem_bench {
    struct file_mem *disk;
    void *fs;
};
extern struct mem_bench mem_bench;

void mem_bench_setup(void);
void mem_bench_teardown(void);
struct file *mem_bench_open(const char *path, unsigned flags);
int mem_bench_write(struct file *file, const void *bytes, size_t size, uint64_t pos);
void mem_bench_make(const char *path, const void *bytes, size_t size);
/* Bytes and name synced; the file lies at the top. */
void mem_bench_make_durable(const char *path, const void *bytes, size_t size);
/* The content of a file as a string; "-" when it is not there. */
const char *mem_bench_content(const char *path, char *out, size_t size);
void mem_bench_power_cycle(uint64_t seed);
/* Counts in how many of the seeds the test of `state` holds after `act` and a loss of power. */
unsigned mem_bench_outcomes(void (*act)(void), bool (*state)(void), unsigned seeds);

#define EXPECT(path, want)                                                                         \
    do {                                                                                           \
        char bytes_[4096];                                                                         \
        ck_assert_str_eq(mem_bench_content(path, bytes_, sizeof bytes_), want);                    \
    } while (0)

/* The suite of these tests, each with a disk of its own; what main returns. */
int mem_bench_run(const char *name, const TTest *const *tests, size_t count);
#define MEM_BENCH_MAIN(name, ...)                                                                  \
    int main(void)                                                                                 \
    {                                                                                              \
        const TTest *tests[] = {__VA_ARGS__};                                                      \
        return mem_bench_run(name, tests, sizeof tests / sizeof tests[0]);                         \
    }

#endif
