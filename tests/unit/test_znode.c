/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/znode.h"
#include "tests/lib/suite.h"

#include <check.h>
#include <fnmatch.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

static struct arena arena;

static void setup(void)
{
    arena = ARENA_INIT;
}

static void teardown(void)
{
    arena_reset(&arena);
}

static struct view copy_of(const char *text)
{
    return arena_copy(&arena, view_of(text));
}

/* ---- what Kafka wrote ---- */

/* Parses a node of Kafka's by its path and prints it again. */
static struct view reprint(const char *path, struct view data)
{
    union {
        struct znode_controller controller;
        struct znode_registration registration;
        struct znode_topic topic;
        struct znode_state state;
        struct znode_config config;
        struct znode_producer_id_block block;
        struct znode_election election;
        struct view text;
        int32_t epoch;
    } n;

#define REPRINT(pattern, parse, print)                                                             \
    if (fnmatch(pattern, path, 0) == 0) {                                                          \
        int error = parse;                                                                         \
        ck_assert_msg(error == ZNODE_OK, "%s %s", path,                                            \
                      znode_error_text((enum znode_error)error));                                  \
        return print;                                                                              \
    }
    REPRINT("/controller", znode_controller_parse(data, &arena, &n.controller),
            znode_controller_print(&n.controller, &arena))
    REPRINT("/controller_epoch", znode_controller_epoch_parse(data, &n.epoch),
            znode_controller_epoch_print(n.epoch, &arena))
    REPRINT("/cluster/id", znode_cluster_id_parse(data, &arena, &n.text),
            znode_cluster_id_print(n.text, &arena))
    REPRINT("/latest_producer_id_block", znode_producer_id_block_parse(data, &arena, &n.block),
            znode_producer_id_block_print(&n.block, &arena))
    REPRINT("/brokers/ids/*", znode_registration_parse(data, &arena, &n.registration),
            znode_registration_print(&n.registration, &arena))
    REPRINT("/brokers/topics/*/state", znode_state_parse(data, &arena, &n.state),
            znode_state_print(&n.state, &arena))
    REPRINT("/brokers/topics/*", znode_topic_parse(data, &arena, &n.topic),
            znode_topic_print(&n.topic, &arena))
    REPRINT("/config/changes/*", znode_config_change_parse(data, &arena, &n.text),
            znode_config_change_print(n.text, &arena))
    REPRINT("/config/*", znode_config_parse(data, &arena, &n.config),
            znode_config_print(&n.config, &arena))
    REPRINT("/admin/preferred_replica_election", /* only Kafka's tools write it */
            znode_election_parse(data, &arena, &n.election), data)
#undef REPRINT
    ck_abort_msg("no parser for %s", path);
}

/* The keys of the two objects are in the same order (of the outermost level: Kafka's own order of
 * the inner maps is that of a hash table). */
static void assert_same_key_order(const char *path, const json_t *kafka, const json_t *ours)
{
    void *a = json_object_iter((json_t *)(uintptr_t)kafka);
    void *b = json_object_iter((json_t *)(uintptr_t)ours);

    for (; a && b; a = json_object_iter_next((json_t *)(uintptr_t)kafka, a),
                   b = json_object_iter_next((json_t *)(uintptr_t)ours, b))
        ck_assert_msg(strcmp(json_object_iter_key(a), json_object_iter_key(b)) == 0,
                      "%s: %s where Kafka has %s", path, json_object_iter_key(b),
                      json_object_iter_key(a));
    ck_assert(!a && !b);
}

static void assert_equals_kafka(const char *path, struct view data)
{
    struct view printed = reprint(path, data);
    json_t *kafka = json_loadb((const char *)data.base, data.size, JSON_DECODE_ANY, NULL);
    json_t *ours = json_loadb((const char *)printed.base, printed.size, JSON_DECODE_ANY, NULL);

    ck_assert_ptr_nonnull(kafka);
    ck_assert_ptr_nonnull(ours);
    if (fnmatch("/brokers/ids/*", path, 0) == 0 &&
        json_integer_value(json_object_get(kafka, "version")) == 4) {
        /* What an old inter.broker.protocol.version wrote; we write version 5. */
        json_object_del(ours, "features");
        json_object_set_new(ours, "version", json_integer(4));
    }
    ck_assert_msg(json_equal(kafka, ours), "%s: Kafka %.*s, ours %.*s", path, (int)data.size,
                  data.base, (int)printed.size, printed.base);
    if (json_is_object(kafka))
        assert_same_key_order(path, kafka, ours);
    ck_assert_msg(strpbrk((const char *)printed.base, " \n") == NULL ||
                      memchr(data.base, ' ', data.size) != NULL,
                  "%s is not compact", path);
    json_decref(kafka);
    json_decref(ours);
}

START_TEST(every_node_of_kafka_is_printed_as_kafka_wrote_it)
{
    json_t *nodes = json_load_file("tests/golden/znodes/nodes.json", 0, NULL);
    size_t i;
    json_t *node;

    ck_assert_msg(json_array_size(nodes) == 212, "not all nodes: run from the project's folder");
    json_array_foreach(nodes, i, node)
    {
        assert_equals_kafka(json_string_value(json_object_get(node, "path")),
                            view_of(json_string_value(json_object_get(node, "data"))));
    }
    json_decref(nodes);
}
END_TEST

/* Every prefix of every node is refused or understood, without reading past it (the copy has its
 * exact size, for the address sanitizer). */
START_TEST(every_prefix_is_met_in_good_order)
{
    json_t *nodes = json_load_file("tests/golden/znodes/nodes.json", 0, NULL);
    size_t i;
    json_t *node;

    json_array_foreach(nodes, i, node)
    {
        const char *data = json_string_value(json_object_get(node, "data"));
        size_t size = strlen(data);
        struct arena scratch = ARENA_INIT;
        struct znode_state state = {.leader = 77};

        if (i % 10)
            continue;
        for (size_t n = 0; n < size; n++) {
            uint8_t *exact = malloc(n + (n == 0));
            struct view cut = {exact, (uint32_t)n};
            struct znode_registration registration;
            struct znode_topic topic;
            struct znode_broker_node broker;

            memcpy(exact, data, n);
            ck_assert_int_ne(znode_state_parse(cut, &scratch, &state), ZNODE_OK);
            ck_assert_int_ne(znode_topic_parse(cut, &scratch, &topic), ZNODE_OK);
            ck_assert_int_ne(znode_registration_parse(cut, &scratch, &registration), ZNODE_OK);
            ck_assert_int_ne(znode_broker_node_parse(cut, &scratch, &broker), ZNODE_OK);
            free(exact);
        }
        ck_assert_int_eq(state.leader, 77);
        arena_reset(&scratch);
    }
    json_decref(nodes);
}
END_TEST

/* ---- what is ours ---- */

START_TEST(state_keeps_our_fields_and_unknown_ones)
{
    static const char text[] =
        "{\"controller_epoch\":7,\"leader\":2,\"version\":1,\"leader_epoch\":3,\"isr\":[2,1],"
        "\"leader_recovery_state\":1,\"min_isr\":2,\"new\":true,"
        "\"leader_incarnation\":\"00ff00000000beef\",\"elr\":[3],\"later\":{\"a\":\"\xc3\xbc\"}}";
    struct znode_state s;
    struct view printed;

    ck_assert_int_eq(znode_state_parse(view_of(text), &arena, &s), ZNODE_OK);
    ck_assert_int_eq(s.leader, 2);
    ck_assert_int_eq(s.leader_epoch, 3);
    ck_assert_int_eq(s.controller_epoch, 7);
    ck_assert_uint_eq(s.isr_count, 2);
    ck_assert_int_eq(s.isr[0], 2);
    ck_assert_int_eq(s.isr[1], 1);
    ck_assert(s.recovering && s.is_new);
    ck_assert_int_eq(s.min_isr, 2);
    ck_assert_uint_eq(s.leader_incarnation, 0xff00000000beef);
    printed = znode_state_print(&s, &arena);
    ck_assert_str_eq((const char *)printed.base, text);
    ck_assert_uint_eq(printed.size, sizeof text - 1);
}
END_TEST

START_TEST(registration_carries_the_cluster_listener)
{
    struct znode_endpoint endpoints[] = {
        {VIEW_LITERAL("OUT"), VIEW_LITERAL("SSL"), VIEW_LITERAL("b1.example"), 9093},
        {VIEW_LITERAL("IN"), VIEW_LITERAL("PLAINTEXT"), VIEW_LITERAL("::1"), 9092},
    };
    struct znode_registration b = {.endpoints = endpoints,
                                   .endpoint_count = 2,
                                   .jmx_port = -1,
                                   .timestamp_ms = 1795380601560,
                                   .rack = VIEW_LITERAL("r1"),
                                   .incarnation = 0xabcdef0123456789,
                                   .cluster_host = VIEW_LITERAL("b1.example"),
                                   .cluster_port = 9192,
                                   .shard_count = 3,
                                   .protocol_min = 0,
                                   .protocol_max = 1};
    struct view printed = znode_registration_print(&b, &arena);
    struct znode_registration read;

    ck_assert_str_eq(
        (const char *)printed.base,
        "{\"features\":{},\"listener_security_protocol_map\":{\"OUT\":\"SSL\",\"IN\":"
        "\"PLAINTEXT\"},\"endpoints\":[\"OUT://b1.example:9093\",\"IN://[::1]:9092\"],"
        "\"rack\":\"r1\",\"jmx_port\":-1,\"port\":9092,\"host\":\"::1\",\"version\":5,"
        "\"timestamp\":\"1795380601560\",\"corduroy\":{\"incarnation\":\"abcdef0123456789\","
        "\"host\":\"b1.example\",\"port\":9192,\"shards\":3,\"protocol_min\":0,"
        "\"protocol_max\":1}}");
    ck_assert_int_eq(znode_registration_parse(printed, &arena, &read), ZNODE_OK);
    ck_assert_uint_eq(read.endpoint_count, 2);
    ck_assert(view_equal(read.endpoints[1].host, VIEW_LITERAL("::1")));
    ck_assert(view_equal(read.endpoints[0].protocol, VIEW_LITERAL("SSL")));
    ck_assert_uint_eq(read.endpoints[0].port, 9093);
    ck_assert_uint_eq(read.incarnation, b.incarnation);
    ck_assert(view_equal(read.cluster_host, b.cluster_host));
    ck_assert_uint_eq(read.cluster_port, 9192);
    ck_assert_uint_eq(read.shard_count, 3);
    ck_assert_int_eq(read.protocol_max, 1);
    ck_assert_uint_eq(read.unknown.size, 0);
}
END_TEST

START_TEST(registration_without_plaintext_has_no_host)
{
    struct znode_endpoint e = {VIEW_LITERAL("S"), VIEW_LITERAL("SSL"), VIEW_LITERAL("h"), 1};
    struct znode_registration b = {.endpoints = &e, .endpoint_count = 1, .jmx_port = -1};
    struct view printed = znode_registration_print(&b, &arena);

    ck_assert_ptr_nonnull(strstr((const char *)printed.base, "\"port\":-1,\"host\":null"));
    ck_assert_int_eq(znode_registration_parse(printed, &arena, &b), ZNODE_OK);
}
END_TEST

START_TEST(old_registrations_are_read)
{
    struct znode_registration b;

    ck_assert_int_eq(
        znode_registration_parse(
            copy_of("{\"version\":1,\"host\":\"old\",\"port\":9092,\"jmx_port\":5}"), &arena, &b),
        ZNODE_OK);
    ck_assert_uint_eq(b.endpoint_count, 1);
    ck_assert(view_equal(b.endpoints[0].host, VIEW_LITERAL("old")));
    ck_assert_int_eq(znode_registration_parse(
                         copy_of("{\"version\":3,\"host\":\"old\",\"port\":9092,\"jmx_port\":-1,"
                                 "\"endpoints\":[\"SSL://old:9093\"],\"timestamp\":\"5\"}"),
                         &arena, &b),
                     ZNODE_OK);
    ck_assert(view_equal(b.endpoints[0].protocol, VIEW_LITERAL("SSL")));
    ck_assert_uint_eq(b.incarnation, 0);
}
END_TEST

START_TEST(broker_node_round_trips)
{
    struct uuid directories[] = {{{1}}, {{2, 3}}};
    struct znode_broker_node b = {.incarnation = 5,
                                  .storage_id = {{9, 9}},
                                  .directory_ids = directories,
                                  .directory_count = 2,
                                  .state = ZNODE_BROKER_OUT,
                                  .failed_directories = directories + 1,
                                  .failed_count = 1,
                                  .protocol_max = 4};
    struct view printed = znode_broker_node_print(&b, &arena), again;
    struct znode_broker_node read;

    ck_assert_int_eq(znode_broker_node_parse(printed, &arena, &read), ZNODE_OK);
    ck_assert_uint_eq(read.incarnation, 5);
    ck_assert(uuid_equal(read.storage_id, b.storage_id));
    ck_assert_uint_eq(read.directory_count, 2);
    ck_assert(uuid_equal(read.directory_ids[1], directories[1]));
    ck_assert_int_eq(read.state, ZNODE_BROKER_OUT);
    ck_assert_uint_eq(read.failed_count, 1);
    ck_assert_int_eq(read.protocol_max, 4);
    again = znode_broker_node_print(&read, &arena);
    ck_assert(view_equal(printed, again));
}
END_TEST

START_TEST(topic_versions_and_unknown_fields)
{
    struct znode_topic t;
    struct view printed;

    ck_assert_int_eq(znode_topic_parse(copy_of("{\"version\":1,\"partitions\":{\"10\":[3],\"2\":"
                                               "[1,2]},\"mine\":1}"),
                                       &arena, &t),
                     ZNODE_OK);
    ck_assert(uuid_is_zero(t.id));
    ck_assert_uint_eq(t.partition_count, 2);
    ck_assert_int_eq(t.partitions[0].partition, 2);
    ck_assert_int_eq(t.partitions[1].partition, 10);
    printed = znode_topic_print(&t, &arena);
    ck_assert_str_eq((const char *)printed.base,
                     "{\"partitions\":{\"2\":[1,2],\"10\":[3]},\"adding_replicas\":{},"
                     "\"removing_replicas\":{},\"version\":3,\"mine\":1}");
    ck_assert_int_eq(
        znode_topic_parse(copy_of("{\"version\":2,\"partitions\":{\"0\":[1,2]},\"adding_replicas\":"
                                  "{\"0\":[2],\"7\":[1]},\"removing_replicas\":{\"0\":[1]}}"),
                          &arena, &t),
        ZNODE_OK);
    ck_assert_uint_eq(t.partitions[0].adding_count, 1);
    ck_assert_int_eq(t.partitions[0].adding[0], 2);
    ck_assert_int_eq(t.partitions[0].removing[0], 1);
}
END_TEST

START_TEST(configurations_without_data_are_empty)
{
    struct znode_config c = {.count = 9};

    ck_assert_int_eq(znode_config_parse(VIEW_NULL, &arena, &c), ZNODE_OK);
    ck_assert_uint_eq(c.count, 0);
    ck_assert_str_eq((const char *)znode_config_print(&c, &arena).base,
                     "{\"version\":1,\"config\":{}}");
}
END_TEST

START_TEST(preferred_elections_are_read)
{
    struct znode_election e;

    ck_assert_int_eq(znode_election_parse(
                         copy_of("{\"version\":1,\"partitions\":[{\"topic\":\"a\",\"partition\":0},"
                                 "{\"partition\":7,\"topic\":\"b\"}]}"),
                         &arena, &e),
                     ZNODE_OK);
    ck_assert_uint_eq(e.count, 2);
    ck_assert(view_equal(e.entries[1].topic, VIEW_LITERAL("b")));
    ck_assert_int_eq(e.entries[1].partition, 7);
    ck_assert_int_eq(znode_election_parse(copy_of("{\"version\":1,\"partitions\":[]}"), &arena, &e),
                     ZNODE_OK);
    ck_assert_uint_eq(e.count, 0);
    static const char *const bad[] = {
        "",
        "{\"version\":1}",
        "{\"version\":1,\"partitions\":{}}",
        "{\"version\":1,\"partitions\":[7]}",
        "{\"version\":1,\"partitions\":[{\"topic\":\"a\"}]}",
        "{\"version\":1,\"partitions\":[{\"topic\":1,\"partition\":1}]}",
        "{\"version\":1,\"partitions\":[{\"topic\":\"a\",\"partition\":-1}]}",
        "{\"version\":1,\"partitions\":[{\"topic\":\"a\",\"partition\":4294967296}]}",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        ck_assert_msg(znode_election_parse(copy_of(bad[i]), &arena, &e) != ZNODE_OK, "%s", bad[i]);
}
END_TEST

START_TEST(old_config_changes_are_read)
{
    struct view entity;

    ck_assert_int_eq(
        znode_config_change_parse(
            copy_of("{\"version\":1,\"entity_type\":\"topics\",\"entity_name\":\"foo\"}"), &arena,
            &entity),
        ZNODE_OK);
    ck_assert(view_equal(entity, VIEW_LITERAL("topics/foo")));
    ck_assert_int_eq(
        znode_config_change_parse(
            copy_of("{\"version\":1,\"entity_type\":\"brokers\",\"entity_name\":\"1\"}"), &arena,
            &entity),
        ZNODE_FIELD_INVALID);
}
END_TEST

/* ---- what is wrong ---- */

static const struct {
    const char *data;
    enum znode_error error;
} bad_states[] = {
    {"", ZNODE_NOT_JSON},
    {"7", ZNODE_NOT_JSON},
    {"[]", ZNODE_NOT_JSON},
    {"{}", ZNODE_FIELD_MISSING},
    {"{\"leader\":1,\"leader_epoch\":1,\"controller_epoch\":1}", ZNODE_FIELD_MISSING},
    {"{\"leader\":null,\"leader_epoch\":1,\"controller_epoch\":1,\"isr\":[]}", ZNODE_FIELD_MISSING},
    {"{\"leader\":\"1\",\"leader_epoch\":1,\"controller_epoch\":1,\"isr\":[1]}",
     ZNODE_FIELD_INVALID},
    {"{\"leader\":1.0,\"leader_epoch\":1,\"controller_epoch\":1,\"isr\":[1]}", ZNODE_FIELD_INVALID},
    {"{\"leader\":-2,\"leader_epoch\":1,\"controller_epoch\":1,\"isr\":[1]}", ZNODE_FIELD_INVALID},
    {"{\"leader\":2147483648,\"leader_epoch\":1,\"controller_epoch\":1,\"isr\":[1]}",
     ZNODE_FIELD_INVALID},
    {"{\"leader\":1,\"leader_epoch\":-1,\"controller_epoch\":1,\"isr\":[1]}", ZNODE_FIELD_INVALID},
    {"{\"leader\":1,\"leader_epoch\":1,\"controller_epoch\":1,\"isr\":[1,1]}", ZNODE_FIELD_INVALID},
    {"{\"leader\":1,\"leader_epoch\":1,\"controller_epoch\":1,\"isr\":{}}", ZNODE_FIELD_INVALID},
    {"{\"leader\":1,\"leader_epoch\":1,\"controller_epoch\":1,\"isr\":[1],\"new\":1}",
     ZNODE_FIELD_INVALID},
    {"{\"leader\":1,\"leader_epoch\":1,\"controller_epoch\":1,\"isr\":[1],\"min_isr\":0}",
     ZNODE_FIELD_INVALID},
    {"{\"leader\":1,\"leader_epoch\":1,\"controller_epoch\":1,\"isr\":[1],"
     "\"leader_incarnation\":\"xyz\"}",
     ZNODE_FIELD_INVALID},
    {"{\"leader\":1,\"leader_epoch\":1,\"controller_epoch\":1,\"isr\":[1]}x", ZNODE_NOT_JSON},
};

START_TEST(bad_states_are_refused)
{
    struct znode_state s = {.leader = 42};

    ck_assert_int_eq(znode_state_parse(copy_of(bad_states[_i].data), &arena, &s),
                     bad_states[_i].error);
    ck_assert_int_eq(s.leader, 42);
}
END_TEST

static const char *const bad_topics[] = {
    "{\"version\":1}",
    "{\"partitions\":[]}",
    "{\"partitions\":{\"-1\":[1]}}",
    "{\"partitions\":{\"00\":[1]}}",
    "{\"partitions\":{\"x\":[1]}}",
    "{\"partitions\":{\"0\":[]}}",
    "{\"partitions\":{\"0\":1}}",
    "{\"partitions\":{\"0\":[-1]}}",
    "{\"partitions\":{\"0\":[1,2,1]}}",
    "{\"partitions\":{\"0\":[1]},\"topic_id\":\"short\"}",
    "{\"partitions\":{\"0\":[1]},\"adding_replicas\":{\"0\":7}}",
};

START_TEST(bad_topics_are_refused)
{
    struct znode_topic t;

    ck_assert_int_ne(znode_topic_parse(copy_of(bad_topics[_i]), &arena, &t), ZNODE_OK);
}
END_TEST

static const char *const bad_registrations[] = {
    "{\"host\":\"h\",\"port\":1}",
    "{\"version\":5}",
    "{\"version\":5,\"endpoints\":[\"nonsense\"]}",
    "{\"version\":5,\"endpoints\":[\"P://h\"]}",
    "{\"version\":5,\"endpoints\":[\"://h:1\"]}",
    "{\"version\":5,\"endpoints\":[\"P://h:70000\"]}",
    "{\"version\":5,\"endpoints\":[\"P://h:\"]}",
    "{\"version\":5,\"endpoints\":[7]}",
    "{\"version\":5,\"endpoints\":[\"P://h:1\"],\"corduroy\":7}",
    "{\"version\":5,\"endpoints\":[\"P://h:1\"],\"corduroy\":{}}",
    "{\"version\":5,\"endpoints\":[\"P://h:1\"],\"listener_security_protocol_map\":{\"P\":1}}",
};

START_TEST(bad_registrations_are_refused)
{
    struct znode_registration b;

    ck_assert_int_ne(znode_registration_parse(copy_of(bad_registrations[_i]), &arena, &b),
                     ZNODE_OK);
}
END_TEST

START_TEST(deep_nesting_is_refused)
{
    enum {
        DEPTH = 1000
    };
    char text[DEPTH * 2 + 32];
    char *at = text + sprintf(text, "{\"id\":\"a\",\"x\":");
    struct view id;

    memset(at, '[', DEPTH);
    memset(at + DEPTH, ']', DEPTH);
    strcpy(at + 2 * DEPTH, "}");
    ck_assert_int_eq(znode_cluster_id_parse(view_of(text), &arena, &id), ZNODE_NOT_JSON);
    /* The same brackets in a text are no nesting. */
    memset(at, '[', 2 * DEPTH);
    at[0] = '"';
    at[2 * DEPTH - 1] = '"';
    ck_assert_int_eq(znode_cluster_id_parse(view_of(text), &arena, &id), ZNODE_OK);
}
END_TEST

START_TEST(numbers)
{
    int32_t value;

    ck_assert(znode_parse_id(VIEW_LITERAL("0"), &value) && value == 0);
    ck_assert(znode_parse_id(VIEW_LITERAL("2147483647"), &value) && value == INT32_MAX);
    ck_assert(!znode_parse_id(VIEW_LITERAL("2147483648"), &value));
    ck_assert(!znode_parse_id(VIEW_LITERAL("99999999999999999999"), &value));
    ck_assert(!znode_parse_id(VIEW_LITERAL(""), &value));
    ck_assert(!znode_parse_id(VIEW_LITERAL("-1"), &value));
    ck_assert(!znode_parse_id(VIEW_LITERAL("01"), &value));
    ck_assert(!znode_parse_id(VIEW_LITERAL("1 "), &value));
    ck_assert(view_equal(znode_path_name(VIEW_LITERAL("/a/b")), VIEW_LITERAL("b")));
    ck_assert_int_eq(znode_controller_epoch_parse(VIEW_LITERAL("-1"), &value), ZNODE_FIELD_INVALID);
    ck_assert_int_eq(znode_controller_epoch_parse(VIEW_LITERAL("x"), &value), ZNODE_NOT_JSON);
}
END_TEST

START_TEST(paths)
{
    ck_assert(view_equal(znode_path_state(&arena, VIEW_LITERAL("t"), 7),
                         VIEW_LITERAL("/brokers/topics/t/partitions/7/state")));
    ck_assert(view_equal(znode_path_broker_node(&arena, 3), VIEW_LITERAL("/corduroy/brokers/3")));
    ck_assert(view_equal(znode_path_topic_config(&arena, VIEW_LITERAL("t")),
                         VIEW_LITERAL("/config/topics/t")));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("znode");
    TCase *tc = tcase_create("znode");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_set_timeout(tc, SUITE_TIMEOUT_S);
    tcase_add_test(tc, every_node_of_kafka_is_printed_as_kafka_wrote_it);
    tcase_add_test(tc, every_prefix_is_met_in_good_order);
    tcase_add_test(tc, state_keeps_our_fields_and_unknown_ones);
    tcase_add_test(tc, registration_carries_the_cluster_listener);
    tcase_add_test(tc, registration_without_plaintext_has_no_host);
    tcase_add_test(tc, old_registrations_are_read);
    tcase_add_test(tc, broker_node_round_trips);
    tcase_add_test(tc, topic_versions_and_unknown_fields);
    tcase_add_test(tc, configurations_without_data_are_empty);
    tcase_add_test(tc, old_config_changes_are_read);
    tcase_add_test(tc, preferred_elections_are_read);
    tcase_add_loop_test(tc, bad_states_are_refused, 0,
                        (int)(sizeof bad_states / sizeof bad_states[0]));
    tcase_add_loop_test(tc, bad_topics_are_refused, 0,
                        (int)(sizeof bad_topics / sizeof bad_topics[0]));
    tcase_add_loop_test(tc, bad_registrations_are_refused, 0,
                        (int)(sizeof bad_registrations / sizeof bad_registrations[0]));
    tcase_add_test(tc, deep_nesting_is_refused);
    tcase_add_test(tc, numbers);
    tcase_add_test(tc, paths);
    suite_add_tcase(suite, tc);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
