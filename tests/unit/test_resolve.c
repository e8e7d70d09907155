/* SPDX-License-Identifier: Apache-2.0 */
#include "common/resolve.h"

#include <netinet/in.h>

#include "common/world_addr.h"
#include "tests/lib/suite.h"

static void check_text(const char *host, const char *text)
{
    struct addr addr;
    bool numeric = false;
    char got[RESOLVE_TEXT_SIZE];
    ck_assert_int_eq(resolve_host(host, 9092, &addr, &numeric), RESOLVE_OK);
    ck_assert(numeric);
    resolve_text(&addr, got);
    ck_assert_str_eq(got, text);
}

START_TEST(test_addresses_need_no_name_service)
{
    check_text("127.0.0.1", "127.0.0.1:9092");
    check_text("::1", "[::1]:9092");
    check_text("[fe80::1]", "[fe80::1]:9092");
    check_text("", "[::]:9092");
    check_text("0.0.0.0", "0.0.0.0:9092");
    check_text("::ffff:10.0.0.7", "10.0.0.7:9092");
    struct addr addr;
    ck_assert(!resolve_numeric("localhost", 1, &addr));
    ck_assert(!resolve_numeric("1.2.3", 1, &addr));
    ck_assert(!resolve_numeric("[]x", 1, &addr));
    ck_assert(
        !resolve_numeric("a.name.that.is.longer.than.any.address.can.ever.be.example", 1, &addr));
}
END_TEST

START_TEST(test_localhost_is_loopback)
{
    struct addr addr;
    bool numeric = true;
    ck_assert_int_eq(resolve_host("localhost", 21100, &addr, &numeric), RESOLVE_OK);
    ck_assert(!numeric);
    ck_assert(resolve_is_loopback(&addr));
    ck_assert_uint_eq(addr.port, 21100);
    char name[256];
    resolve_own_name(name, sizeof name);
    ck_assert_uint_gt(strlen(name), 0);
}
END_TEST

START_TEST(test_kinds_of_addresses)
{
    static const struct {
        const char *host;
        bool loopback, wildcard;
    } cases[] = {{"127.9.9.9", true, false}, {"::1", true, false},       {"0.0.0.0", false, true},
                 {"::", false, true},        {"10.0.0.1", false, false}, {"fe80::1", false, false}};
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct addr addr;
        ck_assert(resolve_numeric(cases[i].host, 1, &addr));
        ck_assert_int_eq(resolve_is_loopback(&addr), cases[i].loopback);
        ck_assert_int_eq(resolve_is_wildcard(&addr), cases[i].wildcard);
    }
}
END_TEST

START_TEST(test_to_the_kernel_and_back)
{
    static const char *const hosts[] = {"127.0.0.1", "0.0.0.0", "::1", "fe80::1:2"};
    for (size_t i = 0; i < COUNT_OF(hosts); i++) {
        struct addr addr, back;
        struct sockaddr_storage sa;
        ck_assert(resolve_numeric(hosts[i], 65000, &addr));
        socklen_t size = world_addr_to_kernel(&addr, &sa);
        ck_assert_int_eq(sa.ss_family, i < 2 ? AF_INET : AF_INET6);
        ck_assert_uint_eq(size, i < 2 ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6));
        ck_assert(world_addr_from_kernel((struct sockaddr *)&sa, &back));
        ck_assert_mem_eq(&addr, &back, sizeof addr);
    }
    struct sockaddr other = {.sa_family = AF_UNIX};
    struct addr addr;
    ck_assert(!world_addr_from_kernel(&other, &addr));
}
END_TEST

SUITE_MAIN("resolve", test_addresses_need_no_name_service, test_localhost_is_loopback,
           test_kinds_of_addresses, test_to_the_kernel_and_back)
