/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORDUROY_BROKER_REPLICA_LINK_H
#define CORDUROY_BROKER_REPLICA_LINK_H

#include <stdbool.h>
#include <stdint.h>

#include "common/reactor.h"
#include "proto/cluster/frames.h"
#include "proto/cluster/handshake.h"

/* One connection of a replication stream, either end of it: the handshake, then whole frames in,
 * and frames out when the owner flushes them. A frame is read into one counted buffer, so that what
 * it holds can be kept without a copy. Embedded in its owner, who may free it only after closed()
 * was called. One thread; calls come from events, never inside of a call on the link. */
struct link;
struct link_calls {
    void (*ready)(struct link *l); /* the handshake is done; l->peer says who is there */
    /* A whole frame of any kind but the handshake's and pings. m's views and the batches of a push
     * lie in buf; keep a reference to keep them. */
    void (*heard)(struct link *l, const struct cluster_message *m, struct buf *buf, uint32_t pos);
    /* Asked before each read: true puts it off until link_resume (back-pressure). */
    bool (*full)(struct link *l);
    /* May be NULL. Before a ping is answered: what earlier frames asked for is to be said first, so
     * that whoever hears the pong has heard it. */
    void (*before_pong)(struct link *l);
    void (*ponged)(struct link *l); /* may be NULL; l->pong_number has grown */
    void (*closed)(struct link *l); /* the last call; never inside a call on the link */
};
enum link_state {
    LINK_CLOSED,
    LINK_CONNECTING, /* opener: until the connection stands */
    LINK_GREETING,   /* the handshake's frames */
    LINK_READY,
    LINK_CLOSING,
};
struct link_identity {
    struct cluster_member self;
    uint32_t shard_count;
    uint8_t cluster[CLUSTER_ID_DIGEST_SIZE];
    struct view secret;
};
struct link {
    /* readable by the owner */
    enum link_state state;
    struct cluster_member peer; /* opener: as asked for, then as it said */
    uint32_t peer_shard_count;
    uint64_t heard_ns;                 /* when bytes last came */
    uint64_t bytes_left;               /* handed to the world and not sent yet */
    const char *why;                   /* why we closed it, static text; NULL: the other end did */
    uint64_t ping_number, pong_number; /* of the last ping, and of the last one that was answered */
    /* the link's own */
    struct source source;
    struct reactor *reactor;
    const struct link_calls *calls;
    const struct link_identity *self;
    struct account *account;
    bool opener, reading, held;
    struct cluster_open open;
    struct cluster_challenge challenge;
    struct buf *partial; /* of a frame of which [0, partial->used) is there */
    struct cluster_writer writer;
};

/* Connects and says OPEN. l->open: purpose, target shard and broker are set by the caller. */
void link_connect(struct link *l, struct reactor *r, const struct link_calls *calls,
                  const struct link_identity *self, struct account *account, const struct addr *to);
/* Goes on after an OPEN that was read elsewhere. Whatever comes of it, closed() is called. */
void link_accept(struct link *l, struct reactor *r, const struct link_calls *calls,
                 const struct link_identity *self, struct account *account, token connection,
                 const struct cluster_open *open);
/* Appends a frame to what leaves with the next link_flush; dropped unless the link is ready. */
void link_say(struct link *l, const struct cluster_message *m);
/* Sends the frames said so far, then `count` pieces (the bytes of the last frame's pushes). */
void link_flush(struct link *l, const struct piece *pieces, unsigned count);
/* Asks the other end for a sign of life: its answer moves heard_ns. */
void link_ping(struct link *l);
/* Reads on after full() has put a read off. */
void link_resume(struct link *l);
/* Closes at once; what was not sent yet is lost. closed() follows, from a later event. why: static
 * text, for the log. */
void link_close(struct link *l, const char *why);
static inline bool link_is_open(const struct link *l)
{
    return l->state != LINK_CLOSED && l->state != LINK_CLOSING;
}

#endif
