/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "broker/log/checkpoint.h"
#include "broker/log/epoch_cache.h"
#include "broker/log/meta_properties.h"
#include "broker/log/offset_index.h"
#include "broker/log/partition_dir.h"
#include "broker/log/partition_metadata.h"
#include "broker/log/producer_state.h"
#include "broker/log/segment_name.h"
#include "broker/log/small_file.h"
#include "broker/log/time_index.h"
#include "broker/log/txn_index.h"
#include "common/memory.h"
#include "tests/lib/file_mem.h"

/* Any bytes as each of the files beside a log, and as a name: loaded or refused, and what was
 * loaded is stored and loads again. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static const struct file_ops *const ops = &file_mem_ops;

static void try_indexes(void *fs)
{
    struct offset_index offsets;
    struct time_index times;
    struct txn_index txns;
    offset_index_init(&offsets, 100, 4096);
    time_index_init(&times, 100, 4096);
    txn_index_init(&txns);
    if (offset_index_load(&offsets, ops, fs, "x", UINT64_MAX) == 0) {
        size_t count = offsets.count;
        POST(offset_index_store(&offsets, ops, fs, "y") == 0);
        POST(offset_index_load(&offsets, ops, fs, "y", UINT64_MAX) == 0 && offsets.count == count);
    }
    if (time_index_load(&times, ops, fs, "x") == 0) {
        size_t count = times.count;
        POST(time_index_store(&times, ops, fs, "y") == 0);
        POST(time_index_load(&times, ops, fs, "y") == 0 && times.count == count);
    }
    if (txn_index_load(&txns, ops, fs, "x", 4096) == 0) {
        size_t count = txns.count;
        POST(txn_index_store(&txns, ops, fs, "y") == 0);
        POST(txn_index_load(&txns, ops, fs, "y", 4096) == 0 && txns.count == count);
    }
    offset_index_deinit(&offsets);
    time_index_deinit(&times);
    txn_index_deinit(&txns);
}

static void try_searches(void *fs)
{
    struct file *file;
    uint32_t pos;
    struct time_index_entry entry;
    POST(ops->open(fs, "x", FILE_READ, &file) == 0);
    POST(offset_index_find(file, 100, 150, &pos, NULL) >= 0);
    POST(time_index_find(file, 100, 150, &entry) >= 0);
    file_unref(file);
}

static void try_texts(void *fs)
{
    struct checkpoint c = CHECKPOINT_INIT;
    struct epoch_cache epochs = EPOCH_CACHE_INIT;
    struct meta_properties meta = META_PROPERTIES_INIT;
    struct uuid id;
    char why[CHECKPOINT_WHY_SIZE];
    if (checkpoint_load(&c, ops, fs, "x", why) == 0) {
        size_t count = c.count;
        POST(checkpoint_store(&c, ops, fs, "y") == 0);
        POST(checkpoint_load(&c, ops, fs, "y", why) == 0 && c.count == count);
    }
    if (epoch_cache_load(&epochs, ops, fs, "d", why) == 0) {
        size_t count = epochs.count;
        POST(epoch_cache_store(&epochs, ops, fs, "d") == 0);
        POST(epoch_cache_load(&epochs, ops, fs, "d", why) == 0 && epochs.count == count);
    }
    if (meta_properties_load(&meta, ops, fs, why) == 0) {
        size_t count = meta.count;
        POST(meta_properties_store(&meta, ops, fs) == 0);
        POST(meta_properties_load(&meta, ops, fs, why) == 0 && meta.count == count);
    }
    (void)!partition_metadata_load(ops, fs, "d", &id);
    checkpoint_deinit(&c);
    epoch_cache_deinit(&epochs);
    meta_properties_deinit(&meta);
}

static void try_snapshot(struct view bytes)
{
    struct producer_state state;
    producer_state_init(&state, 10);
    if (producer_state_decode(&state, bytes, 5)) {
        size_t size;
        uint8_t *again = producer_state_encode(&state, &size);
        POST(size == bytes.size);
        free(again);
    }
    producer_state_deinit(&state);
}

static void try_names(const char *name)
{
    struct partition_dir dir;
    int64_t base_offset;
    enum segment_file file;
    enum segment_stage stage;
    if (partition_dir_parse(name, &dir)) {
        char again[PARTITION_DIR_NAME_SIZE];
        POST(partition_dir_name(again, dir.topic, dir.partition, dir.kind, dir.unique) == 0);
        POST(strcmp(again, name) == 0);
    }
    if (segment_name_parse(name, &base_offset, &file, &stage)) {
        char again[SEGMENT_NAME_SIZE];
        segment_name(again, base_offset, file, stage);
        POST(strcmp(again, name) == 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static const char *const paths[] = {"x", "d/" EPOCH_CACHE_FILE, "d/" PARTITION_METADATA_FILE,
                                        META_PROPERTIES_FILE};
    struct file_mem *disk = file_mem_new(1);
    void *fs = file_mem_mount(disk, "");
    POST(ops->mkdir(fs, "d") == 0);
    for (unsigned i = 0; i < COUNT_OF(paths); i++)
        POST(small_file_write(ops, fs, paths[i], bytes, size) == 0);
    try_indexes(fs);
    try_searches(fs);
    try_texts(fs);
    try_snapshot((struct view){bytes, (uint32_t)size});
    char *name = xstrndup((const char *)bytes, size);
    try_names(name);
    free(name);
    file_mem_free(disk);
    return 0;
}
