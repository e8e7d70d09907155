/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORDUROY_BROKER_LOG_LOG_REPLAY_H
#define CORDUROY_BROKER_LOG_LOG_REPLAY_H

#include <stdbool.h>
#include <stdint.h>

#include "broker/log/epoch_cache.h"
#include "broker/log/log_listing.h"
#include "broker/log/producer_state.h"
#include "broker/log/segment_index.h"
#include "broker/log/segment_scan.h"
#include "broker/log/txn_index.h"

/* Walks over segments that derive again what follows from their batches: indexes, leader epochs,
 * producer state. Blocking; on a disk thread. */

/* What to derive (each may be NULL), and what the walk found. */
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
    bool epochs_in_doubt; /* later ones than the first batch's go: epochs never fall along a log */
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
