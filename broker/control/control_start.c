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
        say(&c->reactor->env, SAY_WARN, "zookeeper", "waiting for %s",
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
    for (unsigned i = 0; i < c->config->dir_count; i++) {
        log_dir_load_deinit(&c->loads[i]);
    }
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
static bool fits(struct control *c, const struct log_dir_load *load, unsigned i)
{
    const char *path = c->config->dirs[i];
    if (load->error != 0) {
        if (load->message != NULL) { /* names the directory */
            control_halt(c, "%s", load->message);
        } else {
            control_halt(c, "data directory %s: %s", path, strerror(-load->error));
        }
        return false;
    }
    if (load->broker_id >= 0 && load->broker_id != c->config->broker_id) {
        control_halt(c,
                     "data directory %s belongs to broker %d, and broker.id is %d: set "
                     "broker.id=%d or give another directory",
                     path, load->broker_id, c->config->broker_id, load->broker_id);
        return false;
    }
    if (load->cluster_id != NULL && c->cluster_id != NULL &&
        strcmp(load->cluster_id, c->cluster_id) != 0) {
        control_halt(c, "data directory %s belongs to cluster %s, another directory to cluster %s",
                     path, load->cluster_id, c->cluster_id);
        return false;
    }
    return true;
}

static void note_directory(struct control *c, const struct log_dir_load *load)
{
    if (load->cluster_id != NULL && c->cluster_id == NULL) {
        c->cluster_id = xstrdup(load->cluster_id);
    }
    c->has_data |= load->has_data;
    c->any_unclean |= !load->clean;
    for (uint32_t k = 0; k < load->found_count; k++) {
        if (load->found[k].suspect) {
            say(&c->reactor->env, SAY_ERROR, "log", "partition %s-%d is suspect: %s",
                load->found[k].topic, load->found[k].id.number,
                load->found[k].why != NULL ? load->found[k].why : "its log is damaged");
        }
    }
}

/* A partition's directory that was copied by hand, to another data directory or under another
 * topic's name: nothing tells which copy is whole. */
static bool found_once(struct control *c)
{
    struct map places = MAP_INIT;
    bool once = true;
    for (unsigned i = 0; once && i < c->config->dir_count; i++) {
        const struct log_dir_load *load = &c->loads[i];
        for (uint32_t k = 0; once && k < load->found_count; k++) {
            struct log_found *found = &load->found[k];
            char *here = xasprintf("%s/%s-%d", c->config->dirs[i], found->topic, found->id.number);
            char *there = map_put(&places, MAP_KEY(found->id), here);
            once = there == NULL;
            if (!once) {
                control_halt(c,
                             "%s and %s are copies of one partition: keep the one that is current, "
                             "move the other one away",
                             there, here);
            }
            free(there);
        }
    }
    struct map_entry e;
    for (uint32_t at = 0; map_next(&places, &at, &e);) {
        free(e.value);
    }
    map_deinit(&places);
    return once;
}

static void all_loaded(struct control *c)
{
    uint32_t logs = 0;
    for (unsigned i = 0; i < c->config->dir_count; i++) {
        if (!fits(c, &c->loads[i], i)) {
            return;
        }
        note_directory(c, &c->loads[i]);
        logs += c->loads[i].found_count;
    }
    if (!found_once(c)) {
        return;
    }
    c->storage_id = c->loads[0].storage_id;
    if (logs == 0) {
        say(&c->reactor->env, SAY_INFO, "log", "no partitions in %u directories",
            c->config->dir_count);
    } else {
        say(&c->reactor->env, SAY_INFO, "log",
            "%u partitions in %u directories, the last stop was %s", logs, c->config->dir_count,
            c->any_unclean ? "not clean: recovered" : "clean");
    }
    c->phase = CONTROL_REGISTERING;
    timer_set(&c->waiting_timer, WAITING_MS);
    control_register_start(c);
}

static void loaded(struct log_dir_load *load)
{
    struct control *c = load->context;
    if (--c->loads_left == 0) {
        if (c->stop_asked) {
            control_finish(c);
        } else {
            all_loaded(c);
        }
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
    if (--b->left > 0) {
        return;
    }
    struct controller_event e = {.kind = CONTROLLER_EV_REGISTERED, .u.member = b->self};
    bool stands = c->beginning == b;
    free(b);
    if (!stands) {
        return; /* it is registered no more, or anew */
    }
    c->beginning = NULL;
    if (c->phase == CONTROL_REGISTERING) {
        c->phase = CONTROL_RUNNING;
    }
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
    for (unsigned i = 0; i < count; i++) {
        call_make(c->shard, i, &b->calls[i].call);
    }
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
