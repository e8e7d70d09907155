/* SPDX-License-Identifier: Apache-2.0 */
#include "broker/zk/registrar.h"

#include <inttypes.h>
#include <stdlib.h>

#include "broker/zk/registrar_internal.h"
#include "common/assert.h"
#include "common/memory.h"

/* Between two attempts: somebody changed a node under us; something failed that should not. */
#define CONFLICT_RETRY_MS 100
#define FAILURE_RETRY_MS 1000

/* What Kafka makes at every start, parents first, and ours. "/" is the chroot. */
static const char *const top_paths[] = {
    "/",
    "/consumers",
    "/brokers",
    "/brokers/ids",
    "/brokers/topics",
    "/config",
    "/config/changes",
    "/admin",
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
    "/cluster",
    ZNODE_CORDUROY,
    ZNODE_BROKER_NODES,
};

static void again(struct registrar *r, uint32_t after_ms)
{
    registrar_enter(r, REGISTRAR_AGAIN);
    registrar_set_timer(r, after_ms);
}

static void unregister(struct registrar *r)
{
    if (!r->registered)
        return;
    r->registered = false;
    registrar_add(r, REGISTRAR_UNREGISTERED)->incarnation = r->last;
}

/* ---- 1: the cluster's id ---- */

static void begin(struct registrar *r)
{
    if (!r->up) {
        registrar_enter(r, REGISTRAR_IDLE);
        return;
    }
    arena_reset(&r->arena);
    r->cluster_id = VIEW_NULL;
    r->stale = false;
    registrar_enter(r, REGISTRAR_CLUSTER);
    /* What is read from here on is at least as new as everything that this broker ever tried. */
    registrar_send(r, (struct zk_op){.kind = ZK_SYNC, .path = VIEW_LITERAL("/")});
    registrar_send(r, (struct zk_op){.kind = ZK_GET, .path = VIEW_LITERAL(ZNODE_CLUSTER_ID)});
}

static void make_paths(struct registrar *r)
{
    registrar_enter(r, REGISTRAR_PATHS);
    for (size_t i = 0; i < COUNT_OF(top_paths); i++)
        registrar_send(r, (struct zk_op){.kind = ZK_CREATE, .path = view_of(top_paths[i])});
}

static void heard_cluster_id(struct registrar *r, const struct zk_result *result)
{
    struct view ours = view_of(r->own_cluster);

    if (result->error == ZK_ERR_NONODE && ours.base) {
        registrar_halt(r,
                       "ZooKeeper was wiped: /cluster/id is gone, but the data directories belong "
                       "to cluster %.*s; point zookeeper.connect (and its chroot) at that "
                       "cluster's ZooKeeper, or restore its data",
                       (int)ours.size, (const char *)ours.base);
        return;
    }
    if (result->error == ZK_OK &&
        znode_cluster_id_parse(result->data, &r->arena, &r->cluster_id) != ZNODE_OK) {
        registrar_halt(r, "/cluster/id in ZooKeeper cannot be read: repair it by hand");
        return;
    }
    if (result->error == ZK_OK && ours.base && !view_equal(ours, r->cluster_id)) {
        registrar_halt(r,
                       "wrong cluster: ZooKeeper's is %.*s, the data directories belong to %.*s; "
                       "correct zookeeper.connect or log.dirs",
                       (int)r->cluster_id.size, (const char *)r->cluster_id.base, (int)ours.size,
                       (const char *)ours.base);
        return;
    }
    make_paths(r);
}

static void make_cluster_id(struct registrar *r)
{
    struct uuid id;
    char text[UUID_TEXT_SIZE];
    uint64_t high = r->event->random[2];

    while (!uuid_from_random(high, r->event->random[3], &id))
        high += UINT64_C(0x9e3779b97f4a7c15);
    uuid_text(id, text);
    registrar_enter(r, REGISTRAR_FOUND);
    registrar_send(r, (struct zk_op){.kind = ZK_CREATE,
                                     .path = VIEW_LITERAL(ZNODE_CLUSTER_ID),
                                     .data = znode_cluster_id_print(view_of(text), &r->step)});
}

/* ---- 3: who else is there ---- */

static void read_nodes(struct registrar *r, enum registrar_phase phase)
{
    int32_t broker = r->config->broker;

    registrar_enter(r, phase);
    r->stale = false;
    registrar_send(r, (struct zk_op){.kind = ZK_GET,
                                     .watch = true,
                                     .path = znode_path_broker_node(&r->step, broker)});
    registrar_send(r, (struct zk_op){.kind = ZK_GET,
                                     .watch = true,
                                     .path = znode_path_broker_id(&r->step, broker)});
    if (phase == REGISTRAR_NODES)
        registrar_send(r,
                       (struct zk_op){.kind = ZK_CHILDREN, .path = VIEW_LITERAL(ZNODE_BROKER_IDS)});
}

static void mark(struct registrar *r);

static void read_others(struct registrar *r, const struct zk_result *ids)
{
    registrar_enter(r, REGISTRAR_OTHERS);
    for (uint32_t i = 0; i < ids->name_count; i++) {
        int32_t broker;

        if (!znode_parse_id(ids->names[i], &broker) || broker == r->config->broker)
            continue;
        registrar_send(
            r, (struct zk_op){.kind = ZK_GET, .path = znode_path_broker_id(&r->step, broker)});
    }
    if (r->outstanding == 0)
        mark(r);
}

static void confirm(struct registrar *r);

/* Both nodes of this id are read. */
static void judge_nodes(struct registrar *r, const struct zk_result *ids)
{
    /* Servers look for sessions that are over once a tick. */
    uint32_t wait_ms = r->config->session_timeout_ms + r->config->session_timeout_ms / 2;

    if (!registrar_is_still_ours(r))
        return;
    if (registrar_is_entered(r, r->tried)) {
        confirm(r);
        return;
    }
    if (!registrar_is_held_by_another(r)) {
        read_others(r, ids);
        return;
    }
    if (r->other_waited) {
        registrar_halt(r,
                       "broker id %d is in use by %s with other disks (another storage id): give "
                       "this broker another broker.id, or stop that one first",
                       r->config->broker, registrar_host(r, &r->id));
        return;
    }
    registrar_say(r, SAY_WARN,
                  "broker id %d is held by %s with other disks; waiting %" PRIu32
                  " ms for its session to end",
                  r->config->broker,
                  r->id_seen.valid ? registrar_host(r, &r->id) : "an unknown host", wait_ms);
    registrar_enter(r, REGISTRAR_WAITING);
    registrar_set_timer(r, wait_ms);
}

static void judge_other(struct registrar *r, const struct zk_result *result)
{
    struct znode_registration other;
    const struct znode_endpoint *clash;

    if (result->error != ZK_OK ||
        znode_registration_parse(result->data, &r->arena, &other) != ZNODE_OK)
        return;
    clash = registrar_clash(r, &other);
    if (clash)
        registrar_halt(r,
                       "%.*s:%u is already advertised by another broker of this cluster: correct "
                       "advertised.listeners of one of them, or wait until the other's ZooKeeper "
                       "session has ended",
                       (int)clash->host.size, (const char *)clash->host.base, clash->port);
}

/* ---- 4: the markers ---- */

static void mark(struct registrar *r)
{
    struct registrar_action *a;

    registrar_enter(r, REGISTRAR_MARKING);
    /* An earlier session's markers are still on their way to the disks: one set at a time. */
    if (r->persisting)
        return;
    r->persisting = true;
    /* From now on this broker belongs to that cluster. */
    if (!r->own_cluster)
        r->own_cluster = xstrndup(r->cluster_id.base, r->cluster_id.size);
    r->previous = r->node_seen.valid ? r->node.incarnation : 0;
    r->tried = r->event->random[0];
    while (r->tried == 0 || r->tried == r->previous)
        r->tried++;
    a = registrar_add(r, REGISTRAR_PERSIST);
    a->request = r->serial << 16;
    a->incarnation = r->tried;
    a->previous = r->previous;
    a->cluster_id = r->cluster_id;
}

/* ---- 5: the multi ---- */

static void send_multi(struct registrar *r)
{
    struct zk_op *ops = arena_array(&r->step, 3, sizeof *ops);
    struct view id_path = znode_path_broker_id(&r->step, r->config->broker);
    uint32_t count = 0;

    ops[count++] = (struct zk_op){.kind = r->node_seen.there ? ZK_SET : ZK_CREATE,
                                  .path = znode_path_broker_node(&r->step, r->config->broker),
                                  .version = r->node_seen.version,
                                  .data = registrar_print_node(r, ZNODE_BROKER_STARTING)};
    if (r->id_seen.there)
        ops[count++] = (struct zk_op){.kind = ZK_DELETE, .path = id_path, .version = -1};
    ops[count++] = (struct zk_op){
        .kind = ZK_CREATE, .ephemeral = true, .path = id_path, .data = registrar_print_id(r)};
    registrar_enter(r, REGISTRAR_ENTERING);
    registrar_send_ops(r, ops, count);
}

static void heard_persisted(struct registrar *r, const struct registrar_event *e)
{
    r->persisting = false;
    if (r->phase != REGISTRAR_MARKING)
        return;
    if (e->request >> 16 == r->serial)
        send_multi(r);
    else
        mark(r);
}

static void heard_multi(struct registrar *r, const struct zk_result *results, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        enum zk_error error = results[i].error;

        if (error == ZK_OK || error == ZK_ERR_ROLLED_BACK)
            continue;
        if (error == ZK_ERR_BADVERSION || error == ZK_ERR_NONODE || error == ZK_ERR_NODEEXISTS) {
            again(r, CONFLICT_RETRY_MS);
            return;
        }
        registrar_halt(r, "ZooKeeper refuses the registration of broker %d (%s)", r->config->broker,
                       error == ZK_ERR_NOAUTH ? "no permission: check its ACLs" : "see its log");
        return;
    }
    read_nodes(r, REGISTRAR_READING);
}

/* ---- 6: registered ---- */

/* Both nodes are as this process wrote them. */
static void confirm(struct registrar *r)
{
    struct registrar_action *a;

    registrar_enter(r, REGISTRAR_RESTING);
    if (r->registered && r->told_version == r->node_seen.version)
        return;
    a = registrar_add(r, r->registered ? REGISTRAR_STATE : REGISTRAR_REGISTERED);
    a->incarnation = r->tried;
    a->previous = r->previous;
    a->broker_epoch = r->id_seen.czxid;
    a->node_version = r->told_version = r->node_seen.version;
    a->broker_state = r->node.state;
    a->cluster_id = r->cluster_id;
    if (!r->registered)
        registrar_say(r, SAY_INFO,
                      "broker %d is registered, incarnation %016" PRIx64 ", broker epoch %" PRId64,
                      r->config->broker, r->tried, r->id_seen.czxid);
    r->registered = true;
    r->last = r->tried;
    r->other_waited = false;
}

static bool is_failed_list_written(const struct registrar *r)
{
    if (r->node.failed_count != r->config->failed_count)
        return false;
    for (uint32_t i = 0; i < r->node.failed_count; i++)
        if (!uuid_equal(r->node.failed_directories[i], r->config->failed_directories[i]))
            return false;
    return true;
}

static void write_failed(struct registrar *r)
{
    struct zk_op op = {.kind = ZK_SET,
                       .path = znode_path_broker_node(&r->step, r->config->broker),
                       .version = r->node_seen.version,
                       .data = registrar_print_node(r, r->node.state)};

    registrar_enter(r, REGISTRAR_READING);
    registrar_send(r, op);
    /* The reads that follow tell what has become of it. */
    registrar_send(r, (struct zk_op){.kind = ZK_GET, .watch = true, .path = op.path});
    registrar_send(r, (struct zk_op){.kind = ZK_GET,
                                     .watch = true,
                                     .path = znode_path_broker_id(&r->step, r->config->broker)});
}

static void judge_reading(struct registrar *r)
{
    if (!registrar_is_still_ours(r))
        return;
    if (!registrar_is_entered(r, r->tried)) {
        if (r->registered)
            registrar_say(r, SAY_WARN,
                          r->node_seen.valid && r->node.state == ZNODE_BROKER_OUT
                              ? "broker %d was declared dead; registering anew"
                              : "the nodes of broker %d were changed; registering anew",
                          r->config->broker);
        unregister(r);
        begin(r);
        return;
    }
    confirm(r);
    if (!is_failed_list_written(r))
        write_failed(r);
    else if (r->stale)
        read_nodes(r, REGISTRAR_READING);
}

/* ---- replies ---- */

static void heard_path(struct registrar *r, uint32_t slot, enum zk_error error, bool is_last)
{
    if (error == ZK_ERR_NONODE)
        registrar_halt(r, "cannot make %s in ZooKeeper: its parent is missing", top_paths[slot]);
    else if (is_last && r->cluster_id.base)
        read_nodes(r, REGISTRAR_NODES);
    else if (is_last)
        make_cluster_id(r);
}

/* True when the reply can be used: the others are met here. */
static bool is_usable(struct registrar *r, const struct registrar_event *e)
{
    enum zk_error error;

    if (e->unknown) {
        again(r, FAILURE_RETRY_MS);
        return false;
    }
    error = e->results[0].error;
    if (r->phase == REGISTRAR_ENTERING)
        error = error == ZK_ERR_NO_SESSION ? error : ZK_OK;
    switch (error) {
    case ZK_OK:
    case ZK_ERR_NONODE:
    case ZK_ERR_NODEEXISTS:
    case ZK_ERR_BADVERSION:
        return true;
    case ZK_ERR_NO_SESSION:
        /* The session's events say how it goes on. */
        registrar_enter(r, REGISTRAR_IDLE);
        return false;
    case ZK_ERR_NOAUTH:
        registrar_halt(r,
                       "ZooKeeper denies access to the cluster's nodes: check zookeeper.connect, "
                       "its ACLs and the credentials");
        return false;
    case ZK_ERR_NOTEMPTY:
    case ZK_ERR_NOCHILDRENFOREPHEMERALS:
    case ZK_ERR_ROLLED_BACK:
    case ZK_ERR_TOO_LARGE:
    case ZK_ERR_OTHER:
        break;
    }
    registrar_say(r, SAY_WARN, "ZooKeeper answers with an error (%d); trying again", (int)error);
    again(r, FAILURE_RETRY_MS);
    return false;
}

/* The replies of a phase come in the order of its requests. */
static void heard_reading(struct registrar *r, const struct registrar_event *e, bool is_last)
{
    if (is_last)
        registrar_parse_id(r, &e->results[0]);
    else if (r->outstanding == 1)
        registrar_parse_node(r, &e->results[0]);
    if (is_last)
        judge_reading(r);
}

static void heard_nodes(struct registrar *r, const struct registrar_event *e, uint32_t slot)
{
    if (slot == 0)
        registrar_parse_node(r, &e->results[0]);
    else if (slot == 1)
        registrar_parse_id(r, &e->results[0]);
    else
        judge_nodes(r, &e->results[0]);
}

static void heard_reply(struct registrar *r, const struct registrar_event *e)
{
    uint32_t slot = (uint32_t)(e->request & 0xffff);
    bool is_last;

    if (e->request >> 16 != r->serial || !is_usable(r, e))
        return;
    is_last = --r->outstanding == 0;
    switch (r->phase) {
    case REGISTRAR_CLUSTER:
        if (is_last)
            heard_cluster_id(r, &e->results[0]);
        break;
    case REGISTRAR_PATHS:
        heard_path(r, slot, e->results[0].error, is_last);
        break;
    case REGISTRAR_FOUND:
        begin(r); /* reads what stands there, ours or that of a broker that was faster */
        break;
    case REGISTRAR_NODES:
        heard_nodes(r, e, slot);
        break;
    case REGISTRAR_OTHERS:
        judge_other(r, &e->results[0]);
        if (is_last && r->phase == REGISTRAR_OTHERS)
            mark(r);
        break;
    case REGISTRAR_ENTERING:
        heard_multi(r, e->results, e->count);
        break;
    case REGISTRAR_READING:
        heard_reading(r, e, is_last);
        break;
    case REGISTRAR_IDLE:
    case REGISTRAR_AGAIN:
    case REGISTRAR_WAITING:
    case REGISTRAR_MARKING:
    case REGISTRAR_RESTING:
    case REGISTRAR_HALTED:
    case REGISTRAR_PHASES:
        break;
    }
}

/* ---- other events ---- */

static void heard_session(struct registrar *r, const struct registrar_event *e)
{
    switch (e->state) {
    case ZK_UP:
        r->up = true;
        r->session = e->session;
        if (r->registered)
            read_nodes(r, REGISTRAR_READING);
        else if (r->phase == REGISTRAR_IDLE || r->phase == REGISTRAR_AGAIN)
            begin(r);
        break;
    case ZK_LOST:
        break;
    case ZK_EXPIRED:
        r->up = false;
        unregister(r);
        registrar_enter(r, REGISTRAR_IDLE);
        break;
    case ZK_REFUSED:
        registrar_halt(r, "ZooKeeper refuses the credentials of zookeeper.connect");
        break;
    }
}

static void heard_watch(struct registrar *r, const struct registrar_event *e)
{
    if (!view_equal(e->path, znode_path_broker_node(&r->step, r->config->broker)) &&
        !view_equal(e->path, znode_path_broker_id(&r->step, r->config->broker)))
        return;
    if (r->phase == REGISTRAR_RESTING)
        read_nodes(r, REGISTRAR_READING);
    else if (r->phase == REGISTRAR_WAITING)
        begin(r);
    else
        r->stale = true;
}

static void heard_timer(struct registrar *r)
{
    if (r->phase == REGISTRAR_WAITING) {
        r->other_waited = true;
        begin(r);
    } else if (r->phase == REGISTRAR_AGAIN) {
        if (r->registered)
            read_nodes(r, REGISTRAR_READING);
        else
            begin(r);
    }
}

static void heard_failed(struct registrar *r)
{
    if (r->phase == REGISTRAR_RESTING)
        read_nodes(r, REGISTRAR_READING);
    else
        r->stale = true;
}

const struct registrar_action *registrar_step(struct registrar *r, const struct registrar_event *e,
                                              uint32_t *ret_count)
{
    arena_reset(&r->step);
    r->action_count = 0;
    r->event = e;
    if (r->phase != REGISTRAR_HALTED) {
        if (e->kind == REGISTRAR_SESSION)
            heard_session(r, e);
        else if (e->kind == REGISTRAR_REPLY)
            heard_reply(r, e);
        else if (e->kind == REGISTRAR_WATCH)
            heard_watch(r, e);
        else if (e->kind == REGISTRAR_TIMER)
            heard_timer(r);
        else if (e->kind == REGISTRAR_FAILED)
            heard_failed(r);
        else
            heard_persisted(r, e);
    }
    r->event = NULL;
    *ret_count = (uint32_t)r->action_count;
    return r->actions;
}

struct registrar *registrar_new(const struct registrar_config *config)
{
    struct registrar *r = xcalloc(1, sizeof *r);

    r->config = config;
    if (config->cluster_id.base)
        r->own_cluster = xstrndup(config->cluster_id.base, config->cluster_id.size);
    r->arena = ARENA_INIT;
    r->step = ARENA_INIT;
    return r;
}

void registrar_free(struct registrar *r)
{
    if (!r)
        return;
    arena_reset(&r->arena);
    arena_reset(&r->step);
    free(r->own_cluster);
    free(r->actions);
    free(r);
}
