/* SPDX-License-Identifier: Apache-2.0 */
/* What one follower of one partition is pushed. Live: each batch as it is appended, a reference to
 * the buffer that it came in. A follower that does not keep up, or starts behind, gets what it
 * lacks from the log by another connection, at its own pace, so that it pins no memory.
 *
 * The two connections are not in order with each other, so a feed changes from one to the other
 * only when the follower has acknowledged everything that went by the first:
 *
 *   LIVE --overflow--> LEAVING --acked all--> BEHIND --sent all--> JOINING --acked all--> LIVE
 *
 * In JOINING new batches queue up as in LIVE, but are held; an overflow leads back to BEHIND. */
#include <stdlib.h>

#include "broker/replica/replica_internal.h"
#include "common/memory.h"

void feeds_make(struct replica *r)
{
    feeds_drop(r);
    r->feed_count = r->partition.peer_count;
    r->feeds = r->feed_count ? xcalloc(r->feed_count, sizeof *r->feeds) : NULL;
    for (uint32_t i = 0; i < r->feed_count; i++) {
        r->feeds[i].replica = r;
        r->feeds[i].to.broker = r->partition.peers[i].broker;
    }
}

struct feed *feed_find(struct replica *r, int32_t broker)
{
    for (uint32_t i = 0; i < r->feed_count; i++)
        if (r->feeds[i].to.broker == broker)
            return &r->feeds[i];
    return NULL;
}

static void drop_queue(struct feed *f)
{
    for (; f->queue_count > 0; f->queue_count--) {
        struct feed_batch *b = &f->queue[f->queue_first];
        f->live->queued_bytes -= b->piece.size;
        buf_unref(b->piece.buf);
        f->queue_first = (f->queue_first + 1) % f->queue_capacity;
    }
}

static void unlist(struct feed *f)
{
    if (!f->listed)
        return;
    struct stream *s = f->live;
    struct feed **at = &s->listed_first;
    while (*at != f)
        at = &(*at)->next_listed;
    *at = f->next_listed;
    if (!*at)
        s->listed_last = at;
    f->listed = false;
}

static void cancel_read(struct feed *f)
{
    if (!f->reading)
        return;
    log_read_reset(&f->read); /* its done is not called any more */
    f->reading = false;
    f->replica->reads--;
    f->replica->host->reads--;
}

void feed_stop(struct feed *f)
{
    if (f->mode == FEED_OFF)
        return;
    drop_queue(f);
    unlist(f);
    cancel_read(f);
    f->mode = FEED_OFF;
    f->live = NULL;
}

void feeds_drop(struct replica *r)
{
    for (uint32_t i = 0; i < r->feed_count; i++) {
        feed_stop(&r->feeds[i]);
        free(r->feeds[i].queue);
    }
    free(r->feeds);
    r->feeds = NULL;
    r->feed_count = 0;
}

void feed_start(struct feed *f, struct stream *live, struct cluster_member to, uint32_t session,
                int64_t offset)
{
    feed_stop(f);
    f->live = live;
    f->to = to;
    f->session = session;
    f->next = f->acked = offset;
    f->marks = true; /* the first push says that the logs agree, even when it is empty */
    f->mode = offset == log_end(f->replica->log) ? FEED_LIVE : FEED_BEHIND;
    stream_list(live, f);
    if (f->mode == FEED_BEHIND)
        feed_go_on(f);
}

/* ---- live ---- */

static void queue_put(struct feed *f, const struct feed_batch *batch)
{
    if (f->queue_count == f->queue_capacity) {
        uint32_t capacity = f->queue_capacity ? f->queue_capacity * 2 : 8;
        struct feed_batch *grown = xcalloc(capacity, sizeof *grown);
        for (uint32_t i = 0; i < f->queue_count; i++)
            grown[i] = f->queue[(f->queue_first + i) % f->queue_capacity];
        free(f->queue);
        f->queue = grown;
        f->queue_capacity = capacity;
        f->queue_first = 0;
    }
    f->queue[(f->queue_first + f->queue_count++) % f->queue_capacity] = *batch;
    buf_ref(batch->piece.buf);
    f->live->queued_bytes += batch->piece.size;
}

void feed_appended(struct replica *r, const struct piece *batch, int64_t base, int64_t end)
{
    struct feed_batch b = {*batch, base, end};
    for (uint32_t i = 0; i < r->feed_count; i++) {
        struct feed *f = &r->feeds[i];
        if (f->mode != FEED_LIVE && f->mode != FEED_JOINING)
            continue;
        bool room =
            f->live->queued_bytes + f->live->link.bytes_left + batch->size <= STREAM_LIVE_BYTES ||
            f->live->queued_bytes + f->live->link.bytes_left == 0;
        if (!room) {
            drop_queue(f); /* next stays where it is: at the first that was not sent */
            f->mode = f->mode == FEED_LIVE ? FEED_LEAVING : FEED_BEHIND;
            feed_go_on(f);
            continue;
        }
        queue_put(f, &b);
        if (f->mode == FEED_LIVE)
            stream_list(f->live, f);
    }
}

void feeds_mark(struct replica *r)
{
    for (uint32_t i = 0; i < r->feed_count; i++) {
        struct feed *f = &r->feeds[i];
        if (f->mode == FEED_OFF)
            continue;
        f->marks = true;
        stream_list(f->live, f);
    }
}

/* ---- catch-up ---- */

static void push_read(struct feed *f)
{
    struct stream *s = stream_get(f->replica->host, f->to.broker, f->replica->id, true);
    const struct partition *p = &f->replica->partition;
    struct cluster_push push = {.id = f->replica->id,
                                .leader_epoch = p->order.leader_epoch,
                                .session = f->session,
                                .high_watermark = p->high_watermark,
                                .leader_start = p->log.start,
                                .base = f->next,
                                .size = f->read.size};
    struct cluster_message m = {.kind = CLUSTER_KIND_PUSHES};
    m.u.pushes.count = 1;
    m.u.pushes.items = &push;
    link_say(&s->link, &m);
    link_flush(&s->link, f->read.pieces, f->read.piece_count);
    f->next = f->read.end;
    log_read_reset(&f->read);
}

static void reopen(struct feed *f)
{
    struct partition_event e;
    e.kind = PARTITION_EV_STREAM_REOPEN;
    e.from = f->to;
    replica_step(f->replica, &e);
}

static const char *why_unreadable(enum log_outcome outcome)
{
    switch (outcome) {
    case LOG_CORRUPT:
        return "damaged bytes on disk";
    case LOG_BUSY:
        return "no file descriptor is left";
    case LOG_MISSING:
        return "a segment's file is missing";
    default:
        return "the disk failed";
    }
}

/* Damaged bytes, or a disk that does not answer: tried again a good while later, as with a follower
 * that cannot follow; unless somebody else leads by then, for damaged bytes are a reason to. */
static void unreadable(struct feed *f)
{
    struct replica *r = f->replica;
    struct partition_event e;
    say_limited(r->host->reactor, &r->host->say_push, SAY_ERROR, "replica",
                "%s-%d cannot be read at offset %lld for broker %d: %s", replica_topic_name(r),
                r->id.number, (long long)f->next, f->to.broker, why_unreadable(f->read.outcome));
    if (f->read.outcome == LOG_CORRUPT || f->read.outcome == LOG_MISSING)
        replica_damaged(r);
    log_read_reset(&f->read);
    e.kind = PARTITION_EV_REFUSE;
    e.from = f->to;
    e.u.refuse = (struct cluster_refuse){r->id, r->partition.order.leader_epoch, f->session,
                                         CLUSTER_REFUSED_STOPPED};
    replica_step(r, &e);
}

static void read_ended(struct feed *f)
{
    struct stream *s = stream_get(f->replica->host, f->to.broker, f->replica->id, true);
    if (f->read.outcome == LOG_OUT_OF_RANGE || !s || !stream_is_ready(s)) {
        log_read_reset(&f->read);
        if (f->read.outcome == LOG_OUT_OF_RANGE)
            reopen(f); /* the start moved beyond it: a reset will follow */
        return;
    }
    if (f->read.outcome != LOG_OK || f->read.piece_count == 0) {
        unreadable(f);
        return;
    }
    push_read(f);
    feed_go_on(f);
}

static void read_done(struct log_read *read)
{
    struct feed *f = CONTAINER_OF(read, struct feed, read);
    f->reading = false;
    f->replica->reads--;
    f->replica->host->reads--;
    read_ended(f);
}

static bool start_read(struct feed *f)
{
    f->read = (struct log_read){.offset = f->next,
                                .bound = log_end(f->replica->log),
                                .size_max = CATCH_UP_BYTES,
                                .first_whole = true,
                                .done = read_done};
    if (log_read(f->replica->log, &f->read))
        return true;
    f->reading = true;
    f->replica->reads++;
    f->replica->host->reads++;
    return false;
}

/* One read is with the follower at a time: the next goes when it was acknowledged. */
void feed_go_on(struct feed *f)
{
    if (f->mode == FEED_LEAVING && f->acked == f->next)
        f->mode = FEED_BEHIND;
    if (f->mode == FEED_JOINING && f->acked == f->next) {
        f->mode = FEED_LIVE;
        stream_list(f->live, f);
    }
    if (f->mode != FEED_BEHIND || f->reading)
        return;
    if (f->next == log_end(f->replica->log)) {
        f->mode = FEED_JOINING;
        if (f->acked == f->next)
            feed_go_on(f);
        return;
    }
    struct stream *s = stream_get(f->replica->host, f->to.broker, f->replica->id, true);
    if (!s)
        return;
    stream_want(s);
    if (!stream_is_ready(s) || f->acked != f->next)
        return; /* goes on when it is, or with the acknowledgement */
    if (s->link.bytes_left > STREAM_LIVE_BYTES) {
        s->starved = true; /* goes on when they are sent */
        return;
    }
    if (start_read(f))
        read_ended(f);
}

void feed_acked(struct feed *f, const struct cluster_ack *ack)
{
    if (f->mode == FEED_OFF || ack->session != f->session)
        return;
    if (ack->end > f->acked && ack->end <= f->next)
        f->acked = ack->end;
    feed_go_on(f);
}
