/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/log_host.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/assert.h"
#include "common/bytes.h"
#include "common/memory.h"
#include "proto/record_builder.h"

struct log_config log_host_log_config(void)
{
    return (struct log_config){
        .segment_bytes = LOG_HOST_SEGMENT_BYTES,
        .segment_ms = INT64_C(604800000),
        .index_interval_bytes = 256,
        .segment_index_bytes = 4096,
        .retention_ms = -1,
        .retention_bytes = -1,
        .retention_enabled = true,
    };
}

static void loaded(struct log_dir_load *load)
{
    struct log_host *h = CONTAINER_OF(load, struct log_host, load);
    h->loaded = true;
}

static struct uuid uuid_of(uint64_t seed, uint64_t which)
{
    struct uuid id;
    store_u64(id.bytes, seed + 1);
    store_u64(id.bytes + 8, which);
    return id;
}

bool log_host_start(struct log_host *h, struct file_mem *disk, const struct log_host_config *c)
{
    *h = (struct log_host){.disk = disk};
    step_world_init(&h->world, c->shard_count ? c->shard_count : 1, &file_mem_ops);
    h->world.fs[0] = file_mem_mount(disk, "");
    if (!h->world.fs[0])
        return false;
    struct log_dir_config config = {
        .path = "data",
        .broker_id = 1,
        .journal_file_size = c->journal_file_size,
        .idle_round_ms = 50,
        .defaults = log_host_log_config(),
        .mutation = c->mutation,
        .fresh_directory_id = uuid_of(c->seed, 1),
        .fresh_storage_id = uuid_of(c->seed, 2),
        .fresh_journal_id = uuid_of(c->seed, 3),
    };
    h->dir = log_dir_new(&config);
    h->load.done = loaded;
    log_dir_load(h->dir, step_world_reactor(&h->world, 0), &h->load);
    step_world_run(&h->world);
    return h->loaded && h->load.error == 0;
}

void log_host_kill(struct log_host *h)
{
    if (h->world.fs[0])
        file_mem_kill(h->world.fs[0]);
    log_dir_load_deinit(&h->load);
    log_dir_free(h->dir);
    step_world_deinit(&h->world);
}

static void stopped(struct log_dir_stop *stop)
{
    (void)stop;
}

int log_host_stop(struct log_host *h)
{
    struct log_dir_stop stop = {.done = stopped, .error = -EAGAIN};
    step_world_run(&h->world);
    log_dir_stop(h->dir, step_world_reactor(&h->world, 0), &stop);
    step_world_run(&h->world);
    int error = stop.error;
    log_host_kill(h);
    return error;
}

struct log *log_host_find(struct log_host *h, struct partition_id id, unsigned shard)
{
    for (uint32_t i = 0; i < h->load.found_count; i++) {
        struct log_found *f = &h->load.found[i];
        struct log_config config = log_host_log_config();
        if (!f->log || !partition_id_equal(f->id, id))
            continue;
        log_attach(f->log, step_world_reactor(&h->world, shard), &config);
        struct log *log = f->log;
        f->log = NULL;
        return log;
    }
    return NULL;
}

struct buf *log_host_batch(uint64_t tag, uint32_t count, uint32_t value_size, int64_t timestamp_ms)
{
    struct record_builder b;
    struct record_batch_options options = RECORD_BATCH_OPTIONS_INIT;
    if (tag % 4) {
        options.producer_id = (int64_t)(tag % 4);
        options.producer_epoch = 0;
        options.base_sequence = (int32_t)(tag % 1000000);
    }
    uint8_t *value = xmalloc(value_size + 8);
    record_builder_init(&b);
    for (uint32_t i = 0; i < count; i++) {
        for (uint32_t at = 0; at < value_size; at++)
            value[at] = (uint8_t)(tag * 31 + i * 7 + at);
        if (value_size >= 8)
            store_u64(value, tag);
        record_builder_add(&b, timestamp_ms, VIEW_NULL, (struct view){value, value_size}, NULL, 0);
    }
    struct view batch = record_builder_finish(&b, &options);
    struct buf *buf = buf_copy(NULL, batch.base, batch.size);
    record_builder_deinit(&b);
    free(value);
    return buf;
}

enum log_outcome log_host_append(struct log *log, struct buf *batch, int32_t epoch,
                                 struct log_place *ret)
{
    struct piece piece = {.buf = batch, .size = batch->used};
    return log_append_leader(log, &piece, epoch, ret);
}

struct waiter {
    struct log_read read;
    bool done;
};

static void read_done(struct log_read *read)
{
    CONTAINER_OF(read, struct waiter, read)->done = true;
}

struct buf *log_host_read(struct log_host *h, struct log *log, int64_t from, uint32_t step,
                          enum log_outcome *ret_outcome)
{
    struct buf *all = buf_new(NULL, 1 << 22);
    *ret_outcome = LOG_OK;
    while (from < log_end(log)) {
        struct waiter w = {.read = {.offset = from,
                                    .bound = INT64_MAX,
                                    .size_max = step,
                                    .first_whole = true,
                                    .done = read_done}};
        if (!log_read(log, &w.read)) {
            step_world_run(&h->world);
            PRE(w.done);
        }
        *ret_outcome = w.read.outcome;
        for (unsigned i = 0; i < w.read.piece_count; i++) {
            PRE(all->used + w.read.pieces[i].size <= all->size);
            memcpy(all->data + all->used, piece_bytes(&w.read.pieces[i]), w.read.pieces[i].size);
            all->used += w.read.pieces[i].size;
        }
        bool stuck = w.read.outcome != LOG_OK || w.read.end <= from;
        from = w.read.end;
        log_read_reset(&w.read);
        if (stuck) {
            if (*ret_outcome == LOG_OK)
                *ret_outcome = LOG_CORRUPT;
            buf_unref(all);
            return NULL;
        }
    }
    return all;
}

struct partition_id log_host_id(uint8_t topic)
{
    struct partition_id id = {.number = 0};
    memset(id.topic.bytes, topic, sizeof id.topic.bytes);
    return id;
}

struct log *log_host_make(struct log_host *h, uint8_t topic)
{
    char name[16];
    struct log_config c = log_host_log_config();
    snprintf(name, sizeof name, "topic%u", topic);
    return log_create(h->dir, step_world_reactor(&h->world, 0), view_of(name), log_host_id(topic),
                      0, &c);
}

void log_host_fill(struct log *log, unsigned count, int32_t epoch)
{
    for (unsigned i = 0; i < count; i++) {
        struct buf *b = log_host_batch((uint64_t)log_end(log), 3, 100, 1000 + log_end(log));
        ck_assert_int_eq(log_host_append(log, b, epoch, NULL), LOG_OK);
        buf_unref(b);
    }
}

const struct log_found *log_host_found(const struct log_host *h, uint8_t topic)
{
    for (uint32_t i = 0; i < h->load.found_count; i++)
        if (partition_id_equal(h->load.found[i].id, log_host_id(topic)))
            return &h->load.found[i];
    return NULL;
}

uint64_t log_host_file_size(struct file_mem *disk, const char *path)
{
    void *fs = file_mem_mount(disk, "");
    struct file *file;
    ck_assert_int_eq(file_mem_ops.open(fs, path, FILE_READ, &file), 0);
    uint64_t size = (uint64_t)file_mem_ops.size(file);
    file_unref(file);
    file_mem_kill(fs);
    return size;
}
