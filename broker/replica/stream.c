/* SPDX-License-Identifier: Apache-2.0 */
/* Streams to followers: one live and one catch-up connection for each follower's shard. They are
 * kept for as long as the follower's process stands, connected again with back-off, and watched:
 * one that is silent in spite of pings makes its follower silent to every partition. */
#include <stdlib.h>

#include "broker/replica/replica_internal.h"
#include "common/memory.h"

#define GREETING_MS 3000 /* from connecting to ready */
#define SILENT_CLOSE_MS 10000

static uint64_t ms_since(const struct stream *s, uint64_t then_ns)
{
    uint64_t now = s->host->reactor->now_ns;
    return now > then_ns ? (now - then_ns) / 1000000 : 0;
}

/* ---- which partitions a stream concerns ---- */

static bool concerns(const struct stream *s, const struct replica *r)
{
    if (!partition_leads(&r->partition) ||
        partition_shard(r->id, s->broker->shard_count) != s->shard)
        return false;
    for (uint32_t i = 0; i < r->partition.peer_count; i++)
        if (r->partition.peers[i].broker == s->broker->broker)
            return true;
    return false;
}

static void tell_partitions(struct stream *s, enum partition_event_kind kind)
{
    struct map_entry entry;
    for (uint32_t at = 0; map_next(&s->host->replicas, &at, &entry);) {
        struct replica *r = entry.value;
        if (!concerns(s, r))
            continue;
        struct partition_event e;
        e.kind = kind;
        e.from = s->link.peer;
        replica_step(r, &e);
    }
}

static void go_on_feeds(struct stream *s)
{
    struct map_entry entry;
    for (uint32_t at = 0; map_next(&s->host->replicas, &at, &entry);) {
        struct replica *r = entry.value;
        struct feed *f = concerns(s, r) ? feed_find(r, s->broker->broker) : NULL;
        if (f && f->mode != FEED_OFF)
            feed_go_on(f);
    }
}

/* What went by a catch-up connection that broke may be lost: those partitions start over. */
static void reopen_feeds(struct stream *s)
{
    struct map_entry entry;
    for (uint32_t at = 0; map_next(&s->host->replicas, &at, &entry);) {
        struct replica *r = entry.value;
        struct feed *f = concerns(s, r) ? feed_find(r, s->broker->broker) : NULL;
        if (!f || (f->mode != FEED_BEHIND && f->mode != FEED_JOINING))
            continue;
        struct partition_event e;
        e.kind = PARTITION_EV_STREAM_REOPEN;
        e.from = f->to;
        replica_step(r, &e);
    }
}

/* ---- the link's calls ---- */

static struct stream *stream_of(struct link *l)
{
    return CONTAINER_OF(l, struct stream, link);
}

static void stream_ready(struct link *l)
{
    struct stream *s = stream_of(l);
    if (l->peer.incarnation != s->broker->member.incarnation ||
        l->peer_shard_count != s->broker->shard_count) {
        link_close(l, "another process than the one known answers");
        return;
    }
    s->was_ready = true;
    s->silent = s->held = false;
    s->held_ns = 0;
    s->retry_ms = RECONNECT_MS;
    if (s->catch_up)
        go_on_feeds(s);
    else
        tell_partitions(s, PARTITION_EV_STREAM_UP);
}

static void hear_ack(struct stream *s, const struct cluster_ack *ack)
{
    struct replica *r = host_find(s->host, ack->id);
    if (!r)
        return;
    struct partition_event e;
    e.kind = PARTITION_EV_ACK;
    e.from = s->link.peer;
    e.u.ack = *ack;
    replica_step(r, &e);
    struct feed *f = feed_find(r, s->link.peer.broker);
    if (f && f->live == s)
        feed_acked(f, ack);
}

static void hear_state(struct stream *s, const struct cluster_replica_state *state)
{
    struct replica *r = host_find(s->host, state->id);
    if (!r)
        return;
    struct partition_event e;
    e.kind = PARTITION_EV_STATE;
    e.from = s->link.peer;
    e.u.state = *state;
    replica_epoch_end(r, state->last_epoch, &e.own_epoch, &e.own_end);
    replica_step(r, &e);
}

static void hear_refuse(struct stream *s, const struct cluster_refuse *refuse)
{
    struct replica *r = host_find(s->host, refuse->id);
    if (!r)
        return;
    struct partition_event e;
    e.kind = PARTITION_EV_REFUSE;
    e.from = s->link.peer;
    e.u.refuse = *refuse;
    replica_step(r, &e);
}

static void stream_heard(struct link *l, const struct cluster_message *m, struct buf *buf,
                         uint32_t pos)
{
    struct stream *s = stream_of(l);
    (void)buf;
    (void)pos;
    if (s->dying)
        return;
    if (m->kind == CLUSTER_KIND_ACKS)
        for (uint32_t i = 0; i < m->u.acks.count; i++)
            hear_ack(s, &m->u.acks.items[i]);
    else if (m->kind == CLUSTER_KIND_REPLICA_STATES)
        for (uint32_t i = 0; i < m->u.states.count; i++)
            hear_state(s, &m->u.states.items[i]);
    else if (m->kind == CLUSTER_KIND_REFUSES)
        for (uint32_t i = 0; i < m->u.refuses.count; i++)
            hear_refuse(s, &m->u.refuses.items[i]);
    else
        link_close(l, "a frame that followers do not send");
}

static void stream_ponged(struct link *l)
{
    struct stream *s = stream_of(l);
    if (!s->doubt_ping || l->pong_number < s->doubt_ping)
        return;
    s->doubt_settled = s->doubt_pinged;
    s->doubt_ping = 0;
    host_turn_soon(s->host);
}

/* Followers ping only while they read nothing, because their memory is full. */
static void stream_pinged(struct link *l)
{
    struct stream *s = stream_of(l);
    uint64_t now_ns = s->host->reactor->now_ns;
    if (!s->held_ns || ms_since(s, s->held_ns) > (uint64_t)s->host->config.silence_ms / 2)
        s->held_since_ns = now_ns;
    s->held_ns = now_ns;
}

static bool never_full(struct link *l)
{
    (void)l;
    return false;
}

static void stream_free(struct stream *s)
{
    struct replica_host *h = s->host;
    for (size_t i = 0; i < h->stream_count; i++) {
        if (h->streams[i] == s) {
            memmove(&h->streams[i], &h->streams[i + 1],
                    (h->stream_count - i - 1) * sizeof *h->streams);
            h->stream_count--;
            break;
        }
    }
    free(s->opens);
    free(s->diverges);
    free(s->resets);
    free(s);
}

static void stream_closed(struct link *l)
{
    struct stream *s = stream_of(l);
    struct replica_host *h = s->host;
    bool was_ready = s->was_ready;
    s->was_ready = false;
    s->open_count = s->diverge_count = s->reset_count = 0;
    s->doubt_wanted = s->doubt_settled; /* its partitions are not in touch: that answers them */
    s->doubt_ping = 0;
    host_turn_soon(h);
    if (s->dying) {
        stream_free(s);
        return;
    }
    if (was_ready && l->why)
        say_limited(h->reactor, &h->say_link, SAY_WARN, "replica",
                    "replication stream to broker %d closed: %s", s->broker->broker, l->why);
    s->retry_ns = h->reactor->now_ns + s->retry_ms * 1000000;
    s->retry_ms = s->retry_ms * 2 < RECONNECT_MS_MAX ? s->retry_ms * 2 : RECONNECT_MS_MAX;
    if (was_ready && s->catch_up)
        reopen_feeds(s);
    else if (was_ready)
        tell_partitions(s, PARTITION_EV_STREAM_DOWN);
}

static const struct link_calls stream_calls = {.ready = stream_ready,
                                               .heard = stream_heard,
                                               .full = never_full,
                                               .before_pong = stream_pinged,
                                               .ponged = stream_ponged,
                                               .closed = stream_closed};

/* ---- life ---- */

static void connect_now(struct stream *s)
{
    struct replica_host *h = s->host;
    if (h->stopping || !s->wanted || !s->broker->has_addr || s->link.state != LINK_CLOSED)
        return;
    s->started_ns = h->reactor->now_ns;
    s->link.open.purpose = s->catch_up ? CLUSTER_PURPOSE_CATCH_UP : CLUSTER_PURPOSE_LIVE;
    s->link.open.target_shard = s->shard;
    s->link.open.target_broker = s->broker->broker;
    link_connect(&s->link, h->reactor, &stream_calls, &h->identity, h->config.stream,
                 &s->broker->addr);
}

struct stream *stream_get(struct replica_host *h, int32_t broker, struct partition_id id,
                          bool catch_up)
{
    struct host_broker *b = map_get(&h->brokers, MAP_KEY(broker));
    if (!b || !b->known || b->shard_count == 0)
        return NULL;
    unsigned shard = partition_shard(id, b->shard_count);
    struct stream ***list = catch_up ? &b->catch_up : &b->live;
    if (!*list)
        *list = xcalloc(b->shard_count, sizeof **list);
    if ((*list)[shard])
        return (*list)[shard];
    struct stream *s = xcalloc(1, sizeof *s);
    s->host = h;
    s->broker = b;
    s->shard = shard;
    s->catch_up = catch_up;
    s->retry_ms = RECONNECT_MS;
    s->listed_last = &s->listed_first;
    (*list)[shard] = s;
    h->streams = xgrow(h->streams, &h->stream_capacity, h->stream_count + 1, sizeof *h->streams);
    h->streams[h->stream_count++] = s;
    return s;
}

void stream_want(struct stream *s)
{
    s->wanted = true;
    if (s->host->reactor->now_ns >= s->retry_ns)
        connect_now(s);
}

static void let_go(struct stream *s, const char *why)
{
    s->dying = true;
    if (s->link.state == LINK_CLOSED)
        stream_free(s);
    else
        link_close(&s->link, why);
}

void streams_drop_broker(struct host_broker *b)
{
    for (uint32_t i = 0; i < b->shard_count; i++) {
        if (b->live && b->live[i])
            let_go(b->live[i], "the broker is another process now");
        if (b->catch_up && b->catch_up[i])
            let_go(b->catch_up[i], "the broker is another process now");
    }
    free(b->live);
    free(b->catch_up);
    b->live = b->catch_up = NULL;
}

void streams_close_all(struct replica_host *h, const char *why)
{
    for (size_t i = 0; i < h->stream_count; i++)
        link_close(&h->streams[i]->link, why);
}

void streams_free(struct replica_host *h)
{
    while (h->stream_count > 0)
        stream_free(h->streams[h->stream_count - 1]);
    free(h->streams);
}

/* The follower of a live stream is mute, or takes nothing, or neither: every partition hears it. */
static void tell_condition(struct stream *s, uint64_t quiet)
{
    uint64_t silence = (uint64_t)s->host->config.silence_ms;
    bool silent = quiet > silence;
    bool held = s->held_ns && ms_since(s, s->held_ns) <= silence / 2 &&
                ms_since(s, s->held_since_ns) > silence / 2;
    if (silent == s->silent && held == s->held)
        return;
    s->silent = silent;
    s->held = held;
    if (s->catch_up)
        return;
    tell_partitions(s, silent ? PARTITION_EV_STREAM_SILENT
                              : (held ? PARTITION_EV_STREAM_HELD : PARTITION_EV_STREAM_HEARD));
}

void stream_tick(struct stream *s)
{
    struct replica_host *h = s->host;
    uint64_t silence = (uint64_t)h->config.silence_ms;
    if (s->link.state == LINK_CLOSED) {
        if (h->reactor->now_ns >= s->retry_ns)
            connect_now(s);
        return;
    }
    if (s->link.state != LINK_READY) {
        if (ms_since(s, s->started_ns) > GREETING_MS)
            link_close(&s->link, "no answer");
        return;
    }
    if (s->starved && s->link.bytes_left <= STREAM_LIVE_BYTES) {
        s->starved = false;
        go_on_feeds(s);
    }
    uint64_t quiet = ms_since(s, s->link.heard_ns);
    tell_condition(s, quiet);
    if (quiet > SILENT_CLOSE_MS)
        link_close(&s->link, "silent for too long");
    else if (quiet > silence / 4 && ms_since(s, s->pinged_ns) > silence / 4) {
        s->pinged_ns = h->reactor->now_ns;
        link_ping(&s->link);
    }
}

/* ---- what is said at the turn's end ---- */

void stream_list(struct stream *s, struct feed *f)
{
    if (f->listed)
        return;
    f->listed = true;
    f->next_listed = NULL;
    *s->listed_last = f;
    s->listed_last = &f->next_listed;
    host_turn_soon(s->host);
}

void stream_say_open(struct stream *s, const struct cluster_replica_open *open)
{
    s->opens = xgrow(s->opens, &s->open_capacity, s->open_count + 1u, sizeof *open);
    s->opens[s->open_count++] = *open;
    host_turn_soon(s->host);
}

void stream_say_diverge(struct stream *s, const struct cluster_diverge *diverge)
{
    s->diverges = xgrow(s->diverges, &s->diverge_capacity, s->diverge_count + 1u, sizeof *diverge);
    s->diverges[s->diverge_count++] = *diverge;
    host_turn_soon(s->host);
}

void stream_say_reset(struct stream *s, const struct cluster_reset *reset)
{
    s->resets = xgrow(s->resets, &s->reset_capacity, s->reset_count + 1u, sizeof *reset);
    s->resets[s->reset_count++] = *reset;
    host_turn_soon(s->host);
}

static void say_gathered(struct stream *s)
{
    struct cluster_message m = {0};
    if (s->open_count > 0) {
        m.kind = CLUSTER_KIND_REPLICA_OPENS;
        m.u.opens.count = s->open_count;
        m.u.opens.items = s->opens;
        link_say(&s->link, &m);
    }
    if (s->diverge_count > 0) {
        m.kind = CLUSTER_KIND_DIVERGES;
        m.u.diverges.count = s->diverge_count;
        m.u.diverges.items = s->diverges;
        link_say(&s->link, &m);
    }
    if (s->reset_count > 0) {
        m.kind = CLUSTER_KIND_RESETS;
        m.u.resets.count = s->reset_count;
        m.u.resets.items = s->resets;
        link_say(&s->link, &m);
    }
    s->open_count = s->diverge_count = s->reset_count = 0;
    link_flush(&s->link, NULL, 0);
}

void stream_doubt(struct stream *s, uint64_t doubt)
{
    s->doubt_wanted = doubt;
    host_turn_soon(s->host);
}

/* After all that was listed. One at a time: doubts that come meanwhile go with the next. */
static void ask_doubts(struct stream *s)
{
    if (s->doubt_ping || s->doubt_wanted <= s->doubt_settled)
        return;
    link_ping(&s->link);
    s->doubt_ping = s->link.ping_number;
    s->doubt_pinged = s->doubt_wanted;
}

struct push_frame {
    uint32_t push_count, piece_count;
    uint64_t size;
};

/* Moves what fits of the feed into the frame; true when all of it did. */
static bool add_feed(struct replica_host *h, struct feed *f, struct push_frame *frame)
{
    const struct partition *p = &f->replica->partition;
    h->pushes = xgrow(h->pushes, &h->push_capacity, frame->push_count + 1u, sizeof *h->pushes);
    struct cluster_push *push = &h->pushes[frame->push_count];
    *push = (struct cluster_push){.id = f->replica->id,
                                  .leader_epoch = p->order.leader_epoch,
                                  .session = f->session,
                                  .high_watermark = p->high_watermark,
                                  .leader_start = p->log.start,
                                  .base = f->acked};
    while (f->mode == FEED_LIVE && f->queue_count > 0 && frame->size < STREAM_FRAME_BYTES &&
           frame->piece_count < STREAM_FRAME_PIECES) {
        struct feed_batch *b = &f->queue[f->queue_first];
        if (push->size == 0)
            push->base = b->base;
        h->pieces[frame->piece_count++] = b->piece; /* with the queue's reference */
        push->size += b->piece.size;
        frame->size += b->piece.size;
        f->live->queued_bytes -= b->piece.size;
        f->next = b->end;
        f->queue_first = (f->queue_first + 1) % f->queue_capacity;
        f->queue_count--;
    }
    if (push->size > 0 || f->marks) {
        frame->push_count++;
        f->marks = false;
    }
    return f->mode != FEED_LIVE || f->queue_count == 0;
}

static void send_frame(struct stream *s, const struct push_frame *frame)
{
    struct replica_host *h = s->host;
    struct cluster_message m = {.kind = CLUSTER_KIND_PUSHES};
    m.u.pushes.count = frame->push_count;
    m.u.pushes.items = h->pushes;
    if (frame->push_count > 0) {
        link_say(&s->link, &m);
        link_flush(&s->link, h->pieces, frame->piece_count);
    }
    for (uint32_t i = 0; i < frame->piece_count; i++)
        buf_unref(h->pieces[i].buf);
}

void stream_turn(struct stream *s)
{
    if (!stream_is_ready(s))
        return;
    say_gathered(s);
    while (s->listed_first) {
        struct push_frame frame = {0};
        while (s->listed_first && frame.size < STREAM_FRAME_BYTES &&
               frame.piece_count < STREAM_FRAME_PIECES && frame.push_count < STREAM_FRAME_PIECES) {
            struct feed *f = s->listed_first;
            if (!add_feed(s->host, f, &frame))
                break;
            s->listed_first = f->next_listed;
            if (!s->listed_first)
                s->listed_last = &s->listed_first;
            f->listed = false;
        }
        send_frame(s, &frame);
    }
    ask_doubts(s);
}
