/* SPDX-License-Identifier: Apache-2.0 */
/* Made by proto/tools/gen.py from proto/schema/consumer_protocol_subscription.json: do not edit. */
#ifndef CORDUROY_PROTO_GEN_CONSUMER_PROTOCOL_SUBSCRIPTION_H
#define CORDUROY_PROTO_GEN_CONSUMER_PROTOCOL_SUBSCRIPTION_H

#include "proto/wire.h"

/* ConsumerProtocolSubscription, versions 0-3. What a consumer puts into JoinGroup for the
 * protocol type "consumer", after the int16 that is its version. A version newer than the last
 * is read as the last (fields are only added). */

struct consumer_protocol_subscription_owned_partition {
    struct view topic;
    uint32_t partitions_count;
    const int32_t *partitions;
};
void consumer_protocol_subscription_owned_partition_init(
        struct consumer_protocol_subscription_owned_partition *ret);

struct consumer_protocol_subscription {
    uint32_t topics_count;
    const struct view *topics;
    /* May be null. */
    struct view user_data;
    /* 1+. What the member holds now, for cooperative assignors (KIP-429). */
    uint32_t owned_partitions_count;
    struct consumer_protocol_subscription_owned_partition *owned_partitions;
    /* 2+. -1: none. */
    int32_t generation_id;
    /* 3+, may be null. Rack of the consumer, to be sent to a near replica (KIP-392). */
    struct view rack_id;
};
void consumer_protocol_subscription_init(struct consumer_protocol_subscription *ret);

MUST_CHECK
bool consumer_protocol_subscription_decode(struct wire_reader *r, int16_t version,
                                           struct arena *arena,
                                           struct consumer_protocol_subscription *ret);
void consumer_protocol_subscription_encode(struct wire_writer *w, int16_t version,
                                           const struct consumer_protocol_subscription *from);

#endif
