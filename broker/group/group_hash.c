/* SPDX-License-Identifier: Apache-2.0 */
#include "broker/group/group_hash.h"

#include "common/assert.h"

#define REPLACEMENT 0xFFFDu

/* The code point at the start of the text and how many bytes it takes. A malformed sequence takes
 * its longest well-formed beginning, at least one byte. */
static uint32_t next_code_point(const uint8_t *at, uint32_t left, uint32_t *ret_size)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    uint8_t lead = at[0];
    uint32_t want = lead < 0x80                   ? 1
                    : lead >= 0xC2 && lead < 0xE0 ? 2
                    : lead >= 0xE0 && lead < 0xF0 ? 3
                    : lead >= 0xF0 && lead < 0xF5 ? 4
                                                  : 0;
    uint32_t point = want == 1 ? lead : lead & (0x7Fu >> want);
    *ret_size = 1;
    if (want == 0)
        return REPLACEMENT;
    for (uint32_t i = 1; i < want; i++) {
        if (i >= left || (at[i] & 0xC0) != 0x80)
            return REPLACEMENT;
        point = point << 6 | (at[i] & 0x3Fu);
        /* What the first two bytes already show to be overlong or too large. */
        uint32_t shift = 6 * (want - 1 - i);
        uint32_t low = point << shift, high = low | ((1u << shift) - 1);
        if (high < least[want] || low > 0x10FFFF)
            return REPLACEMENT;
        *ret_size = i + 1;
    }
    /* Java takes a surrogate that was encoded for itself as one malformed sequence. */
    return point >= 0xD800 && point <= 0xDFFF ? REPLACEMENT : point;
}

int32_t group_hash(struct view text)
{
    uint32_t hash = 0, size;
    for (uint32_t at = 0; at < text.size; at += size) {
        uint32_t point = next_code_point(text.base + at, text.size - at, &size);
        if (point < 0x10000) {
            hash = 31 * hash + point;
        } else {
            hash = 31 * hash + (0xD800 + ((point - 0x10000) >> 10));
            hash = 31 * hash + (0xDC00 + ((point - 0x10000) & 0x3FF));
        }
    }
    return (int32_t)hash;
}

unsigned group_partition(struct view group, uint32_t count)
{
    PRE(count > 0);
    int32_t hash = group_hash(group);
    uint32_t positive = hash == INT32_MIN ? 0 : (uint32_t)(hash < 0 ? -hash : hash);
    return positive % count;
}
