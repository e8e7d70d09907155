/* SPDX-License-Identifier: Apache-2.0 */
#include "common/world.h"

#include <errno.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/lib/suite.h"
#include "tests/lib/world_host.h"

enum {
    JOBS = 40,
    BATCHES = 50
};

struct disk_game;
struct numbered_job {
    struct disk_job job;
    struct disk_game *game;
    unsigned number, batch;
};
/* The first job of a lane holds it until the rest is queued, which a job of another lane that was
 * given last sees to; so what gathers is known. */
struct disk_game {
    struct host_node *node;
    struct disk_job gate, opener;
    sem_t entered, go;
    struct numbered_job jobs[JOBS];
    unsigned batches, batch_sizes[BATCHES];
    unsigned home[JOBS], home_count;
    int other_context;
    void *fs;
};

static void gate_run(struct disk_job *batch, const struct file_ops *files, void *fs)
{
    struct disk_game *game = batch->context;
    (void)files, (void)fs;
    sem_post(&game->entered);
    while (sem_wait(&game->go))
        ;
    batch->error = 0;
}

static void opener_run(struct disk_job *batch, const struct file_ops *files, void *fs)
{
    struct disk_game *game = batch->context;
    (void)files, (void)fs;
    while (sem_wait(&game->entered))
        ;
    sem_post(&game->go);
    batch->error = 0;
}

static void gate_home(struct disk_job *job)
{
    (void)job;
}

/* Where a lane's own thread notes what it saw. */
static void note_run(struct disk_job *batch, const struct file_ops *files, void *fs)
{
    (void)files;
    struct disk_game *game = CONTAINER_OF(batch, struct numbered_job, job)->game;
    unsigned size = 0;
    for (struct disk_job *job = batch; job; job = job->next) {
        struct numbered_job *n = CONTAINER_OF(job, struct numbered_job, job);
        n->batch = game->batches;
        job->error = n->number % 7 == 3 || fs != game->fs ? -EIO : 0;
        size++;
    }
    game->batch_sizes[game->batches++] = size;
}

static void other_run(struct disk_job *batch, const struct file_ops *files, void *fs)
{
    note_run(batch, files, fs);
}

static void note_home(struct disk_job *job)
{
    struct numbered_job *n = CONTAINER_OF(job, struct numbered_job, job);
    n->game->home[n->game->home_count++] = n->number;
    if (n->game->home_count == JOBS)
        host_end(n->game->node, 0);
}

/* 0..9 one run and context, 10..19 another context, 20..29 another run, 30..39 the first again. */
static void disk_start(struct host_node *node)
{
    struct disk_game *game = node->host->context;
    const struct env *env = node->env;
    game->node = node;
    game->gate = (struct disk_job){
        .run = gate_run, .home = gate_home, .context = game, .dir = 1, .lane = LANE_COMMIT};
    env->ops->disk(env->world, &game->gate);
    for (unsigned i = 0; i < JOBS; i++) {
        struct numbered_job *n = &game->jobs[i];
        *n = (struct numbered_job){.game = game, .number = i};
        n->job = (struct disk_job){
            .run = note_run, .home = note_home, .context = game, .dir = 1, .lane = LANE_COMMIT};
        if (i / 10 == 1)
            n->job.context = &game->other_context;
        if (i / 10 == 2)
            n->job.run = other_run;
        env->ops->disk(env->world, &n->job);
    }
    game->opener = (struct disk_job){
        .run = opener_run, .home = gate_home, .context = game, .dir = 1, .lane = LANE_READ};
    env->ops->disk(env->world, &game->opener);
}

START_TEST(test_a_round_is_what_gathered_meanwhile)
{
    struct disk_game game = {.fs = &game};
    struct world_dir dirs[2] = {{NULL, NULL}, {NULL, game.fs}};
    sem_init(&game.entered, 0, 0);
    sem_init(&game.go, 0, 0);
    struct host host = {
        .count = 1, .context = &game, .start = disk_start, .dirs = dirs, .dir_count = 2};
    ck_assert_int_eq(host_run(&host), 0);
    ck_assert_uint_eq(game.batches, 4);
    for (unsigned i = 0; i < JOBS; i++) {
        ck_assert_uint_eq(game.home[i], i);
        ck_assert_uint_eq(game.jobs[i].batch, i / 10);
        ck_assert_int_eq(game.jobs[i].job.error, i % 7 == 3 ? -EIO : 0);
    }
    for (unsigned i = 0; i < 4; i++)
        ck_assert_uint_eq(game.batch_sizes[i], 10);
}
END_TEST

/* ---- from all shards, home to each ---- */

struct shard_job {
    struct disk_job job;
    struct host_node *node;
    unsigned sequence, times;
};
enum {
    SHARD_JOBS = 20,
    TIMES = 30,
    KIND_DONE = 1
};
struct home_game {
    struct shard_job jobs[3][SHARD_JOBS];
    struct mail mails[3];
    unsigned left[3];
    unsigned shards_done; /* shard 0's */
    unsigned counter;     /* of the commit lane of directory 0 */
};

static void count_run(struct disk_job *batch, const struct file_ops *files, void *fs)
{
    (void)files, (void)fs;
    struct home_game *game = batch->context;
    for (; batch; batch = batch->next)
        CONTAINER_OF(batch, struct shard_job, job)->sequence = ++game->counter;
}

static void count_home(struct disk_job *job)
{
    struct shard_job *j = CONTAINER_OF(job, struct shard_job, job);
    struct host_node *node = j->node;
    struct home_game *game = node->host->context;
    if (++j->times < TIMES) {
        node->env->ops->disk(node->env->world, job);
        return;
    }
    if (--game->left[node->index] == 0) {
        game->mails[node->index].kind = KIND_DONE;
        node->env->ops->mail(node->env->world, 0, &game->mails[node->index]);
    }
}

static void home_done(void *context, struct mail *mail)
{
    struct host_node *node = context;
    (void)mail;
    if (++((struct home_game *)node->host->context)->shards_done == 3)
        host_end(node, 0);
}

static void home_start(struct host_node *node)
{
    struct home_game *game = node->host->context;
    reactor_mail_kind(&node->reactor, KIND_DONE, home_done, node);
    game->left[node->index] = SHARD_JOBS;
    for (unsigned i = 0; i < SHARD_JOBS; i++) {
        struct shard_job *j = &game->jobs[node->index][i];
        j->node = node;
        j->job = (struct disk_job){.run = count_run,
                                   .home = count_home,
                                   .context = game,
                                   .shard = node->index,
                                   .lane = LANE_COMMIT};
        node->env->ops->disk(node->env->world, &j->job);
    }
}

START_TEST(test_jobs_of_all_shards_share_a_lane_and_go_home)
{
    struct home_game game = {0};
    struct world_dir dir = {NULL, NULL};
    struct host host = {
        .count = 3, .context = &game, .start = home_start, .dirs = &dir, .dir_count = 1};
    ck_assert_int_eq(host_run(&host), 0);
    ck_assert_uint_eq(game.counter, 3 * SHARD_JOBS * TIMES);
    for (unsigned s = 0; s < 3; s++) {
        for (unsigned i = 0; i < SHARD_JOBS; i++) {
            ck_assert_uint_eq(game.jobs[s][i].times, TIMES);
            if (i)
                ck_assert_uint_gt(game.jobs[s][i].sequence, game.jobs[s][i - 1].sequence);
        }
    }
}
END_TEST

/* ---- lanes do not wait for each other ---- */

struct lanes_game {
    struct host_node *node;
    sem_t entered, go;
    struct disk_job held, others[3];
    unsigned at_home;
};

static void hold_run(struct disk_job *batch, const struct file_ops *files, void *fs)
{
    (void)files, (void)fs;
    struct lanes_game *game = batch->context;
    while (sem_wait(&game->go))
        ;
}

static void free_run(struct disk_job *batch, const struct file_ops *files, void *fs)
{
    (void)batch, (void)files, (void)fs;
}

static void other_home(struct disk_job *job)
{
    struct lanes_game *game = job->context;
    if (++game->at_home == 3)
        sem_post(&game->go);
}

static void held_home(struct disk_job *job)
{
    struct lanes_game *game = job->context;
    host_end(game->node, game->at_home == 3 ? 0 : 1);
}

static void lanes_start(struct host_node *node)
{
    struct lanes_game *game = node->host->context;
    game->node = node;
    game->held =
        (struct disk_job){.run = hold_run, .home = held_home, .context = game, .lane = LANE_STORE};
    node->env->ops->disk(node->env->world, &game->held);
    static const struct {
        unsigned dir;
        enum disk_lane lane;
    } places[3] = {{0, LANE_COMMIT}, {0, LANE_READ}, {1, LANE_STORE}};
    for (int i = 0; i < 3; i++) {
        game->others[i] = (struct disk_job){.run = free_run,
                                            .home = other_home,
                                            .context = game,
                                            .dir = places[i].dir,
                                            .lane = places[i].lane};
        node->env->ops->disk(node->env->world, &game->others[i]);
    }
}

START_TEST(test_lanes_and_directories_do_not_wait_for_each_other)
{
    struct lanes_game game = {0};
    struct world_dir dirs[2] = {{NULL, NULL}, {NULL, NULL}};
    sem_init(&game.go, 0, 0);
    struct host host = {
        .count = 1, .context = &game, .start = lanes_start, .dirs = dirs, .dir_count = 2};
    ck_assert_int_eq(host_run(&host), 0);
}
END_TEST

/* ---- real files, and a halt with jobs under way ---- */

struct file_game {
    struct host_node *node;
    struct disk_job job;
    struct file *file;
    int64_t peeked;
};

static void write_run(struct disk_job *batch, const struct file_ops *files, void *fs)
{
    struct file_game *game = batch->context;
    struct iovec iov = {(char[]){"journal"}, 7};
    batch->error = files->open(fs, "x", FILE_WRITE | FILE_CREATE, &game->file);
    if (!batch->error)
        batch->error = files->pwritev(game->file, &iov, 1, 0);
    if (!batch->error)
        batch->error = files->datasync(game->file);
}

static void write_home(struct disk_job *job)
{
    struct file_game *game = job->context;
    char bytes[16];
    const struct env *env = game->node->env;
    game->peeked = env->ops->file_peek(env->world, game->file, 0, bytes, sizeof bytes);
    file_unref(game->file);
    /* Given, and dropped or run, but never heard. */
    job->run = free_run;
    env->ops->disk(env->world, job);
    host_end(game->node, job->error ? 1 : 0);
}

static void file_start(struct host_node *node)
{
    struct file_game *game = node->host->context;
    game->node = node;
    game->job = (struct disk_job){
        .run = write_run, .home = write_home, .context = game, .lane = LANE_STORE};
    node->env->ops->disk(node->env->world, &game->job);
}

START_TEST(test_a_job_on_real_files)
{
    char path[] = "/tmp/corduroy-test-XXXXXX", name[64];
    ck_assert_ptr_nonnull(mkdtemp(path));
    struct world_dir dir = {&file_posix_ops, file_posix_new(path)};
    struct file_game game = {0};
    struct host host = {
        .count = 1, .context = &game, .start = file_start, .dirs = &dir, .dir_count = 1};
    ck_assert_int_eq(host_run(&host), 0);
    ck_assert(game.peeked == 7 || game.peeked == -EAGAIN);
    file_posix_free(dir.fs);
    snprintf(name, sizeof name, "%s/x", path);
    ck_assert_int_eq(unlink(name), 0);
    ck_assert_int_eq(rmdir(path), 0);
}
END_TEST

SUITE_MAIN("world_disk", test_a_round_is_what_gathered_meanwhile,
           test_jobs_of_all_shards_share_a_lane_and_go_home,
           test_lanes_and_directories_do_not_wait_for_each_other, test_a_job_on_real_files)
