/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/sim/zk_model.h"

#include "tests/lib/schedule.h"
#include "tests/lib/suite.h"

/* What only the model can show on command: servers that lag, requests that are executed late, an
 * ensemble without a quorum. The rest is in tests/lib/zk_contract.c. */

struct heard {
    enum zk_session_state state;
    uint32_t generation, lost, expired;
    token answered;
    bool unknown;
    enum zk_error error;
    int32_t version;
};
static struct schedule schedule;
static struct zk_model *model;

static void hear(void *owner, const struct event *event)
{
    struct heard *h = owner;

    if (event->kind == EV_ZK_SESSION) {
        h->state = event->u.session.state;
        h->generation = event->u.session.generation;
        h->lost += h->state == ZK_LOST;
        h->expired += h->state == ZK_EXPIRED;
    } else if (event->kind == EV_ZK_REPLY) {
        h->answered = event->token;
        h->unknown = event->u.reply.unknown;
        if (!h->unknown) {
            h->error = event->u.reply.results[0].error;
            h->version = event->u.reply.results[0].version;
        }
    }
}

static void begin(uint64_t seed)
{
    struct zk_scheduler scheduler = {&schedule, schedule_now_ns, schedule_after, schedule_random};

    schedule_init(&schedule, seed);
    model = zk_model_new(&scheduler, &zk_model_options_default);
}

static void end(void)
{
    zk_model_free(model);
    schedule_deinit(&schedule);
}

static void wait_up(const struct heard *h)
{
    while (h->state != ZK_UP)
        ck_assert(schedule_step(&schedule));
}

static struct zk_client *connect_to(struct heard *h, int server)
{
    struct zk_client *c = zk_client_new(model, "", 6000, hear, h);

    *h = (struct heard){.state = ZK_LOST};
    zk_client_prefer(c, server);
    zk_client_open(c, true);
    wait_up(h);
    return c;
}

static void run(struct zk_client *c, struct heard *h, struct zk_op op)
{
    h->answered = 0;
    zk_client_submit(c, 7, &op, 1);
    while (h->answered != 7)
        ck_assert(schedule_step(&schedule));
}

#define PATH VIEW_LITERAL("/a")

/* A read without a sync may come from a server that lags, and proves nothing. */
START_TEST(a_read_may_be_old_and_a_sync_makes_it_new)
{
    struct heard a, b;
    struct zk_client *writer, *reader;

    begin((uint64_t)_i);
    writer = connect_to(&a, 0);
    reader = connect_to(&b, 1);
    run(writer, &a, (struct zk_op){.kind = ZK_CREATE, .path = PATH});
    run(reader, &b, (struct zk_op){.kind = ZK_SYNC, .path = PATH});
    zk_model_lag(model, 1, UINT64_C(2000000000));
    run(writer, &a, (struct zk_op){.kind = ZK_SET, .path = PATH});
    run(reader, &b, (struct zk_op){.kind = ZK_GET, .path = PATH});
    ck_assert_int_eq(b.version, 0);
    run(reader, &b, (struct zk_op){.kind = ZK_SYNC, .path = PATH});
    run(reader, &b, (struct zk_op){.kind = ZK_GET, .path = PATH});
    ck_assert_int_eq(b.version, 1);
    end();
}
END_TEST

/* The write is done, its reply is lost, and the next server does not know of it yet. */
START_TEST(a_lost_reply_may_look_undone_on_the_next_server)
{
    struct heard h;
    struct zk_client *c;

    begin((uint64_t)_i);
    c = connect_to(&h, 0);
    run(c, &h, (struct zk_op){.kind = ZK_CREATE, .path = PATH});
    while (schedule.now_ns < UINT64_C(1000000000) && schedule_step(&schedule))
        ;
    zk_model_lag(model, 1, UINT64_C(3000000000));
    zk_client_prefer(c, 1);
    zk_client_break_at(c, 0, _i % 2 ? ZK_BREAK_REPLY : ZK_BREAK_LATE);
    run(c, &h, (struct zk_op){.kind = ZK_SET, .path = PATH});
    ck_assert(h.unknown);
    wait_up(&h);
    run(c, &h, (struct zk_op){.kind = ZK_GET, .path = PATH});
    ck_assert_int_eq(h.version, 0);
    run(c, &h, (struct zk_op){.kind = ZK_SYNC, .path = PATH});
    run(c, &h, (struct zk_op){.kind = ZK_GET, .path = PATH});
    ck_assert_int_eq(h.version, 1);
    ck_assert_uint_eq(h.generation, 1);
    end();
}
END_TEST

/* A server that is behind what the client has seen is not connected to. */
START_TEST(a_client_never_goes_back)
{
    struct heard h;
    struct zk_client *c;
    struct zk_model_node node;

    begin((uint64_t)_i);
    c = connect_to(&h, 0);
    zk_model_lag(model, 2, UINT64_C(1000000000));
    run(c, &h, (struct zk_op){.kind = ZK_CREATE, .path = PATH});
    zk_client_prefer(c, 2);
    zk_client_disconnect(c);
    while (h.state != ZK_LOST)
        ck_assert(schedule_step(&schedule));
    wait_up(&h);
    run(c, &h, (struct zk_op){.kind = ZK_GET, .path = PATH});
    ck_assert_int_eq(h.error, ZK_OK);
    ck_assert(zk_model_find(model, "/a", &node));
    end();
}
END_TEST

START_TEST(without_a_quorum_nobody_expires)
{
    struct heard h;
    struct zk_client *c;
    struct zk_model_node node;
    uint64_t until;

    begin((uint64_t)_i);
    c = connect_to(&h, -1);
    run(c, &h, (struct zk_op){.kind = ZK_CREATE, .path = PATH, .ephemeral = true});
    zk_model_down(model, 1, true);
    zk_model_down(model, 2, true);
    until = schedule.now_ns + UINT64_C(60000000000);
    while (schedule.now_ns < until)
        ck_assert(schedule_step(&schedule));
    ck_assert_int_eq(h.state, ZK_LOST);
    ck_assert(zk_model_find(model, "/a", &node));
    zk_model_down(model, 1, false);
    wait_up(&h);
    ck_assert_uint_eq(h.generation, 1);
    ck_assert_uint_eq(h.expired, 0);
    ck_assert_int_eq(node.owner, zk_client_session(c));
    end();
}
END_TEST

START_TEST(an_expired_session_loses_its_ephemerals)
{
    struct heard h;
    struct zk_client *c;
    struct zk_model_node node;

    begin((uint64_t)_i);
    c = connect_to(&h, -1);
    run(c, &h, (struct zk_op){.kind = ZK_CREATE, .path = PATH, .ephemeral = true});
    zk_client_expire(c);
    while (h.generation != 2)
        ck_assert(schedule_step(&schedule));
    ck_assert(!zk_model_find(model, "/a", &node));
    ck_assert_uint_eq(h.lost, 1);
    ck_assert_uint_eq(h.expired, 1);
    end();
}
END_TEST

static uint64_t trace(uint64_t seed)
{
    struct heard h;
    struct zk_client *c;
    uint64_t hash = 0;

    begin(seed);
    c = connect_to(&h, -1);
    for (int i = 0; i < 200; i++) {
        token name = (token)i + 1;

        zk_client_submit(c, name,
                         &(struct zk_op){.kind = ZK_CREATE, .sequential = true, .path = PATH}, 1);
        if (i % 17 == 0)
            zk_client_disconnect(c);
        if (i % 50 == 49)
            zk_client_expire(c);
        for (int k = 0; k < 5; k++)
            schedule_step(&schedule);
        hash = hash * 31 + schedule.now_ns + h.answered + (h.unknown ? 7 : 0);
    }
    hash = hash * 31 + zk_model_counts(model).writes;
    ck_assert_uint_gt(zk_model_counts(model).unknown, 0);
    end();
    return hash;
}

START_TEST(a_seed_repeats_a_run)
{
    ck_assert_uint_eq(trace(5), trace(5));
    ck_assert_uint_ne(trace(5), trace(6));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("zk_model");
    TCase *tc = tcase_create("zk_model");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_set_timeout(tc, SUITE_TIMEOUT_S);
    tcase_add_loop_test(tc, a_read_may_be_old_and_a_sync_makes_it_new, 0, 10);
    tcase_add_loop_test(tc, a_lost_reply_may_look_undone_on_the_next_server, 0, 20);
    tcase_add_loop_test(tc, a_client_never_goes_back, 0, 10);
    tcase_add_loop_test(tc, without_a_quorum_nobody_expires, 0, 10);
    tcase_add_loop_test(tc, an_expired_session_loses_its_ephemerals, 0, 10);
    tcase_add_test(tc, a_seed_repeats_a_run);
    suite_add_tcase(suite, tc);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? 1 : 0;
}
