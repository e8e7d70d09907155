/* SPDX-License-Identifier: Apache-2.0 */
/* Made by proto/tools/gen.py from proto/schema/list_offsets.json: do not edit. */
#include "proto/gen/list_offsets.h"
#include "tests/gen/codec_table.h"
#include "tests/lib/codec_random.h"

static void random_list_offsets_request_partition(struct codec_random *random, int16_t version,
                                                  struct arena *arena,
                                                  struct list_offsets_request_partition *ret)
{
    (void)arena;
    list_offsets_request_partition_init(ret);
    ret->partition_index = random_i32(random);
    if (version >= 4) {
        ret->current_leader_epoch = random_i32(random);
    }
    ret->timestamp = random_i64(random);
}

static bool equal_list_offsets_request_partition(const struct list_offsets_request_partition *a,
                                                 const struct list_offsets_request_partition *b)
{
    bool same = true;
    same = same && a->partition_index == b->partition_index;
    same = same && a->current_leader_epoch == b->current_leader_epoch;
    same = same && a->timestamp == b->timestamp;
    return same;
}

static void random_list_offsets_request_topic(struct codec_random *random, int16_t version,
                                              struct arena *arena,
                                              struct list_offsets_request_topic *ret)
{
    list_offsets_request_topic_init(ret);
    ret->name = random_string(random, arena, false);
    ret->partitions_count = random_count(random);
    ret->partitions = arena_array(arena, ret->partitions_count, sizeof *ret->partitions);
    for (uint32_t i = 0; i < ret->partitions_count; i++) {
        random_list_offsets_request_partition(random, version, arena, &ret->partitions[i]);
    }
}

static bool equal_list_offsets_request_topic(const struct list_offsets_request_topic *a,
                                             const struct list_offsets_request_topic *b)
{
    bool same = true;
    same = same && codec_same_view(a->name, b->name);
    same = same && a->partitions_count == b->partitions_count;
    for (uint32_t i = 0; same && i < a->partitions_count; i++) {
        same = equal_list_offsets_request_partition(&a->partitions[i], &b->partitions[i]);
    }
    return same;
}

static void random_list_offsets_request(struct codec_random *random, int16_t version,
                                        struct arena *arena, struct list_offsets_request *ret)
{
    list_offsets_request_init(ret);
    ret->replica_id = random_i32(random);
    if (version >= 2) {
        ret->isolation_level = random_i8(random);
    }
    ret->topics_count = random_count(random);
    ret->topics = arena_array(arena, ret->topics_count, sizeof *ret->topics);
    for (uint32_t i = 0; i < ret->topics_count; i++) {
        random_list_offsets_request_topic(random, version, arena, &ret->topics[i]);
    }
}

static bool equal_list_offsets_request(const struct list_offsets_request *a,
                                       const struct list_offsets_request *b)
{
    bool same = true;
    same = same && a->replica_id == b->replica_id;
    same = same && a->isolation_level == b->isolation_level;
    same = same && a->topics_count == b->topics_count;
    for (uint32_t i = 0; same && i < a->topics_count; i++) {
        same = equal_list_offsets_request_topic(&a->topics[i], &b->topics[i]);
    }
    return same;
}

static void random_list_offsets_response_partition(struct codec_random *random, int16_t version,
                                                   struct arena *arena,
                                                   struct list_offsets_response_partition *ret)
{
    (void)arena;
    list_offsets_response_partition_init(ret);
    ret->partition_index = random_i32(random);
    ret->error_code = random_i16(random);
    ret->timestamp = random_i64(random);
    ret->offset = random_i64(random);
    if (version >= 4) {
        ret->leader_epoch = random_i32(random);
    }
}

static bool equal_list_offsets_response_partition(const struct list_offsets_response_partition *a,
                                                  const struct list_offsets_response_partition *b)
{
    bool same = true;
    same = same && a->partition_index == b->partition_index;
    same = same && a->error_code == b->error_code;
    same = same && a->timestamp == b->timestamp;
    same = same && a->offset == b->offset;
    same = same && a->leader_epoch == b->leader_epoch;
    return same;
}

static void random_list_offsets_response_topic(struct codec_random *random, int16_t version,
                                               struct arena *arena,
                                               struct list_offsets_response_topic *ret)
{
    list_offsets_response_topic_init(ret);
    ret->name = random_string(random, arena, false);
    ret->partitions_count = random_count(random);
    ret->partitions = arena_array(arena, ret->partitions_count, sizeof *ret->partitions);
    for (uint32_t i = 0; i < ret->partitions_count; i++) {
        random_list_offsets_response_partition(random, version, arena, &ret->partitions[i]);
    }
}

static bool equal_list_offsets_response_topic(const struct list_offsets_response_topic *a,
                                              const struct list_offsets_response_topic *b)
{
    bool same = true;
    same = same && codec_same_view(a->name, b->name);
    same = same && a->partitions_count == b->partitions_count;
    for (uint32_t i = 0; same && i < a->partitions_count; i++) {
        same = equal_list_offsets_response_partition(&a->partitions[i], &b->partitions[i]);
    }
    return same;
}

static void random_list_offsets_response(struct codec_random *random, int16_t version,
                                         struct arena *arena, struct list_offsets_response *ret)
{
    list_offsets_response_init(ret);
    if (version >= 2) {
        ret->throttle_time_ms = random_i32(random);
    }
    ret->topics_count = random_count(random);
    ret->topics = arena_array(arena, ret->topics_count, sizeof *ret->topics);
    for (uint32_t i = 0; i < ret->topics_count; i++) {
        random_list_offsets_response_topic(random, version, arena, &ret->topics[i]);
    }
}

static bool equal_list_offsets_response(const struct list_offsets_response *a,
                                        const struct list_offsets_response *b)
{
    bool same = true;
    same = same && a->throttle_time_ms == b->throttle_time_ms;
    same = same && a->topics_count == b->topics_count;
    for (uint32_t i = 0; same && i < a->topics_count; i++) {
        same = equal_list_offsets_response_topic(&a->topics[i], &b->topics[i]);
    }
    return same;
}

static bool decode_any_list_offsets_request(struct wire_reader *r, int16_t version,
                                            struct arena *arena, void *ret)
{
    return list_offsets_request_decode(r, version, arena, ret);
}

static void encode_any_list_offsets_request(struct wire_writer *w, int16_t version,
                                            const void *from)
{
    list_offsets_request_encode(w, version, from);
}

static void random_any_list_offsets_request(struct codec_random *random, int16_t version,
                                            struct arena *arena, void *ret)
{
    random_list_offsets_request(random, version, arena, ret);
}

static bool equal_any_list_offsets_request(const void *a, const void *b)
{
    return equal_list_offsets_request(a, b);
}

const struct codec codec_list_offsets_request = {
    .name = "list_offsets_request",
    .api_key = 2,
    .is_response = false,
    .version_min = 1,
    .version_max = 9,
    .size = sizeof(struct list_offsets_request),
    .decode = decode_any_list_offsets_request,
    .encode = encode_any_list_offsets_request,
    .random = random_any_list_offsets_request,
    .equal = equal_any_list_offsets_request,
};

static bool decode_any_list_offsets_response(struct wire_reader *r, int16_t version,
                                             struct arena *arena, void *ret)
{
    return list_offsets_response_decode(r, version, arena, ret);
}

static void encode_any_list_offsets_response(struct wire_writer *w, int16_t version,
                                             const void *from)
{
    list_offsets_response_encode(w, version, from);
}

static void random_any_list_offsets_response(struct codec_random *random, int16_t version,
                                             struct arena *arena, void *ret)
{
    random_list_offsets_response(random, version, arena, ret);
}

static bool equal_any_list_offsets_response(const void *a, const void *b)
{
    return equal_list_offsets_response(a, b);
}

const struct codec codec_list_offsets_response = {
    .name = "list_offsets_response",
    .api_key = 2,
    .is_response = true,
    .version_min = 1,
    .version_max = 9,
    .size = sizeof(struct list_offsets_response),
    .decode = decode_any_list_offsets_response,
    .encode = encode_any_list_offsets_response,
    .random = random_any_list_offsets_response,
    .equal = equal_any_list_offsets_response,
};
