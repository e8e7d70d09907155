# SPDX-License-Identifier: Apache-2.0
"""Wrong bytes from clients and wrong circumstances at a start: the right error or a clear message,
and nobody else is disturbed."""
import contextlib
import fcntl
import hashlib
import os
import random
import re
import shutil
import socket
import struct
import subprocess

from cases import case
from cluster import BROKER, Cluster, Node
from kafka import (CORRUPT_MESSAGE, MESSAGE_TOO_LARGE, NONE, PRODUCE, UNSUPPORTED_FOR_MESSAGE_FORMAT,
                   UNSUPPORTED_VERSION, Closed, Connection, batch, crc32c, message_set, string)
from load import Load
from under_load import stop_cleanly, under_load

TOO_LARGE = batch([b"x" * (2 << 20)])


@case
def bad_frames():
    """Truncated, oversized, negative and random frames, unknown APIs and versions: the connection
    closes, others go on, memory does not grow."""
    with Cluster(name="bad-frames") as c:
        c.create_topic("load")
        load = Load(c, "load", rate=100)
        load.wait_more(50)
        for n in c.nodes.values():
            expect_closed(n, struct.pack(">i", 0x7fffffff) + b"x" * 100, "an oversized frame")
            expect_closed(n, struct.pack(">i", -5) + b"x" * 100, "a negative size")
            expect_closed(n, struct.pack(">i", 3) + b"abc", "a frame without a header")
            expect_closed(n, b"GET / HTTP/1.1\r\n\r\n", "another protocol")
            expect_closed(n, frame(999, 0, b""), "an unknown API")
            expect_closed(n, frame(PRODUCE, 99, b""), "an unknown version")
            assert n.says("the connection is closed"), n.describe()
            truncated(n)
            unsupported_api_versions(n)
        floods(c, load)
        load.wait_more_everywhere()
        load.finish()
        for n in c.nodes.values():
            assert n.runs() and n.answers(), c.state()
        stop_cleanly(c)


def frame(api, version, body):
    head = struct.pack(">hhi", api, version, 7) + string("bad")
    return struct.pack(">i", len(head) + len(body)) + head + body


def expect_closed(node, bytes, what):
    with Connection(node.port) as k:
        k.send_raw(bytes)
        assert k.is_closed_by_peer(), "%s: the connection stays open" % what


def truncated(node):
    """Half a frame and an end; every prefix of a valid request as a frame of its own."""
    whole = frame(PRODUCE, 7, string(None) + struct.pack(">hii", -1, 1000, 1) + string("load") +
                  struct.pack(">iii", 1, 0, 80) + batch([b"x" * 12])[:80])
    with Connection(node.port) as k:
        k.send_raw(whole[:len(whole) // 2])
    for size in range(8, len(whole) - 80, 5):
        with contextlib.suppress(Closed, OSError), Connection(node.port, 20) as k:
            k.send_raw(struct.pack(">i", size - 4) + whole[4:size])
            k.receive()


def unsupported_api_versions(node):
    """ApiVersions in a version that is not known is answered in version 0 with what is known."""
    with Connection(node.port) as k:
        k.send_raw(frame(18, 77, b"\0\0\0"))
        _, r = k.receive()
        assert r.take("h") == UNSUPPORTED_VERSION
        ranges = {key: (a, b) for key, a, b in r.list(lambda: r.take("hhh"))}
        assert ranges[18][0] == 0, ranges
        assert k.api_versions(), "the connection goes on"


def floods(c, load):
    """Many connections with random bytes, and clients that announce much and send nothing, or ask and
    read no answer: while they stay, others are served, and memory does not grow."""
    random.seed(1)
    node = c.nodes[1]
    odd_clients(node, load)
    before = node.resident_kib()
    for _ in range(3):
        odd_clients(node, load)
    after = node.resident_kib()
    print("NOTE resident memory %d KiB before, %d KiB after" % (before, after))
    assert after < before + 16 * 1024, (before, after)


def odd_clients(node, load):
    with contextlib.ExitStack() as stay:
        for i in range(300):
            with contextlib.suppress(OSError), Connection(node.port) as k:
                k.send_raw(random.randbytes(random.randint(1, 3000)))
            if i % 3 == 0:
                k = stay.enter_context(Connection(node.port))
                k.send_raw(struct.pack(">i", 50 << 20))  # allowed, and never sent
            if i % 30 == 0:
                k = stay.enter_context(Connection(node.port))
                for _ in range(1000):  # Metadata, and no answer is ever read
                    k.send_raw(frame(3, 1, struct.pack(">i", -1)))
        load.wait_more_everywhere()


OPEN, CHALLENGE, REFUSED = 1, 2, 5


def cluster_frame(kind, body, announced=None):
    """A frame of the handshake between brokers (proto/cluster/README.md)."""
    head = struct.pack(">BBH", kind, 0, 0)
    size = len(body) + 8 if announced is None else announced
    return struct.pack(">I", size) + head + struct.pack(">I", crc32c(head + body)) + body


def opening(c, broker, purpose=1, cluster=None, shard=0, of=77):
    """The OPEN frame of a broker that there is not."""
    body = b"CDRY" + struct.pack(">HHB3xIiiQI", 2, 2, purpose, shard, broker, of, 99, 1)
    name = cluster or c.znode("/cluster/id")["id"]
    return cluster_frame(OPEN, body + hashlib.sha256(name.encode()).digest() + bytes(16))


def said_once(node, harm, *patterns):
    """What harm does is told in one line, with each of these."""
    def said():
        return [x for x in node.lines()[before:] if all(re.search(p, x) for p in patterns)]
    before = len(node.lines())
    harm()
    node.cluster.wait_for("broker %d to say %s" % (node.id, patterns), said)
    assert len(said()) == 1, said()


@case
def bad_cluster_frames():
    """Wrong bytes where brokers listen for each other: the connection closes with one line, lines are
    limited, what strangers announce takes no memory, and replication goes on."""
    with Cluster(name="bad-cluster-frames", start=False) as c:
        secret = os.path.join(c.folder, "secret")
        with open(secret, "w") as f:
            f.write("a secret of the brokers\n")
        for n in c.nodes.values():
            n.configure(**{"corduroy.cluster.secret.file": secret})
        c.start()
        c.create_topic("load")
        load = Load(c, "load", rate=100)
        load.wait_more(50)
        node = c.nodes[2]
        port = node.cluster_port
        for bytes in (b"GET / HTTP/1.1\r\nHost: broker\r\n\r\n" * 4, b"\xff" * 200,
                      cluster_frame(OPEN, b"CDRY" + b"\0" * 80), cluster_frame(CHALLENGE, b"\0" * 84)):
            said_once(node, lambda: expect_refused(port, bytes), "no broker opens with", "127.0.0.1:")
        said_once(node, lambda: expect_refused(port, opening(c, 2, cluster="another")), "another cluster")
        said_once(node, lambda: expect_refused(port, opening(c, 3)), "broker 77", "another broker")
        with Connection(port):
            pass  # who only looks whether somebody listens is not told of
        strangers(c, load, node, port)
        load.wait_more_everywhere()
        load.finish()
        for n in c.nodes.values():
            assert n.runs() and n.answers(), c.state()
        stop_cleanly(c)


def expect_refused(port, bytes):
    with Connection(port) as k:
        k.send_raw(bytes)
        with contextlib.suppress(ConnectionResetError):
            answer = k.socket.recv(1000)
            assert not answer or answer[4] == REFUSED, answer


def strangers(c, load, node, port):
    """They have no secret: after OPEN and CHALLENGE they announce 60 MiB, and send some of it."""
    before, lines = node.resident_kib(), len(node.lines())
    for purpose in (1, 2, 3):
        for _ in range(20):
            with Connection(port) as k:
                k.send_raw(opening(c, node.id, purpose))
                challenge = k.socket.recv(48, socket.MSG_WAITALL)
                assert len(challenge) == 48 and challenge[4] == CHALLENGE, challenge
                with contextlib.suppress(OSError):
                    k.send_raw(cluster_frame(3, b"", announced=60 << 20) + bytes(2 << 20))
                    while k.socket.recv(1000):
                        pass
    after = node.resident_kib()
    assert after < before + 16 * 1024, (before, after)
    assert len(node.lines()) - lines <= 40, node.lines()[lines:]
    load.wait_more_everywhere()


@case
def bad_batches():
    """A wrong checksum, old formats, a wrong count, an illegal topic name: the protocol's errors, and
    nothing is written, others go on, memory does not grow."""
    with Cluster(name="bad-batches") as c:
        c.create_topic("load", partitions=1)
        c.create_topic("others", partitions=3)
        others = Load(c, "others", rate=100)
        leader = c.leader("load")
        with Connection(leader.port) as k:
            produce_bad_batches(k)
            before = leader.resident_kib()
            for _ in range(30):
                produce_bad_batches(k)
            after = leader.resident_kib()
            assert after < before + 16 * 1024, (before, after)
            others.wait_more_everywhere()
            others.finish()
            assert k.end_offset("load", 0) == (NONE, 0)
            assert k.produce("load", 0, batch([b"good"])) == (NONE, 0)
        run = subprocess.run(["kcat", "-b", c.bootstrap, "-C", "-t", "load", "-o", "beginning",
                              "-e", "-q"], stdout=subprocess.PIPE, timeout=60)
        assert run.stdout == b"good\n", run.stdout


def produce_bad_batches(k):
    assert k.produce("load", 0, batch([b"a"], spoil_crc=True))[0] == CORRUPT_MESSAGE
    for magic in (0, 1):
        error = k.produce("load", 0, message_set(b"old", magic))[0]
        assert error == UNSUPPORTED_FOR_MESSAGE_FORMAT, (magic, error)
    for bytes in (b"", b"short", batch([b"a"])[:-3], batch([b"a"]) + b"more"):
        assert k.produce("load", 0, bytes)[0] != NONE, bytes
    assert k.produce("load", 7, batch([b"a"]))[0] == 3  # UNKNOWN_TOPIC_OR_PARTITION
    assert k.produce("no/such", 0, batch([b"a"]))[0] in (3, 17)
    assert k.produce("load", 0, TOO_LARGE)[0] == MESSAGE_TOO_LARGE


def refuses(cluster, node, *patterns):
    """The broker ends with 1 and its last line says each of these."""
    node.start()
    node.wait_end()
    last = node.lines()[-1] if node.lines() else ""
    assert node.process.returncode == 1, node.describe()
    for p in patterns:
        assert node.says(p), "\"%s\" is not said\n%s" % (p, node.describe())
    print("refusal: %s" % last)


@case
def refused_starts():
    """A port or folder in use, an id that is taken, another cluster's folder, a wiped ZooKeeper, a
    folder that cannot be written: the broker does not start and says why."""
    with Cluster(name="refused", brokers=2, shards=[1]) as c:
        c.create_topic("load", replicas=2)
        with Connection(c.leader("load").port) as k:
            assert k.produce("load", 0, batch([b"data"])) == (NONE, 0)
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            s.listen()
            n = Node(c, 5)
            n.configure(listeners="PLAINTEXT://127.0.0.1:%d" % s.getsockname()[1])
            refuses(c, n, r"cannot listen on 127.0.0.1:%d" % s.getsockname()[1], "in use")
        refuses(c, Node(c, 6, data=c.nodes[1].data), "in use|locked|lock")
        used_by_kafka(c)
        refuses(c, Node(c, 1, folder="twin"), "broker id 1", re.escape(c.nodes[1].address))
        other_cluster(c)
        of_kafka(c)
        unwritable(c)
        for n in c.nodes.values():
            assert n.runs() and n.answers(), c.state()
        stop_cleanly(c)
        copied(c)
        wiped(c)


def used_by_kafka(c):
    """Java's FileChannel.lock, as Kafka takes it on .lock, is a POSIX record lock."""
    n = Node(c, 11)
    os.makedirs(n.data)
    with open(os.path.join(n.data, ".lock"), "w") as held:
        fcntl.lockf(held, fcntl.LOCK_EX)
        refuses(c, n, re.escape(n.data), "in use|locked|lock")
    assert sorted(os.listdir(n.data)) == [".lock"], os.listdir(n.data)


def other_cluster(c):
    n = Node(c, 7)
    os.makedirs(n.data)
    with open(os.path.join(n.data, "meta.properties"), "w") as f:
        f.write("version=0\nbroker.id=7\ncluster.id=AAAAAAAAAAAAAAAAAAAAAB\n")
    refuses(c, n, "AAAAAAAAAAAAAAAAAAAAAB")
    n = Node(c, 8)
    os.makedirs(n.data)
    with open(os.path.join(n.data, "meta.properties"), "w") as f:
        f.write("version=0\nbroker.id=9\ncluster.id=%s\n" % c.znode("/cluster/id")["id"])
    refuses(c, n, "broker.id 9", "broker.id=9")


def of_kafka(c):
    """A directory with a stopped Kafka broker's partitions is left as it is."""
    n = Node(c, 12)
    shutil.copytree(os.path.join(c.nodes[1].data, "load-0"), os.path.join(n.data, "load-0"))
    meta = "version=0\nbroker.id=12\ncluster.id=%s\n" % c.znode("/cluster/id")["id"]
    with open(os.path.join(n.data, "meta.properties"), "w") as f:
        f.write(meta)
    refuses(c, n, "partitions of a Kafka broker", "empty directory")
    with open(os.path.join(n.data, "meta.properties")) as f:
        assert f.read() == meta
    assert sorted(os.listdir(n.data)) == [".lock", "load-0", "meta.properties"], os.listdir(n.data)


def unwritable(c):
    """A folder below a plain file, and one on a disk mounted read-only."""
    plain = os.path.join(c.folder, "plain")
    open(plain, "w").close()
    refuses(c, Node(c, 9, data=os.path.join(plain, "data")), "plain/data")
    at = os.path.join(c.folder, "read-only")
    os.makedirs(at)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m,ro", "tmpfs", at], check=True)
    try:
        refuses(c, Node(c, 10, data=at), "read-only", "Read-only file system")
    finally:
        subprocess.run(["umount", at], check=True)


def copied(c):
    """A partition's folder that stands in two data directories, whichever is the older one."""
    n = c.nodes[1]
    other = os.path.join(n.folder, "other")
    shutil.copytree(os.path.join(n.data, "load-0"), os.path.join(other, "load-0"))
    n.configure(**{"log.dirs": "%s,%s" % (n.data, other)})
    refuses(c, n, "%s/load-0 and %s/load-0 are copies" % (n.data, other))
    n.configure(**{"log.dirs": n.data})


def wiped(c):
    """ZooKeeper has lost everything, the brokers have data."""
    for path in ("/cluster", "/brokers", "/controller_epoch", "/corduroy"):
        if c.zk.exists(path):
            c.zk.delete(path, recursive=True)
    refuses(c, c.nodes[1], "ZooKeeper was wiped")


@case
def bad_files():
    """A properties file with a bad value, no id, a typo: named before anything starts."""
    with Cluster(name="bad-files", brokers=1, start=False) as c:
        n = c.nodes[1]
        for settings, pattern in (({"num.partitions": "many"}, 'num.partitions: "many"'),
                                  ({"message.max.bytes": 1 << 30}, "message.max.bytes"),
                                  ({"sasl.enabled.mechanisms": "PLAIN"}, "SASL is not available"),
                                  ({"broker.id": "x"}, "broker.id")):
            n.settings = {}
            n.configure(**settings)
            run = check(n)
            assert run.returncode == 1 and pattern in run.stderr, (settings, run)
        n.settings = {}
        n.configure(**{"log.retention.hour": 5})
        run = check(n)
        assert run.returncode == 0 and "log.retention.hours" in run.stderr, run
        run = subprocess.run([BROKER, os.path.join(c.folder, "none.properties")],
                             stderr=subprocess.PIPE, text=True, timeout=30)
        assert run.returncode == 1 and "none.properties" in run.stderr, run


def check(node):
    return subprocess.run([BROKER, "--check", node.file], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, timeout=30)


@case
def full_disk():
    """A disk without room: writes are refused with an error, nothing is lost, the broker lives, and
    deleting a topic is still possible."""
    with Cluster(name="full-disk", start=False) as c:
        mount = SmallDisk(c)
        with mount:
            for n in c.nodes.values():
                n.configure(**{"log.dirs": mount.path(n), "corduroy.disk.reserve.bytes": 8 << 20,
                               "corduroy.journal.bytes": 1 << 20})
                n.data = mount.path(n)
            c.start()
            c.create_topic("load", partitions=1)
            good = fill(c)
            print("NOTE %d KiB written before the refusal" % (good * 100))
            for n in c.nodes.values():
                assert n.runs() and n.answers(), c.state()
            with Connection(c.leader("load").port) as k:
                assert k.end_offset("load", 0) == (NONE, good), (k.end_offset("load", 0), good)
            c.command("topic", "delete", "load")
            for n in c.nodes.values():
                n.terminate()


def fill(c):
    """Writes 100 KiB records until one is refused; how many were written."""
    good = 0
    for _ in range(2000):
        with Connection(c.leader("load").port, 60) as k:
            error, base = k.produce("load", 0, batch([b"x" * 102400]), timeout_ms=5000)
        if error == NONE:
            assert base == good, (base, good)
            good += 1
        elif error != 6:  # NOT_LEADER: leadership has just moved
            return good
    raise AssertionError("no write was refused")


class SmallDisk:
    """48 MiB for each broker: a tmpfs where we may mount one; else the case is skipped by name."""

    def __init__(self, cluster):
        self.cluster, self.mounted = cluster, []

    def path(self, node):
        return os.path.join(self.cluster.folder, "disk-%d" % node.id, "data")

    def __enter__(self):
        for n in self.cluster.nodes.values():
            at = os.path.dirname(self.path(n))
            os.makedirs(at)
            subprocess.run(["mount", "-t", "tmpfs", "-o", "size=48m", "tmpfs", at], check=True)
            self.mounted.append(at)
        return self

    def __exit__(self, *_):
        for n in self.cluster.nodes.values():
            if n.runs():
                n.kill9()
        for at in self.mounted:
            subprocess.run(["umount", at], check=True)


def tear_segment(data):
    """Cuts the newest segment of every partition of "load" in the middle of a batch."""
    cut = 0
    for name in sorted(os.listdir(data)):
        if name.startswith("load-"):
            folder = os.path.join(data, name)
            path = os.path.join(folder, sorted(x for x in os.listdir(folder)
                                               if x.endswith(".log"))[-1])
            size = os.path.getsize(path)
            if size > 1000:
                os.truncate(path, size // 2)
                cut += 1
    assert cut > 0, os.listdir(data)


def damage_journal(data):
    """Flips a bit in the first entry of a round that many later ones declare durable."""
    rounds = []
    for name in ("corduroy-journal-0", "corduroy-journal-1"):
        with open(os.path.join(data, name), "rb") as f:
            bytes = f.read()
        rounds += [(struct.unpack_from(">Q", bytes, pos + 24)[0], name, pos)
                   for pos in range(0, len(bytes), 4096) if bytes[pos:pos + 4] == b"CDJR"]
    _, name, pos = sorted(rounds)[-20]
    with open(os.path.join(data, name), "r+b") as f:
        f.seek(pos + 60)
        byte = f.read(1)
        f.seek(pos + 60)
        f.write(struct.pack("B", byte[0] ^ 0x40))


def all_partitions(c, without):
    return all(without not in s["isr"] and s["leader"] >= 0
               for s in c.partitions("load").values())


@case
def damaged_files():
    """A torn segment, a damaged journal, checkpoints that cannot be read: the broker gets good copies
    again or does not start and names the file; the others go on, and nothing acknowledged is lost."""
    with under_load("damaged-files") as (c, load):
        n = c.nodes[2]
        for stop, harm, said in ((n.kill9, tear_segment, "the last stop was not clean"),
                                 (n.terminate, tear_segment, "load-. is suspect: .*"),
                                 (n.kill9, damage_journal, "load-. is suspect: its end was ")):
            stop()
            c.wait_for("broker 2 to be out of every ISR", lambda: all_partitions(c, 2))
            before = len(n.lines())
            harm(n.data)
            n.start()
            c.wait_up([n])
            assert any(re.search(said, x) for x in n.lines()[before:]), c.state()
            c.wait_in_sync("load")
            load.wait_more_everywhere()
        n.kill9()
        c.wait_for("broker 2 to be out of every ISR", lambda: all_partitions(c, 2))
        for name in ("replication-offset-checkpoint", "recovery-point-offset-checkpoint",
                     "log-start-offset-checkpoint", "meta.properties"):
            path = os.path.join(n.data, name)
            with open(path, "rb") as f:
                good = f.read()
            with open(path, "wb") as f:
                f.write(b"\xff garbage\n")
            refuses(c, n, re.escape(name))
            load.wait_more_everywhere()
            with open(path, "wb") as f:
                f.write(good)
        n.start()
        c.wait_up([n])
        c.wait_in_sync("load")
