/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/cluster/digest.h"

#include "common/bytes.h"

/* The finishing steps of MurmurHash3: every bit of the input reaches every bit of the output. */
static uint64_t mix(uint64_t h)
{
    h ^= h >> 33;
    h *= UINT64_C(0xff51afd7ed558ccd);
    h ^= h >> 33;
    h *= UINT64_C(0xc4ceb9fe1a85ec53);
    return h ^ (h >> 33);
}

static uint64_t add_word(uint64_t h, uint32_t word)
{
    return mix(h ^ word) + UINT64_C(0x9e3779b97f4a7c15);
}

uint64_t cluster_digest_of(const struct cluster_partition_item *item)
{
    uint64_t h = mix(load_u64(item->id.topic.bytes)) ^ load_u64(item->id.topic.bytes + 8);
    h = add_word(h, (uint32_t)item->id.number);
    h = add_word(h, (uint32_t)item->leader);
    h = add_word(h, (uint32_t)item->leader_epoch);
    return add_word(h, (uint32_t)item->version);
}
