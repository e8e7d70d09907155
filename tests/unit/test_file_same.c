/* SPDX-License-Identifier: Apache-2.0 */
/* The disk in memory and the real file system answer the same to the same calls, so that what was
 * tested on the one may run on the other. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/lib/file_mem.h"
#include "tests/lib/mem_bytes.h"
#include "tests/lib/suite.h"

#define STEPS 3000
#define FILES_OPEN 4

struct side {
    const struct file_ops *ops;
    void *fs;
    struct file *files[FILES_OPEN];
    char said[70000]; /* what the last call answered, as text */
};

static struct side sides[2];
static struct mem_random randomness;

static unsigned draw(unsigned below)
{
    return (unsigned)(mem_random_next(&randomness) % below);
}

/* A name that is often there, sometimes below a folder, sometimes below a file. */
static const char *draw_path(void)
{
    static const char *const paths[] = {"a",   "b",   "c",     "d",   "d/a",    "d/b",  "e",
                                        "e/a", "d/e", "d/e/a", "a/b", "none/x", "d/e/b"};
    return paths[draw(COUNT_OF(paths))];
}

static void add_name(void *context, const char *name, bool is_dir)
{
    struct side *side = context;
    size_t at = strlen(side->said);
    snprintf(side->said + at, sizeof side->said - at, "%s%s ", name, is_dir ? "/" : "");
}

enum step {
    STEP_OPEN,
    STEP_WRITE,
    STEP_READ,
    STEP_TRUNCATE,
    STEP_SIZE,
    STEP_MKDIR,
    STEP_RMDIR,
    STEP_RENAME,
    STEP_UNLINK,
    STEP_LIST,
    STEP_SYNC,
    STEP_SYNC_DIR,
    STEPS_KINDS,
};

/* One call, drawn before, the same for both sides. */
struct call {
    enum step step;
    const char *path, *to;
    unsigned file, flags;
    uint64_t size, pos;
    uint8_t fill;
};

static void draw_call(struct call *call)
{
    /* Not FILE_READ: that opens a directory on a real system, for which nobody asks. */
    static const unsigned flags[] = {FILE_WRITE, FILE_WRITE | FILE_CREATE, FILE_WRITE | FILE_CREATE,
                                     FILE_WRITE | FILE_CREATE | FILE_EXCLUSIVE,
                                     FILE_WRITE | FILE_CREATE | FILE_TRUNCATE};
    *call = (struct call){.step = (enum step)draw(STEPS_KINDS),
                          .path = draw_path(),
                          .to = draw_path(),
                          .file = draw(FILES_OPEN),
                          .flags = flags[draw(COUNT_OF(flags))],
                          .size = draw(3) ? draw(700) : draw(6000),
                          .pos = draw(8000),
                          .fill = (uint8_t)draw(256)};
}

static int do_open(struct side *side, const struct call *call)
{
    struct file *file;
    int error = side->ops->open(side->fs, call->path, call->flags, &file);
    if (error)
        return error;
    file_unref(side->files[call->file]);
    side->files[call->file] = file;
    return 0;
}

static int64_t do_file(struct side *side, const struct call *call)
{
    struct file *file = side->files[call->file];
    static uint8_t bytes[6000];
    struct iovec iov[2] = {{bytes, call->size / 3}, {bytes, call->size - call->size / 3}};
    int64_t got;
    if (!file)
        return 0;
    memset(bytes, call->fill, sizeof bytes);
    switch (call->step) {
    case STEP_WRITE:
        return side->ops->pwritev(file, iov, 2, call->pos);
    case STEP_READ:
        got = side->ops->pread(file, bytes, call->size, call->pos);
        for (int64_t i = 0; i < got; i++)
            snprintf(side->said + 2 * i, 3, "%02x", bytes[i]);
        return got;
    case STEP_TRUNCATE:
        return side->ops->truncate(file, call->pos);
    case STEP_SYNC:
        return side->ops->datasync(file);
    default:
        return side->ops->size(file);
    }
}

static int64_t do_call(struct side *side, const struct call *call)
{
    side->said[0] = 0;
    switch (call->step) {
    case STEP_OPEN:
        return do_open(side, call);
    case STEP_MKDIR:
        return side->ops->mkdir(side->fs, call->path);
    case STEP_RMDIR:
        return side->ops->rmdir(side->fs, call->path);
    case STEP_RENAME:
        return side->ops->rename(side->fs, call->path, call->to);
    case STEP_UNLINK:
        return side->ops->unlink(side->fs, call->path);
    case STEP_LIST:
        return side->ops->list(side->fs, call->path, add_name, side);
    case STEP_SYNC_DIR:
        return side->ops->sync_dir(side->fs, call->path);
    default:
        return do_file(side, call);
    }
}

static void run(uint64_t seed, const char *root)
{
    struct file_mem *disk = file_mem_new(seed);
    randomness.state = seed;
    sides[0] = (struct side){.ops = &file_mem_ops, .fs = file_mem_mount(disk, "")};
    sides[1] = (struct side){.ops = &file_posix_ops, .fs = file_posix_new(root)};
    ck_assert_ptr_nonnull(sides[1].fs);
    for (unsigned i = 0; i < STEPS; i++) {
        struct call call;
        draw_call(&call);
        int64_t one = do_call(&sides[0], &call), two = do_call(&sides[1], &call);
        ck_assert_msg(one == two, "seed %d, step %u: call %d of \"%s\" to \"%s\": %d, really %d",
                      (int)seed, i, call.step, call.path, call.to, (int)one, (int)two);
        ck_assert_str_eq(sides[0].said, sides[1].said);
    }
    for (unsigned side = 0; side < 2; side++)
        for (unsigned i = 0; i < FILES_OPEN; i++)
            file_unref(sides[side].files[i]);
    file_posix_free(sides[1].fs);
    file_mem_free(disk);
}

START_TEST(the_same_calls_give_the_same_answers)
{
    for (uint64_t seed = 1; seed <= 5; seed++) {
        char root[] = "/tmp/corduroy-same-XXXXXX", command[100];
        ck_assert_ptr_nonnull(mkdtemp(root));
        run(seed, root);
        snprintf(command, sizeof command, "rm -rf %s", root);
        ck_assert_int_eq(system(command), 0);
    }
}
END_TEST

SUITE_MAIN("file_same", the_same_calls_give_the_same_answers)
