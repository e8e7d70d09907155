/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORDUROY_PROTO_RECORD_READER_H
#define CORDUROY_PROTO_RECORD_READER_H

#include <stdbool.h>
#include <stdint.h>

#include "common/assert.h"
#include "common/view.h"
#include "proto/record_batch.h"

/* The records of one batch (KIP-98), in order:
 *
 *   varint size of what follows | attributes i8 | varlong timestamp delta | varint offset delta |
 *   varint key size, -1: null | key | varint value size, -1: null | value |
 *   varint header count | headers: varint key size | key | varint value size, -1: null | value
 *
 * Varints are zigzag. Views point into the bytes given; nothing is copied or allocated. */

struct record {
    int64_t offset, timestamp; /* absolute */
    int32_t sequence;          /* -1: the batch has none */
    struct view key, value;    /* base NULL: null */
    uint32_t header_count;
    struct view headers; /* for record_header_next */
    uint32_t size;       /* bytes of the record with its size prefix */
};

struct record_header {
    struct view key, value; /* value.base NULL: null */
};

struct record_reader {
    const struct record_batch *batch;
    struct view rest;
    uint32_t left; /* records */
};

enum record_reader_result {
    RECORD_READER_END = 1,        /* all records were given */
    RECORD_READER_COMPRESSED = 2, /* the records must be decompressed first */
    RECORD_READER_CORRUPT = 3,    /* sizes that do not fit, or bytes left over after the last */
};

/* Reads the records of an uncompressed batch whose bytes are at hand; batch outlives the reader.
 * 0 or RECORD_READER_COMPRESSED. */
MUST_CHECK int record_reader_init(struct record_reader *r, const struct record_batch *batch);
/* The same for a batch of any codec whose records were decompressed to these bytes. */
void record_reader_init_records(struct record_reader *r, const struct record_batch *batch,
                                struct view records);
/* The next record. 0, RECORD_READER_END or RECORD_READER_CORRUPT. */
MUST_CHECK int record_reader_next(struct record_reader *r, struct record *ret);
/* Takes the first header off *headers. False when none is left. The headers of a record that
 * record_reader_next gave are well formed. */
bool record_header_next(struct view *headers, struct record_header *ret);

/* A transaction marker: the only record of a control batch of a producer (KIP-98).
 * Key: version i16, type i16 (0 abort, 1 commit). Value: version i16, coordinator epoch i32. */
enum txn_marker_type {
    TXN_MARKER_ABORT = 0,
    TXN_MARKER_COMMIT = 1,
};
struct txn_marker {
    enum txn_marker_type type;
    int32_t coordinator_epoch;
};
/* False when the batch is no control batch with a transaction marker. */
bool txn_marker_parse(const struct record_batch *batch, struct txn_marker *ret);

#endif
