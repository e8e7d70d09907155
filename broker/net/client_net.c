/* SPDX-License-Identifier: Apache-2.0 */
/* All client connections of a shard: how many there are, which are paused because memory is short,
 * which are closed because they are idle or hold memory and do not move. */
#include <stdlib.h>

#include "broker/net/conn_internal.h"
#include "common/assert.h"
#include "common/memory.h"
#include "common/resolve.h"

#define RESUME_MS 5
#define SWEEP_MS 1000
/* How long a peer may keep memory without moving a byte while memory is short, and how long an
 * orderly close may take, before the connection is cut. */
#define STALL_NS (UINT64_C(10) * 1000 * 1000 * 1000)

static void resume_fired(struct timer *timer);
static void sweep_fired(struct timer *timer);

struct client_net *client_net_new(struct reactor *reactor, const struct client_net_config *config)
{
    struct client_net *net = xcalloc(1, sizeof *net);
    net->reactor = reactor;
    net->config = *config;
    timer_init(&net->resume, reactor, resume_fired);
    timer_init(&net->sweep, reactor, sweep_fired);
    return net;
}

void client_net_free(struct client_net *net)
{
    if (net == NULL)
        return;
    while (net->first != NULL) {
        struct conn *c = net->first;
        struct event closed = {.kind = EV_NET_CLOSED, .token = c->source.token};
        c->source.heard(&c->source, &closed);
    }
    timer_deinit(&net->resume);
    timer_deinit(&net->sweep);
    free(net);
}

/* ---- the list of all ---- */
static void append(struct client_net *net, struct conn *c)
{
    c->prev = net->last;
    c->next = NULL;
    *(net->last != NULL ? &net->last->next : &net->first) = c;
    net->last = c;
}

static void unlink_conn(struct client_net *net, struct conn *c)
{
    *(c->prev != NULL ? &c->prev->next : &net->first) = c->next;
    *(c->next != NULL ? &c->next->prev : &net->last) = c->prev;
}

static void unpause(struct client_net *net, struct conn *c)
{
    if (!c->paused)
        return;
    c->paused = false;
    *(c->paused_prev != NULL ? &c->paused_prev->paused_next : &net->paused_first) = c->paused_next;
    *(c->paused_next != NULL ? &c->paused_next->paused_prev : &net->paused_last) = c->paused_prev;
}

void client_net_forget(struct client_net *net, struct conn *c)
{
    INVARIANT(net->unlimited != c); /* it let its buffer go */
    unpause(net, c);
    unlink_conn(net, c);
    net->count--;
}

void client_net_accepted(struct client_net *net, const struct event *event)
{
    struct conn *c = conn_new(net, event->token, &event->u.net.peer);
    append(net, c);
    net->count++;
    if (net->count > net->config.connections_max) {
        client_net_say(net, &c->peer, "a connection beyond max.connections");
        conn_close(c, false);
        return;
    }
    if (net->draining) {
        conn_close(c, true);
        return;
    }
    if (net->sweep.at_ns == 0)
        timer_set(&net->sweep, SWEEP_MS);
    conn_read_on(c);
}

bool client_net_may_read(struct client_net *net)
{
    return !account_over(net->config.receive) && !account_over(net->config.answers) &&
           net->config.may_read(net->config.context);
}

/* ---- partial requests ----
 * All partial requests together hold at most half of the shard's receive limit, so clients that
 * send the beginning of a large request and then nothing more cannot keep others from being served.
 * One connection at a time may go beyond that, so requests that do arrive get through at least one
 * by one. */
void conn_set_partial(struct conn *c, uint32_t size)
{
    c->net->partial_bytes += size;
    c->net->partial_bytes -= c->partial;
    c->partial = size;
    if (size == 0 && c->net->unlimited == c)
        c->net->unlimited = NULL;
}

static bool partial_is_much(const struct client_net *net)
{
    return (int64_t)net->partial_bytes >= net->config.receive->limit / 2;
}

bool client_net_may_read_more(struct client_net *net, struct conn *c, bool grows)
{
    if (account_over(net->config.answers) || !net->config.may_read(net->config.context))
        return false;
    if (!grows || (!partial_is_much(net) && !account_over(net->config.receive)))
        return true; /* the memory that it reads into is accounted for already */
    if (net->unlimited == NULL)
        net->unlimited = c;
    return net->unlimited == c;
}

void conn_pause(struct conn *c)
{
    struct client_net *net = c->net;
    if (c->paused)
        return;
    c->paused = true;
    c->paused_prev = net->paused_last;
    c->paused_next = NULL;
    *(net->paused_last != NULL ? &net->paused_last->paused_next : &net->paused_first) = c;
    net->paused_last = c;
    if (net->resume.at_ns == 0)
        timer_set(&net->resume, RESUME_MS);
}

/* Polls, because buffers are also released on the disks' threads, which wake nobody. */
static void resume_fired(struct timer *timer)
{
    struct client_net *net = CONTAINER_OF(timer, struct client_net, resume);
    struct conn *end = net->paused_last;
    for (struct conn *c = net->paused_first; c != NULL;) {
        struct conn *next = c == end ? NULL : c->paused_next;
        unpause(net, c);
        conn_touch(c);
        c = next;
    }
}

static void sweep_one(struct client_net *net, struct conn *c)
{
    uint64_t now = net->reactor->now_ns;
    bool stalled = c->active_ns + STALL_NS <= now;
    bool idle = c->active_ns + net->config.idle_ns <= now;
    bool short_of_memory = account_over(net->config.answers) || account_over(net->config.receive);
    if (c->closing) {
        if (stalled)
            conn_close(c, false);
    } else if (stalled && c->partial > 0 && c->reading && c->request_count == 0 &&
               partial_is_much(net)) {
        client_net_say(net, &c->peer, "a request that stays half received while memory is short");
        conn_close(c, false);
    } else if (stalled && c->unsent > 0 && short_of_memory) {
        client_net_say(net, &c->peer,
                       "a peer that does not take its answers while memory is short");
        conn_close(c, false);
    } else if (idle && (c->request_count == 0 || c->unsent > 0)) {
        conn_close(c, true);
    }
}

/* Once a second: closes who has been idle for too long, and, when memory is short, who holds memory
 * without moving. */
static void sweep_fired(struct timer *timer)
{
    struct client_net *net = CONTAINER_OF(timer, struct client_net, sweep);
    for (struct conn *c = net->first; c != NULL; c = c->next)
        sweep_one(net, c);
    if (net->count > 0)
        timer_set(&net->sweep, SWEEP_MS);
}

void client_net_drain(struct client_net *net)
{
    net->draining = true;
    for (struct conn *c = net->first; c != NULL; c = c->next)
        conn_touch(c);
}

bool client_net_idle(const struct client_net *net)
{
    return net->request_count == 0;
}

uint32_t client_net_count(const struct client_net *net)
{
    return net->count;
}

void client_net_say(struct client_net *net, const struct addr *peer, const char *what)
{
    char text[RESOLVE_TEXT_SIZE];
    resolve_text(peer, text);
    say_limited(net->reactor, &net->say_limit, SAY_WARN, "net", "%s (%s): the connection is closed",
                what, text);
}
