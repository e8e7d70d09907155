# SPDX-License-Identifier: Apache-2.0
"""Load with acks=all by `corduroy verify`, and the judge of what it was told."""
import json
import os
import signal
import struct
import subprocess

import segments
from cluster import COMMAND


class Load:
    """A running `corduroy verify`: writes until told to end, then reads everything back and compares
    by content. Every acknowledgement is also in a file as soon as it is known."""

    def __init__(self, cluster, topic, rate=300, size=128, seconds=300):
        self.cluster, self.topic, self.size = cluster, topic, size
        self.acked = os.path.join(cluster.folder, "acked-%s-%d" % (topic, len(cluster.loads)))
        self.errors = self.acked + ".errors"
        with open(self.errors, "wb") as errors:
            self.process = subprocess.Popen(
                [COMMAND, "--bootstrap-server", cluster.bootstrap, "--json", "--verbose",
                 "--timeout-ms", "30000", "verify", "--topic", topic, "--seconds", str(seconds), "--rate",
                 str(rate), "--size", str(size), "--acked", self.acked],
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors, text=True)
        cluster.loads.append(self)

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def acks(self):
        """[(partition, offset, number, ms since the start)] so far."""
        try:
            with open(self.acked) as f:
                lines = f.read().split("\n")
        except FileNotFoundError:
            return []
        return [tuple(map(int, x.split())) for x in lines[1:-1]]

    def run_id(self):
        with open(self.acked) as f:
            return int(f.readline().split()[1])

    def wait_more(self, count=200, deadline_s=90):
        """Until so many more records were acknowledged."""
        goal = len(self.acks()) + count

        def more():
            assert self.process.poll() is None, "the load ended: %s" % self.why()
            return len(self.acks()) >= goal
        self.cluster.wait_for("%d more acknowledgements" % count, more, deadline_s)

    def wait_more_everywhere(self, deadline_s=90):
        """Until every partition has acknowledged something that was not known when this began."""
        before = len(self.acks())
        wanted = set(self.cluster.assignment(self.topic))

        def everywhere():
            assert self.process.poll() is None, "the load ended: %s" % self.why()
            return {a[0] for a in self.acks()[before:]} >= wanted
        self.cluster.wait_for("every partition to acknowledge", everywhere, deadline_s)

    def why(self):
        with open(self.errors, errors="replace") as f:
            return "".join(f.readlines()[-20:])

    def finish(self, may_fail=False):
        """Ends the writing and returns the verdict. Nothing acknowledged may be missing, and, unless
        may_fail, no write may have failed."""
        self.process.send_signal(signal.SIGTERM)
        out, _ = self.process.communicate(timeout=240)
        if self.process.returncode != 0:
            raise AssertionError("verify: exit %d: %s%s" % (self.process.returncode, out,
                                                            self.why()))
        verdict = json.loads(out)
        assert verdict["lost"] == 0, verdict
        assert verdict["acknowledged"] > 0, verdict
        assert may_fail or verdict["failed"] == 0, verdict
        return verdict

    def check_on_disks(self, nodes):
        """After a clean stop of all: the copies of each partition hold the same bytes, and every
        record that was acknowledged is in every copy, at its offset, with its content."""
        run, acks = self.run_id(), self.acks()
        for partition, replicas in self.cluster.assignment(self.topic).items():
            copies = {}
            for id in replicas:
                folder = os.path.join(nodes[id].data, "%s-%d" % (self.topic, partition))
                copies[id] = segments.read_log(folder)
            first = copies[replicas[0]]
            for id in replicas[1:]:
                segments.compare(first, copies[id], "partition %s-%d of broker %d and broker %d" %
                                 (self.topic, partition, replicas[0], id))
            values = segments.values(first)
            check_order(run, values, "partition %s-%d" % (self.topic, partition))
            for p, offset, number, _ in acks:
                if p == partition:
                    value = values.get(offset)
                    assert value is not None, "acknowledged, not in the log: %s-%d offset %d" % (
                        self.topic, p, offset)
                    assert value == expected(run, number, self.size), \
                        "other content in the log: %s-%d offset %d" % (self.topic, p, offset)


def check_order(run, values, what):
    """What an idempotent producer wrote is there once, in the order in which it was written."""
    last = -1
    for offset in sorted(values):
        of, number = struct.unpack_from("<QQ", values[offset])
        if of == run:
            assert number > last, "%s, offset %d: number %d after %d" % (what, offset, number, last)
            last = number


def expected(run, number, size):
    """The value that `corduroy verify` writes under this number."""
    head = struct.pack("<QQ", run, number)
    return head + bytes((number * 31 + i * 7) & 0xff for i in range(16, size))
