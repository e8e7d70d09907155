/* SPDX-License-Identifier: Apache-2.0 */
/* Everything that is done to a log, in a random order, while lanes stop and descriptors come and
 * go: nothing is lost, no file is missed, and everybody is answered. */
#include <errno.h>

#include "broker/log/log_internal.h"
#include "common/bytes.h"
#include "proto/record_batch.h"
#include "tests/lib/log_host.h"
#include "tests/lib/suite.h"

#define SEEDS 100
#define STEPS 120
#define READERS 6
#define BATCHES_MAX 4000

static const struct log_host_config config = {.journal_file_size = 512 * 1024, .seed = 11};

struct batch {
    int64_t base, end;
    uint32_t crc;
};
struct reader {
    struct log_read read;
    bool out;
};
struct question {
    struct log_time_query query;
    bool out;
};
struct bench {
    struct file_mem *disk;
    struct log_host h;
    struct log *log;
    uint64_t random;
    int32_t epoch;
    int64_t start, end; /* as they have to be */
    struct batch batches[BATCHES_MAX];
    unsigned count;
    struct reader readers[READERS];
    struct question questions[READERS];
};
static struct bench b;

static uint64_t draw(uint64_t below)
{
    b.random ^= b.random << 13;
    b.random ^= b.random >> 7;
    b.random ^= b.random << 17;
    return b.random % below;
}

/* ---- what has to be ---- */

static void note(int64_t base, const struct buf *buf)
{
    ck_assert_uint_lt(b.count, BATCHES_MAX);
    b.batches[b.count++] = (struct batch){base, log_end(b.log), load_u32(buf->data + 17)};
    b.end = log_end(b.log);
}

static void model_cut(int64_t to)
{
    while (b.count > 0 && b.batches[b.count - 1].end > to)
        b.end = b.batches[--b.count].base;
    if (b.end < b.start)
        b.end = b.start;
    if (b.end <= b.start)
        b.count = 0;
}

static void model_start(int64_t start)
{
    if (start <= b.start)
        return;
    b.start = start;
    if (start >= b.end) {
        b.end = start;
        b.count = 0;
    }
}

static const struct batch *find(int64_t base)
{
    for (unsigned i = 0; i < b.count; i++)
        if (b.batches[i].base == base)
            return &b.batches[i];
    return NULL;
}

static void check_bytes(const struct log_read *read)
{
    for (unsigned i = 0; i < read->piece_count; i++) {
        struct view rest = {piece_bytes(&read->pieces[i]), read->pieces[i].size};
        while (rest.size > 0) {
            struct record_batch batch;
            ck_assert_int_eq(record_batch_next(&rest, &batch), 0);
            const struct batch *m = find(batch.base_offset);
            ck_assert_msg(m != NULL, "a batch that was cut, at %lld", (long long)batch.base_offset);
            ck_assert_uint_eq(m->crc, load_u32(batch.bytes.base + 17));
        }
    }
}

static bool may_be(enum log_outcome outcome)
{
    return outcome == LOG_OK || outcome == LOG_OUT_OF_RANGE || outcome == LOG_BUSY;
}

/* ---- what is done ---- */

static void read_ended(struct log_read *read)
{
    struct reader *r = CONTAINER_OF(read, struct reader, read);
    r->out = false;
    ck_assert_msg(may_be(read->outcome), "a read: %d", read->outcome);
    if (!log_truncating(b.log))
        check_bytes(read);
    log_read_reset(read);
}

static void do_read(void)
{
    struct reader *r = &b.readers[draw(READERS)];
    if (r->out) {
        log_read_reset(&r->read);
        r->out = false;
        return;
    }
    int64_t span = log_end(b.log) - log_start(b.log) + 1;
    *r = (struct reader){.read = {.offset = log_start(b.log) + (int64_t)draw((uint64_t)span),
                                  .bound = INT64_MAX,
                                  .size_max = (uint32_t)draw(6000) + 1,
                                  .first_whole = draw(2),
                                  .done = read_ended}};
    r->out = true;
    if (log_read(b.log, &r->read))
        read_ended(&r->read);
}

static void found(struct log_time_query *q)
{
    CONTAINER_OF(q, struct question, query)->out = false;
    ck_assert_msg(may_be(q->outcome), "a look-up: %d", q->outcome);
}

static void do_ask(void)
{
    struct question *q = &b.questions[draw(READERS)];
    if (q->out)
        return;
    int64_t span = log_end(b.log) - log_start(b.log) + 1;
    *q = (struct question){
        .query = {.timestamp = 1000 + log_start(b.log) + (int64_t)draw((uint64_t)span),
                  .max_timestamp = draw(4) == 0,
                  .bound = draw(2) ? INT64_MAX : log_end(b.log),
                  .done = found},
        .out = true};
    log_find_time(b.log, &q->query);
}

static void do_append(void)
{
    for (uint64_t n = 1 + draw(12); n > 0; n--) {
        int64_t base = log_end(b.log);
        if (log_truncating(b.log))
            return;
        ck_assert_int_eq(base, b.end);
        struct buf *buf = log_host_batch((uint64_t)base, 1 + (uint32_t)draw(4), 100, 1000 + base);
        enum log_outcome outcome = log_host_append(b.log, buf, b.epoch, NULL);
        ck_assert(outcome == LOG_OK || outcome == LOG_FULL);
        if (outcome == LOG_OK)
            note(base, buf);
        buf_unref(buf);
    }
}

static void do_cut(void)
{
    int64_t span = b.end - b.start + 1;
    int64_t to = b.end - (int64_t)draw((uint64_t)(draw(2) ? span : (span < 40 ? span : 40)));
    log_truncate(b.log, to);
    model_cut(to);
    b.epoch++;
}

static void do_start(void)
{
    int64_t span = b.end - b.start + 1;
    int64_t to = b.start + (int64_t)draw((uint64_t)span);
    if (draw(3) == 0)
        to = log_end(b.log);
    log_advance_start(b.log, to);
    model_start(to);
}

static void do_reset(void)
{
    int64_t to = log_end(b.log) + (int64_t)draw(100);
    log_reset(b.log, to);
    b.start = b.end = to;
    b.count = 0;
}

static void do_want(void)
{
    static const enum file_mem_call calls[] = {FILE_MEM_OPEN, FILE_MEM_LIST, FILE_MEM_SYNC_DIR};
    static const int errors[] = {EMFILE, ENFILE, ENOMEM};
    static const char *const paths[] = {NULL, ".log", ".index", "checkpoint", ".snapshot"};
    enum file_mem_call call = calls[draw(2) ? 0 : draw(3)];
    const char *path = call == FILE_MEM_OPEN ? paths[draw(5)] : NULL;
    file_mem_fail(b.disk, call, path, draw(3), errors[draw(3)], draw(2));
}

static void do_time(void)
{
    static const uint64_t times[] = {0, 1, 30, 100, 150, 500, 3000};
    if (draw(2))
        (void)step_world_step(&b.h.world);
    else
        step_world_advance(&b.h.world, times[draw(7)]);
}

static void plenty(void)
{
    file_mem_fail(b.disk, FILE_MEM_OPEN, NULL, 0, EMFILE, false);
    file_mem_fail(b.disk, FILE_MEM_LIST, NULL, 0, EMFILE, false);
    file_mem_fail(b.disk, FILE_MEM_SYNC_DIR, NULL, 0, EMFILE, false);
    for (unsigned lane = 0; lane < LANE_COUNT; lane++)
        step_world_block(&b.h.world, 0, (enum disk_lane)lane, false);
}

static void do_something(void)
{
    switch (draw(16)) {
    case 0:
    case 1:
    case 2:
        do_append();
        break;
    case 3:
    case 4:
        do_read();
        break;
    case 5:
        do_ask();
        break;
    case 6:
        do_cut();
        break;
    case 7:
        do_start();
        break;
    case 8:
        if (draw(6) == 0)
            do_reset();
        break;
    case 9:
    case 10:
        do_want();
        break;
    case 11:
        b.h.world.cold = draw(2);
        step_world_block(&b.h.world, 0, (enum disk_lane)draw(LANE_COUNT), draw(2));
        break;
    case 12:
        if (draw(3) == 0)
            plenty();
        break;
    default:
        do_time();
    }
}

static void check_all(void)
{
    enum log_outcome outcome;
    ck_assert(!log_is_failed(b.log) && !log_is_suspect(b.log) && !log_truncating(b.log));
    ck_assert_int_eq(log_start(b.log), b.start);
    ck_assert_int_eq(log_end(b.log), b.end);
    ck_assert_int_eq(log_synced_end(b.log), b.end);
    ck_assert_int_eq(log_stored_end(b.log), b.end);
    struct buf *all = log_host_read(&b.h, b.log, b.start, 3000, &outcome);
    ck_assert_int_eq(outcome, LOG_OK);
    struct view rest = {all->data, all->used};
    unsigned i = 0;
    while (i < b.count && b.batches[i].end <= b.start)
        i++;
    for (; rest.size > 0; i++) {
        struct record_batch batch;
        ck_assert_int_eq(record_batch_next(&rest, &batch), 0);
        ck_assert_uint_lt(i, b.count);
        ck_assert_int_eq(batch.base_offset, b.batches[i].base);
    }
    ck_assert_uint_eq(i, b.count);
    buf_unref(all);
}

static void live(uint64_t seed)
{
    b = (struct bench){.random = UINT64_C(0x9e3779b97f4a7c15) * (seed + 1), .epoch = 1};
    b.disk = file_mem_new(seed);
    ck_assert(log_host_start(&b.h, b.disk, &config));
    b.log = log_host_make(&b.h, 1);
    step_world_run(&b.h.world);
    for (unsigned i = 0; i < STEPS; i++)
        do_something();
    plenty();
    step_world_advance(&b.h.world, 10000);
    for (unsigned i = 0; i < READERS; i++)
        ck_assert(!b.readers[i].out && !b.questions[i].out);
    check_all();
    if (draw(2))
        ck_assert_int_eq(log_host_stop(&b.h), 0);
    else
        log_host_kill(&b.h);
    ck_assert(log_host_start(&b.h, b.disk, &config));
    b.log = log_host_find(&b.h, log_host_id(1), 0);
    ck_assert_ptr_nonnull(b.log);
    check_all();
    log_host_kill(&b.h);
    file_mem_free(b.disk);
}

START_TEST(nothing_is_lost_and_nobody_waits_for_ever)
{
    for (uint64_t seed = 0; seed < SEEDS; seed++)
        live(seed);
}
END_TEST

SUITE_MAIN("log, random", nothing_is_lost_and_nobody_waits_for_ever)
