/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORDUROY_BROKER_LOG_SMALL_FILE_H
#define CORDUROY_BROKER_LOG_SMALL_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/assert.h"
#include "common/file.h"
#include "common/view.h"

/* Files that are read and written whole. Blocking; on a disk thread. */

/* Reads the whole file into new memory, zero-terminated behind *ret_size bytes; the caller frees
 * it. 0, -EFBIG when it is larger than size_max, or -errno. */
MUST_CHECK int small_file_read(const struct file_ops *ops, void *fs, const char *path,
                               size_t size_max, uint8_t **ret_bytes, size_t *ret_size);
/* Makes or cuts the file, writes the bytes, syncs them; not the directory. After a crash any part
 * of the bytes may be there. */
MUST_CHECK int small_file_write(const struct file_ops *ops, void *fs, const char *path,
                                const void *bytes, size_t size);
/* Replaces the file in one step: writes and syncs <path>.tmp, renames it over path, syncs the
 * directory. After a crash at any moment path holds the old bytes or the new ones, and after
 * success the new ones; a .tmp may be left over and is overwritten by the next call. */
MUST_CHECK int small_file_replace(const struct file_ops *ops, void *fs, const char *path,
                                  const void *bytes, size_t size);
/* Syncs the directory that holds the path. */
MUST_CHECK int small_file_sync_parent(const struct file_ops *ops, void *fs, const char *path);

/* Growing bytes for building such files. */
struct text {
    char *data;
    size_t size, capacity;
};
void text_add(struct text *text, const void *bytes, size_t size);
void text_printf(struct text *text, const char *format, ...) PRINTF_LIKE(2, 3);
void text_deinit(struct text *text);

/* Takes the next line off *rest, without its line end. False when nothing is left. */
bool line_next(struct view *rest, struct view *ret_line);
/* Takes the next word (bytes other than spaces and tabs) off *line. False when none is left. */
bool word_next(struct view *line, struct view *ret_word);
/* A whole decimal number, with a sign perhaps. False when it is none or does not fit. */
bool number_parse(struct view word, int64_t *ret);

#endif
