/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/wire.h"

#include <stdlib.h>

#include "common/memory.h"

#define LENGTH_NULL (-1)

struct uuid wire_read_uuid(struct wire_reader *r)
{
    struct uuid id = {{0}};
    const uint8_t *at = wire_take(r, sizeof id.bytes);
    if (at)
        memcpy(id.bytes, at, sizeof id.bytes);
    return id;
}

/* Seven bits to a byte, least significant first: the fifth byte holds the last four. */
uint32_t wire_read_uvarint(struct wire_reader *r)
{
    uint32_t value = 0;
    for (unsigned shift = 0; shift < 35; shift += 7) {
        const uint8_t *at = wire_take(r, 1);
        if (!at)
            return 0;
        if (shift == 28 && *at > 0x0f)
            break;
        value |= (uint32_t)(*at & 0x7f) << shift;
        if (*at < 0x80)
            return value;
    }
    r->bad = true;
    return 0;
}

/* A length in either form; LENGTH_NULL for null, and for every failure too. */
static int64_t read_length(struct wire_reader *r, bool flexible, bool is_string)
{
    int64_t length = flexible    ? (int64_t)wire_read_uvarint(r) - 1
                     : is_string ? wire_read_i16(r)
                                 : wire_read_i32(r);
    if (length < LENGTH_NULL || length > INT32_MAX)
        r->bad = true;
    return r->bad ? LENGTH_NULL : length;
}

static struct view read_sized(struct wire_reader *r, int64_t length, bool nullable)
{
    if (length == LENGTH_NULL) {
        r->bad |= !nullable;
        return VIEW_NULL;
    }
    const uint8_t *at = wire_take(r, (size_t)length);
    return at ? (struct view){at, (uint32_t)length} : VIEW_NULL;
}

static struct view read_string(struct wire_reader *r, bool flexible, bool nullable)
{
    int64_t length = read_length(r, flexible, true);
    if (length > WIRE_STRING_SIZE_MAX)
        r->bad = true;
    return read_sized(r, length, nullable);
}

struct view wire_read_string(struct wire_reader *r, bool flexible)
{
    return read_string(r, flexible, false);
}

struct view wire_read_string_nullable(struct wire_reader *r, bool flexible)
{
    return read_string(r, flexible, true);
}

struct view wire_read_bytes(struct wire_reader *r, bool flexible)
{
    return read_sized(r, read_length(r, flexible, false), false);
}

struct view wire_read_bytes_nullable(struct wire_reader *r, bool flexible)
{
    return read_sized(r, read_length(r, flexible, false), true);
}

void *wire_read_list_nullable(struct wire_reader *r, bool flexible, struct arena *arena,
                              struct wire_element element, uint32_t *ret_count, bool *ret_null)
{
    PRE(element.wire_size_min > 0 && element.size > 0);
    int64_t length = read_length(r, flexible, false);
    *ret_count = 0;
    *ret_null = !r->bad && length == LENGTH_NULL;
    if (r->bad || length <= 0)
        return NULL;
    size_t count = (size_t)length;
    if (count > wire_left(r) / element.wire_size_min || count > r->memory_left / element.size) {
        r->bad = true;
        return NULL;
    }
    r->memory_left -= count * element.size;
    *ret_count = (uint32_t)count;
    return arena_array(arena, count, element.size);
}

void *wire_read_list(struct wire_reader *r, bool flexible, struct arena *arena,
                     struct wire_element element, uint32_t *ret_count)
{
    bool null;
    void *list = wire_read_list_nullable(r, flexible, arena, element, ret_count, &null);
    r->bad |= null;
    return list;
}

const int32_t *wire_read_i32_list(struct wire_reader *r, bool flexible, struct arena *arena,
                                  uint32_t *ret_count)
{
    const struct wire_element element = {sizeof(int32_t), sizeof(int32_t)};
    int32_t *list = wire_read_list(r, flexible, arena, element, ret_count);
    for (uint32_t i = 0; i < *ret_count; i++)
        list[i] = wire_read_i32(r);
    return list;
}

const struct view *wire_read_string_list(struct wire_reader *r, bool flexible, struct arena *arena,
                                         uint32_t *ret_count)
{
    const struct wire_element element = {flexible ? 1 : 2, sizeof(struct view)};
    struct view *list = wire_read_list(r, flexible, arena, element, ret_count);
    for (uint32_t i = 0; i < *ret_count; i++)
        list[i] = wire_read_string(r, flexible);
    return list;
}

uint32_t wire_read_tag_count(struct wire_reader *r)
{
    uint32_t count = wire_read_uvarint(r);
    /* A tag takes at least a byte of number and a byte of size. */
    if (count > wire_left(r) / 2)
        r->bad = true;
    return r->bad ? 0 : count;
}

struct wire_tag wire_begin_read_tag(struct wire_reader *r)
{
    struct wire_tag tag = {.number = wire_read_uvarint(r), .outer_end = r->end};
    uint32_t size = wire_read_uvarint(r);
    if (r->bad || size > wire_left(r)) {
        r->bad = true;
        return tag;
    }
    r->end = r->at + size;
    return tag;
}

void wire_skip_tag(struct wire_reader *r)
{
    if (!r->bad)
        r->at = r->end;
}

void wire_end_read_tag(struct wire_reader *r, const struct wire_tag *tag)
{
    if (r->at != r->end)
        r->bad = true;
    r->end = tag->outer_end;
}

void wire_skip_tags(struct wire_reader *r)
{
    for (uint32_t left = wire_read_tag_count(r); left > 0 && !r->bad; left--) {
        struct wire_tag tag = wire_begin_read_tag(r);
        wire_skip_tag(r);
        wire_end_read_tag(r, &tag);
    }
}

void wire_writer_init(struct wire_writer *w, struct account *account, uint32_t size_hint,
                      uint32_t limit)
{
    PRE(limit > 0);
    uint32_t size = size_hint < 64 ? 64 : size_hint;
    *w = (struct wire_writer){.account = account, .limit = limit};
    w->buf = buf_new(account, size < limit ? size : limit);
}

void wire_writer_deinit(struct wire_writer *w)
{
    buf_unref(w->buf);
    free(w->gaps);
    *w = (struct wire_writer){0};
}

struct buf *wire_writer_take(struct wire_writer *w)
{
    struct buf *buf = w->buf;
    if (w->bad || !buf)
        return NULL;
    buf->used = w->used;
    w->buf = NULL;
    w->bad = true;
    return buf;
}

/* The buf itself cannot grow, for others may hold it; here nobody does yet. */
static void grow(struct wire_writer *w, uint64_t needed)
{
    uint64_t size = w->buf->size;
    while (size < needed)
        size *= 2;
    struct buf *bigger = buf_new(w->account, size < w->limit ? (uint32_t)size : w->limit);
    memcpy(bigger->data, w->buf->data, w->used);
    buf_unref(w->buf);
    w->buf = bigger;
}

uint8_t *wire_reserve(struct wire_writer *w, uint32_t size)
{
    uint64_t needed = (uint64_t)w->used + size;
    if (w->bad || needed > w->limit) {
        w->bad = true;
        return NULL;
    }
    if (needed > w->buf->size)
        grow(w, needed);
    uint8_t *at = w->buf->data + w->used;
    w->used += size;
    return at;
}

void wire_patch_i32(struct wire_writer *w, uint32_t pos, int32_t value)
{
    if (w->bad)
        return;
    PRE(pos <= w->used && w->used - pos >= 4);
    store_u32(w->buf->data + pos, (uint32_t)value);
}

void wire_write_raw(struct wire_writer *w, const void *bytes, uint32_t size)
{
    uint8_t *to = wire_reserve(w, size);
    if (to && size > 0)
        memcpy(to, bytes, size);
}

void wire_write_uuid(struct wire_writer *w, struct uuid id)
{
    wire_write_raw(w, id.bytes, sizeof id.bytes);
}

#define UVARINT_SIZE_MAX 5

static uint32_t uvarint_put(uint8_t to[UVARINT_SIZE_MAX], uint32_t value)
{
    uint32_t size = 0;
    for (; value >= 0x80; value >>= 7)
        to[size++] = (uint8_t)(value | 0x80);
    to[size++] = (uint8_t)value;
    return size;
}

void wire_write_uvarint(struct wire_writer *w, uint32_t value)
{
    uint8_t bytes[UVARINT_SIZE_MAX];
    wire_write_raw(w, bytes, uvarint_put(bytes, value));
}

static void write_length(struct wire_writer *w, bool flexible, bool is_string, int64_t length)
{
    if (length > (is_string ? WIRE_STRING_SIZE_MAX : INT32_MAX))
        w->bad = true;
    else if (flexible)
        wire_write_uvarint(w, (uint32_t)(length + 1));
    else if (is_string)
        wire_write_i16(w, (int16_t)length);
    else
        wire_write_i32(w, (int32_t)length);
}

void wire_write_string(struct wire_writer *w, bool flexible, struct view value)
{
    write_length(w, flexible, true, value.size);
    wire_write_raw(w, value.base, value.size);
}

void wire_write_string_nullable(struct wire_writer *w, bool flexible, struct view value)
{
    write_length(w, flexible, true, value.base ? (int64_t)value.size : LENGTH_NULL);
    wire_write_raw(w, value.base, value.size);
}

void wire_write_bytes(struct wire_writer *w, bool flexible, struct view value)
{
    write_length(w, flexible, false, value.size);
    wire_write_raw(w, value.base, value.size);
}

void wire_write_bytes_nullable(struct wire_writer *w, bool flexible, struct view value)
{
    write_length(w, flexible, false, value.base ? (int64_t)value.size : LENGTH_NULL);
    wire_write_raw(w, value.base, value.size);
}

static void write_records(struct wire_writer *w, struct view value)
{
    if (!w->leave_gaps) {
        wire_write_raw(w, value.base, value.size);
        return;
    }
    if (w->bad || value.size == 0)
        return;
    w->gaps = xgrow(w->gaps, &w->gap_capacity, w->gap_count + 1, sizeof *w->gaps);
    w->gaps[w->gap_count++] = (struct wire_gap){.pos = w->used, .size = value.size};
    w->gap_bytes += value.size;
}

void wire_write_records(struct wire_writer *w, bool flexible, struct view value)
{
    write_length(w, flexible, false, value.size);
    write_records(w, value);
}

void wire_write_records_nullable(struct wire_writer *w, bool flexible, struct view value)
{
    write_length(w, flexible, false, value.base ? (int64_t)value.size : LENGTH_NULL);
    write_records(w, value.base ? value : VIEW_NULL);
}

void wire_write_count(struct wire_writer *w, bool flexible, uint32_t count)
{
    write_length(w, flexible, false, count);
}

void wire_write_count_nullable(struct wire_writer *w, bool flexible, uint32_t count, bool null)
{
    PRE(!null || count == 0);
    write_length(w, flexible, false, null ? LENGTH_NULL : (int64_t)count);
}

void wire_write_i32_list(struct wire_writer *w, bool flexible, const int32_t *values,
                         uint32_t count)
{
    wire_write_count(w, flexible, count);
    for (uint32_t i = 0; i < count; i++)
        wire_write_i32(w, values[i]);
}

void wire_write_string_list(struct wire_writer *w, bool flexible, const struct view *values,
                            uint32_t count)
{
    wire_write_count(w, flexible, count);
    for (uint32_t i = 0; i < count; i++)
        wire_write_string(w, flexible, values[i]);
}

uint32_t wire_begin_write_tag(struct wire_writer *w, uint32_t number)
{
    wire_write_uvarint(w, number);
    return w->used;
}

void wire_end_write_tag(struct wire_writer *w, uint32_t begin)
{
    if (w->bad)
        return;
    /* The size stands before the value and takes as many bytes as it needs: make room, move. */
    uint8_t bytes[UVARINT_SIZE_MAX];
    uint32_t value_size = w->used - begin;
    uint32_t size = uvarint_put(bytes, value_size);
    if (!wire_reserve(w, size))
        return;
    memmove(w->buf->data + begin + size, w->buf->data + begin, value_size);
    memcpy(w->buf->data + begin, bytes, size);
}
