/* SPDX-License-Identifier: Apache-2.0 */
#include "common/crc32c.h"

#include <string.h>

#if defined(__aarch64__)
#include <arm_acle.h>
#include <sys/auxv.h>
#ifndef HWCAP_CRC32
#define HWCAP_CRC32 (1 << 7)
#endif
#elif defined(__x86_64__)
#include <nmmintrin.h>
#include <wmmintrin.h>
#endif

/* The portable way takes eight bytes at a time from eight tables. A table is linear in its index
 * (the entry of a ^ b is the exclusive or of theirs), so each is spelled by the entries of the
 * eight single bits, and the compiler fills in the rest. */
#define ENTRY(n, b0, b1, b2, b3, b4, b5, b6, b7)                                                   \
    (((n)&1 ? b0 : 0) ^ ((n)&2 ? b1 : 0) ^ ((n)&4 ? b2 : 0) ^ ((n)&8 ? b3 : 0) ^                   \
     ((n)&16 ? b4 : 0) ^ ((n)&32 ? b5 : 0) ^ ((n)&64 ? b6 : 0) ^ ((n)&128 ? b7 : 0))
#define ENTRIES4(n, ...)                                                                           \
    ENTRY(n, __VA_ARGS__), ENTRY((n) + 1, __VA_ARGS__), ENTRY((n) + 2, __VA_ARGS__),               \
        ENTRY((n) + 3, __VA_ARGS__)
#define ENTRIES16(n, ...)                                                                          \
    ENTRIES4(n, __VA_ARGS__), ENTRIES4((n) + 4, __VA_ARGS__), ENTRIES4((n) + 8, __VA_ARGS__),      \
        ENTRIES4((n) + 12, __VA_ARGS__)
#define ENTRIES64(n, ...)                                                                          \
    ENTRIES16(n, __VA_ARGS__), ENTRIES16((n) + 16, __VA_ARGS__), ENTRIES16((n) + 32, __VA_ARGS__), \
        ENTRIES16((n) + 48, __VA_ARGS__)
#define TABLE(...)                                                                                 \
    {                                                                                              \
        ENTRIES64(0, __VA_ARGS__), ENTRIES64(64, __VA_ARGS__), ENTRIES64(128, __VA_ARGS__),        \
            ENTRIES64(192, __VA_ARGS__)                                                            \
    }

/* table[k][n]: what the byte n adds when k bytes follow it. */
static const uint32_t table[8][256] = {
    TABLE(0xf26b8303u, 0xe13b70f7u, 0xc79a971fu, 0x8ad958cfu, 0x105ec76fu, 0x20bd8edeu, 0x417b1dbcu,
          0x82f63b78u),
    TABLE(0x13a29877u, 0x274530eeu, 0x4e8a61dcu, 0x9d14c3b8u, 0x3fc5f181u, 0x7f8be302u, 0xff17c604u,
          0xfbc3faf9u),
    TABLE(0xa541927eu, 0x4f6f520du, 0x9edea41au, 0x38513ec5u, 0x70a27d8au, 0xe144fb14u, 0xc76580d9u,
          0x8b277743u),
    TABLE(0xdd45aab8u, 0xbf672381u, 0x7b2231f3u, 0xf64463e6u, 0xe964b13du, 0xd725148bu, 0xaba65fe7u,
          0x52a0c93fu),
    TABLE(0x38116facu, 0x7022df58u, 0xe045beb0u, 0xc5670b91u, 0x8f2261d3u, 0x1ba8b557u, 0x37516aaeu,
          0x6ea2d55cu),
    TABLE(0xef306b19u, 0xdb8ca0c3u, 0xb2f53777u, 0x6006181fu, 0xc00c303eu, 0x85f4168du, 0x0e045bebu,
          0x1c08b7d6u),
    TABLE(0x68032cc8u, 0xd0065990u, 0xa5e0c5d1u, 0x4e2dfd53u, 0x9c5bfaa6u, 0x3d5b83bdu, 0x7ab7077au,
          0xf56e0ef4u),
    TABLE(0x493c7d27u, 0x9278fa4eu, 0x211d826du, 0x423b04dau, 0x847609b4u, 0x0d006599u, 0x1a00cb32u,
          0x34019664u),
};

static uint64_t load_little(const uint8_t *at)
{
    uint64_t v;
    memcpy(&v, at, sizeof v);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    v = __builtin_bswap64(v);
#endif
    return v;
}

uint32_t crc32c_portable(uint32_t crc, const void *bytes, size_t size)
{
    const uint8_t *at = bytes;
    crc = ~crc;
    for (; size >= 8; size -= 8, at += 8) {
        uint64_t v = load_little(at) ^ crc;
        crc = table[7][v & 255] ^ table[6][v >> 8 & 255] ^ table[5][v >> 16 & 255] ^
              table[4][v >> 24 & 255] ^ table[3][v >> 32 & 255] ^ table[2][v >> 40 & 255] ^
              table[1][v >> 48 & 255] ^ table[0][v >> 56];
    }
    for (; size; size--, at++)
        crc = crc >> 8 ^ table[0][(crc ^ *at) & 255];
    return ~crc;
}

#if defined(__x86_64__)
/* An eight-byte step takes three cycles, but one can begin in each: three lanes side by side are
 * more than twice as fast. A lane's remainder is moved over the n bytes that follow it by
 * multiplying with x^(8n) modulo the polynomial: the product without carries, reflected, comes out
 * with one x too many, and the crc instruction, which divides it, adds 32 more; so the factor is
 * x^(8n-33). */
#define LANE ((size_t)512)
#define OVER_ONE_LANE 0xdd7e3b0c  /* x^(8 * LANE - 33) */
#define OVER_TWO_LANES 0x170076fa /* x^(16 * LANE - 33) */

__attribute__((target("sse4.2,pclmul"))) static uint64_t times(uint64_t remainder, uint64_t factor)
{
    return (uint64_t)_mm_cvtsi128_si64(_mm_clmulepi64_si128(
        _mm_cvtsi64_si128((long long)remainder), _mm_cvtsi64_si128((long long)factor), 0));
}

__attribute__((target("sse4.2,pclmul"))) static uint64_t three_lanes(uint64_t crc,
                                                                     const uint8_t *at)
{
    uint64_t second = 0, third = 0;
    for (const uint8_t *end = at + LANE; at < end; at += 8) {
        crc = _mm_crc32_u64(crc, load_little(at));
        second = _mm_crc32_u64(second, load_little(at + LANE));
        third = _mm_crc32_u64(third, load_little(at + 2 * LANE));
    }
    return third ^ _mm_crc32_u64(0, times(crc, OVER_TWO_LANES) ^ times(second, OVER_ONE_LANE));
}

__attribute__((target("sse4.2,pclmul"))) static uint32_t
crc32c_hardware(uint32_t crc, const void *bytes, size_t size)
{
    const uint8_t *at = bytes;
    uint64_t wide = ~crc;
    for (; size >= 3 * LANE; size -= 3 * LANE, at += 3 * LANE)
        wide = three_lanes(wide, at);
    for (; size >= 8; size -= 8, at += 8)
        wide = _mm_crc32_u64(wide, load_little(at));
    crc = (uint32_t)wide;
    for (; size; size--, at++)
        crc = _mm_crc32_u8(crc, *at);
    return ~crc;
}

static int has_hardware(void)
{
    return __builtin_cpu_supports("sse4.2") && __builtin_cpu_supports("pclmul");
}
#elif defined(__aarch64__)
__attribute__((target("+crc"))) static uint32_t crc32c_hardware(uint32_t crc, const void *bytes,
                                                                size_t size)
{
    const uint8_t *at = bytes;
    crc = ~crc;
    for (; size >= 8; size -= 8, at += 8)
        crc = __crc32cd(crc, load_little(at));
    for (; size; size--, at++)
        crc = __crc32cb(crc, *at);
    return ~crc;
}

static int has_hardware(void)
{
    return (getauxval(AT_HWCAP) & HWCAP_CRC32) != 0;
}
#else
static uint32_t crc32c_hardware(uint32_t crc, const void *bytes, size_t size)
{
    return crc32c_portable(crc, bytes, size);
}

static int has_hardware(void)
{
    return 0;
}
#endif

uint32_t crc32c(uint32_t crc, const void *bytes, size_t size)
{
    return has_hardware() ? crc32c_hardware(crc, bytes, size) : crc32c_portable(crc, bytes, size);
}
