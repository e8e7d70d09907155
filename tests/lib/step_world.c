/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/step_world.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/assert.h"
#include "common/memory.h"

static int64_t step_wall_ms(void *world)
{
    return ((struct step_shard *)world)->world->wall_ms;
}

static uint64_t step_random(void *world)
{
    struct step_world *w = ((struct step_shard *)world)->world;
    uint64_t z = w->random_state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static void step_set_timer(void *world, token name, uint64_t at_ns)
{
    struct step_shard *s = world;
    struct step_world *w = s->world;
    size_t i = 0;
    while (i < w->timer_count && (w->timers[i].token != name || w->timers[i].shard != s->index))
        i++;
    if (at_ns == 0) {
        if (i < w->timer_count)
            w->timers[i] = w->timers[--w->timer_count];
        return;
    }
    if (i == w->timer_count) {
        w->timers = xgrow(w->timers, &w->timer_capacity, w->timer_count + 1, sizeof *w->timers);
        w->timer_count++;
    }
    w->timers[i] = (struct step_timer){name, s->index, at_ns};
}

static int64_t step_file_peek(void *world, struct file *file, uint64_t pos, void *to, uint32_t size)
{
    struct step_world *w = ((struct step_shard *)world)->world;
    return w->cold ? -EAGAIN : file->ops->pread(file, to, size, pos);
}

static void step_disk(void *world, struct disk_job *job)
{
    struct step_world *w = ((struct step_shard *)world)->world;
    PRE(job->dir < STEP_DIRS_MAX && job->lane < LANE_COUNT);
    PRE(job->shard < ((struct step_shard *)world)->world->shard_count);
    struct step_lane *lane = &w->lanes[job->dir][job->lane];
    job->next = NULL;
    *lane->last = job;
    lane->last = &job->next;
}

static void step_mail(void *world, unsigned shard, struct mail *mail)
{
    struct step_shard *from = world;
    struct step_shard *to = &from->world->shards[shard];
    mail->from = from->index;
    mail->next = NULL;
    *to->mail_last = mail;
    to->mail_last = &mail->next;
}

static void step_say(void *world, enum say_level level, struct view line)
{
    struct step_world *w = ((struct step_shard *)world)->world;
    (void)level;
    snprintf(w->last_line, sizeof w->last_line, "%.*s", (int)line.size, (const char *)line.base);
    if (!w->quiet)
        printf("%s\n", w->last_line);
}

static const struct env_ops step_ops = {
    .wall_ms = step_wall_ms,
    .random = step_random,
    .timer = step_set_timer,
    .file_peek = step_file_peek,
    .disk = step_disk,
    .mail = step_mail,
    .say = step_say,
};

void step_world_init(struct step_world *w, unsigned shard_count, const struct file_ops *files)
{
    PRE(shard_count >= 1 && shard_count <= STEP_SHARDS_MAX);
    *w = (struct step_world){.shard_count = shard_count,
                             .files = files,
                             .now_ns = 1000000000,
                             .wall_ms = 1700000000000,
                             .quiet = true};
    for (unsigned i = 0; i < shard_count; i++) {
        struct step_shard *s = &w->shards[i];
        s->world = w;
        s->index = i;
        s->home_last = &s->home_first;
        s->mail_last = &s->mail_first;
        struct env env = {.ops = &step_ops, .world = s, .shard = i, .shard_count = shard_count};
        reactor_init(&s->reactor, &env);
        s->reactor.now_ns = w->now_ns;
    }
    for (unsigned d = 0; d < STEP_DIRS_MAX; d++)
        for (unsigned l = 0; l < LANE_COUNT; l++)
            w->lanes[d][l].last = &w->lanes[d][l].first;
}

void step_world_deinit(struct step_world *w)
{
    for (unsigned i = 0; i < w->shard_count; i++)
        reactor_deinit(&w->shards[i].reactor);
    free(w->timers);
}

struct reactor *step_world_reactor(struct step_world *w, unsigned shard)
{
    return &w->shards[shard].reactor;
}

void step_world_block(struct step_world *w, unsigned dir, enum disk_lane lane, bool blocked)
{
    w->lanes[dir][lane].blocked = blocked;
}

/* Takes off the lane what one call of run gets: the same run and context. */
static struct disk_job *take_batch(struct step_lane *lane)
{
    struct disk_job *first = lane->first, *last = first;
    while (last->next && last->next->run == first->run && last->next->context == first->context)
        last = last->next;
    lane->first = last->next;
    if (!lane->first)
        lane->last = &lane->first;
    last->next = NULL;
    return first;
}

static void run_lane(struct step_world *w, unsigned dir, struct step_lane *lane)
{
    struct disk_job *batch = take_batch(lane), *next;
    batch->run(batch, w->files, w->fs[dir]);
    for (struct disk_job *job = batch; job; job = next) {
        struct step_shard *s = &w->shards[job->shard];
        next = job->next;
        job->next = NULL;
        *s->home_last = job;
        s->home_last = &job->next;
        w->jobs_run++;
    }
}

static void deliver(struct step_world *w, struct step_shard *s, struct event *e)
{
    e->now_ns = w->now_ns;
    reactor_step(&s->reactor, e);
}

static bool shard_step(struct step_world *w, struct step_shard *s)
{
    bool any = s->home_first || s->mail_first || s->reactor.turn_first;
    while (s->home_first) {
        struct disk_job *job = s->home_first;
        s->home_first = job->next;
        if (!s->home_first)
            s->home_last = &s->home_first;
        deliver(w, s, &(struct event){.kind = EV_DISK, .u.disk = job});
    }
    while (s->mail_first) {
        struct mail *mail = s->mail_first;
        s->mail_first = mail->next;
        if (!s->mail_first)
            s->mail_last = &s->mail_first;
        deliver(w, s, &(struct event){.kind = EV_MAIL, .u.mail = mail});
    }
    if (any)
        deliver(w, s, &(struct event){.kind = EV_TURN});
    return any;
}

bool step_world_step(struct step_world *w)
{
    bool any = false;
    for (unsigned d = 0; d < STEP_DIRS_MAX; d++) {
        for (unsigned l = 0; l < LANE_COUNT; l++) {
            struct step_lane *lane = &w->lanes[d][l];
            if (!lane->first || lane->blocked)
                continue;
            run_lane(w, d, lane);
            any = true;
        }
    }
    for (unsigned i = 0; i < w->shard_count; i++)
        any = shard_step(w, &w->shards[i]) || any;
    return any;
}

void step_world_run(struct step_world *w)
{
    while (step_world_step(w))
        ;
}

void step_world_advance(struct step_world *w, uint64_t ms)
{
    uint64_t until = w->now_ns + ms * 1000000;
    step_world_run(w);
    for (;;) {
        size_t first = w->timer_count;
        for (size_t i = 0; i < w->timer_count; i++)
            if (w->timers[i].at_ns <= until &&
                (first == w->timer_count || w->timers[i].at_ns < w->timers[first].at_ns))
                first = i;
        if (first == w->timer_count)
            break;
        struct step_timer t = w->timers[first];
        w->timers[first] = w->timers[--w->timer_count];
        w->now_ns = t.at_ns > w->now_ns ? t.at_ns : w->now_ns;
        deliver(w, &w->shards[t.shard], &(struct event){.kind = EV_TIMER, .token = t.token});
        step_world_run(w);
    }
    w->wall_ms += (int64_t)ms;
    w->now_ns = until;
    for (unsigned i = 0; i < w->shard_count; i++)
        w->shards[i].reactor.now_ns = until;
}
