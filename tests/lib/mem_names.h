/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORDUROY_TESTS_LIB_MEM_NAMES_H
#define CORDUROY_TESTS_LIB_MEM_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tests/lib/mem_bytes.h"

/* The names on the disk of file_mem.h: a tree as readers see it, a tree as it is on the medium, and
 * the operations between the two. Errors are negative errno values. */

struct mem_node;

/* Names in byte order. */
struct mem_entry {
    char *name;
    struct mem_node *node; /* a reference */
};
struct mem_dir {
    struct mem_entry *entries;
    size_t count, capacity;
};

/* A file or a directory; counted. */
struct mem_node {
    uint32_t refs;
    uint32_t links, opens; /* names that readers see; open files */
    bool is_dir;
    bool seen;              /* while walking */
    struct mem_node *copy;  /* while copying */
    const void *lock_owner; /* the open file that holds the lock */
    int64_t mtime_ms;
    struct mem_bytes bytes;
    struct mem_dir current, durable;
};

enum mem_name_kind {
    MEM_NAME_LINK,
    MEM_NAME_UNLINK,
    MEM_NAME_RENAME,
};
/* One unsynced operation on names. It holds references. */
struct mem_name_op {
    enum mem_name_kind kind;
    struct mem_node *dir, *to_dir; /* to_dir: of a rename only */
    char *name, *to_name;
    struct mem_node *node;
};

struct mem_names {
    struct mem_node *root;
    struct mem_name_op *ops; /* oldest first */
    size_t count, capacity;
};

void mem_names_init(struct mem_names *n);
void mem_names_deinit(struct mem_names *n);
void mem_names_copy(struct mem_names *to, const struct mem_names *from);

struct mem_node *mem_node_ref(struct mem_node *node);
void mem_node_unref(struct mem_node *node);

/* The node at a path below `from`, borrowed; "" and "." are `from` itself. -ENOENT, -ENOTDIR. */
int mem_names_find(struct mem_node *from, const char *path, struct mem_node **ret);
/* Makes a file or directory. -EEXIST, -ENOENT, -ENOTDIR, -ENAMETOOLONG. */
int mem_names_make(struct mem_names *n, struct mem_node *from, const char *path, bool is_dir,
                   struct mem_node **ret);
/* -ENOENT, -EISDIR, -ENOTDIR, -ENOTEMPTY. */
int mem_names_remove(struct mem_names *n, struct mem_node *from, const char *path, bool is_dir);
int mem_names_rename(struct mem_names *n, struct mem_node *from, const char *path, const char *to);
/* What happened in this directory is on the medium, with what it builds on. */
void mem_names_sync(struct mem_names *n, struct mem_node *dir);
void mem_names_lose_power(struct mem_names *n, struct mem_loss *loss);
/* Calls each(context, file) for every file that readers see, once, in a fixed order. */
void mem_names_walk(struct mem_names *n, void (*each)(void *context, struct mem_node *file),
                    void *context);

#endif
