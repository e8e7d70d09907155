/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORDUROY_BROKER_LOG_LOG_INTERNAL_H
#define CORDUROY_BROKER_LOG_LOG_INTERNAL_H

#include "broker/log/epoch_cache.h"
#include "broker/log/journal.h"
#include "broker/log/log.h"
#include "broker/log/log_dir.h"
#include "broker/log/meta_properties.h"
#include "broker/log/producer_state.h"
#include "broker/log/segment_index.h"
#include "broker/log/store.h"
#include "broker/log/txn_index.h"

/* Shared by the files of this folder that make up the log object and its directory; nobody else
 * includes it. Each struct says which thread touches it. */

#define LOG_SHARDS_MAX 64
#define LOG_PRODUCERS_MAX 100000u
#define LOG_SUSPECT_FILE "corduroy.suspect" /* in a partition's directory: why, for people */

/* ---- an operation on a log: to the commit lane, then to the store lane ---- */

enum log_op_kind {
    LOG_OP_ENTRY,      /* what item.entry says: journalled, then done in place */
    LOG_OP_MAINTAIN,   /* store lane only: release rounds, measure the space left, note orders */
    LOG_OP_SWEEP,      /* store lane only: unlink the *.deleted files of a log */
    LOG_OP_REMOVE_DIR, /* store lane only: unlink a -delete directory */
};

/* What is to be written when a segment was rolled: its indexes, and the state of producers and
 * epochs at its end. */
struct segment_seal {
    int64_t segment, end;
    struct segment_index index;
    struct txn_index txns;
    struct epoch_cache epochs;
    uint8_t *snapshot;
    size_t snapshot_size;
};

/* What the store lane is told about a truncation or a reset, and what it gives back: the state at
 * the log's new end, which only the files know. */
struct log_cut {
    uint32_t interval_size, index_size; /* settings for a new index */
    bool index_kept;    /* the active segment stays active: its index is in memory at the shard */
    uint32_t scan_from; /* with index_kept: the place of the last index entry left */
    int64_t start;      /* of the log */
    /* results */
    struct segment_index index;
    struct time_index_entry latest;
    struct txn_index txns;
    struct producer_state producers;
};

struct log_op {
    struct journal_item item; /* its job serves both lanes */
    enum log_op_kind kind;
    struct log *log;                /* NULL for REMOVE_DIR and MAINTAIN */
    struct log_op *next, *previous; /* of the log, in the order of seq */
    struct log_op *wait_next;       /* of the shard: waiting for room in the journal */
    struct log_op *batch_next;      /* store lane: the log's operations of one run */
    uint64_t seq;                   /* per log, without gaps: the order in place */
    bool voided;                    /* an append that a cut has made void meanwhile */
    bool stuck;                     /* it met a full disk, and is given to the store lane again */
    struct piece piece;             /* APPEND; a reference is held */
    uint32_t size;             /* APPEND: bytes, counted in the directory's tail until in place */
    struct segment_seal *seal; /* APPEND to a new segment, START: what the old one leaves */
    struct log_cut *cut;       /* TRUNC, RESET */
    int64_t keep_from, active; /* START: the first segment kept, the one to append to */
    bool swept;                /* START: it left *.deleted files */
    char *path;                /* DROP: the -delete directory it leaves; REMOVE_DIR */
};

/* ---- a segment as its shard knows it ---- */

struct log_segment {
    int64_t base;
    uint32_t size;                  /* assigned, for the active one */
    int64_t first_timestamp;        /* of its first batch; -1: unknown or none */
    struct time_index_entry latest; /* largest timestamp; the active one's is in the index */
    int64_t created_ms;             /* when made or last changed, on the wall */
    struct file *file;              /* for reads from the page cache; may be NULL */
    uint64_t file_used;             /* the shard's file_clock when it was used last */
};

/* Where a recent read ended. A reader goes on where it stopped, so the next read needs no index. */
struct read_hint {
    int64_t offset;
    int64_t segment;
    uint32_t pos;
};
#define LOG_READ_HINTS 4

struct log {
    struct log_dir *dir;
    struct partition_id id;
    char *topic;
    struct journal_log journal; /* the commit lane's */
    struct log_files files;     /* the store lane's */
    /* What follows is the shard's. */
    struct dir_shard *shard;
    struct log *next, *previous; /* of the shard */
    struct log_config config;
    struct log_observer *observer;
    int64_t start, end, synced_end, stored_end, high_watermark;
    int64_t stored_segment; /* where the stored end lies */
    uint32_t stored_pos;
    struct log_segment *segments;
    size_t segment_count, segment_capacity;
    struct segment_index index; /* of the active segment */
    struct txn_index txns;
    struct epoch_cache epochs;
    struct producer_state producers;
    struct log_op *op_first, *op_last;
    uint64_t next_seq;
    uint64_t closed_seq; /* while next_seq is this, the files are as a clean stop leaves them */
    uint32_t jobs;       /* operations, reads and queries under way: the log is not freed before */
    uint64_t cuts;       /* truncations and resets so far; a read that began before one is void */
    struct read_hint hints[LOG_READ_HINTS];
    unsigned hint_next;
    unsigned cutting; /* truncations and resets under way: no append is taken */
    bool created_durable;
    bool failed; /* it or its directory; failed_said: its observer knows */
    bool failed_said;
    bool suspect;                /* see log_is_suspect */
    char *why;                   /* suspect: the reason, for people */
    bool deleted;                /* log_delete was called */
    bool dropped;                /* the store lane has removed it: freed with its last job */
    struct log_removal *removal; /* who hears that the deletion is durable; may be NULL */
    struct turn_task moved_task;
};

/* Embedded in a job that is under way and that nothing else lists, so that a process which is
 * thrown away (in tests and simulations) can free it: drop does. */
struct shard_job {
    struct shard_job *next, **link;
    void (*drop)(struct shard_job *job);
    unsigned tries; /* times that it found no descriptor */
};

/* One shard's part of a directory; that shard's thread only. */
struct dir_shard {
    struct log_dir *dir;
    struct reactor *reactor;
    struct log *log_first, *log_last;
    struct log_op *wait_first, **wait_last; /* operations that wait for room in the journal */
    struct timer idle_timer, retry_timer, watch_timer, sweep_timer, order_timer;
    struct journal_item idle_item; /* asks for a round without an entry; idle_busy: under way */
    bool idle_busy;
    struct log_op maintenance; /* maintaining: under way */
    bool maintaining;
    bool failed; /* the directory, and the logs of this shard have heard it */
    bool stuck;  /* some operation of a log found no space on the disk */
    struct sweep *sweep_first;
    struct shard_job *jobs;
    uint64_t file_clock;                        /* one more with each use of a file */
    uint32_t file_count;                        /* segment files referenced */
    struct disk_job *again_first, **again_last; /* jobs that found no descriptor */
    struct timer again_timer;
    struct say_limit say_again, say_unreadable;
};

struct log_dir {
    struct log_dir_config config;
    char *path;
    struct journal journal;
    struct store store;
    struct account tail;
    _Atomic int64_t space;      /* bytes that may still be assigned */
    _Atomic uint32_t log_count; /* not deleted ones */
    _Atomic bool news_sent;     /* the shards were told that the directory failed, each by one: */
    struct disk_job news[LOG_SHARDS_MAX];
    struct dir_shard *shards[LOG_SHARDS_MAX]; /* each is its shard's */
    /* Load, mark and stop; the store lane. */
    struct meta_properties meta;
    struct file *lock;
};

/* ---- log.c ---- */
struct log *log_new(struct log_dir *dir, const char *topic, struct partition_id id,
                    const struct log_config *config);
void log_free(struct log *log);
struct log_op *log_op_new(struct log *log, enum journal_kind kind);
/* Numbers the operation, puts it behind the others of its log and gives it to the commit lane, or
 * lets it wait for room in the journal. */
void log_op_submit(struct log_op *op);
/* The observer's moved() is called at the end of this turn. */
void log_touch(struct log *log);
/* No more is appended in this process; the observer hears it, once. */
void log_fail(struct log *log);
/* A job of the log came home: frees a deleted log with its last. */
void log_job_done(struct log *log);
void log_segment_add(struct log *log, int64_t base, int64_t now_ms);
struct log_segment *log_active(struct log *log);
/* The segment that holds the offset: the last with a base at or below it. */
size_t log_segment_index(const struct log *log, int64_t offset);
void log_segment_drop_file(struct log *log, struct log_segment *segment);
void log_segments_drop(struct log *log, size_t from, size_t to);
void segment_seal_free(struct segment_seal *seal);
/* Frees what an attempt at the cut has found out. */
void log_cut_clear(struct log_cut *cut);
void log_cut_free(struct log_cut *cut);

/* ---- log_op.c ---- */
void log_op_free(struct log_op *op);
void log_op_home_committed(struct disk_job *job);
void log_op_home_stored(struct disk_job *job);
/* Gives the store lane again what met a full disk. */
void log_retry_stuck(struct log *log);

/* ---- log_append.c ---- */
/* Ends the active segment; the next append goes to a new one at end. */
struct segment_seal *log_roll(struct log *log, int64_t now_ms);
/* ---- log_read.c ---- */
/* What a reader hears of a job that ended with this error. */
enum log_outcome log_read_outcome(int error);
/* The log has a segment with this base, and so its file has to be there. */
bool log_has_segment(const struct log *log, int64_t base);
/* Says that a segment's file cannot be read. */
void log_say_unreadable(struct log *log, int64_t segment, int error);
/* Closes what is kept for reads of the shard's logs from the page cache, but for the files used
 * last. */
void log_read_close_files(struct dir_shard *shard, uint32_t kept);
/* ---- log_truncate.c ---- */
void log_cut_stored(struct log *log, struct log_op *op);
/* ---- dir_shard.c ---- */
/* The directory failed: every log of this shard hears it, and soon those of the others. */
void dir_shard_fail(struct dir_shard *shard);
/* Lets every shard look whether the directory failed. */
void dir_shards_tell(struct log_dir *dir, struct reactor *reactor);
/* After the delay: unlinks a log's *.deleted files (SWEEP), or a -delete directory (REMOVE_DIR,
 * takes the path). */
void dir_shard_sweep_later(struct dir_shard *shard, enum log_op_kind kind, struct log *log,
                           char *path, int64_t delay_ms);
void dir_shard_forget_sweeps(struct dir_shard *shard, struct log *log);
struct dir_shard *dir_shard_get(struct log_dir *dir, struct reactor *reactor);
/* Gives the operation to the commit lane as soon as the journal has room for it and for all that
 * wait before it. */
void dir_shard_submit(struct dir_shard *shard, struct log_op *op);
/* An operation came home from the commit lane, or from the store lane: room may have come back. */
void dir_shard_committed(struct dir_shard *shard);
void dir_shard_stored(struct dir_shard *shard);
/* An operation met a full disk: all such are given to the store lane again in a while. */
void dir_shard_retry_later(struct dir_shard *shard);
/* Lets the store lane do what it does after each batch (LOG_OP_MAINTAIN) though there is none. */
void dir_shard_maintain(struct dir_shard *shard);
/* The newest order of a log has changed: the store lane writes all of them down soon. */
void dir_shard_note_orders(struct dir_shard *shard);
void dir_shard_free(struct dir_shard *shard);
void dir_shard_job_begin(struct dir_shard *shard, struct shard_job *job,
                         void (*drop)(struct shard_job *job));
void dir_shard_job_end(struct shard_job *job);
#define JOB_TRIES 20u /* for jobs that somebody waits for: some two seconds */
/* The job came home because no descriptor was left: some that are kept for reads are given back,
 * and it is given to its lane again in a while. */
void dir_shard_job_again(struct dir_shard *shard, struct shard_job *job, struct disk_job *disk);
static inline int64_t dir_shard_wall_ms(struct dir_shard *shard)
{
    return shard->reactor->env.ops->wall_ms(shard->reactor->env.world);
}

#endif
