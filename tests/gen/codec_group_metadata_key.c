/* SPDX-License-Identifier: Apache-2.0 */
/* Made by proto/tools/gen.py from proto/schema/group_metadata_key.json: do not edit. */
#include "proto/gen/group_metadata_key.h"
#include "tests/gen/codec_table.h"
#include "tests/lib/codec_random.h"

static void random_group_metadata_key(struct codec_random *random, int16_t version,
                                      struct arena *arena, struct group_metadata_key *ret)
{
    (void)version;
    group_metadata_key_init(ret);
    ret->group = random_string(random, arena, false);
}

static bool equal_group_metadata_key(const struct group_metadata_key *a,
                                     const struct group_metadata_key *b)
{
    bool same = true;
    same = same && codec_same_view(a->group, b->group);
    return same;
}

static bool decode_any_group_metadata_key(struct wire_reader *r, int16_t version,
                                          struct arena *arena, void *ret)
{
    return group_metadata_key_decode(r, version, arena, ret);
}

static void encode_any_group_metadata_key(struct wire_writer *w, int16_t version, const void *from)
{
    group_metadata_key_encode(w, version, from);
}

static void random_any_group_metadata_key(struct codec_random *random, int16_t version,
                                          struct arena *arena, void *ret)
{
    random_group_metadata_key(random, version, arena, ret);
}

static bool equal_any_group_metadata_key(const void *a, const void *b)
{
    return equal_group_metadata_key(a, b);
}

const struct codec codec_group_metadata_key = {
    .name = "group_metadata_key",
    .api_key = -1,
    .is_response = false,
    .version_min = 2,
    .version_max = 2,
    .size = sizeof(struct group_metadata_key),
    .decode = decode_any_group_metadata_key,
    .encode = encode_any_group_metadata_key,
    .random = random_any_group_metadata_key,
    .equal = equal_any_group_metadata_key,
};
