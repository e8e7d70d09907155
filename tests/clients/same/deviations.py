# SPDX-License-Identifier: Apache-2.0
"""Where Corduroy answers otherwise than Kafka 3.9, on purpose or not yet: (why, cases, questions,
field, Kafka's value, ours). Cases must match as a whole, question and field somewhere."""

ANY = object()

DEVIATIONS = [
    ("an error has a text where Kafka's has none", ".*", "", "ErrorMessage$", None, "a text"),
    ("what a request names twice is answered and done twice; Kafka merges it",
     "offsets_alone|produce_plain|fetch_plain|metadata|auto_creation|create_partitions",
     ": (twice|one twice.*|the same (partition|topic) twice|twice the same|by id and by name)$",
     "", ANY, ANY),
    ("a topic without partitions is answered so; Kafka leaves it out",
     "produce_plain|offsets_alone", ": no partitions", "", ANY, ANY),

    # ---- Produce
    ("acks=all waits for a sync: without a time for it a request times out",
     "produce_plain", ": (no|negative) time", "", ANY, ANY),
    ("a refused batch is answered without the log's start", "produce_.*|idempotence", "",
     "LogStartOffset$", 0, -1),
    ("records inside of a batch are not looked at, its header is believed", "produce_wrong",
     "count and delta|not that codec|header key not|max timestamp", "", ANY, ANY),
    ("bytes behind the batch are refused; Kafka ignores less than a batch", "produce_wrong",
     "a byte more", "", ANY, ANY),
    ("an unknown codec is INVALID_RECORD, no server error", "produce_wrong", "codec [57]",
     "ErrorCode$", -1, 87),
    ("transactional batches are invalid, whoever writes them", "produce_wrong", "transactional",
     "ErrorCode$", 53, 87),
    ("LogAppendTime is the broker's: refused from producers; Kafka clears it on CreateTime topics",
     "produce_wrong|produce_times", "log append time", "", ANY, ANY),
    ("message sets have an error of their own", "produce_old_magic", "magic [01]", "ErrorCode$",
     87, 43),
    ("compression.type other than producer has no effect", "produce_codecs",
     "what is there in codecs-(uncompressed|gzip)", "Records", ANY, ANY),
    ("a wrong timestamp is not told by its record", "produce_times", "", "RecordErrors$", ANY, []),
    ("a duplicate is answered without its timestamp", "idempotence", "", "LogAppendTimeMs$",
     "about now", -1),
    ("a producer id needs an epoch", "idempotence", "epoch -1", "(ErrorCode|BaseOffset)$", ANY,
     ANY),

    ("that nobody leads is not told in hints", "after_a_failover", "Produce v.*without a leader",
     "CurrentLeader$", ANY, "-"),

    # ---- Fetch and offsets
    ("no part of a batch is sent behind whole ones", "fetch_plain",
     "two batches by the partition's limit", "Records", ANY, ANY),
    ("negative sizes are as 0, unknown isolation levels as 0: Kafka fails",
     "fetch_plain|list_offsets", ": (negative bytes|isolation (2|-1))", "", ANY, ANY),
    ("only leaders are read from", "fetch_elsewhere", "from broker 3", "", ANY, ANY),
    ("no fetch sessions are made", "fetch_sessions", "", "SessionId$", "some", 0),
    ("who claims to be a replica is told no leader", "fetch_as_replica", "replica",
     "(CurrentLeader|NodeEndpoints)$", ANY, "-"),
    ("negative epochs have no end", "epochs", "epoch -2", "(EndOffset|LeaderEpoch)$", ANY, -1),

    # ---- topics
    ("a zero id is an unknown one; Kafka fails", "metadata", "v12: zero id", "", ANY, ANY),
    ("placements that cannot be are refused at once; Kafka makes a topic without leaders",
     "create_topics|after_a_failover", r": placed (\[|on the dead)", "", ANY, ANY),
    ("without time for it an admin request may be done in time or not",
     "create_topics|delete_topics|create_partitions", "(no|negative) time", "", ANY, ANY),
    ("settings that have no effect here are not all told or checked", "topic_configs",
     "configs of a new topic|throttled|lags that contradict", "", ANY, ANY),
    ("settings are stricter: no blanks, no retention.bytes below -1, no empty cleanup.policy",
     "topic_configs", "retention.ms=' 5 '|retention.bytes='-2'|cleanup.policy=''", "", ANY, ANY),
    ("values of settings are told as they were given", "topic_configs", "TRUE|delete, compact",
     "Value$", ANY, ANY),
    ("deletions tell the id of what was deleted by name", "delete_topics", "", "TopicId$",
     "00000000-0000-0000-0000-000000000000", ANY),
    ("neither name nor id is an invalid request", "delete_topics", "null name and zero id",
     "ErrorCode$", 29, 42),
    ("an empty name is an unknown topic; Kafka fails", "create_partitions", "empty name",
     "ErrorCode$", -1, 3),
]
