/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORDUROY_CONTROLLER_ZNODE_JSON_H
#define CORDUROY_CONTROLLER_ZNODE_JSON_H

#include <jansson.h>

#include "controller/znode.h"

/* Private to controller/znode*.c: reads a JSON object field by field. Each take removes its field,
 * so that what is left at the end are the fields that we do not know. The first error stays; after
 * it every take gives an empty value, so a parser checks once, at the end. */
struct znode_reader {
    struct arena *arena;
    json_t *root;
    enum znode_error error;
};

/* How a field that is not there, or null, is met. */
enum znode_presence {
    ZNODE_REQUIRED,
    ZNODE_OPTIONAL
};

void znode_reader_init(struct znode_reader *r, struct view data, struct arena *arena);
/* Frees; the outcome. ret_unknown may be NULL, and is set only without an error. */
int znode_reader_deinit(struct znode_reader *r, struct view *ret_unknown);
void znode_reader_fail(struct znode_reader *r, enum znode_error error);

/* A new reference, NULL when absent. */
json_t *znode_take(struct znode_reader *r, const char *key, enum znode_presence presence);
/* An integer in min..max; absent: `absent`. */
int64_t znode_take_int(struct znode_reader *r, const char *key, int64_t min, int64_t max,
                       int64_t absent);
int64_t znode_take_required_int(struct znode_reader *r, const char *key, int64_t min, int64_t max);
/* An integer written as a text, or plainly. */
int64_t znode_take_int_text(struct znode_reader *r, const char *key, enum znode_presence presence);
/* A text in the arena; VIEW_NULL when absent. */
struct view znode_take_text(struct znode_reader *r, const char *key, enum znode_presence presence);
/* 64 bits as 16 hexadecimal digits, not zero; 0 when absent. */
uint64_t znode_take_hex(struct znode_reader *r, const char *key, enum znode_presence presence);
struct uuid znode_take_uuid(struct znode_reader *r, const char *key, enum znode_presence presence);
/* A list of distinct broker ids. */
const int32_t *znode_brokers_of(struct znode_reader *r, const json_t *list, uint32_t *ret_count);
struct view znode_text_of(struct znode_reader *r, const json_t *text);

/* Decimal digits with an optional minus, all of the text, in 64 bits. */
bool znode_parse_number(struct view text, int64_t *ret);

/* ---- printing ---- */
json_t *znode_json_text(struct view text);
json_t *znode_json_hex(uint64_t value);
json_t *znode_json_uuid(struct uuid id);
json_t *znode_json_int_text(int64_t value);
json_t *znode_json_brokers(const int32_t *brokers, uint32_t count);
/* Adds the unknown fields, prints into the arena, drops the reference. */
struct view znode_json_print(json_t *root, struct view unknown, struct arena *arena);

#endif
