/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/record_time.h"

#include "proto/decompress.h"
#include "proto/record_reader.h"

#define WINDOW_SIZE 8192u

/* A compressed batch's records as a stream of bytes. */
struct source {
    struct decompressor *decompressor;
    uint64_t limit; /* bytes that may still be decompressed */
    uint32_t pos, size;
    uint8_t window[WINDOW_SIZE];
};

static int fill(struct source *s)
{
    uint32_t wanted = s->limit < WINDOW_SIZE ? (uint32_t)s->limit : WINDOW_SIZE;
    if (wanted == 0)
        return RECORD_TIME_UNKNOWN;
    int error = decompressor_read(s->decompressor, s->window, wanted, &s->size);
    s->pos = 0;
    s->limit -= s->size;
    if (error)
        return error == DECOMPRESS_TOO_LARGE ? RECORD_TIME_UNKNOWN : RECORD_TIME_CORRUPT;
    return s->size ? 0 : RECORD_TIME_CORRUPT;
}

static int skip(struct source *s, uint64_t size)
{
    while (size > s->size - s->pos) {
        size -= s->size - s->pos;
        int error = fill(s);
        if (error)
            return error;
    }
    s->pos += (uint32_t)size;
    return 0;
}

/* A zigzag varint of at most `bits` bits; *used counts its bytes. */
static int take_varint(struct source *s, unsigned bits, int64_t *ret, uint64_t *used)
{
    uint64_t value = 0;
    for (unsigned shift = 0; shift < bits; shift += 7) {
        int error = s->pos == s->size ? fill(s) : 0;
        if (error)
            return error;
        uint8_t byte = s->window[s->pos++];
        ++*used;
        value |= (uint64_t)(byte & 0x7f) << shift;
        if (byte & 0x80)
            continue;
        *ret = (int64_t)(value >> 1) ^ -(int64_t)(value & 1);
        return 0;
    }
    return RECORD_TIME_CORRUPT;
}

/* One record: size, attributes, timestamp delta, offset delta, and the rest, which is skipped. */
static int next_record(struct source *s, int64_t *ret_time_delta, int64_t *ret_offset_delta)
{
    int64_t size;
    uint64_t used = 0, prefix = 0;
    int error = take_varint(s, 32, &size, &prefix);
    if (!error)
        error = skip(s, used = 1);
    if (!error)
        error = take_varint(s, 64, ret_time_delta, &used);
    if (!error)
        error = take_varint(s, 32, ret_offset_delta, &used);
    if (error)
        return error;
    if (size < 0 || (uint64_t)size < used)
        return RECORD_TIME_CORRUPT;
    return skip(s, (uint64_t)size - used);
}

static int find_compressed(struct source *s, const struct record_batch *b, int64_t timestamp,
                           int64_t *ret_offset, int64_t *ret_timestamp)
{
    for (uint32_t i = 0; i < b->count; i++) {
        int64_t time_delta, offset_delta;
        int error = next_record(s, &time_delta, &offset_delta);
        if (error)
            return error;
        if (offset_delta < 0 || offset_delta > b->last_offset_delta)
            return RECORD_TIME_CORRUPT;
        *ret_offset = b->base_offset + offset_delta;
        *ret_timestamp = (int64_t)((uint64_t)b->base_timestamp + (uint64_t)time_delta);
        if (*ret_timestamp >= timestamp)
            return 0;
    }
    return RECORD_TIME_NONE;
}

static int find_plain(const struct record_batch *b, int64_t timestamp, int64_t *ret_offset,
                      int64_t *ret_timestamp)
{
    struct record_reader reader;
    struct record record;
    int result = record_reader_init(&reader, b);
    while (!result && (result = record_reader_next(&reader, &record)) == 0) {
        if (record.timestamp < timestamp)
            continue;
        *ret_offset = record.offset;
        *ret_timestamp = record.timestamp;
        return 0;
    }
    return result == RECORD_READER_END ? RECORD_TIME_NONE : RECORD_TIME_CORRUPT;
}

int record_time_find(const struct record_batch *b, int64_t timestamp, uint64_t limit,
                     int64_t *ret_offset, int64_t *ret_timestamp)
{
    PRE(b->bytes.size >= RECORD_BATCH_HEADER_SIZE);
    if (b->attributes & RECORD_BATCH_APPEND_TIME) { /* every record's time is the batch's */
        *ret_offset = b->base_offset;
        *ret_timestamp = b->max_timestamp;
        return b->max_timestamp >= timestamp ? 0 : RECORD_TIME_NONE;
    }
    enum record_codec codec = record_batch_codec(b);
    if (codec == RECORD_CODEC_NONE)
        return find_plain(b, timestamp, ret_offset, ret_timestamp);
    struct view records = {b->bytes.base + RECORD_BATCH_HEADER_SIZE,
                           b->bytes.size - RECORD_BATCH_HEADER_SIZE};
    struct source s = {.decompressor = decompressor_new(codec, records), .limit = limit};
    if (!s.decompressor)
        return RECORD_TIME_UNKNOWN;
    int result = find_compressed(&s, b, timestamp, ret_offset, ret_timestamp);
    decompressor_free(s.decompressor);
    return result;
}
