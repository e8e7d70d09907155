/* SPDX-License-Identifier: Apache-2.0 */
/* A frame from a stranger: its header, then the request that the header names. Where the header
 * names no API of ours, its key and version choose a message among all, so that answers and records
 * are read too. What is understood is written and read again as the same. */
#include <stdlib.h>

#include "common/assert.h"
#include "proto/frame.h"
#include "tests/gen/codec_table.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

#define WRITTEN_SIZE_MAX (64u << 20)

static const struct codec *choose(const struct request_header *header, int condition,
                                  int16_t *ret_version)
{
    *ret_version = header->api_version;
    for (unsigned i = 0; condition == 0 && i < codec_table_count; i++)
        if (codec_table[i]->api_key == header->api_key && !codec_table[i]->is_response)
            return codec_table[i];
    const struct codec *codec = codec_table[(uint16_t)header->api_key % codec_table_count];
    int versions = codec->version_max - codec->version_min + 1;
    *ret_version = (int16_t)(codec->version_min + (uint16_t)header->api_version % versions);
    return codec;
}

static void write_and_read_again(const struct codec *codec, int16_t version, struct arena *arena,
                                 const void *message)
{
    struct wire_writer once, twice;
    wire_writer_init(&once, NULL, 0, WRITTEN_SIZE_MAX);
    wire_writer_init(&twice, NULL, 0, WRITTEN_SIZE_MAX);
    codec->encode(&once, version, message);
    POST(!once.bad);
    struct wire_reader r = wire_reader_of(wire_written(&once));
    void *again = arena_alloc(arena, codec->size);
    POST(codec->decode(&r, version, arena, again));
    POST(wire_left(&r) == 0);
    codec->encode(&twice, version, again);
    POST(view_equal(wire_written(&once), wire_written(&twice)));
    wire_writer_deinit(&once);
    wire_writer_deinit(&twice);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct arena arena = ARENA_INIT;
    struct request_header header;
    int16_t version;
    struct wire_reader r = wire_reader_of((struct view){bytes, (uint32_t)size});
    int condition = frame_read_request_header(&r, &header);
    if (condition == FRAME_MALFORMED)
        return 0;
    const struct codec *codec = choose(&header, condition, &version);
    void *message = arena_alloc(&arena, codec->size);
    if (codec->decode(&r, version, &arena, message))
        write_and_read_again(codec, version, &arena, message);
    arena_reset(&arena);
    return 0;
}
