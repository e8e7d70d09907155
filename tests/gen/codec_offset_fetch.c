/* SPDX-License-Identifier: Apache-2.0 */
/* Made by proto/tools/gen.py from proto/schema/offset_fetch.json: do not edit. */
#include "proto/gen/offset_fetch.h"
#include "tests/gen/codec_table.h"
#include "tests/lib/codec_random.h"

static void random_offset_fetch_request_topic(struct codec_random *random, int16_t version,
                                              struct arena *arena,
                                              struct offset_fetch_request_topic *ret)
{
    (void)version;
    offset_fetch_request_topic_init(ret);
    ret->name = random_string(random, arena, false);
    ret->partition_indexes = random_i32_list(random, arena, &ret->partition_indexes_count);
}

static bool equal_offset_fetch_request_topic(const struct offset_fetch_request_topic *a,
                                             const struct offset_fetch_request_topic *b)
{
    bool same = true;
    same = same && codec_same_view(a->name, b->name);
    same = same && a->partition_indexes_count == b->partition_indexes_count;
    for (uint32_t i = 0; same && i < a->partition_indexes_count; i++) {
        same = a->partition_indexes[i] == b->partition_indexes[i];
    }
    return same;
}

static void random_offset_fetch_request_group_topic(struct codec_random *random, int16_t version,
                                                    struct arena *arena,
                                                    struct offset_fetch_request_group_topic *ret)
{
    (void)version;
    offset_fetch_request_group_topic_init(ret);
    ret->name = random_string(random, arena, false);
    ret->partition_indexes = random_i32_list(random, arena, &ret->partition_indexes_count);
}

static bool equal_offset_fetch_request_group_topic(const struct offset_fetch_request_group_topic *a,
                                                   const struct offset_fetch_request_group_topic *b)
{
    bool same = true;
    same = same && codec_same_view(a->name, b->name);
    same = same && a->partition_indexes_count == b->partition_indexes_count;
    for (uint32_t i = 0; same && i < a->partition_indexes_count; i++) {
        same = a->partition_indexes[i] == b->partition_indexes[i];
    }
    return same;
}

static void random_offset_fetch_request_group(struct codec_random *random, int16_t version,
                                              struct arena *arena,
                                              struct offset_fetch_request_group *ret)
{
    offset_fetch_request_group_init(ret);
    ret->group_id = random_string(random, arena, false);
    if (version >= 9) {
        ret->member_id = random_string(random, arena, true);
        ret->member_epoch = random_i32(random);
    }
    ret->topics_count = random_count(random);
    ret->topics = arena_array(arena, ret->topics_count, sizeof *ret->topics);
    for (uint32_t i = 0; i < ret->topics_count; i++) {
        random_offset_fetch_request_group_topic(random, version, arena, &ret->topics[i]);
    }
    ret->topics_null = ret->topics_count == 0 && random_bool(random);
}

static bool equal_offset_fetch_request_group(const struct offset_fetch_request_group *a,
                                             const struct offset_fetch_request_group *b)
{
    bool same = true;
    same = same && codec_same_view(a->group_id, b->group_id);
    same = same && codec_same_view(a->member_id, b->member_id);
    same = same && a->member_epoch == b->member_epoch;
    same = same && a->topics_count == b->topics_count;
    same = same && a->topics_null == b->topics_null;
    for (uint32_t i = 0; same && i < a->topics_count; i++) {
        same = equal_offset_fetch_request_group_topic(&a->topics[i], &b->topics[i]);
    }
    return same;
}

static void random_offset_fetch_request(struct codec_random *random, int16_t version,
                                        struct arena *arena, struct offset_fetch_request *ret)
{
    offset_fetch_request_init(ret);
    if (version <= 7) {
        ret->group_id = random_string(random, arena, false);
        ret->topics_count = random_count(random);
        ret->topics = arena_array(arena, ret->topics_count, sizeof *ret->topics);
        for (uint32_t i = 0; i < ret->topics_count; i++) {
            random_offset_fetch_request_topic(random, version, arena, &ret->topics[i]);
        }
        ret->topics_null = version >= 2 && ret->topics_count == 0 && random_bool(random);
    }
    if (version >= 8) {
        ret->groups_count = random_count(random);
        ret->groups = arena_array(arena, ret->groups_count, sizeof *ret->groups);
        for (uint32_t i = 0; i < ret->groups_count; i++) {
            random_offset_fetch_request_group(random, version, arena, &ret->groups[i]);
        }
    }
    if (version >= 7) {
        ret->require_stable = random_bool(random);
    }
}

static bool equal_offset_fetch_request(const struct offset_fetch_request *a,
                                       const struct offset_fetch_request *b)
{
    bool same = true;
    same = same && codec_same_view(a->group_id, b->group_id);
    same = same && a->topics_count == b->topics_count;
    same = same && a->topics_null == b->topics_null;
    for (uint32_t i = 0; same && i < a->topics_count; i++) {
        same = equal_offset_fetch_request_topic(&a->topics[i], &b->topics[i]);
    }
    same = same && a->groups_count == b->groups_count;
    for (uint32_t i = 0; same && i < a->groups_count; i++) {
        same = equal_offset_fetch_request_group(&a->groups[i], &b->groups[i]);
    }
    same = same && a->require_stable == b->require_stable;
    return same;
}

static void random_offset_fetch_response_partition(struct codec_random *random, int16_t version,
                                                   struct arena *arena,
                                                   struct offset_fetch_response_partition *ret)
{
    offset_fetch_response_partition_init(ret);
    ret->partition_index = random_i32(random);
    ret->committed_offset = random_i64(random);
    if (version >= 5) {
        ret->committed_leader_epoch = random_i32(random);
    }
    ret->metadata = random_string(random, arena, true);
    ret->error_code = random_i16(random);
}

static bool equal_offset_fetch_response_partition(const struct offset_fetch_response_partition *a,
                                                  const struct offset_fetch_response_partition *b)
{
    bool same = true;
    same = same && a->partition_index == b->partition_index;
    same = same && a->committed_offset == b->committed_offset;
    same = same && a->committed_leader_epoch == b->committed_leader_epoch;
    same = same && codec_same_view(a->metadata, b->metadata);
    same = same && a->error_code == b->error_code;
    return same;
}

static void random_offset_fetch_response_topic(struct codec_random *random, int16_t version,
                                               struct arena *arena,
                                               struct offset_fetch_response_topic *ret)
{
    offset_fetch_response_topic_init(ret);
    ret->name = random_string(random, arena, false);
    ret->partitions_count = random_count(random);
    ret->partitions = arena_array(arena, ret->partitions_count, sizeof *ret->partitions);
    for (uint32_t i = 0; i < ret->partitions_count; i++) {
        random_offset_fetch_response_partition(random, version, arena, &ret->partitions[i]);
    }
}

static bool equal_offset_fetch_response_topic(const struct offset_fetch_response_topic *a,
                                              const struct offset_fetch_response_topic *b)
{
    bool same = true;
    same = same && codec_same_view(a->name, b->name);
    same = same && a->partitions_count == b->partitions_count;
    for (uint32_t i = 0; same && i < a->partitions_count; i++) {
        same = equal_offset_fetch_response_partition(&a->partitions[i], &b->partitions[i]);
    }
    return same;
}

static void random_offset_fetch_response_group_partition(
        struct codec_random *random, int16_t version, struct arena *arena,
        struct offset_fetch_response_group_partition *ret)
{
    (void)version;
    offset_fetch_response_group_partition_init(ret);
    ret->partition_index = random_i32(random);
    ret->committed_offset = random_i64(random);
    ret->committed_leader_epoch = random_i32(random);
    ret->metadata = random_string(random, arena, true);
    ret->error_code = random_i16(random);
}

static bool equal_offset_fetch_response_group_partition(
        const struct offset_fetch_response_group_partition *a,
        const struct offset_fetch_response_group_partition *b)
{
    bool same = true;
    same = same && a->partition_index == b->partition_index;
    same = same && a->committed_offset == b->committed_offset;
    same = same && a->committed_leader_epoch == b->committed_leader_epoch;
    same = same && codec_same_view(a->metadata, b->metadata);
    same = same && a->error_code == b->error_code;
    return same;
}

static void random_offset_fetch_response_group_topic(struct codec_random *random, int16_t version,
                                                     struct arena *arena,
                                                     struct offset_fetch_response_group_topic *ret)
{
    offset_fetch_response_group_topic_init(ret);
    ret->name = random_string(random, arena, false);
    ret->partitions_count = random_count(random);
    ret->partitions = arena_array(arena, ret->partitions_count, sizeof *ret->partitions);
    for (uint32_t i = 0; i < ret->partitions_count; i++) {
        random_offset_fetch_response_group_partition(random, version, arena, &ret->partitions[i]);
    }
}

static bool equal_offset_fetch_response_group_topic(
        const struct offset_fetch_response_group_topic *a,
        const struct offset_fetch_response_group_topic *b)
{
    bool same = true;
    same = same && codec_same_view(a->name, b->name);
    same = same && a->partitions_count == b->partitions_count;
    for (uint32_t i = 0; same && i < a->partitions_count; i++) {
        same = equal_offset_fetch_response_group_partition(&a->partitions[i], &b->partitions[i]);
    }
    return same;
}

static void random_offset_fetch_response_group(struct codec_random *random, int16_t version,
                                               struct arena *arena,
                                               struct offset_fetch_response_group *ret)
{
    offset_fetch_response_group_init(ret);
    ret->group_id = random_string(random, arena, false);
    ret->topics_count = random_count(random);
    ret->topics = arena_array(arena, ret->topics_count, sizeof *ret->topics);
    for (uint32_t i = 0; i < ret->topics_count; i++) {
        random_offset_fetch_response_group_topic(random, version, arena, &ret->topics[i]);
    }
    ret->error_code = random_i16(random);
}

static bool equal_offset_fetch_response_group(const struct offset_fetch_response_group *a,
                                              const struct offset_fetch_response_group *b)
{
    bool same = true;
    same = same && codec_same_view(a->group_id, b->group_id);
    same = same && a->topics_count == b->topics_count;
    for (uint32_t i = 0; same && i < a->topics_count; i++) {
        same = equal_offset_fetch_response_group_topic(&a->topics[i], &b->topics[i]);
    }
    same = same && a->error_code == b->error_code;
    return same;
}

static void random_offset_fetch_response(struct codec_random *random, int16_t version,
                                         struct arena *arena, struct offset_fetch_response *ret)
{
    offset_fetch_response_init(ret);
    if (version >= 3) {
        ret->throttle_time_ms = random_i32(random);
    }
    if (version <= 7) {
        ret->topics_count = random_count(random);
        ret->topics = arena_array(arena, ret->topics_count, sizeof *ret->topics);
        for (uint32_t i = 0; i < ret->topics_count; i++) {
            random_offset_fetch_response_topic(random, version, arena, &ret->topics[i]);
        }
    }
    if (version >= 2 && version <= 7) {
        ret->error_code = random_i16(random);
    }
    if (version >= 8) {
        ret->groups_count = random_count(random);
        ret->groups = arena_array(arena, ret->groups_count, sizeof *ret->groups);
        for (uint32_t i = 0; i < ret->groups_count; i++) {
            random_offset_fetch_response_group(random, version, arena, &ret->groups[i]);
        }
    }
}

static bool equal_offset_fetch_response(const struct offset_fetch_response *a,
                                        const struct offset_fetch_response *b)
{
    bool same = true;
    same = same && a->throttle_time_ms == b->throttle_time_ms;
    same = same && a->topics_count == b->topics_count;
    for (uint32_t i = 0; same && i < a->topics_count; i++) {
        same = equal_offset_fetch_response_topic(&a->topics[i], &b->topics[i]);
    }
    same = same && a->error_code == b->error_code;
    same = same && a->groups_count == b->groups_count;
    for (uint32_t i = 0; same && i < a->groups_count; i++) {
        same = equal_offset_fetch_response_group(&a->groups[i], &b->groups[i]);
    }
    return same;
}

static bool decode_any_offset_fetch_request(struct wire_reader *r, int16_t version,
                                            struct arena *arena, void *ret)
{
    return offset_fetch_request_decode(r, version, arena, ret);
}

static void encode_any_offset_fetch_request(struct wire_writer *w, int16_t version,
                                            const void *from)
{
    offset_fetch_request_encode(w, version, from);
}

static void random_any_offset_fetch_request(struct codec_random *random, int16_t version,
                                            struct arena *arena, void *ret)
{
    random_offset_fetch_request(random, version, arena, ret);
}

static bool equal_any_offset_fetch_request(const void *a, const void *b)
{
    return equal_offset_fetch_request(a, b);
}

const struct codec codec_offset_fetch_request = {
    .name = "offset_fetch_request",
    .api_key = 9,
    .is_response = false,
    .version_min = 1,
    .version_max = 9,
    .size = sizeof(struct offset_fetch_request),
    .decode = decode_any_offset_fetch_request,
    .encode = encode_any_offset_fetch_request,
    .random = random_any_offset_fetch_request,
    .equal = equal_any_offset_fetch_request,
};

static bool decode_any_offset_fetch_response(struct wire_reader *r, int16_t version,
                                             struct arena *arena, void *ret)
{
    return offset_fetch_response_decode(r, version, arena, ret);
}

static void encode_any_offset_fetch_response(struct wire_writer *w, int16_t version,
                                             const void *from)
{
    offset_fetch_response_encode(w, version, from);
}

static void random_any_offset_fetch_response(struct codec_random *random, int16_t version,
                                             struct arena *arena, void *ret)
{
    random_offset_fetch_response(random, version, arena, ret);
}

static bool equal_any_offset_fetch_response(const void *a, const void *b)
{
    return equal_offset_fetch_response(a, b);
}

const struct codec codec_offset_fetch_response = {
    .name = "offset_fetch_response",
    .api_key = 9,
    .is_response = true,
    .version_min = 1,
    .version_max = 9,
    .size = sizeof(struct offset_fetch_response),
    .decode = decode_any_offset_fetch_response,
    .encode = encode_any_offset_fetch_response,
    .random = random_any_offset_fetch_response,
    .equal = equal_any_offset_fetch_response,
};
