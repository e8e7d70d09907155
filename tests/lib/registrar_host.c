/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/registrar_host.h"

#include <stdio.h>
#include <stdlib.h>

#include "common/memory.h"

struct schedule registrar_hosts_schedule;
struct zk_model *registrar_hosts_model;
struct registrar_host registrar_hosts[HOSTS];
struct registrar_disk registrar_disks[HOSTS];
struct arena registrar_hosts_arena;

/* ---- a host ---- */

struct later {
    struct registrar_host *host;
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
        registrar_host_step(copy.host, copy.event);
}

static void later(struct registrar_host *h, uint64_t delay_ns, struct registrar_event e)
{
    struct later *l = xcalloc(1, sizeof *l);

    *l = (struct later){h, h->registrar, e, h->timer};
    schedule_after(&registrar_hosts_schedule, delay_ns, happen, l);
}

/* What was synced may be believed: the marker is written before the answer. */
static void persist(struct registrar_host *h, const struct registrar_action *a)
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

static void carry_out(struct registrar_host *h, const struct registrar_action *a)
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

void registrar_host_step(struct registrar_host *h, struct registrar_event e)
{
    const struct registrar_action *actions;
    uint32_t count;

    for (int i = 0; i < 4; i++)
        e.random[i] = schedule_random(&registrar_hosts_schedule);
    e.wall_ms = (int64_t)(registrar_hosts_schedule.now_ns / 1000000);
    actions = registrar_step(h->registrar, &e, &count);
    for (uint32_t i = 0; i < count; i++)
        carry_out(h, &actions[i]);
}

static void hear(void *owner, const struct event *event)
{
    struct registrar_host *h = owner;
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
    registrar_host_step(h, e);
}

struct registrar_host *registrar_host_init(int i, int32_t broker, struct registrar_disk *disk)
{
    static const char *const names[HOSTS] = {"host0", "host1", "host2"};
    struct registrar_host *h = &registrar_hosts[i];

    *h = (struct registrar_host){.name = names[i], .disk = disk, .persist_ns = 3000000};
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

void registrar_host_start(struct registrar_host *h)
{
    h->config.cluster_id = h->disk->cluster_id[0] ? view_of(h->disk->cluster_id) : VIEW_NULL;
    h->incarnation = 0;
    h->broker_epoch = 0;
    h->persisting = false;
    h->halted[0] = '\0';
    h->registrar = registrar_new(&h->config);
    h->client = zk_client_new(registrar_hosts_model, "/chroot/deep", 6000, hear, h);
    zk_client_open(h->client, true);
}

void registrar_host_kill(struct registrar_host *h)
{
    if (!h->halted[0])
        zk_client_kill(h->client);
    registrar_free(h->registrar);
    h->registrar = NULL;
}

void registrar_host_restart(struct registrar_host *h)
{
    registrar_host_kill(h);
    registrar_host_start(h);
}

void registrar_hosts_begin(uint64_t seed)
{
    struct zk_scheduler scheduler = {&registrar_hosts_schedule, schedule_now_ns, schedule_after,
                                     schedule_random};

    schedule_init(&registrar_hosts_schedule, seed);
    registrar_hosts_model = zk_model_new(&scheduler, &zk_model_options_default);
    registrar_hosts_arena = ARENA_INIT;
    memset(registrar_hosts, 0, sizeof registrar_hosts);
    memset(registrar_disks, 0, sizeof registrar_disks);
    for (uint8_t i = 0; i < HOSTS; i++)
        registrar_disks[i].storage_id = (struct uuid){{1, i}};
}

void registrar_hosts_end(void)
{
    for (int i = 0; i < HOSTS; i++)
        registrar_free(registrar_hosts[i].registrar);
    for (size_t i = 0; i < registrar_hosts_schedule.count; i++)
        if (registrar_hosts_schedule.heap[i].run == happen)
            free(registrar_hosts_schedule.heap[i].arg);
    zk_model_free(registrar_hosts_model);
    schedule_deinit(&registrar_hosts_schedule);
    arena_reset(&registrar_hosts_arena);
}

static void nothing(void *arg)
{
    (void)arg;
}

void registrar_hosts_run_for(uint64_t ns)
{
    uint64_t until = registrar_hosts_schedule.now_ns + ns;

    /* So that the clock stops there, not at what comes next. */
    schedule_after(&registrar_hosts_schedule, ns, nothing, NULL);
    while (registrar_hosts_schedule.now_ns < until && schedule_step(&registrar_hosts_schedule))
        ;
}

void registrar_host_wait_registered(struct registrar_host *h)
{
    uint64_t until = registrar_hosts_schedule.now_ns + 120 * SECOND;

    while (h->incarnation == 0 && !h->halted[0]) {
        ck_assert(schedule_step(&registrar_hosts_schedule));
        ck_assert_msg(registrar_hosts_schedule.now_ns < until, "%s was never registered", h->name);
    }
    ck_assert_msg(!h->halted[0], "%s halted: %s", h->name, h->halted);
}

void registrar_host_wait_halted(struct registrar_host *h)
{
    uint64_t until = registrar_hosts_schedule.now_ns + 120 * SECOND;

    while (!h->halted[0]) {
        ck_assert(schedule_step(&registrar_hosts_schedule));
        ck_assert_msg(registrar_hosts_schedule.now_ns < until, "%s never halted", h->name);
    }
}

/* ---- the tree ---- */

bool registrar_hosts_find(const char *path, struct zk_model_node *ret)
{
    return zk_model_find(registrar_hosts_model,
                         arena_printf(&registrar_hosts_arena, "/chroot/deep%s", path), ret);
}

struct znode_broker_node registrar_hosts_broker_node(int32_t broker)
{
    struct zk_model_node n;
    struct znode_broker_node b;

    ck_assert(registrar_hosts_find(
        (const char *)znode_path_broker_node(&registrar_hosts_arena, broker).base, &n));
    ck_assert_int_eq(znode_broker_node_parse(n.data, &registrar_hosts_arena, &b), ZNODE_OK);
    return b;
}

bool registrar_hosts_find_id(int32_t broker, struct zk_model_node *ret)
{
    return registrar_hosts_find(
        (const char *)znode_path_broker_id(&registrar_hosts_arena, broker).base, ret);
}

/* ZooKeeper knows this host as it knows itself. */
void registrar_host_assert_known(const struct registrar_host *h)
{
    struct znode_broker_node b = registrar_hosts_broker_node(h->config.broker);
    struct znode_registration id;
    struct zk_model_node n;

    ck_assert_uint_ne(h->incarnation, 0);
    ck_assert_uint_eq(b.incarnation, h->incarnation);
    ck_assert(uuid_equal(b.storage_id, h->disk->storage_id));
    ck_assert(registrar_hosts_find_id(h->config.broker, &n));
    ck_assert_int_eq(n.czxid, h->broker_epoch);
    ck_assert_int_eq(n.owner, zk_client_session(h->client));
    ck_assert_int_eq(znode_registration_parse(n.data, &registrar_hosts_arena, &id), ZNODE_OK);
    ck_assert_uint_eq(id.incarnation, h->incarnation);
}

void registrar_hosts_put_state(int32_t broker, enum znode_broker_state state, bool delete_id)
{
    struct znode_broker_node b = registrar_hosts_broker_node(broker);
    const char *path =
        arena_printf(&registrar_hosts_arena, "/chroot/deep%s",
                     (const char *)znode_path_broker_node(&registrar_hosts_arena, broker).base);

    b.state = state;
    zk_model_put(registrar_hosts_model, path, znode_broker_node_print(&b, &registrar_hosts_arena));
    if (delete_id)
        zk_model_delete(registrar_hosts_model, arena_printf(&registrar_hosts_arena,
                                                            "/chroot/deep/brokers/ids/%d", broker));
}
