/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORDUROY_COMMON_UUID_H
#define CORDUROY_COMMON_UUID_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "common/view.h"

/* 16 bytes, big-endian as on Kafka's wire. All zero: none. Its text is URL-safe base64 without
 * padding, 22 characters. */
struct uuid {
    uint8_t bytes[16];
};
#define UUID_TEXT_SIZE 23 /* with the terminating zero */

static inline bool uuid_equal(struct uuid a, struct uuid b)
{
    return memcmp(a.bytes, b.bytes, sizeof a.bytes) == 0;
}
static inline bool uuid_is_zero(struct uuid id)
{
    static const struct uuid zero = {{0}};
    return uuid_equal(id, zero);
}
/* A topic id from 128 random bits. Kafka never uses zero, one (its metadata topic) or a text that
 * starts with '-' (a command line would take it for an option); for those the answer is false: draw
 * again. */
bool uuid_from_random(uint64_t high, uint64_t low, struct uuid *ret);
void uuid_text(struct uuid id, char text[UUID_TEXT_SIZE]);
/* False when the text is not 22 characters of URL-safe base64. */
bool uuid_parse(struct view text, struct uuid *ret);

/* A partition: its topic's id and its number. Names are for people; ids are for machines. */
struct partition_id {
    struct uuid topic;
    int32_t number;
};
static inline bool partition_id_equal(struct partition_id a, struct partition_id b)
{
    return a.number == b.number && uuid_equal(a.topic, b.topic);
}
/* The shard that owns a partition in a broker of so many shards: a fixed function, so that a peer
 * can compute it. */
unsigned partition_shard(struct partition_id id, unsigned shard_count);

#endif
