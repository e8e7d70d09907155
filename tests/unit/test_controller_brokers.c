/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/controller_rig.h"
#include "tests/lib/suite.h"

/* Brokers die, come back, stop in good order; leaders move and ISRs shrink. */

static struct rig *three(uint64_t seed)
{
    struct rig *r = rig_new(seed, 3);
    rig_start_all(r);
    return r;
}

static bool no_more_1(struct rig *r)
{
    return rig_out(r, 1) && rig_settled(r);
}

static bool no_more_2(struct rig *r)
{
    return rig_out(r, 2) && rig_settled(r);
}

static bool no_more_3(struct rig *r)
{
    return rig_out(r, 3) && rig_settled(r);
}

static uint64_t create_on(struct rig *r, const char *topic, int32_t a, int32_t b, int32_t c)
{
    const int32_t replicas[] = {a, b, c};
    return rig_create_assigned(r, topic, replicas, c ? 3 : b ? 2 : 1);
}

static void created_on(struct rig *r, const char *topic, int32_t a, int32_t b, int32_t c)
{
    ck_assert_int_eq(rig_wait_answer(r, create_on(r, topic, a, b, c))->result, CONTROLLER_OK);
    rig_settle(r);
}

START_TEST(death_of_a_leader_elects_the_next)
{
    struct rig *r = three(1);
    created_on(r, "t", 2, 3, 1);
    ck_assert_str_eq(rig_state_text(r, "t", 0), "2 e0 v1 [2,3,1] min 2");
    rig_trace_clear(r);
    rig_kill(r, 2);
    rig_until(r, no_more_2, 20000, "broker 2 gone");
    ck_assert_str_eq(rig_state_text(r, "t", 0), "3 e1 v2 [3,1] min 2");
    rig_expect(r, "1: broker 2 in -> leaving\n"
                  "1: multi of 2 ops\n"
                  "1: broker 2 leaving -> absent\n"
                  "1: partition t-0 election: leader 3 epoch 1 version 2 isr 3,1 min 2\n");
    rig_free(r);
}
END_TEST

START_TEST(death_of_a_follower_shrinks_in_the_same_epoch)
{
    struct rig *r = three(2);
    created_on(r, "t", 2, 3, 1);
    rig_kill(r, 3);
    rig_until(r, no_more_3, 20000, "broker 3 gone");
    ck_assert_str_eq(rig_state_text(r, "t", 0), "2 e0 v2 [2,1] min 2");
    rig_free(r);
}
END_TEST

START_TEST(last_member_is_never_removed_and_leads_again)
{
    struct rig *r = three(3);
    created_on(r, "t", 2, 0, 0);
    ck_assert_str_eq(rig_state_text(r, "t", 0), "2 e0 v1 [2] min 1");
    rig_kill(r, 2);
    rig_until(r, no_more_2, 20000, "broker 2 gone");
    ck_assert_str_eq(rig_state_text(r, "t", 0), "-1 e1 v2 [2] min 1");
    ck_assert(rig_noted(r, "partition t-0 has no leader"));
    rig_start(r, 2);
    rig_until(r, rig_all_in, 20000, "broker 2 in");
    rig_settle(r);
    ck_assert_str_eq(rig_state_text(r, "t", 0), "2 e2 v3 [2] min 1");
    rig_free(r);
}
END_TEST

START_TEST(restart_keeps_the_membership_and_ends_the_epoch)
{
    struct rig *r = three(4);
    created_on(r, "t", 2, 3, 1);
    rig_restart(r, 2);
    rig_until(r, rig_all_in, 20000, "broker 2 in");
    rig_settle(r);
    ck_assert_str_eq(rig_state_text(r, "t", 0), "3 e1 v2 [2,3,1] min 2");
    rig_free(r);
}
END_TEST

START_TEST(alone_a_restarted_leader_leads_in_a_new_epoch)
{
    struct rig *r = rig_new(5, 2);
    rig_start_all(r);
    created_on(r, "t", 2, 0, 0);
    rig_restart(r, 2);
    rig_until(r, rig_all_in, 20000, "broker 2 in");
    rig_settle(r);
    struct rig_state s = rig_state(r, "t", 0);
    ck_assert_int_eq(s.leader, 2);
    ck_assert_int_ge(s.leader_epoch, 1);
    ck_assert_uint_eq(s.leader_incarnation, rig_broker(r, 2)->incarnation);
    rig_free(r);
}
END_TEST

START_TEST(all_restarted_at_once_shrink_nothing)
{
    struct rig *r = three(6);
    rig_create_ok(r, "t", 6, 3);
    for (int32_t id = 1; id <= 3; id++)
        rig_kill(r, id);
    for (int32_t id = 1; id <= 3; id++)
        rig_start(r, id);
    rig_until(r, rig_all_in, 30000, "all in");
    rig_settle(r);
    for (int32_t p = 0; p < 6; p++) {
        struct rig_state s = rig_state(r, "t", p);
        ck_assert_uint_eq(s.isr_count, 3);
        ck_assert_int_ge(s.leader, 1);
        ck_assert_int_ge(s.leader_epoch, 1);
    }
    rig_free(r);
}
END_TEST

static void except(struct rig *r, int32_t id, const char *topic, enum cluster_exception_kind kind)
{
    struct rig_broker *b = rig_broker(r, id);
    b->exceptions[b->exception_count++] =
        (struct cluster_exception){{rig_topic_id(r, topic), 0}, kind};
}

START_TEST(missing_replicas_leave_the_isr_before_their_broker_is_in)
{
    struct rig *r = three(7);
    created_on(r, "a", 1, 2, 0);
    created_on(r, "b", 2, 0, 0);
    rig_kill(r, 2);
    except(r, 2, "a", CLUSTER_REPLICA_MISSING);
    except(r, 2, "b", CLUSTER_REPLICA_SUSPECT);
    rig_start(r, 2);
    rig_until(r, rig_all_in, 20000, "broker 2 in");
    rig_settle(r);
    ck_assert_str_eq(rig_state_text(r, "a", 0), "1 e0 v2 [1] min 2");
    ck_assert_str_eq(rig_state_text(r, "b", 0), "-1 e1 v2 [2] min 1");
    ck_assert(rig_noted(r, "is missing"));
    ck_assert(rig_noted(r, "is suspect"));
    ck_assert(rig_noted(r, "2 (failed)"));
    rig_free(r);
}
END_TEST

START_TEST(a_swapped_disk_counts_for_nothing)
{
    struct rig *r = three(8);
    created_on(r, "a", 2, 1, 3);
    rig_kill(r, 2);
    rig_broker(r, 2)->marker_differs = true;
    rig_start(r, 2);
    rig_until(r, rig_all_in, 20000, "broker 2 in");
    rig_settle(r);
    ck_assert_str_eq(rig_state_text(r, "a", 0), "1 e1 v3 [1,3] min 2");
    rig_free(r);
}
END_TEST

START_TEST(zookeeper_older_than_the_brokers_elects_nobody)
{
    struct rig *r = three(9);
    created_on(r, "a", 2, 3, 0);
    created_on(r, "b", 2, 3, 0);
    rig_kill(r, 2);
    struct rig_broker *b = rig_broker(r, 2);
    b->held[0] = (struct cluster_held){{rig_topic_id(r, "a"), 0}, 40, 1000, -1, -1};
    b->held_count = 1;
    rig_start(r, 2);
    rig_until(r, rig_all_in, 20000, "broker 2 in");
    rig_settle(r);
    ck_assert(rig_noted(r, "holds leader epoch 40 of partition a-0"));
    rig_kill(r, 3);
    rig_until(r, no_more_3, 20000, "broker 3 gone");
    ck_assert_str_eq(rig_state_text(r, "a", 0), "3 e1 v2 [2,3] min 2");
    ck_assert_str_eq(rig_state_text(r, "b", 0), "2 e2 v3 [2] min 2");
    rig_free(r);
}
END_TEST

/* ZooKeeper is restored to a state of the same leader epoch, before its ISR shrank. */
START_TEST(zookeeper_of_an_older_version_elects_nobody)
{
    struct rig *r = three(33);
    created_on(r, "a", 2, 3, 0);
    created_on(r, "b", 2, 3, 0);
    rig_kill(r, 2);
    struct rig_broker *b = rig_broker(r, 2);
    b->held[0] = (struct cluster_held){{rig_topic_id(r, "a"), 0}, 0, 1000, 1, 40};
    b->held[1] = (struct cluster_held){{rig_topic_id(r, "b"), 0}, 0, 1000, 0, 1};
    b->held_count = 2;
    rig_start(r, 2);
    rig_until(r, rig_all_in, 20000, "broker 2 in");
    rig_settle(r);
    ck_assert(rig_noted(r, "was told leader epoch 1, version 40 of partition a-0"));
    ck_assert(!rig_noted(r, "of partition b-0"));
    rig_kill(r, 3);
    rig_until(r, no_more_3, 20000, "broker 3 gone");
    ck_assert_str_eq(rig_state_text(r, "a", 0), "3 e1 v2 [2,3] min 2");
    ck_assert_str_eq(rig_state_text(r, "b", 0), "2 e2 v3 [2] min 2");
    rig_free(r);
}
END_TEST

START_TEST(a_later_controller_epoch_stops_everything)
{
    struct rig *r = three(10);
    created_on(r, "a", 2, 1, 0);
    rig_kill(r, 2);
    rig_broker(r, 2)->highest_controller_epoch = 77;
    rig_start(r, 2);
    rig_run(r, 5000);
    ck_assert(controller_look(rig_active(r)->controller).zookeeper_is_older);
    ck_assert(rig_noted(r, "has seen controller epoch 77, ZooKeeper's is 1"));
    ck_assert(!rig_broker(r, 2)->alive_said);
    rig_free(r);
}
END_TEST

static bool shutdown_answered(struct rig *r)
{
    return rig_broker(r, 2)->shutdown_remaining >= 0;
}

START_TEST(controlled_shutdown_moves_leaders_first)
{
    struct rig *r = three(11);
    created_on(r, "led", 2, 3, 1);
    created_on(r, "followed", 1, 2, 3);
    created_on(r, "alone", 2, 0, 0);
    struct controller_event e = {.kind = CONTROLLER_EV_SHUTDOWN};
    rig_say(r, 2, &e);
    rig_until(r, shutdown_answered, 1000, "an answer");
    ck_assert_int_eq(rig_broker(r, 2)->shutdown_remaining, 0);
    ck_assert_str_eq(rig_state_text(r, "led", 0), "3 e1 v2 [3,1] min 2");
    ck_assert_str_eq(rig_state_text(r, "followed", 0), "1 e0 v2 [1,3] min 2");
    ck_assert_str_eq(rig_state_text(r, "alone", 0), "2 e0 v1 [2] min 1");
    rig_kill(r, 2);
    rig_until(r, no_more_2, 20000, "broker 2 gone");
    rig_start(r, 2);
    rig_until(r, rig_all_in, 20000, "broker 2 in");
    rig_settle(r);
    ck_assert_str_eq(rig_state_text(r, "alone", 0), "2 e2 v3 [2] min 1");
    rig_free(r);
}
END_TEST

START_TEST(shutdown_of_the_last_member_says_what_remains)
{
    struct rig *r = three(12);
    created_on(r, "t", 2, 3, 0);
    rig_kill(r, 3);
    rig_until(r, no_more_3, 20000, "broker 3 gone");
    ck_assert_str_eq(rig_state_text(r, "t", 0), "2 e0 v2 [2] min 2");
    struct controller_event e = {.kind = CONTROLLER_EV_SHUTDOWN};
    rig_say(r, 2, &e);
    rig_until(r, shutdown_answered, 1000, "an answer");
    ck_assert_int_eq(rig_broker(r, 2)->shutdown_remaining, 1);
    rig_free(r);
}
END_TEST

START_TEST(a_resigned_leader_leads_no_more_in_that_epoch)
{
    struct rig *r = three(13);
    created_on(r, "t", 2, 3, 0);
    created_on(r, "alone", 2, 0, 0);
    rig_report(r, 2, "t", 0, CLUSTER_REPORT_RESIGNED);
    rig_report(r, 2, "alone", 0, CLUSTER_REPORT_RESIGNED);
    rig_run(r, 50);
    ck_assert_str_eq(rig_state_text(r, "t", 0), "3 e1 v2 [2,3] min 2");
    ck_assert_str_eq(rig_state_text(r, "alone", 0), "2 e1 v2 [2] min 1");
    rig_report(r, 2, "alone", 0, CLUSTER_REPORT_RESIGNED);
    rig_run(r, 500);
    ck_assert_str_eq(rig_state_text(r, "alone", 0), "2 e1 v2 [2] min 1");
    rig_run(r, 1500);
    ck_assert_str_eq(rig_state_text(r, "alone", 0), "2 e2 v3 [2] min 1");
    rig_free(r);
}
END_TEST

START_TEST(a_failed_replica_leaves_the_isr)
{
    struct rig *r = three(14);
    created_on(r, "t", 2, 3, 1);
    created_on(r, "alone", 2, 0, 0);
    rig_report(r, 2, "t", 0, CLUSTER_REPORT_FAILED);
    rig_report(r, 2, "alone", 0, CLUSTER_REPORT_FAILED);
    rig_run(r, 50);
    ck_assert_str_eq(rig_state_text(r, "t", 0), "3 e1 v2 [3,1] min 2");
    ck_assert_str_eq(rig_state_text(r, "alone", 0), "-1 e1 v2 [2] min 1");
    rig_free(r);
}
END_TEST

/* The report of a log that had to be fetched anew is held up until the replica is the last of the
 * ISR: it must not take the partition away. */
START_TEST(a_late_report_of_failure_counts_for_nothing)
{
    struct rig *r = three(31);
    created_on(r, "t", 2, 3, 0);
    struct controller_event late = {.kind = CONTROLLER_EV_REPORT};
    const struct cluster_partition_item *told = rig_told(r, 3, "t", 0);
    late.u.report =
        (struct cluster_report){told->id, CLUSTER_REPORT_FAILED, told->leader_epoch, told->version};
    rig_report(r, 3, "t", 0, CLUSTER_REPORT_FAILED);
    rig_run(r, 50);
    ck_assert_str_eq(rig_state_text(r, "t", 0), "2 e0 v2 [2] min 2");
    rig_ask_isr(r, 2, "t", 0, (int32_t[]){2, 3}, 2);
    rig_run(r, 50);
    ck_assert_str_eq(rig_state_text(r, "t", 0), "2 e0 v3 [2,3] min 2");
    rig_say(r, 3, &late);
    rig_run(r, 50);
    ck_assert_str_eq(rig_state_text(r, "t", 0), "2 e0 v3 [2,3] min 2");
    rig_report(r, 2, "t", 0, CLUSTER_REPORT_FAILED);
    rig_run(r, 50);
    ck_assert_str_eq(rig_state_text(r, "t", 0), "3 e1 v4 [3] min 2");
    rig_say(r, 3, &late);
    rig_run(r, 50);
    ck_assert_str_eq(rig_state_text(r, "t", 0), "3 e1 v4 [3] min 2");
    rig_free(r);
}
END_TEST

/* Two snapshots were asked for, so two inventories came; the second is late. */
START_TEST(a_late_inventory_excepts_nothing)
{
    struct rig *r = three(32);
    created_on(r, "t", 2, 3, 0);
    rig_kill(r, 3);
    except(r, 3, "t", CLUSTER_REPLICA_SUSPECT);
    rig_start(r, 3);
    rig_until(r, rig_all_in, 20000, "broker 3 in");
    ck_assert_str_eq(rig_state_text(r, "t", 0), "2 e0 v2 [2] min 2");
    rig_ask_isr(r, 2, "t", 0, (int32_t[]){2, 3}, 2);
    rig_run(r, 50);
    struct controller_event late = {.kind = CONTROLLER_EV_INVENTORY};
    struct rig_broker *b = rig_broker(r, 3);
    except(r, 3, "t", CLUSTER_REPLICA_SUSPECT);
    late.u.inventory = (struct cluster_inventory){.from = {3, b->incarnation},
                                                  .exception_count = b->exception_count,
                                                  .exceptions = b->exceptions};
    rig_say(r, 3, &late);
    rig_run(r, 50);
    ck_assert_str_eq(rig_state_text(r, "t", 0), "2 e0 v3 [2,3] min 2");
    rig_free(r);
}
END_TEST

START_TEST(death_of_the_controller_and_leader_together)
{
    struct rig *r = three(15);
    created_on(r, "t", 1, 2, 3);
    ck_assert_int_eq(rig_active(r)->id, 1);
    rig_kill(r, 1);
    rig_until(r, no_more_1, 30000, "broker 1 gone");
    struct rig_state s = rig_state(r, "t", 0);
    ck_assert_int_eq(s.leader, 2);
    ck_assert_int_eq(s.leader_epoch, 1);
    ck_assert_uint_eq(s.isr_count, 2);
    ck_assert_int_eq(s.controller_epoch, 2);
    rig_free(r);
}
END_TEST

START_TEST(preferred_leaders_come_back)
{
    struct rig *r = three(16);
    created_on(r, "t", 2, 3, 1);
    rig_restart(r, 2);
    rig_until(r, rig_all_in, 20000, "broker 2 in");
    rig_settle(r);
    ck_assert_str_eq(rig_state_text(r, "t", 0), "3 e1 v2 [2,3,1] min 2");
    struct controller_event e = {.kind = CONTROLLER_EV_ELECT_PREFERRED};
    e.u.elect.name = VIEW_LITERAL("t");
    ck_assert_int_eq(rig_wait_answer(r, rig_admin(r, &e))->result, CONTROLLER_OK);
    ck_assert_str_eq(rig_state_text(r, "t", 0), "2 e2 v3 [2,3,1] min 2");
    ck_assert_int_eq(rig_wait_answer(r, rig_admin(r, &e))->result, CONTROLLER_ELECTION_NOT_NEEDED);
    e.u.elect.partition = 7;
    ck_assert_int_eq(rig_wait_answer(r, rig_admin(r, &e))->result, CONTROLLER_UNKNOWN_PARTITION);
    rig_free(r);
}
END_TEST

/* As Kafka's PreferredReplicaLeaderElectionCommand asks for it through ZooKeeper. */
START_TEST(preferred_leaders_are_asked_for_by_hand)
{
    static const char path[] = "/admin/preferred_replica_election";
    struct rig *r = three(18);
    created_on(r, "t", 2, 3, 1);
    rig_restart(r, 2);
    rig_until(r, rig_all_in, 20000, "broker 2 in");
    rig_settle(r);
    ck_assert_int_eq(rig_state(r, "t", 0).leader, 3);
    ck_assert_int_eq(zk_model_put(r->zk, path,
                                  VIEW_LITERAL("{\"version\":1,\"partitions\":[{\"topic\":\"none\","
                                               "\"partition\":0},{\"topic\":\"t\",\"partition\":0},"
                                               "{\"topic\":\"t\",\"partition\":9}]}")),
                     ZK_OK);
    rig_run(r, 300);
    ck_assert_str_eq(rig_state_text(r, "t", 0), "2 e2 v3 [2,3,1] min 2");
    ck_assert(!rig_exists(r, path));
    ck_assert_int_eq(zk_model_put(r->zk, path, VIEW_LITERAL("nonsense")), ZK_OK);
    rig_run(r, 300);
    ck_assert(!rig_exists(r, path));
    /* What was asked for while nobody was controller is found by the next one. */
    rig_kill(r, 1);
    rig_kill(r, 2);
    rig_kill(r, 3);
    rig_run(r, 15000);
    ck_assert_int_eq(
        zk_model_put(
            r->zk, path,
            VIEW_LITERAL("{\"version\":1,\"partitions\":[{\"topic\":\"t\",\"partition\":0}]}")),
        ZK_OK);
    rig_start(r, 3);
    rig_run(r, 3000);
    ck_assert(!rig_exists(r, path));
    rig_free(r);
}
END_TEST

START_TEST(leaders_are_balanced_by_the_timer)
{
    struct rig *r = rig_new(17, 3);
    r->config.auto_rebalance = true;
    rig_start_all(r);
    created_on(r, "t", 2, 3, 1);
    rig_run(r, 6000);
    rig_restart(r, 2);
    rig_until(r, rig_all_in, 20000, "broker 2 in");
    rig_settle(r);
    ck_assert_int_eq(rig_state(r, "t", 0).leader, 3);
    rig_run(r, 301000);
    ck_assert_str_eq(rig_state_text(r, "t", 0), "2 e2 v3 [2,3,1] min 2");
    rig_free(r);
}
END_TEST

START_TEST(unclean_election_only_where_it_is_allowed)
{
    struct rig *r = rig_new(18, 3);
    r->config.unclean_election = true;
    rig_start_all(r);
    created_on(r, "t", 2, 3, 0);
    rig_kill(r, 3);
    rig_until(r, no_more_3, 20000, "broker 3 gone");
    rig_kill(r, 2);
    rig_until(r, no_more_2, 20000, "broker 2 gone");
    ck_assert_str_eq(rig_state_text(r, "t", 0), "-1 e1 v3 [2] min 2");
    rig_start(r, 3);
    rig_until(r, rig_all_in, 20000, "broker 3 in");
    rig_settle(r);
    ck_assert_str_eq(rig_state_text(r, "t", 0), "3 e2 v4 [3] min 2 recovering");
    ck_assert_uint_eq(rig_told(r, 1, "t", 0)->flags, CLUSTER_PARTITION_UNCLEAN);
    /* Once all have joined, nobody has to cut what was committed any more. */
    static const int32_t all[] = {2, 3};
    rig_start(r, 2);
    rig_until(r, rig_all_in, 20000, "broker 2 in");
    rig_settle(r);
    rig_ask_isr(r, 3, "t", 0, all, 2);
    rig_run(r, 100);
    ck_assert_str_eq(rig_state_text(r, "t", 0), "3 e2 v5 [2,3] min 2");
    ck_assert_uint_eq(rig_told(r, 1, "t", 0)->flags, 0);
    rig_free(r);
}
END_TEST

/* The topic may have forbidden what the brokers' setting allows: as long as nobody knows, it did.
 */
START_TEST(no_unclean_election_while_the_topics_settings_are_not_known)
{
    struct rig *r = rig_new(19, 3);
    r->config.unclean_election = true;
    rig_start_all(r);
    created_on(r, "t", 2, 3, 0);
    ck_assert_int_eq(zk_model_put(r->zk, "/config/topics/t", VIEW_LITERAL("{\"version\":1,")),
                     ZK_OK);
    ck_assert_int_eq(zk_model_delete(r->zk, "/controller"), ZK_OK);
    rig_run(r, 2000);
    rig_settle(r);
    ck_assert(rig_noted(r, "the topic's settings are not known"));
    rig_kill(r, 3);
    rig_until(r, no_more_3, 20000, "broker 3 gone");
    rig_kill(r, 2);
    rig_until(r, no_more_2, 20000, "broker 2 gone");
    ck_assert_str_eq(rig_state_text(r, "t", 0), "-1 e1 v3 [2] min 2");
    rig_start(r, 3);
    rig_until(r, rig_all_in, 20000, "broker 3 in");
    rig_settle(r);
    ck_assert_str_eq(rig_state_text(r, "t", 0), "-1 e1 v3 [2] min 2");
    /* Repaired, it does not forbid it. */
    ck_assert_int_eq(
        zk_model_put(r->zk, "/config/topics/t", VIEW_LITERAL("{\"version\":1,\"config\":{}}")),
        ZK_OK);
    rig_run(r, 15000);
    rig_settle(r);
    ck_assert_str_eq(rig_state_text(r, "t", 0), "3 e2 v4 [3] min 2 recovering");
    rig_free(r);
}
END_TEST

SUITE_MAIN("controller_brokers", death_of_a_leader_elects_the_next,
           death_of_a_follower_shrinks_in_the_same_epoch,
           last_member_is_never_removed_and_leads_again,
           restart_keeps_the_membership_and_ends_the_epoch,
           alone_a_restarted_leader_leads_in_a_new_epoch, all_restarted_at_once_shrink_nothing,
           missing_replicas_leave_the_isr_before_their_broker_is_in,
           a_swapped_disk_counts_for_nothing, zookeeper_older_than_the_brokers_elects_nobody,
           zookeeper_of_an_older_version_elects_nobody, a_later_controller_epoch_stops_everything,
           controlled_shutdown_moves_leaders_first, shutdown_of_the_last_member_says_what_remains,
           a_resigned_leader_leads_no_more_in_that_epoch, a_failed_replica_leaves_the_isr,
           a_late_report_of_failure_counts_for_nothing, a_late_inventory_excepts_nothing,
           death_of_the_controller_and_leader_together, preferred_leaders_come_back,
           preferred_leaders_are_asked_for_by_hand, leaders_are_balanced_by_the_timer,
           unclean_election_only_where_it_is_allowed,
           no_unclean_election_while_the_topics_settings_are_not_known)
