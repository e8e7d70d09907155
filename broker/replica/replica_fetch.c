/* SPDX-License-Identifier: Apache-2.0 */
/* Reads by clients: below the high watermark, or the last stable offset. One that finds nothing may
 * wait; it is woken when the high watermark moves, reads at once and is answered. */
#include "broker/replica/replica_internal.h"

/* ---- told at the end of the turn ---- */

static void fetch_put(struct fetch_waiter **at, struct fetch_waiter *w)
{
    w->next = *at;
    w->previous = at;
    if (w->next)
        w->next->previous = &w->next;
    *at = w;
}

static void fetch_remove(struct fetch_waiter *w)
{
    *w->previous = w->next;
    if (w->next)
        w->next->previous = w->previous;
    w->next = NULL;
}

static void finish(struct replica_host *h, struct fetch_waiter *w, enum replica_result result)
{
    w->result = result;
    w->place = FETCH_FINISHED;
    w->next = NULL;
    *h->fetched_last = w;
    h->fetched_last = &w->next;
    host_turn_soon(h);
}

static void tell_offsets(struct replica_host *h)
{
    while (h->offsets_first) {
        struct offset_query *q = h->offsets_first;
        h->offsets_first = q->next;
        if (!q->next)
            h->offsets_last = &h->offsets_first;
        q->done(q);
    }
}

void fetch_tell(struct replica_host *h)
{
    while (h->fetched_first) {
        struct fetch_waiter *w = h->fetched_first;
        h->fetched_first = w->next;
        if (!w->next)
            h->fetched_last = &h->fetched_first;
        w->place = FETCH_NOWHERE;
        w->done(w);
    }
    tell_offsets(h);
}

/* ---- reading ---- */

static enum replica_result check_epoch(const struct replica *r, int32_t current_leader_epoch)
{
    int32_t epoch = r->partition.order.leader_epoch;
    if (current_leader_epoch != -1 && current_leader_epoch < epoch)
        return REPLICA_FENCED_EPOCH;
    if (current_leader_epoch > epoch)
        return REPLICA_UNKNOWN_EPOCH;
    return partition_leads(&r->partition) ? REPLICA_OK : REPLICA_NOT_LEADER;
}

static enum replica_result outcome_result(enum log_outcome outcome)
{
    switch (outcome) {
    case LOG_OK:
        return REPLICA_OK;
    case LOG_OUT_OF_RANGE:
        return REPLICA_OUT_OF_RANGE;
    case LOG_CORRUPT:
        return REPLICA_CORRUPT;
    default:
        return REPLICA_STORAGE;
    }
}

static bool is_damage(enum log_outcome outcome)
{
    return outcome == LOG_CORRUPT || outcome == LOG_MISSING;
}

static void fill_offsets(const struct replica *r, struct fetch_waiter *w)
{
    w->high_watermark = r->partition.high_watermark;
    w->stable_offset = replica_stable_offset(r);
    w->log_start = log_start(r->log);
}

/* What a read brought is the client's only if this replica led all the while: what lies below the
 * high watermark never changes after. */
static void read_ended(struct replica *r, struct fetch_waiter *w)
{
    enum replica_result result = outcome_result(w->read.outcome);
    if (is_damage(w->read.outcome))
        replica_damaged(r);
    if (!partition_leads(&r->partition)) {
        log_read_reset(&w->read);
        result = REPLICA_NOT_LEADER;
    }
    finish(r->host, w, result);
}

static void read_done(struct log_read *read)
{
    struct fetch_waiter *w = CONTAINER_OF(read, struct fetch_waiter, read);
    struct replica *r = w->replica;
    r->reads--;
    r->host->reads--;
    read_ended(r, w);
    replica_free_if_dead(r);
}

/* Reads from the waiter's offset; false when there is nothing to read and it may wait. */
static bool try_read(struct replica *r, struct fetch_waiter *w)
{
    fill_offsets(r, w);
    int64_t bound = w->committed ? w->stable_offset : w->high_watermark;
    if (w->offset >= bound)
        return !w->wait;
    w->read.offset = w->offset;
    w->read.bound = bound;
    w->read.size_max = w->size_max;
    w->read.first_whole = w->first_whole;
    w->read.done = read_done;
    if (log_read(r->log, &w->read)) {
        read_ended(r, w);
    } else {
        w->place = FETCH_READS;
        r->reads++;
        r->host->reads++;
    }
    return true;
}

void fetch_wake(struct replica *r)
{
    struct fetch_waiter *next;
    for (struct fetch_waiter *w = r->fetches; w; w = next) {
        next = w->next;
        fill_offsets(r, w);
        if (w->offset < (w->committed ? w->stable_offset : w->high_watermark)) {
            fetch_remove(w);
            (void)try_read(r, w);
        }
    }
}

void fetch_fail(struct replica *r, enum replica_result why)
{
    while (r->fetches) {
        struct fetch_waiter *w = r->fetches;
        fetch_remove(w);
        finish(r->host, w, why);
    }
}

/* Where an epoch ends, as the leader tells clients. Its own epoch started when it took over, even
 * when nothing was written in it yet; one from before all that is held ended where that starts. */
static void leader_epoch_end(const struct replica *r, int32_t epoch, int32_t *ret_epoch,
                             int64_t *ret_end)
{
    int32_t last = log_last_epoch(r->log), current = r->partition.order.leader_epoch;
    *ret_epoch = -1;
    *ret_end = -1;
    if (epoch == -1 || epoch > current)
        return;
    if (epoch < last) {
        log_epoch_end(r->log, epoch, ret_epoch, ret_end);
        return;
    }
    *ret_epoch = epoch == current || last < 0 ? epoch : last;
    *ret_end = log_end(r->log);
}

/* KIP-595's check, as a follower's or a client's fetch may ask for it: does what it has read end
 * where ours does? */
static enum replica_result check_divergence(const struct replica *r, struct fetch_waiter *w)
{
    int32_t epoch;
    int64_t end;
    if (w->last_fetched_epoch < 0)
        return REPLICA_OK;
    leader_epoch_end(r, w->last_fetched_epoch, &epoch, &end);
    if (epoch == -1)
        return REPLICA_OUT_OF_RANGE;
    if (epoch == w->last_fetched_epoch && end >= w->offset)
        return REPLICA_OK;
    w->diverging = true;
    w->diverging_epoch = epoch;
    w->diverging_end = end;
    return REPLICA_OK;
}

static enum replica_result check_fetch(struct replica *r, struct fetch_waiter *w)
{
    enum replica_result result = check_epoch(r, w->current_leader_epoch);
    if (result != REPLICA_OK)
        return result;
    fill_offsets(r, w);
    result = check_divergence(r, w);
    if (result != REPLICA_OK || w->diverging)
        return result;
    if (w->offset < w->log_start || w->offset > log_end(r->log))
        return REPLICA_OUT_OF_RANGE;
    return REPLICA_OK;
}

void replica_host_fetch(struct replica_host *h, struct fetch_waiter *w)
{
    struct replica *r = host_find(h, w->id);
    w->high_watermark = w->stable_offset = w->log_start = -1;
    w->diverging = false;
    w->diverging_epoch = -1;
    w->diverging_end = -1;
    w->host = h;
    w->replica = r;
    w->read = (struct log_read){0};
    enum replica_result result = REPLICA_UNKNOWN;
    if (h->stopping)
        result = REPLICA_NOT_LEADER;
    else if (r && r->partition.ordered)
        result = check_fetch(r, w);
    if (result != REPLICA_OK || w->diverging) {
        finish(h, w, result);
    } else if (!try_read(r, w)) {
        w->place = FETCH_WAITS;
        fetch_put(&r->fetches, w);
    } else if (w->place == FETCH_NOWHERE) {
        finish(h, w, REPLICA_OK);
    }
}

void replica_host_fetch_cancel(struct replica_host *h, struct fetch_waiter *w)
{
    if (w->place != FETCH_WAITS)
        return; /* on its way already */
    fetch_remove(w);
    fill_offsets(w->replica, w);
    finish(h, w, REPLICA_OK);
}

/* ---- offsets ---- */

static void offset_finish(struct replica_host *h, struct offset_query *q,
                          enum replica_result result, int64_t offset, int32_t epoch)
{
    q->result = result;
    q->ret_offset = offset;
    q->ret_timestamp = -1;
    q->ret_epoch = epoch;
    q->next = NULL;
    *h->offsets_last = q;
    h->offsets_last = &q->next;
    host_turn_soon(h);
}

static void time_found(struct log_time_query *time)
{
    struct offset_query *q = CONTAINER_OF(time, struct offset_query, time);
    struct replica *r = host_find(q->host, q->id);
    q->host->reads--;
    /* As with a read: it may have been cut meanwhile. */
    if (!r || !partition_leads(&r->partition)) {
        offset_finish(q->host, q, REPLICA_NOT_LEADER, -1, -1);
        return;
    }
    if (is_damage(time->outcome))
        replica_damaged(r);
    offset_finish(q->host, q, outcome_result(time->outcome), time->ret_offset, time->ret_epoch);
    q->ret_timestamp = time->ret_timestamp;
}

/* Of the first record there is, or would be. */
static int32_t first_epoch(const struct replica *r)
{
    int32_t epoch = log_epoch_at(r->log, log_start(r->log));
    return log_last_epoch(r->log) < 0 ? r->partition.order.leader_epoch : epoch;
}

void replica_host_find_offset(struct replica_host *h, struct offset_query *q)
{
    struct replica *r = host_find(h, q->id);
    q->host = h;
    enum replica_result result = REPLICA_UNKNOWN;
    if (r && r->partition.ordered)
        result = check_epoch(r, q->current_leader_epoch);
    if (h->stopping)
        result = REPLICA_NOT_LEADER;
    if (result != REPLICA_OK) {
        offset_finish(h, q, result, -1, -1);
    } else if (q->timestamp == OFFSET_EARLIEST) {
        offset_finish(h, q, REPLICA_OK, log_start(r->log), first_epoch(r));
    } else if (!partition_latest_available(&r->partition)) {
        offset_finish(h, q, REPLICA_NOT_AVAILABLE, -1, -1);
    } else if (q->timestamp == OFFSET_LATEST) {
        int64_t end = q->committed ? replica_stable_offset(r) : r->partition.high_watermark;
        offset_finish(h, q, REPLICA_OK, end, r->partition.order.leader_epoch);
    } else {
        q->time = (struct log_time_query){.timestamp = q->timestamp,
                                          .bound = q->committed ? replica_stable_offset(r)
                                                                : r->partition.high_watermark,
                                          .max_timestamp = q->timestamp == OFFSET_MAX_TIMESTAMP,
                                          .done = time_found};
        h->reads++;
        log_find_time(r->log, &q->time);
    }
}

enum replica_result replica_host_epoch_end(const struct replica_host *h, struct partition_id id,
                                           int32_t current_leader_epoch, int32_t epoch,
                                           int32_t *ret_epoch, int64_t *ret_end)
{
    const struct replica *r = host_find(h, id);
    *ret_epoch = -1;
    *ret_end = -1;
    if (!r || !r->partition.ordered)
        return REPLICA_UNKNOWN;
    enum replica_result result = check_epoch(r, current_leader_epoch);
    if (result == REPLICA_OK)
        leader_epoch_end(r, epoch, ret_epoch, ret_end);
    return result;
}
