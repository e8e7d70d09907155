/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "broker/zk/zk_limits.h"
#include "common/assert.h"
#include "common/memory.h"
#include "tests/sim/zk_model_internal.h"

/* The C client with the adapter around it, as a broker's shard 0 meets them. */

/* ---- requests ---- */

struct zk_request *zk_request_ref(struct zk_request *q)
{
    q->refs++;
    return q;
}

void zk_request_unref(struct zk_request *q)
{
    if (--q->refs > 0)
        return;
    arena_reset(&q->arena);
    free(q);
}

static struct zk_request *request_new(void)
{
    struct zk_request *q = xcalloc(1, sizeof *q);

    q->refs = 1;
    q->arena = ARENA_INIT;
    return q;
}

static struct view full_path(const struct zk_client *c, struct arena *arena, struct view path)
{
    /* The chroot itself is its "/". */
    if (c->chroot[0] && view_equal(path, VIEW_LITERAL("/")))
        return arena_copy(arena, view_of(c->chroot));
    return view_of(
        arena_printf(arena, "%s%.*s", c->chroot, (int)path.size, (const char *)path.base));
}

static struct view inner_path(const struct zk_client *c, struct view path)
{
    uint32_t size = (uint32_t)strlen(c->chroot);

    if (path.size == size && size > 0)
        return VIEW_LITERAL("/");
    return (struct view){path.base + size, path.size - size};
}

static void push(struct zk_request ***last, struct zk_request *q)
{
    q->next = NULL;
    **last = q;
    *last = &q->next;
}

static struct zk_request *pop(struct zk_request **first, struct zk_request ***last)
{
    struct zk_request *q = *first;

    if (!q)
        return NULL;
    *first = q->next;
    if (!*first)
        *last = first;
    return q;
}

/* ---- what the owner hears ---- */

static void deliver(struct zk_client *c, struct event *event)
{
    event->now_ns = zk_model_now(c->model);
    if (c->state != ZK_CLIENT_DEAD)
        c->deliver(c->owner, event);
}

static void deliver_session(struct zk_client *c, enum zk_session_state state)
{
    struct event event = {.kind = EV_ZK_SESSION};

    event.u.session.generation = c->generation;
    event.u.session.state = state;
    event.u.session.id = state == ZK_UP ? c->session->id : 0;
    deliver(c, &event);
}

static void deliver_reply(struct zk_client *c, struct zk_request *q)
{
    struct event event = {.kind = EV_ZK_REPLY, .token = q->token};

    event.u.reply.results = q->results;
    event.u.reply.count = q->count;
    deliver(c, &event);
}

/* Everything in the queue, in order: refused ones as they were, the others as unknown or with an
 * error that says that they were not done. Takes the reference. */
static void answer_all(struct zk_client *c, struct zk_request *first, enum zk_error error)
{
    while (first) {
        struct zk_request *q = first;

        first = q->next;
        if (q->own == ZK_OK && error == ZK_OK) {
            struct event event = {.kind = EV_ZK_REPLY, .token = q->token};

            event.u.reply.unknown = true;
            c->model->counts.unknown++;
            deliver(c, &event);
        } else {
            for (uint32_t i = 0; i < q->count; i++)
                q->results[i] = (struct zk_result){.error = q->own ? q->own : error};
            deliver_reply(c, q);
        }
        zk_request_unref(q);
    }
}

static struct zk_request *take_all(struct zk_request **first, struct zk_request ***last)
{
    struct zk_request *all = *first;

    *first = NULL;
    *last = first;
    return all;
}

/* Those refused here are answered when all before them were. */
static void answer_refused(void *object, uint64_t number)
{
    struct zk_client *c = object;

    (void)number;
    while (c->outstanding && c->outstanding->own != ZK_OK) {
        struct zk_request *q = pop(&c->outstanding, &c->outstanding_last);

        q->next = NULL;
        answer_all(c, q, ZK_OK);
    }
}

/* ---- the connection ---- */

static void connect_later(struct zk_client *c);

/* Sends what stands in the order of the client's queue; a break may hit it. */
static void send_request(struct zk_client *c, struct zk_request *q);

void zk_client_lost(struct zk_client *c)
{
    if (!c->conn)
        return;
    zk_conn_close_client(c->conn);
    c->conn = NULL;
    c->attempt++;
    if (c->state == ZK_CLIENT_UP) {
        c->state = ZK_CLIENT_AWAY;
        answer_all(c, take_all(&c->outstanding, &c->outstanding_last), ZK_OK);
        deliver_session(c, ZK_LOST);
    }
    if (c->state == ZK_CLIENT_AWAY || c->state == ZK_CLIENT_CONNECTING)
        connect_later(c);
}

static void session_over(struct zk_client *c)
{
    bool was_heard_of = c->state == ZK_CLIENT_AWAY;

    c->session = NULL;
    c->last_zxid = 0;
    c->state = ZK_CLIENT_CONNECTING;
    map_deinit(&c->watches);
    c->watches = MAP_INIT;
    answer_all(c, take_all(&c->waiting, &c->waiting_last), ZK_ERR_NO_SESSION);
    if (was_heard_of)
        deliver_session(c, ZK_EXPIRED);
    if (c->state == ZK_CLIENT_CONNECTING)
        connect_later(c);
}

static void set_watches(struct zk_client *c)
{
    struct zk_request *q;
    struct map_entry entry;

    if (c->watches.count == 0)
        return;
    q = request_new();
    q->set_watches = true;
    q->zxid = c->last_zxid;
    q->ops = arena_array(&q->arena, c->watches.count, sizeof *q->ops);
    for (uint32_t at = 0; map_next(&c->watches, &at, &entry);)
        q->ops[q->count++] = (struct zk_op){.path = arena_copy(&q->arena, entry.key),
                                            .version = (int32_t)(uintptr_t)entry.value};
    zk_conn_send(c->conn, q);
    zk_request_unref(q);
}

void zk_client_connected_now(struct zk_client *c)
{
    struct zk_request *q;

    if (c->state == ZK_CLIENT_CONNECTING)
        c->generation++;
    else
        c->model->counts.reconnects++;
    c->state = ZK_CLIENT_UP;
    set_watches(c);
    /* They were given before this is heard, so they go first. */
    while ((q = pop(&c->waiting, &c->waiting_last)) != NULL)
        send_request(c, q);
    deliver_session(c, ZK_UP);
}

static struct zk_server *choose_server(struct zk_client *c)
{
    unsigned count = c->model->options.server_count;
    uint64_t drawn = zk_model_draw(c->model, 0, count - 1);

    return &c->model->servers[c->preferred >= 0 ? (uint64_t)c->preferred : drawn];
}

/* The session moves to the new connection; what comes by the old one is void. */
static void connect_again(struct zk_client *c, struct zk_server *server)
{
    struct zk_conn *old = c->session->owner;

    c->conn = zk_conn_new(c, server, c->session);
    zk_session_kept(c->session);
    c->session->owner = c->conn;
    if (old)
        zk_conn_close_server(old);
    zk_client_connected_now(c);
}

static void connect_first(struct zk_client *c, struct zk_server *server)
{
    int64_t zxid;

    c->session = zk_session_new(c->model, c->timeout_ns, &zxid);
    c->conn = zk_conn_new(c, server, c->session);
    c->session->owner = c->conn;
    c->conn->opening = true;
    c->conn->opened_zxid = zxid;
    zk_conn_applied(c->conn);
}

static void try_connect(void *object, uint64_t number)
{
    struct zk_client *c = object;
    struct zk_server *server = choose_server(c);

    if (c->attempt != number || (c->state != ZK_CLIENT_CONNECTING && c->state != ZK_CLIENT_AWAY))
        return;
    /* A server that is behind what the client has seen sends it away. */
    if (c->cut || server->down || !zk_model_quorum(c->model) || server->tree.zxid < c->last_zxid) {
        connect_later(c);
        return;
    }
    if (c->session && !c->session->alive) {
        session_over(c);
        return;
    }
    if (c->session)
        connect_again(c, server);
    else
        connect_first(c, server);
}

static void connect_later(struct zk_client *c)
{
    struct zk_model *m = c->model;

    zk_model_later(m, zk_model_draw(m, m->options.connect_min_ns, m->options.connect_max_ns),
                   try_connect, c, ++c->attempt);
}

/* ---- replies and watches ---- */

static void arm(struct zk_client *c, const struct zk_op *op, enum zk_error error)
{
    unsigned table = op->kind == ZK_CHILDREN ? ZK_TABLE_CHILD : ZK_TABLE_DATA;

    if (!op->watch || (error != ZK_OK && op->kind != ZK_EXISTS))
        return;
    if (error != ZK_OK)
        table = ZK_TABLE_EXISTS;
    zk_watches_set(&c->watches, op->path, zk_watches_get(&c->watches, op->path) | table);
}

void zk_client_replied(struct zk_client *c, struct zk_request *answered, int64_t zxid)
{
    struct zk_request *q;

    answer_refused(c, 0);
    q = pop(&c->outstanding, &c->outstanding_last);
    INVARIANT(q == answered);
    c->last_zxid = zxid > c->last_zxid ? zxid : c->last_zxid;
    arm(c, &q->ops[0], q->results[0].error);
    for (uint32_t i = 0; i < q->count; i++)
        if (q->ops[i].kind == ZK_CREATE && q->results[i].data.base)
            q->results[i].data = inner_path(c, q->results[i].data);
    deliver_reply(c, q);
    zk_request_unref(q);
    answer_refused(c, 0);
}

void zk_client_watched(struct zk_client *c, enum zk_watch_kind what, const char *path)
{
    struct event event = {.kind = EV_ZK_WATCH};
    unsigned mask = zk_watches_get(&c->watches, view_of(path)), gone = 0;

    if (what == ZK_WATCH_CHILDREN)
        gone = ZK_TABLE_CHILD;
    else if (what == ZK_WATCH_DELETED)
        gone = ZK_TABLE_DATA | ZK_TABLE_EXISTS | ZK_TABLE_CHILD;
    else
        gone = ZK_TABLE_DATA | ZK_TABLE_EXISTS;
    if (!(mask & gone))
        return;
    zk_watches_set(&c->watches, view_of(path), mask & ~gone);
    event.u.watch.path = inner_path(c, view_of(path));
    event.u.watch.what = what;
    deliver(c, &event);
}

/* ---- submitting ---- */

static void break_now(void *object, uint64_t number)
{
    struct zk_client *c = object;

    if (c->attempt == number)
        zk_client_lost(c);
}

static void send_request(struct zk_client *c, struct zk_request *q)
{
    bool breaks = false;

    push(&c->outstanding_last, q);
    if (q->own != ZK_OK || c->conn->broken)
        return;
    if (c->break_set && c->break_at-- == 0) {
        c->break_set = false;
        breaks = true;
    }
    q->drop_reply = breaks && c->break_how == ZK_BREAK_REPLY;
    if (!breaks || c->break_how != ZK_BREAK_REQUEST)
        zk_conn_send(c->conn, q);
    if (breaks && c->break_how != ZK_BREAK_REPLY) {
        c->conn->broken = true;
        zk_model_later(c->model, 0, break_now, c, c->attempt);
    }
}

static struct zk_request *copy_request(struct zk_client *c, token name, const struct zk_op *ops,
                                       uint32_t count)
{
    struct zk_request *q = request_new();

    q->token = name;
    q->count = count;
    q->ops = arena_array(&q->arena, count, sizeof *q->ops);
    q->results = arena_array(&q->arena, count, sizeof *q->results);
    for (uint32_t i = 0; i < count; i++) {
        q->ops[i] = ops[i];
        q->ops[i].path = full_path(c, &q->arena, ops[i].path);
        if (ops[i].data.base)
            q->ops[i].data = arena_copy(&q->arena, ops[i].data);
    }
    return q;
}

static enum zk_error refusal(const struct zk_client *c, const struct zk_op *ops, uint32_t count)
{
    if (c->state != ZK_CLIENT_UP && c->state != ZK_CLIENT_AWAY)
        return ZK_ERR_NO_SESSION;
    if (zk_ops_too_large(ops, count, (uint32_t)strlen(c->chroot)))
        return ZK_ERR_TOO_LARGE;
    if (ops[0].watch && c->watches.count >= ZK_WATCHES_MAX)
        return ZK_ERR_TOO_LARGE;
    return ZK_OK;
}

void zk_client_submit(struct zk_client *c, token name, const struct zk_op *ops, uint32_t count)
{
    struct zk_request *q;

    PRE(count > 0);
    PRE(count > 1 || ops[0].kind != ZK_CHECK);
    for (uint32_t i = 0; i < count; i++) {
        PRE(count == 1 || zk_kind_is_write(ops[i].kind));
        PRE(ops[i].path.size > 0 && ops[i].path.base[0] == '/');
    }
    q = copy_request(c, name, ops, count);
    q->own = refusal(c, ops, count);
    q->make_chroot = c->chroot[0] && ops[0].kind == ZK_CREATE && ops[0].path.size == 1;
    if (c->state == ZK_CLIENT_AWAY)
        push(&c->waiting_last, q);
    else if (c->state == ZK_CLIENT_UP)
        send_request(c, q);
    else
        push(&c->outstanding_last, q);
    if (q->own != ZK_OK)
        zk_model_later(c->model, 0, answer_refused, c, 0);
}

/* ---- life ---- */

struct zk_client *zk_client_new(struct zk_model *m, const char *chroot, uint32_t session_timeout_ms,
                                void (*heard)(void *owner, const struct event *event), void *owner)
{
    struct zk_client *c = xcalloc(1, sizeof *c);

    *c = (struct zk_client){.next = m->clients,
                            .model = m,
                            .chroot = xstrdup(chroot),
                            .timeout_ns = session_timeout_ms * UINT64_C(1000000),
                            .deliver = heard,
                            .owner = owner,
                            .preferred = -1,
                            .watches = MAP_INIT};
    c->outstanding_last = &c->outstanding;
    c->waiting_last = &c->waiting;
    m->clients = c;
    return c;
}

void zk_client_free(struct zk_client *c)
{
    struct zk_request *q;

    while ((q = pop(&c->outstanding, &c->outstanding_last)) != NULL)
        zk_request_unref(q);
    while ((q = pop(&c->waiting, &c->waiting_last)) != NULL)
        zk_request_unref(q);
    map_deinit(&c->watches);
    free(c->chroot);
    free(c);
}

static void end_session(void *object, uint64_t number)
{
    struct zk_session *s = object;

    (void)number;
    zk_session_end(s->model, s);
}

static void answer_closed(void *object, uint64_t number)
{
    struct zk_client *c = object;

    (void)number;
    answer_all(c, take_all(&c->outstanding, &c->outstanding_last), ZK_OK);
    answer_all(c, take_all(&c->waiting, &c->waiting_last), ZK_OK);
}

/* Without a connection the library closes nothing, and the session expires. */
static void close_client(struct zk_client *c)
{
    c->state = ZK_CLIENT_CLOSED;
    c->attempt++;
    if (c->conn) {
        zk_conn_close_client(c->conn);
        if (c->session && !c->cut)
            zk_model_later(c->model, zk_model_link(c->model), end_session, c->session, 0);
    }
    c->conn = NULL;
    c->session = NULL;
    c->last_zxid = 0;
    map_deinit(&c->watches);
    c->watches = MAP_INIT;
    zk_model_later(c->model, 0, answer_closed, c, 0);
}

void zk_client_open(struct zk_client *c, bool open)
{
    if (c->state == ZK_CLIENT_DEAD || open == (c->state != ZK_CLIENT_CLOSED))
        return;
    if (!open) {
        close_client(c);
        return;
    }
    c->state = ZK_CLIENT_CONNECTING;
    connect_later(c);
}

void zk_client_kill(struct zk_client *c)
{
    c->state = ZK_CLIENT_DEAD;
    c->attempt++;
    if (c->conn)
        zk_conn_close_client(c->conn);
    c->conn = NULL;
}

/* ---- faults ---- */

void zk_client_disconnect(struct zk_client *c)
{
    if (c->conn)
        zk_model_later(c->model, 0, break_now, c, c->attempt);
}

static void notice_cut(void *object, uint64_t number)
{
    struct zk_client *c = object;

    if (c->cut && c->cut_count == number)
        zk_client_lost(c);
}

void zk_client_cut(struct zk_client *c, bool cut)
{
    if (c->cut == cut)
        return;
    c->cut = cut;
    c->cut_count++;
    if (cut) {
        if (c->session && c->session->alive && c->session->owner)
            zk_session_left(c->model, c->session);
        zk_model_later(c->model, c->timeout_ns * 2 / 3, notice_cut, c, c->cut_count);
        return;
    }
    if (c->conn && c->session && c->session->owner == c->conn && !c->conn->server_gone)
        zk_session_kept(c->session);
    for (struct zk_conn *conn = c->model->conns; conn; conn = conn->next)
        if (conn->client == c)
            zk_conn_uncut(conn);
}

void zk_client_break_at(struct zk_client *c, uint32_t k, enum zk_break how)
{
    c->break_set = true;
    c->break_at = k;
    c->break_how = how;
}

void zk_client_expire(struct zk_client *c)
{
    if (!c->session)
        return;
    c->model->counts.expired += c->session->alive;
    zk_model_later(c->model, 0, end_session, c->session, 0);
}

void zk_client_prefer(struct zk_client *c, int server)
{
    c->preferred = server;
}

int64_t zk_client_session(const struct zk_client *c)
{
    return c->session ? c->session->id : 0;
}

bool zk_client_connected(const struct zk_client *c)
{
    return c->state == ZK_CLIENT_UP;
}
