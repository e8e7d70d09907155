# SPDX-License-Identifier: Apache-2.0
"""Reads the .log files of a partition's folder: Kafka's record batches of magic 2, not compressed."""
import os
import struct

HEADER = struct.Struct(">qiibIhiqqqhii")  # base offset .. record count, 61 bytes


def read_log(folder):
    """All bytes of a partition's segments, in order of their base offsets."""
    names = sorted(n for n in os.listdir(folder) if n.endswith(".log"))
    parts = []
    for name in names:
        with open(os.path.join(folder, name), "rb") as f:
            parts.append(f.read())
    return b"".join(parts)


def batches(log):
    """(base offset, leader epoch, record count, whole batch) of each batch."""
    pos = 0
    while pos < len(log):
        base, size, epoch, magic = struct.unpack_from(">qiib", log, pos)
        assert magic == 2 and size > 0 and pos + 12 + size <= len(log), \
            "no batch at byte %d: magic %d, size %d" % (pos, magic, size)
        whole = log[pos:pos + 12 + size]
        yield base, epoch, HEADER.unpack_from(whole)[12], whole
        pos += 12 + size


def compare(a, b, what):
    if a == b:
        return
    for x, y in zip(batches(a), batches(b)):
        assert x == y, "%s differ: offset %d epoch %d count %d, offset %d epoch %d count %d" % (
            (what,) + x[:3] + y[:3])
    raise AssertionError("%s differ: %d and %d bytes" % (what, len(a), len(b)))


def varint(bytes, pos):
    value = shift = 0
    while True:
        b = bytes[pos]
        pos += 1
        value |= (b & 0x7f) << shift
        shift += 7
        if b < 0x80:
            return (value >> 1) ^ -(value & 1), pos


def values(log):
    """{offset: value} of every record."""
    found = {}
    for base, _, count, whole in batches(log):
        pos = HEADER.size
        for _ in range(count):
            size, pos = varint(whole, pos)
            end = pos + size
            pos += 1  # attributes
            _, pos = varint(whole, pos)
            delta, pos = varint(whole, pos)
            key, pos = varint(whole, pos)
            pos += max(key, 0)
            length, pos = varint(whole, pos)
            assert base + delta not in found, "offset %d is there twice" % (base + delta)
            found[base + delta] = None if length < 0 else whole[pos:pos + length]
            pos = end
    return found
