# SPDX-License-Identifier: Apache-2.0
"""What the schema files say, once they have been read: messages, structs and fields."""
import re
from dataclasses import dataclass, field as member

INTEGERS = {"int8": 1, "int16": 2, "int32": 4, "int64": 8}
SIZED = ("string", "bytes", "records")
SCALARS = ("bool", "uuid", *INTEGERS, *SIZED)


def snake(name):
    """ThrottleTimeMs -> throttle_time_ms."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


@dataclass
class Field:
    name: str  # Kafka's name
    kind: str  # a scalar's name, "list" or "struct"
    since: int
    until: int
    element: str = None  # of a list of scalars: their kind
    struct: "Struct" = None  # of a struct or a list of structs
    null_since: int = None
    tag: int = None
    default: object = None  # an integer or a bool; for strings None is null and "" is empty
    means: str = None

    @property
    def c_name(self):
        return snake(self.name)

    def size_min(self, version, flexible):
        """The fewest bytes that the field takes outside the tagged section."""
        if self.kind in INTEGERS:
            return INTEGERS[self.kind]
        if self.kind == "struct":
            return self.struct.size_min_at(version, flexible)
        if self.kind == "string":
            return 1 if flexible else 2
        return {"bool": 1, "uuid": 16}.get(self.kind, 1 if flexible else 4)


@dataclass
class Struct:
    c_name: str
    since: int
    until: int
    flexible: int  # first flexible version, or None
    fields: list = member(default_factory=list)
    children: list = member(default_factory=list)  # structs that fields name, in order

    def is_flexible(self, version):
        return self.flexible is not None and version >= self.flexible

    def size_min_at(self, version, flexible):
        size = 1 if flexible else 0
        for f in self.fields:
            if f.since <= version <= f.until and f.tag is None:
                size += f.size_min(version, flexible)
        return size

    @property
    def size_min(self):
        return min(self.size_min_at(v, self.is_flexible(v)) for v in range(self.since, self.until + 1))

    @property
    def tagged(self):
        return sorted((f for f in self.fields if f.tag is not None), key=lambda f: f.tag)

    def walk(self):
        """The structs inside, innermost first, and this one last."""
        for child in self.children:
            yield from child.walk()
        yield self


@dataclass
class Schema:
    """One file: an API with request and response, or a record."""

    file: str
    name: str
    about: str
    since: int
    until: int
    flexible: int
    key: int = None  # None for a record
    served_since: int = None
    response_header: int = None  # set when it does not follow the flexible versions
    messages: list = member(default_factory=list)  # of Struct

    @property
    def c_name(self):
        return snake(self.name)
