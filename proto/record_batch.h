/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORDUROY_PROTO_RECORD_BATCH_H
#define CORDUROY_PROTO_RECORD_BATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "common/assert.h"
#include "common/bytes.h"
#include "common/view.h"

/* Kafka's record batch, magic 2 (KIP-98), as it stands on the wire and in a segment. All integers
 * are big-endian:
 *
 *    0 base offset i64            27 base timestamp i64 (the delete horizon when bit 6 is set)
 *    8 length i32, of what        35 max timestamp i64
 *      follows it                 43 producer id i64, -1: none
 *   12 partition leader epoch     51 producer epoch i16
 *      i32                        53 base sequence i32
 *   16 magic i8                   57 record count i32
 *   17 crc32c of [21, end)        61 records, compressed as a whole
 *   21 attributes i16
 *   23 last offset delta i32
 *
 * Base offset and leader epoch lie outside of the CRC, so a broker decides them in place. Nothing
 * here decodes records; see record_reader.h for that. All functions are pure; any thread. */

#define RECORD_BATCH_HEADER_SIZE 61u
#define RECORD_BATCH_OVERHEAD 12u    /* base offset and length: what the length does not count */
#define RECORD_BATCH_PREFIX_SIZE 17u /* up to the magic: what record_batch_size needs */

enum record_batch_pos {
    RECORD_BATCH_POS_BASE_OFFSET = 0,
    RECORD_BATCH_POS_LENGTH = 8,
    RECORD_BATCH_POS_LEADER_EPOCH = 12,
    RECORD_BATCH_POS_MAGIC = 16,
    RECORD_BATCH_POS_CRC = 17,
    RECORD_BATCH_POS_ATTRIBUTES = 21, /* the CRC begins here */
    RECORD_BATCH_POS_LAST_OFFSET_DELTA = 23,
    RECORD_BATCH_POS_BASE_TIMESTAMP = 27,
    RECORD_BATCH_POS_MAX_TIMESTAMP = 35,
    RECORD_BATCH_POS_PRODUCER_ID = 43,
    RECORD_BATCH_POS_PRODUCER_EPOCH = 51,
    RECORD_BATCH_POS_BASE_SEQUENCE = 53,
    RECORD_BATCH_POS_COUNT = 57,
};

enum record_codec {
    RECORD_CODEC_NONE = 0,
    RECORD_CODEC_GZIP = 1,
    RECORD_CODEC_SNAPPY = 2,
    RECORD_CODEC_LZ4 = 3,
    RECORD_CODEC_ZSTD = 4,
};

enum record_batch_attributes {
    RECORD_BATCH_CODEC_MASK = 7,
    RECORD_BATCH_APPEND_TIME = 1 << 3, /* timestamps are the broker's (LogAppendTime) */
    RECORD_BATCH_TRANSACTIONAL = 1 << 4,
    RECORD_BATCH_CONTROL = 1 << 5,
    RECORD_BATCH_DELETE_HORIZON = 1 << 6,
};

/* What is wrong with bytes that should be a batch; 0 is nothing. */
enum record_batch_error {
    RECORD_BATCH_END = 1,       /* no byte is left: the walk is over */
    RECORD_BATCH_SHORT = 2,     /* the bytes end inside of the batch */
    RECORD_BATCH_BAD_SIZE = 3,  /* a length that no batch can have */
    RECORD_BATCH_OLD_MAGIC = 4, /* magic 0 or 1, message sets from before 0.11: not supported */
    RECORD_BATCH_BAD_MAGIC = 5,
    RECORD_BATCH_BAD_CRC = 6,
    RECORD_BATCH_BAD_HEADER = 7, /* negative offset or count, unknown codec, deltas that overflow */
};
/* "truncated", "bad checksum" and so on, for messages. */
const char *record_batch_error_text(enum record_batch_error error);

/* A batch's header in host order, and the bytes it came from. */
struct record_batch {
    int64_t base_offset;
    int32_t leader_epoch;
    uint32_t crc;
    uint16_t attributes;
    int32_t last_offset_delta;
    int64_t base_timestamp, max_timestamp; /* milliseconds; -1: none */
    int64_t producer_id;
    int16_t producer_epoch;
    int32_t base_sequence;
    uint32_t count;    /* records; 0 only in what compaction left of a batch */
    uint32_t size;     /* bytes of the whole batch */
    struct view bytes; /* the whole batch; VIEW_NULL when only the header was at hand */
};

static inline int64_t record_batch_last_offset(const struct record_batch *b)
{
    return b->base_offset + b->last_offset_delta;
}
/* The offset after the batch: where the next one starts at the earliest. */
static inline int64_t record_batch_end_offset(const struct record_batch *b)
{
    return record_batch_last_offset(b) + 1;
}
static inline enum record_codec record_batch_codec(const struct record_batch *b)
{
    return (enum record_codec)(b->attributes & RECORD_BATCH_CODEC_MASK);
}
static inline bool record_batch_is_transactional(const struct record_batch *b)
{
    return b->attributes & RECORD_BATCH_TRANSACTIONAL;
}
static inline bool record_batch_is_control(const struct record_batch *b)
{
    return b->attributes & RECORD_BATCH_CONTROL;
}
static inline bool record_batch_has_producer(const struct record_batch *b)
{
    return b->producer_id >= 0;
}
/* The sequence number of the last record: after INT32_MAX comes 0. -1 without a base sequence. */
int32_t record_batch_last_sequence(const struct record_batch *b);

/* The size of the batch that starts at bytes, told by its first RECORD_BATCH_PREFIX_SIZE bytes.
 * 0, RECORD_BATCH_SHORT (fewer bytes at hand), BAD_SIZE, OLD_MAGIC or BAD_MAGIC. The batch itself
 * need not be at hand. Never more than INT32_MAX + 12. */
MUST_CHECK int record_batch_size(const uint8_t *bytes, uint64_t have, uint32_t *ret_size);

/* Decodes the header at the start of bytes; the rest of the batch need not be there (ret->bytes is
 * then VIEW_NULL). 0, SHORT (fewer than RECORD_BATCH_HEADER_SIZE), BAD_SIZE, OLD_MAGIC, BAD_MAGIC
 * or BAD_HEADER. The CRC is not looked at. */
MUST_CHECK int record_batch_parse_header(struct view bytes, struct record_batch *ret);

/* The whole batch at the start of bytes, its CRC checked. 0 or any record_batch_error. */
MUST_CHECK int record_batch_parse(struct view bytes, struct record_batch *ret);

/* Takes the first batch off *rest, without its CRC being checked. 0, RECORD_BATCH_END when *rest is
 * empty, or what is wrong; then *rest is untouched. */
MUST_CHECK int record_batch_next(struct view *rest, struct record_batch *ret);

/* Whether the CRC of a whole batch (batch->bytes) is right. */
bool record_batch_crc_ok(const struct record_batch *batch);

/* What a produced batch must be beyond a right CRC, as Kafka's LogValidator has it from the header:
 * at least one record, count = last offset delta + 1, not a control batch, and with a producer id
 * an epoch and a sequence, and transactional only with a producer id. True when it is. */
bool record_batch_is_producible(const struct record_batch *batch);

/* Decides offset and leader epoch in place; neither is under the CRC. */
void record_batch_assign(uint8_t *batch, int64_t base_offset, int32_t leader_epoch);

/* Marks the batch (whole, of the given size) as LogAppendTime with this max timestamp and computes
 * the CRC again. The base timestamp stays, as in Kafka. */
void record_batch_set_append_time(uint8_t *batch, uint32_t size, int64_t timestamp_ms);

/* Writes the CRC of a whole batch of this size. */
void record_batch_seal(uint8_t *batch, uint32_t size);

#endif
