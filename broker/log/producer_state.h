/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORDUROY_BROKER_LOG_PRODUCER_STATE_H
#define CORDUROY_BROKER_LOG_PRODUCER_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "broker/log/open_txns.h"
#include "broker/log/txn_index.h"
#include "common/assert.h"
#include "common/file.h"
#include "common/map.h"
#include "common/view.h"
#include "proto/record_batch.h"

/* What a partition knows of its idempotent and transactional producers (KIP-98): for each producer
 * id its epoch and last five batches, so that a repeated one is recognised and a gap is refused. It
 * follows from the headers of the batches alone, in their order, so every replica has the same.
 *
 * The snapshot, Kafka's .snapshot, named by the offset at which it stands (exclusive): version i16
 * = 1, crc32c u32 of what follows, count i32, entries of 46 bytes {producer id i64, epoch i16, last
 * sequence i32, last offset i64, offset delta i32, timestamp i64, coordinator epoch i32, first
 * offset of the open transaction i64}. Only the last batch is kept in it. A crash may leave a part
 * of one: its CRC tells, and an older one is used. */

#define PRODUCER_BATCHES 5u
#define PRODUCER_SNAPSHOT_ENTRY_SIZE 46u

struct producer_batch {
    int32_t last_sequence;
    int32_t offset_delta; /* last offset - first offset */
    int64_t last_offset;
    int64_t timestamp_ms; /* the batch's max timestamp */
};

struct producer {
    int64_t id;
    int16_t epoch;
    int32_t coordinator_epoch; /* of the last marker; -1 */
    int64_t txn_first_offset;  /* of the open transaction; -1 */
    int64_t timestamp_ms;      /* of the last batch or marker */
    int64_t touched_offset;    /* of what it appended last; -1: not known */
    int64_t seen_offset;       /* touched_offset at the last look for old producers, and when it */
    int64_t seen_ms;           /* was new; what a snapshot has is as old as it says */
    int32_t from_sequence;     /* all of the epoch from here on was seen, without a gap */
    uint32_t batch_count;
    struct producer_batch batches[PRODUCER_BATCHES]; /* oldest first */
};

struct producer_state {
    struct map producers; /* i64 id to struct producer, in order of their coming */
    struct open_txns txns;
    uint32_t count_max;
    int64_t end_offset; /* everything below was seen */
};

/* At count_max producers a new one makes room: a tenth of them, those that appended longest ago and
 * have no transaction open, is forgotten. That may let an old retry through as new; it is what
 * bounds the memory. */
void producer_state_init(struct producer_state *s, uint32_t count_max);
void producer_state_deinit(struct producer_state *s);
/* Forgets everything: before a snapshot is loaded and the batches behind it are replayed. */
void producer_state_clear(struct producer_state *s, int64_t end_offset);
uint32_t producer_state_count(const struct producer_state *s);
/* NULL: not known. */
const struct producer *producer_state_find(const struct producer_state *s, int64_t id);

/* May a leader append this batch (not decided yet) from a client? */
enum producer_verdict {
    PRODUCER_NEW,          /* append it; also for a batch without a producer id */
    PRODUCER_DUPLICATE,    /* it is there already: answer with the old offset and timestamp */
    PRODUCER_FORGOTTEN,    /* it is there already, at or below last_offset; where is not known:
                              DUPLICATE_SEQUENCE_NUMBER */
    PRODUCER_OUT_OF_ORDER, /* OUT_OF_ORDER_SEQUENCE_NUMBER */
    PRODUCER_STALE_EPOCH,  /* INVALID_PRODUCER_EPOCH */
    PRODUCER_NOT_IN_TXN,   /* INVALID_TXN_STATE: not transactional while a transaction is open */
    PRODUCER_FULL,         /* no room: every known producer has an open transaction */
};
struct producer_duplicate {
    int64_t base_offset, last_offset, timestamp_ms;
};
enum producer_verdict producer_state_check(const struct producer_state *s,
                                           const struct record_batch *batch,
                                           struct producer_duplicate *ret_duplicate);
/* May a coordinator's marker be appended? STALE_EPOCH: the producer has a newer epoch. FENCED: a
 * newer coordinator wrote before. REPEAT: the same epoch and no open transaction, so the marker has
 * been written. */
enum producer_marker_verdict {
    PRODUCER_MARKER_OK,
    PRODUCER_MARKER_STALE_EPOCH,
    PRODUCER_MARKER_FENCED,
    PRODUCER_MARKER_REPEAT,
};
enum producer_marker_verdict producer_state_check_marker(const struct producer_state *s,
                                                         int64_t producer_id, int16_t epoch,
                                                         int32_t coordinator_epoch);

/* Takes note of a batch that was appended (here, on a follower, or in a replay), without judging
 * it: base offset and sequence as in the header. A control batch must have its bytes at hand; a
 * marker ends the producer's transaction. True when it aborted one: *ret_aborted is for the
 * transaction index. Batches without a producer id only move end_offset. */
bool producer_state_update(struct producer_state *s, const struct record_batch *batch,
                           struct aborted_txn *ret_aborted);

/* Takes note of an older batch, one that the state already stands on: a snapshot has only the last
 * batch of each producer, and the four before it are found again by walking, in rising order, over
 * the end of the log that the snapshot covers. Without it a producer with several batches in flight
 * that sends the first of them again after a restart would be told OUT_OF_ORDER. Batches of unknown
 * producers and of other epochs change nothing. */
void producer_state_remember(struct producer_state *s, const struct record_batch *batch);

/* Forgets producers without an open transaction that have appended nothing for expiration_ms;
 * called now and then, and the time counts from the first call that finds a batch: its own
 * timestamps are its client's, and may lie anywhere. Returns how many. */
uint32_t producer_state_expire(struct producer_state *s, int64_t now_ms, int64_t expiration_ms);

/* The snapshot (broker/log/producer_snapshot.c) as bytes, which the caller frees. */
uint8_t *producer_state_encode(const struct producer_state *s, size_t *ret_size);
/* Replaces the table; end_offset is the one in the snapshot's name. False when the bytes are no
 * sound snapshot; the table is then empty. */
MUST_CHECK bool producer_state_decode(struct producer_state *s, struct view bytes,
                                      int64_t end_offset);

enum producer_state_result {
    PRODUCER_STATE_CORRUPT = 1,
};
/* Writes <20 digits of end_offset>.snapshot in the partition's directory and syncs its bytes; the
 * caller syncs the directory. */
MUST_CHECK int producer_state_store(const struct producer_state *s, const struct file_ops *ops,
                                    void *fs, const char *dir_path);
/* Loads the snapshot at that offset. 0, -errno (-ENOENT: none) or PRODUCER_STATE_CORRUPT. */
MUST_CHECK int producer_state_load(struct producer_state *s, const struct file_ops *ops, void *fs,
                                   const char *dir_path, int64_t end_offset);

/* How to cut a log back to end_offset: when s->end_offset is beyond it, list the snapshots at or
 * below end_offset and load the newest that loads (clear without one, with the log start), then
 * call producer_state_update for every batch from s->end_offset up to end_offset. */

#endif
