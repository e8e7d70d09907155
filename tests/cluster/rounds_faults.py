# SPDX-License-Identifier: Apache-2.0
"""What happens to brokers and to ZooKeeper while clients write."""
import json

from cases import rounds
from under_load import under_load


def follower_of(c, topic, number=0):
    """A broker that leads nothing of this partition and is not the controller, if there is one."""
    leader, controller = c.leader(topic, number), c.controller()
    others = [c.nodes[i] for i in c.assignment(topic)[number] if c.nodes[i] is not leader]
    return sorted(others, key=lambda n: n is controller)[0]


def kill_and_come_back(c, load, node):
    led = [p for p, s in c.partitions("load").items() if s["leader"] == node.id]
    before = c.partitions("load")
    node.kill9()
    c.wait_for("broker %d to be out of every ISR" % node.id, lambda: all(
        node.id not in s["isr"] for s in c.partitions("load").values()))
    load.wait_more_everywhere()
    after = c.partitions("load")
    for p in led:
        assert after[p]["leader_epoch"] > before[p]["leader_epoch"], (before, after)
    node.start()
    c.wait_in_sync("load")


@rounds(0, 1, 2)
def kill_leader(number):
    """The leader of a partition is killed; writes go on, it comes back and is in sync."""
    with under_load("kill-leader") as (c, load):
        kill_and_come_back(c, load, c.leader("load", number))


@rounds(0, 1)
def kill_follower(number):
    """A follower is killed; no write fails, it comes back and is in sync."""
    with under_load("kill-follower") as (c, load):
        kill_and_come_back(c, load, follower_of(c, "load", number))


@rounds(False, True)
def kill_controller(twice):
    """The controller is killed; another one takes over in a higher epoch."""
    with under_load("kill-controller") as (c, load):
        for _ in range(2 if twice else 1):
            old, epoch = c.controller(), int(c.zk.get("/controller_epoch")[0])
            old.kill9()
            c.wait_for("another controller", lambda: c.controller() not in (None, old))
            assert int(c.zk.get("/controller_epoch")[0]) > epoch
            load.wait_more_everywhere()
            old.start()
            c.wait_up([old])
            c.wait_in_sync("load")


@rounds(1, 2)
def kill_all(times):
    """All three are killed at once; nothing acknowledged is missing when they are back."""
    with under_load("kill-all") as (c, load):
        for _ in range(times):
            for n in c.nodes.values():
                n.kill9()
            for n in c.nodes.values():
                n.start()
            c.wait_up()
            c.wait_in_sync("load")
            load.wait_more_everywhere()


@rounds([1, 2, 3], [3, 2, 1])
def restart(order):
    """A rolling restart, each broker when the one before is in sync again."""
    with under_load("restart") as (c, load):
        for id in order:
            c.nodes[id].restart()
            c.wait_up([c.nodes[id]])
            c.wait_in_sync("load")
            load.wait_more(100)


@rounds(300, 1500)
def zookeeper_restart(records):
    """ZooKeeper is killed; the data path goes on without it; it comes back and all is as before."""
    with under_load("zookeeper-restart") as (c, load):
        before = c.partitions("load")
        c.zookeeper.kill9()
        load.wait_more(records)
        c.zookeeper.restart()
        c.wait_for("all brokers in /brokers/ids",
                   lambda: c.children("/brokers/ids") == ["1", "2", "3"])
        c.wait_in_sync("load")
        assert set(before) == set(c.partitions("load"))
        c.create_topic("after")


@rounds("leader", "controller", "follower")
def session_expiry(which):
    """A broker hangs (SIGSTOP) until its session has expired, then wakes up into a world that went
    on without it."""
    with under_load("session-expiry") as (c, load):
        node = {"leader": lambda: c.leader("load", 0), "controller": c.controller,
                "follower": lambda: follower_of(c, "load")}[which]()
        was = c.znode("/brokers/ids/%d" % node.id)["timestamp"]
        node.stop()
        try:
            c.wait_for("the session of broker %d to expire" % node.id,
                       lambda: str(node.id) not in c.children("/brokers/ids"))
            load.wait_more_everywhere()
        finally:
            node.cont()

        def registered_anew():
            found = c.znode("/brokers/ids/%d" % node.id)
            return found and found["timestamp"] != was
        c.wait_for("broker %d to register anew" % node.id, registered_anew)
        c.wait_in_sync("load")


@rounds("leader", "controller")
def controlled_shutdown(which):
    """SIGTERM: leadership has moved when the process ends, no write fails, the mark is clean."""
    with under_load("controlled-shutdown") as (c, load):
        node = c.leader("load", 0) if which == "leader" else c.controller()
        before = len(load.acks())
        node.terminate()
        for p, s in c.partitions("load").items():
            assert s["leader"] not in (-1, node.id), (p, s)
            assert node.id not in s["isr"], (p, s)
        assert str(node.id) not in c.children("/brokers/ids"), c.state()
        load.wait_more_everywhere()
        times = [a[3] for a in load.acks()[max(0, before - 50):]]
        pause = max(b - a for a, b in zip(times, times[1:]))
        node.start()
        c.wait_up([node])
        assert node.says("the last stop was clean"), c.state()
        print("NOTE writes paused %d ms" % pause)


@rounds(1, 3)
def zookeeper_member_killed(member):
    """One of three ZooKeeper servers is killed: no leader changes, a broker can still be replaced."""
    with under_load("zookeeper-member", zookeepers=3) as (c, load):
        before = json.dumps(c.partitions("load"))
        c.zookeeper.kill9(member)
        load.wait_more_everywhere()
        load.wait_more(1000)
        assert c.children("/brokers/ids") == ["1", "2", "3"], c.state()
        assert json.dumps(c.partitions("load")) == before, c.state()
        kill_and_come_back(c, load, c.leader("load", 0))
        c.zookeeper.restart(member)
