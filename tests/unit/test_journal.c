/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdlib.h>

#include "broker/log/journal.h"
#include "broker/log/journal_read.h"
#include "common/memory.h"
#include "tests/lib/file_mem.h"
#include "tests/lib/suite.h"

#define FILE_SIZE (256u * 1024)

static const struct uuid journal_id = {{9, 8, 7, 6, 5, 4, 3, 2, 1, 0, 1, 2, 3, 4, 5, 6}};

static struct partition_id id_of(uint8_t topic)
{
    struct partition_id id = {.number = topic * 3};
    memset(id.topic.bytes, topic, sizeof id.topic.bytes);
    return id;
}

/* ---- the format ---- */

static uint32_t encode_all(uint8_t *to)
{
    static const uint8_t bytes[] = "batches";
    const struct journal_entry entries[] = {
        {.kind = JOURNAL_APPEND,
         .id = id_of(1),
         .base = 100,
         .end = 103,
         .segment = 90,
         .pos = 777,
         .bytes = {bytes, sizeof bytes}},
        {.kind = JOURNAL_START, .id = id_of(2), .start = 55},
        {.kind = JOURNAL_TRUNC, .id = id_of(3), .end = 44, .segment = 40, .pos = 12, .epoch = 3},
        {.kind = JOURNAL_OPEN, .id = id_of(4), .start = 7, .topic = VIEW_LITERAL("orders")},
        {.kind = JOURNAL_DROP, .id = id_of(5)},
        {.kind = JOURNAL_ENDS, .id = id_of(6), .end = 1000, .high_watermark = 990},
        {.kind = JOURNAL_RESET, .id = id_of(7), .start = 12345},
    };
    uint32_t at = 0;
    for (unsigned i = 0; i < COUNT_OF(entries); i++) {
        uint32_t size = journal_entry_encode(&entries[i], to + at);
        ck_assert_uint_eq(size, journal_entry_size(&entries[i]));
        struct view rest = {to + at, size};
        struct journal_entry e;
        ck_assert(journal_entry_decode(&rest, &e));
        ck_assert_uint_eq(rest.size, 0);
        ck_assert_int_eq(e.kind, entries[i].kind);
        ck_assert(partition_id_equal(e.id, entries[i].id));
        ck_assert_int_eq(e.base, entries[i].base);
        ck_assert_int_eq(e.end, entries[i].end);
        ck_assert_int_eq(e.segment, entries[i].segment);
        ck_assert_uint_eq(e.pos, entries[i].pos);
        ck_assert_int_eq(e.epoch, entries[i].epoch);
        ck_assert_int_eq(e.start, entries[i].start);
        ck_assert_int_eq(e.high_watermark, entries[i].high_watermark);
        ck_assert(view_equal(e.bytes, entries[i].bytes));
        ck_assert(view_equal(e.topic, entries[i].topic));
        for (uint32_t cut = 0; cut < size; cut++) {
            rest = (struct view){to + at, cut};
            ck_assert(!journal_entry_decode(&rest, &e));
        }
        at += size;
    }
    return at;
}

START_TEST(every_entry_comes_back)
{
    uint8_t bytes[1024];
    ck_assert_uint_gt(encode_all(bytes), 7 * JOURNAL_ENTRY_HEADER_SIZE);
}
END_TEST

START_TEST(a_round_is_judged)
{
    uint8_t bytes[JOURNAL_BLOCK_SIZE] = {0};
    struct journal_round round = {.number = 7, .durable = 6, .floor = 3, .entry_count = 7}, r;
    round.size = JOURNAL_ROUND_HEADER_SIZE + encode_all(bytes + JOURNAL_ROUND_HEADER_SIZE);
    journal_round_seal(bytes, journal_id, &round);
    struct view all = {bytes, sizeof bytes};
    ck_assert_int_eq(journal_round_check(all, journal_id, &r), JOURNAL_ROUND_VALID);
    ck_assert_uint_eq(r.number, 7);
    ck_assert_uint_eq(r.durable, 6);
    ck_assert_uint_eq(r.floor, 3);
    ck_assert_uint_eq(r.entry_count, 7);
    /* Another journal's round, which a client's bytes may pose as, is none of ours. */
    struct uuid other = {{1}};
    ck_assert_int_eq(journal_round_check(all, other, &r), JOURNAL_ROUND_NONE);
    for (uint32_t i = 0; i < round.size; i++) {
        bytes[i] ^= 4;
        ck_assert_int_ne(journal_round_check(all, journal_id, &r), JOURNAL_ROUND_VALID);
        bytes[i] ^= 4;
    }
    for (uint32_t cut = 0; cut < round.size; cut++)
        ck_assert_int_ne(journal_round_check((struct view){bytes, cut}, journal_id, &r),
                         JOURNAL_ROUND_VALID);
}
END_TEST

/* ---- a journal at work ---- */

#define LOGS 5

struct bench {
    struct file_mem *disk;
    void *fs;
    struct journal journal;
    struct journal_log logs[LOGS];
    uint64_t random;
    uint8_t *bytes;
};

static uint64_t draw(struct bench *b, uint64_t below)
{
    b->random = b->random * UINT64_C(6364136223846793005) + 1442695040888963407;
    return (b->random >> 33) % below;
}

static void bench_init(struct bench *b, uint64_t seed)
{
    *b = (struct bench){.disk = file_mem_new(seed), .random = seed};
    b->fs = file_mem_mount(b->disk, "");
    b->bytes = xcalloc(1, FILE_SIZE);
    journal_init(&b->journal, journal_id, FILE_SIZE, 0);
    for (uint8_t i = 0; i < LOGS; i++)
        journal_log_init(&b->logs[i], id_of(i), 0, 0);
}

static void bench_deinit(struct bench *b)
{
    journal_deinit(&b->journal);
    file_mem_kill(b->fs);
    file_mem_free(b->disk);
    free(b->bytes);
}

static struct journal_item *append_item(struct bench *b, unsigned log, uint32_t size)
{
    struct journal_item *item = xcalloc(1, sizeof *item);
    journal_item_init(item, &b->journal, 0);
    item->log = &b->logs[log];
    item->entry = (struct journal_entry){
        .kind = JOURNAL_APPEND, .id = b->logs[log].id, .end = 1, .bytes = {b->bytes, size}};
    return item;
}

static struct journal_item *nothing_item(struct bench *b)
{
    struct journal_item *item = xcalloc(1, sizeof *item);
    journal_item_init(item, &b->journal, 0);
    return item;
}

static void run_items(struct bench *b, struct journal_item **items, size_t count)
{
    for (size_t i = 0; i + 1 < count; i++)
        items[i]->job.next = &items[i + 1]->job;
    journal_run(&items[0]->job, &file_mem_ops, b->fs);
}

static uint64_t run_one(struct bench *b, struct journal_item *item)
{
    run_items(b, &item, 1);
    ck_assert_int_eq(item->job.error, 0);
    uint64_t round = item->round;
    if (item->entry.kind != JOURNAL_NOTHING)
        journal_stored(&b->journal, item->slot);
    free(item);
    return round;
}

/* Small appends are copied into the round, large ones are written from where they are. */
START_TEST(appends_of_all_sizes_share_a_round)
{
    static const uint32_t sizes[] = {1, 4095, 4096, 4097, 300, 9000, 5000, 7};
    enum {
        COUNT = sizeof sizes / sizeof *sizes
    };
    struct journal_item *items[COUNT];
    struct bench b;
    struct journal_read r;
    bench_init(&b, 5);
    for (uint32_t i = 0; i < FILE_SIZE; i++)
        b.bytes[i] = (uint8_t)(i * 31 + i / 256);
    for (unsigned i = 0; i < COUNT; i++) {
        items[i] = append_item(&b, i % LOGS, sizes[i]);
        items[i]->entry.base = (int64_t)i;
        items[i]->entry.end = (int64_t)i + 1;
        items[i]->entry.bytes.base += (size_t)i * 10000;
        ck_assert(journal_reserve(&b.journal, items[i]));
    }
    run_items(&b, items, COUNT);
    ck_assert_int_eq(journal_read(&r, &file_mem_ops, b.fs, journal_id), 0);
    ck_assert_uint_eq(r.live_count, 1);
    struct view entries = journal_live_entries(&r.live[0]);
    for (unsigned i = 0; i < COUNT; i++) {
        struct journal_entry e;
        ck_assert_int_eq(items[i]->job.error, 0);
        ck_assert(journal_entry_decode(&entries, &e));
        ck_assert_int_eq(e.kind, JOURNAL_APPEND);
        ck_assert_int_eq(e.base, (int64_t)i);
        ck_assert(view_equal(e.bytes, items[i]->entry.bytes));
        free(items[i]);
    }
    ck_assert_uint_eq(entries.size, 0);
    journal_read_deinit(&r);
    bench_deinit(&b);
}
END_TEST

START_TEST(a_round_states_the_ends_of_the_one_before)
{
    struct bench b;
    struct journal_read r;
    bench_init(&b, 1);
    struct journal_item *item = append_item(&b, 2, 500);
    item->entry.base = 10;
    item->entry.end = 14;
    ck_assert(journal_reserve(&b.journal, item));
    ck_assert_uint_eq(run_one(&b, item), 1);
    atomic_store(&b.logs[2].high_watermark, 12);
    ck_assert(atomic_load(&b.journal.ends_open));
    ck_assert_uint_eq(run_one(&b, nothing_item(&b)), 2);
    ck_assert(!atomic_load(&b.journal.ends_open));
    (void)run_one(&b, nothing_item(&b)); /* nothing to say: no round */
    ck_assert_uint_eq(b.journal.next_round, 3);
    ck_assert_int_eq(journal_read(&r, &file_mem_ops, b.fs, journal_id), 0);
    ck_assert_uint_eq(r.live_count, 2);
    ck_assert_uint_eq(r.missing_count, 0);
    ck_assert_uint_eq(r.floor, 1);
    struct view entries = journal_live_entries(&r.live[1]);
    struct journal_entry e;
    ck_assert(journal_entry_decode(&entries, &e));
    ck_assert_int_eq(e.kind, JOURNAL_ENDS);
    ck_assert(partition_id_equal(e.id, id_of(2)));
    ck_assert_int_eq(e.end, 14);
    ck_assert_int_eq(e.high_watermark, 12);
    ck_assert_uint_eq(entries.size, 0);
    journal_read_deinit(&r);
    bench_deinit(&b);
}
END_TEST

/* Rounds of all sizes for a long time: whatever was given room finds a place, the files are used
 * in turn, and what a crash would find is every round from the floor on. */
START_TEST(the_files_are_used_in_turn)
{
    for (uint64_t seed = 1; seed <= 20; seed++) {
        struct bench b;
        struct journal_item *items[64];
        bench_init(&b, seed);
        unsigned turned_away = 0;
        for (unsigned step = 0; step < 300; step++) {
            size_t count = 0, wanted = 1 + draw(&b, 20);
            uint32_t most = draw(&b, 10) == 0 ? FILE_SIZE / 4 : 3000;
            while (count < wanted) {
                struct journal_item *item =
                    append_item(&b, (unsigned)draw(&b, LOGS), 1 + (uint32_t)draw(&b, most));
                if (!journal_reserve(&b.journal, item)) {
                    free(item);
                    turned_away++;
                    break;
                }
                items[count++] = item;
            }
            if (count == 0)
                items[count++] = nothing_item(&b);
            run_items(&b, items, count);
            for (size_t i = 0; i < count; i++) {
                ck_assert_int_eq(items[i]->job.error, 0);
                if (items[i]->entry.kind != JOURNAL_NOTHING)
                    journal_stored(&b.journal, items[i]->slot);
                free(items[i]);
            }
            if (draw(&b, 4) == 0 && journal_releasable(&b.journal))
                journal_release(&b.journal, journal_releasable_below(&b.journal));
            ck_assert_int_ge(atomic_load(&b.journal.room), -(int64_t)(4 * JOURNAL_BLOCK_SIZE));
        }
        ck_assert_uint_gt(turned_away, 0);
        struct journal_read r;
        ck_assert_int_eq(journal_read(&r, &file_mem_ops, b.fs, journal_id), 0);
        ck_assert_uint_eq(r.missing_count, 0);
        ck_assert_uint_gt(r.floor, 1);
        ck_assert_uint_eq(r.live_count, b.journal.next_round - r.floor);
        journal_read_deinit(&r);
        bench_deinit(&b);
    }
}
END_TEST

/* Together they would make a round larger than its file has room for. */
START_TEST(a_round_is_bounded)
{
    struct bench b;
    struct journal_item *items[12];
    bench_init(&b, 1);
    for (unsigned i = 0; i < COUNT_OF(items); i++) {
        items[i] = append_item(&b, i % LOGS, (uint32_t)(b.journal.round_size_max / 4));
        ck_assert(journal_reserve(&b.journal, items[i]));
    }
    run_items(&b, items, COUNT_OF(items));
    for (unsigned i = 0; i < COUNT_OF(items); i++) {
        ck_assert_int_eq(items[i]->job.error, 0);
        ck_assert_uint_eq(items[i]->round, 1 + i / 3);
        free(items[i]);
    }
    bench_deinit(&b);
}
END_TEST

/* Rounds are needed as long as one of their entries is not in its place. */
START_TEST(what_is_not_stored_is_not_released)
{
    struct bench b;
    bench_init(&b, 1);
    struct journal_item *late = append_item(&b, 0, 1000);
    ck_assert(journal_reserve(&b.journal, late));
    run_items(&b, &late, 1);
    struct journal_item *item = append_item(&b, 1, 3000);
    while (journal_reserve(&b.journal, item)) {
        (void)run_one(&b, item);
        item = append_item(&b, 1, 3000);
    }
    ck_assert_uint_gt(atomic_load(&b.journal.slot_current), late->slot);
    ck_assert(!journal_releasable(&b.journal));
    /* Both files are full of what is needed: the ends find a place all the same. */
    struct journal_read r;
    (void)run_one(&b, nothing_item(&b));
    ck_assert_int_eq(journal_read(&r, &file_mem_ops, b.fs, journal_id), 0);
    ck_assert_uint_eq(r.missing_count, 0);
    ck_assert_uint_eq(r.live_count, b.journal.next_round - 1);
    journal_read_deinit(&r);
    journal_stored(&b.journal, late->slot);
    ck_assert(journal_releasable(&b.journal));
    journal_release(&b.journal, journal_releasable_below(&b.journal));
    ck_assert(!journal_releasable(&b.journal));
    ck_assert_uint_ge(atomic_load(&b.journal.round_released), late->round);
    free(item);
    free(late);
    bench_deinit(&b);
}
END_TEST

START_TEST(a_failed_sync_is_for_ever)
{
    struct bench b;
    bench_init(&b, 1);
    struct journal_item *item = append_item(&b, 0, 100);
    ck_assert(journal_reserve(&b.journal, item));
    (void)run_one(&b, item);
    file_mem_fail(b.disk, FILE_MEM_DATASYNC, "journal", 1, EIO, false);
    for (unsigned i = 0; i < 3; i++) {
        item = append_item(&b, 0, 100);
        ck_assert(journal_reserve(&b.journal, item));
        run_items(&b, &item, 1);
        ck_assert_int_eq(item->job.error, -EIO);
        free(item);
    }
    ck_assert(atomic_load(&b.journal.failed));
    bench_deinit(&b);
}
END_TEST

START_TEST(a_floor_round_ends_what_was)
{
    struct bench b;
    struct journal_read r;
    bench_init(&b, 1);
    for (unsigned start = 0; start < 5; start++) {
        for (unsigned i = 0; i < 3; i++) {
            struct journal_item *item = append_item(&b, i, 100);
            ck_assert(journal_reserve(&b.journal, item));
            (void)run_one(&b, item);
        }
        ck_assert_int_eq(journal_write_floor(&b.journal, &file_mem_ops, b.fs), 0);
        ck_assert_int_eq(journal_read(&r, &file_mem_ops, b.fs, journal_id), 0);
        ck_assert_uint_eq(r.live_count, 1);
        ck_assert_uint_eq(r.live[0].round.entry_count, 0);
        ck_assert_uint_eq(r.missing_count, 0);
        struct journal_read closed;
        ck_assert_int_eq(journal_read_closed(&closed, &file_mem_ops, b.fs, journal_id), 0);
        ck_assert_uint_eq(closed.floor, r.floor);
        ck_assert_uint_eq(closed.floor_file, r.floor_file);
        ck_assert_uint_eq(closed.number_seen, r.number_seen);
        journal_deinit(&b.journal);
        journal_init(&b.journal, journal_id, FILE_SIZE, 0);
        journal_start(&b.journal, r.number_seen + 1, r.floor, r.floor_file);
        journal_read_deinit(&r);
    }
    bench_deinit(&b);
}
END_TEST

/* A bad round hides neither the one before nor the one behind it. */
START_TEST(damage_is_a_missing_number)
{
    struct bench b;
    struct journal_read r;
    bench_init(&b, 1);
    for (unsigned i = 0; i < 5; i++) {
        struct journal_item *item = append_item(&b, i, 6000);
        ck_assert(journal_reserve(&b.journal, item));
        (void)run_one(&b, item);
    }
    ck_assert_int_eq(file_mem_flip(b.disk, journal_file_name(0), 2 * 8192 + 5000, 1), 0);
    ck_assert_int_eq(journal_read(&r, &file_mem_ops, b.fs, journal_id), 0);
    ck_assert_uint_eq(r.live_count, 4);
    ck_assert_uint_eq(r.missing_count, 1);
    ck_assert_uint_eq(r.missing_first, 3);
    journal_read_deinit(&r);
    bench_deinit(&b);
}
END_TEST

SUITE_MAIN("journal", every_entry_comes_back, a_round_is_judged, appends_of_all_sizes_share_a_round,
           a_round_states_the_ends_of_the_one_before, the_files_are_used_in_turn,
           a_round_is_bounded, what_is_not_stored_is_not_released, a_failed_sync_is_for_ever,
           a_floor_round_ends_what_was, damage_is_a_missing_number)
