/* SPDX-License-Identifier: Apache-2.0 */
/* The partition of a group is Java's: every expected value was printed by a JVM (17). */
#include "broker/group/group_hash.h"
#include "common/assert.h"
#include "tests/lib/suite.h"

struct vector {
    const char *text;
    int32_t hash;
    unsigned partition; /* of 50 */
};

START_TEST(test_texts)
{
    static const struct vector vectors[] = {
        {"", 0, 0},
        {"a", 97, 47},
        {"foo", 101574, 24},
        {"Aa", 2112, 12},
        {"BB", 2112, 12},
        {"polygenelubricants", INT32_MIN, 0},
        {"console-consumer-12345", 158455506, 6},
        {"my-group", -1906497762, 12},
        {"\xc3\xbc"
         "ber",
         7604755, 5},
        {"\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e", 25921943, 43},
        {"\xf0\x9f\x98\x80", 1772899, 49},
        {"group-\xf0\x9f\x91\x8d\xf0\x9f\x8f\xbd", -1357098625, 25},
        {"\xf0\x90\x80\x80", 1770496, 46},
        {"\xf4\x8f\xbf\xbf", 1803232, 32},
        {"connect-cluster", 1440343063, 13},
    };
    for (size_t i = 0; i < COUNT_OF(vectors); i++) {
        ck_assert_int_eq(group_hash(view_of(vectors[i].text)), vectors[i].hash);
        ck_assert_uint_eq(group_partition(view_of(vectors[i].text), 50), vectors[i].partition);
    }
}
END_TEST

START_TEST(test_bytes_that_are_no_text)
{
    static const struct vector vectors[] = {
        {"\x80", 65533, 0},
        {"\xc3", 65533, 0},
        {"\xc0\x80", 2097056, 0},
        {"\xed\xa0\x80", 65533, 0},
        {"\xe2\x82x", 2031643, 0},
        {"\xf0\x9f\x98", 65533, 0},
        {"\xf5y", 2031644, 0},
        {"\xf4\x90\x80\x80", 2017367872, 0},
        {"\xe0\x80\x80", 65074269, 0},
        {"\xf0\x9fz", 2031645, 0},
        {"q\xffq", 2140229, 0},
    };
    for (size_t i = 0; i < COUNT_OF(vectors); i++)
        ck_assert_int_eq(group_hash(view_of(vectors[i].text)), vectors[i].hash);
}
END_TEST

START_TEST(test_one_partition_takes_all)
{
    ck_assert_uint_eq(group_partition(VIEW_LITERAL("anything"), 1), 0);
    ck_assert_uint_eq(group_partition(VIEW_LITERAL("polygenelubricants"), 3), 0);
}
END_TEST

SUITE_MAIN("group_hash", test_texts, test_bytes_that_are_no_text, test_one_partition_takes_all)
