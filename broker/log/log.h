/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORDUROY_BROKER_LOG_LOG_H
#define CORDUROY_BROKER_LOG_LOG_H

#include <stdbool.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/env.h"
#include "common/reactor.h"
#include "common/uuid.h"

/* One replica's log. It belongs to one shard's thread; every function here is called there. The
 * files behind it are touched only by jobs on its directory's disk lanes. Offsets that the outside
 * may rely on:
 *
 *   start <= stored end <= synced end <= end
 *
 * end         the next offset to be assigned: known as soon as a batch was taken (log_append_*)
 * synced end  every record below it is durable (in the directory's commit journal, or synced in
 * place): a prefix stored end  every byte below it was written in place, so that files serve reads
 * below it; memory serves the rest */
struct log;
struct log_dir;        /* one data directory: journal, write-back, checkpoints; log_dir.h */
struct producer_state; /* producer_state.h */

enum log_outcome {
    LOG_OK = 0,
    LOG_FULL = 1, /* no space can be reserved: nothing was assigned; try again later */
    LOG_FAILED =
        2, /* the directory is dead, or this log is closed: never append again in this epoch */
    LOG_OUT_OF_RANGE = 3, /* an offset below start or above the end */
    LOG_CORRUPT = 4,      /* bytes on disk do not check out: the replica is suspect */
    LOG_GAP = 5,          /* a follower's batch does not start at end */
};

/* Settings of one log; copied. */
struct log_config {
    uint32_t segment_bytes;
    int64_t segment_ms;
    uint32_t index_interval_bytes, segment_index_bytes;
    int64_t retention_ms, retention_bytes; /* -1: no limit */
    int64_t file_delete_delay_ms;
    bool retention_enabled; /* cleanup.policy has delete */
};

/* What the owner hears, always from an event of its own shard, never inside a call on the log. */
struct log_observer {
    /* synced end, stored end or start moved, a truncation or the creation became durable: look at
     * the log's state. */
    void (*moved)(struct log_observer *observer);
    /* LOG_FAILED or LOG_CORRUPT; said once. */
    void (*failed)(struct log_observer *observer, enum log_outcome why);
};

/* A log that does not exist yet: its directory is made and its first journal entry queued; it takes
 * appends at once, and log_created_durable turns true when nothing of it can vanish any more. */
struct log *log_create(struct log_dir *dir, struct reactor *reactor, struct view topic,
                       struct partition_id id, int64_t start_offset,
                       const struct log_config *config);
/* A log found by log_dir_load is attached to the shard that owns it before any other call. */
void log_attach(struct log *log, struct reactor *reactor, const struct log_config *config);
void log_observe(struct log *log, struct log_observer *observer);
void log_configure(struct log *log, const struct log_config *config);
/* The replica is removed: journalled as dropped, its directory renamed to -delete and unlinked
 * after the delay. The log object frees itself when its last job is home; the observer hears
 * nothing more. */
void log_delete(struct log *log);
/* The same, and tells once, from an event, that the removal is durable; or that it is not, because
 * the directory failed. The removal lives until then. */
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
/* The newest order that was heard for this replica: leader epoch and version of the state node. It
 * is noted in the directory soon after, so that a later process knows how far ZooKeeper has been.
 * Never steps back. */
void log_set_order(struct log *log, int32_t leader_epoch, int32_t version);
/* As restored, then as last set; (-1, -1): none. */
void log_order(const struct log *log, int32_t *ret_leader_epoch, int32_t *ret_version);
bool log_created_durable(const struct log *log);
bool log_is_failed(const struct log *log);
/* Could not be produced up to its confirmed end at the last start, or was found damaged where it
 * had to be cut: neither leads nor counts until fetched anew. */
bool log_is_suspect(const struct log *log);
uint64_t log_size(const struct log *log);

struct log_place {
    int64_t base, end; /* offsets: [base, end) */
    int64_t segment;   /* base offset of the segment */
    uint32_t pos, size;
};
/* Takes one whole, checked v2 batch. Patches base offset = end and the leader epoch into the buffer
 * (both outside the CRC) and decides the offset for good. The piece's buffer is referenced until
 * the bytes are in place. Updates producer state. LOG_OK, LOG_FULL (nothing happened) or
 * LOG_FAILED. A read at the end sees the batch at once. */
enum log_outcome log_append_leader(struct log *log, const struct piece *batch, int32_t leader_epoch,
                                   struct log_place *ret);
/* Follower: the batch bears its offset, which must be end (else LOG_GAP), and its epoch. */
enum log_outcome log_append_follower(struct log *log, const struct piece *batch,
                                     struct log_place *ret);

/* Cuts to `to` (the batch boundary at or below it): at once in memory; durable, through the
 * journal, when moved() is heard and log_truncating is false. No append is taken meanwhile. to >=
 * end is nothing to do. */
void log_truncate(struct log *log, int64_t to);
bool log_truncating(const struct log *log);
/* Everything goes; the next offset is `to` (a follower that fell behind the leader's start, a
 * suspect log fetched anew). Durable as log_truncate is; clears suspect. */
void log_reset(struct log *log, int64_t to);
/* Moves the start up (retention on the leader, told to followers). Journalled; whole segments below
 * it go. */
void log_advance_start(struct log *log, int64_t start);
/* Rolls by age and deletes by time and size what retention allows below the high watermark. Called
 * now and then. */
void log_retain(struct log *log, int64_t wall_ms);

/* The largest epoch <= epoch that the log knows and where it ends; (-1, -1) when it knows none
 * (Kafka's endOffsetFor). */
void log_epoch_end(const struct log *log, int32_t epoch, int32_t *ret_epoch, int64_t *ret_end);
/* The epoch of the record at the offset; -1: none is known. */
int32_t log_epoch_at(const struct log *log, int64_t offset);
struct producer_state *log_producers(struct log *log);

/* A read of whole batches from `offset` (which may lie inside the first) to below `bound`. Embedded
 * in its owner. */
struct log_read {
    int64_t offset, bound;
    uint32_t size_max;
    bool first_whole; /* at least one whole batch, however large */
    void (*done)(struct log_read *read);
    /* results: pieces hold references, which the owner drops with log_read_reset */
    enum log_outcome outcome;
    struct piece pieces[16];
    unsigned piece_count;
    uint32_t size;
    int64_t end; /* offset after the last batch read */
    void *internal[6];
};
/* True: the results are there (memory or page cache) and done is not called. False: done is called
 * once, later, from an event. Batches that come from a file are CRC-checked first (LOG_CORRUPT). A
 * read may outlive log_delete; it then ends LOG_FAILED. */
bool log_read(struct log *log, struct log_read *read);
void log_read_reset(struct log_read *read);

/* The first record with a timestamp >= the given one, below bound; -1, -1 when there is none.
 * max_timestamp: the record with the largest timestamp instead (KIP-734). Always answered through
 * done. */
struct log_time_query {
    int64_t timestamp, bound;
    bool max_timestamp;
    void (*done)(struct log_time_query *query);
    enum log_outcome outcome;
    int64_t ret_offset, ret_timestamp;
    int32_t ret_epoch;
    void *internal[4];
    struct disk_job job;
};
void log_find_time(struct log *log, struct log_time_query *query);

#endif
