/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/file_mem.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "tests/lib/mem_disk.h"

#define SIZE_WITHOUT_END ((uint64_t)1 << 40)

static struct mem_file *mem_file_of(struct file *file)
{
    PRE(file->ops == &file_mem_ops);
    return CONTAINER_OF(file, struct mem_file, file);
}

/* ---- files ----------------------------------------------------------------------------------- */

static struct file *open_node(struct mem_mount *mount, struct mem_node *node, const char *path,
                              unsigned flags)
{
    struct mem_file *f = xcalloc(1, sizeof *f + strlen(path) + 1);
    atomic_init(&f->file.refs, 1);
    f->file.ops = &file_mem_ops;
    f->mount = mount;
    mount->refs++;
    f->node = mem_node_ref(node);
    node->opens++;
    f->writable = flags & FILE_WRITE;
    memcpy(f->path, path, strlen(path) + 1);
    return &f->file;
}

static int open_locked(struct mem_mount *mount, const char *path, unsigned flags, struct file **ret)
{
    struct file_mem *disk = mount->disk;
    struct mem_node *node;
    int error = mem_names_find(mount->root, path, &node);
    if (error == -ENOENT && flags & FILE_CREATE) {
        error = mem_disk_change(disk, path);
        if (!error)
            error = mem_names_make(&disk->names, mount->root, path, false, &node);
        if (error)
            return error;
        node->mtime_ms = disk->now_ms;
    } else if (error) {
        return error;
    } else if (flags & FILE_CREATE && flags & FILE_EXCLUSIVE) {
        return -EEXIST;
    }
    if (node->is_dir)
        return -EISDIR;
    if (flags & FILE_TRUNCATE && node->bytes.size > 0) {
        error = mem_disk_change(disk, path);
        if (error)
            return error;
        mem_bytes_truncate(&node->bytes, 0);
        node->mtime_ms = disk->now_ms;
    }
    *ret = open_node(mount, node, path, flags);
    return 0;
}

static int op_open(void *fs, const char *path, unsigned flags, struct file **ret)
{
    struct mem_mount *mount = fs;
    struct file *file = NULL;
    bool ordered;
    int error = mem_disk_begin(mount, FILE_MEM_OPEN, path, false, &ordered);
    if (!error)
        error = open_locked(mount, path, flags, &file);
    error = (int)mem_disk_end(mount, error);
    if (error) {
        file_unref(file);
        return error;
    }
    *ret = file;
    return 0;
}

static void op_free(struct file *file)
{
    struct mem_file *f = mem_file_of(file);
    struct mem_mount *mount = f->mount;
    struct file_mem *disk = mount->disk;
    pthread_mutex_lock(&disk->lock);
    if (f->node->lock_owner == f)
        f->node->lock_owner = NULL;
    f->node->opens--;
    mem_node_unref(f->node);
    free(f);
    if (mem_mount_unref(mount))
        mem_disk_unlock_unref(disk);
    else
        pthread_mutex_unlock(&disk->lock);
}

static int64_t op_pread(struct file *file, void *to, uint64_t size, uint64_t pos)
{
    struct mem_file *f = mem_file_of(file);
    bool ordered;
    int64_t result = mem_disk_begin(f->mount, FILE_MEM_PREAD, f->path, false, &ordered);
    if (!result)
        result = (int64_t)mem_bytes_read(&f->node->bytes, to, size, pos);
    return mem_disk_end(f->mount, result);
}

static uint64_t in_sectors(uint64_t size)
{
    return (size + MEM_SECTOR_SIZE - 1) / MEM_SECTOR_SIZE * MEM_SECTOR_SIZE;
}

static void add_size(void *context, struct mem_node *file)
{
    *(uint64_t *)context += in_sectors(file->bytes.size);
}

static uint64_t used(struct file_mem *disk)
{
    uint64_t size = 0;
    mem_names_walk(&disk->names, add_size, &size);
    return size;
}

/* How much of a write to [pos, pos + size) fits on the disk. */
static uint64_t fitting(struct file_mem *disk, const struct mem_node *node, uint64_t size,
                        uint64_t pos)
{
    if (disk->capacity == 0)
        return size;
    uint64_t others = used(disk) - (node->links > 0 ? in_sectors(node->bytes.size) : 0);
    uint64_t room = disk->capacity > others ? disk->capacity - others : 0;
    room = room / MEM_SECTOR_SIZE * MEM_SECTOR_SIZE;
    if (room < in_sectors(node->bytes.size))
        room = in_sectors(node->bytes.size);
    if (pos >= room)
        return 0;
    return size < room - pos ? size : room - pos;
}

/* A write that failed: any of its sectors may have been written. */
static void write_some(struct file_mem *disk, struct mem_node *node, const uint8_t *bytes,
                       uint64_t size, uint64_t pos)
{
    for (uint64_t done = 0; done < size;) {
        uint64_t part = MEM_SECTOR_SIZE - (pos + done) % MEM_SECTOR_SIZE;
        if (part > size - done)
            part = size - done;
        if (mem_random_percent(&disk->random, 50))
            mem_bytes_write(&node->bytes, bytes + done, part, pos + done);
        done += part;
    }
}

static uint8_t *flatten(const struct iovec *iov, int count, uint64_t *ret_size)
{
    uint64_t size = 0;
    for (int i = 0; i < count; i++)
        size += iov[i].iov_len;
    uint8_t *bytes = xmalloc(size + 1);
    uint64_t at = 0;
    for (int i = 0; i < count; i++) {
        if (iov[i].iov_len > 0)
            memcpy(bytes + at, iov[i].iov_base, iov[i].iov_len);
        at += iov[i].iov_len;
    }
    *ret_size = size;
    return bytes;
}

static int op_pwritev(struct file *file, const struct iovec *iov, int count, uint64_t pos)
{
    struct mem_file *f = mem_file_of(file);
    struct file_mem *disk = f->mount->disk;
    uint64_t size;
    uint8_t *bytes = flatten(iov, count, &size);
    bool ordered;
    int error = mem_disk_begin(f->mount, FILE_MEM_PWRITEV, f->path, true, &ordered);
    if (ordered) {
        write_some(disk, f->node, bytes, fitting(disk, f->node, size, pos), pos);
    } else if (!error && !f->writable) {
        error = -EBADF;
    } else if (!error) {
        uint64_t fits = fitting(disk, f->node, size, pos);
        mem_bytes_write(&f->node->bytes, bytes, fits, pos);
        f->node->mtime_ms = disk->now_ms;
        error = fits < size ? -ENOSPC : 0;
    }
    error = (int)mem_disk_end(f->mount, error);
    free(bytes);
    return error;
}

static int op_datasync(struct file *file)
{
    struct mem_file *f = mem_file_of(file);
    struct file_mem *disk = f->mount->disk;
    bool ordered;
    int error = mem_disk_begin(f->mount, FILE_MEM_DATASYNC, f->path, true, &ordered);
    if (ordered)
        mem_bytes_sync_failed(&f->node->bytes);
    else if (!error && !disk->dying && !disk->datasync_broken)
        mem_bytes_sync(&f->node->bytes);
    return (int)mem_disk_end(f->mount, error);
}

static int64_t op_size(struct file *file)
{
    struct mem_file *f = mem_file_of(file);
    bool ordered;
    int64_t result = mem_disk_begin(f->mount, FILE_MEM_SIZE, f->path, false, &ordered);
    if (!result)
        result = (int64_t)f->node->bytes.size;
    return mem_disk_end(f->mount, result);
}

static int64_t op_mtime_ms(struct file *file)
{
    struct mem_file *f = mem_file_of(file);
    bool ordered;
    int64_t result = mem_disk_begin(f->mount, FILE_MEM_MTIME, f->path, false, &ordered);
    if (!result)
        result = f->node->mtime_ms;
    return mem_disk_end(f->mount, result);
}

static int op_truncate(struct file *file, uint64_t size)
{
    struct mem_file *f = mem_file_of(file);
    struct file_mem *disk = f->mount->disk;
    bool ordered;
    int error = mem_disk_begin(f->mount, FILE_MEM_TRUNCATE, f->path, true, &ordered);
    if (!error && !f->writable)
        error = -EBADF;
    if (!error && size > f->node->bytes.size && fitting(disk, f->node, size, 0) < size)
        error = -ENOSPC;
    if (!error) {
        mem_bytes_truncate(&f->node->bytes, size);
        f->node->mtime_ms = disk->now_ms;
    }
    return (int)mem_disk_end(f->mount, error);
}

static int op_lock(struct file *file)
{
    struct mem_file *f = mem_file_of(file);
    bool ordered;
    int error = mem_disk_begin(f->mount, FILE_MEM_LOCK, f->path, false, &ordered);
    if (!error && !f->writable)
        error = -EBADF;
    if (!error && f->node->lock_owner && f->node->lock_owner != f)
        error = -EWOULDBLOCK;
    if (!error)
        f->node->lock_owner = f;
    return (int)mem_disk_end(f->mount, error);
}

/* ---- names ----------------------------------------------------------------------------------- */

static int op_mkdir(void *fs, const char *path)
{
    struct mem_mount *mount = fs;
    struct mem_node *node;
    bool ordered;
    int error = mem_disk_begin(mount, FILE_MEM_MKDIR, path, true, &ordered);
    if (!error)
        error = mem_names_make(&mount->disk->names, mount->root, path, true, &node);
    return (int)mem_disk_end(mount, error);
}

static int op_rmdir(void *fs, const char *path)
{
    struct mem_mount *mount = fs;
    bool ordered;
    int error = mem_disk_begin(mount, FILE_MEM_RMDIR, path, true, &ordered);
    if (!error)
        error = mem_names_remove(&mount->disk->names, mount->root, path, true);
    return (int)mem_disk_end(mount, error);
}

static int op_unlink(void *fs, const char *path)
{
    struct mem_mount *mount = fs;
    bool ordered;
    int error = mem_disk_begin(mount, FILE_MEM_UNLINK, path, true, &ordered);
    if (!error)
        error = mem_names_remove(&mount->disk->names, mount->root, path, false);
    return (int)mem_disk_end(mount, error);
}

static int op_rename(void *fs, const char *from, const char *to)
{
    struct mem_mount *mount = fs;
    bool ordered;
    int error = mem_disk_begin(mount, FILE_MEM_RENAME, from, true, &ordered);
    if (!error)
        error = mem_names_rename(&mount->disk->names, mount->root, from, to);
    return (int)mem_disk_end(mount, error);
}

static int op_sync_dir(void *fs, const char *path)
{
    struct mem_mount *mount = fs;
    struct file_mem *disk = mount->disk;
    struct mem_node *node;
    bool ordered;
    int error = mem_disk_begin(mount, FILE_MEM_SYNC_DIR, path, true, &ordered);
    if (!error)
        error = mem_names_find(mount->root, path, &node);
    if (!error && !node->is_dir)
        error = -ENOTDIR;
    if (!error && !disk->dying && !disk->sync_dir_broken)
        mem_names_sync(&disk->names, node);
    return (int)mem_disk_end(mount, error);
}

/* The names are copied first, so that `each` may call the disk. */
static int op_list(void *fs, const char *path,
                   void (*each)(void *context, const char *name, bool is_dir), void *context)
{
    struct mem_mount *mount = fs;
    struct mem_node *node;
    struct mem_dir copy = {0};
    bool ordered;
    int error = mem_disk_begin(mount, FILE_MEM_LIST, path, false, &ordered);
    if (!error)
        error = mem_names_find(mount->root, path, &node);
    if (!error && !node->is_dir)
        error = -ENOTDIR;
    if (!error) {
        copy.entries = xgrow(NULL, &copy.capacity, node->current.count, sizeof copy.entries[0]);
        for (; copy.count < node->current.count; copy.count++) {
            const struct mem_entry *entry = &node->current.entries[copy.count];
            copy.entries[copy.count] =
                (struct mem_entry){.name = xstrdup(entry->name), .node = mem_node_ref(entry->node)};
        }
    }
    pthread_mutex_unlock(&mount->disk->lock);
    for (size_t i = 0; i < copy.count; i++)
        each(context, copy.entries[i].name, copy.entries[i].node->is_dir);
    pthread_mutex_lock(&mount->disk->lock);
    for (size_t i = 0; i < copy.count; i++) {
        mem_node_unref(copy.entries[i].node);
        free(copy.entries[i].name);
    }
    free(copy.entries);
    return (int)mem_disk_end(mount, error);
}

static int op_space(void *fs, uint64_t *ret_free, uint64_t *ret_total)
{
    struct mem_mount *mount = fs;
    struct file_mem *disk = mount->disk;
    bool ordered;
    int error = mem_disk_begin(mount, FILE_MEM_SPACE, "", false, &ordered);
    uint64_t total = disk->capacity ? disk->capacity : SIZE_WITHOUT_END;
    uint64_t taken = error ? 0 : used(disk);
    error = (int)mem_disk_end(mount, error);
    if (error)
        return error;
    *ret_free = total > taken ? total - taken : 0;
    *ret_total = total;
    return 0;
}

const struct file_ops file_mem_ops = {
    .open = op_open,
    .pread = op_pread,
    .pwritev = op_pwritev,
    .datasync = op_datasync,
    .size = op_size,
    .mtime_ms = op_mtime_ms,
    .truncate = op_truncate,
    .free = op_free,
    .mkdir = op_mkdir,
    .rmdir = op_rmdir,
    .rename = op_rename,
    .unlink = op_unlink,
    .sync_dir = op_sync_dir,
    .list = op_list,
    .lock = op_lock,
    .space = op_space,
};
