/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORDUROY_TESTS_LIB_MEM_DISK_H
#define CORDUROY_TESTS_LIB_MEM_DISK_H

#include <pthread.h>

#include "tests/lib/file_mem.h"
#include "tests/lib/mem_bytes.h"
#include "tests/lib/mem_names.h"

/* The insides of file_mem.h: the disk, who mounted it, and what is to fail. The file operations
 * themselves are in file_mem.c. */

/* A fault that was ordered. */
struct mem_order {
    uint64_t left; /* calls until it strikes; 0: none */
    int error;
    bool always;
    char *path;
};

/* The disk lives until it was freed and the last mount is gone. */
struct file_mem {
    pthread_mutex_t lock;
    uint32_t refs;
    struct mem_names names;
    struct mem_random random;
    struct mem_mount *mounts; /* those not killed yet */
    uint64_t counts[FILE_MEM_CALLS + 1];
    struct mem_order orders[FILE_MEM_CALLS + 1];
    uint64_t power_left; /* changing calls until power fails; 0: no order */
    bool dying, off;     /* dying: it fails within the call that runs now */
    bool sync_dir_broken, datasync_broken;
    uint64_t capacity;
    int64_t now_ms;
};

/* One process's view. It lives until it was killed and its last file is freed. */
struct mem_mount {
    struct file_mem *disk;
    struct mem_mount *next;
    struct mem_node *root;
    uint32_t refs;
    bool dead;
};

/* Every file operation begins and ends with these; the disk's lock is held in between. Begin: 0,
 * -EIO without power, or the error of an order, which *ret_ordered tells apart. End gives the
 * result of the call, -EIO when power failed in it. */
int mem_disk_begin(struct mem_mount *mount, enum file_mem_call call, const char *path,
                   bool changing, bool *ret_ordered);
int64_t mem_disk_end(struct mem_mount *mount, int64_t result);
/* A call that began as one that changes nothing turns out to change the disk: 0 or the error of an
 * order. */
int mem_disk_change(struct file_mem *disk, const char *path);
/* With the lock held. True when it was the last: the caller gives the disk's reference back too. */
bool mem_mount_unref(struct mem_mount *mount);
/* Lets go of the lock, and of a reference to the disk. */
void mem_disk_unlock_unref(struct file_mem *disk);

/* An open file. */
struct mem_file {
    struct file file;
    struct mem_mount *mount;
    struct mem_node *node;
    bool writable;
    char path[];
};

#endif
