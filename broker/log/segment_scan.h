/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORDUROY_BROKER_LOG_SEGMENT_SCAN_H
#define CORDUROY_BROKER_LOG_SEGMENT_SCAN_H

#include <stdbool.h>
#include <stdint.h>

#include "common/assert.h"
#include "common/file.h"
#include "proto/record_batch.h"

/* A walk over a .log file, batch by batch, with every CRC checked: for recovery, for rebuilding
 * indexes and producer state, and for reading a cold segment. Memory is bounded, whatever the file
 * says: a large batch is checked piece by piece. Blocking; on a disk thread. */

#define SEGMENT_SCAN_BUFFER_SIZE (256u * 1024)

/* Why a walk ended; pos is then where the first byte that belongs to no sound batch stands. */
enum segment_scan_stop {
    SEGMENT_SCAN_END = 1,  /* at the end of what was to be scanned: all is sound */
    SEGMENT_SCAN_TORN = 2, /* the file ends inside of a batch */
    SEGMENT_SCAN_BAD_CRC = 3,
    SEGMENT_SCAN_BAD_MAGIC = 4,  /* neither 0, 1 nor 2 */
    SEGMENT_SCAN_OLD_MAGIC = 5,  /* 0 or 1: a message set from before Kafka 0.11 */
    SEGMENT_SCAN_BAD_SIZE = 6,   /* a length that no batch can have */
    SEGMENT_SCAN_BAD_HEADER = 7, /* impossible fields */
    SEGMENT_SCAN_BAD_OFFSET = 8, /* offsets that do not rise, or lie below min_offset */
};
/* "end", "torn batch" and so on, for messages. */
const char *segment_scan_stop_text(enum segment_scan_stop stop);

struct segment_scan {
    struct file *file;
    uint64_t pos;       /* of the next batch; after a stop: of what is wrong */
    uint64_t end;       /* not beyond it */
    int64_t min_offset; /* the next batch starts at or beyond it */
    bool headers_only;  /* CRCs are not checked and records not read: quick, for clean segments */
    uint8_t *buffer;
    uint64_t buffer_pos; /* place in the file of the buffer's first byte */
    uint32_t buffer_size;
};

/* Scans [pos, end) of the file; end UINT64_MAX is its size. min_offset: the segment's base offset,
 * or the end of what was scanned before. The file is borrowed (a reference is kept until deinit). 0
 * or -errno. */
MUST_CHECK int segment_scan_init(struct segment_scan *scan, struct file *file, uint64_t pos,
                                 uint64_t end, int64_t min_offset);
void segment_scan_deinit(struct segment_scan *scan);
/* The next batch. 0: *ret is its header, *ret_pos its place, and ret->bytes the whole batch when it
 * fits into the buffer (a control batch always does), else VIEW_NULL; bytes live until the next
 * call. Positive: a segment_scan_stop, and the same again for every later call. -errno: the disk.
 */
MUST_CHECK int segment_scan_next(struct segment_scan *scan, struct record_batch *ret,
                                 uint64_t *ret_pos);

#endif
