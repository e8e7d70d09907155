/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORDUROY_COMMON_FILE_H
#define CORDUROY_COMMON_FILE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/uio.h>

/* The inner seam: blocking file operations, called on a directory's disk threads only (and by
 * file_peek of the world). Every function returns 0 or a count on success and -errno on failure.
 * Paths are relative to the fs object's root, with a slash between names. Implementations:
 * common/file_posix.c (system calls), tests/lib/file_mem.c (in memory, with faults and loss of
 * power). */
struct file_ops;
/* An open file, counted atomically. Its descriptor is never closed while it holds unsynced bytes of
 * ours (a writeback error is reported only to descriptors that were open) or while a reference is
 * left. Implementations embed this first. */
struct file {
    _Atomic uint32_t refs;
    const struct file_ops *ops;
};

enum file_flags {
    FILE_READ = 0,
    FILE_WRITE = 1,     /* read and write */
    FILE_CREATE = 2,    /* make it if missing */
    FILE_EXCLUSIVE = 4, /* with CREATE: -EEXIST if it is there */
    FILE_TRUNCATE = 8,
};

struct file_ops {
    /* *ret has one reference, which is the caller's. flags: enum file_flags. */
    int (*open)(void *fs, const char *path, unsigned flags, struct file **ret);
    /* Bytes read; fewer than size only at the end of the file. */
    int64_t (*pread)(struct file *file, void *to, uint64_t size, uint64_t pos);
    /* All or an error; after an error any part may have been written. */
    int (*pwritev)(struct file *file, const struct iovec *iov, int count, uint64_t pos);
    /* 0: bytes and size are durable. After an error nothing is known of what was not synced before,
     * and a later success does not mean that it was written. */
    int (*datasync)(struct file *file);
    int64_t (*size)(struct file *file);
    int64_t (*mtime_ms)(struct file *file);
    int (*truncate)(struct file *file, uint64_t size);
    void (*free)(struct file *file); /* called by the last file_unref */
    int (*mkdir)(void *fs, const char *path);
    int (*rmdir)(void *fs, const char *path);
    int (*rename)(void *fs, const char *from, const char *to); /* replaces `to` */
    int (*unlink)(void *fs, const char *path);
    /* 0: the names that were made, renamed or removed in the directory are durable. After an error
     * nothing is known, unless file_out_of_descriptors. */
    int (*sync_dir)(void *fs, const char *path);
    /* Calls each(context, name, is_dir) for every entry, in byte order of the names. */
    int (*list)(void *fs, const char *path,
                void (*each)(void *context, const char *name, bool is_dir), void *context);
    /* An open-file-description fcntl write lock on the whole file, kept until the file is freed.
     * -EWOULDBLOCK: taken. */
    int (*lock)(struct file *file);
    int (*space)(void *fs, uint64_t *ret_free, uint64_t *ret_total); /* bytes on the file system */
};

/* True of the errors (-errno) that say that the process or the machine has no descriptor left, or
 * no memory for one. Of an open, or of what begins with one (list, sync_dir): nothing was done,
 * nothing is wrong with the disk, and later it may be possible. */
bool file_out_of_descriptors(int error);

struct file *file_ref(struct file *file);
void file_unref(struct file *file); /* NULL is nothing */

/* The real files below a root folder. fs for file_ops is the returned object; NULL with errno when
 * root is no folder. With root NULL there are none: every operation fails. */
extern const struct file_ops file_posix_ops;
void *file_posix_new(const char *root);
void file_posix_free(void *fs);
/* preadv2 with RWF_NOWAIT: bytes that are in the page cache now; -EAGAIN when a disk would be
 * waited for. */
int64_t file_posix_peek(struct file *file, uint64_t pos, void *to, uint32_t size);
/* For sendfile and tests; -1 when the file is not one of file_posix_ops. */
int file_posix_descriptor(struct file *file);

#endif
