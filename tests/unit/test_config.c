/* SPDX-License-Identifier: Apache-2.0 */
/* The broker's configuration: what a plain file of Kafka's gives, and what is said of keys and
 * values that do not fit. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "broker/config.h"

static struct config_report report;
static struct broker_config *config;

static void parse(const char *text)
{
    config_report_deinit(&report);
    config_free(config);
    config = config_parse(view_of(text), "server.properties", &report);
}

static void teardown(void)
{
    config_report_deinit(&report);
    config_free(config);
    config = NULL;
}

#define PLAIN "broker.id=1\nzookeeper.connect=localhost:2181/kafka\nlog.dirs=/data/a, /data/b\n"

static bool says(char **lines, size_t count, const char *part)
{
    for (size_t i = 0; i < count; i++)
        if (strstr(lines[i], part) != NULL)
            return true;
    return false;
}

START_TEST(a_plain_file_of_kafka_is_enough)
{
    parse(PLAIN "listeners=PLAINTEXT://127.0.0.1:9092\n");
    ck_assert_uint_eq(report.error_count, 0);
    ck_assert_uint_eq(report.warning_count, 0);
    ck_assert_int_eq(config->broker_id, 1);
    ck_assert_uint_eq(config->dir_count, 2);
    ck_assert_str_eq(config->dirs[1], "/data/b");
    ck_assert_str_eq(config->listeners[0].advertised_host, "127.0.0.1");
    ck_assert_int_eq(config->listeners[0].advertised_port, 9092);
    ck_assert_str_eq(config->cluster_host, "127.0.0.1");
    ck_assert_int_eq(config->cluster_port, 10092);
    ck_assert_int_eq(config->retention_ms, INT64_C(168) * 3600000);
}
END_TEST

/* The settings of config/server.properties in Kafka 3.9's distribution. */
START_TEST(kafkas_sample_file_starts_a_broker)
{
    parse("broker.id=0\n#listeners=PLAINTEXT://:9092\nnum.network.threads=3\nnum.io.threads=8\n"
          "socket.send.buffer.bytes=102400\nsocket.receive.buffer.bytes=102400\n"
          "socket.request.max.bytes=104857600\nlog.dirs=/tmp/kafka-logs\nnum.partitions=1\n"
          "num.recovery.threads.per.data.dir=1\noffsets.topic.replication.factor=1\n"
          "transaction.state.log.replication.factor=1\ntransaction.state.log.min.isr=1\n"
          "log.retention.hours=168\nlog.retention.check.interval.ms=300000\n"
          "zookeeper.connect=localhost:2181\nzookeeper.connection.timeout.ms=18000\n"
          "group.initial.rebalance.delay.ms=0\n");
    ck_assert_uint_eq(report.error_count, 0);
    for (size_t i = 0; i < report.warning_count; i++)
        ck_assert_ptr_nonnull(strstr(report.warnings[i], "is accepted and has no effect"));
    ck_assert_uint_eq(report.warning_count, 8);
    ck_assert_int_eq(config->offsets_replication_factor, 1);
    ck_assert(config->offsets_replication_factor_set && !config->default_replication_factor_set);
    ck_assert_int_eq(config->listeners[0].port, 9092);
}
END_TEST

START_TEST(the_finer_unit_wins)
{
    parse(PLAIN "log.retention.hours=1\nlog.retention.minutes=2\n");
    ck_assert_int_eq(config->retention_ms, 120000);
    parse(PLAIN "log.retention.minutes=2\nlog.retention.ms=7\n");
    ck_assert_int_eq(config->retention_ms, 7);
    parse(PLAIN "log.retention.ms=-1\n");
    ck_assert_int_eq(config->retention_ms, -1);
    parse(PLAIN "log.roll.hours=2\n");
    ck_assert_int_eq(config->roll_ms, 7200000);
}
END_TEST

START_TEST(an_unknown_key_is_warned_about_with_the_nearest)
{
    parse(PLAIN "log.retention.hour=5\nqwertyuiop=1\n");
    ck_assert_uint_eq(report.error_count, 0);
    ck_assert(says(report.warnings, report.warning_count, "did you mean log.retention.hours?"));
    ck_assert(
        says(report.warnings, report.warning_count, "line 5: qwertyuiop is not a known setting"));
}
END_TEST

START_TEST(a_bad_value_names_key_value_and_what_is_allowed)
{
    parse(PLAIN "num.partitions=many\n");
    ck_assert(says(report.errors, report.error_count,
                   "num.partitions: \"many\" is not allowed: it must be a whole number from 1"));
    parse(PLAIN "delete.topic.enable=maybe\n");
    ck_assert(says(report.errors, report.error_count,
                   "\"maybe\" is not allowed: it must be true or false"));
    parse(PLAIN "log.cleanup.policy=burn\n");
    ck_assert(says(report.errors, report.error_count, "one of delete|compact"));
    parse(PLAIN "message.max.bytes=9000000\n");
    ck_assert(says(report.errors, report.error_count, "at most 8388608"));
}
END_TEST

START_TEST(what_cannot_be_honoured_is_refused_by_name)
{
    parse(PLAIN "zookeeper.set.acl=true\n");
    ck_assert(says(report.errors, report.error_count, "zookeeper.set.acl=true cannot be honoured"));
    parse(PLAIN "authorizer.class.name=kafka.security.authorizer.AclAuthorizer\n");
    ck_assert(says(report.errors, report.error_count, "access control is not available"));
    parse(PLAIN "zookeeper.set.acl=false\nsasl.enabled.mechanisms=GSSAPI\n");
    ck_assert_uint_eq(report.error_count, 0);
}
END_TEST

START_TEST(listeners_are_checked)
{
    parse(PLAIN "listeners=SSL://:9093\n");
    ck_assert(says(report.errors, report.error_count, "only the PLAINTEXT protocol is available"));
    parse(PLAIN "listeners=PLAINTEXT:9092\n");
    ck_assert(says(report.errors, report.error_count, "NAME://host:port"));
    parse(PLAIN "listeners=A://:9092,B://"
                "[::1]:9093\nlistener.security.protocol.map=A:PLAINTEXT,B:PLAINTEXT\n"
                "advertised.listeners=A://example.org:19092\ninter.broker.listener.name=B\n");
    ck_assert_uint_eq(report.error_count, 0);
    ck_assert_uint_eq(config->listener_count, 2);
    ck_assert_str_eq(config->listeners[0].advertised_host, "example.org");
    ck_assert_str_eq(config->listeners[1].host, "::1");
    ck_assert_str_eq(config->cluster_host, "::1");
    parse(PLAIN "advertised.listeners=OTHER://example.org:19092\n");
    ck_assert(says(report.errors, report.error_count, "listeners names no OTHER"));
}
END_TEST

START_TEST(listeners_do_not_clash)
{
    parse(PLAIN "listeners=PLAINTEXT://:9092,PLAINTEXT://:9093\n");
    ck_assert(says(report.errors, report.error_count, "needs a name of its own"));
    parse(PLAIN "listeners=A://h:9092,B://:9092\n"
                "listener.security.protocol.map=A:PLAINTEXT,B:PLAINTEXT\n");
    ck_assert(says(report.errors, report.error_count, "another listener has this port"));
    parse(PLAIN "listeners=A://10.0.0.1:9092,PLAINTEXT://10.0.0.2:9092\n"
                "listener.security.protocol.map=A:PLAINTEXT,PLAINTEXT:PLAINTEXT\n");
    ck_assert_uint_eq(report.error_count, 0);
    ck_assert_uint_eq(config->inter_broker_listener, 1);
    parse(PLAIN "advertised.listeners=PLAINTEXT://[::]:9092\n");
    ck_assert(says(report.errors, report.error_count, "name a host that clients can reach"));
    parse(PLAIN "advertised.listeners=PLAINTEXT://a.example:0\n");
    ck_assert(says(report.errors, report.error_count, "NAME://host:port"));
    parse(PLAIN "listeners=PLAINTEXT://[::1:9092\n");
    ck_assert(says(report.errors, report.error_count, "NAME://host:port"));
}
END_TEST

START_TEST(blanks_around_values_do_not_count)
{
    parse(PLAIN "log.retention.hours= 24 \ndelete.topic.enable=FALSE\t\nbroker.rack=r1 \n"
                "log.cleanup.policy=delete, compact\n");
    ck_assert_uint_eq(report.error_count, 0);
    ck_assert_int_eq(config->retention_ms, INT64_C(24) * 3600000);
    ck_assert(!config->delete_topics);
    ck_assert_str_eq(config->rack, "r1");
    parse(PLAIN "log.cleanup.policy=del ete\n");
    ck_assert_uint_eq(report.error_count, 1);
}
END_TEST

START_TEST(what_does_less_than_it_says_is_warned_about)
{
    parse(PLAIN "compression.type=gzip\n");
    ck_assert(says(report.warnings, report.warning_count, "stay as producers compressed them"));
    parse(PLAIN "compression.type=producer\nlog.cleanup.policy=delete\n");
    ck_assert_uint_eq(report.warning_count, 0);
    parse(PLAIN "log.cleanup.policy=compact\n");
    ck_assert(says(report.warnings, report.warning_count, "such topics keep every record"));
    parse(PLAIN "max.connections.per.ip=10\n");
    ck_assert(says(report.warnings, report.warning_count, "is accepted and has no effect"));
    parse(PLAIN "ssl.keystore.type=JKS\nlistener.name.x.sasl.jaas.config=y\n");
    ck_assert_uint_eq(report.error_count, 0);
    ck_assert_uint_eq(report.warning_count, 2);
    ck_assert(
        says(report.warnings, report.warning_count, "a part of Kafka that Corduroy does not have"));
}
END_TEST

START_TEST(files_of_other_kinds_of_brokers_are_refused)
{
    parse(PLAIN "process.roles=broker\n");
    ck_assert(says(report.errors, report.error_count, "a file of a KRaft broker"));
    parse("node.id=4\nzookeeper.connect=h\n");
    ck_assert_uint_eq(report.error_count, 0);
    ck_assert_int_eq(config->broker_id, 4);
    parse(PLAIN "node.id=2\n");
    ck_assert(says(report.errors, report.error_count,
                   "broker.id and node.id are two names of one setting"));
    parse(PLAIN "remote.log.storage.system.enable=true\n");
    ck_assert(says(report.errors, report.error_count, "tiered storage is not available"));
}
END_TEST

START_TEST(odd_values_of_single_keys)
{
    parse(PLAIN "log.dirs=/a,/b,/a\n");
    ck_assert(says(report.errors, report.error_count, "it names /a twice"));
    parse(PLAIN "corduroy.zookeeper.digest=secret\n");
    ck_assert(says(report.errors, report.error_count, "user:password"));
    ck_assert(!says(report.errors, report.error_count, "secret"));
    parse(PLAIN "connections.max.idle.ms=-1\n");
    ck_assert_uint_eq(report.error_count, 0);
    ck_assert_int_gt(config->connections_max_idle_ms, INT64_C(86400000));
    parse(PLAIN "connections.max.idle.ms=9223372036854775807\n");
    ck_assert_int_gt(config->connections_max_idle_ms, 0);
    ck_assert_int_lt(config->connections_max_idle_ms, INT64_MAX / 1000000);
}
END_TEST

START_TEST(what_must_be_set_is_asked_for)
{
    parse("log.dirs=/data\n");
    ck_assert(says(report.errors, report.error_count, "zookeeper.connect: not set"));
    ck_assert(says(report.errors, report.error_count, "broker.id: not set"));
    parse("zookeeper.connect=localhost:2181\nbroker.id=first\n"); /* one fault, one line */
    ck_assert_uint_eq(report.error_count, 1);
    ck_assert(says(report.errors, report.error_count, "broker.id: \"first\" is not allowed"));
    parse("\\u12");
    ck_assert_uint_ge(report.error_count, 1);
}
END_TEST

static const struct topic_setting *setting(const struct topic_setting *all, uint32_t count,
                                           const char *key)
{
    for (uint32_t i = 0; i < count; i++)
        if (view_equal(all[i].key, view_of(key)))
            return &all[i];
    return NULL;
}

static void says_setting(const struct topic_setting *s, const char *value, bool overridden)
{
    ck_assert_ptr_nonnull(s);
    ck_assert(view_equal(s->value, view_of(value)));
    ck_assert_int_eq(s->overridden, overridden);
}

START_TEST(a_topics_settings_are_told)
{
    struct arena arena = ARENA_INIT;
    struct topic_setting *all;
    parse(PLAIN "log.retention.ms=1000\n");
    const struct topic_setting given[] = {
        {VIEW_LITERAL("segment.bytes"), VIEW_LITERAL("1024"), true},
        {VIEW_LITERAL("segment.bytes"), VIEW_LITERAL("2048"), true},
        {VIEW_LITERAL("retention.bytes"), VIEW_LITERAL("few"), true},
        {VIEW_LITERAL("flush.ms"), VIEW_LITERAL("7"), true},
    };
    uint32_t count = config_topic_list(config, given, 4, &arena, &all);
    says_setting(setting(all, count, "segment.bytes"), "2048", true);
    says_setting(setting(all, count, "retention.ms"), "1000", false);
    says_setting(setting(all, count, "retention.bytes"), "-1", false);
    says_setting(setting(all, count, "segment.index.bytes"), "10485760", false);
    says_setting(setting(all, count, "cleanup.policy"), "delete", false);
    says_setting(setting(all, count, "unclean.leader.election.enable"), "false", false);
    /* Without an effect: told only when somebody set it. */
    says_setting(setting(all, count, "flush.ms"), "7", true);
    ck_assert_ptr_null(setting(all, count, "flush.messages"));
    arena_reset(&arena);
}
END_TEST

/* The older key counts where the newer ones are not set (KIP-937). */
START_TEST(how_far_a_timestamp_may_be)
{
    struct topic_config t;
    parse(PLAIN "log.message.timestamp.after.max.ms=7\n");
    config_topic(config, VIEW_NULL, &t);
    ck_assert_int_eq(t.timestamp_before_max_ms, INT64_MAX);
    ck_assert_int_eq(t.timestamp_after_max_ms, 7);
    config_topic(config,
                 VIEW_LITERAL("message.timestamp.difference.max.ms=5\n"
                              "message.timestamp.after.max.ms=9\n"),
                 &t);
    ck_assert_int_eq(t.timestamp_before_max_ms, 5);
    ck_assert_int_eq(t.timestamp_after_max_ms, 9);
    ck_assert_ptr_null(
        config_topic_check(VIEW_LITERAL("remote.storage.enable"), VIEW_LITERAL("false")));
    char *wrong = config_topic_check(VIEW_LITERAL("remote.storage.enable"), VIEW_LITERAL("true"));
    ck_assert_ptr_nonnull(wrong);
    free(wrong);
    ck_assert_ptr_null(
        config_topic_check(VIEW_LITERAL("min.cleanable.dirty.ratio"), VIEW_LITERAL("0.5")));
    wrong = config_topic_check(VIEW_LITERAL("min.cleanable.dirty.ratio"), VIEW_LITERAL("1.5"));
    ck_assert_ptr_nonnull(wrong);
    free(wrong);
}
END_TEST

START_TEST(topics_override_the_broker)
{
    struct topic_config t;
    parse(PLAIN "log.retention.ms=1000\nmin.insync.replicas=2\n");
    config_topic(config,
                 VIEW_LITERAL("retention.ms=5\ncleanup.policy=compact\nsegment.bytes=rubbish\n"),
                 &t);
    ck_assert_int_eq(t.log.retention_ms, 5);
    ck_assert(t.compacted && !t.log.retention_enabled);
    ck_assert_uint_eq(t.log.segment_bytes, 1073741824);
    ck_assert_int_eq(t.min_insync_replicas, 2);
    char *wrong = config_topic_check(VIEW_LITERAL("retention.msx"), VIEW_LITERAL("5"));
    ck_assert_ptr_nonnull(wrong);
    free(wrong);
    wrong = config_topic_check(VIEW_LITERAL("retention.ms"), VIEW_LITERAL("5\n6"));
    ck_assert_ptr_nonnull(wrong);
    free(wrong);
    ck_assert_ptr_null(config_topic_check(VIEW_LITERAL("retention.ms"), VIEW_LITERAL("5")));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("config");
    TCase *t = tcase_create("config");
    tcase_add_checked_fixture(t, NULL, teardown);
    tcase_add_test(t, a_plain_file_of_kafka_is_enough);
    tcase_add_test(t, kafkas_sample_file_starts_a_broker);
    tcase_add_test(t, the_finer_unit_wins);
    tcase_add_test(t, an_unknown_key_is_warned_about_with_the_nearest);
    tcase_add_test(t, a_bad_value_names_key_value_and_what_is_allowed);
    tcase_add_test(t, what_cannot_be_honoured_is_refused_by_name);
    tcase_add_test(t, listeners_are_checked);
    tcase_add_test(t, listeners_do_not_clash);
    tcase_add_test(t, blanks_around_values_do_not_count);
    tcase_add_test(t, what_does_less_than_it_says_is_warned_about);
    tcase_add_test(t, files_of_other_kinds_of_brokers_are_refused);
    tcase_add_test(t, odd_values_of_single_keys);
    tcase_add_test(t, what_must_be_set_is_asked_for);
    tcase_add_test(t, topics_override_the_broker);
    tcase_add_test(t, how_far_a_timestamp_may_be);
    tcase_add_test(t, a_topics_settings_are_told);
    suite_add_tcase(suite, t);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed > 0;
}
