/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORDUROY_TESTS_LIB_GOLDEN_LOGS_H
#define CORDUROY_TESTS_LIB_GOLDEN_LOGS_H

#include "tests/lib/file_mem.h"

/* A log directory that Apache Kafka left (tests/golden/logs), on a disk in memory: the top of the
 * disk is the log directory, everything is synced. */
struct golden_logs {
    struct file_mem *disk;
    void *fs;      /* mounted at the top */
    char *records; /* records.jsonl, zero-terminated */
    char *indexes; /* indexes.txt */
};

/* broker: "broker1-clean" or "broker2-killed". Any trouble fails the test that runs. */
void golden_logs_init(struct golden_logs *logs, const char *broker);
void golden_logs_deinit(struct golden_logs *logs);

#endif
