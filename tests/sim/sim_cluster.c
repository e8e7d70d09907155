/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/sim/sim_cluster.h"

#include <stdio.h>
#include <stdlib.h>

#include "broker/broker.h"
#include "common/assert.h"
#include "common/memory.h"
#include "controller/znode.h"
#include "tests/lib/file_mem.h"
#include "tests/sim/sim_groups.h"
#include "tests/sim/sim_rot.h"
#include "tests/sim/sim_unclean.h"

#define CLIENT_PORT 9092
#define CLUSTER_PORT 9093

/* Not every broker has a replica of everything then. */
static void draw_more_brokers(struct sim_cluster_options *o, struct sim_random *random)
{
    o->broker_count = 4 + (unsigned)sim_random_below(random, 2);
    for (unsigned i = 3; i < o->broker_count; i++)
        o->shard_counts[i] = 1 + (unsigned)sim_random_below(random, 3);
    o->replication_factor = 2 + (int16_t)sim_random_below(random, 2);
}

struct sim_cluster_options sim_cluster_options_draw(uint64_t seed)
{
    struct sim_random random;
    sim_random_init(&random, seed ^ UINT64_C(0xc0d00201));
    struct sim_cluster_options o = {
        .seed = seed,
        .broker_count = 3,
        .weather = sim_weather_draw(&random),
        .session_timeout_ms = 6000,
        .segment_bytes = sim_random_once_in(&random, 2) ? 32768 : 0,
        .topic_count = 1 + (int32_t)sim_random_below(&random, 2),
        .partition_count = 1 + (int32_t)sim_random_below(&random, 3),
        .replication_factor = 3,
        .min_isr = sim_random_once_in(&random, 8) ? 1 : 2,
    };
    for (unsigned i = 0; i < o.broker_count; i++)
        o.shard_counts[i] = 1 + (unsigned)sim_random_below(&random, 3);
    o.groups = !sim_random_once_in(&random, 3);
    o.dir_count = sim_random_once_in(&random, 2) ? 1 : 2 + (unsigned)sim_random_below(&random, 2);
    o.fleeting = sim_random_once_in(&random, 4);
    if (sim_random_once_in(&random, 3)) { /* without small segments it would remove nothing */
        o.segment_bytes = 32768;
        if (sim_random_once_in(&random, 2))
            o.retention_ms = (int64_t)sim_random_range(&random, 1000, 10000);
        else
            o.retention_bytes = (int64_t)sim_random_range(&random, 70000, 200000);
    }
    o.offsets_segment_bytes = sim_random_once_in(&random, 2) ? 4096 : 1048576;
    o.unclean = sim_random_once_in(&random, 12);
    o.reshards = sim_random_once_in(&random, 4);
    o.rebalance_s = sim_random_once_in(&random, 4) ? 2 : 300;
    if (sim_random_once_in(&random, 6))
        draw_more_brokers(&o, &random);
    /* Members of groups know all partitions from the start. */
    if (!o.groups && !o.unclean && sim_random_once_in(&random, 2))
        o.grows_to = o.partition_count + 2 + (int32_t)sim_random_below(&random, 6);
    return o;
}

/* ---- a broker as a program ---- */
struct broker_start {
    struct sim_cluster *cluster;
    unsigned index;
};

static void broker_open(void *context, struct sim_process *process, const struct env *envs,
                        unsigned count, void **ret_shards)
{
    const struct broker_start *start = context;
    const struct sim_broker *b = &start->cluster->brokers[start->index];
    (void)process;
    struct broker_setup setup = {.config = b->config,
                                 .envs = envs,
                                 .shard_count = count,
                                 .cluster_listener = sim_host_addr(b->host, CLUSTER_PORT),
                                 .cluster_address = sim_host_ip(b->host),
                                 .secret = VIEW_LITERAL("a secret of the simulated cluster"),
                                 .mutation = start->cluster->options.mutation};
    setup.listeners[0] = sim_host_addr(b->host, CLIENT_PORT);
    struct broker *broker = broker_new(&setup);
    for (unsigned i = 0; i < count; i++)
        ret_shards[i] = broker_shard(broker, i);
}

static struct replica_host *broker_replicas(struct sim_process *process, unsigned shard)
{
    const struct shard *s = sim_process_shard(process, shard);
    return s->replicas;
}

static struct broker_config *config_new(const struct sim_cluster_options *o, unsigned index,
                                        const char *ip)
{
    struct config_report report = {0};
    static const char *const dirs[] = {"/data0", "/data0,/data1", "/data0,/data1,/data2"};
    PRE(o->dir_count >= 1 && o->dir_count <= COUNT_OF(dirs));
    char *text = xasprintf("broker.id=%u\n"
                           "listeners=PLAINTEXT://%s:%d\n"
                           "corduroy.cluster.listener=%s:%d\n"
                           "corduroy.shards=%u\n"
                           "zookeeper.connect=10.0.0.100:2181\n"
                           "zookeeper.session.timeout.ms=%u\n"
                           "log.dirs=%s\n"
                           "corduroy.journal.bytes=1048576\n"
                           "corduroy.disk.reserve.bytes=1048576\n"
                           "auto.create.topics.enable=false\n"
                           "replica.lag.time.max.ms=2000\n"
                           "leader.imbalance.check.interval.seconds=%u\n"
                           "log.retention.check.interval.ms=1000\n"
                           "log.retention.hours=-1\n"
                           "offsets.topic.num.partitions=3\n"
                           "offsets.topic.segment.bytes=%u\n"
                           "offsets.commit.timeout.ms=2000\n"
                           "offsets.retention.check.interval.ms=5000\n"
                           "group.min.session.timeout.ms=500\n"
                           "group.initial.rebalance.delay.ms=300\n",
                           index + 1, ip, CLIENT_PORT, ip, CLUSTER_PORT, o->shard_counts[index],
                           o->session_timeout_ms, dirs[o->dir_count - 1], o->rebalance_s,
                           o->offsets_segment_bytes);
    struct broker_config *config = config_parse(view_of(text), "simulated", &report);
    for (size_t i = 0; i < report.error_count; i++)
        fprintf(stderr, "%s\n", report.errors[i]);
    POST(report.error_count == 0);
    config_report_deinit(&report);
    free(text);
    return config;
}

/* ---- what happens ---- */
static int broker_index(const struct sim_cluster *c, const struct sim_process *p)
{
    unsigned index = sim_host_index(sim_process_host(p));
    return index < c->options.broker_count ? (int)index : -1;
}

static void turned(void *context, struct sim_process *process, unsigned shard)
{
    struct sim_cluster *c = context;
    if (broker_index(c, process) < 0 || !sim_process_is_running(process))
        return;
    sim_checker_turned(c->checker, process, shard);
    if (c->groups)
        sim_groups_turned(c->groups, process, shard);
}

static void ended(void *context, struct sim_process *process)
{
    struct sim_cluster *c = context;
    int code;
    const char *why;
    if (broker_index(c, process) < 0)
        return;
    for (unsigned i = 0; i < sim_process_shard_count(process); i++)
        c->totals.crossed += ((struct shard *)sim_process_shard(process, i))->crossed;
    sim_checker_ended(c->checker, process);
    if (c->groups)
        sim_groups_ended(c->groups, process);
    if (!sim_host_is_on(sim_process_host(process))) {
        c->totals.power_losses++;
        c->brokers[broker_index(c, process)].failed_disk = false;
    }
    if (sim_process_halted(process, &code, &why) && code != 0 && !c->unexpected_halt)
        c->unexpected_halt =
            xasprintf("%s halts with %d: %s", sim_host_name(sim_process_host(process)), code, why);
}

/* ---- making and ending ---- */
static void brokers_make(struct sim_cluster *c)
{
    for (unsigned i = 0; i < c->options.broker_count; i++) {
        char name[32];
        struct sim_random *random = sim_world_random(c->world);
        snprintf(name, sizeof name, "broker%u", i + 1);
        c->brokers[i].host = sim_host_new(c->world, name, c->options.dir_count, SIM_DISK_SIZE,
                                          (int64_t)sim_random_below(random, 20000) - 10000);
        c->brokers[i].shard_count = c->options.shard_counts[i];
        c->brokers[i].config = config_new(&c->options, i, sim_host_ip(c->brokers[i].host));
    }
}

struct sim_cluster *sim_cluster_new(const struct sim_cluster_options *options)
{
    struct sim_cluster *c = xcalloc(1, sizeof *c);
    PRE(options->broker_count <= SIM_BROKERS_MAX);
    PRE(options->topic_count <= SIM_TOPICS_MAX);
    c->options = *options;
    c->world = sim_world_new(options->seed, &options->weather);
    sim_world_set_trace(c->world, options->trace);
    c->zk = sim_zk_new(c->world, &zk_model_options_default);
    brokers_make(c);
    for (unsigned i = 0; i < COUNT_OF(c->client_hosts); i++) {
        char name[32];
        snprintf(name, sizeof name, "client%u", i);
        c->client_hosts[i] = sim_host_new(c->world, name, 0, 0, 0);
    }
    c->history = sim_history_new(c->world);
    for (int32_t i = 0; i < options->topic_count; i++) {
        char name[16];
        snprintf(name, sizeof name, "t%d", i);
        sim_history_topic(c->history, name,
                          options->grows_to ? options->grows_to : options->partition_count);
        c->history->topics[i].made = options->partition_count;
    }
    c->history->may_repeat = options->forgetful;
    sim_random_init(&c->growth, options->seed ^ UINT64_C(0x670a11));
    if (options->fleeting) {
        uint32_t topic = sim_history_topic(c->history, SIM_FLEETING_TOPIC, 2);
        c->history->topics[topic].fleeting = true;
    }
    c->checker = sim_checker_new(c->history, options->broker_count, broker_replicas);
    sim_checker_watch(c->checker, c->zk);
    c->ids = sim_ids_new(c->history);
    sim_ids_watch(c->ids, c->zk);
    sim_checker_retention(c->checker, options->retention_ms > 0 ? options->retention_ms : -1,
                          options->retention_bytes > 0 ? options->retention_bytes : -1);
    sim_checker_may_lose(c->checker, options->unclean);
    c->rot = sim_rot_new(c);
    struct sim_observer observer = {.turned = turned, .ended = ended, .context = c};
    sim_world_observe(c->world, &observer);
    return c;
}

void sim_cluster_free(struct sim_cluster *c)
{
    sim_world_free(c->world);
    zk_model_free(c->zk);
    sim_checker_free(c->checker);
    sim_ids_free(c->ids);
    if (c->groups)
        sim_groups_free(c->groups);
    sim_rot_free(c->rot);
    sim_history_free(c->history);
    for (unsigned i = 0; i < c->options.broker_count; i++)
        config_free(c->brokers[i].config);
    free(c->unexpected_halt);
    free(c);
}

/* ---- brokers ---- */
void sim_cluster_start(struct sim_cluster *c, unsigned broker)
{
    struct sim_broker *b = &c->brokers[broker];
    struct broker_start start = {c, broker};
    struct sim_program program = {.open = broker_open, .step = shard_step, .context = &start};
    struct sim_process_options options = {.shard_count = b->shard_count,
                                          .zk = c->zk,
                                          .chroot = "",
                                          .session_timeout_ms = c->options.session_timeout_ms};
    sim_host_power_on(b->host);
    if (sim_host_process(b->host))
        return;
    if (c->options.reshards && sim_random_once_in(sim_world_random(c->world), 3)) {
        b->shard_count = 1 + (unsigned)sim_random_below(sim_world_random(c->world), 3);
        options.shard_count = b->shard_count;
    }
    b->short_of_room = b->full_disk;
    b->process = sim_process_start(b->host, &program, &options);
}

void sim_cluster_start_all(struct sim_cluster *c)
{
    for (unsigned i = 0; i < c->options.broker_count; i++)
        sim_cluster_start(c, i);
}

bool sim_cluster_runs(const struct sim_cluster *c, unsigned broker)
{
    return sim_host_process(c->brokers[broker].host) != NULL;
}

void sim_cluster_kill(struct sim_cluster *c, unsigned broker)
{
    if (!sim_cluster_runs(c, broker))
        return;
    c->totals.kills++;
    sim_process_kill(c->brokers[broker].process);
}

void sim_cluster_power_off(struct sim_cluster *c, unsigned broker)
{
    c->brokers[broker].failed_disk = false;
    sim_host_power_off(c->brokers[broker].host);
}

void sim_cluster_isolate(struct sim_cluster *c, unsigned broker, bool cut, bool zk_too)
{
    for (unsigned i = 0; i < c->options.broker_count; i++) {
        if (i == broker)
            continue;
        sim_link_cut(c->brokers[i].host, c->brokers[broker].host, cut);
        sim_link_cut(c->brokers[broker].host, c->brokers[i].host, cut);
    }
    struct sim_process *p = sim_host_process(c->brokers[broker].host);
    if (p && zk_too)
        sim_process_cut_zk(p, cut);
}

int32_t sim_cluster_controller(struct sim_cluster *c)
{
    struct zk_model_node node;
    struct znode_controller controller;
    struct arena arena = ARENA_INIT;
    int32_t broker = -1;
    if (zk_model_find(c->zk, ZNODE_CONTROLLER, &node) &&
        znode_controller_parse(node.data, &arena, &controller) == ZNODE_OK)
        broker = controller.broker;
    arena_reset(&arena);
    return broker;
}

/* ---- clients ---- */
struct sim_client_options sim_cluster_client_options(struct sim_cluster *c)
{
    struct sim_client_options o = {
        .history = c->history, .request_timeout_ms = 15000, .ids = c->ids};
    for (unsigned i = 0; i < c->options.broker_count; i++)
        o.bootstrap[o.bootstrap_count++] = sim_host_addr(c->brokers[i].host, CLIENT_PORT);
    return o;
}

struct sim_host *sim_cluster_client_host(struct sim_cluster *c)
{
    PRE(c->client_host_count < COUNT_OF(c->client_hosts));
    return c->client_hosts[c->client_host_count++];
}

static bool topics_created(void *context)
{
    const struct sim_cluster *c = context;
    return sim_admin_is_done(c->admin);
}

bool sim_cluster_create_topics(struct sim_cluster *c)
{
    struct sim_admin_options o = {.client = sim_cluster_client_options(c),
                                  .replication_factor = c->options.replication_factor,
                                  .min_isr = c->options.min_isr,
                                  .segment_bytes = c->options.segment_bytes,
                                  .retention_ms = c->options.retention_ms,
                                  .retention_bytes = c->options.retention_bytes,
                                  .unclean = c->options.unclean};
    if (!c->admin_host)
        c->admin_host = sim_cluster_client_host(c);
    if (c->admin)
        sim_process_kill(c->admin);
    c->admin = sim_admin_start(c->admin_host, &o);
    if (sim_world_run_until(c->world, sim_now_ns(c->world) + 60 * SIM_SECOND, topics_created, c))
        return true;
    sim_violation(c->history, "liveness: the topics are not there after a minute");
    return false;
}

void sim_cluster_add_producer(struct sim_cluster *c, bool idempotent)
{
    struct sim_random *random = sim_world_random(c->world);
    if (c->producer_count == SIM_PRODUCERS_MAX)
        return;
    /* A record may be removed before its acknowledgement is heard: brokers need not remember it
     * then, and it may come again. */
    if (!c->options.forgetful && (c->options.retention_ms || c->options.retention_bytes))
        idempotent = false;
    /* What it sent before is gone: brokers rightly refuse what it sends next. */
    idempotent = idempotent && !c->options.unclean;
    struct sim_producer_options o = {
        .client = sim_cluster_client_options(c),
        .number = c->producer_count,
        .idempotent = idempotent,
        .version = (int16_t)sim_random_range(random, 9, 11),
        .interval_min_ms = 1,
        .interval_max_ms = (uint32_t)sim_random_range(random, 20, 200),
        .records_max = (uint32_t)sim_random_range(random, 1, 8),
        .size_max = (uint32_t)sim_random_range(random, 8, 3000),
        .in_flight_max = (uint32_t)sim_random_range(random, 1, 5),
        .timeout_ms = (int32_t)sim_random_range(random, 1000, 10000),
        .give_up_ms = 30000,
    };
    if (c->options.produce_timeout_ms)
        o.timeout_ms = c->options.produce_timeout_ms;
    if (c->options.forgetful) /* of several the first may be removed, and others known */
        o.in_flight_max = 1;
    c->producers[c->producer_count++] = sim_producer_start(sim_cluster_client_host(c), &o);
}

void sim_cluster_add_consumer(struct sim_cluster *c)
{
    struct sim_random *random = sim_world_random(c->world);
    if (c->consumer_count == SIM_CONSUMERS_MAX)
        return;
    struct sim_consumer_options o = {
        .client = sim_cluster_client_options(c),
        .number = c->consumer_count,
        .version = (int16_t)sim_random_range(random, 12, 17),
        .max_wait_ms = (int32_t)sim_random_range(random, 0, 500),
        .partition_max_bytes = (int32_t)sim_random_range(random, 1000, 100000),
    };
    c->consumers[c->consumer_count++] = sim_consumer_start(sim_cluster_client_host(c), &o);
}

void sim_cluster_add_groups(struct sim_cluster *c)
{
    if (c->options.groups && !c->groups)
        c->groups = sim_groups_new(c);
}

/* ---- running ---- */
const char *sim_cluster_violation(const struct sim_cluster *c)
{
    return c->history->violation;
}

bool sim_cluster_run(struct sim_cluster *c, uint64_t ns)
{
    return sim_world_run(c->world, sim_now_ns(c->world) + ns) && !c->history->violation;
}

struct until {
    struct sim_cluster *cluster;
    bool (*done)(struct sim_cluster *c, void *context);
    void *context;
};

static bool until_done(void *context)
{
    const struct until *u = context;
    return u->done(u->cluster, u->context);
}

bool sim_cluster_run_until(struct sim_cluster *c, uint64_t ns,
                           bool (*done)(struct sim_cluster *c, void *context), void *context)
{
    struct until until = {c, done, context};
    return sim_world_run_until(c->world, sim_now_ns(c->world) + ns, until_done, &until) &&
           !c->history->violation;
}

/* ---- the end of a run ---- */
static bool producers_idle(struct sim_cluster *c, void *context)
{
    (void)context;
    for (unsigned i = 0; i < c->producer_count; i++)
        if (!sim_producer_is_idle(sim_producer_of(c->producers[i])))
            return false;
    return true;
}

bool sim_cluster_in_sync(struct sim_cluster *c, void *context)
{
    char why[128];
    (void)context;
    return sim_checker_all_in_sync(c->checker, (unsigned)c->options.replication_factor, why,
                                   sizeof why);
}

static bool groups_settled(struct sim_cluster *c, void *context)
{
    char why[128];
    (void)context;
    return sim_groups_are_settled(c->groups, why, sizeof why);
}

static bool consumers_done(struct sim_cluster *c, void *context)
{
    (void)context;
    for (unsigned i = 0; i < c->consumer_count; i++) {
        const struct sim_consumer *consumer = sim_consumer_of(c->consumers[i]);
        for (uint32_t p = 0; p < c->history->partition_count; p++) {
            int64_t position = sim_consumer_position(consumer, p);
            if (!sim_history_is_fleeting(c->history, p) && !c->history->partitions[p].lost &&
                sim_history_is_made(c->history, p) &&
                position < sim_checker_committed_end(c->checker, p))
                return false;
        }
    }
    return true;
}

void sim_cluster_heal(struct sim_cluster *c)
{
    sim_trace(c->world, "everything is healed");
    sim_world_set_weather(c->world, &sim_weather_calm);
    sim_links_heal(c->world);
    for (unsigned i = 0; i < zk_model_options_default.server_count; i++) {
        zk_model_down(c->zk, i, false);
        if (i > 0)
            zk_model_lag(c->zk, i, 0);
    }
    for (unsigned i = 0; i < c->options.broker_count; i++) {
        struct sim_broker *b = &c->brokers[i];
        for (unsigned d = 0; d < c->options.dir_count; d++)
            sim_cluster_empty_disk(c, i, d);
        if (sim_cluster_runs(c, i)) {
            sim_process_pause(b->process, false);
            sim_process_cut_zk(b->process, false);
            for (unsigned d = 0; d < c->options.dir_count; d++)
                file_mem_power_fails_at(sim_host_disk(b->host, d), 0);
        }
        if (b->failed_disk)
            sim_cluster_power_off(c, i);
        else if (b->short_of_room)
            sim_cluster_kill(c, i);
    }
}

/* A broker that halts when all is well has given up: it is started again, a few times. */
bool sim_cluster_wait(struct sim_cluster *c, uint64_t ns,
                      bool (*done)(struct sim_cluster *c, void *context))
{
    uint64_t end_ns = sim_now_ns(c->world) + ns;
    while (sim_now_ns(c->world) < end_ns) {
        sim_cluster_start_all(c);
        if (sim_cluster_run_until(c, SIM_SECOND, done, NULL))
            return true;
        if (c->history->violation || !sim_cluster_run(c, 0))
            return false;
    }
    return false;
}

void sim_cluster_finish(struct sim_cluster *c, uint64_t ns)
{
    if (c->history->violation)
        return;
    char why[256] = "";
    sim_cluster_heal(c);
    sim_cluster_let_grow(c, false);
    if (c->groups)
        sim_groups_calm(c->groups);
    for (unsigned i = 0; i < c->producer_count; i++)
        sim_producer_stop(sim_producer_of(c->producers[i]));
    if (c->options.unclean && !sim_unclean_end(c))
        return;
    if (!sim_cluster_wait(c, ns, sim_cluster_in_sync)) {
        sim_checker_all_in_sync(c->checker, (unsigned)c->options.replication_factor, why,
                                sizeof why);
        sim_violation(c->history, "liveness: %s long after the last fault", why);
    } else if (!sim_cluster_wait(c, ns, producers_idle)) {
        sim_violation(c->history,
                      "liveness: records are not acknowledged long after the last fault");
    }
    if (!c->history->violation && c->groups && !sim_cluster_wait(c, ns, groups_settled)) {
        sim_groups_are_settled(c->groups, why, sizeof why);
        sim_violation(c->history, "liveness: %s long after the last fault", why);
    }
    if (c->consumer_count == SIM_CONSUMERS_MAX)
        c->consumer_count--;
    sim_cluster_add_consumer(c);
    if (!c->history->violation && !sim_cluster_wait(c, ns, consumers_done))
        sim_violation(c->history, "liveness: a consumer does not come to the end");
    /* Readers may have found damage: it is repaired by then. */
    if (!c->history->violation && !sim_cluster_wait(c, ns, sim_cluster_in_sync))
        sim_violation(c->history, "liveness: not all are in sync after everything was read");
    if (c->history->violation)
        return;
    int64_t *ends = xcalloc(c->history->partition_count, sizeof *ends);
    const struct sim_consumer *last = sim_consumer_of(c->consumers[c->consumer_count - 1]);
    for (uint32_t p = 0; p < c->history->partition_count; p++)
        ends[p] = sim_consumer_position(last, p);
    sim_history_finish(c->history, ends);
    free(ends);
}

struct sim_totals sim_cluster_totals(const struct sim_cluster *c)
{
    struct sim_totals totals = c->totals;
    sim_checker_add_totals(c->checker, &totals);
    totals.unknown_outcomes += zk_model_counts(c->zk).unknown;
    totals.events += sim_world_events(c->world);
    totals.producer_ids += sim_ids_count(c->ids);
    if (c->groups)
        sim_groups_add_totals(c->groups, &totals);
    totals.flipped += sim_rot_flipped(c->rot);
    totals.noticed += sim_rot_noticed(c->rot);
    return totals;
}
