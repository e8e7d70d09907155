/* SPDX-License-Identifier: Apache-2.0 */
#include "broker/log/segment_scan.h"

#include <stdlib.h>
#include <string.h>

#include "common/bytes.h"
#include "common/crc32c.h"
#include "common/memory.h"

/* Enough for many headers of small batches, not much wasted on those of large ones. */
#define HEADERS_READ_SIZE (16u * 1024)

const char *segment_scan_stop_text(enum segment_scan_stop stop)
{
    switch (stop) {
    case SEGMENT_SCAN_END:
        return "end";
    case SEGMENT_SCAN_TORN:
        return "truncated batch";
    case SEGMENT_SCAN_BAD_CRC:
        return "wrong checksum";
    case SEGMENT_SCAN_BAD_MAGIC:
        return "unknown message format";
    case SEGMENT_SCAN_OLD_MAGIC:
        return "message format from before Kafka 0.11";
    case SEGMENT_SCAN_BAD_SIZE:
        return "impossible batch size";
    case SEGMENT_SCAN_BAD_HEADER:
        return "impossible batch header";
    case SEGMENT_SCAN_BAD_OFFSET:
        return "offsets that do not rise";
    }
    return "unknown reason";
}

static int stop_of(int error)
{
    switch ((enum record_batch_error)error) {
    case RECORD_BATCH_END:
        return SEGMENT_SCAN_END;
    case RECORD_BATCH_SHORT:
        return SEGMENT_SCAN_TORN;
    case RECORD_BATCH_BAD_SIZE:
        return SEGMENT_SCAN_BAD_SIZE;
    case RECORD_BATCH_OLD_MAGIC:
        return SEGMENT_SCAN_OLD_MAGIC;
    case RECORD_BATCH_BAD_MAGIC:
        return SEGMENT_SCAN_BAD_MAGIC;
    case RECORD_BATCH_BAD_CRC:
        return SEGMENT_SCAN_BAD_CRC;
    case RECORD_BATCH_BAD_HEADER:
        return SEGMENT_SCAN_BAD_HEADER;
    }
    IMPOSSIBLE("an unknown error of a batch");
}

int segment_scan_init(struct segment_scan *scan, struct file *file, uint64_t pos, uint64_t end,
                      int64_t min_offset)
{
    int64_t size = file->ops->size(file);
    if (size < 0)
        return (int)size;
    *scan = (struct segment_scan){
        .file = file_ref(file),
        .pos = pos,
        .end = end < (uint64_t)size ? end : (uint64_t)size,
        .min_offset = min_offset,
        .buffer = xmalloc(SEGMENT_SCAN_BUFFER_SIZE),
    };
    return 0;
}

void segment_scan_deinit(struct segment_scan *scan)
{
    file_unref(scan->file);
    free(scan->buffer);
    *scan = (struct segment_scan){0};
}

/* Brings the bytes from pos on into the buffer, at least `wanted` of them unless the range or the
 * file ends before. *ret is what is at hand. */
static int fill(struct segment_scan *scan, uint64_t pos, uint32_t wanted, struct view *ret)
{
    PRE(wanted <= SEGMENT_SCAN_BUFFER_SIZE);
    uint64_t buffer_end = scan->buffer_pos + scan->buffer_size;
    if (pos < scan->buffer_pos || pos + wanted > buffer_end) {
        uint64_t size = scan->headers_only && wanted <= HEADERS_READ_SIZE
                            ? HEADERS_READ_SIZE
                            : SEGMENT_SCAN_BUFFER_SIZE;
        if (size > scan->end - pos)
            size = scan->end - pos;
        int64_t got = scan->file->ops->pread(scan->file, scan->buffer, size, pos);
        if (got < 0) {
            scan->buffer_size = 0;
            return (int)got;
        }
        scan->buffer_pos = pos;
        scan->buffer_size = (uint32_t)got;
    }
    uint64_t skip = pos - scan->buffer_pos;
    *ret = (struct view){scan->buffer + skip, (uint32_t)(scan->buffer_size - skip)};
    return 0;
}

/* The CRC of a batch that is larger than the buffer, piece by piece. */
static int check_large(struct segment_scan *scan, uint32_t size, uint32_t want)
{
    uint32_t crc = 0;
    uint64_t at = scan->pos + RECORD_BATCH_POS_ATTRIBUTES, batch_end = scan->pos + size;
    while (at < batch_end) {
        struct view piece;
        uint64_t left = batch_end - at;
        uint32_t wanted =
            left < SEGMENT_SCAN_BUFFER_SIZE ? (uint32_t)left : SEGMENT_SCAN_BUFFER_SIZE;
        int error = fill(scan, at, wanted, &piece);
        if (error)
            return error;
        if (piece.size < wanted)
            return SEGMENT_SCAN_TORN;
        crc = crc32c(crc, piece.base, wanted);
        at += wanted;
    }
    return crc == want ? 0 : SEGMENT_SCAN_BAD_CRC;
}

/* Brings a batch of this size into the buffer, if it fits and is wanted, and checks its CRC. */
static int check_bytes(struct segment_scan *scan, const uint8_t *header, uint32_t size,
                       struct view *ret)
{
    struct view bytes;
    struct record_batch batch = {.crc = load_u32(header + RECORD_BATCH_POS_CRC),
                                 .attributes = load_u16(header + RECORD_BATCH_POS_ATTRIBUTES)};
    *ret = VIEW_NULL;
    if (scan->headers_only && !record_batch_is_control(&batch))
        return 0;
    if (size > SEGMENT_SCAN_BUFFER_SIZE)
        return scan->headers_only ? 0 : check_large(scan, size, batch.crc);
    int error = fill(scan, scan->pos, size, &bytes);
    if (error)
        return error;
    if (bytes.size < size)
        return SEGMENT_SCAN_TORN;
    batch.bytes = (struct view){bytes.base, size};
    if (!scan->headers_only && !record_batch_crc_ok(&batch))
        return SEGMENT_SCAN_BAD_CRC;
    *ret = batch.bytes;
    return 0;
}

int segment_scan_next(struct segment_scan *scan, struct record_batch *ret, uint64_t *ret_pos)
{
    struct view bytes, whole;
    struct record_batch batch;
    uint8_t header[RECORD_BATCH_HEADER_SIZE];
    uint32_t size;
    if (scan->pos >= scan->end)
        return SEGMENT_SCAN_END;
    int error = fill(scan, scan->pos, RECORD_BATCH_HEADER_SIZE, &bytes);
    if (error)
        return error;
    error = record_batch_size(bytes.base, bytes.size, &size);
    if (error)
        return stop_of(error);
    if (bytes.size < sizeof header || size > scan->end - scan->pos)
        return SEGMENT_SCAN_TORN;
    memcpy(header, bytes.base, sizeof header); /* a large batch uses the buffer up */
    /* The checksum before the fields: damage may make them impossible, too. */
    error = check_bytes(scan, header, size, &whole);
    if (error)
        return error;
    error = record_batch_parse_header((struct view){header, sizeof header}, &batch);
    if (error)
        return stop_of(error);
    if (batch.base_offset < scan->min_offset)
        return SEGMENT_SCAN_BAD_OFFSET;
    batch.bytes = whole;
    *ret_pos = scan->pos;
    *ret = batch;
    scan->pos += size;
    scan->min_offset = record_batch_end_offset(&batch);
    return 0;
}
