/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "common/assert.h"
#include "common/memory.h"
#include "common/reactor.h"
#include "tests/lib/file_mem.h"
#include "tests/lib/suite.h"
#include "tests/sim/sim_world.h"

/* Timers, mails and disk jobs of the simulated world, driven by a program that writes down what it
 * hears. */
#define JOBS 6
struct node;
struct write_job {
    struct disk_job job;
    struct node *node;
    uint64_t pos;
    bool home, sync;
};
struct letter {
    struct mail mail;
    unsigned number;
};
struct node {
    struct reactor reactor;
    struct timer early, late, cancelled, moved;
    char heard[256];
    size_t heard_size;
    struct letter letters[10];
    unsigned letters_heard, rounds;
    struct write_job jobs[JOBS];
    struct file **file; /* of the directory: the lane's */
};

static void note(struct node *n, char c)
{
    if (n->heard_size + 1 < sizeof n->heard)
        n->heard[n->heard_size++] = c;
}

static void early_fired(struct timer *t)
{
    struct node *n = CONTAINER_OF(t, struct node, early);
    note(n, 'e');
    timer_set(&n->moved, 500);
}

static void late_fired(struct timer *t)
{
    note(CONTAINER_OF(t, struct node, late), 'l');
}

static void cancelled_fired(struct timer *t)
{
    note(CONTAINER_OF(t, struct node, cancelled), 'c');
}

static void moved_fired(struct timer *t)
{
    note(CONTAINER_OF(t, struct node, moved), 'm');
}

static void letter_heard(void *context, struct mail *mail)
{
    struct node *n = context;
    struct letter *letter = CONTAINER_OF(mail, struct letter, mail);
    ck_assert_uint_eq(letter->number, n->letters_heard);
    ck_assert_uint_eq(mail->from, 0);
    n->letters_heard++;
}

static void started(struct node *n)
{
    const struct env *env = &n->reactor.env;
    timer_init(&n->early, &n->reactor, early_fired);
    timer_init(&n->late, &n->reactor, late_fired);
    timer_init(&n->cancelled, &n->reactor, cancelled_fired);
    timer_init(&n->moved, &n->reactor, moved_fired);
    timer_set(&n->late, 200);
    timer_set(&n->early, 100);
    timer_set(&n->moved, 150);
    timer_set(&n->cancelled, 50);
    timer_cancel(&n->cancelled);
    for (unsigned i = 0; env->shard + 1 < env->shard_count && i < COUNT_OF(n->letters); i++) {
        n->letters[i] = (struct letter){.mail.kind = 1, .mail.from = 0, .number = i};
        env->ops->mail(env->world, 1, &n->letters[i].mail);
    }
}

static void other_heard(void *context, const struct event *event)
{
    if (event->kind == EV_START)
        started(context);
}

static void node_open(void *context, struct sim_process *process, const struct env *envs,
                      unsigned count, void **ret_shards)
{
    (void)process;
    for (unsigned i = 0; i < count; i++) {
        struct node *n = xcalloc(1, sizeof *n);
        reactor_init(&n->reactor, &envs[i]);
        n->reactor.other_heard = other_heard;
        n->reactor.other_context = n;
        n->file = context;
        reactor_mail_kind(&n->reactor, 1, letter_heard, n);
        ret_shards[i] = n;
    }
}

static void node_step(void *shard, const struct event *event)
{
    struct node *n = shard;
    if (event->kind == EV_TURN)
        note(n, '.');
    reactor_step(&n->reactor, event);
}

static struct sim_process *node_start(struct sim_host *h, unsigned shards, struct file **file)
{
    struct sim_program program = {.open = node_open, .step = node_step, .context = file};
    struct sim_process_options options = {.shard_count = shards};
    return sim_process_start(h, &program, &options);
}

static void node_free(struct sim_process *p)
{
    for (unsigned i = 0; i < sim_process_shard_count(p); i++) {
        struct node *n = sim_process_shard(p, i);
        reactor_deinit(&n->reactor);
        free(n);
    }
}

START_TEST(test_timers_fire_once_in_order_and_not_when_cancelled)
{
    struct sim_world *w = sim_world_new(1, &sim_weather_calm);
    struct sim_process *p = node_start(sim_host_new(w, "node", 0, 0, 0), 1, NULL);
    sim_world_run(w, sim_now_ns(w) + 10 * SIM_SECOND);
    struct node *n = sim_process_shard(p, 0);
    ck_assert_str_eq(n->heard, ".e.l.m."); /* a turn after each batch */
    node_free(p);
    sim_world_free(w);
}
END_TEST

START_TEST(test_timers_of_a_paused_process_fire_late)
{
    struct sim_world *w = sim_world_new(1, &sim_weather_calm);
    struct sim_process *p = node_start(sim_host_new(w, "node", 0, 0, 0), 1, NULL);
    struct node *n = sim_process_shard(p, 0);
    sim_world_run(w, sim_now_ns(w) + 10 * SIM_MS);
    sim_process_pause(p, true);
    sim_world_run(w, sim_now_ns(w) + 10 * SIM_SECOND);
    ck_assert_str_eq(n->heard, ".");
    sim_process_pause(p, false);
    sim_world_run(w, sim_now_ns(w) + 10 * SIM_SECOND);
    ck_assert_str_eq(n->heard, ".el.m."); /* what had gathered is one batch */
    node_free(p);
    sim_world_free(w);
}
END_TEST

START_TEST(test_mail_is_in_order)
{
    for (uint64_t seed = 1; seed < 20; seed++) {
        struct sim_world *w = sim_world_new(seed, &sim_weather_calm);
        struct sim_process *p = node_start(sim_host_new(w, "node", 0, 0, 0), 2, NULL);
        sim_world_run(w, sim_now_ns(w) + SIM_SECOND);
        ck_assert_uint_eq(((struct node *)sim_process_shard(p, 1))->letters_heard, 10);
        node_free(p);
        sim_world_free(w);
    }
}
END_TEST

/* ---- disk ---- */
static void job_run(struct disk_job *batch, const struct file_ops *files, void *fs)
{
    struct node *n = CONTAINER_OF(batch, struct write_job, job)->node;
    n->rounds++;
    for (struct disk_job *job = batch; job; job = job->next) {
        struct write_job *write = CONTAINER_OF(job, struct write_job, job);
        uint8_t byte = (uint8_t)('A' + write->pos);
        struct iovec iov = {&byte, 1};
        if (!*n->file)
            job->error = files->open(fs, "data", FILE_WRITE | FILE_CREATE, n->file);
        if (!job->error)
            job->error = files->pwritev(*n->file, &iov, 1, write->pos * 512);
        if (!job->error && write->sync)
            job->error = files->datasync(*n->file);
        if (!job->error && write->sync)
            job->error = files->sync_dir(fs, "");
    }
}

static void job_home(struct disk_job *job)
{
    struct write_job *write = CONTAINER_OF(job, struct write_job, job);
    write->home = true;
    note(write->node, (char)('0' + write->pos));
}

static void write_byte(struct node *n, unsigned i, enum disk_lane lane, bool sync)
{
    const struct env *env = &n->reactor.env;
    n->jobs[i] = (struct write_job){.node = n, .pos = i, .sync = sync};
    n->jobs[i].job = (struct disk_job){
        .run = job_run, .home = job_home, .context = n->file, .shard = env->shard, .lane = lane};
    env->ops->disk(env->world, &n->jobs[i].job);
}

/* How many of the bytes are on the disk, as a process that starts now sees it. */
static unsigned bytes_on(struct sim_host *h)
{
    void *fs = file_mem_mount(sim_host_disk(h, 0), "");
    struct file *file = NULL;
    unsigned count = 0;
    if (file_mem_ops.open(fs, "data", FILE_READ, &file) == 0) {
        for (unsigned i = 0; i < JOBS; i++) {
            uint8_t byte = 0;
            count += file_mem_ops.pread(file, &byte, 1, i * 512) == 1 && byte == 'A' + i;
        }
        file_unref(file);
    }
    file_mem_kill(fs);
    return count;
}

START_TEST(test_queued_jobs_are_one_round_and_come_home_in_order)
{
    for (uint64_t seed = 1; seed < 20; seed++) {
        struct file *file = NULL;
        struct sim_world *w = sim_world_new(seed, &sim_weather_calm);
        struct sim_host *h = sim_host_new(w, "node", 1, 0, 0);
        struct sim_process *p = node_start(h, 1, &file);
        sim_world_run(w, sim_now_ns(w) + SIM_SECOND);
        struct node *n = sim_process_shard(p, 0);
        n->heard_size = 0;
        memset(n->heard, 0, sizeof n->heard);
        for (unsigned i = 0; i < 4; i++)
            write_byte(n, i, LANE_COMMIT, true);
        sim_world_run(w, sim_now_ns(w) + SIM_SECOND);
        ck_assert_uint_eq(n->rounds, 1);
        ck_assert_str_eq(n->heard, "0123.");
        ck_assert_uint_eq(bytes_on(h), 4);
        file_unref(file);
        node_free(p);
        sim_world_free(w);
    }
}
END_TEST

START_TEST(test_a_kill_keeps_what_a_power_loss_takes)
{
    unsigned lost = 0, killed_early = 0;
    for (uint64_t seed = 1; seed < 40; seed++) {
        struct file *file = NULL;
        struct sim_world *w = sim_world_new(seed, &sim_weather_calm);
        struct sim_host *h = sim_host_new(w, "node", 1, 0, 0);
        struct sim_process *p = node_start(h, 1, &file);
        sim_world_run(w, sim_now_ns(w) + SIM_SECOND);
        struct node *n = sim_process_shard(p, 0);
        for (unsigned i = 0; i < 3; i++)
            write_byte(n, i, LANE_COMMIT, true);
        sim_world_run(w, sim_now_ns(w) + SIM_SECOND);
        for (unsigned i = 3; i < JOBS; i++)
            write_byte(n, i, LANE_STORE, false);
        if (seed % 2) {
            sim_world_run(w, sim_now_ns(w) + SIM_SECOND);
            sim_process_kill(p);
            ck_assert_uint_eq(bytes_on(h), JOBS); /* the page cache outlives the process */
        } else {
            sim_process_kill(p); /* inside the round, or before it */
            killed_early += bytes_on(h) == 3;
        }
        sim_host_power_off(h);
        sim_host_power_on(h);
        ck_assert_uint_ge(bytes_on(h), 3);
        lost += JOBS - bytes_on(h);
        file_unref(file);
        node_free(p);
        sim_world_free(w);
    }
    ck_assert_uint_gt(lost, 10);
    ck_assert_uint_gt(killed_early, 2);
}
END_TEST

START_TEST(test_power_fails_in_the_middle_of_a_round)
{
    for (uint64_t k = 0; k < 7; k++) {
        struct file *file = NULL;
        struct sim_world *w = sim_world_new(k, &sim_weather_calm);
        struct sim_host *h = sim_host_new(w, "node", 1, 0, 0);
        struct sim_process *p = node_start(h, 2, &file);
        sim_world_run(w, sim_now_ns(w) + SIM_SECOND);
        struct node *n = sim_process_shard(p, 1);
        sim_host_power_off_at(h, 0, k);
        write_byte(n, 0, LANE_COMMIT, true);
        write_byte(n, 1, LANE_COMMIT, true);
        sim_world_run(w, sim_now_ns(w) + SIM_SECOND);
        ck_assert(!sim_host_is_on(h));
        ck_assert(!sim_process_is_running(p));
        ck_assert(!n->jobs[0].home && !n->jobs[1].home); /* nobody was there to hear */
        sim_host_power_on(h);
        ck_assert_uint_ge(bytes_on(h), k > 3 ? 1 : 0);
        file_unref(file);
        node_free(p);
        sim_world_free(w);
    }
}
END_TEST

START_TEST(test_wall_clocks_are_wrong_each_in_its_own_way)
{
    struct sim_world *w = sim_world_new(1, &sim_weather_calm);
    struct sim_process *a = node_start(sim_host_new(w, "a", 0, 0, 0), 1, NULL);
    struct sim_process *b = node_start(sim_host_new(w, "b", 0, 0, -5000), 1, NULL);
    const struct env *x = &((struct node *)sim_process_shard(a, 0))->reactor.env;
    const struct env *y = &((struct node *)sim_process_shard(b, 0))->reactor.env;
    ck_assert_int_eq(x->ops->wall_ms(x->world) - y->ops->wall_ms(y->world), 5000);
    ck_assert_uint_ne(x->ops->random(x->world), y->ops->random(y->world));
    node_free(a);
    node_free(b);
    sim_world_free(w);
}
END_TEST

SUITE_MAIN("sim_shards", test_timers_fire_once_in_order_and_not_when_cancelled,
           test_timers_of_a_paused_process_fire_late, test_mail_is_in_order,
           test_queued_jobs_are_one_round_and_come_home_in_order,
           test_a_kill_keeps_what_a_power_loss_takes, test_power_fails_in_the_middle_of_a_round,
           test_wall_clocks_are_wrong_each_in_its_own_way)
