/* SPDX-License-Identifier: Apache-2.0 */
#include "common/world_net.h"

#include <stdlib.h>

#include "common/assert.h"
#include "common/memory.h"
#include "common/world_socket.h"

void net_socket_init(struct net_socket *s, struct world_net *net, token name, int fd)
{
    s->net = net;
    s->name = name;
    s->fd = fd;
    token_map_put(&net->sockets, name, s);
}

void net_socket_schedule(struct net_socket *s)
{
    if (s->in_ready)
        return;
    s->in_ready = true;
    TAILQ_INSERT_TAIL(&s->net->ready, s, ready_link);
    s->net->ready_count++;
}

static void net_socket_unschedule(struct net_socket *s)
{
    s->in_ready = false;
    TAILQ_REMOVE(&s->net->ready, s, ready_link);
    s->net->ready_count--;
}

void net_socket_forget(struct net_socket *s)
{
    if (s->in_ready)
        net_socket_unschedule(s);
    if (s->in_sending)
        TAILQ_REMOVE(&s->net->sending, s, sending_link);
    s->in_sending = false;
    token_map_remove(&s->net->sockets, s->name);
}

void net_deliver(struct world_net *net, struct event *event)
{
    net->owner.deliver(net->owner.context, event);
}

void world_net_init(struct world_net *net, struct world_loop *loop,
                    const struct world_net_owner *owner)
{
    *net = (struct world_net){.owner = *owner, .loop = loop};
    TAILQ_INIT(&net->ready);
    TAILQ_INIT(&net->sending);
    net->scratch = xmalloc(NET_SCRATCH_SIZE);
}

void world_net_deinit(struct world_net *net)
{
    for (size_t i = 0; i < net->sockets.slot_count; i++) {
        struct net_socket *s = net->sockets.slots[i].value;
        if (s)
            s->free(s);
    }
    token_map_deinit(&net->sockets);
    free(net->scratch);
    net->scratch = NULL;
}

static void tell_closed(struct net_socket *s)
{
    struct world_net *net = s->net;
    struct event event = {.kind = EV_NET_CLOSED, .token = s->name, .error = s->error};
    net_socket_forget(s);
    s->free(s);
    net_deliver(net, &event);
}

void world_net_run(struct world_net *net, unsigned most)
{
    /* Those that become ready meanwhile stand behind these and wait for the next run, after a turn.
     */
    unsigned count = net->ready_count < most ? net->ready_count : most;
    struct net_socket *s;
    for (; count && (s = TAILQ_FIRST(&net->ready)); count--) {
        net_socket_unschedule(s);
        if (s->closed)
            tell_closed(s);
        else
            s->run(s);
    }
}

void world_net_flush(struct world_net *net)
{
    /* One that has more to send than its share comes again in the next flush. */
    struct net_socket_list now = TAILQ_HEAD_INITIALIZER(now);
    TAILQ_CONCAT(&now, &net->sending, sending_link);
    struct net_socket *s;
    while ((s = TAILQ_FIRST(&now))) {
        TAILQ_REMOVE(&now, s, sending_link);
        s->in_sending = false;
        net_conn_flush(CONTAINER_OF(s, struct net_conn, socket));
    }
}

bool world_net_has_work(const struct world_net *net)
{
    return !TAILQ_EMPTY(&net->ready) || !TAILQ_EMPTY(&net->sending);
}

static struct net_socket *find(struct world_net *net, token name)
{
    struct net_socket *s = token_map_get(&net->sockets, name);
    PRE(s);
    return s;
}

/* NULL when it has ended already, which its owner will hear soon. */
static struct net_conn *find_conn(struct world_net *net, token name)
{
    struct net_socket *s = find(net, name);
    PRE(!s->is_listener);
    return s->closed ? NULL : CONTAINER_OF(s, struct net_conn, socket);
}

void world_net_listen(struct world_net *net, token name, const struct addr *addr, unsigned listener)
{
    net_listener_new(net, name, addr, listener);
}

void world_net_accept(struct world_net *net, token listening, unsigned more)
{
    struct net_socket *s = find(net, listening);
    PRE(s->is_listener);
    if (!s->closed)
        net_listener_accept(CONTAINER_OF(s, struct net_listener, socket), more);
}

void world_net_open(struct world_net *net, token name, const struct addr *addr)
{
    net_conn_open(net, name, addr);
}

void world_net_read(struct world_net *net, token name, struct buf *into, uint32_t at, uint32_t min,
                    uint32_t max, struct account *account)
{
    struct net_conn *c = find_conn(net, name);
    if (c)
        net_conn_read(c, into, at, min, max, account);
}

void world_net_send(struct world_net *net, token name, const struct piece *pieces, unsigned count)
{
    struct net_conn *c = find_conn(net, name);
    if (c)
        net_conn_queue(c, pieces, count);
}

void world_net_close(struct world_net *net, token name, bool after_sent)
{
    struct net_socket *s = find(net, name);
    if (s->closed)
        return;
    if (s->is_listener)
        net_listener_close(CONTAINER_OF(s, struct net_listener, socket));
    else
        net_conn_close(CONTAINER_OF(s, struct net_conn, socket), after_sent);
}

void world_net_move(struct world_net *net, token name, unsigned shard)
{
    PRE(name & TOKEN_OF_WORLD);
    struct net_conn *c = find_conn(net, name);
    if (!c)
        return;
    PRE(!c->reading && !c->sent_before && !c->tell_accepted);
    net_conn_detach(c);
    net->owner.give(net->owner.context, shard, c);
}

void world_net_adopt(struct world_net *net, struct net_conn *conn)
{
    net_conn_attach(conn, net);
    conn->tell_accepted = true;
    net_socket_schedule(&conn->socket);
}

void world_net_drop(struct net_conn *conn)
{
    conn->socket.free(&conn->socket);
}
