/* SPDX-License-Identifier: Apache-2.0 */
#include "broker/log/log_listing.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/memory.h"

static void collect(void *context, const char *name, bool is_dir)
{
    struct log_listing *l = context;
    int64_t base;
    enum segment_file kind;
    enum segment_stage stage;
    if (is_dir || !segment_name_parse(name, &base, &kind, &stage))
        return;
    if (stage != SEGMENT_LIVE) {
        l->leftovers =
            xgrow(l->leftovers, &l->leftover_capacity, l->leftover_count + 1, sizeof *l->leftovers);
        l->leftovers[l->leftover_count++] = xstrdup(name);
        return;
    }
    l->bases[kind] =
        xgrow(l->bases[kind], &l->capacity[kind], l->count[kind] + 1, sizeof *l->bases[kind]);
    l->bases[kind][l->count[kind]++] = base;
}

/* Names come in byte order, and the digits are padded: each kind's offsets rise. */
int log_listing_read(struct log_listing *l, const struct file_ops *ops, void *fs, const char *dir)
{
    *l = (struct log_listing){0};
    int error = ops->list(fs, dir, collect, l);
    if (error)
        log_listing_deinit(l);
    return error;
}

void log_listing_deinit(struct log_listing *l)
{
    for (size_t i = 0; i < SEGMENT_FILES; i++)
        free(l->bases[i]);
    for (size_t i = 0; i < l->leftover_count; i++)
        free(l->leftovers[i]);
    free(l->leftovers);
    *l = (struct log_listing){0};
}

ptrdiff_t log_listing_find(const struct log_listing *l, enum segment_file kind, int64_t offset)
{
    ptrdiff_t at = (ptrdiff_t)l->count[kind] - 1;
    while (at >= 0 && l->bases[kind][at] > offset)
        at--;
    return at;
}

void log_file_path(char ret[LOG_PATH_SIZE], const char *dir, int64_t base, enum segment_file kind)
{
    char name[SEGMENT_NAME_SIZE];
    segment_name(name, base, kind, SEGMENT_LIVE);
    snprintf(ret, LOG_PATH_SIZE, "%s/%s", dir, name);
}

int log_file_unlink(const struct file_ops *ops, void *fs, const char *dir, int64_t base,
                    enum segment_file kind)
{
    char path[LOG_PATH_SIZE];
    log_file_path(path, dir, base, kind);
    int error = ops->unlink(fs, path);
    return error == -ENOENT ? 0 : error;
}
