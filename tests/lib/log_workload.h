/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORDUROY_TESTS_LIB_LOG_WORKLOAD_H
#define CORDUROY_TESTS_LIB_LOG_WORKLOAD_H

#include "tests/lib/log_host.h"

/* A seeded life of one directory with a few logs, and a model that knows what each log may hold
 * after power was lost at any moment:
 *
 * W1 a log whose making was reported durable is there;
 * W2 what was reported synced and was not cut, reset or deleted since is there, byte for byte;
 * W3 a log is a prefix of what was appended to it, in one of the versions that are possible: the
 *    one before a cut only while the cut was not reported durable;
 * W4 a deleted log does not come back once something that was asked for later is durable;
 * W5 no log is suspect, and the directory opens;
 * W6 high watermark and start lie within the log; epochs and producers are those of its batches. */

#define WORKLOAD_LOGS 3

struct workload_batch {
    int64_t base, end;
    struct buf *bytes; /* as they stand in the log */
};
/* What a log may hold: batches following on one another from the start of this version. */
struct workload_version {
    struct workload_batch *batches;
    size_t count, capacity;
    int64_t start; /* of the first batch that there ever was */
};
struct workload_log {
    struct partition_id id;
    char topic[16];
    struct log *log; /* NULL while the host is down */
    struct log_observer observer;
    struct workload_version now, before; /* before: possible while unsure */
    bool unsure;                         /* a cut, reset or re-making is under way */
    bool durable;                        /* its making was reported */
    bool failed;
    int64_t synced;    /* as last reported */
    int64_t start_max; /* the largest start asked for */
    int32_t epoch;
    size_t after; /* deletions asked for before it was made */
};
struct workload {
    uint64_t random, tag;
    struct log_host_config config;
    struct log_host host;
    struct file_mem *disk;
    bool up;
    struct workload_log logs[WORKLOAD_LOGS];
    struct partition_id deleted[256]; /* in their order */
    size_t deleted_count, deleted_durable;
    unsigned next_id;
    char why[512]; /* the first violation */
};

void workload_init(struct workload *w, struct file_mem *disk, const struct log_host_config *config,
                   uint64_t seed);
void workload_deinit(struct workload *w);
/* Lives through so many steps, or until the power is off. False when something was wrong. */
bool workload_run(struct workload *w, unsigned steps);
/* The process is gone; what it reported stands in the model. */
void workload_crash(struct workload *w);
/* Starts the directory (on w->disk) and compares it with the model; then the model is what was
 * found. False when a rule is broken (why), or when the power went off meanwhile. */
bool workload_reopen(struct workload *w);
/* Starts without comparing; the power is about to go off on the way. */
void workload_try_start(struct workload *w);

#endif
