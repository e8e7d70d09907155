/* SPDX-License-Identifier: Apache-2.0 */
/* Made by proto/tools/gen.py from proto/schema/offset_commit_key.json: do not edit. */
#include "proto/gen/offset_commit_key.h"
#include "tests/gen/codec_table.h"
#include "tests/lib/codec_random.h"

static void random_offset_commit_key(struct codec_random *random, int16_t version,
                                     struct arena *arena, struct offset_commit_key *ret)
{
    (void)version;
    offset_commit_key_init(ret);
    ret->group = random_string(random, arena, false);
    ret->topic = random_string(random, arena, false);
    ret->partition = random_i32(random);
}

static bool equal_offset_commit_key(const struct offset_commit_key *a,
                                    const struct offset_commit_key *b)
{
    bool same = true;
    same = same && codec_same_view(a->group, b->group);
    same = same && codec_same_view(a->topic, b->topic);
    same = same && a->partition == b->partition;
    return same;
}

static bool decode_any_offset_commit_key(struct wire_reader *r, int16_t version,
                                         struct arena *arena, void *ret)
{
    return offset_commit_key_decode(r, version, arena, ret);
}

static void encode_any_offset_commit_key(struct wire_writer *w, int16_t version, const void *from)
{
    offset_commit_key_encode(w, version, from);
}

static void random_any_offset_commit_key(struct codec_random *random, int16_t version,
                                         struct arena *arena, void *ret)
{
    random_offset_commit_key(random, version, arena, ret);
}

static bool equal_any_offset_commit_key(const void *a, const void *b)
{
    return equal_offset_commit_key(a, b);
}

const struct codec codec_offset_commit_key = {
    .name = "offset_commit_key",
    .api_key = -1,
    .is_response = false,
    .version_min = 0,
    .version_max = 1,
    .size = sizeof(struct offset_commit_key),
    .decode = decode_any_offset_commit_key,
    .encode = encode_any_offset_commit_key,
    .random = random_any_offset_commit_key,
    .equal = equal_any_offset_commit_key,
};
