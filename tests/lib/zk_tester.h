/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORDUROY_TESTS_LIB_ZK_TESTER_H
#define CORDUROY_TESTS_LIB_ZK_TESTER_H

#include <check.h>

#include "common/arena.h"
#include "tests/lib/zk_under_test.h"

/* A ZooKeeper client that remembers what it heard. Waiting fails the test when it is in vain. */
#define SAID_MAX 64
struct answer {
    token token;
    bool unknown;
    uint32_t count;
    struct zk_result results[8];
};
struct said {
    enum event_kind kind;
    enum zk_session_state state;
    uint32_t generation;
    struct answer answer;
    char path[128];
    enum zk_watch_kind what;
};
struct tester {
    void *client;
    struct arena arena;
    struct said said[SAID_MAX];
    int count;
    token next;
    int64_t session;
};

/* What the running test tests, and its clients' common chroot: set by the test's setup. */
extern struct zk_under_test *tester_zk;
extern char tester_root[64];

struct tester *tester_new(const char *chroot);
/* With its session. */
struct tester *tester_open(const char *chroot);
/* The first of a test: makes the chroot. */
struct tester *tester_first(void);
void tester_free(struct tester *t);
/* Forgets what was heard. */
void tester_fresh(struct tester *t);

/* These give a place in `said`, -1 for none. */
int tester_wait_state(struct tester *t, enum zk_session_state state, int from);
int tester_find_answer(const struct tester *t, token name);
int tester_wait_answer(struct tester *t, token name);
int tester_wait_watch(struct tester *t, const char *path, enum zk_watch_kind what);
int tester_count_watches(const struct tester *t);
/* Lets something happen. */
void tester_turn(const char *what);

token tester_start(struct tester *t, const struct zk_op *ops, uint32_t count);
struct answer tester_run(struct tester *t, const struct zk_op *ops, uint32_t count);
struct zk_result tester_run_one(struct tester *t, struct zk_op op);
void tester_must(struct tester *t, struct zk_op op);
enum zk_error tester_error_of(struct tester *t, struct zk_op op);

#define OP(k, p, ...) ((struct zk_op){.kind = (k), .path = VIEW_LITERAL(p), __VA_ARGS__})
#define TEXT(text) .data = VIEW_LITERAL(text)

#endif
