/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORDUROY_BROKER_LOG_LOG_LOAD_H
#define CORDUROY_BROKER_LOG_LOG_LOAD_H

#include "broker/log/log_internal.h"

/* Opens one partition's directory. Blocking; on the store lane, before any shard knows the log. */

struct log_load {
    struct log_dir *dir;
    const struct file_ops *ops;
    void *fs;
    bool clean; /* the last stop was clean: indexes, snapshots and ends are what they say */
    /* of this log */
    const char *name; /* of its directory */
    const char *topic;
    struct partition_id id;
    int64_t required_end;   /* the log must reach it, else it is suspect; -1: not known */
    int64_t start;          /* of the checkpoint or the journal; -1 */
    int64_t high_watermark; /* -1 */
    /* Unclean: live rounds of the journal speak of this log. Their names are released with them, so
     * they are synced first, whether or not this start has anything to change. */
    bool replayed;
    int64_t journal_start; /* as those rounds state it; -1 */
    /* Unclean: recovery wrote from this place on. Those segments are read again and their indexes
     * made anew, and so are those of the segment before, when it was closed in a live round. */
    bool rewritten;
    int64_t rewritten_segment;
    uint32_t rewritten_pos;
    /* Unclean: a round of the journal is lost to damage, and it may have been all that had what
     * follows this offset; -1: none is. The segments from there on are read too. */
    int64_t unsure_from;
    const char *suspect; /* found before, why; else NULL */
};
/* *ret is listed in the directory's store; a log with damage is there too, marked suspect. -errno:
 * the disk failed. */
MUST_CHECK int log_load(const struct log_load *load, struct log **ret);

#endif
