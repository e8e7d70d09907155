/* SPDX-License-Identifier: Apache-2.0 */
#include "broker/log/small_file.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"

static int read_open(struct file *file, size_t size_max, uint8_t **ret_bytes, size_t *ret_size)
{
    int64_t size = file->ops->size(file);
    if (size < 0)
        return (int)size;
    if ((uint64_t)size > size_max)
        return -EFBIG;
    uint8_t *bytes = xmalloc((size_t)size + 1);
    int64_t got = file->ops->pread(file, bytes, (uint64_t)size, 0);
    if (got < 0) {
        free(bytes);
        return (int)got;
    }
    bytes[got] = 0;
    *ret_bytes = bytes;
    *ret_size = (size_t)got;
    return 0;
}

int small_file_read(const struct file_ops *ops, void *fs, const char *path, size_t size_max,
                    uint8_t **ret_bytes, size_t *ret_size)
{
    struct file *file;
    int error = ops->open(fs, path, FILE_READ, &file);
    if (error)
        return error;
    error = read_open(file, size_max, ret_bytes, ret_size);
    file_unref(file);
    return error;
}

int small_file_write(const struct file_ops *ops, void *fs, const char *path, const void *bytes,
                     size_t size)
{
    struct file *file;
    int error = ops->open(fs, path, FILE_WRITE | FILE_CREATE | FILE_TRUNCATE, &file);
    if (error)
        return error;
    struct iovec iov = {.iov_base = (void *)(uintptr_t)bytes, .iov_len = size};
    if (size > 0)
        error = ops->pwritev(file, &iov, 1, 0);
    if (!error)
        error = ops->datasync(file);
    file_unref(file);
    return error;
}

int small_file_replace(const struct file_ops *ops, void *fs, const char *path, const void *bytes,
                       size_t size)
{
    char *temporary = xasprintf("%s.tmp", path);
    int error = small_file_write(ops, fs, temporary, bytes, size);
    if (!error)
        error = ops->rename(fs, temporary, path);
    if (!error)
        error = small_file_sync_parent(ops, fs, path);
    free(temporary);
    return error;
}

int small_file_sync_parent(const struct file_ops *ops, void *fs, const char *path)
{
    const char *slash = strrchr(path, '/');
    char *dir = xstrndup(path, slash ? (size_t)(slash - path) : 0);
    int error = ops->sync_dir(fs, dir);
    free(dir);
    return error;
}

void text_add(struct text *text, const void *bytes, size_t size)
{
    text->data = xgrow(text->data, &text->capacity, text->size + size + 1, 1);
    if (size > 0)
        memcpy(text->data + text->size, bytes, size);
    text->size += size;
    text->data[text->size] = 0;
}

void text_printf(struct text *text, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    char *part = NULL;
    int size = vasprintf(&part, format, arguments);
    va_end(arguments);
    INVARIANT(size >= 0);
    text_add(text, part, (size_t)size);
    free(part);
}

void text_deinit(struct text *text)
{
    free(text->data);
    *text = (struct text){0};
}

bool line_next(struct view *rest, struct view *ret_line)
{
    if (rest->size == 0)
        return false;
    const uint8_t *end = memchr(rest->base, '\n', rest->size);
    uint32_t size = end ? (uint32_t)(end - rest->base) : rest->size;
    uint32_t used = end ? size + 1 : size;
    *ret_line = (struct view){rest->base, size};
    if (size > 0 && rest->base[size - 1] == '\r')
        ret_line->size--;
    rest->base += used;
    rest->size -= used;
    return true;
}

static bool is_blank(uint8_t byte)
{
    return byte == ' ' || byte == '\t';
}

bool word_next(struct view *line, struct view *ret_word)
{
    while (line->size > 0 && is_blank(line->base[0])) {
        line->base++;
        line->size--;
    }
    if (line->size == 0)
        return false;
    ret_word->base = line->base;
    ret_word->size = 0;
    while (line->size > 0 && !is_blank(line->base[0])) {
        line->base++;
        line->size--;
        ret_word->size++;
    }
    return true;
}

bool number_parse(struct view word, int64_t *ret)
{
    bool negative = word.size > 0 && word.base[0] == '-';
    uint32_t at = negative || (word.size > 0 && word.base[0] == '+') ? 1 : 0;
    if (at == word.size)
        return false;
    int64_t value = 0;
    for (; at < word.size; at++) {
        if (word.base[at] < '0' || word.base[at] > '9')
            return false;
        int64_t digit = word.base[at] - '0';
        if (__builtin_mul_overflow(value, (int64_t)10, &value) ||
            __builtin_add_overflow(value, negative ? -digit : digit, &value))
            return false;
    }
    *ret = value;
    return true;
}
