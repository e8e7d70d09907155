/* SPDX-License-Identifier: Apache-2.0 */
#include "common/properties.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests/lib/suite.h"

static struct properties parsed(const char *text)
{
    struct properties p;
    uint32_t line;
    ck_assert_int_eq(properties_parse(view_of(text), &p, &line), PROPERTIES_OK);
    return p;
}

static void check_one(const char *text, const char *key, const char *value)
{
    struct properties p = parsed(text);
    ck_assert_uint_eq(p.count, 1);
    ck_assert_str_eq(p.items[0].key, key);
    ck_assert_str_eq(p.items[0].value, value);
    properties_deinit(&p);
}

/* What java.util.Properties makes of these; most are the examples of its documentation. */
START_TEST(test_separators)
{
    check_one("Truth = Beauty", "Truth", "Beauty");
    check_one(" Truth:Beauty", "Truth", "Beauty");
    check_one("Truth                    :Beauty", "Truth", "Beauty");
    check_one("Truth Beauty", "Truth", "Beauty");
    check_one("Truth\tBeauty", "Truth", "Beauty");
    check_one("cheeses", "cheeses", "");
    check_one("cheeses=", "cheeses", "");
    check_one("=value", "", "value");
    check_one("a==b", "a", "=b");
    check_one("a = = b", "a", "= b");
    check_one("a:=b", "a", "=b");
    check_one("a=b ", "a", "b "); /* blanks at the end belong to the value */
    check_one("log.dirs=/a,/b\n", "log.dirs", "/a,/b");
    check_one("listeners=PLAINTEXT://:9092\r\n", "listeners", "PLAINTEXT://:9092");
}
END_TEST

START_TEST(test_escapes)
{
    check_one("a\\=b\\:c\\ d=e", "a=b:c d", "e");
    check_one("path=c:\\\\kafka\\\\logs", "path", "c:\\kafka\\logs");
    check_one("a=\\t\\n\\r\\f\\q\\\"", "a", "\t\n\r\fq\"");
    check_one("a=\\u0041\\u00e9\\u20AC", "a", "A\xc3\xa9\xe2\x82\xac");
    check_one("a=\\uD83D\\uDE00", "a", "\xf0\x9f\x98\x80");
    check_one("a=\\uD83Dx\\uDE00", "a", "\xef\xbf\xbdx\xef\xbf\xbd");
    check_one("\\#a=b", "#a", "b");
    check_one("a=b\\", "a", "b");
    check_one("gr\xc3\xbc\xc3\x9f=e", "gr\xc3\xbc\xc3\x9f", "e");
}
END_TEST

START_TEST(test_continued_lines)
{
    check_one("fruits    apple, banana, pear, \\\n"
              "          cantaloupe, watermelon, \\\r\n"
              "\tkiwi",
              "fruits", "apple, banana, pear, cantaloupe, watermelon, kiwi");
    check_one("a=b\\\n#c", "a", "b#c"); /* a comment does not begin in a continued line */
    check_one("a=b\\\\\n", "a", "b\\"); /* an escaped backslash continues nothing */
    check_one("a=b\\\n\n", "a", "b");
    check_one("ke\\\n  y=v", "key", "v");
}
END_TEST

START_TEST(test_comments_lines_and_their_numbers)
{
    struct properties p = parsed("# comment = 1 \\\n"
                                 "a=1\n"
                                 "\n"
                                 "   ! another\r"
                                 "b=2\\\r\n"
                                 "  3\r\n"
                                 "c=4\n"
                                 "   \t");
    ck_assert_uint_eq(p.count, 3);
    ck_assert_uint_eq(properties_find(&p, "a")->line, 2);
    ck_assert_uint_eq(properties_find(&p, "b")->line, 5);
    ck_assert_str_eq(properties_find(&p, "b")->value, "23");
    ck_assert_uint_eq(properties_find(&p, "c")->line, 7);
    ck_assert_ptr_null(properties_find(&p, "d"));
    properties_deinit(&p);
    p = parsed("");
    ck_assert_uint_eq(p.count, 0);
    properties_deinit(&p);
    p = parsed("#");
    ck_assert_uint_eq(p.count, 0);
    properties_deinit(&p);
}
END_TEST

START_TEST(test_the_last_of_equal_keys_wins_and_tells_of_the_other)
{
    struct properties p = parsed("a=1\nb=2\na=3\n");
    ck_assert_uint_eq(p.count, 2);
    ck_assert_str_eq(p.items[0].key, "a");
    ck_assert_str_eq(p.items[0].value, "3");
    ck_assert_uint_eq(p.items[0].line, 3);
    ck_assert_uint_eq(p.items[0].replaced_line, 1);
    ck_assert_uint_eq(p.items[1].replaced_line, 0);
    properties_set(&p, "b", "4", 0);
    properties_set(&p, "c", "5", 0);
    ck_assert_str_eq(properties_find(&p, "b")->value, "4");
    ck_assert_uint_eq(properties_find(&p, "b")->replaced_line, 2);
    ck_assert_uint_eq(p.count, 3);
    properties_deinit(&p);
}
END_TEST

START_TEST(test_what_is_refused)
{
    static const struct {
        const char *text;
        uint32_t size, line;
        enum properties_error error;
    } cases[] = {
        {"a=1\nb=\\u12", 10, 2, PROPERTIES_BAD_ESCAPE},
        {"a=\\u12g4", 8, 1, PROPERTIES_BAD_ESCAPE},
        {"a=\\u", 4, 1, PROPERTIES_BAD_ESCAPE},
        {"\n\na=\\u0000", 10, 3, PROPERTIES_ZERO_BYTE},
        {"a\0b=c", 5, 1, PROPERTIES_ZERO_BYTE},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct properties p;
        uint32_t line;
        struct view text = {(const uint8_t *)cases[i].text, cases[i].size};
        ck_assert_int_eq(properties_parse(text, &p, &line), cases[i].error);
        ck_assert_uint_eq(line, cases[i].line);
        ck_assert_uint_gt(strlen(properties_error_text(cases[i].error)), 10);
        properties_deinit(&p);
    }
}
END_TEST

/* Every prefix of a text with everything in it is read without a fault; sanitizers watch. */
START_TEST(test_every_prefix)
{
    const char *text = "# c\\\n a\\ b \\\n = \\u0041\\uD83D\\uDE00\\\r\n  x\\\\ \n!\\\nk:\\t\\\n";
    for (uint32_t size = 0; size <= strlen(text); size++) {
        uint8_t *exact = malloc(size ? size : 1);
        memcpy(exact, text, size);
        struct properties p;
        uint32_t line;
        enum properties_error error = properties_parse((struct view){exact, size}, &p, &line);
        ck_assert(error == PROPERTIES_OK || error == PROPERTIES_BAD_ESCAPE);
        properties_deinit(&p);
        free(exact);
    }
}
END_TEST

START_TEST(test_reading_a_file)
{
    char path[] = "/tmp/corduroy-test-XXXXXX";
    int fd = mkstemp(path);
    ck_assert_int_eq(write(fd, "broker.id=1\n", 12), 12);
    struct properties p;
    uint32_t line;
    ck_assert_int_eq(properties_read(path, &p, &line), 0);
    ck_assert_str_eq(properties_find(&p, "broker.id")->value, "1");
    properties_deinit(&p);
    ck_assert_int_eq(ftruncate(fd, (off_t)PROPERTIES_SIZE_MAX + 1), 0);
    ck_assert_int_eq(properties_read(path, &p, &line), PROPERTIES_TOO_LARGE);
    properties_deinit(&p);
    close(fd);
    ck_assert_int_eq(unlink(path), 0);
    ck_assert_int_eq(properties_read(path, &p, &line), -ENOENT);
    properties_deinit(&p);
    ck_assert_int_eq(properties_read("/tmp", &p, &line), -EISDIR);
    properties_deinit(&p);
}
END_TEST

SUITE_MAIN("properties", test_separators, test_escapes, test_continued_lines,
           test_comments_lines_and_their_numbers,
           test_the_last_of_equal_keys_wins_and_tells_of_the_other, test_what_is_refused,
           test_every_prefix, test_reading_a_file)
