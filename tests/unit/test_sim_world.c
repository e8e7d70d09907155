/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/sim/sim_world.h"

#include <errno.h>
#include <stdlib.h>

#include "common/assert.h"
#include "common/memory.h"
#include "common/reactor.h"
#include "tests/lib/file_mem.h"
#include "tests/lib/suite.h"

/* A small program for the seam: an echo server on as many shards as wished (shard 0 listens and
 * deals connections out), or a client that sends numbers and checks what comes back. It knows
 * nothing of the world that it runs in. */
struct echo;
struct echo_conn {
    struct source source;
    struct echo *owner;
    struct echo_conn *next;
    bool open;
    uint64_t sent, received; /* client: bytes of the pattern */
    bool eof, closed;
    int error;
    uint64_t bytes_left;
};
struct echo {
    struct reactor reactor;
    struct source listening;
    struct echo_conn *conns;
    struct addr server;
    uint64_t client_bytes; /* 0: a server */
    unsigned accepted, next_shard;
    int listen_error;
    bool started, stopping, no_reads;
};

static uint8_t pattern(uint64_t pos)
{
    return (uint8_t)(pos * 31 + (pos >> 8));
}

static void conn_heard(struct source *source, const struct event *event);

static struct echo_conn *conn_new(struct echo *e)
{
    struct echo_conn *c = xcalloc(1, sizeof *c);
    c->source.heard = conn_heard;
    c->owner = e;
    c->next = e->conns;
    e->conns = c;
    return c;
}

static void conn_read(struct echo_conn *c)
{
    const struct env *env = &c->owner->reactor.env;
    if (!c->owner->no_reads)
        env->ops->net_read(env->world, c->source.token, NULL, 0, 1, 4096, NULL);
}

static void client_send(struct echo_conn *c)
{
    const struct env *env = &c->owner->reactor.env;
    while (c->sent < c->owner->client_bytes && c->bytes_left < 100000) {
        uint64_t left = c->owner->client_bytes - c->sent;
        struct buf *buf = buf_new(NULL, left < 5000 ? (uint32_t)left : 5000);
        while (buf->used < buf->size)
            buf->data[buf->used++] = pattern(c->sent++);
        struct piece piece = {.buf = buf, .size = buf->used};
        env->ops->net_send(env->world, c->source.token, &piece, 1);
        c->bytes_left += buf->used;
        buf_unref(buf);
    }
}

static void conn_data(struct echo_conn *c, const struct event *event)
{
    struct echo *e = c->owner;
    const struct env *env = &e->reactor.env;
    struct buf *buf = event->u.data.buf;
    if (buf && e->client_bytes) {
        bool same = true;
        for (uint32_t i = 0; i < event->u.data.size; i++)
            same = same && buf->data[event->u.data.at + i] == pattern(c->received++);
        ck_assert(same);
    } else if (buf) {
        struct piece piece = {.buf = buf, .pos = event->u.data.at, .size = event->u.data.size};
        env->ops->net_send(env->world, c->source.token, &piece, 1);
    }
    buf_unref(buf);
    if (event->u.data.eof) {
        c->eof = true;
        env->ops->net_close(env->world, c->source.token, true);
    } else if (e->client_bytes && c->received == e->client_bytes) {
        env->ops->net_close(env->world, c->source.token, true);
    } else {
        conn_read(c);
    }
}

static void conn_heard(struct source *source, const struct event *event)
{
    struct echo_conn *c = CONTAINER_OF(source, struct echo_conn, source);
    switch (event->kind) {
    case EV_NET_OPENED:
        c->error = event->error;
        if (event->error)
            break;
        c->open = true;
        conn_read(c);
        client_send(c);
        break;
    case EV_NET_DATA:
        conn_data(c, event);
        break;
    case EV_NET_SENT:
        c->bytes_left = event->u.sent.bytes_left;
        if (c->owner->client_bytes)
            client_send(c);
        break;
    case EV_NET_CLOSED:
        c->closed = true;
        c->open = false;
        c->error = event->error;
        reactor_remove(&c->owner->reactor, source);
        break;
    default:
        ck_abort_msg("unexpected event %d", event->kind);
    }
}

static void accepted(struct echo *e, const struct event *event)
{
    const struct env *env = &e->reactor.env;
    unsigned target = e->next_shard++ % env->shard_count;
    e->accepted++;
    if (env->shard == 0)
        env->ops->net_accept(env->world, e->listening.token, 1);
    if (env->shard == 0 && target != 0) {
        env->ops->net_move(env->world, event->token, target);
        return;
    }
    struct echo_conn *c = conn_new(e);
    c->open = true;
    reactor_add_as(&e->reactor, &c->source, event->token);
    conn_read(c);
}

static void listening_heard(struct source *source, const struct event *event)
{
    struct echo *e = CONTAINER_OF(source, struct echo, listening);
    const struct env *env = &e->reactor.env;
    if (event->kind != EV_NET_LISTENING)
        return;
    e->listen_error = event->error;
    if (!event->error)
        env->ops->net_accept(env->world, event->token, 2);
}

static void echo_other(void *context, const struct event *event)
{
    struct echo *e = context;
    const struct env *env = &e->reactor.env;
    if (event->kind == EV_NET_ACCEPTED) {
        accepted(e, event);
    } else if (event->kind == EV_STOP) {
        e->stopping = true;
        if (env->shard == 0)
            env->ops->halt(env->world, 7, VIEW_LITERAL("asked to"));
    } else if (event->kind == EV_START) {
        e->started = true;
        if (e->client_bytes) {
            struct echo_conn *c = conn_new(e);
            reactor_add(&e->reactor, &c->source);
            env->ops->net_open(env->world, c->source.token, &e->server);
        } else if (env->shard == 0) {
            e->listening.heard = listening_heard;
            reactor_add(&e->reactor, &e->listening);
            env->ops->net_listen(env->world, e->listening.token, &e->server, 3);
        }
    }
}

static void echo_step(void *shard, const struct event *event)
{
    struct echo *e = shard;
    reactor_step(&e->reactor, event);
}

struct echo_context {
    struct addr server;
    uint64_t client_bytes;
    bool no_reads;
};

static void echo_open(void *context, struct sim_process *process, const struct env *envs,
                      unsigned count, void **ret_shards)
{
    const struct echo_context *c = context;
    (void)process;
    for (unsigned i = 0; i < count; i++) {
        struct echo *e = xcalloc(1, sizeof *e);
        reactor_init(&e->reactor, &envs[i]);
        e->reactor.other_heard = echo_other;
        e->reactor.other_context = e;
        e->server = c->server;
        e->client_bytes = c->client_bytes;
        e->no_reads = c->no_reads;
        ret_shards[i] = e;
    }
}

static void echo_close(void *context, void **shards, unsigned count)
{
    (void)context;
    (void)shards;
    (void)count;
}

/* What the tests look at outlives the process: freed at the end of each test. */
static void echo_free(struct sim_process *p)
{
    for (unsigned i = 0; i < sim_process_shard_count(p); i++) {
        struct echo *e = sim_process_shard(p, i);
        while (e->conns) {
            struct echo_conn *c = e->conns;
            e->conns = c->next;
            free(c);
        }
        reactor_deinit(&e->reactor);
        free(e);
    }
}

/* A server and a client, each on a host of its own. */
struct pair {
    struct sim_world *w;
    struct sim_host *server_host, *client_host;
    struct sim_process *server, *client;
};

static struct sim_process *echo_start(struct sim_host *h, struct echo_context *context,
                                      unsigned shards)
{
    struct sim_program program = {
        .open = echo_open, .step = echo_step, .close = echo_close, .context = context};
    struct sim_process_options options = {.shard_count = shards};
    return sim_process_start(h, &program, &options);
}

static struct pair pair_new(uint64_t seed, const struct sim_weather *weather, uint64_t bytes)
{
    struct pair p = {.w = sim_world_new(seed, weather)};
    p.server_host = sim_host_new(p.w, "server", 0, 0, 0);
    p.client_host = sim_host_new(p.w, "client", 0, 0, 0);
    struct echo_context server = {.server = sim_host_addr(p.server_host, 9092)};
    struct echo_context client = {.server = server.server, .client_bytes = bytes};
    p.server = echo_start(p.server_host, &server, 3);
    sim_world_run(p.w, sim_now_ns(p.w) + 5 * SIM_MS);
    p.client = echo_start(p.client_host, &client, 1);
    return p;
}

static void pair_free(struct pair *p)
{
    sim_world_free(p->w);
}

static struct echo_conn *client_conn(const struct pair *p)
{
    struct echo *e = sim_process_shard(p->client, 0);
    return e->conns;
}

static bool client_closed(void *context)
{
    const struct pair *p = context;
    return client_conn(p) && client_conn(p)->closed;
}

static uint64_t soon(const struct pair *p, uint64_t ns)
{
    return sim_now_ns(p->w) + ns;
}

START_TEST(test_every_byte_comes_back_in_order)
{
    for (uint64_t seed = 1; seed <= 30; seed++) {
        struct sim_random random;
        sim_random_init(&random, seed);
        struct sim_weather weather = sim_weather_draw(&random);
        struct pair p = pair_new(seed, &weather, 500000);
        ck_assert(sim_world_run_until(p.w, soon(&p, 3600 * SIM_SECOND), client_closed, &p));
        ck_assert_int_eq(client_conn(&p)->error, 0);
        ck_assert_uint_eq(client_conn(&p)->received, 500000);
        ck_assert(sim_world_run(p.w, soon(&p, SIM_SECOND)));
        struct echo *server = sim_process_shard(p.server, 0);
        ck_assert_uint_eq(server->accepted, 1);
        ck_assert_uint_eq(sim_link_connections(p.server_host, p.client_host), 0);
        echo_free(p.server);
        echo_free(p.client);
        pair_free(&p);
    }
}
END_TEST

START_TEST(test_connections_are_dealt_out_and_moved)
{
    struct pair p = pair_new(5, &sim_weather_calm, 10000);
    struct echo_context context = {.server = sim_host_addr(p.server_host, 9092),
                                   .client_bytes = 10000};
    struct sim_process *more[2];
    for (int i = 0; i < 2; i++)
        more[i] = echo_start(sim_host_new(p.w, i ? "client 2" : "client 1", 0, 0, 0), &context, 1);
    sim_world_run(p.w, soon(&p, 10 * SIM_SECOND));
    for (unsigned i = 0; i < 3; i++) {
        struct echo *e = sim_process_shard(p.server, i);
        ck_assert(e->conns && !e->conns->next); /* one on each shard */
    }
    for (int i = 0; i < 2; i++) {
        struct echo *e = sim_process_shard(more[i], 0);
        ck_assert_uint_eq(e->conns->received, 10000);
        echo_free(more[i]);
    }
    echo_free(p.server);
    echo_free(p.client);
    pair_free(&p);
}
END_TEST

START_TEST(test_who_does_not_read_is_not_sent_more_than_the_window)
{
    struct pair p = pair_new(6, &sim_weather_calm, 1 << 20);
    for (unsigned i = 0; i < 3; i++)
        ((struct echo *)sim_process_shard(p.server, i))->no_reads = true;
    sim_world_run(p.w, soon(&p, 10 * SIM_SECOND));
    const struct echo_conn *c = client_conn(&p);
    ck_assert(c->open);
    ck_assert_uint_ge(c->bytes_left, 95000); /* what the client allows itself stays queued */
    ck_assert_uint_le(c->sent, 262144 + 105000);
    echo_free(p.server);
    echo_free(p.client);
    pair_free(&p);
}
END_TEST

START_TEST(test_nobody_listens)
{
    struct pair p = pair_new(7, &sim_weather_calm, 1000);
    struct echo_context context = {.server = sim_host_addr(p.server_host, 1234),
                                   .client_bytes = 10};
    struct sim_process *lost = echo_start(sim_host_new(p.w, "lost", 0, 0, 0), &context, 1);
    sim_world_run(p.w, soon(&p, SIM_SECOND));
    struct echo *e = sim_process_shard(lost, 0);
    ck_assert(e->conns->closed);
    ck_assert_int_eq(e->conns->error, -ECONNREFUSED);
    /* The port is taken on the same host only. */
    struct echo_context same = {.server = sim_host_addr(p.server_host, 9092)};
    struct sim_process *other = echo_start(sim_host_new(p.w, "other", 0, 0, 0), &same, 1);
    sim_world_run(p.w, soon(&p, SIM_SECOND));
    ck_assert_int_eq(((struct echo *)sim_process_shard(other, 0))->listen_error, -EADDRNOTAVAIL);
    echo_free(lost);
    echo_free(other);
    echo_free(p.server);
    echo_free(p.client);
    pair_free(&p);
}
END_TEST

START_TEST(test_a_killed_peer_is_heard_of)
{
    for (uint64_t seed = 1; seed <= 8; seed++) {
        struct pair p = pair_new(seed, &sim_weather_calm, UINT64_C(1) << 40);
        sim_world_run(p.w, soon(&p, 10 * SIM_MS + seed * SIM_US));
        ck_assert_uint_gt(client_conn(&p)->received, 0);
        sim_process_kill(p.server);
        ck_assert(!sim_process_is_running(p.server));
        ck_assert(sim_world_run_until(p.w, soon(&p, SIM_SECOND), client_closed, &p));
        echo_free(p.server);
        echo_free(p.client);
        pair_free(&p);
    }
}
END_TEST

START_TEST(test_power_loss_is_silent_until_somebody_sends_to_the_restarted_host)
{
    struct pair p = pair_new(8, &sim_weather_calm, 5000);
    ((struct echo *)sim_process_shard(p.server, 0))->no_reads = true;
    ((struct echo *)sim_process_shard(p.server, 1))->no_reads = true;
    ((struct echo *)sim_process_shard(p.server, 2))->no_reads = true;
    sim_world_run(p.w, soon(&p, SIM_SECOND));
    sim_host_power_off(p.server_host);
    sim_world_run(p.w, soon(&p, 5 * SIM_SECOND));
    struct echo_conn *c = client_conn(&p);
    ck_assert(c->open);
    sim_host_power_on(p.server_host);
    sim_world_run(p.w, soon(&p, 60 * SIM_SECOND));
    ck_assert(c->open); /* it has nothing to say, so it cannot know */
    c->owner->client_bytes = 10000;
    client_send(c);
    ck_assert(sim_world_run_until(p.w, soon(&p, SIM_SECOND), client_closed, &p));
    ck_assert_int_eq(c->error, -ECONNRESET);
    echo_free(p.server);
    echo_free(p.client);
    pair_free(&p);
}
END_TEST

START_TEST(test_a_cut_holds_and_a_healed_link_goes_on)
{
    for (int way = 0; way < 3; way++) {
        struct pair p = pair_new(9, &sim_weather_calm, 4 << 20);
        sim_world_run(p.w, soon(&p, 8 * SIM_MS));
        if (way != 1)
            sim_link_cut(p.client_host, p.server_host, true);
        if (way != 0)
            sim_link_cut(p.server_host, p.client_host, true);
        sim_world_run(p.w, soon(&p, SIM_SECOND));
        uint64_t received = client_conn(&p)->received;
        ck_assert_uint_lt(received, 4 << 20);
        sim_world_run(p.w, soon(&p, 5 * SIM_SECOND));
        ck_assert_uint_eq(client_conn(&p)->received, received);
        sim_links_heal(p.w);
        ck_assert(sim_world_run_until(p.w, soon(&p, 60 * SIM_SECOND), client_closed, &p));
        ck_assert_uint_eq(client_conn(&p)->received, 4 << 20);
        echo_free(p.server);
        echo_free(p.client);
        pair_free(&p);
    }
}
END_TEST

START_TEST(test_who_sends_into_a_cut_gives_up)
{
    struct pair p = pair_new(10, &sim_weather_calm, UINT64_C(1) << 40);
    sim_world_run(p.w, soon(&p, 8 * SIM_MS));
    sim_link_cut(p.client_host, p.server_host, true);
    ck_assert(!sim_world_run_until(p.w, soon(&p, 10 * SIM_SECOND), client_closed, &p));
    ck_assert(sim_world_run_until(p.w, soon(&p, 30 * SIM_SECOND), client_closed, &p));
    echo_free(p.server);
    echo_free(p.client);
    pair_free(&p);
}
END_TEST

START_TEST(test_a_broken_connection_is_heard_or_found_out_by_sending)
{
    for (int hears = 0; hears < 2; hears++) {
        struct pair p = pair_new(11, &sim_weather_calm, 5000);
        for (unsigned i = 0; i < 3; i++)
            ((struct echo *)sim_process_shard(p.server, i))->no_reads = true;
        sim_world_run(p.w, soon(&p, SIM_SECOND));
        ck_assert_uint_eq(sim_link_connections(p.server_host, p.client_host), 1);
        ck_assert(sim_link_break(p.server_host, p.client_host, true, hears));
        ck_assert(!sim_link_break(p.server_host, p.client_host, true, true));
        sim_world_run(p.w, soon(&p, 30 * SIM_SECOND));
        struct echo_conn *c = client_conn(&p);
        ck_assert_int_eq(c->closed, hears);
        if (!hears) {
            c->owner->client_bytes = 10000;
            client_send(c);
            ck_assert(sim_world_run_until(p.w, soon(&p, SIM_SECOND), client_closed, &p));
        }
        echo_free(p.server);
        echo_free(p.client);
        pair_free(&p);
    }
}
END_TEST

START_TEST(test_a_paused_process_hears_nothing_until_it_goes_on)
{
    struct pair p = pair_new(12, &sim_weather_calm, 4 << 20);
    sim_world_run(p.w, soon(&p, 8 * SIM_MS));
    sim_process_pause(p.server, true);
    sim_world_run(p.w, soon(&p, 10 * SIM_MS));
    uint64_t received = client_conn(&p)->received;
    ck_assert_uint_lt(received, 4 << 20);
    sim_world_run(p.w, soon(&p, 60 * SIM_SECOND));
    ck_assert_uint_eq(client_conn(&p)->received, received);
    sim_process_pause(p.server, false);
    ck_assert(sim_world_run_until(p.w, soon(&p, 60 * SIM_SECOND), client_closed, &p));
    ck_assert_uint_eq(client_conn(&p)->received, 4 << 20);
    echo_free(p.server);
    echo_free(p.client);
    pair_free(&p);
}
END_TEST

START_TEST(test_halt_ends_a_process_with_its_reason)
{
    struct pair p = pair_new(13, &sim_weather_calm, UINT64_C(1) << 40);
    int code = 0;
    const char *why = NULL;
    sim_world_run(p.w, soon(&p, 8 * SIM_MS));
    ck_assert(!sim_process_halted(p.server, &code, &why));
    sim_process_terminate(p.server);
    sim_world_run(p.w, soon(&p, SIM_SECOND));
    ck_assert(!sim_process_is_running(p.server));
    ck_assert(sim_process_halted(p.server, &code, &why));
    ck_assert_int_eq(code, 7);
    ck_assert_str_eq(why, "asked to");
    ck_assert(client_closed(&p));
    ck_assert_ptr_null(sim_host_process(p.server_host));
    struct echo_context context = {.server = sim_host_addr(p.server_host, 9092)};
    struct sim_process *again = echo_start(p.server_host, &context, 1);
    sim_world_run(p.w, soon(&p, SIM_SECOND));
    ck_assert_uint_eq(sim_process_number(again), 2);
    ck_assert_int_eq(((struct echo *)sim_process_shard(again, 0))->listen_error, 0);
    echo_free(again);
    echo_free(p.server);
    echo_free(p.client);
    pair_free(&p);
}
END_TEST

static uint64_t troubled_hash(uint64_t seed)
{
    struct sim_random random;
    sim_random_init(&random, seed);
    struct sim_weather weather = sim_weather_draw(&random);
    struct pair p = pair_new(seed, &weather, UINT64_C(1) << 40);
    for (int i = 0; i < 20; i++) {
        sim_world_run(p.w, soon(&p, sim_random_range(&random, 1, 20) * SIM_MS));
        sim_link_cut(p.client_host, p.server_host, sim_random_once_in(&random, 3));
        sim_process_pause(p.server, sim_random_once_in(&random, 4));
        if (sim_random_once_in(&random, 15))
            sim_link_break(p.client_host, p.server_host, true, true);
    }
    uint64_t hash = sim_world_hash(p.w);
    ck_assert_uint_gt(sim_world_events(p.w), 10);
    echo_free(p.server);
    echo_free(p.client);
    pair_free(&p);
    return hash;
}

START_TEST(test_a_seed_names_a_run)
{
    for (uint64_t seed = 1; seed <= 10; seed++) {
        uint64_t hash = troubled_hash(seed);
        ck_assert_uint_eq(troubled_hash(seed), hash);
        ck_assert_uint_ne(troubled_hash(seed + 1000), hash);
    }
}
END_TEST

SUITE_MAIN("sim_world", test_every_byte_comes_back_in_order,
           test_connections_are_dealt_out_and_moved,
           test_who_does_not_read_is_not_sent_more_than_the_window, test_nobody_listens,
           test_a_killed_peer_is_heard_of,
           test_power_loss_is_silent_until_somebody_sends_to_the_restarted_host,
           test_a_cut_holds_and_a_healed_link_goes_on, test_who_sends_into_a_cut_gives_up,
           test_a_broken_connection_is_heard_or_found_out_by_sending,
           test_a_paused_process_hears_nothing_until_it_goes_on,
           test_halt_ends_a_process_with_its_reason, test_a_seed_names_a_run)
