/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORDUROY_BROKER_LOG_LOG_DIR_INTERNAL_H
#define CORDUROY_BROKER_LOG_LOG_DIR_INTERNAL_H

#include "broker/log/log_dir.h"
#include "common/assert.h"
#include "common/reactor.h"

/* What the files of the directory (log_dir*.c) share. */

#define LOG_DIR_LOCK_FILE ".lock" /* Kafka's name, so that both exclude each other */

/* Gives the job to the directory's LANE_STORE, with the directory as its context. The job's run and
 * home are set. */
void log_dir_send(struct log_dir *dir, struct reactor *reactor, struct disk_job *job);

/* The directory cannot be used: keeps the first message of a load, and returns the error. On the
 * store lane. */
int log_dir_refuse(struct log_dir_load *load, int error, const char *format, ...) PRINTF_LIKE(3, 4);
/* The same where the disk is not broken, but a person has to decide. */
int log_dir_refuse_for_good(struct log_dir_load *load, int error, const char *format, ...)
    PRINTF_LIKE(3, 4);
/* Reads meta.properties into the load and the directory; ids that are missing become the fresh ones
 * of the configuration. *ret_ours: the directory bore our mark, so it has a journal, or nothing was
 * appended since. 0, or -errno with the load's message. On the store lane. */
MUST_CHECK int log_dir_meta_read(struct log_dir_load *load, const struct file_ops *ops, void *fs,
                                 bool *ret_ours);

#endif
