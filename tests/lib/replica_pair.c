/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/replica_pair.h"

#include <stdio.h>
#include <stdlib.h>

#include "common/memory.h"
#include "tests/lib/log_host.h"
#include "tests/lib/suite.h"

#define PORT 7000
#define POLL_MS 5

struct replica_pair_node {
    struct replica_pair *pair;
    int32_t broker;
    uint64_t incarnation;
    struct reactor reactor;
    struct timer poll;
    struct source listening, greeting;
    struct buf *open;
    struct log_dir *dir;
    struct log_dir_load load;
    struct replica_host *replicas;
    struct replica_host_observer observer;
    struct account stream;
    uint64_t heard; /* generation of the pair that it was told */
    bool loaded;
};
struct pair_waiter {
    struct produce_waiter produce;
    struct replica_pair *pair;
    struct buf *batch;
};

/* The hosts of a run are thrown away with it, as their processes would be: what they held is no
 * leak. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "detect_leaks=0";
}

/* ---- the controller ---- */

static void ask_isr(struct replica_host_observer *o, const struct cluster_isr_change *changes,
                    uint32_t count)
{
    struct replica_pair *pair = CONTAINER_OF(o, struct replica_pair_node, observer)->pair;
    for (uint32_t i = 0; i < count; i++) {
        const struct cluster_isr_change *c = &changes[i];
        struct cluster_isr_reply reply = {.request = c->request, .id = c->id};
        reply.result = CLUSTER_ISR_REFUSED;
        if (c->version == pair->state.version && c->leader_epoch == pair->state.leader_epoch) {
            reply.result = CLUSTER_ISR_DONE;
            pair->state.isr_count = c->isr_count;
            for (uint32_t k = 0; k < c->isr_count; k++)
                pair->state.isr[k] = c->isr[k].broker;
            pair->state.version++;
            pair->generation++;
        }
        reply.leader_epoch = pair->state.leader_epoch;
        reply.version = pair->state.version;
        reply.isr_count = pair->state.isr_count;
        memcpy(reply.isr, pair->state.isr, sizeof reply.isr);
        pair->replies[pair->reply_count++ % COUNT_OF(pair->replies)] = reply;
    }
}

static void heard_report(struct replica_host_observer *o, const struct cluster_report *report)
{
    const struct replica_pair_node *n = CONTAINER_OF(o, struct replica_pair_node, observer);
    bool untold = n->broker == n->pair->untold;
    ck_assert_int_eq(report->kind, untold ? CLUSTER_REPORT_RESIGNED : CLUSTER_REPORT_CREATED);
}

void replica_pair_elect(struct replica_pair *pair, int32_t broker)
{
    pair->state.leader = broker;
    pair->state.leader_incarnation = pair->nodes[broker - 1]->incarnation;
    pair->state.leader_epoch++;
    pair->state.version++;
    pair->generation++;
}

/* ---- a broker ---- */

static void apply_all(struct replica_pair_node *n)
{
    static const char overrides[] = "";
    struct cluster_item item = {.kind = CLUSTER_ITEM_TOPIC};
    item.u.topic = (struct cluster_topic_item){
        REPLICA_PAIR_ID.topic, VIEW_LITERAL("orders"), 1, {(const uint8_t *)overrides, 0}};
    n->heard = n->pair->generation;
    replica_host_apply(n->replicas, &item);
    for (int32_t i = 0; i < REPLICA_PAIR; i++) {
        const struct replica_pair_node *other = n->pair->nodes[i];
        item = (struct cluster_item){.kind = CLUSTER_ITEM_BROKER};
        item.u.broker =
            (struct cluster_broker_item){.member = {i + 1, other->incarnation},
                                         .alive = other->loaded,
                                         .cluster_host = view_of(sim_host_ip(n->pair->hosts[i])),
                                         .cluster_port = PORT,
                                         .shard_count = 1};
        replica_host_apply(n->replicas, &item);
    }
    item = (struct cluster_item){.kind = CLUSTER_ITEM_PARTITION, .u.partition = n->pair->state};
    replica_host_apply(n->replicas, &item);
}

static void produce_done(struct produce_waiter *w)
{
    struct pair_waiter *waiter = CONTAINER_OF(w, struct pair_waiter, produce);
    struct replica_pair *pair = waiter->pair;
    if (w->result == REPLICA_OK) {
        ck_assert_int_gt(w->base_offset, pair->last_base);
        pair->last_base = w->base_offset;
        pair->acknowledged++;
    } else {
        pair->failed++;
    }
    buf_unref(waiter->batch);
    free(waiter);
}

static void produce_some(struct replica_pair_node *n)
{
    struct replica_pair *pair = n->pair;
    struct replica_view view;
    if (pair->to_produce == 0 || !replica_host_look(n->replicas, REPLICA_PAIR_ID, &view) ||
        !view.leads)
        return;
    for (unsigned i = 0; i < 8 && pair->to_produce > 0; i++, pair->to_produce--) {
        struct pair_waiter *w = xcalloc(1, sizeof *w);
        w->pair = pair;
        w->batch = log_host_batch(pair->produced++, 1, REPLICA_PAIR_BATCH_SIZE, 1000);
        w->produce.id = REPLICA_PAIR_ID;
        w->produce.acks = -1;
        w->produce.internal = true; /* the batches' sequences mean nothing */
        w->produce.batch = (struct piece){.buf = w->batch, .size = w->batch->used};
        w->produce.done = produce_done;
        replica_host_produce(n->replicas, &w->produce);
    }
}

static void do_call(struct replica_pair_node *n)
{
    struct replica_pair *pair = n->pair;
    void (*call)(void *context, struct replica_host *host) = pair->call;
    if (!call || pair->nodes[pair->call_node] != n)
        return;
    pair->call = NULL;
    call(pair->call_context, n->replicas);
}

static void watch_feeds(struct replica_pair_node *n)
{
    const struct replica *r = host_find(n->replicas, REPLICA_PAIR_ID);
    for (uint32_t i = 0; r && i < r->feed_count; i++) {
        n->pair->leaving_seen += r->feeds[i].mode == FEED_LEAVING;
        n->pair->behind_seen += r->feeds[i].mode == FEED_BEHIND;
        n->pair->joining_seen += r->feeds[i].mode == FEED_JOINING;
        ck_assert_uint_le(r->feeds[i].live ? r->feeds[i].live->queued_bytes : 0,
                          STREAM_LIVE_BYTES + REPLICA_PAIR_BATCH_SIZE * 2);
    }
}

static void topic_config(void *context, struct view overrides, struct log_config *ret)
{
    (void)context;
    (void)overrides;
    *ret = log_host_log_config();
    ret->segment_bytes = 8 << 20;
}

static void make_host(struct replica_pair_node *n)
{
    struct replica_host_config config = {.self = {n->broker, n->incarnation},
                                         .cluster_id = VIEW_LITERAL("a cluster"),
                                         .secret = VIEW_LITERAL("a secret"),
                                         .dirs = &n->dir,
                                         .dir_count = 1,
                                         .topic_config = topic_config,
                                         .retain_ms = 60000,
                                         .producer_ms = 600000,
                                         .stream = &n->stream};
    n->observer = (struct replica_host_observer){.ask_isr = ask_isr, .report = heard_report};
    n->replicas = replica_host_new(&n->reactor, &config, &n->observer);
    for (uint32_t i = 0; i < n->load.found_count; i++)
        replica_host_add_log(n->replicas, n->load.found[i].log);
    log_dir_load_deinit(&n->load);
    n->loaded = true;
    n->pair->generation++;
}

static void polled(struct timer *t)
{
    struct replica_pair_node *n = CONTAINER_OF(t, struct replica_pair_node, poll);
    const struct replica_pair *pair = n->pair;
    timer_set(&n->poll, POLL_MS);
    if (!n->loaded)
        return;
    if (n->heard != pair->generation && n->broker != pair->untold)
        apply_all(n);
    for (uint32_t i = 0; i < pair->reply_count && i < COUNT_OF(pair->replies); i++)
        replica_host_isr_reply(n->replicas, &pair->replies[i]);
    produce_some(n);
    do_call(n);
    watch_feeds(n);
}

static void load_done(struct log_dir_load *load)
{
    struct replica_pair_node *n = CONTAINER_OF(load, struct replica_pair_node, load);
    ck_assert_int_eq(load->error, 0);
    make_host(n);
}

/* ---- its cluster listener ---- */

static void greeting_heard(struct source *source, const struct event *event)
{
    struct replica_pair_node *n = CONTAINER_OF(source, struct replica_pair_node, greeting);
    struct cluster_open open;
    token connection = source->token;
    reactor_remove(&n->reactor, source);
    if (event->kind != EV_NET_DATA || event->u.data.size == 0)
        return;
    ck_assert(cluster_open_decode((struct view){n->open->data, CLUSTER_OPEN_SIZE}, &open));
    buf_unref(event->u.data.buf);
    replica_host_incoming_accept(n->replicas, connection, &open);
}

static void accepted(struct replica_pair_node *n, const struct event *event)
{
    const struct env *env = &n->reactor.env;
    if (!n->loaded || n->greeting.token) {
        env->ops->net_close(env->world, event->token, false);
        return;
    }
    n->greeting.heard = greeting_heard;
    reactor_add_as(&n->reactor, &n->greeting, event->token);
    n->open->used = 0;
    env->ops->net_read(env->world, event->token, n->open, 0, CLUSTER_OPEN_SIZE, CLUSTER_OPEN_SIZE,
                       NULL);
    env->ops->net_accept(env->world, n->listening.token, 1);
}

static void listening_heard(struct source *source, const struct event *event)
{
    struct replica_pair_node *n = CONTAINER_OF(source, struct replica_pair_node, listening);
    if (event->kind == EV_NET_LISTENING)
        n->reactor.env.ops->net_accept(n->reactor.env.world, source->token, 8);
}

/* ---- its process ---- */

static void started(struct replica_pair_node *n)
{
    struct log_dir_config config = {.path = "data",
                                    .broker_id = n->broker,
                                    .journal_file_size = 4 << 20,
                                    .idle_round_ms = 50,
                                    .defaults = log_host_log_config(),
                                    .fresh_directory_id = {{1, (uint8_t)n->broker}},
                                    .fresh_storage_id = {{2, (uint8_t)n->broker}},
                                    .fresh_journal_id = {{3, (uint8_t)n->broker}}};
    struct addr any = {.port = PORT};
    n->dir = log_dir_new(&config);
    n->load.done = load_done;
    log_dir_load(n->dir, &n->reactor, &n->load);
    timer_init(&n->poll, &n->reactor, polled);
    timer_set(&n->poll, POLL_MS);
    n->listening.heard = listening_heard;
    reactor_add(&n->reactor, &n->listening);
    n->reactor.env.ops->net_listen(n->reactor.env.world, n->listening.token, &any, 0);
}

static void other_heard(void *context, const struct event *event)
{
    if (event->kind == EV_START)
        started(context);
    else if (event->kind == EV_NET_ACCEPTED)
        accepted(context, event);
}

static void node_open(void *context, struct sim_process *process, const struct env *envs,
                      unsigned count, void **ret_shards)
{
    struct replica_pair *pair = context;
    struct replica_pair_node *n = xcalloc(1, sizeof *n); /* one a start, never given back */
    unsigned at = sim_host_index(sim_process_host(process));
    ck_assert_uint_eq(count, 1);
    n->pair = pair;
    n->broker = (int32_t)at + 1;
    n->incarnation = ++pair->incarnation_last;
    n->stream.limit = 64 << 20;
    n->open = buf_new(NULL, CLUSTER_OPEN_SIZE);
    reactor_init(&n->reactor, &envs[0]);
    n->reactor.other_heard = other_heard;
    n->reactor.other_context = n;
    pair->nodes[at] = n;
    ret_shards[0] = n;
}

static void node_step(void *shard, const struct event *event)
{
    reactor_step(&((struct replica_pair_node *)shard)->reactor, event);
}

void replica_pair_start(struct replica_pair *pair, unsigned node)
{
    struct sim_program program = {.open = node_open, .step = node_step, .context = pair};
    struct sim_process_options options = {.shard_count = 1};
    pair->processes[node] = sim_process_start(pair->hosts[node], &program, &options);
    pair->generation++;
}

void replica_pair_kill(struct replica_pair *pair, unsigned node)
{
    sim_process_kill(pair->processes[node]);
    pair->nodes[node]->loaded = false;
}

struct replica_host *replica_pair_host(struct replica_pair *pair, unsigned node)
{
    return pair->nodes[node]->loaded ? pair->nodes[node]->replicas : NULL;
}

struct replica_pair *replica_pair_new(uint64_t seed, const struct sim_weather *weather)
{
    struct replica_pair *pair = xcalloc(1, sizeof *pair);
    pair->world = sim_world_new(seed, weather);
    pair->last_base = -1;
    pair->state = (struct cluster_partition_item){.id = REPLICA_PAIR_ID,
                                                  .leader = -1,
                                                  .min_isr = 1,
                                                  .flags = CLUSTER_PARTITION_NEW,
                                                  .replica_count = 2,
                                                  .isr_count = 2,
                                                  .replicas = {1, 2},
                                                  .isr = {1, 2}};
    for (unsigned i = 0; i < REPLICA_PAIR; i++) {
        char name[16];
        snprintf(name, sizeof name, "broker%u", i + 1);
        pair->hosts[i] = sim_host_new(pair->world, name, 1, 0, 0);
    }
    for (unsigned i = 0; i < REPLICA_PAIR; i++)
        replica_pair_start(pair, i);
    return pair;
}

void replica_pair_free(struct replica_pair *pair)
{
    sim_world_free(pair->world);
    free(pair);
}

/* ---- waiting ---- */

void replica_pair_wait(struct replica_pair *pair, bool (*done)(void *), void *context)
{
    uint64_t deadline_ns = sim_now_ns(pair->world) + 120 * SIM_SECOND;
    ck_assert(sim_world_run_until(pair->world, deadline_ns, done, context));
}

static bool call_was_done(void *context)
{
    const struct replica_pair *pair = context;
    return !pair->call;
}

void replica_pair_do(struct replica_pair *pair, unsigned node,
                     void (*call)(void *context, struct replica_host *host), void *context)
{
    ck_assert(!pair->call);
    pair->call = call;
    pair->call_context = context;
    pair->call_node = node;
    replica_pair_wait(pair, call_was_done, pair);
}

static bool logs_were_made(void *context)
{
    struct replica_pair *pair = context;
    for (unsigned i = 0; i < REPLICA_PAIR; i++) {
        if (!pair->nodes[i]->loaded)
            return false;
        struct log *log = replica_host_log(pair->nodes[i]->replicas, REPLICA_PAIR_ID);
        if (!log || !log_created_durable(log))
            return false;
    }
    return true;
}

void replica_pair_lead_first(struct replica_pair *pair, int32_t broker)
{
    replica_pair_wait(pair, logs_were_made, pair);
    pair->state.flags = 0;
    replica_pair_elect(pair, broker);
}

static bool all_answered(void *context)
{
    const struct replica_pair *pair = context;
    return pair->to_produce == 0 && pair->acknowledged + pair->failed == pair->produced;
}

void replica_pair_produce(struct replica_pair *pair, uint32_t count)
{
    pair->to_produce += count;
    replica_pair_wait(pair, all_answered, pair);
}

static bool node_leads(const struct replica_pair *pair, unsigned node)
{
    const struct replica_pair_node *n = pair->nodes[node];
    struct replica_view view;
    return n->loaded && replica_host_look(n->replicas, REPLICA_PAIR_ID, &view) && view.leads;
}

static bool first_alone_leads(void *context)
{
    return node_leads(context, 0) && !node_leads(context, 1);
}

static bool second_alone_leads(void *context)
{
    return node_leads(context, 1) && !node_leads(context, 0);
}

void replica_pair_wait_for_leader(struct replica_pair *pair, int32_t broker)
{
    replica_pair_wait(pair, broker == 1 ? first_alone_leads : second_alone_leads, pair);
}

static bool in_step(void *context)
{
    const struct replica_pair *pair = context;
    struct replica_view views[REPLICA_PAIR];
    for (unsigned i = 0; i < REPLICA_PAIR; i++)
        if (!pair->nodes[i]->loaded ||
            !replica_host_look(pair->nodes[i]->replicas, REPLICA_PAIR_ID, &views[i]))
            return false;
    return pair->state.isr_count == 2 && views[0].end == views[1].end &&
           views[0].high_watermark == views[0].end && views[1].high_watermark == views[1].end &&
           views[1].synced_end == views[1].end;
}

void replica_pair_wait_in_step(struct replica_pair *pair)
{
    replica_pair_wait(pair, in_step, pair);
}

void replica_pair_check_same(struct replica_pair *pair)
{
    struct log *a = replica_host_log(pair->nodes[0]->replicas, REPLICA_PAIR_ID);
    struct log *b = replica_host_log(pair->nodes[1]->replicas, REPLICA_PAIR_ID);
    ck_assert_int_eq(log_end(a), log_end(b));
    ck_assert_uint_eq(log_size(a), log_size(b));
    ck_assert_int_eq(log_last_epoch(a), log_last_epoch(b));
}
