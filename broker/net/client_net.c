/* SPDX-License-Identifier: Apache-2.0 */
/* All client connections of a shard: their number, who is idle, who waits to be read again. */
#include <stdlib.h>

#include "broker/net/conn_internal.h"
#include "common/assert.h"
#include "common/memory.h"
#include "common/resolve.h"

#define AGAIN_MS 5
#define LOOK_MS 1000
/* While memory is short, a peer that neither sends the rest of its request nor takes its answers
 * for so long has to go; and so long an orderly close may take. */
#define PATIENCE_NS (UINT64_C(10) * 1000 * 1000 * 1000)

static void again_fired(struct timer *timer);
static void look_fired(struct timer *timer);

struct client_net *client_net_new(struct reactor *reactor, const struct client_net_config *config)
{
    struct client_net *net = xcalloc(1, sizeof *net);
    net->reactor = reactor;
    net->config = *config;
    timer_init(&net->again, reactor, again_fired);
    timer_init(&net->look, reactor, look_fired);
    return net;
}

void client_net_free(struct client_net *net)
{
    if (net == NULL) {
        return;
    }
    while (net->first != NULL) {
        struct conn *c = net->first;
        struct event closed = {.kind = EV_NET_CLOSED, .token = c->source.token};
        c->source.heard(&c->source, &closed);
    }
    timer_deinit(&net->again);
    timer_deinit(&net->look);
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
    if (!c->paused) {
        return;
    }
    c->paused = false;
    *(c->paused_prev != NULL ? &c->paused_prev->paused_next : &net->paused_first) = c->paused_next;
    *(c->paused_next != NULL ? &c->paused_next->paused_prev : &net->paused_last) = c->paused_prev;
}

void client_net_forget(struct client_net *net, struct conn *c)
{
    unpause(net, c);
    unlink_conn(net, c);
    net->count--;
    if (net->grower == c) {
        net->grower = NULL;
    }
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
    if (net->look.at_ns == 0) {
        timer_set(&net->look, LOOK_MS);
    }
    conn_read_on(c);
}

bool client_net_may_read(struct client_net *net)
{
    return !account_over(net->config.receive) && !account_over(net->config.answers) &&
           net->config.may_read(net->config.context);
}

/* ---- requests that have begun ----
 * Together they take at most half of what may be received, one of them aside: so those that have
 * begun and do not come keep nobody from being served, and those that do come get through one by
 * one at least. */
void conn_set_half(struct conn *c, uint32_t size)
{
    c->net->half_bytes += size;
    c->net->half_bytes -= c->half;
    c->half = size;
    if (size == 0 && c->net->grower == c) {
        c->net->grower = NULL;
    }
}

static bool half_is_much(const struct client_net *net)
{
    return (int64_t)net->half_bytes >= net->config.receive->limit / 2;
}

bool client_net_may_go_on(struct client_net *net, struct conn *c, bool grows)
{
    if (account_over(net->config.answers) || !net->config.may_read(net->config.context)) {
        return false;
    }
    if (!grows || (!half_is_much(net) && !account_over(net->config.receive))) {
        return true; /* what it reads into is taken already */
    }
    if (net->grower == NULL) {
        net->grower = c;
    }
    return net->grower == c;
}

void conn_pause(struct conn *c)
{
    struct client_net *net = c->net;
    if (c->paused) {
        return;
    }
    c->paused = true;
    c->paused_prev = net->paused_last;
    c->paused_next = NULL;
    *(net->paused_last != NULL ? &net->paused_last->paused_next : &net->paused_first) = c;
    net->paused_last = c;
    if (net->again.at_ns == 0) {
        timer_set(&net->again, AGAIN_MS);
    }
}

/* Accounts are credited on other threads too, which wake nobody: paused connections are looked at
 * again now and then. */
static void again_fired(struct timer *timer)
{
    struct client_net *net = CONTAINER_OF(timer, struct client_net, again);
    struct conn *end = net->paused_last;
    for (struct conn *c = net->paused_first; c != NULL;) {
        struct conn *next = c == end ? NULL : c->paused_next;
        unpause(net, c);
        conn_touch(c);
        c = next;
    }
}

static void look_at(struct client_net *net, struct conn *c)
{
    uint64_t now = net->reactor->now_ns;
    bool still = c->active_ns + PATIENCE_NS <= now;
    bool idle = c->active_ns + net->config.idle_ns <= now;
    bool short_of_memory = account_over(net->config.answers) || account_over(net->config.receive);
    if (c->closing) {
        if (still) {
            conn_close(c, false);
        }
    } else if (still && c->half > 0 && c->reading && c->request_count == 0 && half_is_much(net)) {
        client_net_say(net, &c->peer, "a request that stays half received while memory is short");
        conn_close(c, false);
    } else if (still && c->unsent > 0 && short_of_memory) {
        client_net_say(net, &c->peer,
                       "a peer that does not take its answers while memory is short");
        conn_close(c, false);
    } else if (idle && (c->request_count == 0 || c->unsent > 0)) {
        conn_close(c, true);
    }
}

/* Once a second: who has been idle for too long, and, when memory is short, who holds it for
 * nothing. */
static void look_fired(struct timer *timer)
{
    struct client_net *net = CONTAINER_OF(timer, struct client_net, look);
    for (struct conn *c = net->first; c != NULL; c = c->next) {
        look_at(net, c);
    }
    if (net->count > 0) {
        timer_set(&net->look, LOOK_MS);
    }
}

void client_net_drain(struct client_net *net)
{
    net->draining = true;
}

bool client_net_idle(const struct client_net *net)
{
    return net->request_count == 0;
}

uint32_t client_net_count(const struct client_net *net)
{
    return net->count;
}

struct account *client_net_answers(struct client_net *net)
{
    return net->config.answers;
}

void client_net_say(struct client_net *net, const struct addr *peer, const char *what)
{
    char text[RESOLVE_TEXT_SIZE];
    resolve_text(peer, text);
    say_limited(net->reactor, &net->say_limit, SAY_WARN, "net", "%s (%s): the connection is closed",
                what, text);
}
