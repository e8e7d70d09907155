# SPDX-License-Identifier: Apache-2.0
"""The cluster under test and how to wait for it."""
import os
import time
import uuid

BOOTSTRAP = os.environ["BOOTSTRAP"]
DEADLINE_S = 60
POLL_S = 0.05
CODECS = [None, "gzip", "snappy", "lz4", "zstd"]


def name(base):
    return "python-%s-%s" % (base, uuid.uuid4().hex[:8])


def wait_for(what, condition):
    end = time.monotonic() + DEADLINE_S
    while True:
        found = condition()
        if found:
            return found
        assert time.monotonic() < end, "waited in vain for " + what
        time.sleep(POLL_S)
