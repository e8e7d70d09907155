/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "common/assert.h"
#include "common/memory.h"
#include "tests/sim/sim_internal.h"
#include "tests/sim/sim_zk.h"
#include "tests/sim/zk_model.h"

/* The model of ZooKeeper plugged into the world: its clock and heap, and the way of what a client
 * hears into the inbox of its broker's shard 0. */

static uint64_t scheduler_now_ns(void *context)
{
    return sim_now_ns(context);
}

/* The model's function travels as the argument, the model's argument as the object. */
static void scheduler_run(void *object, uint64_t arg)
{
    void (*run)(void *) = (void (*)(void *))(uintptr_t)arg;
    run(object);
}

static void scheduler_after(void *context, uint64_t delay_ns, void (*run)(void *arg), void *arg)
{
    sim_world_after(context, delay_ns, scheduler_run, arg, (uint64_t)(uintptr_t)run);
}

static uint64_t scheduler_random(void *context)
{
    return sim_random_next(sim_world_random(context));
}

struct zk_model *sim_zk_new(struct sim_world *w, const struct zk_model_options *options)
{
    struct zk_scheduler scheduler = {.context = w,
                                     .now_ns = scheduler_now_ns,
                                     .after = scheduler_after,
                                     .random = scheduler_random};
    return zk_model_new(&scheduler, options);
}

/* ---- copies of what is heard: an event of the model lives only until deliver returns ---- */
struct copier {
    uint8_t *next;
    size_t size;
};

static struct view copy_view(struct copier *c, struct view v)
{
    if (!c->next) { /* measuring */
        c->size += v.size;
        return v;
    }
    if (!v.base)
        return v;
    struct view copy = {c->next, v.size};
    if (v.size)
        memcpy(c->next, v.base, v.size);
    c->next += v.size;
    return copy;
}

/* One block: the results, then all names' views, then all bytes. */
static void *copy_reply(struct event *e)
{
    const struct zk_result *from = e->u.reply.results;
    uint32_t count = e->u.reply.count;
    size_t names = 0;
    struct copier c = {0};
    for (uint32_t i = 0; i < count; i++) {
        copy_view(&c, from[i].data);
        names += from[i].name_count;
        for (uint32_t n = 0; n < from[i].name_count; n++)
            copy_view(&c, from[i].names[n]);
    }
    size_t head = count * sizeof(struct zk_result) + names * sizeof(struct view);
    uint8_t *block = xmalloc(head + c.size + 1);
    struct zk_result *to = (struct zk_result *)(void *)block;
    struct view *name = (struct view *)(void *)(block + count * sizeof(struct zk_result));
    c.next = block + head;
    for (uint32_t i = 0; i < count; i++) {
        to[i] = from[i];
        to[i].data = copy_view(&c, from[i].data);
        to[i].names = name;
        for (uint32_t n = 0; n < from[i].name_count; n++)
            *name++ = copy_view(&c, from[i].names[n]);
    }
    e->u.reply.results = to;
    return block;
}

static void deliver(void *owner, const struct event *event)
{
    struct sim_process *p = owner;
    struct sim_item item = {.kind = SIM_ITEM_EVENT, .event = *event};
    if (event->kind == EV_ZK_REPLY && event->u.reply.results) {
        item.owned = copy_reply(&item.event);
    } else if (event->kind == EV_ZK_WATCH) {
        struct view path = event->u.watch.path;
        item.owned = xstrndup(path.base, path.size);
        item.event.u.watch.path = (struct view){item.owned, path.size};
    }
    sim_shard_post(&p->shards[0], &item);
}

void sim_zk_start(struct sim_process *p, const struct sim_process_options *options)
{
    if (!options->zk)
        return;
    p->zk = zk_client_new(options->zk, options->chroot ? options->chroot : "",
                          options->session_timeout_ms, deliver, p);
}

void sim_env_zk_open(void *world, bool open)
{
    struct sim_shard *s = world;
    if (!s->process->running)
        return;
    PRE(s->index == 0 && s->process->zk);
    zk_client_open(s->process->zk, open);
}

void sim_env_zk(void *world, token name, const struct zk_op *ops, unsigned count)
{
    struct sim_shard *s = world;
    if (!s->process->running)
        return;
    PRE(s->index == 0 && s->process->zk);
    zk_client_submit(s->process->zk, name, ops, count);
}
