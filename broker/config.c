/* SPDX-License-Identifier: Apache-2.0 */
#include "broker/config.h"

#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <strings.h>

#include "broker/config_keys.h"
#include "broker/config_listener.h"
#include "common/assert.h"
#include "common/memory.h"
#include "common/properties.h"

/* ---- the report ---- */
void config_error(struct config_report *r, const char *format, ...)
{
    va_list args;
    r->errors = xgrow(r->errors, &r->error_capacity, r->error_count + 1, sizeof *r->errors);
    va_start(args, format);
    r->errors[r->error_count++] = xvasprintf(format, args);
    va_end(args);
}

void config_warning(struct config_report *r, const char *format, ...)
{
    va_list args;
    r->warnings =
        xgrow(r->warnings, &r->warning_capacity, r->warning_count + 1, sizeof *r->warnings);
    va_start(args, format);
    r->warnings[r->warning_count++] = xvasprintf(format, args);
    va_end(args);
}

void config_report_deinit(struct config_report *r)
{
    for (size_t i = 0; i < r->error_count; i++)
        free(r->errors[i]);
    for (size_t i = 0; i < r->warning_count; i++)
        free(r->warnings[i]);
    free(r->errors);
    free(r->warnings);
    *r = (struct config_report){0};
}

/* ---- one value ---- */
static bool parse_i64(const char *text, int64_t *ret)
{
    char *end;
    errno = 0;
    long long v = strtoll(text, &end, 10);
    if (errno != 0 || end == text || *end != '\0')
        return false;
    *ret = v;
    return true;
}

/* Whether the value is this choice. Blanks after commas are ignored, as Kafka does in lists. */
static bool is_choice(const char *value, const char *choice, size_t size)
{
    const char *end = choice + size;
    for (; *value != '\0'; value++) {
        if (*value == ' ' && choice > end - size && choice[-1] == ',')
            continue;
        if (choice == end || *choice++ != *value)
            return false;
    }
    return choice == end;
}

static char *check_choice(const struct config_key *key, const char *value)
{
    for (const char *at = key->choices; at != NULL && *at != '\0';) {
        const char *bar = strchr(at, '|');
        size_t n = bar != NULL ? (size_t)(bar - at) : strlen(at);
        if (is_choice(value, at, n))
            return NULL;
        at = bar != NULL ? bar + 1 : NULL;
    }
    return xasprintf("%s: \"%.200s\" is not allowed: it must be one of %s", key->name, value,
                     key->choices);
}

static bool is_ratio(const char *value)
{
    char *end;
    double v = strtod(value, &end);
    return end != value && *end == '\0' && v >= 0 && v <= 1;
}

char *config_value_check(const struct config_key *key, const char *value, int64_t *ret)
{
    int64_t v = 0;
    switch (key->type) {
    case CONFIG_INT:
        if (!parse_i64(value, &v) || v < key->min || v > key->max) {
            return xasprintf(
                "%s: \"%.200s\" is not allowed: it must be a whole number from %lld to %lld",
                key->name, value, (long long)key->min, (long long)key->max);
        }
        break;
    case CONFIG_BOOL:
        if (strcasecmp(value, "true") != 0 && strcasecmp(value, "false") != 0) {
            return xasprintf("%s: \"%.200s\" is not allowed: it must be true or false", key->name,
                             value);
        }
        v = strcasecmp(value, "true") == 0;
        break;
    case CONFIG_TEXT:
        if (key->choices != NULL)
            return check_choice(key, value);
        break;
    case CONFIG_RATIO:
        if (!is_ratio(value)) {
            return xasprintf("%s: \"%.200s\" is not allowed: it must be a number from 0 to 1",
                             key->name, value);
        }
        break;
    }
    *ret = v;
    return NULL;
}

static void set_value(struct broker_config *c, const struct config_key *key, const char *value,
                      int64_t number)
{
    if (key->place == CONFIG_NO_PLACE)
        return;
    void *at = (char *)c + key->place;
    switch (key->type) {
    case CONFIG_INT:
        memcpy(at, &number, sizeof number);
        break;
    case CONFIG_BOOL:
        *(bool *)at = number != 0;
        break;
    case CONFIG_TEXT: {
        char **text = at;
        free(*text);
        *text = value != NULL && (*value != '\0' || key->initial == NULL) ? xstrdup(value) : NULL;
        break;
    }
    case CONFIG_RATIO:
        break;
    }
}

static void set_defaults(struct broker_config *c)
{
    for (size_t i = 0; i < config_key_count; i++) {
        const struct config_key *key = &config_keys[i];
        int64_t number = 0;
        if (key->initial != NULL) {
            char *wrong = config_value_check(key, key->initial, &number);
            INVARIANT(wrong == NULL);
        }
        if (key->place != CONFIG_NO_PLACE && key->initial != NULL)
            set_value(c, key, key->initial, number);
    }
    c->broker_id = -1;
    c->retention_ms = CONFIG_UNSET;
    c->retention_minutes = CONFIG_UNSET;
}

/* ---- keys ---- */
const struct config_key *config_key_find(const char *name)
{
    for (size_t i = 0; i < config_key_count; i++)
        if (strcmp(config_keys[i].name, name) == 0)
            return &config_keys[i];
    return NULL;
}

/* Levenshtein's distance, for names of at most 100 characters. */
static unsigned distance(const char *a, const char *b)
{
    unsigned row[101];
    size_t m = strlen(a), n = strlen(b);
    if (m > 100 || n > 100)
        return 1000;
    for (size_t j = 0; j <= n; j++)
        row[j] = (unsigned)j;
    for (size_t i = 1; i <= m; i++) {
        unsigned corner = row[0];
        row[0] = (unsigned)i;
        for (size_t j = 1; j <= n; j++) {
            unsigned best = corner + (a[i - 1] != b[j - 1]);
            corner = row[j];
            best = row[j] + 1 < best ? row[j] + 1 : best;
            best = row[j - 1] + 1 < best ? row[j - 1] + 1 : best;
            row[j] = best;
        }
    }
    return row[n];
}

const char *config_key_nearest(const struct config_key *keys, size_t count, const char *name)
{
    unsigned best = 1000;
    const char *found = NULL;
    for (size_t i = 0; i < count; i++) {
        unsigned d = distance(name, keys[i].name);
        if (d < best) {
            best = d;
            found = keys[i].name;
        }
    }
    return best <= 2 + strlen(name) / 4 ? found : NULL;
}

static void unknown_key(const char *file, const char *name, unsigned line, struct config_report *r)
{
    const char *close = config_key_nearest(config_keys, config_key_count, name);
    if (config_key_is_foreign(name)) {
        config_warning(r,
                       "%s line %u: %s is ignored: it configures a part of Kafka "
                       "that Corduroy does not have",
                       file, line, name);
    } else if (close != NULL) {
        config_warning(r, "%s line %u: %s is not a known setting and is ignored; did you mean %s?",
                       file, line, name, close);
    } else {
        config_warning(r, "%s line %u: %s is not a known setting and is ignored", file, line, name);
    }
}

/* Warns of values that are accepted but do less in Corduroy than in Kafka. */
static void warn_of_value(const char *file, const struct config_key *key, const char *value,
                          unsigned line, struct config_report *r)
{
    const char *what = NULL;
    if (key->use == CONFIG_UNUSED)
        what = "is accepted and has no effect";
    else if (strcmp(key->name, "compression.type") == 0 && strcmp(value, "producer") != 0)
        what = "is accepted and has no effect: batches stay as producers compressed them";
    else if (strcmp(key->name, "log.cleanup.policy") == 0 && strstr(value, "compact") != NULL)
        what = "asks for compaction, which is not available: such topics keep every record";
    if (what != NULL)
        config_warning(r, "%s line %u: %s %s", file, line, key->name, what);
}

/* Kafka has two names for the id: broker.id, and node.id since KRaft. */
static void take_broker_id(struct broker_config *c, const char *name, int64_t number,
                           struct config_report *r)
{
    if (c->broker_id >= 0 && c->broker_id != number) {
        config_error(r,
                     "%s: \"%lld\" is not allowed: broker.id and node.id are two names of "
                     "one setting, and the other says %d",
                     name, (long long)number, c->broker_id);
    }
    c->broker_id = (int32_t)number;
}

static void note_set_by_hand(struct broker_config *c, const char *name)
{
    if (strcmp(name, "default.replication.factor") == 0)
        c->default_replication_factor_set = true;
    else if (strcmp(name, "min.insync.replicas") == 0)
        c->min_insync_replicas_set = true;
    else if (strcmp(name, "offsets.topic.replication.factor") == 0)
        c->offsets_replication_factor_set = true;
}

static void take_pair(struct broker_config *c, const char *file, const char *name,
                      const char *value, unsigned line, struct config_report *r)
{
    const struct config_key *key = config_key_find(name);
    if (key == NULL) {
        unknown_key(file, name, line, r);
        return;
    }
    int64_t number = 0;
    char *wrong = config_value_check(key, value, &number);
    if (wrong != NULL) {
        config_error(r, "%s line %u: %s", file, line, wrong);
        free(wrong);
        c->broker_id_wrong |= strcmp(name, "broker.id") == 0 || strcmp(name, "node.id") == 0;
        return;
    }
    if (key->use == CONFIG_REFUSED && (key->initial == NULL || strcmp(key->initial, value) != 0)) {
        config_error(r, "%s line %u: %s=%s cannot be honoured: %s", file, line, name, value,
                     key->why);
        return;
    }
    warn_of_value(file, key, value, line, r);
    note_set_by_hand(c, name);
    if (strcmp(name, "broker.id") == 0 || strcmp(name, "node.id") == 0) {
        take_broker_id(c, name, number, r);
        return;
    }
    set_value(c, key, value, number);
}

/* ---- what several keys say together ---- */
#define IDLE_MS_MAX (INT64_C(1000) * 3600 * 24 * 365)

static void settle_times(struct broker_config *c)
{
    if (c->roll_ms < 0)
        c->roll_ms = c->roll_hours * 3600000;
    if (c->retention_ms == CONFIG_UNSET) {
        c->retention_ms = c->retention_minutes != CONFIG_UNSET ? c->retention_minutes * 60000
                          : c->retention_hours < 0             ? -1
                                                               : c->retention_hours * 3600000;
    }
    if (c->retention_ms < -1)
        c->retention_ms = -1;
    if (c->connections_max_idle_ms < 0 || c->connections_max_idle_ms > IDLE_MS_MAX)
        c->connections_max_idle_ms = IDLE_MS_MAX; /* Kafka's -1 means never */
}

static void settle_dirs(struct broker_config *c, struct config_report *r)
{
    const char *text = c->dirs_text != NULL ? c->dirs_text : c->dir_text;
    for (const char *at = text; at != NULL && *at != '\0';) {
        size_t n = strcspn(at, ",");
        const char *first = at, *last = at + n;
        while (first < last && *first == ' ')
            first++;
        while (last > first && last[-1] == ' ')
            last--;
        for (unsigned i = 0; i < c->dir_count; i++) {
            if (strlen(c->dirs[i]) == (size_t)(last - first) &&
                memcmp(c->dirs[i], first, (size_t)(last - first)) == 0) {
                config_error(r, "log.dirs: \"%s\" is not allowed: it names %s twice", text,
                             c->dirs[i]);
                return;
            }
        }
        if (last > first && c->dir_count == CONFIG_DIRS_MAX) {
            config_error(r, "log.dirs: \"%s\" is not allowed: it may name at most %d directories",
                         text, CONFIG_DIRS_MAX);
            return;
        }
        if (last > first)
            c->dirs[c->dir_count++] = xstrndup(first, (size_t)(last - first));
        at += n + (at[n] == ',');
    }
    if (c->dir_count == 0)
        config_error(r, "log.dirs: no directory is named: give at least one path");
}

static void settle(struct broker_config *c, struct config_report *r)
{
    settle_times(c);
    settle_dirs(c, r);
    config_settle_listeners(c, r);
    if (c->zookeeper_connect == NULL || *c->zookeeper_connect == '\0')
        config_error(r, "zookeeper.connect: not set: give host:port[,host:port...][/chroot]");
    if (c->broker_id < 0 && !c->broker_id_wrong) {
        config_error(
            r, "broker.id: not set: give this broker a number from 0 that no other broker has");
    }
    if (c->zookeeper_digest != NULL && strchr(c->zookeeper_digest, ':') == NULL) {
        config_error(
            r, "corduroy.zookeeper.digest: this value is not allowed: it must be user:password");
    }
    if (c->message_max_bytes > 8 * 1024 * 1024) {
        config_error(
            r,
            "message.max.bytes: \"%lld\" is not allowed: it may be at most 8388608, because "
            "a batch is written whole into the commit journal",
            (long long)c->message_max_bytes);
    }
}

/* Kafka removes the blanks on both sides of a value; Java's properties only those before it. */
static char *trimmed(const char *value)
{
    static const char blanks[] = " \t\r\n\f";
    value += strspn(value, blanks);
    size_t size = strlen(value);
    while (size > 0 && strchr(blanks, value[size - 1]) != NULL)
        size--;
    return xstrndup(value, size);
}

struct broker_config *config_parse(struct view text, const char *name,
                                   struct config_report *ret_report)
{
    struct broker_config *c = xcalloc(1, sizeof *c);
    *ret_report = (struct config_report){0};
    set_defaults(c);
    struct properties p;
    uint32_t line;
    enum properties_error wrong = properties_parse(text, &p, &line);
    if (wrong != PROPERTIES_OK) {
        config_error(ret_report, "%s line %u: %s", name, line, properties_error_text(wrong));
        properties_deinit(&p);
        return c;
    }
    for (size_t i = 0; i < p.count; i++) {
        const struct property *e = &p.items[i];
        if (e->replaced_line > 0) {
            config_warning(ret_report,
                           "%s line %u: %s was set on line %u already; this later value counts",
                           name, e->line, e->key, e->replaced_line);
        }
        char *value = trimmed(e->value);
        take_pair(c, name, e->key, value, e->line, ret_report);
        free(value);
    }
    properties_deinit(&p);
    settle(c, ret_report);
    return c;
}

void config_free(struct broker_config *c)
{
    if (c == NULL)
        return;
    for (size_t i = 0; i < config_key_count; i++) {
        const struct config_key *key = &config_keys[i];
        if (key->type == CONFIG_TEXT && key->place != CONFIG_NO_PLACE) {
            char **text = (char **)(void *)((char *)c + key->place);
            free(*text);
        }
    }
    for (unsigned i = 0; i < c->dir_count; i++)
        free(c->dirs[i]);
    for (unsigned i = 0; i < c->listener_count; i++) {
        free(c->listeners[i].host);
        free(c->listeners[i].advertised_host);
    }
    free(c->cluster_host);
    free(c);
}
