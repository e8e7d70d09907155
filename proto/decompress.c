/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/decompress.h"

#include <lz4frame.h>
#include <snappy-c.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>
#include <zstd_errors.h>

#include "common/bytes.h"
#include "common/memory.h"

/* 32 MiB: what any level of zstd uses for inputs as large as a batch may be, with room. */
#define ZSTD_WINDOW_LOG_MAX 25

/* xerial's framing: this magic, version i32, compatible version i32, then blocks of size i32 and
 * raw snappy. */
#define XERIAL_HEADER_SIZE 16u
static const uint8_t xerial_magic[8] = {0x82, 'S', 'N', 'A', 'P', 'P', 'Y', 0};

struct snappy_state {
    bool framed;
    uint8_t *block; /* decompressed */
    size_t size, pos;
};

struct decompressor {
    enum record_codec codec;
    struct view rest; /* compressed bytes that are left */
    bool ended;
    union {
        z_stream gzip;
        struct snappy_state snappy;
        LZ4F_dctx *lz4;
        ZSTD_DStream *zstd;
    } u;
};

static void consume(struct decompressor *d, size_t size)
{
    d->rest.base += size;
    d->rest.size -= (uint32_t)size;
}

static void snappy_begin(struct decompressor *d)
{
    struct view *rest = &d->rest;
    d->u.snappy.framed = rest->size >= XERIAL_HEADER_SIZE &&
                         memcmp(rest->base, xerial_magic, sizeof xerial_magic) == 0;
    if (d->u.snappy.framed)
        consume(d, XERIAL_HEADER_SIZE);
}

struct decompressor *decompressor_new(enum record_codec codec, struct view compressed)
{
    PRE(codec != RECORD_CODEC_NONE);
    struct decompressor *d = xcalloc(1, sizeof *d);
    bool good = true;
    d->codec = codec;
    d->rest = compressed;
    switch (codec) {
    case RECORD_CODEC_GZIP:
        good = inflateInit2(&d->u.gzip, 15 + 16) == Z_OK; /* a window of 32 KiB; gzip's header */
        break;
    case RECORD_CODEC_SNAPPY:
        snappy_begin(d);
        break;
    case RECORD_CODEC_LZ4:
        good = !LZ4F_isError(LZ4F_createDecompressionContext(&d->u.lz4, LZ4F_VERSION));
        break;
    case RECORD_CODEC_ZSTD:
        d->u.zstd = ZSTD_createDStream();
        good = d->u.zstd && !ZSTD_isError(ZSTD_DCtx_setParameter(d->u.zstd, ZSTD_d_windowLogMax,
                                                                 ZSTD_WINDOW_LOG_MAX));
        break;
    case RECORD_CODEC_NONE:
        break;
    }
    if (good)
        return d;
    decompressor_free(d);
    return NULL;
}

void decompressor_free(struct decompressor *d)
{
    switch (d->codec) {
    case RECORD_CODEC_GZIP:
        (void)inflateEnd(&d->u.gzip);
        break;
    case RECORD_CODEC_SNAPPY:
        free(d->u.snappy.block);
        break;
    case RECORD_CODEC_LZ4:
        (void)LZ4F_freeDecompressionContext(d->u.lz4);
        break;
    case RECORD_CODEC_ZSTD:
        (void)ZSTD_freeDStream(d->u.zstd);
        break;
    case RECORD_CODEC_NONE:
        break;
    }
    free(d);
}

static int gzip_read(struct decompressor *d, uint8_t *out, uint32_t size, uint32_t *ret_size)
{
    z_stream *z = &d->u.gzip;
    z->next_in = (Bytef *)(uintptr_t)d->rest.base; /* zlib's older headers have no const here */
    z->avail_in = d->rest.size;
    z->next_out = out;
    z->avail_out = size;
    int result = inflate(z, Z_SYNC_FLUSH);
    consume(d, d->rest.size - z->avail_in);
    *ret_size = size - z->avail_out;
    d->ended = result == Z_STREAM_END;
    if (result != Z_OK && result != Z_STREAM_END)
        return DECOMPRESS_CORRUPT;
    return *ret_size || d->ended ? 0 : DECOMPRESS_CORRUPT;
}

/* The next block of snappy, decompressed; d->ended when there is none. */
static int snappy_next_block(struct decompressor *d)
{
    struct snappy_state *s = &d->u.snappy;
    struct view raw = d->rest;
    if (raw.size == 0) {
        d->ended = true;
        return 0;
    }
    if (s->framed) {
        if (raw.size < 4 || load_u32(raw.base) > raw.size - 4)
            return DECOMPRESS_CORRUPT;
        raw = (struct view){raw.base + 4, load_u32(raw.base)};
        consume(d, 4);
    }
    consume(d, raw.size);
    if (snappy_uncompressed_length((const char *)raw.base, raw.size, &s->size) != SNAPPY_OK)
        return DECOMPRESS_CORRUPT;
    if (s->size > DECOMPRESS_BLOCK_MAX)
        return DECOMPRESS_TOO_LARGE;
    free(s->block);
    s->block = malloc(s->size + 1);
    s->pos = 0;
    if (!s->block)
        return DECOMPRESS_TOO_LARGE;
    if (snappy_uncompress((const char *)raw.base, raw.size, (char *)s->block, &s->size) !=
        SNAPPY_OK)
        return DECOMPRESS_CORRUPT;
    return 0;
}

static int snappy_read(struct decompressor *d, uint8_t *out, uint32_t size, uint32_t *ret_size)
{
    struct snappy_state *s = &d->u.snappy;
    while (s->pos == s->size && !d->ended) {
        int result = snappy_next_block(d);
        if (result)
            return result;
    }
    size_t some = s->size - s->pos < size ? s->size - s->pos : size;
    if (some)
        memcpy(out, s->block + s->pos, some);
    s->pos += some;
    *ret_size = (uint32_t)some;
    return 0;
}

static int lz4_read(struct decompressor *d, uint8_t *out, uint32_t size, uint32_t *ret_size)
{
    while (*ret_size == 0 && !d->ended) {
        size_t out_size = size, in_size = d->rest.size;
        size_t wanted = LZ4F_decompress(d->u.lz4, out, &out_size, d->rest.base, &in_size, NULL);
        if (LZ4F_isError(wanted))
            return DECOMPRESS_CORRUPT;
        consume(d, in_size);
        *ret_size = (uint32_t)out_size;
        d->ended = wanted == 0;
        if (!out_size && !in_size && !d->ended)
            return DECOMPRESS_CORRUPT;
    }
    return 0;
}

static int zstd_result(size_t error)
{
    ZSTD_ErrorCode code = ZSTD_getErrorCode(error);
    bool large =
        code == ZSTD_error_frameParameter_windowTooLarge || code == ZSTD_error_memory_allocation;
    return large ? DECOMPRESS_TOO_LARGE : DECOMPRESS_CORRUPT;
}

static int zstd_read(struct decompressor *d, uint8_t *out, uint32_t size, uint32_t *ret_size)
{
    while (*ret_size == 0 && !d->ended) {
        ZSTD_outBuffer to = {out, size, 0};
        ZSTD_inBuffer from = {d->rest.base, d->rest.size, 0};
        size_t wanted = ZSTD_decompressStream(d->u.zstd, &to, &from);
        if (ZSTD_isError(wanted))
            return zstd_result(wanted);
        consume(d, from.pos);
        *ret_size = (uint32_t)to.pos;
        d->ended = wanted == 0;
        if (!to.pos && !from.pos && !d->ended)
            return DECOMPRESS_CORRUPT;
    }
    return 0;
}

int decompressor_read(struct decompressor *d, uint8_t *out, uint32_t size, uint32_t *ret_size)
{
    PRE(size > 0);
    *ret_size = 0;
    if (d->ended)
        return 0;
    switch (d->codec) {
    case RECORD_CODEC_GZIP:
        return gzip_read(d, out, size, ret_size);
    case RECORD_CODEC_SNAPPY:
        return snappy_read(d, out, size, ret_size);
    case RECORD_CODEC_LZ4:
        return lz4_read(d, out, size, ret_size);
    case RECORD_CODEC_ZSTD:
        return zstd_read(d, out, size, ret_size);
    case RECORD_CODEC_NONE:
        break;
    }
    return DECOMPRESS_CORRUPT;
}
