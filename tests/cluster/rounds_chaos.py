# SPDX-License-Identifier: Apache-2.0
"""All faults after each other in a random order, most of them before the last one is over, while an
idempotent producer writes and topics come and go."""
import os
import random
import threading

from cases import rounds
from under_load import under_load


class Chaos:
    def __init__(self, c, load, seed):
        self.c, self.load, self.random = c, load, random.Random(seed)

    def pick(self, count=1):
        return self.random.sample(list(self.c.nodes.values()), count)

    def is_out(self, n):
        return all(n.id not in s["isr"] for s in self.c.partitions(self.load.topic).values())

    def is_unregistered(self, n):
        return str(n.id) not in self.c.children("/brokers/ids")

    # ---- faults: when one returns every broker runs ----
    def kill_and_start_at_once(self):
        n, = self.pick()
        n.kill9()
        n.start()

    def kill_until_it_is_missed(self):
        n, = self.pick()
        n.kill9()
        self.c.wait_for("broker %d to be out of every ISR" % n.id, lambda: self.is_out(n))
        n.start()

    def kill_while_it_starts(self):
        n, = self.pick()
        for _ in range(3):
            n.kill9()
            n.start()

    def kill_two(self):
        for n in self.pick(2):
            n.kill9()
        for n in self.c.nodes.values():
            if not n.runs():
                n.start()

    def roll(self):
        for n in self.pick(len(self.c.nodes)):
            n.restart()
            self.c.wait_up([n])

    def hang_until_it_is_missed(self):
        n, = self.pick()
        n.stop()
        try:
            self.c.wait_for("broker %d to be out of every ISR" % n.id, lambda: self.is_out(n))
        finally:
            n.cont()

    def hang_while_another_dies(self):
        zombie, other = self.pick(2)
        zombie.stop()
        try:
            self.c.wait_for("the session of broker %d to expire" % zombie.id,
                            lambda: self.is_unregistered(zombie))
            other.kill9()
        finally:
            zombie.cont()
        other.start()

    def kill_zookeeper(self):
        self.c.zookeeper.kill9()
        self.c.zookeeper.restart()

    def kill_zookeeper_and_a_broker(self):
        n, = self.pick()
        self.c.zookeeper.kill9()
        n.kill9()
        self.c.zookeeper.restart()
        n.start()

    FAULTS = (kill_and_start_at_once, kill_until_it_is_missed, kill_while_it_starts, kill_two, roll,
              hang_until_it_is_missed, hang_while_another_dies, kill_zookeeper,
              kill_zookeeper_and_a_broker)

    def run(self):
        for fault in self.random.sample(self.FAULTS, len(self.FAULTS)):
            print("fault: %s" % fault.__name__)
            fault(self)
            if self.random.random() < 0.5:
                self.c.wait_in_sync(self.load.topic)
            else:
                self.load.wait_more(20)


def churn(c, over):
    """Makes and deletes a topic again and again; what fails meanwhile is tried again."""
    while not over.is_set():
        for words in (("create", "short", "--partitions", "2"), ("delete", "short")):
            c.command("topic", *words, check=False)


@rounds(3, 5)
def chaos(brokers):
    """Nine faults in a random order: every record is there once, in order, on all its replicas."""
    seed = int(os.environ.get("CHAOS_SEED", random.randrange(1 << 30)))
    print("NOTE CHAOS_SEED=%d" % seed)
    with under_load("chaos", partitions=6, brokers=brokers) as (c, load):
        over = threading.Event()
        churning = threading.Thread(target=churn, args=(c, over))
        churning.start()
        try:
            Chaos(c, load, seed).run()
        finally:
            over.set()
            churning.join()
