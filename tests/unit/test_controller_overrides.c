/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "tests/lib/controller_rig.h"
#include "tests/lib/suite.h"

/* Settings of topics that somebody wrote into ZooKeeper by hand: what is wrong is said once, and
 * what is right counts. */

static struct rig *r;

static void begin(uint64_t seed)
{
    r = rig_new(seed, 3);
    rig_start_all(r);
    rig_create_ok(r, "t", 1, 3);
    rig_settle(r);
}

static void put(const char *path, const char *data)
{
    ck_assert(zk_model_put(r->zk, path, view_of(data)) == ZK_OK);
}

static void hint(const char *data)
{
    static int last;
    char *path = xasprintf("/config/changes/config_change_%010d", ++last);
    put(path, data);
    free(path);
    rig_run(r, 200);
    rig_settle(r);
}

static void change(const char *data)
{
    put("/config/topics/t", data);
    hint("{\"version\":2,\"entity_path\":\"topics/t\"}");
}

static void new_controller(void)
{
    ck_assert_int_eq(zk_model_delete(r->zk, "/controller"), ZK_OK);
    rig_run(r, 2000);
    rig_settle(r);
}

static void forget_notes(void)
{
    r->notes_size = 0;
    if (r->notes)
        r->notes[0] = 0;
}

static bool quiet(void)
{
    return !r->notes || strstr(r->notes, "/config/") == NULL;
}

static const char *told(void)
{
    struct uuid id = rig_topic_id(r, "t");
    const struct rig_topic *t = map_get(&rig_broker(r, 3)->topics, MAP_KEY(id));
    ck_assert_ptr_nonnull(t);
    return t->config;
}

START_TEST(what_is_wrong_is_said_and_the_rest_counts)
{
    begin(1);
    change("{\"version\":1,\"config\":{\"retention.msx\":\"5\",\"segment.bytes\":\"rubbish\","
           "\"retention.ms\":\"77\",\"cleanup.policy\":\"shred\",\"segment.ms\":9,"
           "\"min.insync.replicas\":\"3\"}}");
    ck_assert(rig_noted(r, "/config/topics/t: Unknown topic config name: retention.msx (did you "
                           "mean retention.ms?). The setting has no effect"));
    ck_assert(rig_noted(r, "/config/topics/t: segment.bytes: \"rubbish\" is not allowed: it must "
                           "be a whole number from 14 to 2147483647."));
    ck_assert(rig_noted(r, "cleanup.policy: \"shred\" is not allowed: it must be one of "
                           "delete|compact|"));
    ck_assert(rig_noted(r, "/config/topics/t: segment.ms: its value is not a JSON string."));
    ck_assert(strstr(told(), "retention.ms=77\n"));
    ck_assert_int_eq(rig_state(r, "t", 0).min_isr, 3);
    rig_free(r);
}
END_TEST

START_TEST(what_was_said_is_not_said_again)
{
    begin(2);
    change("{\"version\":1,\"config\":{\"min.insync.replicas\":\"many\"}}");
    ck_assert(rig_noted(r, "min.insync.replicas: \"many\" is not allowed: it must be a whole"));
    ck_assert_int_eq(rig_state(r, "t", 0).min_isr, 2);
    forget_notes();
    hint("{\"version\":2,\"entity_path\":\"topics/t\"}");
    ck_assert(quiet());
    /* Another setting of the node is changed: only what is wrong with that one is news. */
    change("{\"version\":1,\"config\":{\"min.insync.replicas\":\"many\",\"retention.ms\":\"x\"}}");
    ck_assert(rig_noted(r, "retention.ms: \"x\" is not allowed"));
    ck_assert(!rig_noted(r, "many"));
    forget_notes();
    change("{\"version\":1,\"config\":{\"min.insync.replicas\":\"more\"}}");
    ck_assert(rig_noted(r, "\"more\" is not allowed"));
    rig_free(r);
}
END_TEST

START_TEST(a_new_controller_says_it_too)
{
    begin(3);
    change("{\"version\":1,\"config\":{\"retention.ms\":\"x\"}}");
    forget_notes();
    new_controller();
    ck_assert(rig_noted(r, "/config/topics/t: retention.ms: \"x\" is not allowed"));
    rig_free(r);
}
END_TEST

/* A thousand wrong keys, and a value of any length, are a few lines. */
START_TEST(a_flood_of_nonsense_is_a_few_lines)
{
    begin(4);
    char *text = xmalloc(400000), *at = text;
    at += sprintf(at, "{\"version\":1,\"config\":{\"retention.ms\":\"");
    memset(at, 'z', 100000);
    at += 100000;
    at += sprintf(at, "\"");
    for (int i = 0; i < 1000; i++)
        at += sprintf(at, ",\"wrong.%d\":\"1\"", i);
    sprintf(at, "}}");
    change(text);
    free(text);
    uint32_t lines = 0;
    for (const char *found = r->notes; (found = strstr(found, "has no effect")) != NULL; found++)
        lines++;
    ck_assert_uint_ge(lines, 2);
    ck_assert_uint_le(lines, 20);
    ck_assert(rig_noted(r, "zzz\" is not allowed: it must be a whole number"));
    rig_run(r, 20000);
    change("{\"version\":1,\"config\":{\"retention.ms\":\"x\"}}");
    ck_assert(rig_noted(r, "like it left out)"));
    rig_free(r);
}
END_TEST

START_TEST(nonsense_leaves_the_settings_as_they_were)
{
    begin(5);
    change("{\"version\":1,\"config\":{\"retention.ms\":\"77\",\"min.insync.replicas\":\"3\"}}");
    change("{\"version\":1,\"config\":{\"retention.ms\"");
    ck_assert(rig_noted(
        r, "/config/topics/t is not JSON of the expected form: the topic's settings are as "
           "they were until that is repaired"));
    ck_assert(strstr(told(), "retention.ms=77\n"));
    ck_assert_int_eq(rig_state(r, "t", 0).min_isr, 3);
    forget_notes();
    rig_run(r, 30000);
    hint("{\"version\":2,\"entity_path\":\"topics/t\"}");
    ck_assert(quiet());
    /* Repaired by hand, and nobody left a hint. */
    put("/config/topics/t", "{\"version\":1,\"config\":{\"retention.ms\":\"78\"}}");
    rig_run(r, 15000);
    rig_settle(r);
    ck_assert_str_eq(told(), "retention.ms=78\n");
    ck_assert_int_eq(rig_state(r, "t", 0).min_isr, 2);
    rig_free(r);
}
END_TEST

/* Nobody knows what the settings were: nothing is removed, and min_isr stands. */
START_TEST(settings_that_are_not_known_do_no_harm)
{
    begin(6);
    change("{\"version\":1,\"config\":{\"retention.ms\":\"-1\",\"min.insync.replicas\":\"3\"}}");
    put("/config/topics/t", "retention.ms=-1");
    new_controller();
    ck_assert(rig_noted(
        r, "/config/topics/t is not JSON of the expected form: the topic's settings are not "
           "known: no record of it is removed"));
    ck_assert_str_eq(told(), "retention.ms=-1\nretention.bytes=-1\n");
    ck_assert_int_eq(rig_state(r, "t", 0).min_isr, 3);
    put("/config/topics/t", "{\"version\":1,\"config\":{\"retention.ms\":\"-1\"}}");
    rig_run(r, 15000);
    rig_settle(r);
    ck_assert_str_eq(told(), "retention.ms=-1\n");
    ck_assert_int_eq(rig_state(r, "t", 0).min_isr, 2);
    rig_free(r);
}
END_TEST

START_TEST(hints_that_lead_nowhere_are_said)
{
    begin(7);
    hint("{\"version\":2");
    ck_assert(
        rig_noted(r, " is not JSON of the expected form: whose settings changed is not known"));
    hint("{\"version\":2,\"entity_path\":\"brokers/1\"}");
    ck_assert(rig_noted(r, "/config/brokers/1 has no effect, only settings of topics are taken "
                           "from ZooKeeper"));
    rig_free(r);
}
END_TEST

SUITE_MAIN("controller_overrides", what_is_wrong_is_said_and_the_rest_counts,
           what_was_said_is_not_said_again, a_new_controller_says_it_too,
           a_flood_of_nonsense_is_a_few_lines, nonsense_leaves_the_settings_as_they_were,
           settings_that_are_not_known_do_no_harm, hints_that_lead_nowhere_are_said)
