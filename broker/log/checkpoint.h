/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORDUROY_BROKER_LOG_CHECKPOINT_H
#define CORDUROY_BROKER_LOG_CHECKPOINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/assert.h"
#include "common/file.h"
#include "common/view.h"

/* The checkpoints of a log directory, Kafka's text format: a line "0" (the version), a line with
 * the number of entries, then a line "<topic> <partition> <offset>" for each. Replaced as a whole
 * (small_file_replace), so a crash leaves the old one or the new one. */

#define CHECKPOINT_RECOVERY_POINT "recovery-point-offset-checkpoint"
#define CHECKPOINT_HIGH_WATERMARK "replication-offset-checkpoint"
#define CHECKPOINT_LOG_START "log-start-offset-checkpoint"

struct checkpoint_entry {
    char *topic;
    int32_t partition;
    int64_t offset;
};

struct checkpoint {
    struct checkpoint_entry *entries; /* in the file's order */
    size_t count, capacity;
};
#define CHECKPOINT_INIT ((struct checkpoint){0})

enum checkpoint_result {
    CHECKPOINT_MALFORMED = 1,
};
#define CHECKPOINT_WHY_SIZE 160

void checkpoint_deinit(struct checkpoint *c);
/* Adds an entry; the topic is copied. Whether it is there already is not looked at. */
void checkpoint_add(struct checkpoint *c, const char *topic, int32_t partition, int64_t offset);
MUST_CHECK int checkpoint_store(const struct checkpoint *c, const struct file_ops *ops, void *fs,
                                const char *path);
/* 0, -errno (-ENOENT: no file), or CHECKPOINT_MALFORMED with one sentence in why ("line 3: ..."); c
 * is then empty. */
MUST_CHECK int checkpoint_load(struct checkpoint *c, const struct file_ops *ops, void *fs,
                               const char *path, char why[CHECKPOINT_WHY_SIZE]);

/* The frame that leader-epoch-checkpoint shares: checks version and count of the text and calls
 * each(context, line) for every entry; false from it makes the file malformed. 0 or
 * CHECKPOINT_MALFORMED with why. */
MUST_CHECK int checkpoint_parse(struct view text, bool (*each)(void *context, struct view line),
                                void *context, char why[CHECKPOINT_WHY_SIZE]);

#endif
