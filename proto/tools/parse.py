# SPDX-License-Identifier: Apache-2.0
"""Reads proto/schema/*.json into the model and refuses whatever could not be on the wire."""
import json
import os
import re

from model import INTEGERS, SCALARS, SIZED, Field, Schema, Struct, snake

FIELD_KEYS = {"field", "type", "list", "struct", "fields", "since", "until", "null_since", "tag",
              "default", "means"}
API_KEYS = {"api", "key", "versions", "serve", "flexible", "response_header", "about", "request", "response"}
RECORD_KEYS = {"record", "versions", "flexible", "about", "fields"}


class SchemaError(Exception):
    """A schema says something impossible; the text says where."""


def need(fact, where, why):
    if not fact:
        raise SchemaError(f"{where}: {why}")


def is_integer(value):
    return isinstance(value, int) and not isinstance(value, bool)


def parse_default(raw, kind, nullable, where):
    if "default" not in raw:
        return "" if kind == "string" else False if kind == "bool" else 0 if kind in INTEGERS else None
    value = raw["default"]
    if value is None:
        need(nullable, where, "the default is null, but null is not allowed")
    elif kind in INTEGERS:
        bound = 1 << (8 * INTEGERS[kind] - 1)
        need(is_integer(value), where, "the default is not an integer")
        need(-bound <= value < bound, where, f"the default {value} is outside {kind}")
    elif kind == "bool":
        need(isinstance(value, bool), where, "the default is not true or false")
    else:
        need(False, where, f"a {kind} has no default but null")
    return value


def parse_kind(raw, where):
    """Returns the field's kind and, for a list of scalars, its elements'."""
    said = [k for k in ("type", "list", "struct") if k in raw]
    need(len(said) == 1, where, "exactly one of type, list and struct is needed")
    value = raw[said[0]]
    need(isinstance(value, str), where, f"{said[0]} is not a name")
    if said[0] == "type":
        need(value in SCALARS, where, f"unknown type {value}")
        need("fields" not in raw, where, "a scalar has no fields")
        return value, None
    if said[0] == "list" and "fields" not in raw:
        need(value in ("int32", "string"), where, f"a list of {value} needs fields")
        return "list", value
    need(value not in SCALARS, where, f"{value} is a type, not a name for a struct")
    need(re.fullmatch(r"[a-z][a-z0-9_]*", value), where, f"{value} is not in snake_case")
    need(raw.get("fields"), where, "a struct without fields")
    return said[0], None


def parse_field(raw, owner, message, where):
    need(isinstance(raw, dict) and isinstance(raw.get("field"), str), where, "a field without a name")
    where = f"{where}.{raw['field']}"
    need(re.fullmatch(r"[A-Z][A-Za-z0-9]*", raw["field"]), where, "the name is not in CamelCase")
    need(not set(raw) - FIELD_KEYS, where, f"unknown words {sorted(set(raw) - FIELD_KEYS)}")
    kind, element = parse_kind(raw, where)
    for key in ("since", "until", "null_since", "tag"):
        need(is_integer(raw.get(key, 0)), where, f"{key} is not an integer")
    since, until = raw.get("since", owner.since), raw.get("until", owner.until)
    need(owner.since <= since <= until <= owner.until, where,
         f"versions {since}-{until} are not inside {owner.since}-{owner.until}")
    null_since = raw.get("null_since")
    if null_since is not None:
        need(kind in SIZED or kind == "list", where, f"a {kind} cannot be null")
        need(since <= null_since <= until, where, "it is null in versions that do not have it")
    tag = raw.get("tag")
    if tag is not None:
        need(owner.flexible is not None and since >= owner.flexible, where,
             "a tag in a version that is not flexible")
    f = Field(raw["field"], kind, since, until, element, None, null_since, tag,
              parse_default(raw, kind, null_since is not None, where), raw.get("means"))
    if "fields" in raw:
        f.struct = Struct(f"{message}_{raw.get('list') or raw.get('struct')}", since, until, owner.flexible)
        parse_fields(raw["fields"], f.struct, message, where)
        owner.children.append(f.struct)
    return f


def parse_fields(raws, struct, message, where):
    need(isinstance(raws, list), where, "the fields are not a list")
    struct.fields = [parse_field(raw, struct, message, where) for raw in raws]
    names = [f.c_name for f in struct.fields]
    for f in struct.fields:
        if f.kind == "list":
            names += [f.c_name + "_count"] + ([f.c_name + "_null"] if f.null_since is not None else [])
    need(len(set(names)) == len(names), where, "a field's name is used twice")
    tags = [f.tag for f in struct.tagged]
    need(len(set(tags)) == len(tags), where, "a tag is used twice")
    need(tags == list(range(len(tags))), where, "tags do not count up from 0 without a gap")
    need(struct.c_name == message or struct.size_min > 0, where, "an element that may take no bytes")


def parse_message(raws, name, schema, where):
    message = Struct(name, schema.since, schema.until, schema.flexible)
    parse_fields(raws, message, name, where)
    names = [s.c_name for s in message.walk()]
    need(len(set(names)) == len(names), where, "a struct's name is used twice")
    return message


def parse_range(raw, where):
    need(isinstance(raw, list) and len(raw) == 2 and all(map(is_integer, raw)) and 0 <= raw[0] <= raw[1],
         where, "versions is not [least, greatest]")
    return raw


def parse_schema(raw, file):
    """The model of one file's JSON; SchemaError says what is wrong with it."""
    need(isinstance(raw, dict), file, "not an object")
    is_api = "api" in raw
    keys = API_KEYS if is_api else RECORD_KEYS
    need(not set(raw) - keys, file, f"unknown words {sorted(set(raw) - keys)}")
    needed = {"key", "flexible", "request", "response"} if is_api else {"record", "fields"}
    for key in needed | {"versions", "about"}:
        need(key in raw, file, f"{key} is missing")
    since, until = parse_range(raw["versions"], file)
    flexible = raw.get("flexible")
    need(flexible is None or is_integer(flexible) and 0 <= flexible <= until, file, "flexible is out of range")
    name = raw["api"] if is_api else raw["record"]
    need(isinstance(name, str) and re.fullmatch(r"[A-Z][A-Za-z]*", name), file, "the name is not in CamelCase")
    need(snake(name) == file, file, f"{name} belongs into {snake(name)}.json")
    schema = Schema(file, name, raw["about"], since, until, flexible)
    if not is_api:
        schema.messages = [parse_message(raw["fields"], snake(name), schema, file)]
        return schema
    served = parse_range(raw.get("serve", [since, until]), file)
    need(since <= served[0] and served[1] == until, file, "serve is not a tail of versions")
    need(is_integer(raw["key"]) and raw["key"] >= 0, file, "key is not an API key")
    need(raw.get("response_header", 0) == 0, file, "only response header 0 can be fixed")
    schema.key, schema.served_since = raw["key"], served[0]
    schema.response_header = raw.get("response_header")
    schema.messages = [parse_message(raw[part], f"{snake(name)}_{part}", schema, f"{file} {part}")
                       for part in ("request", "response")]
    return schema


def no_repeats(pairs):
    keys = [k for k, _ in pairs]
    for k in keys:
        need(keys.count(k) == 1, "json", f"the word {k} stands twice in one object")
    return dict(pairs)


def parse_folder(folder):
    """Every schema of a folder: APIs by key, then records by name."""
    schemas = []
    for entry in sorted(os.listdir(folder)):
        if not entry.endswith(".json"):
            continue
        with open(os.path.join(folder, entry), encoding="utf-8") as file:
            try:
                raw = json.load(file, object_pairs_hook=no_repeats)
            except ValueError as error:
                raise SchemaError(f"{entry}: {error}") from error
        schemas.append(parse_schema(raw, entry[: -len(".json")]))
    keys = [s.key for s in schemas if s.key is not None]
    need(len(set(keys)) == len(keys), folder, "two APIs have the same key")
    return sorted(schemas, key=lambda s: (s.key is None, s.key or 0, s.name))
