/* SPDX-License-Identifier: Apache-2.0 */
#include <check.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "broker/zk/zk_adapter.h"
#include "common/assert.h"
#include "common/memory.h"
#include "tests/lib/zk_proxy.h"
#include "tests/lib/zk_under_test.h"

/* The contract (tests/lib/zk_contract.c) against the adapter and a real server behind our proxy.
 * ZK_TEST_PORT names the server's port; `make zk-check` starts one. */

#define DEADLINE_S 60

struct server_under_test {
    struct zk_under_test base;
    pthread_mutex_t lock;
    pthread_cond_t posted;
    struct client *clients;
    time_t until;
};
struct client {
    struct client *next;
    struct server_under_test *test;
    struct zk_adapter *adapter;
    struct zk_proxy *proxy;
    void (*heard)(void *owner, const struct event *event);
    void *owner;
    struct world_zk_post *first, **last;
};

static time_t now_s(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec;
}

static void post(void *context, struct world_zk_post *p)
{
    struct client *c = context;

    pthread_mutex_lock(&c->test->lock);
    p->next = NULL;
    *c->last = p;
    c->last = &p->next;
    pthread_cond_signal(&c->test->posted);
    pthread_mutex_unlock(&c->test->lock);
}

static void say(void *context, enum say_level level, struct view line)
{
    (void)context;
    (void)level;
    if (getenv("ZK_TEST_SAY"))
        fprintf(stderr, "%.*s\n", (int)line.size, (const char *)line.base);
}

static uint16_t server_port(void)
{
    const char *port = getenv("ZK_TEST_PORT");

    ck_assert_msg(port != NULL, "ZK_TEST_PORT is not set: run `make zk-check`");
    return (uint16_t)atoi(port);
}

static void *client_new(struct zk_under_test *z, const char *chroot,
                        void (*heard)(void *owner, const struct event *event), void *owner)
{
    struct client *c = xcalloc(1, sizeof *c);
    struct zk_adapter_options options = {.session_timeout_ms = ZK_TEST_SESSION_MS};
    struct zk_connect connect;
    char text[128];
    const char *why;

    c->test = CONTAINER_OF(z, struct server_under_test, base);
    c->heard = heard;
    c->owner = owner;
    c->last = &c->first;
    c->proxy = zk_proxy_new(server_port());
    c->next = c->test->clients;
    c->test->clients = c;
    snprintf(text, sizeof text, "localhost:%u%s", zk_proxy_port(c->proxy), chroot);
    ck_assert_int_eq(zk_connect_parse(text, &connect, &why), 0);
    options.connect = &connect;
    options.post = post;
    options.say = say;
    options.context = c;
    c->adapter = zk_adapter_new(&options);
    return c;
}

/* What a dead process leaves: a connection that ends without a goodbye. */
static void client_kill(void *client)
{
    struct client *c = client;

    zk_proxy_cut(c->proxy, true);
    zk_proxy_disconnect(c->proxy);
}

static void client_open(void *client, bool open)
{
    struct client *c = client;

    if (open)
        zk_adapter_ops.open(c->adapter);
    else
        zk_adapter_ops.close(c->adapter);
}

static void client_submit(void *client, token name, const struct zk_op *ops, uint32_t count)
{
    struct client *c = client;

    zk_adapter_ops.submit(c->adapter, name, ops, count);
}

/* One post of one client; NULL when there is none. */
static struct world_zk_post *take(struct server_under_test *t, struct client **ret_client)
{
    for (struct client *c = t->clients; c; c = c->next) {
        struct world_zk_post *p = c->first;

        if (!p)
            continue;
        c->first = p->next;
        if (!c->first)
            c->last = &c->first;
        *ret_client = c;
        return p;
    }
    return NULL;
}

static bool turn(struct zk_under_test *z)
{
    struct server_under_test *t = CONTAINER_OF(z, struct server_under_test, base);
    struct client *c = NULL;
    struct world_zk_post *p;
    struct timespec until;

    pthread_mutex_lock(&t->lock);
    p = take(t, &c);
    if (!p) {
        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_sec++;
        pthread_cond_timedwait(&t->posted, &t->lock, &until);
        p = take(t, &c);
    }
    pthread_mutex_unlock(&t->lock);
    if (p) {
        if (p->hearing)
            p->hearing(p);
        c->heard(c->owner, &p->event);
        world_zk_post_free(p);
    }
    return now_s() < t->until;
}

static void disconnect(void *client)
{
    zk_proxy_disconnect(((struct client *)client)->proxy);
}

static void fault_at(void *client, uint32_t k, enum zk_fault how)
{
    zk_proxy_fault_at(((struct client *)client)->proxy, k, how);
}

static void cut(void *client, bool is_cut)
{
    zk_proxy_cut(((struct client *)client)->proxy, is_cut);
}

static void forge_moved(void *client)
{
    zk_proxy_forge_error(((struct client *)client)->proxy, -118);
}

/* An answer that is old when it arrives is to the client what one of a server behind is. */
static void lag(void *client, bool lags)
{
    zk_proxy_hold(((struct client *)client)->proxy, lags);
}

static bool behind(void *client)
{
    return zk_proxy_held(((struct client *)client)->proxy) > 0;
}

static void free_test(struct zk_under_test *z)
{
    struct server_under_test *t = CONTAINER_OF(z, struct server_under_test, base);

    while (t->clients) {
        struct client *c = t->clients;

        t->clients = c->next;
        zk_proxy_cut(c->proxy, false);
        zk_adapter_ops.free(c->adapter);
        zk_proxy_free(c->proxy);
        for (struct world_zk_post *p = c->first; p;) {
            struct world_zk_post *next = p->next;

            world_zk_post_free(p);
            p = next;
        }
        free(c);
    }
    pthread_cond_destroy(&t->posted);
    pthread_mutex_destroy(&t->lock);
    free(t);
}

static const struct zk_under_test_ops server_ops = {
    .client_new = client_new,
    .client_kill = client_kill,
    .open = client_open,
    .submit = client_submit,
    .turn = turn,
    .disconnect = disconnect,
    .fault_at = fault_at,
    .cut = cut,
    .forge_moved = forge_moved,
    .lag = lag,
    .behind = behind,
    .free = free_test,
};

static struct zk_under_test *make(void)
{
    struct server_under_test *t = xcalloc(1, sizeof *t);

    t->base.ops = &server_ops;
    t->until = now_s() + DEADLINE_S;
    pthread_mutex_init(&t->lock, NULL);
    pthread_cond_init(&t->posted, NULL);
    return &t->base;
}

int main(void)
{
    return zk_contract_run("zk_contract (server)", make);
}
