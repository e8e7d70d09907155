# SPDX-License-Identifier: Apache-2.0
"""The smallest runner: every function with @case is called in its turn; ends with
`NAME: N passed, N failed`."""
import sys
import time
import traceback

CASES = []


def case(function):
    CASES.append(function)
    return function


def run(name):
    """Runs the cases whose name contains one of the command's words, all without any."""
    passed = failed = 0
    for one in CASES:
        if sys.argv[1:] and not any(w in one.__name__ for w in sys.argv[1:]):
            continue
        began = time.monotonic()
        try:
            one()
            passed += 1
            print("pass  %s (%.1f s)" % (one.__name__, time.monotonic() - began), flush=True)
        except Exception:
            failed += 1
            print("FAIL  %s\n%s" % (one.__name__, traceback.format_exc()), flush=True)
    print("%s: %d passed, %d failed" % (name, passed, failed), flush=True)
    sys.exit(1 if failed or not passed else 0)
