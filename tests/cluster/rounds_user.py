# SPDX-License-Identifier: Apache-2.0
"""What somebody at a shell sees: the command's answers and exit codes, and settings that must count."""
import json
import os
import signal
import subprocess

from cases import case
from cluster import COMMAND, Cluster, below_nohup
from kafka import Connection


def corduroy(*words):
    run = subprocess.run([COMMAND, *map(str, words)], text=True, capture_output=True, timeout=90)
    return run.returncode, run.stdout, run.stderr


MISUSED = [(["--bogus", "cluster"], '"--bogus" is not an option'),
           (["frobnicate"], '"frobnicate" is not a command'),
           (["cluster", "x"], 'takes no "x"'),
           (["--timeout-ms"], "--timeout-ms needs a value"),
           (["--timeout-ms", "1s", "cluster"], '"1s" is not a number'),
           (["--bootstrap-server", "", "cluster"], "names no broker"),
           (["topic"], "needs one of create"),
           (["topic", "create"], "needs a name"),
           (["topic", "create", "x", "--partitions", "3x"], '"3x" is not a number'),
           (["topic", "create", "x", "--replicas"], "--replicas needs a value"),
           (["topic", "create", "x", "--config", "foo"], '"foo" is not KEY=VALUE'),
           (["topic", "delete"], "takes one name"),
           (["verify", "--rate", "0"], '"0" is not a number'),
           (["verify", "--sise", "100"], 'takes no "--sise"')]


@case
def command_line():
    """The command's tables, JSON, errors and exit codes: 0 good, 1 it did not work, 2 wrong usage."""
    for words, why in MISUSED:
        status, out, said = corduroy(*words)
        assert (status, out) == (2, "") and why in said, (words, status, out, said)
    for words in (["-h"], ["topic", "create", "--help"], ["--version"]):
        status, out, said = corduroy(*words)
        assert status == 0 and out and not said, (words, status, out, said)
    with Cluster(brokers=2, name="command") as c:
        nobody = "127.0.0.1:%d" % c.ports.take()
        for words in (["cluster"], ["topic", "list"], ["topic", "create", "x"],
                      ["topic", "delete", "x"], ["verify"]):
            status, out, said = corduroy("--bootstrap-server", nobody, *words)
            assert (status, out) == (1, ""), (words, status, out, said)
            assert "no broker answers at %s" % nobody in said, (words, said)
        check_topics(c)
        check_verify(c)
        check_troubles(c)


def check_topics(c):
    def do(*words):
        return corduroy("--bootstrap-server", c.bootstrap, *words)
    c.create_topic("b", partitions=2, replicas=2)
    status, out, _ = do("--json", "topic", "create", "a", "--partitions", 1)
    assert status == 0 and json.loads(out) == {"topic": "a", "done": "created"}, out
    assert do("topic", "list") == (0, "a\nb\n", "")
    assert json.loads(do("topic", "list", "--json")[1]) == ["a", "b"]
    status, out, _ = do("topic", "describe", "b")
    lines = out.splitlines()
    assert status == 0 and lines[0] == "b: 2 partitions" and len(lines) == 4, out
    assert all(x == x.rstrip() for x in lines), out
    for words in (["describe", "x"], ["delete", "x"]):
        status, out, said = do("topic", *words)
        assert status == 1 and 'topic "x" does not exist' in said, said
    for words, why in ((["a"], "exists already"),
                       (["x", "--replicas", 3], "fewer brokers alive (2) than replicas asked for (3)"),
                       (["bad name"], "a topic name has"),
                       (["x", "--config", "foo=bar"], "Unknown topic config name: foo"),
                       (["x", "--config", "retention.ms=soon"], "a whole number")):
        status, out, said = do("topic", "create", *words)
        assert status == 1 and not out and why in said, (words, said)
    assert do("topic", "delete", "a") == (0, 'topic "a" deleted\n', "")


def check_verify(c):
    def do(*words):
        return corduroy("--bootstrap-server", c.bootstrap, "verify", "--seconds", 1, *words)
    status, _, said = do()
    assert status == 1 and "corduroy topic create verify" in said, said
    status, out, said = do("--topic", "b", "--size", 3000000)
    assert status == 1 and "too large" in said, (out, said)
    status, out, said = do("--topic", "b", "--json")
    found = json.loads(out)
    assert status == 0 and found["acknowledged"] == found["read_back"] > 0 == found["lost"], out


def check_troubles(c):
    """What is under-replicated or offline is named, not only counted."""
    def do(*words):
        return corduroy("--bootstrap-server", c.nodes[1].address, "cluster", *words)
    assert json.loads(do("--json")[1])["troubled"] == [], do("--json")
    c.create_topic("lonely", partitions=2, replicas=1)
    c.nodes[2].kill9()
    c.wait_for("broker 2 to be out", lambda: all(
        2 not in s["isr"] for s in c.partitions("b").values()) and any(
            s["leader"] < 0 for s in c.partitions("lonely").values()))
    lost = [p for p, s in c.partitions("lonely").items() if s["leader"] < 0]

    wanted = {("b", p, 1) for p in (0, 1)} | {("lonely", p, -1) for p in lost}

    def told():
        found = json.loads(do("--json")[1])
        assert found["offline"] <= len(lost), found
        return {(x["topic"], x["partition"], x["leader"]) for x in found["troubled"]
                if x["topic"] != "__consumer_offsets"} == wanted
    c.wait_for("the command to tell it", told)
    status, out, _ = do()
    lines = [x.split() for x in out.splitlines()]
    for p in (0, 1):
        assert any(x[:2] == ["b-%d" % p, "1"] and x[-2:] == ["1", "under-replicated"]
                   for x in lines), out
    for p in lost:
        assert any(x[:2] == ["lonely-%d" % p, "none"] and x[-1] == "offline" for x in lines), out


def replicas_of_offsets(settings):
    with Cluster(brokers=3, settings=settings, name="offsets-topic") as c:
        with Connection(c.nodes[1].port) as k:
            c.wait_for("a coordinator", lambda: k.find_coordinator("g")[0] == 0)
        found = c.assignment("__consumer_offsets")
        return len(found), {len(x) for x in found.values()}


@case
def offsets_topic_as_configured():
    """__consumer_offsets has its own replication factor, whatever other topics have."""
    few = {"offsets.topic.num.partitions": "4"}
    assert replicas_of_offsets({**few, "default.replication.factor": "1"}) == (4, {3})
    assert replicas_of_offsets({**few, "offsets.topic.replication.factor": "2"}) == (4, {2})


@case
def signals():
    """SIGTERM, SIGINT and SIGHUP each end a broker in good order; under nohup SIGHUP is nothing."""
    with Cluster(brokers=1, name="signals") as c:
        node = c.nodes[1]
        mark = os.path.join(node.data, ".kafka_cleanshutdown")
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            assert not os.path.exists(mark)
            node.signal(number)
            node.wait_end()
            assert node.process.returncode == 0 and os.path.exists(mark), number
            node.start()
            c.wait_up()
        node.terminate()
        node.start(below_nohup)
        c.wait_up()
        node.signal(signal.SIGHUP)
        c.create_topic("x", partitions=1, replicas=1)
        assert node.runs()
