/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/file_mem.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "tests/lib/mem_bytes.h"
#include "tests/lib/mem_names.h"

#define SIZE_WITHOUT_END ((uint64_t)1 << 40)

struct order {
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
    struct mount *mounts; /* those not killed yet */
    uint64_t counts[FILE_MEM_CALLS + 1];
    struct order orders[FILE_MEM_CALLS + 1];
    uint64_t power_left; /* changing calls until power fails; 0: no order */
    bool dying, off;     /* dying: it fails within the call that runs now */
    bool sync_dir_broken, datasync_broken;
    uint64_t capacity;
    int64_t now_ms;
};

/* One process's view. It lives until it was killed and its last file is freed. */
struct mount {
    struct file_mem *disk;
    struct mount *next;
    struct mem_node *root;
    uint32_t refs;
    bool dead;
};

struct mem_file {
    struct file file;
    struct mount *mount;
    struct mem_node *node;
    bool writable;
    char path[];
};

static struct mem_file *mem_file_of(struct file *file)
{
    PRE(file->ops == &file_mem_ops);
    return CONTAINER_OF(file, struct mem_file, file);
}

/* ---- the disk ------------------------------------------------------------------------------- */

struct file_mem *file_mem_new(uint64_t seed)
{
    struct file_mem *disk = xcalloc(1, sizeof *disk);
    pthread_mutex_init(&disk->lock, NULL);
    disk->refs = 1;
    disk->random.state = seed;
    mem_names_init(&disk->names);
    return disk;
}

/* Lets go of the lock, and of a reference. */
static void disk_unlock_unref(struct file_mem *disk)
{
    bool last = --disk->refs == 0;
    pthread_mutex_unlock(&disk->lock);
    if (!last)
        return;
    mem_names_deinit(&disk->names);
    for (size_t i = 0; i <= FILE_MEM_CALLS; i++)
        free(disk->orders[i].path);
    pthread_mutex_destroy(&disk->lock);
    free(disk);
}

/* With the lock held; true when the disk's reference of the mount is to be dropped too. */
static bool mount_unref(struct mount *mount)
{
    if (--mount->refs > 0)
        return false;
    mem_node_unref(mount->root);
    free(mount);
    return true;
}

static void release_locks(struct mem_node *node, const struct mount *mount)
{
    const struct mem_file *owner = node->lock_owner;
    if (owner && owner->mount == mount)
        node->lock_owner = NULL;
}

static void release_lock_of(void *context, struct mem_node *file)
{
    release_locks(file, context);
}

static void mount_kill_locked(struct file_mem *disk, struct mount *mount)
{
    struct mount **at = &disk->mounts;
    while (*at && *at != mount)
        at = &(*at)->next;
    PRE(*at == mount);
    *at = mount->next;
    mount->dead = true;
    mem_names_walk(&disk->names, release_lock_of, mount);
}

void file_mem_free(struct file_mem *disk)
{
    if (!disk)
        return;
    pthread_mutex_lock(&disk->lock);
    disk->off = true;
    while (disk->mounts) {
        struct mount *mount = disk->mounts;
        mount_kill_locked(disk, mount);
        if (mount_unref(mount))
            disk->refs--;
    }
    disk_unlock_unref(disk);
}

struct file_mem *file_mem_copy(struct file_mem *disk, uint64_t seed)
{
    struct file_mem *copy = file_mem_new(seed);
    pthread_mutex_lock(&disk->lock);
    mem_names_deinit(&copy->names);
    mem_names_copy(&copy->names, &disk->names);
    copy->off = disk->off;
    copy->sync_dir_broken = disk->sync_dir_broken;
    copy->datasync_broken = disk->datasync_broken;
    copy->capacity = disk->capacity;
    copy->now_ms = disk->now_ms;
    pthread_mutex_unlock(&disk->lock);
    return copy;
}

void *file_mem_mount(struct file_mem *disk, const char *root)
{
    struct mount *mount = NULL;
    struct mem_node *node;
    pthread_mutex_lock(&disk->lock);
    if (!disk->off && mem_names_find(disk->names.root, root, &node) == 0 && node->is_dir) {
        mount = xcalloc(1, sizeof *mount);
        mount->disk = disk;
        mount->root = mem_node_ref(node);
        mount->refs = 1;
        mount->next = disk->mounts;
        disk->mounts = mount;
        disk->refs++;
    }
    pthread_mutex_unlock(&disk->lock);
    return mount;
}

void file_mem_kill(void *fs)
{
    struct mount *mount = fs;
    struct file_mem *disk = mount->disk;
    pthread_mutex_lock(&disk->lock);
    mount_kill_locked(disk, mount);
    if (!mount_unref(mount)) {
        pthread_mutex_unlock(&disk->lock);
        return;
    }
    disk_unlock_unref(disk);
}

void file_mem_power_cycle(struct file_mem *disk, uint64_t seed)
{
    static const unsigned keeps[] = {0, 10, 50, 90, 100};
    pthread_mutex_lock(&disk->lock);
    struct mem_loss loss = {.random.state = seed};
    loss.keep = keeps[mem_random_next(&loss.random) % COUNT_OF(keeps)];
    mem_names_lose_power(&disk->names, &loss);
    for (struct mount *mount = disk->mounts; mount; mount = mount->next)
        mount->dead = true;
    for (size_t i = 0; i <= FILE_MEM_CALLS; i++) {
        free(disk->orders[i].path);
        disk->orders[i] = (struct order){0};
        disk->counts[i] = 0;
    }
    disk->power_left = 0;
    disk->dying = disk->off = false;
    disk->random = loss.random;
    pthread_mutex_unlock(&disk->lock);
}

/* ---- orders and options ---------------------------------------------------------------------- */

uint64_t file_mem_count(struct file_mem *disk, enum file_mem_call call)
{
    pthread_mutex_lock(&disk->lock);
    uint64_t count = disk->counts[call];
    pthread_mutex_unlock(&disk->lock);
    return count;
}

void file_mem_power_fails_at(struct file_mem *disk, uint64_t nth)
{
    pthread_mutex_lock(&disk->lock);
    disk->power_left = nth;
    pthread_mutex_unlock(&disk->lock);
}

bool file_mem_power_is_off(struct file_mem *disk)
{
    pthread_mutex_lock(&disk->lock);
    bool off = disk->off;
    pthread_mutex_unlock(&disk->lock);
    return off;
}

void file_mem_fail(struct file_mem *disk, enum file_mem_call call, const char *path, uint64_t nth,
                   int error, bool always)
{
    PRE(error > 0);
    pthread_mutex_lock(&disk->lock);
    free(disk->orders[call].path);
    disk->orders[call] = (struct order){
        .left = nth, .error = error, .always = always, .path = path ? xstrdup(path) : NULL};
    pthread_mutex_unlock(&disk->lock);
}

void file_mem_set_capacity(struct file_mem *disk, uint64_t size)
{
    pthread_mutex_lock(&disk->lock);
    disk->capacity = size;
    pthread_mutex_unlock(&disk->lock);
}

void file_mem_set_time_ms(struct file_mem *disk, int64_t now_ms)
{
    pthread_mutex_lock(&disk->lock);
    disk->now_ms = now_ms;
    pthread_mutex_unlock(&disk->lock);
}

void file_mem_set_sync_dir_broken(struct file_mem *disk, bool broken)
{
    pthread_mutex_lock(&disk->lock);
    disk->sync_dir_broken = broken;
    pthread_mutex_unlock(&disk->lock);
}

void file_mem_set_datasync_broken(struct file_mem *disk, bool broken)
{
    pthread_mutex_lock(&disk->lock);
    disk->datasync_broken = broken;
    pthread_mutex_unlock(&disk->lock);
}

int file_mem_flip(struct file_mem *disk, const char *path, uint64_t pos, uint8_t mask)
{
    struct mem_node *node;
    pthread_mutex_lock(&disk->lock);
    int error = mem_names_find(disk->names.root, path, &node);
    if (!error && (node->is_dir || pos >= node->bytes.size))
        error = -EINVAL;
    if (!error)
        mem_bytes_flip(&node->bytes, pos, mask);
    pthread_mutex_unlock(&disk->lock);
    return error;
}

static void add_unsynced(void *context, struct mem_node *file)
{
    *(uint64_t *)context += mem_bytes_unsynced(&file->bytes);
}

uint64_t file_mem_unsynced(struct file_mem *disk)
{
    pthread_mutex_lock(&disk->lock);
    uint64_t count = disk->names.count;
    mem_names_walk(&disk->names, add_unsynced, &count);
    pthread_mutex_unlock(&disk->lock);
    return count;
}

/* ---- every call ------------------------------------------------------------------------------ */

static int struck(struct order *order, const char *path)
{
    if (order->left == 0 || (order->path && !strstr(path, order->path)))
        return 0;
    if (order->left > 1) {
        order->left--;
        return 0;
    }
    if (!order->always)
        order->left = 0;
    return -order->error;
}

/* The call changes the disk: power may fail in it, or an order for any change strikes. */
static int change(struct file_mem *disk, const char *path)
{
    disk->counts[FILE_MEM_CALLS]++;
    if (disk->power_left > 0 && --disk->power_left == 0)
        disk->dying = true;
    return struck(&disk->orders[FILE_MEM_CALLS], path);
}

/* Takes the lock; every begin has its end. 0, -EIO without power, or the error of an order, which
 * *ret_ordered tells apart. */
static int begin(struct mount *mount, enum file_mem_call call, const char *path, bool changing,
                 bool *ret_ordered)
{
    struct file_mem *disk = mount->disk;
    pthread_mutex_lock(&disk->lock);
    *ret_ordered = false;
    if (disk->off || mount->dead)
        return -EIO;
    disk->counts[call]++;
    int error = struck(&disk->orders[call], path);
    if (changing) {
        int other = change(disk, path);
        error = error ? error : other;
    }
    *ret_ordered = error != 0;
    return error;
}

static int64_t end(struct mount *mount, int64_t result)
{
    struct file_mem *disk = mount->disk;
    if (disk->dying) {
        disk->dying = false;
        disk->off = true;
        result = -EIO;
    }
    pthread_mutex_unlock(&disk->lock);
    return result;
}

/* ---- files ----------------------------------------------------------------------------------- */

static struct file *open_node(struct mount *mount, struct mem_node *node, const char *path,
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

static int open_locked(struct mount *mount, const char *path, unsigned flags, struct file **ret)
{
    struct file_mem *disk = mount->disk;
    struct mem_node *node;
    int error = mem_names_find(mount->root, path, &node);
    if (error == -ENOENT && flags & FILE_CREATE) {
        error = change(disk, path);
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
        error = change(disk, path);
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
    struct mount *mount = fs;
    struct file *file = NULL;
    bool ordered;
    int error = begin(mount, FILE_MEM_OPEN, path, false, &ordered);
    if (!error)
        error = open_locked(mount, path, flags, &file);
    error = (int)end(mount, error);
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
    struct mount *mount = f->mount;
    struct file_mem *disk = mount->disk;
    pthread_mutex_lock(&disk->lock);
    if (f->node->lock_owner == f)
        f->node->lock_owner = NULL;
    f->node->opens--;
    mem_node_unref(f->node);
    free(f);
    if (mount_unref(mount))
        disk_unlock_unref(disk);
    else
        pthread_mutex_unlock(&disk->lock);
}

static int64_t op_pread(struct file *file, void *to, uint64_t size, uint64_t pos)
{
    struct mem_file *f = mem_file_of(file);
    bool ordered;
    int64_t result = begin(f->mount, FILE_MEM_PREAD, f->path, false, &ordered);
    if (!result)
        result = (int64_t)mem_bytes_read(&f->node->bytes, to, size, pos);
    return end(f->mount, result);
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
    int error = begin(f->mount, FILE_MEM_PWRITEV, f->path, true, &ordered);
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
    error = (int)end(f->mount, error);
    free(bytes);
    return error;
}

static int op_datasync(struct file *file)
{
    struct mem_file *f = mem_file_of(file);
    struct file_mem *disk = f->mount->disk;
    bool ordered;
    int error = begin(f->mount, FILE_MEM_DATASYNC, f->path, true, &ordered);
    if (ordered)
        mem_bytes_sync_failed(&f->node->bytes);
    else if (!error && !disk->dying && !disk->datasync_broken)
        mem_bytes_sync(&f->node->bytes);
    return (int)end(f->mount, error);
}

static int64_t op_size(struct file *file)
{
    struct mem_file *f = mem_file_of(file);
    bool ordered;
    int64_t result = begin(f->mount, FILE_MEM_SIZE, f->path, false, &ordered);
    if (!result)
        result = (int64_t)f->node->bytes.size;
    return end(f->mount, result);
}

static int64_t op_mtime_ms(struct file *file)
{
    struct mem_file *f = mem_file_of(file);
    bool ordered;
    int64_t result = begin(f->mount, FILE_MEM_MTIME, f->path, false, &ordered);
    if (!result)
        result = f->node->mtime_ms;
    return end(f->mount, result);
}

static int op_truncate(struct file *file, uint64_t size)
{
    struct mem_file *f = mem_file_of(file);
    struct file_mem *disk = f->mount->disk;
    bool ordered;
    int error = begin(f->mount, FILE_MEM_TRUNCATE, f->path, true, &ordered);
    if (!error && !f->writable)
        error = -EBADF;
    if (!error && size > f->node->bytes.size && fitting(disk, f->node, size, 0) < size)
        error = -ENOSPC;
    if (!error) {
        mem_bytes_truncate(&f->node->bytes, size);
        f->node->mtime_ms = disk->now_ms;
    }
    return (int)end(f->mount, error);
}

static int op_lock(struct file *file)
{
    struct mem_file *f = mem_file_of(file);
    bool ordered;
    int error = begin(f->mount, FILE_MEM_LOCK, f->path, false, &ordered);
    if (!error && !f->writable)
        error = -EBADF;
    if (!error && f->node->lock_owner && f->node->lock_owner != f)
        error = -EWOULDBLOCK;
    if (!error)
        f->node->lock_owner = f;
    return (int)end(f->mount, error);
}

/* ---- names ----------------------------------------------------------------------------------- */

static int op_mkdir(void *fs, const char *path)
{
    struct mount *mount = fs;
    struct mem_node *node;
    bool ordered;
    int error = begin(mount, FILE_MEM_MKDIR, path, true, &ordered);
    if (!error)
        error = mem_names_make(&mount->disk->names, mount->root, path, true, &node);
    return (int)end(mount, error);
}

static int op_rmdir(void *fs, const char *path)
{
    struct mount *mount = fs;
    bool ordered;
    int error = begin(mount, FILE_MEM_RMDIR, path, true, &ordered);
    if (!error)
        error = mem_names_remove(&mount->disk->names, mount->root, path, true);
    return (int)end(mount, error);
}

static int op_unlink(void *fs, const char *path)
{
    struct mount *mount = fs;
    bool ordered;
    int error = begin(mount, FILE_MEM_UNLINK, path, true, &ordered);
    if (!error)
        error = mem_names_remove(&mount->disk->names, mount->root, path, false);
    return (int)end(mount, error);
}

static int op_rename(void *fs, const char *from, const char *to)
{
    struct mount *mount = fs;
    bool ordered;
    int error = begin(mount, FILE_MEM_RENAME, from, true, &ordered);
    if (!error)
        error = mem_names_rename(&mount->disk->names, mount->root, from, to);
    return (int)end(mount, error);
}

static int op_sync_dir(void *fs, const char *path)
{
    struct mount *mount = fs;
    struct file_mem *disk = mount->disk;
    struct mem_node *node;
    bool ordered;
    int error = begin(mount, FILE_MEM_SYNC_DIR, path, true, &ordered);
    if (!error)
        error = mem_names_find(mount->root, path, &node);
    if (!error && !node->is_dir)
        error = -ENOTDIR;
    if (!error && !disk->dying && !disk->sync_dir_broken)
        mem_names_sync(&disk->names, node);
    return (int)end(mount, error);
}

/* The names are copied first, so that `each` may call the disk. */
static int op_list(void *fs, const char *path,
                   void (*each)(void *context, const char *name, bool is_dir), void *context)
{
    struct mount *mount = fs;
    struct mem_node *node;
    struct mem_dir copy = {0};
    bool ordered;
    int error = begin(mount, FILE_MEM_LIST, path, false, &ordered);
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
    return (int)end(mount, error);
}

static int op_space(void *fs, uint64_t *ret_free, uint64_t *ret_total)
{
    struct mount *mount = fs;
    struct file_mem *disk = mount->disk;
    bool ordered;
    int error = begin(mount, FILE_MEM_SPACE, "", false, &ordered);
    uint64_t total = disk->capacity ? disk->capacity : SIZE_WITHOUT_END;
    uint64_t taken = error ? 0 : used(disk);
    error = (int)end(mount, error);
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
