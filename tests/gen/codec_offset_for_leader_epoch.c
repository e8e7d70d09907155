/* SPDX-License-Identifier: Apache-2.0 */
/* Made by proto/tools/gen.py from proto/schema/offset_for_leader_epoch.json: do not edit. */
#include "proto/gen/offset_for_leader_epoch.h"
#include "tests/gen/codec_table.h"
#include "tests/lib/codec_random.h"

static void random_offset_for_leader_epoch_request_partition(
        struct codec_random *random, int16_t version, struct arena *arena,
        struct offset_for_leader_epoch_request_partition *ret)
{
    (void)arena;
    offset_for_leader_epoch_request_partition_init(ret);
    ret->partition = random_i32(random);
    if (version >= 2) {
        ret->current_leader_epoch = random_i32(random);
    }
    ret->leader_epoch = random_i32(random);
}

static bool equal_offset_for_leader_epoch_request_partition(
        const struct offset_for_leader_epoch_request_partition *a,
        const struct offset_for_leader_epoch_request_partition *b)
{
    bool same = true;
    same = same && a->partition == b->partition;
    same = same && a->current_leader_epoch == b->current_leader_epoch;
    same = same && a->leader_epoch == b->leader_epoch;
    return same;
}

static void random_offset_for_leader_epoch_request_topic(
        struct codec_random *random, int16_t version, struct arena *arena,
        struct offset_for_leader_epoch_request_topic *ret)
{
    offset_for_leader_epoch_request_topic_init(ret);
    ret->topic = random_string(random, arena, false);
    ret->partitions_count = random_count(random);
    ret->partitions = arena_array(arena, ret->partitions_count, sizeof *ret->partitions);
    for (uint32_t i = 0; i < ret->partitions_count; i++) {
        random_offset_for_leader_epoch_request_partition(random, version, arena,
                                                         &ret->partitions[i]);
    }
}

static bool equal_offset_for_leader_epoch_request_topic(
        const struct offset_for_leader_epoch_request_topic *a,
        const struct offset_for_leader_epoch_request_topic *b)
{
    bool same = true;
    same = same && codec_same_view(a->topic, b->topic);
    same = same && a->partitions_count == b->partitions_count;
    for (uint32_t i = 0; same && i < a->partitions_count; i++) {
        same = equal_offset_for_leader_epoch_request_partition(&a->partitions[i],
                                                               &b->partitions[i]);
    }
    return same;
}

static void random_offset_for_leader_epoch_request(struct codec_random *random, int16_t version,
                                                   struct arena *arena,
                                                   struct offset_for_leader_epoch_request *ret)
{
    offset_for_leader_epoch_request_init(ret);
    if (version >= 3) {
        ret->replica_id = random_i32(random);
    }
    ret->topics_count = random_count(random);
    ret->topics = arena_array(arena, ret->topics_count, sizeof *ret->topics);
    for (uint32_t i = 0; i < ret->topics_count; i++) {
        random_offset_for_leader_epoch_request_topic(random, version, arena, &ret->topics[i]);
    }
}

static bool equal_offset_for_leader_epoch_request(const struct offset_for_leader_epoch_request *a,
                                                  const struct offset_for_leader_epoch_request *b)
{
    bool same = true;
    same = same && a->replica_id == b->replica_id;
    same = same && a->topics_count == b->topics_count;
    for (uint32_t i = 0; same && i < a->topics_count; i++) {
        same = equal_offset_for_leader_epoch_request_topic(&a->topics[i], &b->topics[i]);
    }
    return same;
}

static void random_offset_for_leader_epoch_response_partition(
        struct codec_random *random, int16_t version, struct arena *arena,
        struct offset_for_leader_epoch_response_partition *ret)
{
    (void)arena;
    offset_for_leader_epoch_response_partition_init(ret);
    ret->error_code = random_i16(random);
    ret->partition = random_i32(random);
    if (version >= 1) {
        ret->leader_epoch = random_i32(random);
    }
    ret->end_offset = random_i64(random);
}

static bool equal_offset_for_leader_epoch_response_partition(
        const struct offset_for_leader_epoch_response_partition *a,
        const struct offset_for_leader_epoch_response_partition *b)
{
    bool same = true;
    same = same && a->error_code == b->error_code;
    same = same && a->partition == b->partition;
    same = same && a->leader_epoch == b->leader_epoch;
    same = same && a->end_offset == b->end_offset;
    return same;
}

static void random_offset_for_leader_epoch_response_topic(
        struct codec_random *random, int16_t version, struct arena *arena,
        struct offset_for_leader_epoch_response_topic *ret)
{
    offset_for_leader_epoch_response_topic_init(ret);
    ret->topic = random_string(random, arena, false);
    ret->partitions_count = random_count(random);
    ret->partitions = arena_array(arena, ret->partitions_count, sizeof *ret->partitions);
    for (uint32_t i = 0; i < ret->partitions_count; i++) {
        random_offset_for_leader_epoch_response_partition(random, version, arena,
                                                          &ret->partitions[i]);
    }
}

static bool equal_offset_for_leader_epoch_response_topic(
        const struct offset_for_leader_epoch_response_topic *a,
        const struct offset_for_leader_epoch_response_topic *b)
{
    bool same = true;
    same = same && codec_same_view(a->topic, b->topic);
    same = same && a->partitions_count == b->partitions_count;
    for (uint32_t i = 0; same && i < a->partitions_count; i++) {
        same = equal_offset_for_leader_epoch_response_partition(&a->partitions[i],
                                                                &b->partitions[i]);
    }
    return same;
}

static void random_offset_for_leader_epoch_response(struct codec_random *random, int16_t version,
                                                    struct arena *arena,
                                                    struct offset_for_leader_epoch_response *ret)
{
    offset_for_leader_epoch_response_init(ret);
    if (version >= 2) {
        ret->throttle_time_ms = random_i32(random);
    }
    ret->topics_count = random_count(random);
    ret->topics = arena_array(arena, ret->topics_count, sizeof *ret->topics);
    for (uint32_t i = 0; i < ret->topics_count; i++) {
        random_offset_for_leader_epoch_response_topic(random, version, arena, &ret->topics[i]);
    }
}

static bool equal_offset_for_leader_epoch_response(const struct offset_for_leader_epoch_response *a,
                                                   const struct offset_for_leader_epoch_response *b)
{
    bool same = true;
    same = same && a->throttle_time_ms == b->throttle_time_ms;
    same = same && a->topics_count == b->topics_count;
    for (uint32_t i = 0; same && i < a->topics_count; i++) {
        same = equal_offset_for_leader_epoch_response_topic(&a->topics[i], &b->topics[i]);
    }
    return same;
}

static bool decode_any_offset_for_leader_epoch_request(struct wire_reader *r, int16_t version,
                                                       struct arena *arena, void *ret)
{
    return offset_for_leader_epoch_request_decode(r, version, arena, ret);
}

static void encode_any_offset_for_leader_epoch_request(struct wire_writer *w, int16_t version,
                                                       const void *from)
{
    offset_for_leader_epoch_request_encode(w, version, from);
}

static void random_any_offset_for_leader_epoch_request(struct codec_random *random, int16_t version,
                                                       struct arena *arena, void *ret)
{
    random_offset_for_leader_epoch_request(random, version, arena, ret);
}

static bool equal_any_offset_for_leader_epoch_request(const void *a, const void *b)
{
    return equal_offset_for_leader_epoch_request(a, b);
}

const struct codec codec_offset_for_leader_epoch_request = {
    .name = "offset_for_leader_epoch_request",
    .api_key = 23,
    .is_response = false,
    .version_min = 0,
    .version_max = 4,
    .size = sizeof(struct offset_for_leader_epoch_request),
    .decode = decode_any_offset_for_leader_epoch_request,
    .encode = encode_any_offset_for_leader_epoch_request,
    .random = random_any_offset_for_leader_epoch_request,
    .equal = equal_any_offset_for_leader_epoch_request,
};

static bool decode_any_offset_for_leader_epoch_response(struct wire_reader *r, int16_t version,
                                                        struct arena *arena, void *ret)
{
    return offset_for_leader_epoch_response_decode(r, version, arena, ret);
}

static void encode_any_offset_for_leader_epoch_response(struct wire_writer *w, int16_t version,
                                                        const void *from)
{
    offset_for_leader_epoch_response_encode(w, version, from);
}

static void random_any_offset_for_leader_epoch_response(struct codec_random *random,
                                                        int16_t version, struct arena *arena,
                                                        void *ret)
{
    random_offset_for_leader_epoch_response(random, version, arena, ret);
}

static bool equal_any_offset_for_leader_epoch_response(const void *a, const void *b)
{
    return equal_offset_for_leader_epoch_response(a, b);
}

const struct codec codec_offset_for_leader_epoch_response = {
    .name = "offset_for_leader_epoch_response",
    .api_key = 23,
    .is_response = true,
    .version_min = 0,
    .version_max = 4,
    .size = sizeof(struct offset_for_leader_epoch_response),
    .decode = decode_any_offset_for_leader_epoch_response,
    .encode = encode_any_offset_for_leader_epoch_response,
    .random = random_any_offset_for_leader_epoch_response,
    .equal = equal_any_offset_for_leader_epoch_response,
};
