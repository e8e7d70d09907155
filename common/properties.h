/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORDUROY_COMMON_PROPERTIES_H
#define CORDUROY_COMMON_PROPERTIES_H

#include <stdint.h>

#include "common/arena.h"
#include "common/assert.h"
#include "common/view.h"

/* A file of Java's properties format, as java.util.Properties.load reads it: # and ! comments, a
 * backslash at the end continues a line, '=', ':' or blanks end a key, \t \n \r \f \uXXXX escapes,
 * the last of several equal keys wins. Bytes outside ASCII are taken as UTF-8 and kept; \u escapes
 * become UTF-8 (a surrogate without its other half becomes U+FFFD). One thread. */
struct property {
    const char *key, *value; /* zero-terminated */
    uint32_t line;           /* on which it begins; the first is 1 */
    uint32_t replaced_line;  /* where the same key stood before, which counts no more; 0: nowhere */
};
struct properties {
    struct arena arena;
    struct property *items; /* in the order in which keys first appeared */
    size_t count, capacity;
};

/* A key or value with a zero byte, a \u without four hexadecimal digits, and a file larger than
 * PROPERTIES_SIZE_MAX are refused. */
enum properties_error {
    PROPERTIES_OK,
    PROPERTIES_BAD_ESCAPE,
    PROPERTIES_ZERO_BYTE,
    PROPERTIES_TOO_LARGE,
};
#define PROPERTIES_SIZE_MAX ((uint32_t)1024 * 1024)

/* Nothing needs to live on of text. After an error *ret_line is the line, and what was before it is
 * in *ret; deinit in any case. */
enum properties_error properties_parse(struct view text, struct properties *ret,
                                       uint32_t *ret_line) MUST_CHECK;
/* Reads a file of the operating system (before any world is there). 0, -errno, or a
 * properties_error with its line. */
int properties_read(const char *path, struct properties *ret, uint32_t *ret_line) MUST_CHECK;
void properties_deinit(struct properties *p);

const struct property *properties_find(const struct properties *p, const char *key); /* or NULL */
/* Sets a key as if it stood on a line behind all others (an override of the command line has line
 * 0). Both are copied. */
void properties_set(struct properties *p, const char *key, const char *value, uint32_t line);
/* For people: "a \u escape without four hexadecimal digits". */
const char *properties_error_text(enum properties_error error);

#endif
