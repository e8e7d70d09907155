/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORDUROY_BROKER_LOG_CLEAN_MARK_H
#define CORDUROY_BROKER_LOG_CLEAN_MARK_H

#include <stdbool.h>

#include "common/assert.h"
#include "common/file.h"

/* .kafka_cleanshutdown at the top of a log directory, Kafka's: it exists when the directory was
 * closed cleanly. Kafka with ZooKeeper looks only at its existence; its content is
 * {"version":0,"brokerEpoch":-1}. */

#define CLEAN_MARK_FILE ".kafka_cleanshutdown"

/* Last act of a clean stop: made, synced, and its name too. */
MUST_CHECK int clean_mark_set(const struct file_ops *ops, void *fs);
/* First act of a start, before anything is changed: *ret_was_clean says whether the mark was there;
 * when it returns 0 the mark is durably gone. */
MUST_CHECK int clean_mark_take(const struct file_ops *ops, void *fs, bool *ret_was_clean);

#endif
