/* SPDX-License-Identifier: Apache-2.0 */
/* What all APIs share: the error codes of a replica's results, and versions that are not served. */
#include "broker/api/api.h"
#include "common/bytes.h"
#include "tests/lib/net_bench.h"
#include "tests/lib/suite.h"

static struct net_bench b;
static struct broker_config config;

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

/* Clients act on the code alone: one that is not retriable ends a producer. */
START_TEST(a_replicas_result_is_told_by_its_code)
{
    static const struct {
        enum replica_result result;
        enum error_code code;
    } told[] = {
        {REPLICA_OK, ERROR_NONE},
        {REPLICA_UNKNOWN, ERROR_UNKNOWN_TOPIC_OR_PARTITION}, /* of a topic that nobody knows */
        {REPLICA_NOT_LEADER, ERROR_NOT_LEADER_OR_FOLLOWER},
        {REPLICA_NOT_ENOUGH, ERROR_NOT_ENOUGH_REPLICAS},
        {REPLICA_TOO_MANY, ERROR_NOT_ENOUGH_REPLICAS},
        {REPLICA_STORAGE, ERROR_KAFKA_STORAGE_ERROR},
        {REPLICA_FENCED_EPOCH, ERROR_FENCED_LEADER_EPOCH},
        {REPLICA_UNKNOWN_EPOCH, ERROR_UNKNOWN_LEADER_EPOCH},
        {REPLICA_OUT_OF_RANGE, ERROR_OFFSET_OUT_OF_RANGE},
        {REPLICA_NOT_AVAILABLE, ERROR_OFFSET_NOT_AVAILABLE},
        {REPLICA_OUT_OF_ORDER, ERROR_OUT_OF_ORDER_SEQUENCE_NUMBER},
        {REPLICA_DUPLICATE, ERROR_DUPLICATE_SEQUENCE_NUMBER},
        {REPLICA_STALE_PRODUCER, ERROR_INVALID_PRODUCER_EPOCH},
        {REPLICA_NOT_IN_TXN, ERROR_INVALID_TXN_STATE},
        {REPLICA_CORRUPT, ERROR_CORRUPT_MESSAGE},
    };
    setup();
    for (unsigned i = 0; i < COUNT_OF(told); i++)
        ck_assert_int_eq(api_error_of(&b.shard, (struct partition_id){{{1}}, 0}, told[i].result),
                         told[i].code);
    teardown();
}
END_TEST

/* KIP-511: in version 0, with the versions that are served of ApiVersions itself. */
START_TEST(an_unknown_version_of_api_versions_is_answered_in_the_first)
{
    static const uint8_t request[] = {0, 0, 0, 12, 0, 18, 0, 99, 0, 0, 0, 7, 0, 1, 'c', 0};
    setup();
    size_t peer = net_bench_connect(&b);
    net_bench_reads(&b, peer, false);
    net_bench_give(&b, peer, request, sizeof request);
    ck_assert(!b.peers[peer].closed);
    ck_assert_uint_eq(b.peers[peer].piece_count, 1);
    const struct piece *answer = &b.peers[peer].pieces[0];
    const uint8_t *at = piece_bytes(answer);
    ck_assert_uint_eq(answer->size, 20);
    ck_assert_uint_eq(load_u32(at), 16);
    ck_assert_uint_eq(load_u32(at + 4), 7);
    ck_assert_int_eq(load_u16(at + 8), ERROR_UNSUPPORTED_VERSION);
    ck_assert_uint_eq(load_u32(at + 10), 1);
    ck_assert_uint_eq(load_u16(at + 14), API_API_VERSIONS);
    ck_assert_uint_eq(load_u16(at + 16), 0);
    ck_assert_uint_eq(load_u16(at + 18), (uint16_t)api_find(API_API_VERSIONS)->version_max);
    teardown();
}
END_TEST

START_TEST(an_unknown_version_of_any_other_api_ends_the_connection)
{
    static const uint8_t request[] = {0, 0, 0, 10, 0, 3, 0, 99, 0, 0, 0, 7, 0xFF, 0xFF};
    setup();
    size_t peer = net_bench_connect(&b);
    net_bench_give(&b, peer, request, sizeof request);
    ck_assert(b.peers[peer].closed);
    ck_assert_uint_eq(b.peers[peer].received, 0);
    teardown();
}
END_TEST

SUITE_MAIN("api", a_replicas_result_is_told_by_its_code,
           an_unknown_version_of_api_versions_is_answered_in_the_first,
           an_unknown_version_of_any_other_api_ends_the_connection)
