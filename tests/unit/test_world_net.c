/* SPDX-License-Identifier: Apache-2.0 */
#include "common/world.h"

#include <errno.h>
#include <string.h>

#include "tests/lib/suite.h"
#include "tests/lib/world_host.h"

/* Both ends of every connection are in one world; a test is what the ends do at each event. */
struct net_test;
struct end {
    struct source source;
    struct host_node *node;
    struct net_test *test;
    unsigned number;
    uint64_t received, sent_left;
    unsigned rounds;
    bool eof, closed;
    int error; /* of CLOSED */
};
enum {
    ENDS = 16,
    KIND_CLOSED = 1
};
struct net_test {
    void (*server)(struct end *end, const struct event *event);
    void (*client)(struct end *end, const struct event *event);
    unsigned clients, credit;
    bool deal; /* accepted connections are moved to the shards in turn */
    struct source listening;
    struct addr bound;
    struct host_node *first;
    struct end server_ends[ENDS], client_ends[ENDS];
    unsigned accepted; /* shard 0's */
    _Atomic unsigned servers_closed;
    unsigned clients_closed;
    struct mail mails[ENDS];
    struct timer timer;
    struct account account;
};

static const struct env *env_of(struct end *end)
{
    return end->node->env;
}

static void end_read(struct end *end, struct buf *into, uint32_t at, uint32_t min, uint32_t max)
{
    const struct env *env = env_of(end);
    env->ops->net_read(env->world, end->source.token, into, at, min, max, &end->test->account);
}

static void end_send(struct end *end, struct buf *buf)
{
    const struct env *env = env_of(end);
    struct piece piece = {.buf = buf, .size = buf->used};
    env->ops->net_send(env->world, end->source.token, &piece, 1);
}

static void end_close(struct end *end, bool after_sent)
{
    env_of(end)->ops->net_close(env_of(end)->world, end->source.token, after_sent);
}

/* The test is over when every connection has ended on both sides. */
static void check_over(struct net_test *t)
{
    if (t->clients_closed == t->clients && t->servers_closed == t->accepted)
        host_end(t->first, 0);
}

static void end_closed(struct end *end, const struct event *event)
{
    struct net_test *t = end->test;
    end->closed = true;
    end->error = event->error;
    reactor_remove(&end->node->reactor, &end->source);
    if (end >= t->client_ends && end < t->client_ends + ENDS) {
        t->clients_closed++;
        check_over(t);
        return;
    }
    t->servers_closed++;
    t->mails[end->number].kind = KIND_CLOSED;
    env_of(end)->ops->mail(env_of(end)->world, 0, &t->mails[end->number]);
}

static void closed_heard(void *context, struct mail *mail)
{
    (void)mail;
    check_over(context);
}

static void server_heard(struct source *source, const struct event *event)
{
    struct end *end = CONTAINER_OF(source, struct end, source);
    end->test->server(end, event);
    if (event->kind == EV_NET_CLOSED)
        end_closed(end, event);
}

static void client_heard(struct source *source, const struct event *event)
{
    struct end *end = CONTAINER_OF(source, struct end, source);
    end->test->client(end, event);
    if (event->kind == EV_NET_CLOSED)
        end_closed(end, event);
}

static void clients_open(struct net_test *t)
{
    const struct env *env = t->first->env;
    for (unsigned i = 0; i < t->clients; i++) {
        struct end *end = &t->client_ends[i];
        *end = (struct end){.source.heard = client_heard, .node = t->first, .test = t, .number = i};
        env->ops->net_open(env->world, reactor_add(&t->first->reactor, &end->source), &t->bound);
    }
}

static void listening_heard(struct source *source, const struct event *event)
{
    struct net_test *t = CONTAINER_OF(source, struct net_test, listening);
    const struct env *env = t->first->env;
    if (event->kind != EV_NET_LISTENING || event->error || event->u.net.listener != 5) {
        host_end(t->first, 10);
        return;
    }
    t->bound = event->u.net.peer;
    env->ops->net_accept(env->world, source->token, t->credit);
    clients_open(t);
}

/* Both on shard 0 and on the shard that a connection was moved to. */
static void net_other(struct host_node *node, const struct event *event)
{
    struct net_test *t = node->host->context;
    if (event->kind != EV_NET_ACCEPTED)
        return;
    unsigned number = (unsigned)(event->token & ~TOKEN_OF_WORLD) - 1;
    bool right = event->token & TOKEN_OF_WORLD && number < ENDS && event->u.net.listener == 5 &&
                 event->u.net.peer.ip[12] == 127 && event->u.net.peer.port != 0;
    if (!right) {
        host_end(node, 11);
        return;
    }
    struct end *end = &t->server_ends[number];
    if (node->index == 0 && !end->test) {
        if (++t->accepted > t->credit)
            host_end(node, 12);
        end->test = t; /* the second time it was moved here */
        if (t->deal) {
            node->env->ops->net_move(node->env->world, event->token, number % node->host->count);
            return;
        }
    }
    *end = (struct end){.source.heard = server_heard, .node = node, .test = t, .number = number};
    reactor_add_as(&node->reactor, &end->source, event->token);
    t->server(end, event);
}

static void net_start(struct host_node *node)
{
    struct net_test *t = node->host->context;
    reactor_mail_kind(&node->reactor, KIND_CLOSED, closed_heard, t);
    if (node->index != 0)
        return;
    t->first = node;
    t->listening.heard = listening_heard;
    struct addr addr = host_loopback(0);
    token name = reactor_add(&node->reactor, &t->listening);
    node->env->ops->net_listen(node->env->world, name, &addr, 5);
}

static int net_run(struct net_test *t, unsigned shards)
{
    struct host host = {.count = shards, .context = t, .start = net_start, .other = net_other};
    if (!t->credit)
        t->credit = ENDS;
    int code = host_run(&host);
    ck_assert_int_eq(t->account.bytes, 0);
    return code;
}

static void end_fails(struct end *end)
{
    host_end(end->node, 20);
}

/* ---- echo ---- */

static void echo_server(struct end *end, const struct event *event)
{
    if (event->kind == EV_NET_ACCEPTED) {
        end_read(end, NULL, 0, 1, 65536);
    } else if (event->kind == EV_NET_DATA) {
        if (event->u.data.buf)
            end_send(end, event->u.data.buf);
        buf_unref(event->u.data.buf);
        if (event->u.data.eof)
            end_close(end, true);
        else
            end_read(end, NULL, 0, 1, 65536);
    }
}

static const char *const words[3] = {"corduroy", "a road made of logs", "x"};

static void send_word(struct end *end)
{
    const char *word = words[end->rounds % 3];
    struct buf *buf = buf_copy(&end->test->account, word, (uint32_t)strlen(word));
    end_send(end, buf);
    buf_unref(buf);
    /* Into a buf with room before it, until the whole word is there. */
    struct buf *into = buf_new(&end->test->account, 64);
    end_read(end, into, 3, (uint32_t)strlen(word), 61);
    buf_unref(into);
}

static void echo_client(struct end *end, const struct event *event)
{
    if (event->kind == EV_NET_OPENED) {
        if (event->error)
            end_fails(end);
        send_word(end);
    } else if (event->kind == EV_NET_DATA) {
        const char *word = words[end->rounds % 3];
        if (event->u.data.at != 3 || event->u.data.size != strlen(word) || event->u.data.eof ||
            memcmp(event->u.data.buf->data + 3, word, strlen(word)) != 0)
            end_fails(end);
        buf_unref(event->u.data.buf);
        if (++end->rounds < 30)
            send_word(end);
        else
            end_close(end, true);
    }
}

START_TEST(test_echo_on_one_shard_and_on_three)
{
    for (unsigned shards = 1; shards <= 3; shards += 2) {
        struct net_test t = {.server = echo_server, .client = echo_client, .clients = 9};
        t.deal = shards > 1;
        ck_assert_int_eq(net_run(&t, shards), 0);
        ck_assert_uint_eq(t.accepted, 9);
        for (unsigned i = 0; i < 9; i++) {
            ck_assert_uint_eq(t.client_ends[i].rounds, 30);
            ck_assert_int_eq(t.client_ends[i].error, 0);
            ck_assert_int_eq(t.server_ends[i].error, 0);
            ck_assert_uint_eq(t.server_ends[i].node->index, i % shards);
        }
    }
}
END_TEST

START_TEST(test_moving_to_the_own_shard)
{
    struct net_test t = {.server = echo_server, .client = echo_client, .clients = 2, .deal = true};
    ck_assert_int_eq(net_run(&t, 1), 0);
    ck_assert_uint_eq(t.client_ends[1].rounds, 30);
}
END_TEST

/* ---- much, and a reader that waits ---- */

#define BIG_TOTAL ((uint64_t)32 * 1024 * 1024)
#define BIG_PIECE ((uint32_t)256 * 1024)

static uint8_t byte_at(uint64_t pos)
{
    return (uint8_t)(pos * 131 + pos / 4096);
}

static void read_big(struct end *end)
{
    struct buf *into = buf_new(&end->test->account, BIG_PIECE);
    end_read(end, into, 0, BIG_PIECE, BIG_PIECE);
    buf_unref(into);
}

static void start_reading(struct timer *timer)
{
    struct net_test *t = CONTAINER_OF(timer, struct net_test, timer);
    /* All was queued, the reader has taken nothing: the kernel cannot have taken everything. */
    if (t->client_ends[0].sent_left == 0)
        end_fails(&t->client_ends[0]);
    t->client_ends[0].rounds = 1;
    read_big(&t->server_ends[0]);
}

static void big_server(struct end *end, const struct event *event)
{
    if (event->kind == EV_NET_ACCEPTED) {
        timer_init(&end->test->timer, &end->node->reactor, start_reading);
        timer_set(&end->test->timer, 50);
        return;
    }
    if (event->kind != EV_NET_DATA)
        return;
    const struct buf *buf = event->u.data.buf;
    for (uint32_t i = 0; i < event->u.data.size; i++) {
        if (buf->data[i] != byte_at(end->received + i)) {
            end_fails(end);
            break;
        }
    }
    end->received += event->u.data.size;
    buf_unref(event->u.data.buf);
    if (event->u.data.eof)
        end_close(end, true);
    else
        read_big(end);
}

static void big_client(struct end *end, const struct event *event)
{
    if (event->kind == EV_NET_OPENED) {
        for (uint64_t pos = 0; pos < BIG_TOTAL; pos += BIG_PIECE) {
            struct buf *buf = buf_new(&end->test->account, BIG_PIECE);
            for (uint32_t i = 0; i < BIG_PIECE; i++)
                buf->data[i] = byte_at(pos + i);
            buf->used = BIG_PIECE;
            end_send(end, buf);
            buf_unref(buf);
        }
        end->sent_left = BIG_TOTAL;
        end_close(end, true);
    } else if (event->kind == EV_NET_SENT) {
        if (event->u.sent.bytes_left >= end->sent_left)
            end_fails(end);
        end->sent_left = event->u.sent.bytes_left;
    }
}

START_TEST(test_much_with_a_reader_that_waits)
{
    struct net_test t = {.server = big_server, .client = big_client, .clients = 1};
    ck_assert_int_eq(net_run(&t, 1), 0);
    ck_assert_uint_eq(t.server_ends[0].received, BIG_TOTAL);
    ck_assert_uint_eq(t.client_ends[0].sent_left, 0);
    ck_assert_uint_eq(t.client_ends[0].rounds, 1);
    ck_assert_int_eq(t.client_ends[0].error, 0);
}
END_TEST

/* ---- ends ---- */

static void reset_server(struct end *end, const struct event *event)
{
    if (event->kind == EV_NET_ACCEPTED && end->number == 0)
        end_read(end, NULL, 0, 1, 100);
    if (event->kind == EV_NET_DATA)
        end_fails(end);
}

static void reset_client(struct end *end, const struct event *event)
{
    if (event->kind == EV_NET_OPENED)
        end_close(end, false);
}

START_TEST(test_a_reset_is_heard_by_the_reader)
{
    struct net_test t = {.server = reset_server, .client = reset_client, .clients = 1};
    ck_assert_int_eq(net_run(&t, 1), 0);
    ck_assert_int_eq(t.server_ends[0].error, -ECONNRESET);
    ck_assert_int_eq(t.client_ends[0].error, 0);
}
END_TEST

/* The server reads nothing and is told nothing; then it sends, and hears that this failed. */
static void send_late(struct timer *timer)
{
    struct net_test *t = CONTAINER_OF(timer, struct net_test, timer);
    struct end *end = &t->server_ends[0];
    if (end->closed)
        end_fails(end);
    struct buf *buf = buf_copy(&t->account, "late", 4);
    end_send(end, buf);
    buf_unref(buf);
    end->rounds = 1;
}

static void late_server(struct end *end, const struct event *event)
{
    if (event->kind != EV_NET_ACCEPTED)
        return;
    timer_init(&end->test->timer, &end->node->reactor, send_late);
    timer_set(&end->test->timer, 50);
}

START_TEST(test_a_reset_waits_for_a_read_or_a_send)
{
    struct net_test t = {.server = late_server, .client = reset_client, .clients = 1};
    ck_assert_int_eq(net_run(&t, 1), 0);
    ck_assert_uint_eq(t.server_ends[0].rounds, 1);
    ck_assert_int_ne(t.server_ends[0].error, 0);
}
END_TEST

static void part_server(struct end *end, const struct event *event)
{
    if (event->kind == EV_NET_ACCEPTED) {
        struct buf *into = buf_new(&end->test->account, 20);
        end_read(end, into, 0, 20, 20);
        buf_unref(into);
    } else if (event->kind == EV_NET_DATA) {
        end->rounds++;
        end->received += event->u.data.size;
        end->eof = event->u.data.eof;
        buf_unref(event->u.data.buf);
        end_close(end, true);
    }
}

static void part_client(struct end *end, const struct event *event)
{
    if (event->kind != EV_NET_OPENED)
        return;
    struct buf *buf = buf_copy(NULL, "0123456789", 10);
    if (end->number == 0)
        end_send(end, buf);
    buf_unref(buf);
    end_close(end, true);
}

START_TEST(test_an_end_before_the_least_that_was_asked_for)
{
    struct net_test t = {.server = part_server, .client = part_client, .clients = 2};
    ck_assert_int_eq(net_run(&t, 1), 0);
    ck_assert_uint_eq(t.server_ends[0].received + t.server_ends[1].received, 10);
    for (int i = 0; i < 2; i++) {
        ck_assert_uint_eq(t.server_ends[i].rounds, 1);
        ck_assert(t.server_ends[i].eof);
        ck_assert_int_eq(t.server_ends[i].error, 0);
    }
}
END_TEST

/* The server never reads what the client sent, answers much and closes: the answer still arrives
 * whole, which a plain close of a socket with unread bytes would prevent. */
static void answer_server(struct end *end, const struct event *event)
{
    if (event->kind != EV_NET_ACCEPTED)
        return;
    struct buf *buf = buf_new(&end->test->account, 1 << 20);
    memset(buf->data, 'a', 1 << 20);
    buf->used = 1 << 20;
    struct piece pieces[3] = {{.buf = buf, .size = 1 << 20}, {.buf = buf}, {.buf = buf, .size = 7}};
    env_of(end)->ops->net_send(env_of(end)->world, end->source.token, pieces, 3);
    buf_unref(buf);
    end_close(end, true);
}

static void answer_client(struct end *end, const struct event *event)
{
    if (event->kind == EV_NET_OPENED) {
        struct buf *buf = buf_copy(&end->test->account, "unread", 6);
        end_send(end, buf);
        buf_unref(buf);
        end_read(end, NULL, 0, 1, 65536);
    } else if (event->kind == EV_NET_DATA) {
        end->received += event->u.data.size;
        buf_unref(event->u.data.buf);
        if (event->u.data.eof)
            end_close(end, true);
        else
            end_read(end, NULL, 0, 1, 65536);
    }
}

START_TEST(test_the_last_answer_arrives_whole)
{
    struct net_test t = {.server = answer_server, .client = answer_client, .clients = 3};
    ck_assert_int_eq(net_run(&t, 1), 0);
    for (int i = 0; i < 3; i++) {
        ck_assert_uint_eq(t.client_ends[i].received, (1 << 20) + 7);
        ck_assert_int_eq(t.client_ends[i].error, 0);
    }
}
END_TEST

/* A peer that does not read holds a close that waits; a second close does not wait. */
static void cut_short(struct timer *timer)
{
    struct net_test *t = CONTAINER_OF(timer, struct net_test, timer);
    if (t->client_ends[0].closed)
        end_fails(&t->client_ends[0]);
    end_close(&t->client_ends[0], false);
    read_big(&t->server_ends[0]);
}

static void stuck_server(struct end *end, const struct event *event)
{
    if (event->kind == EV_NET_ACCEPTED) {
        timer_init(&end->test->timer, &end->node->reactor, cut_short);
        timer_set(&end->test->timer, 50);
    } else if (event->kind == EV_NET_DATA) {
        buf_unref(event->u.data.buf);
        read_big(end);
    }
}

START_TEST(test_a_close_that_waits_can_be_cut_short)
{
    struct net_test t = {.server = stuck_server, .client = big_client, .clients = 1};
    ck_assert_int_eq(net_run(&t, 1), 0);
    ck_assert_int_eq(t.server_ends[0].error, -ECONNRESET);
    ck_assert_uint_gt(t.client_ends[0].sent_left, 0);
}
END_TEST

/* ---- listening and opening ---- */

static void give_credit(struct timer *timer)
{
    struct net_test *t = CONTAINER_OF(timer, struct net_test, timer);
    if (t->accepted != 2)
        host_end(t->first, 30);
    t->credit += 2;
    t->first->env->ops->net_accept(t->first->env->world, t->listening.token, 2);
}

static void credit_server(struct end *end, const struct event *event)
{
    struct net_test *t = end->test;
    if (event->kind == EV_NET_ACCEPTED && t->accepted == 2) {
        timer_init(&t->timer, &t->first->reactor, give_credit);
        timer_set(&t->timer, 50);
    }
    if (event->kind == EV_NET_ACCEPTED)
        end_close(end, true);
}

static void credit_client(struct end *end, const struct event *event)
{
    if (event->kind == EV_NET_OPENED) {
        end_read(end, NULL, 0, 1, 1);
    } else if (event->kind == EV_NET_DATA) {
        end->eof = event->u.data.eof && !event->u.data.buf;
        end_close(end, true);
    }
}

START_TEST(test_no_more_are_accepted_than_there_is_credit)
{
    struct net_test t = {
        .server = credit_server, .client = credit_client, .clients = 4, .credit = 2};
    ck_assert_int_eq(net_run(&t, 1), 0);
    ck_assert_uint_eq(t.accepted, 4);
    for (int i = 0; i < 4; i++)
        ck_assert(t.client_ends[i].eof);
}
END_TEST

SUITE_MAIN("world_net", test_echo_on_one_shard_and_on_three, test_moving_to_the_own_shard,
           test_much_with_a_reader_that_waits, test_a_reset_is_heard_by_the_reader,
           test_a_reset_waits_for_a_read_or_a_send, test_an_end_before_the_least_that_was_asked_for,
           test_the_last_answer_arrives_whole, test_a_close_that_waits_can_be_cut_short,
           test_no_more_are_accepted_than_there_is_credit)
