# SPDX-License-Identifier: Apache-2.0
"""Starts: the race for /controller, and ZooKeeper that is not there yet."""
import json

from cases import case, rounds
from cluster import Cluster
from load import Load
from under_load import settle


def agreed_controller(c):
    """The controller that every broker names to clients, when they agree."""
    named = set()
    for n in c.nodes.values():
        found = json.loads(c.command("--bootstrap-server", n.address, "--json", "cluster"))
        named.add(found["controller"])
    return named.pop() if len(named) == 1 else None


@rounds(1, 2)
def race_at_start(again):
    """All brokers start at once, several times: one controller, one epoch more each time."""
    with Cluster(name="race") as c:
        c.create_topic("load")
        load = Load(c, "load")
        load.wait_more(100)
        for _ in range(again):
            epoch = int(c.zk.get("/controller_epoch")[0])
            for n in c.nodes.values():
                n.kill9()
            c.wait_for("/controller to go", lambda: c.znode("/controller") is None)
            for n in c.nodes.values():
                n.start()
            c.wait_up()
            c.wait_for("all brokers to name one controller",
                       lambda: agreed_controller(c) == c.controller().id)
            assert int(c.zk.get("/controller_epoch")[0]) == epoch + 1
            load.wait_more_everywhere()
        settle(c, load)


@case
def zookeeper_absent_at_start():
    """A broker that finds no ZooKeeper waits, says so, and starts when it is there."""
    with Cluster(name="absent", start=False) as c:
        c.zookeeper.kill9()
        for n in c.nodes.values():
            n.start()
        for n in c.nodes.values():
            c.wait_for("broker %d to say that it waits" % n.id, lambda n=n: n.says("waiting"))
        c.zookeeper.restart()
        c.wait_up()
        c.create_topic("load")


@case
def chroot():
    """Everything lies under the chroot that zookeeper.connect names."""
    with Cluster(name="chroot", chroot="/here/and/there", start=False) as c:
        c.start()
        c.create_topic("load")
        from kazoo.client import KazooClient
        zk = KazooClient(c.zookeeper.connect)
        zk.start()
        try:
            assert sorted(zk.get_children("/")) == ["here", "zookeeper"], zk.get_children("/")
        finally:
            zk.stop()
            zk.close()
