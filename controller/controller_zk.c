/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "common/memory.h"
#include "controller/internal.h"

/* Requests to ZooKeeper: a queue, at most CTL_IN_FLIGHT_MAX at one time, answered in order.
 *
 * The outcome of a request whose connection was lost is unknown. A read is simply sent again. A
 * write waits in `unresolved` until the connection is back and a sync has been answered: what is
 * read after that is at least as new as the write, if it was done at all, and it will not be done
 * later. Then its `resolve` reads and compares. A read without the sync could come from a server
 * that lags, and prove nothing. */

static void put(struct ctl_request ***last, struct ctl_request *r)
{
    r->next = NULL;
    **last = r;
    *last = &r->next;
}

static void bury(struct controller *c, struct ctl_request *r)
{
    r->next = c->buried;
    c->buried = r;
}

void ctl_request_free(struct controller *c, struct ctl_request *r)
{
    bury(c, r);
}

void ctl_zk_bury(struct controller *c)
{
    while (c->buried) {
        struct ctl_request *r = c->buried;
        c->buried = r->next;
        if (r->drop)
            r->drop(r);
        arena_reset(&r->arena);
        free(r);
    }
}

static struct ctl_request *request_new(struct view path)
{
    struct ctl_request *r = xcalloc(1, sizeof *r + path.size);
    if (path.size)
        memcpy(r->path, path.base, path.size);
    return r;
}

struct ctl_request *ctl_read(struct controller *c, enum zk_kind kind, struct view path, bool watch,
                             ctl_done *done)
{
    PRE(kind == ZK_GET || kind == ZK_EXISTS || kind == ZK_CHILDREN || kind == ZK_SYNC);
    struct ctl_request *r = request_new(path);
    r->done = done;
    r->single = (struct zk_op){
        .kind = kind, .watch = watch, .version = -1, .path = {(const uint8_t *)r->path, path.size}};
    r->ops = &r->single;
    r->count = 1;
    ctl_send(c, r);
    return r;
}

struct ctl_request *ctl_bare_new(ctl_done *done, ctl_resolve *resolve)
{
    struct ctl_request *r = request_new(VIEW_NULL);
    r->done = done;
    r->resolve = resolve;
    return r;
}

struct ctl_request *ctl_multi_new(struct controller *c, ctl_done *done, ctl_resolve *resolve)
{
    struct ctl_request *r = ctl_bare_new(done, resolve);
    r->fenced = true;
    (void)ctl_add(r, (struct zk_op){.kind = ZK_CHECK,
                                    .path = VIEW_LITERAL(ZNODE_CONTROLLER_EPOCH),
                                    .version = c->epoch_version});
    return r;
}

uint32_t ctl_add(struct ctl_request *r, struct zk_op op)
{
    op.path = arena_copy(&r->arena, op.path);
    if (op.data.base)
        op.data = arena_copy(&r->arena, op.data);
    r->size += op.path.size + op.data.size + 40;
    if (r->count == r->capacity) {
        /* The old array stays in the arena, which is as short-lived as the request. */
        size_t capacity = r->capacity ? r->capacity * 2 : 4;
        struct zk_op *ops = arena_array(&r->arena, capacity, sizeof *ops);
        if (r->count)
            memcpy(ops, r->ops, r->count * sizeof *ops);
        r->ops = ops;
        r->capacity = capacity;
    }
    r->ops[r->count] = op;
    return r->count++;
}

void ctl_send(struct controller *c, struct ctl_request *r)
{
    PRE(r->count > 0);
    put(&c->queue_last, r);
}

void ctl_zk_pump(struct controller *c)
{
    while (c->session_up && c->queue_first && c->in_flight < CTL_IN_FLIGHT_MAX) {
        struct ctl_request *r = c->queue_first;
        c->queue_first = r->next;
        if (!c->queue_first)
            c->queue_last = &c->queue_first;
        r->token = ++c->last_token;
        put(&c->flight_last, r);
        c->in_flight++;
        struct controller_action *a = ctl_act(c, CONTROLLER_DO_ZK);
        a->u.zk.token = r->token;
        a->u.zk.ops = r->ops;
        a->u.zk.count = r->count;
    }
}

static void bury_all(struct controller *c, struct ctl_request **first, struct ctl_request ***last)
{
    while (*first) {
        struct ctl_request *r = *first;
        *first = r->next;
        bury(c, r);
    }
    *last = first;
}

/* Replies to what was in flight are not known any more when they come, and are dropped. */
void ctl_zk_forget(struct controller *c)
{
    bury_all(c, &c->queue_first, &c->queue_last);
    bury_all(c, &c->flight_first, &c->flight_last);
    bury_all(c, &c->unresolved_first, &c->unresolved_last);
    c->in_flight = 0;
    c->syncing = false;
    c->rereading = c->reread_again = false;
    c->known_read = false;
}

/* Takes the request with this token out of the list; the first one nearly always. */
static struct ctl_request *take(struct controller *c, uint64_t wanted)
{
    for (struct ctl_request **at = &c->flight_first; *at; at = &(*at)->next) {
        struct ctl_request *r = *at;
        if (r->token != wanted)
            continue;
        *at = r->next;
        if (!*at)
            c->flight_last = at;
        c->in_flight--;
        return r;
    }
    return NULL;
}

static void resolve_all(struct controller *c)
{
    struct ctl_request *r = c->unresolved_first;
    c->unresolved_first = NULL;
    c->unresolved_last = &c->unresolved_first;
    while (r) {
        struct ctl_request *next = r->next;
        if (r->resolve) {
            r->resolve(c, r);
            bury(c, r);
        } else {
            ctl_send(c, r);
        }
        r = next;
    }
}

static void synced(struct controller *c, struct ctl_request *r, const struct zk_result *results,
                   uint32_t count)
{
    (void)r;
    (void)results; /* a sync that is refused was still answered by a server that is connected */
    (void)count;
    c->syncing = false;
    resolve_all(c);
}

static void start_sync(struct controller *c)
{
    if (!c->unresolved_first || c->syncing)
        return;
    if (mutated(c->config.mutations, MUTATION_READ_WITHOUT_SYNC)) {
        resolve_all(c);
        return;
    }
    c->syncing = true;
    (void)ctl_read(c, ZK_SYNC, VIEW_LITERAL(ZNODE_CONTROLLER_EPOCH), false, synced);
}

void ctl_zk_session(struct controller *c, enum zk_session_state state)
{
    switch (state) {
    case ZK_UP:
        c->session_up = true;
        if (c->state == CONTROLLER_NO_SESSION && c->incarnation) {
            ctl_move(c, CONTROLLER_CONTENDING);
            ctl_race(c);
        }
        start_sync(c);
        break;
    case ZK_LOST:
        c->session_up = false;
        break;
    case ZK_EXPIRED:
    case ZK_REFUSED:
        c->session_up = false;
        ctl_session_over(c);
        break;
    }
}

static void reply_unknown(struct controller *c, struct ctl_request *r)
{
    bool write = r->count > 1 || r->ops[0].kind < ZK_CHECK;
    if (!write && r->done == synced) {
        c->syncing = false; /* another is sent when the connection is back */
        bury(c, r);
    } else if (!write) {
        ctl_send(c, r);
    } else {
        put(&c->unresolved_last, r);
    }
    if (c->session_up)
        start_sync(c);
}

void ctl_zk_reply(struct controller *c, const struct controller_event *event)
{
    struct ctl_request *r = take(c, event->u.reply.token);
    if (!r)
        return; /* of an earlier reign or session */
    if (event->u.reply.unknown) {
        reply_unknown(c, r);
        return;
    }
    const struct zk_result *results = event->u.reply.results;
    PRE(event->u.reply.count == r->count);
    if (results[0].error == ZK_ERR_NO_SESSION) {
        /* It was certainly not done; the end of the session is about to be heard. */
        put(&c->unresolved_last, r);
        return;
    }
    bool deposed = r->fenced && results[0].error != ZK_OK &&
                   (results[0].error == ZK_ERR_BADVERSION || results[0].error == ZK_ERR_NONODE);
    if (deposed)
        ctl_deposed(c, "another controller has won since");
    else
        r->done(c, r, results, r->count);
    bury(c, r);
}

uint32_t ctl_failed_op(const struct zk_result *results, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        if (results[i].error != ZK_OK && results[i].error != ZK_ERR_ROLLED_BACK)
            return i;
    return count;
}

bool ctl_all_ok(const struct zk_result *results, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        if (results[i].error != ZK_OK)
            return false;
    return true;
}
