/* SPDX-License-Identifier: Apache-2.0 */
#include "common/uuid.h"

#include "tests/lib/suite.h"

/* Ids that Kafka 3.9.2 gave to topics, with their bytes. */
static const struct {
    const char *text;
    struct uuid id;
} known[] = {
    {"09azat4ORwyzrcRqg0Wfuw",
     {{0xd3, 0xd6, 0xb3, 0x6a, 0xde, 0x0e, 0x47, 0x0c, 0xb3, 0xad, 0xc4, 0x6a, 0x83, 0x45, 0x9f,
       0xbb}}},
    {"4KFaNrrzRUynPuxzP-a-ag",
     {{0xe0, 0xa1, 0x5a, 0x36, 0xba, 0xf3, 0x45, 0x4c, 0xa7, 0x3e, 0xec, 0x73, 0x3f, 0xe6, 0xbe,
       0x6a}}},
    {"DIv5-tPySSmaZVISrpnvFQ",
     {{0x0c, 0x8b, 0xf9, 0xfa, 0xd3, 0xf2, 0x49, 0x29, 0x9a, 0x65, 0x52, 0x12, 0xae, 0x99, 0xef,
       0x15}}},
    {"JqOoUS4ZQ16nPdyqNJQ3gg",
     {{0x26, 0xa3, 0xa8, 0x51, 0x2e, 0x19, 0x43, 0x5e, 0xa7, 0x3d, 0xdc, 0xaa, 0x34, 0x94, 0x37,
       0x82}}},
    {"AAAAAAAAAAAAAAAAAAAAAQ", {{[15] = 1}}},
    {"AAAAAAAAAAAAAAAAAAAAAA", {{0}}},
    {"_____________________w",
     {{255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255}}},
};

START_TEST(test_text_is_kafkas)
{
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        char text[UUID_TEXT_SIZE];
        uuid_text(known[i].id, text);
        ck_assert_str_eq(text, known[i].text);
        struct uuid id;
        ck_assert(uuid_parse(view_of(known[i].text), &id));
        ck_assert(uuid_equal(id, known[i].id));
    }
}
END_TEST

START_TEST(test_other_texts_are_refused)
{
    struct uuid id;
    ck_assert(!uuid_parse(VIEW_NULL, &id));
    ck_assert(!uuid_parse(view_of("AAAAAAAAAAAAAAAAAAAAA"), &id));
    ck_assert(!uuid_parse(view_of("AAAAAAAAAAAAAAAAAAAAAAA"), &id));
    ck_assert(!uuid_parse(view_of("AAAAAAAAAA+AAAAAAAAAAA"), &id));
    ck_assert(!uuid_parse(view_of("AAAAAAAAAA/AAAAAAAAAAA"), &id));
    ck_assert(!uuid_parse(view_of("AAAAAAAAAAAAAAAAAAAAA="), &id));
    ck_assert(!uuid_parse(view_of("AAAAAAAAAAAAAAAAAAAAAB"), &id)); /* bits beyond the id */
    ck_assert(!uuid_parse((struct view){(const uint8_t *)"AAAAAAAAAA\0AAAAAAAAAAA", 22}, &id));
}
END_TEST

START_TEST(test_reserved_ids_are_not_drawn)
{
    struct uuid id;
    ck_assert(!uuid_from_random(0, 0, &id));
    ck_assert(!uuid_from_random(0, 1, &id));
    ck_assert(uuid_from_random(0, 2, &id));
    ck_assert(uuid_from_random(1, 0, &id));
    ck_assert(!uuid_from_random(UINT64_C(0xf800000000000000), 5, &id)); /* "-AAA..." */
    ck_assert(uuid_from_random(UINT64_C(0xfc00000000000000), 5, &id));
    char text[UUID_TEXT_SIZE];
    uuid_text(id, text);
    ck_assert_int_eq(text[0], '_');
    ck_assert_uint_eq(id.bytes[15], 5);
}
END_TEST

START_TEST(test_partitions_spread_over_shards_and_stay)
{
    unsigned per_shard[4] = {0};
    for (int topic = 0; topic < 40; topic++) {
        struct partition_id id = {.topic = known[topic % 4].id};
        id.topic.bytes[3] = (uint8_t)topic;
        for (id.number = 0; id.number < 100; id.number++) {
            ck_assert_uint_eq(partition_shard(id, 1), 0);
            per_shard[partition_shard(id, 4)]++;
        }
    }
    for (int i = 0; i < 4; i++) {
        ck_assert_uint_gt(per_shard[i], 900);
        ck_assert_uint_lt(per_shard[i], 1100);
    }
    /* Peers compute it too: it must never change. */
    struct partition_id fixed = {.topic = known[0].id, .number = 7};
    ck_assert_uint_eq(partition_shard(fixed, 1000), 384);
}
END_TEST

SUITE_MAIN("uuid", test_text_is_kafkas, test_other_texts_are_refused,
           test_reserved_ids_are_not_drawn, test_partitions_spread_over_shards_and_stay)
