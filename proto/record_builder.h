/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORDUROY_PROTO_RECORD_BUILDER_H
#define CORDUROY_PROTO_RECORD_BUILDER_H

#include <stdbool.h>
#include <stdint.h>

#include "common/view.h"
#include "proto/record_reader.h"

/* Builds one uncompressed batch: for the records of the coordinators, transaction markers and
 * tests. */
struct record_builder {
    uint8_t *data;
    size_t size, capacity;
    int64_t base_timestamp, max_timestamp;
    uint32_t count;
};

/* The fields of the header that do not follow from the records. RECORD_BATCH_OPTIONS_INIT: offset
 * 0, no epoch, no producer. */
struct record_batch_options {
    int64_t base_offset;
    int32_t leader_epoch;
    int64_t producer_id;
    int16_t producer_epoch;
    int32_t base_sequence;
    bool transactional, control;
};
#define RECORD_BATCH_OPTIONS_INIT                                                                  \
    ((struct record_batch_options){                                                                \
        .leader_epoch = -1, .producer_id = -1, .producer_epoch = -1, .base_sequence = -1})

void record_builder_init(struct record_builder *b);
void record_builder_deinit(struct record_builder *b);
/* Appends a record; all bytes are copied. A view with base NULL is null (key, value, header value);
 * headers may be NULL when header_count is 0. The caller keeps the whole below INT32_MAX bytes. */
void record_builder_add(struct record_builder *b, int64_t timestamp_ms, struct view key,
                        struct view value, const struct record_header *headers,
                        uint32_t header_count);
/* Writes header and CRC. The bytes belong to the builder and live until its deinit or reset. At
 * least one record was added. */
struct view record_builder_finish(struct record_builder *b,
                                  const struct record_batch_options *options);
/* Empties it for the next batch. */
void record_builder_reset(struct record_builder *b);

/* Adds the record of a transaction marker; finish with transactional, control and base sequence
 * -1. */
void record_builder_add_marker(struct record_builder *b, int64_t timestamp_ms,
                               struct txn_marker marker);

#endif
