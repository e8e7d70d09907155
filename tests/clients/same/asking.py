# SPDX-License-Identifier: Apache-2.0
"""The list of cases, and what several of them need."""
from wait import wait_for

CASES = []
NO_ID = "0" * 32
ODD_ID = "000000000000000000000000000000ff"


def case(function):
    CASES.append(function)
    return function


def hexed(topic_id):
    return topic_id.replace("-", "")


def find_controller(side):
    def known():
        got = side.raw("Metadata", 9, {"Topics": []})
        return got["ControllerId"] if len(got["Brokers"]) == len(side.ports) else -1
    side.controller = wait_for("a controller of " + side.name, lambda: max(known(), 0))


def make(s, name, partitions=1, replicas=(1,), **config):
    """Creates a topic led by the first of these brokers, waits until every broker knows it, and
    returns its id."""
    got = s.raw("CreateTopics", 7, {"Topics": [{
        "Name": name, "NumPartitions": -1, "ReplicationFactor": -1,
        "Assignments": [{"PartitionIndex": p, "BrokerIds": list(replicas)}
                        for p in range(partitions)],
        "Configs": [{"Name": k.replace("_", "."), "Value": str(v)} for k, v in config.items()],
    }]}, broker=s.controller)["Topics"][0]
    assert got["ErrorCode"] == 0, (s.name, got)
    s.call_it(got["TopicId"], "id of " + name)
    wait_led(s, name, replicas[0], partitions)
    return hexed(got["TopicId"])


def wait_led(s, name, leader, partitions=1):
    def led(broker):
        t = s.raw("Metadata", 9, {"Topics": [{"Name": name}], "AllowAutoTopicCreation": False},
                  broker=broker)["Topics"][0]
        return len(t["Partitions"]) == partitions and all(
            p["LeaderId"] == leader for p in t["Partitions"])
    wait_for("%s of %s" % (name, s.name), lambda: all(led(b) for b in s.ports))


def produce_body(topic, records, partition=0, acks=-1, timeout_ms=10000, **more):
    return {"Acks": acks, "TimeoutMs": timeout_ms, "TopicData": [
        {"Name": topic, "PartitionData": [{"Index": partition, "Records": records}]}], **more}


def produce(s, topic, records, partition=0, version=9, **more):
    """Produces what must be taken; returns the base offset."""
    got = s.raw("Produce", version, produce_body(topic, records, partition, **more))
    p = got["Responses"][0]["PartitionResponses"][0]
    assert p["ErrorCode"] == 0, (s.name, p)
    return p["BaseOffset"]


def coordinator(s, group):
    """The broker that coordinates this group, once it serves it."""
    def found():
        got = s.raw("FindCoordinator", 3, {"Key": group})
        if got["ErrorCode"] != 0:
            return 0
        tried = s.raw("Heartbeat", 3, {"GroupId": group, "GenerationId": 0, "MemberId": "x"},
                      broker=got["NodeId"])
        return got["NodeId"] if tried["ErrorCode"] == 25 else 0
    return wait_for("a coordinator of %s of %s" % (group, s.name), found)
