/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/golden_logs.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "common/memory.h"

#define TAR_BLOCK 512u

static uint8_t *unzip(const char *path, size_t *ret_size)
{
    gzFile zip = gzopen(path, "rb");
    ck_assert_msg(zip != NULL, "cannot open %s; run from the top of the tree", path);
    uint8_t *bytes = NULL;
    size_t size = 0, capacity = 0;
    for (;;) {
        bytes = xgrow(bytes, &capacity, size + 65536, 1);
        int got = gzread(zip, bytes + size, 65536);
        ck_assert_int_ge(got, 0);
        if (got == 0)
            break;
        size += (size_t)got;
    }
    gzclose(zip);
    *ret_size = size;
    return bytes;
}

static void put_file(struct golden_logs *logs, const char *path, const uint8_t *bytes, size_t size)
{
    struct file *file;
    struct iovec iov = {(void *)(uintptr_t)bytes, size};
    ck_assert_int_eq(file_mem_ops.open(logs->fs, path, FILE_WRITE | FILE_CREATE, &file), 0);
    ck_assert_int_eq(file_mem_ops.pwritev(file, &iov, 1, 0), 0);
    ck_assert_int_eq(file_mem_ops.datasync(file), 0);
    file_unref(file);
}

/* One member of the archive; directories come before what they hold. */
static void put(struct golden_logs *logs, const char *name, bool is_dir, const uint8_t *bytes,
                size_t size)
{
    char path[200];
    if (strcmp(name, "records.jsonl") == 0) {
        logs->records = xstrndup(bytes, size);
    } else if (strcmp(name, "indexes.txt") == 0) {
        logs->indexes = xstrndup(bytes, size);
    } else if (strncmp(name, "data/", 5) == 0 && name[5]) {
        snprintf(path, sizeof path, "%s", name + 5);
        if (is_dir) {
            path[strcspn(path, "/")] = 0;
            ck_assert_int_eq(file_mem_ops.mkdir(logs->fs, path), 0);
        } else {
            put_file(logs, path, bytes, size);
        }
    }
}

static void sync_dir(void *context, const char *name, bool is_dir)
{
    struct golden_logs *logs = context;
    if (is_dir)
        ck_assert_int_eq(file_mem_ops.sync_dir(logs->fs, name), 0);
}

void golden_logs_init(struct golden_logs *logs, const char *broker)
{
    char path[200];
    size_t size;
    snprintf(path, sizeof path, "tests/golden/logs/%s.tar.gz", broker);
    uint8_t *tar = unzip(path, &size);
    *logs = (struct golden_logs){.disk = file_mem_new(1)};
    logs->fs = file_mem_mount(logs->disk, "");
    for (size_t at = 0; at + TAR_BLOCK <= size && tar[at] != 0;) {
        char name[101] = {0}, digits[13] = {0};
        memcpy(name, tar + at, 100);
        memcpy(digits, tar + at + 124, 12);
        size_t member = strtoul(digits, NULL, 8);
        ck_assert_uint_le(at + TAR_BLOCK + member, size);
        put(logs, name, tar[at + 156] == '5', tar + at + TAR_BLOCK, member);
        at += TAR_BLOCK + (member + TAR_BLOCK - 1) / TAR_BLOCK * TAR_BLOCK;
    }
    free(tar);
    ck_assert_int_eq(file_mem_ops.list(logs->fs, "", sync_dir, logs), 0);
    ck_assert_int_eq(file_mem_ops.sync_dir(logs->fs, ""), 0);
    ck_assert_uint_eq(file_mem_unsynced(logs->disk), 0);
    ck_assert(logs->records && logs->indexes);
}

void golden_logs_deinit(struct golden_logs *logs)
{
    file_mem_free(logs->disk);
    free(logs->records);
    free(logs->indexes);
}
