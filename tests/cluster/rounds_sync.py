# SPDX-License-Identifier: Apache-2.0
"""What is acknowledged is synced: a broker whose fdatasync does not return while a file exists
(block_sync.c) shows which answers wait for it."""
import os
import subprocess

from cases import case
from cluster import TOP, Cluster
from kafka import NONE, Connection, batch

LIBRARY = os.path.join(TOP, "build", "tests", "cluster", "block_sync.so")
# How long an answer that must not come is waited for; an answer that may come takes milliseconds.
NO_ANSWER_S = 2


class Blocker:
    def __init__(self, cluster, node):
        self.path = os.path.join(cluster.folder, "block-%d" % node.id)
        node.environment.update(LD_PRELOAD=LIBRARY, BLOCK_SYNC=self.path,
                                ASAN_OPTIONS="verify_asan_link_order=0")

    def __enter__(self):
        open(self.path, "w").close()
        return self

    def __exit__(self, *_):
        self.release()

    def release(self):
        if os.path.exists(self.path):
            os.unlink(self.path)


def build_library():
    os.makedirs(os.path.dirname(LIBRARY), exist_ok=True)
    subprocess.run(["gcc", "-std=c17", "-D_GNU_SOURCE", "-O1", "-fPIC", "-shared", "-o",
                    LIBRARY + ".%d" % os.getpid(),
                    os.path.join(TOP, "tests", "cluster", "block_sync.c"), "-ldl"], check=True)
    os.rename(LIBRARY + ".%d" % os.getpid(), LIBRARY)


def start(c):
    build_library()
    blockers = {id: Blocker(c, n) for id, n in c.nodes.items()}
    c.start()
    return blockers


def answers(k, count):
    """{correlation id: (error, base offset)} of so many answers."""
    return {n: (error, base) for n, error, base in (k.read_produced() for _ in range(count))}


@case
def sync_blocked_on_leader():
    """While the leader's sync hangs, neither acks=1 nor acks=all is answered; both are after it."""
    with Cluster(name="sync-leader", start=False) as c:
        blockers = start(c)
        c.create_topic("load", partitions=1)
        leader = c.leader("load")
        with Connection(leader.port) as one, Connection(leader.port) as all_, \
                blockers[leader.id] as blocked:
            one.send_produce("load", 0, batch([b"one"]), acks=1)
            all_.send_produce("load", 0, batch([b"all"]), acks=-1)
            assert one.read_produced(NO_ANSWER_S) is None, "acks=1 answered before the sync"
            assert all_.read_produced(NO_ANSWER_S) is None, "acks=all answered before the sync"
            with Connection(leader.port) as k:
                assert k.api_versions(), "the loop waits for the disk"
                error, high, bytes = k.fetch("load", 0, 0, max_wait_ms=100)
                assert (error, high, bytes) == (NONE, 0, b""), (error, high, bytes)
            blocked.release()
            first, second = one.read_produced(), all_.read_produced()
            assert first[1] == NONE and second[1] == NONE, (first, second)
            assert {first[2], second[2]} == {0, 1}, (first, second)


@case
def sync_blocked_on_follower():
    """While the sync of a member of the ISR hangs and the ISR cannot shrink below
    min.insync.replicas, acks=all is not answered and acks=1 is."""
    settings = {"min.insync.replicas": 2}
    with Cluster(name="sync-follower", start=False, settings=settings) as c:
        blockers = start(c)
        c.create_topic("load", partitions=1, replicas=2)
        leader = c.leader("load")
        follower = [c.nodes[i] for i in c.assignment("load")[0] if i != leader.id][0]
        with Connection(leader.port) as one, Connection(leader.port) as all_, \
                blockers[follower.id] as blocked:
            all_.send_produce("load", 0, batch([b"all"]), acks=-1)
            error, base = one.produce("load", 0, batch([b"one"]), acks=1)
            assert error == NONE, error
            assert all_.read_produced(NO_ANSWER_S) is None, "acks=all answered before the sync"
            assert sorted(c.partition("load", 0)["isr"]) == sorted([leader.id, follower.id])
            with Connection(leader.port) as k:
                error, high, bytes = k.fetch("load", 0, 0, max_wait_ms=100)
                assert (error, high, bytes) == (NONE, 0, b""), (error, high, bytes)
            blocked.release()
            found = all_.read_produced()
            assert found[1] == NONE and {base, found[2]} == {0, 1}, (base, found)


@case
def sync_fails_on_leader():
    """A sync that fails ends the directory: leadership moves, nothing acknowledged is missing."""
    from load import Load
    with Cluster(name="sync-fails", start=False) as c:
        blockers = start(c)
        c.create_topic("load")
        load = Load(c, "load")
        load.wait_more(200)
        leader = c.leader("load")
        open(blockers[leader.id].path + ".fail", "w").close()
        c.wait_for("broker %d to lead nothing" % leader.id, lambda: all(
            s["leader"] not in (-1, leader.id) for s in c.partitions("load").values()))
        load.wait_more_everywhere()
        assert leader.says("directory .* failed"), c.state()
        assert leader.says("log of load-[0-2] failed: its directory failed"), c.state()
        load.finish()
