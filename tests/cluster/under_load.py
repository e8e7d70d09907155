# SPDX-License-Identifier: Apache-2.0
"""The frame of a round: a cluster of brokers with 1, 2 and 3 shards, load with acks=all from before
the fault until after everything is in sync again, and then every check that can be made."""
import contextlib
import os
import random

from cluster import Cluster
from load import Load

CLEAN_MARK = ".kafka_cleanshutdown"


@contextlib.contextmanager
def under_load(name, partitions=3, **options):
    """Yields (cluster, load); topic is "load". What the block does must leave every node able to run;
    nodes that do not run at its end are started."""
    shards = [1, 2, 3]
    random.shuffle(shards)
    with Cluster(name=name, shards=shards, **options) as c:
        c.create_topic("load", partitions=partitions)
        load = Load(c, "load")
        load.wait_more(200)
        yield c, load
        for n in c.nodes.values():
            if not n.runs():
                n.start()
        settle(c, load)


def settle(c, load, may_fail=False):
    """Everything in sync again, the load's verdict, a clean stop, the logs on the disks."""
    c.wait_up()
    c.wait_in_sync(load.topic)
    load.wait_more_everywhere()
    verdict = load.finish(may_fail)
    stop_cleanly(c)
    load.check_on_disks(c.nodes)
    print("NOTE %d acknowledged, %d lost, longest pause %.0f ms" %
          (verdict["acknowledged"], verdict["lost"], verdict["longest_pause_ms"]))
    note_crossed(c)


def stop_cleanly(c):
    for n in c.nodes.values():
        n.terminate()
        assert os.path.exists(os.path.join(n.data, CLEAN_MARK)), \
            "broker %d left no clean mark\n%s" % (n.id, c.state())


def note_crossed(c):
    for n in c.nodes.values():
        assert n.shards == 1 or n.says("stopped; [0-9]+ requests crossed"), c.state()
    print("NOTE %d requests crossed shards" % sum(n.crossed() for n in c.nodes.values()))
