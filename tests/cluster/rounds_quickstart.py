# SPDX-License-Identifier: Apache-2.0
"""deploy/quickstart, as somebody runs it who has just cloned the repository."""
import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile

from cases import case
from cluster import TOP, Ports, at_a_terminal
from wait import wait_for

QUICKSTART = os.path.join(TOP, "deploy", "quickstart")
STEPS = ["packages", "build", "ZooKeeper", "brokers", "a topic: 3 partitions, 3 replicas",
         "kcat writes and reads", "the cluster, as ZooKeeper sees it"]


class Quickstart:
    """Runs in a folder of its own with a blank in its name, named as seen from the folder above."""

    def __init__(self):
        self.above = tempfile.mkdtemp(prefix="corduroy-quickstart-",
                                      dir=os.environ.get("CLUSTER_DIR"))
        self.folder = "a folder"
        ports = Ports()
        self.zk_port = ports.take()
        self.port = ports.take(3)
        while not all(Ports.is_free(self.port + 1000 + i) for i in range(3)):
            self.port = ports.take(3)
        self.out = os.path.join(self.above, "out")
        self.programs = os.path.join(self.above, "programs")  # found before the machine's own
        os.mkdir(self.programs)

    def __enter__(self):
        return self

    def __exit__(self, kind, wrong, trace):
        self.run("stop")
        if kind is None:
            shutil.rmtree(self.above)
        else:
            with open(self.out) as f:
                print("kept: %s\n%s" % (self.above, f.read()))

    def begin(self, *words):
        with open(self.out, "w") as out:
            return subprocess.Popen([QUICKSTART, *words, "--dir", self.folder], cwd=self.above,
                                    start_new_session=True, preexec_fn=at_a_terminal,
                                    stdin=subprocess.DEVNULL, stdout=out,
                                    stderr=subprocess.STDOUT,
                                    env={**os.environ, "PATH": "%s:%s" % (self.programs,
                                                                          os.environ["PATH"])})

    def start(self):
        return self.begin("--port", str(self.port), "--zk-port", str(self.zk_port))

    @contextlib.contextmanager
    def instead(self, **programs):
        """While it lasts, these names are shell scripts of ours."""
        paths = {os.path.join(self.programs, name.replace("_", "-")): text
                 for name, text in programs.items()}
        for path, text in paths.items():
            with open(path, "w") as f:
                f.write("#!/bin/sh\n%s\n" % text)
            os.chmod(path, 0o755)
        yield
        for path in paths:
            os.unlink(path)

    def said(self):
        with open(self.out) as f:
            return f.read()

    def run(self, *words):
        status = (self.begin(*words) if words else self.start()).wait(300)
        return status, self.said()

    def interrupt(self, process, after):
        """Ctrl-C, when it has said `after`."""
        wait_for("the quickstart to say \"%s\"" % after,
                 lambda: after in self.said() or process.poll() is not None, 120, self.said)
        assert process.poll() is None, self.said()
        os.killpg(process.pid, signal.SIGINT)
        assert process.wait(120) == 1 and "quickstart: interrupted" in self.said(), self.said()

    def listening(self):
        ports = [self.zk_port] + [self.port + i + above for i in range(3) for above in (0, 1000)]
        return [p for p in ports if not Ports.is_free(p)]

    def brokers(self):
        """{id: process id} of those that run, by its own `status`, called from elsewhere."""
        self.folder, short = os.path.join(self.above, ".", self.folder), self.folder
        status, out = self.run("status")
        self.folder = short
        found = {int(a): int(b) for a, b in re.findall(r"^broker (\d): runs, .*pid (\d+)$", out,
                                                       re.M)}
        assert status == (0 if found else 1), (status, out)
        return found


@case
def quickstart():
    """The quickstart says what it must, twice; interrupted, it leaves what was there before."""
    with Quickstart() as q:
        q.interrupt(q.start(), "broker 1 answers")
        assert q.listening() == [], q.listening()

        status, out = q.run()
        assert status == 0, out
        assert re.findall(r"^== (.*)$", out, re.M)[:len(STEPS)] == STEPS, out
        found = re.search(r"^(\d+) acknowledged, (\d+) read back, 0 lost$", out, re.M)
        assert found and int(found[1]) == int(found[2]) > 1000, out
        assert re.search(r"^longest pause between .*: \d+ ms", out, re.M), out
        assert out.count('"leader_epoch":') == 1 and '"brokerid":' in out, out
        first = q.brokers()
        assert sorted(first) == [1, 2, 3], out

        q.interrupt(q.start(), "was killed")
        again = q.brokers()
        assert sorted(again) == [1, 2, 3], again
        assert sum(first[i] != again[i] for i in first) == 1, (first, again)

        status, out = q.run("stop")
        assert status == 0 and q.listening() == [], (out, q.listening())
        assert q.brokers() == {}


def refused(q, why, busy=()):
    status, out = q.run()
    assert status == 1, out
    said = re.findall(r"^quickstart: (.*)$", out, re.M)
    assert len(said) == 1 and re.search(why, said[0]), out
    assert q.listening() == list(busy), q.listening()


@case
def quickstart_refused():
    """A port in use, a package that is not there, a build that fails or a folder that cannot be: one
    line, exit 1, nothing left running."""
    with Quickstart() as q:
        with q.instead(dpkg_query="exit 1", sudo='exec "$@"',
                       apt_get="echo 'E: Unable to locate package gcc' >&2; exit 100"):
            refused(q, "cannot install gcc .*: E: Unable to locate package gcc")
        with q.instead(make="echo 'broker/main.c:1:1: error: no' >&2; exit 2"):
            refused(q, "the build failed: broker/main.c:1:1: error: no .*/build.log")
        for port in (q.port + 1, q.port + 1002, q.zk_port):
            with socket.socket() as s:
                s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                s.bind(("127.0.0.1", port))
                s.listen()
                refused(q, "port %d is in use" % port, [port])
        q.folder = "/proc/none"
        status, out = q.run()
        assert (status, out.count("\n")) == (1, 1) and "--dir names another" in out, out
        q.folder = "a,b"
        status, out = q.run()
        assert status == 2 and "comma" in out, out
        q.folder = "a folder"
