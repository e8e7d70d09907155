# SPDX-License-Identifier: Apache-2.0
"""Record batches of magic 2: made with every header field free to be wrong, and told."""
import ctypes
import os
import struct
import sys
import time
import zlib

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "cluster"))
from kafka import crc32c, varint  # noqa: E402

CODECS = {"none": 0, "gzip": 1, "snappy": 2, "lz4": 3, "zstd": 4}


def _library(name, result, function, *arguments):
    f = getattr(ctypes.CDLL(name), function)
    f.restype = result
    return f(*arguments)


def compress(codec, raw):
    out = ctypes.create_string_buffer(2 * len(raw) + 1024)
    if codec == 0:
        return raw
    if codec == 1:
        c = zlib.compressobj(6, zlib.DEFLATED, 31)
        return c.compress(raw) + c.flush()
    if codec == 2:
        size = ctypes.c_size_t(len(out))
        _library("libsnappy.so.1", ctypes.c_int, "snappy_compress", raw, ctypes.c_size_t(len(raw)),
                 out, ctypes.byref(size))
        return out.raw[:size.value]
    if codec == 3:
        size = _library("liblz4.so.1", ctypes.c_size_t, "LZ4F_compressFrame", out,
                        ctypes.c_size_t(len(out)), raw, ctypes.c_size_t(len(raw)), None)
        return out.raw[:size]
    if codec == 4:
        size = _library("libzstd.so.1", ctypes.c_size_t, "ZSTD_compress", out,
                        ctypes.c_size_t(len(out)), raw, ctypes.c_size_t(len(raw)), 3)
        return out.raw[:size]
    return raw  # a codec that nobody knows


def records_of(values, keys=None, deltas=None, headers=(), first_delta=0):
    out = b""
    for i, value in enumerate(values):
        key = keys[i] if keys else None
        body = b"\0" + varint(deltas[i] if deltas else 0) + varint(i + first_delta)
        for x in (key, value):
            body += varint(-1) if x is None else varint(len(x)) + x
        body += varint(len(headers))
        for name, x in headers:
            body += varint(len(name)) + name + varint(len(x)) + x
        out += varint(len(body)) + body
    return out


def batch(values, time_ms=None, deltas=None, codec="none", attributes=0, base_offset=0, epoch=-1,
          magic=2, producer=(-1, -1, -1), last_delta=None, count=None, max_ms=None, keys=None,
          spoil_crc=0, size_more=0, headers=(), first_delta=0):
    """A batch; deltas are the records' timestamps after time_ms (now)."""
    now = int(time.time() * 1000) if time_ms is None else time_ms
    number = CODECS.get(codec, codec)
    records = compress(number, records_of(values, keys, deltas, headers, first_delta))
    last = len(values) - 1 if last_delta is None else last_delta
    tail = struct.pack(">hiqqqhii", attributes | number, last, now,
                       now + max(deltas or [0]) if max_ms is None else max_ms, *producer,
                       len(values) if count is None else count) + records
    crc = crc32c(tail) ^ spoil_crc
    return struct.pack(">qiibI", base_offset, len(tail) + 9 + size_more, epoch, magic, crc) + tail


def tell(raw):
    """The batches of a Fetch answer; "part of n" for a last one that is not whole."""
    out, pos = [], 0
    while pos < len(raw or b""):
        if len(raw) - pos < 61:
            out.append("part of a header")
            break
        base, size, epoch, magic, crc = struct.unpack_from(">qiibI", raw, pos)
        attributes, last, first_ms, max_ms, pid, pepoch, sequence, count = \
            struct.unpack_from(">hiqqqhii", raw, pos + 21)
        if len(raw) - pos < size + 12:
            out.append("part of the batch at %d" % base)
            break
        out.append({"BaseOffset": base, "Size": size, "LeaderEpoch": epoch, "Magic": magic,
                    "Attributes": attributes, "LastDelta": last, "FirstTimestamp": first_ms,
                    "MaxTimestamp": max_ms, "ProducerId": pid, "ProducerEpoch": pepoch,
                    "Sequence": sequence, "Count": count,
                    "GoodCrc": crc32c(raw[pos + 21:pos + 12 + size]) == crc})
        pos += 12 + size
    return out
