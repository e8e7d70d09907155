/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/sim/sim_faults.h"

#include <stdlib.h>

#include "common/assert.h"
#include "common/memory.h"
#include "tests/lib/file_mem.h"
#include "tests/sim/sim_rot.h"

enum fault {
    FAULT_KILL,
    FAULT_TERMINATE,
    FAULT_POWER,
    FAULT_POWER_AT, /* in the middle of a file operation */
    FAULT_POWER_ALL,
    FAULT_PAUSE,
    FAULT_CUT,
    FAULT_ISOLATE,
    FAULT_BREAK,
    FAULT_ZK_CUT,
    FAULT_ZK_DISCONNECT,
    FAULT_ZK_EXPIRE,
    FAULT_ZK_REPLY,
    FAULT_ZK_LAG,
    FAULT_ZK_DOWN,
    FAULT_WEATHER,
    FAULT_SKEW,
    FAULT_DISK_FAILS,
    FAULT_DISK_FULL,
    FAULT_ROT,
    FAULT_ROT_INDEX,
    FAULT_ROT_JOURNAL,
    FAULT_RECREATE,
    FAULT_ALONE, /* one is left alone in sync, and then it goes as well */
    FAULT_COUNT,
};
struct sim_faults {
    struct sim_cluster *cluster;
    bool on[FAULT_COUNT], stopped;
    uint64_t interval_max_ns;
};

static struct sim_random *chance(struct sim_faults *f)
{
    return sim_world_random(f->cluster->world);
}

static unsigned some_broker(struct sim_faults *f)
{
    return (unsigned)sim_random_below(chance(f), f->cluster->options.broker_count);
}

static unsigned some_dir(struct sim_faults *f)
{
    return (unsigned)sim_random_below(chance(f), f->cluster->options.dir_count);
}

static void later(struct sim_faults *f, uint64_t min_ms, uint64_t max_ms,
                  void (*run)(void *object, uint64_t arg), uint64_t arg)
{
    struct sim_world *w = f->cluster->world;
    sim_world_at(w, sim_now_ns(w) + sim_random_range(chance(f), min_ms, max_ms) * SIM_MS, run, f,
                 arg);
}

/* ---- repairs ---- */
static void restart(void *object, uint64_t broker)
{
    struct sim_faults *f = object;
    if (!f->stopped)
        sim_cluster_start(f->cluster, (unsigned)broker);
}

static void go_on(void *object, uint64_t broker)
{
    struct sim_faults *f = object;
    if (!f->stopped && sim_cluster_runs(f->cluster, (unsigned)broker))
        sim_process_pause(f->cluster->brokers[broker].process, false);
}

static void heal_links(void *object, uint64_t arg)
{
    struct sim_faults *f = object;
    (void)arg;
    if (!f->stopped)
        sim_links_heal(f->cluster->world);
}

static void heal_zk(void *object, uint64_t broker)
{
    struct sim_faults *f = object;
    if (!f->stopped && sim_cluster_runs(f->cluster, (unsigned)broker))
        sim_process_cut_zk(f->cluster->brokers[broker].process, false);
}

static void empty_disk(void *object, uint64_t which)
{
    struct sim_faults *f = object;
    if (!f->stopped)
        sim_cluster_empty_disk(f->cluster, (unsigned)(which % SIM_BROKERS_MAX),
                               (unsigned)(which / SIM_BROKERS_MAX));
}

static void zk_up(void *object, uint64_t server)
{
    struct sim_faults *f = object;
    if (!f->stopped)
        zk_model_down(f->cluster->zk, (unsigned)server, false);
}

/* ---- faults ---- */
static void process_fault(struct sim_faults *f, enum fault fault, unsigned broker)
{
    struct sim_cluster *c = f->cluster;
    struct sim_broker *b = &c->brokers[broker];
    switch (fault) {
    case FAULT_KILL:
        sim_cluster_kill(c, broker);
        later(f, 1, sim_random_once_in(chance(f), 2) ? 200 : 15000, restart, broker);
        break;
    case FAULT_TERMINATE:
        sim_process_terminate(b->process);
        later(f, 1000, 20000, restart, broker);
        break;
    case FAULT_POWER:
        sim_cluster_power_off(c, broker);
        later(f, 50, 10000, restart, broker);
        break;
    case FAULT_POWER_AT:
        sim_host_power_off_at(b->host, some_dir(f), sim_random_below(chance(f), 200));
        later(f, 2000, 10000, restart, broker);
        break;
    case FAULT_PAUSE:
        sim_process_pause(b->process, true);
        later(f, 10, sim_random_once_in(chance(f), 2) ? 1000 : 15000, go_on, broker);
        break;
    case FAULT_SKEW:
        sim_host_set_skew(b->host, (int64_t)sim_random_below(chance(f), 200000) - 100000);
        break;
    default:
        IMPOSSIBLE("not a fault of a process");
    }
}

static void network_fault(struct sim_faults *f, enum fault fault, unsigned broker)
{
    struct sim_cluster *c = f->cluster;
    struct sim_random *random = chance(f);
    unsigned other = some_broker(f);
    struct sim_host *a = c->brokers[broker].host, *b = c->brokers[other].host;
    switch (fault) {
    case FAULT_CUT:
        if (a == b)
            b = c->client_hosts[sim_random_below(random, c->client_host_count)];
        sim_link_cut(a, b, true);
        if (sim_random_once_in(random, 2))
            sim_link_cut(b, a, true);
        later(f, 10, sim_random_once_in(random, 2) ? 1000 : 20000, heal_links, 0);
        break;
    case FAULT_ISOLATE:
        sim_cluster_isolate(c, broker, true, sim_random_once_in(random, 2));
        later(f, 100, 15000, heal_links, 0);
        later(f, 100, 15000, heal_zk, broker);
        break;
    case FAULT_BREAK:
        if (a == b)
            b = c->client_hosts[sim_random_below(random, c->client_host_count)];
        sim_link_break(a, b, sim_random_once_in(random, 2), sim_random_once_in(random, 2));
        break;
    default:
        IMPOSSIBLE("not a fault of the network");
    }
}

static void zk_fault(struct sim_faults *f, enum fault fault, unsigned broker)
{
    struct sim_cluster *c = f->cluster;
    struct sim_process *p = c->brokers[broker].process;
    struct zk_client *client = sim_process_zk(p);
    struct sim_random *random = chance(f);
    unsigned server = 1 + (unsigned)sim_random_below(random, 2);
    switch (fault) {
    case FAULT_ZK_CUT:
        sim_process_cut_zk(p, true);
        later(f, 50, 15000, heal_zk, broker);
        break;
    case FAULT_ZK_DISCONNECT:
        zk_client_disconnect(client);
        break;
    case FAULT_ZK_EXPIRE:
        zk_client_expire(client);
        break;
    case FAULT_ZK_REPLY:
        zk_client_break_at(client, (uint32_t)sim_random_below(random, 10),
                           (enum zk_break)sim_random_below(random, 3));
        break;
    case FAULT_ZK_LAG:
        zk_model_lag(c->zk, server, sim_random_below(random, 2000) * SIM_MS);
        break;
    case FAULT_ZK_DOWN:
        server = (unsigned)sim_random_below(random, 3);
        zk_model_down(c->zk, server, true);
        later(f, 50, 10000, zk_up, server);
        break;
    default:
        IMPOSSIBLE("not a fault of ZooKeeper");
    }
}

/* A sync or a write fails, once or for ever: with the directory go the replicas in it. */
static void disk_fails(struct sim_faults *f, unsigned broker)
{
    static const enum file_mem_call calls[] = {FILE_MEM_DATASYNC, FILE_MEM_DATASYNC,
                                               FILE_MEM_PWRITEV, FILE_MEM_CALLS};
    enum file_mem_call call = calls[sim_random_below(chance(f), COUNT_OF(calls))];
    sim_cluster_fail_disk(f->cluster, broker, some_dir(f), call,
                          1 + sim_random_below(chance(f), 20), sim_random_once_in(chance(f), 2));
}

/* Then, often, a reason to read what was hit: a recovery, or a reader that begins at the start. */
static void rot_segment(struct sim_faults *f, unsigned broker)
{
    struct sim_cluster *c = f->cluster;
    bool hit = false;
    for (int tries = 0; tries < 8 && !hit; tries++)
        hit = sim_rot_segment(c->rot, &broker);
    if (!hit)
        return;
    if (sim_random_once_in(chance(f), 3)) {
        sim_cluster_kill(c, broker);
        later(f, 1, 1000, restart, broker);
    } else if (sim_random_once_in(chance(f), 2)) {
        sim_cluster_add_consumer(c);
    }
}

static void disk_fault(struct sim_faults *f, enum fault fault, unsigned broker)
{
    struct sim_cluster *c = f->cluster;
    unsigned dir = some_dir(f);
    switch (fault) {
    case FAULT_DISK_FAILS:
        disk_fails(f, broker);
        break;
    case FAULT_DISK_FULL:
        /* Above or below the reserve that a broker keeps. */
        sim_cluster_fill_disk(c, broker, dir, sim_random_below(chance(f), 1500000));
        later(f, 100, 20000, empty_disk, dir * SIM_BROKERS_MAX + broker);
        break;
    case FAULT_ROT:
        rot_segment(f, broker);
        break;
    case FAULT_ROT_INDEX:
        for (int tries = 0; tries < 8 && !sim_rot_index(c->rot, broker); tries++)
            continue;
        break;
    case FAULT_ROT_JOURNAL:
        /* Nobody here knows who else has the groups' own topic whole. */
        if (c->options.groups || !sim_rot_all_sound(c->rot))
            break;
        sim_cluster_power_off(c, broker);
        (void)sim_rot_journal(c->rot, broker);
        later(f, 50, 10000, restart, broker);
        break;
    default:
        IMPOSSIBLE("not a fault of a disk");
    }
}

static void power_all(struct sim_faults *f)
{
    for (unsigned i = 0; i < f->cluster->options.broker_count; i++) {
        sim_cluster_power_off(f->cluster, i);
        later(f, 50, 5000, restart, i);
    }
}

static void lose_last(void *object, uint64_t broker)
{
    struct sim_faults *f = object;
    if (f->stopped)
        return;
    sim_cluster_kill(f->cluster, (unsigned)broker);
    later(f, 1, 20000, restart, broker);
    for (unsigned i = 0; i < f->cluster->options.broker_count; i++)
        if (i != broker)
            later(f, 1, 3000, restart, i);
}

static void leave_alone(struct sim_faults *f, unsigned broker)
{
    for (unsigned i = 0; i < f->cluster->options.broker_count; i++)
        if (i != broker)
            sim_cluster_kill(f->cluster, i);
    later(f, 1500, 10000, lose_last, broker);
}

static void happen(struct sim_faults *f, enum fault fault)
{
    unsigned broker = some_broker(f);
    bool runs = sim_cluster_runs(f->cluster, broker);
    if (fault == FAULT_POWER_ALL) {
        power_all(f);
    } else if (fault == FAULT_WEATHER) {
        struct sim_weather weather = sim_weather_draw(chance(f));
        sim_world_set_weather(f->cluster->world, &weather);
    } else if (fault == FAULT_RECREATE) {
        sim_cluster_recreate(f->cluster);
    } else if (fault == FAULT_ALONE) {
        leave_alone(f, broker);
    } else if (!runs) {
        restart(f, broker);
    } else if (fault >= FAULT_DISK_FAILS) {
        disk_fault(f, fault, broker);
    } else if (fault <= FAULT_PAUSE || fault == FAULT_SKEW) {
        process_fault(f, fault, broker);
    } else if (fault <= FAULT_BREAK) {
        network_fault(f, fault, broker);
    } else {
        zk_fault(f, fault, broker);
    }
}

/* Rare ones are drawn less often. */
static enum fault draw(struct sim_faults *f)
{
    for (int tries = 0; tries < 100; tries++) {
        enum fault fault = (enum fault)sim_random_below(chance(f), FAULT_COUNT);
        bool rare = fault == FAULT_POWER_ALL || fault == FAULT_DISK_FAILS || fault == FAULT_SKEW;
        if (f->on[fault] && (!rare || sim_random_once_in(chance(f), 3)))
            return fault;
    }
    return FAULT_KILL;
}

static void next(void *object, uint64_t arg)
{
    struct sim_faults *f = object;
    (void)arg;
    if (f->stopped)
        return;
    happen(f, draw(f));
    struct sim_world *w = f->cluster->world;
    sim_world_at(w, sim_now_ns(w) + sim_random_range(chance(f), 1, f->interval_max_ns), next, f, 0);
}

struct sim_faults *sim_faults_new(struct sim_cluster *c)
{
    struct sim_faults *f = xcalloc(1, sizeof *f);
    f->cluster = c;
    for (unsigned i = 0; i < FAULT_COUNT; i++)
        f->on[i] = sim_random_once_in(chance(f), 2);
    f->on[FAULT_KILL] = true;
    /* A damaged copy may be elected uncleanly, and its damage is nobody's to repair then. */
    if (c->options.unclean)
        f->on[FAULT_ROT] = f->on[FAULT_ROT_JOURNAL] = false;
    f->on[FAULT_ALONE] = c->options.unclean;
    static const uint64_t intervals[] = {500, 2000, 5000, 10000};
    f->interval_max_ns = intervals[sim_random_below(chance(f), COUNT_OF(intervals))] * SIM_MS;
    next(f, 0);
    return f;
}

void sim_faults_stop(struct sim_faults *f)
{
    f->stopped = true;
}

void sim_faults_free(struct sim_faults *f)
{
    free(f);
}
