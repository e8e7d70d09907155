/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/mem_bench.h"

#include "tests/lib/suite.h"

struct mem_bench mem_bench;

static const struct file_ops *const ops = &file_mem_ops;

void mem_bench_setup(void)
{
    mem_bench.disk = file_mem_new(1);
    mem_bench.fs = file_mem_mount(mem_bench.disk, "");
    ck_assert_ptr_nonnull(mem_bench.fs);
}

void mem_bench_teardown(void)
{
    file_mem_free(mem_bench.disk);
}

struct file *mem_bench_open(const char *path, unsigned flags)
{
    struct file *file = NULL;
    ck_assert_int_eq(ops->open(mem_bench.fs, path, flags, &file), 0);
    return file;
}

int mem_bench_write(struct file *file, const void *bytes, size_t size, uint64_t pos)
{
    struct iovec iov = {(void *)(uintptr_t)bytes, size};
    return ops->pwritev(file, &iov, 1, pos);
}

void mem_bench_make(const char *path, const void *bytes, size_t size)
{
    struct file *file = mem_bench_open(path, FILE_WRITE | FILE_CREATE | FILE_TRUNCATE);
    ck_assert_int_eq(mem_bench_write(file, bytes, size, 0), 0);
    file_unref(file);
}

void mem_bench_make_durable(const char *path, const void *bytes, size_t size)
{
    mem_bench_make(path, bytes, size);
    struct file *file = mem_bench_open(path, FILE_WRITE);
    ck_assert_int_eq(ops->datasync(file), 0);
    file_unref(file);
    ck_assert_int_eq(ops->sync_dir(mem_bench.fs, ""), 0);
}

const char *mem_bench_content(const char *path, char *out, size_t size)
{
    struct file *file;
    if (ops->open(mem_bench.fs, path, FILE_READ, &file))
        return "-";
    int64_t got = ops->pread(file, out, size - 1, 0);
    ck_assert_int_ge(got, 0);
    out[got] = 0;
    file_unref(file);
    return out;
}

void mem_bench_power_cycle(uint64_t seed)
{
    file_mem_power_cycle(mem_bench.disk, seed);
    file_mem_kill(mem_bench.fs);
    mem_bench.fs = file_mem_mount(mem_bench.disk, "");
    ck_assert_ptr_nonnull(mem_bench.fs);
}

unsigned mem_bench_outcomes(void (*act)(void), bool (*state)(void), unsigned seeds)
{
    unsigned count = 0;
    for (unsigned seed = 0; seed < seeds; seed++) {
        mem_bench_teardown();
        mem_bench_setup();
        act();
        mem_bench_power_cycle(seed);
        count += state();
    }
    return count;
}

int mem_bench_run(const char *name, const TTest *const *tests, size_t count)
{
    Suite *suite = suite_create(name);
    TCase *tcase = tcase_create("disk");
    tcase_add_checked_fixture(tcase, mem_bench_setup, mem_bench_teardown);
    tcase_set_timeout(tcase, SUITE_TIMEOUT_S);
    for (size_t i = 0; i < count; i++)
        tcase_add_test(tcase, tests[i]);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? 1 : 0;
}
