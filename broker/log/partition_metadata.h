/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORDUROY_BROKER_LOG_PARTITION_METADATA_H
#define CORDUROY_BROKER_LOG_PARTITION_METADATA_H

#include "common/assert.h"
#include "common/file.h"
#include "common/uuid.h"

/* partition.metadata, Kafka's (KIP-516): which topic id the directory belongs to, written and
 * synced before the first append. Two lines, "version: 0" and "topic_id: <22 characters>", without
 * a line end after the second. Replaced as a whole. */

#define PARTITION_METADATA_FILE "partition.metadata"

enum partition_metadata_result {
    PARTITION_METADATA_MALFORMED = 1,
};

MUST_CHECK int partition_metadata_store(const struct file_ops *ops, void *fs, const char *dir_path,
                                        struct uuid topic_id);
/* 0, -errno (-ENOENT: none), or PARTITION_METADATA_MALFORMED. */
MUST_CHECK int partition_metadata_load(const struct file_ops *ops, void *fs, const char *dir_path,
                                       struct uuid *ret_topic_id);

#endif
