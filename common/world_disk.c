/* SPDX-License-Identifier: Apache-2.0 */
#include "common/world_disk.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "common/assert.h"
#include "common/memory.h"
#include "common/world.h"

/* Disk threads call down only a few levels; a thread's default megabytes would count in the address
 * space of a broker with many directories. */
#define STACK_SIZE ((size_t)256 * 1024)

struct lane {
    struct world_disk *disk;
    struct world_dir dir;
    char thread_name[16];
    pthread_mutex_t mutex;
    pthread_cond_t wake;
    struct disk_job *first, **last;
    bool started, waiting, stopped;
    pthread_t thread;
};
struct world_disk {
    void (*home)(void *context, struct disk_job *job);
    void *context;
    unsigned dir_count;
    struct lane lanes[][LANE_COUNT];
};

struct world_disk *world_disk_new(const struct world_dir *dirs, unsigned dir_count,
                                  void (*home)(void *context, struct disk_job *job), void *context)
{
    static const char *const names[LANE_COUNT] = {"commit", "store", "read"};
    struct world_disk *disk = xcalloc(1, sizeof *disk + dir_count * sizeof disk->lanes[0]);
    disk->home = home;
    disk->context = context;
    disk->dir_count = dir_count;
    for (unsigned d = 0; d < dir_count; d++) {
        for (unsigned i = 0; i < LANE_COUNT; i++) {
            struct lane *lane = &disk->lanes[d][i];
            lane->disk = disk;
            lane->dir = dirs[d];
            snprintf(lane->thread_name, sizeof lane->thread_name, "disk%u-%s", d % 100, names[i]);
            pthread_mutex_init(&lane->mutex, NULL);
            pthread_cond_init(&lane->wake, NULL);
            lane->last = &lane->first;
        }
    }
    return disk;
}

/* Takes the batch off the head of the queue, waiting for a job; NULL when the lane has stopped. */
static struct disk_job *next_batch(struct lane *lane)
{
    pthread_mutex_lock(&lane->mutex);
    while (!lane->first && !lane->stopped) {
        lane->waiting = true;
        pthread_cond_wait(&lane->wake, &lane->mutex);
    }
    lane->waiting = false;
    struct disk_job *batch = lane->stopped ? NULL : lane->first;
    if (batch) {
        struct disk_job *end = batch;
        while (end->next && end->next->run == batch->run && end->next->context == batch->context)
            end = end->next;
        lane->first = end->next;
        if (!lane->first)
            lane->last = &lane->first;
        end->next = NULL;
    }
    pthread_mutex_unlock(&lane->mutex);
    return batch;
}

static void *lane_main(void *arg)
{
    struct lane *lane = arg;
    pthread_setname_np(pthread_self(), lane->thread_name);
    struct disk_job *batch;
    while ((batch = next_batch(lane))) {
        batch->run(batch, lane->dir.files, lane->dir.fs);
        while (batch) {
            struct disk_job *job = batch;
            batch = job->next; /* read before the job is home, where it may be given out again */
            lane->disk->home(lane->disk->context, job);
        }
    }
    return NULL;
}

static void lane_start(struct lane *lane)
{
    pthread_attr_t attr;
    sigset_t all, before;
    pthread_attr_init(&attr);
    pthread_attr_setstacksize(&attr, STACK_SIZE);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int error = pthread_create(&lane->thread, &attr, lane_main, lane);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attr);
    INVARIANT(error == 0); /* without this thread the directory cannot be served */
    lane->started = true;
}

void world_disk_put(struct world_disk *disk, struct disk_job *job)
{
    PRE(job->dir < disk->dir_count);
    PRE(job->lane < LANE_COUNT);
    struct lane *lane = &disk->lanes[job->dir][job->lane];
    pthread_mutex_lock(&lane->mutex);
    bool wake = false;
    if (!lane->stopped) {
        job->next = NULL;
        *lane->last = job;
        lane->last = &job->next;
        if (!lane->started)
            lane_start(lane);
        wake = lane->waiting;
        lane->waiting = false;
    }
    pthread_mutex_unlock(&lane->mutex);
    if (wake)
        pthread_cond_signal(&lane->wake);
}

static bool lane_join(struct lane *lane, const struct timespec *deadline)
{
    pthread_mutex_lock(&lane->mutex);
    bool started = lane->started;
    pthread_mutex_unlock(&lane->mutex);
    if (started && pthread_timedjoin_np(lane->thread, NULL, deadline))
        return false;
    lane->started = false;
    return true;
}

bool world_disk_stop(struct world_disk *disk, unsigned timeout_ms)
{
    struct lane *lanes = disk->lanes[0];
    unsigned count = disk->dir_count * LANE_COUNT;
    for (unsigned i = 0; i < count; i++) {
        pthread_mutex_lock(&lanes[i].mutex);
        lanes[i].stopped = true;
        lanes[i].waiting = false;
        pthread_mutex_unlock(&lanes[i].mutex);
        pthread_cond_signal(&lanes[i].wake);
    }
    struct timespec deadline;
    clock_gettime(CLOCK_REALTIME, &deadline);
    deadline.tv_sec += timeout_ms / 1000;
    deadline.tv_nsec += (long)(timeout_ms % 1000) * 1000000;
    if (deadline.tv_nsec >= 1000000000) {
        deadline.tv_sec++;
        deadline.tv_nsec -= 1000000000;
    }
    bool all = true;
    for (unsigned i = 0; i < count; i++)
        all = lane_join(&lanes[i], &deadline) && all;
    return all;
}

void world_disk_free(struct world_disk *disk)
{
    if (!disk)
        return;
    for (unsigned d = 0; d < disk->dir_count; d++) {
        for (unsigned i = 0; i < LANE_COUNT; i++) {
            pthread_cond_destroy(&disk->lanes[d][i].wake);
            pthread_mutex_destroy(&disk->lanes[d][i].mutex);
        }
    }
    free(disk);
}
