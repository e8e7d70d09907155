/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/record_builder.h"

#include <stdlib.h>
#include <string.h>

#include "common/memory.h"

static void add_bytes(struct record_builder *b, const void *bytes, size_t size)
{
    b->data = xgrow(b->data, &b->capacity, b->size + size, 1);
    if (size > 0)
        memcpy(b->data + b->size, bytes, size);
    b->size += size;
}

static unsigned encode_varint(int64_t value, uint8_t out[10])
{
    uint64_t zigzag = ((uint64_t)value << 1) ^ (uint64_t)(value >> 63);
    unsigned size = 0;
    while (zigzag >= 0x80) {
        out[size++] = (uint8_t)(zigzag | 0x80);
        zigzag >>= 7;
    }
    out[size++] = (uint8_t)zigzag;
    return size;
}

static uint32_t varint_size(int64_t value)
{
    uint8_t scratch[10];
    return encode_varint(value, scratch);
}

static void add_varint(struct record_builder *b, int64_t value)
{
    uint8_t bytes[10];
    add_bytes(b, bytes, encode_varint(value, bytes));
}

static uint32_t nullable_size(struct view v)
{
    return v.base ? varint_size(v.size) + v.size : varint_size(-1);
}

static void add_nullable(struct record_builder *b, struct view v)
{
    add_varint(b, v.base ? (int64_t)v.size : -1);
    add_bytes(b, v.base, v.size);
}

void record_builder_init(struct record_builder *b)
{
    *b = (struct record_builder){0};
    record_builder_reset(b);
}

void record_builder_deinit(struct record_builder *b)
{
    free(b->data);
    *b = (struct record_builder){0};
}

void record_builder_reset(struct record_builder *b)
{
    static const uint8_t header[RECORD_BATCH_HEADER_SIZE];
    b->size = 0;
    b->count = 0;
    b->base_timestamp = b->max_timestamp = -1;
    add_bytes(b, header, sizeof header);
}

void record_builder_add(struct record_builder *b, int64_t timestamp_ms, struct view key,
                        struct view value, const struct record_header *headers,
                        uint32_t header_count)
{
    if (b->count == 0)
        b->base_timestamp = b->max_timestamp = timestamp_ms;
    if (timestamp_ms > b->max_timestamp)
        b->max_timestamp = timestamp_ms;
    int64_t timestamp_delta = timestamp_ms - b->base_timestamp;
    uint64_t size = 1u + varint_size(timestamp_delta) + varint_size(b->count) + nullable_size(key) +
                    nullable_size(value) + varint_size(header_count);
    for (uint32_t i = 0; i < header_count; i++)
        size += (uint64_t)varint_size(headers[i].key.size) + headers[i].key.size +
                nullable_size(headers[i].value);
    PRE(b->size + size < INT32_MAX - RECORD_BATCH_HEADER_SIZE);
    add_varint(b, (int64_t)size);
    add_bytes(b, "", 1); /* attributes */
    add_varint(b, timestamp_delta);
    add_varint(b, b->count);
    add_nullable(b, key);
    add_nullable(b, value);
    add_varint(b, header_count);
    for (uint32_t i = 0; i < header_count; i++) {
        add_varint(b, headers[i].key.size);
        add_bytes(b, headers[i].key.base, headers[i].key.size);
        add_nullable(b, headers[i].value);
    }
    b->count++;
}

struct view record_builder_finish(struct record_builder *b,
                                  const struct record_batch_options *options)
{
    PRE(b->count > 0);
    uint8_t *at = b->data;
    uint32_t size = (uint32_t)b->size;
    record_batch_assign(at, options->base_offset, options->leader_epoch);
    store_u32(at + RECORD_BATCH_POS_LENGTH, size - RECORD_BATCH_OVERHEAD);
    at[RECORD_BATCH_POS_MAGIC] = 2;
    store_u16(at + RECORD_BATCH_POS_ATTRIBUTES,
              (uint16_t)((options->transactional ? RECORD_BATCH_TRANSACTIONAL : 0) |
                         (options->control ? RECORD_BATCH_CONTROL : 0)));
    store_u32(at + RECORD_BATCH_POS_LAST_OFFSET_DELTA, b->count - 1);
    store_u64(at + RECORD_BATCH_POS_BASE_TIMESTAMP, (uint64_t)b->base_timestamp);
    store_u64(at + RECORD_BATCH_POS_MAX_TIMESTAMP, (uint64_t)b->max_timestamp);
    store_u64(at + RECORD_BATCH_POS_PRODUCER_ID, (uint64_t)options->producer_id);
    store_u16(at + RECORD_BATCH_POS_PRODUCER_EPOCH, (uint16_t)options->producer_epoch);
    store_u32(at + RECORD_BATCH_POS_BASE_SEQUENCE, (uint32_t)options->base_sequence);
    store_u32(at + RECORD_BATCH_POS_COUNT, b->count);
    record_batch_seal(at, size);
    return (struct view){at, size};
}

void record_builder_add_marker(struct record_builder *b, int64_t timestamp_ms,
                               struct txn_marker marker)
{
    uint8_t key[4] = {0}, value[6] = {0};
    store_u16(key + 2, (uint16_t)marker.type);
    store_u32(value + 2, (uint32_t)marker.coordinator_epoch);
    record_builder_add(b, timestamp_ms, (struct view){key, sizeof key},
                       (struct view){value, sizeof value}, NULL, 0);
}
