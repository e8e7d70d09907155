/* SPDX-License-Identifier: Apache-2.0 */
/* Made by proto/tools/gen.py from proto/schema/offset_commit.json: do not edit. */
#include "proto/gen/offset_commit.h"
#include "tests/gen/codec_table.h"
#include "tests/lib/codec_random.h"

static void random_offset_commit_request_partition(struct codec_random *random, int16_t version,
                                                   struct arena *arena,
                                                   struct offset_commit_request_partition *ret)
{
    offset_commit_request_partition_init(ret);
    ret->partition_index = random_i32(random);
    ret->committed_offset = random_i64(random);
    if (version >= 6) {
        ret->committed_leader_epoch = random_i32(random);
    }
    if (version <= 1) {
        ret->commit_timestamp = random_i64(random);
    }
    ret->committed_metadata = random_string(random, arena, true);
}

static bool equal_offset_commit_request_partition(const struct offset_commit_request_partition *a,
                                                  const struct offset_commit_request_partition *b)
{
    bool same = true;
    same = same && a->partition_index == b->partition_index;
    same = same && a->committed_offset == b->committed_offset;
    same = same && a->committed_leader_epoch == b->committed_leader_epoch;
    same = same && a->commit_timestamp == b->commit_timestamp;
    same = same && codec_same_view(a->committed_metadata, b->committed_metadata);
    return same;
}

static void random_offset_commit_request_topic(struct codec_random *random, int16_t version,
                                               struct arena *arena,
                                               struct offset_commit_request_topic *ret)
{
    offset_commit_request_topic_init(ret);
    ret->name = random_string(random, arena, false);
    ret->partitions_count = random_count(random);
    ret->partitions = arena_array(arena, ret->partitions_count, sizeof *ret->partitions);
    for (uint32_t i = 0; i < ret->partitions_count; i++) {
        random_offset_commit_request_partition(random, version, arena, &ret->partitions[i]);
    }
}

static bool equal_offset_commit_request_topic(const struct offset_commit_request_topic *a,
                                              const struct offset_commit_request_topic *b)
{
    bool same = true;
    same = same && codec_same_view(a->name, b->name);
    same = same && a->partitions_count == b->partitions_count;
    for (uint32_t i = 0; same && i < a->partitions_count; i++) {
        same = equal_offset_commit_request_partition(&a->partitions[i], &b->partitions[i]);
    }
    return same;
}

static void random_offset_commit_request(struct codec_random *random, int16_t version,
                                         struct arena *arena, struct offset_commit_request *ret)
{
    offset_commit_request_init(ret);
    ret->group_id = random_string(random, arena, false);
    ret->generation_id_or_member_epoch = random_i32(random);
    ret->member_id = random_string(random, arena, false);
    if (version >= 7) {
        ret->group_instance_id = random_string(random, arena, true);
    }
    if (version >= 2 && version <= 4) {
        ret->retention_time_ms = random_i64(random);
    }
    ret->topics_count = random_count(random);
    ret->topics = arena_array(arena, ret->topics_count, sizeof *ret->topics);
    for (uint32_t i = 0; i < ret->topics_count; i++) {
        random_offset_commit_request_topic(random, version, arena, &ret->topics[i]);
    }
}

static bool equal_offset_commit_request(const struct offset_commit_request *a,
                                        const struct offset_commit_request *b)
{
    bool same = true;
    same = same && codec_same_view(a->group_id, b->group_id);
    same = same && a->generation_id_or_member_epoch == b->generation_id_or_member_epoch;
    same = same && codec_same_view(a->member_id, b->member_id);
    same = same && codec_same_view(a->group_instance_id, b->group_instance_id);
    same = same && a->retention_time_ms == b->retention_time_ms;
    same = same && a->topics_count == b->topics_count;
    for (uint32_t i = 0; same && i < a->topics_count; i++) {
        same = equal_offset_commit_request_topic(&a->topics[i], &b->topics[i]);
    }
    return same;
}

static void random_offset_commit_response_partition(struct codec_random *random, int16_t version,
                                                    struct arena *arena,
                                                    struct offset_commit_response_partition *ret)
{
    (void)version;
    (void)arena;
    offset_commit_response_partition_init(ret);
    ret->partition_index = random_i32(random);
    ret->error_code = random_i16(random);
}

static bool equal_offset_commit_response_partition(const struct offset_commit_response_partition *a,
                                                   const struct offset_commit_response_partition *b)
{
    bool same = true;
    same = same && a->partition_index == b->partition_index;
    same = same && a->error_code == b->error_code;
    return same;
}

static void random_offset_commit_response_topic(struct codec_random *random, int16_t version,
                                                struct arena *arena,
                                                struct offset_commit_response_topic *ret)
{
    offset_commit_response_topic_init(ret);
    ret->name = random_string(random, arena, false);
    ret->partitions_count = random_count(random);
    ret->partitions = arena_array(arena, ret->partitions_count, sizeof *ret->partitions);
    for (uint32_t i = 0; i < ret->partitions_count; i++) {
        random_offset_commit_response_partition(random, version, arena, &ret->partitions[i]);
    }
}

static bool equal_offset_commit_response_topic(const struct offset_commit_response_topic *a,
                                               const struct offset_commit_response_topic *b)
{
    bool same = true;
    same = same && codec_same_view(a->name, b->name);
    same = same && a->partitions_count == b->partitions_count;
    for (uint32_t i = 0; same && i < a->partitions_count; i++) {
        same = equal_offset_commit_response_partition(&a->partitions[i], &b->partitions[i]);
    }
    return same;
}

static void random_offset_commit_response(struct codec_random *random, int16_t version,
                                          struct arena *arena, struct offset_commit_response *ret)
{
    offset_commit_response_init(ret);
    if (version >= 3) {
        ret->throttle_time_ms = random_i32(random);
    }
    ret->topics_count = random_count(random);
    ret->topics = arena_array(arena, ret->topics_count, sizeof *ret->topics);
    for (uint32_t i = 0; i < ret->topics_count; i++) {
        random_offset_commit_response_topic(random, version, arena, &ret->topics[i]);
    }
}

static bool equal_offset_commit_response(const struct offset_commit_response *a,
                                         const struct offset_commit_response *b)
{
    bool same = true;
    same = same && a->throttle_time_ms == b->throttle_time_ms;
    same = same && a->topics_count == b->topics_count;
    for (uint32_t i = 0; same && i < a->topics_count; i++) {
        same = equal_offset_commit_response_topic(&a->topics[i], &b->topics[i]);
    }
    return same;
}

static bool decode_any_offset_commit_request(struct wire_reader *r, int16_t version,
                                             struct arena *arena, void *ret)
{
    return offset_commit_request_decode(r, version, arena, ret);
}

static void encode_any_offset_commit_request(struct wire_writer *w, int16_t version,
                                             const void *from)
{
    offset_commit_request_encode(w, version, from);
}

static void random_any_offset_commit_request(struct codec_random *random, int16_t version,
                                             struct arena *arena, void *ret)
{
    random_offset_commit_request(random, version, arena, ret);
}

static bool equal_any_offset_commit_request(const void *a, const void *b)
{
    return equal_offset_commit_request(a, b);
}

const struct codec codec_offset_commit_request = {
    .name = "offset_commit_request",
    .api_key = 8,
    .is_response = false,
    .version_min = 1,
    .version_max = 9,
    .size = sizeof(struct offset_commit_request),
    .decode = decode_any_offset_commit_request,
    .encode = encode_any_offset_commit_request,
    .random = random_any_offset_commit_request,
    .equal = equal_any_offset_commit_request,
};

static bool decode_any_offset_commit_response(struct wire_reader *r, int16_t version,
                                              struct arena *arena, void *ret)
{
    return offset_commit_response_decode(r, version, arena, ret);
}

static void encode_any_offset_commit_response(struct wire_writer *w, int16_t version,
                                              const void *from)
{
    offset_commit_response_encode(w, version, from);
}

static void random_any_offset_commit_response(struct codec_random *random, int16_t version,
                                              struct arena *arena, void *ret)
{
    random_offset_commit_response(random, version, arena, ret);
}

static bool equal_any_offset_commit_response(const void *a, const void *b)
{
    return equal_offset_commit_response(a, b);
}

const struct codec codec_offset_commit_response = {
    .name = "offset_commit_response",
    .api_key = 8,
    .is_response = true,
    .version_min = 1,
    .version_max = 9,
    .size = sizeof(struct offset_commit_response),
    .decode = decode_any_offset_commit_response,
    .encode = encode_any_offset_commit_response,
    .random = random_any_offset_commit_response,
    .equal = equal_any_offset_commit_response,
};
