/* SPDX-License-Identifier: Apache-2.0 */
#include "broker/log/meta_properties.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "broker/log/small_file.h"
#include "common/memory.h"

#define META_SIZE_MAX (1u << 20)

void meta_properties_deinit(struct meta_properties *m)
{
    for (size_t i = 0; i < m->count; i++) {
        free(m->items[i].key);
        free(m->items[i].value);
    }
    free(m->items);
    *m = META_PROPERTIES_INIT;
}

static struct meta_property *find(const struct meta_properties *m, const char *key)
{
    for (size_t i = 0; i < m->count; i++)
        if (strcmp(m->items[i].key, key) == 0)
            return &m->items[i];
    return NULL;
}

const char *meta_properties_get(const struct meta_properties *m, const char *key)
{
    const struct meta_property *item = find(m, key);
    return item ? item->value : NULL;
}

static void remove_item(struct meta_properties *m, struct meta_property *item)
{
    free(item->key);
    free(item->value);
    m->count--;
    memmove(item, item + 1, (size_t)(m->items + m->count - item) * sizeof *item);
}

void meta_properties_set(struct meta_properties *m, const char *key, const char *value)
{
    struct meta_property *item = find(m, key);
    if (!value) {
        if (item)
            remove_item(m, item);
        return;
    }
    char *copy = xstrdup(value);
    if (item) {
        free(item->value);
        item->value = copy;
        return;
    }
    m->items = xgrow(m->items, &m->capacity, m->count + 1, sizeof m->items[0]);
    m->items[m->count++] = (struct meta_property){.key = xstrdup(key), .value = copy};
}

int32_t meta_properties_broker_id(const struct meta_properties *m)
{
    int64_t id;
    const char *value = meta_properties_get(m, META_BROKER_ID);
    if (!value || !number_parse(view_of(value), &id) || id < 0 || id > INT32_MAX)
        return -1;
    return (int32_t)id;
}

/* What a backslash and a letter stand for. */
static const char controls[] = "\n\r\t\f";
static const char control_letters[] = "nrtf";

/* As java.util.Properties writes them: what its reader would take for a separator, a comment or an
 * escape is escaped. A leading blank of a value too; all blanks of a key. */
static void add_escaped(struct text *text, const char *s, bool is_key)
{
    for (const char *at = s; *at; at++) {
        const char *control = strchr(controls, *at);
        if (control) {
            text_printf(text, "\\%c", control_letters[control - controls]);
            continue;
        }
        if (strchr("\\=:#!", *at) || (*at == ' ' && (is_key || at == s)))
            text_add(text, "\\", 1);
        text_add(text, at, 1);
    }
}

int meta_properties_store(const struct meta_properties *m, const struct file_ops *ops, void *fs)
{
    struct text text = {0};
    text_add(&text, "#\n", 2);
    for (size_t i = 0; i < m->count; i++) {
        add_escaped(&text, m->items[i].key, true);
        text_add(&text, "=", 1);
        add_escaped(&text, m->items[i].value, false);
        text_add(&text, "\n", 1);
    }
    int error = small_file_replace(ops, fs, META_PROPERTIES_FILE, text.data, text.size);
    text_deinit(&text);
    return error;
}

static bool is_blank(uint8_t byte)
{
    return byte == ' ' || byte == '\t' || byte == '\f';
}

static void skip_blanks(struct view *rest)
{
    while (rest->size > 0 && is_blank(rest->base[0])) {
        rest->base++;
        rest->size--;
    }
}

/* Takes bytes off *rest up to the end, or for a key up to a separator that is not escaped; undoes
 * escapes. */
static void take_escaped(struct view *rest, bool is_key, struct text *ret)
{
    text_add(ret, "", 0);
    while (rest->size > 0) {
        uint8_t byte = rest->base[0];
        if (is_key && (byte == '=' || byte == ':' || is_blank(byte)))
            return;
        if (byte == '\\' && rest->size > 1) {
            rest->base++;
            rest->size--;
            const char *letter = strchr(control_letters, rest->base[0]);
            byte = letter ? (uint8_t)controls[letter - control_letters] : rest->base[0];
        }
        text_add(ret, &byte, 1);
        rest->base++;
        rest->size--;
    }
}

static void parse_line(struct meta_properties *m, struct view line)
{
    struct text key = {0}, value = {0};
    skip_blanks(&line);
    if (line.size == 0 || line.base[0] == '#' || line.base[0] == '!')
        return;
    take_escaped(&line, true, &key);
    skip_blanks(&line);
    if (line.size > 0 && (line.base[0] == '=' || line.base[0] == ':')) {
        line.base++;
        line.size--;
    }
    skip_blanks(&line);
    take_escaped(&line, false, &value);
    meta_properties_set(m, key.data, value.data);
    text_deinit(&key);
    text_deinit(&value);
}

static int check(const struct meta_properties *m, char why[CHECKPOINT_WHY_SIZE])
{
    const char *version = meta_properties_get(m, META_VERSION);
    if (!version) {
        snprintf(why, CHECKPOINT_WHY_SIZE, "it has no \"%s\"", META_VERSION);
        return CHECKPOINT_MALFORMED;
    }
    if (strcmp(version, "0") != 0) {
        snprintf(why, CHECKPOINT_WHY_SIZE,
                 "version \"%.40s\" is not that of a cluster with ZooKeeper, which is 0", version);
        return CHECKPOINT_MALFORMED;
    }
    return 0;
}

int meta_properties_load(struct meta_properties *m, const struct file_ops *ops, void *fs,
                         char why[CHECKPOINT_WHY_SIZE])
{
    uint8_t *bytes;
    size_t size;
    struct view line;
    meta_properties_deinit(m);
    int error = small_file_read(ops, fs, META_PROPERTIES_FILE, META_SIZE_MAX, &bytes, &size);
    if (error == -EFBIG) {
        snprintf(why, CHECKPOINT_WHY_SIZE, "it is larger than %u bytes", META_SIZE_MAX);
        return CHECKPOINT_MALFORMED;
    }
    if (error)
        return error;
    if (memchr(bytes, 0, size)) {
        free(bytes);
        snprintf(why, CHECKPOINT_WHY_SIZE, "it holds a zero byte");
        return CHECKPOINT_MALFORMED;
    }
    struct view rest = {bytes, (uint32_t)size};
    while (line_next(&rest, &line))
        parse_line(m, line);
    free(bytes);
    error = check(m, why);
    if (error)
        meta_properties_deinit(m);
    return error;
}
