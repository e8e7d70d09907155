/* SPDX-License-Identifier: Apache-2.0 */
#include "broker/control/control.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "broker/control/control_internal.h"
#include "common/assert.h"
#include "common/memory.h"

struct control *control_new(struct shard *s)
{
    struct control *c = xcalloc(1, sizeof *c);
    c->shard = s;
    c->reactor = &s->reactor;
    c->config = s->config;
    c->identity.self.broker = s->config->broker_id;
    c->identity.shard_count = broker_shard_count(s->broker);
    c->identity.secret = broker_setup_of(s->broker)->secret;
    c->lead = control_lead_new(c);
    c->client = control_client_new(c);
    c->ids = control_ids_new(c);
    c->listen = control_listen_new(c);
    control_register_init(c);
    control_start_init(c);
    return c;
}

void control_free(struct control *c)
{
    if (c == NULL)
        return;
    control_client_free(c->client);
    control_lead_free(c->lead);
    control_ids_free(c->ids);
    control_listen_free(c->listen);
    control_register_deinit(c);
    control_start_deinit(c);
    free(c);
}

void control_halt(struct control *c, const char *format, ...)
{
    const struct env *env = &c->reactor->env;
    char text[1024];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    c->phase = CONTROL_ENDED;
    env->ops->halt(env->world, 1, view_of(text));
}

static void heard_session(struct control *c, const struct event *e)
{
    struct controller_event step = {.kind = CONTROLLER_EV_ZK_SESSION};
    c->session_up = e->u.session.state == ZK_UP;
    control_ids_session(c->ids, c->session_up);
    step.u.session.generation = e->u.session.generation;
    step.u.session.state = e->u.session.state;
    control_lead_step(c->lead, &step);
    control_register_session(c, e);
}

static void heard_watch(struct control *c, const struct event *e)
{
    struct controller_event step = {.kind = CONTROLLER_EV_ZK_WATCH};
    step.u.watch.path = e->u.watch.path;
    step.u.watch.what = e->u.watch.what;
    control_lead_step(c->lead, &step);
    control_register_watch(c, e);
}

void control_heard(struct control *c, const struct event *e)
{
    if (c->phase == CONTROL_ENDED)
        return;
    switch (e->kind) {
    case EV_START:
        control_start(c);
        break;
    case EV_STOP:
        control_stop(c);
        break;
    case EV_NET_ACCEPTED:
        control_listen_accepted(c->listen, e);
        break;
    case EV_ZK_SESSION:
        heard_session(c, e);
        break;
    case EV_ZK_WATCH:
        heard_watch(c, e);
        break;
    default:
        break;
    }
}

void control_ask_isr(struct control *c, const struct cluster_isr_change *changes, uint32_t count)
{
    control_client_isr(c->client, changes, count);
}

void control_report(struct control *c, const struct cluster_report *report)
{
    control_client_report(c->client, report);
}

void control_admin(struct control *c, struct control_admin *admin)
{
    control_client_admin(c->client, admin);
}

/* ---- a delta to every shard ---- */
struct spread {
    struct control *control;
    struct metadata_delta *delta;
    unsigned left;
    struct spread_call {
        struct call call;
        struct spread *spread;
    } calls[];
};

static void spread_there(struct call *call, struct shard *there)
{
    shard_apply(there, CONTAINER_OF(call, struct spread_call, call)->spread->delta);
    call_return(there, call);
}

static void spread_back(struct call *call, struct shard *home)
{
    struct spread *s = CONTAINER_OF(call, struct spread_call, call)->spread;
    (void)home;
    if (--s->left == 0) {
        uint64_t number = s->delta->number;
        struct control *c = s->control;
        for (uint32_t i = 0; i < s->delta->topic_count; i++)
            if (s->delta->topics[i]->gone)
                control_topic_gone(c, s->delta->topics[i]->id);
        metadata_delta_unref(s->delta);
        free(s);
        control_delta_applied(c, number);
    }
}

void control_spread(struct control *c, struct metadata_delta *delta)
{
    unsigned count = broker_shard_count(c->shard->broker);
    struct spread *s = xcalloc(1, sizeof *s + count * sizeof s->calls[0]);
    s->control = c;
    s->delta = delta;
    s->left = count;
    for (unsigned i = 0; i < count; i++) {
        s->calls[i].spread = s;
        s->calls[i].call.there = spread_there;
        s->calls[i].call.back = spread_back;
    }
    for (unsigned i = 0; i < count; i++)
        call_make(c->shard, i, &s->calls[i].call); /* with one shard the last of these frees s */
}
