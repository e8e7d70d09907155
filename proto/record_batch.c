/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/record_batch.h"

#include "common/crc32c.h"

#define LENGTH_MIN (RECORD_BATCH_HEADER_SIZE - RECORD_BATCH_OVERHEAD)
/* A message of magic 0: crc, magic, attributes and the sizes of key and value. */
#define OLD_LENGTH_MIN 14

const char *record_batch_error_text(enum record_batch_error error)
{
    switch (error) {
    case RECORD_BATCH_END:
        return "end";
    case RECORD_BATCH_SHORT:
        return "truncated batch";
    case RECORD_BATCH_BAD_SIZE:
        return "impossible batch size";
    case RECORD_BATCH_OLD_MAGIC:
        return "message format from before Kafka 0.11";
    case RECORD_BATCH_BAD_MAGIC:
        return "unknown message format";
    case RECORD_BATCH_BAD_CRC:
        return "wrong checksum";
    case RECORD_BATCH_BAD_HEADER:
        return "impossible batch header";
    }
    return "unknown error";
}

int32_t record_batch_last_sequence(const struct record_batch *b)
{
    if (b->base_sequence < 0)
        return -1;
    /* Sequence numbers wrap from INT32_MAX to 0. */
    return (int32_t)(((int64_t)b->base_sequence + b->last_offset_delta) % ((int64_t)INT32_MAX + 1));
}

int record_batch_size(const uint8_t *bytes, uint64_t have, uint32_t *ret_size)
{
    if (have < RECORD_BATCH_PREFIX_SIZE)
        return RECORD_BATCH_SHORT;
    int8_t magic = (int8_t)bytes[RECORD_BATCH_POS_MAGIC];
    int32_t length = load_i32(bytes + RECORD_BATCH_POS_LENGTH);
    /* Zeros, which a crash may leave at the end of a file, are no old message. */
    if (magic == 0 || magic == 1)
        return length < OLD_LENGTH_MIN ? RECORD_BATCH_BAD_SIZE : RECORD_BATCH_OLD_MAGIC;
    if (magic != 2)
        return RECORD_BATCH_BAD_MAGIC;
    if (length < (int32_t)LENGTH_MIN)
        return RECORD_BATCH_BAD_SIZE;
    *ret_size = (uint32_t)length + RECORD_BATCH_OVERHEAD;
    return 0;
}

static bool header_is_possible(const struct record_batch *b, int32_t count)
{
    if (b->base_offset < 0 || b->last_offset_delta < 0 || count < 0)
        return false;
    if (b->base_offset > INT64_MAX - 1 - b->last_offset_delta)
        return false;
    /* Compaction removes records and keeps the delta, so there may be fewer but never more. */
    if ((int64_t)count > (int64_t)b->last_offset_delta + 1)
        return false;
    return record_batch_codec(b) <= RECORD_CODEC_ZSTD;
}

int record_batch_parse_header(struct view bytes, struct record_batch *ret)
{
    uint32_t size;
    int error = record_batch_size(bytes.base, bytes.size, &size);
    if (error)
        return error;
    if (bytes.size < RECORD_BATCH_HEADER_SIZE)
        return RECORD_BATCH_SHORT;
    const uint8_t *at = bytes.base;
    int32_t count = load_i32(at + RECORD_BATCH_POS_COUNT);
    struct record_batch b = {
        .base_offset = load_i64(at + RECORD_BATCH_POS_BASE_OFFSET),
        .leader_epoch = load_i32(at + RECORD_BATCH_POS_LEADER_EPOCH),
        .crc = load_u32(at + RECORD_BATCH_POS_CRC),
        .attributes = load_u16(at + RECORD_BATCH_POS_ATTRIBUTES),
        .last_offset_delta = load_i32(at + RECORD_BATCH_POS_LAST_OFFSET_DELTA),
        .base_timestamp = load_i64(at + RECORD_BATCH_POS_BASE_TIMESTAMP),
        .max_timestamp = load_i64(at + RECORD_BATCH_POS_MAX_TIMESTAMP),
        .producer_id = load_i64(at + RECORD_BATCH_POS_PRODUCER_ID),
        .producer_epoch = load_i16(at + RECORD_BATCH_POS_PRODUCER_EPOCH),
        .base_sequence = load_i32(at + RECORD_BATCH_POS_BASE_SEQUENCE),
        .size = size,
        .bytes = size <= bytes.size ? (struct view){at, size} : VIEW_NULL,
    };
    if (!header_is_possible(&b, count))
        return RECORD_BATCH_BAD_HEADER;
    b.count = (uint32_t)count;
    *ret = b;
    return 0;
}

static int parse_whole(struct view bytes, struct record_batch *ret)
{
    struct record_batch b;
    int error = record_batch_parse_header(bytes, &b);
    if (error)
        return error;
    if (!b.bytes.base)
        return RECORD_BATCH_SHORT;
    *ret = b;
    return 0;
}

int record_batch_parse(struct view bytes, struct record_batch *ret)
{
    struct record_batch b;
    int error = parse_whole(bytes, &b);
    /* A flipped bit in the header may make its fields impossible: it is the CRC that is wrong
     * then. */
    if (error == RECORD_BATCH_BAD_HEADER) {
        uint32_t size;
        int sized = record_batch_size(bytes.base, bytes.size, &size);
        INVARIANT(sized == 0);
        if (size > bytes.size)
            return RECORD_BATCH_SHORT;
        b = (struct record_batch){.crc = load_u32(bytes.base + RECORD_BATCH_POS_CRC),
                                  .bytes = {bytes.base, size}};
        return record_batch_crc_ok(&b) ? RECORD_BATCH_BAD_HEADER : RECORD_BATCH_BAD_CRC;
    }
    if (error)
        return error;
    if (!record_batch_crc_ok(&b))
        return RECORD_BATCH_BAD_CRC;
    *ret = b;
    return 0;
}

int record_batch_next(struct view *rest, struct record_batch *ret)
{
    if (rest->size == 0)
        return RECORD_BATCH_END;
    int error = parse_whole(*rest, ret);
    if (error)
        return error;
    rest->base += ret->size;
    rest->size -= ret->size;
    return 0;
}

bool record_batch_crc_ok(const struct record_batch *batch)
{
    PRE(batch->bytes.base && batch->bytes.size >= RECORD_BATCH_HEADER_SIZE);
    return crc32c(0, batch->bytes.base + RECORD_BATCH_POS_ATTRIBUTES,
                  batch->bytes.size - RECORD_BATCH_POS_ATTRIBUTES) == batch->crc;
}

bool record_batch_is_producible(const struct record_batch *batch)
{
    if (batch->count == 0 || (int64_t)batch->count != (int64_t)batch->last_offset_delta + 1)
        return false;
    if (record_batch_is_control(batch))
        return false;
    if (record_batch_has_producer(batch))
        return batch->producer_epoch >= 0 && batch->base_sequence >= 0;
    return !record_batch_is_transactional(batch);
}

void record_batch_assign(uint8_t *batch, int64_t base_offset, int32_t leader_epoch)
{
    store_u64(batch + RECORD_BATCH_POS_BASE_OFFSET, (uint64_t)base_offset);
    store_u32(batch + RECORD_BATCH_POS_LEADER_EPOCH, (uint32_t)leader_epoch);
}

void record_batch_set_append_time(uint8_t *batch, uint32_t size, int64_t timestamp_ms)
{
    uint16_t attributes = load_u16(batch + RECORD_BATCH_POS_ATTRIBUTES);
    store_u16(batch + RECORD_BATCH_POS_ATTRIBUTES, attributes | RECORD_BATCH_APPEND_TIME);
    store_u64(batch + RECORD_BATCH_POS_MAX_TIMESTAMP, (uint64_t)timestamp_ms);
    record_batch_seal(batch, size);
}

void record_batch_seal(uint8_t *batch, uint32_t size)
{
    PRE(size >= RECORD_BATCH_HEADER_SIZE);
    store_u32(batch + RECORD_BATCH_POS_CRC,
              crc32c(0, batch + RECORD_BATCH_POS_ATTRIBUTES, size - RECORD_BATCH_POS_ATTRIBUTES));
}
