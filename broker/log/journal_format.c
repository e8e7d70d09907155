/* SPDX-License-Identifier: Apache-2.0 */
#include "broker/log/journal_format.h"

#include "common/bytes.h"
#include "common/crc32c.h"

#define ROUND_MAGIC UINT32_C(0x43444a52) /* "CDJR" */

enum round_pos {
    ROUND_CRC = 4, /* of [8, size) */
    ROUND_JOURNAL_ID = 8,
    ROUND_NUMBER = 24,
    ROUND_DURABLE = 32,
    ROUND_FLOOR = 40,
    ROUND_SIZE = 48,
    ROUND_ENTRY_COUNT = 52,
};

enum entry_pos {
    ENTRY_KIND = 0,
    ENTRY_SIZE = 4,
    ENTRY_TOPIC = 8,
    ENTRY_PARTITION = 24,
};

/* Bytes of the body before what has no fixed size. */
static uint32_t body_size(enum journal_kind kind)
{
    switch (kind) {
    case JOURNAL_APPEND:
        return 32;
    case JOURNAL_TRUNC:
        return 24;
    case JOURNAL_START:
    case JOURNAL_OPEN:
    case JOURNAL_RESET:
        return 8;
    case JOURNAL_ENDS:
        return 16;
    case JOURNAL_DROP:
    case JOURNAL_NOTHING:
        return 0;
    }
    return UINT32_MAX;
}

uint32_t journal_entry_size(const struct journal_entry *entry)
{
    uint32_t size = JOURNAL_ENTRY_HEADER_SIZE + body_size(entry->kind);
    if (entry->kind == JOURNAL_APPEND)
        size += entry->bytes.size;
    if (entry->kind == JOURNAL_OPEN)
        size += entry->topic.size;
    return size;
}

uint32_t journal_entry_encode_head(const struct journal_entry *entry, uint8_t *to)
{
    uint32_t size = journal_entry_size(entry);
    PRE(entry->kind != JOURNAL_NOTHING);
    memset(to, 0, JOURNAL_ENTRY_HEADER_SIZE);
    to[ENTRY_KIND] = (uint8_t)entry->kind;
    store_u32(to + ENTRY_SIZE, size);
    memcpy(to + ENTRY_TOPIC, entry->id.topic.bytes, sizeof entry->id.topic.bytes);
    store_u32(to + ENTRY_PARTITION, (uint32_t)entry->id.number);
    uint8_t *body = to + JOURNAL_ENTRY_HEADER_SIZE;
    switch (entry->kind) {
    case JOURNAL_APPEND:
        store_u64(body, (uint64_t)entry->base);
        store_u64(body + 8, (uint64_t)entry->end);
        store_u64(body + 16, (uint64_t)entry->segment);
        store_u32(body + 24, entry->pos);
        store_u32(body + 28, entry->bytes.size);
        size -= entry->bytes.size;
        break;
    case JOURNAL_TRUNC:
        store_u64(body, (uint64_t)entry->end);
        store_u64(body + 8, (uint64_t)entry->segment);
        store_u32(body + 16, entry->pos);
        store_u32(body + 20, (uint32_t)entry->epoch);
        break;
    case JOURNAL_START:
    case JOURNAL_RESET:
        store_u64(body, (uint64_t)entry->start);
        break;
    case JOURNAL_OPEN:
        store_u64(body, (uint64_t)entry->start);
        if (entry->topic.size)
            memcpy(body + 8, entry->topic.base, entry->topic.size);
        break;
    case JOURNAL_ENDS:
        store_u64(body, (uint64_t)entry->end);
        store_u64(body + 8, (uint64_t)entry->high_watermark);
        break;
    case JOURNAL_DROP:
    case JOURNAL_NOTHING:
        break;
    }
    return size;
}

uint32_t journal_entry_encode(const struct journal_entry *entry, uint8_t *to)
{
    uint32_t size = journal_entry_encode_head(entry, to);
    if (entry->kind == JOURNAL_APPEND && entry->bytes.size) {
        memcpy(to + size, entry->bytes.base, entry->bytes.size);
        size += entry->bytes.size;
    }
    return size;
}

/* Offsets are not negative and an append is not empty, or the entry is none. */
static bool decode_body(struct view body, struct journal_entry *e)
{
    switch (e->kind) {
    case JOURNAL_APPEND: {
        e->base = load_i64(body.base);
        e->end = load_i64(body.base + 8);
        e->segment = load_i64(body.base + 16);
        e->pos = load_u32(body.base + 24);
        uint32_t size = load_u32(body.base + 28);
        e->bytes = (struct view){body.base + 32, body.size - 32};
        return size == e->bytes.size && size > 0 && e->segment >= 0 && e->base >= e->segment &&
               e->end > e->base && (uint64_t)e->pos + size <= INT32_MAX;
    }
    case JOURNAL_TRUNC:
        e->end = load_i64(body.base);
        e->segment = load_i64(body.base + 8);
        e->pos = load_u32(body.base + 16);
        e->epoch = load_i32(body.base + 20);
        return body.size == 24 && e->segment >= 0 && e->end >= e->segment && e->pos <= INT32_MAX;
    case JOURNAL_START:
    case JOURNAL_RESET:
        e->start = load_i64(body.base);
        return body.size == 8 && e->start >= 0;
    case JOURNAL_OPEN:
        e->start = load_i64(body.base);
        e->topic = (struct view){body.base + 8, body.size - 8};
        return e->start >= 0 && e->topic.size > 0;
    case JOURNAL_ENDS:
        e->end = load_i64(body.base);
        e->high_watermark = load_i64(body.base + 8);
        return body.size == 16 && e->end >= 0;
    case JOURNAL_DROP:
        return body.size == 0;
    case JOURNAL_NOTHING:
        return false;
    }
    return false;
}

bool journal_entry_decode(struct view *rest, struct journal_entry *ret)
{
    if (rest->size < JOURNAL_ENTRY_HEADER_SIZE)
        return false;
    const uint8_t *at = rest->base;
    uint32_t size = load_u32(at + ENTRY_SIZE);
    struct journal_entry e = {.kind = (enum journal_kind)at[ENTRY_KIND]};
    uint32_t fixed = body_size(e.kind);
    if (fixed == UINT32_MAX || size > rest->size || size < JOURNAL_ENTRY_HEADER_SIZE ||
        size - JOURNAL_ENTRY_HEADER_SIZE < fixed)
        return false;
    memcpy(e.id.topic.bytes, at + ENTRY_TOPIC, sizeof e.id.topic.bytes);
    e.id.number = load_i32(at + ENTRY_PARTITION);
    struct view body = {at + JOURNAL_ENTRY_HEADER_SIZE, size - JOURNAL_ENTRY_HEADER_SIZE};
    if (e.id.number < 0 || !decode_body(body, &e))
        return false;
    *rest = (struct view){at + size, rest->size - size};
    *ret = e;
    return true;
}

void journal_round_seal_parts(uint8_t *to, struct uuid journal_id,
                              const struct journal_round *round, const struct iovec *parts,
                              int count)
{
    PRE(round->size >= JOURNAL_ROUND_HEADER_SIZE);
    PRE(count > 0 && parts[0].iov_base == to && parts[0].iov_len >= JOURNAL_ROUND_HEADER_SIZE);
    store_u32(to, ROUND_MAGIC);
    memcpy(to + ROUND_JOURNAL_ID, journal_id.bytes, sizeof journal_id.bytes);
    store_u64(to + ROUND_NUMBER, round->number);
    store_u64(to + ROUND_DURABLE, round->durable);
    store_u64(to + ROUND_FLOOR, round->floor);
    store_u32(to + ROUND_SIZE, round->size);
    store_u32(to + ROUND_ENTRY_COUNT, round->entry_count);
    uint32_t crc = crc32c(0, to + ROUND_JOURNAL_ID, parts[0].iov_len - ROUND_JOURNAL_ID);
    uint64_t size = parts[0].iov_len;
    for (int i = 1; i < count; i++) {
        crc = crc32c(crc, parts[i].iov_base, parts[i].iov_len);
        size += parts[i].iov_len;
    }
    PRE(size == round->size);
    store_u32(to + ROUND_CRC, crc);
}

void journal_round_seal(uint8_t *to, struct uuid journal_id, const struct journal_round *round)
{
    journal_round_seal_parts(to, journal_id, round, &(struct iovec){to, round->size}, 1);
}

enum journal_round_verdict journal_round_check(struct view bytes, struct uuid journal_id,
                                               struct journal_round *ret)
{
    const uint8_t *at = bytes.base;
    if (bytes.size < JOURNAL_ROUND_HEADER_SIZE || load_u32(at) != ROUND_MAGIC ||
        memcmp(at + ROUND_JOURNAL_ID, journal_id.bytes, sizeof journal_id.bytes) != 0)
        return JOURNAL_ROUND_NONE;
    *ret = (struct journal_round){
        .number = load_u64(at + ROUND_NUMBER),
        .durable = load_u64(at + ROUND_DURABLE),
        .floor = load_u64(at + ROUND_FLOOR),
        .size = load_u32(at + ROUND_SIZE),
        .entry_count = load_u32(at + ROUND_ENTRY_COUNT),
    };
    if (ret->size < JOURNAL_ROUND_HEADER_SIZE || ret->size > bytes.size ||
        crc32c(0, at + ROUND_JOURNAL_ID, ret->size - ROUND_JOURNAL_ID) != load_u32(at + ROUND_CRC))
        return JOURNAL_ROUND_DAMAGED;
    return JOURNAL_ROUND_VALID;
}
