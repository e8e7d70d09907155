/* SPDX-License-Identifier: Apache-2.0 */
/* One end of a control connection, and how it ends. The test is the other end. */

#include "broker/control/peer.h"

#include <stdio.h>

#include "common/bytes.h"
#include "common/crc32c.h"
#include "proto/cluster/frames.h"
#include "tests/lib/suite.h"

struct wire {
    struct reactor reactor;
    struct peer_owner owner;
    struct peer_identity self;
    struct peer *peer;
    token name;  /* of the connection */
    token timer; /* of the only one, which is due at: */
    uint64_t timer_at_ns, now_ns;
    uint64_t sent;
    bool reading, closing;
    unsigned ups, downs;
    char why[200]; /* of the last down */
};
static struct wire wire;

static uint64_t op_random(void *world)
{
    (void)world;
    return 7;
}

static void op_timer(void *world, token name, uint64_t at_ns)
{
    struct wire *w = world;
    w->timer = name;
    w->timer_at_ns = at_ns;
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
    snprintf(wire.why, sizeof wire.why, "%s", why);
    wire.downs++;
}

static void tell(struct event e)
{
    e.token = wire.name;
    e.now_ns = wire.now_ns;
    reactor_step(&wire.reactor, &e);
    reactor_step(&wire.reactor, &(struct event){.kind = EV_TURN, .now_ns = wire.now_ns});
}

static void init(void)
{
    struct env env = {.ops = &ops, .world = &wire, .shard_count = 1};
    wire = (struct wire){.owner = {up, heard, down}, .now_ns = 1000000};
    wire.self = (struct peer_identity){
        .self = {1, 11}, .shard_count = 1, .cluster_id = VIEW_LITERAL("cluster")};
    reactor_init(&wire.reactor, &env);
}

/* The peer has opened a connection and said so. */
static void connect_peer(void)
{
    static const struct addr to;
    init();
    wire.peer = peer_connect(&wire.reactor, &wire.self, 2, &to, &wire.owner);
    tell((struct event){.kind = EV_NET_OPENED});
    ck_assert_uint_eq(wire.sent, CLUSTER_OPEN_SIZE);
    ck_assert(wire.reading);
}

/* A connection of broker 2 has come, and its OPEN was read. */
static void accept_peer(void)
{
    struct cluster_open o = {.version_min = CLUSTER_VERSION_MIN,
                             .version_max = CLUSTER_VERSION_MAX,
                             .purpose = CLUSTER_PURPOSE_CONTROL,
                             .target_broker = 1,
                             .from = {2, 22},
                             .shard_count = 1};
    init();
    cluster_id_digest(VIEW_LITERAL("cluster"), o.cluster);
    cluster_open_encode(&o);
    wire.name = 77;
    const char *why;
    wire.peer = peer_accept(&wire.reactor, &wire.self, wire.name, &o, &wire.owner, &why);
    ck_assert_ptr_nonnull(wire.peer);
    reactor_step(&wire.reactor, &(struct event){.kind = EV_TURN, .now_ns = wire.now_ns});
    ck_assert_uint_eq(wire.sent, CLUSTER_CHALLENGE_SIZE);
}

static void give(const void *bytes, uint32_t size, bool eof)
{
    struct event e = {.kind = EV_NET_DATA};
    e.u.data.buf = buf_copy(NULL, bytes, size);
    e.u.data.size = size;
    e.u.data.eof = eof;
    wire.reading = false;
    tell(e);
}

/* That broker answers the OPEN, and with the same bytes may say that it has no more. */
static void give_challenge_of(int32_t broker, bool eof)
{
    struct cluster_challenge c = {
        .version = CLUSTER_VERSION_MAX, .from = {broker, 22}, .shard_count = 1, .nonce = {9}};
    cluster_challenge_encode(&c);
    give(c.frame, sizeof c.frame, eof);
}

static void give_challenge(bool eof)
{
    give_challenge_of(2, eof);
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

START_TEST(another_broker_is_not_the_one_asked_for)
{
    connect_peer();
    give_challenge_of(3, false);
    ck_assert_uint_eq(wire.sent, CLUSTER_OPEN_SIZE); /* no proof for it */
    ck_assert_str_eq(wire.why, "another broker answers at that address");
    ck_assert(wire.closing);
    close_connection();
}
END_TEST

/* Who has not proved anything is not waited for with a buffer of what it announces. */
START_TEST(a_handshake_takes_no_large_frame)
{
    static const uint32_t announced[] = {CLUSTER_HANDSHAKE_FRAME_SIZE_MAX - 3, 1 << 20, 60 << 20};
    for (unsigned i = 0; i < 2 * COUNT_OF(announced); i++) {
        uint8_t bytes[100] = {0};
        store_u32(bytes, announced[i / 2]);
        if (i % 2 == 0)
            accept_peer();
        else
            connect_peer();
        give(bytes, sizeof bytes, false);
        ck_assert_str_eq(wire.why, "frame of an impossible size");
        ck_assert(wire.closing);
        close_connection();
        ck_assert_uint_eq(wire.ups, 0);
    }
}
END_TEST

/* A byte now and then is no sign of life of a broker that has to prove who it is. */
START_TEST(a_handshake_does_not_take_for_ever)
{
    unsigned seconds = 0;
    accept_peer();
    for (; !wire.closing && seconds < 60; seconds++) {
        ck_assert_uint_gt(wire.timer_at_ns, wire.now_ns);
        wire.now_ns = wire.timer_at_ns;
        reactor_step(&wire.reactor,
                     &(struct event){.kind = EV_TIMER, .token = wire.timer, .now_ns = wire.now_ns});
        if (!wire.closing)
            give(seconds == 3 ? "\50" : "\0", 1, false); /* of a frame of 44 bytes */
    }
    ck_assert_uint_lt(seconds, 30);
    ck_assert_str_eq(wire.why, "it is silent");
    close_connection();
}
END_TEST

/* A refusal is understood whatever version the other end speaks: that may be why it refuses. */
START_TEST(a_refusal_of_another_version_is_told)
{
    struct cluster_writer w = {0};
    struct cluster_message m = {.kind = CLUSTER_KIND_REFUSED,
                                .u.refused = VIEW_LITERAL("no common version")};
    cluster_frame_encode(&w, &m);
    store_u16(w.data + 6, (uint16_t)(CLUSTER_VERSION_MAX + 7));
    uint32_t crc = crc32c(0, w.data + 4, 4);
    store_u32(w.data + 8, crc32c(crc, w.data + 12, w.size - 12));
    connect_peer();
    give(w.data, (uint32_t)w.size, false);
    ck_assert_str_eq(wire.why, "it refused us: no common version");
    close_connection();
    cluster_writer_deinit(&w);
}
END_TEST

SUITE_MAIN("peer", what_is_queued_leaves_before_the_socket_closes,
           an_owner_that_closes_hears_nothing, another_broker_is_not_the_one_asked_for,
           a_handshake_takes_no_large_frame, a_handshake_does_not_take_for_ever,
           a_refusal_of_another_version_is_told)
