/* SPDX-License-Identifier: Apache-2.0 */
/* Made by proto/tools/gen.py from proto/schema/group_metadata_value.json: do not edit. */
#include "proto/gen/group_metadata_value.h"
#include "tests/gen/codec_table.h"
#include "tests/lib/codec_random.h"

static void random_group_metadata_value_member(struct codec_random *random, int16_t version,
                                               struct arena *arena,
                                               struct group_metadata_value_member *ret)
{
    group_metadata_value_member_init(ret);
    ret->member_id = random_string(random, arena, false);
    if (version >= 3) {
        ret->group_instance_id = random_string(random, arena, true);
    }
    ret->client_id = random_string(random, arena, false);
    ret->client_host = random_string(random, arena, false);
    if (version >= 1) {
        ret->rebalance_timeout = random_i32(random);
    }
    ret->session_timeout = random_i32(random);
    ret->subscription = random_bytes(random, arena, false);
    ret->assignment = random_bytes(random, arena, false);
}

static bool equal_group_metadata_value_member(const struct group_metadata_value_member *a,
                                              const struct group_metadata_value_member *b)
{
    bool same = true;
    same = same && codec_same_view(a->member_id, b->member_id);
    same = same && codec_same_view(a->group_instance_id, b->group_instance_id);
    same = same && codec_same_view(a->client_id, b->client_id);
    same = same && codec_same_view(a->client_host, b->client_host);
    same = same && a->rebalance_timeout == b->rebalance_timeout;
    same = same && a->session_timeout == b->session_timeout;
    same = same && codec_same_view(a->subscription, b->subscription);
    same = same && codec_same_view(a->assignment, b->assignment);
    return same;
}

static void random_group_metadata_value(struct codec_random *random, int16_t version,
                                        struct arena *arena, struct group_metadata_value *ret)
{
    group_metadata_value_init(ret);
    ret->protocol_type = random_string(random, arena, false);
    ret->generation = random_i32(random);
    ret->protocol = random_string(random, arena, true);
    ret->leader = random_string(random, arena, true);
    if (version >= 2) {
        ret->current_state_timestamp = random_i64(random);
    }
    ret->members_count = random_count(random);
    ret->members = arena_array(arena, ret->members_count, sizeof *ret->members);
    for (uint32_t i = 0; i < ret->members_count; i++) {
        random_group_metadata_value_member(random, version, arena, &ret->members[i]);
    }
}

static bool equal_group_metadata_value(const struct group_metadata_value *a,
                                       const struct group_metadata_value *b)
{
    bool same = true;
    same = same && codec_same_view(a->protocol_type, b->protocol_type);
    same = same && a->generation == b->generation;
    same = same && codec_same_view(a->protocol, b->protocol);
    same = same && codec_same_view(a->leader, b->leader);
    same = same && a->current_state_timestamp == b->current_state_timestamp;
    same = same && a->members_count == b->members_count;
    for (uint32_t i = 0; same && i < a->members_count; i++) {
        same = equal_group_metadata_value_member(&a->members[i], &b->members[i]);
    }
    return same;
}

static bool decode_any_group_metadata_value(struct wire_reader *r, int16_t version,
                                            struct arena *arena, void *ret)
{
    return group_metadata_value_decode(r, version, arena, ret);
}

static void encode_any_group_metadata_value(struct wire_writer *w, int16_t version,
                                            const void *from)
{
    group_metadata_value_encode(w, version, from);
}

static void random_any_group_metadata_value(struct codec_random *random, int16_t version,
                                            struct arena *arena, void *ret)
{
    random_group_metadata_value(random, version, arena, ret);
}

static bool equal_any_group_metadata_value(const void *a, const void *b)
{
    return equal_group_metadata_value(a, b);
}

const struct codec codec_group_metadata_value = {
    .name = "group_metadata_value",
    .api_key = -1,
    .is_response = false,
    .version_min = 0,
    .version_max = 4,
    .size = sizeof(struct group_metadata_value),
    .decode = decode_any_group_metadata_value,
    .encode = encode_any_group_metadata_value,
    .random = random_any_group_metadata_value,
    .equal = equal_any_group_metadata_value,
};
