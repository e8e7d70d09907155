# SPDX-License-Identifier: Apache-2.0
"""Two clusters that are asked the same: a real Kafka and Corduroy. What differs by nature (ports,
random ids, the time) is given the same name on both sides before answers are compared."""
import os
import re
import socket
import struct
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(os.path.dirname(HERE)))
sys.path.insert(0, os.path.join(TOP, "tests", "cluster"))

import batches  # noqa: E402
import wire  # noqa: E402
from cluster import ZooKeeper  # noqa: E402

SETTINGS = {
    "offsets.topic.num.partitions": 3, "offsets.topic.replication.factor": 1,
    "default.replication.factor": 1, "min.insync.replicas": 1, "num.partitions": 2,
    "group.initial.rebalance.delay.ms": 0, "auto.create.topics.enable": "true",
    "group.min.session.timeout.ms": 1000, "offset.metadata.max.bytes": 64,
    "group.max.size": 5, "message.max.bytes": 100000, "zookeeper.session.timeout.ms": 6000,
}
JAVA = ["java", "-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1",
        "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
        "-Dorg.slf4j.simpleLogger.showDateTime=true"]
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
NO_UUID = "00000000-0000-0000-0000-000000000000"
HOUR_MS = 3600000
TOPIC_KEYS = ("Name", "Topic", "TopicId", "PartitionIndex", "Partition", "Index", "MemberId",
              "GroupId", "NodeId", "BrokerId", "ApiKey", "ProtocolName", "Key")


def class_path(folder):
    path = os.path.join(folder, "kafka-classpath")
    pom = os.path.join(TOP, "tests", "clients", "dump", "pom.xml")
    if not os.path.exists(path):
        done = subprocess.run(["mvn", "-q", "-B", "-ntp", "-f", pom, "dependency:build-classpath",
                               "-Dmdep.outputFile=" + path], text=True, capture_output=True)
        assert done.returncode == 0, done.stdout[-3000:]
    with open(path) as f:
        return f.read().strip()


class KafkaNode:
    """One broker of the real thing."""

    def __init__(self, folder, id, port, connect, jars):
        self.id, self.port, self.jars = id, port, jars
        self.folder = os.path.join(folder, "kafka-%d" % id)
        os.makedirs(self.folder)
        pairs = {"broker.id": id, "listeners": "PLAINTEXT://127.0.0.1:%d" % port,
                 "zookeeper.connect": connect, "log.dirs": os.path.join(self.folder, "data"),
                 "num.io.threads": 4, "num.network.threads": 2, "log.cleaner.enable": "false",
                 **SETTINGS}
        with open(os.path.join(self.folder, "server.properties"), "w") as f:
            f.writelines("%s=%s\n" % pair for pair in pairs.items())
        self.process = None

    def start(self):
        with open(os.path.join(self.folder, "log"), "ab") as log:
            self.process = subprocess.Popen(
                [*JAVA, "-cp", self.jars, "kafka.Kafka",
                 os.path.join(self.folder, "server.properties")],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.folder)

    def kill9(self):
        self.process.kill()
        self.process.wait()

    def terminate(self):
        self.process.terminate()
        self.process.wait(60)


class KafkaCluster:
    def __init__(self, folder, ports, brokers, jars):
        self.zookeeper = ZooKeeper(os.path.join(folder, "kafka-zookeeper"), ports.take(), 1)
        self.nodes = {i + 1: KafkaNode(folder, i + 1, ports.take(), self.zookeeper.connect, jars)
                      for i in range(brokers)}

    def __enter__(self):
        self.zookeeper.start()
        for node in self.nodes.values():
            node.start()
        return self

    def __exit__(self, *_):
        for node in self.nodes.values():
            if node.process is not None and node.process.poll() is None:
                node.kill9()
        self.zookeeper.stop()


class Gone(Exception):
    """The broker closed the connection."""


class Connection:
    """One connection; answers come back as plain dictionaries."""

    def __init__(self, side, port):
        self.side, self.number = side, 0
        self.socket = socket.create_connection(("127.0.0.1", port), 60)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def close(self):
        self.socket.close()

    def send(self, api, version, body, **how):
        self.number += 1
        self.socket.sendall(wire.request(api, version, body, self.number, **how))
        return api, version, self.number

    def take(self, size):
        out = b""
        while len(out) < size:
            try:
                got = self.socket.recv(size - len(out))
            except ConnectionResetError:
                got = b""
            if not got:
                raise Gone()
            out += got
        return out

    def receive(self, sent, timeout_s=60, as_version=None):
        api, version, number = sent
        self.socket.settimeout(timeout_s)
        frame = self.take(struct.unpack(">i", self.take(4))[0])
        got, out = wire.answer(api, version if as_version is None else as_version, frame)
        assert got == number, "answer %d to request %d" % (got, number)
        return out

    def call(self, api, version, body, **how):
        return self.receive(self.send(api, version, body), **how)


class Side:
    """One of the two clusters, and what it said in one case."""

    def __init__(self, name, nodes):
        self.name, self.nodes = name, nodes
        self.ports = {id: node.port for id, node in nodes.items()}
        self.names, self.counts, self.said = {}, {}, []
        self.connections = {}
        self.controller = None
        self.epoch = None  # a leader epoch that is called "current"

    def fresh(self):
        """The same cluster for another case."""
        other = Side(self.name, self.nodes)
        other.controller = self.controller
        return other

    def close(self):
        for c in self.connections.values():
            c.close()

    # ---- asking ----
    def connect(self, broker=1):
        return Connection(self, self.ports[broker])

    def connection(self, broker=1):
        if broker not in self.connections:
            self.connections[broker] = self.connect(broker)
        return self.connections[broker]

    def raw(self, api, version, body, broker=1, **how):
        """The answer, as it is; a connection that the broker closes is opened anew next time."""
        try:
            return self.connection(broker).call(api, version, body, **how)
        except Gone:
            self.connections.pop(broker).close()
            return "closed"
        except socket.timeout:
            self.connections.pop(broker).close()
            return "no answer"

    def ask(self, label, api, version, body, broker=1, **how):
        """Asks, notes the answer for the comparison, returns it as it is."""
        got = self.raw(api, version, body, broker, **how)
        self.say("%s v%d: %s" % (api, version, label), got)
        return got

    def each(self, label, api, body, versions=None, **how):
        """The same question in every version; body may be a function of the version."""
        for v in versions or wire.versions(api):
            self.ask(label, api, v, body(v) if callable(body) else body, **how)

    def say(self, label, what):
        self.said.append((label, self.plain(what)))

    # ---- the same name for what differs by nature ----
    def count(self, kind, value):
        key = (kind, value)
        if key not in self.names:
            self.counts[kind] = self.counts.get(kind, 0) + 1
            self.names[key] = "%s %d" % (kind, self.counts[kind])
        return self.names[key]

    def call_it(self, value, name):
        self.names["uuid", value] = name

    def plain(self, x, field=None):
        if isinstance(x, dict):
            return {k: self.plain(v, k) for k, v in x.items() if k != "ThrottleTimeMs"}
        if isinstance(x, tuple):
            return tuple(self.plain(v) for v in x)
        if isinstance(x, list):
            out = [self.plain(v, field) for v in x]
            return sorted(out, key=sort_key) if field != "Responses" else out
        if isinstance(x, bytes) and field == "Records":
            return [self.plain(b) for b in batches.tell(x)]
        if isinstance(x, bytes):
            return x.hex()
        if isinstance(x, str):
            return self.plain_text(x, field)
        if isinstance(x, bool) or not isinstance(x, int):
            return x
        if field in ("Port",) and x in self.ports.values():
            return "port of %d" % next(k for k, v in self.ports.items() if v == x)
        if field in ("LeaderEpoch", "Epoch") and x == self.epoch:
            return "current"
        if field == "ControllerId" and x in self.ports:
            return "a broker"
        if field == "ProducerId" and x >= 0:
            return self.count("producer", x)
        if field and ("imestamp" in field or field == "LogAppendTimeMs"):
            hours = round((x - time.time() * 1000) / HOUR_MS)
            if abs(hours) < 10000:
                return "about now, %+d hours" % hours if hours else "about now"
        return x

    def plain_text(self, x, field):
        if field in ("ErrorMessage", "BatchIndexErrorMessage"):
            return "a text"
        if field == "ClusterId":
            return "a cluster"

        def one(m):
            if m.group() == NO_UUID:
                return m.group()
            return self.names.get(("uuid", m.group())) or self.count("uuid", m.group())
        return UUID.sub(one, x)


def sort_key(x):
    if isinstance(x, dict):
        return str([x.get(k) for k in TOPIC_KEYS]) + str(sorted(x.items(), key=str))
    return str(x)
