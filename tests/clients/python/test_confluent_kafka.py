# SPDX-License-Identifier: Apache-2.0
"""confluent-kafka: a librdkafka that is years younger than Debian's."""
import pytest
from confluent_kafka import (Consumer, ConsumerGroupState, KafkaException, Producer,
                             TopicCollection, TopicPartition)
from confluent_kafka.admin import AdminClient, NewPartitions, NewTopic, OffsetSpec
from ours import BOOTSTRAP, CODECS, DEADLINE_S, name, wait_for

SERVERS = {"bootstrap.servers": BOOTSTRAP}


@pytest.fixture(scope="module")
def admin():
    return AdminClient(SERVERS)


def make_topic(admin, base, partitions):
    topic = name(base)
    admin.create_topics([NewTopic(topic, partitions, 3)])[topic].result(DEADLINE_S)
    return topic


def produce(topic, values, **settings):
    """Writes to partition 0 and returns what the deliveries said."""
    p, said = Producer({**SERVERS, **settings}), []
    for v in values:
        p.produce(topic, v, partition=0, on_delivery=lambda wrong, m: said.append((wrong, m)))
    assert p.flush(DEADLINE_S) == 0
    return said


def consumer(group, **settings):
    return Consumer({**SERVERS, "group.id": group, "auto.offset.reset": "earliest", **settings})


def read(c, count):
    found = []

    def enough():
        for m in c.consume(500, 0.2):
            assert m.error() is None, m.error()
            found.append(m)
        return len(found) >= count
    wait_for("%d records" % count, enough)
    return found


@pytest.mark.parametrize("codec", CODECS)
def test_every_codec(admin, codec):
    topic = make_topic(admin, "codec", 1)
    wanted = [b"the same again " * 20 + b"%d" % i for i in range(1000)]
    said = produce(topic, wanted, **{"compression.type": codec or "none",
                                     "enable.idempotence": True})
    assert [(wrong, m.offset()) for wrong, m in said] == [(None, i) for i in range(1000)]
    c = consumer(name("codec"))
    c.subscribe([topic])
    assert [m.value() for m in read(c, 1000)] == wanted
    c.close()


def test_headers_and_null(admin):
    topic = make_topic(admin, "shapes", 1)
    p = Producer(SERVERS)
    p.produce(topic, None, "tombstone", headers=[("a", b"1"), ("a", None), ("b", b"")])
    p.produce(topic, b"", b"")
    p.flush(DEADLINE_S)
    c = consumer(name("shapes"))
    c.assign([TopicPartition(topic, 0, 0)])
    found = read(c, 2)
    assert (found[0].key(), found[0].value()) == (b"tombstone", None)
    assert found[0].headers() == [("a", b"1"), ("a", None), ("b", b"")]
    assert (found[1].key(), found[1].value()) == (b"", b"")
    c.close()


def test_admin(admin):
    topic = make_topic(admin, "admin", 2)
    admin.create_partitions([NewPartitions(topic, 3)])[topic].result(DEADLINE_S)
    found = admin.describe_topics(TopicCollection([topic]))[topic].result(DEADLINE_S)
    assert len(found.partitions) == 3 and len(found.partitions[0].replicas) == 3
    cluster = admin.describe_cluster().result(DEADLINE_S)
    assert sorted(n.id for n in cluster.nodes) == [1, 2, 3]
    produce(topic, [b"x", b"y"])
    at = TopicPartition(topic, 0)
    ends = admin.list_offsets({at: OffsetSpec.latest()})[at].result(DEADLINE_S)
    assert ends.offset == 2
    admin.delete_topics([topic])[topic].result(DEADLINE_S)
    wait_for("the topic to be gone", lambda: topic not in admin.list_topics().topics)
    with pytest.raises(KafkaException):
        admin.delete_topics(["never"])["never"].result(DEADLINE_S)


@pytest.mark.parametrize("strategy", ["range", "cooperative-sticky"])
def test_a_group_shares_commits_and_resumes(admin, strategy):
    topic, group = make_topic(admin, strategy, 2), name(strategy)
    settings = {"partition.assignment.strategy": strategy, "enable.auto.commit": False,
                "heartbeat.interval.ms": 500}
    a, b = consumer(group, **settings), consumer(group, **settings)
    a.subscribe([topic])
    b.subscribe([topic])

    def shared():
        a.poll(0.1), b.poll(0.1)
        return len(a.assignment()) == 1 and len(b.assignment()) == 1
    wait_for("a partition each", shared)
    b.close()

    def alone():
        a.poll(0.1)
        return len(a.assignment()) == 2
    wait_for("both partitions", alone)
    produce(topic, [b"%d" % i for i in range(100)])
    assert [m.value() for m in read(a, 100)] == [b"%d" % i for i in range(100)]
    a.commit(offsets=[TopicPartition(topic, 0, 70)], asynchronous=False)
    described = admin.describe_consumer_groups([group])[group].result(DEADLINE_S)
    assert described.state == ConsumerGroupState.STABLE and len(described.members) == 1
    a.close()
    c = consumer(group, **settings)
    c.subscribe([topic])
    assert read(c, 30)[0].value() == b"70"
    c.close()


def test_a_transactional_producer_is_refused():
    p = Producer({**SERVERS, "transactional.id": name("tx")})
    with pytest.raises(KafkaException) as wrong:
        p.init_transactions(20)
    assert "TRANSACTIONAL_ID_AUTHORIZATION" in wrong.value.args[0].name()
