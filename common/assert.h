/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORDUROY_COMMON_ASSERT_H
#define CORDUROY_COMMON_ASSERT_H

/* Assertions stay on in production: a broker that stops is what replication is for, a broker that
 * serves wrong data is not repairable. Wrong input from a peer, a disk or a file is never an
 * assertion. One fact each. */
_Noreturn void assert_failed(const char *kind, const char *fact, const char *file, int line);

#define PRE(fact) ((fact) ? (void)0 : assert_failed("precondition", #fact, __FILE__, __LINE__))
#define POST(fact) ((fact) ? (void)0 : assert_failed("postcondition", #fact, __FILE__, __LINE__))
#define INVARIANT(fact) ((fact) ? (void)0 : assert_failed("invariant", #fact, __FILE__, __LINE__))
#define IMPOSSIBLE(why) assert_failed("impossible", why, __FILE__, __LINE__)

#define MUST_CHECK __attribute__((warn_unused_result))
#define PRINTF_LIKE(f, a) __attribute__((format(printf, f, a)))

/* The struct that embeds this member. */
#define CONTAINER_OF(pointer, type, member)                                                        \
    ((type *)(void *)((char *)(pointer)-offsetof(type, member)))
#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

#endif
