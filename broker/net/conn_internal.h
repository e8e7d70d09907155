/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORDUROY_BROKER_NET_CONN_INTERNAL_H
#define CORDUROY_BROKER_NET_CONN_INTERNAL_H

#include "broker/net/conn.h"

/* What conn.c, request.c and client_net.c share; nobody else includes it. */
struct conn {
    struct source source;
    struct turn_task turn;
    struct client_net *net;
    struct conn *next, *prev;               /* all of the shard, the longest idle first */
    struct conn *paused_next, *paused_prev; /* those that wait to be read again */
    struct addr peer;
    struct buf *buf; /* bytes [start, end) are received and not yet a request; NULL: none */
    uint32_t start, end;
    struct request *first, **last;
    struct request *blocked; /* the request that later ones wait for */
    unsigned request_count;
    uint64_t unsent, active_ns;
    bool reading, paused, eof, closing, gone;
};

struct client_net {
    struct reactor *reactor;
    struct client_net_config config;
    struct conn *first, *last, *paused_first, *paused_last;
    struct timer again, idle; /* looks after paused and idle connections */
    struct say_limit say_limit;
    uint32_t count;
    uint64_t request_count;
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
void client_net_say(struct client_net *net, const struct addr *peer, const char *what);
void client_net_forget(struct client_net *net, struct conn *c);

#endif
