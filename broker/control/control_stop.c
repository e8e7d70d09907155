/* SPDX-License-Identifier: Apache-2.0 */
/* A controlled stop: leadership moves to other brokers first; then no more clients, replicas and
 * coordinators stop, the directories are closed cleanly, and the ZooKeeper session ends last, so
 * that our broker node goes when our logs are safe. */
#include <stdlib.h>

#include "broker/control/control_internal.h"
#include "common/assert.h"
#include "common/memory.h"

#define HAND_OVER_MS 15000
#define ASK_AGAIN_MS 200
#define STUCK_MS 3000
#define CLOSE_MS 30000

static void stop_fired(struct timer *timer);

static void begin_close(struct control *c)
{
    struct controller_event e = {.kind = CONTROLLER_EV_STOP};
    c->phase = CONTROL_CLOSING;
    timer_set(&c->stop_timer, CLOSE_MS);
    control_lead_step(c->lead, &e);
}

void control_stop(struct control *c)
{
    if (c->stop_asked)
        return;
    c->stop_asked = true;
    timer_init(&c->stop_timer, c->reactor, stop_fired);
    say(&c->reactor->env, SAY_INFO, "control", "stopping");
    if (c->phase == CONTROL_LOADING)
        return; /* recovery is not interrupted; when it is done, the broker ends */
    if (c->phase == CONTROL_REGISTERING) {
        begin_close(c);
        return;
    }
    c->phase = CONTROL_HANDING_OVER;
    c->stop_deadline_ns = c->reactor->now_ns + (uint64_t)HAND_OVER_MS * 1000000;
    if (!c->config->controlled_shutdown) {
        begin_close(c);
        return;
    }
    timer_set(&c->stop_timer, ASK_AGAIN_MS);
    control_client_hand_over(c->client);
}

static bool somebody_else_is_alive(const struct control *c)
{
    const struct brokers_meta *all = c->shard->metadata.brokers;
    for (uint32_t i = 0; i < all->count; i++)
        if (all->items[i].alive && all->items[i].member.broker != c->config->broker_id)
            return true;
    return false;
}

/* The controller's answer: how many partitions are still led here. The stop goes on waiting as long
 * as they become fewer. */
void control_handed_over(struct control *c, int32_t remaining)
{
    if (c->phase != CONTROL_HANDING_OVER)
        return;
    if (remaining != c->remaining) {
        c->remaining = remaining;
        c->remaining_since_ns = c->reactor->now_ns;
    }
    bool stuck = c->reactor->now_ns - c->remaining_since_ns > UINT64_C(1000000) * STUCK_MS;
    if (remaining > 0 && (stuck || !somebody_else_is_alive(c))) {
        say(&c->reactor->env, SAY_WARN, "control",
            "%d partitions have no other in-sync replica that could lead them: they are offline "
            "until this broker is back",
            remaining);
        begin_close(c);
    } else if (remaining == 0) {
        begin_close(c);
    }
}

static void stop_fired(struct timer *timer)
{
    struct control *c = CONTAINER_OF(timer, struct control, stop_timer);
    if (c->phase == CONTROL_CLOSING) {
        say(&c->reactor->env, SAY_WARN, "control",
            "the stop takes longer than %d s: ending without a clean mark, so the next start "
            "recovers the logs",
            CLOSE_MS / 1000);
        control_finish(c);
    } else if (c->reactor->now_ns > c->stop_deadline_ns) {
        say(&c->reactor->env, SAY_WARN, "control",
            "leadership of some partitions could not be moved within %d s: stopping nevertheless",
            HAND_OVER_MS / 1000);
        begin_close(c);
    } else {
        control_client_hand_over(c->client);
        timer_set(&c->stop_timer, ASK_AGAIN_MS);
    }
}

/* ---- every shard ---- */
struct stop_call {
    struct call call;
    struct control *control;
    struct shard *there;
};

static void replicas_stopped(void *context)
{
    struct stop_call *stop = context;
    call_return(stop->there, &stop->call);
}

static void stop_there(struct call *call, struct shard *there)
{
    struct stop_call *stop = CONTAINER_OF(call, struct stop_call, call);
    stop->there = there;
    there->stopping = true;
    client_net_drain(there->clients);
    if (there->replicas != NULL)
        replica_host_stop(there->replicas, replicas_stopped, stop);
    else
        call_return(there, call);
}

static void dir_stopped(struct log_dir_stop *stop)
{
    struct control *c = stop->context;
    unsigned i = (unsigned)(stop - c->stops);
    if (stop->error != 0 && control_dir_is_usable(c, i)) {
        say(&c->reactor->env, SAY_ERROR, "log", "data directory %s could not be closed cleanly: %s",
            c->config->dirs[i], strerror(-stop->error));
    }
    if (--c->stops_left == 0)
        control_finish(c);
}

static void stop_back(struct call *call, struct shard *home)
{
    struct stop_call *stop = CONTAINER_OF(call, struct stop_call, call);
    struct control *c = stop->control;
    (void)home;
    free(stop);
    if (--c->shards_left > 0 || c->phase != CONTROL_CLOSING)
        return;
    c->stops_left = c->config->dir_count;
    for (unsigned i = 0; i < c->config->dir_count; i++) {
        c->stops[i].done = dir_stopped;
        c->stops[i].context = c;
        log_dir_stop(broker_dirs(c->shard->broker)[i], c->reactor, &c->stops[i]);
    }
}

/* The step function has given /controller up. */
void control_controller_stopped(struct control *c)
{
    unsigned count = broker_shard_count(c->shard->broker);
    if (c->phase != CONTROL_CLOSING)
        return;
    control_listen_stop_clients(c->listen);
    c->shards_left = count;
    for (unsigned i = 0; i < count; i++) {
        struct stop_call *stop = xcalloc(1, sizeof *stop);
        stop->control = c;
        stop->call.there = stop_there;
        stop->call.back = stop_back;
        call_make(c->shard, i, &stop->call);
    }
}

void control_finish(struct control *c)
{
    const struct env *env = &c->reactor->env;
    uint64_t crossed = 0;
    for (unsigned i = 0; i < broker_shard_count(c->shard->broker); i++)
        crossed += broker_shard(c->shard->broker, i)->crossed;
    say(env, SAY_INFO, "control", "stopped; %llu requests crossed shards",
        (unsigned long long)crossed);
    c->phase = CONTROL_ENDED;
    env->ops->zk_open(env->world, false);
    env->ops->halt(env->world, 0, VIEW_LITERAL("stopped"));
}
