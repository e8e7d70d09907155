/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORDUROY_BROKER_LOG_LOG_H
#define CORDUROY_BROKER_LOG_LOG_H

#include <stdbool.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/env.h"
#include "common/reactor.h"
#include "common/uuid.h"

/* One replica's log, as its shard sees it. Every function here is called on that shard's thread and
 * none of them blocks: files are touched only by jobs on the directory's disk lanes. A log has four
 * offsets that others may rely on; the ends are exclusive, and at every moment
 *
 *     start <= stored end <= synced end <= end
 *
 * - start: the first offset that can be read.
 * - stored end: every byte below it was written into its segment, unsynced perhaps. Reads below it
 *   come from files, reads above it from memory.
 * - synced end: every record below it is durable, in the directory's commit journal or in place.
 * - end: the next offset to be assigned. It moves as soon as a batch was taken (log_append_*). */
struct log;
struct log_dir;        /* one data directory: journal, write-back, checkpoints; log_dir.h */
struct producer_state; /* producer_state.h */

enum log_outcome {
    LOG_OK = 0,
    /* No room on the disk or in memory: nothing was appended; try again later. */
    LOG_FULL = 1,
    /* The directory failed, or this log is closed: never append again in this epoch. */
    LOG_FAILED = 2,
    LOG_OUT_OF_RANGE = 3, /* an offset below start or above end */
    LOG_CORRUPT = 4,      /* a checksum is wrong, or the bytes are no batch */
    LOG_GAP = 5,          /* a follower's batch does not start at end */
    /* A read: for a good while no file could be opened, since the process has no descriptor left.
     * Nothing is wrong with the log; try again later. */
    LOG_BUSY = 6,
    /* A read: a segment's file is not there; somebody removed it. As with LOG_CORRUPT, what the log
     * lacks has to come from another replica. */
    LOG_MISSING = 7,
};

/* Settings of one log, Kafka's topic settings of the same names; copied. */
struct log_config {
    uint32_t segment_bytes;
    int64_t segment_ms;
    uint32_t index_interval_bytes, segment_index_bytes;
    int64_t retention_ms, retention_bytes; /* -1: no limit */
    int64_t file_delete_delay_ms;
    bool retention_enabled; /* cleanup.policy has delete */
};

/* What a log's owner hears. Called from an event of its own shard, never inside of a call on the
 * log. */
struct log_observer {
    /* At the end of a turn in which something of the log's state changed: synced end, stored end or
     * start moved, a truncation or the creation became durable. */
    void (*moved)(struct log_observer *observer);
    /* LOG_FAILED or LOG_CORRUPT; called once at most. */
    void (*failed)(struct log_observer *observer, enum log_outcome why);
};

/* Makes a log that does not exist yet. It takes appends at once; log_created_durable turns true
 * when its creation is in the journal. The log frees itself after log_delete, or else with the
 * directory. */
struct log *log_create(struct log_dir *dir, struct reactor *reactor, struct view topic,
                       struct partition_id id, int64_t start_offset,
                       const struct log_config *config);
/* A log found by log_dir_load is attached to the shard that owns it before any other call. */
void log_attach(struct log *log, struct reactor *reactor, const struct log_config *config);
void log_observe(struct log *log, struct log_observer *observer);
void log_configure(struct log *log, const struct log_config *config);
/* Removes the replica: the removal is journalled, the directory is renamed to -delete, and its
 * files are unlinked after file_delete_delay_ms. The log frees itself when its last job is done: no
 * call on it is allowed any more, and the observer hears nothing more. */
void log_delete(struct log *log);
/* The same, and calls told once, from an event: durable is true when the removal can not be undone
 * by a crash, false when the directory failed before. The removal lives until then. */
struct log_removal {
    void (*told)(struct log_removal *removal, bool durable);
};
void log_delete_told(struct log *log, struct log_removal *removal);

struct partition_id log_id(const struct log *log);
int64_t log_start(const struct log *log);
int64_t log_end(const struct log *log);
int64_t log_synced_end(const struct log *log);
int64_t log_stored_end(const struct log *log);
int32_t log_last_epoch(const struct log *log); /* of the last record; -1: none */
/* As restored from the journal or the checkpoint, then as last set; journalled with the confirmed
 * ends. Never beyond end. */
int64_t log_high_watermark(const struct log *log);
void log_set_high_watermark(struct log *log, int64_t high_watermark);
/* The newest order that was heard for this replica: leader epoch and version of the partition's
 * state node. It is written to the directory within a tenth of a second or so, so that a later
 * process knows which state ZooKeeper once had. An older order than the one known is ignored. */
void log_set_order(struct log *log, int32_t leader_epoch, int32_t version);
/* As restored, then as last set; (-1, -1): none. */
void log_order(const struct log *log, int32_t *ret_leader_epoch, int32_t *ret_version);
bool log_created_durable(const struct log *log);
bool log_is_failed(const struct log *log);
/* The last start did not find the log whole up to its confirmed end, or it was found damaged where
 * it had to be cut. A suspect log neither leads nor counts in an ISR, and takes no append until
 * log_reset. */
bool log_is_suspect(const struct log *log);
uint64_t log_size(const struct log *log);

struct log_place {
    int64_t base, end; /* offsets: [base, end) */
    int64_t segment;   /* base offset of the segment */
    uint32_t pos, size;
};
/* Appends one whole v2 batch whose CRC was checked. Its base offset becomes the log's end and its
 * leader epoch the given one; both are patched into the buffer (the CRC does not cover them), which
 * is referenced until the bytes are in place. From then on the offset is decided for good, and the
 * batch can be read. *ret (which may be NULL) is where it went. LOG_OK, LOG_FULL (nothing happened)
 * or LOG_FAILED. */
enum log_outcome log_append_leader(struct log *log, const struct piece *batch, int32_t leader_epoch,
                                   struct log_place *ret);
/* The same for a follower: the batch has its offset, which must be the log's end (else LOG_GAP),
 * and its epoch already. */
enum log_outcome log_append_follower(struct log *log, const struct piece *batch,
                                     struct log_place *ret);

/* Cuts the log to the batch boundary at or below `to`. What is cut can not be read any more at
 * once; the cut is durable when moved() is heard and log_truncating is false, and no append is
 * taken before. Nothing to do when to >= end. */
void log_truncate(struct log *log, int64_t to);
bool log_truncating(const struct log *log);
/* Drops everything; the next offset is `to`. For a follower whose end lies below its leader's
 * start, and for a suspect log that is fetched anew (it is suspect no more). Durable as
 * log_truncate is. */
void log_reset(struct log *log, int64_t to);
/* Moves the start up, on a leader by retention, on a follower because its leader's has moved.
 * Segments that lie wholly below it are deleted. */
void log_advance_start(struct log *log, int64_t start);
/* Deletes the oldest segments that are over the limits of time or size (Kafka's retention.ms and
 * retention.bytes) and lie below the high watermark. To be called now and then. */
void log_retain(struct log *log, int64_t wall_ms);

/* The largest epoch <= epoch that the log knows and where it ends; (-1, -1) when it knows none
 * (Kafka's endOffsetFor). */
void log_epoch_end(const struct log *log, int32_t epoch, int32_t *ret_epoch, int64_t *ret_end);
/* The epoch of the record at the offset; -1: none is known. */
int32_t log_epoch_at(const struct log *log, int64_t offset);
struct producer_state *log_producers(struct log *log);

/* A read of whole batches, from the one that holds `offset` to below `bound`. Embedded in its
 * owner, who fills in what stands above "results". */
struct log_read {
    int64_t offset, bound;
    uint32_t size_max;
    bool first_whole; /* at least one whole batch, however large */
    void (*done)(struct log_read *read);
    /* results; the pieces hold references, which the owner drops with log_read_reset */
    enum log_outcome outcome;
    struct piece pieces[16];
    unsigned piece_count;
    uint32_t size;
    int64_t end; /* offset after the last batch read */
    void *job;   /* the log's: the read that is under way; NULL: none */
};
/* True: the results are there, from memory or the page cache, and done is not called. False: a disk
 * has to be waited for, and done is called once, later, from an event. The CRC of every batch that
 * comes from a file was checked (else LOG_CORRUPT). A read may outlive log_delete: it then ends
 * with LOG_FAILED. */
bool log_read(struct log *log, struct log_read *read);
/* Drops the results, or cancels the read: done is not called any more. */
void log_read_reset(struct log_read *read);

/* Looks for the first record below bound whose timestamp (ms) is at least the given one; with
 * max_timestamp for the record with the largest (KIP-734). Offset and timestamp are -1 when there
 * is none. Embedded in its owner; always answered through done, from an event. */
struct log_time_query {
    int64_t timestamp, bound;
    bool max_timestamp;
    void (*done)(struct log_time_query *query);
    enum log_outcome outcome;
    int64_t ret_offset, ret_timestamp;
    int32_t ret_epoch;
    struct disk_job job; /* this and search are the log's */
    void *search;
};
void log_find_time(struct log *log, struct log_time_query *query);

#endif
