/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORDUROY_BROKER_CONTROL_PEER_H
#define CORDUROY_BROKER_CONTROL_PEER_H

#include <stdbool.h>
#include <stdint.h>

#include "common/reactor.h"
#include "proto/cluster/frames.h"
#include "proto/cluster/handshake.h"

/* One end of a control connection: the handshake, then frames both ways, pings when it is silent.
 * The broker that is controller talks to itself through a pair of ends that are joined in memory:
 * same frames, no socket. One thread. */
struct peer;
struct peer_identity {
    struct cluster_member self;
    uint32_t shard_count;
    struct view cluster_id;
    struct view secret; /* VIEW_NULL: no authentication */
};
struct peer_owner {
    void (*up)(struct peer_owner *o, struct peer *p); /* the handshake is done */
    void (*heard)(struct peer_owner *o, struct peer *p, const struct cluster_message *m);
    /* Said once, unless the owner closed it first; p is gone when this returns. */
    void (*down)(struct peer_owner *o, struct peer *p, const char *why);
};

/* Connects to a broker's cluster listener. identity's views outlive the peer. */
struct peer *peer_connect(struct reactor *r, const struct peer_identity *self, int32_t broker,
                          const struct addr *to, struct peer_owner *owner);
/* Goes on with an accepted connection from which exactly an OPEN frame was read. NULL: it was
 * refused and closed, *ret_why says why. */
struct peer *peer_accept(struct reactor *r, const struct peer_identity *self, token connection,
                         const struct cluster_open *open, struct peer_owner *owner,
                         const char **ret_why);
/* Two ends joined in memory; up is said for both at the end of the turn, a's first. */
void peer_join(struct reactor *r, const struct peer_identity *self, struct peer_owner *a_owner,
               struct peer **ret_a, struct peer_owner *b_owner, struct peer **ret_b);
/* Sends one message; frames of one turn leave together. Nothing happens when the end is closing. */
void peer_send(struct peer *p, const struct cluster_message *m);
/* The owner hears nothing more of it, and must not use it again. */
void peer_close(struct peer *p);
/* Frees it when the world has ended and nothing will be heard any more, its socket's end neither.
 */
void peer_discard(struct peer *p);
struct cluster_member peer_member(const struct peer *p); /* who is at the other end */
uint64_t peer_name(const struct peer *p);                /* unique in this reactor's life */

#endif
