/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/frame.h"

int frame_request_size(const uint8_t prefix[FRAME_PREFIX_SIZE], uint32_t size_max,
                       uint32_t *ret_size)
{
    int32_t size = load_i32(prefix);
    if (size < (int32_t)FRAME_REQUEST_SIZE_MIN)
        return FRAME_TOO_SMALL;
    if ((uint32_t)size > size_max)
        return FRAME_TOO_LARGE;
    *ret_size = (uint32_t)size;
    return 0;
}

int frame_read_request_header(struct wire_reader *r, struct request_header *ret)
{
    *ret = (struct request_header){0};
    ret->api_key = wire_read_i16(r);
    ret->api_version = wire_read_i16(r);
    ret->correlation_id = wire_read_i32(r);
    if (r->bad)
        return FRAME_MALFORMED;
    ret->api = api_find(ret->api_key);
    if (!ret->api)
        return FRAME_UNKNOWN_API;
    if (ret->api_version < ret->api->version_min || ret->api_version > ret->api->version_max)
        return FRAME_UNSUPPORTED_VERSION;
    ret->client_id = wire_read_string_nullable(r, false);
    if (ret->api_version >= ret->api->flexible_from)
        wire_skip_tags(r);
    return r->bad ? FRAME_MALFORMED : 0;
}

static uint32_t begin(struct wire_writer *w)
{
    uint32_t at = w->used;
    wire_write_i32(w, 0); /* the prefix, patched by frame_end */
    return at;
}

uint32_t frame_begin_request(struct wire_writer *w, const struct request_header *header)
{
    PRE(header->api != NULL);
    uint32_t at = begin(w);
    wire_write_i16(w, header->api->key);
    wire_write_i16(w, header->api_version);
    wire_write_i32(w, header->correlation_id);
    wire_write_string_nullable(w, false, header->client_id);
    if (header->api_version >= header->api->flexible_from)
        wire_write_no_tags(w);
    return at;
}

static bool response_has_tags(const struct api *api, int16_t version)
{
    return version >= api->flexible_from && !api->plain_response_header;
}

uint32_t frame_begin_response(struct wire_writer *w, const struct api *api, int16_t version,
                              int32_t correlation_id)
{
    uint32_t at = begin(w);
    wire_write_i32(w, correlation_id);
    if (response_has_tags(api, version))
        wire_write_no_tags(w);
    return at;
}

int32_t frame_read_response_header(struct wire_reader *r, const struct api *api, int16_t version)
{
    int32_t correlation_id = wire_read_i32(r);
    if (response_has_tags(api, version))
        wire_skip_tags(r);
    return correlation_id;
}

void frame_end(struct wire_writer *w, uint32_t from)
{
    if (w->bad)
        return;
    uint64_t size = (uint64_t)w->used - from - FRAME_PREFIX_SIZE + w->gap_bytes;
    if (size > INT32_MAX) {
        w->bad = true;
        return;
    }
    wire_patch_i32(w, from, (int32_t)size);
}
