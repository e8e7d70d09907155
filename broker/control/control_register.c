/* SPDX-License-Identifier: Apache-2.0 */
/* The shell around the registrar's step function: events in, actions carried out in their order. */
#include <stdlib.h>

#include "broker/control/control_internal.h"
#include "broker/zk/registrar.h"
#include "common/assert.h"
#include "common/memory.h"

struct control_register {
    struct control *control;
    struct registrar *registrar;
    struct registrar_config config;
    struct znode_endpoint endpoints[CONFIG_LISTENERS_MAX];
    struct uuid directories[CONFIG_DIRS_MAX];
    struct timer timer;
    uint64_t persisting; /* the request of the REGISTRAR_PERSIST under way */
    unsigned marks_left, in_marks_left;
    struct log_dir_mark in_marks[CONFIG_DIRS_MAX];
    struct turn_task nothing_to_mark;
};

static void step(struct control_register *r, struct registrar_event *e);

static void one_marked(struct control_register *r)
{
    if (--r->marks_left == 0) {
        struct registrar_event e = {.kind = REGISTRAR_PERSISTED, .request = r->persisting};
        step(r, &e);
    }
}

/* Counts as one mark, so that the registrar has its answer also when no directory takes a marker.
 */
static void turn_ended(struct turn_task *task)
{
    one_marked(CONTAINER_OF(task, struct control_register, nothing_to_mark));
}

static void timer_fired(struct timer *timer)
{
    struct control_register *r = CONTAINER_OF(timer, struct control_register, timer);
    struct registrar_event e = {.kind = REGISTRAR_TIMER};
    step(r, &e);
}

void control_register_init(struct control *c)
{
    struct control_register *r = xcalloc(1, sizeof *r);
    r->control = c;
    c->registration = r;
    r->nothing_to_mark.run = turn_ended;
    timer_init(&r->timer, c->reactor, timer_fired);
}

void control_register_deinit(struct control *c)
{
    timer_deinit(&c->registration->timer);
    registrar_free(c->registration->registrar);
    free(c->registration);
}

/* ---- what ZooKeeper is told about this broker ---- */
static void describe(struct control_register *r)
{
    const struct broker_config *c = r->control->config;
    const struct broker_setup *setup = broker_setup_of(r->control->shard->broker);
    struct znode_registration *to = &r->config.registration;
    for (unsigned i = 0; i < c->listener_count; i++) {
        const struct config_listener *l = &c->listeners[i];
        r->endpoints[i] = (struct znode_endpoint){.listener = view_of(l->name),
                                                  .protocol = VIEW_LITERAL("PLAINTEXT"),
                                                  .host = view_of(l->advertised_host),
                                                  .port = (uint16_t)l->advertised_port};
    }
    to->endpoints = r->endpoints;
    to->endpoint_count = c->listener_count;
    to->jmx_port = -1;
    to->rack = view_of(c->rack);
    to->cluster_host = view_of(setup->cluster_address);
    to->cluster_port = setup->cluster_listener.port;
    to->shard_count = (uint16_t)setup->shard_count;
    to->protocol_min = CLUSTER_VERSION_MIN;
    to->protocol_max = CLUSTER_VERSION_MAX;
}

void control_register_start(struct control *c)
{
    struct control_register *r = c->registration;
    const struct env *env = &c->reactor->env;
    r->config.broker = c->config->broker_id;
    r->config.session_timeout_ms = (uint32_t)c->config->zookeeper_session_timeout_ms;
    r->config.storage_id = c->storage_id;
    r->config.directory_ids = r->directories;
    r->config.cluster_id = view_of(c->cluster_id);
    for (unsigned i = 0; i < c->config->dir_count; i++)
        if (c->loads[i].error == 0)
            r->directories[r->config.directory_count++] = c->loads[i].directory_id;
    describe(r);
    r->registrar = registrar_new(&r->config);
    env->ops->zk_open(env->world, true);
}

/* ---- the marker of the directories ---- */
static void marked(struct log_dir_mark *mark)
{
    struct control *c = mark->context;
    struct control_register *r = c->registration;
    unsigned i = (unsigned)(mark - c->marks);
    if (mark->error != 0) {
        log_dir_give_up(broker_dirs(c->shard->broker)[i], c->reactor);
        if (!control_dir_lost(c, i, mark->error))
            return;
        control_dirs_note_lost(c, i);
    }
    one_marked(r);
}

/* Writes the markers of a new incarnation. A directory whose marker names neither of the two
 * incarnations that the broker node may have known, nor the one since which it was left out, is not
 * the directory that was registered: it was swapped or rolled back. The inventory finds out what it
 * lacks. What it has cannot be trusted, and is marked so before the directory becomes this broker's
 * again, so that no later start can forget it. */
static void persist(struct control_register *r, const struct registrar_action *a)
{
    struct control *c = r->control;
    r->persisting = a->request;
    r->marks_left = 1;
    if (c->cluster_id == NULL || !view_equal(view_of(c->cluster_id), a->cluster_id)) {
        free(c->cluster_id);
        c->cluster_id = xstrndup(a->cluster_id.base, a->cluster_id.size);
    }
    if (c->shard->replicas == NULL)
        control_dirs_take_notes(c, a->previous);
    for (unsigned i = 0; i < c->config->dir_count; i++) {
        bool known = control_dir_is_known(c, i, a->previous);
        c->dirs[i].matches = known || c->shard->replicas == NULL;
        if (!known && c->loads[i].error == 0) {
            say(&c->reactor->env, SAY_ERROR, "control",
                "data directory %s is not as it was when this broker was last registered (swapped, "
                "or restored from a copy): its replicas are fetched again from other brokers",
                c->config->dirs[i]);
        }
        c->marks[i].distrust = known ? NULL : "its directory was swapped, or restored from a copy";
    }
    control_dirs_note_offline(c, a->previous);
    for (unsigned i = 0; i < c->config->dir_count; i++) {
        if (!c->dirs[i].matches || !control_dir_takes_marks(c, i))
            continue;
        c->marks[i].found = c->loads[i].found;
        c->marks[i].found_count = c->loads[i].found_count;
        c->marks[i].done = marked;
        r->marks_left++;
        control_dir_mark(c, i, &c->marks[i], a->previous, a->incarnation);
    }
    reactor_at_turn(c->reactor, &r->nothing_to_mark);
}

/* The controller has taken the inventory, and every directory was marked as one that this broker
 * was registered with. Where that could not be written, the next start reports the directory once
 * more, which is harmless. */
static void taken_in(struct log_dir_mark *mark)
{
    struct control *c = mark->context;
    c->registration->in_marks_left--;
    if (mark->error != 0)
        control_dir_say_unwritten(c, (unsigned)(mark - c->registration->in_marks), mark->error);
}

static void mark_as_in(struct control_register *r, uint64_t incarnation)
{
    struct control *c = r->control;
    if (r->in_marks_left > 0)
        return; /* earlier marks are on their way and say the same */
    r->in_marks_left = control_dirs_mark_in(c, incarnation, r->in_marks, taken_in);
}

/* ---- actions ---- */
static void zk_heard(struct control_zk_ask *ask, const struct event *reply)
{
    struct registrar_event e = {.kind = REGISTRAR_REPLY, .request = ask->number};
    e.results = reply->u.reply.results;
    e.count = reply->u.reply.count;
    e.unknown = reply->u.reply.unknown;
    step(ask->control->registration, &e);
}

static void carry_out(struct control_register *r, const struct registrar_action *a)
{
    struct control *c = r->control;
    switch (a->kind) {
    case REGISTRAR_ZK:
        control_zk(c, a->ops, a->op_count, a->request, zk_heard);
        break;
    case REGISTRAR_PERSIST:
        persist(r, a);
        break;
    case REGISTRAR_REGISTERED:
        broker_set_cluster_id(c->shard->broker, a->cluster_id);
        control_registered(c, a->incarnation);
        break;
    case REGISTRAR_UNREGISTERED:
        control_unregistered(c);
        break;
    case REGISTRAR_STATE:
        if (a->broker_state == ZNODE_BROKER_IN)
            mark_as_in(r, a->incarnation);
        break;
    case REGISTRAR_TIMER_SET:
        if (a->after_ms > 0)
            timer_set(&r->timer, a->after_ms);
        else
            timer_cancel(&r->timer);
        break;
    case REGISTRAR_SAY:
        say(&c->reactor->env, a->level, "registration", "%.*s", (int)a->text.size,
            (const char *)a->text.base);
        break;
    case REGISTRAR_HALT:
        control_halt(c, "%.*s", (int)a->text.size, (const char *)a->text.base);
        break;
    }
}

/* No action steps the registrar again before the list is done: what it causes comes as a later
 * event. */
static void step(struct control_register *r, struct registrar_event *e)
{
    const struct env *env = &r->control->reactor->env;
    uint32_t count;
    if (r->registrar == NULL || r->control->phase == CONTROL_ENDED)
        return;
    e->wall_ms = env->ops->wall_ms(env->world);
    for (unsigned i = 0; i < COUNT_OF(e->random); i++)
        e->random[i] = env->ops->random(env->world);
    const struct registrar_action *actions = registrar_step(r->registrar, e, &count);
    for (uint32_t i = 0; i < count && r->control->phase != CONTROL_ENDED; i++)
        carry_out(r, &actions[i]);
}

void control_register_session(struct control *c, const struct event *event)
{
    struct registrar_event e = {
        .kind = REGISTRAR_SESSION, .state = event->u.session.state, .session = event->u.session.id};
    step(c->registration, &e);
}

void control_register_watch(struct control *c, const struct event *event)
{
    struct registrar_event e = {.kind = REGISTRAR_WATCH, .path = event->u.watch.path};
    step(c->registration, &e);
}
