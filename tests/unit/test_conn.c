/* SPDX-License-Identifier: Apache-2.0 */
/* Connections of clients at their limits: what peers can make a shard hold, and that all of it is
 * given back. */
#include <stdlib.h>

#include "common/bytes.h"
#include "common/memory.h"
#include "tests/lib/net_bench.h"
#include "tests/lib/suite.h"

#define MANY 10000
#define MIB (1u << 20)

static struct net_bench b;

static void setup(uint32_t connections_max)
{
    net_bench_init(&b, connections_max, 600000);
}

static void announce(size_t peer, int32_t size)
{
    uint8_t prefix[4];
    store_u32(prefix, (uint32_t)size);
    net_bench_give(&b, peer, prefix, sizeof prefix);
}

/* A client with nothing wrong is served. */
static void somebody_is_served(void)
{
    size_t peer = net_bench_connect(&b);
    uint64_t before = b.served;
    net_bench_request(&b, peer, 1000, 7);
    ck_assert_uint_eq(b.served, before + 1);
    ck_assert_uint_gt(b.peers[peer].received, 10);
    net_bench_hang_up(&b, peer);
}

/* ---- requests that do not come ---- */
START_TEST(announced_bytes_take_no_memory)
{
    setup(MANY + 10);
    size_t first = net_bench_connect(&b);
    announce(first, NET_BENCH_REQUEST_MAX);
    ck_assert_int_lt(b.receive.bytes, 8192);
    somebody_is_served();
    net_bench_deinit(&b);
}
END_TEST

START_TEST(half_open_requests_disturb_nobody)
{
    static const uint8_t some[200];
    setup(MANY + 10);
    b.receive.limit = 64 * MIB; /* that of a shard */
    for (unsigned i = 0; i < MANY; i++) {
        size_t peer = net_bench_connect(&b);
        if (i % 2)
            announce(peer, NET_BENCH_REQUEST_MAX);
        net_bench_give(&b, peer, some, i % 2 ? i % sizeof some : i % 4);
    }
    ck_assert_uint_eq(client_net_count(b.net), MANY);
    ck_assert_int_lt(b.receive.bytes, b.receive.limit);
    somebody_is_served();
    net_bench_deinit(&b);
}
END_TEST

/* They take all there is, and then send no more: they go, and nobody else. */
START_TEST(stalled_requests_make_room)
{
    uint8_t *bytes = xcalloc(1, MIB);
    setup(1000);
    size_t idle = net_bench_connect(&b), first = b.peer_count;
    for (unsigned i = 0; i < 20; i++) {
        size_t peer = net_bench_connect(&b);
        announce(peer, 50 * MIB);
        net_bench_give(&b, peer, bytes, MIB - 100);
    }
    ck_assert(!account_over(&b.receive));
    somebody_is_served();
    size_t waiting = net_bench_connect(&b);
    net_bench_request(&b, waiting, 3 * MIB, 7);
    net_bench_advance(&b, 60000);
    ck_assert_uint_gt(b.peers[waiting].received, 10);
    ck_assert_int_lt(b.receive.bytes, b.receive.limit / 2);
    ck_assert(b.peers[first].closed);
    ck_assert(!b.peers[idle].closed);
    somebody_is_served();
    net_bench_deinit(&b);
    free(bytes);
}
END_TEST

START_TEST(a_stalled_request_without_pressure_may_wait)
{
    setup(1000);
    size_t peer = net_bench_connect(&b);
    announce(peer, 2 * MIB);
    net_bench_advance(&b, 300000);
    ck_assert(!b.peers[peer].closed);
    net_bench_advance(&b, 400000); /* connections.max.idle.ms */
    ck_assert(b.peers[peer].closed);
    net_bench_deinit(&b);
}
END_TEST

/* ---- requests that come, somehow ---- */
START_TEST(a_request_larger_than_the_limit_passes)
{
    setup(1000);
    size_t peer = net_bench_connect(&b);
    net_bench_request(&b, peer, 3 * NET_BENCH_LIMIT, 1);
    net_bench_advance(&b, 1000);
    ck_assert_uint_eq(b.served, 1);
    /* Two at a time as well. */
    size_t other = net_bench_connect(&b);
    announce(peer, 3 * NET_BENCH_LIMIT);
    announce(other, 3 * NET_BENCH_LIMIT);
    uint8_t *bytes = xcalloc(1, 3 * NET_BENCH_LIMIT);
    store_u16(bytes, API_METADATA);
    for (uint32_t done = 0; done < 3 * NET_BENCH_LIMIT; done += NET_BENCH_LIMIT / 8) {
        net_bench_give(&b, peer, bytes + done, NET_BENCH_LIMIT / 8);
        net_bench_give(&b, other, bytes + done, NET_BENCH_LIMIT / 8);
        net_bench_advance(&b, 100);
    }
    net_bench_advance(&b, 1000);
    ck_assert_uint_eq(b.served, 3);
    net_bench_deinit(&b);
    free(bytes);
}
END_TEST

static uint64_t next(uint64_t *state)
{
    *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return *state >> 33;
}

/* Requests of all sizes, the bytes cut anywhere, several connections at once, more than once the
 * limit in all. */
START_TEST(every_byte_arrives_in_order)
{
    enum {
        PEERS = 8,
        REQUESTS = 60
    };
    static uint8_t *stream[PEERS];
    size_t size[PEERS] = {0}, done[PEERS] = {0};
    uint64_t random = 5 + (uint64_t)_i, sum = 0;
    setup(1000);
    for (unsigned i = 0; i < PEERS; i++) {
        for (unsigned k = 0; k < REQUESTS; k++) {
            uint32_t body = (uint32_t)(next(&random) % (k % 7 == 0 ? 700000 : 300));
            stream[i] = xrealloc(stream[i], size[i] + 14 + body);
            uint8_t *at = stream[i] + size[i];
            memset(at, 0, 14);
            store_u32(at, 10 + body);
            store_u16(at + 4, API_METADATA);
            for (uint32_t n = 0; n < body; n++) {
                at[14 + n] = (uint8_t)next(&random);
                sum += (uint64_t)at[14 + n] * (n % 251 + 1);
            }
            size[i] += 14 + body;
        }
        (void)net_bench_connect(&b);
    }
    for (unsigned left = PEERS; left > 0;) {
        unsigned i = (unsigned)(next(&random) % PEERS);
        size_t part = 1 + next(&random) % (next(&random) % 2 ? 5 : 200000);
        if (done[i] == size[i])
            continue;
        part = part < size[i] - done[i] ? part : size[i] - done[i];
        net_bench_give(&b, i, stream[i] + done[i], part);
        done[i] += part;
        left -= done[i] == size[i];
    }
    net_bench_advance(&b, 1000);
    ck_assert_uint_eq(b.served, PEERS * REQUESTS);
    ck_assert_uint_eq(b.sum, sum);
    net_bench_deinit(&b);
    for (unsigned i = 0; i < PEERS; i++)
        free(stream[i]);
}
END_TEST

START_TEST(open_requests_of_a_connection_are_bounded)
{
    setup(1000);
    b.hold = true;
    size_t peer = net_bench_connect(&b), other = net_bench_connect(&b);
    for (unsigned i = 0; i < 3 * CONN_REQUESTS_MAX; i++)
        net_bench_request(&b, peer, 10, 1);
    ck_assert_uint_eq(b.served, CONN_REQUESTS_MAX);
    net_bench_request(&b, other, 10, 1);
    ck_assert_uint_eq(b.served, CONN_REQUESTS_MAX + 1);
    net_bench_answer_held(&b);
    net_bench_advance(&b, 1000);
    ck_assert_uint_eq(b.served, 3 * CONN_REQUESTS_MAX + 1);
    net_bench_deinit(&b);
}
END_TEST

START_TEST(nothing_is_read_while_the_tail_is_full)
{
    setup(1000);
    b.tail_full = true;
    size_t peer = net_bench_connect(&b);
    net_bench_request(&b, peer, 10, 1);
    net_bench_advance(&b, 1000);
    ck_assert_uint_eq(b.served, 0);
    b.tail_full = false;
    net_bench_advance(&b, 1000);
    ck_assert_uint_eq(b.served, 1);
    net_bench_deinit(&b);
}
END_TEST

/* The same for the rest of a request that has begun. */
START_TEST(no_more_of_a_request_is_read_while_the_tail_is_full)
{
    static const uint8_t header[] = {0, 3, 0, 0, 0, 0, 0, 1, 0xFF, 0xFF}; /* Metadata 0 */
    uint8_t *body = xcalloc(1, 4 * MIB);
    setup(1000);
    size_t peer = net_bench_connect(&b);
    announce(peer, sizeof header + 4 * MIB);
    net_bench_give(&b, peer, header, sizeof header);
    net_bench_give(&b, peer, body, 10000);
    b.tail_full = true;
    net_bench_give(&b, peer, body, 4 * MIB - 10000);
    net_bench_advance(&b, 1000);
    ck_assert_uint_eq(b.served, 0);
    ck_assert_int_lt(b.receive.bytes, MIB);
    b.tail_full = false;
    net_bench_advance(&b, 1000);
    ck_assert_uint_eq(b.served, 1);
    net_bench_deinit(&b);
    free(body);
}
END_TEST

static void answer_too_much(struct net_bench *bench, struct request *r)
{
    struct wire_writer w;
    struct piece piece = {.buf = buf_new(&bench->answers, 1000), .size = 1000};
    request_begin_answer(r, &w);
    w.bad = true;
    request_answer(r, &w, &piece, 1);
}

START_TEST(an_answer_that_is_too_large_holds_no_memory)
{
    setup(1000);
    b.serve = answer_too_much;
    size_t peer = net_bench_connect(&b);
    net_bench_request(&b, peer, 10, 1);
    ck_assert(b.peers[peer].closed);
    ck_assert_int_eq(b.answers.bytes, 0);
    net_bench_deinit(&b);
}
END_TEST

/* ---- peers that do not read ---- */
START_TEST(a_peer_that_does_not_read_is_not_served_on)
{
    setup(1000);
    b.answers.limit = 64 * MIB;
    b.answer = MIB;
    size_t peer = net_bench_connect(&b);
    net_bench_reads(&b, peer, false);
    for (unsigned i = 0; i < 100; i++)
        net_bench_request(&b, peer, 10, 1);
    ck_assert_uint_ge(b.served, 8);
    ck_assert_uint_le(b.served, 9);
    ck_assert_int_le(b.answers.bytes, 2 * (CONN_ANSWER_BYTES_MAX + (int64_t)MIB));
    somebody_is_served();
    net_bench_reads(&b, peer, true);
    net_bench_advance(&b, 1000);
    ck_assert_uint_eq(b.served, 101);
    net_bench_deinit(&b);
}
END_TEST

START_TEST(peers_that_do_not_read_make_room)
{
    setup(1000);
    b.answer = MIB / 2;
    for (unsigned i = 0; i < 40; i++) {
        size_t peer = net_bench_connect(&b);
        net_bench_reads(&b, peer, false);
        net_bench_request(&b, peer, 10, 1);
    }
    ck_assert(account_over(&b.answers));
    size_t waiting = net_bench_connect(&b), idle = net_bench_connect(&b);
    net_bench_request(&b, waiting, 10, 1);
    net_bench_advance(&b, 60000);
    ck_assert_int_lt(b.answers.bytes, b.answers.limit);
    ck_assert_uint_gt(b.peers[waiting].received, 10);
    ck_assert(!b.peers[idle].closed);
    somebody_is_served();
    net_bench_deinit(&b);
}
END_TEST

/* Asked to close in good order, it would stay for ever. */
START_TEST(a_peer_that_does_not_read_ends_all_the_same)
{
    setup(1000);
    size_t hung_up = net_bench_connect(&b), idle = net_bench_connect(&b);
    net_bench_reads(&b, hung_up, false);
    net_bench_reads(&b, idle, false);
    net_bench_request(&b, hung_up, 10, 1);
    net_bench_request(&b, idle, 10, 1);
    static const uint8_t unknown[14] = {0, 0, 0, 10, 3, 231};
    net_bench_give(&b, hung_up, unknown, sizeof unknown);
    net_bench_advance(&b, 30000);
    ck_assert(b.peers[hung_up].closed);
    ck_assert(!b.peers[idle].closed);
    net_bench_advance(&b, 630000);
    ck_assert(b.peers[idle].closed);
    net_bench_deinit(&b);
}
END_TEST

/* It has asked for more, and does not take what is there for it. */
START_TEST(a_peer_that_does_not_read_is_idle_whatever_it_asks)
{
    setup(1000);
    size_t peer = net_bench_connect(&b);
    net_bench_reads(&b, peer, false);
    net_bench_request(&b, peer, 10, 1);
    b.hold = true;
    net_bench_request(&b, peer, 10, 1);
    net_bench_advance(&b, 630000);
    ck_assert(b.peers[peer].closed);
    net_bench_deinit(&b);
}
END_TEST

START_TEST(an_idle_connection_is_closed)
{
    setup(1000);
    b.hold = true;
    size_t idle = net_bench_connect(&b), busy = net_bench_connect(&b), asks = net_bench_connect(&b);
    net_bench_request(&b, asks, 10, 1); /* and waits for its answer */
    for (unsigned i = 0; i < 130; i++) {
        net_bench_advance(&b, 5000);
        if (i % 30 == 0)
            net_bench_request(&b, busy, 10, 1);
    }
    ck_assert(b.peers[idle].closed);
    ck_assert(!b.peers[busy].closed);
    ck_assert(!b.peers[asks].closed);
    net_bench_deinit(&b);
}
END_TEST

START_TEST(connections_beyond_the_limit_are_closed)
{
    setup(5);
    for (unsigned i = 0; i < 20; i++)
        (void)net_bench_connect(&b);
    ck_assert_uint_eq(client_net_count(b.net), 5);
    net_bench_hang_up(&b, 0);
    somebody_is_served();
    net_bench_deinit(&b);
}
END_TEST

/* ---- a stop ---- */
/* Clients of a broker that stops are told so by the end of the connection. One that stayed open,
 * and unread, for as long as the logs take to close would cost them their request time-outs. */
START_TEST(a_drain_closes_what_nothing_is_open_on)
{
    setup(1000);
    size_t idle = net_bench_connect(&b), half = net_bench_connect(&b), asks = net_bench_connect(&b);
    announce(half, 1000);
    b.hold = true;
    net_bench_request(&b, asks, 10, 1);
    net_bench_request(&b, asks, 10, 1);
    client_net_drain(b.net);
    net_bench_advance(&b, 1000);
    ck_assert(b.peers[idle].closed);
    ck_assert(b.peers[half].closed);
    ck_assert(!b.peers[asks].closed);
    net_bench_request(&b, asks, 10, 1); /* comes too late */
    net_bench_answer_held(&b);
    net_bench_advance(&b, 1000);
    ck_assert_uint_eq(b.served, 2);
    ck_assert_uint_gt(b.peers[asks].received, 2 * b.answer);
    ck_assert(b.peers[asks].closed);
    ck_assert(!b.peers[asks].reset);
    size_t late = net_bench_connect(&b); /* dealt out before, arrives after */
    net_bench_advance(&b, 1000);
    ck_assert(b.peers[late].closed);
    net_bench_deinit(&b);
}
END_TEST

/* Requests that were received whole and not begun are not begun any more. */
START_TEST(a_drain_takes_no_further_requests)
{
    setup(1000);
    b.hold = true;
    size_t peer = net_bench_connect(&b);
    for (unsigned i = 0; i < CONN_REQUESTS_MAX + 5; i++)
        net_bench_request(&b, peer, 10, 1);
    ck_assert_uint_eq(b.served, CONN_REQUESTS_MAX);
    client_net_drain(b.net);
    net_bench_answer_held(&b);
    net_bench_advance(&b, 1000);
    ck_assert_uint_eq(b.served, CONN_REQUESTS_MAX);
    ck_assert(b.peers[peer].closed);
    net_bench_deinit(&b);
}
END_TEST

/* ---- wrong bytes ---- */
START_TEST(impossible_sizes_are_refused_before_memory_is_taken)
{
    static const int32_t sizes[] = {-1,        -5,       0, 3, 7, NET_BENCH_REQUEST_MAX + 1,
                                    INT32_MAX, INT32_MIN};
    setup(1000);
    for (unsigned i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        size_t peer = net_bench_connect(&b);
        int64_t before = b.receive.bytes;
        announce(peer, sizes[i]);
        ck_assert_msg(b.peers[peer].closed, "size %d", sizes[i]);
        ck_assert_int_eq(b.receive.bytes, before);
    }
    net_bench_deinit(&b);
}
END_TEST

/* Thousands of odd connections leave nothing behind, and few lines in the log. */
START_TEST(odd_connections_leave_nothing_behind)
{
    uint64_t random = 99;
    uint8_t bytes[3000];
    net_bench_init(&b, 100, 20000);
    b.answer = 5000;
    for (unsigned i = 0; i < 2000; i++) {
        size_t peer = net_bench_connect(&b);
        net_bench_reads(&b, peer, next(&random) % 2);
        b.hold = b.held_count < 1000 && next(&random) % 3 == 0;
        for (unsigned k = (unsigned)(next(&random) % 4); k > 0; k--)
            net_bench_request(&b, peer, (uint32_t)(next(&random) % 5000), 3);
        if (next(&random) % 3) {
            size_t size = next(&random) % sizeof bytes;
            for (size_t n = 0; n < size; n++)
                bytes[n] = (uint8_t)next(&random);
            store_u32(bytes, (uint32_t)(next(&random) % 4 ? size - 4 : next(&random)));
            net_bench_give(&b, peer, bytes, size);
        }
        if (next(&random) % 2)
            net_bench_hang_up(&b, peer);
        if (b.held_count > 900)
            net_bench_answer_held(&b);
        if (client_net_count(b.net) > 90)
            net_bench_advance(&b, 40000);
    }
    ck_assert_uint_gt(b.served, 500);
    unsigned before = b.lines;
    for (unsigned i = 0; i < 1000; i++)
        announce(net_bench_connect(&b), -1);
    ck_assert_uint_le(b.lines - before, 5);
    net_bench_deinit(&b);
}
END_TEST

SUITE_MAIN("conn", announced_bytes_take_no_memory, half_open_requests_disturb_nobody,
           stalled_requests_make_room, a_stalled_request_without_pressure_may_wait,
           a_request_larger_than_the_limit_passes, every_byte_arrives_in_order,
           open_requests_of_a_connection_are_bounded, nothing_is_read_while_the_tail_is_full,
           no_more_of_a_request_is_read_while_the_tail_is_full,
           an_answer_that_is_too_large_holds_no_memory, a_peer_that_does_not_read_is_not_served_on,
           peers_that_do_not_read_make_room, a_peer_that_does_not_read_ends_all_the_same,
           a_peer_that_does_not_read_is_idle_whatever_it_asks, an_idle_connection_is_closed,
           connections_beyond_the_limit_are_closed, a_drain_closes_what_nothing_is_open_on,
           a_drain_takes_no_further_requests, impossible_sizes_are_refused_before_memory_is_taken,
           odd_connections_leave_nothing_behind)
