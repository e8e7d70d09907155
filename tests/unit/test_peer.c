/* SPDX-License-Identifier: Apache-2.0 */
/* One end of a control connection, and how it ends. The test is the other end. */

#include "broker/control/peer.h"
#include "proto/cluster/frames.h"
#include "tests/lib/suite.h"

struct wire {
    struct reactor reactor;
    struct peer_owner owner;
    struct peer_identity self;
    struct peer *peer;
    token name; /* of the connection */
    uint64_t sent;
    bool reading, closing;
    unsigned ups, downs;
};
static struct wire wire;

static uint64_t op_random(void *world)
{
    (void)world;
    return 7;
}

static void op_timer(void *world, token name, uint64_t at_ns)
{
    (void)world;
    (void)name;
    (void)at_ns;
}

static void op_open(void *world, token name, const struct addr *to)
{
    (void)to;
    ((struct wire *)world)->name = name;
}

static void op_read(void *world, token name, struct buf *into, uint32_t at, uint32_t min,
                    uint32_t max, struct account *account)
{
    struct wire *w = world;
    (void)name, (void)into, (void)at, (void)min, (void)max, (void)account;
    ck_assert(!w->reading);
    w->reading = true;
}

/* The rule that this is about: a connection that closes takes nothing any more. */
static void op_send(void *world, token name, const struct piece *pieces, unsigned count)
{
    struct wire *w = world;
    (void)name;
    ck_assert(!w->closing);
    for (unsigned i = 0; i < count; i++)
        w->sent += pieces[i].size;
}

static void op_close(void *world, token name, bool after_sent)
{
    (void)name;
    (void)after_sent;
    ((struct wire *)world)->closing = true;
}

static const struct env_ops ops = {.random = op_random,
                                   .timer = op_timer,
                                   .net_open = op_open,
                                   .net_read = op_read,
                                   .net_send = op_send,
                                   .net_close = op_close};

static void up(struct peer_owner *o, struct peer *p)
{
    (void)o;
    (void)p;
    wire.ups++;
}

static void heard(struct peer_owner *o, struct peer *p, const struct cluster_message *m)
{
    (void)o;
    (void)p;
    (void)m;
}

static void down(struct peer_owner *o, struct peer *p, const char *why)
{
    (void)o;
    (void)p;
    (void)why;
    wire.downs++;
}

static void tell(struct event e)
{
    e.token = wire.name;
    e.now_ns = 1000000;
    reactor_step(&wire.reactor, &e);
    reactor_step(&wire.reactor, &(struct event){.kind = EV_TURN, .now_ns = 1000000});
}

/* The peer has opened a connection and said so. */
static void connect_peer(void)
{
    static const struct addr to;
    struct env env = {.ops = &ops, .world = &wire, .shard_count = 1};
    wire = (struct wire){.owner = {up, heard, down}};
    wire.self = (struct peer_identity){
        .self = {1, 11}, .shard_count = 1, .cluster_id = VIEW_LITERAL("cluster")};
    reactor_init(&wire.reactor, &env);
    wire.peer = peer_connect(&wire.reactor, &wire.self, 2, &to, &wire.owner);
    tell((struct event){.kind = EV_NET_OPENED});
    ck_assert_uint_eq(wire.sent, CLUSTER_OPEN_SIZE);
    ck_assert(wire.reading);
}

/* The other end answers the OPEN, and with the same bytes says that it has no more. */
static void give_challenge(bool eof)
{
    struct cluster_challenge c = {
        .version = CLUSTER_VERSION_MAX, .from = {2, 22}, .shard_count = 1, .nonce = {9}};
    struct event e = {.kind = EV_NET_DATA};
    cluster_challenge_encode(&c);
    e.u.data.buf = buf_copy(NULL, c.frame, sizeof c.frame);
    e.u.data.size = sizeof c.frame;
    e.u.data.eof = eof;
    wire.reading = false;
    tell(e);
}

static void close_connection(void)
{
    tell((struct event){.kind = EV_NET_CLOSED});
    reactor_deinit(&wire.reactor);
}

START_TEST(what_is_queued_leaves_before_the_socket_closes)
{
    connect_peer();
    give_challenge(true);
    ck_assert_uint_eq(wire.sent, CLUSTER_OPEN_SIZE + CLUSTER_PROOF_FRAME_SIZE);
    ck_assert(wire.closing);
    ck_assert_uint_eq(wire.downs, 1);
    close_connection();
    ck_assert_uint_eq(wire.downs, 1);
}
END_TEST

START_TEST(an_owner_that_closes_hears_nothing)
{
    connect_peer();
    give_challenge(false);
    ck_assert(wire.reading && !wire.closing);
    peer_close(wire.peer);
    ck_assert(wire.closing);
    close_connection();
    ck_assert_uint_eq(wire.ups + wire.downs, 0);
}
END_TEST

SUITE_MAIN("peer", what_is_queued_leaves_before_the_socket_closes,
           an_owner_that_closes_hears_nothing)
