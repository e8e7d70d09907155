/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORDUROY_PROTO_DECOMPRESS_H
#define CORDUROY_PROTO_DECOMPRESS_H

#include <stdint.h>

#include "common/assert.h"
#include "common/view.h"
#include "proto/record_batch.h"

/* What a batch's compressed records say, a piece at a time, so that a small batch which claims to
 * be gigabytes costs neither their memory nor, when the reader stops, their time. The formats are
 * those that Kafka's clients write: gzip; snappy in the framing of xerial's Java library or one raw
 * block (librdkafka); an LZ4 frame; a zstd frame. One thread at a time; it blocks on nothing. */

struct decompressor;

enum decompress_result {
    DECOMPRESS_CORRUPT = 1, /* or cut short */
    /* A snappy block over DECOMPRESS_BLOCK_MAX, a zstd window over 32 MiB, or no memory. */
    DECOMPRESS_TOO_LARGE = 2,
};

/* A snappy block stands whole in memory. Clients cut blocks of 32 KiB or make one of a batch. */
#define DECOMPRESS_BLOCK_MAX (32u << 20)

/* compressed: what follows a batch's header, which outlives the decompressor. codec: not NONE.
 * NULL without memory; the caller frees it. */
struct decompressor *decompressor_new(enum record_codec codec, struct view compressed);
void decompressor_free(struct decompressor *d);

/* Fills out with up to size bytes, size > 0. *ret_size is 0 at the end only. 0 or a
 * decompress_result, after which the decompressor can only be freed. */
MUST_CHECK int decompressor_read(struct decompressor *d, uint8_t *out, uint32_t size,
                                 uint32_t *ret_size);

#endif
