/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORDUROY_BROKER_LOG_JOURNAL_H
#define CORDUROY_BROKER_LOG_JOURNAL_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "broker/log/journal_format.h"
#include "common/env.h"

/* The commit journal of one directory: one write and one sync make the appends of all its logs
 * durable. It is two plain files of equal size that are used in turn; they are zeroed before the
 * first round, so that a sync carries data and no file-system metadata. README.md of this folder
 * has the format, and argues why nothing is lost (invariants L1 to L9).
 *
 * Three parties use it. Shards reserve room (journal_reserve) and give items to LANE_COMMIT, where
 * journal_run makes rounds of them. LANE_STORE says when what an item stands for is in place
 * (journal_stored), and releases rounds when all they stand for is synced there (journal_release).
 * What is not marked otherwise below belongs to the commit lane. */

#define JOURNAL_FILES 2
#define JOURNAL_SLOTS 16

const char *journal_file_name(unsigned file);

/* What the commit lane knows of a log; embedded in it. */
struct journal_log {
    struct partition_id id;
    _Atomic int64_t high_watermark; /* written by the log's shard */
    int64_t end;                    /* after the last durable round; commit lane */
    bool open;                      /* touched by a round whose ends are not stated yet */
    struct journal_log *next_open;
};

/* One entry on its way to the disk; embedded in its owner, which sets job.home, shard, dir and the
 * entry. job.run, lane and context come from journal_item_init. */
struct journal_item {
    struct disk_job job;
    struct journal_entry entry; /* kind JOURNAL_NOTHING: state the open ends, pass on the floor */
    struct journal_log *log;    /* of the entry; NULL without one */
    uint64_t reserved;          /* room that journal_reserve took for it */
    uint64_t slot;              /* set by the round: give it to journal_stored */
    uint64_t round;             /* set by the round */
};

/* Rounds are released together, half a file at a time: a slot. */
struct journal_slot {
    _Atomic int64_t pending; /* items durable here and not in place yet */
    _Atomic uint64_t last_round;
};

struct journal {
    struct uuid id;
    uint64_t file_size, usable; /* usable: a file at or beyond it takes no further round */
    uint64_t round_size_max;    /* entries of one round, unless it is a single one */
    unsigned mutation;
    /* Any thread. */
    _Atomic int64_t room;
    _Atomic bool failed; /* sticky: a write or a sync failed (L7) */
    _Atomic bool ends_open, made;
    _Atomic uint64_t floor; /* that a durable round has stated */
    struct journal_slot slots[JOURNAL_SLOTS];
    _Atomic uint64_t slot_current; /* slots below it take no further round */
    /* Written by the STORE lane. */
    _Atomic uint64_t slot_released; /* slots below it are released */
    _Atomic uint64_t round_released;
    /* Commit lane only. */
    struct file *files[JOURNAL_FILES];
    unsigned current;
    uint64_t used[JOURNAL_FILES], last_round[JOURNAL_FILES];
    bool reusable[JOURNAL_FILES];
    uint64_t next_round;
    bool closed; /* by a clean stop: no round follows */
    struct journal_log *open_first, **open_last;
    uint64_t open_count, debt; /* debt: room kept for stating the open ends */
    uint8_t *buffer;           /* of a round, what is not written from where it is */
    size_t buffer_size;
    struct iovec *parts;
    size_t part_capacity;
};

/* file_size: a multiple of the block size, at least 16 blocks. */
void journal_init(struct journal *j, struct uuid id, uint64_t file_size, unsigned mutation);
void journal_deinit(struct journal *j);
/* Before the first round: the next round's number, and the file that holds the round with the
 * largest floor (it is overwritten last). */
void journal_start(struct journal *j, uint64_t next_round, uint64_t floor, unsigned floor_file);
/* Opens the files, or makes and zeroes them when they are missing or have another size (then
 * nothing in them may be live). A disk thread. 0 or -errno. */
MUST_CHECK int journal_open_files(struct journal *j, const struct file_ops *files, void *fs);
/* Writes and syncs an empty round whose floor is its own number: nothing before it needs replay.
 * Into the block kept for that in the file which does not hold the largest floor. While no item is
 * under way; a disk thread. */
MUST_CHECK int journal_write_floor(struct journal *j, const struct file_ops *files, void *fs);

void journal_log_init(struct journal_log *log, struct partition_id id, int64_t end,
                      int64_t high_watermark);
void journal_item_init(struct journal_item *item, struct journal *j, unsigned dir);
/* The largest entry that fits at all. */
uint64_t journal_entry_size_max(const struct journal *j);
/* Takes room for the item; false: none is left until rounds are released, try later. An item that
 * has an entry is given to the lane only with room. Any thread. */
bool journal_reserve(struct journal *j, struct journal_item *item);
/* Rounds were released and no durable round says so yet: the next one may give room back. Any
 * thread. */
bool journal_owes_floor(struct journal *j);

/* The run function of LANE_COMMIT (L1): every queued item of the directory, in as few rounds as
 * fit. An item without error is durable. After an error all items fail, for ever. */
void journal_run(struct disk_job *batch, const struct file_ops *files, void *fs);

/* STORE lane: what the item says is in place (not synced). */
void journal_stored(struct journal *j, uint64_t slot);
/* STORE lane: the slots below the returned one take no further round, and all they hold is in
 * place: they can be released when that is synced. */
uint64_t journal_releasable_below(struct journal *j);
/* STORE lane: whether journal_release would release anything. */
bool journal_releasable(struct journal *j);
/* STORE lane: what the slots below this one hold is in place and synced, names included. Their
 * rounds are released: the next round says so, and then their room is free. */
void journal_release(struct journal *j, uint64_t slots_below);

#endif
