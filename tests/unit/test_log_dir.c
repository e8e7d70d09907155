/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdlib.h>

#include "broker/log/log_internal.h"
#include "tests/lib/log_host.h"
#include "tests/lib/suite.h"

/* What a data directory says of itself: whose it is, what is noted in it, what is distrusted. */

static const struct log_host_config config = {.journal_file_size = 512 * 1024, .seed = 7};

START_TEST(one_broker_at_a_time)
{
    struct file_mem *disk = file_mem_new(5);
    struct log_host h, second;
    ck_assert(log_host_start(&h, disk, &config));
    ck_assert(!log_host_start(&second, disk, &config));
    ck_assert_ptr_nonnull(strstr(second.load.message, ".lock"));
    log_host_kill(&second);
    log_host_kill(&h);
    ck_assert(log_host_start(&h, disk, &config));
    log_host_kill(&h);
    file_mem_free(disk);
}
END_TEST

static void mark_done(struct log_dir_mark *mark)
{
    (void)mark;
}

START_TEST(the_mark_is_kept)
{
    struct file_mem *disk = file_mem_new(5);
    struct log_host h;
    ck_assert(log_host_start(&h, disk, &config));
    ck_assert_ptr_null(h.load.cluster_id);
    ck_assert_int_eq(h.load.controller_epoch, 0);
    ck_assert_uint_eq(h.load.offline_count, 0);
    struct uuid directory = h.load.directory_id, storage = {{4, 4, 4}};
    struct log_dir_offline away[] = {{"/data/with space=1", 78}, {"/b", UINT64_MAX}};
    struct log_dir_mark mark = {.done = mark_done,
                                .cluster_id = "abc",
                                .broker_id = 1,
                                .storage_id = storage,
                                .incarnation_last = 77,
                                .incarnation_next = UINT64_MAX - 5,
                                .controller_epoch = 12,
                                .offline = away,
                                .offline_count = 2};
    log_dir_mark(h.dir, step_world_reactor(&h.world, 0), &mark);
    step_world_run(&h.world);
    ck_assert_int_eq(mark.error, 0);
    ck_assert_str_eq(meta_properties_get(&h.dir->meta, META_CLUSTER_ID), "abc-in-use-by-corduroy");
    log_host_kill(&h);
    file_mem_power_cycle(disk, 1);
    ck_assert(log_host_start(&h, disk, &config));
    ck_assert_str_eq(h.load.cluster_id, "abc");
    ck_assert_int_eq(h.load.broker_id, 1);
    ck_assert(uuid_equal(h.load.storage_id, storage));
    ck_assert(uuid_equal(h.load.directory_id, directory));
    ck_assert_uint_eq(h.load.incarnation_last, 77);
    ck_assert_uint_eq(h.load.incarnation_next, UINT64_MAX - 5);
    ck_assert_int_eq(h.load.controller_epoch, 12);
    ck_assert_uint_eq(h.load.offline_count, 2);
    ck_assert_str_eq(h.load.offline[0].path, "/data/with space=1");
    ck_assert_uint_eq(h.load.offline[0].since, 78);
    ck_assert_uint_eq(h.load.offline[1].since, UINT64_MAX);
    /* What is left out is no longer when it is not named. */
    mark.controller_epoch = 0;
    mark.offline_count = 1;
    log_dir_mark(h.dir, step_world_reactor(&h.world, 0), &mark);
    step_world_run(&h.world);
    log_host_kill(&h);
    ck_assert(log_host_start(&h, disk, &config));
    ck_assert_int_eq(h.load.controller_epoch, 12);
    ck_assert_uint_eq(h.load.offline_count, 1);
    log_host_kill(&h);
    file_mem_free(disk);
}
END_TEST

/* How far ZooKeeper had been is known after a crash, by topic id, and after a clean stop. */
START_TEST(orders_are_noted)
{
    struct file_mem *disk = file_mem_new(5);
    struct log_host h;
    struct log_config c = log_host_log_config();
    struct partition_id id = {{{1}}, 3};
    int32_t epoch, version;
    ck_assert(log_host_start(&h, disk, &config));
    struct log *log =
        log_create(h.dir, step_world_reactor(&h.world, 0), VIEW_LITERAL("t"), id, 0, &c);
    step_world_run(&h.world);
    log_order(log, &epoch, &version);
    ck_assert(epoch == -1 && version == -1);
    log_set_order(log, 7, 2000000001);
    log_set_order(log, 6, 2000000002);
    step_world_advance(&h.world, 1000);
    step_world_run(&h.world);
    log_host_kill(&h);
    file_mem_power_cycle(disk, 1);
    ck_assert(log_host_start(&h, disk, &config));
    log = log_host_find(&h, id, 0);
    log_order(log, &epoch, &version);
    ck_assert(epoch == 7 && version == 2000000001);
    log_set_order(log, 8, 0);
    ck_assert_int_eq(log_host_stop(&h), 0);
    ck_assert(log_host_start(&h, disk, &config));
    log = log_host_find(&h, id, 0);
    log_order(log, &epoch, &version);
    ck_assert(epoch == 8 && version == 0);
    log_host_kill(&h);
    file_mem_free(disk);
}
END_TEST

/* A disk that is full for a while delays the note, and the crash after that does not hide it. */
START_TEST(orders_are_noted_when_there_is_room_again)
{
    struct file_mem *disk = file_mem_new(5);
    struct log_host h;
    int32_t epoch, version;
    ck_assert(log_host_start(&h, disk, &config));
    struct log *log = log_host_make(&h, 1);
    step_world_run(&h.world);
    file_mem_fail(disk, FILE_MEM_PWRITEV, STORE_ORDERS_FILE, 1, ENOSPC, true);
    log_set_order(log, 7, 2);
    step_world_advance(&h.world, 1000);
    ck_assert(!log_dir_is_failed(h.dir));
    file_mem_fail(disk, FILE_MEM_PWRITEV, NULL, 0, ENOSPC, false);
    step_world_advance(&h.world, 1000);
    log_host_kill(&h);
    file_mem_power_cycle(disk, 1);
    ck_assert(log_host_start(&h, disk, &config));
    log_order(log_host_find(&h, log_host_id(1), 0), &epoch, &version);
    ck_assert_int_eq(epoch, 7);
    ck_assert_int_eq(version, 2);
    log_host_kill(&h);
    file_mem_free(disk);
}
END_TEST

/* A broken directory is told from one that a person has to look at. */
START_TEST(broken_is_not_refused)
{
    struct file_mem *disk = file_mem_new(5);
    struct log_host h;
    file_mem_fail(disk, FILE_MEM_OPEN, "meta.properties", 1, 5 /* EIO */, true);
    ck_assert(!log_host_start(&h, disk, &config));
    ck_assert_int_ne(h.load.error, 0);
    ck_assert(!h.load.refused);
    log_host_kill(&h);
    file_mem_free(disk);
    disk = file_mem_new(6);
    ck_assert(log_host_start(&h, disk, &config));
    struct log_dir_mark mark = {.done = mark_done, .broker_id = 7};
    log_dir_mark(h.dir, step_world_reactor(&h.world, 0), &mark);
    step_world_run(&h.world);
    log_host_kill(&h);
    ck_assert(!log_host_start(&h, disk, &config));
    ck_assert(h.load.refused);
    log_host_kill(&h);
    file_mem_free(disk);
}
END_TEST

/* A disk that was swapped or rolled back: what it holds is marked on the disk itself, so that the
 * starts after the next registration do not take it for whole. */
START_TEST(what_is_distrusted_stays_so)
{
    struct file_mem *disk = file_mem_new(5);
    struct log_host h;
    struct log_config c = log_host_log_config();
    struct partition_id id = {{{1}}, 0};
    struct log_place place;
    ck_assert(log_host_start(&h, disk, &config));
    struct log *log =
        log_create(h.dir, step_world_reactor(&h.world, 0), VIEW_LITERAL("t"), id, 0, &c);
    struct buf *batch = log_host_batch(1, 3, 20, 1000);
    ck_assert_int_eq(log_host_append(log, batch, 0, &place), LOG_OK);
    buf_unref(batch);
    step_world_run(&h.world);
    ck_assert_int_eq(log_host_stop(&h), 0);

    ck_assert(log_host_start(&h, disk, &config));
    ck_assert_uint_eq(h.load.found_count, 1);
    ck_assert(!h.load.found[0].suspect);
    struct log_dir_mark mark = {.done = mark_done,
                                .broker_id = 1,
                                .distrust = "its directory was swapped",
                                .found = h.load.found,
                                .found_count = h.load.found_count};
    log_dir_mark(h.dir, step_world_reactor(&h.world, 0), &mark);
    step_world_run(&h.world);
    ck_assert_int_eq(mark.error, 0);
    ck_assert(log_is_suspect(h.load.found[0].log));
    log_host_kill(&h);
    file_mem_power_cycle(disk, 1);
    ck_assert(log_host_start(&h, disk, &config));
    ck_assert_uint_eq(h.load.found_count, 1);
    ck_assert(h.load.found[0].suspect);
    ck_assert_str_eq(h.load.found[0].why, "its directory was swapped");
    log_host_kill(&h);
    file_mem_free(disk);
}
END_TEST

/* A topic deleted and made again under its name: the new one gets a directory of its own, the old
 * one's is gone after the delay. */
START_TEST(a_name_used_again)
{
    struct file_mem *disk = file_mem_new(5);
    struct log_host h;
    ck_assert(log_host_start(&h, disk, &config));
    struct log_config c = log_host_log_config();
    c.file_delete_delay_ms = 500;
    struct reactor *reactor = step_world_reactor(&h.world, 0);
    struct log *old = log_create(h.dir, reactor, VIEW_LITERAL("t"), log_host_id(1), 0, &c);
    log_host_fill(old, 5, 1);
    step_world_run(&h.world);
    log_delete(old);
    struct log *log = log_create(h.dir, reactor, VIEW_LITERAL("t"), log_host_id(2), 0, &c);
    log_host_fill(log, 2, 1);
    step_world_run(&h.world);
    ck_assert_int_eq(log_stored_end(log), 6);
    step_world_advance(&h.world, 1000);
    log_host_kill(&h);
    ck_assert(log_host_start(&h, disk, &config));
    ck_assert_uint_eq(h.load.found_count, 1);
    ck_assert(partition_id_equal(h.load.found[0].id, log_host_id(2)));
    ck_assert_int_eq(log_end(h.load.found[0].log), 6);
    log_host_kill(&h);
    file_mem_free(disk);
}
END_TEST

static struct log *make_part(struct log_host *h, unsigned shard, int32_t number)
{
    struct log_config c = log_host_log_config();
    struct partition_id id = log_host_id(1);
    id.number = number;
    return log_create(h->dir, step_world_reactor(&h->world, shard), VIEW_LITERAL("t"), id, 0, &c);
}

/* A start after a crash syncs what it wrote, each file and each directory once, and nothing of a
 * log that no live round speaks of: on a slow disk every sync counts. */
START_TEST(an_unclean_start_syncs_each_thing_once)
{
    enum {
        TOUCHED = 20,
        QUIET = 20
    };
    struct file_mem *disk = file_mem_new(6);
    struct log_host h;
    ck_assert(log_host_start(&h, disk, &config));
    for (uint8_t i = 1; i <= TOUCHED + QUIET; i++)
        log_host_fill(log_host_make(&h, i), 1, 1);
    ck_assert_int_eq(log_host_stop(&h), 0);
    ck_assert(log_host_start(&h, disk, &config));
    for (uint8_t i = 1; i <= TOUCHED; i++)
        log_host_fill(log_host_find(&h, log_host_id(i), 0), 1, 2);
    step_world_run(&h.world);
    log_host_kill(&h);
    uint64_t files = file_mem_count(disk, FILE_MEM_DATASYNC);
    uint64_t dirs = file_mem_count(disk, FILE_MEM_SYNC_DIR);
    ck_assert(log_host_start(&h, disk, &config));
    files = file_mem_count(disk, FILE_MEM_DATASYNC) - files;
    dirs = file_mem_count(disk, FILE_MEM_SYNC_DIR) - dirs;
    ck_assert_uint_ge(files, TOUCHED);
    ck_assert_uint_lt(files, TOUCHED + 10);
    ck_assert_uint_ge(dirs, TOUCHED);
    ck_assert_uint_lt(dirs, TOUCHED + 10);
    log_host_kill(&h);
    file_mem_free(disk);
}
END_TEST

/* ---- the end of a directory ---- */

struct heard {
    struct log_observer observer;
    unsigned failed;
};

static void on_moved(struct log_observer *o)
{
    (void)o;
}

static void on_failed(struct log_observer *o, enum log_outcome why)
{
    CONTAINER_OF(o, struct heard, observer)->failed++;
    ck_assert_int_eq(why, LOG_FAILED);
}

enum ending {
    ENDING_COMMIT,
    ENDING_RELEASE,
    ENDING_GIVEN_UP,
    ENDINGS
};

static void end_directory(struct log_host *h, struct log *busy, enum ending ending)
{
    switch (ending) {
    case ENDING_COMMIT:
        file_mem_fail(h->disk, FILE_MEM_DATASYNC, "journal", 1, EIO, false);
        log_host_fill(busy, 1, 1);
        break;
    case ENDING_RELEASE:
        /* Everything queued is done well; what fails is the sync behind it. */
        step_world_block(&h->world, 0, LANE_STORE, true);
        for (unsigned i = 0; i < 12; i++) {
            log_host_fill(busy, 50, 1);
            step_world_run(&h->world);
        }
        ck_assert(!log_dir_is_failed(h->dir));
        file_mem_fail(h->disk, FILE_MEM_DATASYNC, ".log", 1, EIO, false);
        step_world_block(&h->world, 0, LANE_STORE, false);
        break;
    default:
        log_dir_give_up(h->dir, step_world_reactor(&h->world, 0));
        break;
    }
    step_world_run(&h->world); /* the clock does not move */
}

/* Every log hears of it at once, on every shard, also those to which nothing happens: who waits for
 * the next append leads on meanwhile with what cannot be written. */
START_TEST(the_end_of_a_directory_is_heard_at_once)
{
    for (unsigned shards = 1; shards <= 3; shards++) {
        for (enum ending ending = 0; ending < ENDINGS; ending++) {
            struct log_host_config c = config;
            struct file_mem *disk = file_mem_new(5);
            struct log_host h;
            struct heard heard[3];
            c.shard_count = shards;
            ck_assert(log_host_start(&h, disk, &c));
            struct log *busy = log_host_make(&h, 9);
            for (unsigned i = 0; i < 3; i++) {
                struct log *log = make_part(&h, i % shards, (int32_t)i);
                heard[i] = (struct heard){.observer = {on_moved, on_failed}};
                log_observe(log, &heard[i].observer);
            }
            step_world_run(&h.world);
            end_directory(&h, busy, ending);
            ck_assert(log_dir_is_failed(h.dir));
            for (unsigned i = 0; i < 3; i++)
                ck_assert_uint_eq(heard[i].failed, 1);
            step_world_advance(&h.world, 3000);
            for (unsigned i = 0; i < 3; i++)
                ck_assert_uint_eq(heard[i].failed, 1);
            log_host_kill(&h);
            file_mem_free(disk);
        }
    }
}
END_TEST

/* ---- where a new log goes ---- */

static struct log_dir *bare_dir(unsigned index)
{
    struct log_dir_config c = {
        .index = index, .path = "bare", .broker_id = 1, .journal_file_size = 512 * 1024};
    return log_dir_new(&c);
}

/* Logs found by the start count, those of every shard do, deleted ones do not. */
START_TEST(a_new_log_goes_where_the_fewest_are)
{
    struct log_host_config c = config;
    struct file_mem *disk = file_mem_new(5);
    struct log_host h;
    c.shard_count = 2;
    ck_assert(log_host_start(&h, disk, &c));
    struct log_dir *empty = bare_dir(1);
    struct log_dir *dirs[] = {h.dir, empty};
    ck_assert_uint_eq(log_dir_choose(dirs, 2), 0);
    for (int32_t i = 0; i < 3; i++)
        (void)make_part(&h, (unsigned)i % 2, i);
    ck_assert_uint_eq(log_dir_log_count(h.dir), 3);
    ck_assert_uint_eq(log_dir_choose(dirs, 2), 1);
    ck_assert_int_eq(log_host_stop(&h), 0);
    ck_assert(log_host_start(&h, disk, &c));
    dirs[0] = h.dir;
    ck_assert_uint_eq(log_dir_log_count(h.dir), 3);
    ck_assert_uint_eq(log_dir_choose(dirs, 2), 1);
    log_dir_give_up(empty, step_world_reactor(&h.world, 0));
    ck_assert_uint_eq(log_dir_choose(dirs, 2), 0);
    for (int32_t i = 0; i < 3; i++) {
        struct partition_id id = log_host_id(1);
        id.number = i;
        log_delete(log_host_find(&h, id, 1));
    }
    ck_assert_uint_eq(log_dir_log_count(h.dir), 0);
    step_world_run(&h.world);
    step_world_advance(&h.world, 100000);
    ck_assert_uint_eq(log_dir_log_count(h.dir), 0);
    log_dir_give_up(h.dir, step_world_reactor(&h.world, 0));
    ck_assert_uint_eq(log_dir_choose(dirs, 2), 2);
    log_host_kill(&h);
    log_dir_free(empty);
    file_mem_free(disk);
}
END_TEST

SUITE_MAIN("log_dir", one_broker_at_a_time, the_mark_is_kept, orders_are_noted,
           orders_are_noted_when_there_is_room_again, broken_is_not_refused,
           what_is_distrusted_stays_so, a_name_used_again, an_unclean_start_syncs_each_thing_once,
           the_end_of_a_directory_is_heard_at_once, a_new_log_goes_where_the_fewest_are)
