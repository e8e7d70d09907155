# SPDX-License-Identifier: Apache-2.0
"""ListOffsets and OffsetForLeaderEpoch."""
import time

from asking import case, make, produce
from batches import batch
from wait import wait_for

DAY_MS = 86400000


def next_millisecond():
    """Waits until the clock has moved on; returns its time."""
    began = int(time.time() * 1000)
    return wait_for("the clock", lambda: (now := int(time.time() * 1000)) > began and now)


def list_body(topic, timestamp, partition=0, epoch=-1, **more):
    return {"ReplicaId": -1, "Topics": [{"Name": topic, "Partitions": [
        {"PartitionIndex": partition, "Timestamp": timestamp, "CurrentLeaderEpoch": epoch}]}],
        **more}


@case
def list_offsets(s):
    make(s, "list", 2)
    make(s, "list-empty")
    now = 1700000000000  # far enough back to be told as it is
    for at in (100, 200, 300, 300, 500):
        produce(s, "list", batch([b"a", b"b", b"c"], time_ms=now + at, deltas=[0, 10, 20]))
    produce(s, "list", batch([b"a", b"b"], time_ms=now + 50, deltas=[0, 10]))
    produce(s, "list", batch([b"a"], time_ms=now + 510, deltas=[10]))
    produce(s, "list", batch([b"a", b"b", b"c"] * 30, codec="gzip", time_ms=now + 600,
                             deltas=list(range(90))))
    for timestamp in (-1, -2, -3, -4, -5, -6, -100):
        s.each("timestamp %d" % timestamp, "ListOffsets", list_body("list", timestamp))
        s.each("timestamp %d, empty" % timestamp, "ListOffsets",
               list_body("list-empty", timestamp))
        s.each("timestamp %d, committed" % timestamp, "ListOffsets",
               list_body("list", timestamp, IsolationLevel=1), range(2, 10))
    for at in (-1000, 50, 55, 60, 61, 100, 105, 110, 111, 120, 121, 200, 299, 300, 310, 320, 321,
               400, 500, 520, 521, 530, 600, 601, 645, 689, 690, 100000):
        s.each("%d" % at, "ListOffsets", list_body("list", now + at), (1, 4, 7, 9))
    s.each("0", "ListOffsets", list_body("list", 0))
    s.each("0, empty", "ListOffsets", list_body("list-empty", 0))
    s.each("the last there is", "ListOffsets", list_body("list", (1 << 63) - 1), (1, 9))
    s.each("unknown topic", "ListOffsets", list_body("list-no", -1))
    s.each("bad name", "ListOffsets", list_body("a b", -1), (1, 9))
    s.each("unknown partition", "ListOffsets", list_body("list", -1, 2))
    s.each("partition -1", "ListOffsets", list_body("list", -1, -1), (1, 9))
    s.each("unknown timestamp of an unknown topic", "ListOffsets", list_body("list-no", -9), (1, 9))
    for epoch in (0, 1, -2):
        s.each("epoch %d" % epoch, "ListOffsets", list_body("list", -1, epoch=epoch), (4, 9))
        s.each("epoch %d, by time" % epoch, "ListOffsets",
               list_body("list", now, epoch=epoch), (4, 9))
    for isolation in (2, -1):
        s.each("isolation %d" % isolation, "ListOffsets",
               list_body("list", -1, IsolationLevel=isolation), (2, 9))
    for replica in (-2, 0, 2, 99):
        s.each("replica %d" % replica, "ListOffsets",
               {**list_body("list", -1), "ReplicaId": replica}, (1, 9))
    twice = list_body("list", -1)
    twice["Topics"][0]["Partitions"] *= 2
    s.each("twice", "ListOffsets", twice)
    both = list_body("list", -1)
    both["Topics"][0]["Partitions"] += list_body("list", -2)["Topics"][0]["Partitions"]
    both["Topics"][0]["Partitions"] += list_body("list", -1, 1)["Topics"][0]["Partitions"]
    s.each("twice, and another", "ListOffsets", both)
    topics = list_body("list", -1)
    topics["Topics"] += list_body("list-empty", -1)["Topics"]
    topics["Topics"] += list_body("list", -2)["Topics"]
    s.each("the topic twice", "ListOffsets", topics)
    s.each("no topics", "ListOffsets", {"ReplicaId": -1, "Topics": []})
    s.each("no partitions", "ListOffsets", {"ReplicaId": -1, "Topics": [
        {"Name": "list", "Partitions": []}]})


@case
def list_offsets_append_time(s):
    make(s, "list-append", message_timestamp_type="LogAppendTime")
    produce(s, "list-append", batch([b"a", b"b"], time_ms=5))
    between = next_millisecond()  # later than the append before it
    next_millisecond()  # and earlier than the one behind it
    produce(s, "list-append", batch([b"a", b"b"], time_ms=7))
    for timestamp in (0, 5, between, between + DAY_MS, -1, -2, -3):
        label = timestamp if timestamp < 10 else "between" if timestamp == between else "after"
        s.each("append time, %s" % label, "ListOffsets", list_body("list-append", timestamp))


@case
def list_offsets_many_segments(s):
    make(s, "list-segments", segment_bytes=1000, index_interval_bytes=100,
         message_timestamp_type="CreateTime", max_message_bytes=900)
    base = 1700000000000
    for i in range(40):
        produce(s, "list-segments", batch([b"x" * 100, b"y" * 100], time_ms=base + 10 * i,
                                          deltas=[0, 5]))
    for at in (-5, 0, 1, 5, 6, 10, 95, 96, 200, 205, 206, 333, 390, 395, 396):
        s.each("%d" % at, "ListOffsets", list_body("list-segments", base + at), (1, 9))
    for timestamp in (-1, -2, -3):
        s.each("%d" % timestamp, "ListOffsets", list_body("list-segments", timestamp), (1, 7, 9))


@case
def list_offsets_elsewhere(s):
    make(s, "list-else", 1, (2, 3))
    for broker in (1, 3):
        for v in range(1, 10):
            s.ask("from broker %d" % broker, "ListOffsets", v, list_body("list-else", -1),
                  broker=broker)


def epoch_body(topic, epoch, partition=0, current=-1, **more):
    return {"ReplicaId": -1, "Topics": [{"Topic": topic, "Partitions": [
        {"Partition": partition, "CurrentLeaderEpoch": current, "LeaderEpoch": epoch}]}], **more}


@case
def epochs(s):
    make(s, "epochs", 2)
    make(s, "epochs-empty")
    produce(s, "epochs", batch([b"x"] * 3))
    for epoch in (0, 1, 7, -1, -2):
        s.each("epoch %d" % epoch, "OffsetForLeaderEpoch", epoch_body("epochs", epoch))
        s.each("epoch %d, empty" % epoch, "OffsetForLeaderEpoch",
               epoch_body("epochs-empty", epoch))
    for current in (0, 1, -2):
        s.each("current %d" % current, "OffsetForLeaderEpoch",
               epoch_body("epochs", 0, current=current), (2, 3, 4))
    s.each("unknown topic", "OffsetForLeaderEpoch", epoch_body("epochs-no", 0))
    s.each("unknown partition", "OffsetForLeaderEpoch", epoch_body("epochs", 0, 5))
    s.each("partition -1", "OffsetForLeaderEpoch", epoch_body("epochs", 0, -1))
    s.each("no topics", "OffsetForLeaderEpoch", {"ReplicaId": -1, "Topics": []})
    for replica in (-2, 0, 2, 99):
        s.each("replica %d" % replica, "OffsetForLeaderEpoch",
               {**epoch_body("epochs", 0), "ReplicaId": replica}, (3, 4))
    twice = epoch_body("epochs", 0)
    twice["Topics"][0]["Partitions"] *= 2
    s.each("twice", "OffsetForLeaderEpoch", twice)
    make(s, "epochs-else", 1, (2, 3))
    for broker in (1, 3):
        s.each("from broker %d" % broker, "OffsetForLeaderEpoch", epoch_body("epochs-else", 0),
               broker=broker)
