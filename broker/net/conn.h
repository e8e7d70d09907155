/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORDUROY_BROKER_NET_CONN_H
#define CORDUROY_BROKER_NET_CONN_H

#include <stdbool.h>
#include <stdint.h>

#include "common/arena.h"
#include "common/reactor.h"
#include "proto/frame.h"

/* The connections of Kafka's clients to one shard. The requests of one connection are served in the
 * order of their arrival, several at a time, and answered in that order, as Kafka's clients expect.
 * (Kafka serves one at a time.)
 *
 * Back-pressure: a connection is not read while too many bytes are received and not yet done with,
 * while too many of its answers wait to be sent, or while a data directory's commit journal runs
 * too far ahead of its segments. TCP then slows the client down. One thread, the shard's. */
struct conn;
struct client_net;

#define CONN_REQUESTS_MAX 64 /* open at once on one connection */
#define CONN_ANSWER_BYTES_MAX                                                                      \
    (8 << 20) /* queued and unsent on one connection: above it no further request is taken */

/* One request, from its last byte's arrival until everything that refers to it has let go. */
struct request {
    struct request *next;
    struct conn *conn; /* NULL: the connection is gone; the answer goes nowhere */
    struct client_net *net;
    struct buf *buf; /* holds the frame; views of the header and body point into it */
    struct request_header header;
    struct wire_reader body;
    struct arena arena;
    uint32_t refs;
    bool ready;   /* answered: the answer leaves once those of earlier requests have left */
    bool hang_up; /* instead of an answer, the connection is closed when its turn has come */
    struct piece *pieces; /* the answer; none for a Produce with acks=0 */
    unsigned piece_count;
    void (*when_first)(void *context, struct request *r); /* request_serve_when_first */
    /* The handler's own. `ended` is called when the last reference is gone, whether or not there
     * was an answer: a connection that is lost takes its requests along, so a handler that is
     * waiting for nothing but a timer is told here to take it back. NULL: nothing to do. */
    void *state;
    void (*ended)(struct request *r);
};

struct client_net_config {
    uint32_t request_size_max;
    uint64_t idle_ns;
    uint32_t connections_max;
    struct account *receive, *answers; /* outlive every buf charged to them, so also the net */
    /* Serves one request: takes it over, and sooner or later calls one of request_answer,
     * request_answer_nothing or request_hang_up. */
    void (*serve)(void *context, struct request *request);
    /* False while a data directory has too many bytes that are in its journal and not yet in their
     * segments. */
    bool (*may_read)(void *context);
    void *context;
};
struct client_net *client_net_new(struct reactor *reactor, const struct client_net_config *config);
/* Frees every connection; requests still referred to elsewhere live on without a connection. */
void client_net_free(struct client_net *net);
/* A connection accepted here or moved here. */
void client_net_accepted(struct client_net *net, const struct event *event);
/* No request is read or begun any more. Those that are open are still answered; a connection
 * without any is closed, at once or once its last answer was sent, so that its client turns to
 * another broker instead of waiting for this one to end. */
void client_net_drain(struct client_net *net);
bool client_net_idle(const struct client_net *net); /* no request is open */
uint32_t client_net_count(const struct client_net *net);

struct request *request_ref(struct request *r);
void request_unref(struct request *r);
/* Calls serve, with the context of the configuration's own, as soon as all earlier requests of the
 * connection are answered, which may be now. For answers that clients act on as news: made now they
 * would be old when they leave, since they leave after those, and an earlier Produce may wait for
 * half a minute. Never called when the connection is lost first. */
void request_serve_when_first(struct request *r, void (*serve)(void *context, struct request *r));
/* Starts the answer of this request: header written; end with request_answer. */
void request_begin_answer(struct request *r, struct wire_writer *w);
/* Sends what was written since request_begin_answer (the writer is deinitialised). Where the writer
 * left gaps, the pieces fill them in order, several to a gap if need be (references are taken
 * over). Each request is answered once. */
void request_answer(struct request *r, struct wire_writer *w, const struct piece *gaps,
                    unsigned gap_count);
/* Done, without an answer: Kafka sends none for a Produce with acks=0. */
void request_answer_nothing(struct request *r);
/* Closes the connection instead of an answer. `why` is the subject of one rate-limited log line,
 * for example "a Fetch request that cannot be read". */
void request_hang_up(struct request *r, const char *why);
const struct addr *request_peer(const struct request *r); /* NULL when the connection is gone */
token request_connection(const struct request *r);        /* its name; 0 when it is gone */

#endif
