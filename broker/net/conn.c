/* SPDX-License-Identifier: Apache-2.0 */
/* One connection: bytes in, requests out; answers in, bytes out.
 *
 * Reading. A connection that waits for its next request holds no buffer: the world makes one when
 * bytes arrive. Requests are parsed in place, and several requests in one buffer share it. A
 * request that does not fit in what is left of a buffer gets one of its own, into which the rest is
 * read directly; the log and the followers' streams later send from that same buffer, so a large
 * batch is never copied. A size that a peer only announces takes no memory: the buffer grows with
 * the bytes that have arrived, fourfold each time, until it has exactly the request's size.
 *
 * Answering. Requests form a list in the order of their arrival. At the end of each turn, the
 * answers that are ready at the head of the list leave. */
#include "broker/net/conn.h"

#include <stdlib.h>

#include "broker/net/conn_internal.h"
#include "common/assert.h"
#include "common/memory.h"

#define READ_SIZE 65536u
#define ROOM_MIN 512u   /* with less room behind the start of a frame, it moves to a new buffer */
#define GROWN_MIN 4096u /* the first buffer of a request that does not fit */
#define GROWTH 4u       /* the next buffer's size: times the bytes that have arrived */
#define READ_STEP (1u << 20) /* a large read reports at least this often that bytes arrive */

static void conn_heard(struct source *source, const struct event *event);
static void conn_turn(struct turn_task *task);

struct conn *conn_new(struct client_net *net, token name, const struct addr *peer)
{
    struct conn *c = xcalloc(1, sizeof *c);
    c->net = net;
    c->peer = *peer;
    c->source.heard = conn_heard;
    c->turn.run = conn_turn;
    c->last = &c->first;
    c->active_ns = net->reactor->now_ns;
    reactor_add_as(net->reactor, &c->source, name);
    return c;
}

/* ---- reading ---- */
static void drop_buffer(struct conn *c)
{
    buf_unref(c->buf);
    c->buf = NULL;
    c->start = c->end = 0;
    conn_set_partial(c, 0);
}

static void read_into(struct conn *c, uint32_t min, uint32_t max)
{
    const struct env *env = &c->net->reactor->env;
    c->reading = true;
    env->ops->net_read(env->world, c->source.token, c->buf, c->end, min, max,
                       c->net->config.receive);
}

/* The size of the buffer that the frame which starts in c->buf needs next; 0: the one it has will
 * do.
 */
static uint32_t size_to_grow_to(const struct conn *c)
{
    uint32_t have = c->end - c->start, room = c->buf->size - c->start;
    if (have < FRAME_PREFIX_SIZE)
        return room >= ROOM_MIN ? 0 : GROWN_MIN;
    uint32_t total = FRAME_PREFIX_SIZE + load_u32(c->buf->data + c->start);
    if (total <= room || (c->start == 0 && c->end < c->buf->size))
        return 0;
    uint32_t size = have > GROWN_MIN / GROWTH ? have : GROWN_MIN / GROWTH;
    return size < total / GROWTH ? size * GROWTH : total;
}

static void grow(struct conn *c, uint32_t size)
{
    uint32_t have = c->end - c->start;
    struct buf *big = buf_new(c->net->config.receive, size);
    memcpy(big->data, c->buf->data + c->start, have);
    big->used = have;
    buf_unref(c->buf);
    c->buf = big;
    c->start = 0;
    c->end = have;
    conn_set_partial(c, size);
}

static void read_rest(struct conn *c)
{
    uint32_t room = c->buf->size - c->end, have = c->end - c->start;
    bool whole = have >= FRAME_PREFIX_SIZE && c->start == 0 &&
                 FRAME_PREFIX_SIZE + load_u32(c->buf->data) >= c->buf->size;
    read_into(c, !whole ? 1 : room < READ_STEP ? room : READ_STEP, room);
}

static bool may_take(const struct conn *c)
{
    return c->request_count < CONN_REQUESTS_MAX && c->unsent < CONN_ANSWER_BYTES_MAX;
}

void conn_read_on(struct conn *c)
{
    if (c->reading || c->closing || c->eof || c->net->draining)
        return;
    uint32_t size = c->buf != NULL ? size_to_grow_to(c) : 0;
    bool may_read = c->buf != NULL ? client_net_may_read_more(c->net, c, size > 0)
                                   : client_net_may_read(c->net);
    if (!may_take(c) || !may_read) {
        conn_pause(c);
        return;
    }
    if (size > 0)
        grow(c, size);
    c->active_ns = c->net->reactor->now_ns; /* from now on it is the peer that is waited for */
    if (c->buf == NULL) {
        const struct env *env = &c->net->reactor->env;
        c->reading = true;
        env->ops->net_read(env->world, c->source.token, NULL, 0, 1, READ_SIZE,
                           c->net->config.receive);
    } else {
        read_rest(c);
    }
}

static void refuse_frame(struct conn *c, const char *why)
{
    client_net_say(c->net, &c->peer, why);
    conn_close(c, false);
}

/* Each complete frame in the buffer becomes a request, in order, as long as the limits allow. */
static void take_requests(struct conn *c)
{
    while (!c->closing && !c->net->draining && c->buf != NULL &&
           c->end - c->start >= FRAME_PREFIX_SIZE && may_take(c)) {
        uint32_t size;
        int wrong =
            frame_request_size(c->buf->data + c->start, c->net->config.request_size_max, &size);
        if (wrong != 0) {
            refuse_frame(c, wrong == FRAME_TOO_LARGE
                                ? "a request larger than socket.request.max.bytes"
                                : "a request of an impossible size");
            return;
        }
        if (c->end - c->start - FRAME_PREFIX_SIZE < size)
            return;
        struct view frame = {c->buf->data + c->start + FRAME_PREFIX_SIZE, size};
        c->start += FRAME_PREFIX_SIZE + size;
        request_start(c, frame);
    }
    if (c->buf != NULL && c->start == c->end)
        drop_buffer(c);
    conn_set_partial(c, c->buf != NULL ? c->buf->size : 0);
}

static void heard_data(struct conn *c, const struct event *e)
{
    c->reading = false;
    c->active_ns = e->now_ns;
    if (c->buf == NULL) {
        c->buf = e->u.data.buf;
        c->start = e->u.data.at;
        c->end = e->u.data.at + e->u.data.size;
    } else {
        INVARIANT(e->u.data.buf == c->buf || e->u.data.buf == NULL);
        buf_unref(e->u.data.buf);
        c->end = e->u.data.size > 0 ? e->u.data.at + e->u.data.size : c->end;
    }
    c->eof = e->u.data.eof;
    take_requests(c);
    if (c->eof && !c->closing && c->request_count == 0) {
        conn_close(c, true);
        return;
    }
    conn_read_on(c);
}

/* ---- answering ---- */
static void send_answer(struct conn *c, struct request *r)
{
    const struct env *env = &c->net->reactor->env;
    for (unsigned i = 0; i < r->piece_count; i++)
        c->unsent += r->pieces[i].size;
    if (r->piece_count > 0)
        env->ops->net_send(env->world, c->source.token, r->pieces, r->piece_count);
}

static void pop_request(struct conn *c)
{
    struct request *r = c->first;
    c->first = r->next;
    if (c->first == NULL)
        c->last = &c->first;
    r->next = NULL;
    r->conn = NULL;
    c->request_count--;
    c->net->request_count--;
    request_unref(r);
}

/* Whether there is an answer that may leave. */
static bool first_is_ready(struct conn *c)
{
    struct request *r = c->first;
    if (r == NULL || c->closing)
        return false;
    if (r->when_first != NULL) {
        void (*serve)(void *context, struct request *r) = r->when_first;
        r->when_first = NULL;
        serve(c->net->config.context, r);
    }
    return r->ready;
}

static void conn_turn(struct turn_task *task)
{
    struct conn *c = CONTAINER_OF(task, struct conn, turn);
    while (first_is_ready(c)) {
        struct request *r = c->first;
        if (r->hang_up) {
            conn_close(c, true);
            return;
        }
        send_answer(c, r);
        pop_request(c);
    }
    if (c->closing)
        return;
    take_requests(c);
    if ((c->eof || c->net->draining) && c->request_count == 0 && !c->closing) {
        conn_close(c, true);
        return;
    }
    conn_read_on(c);
}

void conn_touch(struct conn *c)
{
    reactor_at_turn(c->net->reactor, &c->turn);
}

/* ---- the end ---- */
void conn_close(struct conn *c, bool after_sent)
{
    if (c->closing && (after_sent || c->cut))
        return;
    const struct env *env = &c->net->reactor->env;
    c->closing = true;
    c->cut = !after_sent;
    c->active_ns = c->net->reactor->now_ns;
    env->ops->net_close(env->world, c->source.token, after_sent);
}

static void free_at_turn(struct turn_task *task)
{
    free(CONTAINER_OF(task, struct conn, turn));
}

static void heard_closed(struct conn *c)
{
    c->closing = true;
    while (c->first != NULL)
        pop_request(c);
    drop_buffer(c);
    reactor_remove(c->net->reactor, &c->source);
    client_net_forget(c->net, c);
    if (!c->turn.queued)
        free(c);
    else
        c->turn.run = free_at_turn;
}

static void conn_heard(struct source *source, const struct event *e)
{
    struct conn *c = CONTAINER_OF(source, struct conn, source);
    switch (e->kind) {
    case EV_NET_DATA:
        heard_data(c, e);
        break;
    case EV_NET_SENT:
        c->active_ns = e->now_ns;
        c->unsent = e->u.sent.bytes_left;
        if (c->paused)
            conn_touch(c);
        break;
    case EV_NET_CLOSED:
        heard_closed(c);
        break;
    default:
        break;
    }
}
