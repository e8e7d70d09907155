/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORDUROY_BROKER_LOG_PARTITION_DIR_H
#define CORDUROY_BROKER_LOG_PARTITION_DIR_H

#include <stdbool.h>
#include <stdint.h>

#include "common/assert.h"
#include "common/uuid.h"

/* The name of a partition's directory, Kafka's: <topic>-<partition>, and for one that is on its way
 * <topic>-<partition>.<32 hex digits>-delete, -future (being moved here) or -stray (nobody asked
 * for it). Pure functions, any thread. */

enum partition_dir_kind {
    PARTITION_DIR_LIVE,
    PARTITION_DIR_DELETE,
    PARTITION_DIR_FUTURE,
    PARTITION_DIR_STRAY,
};

#define PARTITION_DIR_NAME_SIZE 256 /* file systems allow 255 bytes; and the terminating zero */

struct partition_dir {
    char topic[PARTITION_DIR_NAME_SIZE]; /* may be cut when kind is not live */
    int32_t partition;
    enum partition_dir_kind kind;
    struct uuid unique; /* zero when live */
};

/* The name; a topic that does not fit beside the suffix of a kind other than live is cut, as Kafka
 * does. 0, or -ENAMETOOLONG for a live directory whose name would not fit. */
MUST_CHECK int partition_dir_name(char ret[PARTITION_DIR_NAME_SIZE], const char *topic,
                                  int32_t partition, enum partition_dir_kind kind,
                                  struct uuid unique);
/* Splits at the last dash. False when the name is no partition's directory. */
MUST_CHECK bool partition_dir_parse(const char *name, struct partition_dir *ret);

#endif
