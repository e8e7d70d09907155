/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdlib.h>

#include "common/assert.h"
#include "common/memory.h"
#include "tests/sim/sim_internal.h"

/* A connection: two ends, and between them bytes in order. Each direction holds a bounded number of
 * bytes (the window): what was sent and not yet read by the peer's program. */

/* ---- life ---- */
static void end_init(struct sim_end *end, struct sim_conn *conn, struct sim_end *peer)
{
    *end = (struct sim_end){.conn = conn, .peer = peer, .state = END_CONNECTING};
    end->in_last = &end->in_first;
    end->out_last = &end->out_first;
    end->wire_last = &end->wire_first;
}

struct sim_conn *sim_conn_new(struct sim_world *w, struct sim_host *from)
{
    struct sim_conn *conn = xcalloc(1, sizeof *conn);
    end_init(&conn->ends[0], conn, &conn->ends[1]);
    end_init(&conn->ends[1], conn, &conn->ends[0]);
    conn->world = w;
    conn->ends[0].host = from;
    conn->window =
        (uint32_t)sim_random_range(&w->random, w->weather.window_min, w->weather.window_max);
    conn->next = w->conns;
    conn->prior = &w->conns;
    if (w->conns)
        w->conns->prior = &conn->next;
    w->conns = conn;
    return conn;
}

static void segments_free(struct sim_segment *segment)
{
    while (segment) {
        struct sim_segment *next = segment->next;
        free(segment);
        segment = next;
    }
}

void sim_end_drop_buffers(struct sim_end *end)
{
    if (end->into)
        buf_unref(end->into);
    end->into = NULL;
    end->read_pending = false;
    while (end->out_first) {
        struct sim_out *out = end->out_first;
        end->out_first = out->next;
        buf_unref(out->piece.buf);
        file_unref(out->piece.file);
        free(out);
    }
    end->out_last = &end->out_first;
    end->out_size = 0;
    segments_free(end->in_first);
    end->in_first = NULL;
    end->in_last = &end->in_first;
    end->in_size = 0;
}

void sim_conn_free(struct sim_conn *conn)
{
    *conn->prior = conn->next;
    if (conn->next)
        conn->next->prior = conn->prior;
    for (int i = 0; i < 2; i++) {
        sim_end_drop_buffers(&conn->ends[i]);
        segments_free(conn->ends[i].wire_first);
    }
    free(conn);
}

struct sim_end *sim_conn_ref(struct sim_end *end)
{
    end->conn->refs++;
    return end;
}

/* References are held by pending calls, posted items and shards that know the token. */
void sim_conn_unref(struct sim_end *end)
{
    PRE(end->conn->refs > 0);
    if (--end->conn->refs == 0)
        sim_conn_free(end->conn);
}

void sim_end_post(struct sim_end *end, enum sim_net_what what)
{
    struct sim_item item = {.kind = SIM_ITEM_NET, .what = what, .end = sim_conn_ref(end)};
    sim_shard_post(end->shard, &item);
}

/* ---- the wire ---- */
bool sim_host_reaches(const struct sim_host *from, const struct sim_host *to)
{
    return to->on && !from->world->cut[from->index][to->index];
}

static void wire_arrive(void *object, uint64_t arg);

static void wire_schedule(struct sim_end *end)
{
    if (end->wire_scheduled || end->stalled || !end->wire_first)
        return;
    end->wire_scheduled = true;
    sim_world_at(end->conn->world, end->wire_first->arrive_ns, wire_arrive, sim_conn_ref(end), 0);
}

static void wire_put(struct sim_end *end, struct sim_segment *segment)
{
    struct sim_world *w = end->conn->world;
    uint64_t at_ns = w->now_ns + sim_delay_draw(w, &w->weather.net);
    segment->arrive_ns = at_ns > end->wire_last_ns ? at_ns : end->wire_last_ns;
    end->wire_last_ns = segment->arrive_ns;
    *end->wire_last = segment;
    end->wire_last = &segment->next;
    wire_schedule(end);
}

void sim_end_send_fin(struct sim_end *end)
{
    struct sim_segment *fin = xcalloc(1, sizeof *fin);
    fin->kind = SEGMENT_FIN;
    end->fin_sent = true;
    wire_put(end, fin);
}

void sim_end_send_reset(struct sim_end *end)
{
    struct sim_segment *reset = xcalloc(1, sizeof *reset);
    reset->kind = SEGMENT_RESET;
    wire_put(end, reset);
}

static void wire_give_up(void *object, uint64_t stall)
{
    struct sim_end *end = object;
    if (end->stalled && end->stall == stall)
        sim_end_reset(end);
    sim_conn_unref(end);
}

static void segment_arrives(struct sim_end *end, struct sim_segment *segment);

static void wire_arrive(void *object, uint64_t arg)
{
    struct sim_end *end = object;
    struct sim_world *w = end->conn->world;
    (void)arg;
    end->wire_scheduled = false;
    if (!end->stalled && end->wire_first) {
        if (!sim_host_reaches(end->host, end->peer->host)) {
            end->stalled = true;
            sim_world_after(w, w->weather.give_up_ns, wire_give_up, sim_conn_ref(end),
                            ++end->stall);
        } else {
            struct sim_segment *segment = end->wire_first;
            end->wire_first = segment->next;
            if (!end->wire_first)
                end->wire_last = &end->wire_first;
            segment->next = NULL;
            segment_arrives(end->peer, segment);
            wire_schedule(end);
        }
    }
    sim_conn_unref(end);
}

void sim_end_drop_wire(struct sim_end *end)
{
    segments_free(end->wire_first);
    end->wire_first = NULL;
    end->wire_last = &end->wire_first;
}

void sim_end_unstall(struct sim_end *end)
{
    struct sim_world *w = end->conn->world;
    if (end->withheld && sim_host_reaches(end->peer->host, end->host)) {
        end->in_flight -= end->withheld;
        end->withheld = 0;
        if (end->state == END_OPEN || end->state == END_CLOSING)
            sim_end_pump(end);
    }
    if (!end->stalled || !sim_host_reaches(end->host, end->peer->host))
        return;
    end->stalled = false;
    end->stall++;
    uint64_t at_ns = w->now_ns + sim_delay_draw(w, &w->weather.net);
    for (struct sim_segment *s = end->wire_first; s; s = s->next) {
        if (s->arrive_ns < at_ns)
            s->arrive_ns = at_ns;
        at_ns = s->arrive_ns;
    }
    if (end->wire_last_ns < at_ns)
        end->wire_last_ns = at_ns;
    wire_schedule(end);
}

/* ---- receiving ---- */
bool sim_end_readable(const struct sim_end *end)
{
    return end->in_size >= (end->min ? end->min : 1) || end->fin_arrived || end->reset_arrived;
}

void sim_end_credit(struct sim_end *end, uint32_t size)
{
    struct sim_end *peer = end->peer;
    if (!sim_host_reaches(end->host, peer->host)) {
        peer->withheld += size;
        return;
    }
    peer->in_flight -= size;
    if (peer->state == END_OPEN || peer->state == END_CLOSING)
        sim_end_pump(peer);
}

/* A read that wants more than there is takes what has come, so that more may come: otherwise one
 * that wants more than the window would wait for ever. */
static void credit_early(struct sim_end *end)
{
    uint32_t more = end->in_size - end->credited;
    end->credited = end->in_size;
    if (more > 0)
        sim_end_credit(end, more);
}

/* At most one READ waits for the shard; what it says is decided when it is heard. */
void sim_end_read(struct sim_end *end)
{
    if (!end->read_pending || end->read_posted || !end->shard || end->state != END_OPEN)
        return;
    if (end->reset_arrived) {
        sim_end_die(end, -ECONNRESET);
    } else if (sim_end_readable(end)) {
        end->read_posted = true;
        sim_end_post(end, SIM_NET_READ);
    } else {
        credit_early(end);
    }
}

static void data_arrives(struct sim_end *end, struct sim_segment *segment)
{
    if (end->state == END_CLOSING) { /* its program reads no more */
        sim_end_credit(end, segment->size);
        free(segment);
        return;
    }
    *end->in_last = segment;
    end->in_last = &segment->next;
    end->in_size += segment->size;
    sim_end_read(end);
}

/* `end` is the receiving one. */
static void segment_arrives(struct sim_end *end, struct sim_segment *segment)
{
    if (end->conn->broken || end->state == END_DEAD) {
        /* Nobody is there for it: a sender learns that it writes to nothing. */
        if (segment->kind == SEGMENT_DATA && end->peer->state != END_DEAD) {
            if (sim_host_reaches(end->host, end->peer->host))
                sim_end_reset(end->peer);
        }
        free(segment);
        return;
    }
    switch (segment->kind) {
    case SEGMENT_DATA:
        data_arrives(end, segment);
        return;
    case SEGMENT_FIN:
        end->fin_arrived = true;
        sim_end_read(end);
        break;
    case SEGMENT_RESET:
        sim_end_reset(end);
        break;
    }
    free(segment);
}

void sim_end_reset(struct sim_end *end)
{
    if (end->state == END_DEAD)
        return;
    end->reset_arrived = true;
    if (!end->shard) { /* in a backlog, or nobody's */
        end->state = END_DEAD;
        sim_end_drop_buffers(end);
    } else if (end->state == END_CLOSING || (end->state == END_OPEN && end->out_size > 0)) {
        sim_end_die(end, -ECONNRESET);
    } else {
        sim_end_read(end);
    }
}

void sim_end_die(struct sim_end *end, int error)
{
    PRE(end->state != END_DEAD && end->shard);
    end->state = END_DEAD;
    end->error = error;
    sim_end_drop_buffers(end);
    sim_end_post(end, SIM_NET_CLOSED);
}

/* ---- sending ---- */
/* Copies so many bytes of what is queued; false when a file is shorter than its piece. */
static bool out_take(struct sim_end *end, uint8_t *to, uint32_t size)
{
    end->out_size -= size;
    while (size > 0) {
        struct sim_out *out = end->out_first;
        struct piece *p = &out->piece;
        uint32_t part = p->size < size ? p->size : size;
        if (p->buf)
            memcpy(to, p->buf->data + p->pos, part);
        else if (p->file->ops->pread(p->file, to, part, p->pos) != (int64_t)part)
            return false;
        p->pos += part;
        p->size -= part;
        to += part;
        size -= part;
        if (p->size > 0)
            continue;
        end->out_first = out->next;
        if (!end->out_first)
            end->out_last = &end->out_first;
        buf_unref(p->buf);
        file_unref(p->file);
        free(out);
    }
    return true;
}

static void all_sent(struct sim_end *end)
{
    if (end->state == END_CLOSING && end->out_size == 0) {
        sim_end_send_fin(end);
        sim_end_die(end, 0);
    }
}

void sim_end_pump(struct sim_end *end)
{
    struct sim_world *w = end->conn->world;
    while (end->out_size > 0 && end->in_flight < end->conn->window) {
        uint64_t size = end->conn->window - end->in_flight;
        if (size > end->out_size)
            size = end->out_size;
        if (size > 65536)
            size = 65536;
        if (sim_random_once_in(&w->random, w->weather.split_once_in))
            size = sim_random_range(&w->random, 1, size);
        struct sim_segment *segment = xcalloc(1, sizeof *segment + size);
        segment->kind = SEGMENT_DATA;
        segment->size = (uint32_t)size;
        if (!out_take(end, segment->bytes, (uint32_t)size)) {
            free(segment);
            sim_end_send_reset(end);
            sim_end_die(end, -EIO);
            return;
        }
        end->in_flight += (uint32_t)size;
        wire_put(end, segment);
        if (!end->sent_posted && end->state == END_OPEN) {
            end->sent_posted = true;
            sim_end_post(end, SIM_NET_SENT);
        }
    }
    all_sent(end);
}
