/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "broker/log/producer_state.h"
#include "proto/record_builder.h"
#include "tests/lib/file_mem.h"
#include "tests/lib/suite.h"

static struct producer_state state;
static struct record_builder builder;
static int64_t next_offset;

static void start(uint32_t count_max)
{
    producer_state_init(&state, count_max);
    record_builder_init(&builder);
    next_offset = 100;
}

static void finish(void)
{
    producer_state_deinit(&state);
    record_builder_deinit(&builder);
}

/* A batch of `count` records from a producer, not appended yet. */
static struct record_batch batch_of(int64_t id, int16_t epoch, int32_t sequence, int32_t count)
{
    return (struct record_batch){.producer_id = id,
                                 .producer_epoch = epoch,
                                 .base_sequence = sequence,
                                 .last_offset_delta = count - 1,
                                 .count = (uint32_t)count,
                                 .max_timestamp = 5000 + next_offset};
}

static enum producer_verdict check(struct record_batch batch)
{
    struct producer_duplicate duplicate;
    return producer_state_check(&state, &batch, &duplicate);
}

static void append(struct record_batch batch)
{
    struct aborted_txn aborted;
    batch.base_offset = next_offset;
    next_offset += batch.last_offset_delta + 1;
    ck_assert(!producer_state_update(&state, &batch, &aborted));
    ck_assert_int_eq(state.end_offset, next_offset);
}

static struct record_batch transactional(struct record_batch batch)
{
    batch.attributes |= RECORD_BATCH_TRANSACTIONAL;
    return batch;
}

/* Appends a marker; true when it aborted a transaction. */
static bool mark(int64_t id, int16_t epoch, enum txn_marker_type type, int32_t coordinator_epoch,
                 struct aborted_txn *ret)
{
    struct record_batch_options options = {.base_offset = next_offset++,
                                           .producer_id = id,
                                           .producer_epoch = epoch,
                                           .base_sequence = -1,
                                           .transactional = true,
                                           .control = true};
    struct record_batch batch;
    record_builder_reset(&builder);
    record_builder_add_marker(&builder, 7777, (struct txn_marker){type, coordinator_epoch});
    ck_assert_int_eq(record_batch_parse(record_builder_finish(&builder, &options), &batch), 0);
    return producer_state_update(&state, &batch, ret);
}

START_TEST(batches_without_a_producer_always_pass)
{
    start(10);
    ck_assert_int_eq(check(batch_of(-1, -1, -1, 3)), PRODUCER_NEW);
    append(batch_of(-1, -1, -1, 3));
    ck_assert_uint_eq(producer_state_count(&state), 0);
    finish();
}
END_TEST

START_TEST(the_next_sequence_passes_and_a_gap_does_not)
{
    start(10);
    /* An unknown producer may come with any sequence: its state may have expired. */
    ck_assert_int_eq(check(batch_of(1, 0, 50, 2)), PRODUCER_NEW);
    append(batch_of(1, 0, 0, 2));
    ck_assert_int_eq(check(batch_of(1, 0, 2, 1)), PRODUCER_NEW);
    ck_assert_int_eq(check(batch_of(1, 0, 3, 1)), PRODUCER_OUT_OF_ORDER);
    ck_assert_int_eq(check(batch_of(1, 0, 0, 1)), PRODUCER_OUT_OF_ORDER); /* a part of a batch */
    ck_assert_int_eq(check(batch_of(2, 0, 9, 1)), PRODUCER_NEW);
    finish();
}
END_TEST

START_TEST(the_last_five_batches_are_recognised)
{
    struct producer_duplicate duplicate;
    start(10);
    for (int32_t i = 0; i < 7; i++)
        append(batch_of(1, 0, 3 * i, 3));
    for (int32_t i = 0; i < 7; i++) {
        struct record_batch again = batch_of(1, 0, 3 * i, 3);
        enum producer_verdict verdict = producer_state_check(&state, &again, &duplicate);
        ck_assert_int_eq(verdict, i < 2 ? PRODUCER_FORGOTTEN : PRODUCER_DUPLICATE);
        if (i < 2) {
            ck_assert_int_eq(duplicate.base_offset, -1);
            ck_assert_int_eq(duplicate.last_offset, 105); /* it lies there or below */
            continue;
        }
        ck_assert_int_eq(duplicate.base_offset, 100 + 3 * i);
        ck_assert_int_eq(duplicate.last_offset, 102 + 3 * i);
        ck_assert_int_eq(duplicate.timestamp_ms, 5100 + 3 * i);
    }
    ck_assert_int_eq(check(batch_of(1, 0, 18, 2)), PRODUCER_OUT_OF_ORDER);
    finish();
}
END_TEST

/* What was seen from its first batch on, without a gap, is there. */
START_TEST(a_forgotten_batch_is_told_from_one_that_never_came)
{
    start(10);
    for (int32_t i = 10; i < 20; i++)
        append(batch_of(1, 0, i, 1));
    ck_assert_int_eq(check(batch_of(1, 0, 9, 1)), PRODUCER_OUT_OF_ORDER);
    ck_assert_int_eq(check(batch_of(1, 0, 9, 2)), PRODUCER_OUT_OF_ORDER);
    ck_assert_int_eq(check(batch_of(1, 0, 10, 1)), PRODUCER_FORGOTTEN);
    ck_assert_int_eq(check(batch_of(1, 0, 13, 2)), PRODUCER_FORGOTTEN);
    ck_assert_int_eq(check(batch_of(1, 0, 14, 2)), PRODUCER_OUT_OF_ORDER); /* 15 is remembered */
    ck_assert_int_eq(check(batch_of(1, 0, INT32_MAX, 4)), PRODUCER_OUT_OF_ORDER);
    append(batch_of(1, 1, 0, 1));
    append(batch_of(1, 1, 1, 1));
    ck_assert_int_eq(check(batch_of(1, 0, 10, 1)), PRODUCER_STALE_EPOCH);
    ck_assert_int_eq(check(batch_of(1, 1, 10, 1)), PRODUCER_OUT_OF_ORDER);
    finish();
}
END_TEST

START_TEST(sequences_wrap)
{
    struct producer_duplicate duplicate;
    start(10);
    append(batch_of(1, 0, INT32_MAX - 1, 2));
    ck_assert_int_eq(check(batch_of(1, 0, 0, 1)), PRODUCER_NEW);
    append(batch_of(2, 0, INT32_MAX, 3)); /* ends at 1 */
    struct record_batch again = batch_of(2, 0, INT32_MAX, 3);
    ck_assert_int_eq(producer_state_check(&state, &again, &duplicate), PRODUCER_DUPLICATE);
    ck_assert_int_eq(check(batch_of(2, 0, 2, 1)), PRODUCER_NEW);
    /* What comes after a wrap is new, and not what came under its number before. */
    append(batch_of(3, 0, 0, 1));
    for (int32_t i = 0; i < 8; i++)
        append(batch_of(3, 0, 1 + i * (INT32_MAX / 8), INT32_MAX / 8));
    for (int32_t i = 0; i < 5; i++)
        append(batch_of(3, 0, INT32_MAX - 6 + i, 1));
    ck_assert_int_eq(check(batch_of(3, 0, INT32_MAX - 1000, 1)), PRODUCER_FORGOTTEN);
    /* It has overtaken the one that wraps. */
    ck_assert_int_eq(check(batch_of(3, 0, 3, 1)), PRODUCER_OUT_OF_ORDER);
    append(batch_of(3, 0, INT32_MAX - 1, 5)); /* ends at 2 */
    ck_assert_int_eq(check(batch_of(3, 0, 3, 1)), PRODUCER_NEW);
    ck_assert_int_eq(check(batch_of(3, 0, 5, 1)), PRODUCER_OUT_OF_ORDER);
    finish();
}
END_TEST

START_TEST(epochs_fence)
{
    start(10);
    append(batch_of(1, 3, 0, 2));
    ck_assert_int_eq(check(batch_of(1, 2, 2, 1)), PRODUCER_STALE_EPOCH);
    ck_assert_int_eq(check(batch_of(1, 4, 2, 1)), PRODUCER_OUT_OF_ORDER);
    ck_assert_int_eq(check(batch_of(1, 4, 0, 1)), PRODUCER_NEW);
    append(batch_of(1, 4, 0, 1));
    ck_assert_int_eq(check(batch_of(1, 3, 0, 2)), PRODUCER_STALE_EPOCH);
    ck_assert_uint_eq(producer_state_find(&state, 1)->batch_count, 1);
    finish();
}
END_TEST

START_TEST(transactions_open_and_end)
{
    struct aborted_txn aborted;
    start(10);
    append(transactional(batch_of(1, 0, 0, 2))); /* 100, 101 */
    append(transactional(batch_of(2, 0, 0, 2))); /* 102, 103 */
    append(transactional(batch_of(1, 0, 2, 1))); /* 104 */
    ck_assert_int_eq(open_txns_first_unstable(&state.txns), 100);
    ck_assert_int_eq(check(batch_of(1, 0, 3, 1)), PRODUCER_NOT_IN_TXN);
    ck_assert_int_eq(check(transactional(batch_of(1, 0, 3, 1))), PRODUCER_NEW);
    ck_assert(mark(1, 0, TXN_MARKER_ABORT, 5, &aborted)); /* 105 */
    ck_assert_int_eq(aborted.producer_id, 1);
    ck_assert_int_eq(aborted.first_offset, 100);
    ck_assert_int_eq(aborted.last_offset, 105);
    ck_assert_int_eq(aborted.last_stable_offset, 102);
    /* The end counts once it is below the high watermark. */
    open_txns_advance(&state.txns, 105);
    ck_assert_int_eq(open_txns_first_unstable(&state.txns), 100);
    open_txns_advance(&state.txns, 106);
    ck_assert_int_eq(open_txns_first_unstable(&state.txns), 102);
    ck_assert(!mark(2, 0, TXN_MARKER_COMMIT, 5, &aborted)); /* 106 */
    open_txns_advance(&state.txns, 107);
    ck_assert_int_eq(open_txns_first_unstable(&state.txns), -1);
    ck_assert_int_eq(check(batch_of(1, 0, 3, 1)), PRODUCER_NEW);
    ck_assert_int_eq(producer_state_find(&state, 1)->coordinator_epoch, 5);
    ck_assert_int_eq(producer_state_find(&state, 1)->timestamp_ms, 7777);
    finish();
}
END_TEST

START_TEST(markers_are_checked)
{
    struct aborted_txn aborted;
    start(10);
    ck_assert_int_eq(producer_state_check_marker(&state, 1, 0, 5), PRODUCER_MARKER_OK);
    append(transactional(batch_of(1, 2, 0, 1)));
    ck_assert_int_eq(producer_state_check_marker(&state, 1, 1, 5), PRODUCER_MARKER_STALE_EPOCH);
    ck_assert_int_eq(producer_state_check_marker(&state, 1, 2, 5), PRODUCER_MARKER_OK);
    mark(1, 2, TXN_MARKER_COMMIT, 5, &aborted);
    ck_assert_int_eq(producer_state_check_marker(&state, 1, 2, 5), PRODUCER_MARKER_REPEAT);
    ck_assert_int_eq(producer_state_check_marker(&state, 1, 2, 4), PRODUCER_MARKER_FENCED);
    ck_assert_int_eq(producer_state_check_marker(&state, 1, 3, 5), PRODUCER_MARKER_OK);
    /* A marker with a newer epoch fences the producer and begins its sequence anew. */
    mark(1, 3, TXN_MARKER_ABORT, 5, &aborted);
    ck_assert_int_eq(check(batch_of(1, 2, 1, 1)), PRODUCER_STALE_EPOCH);
    ck_assert_int_eq(check(batch_of(1, 3, 1, 1)), PRODUCER_OUT_OF_ORDER);
    ck_assert_int_eq(check(batch_of(1, 3, 0, 1)), PRODUCER_NEW);
    finish();
}
END_TEST

START_TEST(old_producers_expire_but_not_in_a_transaction)
{
    start(10);
    append(batch_of(1, 0, 0, 1));                /* at 5100 */
    append(transactional(batch_of(2, 0, 0, 1))); /* at 5101 */
    append(batch_of(3, 0, 0, 1));                /* at 5102 */
    /* Whatever the batches' own times are: from when they are first seen. */
    ck_assert_uint_eq(producer_state_expire(&state, 999000, 1000), 0);
    append(batch_of(3, 0, 1, 1));
    ck_assert_uint_eq(producer_state_expire(&state, 999999, 1000), 0);
    ck_assert_uint_eq(producer_state_expire(&state, 1000000, 1000), 1);
    ck_assert_ptr_null(producer_state_find(&state, 1));
    ck_assert_uint_eq(producer_state_expire(&state, 990000, 1000), 0); /* put back */
    ck_assert_uint_eq(producer_state_expire(&state, 990999, 1000), 0);
    ck_assert_uint_eq(producer_state_expire(&state, 991000, 1000), 1);
    ck_assert_ptr_nonnull(producer_state_find(&state, 2));
    finish();
}
END_TEST

START_TEST(producers_of_a_snapshot_are_as_old_as_it_says)
{
    start(10);
    append(batch_of(1, 0, 0, 1));
    size_t size;
    uint8_t *bytes = producer_state_encode(&state, &size);
    int64_t end = state.end_offset;
    ck_assert(producer_state_decode(&state, (struct view){bytes, (uint32_t)size}, end));
    free(bytes);
    ck_assert_uint_eq(producer_state_expire(&state, 6099, 1000), 0);
    ck_assert_uint_eq(producer_state_expire(&state, 6101, 1000), 1);
    finish();
}
END_TEST

START_TEST(the_table_is_bounded)
{
    start(20);
    append(transactional(batch_of(0, 0, 0, 1)));
    for (int64_t id = 1; id < 200; id++) {
        ck_assert_int_eq(check(batch_of(id, 0, 0, 1)), PRODUCER_NEW);
        append(batch_of(id, 0, 0, 1));
        ck_assert_uint_le(producer_state_count(&state), 20);
        ck_assert_ptr_nonnull(producer_state_find(&state, id));
        ck_assert_ptr_nonnull(producer_state_find(&state, 0)); /* has a transaction open */
    }
    /* The newest are kept. */
    for (int64_t id = 185; id < 200; id++)
        ck_assert_ptr_nonnull(producer_state_find(&state, id));
    finish();
}
END_TEST

START_TEST(a_table_full_of_transactions_refuses_more)
{
    start(3);
    for (int64_t id = 0; id < 3; id++)
        append(transactional(batch_of(id, 0, 0, 1)));
    ck_assert_int_eq(check(batch_of(9, 0, 0, 1)), PRODUCER_FULL);
    ck_assert_int_eq(check(transactional(batch_of(2, 0, 1, 1))), PRODUCER_NEW);
    /* What a leader appended anyway is noted. */
    append(batch_of(9, 0, 0, 1));
    ck_assert_uint_eq(producer_state_count(&state), 4);
    finish();
}
END_TEST

START_TEST(a_snapshot_keeps_the_last_batch_and_open_transactions)
{
    struct file_mem *disk = file_mem_new(1);
    void *fs = file_mem_mount(disk, "");
    struct producer_duplicate duplicate;
    struct aborted_txn aborted;
    start(10);
    append(batch_of(1, 0, 0, 2));
    append(batch_of(1, 0, 2, 2));
    append(transactional(batch_of(5, 1, 0, 1))); /* 104 */
    mark(7, 2, TXN_MARKER_COMMIT, 3, &aborted);  /* 105: known by a marker only */
    ck_assert_int_eq(file_mem_ops.mkdir(fs, "t-0"), 0);
    ck_assert_int_eq(producer_state_store(&state, &file_mem_ops, fs, "t-0"), 0);
    producer_state_clear(&state, 0);
    ck_assert_int_eq(producer_state_load(&state, &file_mem_ops, fs, "t-0", 105), -ENOENT);
    ck_assert_int_eq(producer_state_load(&state, &file_mem_ops, fs, "t-0", 106), 0);
    ck_assert_int_eq(state.end_offset, 106);
    ck_assert_uint_eq(producer_state_count(&state), 3);
    struct record_batch again = batch_of(1, 0, 2, 2);
    ck_assert_int_eq(producer_state_check(&state, &again, &duplicate), PRODUCER_DUPLICATE);
    ck_assert_int_eq(duplicate.base_offset, 102);
    ck_assert_int_eq(check(batch_of(1, 0, 0, 2)), PRODUCER_OUT_OF_ORDER);
    ck_assert_int_eq(check(batch_of(1, 0, 4, 2)), PRODUCER_NEW);
    ck_assert_int_eq(open_txns_first_unstable(&state.txns), 104);
    ck_assert_int_eq(check(batch_of(7, 2, 0, 1)), PRODUCER_NEW);
    ck_assert_int_eq(check(batch_of(7, 2, 1, 1)), PRODUCER_OUT_OF_ORDER);
    finish();
    file_mem_free(disk);
}
END_TEST

START_TEST(older_batches_are_remembered_behind_a_snapshot)
{
    struct file_mem *disk = file_mem_new(1);
    void *fs = file_mem_mount(disk, "");
    struct record_batch all[8];
    start(10);
    for (int i = 0; i < 8; i++) {
        all[i] = batch_of(1, 0, i * 2, 2);
        append(all[i]);
        all[i].base_offset = next_offset - 2;
    }
    ck_assert_int_eq(file_mem_ops.mkdir(fs, "t-0"), 0);
    ck_assert_int_eq(producer_state_store(&state, &file_mem_ops, fs, "t-0"), 0);
    ck_assert_int_eq(producer_state_load(&state, &file_mem_ops, fs, "t-0", next_offset), 0);
    struct record_batch other = batch_of(2, 0, 0, 1), older_epoch = batch_of(1, 1, 0, 1);
    other.base_offset = older_epoch.base_offset = 100;
    producer_state_remember(&state, &other);
    producer_state_remember(&state, &older_epoch);
    for (int i = 0; i < 8; i++) {
        producer_state_remember(&state, &all[i]);
        producer_state_remember(&state, &all[i]); /* twice is once */
    }
    ck_assert_ptr_null(producer_state_find(&state, 2));
    ck_assert_uint_eq(producer_state_find(&state, 1)->batch_count, PRODUCER_BATCHES);
    for (int i = 0; i < 8; i++)
        ck_assert_int_eq(check(all[i]), i < 3 ? PRODUCER_OUT_OF_ORDER : PRODUCER_DUPLICATE);
    ck_assert_int_eq(check(batch_of(1, 0, 16, 2)), PRODUCER_NEW);
    finish();
    file_mem_free(disk);
}
END_TEST

START_TEST(a_damaged_snapshot_is_refused)
{
    size_t size;
    start(10);
    append(batch_of(1, 0, 0, 2));
    append(transactional(batch_of(5, 1, 0, 1)));
    uint8_t *bytes = producer_state_encode(&state, &size);
    ck_assert_uint_eq(size, 10 + 2 * PRODUCER_SNAPSHOT_ENTRY_SIZE);
    for (uint32_t part = 0; part < size; part++)
        ck_assert(!producer_state_decode(&state, (struct view){bytes, part}, 103));
    for (uint32_t at = 0; at < size; at++) {
        bytes[at] ^= 0x10;
        ck_assert(!producer_state_decode(&state, (struct view){bytes, (uint32_t)size}, 103));
        ck_assert_uint_eq(producer_state_count(&state), 0);
        ck_assert_int_eq(open_txns_first_unstable(&state.txns), -1);
        bytes[at] ^= 0x10;
    }
    ck_assert(producer_state_decode(&state, (struct view){bytes, (uint32_t)size}, 103));
    free(bytes);
    finish();
}
END_TEST

SUITE_MAIN("producer_state", batches_without_a_producer_always_pass,
           the_next_sequence_passes_and_a_gap_does_not, the_last_five_batches_are_recognised,
           a_forgotten_batch_is_told_from_one_that_never_came, sequences_wrap, epochs_fence,
           transactions_open_and_end, markers_are_checked,
           old_producers_expire_but_not_in_a_transaction,
           producers_of_a_snapshot_are_as_old_as_it_says, the_table_is_bounded,
           a_table_full_of_transactions_refuses_more,
           a_snapshot_keeps_the_last_batch_and_open_transactions,
           older_batches_are_remembered_behind_a_snapshot, a_damaged_snapshot_is_refused)
