/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/cluster/frames.h"

#include <stdlib.h>

#include "common/bytes.h"
#include "common/crc32c.h"
#include "proto/cluster/coder.h"
#include "proto/cluster/handshake.h"

#define LENGTH_SIZE 4u
#define POS_KIND 4u
#define POS_VERSION 6u
#define POS_CRC 8u

static bool kind_is_message(unsigned kind)
{
    return (kind >= CLUSTER_KIND_REFUSED && kind <= CLUSTER_KIND_PONG) ||
           (kind >= CLUSTER_KIND_SUBSCRIBE && kind <= CLUSTER_KIND_ADMIN_REPLY) ||
           (kind >= CLUSTER_KIND_REPLICA_OPENS && kind <= CLUSTER_KIND_REFUSES);
}

const char *cluster_frame_error_text(int error)
{
    switch (error) {
    case CLUSTER_FRAME_SHORT:
        return "truncated frame";
    case CLUSTER_FRAME_BAD_SIZE:
        return "frame of an impossible size";
    case CLUSTER_FRAME_BAD_CRC:
        return "bad frame checksum";
    case CLUSTER_FRAME_BAD_KIND:
        return "unknown kind or version of frame";
    case CLUSTER_FRAME_BAD_CONTENT:
        return "malformed frame";
    default:
        return "no error";
    }
}

int cluster_frame_size(struct view bytes, uint32_t *ret_size)
{
    if (bytes.size < LENGTH_SIZE)
        return CLUSTER_FRAME_SHORT;
    uint32_t length = load_u32(bytes.base);
    if (length < CLUSTER_FRAME_HEADER_SIZE - LENGTH_SIZE ||
        length > CLUSTER_FRAME_SIZE_MAX - LENGTH_SIZE)
        return CLUSTER_FRAME_BAD_SIZE;
    *ret_size = length + LENGTH_SIZE;
    return 0;
}

/* Of the bytes that the checksum of this frame covers: its size from POS_KIND on, less the checksum
 * itself. */
static uint32_t frame_crc(struct view frame, uint32_t covered_end)
{
    uint32_t crc = crc32c(0, frame.base + POS_KIND, POS_CRC - POS_KIND);
    return crc32c(crc, frame.base + CLUSTER_FRAME_HEADER_SIZE,
                  covered_end - CLUSTER_FRAME_HEADER_SIZE);
}

/* Pushes: u32 size of the head, the head, then the bytes of all pushes in order. */
static int decode_pushes(struct view frame, struct arena *arena, struct cluster_message *ret)
{
    const uint32_t head_pos = CLUSTER_FRAME_HEADER_SIZE + 4;
    if (frame.size < head_pos)
        return CLUSTER_FRAME_BAD_CONTENT;
    uint32_t head_size = load_u32(frame.base + CLUSTER_FRAME_HEADER_SIZE);
    if (head_size > frame.size - head_pos)
        return CLUSTER_FRAME_BAD_CONTENT;
    if (frame_crc(frame, head_pos + head_size) != load_u32(frame.base + POS_CRC))
        return CLUSTER_FRAME_BAD_CRC;
    struct coder c = {.decoding = true, .arena = arena, .rest = {frame.base + head_pos, head_size}};
    code_push_head(&c, ret);
    if (c.failed || c.rest.size != 0)
        return CLUSTER_FRAME_BAD_CONTENT;
    uint64_t total = 0;
    for (uint32_t i = 0; i < ret->u.pushes.count; i++)
        total += ret->u.pushes.items[i].size;
    ret->u.pushes.bytes_pos = head_pos + head_size;
    return total == frame.size - ret->u.pushes.bytes_pos ? 0 : CLUSTER_FRAME_BAD_CONTENT;
}

int cluster_frame_decode(struct view frame, struct arena *arena, struct cluster_message *ret)
{
    uint32_t size;
    int error = cluster_frame_size(frame, &size);
    if (error)
        return error;
    if (size > frame.size)
        return CLUSTER_FRAME_SHORT;
    if (size < frame.size)
        return CLUSTER_FRAME_BAD_SIZE;
    unsigned kind = frame.base[POS_KIND];
    uint16_t version = load_u16(frame.base + POS_VERSION);
    *ret = (struct cluster_message){.kind = (enum cluster_kind)kind};
    if (kind == CLUSTER_KIND_PUSHES && version == CLUSTER_VERSION_MAX &&
        frame.base[POS_KIND + 1] == 0)
        return decode_pushes(frame, arena, ret);
    if (frame_crc(frame, frame.size) != load_u32(frame.base + POS_CRC))
        return CLUSTER_FRAME_BAD_CRC;
    /* Versions that do not fit may be why the other end refuses. */
    bool spoken = version == CLUSTER_VERSION_MAX || kind == CLUSTER_KIND_REFUSED;
    if (!kind_is_message(kind) || !spoken || frame.base[POS_KIND + 1] != 0)
        return CLUSTER_FRAME_BAD_KIND;
    struct coder c = {
        .decoding = true,
        .arena = arena,
        .rest = {frame.base + CLUSTER_FRAME_HEADER_SIZE, frame.size - CLUSTER_FRAME_HEADER_SIZE}};
    if (kind >= CLUSTER_KIND_REPLICA_OPENS)
        code_replica(&c, ret);
    else
        code_control(&c, ret);
    return c.failed || c.rest.size != 0 ? CLUSTER_FRAME_BAD_CONTENT : 0;
}

void cluster_writer_deinit(struct cluster_writer *w)
{
    free(w->data);
    *w = (struct cluster_writer){0};
}

/* The head of the pushes; returns how many bytes of batches follow the frame's written part. */
static uint64_t encode_pushes(struct coder *c, struct cluster_message *m)
{
    size_t at = c->w->size;
    uint32_t head_size = 0;
    code_u32(c, &head_size);
    code_push_head(c, m);
    store_u32(c->w->data + at, (uint32_t)(c->w->size - at - 4));
    uint64_t bytes = 0;
    for (uint32_t i = 0; i < m->u.pushes.count; i++)
        bytes += m->u.pushes.items[i].size;
    return bytes;
}

void cluster_frame_encode(struct cluster_writer *w, const struct cluster_message *message)
{
    PRE(kind_is_message(message->kind));
    struct cluster_message m = *message;
    struct coder c = {.w = w};
    uint8_t header[CLUSTER_FRAME_HEADER_SIZE] = {0};
    w->frame_pos = w->size;
    header[POS_KIND] = (uint8_t)m.kind;
    store_u16(header + POS_VERSION, CLUSTER_VERSION_MAX);
    code_bytes(&c, header, sizeof header);
    uint64_t bytes_after = 0;
    if (m.kind == CLUSTER_KIND_PUSHES)
        bytes_after = encode_pushes(&c, &m);
    else if (m.kind >= CLUSTER_KIND_REPLICA_OPENS)
        code_replica(&c, &m);
    else
        code_control(&c, &m);
    uint64_t written = w->size - w->frame_pos;
    PRE(written + bytes_after <= CLUSTER_FRAME_SIZE_MAX);
    uint8_t *frame = w->data + w->frame_pos;
    store_u32(frame, (uint32_t)(written + bytes_after - LENGTH_SIZE));
    store_u32(frame + POS_CRC,
              frame_crc((struct view){frame, (uint32_t)written}, (uint32_t)written));
}
