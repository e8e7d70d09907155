/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "tests/lib/controller_rig.h"
#include "tests/lib/suite.h"

/* Topics: made by request and by hand, grown, deleted, made again. */

static struct rig *r;

static void begin(uint64_t seed, int32_t brokers)
{
    r = rig_new(seed, brokers);
    rig_start_all(r);
}

static enum controller_result create(const char *topic, int32_t partitions, int32_t replication)
{
    return rig_wait_answer(r, rig_create(r, topic, partitions, replication))->result;
}

static const struct rig_answer *remove_topic(const char *topic)
{
    struct controller_event e = {.kind = CONTROLLER_EV_DELETE_TOPIC};
    e.u.delete_topic.name = view_of(topic);
    return rig_wait_answer(r, rig_admin(r, &e));
}

static const struct rig_answer *grow(const char *topic, int32_t total)
{
    struct controller_event e = {.kind = CONTROLLER_EV_CREATE_PARTITIONS};
    e.u.create_partitions.name = view_of(topic);
    e.u.create_partitions.total = total;
    return rig_wait_answer(r, rig_admin(r, &e));
}

static const struct rig_answer *grow_placed(const char *topic, int32_t total,
                                            const struct controller_replicas *placed,
                                            uint32_t count)
{
    struct controller_event e = {.kind = CONTROLLER_EV_CREATE_PARTITIONS};
    e.u.create_partitions.name = view_of(topic);
    e.u.create_partitions.total = total;
    e.u.create_partitions.placed = true;
    e.u.create_partitions.assignment = placed;
    e.u.create_partitions.assignment_count = count;
    return rig_wait_answer(r, rig_admin(r, &e));
}

static void put(const char *path, const char *data)
{
    ck_assert(zk_model_put(r->zk, path, data ? view_of(data) : VIEW_NULL) == ZK_OK);
}

START_TEST(defaults_and_refusals)
{
    begin(1, 3);
    ck_assert_int_eq(create("d", -1, -1), CONTROLLER_OK);
    rig_settle(r);
    ck_assert_uint_eq(rig_state(r, "d", 0).isr_count, 3);
    ck_assert(!rig_exists(r, "/brokers/topics/d/partitions/1"));
    ck_assert_int_eq(create("d", 1, 1), CONTROLLER_TOPIC_EXISTS);
    ck_assert_int_eq(create("", 1, 1), CONTROLLER_INVALID_NAME);
    ck_assert_int_eq(create("a/b", 1, 1), CONTROLLER_INVALID_NAME);
    ck_assert_int_eq(create("..", 1, 1), CONTROLLER_INVALID_NAME);
    ck_assert_int_eq(create("x", 0, 1), CONTROLLER_INVALID_PARTITIONS);
    ck_assert_int_eq(create("x", -2, 1), CONTROLLER_INVALID_PARTITIONS);
    ck_assert_int_eq(create("x", 1, 0), CONTROLLER_INVALID_REPLICATION);
    ck_assert_str_eq(rig_wait_answer(r, rig_create(r, "x", 1, 4))->message,
                     "there are fewer brokers alive (3) than replicas asked for (4)");
    ck_assert_int_eq(create("x", 1, 4), CONTROLLER_INVALID_REPLICATION);
    ck_assert_int_eq(create("a.b", 1, 1), CONTROLLER_OK);
    ck_assert_int_eq(create("a_b", 1, 1), CONTROLLER_INVALID_NAME);
    static const int32_t twice[] = {1, 1}, absent[] = {1, 9};
    ck_assert_int_eq(rig_wait_answer(r, rig_create_assigned(r, "y", twice, 2))->result,
                     CONTROLLER_INVALID_ASSIGNMENT);
    ck_assert_int_eq(rig_wait_answer(r, rig_create_assigned(r, "y", absent, 2))->result,
                     CONTROLLER_INVALID_ASSIGNMENT);
    ck_assert(!rig_exists(r, "/brokers/topics/x"));
    ck_assert(!rig_exists(r, "/brokers/topics/y"));
    rig_free(r);
}
END_TEST

START_TEST(one_broker_has_topics_of_one_replica)
{
    begin(2, 1);
    ck_assert_int_eq(create("t", 2, -1), CONTROLLER_OK);
    ck_assert_str_eq(rig_state_text(r, "t", 1), "1 e0 v1 [1] min 1");
    rig_free(r);
}
END_TEST

static bool third_is_out(struct rig *rig)
{
    return rig_out(rig, 3) && rig_settled(rig);
}

/* A broker that is down for a while still counts: what is made meanwhile shall not have one copy
 * less for ever. */
START_TEST(defaults_count_every_broker_that_has_ever_joined)
{
    begin(25, 3);
    rig_kill(r, 3);
    rig_until(r, third_is_out, 30000, "broker 3 out");
    ck_assert_int_eq(create("t", 1, -1), CONTROLLER_INVALID_REPLICATION);
    ck_assert_int_eq(create("__consumer_offsets", 1, -1), CONTROLLER_INVALID_REPLICATION);
    rig_kill(r, 1);
    rig_kill(r, 2);
    rig_run(r, 30000);
    rig_start(r, 1); /* a controller that never saw broker 3 alive */
    rig_start(r, 2);
    rig_until(r, third_is_out, 30000, "a controller");
    ck_assert_int_eq(create("__consumer_offsets", 1, -1), CONTROLLER_INVALID_REPLICATION);
    rig_start(r, 3);
    rig_until(r, rig_all_in, 30000, "all in");
    ck_assert_int_eq(create("__consumer_offsets", 1, -1), CONTROLLER_OK);
    rig_settle(r);
    ck_assert_uint_eq(rig_state(r, "__consumer_offsets", 0).isr_count, 3);
    rig_free(r);
}
END_TEST

START_TEST(offsets_topic_has_its_own_default)
{
    r = rig_new(26, 3);
    r->config.replication_factor = 1;
    r->config.replication_factor_set = true;
    rig_start_all(r);
    ck_assert_int_eq(create("t", 1, -1), CONTROLLER_OK);
    ck_assert_int_eq(create("__consumer_offsets", 1, -1), CONTROLLER_OK);
    rig_settle(r);
    ck_assert_uint_eq(rig_state(r, "t", 0).isr_count, 1);
    ck_assert_uint_eq(rig_state(r, "__consumer_offsets", 0).isr_count, 3);
    rig_free(r);
}
END_TEST

START_TEST(only_asked_about)
{
    begin(3, 3);
    struct controller_event e = {.kind = CONTROLLER_EV_CREATE_TOPIC};
    e.u.create_topic.name = VIEW_LITERAL("v");
    e.u.create_topic.partition_count = 4;
    e.u.create_topic.replication_factor = 2;
    e.u.create_topic.validate_only = true;
    const struct rig_answer *a = rig_wait_answer(r, rig_admin(r, &e));
    ck_assert_int_eq(a->result, CONTROLLER_OK);
    ck_assert_int_eq(a->partition_count, 4);
    ck_assert_int_eq(a->replication_factor, 2);
    rig_run(r, 100);
    ck_assert(!rig_exists(r, "/brokers/topics/v"));
    rig_free(r);
}
END_TEST

START_TEST(overrides_come_with_the_topic)
{
    begin(4, 3);
    struct controller_setting settings[] = {
        {VIEW_LITERAL("min.insync.replicas"), VIEW_LITERAL("1")},
        {VIEW_LITERAL("retention.ms"), VIEW_LITERAL("1000")}};
    struct controller_event e = {.kind = CONTROLLER_EV_CREATE_TOPIC};
    e.u.create_topic.name = VIEW_LITERAL("t");
    e.u.create_topic.partition_count = 1;
    e.u.create_topic.replication_factor = 3;
    e.u.create_topic.config_count = 2;
    e.u.create_topic.configs = settings;
    put("/config/topics/t", "{\"version\":1,\"config\":{\"left\":\"over\"}}");
    ck_assert_int_eq(rig_wait_answer(r, rig_admin(r, &e))->result, CONTROLLER_OK);
    rig_settle(r);
    struct zk_model_node node;
    ck_assert(zk_model_find(r->zk, "/config/topics/t", &node));
    ck_assert(view_equal(node.data, VIEW_LITERAL("{\"version\":1,\"config\":{\"min.insync."
                                                 "replicas\":\"1\",\"retention.ms\":\"1000\"}}")));
    ck_assert_int_eq(rig_state(r, "t", 0).min_isr, 1);
    rig_free(r);
}
END_TEST

START_TEST(a_thousand_partitions)
{
    begin(5, 3);
    uint64_t before = r->schedule.now_ns;
    ck_assert_int_eq(create("big", 1000, 3), CONTROLLER_OK);
    ck_assert_uint_lt(r->schedule.now_ns - before, UINT64_C(500000000));
    rig_settle(r);
    ck_assert_uint_eq(controller_look(rig_active(r)->controller).partitions, 1000);
    rig_free(r);
}
END_TEST

#define T_JSON                                                                                     \
    "{\"version\":3,\"partitions\":{\"0\":[1,2],\"1\":[2,3]},\"adding_replicas\":{},"              \
    "\"removing_replicas\":{},\"topic_id\":\"AAECAwQFBgcICQoLDA0ODw\"}"

START_TEST(a_topic_written_by_hand)
{
    begin(6, 3);
    put("/brokers/topics/t", T_JSON);
    put("/brokers/topics/old", "{\"version\":1,\"partitions\":{\"0\":[3]}}");
    put("/brokers/topics/bad", "{\"version\":1,\"partitions\":[");
    put("/brokers/topics/worse", "{\"version\":1,\"partitions\":{\"0\":[]}}");
    rig_run(r, 200);
    rig_settle(r);
    ck_assert_str_eq(rig_state_text(r, "t", 0), "1 e0 v1 [1,2] min 2");
    ck_assert_str_eq(rig_state_text(r, "t", 1), "2 e0 v1 [2,3] min 2");
    ck_assert_str_eq(rig_state_text(r, "old", 0), "3 e0 v1 [3] min 1");
    ck_assert(!uuid_is_zero(rig_topic_id(r, "old")));
    ck_assert(rig_noted(r, "/brokers/topics/bad"));
    rig_free(r);
}
END_TEST

/* Numbers that begin at 1, as only a hand writes them: brokers hear of as many places as it takes
 * to have the last one. */
START_TEST(a_topic_written_by_hand_may_have_gaps)
{
    begin(27, 3);
    put("/brokers/topics/gap", "{\"version\":1,\"partitions\":{\"1\":[2,3],\"4\":[3]}}");
    rig_run(r, 200);
    rig_settle(r);
    ck_assert_str_eq(rig_state_text(r, "gap", 1), "2 e0 v1 [2,3] min 2");
    ck_assert_str_eq(rig_state_text(r, "gap", 4), "3 e0 v1 [3] min 1");
    struct uuid id = rig_topic_id(r, "gap");
    const struct rig_topic *told = map_get(&rig_broker(r, 1)->topics, MAP_KEY(id));
    ck_assert_int_eq(told->partition_count, 5);
    rig_free(r);
}
END_TEST

START_TEST(a_topic_grown_by_hand_is_found_within_the_scan)
{
    begin(7, 3);
    put("/brokers/topics/t", T_JSON);
    rig_run(r, 200);
    put("/brokers/topics/t", "{\"version\":3,\"partitions\":{\"0\":[1,2],\"1\":[2,3],\"2\":[3,1]},"
                             "\"adding_replicas\":{},\"removing_replicas\":{},\"topic_id\":"
                             "\"AAECAwQFBgcICQoLDA0ODw\"}");
    rig_run(r, 11000);
    rig_settle(r);
    ck_assert_str_eq(rig_state_text(r, "t", 2), "3 e0 v1 [3,1] min 2");
    rig_free(r);
}
END_TEST

START_TEST(an_erased_id_is_written_back)
{
    begin(8, 3);
    put("/brokers/topics/t", T_JSON);
    rig_run(r, 200);
    struct uuid id = rig_topic_id(r, "t");
    put("/brokers/topics/t", "{\"version\":1,\"partitions\":{\"0\":[1,2],\"1\":[2,3]}}");
    ck_assert(uuid_is_zero(rig_topic_id(r, "t")));
    rig_run(r, 11000);
    ck_assert(uuid_equal(rig_topic_id(r, "t"), id));
    rig_free(r);
}
END_TEST

START_TEST(growth_by_request)
{
    begin(9, 3);
    ck_assert_int_eq(create("t", 2, 2), CONTROLLER_OK);
    ck_assert_int_eq(grow("t", 2)->result, CONTROLLER_INVALID_PARTITIONS);
    ck_assert_int_eq(grow("nobody", 2)->result, CONTROLLER_UNKNOWN_TOPIC);
    ck_assert_int_eq(grow_placed("t", 5, NULL, 0)->result, CONTROLLER_INVALID_ASSIGNMENT);
    ck_assert_int_eq(grow("t", 5)->result, CONTROLLER_OK);
    rig_settle(r);
    for (int32_t p = 0; p < 5; p++) {
        struct rig_state s = rig_state(r, "t", p);
        ck_assert_int_eq(s.version, 1);
        ck_assert_uint_eq(s.isr_count, 2);
    }
    /* As if made at once: the leaders go round. */
    ck_assert_int_eq(rig_state(r, "t", 3).leader, rig_state(r, "t", 0).leader);
    ck_assert_int_eq(rig_state(r, "t", 4).leader, rig_state(r, "t", 1).leader);
    struct uuid id = rig_topic_id(r, "t");
    struct rig_topic *t = map_get(&rig_broker(r, 2)->topics, MAP_KEY(id));
    ck_assert_int_eq(t->partition_count, 5);
    rig_free(r);
}
END_TEST

START_TEST(deletion_leaves_nothing)
{
    begin(10, 3);
    ck_assert_int_eq(create("t", 3, 3), CONTROLLER_OK);
    ck_assert_int_eq(create("u", 1, 1), CONTROLLER_OK);
    rig_settle(r);
    rig_trace_clear(r);
    ck_assert_int_eq(remove_topic("t")->result, CONTROLLER_OK);
    rig_run(r, 200);
    rig_expect(r, "1: topic t deleting\n"
                  "1: topic t: all replicas are gone\n"
                  "1: topic t erased\n");
    ck_assert(!rig_exists(r, "/brokers/topics/t"));
    ck_assert(!rig_exists(r, "/config/topics/t"));
    ck_assert(!rig_exists(r, "/admin/delete_topics/t"));
    ck_assert(rig_exists(r, "/brokers/topics/u/partitions/0/state"));
    rig_settle(r);
    ck_assert_int_eq(remove_topic("t")->result, CONTROLLER_UNKNOWN_TOPIC);
    ck_assert_int_eq(create("t", 1, 3), CONTROLLER_OK);
    rig_free(r);
}
END_TEST

static uint32_t noted(const char *what)
{
    uint32_t lines = 0;
    for (const char *found = r->notes; (found = strstr(found, what)) != NULL; found++)
        lines++;
    return lines;
}

/* Any client can ask for it, as often as it likes. */
START_TEST(a_flood_of_deletions_is_a_few_lines)
{
    char name[16];
    begin(20, 1);
    for (int i = 0; i < 60; i++) {
        snprintf(name, sizeof name, "t-%d", i);
        ck_assert_int_eq(create(name, 1, 1), CONTROLLER_OK);
        ck_assert_int_eq(remove_topic(name)->result, CONTROLLER_OK);
    }
    rig_settle(r);
    ck_assert(rig_noted(r, "topic t-0 is being deleted") && rig_noted(r, "topic t-0 is deleted"));
    ck_assert_uint_le(noted("is being deleted"), 40);
    ck_assert_uint_le(noted("is deleted"), 40);
    rig_run(r, 20000);
    ck_assert_int_eq(create("later", 1, 1), CONTROLLER_OK);
    ck_assert_int_eq(remove_topic("later")->result, CONTROLLER_OK);
    rig_settle(r);
    ck_assert(rig_noted(r, "topic later is deleted (and "));
    rig_free(r);
}
END_TEST

START_TEST(deletion_by_hand)
{
    begin(11, 3);
    ck_assert_int_eq(create("t", 1, 3), CONTROLLER_OK);
    put("/admin/delete_topics/t", NULL);
    put("/admin/delete_topics/never", NULL);
    rig_run(r, 300);
    ck_assert(!rig_exists(r, "/brokers/topics/t"));
    ck_assert(!rig_exists(r, "/admin/delete_topics/t"));
    ck_assert(!rig_exists(r, "/admin/delete_topics/never"));
    rig_free(r);
}
END_TEST

START_TEST(deletion_waits_for_the_broker_that_is_away)
{
    begin(12, 3);
    ck_assert_int_eq(create("t", 1, 3), CONTROLLER_OK);
    rig_settle(r);
    rig_kill(r, 3);
    ck_assert_int_eq(remove_topic("t")->result, CONTROLLER_OK);
    rig_run(r, 15000);
    ck_assert(rig_exists(r, "/admin/delete_topics/t"));
    ck_assert(rig_exists(r, "/brokers/topics/t"));
    ck_assert_uint_eq(rig_broker(r, 2)->partitions.count, 0);
    ck_assert_int_eq(create("t", 1, 3), CONTROLLER_TOPIC_EXISTS);
    ck_assert_int_eq(remove_topic("t")->result, CONTROLLER_UNKNOWN_TOPIC); /* it was told so */
    /* Whoever is controller when it comes back remembers. */
    rig_kill(r, 1);
    rig_run(r, 15000);
    rig_start(r, 3);
    rig_run(r, 1000);
    ck_assert(rig_exists(r, "/admin/delete_topics/t")); /* broker 1 has a replica too */
    rig_start(r, 1);
    rig_run(r, 1000);
    ck_assert(!rig_exists(r, "/admin/delete_topics/t"));
    ck_assert(!rig_exists(r, "/brokers/topics/t"));
    rig_free(r);
}
END_TEST

START_TEST(deletion_can_be_forbidden)
{
    r = rig_new(13, 1);
    r->config.topic_deletion = false;
    rig_start_all(r);
    ck_assert_int_eq(create("t", 1, 1), CONTROLLER_OK);
    ck_assert_int_eq(remove_topic("t")->result, CONTROLLER_DELETION_DISABLED);
    put("/admin/delete_topics/t", NULL);
    rig_run(r, 200);
    ck_assert(!rig_exists(r, "/admin/delete_topics/t"));
    ck_assert(rig_exists(r, "/brokers/topics/t"));
    rig_free(r);
}
END_TEST

START_TEST(a_node_removed_by_hand_deletes_no_log)
{
    begin(14, 2);
    ck_assert_int_eq(create("t", 1, 2), CONTROLLER_OK);
    rig_settle(r);
    uint32_t snapshots = rig_broker(r, 2)->snapshots;
    ck_assert(zk_model_delete(r->zk, "/brokers/topics/t/partitions/0/state") == ZK_OK);
    ck_assert(zk_model_delete(r->zk, "/brokers/topics/t/partitions/0") == ZK_OK);
    ck_assert(zk_model_delete(r->zk, "/brokers/topics/t/partitions") == ZK_OK);
    ck_assert(zk_model_delete(r->zk, "/brokers/topics/t") == ZK_OK);
    rig_run(r, 200);
    rig_settle(r);
    ck_assert_uint_eq(rig_broker(r, 2)->partitions.count, 0);
    ck_assert_uint_eq(rig_broker(r, 2)->snapshots, snapshots + 1);
    ck_assert(rig_noted(r, "topic t was removed from ZooKeeper by hand"));
    rig_free(r);
}
END_TEST

START_TEST(a_partition_waits_for_its_logs)
{
    begin(15, 3);
    rig_broker(r, 3)->mute = true;
    static const int32_t replicas[] = {2, 3};
    uint64_t request = rig_create_assigned(r, "t", replicas, 2);
    rig_run(r, 500);
    ck_assert_str_eq(rig_state_text(r, "t", 0), "2 e0 v0 [2,3] min 2 new");
    ck_assert(!r->answers[request % 64].there);
    rig_broker(r, 3)->mute = false;
    rig_kill(r, 3);
    rig_run(r, 15000);
    ck_assert_str_eq(rig_state_text(r, "t", 0), "2 e0 v2 [2] min 2");
    ck_assert_int_eq(rig_wait_answer(r, request)->result, CONTROLLER_OK);
    rig_free(r);
}
END_TEST

START_TEST(racks_are_spread)
{
    r = rig_new(16, 4);
    r->racks[0] = r->racks[1] = "a";
    r->racks[2] = r->racks[3] = "b";
    rig_start_all(r);
    ck_assert_int_eq(create("t", 8, 2), CONTROLLER_OK);
    for (int32_t p = 0; p < 8; p++) {
        struct rig_state s = rig_state(r, "t", p);
        ck_assert((s.isr[0] <= 2) != (s.isr[1] <= 2));
    }
    rig_free(r);
}
END_TEST

SUITE_MAIN("controller_topics", defaults_and_refusals, one_broker_has_topics_of_one_replica,
           defaults_count_every_broker_that_has_ever_joined, offsets_topic_has_its_own_default,
           only_asked_about, overrides_come_with_the_topic, a_thousand_partitions,
           a_topic_written_by_hand, a_topic_written_by_hand_may_have_gaps,
           a_topic_grown_by_hand_is_found_within_the_scan, an_erased_id_is_written_back,
           growth_by_request, deletion_leaves_nothing, a_flood_of_deletions_is_a_few_lines,
           deletion_by_hand, deletion_waits_for_the_broker_that_is_away, deletion_can_be_forbidden,
           a_node_removed_by_hand_deletes_no_log, a_partition_waits_for_its_logs, racks_are_spread)
