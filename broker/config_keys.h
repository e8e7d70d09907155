/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORDUROY_BROKER_CONFIG_KEYS_H
#define CORDUROY_BROKER_CONFIG_KEYS_H

#include <stddef.h>
#include <stdint.h>

#include "broker/config.h"

enum config_type {
    CONFIG_INT,
    CONFIG_BOOL,
    CONFIG_TEXT,
    CONFIG_RATIO, /* from 0 to 1; only of keys without a place */
};
enum config_use {
    CONFIG_USED,
    CONFIG_UNUSED,  /* Kafka's, accepted without effect: one warning at start */
    CONFIG_REFUSED, /* Kafka's, and ignoring it would break a promise that it makes (security, for
                       example): refused unless it has Kafka's default */
};
#define CONFIG_NO_PLACE SIZE_MAX
#define CONFIG_UNSET INT64_MIN

/* One key of Kafka's broker configuration (3.9), or one of ours (corduroy.*). */
struct config_key {
    const char *name;
    enum config_type type;
    enum config_use use;
    const char *initial; /* default as text; NULL: none */
    int64_t min, max;    /* INT only */
    const char *choices; /* TEXT: allowed values separated by '|', NULL: any */
    const char *why;     /* REFUSED: the reason */
    size_t place;        /* where the value goes in the table's struct, or CONFIG_NO_PLACE */
};

/* The rows of a table of keys, one macro for each kind. */
#define CONFIG_KEY_INT(key, initial_, min_, max_, place_)                                          \
    {                                                                                              \
        .name = (key), .type = CONFIG_INT, .use = CONFIG_USED, .initial = (initial_),              \
        .min = (min_), .max = (max_), .place = (place_)                                            \
    }
#define CONFIG_KEY_BOOL(key, initial_, place_)                                                     \
    {                                                                                              \
        .name = (key), .type = CONFIG_BOOL, .use = CONFIG_USED, .initial = (initial_),             \
        .place = (place_)                                                                          \
    }
#define CONFIG_KEY_TEXT(key, initial_, place_)                                                     \
    {                                                                                              \
        .name = (key), .type = CONFIG_TEXT, .use = CONFIG_USED, .initial = (initial_),             \
        .place = (place_)                                                                          \
    }
#define CONFIG_KEY_CHOICE(key, initial_, choices_, place_)                                         \
    {                                                                                              \
        .name = (key), .type = CONFIG_TEXT, .use = CONFIG_USED, .initial = (initial_),             \
        .choices = (choices_), .place = (place_)                                                   \
    }
#define CONFIG_KEY_UNUSED_INT(key, min_, max_)                                                     \
    {                                                                                              \
        .name = (key), .type = CONFIG_INT, .use = CONFIG_UNUSED, .min = (min_), .max = (max_),     \
        .place = CONFIG_NO_PLACE                                                                   \
    }
#define CONFIG_KEY_UNUSED(key, type_, choices_)                                                    \
    {                                                                                              \
        .name = (key), .type = (type_), .use = CONFIG_UNUSED, .choices = (choices_),               \
        .place = CONFIG_NO_PLACE                                                                   \
    }
#define CONFIG_KEY_REFUSED(key, type_, initial_, why_)                                             \
    {                                                                                              \
        .name = (key), .type = (type_), .use = CONFIG_REFUSED, .initial = (initial_),              \
        .why = (why_), .place = CONFIG_NO_PLACE                                                    \
    }
/* The keys of a broker's file, each with Kafka's default where Kafka has it; `place` is in struct
 * broker_config. */
extern const struct config_key config_keys[];
extern const size_t config_key_count;

const struct config_key *config_key_find(const char *name);
/* Whether a key is one of Kafka's for a part that Corduroy does not have (TLS, SASL, KRaft, tiered
 * storage, ...). Such keys have no effect; those that must not be ignored are in the table. */
bool config_key_is_foreign(const char *name);
/* The key whose name is most like this one; NULL: none is like it. */
const char *config_key_nearest(const struct config_key *keys, size_t count, const char *name);
/* NULL: the value is allowed, and *ret has its number or truth value; else what is wrong with it,
 * as a text that the caller frees, with the beginning of a long value. */
char *config_value_check(const struct config_key *key, const char *value, int64_t *ret);
/* Add a line to the report. */
void config_error(struct config_report *report, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void config_warning(struct config_report *report, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
