/* SPDX-License-Identifier: Apache-2.0 */
/* Answers that name leaders, coordinators and controllers. Asked behind a request that waits on the
 * same connection, they say what is so when they leave, not what was so when they were asked. */
#include <stdlib.h>

#include "broker/api/api.h"
#include "broker/broker.h"
#include "common/assert.h"
#include "common/bytes.h"
#include "common/memory.h"
#include "proto/gen/describe_cluster.h"
#include "proto/gen/fetch.h"
#include "proto/gen/find_coordinator.h"
#include "proto/gen/metadata.h"
#include "tests/lib/net_bench.h"
#include "tests/lib/suite.h"

#define WAIT_MS 500
#define OLD 1 /* the broker that leads, coordinates and controls at first */
#define NEW 2

static struct net_bench b;
static struct broker_config config = {
    .fetch_max_bytes = 1 << 20, .cleanup_policy = "delete", .timestamp_type = "CreateTime"};
static struct arena arena;
static size_t peer;
static const struct uuid offsets_id = {{7}};

static uint64_t some_bits(void *world)
{
    (void)world;
    return UINT64_C(0x123456789abcdef);
}

static void serve(struct net_bench *bench, struct request *request)
{
    api_serve(&bench->shard, request);
}

/* ---- what the controller says ---- */
static struct brokers_meta *two_brokers(int32_t controller)
{
    struct brokers_meta *all = xcalloc(1, sizeof *all + 2 * sizeof all->items[0]);
    all->refs = 1;
    all->controller = controller;
    all->count = 2;
    for (int32_t i = 0; i < 2; i++) {
        all->items[i] = (struct broker_meta){.member.broker = OLD + i,
                                             .alive = true,
                                             .host = xstrdup("h"),
                                             .cluster_host = xstrdup("h"),
                                             .port = 9092};
    }
    return all;
}

static struct topic_meta *offsets_topic(int32_t leader)
{
    struct topic_meta *t = xcalloc(1, sizeof *t + sizeof t->partitions[0]);
    t->refs = 1;
    t->id = offsets_id;
    t->name = xstrdup("__consumer_offsets");
    t->overrides = xstrdup("");
    t->partition_count = 1;
    t->partitions[0] = (struct cluster_partition_item){.id = {t->id, 0},
                                                       .leader = leader,
                                                       .replicas = {OLD, NEW},
                                                       .replica_count = 2,
                                                       .isr = {OLD, NEW},
                                                       .isr_count = 2};
    return t;
}

static void everything_is_at(int32_t broker)
{
    struct metadata_delta *d = xcalloc(1, sizeof *d + sizeof d->topics[0]);
    d->refs = 1;
    d->brokers = two_brokers(broker);
    d->topic_count = 1;
    d->topics[0] = offsets_topic(broker);
    metadata_apply(&b.shard.metadata, d);
    metadata_delta_unref(d);
}

/* ---- requests and answers ---- */
static void setup(void)
{
    static const struct env_ops ops = {.random = some_bits};
    static const struct env env = {.ops = &ops, .shard_count = 1};
    struct broker_setup of = {
        .config = &config, .envs = &env, .shard_count = 1, .cluster_address = "127.0.0.1"};
    net_bench_init(&b, 10, 600000);
    b.serve = serve;
    b.shard.config = &config;
    b.shard.broker = broker_new(&of);
    metadata_init(&b.shard.metadata);
    everything_is_at(OLD);
    peer = net_bench_connect(&b);
    net_bench_reads(&b, peer, false); /* what it is sent can be looked at */
}

static void teardown(void)
{
    net_bench_reads(&b, peer, true);
    net_bench_deinit(&b);
    metadata_deinit(&b.shard.metadata);
    broker_free(b.shard.broker);
    arena_reset(&arena);
}

static struct wire_writer request_to(int16_t key, int16_t version)
{
    struct wire_writer w;
    struct request_header header = {
        .api_key = key, .api_version = version, .correlation_id = key, .api = api_find(key)};
    wire_writer_init(&w, NULL, 64, 4096);
    ck_assert_uint_eq(frame_begin_request(&w, &header), 0);
    return w;
}

static void give(struct wire_writer *w)
{
    frame_end(w, 0);
    net_bench_give(&b, peer, wire_written(w).base, wire_written(w).size);
    wire_writer_deinit(w);
}

/* A Fetch without topics waits for its time. */
static void ask_fetch(void)
{
    struct fetch_request q;
    struct wire_writer w = request_to(API_FETCH, 12);
    fetch_request_init(&q);
    q.max_wait_ms = WAIT_MS;
    q.min_bytes = 1;
    fetch_request_encode(&w, 12, &q);
    give(&w);
}

static void ask_metadata(void)
{
    struct metadata_request q;
    struct wire_writer w = request_to(API_METADATA, 9);
    metadata_request_init(&q);
    q.topics_null = true;
    metadata_request_encode(&w, 9, &q);
    give(&w);
}

static void ask_coordinator(void)
{
    struct find_coordinator_request q;
    struct wire_writer w = request_to(API_FIND_COORDINATOR, 2);
    find_coordinator_request_init(&q);
    q.key = VIEW_LITERAL("g");
    find_coordinator_request_encode(&w, 2, &q);
    give(&w);
}

static void ask_cluster(void)
{
    struct describe_cluster_request q;
    struct wire_writer w = request_to(API_DESCRIBE_CLUSTER, 0);
    describe_cluster_request_init(&q);
    describe_cluster_request_encode(&w, 0, &q);
    give(&w);
}

/* The body of the answer after the first `skipped` ones. */
static struct wire_reader answer_after(unsigned skipped, int16_t key, int16_t version)
{
    const struct net_peer *p = &b.peers[peer];
    uint8_t *all = arena_array(&arena, (uint32_t)p->queued, 1);
    uint32_t size = 0, at = 0;
    for (size_t i = 0; i < p->piece_count; i++) {
        memcpy(all + size, piece_bytes(&p->pieces[i]), p->pieces[i].size);
        size += p->pieces[i].size;
    }
    for (; skipped > 0; skipped--) {
        ck_assert_uint_lt(at, size);
        at += FRAME_PREFIX_SIZE + load_u32(all + at);
    }
    ck_assert_uint_lt(at, size);
    struct view frame = {all + at + FRAME_PREFIX_SIZE, load_u32(all + at)};
    struct wire_reader r = wire_reader_of(frame);
    ck_assert_int_eq(frame_read_response_header(&r, api_find(key), version), key);
    return r;
}

static void check_metadata(unsigned skipped, int32_t broker)
{
    struct metadata_response a;
    struct wire_reader r = answer_after(skipped, API_METADATA, 9);
    ck_assert(metadata_response_decode(&r, 9, &arena, &a));
    ck_assert_int_eq(a.controller_id, broker);
    ck_assert_uint_eq(a.topics_count, 1);
    ck_assert_int_eq(a.topics[0].partitions[0].leader_id, broker);
}

static void check_coordinator(unsigned skipped, int32_t broker)
{
    struct find_coordinator_response a;
    struct wire_reader r = answer_after(skipped, API_FIND_COORDINATOR, 2);
    ck_assert(find_coordinator_response_decode(&r, 2, &arena, &a));
    ck_assert_int_eq(a.node_id, broker);
}

static void check_cluster(unsigned skipped, int32_t broker)
{
    struct describe_cluster_response a;
    struct wire_reader r = answer_after(skipped, API_DESCRIBE_CLUSTER, 0);
    ck_assert(describe_cluster_response_decode(&r, 0, &arena, &a));
    ck_assert_int_eq(a.controller_id, broker);
}

START_TEST(test_what_waits_says_what_is_so_when_it_leaves)
{
    setup();
    ask_fetch();
    ask_metadata();
    ask_coordinator();
    ask_cluster();
    ck_assert_uint_eq(b.peers[peer].queued, 0);
    everything_is_at(NEW);
    net_bench_advance(&b, WAIT_MS + 100);
    check_metadata(1, NEW);
    check_coordinator(2, NEW);
    check_cluster(3, NEW);
    teardown();
}
END_TEST

START_TEST(test_what_need_not_wait_is_answered_at_once)
{
    setup();
    ask_metadata();
    ask_coordinator();
    ask_cluster();
    check_metadata(0, OLD);
    check_coordinator(1, OLD);
    check_cluster(2, OLD);
    teardown();
}
END_TEST

/* Nothing is made for a client that has gone, and a drain waits for what is still to be made. */
START_TEST(test_the_end_of_a_connection_or_of_a_broker)
{
    setup();
    size_t leaves = peer;
    ask_fetch();
    ask_metadata();
    net_bench_hang_up(&b, leaves);
    peer = net_bench_connect(&b);
    net_bench_reads(&b, peer, false);
    ask_fetch();
    ask_metadata();
    client_net_drain(b.net);
    ck_assert(!client_net_idle(b.net));
    everything_is_at(NEW);
    net_bench_advance(&b, WAIT_MS + 100);
    ck_assert(client_net_idle(b.net));
    check_metadata(1, NEW);
    teardown();
}
END_TEST

/* A client that sends to this broker what another leads, for long, is once told of no leader. */
START_TEST(test_a_misled_client_is_told_to_look_anew)
{
    struct partition_id id = {offsets_id, 0};
    setup();
    for (unsigned i = 0; i <= MISLED_PATIENCE_MS / 100; i++) {
        misled_refused(&b.shard.misled, b.peers[peer].name, id, b.now_ns);
        net_bench_advance(&b, 100);
    }
    b.shard.reactor.now_ns = b.now_ns;
    ask_metadata();
    ask_metadata();
    struct metadata_response a;
    struct wire_reader r = answer_after(0, API_METADATA, 9);
    ck_assert(metadata_response_decode(&r, 9, &arena, &a));
    ck_assert_int_eq(a.topics[0].partitions[0].leader_id, -1);
    ck_assert_int_eq(a.topics[0].partitions[0].error_code, ERROR_LEADER_NOT_AVAILABLE);
    check_metadata(1, OLD);
    teardown();
}
END_TEST

SUITE_MAIN("api_metadata", test_what_waits_says_what_is_so_when_it_leaves,
           test_what_need_not_wait_is_answered_at_once, test_the_end_of_a_connection_or_of_a_broker,
           test_a_misled_client_is_told_to_look_anew)
