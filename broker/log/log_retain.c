/* SPDX-License-Identifier: Apache-2.0 */
#include "broker/log/log_internal.h"

/* The log's start moves up: by order, or by retention. Whole segments below it go; their files are
 * renamed at once and unlinked after the delay. */

void log_advance_start(struct log *log, int64_t start)
{
    if (start <= log->start || log->deleted || log->failed || log->suspect)
        return;
    /* While a cut is under way there is no roll: what the cut brings home is of the segment that is
     * active now. */
    if (start > log->end || (start == log->end && log->cutting)) {
        log_reset(log, start);
        return;
    }
    struct log_op *op = log_op_new(log, JOURNAL_START);
    /* An empty log has one segment, at its start. */
    if (start == log->end && log_active(log)->size > 0)
        op->seal = log_roll(log, dir_shard_wall_ms(log->shard));
    size_t keep = 0;
    while (keep + 1 < log->segment_count && log->segments[keep + 1].base <= start)
        keep++;
    log_segments_drop(log, 0, keep);
    log->start = start;
    if (log->stored_end < start) {
        /* What is not in place yet need not be read any more; nor is anything of the segment that
         * holds the start. */
        log->stored_end = start;
        log->stored_segment = log->segments[0].base;
        log->stored_pos = 0;
    }
    if (log->high_watermark < start)
        log_set_high_watermark(log, start);
    (void)epoch_cache_truncate_start(&log->epochs, start);
    op->item.entry.start = start;
    op->keep_from = log->segments[0].base;
    op->active = log_active(log)->base;
    op->swept = keep > 0;
    log_op_submit(op);
    log_touch(log);
}

static int64_t latest_ms(const struct log *log, size_t i)
{
    const struct log_segment *s = &log->segments[i];
    int64_t latest =
        i + 1 == log->segment_count ? log->index.latest.timestamp_ms : s->latest.timestamp_ms;
    return latest >= 0 ? latest : s->created_ms;
}

static int64_t segment_end(const struct log *log, size_t i)
{
    return i + 1 == log->segment_count ? log->end : log->segments[i + 1].base;
}

void log_retain(struct log *log, int64_t wall_ms)
{
    const struct log_config *c = &log->config;
    if (!c->retention_enabled || log->cutting || log->deleted || log->failed || log->suspect)
        return;
    uint64_t size = log_size(log), limit = (uint64_t)c->retention_bytes;
    uint64_t excess = c->retention_bytes >= 0 && size > limit ? size - limit : 0;
    int64_t start = log->start;
    for (size_t i = 0; i < log->segment_count; i++) {
        const struct log_segment *s = &log->segments[i];
        bool too_old = c->retention_ms >= 0 && wall_ms - latest_ms(log, i) > c->retention_ms;
        bool too_much = s->size > 0 && excess >= s->size;
        if (s->size == 0 || segment_end(log, i) > log->high_watermark || (!too_old && !too_much))
            break;
        if (too_much)
            excess -= s->size;
        start = segment_end(log, i);
    }
    log_advance_start(log, start);
}
