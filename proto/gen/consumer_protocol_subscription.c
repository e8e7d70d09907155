/* SPDX-License-Identifier: Apache-2.0 */
/* Made by proto/tools/gen.py from proto/schema/consumer_protocol_subscription.json: do not edit. */
#include "proto/gen/consumer_protocol_subscription.h"

void consumer_protocol_subscription_owned_partition_init(
        struct consumer_protocol_subscription_owned_partition *ret)
{
    *ret = (struct consumer_protocol_subscription_owned_partition){0};
}

void consumer_protocol_subscription_init(struct consumer_protocol_subscription *ret)
{
    *ret = (struct consumer_protocol_subscription){0};
    ret->generation_id = -1;
}

static void decode_consumer_protocol_subscription_owned_partition(
        struct wire_reader *r, int16_t version, struct arena *arena,
        struct consumer_protocol_subscription_owned_partition *ret)
{
    (void)version;
    consumer_protocol_subscription_owned_partition_init(ret);
    ret->topic = wire_read_string(r, false);
    ret->partitions = wire_read_i32_list(r, false, arena, &ret->partitions_count);
}

bool consumer_protocol_subscription_decode(struct wire_reader *r, int16_t version,
                                           struct arena *arena,
                                           struct consumer_protocol_subscription *ret)
{
    consumer_protocol_subscription_init(ret);
    ret->topics = wire_read_string_list(r, false, arena, &ret->topics_count);
    ret->user_data = wire_read_bytes_nullable(r, false);
    if (version >= 1) {
        ret->owned_partitions = wire_read_list(
                r, false, arena, (struct wire_element){6, sizeof *ret->owned_partitions},
                &ret->owned_partitions_count);
        for (uint32_t i = 0; i < ret->owned_partitions_count; i++) {
            decode_consumer_protocol_subscription_owned_partition(r, version, arena,
                                                                  &ret->owned_partitions[i]);
        }
    }
    if (version >= 2) {
        ret->generation_id = wire_read_i32(r);
    }
    if (version >= 3) {
        ret->rack_id = wire_read_string_nullable(r, false);
    }
    return !r->bad;
}

static void encode_consumer_protocol_subscription_owned_partition(
        struct wire_writer *w, int16_t version,
        const struct consumer_protocol_subscription_owned_partition *from)
{
    (void)version;
    wire_write_string(w, false, from->topic);
    wire_write_i32_list(w, false, from->partitions, from->partitions_count);
}

void consumer_protocol_subscription_encode(struct wire_writer *w, int16_t version,
                                           const struct consumer_protocol_subscription *from)
{
    wire_write_string_list(w, false, from->topics, from->topics_count);
    wire_write_bytes_nullable(w, false, from->user_data);
    if (version >= 1) {
        wire_write_count(w, false, from->owned_partitions_count);
        for (uint32_t i = 0; i < from->owned_partitions_count; i++) {
            encode_consumer_protocol_subscription_owned_partition(w, version,
                                                                  &from->owned_partitions[i]);
        }
    }
    if (version >= 2) {
        wire_write_i32(w, from->generation_id);
    }
    if (version >= 3) {
        wire_write_string_nullable(w, false, from->rack_id);
    }
}
