/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>

#include "common/assert.h"
#include "common/memory.h"
#include "tests/lib/file_mem.h"
#include "tests/sim/sim_internal.h"
#include "tests/sim/zk_model.h"

/* Processes and their shards: what waits for a shard, when it runs, its timers, mails and lines. */

/* ---- what waits ---- */
static void shard_run(void *object, uint64_t arg);

static void shard_schedule(struct sim_shard *s)
{
    struct sim_world *w = s->process->world;
    if (s->scheduled || s->held)
        return;
    s->scheduled = true;
    sim_world_after(w, sim_delay_draw(w, &w->weather.schedule), shard_run, s, 0);
}

void sim_shard_post(struct sim_shard *s, const struct sim_item *item)
{
    if (!s->process->running)
        IMPOSSIBLE("something is said to a process that has ended");
    struct sim_item *copy = xmalloc(sizeof *copy);
    *copy = *item;
    copy->next = NULL;
    *s->last = copy;
    s->last = &copy->next;
    shard_schedule(s);
}

void sim_shard_post_event(struct sim_shard *s, const struct event *event)
{
    struct sim_item item = {.kind = SIM_ITEM_EVENT, .event = *event};
    sim_shard_post(s, &item);
}

static void item_free(struct sim_item *item)
{
    if (item->end)
        sim_conn_unref(item->end);
    free(item->owned);
    free(item);
}

static void items_free(struct sim_item *item)
{
    while (item) {
        struct sim_item *next = item->next;
        item_free(item);
        item = next;
    }
}

/* ---- hearing ---- */
static const char *const kind_names[] = {
    "START",  "TURN", "STOP", "TIMER",  "MAIL",       "DISK",     "LISTENING", "ACCEPTED",
    "OPENED", "DATA", "SENT", "CLOSED", "ZK_SESSION", "ZK_REPLY", "ZK_WATCH",
};

/* The part of the hash that depends on the kind; answers a number worth showing in a trace. */
static uint64_t hash_details(struct sim_world *w, const struct event *e)
{
    switch (e->kind) {
    case EV_NET_DATA:
        if (e->u.data.buf)
            sim_hash_bytes(w, e->u.data.buf->data + e->u.data.at, e->u.data.size);
        sim_hash_mix(w, e->u.data.eof);
        return e->u.data.size;
    case EV_NET_SENT:
        return e->u.sent.bytes_left;
    case EV_NET_ACCEPTED:
    case EV_NET_LISTENING:
        return e->u.net.peer.port;
    case EV_MAIL:
        return e->u.mail->kind * UINT64_C(100) + e->u.mail->from;
    case EV_ZK_SESSION:
        return (uint64_t)e->u.session.state;
    case EV_ZK_REPLY:
        for (uint32_t i = 0; !e->u.reply.unknown && i < e->u.reply.count; i++) {
            const struct zk_result *r = &e->u.reply.results[i];
            sim_hash_mix(w, (uint64_t)r->error << 32 | (uint32_t)r->version);
            sim_hash_bytes(w, r->data.base, r->data.size);
        }
        return e->u.reply.unknown ? UINT64_MAX : e->u.reply.count;
    case EV_ZK_WATCH:
        sim_hash_bytes(w, e->u.watch.path.base, e->u.watch.path.size);
        return (uint64_t)e->u.watch.what;
    case EV_START:
    case EV_TURN:
    case EV_STOP:
    case EV_TIMER:
    case EV_DISK:
    case EV_NET_OPENED:
    case EV_NET_CLOSED:
        break;
    }
    return 0;
}

void sim_shard_hear(struct sim_shard *s, struct event *event)
{
    struct sim_process *p = s->process;
    struct sim_world *w = p->world;
    event->now_ns = w->now_ns;
    sim_hash_mix(w, (uint64_t)event->kind << 32 | p->host->index << 8 | s->index);
    sim_hash_mix(w, event->token);
    sim_hash_mix(w, w->now_ns);
    uint64_t detail = hash_details(w, event);
    sim_hash_mix(w, detail ^ (uint64_t)(int64_t)event->error);
    w->events++;
    if (event->kind != EV_TURN)
        sim_trace(w, "%s/%u %s token %llx error %d (%lld)", p->host->name, s->index,
                  kind_names[event->kind], (unsigned long long)event->token, event->error,
                  (long long)detail);
    p->program.step(s->object, event);
}

static void timer_hear(struct sim_shard *s, token name)
{
    struct sim_timer *timer = map_get(&s->timers, MAP_KEY(name));
    if (!timer || timer->at_ns > s->process->world->now_ns)
        return; /* cancelled or put off since it fired */
    free(map_remove(&s->timers, MAP_KEY(name)));
    struct event event = {.kind = EV_TIMER, .token = name};
    sim_shard_hear(s, &event);
}

static void shard_run(void *object, uint64_t arg)
{
    struct sim_shard *s = object;
    struct sim_process *p = s->process;
    (void)arg;
    s->scheduled = false;
    if (!p->running)
        return;
    if (p->paused) {
        s->held = true;
        return;
    }
    struct sim_item *item = s->first;
    s->first = NULL;
    s->last = &s->first;
    while (item && !p->halting) {
        struct sim_item *next = item->next;
        if (item->kind == SIM_ITEM_EVENT)
            sim_shard_hear(s, &item->event);
        else if (item->kind == SIM_ITEM_TIMER)
            timer_hear(s, item->event.token);
        else
            sim_net_hear(s, item);
        item_free(item);
        item = next;
    }
    items_free(item);
    if (!p->halting) {
        struct event turn = {.kind = EV_TURN};
        sim_shard_hear(s, &turn);
    }
    const struct sim_observer *o = &p->world->observer;
    if (o->turned)
        o->turned(o->context, p, s->index);
    if (p->halting)
        sim_process_end(p, SIM_END_EXIT);
}

/* ---- the table ---- */
static int64_t env_wall_ms(void *world)
{
    const struct sim_shard *s = world;
    const struct sim_process *p = s->process;
    return INT64_C(1800000000000) + (int64_t)(p->world->now_ns / SIM_MS) + p->host->wall_skew_ms;
}

static uint64_t env_random(void *world)
{
    struct sim_shard *s = world;
    return sim_random_next(&s->random);
}

static void timer_fire(void *object, uint64_t name)
{
    struct sim_shard *s = object;
    if (!s->process->running)
        return;
    const struct sim_timer *timer = map_get(&s->timers, MAP_KEY(name));
    if (!timer || timer->at_ns > s->process->world->now_ns)
        return;
    struct sim_item item = {.kind = SIM_ITEM_TIMER, .event.token = name};
    sim_shard_post(s, &item);
}

static void env_timer(void *world, token name, uint64_t at_ns)
{
    struct sim_shard *s = world;
    struct sim_timer *timer = map_get(&s->timers, MAP_KEY(name));
    if (!s->process->running)
        return;
    if (at_ns == 0) {
        free(timer);
        map_remove(&s->timers, MAP_KEY(name));
        return;
    }
    if (!timer) {
        timer = xmalloc(sizeof *timer);
        map_put(&s->timers, MAP_KEY(name), timer);
    }
    timer->at_ns = at_ns;
    sim_world_at(s->process->world, at_ns, timer_fire, s, name);
}

static void env_mail(void *world, unsigned shard, struct mail *mail)
{
    struct sim_shard *s = world;
    if (!s->process->running)
        return;
    PRE(shard < s->process->shard_count);
    struct event event = {.kind = EV_MAIL, .u.mail = mail};
    sim_shard_post_event(&s->process->shards[shard], &event);
}

static void env_say(void *world, enum say_level level, struct view line)
{
    static const char *const names[] = {"ERROR", "WARN", "INFO", "DEBUG"};
    struct sim_shard *s = world;
    struct sim_process *p = s->process;
    if (!p->running)
        return;
    sim_trace(p->world, "%s/%u %s %.*s", p->host->name, s->index, names[level], (int)line.size,
              (const char *)line.base);
    const struct sim_observer *o = &p->world->observer;
    if (o->said)
        o->said(o->context, p, s->index, level, line);
}

static void env_halt(void *world, int code, struct view why)
{
    struct sim_shard *s = world;
    struct sim_process *p = s->process;
    if (!s->process->running)
        return;
    if (p->halting)
        return;
    p->halting = p->halted = true;
    p->halt_code = code;
    p->halt_why = xstrndup(why.base ? (const char *)why.base : "", why.size);
    sim_trace(p->world, "%s/%u HALT %d %s", p->host->name, s->index, code, p->halt_why);
}

const struct env_ops sim_env_ops = {
    .wall_ms = env_wall_ms,
    .random = env_random,
    .timer = env_timer,
    .net_listen = sim_env_net_listen,
    .net_accept = sim_env_net_accept,
    .net_move = sim_env_net_move,
    .net_open = sim_env_net_open,
    .net_read = sim_env_net_read,
    .net_send = sim_env_net_send,
    .net_close = sim_env_net_close,
    .file_peek = sim_env_file_peek,
    .disk = sim_env_disk,
    .zk_open = sim_env_zk_open,
    .zk = sim_env_zk,
    .mail = env_mail,
    .say = env_say,
    .halt = env_halt,
};

/* ---- start and end ---- */
static void shards_init(struct sim_process *p)
{
    struct sim_world *w = p->world;
    for (unsigned i = 0; i < p->shard_count; i++) {
        struct sim_shard *s = &p->shards[i];
        *s = (struct sim_shard){.process = p, .index = i};
        s->last = &s->first;
        s->env = (struct env){&sim_env_ops, s, i, p->shard_count};
        sim_random_init(&s->random, sim_random_next(&w->random));
    }
}

struct sim_process *sim_process_start(struct sim_host *h, const struct sim_program *program,
                                      const struct sim_process_options *options)
{
    PRE(h->on && !h->process);
    PRE(options->shard_count >= 1 && options->shard_count <= SIM_SHARDS_MAX);
    struct sim_process *p = xcalloc(1, sizeof *p);
    *p = (struct sim_process){.world = h->world,
                              .host = h,
                              .next = h->processes,
                              .program = *program,
                              .shard_count = options->shard_count,
                              .number = ++h->starts,
                              .running = true};
    h->processes = h->process = p;
    sim_trace(h->world, "%s starts (%u)", h->name, p->number);
    shards_init(p);
    sim_disk_mount(p);
    sim_zk_start(p, options);
    struct env envs[SIM_SHARDS_MAX];
    for (unsigned i = 0; i < p->shard_count; i++)
        envs[i] = p->shards[i].env;
    program->open(program->context, p, envs, p->shard_count, p->objects);
    for (unsigned i = 0; i < p->shard_count; i++) {
        p->shards[i].object = p->objects[i];
        struct event start = {.kind = EV_START};
        sim_shard_post_event(&p->shards[i], &start);
    }
    return p;
}

void sim_process_end(struct sim_process *p, enum sim_end_how how)
{
    static const char *const names[] = {"exits", "is killed", "loses power"};
    PRE(p->running);
    sim_trace(p->world, "%s %s", p->host->name, names[how]);
    sim_disk_end(p, how);
    p->running = false;
    p->host->process = NULL;
    if (p->zk)
        zk_client_kill(p->zk);
    p->zk = NULL; /* not to be used any more */
    sim_net_end_process(p, how);
    for (unsigned i = 0; i < p->shard_count; i++) {
        struct sim_shard *s = &p->shards[i];
        items_free(s->first);
        s->first = NULL;
        s->last = &s->first;
        struct map_entry entry;
        for (uint32_t at = 0; map_next(&s->timers, &at, &entry);)
            free(entry.value);
        map_deinit(&s->timers);
        map_deinit(&s->ends);
    }
    const struct sim_observer *o = &p->world->observer;
    if (o->ended)
        o->ended(o->context, p);
    if (p->program.close)
        p->program.close(p->program.context, p->objects, p->shard_count);
}

void sim_process_kill(struct sim_process *p)
{
    struct sim_host *h = p->host;
    if (!p->running)
        return;
    sim_process_end(p, SIM_END_KILL);
    for (unsigned d = 0; d < h->dir_count; d++)
        if (file_mem_power_is_off(h->disks[d])) /* its last operation was the one */
            sim_host_power_off(h);
}

void sim_process_cut_zk(struct sim_process *p, bool cut)
{
    if (!p->running || !p->zk || p->zk_cut == cut)
        return;
    sim_trace(p->world, "%s is %s ZooKeeper", p->host->name, cut ? "cut off from" : "back at");
    p->zk_cut = cut;
    zk_client_cut(p->zk, cut || p->paused);
}

void sim_process_terminate(struct sim_process *p)
{
    if (!p->running)
        return;
    sim_trace(p->world, "%s hears SIGTERM", p->host->name);
    for (unsigned i = 0; i < p->shard_count; i++) {
        struct event stop = {.kind = EV_STOP};
        sim_shard_post_event(&p->shards[i], &stop);
    }
}

void sim_process_pause(struct sim_process *p, bool paused)
{
    if (!p->running || p->paused == paused)
        return;
    sim_trace(p->world, "%s %s", p->host->name, paused ? "is stopped" : "goes on");
    p->paused = paused;
    if (p->zk)
        zk_client_cut(p->zk, paused || p->zk_cut);
    if (paused)
        return;
    for (unsigned i = 0; i < p->shard_count; i++) {
        if (p->shards[i].held) {
            p->shards[i].held = false;
            shard_schedule(&p->shards[i]);
        }
    }
    sim_disk_resume(p);
}

/* ---- looking at it ---- */
bool sim_process_is_running(const struct sim_process *p)
{
    return p->running;
}

bool sim_process_is_paused(const struct sim_process *p)
{
    return p->paused;
}

bool sim_process_halted(const struct sim_process *p, int *ret_code, const char **ret_why)
{
    if (p->halted) {
        *ret_code = p->halt_code;
        *ret_why = p->halt_why;
    }
    return p->halted;
}

void *sim_process_shard(const struct sim_process *p, unsigned shard)
{
    PRE(shard < p->shard_count);
    return p->objects[shard];
}

unsigned sim_process_shard_count(const struct sim_process *p)
{
    return p->shard_count;
}

struct sim_host *sim_process_host(const struct sim_process *p)
{
    return p->host;
}

struct zk_client *sim_process_zk(const struct sim_process *p)
{
    return p->zk;
}

unsigned sim_process_number(const struct sim_process *p)
{
    return p->number;
}
