# SPDX-License-Identifier: Apache-2.0
"""Two transcripts, field by field. A difference that deviations.py names is counted, all others
are told and fail the case."""
import re

from deviations import ANY, DEVIATIONS


def differences(a, b, path=""):
    if isinstance(a, dict) and isinstance(b, dict):
        for k in sorted(set(a) | set(b), key=str):
            if k not in a or k not in b:
                yield "%s.%s" % (path, k), a.get(k, "-"), b.get(k, "-")
            else:
                yield from differences(a[k], b[k], "%s.%s" % (path, k))
    elif isinstance(a, (list, tuple)) and isinstance(b, (list, tuple)):
        if len(a) != len(b):
            yield path, a, b
            return
        for i, (x, y) in enumerate(zip(a, b)):
            yield from differences(x, y, "%s[%d]" % (path, i))
    elif not same(a, b):
        yield path, a, b


def same(a, b):
    return a == b and type(a) is type(b)


class Comparison:
    def __init__(self, tell_known):
        self.tell_known = tell_known
        self.passed = self.failed = self.answers = 0
        self.used = {}

    def known(self, case, label, path, a, b):
        for reason, in_case, in_label, in_path, kafka, ours in DEVIATIONS:
            if re.fullmatch(in_case, case) and re.search(in_label, label) and \
                    re.search(in_path, path) and (kafka is ANY or same(kafka, a)) and \
                    (ours is ANY or same(ours, b)):
                self.used[reason] = self.used.get(reason, 0) + 1
                return reason
        return None

    def add(self, case, broken, kafka, ours, seconds):
        wrong, found = [], {}
        for (label, a), (other, b) in zip(kafka, ours):
            self.answers += 1
            if label != other:
                wrong.append("kafka is asked %s, corduroy %s" % (label, other))
                break
            for path, x, y in differences(a, b):
                reason = self.known(case, label, path, x, y)
                if reason is None or self.tell_known:
                    m = re.match(r"(\w+) v(-?\d+)(: .*)", label, re.DOTALL)
                    api, v, rest = m.groups() if m else (label, "", "")
                    found.setdefault((api, rest, path, short(x), short(y), reason), []).append(v)
        if len(kafka) != len(ours):
            wrong.append("kafka was asked %d times, corduroy %d" % (len(kafka), len(ours)))
        wrong += ["%s: %s" % pair for pair in broken.items()]
        bad = wrong or any(k[-1] is None for k in found)
        self.passed += not bad
        self.failed += bool(bad)
        print("%s  %s (%d answers, %.1f s)" % ("FAIL" if bad else "pass", case, len(kafka),
                                               seconds), flush=True)
        for (api, rest, path, x, y, reason), numbers in found.items():
            print("  %s v%s%s\n      %s: kafka %s, corduroy %s%s" %
                  (api, ",".join(numbers), rest, path, x, y,
                   ": known, " + reason if reason else ""))
        for text in wrong:
            print("  " + text)

    def summary(self):
        print("%d answers compared; known deviations:" % self.answers)
        for reason, count in sorted(self.used.items()):
            print("  %4d  %s" % (count, reason))
        print("same: %d passed, %d failed" % (self.passed, self.failed), flush=True)
        return self.failed


def short(x):
    text = repr(x)
    return text if len(text) < 500 else text[:500] + "..."
