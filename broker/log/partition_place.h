/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORDUROY_BROKER_LOG_PARTITION_PLACE_H
#define CORDUROY_BROKER_LOG_PARTITION_PLACE_H

#include "broker/log/partition_dir.h"
#include "common/assert.h"
#include "common/file.h"

/* Sees to it that a partition's directory exists with its partition.metadata; the root is not
 * synced. A directory of that name that belongs to another topic id is renamed to -stray first,
 * never reused: *ret_aside is its new name then, else empty. Blocking; on a disk thread. 0 or
 * -errno. */
MUST_CHECK int partition_place(const struct file_ops *ops, void *fs, const char *topic,
                               struct partition_id id, char ret_name[PARTITION_DIR_NAME_SIZE],
                               char ret_aside[PARTITION_DIR_NAME_SIZE]);

/* Renames a directory to -delete or -stray; `unique` is counted up where the name is taken. */
MUST_CHECK int partition_set_aside(const struct file_ops *ops, void *fs, const char *name,
                                   const char *topic, int32_t partition,
                                   enum partition_dir_kind kind, struct uuid unique,
                                   char ret_aside[PARTITION_DIR_NAME_SIZE]);

#endif
