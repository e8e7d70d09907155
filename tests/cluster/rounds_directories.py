# SPDX-License-Identifier: Apache-2.0
"""A broker with two data directories, one of which cannot be used for a while."""
import os

from cases import case
from cluster import Cluster
from kafka import NONE, Connection, batch
from load import Load


def partitions_in(folder):
    """(topic, number) of every partition that has a directory there."""
    return {(d.rsplit("-", 1)[0], int(d.rsplit("-", 1)[1])) for d in os.listdir(folder)
            if os.path.isdir(os.path.join(folder, d)) and not d.endswith("-delete")}


def produce(c, topic, number, value):
    with Connection(c.leader(topic, number).port) as k:
        error, base = k.produce(topic, number, batch([value]))
        assert error == NONE, error
        return base


@case
def directory_offline():
    """One of two data directories cannot be opened: the broker goes on with the other, nothing is
    made anew in its place, and when it is back so is everything in it."""
    with Cluster(name="directory", start=False) as c:
        n = c.nodes[2]
        second = n.data + "-2"
        n.configure(**{"log.dirs": "%s,%s" % (n.data, second)})
        c.start()
        c.create_topic("load", partitions=6)
        c.create_topic("alone", partitions=12, replicas=1)
        for p in range(12):
            assert produce(c, "alone", p, b"first") == 0
        load = Load(c, "load")
        load.wait_more_everywhere()
        there = partitions_in(second)
        lost = {p for t, p in there if t == "load"}
        lost_alone = {p for t, p in there if t == "alone"}
        assert lost and lost != set(range(6)) and lost_alone, there

        n.terminate()
        os.rename(second, second + ".away")
        open(second, "w").close()
        n.start()
        c.wait_up([n])
        assert n.says("going on without it"), c.state()
        c.wait_for("the rest to be in sync", lambda: all(
            (2 in s["isr"]) == (p not in lost) for p, s in c.partitions("load").items()))
        for p, s in c.partitions("alone").items():
            assert (s["leader"] < 0) == (p in lost_alone), (p, s)
        load.wait_more_everywhere()
        # A restart in that state changes nothing, nor does a topic that is made meanwhile.
        n.kill9()
        n.start()
        c.wait_up([n])
        c.create_topic("new", partitions=4)
        for p, s in c.partitions("alone").items():
            assert (s["leader"] < 0) == (p in lost_alone), (p, s)
        assert not partitions_in(n.data) & there, (partitions_in(n.data), there)

        n.terminate()
        os.unlink(second)
        os.rename(second + ".away", second)
        n.start()
        c.wait_up([n])
        c.wait_in_sync("load")
        c.wait_in_sync("alone")
        assert not n.says("not as it was"), c.state()
        assert partitions_in(second) == there
        for p in range(12):
            assert produce(c, "alone", p, b"second") == 1
        load.wait_more_everywhere()
        load.finish()


@case
def no_directory_left():
    """With no directory that can be used a broker does not start, and says why."""
    with Cluster(brokers=1, name="no-directory", start=False) as c:
        n = c.nodes[1]
        n.configure(**{"log.dirs": "%s,%s" % (n.data, n.data + "-2")})
        for path in (n.data, n.data + "-2"):
            open(path, "w").close()
        n.start()
        n.wait_end()
        assert n.process.returncode != 0 and n.says("cannot use"), c.state()
