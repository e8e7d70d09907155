/* SPDX-License-Identifier: Apache-2.0 */
#include "common/world.h"

#include <errno.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/lib/suite.h"
#include "tests/lib/world_host.h"

/* A process that has no descriptors left: nothing ends, and it goes on when there are some again.
 * The peer is a blocking socket made before. */
struct scarce {
    struct host_node *node;
    struct source listening, opened, conn;
    struct timer timer;
    int peer;
    struct rlimit before;
    int open_error, close_error;
    bool scarce, early;
};

static void conn_heard(struct source *source, const struct event *event)
{
    struct scarce *s = CONTAINER_OF(source, struct scarce, conn);
    if (event->kind == EV_NET_CLOSED)
        host_end(s->node, 0);
}

static void accepted(struct host_node *node, const struct event *event)
{
    struct scarce *s = node->host->context;
    if (event->kind != EV_NET_ACCEPTED)
        return;
    s->early = s->scarce;
    s->conn.heard = conn_heard;
    reactor_add_as(&node->reactor, &s->conn, event->token);
    node->env->ops->net_close(node->env->world, event->token, false);
}

static void plenty_again(struct timer *timer)
{
    struct scarce *s = CONTAINER_OF(timer, struct scarce, timer);
    s->scarce = false;
    setrlimit(RLIMIT_NOFILE, &s->before);
}

static void opened_heard(struct source *source, const struct event *event)
{
    struct scarce *s = CONTAINER_OF(source, struct scarce, opened);
    if (event->kind == EV_NET_OPENED)
        s->open_error = event->error;
    if (event->kind != EV_NET_CLOSED)
        return;
    s->close_error = event->error;
    timer_init(&s->timer, &s->node->reactor, plenty_again);
    timer_set(&s->timer, 250); /* a few tries to accept come before it */
}

static void listening_heard(struct source *source, const struct event *event)
{
    struct scarce *s = CONTAINER_OF(source, struct scarce, listening);
    const struct env *env = s->node->env;
    struct addr addr = event->u.net.peer;
    getrlimit(RLIMIT_NOFILE, &s->before);
    struct rlimit none = {.rlim_cur = 3, .rlim_max = s->before.rlim_max};
    setrlimit(RLIMIT_NOFILE, &none);
    s->scarce = true;
    struct sockaddr_in sa = {.sin_family = AF_INET,
                             .sin_port = htons(addr.port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (connect(s->peer, (struct sockaddr *)&sa, sizeof sa))
        host_end(s->node, 1);
    env->ops->net_accept(env->world, source->token, 1);
    s->opened.heard = opened_heard;
    env->ops->net_open(env->world, reactor_add(&s->node->reactor, &s->opened), &addr);
}

static void scarce_start(struct host_node *node)
{
    struct scarce *s = node->host->context;
    s->node = node;
    s->listening.heard = listening_heard;
    struct addr addr = host_loopback(0);
    node->env->ops->net_listen(node->env->world, reactor_add(&node->reactor, &s->listening), &addr,
                               0);
}

START_TEST(test_without_descriptors_it_waits)
{
    struct scarce s = {.peer = socket(AF_INET, SOCK_STREAM, 0)};
    struct host host = {.count = 1, .context = &s, .start = scarce_start, .other = accepted};
    ck_assert_int_eq(host_run(&host), 0);
    ck_assert_int_eq(s.open_error, -EMFILE);
    ck_assert_int_eq(s.close_error, -EMFILE);
    ck_assert(!s.early);
    close(s.peer);
}
END_TEST

/* ---- sending before the connection is open ---- */

struct hasty {
    struct host_node *node;
    struct source listening, client, server;
    bool heard;
};

static void hasty_server_heard(struct source *source, const struct event *event)
{
    struct hasty *h = CONTAINER_OF(source, struct hasty, server);
    if (event->kind != EV_NET_DATA)
        return;
    h->heard = event->u.data.size == 5 && memcmp(event->u.data.buf->data, "early", 5) == 0;
    buf_unref(event->u.data.buf);
    host_end(h->node, 0);
}

static void hasty_client_heard(struct source *source, const struct event *event)
{
    (void)source, (void)event;
}

static void hasty_other(struct host_node *node, const struct event *event)
{
    struct hasty *h = node->host->context;
    if (event->kind != EV_NET_ACCEPTED)
        return;
    h->server.heard = hasty_server_heard;
    reactor_add_as(&node->reactor, &h->server, event->token);
    node->env->ops->net_read(node->env->world, event->token, NULL, 0, 1, 100, NULL);
}

static void hasty_listening(struct source *source, const struct event *event)
{
    struct hasty *h = CONTAINER_OF(source, struct hasty, listening);
    const struct env *env = h->node->env;
    env->ops->net_accept(env->world, source->token, 1);
    h->client.heard = hasty_client_heard;
    token client = reactor_add(&h->node->reactor, &h->client);
    env->ops->net_open(env->world, client, &event->u.net.peer);
    struct buf *buf = buf_copy(NULL, "early", 5);
    env->ops->net_send(env->world, client, &(struct piece){.buf = buf, .size = 5}, 1);
    env->ops->net_read(env->world, client, buf, 0, 1, 5, NULL);
    buf_unref(buf);
}

static void hasty_start(struct host_node *node)
{
    struct hasty *h = node->host->context;
    h->node = node;
    h->listening.heard = hasty_listening;
    struct addr addr = {{0}, 0}; /* the IPv6 wildcard, which takes IPv4 too */
    node->env->ops->net_listen(node->env->world, reactor_add(&node->reactor, &h->listening), &addr,
                               0);
}

START_TEST(test_reading_and_sending_before_it_is_open)
{
    struct hasty h = {0};
    struct host host = {.count = 1, .context = &h, .start = hasty_start, .other = hasty_other};
    ck_assert_int_eq(host_run(&host), 0);
    ck_assert(h.heard);
}
END_TEST

/* ---- refusals ---- */

struct refusal {
    struct source first, second, conn;
    struct host_node *node;
    struct addr bound;
    int second_error, opened_error, closed_error;
    bool first_closed, opened;
};

static void refused_heard(struct source *source, const struct event *event)
{
    struct refusal *r = CONTAINER_OF(source, struct refusal, conn);
    if (event->kind == EV_NET_OPENED) {
        r->opened = true;
        r->opened_error = event->error;
    } else if (event->kind == EV_NET_CLOSED) {
        r->closed_error = event->error;
        host_end(r->node, r->opened ? 0 : 1);
    }
}

static void second_heard(struct source *source, const struct event *event)
{
    struct refusal *r = CONTAINER_OF(source, struct refusal, second);
    r->second_error = event->error;
    reactor_remove(&r->node->reactor, source);
    r->node->env->ops->net_close(r->node->env->world, r->first.token, false);
}

static void first_heard(struct source *source, const struct event *event)
{
    struct refusal *r = CONTAINER_OF(source, struct refusal, first);
    const struct env *env = r->node->env;
    if (event->kind == EV_NET_LISTENING) {
        r->bound = event->u.net.peer;
        r->second.heard = second_heard;
        env->ops->net_listen(env->world, reactor_add(&r->node->reactor, &r->second), &r->bound, 1);
    } else if (event->kind == EV_NET_CLOSED) {
        r->first_closed = true;
        r->conn.heard = refused_heard;
        env->ops->net_open(env->world, reactor_add(&r->node->reactor, &r->conn), &r->bound);
    }
}

static void refusal_start(struct host_node *node)
{
    struct refusal *r = node->host->context;
    r->node = node;
    r->first.heard = first_heard;
    struct addr addr = host_loopback(0);
    token name = reactor_add(&node->reactor, &r->first);
    node->env->ops->net_listen(node->env->world, name, &addr, 0);
}

START_TEST(test_a_port_in_use_and_a_port_nobody_listens_on)
{
    struct refusal r = {0};
    struct host host = {.count = 1, .context = &r, .start = refusal_start};
    ck_assert_int_eq(host_run(&host), 0);
    ck_assert_int_eq(r.second_error, -EADDRINUSE);
    ck_assert(r.first_closed);
    ck_assert_int_eq(r.opened_error, -ECONNREFUSED);
    ck_assert_int_eq(r.closed_error, -ECONNREFUSED);
}
END_TEST

SUITE_MAIN("world_listen", test_a_port_in_use_and_a_port_nobody_listens_on,
           test_without_descriptors_it_waits, test_reading_and_sending_before_it_is_open)
