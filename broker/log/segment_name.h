/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORDUROY_BROKER_LOG_SEGMENT_NAME_H
#define CORDUROY_BROKER_LOG_SEGMENT_NAME_H

#include <stdbool.h>
#include <stdint.h>

/* The names of a partition's files, Kafka's: the segment's base offset as 20 digits (for a snapshot
 * the offset it stands at), the kind, and while a file is on its way in or out a second suffix.
 * Pure functions, any thread. */

enum segment_file {
    SEGMENT_LOG,        /* .log: record batches */
    SEGMENT_INDEX,      /* .index: offset to place */
    SEGMENT_TIME_INDEX, /* .timeindex: timestamp to offset */
    SEGMENT_TXN_INDEX,  /* .txnindex: aborted transactions */
    SEGMENT_SNAPSHOT,   /* .snapshot: producer state */
};
#define SEGMENT_FILES 5

enum segment_stage {
    SEGMENT_LIVE,
    SEGMENT_DELETED, /* .deleted: to be unlinked */
    SEGMENT_CLEANED, /* .cleaned: compaction is writing it; worthless after a crash */
    SEGMENT_SWAP,    /* .swap: compaction wrote it; to be put in place */
};

#define SEGMENT_NAME_SIZE 48 /* the longest name and its terminating zero */

/* base_offset is not negative. */
void segment_name(char ret[SEGMENT_NAME_SIZE], int64_t base_offset, enum segment_file file,
                  enum segment_stage stage);
/* False when the name is none of these forms. */
bool segment_name_parse(const char *name, int64_t *ret_base_offset, enum segment_file *ret_file,
                        enum segment_stage *ret_stage);

#endif
