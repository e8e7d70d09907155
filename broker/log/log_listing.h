/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORDUROY_BROKER_LOG_LOG_LISTING_H
#define CORDUROY_BROKER_LOG_LOG_LISTING_H

#include <stddef.h>
#include <stdint.h>

#include "broker/log/segment_name.h"
#include "common/assert.h"
#include "common/file.h"

/* What a partition's directory holds: which segments, and which files of each. Blocking; on a disk
 * thread. */

struct log_listing {
    int64_t *bases[SEGMENT_FILES]; /* base offsets of the live files of each kind, rising */
    size_t count[SEGMENT_FILES], capacity[SEGMENT_FILES];
    char **leftovers; /* names of .deleted, .cleaned and .swap files */
    size_t leftover_count, leftover_capacity;
};
/* dir: the directory's name. Other files in it are left out. 0 or -errno; after an error there is
 * nothing to deinit. */
MUST_CHECK int log_listing_read(struct log_listing *l, const struct file_ops *ops, void *fs,
                                const char *dir);
void log_listing_deinit(struct log_listing *l);
/* Index of the last entry of the kind at or below the offset; -1: there is none. */
ptrdiff_t log_listing_find(const struct log_listing *l, enum segment_file kind, int64_t offset);

/* The path of a live file of a segment: dir/<20 digits of base>.<kind>. */
#define LOG_PATH_SIZE 512
void log_file_path(char ret[LOG_PATH_SIZE], const char *dir, int64_t base, enum segment_file kind);
/* Unlinks it; one that is not there is no error. The caller syncs the directory. 0 or -errno. */
MUST_CHECK int log_file_unlink(const struct file_ops *ops, void *fs, const char *dir, int64_t base,
                               enum segment_file kind);

#endif
