/* SPDX-License-Identifier: Apache-2.0 */
#include "common/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "common/assert.h"
#include "common/memory.h"

struct posix_fs {
    int root_fd;
};
struct posix_file {
    struct file base;
    int fd;
};

/* One call moves at most this much: below the kernel's own bound for one read or write. */
#define STEP_SIZE ((uint64_t)1 << 30)
#define STEP_IOV 256

static int root_of(void *fs)
{
    return ((struct posix_fs *)fs)->root_fd;
}

static int fd_of(struct file *file)
{
    return CONTAINER_OF(file, struct posix_file, base)->fd;
}

static const char *path_or_dot(const char *path)
{
    return path[0] ? path : ".";
}

static int open_retrying(int at, const char *path, int flags)
{
    int fd;
    do
        fd = openat(at, path, flags | O_CLOEXEC, 0644);
    while (fd < 0 && errno == EINTR);
    return fd < 0 ? -errno : fd;
}

static int posix_open(void *fs, const char *path, unsigned flags, struct file **ret)
{
    int how = flags & FILE_WRITE ? O_RDWR : O_RDONLY;
    how |= flags & FILE_CREATE ? O_CREAT : 0;
    how |= flags & FILE_EXCLUSIVE ? O_EXCL : 0;
    how |= flags & FILE_TRUNCATE ? O_TRUNC : 0;
    int fd = open_retrying(root_of(fs), path, how);
    if (fd < 0)
        return fd;
    struct posix_file *f = xcalloc(1, sizeof *f);
    atomic_init(&f->base.refs, 1);
    f->base.ops = &file_posix_ops;
    f->fd = fd;
    *ret = &f->base;
    return 0;
}

static int64_t posix_pread(struct file *file, void *to, uint64_t size, uint64_t pos)
{
    uint64_t done = 0;
    while (done < size) {
        uint64_t step = size - done < STEP_SIZE ? size - done : STEP_SIZE;
        ssize_t n = pread(fd_of(file), (uint8_t *)to + done, step, (off_t)(pos + done));
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -errno;
        if (n == 0)
            break;
        done += (uint64_t)n;
    }
    return (int64_t)done;
}

/* Takes `size` written bytes off the front of the vector; returns how many elements are done. */
static int iov_advance(struct iovec *iov, int count, size_t size)
{
    int i = 0;
    while (i < count && size >= iov[i].iov_len)
        size -= iov[i++].iov_len;
    if (i < count) {
        iov[i].iov_base = (uint8_t *)iov[i].iov_base + size;
        iov[i].iov_len -= size;
    }
    return i;
}

static int write_some(int fd, struct iovec *iov, int count, uint64_t pos)
{
    while (count) {
        ssize_t n = pwritev(fd, iov, count, (off_t)pos);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -errno;
        int done = iov_advance(iov, count, (size_t)n);
        if (n == 0 && done == 0)
            return -EIO; /* bytes were left, none was taken, no reason was given */
        pos += (uint64_t)n;
        iov += done;
        count -= done;
    }
    return 0;
}

static int posix_pwritev(struct file *file, const struct iovec *iov, int count, uint64_t pos)
{
    for (int at = 0; at < count;) {
        struct iovec part[STEP_IOV];
        int n = count - at < STEP_IOV ? count - at : STEP_IOV;
        uint64_t size = 0;
        for (int i = 0; i < n; i++) {
            part[i] = iov[at + i];
            size += part[i].iov_len;
        }
        int error = write_some(fd_of(file), part, n, pos);
        if (error)
            return error;
        pos += size;
        at += n;
    }
    return 0;
}

/* Never tried again: after an error a second call may answer 0 for bytes that the kernel has given
 * up. */
static int posix_datasync(struct file *file)
{
    return fdatasync(fd_of(file)) ? -errno : 0;
}

static int64_t posix_size(struct file *file)
{
    struct stat st;
    return fstat(fd_of(file), &st) ? -errno : (int64_t)st.st_size;
}

static int64_t posix_mtime_ms(struct file *file)
{
    struct stat st;
    if (fstat(fd_of(file), &st))
        return -errno;
    return (int64_t)st.st_mtim.tv_sec * 1000 + st.st_mtim.tv_nsec / 1000000;
}

static int posix_truncate(struct file *file, uint64_t size)
{
    int result;
    do
        result = ftruncate(fd_of(file), (off_t)size);
    while (result && errno == EINTR);
    return result ? -errno : 0;
}

static void posix_free(struct file *file)
{
    close(fd_of(file));
    free(CONTAINER_OF(file, struct posix_file, base));
}

static int posix_mkdir(void *fs, const char *path)
{
    return mkdirat(root_of(fs), path, 0755) ? -errno : 0;
}

static int posix_rmdir(void *fs, const char *path)
{
    return unlinkat(root_of(fs), path, AT_REMOVEDIR) ? -errno : 0;
}

static int posix_rename(void *fs, const char *from, const char *to)
{
    return renameat(root_of(fs), from, root_of(fs), to) ? -errno : 0;
}

static int posix_unlink(void *fs, const char *path)
{
    return unlinkat(root_of(fs), path, 0) ? -errno : 0;
}

static int posix_sync_dir(void *fs, const char *path)
{
    int fd = open_retrying(root_of(fs), path_or_dot(path), O_RDONLY | O_DIRECTORY);
    if (fd < 0)
        return fd;
    int error = fsync(fd) ? -errno : 0;
    close(fd);
    return file_out_of_descriptors(error) ? -EIO : error; /* the sync was refused, not the open */
}

struct dir_entry {
    char *name;
    bool is_dir;
};
struct dir_entries {
    struct dir_entry *items;
    size_t count, capacity;
};

static int compare_entries(const void *a, const void *b)
{
    return strcmp(((const struct dir_entry *)a)->name, ((const struct dir_entry *)b)->name);
}

static bool entry_is_dir(int dir_fd, const struct dirent *entry)
{
    if (entry->d_type != DT_UNKNOWN && entry->d_type != DT_LNK)
        return entry->d_type == DT_DIR;
    struct stat st;
    return fstatat(dir_fd, entry->d_name, &st, 0) == 0 && S_ISDIR(st.st_mode);
}

static int read_entries(DIR *dir, struct dir_entries *entries)
{
    for (;;) {
        errno = 0;
        struct dirent *entry = readdir(dir);
        if (!entry)
            return -errno;
        if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
            continue;
        entries->items =
            xgrow(entries->items, &entries->capacity, entries->count + 1, sizeof *entries->items);
        entries->items[entries->count++] =
            (struct dir_entry){xstrdup(entry->d_name), entry_is_dir(dirfd(dir), entry)};
    }
}

/* Everything is read before the first call, so that `each` may change the folder. */
static int posix_list(void *fs, const char *path,
                      void (*each)(void *context, const char *name, bool is_dir), void *context)
{
    int fd = open_retrying(root_of(fs), path_or_dot(path), O_RDONLY | O_DIRECTORY);
    if (fd < 0)
        return fd;
    DIR *dir = fdopendir(fd);
    if (!dir) {
        int error = -errno;
        close(fd);
        return error;
    }
    struct dir_entries entries = {0};
    int error = read_entries(dir, &entries);
    closedir(dir);
    if (entries.count)
        qsort(entries.items, entries.count, sizeof *entries.items, compare_entries);
    for (size_t i = 0; i < entries.count; i++) {
        if (!error)
            each(context, entries.items[i].name, entries.items[i].is_dir);
        free(entries.items[i].name);
    }
    free(entries.items);
    return error;
}

static int posix_lock(struct file *file)
{
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    if (fcntl(fd_of(file), F_OFD_SETLK, &whole) == 0)
        return 0;
    return errno == EAGAIN || errno == EACCES ? -EWOULDBLOCK : -errno;
}

static int posix_space(void *fs, uint64_t *ret_free, uint64_t *ret_total)
{
    struct statvfs st;
    if (fstatvfs(root_of(fs), &st))
        return -errno;
    *ret_free = (uint64_t)st.f_bavail * st.f_frsize;
    *ret_total = (uint64_t)st.f_blocks * st.f_frsize;
    return 0;
}

const struct file_ops file_posix_ops = {
    .open = posix_open,
    .pread = posix_pread,
    .pwritev = posix_pwritev,
    .datasync = posix_datasync,
    .size = posix_size,
    .mtime_ms = posix_mtime_ms,
    .truncate = posix_truncate,
    .free = posix_free,
    .mkdir = posix_mkdir,
    .rmdir = posix_rmdir,
    .rename = posix_rename,
    .unlink = posix_unlink,
    .sync_dir = posix_sync_dir,
    .list = posix_list,
    .lock = posix_lock,
    .space = posix_space,
};

void *file_posix_new(const char *root)
{
    int fd = root ? open_retrying(AT_FDCWD, root, O_RDONLY | O_DIRECTORY) : -1;
    if (root && fd < 0) {
        errno = -fd;
        return NULL;
    }
    struct posix_fs *fs = xcalloc(1, sizeof *fs);
    fs->root_fd = fd;
    return fs;
}

void file_posix_free(void *fs)
{
    if (!fs)
        return;
    if (root_of(fs) >= 0)
        close(root_of(fs));
    free(fs);
}

/* A file system that does not know the flag counts as cold everywhere. */
int64_t file_posix_peek(struct file *file, uint64_t pos, void *to, uint32_t size)
{
    if (file->ops != &file_posix_ops)
        return -EAGAIN;
    struct iovec iov = {to, size};
    ssize_t n;
    do
        n = preadv2(fd_of(file), &iov, 1, (off_t)pos, RWF_NOWAIT);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return errno == EOPNOTSUPP ? -EAGAIN : -errno;
    return n;
}

int file_posix_descriptor(struct file *file)
{
    return file->ops == &file_posix_ops ? fd_of(file) : -1;
}
