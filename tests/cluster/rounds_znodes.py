# SPDX-License-Identifier: Apache-2.0
"""The znodes are Kafka's, and what Kafka's older tools write into them is honoured."""
import base64
import json
import os
import re
import time

from cases import case
from cluster import Cluster
from kafka import MESSAGE_TOO_LARGE, NONE, Connection, batch

TOP_PATHS = ["/consumers", "/brokers/ids", "/brokers/topics", "/config/changes",
             "/admin/delete_topics", "/brokers/seqid", "/isr_change_notification",
             "/latest_producer_id_block", "/log_dir_event_notification", "/config/topics",
             "/config/clients", "/config/users", "/config/brokers", "/config/ips"]


def digits(text):
    return isinstance(text, str) and re.fullmatch(r"\d+", text)


@case
def znodes_are_kafkas():
    """Paths and JSON as Kafka 3.9 writes them."""
    with Cluster(name="znodes") as c:
        c.create_topic("load", partitions=2, **{"retention.ms": "86400000"})
        for path in TOP_PATHS:
            assert c.zk.exists(path), path
        cluster = c.znode("/cluster/id")
        assert cluster["version"] == "1" and len(base64.urlsafe_b64decode(cluster["id"] + "==")) == 16
        check_controller(c)
        for n in c.nodes.values():
            check_broker(c, n)
        check_topic(c)
        check_producer_ids(c)


def check_controller(c):
    data, stat = c.zk.get("/controller")
    found = json.loads(data)
    fields = ["version", "brokerid", "timestamp", "kraftControllerEpoch"]
    assert list(found)[:4] == fields, found
    assert found["version"] == 2 and found["kraftControllerEpoch"] == -1, found
    assert abs(int(found["timestamp"]) - time.time() * 1000) < 600000, found
    assert stat.ephemeralOwner != 0, stat
    data, stat = c.zk.get("/controller_epoch")
    assert data == b"1" and stat.version == 1 and stat.ephemeralOwner == 0, (data, stat)


def check_broker(c, n):
    data, stat = c.zk.get("/brokers/ids/%d" % n.id)
    found = json.loads(data)
    assert stat.ephemeralOwner != 0, stat
    assert found["version"] == 5 and found["host"] == "127.0.0.1" and found["port"] == n.port
    assert found["endpoints"] == ["PLAINTEXT://%s" % n.address], found
    assert found["listener_security_protocol_map"] == {"PLAINTEXT": "PLAINTEXT"}, found
    assert found["jmx_port"] == -1 and found["features"] == {}, found
    assert digits(found["timestamp"]), found


def check_topic(c):
    found = c.znode("/brokers/topics/load")
    assert found["version"] == 3 and sorted(found["partitions"]) == ["0", "1"], found
    assert found["adding_replicas"] == {} and found["removing_replicas"] == {}, found
    assert len(found["topic_id"]) == 22 and not found["topic_id"].startswith("-"), found
    assert c.znode("/config/topics/load") == {"version": 1,
                                              "config": {"retention.ms": "86400000"}}
    for p in (0, 1):
        s = c.partition("load", p)
        assert s["version"] == 1 and s["leader"] == found["partitions"][str(p)][0], s
        assert s["leader_epoch"] >= 0 and s["controller_epoch"] == 1, s
        assert s["isr"] == found["partitions"][str(p)], s
        data, _ = c.zk.get("/brokers/topics/load/partitions/%d" % p)
        assert not data, data


def check_producer_ids(c):
    from load import Load
    load = Load(c, "load")
    load.wait_more(10)
    load.finish()
    found = c.znode("/latest_producer_id_block")
    assert found["version"] == 1 and found["broker"] in c.nodes, found
    assert int(found["block_end"]) - int(found["block_start"]) == 999, found
    assert digits(found["block_start"]) and digits(found["block_end"]), found


def write_by_hand(c, name, assignment):
    """As Kafka's older tools create a topic: the configuration first, then the topic."""
    c.zk.ensure_path("/config/topics")
    c.zk.create("/config/topics/%s" % name, b'{"version":1,"config":{}}')
    c.zk.create("/brokers/topics/%s" % name,
                json.dumps({"version": 2, "partitions": assignment, "adding_replicas": {},
                            "removing_replicas": {}}).encode())


@case
def topic_by_znodes():
    """A topic made, overridden, grown and deleted by writing znodes, as Kafka's older tools do."""
    with Cluster(name="by-znodes") as c:
        c.create_topic("other", partitions=1)
        write_by_hand(c, "hand", {"0": [2, 3, 1], "1": [3, 1]})
        c.wait_in_sync("hand")
        assert c.partition("hand", 0)["leader"] == 2 and c.partition("hand", 1)["leader"] == 3
        assert len(c.znode("/brokers/topics/hand")["topic_id"]) == 22
        with Connection(c.nodes[2].port) as k:
            assert k.produce("hand", 0, batch([b"x" * 5000])) == (NONE, 0)
        odd_topics(c)
        override(c)
        grow(c)
        delete(c)


ODD_TOPICS = {"broken": b'{"version":2,', "empty": b"", "twice": b'{"version":2,"partitions":{"0":[1,1]}}',
              "nobody": b'{"version":2,"partitions":{"0":[77]}}',
              "none": b'{"version":2,"partitions":{}}',
              "gap": b'{"version":2,"partitions":{"1":[2,3]}}'}


def odd_topics(c):
    """What somebody may write and no tool would: it disturbs no other topic, and the brokers hold the
    metadata that the controller says."""
    for name, data in ODD_TOPICS.items():
        c.zk.create("/brokers/topics/%s" % name, data)
    c.wait_for("the partition after the gap", lambda: c.partition("gap", 1))
    for name in ("broken", "empty", "twice"):
        c.wait_for("%s to be complained of" % name, lambda name=name: any(
            n.says("/brokers/topics/%s .*the topic is left alone" % name)
            for n in c.nodes.values()))
    # Several of the digests that the controller says every second.
    c.create_topic("after", partitions=1)
    for _ in range(3):
        c.command("verify", "--topic", "after", "--seconds", 1)
    assert not any(n.says("metadata here differ") for n in c.nodes.values()), c.state()
    for name in ("broken", "twice"):
        c.zk.create("/admin/delete_topics/%s" % name)
        c.wait_for("%s to be deleted" % name,
                   lambda name=name: name not in c.children("/brokers/topics"))
    for name in set(ODD_TOPICS) - {"broken", "twice"}:
        c.zk.delete("/brokers/topics/%s" % name, recursive=True)


def override(c):
    """max.message.bytes is lowered, then the override is taken back."""
    def told(config):
        c.zk.set("/config/topics/hand", json.dumps({"version": 1, "config": config}).encode())
        c.zk.create("/config/changes/config_change_",
                    b'{"version":2,"entity_path":"topics/hand"}', sequence=True)

    def answer():
        with Connection(c.nodes[2].port) as k:
            return k.produce("hand", 0, batch([b"x" * 5000]))[0]
    told({"max.message.bytes": "1000", "retention.msx": "1"})
    c.wait_for("the override to count", lambda: answer() == MESSAGE_TOO_LARGE)
    c.wait_for("the wrong one to be complained of", lambda: any(
        n.says("/config/topics/hand: Unknown topic config name: retention.msx")
        for n in c.nodes.values()))
    told({})
    c.wait_for("the override to be gone", lambda: answer() == NONE)


def grow(c):
    data, _ = c.zk.get("/brokers/topics/hand")
    found = json.loads(data)
    found["partitions"]["2"] = [1, 2, 3]
    c.zk.set("/brokers/topics/hand", json.dumps(found).encode())
    c.wait_for("partition 2", lambda: c.partition("hand", 2))
    c.wait_in_sync("hand")


def delete(c):
    c.zk.create("/admin/delete_topics/hand")
    c.wait_for("the topic to go", lambda: c.znode("/brokers/topics/hand") is None)
    c.wait_for("the request to go", lambda: c.children("/admin/delete_topics") == [])
    c.wait_for("its configuration to go", lambda: c.znode("/config/topics/hand") is None)
    for n in c.nodes.values():
        c.wait_for("broker %d to drop its logs" % n.id, lambda n=n: not any(
            x.startswith("hand-") and not x.endswith("-delete") for x in os.listdir(n.data)))
        with Connection(n.port) as k:
            assert k.metadata("hand")[1]["hand"][0] == 3  # UNKNOWN_TOPIC_OR_PARTITION
