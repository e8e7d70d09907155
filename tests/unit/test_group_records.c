/* SPDX-License-Identifier: Apache-2.0 */
/* The records of __consumer_offsets: those that Apache Kafka 3.9.2 left in a log directory are
 * understood, and written again to the same bytes. */
#include <stdio.h>
#include <stdlib.h>

#include "broker/group/group_records.h"
#include "common/memory.h"
#include "proto/record_reader.h"
#include "tests/lib/golden_logs.h"
#include "tests/lib/suite.h"
#include "tests/lib/view_check.h"

struct found {
    unsigned offsets, offsets_gone, groups, empty_groups, groups_gone, batches, same_batches;
};

static uint8_t *read_whole(void *fs, const char *path, uint32_t *ret_size)
{
    struct file *file;
    if (file_mem_ops.open(fs, path, FILE_READ, &file) != 0)
        return NULL;
    int64_t size = file_mem_ops.size(file);
    ck_assert_int_gt(size, 0);
    uint8_t *bytes = xmalloc((size_t)size);
    ck_assert_int_eq(file_mem_ops.pread(file, bytes, (uint64_t)size, 0), size);
    file_unref(file);
    *ret_size = (uint32_t)size;
    return bytes;
}

static void write_again(struct record_builder *to, const struct record *record,
                        const struct group_record *r)
{
    struct offset_commit_key key = {r->group, r->topic, r->partition};
    if (r->kind == GROUP_RECORD_OFFSET && r->gone)
        group_records_add_offset_gone(to, record->timestamp, &key);
    else if (r->kind == GROUP_RECORD_OFFSET)
        group_records_add_offset(to, record->timestamp, &key, &r->value.offset);
    else if (r->gone)
        group_records_add_metadata_gone(to, record->timestamp, r->group);
    else
        group_records_add_metadata(to, record->timestamp, r->group, &r->value.metadata);
}

static void count(struct found *found, const struct group_record *r)
{
    ck_assert(r->kind == GROUP_RECORD_OFFSET || r->kind == GROUP_RECORD_METADATA);
    ck_assert_uint_gt(r->group.size, 0);
    if (r->kind == GROUP_RECORD_OFFSET) {
        found->offsets += !r->gone;
        found->offsets_gone += r->gone;
        ck_assert(r->gone || r->value.offset.offset >= 0);
    } else if (r->gone) {
        found->groups_gone++;
    } else {
        found->groups++;
        found->empty_groups += r->value.metadata.members_count == 0;
        ck_assert_view(r->value.metadata.protocol_type, "consumer");
    }
}

static void check_batch(struct found *found, const struct record_batch *batch)
{
    struct arena arena = ARENA_INIT;
    struct record_builder again;
    struct record_reader reader;
    struct record record;
    struct record_batch_options options = RECORD_BATCH_OPTIONS_INIT;
    record_builder_init(&again);
    ck_assert_int_eq(record_reader_init(&reader, batch), 0);
    while (record_reader_next(&reader, &record) == 0) {
        struct group_record r;
        group_record_parse(record.key, record.value, &arena, &r);
        count(found, &r);
        write_again(&again, &record, &r);
    }
    options.base_offset = batch->base_offset;
    options.leader_epoch = batch->leader_epoch;
    options.producer_id = batch->producer_id;
    options.producer_epoch = batch->producer_epoch;
    options.base_sequence = batch->base_sequence;
    options.transactional = record_batch_is_transactional(batch);
    struct view bytes = record_builder_finish(&again, &options);
    ck_assert_uint_eq(bytes.size, batch->size);
    ck_assert_mem_eq(bytes.base, batch->bytes.base, bytes.size);
    record_builder_deinit(&again);
    arena_reset(&arena);
}

static void check_logs(const char *broker, struct found *found)
{
    struct golden_logs logs;
    golden_logs_init(&logs, broker);
    for (int i = 0; i < 3; i++) {
        char path[100];
        uint32_t size;
        struct record_batch batch;
        snprintf(path, sizeof path, "__consumer_offsets-%d/00000000000000000000.log", i);
        uint8_t *bytes = read_whole(logs.fs, path, &size);
        struct view rest = {bytes, bytes ? size : 0};
        while (rest.size > 0 && record_batch_next(&rest, &batch) == 0) {
            found->batches++;
            if (!record_batch_is_control(&batch))
                check_batch(found, &batch);
        }
        ck_assert_uint_eq(rest.size, 0);
        free(bytes);
    }
    golden_logs_deinit(&logs);
}

START_TEST(test_kafkas_records)
{
    struct found found = {0};
    check_logs("broker1-clean", &found);
    check_logs("broker2-killed", &found);
    ck_assert_uint_gt(found.batches, 10);
    ck_assert_uint_gt(found.offsets, 4);
    ck_assert_uint_gt(found.groups, 4);
    ck_assert_uint_gt(found.empty_groups, 0);
}
END_TEST

START_TEST(test_offset_with_its_own_expiry_is_version_1)
{
    struct offset_commit_key key = {VIEW_LITERAL("g"), VIEW_LITERAL("t"), 7};
    struct offset_commit_value value;
    struct record_builder b;
    static const uint8_t wanted[] = {0, 1, 0, 0, 0, 0, 0, 0, 0, 42, 0, 1, 'm', 0, 0,
                                     0, 0, 0, 0, 0, 5, 0, 0, 0, 0,  0, 0, 0,   9};
    record_builder_init(&b);
    offset_commit_value_init(&value);
    value.offset = 42;
    value.metadata = VIEW_LITERAL("m");
    value.commit_timestamp = 5;
    value.expire_timestamp = 9;
    group_records_add_offset(&b, 1000, &key, &value);
    ck_assert_uint_ge(b.size, sizeof wanted + 1);
    ck_assert_mem_eq(b.data + b.size - 1 - sizeof wanted, wanted, sizeof wanted);
    record_builder_deinit(&b);
}
END_TEST

/* Key and value as bytes. */

START_TEST(test_other_versions)
{
    static const struct view nothing;
    struct arena arena = ARENA_INIT;
    struct group_record r;
    for (uint8_t version = 3; version < 20; version++) { /* other coordinators' */
        group_record_parse(VIEW_BYTES(0, version, 0, 1, 'g'), VIEW_BYTES(0, 0), &arena, &r);
        ck_assert_int_eq(r.kind, GROUP_RECORD_UNKNOWN);
        ck_assert_int_eq(r.version, version);
    }
    group_record_parse(VIEW_BYTES(0, 2, 0, 1, 'g'), VIEW_BYTES(0, 5, 1), &arena, &r);
    ck_assert_int_eq(r.kind, GROUP_RECORD_UNKNOWN);
    group_record_parse(VIEW_BYTES(0, 1, 0, 1, 'g', 0, 1, 't', 0, 0, 0, 1), VIEW_BYTES(0, 5, 1),
                       &arena, &r);
    ck_assert_int_eq(r.kind, GROUP_RECORD_UNKNOWN);
    group_record_parse(VIEW_BYTES(0, 0, 0, 1, 'g', 0, 1, 't', 0, 0, 0, 1), nothing, &arena, &r);
    ck_assert_int_eq(r.kind, GROUP_RECORD_OFFSET);
    ck_assert(r.gone);
    ck_assert_int_eq(r.partition, 1);
    /* version 0 of an offset: no epoch, no expiry */
    group_record_parse(VIEW_BYTES(0, 0, 0, 1, 'g', 0, 1, 't', 0, 0, 0, 1),
                       VIEW_BYTES(0, 0, 0, 0, 0, 0, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 8),
                       &arena, &r);
    ck_assert_int_eq(r.kind, GROUP_RECORD_OFFSET);
    ck_assert_int_eq(r.value.offset.offset, 9);
    ck_assert_int_eq(r.value.offset.leader_epoch, -1);
    ck_assert_int_eq(r.value.offset.expire_timestamp, -1);
    arena_reset(&arena);
}
END_TEST

START_TEST(test_every_prefix_is_bad)
{
    struct arena arena = ARENA_INIT;
    struct group_record r;
    struct record_builder b;
    struct group_metadata_value_member m;
    struct group_metadata_value value;
    struct record_batch batch;
    struct record_reader reader;
    struct record record;
    const struct record_batch_options options = RECORD_BATCH_OPTIONS_INIT;
    record_builder_init(&b);
    group_metadata_value_init(&value);
    group_metadata_value_member_init(&m);
    m.member_id = VIEW_LITERAL("m");
    m.subscription = VIEW_LITERAL("sub");
    value.protocol_type = VIEW_LITERAL("consumer");
    value.members = &m;
    value.members_count = 1;
    group_records_add_metadata(&b, 1, VIEW_LITERAL("g"), &value);
    ck_assert_int_eq(record_batch_parse(record_builder_finish(&b, &options), &batch), 0);
    ck_assert_int_eq(record_reader_init(&reader, &batch), 0);
    ck_assert_int_eq(record_reader_next(&reader, &record), 0);
    for (uint32_t size = 0; size <= record.value.size; size++) {
        group_record_parse(record.key, (struct view){record.value.base, size}, &arena, &r);
        ck_assert_int_eq(r.kind,
                         size == record.value.size ? GROUP_RECORD_METADATA : GROUP_RECORD_BAD);
        arena_reset(&arena);
    }
    for (uint32_t size = 0; size < record.key.size; size++) {
        group_record_parse((struct view){record.key.base, size}, record.value, &arena, &r);
        ck_assert_int_eq(r.kind, GROUP_RECORD_BAD);
        arena_reset(&arena);
    }
    record_builder_deinit(&b);
}
END_TEST

SUITE_MAIN("group_records", test_kafkas_records, test_offset_with_its_own_expiry_is_version_1,
           test_other_versions, test_every_prefix_is_bad)
