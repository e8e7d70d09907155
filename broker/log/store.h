/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORDUROY_BROKER_LOG_STORE_H
#define CORDUROY_BROKER_LOG_STORE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/assert.h"
#include "common/env.h"
#include "common/uuid.h"

/* The STORE lane of a directory. It writes what the journal made durable into segments, unsynced.
 * When a part of the journal can be released, it syncs every file and directory that was touched,
 * writes the checkpoints and releases the rounds. Everything here is used by the lane's thread
 * only; the load and the stop of a directory run on the same lane. */

#define STORE_FILES_GIVEN_BACK 8u /* when the process has no descriptor left */
#define STORE_FILES_MAX 512u /* descriptors kept for writing, but for those with unsynced bytes */

struct log_dir;
struct log_op;

/* A segment open for writing. Never closed while it holds unsynced bytes (a failed write-back is
 * reported only to descriptors that were open). */
struct store_file {
    struct log_files *log;
    int64_t segment;
    struct file *file;
    bool dirty;
    struct store_file *log_next;
    struct store_file *newer, *older; /* by last use */
};

/* A log's files as the store lane knows them; embedded in struct log. */
struct log_files {
    char *name; /* of the directory now */
    const char *topic;
    struct partition_id id;
    int64_t stored_end, start;           /* offsets, as in log.h */
    int64_t first_segment, last_segment; /* base offsets; last: of the newest file that was made */
    _Atomic int64_t *high_watermark;     /* of the journal_log; written by the shard */
    _Atomic int64_t order;          /* LOG_ORDER of the newest order; -1: none. Set by the shard */
    uint64_t next_seq;              /* of the operation that is next in place */
    struct store_file *open;        /* segments that are open for writing */
    bool listed;                    /* by the store, so that checkpoints and the stop find it */
    struct log_files *next_opening; /* of the store's, while its making is not done */
    bool dir_dirty;                 /* names in its directory were changed and not synced */
    struct log_files *next, *previous; /* of the store, in the order of their making */
    struct log_op *batch_first, **batch_last;
    struct log_files *batch_next;
};

struct store {
    struct log_dir *dir;
    const struct file_ops *ops; /* during a run */
    void *fs;
    struct log_files *log_first, *log_last;
    struct log_files *opening; /* in the order in which they began */
    struct store_file *newest, *oldest;
    uint32_t file_count;
    bool root_dirty; /* names in the directory of the whole store were changed and not synced */
    _Atomic bool orders_dirty;
};

/* An order's leader epoch and version as one number that rises. */
#define LOG_ORDER(leader_epoch, version) ((int64_t)(leader_epoch) << 32 | (version))
/* A checkpoint of ours: topic id, partition, LOG_ORDER. By id, since a name may be used again. */
#define STORE_ORDERS_FILE "corduroy-order-checkpoint"

/* The run function of LANE_STORE; its context is the store. error of an operation: 0; -ENOSPC or
 * -EAGAIN (one of its log before it met -ENOSPC): not done, give it again; anything else: the
 * directory is dead. */
void store_run(struct disk_job *batch, const struct file_ops *files, void *fs);

/* ---- within this folder ---- */
void store_init(struct store *store, struct log_dir *dir);
void store_deinit(struct store *store);
/* Enters a log that exists in place. Takes the name. */
void store_list(struct store *store, struct log_files *log, char *name);
void store_unlist(struct store *store, struct log_files *log);
/* The segment's file, open for writing; made when it is not there. It may be closed by the next
 * call: at most STORE_FILES_MAX are kept. 0 or -errno. */
MUST_CHECK int store_open(struct store *store, struct log_files *log, int64_t segment,
                          struct store_file **ret);
/* The file has unsynced bytes. */
void store_dirty(struct store_file *file);
/* Closes the log's files from the segment on, synced or not: they are being removed. */
void store_forget_files(struct store *store, struct log_files *log, int64_t from_segment);
/* Measures what may still be assigned. */
void store_look_at_space(struct store *store);
/* Syncs one file. 0 or -EIO: whatever the disk's error was, none is one to wait for and try again,
 * since the bytes may count as clean now. */
MUST_CHECK int store_sync_file(struct store *store, struct store_file *file);
/* Syncs every file and directory with unsynced changes. 0; -errno of file_out_of_descriptors: not
 * all of it, to be tried again; -EIO. */
MUST_CHECK int store_sync(struct store *store);
/* Writes the three checkpoints of the directory: recovery point, high watermark, log start. */
MUST_CHECK int store_checkpoints(struct store *store);
/* Writes the checkpoint of orders when one of them has changed. */
MUST_CHECK int store_orders(struct store *store);
/* Syncs and releases what of the journal can be; does nothing when nothing can. */
MUST_CHECK int store_release(struct store *store);
/* The operations other than appends (store_ops.c, store_cut.c): what the entry says, in place. 0,
 * -ENOSPC: not done, to be tried again; -errno: the disk failed. Making a log answers -EAGAIN while
 * an older one of its name is not made. */
MUST_CHECK int store_open_log(struct store *store, struct log_op *op);
MUST_CHECK int store_cut(struct store *store, struct log_op *op);
MUST_CHECK int store_reset(struct store *store, struct log_op *op);
MUST_CHECK int store_start(struct store *store, struct log_op *op);
MUST_CHECK int store_drop(struct store *store, struct log_op *op);
MUST_CHECK int store_seal(struct store *store, struct log_op *op);
/* Unlinks every file whose name ends in .deleted; then, remove_dir, all others and the directory.
 */
MUST_CHECK int store_sweep(struct store *store, const char *path, bool remove_dir);

#endif
