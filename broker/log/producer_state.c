/* SPDX-License-Identifier: Apache-2.0 */
#include "broker/log/producer_state.h"

#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "proto/record_reader.h"

void producer_state_init(struct producer_state *s, uint32_t count_max)
{
    PRE(count_max > 0);
    *s = (struct producer_state){.producers = MAP_INIT, .txns = OPEN_TXNS_INIT};
    s->count_max = count_max;
}

static void free_producers(struct producer_state *s)
{
    struct map_entry entry;
    for (uint32_t at = 0; map_next(&s->producers, &at, &entry);)
        free(entry.value);
    map_deinit(&s->producers);
    s->producers = MAP_INIT;
}

void producer_state_deinit(struct producer_state *s)
{
    free_producers(s);
    open_txns_deinit(&s->txns);
}

void producer_state_clear(struct producer_state *s, int64_t end_offset)
{
    free_producers(s);
    open_txns_clear(&s->txns);
    s->end_offset = end_offset;
}

uint32_t producer_state_count(const struct producer_state *s)
{
    return s->producers.count;
}

static struct producer *find(const struct producer_state *s, int64_t id)
{
    return map_get(&s->producers, MAP_KEY(id));
}

const struct producer *producer_state_find(const struct producer_state *s, int64_t id)
{
    return find(s, id);
}

/* ---- checks -----------------------------------------------------------------------------------
 */

static int32_t first_sequence(const struct producer_batch *b)
{
    int64_t first = (int64_t)b->last_sequence - b->offset_delta;
    return (int32_t)(first < 0 ? first + (int64_t)INT32_MAX + 1 : first);
}

static bool find_duplicate(const struct producer *p, const struct record_batch *batch,
                           struct producer_duplicate *ret)
{
    if (batch->producer_epoch != p->epoch)
        return false;
    for (uint32_t i = 0; i < p->batch_count; i++) {
        const struct producer_batch *known = &p->batches[i];
        if (first_sequence(known) != batch->base_sequence ||
            known->last_sequence != record_batch_last_sequence(batch))
            continue;
        *ret = (struct producer_duplicate){
            .base_offset = known->last_offset - known->offset_delta,
            .last_offset = known->last_offset,
            .timestamp_ms = known->timestamp_ms,
        };
        return true;
    }
    return false;
}

/* Sequences wrap: one that is further behind than this is rather one to come. Were it taken for a
 * batch that is there, its records would be lost. */
#define FORGOTTEN_MAX (INT32_MAX / 2)

/* Older than the batches that are remembered, and not older than what was seen. Where sequences
 * have wrapped, those before count as not seen. */
static bool find_forgotten(const struct producer *p, const struct record_batch *batch,
                           struct producer_duplicate *ret)
{
    if (batch->producer_epoch != p->epoch || p->batch_count == 0)
        return false;
    const struct producer_batch *oldest = &p->batches[0];
    int32_t last = record_batch_last_sequence(batch);
    if (batch->base_sequence < p->from_sequence || last < batch->base_sequence ||
        last >= first_sequence(oldest) || first_sequence(oldest) - last > FORGOTTEN_MAX)
        return false;
    *ret = (struct producer_duplicate){
        .base_offset = -1,
        .last_offset = oldest->last_offset - oldest->offset_delta - 1,
        .timestamp_ms = -1,
    };
    return true;
}

static bool sequence_follows(const struct producer *p, const struct record_batch *batch)
{
    if (p->epoch < 0)
        return true; /* known by a snapshot only, without an epoch */
    if (batch->producer_epoch != p->epoch || p->batch_count == 0)
        return batch->base_sequence == 0;
    int32_t last = p->batches[p->batch_count - 1].last_sequence;
    return batch->base_sequence == (last == INT32_MAX ? 0 : last + 1);
}

static bool has_room(const struct producer_state *s)
{
    struct map_entry entry;
    if (s->producers.count < s->count_max)
        return true;
    for (uint32_t at = 0; map_next(&s->producers, &at, &entry);) {
        const struct producer *p = entry.value;
        if (p->txn_first_offset < 0)
            return true;
    }
    return false;
}

enum producer_verdict producer_state_check(const struct producer_state *s,
                                           const struct record_batch *batch,
                                           struct producer_duplicate *ret_duplicate)
{
    if (!record_batch_has_producer(batch))
        return PRODUCER_NEW;
    const struct producer *p = find(s, batch->producer_id);
    if (!p)
        return has_room(s) ? PRODUCER_NEW : PRODUCER_FULL;
    if (find_duplicate(p, batch, ret_duplicate))
        return PRODUCER_DUPLICATE;
    if (batch->producer_epoch < p->epoch)
        return PRODUCER_STALE_EPOCH;
    if (!sequence_follows(p, batch))
        return find_forgotten(p, batch, ret_duplicate) ? PRODUCER_FORGOTTEN : PRODUCER_OUT_OF_ORDER;
    if (p->txn_first_offset >= 0 && !record_batch_is_transactional(batch))
        return PRODUCER_NOT_IN_TXN;
    return PRODUCER_NEW;
}

enum producer_marker_verdict producer_state_check_marker(const struct producer_state *s,
                                                         int64_t producer_id, int16_t epoch,
                                                         int32_t coordinator_epoch)
{
    const struct producer *p = find(s, producer_id);
    if (!p)
        return PRODUCER_MARKER_OK;
    if (epoch < p->epoch)
        return PRODUCER_MARKER_STALE_EPOCH;
    if (coordinator_epoch < p->coordinator_epoch)
        return PRODUCER_MARKER_FENCED;
    if (epoch == p->epoch && p->txn_first_offset < 0)
        return PRODUCER_MARKER_REPEAT;
    return PRODUCER_MARKER_OK;
}

/* ---- updates ----------------------------------------------------------------------------------
 */

static int by_value(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return x < y ? -1 : x > y;
}

/* Forgets the tenth that appended longest ago, at least one. */
static void make_room(struct producer_state *s)
{
    struct map_entry entry;
    size_t count = 0, wanted = s->producers.count / 10 + 1;
    int64_t *offsets = xmalloc(s->producers.count * sizeof offsets[0]);
    for (uint32_t at = 0; map_next(&s->producers, &at, &entry);) {
        const struct producer *p = entry.value;
        if (p->txn_first_offset < 0)
            offsets[count++] = p->touched_offset;
    }
    if (count > 0) {
        qsort(offsets, count, sizeof offsets[0], by_value);
        int64_t limit = offsets[wanted < count ? wanted - 1 : count - 1];
        for (uint32_t at = 0; map_next(&s->producers, &at, &entry);) {
            struct producer *p = entry.value;
            if (p->txn_first_offset >= 0 || p->touched_offset > limit)
                continue;
            map_remove(&s->producers, entry.key);
            free(p);
        }
    }
    free(offsets);
}

static struct producer *add_producer(struct producer_state *s, int64_t id)
{
    if (s->producers.count >= s->count_max)
        make_room(s);
    struct producer *p = xcalloc(1, sizeof *p);
    *p = (struct producer){.id = id,
                           .epoch = -1,
                           .coordinator_epoch = -1,
                           .txn_first_offset = -1,
                           .timestamp_ms = -1,
                           .touched_offset = -1,
                           .seen_offset = -2};
    void *old = map_put(&s->producers, MAP_KEY(id), p);
    INVARIANT(!old);
    return p;
}

static void set_epoch(struct producer *p, int16_t epoch)
{
    if (p->epoch == epoch)
        return;
    p->epoch = epoch;
    p->batch_count = 0;
}

static void add_batch(struct producer *p, struct producer_batch batch)
{
    if (p->batch_count == PRODUCER_BATCHES) {
        memmove(p->batches, p->batches + 1, (PRODUCER_BATCHES - 1) * sizeof p->batches[0]);
        p->batch_count--;
    }
    p->batches[p->batch_count++] = batch;
}

static void update_data(struct producer_state *s, struct producer *p,
                        const struct record_batch *batch)
{
    set_epoch(p, batch->producer_epoch);
    int32_t last = p->batch_count > 0 ? p->batches[p->batch_count - 1].last_sequence : INT32_MAX;
    bool wraps = record_batch_last_sequence(batch) < batch->base_sequence;
    if (wraps || last == INT32_MAX || batch->base_sequence != last + 1)
        p->from_sequence = batch->base_sequence;
    add_batch(p, (struct producer_batch){
                     .last_sequence = record_batch_last_sequence(batch),
                     .offset_delta = batch->last_offset_delta,
                     .last_offset = record_batch_last_offset(batch),
                     .timestamp_ms = batch->max_timestamp,
                 });
    if (record_batch_is_transactional(batch) && p->txn_first_offset < 0) {
        p->txn_first_offset = batch->base_offset;
        open_txns_begin(&s->txns, p->id, batch->base_offset);
    }
}

static bool update_marker(struct producer_state *s, struct producer *p,
                          const struct record_batch *batch, struct txn_marker marker,
                          struct aborted_txn *ret_aborted)
{
    bool aborted = false;
    set_epoch(p, batch->producer_epoch);
    p->coordinator_epoch = marker.coordinator_epoch;
    if (p->txn_first_offset < 0)
        return false;
    int64_t stable = open_txns_complete(&s->txns, p->id, batch->base_offset);
    if (marker.type == TXN_MARKER_ABORT) {
        *ret_aborted = (struct aborted_txn){
            .producer_id = p->id,
            .first_offset = p->txn_first_offset,
            .last_offset = batch->base_offset,
            .last_stable_offset = stable,
        };
        aborted = true;
    }
    p->txn_first_offset = -1;
    return aborted;
}

void producer_state_remember(struct producer_state *s, const struct record_batch *batch)
{
    if (!record_batch_has_producer(batch) || record_batch_is_control(batch))
        return;
    struct producer *p = find(s, batch->producer_id);
    if (!p || p->epoch != batch->producer_epoch || p->batch_count == 0)
        return;
    struct producer_batch last = p->batches[p->batch_count - 1];
    int64_t before = p->batch_count > 1 ? p->batches[p->batch_count - 2].last_offset : -1;
    int64_t offset = record_batch_last_offset(batch);
    if (offset >= last.last_offset || offset <= before)
        return;
    p->batch_count--;
    add_batch(p, (struct producer_batch){
                     .last_sequence = record_batch_last_sequence(batch),
                     .offset_delta = batch->last_offset_delta,
                     .last_offset = offset,
                     .timestamp_ms = batch->max_timestamp,
                 });
    add_batch(p, last);
}

bool producer_state_update(struct producer_state *s, const struct record_batch *batch,
                           struct aborted_txn *ret_aborted)
{
    struct txn_marker marker;
    bool aborted = false;
    int64_t end_offset = record_batch_end_offset(batch);
    if (end_offset > s->end_offset)
        s->end_offset = end_offset;
    if (!record_batch_has_producer(batch))
        return false;
    bool control = record_batch_is_control(batch);
    if (control && !txn_marker_parse(batch, &marker))
        return false;
    struct producer *p = find(s, batch->producer_id);
    if (!p)
        p = add_producer(s, batch->producer_id);
    if (control)
        aborted = update_marker(s, p, batch, marker, ret_aborted);
    else
        update_data(s, p, batch);
    p->timestamp_ms = batch->max_timestamp;
    p->touched_offset = end_offset - 1;
    return aborted;
}

static bool is_old(struct producer *p, int64_t now_ms, int64_t expiration_ms)
{
    if (p->seen_offset != p->touched_offset) {
        p->seen_offset = p->touched_offset;
        p->seen_ms = now_ms;
    } else if (p->seen_ms < 0 || p->seen_ms > now_ms) {
        p->seen_ms = now_ms; /* no time, or the clock was put back */
    }
    return now_ms - p->seen_ms >= expiration_ms;
}

uint32_t producer_state_expire(struct producer_state *s, int64_t now_ms, int64_t expiration_ms)
{
    struct map_entry entry;
    uint32_t count = 0;
    for (uint32_t at = 0; map_next(&s->producers, &at, &entry);) {
        struct producer *p = entry.value;
        if (!is_old(p, now_ms, expiration_ms) || p->txn_first_offset >= 0)
            continue;
        map_remove(&s->producers, entry.key);
        free(p);
        count++;
    }
    return count;
}
