#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What the schema parser accepts and refuses, and what the generator makes of it."""
import copy
import json
import os
import tempfile
import unittest

from check import differences
from gen import generate
from parse import SchemaError, parse_folder, parse_schema
from render_c import render_header, render_source

PING = {
    "api": "Ping",
    "key": 77,
    "versions": [0, 3],
    "flexible": 2,
    "about": "For this test.",
    "request": [
        {"field": "Name", "type": "string", "null_since": 1},
        {"field": "Level", "type": "int8", "since": 1, "default": -1},
        {"field": "Places", "list": "place", "fields": [{"field": "Id", "type": "int32"}]},
        {"field": "Hint", "type": "int64", "since": 2, "tag": 0},
        {"field": "Note", "type": "string", "since": 3, "null_since": 3, "default": None, "tag": 1},
    ],
    "response": [{"field": "ErrorCode", "type": "int16"}],
}


def changed(change):
    raw = copy.deepcopy(PING)
    change(raw)
    return raw


class Parse(unittest.TestCase):
    def refuse(self, why, change):
        with self.assertRaises(SchemaError) as caught:
            parse_schema(changed(change), "ping")
        self.assertIn(why, str(caught.exception))

    def test_a_good_schema(self):
        schema = parse_schema(PING, "ping")
        request = schema.messages[0]
        self.assertEqual([f.c_name for f in request.fields], ["name", "level", "places", "hint", "note"])
        self.assertEqual(request.fields[1].default, -1)
        self.assertEqual((request.fields[3].since, request.fields[3].until), (2, 3))
        self.assertEqual(request.children[0].c_name, "ping_request_place")

    def test_the_fewest_bytes_of_an_element(self):
        request = parse_schema(PING, "ping").messages[0]
        self.assertEqual(request.children[0].size_min, 4)  # version 0: no tagged section
        self.assertEqual(request.size_min_at(0, False), 2 + 4)
        self.assertEqual(request.size_min_at(1, False), 2 + 1 + 4)
        self.assertEqual(request.size_min_at(3, True), 1 + 1 + 1 + 1)

    def test_a_reused_tag(self):
        self.refuse("a tag is used twice", lambda raw: raw["request"][4].update(tag=0))

    def test_a_gap_between_tags(self):
        self.refuse("without a gap", lambda raw: raw["request"][4].update(tag=2))

    def test_tags_that_do_not_begin_at_0(self):
        self.refuse("without a gap", lambda raw: raw["request"].pop(3))

    def test_a_tag_in_a_classic_version(self):
        self.refuse("not flexible", lambda raw: raw["request"][3].update(since=1))

    def test_a_tag_without_flexible_versions(self):
        self.refuse("not flexible", lambda raw: raw.update(flexible=None))

    def test_defaults_out_of_range(self):
        self.refuse("outside int8", lambda raw: raw["request"][1].update(default=128))
        self.refuse("outside int8", lambda raw: raw["request"][1].update(default=-129))

    def test_defaults_of_the_wrong_type(self):
        self.refuse("not an integer", lambda raw: raw["request"][1].update(default="1"))
        self.refuse("not an integer", lambda raw: raw["request"][1].update(default=True))
        self.refuse("no default but null", lambda raw: raw["request"][0].update(default="x"))

    def test_a_null_default_where_null_is_not_allowed(self):
        self.refuse("null is not allowed", lambda raw: raw["request"][1].update(default=None))

    def test_null_for_what_cannot_be_null(self):
        self.refuse("cannot be null", lambda raw: raw["request"][1].update(null_since=1))
        self.refuse("do not have it", lambda raw: raw["request"][4].update(null_since=2))

    def test_versions_outside_the_owners(self):
        self.refuse("not inside", lambda raw: raw["request"][1].update(until=4))
        self.refuse("not inside", lambda raw: raw["request"][1].update(since=3, until=2))
        self.refuse("not inside", lambda raw: raw["request"][2].update(
            since=1, fields=[{"field": "Id", "type": "int32", "since": 0}]))

    def test_names_used_twice(self):
        self.refuse("used twice", lambda raw: raw["request"][1].update(field="Name"))
        self.refuse("used twice", lambda raw: raw["request"][1].update(field="PlacesCount"))
        self.refuse("used twice", lambda raw: raw["request"].append(
            {"field": "Others", "list": "place", "fields": [{"field": "Id", "type": "int32"}]}))

    def test_words_that_mean_nothing(self):
        self.refuse("unknown words", lambda raw: raw["request"][1].update(sinse=1))
        self.refuse("unknown words", lambda raw: raw.update(flexibel=1))
        self.refuse("unknown type", lambda raw: raw["request"][1].update(type="int9"))
        self.refuse("exactly one", lambda raw: raw["request"][1].update(list="int32"))

    def test_lists_of_nothing(self):
        self.refuse("without fields", lambda raw: raw["request"][2].update(fields=[]))
        self.refuse("needs fields", lambda raw: raw["request"][2].pop("fields"))
        self.refuse("may take no bytes", lambda raw: raw["request"][2].update(
            fields=[{"field": "Id", "type": "int32", "since": 1}]))

    def test_missing_words(self):
        for word in ("key", "versions", "flexible", "about", "request", "response"):
            self.refuse(f"{word} is missing", lambda raw, word=word: raw.pop(word))

    def test_a_schema_in_the_wrong_file(self):
        with self.assertRaises(SchemaError):
            parse_schema(PING, "pong")


class Folder(unittest.TestCase):
    def write(self, folder, **files):
        for name, text in files.items():
            with open(os.path.join(folder, name + ".json"), "w", encoding="utf-8") as file:
                file.write(text if isinstance(text, str) else json.dumps(text))

    def test_two_apis_with_one_key(self):
        with tempfile.TemporaryDirectory() as folder:
            self.write(folder, ping=PING, pong=changed(lambda raw: raw.update(api="Pong")))
            with self.assertRaisesRegex(SchemaError, "same key"):
                parse_folder(folder)

    def test_a_word_that_stands_twice(self):
        with tempfile.TemporaryDirectory() as folder:
            self.write(folder, ping='{"api": "Ping", "api": "Ping"}')
            with self.assertRaisesRegex(SchemaError, "stands twice"):
                parse_folder(folder)

    def test_not_json(self):
        with tempfile.TemporaryDirectory() as folder:
            self.write(folder, ping='{"api": ')
            with self.assertRaisesRegex(SchemaError, "ping.json"):
                parse_folder(folder)

    def test_generation_repeats_and_removes_what_is_gone(self):
        with tempfile.TemporaryDirectory() as folder:
            one, two, tests = (os.path.join(folder, name) for name in ("one", "two", "tests"))
            os.mkdir(one)
            self.write(folder, ping=PING)
            with open(os.path.join(one, "gone.c"), "w", encoding="utf-8") as file:
                file.write("/* of an API that is no more */\n")
            generate(parse_folder(folder), one, tests)
            generate(parse_folder(folder), two, tests)
            self.assertEqual(differences(one, two), [])
            self.assertFalse(os.path.exists(os.path.join(one, "gone.c")))
            with open(os.path.join(two, "ping.c"), "a", encoding="utf-8") as file:
                file.write("\n")
            self.assertEqual(differences(one, two), [os.path.join(one, "ping.c")])


class Render(unittest.TestCase):
    def test_each_field_is_one_line_under_its_condition(self):
        source = render_source(parse_schema(PING, "ping"))
        self.assertIn("    if (version >= 1) {\n        ret->level = wire_read_i8(r);\n    }\n", source)
        self.assertIn("const bool flexible = version >= 2;", source)
        self.assertIn("tag.number == 1 && version >= 3", source)
        self.assertIn("ret->level = -1;", source)

    def test_comments_say_versions_and_meaning(self):
        raw = changed(lambda raw: raw["request"][1].update(means="How loud."))
        header = render_header(parse_schema(raw, "ping"))
        self.assertIn("    /* 1+. How loud. */\n    int8_t level;\n", header)

    def test_no_line_is_over_100_columns(self):
        raw = changed(lambda raw: raw["request"][2].update(
            list="place_with_a_long_name_that_wraps", field="PlacesWithLongNamesThatWrapToo"))
        schema = parse_schema(raw, "ping")
        for line in (render_header(schema) + render_source(schema)).splitlines():
            self.assertLessEqual(len(line), 100, line)


if __name__ == "__main__":
    unittest.main()
