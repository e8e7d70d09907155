/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORDUROY_BROKER_LOG_LOG_LISTING_H
#define CORDUROY_BROKER_LOG_LOG_LISTING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "broker/log/epoch_cache.h"
#include "broker/log/producer_state.h"
#include "broker/log/segment_index.h"
#include "broker/log/segment_name.h"
#include "broker/log/segment_scan.h"
#include "broker/log/txn_index.h"

/* What a partition's directory holds, and walks over its segments. Blocking; on a disk thread. */

struct log_listing {
    int64_t *bases[SEGMENT_FILES]; /* of the live files of each kind, rising */
    size_t count[SEGMENT_FILES], capacity[SEGMENT_FILES];
    char **leftovers; /* .deleted, .cleaned, .swap */
    size_t leftover_count, leftover_capacity;
};
MUST_CHECK int log_listing_read(struct log_listing *l, const struct file_ops *ops, void *fs,
                                const char *dir);
void log_listing_deinit(struct log_listing *l);
/* Index of the last entry of the kind at or below the offset; -1 without one. */
ptrdiff_t log_listing_find(const struct log_listing *l, enum segment_file kind, int64_t offset);

/* dir/<name of the segment's file>. */
#define LOG_PATH_SIZE 512
void log_file_path(char ret[LOG_PATH_SIZE], const char *dir, int64_t base, enum segment_file kind);

/* A walk that feeds what follows from the batches; each of them may be NULL. */
struct log_replay {
    const struct file_ops *ops;
    void *fs;
    const char *dir;
    bool headers_only; /* checksums are not looked at */
    struct segment_index *index;
    int64_t index_from; /* batches that end at or before it are in the index already */
    struct producer_state *producers; /* gets batches from its end offset on */
    struct producer_state *remembers; /* is only reminded of batches that it stands on */
    struct epoch_cache *epochs;
    struct txn_index *txns;
    bool bounded; /* the walk ends before the first batch at or beyond bound */
    int64_t bound;
    /* results: the end of what is sound */
    int64_t end;
    uint64_t pos;
    enum segment_scan_stop stop;
    int64_t first_timestamp; /* of the first batch walked over; -1 */
};
/* Walks over [from, to) of the segment's file; `from` is the start of a batch whose offset is at
 * least min_offset. 0 or -errno; what ended the walk is in stop. */
MUST_CHECK int log_replay_segment(struct log_replay *r, int64_t segment, uint64_t from, uint64_t to,
                                  int64_t min_offset);

/* Brings producers to the state at `end`, beyond which the directory holds nothing: the newest
 * sound snapshot at or below it, the last batches before that (a snapshot keeps one of a producer's
 * five), then the batches behind. start: the log's start. */
MUST_CHECK int log_replay_producers(struct producer_state *producers, const struct file_ops *ops,
                                    void *fs, const char *dir, const struct log_listing *l,
                                    int64_t start, int64_t end);

#endif
