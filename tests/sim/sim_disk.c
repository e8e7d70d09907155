/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdlib.h>

#include "common/assert.h"
#include "common/memory.h"
#include "tests/lib/file_mem.h"
#include "tests/sim/sim_internal.h"

/* The lanes of a directory. A lane that has something to do waits a while, takes every queued job
 * with the first one's run and context, runs them at one moment of simulated time, and after
 * another while their shards hear of it. */

static void lane_gather(void *object, uint64_t arg);

static void lane_schedule(struct sim_lane *lane)
{
    struct sim_world *w = lane->process->world;
    if (lane->state != LANE_IDLE || !lane->first)
        return;
    lane->state = LANE_GATHERING;
    sim_world_after(w, sim_delay_draw(w, &w->weather.disk), lane_gather, lane, 0);
}

/* Takes the first job and those like it off the queue, linked as a list. */
static void lane_take(struct sim_lane *lane)
{
    void (*run)(struct disk_job *, const struct file_ops *, void *) = lane->first->run;
    void *context = lane->first->context;
    struct disk_job **link = &lane->first;
    lane->batch_count = 0;
    while (*link) {
        struct disk_job *job = *link;
        if (job->run != run || job->context != context) {
            link = &job->next;
            continue;
        }
        *link = job->next;
        job->next = NULL;
        lane->batch = xgrow(lane->batch, &lane->batch_capacity, lane->batch_count + 1,
                            sizeof(struct disk_job *));
        if (lane->batch_count > 0)
            lane->batch[lane->batch_count - 1]->next = job;
        lane->batch[lane->batch_count++] = job;
    }
    lane->last = link;
}

static void lane_home(void *object, uint64_t arg)
{
    struct sim_lane *lane = object;
    struct sim_process *p = lane->process;
    (void)arg;
    if (!p->running)
        return;
    for (size_t i = 0; i < lane->batch_count; i++) {
        struct disk_job *job = lane->batch[i];
        struct event event = {.kind = EV_DISK, .error = job->error, .u.disk = job};
        PRE(job->shard < p->shard_count);
        sim_shard_post_event(&p->shards[job->shard], &event);
    }
    lane->batch_count = 0;
    lane->state = LANE_IDLE;
    lane_schedule(lane);
}

static void lane_run(struct sim_lane *lane)
{
    struct sim_process *p = lane->process;
    struct file_mem *disk = p->host->disks[lane->dir];
    lane_take(lane);
    file_mem_set_time_ms(disk, sim_env_ops.wall_ms(&p->shards[0]));
    lane->batch[0]->run(lane->batch[0], &file_mem_ops, p->fs[lane->dir]);
}

static void lane_gather(void *object, uint64_t arg)
{
    struct sim_lane *lane = object;
    struct sim_process *p = lane->process;
    struct sim_world *w = p->world;
    (void)arg;
    if (!p->running)
        return;
    if (p->paused) {
        lane->held = true;
        return;
    }
    lane->state = LANE_RUNNING;
    lane_run(lane);
    if (file_mem_power_is_off(p->host->disks[lane->dir])) {
        sim_host_power_off(p->host);
        return;
    }
    sim_world_after(w, sim_delay_draw(w, &w->weather.disk), lane_home, lane, 0);
}

void sim_env_disk(void *world, struct disk_job *job)
{
    struct sim_shard *s = world;
    struct sim_process *p = s->process;
    if (!s->process->running)
        return;
    PRE(job->dir < p->host->dir_count);
    PRE(job->lane < LANE_COUNT);
    PRE(job->shard < p->shard_count);
    struct sim_lane *lane = &p->lanes[job->dir][job->lane];
    job->next = NULL;
    job->error = 0;
    *lane->last = job;
    lane->last = &job->next;
    lane_schedule(lane);
}

int64_t sim_env_file_peek(void *world, struct file *file, uint64_t pos, void *to, uint32_t size)
{
    struct sim_shard *s = world;
    struct sim_world *w = s->process->world;
    if (sim_random_once_in(&w->random, w->weather.cold_once_in))
        return -EAGAIN;
    return file->ops->pread(file, to, size, pos);
}

void sim_disk_mount(struct sim_process *p)
{
    for (unsigned d = 0; d < p->host->dir_count; d++) {
        p->fs[d] = file_mem_mount(p->host->disks[d], "");
        POST(p->fs[d]);
        for (unsigned l = 0; l < LANE_COUNT; l++) {
            struct sim_lane *lane = &p->lanes[d][l];
            *lane = (struct sim_lane){.process = p, .dir = d};
            lane->last = &lane->first;
        }
    }
}

void sim_disk_resume(struct sim_process *p)
{
    struct sim_world *w = p->world;
    for (unsigned d = 0; d < p->host->dir_count; d++) {
        for (unsigned l = 0; l < LANE_COUNT; l++) {
            struct sim_lane *lane = &p->lanes[d][l];
            if (!lane->held)
                continue;
            lane->held = false;
            sim_world_after(w, sim_delay_draw(w, &w->weather.disk), lane_gather, lane, 0);
        }
    }
}

void sim_disk_end(struct sim_process *p, enum sim_end_how how)
{
    struct sim_world *w = p->world;
    for (unsigned d = 0; d < p->host->dir_count; d++) {
        for (unsigned l = 0; l < LANE_COUNT && how == SIM_END_KILL; l++) {
            /* A disk thread may have been inside the next round when the process was killed. */
            struct sim_lane *lane = &p->lanes[d][l];
            if (lane->state == LANE_GATHERING && sim_random_once_in(&w->random, 2))
                lane_run(lane);
        }
        file_mem_kill(p->fs[d]);
        p->fs[d] = NULL;
    }
}
