# SPDX-License-Identifier: Apache-2.0
"""Groups: joining, syncing, leaving, offsets, telling."""
import time

from asking import case, coordinator, make
from wait import wait_for

PROTOCOLS = [{"Name": "range", "Metadata": b"r"}, {"Name": "roundrobin", "Metadata": b"rr"}]


class Group:
    """A group's questions, at its coordinator."""

    def __init__(self, s, id):
        self.s, self.id, self.broker = s, id, coordinator(s, id)

    def ask(self, label, api, version, body, **how):
        got = self.s.ask(label, api, version, {"GroupId": self.id, **body}, broker=self.broker,
                         **how)
        return got

    def join_body(self, member="", instance=None, protocols=PROTOCOLS, kind="consumer",
                  session_ms=10000, rebalance_ms=10000, **more):
        return {"GroupId": self.id, "MemberId": member, "GroupInstanceId": instance,
                "ProtocolType": kind, "Protocols": protocols, "SessionTimeoutMs": session_ms,
                "RebalanceTimeoutMs": rebalance_ms, **more}

    def join(self, label, version=9, **how):
        return self.ask(label, "JoinGroup", version, self.join_body(**how))

    def send_join(self, version=9, **how):
        """On a connection of its own, without waiting."""
        c = self.s.connect(self.broker)
        return c, c.send("JoinGroup", version, self.join_body(**how))

    def sync(self, label, member, generation, assignments=(), version=5, **more):
        return self.ask(label, "SyncGroup", version, {
            "GenerationId": generation, "MemberId": member, "ProtocolType": "consumer",
            "ProtocolName": "range",
            "Assignments": [{"MemberId": m, "Assignment": a} for m, a in assignments], **more})

    def beat(self, label, member, generation, version=4, **more):
        return self.ask(label, "Heartbeat", version, {"GenerationId": generation,
                                                      "MemberId": member, **more})

    def leave(self, label, *members, version=5):
        return self.ask(label, "LeaveGroup", version, {"Members": [
            m if isinstance(m, dict) else {"MemberId": m} for m in members]})

    def member(self, label="a first member", version=9, **how):
        """One member alone, in a stable group: (member id, generation)."""
        got = self.join(label, version, **how)
        if got["ErrorCode"] == 79:
            got = self.join(label + ", with its id", version, member=got["MemberId"], **how)
        assert got["ErrorCode"] == 0, (self.s.name, got)
        self.sync(label + ", assigns", got["MemberId"], got["GenerationId"],
                  [(got["MemberId"], b"all")])
        return got["MemberId"], got["GenerationId"]

    def look(self):
        got = self.s.raw("DescribeGroups", 5, {"Groups": [self.id]}, broker=self.broker)
        return got["Groups"][0]

    def wait_state(self, state):
        wait_for("%s to be %s" % (self.id, state), lambda: self.look()["GroupState"] == state)

    def wait_members(self, count):
        wait_for("%s to have %d members" % (self.id, count),
                 lambda: len(self.look()["Members"]) == count)

    def describe(self, label):
        got = self.s.raw("DescribeGroups", 5, {"Groups": [self.id]}, broker=self.broker)
        for g in got["Groups"]:
            g["Members"] = [{**m, "ClientHost": ""} for m in g["Members"]]
        self.s.say("described: " + label, got)


@case
def find_coordinator(s):
    make(s, "find")
    coordinator(s, "any")

    def plain(got):
        for c in [got] + got.get("Coordinators", []):
            if c.get("NodeId", -1) > 0:
                c["NodeId"], c["Port"] = "some", "some"
        return got
    for v in range(7):
        for kind in (0, 1, 2, -1):
            for key in ("g", "", "a/b ü", "g:x:1"):
                if kind == 1:
                    continue
                s.say("FindCoordinator v%d: %r of type %d" % (v, key, kind), plain(
                    s.raw("FindCoordinator", v, {"Key": key, "KeyType": kind,
                                                 "CoordinatorKeys": [key]})
                ) if v < 6 or kind != 2 else None)
        if v >= 4:
            for keys in ([], ["a", "b", "a"]):
                s.say("FindCoordinator v%d: %s" % (v, keys), plain(
                    s.raw("FindCoordinator", v, {"KeyType": 0, "CoordinatorKeys": keys})))


@case
def joining(s):
    for v in range(10):
        g = Group(s, "join-%d" % v)
        g.describe("nobody ever came")
        member, generation = g.member(version=v)
        g.describe("one member")
        g.join("the leader again", v, member=member)
        g.sync("again", member, generation + 1, [(member, b"more")], version=min(v, 5))
        g.join("unknown member", v, member="no such")
        g.join("other protocol type", v, kind="connect")
        g.join("other protocols", v, protocols=[{"Name": "sticky", "Metadata": b""}])
        g.join("no protocols", v, protocols=[])
        g.join("no protocol type", v, kind="")
        g.join("short session", v, session_ms=999)
        g.join("negative session", v, session_ms=-1)
        g.join("long session", v, session_ms=1800001)
        g.leave("", member, version=0)
        g.describe("empty again")
        g.join("no protocols, empty group", v, protocols=[])
        g.join("no protocol type, empty group", v, kind="")
    empty = Group(s, "join-none")
    empty.id = ""
    for v in (0, 5, 9):
        empty.join("empty group id", v)
        empty.sync("empty group id", "x", 1, version=min(v, 5))
        empty.beat("empty group id", "x", 1, version=min(v, 4))
        empty.leave("empty group id", "x", version=min(v, 5))
    g = Group(s, "join-odd")
    g.join("no rebalance time", 5, rebalance_ms=0, instance="i")
    g = Group(s, "join-odd2")
    g.join("negative rebalance time", 5, rebalance_ms=-1, instance="i")
    g = Group(s, "join-empty-instance")
    g.join("an empty instance id", 9, instance="")
    g = Group(s, "join-long-instance")
    g.join("a long instance id", 9, instance="i" * 250)
    g = Group(s, "join-reason")
    g.join("with a reason", 9, instance="i", Reason="because " * 100)


@case
def wrong_coordinator(s):
    g = Group(s, "elsewhere-g")
    g.broker = g.broker % 3 + 1
    for v in (0, 5, 9):
        g.join("at the wrong broker", v)
        g.sync("at the wrong broker", "x", 1, version=min(v, 5))
        g.beat("at the wrong broker", "x", 1, version=min(v, 4))
        g.leave("at the wrong broker", "x", version=min(v, 5))
    for v in range(1, 10):
        commit(g, "at the wrong broker", v)
        fetch(g, "at the wrong broker", v)
    g.describe("at the wrong broker")


@case
def no_such_group(s):
    g = Group(s, "nobody")
    for v in range(6):
        g.sync("no group", "x", 1, version=v)
        g.sync("no group, generation -1", "", -1, version=v)
        g.beat("no group", "x", 1, version=min(v, 4))
        g.beat("no group, generation -1", "", -1, version=min(v, 4))
        g.leave("no group", "x", version=v)
        g.ask("no group", "LeaveGroup", v, {"MemberId": "x", "Members": [
            {"MemberId": "x"}, {"MemberId": "", "GroupInstanceId": "i"}]})
        g.ask("nobody", "LeaveGroup", v, {"Members": []})
        g.join("as a member", v, member="x")
    for v in range(6):
        got = s.raw("DescribeGroups", v, {"Groups": ["nobody", "", "no", "no"],
                                          "IncludeAuthorizedOperations": True}, broker=g.broker)
        got["Groups"] = [x for x in got["Groups"] if x["GroupId"] in ("nobody", "")]
        s.say("DescribeGroups v%d: unknown" % v, got)
        s.ask("none", "DescribeGroups", v, {"Groups": []})


@case
def generations(s):
    g = Group(s, "generations")
    member, n = g.member()
    for v in range(5):
        g.beat("good", member, n, version=v)
        g.beat("old generation", member, n - 1, version=v)
        g.beat("new generation", member, n + 1, version=v)
        g.beat("generation -1", member, -1, version=v)
        g.beat("unknown member", "x", n, version=v)
        g.beat("no member", "", n, version=v)
        g.beat("no member, generation -1", "", -1, version=v)
        g.beat("unknown instance", member, n, version=v, GroupInstanceId="i")
    for v in range(6):
        g.sync("again", member, n, version=v)
        g.sync("again, with assignments", member, n, [(member, b"other")], version=v)
        g.sync("old generation", member, n - 1, version=v)
        g.sync("unknown member", "x", n, version=v)
        g.sync("unknown instance", member, n, version=v, GroupInstanceId="i")
    g.sync("no protocol type", member, n, ProtocolType=None)
    g.sync("no protocol", member, n, ProtocolName=None)
    g.sync("no protocol, no generation", "x", -1, ProtocolType=None, ProtocolName=None)
    g.sync("other protocol type", member, n, ProtocolType="connect", ProtocolName="range")
    g.sync("other protocol", member, n, ProtocolType="consumer", ProtocolName="roundrobin")
    g.describe("stable")
    g.leave("unknown and good", "x", member)
    g.beat("after leaving", member, n)
    g.leave("again", member)
    g.describe("left")


@case
def rebalancing(s):
    g = Group(s, "rebalancing")
    first, n = g.member()
    got = g.join("second")
    second = got["MemberId"]
    g.describe("one has its id")
    c, sent = g.send_join(member=second)
    g.wait_state("PreparingRebalance")
    g.describe("one has joined")
    for v in range(5):
        g.beat("while others join", first, n, version=v)
    for v in range(6):
        g.sync("while others join", first, n, version=v)
    commit(g, "while others join", 8, first, n)
    commit(g, "while others join, generation -1", 8, "", -1)
    got = g.join("first again", member=first)
    other = c.receive(sent)
    s.say("second in", other)
    n = got["GenerationId"]
    g.describe("completing")
    g.beat("before assignments", first, n)
    g.beat("before assignments", second, n)
    commit(g, "before assignments", 8, first, n)
    sent = c.send("SyncGroup", 5, {
        "GroupId": g.id, "GenerationId": n, "MemberId": second, "ProtocolType": "consumer",
        "ProtocolName": "range"})
    g.sync("a foreign member assigned", first, n, [(first, b"1"), (second, b"2"), ("x", b"3")])
    s.say("second's", c.receive(sent))
    g.sync("second again", second, n)
    g.join("a follower joins again, the same", member=second)
    g.describe("stable")
    sent = c.send("JoinGroup", 9, g.join_body(member=second, protocols=PROTOCOLS[1:]))
    g.wait_state("PreparingRebalance")
    g.beat("a follower came with less", first, n)
    g.join("first again", member=first)
    s.say("voted", c.receive(sent))
    n += 1
    sent = c.send("SyncGroup", 5, {
        "GroupId": g.id, "GenerationId": n, "MemberId": second, "ProtocolType": "consumer",
        "ProtocolName": "roundrobin"})
    g.leave("first, while second waits for its assignment", first)
    s.say("second's", c.receive(sent))
    got = g.join("second again", member=second)
    n = got["GenerationId"]
    g.sync("none assigned", second, n, ProtocolName="roundrobin")
    g.describe("alone")
    c.close()


@case
def no_syncing(s):
    g = Group(s, "no-syncing")
    got = g.join("first", 3, rebalance_ms=1500, session_ms=6000)
    first = got["MemberId"]
    g.wait_state("Empty")
    g.beat("never synced", first, got["GenerationId"])
    g.describe("never synced")


@case
def sessions_end(s):
    g = Group(s, "sessions-end")
    first, n = g.member(session_ms=1000)
    g.wait_state("Empty")
    g.beat("session over", first, n)
    g.describe("session over")
    got = g.join("no second join", session_ms=1000)
    time.sleep(2)  # twice its session time-out: no answer shows whether an id is still remembered
    g.join("too late with its id", member=got["MemberId"])
    first, n = g.member(rebalance_ms=1500)
    c, sent = g.send_join(version=3, rebalance_ms=1500)
    s.say("the first is gone after the rebalance time", c.receive(sent))
    g.beat("of the first", first, n)
    c.close()


@case
def large_groups(s):
    g = Group(s, "large")
    waiting = []
    for i in range(5):
        waiting.append(g.send_join(3, rebalance_ms=3000))
        g.wait_members(i + 1)
    g.wait_members(4)  # the first was answered and does not join again: out after 3 s
    g.wait_state("CompletingRebalance")
    c, sent = g.send_join(3)
    s.say("a sixth", c.receive(sent)["ErrorCode"])
    c.close()
    c, sent = g.send_join(9)
    s.say("a sixth without id", c.receive(sent)["ErrorCode"])
    c.close()
    for c, sent in waiting:
        c.close()


@case
def static_members(s):
    g = Group(s, "static")
    for v in range(5, 10):
        g = Group(s, "static-%d" % v)
        first, n = g.member(version=v, instance="one")
        g.describe("one")
        g.beat("good", first, n, GroupInstanceId="one")
        g.beat("without instance", first, n)
        g.beat("other instance", first, n, GroupInstanceId="two")
        g.beat("other member", "x", n, GroupInstanceId="one")
        got = g.join("comes back", v, instance="one")
        g.beat("the old one", first, n, GroupInstanceId="one")
        g.beat("the old one, without instance", first, n)
        g.sync("the old one", first, n, GroupInstanceId="one")
        g.join("the old one", v, member=first, instance="one")
        commit(g, "the old one", 8, first, n, GroupInstanceId="one")
        g.leave("the old one", {"MemberId": first, "GroupInstanceId": "one"})
        n = got["GenerationId"]
        g.sync("comes back", got["MemberId"], n, [(got["MemberId"], b"new")],
               GroupInstanceId="one")
        g.beat("comes back", got["MemberId"], n, GroupInstanceId="one")
        g.describe("back")
        g.join("unknown id of a known instance", v, member="x", instance="one")
        g.join("its id, unknown instance", v, member=got["MemberId"], instance="zwei")
        g.join("its id, no instance", v, member=got["MemberId"])
        g.join("other protocols", v, instance="one", protocols=PROTOCOLS[1:])
        g.join("incompatible", v, instance="one",
               protocols=[{"Name": "sticky", "Metadata": b""}])
        g.leave("by instance", {"MemberId": "", "GroupInstanceId": "one"},
                {"MemberId": "", "GroupInstanceId": "two"}, {"MemberId": "x"}, {"MemberId": ""})
        g.describe("left")


@case
def leaving(s):
    g = Group(s, "leaving")
    first, n = g.member(instance="i")
    for v in (3, 4, 5):
        g.leave("several", {"MemberId": "x", "GroupInstanceId": "i"},
                {"MemberId": "", "GroupInstanceId": "j"}, {"MemberId": ""}, "y", version=v)
        g.leave("nobody", version=v)
    g.leave("with a reason", {"MemberId": first, "GroupInstanceId": "i", "Reason": "home"})
    for v in range(3):
        first, n = g.member(version=3)
        g.ask("plain", "LeaveGroup", v, {"MemberId": first})
        g.ask("plain again", "LeaveGroup", v, {"MemberId": first})
    got = g.join("asks for an id", 9)
    g.leave("with an id that never joined", got["MemberId"])
    g.join("with that id", 9, member=got["MemberId"])
    got = g.join("asks for an id", 9)
    g.beat("with an id that never joined", got["MemberId"], 1)
    g.sync("with an id that never joined", got["MemberId"], 1)
    first, n = g.member(version=3)
    g.leave("twice the same", first, first)


def commit_body(member="", generation=-1, offsets=(("com", 0, 5, "m"),), **more):
    topics = {}
    for topic, partition, offset, metadata in offsets:
        topics.setdefault(topic, []).append({
            "PartitionIndex": partition, "CommittedOffset": offset, "CommittedMetadata": metadata,
            "CommittedLeaderEpoch": 3, **({"CommitTimestamp": -1})})
    return {"GenerationIdOrMemberEpoch": generation, "MemberId": member,
            "Topics": [{"Name": t, "Partitions": p} for t, p in topics.items()], **more}


def commit(g, label, version, member="", generation=-1, **more):
    return g.ask(label, "OffsetCommit", version, commit_body(member, generation, **more))


def fetch(g, label, version, topics=(("com", [0]),), stable=False, **more):
    topics = None if topics is None else [{"Name": t, "PartitionIndexes": p} for t, p in topics]
    body = {"Topics": topics, "RequireStable": stable,
            "Groups": [{"GroupId": g.id, "Topics": topics, **more}]}
    return g.s.ask(label, "OffsetFetch", version, {"GroupId": g.id, **body}, broker=g.broker)


def make_com(s):
    """The topic that all offsets are of."""
    if s.raw("Metadata", 9, {"Topics": [{"Name": "com"}], "AllowAutoTopicCreation": False})[
            "Topics"][0]["ErrorCode"] != 0:
        make(s, "com", 2)


@case
def offsets_alone(s):
    make_com(s)
    g = Group(s, "alone")
    for v in range(1, 10):
        fetch(g, "of nobody", v)
        if v >= 2:
            fetch(g, "all of nobody", v, None)
    for v in range(1, 10):
        g = Group(s, "alone-%d" % v)
        commit(g, "plain", v)
        fetch(g, "plain", v)
        fetch(g, "unknown partition", v, (("com", [0, 7]), ("com-no", [0])))
        fetch(g, "twice", v, (("com", [0, 0]), ("com", [0])))
        fetch(g, "no partitions", v, (("com", []),))
        fetch(g, "no topics", v, ())
        if v >= 2:
            fetch(g, "all", v, None)
        if v >= 7:
            fetch(g, "stable", v, stable=True)
        if v >= 9:
            fetch(g, "with a member", v, MemberId="x", MemberEpoch=1)
            fetch(g, "with member epoch -1", v, MemberId="", MemberEpoch=-1)
        commit(g, "with a generation", v, "", 1)
        commit(g, "with a member", v, "x", -1)
        commit(g, "with a member and a generation", v, "x", 1)
        if v >= 7:
            commit(g, "with an instance", v, "", -1, GroupInstanceId="i")
        commit(g, "unknown topic", v, offsets=(("com-no", 0, 5, ""),))
        commit(g, "unknown partition", v, offsets=(("com", 7, 5, ""), ("com", 1, 6, "")))
        commit(g, "partition -1", v, offsets=(("com", -1, 5, ""),))
        commit(g, "negative offset", v, offsets=(("com", 0, -5, ""),))
        commit(g, "null metadata", v, offsets=(("com", 1, 7, None),))
        fetch(g, "after null metadata", v, (("com", [1]),))
        commit(g, "much metadata", v, offsets=(("com", 0, 5, "m" * 64), ("com", 1, 8, "m" * 65)))
        fetch(g, "after much metadata", v, (("com", [0, 1]),))
        commit(g, "twice", v, offsets=(("com", 0, 11, ""), ("com", 0, 12, "")))
        fetch(g, "after twice", v)
        commit(g, "no topics", v, offsets=())
        g.ask("no partitions", "OffsetCommit", v, {"GenerationIdOrMemberEpoch": -1, "Topics": [
            {"Name": "com", "Partitions": []}]})
        if 2 <= v <= 4:
            commit(g, "kept for 1 ms", v, RetentionTimeMs=1)
        g.describe("only offsets")
    g = Group(s, "alone-x")
    g.id = ""
    for v in range(1, 10):
        commit(g, "empty group id", v)
        fetch(g, "empty group id", v)
        commit(g, "empty group id and a generation", v, "x", 1)
    for v in (1, 8):
        s.ask("bad topic", "OffsetCommit", v, {"GroupId": "alone-1", **commit_body(
            offsets=(("a b", 0, 5, ""),))}, broker=coordinator(s, "alone-1"))


@case
def offsets_of_several_groups(s):
    make_com(s)
    one, two = Group(s, "several-1"), Group(s, "several-2")
    commit(one, "first", 8)
    if two.broker == one.broker:
        commit(two, "second", 8)
    else:
        s.say("OffsetCommit v8: second", {"Topics": [{"Name": "com", "Partitions": [
            {"PartitionIndex": 0, "ErrorCode": 0}]}]})
    names = [{"Name": "com", "PartitionIndexes": [0]}]
    for v in (8, 9):
        s.ask("one twice", "OffsetFetch", v, {"Groups": [
            {"GroupId": one.id, "Topics": names}, {"GroupId": one.id, "Topics": None}]},
            broker=one.broker)
        s.ask("and an empty id", "OffsetFetch", v, {"Groups": [
            {"GroupId": one.id, "Topics": None}, {"GroupId": "", "Topics": None}]},
            broker=one.broker)
    s.ask("two groups in version 7", "OffsetFetch", 7, {"GroupId": one.id, "Topics": None},
          broker=one.broker)


@case
def offsets_of_members(s):
    make_com(s)
    g = Group(s, "members-offsets")
    first, n = g.member(instance="i")
    for v in range(1, 10):
        commit(g, "good", v, first, n)
        commit(g, "old generation", v, first, n - 1)
        commit(g, "new generation", v, first, n + 1)
        commit(g, "generation -1", v, first, -1)
        commit(g, "unknown member", v, "x", n)
        commit(g, "no member", v, "", n)
        commit(g, "nobody", v, "", -1)
        if v >= 7:
            commit(g, "its instance", v, first, n, GroupInstanceId="i")
            commit(g, "other instance", v, first, n, GroupInstanceId="j")
            commit(g, "its instance, other member", v, "x", n, GroupInstanceId="i")
            commit(g, "its instance, no member", v, "", -1, GroupInstanceId="i")
        if v >= 9:
            fetch(g, "its epoch", v, MemberId=first, MemberEpoch=n)
            fetch(g, "other epoch", v, MemberId=first, MemberEpoch=n + 1)
            fetch(g, "other member", v, MemberId="x", MemberEpoch=n)
        fetch(g, "all", v, (("com", [0]),))


@case
def list_groups(s):
    make_com(s)
    g = Group(s, "listed-members")
    g.member()
    alone = Group(s, "listed-alone")
    commit(alone, "offsets", 8)
    for v in range(6):
        for label, more in (("plain", {}), ("Stable", {"StatesFilter": ["Stable"]}),
                            ("stable", {"StatesFilter": ["stable"]}),
                            ("Empty", {"StatesFilter": ["Empty", "Stable"]}),
                            ("no such state", {"StatesFilter": ["x"]}),
                            ("classic", {"TypesFilter": ["classic"]}),
                            ("Classic", {"TypesFilter": ["Classic"]}),
                            ("consumer", {"TypesFilter": ["consumer"]}),
                            ("no such type", {"TypesFilter": ["x"]}),
                            ("", {"TypesFilter": [""], "StatesFilter": [""]})):
            more = {k: x for k, x in more.items() if v >= (4 if k[0] == "S" else 5)}
            for group in (g, alone):
                got = s.raw("ListGroups", v, more, broker=group.broker)
                got["Groups"] = [x for x in got["Groups"] if x["GroupId"] == group.id]
                s.say("ListGroups v%d: %s" % (v, label), got)


@case
def describe_groups(s):
    make_com(s)
    g = Group(s, "described")
    g.member(instance="i")
    for v in range(6):
        for operations in (False, True):
            got = s.raw("DescribeGroups", v, {"Groups": [g.id], "IncludeAuthorizedOperations":
                                              operations}, broker=g.broker)
            s.say("DescribeGroups v%d: operations %s" % (v, operations), got)
    s.ask("twice", "DescribeGroups", 5, {"Groups": [g.id, g.id]}, broker=g.broker)
