/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORDUROY_COMMON_WORLD_SOCKET_H
#define CORDUROY_COMMON_WORLD_SOCKET_H

#include "common/world_net.h"

/* Inside of world_net: what listening sockets (world_listener.c) and connections (world_conn.c,
 * world_conn_send.c) are. */

struct net_socket {
    struct world_net *net;
    token name;
    int fd; /* -1: closed */
    bool is_listener, in_ready, in_sending;
    bool closed; /* only NET_CLOSED is left to tell */
    int error;   /* what NET_CLOSED says */
    TAILQ_ENTRY(net_socket) ready_link, sending_link;
    /* Does what there is to do now. Nothing but a run frees a socket; only after NET_ACCEPTED was
     * delivered it may be gone (to another shard). */
    void (*run)(struct net_socket *socket);
    void (*free)(struct net_socket *socket);
};
void net_socket_init(struct net_socket *s, struct world_net *net, token name, int fd);
void net_socket_schedule(struct net_socket *s);
/* Out of the map and the lists: nothing of this shard knows it any more. */
void net_socket_forget(struct net_socket *s);
void net_deliver(struct world_net *net, struct event *event);

struct net_listener {
    struct net_socket socket;
    struct world_watch accepting, pause;
    struct addr addr;
    unsigned listener, credit;
    bool tell_listening, complained;
    int listen_error;
};
struct net_listener *net_listener_new(struct world_net *net, token name, const struct addr *addr,
                                      unsigned listener);
void net_listener_accept(struct net_listener *l, unsigned more);
void net_listener_close(struct net_listener *l);

enum conn_state {
    CONN_OPENING,
    CONN_OPEN,
    CONN_CLOSING,  /* when all is sent */
    CONN_DRAINING, /* all is sent and our side is shut; what the peer still sends is thrown away,
                      because a close over unread bytes is a reset, which destroys what we sent */
};
struct net_conn {
    struct net_conn *next; /* on its way to another shard */
    struct net_socket socket;
    enum conn_state state;
    struct world_watch readable, writable;
    unsigned listener; /* of an accepted one */
    struct addr peer;
    bool tell_accepted, tell_opened, tell_sent;

    /* The pending read. */
    bool reading;
    bool maybe_readable; /* the kernel may have bytes: worth a try before waiting */
    bool eof;            /* was told */
    struct buf *into;    /* a reference; NULL: a new buf when bytes are there */
    uint32_t at, min, max, got;
    struct account *account;
    uint64_t drained;

    /* The queue of pieces, a ring; each with a reference. */
    struct piece *pieces;
    uint32_t piece_capacity, piece_first, piece_count;
    uint64_t queued; /* bytes */
    bool sent_before, blocked;
};
/* An accepted or a connecting socket; the descriptor is the connection's from here on. */
struct net_conn *net_conn_new(struct world_net *net, token name, int fd, enum conn_state state);
struct net_conn *net_conn_open(struct world_net *net, token name, const struct addr *addr);
void net_conn_read(struct net_conn *c, struct buf *into, uint32_t at, uint32_t min, uint32_t max,
                   struct account *account);
void net_conn_close(struct net_conn *c, bool after_sent);
/* Ends it now; error: 0 or -errno, for NET_CLOSED. */
void net_conn_end(struct net_conn *c, int error);
/* All is sent of one that closes after that. */
void net_conn_all_sent(struct net_conn *c);
void net_conn_attach(struct net_conn *c, struct world_net *net);
void net_conn_detach(struct net_conn *c);

void net_conn_queue(struct net_conn *c, const struct piece *pieces, unsigned count);
void net_conn_flush(struct net_conn *c);
void net_conn_drop_queue(struct net_conn *c);

#endif
