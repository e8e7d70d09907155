/* SPDX-License-Identifier: Apache-2.0 */
/* All client connections of a shard: their number, who is idle, who waits to be read again. */
#include <stdlib.h>

#include "broker/net/conn_internal.h"
#include "common/assert.h"
#include "common/memory.h"
#include "common/resolve.h"

#define AGAIN_MS 5
#define IDLE_CHECK_MS 1000

static void again_fired(struct timer *timer);
static void idle_fired(struct timer *timer);

struct client_net *client_net_new(struct reactor *reactor, const struct client_net_config *config)
{
    struct client_net *net = xcalloc(1, sizeof *net);
    net->reactor = reactor;
    net->config = *config;
    timer_init(&net->again, reactor, again_fired);
    timer_init(&net->idle, reactor, idle_fired);
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
    timer_deinit(&net->idle);
    free(net);
}

/* ---- the list of all, by when they were last active when the list was last looked at ---- */
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
    if (net->idle.at_ns == 0) {
        timer_set(&net->idle, IDLE_CHECK_MS);
    }
    conn_read_on(c);
}

bool client_net_may_read(struct client_net *net)
{
    return !account_over(net->config.receive) && !account_over(net->config.answers) &&
           net->config.may_read(net->config.context);
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

static void idle_fired(struct timer *timer)
{
    struct client_net *net = CONTAINER_OF(timer, struct client_net, idle);
    uint64_t now = net->reactor->now_ns;
    struct conn *end = net->last;
    for (struct conn *c = net->first; c != NULL;) {
        struct conn *next = c == end ? NULL : c->next;
        if (c->request_count > 0 || c->active_ns + net->config.idle_ns > now) {
            if (c != end && c->active_ns + net->config.idle_ns / 2 < now) {
                unlink_conn(net, c);
                append(net, c);
            }
        } else {
            conn_close(c, true);
        }
        c = next;
    }
    if (net->count > 0) {
        timer_set(&net->idle, IDLE_CHECK_MS);
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
    say_limited(net->reactor, &net->say_limit, SAY_WARN, "net",
                "%s from %s: the connection is closed", what, text);
}
