/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/record_reader.h"

/* A zigzag varint of at most `bits` bits off the front of *rest. False when it is cut short or too
 * long. */
static bool take_varint(struct view *rest, unsigned bits, int64_t *ret)
{
    uint64_t value = 0;
    for (unsigned shift = 0; shift < bits; shift += 7) {
        if (rest->size == 0)
            return false;
        uint8_t byte = *rest->base++;
        rest->size--;
        value |= (uint64_t)(byte & 0x7f) << shift;
        if (byte & 0x80)
            continue;
        if (bits == 32 && value > UINT32_MAX)
            return false;
        *ret = (int64_t)(value >> 1) ^ -(int64_t)(value & 1);
        return true;
    }
    return false;
}

/* Bytes with a varint size before them; -1 is null where that is allowed. */
static bool take_bytes(struct view *rest, bool nullable, struct view *ret)
{
    int64_t size;
    if (!take_varint(rest, 32, &size))
        return false;
    if (size == -1 && nullable) {
        *ret = VIEW_NULL;
        return true;
    }
    if (size < 0 || size > rest->size)
        return false;
    *ret = (struct view){rest->base, (uint32_t)size};
    rest->base += size;
    rest->size -= (uint32_t)size;
    return true;
}

static bool take_header(struct view *rest, struct record_header *ret)
{
    return take_bytes(rest, false, &ret->key) && take_bytes(rest, true, &ret->value);
}

void record_reader_init_records(struct record_reader *r, const struct record_batch *batch,
                                struct view records)
{
    *r = (struct record_reader){.batch = batch, .rest = records, .left = batch->count};
}

int record_reader_init(struct record_reader *r, const struct record_batch *batch)
{
    PRE(batch->bytes.size >= RECORD_BATCH_HEADER_SIZE);
    if (record_batch_codec(batch) != RECORD_CODEC_NONE)
        return RECORD_READER_COMPRESSED;
    record_reader_init_records(r, batch,
                               (struct view){batch->bytes.base + RECORD_BATCH_HEADER_SIZE,
                                             batch->bytes.size - RECORD_BATCH_HEADER_SIZE});
    return 0;
}

/* Decodes what follows the size prefix; body must be used up. */
static bool parse_body(const struct record_batch *batch, struct view body, struct record *record)
{
    int64_t timestamp_delta, offset_delta, header_count;
    if (body.size < 1)
        return false;
    body.base++; /* attributes: none are defined */
    body.size--;
    if (!take_varint(&body, 64, &timestamp_delta) || !take_varint(&body, 32, &offset_delta) ||
        !take_bytes(&body, true, &record->key) || !take_bytes(&body, true, &record->value) ||
        !take_varint(&body, 32, &header_count))
        return false;
    if (offset_delta < 0 || offset_delta > batch->last_offset_delta)
        return false;
    /* A header takes at least two bytes. */
    if (header_count < 0 || header_count > body.size / 2)
        return false;
    record->header_count = (uint32_t)header_count;
    record->headers = body;
    for (uint32_t i = 0; i < record->header_count; i++) {
        struct record_header header;
        if (!take_header(&body, &header))
            return false;
    }
    record->offset = batch->base_offset + offset_delta;
    record->timestamp =
        batch->attributes & RECORD_BATCH_APPEND_TIME
            ? batch->max_timestamp
            : (int64_t)((uint64_t)batch->base_timestamp + (uint64_t)timestamp_delta);
    record->sequence = -1;
    if (batch->base_sequence >= 0)
        record->sequence =
            (int32_t)((batch->base_sequence + offset_delta) % ((int64_t)INT32_MAX + 1));
    return body.size == 0;
}

int record_reader_next(struct record_reader *r, struct record *ret)
{
    if (r->left == 0)
        return r->rest.size == 0 ? RECORD_READER_END : RECORD_READER_CORRUPT;
    struct view rest = r->rest, body;
    struct record record = {0};
    if (!take_bytes(&rest, false, &body) || !parse_body(r->batch, body, &record))
        return RECORD_READER_CORRUPT;
    record.size = r->rest.size - rest.size;
    r->rest = rest;
    r->left--;
    *ret = record;
    return 0;
}

bool record_header_next(struct view *headers, struct record_header *ret)
{
    if (headers->size == 0)
        return false;
    struct view rest = *headers;
    if (!take_header(&rest, ret))
        return false;
    *headers = rest;
    return true;
}

bool txn_marker_parse(const struct record_batch *batch, struct txn_marker *ret)
{
    struct record_reader reader;
    struct record record;
    if (!record_batch_is_control(batch) || !batch->bytes.base)
        return false;
    if (record_reader_init(&reader, batch) || record_reader_next(&reader, &record))
        return false;
    if (record.key.size < 4 || record.value.size < 6)
        return false;
    int16_t type = load_i16(record.key.base + 2);
    if (type != TXN_MARKER_ABORT && type != TXN_MARKER_COMMIT)
        return false;
    *ret = (struct txn_marker){
        .type = type == TXN_MARKER_COMMIT ? TXN_MARKER_COMMIT : TXN_MARKER_ABORT,
        .coordinator_epoch = load_i32(record.value.base + 2),
    };
    return true;
}
