/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "common/arena.h"
#include "controller/znode.h"
#include "tests/lib/controller_rig.h"
#include "tests/lib/suite.h"

/* What people do to the znodes by hand: assignments edited, state nodes removed. */

static struct rig *r;

static bool away(struct rig *rig)
{
    return rig_out(rig, 1);
}

/* Four brokers, one partition on these. */
static void begin(uint64_t seed, int32_t a, int32_t b, int32_t c)
{
    const int32_t replicas[] = {a, b, c};
    r = rig_new(seed, 4);
    rig_start_all(r);
    ck_assert_int_eq(rig_wait_answer(r, rig_create_assigned(r, "t", replicas,
                                                            c   ? 3
                                                            : b ? 2
                                                                : 1))
                         ->result,
                     CONTROLLER_OK);
    rig_settle(r);
}

/* The assignment of t-0 is written by hand, and a new controller reads it. */
static void assign(int32_t a, int32_t b, int32_t c)
{
    struct arena arena = ARENA_INIT;
    struct zk_model_node node;
    struct znode_topic topic;
    const int32_t replicas[] = {a, b, c};
    ck_assert(zk_model_find(r->zk, "/brokers/topics/t", &node));
    ck_assert_int_eq(znode_topic_parse(node.data, &arena, &topic), ZNODE_OK);
    topic.partitions[0].replicas = (int32_t *)(uintptr_t)replicas;
    topic.partitions[0].replica_count = c ? 3 : b ? 2 : 1;
    ck_assert_int_eq(zk_model_put(r->zk, "/brokers/topics/t", znode_topic_print(&topic, &arena)),
                     ZK_OK);
    arena_reset(&arena);
    ck_assert_int_eq(zk_model_delete(r->zk, "/controller"), ZK_OK);
    rig_run(r, 2000);
    rig_settle(r);
}

/* ---- an ISR with brokers that are not assigned ---- */

START_TEST(a_stranger_leaves_the_isr)
{
    begin(1, 1, 2, 3);
    assign(1, 2, 4);
    ck_assert_str_eq(rig_state_text(r, "t", 0), "1 e0 v2 [1,2] min 2");
    ck_assert(rig_noted(r, "broker 3 is in sync for partition t-0 and not assigned to it"));
    rig_free(r);
}
END_TEST

START_TEST(a_leader_that_is_assigned_no_more_is_followed_by_one_that_is)
{
    begin(2, 1, 2, 3);
    assign(4, 3, 2);
    ck_assert_str_eq(rig_state_text(r, "t", 0), "3 e1 v2 [2,3] min 2");
    rig_free(r);
}
END_TEST

/* Who is assigned and in sync is away: the stranger, as a leader, would know no more than that one
 * does, and nobody lets it lead. */
START_TEST(the_assigned_one_is_waited_for)
{
    r = rig_new(3, 3);
    zk_model_put(r->zk, "/brokers/topics/t",
                 VIEW_LITERAL("{\"version\":1,\"partitions\":{\"0\":[3,2]}}"));
    zk_model_put(r->zk, "/brokers/topics/t/partitions/0/state",
                 VIEW_LITERAL("{\"version\":1,\"leader\":1,\"leader_epoch\":6,"
                              "\"controller_epoch\":0,\"isr\":[1,3]}"));
    rig_start(r, 1);
    rig_start(r, 2);
    rig_run(r, 10000);
    ck_assert_str_eq(rig_state_text(r, "t", 0), "-1 e7 v1 [1,3] min 2");
    ck_assert(rig_noted(r, "they are on brokers 1 (not assigned), 3 (offline)"));
    rig_start(r, 3);
    rig_run(r, 10000);
    ck_assert_str_eq(rig_state_text(r, "t", 0), "3 e8 v2 [3] min 2");
    rig_free(r);
}
END_TEST

START_TEST(a_stranger_alone_leads_until_one_that_is_assigned_is_in_sync)
{
    begin(4, 1, 0, 0);
    assign(2, 3, 0);
    ck_assert_str_eq(rig_state_text(r, "t", 0), "1 e0 v2 [1] min 2");
    ck_assert_int_eq(rig_told(r, 2, "t", 0)->leader, 1);
    const int32_t more[] = {1, 3};
    rig_ask_isr(r, 1, "t", 0, more, 2);
    rig_run(r, 500);
    rig_settle(r);
    ck_assert_str_eq(rig_state_text(r, "t", 0), "3 e1 v4 [3] min 2");
    rig_free(r);
}
END_TEST

START_TEST(a_stranger_lets_no_other_in)
{
    begin(5, 1, 0, 0);
    assign(2, 3, 0);
    const int32_t more[] = {1, 4};
    rig_ask_isr(r, 1, "t", 0, more, 2);
    rig_run(r, 500);
    ck_assert_int_eq(rig_broker(r, 1)->isr_reply.result, CLUSTER_ISR_REFUSED);
    rig_free(r);
}
END_TEST

START_TEST(without_its_stranger_a_partition_waits)
{
    begin(6, 1, 0, 0);
    assign(2, 3, 0);
    rig_kill(r, 1);
    rig_until(r, away, 30000, "broker 1 gone");
    rig_settle(r);
    ck_assert_str_eq(rig_state_text(r, "t", 0), "-1 e1 v3 [1] min 2");
    ck_assert(rig_noted(r, "partition t-0 has no leader: none of its in-sync replicas can lead; "
                           "they are on brokers 1 (not assigned)"));
    rig_start(r, 1);
    rig_until(r, rig_all_in, 20000, "broker 1 in");
    rig_settle(r);
    ck_assert_str_eq(rig_state_text(r, "t", 0), "-1 e1 v3 [1] min 2");
    /* Undone by hand: it leads again. */
    assign(1, 2, 0);
    ck_assert_str_eq(rig_state_text(r, "t", 0), "1 e2 v4 [1] min 2");
    rig_free(r);
}
END_TEST

START_TEST(a_stranger_that_resigns_leads_no_more)
{
    begin(7, 1, 0, 0);
    assign(2, 3, 0);
    rig_report(r, 1, "t", 0, CLUSTER_REPORT_RESIGNED);
    rig_run(r, 2500);
    rig_settle(r);
    ck_assert_str_eq(rig_state_text(r, "t", 0), "-1 e1 v3 [1] min 2");
    rig_free(r);
}
END_TEST

/* ---- a state node that is gone ---- */

static void remove_state(void)
{
    ck_assert_int_eq(zk_model_delete(r->zk, "/brokers/topics/t/partitions/0/state"), ZK_OK);
}

static void new_controller(void)
{
    ck_assert_int_eq(zk_model_delete(r->zk, "/controller"), ZK_OK);
    rig_run(r, 2000);
    rig_settle(r);
}

static bool two_gone(struct rig *rig)
{
    return rig_out(rig, 2);
}

START_TEST(a_state_that_was_deleted_is_made_again_with_its_isr)
{
    begin(11, 1, 2, 3);
    const int32_t isr[] = {1, 2};
    rig_ask_isr(r, 1, "t", 0, isr, 2);
    rig_settle(r);
    ck_assert_str_eq(rig_state_text(r, "t", 0), "1 e0 v2 [1,2] min 2");
    remove_state();
    rig_kill(r, 2);
    rig_until(r, two_gone, 30000, "broker 2 gone");
    rig_settle(r);
    ck_assert_str_eq(rig_state_text(r, "t", 0), "1 e1 v0 [1] min 2");
    ck_assert(rig_noted(r, "the state node of partition t-0 was deleted by hand"));
    ck_assert_int_eq(rig_told(r, 3, "t", 0)->leader_epoch, 1);
    rig_free(r);
}
END_TEST

/* Its whole ISR is away when that is found out: nobody else may lead. */
START_TEST(a_state_that_was_deleted_is_made_again_without_a_leader)
{
    begin(12, 2, 3, 0);
    const int32_t isr[] = {2};
    rig_ask_isr(r, 2, "t", 0, isr, 1);
    rig_settle(r);
    remove_state();
    ck_assert_int_eq(zk_model_delete(r->zk, "/brokers/topics/t/partitions/0"), ZK_OK);
    rig_kill(r, 2);
    rig_until(r, two_gone, 30000, "broker 2 gone");
    rig_settle(r);
    ck_assert_str_eq(rig_state_text(r, "t", 0), "-1 e1 v0 [2] min 2");
    rig_start(r, 2);
    rig_until(r, rig_all_in, 20000, "broker 2 in");
    rig_settle(r);
    ck_assert_str_eq(rig_state_text(r, "t", 0), "2 e2 v1 [2] min 2");
    rig_free(r);
}
END_TEST

static void write_state(const char *text)
{
    ck_assert_int_eq(zk_model_put(r->zk, "/brokers/topics/t/partitions/0/state", view_of(text)),
                     ZK_OK);
}

/* The controller that remembered it is gone; the brokers have logs of it. */
START_TEST(a_state_that_nobody_remembers_waits_for_a_person)
{
    begin(13, 1, 2, 0);
    remove_state();
    struct rig_broker *b = rig_broker(r, 2);
    b->held[0] = (struct cluster_held){{rig_topic_id(r, "t"), 0}, 0, 1000, 4, 9};
    b->held_count = 1;
    new_controller();
    ck_assert(!rig_exists(r, "/brokers/topics/t/partitions/0/state"));
    ck_assert(rig_noted(r, "was told leader epoch 4, version 9 of partition t-0"));
    write_state("{\"version\":1,\"leader\":-1,\"leader_epoch\":5,\"controller_epoch\":0,"
                "\"isr\":[2]}");
    rig_run(r, 5000);
    rig_settle(r);
    ck_assert_str_eq(rig_state_text(r, "t", 0), "2 e6 v1 [2] min 2");
    rig_free(r);
}
END_TEST

START_TEST(a_state_that_nobody_has_heard_of_is_made)
{
    begin(14, 1, 2, 0);
    remove_state();
    new_controller();
    ck_assert_str_eq(rig_state_text(r, "t", 0), "1 e0 v1 [1,2] min 2");
    rig_free(r);
}
END_TEST

/* Nonsense that is deleted is no reason either to start over what a broker may hold that has not
 * said so yet. */
START_TEST(nonsense_that_was_deleted_is_not_started_before_all_have_said_what_they_hold)
{
    begin(17, 1, 2, 0);
    write_state("{\"version\":1,\"leader\":1,\"leader_epoch\":0,\"controller_epoch\":1,"
                "\"isr\":[]}");
    struct rig_broker *b = rig_broker(r, 2);
    b->mute = true;
    new_controller();
    ck_assert(rig_noted(r, "the state node of partition t-0 has an empty ISR"));
    remove_state();
    rig_run(r, 5000);
    ck_assert(!rig_exists(r, "/brokers/topics/t/partitions/0/state"));
    b->mute = false;
    b->held[0] = (struct cluster_held){{rig_topic_id(r, "t"), 0}, 0, 1000, 4, 9};
    b->held_count = 1;
    new_controller();
    ck_assert(!rig_exists(r, "/brokers/topics/t/partitions/0/state"));
    ck_assert(rig_noted(r, "was told leader epoch 4, version 9 of partition t-0"));
    rig_free(r);
}
END_TEST

/* ---- a node that makes sense again ---- */

START_TEST(a_state_that_caught_up_with_the_brokers_counts)
{
    begin(15, 1, 2, 0);
    rig_kill(r, 2);
    struct rig_broker *b = rig_broker(r, 2);
    b->held[0] = (struct cluster_held){{rig_topic_id(r, "t"), 0}, 0, 1000, 40, 7};
    b->held_count = 1;
    rig_start(r, 2);
    rig_until(r, rig_all_in, 20000, "broker 2 in");
    rig_settle(r);
    ck_assert(rig_noted(r, "was told leader epoch 40, version 7 of partition t-0"));
    write_state("{\"version\":1,\"leader\":1,\"leader_epoch\":39,\"controller_epoch\":0,"
                "\"isr\":[1]}");
    rig_run(r, 5000);
    ck_assert_int_eq(rig_state(r, "t", 0).leader_epoch, 39);
    write_state("{\"version\":1,\"leader\":-1,\"leader_epoch\":41,\"controller_epoch\":0,"
                "\"isr\":[2]}");
    rig_run(r, 5000);
    rig_settle(r);
    ck_assert_int_eq(rig_state(r, "t", 0).leader, 2);
    ck_assert_int_eq(rig_state(r, "t", 0).leader_epoch, 42);
    ck_assert(rig_noted(r, "says as much as the brokers know again"));
    rig_free(r);
}
END_TEST

START_TEST(a_state_that_makes_sense_again_counts)
{
    begin(16, 1, 2, 0);
    write_state("{\"version\":1,\"leader\":1,\"leader_epoch\":0,\"controller_epoch\":1,"
                "\"isr\":[]}");
    new_controller();
    ck_assert(rig_noted(r, "the state node of partition t-0 has an empty ISR"));
    write_state("{\"version\":1,\"leader\":-1,\"leader_epoch\":3,\"controller_epoch\":1,"
                "\"isr\":[1,2]}");
    rig_run(r, 5000);
    rig_settle(r);
    ck_assert_int_eq(rig_state(r, "t", 0).leader, 1);
    ck_assert_int_eq(rig_state(r, "t", 0).leader_epoch, 4);
    rig_free(r);
}
END_TEST

/* ---- a topic node that makes no sense ---- */

static void put(const char *path, const char *data)
{
    ck_assert_int_eq(zk_model_put(r->zk, path, view_of(data)), ZK_OK);
}

/* Three topics nobody can use: two nodes without sense, and one with another topic's id. */
static void begin_odd(uint64_t seed)
{
    begin(seed, 1, 2, 3);
    struct zk_model_node node;
    ck_assert(zk_model_find(r->zk, "/brokers/topics/t", &node));
    ck_assert_int_eq(zk_model_put(r->zk, "/brokers/topics/twin", node.data), ZK_OK);
    put("/brokers/topics/odd", "{\"version\":2,");
    put("/brokers/topics/odd/partitions", "");
    put("/brokers/topics/odd/partitions/0", "");
    put("/brokers/topics/odd/partitions/0/state", "{}");
    put("/config/topics/odd", "{\"version\":1,\"config\":{}}");
    put("/brokers/topics/no such name", "{\"version\":1,\"partitions\":{\"0\":[1]}}");
    rig_run(r, 1000);
    ck_assert(rig_noted(r, "/brokers/topics/odd is not JSON of the expected form: the topic is "
                           "left alone"));
    ck_assert(rig_noted(r, "/brokers/topics/twin has the id of topic t: the topic is left alone"));
}

static void is_gone(const char *topic)
{
    char path[100];
    snprintf(path, sizeof path, "/brokers/topics/%s", topic);
    ck_assert_msg(!rig_exists(r, path), "%s is still there", path);
    snprintf(path, sizeof path, "/admin/delete_topics/%s", topic);
    ck_assert_msg(!rig_exists(r, path), "%s is still there", path);
}

START_TEST(a_topic_without_sense_can_be_deleted)
{
    static const char *const names[] = {"odd", "twin", "no such name"};
    begin_odd(21);
    for (unsigned i = 0; i < 3; i++) {
        char path[100];
        snprintf(path, sizeof path, "/admin/delete_topics/%s", names[i]);
        put(path, "");
    }
    rig_run(r, 1000);
    rig_settle(r);
    for (unsigned i = 0; i < 3; i++)
        is_gone(names[i]);
    ck_assert(!rig_exists(r, "/config/topics/odd"));
    ck_assert(rig_noted(r, "topic odd, whose node makes no sense, is being deleted from "
                           "ZooKeeper; logs that brokers may have of it stay where they are"));
    ck_assert(rig_noted(r, "topic odd is deleted"));
    ck_assert_str_eq(rig_state_text(r, "t", 0), "1 e0 v1 [1,2,3] min 2");
    rig_create_ok(r, "odd", 1, 1);
    rig_settle(r);
    rig_free(r);
}
END_TEST

/* The marker is older than the controller that finds it. */
START_TEST(a_new_controller_deletes_a_topic_without_sense)
{
    begin_odd(22);
    for (int32_t id = 1; id <= 4; id++)
        rig_kill(r, id);
    put("/admin/delete_topics/odd", "");
    put("/admin/delete_topics/never", "");
    for (int32_t id = 1; id <= 4; id++)
        rig_start(r, id);
    rig_until(r, rig_all_in, 60000, "all in");
    rig_run(r, 1000);
    rig_settle(r);
    is_gone("odd");
    is_gone("never");
    ck_assert(rig_noted(r, "/admin/delete_topics/never: there is no such topic"));
    ck_assert(rig_exists(r, "/brokers/topics/twin"));
    rig_free(r);
}
END_TEST

/* A node that lost its sense after it was read: the brokers know the topic, and its logs go. */
START_TEST(a_topic_that_lost_its_sense_is_deleted_with_its_logs)
{
    begin(23, 1, 2, 3);
    put("/brokers/topics/t", "no sense");
    rig_run(r, 15000);
    ck_assert(rig_noted(r, "/brokers/topics/t is not JSON of the expected form: it is used as it "
                           "was"));
    put("/admin/delete_topics/t", "");
    rig_run(r, 1000);
    rig_settle(r);
    is_gone("t");
    ck_assert(!rig_noted(r, "stay where they are"));
    rig_free(r);
}
END_TEST

START_TEST(a_topic_by_request_may_be_one_without_sense)
{
    begin_odd(24);
    struct controller_event e = {.kind = CONTROLLER_EV_CREATE_PARTITIONS};
    e.u.create_partitions.name = VIEW_LITERAL("odd");
    e.u.create_partitions.total = 3;
    ck_assert_int_eq(rig_wait_answer(r, rig_admin(r, &e))->result, CONTROLLER_UNKNOWN_TOPIC);
    ck_assert_int_eq(rig_wait_answer(r, rig_create(r, "odd", 1, 1))->result,
                     CONTROLLER_TOPIC_EXISTS);
    e = (struct controller_event){.kind = CONTROLLER_EV_DELETE_TOPIC};
    e.u.delete_topic.name = VIEW_LITERAL("odd");
    ck_assert_int_eq(rig_wait_answer(r, rig_admin(r, &e))->result, CONTROLLER_OK);
    rig_run(r, 1000);
    is_gone("odd");
    rig_free(r);
}
END_TEST

/* Said once, and taken when somebody repairs it. */
START_TEST(a_topic_that_makes_sense_again_is_there)
{
    begin_odd(25);
    ck_assert_int_eq(zk_model_delete(r->zk, "/brokers/topics/odd/partitions/0/state"), ZK_OK);
    r->notes_size = 0;
    r->notes[0] = 0;
    rig_run(r, 25000);
    rig_create_ok(r, "other", 1, 1); /* the list of topics is read again */
    ck_assert(!rig_noted(r, "left alone"));
    put("/brokers/topics/odd", "{\"version\":1,\"partitions\":{\"0\":[3,2]}}");
    rig_run(r, 15000);
    rig_settle(r);
    ck_assert_str_eq(rig_state_text(r, "odd", 0), "3 e0 v1 [3,2] min 2");
    ck_assert_int_eq(rig_told(r, 1, "odd", 0)->leader, 3);
    rig_free(r);
}
END_TEST

SUITE_MAIN("controller_hand", a_topic_without_sense_can_be_deleted,
           a_new_controller_deletes_a_topic_without_sense,
           a_topic_that_lost_its_sense_is_deleted_with_its_logs,
           a_topic_by_request_may_be_one_without_sense, a_topic_that_makes_sense_again_is_there,
           a_stranger_leaves_the_isr, a_leader_that_is_assigned_no_more_is_followed_by_one_that_is,
           the_assigned_one_is_waited_for,
           a_stranger_alone_leads_until_one_that_is_assigned_is_in_sync,
           a_stranger_lets_no_other_in, without_its_stranger_a_partition_waits,
           a_stranger_that_resigns_leads_no_more,
           a_state_that_was_deleted_is_made_again_with_its_isr,
           a_state_that_was_deleted_is_made_again_without_a_leader,
           a_state_that_nobody_remembers_waits_for_a_person,
           a_state_that_nobody_has_heard_of_is_made,
           nonsense_that_was_deleted_is_not_started_before_all_have_said_what_they_hold,
           a_state_that_caught_up_with_the_brokers_counts, a_state_that_makes_sense_again_counts)
