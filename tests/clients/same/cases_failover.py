# SPDX-License-Identifier: Apache-2.0
"""What brokers answer when one of them is gone. The last case: broker 2 stays dead."""
from asking import case, find_controller, make, produce
from batches import batch
from cases_offsets import epoch_body, list_body
from cases_records import fetch_body, send, wait_whole
from cases_topics import create, create_body
from wait import wait_for


def kill_broker_2(s, *topics):
    """And waits until the others have noticed: these topics are led by broker 1."""
    s.nodes[2].kill9()

    def noticed():
        got = s.raw("Metadata", 12, {"Topics": [{"Name": t} for t in topics]})
        return len(got["Brokers"]) == 2 and all(
            p["LeaderId"] == 1 for t in got["Topics"] for p in t["Partitions"])
    wait_for("broker 1 of %s to lead" % s.name, noticed)
    del s.ports[2]
    find_controller(s)


@case
def after_a_failover(s):
    topic_id = make(s, "fail", 1, (2, 1))
    make(s, "fail-empty", 1, (2, 1))
    make(s, "lost", 1, (2,))
    sent = s.raw("Produce", 9, {"Acks": -1, "TimeoutMs": 10000, "TopicData": [
        {"Name": "fail", "PartitionData": [{"Index": 0, "Records": batch([b"x"] * 3)}]}]}, broker=2)
    s.say("to the first leader", sent)
    kill_broker_2(s, "fail", "fail-empty")
    produce(s, "fail", batch([b"y"] * 2))
    wait_whole(s, "fail")
    current = s.raw("Metadata", 12, {"Topics": [{"Name": "fail"}]})["Topics"][0]["Partitions"][0][
        "LeaderEpoch"]
    s.epoch = current  # Kafka may count it up twice
    epochs = (("none", -1), ("0", 0), ("current", current), ("next", current + 1))
    s.each("after", "Metadata", {"Topics": [{"Name": "fail"}, {"Name": "lost"}]})
    s.each("after", "DescribeCluster", {})
    for believed, number in epochs:
        for timestamp in (-1, -2, -3, 0):
            s.each("%d in epoch %s" % (timestamp, believed), "ListOffsets",
                   list_body("fail", timestamp, epoch=number), (4, 7, 9))
        for name, epoch in epochs:
            for topic in ("fail", "fail-empty"):
                s.each("%s, end of %s in epoch %s" % (topic, name, believed),
                       "OffsetForLeaderEpoch", epoch_body(topic, epoch, current=number))
            for offset in (0, 2, 3, 4, 5, 6):
                s.each("%d after epoch %s in epoch %s" % (offset, name, believed), "Fetch",
                       fetch_body(s, "fail", offset, topic_id=topic_id, epoch=number,
                                  last_epoch=epoch), (9, 12, 17))
    for broker in (1, 3):
        send(s, "without a leader, broker %d" % broker, "lost", batch([b"x"]), (9, 11),
             broker=broker)
        s.each("without a leader, broker %d" % broker, "Fetch", fetch_body(s, "lost"), (4, 12),
               broker=broker)
        s.each("without a leader, broker %d" % broker, "ListOffsets", list_body("lost", -1),
               broker=broker)
        s.each("without a leader, broker %d" % broker, "OffsetForLeaderEpoch",
               epoch_body("lost", 0), broker=broker)
    create(s, "too few brokers", 7, create_body("few", 1, 3))
    create(s, "placed on the dead", 7, create_body("dead", -1, -1, [(0, [2, 1])], TimeoutMs=1000))
