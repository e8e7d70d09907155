# SPDX-License-Identifier: Apache-2.0
"""Renders the table of all APIs: what ApiVersions answers and what the headers depend on."""
from render_c import SPDX, comment

MADE = "/* Made by proto/tools/gen.py from proto/schema/: do not edit. */\n"

HEADER = """#ifndef CORDUROY_PROTO_GEN_API_TABLE_H
#define CORDUROY_PROTO_GEN_API_TABLE_H

#include <stdbool.h>
#include <stdint.h>

/* Kafka's numbers for the APIs that this broker knows. */
enum api_key {
%(keys)s};

struct api {
    int16_t key;
    const char *name;
    /* What ApiVersions tells and what the codec can read. */
    int16_t version_min, version_max;
    /* Requests older than this are read and refused (they are told because clients infer other
     * abilities from them). */
    int16_t served_min;
    /* First version with tagged fields; INT16_MAX: none. */
    int16_t flexible_from;
    /* The response header never has tagged fields. */
    bool plain_response_header;
};

/* By key, in ascending order. */
extern const struct api api_table[];
extern const unsigned api_table_count;

/* NULL: not an API of ours. */
const struct api *api_find(int16_t key);

#endif
"""

SOURCE = """#include "proto/gen/api_table.h"

#include <stddef.h>

const struct api api_table[] = {
%(rows)s};

const unsigned api_table_count = sizeof api_table / sizeof api_table[0];

const struct api *api_find(int16_t key)
{
    for (unsigned i = 0; i < api_table_count; i++) {
        if (api_table[i].key == key) {
            return &api_table[i];
        }
    }
    return NULL;
}
"""


def apis(schemas):
    return [s for s in schemas if s.key is not None]


def render_table_header(schemas):
    keys = "".join(f"    API_{s.c_name.upper()} = {s.key},\n" for s in apis(schemas))
    return SPDX + MADE + HEADER % {"keys": keys}


def render_table_source(schemas):
    rows = "    " + comment("key, name, min, max, served from, flexible from, plain response header").lstrip()
    for s in apis(schemas):
        flexible = "INT16_MAX" if s.flexible is None else s.flexible
        plain = "true" if s.response_header == 0 else "false"
        rows += (f"    {{API_{s.c_name.upper()}, \"{s.name}\", {s.since}, {s.until}, {s.served_since}, "
                 f"{flexible}, {plain}}},\n")
    return SPDX + MADE + SOURCE % {"rows": rows}
