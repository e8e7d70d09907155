/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/mem_names.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"

#define NAME_SIZE_MAX 255

static struct mem_node *node_new(bool is_dir)
{
    struct mem_node *node = xcalloc(1, sizeof *node);
    node->refs = 1;
    node->is_dir = is_dir;
    return node;
}

struct mem_node *mem_node_ref(struct mem_node *node)
{
    node->refs++;
    return node;
}

static void dir_deinit(struct mem_dir *dir)
{
    for (size_t i = 0; i < dir->count; i++) {
        mem_node_unref(dir->entries[i].node);
        free(dir->entries[i].name);
    }
    free(dir->entries);
    *dir = (struct mem_dir){0};
}

void mem_node_unref(struct mem_node *node)
{
    if (!node || --node->refs > 0)
        return;
    dir_deinit(&node->current);
    dir_deinit(&node->durable);
    mem_bytes_deinit(&node->bytes);
    free(node);
}

/* Where the name is, or where it would be put. */
static bool dir_find(const struct mem_dir *dir, const char *name, size_t *ret_at)
{
    size_t low = 0, high = dir->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(dir->entries[middle].name, name);
        if (order == 0) {
            *ret_at = middle;
            return true;
        }
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    *ret_at = low;
    return false;
}

static struct mem_node *dir_get(const struct mem_dir *dir, const char *name)
{
    size_t at;
    return dir_find(dir, name, &at) ? dir->entries[at].node : NULL;
}

static void dir_remove(struct mem_dir *dir, const char *name)
{
    size_t at;
    if (!dir_find(dir, name, &at))
        return;
    mem_node_unref(dir->entries[at].node);
    free(dir->entries[at].name);
    dir->count--;
    memmove(dir->entries + at, dir->entries + at + 1, (dir->count - at) * sizeof dir->entries[0]);
}

/* Puts or replaces. */
static void dir_put(struct mem_dir *dir, const char *name, struct mem_node *node)
{
    size_t at;
    mem_node_ref(node);
    if (dir_find(dir, name, &at)) {
        mem_node_unref(dir->entries[at].node);
        dir->entries[at].node = node;
        return;
    }
    dir->entries = xgrow(dir->entries, &dir->capacity, dir->count + 1, sizeof dir->entries[0]);
    memmove(dir->entries + at + 1, dir->entries + at, (dir->count - at) * sizeof dir->entries[0]);
    dir->entries[at] = (struct mem_entry){.name = xstrdup(name), .node = node};
    dir->count++;
}

static void dir_copy(struct mem_dir *to, const struct mem_dir *from)
{
    dir_deinit(to);
    for (size_t i = 0; i < from->count; i++)
        dir_put(to, from->entries[i].name, from->entries[i].node);
}

void mem_names_init(struct mem_names *n)
{
    *n = (struct mem_names){.root = node_new(true)};
    n->root->links = 1;
}

static void op_deinit(struct mem_name_op *op)
{
    mem_node_unref(op->dir);
    mem_node_unref(op->to_dir);
    mem_node_unref(op->node);
    free(op->name);
    free(op->to_name);
}

void mem_names_deinit(struct mem_names *n)
{
    for (size_t i = 0; i < n->count; i++)
        op_deinit(&n->ops[i]);
    free(n->ops);
    mem_node_unref(n->root);
    *n = (struct mem_names){0};
}

static void add_op(struct mem_names *n, enum mem_name_kind kind, struct mem_node *dir,
                   const char *name, struct mem_node *to_dir, const char *to_name,
                   struct mem_node *node)
{
    n->ops = xgrow(n->ops, &n->capacity, n->count + 1, sizeof n->ops[0]);
    n->ops[n->count++] = (struct mem_name_op){
        .kind = kind,
        .dir = mem_node_ref(dir),
        .name = xstrdup(name),
        .to_dir = to_dir ? mem_node_ref(to_dir) : NULL,
        .to_name = to_name ? xstrdup(to_name) : NULL,
        .node = mem_node_ref(node),
    };
}

/* The directory that holds the last name of the path, and that name. */
static int find_parent(struct mem_node *from, const char *path, struct mem_node **ret_dir,
                       char ret_name[NAME_SIZE_MAX + 1])
{
    struct mem_node *dir = from;
    for (;;) {
        size_t size = strcspn(path, "/");
        if (size > NAME_SIZE_MAX)
            return -ENAMETOOLONG;
        memcpy(ret_name, path, size);
        ret_name[size] = 0;
        if (!dir->is_dir)
            return -ENOTDIR;
        if (path[size] == 0)
            break;
        dir = dir_get(&dir->current, ret_name);
        if (!dir)
            return -ENOENT;
        path += size + 1;
    }
    if (ret_name[0] == 0)
        return -ENOENT;
    *ret_dir = dir;
    return 0;
}

int mem_names_find(struct mem_node *from, const char *path, struct mem_node **ret)
{
    char name[NAME_SIZE_MAX + 1];
    struct mem_node *dir;
    if (path[0] == 0 || strcmp(path, ".") == 0) {
        *ret = from;
        return 0;
    }
    int error = find_parent(from, path, &dir, name);
    if (error)
        return error;
    struct mem_node *node = dir_get(&dir->current, name);
    if (!node)
        return -ENOENT;
    *ret = node;
    return 0;
}

int mem_names_make(struct mem_names *n, struct mem_node *from, const char *path, bool is_dir,
                   struct mem_node **ret)
{
    char name[NAME_SIZE_MAX + 1];
    struct mem_node *dir;
    int error = find_parent(from, path, &dir, name);
    if (error)
        return error;
    if (dir_get(&dir->current, name))
        return -EEXIST;
    if (dir->links == 0)
        return -ENOENT; /* a directory that was removed */
    struct mem_node *node = node_new(is_dir);
    node->links = 1;
    dir_put(&dir->current, name, node);
    add_op(n, MEM_NAME_LINK, dir, name, NULL, NULL, node);
    mem_node_unref(node);
    *ret = node;
    return 0;
}

int mem_names_remove(struct mem_names *n, struct mem_node *from, const char *path, bool is_dir)
{
    char name[NAME_SIZE_MAX + 1];
    struct mem_node *dir;
    int error = find_parent(from, path, &dir, name);
    if (error)
        return error;
    struct mem_node *node = dir_get(&dir->current, name);
    if (!node)
        return -ENOENT;
    if (node->is_dir != is_dir)
        return is_dir ? -ENOTDIR : -EISDIR;
    if (node->current.count > 0)
        return -ENOTEMPTY;
    node->links--;
    add_op(n, MEM_NAME_UNLINK, dir, name, NULL, NULL, node);
    dir_remove(&dir->current, name);
    return 0;
}

static bool is_below(const struct mem_node *node, const struct mem_node *top)
{
    if (node == top)
        return true;
    for (size_t i = 0; i < top->current.count; i++) {
        const struct mem_node *entry = top->current.entries[i].node;
        if (entry->is_dir && is_below(node, entry))
            return true;
    }
    return false;
}

int mem_names_rename(struct mem_names *n, struct mem_node *from, const char *path, const char *to)
{
    char name[NAME_SIZE_MAX + 1], to_name[NAME_SIZE_MAX + 1];
    struct mem_node *dir, *to_dir;
    int error = find_parent(from, path, &dir, name);
    if (!error)
        error = find_parent(from, to, &to_dir, to_name);
    if (error)
        return error;
    struct mem_node *node = dir_get(&dir->current, name);
    struct mem_node *replaced = dir_get(&to_dir->current, to_name);
    if (!node)
        return -ENOENT;
    if (node == replaced)
        return 0;
    if (node->is_dir && is_below(to_dir, node))
        return -EINVAL;
    if (replaced && replaced->is_dir && is_below(dir, replaced))
        return -ENOTEMPTY; /* onto a folder that it lies in */
    if (replaced && replaced->is_dir != node->is_dir)
        return node->is_dir ? -ENOTDIR : -EISDIR;
    if (replaced && replaced->current.count > 0)
        return -ENOTEMPTY;
    if (replaced)
        replaced->links--;
    add_op(n, MEM_NAME_RENAME, dir, name, to_dir, to_name, node);
    dir_put(&to_dir->current, to_name, node);
    dir_remove(&dir->current, name);
    return 0;
}

/* On the medium; nothing when what it builds on is not there. */
static void apply(const struct mem_name_op *op)
{
    struct mem_node *there = dir_get(&op->dir->durable, op->name);
    switch (op->kind) {
    case MEM_NAME_LINK:
        if (!there)
            dir_put(&op->dir->durable, op->name, op->node);
        break;
    case MEM_NAME_UNLINK:
        if (there == op->node)
            dir_remove(&op->dir->durable, op->name);
        break;
    case MEM_NAME_RENAME:
        if (there == op->node) {
            dir_put(&op->to_dir->durable, op->to_name, op->node);
            dir_remove(&op->dir->durable, op->name);
        }
        break;
    }
}

static bool op_names(const struct mem_name_op *op, const struct mem_node *dir, const char *name)
{
    return (op->dir == dir && strcmp(op->name, name) == 0) ||
           (op->to_dir && op->to_dir == dir && strcmp(op->to_name, name) == 0);
}

/* Whether a later operation names what this one names, so that it must go first. */
static bool builds_on(const struct mem_name_op *later, const struct mem_name_op *op)
{
    return op_names(op, later->dir, later->name) ||
           (later->to_dir && op_names(op, later->to_dir, later->to_name));
}

void mem_names_sync(struct mem_names *n, struct mem_node *dir)
{
    bool *wanted = xcalloc(n->count + 1, sizeof wanted[0]);
    for (size_t i = n->count; i-- > 0;) {
        wanted[i] = n->ops[i].dir == dir || n->ops[i].to_dir == dir;
        for (size_t later = i + 1; later < n->count && !wanted[i]; later++)
            wanted[i] = wanted[later] && builds_on(&n->ops[later], &n->ops[i]);
    }
    size_t kept = 0;
    for (size_t i = 0; i < n->count; i++) {
        if (!wanted[i]) {
            n->ops[kept++] = n->ops[i];
            continue;
        }
        apply(&n->ops[i]);
        op_deinit(&n->ops[i]);
    }
    n->count = kept;
    free(wanted);
}

/* Readers see what is on the medium, from here down. */
static void revert(struct mem_node *node)
{
    node->links++;
    node->lock_owner = NULL;
    dir_copy(&node->current, &node->durable);
    for (size_t i = 0; i < node->current.count; i++)
        revert(node->current.entries[i].node);
}

static void count_changes(void *context, struct mem_node *file)
{
    *(uint64_t *)context += file->bytes.change_count;
}

static void lose_bytes(void *context, struct mem_node *file)
{
    mem_bytes_lose_power(&file->bytes, context);
}

static void clear_links(struct mem_node *node)
{
    node->links = 0;
    for (size_t i = 0; i < node->current.count; i++)
        clear_links(node->current.entries[i].node);
    for (size_t i = 0; i < node->durable.count; i++)
        clear_links(node->durable.entries[i].node);
}

void mem_names_lose_power(struct mem_names *n, struct mem_loss *loss)
{
    clear_links(n->root);
    for (size_t i = 0; i < n->count; i++)
        if (mem_random_percent(&loss->random, loss->keep))
            apply(&n->ops[i]);
    for (size_t i = 0; i < n->count; i++)
        op_deinit(&n->ops[i]);
    n->count = 0;
    revert(n->root);
    uint64_t changes = 0;
    mem_names_walk(n, count_changes, &changes);
    /* One time in two no sector is under the head. */
    loss->torn_at = mem_random_next(&loss->random) % (2 * changes + 1);
    mem_names_walk(n, lose_bytes, loss);
}

static void clear_seen(struct mem_node *node)
{
    node->seen = false;
    for (size_t i = 0; i < node->current.count; i++)
        clear_seen(node->current.entries[i].node);
}

static void walk(struct mem_node *node, void (*each)(void *, struct mem_node *), void *context)
{
    if (node->seen)
        return;
    node->seen = true;
    if (!node->is_dir)
        each(context, node);
    for (size_t i = 0; i < node->current.count; i++)
        walk(node->current.entries[i].node, each, context);
}

void mem_names_walk(struct mem_names *n, void (*each)(void *context, struct mem_node *file),
                    void *context)
{
    clear_seen(n->root);
    walk(n->root, each, context);
}

/* The node's copy, made when it is met for the first time. */
static struct mem_node *copy_of(struct mem_node *node)
{
    if (node->copy)
        return node->copy;
    struct mem_node *copy = node_new(node->is_dir);
    node->copy = copy;
    copy->links = node->links;
    copy->mtime_ms = node->mtime_ms;
    mem_bytes_copy(&copy->bytes, &node->bytes);
    for (size_t i = 0; i < node->current.count; i++)
        dir_put(&copy->current, node->current.entries[i].name,
                copy_of(node->current.entries[i].node));
    for (size_t i = 0; i < node->durable.count; i++)
        dir_put(&copy->durable, node->durable.entries[i].name,
                copy_of(node->durable.entries[i].node));
    return copy;
}

/* Drops the reference that node_new gave; others hold the copy by now. */
static void forget_copy(struct mem_node *node)
{
    struct mem_node *copy = node->copy;
    if (!copy)
        return;
    node->copy = NULL;
    for (size_t i = 0; i < node->current.count; i++)
        forget_copy(node->current.entries[i].node);
    for (size_t i = 0; i < node->durable.count; i++)
        forget_copy(node->durable.entries[i].node);
    mem_node_unref(copy);
}

void mem_names_copy(struct mem_names *to, const struct mem_names *from)
{
    *to = (struct mem_names){.root = mem_node_ref(copy_of(from->root))};
    for (size_t i = 0; i < from->count; i++) {
        const struct mem_name_op *op = &from->ops[i];
        add_op(to, op->kind, copy_of(op->dir), op->name, op->to_dir ? copy_of(op->to_dir) : NULL,
               op->to_name, copy_of(op->node));
    }
    forget_copy(from->root);
    for (size_t i = 0; i < from->count; i++) {
        forget_copy(from->ops[i].dir);
        if (from->ops[i].to_dir)
            forget_copy(from->ops[i].to_dir);
        forget_copy(from->ops[i].node);
    }
}
