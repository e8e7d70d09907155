/* SPDX-License-Identifier: Apache-2.0 */
/* Two brokers' replica hosts in the simulated world, with real logs: what a leader pushes reaches
 * its follower whole and in order, whichever stream it goes by. The test is their controller. */
#include <stdio.h>
#include <stdlib.h>

#include "broker/log/producer_state.h"
#include "broker/replica/replica_internal.h"
#include "common/memory.h"
#include "common/resolve.h"
#include "tests/lib/log_host.h"
#include "tests/lib/suite.h"
#include "tests/sim/sim_world.h"

#define BROKERS 2
#define PORT 7000
#define BATCH_SIZE 100000u

static const struct partition_id the_id = {{{5}}, 0};

struct rig;
struct node {
    struct rig *rig;
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
    uint64_t heard; /* generation of the rig's truth */
    bool loaded;
};
struct waiter {
    struct produce_waiter produce;
    struct rig *rig;
    struct buf *batch;
};
struct rig {
    struct sim_world *world;
    struct sim_host *hosts[BROKERS];
    struct sim_process *processes[BROKERS];
    struct node *nodes[BROKERS];
    uint64_t generation, incarnation_last;
    struct cluster_partition_item state;
    uint32_t to_produce, produced, acknowledged, failed;
    uint64_t to_send; /* by a producer with sequence numbers, at the first broker; 0: nothing */
    bool sent;
    enum replica_result answer; /* to that */
    int64_t last_base;
    uint64_t leaving_seen, behind_seen, joining_seen;
    struct cluster_isr_reply replies[64];
    uint32_t reply_count;
};

/* ---- the controller ---- */

static void ask_isr(struct replica_host_observer *o, const struct cluster_isr_change *changes,
                    uint32_t count)
{
    struct rig *rig = CONTAINER_OF(o, struct node, observer)->rig;
    for (uint32_t i = 0; i < count; i++) {
        const struct cluster_isr_change *c = &changes[i];
        struct cluster_isr_reply reply = {.request = c->request, .id = c->id};
        reply.result = CLUSTER_ISR_REFUSED;
        if (c->version == rig->state.version && c->leader_epoch == rig->state.leader_epoch) {
            reply.result = CLUSTER_ISR_DONE;
            rig->state.isr_count = c->isr_count;
            for (uint32_t k = 0; k < c->isr_count; k++)
                rig->state.isr[k] = c->isr[k].broker;
            rig->state.version++;
            rig->generation++;
        }
        reply.leader_epoch = rig->state.leader_epoch;
        reply.version = rig->state.version;
        reply.isr_count = rig->state.isr_count;
        memcpy(reply.isr, rig->state.isr, sizeof reply.isr);
        rig->replies[rig->reply_count++ % COUNT_OF(rig->replies)] = reply;
    }
}

static void heard_report(struct replica_host_observer *o, const struct cluster_report *report)
{
    struct node *n = CONTAINER_OF(o, struct node, observer);
    ck_assert_int_eq(report->kind, CLUSTER_REPORT_CREATED);
    (void)n;
}

static void elect(struct rig *rig, int32_t leader)
{
    rig->state.leader = leader;
    rig->state.leader_incarnation = rig->nodes[leader - 1]->incarnation;
    rig->state.leader_epoch++;
    rig->state.version++;
    rig->generation++;
}

/* ---- a broker ---- */

static void apply_all(struct node *n)
{
    static const char overrides[] = "";
    struct cluster_item item = {.kind = CLUSTER_ITEM_TOPIC};
    item.u.topic = (struct cluster_topic_item){
        the_id.topic, VIEW_LITERAL("orders"), 1, {(const uint8_t *)overrides, 0}};
    n->heard = n->rig->generation;
    replica_host_apply(n->replicas, &item);
    for (int32_t i = 0; i < BROKERS; i++) {
        const struct node *other = n->rig->nodes[i];
        item = (struct cluster_item){.kind = CLUSTER_ITEM_BROKER};
        item.u.broker =
            (struct cluster_broker_item){.member = {i + 1, other->incarnation},
                                         .alive = other->loaded,
                                         .cluster_host = view_of(sim_host_ip(n->rig->hosts[i])),
                                         .cluster_port = PORT,
                                         .shard_count = 1};
        replica_host_apply(n->replicas, &item);
    }
    item = (struct cluster_item){.kind = CLUSTER_ITEM_PARTITION, .u.partition = n->rig->state};
    replica_host_apply(n->replicas, &item);
}

static void produce_done(struct produce_waiter *w)
{
    struct waiter *waiter = CONTAINER_OF(w, struct waiter, produce);
    struct rig *rig = waiter->rig;
    if (w->result == REPLICA_OK) {
        ck_assert_int_gt(w->base_offset, rig->last_base);
        rig->last_base = w->base_offset;
        rig->acknowledged++;
    } else {
        rig->failed++;
    }
    buf_unref(waiter->batch);
    free(waiter);
}

static void produce_some(struct node *n)
{
    struct rig *rig = n->rig;
    struct replica_view view;
    if (rig->to_produce == 0 || !replica_host_look(n->replicas, the_id, &view) || !view.leads)
        return;
    for (unsigned i = 0; i < 8 && rig->to_produce > 0; i++, rig->to_produce--) {
        struct waiter *w = xcalloc(1, sizeof *w);
        w->rig = rig;
        w->batch = log_host_batch(rig->produced++, 1, BATCH_SIZE, 1000);
        w->produce.id = the_id;
        w->produce.acks = -1;
        w->produce.internal = true; /* the batches' sequences mean nothing */
        w->produce.batch = (struct piece){.buf = w->batch, .size = w->batch->used};
        w->produce.done = produce_done;
        replica_host_produce(n->replicas, &w->produce);
    }
}

static void sent_done(struct produce_waiter *w)
{
    struct waiter *waiter = CONTAINER_OF(w, struct waiter, produce);
    waiter->rig->answer = w->result;
    waiter->rig->to_send = 0;
    buf_unref(waiter->batch);
    free(waiter);
}

/* One batch of four records of producer 1, whose first sequence number is its tag. */
static void send_one(struct node *n)
{
    struct rig *rig = n->rig;
    if (n->broker != 1 || rig->to_send == 0 || rig->sent)
        return;
    struct waiter *w = xcalloc(1, sizeof *w);
    rig->sent = true;
    w->rig = rig;
    w->batch = log_host_batch(rig->to_send, 4, 10, 1000);
    w->produce.id = the_id;
    w->produce.acks = -1;
    w->produce.batch = (struct piece){.buf = w->batch, .size = w->batch->used};
    w->produce.done = sent_done;
    replica_host_produce(n->replicas, &w->produce);
}

static void watch_feeds(struct node *n)
{
    const struct replica *r = host_find(n->replicas, the_id);
    for (uint32_t i = 0; r && i < r->feed_count; i++) {
        n->rig->leaving_seen += r->feeds[i].mode == FEED_LEAVING;
        n->rig->behind_seen += r->feeds[i].mode == FEED_BEHIND;
        n->rig->joining_seen += r->feeds[i].mode == FEED_JOINING;
        ck_assert_uint_le(r->feeds[i].live ? r->feeds[i].live->queued_bytes : 0,
                          STREAM_LIVE_BYTES + BATCH_SIZE * 2);
    }
}

static void topic_config(void *context, struct view overrides, struct log_config *ret)
{
    (void)context;
    (void)overrides;
    *ret = log_host_log_config();
    ret->segment_bytes = 8 << 20;
}

static void make_host(struct node *n)
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
    n->rig->generation++;
}

static void polled(struct timer *t)
{
    struct node *n = CONTAINER_OF(t, struct node, poll);
    timer_set(&n->poll, 5);
    if (!n->loaded)
        return;
    if (n->heard != n->rig->generation)
        apply_all(n);
    for (uint32_t i = 0; i < n->rig->reply_count && i < COUNT_OF(n->rig->replies); i++)
        replica_host_isr_reply(n->replicas, &n->rig->replies[i]);
    produce_some(n);
    send_one(n);
    watch_feeds(n);
}

static void load_done(struct log_dir_load *load)
{
    struct node *n = CONTAINER_OF(load, struct node, load);
    ck_assert_int_eq(load->error, 0);
    make_host(n);
}

static void greeting_heard(struct source *source, const struct event *event)
{
    struct node *n = CONTAINER_OF(source, struct node, greeting);
    struct cluster_open open;
    token connection = source->token;
    reactor_remove(&n->reactor, source);
    if (event->kind != EV_NET_DATA || event->u.data.size == 0)
        return;
    ck_assert(cluster_open_decode((struct view){n->open->data, CLUSTER_OPEN_SIZE}, &open));
    buf_unref(event->u.data.buf);
    replica_host_incoming_accept(n->replicas, connection, &open);
}

static void accepted(struct node *n, const struct event *event)
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
    struct node *n = CONTAINER_OF(source, struct node, listening);
    if (event->kind == EV_NET_LISTENING)
        n->reactor.env.ops->net_accept(n->reactor.env.world, source->token, 8);
}

static void started(struct node *n)
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
    timer_set(&n->poll, 5);
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
    struct rig *rig = context;
    struct node *n = xcalloc(1, sizeof *n); /* one a start: given back with the test's process */
    unsigned at = sim_host_index(sim_process_host(process));
    ck_assert_uint_eq(count, 1);
    n->rig = rig;
    n->broker = (int32_t)at + 1;
    n->incarnation = ++rig->incarnation_last;
    n->stream.limit = 64 << 20;
    n->open = buf_new(NULL, CLUSTER_OPEN_SIZE);
    reactor_init(&n->reactor, &envs[0]);
    n->reactor.other_heard = other_heard;
    n->reactor.other_context = n;
    rig->nodes[at] = n;
    ret_shards[0] = n;
}

static void node_step(void *shard, const struct event *event)
{
    reactor_step(&((struct node *)shard)->reactor, event);
}

static void start(struct rig *rig, unsigned at)
{
    struct sim_program program = {.open = node_open, .step = node_step, .context = rig};
    struct sim_process_options options = {.shard_count = 1};
    rig->processes[at] = sim_process_start(rig->hosts[at], &program, &options);
    rig->generation++;
}

static struct rig *rig_new(uint64_t seed, const struct sim_weather *weather)
{
    struct rig *rig = xcalloc(1, sizeof *rig);
    rig->world = sim_world_new(seed, weather);
    rig->last_base = -1;
    rig->state = (struct cluster_partition_item){.id = the_id,
                                                 .leader = -1,
                                                 .min_isr = 1,
                                                 .flags = CLUSTER_PARTITION_NEW,
                                                 .replica_count = 2,
                                                 .isr_count = 2,
                                                 .replicas = {1, 2},
                                                 .isr = {1, 2}};
    for (unsigned i = 0; i < BROKERS; i++) {
        char name[16];
        snprintf(name, sizeof name, "broker%u", i + 1);
        rig->hosts[i] = sim_host_new(rig->world, name, 1, 0, 0);
    }
    for (unsigned i = 0; i < BROKERS; i++)
        start(rig, i);
    return rig;
}

/* ---- waiting ---- */

static bool created(void *context)
{
    struct rig *rig = context;
    for (unsigned i = 0; i < BROKERS; i++) {
        if (!rig->nodes[i]->loaded)
            return false;
        struct log *log = replica_host_log(rig->nodes[i]->replicas, the_id);
        if (!log || !log_created_durable(log))
            return false;
    }
    return true;
}

static bool all_acknowledged(void *context)
{
    const struct rig *rig = context;
    return rig->to_produce == 0 && rig->acknowledged + rig->failed == rig->produced;
}

static bool in_step(void *context)
{
    const struct rig *rig = context;
    struct replica_view views[BROKERS];
    for (unsigned i = 0; i < BROKERS; i++) {
        if (!rig->nodes[i]->loaded ||
            !replica_host_look(rig->nodes[i]->replicas, the_id, &views[i]))
            return false;
    }
    return rig->state.isr_count == 2 && views[0].end == views[1].end &&
           views[0].high_watermark == views[0].end && views[1].high_watermark == views[1].end &&
           views[1].synced_end == views[1].end;
}

static void wait_until(struct rig *rig, bool (*done)(void *))
{
    ck_assert(
        sim_world_run_until(rig->world, sim_now_ns(rig->world) + 120 * SIM_SECOND, done, rig));
}

static void lead_by(struct rig *rig, int32_t leader)
{
    wait_until(rig, created);
    rig->state.flags = 0;
    elect(rig, leader);
}

static void check_same_bytes(struct rig *rig)
{
    struct log *a = replica_host_log(rig->nodes[0]->replicas, the_id);
    struct log *b = replica_host_log(rig->nodes[1]->replicas, the_id);
    ck_assert_int_eq(log_end(a), log_end(b));
    ck_assert_uint_eq(log_size(a), log_size(b));
    ck_assert_int_eq(log_last_epoch(a), log_last_epoch(b));
}

/* ---- tests ---- */

static struct sim_weather narrow_weather(void)
{
    struct sim_weather weather = sim_weather_calm;
    weather.window_min = weather.window_max = 64 << 10;
    weather.net = (struct sim_delay){2 * SIM_MS, 4 * SIM_MS, 0, 0};
    return weather;
}

START_TEST(everything_pushed_live_arrives)
{
    struct rig *rig = rig_new(1, &sim_weather_calm);
    lead_by(rig, 1);
    rig->to_produce = 60;
    wait_until(rig, all_acknowledged);
    ck_assert_uint_eq(rig->acknowledged, 60);
    wait_until(rig, in_step);
    check_same_bytes(rig);
    sim_world_free(rig->world);
    free(rig);
}
END_TEST

START_TEST(an_overflowing_follower_is_caught_up_from_the_log)
{
    struct sim_weather weather = narrow_weather();
    struct rig *rig = rig_new(2 + (uint64_t)_i, &weather);
    lead_by(rig, 1);
    rig->to_produce = 1;
    wait_until(rig, all_acknowledged);
    wait_until(rig, in_step); /* the stream is live */
    rig->to_produce = 300;    /* 30 MB, through 64 KiB each few ms */
    wait_until(rig, all_acknowledged);
    ck_assert_uint_eq(rig->acknowledged, 301);
    ck_assert_uint_gt(rig->leaving_seen, 0);
    ck_assert_uint_gt(rig->behind_seen, 0);
    wait_until(rig, in_step);
    check_same_bytes(rig);
    rig->to_produce = 10; /* and live again */
    wait_until(rig, all_acknowledged);
    ck_assert_uint_eq(rig->acknowledged, 311);
    sim_world_free(rig->world);
    free(rig);
}
END_TEST

START_TEST(a_follower_that_was_away_catches_up_while_others_produce)
{
    struct rig *rig = rig_new(20 + (uint64_t)_i, &sim_weather_calm);
    lead_by(rig, 1);
    rig->to_produce = 20;
    wait_until(rig, all_acknowledged);
    sim_process_kill(rig->processes[1]);
    rig->nodes[1]->loaded = false;
    rig->to_produce = 100;
    wait_until(rig, all_acknowledged); /* once it has left the ISR */
    ck_assert_uint_eq(rig->state.isr_count, 1);
    start(rig, 1);
    rig->to_produce = 100;
    wait_until(rig, all_acknowledged);
    wait_until(rig, in_step);
    ck_assert_uint_gt(rig->behind_seen, 0);
    ck_assert_uint_eq(rig->acknowledged, 220);
    check_same_bytes(rig);
    elect(rig, 2);
    rig->to_produce = 20;
    wait_until(rig, all_acknowledged);
    wait_until(rig, in_step);
    ck_assert_uint_eq(rig->acknowledged, 240);
    sim_world_free(rig->world);
    free(rig);
}
END_TEST

START_TEST(broken_streams_are_opened_again)
{
    struct rig *rig = rig_new(40 + (uint64_t)_i, &sim_weather_calm);
    lead_by(rig, 1);
    rig->to_produce = 150;
    for (unsigned i = 0; i < 30; i++) {
        sim_world_run(rig->world, sim_now_ns(rig->world) + 20 * SIM_MS);
        sim_link_break(rig->hosts[0], rig->hosts[1], true, true);
    }
    wait_until(rig, all_acknowledged);
    ck_assert_uint_eq(rig->acknowledged, 150);
    wait_until(rig, in_step);
    check_same_bytes(rig);
    sim_world_free(rig->world);
    free(rig);
}
END_TEST

static bool answered(void *context)
{
    const struct rig *rig = context;
    return rig->to_send == 0;
}

static enum replica_result answer_to(struct rig *rig, uint64_t tag)
{
    rig->to_send = tag;
    rig->sent = false;
    wait_until(rig, answered);
    return rig->answer;
}

static bool first_leads(void *context)
{
    const struct rig *rig = context;
    struct replica_view view;
    return replica_host_look(rig->nodes[0]->replicas, the_id, &view) && view.leads;
}
static bool second_leads(void *context)
{
    const struct rig *rig = context;
    struct replica_view view;
    return !first_leads(context) && replica_host_look(rig->nodes[1]->replicas, the_id, &view) &&
           view.leads;
}

/* Leadership comes between two batches in flight: the second is not called out of order while the
 * first, refused, has not come again. */
START_TEST(what_follows_a_refused_batch_is_refused_for_its_reason)
{
    struct rig *rig = rig_new(60, &sim_weather_calm);
    lead_by(rig, 1);
    wait_until(rig, first_leads);
    ck_assert_int_eq(answer_to(rig, 1), REPLICA_OK);
    elect(rig, 2);
    wait_until(rig, second_leads);
    ck_assert_int_eq(answer_to(rig, 5), REPLICA_NOT_LEADER);
    elect(rig, 1);
    wait_until(rig, first_leads);
    ck_assert_int_eq(answer_to(rig, 9), REPLICA_NOT_LEADER);
    ck_assert_int_eq(answer_to(rig, 5), REPLICA_OK);
    ck_assert_int_eq(answer_to(rig, 9), REPLICA_OK);
    ck_assert_int_eq(answer_to(rig, 17), REPLICA_OUT_OF_ORDER); /* 13 was never seen */
    sim_world_free(rig->world);
    free(rig);
}
END_TEST

static bool nobody_is_remembered(void *context)
{
    const struct rig *rig = context;
    uint32_t count = 0;
    for (int32_t i = 0; i < BROKERS; i++) {
        struct log *log = replica_host_log(rig->nodes[i]->replicas, the_id);
        count += log ? producer_state_count(log_producers(log)) : 0;
    }
    return count == 0;
}

/* Or each that ever wrote would stay for as long as the process lives. */
START_TEST(producers_that_write_no_more_are_forgotten)
{
    struct rig *rig = rig_new(61, &sim_weather_calm);
    lead_by(rig, 1);
    wait_until(rig, first_leads);
    ck_assert_int_eq(answer_to(rig, 1), REPLICA_OK);
    ck_assert(!nobody_is_remembered(rig));
    uint64_t until_ns = sim_now_ns(rig->world) + 1200 * SIM_SECOND;
    ck_assert(sim_world_run_until(rig->world, until_ns, nobody_is_remembered, rig));
    sim_world_free(rig->world);
    free(rig);
}
END_TEST

/* The hosts of a run are thrown away with it, as their processes would be: what they held is no
 * leak. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "detect_leaks=0";
}

int main(void)
{
    Suite *s = suite_create("replica streams");
    TCase *t = tcase_create("streams");
    tcase_set_timeout(t, SUITE_TIMEOUT_S);
    tcase_add_test(t, everything_pushed_live_arrives);
    tcase_add_loop_test(t, an_overflowing_follower_is_caught_up_from_the_log, 0, 3);
    tcase_add_loop_test(t, a_follower_that_was_away_catches_up_while_others_produce, 0, 5);
    tcase_add_test(t, what_follows_a_refused_batch_is_refused_for_its_reason);
    tcase_add_test(t, producers_that_write_no_more_are_forgotten);
    tcase_add_loop_test(t, broken_streams_are_opened_again, 0, 5);
    suite_add_tcase(s, t);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
