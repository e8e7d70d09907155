/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/sim/zk_tree.h"

#include <stdio.h>
#include <stdlib.h>

#include "common/assert.h"
#include "common/memory.h"

static struct view parent_path(struct view path)
{
    uint32_t size = path.size;

    while (size > 0 && path.base[size - 1] != '/')
        size--;
    return size <= 1 ? VIEW_LITERAL("/") : (struct view){path.base, size - 1};
}

struct zk_node *zk_tree_find(const struct zk_tree *t, struct view path)
{
    return map_get(&t->nodes, path);
}

const char *zk_node_name(const struct zk_node *n)
{
    return strrchr(n->path, '/') + 1;
}

static void node_free(struct zk_node *n)
{
    free(n->children);
    free(n->data);
    free(n->path);
    free(n);
}

void zk_tree_init(struct zk_tree *t)
{
    struct zk_node *root = xcalloc(1, sizeof *root);

    *t = (struct zk_tree){.nodes = MAP_INIT};
    root->path = xstrdup("/");
    map_put(&t->nodes, VIEW_LITERAL("/"), root);
}

void zk_tree_deinit(struct zk_tree *t)
{
    struct map_entry entry;

    for (uint32_t at = 0; map_next(&t->nodes, &at, &entry);)
        node_free(entry.value);
    map_deinit(&t->nodes);
}

/* Where the name stands or would stand among the children. */
static size_t child_place(const struct zk_node *parent, const char *name)
{
    size_t low = 0, high = parent->child_count;

    while (low < high) {
        size_t middle = (low + high) / 2;

        if (strcmp(zk_node_name(parent->children[middle]), name) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void node_link(struct zk_tree *t, struct zk_node *n)
{
    struct zk_node *parent = zk_tree_find(t, parent_path(view_of(n->path)));
    size_t at = child_place(parent, zk_node_name(n));

    parent->children = xgrow(parent->children, &parent->child_capacity, parent->child_count + 1,
                             sizeof *parent->children);
    memmove(parent->children + at + 1, parent->children + at,
            (parent->child_count - at) * sizeof *parent->children);
    parent->children[at] = n;
    parent->child_count++;
    n->parent = parent;
    map_put(&t->nodes, view_of(n->path), n);
}

static void node_unlink(struct zk_tree *t, struct zk_node *n)
{
    struct zk_node *parent = n->parent;
    size_t at = child_place(parent, zk_node_name(n));

    INVARIANT(parent->children[at] == n);
    memmove(parent->children + at, parent->children + at + 1,
            (parent->child_count - at - 1) * sizeof *parent->children);
    parent->child_count--;
    map_remove(&t->nodes, view_of(n->path));
}

static uint8_t *copy_bytes(const uint8_t *bytes, uint32_t size)
{
    uint8_t *copy;

    if (!bytes)
        return NULL;
    copy = xmalloc(size + 1u);
    memcpy(copy, bytes, size);
    return copy;
}

static void apply_change(struct zk_tree *t, const struct zk_change *c, int64_t zxid)
{
    struct zk_node *n = zk_tree_find(t, view_of(c->path));

    switch (c->kind) {
    case ZK_WATCH_CREATED:
        n = xcalloc(1, sizeof *n);
        n->path = xstrdup(c->path);
        n->data = copy_bytes(c->data, c->size);
        n->size = c->size;
        n->czxid = n->mzxid = n->pzxid = zxid;
        n->owner = c->owner;
        node_link(t, n);
        n->parent->created_count++;
        n->parent->pzxid = zxid;
        break;
    case ZK_WATCH_CHANGED:
        free(n->data);
        n->data = copy_bytes(c->data, c->size);
        n->size = c->size;
        n->version++;
        n->mzxid = zxid;
        break;
    case ZK_WATCH_DELETED:
        n->parent->pzxid = zxid;
        node_unlink(t, n);
        node_free(n);
        break;
    case ZK_WATCH_CHILDREN:
        IMPOSSIBLE("children change by creating and deleting them");
    }
}

void zk_tree_apply(struct zk_tree *t, const struct zk_txn *txn)
{
    INVARIANT(txn->zxid > t->zxid);
    for (uint32_t i = 0; i < txn->count; i++)
        apply_change(t, &txn->changes[i], txn->zxid);
    t->zxid = txn->zxid;
}

/* ---- deciding ----
 * A transaction is decided against the tree as its earlier ops would leave it, without touching the
 * tree: the last change of the same path, or of a child, in the transaction counts. */
struct seen {
    bool there;
    int32_t version;
    int64_t owner;
    int64_t child_count;
    int32_t created_count;
};

static bool is_parent_of(struct view parent, const char *path)
{
    return view_equal(parent_path(view_of(path)), parent);
}

static struct seen look(const struct zk_tree *t, const struct zk_txn *txn, struct view path)
{
    const struct zk_node *n = zk_tree_find(t, path);
    struct seen s = {0};

    if (n)
        s = (struct seen){true, n->version, n->owner, (int64_t)n->child_count, n->created_count};
    for (uint32_t i = 0; i < txn->count; i++) {
        const struct zk_change *c = &txn->changes[i];

        if (view_equal(view_of(c->path), path)) {
            if (c->kind == ZK_WATCH_CREATED)
                s = (struct seen){.there = true, .owner = c->owner};
            else if (c->kind == ZK_WATCH_DELETED)
                s = (struct seen){0};
            else
                s.version++;
        } else if (c->kind != ZK_WATCH_CHANGED && is_parent_of(path, c->path)) {
            s.child_count += c->kind == ZK_WATCH_CREATED ? 1 : -1;
            s.created_count += c->kind == ZK_WATCH_CREATED;
        }
    }
    return s;
}

static struct zk_change *add_change(struct zk_txn *txn, enum zk_watch_kind kind, struct view path,
                                    struct view data, int64_t owner)
{
    struct zk_change *c;

    txn->changes = xgrow(txn->changes, &txn->capacity, txn->count + 1u, sizeof *txn->changes);
    c = &txn->changes[txn->count++];
    *c = (struct zk_change){.kind = kind,
                            .path = xstrndup(path.base, path.size),
                            .data = copy_bytes(data.base, data.size),
                            .size = data.size,
                            .owner = owner};
    return c;
}

static enum zk_error decide_create(const struct zk_tree *t, const struct zk_op *op, int64_t session,
                                   struct zk_txn *txn)
{
    struct view parent = parent_path(op->path);
    struct seen above = look(t, txn, parent);
    char *path;
    enum zk_error error = ZK_OK;

    if (view_equal(op->path, VIEW_LITERAL("/")))
        return ZK_ERR_NODEEXISTS;
    if (!above.there)
        return ZK_ERR_NONODE;
    path = op->sequential ? xasprintf("%.*s%010d", (int)op->path.size, (const char *)op->path.base,
                                      above.created_count)
                          : xstrndup(op->path.base, op->path.size);
    if (look(t, txn, view_of(path)).there)
        error = ZK_ERR_NODEEXISTS;
    else if (above.owner)
        error = ZK_ERR_NOCHILDRENFOREPHEMERALS;
    else
        add_change(txn, ZK_WATCH_CREATED, view_of(path), op->data, op->ephemeral ? session : 0);
    free(path);
    return error;
}

static enum zk_error decide(const struct zk_tree *t, const struct zk_op *op, int64_t session,
                            struct zk_txn *txn)
{
    struct seen s = look(t, txn, op->path);

    if (op->kind == ZK_CREATE)
        return decide_create(t, op, session, txn);
    if (!s.there)
        return ZK_ERR_NONODE;
    if (op->version != -1 && op->version != s.version)
        return ZK_ERR_BADVERSION;
    if (op->kind == ZK_DELETE && s.child_count > 0)
        return ZK_ERR_NOTEMPTY;
    if (op->kind == ZK_DELETE)
        add_change(txn, ZK_WATCH_DELETED, op->path, VIEW_NULL, 0);
    else if (op->kind == ZK_SET)
        add_change(txn, ZK_WATCH_CHANGED, op->path, op->data, 0);
    return ZK_OK;
}

static void fill_stat(const struct zk_tree *t, const char *path, struct zk_result *r)
{
    const struct zk_node *n = zk_tree_find(t, view_of(path));

    if (!n)
        return;
    r->version = n->version;
    r->czxid = n->czxid;
    r->mzxid = n->mzxid;
    r->owner = n->owner;
}

/* What the library tells after success: a stat after SET, the path after CREATE, and only outside
 * a multi also the stat of what was created. (A stat in a multi is of that moment; a node is set
 * once in any multi that the tests look at.) */
static void fill_results(const struct zk_tree *t, const struct zk_op *ops, uint32_t count,
                         const struct zk_txn *txn, struct zk_result *results)
{
    uint32_t change = 0;

    for (uint32_t i = 0; i < count; i++) {
        const struct zk_change *c = &txn->changes[change];

        if (ops[i].kind == ZK_CHECK)
            continue;
        change++;
        if (ops[i].kind == ZK_CREATE)
            results[i].data = view_of(c->path);
        if (ops[i].kind == ZK_SET || (ops[i].kind == ZK_CREATE && count == 1))
            fill_stat(t, c->path, &results[i]);
    }
}

bool zk_tree_decide(struct zk_tree *t, const struct zk_op *ops, uint32_t count, int64_t session,
                    struct zk_txn *ret_txn, struct zk_result *ret_results)
{
    struct zk_txn txn = {.zxid = t->zxid + 1};

    memset(ret_results, 0, count * sizeof *ret_results);
    for (uint32_t i = 0; i < count; i++) {
        enum zk_error error = decide(t, &ops[i], session, &txn);

        if (error == ZK_OK)
            continue;
        for (uint32_t k = 0; k < count; k++)
            ret_results[k].error = k == i ? error : ZK_ERR_ROLLED_BACK;
        zk_txn_deinit(&txn);
        *ret_txn = (struct zk_txn){.zxid = t->zxid + 1};
        t->zxid++;
        return false;
    }
    zk_tree_apply(t, &txn);
    fill_results(t, ops, count, &txn, ret_results);
    *ret_txn = txn;
    return true;
}

static int compare_paths(const void *a, const void *b)
{
    return strcmp(((const struct zk_change *)a)->path, ((const struct zk_change *)b)->path);
}

void zk_tree_close_session(struct zk_tree *t, int64_t session, struct zk_txn *ret_txn)
{
    struct zk_txn txn = {.zxid = t->zxid + 1};
    struct map_entry entry;

    for (uint32_t at = 0; map_next(&t->nodes, &at, &entry);) {
        const struct zk_node *n = entry.value;

        if (n->owner == session)
            add_change(&txn, ZK_WATCH_DELETED, view_of(n->path), VIEW_NULL, 0);
    }
    if (txn.count > 1)
        qsort(txn.changes, txn.count, sizeof *txn.changes, compare_paths);
    zk_tree_apply(t, &txn);
    *ret_txn = txn;
}

void zk_txn_deinit(struct zk_txn *txn)
{
    for (uint32_t i = 0; i < txn->count; i++) {
        free(txn->changes[i].path);
        free(txn->changes[i].data);
    }
    free(txn->changes);
    *txn = (struct zk_txn){.zxid = txn->zxid};
}
