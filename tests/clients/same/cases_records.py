# SPDX-License-Identifier: Apache-2.0
"""Produce, Fetch, InitProducerId."""
import time

from asking import NO_ID, ODD_ID, case, make, produce, produce_body
from batches import batch, tell
from kafka import message_set
from wait import wait_for

HOUR_MS = 3600000


def send(s, label, topic, records, versions=(9,), broker=1, **more):
    s.each(label, "Produce", produce_body(topic, records, **more), versions, broker=broker)


def fetch_body(s, topic, offset=0, partition=0, topic_id=NO_ID, part_max=1 << 20, epoch=-1,
               last_epoch=-1, **more):
    body = {"MaxWaitMs": 100, "MinBytes": 1, "MaxBytes": 1 << 20, "Topics": [
        {"Topic": topic, "TopicId": topic_id, "Partitions": [
            {"Partition": partition, "FetchOffset": offset, "PartitionMaxBytes": part_max,
             "CurrentLeaderEpoch": epoch, "LastFetchedEpoch": last_epoch}]}]}
    body.update(more)
    return body


def wait_whole(s, topic):
    """Until one fetch brings all that partition 0 holds: it may end where the file ends so far."""
    def whole():
        got = s.raw("Fetch", 4, fetch_body(s, topic))["Responses"][0]["Partitions"][0]
        found = tell(got["Records"])
        end = found[-1]["BaseOffset"] + found[-1]["LastDelta"] + 1 if found else 0
        return end == got["HighWatermark"]
    wait_for("all of " + topic, whole)


def tell_log(s, label, topic, versions):
    wait_whole(s, topic)
    s.each(label, "Fetch", fetch_body(s, topic), versions)


@case
def produce_plain(s):
    make(s, "prod", 2)
    make(s, "prod-twice", 2)
    make(s, "prod-no-time", 2)
    for v in range(3, 12):
        for acks in (-1, 1):
            send(s, "acks %d" % acks, "prod", batch([b"one", b"two"]), [v], acks=acks)
        send(s, "acks 2", "prod", batch([b"x"]), [v], acks=2)
        send(s, "acks -2", "prod", batch([b"x"]), [v], acks=-2)
        send(s, "partition 2", "prod", batch([b"x"]), [v], partition=2)
        send(s, "partition -1", "prod", batch([b"x"]), [v], partition=-1)
        send(s, "unknown topic", "prod-no", batch([b"x"]), [v])
        send(s, "bad topic name", "a b", batch([b"x"]), [v])
        send(s, "empty topic name", "", batch([b"x"]), [v])
        s.ask("no topics", "Produce", v, {"Acks": -1, "TimeoutMs": 1000})
        s.ask("no partitions", "Produce", v, {"Acks": -1, "TimeoutMs": 1000, "TopicData": [
            {"Name": "prod", "PartitionData": []}]})
        s.ask("two partitions, one unknown, one good", "Produce", v, {
            "Acks": -1, "TimeoutMs": 1000, "TopicData": [
                {"Name": "prod", "PartitionData": [{"Index": 1, "Records": batch([b"a"])},
                                                   {"Index": 7, "Records": batch([b"b"])}]},
                {"Name": "prod-no", "PartitionData": [{"Index": 0, "Records": batch([b"b"])}]}]})
        s.ask("the same partition twice", "Produce", v, {
            "Acks": -1, "TimeoutMs": 1000, "TopicData": [
                {"Name": "prod-twice", "PartitionData": [{"Index": 1, "Records": batch([b"a"])},
                                                   {"Index": 1, "Records": batch([b"b"])}]}]})
        s.ask("the same topic twice", "Produce", v, {
            "Acks": -1, "TimeoutMs": 1000, "TopicData": [
                {"Name": "prod-twice", "PartitionData": [{"Index": 0, "Records": batch([b"a"])}]},
                {"Name": "prod-twice", "PartitionData": [{"Index": 1, "Records": batch([b"b"])}]}]})
        send(s, "no time", "prod-no-time", batch([b"x"]), [v], timeout_ms=0)
        send(s, "negative time", "prod-no-time", batch([b"x"]), [v], timeout_ms=-1)
        send(s, "a transactional id, plain batch", "prod", batch([b"x"]), [v],
             TransactionalId="t")


@case
def produce_and_close(s):
    make(s, "ack0")
    s.connection().send("Produce", 7, produce_body("ack0", batch([b"x"]), acks=0))
    s.each("after acks 0", "Metadata", {"Topics": []}, [9])
    s.connection().send("Produce", 7, produce_body("ack0", batch([b"x"], spoil_crc=1), acks=0))
    s.each("after a bad batch with acks 0", "Metadata", {"Topics": []}, [9])
    s.connection().send("Produce", 7, produce_body("ack0-no", batch([b"x"]), acks=0))
    s.each("after an unknown topic with acks 0", "Metadata", {"Topics": []}, [9])
    tell_log(s, "what is there", "ack0", [4])


WRONG = {
    "empty": b"", "half a header": batch([b"x"])[:30], "a byte": b"\0",
    "cut": batch([b"x" * 100])[:-3], "a byte more": batch([b"x"]) + b"\0",
    "bad crc": batch([b"x"], spoil_crc=1), "no records": batch([], last_delta=0, count=0),
    "no records, last delta -1": batch([]),
    "magic 3": batch([b"x"], magic=3), "magic -1": batch([b"x"], magic=-1),
    "length too large": batch([b"x"], size_more=5), "length too small": batch([b"x"], size_more=-5),
    "negative length": batch([b"x"], size_more=-1000),
    "two batches": batch([b"x"]) + batch([b"y"]),
    "last delta too large": batch([b"x"], last_delta=5),
    "last delta negative": batch([b"x"], last_delta=-5),
    "count too large": batch([b"x"], count=2), "count too small": batch([b"x", b"y"], count=1),
    "count and delta too small": batch([b"x", b"y"], count=1, last_delta=0),
    "count and delta too large": batch([b"x"], count=2, last_delta=1),
    "base offset": batch([b"x"], base_offset=77),
    "negative base offset": batch([b"x"], base_offset=-7),
    "leader epoch": batch([b"x"], epoch=5),
    "codec 5": batch([b"x"], codec=5), "codec 7": batch([b"x"], codec=7),
    "control": batch([b"x"], attributes=0x20), "transactional": batch([b"x"], attributes=0x10),
    "transactional control": batch([b"x"], attributes=0x30),
    "log append time": batch([b"x"], attributes=8),
    "attribute 0x40": batch([b"x"], attributes=0x40),
    "attribute 0x80": batch([b"x"], attributes=0x80),
    "attribute 0x4000": batch([b"x"], attributes=0x4000),
    "not that codec": batch([b"x" * 20], attributes=1),
    "max timestamp too small": batch([b"x"], max_ms=5),
    "max timestamp -1": batch([b"x"], max_ms=-1),
    "max timestamp too large": batch([b"x"], max_ms=1 << 50),
    "first delta 1": batch([b"x", b"y"], first_delta=1),
    "null value": batch([None]), "key": batch([b"x"], keys=[b"k"]),
    "headers": batch([b"x"], headers=[(b"h", b"v"), (b"", b"")]),
    "header key not utf-8": batch([b"x"], headers=[(b"\xff", b"v")]),
    "rubbish": b"\xff" * 100,
}


@case
def produce_wrong(s):
    for number, (label, records) in enumerate(WRONG.items()):
        make(s, "wrong-%d" % number)
        for v in (3, 7, 8, 11):
            send(s, label, "wrong-%d" % number, records, [v])
        tell_log(s, "what is there, " + label, "wrong-%d" % number, [4, 12])


@case
def produce_old_magic(s):
    make(s, "old")
    for magic in (0, 1):
        for v in (3, 7, 8):
            send(s, "magic %d" % magic, "old", message_set(b"x", magic), [v])


@case
def produce_codecs(s):
    make(s, "codecs")
    for codec in ("gzip", "snappy", "lz4", "zstd"):
        for v in (3, 6, 7, 9):
            send(s, codec, "codecs", batch([b"one" * 50, b"two" * 50], codec=codec), [v])
    tell_log(s, "what is there", "codecs", [4, 9, 10, 12])
    make(s, "codecs-uncompressed", compression_type="uncompressed")
    make(s, "codecs-gzip", compression_type="gzip")
    for topic in ("codecs-uncompressed", "codecs-gzip"):
        for codec in ("none", "gzip", "zstd"):
            produce(s, topic, batch([b"one" * 50], codec=codec))
        tell_log(s, "what is there in " + topic, topic, [12])


@case
def produce_sizes(s):
    make(s, "sizes", max_message_bytes=1000)
    for size in (800, 930, 1100, 5000):
        send(s, "%d bytes" % size, "sizes", batch([b"x" * size]), (3, 8))
        send(s, "%d bytes, gzip" % size, "sizes", batch([b"x" * size], codec="gzip"), (3, 8))
    make(s, "segments", segment_bytes=1000, max_message_bytes=5000)
    for size in (800, 930, 1100, 4000):
        send(s, "%d bytes, small segments" % size, "segments", batch([b"x" * size]), (3, 8))
    make(s, "default-size")
    for size in (99000, 101000):
        send(s, "%d bytes, the brokers' limit" % size, "default-size", batch([b"x" * size]), (8,))


@case
def produce_times(s):
    now = int(time.time() * 1000)
    make(s, "append-time", message_timestamp_type="LogAppendTime")
    make(s, "limits", message_timestamp_before_max_ms=HOUR_MS // 2,
         message_timestamp_after_max_ms=HOUR_MS // 2)
    make(s, "difference", message_timestamp_difference_max_ms=HOUR_MS // 2)
    make(s, "free")
    for topic in ("append-time", "limits", "difference", "free"):
        for label, at in (("now", now), ("0", 0), ("-1", -1), ("-5", -5),
                          ("3 hours ago", now - 3 * HOUR_MS), ("in 3 hours", now + 3 * HOUR_MS),
                          ("in a year", now + 8766 * HOUR_MS), ("the last", (1 << 63) - 1)):
            send(s, "%s at %s" % (topic, label), topic, batch([b"x"], time_ms=at), (3, 8))
        send(s, topic + ", second record 3 hours ahead", topic,
             batch([b"x", b"y"], deltas=[0, 3 * HOUR_MS]), (8,))
        send(s, topic + ", compressed", topic, batch([b"x" * 100], codec="gzip"), (8,))
    for topic in ("append-time", "limits", "difference"):
        tell_log(s, "what is there in " + topic, topic, [4])
        send(s, topic + ", log append time", topic, batch([b"x"], attributes=8), (8,))


@case
def produce_rack_of_minimum(s):
    make(s, "min-2", min_insync_replicas=2)
    for acks in (-1, 0, 1):
        if acks:
            send(s, "too few replicas, acks %d" % acks, "min-2", batch([b"x"]), (3, 8), acks=acks)


@case
def produce_not_leader(s):
    make(s, "elsewhere", 1, (2, 3))
    for broker in (1, 3):
        for v in range(3, 12):
            s.ask("to broker %d" % broker, "Produce", v, produce_body("elsewhere", batch([b"x"])),
                  broker=broker)


def init(s, label, version, **body):
    return s.ask(label, "InitProducerId", version, body)


@case
def init_producer_id(s):
    wait_for("producer ids of " + s.name, lambda: s.raw("InitProducerId", 4, {
        "TransactionalId": None})["ErrorCode"] == 0)
    for v in range(6):
        init(s, "plain", v, TransactionalId=None, TransactionTimeoutMs=60000)
        init(s, "no time", v, TransactionalId=None, TransactionTimeoutMs=0)
        init(s, "negative time", v, TransactionalId=None, TransactionTimeoutMs=-1)
        init(s, "much time", v, TransactionalId=None, TransactionTimeoutMs=(1 << 31) - 1)
        init(s, "empty transactional id", v, TransactionalId="", TransactionTimeoutMs=60000)
    for v in (3, 4, 5):
        for pid, epoch in ((5, 0), (5, -1), (-1, 5), (5, 7), (-2, -2), (5, 32767)):
            init(s, "id %d, epoch %d" % (pid, epoch), v, TransactionalId=None,
                 TransactionTimeoutMs=60000, ProducerId=pid, ProducerEpoch=epoch)


@case
def idempotence(s):
    make(s, "idem", 2)
    pid = s.raw("InitProducerId", 4, {"TransactionalId": None, "TransactionTimeoutMs": 1})[
        "ProducerId"]

    def put(label, epoch, sequence, count=1, partition=0, producer=None, version=9, **more):
        send(s, "%s: epoch %d sequence %d, %d records" % (label, epoch, sequence, count), "idem",
             batch([b"x"] * count, producer=(pid if producer is None else producer, epoch,
                                             sequence), **more), (version,), partition=partition)
    put("first", 0, 0)
    put("again", 0, 0)
    put("next", 0, 1, 3)
    put("again", 0, 1, 3)
    put("part of the last", 0, 1, 2)
    put("part of the last", 0, 2, 2)
    put("gap", 0, 5)
    put("next", 0, 4)
    for i in range(5, 11):
        put("more", 0, i)
    put("the oldest that is remembered", 0, 6)
    put("forgotten", 0, 5)
    put("forgotten", 0, 0)
    put("negative", 0, -1)
    put("negative", 0, -2)
    put("new epoch, not from 0", 1, 5)
    put("new epoch", 1, 0)
    put("old epoch", 0, 11)
    put("old epoch, 8", 0, 11, version=8)
    put("old epoch, 3", 0, 11, version=3)
    put("again", 1, 0)
    put("next", 1, 1)
    put("epoch -1", -1, 2)
    put("skipping epochs", 7, 0)
    put("not known, from 5", 0, 5, producer=pid + 100000)
    put("it goes on", 0, 6, producer=pid + 100000)
    put("it has a gap", 0, 9, producer=pid + 100000)
    put("other partition, from 3", 7, 3, partition=1)
    put("next", 7, 4, partition=1)
    put("id and epoch without sequence", 0, -1, producer=pid + 100002)
    put("negative id", 0, 0, producer=-5)
    put("wrap around", 0, 2147483646, 2, producer=pid + 100003)
    put("wrapped", 0, 0, 1, producer=pid + 100003)
    put("wrapped again", 0, 0, 1, producer=pid + 100003)
    put("across the wrap", 0, 2147483646, 4, producer=pid + 100004)
    put("across the wrap, next", 0, 2, 1, producer=pid + 100004)
    put("epoch 32767", 32767, 0, producer=pid + 100005)
    tell_log(s, "what is there", "idem", [4])
    put("id without epoch", -1, 0, producer=pid + 100001)
    send(s, "two batches of a producer", "idem", batch([b"x"], producer=(pid, 9, 0)) +
         batch([b"x"], producer=(pid, 9, 1)))


@case
def fetch_plain(s):
    topic_id = make(s, "fetch", 2)
    make(s, "fetch-b")
    for i in range(5):
        produce(s, "fetch", batch([b"value %d" % i * 20] * 2))
    produce(s, "fetch", batch([b"other"]), partition=1)
    produce(s, "fetch-b", batch([b"b"] * 3))

    tell_log(s, "all", "fetch", [4])

    def ask(label, versions=(4, 7, 11, 12, 13, 17), **how):
        s.each(label, "Fetch", fetch_body(s, "fetch", topic_id=topic_id, **how), versions)
    ask("from the start", range(4, 18))
    ask("from 3", offset=3)
    ask("from the last", offset=9)
    ask("from the end", range(4, 18), offset=10)
    ask("beyond the end", range(4, 18), offset=11)
    ask("far beyond", offset=1 << 40)
    ask("negative", range(4, 18), offset=-1)
    ask("more negative", offset=-2)
    ask("unknown partition", range(4, 18), partition=2)
    ask("partition -1", partition=-1)
    ask("one batch by the partition's limit", part_max=1)
    ask("no bytes of the partition", part_max=0)
    ask("negative bytes of the partition", part_max=-1)
    ask("two batches by the partition's limit", part_max=500)
    ask("the partition's limit, from the middle of a batch", part_max=300, offset=3)
    ask("one batch by the limit", MaxBytes=1)
    ask("no bytes", MaxBytes=0)
    ask("negative bytes", MaxBytes=-1)
    ask("no wait", offset=10, MaxWaitMs=0)
    ask("negative wait", offset=10, MaxWaitMs=-1)
    ask("no minimum", offset=10, MinBytes=0)
    ask("negative minimum", offset=10, MinBytes=-1)
    ask("a large minimum", MinBytes=1 << 19)
    ask("minimum above maximum", MinBytes=100, MaxBytes=10)
    ask("committed", IsolationLevel=1)
    ask("isolation 2", IsolationLevel=2)
    ask("isolation -1", IsolationLevel=-1)
    ask("epoch 0", (9, 12, 17), epoch=0)
    ask("epoch 1", (9, 12, 17), epoch=1)
    ask("epoch -2", (9, 12, 17), epoch=-2)
    ask("unknown epoch beyond the end", (9, 12, 17), epoch=1, offset=99)
    ask("last epoch 0", (12, 17), last_epoch=0, offset=4)
    ask("last epoch 0 at the end", (12, 17), last_epoch=0, offset=10)
    ask("last epoch 0 beyond the end", (12, 17), last_epoch=0, offset=11)
    ask("last epoch 1", (12, 17), last_epoch=1, offset=4)
    ask("last epoch -2", (12, 17), last_epoch=-2, offset=4)
    ask("rack", (11, 12), RackId="a")
    ask("cluster id", (12, 17), ClusterId="other")
    s.each("unknown topic", "Fetch", fetch_body(s, "fetch-no"), range(4, 13))
    s.each("unknown id", "Fetch", fetch_body(s, "", topic_id=ODD_ID), range(13, 18))
    s.each("zero id", "Fetch", fetch_body(s, ""), (13, 17))
    s.each("no topics", "Fetch", {"MaxWaitMs": 0, "MinBytes": 0, "Topics": []})
    s.each("no topics, but a wait", "Fetch", {"MaxWaitMs": 200, "MinBytes": 1, "Topics": []},
           (4, 17))
    s.each("bad name", "Fetch", fetch_body(s, "a b"), (4, 12))
    parts = [{"Partition": p, "FetchOffset": o, "PartitionMaxBytes": 1 << 20}
             for p, o in ((1, 0), (0, 4), (0, 0))]
    for label, more in (("", {}), (", one byte", {"MaxBytes": 1}), (", 300", {"MaxBytes": 300})):
        s.each("two partitions%s" % label, "Fetch", {
            "MaxWaitMs": 0, "MinBytes": 1, "MaxBytes": 1 << 20, **more, "Topics": [
                {"Topic": "fetch", "TopicId": topic_id, "Partitions": parts[:2]}]}, (4, 12, 17))
        s.each("one twice%s" % label, "Fetch", {
            "MaxWaitMs": 0, "MinBytes": 1, "MaxBytes": 1 << 20, **more, "Topics": [
                {"Topic": "fetch", "TopicId": topic_id, "Partitions": parts[1:]}]}, (4, 12, 17))
    s.each("unknown among known", "Fetch", {
        "MaxWaitMs": 5000, "MinBytes": 1, "Topics": [
            {"Topic": "fetch", "Partitions": [{"Partition": 0, "FetchOffset": 10,
                                               "PartitionMaxBytes": 99}]},
            {"Topic": "fetch-no", "Partitions": [{"Partition": 0, "FetchOffset": 0,
                                                  "PartitionMaxBytes": 99}]}]}, (4, 12))
    s.each("unknown id among known", "Fetch", {
        "MaxWaitMs": 5000, "MinBytes": 1, "Topics": [
            {"TopicId": topic_id, "Partitions": [{"Partition": 0, "FetchOffset": 10,
                                                  "PartitionMaxBytes": 99}]},
            {"TopicId": ODD_ID, "Partitions": [{"Partition": 0, "FetchOffset": 0,
                                                "PartitionMaxBytes": 99}]}]}, (13, 17))


@case
def fetch_as_replica(s):
    topic_id = make(s, "replica")
    make(s, "replica-2", 1, (1, 2))
    produce(s, "replica", batch([b"x"]))
    for replica in (-2, -3, 0, 2, 99):
        s.each("replica %d" % replica, "Fetch",
               fetch_body(s, "replica", topic_id=topic_id, ReplicaId=replica), (4, 12, 13))
        s.each("replica state %d" % replica, "Fetch", fetch_body(
            s, "replica", topic_id=topic_id,
            ReplicaState={"ReplicaId": replica, "ReplicaEpoch": -1}), (15, 17))


@case
def fetch_elsewhere(s):
    topic_id = make(s, "elsewhere-f", 1, (2, 3))
    for broker in (1, 3):
        for v in range(4, 18):
            s.ask("from broker %d" % broker, "Fetch", v,
                  fetch_body(s, "elsewhere-f", topic_id=topic_id), broker=broker)
        s.ask("epoch 5, from broker %d" % broker, "Fetch", 12,
              fetch_body(s, "elsewhere-f", epoch=5), broker=broker)
        s.ask("epoch 0, from broker %d" % broker, "Fetch", 12,
              fetch_body(s, "elsewhere-f", epoch=0), broker=broker)


@case
def fetch_sessions(s):
    topic_id = make(s, "session")
    produce(s, "session", batch([b"x"]))

    def ask(label, id, epoch, versions=(7, 12, 17), **more):
        for v in versions:
            got = s.raw("Fetch", v, fetch_body(s, "session", topic_id=topic_id, SessionId=id,
                                               SessionEpoch=epoch, **more))
            if isinstance(got, dict):
                got["SessionId"] = got["SessionId"] and "some"
            s.say("Fetch v%d: %s" % (v, label), got)
    ask("no session", 0, -1)
    ask("a new session", 0, 0)
    ask("unknown session", 77, 1)
    ask("unknown session, epoch 0", 77, 0)
    ask("unknown session, ended", 77, -1)
    ask("epoch 1 without a session", 0, 1)
    ask("negative session", -1, 1)


@case
def fetch_waits(s):
    make(s, "waits")
    other = s.connect()
    sent = other.send("Fetch", 4, fetch_body(s, "waits", MaxWaitMs=20000))
    produce(s, "waits", batch([b"x"]))
    s.say("woken", other.receive(sent))
    sent = other.send("Fetch", 4, fetch_body(s, "waits", offset=1, MaxWaitMs=1000, MinBytes=9999))
    produce(s, "waits", batch([b"y"]))
    s.say("too little until the time is over", other.receive(sent))
    first = other.send("Fetch", 4, fetch_body(s, "waits", offset=2, MaxWaitMs=500))
    second = other.send("Metadata", 4, {"Topics": []})
    s.say("in order", other.receive(first))
    s.say("in order, second", other.receive(second))
    other.close()
