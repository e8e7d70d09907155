# SPDX-License-Identifier: Apache-2.0
"""Renders a schema as a C header and source: straight lines, one per field, to be read beside the
protocol's description and stopped at in a debugger."""
import re
import textwrap

from model import INTEGERS

C_TYPES = {"bool": "bool", "uuid": "struct uuid", "int8": "int8_t", "int16": "int16_t", "int32": "int32_t",
           "int64": "int64_t", "string": "struct view", "bytes": "struct view", "records": "struct view"}
SHORT = {"int8": "i8", "int16": "i16", "int32": "i32", "int64": "i64"}
SPDX = "/* SPDX-License-Identifier: Apache-2.0 */\n"


def comment(text, indent=0):
    """A block comment of at most 100 columns."""
    pad = " " * indent
    lines = textwrap.wrap(text, 94 - indent)
    return "\n".join(f"{pad}{'/* ' if i == 0 else ' * '}{line}" for i, line in enumerate(lines)) + " */\n"


def lay_out(first, column, arguments, tail):
    """The arguments in lines of at most 100 columns: the first line starts with `first`, the others
    at the column."""
    lines = [first]
    for i, argument in enumerate(arguments):
        last = i == len(arguments) - 1
        piece = argument + (")" + tail if last else ",")
        fresh = lines[-1] == first or not lines[-1].strip()
        if not fresh and len(lines[-1]) + 1 + len(piece) > 100:
            lines.append(" " * column)
            fresh = True
        lines[-1] += piece if fresh else " " + piece
    return lines


def wrap(head, arguments, tail, indent):
    """head(arguments)tail, broken after commas and lined up behind the parenthesis, or, where that
    is too narrow, eight columns in."""
    first = " " * indent + head + "("
    lines = lay_out(first, len(first), arguments, tail)
    if max(map(len, lines)) > 100:
        lines = [first] + lay_out(" " * (indent + 8), indent + 8, arguments, tail)
    return "\n".join(lines) + "\n"


def flexible_word(struct):
    """How a codec of this struct says whether the version is flexible."""
    if struct.flexible is None or struct.flexible > struct.until:
        return "false"
    return "true" if struct.since >= struct.flexible else "flexible"


def condition(field, struct):
    """When the field is there, as C; empty when always."""
    parts = []
    if field.since > struct.since:
        parts.append(f"version >= {field.since}")
    if field.until < struct.until:
        parts.append(f"version <= {field.until}")
    return " && ".join(parts)


def null_condition(field):
    """When the field may be null: '' always, None never, else as C."""
    if field.null_since is None:
        return None
    return f"version >= {field.null_since}" if field.null_since > field.since else ""


# ---- declarations --------------------------------------------------------------------------------


def member_note(field, struct):
    notes = []
    if field.since > struct.since or field.until < struct.until:
        notes.append(f"{field.since}-{field.until}" if field.until < struct.until else f"{field.since}+")
    if field.tag is not None:
        notes.append(f"tag {field.tag}")
    if field.null_since is not None:
        notes.append("may be null" + (f" from {field.null_since}" if field.null_since > field.since else ""))
    note = ", ".join(notes)
    note = note[:1].upper() + note[1:] + ("." if note else "")
    return " ".join(part for part in (note, field.means) if part)


def member(field, struct):
    name, note = field.c_name, member_note(field, struct)
    out = comment(note, 4) if note else ""
    if field.kind == "list":
        out += f"    uint32_t {name}_count;\n"
        if field.null_since is not None:
            out += f"    bool {name}_null; /* then {name}_count is 0 */\n"
        element = {"int32": "const int32_t", "string": "const struct view"}.get(field.element)
        return out + f"    {element or 'struct ' + field.struct.c_name} *{name};\n"
    if field.kind == "struct":
        return out + f"    struct {field.struct.c_name} {name};\n"
    return out + f"    {C_TYPES[field.kind]} {name};\n"


def declare(struct):
    body = "".join(member(f, struct) for f in struct.fields)
    body = body or "    char no_fields;\n"
    return (f"struct {struct.c_name} {{\n{body}}};\n"
            + wrap(f"void {struct.c_name}_init", [f"struct {struct.c_name} *ret"], ";", 0))


def prototypes(message):
    name = message.c_name
    return ("MUST_CHECK\n" + wrap(f"bool {name}_decode", decode_arguments(name), ";", 0)
            + wrap(f"void {name}_encode", encode_arguments(name), ";", 0))


def decode_arguments(name):
    return ["struct wire_reader *r", "int16_t version", "struct arena *arena", f"struct {name} *ret"]


def encode_arguments(name):
    return ["struct wire_writer *w", "int16_t version", f"const struct {name} *from"]


def title(schema):
    versions = f"versions {schema.since}-{schema.until}"
    flexible = f", flexible from {schema.flexible}" if schema.flexible is not None else ""
    what = f"{schema.name} (key {schema.key})" if schema.key is not None else schema.name
    return f"{what}, {versions}{flexible}. {schema.about}"


def render_header(schema):
    guard = f"CORDUROY_PROTO_GEN_{schema.file.upper()}_H"
    out = SPDX + made_from(schema) + f"#ifndef {guard}\n#define {guard}\n\n#include \"proto/wire.h\"\n\n"
    out += comment(title(schema)) + "\n"
    for message in schema.messages:
        out += "".join(declare(s) + "\n" for s in message.walk())
        out += prototypes(message) + "\n"
    return out + "#endif\n"


def made_from(schema):
    return f"/* Made by proto/tools/gen.py from proto/schema/{schema.file}.json: do not edit. */\n"


# ---- defaults --------------------------------------------------------------------------------------


def c_value(field):
    if field.kind == "bool":
        return "true" if field.default else "false"
    if field.kind in INTEGERS:
        return "INT32_MIN" if field.default == -(1 << 31) else str(field.default)
    return None


def render_init(struct):
    lines = ""
    for f in struct.fields:
        if f.kind == "struct":
            lines += f"    {f.struct.c_name}_init(&ret->{f.c_name});\n"
        elif f.kind == "string" and f.null_since is not None and f.default == "":
            lines += f"    ret->{f.c_name} = VIEW_LITERAL(\"\");\n"
        elif f.kind in ("bool", *INTEGERS) and f.default:
            lines += f"    ret->{f.c_name} = {c_value(f)};\n"
    name = struct.c_name
    head = wrap(f"void {name}_init", [f"struct {name} *ret"], "", 0)
    return f"{head}{{\n    *ret = (struct {name}){{0}};\n{lines}}}\n\n"


# ---- decoding --------------------------------------------------------------------------------------


def choose(null, plain, nullable):
    """The plain or the nullable form of a call, by version where both occur."""
    return plain if null is None else nullable if null == "" else f"{null} ? {nullable} : {plain}"


def assign(target, value, indent):
    """One assignment, its two arms on lines of their own where it is too long."""
    pad, line = " " * indent, f"{target} = {value};"
    if indent + len(line) <= 100 or " ? " not in value:
        return f"{pad}{line}\n"
    test, arms = value.split(" ? ", 1)
    yes, no = arms.split(" : ", 1)
    inner = pad + " " * (len(target) + 3)
    return f"{pad}{target} = {test}\n{inner}? {yes}\n{inner}: {no};\n"


def decode_sized(f, struct, indent):
    what = "string" if f.kind == "string" else "bytes"
    word = flexible_word(struct) if f.tag is None else "true"
    value = choose(null_condition(f), f"wire_read_{what}(r, {word})", f"wire_read_{what}_nullable(r, {word})")
    return assign(f"ret->{f.c_name}", value, indent)


def decode_list(f, struct, indent):
    pad, name = " " * indent, f.c_name
    word = flexible_word(struct) if f.tag is None else "true"
    if f.element:
        call = {"int32": "wire_read_i32_list", "string": "wire_read_string_list"}[f.element]
        return wrap(f"ret->{name} = {call}", ["r", word, "arena", f"&ret->{name}_count"], ";", indent)
    element = f"(struct wire_element){{{f.struct.size_min}, sizeof *ret->{name}}}"
    arguments = ["r", word, "arena", element, f"&ret->{name}_count"]
    head, null = f"ret->{name} = wire_read_list", null_condition(f)
    if null is None:
        out = wrap(head, arguments, ";", indent)
    elif null == "":
        out = wrap(head + "_nullable", arguments + [f"&ret->{name}_null"], ";", indent)
    else:
        out = (f"{pad}if ({null}) {{\n"
               + wrap(head + "_nullable", arguments + [f"&ret->{name}_null"], ";", indent + 4)
               + f"{pad}}} else {{\n" + wrap(head, arguments, ";", indent + 4) + f"{pad}}}\n")
    return out + (f"{pad}for (uint32_t i = 0; i < ret->{name}_count; i++) {{\n"
                    + wrap(f"decode_{f.struct.c_name}", ["r", "version", "arena", f"&ret->{name}[i]"],
                           ";", indent + 4) + f"{pad}}}\n")


def decode_field(f, struct, indent):
    pad = " " * indent
    if f.kind == "list":
        return decode_list(f, struct, indent)
    if f.kind == "struct":
        return wrap(f"decode_{f.struct.c_name}", ["r", "version", "arena", f"&ret->{f.c_name}"], ";", indent)
    if f.kind in ("string", "bytes", "records"):
        return decode_sized(f, struct, indent)
    return f"{pad}ret->{f.c_name} = wire_read_{SHORT.get(f.kind, f.kind)}(r);\n"


def grouped(struct):
    """The untagged fields, neighbours under the same condition together."""
    groups = []
    for f in struct.fields:
        if f.tag is not None:
            continue
        test = condition(f, struct)
        if groups and groups[-1][0] == test:
            groups[-1][1].append(f)
        else:
            groups.append((test, [f]))
    return groups


def lines_by_condition(struct, one):
    out = ""
    for test, fields in grouped(struct):
        body = "".join(one(f, struct, 8 if test else 4) for f in fields)
        out += f"    if ({test}) {{\n{body}    }}\n" if test else body
    return out


def in_flexible(struct, render):
    """The tagged section's code, under a condition where some versions lack it."""
    word = flexible_word(struct)
    if word == "false":
        return ""
    return render(4) if word == "true" else "    if (flexible) {\n" + render(8) + "    }\n"


def has_tag_condition(f, struct):
    """The version that a tag needs beyond being flexible."""
    return f"version >= {f.since}" if f.since > struct.flexible and f.since > struct.since else ""


def decode_tags(struct, indent):
    pad = " " * indent
    if not struct.tagged:
        return f"{pad}wire_skip_tags(r);\n"
    out = f"{pad}for (uint32_t left = wire_read_tag_count(r); left > 0 && !r->bad; left--) {{\n"
    out += f"{pad}    struct wire_tag tag = wire_begin_read_tag(r);\n"
    for i, f in enumerate(struct.tagged):
        test = " && ".join(filter(None, [f"tag.number == {f.tag}", has_tag_condition(f, struct)]))
        out += f"{pad}    {'if' if i == 0 else '} else if'} ({test}) {{\n" + decode_field(f, struct, indent + 8)
    out += f"{pad}    }} else {{\n{pad}        wire_skip_tag(r);\n{pad}    }}\n"
    return out + f"{pad}    wire_end_read_tag(r, &tag);\n{pad}}}\n"


def preamble(struct, body, arguments):
    """The flexible variable where it is used, and a word about arguments that are not."""
    start = ""
    if re.search(r"\bflexible\b", body):
        start = f"    const bool flexible = version >= {struct.flexible};\n"
    unused = [a for a in arguments if not re.search(rf"\b{a}\b", start + body)]
    return start + "".join(f"    (void){a};\n" for a in unused)


def render_decode(struct, is_message):
    body = lines_by_condition(struct, decode_field)
    body += in_flexible(struct, lambda indent: decode_tags(struct, indent))
    name = struct.c_name
    if is_message:
        head = wrap(f"bool {name}_decode", decode_arguments(name), "", 0)
        tail = "    return !r->bad;\n"
    else:
        head = wrap(f"static void decode_{name}", decode_arguments(name), "", 0)
        tail = ""
    start = preamble(struct, body, ["version", "arena"])
    return f"{head}{{\n{start}    {name}_init(ret);\n{body}{tail}}}\n\n"


# ---- encoding --------------------------------------------------------------------------------------


def call_by_null(null, call, arguments, more, indent):
    """call(arguments), or its nullable form with one argument more."""
    pad = " " * indent
    if null is None:
        return wrap(call, arguments, ";", indent)
    if null == "":
        return wrap(call + "_nullable", arguments + more, ";", indent)
    return (f"{pad}if ({null}) {{\n" + wrap(call + "_nullable", arguments + more, ";", indent + 4)
            + f"{pad}}} else {{\n" + wrap(call, arguments, ";", indent + 4) + f"{pad}}}\n")


def encode_list(f, struct, indent):
    pad, name = " " * indent, f.c_name
    word = flexible_word(struct) if f.tag is None else "true"
    if f.element:
        call = {"int32": "wire_write_i32_list", "string": "wire_write_string_list"}[f.element]
        return wrap(call, ["w", word, f"from->{name}", f"from->{name}_count"], ";", indent)
    out = call_by_null(null_condition(f), "wire_write_count", ["w", word, f"from->{name}_count"],
                       [f"from->{name}_null"], indent)
    return out + (f"{pad}for (uint32_t i = 0; i < from->{name}_count; i++) {{\n"
                  + wrap(f"encode_{f.struct.c_name}", ["w", "version", f"&from->{name}[i]"], ";", indent + 4)
                  + f"{pad}}}\n")


def encode_field(f, struct, indent):
    pad, name = " " * indent, f.c_name
    if f.kind == "list":
        return encode_list(f, struct, indent)
    if f.kind == "struct":
        return wrap(f"encode_{f.struct.c_name}", ["w", "version", f"&from->{name}"], ";", indent)
    if f.kind in ("string", "bytes", "records"):
        word = flexible_word(struct) if f.tag is None else "true"
        call = f"wire_write_{f.kind}"
        return call_by_null(null_condition(f), call, ["w", word, f"from->{name}"], [], indent)
    return f"{pad}wire_write_{SHORT.get(f.kind, f.kind)}(w, from->{name});\n"


def differs(f, path):
    """C that is true when a field is not at its default."""
    if f.kind == "struct":
        return " || ".join(differs(inner, f"{path}.{inner.c_name}") for inner in f.struct.fields)
    if f.kind == "list":
        return f"{path}_count > 0"
    if f.kind == "uuid":
        return f"!uuid_is_zero({path})"
    if f.kind in ("string", "bytes", "records"):
        return f"{path}.base != NULL" if f.default is None and f.null_since is not None else f"{path}.size > 0"
    if f.kind == "bool":
        return f"!{path}" if f.default else path
    return f"{path} != {c_value(f)}"


def has_line(f, struct, indent):
    test, when = differs(f, f"from->{f.c_name}"), has_tag_condition(f, struct)
    if when:
        test = f"{when} && " + (f"({test})" if "||" in test else test)
    line = " " * indent + f"const bool has_{f.c_name} = {test};\n"
    if len(line) <= 101:
        return line
    pad = "\n" + " " * (indent + 4)
    return " " * indent + f"const bool has_{f.c_name} ={pad}" + test.replace(" || ", " ||" + pad) + ";\n"


def encode_tags(struct, indent):
    pad = " " * indent
    if not struct.tagged:
        return f"{pad}wire_write_no_tags(w);\n"
    out = "".join(has_line(f, struct, indent) for f in struct.tagged)
    out += f"{pad}uint32_t tags = 0;\n"
    out += "".join(f"{pad}tags += has_{f.c_name};\n" for f in struct.tagged)
    out += f"{pad}wire_write_uvarint(w, tags);\n"
    for f in struct.tagged:
        out += f"{pad}if (has_{f.c_name}) {{\n{pad}    uint32_t begin = wire_begin_write_tag(w, {f.tag});\n"
        out += encode_field(f, struct, indent + 4) + f"{pad}    wire_end_write_tag(w, begin);\n{pad}}}\n"
    return out


def render_encode(struct, is_message):
    body = lines_by_condition(struct, encode_field)
    body += in_flexible(struct, lambda indent: encode_tags(struct, indent))
    name = struct.c_name
    head = wrap(f"void {name}_encode" if is_message else f"static void encode_{name}", encode_arguments(name), "", 0)
    start = preamble(struct, body, ["w", "version", "from"])
    return f"{head}{{\n{start}{body}}}\n\n"


def render_source(schema):
    out = SPDX + made_from(schema) + f"#include \"proto/gen/{schema.file}.h\"\n\n"
    for message in schema.messages:
        for struct in message.walk():
            out += render_init(struct)
        for struct in message.walk():
            out += render_decode(struct, struct is message)
        for struct in message.walk():
            out += render_encode(struct, struct is message)
    return out.rstrip("\n") + "\n"
