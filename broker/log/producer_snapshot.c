/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdlib.h>

#include "broker/log/producer_state.h"
#include "broker/log/segment_name.h"
#include "broker/log/small_file.h"
#include "common/bytes.h"
#include "common/crc32c.h"
#include "common/memory.h"

/* The snapshot file of producer_state.h. */

#define SNAPSHOT_VERSION 1
#define HEADER_SIZE 10u
#define CRC_POS 2u
#define CRC_FROM 6u
#define SNAPSHOT_SIZE_MAX (256u << 20)

static void encode_producer(uint8_t *at, const struct producer *p)
{
    struct producer_batch last = {.last_sequence = -1, .last_offset = -1};
    if (p->batch_count > 0)
        last = p->batches[p->batch_count - 1];
    store_u64(at, (uint64_t)p->id);
    store_u16(at + 8, (uint16_t)p->epoch);
    store_u32(at + 10, (uint32_t)last.last_sequence);
    store_u64(at + 14, (uint64_t)last.last_offset);
    store_u32(at + 22, (uint32_t)last.offset_delta);
    store_u64(at + 26, (uint64_t)p->timestamp_ms);
    store_u32(at + 34, (uint32_t)p->coordinator_epoch);
    store_u64(at + 38, (uint64_t)p->txn_first_offset);
}

uint8_t *producer_state_encode(const struct producer_state *s, size_t *ret_size)
{
    struct map_entry entry;
    uint32_t count = producer_state_count(s);
    size_t size = HEADER_SIZE + (size_t)count * PRODUCER_SNAPSHOT_ENTRY_SIZE;
    uint8_t *bytes = xcalloc(1, size);
    store_u16(bytes, SNAPSHOT_VERSION);
    store_u32(bytes + CRC_FROM, count);
    uint8_t *to = bytes + HEADER_SIZE;
    for (uint32_t at = 0; map_next(&s->producers, &at, &entry);) {
        encode_producer(to, entry.value);
        to += PRODUCER_SNAPSHOT_ENTRY_SIZE;
    }
    POST(to == bytes + size);
    store_u32(bytes + CRC_POS, crc32c(0, bytes + CRC_FROM, size - CRC_FROM));
    *ret_size = size;
    return bytes;
}

static struct producer *decode_producer(const uint8_t *at)
{
    struct producer *p = xcalloc(1, sizeof *p);
    struct producer_batch last = {
        .last_sequence = load_i32(at + 10),
        .last_offset = load_i64(at + 14),
        .offset_delta = load_i32(at + 22),
        .timestamp_ms = load_i64(at + 26),
    };
    p->id = load_i64(at);
    p->epoch = load_i16(at + 8);
    p->timestamp_ms = last.timestamp_ms;
    p->coordinator_epoch = load_i32(at + 34);
    p->txn_first_offset = load_i64(at + 38);
    p->touched_offset = p->seen_offset = last.last_offset;
    p->seen_ms = last.timestamp_ms;
    if (last.last_offset >= 0) {
        p->batches[0] = last;
        p->batch_count = 1;
        p->from_sequence = last.last_sequence;
    }
    return p;
}

static bool is_sound(struct view bytes)
{
    if (bytes.size < HEADER_SIZE || load_u16(bytes.base) != SNAPSHOT_VERSION)
        return false;
    if ((bytes.size - HEADER_SIZE) % PRODUCER_SNAPSHOT_ENTRY_SIZE != 0 ||
        (bytes.size - HEADER_SIZE) / PRODUCER_SNAPSHOT_ENTRY_SIZE !=
            load_u32(bytes.base + CRC_FROM))
        return false;
    return crc32c(0, bytes.base + CRC_FROM, bytes.size - CRC_FROM) ==
           load_u32(bytes.base + CRC_POS);
}

bool producer_state_decode(struct producer_state *s, struct view bytes, int64_t end_offset)
{
    producer_state_clear(s, end_offset);
    if (!is_sound(bytes))
        return false;
    for (uint32_t at = HEADER_SIZE; at < bytes.size; at += PRODUCER_SNAPSHOT_ENTRY_SIZE) {
        struct producer *p = decode_producer(bytes.base + at);
        struct producer *old = map_put(&s->producers, MAP_KEY(p->id), p);
        if (old || p->id < 0) {
            free(old);
            producer_state_clear(s, end_offset);
            return false;
        }
        if (p->txn_first_offset >= 0)
            open_txns_begin(&s->txns, p->id, p->txn_first_offset);
    }
    return true;
}

static char *path_of(const char *dir_path, int64_t end_offset)
{
    char name[SEGMENT_NAME_SIZE];
    segment_name(name, end_offset, SEGMENT_SNAPSHOT, SEGMENT_LIVE);
    return xasprintf("%s/%s", dir_path, name);
}

int producer_state_store(const struct producer_state *s, const struct file_ops *ops, void *fs,
                         const char *dir_path)
{
    size_t size;
    uint8_t *bytes = producer_state_encode(s, &size);
    char *path = path_of(dir_path, s->end_offset);
    int error = small_file_write(ops, fs, path, bytes, size);
    free(path);
    free(bytes);
    return error;
}

int producer_state_load(struct producer_state *s, const struct file_ops *ops, void *fs,
                        const char *dir_path, int64_t end_offset)
{
    uint8_t *bytes;
    size_t size;
    char *path = path_of(dir_path, end_offset);
    int error = small_file_read(ops, fs, path, SNAPSHOT_SIZE_MAX, &bytes, &size);
    free(path);
    if (error)
        return error == -EFBIG ? PRODUCER_STATE_CORRUPT : error;
    bool sound = producer_state_decode(s, (struct view){bytes, (uint32_t)size}, end_offset);
    free(bytes);
    return sound ? 0 : PRODUCER_STATE_CORRUPT;
}
