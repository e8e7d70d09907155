/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/assert.h"
#include "common/memory.h"
#include "common/world_addr.h"
#include "common/world_socket.h"

#define BACKLOG 1024
#define ACCEPT_MOST 64 /* in one run, so that others get their turn */
#define PAUSE_MS 100   /* when there are no descriptors left */

static void listener_close_fd(struct net_listener *l)
{
    world_watch_deinit(&l->accepting);
    world_watch_deinit(&l->pause);
    if (l->socket.fd >= 0)
        close(l->socket.fd);
    l->socket.fd = -1;
}

static void listener_free(struct net_socket *s)
{
    struct net_listener *l = CONTAINER_OF(s, struct net_listener, socket);
    listener_close_fd(l);
    free(l);
}

static void accepting_ready(struct world_watch *watch, bool timed_out)
{
    (void)timed_out;
    struct net_listener *l = CONTAINER_OF(watch, struct net_listener, accepting);
    net_socket_schedule(&l->socket);
}

static void pause_over(struct world_watch *watch, bool timed_out)
{
    (void)timed_out;
    struct net_listener *l = CONTAINER_OF(watch, struct net_listener, pause);
    world_watch_stop(watch);
    if (l->credit)
        world_watch_start(&l->accepting, 0);
}

static int socket_bound(const struct addr *addr, struct addr *ret_bound)
{
    struct sockaddr_storage sa;
    socklen_t size = world_addr_to_kernel(addr, &sa);
    int fd = socket(sa.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -errno;
    int on = 1, off = 0;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    /* The IPv6 wildcard takes IPv4 too, as it does in Kafka. */
    if (sa.ss_family == AF_INET6)
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
    if (bind(fd, (struct sockaddr *)&sa, size) || listen(fd, BACKLOG) ||
        getsockname(fd, (struct sockaddr *)&sa, &size)) {
        int error = -errno;
        close(fd);
        return error;
    }
    world_addr_from_kernel((struct sockaddr *)&sa, ret_bound);
    return fd;
}

static int listener_open(struct net_listener *l)
{
    static const uint8_t any[16] = {0};
    static const uint8_t any_v4[16] = {[10] = 0xff, [11] = 0xff};
    struct addr wanted = l->addr;
    int fd = socket_bound(&wanted, &l->addr);
    if (fd == -EAFNOSUPPORT && memcmp(wanted.ip, any, sizeof any) == 0) {
        memcpy(wanted.ip, any_v4, sizeof any_v4); /* a kernel without IPv6 */
        fd = socket_bound(&wanted, &l->addr);
    }
    return fd;
}

static void accept_error(struct net_listener *l, int error)
{
    if (!l->complained) {
        char line[120];
        int size = snprintf(line, sizeof line, "net: cannot accept connections: %s; trying on",
                            strerror(error));
        l->socket.net->owner.say(l->socket.net->owner.context, SAY_WARN,
                                 (struct view){(const uint8_t *)line, (uint32_t)size});
        l->complained = true;
    }
    world_watch_stop(&l->accepting);
    world_watch_start(&l->pause, PAUSE_MS);
}

/* True when one was accepted and told. */
static bool accept_one(struct net_listener *l)
{
    struct world_net *net = l->socket.net;
    struct sockaddr_storage sa;
    socklen_t size = sizeof sa;
    int fd = accept4(l->socket.fd, (struct sockaddr *)&sa, &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) {
        if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
            accept_error(l, errno);
        /* Anything else is EAGAIN, or concerns a connection that is gone already. */
        return false;
    }
    struct net_conn *c = net_conn_new(net, net->owner.new_token(net->owner.context), fd, CONN_OPEN);
    c->listener = l->listener;
    c->maybe_readable = true; /* clients send at once */
    world_addr_from_kernel((struct sockaddr *)&sa, &c->peer);
    l->credit--;
    l->complained = false;
    struct event event = {.kind = EV_NET_ACCEPTED,
                          .token = c->socket.name,
                          .u.net = {.listener = c->listener, .peer = c->peer}};
    net_deliver(net, &event);
    return true;
}

static void listener_run(struct net_socket *s)
{
    struct net_listener *l = CONTAINER_OF(s, struct net_listener, socket);
    if (l->tell_listening) {
        l->tell_listening = false;
        struct event event = {.kind = EV_NET_LISTENING,
                              .token = s->name,
                              .error = l->listen_error,
                              .u.net = {.listener = l->listener, .peer = l->addr}};
        struct world_net *net = s->net;
        if (l->listen_error) {
            net_socket_forget(s);
            listener_free(s);
        }
        net_deliver(net, &event);
        return;
    }
    for (unsigned i = 0; i < ACCEPT_MOST && !s->closed && l->credit; i++)
        if (!accept_one(l))
            break;
    if (!s->closed && l->credit == 0)
        world_watch_stop(&l->accepting);
}

struct net_listener *net_listener_new(struct world_net *net, token name, const struct addr *addr,
                                      unsigned listener)
{
    struct net_listener *l = xcalloc(1, sizeof *l);
    l->addr = *addr;
    l->listener = listener;
    int fd = listener_open(l);
    net_socket_init(&l->socket, net, name, fd < 0 ? -1 : fd);
    l->socket.is_listener = true;
    l->socket.run = listener_run;
    l->socket.free = listener_free;
    l->listen_error = fd < 0 ? fd : 0;
    if (fd >= 0) {
        world_watch_init(&l->accepting, net->loop, fd, WATCH_READ, accepting_ready);
        world_watch_init(&l->pause, net->loop, -1, WATCH_TIME, pause_over);
    }
    l->tell_listening = true;
    net_socket_schedule(&l->socket);
    return l;
}

void net_listener_accept(struct net_listener *l, unsigned more)
{
    l->credit += more;
    if (l->socket.fd >= 0 && l->credit && !l->pause.active)
        world_watch_start(&l->accepting, 0);
}

void net_listener_close(struct net_listener *l)
{
    listener_close_fd(l);
    l->socket.closed = true;
    net_socket_schedule(&l->socket);
}
