/* SPDX-License-Identifier: Apache-2.0 */
#include "broker/zk/registrar.h"
#include "tests/lib/zk_contract.h"
#include "tests/lib/zk_tester.h"

/* A broker's registrar in front of whatever is tested: the multi of the registration, its watches,
 * the end of a session. The many ways in which it can go wrong are tested in
 * tests/unit/test_registrar.c; here nothing is waited for by a timer. */

struct process {
    struct registrar_config config;
    struct znode_endpoint endpoint;
    struct registrar *registrar;
    void *client;
    uint64_t number; /* for random numbers */
    uint64_t incarnation, previous;
    int64_t broker_epoch;
    unsigned registered, unregistered;
};

static void step(struct process *p, struct registrar_event e)
{
    const struct registrar_action *actions;
    uint64_t persist = 0;
    uint32_t count;

    for (int i = 0; i < 4; i++)
        e.random[i] = ++p->number * UINT64_C(0x9e3779b97f4a7c15);
    actions = registrar_step(p->registrar, &e, &count);
    for (uint32_t i = 0; i < count; i++) {
        const struct registrar_action *a = &actions[i];

        ck_assert_msg(a->kind != REGISTRAR_HALT, "%.*s", (int)a->text.size,
                      (const char *)a->text.base);
        if (a->kind == REGISTRAR_ZK) {
            tester_zk->ops->submit(p->client, a->request + 1, a->ops, a->op_count);
        } else if (a->kind == REGISTRAR_PERSIST) {
            persist = a->request;
        } else if (a->kind == REGISTRAR_UNREGISTERED) {
            p->incarnation = 0;
            p->unregistered++;
        } else if (a->kind == REGISTRAR_REGISTERED) {
            p->incarnation = a->incarnation;
            p->previous = a->previous;
            p->broker_epoch = a->broker_epoch;
            p->registered++;
        }
    }
    if (persist)
        step(p, (struct registrar_event){.kind = REGISTRAR_PERSISTED, .request = persist});
}

static void hear(void *owner, const struct event *event)
{
    struct process *p = owner;
    struct registrar_event e = {.kind = REGISTRAR_WATCH};

    if (!p->registrar)
        return;
    if (event->kind == EV_ZK_SESSION) {
        e.kind = REGISTRAR_SESSION;
        e.state = event->u.session.state;
        e.session = event->u.session.id;
    } else if (event->kind == EV_ZK_REPLY) {
        e.kind = REGISTRAR_REPLY;
        e.request = event->token - 1;
        e.results = event->u.reply.results;
        e.count = event->u.reply.count;
        e.unknown = event->u.reply.unknown;
    } else {
        e.path = event->u.watch.path;
    }
    step(p, e);
}

static struct process *process_start(uint64_t number)
{
    /* Of static storage: what is heard after its end finds it there. */
    static struct process processes[8];
    static unsigned count;
    struct process *p = &processes[count++ % 8];

    *p = (struct process){.number = number};
    p->endpoint = (struct znode_endpoint){VIEW_LITERAL("PLAINTEXT"), VIEW_LITERAL("PLAINTEXT"),
                                          VIEW_LITERAL("host"), 9092};
    p->config = (struct registrar_config){
        .broker = 7, .session_timeout_ms = ZK_TEST_SESSION_MS, .storage_id = {{1}}};
    p->config.registration = (struct znode_registration){.endpoints = &p->endpoint,
                                                         .endpoint_count = 1,
                                                         .jmx_port = -1,
                                                         .cluster_host = VIEW_LITERAL("host"),
                                                         .cluster_port = 1,
                                                         .shard_count = 1};
    p->registrar = registrar_new(&p->config);
    p->client = tester_zk->ops->client_new(tester_zk, tester_root, hear, p);
    tester_zk->ops->open(p->client, true);
    return p;
}

static void process_end(struct process *p)
{
    registrar_free(p->registrar);
    p->registrar = NULL;
}

static void wait_registered(struct process *p, unsigned times)
{
    while (p->registered < times || p->incarnation == 0)
        tester_turn("the registration");
}

START_TEST(a_broker_registers_and_registers_again)
{
    struct process *first = process_start(1), *second;
    struct tester *t;
    struct zk_result r;
    uint64_t incarnation;

    wait_registered(first, 1);
    t = tester_open(tester_root);
    tester_must(t, OP(ZK_SYNC, "/"));
    r = tester_run_one(t, OP(ZK_GET, "/brokers/ids/7"));
    ck_assert_int_eq(r.czxid, first->broker_epoch);
    ck_assert_int_ne(r.owner, 0);
    tester_must(t, OP(ZK_GET, "/cluster/id"));
    /* Killed and started again: its ghost is in the tree, and in nobody's way. */
    incarnation = first->incarnation;
    tester_zk->ops->client_kill(first->client);
    second = process_start(1000);
    wait_registered(second, 1);
    ck_assert_uint_eq(second->previous, incarnation);
    ck_assert_int_gt(second->broker_epoch, first->broker_epoch);
    tester_must(t, OP(ZK_SYNC, "/"));
    ck_assert_int_eq(tester_run_one(t, OP(ZK_GET, "/brokers/ids/7")).czxid, second->broker_epoch);
    process_end(first);
    process_end(second);
    tester_free(t);
}
END_TEST

START_TEST(a_broker_declared_dead_registers_anew)
{
    struct process *p = process_start(1);
    struct tester *t;
    struct arena arena = ARENA_INIT;
    struct znode_broker_node node;
    struct zk_result r;
    uint64_t incarnation;

    wait_registered(p, 1);
    incarnation = p->incarnation;
    t = tester_open(tester_root);
    tester_must(t, OP(ZK_SYNC, "/"));
    r = tester_run_one(t, OP(ZK_GET, "/corduroy/brokers/7"));
    ck_assert_int_eq(znode_broker_node_parse(r.data, &arena, &node), ZNODE_OK);
    ck_assert_uint_eq(node.incarnation, incarnation);
    node.state = ZNODE_BROKER_OUT;
    {
        struct zk_op dead[] = {OP(ZK_SET, "/corduroy/brokers/7", .version = r.version,
                                  .data = znode_broker_node_print(&node, &arena)),
                               OP(ZK_DELETE, "/brokers/ids/7", .version = -1)};

        ck_assert_int_eq(tester_run(t, dead, 2).results[1].error, ZK_OK);
    }
    wait_registered(p, 2);
    ck_assert_uint_eq(p->unregistered, 1);
    ck_assert_uint_eq(p->previous, incarnation);
    arena_reset(&arena);
    process_end(p);
    tester_free(t);
}
END_TEST

START_TEST(a_registration_with_a_lost_reply_is_found_after_the_reconnect)
{
    struct process *p = process_start(1);

    wait_registered(p, 1);
    tester_zk->ops->client_kill(p->client);
    process_end(p);
    p = process_start(1000);
    /* Sync, cluster id, 21 paths, three reads: then the multi. */
    tester_zk->ops->fault_at(p->client, 26, ZK_FAULT_REPLY);
    wait_registered(p, 1);
    ck_assert_uint_eq(p->unregistered, 0);
    process_end(p);
}
END_TEST

void zk_contract_add_registrar_tests(TCase *tc)
{
    tcase_add_test(tc, a_broker_registers_and_registers_again);
    tcase_add_test(tc, a_broker_declared_dead_registers_anew);
    tcase_add_test(tc, a_registration_with_a_lost_reply_is_found_after_the_reconnect);
}
