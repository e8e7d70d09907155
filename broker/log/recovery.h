/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORDUROY_BROKER_LOG_RECOVERY_H
#define CORDUROY_BROKER_LOG_RECOVERY_H

#include "broker/log/journal_read.h"
#include "broker/log/log_internal.h"
#include "common/map.h"

/* Recovery after an unclean stop. Pass 1 (recovery_plan) goes through the journal's live rounds in
 * their order and says, per log, what has to stand in place: which appends survive the truncations,
 * resets, starts and drops behind them, from which place on the files are to be written again, and
 * where the log must end. Pass 2 (recovery_apply) does that to one directory. Both may be repeated
 * after a crash at any moment: they write the same bytes to the same places. */

struct recovery_append {
    int64_t base, end, segment;
    uint32_t pos;
    struct view bytes; /* in the journal's rounds */
};

struct recovery_log {
    struct partition_id id;
    char *topic;    /* of OPEN; NULL: known by its directory */
    bool found;     /* its directory is there */
    bool dropped;   /* the replica was removed last */
    bool fresh;     /* made or reset in a live round: nothing in place counts */
    bool rewritten; /* the files are cut at (segment, pos) and the appends written from there */
    int64_t segment, cut_end; /* cut_end: the offset that ends at the place of the cut */
    uint32_t pos;
    int64_t removed_below;           /* segments below it are deleted; 0: none */
    struct recovery_append *appends; /* that survive, each following on the one before */
    size_t append_count, append_capacity;
    int64_t end;            /* where the log ends by the journal; -1: it does not say */
    int64_t start;          /* -1: it does not say */
    int64_t high_watermark; /* -1: it does not say */
    bool lenient;           /* by MUTATION_REPLAY_PAST_TRUNCATION only */
    char *why;              /* damage: the entries contradict each other; NULL: none */
};

struct recovery {
    struct map logs; /* partition to struct recovery_log, in the order of their coming */
};

void recovery_plan(struct recovery *r, const struct journal_read *journal, unsigned mutation);
void recovery_deinit(struct recovery *r);
struct recovery_log *recovery_find(const struct recovery *r, struct partition_id id);

/* Writes the log's files in the directory of this name, which exists, and syncs them, but not their
 * names: the start does that once, with what the load adds (log_load.h, replayed). What the
 * directory holds below the cut is read first; damage there, or a directory that is too short, sets
 * why and leaves the files untouched. 0 or -errno. */
MUST_CHECK int recovery_apply(struct recovery_log *log, const struct file_ops *ops, void *fs,
                              const char *name);

#endif
