/* SPDX-License-Identifier: Apache-2.0 */
#include "broker/log/txn_index.h"

#include <errno.h>
#include <stdlib.h>

#include "broker/log/small_file.h"
#include "common/bytes.h"
#include "common/memory.h"

void txn_index_init(struct txn_index *index)
{
    *index = (struct txn_index){0};
}

void txn_index_deinit(struct txn_index *index)
{
    free(index->entries);
    txn_index_init(index);
}

void txn_index_append(struct txn_index *index, struct aborted_txn txn)
{
    index->entries =
        xgrow(index->entries, &index->capacity, index->count + 1, sizeof index->entries[0]);
    index->entries[index->count++] = txn;
}

void txn_index_truncate(struct txn_index *index, int64_t offset)
{
    while (index->count > 0 && index->entries[index->count - 1].last_offset >= offset)
        index->count--;
}

int txn_index_store(const struct txn_index *index, const struct file_ops *ops, void *fs,
                    const char *path)
{
    size_t size = index->count * TXN_INDEX_ENTRY_SIZE;
    uint8_t *bytes = xmalloc(size + 1);
    for (size_t i = 0; i < index->count; i++) {
        uint8_t *at = bytes + i * TXN_INDEX_ENTRY_SIZE;
        store_u16(at, 0);
        store_u64(at + 2, (uint64_t)index->entries[i].producer_id);
        store_u64(at + 10, (uint64_t)index->entries[i].first_offset);
        store_u64(at + 18, (uint64_t)index->entries[i].last_offset);
        store_u64(at + 26, (uint64_t)index->entries[i].last_stable_offset);
    }
    int error = small_file_write(ops, fs, path, bytes, size);
    free(bytes);
    return error;
}

static bool decode_all(struct txn_index *index, const uint8_t *bytes, size_t size)
{
    int64_t last_offset = -1;
    for (const uint8_t *at = bytes; at < bytes + size; at += TXN_INDEX_ENTRY_SIZE) {
        struct aborted_txn txn = {
            .producer_id = load_i64(at + 2),
            .first_offset = load_i64(at + 10),
            .last_offset = load_i64(at + 18),
            .last_stable_offset = load_i64(at + 26),
        };
        /* Kafka reads any version from 0 on: later ones only add. */
        if (load_i16(at) < 0 || txn.first_offset < 0 || txn.last_offset < txn.first_offset ||
            txn.last_offset <= last_offset)
            return false;
        last_offset = txn.last_offset;
        txn_index_append(index, txn);
    }
    return true;
}

int txn_index_load(struct txn_index *index, const struct file_ops *ops, void *fs, const char *path,
                   uint64_t size_max)
{
    uint8_t *bytes;
    size_t size;
    int error = small_file_read(ops, fs, path, size_max, &bytes, &size);
    index->count = 0;
    if (error)
        return error == -EFBIG ? TXN_INDEX_CORRUPT : error;
    bool sound = size % TXN_INDEX_ENTRY_SIZE == 0 && decode_all(index, bytes, size);
    free(bytes);
    if (sound)
        return 0;
    index->count = 0;
    return TXN_INDEX_CORRUPT;
}
