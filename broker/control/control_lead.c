/* SPDX-License-Identifier: Apache-2.0 */
/* The shell around the controller's step function (controller/controller.h): hands it events, and
 * carries out the actions that it returns, at once and in their order. */
#include "broker/control/control_lead.h"

#include <stdlib.h>

#include "common/assert.h"
#include "common/memory.h"

static void peer_up(struct peer_owner *o, struct peer *p);
static void peer_heard(struct peer_owner *o, struct peer *p, const struct cluster_message *m);
static void peer_down(struct peer_owner *o, struct peer *p, const char *why);

static void timer_fired(struct timer *timer)
{
    struct control_lead *l = CONTAINER_OF(timer, struct control_lead, timer);
    struct controller_event e = {.kind = CONTROLLER_EV_TIMER};
    control_lead_step(l, &e);
}

struct control_lead *control_lead_new(struct control *c)
{
    struct control_lead *l = xcalloc(1, sizeof *l);
    const struct env *env = &c->reactor->env;
    struct controller_config config = controller_config_default;
    config.broker = c->config->broker_id;
    config.seed[0] = env->ops->random(env->world);
    config.seed[1] = env->ops->random(env->world);
    config.num_partitions = (int32_t)c->config->num_partitions;
    config.replication_factor = (int32_t)c->config->default_replication_factor;
    config.replication_factor_set = c->config->default_replication_factor_set;
    config.offsets_replication_factor = (int32_t)c->config->offsets_replication_factor;
    config.offsets_replication_factor_set = c->config->offsets_replication_factor_set;
    config.min_insync_replicas = (int32_t)c->config->min_insync_replicas;
    config.unclean_election = c->config->unclean_election;
    config.topic_deletion = c->config->delete_topics;
    config.auto_rebalance = c->config->auto_leader_rebalance;
    config.rebalance_interval_ms = c->config->leader_imbalance_check_s * 1000;
    config.rebalance_percent = (int32_t)c->config->leader_imbalance_percent;
    config.check_setting = config_topic_check;
    config.mutations = broker_setup_of(c->shard->broker)->mutation;
    l->control = c;
    l->controller = controller_new(&config);
    l->owner = (struct peer_owner){peer_up, peer_heard, peer_down};
    timer_init(&l->timer, c->reactor, timer_fired);
    return l;
}

void control_lead_free(struct control_lead *l)
{
    if (l == NULL)
        return;
    admin_free_all(l);
    for (size_t i = 0; i < l->peer_count; i++)
        peer_discard(l->peers[i].peer);
    free(l->peers);
    timer_deinit(&l->timer);
    controller_free(l->controller);
    free(l);
}

bool control_lead_active(const struct control_lead *l)
{
    return controller_look(l->controller).state == CONTROLLER_ACTIVE;
}

/* ---- actions ---- */
static struct peer *find_peer(struct control_lead *l, uint64_t name)
{
    for (size_t i = 0; i < l->peer_count; i++)
        if (peer_name(l->peers[i].peer) == name)
            return l->peers[i].peer;
    return NULL;
}

static void zk_heard(struct control_zk_ask *ask, const struct event *reply)
{
    struct control_lead *l = ask->control->lead;
    struct controller_event e = {.kind = CONTROLLER_EV_ZK_REPLY};
    e.u.reply.token = ask->number;
    e.u.reply.results = reply->u.reply.results;
    e.u.reply.count = reply->u.reply.count;
    e.u.reply.unknown = reply->u.reply.unknown;
    control_lead_step(l, &e);
}

static void send_to(struct control_lead *l, uint64_t name, const struct cluster_message *m)
{
    struct peer *p = find_peer(l, name);
    if (p != NULL)
        peer_send(p, m);
}

static void drop_peer(struct control_lead *l, struct peer *p)
{
    for (size_t i = 0; i < l->peer_count; i++) {
        if (l->peers[i].peer == p) {
            l->peers[i] = l->peers[--l->peer_count];
            break;
        }
    }
    admin_forget_peer(l, p);
}

static void close_peer(struct control_lead *l, uint64_t name)
{
    struct peer *p = find_peer(l, name);
    if (p != NULL) {
        drop_peer(l, p);
        peer_close(p);
    }
}

static void do_send(struct control_lead *l, const struct controller_action *a)
{
    struct cluster_message m;
    switch (a->kind) {
    case CONTROLLER_DO_SEND_METADATA:
        m = (struct cluster_message){.kind = CLUSTER_KIND_METADATA, .u.metadata = a->u.metadata};
        break;
    case CONTROLLER_DO_SEND_DIGEST:
        m = (struct cluster_message){.kind = CLUSTER_KIND_DIGEST, .u.digest = a->u.digest};
        break;
    case CONTROLLER_DO_SEND_ISR_REPLY: {
        struct cluster_isr_reply reply = a->u.isr_reply;
        m = (struct cluster_message){.kind = CLUSTER_KIND_ISR_REPLIES,
                                     .u.isr_replies = {1, &reply}};
        send_to(l, a->connection, &m);
        return;
    }
    default:
        m = (struct cluster_message){.kind = CLUSTER_KIND_SHUTDOWN_REPLY,
                                     .u.shutdown_reply = a->u.shutdown_reply};
        break;
    }
    send_to(l, a->connection, &m);
}

static void do_timer(struct control_lead *l, int64_t at_ms)
{
    int64_t now = (int64_t)(l->control->reactor->now_ns / 1000000);
    timer_set(&l->timer, at_ms > now ? (uint64_t)(at_ms - now) : 0);
}

static void carry_out(struct control_lead *l, const struct controller_action *a)
{
    const struct env *env = &l->control->reactor->env;
    switch (a->kind) {
    case CONTROLLER_DO_ZK:
        control_zk(l->control, a->u.zk.ops, a->u.zk.count, a->u.zk.token, zk_heard);
        break;
    case CONTROLLER_DO_SEND_METADATA:
    case CONTROLLER_DO_SEND_DIGEST:
    case CONTROLLER_DO_SEND_ISR_REPLY:
    case CONTROLLER_DO_SEND_SHUTDOWN_REPLY:
        do_send(l, a);
        break;
    case CONTROLLER_DO_CLOSE:
        close_peer(l, a->connection);
        break;
    case CONTROLLER_DO_ANSWER:
        admin_answered(l, &a->u.answer);
        break;
    case CONTROLLER_DO_TIMER:
        do_timer(l, a->u.at_ms);
        break;
    case CONTROLLER_DO_KNOWN:
        control_client_known(l->control->client, &a->u.known);
        break;
    case CONTROLLER_DO_NOTE:
        say(env, a->u.note.level, "controller", "%.*s", (int)a->u.note.text.size,
            (const char *)a->u.note.text.base);
        break;
    case CONTROLLER_DO_TRACE:
        say(env, SAY_DEBUG, "controller", "%.*s", (int)a->u.note.text.size,
            (const char *)a->u.note.text.base);
        break;
    case CONTROLLER_DO_STOPPED:
        control_controller_stopped(l->control);
        break;
    }
}

/* Actions never step the controller again directly: what they cause comes as later events. */
void control_lead_step(struct control_lead *l, struct controller_event *event)
{
    struct controller_actions actions = CONTROLLER_ACTIONS_INIT;
    const struct env *env = &l->control->reactor->env;
    event->now_ms = (int64_t)(l->control->reactor->now_ns / 1000000);
    event->wall_ms = env->ops->wall_ms(env->world);
    controller_step(l->controller, event, &actions);
    for (uint32_t i = 0; i < actions.count; i++)
        carry_out(l, &actions.items[i]);
    controller_actions_deinit(&actions);
}

/* ---- brokers connected to us ---- */
static void add_peer(struct control_lead *l, struct peer *p)
{
    l->peers = xgrow(l->peers, &l->peer_capacity, l->peer_count + 1, sizeof *l->peers);
    l->peers[l->peer_count++] = (struct lead_peer){.peer = p};
}

static struct lead_peer *entry_of(struct control_lead *l, const struct peer *p)
{
    for (size_t i = 0; i < l->peer_count; i++)
        if (l->peers[i].peer == p)
            return &l->peers[i];
    IMPOSSIBLE("a control connection that is not in the list");
}

void control_lead_accept(struct control_lead *l, token connection, const struct cluster_open *open)
{
    const char *why;
    struct peer *p =
        peer_accept(l->control->reactor, &l->control->identity, connection, open, &l->owner, &why);
    if (p != NULL) {
        add_peer(l, p);
        return;
    }
    say_limited(l->control->reactor, &l->say_limit, SAY_WARN, "control",
                "the control connection of broker %d is refused: %s", open->from.broker, why);
}

struct peer *control_lead_join(struct control_lead *l, struct peer_owner *client)
{
    struct peer *ours, *theirs;
    peer_join(l->control->reactor, &l->control->identity, &l->owner, &ours, client, &theirs);
    add_peer(l, ours);
    return theirs;
}

static void peer_up(struct peer_owner *o, struct peer *p)
{
    struct control_lead *l = CONTAINER_OF(o, struct control_lead, owner);
    struct controller_event e = {
        .kind = CONTROLLER_EV_CONNECTED, .connection = peer_name(p), .u.member = peer_member(p)};
    entry_of(l, p)->told = true;
    control_lead_step(l, &e);
}

static void peer_down(struct peer_owner *o, struct peer *p, const char *why)
{
    struct control_lead *l = CONTAINER_OF(o, struct control_lead, owner);
    struct controller_event e = {.kind = CONTROLLER_EV_DISCONNECTED, .connection = peer_name(p)};
    bool told = entry_of(l, p)->told;
    drop_peer(l, p);
    say_limited(l->control->reactor, &l->say_limit, SAY_INFO, "control",
                "the control connection of broker %d has ended: %s", peer_member(p).broker, why);
    if (told)
        control_lead_step(l, &e);
}

static void each_isr_change(struct control_lead *l, const struct peer *p,
                            const struct cluster_message *m)
{
    for (uint32_t i = 0; i < m->u.isr_changes.count; i++) {
        struct controller_event e = {.kind = CONTROLLER_EV_ISR_CHANGE, .connection = peer_name(p)};
        e.u.isr_change = m->u.isr_changes.items[i];
        control_lead_step(l, &e);
    }
}

static void each_report(struct control_lead *l, const struct peer *p,
                        const struct cluster_message *m)
{
    for (uint32_t i = 0; i < m->u.reports.count; i++) {
        struct controller_event e = {.kind = CONTROLLER_EV_REPORT, .connection = peer_name(p)};
        e.u.report = m->u.reports.items[i];
        control_lead_step(l, &e);
    }
}

static void peer_heard(struct peer_owner *o, struct peer *p, const struct cluster_message *m)
{
    struct control_lead *l = CONTAINER_OF(o, struct control_lead, owner);
    struct controller_event e = {.connection = peer_name(p)};
    switch (m->kind) {
    case CLUSTER_KIND_SUBSCRIBE:
        /* A connection starts with a snapshot anyway. A second subscription asks for another one,
         * after a gap in the numbers or a digest that differs. */
        if (entry_of(l, p)->subscribed) {
            e.kind = CONTROLLER_EV_SNAPSHOT_WANTED;
            control_lead_step(l, &e);
        }
        entry_of(l, p)->subscribed = true;
        break;
    case CLUSTER_KIND_INVENTORY:
        e.kind = CONTROLLER_EV_INVENTORY;
        e.u.inventory = m->u.inventory;
        control_lead_step(l, &e);
        break;
    case CLUSTER_KIND_ISR_CHANGES:
        each_isr_change(l, p, m);
        break;
    case CLUSTER_KIND_REPORTS:
        each_report(l, p, m);
        break;
    case CLUSTER_KIND_SHUTDOWN:
        e.kind = CONTROLLER_EV_SHUTDOWN;
        control_lead_step(l, &e);
        break;
    case CLUSTER_KIND_ADMIN:
        admin_start(l, p, &m->u.admin);
        break;
    default:
        break; /* nothing that a broker says to its controller */
    }
}
