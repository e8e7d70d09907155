/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/log_workload.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/assert.h"
#include "broker/log/producer_state.h"
#include "common/memory.h"
#include "proto/record_batch.h"

static bool wrong(struct workload *w, const char *format, ...) PRINTF_LIKE(2, 3);
static bool wrong(struct workload *w, const char *format, ...)
{
    va_list args;
    if (w->why[0])
        return false;
    va_start(args, format);
    vsnprintf(w->why, sizeof w->why, format, args);
    va_end(args);
    return false;
}

static uint64_t draw(struct workload *w, uint64_t below)
{
    uint64_t z = w->random += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return (z ^ (z >> 31)) % below;
}

/* ---- versions ---- */

static void version_clear(struct workload_version *v, int64_t start)
{
    for (size_t i = 0; i < v->count; i++)
        buf_unref(v->batches[i].bytes);
    v->count = 0;
    v->start = start;
}

static int64_t version_end(const struct workload_version *v)
{
    return v->count ? v->batches[v->count - 1].end : v->start;
}

static void version_add(struct workload_version *v, int64_t base, int64_t end, struct buf *bytes)
{
    v->batches = xgrow(v->batches, &v->capacity, v->count + 1, sizeof *v->batches);
    v->batches[v->count++] = (struct workload_batch){base, end, buf_ref(bytes)};
}

static void version_copy(struct workload_version *to, const struct workload_version *from)
{
    version_clear(to, from->start);
    for (size_t i = 0; i < from->count; i++)
        version_add(to, from->batches[i].base, from->batches[i].end, from->batches[i].bytes);
}

static void version_cut(struct workload_version *v, int64_t end)
{
    while (v->count && v->batches[v->count - 1].end > end)
        buf_unref(v->batches[--v->count].bytes);
}

/* ---- what the logs report ---- */

static void look_at(struct workload *w, struct workload_log *l)
{
    if (!l->log || l->failed)
        return;
    if (log_created_durable(l->log)) {
        l->durable = true;
        /* Deletions asked for before it was made are durable too. */
        if (l->after > w->deleted_durable)
            w->deleted_durable = l->after;
        if (l->unsure && !log_truncating(l->log)) {
            l->unsure = false;
            version_clear(&l->before, 0);
        }
    }
    if (log_synced_end(l->log) > log_end(l->log) || log_start(l->log) > log_end(l->log))
        (void)wrong(w, "%s: start %lld, synced end %lld, end %lld", l->topic,
                    (long long)log_start(l->log), (long long)log_synced_end(l->log),
                    (long long)log_end(l->log));
    if (!l->unsure)
        l->synced = log_synced_end(l->log);
    if (!l->unsure && l->synced > version_end(&l->now))
        (void)wrong(w, "%s: synced end %lld beyond what was appended (%lld)", l->topic,
                    (long long)l->synced, (long long)version_end(&l->now));
}

static void look_at_all(struct workload *w)
{
    for (unsigned i = 0; i < WORKLOAD_LOGS; i++)
        look_at(w, &w->logs[i]);
}

static void on_moved(struct log_observer *o)
{
    (void)o;
}

static void on_failed(struct log_observer *o, enum log_outcome why)
{
    (void)why;
    CONTAINER_OF(o, struct workload_log, observer)->failed = true;
}

/* ---- steps ---- */

static void make_log(struct workload *w, struct workload_log *l)
{
    struct log_config c = log_host_log_config();
    l->id = (struct partition_id){.number = 0};
    l->id.topic.bytes[0] = 1;
    l->id.topic.bytes[15] = (uint8_t)++w->next_id;
    int64_t start = (int64_t)draw(w, 3) * 50;
    l->log = log_create(w->host.dir, step_world_reactor(&w->host.world, 0), view_of(l->topic),
                        l->id, start, &c);
    l->observer = (struct log_observer){on_moved, on_failed};
    log_observe(l->log, &l->observer);
    l->durable = l->failed = l->unsure = false;
    l->synced = l->start_max = start;
    l->after = w->deleted_count;
    version_clear(&l->now, start);
    version_clear(&l->before, start);
}

static void append(struct workload *w, struct workload_log *l)
{
    uint32_t count = 1 + (uint32_t)draw(w, 4), size = 8 + (uint32_t)draw(w, 400);
    w->tag++;
    struct buf *b = log_host_batch(w->tag, count, size, 1000 + (int64_t)w->tag);
    struct piece piece = {.buf = b, .size = b->used};
    struct log_place place;
    enum log_outcome outcome;
    if (draw(w, 2)) {
        outcome = log_append_leader(l->log, &piece, l->epoch, &place);
    } else {
        record_batch_assign(b->data, log_end(l->log), l->epoch);
        outcome = log_append_follower(l->log, &piece, &place);
    }
    if (outcome == LOG_OK)
        version_add(&l->now, place.base, place.end, b);
    buf_unref(b);
}

static void begin_unsure(struct workload_log *l)
{
    if (!l->unsure)
        version_copy(&l->before, &l->now);
    l->unsure = true;
}

static void truncate(struct workload *w, struct workload_log *l)
{
    if (l->unsure || log_end(l->log) <= log_start(l->log))
        return;
    int64_t span = log_end(l->log) - log_start(l->log);
    int64_t to =
        log_end(l->log) - 1 - (int64_t)draw(w, (uint64_t)(draw(w, 2) ? span : 1 + span / 8));
    begin_unsure(l);
    version_cut(&l->now, to > log_start(l->log) ? to : log_start(l->log));
    log_truncate(l->log, to);
    /* The start may lie inside of a batch: a cut of that batch leaves the empty log. */
    if (to <= log_start(l->log) || version_end(&l->now) < log_start(l->log))
        version_clear(&l->now, log_start(l->log));
    if (l->synced > version_end(&l->now))
        l->synced = version_end(&l->now);
    l->epoch++;
}

static void reset(struct workload *w, struct workload_log *l)
{
    if (l->unsure)
        return;
    begin_unsure(l);
    int64_t to = (int64_t)draw(w, 2000);
    log_reset(l->log, to);
    version_clear(&l->now, to);
    l->synced = 0;
    l->start_max = to > l->start_max ? to : l->start_max;
    l->epoch++;
}

static void advance_start(struct workload *w, struct workload_log *l)
{
    int64_t span = log_end(l->log) - log_start(l->log);
    if (l->unsure || span <= 0)
        return;
    int64_t to = log_start(l->log) + (draw(w, 4) == 0 ? span : (int64_t)draw(w, (uint64_t)span));
    log_advance_start(l->log, to);
    l->start_max = log_start(l->log) > l->start_max ? log_start(l->log) : l->start_max;
}

static void retain(struct workload *w, struct workload_log *l)
{
    struct log_config c = log_host_log_config();
    if (l->unsure)
        return;
    c.retention_bytes = 1000 + (int64_t)draw(w, 8000);
    log_configure(l->log, &c);
    log_set_high_watermark(l->log, log_end(l->log));
    log_retain(l->log, w->host.world.wall_ms);
    l->start_max = log_start(l->log) > l->start_max ? log_start(l->log) : l->start_max;
}

static void delete_and_make(struct workload *w, struct workload_log *l)
{
    look_at_all(w);
    if (l->unsure || w->next_id > 200)
        return;
    w->deleted[w->deleted_count++] = l->id;
    log_delete(l->log);
    make_log(w, l);
}

static void stop_and_start(struct workload *w)
{
    step_world_advance(&w->host.world, 200);
    look_at_all(w);
    int error = log_host_stop(&w->host);
    w->up = false;
    for (unsigned i = 0; i < WORKLOAD_LOGS; i++)
        w->logs[i].log = NULL;
    if (file_mem_power_is_off(w->disk))
        return;
    if (error) {
        (void)wrong(w, "a clean stop answers %d", error);
        return;
    }
    (void)workload_reopen(w);
    if (w->up && !w->host.load.clean)
        (void)wrong(w, "the start after a clean stop is not clean");
}

static void step(struct workload *w)
{
    struct workload_log *l = &w->logs[draw(w, WORKLOAD_LOGS)];
    unsigned what = (unsigned)draw(w, 100);
    if (what < 50)
        append(w, l);
    else if (what < 56)
        truncate(w, l);
    else if (what < 57)
        reset(w, l);
    else if (what < 60)
        advance_start(w, l);
    else if (what < 62)
        retain(w, l);
    else if (what < 64)
        delete_and_make(w, l);
    else if (what < 67)
        step_world_block(&w->host.world, 0, LANE_STORE, draw(w, 2));
    else if (what < 69)
        log_set_high_watermark(l->log, log_synced_end(l->log));
    else if (what < 72)
        step_world_advance(&w->host.world, 60);
    else if (what < 90)
        (void)step_world_step(&w->host.world);
    else if (what < 99)
        step_world_run(&w->host.world);
    else {
        step_world_block(&w->host.world, 0, LANE_STORE, false);
        stop_and_start(w);
    }
}

/* ---- comparing ---- */

static struct log_found *find(struct workload *w, struct partition_id id)
{
    for (uint32_t i = 0; i < w->host.load.found_count; i++)
        if (partition_id_equal(w->host.load.found[i].id, id))
            return &w->host.load.found[i];
    return NULL;
}

/* How many bytes of the version, from an offset on up to an end; -1 when these are no boundaries.
 */
static int64_t compare(const struct workload_version *v, int64_t start, int64_t end,
                       const struct buf *read)
{
    uint32_t at = 0;
    for (size_t i = 0; i < v->count && v->batches[i].base < end; i++) {
        const struct buf *b = v->batches[i].bytes;
        if (v->batches[i].end <= start)
            continue;
        if (v->batches[i].end > end || at + b->used > read->used ||
            memcmp(read->data + at, b->data, b->used) != 0)
            return -1;
        at += b->used;
    }
    return at == read->used && (end <= version_end(v)) && end >= v->start ? (int64_t)at : -1;
}

static bool check_epochs(struct workload *w, struct workload_log *l)
{
    int32_t last = -1;
    for (size_t i = 0; i < l->now.count; i++) {
        struct record_batch b;
        struct view bytes = {l->now.batches[i].bytes->data, l->now.batches[i].bytes->used};
        if (record_batch_parse_header(bytes, &b) != 0)
            return wrong(w, "%s: a batch of the model is broken", l->topic);
        last = b.leader_epoch;
    }
    bool empty = log_end(l->log) == log_start(l->log);
    if (!empty && log_last_epoch(l->log) != last)
        return wrong(w, "%s: last epoch %d, its batches say %d", l->topic, log_last_epoch(l->log),
                     last);
    return true;
}

/* Each producer's last batch, where it lies in the log still. */
static bool check_producers(struct workload *w, struct workload_log *l)
{
    for (int64_t id = 1; id < 4; id++) {
        const struct producer *p = producer_state_find(log_producers(l->log), id);
        int64_t last = -1;
        for (size_t i = 0; i < l->now.count; i++) {
            struct record_batch b;
            struct view bytes = {l->now.batches[i].bytes->data, l->now.batches[i].bytes->used};
            if (record_batch_parse_header(bytes, &b) == 0 && b.producer_id == id)
                last = record_batch_last_offset(&b);
        }
        int64_t found = p && p->batch_count ? p->batches[p->batch_count - 1].last_offset : -1;
        if (last >= log_start(l->log) ? found != last : found >= log_start(l->log))
            return wrong(w, "%s: producer %lld ends at %lld, its batches at %lld", l->topic,
                         (long long)id, (long long)found, (long long)last);
    }
    return true;
}

static bool check_log(struct workload *w, struct workload_log *l)
{
    enum log_outcome outcome;
    struct buf *read = log_host_read(&w->host, l->log, log_start(l->log), 3000, &outcome);
    int64_t start = log_start(l->log), end = log_end(l->log);
    if (!read)
        return wrong(w, "%s: cannot be read from %lld to %lld: %d", l->topic, (long long)start,
                     (long long)end, outcome);
    bool now = compare(&l->now, start, end, read) >= 0;
    bool before = l->unsure && compare(&l->before, start, end, read) >= 0;
    buf_unref(read);
    if (!now && !before)
        return wrong(w, "%s: [%lld, %lld) is no prefix of what was appended up to %lld%s", l->topic,
                     (long long)start, (long long)end, (long long)version_end(&l->now),
                     l->unsure ? ", nor of what was before" : "");
    if (end < l->synced)
        return wrong(w, "%s: ends at %lld, was synced to %lld", l->topic, (long long)end,
                     (long long)l->synced);
    if (start > end || start > l->start_max || log_high_watermark(l->log) > end ||
        log_high_watermark(l->log) < start)
        return wrong(w, "%s: start %lld, high watermark %lld, end %lld", l->topic, (long long)start,
                     (long long)log_high_watermark(l->log), (long long)end);
    if (!now)
        version_copy(&l->now, &l->before);
    version_cut(&l->now, end);
    if (l->now.count == 0)
        l->now.start = end;
    l->unsure = false;
    version_clear(&l->before, 0);
    l->durable = true;
    l->synced = log_synced_end(l->log);
    return check_epochs(w, l) && check_producers(w, l);
}

static bool attach_found(struct workload *w)
{
    for (size_t i = 0; i < w->deleted_durable; i++)
        if (find(w, w->deleted[i]))
            return wrong(w, "a deleted log came back");
    for (unsigned i = 0; i < WORKLOAD_LOGS; i++) {
        struct workload_log *l = &w->logs[i];
        struct log_found *f = find(w, l->id);
        if (f && f->suspect)
            return wrong(w, "%s is suspect: %s", l->topic, f->why);
        if (!f && l->durable)
            return wrong(w, "%s is missing", l->topic);
        if (!f) {
            make_log(w, l);
            continue;
        }
        l->log = log_host_find(&w->host, l->id, 0);
        l->failed = false;
        log_observe(l->log, &l->observer);
        if (!check_log(w, l))
            return false;
    }
    /* What else is there was deleted, and the deletion lost: nobody asks for it any more. */
    for (uint32_t i = 0; i < w->host.load.found_count; i++) {
        if (w->host.load.found[i].log) {
            struct log *log = log_host_find(&w->host, w->host.load.found[i].id, 0);
            log_delete(log);
        }
    }
    return true;
}

/* ---- the whole ---- */

void workload_init(struct workload *w, struct file_mem *disk, const struct log_host_config *config,
                   uint64_t seed)
{
    *w = (struct workload){.random = seed, .disk = disk, .config = *config};
    for (unsigned i = 0; i < WORKLOAD_LOGS; i++)
        snprintf(w->logs[i].topic, sizeof w->logs[i].topic, "topic-%u", i);
}

void workload_crash(struct workload *w)
{
    if (!w->up)
        return;
    log_host_kill(&w->host);
    w->up = false;
    for (unsigned i = 0; i < WORKLOAD_LOGS; i++)
        w->logs[i].log = NULL;
}

void workload_deinit(struct workload *w)
{
    workload_crash(w);
    for (unsigned i = 0; i < WORKLOAD_LOGS; i++) {
        version_clear(&w->logs[i].now, 0);
        version_clear(&w->logs[i].before, 0);
        free(w->logs[i].now.batches);
        free(w->logs[i].before.batches);
    }
}

void workload_try_start(struct workload *w)
{
    (void)log_host_start(&w->host, w->disk, &w->config);
    log_host_kill(&w->host);
}

bool workload_reopen(struct workload *w)
{
    w->up = true;
    if (!log_host_start(&w->host, w->disk, &w->config)) {
        if (!file_mem_power_is_off(w->disk))
            (void)wrong(w, "the directory does not open: %s", w->host.load.message);
        workload_crash(w);
        return false;
    }
    return attach_found(w);
}

bool workload_run(struct workload *w, unsigned steps)
{
    if (!w->up && !workload_reopen(w))
        return w->why[0] == 0;
    for (unsigned i = 0; i < steps && w->up && !w->why[0] && !file_mem_power_is_off(w->disk); i++) {
        step(w);
        if (w->up)
            look_at_all(w);
        for (unsigned l = 0; w->up && l < WORKLOAD_LOGS; l++)
            if (!w->logs[l].unsure && !w->logs[l].failed)
                (void)check_producers(w, &w->logs[l]);
    }
    return w->why[0] == 0;
}
