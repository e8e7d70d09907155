# SPDX-License-Identifier: Apache-2.0
"""Every request and answer of the Kafka protocol as plain dictionaries, in every version, straight
from proto/schema. Wrong values are encoded as they are given (a null where none may be), because
tests want to send them."""
import glob
import json
import os
import struct
import uuid

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
NUMBERS = {"bool": ">?", "int8": ">b", "int16": ">h", "int32": ">i", "int64": ">q"}
DEFAULTS = {"string": "", "bytes": b"", "records": None, "bool": False, "uuid": "0" * 32}


def load():
    apis = {}
    for name in glob.glob(os.path.join(TOP, "proto", "schema", "*.json")):
        with open(name) as f:
            schema = json.load(f)
        if "api" in schema:
            apis[schema["api"]] = schema
    return apis


APIS = load()


def versions(api):
    """Every version of this API that both sides serve."""
    first, last = APIS[api].get("serve", APIS[api]["versions"])
    return range(first, last + 1)


def is_flexible(api, version):
    since = APIS[api]["flexible"]
    return since is not None and version >= since


def has(field, version):
    return field.get("since", 0) <= version <= field.get("until", 1 << 15)


def default_of(field):
    if "default" in field:
        return field["default"]
    if "list" in field:
        return []
    if "struct" in field:
        return {}
    return DEFAULTS.get(field["type"], 0)


# ---- writing ----
def varint(n):
    out = bytearray()
    while n >= 0x80:
        out.append(n & 0x7f | 0x80)
        n >>= 7
    out.append(n)
    return bytes(out)


def put_size(size, flexible, wide):
    if flexible:
        return varint(0 if size is None else size + 1)
    return struct.pack(">i" if wide else ">h", -1 if size is None else size)


def put_value(kind, value, flexible):
    if kind in NUMBERS:
        return struct.pack(NUMBERS[kind], value)
    if kind == "uuid":
        return bytes.fromhex(value)
    raw = value.encode("utf-8", "surrogateescape") if isinstance(value, str) else value
    return put_size(None if raw is None else len(raw), flexible, kind != "string") + (raw or b"")


def put_field(field, value, version, flexible):
    if "struct" in field:
        return put_fields(field["fields"], value, version, flexible)
    if "list" not in field:
        return put_value(field["type"], value, flexible)
    out = put_size(None if value is None else len(value), flexible, True)
    for one in value or []:
        if "fields" in field:
            out += put_fields(field["fields"], one, version, flexible)
        else:
            out += put_value(field["list"], one, flexible)
    return out


def put_fields(fields, values, version, flexible):
    unknown = set(values) - {f["field"] for f in fields}
    assert not unknown, "no such fields: %s" % unknown
    out, tagged = b"", []
    for field in fields:
        if not has(field, version):
            continue
        value = values.get(field["field"], default_of(field))
        if "tag" not in field:
            out += put_field(field, value, version, flexible)
        elif field["field"] in values:
            raw = put_field(field, value, version, flexible)
            tagged.append(varint(field["tag"]) + varint(len(raw)) + raw)
    return out + (varint(len(tagged)) + b"".join(tagged) if flexible else b"")


def request(api, version, body, correlation_id, client_id="same", header_flexible=None):
    """The frame of a request, its length included; body is a dictionary, or bytes as they are."""
    flexible = is_flexible(api, version)
    if not isinstance(body, bytes):
        body = put_fields(APIS[api]["request"], body, version, flexible)
    head = struct.pack(">hhi", APIS[api]["key"], version, correlation_id)
    head += put_value("string", client_id, False)
    if flexible if header_flexible is None else header_flexible:
        head += b"\0"
    return struct.pack(">i", len(head) + len(body)) + head + body


# ---- reading ----
class Reader:
    def __init__(self, bytes):
        self.bytes, self.pos = bytes, 0

    def raw(self, size):
        assert 0 <= size <= len(self.bytes) - self.pos, "the answer ends early"
        self.pos += size
        return self.bytes[self.pos - size:self.pos]

    def number(self, kind):
        return struct.unpack(NUMBERS[kind], self.raw(struct.calcsize(NUMBERS[kind])))[0]

    def varint(self):
        n = shift = 0
        while True:
            b = self.raw(1)[0]
            n |= (b & 0x7f) << shift
            shift += 7
            if not b & 0x80:
                return n

    def size(self, flexible, wide):
        n = self.varint() - 1 if flexible else self.number("int32" if wide else "int16")
        return None if n < 0 else n

    def value(self, kind, flexible):
        if kind in NUMBERS:
            return self.number(kind)
        if kind == "uuid":
            return str(uuid.UUID(bytes=self.raw(16)))
        size = self.size(flexible, kind != "string")
        raw = None if size is None else self.raw(size)
        return raw.decode() if kind == "string" and raw is not None else raw

    def field(self, field, version, flexible):
        if "struct" in field:
            return self.fields(field["fields"], version, flexible)
        if "list" not in field:
            return self.value(field["type"], flexible)
        size = self.size(flexible, True)
        if size is None:
            return None
        if "fields" in field:
            return [self.fields(field["fields"], version, flexible) for _ in range(size)]
        return [self.value(field["list"], flexible) for _ in range(size)]

    def fields(self, fields, version, flexible):
        out, tagged = {}, {}
        for field in fields:
            if has(field, version):
                if "tag" in field:
                    tagged[field["tag"]] = field
                else:
                    out[field["field"]] = self.field(field, version, flexible)
        for _ in range(self.varint() if flexible else 0):
            tag, size = self.varint(), self.varint()
            end = self.pos + size
            if tag in tagged:
                out[tagged[tag]["field"]] = self.field(tagged[tag], version, flexible)
                assert self.pos == end, "a tagged field is longer than it says"
            else:
                out["tag %d" % tag] = self.raw(size)
        return out


def answer(api, version, frame):
    """(correlation id, dictionary) of an answer without its length."""
    r = Reader(frame)
    number = r.number("int32")
    if is_flexible(api, version) and APIS[api].get("response_header") != 0:
        assert r.varint() == 0, "tagged fields in the response header"
    out = r.fields(APIS[api]["response"], version, is_flexible(api, version))
    if r.pos != len(frame):
        out["bytes after the end"] = len(frame) - r.pos
    return number, out
