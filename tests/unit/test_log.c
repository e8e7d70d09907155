/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>

#include "broker/log/log_internal.h"
#include "tests/lib/log_host.h"
#include "tests/lib/suite.h"

static const struct log_host_config config = {.journal_file_size = 256 * 1024, .seed = 7};

static struct partition_id id_of(uint8_t topic, int32_t number)
{
    struct partition_id id = {.number = number};
    memset(id.topic.bytes, topic, sizeof id.topic.bytes);
    return id;
}

static struct log *make_log(struct log_host *h, const char *topic, uint8_t id)
{
    struct log_config c = log_host_log_config();
    return log_create(h->dir, step_world_reactor(&h->world, 0), view_of(topic), id_of(id, 0), 0,
                      &c);
}

struct heard {
    struct log_observer observer;
    unsigned moved, failed;
    enum log_outcome why;
};
static void on_moved(struct log_observer *o)
{
    CONTAINER_OF(o, struct heard, observer)->moved++;
}
static void on_failed(struct log_observer *o, enum log_outcome why)
{
    struct heard *h = CONTAINER_OF(o, struct heard, observer);
    h->failed++;
    h->why = why;
}
static struct heard *listen_to(struct heard *h, struct log *log)
{
    *h = (struct heard){.observer = {on_moved, on_failed}};
    log_observe(log, &h->observer);
    return h;
}

/* Appends `count` batches of 3 records and adds their bytes, as they stand in the log, to `all`. */
static void append_some(struct log *log, unsigned count, int32_t epoch, struct buf *all)
{
    for (unsigned i = 0; i < count; i++) {
        struct buf *b = log_host_batch((uint64_t)log_end(log), 3, 100, 1000 + log_end(log));
        ck_assert_int_eq(log_host_append(log, b, epoch, NULL), LOG_OK);
        if (all) {
            memcpy(all->data + all->used, b->data, b->used);
            all->used += b->used;
        }
        buf_unref(b);
    }
}

static void check_bytes(struct log_host *h, struct log *log, const struct buf *all)
{
    static const uint32_t steps[] = {1, 500, 5000, 1 << 20};
    for (unsigned i = 0; i < COUNT_OF(steps); i++) {
        enum log_outcome outcome;
        struct buf *read = log_host_read(h, log, log_start(log), steps[i], &outcome);
        ck_assert_int_eq(outcome, LOG_OK);
        ck_assert_uint_eq(read->used, all->used);
        ck_assert_int_eq(memcmp(read->data, all->data, all->used), 0);
        buf_unref(read);
    }
}

START_TEST(appended_then_synced_then_stored)
{
    struct file_mem *disk = file_mem_new(1);
    struct log_host h;
    struct heard heard;
    ck_assert(log_host_start(&h, disk, &config));
    ck_assert(!h.load.has_data);
    struct log *log = make_log(&h, "orders", 1);
    listen_to(&heard, log);
    struct buf *all = buf_new(NULL, 1 << 20);
    append_some(log, 1, 5, all);
    ck_assert_int_eq(log_end(log), 3);
    ck_assert_int_eq(log_synced_end(log), 0);
    check_bytes(&h, log, all); /* from memory, before anything is on the disk */
    step_world_block(&h.world, 0, LANE_STORE, true);
    step_world_run(&h.world);
    ck_assert_int_eq(log_synced_end(log), 3);
    ck_assert_int_eq(log_stored_end(log), 0);
    ck_assert(log_created_durable(log));
    ck_assert_uint_gt(heard.moved, 0);
    step_world_block(&h.world, 0, LANE_STORE, false);
    step_world_run(&h.world);
    ck_assert_int_eq(log_stored_end(log), 3);
    ck_assert_int_eq(log_last_epoch(log), 5);
    ck_assert_int_eq(atomic_load(&log_dir_tail(h.dir)->bytes), 0);
    check_bytes(&h, log, all);
    buf_unref(all);
    log_host_kill(&h);
    file_mem_free(disk);
}
END_TEST

START_TEST(many_segments_are_read_warm_and_cold)
{
    struct file_mem *disk = file_mem_new(2);
    struct log_host h;
    ck_assert(log_host_start(&h, disk, &config));
    struct log *log = make_log(&h, "orders", 1);
    struct buf *all = buf_new(NULL, 1 << 20);
    for (unsigned i = 0; i < 20; i++) {
        append_some(log, 10, 5, all);
        check_bytes(&h, log, all);
        step_world_run(&h.world);
    }
    ck_assert_uint_gt(log->segment_count, 5);
    check_bytes(&h, log, all);
    h.world.cold = true;
    check_bytes(&h, log, all);
    buf_unref(all);
    log_host_kill(&h);
    file_mem_free(disk);
}
END_TEST

START_TEST(a_clean_stop_and_start_keeps_everything)
{
    struct file_mem *disk = file_mem_new(3);
    struct log_host h;
    struct buf *all = buf_new(NULL, 1 << 20);
    ck_assert(log_host_start(&h, disk, &config));
    struct log *log = make_log(&h, "orders", 1);
    append_some(log, 100, 5, all);
    log_set_high_watermark(log, 200);
    for (unsigned round = 0; round < 3; round++) {
        ck_assert_int_eq(log_host_stop(&h), 0);
        ck_assert(log_host_start(&h, disk, &config));
        ck_assert(h.load.clean);
        ck_assert_uint_eq(h.load.found_count, 1);
        ck_assert(!h.load.found[0].suspect);
        log = log_host_find(&h, id_of(1, 0), 0);
        ck_assert_int_eq(log_end(log), 300 + 30 * round);
        ck_assert_int_eq(log_synced_end(log), log_end(log));
        ck_assert_int_eq(log_high_watermark(log), 200);
        ck_assert_int_eq(log_last_epoch(log), round ? (int)(5 + round) : 5);
        check_bytes(&h, log, all);
        append_some(log, 10, (int32_t)(6 + round), all);
        check_bytes(&h, log, all);
    }
    buf_unref(all);
    log_host_kill(&h);
    file_mem_free(disk);
}
END_TEST

START_TEST(after_kill_the_journal_has_it)
{
    struct file_mem *disk = file_mem_new(4);
    struct log_host h;
    struct buf *all = buf_new(NULL, 1 << 20);
    ck_assert(log_host_start(&h, disk, &config));
    struct log *log = make_log(&h, "orders", 1);
    step_world_block(&h.world, 0, LANE_STORE, true);
    append_some(log, 100, 5, all);
    step_world_run(&h.world);
    ck_assert_int_eq(log_synced_end(log), 300);
    log_host_kill(&h);
    file_mem_power_cycle(disk, 9);
    ck_assert(log_host_start(&h, disk, &config));
    ck_assert(!h.load.clean);
    ck_assert_uint_eq(h.load.found_count, 1);
    ck_assert_msg(!h.load.found[0].suspect, "%s", h.load.found[0].why);
    log = log_host_find(&h, id_of(1, 0), 0);
    ck_assert_int_eq(log_end(log), 300);
    check_bytes(&h, log, all);
    append_some(log, 10, 6, all);
    step_world_run(&h.world);
    check_bytes(&h, log, all);
    buf_unref(all);
    log_host_kill(&h);
    file_mem_free(disk);
}
END_TEST

START_TEST(truncation_anywhere)
{
    struct file_mem *disk = file_mem_new(5);
    struct log_host h;
    ck_assert(log_host_start(&h, disk, &config));
    for (unsigned cut = 0; cut <= 61; cut++) {
        char topic[16];
        snprintf(topic, sizeof topic, "t%u", cut);
        struct log *log = make_log(&h, topic, (uint8_t)(cut + 1));
        append_some(log, 10, 1, NULL);
        step_world_run(&h.world);
        append_some(log, 5, 2, NULL);
        if (cut % 2)
            step_world_run(&h.world);
        append_some(log, 5, 3, NULL);
        log_truncate(log, cut);
        step_world_run(&h.world);
        ck_assert(!log_truncating(log));
        int64_t end = cut >= 60 ? 60 : cut / 3 * 3;
        ck_assert_int_eq(log_end(log), end);
        ck_assert_int_eq(log_synced_end(log), end);
        ck_assert_int_eq(log_stored_end(log), end);
        ck_assert_int_eq(log_last_epoch(log), end > 45 ? 3 : end > 30 ? 2 : end > 0 ? 1 : -1);
        append_some(log, 7, 4, NULL);
        ck_assert_int_eq(log_end(log), end + 21);
        step_world_run(&h.world);
        enum log_outcome outcome;
        struct buf *read = log_host_read(&h, log, 0, 700, &outcome);
        ck_assert_int_eq(outcome, LOG_OK);
        buf_unref(read);
        log_delete(log);
        step_world_run(&h.world);
    }
    log_host_kill(&h);
    file_mem_free(disk);
}
END_TEST

/* Appends were on their way to the disk when their log was cut at a place that must be looked for:
 * when they get there they do not count. */
START_TEST(a_truncation_voids_what_is_on_its_way)
{
    struct file_mem *disk = file_mem_new(6);
    struct log_host h;
    ck_assert(log_host_start(&h, disk, &config));
    struct log *log = make_log(&h, "orders", 1);
    append_some(log, 10, 1, NULL);
    step_world_run(&h.world);
    append_some(log, 5, 1, NULL);
    step_world_block(&h.world, 0, LANE_READ, true);
    log_truncate(log, 13);
    step_world_run(&h.world);
    ck_assert(log_truncating(log));
    ck_assert_int_eq(log_end(log), 13);
    ck_assert_int_le(log_synced_end(log), log_end(log));
    ck_assert_int_eq(log_stored_end(log), 30);
    step_world_block(&h.world, 0, LANE_READ, false);
    step_world_run(&h.world);
    ck_assert(!log_truncating(log));
    ck_assert_int_eq(log_end(log), 12);
    ck_assert_int_eq(log_synced_end(log), 12);
    append_some(log, 1, 2, NULL);
    step_world_run(&h.world);
    ck_assert_int_eq(log_synced_end(log), 15);
    log_host_kill(&h);
    file_mem_free(disk);
}
END_TEST

struct told_removal {
    struct log_removal removal;
    unsigned durable, not_durable;
};

static void removal_told(struct log_removal *removal, bool durable)
{
    struct told_removal *t = CONTAINER_OF(removal, struct told_removal, removal);
    t->durable += durable;
    t->not_durable += !durable;
}

/* Who deletes a log hears that it is gone when the journal has it, and that it is not when the disk
 * refuses. */
START_TEST(a_deletion_is_told_when_it_is_durable)
{
    struct log_host h;
    struct file_mem *disk = file_mem_new(9);
    struct told_removal good = {.removal.told = removal_told}, bad = {.removal.told = removal_told};
    ck_assert(log_host_start(&h, disk, &config));
    struct log *first = make_log(&h, "first", 1), *second = make_log(&h, "second", 2);
    append_some(first, 3, 1, NULL);
    append_some(second, 3, 1, NULL);
    step_world_run(&h.world);
    log_delete_told(first, &good.removal);
    ck_assert_uint_eq(good.durable, 0);
    step_world_run(&h.world);
    ck_assert_uint_eq(good.durable, 1);
    ck_assert_uint_eq(good.not_durable, 0);
    file_mem_fail(disk, FILE_MEM_DATASYNC, NULL, 1, EIO, false);
    log_delete_told(second, &bad.removal);
    step_world_run(&h.world);
    ck_assert_uint_eq(bad.durable, 0);
    ck_assert_uint_eq(bad.not_durable, 1);
    log_host_kill(&h);
    file_mem_free(disk);
}
END_TEST

/* ---- names in the log's directory ---- */

struct names {
    unsigned logs, deleted, others;
};
static void count_name(void *context, const char *name, bool is_dir)
{
    struct names *n = context;
    size_t size = strlen(name);
    (void)is_dir;
    if (size > 8 && strcmp(name + size - 8, ".deleted") == 0)
        n->deleted++;
    else if (size > 4 && strcmp(name + size - 4, ".log") == 0)
        n->logs++;
    else
        n->others++;
}
static struct names names_of(struct log_host *h, const char *dir)
{
    struct names n = {0};
    ck_assert_int_eq(file_mem_ops.list(h->world.fs[0], dir, count_name, &n), 0);
    return n;
}

START_TEST(retention_by_size_and_time)
{
    struct file_mem *disk = file_mem_new(6);
    struct log_host h;
    ck_assert(log_host_start(&h, disk, &config));
    struct log *log = make_log(&h, "t", 1);
    struct log_config c = log_host_log_config();
    c.file_delete_delay_ms = 60000;
    c.retention_bytes = 3 * LOG_HOST_SEGMENT_BYTES;
    log_configure(log, &c);
    append_some(log, 100, 1, NULL);
    step_world_run(&h.world);
    size_t before = log->segment_count;
    log_retain(log, h.world.wall_ms);
    step_world_run(&h.world);
    ck_assert_uint_eq(log->segment_count, before); /* nothing is below the high watermark */
    log_set_high_watermark(log, 300);
    log_retain(log, h.world.wall_ms);
    step_world_run(&h.world);
    ck_assert_uint_ge(log_size(log), 3 * LOG_HOST_SEGMENT_BYTES);
    ck_assert_uint_lt(log_size(log), 4 * LOG_HOST_SEGMENT_BYTES + 1000);
    ck_assert_int_eq(log_start(log), log->segments[0].base);
    struct names n = names_of(&h, "t-0");
    ck_assert_uint_eq(n.logs, log->segment_count);
    ck_assert_uint_gt(n.deleted, before - log->segment_count);
    step_world_advance(&h.world, 61000);
    ck_assert_uint_eq(names_of(&h, "t-0").deleted, 0);
    /* All records are from the year 1970: with a limit in time all go, the active segment too. */
    c.retention_ms = 1000;
    log_configure(log, &c);
    log_retain(log, h.world.wall_ms);
    step_world_run(&h.world);
    ck_assert_int_eq(log_start(log), 300);
    ck_assert_int_eq(log_end(log), 300);
    ck_assert_uint_eq(log_size(log), 0);
    append_some(log, 5, 1, NULL);
    ck_assert_int_eq(log_host_stop(&h), 0);
    ck_assert(log_host_start(&h, disk, &config));
    log = log_host_find(&h, id_of(1, 0), 0);
    ck_assert_int_eq(log_start(log), 300);
    ck_assert_int_eq(log_end(log), 315);
    log_host_kill(&h);
    file_mem_free(disk);
}
END_TEST

START_TEST(a_start_inside_a_segment_is_remembered)
{
    struct file_mem *disk = file_mem_new(6);
    struct log_host h;
    ck_assert(log_host_start(&h, disk, &config));
    struct log *log = make_log(&h, "t", 1);
    append_some(log, 10, 1, NULL);
    log_advance_start(log, 7);
    step_world_run(&h.world);
    struct log_read read = {.offset = 6, .bound = 100, .size_max = 100};
    ck_assert(log_read(log, &read));
    ck_assert_int_eq(read.outcome, LOG_OUT_OF_RANGE);
    read.offset = 31;
    ck_assert(log_read(log, &read));
    ck_assert_int_eq(read.outcome, LOG_OUT_OF_RANGE);
    for (unsigned clean = 0; clean < 3; clean++) {
        if (clean % 2)
            ck_assert_int_eq(log_host_stop(&h), 0);
        else
            log_host_kill(&h);
        ck_assert(log_host_start(&h, disk, &config));
        log = log_host_find(&h, id_of(1, 0), 0);
        ck_assert_int_eq(log_start(log), 7);
        ck_assert_int_eq(log_end(log), 30);
    }
    log_host_kill(&h);
    file_mem_free(disk);
}
END_TEST

START_TEST(a_follower_takes_what_follows)
{
    struct file_mem *disk = file_mem_new(6);
    struct log_host h;
    struct log_place place;
    ck_assert(log_host_start(&h, disk, &config));
    struct log *log = make_log(&h, "t", 1);
    struct buf *b = log_host_batch(1, 3, 100, 1000);
    struct piece piece = {.buf = b, .size = b->used};
    record_batch_assign(b->data, 5, 4);
    ck_assert_int_eq(log_append_follower(log, &piece, &place), LOG_GAP);
    record_batch_assign(b->data, 0, 4);
    ck_assert_int_eq(log_append_follower(log, &piece, &place), LOG_OK);
    ck_assert_int_eq(place.base, 0);
    ck_assert_int_eq(place.end, 3);
    ck_assert_int_eq(log_append_follower(log, &piece, &place), LOG_GAP);
    ck_assert_int_eq(log_last_epoch(log), 4);
    piece.size = 20;
    ck_assert_int_eq(log_append_follower(log, &piece, &place), LOG_CORRUPT);
    buf_unref(b);
    log_host_kill(&h);
    file_mem_free(disk);
}
END_TEST

/* ---- looking for a time ---- */

struct time_question {
    struct log_time_query query;
    unsigned answers;
};

static void query_done(struct log_time_query *q)
{
    CONTAINER_OF(q, struct time_question, query)->answers++;
}

static struct log_time_query ask(struct log_host *h, struct log *log, int64_t timestamp,
                                 int64_t bound, bool max)
{
    struct time_question q = {
        .query = {
            .timestamp = timestamp, .bound = bound, .max_timestamp = max, .done = query_done}};
    log_find_time(log, &q.query);
    step_world_run(&h->world);
    ck_assert_uint_eq(q.answers, 1);
    ck_assert_int_eq(q.query.outcome, LOG_OK);
    return q.query;
}

/* Batches at 0, 3, 6 ... bear the timestamp 1000 + their offset. */
static void check_times(struct log_host *h, struct log *log)
{
    for (int64_t t = 990; t < 1310; t += 7) {
        struct log_time_query q = ask(h, log, t, INT64_MAX, false);
        int64_t wanted = t <= 1000 ? 0 : t > 1297 ? -1 : (t - 1000 + 2) / 3 * 3;
        ck_assert_int_eq(q.ret_offset, wanted);
        ck_assert_int_eq(q.ret_timestamp, wanted < 0 ? -1 : 1000 + wanted);
        ck_assert_int_eq(q.ret_epoch, wanted < 0 ? -1 : 5);
    }
    ck_assert_int_eq(ask(h, log, 1250, 200, false).ret_offset, -1);
    ck_assert_int_eq(ask(h, log, 0, INT64_MAX, true).ret_offset, 297);
    ck_assert_int_eq(ask(h, log, 0, 150, true).ret_offset, 147);
}

START_TEST(records_by_time)
{
    struct file_mem *disk = file_mem_new(6);
    struct log_host h;
    ck_assert(log_host_start(&h, disk, &config));
    struct log *log = make_log(&h, "t", 1);
    step_world_block(&h.world, 0, LANE_STORE, true);
    append_some(log, 20, 5, NULL);
    ck_assert_int_eq(ask(&h, log, 1010, INT64_MAX, false).ret_offset, 12);
    step_world_block(&h.world, 0, LANE_STORE, false);
    append_some(log, 80, 5, NULL);
    check_times(&h, log);
    ck_assert_int_eq(log_host_stop(&h), 0);
    ck_assert(log_host_start(&h, disk, &config));
    log = log_host_find(&h, id_of(1, 0), 0);
    check_times(&h, log);
    log_host_kill(&h);
    file_mem_free(disk);
}
END_TEST

/* What stands before the place that the indexes name is not read: not in a closed segment, not in
 * the active one. (It is damaged here, and a walk from the start would come by it.) */
START_TEST(a_look_up_by_time_begins_where_the_indexes_say)
{
    struct file_mem *disk = file_mem_new(6);
    struct log_host h;
    char path[64];
    ck_assert(log_host_start(&h, disk, &config));
    struct log *log = make_log(&h, "t", 1);
    append_some(log, 40, 5, NULL);
    step_world_run(&h.world);
    ck_assert_uint_gt(log->segment_count, 2);
    ck_assert_uint_gt(log_active(log)->size, 2000);
    for (size_t i = 0; i < log->segment_count; i++) {
        snprintf(path, sizeof path, "t-0/%020lld.log", (long long)log->segments[i].base);
        ck_assert_int_eq(file_mem_flip(disk, path, 70, 4), 0);
    }
    for (size_t i = 1; i <= log->segment_count; i++) {
        bool active = i == log->segment_count;
        int64_t last = (active ? log_end(log) : log->segments[i].base) - 3;
        ck_assert_int_eq(ask(&h, log, 1000 + last, INT64_MAX, false).ret_offset, last);
        ck_assert_int_eq(ask(&h, log, 1000 + last - 2, INT64_MAX, false).ret_offset, last);
    }
    /* The latest below a bound that lies before the last entry. */
    int64_t bound = time_index_last(&log->index.times).offset;
    ck_assert_int_eq(ask(&h, log, 0, bound, true).ret_offset, bound / 3 * 3);
    log_host_kill(&h);
    file_mem_free(disk);
}
END_TEST

/* A log that is being cut has records all the same: "none" would send a reader to the end. */
START_TEST(a_look_up_by_time_during_a_cut_finds_what_is_left)
{
    struct file_mem *disk = file_mem_new(6);
    struct log_host h;
    ck_assert(log_host_start(&h, disk, &config));
    struct log *log = make_log(&h, "t", 1);
    append_some(log, 40, 5, NULL);
    step_world_run(&h.world);
    int64_t base = log->segments[1].base, to = base + 12;
    step_world_block(&h.world, 0, LANE_STORE, true);
    log_truncate(log, to);
    step_world_run(&h.world);
    ck_assert_int_eq(ask(&h, log, 1000 + base + 3, to, false).ret_offset, base + 3);
    step_world_block(&h.world, 0, LANE_STORE, false);
    step_world_run(&h.world);
    ck_assert_int_eq(ask(&h, log, 1000 + base + 3, to, false).ret_offset, base + 3);
    log_host_kill(&h);
    file_mem_free(disk);
}
END_TEST

/* All records of a batch with LogAppendTime bear the same time: its first is the answer. */
START_TEST(the_largest_append_time_is_the_first_records)
{
    struct file_mem *disk = file_mem_new(6);
    struct log_host h;
    ck_assert(log_host_start(&h, disk, &config));
    struct log *log = make_log(&h, "t", 1);
    for (unsigned i = 0; i < 2; i++) {
        struct buf *b = log_host_batch(i, 3, 10, 5);
        record_batch_set_append_time(b->data, b->used, 2000 + i);
        ck_assert_int_eq(log_host_append(log, b, 1, NULL), LOG_OK);
        buf_unref(b);
    }
    ck_assert_int_eq(ask(&h, log, 0, INT64_MAX, true).ret_offset, 3);
    ck_assert_int_eq(ask(&h, log, 0, INT64_MAX, true).ret_timestamp, 2001);
    ck_assert_int_eq(log_epoch_at(log, 0), 1);
    ck_assert_int_eq(log_epoch_at(log, 5), 1);
    log_host_kill(&h);
    file_mem_free(disk);
}
END_TEST

START_TEST(old_segments_are_rolled)
{
    struct file_mem *disk = file_mem_new(6);
    struct log_host h;
    ck_assert(log_host_start(&h, disk, &config));
    struct log *log = make_log(&h, "t", 1);
    struct log_config c = log_host_log_config();
    c.segment_ms = 5000;
    log_configure(log, &c);
    static const int64_t times[] = {10000, 12000, 15000, 15001, 16000, 30000};
    static const size_t segments[] = {1, 1, 1, 2, 2, 3};
    for (unsigned i = 0; i < COUNT_OF(times); i++) {
        struct buf *b = log_host_batch(i, 1, 10, times[i]);
        ck_assert_int_eq(log_host_append(log, b, 1, NULL), LOG_OK);
        buf_unref(b);
        ck_assert_uint_eq(log->segment_count, segments[i]);
    }
    log_host_kill(&h);
    file_mem_free(disk);
}
END_TEST

SUITE_MAIN("log", appended_then_synced_then_stored, many_segments_are_read_warm_and_cold,
           a_clean_stop_and_start_keeps_everything, after_kill_the_journal_has_it,
           truncation_anywhere, a_truncation_voids_what_is_on_its_way,
           a_deletion_is_told_when_it_is_durable, retention_by_size_and_time,
           a_start_inside_a_segment_is_remembered, a_follower_takes_what_follows, records_by_time,
           a_look_up_by_time_begins_where_the_indexes_say,
           a_look_up_by_time_during_a_cut_finds_what_is_left,
           the_largest_append_time_is_the_first_records, old_segments_are_rolled)
