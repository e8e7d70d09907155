/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/assert.h"
#include "common/memory.h"
#include "common/world_addr.h"
#include "common/world_socket.h"

/* How long, and for how many bytes, a connection that we have shut waits for the peer's end. */
#define DRAIN_MS 1000
#define DRAIN_BYTES ((uint64_t)1024 * 1024)

static void conn_close_fd(struct net_conn *c)
{
    world_watch_deinit(&c->readable);
    world_watch_deinit(&c->writable);
    if (c->socket.fd >= 0)
        close(c->socket.fd);
    c->socket.fd = -1;
}

static void drop_read(struct net_conn *c)
{
    buf_unref(c->into);
    c->into = NULL;
    c->reading = false;
}

static void conn_free(struct net_socket *s)
{
    struct net_conn *c = CONTAINER_OF(s, struct net_conn, socket);
    conn_close_fd(c);
    drop_read(c);
    net_conn_drop_queue(c);
    free(c);
}

void net_conn_end(struct net_conn *c, int error)
{
    if (c->socket.closed)
        return;
    conn_close_fd(c);
    drop_read(c);
    net_conn_drop_queue(c);
    c->socket.closed = true;
    c->socket.error = error;
    net_socket_schedule(&c->socket);
}

/* ---- reading ---- */

static void readable_ready(struct world_watch *watch, bool timed_out)
{
    struct net_conn *c = CONTAINER_OF(watch, struct net_conn, readable);
    if (c->state == CONN_DRAINING && timed_out) {
        c->drained = DRAIN_BYTES; /* the time is over: ends as if so many bytes had come */
        net_socket_schedule(&c->socket);
        return;
    }
    c->maybe_readable = true;
    if (c->reading || c->state == CONN_DRAINING)
        net_socket_schedule(&c->socket);
    else
        world_watch_stop(watch); /* nobody reads now: that is the back-pressure */
}

static void writable_ready(struct world_watch *watch, bool timed_out)
{
    (void)timed_out;
    struct net_conn *c = CONTAINER_OF(watch, struct net_conn, writable);
    world_watch_stop(watch);
    if (c->state == CONN_OPENING) {
        c->tell_opened = true;
        net_socket_schedule(&c->socket);
        return;
    }
    c->blocked = false;
    net_conn_queue(c, NULL, 0);
}

void net_conn_read(struct net_conn *c, struct buf *into, uint32_t at, uint32_t min, uint32_t max,
                   struct account *account)
{
    PRE(!c->reading);
    PRE(max >= 1 && min <= max);
    PRE(!into || (at <= into->size && max <= into->size - at));
    if (c->eof || c->state == CONN_CLOSING || c->state == CONN_DRAINING)
        return;
    c->reading = true;
    c->into = into ? buf_ref(into) : NULL;
    c->at = at;
    c->min = into && min ? min : 1;
    c->max = !into && max > NET_SCRATCH_SIZE ? NET_SCRATCH_SIZE : max;
    c->got = 0;
    c->account = account;
    if (c->state == CONN_OPENING)
        return;
    if (c->maybe_readable)
        net_socket_schedule(&c->socket);
    else
        world_watch_start(&c->readable, 0);
}

/* The read's answer. The buf's reference goes to who hears it. */
static void tell_data(struct net_conn *c, bool eof)
{
    struct event event = {.kind = EV_NET_DATA, .token = c->socket.name};
    if (!c->into && c->got)
        c->into = buf_copy(c->account, c->socket.net->scratch, c->got);
    if (c->into && c->got == 0) {
        buf_unref(c->into);
        c->into = NULL;
    }
    event.u.data.buf = c->into;
    event.u.data.at = c->into ? c->at : 0;
    event.u.data.size = c->got;
    event.u.data.eof = eof;
    if (c->into && c->into->used < c->at + c->got)
        c->into->used = c->at + c->got;
    c->into = NULL;
    c->reading = false;
    c->eof = eof;
    if (eof)
        world_watch_stop(&c->readable);
    net_deliver(c->socket.net, &event);
}

static void read_some(struct net_conn *c)
{
    uint8_t *to = c->into ? c->into->data + c->at : c->socket.net->scratch;
    uint32_t room = c->max - c->got;
    ssize_t n = recv(c->socket.fd, to + c->got, room, 0);
    if (n < 0 && errno != EAGAIN && errno != EINTR) {
        net_conn_end(c, -errno);
        return;
    }
    if (n == 0) {
        tell_data(c, true);
        return;
    }
    if (n > 0)
        c->got += (uint32_t)n;
    c->maybe_readable = n < 0 ? errno == EINTR : (uint32_t)n == room;
    if (c->got >= c->min) {
        tell_data(c, false);
        return;
    }
    if (c->maybe_readable)
        net_socket_schedule(&c->socket);
    else
        world_watch_start(&c->readable, 0);
}

/* ---- opening ---- */

static void tell_opened(struct net_conn *c)
{
    c->tell_opened = false;
    int error = c->socket.error;
    socklen_t size = sizeof error;
    if (!error && c->socket.fd >= 0) {
        getsockopt(c->socket.fd, SOL_SOCKET, SO_ERROR, &error, &size);
        error = -error;
    }
    struct event event = {
        .kind = EV_NET_OPENED, .token = c->socket.name, .error = error, .u.net.peer = c->peer};
    if (error) {
        net_conn_end(c, error);
    } else {
        c->state = CONN_OPEN;
        if (c->reading)
            world_watch_start(&c->readable, 0);
        net_conn_queue(c, NULL, 0);
    }
    net_deliver(c->socket.net, &event);
}

static void tell_accepted(struct net_conn *c)
{
    c->tell_accepted = false;
    struct event event = {.kind = EV_NET_ACCEPTED,
                          .token = c->socket.name,
                          .u.net = {.listener = c->listener, .peer = c->peer}};
    net_deliver(c->socket.net, &event);
}

static void tell_sent(struct net_conn *c)
{
    c->tell_sent = false;
    struct event event = {
        .kind = EV_NET_SENT, .token = c->socket.name, .u.sent.bytes_left = c->queued};
    net_deliver(c->socket.net, &event);
}

static void drain(struct net_conn *c)
{
    struct world_net *net = c->socket.net;
    if (c->drained >= DRAIN_BYTES) {
        net_conn_end(c, 0);
        return;
    }
    ssize_t n = recv(c->socket.fd, net->scratch, NET_SCRATCH_SIZE, 0);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n > 0)
        c->drained += (uint64_t)n;
    if (n <= 0)
        net_conn_end(c, 0);
}

static void conn_run(struct net_socket *s)
{
    struct net_conn *c = CONTAINER_OF(s, struct net_conn, socket);
    if (c->tell_accepted) {
        tell_accepted(c);
        return;
    }
    if (c->tell_opened) {
        tell_opened(c);
        return;
    }
    if (c->tell_sent)
        tell_sent(c);
    if (s->closed)
        return; /* by the step; NET_CLOSED comes in the next run */
    if (c->state == CONN_DRAINING)
        drain(c);
    else if (c->state == CONN_CLOSING)
        net_conn_queue(c, NULL, 0); /* the flush sees whether all is sent */
    else if (c->reading && c->maybe_readable)
        read_some(c);
}

static void set_options(int fd)
{
    int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
}

void net_conn_attach(struct net_conn *c, struct world_net *net)
{
    net_socket_init(&c->socket, net, c->socket.name, c->socket.fd);
    if (c->socket.fd < 0)
        return;
    world_watch_init(&c->readable, net->loop, c->socket.fd, WATCH_READ, readable_ready);
    world_watch_init(&c->writable, net->loop, c->socket.fd, WATCH_WRITE, writable_ready);
}

void net_conn_detach(struct net_conn *c)
{
    world_watch_deinit(&c->readable);
    world_watch_deinit(&c->writable);
    net_socket_forget(&c->socket);
    c->socket.net = NULL;
}

struct net_conn *net_conn_new(struct world_net *net, token name, int fd, enum conn_state state)
{
    struct net_conn *c = xcalloc(1, sizeof *c);
    c->socket.name = name;
    c->socket.fd = fd;
    c->socket.run = conn_run;
    c->socket.free = conn_free;
    c->state = state;
    if (fd >= 0)
        set_options(fd);
    net_conn_attach(c, net);
    return c;
}

struct net_conn *net_conn_open(struct world_net *net, token name, const struct addr *addr)
{
    struct sockaddr_storage sa;
    socklen_t size = world_addr_to_kernel(addr, &sa);
    int fd = socket(sa.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int error = fd < 0 ? -errno : 0;
    struct net_conn *c = net_conn_new(net, name, fd, CONN_OPENING);
    c->peer = *addr;
    if (!error && connect(fd, (struct sockaddr *)&sa, size) && errno != EINPROGRESS &&
        errno != EINTR)
        error = -errno;
    c->socket.error = error;
    if (error) {
        c->tell_opened = true;
        net_socket_schedule(&c->socket);
    } else {
        world_watch_start(&c->writable, 0);
    }
    return c;
}

/* ---- closing ---- */

void net_conn_all_sent(struct net_conn *c)
{
    if (c->eof || shutdown(c->socket.fd, SHUT_WR)) {
        net_conn_end(c, 0);
        return;
    }
    c->state = CONN_DRAINING;
    world_watch_start(&c->readable, DRAIN_MS);
}

void net_conn_close(struct net_conn *c, bool after_sent)
{
    drop_read(c);
    if (!after_sent || c->state == CONN_OPENING) {
        struct linger reset = {.l_onoff = 1, .l_linger = 0};
        if (c->socket.fd >= 0)
            setsockopt(c->socket.fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
        net_conn_end(c, 0);
        return;
    }
    if (c->state == CONN_OPEN) {
        c->state = CONN_CLOSING;
        world_watch_stop(&c->readable);
        net_conn_queue(c, NULL, 0);
    }
}
