/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORDUROY_BROKER_GROUP_GROUP_HASH_H
#define CORDUROY_BROKER_GROUP_GROUP_HASH_H

#include <stdint.h>

#include "common/view.h"

/* Java's String.hashCode of UTF-8 text: h = 31 h + unit over its UTF-16 code units, in 32 bits. A
 * byte that is not part of a well-formed sequence counts as U+FFFD, as Java's decoder has it. */
int32_t group_hash(struct view text);
/* The partition of __consumer_offsets that a group lives in, as Kafka's Utils.abs(hashCode) mod
 * count: the arithmetic absolute value, 0 for the least integer. count is not 0. */
unsigned group_partition(struct view group, uint32_t count);

#endif
