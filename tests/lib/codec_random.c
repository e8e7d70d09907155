/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/codec_random.h"

/* splitmix64: any seed is a good one. */
uint64_t random_next(struct codec_random *random)
{
    uint64_t x = random->state += 0x9e3779b97f4a7c15u;
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
    x = (x ^ x >> 27) * 0x94d049bb133111ebu;
    return x ^ x >> 31;
}

static uint32_t below(struct codec_random *random, uint32_t bound)
{
    return (uint32_t)(random_next(random) % bound);
}

bool random_bool(struct codec_random *random)
{
    return below(random, 2) == 1;
}

int64_t random_i64(struct codec_random *random)
{
    switch (below(random, 6)) {
    case 0:
        return 0;
    case 1:
        return -1;
    case 2:
        return INT64_MIN;
    case 3:
        return INT64_MAX;
    default:
        return (int64_t)random_next(random);
    }
}

/* Narrowing keeps 0 and -1, and makes those two of the other borders; so add the type's own. */
int32_t random_i32(struct codec_random *random)
{
    uint32_t choice = below(random, 12);
    return choice == 0 ? INT32_MIN : choice == 1 ? INT32_MAX : (int32_t)random_i64(random);
}

int16_t random_i16(struct codec_random *random)
{
    uint32_t choice = below(random, 12);
    return choice == 0 ? INT16_MIN : choice == 1 ? INT16_MAX : (int16_t)random_i64(random);
}

int8_t random_i8(struct codec_random *random)
{
    uint32_t choice = below(random, 12);
    return choice == 0 ? INT8_MIN : choice == 1 ? INT8_MAX : (int8_t)random_i64(random);
}

struct uuid random_uuid(struct codec_random *random)
{
    struct uuid id = {{0}};
    if (below(random, 4) != 0)
        for (size_t i = 0; i < sizeof id.bytes; i++)
            id.bytes[i] = (uint8_t)random_next(random);
    return id;
}

uint32_t random_count(struct codec_random *random)
{
    return below(random, 4);
}

struct view random_bytes(struct codec_random *random, struct arena *arena, bool nullable)
{
    static const uint32_t bounds[] = {1, 2, 20, 20, 20, 300};
    if (nullable && below(random, 4) == 0)
        return VIEW_NULL;
    uint32_t size = below(random, bounds[below(random, sizeof bounds / sizeof bounds[0])]);
    uint8_t *bytes = arena_alloc(arena, size + 1);
    for (uint32_t i = 0; i < size; i++)
        bytes[i] = (uint8_t)random_next(random);
    return (struct view){bytes, size};
}

struct view random_string(struct codec_random *random, struct arena *arena, bool nullable)
{
    return random_bytes(random, arena, nullable);
}

const int32_t *random_i32_list(struct codec_random *random, struct arena *arena,
                               uint32_t *ret_count)
{
    uint32_t count = below(random, 16) == 0 ? 150 : random_count(random);
    int32_t *list = arena_array(arena, count, sizeof *list);
    for (uint32_t i = 0; i < count; i++)
        list[i] = random_i32(random);
    *ret_count = count;
    return list;
}

const struct view *random_string_list(struct codec_random *random, struct arena *arena,
                                      uint32_t *ret_count)
{
    uint32_t count = random_count(random);
    struct view *list = arena_array(arena, count, sizeof *list);
    for (uint32_t i = 0; i < count; i++)
        list[i] = random_string(random, arena, false);
    *ret_count = count;
    return list;
}

bool codec_same_view(struct view a, struct view b)
{
    return (a.base == NULL) == (b.base == NULL) && view_equal(a, b);
}
