# SPDX-License-Identifier: Apache-2.0
"""ApiVersions, Metadata, DescribeCluster, CreateTopics, DeleteTopics, CreatePartitions."""
from asking import NO_ID, ODD_ID, case, make
from wait import wait_for


@case
def api_versions(s):
    def ask(label, version, body=None, **how):
        got = s.raw("ApiVersions", version, body or {}, **how)
        if isinstance(got, dict):
            got = {k: v for k, v in got.items() if "Feature" not in k}
            got["ApiKeys"] = [k for k in got["ApiKeys"] if k["ApiKey"] in (18, 22)]
        s.say("ApiVersions v%d: %s" % (version, label), got)
    for v in range(5):
        ask("plain", v, {"ClientSoftwareName": "same", "ClientSoftwareVersion": "1.0"})
    for name, number in (("", "1"), ("a b", "1"), ("-a", "1"), ("a-", "1"), ("a.b-c", "1-2.3"),
                         ("a", ""), ("a", "1_2"), ("ü", "1"), ("a" * 300, "1")):
        ask("name %r, version %r" % (name, number), 3,
            {"ClientSoftwareName": name, "ClientSoftwareVersion": number})
    s.ask("too high", "ApiVersions", 99, b"", as_version=0)
    s.ask("negative", "ApiVersions", -1, b"", as_version=0)
    s.ask("cut short", "ApiVersions", 3, b"\x05a", as_version=3)
    s.ask("without its body", "ApiVersions", 3, b"", as_version=3)


@case
def versions_out_of_range(s):
    for api, version in (("Metadata", 13), ("Metadata", -1), ("Fetch", 18), ("Produce", 12),
                         ("ListOffsets", 10), ("JoinGroup", 10), ("OffsetFetch", 10),
                         ("CreateTopics", 8), ("DescribeCluster", 2)):
        s.ask("out of range", api, version, b"")


@case
def metadata(s):
    topic_id = make(s, "meta-a", 2)
    make(s, "meta-b", 1, (2, 3, 1))
    s.each("one topic", "Metadata", {"Topics": [{"Name": "meta-a"}]})
    s.each("two, one of three replicas", "Metadata", {
        "Topics": [{"Name": "meta-b"}, {"Name": "meta-a"}]})
    s.each("twice the same", "Metadata", {"Topics": [{"Name": "meta-a"}, {"Name": "meta-a"}]})
    s.each("unknown, not to be made", "Metadata", {
        "Topics": [{"Name": "meta-no"}, {"Name": "meta-a"}], "AllowAutoTopicCreation": False},
        range(4, 13))
    for name in ("", ".", "..", "a b", "a/b", "ü", "a" * 249, "a" * 250):
        s.each("name %r" % name, "Metadata", {"Topics": [{"Name": name}],
                                              "AllowAutoTopicCreation": False}, (4, 9, 10, 12))
    s.each("no topics", "Metadata", {"Topics": []}, range(1, 13))
    s.each("operations", "Metadata", {
        "Topics": [{"Name": "meta-a"}, {"Name": "meta-no"}], "AllowAutoTopicCreation": False,
        "IncludeClusterAuthorizedOperations": True, "IncludeTopicAuthorizedOperations": True},
        range(8, 13))
    s.each("by id", "Metadata", {"Topics": [{"Name": None, "TopicId": topic_id}]}, (10, 11, 12))
    s.each("unknown id", "Metadata", {"Topics": [{"Name": None, "TopicId": ODD_ID}]}, (10, 12))
    s.each("zero id", "Metadata", {"Topics": [{"Name": None, "TopicId": NO_ID}]}, (10, 12))
    s.each("name and id", "Metadata", {"Topics": [{"Name": "meta-b", "TopicId": topic_id}]},
           (10, 11, 12))
    s.each("name and unknown id", "Metadata", {"Topics": [{"Name": "meta-b", "TopicId": ODD_ID}]},
           (12,))
    s.each("by id and by name", "Metadata", {"Topics": [
        {"Name": None, "TopicId": topic_id}, {"Name": "meta-a", "TopicId": NO_ID}]}, (12,))
    s.each("two unknown ids", "Metadata", {"Topics": [
        {"Name": None, "TopicId": ODD_ID}, {"Name": None, "TopicId": "f" * 32}]}, (12,))
    s.each("id, operations", "Metadata", {"Topics": [
        {"Name": None, "TopicId": topic_id}, {"Name": None, "TopicId": ODD_ID}],
        "IncludeTopicAuthorizedOperations": True}, (12,))
    s.each("null name, old", "Metadata", {"Topics": [{"Name": None}]}, (0, 1, 4, 8, 9))


@case
def metadata_of_all(s):
    make(s, "all-a")
    for v, topics in ((0, []), (1, None), (4, None), (9, None), (12, None)):
        got = s.raw("Metadata", v, {"Topics": topics})
        mine = [t for t in got["Topics"] if t["Name"] == "all-a"]
        s.say("all v%d" % v, (mine, {k: x for k, x in got.items() if k != "Topics"}))


@case
def auto_creation(s):
    for v in (0, 1, 3, 4, 8, 9, 12):
        name = "auto-%d" % v
        s.ask("made by asking", "Metadata", v, {"Topics": [{"Name": name}],
                                                "AllowAutoTopicCreation": True})

        def made():
            t = s.raw("Metadata", v, {"Topics": [{"Name": name}]})["Topics"][0]
            return t["ErrorCode"] == 0 and all(p["LeaderId"] > 0 for p in t["Partitions"]) and t
        got = wait_for("%s" % name, made)
        s.say("made v%d" % v, len(got["Partitions"]))
    s.ask("twice", "Metadata", 9, {"Topics": [{"Name": "auto-x"}, {"Name": "auto-x"}]})
    s.ask("colliding", "Metadata", 9, {"Topics": [{"Name": "auto.9"}]})
    make(s, "auto_c")
    s.ask("colliding by dot", "Metadata", 9, {"Topics": [{"Name": "auto.c"}]})
    s.ask("transactions' topic", "Metadata", 9, {"Topics": [{"Name": "__transaction_state"}],
                                                 "AllowAutoTopicCreation": False})


@case
def describe_cluster(s):
    s.each("plain", "DescribeCluster", {})
    s.each("operations", "DescribeCluster", {"IncludeClusterAuthorizedOperations": True})
    for endpoint in (0, 1, 2, 3, -1):
        s.ask("endpoint type %d" % endpoint, "DescribeCluster", 1, {"EndpointType": endpoint})


def create_body(name, partitions=1, factor=1, assignments=(), configs=(), **more):
    return {"Topics": [{"Name": name, "NumPartitions": partitions, "ReplicationFactor": factor,
                        "Assignments": [{"PartitionIndex": p, "BrokerIds": b}
                                        for p, b in assignments],
                        "Configs": [{"Name": k, "Value": v} for k, v in configs]}],
            "TimeoutMs": 10000, **more}


def without_configs(got):
    """Configurations of a created topic, without those that not both know."""
    for t in got["Topics"] if isinstance(got, dict) else ():
        if t.get("Configs") is not None:
            t["Configs"] = [c for c in t["Configs"] if c["ConfigSource"] == 1]
    return got


def create(s, label, version, body):
    got = without_configs(s.raw("CreateTopics", version, body, broker=s.controller))
    for t in got["Topics"] if isinstance(got, dict) else ():
        if t.get("TopicId", NO_ID) not in (NO_ID, "00000000-0000-0000-0000-000000000000"):
            s.call_it(t["TopicId"], "id of " + t["Name"])
    s.say("CreateTopics v%d: %s" % (version, label), got)
    return got


@case
def create_topics(s):
    for v in range(8):
        create(s, "plain", v, create_body("make-%d" % v, 2, 1))
        create(s, "placed", v, create_body("make-by-hand-%d" % v, -1, -1, [(0, [1, 2]), (1, [3])]))
        create(s, "there already", v, create_body("make-%d" % v, 2, 1))
        if v > 0:
            create(s, "validate only", v, create_body("valid-%d" % v, 2, 1, ValidateOnly=True))
            create(s, "validate only, there already", v, create_body("make-%d" % v, 2, 1,
                                                                     ValidateOnly=True))
        create(s, "default partitions and factor", v, create_body("default-%d" % v, -1, -1))
        create(s, "config", v, create_body("config-%d" % v, 1, 1, (), [("retention.ms", "5000")]))
        create(s, "unknown config", v, create_body("bad-%d" % v, 1, 1, (), [("no.such", "5000")]))
    for v in (0, 4, 7):
        for name in ("", ".", "..", "a b", "a/b", "ü", "a" * 250):
            create(s, "name %r" % name, v, create_body(name))
        create(s, "long name", v, create_body("%d" % v + "a" * 248))
        for partitions, factor in ((0, 1), (-2, 1), (-1, 1), (1, 0), (1, -2), (1, -1), (1, 4),
                                   (-1, 4), (0, 4)):
            create(s, "%d partitions, factor %d" % (partitions, factor), v,
                   create_body("odd-%d-%d-%d" % (v, partitions, factor), partitions, factor))
        for number, placed in enumerate((
                [(0, [])], [(1, [1])], [(0, [1]), (2, [1])], [(0, [1, 1])], [(0, [1]), (0, [2])],
                [(0, [9])], [(0, [-1])], [(0, [1, 2]), (1, [3])], [(0, [1]), (1, [])],
                [(-1, [1])])):
            create(s, "placed %s" % placed, v,
                   create_body("placed-%d-%d" % (v, number), -1, -1, placed, TimeoutMs=1000))
        create(s, "placed and counted", v, create_body("both-%d" % v, 1, 1, [(0, [1])]))
        create(s, "placed and counted partitions", v,
               create_body("both1-%d" % v, 1, -1, [(0, [1])]))
        create(s, "collides", v, create_body("make.%d" % v))
        twice = create_body("twice-%d" % v)
        twice["Topics"] *= 2
        twice["Topics"] += create_body("once-%d" % v)["Topics"]
        create(s, "twice", v, twice)
        create(s, "none", v, {"Topics": []})
        create(s, "no time", v, create_body("no-time-%d" % v, TimeoutMs=0))
        create(s, "negative time", v, create_body("negative-%d" % v, TimeoutMs=-1))
        create(s, "internal", v, create_body("__transaction_state"))


CONFIGS = (
    ("retention.ms", "-1"), ("retention.ms", "-2"), ("retention.ms", "x"), ("retention.ms", ""),
    ("retention.ms", None), ("retention.ms", " 5 "), ("retention.bytes", "-1"),
    ("retention.bytes", "-2"), ("segment.bytes", "13"), ("segment.bytes", "14"),
    ("segment.bytes", "9999999999"), ("segment.ms", "0"), ("segment.ms", "1"),
    ("cleanup.policy", "compact"), ("cleanup.policy", "delete,compact"),
    ("cleanup.policy", "delete, compact"), ("cleanup.policy", "x"), ("cleanup.policy", ""),
    ("compression.type", "zstd"), ("compression.type", "x"), ("compression.type", "producer"),
    ("compression.type", "uncompressed"), ("max.message.bytes", "-1"), ("max.message.bytes", "0"),
    ("message.timestamp.type", "LogAppendTime"), ("message.timestamp.type", "logappendtime"),
    ("min.insync.replicas", "0"), ("min.insync.replicas", "1"), ("min.insync.replicas", "9"),
    ("unclean.leader.election.enable", "true"), ("unclean.leader.election.enable", "TRUE"),
    ("unclean.leader.election.enable", "yes"), ("flush.messages", "0"), ("flush.messages", "1"),
    ("min.cleanable.dirty.ratio", "0.5"), ("min.cleanable.dirty.ratio", "1.5"),
    ("min.cleanable.dirty.ratio", "x"), ("index.interval.bytes", "-1"),
    ("segment.index.bytes", "3"), ("preallocate", "true"), ("delete.retention.ms", "-1"),
    ("message.timestamp.before.max.ms", "-1"), ("message.timestamp.after.max.ms", "1000"),
    ("message.timestamp.difference.max.ms", "1000"), ("message.format.version", "2.0"),
    ("message.downconversion.enable", "false"), ("leader.replication.throttled.replicas", "*"),
    ("leader.replication.throttled.replicas", "x"),
    ("follower.replication.throttled.replicas", "0:1"),
    ("remote.storage.enable", "false"), ("local.retention.ms", "-2"),
    ("local.retention.bytes", "-3"), ("compression.zstd.level", "3"),
    ("compression.gzip.level", "-7"), ("compression.lz4.level", "99"),
    ("file.delete.delay.ms", "0"), ("segment.jitter.ms", "-1"), ("max.compaction.lag.ms", "0"),
    ("min.compaction.lag.ms", "-1"), ("", "1"), ("Retention.ms", "1"),
)


@case
def topic_configs(s):
    for number, (key, value) in enumerate(CONFIGS):
        create(s, "%s=%r" % (key, value), 7,
               create_body("conf-%d" % number, 1, 1, (), [(key, value)], ValidateOnly=True))
    create(s, "the same key twice", 7, create_body(
        "conf-twice", 1, 1, (), [("retention.ms", "1"), ("retention.ms", "2")], ValidateOnly=True))
    create(s, "lags that contradict", 7, create_body("conf-lags", 1, 1, (), [
        ("min.compaction.lag.ms", "9"), ("max.compaction.lag.ms", "8")], ValidateOnly=True))
    got = create_body("conf-all", 1, 1)
    got = s.raw("CreateTopics", 7, {**got, "ValidateOnly": True}, broker=s.controller)
    s.say("configs of a new topic", {c["Name"]: (c["Value"], c["ConfigSource"], c["ReadOnly"],
                                                 c["IsSensitive"])
                                     for c in got["Topics"][0]["Configs"]
                                     if c["Name"] != "message.format.version"})


@case
def delete_topics(s):
    def delete(label, v, *names, **more):
        body = {"TopicNames": list(names), "Topics": [{"Name": n} for n in names],
                "TimeoutMs": 10000, **more}
        s.ask(label, "DeleteTopics", v, body, broker=s.controller)
    for v in range(7):
        make(s, "del-%d" % v)
        delete("plain", v, "del-%d" % v)
        delete("again", v, "del-%d" % v)
        make(s, "del-twice-%d" % v)
        make(s, "del-other-%d" % v)
        delete("twice, and another", v, "del-twice-%d" % v, "del-twice-%d" % v, "del-other-%d" % v)
        delete("none", v)
        delete("bad name", v, "a b")
        delete("empty name", v, "")
    topic_id = make(s, "del-id")
    by_id = {"Name": None, "TopicId": topic_id}
    odd = {"Name": None, "TopicId": ODD_ID}
    for label, topics in (
            ("unknown id", [odd]), ("null name and zero id", [{"Name": None, "TopicId": NO_ID}]),
            ("unknown id twice", [odd, odd]),
            ("name and id", [{"Name": "del-id", "TopicId": topic_id}]),
            ("by name and by id", [{"Name": "del-id"}, by_id]),
            ("id twice, and an unknown one", [by_id, by_id, odd]), ("by id", [by_id]),
            ("by id again", [by_id])):
        s.ask(label, "DeleteTopics", 6, {"Topics": topics, "TimeoutMs": 10000},
              broker=s.controller)
    make(s, "del-no-time")
    delete("no time", 5, "del-no-time", TimeoutMs=0)
    delete("internal", 5, "__consumer_offsets_not")


@case
def create_partitions(s):
    def grow(label, v, name, count, placed=None, **more):
        placed = None if placed is None else [{"BrokerIds": b} for b in placed]
        s.ask(label, "CreatePartitions", v, {"Topics": [
            {"Name": name, "Count": count, "Assignments": placed}], "TimeoutMs": 10000, **more},
            broker=s.controller)
    for v in range(4):
        name = "grow-%d" % v
        make(s, name, 2)
        grow("validate only", v, name, 3, ValidateOnly=True)
        grow("to three", v, name, 3)
        grow("to three again", v, name, 3)
        grow("to two", v, name, 2)
        grow("to none", v, name, 0)
        grow("to -1", v, name, -1)
        grow("placed", v, name, 4, [[2]])
        grow("placed nowhere", v, name, 5, [])
        grow("placed too many", v, name, 5, [[1], [1]])
        grow("placed on two", v, name, 5, [[1, 2]])
        grow("placed on none", v, name, 5, [[]])
        grow("placed twice", v, name, 5, [[1, 1]])
        grow("placed on an unknown", v, name, 5, [[9]])
        grow("placed on an unknown, validate only", v, name, 5, [[9]], ValidateOnly=True)
        grow("unknown topic", v, "grow-no", 5)
        grow("bad name", v, "a b", 5)
        grow("empty name", v, "", 5)
        grow("no time", v, name, 6, TimeoutMs=0)
    s.ask("twice", "CreatePartitions", 3, {"Topics": [
        {"Name": "grow-1", "Count": 8, "Assignments": None},
        {"Name": "grow-1", "Count": 9, "Assignments": None},
        {"Name": "grow-2", "Count": 9, "Assignments": None}], "TimeoutMs": 10000},
        broker=s.controller)
    s.ask("none", "CreatePartitions", 3, {"Topics": []}, broker=s.controller)
