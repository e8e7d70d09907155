/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORDUROY_BROKER_NET_CONN_INTERNAL_H
#define CORDUROY_BROKER_NET_CONN_INTERNAL_H

#include "broker/net/conn.h"

/* What conn.c, request.c and client_net.c share; nobody else includes it. */

/* One client connection. Owned by its client_net; freed when the world says EV_NET_CLOSED. */
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
    unsigned request_count;
    uint64_t unsent;
    uint64_t active_ns; /* when bytes moved last, or since when more are waited for */
    uint32_t partial;   /* size of buf while it holds the beginning of a request; else 0 */
    bool reading;       /* a read is under way in the world */
    bool paused;        /* in the list of those that wait to be read again */
    bool eof;           /* the peer has sent everything that it will send */
    bool closing;       /* net_close was called; EV_NET_CLOSED is awaited */
    bool cut;           /* closing without waiting for what is still to be sent */
};

struct client_net {
    struct reactor *reactor;
    struct client_net_config config;
    struct conn *first, *last, *paused_first, *paused_last;
    struct timer resume; /* looks whether the paused connections may be read again */
    struct timer sweep;  /* looks for connections that are idle, or hold memory and do not move */
    struct say_limit say_limit;
    uint32_t count;
    uint64_t request_count;
    uint64_t partial_bytes; /* the sum of all connections' partial */
    struct conn *unlimited; /* the one whose partial request may grow whatever the others hold */
    bool draining;
};

struct conn *conn_new(struct client_net *net, token name, const struct addr *peer);
void conn_read_on(struct conn *c);
/* Has its answers sent, and its next requests taken, at the end of the turn. */
void conn_touch(struct conn *c);
void conn_close(struct conn *c, bool after_sent);
void conn_pause(struct conn *c);
void request_start(struct conn *c, struct view frame);
/* May a connection that holds no partial request be read? */
bool client_net_may_read(struct client_net *net);
/* May one that holds a partial request be read on? grows: its buffer must be made larger first. */
bool client_net_may_read_more(struct client_net *net, struct conn *c, bool grows);
void conn_set_partial(struct conn *c, uint32_t size);
/* One rate-limited line: `what`, the peer's address, and that the connection is closed. */
void client_net_say(struct client_net *net, const struct addr *peer, const char *what);
void client_net_forget(struct client_net *net, struct conn *c);

#endif
