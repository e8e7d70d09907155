/* SPDX-License-Identifier: Apache-2.0 */
/* Replicas are read, a part at a time, and compared with the history. */
#include <stdio.h>
#include <stdlib.h>

#include "broker/log/log.h"
#include "common/assert.h"
#include "common/memory.h"
#include "proto/record_reader.h"
#include "tests/sim/sim_checker_internal.h"

#define READ_SIZE 65536

struct replica_read {
    struct log_read read;
    struct sim_checker *checker;
    unsigned broker;
    uint32_t index;
    int64_t high_watermark;
    bool damaged; /* when it began: its bits may have turned back since */
};

/* Offset after the last record checked. */
static int64_t check_batch(struct replica_read *r, const struct record_batch *batch)
{
    struct sim_checker *c = r->checker;
    struct record_reader reader;
    struct record record;
    char who[32];
    snprintf(who, sizeof who, "the log of broker %u", r->broker + 1);
    if (record_reader_init(&reader, batch) != 0)
        return record_batch_end_offset(batch);
    while (!c->history->violation && record_reader_next(&reader, &record) == 0) {
        if (record.offset < r->read.offset || record.offset >= r->read.bound)
            continue;
        if (c->matches)
            sim_history_matched(c->history, r->index, batch->leader_epoch, record.offset,
                                record.value, who);
        if (record.offset < r->high_watermark)
            sim_history_seen(c->history, r->index, record.offset, record.value, who);
        c->records_checked++;
    }
    return record_batch_end_offset(batch);
}

/* The pieces of a read lie one after the other, but a batch may span two of them. */
static void check_pieces(struct replica_read *r)
{
    struct copy *copy = &r->checker->partitions[r->index].copies[r->broker];
    uint8_t *bytes = xmalloc(r->read.size + 1);
    uint32_t size = 0;
    for (unsigned i = 0; i < r->read.piece_count; i++) {
        const struct piece *p = &r->read.pieces[i];
        if (p->buf)
            memcpy(bytes + size, piece_bytes(p), p->size);
        else if (p->file->ops->pread(p->file, bytes + size, p->size, p->pos) != p->size)
            break;
        size += p->size;
    }
    struct view rest = {bytes, size};
    struct record_batch batch;
    while (record_batch_next(&rest, &batch) == 0)
        copy->read_to = check_batch(r, &batch);
    free(bytes);
}

static void read_done(struct log_read *read)
{
    struct replica_read *r = CONTAINER_OF(read, struct replica_read, read);
    char name[48];
    if (read->outcome == LOG_OK)
        check_pieces(r);
    else if (read->outcome == LOG_CORRUPT && !r->damaged &&
             !r->checker->partitions[r->index].copies[r->broker].damaged)
        sim_violation(r->checker->history, "%s: the log of broker %u does not check out at %lld",
                      sim_checker_name(r->checker, r->index, name), r->broker + 1,
                      (long long)read->offset);
    log_read_reset(read);
    free(r);
}

/* True when there is nothing more to read. */
static bool read_on(struct sim_checker *c, struct sim_process *process, uint32_t index)
{
    unsigned broker = sim_host_index(sim_process_host(process));
    const struct sim_partition_history *ph = &c->history->partitions[index];
    struct partition_id id = {c->history->topics[ph->topic].id, ph->number};
    unsigned shard = partition_shard(id, sim_process_shard_count(process));
    struct replica_host *host = c->replicas(process, shard);
    struct log *log = host ? replica_host_log(host, id) : NULL;
    struct copy *copy = &c->partitions[index].copies[broker];
    if (!log || !copy->known || log_is_failed(log) || log_is_suspect(log))
        return true;
    /* No two records are ever of one epoch at one offset: not even those that nobody has seen. */
    int64_t bound = c->matches && !log_truncating(log) ? log_end(log) : copy->high_watermark;
    if (copy->read_to < log_start(log))
        copy->read_to = log_start(log);
    if (copy->read_to >= bound)
        return true;
    struct replica_read *r = xcalloc(1, sizeof *r);
    *r = (struct replica_read){.checker = c,
                               .broker = broker,
                               .index = index,
                               .high_watermark = copy->high_watermark,
                               .damaged = copy->damaged};
    r->read = (struct log_read){.offset = copy->read_to,
                                .bound = bound,
                                .size_max = READ_SIZE,
                                .first_whole = true,
                                .done = read_done};
    if (log_read(log, &r->read))
        read_done(&r->read);
    return false;
}

void sim_checker_read(struct sim_checker *c, struct sim_process *process)
{
    unsigned broker = sim_host_index(sim_process_host(process));
    struct sim_random *random = sim_world_random(c->history->world);
    uint32_t index = (uint32_t)sim_random_below(random, c->history->partition_count);
    if (!read_on(c, process, index))
        return;
    /* Once more from the start. */
    c->partitions[index].copies[broker].read_to = 0;
    (void)read_on(c, process, index);
}

bool sim_checker_read_all(struct sim_checker *c, struct sim_process *process)
{
    bool done = true;
    for (uint32_t i = 0; i < c->history->partition_count; i++)
        done &= read_on(c, process, i);
    return done;
}
