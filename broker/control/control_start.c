/* SPDX-License-Identifier: Apache-2.0 */
/* The start: bind every socket (so that a port in use is found before anything is touched), read
 * and recover the directories, check that they belong together, then ZooKeeper and registration
 * (control_register.c). Registered for the first time, every shard gets its logs; clients are taken
 * once the controller's first snapshot has reached every shard. */
#include <stdlib.h>

#include "broker/control/control_internal.h"
#include "broker/shard_replicas.h"
#include "common/assert.h"
#include "common/memory.h"

#define WAITING_MS 5000

static void waiting_fired(struct timer *timer)
{
    struct control *c = CONTAINER_OF(timer, struct control, waiting_timer);
    if (!c->session_up && c->phase == CONTROL_REGISTERING) {
        say(&c->reactor->env, SAY_WARN, "zookeeper", "waiting for ZooKeeper at %s",
            c->config->zookeeper_connect);
        timer_set(timer, WAITING_MS);
    }
}

void control_start_init(struct control *c)
{
    timer_init(&c->waiting_timer, c->reactor, waiting_fired);
    c->loads = xcalloc(c->config->dir_count, sizeof *c->loads);
    c->marks = xcalloc(c->config->dir_count, sizeof *c->marks);
    c->stops = xcalloc(c->config->dir_count, sizeof *c->stops);
}

void control_start_deinit(struct control *c)
{
    timer_deinit(&c->waiting_timer);
    for (unsigned i = 0; i < c->config->dir_count; i++)
        log_dir_load_deinit(&c->loads[i]);
    free(c->loads);
    free(c->marks);
    free(c->stops);
    free(c->cluster_id);
}

void control_start(struct control *c)
{
    c->phase = CONTROL_LOADING;
    control_listen_open(c->listen);
}

/* ---- the directories ---- */
static void all_loaded(struct control *c)
{
    if (!control_dirs_loaded(c))
        return;
    c->phase = CONTROL_REGISTERING;
    timer_set(&c->waiting_timer, WAITING_MS);
    control_register_start(c);
}

static void loaded(struct log_dir_load *load)
{
    struct control *c = load->context;
    if (--c->loads_left == 0) {
        if (c->stop_asked)
            control_finish(c);
        else
            all_loaded(c);
    }
}

void control_listening(struct control *c)
{
    c->loads_left = c->config->dir_count;
    for (unsigned i = 0; i < c->config->dir_count; i++) {
        c->loads[i].done = loaded;
        c->loads[i].context = c;
        log_dir_load(broker_dirs(c->shard->broker)[i], c->reactor, &c->loads[i]);
    }
}

/* ---- registered ---- */
struct begin {
    struct control *control;
    struct cluster_member self;
    unsigned left;
    struct begin_call {
        struct call call;
        struct begin *begin;
    } calls[];
};

static void begin_there(struct call *call, struct shard *there)
{
    const struct begin *b = CONTAINER_OF(call, struct begin_call, call)->begin;
    const struct control *c = b->control;
    shard_replicas_start(there, b->self, c->loads, c->config->dir_count);
    call_return(there, call);
}

static void begin_back(struct call *call, struct shard *home)
{
    struct begin *b = CONTAINER_OF(call, struct begin_call, call)->begin;
    struct control *c = b->control;
    (void)home;
    if (--b->left > 0)
        return;
    struct controller_event e = {.kind = CONTROLLER_EV_REGISTERED, .u.member = b->self};
    bool stands = c->beginning == b;
    free(b);
    if (!stands)
        return; /* it is registered no more, or anew */
    c->beginning = NULL;
    if (c->phase == CONTROL_REGISTERING)
        c->phase = CONTROL_RUNNING;
    control_lead_step(c->lead, &e);
    control_client_registered(c->client);
}

void control_registered(struct control *c, uint64_t incarnation)
{
    unsigned count = broker_shard_count(c->shard->broker);
    struct begin *b = xcalloc(1, sizeof *b + count * sizeof b->calls[0]);
    c->identity.self.incarnation = incarnation;
    c->identity.cluster_id = broker_cluster_id(c->shard->broker);
    b->control = c;
    b->self = c->identity.self;
    b->left = count;
    c->beginning = b;
    for (unsigned i = 0; i < count; i++) {
        b->calls[i].begin = b;
        b->calls[i].call.there = begin_there;
        b->calls[i].call.back = begin_back;
    }
    for (unsigned i = 0; i < count; i++)
        call_make(c->shard, i, &b->calls[i].call);
}

void control_unregistered(struct control *c)
{
    struct controller_event e = {.kind = CONTROLLER_EV_UNREGISTERED};
    c->beginning = NULL;
    say(&c->reactor->env, SAY_WARN, "control",
        "no longer registered in ZooKeeper: registering anew");
    control_lead_step(c->lead, &e);
    control_client_unregistered(c->client);
}
