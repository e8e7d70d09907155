/* SPDX-License-Identifier: Apache-2.0 */
/* The indexes, snapshots, epoch files and checkpoints that Apache Kafka 3.9.2 left
 * (tests/golden/logs) hold what its DumpLogSegments says, are written back to the same bytes, and
 * follow from the batches. */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "broker/log/checkpoint.h"
#include "broker/log/clean_mark.h"
#include "broker/log/epoch_cache.h"
#include "broker/log/meta_properties.h"
#include "broker/log/offset_index.h"
#include "broker/log/partition_dir.h"
#include "broker/log/partition_metadata.h"
#include "broker/log/producer_state.h"
#include "broker/log/segment_index.h"
#include "broker/log/segment_name.h"
#include "broker/log/segment_scan.h"
#include "broker/log/small_file.h"
#include "broker/log/time_index.h"
#include "broker/log/txn_index.h"
#include "tests/lib/golden_logs.h"
#include "tests/lib/suite.h"

#define INDEX_SIZE_MAX 8192u
#define ALL_SIZE 4000

static const struct file_ops *const ops = &file_mem_ops;
static struct golden_logs logs;
static unsigned checked;

/* ---- walking the directories ------------------------------------------------------------------
 */

/* A partition's directory and the files in it, by name. */
struct dir {
    char name[256];
    char files[64][SEGMENT_NAME_SIZE];
    unsigned count;
};
static struct dir dirs[64];
static unsigned dir_count;

static void add_file(void *context, const char *name, bool is_dir)
{
    struct dir *dir = context;
    ck_assert(!is_dir);
    ck_assert_uint_lt(dir->count, 64);
    snprintf(dir->files[dir->count++], SEGMENT_NAME_SIZE, "%s", name);
}

static void add_dir(void *context, const char *name, bool is_dir)
{
    struct partition_dir parsed;
    (void)context;
    if (!is_dir)
        return;
    ck_assert(partition_dir_parse(name, &parsed));
    if (parsed.kind != PARTITION_DIR_LIVE)
        return;
    struct dir *dir = &dirs[dir_count++];
    *dir = (struct dir){0};
    snprintf(dir->name, sizeof dir->name, "%s", name);
    ck_assert_int_eq(ops->list(logs.fs, name, add_file, dir), 0);
}

static void open_broker(const char *broker)
{
    golden_logs_init(&logs, broker);
    dir_count = 0;
    checked = 0;
    ck_assert_int_eq(ops->list(logs.fs, "", add_dir, NULL), 0);
    ck_assert_uint_gt(dir_count, 15);
}

struct spot {
    char path[300];
    const char *dir;
    int64_t base_offset;
};

/* Calls each for every live file of the kind in the live directories. */
static void for_each(enum segment_file wanted, void (*each)(const struct spot *))
{
    for (unsigned d = 0; d < dir_count; d++) {
        for (unsigned f = 0; f < dirs[d].count; f++) {
            struct spot spot = {.dir = dirs[d].name};
            enum segment_file kind;
            enum segment_stage stage;
            if (!segment_name_parse(dirs[d].files[f], &spot.base_offset, &kind, &stage) ||
                kind != wanted || stage != SEGMENT_LIVE)
                continue;
            snprintf(spot.path, sizeof spot.path, "%s/%s", spot.dir, dirs[d].files[f]);
            each(&spot);
        }
    }
}

static uint8_t *bytes_of(const char *path, size_t *ret_size)
{
    uint8_t *bytes;
    ck_assert_msg(small_file_read(ops, logs.fs, path, 10 << 20, &bytes, ret_size) == 0, "%s", path);
    return bytes;
}

/* Two files hold the same, apart from zeros at the end of the first. */
static void check_same(const char *path, const char *ours)
{
    size_t size, our_size;
    uint8_t *bytes = bytes_of(path, &size), *our_bytes = bytes_of(ours, &our_size);
    ck_assert_msg(our_size <= size && memcmp(bytes, our_bytes, our_size) == 0, "%s", path);
    for (size_t i = our_size; i < size; i++)
        ck_assert_msg(bytes[i] == 0, "%s", path);
    free(bytes);
    free(our_bytes);
}

/* What DumpLogSegments says about a file; "" when it says nothing. Entries that it reads from the
 * padding of an index are left out. */
static const char *dump_of(const char *path)
{
    static char text[ALL_SIZE];
    char heading[400];
    size_t size = 0;
    snprintf(heading, sizeof heading, "Dumping %s\n", path);
    const char *at = strstr(logs.indexes, heading);
    text[0] = 0;
    if (!at)
        return text;
    for (at = strchr(at, '\n') + 1; *at && strncmp(at, "Dumping ", 8) != 0;) {
        const char *end = strchr(at, '\n');
        int line = (int)(end - at);
        bool padding =
            (strncmp(at, "offset: ", 8) == 0 && strncmp(end - 12, " position: 0", 12) == 0) ||
            strncmp(at, "timestamp: 0 ", 13) == 0;
        if (!padding)
            size += (size_t)snprintf(text + size, sizeof text - size, "%.*s\n", line, at);
        ck_assert_uint_lt(size, sizeof text);
        at = end + 1;
    }
    return text;
}

static void add_text(char all[ALL_SIZE], const char *format, ...) PRINTF_LIKE(2, 3);
static void add_text(char all[ALL_SIZE], const char *format, ...)
{
    size_t size = strlen(all);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(all + size, ALL_SIZE - size, format, arguments);
    va_end(arguments);
    ck_assert_uint_lt(strlen(all), ALL_SIZE - 1);
}

/* Kafka's dump leaves empty segments out. */
static bool is_dumped(const char *path)
{
    char heading[400];
    snprintf(heading, sizeof heading, "Dumping %s\n", path);
    return strstr(logs.indexes, heading) != NULL;
}

/* ---- files ------------------------------------------------------------------------------------
 */

static void check_offset_index(const struct spot *spot)
{
    struct offset_index index;
    char all[ALL_SIZE] = "";
    offset_index_init(&index, spot->base_offset, INDEX_SIZE_MAX);
    ck_assert_msg(offset_index_load(&index, ops, logs.fs, spot->path, UINT64_MAX) == 0, "%s",
                  spot->path);
    for (size_t i = 0; i < index.count; i++)
        add_text(all, "offset: %" PRId64 " position: %d\n",
                 spot->base_offset + index.entries[i].relative_offset, index.entries[i].pos);
    if (is_dumped(spot->path))
        ck_assert_str_eq(all, dump_of(spot->path));
    ck_assert_int_eq(offset_index_store(&index, ops, logs.fs, "ours"), 0);
    check_same(spot->path, "ours");
    checked += (unsigned)index.count;
    offset_index_deinit(&index);
}

static void check_time_index(const struct spot *spot)
{
    struct time_index index;
    char all[ALL_SIZE] = "";
    time_index_init(&index, spot->base_offset, INDEX_SIZE_MAX);
    ck_assert_msg(time_index_load(&index, ops, logs.fs, spot->path) == 0, "%s", spot->path);
    for (size_t i = 0; i < index.count; i++)
        add_text(all, "timestamp: %" PRId64 " offset: %" PRId64 "\n", index.entries[i].timestamp_ms,
                 index.entries[i].offset);
    if (is_dumped(spot->path))
        ck_assert_str_eq(all, dump_of(spot->path));
    ck_assert_int_eq(time_index_store(&index, ops, logs.fs, "ours"), 0);
    check_same(spot->path, "ours");
    checked += (unsigned)index.count;
    time_index_deinit(&index);
}

static void check_txn_index(const struct spot *spot)
{
    struct txn_index index;
    char all[ALL_SIZE] = "";
    txn_index_init(&index);
    ck_assert_int_eq(txn_index_load(&index, ops, logs.fs, spot->path, 1 << 20), 0);
    for (size_t i = 0; i < index.count; i++)
        add_text(all,
                 "version: 0 producerId: %" PRId64 " firstOffset: %" PRId64 " lastOffset: %" PRId64
                 " lastStableOffset: %" PRId64 "\n",
                 index.entries[i].producer_id, index.entries[i].first_offset,
                 index.entries[i].last_offset, index.entries[i].last_stable_offset);
    ck_assert_str_eq(all, dump_of(spot->path));
    ck_assert_int_eq(txn_index_store(&index, ops, logs.fs, "ours"), 0);
    check_same(spot->path, "ours");
    checked += (unsigned)index.count;
    txn_index_deinit(&index);
}

static void describe_producer(char all[ALL_SIZE], const struct producer *p)
{
    char txn[60] = "OptionalLong.empty";
    struct producer_batch last = {.last_sequence = -1, .last_offset = -1};
    if (p->batch_count > 0)
        last = p->batches[p->batch_count - 1];
    if (p->txn_first_offset >= 0)
        snprintf(txn, sizeof txn, "OptionalLong[%" PRId64 "]", p->txn_first_offset);
    add_text(all,
             "producerId: %" PRId64 " producerEpoch: %d coordinatorEpoch: %d"
             " currentTxnFirstOffset: %s lastTimestamp: %" PRId64,
             p->id, p->epoch, p->coordinator_epoch, txn, p->timestamp_ms);
    if (p->batch_count > 0)
        add_text(all,
                 " firstSequence: %d lastSequence: %d lastOffset: %" PRId64
                 " offsetDelta: %d timestamp: %" PRId64,
                 last.last_sequence - last.offset_delta, last.last_sequence, last.last_offset,
                 last.offset_delta, p->timestamp_ms); /* all that the format keeps */
    add_text(all, "\n");
}

static void describe(char all[ALL_SIZE], const struct producer_state *state)
{
    struct map_entry entry;
    all[0] = 0;
    for (uint32_t at = 0; map_next(&state->producers, &at, &entry);)
        describe_producer(all, entry.value);
}

static void check_snapshot(const struct spot *spot)
{
    struct producer_state state;
    char all[ALL_SIZE];
    producer_state_init(&state, 100);
    ck_assert_int_eq(producer_state_load(&state, ops, logs.fs, spot->dir, spot->base_offset), 0);
    describe(all, &state);
    if (is_dumped(spot->path))
        ck_assert_str_eq(all, dump_of(spot->path));
    ck_assert_int_eq(state.end_offset, spot->base_offset);
    size_t size, our_size;
    uint8_t *bytes = bytes_of(spot->path, &size);
    uint8_t *our_bytes = producer_state_encode(&state, &our_size);
    ck_assert_uint_eq(size, our_size);
    ck_assert_mem_eq(bytes, our_bytes, size);
    free(bytes);
    free(our_bytes);
    checked += producer_state_count(&state);
    producer_state_deinit(&state);
}

/* ---- what follows from the batches ------------------------------------------------------------
 */

static bool starts_with(const char *s, const char *start)
{
    return strncmp(s, start, strlen(start)) == 0;
}

/* The newest segment of its partition. */
static bool is_active(const struct spot *spot)
{
    for (unsigned d = 0; d < dir_count; d++) {
        for (unsigned f = 0; f < dirs[d].count && strcmp(dirs[d].name, spot->dir) == 0; f++) {
            int64_t base_offset;
            enum segment_file kind;
            enum segment_stage stage;
            if (segment_name_parse(dirs[d].files[f], &base_offset, &kind, &stage) &&
                kind == SEGMENT_LOG && base_offset > spot->base_offset)
                return false;
        }
    }
    return true;
}

static bool was_closed;

static void check_rebuilt_index(const struct spot *spot)
{
    struct segment_index index;
    struct segment_scan scan;
    struct record_batch batch;
    struct file *file;
    uint64_t pos;
    char path[300];
    uint32_t interval = starts_with(spot->dir, "codec-") ? 512 : 4096;
    ck_assert_int_eq(ops->open(logs.fs, spot->path, FILE_READ, &file), 0);
    segment_index_init(&index, spot->base_offset, INDEX_SIZE_MAX, interval);
    ck_assert_int_eq(segment_scan_init(&scan, file, 0, UINT64_MAX, spot->base_offset), 0);
    while (segment_scan_next(&scan, &batch, &pos) == 0)
        segment_index_add(&index, &batch, (uint32_t)pos);
    segment_scan_deinit(&scan);
    file_unref(file);
    ck_assert_int_eq(offset_index_store(&index.offsets, ops, logs.fs, "ours"), 0);
    snprintf(path, sizeof path, "%.*s.index", (int)strlen(spot->path) - 4, spot->path);
    check_same(path, "ours");
    checked++;
    /* The active segment of a killed broker has a final entry only from when it was closed before.
     */
    if (was_closed || !is_active(spot)) {
        snprintf(path, sizeof path, "%.*s.timeindex", (int)strlen(spot->path) - 4, spot->path);
        segment_index_close(&index);
        ck_assert_int_eq(time_index_store(&index.times, ops, logs.fs, "ours"), 0);
        check_same(path, "ours");
    }
    segment_index_deinit(&index);
}

/* Kafka writes its producers in the order of a hash table: compare them as sets. */
static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void sort_lines(char all[ALL_SIZE])
{
    char copy[ALL_SIZE], *lines[100];
    size_t count = 0;
    memcpy(copy, all, ALL_SIZE);
    for (char *line = strtok(copy, "\n"); line; line = strtok(NULL, "\n")) {
        ck_assert_uint_lt(count, 100);
        lines[count++] = line;
    }
    qsort(lines, count, sizeof lines[0], by_text);
    all[0] = 0;
    for (size_t i = 0; i < count; i++)
        add_text(all, "%s\n", lines[i]);
}

/* The partition's history, replayed. */
struct replay {
    const char *dir;
    struct producer_state state;
    struct epoch_cache epochs;
    struct txn_index aborted; /* of the segment at hand */
};

static void check_replayed_snapshot(struct replay *replay)
{
    char ours[ALL_SIZE], kafkas[ALL_SIZE];
    struct producer_state snapshot;
    producer_state_init(&snapshot, 100);
    int result =
        producer_state_load(&snapshot, ops, logs.fs, replay->dir, replay->state.end_offset);
    if (result == 0) {
        describe(ours, &replay->state);
        describe(kafkas, &snapshot);
        sort_lines(ours);
        sort_lines(kafkas);
        ck_assert_str_eq(ours, kafkas);
        checked++;
    } else {
        ck_assert_int_eq(result, -ENOENT);
    }
    producer_state_deinit(&snapshot);
}

static void check_replayed_aborts(struct replay *replay, int64_t base_offset)
{
    char path[300], name[SEGMENT_NAME_SIZE];
    struct file *file;
    segment_name(name, base_offset, SEGMENT_TXN_INDEX, SEGMENT_LIVE);
    snprintf(path, sizeof path, "%s/%s", replay->dir, name);
    int error = ops->open(logs.fs, path, FILE_READ, &file);
    if (error == -ENOENT) {
        ck_assert_msg(replay->aborted.count == 0, "%s", path);
        return;
    }
    ck_assert_int_eq(error, 0);
    file_unref(file);
    ck_assert_int_eq(txn_index_store(&replay->aborted, ops, logs.fs, "ours"), 0);
    check_same(path, "ours");
    checked++;
}

static void replay_segment(const struct spot *spot, struct replay *replay)
{
    struct segment_scan scan;
    struct record_batch batch;
    struct aborted_txn aborted;
    struct file *file;
    uint64_t pos;
    replay->aborted.count = 0;
    ck_assert_int_eq(ops->open(logs.fs, spot->path, FILE_READ, &file), 0);
    ck_assert_int_eq(segment_scan_init(&scan, file, 0, UINT64_MAX, spot->base_offset), 0);
    while (segment_scan_next(&scan, &batch, &pos) == 0) {
        check_replayed_snapshot(replay);
        if (producer_state_update(&replay->state, &batch, &aborted))
            txn_index_append(&replay->aborted, aborted);
        epoch_cache_assign(&replay->epochs, batch.leader_epoch, batch.base_offset);
    }
    check_replayed_snapshot(replay);
    check_replayed_aborts(replay, spot->base_offset);
    segment_scan_deinit(&scan);
    file_unref(file);
}

/* A leader notes its epoch before it has a record in it, so Kafka's file may hold more. */
static void check_replayed_epochs(const struct replay *replay)
{
    struct epoch_cache kafkas = EPOCH_CACHE_INIT;
    char why[CHECKPOINT_WHY_SIZE];
    ck_assert_int_eq(epoch_cache_load(&kafkas, ops, logs.fs, replay->dir, why), 0);
    for (size_t i = 0; i < replay->epochs.count; i++) {
        const struct epoch_entry *ours = &replay->epochs.entries[i];
        bool same = false;
        for (size_t k = 0; k < kafkas.count; k++)
            same |= kafkas.entries[k].epoch == ours->epoch &&
                    kafkas.entries[k].start_offset == ours->start_offset;
        ck_assert_msg(same, "%s", replay->dir);
        checked++;
    }
    epoch_cache_deinit(&kafkas);
}

/* Where nothing was deleted or compacted away, the whole state follows from the batches. */
static void check_replay(const struct dir *dir)
{
    struct replay replay = {.dir = dir->name};
    if (starts_with(dir->name, "retention") || starts_with(dir->name, "trimmed") ||
        starts_with(dir->name, "compacted"))
        return;
    producer_state_init(&replay.state, 100);
    for (unsigned i = 0; i < dir->count; i++) {
        struct spot spot = {.dir = dir->name};
        enum segment_file kind;
        enum segment_stage stage;
        if (!segment_name_parse(dir->files[i], &spot.base_offset, &kind, &stage) ||
            kind != SEGMENT_LOG)
            continue;
        snprintf(spot.path, sizeof spot.path, "%s/%s", spot.dir, dir->files[i]);
        replay_segment(&spot, &replay);
    }
    check_replayed_epochs(&replay);
    producer_state_deinit(&replay.state);
    epoch_cache_deinit(&replay.epochs);
    txn_index_deinit(&replay.aborted);
}

/* ---- text files -------------------------------------------------------------------------------
 */

static void check_dir_texts(const struct dir *dir)
{
    struct epoch_cache epochs = EPOCH_CACHE_INIT;
    struct uuid topic_id;
    char why[CHECKPOINT_WHY_SIZE], path[300];
    ck_assert_int_eq(epoch_cache_load(&epochs, ops, logs.fs, dir->name, why), 0);
    ck_assert_int_eq(epoch_cache_store(&epochs, ops, logs.fs, "out"), 0);
    snprintf(path, sizeof path, "%s/" EPOCH_CACHE_FILE, dir->name);
    check_same(path, "out/" EPOCH_CACHE_FILE);
    epoch_cache_deinit(&epochs);
    ck_assert_int_eq(partition_metadata_load(ops, logs.fs, dir->name, &topic_id), 0);
    ck_assert_int_eq(partition_metadata_store(ops, logs.fs, "out", topic_id), 0);
    snprintf(path, sizeof path, "%s/" PARTITION_METADATA_FILE, dir->name);
    check_same(path, "out/" PARTITION_METADATA_FILE);
}

static void check_checkpoint(const char *name, size_t count)
{
    struct checkpoint c = CHECKPOINT_INIT;
    char why[CHECKPOINT_WHY_SIZE], out[300];
    ck_assert_int_eq(checkpoint_load(&c, ops, logs.fs, name, why), 0);
    ck_assert_uint_eq(c.count, count);
    snprintf(out, sizeof out, "out/%s", name);
    ck_assert_int_eq(checkpoint_store(&c, ops, logs.fs, out), 0);
    check_same(name, out);
    checkpoint_deinit(&c);
}

static void check_broker_texts(bool was_clean)
{
    struct meta_properties meta = META_PROPERTIES_INIT;
    char why[CHECKPOINT_WHY_SIZE];
    bool clean;
    ck_assert_int_eq(meta_properties_load(&meta, ops, logs.fs, why), 0);
    ck_assert_int_eq(meta_properties_broker_id(&meta), was_clean ? 1 : 2);
    ck_assert_str_eq(meta_properties_get(&meta, META_CLUSTER_ID), "Xv7e2FexRRSN4sLwnlJDsQ");
    ck_assert_uint_eq(meta.count, 3);
    meta_properties_deinit(&meta);
    if (was_clean) {
        ck_assert_int_eq(ops->rename(logs.fs, CLEAN_MARK_FILE, "kafkas"), 0);
        ck_assert_int_eq(clean_mark_set(ops, logs.fs), 0);
        check_same("kafkas", CLEAN_MARK_FILE);
    }
    ck_assert_int_eq(clean_mark_take(ops, logs.fs, &clean), 0);
    ck_assert(clean == was_clean);
    ck_assert_int_eq(clean_mark_take(ops, logs.fs, &clean), 0);
    ck_assert(!clean);
}

START_TEST(text_files_are_written_back_to_the_same_bytes)
{
    open_broker(_i ? "broker2-killed" : "broker1-clean");
    ck_assert_int_eq(ops->mkdir(logs.fs, "out"), 0);
    for (unsigned d = 0; d < dir_count; d++)
        check_dir_texts(&dirs[d]);
    check_checkpoint(CHECKPOINT_RECOVERY_POINT, 24);
    check_checkpoint(CHECKPOINT_HIGH_WATERMARK, 24);
    check_checkpoint(CHECKPOINT_LOG_START, 1);
    check_checkpoint("cleaner-offset-checkpoint", 3);
    check_broker_texts(_i == 0);
    golden_logs_deinit(&logs);
}
END_TEST

START_TEST(producers_aborts_and_epochs_follow_from_the_batches)
{
    open_broker(_i ? "broker2-killed" : "broker1-clean");
    for (unsigned d = 0; d < dir_count; d++)
        check_replay(&dirs[d]);
    ck_assert_uint_gt(checked, 50);
    golden_logs_deinit(&logs);
}
END_TEST

START_TEST(indexes_hold_what_kafka_says)
{
    open_broker(_i ? "broker2-killed" : "broker1-clean");
    for_each(SEGMENT_INDEX, check_offset_index);
    ck_assert_uint_gt(checked, 10);
    for_each(SEGMENT_TIME_INDEX, check_time_index);
    ck_assert_uint_gt(checked, 50);
    golden_logs_deinit(&logs);
}
END_TEST

START_TEST(aborted_transactions_are_what_kafka_says)
{
    open_broker(_i ? "broker2-killed" : "broker1-clean");
    for_each(SEGMENT_TXN_INDEX, check_txn_index);
    ck_assert_uint_gt(checked, 10);
    golden_logs_deinit(&logs);
}
END_TEST

START_TEST(snapshots_hold_what_kafka_says)
{
    open_broker(_i ? "broker2-killed" : "broker1-clean");
    for_each(SEGMENT_SNAPSHOT, check_snapshot);
    ck_assert_uint_gt(checked, 10);
    golden_logs_deinit(&logs);
}
END_TEST

START_TEST(indexes_follow_from_the_batches)
{
    open_broker(_i ? "broker2-killed" : "broker1-clean");
    was_closed = _i == 0;
    for_each(SEGMENT_LOG, check_rebuilt_index);
    ck_assert_uint_gt(checked, 30);
    golden_logs_deinit(&logs);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("golden_indexes");
    TCase *tcase = tcase_create("both brokers");
    tcase_set_timeout(tcase, SUITE_TIMEOUT_S);
    tcase_add_loop_test(tcase, indexes_hold_what_kafka_says, 0, 2);
    tcase_add_loop_test(tcase, aborted_transactions_are_what_kafka_says, 0, 2);
    tcase_add_loop_test(tcase, snapshots_hold_what_kafka_says, 0, 2);
    tcase_add_loop_test(tcase, indexes_follow_from_the_batches, 0, 2);
    tcase_add_loop_test(tcase, producers_aborts_and_epochs_follow_from_the_batches, 0, 2);
    tcase_add_loop_test(tcase, text_files_are_written_back_to_the_same_bytes, 0, 2);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? 1 : 0;
}
