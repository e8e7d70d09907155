/* SPDX-License-Identifier: Apache-2.0 */
#include "common/uuid.h"

#include "common/assert.h"
#include "common/bytes.h"
#include "common/crc32c.h"

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

bool uuid_from_random(uint64_t high, uint64_t low, struct uuid *ret)
{
    if (high == 0 && low <= 1)
        return false;
    if (alphabet[high >> 58] == '-')
        return false;
    store_u64(ret->bytes, high);
    store_u64(ret->bytes + 8, low);
    return true;
}

void uuid_text(struct uuid id, char text[UUID_TEXT_SIZE])
{
    for (unsigned i = 0; i < 22; i++) {
        unsigned bit = i * 6, byte = bit / 8;
        unsigned pair = (unsigned)id.bytes[byte] << 8 | (byte < 15 ? id.bytes[byte + 1] : 0);
        text[i] = alphabet[pair >> (10 - bit % 8) & 63];
    }
    text[22] = 0;
}

static int digit_of(uint8_t c)
{
    const char *at = c ? strchr(alphabet, c) : NULL;
    return at ? (int)(at - alphabet) : -1;
}

bool uuid_parse(struct view text, struct uuid *ret)
{
    if (text.size != 22)
        return false;
    struct uuid id = {{0}};
    for (unsigned i = 0; i < 22; i++) {
        int digit = digit_of(text.base[i]);
        if (digit < 0)
            return false;
        unsigned bit = i * 6, byte = bit / 8;
        unsigned pair = (unsigned)digit << (10 - bit % 8);
        id.bytes[byte] |= (uint8_t)(pair >> 8);
        if (byte < 15)
            id.bytes[byte + 1] |= (uint8_t)pair;
        else if (pair & 0xff)
            return false; /* the last digit carries four bits beyond the id; they are zero */
    }
    *ret = id;
    return true;
}

unsigned partition_shard(struct partition_id id, unsigned shard_count)
{
    PRE(shard_count > 0);
    uint8_t key[20];
    memcpy(key, id.topic.bytes, 16);
    store_u32(key + 16, (uint32_t)id.number);
    /* A CRC is linear: neighbouring partitions differ in few bits of it, so it is mixed. */
    uint32_t h = crc32c(0, key, sizeof key);
    h ^= h >> 16;
    h *= 0x85ebca6bu;
    h ^= h >> 13;
    h *= 0xc2b2ae35u;
    h ^= h >> 16;
    return h % shard_count;
}
