/* SPDX-License-Identifier: Apache-2.0 */
#include "common/properties.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/memory.h"

/* The text is taken apart in Java's order: natural lines are joined to logical lines, a logical
 * line is split where a separator stands that is not escaped, then escapes are resolved. */
struct reader {
    const uint8_t *at, *end;
    uint32_t line; /* of `at` */
};

static bool is_blank(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '\f';
}

static bool is_line_end(uint8_t c)
{
    return c == '\n' || c == '\r';
}

/* At a line end: goes behind it. CR LF is one. */
static void skip_line_end(struct reader *r)
{
    if (r->at < r->end && *r->at++ == '\r' && r->at < r->end && *r->at == '\n')
        r->at++;
    r->line++;
}

static void skip_blanks(struct reader *r)
{
    while (r->at < r->end && is_blank(*r->at))
        r->at++;
}

/* Goes to the first byte of the next logical line; false at the end of the text. */
static bool find_line(struct reader *r)
{
    for (;;) {
        skip_blanks(r);
        if (r->at == r->end)
            return false;
        if (*r->at == '#' || *r->at == '!') {
            while (r->at < r->end && !is_line_end(*r->at))
                r->at++;
            if (r->at == r->end)
                return false;
        }
        if (!is_line_end(*r->at))
            return true;
        skip_line_end(r);
    }
}

/* Copies the logical line to `to`, which has room for the whole text; its escapes stay, the
 * continuations with the blanks behind them go. */
static uint32_t join_line(struct reader *r, uint8_t *to)
{
    uint32_t size = 0;
    while (r->at < r->end && !is_line_end(*r->at)) {
        if (*r->at != '\\') {
            to[size++] = *r->at++;
            continue;
        }
        r->at++;
        if (r->at == r->end)
            break; /* a lone backslash at the end of the file is nothing */
        if (is_line_end(*r->at)) {
            skip_line_end(r);
            skip_blanks(r);
        } else {
            to[size++] = '\\';
            to[size++] = *r->at++;
        }
    }
    if (r->at < r->end)
        skip_line_end(r);
    return size;
}

static int hex_of(uint8_t c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Four digits at `at`; -1 when they are not. */
static int32_t unit_at(const uint8_t *at, const uint8_t *end)
{
    int32_t unit = 0;
    if (end - at < 4)
        return -1;
    for (int i = 0; i < 4; i++) {
        int digit = hex_of(at[i]);
        if (digit < 0)
            return -1;
        unit = unit << 4 | digit;
    }
    return unit;
}

static uint8_t *put_utf8(uint8_t *to, uint32_t c)
{
    if (c < 0x80) {
        *to++ = (uint8_t)c;
    } else if (c < 0x800) {
        *to++ = (uint8_t)(0xc0 | c >> 6);
        *to++ = (uint8_t)(0x80 | (c & 63));
    } else if (c < 0x10000) {
        *to++ = (uint8_t)(0xe0 | c >> 12);
        *to++ = (uint8_t)(0x80 | (c >> 6 & 63));
        *to++ = (uint8_t)(0x80 | (c & 63));
    } else {
        *to++ = (uint8_t)(0xf0 | c >> 18);
        *to++ = (uint8_t)(0x80 | (c >> 12 & 63));
        *to++ = (uint8_t)(0x80 | (c >> 6 & 63));
        *to++ = (uint8_t)(0x80 | (c & 63));
    }
    return to;
}

/* Behind "\u": one character, which may take a second escape with it. False: no four digits. */
static bool take_unicode(const uint8_t **at, const uint8_t *end, uint8_t **to)
{
    int32_t unit = unit_at(*at, end);
    if (unit < 0)
        return false;
    *at += 4;
    uint32_t c = (uint32_t)unit;
    if (c >= 0xd800 && c < 0xdc00 && end - *at >= 6 && (*at)[0] == '\\' && (*at)[1] == 'u') {
        int32_t low = unit_at(*at + 2, end);
        if (low >= 0xdc00 && low < 0xe000) {
            c = 0x10000 + ((c - 0xd800) << 10) + ((uint32_t)low - 0xdc00);
            *at += 6;
        }
    }
    if (c >= 0xd800 && c < 0xe000)
        c = 0xfffd;
    *to = put_utf8(*to, c);
    return true;
}

/* Resolves escapes; no text gets longer by it. */
static enum properties_error unescape(struct arena *arena, const uint8_t *at, const uint8_t *end,
                                      const char **ret)
{
    uint8_t *text = arena_alloc(arena, (size_t)(end - at) + 1), *to = text;
    while (at < end) {
        if (*at != '\\') {
            *to++ = *at++;
            continue;
        }
        at++; /* join_line leaves no backslash without a byte behind it */
        uint8_t c = *at++;
        if (c == 'u') {
            if (!take_unicode(&at, end, &to))
                return PROPERTIES_BAD_ESCAPE;
            continue;
        }
        *to++ = c == 't' ? '\t' : c == 'n' ? '\n' : c == 'r' ? '\r' : c == 'f' ? '\f' : c;
    }
    if (memchr(text, 0, (size_t)(to - text)))
        return PROPERTIES_ZERO_BYTE;
    *ret = (const char *)text;
    return PROPERTIES_OK;
}

static void put(struct properties *p, const char *key, const char *value, uint32_t line)
{
    for (size_t i = 0; i < p->count; i++) {
        struct property *old = &p->items[i];
        if (strcmp(old->key, key) == 0) {
            *old = (struct property){old->key, value, line, old->line};
            return;
        }
    }
    p->items = xgrow(p->items, &p->capacity, p->count + 1, sizeof *p->items);
    p->items[p->count++] = (struct property){key, value, line, 0};
}

static enum properties_error take_line(struct properties *p, const uint8_t *at, const uint8_t *end,
                                       uint32_t line)
{
    const uint8_t *key_end = at;
    while (key_end < end && *key_end != '=' && *key_end != ':' && !is_blank(*key_end))
        key_end += *key_end == '\\' ? 2 : 1;
    const uint8_t *value = key_end;
    while (value < end && is_blank(*value))
        value++;
    if (value < end && (*value == '=' || *value == ':')) {
        value++;
        while (value < end && is_blank(*value))
            value++;
    }
    const char *key_text, *value_text;
    enum properties_error error = unescape(&p->arena, at, key_end, &key_text);
    if (!error)
        error = unescape(&p->arena, value, end, &value_text);
    if (!error)
        put(p, key_text, value_text, line);
    return error;
}

enum properties_error properties_parse(struct view text, struct properties *ret, uint32_t *ret_line)
{
    *ret = (struct properties){.arena = ARENA_INIT};
    *ret_line = 0;
    if (text.size > PROPERTIES_SIZE_MAX)
        return PROPERTIES_TOO_LARGE;
    struct reader r = {text.base, text.base + text.size, 1};
    uint8_t *joined = xmalloc(text.size);
    enum properties_error error = PROPERTIES_OK;
    while (!error && find_line(&r)) {
        *ret_line = r.line;
        uint32_t size = join_line(&r, joined);
        error = take_line(ret, joined, joined + size, *ret_line);
    }
    free(joined);
    return error;
}

int properties_read(const char *path, struct properties *ret, uint32_t *ret_line)
{
    *ret = (struct properties){.arena = ARENA_INIT};
    *ret_line = 0;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    uint32_t room = PROPERTIES_SIZE_MAX + 1, size = 0;
    uint8_t *text = xmalloc(room);
    ssize_t n = 1;
    while (size < room && n != 0) {
        n = read(fd, text + size, room - size);
        if (n < 0 && errno != EINTR)
            break;
        if (n > 0)
            size += (uint32_t)n;
    }
    int result = n < 0 ? -errno : 0;
    close(fd);
    if (!result)
        result = (int)properties_parse((struct view){text, size}, ret, ret_line);
    free(text);
    return result;
}

void properties_deinit(struct properties *p)
{
    arena_reset(&p->arena);
    free(p->items);
    *p = (struct properties){.arena = ARENA_INIT};
}

const struct property *properties_find(const struct properties *p, const char *key)
{
    for (size_t i = 0; i < p->count; i++)
        if (strcmp(p->items[i].key, key) == 0)
            return &p->items[i];
    return NULL;
}

void properties_set(struct properties *p, const char *key, const char *value, uint32_t line)
{
    put(p, arena_string(&p->arena, view_of(key)), arena_string(&p->arena, view_of(value)), line);
}

const char *properties_error_text(enum properties_error error)
{
    switch (error) {
    case PROPERTIES_OK:
        return "no error";
    case PROPERTIES_BAD_ESCAPE:
        return "\\u is not followed by four hexadecimal digits";
    case PROPERTIES_ZERO_BYTE:
        return "a key or value holds a zero byte";
    case PROPERTIES_TOO_LARGE:
        return "the file is larger than 1 MiB";
    }
    return "unknown error";
}
