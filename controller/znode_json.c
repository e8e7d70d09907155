/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/znode_json.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/assert.h"

/* The parser and the printer of the JSON library call themselves for each level; a node that
 * somebody wrote to exhaust a thread's stack is refused before. */
#define DEPTH_MAX 32

static bool depth_is_bounded(struct view data)
{
    unsigned depth = 0;
    bool in_text = false;

    for (uint32_t i = 0; i < data.size; i++) {
        uint8_t c = data.base[i];

        if (in_text) {
            if (c == '\\')
                i++;
            else if (c == '"')
                in_text = false;
        } else if (c == '"') {
            in_text = true;
        } else if (c == '{' || c == '[') {
            if (++depth > DEPTH_MAX)
                return false;
        } else if ((c == '}' || c == ']') && depth > 0) {
            depth--;
        }
    }
    return true;
}

void znode_reader_init(struct znode_reader *r, struct view data, struct arena *arena)
{
    *r = (struct znode_reader){.arena = arena};
    if (data.size > ZNODE_SIZE_MAX) {
        r->error = ZNODE_TOO_LARGE;
        return;
    }
    if (data.size == 0 || !depth_is_bounded(data)) {
        r->error = ZNODE_NOT_JSON;
        return;
    }
    r->root = json_loadb((const char *)data.base, data.size, 0, NULL);
    if (!json_is_object(r->root))
        r->error = ZNODE_NOT_JSON;
}

int znode_reader_deinit(struct znode_reader *r, struct view *ret_unknown)
{
    if (r->error == ZNODE_OK && ret_unknown) {
        *ret_unknown = VIEW_NULL;
        if (json_object_size(r->root) > 0)
            *ret_unknown = znode_json_print(json_incref(r->root), VIEW_NULL, r->arena);
    }
    json_decref(r->root);
    r->root = NULL;
    return (int)r->error;
}

void znode_reader_fail(struct znode_reader *r, enum znode_error error)
{
    if (r->error == ZNODE_OK)
        r->error = error;
}

json_t *znode_take(struct znode_reader *r, const char *key, enum znode_presence presence)
{
    json_t *value;

    if (r->error != ZNODE_OK)
        return NULL;
    value = json_incref(json_object_get(r->root, key));
    json_object_del(r->root, key);
    if (json_is_null(value)) {
        json_decref(value);
        value = NULL;
    }
    if (!value && presence == ZNODE_REQUIRED)
        znode_reader_fail(r, ZNODE_FIELD_MISSING);
    return value;
}

static int64_t int_of(struct znode_reader *r, json_t *value, int64_t min, int64_t max)
{
    int64_t number = json_integer_value(value);

    if (!json_is_integer(value) || number < min || number > max) {
        znode_reader_fail(r, ZNODE_FIELD_INVALID);
        number = 0;
    }
    json_decref(value);
    return number;
}

int64_t znode_take_int(struct znode_reader *r, const char *key, int64_t min, int64_t max,
                       int64_t absent)
{
    json_t *value = znode_take(r, key, ZNODE_OPTIONAL);

    return value ? int_of(r, value, min, max) : absent;
}

int64_t znode_take_required_int(struct znode_reader *r, const char *key, int64_t min, int64_t max)
{
    json_t *value = znode_take(r, key, ZNODE_REQUIRED);

    return value ? int_of(r, value, min, max) : 0;
}

int64_t znode_take_int_text(struct znode_reader *r, const char *key, enum znode_presence presence)
{
    json_t *value = znode_take(r, key, presence);
    int64_t number = 0;

    if (!value)
        return 0;
    if (json_is_integer(value))
        return int_of(r, value, INT64_MIN, INT64_MAX);
    if (!json_is_string(value) ||
        !znode_parse_number((struct view){(const uint8_t *)json_string_value(value),
                                          (uint32_t)json_string_length(value)},
                            &number))
        znode_reader_fail(r, ZNODE_FIELD_INVALID);
    json_decref(value);
    return number;
}

struct view znode_text_of(struct znode_reader *r, const json_t *text)
{
    if (!json_is_string(text)) {
        znode_reader_fail(r, ZNODE_FIELD_INVALID);
        return VIEW_NULL;
    }
    return (struct view){(const uint8_t *)arena_string(
                             r->arena, (struct view){(const uint8_t *)json_string_value(text),
                                                     (uint32_t)json_string_length(text)}),
                         (uint32_t)json_string_length(text)};
}

struct view znode_take_text(struct znode_reader *r, const char *key, enum znode_presence presence)
{
    json_t *value = znode_take(r, key, presence);
    struct view text = value ? znode_text_of(r, value) : VIEW_NULL;

    json_decref(value);
    return text;
}

static int hex_digit(uint8_t c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

uint64_t znode_take_hex(struct znode_reader *r, const char *key, enum znode_presence presence)
{
    struct view text = znode_take_text(r, key, presence);
    uint64_t value = 0;

    if (!text.base)
        return 0;
    for (uint32_t i = 0; i < text.size && text.size == 16; i++) {
        int digit = hex_digit(text.base[i]);

        if (digit < 0) {
            value = 0;
            break;
        }
        value = value << 4 | (uint64_t)digit;
    }
    if (value == 0)
        znode_reader_fail(r, ZNODE_FIELD_INVALID);
    return value;
}

struct uuid znode_take_uuid(struct znode_reader *r, const char *key, enum znode_presence presence)
{
    struct view text = znode_take_text(r, key, presence);
    struct uuid id = {{0}};

    if (text.base && (!uuid_parse(text, &id) || uuid_is_zero(id)))
        znode_reader_fail(r, ZNODE_FIELD_INVALID);
    return id;
}

static int compare_ids(const void *a, const void *b)
{
    int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;

    return (x > y) - (x < y);
}

/* Sorted in a copy, so that a list of many thousand costs no more than it should. */
static bool are_distinct(struct znode_reader *r, const int32_t *ids, uint32_t count)
{
    int32_t *sorted = arena_array(r->arena, count, sizeof *sorted);

    memcpy(sorted, ids, count * sizeof *sorted);
    qsort(sorted, count, sizeof *sorted, compare_ids);
    for (uint32_t i = 1; i < count; i++)
        if (sorted[i] == sorted[i - 1])
            return false;
    return true;
}

const int32_t *znode_brokers_of(struct znode_reader *r, const json_t *list, uint32_t *ret_count)
{
    uint32_t count = (uint32_t)json_array_size(list);
    int32_t *ids;

    *ret_count = 0;
    if (!json_is_array(list)) {
        znode_reader_fail(r, ZNODE_FIELD_INVALID);
        return NULL;
    }
    if (count == 0)
        return NULL;
    ids = arena_array(r->arena, count, sizeof *ids);
    for (uint32_t i = 0; i < count; i++)
        ids[i] = (int32_t)int_of(r, json_incref(json_array_get(list, i)), 0, INT32_MAX);
    if (r->error == ZNODE_OK && count > 1 && !are_distinct(r, ids, count))
        znode_reader_fail(r, ZNODE_FIELD_INVALID);
    *ret_count = count;
    return ids;
}

json_t *znode_json_text(struct view text)
{
    json_t *value = json_stringn(text.base ? (const char *)text.base : "", text.size);

    return value ? value : json_string("");
}

json_t *znode_json_hex(uint64_t value)
{
    char text[17];

    snprintf(text, sizeof text, "%016" PRIx64, value);
    return json_string(text);
}

json_t *znode_json_uuid(struct uuid id)
{
    char text[UUID_TEXT_SIZE];

    uuid_text(id, text);
    return json_string(text);
}

json_t *znode_json_int_text(int64_t value)
{
    char text[24];

    snprintf(text, sizeof text, "%" PRId64, value);
    return json_string(text);
}

json_t *znode_json_brokers(const int32_t *brokers, uint32_t count)
{
    json_t *list = json_array();

    for (uint32_t i = 0; i < count; i++)
        json_array_append_new(list, json_integer(brokers[i]));
    return list;
}

struct view znode_json_print(json_t *root, struct view unknown, struct arena *arena)
{
    struct view text;
    size_t size;

    if (unknown.size > 0) {
        json_t *fields = json_loadb((const char *)unknown.base, unknown.size, 0, NULL);

        if (json_is_object(fields))
            json_object_update_missing(root, fields);
        json_decref(fields);
    }
    size = json_dumpb(root, NULL, 0, JSON_COMPACT);
    INVARIANT(size > 0 && size < UINT32_MAX);
    text = (struct view){arena_alloc(arena, size + 1), (uint32_t)size};
    json_dumpb(root, (char *)(uintptr_t)text.base, size, JSON_COMPACT);
    json_decref(root);
    return text;
}
