/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORDUROY_BROKER_LOG_JOURNAL_READ_H
#define CORDUROY_BROKER_LOG_JOURNAL_READ_H

#include <stddef.h>
#include <stdint.h>

#include "broker/log/journal_format.h"
#include "common/file.h"

/* What the two files of a journal hold after an unclean stop. Blocking; on a disk thread. Nothing
 * is written. */

struct journal_live {
    struct journal_round round;
    uint8_t *bytes; /* of the whole round */
};
struct journal_read {
    uint32_t file_count;  /* that exist, 0..2 */
    uint64_t file_size;   /* of the larger */
    uint64_t floor;       /* the largest in a valid round; 0: no valid round at all */
    unsigned floor_file;  /* that holds it */
    uint64_t number_last; /* the largest of a valid round, or that one calls durable */
    uint64_t number_seen; /* the largest seen, in damaged rounds too: number above it */
    /* Valid rounds at or beyond the floor, by number, once each. Damage before them does not hide
     * them. */
    struct journal_live *live;
    size_t live_count;
    /* Numbers in [floor, number_last] that no valid round has. Only the last round can be torn, and
     * a torn one is not below another: this is damage. */
    uint64_t missing_count, missing_first;
};

/* 0, or -errno when a file cannot be read. */
MUST_CHECK int journal_read(struct journal_read *r, const struct file_ops *files, void *fs,
                            struct uuid journal_id);
/* After a clean stop: only the block of each file that is kept for the round that ends it. floor is
 * 0 when neither holds one. */
MUST_CHECK int journal_read_closed(struct journal_read *r, const struct file_ops *files, void *fs,
                                   struct uuid journal_id);
void journal_read_deinit(struct journal_read *r);
/* The entries of a live round, for journal_entry_decode. */
struct view journal_live_entries(const struct journal_live *live);

#endif
