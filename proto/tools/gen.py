#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes the codecs out of the schemas.

    gen.py SCHEMAS PRODUCT TESTS    writes PRODUCT/*.{h,c} (shipped) and TESTS/*.{h,c} (for tests)
"""
import os
import sys

from parse import SchemaError, parse_folder
from render_c import render_header, render_source
from render_table import render_table_header, render_table_source
from render_test import render_test_header, render_test_source, render_test_table


def write(folder, name, text, made):
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
        file.write(text)
    made.setdefault(folder, set()).add(name)


def generate(schemas, product, tests):
    made = {}
    for schema in schemas:
        write(product, schema.file + ".h", render_header(schema), made)
        write(product, schema.file + ".c", render_source(schema), made)
        write(tests, f"codec_{schema.file}.c", render_test_source(schema), made)
    write(product, "api_table.h", render_table_header(schemas), made)
    write(product, "api_table.c", render_table_source(schemas), made)
    write(tests, "codec_table.h", render_test_header(schemas), made)
    write(tests, "codec_table.c", render_test_table(schemas), made)
    for folder, names in made.items():
        for entry in sorted(set(os.listdir(folder)) - names):
            if entry.endswith((".c", ".h")):  # of a schema that is gone
                os.remove(os.path.join(folder, entry))


def main(arguments):
    if len(arguments) != 3:
        sys.exit(__doc__)
    try:
        generate(parse_folder(arguments[0]), arguments[1], arguments[2])
    except SchemaError as error:
        sys.exit(f"gen.py: {error}")


if __name__ == "__main__":
    main(sys.argv[1:])
