/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORDUROY_BROKER_LOG_LOG_DIR_INTERNAL_H
#define CORDUROY_BROKER_LOG_LOG_DIR_INTERNAL_H

#include "broker/log/log_dir.h"
#include "common/reactor.h"

/* Our keys of meta.properties. While a directory is ours its cluster id bears the mark: a Kafka
 * broker then refuses the directory before it touches a log. */
#define LOG_DIR_CLUSTER_MARK "-in-use-by-corduroy"
#define LOG_DIR_STORAGE_ID "corduroy.storage.id"
#define LOG_DIR_JOURNAL_ID "corduroy.journal.id"
#define LOG_DIR_INCARNATION_LAST "corduroy.incarnation.last"
#define LOG_DIR_INCARNATION_NEXT "corduroy.incarnation.next"
#define LOG_DIR_CONTROLLER_EPOCH "corduroy.controller.epoch"
#define LOG_DIR_OFFLINE "corduroy.offline." /* and the path of another directory */
#define LOG_DIR_LOCK_FILE ".lock"

void log_dir_send(struct log_dir *dir, struct reactor *reactor, struct disk_job *job);
void log_dir_set_cluster_id(struct log_dir *dir, const char *cluster_id);

#endif
