/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/sim/zk_model.h"

#include <stdlib.h>

#include "common/assert.h"
#include "common/memory.h"
#include "tests/sim/zk_model_internal.h"

const struct zk_model_options zk_model_options_default = {
    .server_count = 3,
    .link_min_ns = 50000,
    .link_max_ns = 500000,
    .connect_min_ns = 1000000,
    .connect_max_ns = 20000000,
};

/* ---- time ---- */

/* One thing that the scheduler holds; in a list, so that none is lost when the model is freed. */
struct zk_task {
    struct zk_task *next, **link;
    struct zk_model *model;
    void (*run)(void *object, uint64_t number);
    void *object;
    uint64_t number;
};

static void run_task(void *arg)
{
    struct zk_task *task = arg, t = *task;

    *task->link = task->next;
    if (task->next)
        task->next->link = task->link;
    free(task);
    t.run(t.object, t.number);
}

void zk_model_later(struct zk_model *m, uint64_t delay_ns,
                    void (*run)(void *object, uint64_t number), void *object, uint64_t number)
{
    struct zk_task *task = xcalloc(1, sizeof *task);

    *task = (struct zk_task){.next = m->tasks,
                             .link = &m->tasks,
                             .model = m,
                             .run = run,
                             .object = object,
                             .number = number};
    if (m->tasks)
        m->tasks->link = &task->next;
    m->tasks = task;
    m->scheduler.after(m->scheduler.context, delay_ns, run_task, task);
}

uint64_t zk_model_now(struct zk_model *m)
{
    return m->scheduler.now_ns(m->scheduler.context);
}

uint64_t zk_model_draw(struct zk_model *m, uint64_t min, uint64_t max)
{
    return min + m->scheduler.random(m->scheduler.context) % (max - min + 1);
}

uint64_t zk_model_link(struct zk_model *m)
{
    return zk_model_draw(m, m->options.link_min_ns, m->options.link_max_ns);
}

/* ---- life ---- */

struct zk_model *zk_model_new(const struct zk_scheduler *scheduler,
                              const struct zk_model_options *options)
{
    struct zk_model *m = xcalloc(1, sizeof *m);

    PRE(options->server_count >= 1 && options->server_count <= ZK_MODEL_SERVERS_MAX);
    m->scheduler = *scheduler;
    m->options = *options;
    m->next_session = INT64_C(0x100000000000001);
    for (unsigned i = 0; i < options->server_count; i++) {
        m->servers[i] = (struct zk_server){.model = m, .index = i};
        zk_tree_init(&m->servers[i].tree);
    }
    return m;
}

static void free_sessions(struct zk_model *m)
{
    while (m->sessions) {
        struct zk_session *s = m->sessions;

        m->sessions = s->next;
        free(s);
    }
}

void zk_model_free(struct zk_model *m)
{
    if (!m)
        return;
    while (m->tasks) {
        struct zk_task *task = m->tasks;

        m->tasks = task->next;
        free(task);
    }
    while (m->conns) {
        struct zk_conn *conn = m->conns;

        m->conns = conn->next;
        zk_conn_free(conn);
    }
    while (m->clients) {
        struct zk_client *c = m->clients;

        m->clients = c->next;
        zk_client_free(c);
    }
    free_sessions(m);
    for (size_t i = 0; i < m->log_count; i++)
        zk_txn_deinit(&m->log[i].txn);
    free(m->log);
    for (unsigned i = 0; i < m->options.server_count; i++)
        zk_tree_deinit(&m->servers[i].tree);
    free(m);
}

/* ---- servers apply what the leader decided ---- */

static void fire_watches(struct zk_server *server, const struct zk_txn *txn)
{
    for (uint32_t i = 0; i < txn->count; i++)
        for (struct zk_conn *conn = server->model->conns; conn; conn = conn->next)
            if (conn->server == server && !conn->server_gone)
                zk_conn_fire(conn, &txn->changes[i]);
}

static void applied(struct zk_server *server, const struct zk_txn *txn)
{
    server->applied++;
    fire_watches(server, txn);
    for (struct zk_conn *conn = server->model->conns; conn; conn = conn->next)
        if (conn->server == server && !conn->server_gone)
            zk_conn_applied(conn);
}

/* What all have applied is forgotten. */
static void trim_log(struct zk_model *m)
{
    uint64_t least = m->servers[0].applied;
    size_t gone;

    for (unsigned i = 1; i < m->options.server_count; i++)
        if (m->servers[i].applied < least)
            least = m->servers[i].applied;
    gone = (size_t)(least - m->log_first);
    if (gone < 256 && gone < m->log_count)
        return;
    for (size_t i = 0; i < gone; i++)
        zk_txn_deinit(&m->log[i].txn);
    memmove(m->log, m->log + gone, (m->log_count - gone) * sizeof *m->log);
    m->log_count -= gone;
    m->log_first = least;
}

static void server_apply(void *object, uint64_t number)
{
    struct zk_server *server = object;
    struct zk_model *m = server->model;
    uint64_t now = zk_model_now(m);

    (void)number;
    while (server->applied < m->log_first + m->log_count) {
        struct zk_logged *logged = &m->log[server->applied - m->log_first];

        if (logged->due_ns[server->index] > now)
            break;
        zk_tree_apply(&server->tree, &logged->txn);
        applied(server, &logged->txn);
    }
    trim_log(m);
}

static void tell_observer(struct zk_model *m, const struct zk_txn *txn)
{
    for (uint32_t i = 0; i < txn->count && m->listener_count > 0; i++) {
        const struct zk_change *c = &txn->changes[i];
        struct zk_model_node node;

        if (c->kind == ZK_WATCH_DELETED || !zk_model_find(m, c->path, &node))
            node = (struct zk_model_node){.path = c->path, .mzxid = txn->zxid};
        for (unsigned k = 0; k < m->listener_count; k++)
            m->listeners[k].wrote(m->listeners[k].context, c->kind, &node);
    }
}

/* The leader's tree has it already. */
static void publish(struct zk_model *m, const struct zk_txn *txn)
{
    struct zk_logged *logged;
    uint64_t now = zk_model_now(m);

    m->log = xgrow(m->log, &m->log_capacity, m->log_count + 1, sizeof *m->log);
    logged = &m->log[m->log_count++];
    *logged = (struct zk_logged){.txn = *txn};
    for (unsigned i = 1; i < m->options.server_count; i++) {
        struct zk_server *server = &m->servers[i];
        uint64_t due = now + zk_model_link(m) + server->lag_ns;

        server->due_ns = logged->due_ns[i] = due > server->due_ns ? due : server->due_ns;
        zk_model_later(m, server->due_ns - now, server_apply, server, 0);
    }
    m->counts.writes += txn->count > 0;
    tell_observer(m, txn);
    applied(&m->servers[0], txn);
    if (m->options.server_count == 1)
        trim_log(m);
}

static enum zk_error write_outside(struct zk_model *m, const struct zk_op *op)
{
    struct zk_result result;
    struct zk_txn txn;

    zk_tree_decide(&m->servers[0].tree, op, 1, 0, &txn, &result);
    publish(m, &txn);
    return result.error;
}

static void make_parents(struct zk_model *m, struct view path)
{
    struct view parent = zk_parent_path(path);

    if (zk_tree_find(&m->servers[0].tree, parent))
        return;
    make_parents(m, parent);
    write_outside(m, &(struct zk_op){.kind = ZK_CREATE, .path = parent});
}

enum zk_error zk_model_put(struct zk_model *m, const char *path, struct view data)
{
    struct zk_op op = {.kind = ZK_SET, .version = -1, .path = view_of(path), .data = data};

    make_parents(m, op.path);
    if (!zk_tree_find(&m->servers[0].tree, op.path))
        op.kind = ZK_CREATE;
    return write_outside(m, &op);
}

void zk_leader_decide(struct zk_model *m, struct zk_session *s, struct zk_request *q)
{
    struct zk_txn txn;

    q->decided = true;
    q->zxid = m->servers[0].tree.zxid;
    if (q->ops[0].kind == ZK_SYNC)
        return;
    if (q->make_chroot)
        make_parents(m, q->ops[0].path);
    m->counts.multis += q->count > 1;
    m->counts.failed +=
        !zk_tree_decide(&m->servers[0].tree, q->ops, q->count, s->id, &txn, q->results);
    q->zxid = txn.zxid;
    for (uint32_t i = 0; i < q->count; i++)
        if (q->results[i].data.base)
            q->results[i].data = arena_copy(&q->arena, q->results[i].data);
    publish(m, &txn);
}

/* ---- sessions ---- */

bool zk_model_quorum(const struct zk_model *m)
{
    unsigned up = 0;

    for (unsigned i = 0; i < m->options.server_count; i++)
        up += !m->servers[i].down;
    return up * 2 > m->options.server_count;
}

struct zk_session *zk_session_new(struct zk_model *m, uint64_t timeout_ns, int64_t *ret_zxid)
{
    struct zk_session *s = xcalloc(1, sizeof *s);
    struct zk_txn txn = {.zxid = m->servers[0].tree.zxid + 1};

    *s = (struct zk_session){.next = m->sessions,
                             .model = m,
                             .id = m->next_session++,
                             .alive = true,
                             .timeout_ns = timeout_ns};
    m->sessions = s;
    zk_tree_apply(&m->servers[0].tree, &txn);
    *ret_zxid = txn.zxid;
    publish(m, &txn);
    return s;
}

static void check_expiry(void *object, uint64_t number)
{
    struct zk_session *s = object;

    if (!s->alive || s->watchdog != number)
        return;
    /* Nobody can decide that it is over; a new leader gives every session its whole time again. */
    if (!zk_model_quorum(s->model)) {
        zk_model_later(s->model, s->timeout_ns, check_expiry, s, number);
        return;
    }
    s->model->counts.expired++;
    zk_session_end(s->model, s);
}

void zk_session_kept(struct zk_session *s)
{
    s->watchdog++;
}

void zk_session_left(struct zk_model *m, struct zk_session *s)
{
    s->watchdog++;
    zk_model_later(m, zk_model_draw(m, s->timeout_ns, s->timeout_ns + s->timeout_ns / 4),
                   check_expiry, s, s->watchdog);
}

void zk_session_end(struct zk_model *m, struct zk_session *s)
{
    struct zk_txn txn;

    if (!s->alive)
        return;
    s->alive = false;
    zk_tree_close_session(&m->servers[0].tree, s->id, &txn);
    publish(m, &txn);
    if (s->owner)
        zk_conn_close_server(s->owner);
    s->owner = NULL;
}

/* ---- faults ---- */

void zk_model_lag(struct zk_model *m, unsigned server, uint64_t delay_ns)
{
    struct zk_server *s = &m->servers[server];

    PRE(server > 0 && server < m->options.server_count);
    s->lag_ns = delay_ns;
    if (delay_ns > 0)
        return;
    s->due_ns = zk_model_now(m);
    for (size_t i = 0; i < m->log_count; i++)
        m->log[i].due_ns[server] = 0;
    zk_model_later(m, 0, server_apply, s, 0);
}

void zk_model_down(struct zk_model *m, unsigned server, bool down)
{
    PRE(server < m->options.server_count);
    m->servers[server].down = down;
    for (struct zk_conn *conn = m->conns; conn; conn = conn->next)
        if (!conn->server_gone && (conn->server->down || !zk_model_quorum(m)))
            zk_conn_close_server(conn);
}

/* ---- looking ---- */

static struct zk_model_node outside(const struct zk_node *n)
{
    return (struct zk_model_node){.path = n->path,
                                  .data = {n->data, n->size},
                                  .version = n->version,
                                  .child_version = n->created_count,
                                  .czxid = n->czxid,
                                  .mzxid = n->mzxid,
                                  .owner = n->owner,
                                  .child_count = (uint32_t)n->child_count};
}

bool zk_model_find(struct zk_model *m, const char *path, struct zk_model_node *ret)
{
    const struct zk_node *n = zk_tree_find(&m->servers[0].tree, view_of(path));

    if (n)
        *ret = outside(n);
    return n != NULL;
}

static void walk(const struct zk_node *n,
                 void (*each)(void *context, const struct zk_model_node *node), void *context)
{
    struct zk_model_node node = outside(n);

    each(context, &node);
    for (size_t i = 0; i < n->child_count; i++)
        walk(n->children[i], each, context);
}

void zk_model_walk(struct zk_model *m, const char *path,
                   void (*each)(void *context, const struct zk_model_node *node), void *context)
{
    const struct zk_node *n = zk_tree_find(&m->servers[0].tree, view_of(path));

    if (n)
        walk(n, each, context);
}

enum zk_error zk_model_delete(struct zk_model *m, const char *path)
{
    return write_outside(m,
                         &(struct zk_op){.kind = ZK_DELETE, .version = -1, .path = view_of(path)});
}

void zk_model_on_write(struct zk_model *m,
                       void (*wrote)(void *context, enum zk_watch_kind kind,
                                     const struct zk_model_node *node),
                       void *context)
{
    PRE(m->listener_count < ZK_MODEL_LISTENERS_MAX);
    m->listeners[m->listener_count].wrote = wrote;
    m->listeners[m->listener_count++].context = context;
}

struct zk_model_counts zk_model_counts(const struct zk_model *m)
{
    return m->counts;
}
