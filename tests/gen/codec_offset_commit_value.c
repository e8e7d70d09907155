/* SPDX-License-Identifier: Apache-2.0 */
/* Made by proto/tools/gen.py from proto/schema/offset_commit_value.json: do not edit. */
#include "proto/gen/offset_commit_value.h"
#include "tests/gen/codec_table.h"
#include "tests/lib/codec_random.h"

static void random_offset_commit_value(struct codec_random *random, int16_t version,
                                       struct arena *arena, struct offset_commit_value *ret)
{
    offset_commit_value_init(ret);
    ret->offset = random_i64(random);
    if (version >= 3) {
        ret->leader_epoch = random_i32(random);
    }
    ret->metadata = random_string(random, arena, false);
    ret->commit_timestamp = random_i64(random);
    if (version >= 1 && version <= 1) {
        ret->expire_timestamp = random_i64(random);
    }
}

static bool equal_offset_commit_value(const struct offset_commit_value *a,
                                      const struct offset_commit_value *b)
{
    bool same = true;
    same = same && a->offset == b->offset;
    same = same && a->leader_epoch == b->leader_epoch;
    same = same && codec_same_view(a->metadata, b->metadata);
    same = same && a->commit_timestamp == b->commit_timestamp;
    same = same && a->expire_timestamp == b->expire_timestamp;
    return same;
}

static bool decode_any_offset_commit_value(struct wire_reader *r, int16_t version,
                                           struct arena *arena, void *ret)
{
    return offset_commit_value_decode(r, version, arena, ret);
}

static void encode_any_offset_commit_value(struct wire_writer *w, int16_t version, const void *from)
{
    offset_commit_value_encode(w, version, from);
}

static void random_any_offset_commit_value(struct codec_random *random, int16_t version,
                                           struct arena *arena, void *ret)
{
    random_offset_commit_value(random, version, arena, ret);
}

static bool equal_any_offset_commit_value(const void *a, const void *b)
{
    return equal_offset_commit_value(a, b);
}

const struct codec codec_offset_commit_value = {
    .name = "offset_commit_value",
    .api_key = -1,
    .is_response = false,
    .version_min = 0,
    .version_max = 4,
    .size = sizeof(struct offset_commit_value),
    .decode = decode_any_offset_commit_value,
    .encode = encode_any_offset_commit_value,
    .random = random_any_offset_commit_value,
    .equal = equal_any_offset_commit_value,
};
