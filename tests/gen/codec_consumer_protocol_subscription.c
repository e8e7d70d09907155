/* SPDX-License-Identifier: Apache-2.0 */
/* Made by proto/tools/gen.py from proto/schema/consumer_protocol_subscription.json: do not edit. */
#include "proto/gen/consumer_protocol_subscription.h"
#include "tests/gen/codec_table.h"
#include "tests/lib/codec_random.h"

static void random_consumer_protocol_subscription_owned_partition(
        struct codec_random *random, int16_t version, struct arena *arena,
        struct consumer_protocol_subscription_owned_partition *ret)
{
    (void)version;
    consumer_protocol_subscription_owned_partition_init(ret);
    ret->topic = random_string(random, arena, false);
    ret->partitions = random_i32_list(random, arena, &ret->partitions_count);
}

static bool equal_consumer_protocol_subscription_owned_partition(
        const struct consumer_protocol_subscription_owned_partition *a,
        const struct consumer_protocol_subscription_owned_partition *b)
{
    bool same = true;
    same = same && codec_same_view(a->topic, b->topic);
    same = same && a->partitions_count == b->partitions_count;
    for (uint32_t i = 0; same && i < a->partitions_count; i++) {
        same = a->partitions[i] == b->partitions[i];
    }
    return same;
}

static void random_consumer_protocol_subscription(struct codec_random *random, int16_t version,
                                                  struct arena *arena,
                                                  struct consumer_protocol_subscription *ret)
{
    consumer_protocol_subscription_init(ret);
    ret->topics = random_string_list(random, arena, &ret->topics_count);
    ret->user_data = random_bytes(random, arena, true);
    if (version >= 1) {
        ret->owned_partitions_count = random_count(random);
        ret->owned_partitions = arena_array(arena, ret->owned_partitions_count,
                                            sizeof *ret->owned_partitions);
        for (uint32_t i = 0; i < ret->owned_partitions_count; i++) {
            random_consumer_protocol_subscription_owned_partition(random, version, arena,
                                                                  &ret->owned_partitions[i]);
        }
    }
    if (version >= 2) {
        ret->generation_id = random_i32(random);
    }
    if (version >= 3) {
        ret->rack_id = random_string(random, arena, true);
    }
}

static bool equal_consumer_protocol_subscription(const struct consumer_protocol_subscription *a,
                                                 const struct consumer_protocol_subscription *b)
{
    bool same = true;
    same = same && a->topics_count == b->topics_count;
    for (uint32_t i = 0; same && i < a->topics_count; i++) {
        same = codec_same_view(a->topics[i], b->topics[i]);
    }
    same = same && codec_same_view(a->user_data, b->user_data);
    same = same && a->owned_partitions_count == b->owned_partitions_count;
    for (uint32_t i = 0; same && i < a->owned_partitions_count; i++) {
        same = equal_consumer_protocol_subscription_owned_partition(&a->owned_partitions[i],
                                                                    &b->owned_partitions[i]);
    }
    same = same && a->generation_id == b->generation_id;
    same = same && codec_same_view(a->rack_id, b->rack_id);
    return same;
}

static bool decode_any_consumer_protocol_subscription(struct wire_reader *r, int16_t version,
                                                      struct arena *arena, void *ret)
{
    return consumer_protocol_subscription_decode(r, version, arena, ret);
}

static void encode_any_consumer_protocol_subscription(struct wire_writer *w, int16_t version,
                                                      const void *from)
{
    consumer_protocol_subscription_encode(w, version, from);
}

static void random_any_consumer_protocol_subscription(struct codec_random *random, int16_t version,
                                                      struct arena *arena, void *ret)
{
    random_consumer_protocol_subscription(random, version, arena, ret);
}

static bool equal_any_consumer_protocol_subscription(const void *a, const void *b)
{
    return equal_consumer_protocol_subscription(a, b);
}

const struct codec codec_consumer_protocol_subscription = {
    .name = "consumer_protocol_subscription",
    .api_key = -1,
    .is_response = false,
    .version_min = 0,
    .version_max = 3,
    .size = sizeof(struct consumer_protocol_subscription),
    .decode = decode_any_consumer_protocol_subscription,
    .encode = encode_any_consumer_protocol_subscription,
    .random = random_any_consumer_protocol_subscription,
    .equal = equal_any_consumer_protocol_subscription,
};
