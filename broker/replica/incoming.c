/* SPDX-License-Identifier: Apache-2.0 */
/* Streams from leaders. A push frame is read into one buffer; the log keeps pieces of it until they
 * are in place. States, acknowledgements and refusals of one turn leave together. */
#include <stdlib.h>

#include "broker/replica/replica_internal.h"
#include "common/memory.h"
#include "proto/record_batch.h"

static struct incoming *incoming_from(struct link *l)
{
    return CONTAINER_OF(l, struct incoming, link);
}

struct incoming *incoming_of(struct replica *r, struct cluster_member from)
{
    struct incoming *in = r->host->hearing ? r->host->hearing : r->in;
    if (!in || in->catch_up || in->link.peer.incarnation != from.incarnation ||
        in->link.peer.broker != from.broker)
        in = r->in;
    if (!in || in->link.peer.incarnation != from.incarnation || in->link.peer.broker != from.broker)
        return NULL;
    return in;
}

/* ---- what is said ---- */

void incoming_say_state(struct incoming *in, const struct cluster_replica_state *state)
{
    in->states = xgrow(in->states, &in->state_capacity, in->state_count + 1u, sizeof *state);
    in->states[in->state_count++] = *state;
    host_turn_soon(in->host);
}

void incoming_say_ack(struct incoming *in, const struct cluster_ack *ack)
{
    in->acks = xgrow(in->acks, &in->ack_capacity, in->ack_count + 1u, sizeof *ack);
    in->acks[in->ack_count++] = *ack;
    host_turn_soon(in->host);
}

void incoming_say_refuse(struct incoming *in, const struct cluster_refuse *refuse)
{
    in->refuses = xgrow(in->refuses, &in->refuse_capacity, in->refuse_count + 1u, sizeof *refuse);
    in->refuses[in->refuse_count++] = *refuse;
    host_turn_soon(in->host);
}

static void say_gathered(struct incoming *in)
{
    struct cluster_message m = {0};
    if (in->state_count > 0) {
        m.kind = CLUSTER_KIND_REPLICA_STATES;
        m.u.states.count = in->state_count;
        m.u.states.items = in->states;
        link_say(&in->link, &m);
    }
    if (in->ack_count > 0) {
        m.kind = CLUSTER_KIND_ACKS;
        m.u.acks.count = in->ack_count;
        m.u.acks.items = in->acks;
        link_say(&in->link, &m);
    }
    if (in->refuse_count > 0) {
        m.kind = CLUSTER_KIND_REFUSES;
        m.u.refuses.count = in->refuse_count;
        m.u.refuses.items = in->refuses;
        link_say(&in->link, &m);
    }
    in->state_count = in->ack_count = in->refuse_count = 0;
    link_flush(&in->link, NULL, 0);
}

void incoming_turn(struct incoming *in)
{
    say_gathered(in);
    if (!host_is_full(in->host))
        link_resume(&in->link);
}

/* ---- what is heard ---- */

static void hear_open(struct incoming *in, const struct cluster_replica_open *open)
{
    struct replica *r = host_find(in->host, open->id);
    if (!r) {
        struct cluster_refuse refuse = {open->id, open->leader_epoch, open->session,
                                        CLUSTER_REFUSED_NOT_REPLICA};
        incoming_say_refuse(in, &refuse);
        return;
    }
    struct partition_event e;
    e.kind = PARTITION_EV_OPEN;
    e.from = in->link.peer;
    e.u.open = *open;
    replica_step(r, &e);
    /* Only an open that counts moves the stream: an older connection of the same leader may still
     * deliver what the newer one has overtaken. */
    const struct partition *p = &r->partition;
    uint64_t here = in->link.peer.incarnation;
    bool counts = p->stream_from.incarnation == here && p->stream_session == open->session &&
                  p->order.leader_epoch == open->leader_epoch;
    bool early = p->early_from.incarnation == here && p->early_open.session == open->session &&
                 p->early_open.leader_epoch == open->leader_epoch;
    if (counts || early)
        r->in = in;
}

static void hear_diverge(struct incoming *in, const struct cluster_diverge *diverge)
{
    struct replica *r = host_find(in->host, diverge->id);
    if (!r)
        return;
    struct partition_event e;
    e.kind = PARTITION_EV_DIVERGE;
    e.from = in->link.peer;
    e.u.diverge = *diverge;
    replica_epoch_end(r, diverge->epoch, &e.own_epoch, &e.own_end);
    replica_step(r, &e);
}

static void hear_reset(struct incoming *in, const struct cluster_reset *reset)
{
    struct replica *r = host_find(in->host, reset->id);
    if (!r)
        return;
    struct partition_event e;
    e.kind = PARTITION_EV_RESET;
    e.from = in->link.peer;
    e.u.reset = *reset;
    replica_step(r, &e);
}

/* One batch of a push: whole, undamaged, following on, of an epoch that this leader may have. NULL
 * when it was appended, else what is wrong. */
static const char *append_batch(struct replica *r, const struct cluster_push *push,
                                const struct record_batch *batch, const struct piece *piece)
{
    if (!record_batch_crc_ok(batch))
        return "a batch with a bad checksum";
    if (batch->base_offset != log_end(r->log))
        return "a batch that does not follow on";
    if (batch->leader_epoch > push->leader_epoch || batch->leader_epoch < log_last_epoch(r->log))
        return "a batch of an impossible leader epoch";
    struct log_place place;
    switch (log_append_follower(r->log, piece, &place)) {
    case LOG_OK:
        return NULL;
    case LOG_FULL:
        return "no space for what the leader pushes";
    default:
        return "the log does not take what the leader pushes";
    }
}

static const char *append_push(struct replica *r, const struct cluster_push *push, struct buf *buf,
                               uint32_t pos)
{
    struct view rest = {buf->data + pos, push->size};
    while (rest.size > 0) {
        struct record_batch batch;
        const uint8_t *at = rest.base;
        if (record_batch_next(&rest, &batch) != 0)
            return "bytes that are no batch";
        struct piece piece = {.buf = buf, .pos = (uint64_t)(at - buf->data), .size = batch.size};
        const char *wrong = append_batch(r, push, &batch, &piece);
        if (wrong)
            return wrong;
    }
    return NULL;
}

static void hear_push(struct incoming *in, const struct cluster_push *push, struct buf *buf,
                      uint32_t pos)
{
    struct replica *r = host_find(in->host, push->id);
    if (!r || !r->log)
        return;
    struct partition_event e;
    e.kind = PARTITION_EV_PUSH;
    e.from = in->link.peer;
    e.u.push = *push;
    if (!replica_step_push(r, &e))
        return;
    const char *wrong = append_push(r, push, buf, pos);
    replica_log_moved(r);
    if (!wrong)
        return;
    say_limited(in->host->reactor, &in->host->say_push, SAY_WARN, "replica",
                "broker %d pushed to %s-%d: %s", in->link.peer.broker, replica_topic_name(r),
                push->id.number, wrong);
    link_close(&in->link, wrong); /* the leader opens everything again, a little later */
}

static void incoming_heard(struct link *l, const struct cluster_message *m, struct buf *buf,
                           uint32_t pos)
{
    struct incoming *in = incoming_from(l);
    in->host->hearing = in;
    if (m->kind == CLUSTER_KIND_PUSHES) {
        uint32_t at = pos + m->u.pushes.bytes_pos;
        for (uint32_t i = 0; i < m->u.pushes.count && link_is_open(l); i++) {
            hear_push(in, &m->u.pushes.items[i], buf, at);
            at += m->u.pushes.items[i].size;
        }
    } else if (in->catch_up) {
        link_close(l, "a frame that does not belong on a catch-up stream");
    } else if (m->kind == CLUSTER_KIND_REPLICA_OPENS) {
        for (uint32_t i = 0; i < m->u.opens.count; i++)
            hear_open(in, &m->u.opens.items[i]);
    } else if (m->kind == CLUSTER_KIND_DIVERGES) {
        for (uint32_t i = 0; i < m->u.diverges.count; i++)
            hear_diverge(in, &m->u.diverges.items[i]);
    } else if (m->kind == CLUSTER_KIND_RESETS) {
        for (uint32_t i = 0; i < m->u.resets.count; i++)
            hear_reset(in, &m->u.resets.items[i]);
    } else {
        link_close(l, "a frame that leaders do not send");
    }
    in->host->hearing = NULL;
}

/* ---- life ---- */

static void incoming_ready(struct link *l)
{
    (void)l; /* the leader speaks first */
}

static void incoming_before_pong(struct link *l)
{
    say_gathered(incoming_from(l));
}

static bool incoming_full(struct link *l)
{
    return host_is_full(incoming_from(l)->host);
}

static void leave_partitions(struct incoming *in)
{
    struct map_entry entry;
    for (uint32_t at = 0; map_next(&in->host->replicas, &at, &entry);) {
        struct replica *r = entry.value;
        if (r->in != in)
            continue;
        r->in = NULL;
        struct partition_event e;
        e.kind = PARTITION_EV_LEADER_DOWN;
        e.from = in->link.peer;
        replica_step(r, &e);
    }
}

static void incoming_closed(struct link *l)
{
    struct incoming *in = incoming_from(l);
    struct replica_host *h = in->host;
    struct incoming **at = &h->incoming;
    leave_partitions(in);
    if (l->why)
        say_limited(h->reactor, &h->say_link, SAY_WARN, "replica",
                    "replication stream from broker %d closed: %s", l->peer.broker, l->why);
    while (*at != in)
        at = &(*at)->next;
    *at = in->next;
    free(in->states);
    free(in->acks);
    free(in->refuses);
    free(in);
    host_turn_soon(h);
}

static const struct link_calls incoming_calls = {.ready = incoming_ready,
                                                 .heard = incoming_heard,
                                                 .full = incoming_full,
                                                 .before_pong = incoming_before_pong,
                                                 .closed = incoming_closed};

void replica_host_incoming_accept(struct replica_host *h, token connection,
                                  const struct cluster_open *open)
{
    if (h->stopping) {
        h->reactor->env.ops->net_close(h->reactor->env.world, connection, false);
        return;
    }
    struct incoming *in = xcalloc(1, sizeof *in);
    in->host = h;
    in->catch_up = open->purpose == CLUSTER_PURPOSE_CATCH_UP;
    in->next = h->incoming;
    h->incoming = in;
    link_accept(&in->link, h->reactor, &incoming_calls, &h->identity, h->config.stream, connection,
                open);
}

void incoming_tick(struct incoming *in)
{
    uint64_t now = in->host->reactor->now_ns;
    uint64_t quiet_ms = (now - in->link.heard_ns) / 1000000;
    uint64_t ping_ms = (uint64_t)in->host->config.silence_ms / 4;
    if (!host_is_full(in->host))
        link_resume(&in->link);
    /* What waits unread may be a ping: without a word from us the leader would take us for dead. */
    if (in->link.held && quiet_ms > ping_ms && now - in->pinged_ns > ping_ms * 1000000) {
        in->pinged_ns = now;
        link_ping(&in->link);
    }
    if (quiet_ms > INCOMING_IDLE_MS && !in->link.held)
        link_close(&in->link, "silent for too long");
}

void incoming_close_all(struct replica_host *h, const char *why)
{
    for (struct incoming *in = h->incoming; in; in = in->next)
        link_close(&in->link, why);
}
