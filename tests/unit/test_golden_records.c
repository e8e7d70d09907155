/* SPDX-License-Identifier: Apache-2.0 */
/* In log directories of Apache Kafka 3.9.2 (tests/golden/logs) the walk over a segment finds
 * exactly the batches and records that Kafka's own reader finds. */
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "broker/log/segment_name.h"
#include "broker/log/segment_scan.h"
#include "proto/decompress.h"
#include "proto/record_reader.h"
#include "proto/record_time.h"
#include "tests/lib/golden_logs.h"
#include "tests/lib/suite.h"

#define RECORDS_SIZE_MAX (1u << 20)
#define PLACE "%s at %llu"

static uint8_t room[RECORDS_SIZE_MAX];

/* Where we are, for messages. */
struct place {
    const char *file;
    unsigned long long pos;
};

static int64_t number(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    ck_assert_msg(json_is_integer(value), "%s", key);
    return json_integer_value(value);
}

static const char *string(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    ck_assert_msg(json_is_string(value), "%s", key);
    return json_string_value(value);
}

static bool flag(const json_t *object, const char *key)
{
    return json_is_true(json_object_get(object, key));
}

static void encode_base64(struct view bytes, char *to, size_t size)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    size_t at = 0;
    for (uint32_t i = 0; i < bytes.size; i += 3) {
        uint32_t left = bytes.size - i, group = (uint32_t)bytes.base[i] << 16;
        group |= left > 1 ? (uint32_t)bytes.base[i + 1] << 8 : 0;
        group |= left > 2 ? bytes.base[i + 2] : 0;
        ck_assert_uint_lt(at + 4, size);
        to[at++] = digits[group >> 18];
        to[at++] = digits[group >> 12 & 63];
        to[at++] = left > 1 ? digits[group >> 6 & 63] : '=';
        to[at++] = left > 2 ? digits[group & 63] : '=';
    }
    to[at] = 0;
}

/* The value is the bytes as base64, or both are null. */
static void check_bytes(struct place place, const json_t *value, struct view bytes)
{
    static char text[100000];
    ck_assert_msg(json_is_null(value) == (bytes.base == NULL), PLACE, place.file, place.pos);
    if (!bytes.base)
        return;
    encode_base64(bytes, text, sizeof text);
    ck_assert_str_eq(text, json_string_value(value));
}

/* The batch's records without compression. */
static struct view records_of(const struct record_batch *batch)
{
    struct view in = {batch->bytes.base + RECORD_BATCH_HEADER_SIZE,
                      batch->bytes.size - RECORD_BATCH_HEADER_SIZE};
    uint32_t size = 0, some;
    if (record_batch_codec(batch) == RECORD_CODEC_NONE)
        return in;
    struct decompressor *d = decompressor_new(record_batch_codec(batch), in);
    do {
        /* In pieces of odd sizes, so that all the ways of going on are gone. */
        ck_assert_uint_lt(size + 97, sizeof room);
        ck_assert_int_eq(decompressor_read(d, room + size, 97, &some), 0);
        size += some;
    } while (some);
    decompressor_free(d);
    return (struct view){room, size};
}

/* The first record of the batch that is as late as this one is found by its time. */
static void check_time(const json_t *records, const struct record_batch *batch, int64_t timestamp)
{
    int64_t offset, found;
    size_t i;
    const json_t *one = NULL;
    if (batch->attributes & RECORD_BATCH_DELETE_HORIZON)
        return;
    ck_assert_int_eq(record_time_find(batch, timestamp, UINT64_MAX, &offset, &found), 0);
    json_array_foreach(records, i, one)
    {
        if (number(one, "timestamp") >= timestamp)
            break;
    }
    ck_assert_int_eq(offset, number(one, "offset"));
    ck_assert_int_eq(found, number(one, "timestamp"));
}

static void check_headers(struct place place, const json_t *headers, const struct record *record)
{
    struct view rest = record->headers;
    struct record_header header;
    ck_assert_uint_eq(json_array_size(headers), record->header_count);
    for (uint32_t i = 0; i < record->header_count; i++) {
        const json_t *want = json_array_get(headers, i);
        ck_assert(record_header_next(&rest, &header));
        check_bytes(place, json_array_get(want, 0), header.key);
        check_bytes(place, json_array_get(want, 1), header.value);
    }
    ck_assert(!record_header_next(&rest, &header));
}

static void check_records(struct place place, const json_t *want, const struct record_batch *batch)
{
    struct record_reader reader;
    struct record record;
    size_t i;
    const json_t *one = NULL;
    record_reader_init_records(&reader, batch, records_of(batch));
    json_array_foreach(want, i, one)
    {
        ck_assert_msg(record_reader_next(&reader, &record) == 0, PLACE, place.file, place.pos);
        ck_assert_int_eq(record.offset, number(one, "offset"));
        ck_assert_int_eq(record.timestamp, number(one, "timestamp"));
        ck_assert_int_eq(record.sequence, number(one, "sequence"));
        ck_assert_int_eq(record.size, number(one, "size"));
        check_time(want, batch, record.timestamp);
        check_bytes(place, json_object_get(one, "key"), record.key);
        check_bytes(place, json_object_get(one, "value"), record.value);
        check_headers(place, json_object_get(one, "headers"), &record);
    }
    ck_assert_int_eq(record_reader_next(&reader, &record), RECORD_READER_END);
}

static void check_marker(struct place place, const json_t *want, const struct record_batch *batch)
{
    const json_t *record = json_array_get(json_object_get(want, "records"), 0);
    const char *type =
        string(json_object_get(want, "control_type") ? want : record, "control_type");
    struct txn_marker marker;
    ck_assert_msg(txn_marker_parse(batch, &marker), PLACE, place.file, place.pos);
    ck_assert_str_eq(type, marker.type == TXN_MARKER_COMMIT ? "COMMIT" : "ABORT");
    ck_assert_int_eq(marker.coordinator_epoch, number(record, "coordinator_epoch"));
}

static void check_batch(struct place place, const json_t *want, const struct record_batch *batch)
{
    static const char *const codecs[] = {"none", "gzip", "snappy", "lz4", "zstd"};
    bool append_time = batch->attributes & RECORD_BATCH_APPEND_TIME;
    const json_t *horizon = json_object_get(want, "delete_horizon");
    ck_assert_int_eq(batch->size, number(want, "size"));
    ck_assert_int_eq(batch->base_offset, number(want, "base_offset"));
    ck_assert_int_eq(record_batch_last_offset(batch), number(want, "last_offset"));
    ck_assert_int_eq(batch->leader_epoch, number(want, "leader_epoch"));
    ck_assert_int_eq(batch->crc, number(want, "crc"));
    ck_assert_str_eq(codecs[record_batch_codec(batch)], string(want, "codec"));
    ck_assert_str_eq(append_time ? "LogAppendTime" : "CreateTime", string(want, "timestamp_type"));
    ck_assert_int_eq(batch->max_timestamp, number(want, "max_timestamp"));
    ck_assert_int_eq(batch->producer_id, number(want, "producer_id"));
    ck_assert_int_eq(batch->producer_epoch, number(want, "producer_epoch"));
    ck_assert_int_eq(batch->base_sequence, number(want, "base_sequence"));
    ck_assert_int_eq(record_batch_last_sequence(batch), number(want, "last_sequence"));
    ck_assert(record_batch_is_transactional(batch) == flag(want, "transactional"));
    ck_assert(record_batch_is_control(batch) == flag(want, "control"));
    ck_assert(!(batch->attributes & RECORD_BATCH_DELETE_HORIZON) == json_is_null(horizon));
    if (!json_is_null(horizon))
        ck_assert_int_eq(batch->base_timestamp, json_integer_value(horizon));
    ck_assert_uint_eq(batch->count, json_array_size(json_object_get(want, "records")));
    check_records(place, json_object_get(want, "records"), batch);
    if (record_batch_is_control(batch))
        check_marker(place, want, batch);
}

/* The next line of records.jsonl, about this file. */
static json_t *next_line(struct place place, char **line)
{
    char *end = strchr(*line, '\n');
    ck_assert_msg(end != NULL, PLACE, place.file, place.pos);
    json_t *want = json_loadb(*line, (size_t)(end - *line), 0, NULL);
    ck_assert_msg(want != NULL, PLACE, place.file, place.pos);
    ck_assert_str_eq(string(want, "file"), place.file);
    *line = end + 1;
    return want;
}

/* One .log file: its batches stand in records.jsonl in a row, from *line on. Returns how many. */
static unsigned check_file(struct golden_logs *logs, const char *path, char **line)
{
    struct file *file;
    struct segment_scan scan;
    struct record_batch batch;
    uint64_t pos;
    unsigned count = 0;
    int result;
    ck_assert_int_eq(file_mem_ops.open(logs->fs, path, FILE_READ, &file), 0);
    ck_assert_int_eq(segment_scan_init(&scan, file, 0, UINT64_MAX, 0), 0);
    while ((result = segment_scan_next(&scan, &batch, &pos)) == 0) {
        struct place place = {path, pos};
        json_t *want = next_line(place, line);
        ck_assert_int_eq((int64_t)pos, number(want, "position"));
        check_batch(place, want, &batch);
        json_decref(want);
        count++;
    }
    if (count == 0) {
        json_t *want = next_line((struct place){path, 0}, line);
        ck_assert(flag(want, "empty"));
        json_decref(want);
    }
    ck_assert_msg(result == SEGMENT_SCAN_END, "%s: %s at %llu", path,
                  segment_scan_stop_text((enum segment_scan_stop)result),
                  (unsigned long long)scan.pos);
    segment_scan_deinit(&scan);
    file_unref(file);
    return count;
}

struct walk {
    struct golden_logs *logs;
    const char *dir;
    char *line;
    unsigned count, files;
};

static void each_file(void *context, const char *name, bool is_dir)
{
    struct walk *walk = context;
    int64_t base_offset;
    enum segment_file kind;
    enum segment_stage stage;
    char path[300];
    if (is_dir || !segment_name_parse(name, &base_offset, &kind, &stage) || kind != SEGMENT_LOG)
        return;
    snprintf(path, sizeof path, "%s/%s", walk->dir, name);
    walk->count += check_file(walk->logs, path, &walk->line);
    walk->files++;
}

static void each_dir(void *context, const char *name, bool is_dir)
{
    struct walk *walk = context;
    walk->dir = name;
    if (is_dir)
        ck_assert_int_eq(file_mem_ops.list(walk->logs->fs, name, each_file, walk), 0);
}

static void check_broker(const char *broker, unsigned batches)
{
    struct golden_logs logs;
    golden_logs_init(&logs, broker);
    struct walk walk = {.logs = &logs, .line = logs.records};
    ck_assert_int_eq(file_mem_ops.list(logs.fs, "", each_dir, &walk), 0);
    ck_assert_uint_eq(walk.count, batches);
    ck_assert_msg(*walk.line == 0, "not found: %.200s", walk.line);
    golden_logs_deinit(&logs);
}

START_TEST(finds_what_kafka_finds_after_a_clean_stop)
{
    check_broker("broker1-clean", 425);
}
END_TEST

START_TEST(finds_what_kafka_finds_after_a_kill)
{
    check_broker("broker2-killed", 405);
}
END_TEST

SUITE_MAIN("golden_records", finds_what_kafka_finds_after_a_clean_stop,
           finds_what_kafka_finds_after_a_kill)
