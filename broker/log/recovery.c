/* SPDX-License-Identifier: Apache-2.0 */
#include "broker/log/recovery.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/bytes.h"
#include "common/memory.h"
#include "common/mutation.h"

struct log_key {
    uint8_t topic[16];
    uint8_t number[4];
};

static struct log_key key_of(struct partition_id id)
{
    struct log_key key;
    memcpy(key.topic, id.topic.bytes, sizeof key.topic);
    store_u32(key.number, (uint32_t)id.number);
    return key;
}

struct recovery_log *recovery_find(const struct recovery *r, struct partition_id id)
{
    struct log_key key = key_of(id);
    return map_get(&r->logs, MAP_KEY(key));
}

static struct recovery_log *get_log(struct recovery *r, struct partition_id id)
{
    struct recovery_log *log = recovery_find(r, id);
    if (log)
        return log;
    struct log_key key = key_of(id);
    log = xcalloc(1, sizeof *log);
    *log = (struct recovery_log){.id = id, .end = -1, .start = -1, .high_watermark = -1};
    (void)map_put(&r->logs, MAP_KEY(key), log);
    return log;
}

static void damaged(struct recovery_log *log, const char *format, ...) PRINTF_LIKE(2, 3);
static void damaged(struct recovery_log *log, const char *format, ...)
{
    va_list args;
    char why[256];
    if (log->why || log->lenient)
        return;
    va_start(args, format);
    vsnprintf(why, sizeof why, format, args);
    va_end(args);
    log->why = xstrdup(why);
}

/* The files are written again from this place on at the latest. */
static void rewrite_from(struct recovery_log *log, int64_t segment, uint32_t pos, int64_t end)
{
    if (log->rewritten && (segment > log->segment || (segment == log->segment && pos >= log->pos)))
        return;
    log->rewritten = true;
    log->segment = segment;
    log->pos = pos;
    log->cut_end = end;
}

static const struct recovery_append *last_append(const struct recovery_log *log)
{
    return log->append_count ? &log->appends[log->append_count - 1] : NULL;
}

/* Does the place follow on the last append's? */
static bool place_follows(const struct recovery_log *log, const struct journal_entry *e)
{
    const struct recovery_append *last = last_append(log);
    if (e->segment == e->base && e->pos == 0)
        return true;
    if (last)
        return e->segment == last->segment && e->pos == last->pos + last->bytes.size;
    return !log->rewritten || (e->segment == log->segment && e->pos == log->pos);
}

static void plan_append(struct recovery_log *log, const struct journal_entry *e)
{
    if (log->end >= 0 && e->base != log->end)
        damaged(log, "an append at offset %lld follows on the end %lld", (long long)e->base,
                (long long)log->end);
    else if (!place_follows(log, e))
        damaged(log, "an append at offset %lld is not placed behind the one before it",
                (long long)e->base);
    rewrite_from(log, e->segment, e->pos, e->base);
    log->appends =
        xgrow(log->appends, &log->append_capacity, log->append_count + 1, sizeof *log->appends);
    log->appends[log->append_count++] =
        (struct recovery_append){e->base, e->end, e->segment, e->pos, e->bytes};
    log->end = e->end;
}

static void plan_trunc(struct recovery_log *log, const struct journal_entry *e)
{
    if (log->end >= 0 && e->end > log->end)
        damaged(log, "a truncation to offset %lld follows on the end %lld", (long long)e->end,
                (long long)log->end);
    while (log->append_count && last_append(log)->base >= e->end)
        log->append_count--;
    if (log->append_count && last_append(log)->end > e->end)
        damaged(log, "a truncation to offset %lld splits a batch", (long long)e->end);
    rewrite_from(log, e->segment, e->pos, e->end);
    log->end = e->end;
    if (log->high_watermark > e->end)
        log->high_watermark = e->end;
}

static void plan_fresh(struct recovery_log *log, int64_t start)
{
    log->append_count = 0;
    log->fresh = true;
    log->dropped = false;
    log->rewritten = false;
    rewrite_from(log, start, 0, start);
    log->end = log->start = log->high_watermark = start;
    log->removed_below = start;
    free(log->why); /* what came before is void, damaged or not */
    log->why = NULL;
}

/* Segments wholly below the start are gone, and with them the appends to them. */
static void plan_start(struct recovery_log *log, int64_t start)
{
    if (log->end >= 0 && start > log->end)
        damaged(log, "a start at offset %lld lies beyond the end %lld", (long long)start,
                (long long)log->end);
    if (start > log->start)
        log->start = start;
    /* The segment that the start lies in, as far as the entries tell. */
    int64_t kept = start == log->end ? start : -1;
    for (size_t i = 0; i < log->append_count; i++)
        if (log->appends[i].segment <= start && log->appends[i].segment > kept)
            kept = log->appends[i].segment;
    if (!log->rewritten || log->segment >= kept)
        return;
    size_t gone = 0;
    while (gone < log->append_count && log->appends[gone].segment < kept)
        gone++;
    log->append_count -= gone;
    if (log->append_count)
        memmove(log->appends, log->appends + gone, log->append_count * sizeof *log->appends);
    log->rewritten = false;
    rewrite_from(log, kept, 0, kept);
    log->removed_below = kept;
}

static void plan_ends(struct recovery_log *log, const struct journal_entry *e)
{
    if (log->end >= 0 && log->end != e->end)
        damaged(log, "its end was confirmed at offset %lld, its entries give %lld",
                (long long)e->end, (long long)log->end);
    log->end = e->end;
    if (e->high_watermark > log->high_watermark)
        log->high_watermark = e->high_watermark;
}

static void plan_entry(struct recovery *r, const struct journal_entry *e, unsigned mutation)
{
    struct recovery_log *log = get_log(r, e->id);
    switch (e->kind) {
    case JOURNAL_APPEND:
        plan_append(log, e);
        break;
    case JOURNAL_TRUNC:
        if (mutated(mutation, MUTATION_REPLAY_PAST_TRUNCATION))
            log->lenient = true;
        else
            plan_trunc(log, e);
        break;
    case JOURNAL_START:
        plan_start(log, e->start);
        break;
    case JOURNAL_OPEN:
        plan_fresh(log, e->start);
        free(log->topic);
        log->topic = xstrndup(e->topic.base, e->topic.size);
        break;
    case JOURNAL_RESET:
        plan_fresh(log, e->start);
        break;
    case JOURNAL_DROP:
        plan_fresh(log, 0);
        log->dropped = true;
        log->end = -1;
        break;
    case JOURNAL_ENDS:
        if (!log->dropped)
            plan_ends(log, e);
        break;
    case JOURNAL_NOTHING:
        break;
    }
}

void recovery_plan(struct recovery *r, const struct journal_read *journal, unsigned mutation)
{
    *r = (struct recovery){0};
    for (size_t i = 0; i < journal->live_count; i++) {
        struct view entries = journal_live_entries(&journal->live[i]);
        struct journal_entry e;
        while (journal_entry_decode(&entries, &e))
            plan_entry(r, &e, mutation);
    }
}

void recovery_deinit(struct recovery *r)
{
    struct map_entry entry;
    for (uint32_t at = 0; map_next(&r->logs, &at, &entry);) {
        struct recovery_log *log = entry.value;
        free(log->topic);
        free(log->appends);
        free(log->why);
        free(log);
    }
    map_deinit(&r->logs);
}
