# SPDX-License-Identifier: Apache-2.0
"""kafka-python: a client written from the protocol, not on librdkafka."""
import threading

import pytest
from kafka import (KafkaAdminClient, KafkaConsumer, KafkaProducer, OffsetAndMetadata,
                   TopicPartition)
from kafka.admin import NewPartitions, NewTopic
from kafka.errors import TopicAlreadyExistsError, UnknownTopicOrPartitionError
from ours import BOOTSTRAP, CODECS, name, wait_for

SERVERS = BOOTSTRAP.split(",")


@pytest.fixture(scope="module")
def admin():
    client = KafkaAdminClient(bootstrap_servers=SERVERS)
    yield client
    client.close()


def make_topic(admin, base, partitions):
    topic = name(base)
    admin.create_topics([NewTopic(topic, partitions, 3)])
    return topic


def producer(**settings):
    return KafkaProducer(bootstrap_servers=SERVERS, **settings)


def consumer(*topics, **settings):
    settings.setdefault("auto_offset_reset", "earliest")
    return KafkaConsumer(*topics, bootstrap_servers=SERVERS, **settings)


def read(c, count):
    """Polls until there are count records (or more, of the same poll)."""
    found = []

    def enough():
        for some in c.poll(timeout_ms=200).values():
            found.extend(some)
        return len(found) >= count
    wait_for("%d records" % count, enough)
    return found


@pytest.mark.parametrize("codec", CODECS)
def test_every_codec(admin, codec):
    topic = make_topic(admin, "codec", 1)
    wanted = [b"the same again " * 20 + b"%d" % i for i in range(1000)]
    p = producer(compression_type=codec, linger_ms=10)
    sent = [p.send(topic, value) for value in wanted]
    p.flush()
    assert [f.get(30).offset for f in sent] == list(range(1000))
    p.close()
    c = consumer(topic)
    assert [r.value for r in read(c, 1000)] == wanted
    c.close()


@pytest.mark.parametrize("acks", [0, 1, "all"])
def test_every_acks(admin, acks):
    topic = make_topic(admin, "acks", 1)
    p = producer(acks=acks, enable_idempotence=acks == "all")
    for i in range(300):
        p.send(topic, b"%d" % i)
    p.flush()
    c = consumer(topic)
    assert [r.value for r in read(c, 300)] == [b"%d" % i for i in range(300)]
    p.close()
    c.close()


def test_keys_headers_empty_and_null(admin):
    topic = make_topic(admin, "shapes", 1)
    p = producer()
    p.send(topic, b"value", key=b"key", headers=[("a", b"1"), ("a", b""), ("b", b"\x00\xff")],
           timestamp_ms=1234567890123)
    p.send(topic, b"", key=b"")
    p.send(topic, None, key=b"tombstone")
    p.close()
    c = consumer(topic)
    found = read(c, 3)
    assert [(r.key, r.value) for r in found] == [(b"key", b"value"), (b"", b""),
                                                 (b"tombstone", None)]
    assert [tuple(h) for h in found[0].headers] == [("a", b"1"), ("a", b""), ("b", b"\x00\xff")]
    assert found[0].timestamp == 1234567890123
    c.close()


def test_topics_are_made_grown_and_deleted(admin):
    topic = name("admin")
    made = admin.create_topics([NewTopic(topic, 2, 3, topic_configs={"retention.ms": "60000"})])
    assert made["topics"][0]["configs"]["retention.ms"]["value"] == "60000"
    with pytest.raises(TopicAlreadyExistsError):
        admin.create_topics([NewTopic(topic, 2, 3)])
    admin.create_partitions({topic: NewPartitions(4)})
    found = admin.describe_topics([topic])[0]
    assert len(found["partitions"]) == 4
    assert all(sorted(p["replica_nodes"]) == [1, 2, 3] for p in found["partitions"])
    assert topic in admin.list_topics()
    assert len(admin.describe_cluster()["brokers"]) == 3
    admin.delete_topics([topic])
    wait_for("the topic to be gone", lambda: topic not in admin.list_topics())
    with pytest.raises(UnknownTopicOrPartitionError):
        admin.create_partitions({topic: NewPartitions(9)})


def test_a_group_commits_and_resumes(admin):
    topic, group = make_topic(admin, "resume", 1), name("resume")
    at = TopicPartition(topic, 0)
    p = producer()
    for i in range(100):
        p.send(topic, b"%d" % i)
    p.flush()
    c = consumer(topic, group_id=group, enable_auto_commit=False, max_poll_records=10)
    assert [r.value for r in read(c, 40)][:40] == [b"%d" % i for i in range(40)]
    c.commit({at: OffsetAndMetadata(40, "a note", -1)})
    c.close()
    c = consumer(topic, group_id=group)
    assert c.committed(at) == 40
    assert [r.value for r in read(c, 60)] == [b"%d" % i for i in range(40, 100)]
    found = admin.describe_groups([group])[group]
    assert found["group_state"] == "Stable" and len(found["members"]) == 1
    assert group in [g["group_id"] for g in admin.list_groups()]
    c.close()  # commits
    assert admin.list_group_offsets({group: None})[group][at].offset == 100
    p.close()


def test_two_members_share_and_take_over(admin):
    topic, group = make_topic(admin, "share", 4), name("share")
    members = [consumer(topic, group_id=group, heartbeat_interval_ms=500) for _ in range(2)]
    for m in members:
        # This version wedges itself when it leads a group before it knows the topic: the answer of
        # its second SyncGroup comes, and it never polls nor heartbeats again.
        wait_for("the topic", lambda: m.partitions_for_topic(topic))
    ending = threading.Event()
    values, shares = [], [set(), set()]

    def work(i):
        while not ending.is_set() and not (i == 1 and leaving.is_set()):
            for some in members[i].poll(timeout_ms=100).values():
                values.extend(r.value for r in some)
            shares[i] = set(members[i].assignment())
        members[i].close()
    leaving = threading.Event()
    threads = [threading.Thread(target=work, args=(i,)) for i in range(2)]
    for t in threads:
        t.start()
    try:
        wait_for("two partitions each", lambda: [len(s) for s in shares] == [2, 2])
        assert len(shares[0] | shares[1]) == 4
        p = producer()
        for i in range(400):
            p.send(topic, b"%d" % i, partition=i % 4)
        p.close()
        wait_for("400 records", lambda: len(values) >= 400)
        assert sorted(map(int, values)) == list(range(400))
        leaving.set()
        wait_for("all partitions", lambda: len(shares[0]) == 4)
    finally:
        ending.set()
        for t in threads:
            t.join()


def test_seeks_and_times(admin):
    topic = make_topic(admin, "seek", 1)
    at = TopicPartition(topic, 0)
    p = producer()
    for i in range(50):
        p.send(topic, b"%d" % i, timestamp_ms=10000 + 10 * i)
    p.close()
    c = consumer()
    c.assign([at])
    c.seek(at, 33)
    assert read(c, 1)[0].value == b"33"
    assert c.beginning_offsets([at]) == {at: 0} and c.end_offsets([at]) == {at: 50}
    assert c.offsets_for_times({at: 10101})[at].offset == 11
    c.close()
