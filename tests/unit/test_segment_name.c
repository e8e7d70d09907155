/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>

#include "broker/log/partition_dir.h"
#include "broker/log/segment_name.h"
#include "tests/lib/suite.h"

START_TEST(names_of_files_are_kafkas)
{
    static const struct {
        const char *name;
        int64_t base_offset;
        enum segment_file file;
        enum segment_stage stage;
    } names[] = {
        {"00000000000000000000.log", 0, SEGMENT_LOG, SEGMENT_LIVE},
        {"00000000000000000046.index", 46, SEGMENT_INDEX, SEGMENT_LIVE},
        {"00000000000000000046.timeindex.deleted", 46, SEGMENT_TIME_INDEX, SEGMENT_DELETED},
        {"00000000000000000119.txnindex.cleaned", 119, SEGMENT_TXN_INDEX, SEGMENT_CLEANED},
        {"00000000000000000119.log.swap", 119, SEGMENT_LOG, SEGMENT_SWAP},
        {"09223372036854775807.snapshot", INT64_MAX, SEGMENT_SNAPSHOT, SEGMENT_LIVE},
    };
    for (unsigned i = 0; i < COUNT_OF(names); i++) {
        char name[SEGMENT_NAME_SIZE];
        int64_t base_offset;
        enum segment_file file;
        enum segment_stage stage;
        segment_name(name, names[i].base_offset, names[i].file, names[i].stage);
        ck_assert_str_eq(name, names[i].name);
        ck_assert(segment_name_parse(name, &base_offset, &file, &stage));
        ck_assert_int_eq(base_offset, names[i].base_offset);
        ck_assert_int_eq(file, names[i].file);
        ck_assert_int_eq(stage, names[i].stage);
    }
}
END_TEST

START_TEST(other_names_are_no_segments)
{
    static const char *const names[] = {
        "",
        "0.log",
        "0000000000000000000.log",
        "000000000000000000000.log",
        "09223372036854775808.log",
        "-0000000000000000001.log",
        "0000000000000000000x.log",
        "00000000000000000000",
        "00000000000000000000.logs",
        "00000000000000000000.log.swap.deleted",
        "00000000000000000000.txt",
        "leader-epoch-checkpoint",
    };
    for (unsigned i = 0; i < COUNT_OF(names); i++) {
        int64_t base_offset;
        enum segment_file file;
        enum segment_stage stage;
        ck_assert_msg(!segment_name_parse(names[i], &base_offset, &file, &stage), "%s", names[i]);
    }
}
END_TEST

START_TEST(names_of_directories_are_kafkas)
{
    struct partition_dir dir;
    char name[PARTITION_DIR_NAME_SIZE];
    const char *gone = "moving-1.cc6bc28713c34728a0fd3e1f71242878-delete";
    ck_assert(partition_dir_parse("a-b-12", &dir));
    ck_assert_str_eq(dir.topic, "a-b");
    ck_assert_int_eq(dir.partition, 12);
    ck_assert_int_eq(dir.kind, PARTITION_DIR_LIVE);
    ck_assert_int_eq(partition_dir_name(name, "a-b", 12, PARTITION_DIR_LIVE, dir.unique), 0);
    ck_assert_str_eq(name, "a-b-12");
    ck_assert(partition_dir_parse(gone, &dir));
    ck_assert_str_eq(dir.topic, "moving");
    ck_assert_int_eq(dir.partition, 1);
    ck_assert_int_eq(dir.kind, PARTITION_DIR_DELETE);
    ck_assert_uint_eq(dir.unique.bytes[15], 0x78);
    ck_assert_int_eq(partition_dir_name(name, dir.topic, 1, dir.kind, dir.unique), 0);
    ck_assert_str_eq(name, gone);
    ck_assert_int_eq(partition_dir_name(name, "t", 0, PARTITION_DIR_STRAY, dir.unique), 0);
    ck_assert_str_eq(name, "t-0.cc6bc28713c34728a0fd3e1f71242878-stray");
    ck_assert(partition_dir_parse("t-0.cc6bc28713c34728a0fd3e1f71242878-future", &dir));
    ck_assert_int_eq(dir.kind, PARTITION_DIR_FUTURE);
    /* A topic's own name may look like that. */
    ck_assert(partition_dir_parse("x.y-delete-3", &dir));
    ck_assert_str_eq(dir.topic, "x.y-delete");
}
END_TEST

START_TEST(other_names_are_no_partitions)
{
    static const char *const names[] = {
        "",
        "topic",
        "topic-",
        "-0",
        "t-x",
        "t-01",
        "t--1x",
        "t-2147483648",
        "t-1.",
        "t-0.abc-delete",
        "t-0-delete",
        "lost+found",
        "t-0.CC6BC28713C34728A0FD3E1F71242878-delete",
        "t.cc6bc28713c34728a0fd3e1f71242878-delete",
    };
    struct partition_dir dir;
    for (unsigned i = 0; i < COUNT_OF(names); i++)
        ck_assert_msg(!partition_dir_parse(names[i], &dir), "%s", names[i]);
    char longest[300];
    memset(longest, 'n', sizeof longest);
    strcpy(longest + 270, "-0");
    ck_assert(!partition_dir_parse(longest, &dir));
}
END_TEST

START_TEST(a_long_topic_is_cut_beside_the_suffix)
{
    struct partition_dir dir;
    struct uuid unique = {{1}};
    char topic[250], name[PARTITION_DIR_NAME_SIZE];
    memset(topic, 't', 249);
    topic[249] = 0;
    ck_assert_int_eq(partition_dir_name(name, topic, 0, PARTITION_DIR_LIVE, unique), 0);
    ck_assert_uint_eq(strlen(name), 251);
    ck_assert_int_eq(partition_dir_name(name, topic, 100000, PARTITION_DIR_LIVE, unique),
                     -ENAMETOOLONG);
    ck_assert_int_eq(partition_dir_name(name, topic, 100000, PARTITION_DIR_DELETE, unique), 0);
    ck_assert_uint_eq(strlen(name), 255);
    ck_assert(partition_dir_parse(name, &dir));
    ck_assert_uint_eq(strlen(dir.topic), 255 - strlen("-100000.") - 32 - strlen("-delete"));
}
END_TEST

SUITE_MAIN("segment_name", names_of_files_are_kafkas, other_names_are_no_segments,
           names_of_directories_are_kafkas, other_names_are_no_partitions,
           a_long_topic_is_cut_beside_the_suffix)
