/* SPDX-License-Identifier: Apache-2.0 */
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

SUITE_MAIN("controller_hand", a_stranger_leaves_the_isr,
           a_leader_that_is_assigned_no_more_is_followed_by_one_that_is,
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
