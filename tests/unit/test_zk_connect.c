/* SPDX-License-Identifier: Apache-2.0 */
#include "broker/zk/zk_connect.h"

#include <string.h>

#include "tests/lib/suite.h"

START_TEST(servers_ports_and_chroot)
{
    struct zk_connect c;
    const char *why;

    ck_assert_int_eq(zk_connect_parse("a:1, b.example ,[::1]:3,[fe80::2]/kafka/one/", &c, &why), 0);
    ck_assert_uint_eq(c.server_count, 4);
    ck_assert_str_eq(c.servers[0].host, "a");
    ck_assert_uint_eq(c.servers[0].port, 1);
    ck_assert_str_eq(c.servers[1].host, "b.example");
    ck_assert_uint_eq(c.servers[1].port, 2181);
    ck_assert_str_eq(c.servers[2].host, "::1");
    ck_assert_uint_eq(c.servers[2].port, 3);
    ck_assert_str_eq(c.servers[3].host, "fe80::2");
    ck_assert_uint_eq(c.servers[3].port, 2181);
    ck_assert_str_eq(c.chroot, "/kafka/one");
    ck_assert_int_eq(zk_connect_parse("localhost:2181/", &c, &why), 0);
    ck_assert_str_eq(c.chroot, "");
    ck_assert_int_eq(zk_connect_parse("localhost:2181", &c, &why), 0);
    ck_assert_str_eq(c.chroot, "");
}
END_TEST

START_TEST(what_is_wrong_is_said)
{
    static const char *const bad[] = {
        "",        ",",      "a,",         ":1",       "a:",          "a:0",
        "a:65536", "a:x",    "a:1x",       "[::1",     "[]:1",        "[::1]1",
        "/chroot", "a:1//b", "a:1/x/../y", "a:111111", "a:1/x,b:2/x",
    };
    struct zk_connect c;
    char many[400] = "a";

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        const char *why = NULL;

        ck_assert_msg(zk_connect_parse(bad[i], &c, &why) > 0, "'%s' was taken", bad[i]);
        ck_assert_ptr_nonnull(why);
    }
    for (int i = 0; i < 32; i++)
        strcat(many, ",a");
    {
        const char *why = NULL;

        ck_assert_int_gt(zk_connect_parse(many, &c, &why), 0);
        memset(many, 'h', 300);
        ck_assert_int_gt(zk_connect_parse(many, &c, &why), 0);
    }
}
END_TEST

SUITE_MAIN("zk_connect", servers_ports_and_chroot, what_is_wrong_is_said)
