/* SPDX-License-Identifier: Apache-2.0 */
#include "common/world_shard.h"

#include <errno.h>
#include <stdio.h>
#include <sys/random.h>
#include <time.h>

#include "common/assert.h"

/* Sockets handled before a turn: what their events gathered should not wait for all the others. */
#define SOCKETS_A_TURN 64

static bool has_halted(struct world_shard *s)
{
    return atomic_load_explicit(&s->world->halted, memory_order_acquire);
}

static void deliver(void *context, struct event *event)
{
    struct world_shard *s = context;
    if (has_halted(s)) {
        if (event->kind == EV_NET_DATA)
            buf_unref(event->u.data.buf);
        return;
    }
    s->delivered = true;
    event->now_ns = world_loop_now_ns();
    s->world->step(s->state, event);
}

static void deliver_kind(struct world_shard *s, enum event_kind kind, token name)
{
    deliver(s, &(struct event){.kind = kind, .token = name});
}

static void run_timers(struct world_shard *s)
{
    uint64_t now_ns = world_loop_now_ns();
    token name;
    while ((name = world_timers_pop(&s->timers, now_ns)))
        deliver_kind(s, EV_TIMER, name);
}

static void run_zk(struct world_shard *s)
{
    struct world_zk_post *post = world_inbox_take(&s->inbox, INBOX_ZK);
    while (post) {
        struct world_zk_post *next = post->next;
        if (post->hearing)
            post->hearing(post);
        deliver(s, &post->event);
        world_zk_post_free(post);
        post = next;
    }
}

static void run_inbox(struct world_shard *s)
{
    struct inbox_item *conn = world_inbox_take(&s->inbox, INBOX_CONN);
    while (conn) {
        struct inbox_item *next = conn->next;
        world_net_adopt(&s->net, (struct net_conn *)conn);
        conn = next;
    }
    run_zk(s);
    struct disk_job *job = world_inbox_take(&s->inbox, INBOX_DISK);
    while (job) {
        struct disk_job *next = job->next; /* the step may give the job out again */
        deliver(s, &(struct event){.kind = EV_DISK, .u.disk = job});
        job = next;
    }
    struct mail *mail = world_inbox_take(&s->inbox, INBOX_MAIL);
    while (mail) {
        struct mail *next = mail->next;
        deliver(s, &(struct event){.kind = EV_MAIL, .u.mail = mail});
        mail = next;
    }
}

static bool stop_is_due(struct world_shard *s)
{
    return !s->stop_told && atomic_load(&s->world->stopping);
}

/* What a turn says to the disks reaches them together: its appends share a commit round, its writes
 * are merged, and a lane that sleeps is woken once. */
static void flush_jobs(struct world_shard *s)
{
    struct disk_job *job = s->job_first;
    s->job_first = NULL;
    s->job_last = &s->job_first;
    while (job) {
        struct disk_job *next = job->next;
        world_disk_put(s->world->disk, job);
        job = next;
    }
}

static void end_turn(struct world_shard *s)
{
    if (s->delivered) {
        deliver_kind(s, EV_TURN, 0);
        s->delivered = false;
    }
    flush_jobs(s);
    world_net_flush(&s->net);
}

static void run_turn(struct world_shard *s)
{
    if (stop_is_due(s)) {
        s->stop_told = true;
        deliver_kind(s, EV_STOP, 0);
    }
    run_timers(s);
    run_inbox(s);
    flush_jobs(s); /* disks need not wait for the sockets below */
    world_net_run(&s->net, SOCKETS_A_TURN);
    end_turn(s);
    /* Owners are told now what was sent just now. Otherwise each answer would cost another look at
     * the descriptors before the shard sleeps. */
    if (world_net_has_work(&s->net)) {
        world_net_run(&s->net, SOCKETS_A_TURN);
        end_turn(s);
    }
}

static void wait_for_work(struct world_shard *s)
{
    bool sleep = !world_net_has_work(&s->net) && world_inbox_may_sleep(&s->inbox) &&
                 !stop_is_due(s) && !has_halted(s);
    world_loop_once(&s->loop, sleep, world_timers_next_ns(&s->timers));
    world_inbox_awake(&s->inbox);
}

void *world_shard_main(void *shard)
{
    struct world_shard *s = shard;
    char name[16];
    snprintf(name, sizeof name, "shard%u", s->index % 100);
    pthread_setname_np(pthread_self(), name);
    deliver_kind(s, EV_START, 0);
    while (!has_halted(s)) {
        run_turn(s);
        wait_for_work(s);
    }
    world_net_flush(&s->net); /* last words: what was sent before the halt */
    return NULL;
}

static void woken(struct world_watch *watch, bool timed_out)
{
    (void)timed_out;
    world_inbox_drain(&CONTAINER_OF(watch, struct world_shard, wake)->inbox);
}

static void owner_say(void *context, enum say_level level, struct view line)
{
    world_say(((struct world_shard *)context)->world, level, line);
}

static void owner_give(void *context, unsigned shard, struct net_conn *conn)
{
    struct world *w = ((struct world_shard *)context)->world;
    PRE(shard < w->shard_count);
    world_inbox_put(&w->shards[shard].inbox, INBOX_CONN, conn);
}

static token owner_new_token(void *context)
{
    struct world *w = ((struct world_shard *)context)->world;
    return TOKEN_OF_WORLD | (atomic_fetch_add(&w->next_token, 1) + 1);
}

int world_shard_init(struct world_shard *s, struct world *world, unsigned index)
{
    *s = (struct world_shard){.world = world, .index = index};
    s->job_last = &s->job_first;
    int error = world_inbox_init(&s->inbox);
    if (error)
        return error;
    error = world_loop_init(&s->loop);
    if (error) {
        world_inbox_deinit(&s->inbox);
        return error;
    }
    world_watch_init(&s->wake, &s->loop, s->inbox.wake_fd, WATCH_READ, woken);
    world_watch_start(&s->wake, 0);
    world_net_init(&s->net, &s->loop,
                   &(struct world_net_owner){s, deliver, owner_say, owner_give, owner_new_token});
    return 0;
}

void world_shard_deinit(struct world_shard *s)
{
    struct world_zk_post *post = world_inbox_take(&s->inbox, INBOX_ZK);
    while (post) {
        struct world_zk_post *next = post->next;
        world_zk_post_free(post);
        post = next;
    }
    struct inbox_item *conn = world_inbox_take(&s->inbox, INBOX_CONN);
    while (conn) {
        struct inbox_item *next = conn->next;
        world_net_drop((struct net_conn *)conn);
        conn = next;
    }
    world_net_deinit(&s->net);
    world_timers_deinit(&s->timers);
    world_watch_deinit(&s->wake);
    world_loop_deinit(&s->loop);
    world_inbox_deinit(&s->inbox);
}

/* ---- what a shard says; after the halt it is without effect ---- */

static int64_t env_wall_ms(void *world)
{
    (void)world;
    struct timespec ts;
    clock_gettime(CLOCK_REALTIME, &ts);
    return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* The kernel's own generator, a page at a time: ids and secrets are made of it. */
static uint64_t env_random(void *world)
{
    struct world_shard *s = world;
    if (s->random_left == 0) {
        ssize_t got;
        do
            got = getrandom(s->random, sizeof s->random, 0);
        while (got < 0 && errno == EINTR);
        INVARIANT(got == (ssize_t)sizeof s->random);
        s->random_left = SHARD_RANDOM_COUNT;
    }
    uint64_t value = s->random[--s->random_left];
    s->random[s->random_left] = 0;
    return value;
}

static void env_timer(void *world, token name, uint64_t at_ns)
{
    struct world_shard *s = world;
    if (!has_halted(s))
        world_timers_set(&s->timers, name, at_ns);
}

static void env_net_listen(void *world, token name, const struct addr *addr, unsigned listener)
{
    struct world_shard *s = world;
    if (!has_halted(s))
        world_net_listen(&s->net, name, addr, listener);
}

static void env_net_accept(void *world, token listening, unsigned more)
{
    struct world_shard *s = world;
    if (!has_halted(s))
        world_net_accept(&s->net, listening, more);
}

static void env_net_move(void *world, token conn, unsigned shard)
{
    struct world_shard *s = world;
    if (!has_halted(s))
        world_net_move(&s->net, conn, shard);
}

static void env_net_open(void *world, token conn, const struct addr *addr)
{
    struct world_shard *s = world;
    if (!has_halted(s))
        world_net_open(&s->net, conn, addr);
}

static void env_net_read(void *world, token conn, struct buf *into, uint32_t at, uint32_t min,
                         uint32_t max, struct account *account)
{
    struct world_shard *s = world;
    if (!has_halted(s))
        world_net_read(&s->net, conn, into, at, min, max, account);
}

static void env_net_send(void *world, token conn, const struct piece *pieces, unsigned count)
{
    struct world_shard *s = world;
    if (!has_halted(s))
        world_net_send(&s->net, conn, pieces, count);
}

static void env_net_close(void *world, token conn, bool after_sent)
{
    struct world_shard *s = world;
    if (!has_halted(s))
        world_net_close(&s->net, conn, after_sent);
}

static int64_t env_file_peek(void *world, struct file *file, uint64_t pos, void *to, uint32_t size)
{
    (void)world;
    return file_posix_peek(file, pos, to, size);
}

static void env_disk(void *world, struct disk_job *job)
{
    struct world_shard *s = world;
    PRE(job->shard < s->world->shard_count);
    if (has_halted(s))
        return;
    job->next = NULL;
    *s->job_last = job;
    s->job_last = &job->next;
}

static void env_zk_open(void *world, bool open)
{
    struct world_shard *s = world;
    PRE(s->index == 0);
    PRE(s->world->zk_ops);
    if (has_halted(s))
        return;
    if (open)
        s->world->zk_ops->open(s->world->zk);
    else
        s->world->zk_ops->close(s->world->zk);
}

static void env_zk(void *world, token name, const struct zk_op *ops, unsigned count)
{
    struct world_shard *s = world;
    PRE(s->index == 0);
    PRE(s->world->zk_ops);
    if (!has_halted(s))
        s->world->zk_ops->submit(s->world->zk, name, ops, count);
}

static void env_mail(void *world, unsigned shard, struct mail *mail)
{
    struct world_shard *s = world;
    PRE(shard < s->world->shard_count);
    if (!has_halted(s))
        world_inbox_put(&s->world->shards[shard].inbox, INBOX_MAIL, mail);
}

static void env_say(void *world, enum say_level level, struct view line)
{
    world_say(((struct world_shard *)world)->world, level, line);
}

static void env_halt(void *world, int code, struct view why)
{
    world_halt(((struct world_shard *)world)->world, code, why);
}

const struct env_ops world_env_ops = {
    .wall_ms = env_wall_ms,
    .random = env_random,
    .timer = env_timer,
    .net_listen = env_net_listen,
    .net_accept = env_net_accept,
    .net_move = env_net_move,
    .net_open = env_net_open,
    .net_read = env_net_read,
    .net_send = env_net_send,
    .net_close = env_net_close,
    .file_peek = env_file_peek,
    .disk = env_disk,
    .zk_open = env_zk_open,
    .zk = env_zk,
    .mail = env_mail,
    .say = env_say,
    .halt = env_halt,
};
