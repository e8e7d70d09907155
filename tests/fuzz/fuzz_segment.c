/* SPDX-License-Identifier: Apache-2.0 */
#include "broker/log/producer_state.h"
#include "broker/log/segment_index.h"
#include "broker/log/segment_scan.h"
#include "tests/lib/file_mem.h"

/* Any bytes as a .log file: the walk ends, inside of the file, at batches that rise in offset and
 * place; indexes and producer state are rebuilt from them; every index entry names a batch. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

struct walk {
    struct segment_scan scan;
    struct segment_index index;
    struct producer_state producers;
    unsigned count;
};

static int walk_all(struct walk *w)
{
    struct record_batch batch;
    struct aborted_txn aborted;
    uint64_t pos, last = 0;
    int64_t next_offset = 0;
    int result;
    while ((result = segment_scan_next(&w->scan, &batch, &pos)) == 0) {
        POST(pos >= last && pos + batch.size == w->scan.pos);
        POST(batch.base_offset >= next_offset);
        last = w->scan.pos;
        next_offset = record_batch_end_offset(&batch);
        segment_index_add(&w->index, &batch, (uint32_t)pos);
        (void)producer_state_update(&w->producers, &batch, &aborted);
        w->count++;
    }
    POST(result > 0);
    POST(w->scan.pos == last);
    return result;
}

static unsigned walk_file(struct file *file, uint64_t end, bool headers_only)
{
    struct walk w = {0};
    POST(segment_scan_init(&w.scan, file, 0, end, 0) == 0);
    w.scan.headers_only = headers_only;
    segment_index_init(&w.index, 0, 256, 100);
    producer_state_init(&w.producers, 4);
    int result = walk_all(&w);
    uint64_t stopped = w.scan.pos;
    for (size_t i = 0; i < w.index.offsets.count; i++)
        POST((uint64_t)w.index.offsets.entries[i].pos < stopped);
    segment_index_close(&w.index);
    segment_index_truncate(&w.index, 5);
    segment_scan_deinit(&w.scan);
    segment_index_deinit(&w.index);
    producer_state_deinit(&w.producers);
    /* What is sound stays so when the rest is cut off. */
    if (result != SEGMENT_SCAN_END && stopped > 0)
        POST(walk_file(file, stopped, headers_only) == w.count);
    return w.count;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct file_mem *disk = file_mem_new(1);
    void *fs = file_mem_mount(disk, "");
    struct file *file;
    struct iovec iov = {(void *)(uintptr_t)bytes, size};
    POST(file_mem_ops.open(fs, "x", FILE_WRITE | FILE_CREATE, &file) == 0);
    POST(file_mem_ops.pwritev(file, &iov, 1, 0) == 0);
    unsigned checked = walk_file(file, UINT64_MAX, false);
    POST(walk_file(file, UINT64_MAX, true) >= checked);
    file_unref(file);
    file_mem_free(disk);
    return 0;
}
