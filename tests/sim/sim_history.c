/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/sim/sim_history.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/assert.h"
#include "common/bytes.h"
#include "common/memory.h"

struct sim_history *sim_history_new(struct sim_world *w)
{
    struct sim_history *h = xcalloc(1, sizeof *h);
    h->world = w;
    return h;
}

void sim_history_free(struct sim_history *h)
{
    for (size_t i = 0; i < h->partition_count; i++) {
        free(h->partitions[i].bound);
        map_deinit(&h->partitions[i].matched);
    }
    free(h->partitions);
    free(h->records);
    free(h->violation);
    free(h);
}

void sim_violation(struct sim_history *h, const char *format, ...)
{
    sim_world_stop(h->world);
    if (h->violation)
        return;
    char text[1024];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    h->violation =
        xasprintf("at %.6f s: %s", (double)sim_now_ns(h->world) / (double)SIM_SECOND, text);
    sim_trace(h->world, "VIOLATION %s", h->violation);
}

uint32_t sim_history_topic(struct sim_history *h, const char *name, int32_t partition_count)
{
    PRE(h->topic_count < SIM_TOPICS_MAX);
    struct sim_topic_history *topic = &h->topics[h->topic_count];
    snprintf(topic->name, sizeof topic->name, "%s", name);
    topic->partition_count = topic->made = partition_count;
    topic->first_partition = (uint32_t)h->partition_count;
    for (int32_t i = 0; i < partition_count; i++) {
        h->partitions = xgrow(h->partitions, &h->partition_capacity, h->partition_count + 1,
                              sizeof *h->partitions);
        h->partitions[h->partition_count++] =
            (struct sim_partition_history){.topic = h->topic_count, .number = i};
    }
    return h->topic_count++;
}

bool sim_history_is_made(const struct sim_history *h, uint32_t partition)
{
    const struct sim_partition_history *p = &h->partitions[partition];
    return p->number < h->topics[p->topic].made;
}

uint32_t sim_history_find(const struct sim_history *h, struct view topic, int32_t number)
{
    for (uint32_t i = 0; i < h->topic_count; i++) {
        const struct sim_topic_history *t = &h->topics[i];
        if (view_equal(view_of(t->name), topic) && number >= 0 && number < t->partition_count)
            return t->first_partition + (uint32_t)number;
    }
    return SIM_NO_RECORD;
}

uint32_t sim_history_find_id(const struct sim_history *h, struct uuid topic, int32_t number)
{
    for (uint32_t i = 0; i < h->topic_count; i++) {
        const struct sim_topic_history *t = &h->topics[i];
        if (!uuid_is_zero(topic) && uuid_equal(t->id, topic) && number >= 0 &&
            number < t->partition_count)
            return t->first_partition + (uint32_t)number;
    }
    return SIM_NO_RECORD;
}

bool sim_history_is_fleeting(const struct sim_history *h, uint32_t partition)
{
    return h->topics[h->partitions[partition].topic].fleeting;
}

uint32_t sim_history_kept(const struct sim_history *h)
{
    uint32_t count = 0;
    while (count < h->partition_count && !sim_history_is_fleeting(h, count))
        count++;
    return count;
}

/* ---- records ---- */
uint32_t sim_history_add(struct sim_history *h, uint32_t partition, uint32_t producer,
                         uint32_t size, bool idempotent)
{
    PRE(size >= 8 && partition < h->partition_count);
    h->records = xgrow(h->records, &h->record_capacity, h->record_count + 1, sizeof *h->records);
    h->records[h->record_count] = (struct sim_record){.partition = partition,
                                                      .producer = producer,
                                                      .size = size,
                                                      .idempotent = idempotent,
                                                      .made_ns = sim_now_ns(h->world),
                                                      .offset = -1};
    return (uint32_t)h->record_count++;
}

void sim_history_value(const struct sim_history *h, uint32_t record, uint8_t *to)
{
    uint32_t size = h->records[record].size;
    store_u32(to, record);
    store_u32(to + 4, size);
    for (uint32_t i = 8; i < size; i++)
        to[i] = (uint8_t)((record + 1) * 2654435761u >> (i % 24));
}

/* The record that this value is, or SIM_NO_RECORD. */
static uint32_t value_record(const struct sim_history *h, struct view value)
{
    if (value.size < 8)
        return SIM_NO_RECORD;
    uint32_t record = load_u32(value.base);
    if (record >= h->record_count || h->records[record].size != value.size)
        return SIM_NO_RECORD;
    uint8_t *expected = xmalloc(value.size);
    sim_history_value(h, record, expected);
    bool same = memcmp(expected, value.base, value.size) == 0;
    free(expected);
    return same ? record : SIM_NO_RECORD;
}

static void bind(struct sim_history *h, uint32_t partition, int64_t offset, uint32_t record,
                 const char *who)
{
    struct sim_partition_history *p = &h->partitions[partition];
    const char *topic = h->topics[p->topic].name;
    struct sim_record *r = &h->records[record];
    size_t before = p->count;
    if (offset < 0 || offset > (int64_t)h->record_count * 16 + 1000000) {
        sim_violation(h, "%s: %s-%d offset %lld is absurd", who, topic, p->number,
                      (long long)offset);
        return;
    }
    if ((size_t)offset >= before) {
        p->bound = xgrow(p->bound, &p->capacity, (size_t)offset + 1, sizeof *p->bound);
        for (size_t i = before; i <= (size_t)offset; i++)
            p->bound[i] = SIM_NO_RECORD;
        p->count = (size_t)offset + 1;
    }
    if (p->bound[offset] == record)
        return;
    if (p->bound[offset] != SIM_NO_RECORD) {
        sim_violation(h, "%s: %s-%d offset %lld holds record %u, but held record %u (%s) before",
                      who, topic, p->number, (long long)offset, record, p->bound[offset],
                      h->records[p->bound[offset]].outcome == SIM_ACKNOWLEDGED ? "acknowledged"
                                                                               : "seen");
        return;
    }
    p->bound[offset] = record;
    if (r->partition != partition) {
        sim_violation(h, "%s: record %u of another partition at %s-%d offset %lld", who, record,
                      topic, p->number, (long long)offset);
    } else if (r->offset >= 0 && r->offset != offset) {
        h->duplicates++;
        int64_t first = r->offset < offset ? r->offset : offset;
        r->again = r->again || (h->may_repeat && first < p->removed_end);
        if (r->idempotent && !r->again)
            sim_violation(h,
                          "%s: record %u of an idempotent producer at %s-%d offsets %lld and %lld",
                          who, record, topic, p->number, (long long)r->offset, (long long)offset);
    } else {
        r->offset = offset;
    }
}

void sim_history_acked(struct sim_history *h, uint32_t record, int64_t offset)
{
    struct sim_record *r = &h->records[record];
    r->outcome = SIM_ACKNOWLEDGED;
    h->acknowledged++;
    if (offset < 0 || sim_history_is_fleeting(h, r->partition) ||
        h->partitions[r->partition].unclean)
        return;
    bind(h, r->partition, offset, record, "an acknowledgement");
    r->offset = offset;
    struct sim_partition_history *p = &h->partitions[r->partition];
    if (p->acked_end < offset + 1)
        p->acked_end = offset + 1;
}

void sim_history_gave_up(struct sim_history *h, uint32_t record, bool surely_not_there)
{
    h->records[record].outcome = surely_not_there ? SIM_REFUSED : SIM_UNKNOWN;
    if (surely_not_there)
        h->refused++;
    else
        h->unknown++;
}

void sim_history_seen(struct sim_history *h, uint32_t partition, int64_t offset, struct view value,
                      const char *who)
{
    const struct sim_partition_history *p = &h->partitions[partition];
    uint32_t record = value_record(h, value);
    if (sim_history_is_fleeting(h, partition))
        return;
    if (record == SIM_NO_RECORD)
        sim_violation(h, "%s: %s-%d offset %lld holds bytes that nobody sent", who,
                      h->topics[p->topic].name, p->number, (long long)offset);
    else if (h->records[record].outcome == SIM_REFUSED)
        sim_violation(h, "%s: %s-%d offset %lld holds record %u, which was refused", who,
                      h->topics[p->topic].name, p->number, (long long)offset, record);
    else if (!p->unclean)
        bind(h, partition, offset, record, who);
}

void sim_history_matched(struct sim_history *h, uint32_t partition, int32_t leader_epoch,
                         int64_t offset, struct view value, const char *who)
{
    struct sim_partition_history *p = &h->partitions[partition];
    uint32_t record = value_record(h, value);
    struct {
        int64_t offset, epoch;
    } key = {offset, leader_epoch};
    if (record == SIM_NO_RECORD || sim_history_is_fleeting(h, partition))
        return;
    uintptr_t known = (uintptr_t)map_get(&p->matched, MAP_KEY(key));
    if (known == 0)
        (void)map_put(&p->matched, MAP_KEY(key), (void *)((uintptr_t)record + 1));
    else if (known != (uintptr_t)record + 1)
        sim_violation(h, "%s: %s-%d offset %lld of epoch %d holds record %u, elsewhere %u", who,
                      h->topics[p->topic].name, p->number, (long long)offset, leader_epoch, record,
                      (unsigned)(known - 1));
}

void sim_history_begin_anew(struct sim_history *h, uint32_t partition, int64_t removed_end)
{
    struct sim_partition_history *p = &h->partitions[partition];
    for (size_t i = 0; i < h->record_count; i++) {
        struct sim_record *r = &h->records[i];
        if (r->partition != partition)
            continue;
        r->offset = -1;
        if (r->outcome == SIM_ACKNOWLEDGED)
            r->outcome = SIM_UNKNOWN;
    }
    p->count = 0;
    p->acked_end = p->seen_end = 0;
    p->removed_end = removed_end;
    p->unclean = false;
}

void sim_history_read_to(struct sim_history *h, uint32_t partition, int64_t end)
{
    struct sim_partition_history *p = &h->partitions[partition];
    if (p->seen_end < end && !p->unclean)
        p->seen_end = end;
}

static void finish_partition(struct sim_history *h, const struct sim_partition_history *p,
                             int64_t end, int64_t *last)
{
    const char *topic = h->topics[p->topic].name;
    if (end < p->acked_end || end < p->seen_end)
        sim_violation(h, "%s-%d ends at %lld, but was acknowledged to %lld and read to %lld", topic,
                      p->number, (long long)end, (long long)p->acked_end, (long long)p->seen_end);
    for (size_t i = 0; i < p->count; i++) {
        uint32_t record = p->bound[i];
        if (record == SIM_NO_RECORD)
            continue;
        const struct sim_record *r = &h->records[record];
        if (r->again)
            continue;
        if (r->idempotent && last[r->producer] > record)
            sim_violation(h, "%s-%d: record %u of producer %u comes after its record %lld", topic,
                          p->number, record, r->producer, (long long)last[r->producer]);
        last[r->producer] = record;
    }
}

void sim_history_finish(struct sim_history *h, const int64_t *ends)
{
    uint32_t producers = 0;
    for (size_t i = 0; i < h->record_count; i++) {
        const struct sim_record *r = &h->records[i];
        if (r->producer >= producers)
            producers = r->producer + 1;
        const struct sim_partition_history *p = &h->partitions[r->partition];
        if (r->outcome == SIM_ACKNOWLEDGED && r->offset >= 0 && p->bound[r->offset] != i)
            sim_violation(h, "record %zu was acknowledged at %s-%d offset %lld and is not there", i,
                          h->topics[p->topic].name, p->number, (long long)r->offset);
    }
    int64_t *last = xcalloc(producers + 1, sizeof *last);
    for (size_t i = 0; i < h->partition_count; i++) {
        for (uint32_t k = 0; k < producers; k++)
            last[k] = -1;
        if (!sim_history_is_fleeting(h, (uint32_t)i) && !h->partitions[i].lost &&
            sim_history_is_made(h, (uint32_t)i))
            finish_partition(h, &h->partitions[i], ends[i], last);
    }
    free(last);
}
