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
    CONFIG_UNUSED,  /* Kafka's, accepted, without effect here: said once at start */
    CONFIG_REFUSED, /* Kafka's, and not honouring it would surprise: refused unless it has Kafka's
                       default */
};
#define CONFIG_NO_PLACE SIZE_MAX
#define CONFIG_UNSET INT64_MIN

/* One key of Kafka's broker configuration (3.9), or one of ours (corduroy.*). */
struct config_key {
    const char *name;
    enum config_type type;
    enum config_use use;
    const char *initial; /* default as text; NULL: none */
    int64_t min, max;
    const char *choices; /* TEXT: allowed values separated by '|', NULL: any */
    const char *why;     /* REFUSED: the reason */
    size_t place;        /* in struct broker_config, or CONFIG_NO_PLACE */
};
extern const struct config_key config_keys[];
extern const size_t config_key_count;

const struct config_key *config_key_find(const char *name);
/* Kafka's, of a part that is not here (TLS, SASL, KRaft, tiered storage, ...): no effect. */
bool config_key_is_foreign(const char *name);
/* NULL: fine, and the number (or truth) is in *ret; else what is wrong, allocated. */
char *config_value_check(const struct config_key *key, const char *value, int64_t *ret);
/* Take ownership of the line. */
void config_error(struct config_report *report, char *line);
void config_warning(struct config_report *report, char *line);

#endif
