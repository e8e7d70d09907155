# SPDX-License-Identifier: Apache-2.0
"""Requests that are well formed and wrong: the protocol's own errors, and nothing else happens."""
import os
import struct

from cases import case
from cluster import Cluster
from kafka import (FETCH, LIST_OFFSETS, METADATA, NONE, NOT_LEADER, PRODUCE, Connection, batch,
                   string)

CREATE_TOPICS, DELETE_TOPICS, OFFSET_FOR_LEADER_EPOCH = 19, 20, 23
UNKNOWN_TOPIC, INVALID_TOPIC, FENCED_EPOCH, UNKNOWN_EPOCH, UNKNOWN_TOPIC_ID = 3, 17, 74, 75, 100
LEADER_NOT_AVAILABLE = 5

BAD_NAMES = ("", ".", "..", "a/b", "a b", "x" * 250, "\u00e4", "a\0b")
# What comes after the header; every one makes a list or a text of what is not there.
BAD_COUNTS = {
    "a negative count of topics": (PRODUCE, 7, string(None) + struct.pack(">hii", -1, 1000, -7)),
    "an absurd count of topics": (PRODUCE, 7, string(None) + struct.pack(">hii", -1, 1000,
                                                                         0x7fffffff)),
    "an absurd count of partitions": (PRODUCE, 7, string(None) + struct.pack(">hii", -1, 1000, 1) +
                                      string("t") + struct.pack(">i", 0x7ffffff0)),
    "absurd records": (PRODUCE, 7, string(None) + struct.pack(">hii", -1, 1000, 1) + string("t") +
                       struct.pack(">iii", 1, 0, 0x7fffffff)),
    "a negative size of records": (PRODUCE, 7, string(None) + struct.pack(">hii", -1, 1000, 1) +
                                   string("t") + struct.pack(">iii", 1, 0, -3)),
    "an absurd count of names": (METADATA, 4, struct.pack(">i", 0x7fffffff)),
    "a name longer than its request": (METADATA, 4, struct.pack(">ih", 1, 0x7fff) + b"abc"),
    "a name of negative length": (METADATA, 4, struct.pack(">ih", 1, -5) + b"\0"),
}


@case
def odd_requests():
    """Unknown topic ids, stale and future epochs, illegal names, negative counts, absurd lengths."""
    with Cluster(name="odd-requests", brokers=1, shards=[2]) as c:
        c.create_topic("t", partitions=1, replicas=1)
        node = c.nodes[1]
        with Connection(node.port) as k:
            assert k.produce("t", 0, batch([b"kept"])) == (NONE, 0)
            unknown_ids(k)
            epochs(k, 0, UNKNOWN_EPOCH, 5)
            illegal_names(k)
            bad_counts(node)
            before = node.resident_kib()
            for _ in range(30):
                unknown_ids(k)
                illegal_names(k)
                bad_counts(node)
            after = node.resident_kib()
            assert after < before + 16 * 1024, (before, after)
        node.restart()
        c.wait_up()
        with Connection(node.port) as k:
            c.wait_for("the leader to answer in the epoch of the state",
                       lambda: fetch_error(k, c.partition("t", 0)["leader_epoch"]) == NONE)
            epoch = c.partition("t", 0)["leader_epoch"]
            assert epoch > 0, c.state()
            epochs(k, epoch, FENCED_EPOCH, epoch - 1)
            assert k.end_offset("t", 0) == (NONE, 1), "something was written"
        assert sorted(c.children("/brokers/topics")) == ["t"], c.children("/brokers/topics")


@case
def misled_client():
    """A client that goes on sending to the old leader is once told of no leader, and then of the
    right one."""
    with Cluster(name="misled", brokers=3, shards=[1, 2, 3]) as c:
        c.create_topic("t", partitions=1)
        leader = c.leader("t")
        for other in c.nodes.values():
            if other is leader:
                continue
            with Connection(other.port) as k, Connection(other.port) as right:
                def told():
                    assert k.produce("t", 0, batch([b"x"]))[0] == NOT_LEADER
                    assert right.metadata("t")[1]["t"][1][0][1] == leader.id
                    return k.metadata("t")[1]["t"][1][0][:2]
                c.wait_for("no leader to be named", lambda: told() == (LEADER_NOT_AVAILABLE, -1))
                assert told() == (NONE, leader.id)
                assert k.fetch("t", 0, 0)[0] == NOT_LEADER
        with Connection(leader.port) as k:
            assert k.produce("t", 0, batch([b"x"])) == (NONE, 0)


def unknown_ids(k):
    """Fetch 13 and DeleteTopics 6 name topics by id."""
    unknown = os.urandom(16)
    partition = struct.pack(">iiqiqi", 0, -1, 0, -1, -1, 1000) + b"\0"
    body = struct.pack(">iiiibii", -1, 0, 0, 1 << 20, 0, 0, -1)
    body += b"\2" + unknown + b"\2" + partition + b"\0" + b"\1\1\0"
    r = k.call(FETCH, 13, b"\0" + body)
    assert r.take("bihi")[2] == NONE
    topics, id, partitions, index, error = r.take("b16sbih")
    assert (topics, id, partitions, index, error) == (2, unknown, 2, 0, UNKNOWN_TOPIC_ID), error
    r = k.call(DELETE_TOPICS, 6, b"\0" + b"\2" + b"\0" + unknown + b"\0" +
               struct.pack(">i", 5000) + b"\0")
    assert r.take("bib")[2] == 2
    name, id, error = r.take("b16sh")
    assert (name, id, error) == (0, unknown, UNKNOWN_TOPIC_ID), (name, error)


def fetch_error(k, epoch):
    body = struct.pack(">iiiibiii", -1, 0, 0, 1 << 20, 0, 0, -1, 1) + string("t")
    body += struct.pack(">iiiqqi", 1, 0, epoch, 0, -1, 1000) + struct.pack(">i", 0)
    r = k.call(FETCH, 9, body)
    _, error, _, topics = r.take("ihii")
    assert (error, topics, r.string()) == (NONE, 1, "t")
    return r.take("iih")[2]


def epochs(k, now, error, wrong):
    """The partition's epoch is `now`; requests that name the wrong one are told so."""
    for epoch, wanted in ((now, NONE), (wrong, error)):
        assert fetch_error(k, epoch) == wanted, (epoch, fetch_error(k, epoch))
        r = k.call(LIST_OFFSETS, 4, struct.pack(">ibi", -1, 0, 1) + string("t") +
                   struct.pack(">iiiq", 1, 0, epoch, -1))
        r.take("ii")
        found = r.string(), r.take("iih")[2]
        assert found == ("t", wanted), (epoch, found)
        r = k.call(OFFSET_FOR_LEADER_EPOCH, 3, struct.pack(">ii", -1, 1) + string("t") +
                   struct.pack(">iiii", 1, 0, epoch, 0))
        r.take("ii")
        found = r.string(), r.take("ih")[1]
        assert found == ("t", wanted), (epoch, found)


def illegal_names(k):
    for name in BAD_NAMES:
        r = k.call(CREATE_TOPICS, 4, struct.pack(">i", 1) + string(name) +
                   struct.pack(">ihiiib", 1, 1, 0, 0, 5000, 0))
        r.take("ii")
        found = r.string(), r.take("h")
        assert found == (name, INVALID_TOPIC), found
        error = k.metadata(name)[1][name][0]
        assert error in (INVALID_TOPIC, UNKNOWN_TOPIC), (name, error)


def bad_counts(node):
    for what, (api, version, body) in BAD_COUNTS.items():
        with Connection(node.port) as k:
            k.send(api, version, body)
            assert k.is_closed_by_peer(), "%s: the connection stays open" % what
    assert node.says("the connection is closed"), node.describe()
    assert node.answers(), node.describe()
