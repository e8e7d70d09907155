/* SPDX-License-Identifier: Apache-2.0 */
/* How long a Fetch waits, and what is left of one whose client goes away meanwhile. A Fetch without
 * topics needs no replica: it only waits. */
#include "broker/api/api.h"
#include "common/assert.h"
#include "proto/gen/fetch.h"
#include "tests/lib/net_bench.h"
#include "tests/lib/suite.h"

#define VERSION 12
#define WAIT_MS 500

static struct net_bench b;
static struct broker_config config = {.fetch_max_bytes = 1 << 20};

static void serve(struct net_bench *bench, struct request *request)
{
    api_serve(&bench->shard, request);
}

static void setup(void)
{
    net_bench_init(&b, 10, 600000);
    b.serve = serve;
    b.shard.config = &config;
    metadata_init(&b.shard.metadata);
}

static void teardown(void)
{
    net_bench_deinit(&b);
    metadata_deinit(&b.shard.metadata);
}

static void send_fetch(size_t peer, int32_t min_bytes)
{
    struct fetch_request request;
    struct wire_writer w;
    struct request_header header = {.api_key = API_FETCH,
                                    .api_version = VERSION,
                                    .correlation_id = 1,
                                    .api = api_find(API_FETCH)};
    fetch_request_init(&request);
    request.max_wait_ms = WAIT_MS;
    request.min_bytes = min_bytes;
    wire_writer_init(&w, NULL, 64, 4096);
    uint32_t from = frame_begin_request(&w, &header);
    fetch_request_encode(&w, VERSION, &request);
    frame_end(&w, from);
    net_bench_give(&b, peer, wire_written(&w).base, wire_written(&w).size);
    wire_writer_deinit(&w);
}

static unsigned timers_set(void)
{
    unsigned count = 0;
    for (unsigned i = 0; i < COUNT_OF(b.timers); i++)
        count += b.timers[i].at_ns != 0;
    return count;
}

START_TEST(test_a_fetch_waits_for_its_time_when_there_is_nothing)
{
    setup();
    size_t peer = net_bench_connect(&b);
    send_fetch(peer, 1);
    net_bench_advance(&b, WAIT_MS - 100);
    ck_assert_uint_eq(b.peers[peer].received, 0);
    net_bench_advance(&b, 200);
    ck_assert_uint_gt(b.peers[peer].received, 0);
    teardown();
}
END_TEST

START_TEST(test_a_fetch_that_wants_nothing_is_answered_at_once)
{
    setup();
    size_t peer = net_bench_connect(&b);
    send_fetch(peer, 0);
    ck_assert_uint_gt(b.peers[peer].received, 0);
    teardown();
}
END_TEST

START_TEST(test_nothing_is_left_of_a_fetch_whose_client_goes_away)
{
    setup();
    size_t peer = net_bench_connect(&b);
    unsigned before = timers_set();
    send_fetch(peer, 1);
    ck_assert_uint_eq(timers_set(), before + 1);
    net_bench_hang_up(&b, peer);
    ck_assert_uint_eq(timers_set(), before);
    net_bench_advance(&b, 2 * WAIT_MS);
    teardown();
}
END_TEST

SUITE_MAIN("api_fetch", test_a_fetch_waits_for_its_time_when_there_is_nothing,
           test_a_fetch_that_wants_nothing_is_answered_at_once,
           test_nothing_is_left_of_a_fetch_whose_client_goes_away)
