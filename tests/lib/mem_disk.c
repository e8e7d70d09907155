/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/mem_disk.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"

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

void mem_disk_unlock_unref(struct file_mem *disk)
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

bool mem_mount_unref(struct mem_mount *mount)
{
    if (--mount->refs > 0)
        return false;
    mem_node_unref(mount->root);
    free(mount);
    return true;
}

static void release_locks(struct mem_node *node, const struct mem_mount *mount)
{
    const struct mem_file *owner = node->lock_owner;
    if (owner && owner->mount == mount)
        node->lock_owner = NULL;
}

static void release_lock_of(void *context, struct mem_node *file)
{
    release_locks(file, context);
}

static void mount_kill_locked(struct file_mem *disk, struct mem_mount *mount)
{
    struct mem_mount **at = &disk->mounts;
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
        struct mem_mount *mount = disk->mounts;
        mount_kill_locked(disk, mount);
        if (mem_mount_unref(mount))
            disk->refs--;
    }
    mem_disk_unlock_unref(disk);
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
    struct mem_mount *mount = NULL;
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
    struct mem_mount *mount = fs;
    struct file_mem *disk = mount->disk;
    pthread_mutex_lock(&disk->lock);
    mount_kill_locked(disk, mount);
    if (!mem_mount_unref(mount)) {
        pthread_mutex_unlock(&disk->lock);
        return;
    }
    mem_disk_unlock_unref(disk);
}

void file_mem_power_cycle(struct file_mem *disk, uint64_t seed)
{
    static const unsigned keeps[] = {0, 10, 50, 90, 100};
    pthread_mutex_lock(&disk->lock);
    struct mem_loss loss = {.random.state = seed};
    loss.keep = keeps[mem_random_next(&loss.random) % COUNT_OF(keeps)];
    mem_names_lose_power(&disk->names, &loss);
    for (struct mem_mount *mount = disk->mounts; mount; mount = mount->next)
        mount->dead = true;
    for (size_t i = 0; i <= FILE_MEM_CALLS; i++) {
        free(disk->orders[i].path);
        disk->orders[i] = (struct mem_order){0};
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
    disk->orders[call] = (struct mem_order){
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

static int struck(struct mem_order *order, const char *path)
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

int mem_disk_change(struct file_mem *disk, const char *path)
{
    disk->counts[FILE_MEM_CALLS]++;
    if (disk->power_left > 0 && --disk->power_left == 0)
        disk->dying = true;
    return struck(&disk->orders[FILE_MEM_CALLS], path);
}

int mem_disk_begin(struct mem_mount *mount, enum file_mem_call call, const char *path,
                   bool changing, bool *ret_ordered)
{
    struct file_mem *disk = mount->disk;
    pthread_mutex_lock(&disk->lock);
    *ret_ordered = false;
    if (disk->off || mount->dead)
        return -EIO;
    disk->counts[call]++;
    int error = struck(&disk->orders[call], path);
    if (changing) {
        int other = mem_disk_change(disk, path);
        error = error ? error : other;
    }
    *ret_ordered = error != 0;
    return error;
}

int64_t mem_disk_end(struct mem_mount *mount, int64_t result)
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
