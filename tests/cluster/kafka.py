# SPDX-License-Identifier: Apache-2.0
"""A Kafka client of a few calls, for tests that must see single requests and answers, or send wrong
bytes. Only versions without tagged fields, only uncompressed batches of magic 2."""
import socket
import struct
import time

PRODUCE, FETCH, LIST_OFFSETS, METADATA = 0, 1, 2, 3
OFFSET_COMMIT, OFFSET_FETCH, FIND_COORDINATOR, API_VERSIONS = 8, 9, 10, 18

NONE, CORRUPT_MESSAGE, NOT_LEADER, MESSAGE_TOO_LARGE, NOT_ENOUGH_REPLICAS = 0, 2, 6, 10, 19
UNSUPPORTED_VERSION, UNSUPPORTED_FOR_MESSAGE_FORMAT = 35, 43
COORDINATOR_NOT_AVAILABLE, KAFKA_STORAGE_ERROR = 15, 56


class Closed(Exception):
    """The broker closed the connection."""


def crc32c_table():
    table = []
    for i in range(256):
        for _ in range(8):
            i = (i >> 1) ^ (0x82f63b78 if i & 1 else 0)
        table.append(i)
    return table


TABLE = crc32c_table()


def crc32c(bytes):
    crc = 0xffffffff
    for b in bytes:
        crc = TABLE[(crc ^ b) & 0xff] ^ (crc >> 8)
    return crc ^ 0xffffffff


def varint(n):
    n = (n << 1) ^ (n >> 63)
    out = bytearray()
    while n >= 0x80:
        out.append(n & 0x7f | 0x80)
        n >>= 7
    out.append(n)
    return bytes(out)


def batch(values, magic=2, spoil_crc=False):
    """A record batch of these values, without keys."""
    records = b""
    for i, value in enumerate(values):
        body = b"\0\0" + varint(i) + varint(-1) + varint(len(value)) + value + b"\0"
        records += varint(len(body)) + body
    now = int(time.time() * 1000)
    tail = struct.pack(">hiqqqhii", 0, len(values) - 1, now, now, -1, -1, -1,
                       len(values)) + records
    crc = crc32c(tail) ^ (1 if spoil_crc else 0)
    return struct.pack(">qiibI", 0, len(tail) + 9, -1, magic, crc) + tail


def message_set(value, magic):
    """One message in the format before record batches (magic 0 and 1)."""
    import zlib
    body = struct.pack(">bb", magic, 0)
    if magic == 1:
        body += struct.pack(">q", int(time.time() * 1000))
    body += struct.pack(">i", -1) + struct.pack(">i", len(value)) + value
    message = struct.pack(">I", zlib.crc32(body)) + body
    return struct.pack(">qi", 0, len(message)) + message


def string(text):
    if text is None:
        return struct.pack(">h", -1)
    raw = text.encode()
    return struct.pack(">h", len(raw)) + raw


class Reader:
    def __init__(self, bytes):
        self.bytes, self.pos = bytes, 0

    def take(self, format):
        values = struct.unpack_from(">" + format, self.bytes, self.pos)
        self.pos += struct.calcsize(">" + format)
        return values[0] if len(values) == 1 else values

    def string(self):
        size = self.take("h")
        if size < 0:
            return None
        self.pos += size
        return self.bytes[self.pos - size:self.pos].decode()

    def list(self, item):
        return [item() for _ in range(self.take("i"))]


class Connection:
    def __init__(self, port, timeout_s=30):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout_s)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.number = 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    # ---- frames ----
    def send_raw(self, bytes):
        self.socket.sendall(bytes)

    def send(self, api, version, body):
        self.number += 1
        head = struct.pack(">hhi", api, version, self.number) + string("corduroy-test")
        self.send_raw(struct.pack(">i", len(head) + len(body)) + head + body)
        return self.number

    def _receive(self, size):
        parts = b""
        while len(parts) < size:
            got = self.socket.recv(size - len(parts))
            if not got:
                raise Closed()
            parts += got
        return parts

    def receive(self, timeout_s=None):
        """The next answer as (correlation id, Reader); None when none comes in timeout_s."""
        if timeout_s is not None:
            old = self.socket.gettimeout()
            self.socket.settimeout(timeout_s)
        try:
            first = self.socket.recv(1, socket.MSG_PEEK)
        except socket.timeout:
            if timeout_s is None:
                raise
            return None
        finally:
            if timeout_s is not None:
                self.socket.settimeout(old)
        if not first:
            raise Closed()
        size, = struct.unpack(">i", self._receive(4))
        r = Reader(self._receive(size))
        return r.take("i"), r

    def is_closed_by_peer(self, timeout_s=20):
        """The broker closes this connection without another byte."""
        self.socket.settimeout(timeout_s)
        try:
            return self.socket.recv(1) == b""
        except ConnectionResetError:
            return True
        except socket.timeout:
            return False

    def call(self, api, version, body):
        number = self.send(api, version, body)
        got, r = self.receive()
        assert got == number, "answer %d to request %d" % (got, number)
        return r

    # ---- calls ----
    def api_versions(self, version=0):
        """{api: (first, last)}"""
        r = self.call(API_VERSIONS, version, b"")
        error = r.take("h")
        ranges = {k: (a, b) for k, a, b in r.list(lambda: r.take("hhh"))}
        return ranges if error == NONE else None

    def metadata(self, *topics):
        """({broker: port}, {topic: (error, {partition: (error, leader, replicas, isr)})})"""
        body = struct.pack(">i", len(topics)) + b"".join(map(string, topics)) + b"\0"
        r = self.call(METADATA, 4, body)
        r.take("i")

        def broker():
            id, _, port, _ = r.take("i"), r.string(), r.take("i"), r.string()
            return id, port

        def partition():
            error, id, leader = r.take("hii")
            replicas = r.list(lambda: r.take("i"))
            return id, (error, leader, replicas, r.list(lambda: r.take("i")))

        def topic():
            error, name, _ = r.take("h"), r.string(), r.take("b")
            return name, (error, dict(r.list(partition)))
        brokers = dict(r.list(broker))
        r.string()
        r.take("i")
        return brokers, dict(r.list(topic))

    def send_produce(self, topic, partition, records, acks=-1, timeout_ms=30000):
        body = string(None) + struct.pack(">hii", acks, timeout_ms, 1) + string(topic)
        body += struct.pack(">iii", 1, partition, len(records)) + records
        return self.send(PRODUCE, 7, body)

    def read_produced(self, timeout_s=None):
        """(correlation id, error, base offset) of the next Produce answer; None when none comes."""
        got = self.receive(timeout_s)
        if got is None:
            return None
        number, r = got
        found = r.list(lambda: (r.string(), r.list(lambda: r.take("ihqqq"))))
        _, error, base, _, _ = found[0][1][0]
        return number, error, base

    def produce(self, topic, partition, records, acks=-1, timeout_ms=30000):
        """(error, base offset)"""
        self.send_produce(topic, partition, records, acks, timeout_ms)
        return self.read_produced()[1:]

    def fetch(self, topic, partition, offset, max_wait_ms=500):
        """(error, high watermark, bytes of batches)"""
        body = struct.pack(">iiiibi", -1, max_wait_ms, 1, 1 << 20, 0, 1) + string(topic)
        body += struct.pack(">iiqi", 1, partition, offset, 1 << 20)
        r = self.call(FETCH, 4, body)
        r.take("i")

        def one():
            _, error, high, _ = r.take("ihqq")
            r.list(lambda: r.take("qq"))
            size = r.take("i")
            r.pos += max(size, 0)
            return error, high, r.bytes[r.pos - max(size, 0):r.pos]
        return r.list(lambda: (r.string(), r.list(one)))[0][1][0]

    def end_offset(self, topic, partition):
        body = struct.pack(">ibi", -1, 0, 1) + string(topic) + struct.pack(">iiq", 1, partition, -1)
        r = self.call(LIST_OFFSETS, 2, body)
        r.take("i")
        _, error, _, offset = r.list(lambda: (r.string(), r.list(lambda: r.take("ihqq"))))[0][1][0]
        return error, offset

    # ---- groups, committing by hand: no members ----
    def find_coordinator(self, group):
        """(error, broker)"""
        r = self.call(FIND_COORDINATOR, 1, string(group) + b"\0")
        r.take("i")
        error = r.take("h")
        r.string()
        return error, r.take("i")

    def send_commit(self, group, topic, partition, offset, metadata=""):
        body = string(group) + struct.pack(">i", -1) + string("") + struct.pack(">qi", -1, 1)
        body += string(topic) + struct.pack(">iiq", 1, partition, offset) + string(metadata)
        return self.send(OFFSET_COMMIT, 3, body)

    def commit(self, group, topic, partition, offset, metadata=""):
        """The error code."""
        self.send_commit(group, topic, partition, offset, metadata)
        r = self.receive()[1]
        r.take("i")
        return r.list(lambda: (r.string(), r.list(lambda: r.take("ih"))))[0][1][0][1]

    def committed(self, group, topic, partition):
        """(error, offset)"""
        body = string(group) + struct.pack(">i", 1) + string(topic)
        body += struct.pack(">ii", 1, partition)
        r = self.call(OFFSET_FETCH, 3, body)
        r.take("i")

        def one():
            _, offset = r.take("iq")
            r.string()
            return offset, r.take("h")
        topics = r.list(lambda: (r.string(), r.list(one)))
        error = r.take("h")
        if error != NONE:
            return error, -1
        offset, error = topics[0][1][0]
        return error, offset
