# SPDX-License-Identifier: Apache-2.0
"""Renders what only tests need of a schema: random content, comparison field by field, and one table
through which a test or a fuzzer reaches every message."""
import re

from model import INTEGERS
from render_c import SHORT, SPDX, condition, made_from, wrap
from render_table import MADE


def grouped(struct):
    """All fields, tagged ones too, neighbours under the same condition together."""
    groups = []
    for f in struct.fields:
        test = condition(f, struct)
        if groups and groups[-1][0] == test:
            groups[-1][1].append(f)
        else:
            groups.append((test, [f]))
    return groups


def random_view(f, indent):
    what = "string" if f.kind == "string" else "bytes"
    null = "false" if f.null_since is None else "true" if f.null_since == f.since else f"version >= {f.null_since}"
    return wrap(f"ret->{f.c_name} = random_{what}", ["random", "arena", null], ";", indent)


def random_list(f, indent):
    pad, name = " " * indent, f.c_name
    if f.element:
        call = {"int32": "random_i32_list", "string": "random_string_list"}[f.element]
        return wrap(f"ret->{name} = {call}", ["random", "arena", f"&ret->{name}_count"], ";", indent)
    out = f"{pad}ret->{name}_count = random_count(random);\n"
    out += wrap(f"ret->{name} = arena_array", ["arena", f"ret->{name}_count", f"sizeof *ret->{name}"], ";", indent)
    out += f"{pad}for (uint32_t i = 0; i < ret->{name}_count; i++) {{\n"
    out += wrap(f"random_{f.struct.c_name}", ["random", "version", "arena", f"&ret->{name}[i]"], ";", indent + 4)
    out += f"{pad}}}\n"
    if f.null_since is not None:
        test = f"version >= {f.null_since} && " if f.null_since > f.since else ""
        out += f"{pad}ret->{name}_null = {test}ret->{name}_count == 0 && random_bool(random);\n"
    return out


def random_field(f, indent):
    pad = " " * indent
    if f.kind == "list":
        return random_list(f, indent)
    if f.kind == "struct":
        return wrap(f"random_{f.struct.c_name}", ["random", "version", "arena", f"&ret->{f.c_name}"], ";", indent)
    if f.kind in ("string", "bytes", "records"):
        return random_view(f, indent)
    return f"{pad}ret->{f.c_name} = random_{SHORT.get(f.kind, f.kind)}(random);\n"


def render_random(struct):
    name, body = struct.c_name, ""
    for test, fields in grouped(struct):
        lines = "".join(random_field(f, 8 if test else 4) for f in fields)
        body += f"    if ({test}) {{\n{lines}    }}\n" if test else lines
    head = wrap(f"static void random_{name}",
                ["struct codec_random *random", "int16_t version", "struct arena *arena", f"struct {name} *ret"],
                "", 0)
    unused = "".join(f"    (void){a};\n" for a in ("random", "version", "arena")
                     if not re.search(rf"\b{a}\b", body))
    return f"{head}{{\n{unused}    {name}_init(ret);\n{body}}}\n\n"


def equal_field(f):
    a, b, name = f"a->{f.c_name}", f"b->{f.c_name}", f.c_name
    if f.kind == "bool" or f.kind in INTEGERS:
        line = f"    same = same && {a} == {b};\n"
        return line if len(line) <= 101 else f"    same = same &&\n           {a} == {b};\n"
    if f.kind == "uuid":
        return f"    same = same && uuid_equal({a}, {b});\n"
    if f.kind == "struct":
        return wrap(f"same = same && equal_{f.struct.c_name}", [f"&{a}", f"&{b}"], ";", 4)
    if f.kind != "list":
        return f"    same = same && codec_same_view({a}, {b});\n"
    out = f"    same = same && {a}_count == {b}_count;\n"
    if f.null_since is not None:
        out += f"    same = same && {a}_null == {b}_null;\n"
    test = {"int32": f"{a}[i] == {b}[i]", "string": f"codec_same_view({a}[i], {b}[i])"}.get(f.element)
    out += f"    for (uint32_t i = 0; same && i < {a}_count; i++) {{\n"
    if test:
        return out + f"        same = {test};\n    }}\n"
    return out + wrap(f"same = equal_{f.struct.c_name}", [f"&{a}[i]", f"&{b}[i]"], ";", 8) + "    }\n"


def render_equal(struct):
    name = struct.c_name
    head = wrap(f"static bool equal_{name}", [f"const struct {name} *a", f"const struct {name} *b"], "", 0)
    body = "".join(equal_field(f) for f in struct.fields)
    unused = "" if body else "    (void)a;\n    (void)b;\n"
    return f"{head}{{\n{unused}    bool same = true;\n{body}    return same;\n}}\n\n"


def adapter(result, what, name, arguments, call, call_arguments):
    """A function over void pointers that calls the one over the message's own type."""
    head = wrap(f"static {result} {what}_any_{name}", arguments, "", 0)
    return head + "{\n" + wrap(("return " if result == "bool" else "") + call, call_arguments, ";", 4) + "}\n\n"


def adapters(name):
    return (adapter("bool", "decode", name,
                    ["struct wire_reader *r", "int16_t version", "struct arena *arena", "void *ret"],
                    f"{name}_decode", ["r", "version", "arena", "ret"])
            + adapter("void", "encode", name, ["struct wire_writer *w", "int16_t version", "const void *from"],
                      f"{name}_encode", ["w", "version", "from"])
            + adapter("void", "random", name,
                      ["struct codec_random *random", "int16_t version", "struct arena *arena", "void *ret"],
                      f"random_{name}", ["random", "version", "arena", "ret"])
            + adapter("bool", "equal", name, ["const void *a", "const void *b"], f"equal_{name}", ["a", "b"]))


TABLE_ENTRY = """const struct codec codec_%(name)s = {
    .name = "%(name)s",
    .api_key = %(key)s,
    .is_response = %(is_response)s,
    .version_min = %(since)s,
    .version_max = %(until)s,
    .size = sizeof(struct %(name)s),
    .decode = decode_any_%(name)s,
    .encode = encode_any_%(name)s,
    .random = random_any_%(name)s,
    .equal = equal_any_%(name)s,
};
"""


def render_test_source(schema):
    out = SPDX + made_from(schema) + f"#include \"proto/gen/{schema.file}.h\"\n"
    out += "#include \"tests/gen/codec_table.h\"\n#include \"tests/lib/codec_random.h\"\n\n"
    entries = []
    for message in schema.messages:
        for struct in message.walk():
            out += render_random(struct) + render_equal(struct)
        entries.append(adapters(message.c_name) + TABLE_ENTRY % {
            "name": message.c_name, "key": -1 if schema.key is None else schema.key,
            "is_response": "true" if message.c_name.endswith("_response") else "false",
            "since": schema.since, "until": schema.until})
    return out + "\n".join(entries)


TABLE_HEADER = """#ifndef CORDUROY_TESTS_GEN_CODEC_TABLE_H
#define CORDUROY_TESTS_GEN_CODEC_TABLE_H

#include "proto/wire.h"

struct codec_random;

/* One message: an API's request or response, or a record. */
struct codec {
    const char *name;
    int16_t api_key; /* -1: a record */
    bool is_response;
    int16_t version_min, version_max;
    size_t size; /* of the struct behind the void pointers */
    bool (*decode)(struct wire_reader *r, int16_t version, struct arena *arena, void *ret);
    void (*encode)(struct wire_writer *w, int16_t version, const void *from);
    /* Content that the version can carry; everything else at its default. */
    void (*random)(struct codec_random *random, int16_t version, struct arena *arena, void *ret);
    /* Field by field; null and empty differ. */
    bool (*equal)(const void *a, const void *b);
};

%s
extern const struct codec *const codec_table[];
extern const unsigned codec_table_count;

#endif
"""

TABLE_SOURCE = """#include "tests/gen/codec_table.h"

const struct codec *const codec_table[] = {
%s};

const unsigned codec_table_count = sizeof codec_table / sizeof codec_table[0];
"""


def names(schemas):
    return [message.c_name for schema in schemas for message in schema.messages]


def render_test_header(schemas):
    return SPDX + MADE + TABLE_HEADER % "".join(f"extern const struct codec codec_{n};\n" for n in names(schemas))


def render_test_table(schemas):
    return SPDX + MADE + TABLE_SOURCE % "".join(f"    &codec_{n},\n" for n in names(schemas))
