/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORDUROY_BROKER_NET_CONN_INTERNAL_H
#define CORDUROY_BROKER_NET_CONN_INTERNAL_H

#include "broker/net/conn.h"

/* What conn.c, request.c and client_net.c share; nobody else includes it. */
struct conn {
    struct source source;
    struct turn_task turn;
    struct client_net *net;
    struct conn *next, *prev;               /* all of the shard */
    struct conn *paused_next, *paused_prev; /* those that wait to be read again */
    struct addr peer;
    struct buf *buf; /* bytes [start, end) are received and not yet a request; NULL: none */
    uint32_t start, end;
    struct request *first, **last;
    struct request *blocked; /* the request that later ones wait for */
    unsigned request_count;
    uint64_t unsent;
    uint64_t active_ns; /* when bytes moved last, or since when more are waited for */
    uint32_t half;      /* size of buf while it holds a request that has begun */
    bool reading, paused, eof, closing, cut, gone;
};

struct client_net {
    struct reactor *reactor;
    struct client_net_config config;
    struct conn *first, *last, *paused_first, *paused_last;
    struct timer again, look; /* look after paused connections, and after all */
    struct say_limit say_limit;
    uint32_t count;
    uint64_t request_count, half_bytes; /* the latter: of all connections' half */
    struct conn *grower; /* the one whose half request may grow whatever the others hold */
    bool draining;
};

struct conn *conn_new(struct client_net *net, token name, const struct addr *peer);
void conn_read_on(struct conn *c);
void conn_take_requests(struct conn *c);
void conn_touch(struct conn *c); /* look at it at the end of the turn */
void conn_close(struct conn *c, bool after_sent);
void conn_free_at_turn(struct turn_task *task);
void conn_pause(struct conn *c);
void request_start(struct conn *c, struct view frame);
bool client_net_may_read(struct client_net *net);
bool client_net_may_go_on(struct client_net *net, struct conn *c, bool grows);
void conn_set_half(struct conn *c, uint32_t size);
void client_net_say(struct client_net *net, const struct addr *peer, const char *what);
void client_net_forget(struct client_net *net, struct conn *c);

#endif
