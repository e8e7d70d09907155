/* SPDX-License-Identifier: Apache-2.0 */
#include "common/file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/lib/suite.h"

static const struct file_ops *const ops = &file_posix_ops;

static void *folder_new(char path[64])
{
    strcpy(path, "/tmp/corduroy-test-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(path));
    void *fs = file_posix_new(path);
    ck_assert_ptr_nonnull(fs);
    return fs;
}

static void remove_entry(void *fs, const char *name, bool is_dir)
{
    ck_assert_int_eq(is_dir ? ops->rmdir(fs, name) : ops->unlink(fs, name), 0);
}

static void folder_free(void *fs, const char *path)
{
    ck_assert_int_eq(ops->list(fs, "", remove_entry, fs), 0);
    file_posix_free(fs);
    ck_assert_int_eq(rmdir(path), 0);
}

static struct file *make(void *fs, const char *name, const char *text)
{
    struct file *f;
    ck_assert_int_eq(ops->open(fs, name, FILE_WRITE | FILE_CREATE, &f), 0);
    struct iovec iov = {(void *)(uintptr_t)text, strlen(text)};
    ck_assert_int_eq(ops->pwritev(f, &iov, 1, 0), 0);
    return f;
}

START_TEST(test_open_flags)
{
    char path[64];
    void *fs = folder_new(path);
    struct file *f;
    ck_assert_int_eq(ops->open(fs, "a", FILE_READ, &f), -ENOENT);
    file_unref(make(fs, "a", "hello"));
    ck_assert_int_eq(ops->open(fs, "a", FILE_WRITE | FILE_CREATE | FILE_EXCLUSIVE, &f), -EEXIST);
    ck_assert_int_eq(ops->open(fs, "a", FILE_READ, &f), 0);
    ck_assert_int_eq(ops->size(f), 5);
    struct iovec iov = {(char[]){"x"}, 1};
    ck_assert_int_eq(ops->pwritev(f, &iov, 1, 0), -EBADF);
    file_unref(f);
    ck_assert_int_eq(ops->open(fs, "a", FILE_WRITE | FILE_TRUNCATE, &f), 0);
    ck_assert_int_eq(ops->size(f), 0);
    ck_assert_int_gt(ops->mtime_ms(f), INT64_C(1600000000000));
    ck_assert_int_ge(file_posix_descriptor(f), 0);
    file_unref(file_ref(f));
    file_unref(f);
    folder_free(fs, path);
    errno = 0;
    ck_assert_ptr_null(file_posix_new(path));
    ck_assert_int_eq(errno, ENOENT);
}
END_TEST

START_TEST(test_positions_truncate_and_the_end)
{
    char path[64], got[16] = {0};
    void *fs = folder_new(path);
    struct file *f = make(fs, "a", "0123456789");
    struct iovec iov[3] = {{(char[]){"ab"}, 2}, {NULL, 0}, {(char[]){"cd"}, 2}};
    ck_assert_int_eq(ops->pwritev(f, iov, 3, 8), 0);
    ck_assert_int_eq(ops->size(f), 12);
    ck_assert_int_eq(ops->pread(f, got, 16, 5), 7);
    ck_assert_mem_eq(got, "567abcd", 7);
    ck_assert_int_eq(ops->pread(f, got, 4, 12), 0);
    ck_assert_int_eq(ops->truncate(f, 3), 0);
    ck_assert_int_eq(ops->pread(f, got, 16, 0), 3);
    ck_assert_int_eq(ops->datasync(f), 0);
    ck_assert_int_eq(ops->sync_dir(fs, ""), 0);
    file_unref(f);
    folder_free(fs, path);
}
END_TEST

/* More elements than one system call takes, of all sizes. */
START_TEST(test_many_pieces_in_one_write)
{
    enum {
        PIECES = 3000
    };
    static uint8_t bytes[PIECES * 20], got[PIECES * 20];
    static struct iovec iov[PIECES];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(i * 7 + i / 256);
    size_t at = 0;
    for (size_t i = 0; i < PIECES; i++) {
        iov[i] = (struct iovec){bytes + at, i % 20};
        at += i % 20;
    }
    char path[64];
    void *fs = folder_new(path);
    struct file *f = make(fs, "a", "");
    ck_assert_int_eq(ops->pwritev(f, iov, PIECES, 11), 0);
    ck_assert_int_eq(ops->size(f), (int64_t)at + 11);
    ck_assert_int_eq(ops->pread(f, got, at, 11), (int64_t)at);
    ck_assert_mem_eq(got, bytes, at);
    file_unref(f);
    folder_free(fs, path);
}
END_TEST

static void append_name(void *context, const char *name, bool is_dir)
{
    strcat(context, name);
    strcat(context, is_dir ? "/ " : " ");
}

START_TEST(test_names)
{
    char path[64], names[200] = "";
    void *fs = folder_new(path);
    file_unref(make(fs, "b", ""));
    file_unref(make(fs, "a-10", ""));
    file_unref(make(fs, "a-9", ""));
    file_unref(make(fs, "B", ""));
    ck_assert_int_eq(ops->mkdir(fs, "d"), 0);
    ck_assert_int_eq(ops->mkdir(fs, "d"), -EEXIST);
    file_unref(make(fs, "d/inner", ""));
    ck_assert_int_eq(ops->list(fs, "", append_name, names), 0);
    ck_assert_str_eq(names, "B a-10 a-9 b d/ ");
    ck_assert_int_eq(ops->rmdir(fs, "d"), -ENOTEMPTY);
    ck_assert_int_eq(ops->rename(fs, "d/inner", "b"), 0);
    ck_assert_int_eq(ops->rename(fs, "d", "e"), 0);
    ck_assert_int_eq(ops->sync_dir(fs, "e"), 0);
    ck_assert_int_eq(ops->sync_dir(fs, "d"), -ENOENT);
    names[0] = 0;
    ck_assert_int_eq(ops->list(fs, "e", append_name, names), 0);
    ck_assert_str_eq(names, "");
    ck_assert_int_eq(ops->list(fs, "d", append_name, names), -ENOENT);
    ck_assert_int_eq(ops->unlink(fs, "d"), -ENOENT);
    uint64_t free_bytes = 0, total = 0;
    ck_assert_int_eq(ops->space(fs, &free_bytes, &total), 0);
    ck_assert_uint_gt(total, 0);
    ck_assert_uint_le(free_bytes, total);
    folder_free(fs, path);
}
END_TEST

START_TEST(test_lock_excludes_another_open_file)
{
    char path[64];
    void *fs = folder_new(path);
    struct file *first = make(fs, ".lock", ""), *second;
    ck_assert_int_eq(ops->lock(first), 0);
    ck_assert_int_eq(ops->open(fs, ".lock", FILE_WRITE, &second), 0);
    ck_assert_int_eq(ops->lock(second), -EWOULDBLOCK);
    file_unref(first);
    ck_assert_int_eq(ops->lock(second), 0);
    file_unref(second);
    folder_free(fs, path);
}
END_TEST

START_TEST(test_peek_gives_what_is_in_memory)
{
    char path[64], got[8];
    void *fs = folder_new(path);
    struct file *f = make(fs, "a", "page cache");
    int64_t n = file_posix_peek(f, 5, got, 8);
    /* Some file systems cannot say; then everything is cold. */
    ck_assert(n == 5 || n == -EAGAIN);
    if (n == 5)
        ck_assert_mem_eq(got, "cache", 5);
    file_unref(f);
    folder_free(fs, path);
}
END_TEST

SUITE_MAIN("file_posix", test_open_flags, test_positions_truncate_and_the_end,
           test_many_pieces_in_one_write, test_names, test_lock_excludes_another_open_file,
           test_peek_gives_what_is_in_memory)
