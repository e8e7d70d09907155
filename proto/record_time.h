/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORDUROY_PROTO_RECORD_TIME_H
#define CORDUROY_PROTO_RECORD_TIME_H

#include <stdint.h>

#include "common/assert.h"
#include "proto/record_batch.h"

/* Where in a batch a timestamp stands. Compressed batches are decompressed on the way, in a small
 * window, and only as far as needed. Pure but for memory; any thread. */

enum record_time_result {
    RECORD_TIME_NONE = 1,    /* no record is that late */
    RECORD_TIME_UNKNOWN = 2, /* the record lies behind the limit */
    RECORD_TIME_CORRUPT = 3, /* the records are not what the header says */
};

/* The first record whose timestamp is at least this one. The batch's bytes are at hand; its header
 * was parsed and its CRC is good. limit: how many decompressed bytes are looked through at most.
 * 0 or a record_time_result. */
MUST_CHECK int record_time_find(const struct record_batch *batch, int64_t timestamp_ms,
                                uint64_t limit, int64_t *ret_offset, int64_t *ret_timestamp_ms);

#endif
