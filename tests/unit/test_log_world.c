/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "broker/log/log.h"
#include "broker/log/log_dir.h"
#include "common/assert.h"
#include "common/memory.h"
#include "tests/lib/log_host.h"
#include "tests/lib/suite.h"
#include "tests/lib/world_host.h"

/* Logs in the real world: two shards, the disk threads of one directory, real files. Each shard
 * appends to its logs while it reads and now and then cuts them; then a clean stop, and a start
 * that finds everything. For the thread sanitizer above all. */

#define LOGS 3 /* a shard */
#define BATCHES 400
#define WINDOW 32

struct subject {
    struct log_observer observer;
    struct log_read read;
    struct log *log;
    struct shard_test *owner;
    unsigned appended;
    int64_t read_to;
    bool reading, done;
};
struct shard_test {
    struct host_node *node;
    struct directory_test *test;
    struct subject subjects[LOGS];
    struct turn_task turn;
    struct mail ready, finished;
};
struct directory_test {
    struct log_dir *dir;
    struct log_dir_load load;
    struct log_dir_stop stop;
    struct shard_test shards[2];
    unsigned finished;
    bool second; /* the start after the clean stop */
    int64_t ends[2 * LOGS];
    bool ok;
};

static struct partition_id id_of(unsigned shard, unsigned i)
{
    struct partition_id id = {.number = (int32_t)i};
    id.topic.bytes[0] = (uint8_t)(1 + shard);
    return id;
}

static void go_on(struct shard_test *s);

static void read_done(struct log_read *read)
{
    struct subject *u = CONTAINER_OF(read, struct subject, read);
    u->reading = false;
    if (read->outcome == LOG_OK)
        u->read_to = read->end;
    log_read_reset(read);
    go_on(u->owner);
}

static void read_some(struct subject *u)
{
    if (u->reading || u->read_to >= log_end(u->log))
        return;
    u->read = (struct log_read){.offset = u->read_to,
                                .bound = INT64_MAX,
                                .size_max = 20000,
                                .first_whole = true,
                                .done = read_done};
    if (!log_read(u->log, &u->read)) {
        u->reading = true;
        return;
    }
    u->read_to = u->read.end;
    log_read_reset(&u->read);
}

static void append_some(struct subject *u)
{
    while (u->appended < BATCHES && log_end(u->log) - log_synced_end(u->log) < 3 * WINDOW &&
           !log_truncating(u->log)) {
        struct buf *b = log_host_batch(u->appended, 3, 300, 1000 + u->appended);
        enum log_outcome outcome = log_host_append(u->log, b, (int32_t)u->appended / 100, NULL);
        buf_unref(b);
        if (outcome != LOG_OK)
            return;
        if (++u->appended % 100 == 50) {
            log_truncate(u->log, log_end(u->log) - 3 * 10);
            if (u->read_to > log_end(u->log))
                u->read_to = log_end(u->log);
        }
    }
}

static void run_turn(struct turn_task *task)
{
    struct shard_test *s = CONTAINER_OF(task, struct shard_test, turn);
    unsigned done = 0;
    for (unsigned i = 0; i < LOGS; i++) {
        struct subject *u = &s->subjects[i];
        append_some(u);
        read_some(u);
        u->done = u->appended == BATCHES && !u->reading && u->read_to >= log_end(u->log) &&
                  log_stored_end(u->log) == log_end(u->log) && !log_truncating(u->log);
        done += u->done;
        if (!u->done && !u->reading && u->read_to < log_end(u->log))
            go_on(s);
    }
    if (done == LOGS && s->test->ends[s->node->index * LOGS] == 0) {
        for (unsigned i = 0; i < LOGS; i++)
            s->test->ends[s->node->index * LOGS + i] = log_end(s->subjects[i].log);
        s->finished.kind = 1;
        s->node->env->ops->mail(s->node->env->world, 0, &s->finished);
    }
}

static void go_on(struct shard_test *s)
{
    reactor_at_turn(&s->node->reactor, &s->turn);
}

static void on_moved(struct log_observer *o)
{
    go_on(CONTAINER_OF(o, struct subject, observer)->owner);
}

static void on_failed(struct log_observer *o, enum log_outcome why)
{
    (void)why;
    host_end(CONTAINER_OF(o, struct subject, observer)->owner->node, 9);
}

static void begin(struct shard_test *s)
{
    for (unsigned i = 0; i < LOGS; i++) {
        struct subject *u = &s->subjects[i];
        struct log_config c = log_host_log_config();
        char topic[16];
        c.segment_bytes = 100000;
        snprintf(topic, sizeof topic, "t%u", s->node->index);
        *u = (struct subject){.observer = {on_moved, on_failed}, .owner = s};
        u->log = log_create(s->test->dir, &s->node->reactor, view_of(topic),
                            id_of(s->node->index, i), 0, &c);
        log_observe(u->log, &u->observer);
    }
    s->turn.run = run_turn;
    go_on(s);
}

/* ---- the second start: on shard 0 alone ---- */

static bool all_found(struct directory_test *t)
{
    if (!t->load.clean || t->load.found_count != 2 * LOGS)
        return false;
    for (unsigned s = 0; s < 2; s++) {
        for (uint32_t i = 0; i < t->load.found_count; i++) {
            const struct log_found *f = &t->load.found[i];
            if (f->suspect || (f->id.topic.bytes[0] == 1 + s &&
                               log_end(f->log) != t->ends[s * LOGS + (unsigned)f->id.number]))
                return false;
        }
    }
    return true;
}

static void stopped(struct log_dir_stop *stop)
{
    struct directory_test *t = CONTAINER_OF(stop, struct directory_test, stop);
    host_end(t->shards[0].node, stop->error ? 3 : 0);
}

static void loaded(struct log_dir_load *load)
{
    struct directory_test *t = CONTAINER_OF(load, struct directory_test, load);
    struct host_node *node = t->shards[0].node;
    if (load->error) {
        host_end(node, 2);
    } else if (t->second) {
        t->ok = all_found(t);
        host_end(node, t->ok ? 0 : 4);
    } else {
        for (unsigned i = 0; i < 2; i++)
            node->env->ops->mail(node->env->world, i, &t->shards[i].ready);
    }
}

static void heard_ready(void *context, struct mail *mail)
{
    (void)context;
    begin(CONTAINER_OF(mail, struct shard_test, ready));
}

static void heard_finished(void *context, struct mail *mail)
{
    struct directory_test *t = context;
    (void)mail;
    if (++t->finished == 2) {
        t->stop.done = stopped;
        log_dir_stop(t->dir, &t->shards[0].node->reactor, &t->stop);
    }
}

static void on_start(struct host_node *node)
{
    struct directory_test *t = node->host->context;
    t->shards[node->index].node = node;
    t->shards[node->index].test = t;
    reactor_mail_kind(&node->reactor, 0, heard_ready, t);
    reactor_mail_kind(&node->reactor, 1, heard_finished, t);
    if (node->index == 0) {
        t->load.done = loaded;
        log_dir_load(t->dir, &node->reactor, &t->load);
    }
}

static int live(struct directory_test *t, void *fs)
{
    struct world_dir dir = {&file_posix_ops, fs};
    struct host host = {.count = 2, .context = t, .start = on_start, .dirs = &dir, .dir_count = 1};
    struct log_dir_config config = {.path = "data",
                                    .broker_id = 1,
                                    .journal_file_size = 1 << 20,
                                    .idle_round_ms = 5,
                                    .defaults = log_host_log_config(),
                                    .fresh_directory_id = {{1}},
                                    .fresh_storage_id = {{2}},
                                    .fresh_journal_id = {{3}}};
    t->dir = log_dir_new(&config);
    int code = host_run(&host);
    log_dir_load_deinit(&t->load);
    log_dir_free(t->dir);
    t->load = (struct log_dir_load){0};
    return code;
}

START_TEST(two_shards_one_directory)
{
    char path[] = "/tmp/corduroy-log-XXXXXX";
    struct directory_test t = {0};
    ck_assert_ptr_nonnull(mkdtemp(path));
    void *fs = file_posix_new(path);
    ck_assert_int_eq(live(&t, fs), 0);
    t.second = true;
    ck_assert_int_eq(live(&t, fs), 0);
    ck_assert(t.ok);
    file_posix_free(fs);
    char *command = xasprintf("rm -rf %s", path);
    ck_assert_int_eq(system(command), 0);
    free(command);
}
END_TEST

SUITE_MAIN("log_world", two_shards_one_directory)
