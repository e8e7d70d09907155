/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/net_bench.h"

#include <check.h>
#include <stdlib.h>

#include "common/assert.h"
#include "common/memory.h"

#define SCRATCH_SIZE 65536u

static struct net_peer *peer_named(struct net_bench *b, token name)
{
    size_t index = (size_t)(name & ~TOKEN_OF_WORLD) - 1;
    PRE(index < b->peer_count);
    return &b->peers[index];
}

static void tell(struct net_bench *b, struct event *e)
{
    e->now_ns = b->now_ns;
    reactor_step(&b->shard.reactor, e);
}

static void turn(struct net_bench *b)
{
    tell(b, &(struct event){.kind = EV_TURN});
}

/* ---- the table ---- */
static void op_timer(void *world, token name, uint64_t at_ns)
{
    struct net_bench *b = world;
    struct net_timer *free_one = NULL;
    for (unsigned i = 0; i < COUNT_OF(b->timers); i++) {
        if (b->timers[i].name == name || (!free_one && b->timers[i].at_ns == 0))
            free_one = &b->timers[i];
        if (b->timers[i].name == name)
            break;
    }
    ck_assert_ptr_nonnull(free_one);
    *free_one = (struct net_timer){name, at_ns};
}

static void op_read(void *world, token name, struct buf *into, uint32_t at, uint32_t min,
                    uint32_t max, struct account *account)
{
    struct net_peer *p = peer_named(world, name);
    ck_assert(!p->reading && min >= 1 && min <= max);
    ck_assert(!into || (at <= into->size && max <= into->size - at));
    p->reading = true;
    p->into = into ? buf_ref(into) : NULL;
    p->at = at;
    p->min = into ? min : 1;
    p->max = max;
    p->got = 0;
    p->account = account;
}

static void op_send(void *world, token name, const struct piece *pieces, unsigned count)
{
    struct net_peer *p = peer_named(world, name);
    p->pieces = xgrow(p->pieces, &p->piece_capacity, p->piece_count + count, sizeof p->pieces[0]);
    for (unsigned i = 0; i < count; i++) {
        p->pieces[p->piece_count++] = pieces[i];
        buf_ref(pieces[i].buf);
        p->queued += pieces[i].size;
    }
}

static void op_close(void *world, token name, bool after_sent)
{
    struct net_peer *p = peer_named(world, name);
    p->closing = true;
    p->reset = p->reset || !after_sent;
}

static void op_say(void *world, enum say_level level, struct view line)
{
    struct net_bench *b = world;
    (void)level;
    (void)line;
    b->lines++;
}

static const struct env_ops ops = {.timer = op_timer,
                                   .net_read = op_read,
                                   .net_send = op_send,
                                   .net_close = op_close,
                                   .say = op_say};

/* ---- what the world does between turns ---- */
static void drop_pieces(struct net_peer *p)
{
    for (size_t i = 0; i < p->piece_count; i++)
        buf_unref(p->pieces[i].buf);
    p->piece_count = 0;
    p->queued = 0;
}

/* The pending read takes what is there; true when that was told. */
static bool feed(struct net_bench *b, struct net_peer *p)
{
    if (!p->reading || p->closing || p->in_size == 0)
        return false;
    uint32_t room = p->max - p->got;
    uint32_t size = p->in_size < room ? (uint32_t)p->in_size : room;
    struct event e = {.kind = EV_NET_DATA, .token = p->name};
    if (!p->into) {
        p->into = buf_copy(p->account, p->in, size < SCRATCH_SIZE ? size : SCRATCH_SIZE);
        size = p->into->size;
    } else {
        memcpy(p->into->data + p->at + p->got, p->in, size);
    }
    p->got += size;
    p->in_size -= size;
    if (p->in_size > 0)
        memmove(p->in, p->in + size, p->in_size);
    if (p->got < p->min)
        return false;
    if (p->into->used < p->at + p->got)
        p->into->used = p->at + p->got;
    e.u.data.buf = p->into;
    e.u.data.at = p->at;
    e.u.data.size = p->got;
    p->into = NULL;
    p->reading = false;
    tell(b, &e);
    return true;
}

static void take_sent(struct net_bench *b, struct net_peer *p)
{
    if (!p->reads || p->queued == 0 || p->closed)
        return;
    p->received += p->queued;
    drop_pieces(p);
    tell(b, &(struct event){.kind = EV_NET_SENT, .token = p->name});
}

static bool end(struct net_bench *b, struct net_peer *p)
{
    if (!p->closing || p->closed || (p->queued > 0 && !p->reset))
        return false;
    p->closed = true;
    drop_pieces(p);
    buf_unref(p->into);
    p->into = NULL;
    free(p->in);
    p->in = NULL;
    p->in_size = p->in_capacity = 0;
    tell(b, &(struct event){.kind = EV_NET_CLOSED, .token = p->name});
    return true;
}

static void settle_peer(struct net_bench *b, struct net_peer *p)
{
    for (bool moved = true; moved;) {
        moved = feed(b, p);
        turn(b);
        take_sent(b, p);
        moved |= end(b, p);
    }
}

static void settle(struct net_bench *b)
{
    while (b->first_open < b->peer_count && b->peers[b->first_open].closed)
        b->first_open++;
    for (size_t i = b->first_open; i < b->peer_count; i++)
        if (!b->peers[i].closed)
            settle_peer(b, &b->peers[i]);
}

/* ---- the server ---- */
static void answer(struct net_bench *b, struct request *r)
{
    struct wire_writer w;
    uint8_t *body = xcalloc(1, b->answer + 1);
    request_begin_answer(r, &w);
    wire_write_raw(&w, body, b->answer);
    request_answer(r, &w, NULL, 0);
    free(body);
}

static void serve(void *context, struct request *r)
{
    struct net_bench *b = context;
    b->served++;
    if (b->serve) {
        b->serve(b, r);
        return;
    }
    for (size_t i = 0; i < wire_left(&r->body); i++)
        b->sum += (uint64_t)r->body.at[i] * (i % 251 + 1);
    if (!b->hold) {
        answer(b, r);
        return;
    }
    ck_assert_uint_lt(b->held_count, COUNT_OF(b->held));
    b->held[b->held_count++] = request_ref(r);
}

static bool may_read(void *context)
{
    return !((struct net_bench *)context)->tail_full;
}

static void accepted(void *context, const struct event *e)
{
    client_net_accepted(((struct net_bench *)context)->net, e);
}

void net_bench_init(struct net_bench *b, uint32_t connections_max, uint64_t idle_ms)
{
    *b = (struct net_bench){.now_ns = 1000000, .answer = 10};
    struct env env = {.ops = &ops, .world = b, .shard_count = 1};
    reactor_init(&b->shard.reactor, &env);
    b->shard.reactor.other_heard = accepted;
    b->shard.reactor.other_context = b;
    b->receive.limit = b->answers.limit = NET_BENCH_LIMIT;
    struct client_net_config config = {.request_size_max = NET_BENCH_REQUEST_MAX,
                                       .idle_ns = idle_ms * 1000000,
                                       .connections_max = connections_max,
                                       .receive = &b->receive,
                                       .answers = &b->answers,
                                       .serve = serve,
                                       .may_read = may_read,
                                       .context = b};
    turn(b);
    b->net = client_net_new(&b->shard.reactor, &config);
}

void net_bench_deinit(struct net_bench *b)
{
    for (size_t i = 0; i < b->peer_count; i++) {
        b->peers[i].closing = b->peers[i].reset = true;
        (void)end(b, &b->peers[i]);
    }
    turn(b);
    net_bench_answer_held(b);
    ck_assert_uint_eq(client_net_count(b->net), 0);
    ck_assert(client_net_idle(b->net));
    ck_assert_int_eq(b->receive.bytes, 0);
    ck_assert_int_eq(b->answers.bytes, 0);
    client_net_free(b->net);
    reactor_deinit(&b->shard.reactor);
    for (size_t i = 0; i < b->peer_count; i++)
        free(b->peers[i].pieces);
    free(b->peers);
}

/* ---- the peers ---- */
size_t net_bench_connect(struct net_bench *b)
{
    b->peers = xgrow(b->peers, &b->peer_capacity, b->peer_count + 1, sizeof b->peers[0]);
    size_t index = b->peer_count++;
    b->peers[index] = (struct net_peer){.name = TOKEN_OF_WORLD | (index + 1), .reads = true};
    tell(b, &(struct event){.kind = EV_NET_ACCEPTED, .token = b->peers[index].name});
    settle_peer(b, &b->peers[index]);
    return index;
}

void net_bench_give(struct net_bench *b, size_t peer, const void *bytes, size_t size)
{
    struct net_peer *p = &b->peers[peer];
    if (p->closed || size == 0)
        return;
    p->in = xgrow(p->in, &p->in_capacity, p->in_size + size, 1);
    memcpy(p->in + p->in_size, bytes, size);
    p->in_size += size;
    settle_peer(b, p);
}

void net_bench_request(struct net_bench *b, size_t peer, uint32_t body_size, uint8_t fill)
{
    struct wire_writer w;
    struct request_header header = {
        .api_key = API_METADATA, .correlation_id = 1, .api = api_find(API_METADATA)};
    uint8_t *body = xmalloc(body_size + 1);
    memset(body, fill, body_size);
    wire_writer_init(&w, NULL, 64, NET_BENCH_REQUEST_MAX);
    uint32_t from = frame_begin_request(&w, &header);
    wire_write_raw(&w, body, body_size);
    frame_end(&w, from);
    struct view frame = wire_written(&w);
    net_bench_give(b, peer, frame.base, frame.size);
    wire_writer_deinit(&w);
    free(body);
}

void net_bench_hang_up(struct net_bench *b, size_t peer)
{
    struct net_peer *p = &b->peers[peer];
    p->closing = p->reset = true;
    (void)end(b, p);
    turn(b);
}

void net_bench_reads(struct net_bench *b, size_t peer, bool reads)
{
    b->peers[peer].reads = reads;
    settle_peer(b, &b->peers[peer]);
}

void net_bench_answer_held(struct net_bench *b)
{
    b->hold = false;
    for (unsigned i = 0; i < b->held_count; i++) {
        answer(b, b->held[i]);
        request_unref(b->held[i]);
    }
    b->held_count = 0;
    turn(b);
    settle(b);
}

void net_bench_advance(struct net_bench *b, uint64_t ms)
{
    uint64_t until = b->now_ns + ms * 1000000;
    while (b->now_ns < until) {
        b->now_ns += until - b->now_ns < 100000000 ? until - b->now_ns : 100000000;
        for (unsigned i = 0; i < COUNT_OF(b->timers); i++) {
            if (b->timers[i].at_ns == 0 || b->timers[i].at_ns > b->now_ns)
                continue;
            b->timers[i].at_ns = 0;
            tell(b, &(struct event){.kind = EV_TIMER, .token = b->timers[i].name});
            turn(b);
            settle(b);
        }
    }
}
