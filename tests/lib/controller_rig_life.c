/* SPDX-License-Identifier: Apache-2.0 */
#include <check.h>
#include <inttypes.h>
#include <stdlib.h>

#include "broker/config.h"
#include "common/assert.h"
#include "common/memory.h"
#include "controller/internal.h"
#include "controller/znode.h"
#include "tests/lib/controller_rig_internal.h"

/* Processes of brokers, and their place in ZooKeeper. */
#define REGISTRATION (UINT64_C(1) << 62)

/* ---- ZooKeeper ---- */

static struct view broker_node(struct rig_broker *b, struct arena *arena)
{
    struct znode_broker_node node = {.incarnation = b->incarnation,
                                     .storage_id = {{(uint8_t)b->id, 1}},
                                     .state = ZNODE_BROKER_STARTING};
    return znode_broker_node_print(&node, arena);
}

static struct view registration(struct rig_broker *b, struct arena *arena)
{
    struct znode_endpoint endpoint = {VIEW_LITERAL("PLAINTEXT"), VIEW_LITERAL("PLAINTEXT"),
                                      VIEW_LITERAL("localhost"), (uint16_t)(9091 + b->id)};
    struct znode_registration reg = {
        .endpoints = &endpoint,
        .endpoint_count = 1,
        .jmx_port = -1,
        .rack = b->rig->racks[b->id - 1] ? view_of(b->rig->racks[b->id - 1]) : VIEW_NULL,
        .incarnation = b->incarnation,
        .cluster_host = VIEW_LITERAL("localhost"),
        .cluster_port = (uint16_t)(19091 + b->id),
        .shard_count = 1,
    };
    return znode_registration_print(&reg, arena);
}

/* As the registrar does it, knowing what stands there. */
static void do_register(struct rig_broker *b)
{
    struct arena arena = ARENA_INIT;
    struct zk_op ops[3];
    uint32_t count = 0;
    struct view node = znode_path_broker_node(&arena, b->id);
    struct view ids = znode_path_broker_id(&arena, b->id);
    char *text = arena_string(&arena, node);
    struct zk_model_node found;
    bool there = zk_model_find(b->rig->zk, text, &found);
    b->incarnation = schedule_random(&b->rig->schedule) | 1;
    ops[count++] = (struct zk_op){.kind = there ? ZK_SET : ZK_CREATE,
                                  .version = there ? found.version : 0,
                                  .path = node,
                                  .data = broker_node(b, &arena)};
    if (zk_model_find(b->rig->zk, arena_string(&arena, ids), &found))
        ops[count++] = (struct zk_op){.kind = ZK_DELETE, .version = -1, .path = ids};
    ops[count++] = (struct zk_op){
        .kind = ZK_CREATE, .ephemeral = true, .path = ids, .data = registration(b, &arena)};
    zk_client_submit(b->zk, REGISTRATION, ops, count);
    arena_reset(&arena);
}

static void registered(struct rig_broker *b, const struct event *event)
{
    bool ok = !event->u.reply.unknown;
    for (uint32_t i = 0; ok && i < event->u.reply.count; i++)
        ok = event->u.reply.results[i].error == ZK_OK;
    if (!ok) {
        if (b->session)
            do_register(b);
        return;
    }
    b->registered = true;
    struct controller_event e = {.kind = CONTROLLER_EV_REGISTERED};
    e.u.member = (struct cluster_member){b->id, b->incarnation};
    rig_step(b, &e);
    rig_reconnect_all(b->rig);
}

static void heard_session(struct rig_broker *b, const struct event *event)
{
    struct controller_event e = {.kind = CONTROLLER_EV_ZK_SESSION};
    e.u.session.generation = event->u.session.generation;
    e.u.session.state = event->u.session.state;
    bool was = b->session;
    b->session = event->u.session.state == ZK_UP;
    if (event->u.session.state == ZK_EXPIRED) {
        b->registered = false;
        if (b->follows >= 0)
            rig_disconnect(b);
    }
    rig_step(b, &e);
    if (b->session && !was && !b->registered)
        do_register(b);
}

static void heard_zk(void *owner, const struct event *event)
{
    struct rig_broker *b = owner;
    if (!b->up)
        return;
    struct controller_event e = {0};
    switch (event->kind) {
    case EV_ZK_SESSION:
        heard_session(b, event);
        return;
    case EV_ZK_REPLY:
        if (event->token & REGISTRATION) {
            registered(b, event);
            return;
        }
        e.kind = CONTROLLER_EV_ZK_REPLY;
        e.u.reply.token = event->token;
        e.u.reply.results = event->u.reply.results;
        e.u.reply.count = event->u.reply.count;
        e.u.reply.unknown = event->u.reply.unknown;
        break;
    case EV_ZK_WATCH:
        e.kind = CONTROLLER_EV_ZK_WATCH;
        e.u.watch.path = event->u.watch.path;
        e.u.watch.what = event->u.watch.what;
        break;
    default:
        return;
    }
    rig_step(b, &e);
}

/* ---- the whole ---- */

struct rig *rig_new(uint64_t seed, int32_t count)
{
    return rig_new_on(seed, count, 1);
}

struct rig *rig_new_on(uint64_t seed, int32_t count, unsigned servers)
{
    static const char *const paths[] = {ZNODE_BROKER_IDS,    ZNODE_TOPICS,
                                        ZNODE_TOPIC_CONFIGS, ZNODE_CONFIG_CHANGES,
                                        ZNODE_DELETE_TOPICS, ZNODE_BROKER_NODES};
    struct rig *r = xcalloc(1, sizeof *r);
    PRE(count <= RIG_BROKERS_MAX);
    schedule_init(&r->schedule, seed);
    struct zk_scheduler scheduler = {&r->schedule, schedule_now_ns, schedule_after,
                                     schedule_random};
    struct zk_model_options options = zk_model_options_default;
    options.server_count = servers;
    r->zk = zk_model_new(&scheduler, &options);
    for (unsigned i = 0; i < COUNT_OF(paths); i++)
        ck_assert(zk_model_put(r->zk, paths[i], VIEW_NULL) == ZK_OK);
    r->broker_count = count;
    r->config = controller_config_default;
    r->config.auto_rebalance = false;
    r->config.check_setting = config_topic_check;
    for (int32_t i = 0; i < count; i++) {
        r->brokers[i].rig = r;
        r->brokers[i].id = i + 1;
        r->brokers[i].follows = -1;
    }
    schedule_after(&r->schedule, 20000000, rig_keep_connecting, r);
    return r;
}

void rig_start(struct rig *r, int32_t id)
{
    struct rig_broker *b = rig_broker(r, id);
    PRE(!b->up);
    struct controller_config config = r->config;
    config.broker = id;
    config.seed[0] = schedule_random(&r->schedule);
    config.seed[1] = schedule_random(&r->schedule);
    b->up = true;
    b->life++;
    b->session = b->registered = b->active = b->stopped = b->alive_said = b->hung = false;
    b->shutdown_remaining = -1;
    b->timer_ms = 0;
    b->controller = controller_new(&config);
    b->zk = zk_client_new(r->zk, "", 6000, heard_zk, b);
    zk_client_open(b->zk, true);
}

void rig_kill(struct rig *r, int32_t id)
{
    struct rig_broker *b = rig_broker(r, id);
    PRE(b->up);
    b->hung = false;
    if (b->follows >= 0 && b->follows != id)
        rig_disconnect(b);
    zk_client_kill(b->zk);
    controller_free(b->controller);
    b->controller = NULL;
    b->up = b->active = b->registered = b->session = false;
    b->follows = -1;
    b->connection = 0;
    b->in_snapshot = false;
    rig_free_topics(&b->topics);
    rig_free_topics(&b->snapshot_topics);
    rig_free_values(&b->partitions);
    rig_free_values(&b->snapshot_partitions);
}

void rig_restart(struct rig *r, int32_t id)
{
    rig_kill(r, id);
    rig_start(r, id);
}

void rig_free(struct rig *r)
{
    for (int32_t id = 1; id <= r->broker_count; id++)
        if (rig_broker(r, id)->up)
            rig_kill(r, id);
    /* What is on its way arrives nowhere, and is freed. */
    for (uint32_t i = 0; i < r->schedule.count; i++)
        if (r->schedule.heap[i].run == rig_run_parcel)
            rig_run_parcel(r->schedule.heap[i].arg);
    zk_model_free(r->zk);
    schedule_deinit(&r->schedule);
    free(r->trace);
    free(r->notes);
    free(r);
}

void rig_run(struct rig *r, uint64_t ms)
{
    uint64_t end = r->schedule.now_ns + ms * 1000000;
    while (r->schedule.count && r->schedule.heap[0].at_ns <= end && schedule_step(&r->schedule))
        continue;
    r->schedule.now_ns = end;
}

void rig_until(struct rig *r, bool (*holds)(struct rig *), uint64_t limit_ms, const char *what)
{
    uint64_t end = r->schedule.now_ns + limit_ms * 1000000;
    while (!holds(r)) {
        ck_assert_msg(r->schedule.now_ns <= end, "not within %" PRIu64 " ms: %s", limit_ms, what);
        ck_assert(schedule_step(&r->schedule));
    }
}

struct rig_broker *rig_active(struct rig *r)
{
    struct rig_broker *active = NULL;
    for (int32_t i = 0; i < r->broker_count; i++) {
        struct rig_broker *b = &r->brokers[i];
        if (b->up && b->active && !b->hung && (!active || b->epoch > active->epoch))
            active = b;
    }
    return active;
}

bool rig_all_in(struct rig *r)
{
    struct rig_broker *active = rig_active(r);
    if (!active)
        return false;
    for (int32_t i = 0; i < r->broker_count; i++) {
        struct rig_broker *b = &r->brokers[i];
        if (!b->up)
            continue;
        struct ctl_broker *seen = ctl_broker_find(active->controller, b->id);
        if (!seen || seen->state != CTL_BROKER_IN || seen->incarnation != b->incarnation ||
            !b->alive_said || b->follows != active->id)
            return false;
    }
    return true;
}

bool rig_out(struct rig *r, int32_t id)
{
    struct rig_broker *active = rig_active(r);
    struct ctl_broker *b = active ? ctl_broker_find(active->controller, id) : NULL;
    return b && b->state == CTL_BROKER_ABSENT && b->writes == 0;
}

bool rig_settled(struct rig *r)
{
    struct rig_broker *active = rig_active(r);
    if (!rig_all_in(r) || controller_look(active->controller).zk_in_flight > 0)
        return false;
    for (int32_t i = 0; i < r->broker_count; i++) {
        struct rig_broker *b = &r->brokers[i];
        if (b->up && rig_digest_of(b) != controller_digest(active->controller))
            return false;
    }
    return true;
}

void rig_settle(struct rig *r)
{
    rig_until(r, rig_settled, 60000, "all agree");
    rig_run(r, 20);
    rig_until(r, rig_settled, 60000, "all agree");
}

void rig_start_all(struct rig *r)
{
    for (int32_t id = 1; id <= r->broker_count; id++) {
        rig_start(r, id);
        rig_run(r, 100);
    }
    rig_until(r, rig_all_in, 60000, "all brokers in");
    rig_settle(r);
}
