/* SPDX-License-Identifier: Apache-2.0 */
/* The listening sockets, on shard 0: one for each client listener, whose connections are dealt out
 * to the shards in turn, and the cluster listener. Of a cluster connection exactly the OPEN frame
 * is read here; it names what the connection is for and which shard's it is. */
#include <stdlib.h>

#include "broker/control/control_internal.h"
#include "common/assert.h"
#include "common/memory.h"
#include "common/resolve.h"

#define CREDIT 64u
#define OPEN_TIMEOUT_MS 5000

struct listener {
    struct source source;
    struct control_listen *owner;
    struct addr addr;
    const char *name;
    bool cluster, bound;
};
/* A cluster connection whose OPEN frame is awaited, or that is on its way to its shard. */
struct opening {
    struct source source;
    struct control_listen *owner;
    struct timer timer;
    struct opening *next;
    struct call call;
    struct cluster_open open;
    struct buf *buf;
    struct addr from;
};
struct control_listen {
    struct control *control;
    struct listener listeners[CONFIG_LISTENERS_MAX + 1];
    unsigned count, waiting, next_shard;
    struct opening *openings;
    struct say_limit say_limit;
    bool takes_clients;
};

static void listener_heard(struct source *source, const struct event *e);
static void opening_heard(struct source *source, const struct event *e);

struct control_listen *control_listen_new(struct control *c)
{
    const struct broker_setup *setup = broker_setup_of(c->shard->broker);
    struct control_listen *l = xcalloc(1, sizeof *l);
    l->control = c;
    for (unsigned i = 0; i <= c->config->listener_count; i++) {
        struct listener *one = &l->listeners[l->count++];
        one->owner = l;
        one->source.heard = listener_heard;
        one->cluster = i == c->config->listener_count;
        one->addr = one->cluster ? setup->cluster_listener : setup->listeners[i];
        one->name = one->cluster ? "cluster" : c->config->listeners[i].name;
    }
    return l;
}

void control_listen_free(struct control_listen *l)
{
    if (l == NULL)
        return;
    while (l->openings != NULL) {
        struct opening *o = l->openings;
        l->openings = o->next;
        reactor_remove(l->control->reactor, &o->source);
        timer_deinit(&o->timer);
        buf_unref(o->buf);
        free(o);
    }
    for (unsigned i = 0; i < l->count; i++)
        reactor_remove(l->control->reactor, &l->listeners[i].source);
    free(l);
}

/* ---- listening ---- */
void control_listen_open(struct control_listen *l)
{
    const struct env *env = &l->control->reactor->env;
    l->waiting = l->count;
    for (unsigned i = 0; i < l->count; i++) {
        struct listener *one = &l->listeners[i];
        env->ops->net_listen(env->world, reactor_add(l->control->reactor, &one->source), &one->addr,
                             i);
    }
}

static void credit(const struct listener *one, unsigned more)
{
    const struct env *env = &one->owner->control->reactor->env;
    env->ops->net_accept(env->world, one->source.token, more);
}

static void heard_listening(struct listener *one, const struct event *e)
{
    struct control_listen *l = one->owner;
    char text[RESOLVE_TEXT_SIZE];
    if (e->error != 0) {
        resolve_text(&one->addr, text);
        control_halt(l->control, "cannot listen on %s (listener %s): %s", text, one->name,
                     strerror(-e->error));
        return;
    }
    one->bound = true;
    if (one->cluster)
        credit(one, CREDIT);
    if (--l->waiting == 0)
        control_listening(l->control);
}

static void listener_heard(struct source *source, const struct event *e)
{
    struct listener *one = CONTAINER_OF(source, struct listener, source);
    if (e->kind == EV_NET_LISTENING)
        heard_listening(one, e);
}

void control_listen_take_clients(struct control_listen *l)
{
    l->takes_clients = true;
    for (unsigned i = 0; i < l->count; i++)
        if (!l->listeners[i].cluster)
            credit(&l->listeners[i], CREDIT);
}

void control_listen_stop_clients(struct control_listen *l)
{
    const struct env *env = &l->control->reactor->env;
    l->takes_clients = false;
    for (unsigned i = 0; i < l->count; i++)
        if (!l->listeners[i].cluster && l->listeners[i].bound)
            env->ops->net_close(env->world, l->listeners[i].source.token, false);
}

/* ---- cluster connections ---- */
static void opening_free(struct opening *o)
{
    struct opening **at = &o->owner->openings;
    while (*at != o)
        at = &(*at)->next;
    *at = o->next;
    reactor_remove(o->owner->control->reactor, &o->source);
    timer_deinit(&o->timer);
    buf_unref(o->buf);
    free(o);
}

/* Whatever came there, it was no broker. */
static void turn_away(struct opening *o, const char *what)
{
    struct control_listen *l = o->owner;
    const struct env *env = &l->control->reactor->env;
    char text[RESOLVE_TEXT_SIZE];
    resolve_text(&o->from, text);
    say_limited(l->control->reactor, &l->say_limit, SAY_WARN, "control",
                "%s, where brokers are listened for (%s): the connection is closed", what, text);
    env->ops->net_close(env->world, o->source.token, false);
}

static void opening_timed_out(struct timer *timer)
{
    turn_away(CONTAINER_OF(timer, struct opening, timer), "no broker has said who it is in time");
}

static void open_accepted(struct control_listen *l, const struct event *e)
{
    const struct env *env = &l->control->reactor->env;
    struct opening *o = xcalloc(1, sizeof *o);
    o->owner = l;
    o->source.heard = opening_heard;
    o->from = e->u.net.peer;
    o->next = l->openings;
    l->openings = o;
    reactor_add_as(l->control->reactor, &o->source, e->token);
    timer_init(&o->timer, l->control->reactor, opening_timed_out);
    timer_set(&o->timer, OPEN_TIMEOUT_MS);
    o->buf = buf_new(NULL, CLUSTER_OPEN_SIZE);
    env->ops->net_read(env->world, e->token, o->buf, 0, CLUSTER_OPEN_SIZE, CLUSTER_OPEN_SIZE, NULL);
}

/* The shard is told what is coming before the connection moves there. */
static void announce_there(struct call *call, struct shard *there)
{
    struct opening *o = CONTAINER_OF(call, struct opening, call);
    shard_expect_stream(there, o->source.token, &o->open);
    call_return(there, call);
}

static void announce_back(struct call *call, struct shard *home)
{
    struct opening *o = CONTAINER_OF(call, struct opening, call);
    token connection = o->source.token;
    unsigned to = o->open.target_shard;
    opening_free(o);
    if (to == home->number) {
        struct event accepted = {.kind = EV_NET_ACCEPTED, .token = connection};
        shard_stream_accepted(home, &accepted);
    } else {
        home->reactor.env.ops->net_move(home->reactor.env.world, connection, to);
    }
}

static void heard_open(struct opening *o)
{
    struct control_listen *l = o->owner;
    const struct env *env = &l->control->reactor->env;
    struct view bytes = {o->buf->data, CLUSTER_OPEN_SIZE};
    timer_cancel(&o->timer);
    if (!cluster_open_decode(bytes, &o->open)) {
        turn_away(o, "bytes that no broker opens with");
        return;
    }
    if (o->open.target_shard >= broker_shard_count(l->control->shard->broker)) {
        turn_away(o, "a broker that asks for no shard of ours");
        return;
    }
    if (l->control->identity.self.incarnation == 0) {
        env->ops->net_close(env->world, o->source.token,
                            false); /* not registered: it will come again */
        return;
    }
    if (o->open.purpose == CLUSTER_PURPOSE_CONTROL) {
        struct cluster_open open = o->open;
        token connection = o->source.token;
        opening_free(o);
        control_lead_accept(l->control->lead, connection, &open);
        return;
    }
    o->call.there = announce_there;
    o->call.back = announce_back;
    call_make(l->control->shard, o->open.target_shard, &o->call);
}

static void opening_heard(struct source *source, const struct event *e)
{
    struct opening *o = CONTAINER_OF(source, struct opening, source);
    const struct env *env = &o->owner->control->reactor->env;
    if (e->kind == EV_NET_CLOSED) {
        opening_free(o);
    } else if (e->kind == EV_NET_DATA) {
        uint32_t size = e->u.data.at + e->u.data.size;
        buf_unref(e->u.data.buf);
        if (size == CLUSTER_OPEN_SIZE)
            heard_open(o);
        else if (size > 0)
            turn_away(o, "fewer bytes than a broker opens with");
        else /* somebody who looked whether anybody listens */
            env->ops->net_close(env->world, o->source.token, false);
    }
}

/* ---- accepted ---- */
static void client_accepted(struct control_listen *l, const struct event *e)
{
    struct shard *s = l->control->shard;
    unsigned to = l->next_shard++ % broker_shard_count(s->broker);
    if (!l->takes_clients)
        s->reactor.env.ops->net_close(s->reactor.env.world, e->token, false);
    else if (to == s->number)
        client_net_accepted(s->clients, e);
    else
        s->reactor.env.ops->net_move(s->reactor.env.world, e->token, to);
}

void control_listen_accepted(struct control_listen *l, const struct event *e)
{
    if (e->u.net.listener >= l->count)
        return;
    struct listener *one = &l->listeners[e->u.net.listener];
    if (one->cluster)
        open_accepted(l, e);
    else
        client_accepted(l, e);
    if (one->cluster || l->takes_clients)
        credit(one, 1);
}
