/* SPDX-License-Identifier: Apache-2.0 */
#include "broker/zk/registrar.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/memory.h"
#include "tests/lib/schedule.h"
#include "tests/sim/zk_model.h"

/* Registrars against the model of ZooKeeper: a host is one process with its directories' marker. */

#define HOSTS 3
#define SECOND UINT64_C(1000000000)

struct disk { /* survives the process */
    struct uuid storage_id;
    uint64_t marker[2];
    char cluster_id[32];
};
struct host {
    const char *name;
    struct disk *disk;
    struct registrar_config config;
    struct znode_endpoint endpoint;
    struct registrar *registrar;
    struct zk_client *client;
    uint64_t timer; /* the number of the one set last */
    uint64_t incarnation, previous;
    int64_t broker_epoch;
    enum znode_broker_state state;
    unsigned registered, unregistered, persisted;
    bool persisting;
    uint64_t persist_ns;
    char halted[600];
};
static struct schedule schedule;
static struct zk_model *model;
static struct host hosts[HOSTS];
static struct disk disks[HOSTS];
static struct arena arena;

/* ---- a host ---- */

static void step(struct host *h, struct registrar_event e);

struct later {
    struct host *host;
    struct registrar *registrar; /* of that process */
    struct registrar_event event;
    uint64_t timer;
};

static void happen(void *arg)
{
    struct later *l = arg, copy = *l;

    free(l);
    if (copy.host->registrar != copy.registrar || copy.host->halted[0])
        return;
    if (copy.event.kind == REGISTRAR_PERSISTED)
        copy.host->persisting = false;
    if (copy.event.kind != REGISTRAR_TIMER || copy.timer == copy.host->timer)
        step(copy.host, copy.event);
}

static void later(struct host *h, uint64_t delay_ns, struct registrar_event e)
{
    struct later *l = xcalloc(1, sizeof *l);

    *l = (struct later){h, h->registrar, e, h->timer};
    schedule_after(&schedule, delay_ns, happen, l);
}

/* What was synced may be believed: the marker is written before the answer. */
static void persist(struct host *h, const struct registrar_action *a)
{
    ck_assert(!h->persisting);
    h->persisting = true;
    h->persisted++;
    h->disk->marker[0] = a->previous;
    h->disk->marker[1] = a->incarnation;
    snprintf(h->disk->cluster_id, sizeof h->disk->cluster_id, "%.*s", (int)a->cluster_id.size,
             (const char *)a->cluster_id.base);
    later(h, h->persist_ns,
          (struct registrar_event){.kind = REGISTRAR_PERSISTED, .request = a->request});
}

static void carry_out(struct host *h, const struct registrar_action *a)
{
    switch (a->kind) {
    case REGISTRAR_ZK:
        zk_client_submit(h->client, a->request + 1, a->ops, a->op_count);
        break;
    case REGISTRAR_PERSIST:
        persist(h, a);
        break;
    case REGISTRAR_REGISTERED:
        ck_assert_uint_eq(h->incarnation, 0);
        ck_assert_uint_eq(a->incarnation, h->disk->marker[1]);
        ck_assert_int_gt(a->broker_epoch, h->broker_epoch);
        h->incarnation = a->incarnation;
        h->previous = a->previous;
        h->broker_epoch = a->broker_epoch;
        h->state = a->broker_state;
        h->registered++;
        break;
    case REGISTRAR_UNREGISTERED:
        ck_assert_uint_eq(a->incarnation, h->incarnation);
        h->incarnation = 0;
        h->unregistered++;
        break;
    case REGISTRAR_STATE:
        h->state = a->broker_state;
        break;
    case REGISTRAR_TIMER_SET:
        h->timer++;
        if (a->after_ms)
            later(h, a->after_ms * UINT64_C(1000000),
                  (struct registrar_event){.kind = REGISTRAR_TIMER});
        break;
    case REGISTRAR_SAY:
        break;
    case REGISTRAR_HALT:
        snprintf(h->halted, sizeof h->halted, "%.*s", (int)a->text.size,
                 (const char *)a->text.base);
        zk_client_kill(h->client);
        break;
    }
}

static void step(struct host *h, struct registrar_event e)
{
    const struct registrar_action *actions;
    uint32_t count;

    for (int i = 0; i < 4; i++)
        e.random[i] = schedule_random(&schedule);
    e.wall_ms = (int64_t)(schedule.now_ns / 1000000);
    actions = registrar_step(h->registrar, &e, &count);
    for (uint32_t i = 0; i < count; i++)
        carry_out(h, &actions[i]);
}

static void hear(void *owner, const struct event *event)
{
    struct host *h = owner;
    struct registrar_event e = {0};

    if (h->halted[0])
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
        e.kind = REGISTRAR_WATCH;
        e.path = event->u.watch.path;
    }
    step(h, e);
}

static struct host *host_init(int i, int32_t broker, struct disk *disk)
{
    static const char *const names[HOSTS] = {"host0", "host1", "host2"};
    struct host *h = &hosts[i];

    *h = (struct host){.name = names[i], .disk = disk, .persist_ns = 3000000};
    h->endpoint = (struct znode_endpoint){VIEW_LITERAL("PLAINTEXT"), VIEW_LITERAL("PLAINTEXT"),
                                          view_of(names[i]), 9092};
    h->config = (struct registrar_config){.broker = broker,
                                          .session_timeout_ms = 6000,
                                          .storage_id = disk->storage_id,
                                          .directory_ids = &disk->storage_id,
                                          .directory_count = 1};
    h->config.registration = (struct znode_registration){.endpoints = &h->endpoint,
                                                         .endpoint_count = 1,
                                                         .jmx_port = -1,
                                                         .cluster_host = view_of(names[i]),
                                                         .cluster_port = 19092,
                                                         .shard_count = 1};
    return h;
}

static void host_start(struct host *h)
{
    h->config.cluster_id = h->disk->cluster_id[0] ? view_of(h->disk->cluster_id) : VIEW_NULL;
    h->incarnation = 0;
    h->broker_epoch = 0;
    h->persisting = false;
    h->halted[0] = '\0';
    h->registrar = registrar_new(&h->config);
    h->client = zk_client_new(model, "/chroot/deep", 6000, hear, h);
    zk_client_open(h->client, true);
}

static void host_kill(struct host *h)
{
    if (!h->halted[0])
        zk_client_kill(h->client);
    registrar_free(h->registrar);
    h->registrar = NULL;
}

static void host_restart(struct host *h)
{
    host_kill(h);
    host_start(h);
}

static void begin(uint64_t seed)
{
    struct zk_scheduler scheduler = {&schedule, schedule_now_ns, schedule_after, schedule_random};

    schedule_init(&schedule, seed);
    model = zk_model_new(&scheduler, &zk_model_options_default);
    arena = ARENA_INIT;
    memset(hosts, 0, sizeof hosts);
    memset(disks, 0, sizeof disks);
    for (uint8_t i = 0; i < HOSTS; i++)
        disks[i].storage_id = (struct uuid){{1, i}};
}

static void end(void)
{
    for (int i = 0; i < HOSTS; i++)
        registrar_free(hosts[i].registrar);
    for (size_t i = 0; i < schedule.count; i++)
        if (schedule.heap[i].run == happen)
            free(schedule.heap[i].arg);
    zk_model_free(model);
    schedule_deinit(&schedule);
    arena_reset(&arena);
}

static void nothing(void *arg)
{
    (void)arg;
}

static void run_for(uint64_t ns)
{
    uint64_t until = schedule.now_ns + ns;

    /* So that the clock stops there, not at what comes next. */
    schedule_after(&schedule, ns, nothing, NULL);
    while (schedule.now_ns < until && schedule_step(&schedule))
        ;
}

static void wait_registered(struct host *h)
{
    uint64_t until = schedule.now_ns + 120 * SECOND;

    while (h->incarnation == 0 && !h->halted[0]) {
        ck_assert(schedule_step(&schedule));
        ck_assert_msg(schedule.now_ns < until, "%s was never registered", h->name);
    }
    ck_assert_msg(!h->halted[0], "%s halted: %s", h->name, h->halted);
}

static void wait_halted(struct host *h)
{
    uint64_t until = schedule.now_ns + 120 * SECOND;

    while (!h->halted[0]) {
        ck_assert(schedule_step(&schedule));
        ck_assert_msg(schedule.now_ns < until, "%s never halted", h->name);
    }
}

/* ---- the tree ---- */

static bool find(const char *path, struct zk_model_node *ret)
{
    return zk_model_find(model, arena_printf(&arena, "/chroot/deep%s", path), ret);
}

static struct znode_broker_node broker_node(int32_t broker)
{
    struct zk_model_node n;
    struct znode_broker_node b;

    ck_assert(find((const char *)znode_path_broker_node(&arena, broker).base, &n));
    ck_assert_int_eq(znode_broker_node_parse(n.data, &arena, &b), ZNODE_OK);
    return b;
}

static bool find_id(int32_t broker, struct zk_model_node *ret)
{
    return find((const char *)znode_path_broker_id(&arena, broker).base, ret);
}

/* ZooKeeper knows this host as it knows itself. */
static void assert_known(const struct host *h)
{
    struct znode_broker_node b = broker_node(h->config.broker);
    struct znode_registration id;
    struct zk_model_node n;

    ck_assert_uint_ne(h->incarnation, 0);
    ck_assert_uint_eq(b.incarnation, h->incarnation);
    ck_assert(uuid_equal(b.storage_id, h->disk->storage_id));
    ck_assert(find_id(h->config.broker, &n));
    ck_assert_int_eq(n.czxid, h->broker_epoch);
    ck_assert_int_eq(n.owner, zk_client_session(h->client));
    ck_assert_int_eq(znode_registration_parse(n.data, &arena, &id), ZNODE_OK);
    ck_assert_uint_eq(id.incarnation, h->incarnation);
}

static void put_state(int32_t broker, enum znode_broker_state state, bool delete_id)
{
    struct znode_broker_node b = broker_node(broker);
    const char *path = arena_printf(&arena, "/chroot/deep%s",
                                    (const char *)znode_path_broker_node(&arena, broker).base);

    b.state = state;
    zk_model_put(model, path, znode_broker_node_print(&b, &arena));
    if (delete_id)
        zk_model_delete(model, arena_printf(&arena, "/chroot/deep/brokers/ids/%d", broker));
}

/* ---- the ordinary course ---- */

START_TEST(the_first_broker_makes_everything)
{
    static const char *const paths[] = {"/consumers",
                                        "/brokers/ids",
                                        "/brokers/topics",
                                        "/config/changes",
                                        "/admin/delete_topics",
                                        "/brokers/seqid",
                                        "/isr_change_notification",
                                        "/latest_producer_id_block",
                                        "/log_dir_event_notification",
                                        "/config/topics",
                                        "/config/clients",
                                        "/config/users",
                                        "/config/brokers",
                                        "/config/ips",
                                        "/corduroy/brokers"};
    struct host *h;
    struct zk_model_node n;
    struct view id;

    begin(1);
    h = host_init(0, 1, &disks[0]);
    host_start(h);
    wait_registered(h);
    assert_known(h);
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        ck_assert_msg(find(paths[i], &n), "%s is missing", paths[i]);
        ck_assert_ptr_null(n.data.base);
    }
    ck_assert(find("/cluster/id", &n));
    ck_assert_int_eq(znode_cluster_id_parse(n.data, &arena, &id), ZNODE_OK);
    ck_assert(view_equal(id, view_of(h->disk->cluster_id)));
    ck_assert_uint_eq(id.size, 22);
    ck_assert_uint_eq(h->previous, 0);
    ck_assert_int_eq(broker_node(1).state, ZNODE_BROKER_STARTING);
    ck_assert_uint_eq(broker_node(1).directory_count, 1);
    end();
}
END_TEST

START_TEST(brokers_that_start_together_agree_on_the_cluster)
{
    begin((uint64_t)_i);
    for (int i = 0; i < HOSTS; i++)
        host_start(host_init(i, i + 1, &disks[i]));
    for (int i = 0; i < HOSTS; i++)
        wait_registered(&hosts[i]);
    for (int i = 0; i < HOSTS; i++) {
        assert_known(&hosts[i]);
        ck_assert_str_eq(disks[i].cluster_id, disks[0].cluster_id);
    }
    end();
}
END_TEST

/* No waiting for its own ghost: its session has six seconds to live. */
START_TEST(a_restart_does_not_wait_for_its_ghost)
{
    struct host *h;
    uint64_t first, at;

    begin((uint64_t)_i);
    h = host_init(0, 1, &disks[0]);
    host_start(h);
    wait_registered(h);
    first = h->incarnation;
    at = schedule.now_ns;
    host_restart(h);
    wait_registered(h);
    ck_assert_uint_lt(schedule.now_ns, at + SECOND);
    assert_known(h);
    ck_assert_uint_ne(h->incarnation, first);
    ck_assert_uint_eq(h->previous, first);
    ck_assert_uint_eq(h->disk->marker[0], first);
    /* The ghost's session ends, and takes nothing with it. */
    run_for(20 * SECOND);
    assert_known(h);
    ck_assert_uint_eq(h->unregistered, 0);
    end();
}
END_TEST

START_TEST(an_expired_session_registers_anew)
{
    struct host *h;
    uint64_t first;

    begin((uint64_t)_i);
    h = host_init(0, 1, &disks[0]);
    host_start(h);
    wait_registered(h);
    first = h->incarnation;
    zk_client_expire(h->client);
    while (h->unregistered == 0)
        ck_assert(schedule_step(&schedule));
    wait_registered(h);
    ck_assert_uint_ne(h->incarnation, first);
    ck_assert_uint_eq(h->previous, first);
    assert_known(h);
    end();
}
END_TEST

/* A disk that takes longer than sessions live: markers are asked for one at a time. */
START_TEST(sessions_may_end_while_the_markers_are_written)
{
    struct host *h;

    begin((uint64_t)_i);
    h = host_init(0, 1, &disks[0]);
    h->persist_ns = 10 * SECOND;
    host_start(h);
    for (int i = 0; i < 3; i++) {
        run_for(2 * SECOND);
        zk_client_expire(h->client);
    }
    wait_registered(h);
    ck_assert_uint_eq(h->persisted, 2);
    ck_assert_uint_eq(h->incarnation, h->disk->marker[1]);
    assert_known(h);
    end();
}
END_TEST

START_TEST(a_lost_connection_changes_nothing)
{
    struct host *h;

    begin((uint64_t)_i);
    h = host_init(0, 1, &disks[0]);
    host_start(h);
    wait_registered(h);
    for (int i = 0; i < 5; i++) {
        zk_client_disconnect(h->client);
        run_for(SECOND / 2);
    }
    run_for(10 * SECOND);
    ck_assert_uint_eq(h->registered, 1);
    ck_assert_uint_eq(h->unregistered, 0);
    assert_known(h);
    end();
}
END_TEST

/* ---- declared dead, let in ---- */

START_TEST(a_broker_declared_dead_comes_back_as_another_incarnation)
{
    struct host *h;
    uint64_t first;

    begin((uint64_t)_i);
    h = host_init(0, 1, &disks[0]);
    host_start(h);
    wait_registered(h);
    first = h->incarnation;
    put_state(1, ZNODE_BROKER_IN, false);
    run_for(SECOND);
    ck_assert_int_eq(h->state, ZNODE_BROKER_IN);
    ck_assert_uint_eq(h->unregistered, 0);
    put_state(1, ZNODE_BROKER_OUT, true);
    while (h->unregistered == 0)
        ck_assert(schedule_step(&schedule));
    wait_registered(h);
    ck_assert_uint_ne(h->incarnation, first);
    ck_assert_uint_eq(h->previous, first);
    ck_assert_int_eq(h->state, ZNODE_BROKER_STARTING);
    assert_known(h);
    end();
}
END_TEST

START_TEST(a_hung_broker_finds_out_when_it_wakes)
{
    struct host *h;
    uint64_t first;

    begin((uint64_t)_i);
    h = host_init(0, 1, &disks[0]);
    host_start(h);
    wait_registered(h);
    first = h->incarnation;
    zk_client_cut(h->client, true);
    put_state(1, ZNODE_BROKER_OUT, true);
    run_for(3 * SECOND);
    zk_client_cut(h->client, false);
    while (h->unregistered == 0)
        ck_assert(schedule_step(&schedule));
    wait_registered(h);
    ck_assert_uint_ne(h->incarnation, first);
    assert_known(h);
    end();
}
END_TEST

START_TEST(an_ephemeral_deleted_by_hand_is_made_again)
{
    struct host *h;

    begin((uint64_t)_i);
    h = host_init(0, 1, &disks[0]);
    host_start(h);
    wait_registered(h);
    zk_model_delete(model, "/chroot/deep/brokers/ids/1");
    while (h->unregistered == 0)
        ck_assert(schedule_step(&schedule));
    wait_registered(h);
    assert_known(h);
    end();
}
END_TEST

START_TEST(failed_directories_are_written)
{
    static const struct uuid failed = {{7}};
    struct host *h;

    begin((uint64_t)_i);
    h = host_init(0, 1, &disks[0]);
    host_start(h);
    wait_registered(h);
    h->config.failed_directories = &failed;
    h->config.failed_count = 1;
    if (_i % 2)
        zk_client_break_at(h->client, (uint32_t)_i % 3, ZK_BREAK_REPLY);
    step(h, (struct registrar_event){.kind = REGISTRAR_FAILED});
    run_for(10 * SECOND);
    ck_assert_uint_eq(broker_node(1).failed_count, 1);
    ck_assert(uuid_equal(broker_node(1).failed_directories[0], failed));
    ck_assert_uint_eq(h->registered, 1);
    assert_known(h);
    end();
}
END_TEST

/* ---- who may not ---- */

START_TEST(another_host_with_the_same_id_is_refused)
{
    struct host *a, *b;
    uint64_t at;

    begin((uint64_t)_i);
    a = host_init(0, 1, &disks[0]);
    b = host_init(1, 1, &disks[1]);
    host_start(a);
    wait_registered(a);
    at = schedule.now_ns;
    host_start(b);
    wait_halted(b);
    ck_assert_uint_gt(schedule.now_ns, at + 6 * SECOND);
    ck_assert_msg(strstr(b->halted, "host0:9092"), "%s", b->halted);
    ck_assert_uint_eq(b->registered, 0);
    ck_assert_uint_eq(b->persisted, 0);
    assert_known(a);
    ck_assert_uint_eq(a->registered, 1);
    end();
}
END_TEST

START_TEST(a_replacement_waits_for_the_dead_ones_session)
{
    struct host *a, *b;

    begin((uint64_t)_i);
    a = host_init(0, 1, &disks[0]);
    b = host_init(1, 1, &disks[1]);
    host_start(a);
    wait_registered(a);
    host_kill(a);
    host_start(b);
    wait_registered(b);
    assert_known(b);
    end();
}
END_TEST

START_TEST(of_twins_the_newest_wins)
{
    struct host *a, *b;

    begin((uint64_t)_i);
    a = host_init(0, 1, &disks[0]);
    host_start(a);
    wait_registered(a);
    disks[1] = disks[0]; /* a cloned disk */
    b = host_init(1, 1, &disks[1]);
    host_start(b);
    wait_registered(b);
    wait_halted(a);
    ck_assert_msg(strstr(a->halted, "host1:9092"), "%s", a->halted);
    run_for(20 * SECOND);
    assert_known(b);
    ck_assert_uint_eq(b->unregistered, 0);
    end();
}
END_TEST

START_TEST(an_advertised_address_of_another_id_is_refused)
{
    struct host *a, *b;

    begin((uint64_t)_i);
    a = host_init(0, 1, &disks[0]);
    b = host_init(1, 2, &disks[1]);
    b->endpoint.host = VIEW_LITERAL("HOST0");
    host_start(a);
    wait_registered(a);
    host_start(b);
    wait_halted(b);
    ck_assert_msg(strstr(b->halted, "HOST0:9092"), "%s", b->halted);
    ck_assert_uint_eq(b->persisted, 0);
    end();
}
END_TEST

START_TEST(a_wiped_zookeeper_is_not_a_new_cluster)
{
    struct host *h;
    struct zk_model_node n;

    begin((uint64_t)_i);
    strcpy(disks[0].cluster_id, "Xv7e2FexRRSN4sLwnlJDsQ");
    h = host_init(0, 1, &disks[0]);
    host_start(h);
    wait_halted(h);
    ck_assert_msg(strstr(h->halted, "ZooKeeper was wiped"), "%s", h->halted);
    ck_assert(!find("/cluster/id", &n));
    end();
}
END_TEST

/* Also when it is wiped under a running broker that was the first of its cluster. */
START_TEST(a_zookeeper_wiped_while_running_is_noticed)
{
    struct host *h;

    begin((uint64_t)_i);
    h = host_init(0, 1, &disks[0]);
    host_start(h);
    wait_registered(h);
    zk_model_delete(model, "/chroot/deep/cluster/id");
    zk_client_expire(h->client);
    wait_halted(h);
    ck_assert_msg(strstr(h->halted, "ZooKeeper was wiped"), "%s", h->halted);
    end();
}
END_TEST

START_TEST(a_foreign_cluster_is_refused)
{
    struct host *h;

    begin((uint64_t)_i);
    zk_model_put(model, "/chroot/deep/cluster/id",
                 VIEW_LITERAL("{\"version\":\"1\",\"id\":\"DhQne6XgQuu5t9ZuZjexyg\"}"));
    strcpy(disks[0].cluster_id, "Xv7e2FexRRSN4sLwnlJDsQ");
    h = host_init(0, 1, &disks[0]);
    host_start(h);
    wait_halted(h);
    ck_assert_msg(strstr(h->halted, "wrong cluster") && strstr(h->halted, "DhQne6XgQuu5t9ZuZjexyg"),
                  "%s", h->halted);
    end();
}
END_TEST

/* ---- unknown outcomes at every request ---- */

#define REQUESTS_MAX 40

START_TEST(any_request_or_reply_may_be_lost)
{
    static const enum zk_break how[] = {ZK_BREAK_REQUEST, ZK_BREAK_REPLY, ZK_BREAK_LATE};
    struct host *h;

    for (int restart = 0; restart < 2; restart++) {
        begin((uint64_t)_i);
        h = host_init(0, 1, &disks[0]);
        host_start(h);
        if (restart) {
            wait_registered(h);
            host_restart(h);
        }
        zk_client_break_at(h->client, (uint32_t)_i / 3, how[_i % 3]);
        wait_registered(h);
        run_for(30 * SECOND);
        assert_known(h);
        ck_assert_uint_eq(h->unregistered, 0);
        ck_assert_uint_eq(h->registered, 1 + (unsigned)restart);
        end();
    }
}
END_TEST

/* The outcome of the registration itself is unknown: it is found out, not done twice. */
START_TEST(a_registration_whose_reply_was_lost_is_found)
{
    unsigned found = 0;

    for (uint32_t k = 0; k < REQUESTS_MAX; k++) {
        struct host *h;

        begin(k);
        h = host_init(0, 1, &disks[0]);
        host_start(h);
        zk_client_break_at(h->client, k, ZK_BREAK_REPLY);
        wait_registered(h);
        found += zk_model_counts(model).unknown > 0 && zk_model_counts(model).multis == 1;
        ck_assert_uint_eq(zk_model_counts(model).multis, 1);
        end();
    }
    ck_assert_uint_gt(found, 20);
}
END_TEST

START_TEST(in_the_end_each_broker_is_known)
{
    uint64_t until;

    begin((uint64_t)_i);
    for (int i = 0; i < HOSTS; i++)
        host_start(host_init(i, i + 1, &disks[i]));
    until = 60 * SECOND;
    while (schedule.now_ns < until) {
        struct host *h = &hosts[schedule_random(&schedule) % HOSTS];

        switch (schedule_random(&schedule) % 8) {
        case 0:
            zk_client_disconnect(h->client);
            break;
        case 1:
            zk_client_expire(h->client);
            break;
        case 2:
            host_restart(h);
            break;
        case 3:
            if (h->incarnation)
                put_state(h->config.broker, ZNODE_BROKER_OUT, true);
            break;
        case 4:
            zk_client_break_at(h->client, (uint32_t)schedule_random(&schedule) % 8,
                               (enum zk_break)(schedule_random(&schedule) % 3));
            break;
        case 5:
            zk_model_lag(model, 1, schedule_random(&schedule) % (SECOND / 2));
            break;
        default:
            break;
        }
        run_for(schedule_random(&schedule) % SECOND);
    }
    zk_model_lag(model, 1, 0);
    run_for(60 * SECOND);
    for (int i = 0; i < HOSTS; i++) {
        ck_assert_msg(!hosts[i].halted[0], "%s", hosts[i].halted);
        assert_known(&hosts[i]);
    }
    end();
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("registrar");
    TCase *tc = tcase_create("registrar");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, the_first_broker_makes_everything);
    tcase_add_loop_test(tc, brokers_that_start_together_agree_on_the_cluster, 0, 20);
    tcase_add_loop_test(tc, a_restart_does_not_wait_for_its_ghost, 0, 10);
    tcase_add_loop_test(tc, an_expired_session_registers_anew, 0, 5);
    tcase_add_loop_test(tc, sessions_may_end_while_the_markers_are_written, 0, 5);
    tcase_add_loop_test(tc, a_lost_connection_changes_nothing, 0, 5);
    tcase_add_loop_test(tc, a_broker_declared_dead_comes_back_as_another_incarnation, 0, 5);
    tcase_add_loop_test(tc, a_hung_broker_finds_out_when_it_wakes, 0, 5);
    tcase_add_loop_test(tc, an_ephemeral_deleted_by_hand_is_made_again, 0, 5);
    tcase_add_loop_test(tc, failed_directories_are_written, 0, 12);
    tcase_add_loop_test(tc, another_host_with_the_same_id_is_refused, 0, 5);
    tcase_add_loop_test(tc, a_replacement_waits_for_the_dead_ones_session, 0, 5);
    tcase_add_loop_test(tc, of_twins_the_newest_wins, 0, 5);
    tcase_add_loop_test(tc, an_advertised_address_of_another_id_is_refused, 0, 5);
    tcase_add_loop_test(tc, a_wiped_zookeeper_is_not_a_new_cluster, 0, 2);
    tcase_add_loop_test(tc, a_zookeeper_wiped_while_running_is_noticed, 0, 2);
    tcase_add_loop_test(tc, a_foreign_cluster_is_refused, 0, 2);
    tcase_add_loop_test(tc, any_request_or_reply_may_be_lost, 0, 3 * REQUESTS_MAX);
    tcase_add_test(tc, a_registration_whose_reply_was_lost_is_found);
    tcase_add_loop_test(tc, in_the_end_each_broker_is_known, 0, 100);
    suite_add_tcase(suite, tc);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? 1 : 0;
}
