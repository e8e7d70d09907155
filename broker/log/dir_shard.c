/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "broker/log/log_internal.h"
#include "common/memory.h"

/* One shard's part of a directory: what waits for room in the journal, the empty round of an idle
 * directory, deletions after their delay, and the news that the directory died. */

#define WAIT_POLL_MS 20  /* while operations wait for room in the journal */
#define FULL_POLL_MS 100 /* while the disk is full */
#define ORDERS_MS 100    /* many change at once */
#define WATCH_MS 1000    /* should the news of a failure be stuck in a lane of the disk */
#define AGAIN_MS 100     /* while no descriptor is left */

/* Files to unlink later. */
struct sweep {
    struct sweep *next;
    enum log_op_kind kind;
    struct log *log; /* SWEEP: counted in its jobs */
    char *path;      /* REMOVE_DIR */
    uint64_t at_ns;
};

static bool look_for_failure(struct dir_shard *shard)
{
    if (!shard->failed && log_dir_is_failed(shard->dir))
        dir_shard_fail(shard);
    return shard->failed;
}

static void send_commit(struct dir_shard *shard, struct disk_job *job)
{
    shard->reactor->env.ops->disk(shard->reactor->env.world, job);
}

/* ---- waiting for room in the journal ---- */

static void ask_for_round(struct dir_shard *shard)
{
    if (shard->idle_busy || shard->failed)
        return;
    shard->idle_busy = true;
    send_commit(shard, &shard->idle_item.job);
}

static void send_waiting(struct dir_shard *shard)
{
    struct journal *journal = &shard->dir->journal;
    while (shard->wait_first) {
        struct log_op *op = shard->wait_first;
        if (!shard->failed && !journal_reserve(journal, &op->item))
            return;
        shard->wait_first = op->wait_next;
        if (!shard->wait_first)
            shard->wait_last = &shard->wait_first;
        /* A dead directory's lane answers with the failure. */
        send_commit(shard, &op->item.job);
    }
}

static void set_retry(struct dir_shard *shard, uint64_t ms)
{
    if (shard->retry_timer.at_ns == 0)
        timer_set(&shard->retry_timer, ms);
}

void dir_shard_submit(struct dir_shard *shard, struct log_op *op)
{
    op->wait_next = NULL;
    *shard->wait_last = op;
    shard->wait_last = &op->wait_next;
    send_waiting(shard);
    if (shard->wait_first)
        set_retry(shard, WAIT_POLL_MS);
}

/* Room comes back when the store lane has released rounds and the commit lane has said so in a
 * round. It may have nothing else to write: all that it could have waits for that room. */
void dir_shard_stored(struct dir_shard *shard)
{
    if (look_for_failure(shard) || !shard->wait_first)
        return;
    send_waiting(shard);
    if (shard->wait_first && journal_owes_floor(&shard->dir->journal))
        ask_for_round(shard);
}

void dir_shard_retry_later(struct dir_shard *shard)
{
    shard->stuck = true;
    set_retry(shard, FULL_POLL_MS);
}

static void retry_fired(struct timer *timer)
{
    struct dir_shard *shard = CONTAINER_OF(timer, struct dir_shard, retry_timer);
    bool stuck = shard->stuck;
    shard->stuck = false;
    for (struct log *log = stuck ? shard->log_first : NULL; log; log = log->next)
        log_retry_stuck(log);
    send_waiting(shard);
    if (!shard->wait_first)
        return;
    /* What gave the room back may have been another shard's, of which nothing is heard here. */
    dir_shard_maintain(shard);
    ask_for_round(shard);
    set_retry(shard, WAIT_POLL_MS);
}

/* ---- the idle round ---- */

void dir_shard_committed(struct dir_shard *shard)
{
    if (look_for_failure(shard))
        return;
    timer_set(&shard->idle_timer, (uint64_t)shard->dir->config.idle_round_ms);
    send_waiting(shard); /* a round gives back what its items shared */
}

/* Nothing came for a while: the ends that stand open are stated, so that damage to the last rounds
 * differs from a torn tail (L2). */
static void idle_fired(struct timer *timer)
{
    struct dir_shard *shard = CONTAINER_OF(timer, struct dir_shard, idle_timer);
    if (atomic_load(&shard->dir->journal.ends_open))
        ask_for_round(shard);
}

static void idle_home(struct disk_job *job)
{
    struct journal_item *item = CONTAINER_OF(job, struct journal_item, job);
    struct dir_shard *shard = CONTAINER_OF(item, struct dir_shard, idle_item);
    shard->idle_busy = false;
    if (job->error)
        dir_shard_fail(shard);
    else
        send_waiting(shard);
}

/* ---- the store lane's attention ---- */

static void maintenance_home(struct disk_job *job)
{
    struct journal_item *item = CONTAINER_OF(job, struct journal_item, job);
    struct log_op *op = CONTAINER_OF(item, struct log_op, item);
    struct dir_shard *shard = CONTAINER_OF(op, struct dir_shard, maintenance);
    shard->maintaining = false;
    (void)look_for_failure(shard);
}

static void to_store(struct dir_shard *shard, struct log_op *op, void (*home)(struct disk_job *))
{
    struct disk_job *job = &op->item.job;
    job->run = store_run;
    job->context = &shard->dir->store;
    job->lane = LANE_STORE;
    job->dir = shard->dir->config.index;
    job->shard = shard->reactor->env.shard;
    job->home = home;
    shard->reactor->env.ops->disk(shard->reactor->env.world, job);
}

void dir_shard_maintain(struct dir_shard *shard)
{
    if (shard->maintaining || shard->failed)
        return;
    shard->maintaining = true;
    shard->maintenance.kind = LOG_OP_MAINTAIN;
    to_store(shard, &shard->maintenance, maintenance_home);
}

/* ---- orders ---- */

void dir_shard_note_orders(struct dir_shard *shard)
{
    atomic_store(&shard->dir->store.orders_dirty, true);
    if (shard->order_timer.at_ns == 0)
        timer_set(&shard->order_timer, ORDERS_MS);
}

/* Whatever the store lane does next notes them; this is for when it has nothing to do. */
static void order_fired(struct timer *timer)
{
    struct dir_shard *shard = CONTAINER_OF(timer, struct dir_shard, order_timer);
    if (!shard->failed && atomic_load(&shard->dir->store.orders_dirty)) {
        dir_shard_maintain(shard);
        timer_set(timer, ORDERS_MS); /* one that was on its way may have come too early */
    }
}

/* ---- what is under way ---- */

void dir_shard_job_begin(struct dir_shard *shard, struct shard_job *job,
                         void (*drop)(struct shard_job *job))
{
    job->drop = drop;
    job->next = shard->jobs;
    job->link = &shard->jobs;
    if (job->next)
        job->next->link = &job->next;
    shard->jobs = job;
}

void dir_shard_job_end(struct shard_job *job)
{
    *job->link = job->next;
    if (job->next)
        job->next->link = job->link;
}

void dir_shard_job_again(struct dir_shard *shard, struct shard_job *job, struct disk_job *disk)
{
    job->tries++;
    say_limited(
        shard->reactor, &shard->say_again, SAY_WARN, "log",
        "directory \"%s\": no file descriptor is left, so reads and truncations wait; allow "
        "the broker more (ulimit -n, LimitNOFILE)",
        shard->dir->path);
    log_read_close_files(shard, shard->file_count / 2);
    disk->next = NULL;
    *shard->again_last = disk;
    shard->again_last = &disk->next;
    if (shard->again_timer.at_ns == 0)
        timer_set(&shard->again_timer, AGAIN_MS);
}

static void again_fired(struct timer *timer)
{
    struct dir_shard *shard = CONTAINER_OF(timer, struct dir_shard, again_timer);
    struct disk_job *next;
    for (struct disk_job *job = shard->again_first; job; job = next) {
        next = job->next;
        shard->reactor->env.ops->disk(shard->reactor->env.world, job);
    }
    shard->again_first = NULL;
    shard->again_last = &shard->again_first;
}

/* ---- deletions after their delay ---- */

struct sweep_op {
    struct log_op op;
    struct dir_shard *shard;
    struct shard_job job;
};

static void set_sweep_timer(struct dir_shard *shard)
{
    uint64_t first = UINT64_MAX, now = shard->reactor->now_ns;
    for (struct sweep *s = shard->sweep_first; s; s = s->next)
        first = s->at_ns < first ? s->at_ns : first;
    if (first == UINT64_MAX)
        timer_cancel(&shard->sweep_timer);
    else
        timer_set(&shard->sweep_timer, first <= now ? 0 : (first - now) / 1000000 + 1);
}

static void sweep_drop(struct shard_job *job)
{
    struct sweep_op *s = CONTAINER_OF(job, struct sweep_op, job);
    free(s->op.path);
    free(s);
}

static void sweep_home(struct disk_job *job)
{
    struct journal_item *item = CONTAINER_OF(job, struct journal_item, job);
    struct sweep_op *s = CONTAINER_OF(CONTAINER_OF(item, struct log_op, item), struct sweep_op, op);
    struct log *log = s->op.log;
    struct dir_shard *shard = s->shard;
    dir_shard_job_end(&s->job);
    sweep_drop(&s->job);
    if (log)
        log_job_done(log);
    (void)look_for_failure(shard);
}

static void sweep_now(struct dir_shard *shard, struct sweep *s)
{
    struct sweep_op *run = xcalloc(1, sizeof *run);
    run->shard = shard;
    run->op.kind = s->kind;
    run->op.log = s->log;
    run->op.path = s->path;
    free(s);
    dir_shard_job_begin(shard, &run->job, sweep_drop);
    to_store(shard, &run->op, sweep_home);
}

static void sweep_fired(struct timer *timer)
{
    struct dir_shard *shard = CONTAINER_OF(timer, struct dir_shard, sweep_timer);
    for (struct sweep **at = &shard->sweep_first; *at;) {
        struct sweep *s = *at;
        if (s->at_ns > shard->reactor->now_ns) {
            at = &s->next;
            continue;
        }
        *at = s->next;
        sweep_now(shard, s);
    }
    set_sweep_timer(shard);
}

void dir_shard_sweep_later(struct dir_shard *shard, enum log_op_kind kind, struct log *log,
                           char *path, int64_t delay_ms)
{
    struct sweep *s = xcalloc(1, sizeof *s);
    uint64_t delay = delay_ms < 0 ? 0 : (uint64_t)delay_ms;
    *s = (struct sweep){.kind = kind,
                        .log = log,
                        .path = path,
                        .at_ns = shard->reactor->now_ns + delay * 1000000,
                        .next = shard->sweep_first};
    if (log)
        log->jobs++;
    shard->sweep_first = s;
    set_sweep_timer(shard);
}

void dir_shard_forget_sweeps(struct dir_shard *shard, struct log *log)
{
    for (struct sweep **at = &shard->sweep_first; *at;) {
        struct sweep *s = *at;
        if (s->log != log) {
            at = &s->next;
            continue;
        }
        *at = s->next;
        free(s);
        log->jobs--;
    }
}

/* ---- failure ---- */

void dir_shard_fail(struct dir_shard *shard)
{
    if (shard->failed)
        return;
    shard->failed = true;
    say(&shard->reactor->env, SAY_ERROR, "log",
        "directory \"%s\" failed: a write or sync of the disk was refused; its logs take no more",
        shard->dir->path);
    dir_shards_tell(shard->dir, shard->reactor);
    /* The list may lose members while observers are told, never the one that is being told. */
    for (struct log *log = shard->log_first, *next; log; log = next) {
        log->jobs++;
        log_fail(log);
        next = log->next;
        log_job_done(log);
    }
    send_waiting(shard);
}

static void run_news(struct disk_job *batch, const struct file_ops *files, void *fs)
{
    (void)batch;
    (void)files;
    (void)fs;
}

static void news_home(struct disk_job *job)
{
    struct log_dir *dir = job->context;
    struct dir_shard *shard = dir->shards[job->shard];
    if (shard)
        (void)look_for_failure(shard);
}

/* By a lane's way home, and by the one lane that no write or sync holds up. */
void dir_shards_tell(struct log_dir *dir, struct reactor *reactor)
{
    if (atomic_exchange(&dir->news_sent, true))
        return;
    for (unsigned i = 0; i < reactor->env.shard_count; i++) {
        dir->news[i] = (struct disk_job){.run = run_news,
                                         .home = news_home,
                                         .context = dir,
                                         .shard = i,
                                         .dir = dir->config.index,
                                         .lane = LANE_READ};
        reactor->env.ops->disk(reactor->env.world, &dir->news[i]);
    }
}

static void watch_fired(struct timer *timer)
{
    struct dir_shard *shard = CONTAINER_OF(timer, struct dir_shard, watch_timer);
    if (!look_for_failure(shard))
        timer_set(&shard->watch_timer, WATCH_MS);
}

/* ---- life ---- */

bool log_dir_rests(const struct log_dir *dir, const struct reactor *reactor)
{
    const struct dir_shard *shard = dir->shards[reactor->env.shard];
    if (!shard || shard->failed || log_dir_is_failed(dir))
        return true;
    for (const struct log *log = shard->log_first; log; log = log->next)
        if (log->op_first || log->cutting) /* a cut may still look for its place */
            return false;
    return true;
}

struct dir_shard *dir_shard_get(struct log_dir *dir, struct reactor *reactor)
{
    unsigned index = reactor->env.shard;
    PRE(index < LOG_SHARDS_MAX);
    if (dir->shards[index])
        return dir->shards[index];
    struct dir_shard *shard = xcalloc(1, sizeof *shard);
    shard->dir = dir;
    shard->reactor = reactor;
    shard->wait_last = &shard->wait_first;
    timer_init(&shard->idle_timer, reactor, idle_fired);
    timer_init(&shard->retry_timer, reactor, retry_fired);
    timer_init(&shard->sweep_timer, reactor, sweep_fired);
    timer_init(&shard->order_timer, reactor, order_fired);
    timer_init(&shard->again_timer, reactor, again_fired);
    shard->again_last = &shard->again_first;
    timer_init(&shard->watch_timer, reactor, watch_fired);
    timer_set(&shard->watch_timer, log_dir_is_failed(dir) ? 0 : WATCH_MS);
    journal_item_init(&shard->idle_item, &dir->journal, dir->config.index);
    shard->idle_item.job.shard = index;
    shard->idle_item.job.home = idle_home;
    dir->shards[index] = shard;
    return shard;
}

/* The reactor may be gone: its timers end with it. */
void dir_shard_free(struct dir_shard *shard)
{
    if (!shard)
        return;
    while (shard->sweep_first) {
        struct sweep *s = shard->sweep_first;
        shard->sweep_first = s->next;
        free(s->path);
        free(s);
    }
    for (struct shard_job *job = shard->jobs, *next; job; job = next) {
        next = job->next;
        job->drop(job);
    }
    free(shard);
}
