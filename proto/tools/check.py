#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Regenerates into a temporary folder and fails on any difference to what is committed.

    check.py SCHEMAS PRODUCT TESTS
"""
import filecmp
import os
import sys
import tempfile

from gen import generate
from parse import SchemaError, parse_folder


def sources(folder):
    return {entry for entry in os.listdir(folder) if entry.endswith((".c", ".h"))}


def differences(committed, fresh):
    names = sources(committed) | sources(fresh)
    _, different, missing = filecmp.cmpfiles(committed, fresh, sorted(names), shallow=False)
    return [os.path.join(committed, name) for name in different + missing]


def main(arguments):
    if len(arguments) != 3:
        sys.exit(__doc__)
    schemas, product, tests = arguments
    with tempfile.TemporaryDirectory() as folder:
        fresh = [os.path.join(folder, name) for name in ("product", "tests")]
        try:
            generate(parse_folder(schemas), *fresh)
        except SchemaError as error:
            sys.exit(f"proto-check: {error}")
        bad = differences(product, fresh[0]) + differences(tests, fresh[1])
        count = sum(len(sources(path)) for path in fresh)
    for name in bad:
        print(f"proto-check: {name} is not what the schemas say; run make proto")
    print(f"proto-check: {len(bad)} of {count} generated files differ")
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main(sys.argv[1:])
