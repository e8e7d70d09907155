/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORDUROY_TESTS_LIB_FILE_MEM_H
#define CORDUROY_TESTS_LIB_FILE_MEM_H

#include <stdbool.h>
#include <stdint.h>

#include "common/assert.h"
#include "common/file.h"

/* A disk in memory that loses power.
 *
 * The fault model
 * ---------------
 * Bytes. What pwritev and truncate did to a file is unsynced until a datasync of that file returned
 * 0. Every reader sees it at once (the page cache), and it outlives the process (file_mem_kill),
 * but not a loss of power: then each 512-byte sector that has unsynced changes holds what it held
 * after any one of them, or before all (write-back may have come at any moment), each sector by
 * itself. At most one of these sectors, the one under the head, may be torn: of the bytes that the
 * last change to it altered some are new, some old, or they are noise. Bytes of a sector that no
 * write changed are never harmed. The size of a file is any one of the sizes that it had since its
 * last sync, chosen apart from its sectors; bytes beyond the file are gone, bytes in it that were
 * never written are zero.
 *
 * Names. Making, renaming and removing a name is unsynced until a sync_dir of its directory
 * returned 0 (either of both for a rename between directories). At a loss of power any subset of
 * these operations has happened, in their order, each whole or not at all; one that builds on
 * another which did not happen has not happened either. A file's datasync makes no name durable;
 * sync_dir makes no bytes durable.
 *
 * Failed syncs. A datasync that fails (by order) leaves the unsynced bytes in the page cache,
 * marked clean: reads show them, later syncs succeed and do not write them, a loss of power may
 * keep or lose them. Only writing them again makes them dirty again. That is what Linux does.
 *
 * Synced bytes and names never change, but by file_mem_flip.
 *
 * All is drawn from the seeds given: the same calls give the same disk. One lock guards the disk,
 * so threads may share it. */

struct file_mem;

/* An empty disk. */
struct file_mem *file_mem_new(uint64_t seed);
/* Unmounts what is mounted. Open files keep what they need until their file_unref. */
void file_mem_free(struct file_mem *disk);
/* An independent disk with the same bytes, names and unsynced changes: to try several losses of
 * power at one moment. Mounts, open files and orders for faults are not copied. */
struct file_mem *file_mem_copy(struct file_mem *disk, uint64_t seed);

extern const struct file_ops file_mem_ops;
/* One process's view of the disk: the fs argument of file_mem_ops, rooted at a directory that
 * exists ("" is the top). NULL when there is none, or while the power is off. */
void *file_mem_mount(struct file_mem *disk, const char *root);
/* The process ends, orderly or not: its locks are released, its files answer -EIO, what it wrote
 * stays in the page cache. The files still need their file_unref; fs is gone. */
void file_mem_kill(void *fs);

/* Calls of file_ops by kind, for counting and for faults. */
enum file_mem_call {
    FILE_MEM_OPEN,
    FILE_MEM_PREAD,
    FILE_MEM_PWRITEV,
    FILE_MEM_DATASYNC,
    FILE_MEM_SIZE,
    FILE_MEM_MTIME,
    FILE_MEM_TRUNCATE,
    FILE_MEM_MKDIR,
    FILE_MEM_RMDIR,
    FILE_MEM_RENAME,
    FILE_MEM_UNLINK,
    FILE_MEM_SYNC_DIR,
    FILE_MEM_LIST,
    FILE_MEM_LOCK,
    FILE_MEM_SPACE,
    FILE_MEM_CALLS, /* their number; as an argument: any call that changes the disk */
};

/* How often a kind was called since the disk was made or power-cycled. FILE_MEM_CALLS: the changing
 * calls (those that make, write, cut, rename, remove or sync; an open counts when it makes or cuts
 * a file). */
uint64_t file_mem_count(struct file_mem *disk, enum file_mem_call call);

/* Power fails at the nth changing call from now (1: the next). That call may still have its effect,
 * unsynced, and answers -EIO, as does every call after it. 0 takes the order back. */
void file_mem_power_fails_at(struct file_mem *disk, uint64_t nth);
bool file_mem_power_is_off(struct file_mem *disk);
/* Power goes now, if it has not, and comes back. What was unsynced survives as the seed says. All
 * mounts are dead (file_mem_kill must still be called for each); orders for faults are gone;
 * capacity, clock and the sync_dir option stay. */
void file_mem_power_cycle(struct file_mem *disk, uint64_t seed);

/* The nth call of this kind from now (1: the next), on a path that contains `path` when that is not
 * NULL, answers -error (a positive errno), once, or from then on always. A failing pwritev may have
 * written any sectors of its range; a failing datasync leaves its bytes clean but not durable;
 * other calls have no effect. One order per kind; nth 0 takes it back. */
void file_mem_fail(struct file_mem *disk, enum file_mem_call call, const char *path, uint64_t nth,
                   int error, bool always);

/* The disk has so many bytes; a write that needs more answers -ENOSPC after writing what fits. A
 * file takes its size, in whole sectors. 0: without end (the default, reported as 1 TiB). */
void file_mem_set_capacity(struct file_mem *disk, uint64_t size);
/* Modification times come from here. */
void file_mem_set_time_ms(struct file_mem *disk, int64_t now_ms);
/* A mutation for tests of tests: sync_dir answers 0 and does nothing. */
void file_mem_set_sync_dir_broken(struct file_mem *disk, bool broken);
/* The same for datasync. */
void file_mem_set_datasync_broken(struct file_mem *disk, bool broken);

/* Bit rot: xors one byte, on the medium and in the page cache. -ENOENT, or -EINVAL beyond the
 * file. */
MUST_CHECK int file_mem_flip(struct file_mem *disk, const char *path, uint64_t pos, uint8_t mask);
/* How many sectors, sizes and names would be at stake if power went now. */
uint64_t file_mem_unsynced(struct file_mem *disk);

#endif
