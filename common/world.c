/* SPDX-License-Identifier: Apache-2.0 */
#include "common/world.h"

#include <errno.h>
#include <malloc.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "common/memory.h"
#include "common/world_shard.h"

#define DISK_STOP_TIMEOUT_MS 5000
#define LINE_MOST 2048
#define HEAP_KEPT (16 << 20)      /* free bytes that a heap keeps */
#define CODE_OF_SECOND_SIGINT 130 /* what a shell reports for one that ended by SIGINT */

/* ---- log lines ---- */

/* Names that peers choose stand in lines; a control character must not make another line of it. */
static size_t put_printable(char *to, size_t room, struct view text)
{
    size_t size = text.size < room ? text.size : room;
    for (size_t i = 0; i < size; i++)
        to[i] = (char)(text.base[i] < 0x20 || text.base[i] == 0x7f ? '?' : text.base[i]);
    return size;
}

void world_say(struct world *world, enum say_level level, struct view line)
{
    static const char *const levels[] = {"ERROR", "WARN ", "INFO ", "DEBUG"};
    if (level > world->say_level)
        return;
    char text[LINE_MOST];
    struct timespec ts;
    struct tm tm;
    clock_gettime(CLOCK_REALTIME, &ts);
    gmtime_r(&ts.tv_sec, &tm);
    size_t at = strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &tm);
    at += (size_t)snprintf(text + at, sizeof text - at, ".%03dZ %s %.32s",
                           (int)(ts.tv_nsec / 1000000), levels[level], world->label);
    at += put_printable(text + at, sizeof text - at - 1, line);
    text[at++] = '\n';
    /* One write, so that lines of several threads do not mix. There is nobody to tell of a log that
     * cannot be written. */
    ssize_t written = write(STDERR_FILENO, text, at);
    (void)written;
}

/* ---- ZooKeeper's posts ---- */

struct world_zk_post *world_zk_post_new(void)
{
    return xcalloc(1, sizeof(struct world_zk_post));
}

void world_zk_post_free(struct world_zk_post *post)
{
    arena_reset(&post->arena);
    free(post);
}

void world_post_zk(struct world *world, struct world_zk_post *post)
{
    if (atomic_load(&world->halted))
        world_zk_post_free(post);
    else
        world_inbox_put(&world->shards[0].inbox, INBOX_ZK, post);
}

/* ---- the process ---- */

static void job_goes_home(void *context, struct disk_job *job)
{
    struct world *w = context;
    world_inbox_put(&w->shards[job->shard].inbox, INBOX_DISK, job);
}

struct world *world_new(const struct world_config *config)
{
    PRE(config->shard_count >= 1 && config->shard_count <= WORLD_SHARDS_MAX);
    PRE(config->dir_count <= WORLD_DIRS_MAX);
    PRE(config->step);
    /* With an arena for each thread malloc would keep what each of them has freed at some time. */
    mallopt(M_ARENA_MAX, 2);
    /* Buffers come and go by the megabyte: what is given back to the kernel at once must be had
     * from it again, page by page. */
    mallopt(M_MMAP_THRESHOLD, HEAP_KEPT);
    mallopt(M_TRIM_THRESHOLD, HEAP_KEPT);
    struct world *w = xcalloc(1, sizeof *w + config->shard_count * sizeof w->shards[0]);
    w->step = config->step;
    w->say_level = config->say_level;
    w->label = config->label ? config->label : "";
    atomic_init(&w->halt_code, -1); /* none yet */
    w->shard_count = config->shard_count;
    w->disk = world_disk_new(config->dirs, config->dir_count, job_goes_home, w);
    w->main_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    int error = w->main_fd < 0 ? -errno : 0;
    for (; !error && w->shards_ready < w->shard_count; w->shards_ready += !error)
        error = world_shard_init(&w->shards[w->shards_ready], w, w->shards_ready);
    if (error) {
        world_free(w);
        errno = -error;
        return NULL;
    }
    return w;
}

struct env world_env(struct world *world, unsigned shard)
{
    PRE(shard < world->shard_count);
    return (struct env){&world_env_ops, &world->shards[shard], shard, world->shard_count};
}

void world_set_shard(struct world *world, unsigned shard, void *state)
{
    PRE(shard < world->shard_count);
    world->shards[shard].state = state;
}

void world_set_zk(struct world *world, const struct world_zk_ops *ops, void *adapter)
{
    PRE(!world->zk_ops);
    world->zk_ops = ops;
    world->zk = adapter;
}

static void wake_all(struct world *w)
{
    for (unsigned i = 0; i < w->shard_count; i++)
        world_inbox_wake(&w->shards[i].inbox);
}

void world_stop(struct world *world)
{
    atomic_store(&world->stopping, true);
    wake_all(world);
}

void world_halt(struct world *world, int code, struct view why)
{
    PRE(code >= 0 && code <= 255);
    char line[512];
    int size = snprintf(line, sizeof line, "world: ends with code %d: %.*s", code,
                        (int)(why.size < 400 ? why.size : 400), (const char *)why.base);
    world_say(world, code ? SAY_ERROR : SAY_INFO, (struct view){(uint8_t *)line, (uint32_t)size});
    int none = -1;
    if (!atomic_compare_exchange_strong(&world->halt_code, &none, code))
        return;
    atomic_store(&world->halted, true);
    wake_all(world);
    uint64_t one = 1;
    ssize_t written = write(world->main_fd, &one, sizeof one);
    INVARIANT(written == (ssize_t)sizeof one);
}

static void hear_signal(struct world *w, int signal_fd, unsigned *interrupts)
{
    struct signalfd_siginfo info;
    if (read(signal_fd, &info, sizeof info) != (ssize_t)sizeof info)
        return;
    *interrupts += info.ssi_signo == SIGINT;
    if (*interrupts >= 2)
        world_halt(w, CODE_OF_SECOND_SIGINT, VIEW_LITERAL("interrupted twice"));
    else
        world_stop(w);
}

static void wait_for_halt(struct world *w, int signal_fd)
{
    unsigned interrupts = 0;
    struct pollfd fds[2] = {{.fd = w->main_fd, .events = POLLIN},
                            {.fd = signal_fd, .events = POLLIN}};
    while (!atomic_load(&w->halted))
        if (poll(fds, 2, -1) > 0 && fds[1].revents)
            hear_signal(w, signal_fd, &interrupts);
}

static void end_disks(struct world *w, int code)
{
    if (world_disk_stop(w->disk, DISK_STOP_TIMEOUT_MS))
        return;
    /* A thread in the kernel cannot be ended, and what it works on cannot be freed. */
    world_say(w, SAY_ERROR, VIEW_LITERAL("world: a disk does not answer; ending without it"));
    _exit(code ? code : EXIT_FAILURE);
}

void world_signals(sigset_t *ret)
{
    struct sigaction hangup;
    sigemptyset(ret);
    sigaddset(ret, SIGTERM);
    sigaddset(ret, SIGINT);
    /* nohup ignores it, and a signal that is blocked would be heard all the same. */
    if (sigaction(SIGHUP, NULL, &hangup) == 0 && hangup.sa_handler != SIG_IGN)
        sigaddset(ret, SIGHUP);
}

int world_run(struct world *world)
{
    sigset_t ours, before;
    world_signals(&ours);
    signal(SIGPIPE, SIG_IGN);
    /* Blocked here and in all threads, which inherit the mask: signals are read from signal_fd. */
    pthread_sigmask(SIG_BLOCK, &ours, &before);
    int signal_fd = signalfd(-1, &ours, SFD_CLOEXEC | SFD_NONBLOCK);
    INVARIANT(signal_fd >= 0);
    for (unsigned i = 0; i < world->shard_count; i++) {
        struct world_shard *s = &world->shards[i];
        int error = pthread_create(&s->thread, NULL, world_shard_main, s);
        INVARIANT(error == 0);
    }
    wait_for_halt(world, signal_fd);
    for (unsigned i = 0; i < world->shard_count; i++)
        pthread_join(world->shards[i].thread, NULL);
    close(signal_fd);
    int code = atomic_load(&world->halt_code);
    end_disks(world, code);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return code;
}

void world_free(struct world *world)
{
    if (!world)
        return;
    if (world->zk_ops)
        world->zk_ops->free(world->zk);
    for (unsigned i = 0; i < world->shards_ready; i++)
        world_shard_deinit(&world->shards[i]);
    world_disk_free(world->disk);
    if (world->main_fd >= 0)
        close(world->main_fd);
    free(world);
}
