/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORDUROY_COMMON_BYTES_H
#define CORDUROY_COMMON_BYTES_H

#include <stdint.h>
#include <string.h>

/* Big-endian loads and stores at any alignment: every format of Kafka's and of ours is big-endian.
 */
static inline uint16_t load_u16(const void *p)
{
    uint16_t v;
    memcpy(&v, p, sizeof v);
    return __builtin_bswap16(v);
}
static inline uint32_t load_u32(const void *p)
{
    uint32_t v;
    memcpy(&v, p, sizeof v);
    return __builtin_bswap32(v);
}
static inline uint64_t load_u64(const void *p)
{
    uint64_t v;
    memcpy(&v, p, sizeof v);
    return __builtin_bswap64(v);
}
static inline void store_u16(void *p, uint16_t v)
{
    v = __builtin_bswap16(v);
    memcpy(p, &v, sizeof v);
}
static inline void store_u32(void *p, uint32_t v)
{
    v = __builtin_bswap32(v);
    memcpy(p, &v, sizeof v);
}
static inline void store_u64(void *p, uint64_t v)
{
    v = __builtin_bswap64(v);
    memcpy(p, &v, sizeof v);
}
static inline int16_t load_i16(const void *p)
{
    return (int16_t)load_u16(p);
}
static inline int32_t load_i32(const void *p)
{
    return (int32_t)load_u32(p);
}
static inline int64_t load_i64(const void *p)
{
    return (int64_t)load_u64(p);
}

#endif
