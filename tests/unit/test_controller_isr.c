/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/controller_rig.h"
#include "tests/lib/suite.h"

/* ISR changes that leaders ask for: the checks, the races, and the answers. */

static struct rig *r;

static void begin(uint64_t seed)
{
    static const int32_t replicas[] = {1, 2, 3};
    r = rig_new(seed, 3);
    rig_start_all(r);
    ck_assert_int_eq(rig_wait_answer(r, rig_create_assigned(r, "t", replicas, 3))->result,
                     CONTROLLER_OK);
    rig_settle(r);
}

static const struct cluster_isr_reply *answered(int32_t broker)
{
    struct rig_broker *b = rig_broker(r, broker);
    for (int i = 0; i < 2000 && b->isr_replies == 0; i++)
        rig_run(r, 1);
    ck_assert_uint_eq(b->isr_replies, 1);
    b->isr_replies = 0;
    return &b->isr_reply;
}

static const struct cluster_isr_reply *ask(int32_t from, int32_t a, int32_t b, int32_t c)
{
    int32_t isr[] = {a, b, c};
    rig_broker(r, from)->isr_replies = 0;
    rig_ask_isr(r, from, "t", 0, isr, c ? 3 : b ? 2 : 1);
    const struct cluster_isr_reply *reply = answered(from);
    rig_settle(r);
    return reply;
}

START_TEST(shrink_and_grow_keep_the_epoch)
{
    begin(1);
    const struct cluster_isr_reply *a = ask(1, 1, 3, 0);
    ck_assert_int_eq(a->result, CLUSTER_ISR_DONE);
    ck_assert_int_eq(a->version, 2);
    ck_assert_uint_eq(a->isr_count, 2);
    ck_assert_str_eq(rig_state_text(r, "t", 0), "1 e0 v2 [1,3] min 2");
    ck_assert_int_eq(ask(1, 3, 1, 2)->result, CLUSTER_ISR_DONE);
    ck_assert_str_eq(rig_state_text(r, "t", 0), "1 e0 v3 [1,2,3] min 2");
    /* What stands there already is done, and writes nothing. */
    ck_assert_int_eq(ask(1, 1, 2, 3)->result, CLUSTER_ISR_DONE);
    ck_assert_str_eq(rig_state_text(r, "t", 0), "1 e0 v3 [1,2,3] min 2");
    rig_free(r);
}
END_TEST

START_TEST(what_does_not_fit_is_refused)
{
    begin(2);
    ck_assert_int_eq(ask(2, 2, 3, 0)->result, CLUSTER_ISR_REFUSED); /* not the leader */
    ck_assert_int_eq(ask(1, 2, 3, 0)->result, CLUSTER_ISR_REFUSED); /* without the leader */
    ck_assert_int_eq(ask(1, 1, 1, 0)->result, CLUSTER_ISR_REFUSED); /* twice */
    ck_assert_str_eq(rig_state_text(r, "t", 0), "1 e0 v1 [1,2,3] min 2");
    rig_free(r);
}
END_TEST

static void ask_raw(int32_t leader_epoch, int32_t version, struct uuid topic)
{
    struct controller_event e = {.kind = CONTROLLER_EV_ISR_CHANGE};
    e.u.isr_change = (struct cluster_isr_change){
        .request = 1,
        .id = {topic, 0},
        .leader_epoch = leader_epoch,
        .version = version,
        .isr_count = 1,
        .isr = {{1, rig_broker(r, 1)->incarnation}},
    };
    rig_broker(r, 1)->isr_replies = 0;
    rig_say(r, 1, &e);
}

START_TEST(other_numbers_are_refused_or_unknown)
{
    begin(3);
    struct uuid id = rig_topic_id(r, "t"), other = id;
    other.bytes[3] ^= 1;
    ask_raw(0, 0, id);
    ck_assert_int_eq(answered(1)->result, CLUSTER_ISR_REFUSED);
    ask_raw(0, 7, id);
    ck_assert_int_eq(answered(1)->result, CLUSTER_ISR_UNKNOWN);
    ask_raw(3, 1, id);
    ck_assert_int_eq(answered(1)->result, CLUSTER_ISR_UNKNOWN);
    ask_raw(0, 1, other);
    ck_assert_int_eq(answered(1)->result, CLUSTER_ISR_REFUSED);
    ck_assert_int_eq(rig_broker(r, 1)->isr_reply.version, -1);
    ck_assert_str_eq(rig_state_text(r, "t", 0), "1 e0 v1 [1,2,3] min 2");
    rig_free(r);
}
END_TEST

static const struct cluster_isr_reply *ask_as(uint64_t request, int32_t member)
{
    struct controller_event e = {.kind = CONTROLLER_EV_ISR_CHANGE};
    e.u.isr_change = (struct cluster_isr_change){
        .request = request,
        .id = {rig_topic_id(r, "t"), 0},
        .version = 1,
        .isr_count = 2,
        .isr = {{1, rig_broker(r, 1)->incarnation}, {member, rig_broker(r, member)->incarnation}},
    };
    rig_broker(r, 1)->isr_replies = 0;
    rig_say(r, 1, &e);
    return answered(1);
}

/* Who heard "refused" counts on the ISR without the change: no copy that comes later may be done.
 */
START_TEST(what_was_refused_stays_refused)
{
    begin(12);
    ck_assert_int_eq(ask_as(9, 1)->result, CLUSTER_ISR_REFUSED); /* a member twice */
    ck_assert_int_eq(ask_as(9, 2)->result, CLUSTER_ISR_REFUSED);
    ck_assert_int_eq(ask_as(8, 2)->result, CLUSTER_ISR_REFUSED);
    ck_assert_str_eq(rig_state_text(r, "t", 0), "1 e0 v1 [1,2,3] min 2");
    ck_assert_int_eq(ask_as(10, 2)->result, CLUSTER_ISR_DONE);
    rig_free(r);
}
END_TEST

START_TEST(a_topic_made_anew_refuses_the_old_ones_request)
{
    begin(4);
    struct uuid old = rig_topic_id(r, "t");
    struct controller_event e = {.kind = CONTROLLER_EV_DELETE_TOPIC};
    e.u.delete_topic.name = VIEW_LITERAL("t");
    ck_assert_int_eq(rig_wait_answer(r, rig_admin(r, &e))->result, CONTROLLER_OK);
    rig_run(r, 200);
    ck_assert(!rig_exists(r, "/brokers/topics/t"));
    static const int32_t replicas[] = {1, 2, 3};
    ck_assert_int_eq(rig_wait_answer(r, rig_create_assigned(r, "t", replicas, 3))->result,
                     CONTROLLER_OK);
    rig_settle(r);
    ask_raw(0, 1, old);
    ck_assert_int_eq(answered(1)->result, CLUSTER_ISR_REFUSED);
    ck_assert_str_eq(rig_state_text(r, "t", 0), "1 e0 v1 [1,2,3] min 2");
    rig_free(r);
}
END_TEST

/* The leader counted acknowledgements of the process before. */
START_TEST(a_joiner_that_was_restarted_is_refused)
{
    begin(5);
    ck_assert_int_eq(ask(1, 1, 2, 0)->result, CLUSTER_ISR_DONE);
    uint64_t before = rig_broker(r, 3)->incarnation;
    rig_restart(r, 3);
    rig_until(r, rig_all_in, 20000, "broker 3 in");
    rig_settle(r);
    uint64_t after = rig_broker(r, 3)->incarnation;
    ck_assert(before != after);
    rig_broker(r, 3)->incarnation = before;
    int32_t isr[] = {1, 2, 3};
    rig_broker(r, 1)->isr_replies = 0;
    rig_ask_isr(r, 1, "t", 0, isr, 3);
    rig_broker(r, 3)->incarnation = after;
    ck_assert_int_eq(answered(1)->result, CLUSTER_ISR_REFUSED);
    ck_assert_int_eq(ask(1, 1, 2, 3)->result, CLUSTER_ISR_DONE);
    rig_free(r);
}
END_TEST

/* It registers anew while the request is on its way: only ZooKeeper knows, and its check of the
 * broker node's version says so. */
START_TEST(a_joiner_that_registers_meanwhile_is_refused_by_zookeeper)
{
    begin(6);
    ck_assert_int_eq(ask(1, 1, 2, 0)->result, CLUSTER_ISR_DONE);
    struct zk_model_node node;
    ck_assert(zk_model_find(r->zk, "/corduroy/brokers/3", &node));
    ck_assert(zk_model_put(r->zk, "/corduroy/brokers/3", node.data) == ZK_OK);
    rig_trace_clear(r);
    ck_assert_int_eq(ask(1, 1, 2, 3)->result, CLUSTER_ISR_REFUSED);
    rig_expect(r, "1: multi of 3 ops\n"
                  "1: partition t-0: broker 3 is not that process any more\n");
    /* It was the same process after all: the next time it may. */
    ck_assert_int_eq(ask(1, 1, 2, 3)->result, CLUSTER_ISR_DONE);
    rig_free(r);
}
END_TEST

START_TEST(a_joiner_that_is_shutting_down_is_refused)
{
    begin(7);
    ck_assert_int_eq(ask(1, 1, 2, 0)->result, CLUSTER_ISR_DONE);
    struct controller_event e = {.kind = CONTROLLER_EV_SHUTDOWN};
    rig_say(r, 3, &e);
    rig_run(r, 20);
    ck_assert_int_eq(ask(1, 1, 2, 3)->result, CLUSTER_ISR_REFUSED);
    rig_free(r);
}
END_TEST

START_TEST(a_request_waits_for_the_write_under_way)
{
    begin(8);
    int32_t first[] = {1, 2}, second[] = {1, 3};
    rig_broker(r, 1)->isr_replies = 0;
    rig_ask_isr(r, 1, "t", 0, first, 2);
    rig_ask_isr(r, 1, "t", 0, second, 2);
    rig_run(r, 50);
    ck_assert_uint_eq(rig_broker(r, 1)->isr_replies, 2);
    ck_assert_int_eq(rig_broker(r, 1)->isr_reply.result, CLUSTER_ISR_REFUSED);
    ck_assert_str_eq(rig_state_text(r, "t", 0), "1 e0 v2 [1,2] min 2");
    rig_free(r);
}
END_TEST

static void lose(enum zk_break how)
{
    int32_t isr[] = {1, 2};
    rig_broker(r, 1)->isr_replies = 0;
    zk_client_break_at(rig_broker(r, 1)->zk, 0, how);
    rig_ask_isr(r, 1, "t", 0, isr, 2);
}

START_TEST(a_lost_reply_is_found_to_be_done)
{
    begin(9);
    ck_assert_int_eq(rig_active(r)->id, 1);
    rig_trace_clear(r);
    lose(ZK_BREAK_REPLY);
    ck_assert_int_eq(answered(1)->result, CLUSTER_ISR_DONE);
    rig_expect(r, "1: multi of 2 ops\n"
                  "1: partition t-0 isr change: the unknown outcome was done\n"
                  "1: partition t-0 isr change: leader 1 epoch 0 version 2 isr 1,2 min 2\n");
    ck_assert_str_eq(rig_state_text(r, "t", 0), "1 e0 v2 [1,2] min 2");
    rig_free(r);
}
END_TEST

/* The write was done, its reply lost, and what is read afterwards tells nothing: the leader must
 * go on counting with the ISR that it asked for. */
START_TEST(an_outcome_that_cannot_be_read_stays_unknown)
{
    static const char path[] = "/brokers/topics/t/partitions/0/state";
    struct zk_model_node node;
    begin(9);
    lose(ZK_BREAK_REPLY);
    for (int i = 0; i < 2000; i++) {
        ck_assert(zk_model_find(r->zk, path, &node));
        if (node.version == 2)
            break;
        rig_run(r, 1);
    }
    ck_assert_int_eq(node.version, 2);
    ck_assert_uint_eq(rig_broker(r, 1)->isr_replies, 0);
    ck_assert_int_eq(zk_model_put(r->zk, path, VIEW_LITERAL("{")), ZK_OK);
    ck_assert_int_eq(answered(1)->result, CLUSTER_ISR_UNKNOWN);
    rig_free(r);
}
END_TEST

START_TEST(a_lost_request_is_refused_for_good)
{
    begin(10);
    lose(ZK_BREAK_REQUEST);
    ck_assert_int_eq(answered(1)->result, CLUSTER_ISR_REFUSED);
    ck_assert_str_eq(rig_state_text(r, "t", 0), "1 e0 v1 [1,2,3] min 2");
    rig_free(r);
}
END_TEST

START_TEST(a_late_request_is_never_answered_wrongly)
{
    for (uint64_t seed = 1; seed <= 30; seed++) {
        begin(seed);
        lose(ZK_BREAK_LATE);
        enum cluster_isr_result result = answered(1)->result;
        rig_run(r, 2000);
        const char *state = rig_state_text(r, "t", 0);
        if (result == CLUSTER_ISR_DONE)
            ck_assert_str_eq(state, "1 e0 v2 [1,2] min 2");
        else
            ck_assert_str_eq(state, "1 e0 v1 [1,2,3] min 2");
        rig_free(r);
    }
}
END_TEST

START_TEST(a_changed_min_isr_is_a_fenced_write)
{
    begin(11);
    ck_assert(zk_model_put(r->zk, "/config/topics/t",
                           VIEW_LITERAL("{\"version\":1,\"config\":{\"min.insync.replicas\":"
                                        "\"3\"}}")) == ZK_OK);
    ck_assert(zk_model_put(r->zk, "/config/changes/config_change_0000000001",
                           VIEW_LITERAL("{\"version\":2,\"entity_path\":\"topics/t\"}")) == ZK_OK);
    rig_run(r, 100);
    rig_settle(r);
    ck_assert_str_eq(rig_state_text(r, "t", 0), "1 e0 v2 [1,2,3] min 3");
    ck_assert_int_eq(rig_told(r, 2, "t", 0)->min_isr, 3);
    struct uuid id = rig_topic_id(r, "t");
    struct rig_topic *t = map_get(&rig_broker(r, 3)->topics, MAP_KEY(id));
    ck_assert_str_eq(t->config, "min.insync.replicas=3\n");
    rig_free(r);
}
END_TEST

/* An operator, or a tool, wrote the node: it is read again, and its leader, whose process it does
 * not name, leads in a new epoch. */
START_TEST(a_state_that_others_wrote_is_not_written_over)
{
    static const int32_t isr[] = {1, 3};
    begin(13);
    ck_assert(zk_model_put(r->zk, "/brokers/topics/t/partitions/0/state",
                           VIEW_LITERAL("{\"version\":1,\"leader\":1,\"leader_epoch\":0,"
                                        "\"controller_epoch\":1,\"isr\":[1,2],\"min_isr\":2}")) ==
              ZK_OK);
    rig_broker(r, 1)->isr_replies = 0;
    rig_ask_isr(r, 1, "t", 0, isr, 2);
    ck_assert_int_ne(answered(1)->result, CLUSTER_ISR_DONE);
    ck_assert_str_eq(rig_state_text(r, "t", 0), "1 e1 v3 [1,2] min 2");
    rig_free(r);
}
END_TEST

SUITE_MAIN("controller_isr", shrink_and_grow_keep_the_epoch, what_does_not_fit_is_refused,
           other_numbers_are_refused_or_unknown, what_was_refused_stays_refused,
           a_topic_made_anew_refuses_the_old_ones_request, a_joiner_that_was_restarted_is_refused,
           a_joiner_that_registers_meanwhile_is_refused_by_zookeeper,
           a_joiner_that_is_shutting_down_is_refused, a_request_waits_for_the_write_under_way,
           a_lost_reply_is_found_to_be_done, an_outcome_that_cannot_be_read_stays_unknown,
           a_lost_request_is_refused_for_good, a_late_request_is_never_answered_wrongly,
           a_changed_min_isr_is_a_fenced_write, a_state_that_others_wrote_is_not_written_over)
