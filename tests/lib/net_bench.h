/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORDUROY_TESTS_LIB_NET_BENCH_H
#define CORDUROY_TESTS_LIB_NET_BENCH_H

#include <stdbool.h>
#include <stdint.h>

#include "broker/shard.h"

/* A world that has nothing but connections and timers, for the connections of clients: the test is
 * the peers, and the server of the requests. Bytes that the broker does not read wait here, as they
 * would in a socket. */

#define NET_BENCH_REQUEST_MAX (100 << 20)
#define NET_BENCH_LIMIT (8 << 20) /* of each account */

struct net_peer {
    token name;
    bool reading, reads, closing, closed, reset;
    /* of the pending read */
    struct buf *into;
    uint32_t at, min, max, got;
    struct account *account;
    /* given and not read yet */
    uint8_t *in;
    size_t in_size, in_capacity;
    uint64_t received,
        queued;           /* bytes of answers that arrived; that wait because it does not read */
    struct piece *pieces; /* the latter; references are held */
    size_t piece_count, piece_capacity;
};
struct net_timer {
    token name;
    uint64_t at_ns;
};
struct net_bench {
    struct shard
        shard; /* only its reactor is made; what else a handler needs is the test's to make */
    struct client_net *net;
    struct account receive, answers;
    struct net_peer *peers;
    size_t peer_count, peer_capacity, first_open; /* those before it are closed */
    struct net_timer timers[4];
    uint64_t now_ns;
    unsigned lines; /* log lines said */
    bool tail_full; /* what may_read answers, inverted */
    bool hold;      /* requests are kept, not answered */
    /* Serves the requests instead of the bench, when it is set. */
    void (*serve)(struct net_bench *bench, struct request *request);
    uint32_t answer; /* bytes of an answer's body */
    struct request *held[1024];
    unsigned held_count;
    uint64_t served; /* requests */
    uint64_t sum;    /* of all bytes of their bodies, position counted */
};

void net_bench_init(struct net_bench *b, uint32_t connections_max, uint64_t idle_ms);
/* Closes everything. Both accounts must be at zero then, else the test fails. */
void net_bench_deinit(struct net_bench *b);
/* A connection arrives; its index. It reads its answers. */
size_t net_bench_connect(struct net_bench *b);
/* The peer sends these bytes. */
void net_bench_give(struct net_bench *b, size_t peer, const void *bytes, size_t size);
/* A whole request (Metadata 0) with a body of so many bytes, each `fill`. */
void net_bench_request(struct net_bench *b, size_t peer, uint32_t body_size, uint8_t fill);
/* The peer closes. */
void net_bench_hang_up(struct net_bench *b, size_t peer);
/* Whether it takes the bytes sent to it; when it begins to again, it takes what has gathered. */
void net_bench_reads(struct net_bench *b, size_t peer, bool reads);
/* What is held is answered, oldest first. */
void net_bench_answer_held(struct net_bench *b);
/* The clock moves in steps of at most 100 ms; timers fire. */
void net_bench_advance(struct net_bench *b, uint64_t ms);

#endif
