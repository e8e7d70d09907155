# SPDX-License-Identifier: Apache-2.0
"""Real brokers and a real ZooKeeper on 127.0.0.1, with a verb for everything that can happen to
them. A Cluster is a context manager: its folder is removed when the block ends well and kept, with
every log, when it does not."""
import json
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import tempfile

from kazoo.client import KazooClient
from kazoo.exceptions import NoNodeError

from wait import wait_for

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.join(TOP, os.environ.get("CORDUROY_BUILD", "build"))
BROKER = os.path.join(BUILD, "corduroy-broker")
# The command is a client; a sanitizer's build of it would only test librdkafka.
COMMAND = os.path.join(TOP, "build", "corduroy")
if not os.path.exists(COMMAND):
    COMMAND = os.path.join(BUILD, "corduroy")
ZOOKEEPER = os.path.join(TOP, "tests", "tools", "zookeeper")
SESSION_MS = 3000
ENSEMBLE_SPAN = 64  # ports that an ensemble of three may take


class Ports:
    """Free ports of a range that this process alone uses (CLUSTER_PORTS=FIRST-LAST)."""

    def __init__(self, text=None):
        first, last = (text or os.environ.get("CLUSTER_PORTS", "21000-21399")).split("-")
        self.first, self.last, self.given = int(first), int(last), set()

    @staticmethod
    def is_free(port):
        with socket.socket() as s:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                s.bind(("127.0.0.1", port))
                return True
            except OSError:
                return False

    def take(self, span=1):
        last = self.last - span + 1
        for _ in range(1000):
            at = random.randint(self.first, last)
            wanted = range(at, at + span)
            if self.given.isdisjoint(wanted) and all(self.is_free(p) for p in wanted):
                self.given.update(wanted)
                return at
        raise AssertionError("no free port in %d-%d" % (self.first, self.last))


class ZooKeeper:
    """One server or an ensemble, by tests/tools/zookeeper."""

    def __init__(self, folder, port, members):
        self.folder, self.port, self.members = folder, port, members
        self.connect = ",".join("127.0.0.1:%d" % (port + i) for i in range(members))

    def _do(self, *words):
        run = subprocess.run([ZOOKEEPER, words[0], self.folder, *map(str, words[1:])],
                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if run.returncode != 0:
            raise AssertionError("zookeeper %s: %s" % (" ".join(map(str, words)), run.stdout))
        return run.stdout

    def start(self):
        self._do("start", self.port, self.members)

    def stop(self):
        if os.path.exists(os.path.join(self.folder, "members")):
            self._do("stop")

    def kill9(self, member=1):
        self._do("kill", member)

    def restart(self, member=1):
        self._do("restart", member)

    def pause(self, member=1):
        self._do("pause", member)

    def resume(self, member=1):
        self._do("resume", member)


def at_a_terminal():
    """Ctrl-C and a hangup are heard there. A program whose parent ignores them, as a job in the
    background or below nohup does, would go on ignoring them."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


def below_nohup():
    at_a_terminal()
    signal.signal(signal.SIGHUP, signal.SIG_IGN)


class Node:
    """One broker process."""

    def __init__(self, cluster, id, shards=1, settings=None, environment=None, data=None,
                 folder=None):
        self.cluster, self.id, self.shards = cluster, id, shards
        self.folder = os.path.join(cluster.folder, folder or "broker-%d" % id)
        self.data = data or os.path.join(self.folder, "data")
        self.port = cluster.ports.take()
        self.cluster_port = cluster.ports.take()
        self.log = os.path.join(self.folder, "log")
        self.settings = settings or {}
        self.environment = environment or {}
        self.process = None
        os.makedirs(self.folder, exist_ok=True)
        self.configure()

    @property
    def address(self):
        return "127.0.0.1:%d" % self.port

    @property
    def file(self):
        return os.path.join(self.folder, "broker.properties")

    def configure(self, **more):
        self.settings.update(more)
        pairs = {
            "broker.id": self.id,
            "listeners": "PLAINTEXT://%s" % self.address,
            "corduroy.cluster.listener": "127.0.0.1:%d" % self.cluster_port,
            "corduroy.shards": self.shards,
            "corduroy.journal.bytes": 8 << 20,
            "zookeeper.connect": self.cluster.connect,
            "zookeeper.session.timeout.ms": SESSION_MS,
            "log.dirs": self.data,
            "offsets.topic.num.partitions": 6,
            "group.initial.rebalance.delay.ms": 0,
            "auto.create.topics.enable": "false",
        }
        pairs.update(self.cluster.settings)
        pairs.update(self.settings)
        with open(self.file, "w") as f:
            f.writelines("%s=%s\n" % pair for pair in pairs.items())

    # ---- verbs ----
    def start(self, where=at_a_terminal):
        assert not self.runs(), "broker %d runs already" % self.id
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen([BROKER, self.file], stdin=subprocess.DEVNULL,
                                            stdout=log, stderr=log, cwd=self.folder,
                                            preexec_fn=where,
                                            env={**os.environ, **self.environment})
        return self

    def runs(self):
        return self.process is not None and self.process.poll() is None

    def signal(self, number):
        assert self.runs(), "broker %d does not run\n%s" % (self.id, self.cluster.state())
        self.process.send_signal(number)

    def kill9(self):
        self.signal(signal.SIGKILL)
        self.process.wait()

    def stop(self):
        self.signal(signal.SIGSTOP)

    def cont(self):
        self.signal(signal.SIGCONT)

    def terminate(self, deadline_s=60):
        """A controlled stop, to its end; it must end well."""
        self.signal(signal.SIGTERM)
        self.wait_end(deadline_s)
        if self.process.returncode != 0:
            raise AssertionError("broker %d ended with %d\n%s" %
                                 (self.id, self.process.returncode, self.cluster.state()))

    def wait_end(self, deadline_s=60):
        try:
            self.process.wait(deadline_s)
        except subprocess.TimeoutExpired:
            raise AssertionError("broker %d does not end\n%s" % (self.id, self.cluster.state()))

    def restart(self):
        self.terminate()
        return self.start()

    # ---- what it says ----
    def lines(self):
        try:
            with open(self.log, errors="replace") as f:
                return f.read().splitlines()
        except FileNotFoundError:
            return []

    def says(self, pattern):
        return any(re.search(pattern, line) for line in self.lines())

    def answers(self):
        """A client can connect and is answered (ApiVersions)."""
        from kafka import Connection
        with Connection(self.port, timeout_s=2) as c:
            return bool(c.api_versions())

    def resident_kib(self):
        with open("/proc/%d/status" % self.process.pid) as f:
            return int([x for x in f if x.startswith("VmRSS")][0].split()[1])

    def crossed(self):
        """Requests that crossed shards, as told at every clean stop."""
        return sum(int(m.group(1)) for m in
                   (re.search(r"stopped; (\d+) requests crossed", x) for x in self.lines()) if m)

    def describe(self):
        end = "runs" if self.runs() else "never ran" if self.process is None else \
            "ended with %s" % self.process.returncode
        tail = "\n".join("      " + x[:240] for x in self.lines()[-12:])
        return "  broker %d, port %d, %d shards: %s\n%s" % (self.id, self.port, self.shards, end,
                                                            tail)


class Cluster:
    def __init__(self, brokers=3, zookeepers=1, shards=(1, 2, 3), settings=None, chroot="",
                 start=True, name="cluster"):
        self.folder = tempfile.mkdtemp(prefix="corduroy-%s-" % name,
                                       dir=os.environ.get("CLUSTER_DIR"))
        self.ports = Ports()
        self.settings = settings or {}
        span = ENSEMBLE_SPAN if zookeepers > 1 else 1
        self.zookeeper = ZooKeeper(os.path.join(self.folder, "zookeeper"), self.ports.take(span),
                                   zookeepers)
        self.chroot = chroot
        self.connect = self.zookeeper.connect + chroot
        self.nodes = {i + 1: Node(self, i + 1, shards[i % len(shards)]) for i in range(brokers)}
        self.started = start
        self._zk = None
        self.loads = []

    def __enter__(self):
        self.zookeeper.start()
        if self.started:
            self.start()
        return self

    def start(self):
        for n in self.nodes.values():
            n.start()
        self.wait_up()
        return self

    def __exit__(self, kind, wrong, trace):
        wrong_lines = self.complaints() if kind is None else []
        failed = kind is not None or wrong_lines
        state = self.state() if failed else ""
        for load in self.loads:
            load.kill()
        if self._zk is not None:
            self._zk.stop()
            self._zk.close()
        for n in self.nodes.values():
            if n.runs():
                n.process.send_signal(signal.SIGCONT)
                n.process.kill()
                n.process.wait()
        self.zookeeper.stop()
        if not failed:
            shutil.rmtree(self.folder, ignore_errors=True)
            return False
        print(state)
        print("kept: %s" % self.folder)
        if wrong_lines:
            raise AssertionError("a broker complains: %s" % "\n".join(wrong_lines[:5]))
        return False

    def complaints(self):
        """What an assertion or a sanitizer said, also of processes that were killed later."""
        return ["broker %d: %s" % (n.id, x) for n in self.nodes.values() for x in n.lines()
                if re.search(r"Sanitizer|runtime error:|(condition|invariant|impossible) failed:", x)]

    # ---- ZooKeeper's view ----
    @property
    def zk(self):
        if self._zk is None:
            self._zk = KazooClient(self.connect, timeout=20)
            self._zk.start(30)
        return self._zk

    def znode(self, path):
        """The JSON of a znode, or None when there is no such node."""
        try:
            data, _ = self.zk.retry(self.zk.get, path)
            return json.loads(data) if data else {}
        except NoNodeError:
            return None

    def children(self, path):
        try:
            return sorted(self.zk.retry(self.zk.get_children, path))
        except NoNodeError:
            return []

    def controller(self):
        """The node that /controller names, or None."""
        found = self.znode("/controller")
        return self.nodes.get(found["brokerid"]) if found else None

    def assignment(self, topic):
        found = self.znode("/brokers/topics/%s" % topic)
        return {int(k): v for k, v in found["partitions"].items()} if found else None

    def partition(self, topic, number):
        return self.znode("/brokers/topics/%s/partitions/%d/state" % (topic, number))

    def partitions(self, topic):
        return {p: self.partition(topic, p) for p in self.assignment(topic) or {}}

    def leader(self, topic, number=0):
        found = self.partition(topic, number)
        return self.nodes.get(found["leader"]) if found else None

    def in_sync(self, topic):
        """Every replica of every partition is in the ISR and every partition has a leader."""
        wanted = self.assignment(topic)
        if not wanted:
            return False
        for p, replicas in wanted.items():
            s = self.partition(topic, p)
            if not s or s["leader"] < 0 or sorted(s["isr"]) != sorted(replicas):
                return False
        return True

    # ---- waiting ----
    def wait_for(self, what, condition, deadline_s=90):
        return wait_for(what, condition, deadline_s, self.state)

    def wait_up(self, nodes=None):
        """These brokers answer clients and a controller is known."""
        for n in nodes or self.nodes.values():
            def up(n=n):
                if not n.runs():
                    return True
                return n.answers()
            self.wait_for("broker %d to answer" % n.id, up)
            assert n.runs(), "broker %d ended\n%s" % (n.id, self.state())
        self.wait_for("a controller", self.controller)

    def wait_in_sync(self, topic, deadline_s=90):
        self.wait_for("every replica of %s to be in sync" % topic,
                      lambda: self.in_sync(topic), deadline_s)

    # ---- the command ----
    @property
    def bootstrap(self):
        return ",".join(n.address for n in self.nodes.values())

    def command(self, *words, check=True, timeout_s=90):
        run = subprocess.run([COMMAND, "--bootstrap-server", self.bootstrap, *map(str, words)],
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                             timeout=timeout_s)
        if check and run.returncode != 0:
            raise AssertionError("corduroy %s: %s%s\n%s" % (" ".join(map(str, words)), run.stdout,
                                                            run.stderr, self.state()))
        return run.stdout

    def create_topic(self, name, partitions=3, replicas=3, **config):
        words = [x for k, v in config.items() for x in ("--config", "%s=%s" % (k, v))]

        def made():
            self.command("topic", "create", name, "--partitions", partitions, "--replicas",
                         replicas, *words)
            return True
        self.wait_for("%d brokers in the cluster" % replicas,
                      lambda: len(json.loads(self.command("--json", "cluster"))["brokers"])
                      >= replicas)
        made()
        self.wait_in_sync(name)

    # ---- telling ----
    def state(self):
        lines = ["---- %s" % self.folder]
        try:
            lines.append("  /controller %s /brokers/ids %s" %
                         (self.znode("/controller"), self.children("/brokers/ids")))
            for t in self.children("/brokers/topics"):
                if not t.startswith("__"):
                    lines.append("  %s %s" % (t, json.dumps(self.partitions(t))))
        except Exception as wrong:
            lines.append("  ZooKeeper: %r" % wrong)
        lines += [n.describe() for n in self.nodes.values()]
        return "\n".join(lines)
