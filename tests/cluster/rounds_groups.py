# SPDX-License-Identifier: Apache-2.0
"""Offsets of groups survive the death of their coordinator."""
from cases import case, rounds
from cluster import Cluster
from kafka import COORDINATOR_NOT_AVAILABLE, NONE, Connection

GROUP, TOPIC, KILLS = "readers", "load", 20


def coordinator(c):
    """The node that coordinates the group, as any broker says, when it is alive."""
    for n in c.nodes.values():
        if n.runs():
            with Connection(n.port, 5) as k:
                error, id = k.find_coordinator(GROUP)
            if error == NONE and c.nodes[id].runs():
                return c.nodes[id]
    return None


def commit(c, offset):
    """Commits until one commit is answered well."""
    def done():
        at = coordinator(c)
        if at is None:
            return False
        with Connection(at.port, 5) as k:
            return k.commit(GROUP, TOPIC, 0, offset, "m%d" % offset) == NONE
    c.wait_for("offset %d to be committed" % offset, done)


def committed(c):
    """The group's offset, from its coordinator."""
    def told():
        at = coordinator(c)
        if at is None:
            return False
        with Connection(at.port, 5) as k:
            error, offset = k.committed(GROUP, TOPIC, 0)
        return error == NONE and [offset]
    return c.wait_for("the committed offset", told)[0]


@case
def first_group_while_a_broker_is_away():
    """The groups' topic is not made with a copy less because a broker is down when it is first
    needed; the broker says why it is not there."""
    with Cluster(name="first-group") as c:
        away, asked = c.nodes[3], c.nodes[1]
        away.kill9()
        c.wait_for("broker 3 to be gone", lambda: c.children("/brokers/ids") == ["1", "2"])

        def refused():
            with Connection(asked.port, 5) as k:
                error, _ = k.find_coordinator(GROUP)
            assert error == COORDINATOR_NOT_AVAILABLE, error
            return asked.says("topic __consumer_offsets cannot be created: .*brokers")
        c.wait_for("the refusal to be said", refused)
        assert c.assignment("__consumer_offsets") is None, c.state()
        away.start()
        c.wait_for("a coordinator", lambda: coordinator(c))
        for replicas in c.assignment("__consumer_offsets").values():
            assert sorted(replicas) == [1, 2, 3], replicas


@rounds("kill between commits", "kill during a commit")
def coordinator_killed(when):
    """The coordinator of a group is killed 20 times: every answered commit is there afterwards."""
    with Cluster(name="coordinator") as c:
        c.create_topic(TOPIC)
        offset = 0
        for _ in range(KILLS):
            for _ in range(5):
                offset += 1
                commit(c, offset)
            victim = c.wait_for("a coordinator", lambda: coordinator(c))
            pending = offset
            if when == "kill during a commit":
                pending = offset + 1
                with Connection(victim.port, 5) as k:
                    k.send_commit(GROUP, TOPIC, 0, pending)
                    victim.kill9()
            else:
                victim.kill9()
            found = committed(c)
            assert offset <= found <= pending, "%d was committed, %d is there\n%s" % (
                offset, found, c.state())
            offset = pending
            victim.start()
            c.wait_up([victim])
            c.wait_in_sync("__consumer_offsets")
        print("NOTE %d kills, %d commits, 0 missing" % (KILLS, offset))
