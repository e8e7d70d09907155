/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "common/assert.h"
#include "broker/zk/zk_limits.h"
#include "common/memory.h"
#include "tests/sim/zk_model_internal.h"

/* A connection: two pipes, and what the server does for it. Requests arrive in order; writes and
 * syncs go on to the leader at once, in order; answers leave in order, each when this server has
 * applied what it shows; a read is answered from this server's tree when its turn comes. */

/* ---- pipes ---- */

void zk_pipe_init(struct zk_pipe *p)
{
    *p = (struct zk_pipe){.last = &p->first};
}

void zk_message_free(struct zk_message *message)
{
    if (message->request)
        zk_request_unref(message->request);
    free(message->path);
    free(message);
}

void zk_pipe_clear(struct zk_pipe *p)
{
    while (p->first) {
        struct zk_message *message = p->first;

        p->first = message->next;
        zk_message_free(message);
    }
    p->last = &p->first;
}

/* Drops all but the first `keep` messages. */
static void pipe_cut_after(struct zk_pipe *p, uint64_t keep)
{
    struct zk_pipe rest;
    struct zk_message **at = &p->first;

    zk_pipe_init(&rest);
    while (*at && keep-- > 0)
        at = &(*at)->next;
    rest.first = *at;
    *at = NULL;
    p->last = at;
    zk_pipe_clear(&rest);
}

static struct zk_message *pipe_take(struct zk_pipe *p, uint64_t now)
{
    struct zk_message *message = p->first;

    if (!message || message->due_ns > now)
        return NULL;
    p->first = message->next;
    if (!p->first)
        p->last = &p->first;
    return message;
}

static struct zk_message *pipe_put(struct zk_conn *conn, struct zk_pipe *p,
                                   enum zk_message_kind kind,
                                   void (*arrive)(void *object, uint64_t number))
{
    struct zk_model *m = conn->client->model;
    uint64_t now = zk_model_now(m), due = now + zk_model_link(m);
    struct zk_message *message = xcalloc(1, sizeof *message);

    p->due_ns = due > p->due_ns ? due : p->due_ns;
    *message = (struct zk_message){.kind = kind, .due_ns = p->due_ns};
    *p->last = message;
    p->last = &message->next;
    zk_model_later(m, p->due_ns - now, arrive, conn, 0);
    return message;
}

/* ---- server to client ---- */

static void arrive_at_client(void *object, uint64_t number)
{
    struct zk_conn *conn = object;
    struct zk_client *c = conn->client;
    uint64_t now = zk_model_now(c->model);
    struct zk_message *message;

    (void)number;
    while (!c->cut && !conn->client_gone && (message = pipe_take(&conn->to_client, now)) != NULL) {
        switch (message->kind) {
        case ZK_MESSAGE_REPLY:
            zk_client_replied(c, message->request, message->zxid);
            break;
        case ZK_MESSAGE_WATCH:
            zk_client_watched(c, message->what, message->path);
            break;
        case ZK_MESSAGE_END:
            zk_client_lost(c);
            break;
        case ZK_MESSAGE_REQUEST:
            IMPOSSIBLE("a request to a client");
        }
        zk_message_free(message);
    }
}

static void send_watch(struct zk_conn *conn, enum zk_watch_kind what, struct view path)
{
    struct zk_message *message =
        pipe_put(conn, &conn->to_client, ZK_MESSAGE_WATCH, arrive_at_client);

    message->what = what;
    message->path = xstrndup(path.base, path.size);
    conn->client->model->counts.watches_fired++;
}

/* ---- watches at the server ---- */

unsigned zk_watches_get(const struct map *watches, struct view path)
{
    return (unsigned)(uintptr_t)map_get(watches, path);
}

void zk_watches_set(struct map *watches, struct view path, unsigned mask)
{
    if (mask)
        map_put(watches, path, (void *)(uintptr_t)mask);
    else
        map_remove(watches, path);
}

struct view zk_parent_path(struct view path)
{
    uint32_t size = path.size;

    while (size > 0 && path.base[size - 1] != '/')
        size--;
    return size <= 1 ? VIEW_LITERAL("/") : (struct view){path.base, size - 1};
}

/* One-shot: true when one of these was set; it is not any more. */
static bool take_watch(struct zk_conn *conn, struct view path, unsigned which)
{
    unsigned mask = zk_watches_get(&conn->watches, path);

    if (!(mask & which))
        return false;
    zk_watches_set(&conn->watches, path, mask & ~which);
    return true;
}

void zk_conn_fire(struct zk_conn *conn, const struct zk_change *change)
{
    struct view path = view_of(change->path);
    unsigned node = ZK_TABLE_DATA | ZK_TABLE_EXISTS;

    if (change->kind == ZK_WATCH_DELETED)
        node |= ZK_TABLE_CHILD;
    if (take_watch(conn, path, node))
        send_watch(conn, change->kind, path);
    if (change->kind != ZK_WATCH_CHANGED && take_watch(conn, zk_parent_path(path), ZK_TABLE_CHILD))
        send_watch(conn, ZK_WATCH_CHILDREN, zk_parent_path(path));
}

/* The client's watches of before, with the last zxid it saw: what has changed since fires now. */
static void set_watch_again(struct zk_conn *conn, struct view path, unsigned mask, int64_t seen)
{
    const struct zk_node *n = zk_tree_find(&conn->server->tree, path);
    unsigned keep = 0;

    if (!n && (mask & (ZK_TABLE_DATA | ZK_TABLE_CHILD)))
        send_watch(conn, ZK_WATCH_DELETED, path);
    if (n && (mask & ZK_TABLE_EXISTS))
        send_watch(conn, ZK_WATCH_CREATED, path);
    else if (mask & ZK_TABLE_EXISTS)
        keep |= ZK_TABLE_EXISTS;
    if (n && (mask & ZK_TABLE_DATA)) {
        if (n->mzxid > seen)
            send_watch(conn, ZK_WATCH_CHANGED, path);
        else
            keep |= ZK_TABLE_DATA;
    }
    if (n && (mask & ZK_TABLE_CHILD)) {
        if (n->pzxid > seen)
            send_watch(conn, ZK_WATCH_CHILDREN, path);
        else
            keep |= ZK_TABLE_CHILD;
    }
    zk_watches_set(&conn->watches, path, keep);
}

static void set_watches_again(struct zk_conn *conn, const struct zk_request *q)
{
    for (uint32_t i = 0; i < q->count; i++)
        set_watch_again(conn, q->ops[i].path, (unsigned)q->ops[i].version, q->zxid);
}

/* ---- answering ---- */

static void read_children(const struct zk_node *n, struct zk_request *q)
{
    struct view *names = arena_array(&q->arena, n->child_count + 1, sizeof *names);

    for (size_t i = 0; i < n->child_count; i++)
        names[i] = arena_copy(&q->arena, view_of(zk_node_name(n->children[i])));
    q->results[0].names = names;
    q->results[0].name_count = (uint32_t)n->child_count;
}

static void read_node(struct zk_conn *conn, struct zk_request *q)
{
    const struct zk_op *op = &q->ops[0];
    const struct zk_node *n = zk_tree_find(&conn->server->tree, op->path);
    struct zk_result *r = &q->results[0];
    unsigned table = op->kind == ZK_CHILDREN ? ZK_TABLE_CHILD : ZK_TABLE_DATA;

    q->zxid = conn->server->tree.zxid;
    if (!n && op->kind == ZK_EXISTS)
        table = ZK_TABLE_EXISTS;
    if (op->watch && (n || table == ZK_TABLE_EXISTS))
        zk_watches_set(&conn->watches, op->path, zk_watches_get(&conn->watches, op->path) | table);
    if (!n) {
        r->error = ZK_ERR_NONODE;
        return;
    }
    r->version = n->version;
    r->czxid = n->czxid;
    r->mzxid = n->mzxid;
    r->owner = n->owner;
    if (op->kind == ZK_GET && n->data)
        r->data = arena_copy(&q->arena, (struct view){n->data, n->size});
    if (op->kind == ZK_CHILDREN)
        read_children(n, q);
}

/* The leader has a say in it; otherwise it is read here. */
static bool is_ordered(const struct zk_request *q)
{
    return !q->set_watches && (zk_kind_is_write(q->ops[0].kind) || q->ops[0].kind == ZK_SYNC);
}

/* True when the request at the head was answered. */
static bool answer(struct zk_conn *conn, struct zk_request *q)
{
    struct zk_message *message;

    if (q->set_watches) {
        set_watches_again(conn, q);
        return true;
    }
    if (is_ordered(q)) {
        if (!q->decided || q->zxid > conn->server->tree.zxid)
            return false;
    } else {
        read_node(conn, q);
    }
    message = pipe_put(conn, &conn->to_client, ZK_MESSAGE_REPLY, arrive_at_client);
    message->request = zk_request_ref(q);
    message->zxid = q->zxid;
    return true;
}

void zk_conn_applied(struct zk_conn *conn)
{
    if (conn->opening && conn->opened_zxid <= conn->server->tree.zxid && !conn->client_gone) {
        conn->opening = false;
        zk_client_connected_now(conn->client);
    }
    while (conn->queue && !conn->server_gone) {
        struct zk_request *q = conn->queue;

        if (q->drop_reply && (q->decided || !is_ordered(q))) {
            zk_conn_close_server(conn);
            break;
        }
        if (!answer(conn, q))
            break;
        conn->queue = q->server_next;
        if (!conn->queue)
            conn->queue_last = &conn->queue;
        zk_request_unref(q);
    }
}

/* ---- server to leader ---- */

static void arrive_at_leader(void *object, uint64_t number)
{
    struct zk_conn *conn = object;
    struct zk_model *m = conn->client->model;
    struct zk_message *message;

    (void)number;
    while ((message = pipe_take(&conn->to_leader, zk_model_now(m))) != NULL) {
        /* A session that is over, or has moved to another connection, writes nothing here. */
        if (conn->session->alive && conn->session->owner == conn && zk_model_quorum(m))
            zk_leader_decide(m, conn->session, message->request);
        zk_message_free(message);
        zk_conn_applied(conn);
    }
}

/* ---- client to server ---- */

static void server_lost_client(struct zk_conn *conn)
{
    if (conn->server_gone)
        return;
    conn->server_gone = true;
    if (conn->session->alive && conn->session->owner == conn)
        zk_session_left(conn->client->model, conn->session);
}

static void arrive_at_server(void *object, uint64_t number)
{
    struct zk_conn *conn = object;
    struct zk_client *c = conn->client;
    struct zk_message *message;

    (void)number;
    while (!c->cut && (message = pipe_take(&conn->to_server, zk_model_now(c->model))) != NULL) {
        struct zk_request *q = message->request;

        if (message->kind == ZK_MESSAGE_END) {
            server_lost_client(conn);
        } else if (!conn->server_gone) {
            *conn->queue_last = zk_request_ref(q);
            q->server_next = NULL;
            conn->queue_last = &q->server_next;
            if (is_ordered(q))
                pipe_put(conn, &conn->to_leader, ZK_MESSAGE_REQUEST, arrive_at_leader)->request =
                    zk_request_ref(q);
        }
        zk_message_free(message);
        zk_conn_applied(conn);
    }
}

void zk_conn_send(struct zk_conn *conn, struct zk_request *q)
{
    pipe_put(conn, &conn->to_server, ZK_MESSAGE_REQUEST, arrive_at_server)->request =
        zk_request_ref(q);
}

/* ---- opening and closing ---- */

struct zk_conn *zk_conn_new(struct zk_client *c, struct zk_server *server, struct zk_session *s)
{
    struct zk_conn *conn = xcalloc(1, sizeof *conn);

    *conn = (struct zk_conn){
        .next = c->model->conns, .client = c, .server = server, .session = s, .watches = MAP_INIT};
    conn->queue_last = &conn->queue;
    zk_pipe_init(&conn->to_server);
    zk_pipe_init(&conn->to_leader);
    zk_pipe_init(&conn->to_client);
    c->model->conns = conn;
    return conn;
}

void zk_conn_close_client(struct zk_conn *conn)
{
    uint64_t count = 0;

    if (conn->client_gone)
        return;
    conn->client_gone = true;
    for (struct zk_message *message = conn->to_server.first; message; message = message->next)
        count++;
    if (!conn->broken)
        pipe_cut_after(&conn->to_server, zk_model_draw(conn->client->model, 0, count));
    pipe_put(conn, &conn->to_server, ZK_MESSAGE_END, arrive_at_server);
    zk_pipe_clear(&conn->to_client);
}

void zk_conn_close_server(struct zk_conn *conn)
{
    if (conn->server_gone)
        return;
    server_lost_client(conn);
    pipe_put(conn, &conn->to_client, ZK_MESSAGE_END, arrive_at_client);
}

static void uncut(void *object, uint64_t number)
{
    arrive_at_server(object, number);
    arrive_at_client(object, number);
}

void zk_conn_uncut(struct zk_conn *conn)
{
    zk_model_later(conn->client->model, zk_model_link(conn->client->model), uncut, conn, 0);
}

void zk_conn_free(struct zk_conn *conn)
{
    zk_pipe_clear(&conn->to_server);
    zk_pipe_clear(&conn->to_leader);
    zk_pipe_clear(&conn->to_client);
    while (conn->queue) {
        struct zk_request *q = conn->queue;

        conn->queue = q->server_next;
        zk_request_unref(q);
    }
    map_deinit(&conn->watches);
    free(conn);
}
