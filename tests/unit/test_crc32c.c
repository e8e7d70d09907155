/* SPDX-License-Identifier: Apache-2.0 */
#include "common/crc32c.h"

#include <string.h>

#include "tests/lib/suite.h"

typedef uint32_t (*crc_function)(uint32_t crc, const void *bytes, size_t size);
static const crc_function ways[] = {crc32c, crc32c_portable};

/* RFC 3720 appendix B.4, and the check value that every catalogue gives. */
START_TEST(test_known_values)
{
    uint8_t zeros[32] = {0}, ones[32], up[32], down[32];
    memset(ones, 0xff, sizeof ones);
    for (int i = 0; i < 32; i++) {
        up[i] = (uint8_t)i;
        down[i] = (uint8_t)(31 - i);
    }
    for (size_t i = 0; i < 2; i++) {
        ck_assert_uint_eq(ways[i](0, zeros, 32), 0x8a9136aau);
        ck_assert_uint_eq(ways[i](0, ones, 32), 0x62a8ab43u);
        ck_assert_uint_eq(ways[i](0, up, 32), 0x46dd794eu);
        ck_assert_uint_eq(ways[i](0, down, 32), 0x113fdb5cu);
        ck_assert_uint_eq(ways[i](0, "123456789", 9), 0xe3069283u);
        ck_assert_uint_eq(ways[i](0, "", 0), 0);
    }
}
END_TEST

/* The definition, bit by bit. */
static uint32_t crc_by_bits(uint32_t crc, const uint8_t *bytes, size_t size)
{
    crc = ~crc;
    for (size_t i = 0; i < size; i++) {
        crc ^= bytes[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? 0x82f63b78u : 0);
    }
    return ~crc;
}

START_TEST(test_all_ways_agree_at_every_length_and_alignment)
{
    uint8_t bytes[400];
    uint32_t seed = 7;
    for (size_t i = 0; i < sizeof bytes; i++) {
        seed = seed * 1664525u + 1013904223u;
        bytes[i] = (uint8_t)(seed >> 24);
    }
    for (size_t at = 0; at < 9; at++) {
        for (size_t size = 0; size < 300; size++) {
            uint32_t wanted = crc_by_bits(seed, bytes + at, size);
            ck_assert_uint_eq(crc32c(seed, bytes + at, size), wanted);
            ck_assert_uint_eq(crc32c_portable(seed, bytes + at, size), wanted);
        }
    }
}
END_TEST

/* Long enough for the parts that are worked on side by side. */
START_TEST(test_all_ways_agree_on_many_bytes)
{
    uint8_t bytes[8000];
    uint32_t seed = 11;
    for (size_t i = 0; i < sizeof bytes; i++) {
        seed = seed * 1664525u + 1013904223u;
        bytes[i] = (uint8_t)(seed >> 24);
    }
    for (size_t size = 300; size + 8 <= sizeof bytes; size += size % 512 > 500 ? 1 : 37) {
        for (size_t at = 0; at < 8; at += 7) {
            uint32_t wanted = crc_by_bits(seed, bytes + at, size);
            ck_assert_uint_eq(crc32c(seed, bytes + at, size), wanted);
            ck_assert_uint_eq(crc32c_portable(seed, bytes + at, size), wanted);
        }
    }
}
END_TEST

START_TEST(test_pieces_continue_each_other)
{
    const char *text = "a corduroy road is made of logs laid side by side";
    size_t size = strlen(text);
    for (size_t cut = 0; cut <= size; cut++) {
        for (size_t i = 0; i < 2; i++) {
            uint32_t first = ways[i](0, text, cut);
            ck_assert_uint_eq(ways[i](first, text + cut, size - cut), ways[i](0, text, size));
        }
    }
}
END_TEST

SUITE_MAIN("crc32c", test_known_values, test_all_ways_agree_at_every_length_and_alignment,
           test_all_ways_agree_on_many_bytes, test_pieces_continue_each_other)
