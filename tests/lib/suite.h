/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORDUROY_TESTS_LIB_SUITE_H
#define CORDUROY_TESTS_LIB_SUITE_H

#include <check.h>
#include <stddef.h>

/* How long one test may take. Generous: a sanitizer makes it ten times slower, and others work on
 * the machine; only a test that hangs comes near. */
#define SUITE_TIMEOUT_S 900

/* Runs the tests as one Check suite, each in a process of its own with a generous time limit;
 * returns what main returns. CK_RUN_CASE and CK_FORK work as usual. */
int suite_run(const char *name, const TTest *const *tests, size_t count);

/* The main of a test program: SUITE_MAIN("buf", test_a, test_b) */
#define SUITE_MAIN(name, ...)                                                                      \
    int main(void)                                                                                 \
    {                                                                                              \
        const TTest *tests[] = {__VA_ARGS__};                                                      \
        return suite_run(name, tests, sizeof tests / sizeof tests[0]);                             \
    }

#endif
