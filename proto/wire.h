/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORDUROY_PROTO_WIRE_H
#define CORDUROY_PROTO_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/arena.h"
#include "common/assert.h"
#include "common/buf.h"
#include "common/bytes.h"
#include "common/uuid.h"
#include "common/view.h"

/* The only place that touches the bytes of Kafka's protocol, for the generated codecs and the
 * headers alike: a reader and a writer, both with a sticky failure, so that a codec is straight
 * lines and its caller tests once at the end. Everything is big-endian; `flexible` chooses the
 * compact forms of KIP-482 (a length is an unsigned varint of size + 1, 0 is null) over the classic
 * ones (int16 before strings, int32 before bytes and lists, -1 is null). */

/* What lists decoded from one message may take of the arena, however the peer nests them: a byte on
 * the wire can ask for forty in memory. */
#define WIRE_MEMORY_MAX (64u << 20)
/* Kafka's limit for a string, in both forms. */
#define WIRE_STRING_SIZE_MAX INT16_MAX

/* ---- reading ---------------------------------------------------------------------------------
 *
 * After the first read that does not fit (short, negative, over a limit), and from then on, every
 * read yields zero, null or an empty list. Views point into the bytes read and live as long as
 * those; lists lie in the arena. */
struct wire_reader {
    const uint8_t *at, *end;
    size_t memory_left; /* bytes that lists may still take of the arena */
    bool bad;
};

static inline struct wire_reader wire_reader_of(struct view bytes)
{
    static const uint8_t nothing;
    const uint8_t *base = bytes.base ? bytes.base : &nothing;
    return (struct wire_reader){base, base + bytes.size, WIRE_MEMORY_MAX, false};
}
static inline size_t wire_left(const struct wire_reader *r)
{
    return (size_t)(r->end - r->at);
}
/* The next size bytes, or NULL with the reader bad. */
static inline const uint8_t *wire_take(struct wire_reader *r, size_t size)
{
    const uint8_t *at = r->at;
    if (r->bad || wire_left(r) < size) {
        r->bad = true;
        return NULL;
    }
    r->at += size;
    return at;
}

static inline int8_t wire_read_i8(struct wire_reader *r)
{
    const uint8_t *at = wire_take(r, 1);
    return at ? (int8_t)*at : 0;
}
static inline int16_t wire_read_i16(struct wire_reader *r)
{
    const uint8_t *at = wire_take(r, 2);
    return at ? load_i16(at) : 0;
}
static inline int32_t wire_read_i32(struct wire_reader *r)
{
    const uint8_t *at = wire_take(r, 4);
    return at ? load_i32(at) : 0;
}
static inline int64_t wire_read_i64(struct wire_reader *r)
{
    const uint8_t *at = wire_take(r, 8);
    return at ? load_i64(at) : 0;
}
/* Any byte but 0 is true. */
static inline bool wire_read_bool(struct wire_reader *r)
{
    return wire_read_i8(r) != 0;
}
struct uuid wire_read_uuid(struct wire_reader *r);
/* At most five bytes and 32 bits. */
uint32_t wire_read_uvarint(struct wire_reader *r);

/* Null is refused by the plain forms; the nullable ones give VIEW_NULL for it. An empty value has a
 * base that is not NULL. Bytes serve for records too. */
struct view wire_read_string(struct wire_reader *r, bool flexible);
struct view wire_read_string_nullable(struct wire_reader *r, bool flexible);
struct view wire_read_bytes(struct wire_reader *r, bool flexible);
struct view wire_read_bytes_nullable(struct wire_reader *r, bool flexible);

/* What a list's elements take: at least so many bytes each on the wire, in memory exactly so many.
 */
struct wire_element {
    uint32_t wire_size_min;
    size_t size;
};
/* Reads a list's count, checks it against the bytes that remain and against memory_left, and only
 * then takes zeroed room for the elements, which the caller reads one by one. */
void *wire_read_list(struct wire_reader *r, bool flexible, struct arena *arena,
                     struct wire_element element, uint32_t *ret_count);
void *wire_read_list_nullable(struct wire_reader *r, bool flexible, struct arena *arena,
                              struct wire_element element, uint32_t *ret_count, bool *ret_null);
const int32_t *wire_read_i32_list(struct wire_reader *r, bool flexible, struct arena *arena,
                                  uint32_t *ret_count);
const struct view *wire_read_string_list(struct wire_reader *r, bool flexible, struct arena *arena,
                                         uint32_t *ret_count);

/* The tagged section that ends each struct of a flexible version (KIP-482): read the count, then
 * for each tag begin, read or skip the value, end. Between begin and end nothing beyond the tag's
 * value can be read; a value that was not read to its last byte makes the reader bad. */
struct wire_tag {
    uint32_t number;
    const uint8_t *outer_end; /* of what holds the tag */
};
uint32_t wire_read_tag_count(struct wire_reader *r);
struct wire_tag wire_begin_read_tag(struct wire_reader *r);
void wire_skip_tag(struct wire_reader *r);
void wire_end_read_tag(struct wire_reader *r, const struct wire_tag *tag);
/* A whole section in which no tag is known. */
void wire_skip_tags(struct wire_reader *r);

/* ---- writing ---------------------------------------------------------------------------------
 *
 * Appends to a buf that grows by doubling up to a limit. Once bad (over the limit, a string too
 * long), every write is ignored. A struct view that does not fit a version's form is the caller's
 * error only in one case: null for a field that cannot be null is written as empty. */
struct wire_gap {
    uint32_t pos, size;
};
struct wire_writer {
    struct buf *buf;
    struct account *account;
    uint32_t used, limit;
    bool bad;
    bool leave_gaps;
    uint64_t gap_bytes;
    struct wire_gap *gaps;
    size_t gap_count, gap_capacity;
};

/* Room for size_hint bytes is taken at once, for limit bytes at most. The account may be NULL; it
 * must outlive what wire_writer_take returns. */
void wire_writer_init(struct wire_writer *w, struct account *account, uint32_t size_hint,
                      uint32_t limit);
/* Frees what was not taken. */
void wire_writer_deinit(struct wire_writer *w);
/* The bytes written as a buf with used set and one reference, which is the caller's; NULL when the
 * writer is bad. The writer is empty afterwards and only good for wire_writer_deinit; its gaps can
 * still be read. */
struct buf *wire_writer_take(struct wire_writer *w);
/* What was written so far: valid until the next write. */
static inline struct view wire_written(const struct wire_writer *w)
{
    return (struct view){w->buf->data, w->used};
}
/* From here on records fields that are neither null nor empty are not copied: their size is
 * written, and a gap is noted where their bytes belong, in the order of writing, for the caller to
 * send pieces there. The base of such a view only has to be not NULL; it is never read. */
static inline void wire_writer_leave_gaps(struct wire_writer *w)
{
    w->leave_gaps = true;
}

/* Room for size bytes to be filled in at once, or NULL with the writer bad. */
uint8_t *wire_reserve(struct wire_writer *w, uint32_t size);
/* Overwrites bytes written before. */
void wire_patch_i32(struct wire_writer *w, uint32_t pos, int32_t value);

static inline void wire_write_i8(struct wire_writer *w, int8_t value)
{
    uint8_t *to = wire_reserve(w, 1);
    if (to)
        *to = (uint8_t)value;
}
static inline void wire_write_i16(struct wire_writer *w, int16_t value)
{
    uint8_t *to = wire_reserve(w, 2);
    if (to)
        store_u16(to, (uint16_t)value);
}
static inline void wire_write_i32(struct wire_writer *w, int32_t value)
{
    uint8_t *to = wire_reserve(w, 4);
    if (to)
        store_u32(to, (uint32_t)value);
}
static inline void wire_write_i64(struct wire_writer *w, int64_t value)
{
    uint8_t *to = wire_reserve(w, 8);
    if (to)
        store_u64(to, (uint64_t)value);
}
static inline void wire_write_bool(struct wire_writer *w, bool value)
{
    wire_write_i8(w, value ? 1 : 0);
}
void wire_write_raw(struct wire_writer *w, const void *bytes, uint32_t size);
void wire_write_uuid(struct wire_writer *w, struct uuid id);
void wire_write_uvarint(struct wire_writer *w, uint32_t value);

void wire_write_string(struct wire_writer *w, bool flexible, struct view value);
void wire_write_string_nullable(struct wire_writer *w, bool flexible, struct view value);
void wire_write_bytes(struct wire_writer *w, bool flexible, struct view value);
void wire_write_bytes_nullable(struct wire_writer *w, bool flexible, struct view value);
/* As bytes, but may leave a gap. */
void wire_write_records(struct wire_writer *w, bool flexible, struct view value);
void wire_write_records_nullable(struct wire_writer *w, bool flexible, struct view value);

void wire_write_count(struct wire_writer *w, bool flexible, uint32_t count);
void wire_write_count_nullable(struct wire_writer *w, bool flexible, uint32_t count, bool null);
void wire_write_i32_list(struct wire_writer *w, bool flexible, const int32_t *values,
                         uint32_t count);
void wire_write_string_list(struct wire_writer *w, bool flexible, const struct view *values,
                            uint32_t count);

/* Writes a tag's number; between begin and end its value is written, to which end adds the size.
 * Records inside a tag are not allowed to leave gaps. */
uint32_t wire_begin_write_tag(struct wire_writer *w, uint32_t number);
void wire_end_write_tag(struct wire_writer *w, uint32_t begin);
/* A tagged section without tags. */
static inline void wire_write_no_tags(struct wire_writer *w)
{
    wire_write_i8(w, 0);
}

#endif
