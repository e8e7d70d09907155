/* SPDX-License-Identifier: Apache-2.0 */
#include "broker/zk/zk_adapter_internal.h"

#include <stdlib.h>

#include "common/assert.h"
#include "common/memory.h"

/* One request through the library: given to it with the lock held, completed on the library's
 * completion thread. */

/* ---- errors ---- */

/* The change may have been made, or may still be: the connection or the session went away under
 * it, or its answer was not understood. */
static bool is_unknown(int rc)
{
    switch (rc) {
    case ZCONNECTIONLOSS:
    case ZOPERATIONTIMEOUT:
    case ZCLOSING:
    case ZSESSIONEXPIRED:
    case ZSESSIONMOVED:
    case ZAUTHFAILED:
    case ZMARSHALLINGERROR:
    case ZDATAINCONSISTENCY:
    case ZSYSTEMERROR:
    case ZINVALIDSTATE:
        return true;
    default:
        return false;
    }
}

static enum zk_error map_error(int rc)
{
    switch (rc) {
    case ZOK:
        return ZK_OK;
    case ZNONODE:
        return ZK_ERR_NONODE;
    case ZNODEEXISTS:
        return ZK_ERR_NODEEXISTS;
    case ZBADVERSION:
        return ZK_ERR_BADVERSION;
    case ZNOTEMPTY:
        return ZK_ERR_NOTEMPTY;
    case ZNOCHILDRENFOREPHEMERALS:
        return ZK_ERR_NOCHILDRENFOREPHEMERALS;
    case ZNOAUTH:
        return ZK_ERR_NOAUTH;
    default:
        return ZK_ERR_OTHER;
    }
}

/* ---- life ---- */

static struct view full_path(const struct zk_adapter *a, struct arena *arena, struct view path)
{
    if (a->chroot_size > 0 && path.size == 1)
        return view_of(arena_string(arena, view_of(a->connect.chroot)));
    return view_of(
        arena_printf(arena, "%s%.*s", a->connect.chroot, (int)path.size, (const char *)path.base));
}

struct zk_call *zk_call_new(struct zk_adapter *a, token name, const struct zk_op *ops,
                            uint32_t count)
{
    struct zk_call *call = xcalloc(1, sizeof *call);

    call->arena = ARENA_INIT;
    call->token = name;
    call->count = count;
    call->ops = arena_array(&call->arena, count, sizeof *call->ops);
    for (uint32_t i = 0; i < count; i++) {
        call->ops[i] = ops[i];
        call->ops[i].path = full_path(a, &call->arena, ops[i].path);
        if (ops[i].data.base)
            call->ops[i].data = arena_copy(&call->arena, ops[i].data);
    }
    return call;
}

void zk_call_release(struct zk_call *call)
{
    if (call->queued || call->in_library)
        return;
    arena_reset(&call->arena);
    free(call);
}

/* ---- what is posted ---- */

static struct world_zk_post *reply_new(const struct zk_call *call)
{
    struct world_zk_post *post = world_zk_post_new();

    post->event.kind = EV_ZK_REPLY;
    post->event.token = call->token;
    return post;
}

static struct zk_result *results_new(struct world_zk_post *post, uint32_t count)
{
    struct zk_result *results = arena_array(&post->arena, count, sizeof *results);

    post->event.u.reply.results = results;
    post->event.u.reply.count = count;
    return results;
}

struct world_zk_post *zk_call_post_unknown(const struct zk_call *call)
{
    struct world_zk_post *post = reply_new(call);

    post->event.u.reply.unknown = true;
    return post;
}

struct world_zk_post *zk_call_post_error(const struct zk_call *call, enum zk_error error)
{
    struct world_zk_post *post = reply_new(call);
    struct zk_result *results = results_new(post, call->count);

    for (uint32_t i = 0; i < call->count; i++)
        results[i].error = error;
    return post;
}

static void set_stat(struct zk_result *r, const struct Stat *stat)
{
    if (!stat)
        return;
    r->version = stat->version;
    r->czxid = stat->czxid;
    r->mzxid = stat->mzxid;
    r->owner = stat->ephemeralOwner;
}

static void set_path(const struct zk_adapter *a, struct world_zk_post *post, struct zk_result *r,
                     const char *path)
{
    if (path)
        r->data = zk_adapter_inner_path(a, arena_copy(&post->arena, view_of(path)));
}

/* ---- completions ---- */

/* Of a single op that has an answer: the post, with its error set. */
static struct world_zk_post *answer_of(struct zk_call *call, int rc, struct zk_result **ret)
{
    struct world_zk_post *post = reply_new(call);

    *ret = results_new(post, 1);
    (*ret)->error = map_error(rc);
    return post;
}

static void arm_watch(struct zk_call *call, int rc)
{
    struct zk_adapter *a = call->session->adapter;
    const struct zk_op *op = &call->ops[0];
    unsigned mask = op->kind == ZK_CHILDREN ? ZK_WATCH_ON_CHILDREN : ZK_WATCH_ON_NODE;

    if (!op->watch || a->session != call->session ||
        !(rc == ZOK || (rc == ZNONODE && op->kind == ZK_EXISTS)))
        return;
    mask |= (unsigned)(uintptr_t)map_get(&a->watches, op->path);
    map_put(&a->watches, op->path, (void *)(uintptr_t)mask);
}

/* post is NULL, or the answer; it is not wanted when the call was answered before, or when the
 * outcome is unknown. */
static void complete(struct zk_call *call, int rc, struct world_zk_post *post)
{
    struct zk_session *s = call->session;
    struct zk_adapter *a = s->adapter;

    pthread_mutex_lock(&a->lock);
    call->in_library = false;
    arm_watch(call, rc);
    if (call->queued) {
        bool unknown = is_unknown(rc);

        zk_adapter_answered(a, call, unknown ? zk_call_post_unknown(call) : post);
        post = unknown ? post : NULL;
    }
    if (rc == ZSESSIONMOVED && a->session == s)
        zk_session_drop_connection(s);
    pthread_mutex_unlock(&a->lock);
    if (post)
        world_zk_post_free(post);
    zk_call_release(call);
}

static struct zk_call *call_of(const void *data)
{
    return (struct zk_call *)(uintptr_t)data;
}

static void completed_plain(int rc, const void *data)
{
    struct zk_call *call = call_of(data);
    struct zk_result *r;
    struct world_zk_post *post = answer_of(call, rc, &r);

    complete(call, rc, post);
}

static void completed_sync(int rc, const char *path, const void *data)
{
    (void)path;
    completed_plain(rc, data);
}

static void completed_stat(int rc, const struct Stat *stat, const void *data)
{
    struct zk_call *call = call_of(data);
    struct zk_result *r;
    struct world_zk_post *post = answer_of(call, rc, &r);

    if (rc == ZOK)
        set_stat(r, stat);
    complete(call, rc, post);
}

static void completed_create(int rc, const char *path, const struct Stat *stat, const void *data)
{
    struct zk_call *call = call_of(data);
    struct zk_result *r;
    struct world_zk_post *post = answer_of(call, rc, &r);

    if (rc == ZOK) {
        set_stat(r, stat);
        set_path(call->session->adapter, post, r, path);
    }
    complete(call, rc, post);
}

static void completed_data(int rc, const char *value, int size, const struct Stat *stat,
                           const void *data)
{
    struct zk_call *call = call_of(data);
    struct zk_result *r;
    struct world_zk_post *post = answer_of(call, rc, &r);

    if (rc == ZOK) {
        set_stat(r, stat);
        if (size >= 0)
            r->data = arena_copy(
                &post->arena, (struct view){(const uint8_t *)(value ? value : ""), (uint32_t)size});
    }
    complete(call, rc, post);
}

static int compare_names(const void *a, const void *b)
{
    const struct view *x = a, *y = b;
    uint32_t size = x->size < y->size ? x->size : y->size;
    int difference = memcmp(x->base, y->base, size);

    return difference ? difference : (x->size > y->size) - (x->size < y->size);
}

static void completed_children(int rc, const struct String_vector *strings, const void *data)
{
    struct zk_call *call = call_of(data);
    struct zk_result *r;
    struct world_zk_post *post = answer_of(call, rc, &r);

    if (rc == ZOK && strings && strings->count > 0) {
        struct view *names = arena_array(&post->arena, (size_t)strings->count, sizeof *names);

        for (int i = 0; i < strings->count; i++)
            names[i] = arena_copy(&post->arena, view_of(strings->data[i]));
        qsort(names, (size_t)strings->count, sizeof *names, compare_names);
        r->names = names;
        r->name_count = (uint32_t)strings->count;
    }
    complete(call, rc, post);
}

/* A failed multi: the op that failed has its error; those before it have none, those after it a
 * general one. */
static void set_multi_errors(const struct zk_call *call, int rc, struct zk_result *results)
{
    bool found = false;

    for (uint32_t i = 0; i < call->count; i++) {
        int error = call->results[i].err;

        results[i].error =
            error == ZOK || error == ZRUNTIMEINCONSISTENCY ? ZK_ERR_ROLLED_BACK : map_error(error);
        found |= results[i].error != ZK_ERR_ROLLED_BACK;
    }
    if (!found)
        results[0].error = rc == ZRUNTIMEINCONSISTENCY ? ZK_ERR_OTHER : map_error(rc);
}

static void completed_multi(int rc, const void *data)
{
    struct zk_call *call = call_of(data);
    struct world_zk_post *post = reply_new(call);
    struct zk_result *results = results_new(post, call->count);

    if (rc != ZOK)
        set_multi_errors(call, rc, results);
    for (uint32_t i = 0; i < call->count && rc == ZOK; i++)
        if (call->ops[i].kind == ZK_SET)
            set_stat(&results[i], &call->stats[i]);
        else if (call->ops[i].kind == ZK_CREATE)
            set_path(call->session->adapter, post, &results[i], call->paths[i]);
    complete(call, rc, post);
}

/* ---- starting ---- */

static const struct ACL_vector *acl_of(const struct zk_adapter *a)
{
    return a->protect && a->digest ? &a->protected_acl : &ZOO_OPEN_ACL_UNSAFE;
}

static int mode_of(const struct zk_op *op)
{
    if (op->sequential)
        return op->ephemeral ? ZOO_EPHEMERAL_SEQUENTIAL : ZOO_PERSISTENT_SEQUENTIAL;
    return op->ephemeral ? ZOO_EPHEMERAL : ZOO_PERSISTENT;
}

/* The library's null data is a size of -1. */
static int size_of(struct view data)
{
    return data.base ? (int)data.size : -1;
}

static void ignore_created(int rc, const char *path, const struct Stat *stat, const void *data)
{
    (void)rc;
    (void)path;
    (void)stat;
    (void)data;
}

/* "/" is the chroot: the nodes above it first, whose outcome shows in its own. */
static void make_chroot_parents(struct zk_session *s, struct zk_call *call)
{
    const char *chroot = s->adapter->connect.chroot;

    if (!view_equal(call->ops[0].path, view_of(chroot)))
        return;
    for (const char *slash = strchr(chroot + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        char *parent = arena_string(
            &call->arena, (struct view){(const uint8_t *)chroot, (uint32_t)(slash - chroot)});

        zoo_acreate2(s->zh, parent, NULL, -1, acl_of(s->adapter), ZOO_PERSISTENT, ignore_created,
                     NULL);
    }
}

static int start_one(struct zk_session *s, struct zk_call *call)
{
    const struct zk_op *op = &call->ops[0];
    const char *path = (const char *)op->path.base, *data = (const char *)op->data.base;
    watcher_fn watcher = op->watch ? zk_adapter_watcher : NULL;

    switch (op->kind) {
    case ZK_CREATE:
        make_chroot_parents(s, call);
        return zoo_acreate2(s->zh, path, data, size_of(op->data), acl_of(s->adapter), mode_of(op),
                            completed_create, call);
    case ZK_DELETE:
        return zoo_adelete(s->zh, path, op->version, completed_plain, call);
    case ZK_SET:
        return zoo_aset(s->zh, path, data, size_of(op->data), op->version, completed_stat, call);
    case ZK_GET:
        return zoo_awget(s->zh, path, watcher, s, completed_data, call);
    case ZK_EXISTS:
        return zoo_awexists(s->zh, path, watcher, s, completed_stat, call);
    case ZK_CHILDREN:
        return zoo_awget_children(s->zh, path, watcher, s, completed_children, call);
    case ZK_SYNC:
        return zoo_async(s->zh, path, completed_sync, call);
    case ZK_CHECK:
        break;
    }
    IMPOSSIBLE("a check outside a multi");
}

static void fill_op(struct zk_session *s, struct zk_call *call, uint32_t i, zoo_op_t *ret)
{
    const struct zk_op *op = &call->ops[i];
    const char *path = (const char *)op->path.base, *data = (const char *)op->data.base;

    if (op->kind == ZK_CREATE) {
        uint32_t size = op->path.size + 16;

        call->paths[i] = arena_alloc(&call->arena, size);
        zoo_create_op_init(ret, path, data, size_of(op->data), acl_of(s->adapter), mode_of(op),
                           call->paths[i], (int)size);
    } else if (op->kind == ZK_DELETE) {
        zoo_delete_op_init(ret, path, op->version);
    } else if (op->kind == ZK_SET) {
        zoo_set_op_init(ret, path, data, size_of(op->data), op->version, &call->stats[i]);
    } else {
        zoo_check_op_init(ret, path, op->version);
    }
}

static int start_multi(struct zk_session *s, struct zk_call *call)
{
    zoo_op_t *ops = arena_array(&call->arena, call->count, sizeof *ops);

    call->results = arena_array(&call->arena, call->count, sizeof *call->results);
    call->stats = arena_array(&call->arena, call->count, sizeof *call->stats);
    call->paths = arena_array(&call->arena, call->count, sizeof *call->paths);
    for (uint32_t i = 0; i < call->count; i++)
        fill_op(s, call, i, &ops[i]);
    return zoo_amulti(s->zh, (int)call->count, ops, call->results, completed_multi, call);
}

bool zk_call_start(struct zk_session *s, struct zk_call *call)
{
    int rc;

    call->session = s;
    call->in_library = true;
    rc = call->count > 1 ? start_multi(s, call) : start_one(s, call);
    if (rc == ZOK)
        return true;
    call->in_library = false;
    call->refused = rc == ZINVALIDSTATE || rc == ZCLOSING ? ZK_ERR_NO_SESSION : ZK_ERR_OTHER;
    return false;
}
