/* SPDX-License-Identifier: Apache-2.0 */
#include "broker/zk/zk_adapter_internal.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "broker/zk/zk_limits.h"
#include "common/assert.h"
#include "common/memory.h"

/* How long free waits for the adapter's thread, which may be inside the library's close. */
#define END_TIMEOUT_MS 8000

uint64_t zk_adapter_now_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

void zk_adapter_say(struct zk_adapter *a, enum say_level level, const char *format, ...)
{
    char line[512];
    va_list args;
    int size = snprintf(line, sizeof line, "zookeeper: ");

    va_start(args, format);
    vsnprintf(line + size, sizeof line - (size_t)size, format, args);
    va_end(args);
    a->say(a->context, level, view_of(line));
}

struct view zk_adapter_inner_path(const struct zk_adapter *a, struct view path)
{
    if (path.size <= a->chroot_size)
        return VIEW_LITERAL("/");
    return (struct view){path.base + a->chroot_size, path.size - a->chroot_size};
}

/* ---- queues ---- */

static void queue_add(struct zk_call_queue *q, struct zk_call *call)
{
    call->queued = true;
    call->next = NULL;
    call->previous = q->last;
    if (q->last)
        q->last->next = call;
    else
        q->first = call;
    q->last = call;
}

static void queue_remove(struct zk_call_queue *q, struct zk_call *call)
{
    call->queued = false;
    if (call->previous)
        call->previous->next = call->next;
    else
        q->first = call->next;
    if (call->next)
        call->next->previous = call->previous;
    else
        q->last = call->previous;
    call->next = call->previous = NULL;
}

/* ---- what the shard hears ---- */

void zk_adapter_post(struct zk_adapter *a, struct world_zk_post *post)
{
    a->post(a->context, post);
}

static void hear_session(struct world_zk_post *post)
{
    struct zk_adapter *a = post->hearing_context;

    pthread_mutex_lock(&a->lock);
    a->heard = post->event.u.session.generation;
    pthread_mutex_unlock(&a->lock);
}

static void post_session(struct zk_adapter *a, enum zk_session_state state, int64_t id)
{
    struct world_zk_post *post = world_zk_post_new();

    post->event.kind = EV_ZK_SESSION;
    post->event.u.session.generation = a->generation;
    post->event.u.session.state = state;
    post->event.u.session.id = id;
    if (state == ZK_UP) {
        post->hearing = hear_session;
        post->hearing_context = a;
    }
    zk_adapter_post(a, post);
}

void zk_adapter_answer_all(struct zk_adapter *a, struct zk_call_queue *queue, enum zk_error error)
{
    struct zk_call *call;

    while ((call = queue->first) != NULL) {
        enum zk_error own = call->refused ? call->refused : error;

        queue_remove(queue, call);
        zk_adapter_post(a, own ? zk_call_post_error(call, own) : zk_call_post_unknown(call));
        zk_call_release(call);
    }
}

static void answer_refused(struct zk_adapter *a)
{
    struct zk_call *call;

    while ((call = a->calls.first) != NULL && call->refused != ZK_OK) {
        queue_remove(&a->calls, call);
        zk_adapter_post(a, zk_call_post_error(call, call->refused));
        zk_call_release(call);
    }
}

void zk_adapter_answered(struct zk_adapter *a, struct zk_call *call, struct world_zk_post *post)
{
    queue_remove(&a->calls, call);
    zk_adapter_post(a, post);
    answer_refused(a);
}

/* ---- session events ---- */

static void start_call(struct zk_adapter *a, struct zk_call *call)
{
    queue_add(&a->calls, call);
    if (call->refused == ZK_OK)
        zk_call_start(a->session, call);
    answer_refused(a);
}

static void session_up(struct zk_session *s)
{
    struct zk_adapter *a = s->adapter;
    struct zk_call *call;

    if (a->state == ZK_ADAPTER_UP)
        return;
    if (a->state == ZK_ADAPTER_OPENING)
        a->generation++;
    a->state = ZK_ADAPTER_UP;
    post_session(a, ZK_UP, zoo_client_id(s->zh)->client_id);
    while ((call = a->waiting.first) != NULL) {
        queue_remove(&a->waiting, call);
        start_call(a, call);
    }
    zk_adapter_say(a, SAY_INFO, "connected, session 0x%llx, time-out %d ms",
                   (unsigned long long)zoo_client_id(s->zh)->client_id, zoo_recv_timeout(s->zh));
}

static void session_lost(struct zk_adapter *a)
{
    if (a->state != ZK_ADAPTER_UP)
        return;
    a->state = ZK_ADAPTER_AWAY;
    a->away_since_ms = zk_adapter_now_ms();
    zk_adapter_answer_all(a, &a->calls, ZK_OK);
    post_session(a, ZK_LOST, 0);
    pthread_cond_broadcast(&a->wake);
    zk_adapter_say(a, SAY_WARN, "connection lost");
}

static void forget_watches(struct zk_adapter *a)
{
    map_deinit(&a->watches);
    a->watches = MAP_INIT;
}

/* The handle is of no more use: the thread closes it. */
static void retire_session(struct zk_adapter *a)
{
    struct zk_session *s = a->session;

    a->session = NULL;
    forget_watches(a);
    if (!s)
        return;
    s->next = a->closing;
    a->closing = s;
    pthread_cond_broadcast(&a->wake);
}

static void session_expired(struct zk_adapter *a)
{
    bool was_heard_of = a->state == ZK_ADAPTER_UP || a->state == ZK_ADAPTER_AWAY;

    session_lost(a);
    zk_adapter_answer_all(a, &a->waiting, ZK_ERR_NO_SESSION);
    a->state = ZK_ADAPTER_OPENING;
    a->away_since_ms = zk_adapter_now_ms();
    retire_session(a);
    a->wanted = true;
    if (was_heard_of)
        post_session(a, ZK_EXPIRED, 0);
    zk_adapter_say(a, SAY_WARN, "session expired");
}

static void session_refused(struct zk_adapter *a)
{
    session_lost(a);
    zk_adapter_answer_all(a, &a->waiting, ZK_ERR_NO_SESSION);
    a->state = ZK_ADAPTER_REFUSED;
    retire_session(a);
    post_session(a, ZK_REFUSED, 0);
    zk_adapter_say(a, SAY_ERROR, "authentication failed");
}

void zk_adapter_session_event(struct zk_session *s, int state)
{
    struct zk_adapter *a = s->adapter;

    if (a->session != s)
        return;
    if (state == ZOO_CONNECTED_STATE)
        session_up(s);
    else if (state == ZOO_EXPIRED_SESSION_STATE)
        session_expired(a);
    else if (state == ZOO_AUTH_FAILED_STATE)
        session_refused(a);
    else
        session_lost(a);
}

/* ---- watches ---- */

void zk_adapter_watch_event(struct zk_session *s, int type, const char *path)
{
    struct zk_adapter *a = s->adapter;
    unsigned armed = (unsigned)(uintptr_t)map_get(&a->watches, view_of(path));
    unsigned gone = ZK_WATCH_ON_NODE;
    struct world_zk_post *post;
    enum zk_watch_kind what = ZK_WATCH_CHANGED;

    if (type == ZOO_CHILD_EVENT) {
        gone = ZK_WATCH_ON_CHILDREN;
        what = ZK_WATCH_CHILDREN;
    } else if (type == ZOO_DELETED_EVENT) {
        gone = ZK_WATCH_ON_NODE | ZK_WATCH_ON_CHILDREN;
        what = ZK_WATCH_DELETED;
    } else if (type == ZOO_CREATED_EVENT) {
        what = ZK_WATCH_CREATED;
    }
    /* The library tells once for each table that held the watch; the shard hears it once. */
    if (a->session != s || !(armed & gone))
        return;
    if (armed & ~gone)
        map_put(&a->watches, view_of(path), (void *)(uintptr_t)(armed & ~gone));
    else
        map_remove(&a->watches, view_of(path));
    post = world_zk_post_new();
    post->event.kind = EV_ZK_WATCH;
    post->event.u.watch.path = zk_adapter_inner_path(a, arena_copy(&post->arena, view_of(path)));
    post->event.u.watch.what = what;
    zk_adapter_post(a, post);
}

/* ---- the table ---- */

static void adapter_open(void *adapter)
{
    struct zk_adapter *a = adapter;

    pthread_mutex_lock(&a->lock);
    if (a->state == ZK_ADAPTER_CLOSED) {
        a->state = ZK_ADAPTER_OPENING;
        a->away_since_ms = zk_adapter_now_ms();
        a->wanted = true;
        pthread_cond_broadcast(&a->wake);
    }
    pthread_mutex_unlock(&a->lock);
}

static void close_with_lock(struct zk_adapter *a)
{
    a->state = ZK_ADAPTER_CLOSED;
    a->wanted = false;
    zk_adapter_answer_all(a, &a->calls, ZK_OK);
    zk_adapter_answer_all(a, &a->waiting, ZK_OK);
    retire_session(a);
}

static void adapter_close(void *adapter)
{
    struct zk_adapter *a = adapter;

    pthread_mutex_lock(&a->lock);
    close_with_lock(a);
    pthread_mutex_unlock(&a->lock);
}

static enum zk_error refusal(const struct zk_adapter *a, const struct zk_op *ops, uint32_t count)
{
    if ((a->state != ZK_ADAPTER_UP && a->state != ZK_ADAPTER_AWAY) || a->heard != a->generation)
        return ZK_ERR_NO_SESSION;
    if (zk_ops_too_large(ops, count, a->chroot_size) ||
        (ops[0].watch && a->watches.count >= ZK_WATCHES_MAX))
        return ZK_ERR_TOO_LARGE;
    /* Servers do not take "/" for a path to create. */
    if (a->chroot_size == 0 && ops[0].kind == ZK_CREATE && ops[0].path.size == 1)
        return ZK_ERR_NODEEXISTS;
    return ZK_OK;
}

static void adapter_submit(void *adapter, token name, const struct zk_op *ops, unsigned count)
{
    struct zk_adapter *a = adapter;
    struct zk_call *call;

    PRE(count > 0);
    PRE(count > 1 || ops[0].kind != ZK_CHECK);
    for (unsigned i = 0; i < count; i++) {
        PRE(count == 1 || zk_kind_is_write(ops[i].kind));
        PRE(ops[i].path.size > 0 && ops[i].path.base[0] == '/');
    }
    call = zk_call_new(a, name, ops, count);
    pthread_mutex_lock(&a->lock);
    call->refused = refusal(a, ops, count);
    if (a->state == ZK_ADAPTER_AWAY)
        queue_add(&a->waiting, call);
    else
        start_call(a, call);
    pthread_mutex_unlock(&a->lock);
}

static void adapter_destroy(struct zk_adapter *a)
{
    pthread_cond_destroy(&a->wake);
    pthread_mutex_destroy(&a->lock);
    map_deinit(&a->watches);
    free(a->digest);
    free(a);
}

static void discard_post(void *context, struct world_zk_post *post)
{
    (void)context;
    world_zk_post_free(post);
}

static void discard_line(void *context, enum say_level level, struct view line)
{
    (void)context;
    (void)level;
    (void)line;
}

static void adapter_free(void *adapter)
{
    struct zk_adapter *a = adapter;
    struct timespec until;
    bool ended;

    pthread_mutex_lock(&a->lock);
    close_with_lock(a);
    a->post = discard_post;
    a->say = discard_line;
    a->ending = true;
    pthread_cond_broadcast(&a->wake);
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += END_TIMEOUT_MS / 1000;
    while (!a->ended)
        if (pthread_cond_timedwait(&a->wake, &a->lock, &until) == ETIMEDOUT)
            break;
    ended = a->ended;
    pthread_mutex_unlock(&a->lock);
    if (!ended) {
        /* A thread that the library holds keeps the adapter; the process is about to end. */
        pthread_detach(a->thread);
        return;
    }
    pthread_join(a->thread, NULL);
    adapter_destroy(a);
}

/* The library's type is not const; it only reads. */
static char *text(const char *literal)
{
    return (char *)(uintptr_t)literal;
}

static void set_acl(struct zk_adapter *a)
{
    a->protected_entries[0] = (struct ACL){ZOO_PERM_ALL, {text("auth"), text("")}};
    a->protected_entries[1] = (struct ACL){ZOO_PERM_READ, {text("world"), text("anyone")}};
    a->protected_acl = (struct ACL_vector){2, a->protected_entries};
}

struct zk_adapter *zk_adapter_new(const struct zk_adapter_options *options)
{
    struct zk_adapter *a = xcalloc(1, sizeof *a);
    pthread_condattr_t attributes;

    *a = (struct zk_adapter){.connect = *options->connect,
                             .chroot_size = (uint32_t)strlen(options->connect->chroot),
                             .session_timeout_ms = options->session_timeout_ms,
                             .digest = options->digest ? xstrdup(options->digest) : NULL,
                             .protect = options->protect,
                             .post = options->post,
                             .say = options->say,
                             .context = options->context,
                             .watches = MAP_INIT};
    set_acl(a);
    pthread_mutex_init(&a->lock, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&a->wake, &attributes);
    pthread_condattr_destroy(&attributes);
    errno = pthread_create(&a->thread, NULL, zk_adapter_thread, a);
    if (errno == 0)
        return a;
    adapter_destroy(a);
    return NULL;
}

const struct world_zk_ops zk_adapter_ops = {
    .open = adapter_open,
    .close = adapter_close,
    .submit = adapter_submit,
    .free = adapter_free,
};
