/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "broker/log/journal.h"
#include "common/bytes.h"
#include "proto/record_batch.h"
#include "tests/lib/log_host.h"

/* Recovery of a directory whose journal holds any bytes. The input makes rounds with right
 * checksums around its entries, so that what the entries say is reached, or stands in the file as
 * it is: the first byte chooses. A start may find damage or refuse, but must come back; a second
 * start must find the same logs. */

#define FILE_SIZE (64u * 1024)

static const struct log_host_config config = {.journal_file_size = FILE_SIZE, .seed = 3};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A directory with one log, its journal's id known. */
static struct file_mem *prepare(struct uuid *ret_journal_id)
{
    struct file_mem *disk = file_mem_new(1);
    struct log_host h;
    if (!log_host_start(&h, disk, &config))
        abort();
    struct log_config c = log_host_log_config();
    struct partition_id id = {.topic = {{7}}};
    struct log *log =
        log_create(h.dir, step_world_reactor(&h.world, 0), VIEW_LITERAL("t"), id, 0, &c);
    struct buf *b = log_host_batch(1, 3, 50, 1000);
    (void)log_host_append(log, b, 1, NULL);
    buf_unref(b);
    step_world_run(&h.world);
    store_u64(ret_journal_id->bytes, config.seed + 1);
    store_u64(ret_journal_id->bytes + 8, 3);
    log_host_kill(&h);
    return disk;
}

/* An entry of the log from four bytes: mostly such as follow on one another. */
static uint32_t make_entry(uint8_t *to, const uint8_t *data)
{
    static const enum journal_kind kinds[] = {JOURNAL_APPEND, JOURNAL_APPEND, JOURNAL_APPEND,
                                              JOURNAL_START,  JOURNAL_TRUNC,  JOURNAL_OPEN,
                                              JOURNAL_DROP,   JOURNAL_ENDS,   JOURNAL_RESET};
    struct journal_entry e = {.kind = kinds[data[0] % (sizeof kinds / sizeof kinds[0])],
                              .id = {.topic = {{(uint8_t)(7 + (data[0] >> 7))}}},
                              .base = data[1] % 32,
                              .end = data[1] % 32 + (data[0] >> 5 & 3),
                              .segment = data[2] % 32,
                              .pos = data[3] % 8u * 100,
                              .epoch = 1,
                              .start = data[1] % 32,
                              .high_watermark = data[2],
                              .topic = VIEW_LITERAL("t")};
    struct buf *b = log_host_batch(data[1], 1, 24, 1000);
    record_batch_assign(b->data, e.base, 1);
    e.bytes = (struct view){b->data, b->used};
    uint32_t size = journal_entry_encode(&e, to);
    buf_unref(b);
    return size;
}

/* Rounds of such entries: before each a byte with their number. */
static size_t make_entry_rounds(uint8_t *file, struct uuid id, const uint8_t *data, size_t size)
{
    size_t at = 0, pos = 0;
    uint64_t number = 2;
    while (at < size && pos + 2 * JOURNAL_BLOCK_SIZE < FILE_SIZE) {
        struct journal_round round = {.number = number, .durable = number - 1, .floor = 1};
        uint32_t used = JOURNAL_ROUND_HEADER_SIZE;
        unsigned count = data[at] % 8;
        number += 1 + (data[at] >> 7);
        for (at++; round.entry_count < count && at + 4 <= size; at += 4, round.entry_count++)
            used += make_entry(file + pos + used, data + at);
        round.size = used;
        journal_round_seal(file + pos, id, &round);
        pos += journal_padded(used);
    }
    return pos;
}

/* Rounds from the input: a byte for the size in units of 16, a byte for what the header says. */
static size_t make_rounds(uint8_t *file, struct uuid id, const uint8_t *data, size_t size)
{
    size_t at = 0, pos = 0;
    uint64_t number = 2;
    while (at + 3 <= size && pos + 2 * JOURNAL_BLOCK_SIZE < FILE_SIZE) {
        size_t entries = (size_t)data[at] * 16;
        struct journal_round round = {.number = number, .durable = number - 1, .floor = 1};
        number += 1 + (data[at + 1] & 1);
        if (data[at + 1] & 2)
            round.floor = round.number - (data[at + 1] >> 4) % round.number;
        round.entry_count = data[at + 2];
        at += 3;
        if (entries > size - at)
            entries = size - at;
        memcpy(file + pos + JOURNAL_ROUND_HEADER_SIZE, data + at, entries);
        round.size = (uint32_t)(JOURNAL_ROUND_HEADER_SIZE + entries);
        journal_round_seal(file + pos, id, &round);
        at += entries;
        pos += journal_padded(round.size);
    }
    return pos;
}

static void overwrite(struct file_mem *disk, uint64_t pos, const uint8_t *bytes, size_t size)
{
    void *fs = file_mem_mount(disk, "");
    struct file *file;
    if (file_mem_ops.open(fs, journal_file_name(0), FILE_WRITE, &file) != 0)
        abort();
    if (size && file_mem_ops.pwritev(file, &(struct iovec){(void *)bytes, size}, 1, pos) != 0)
        abort();
    file_unref(file);
    file_mem_kill(fs);
}

/* What a start finds, as a number; 0 when the directory is refused. */
static uint64_t start(struct file_mem *disk)
{
    struct log_host h;
    uint64_t sum = 0;
    if (log_host_start(&h, disk, &config)) {
        sum = 1;
        for (uint32_t i = 0; i < h.load.found_count; i++)
            sum = sum * 1000003 + (uint64_t)log_end(h.load.found[i].log) * 2 +
                  h.load.found[i].suspect;
    }
    log_host_kill(&h);
    return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t file[FILE_SIZE];
    struct uuid id;
    if (size < 1 || size > FILE_SIZE / 2)
        return 0;
    struct file_mem *disk = prepare(&id);
    memset(file, 0, sizeof file);
    if (data[0] & 1) {
        size_t made = data[0] & 2 ? make_entry_rounds(file, id, data + 1, size - 1)
                                  : make_rounds(file, id, data + 1, size - 1);
        overwrite(disk, JOURNAL_BLOCK_SIZE, file, made);
    } else {
        overwrite(disk, (uint64_t)(data[0] >> 1) * 64, data + 1, size - 1);
    }
    uint64_t first = start(disk), second = start(disk);
    if (first != second)
        abort();
    file_mem_free(disk);
    return 0;
}
