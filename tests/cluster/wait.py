# SPDX-License-Identifier: Apache-2.0
"""Waiting for a fact, with a deadline that is generous because machines are slow and shared."""
import time

POLL_S = 0.05


class Expired(AssertionError):
    """What was waited for did not come; the message holds the state of every node."""


def wait_for(what, condition, deadline_s=90, state=None):
    """Polls condition() until it returns something true, and returns that. After deadline_s it
    raises Expired with what was waited for, the last exception, and state()."""
    end = time.monotonic() + deadline_s
    last = None
    while True:
        try:
            found = condition()
            if found:
                return found
            last = None
        except Exception as wrong:  # a node that is down answers with all kinds of errors
            last = wrong
        if time.monotonic() > end:
            lines = ["waited %d s in vain for %s" % (deadline_s, what)]
            if last is not None:
                lines.append("last error: %r" % last)
            if state is not None:
                lines.append(state())
            raise Expired("\n".join(lines))
        time.sleep(POLL_S)


def holds(what, condition, for_s, state=None):
    """Checks that condition() stays true for for_s seconds."""
    end = time.monotonic() + for_s
    while time.monotonic() < end:
        if not condition():
            raise AssertionError("%s: no longer so\n%s" % (what, state() if state else ""))
        time.sleep(POLL_S)
