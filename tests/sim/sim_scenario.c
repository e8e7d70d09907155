/* SPDX-License-Identifier: Apache-2.0 */
/* Named courses of events, each the shortest way we know to an outcome that one of the rules
 * prevents. The seed still draws delays, shards and clients. */
#include <stdio.h>
#include <stdlib.h>

#include "common/assert.h"
#include "common/memory.h"
#include "common/mutation.h"
#include "controller/znode.h"
#include "tests/lib/file_mem.h"
#include "tests/sim/sim_damage.h"
#include "tests/sim/sim_outside.h"
#include "tests/sim/sim_play.h"

static void small_segments(struct sim_cluster_options *o)
{
    sim_calm(o);
    o->segment_bytes = 32768;
}

/* ---- what a process did not see synced is not synced ---- */
static void play_restart_then_power(struct sim_cluster *c)
{
    for (int i = 0; i < 8 && sim_settle(c); i++) {
        sim_cluster_run(c, sim_between(c, 1, 2000) * SIM_MS);
        for (unsigned b = 0; b < c->options.broker_count; b++)
            sim_cluster_kill(c, b);
        sim_cluster_run(c, sim_between(c, 1, 50) * SIM_MS);
        sim_cluster_start_all(c);
        sim_cluster_run(c, sim_between(c, 1, 3000) * SIM_MS);
        for (unsigned b = 0; b < c->options.broker_count; b++)
            sim_cluster_power_off(c, b);
        sim_cluster_run(c, sim_between(c, 1, 500) * SIM_MS);
    }
}

/* The broker goes on for a while, or at once power is lost, before anything else could have made
 * durable what the failed sync did not. */
static void play_sync_fails(struct sim_cluster *c)
{
    for (int i = 0; i < 9 && sim_settle(c); i++) {
        unsigned b = (unsigned)sim_between(c, 0, c->options.broker_count - 1);
        bool at_once = i % 3 != 0;
        c->brokers[b].failed_disk = true;
        file_mem_fail(sim_host_disk(c->brokers[b].host, 0), FILE_MEM_DATASYNC,
                      at_once ? "journal" : NULL, sim_between(c, 1, at_once ? 10 : 30), 5 /* EIO */,
                      false);
        sim_cluster_run(c, sim_between(c, at_once ? 1 : 1000, at_once ? 400 : 8000) * SIM_MS);
        if (!at_once) {
            sim_cluster_kill(c, b);
            sim_cluster_run(c, sim_between(c, 1, 100) * SIM_MS);
            sim_cluster_start(c, b);
            sim_cluster_run(c, sim_between(c, 1000, 8000) * SIM_MS);
        }
        sim_cluster_power_off(c, b);
    }
}

/* ---- an epoch belongs to one process ---- */
static void play_fast_restart(struct sim_cluster *c)
{
    for (int i = 0; i < 15 && sim_settle(c); i++) {
        unsigned leader = sim_leader_of(c, 0);
        sim_cluster_run(c, sim_between(c, 100, 2000) * SIM_MS);
        sim_cluster_kill(c, leader);
        sim_cluster_run(c, sim_between(c, 1, 50) * SIM_MS);
        sim_cluster_start(c, leader);
        sim_cluster_run(c, sim_between(c, 10, 3000) * SIM_MS);
    }
}

/* ---- power fails everywhere: everybody comes back, damaged or not ---- */
static void play_power_everywhere(struct sim_cluster *c)
{
    for (int i = 0; i < 10 && sim_settle(c); i++) {
        sim_cluster_run(c, sim_between(c, 1, 3000) * SIM_MS);
        for (unsigned b = 0; b < c->options.broker_count; b++)
            sim_cluster_power_off(c, b);
        sim_cluster_run(c, sim_between(c, 1, 500) * SIM_MS);
    }
}

/* ---- power fails at a drawn operation, with segments that roll all the time ---- */
static void play_power_at_operation(struct sim_cluster *c)
{
    for (int i = 0; i < 12 && sim_settle(c); i++) {
        for (unsigned b = 0; b < c->options.broker_count; b++)
            if (sim_between(c, 0, 1))
                sim_host_power_off_at(c->brokers[b].host, 0, sim_between(c, 0, 300));
        sim_cluster_run(c, sim_between(c, 1, 5000) * SIM_MS);
    }
}

/* ---- the outcome of an ISR change is unknown ---- */
static void play_lost_isr_reply(struct sim_cluster *c)
{
    for (int i = 0; i < 8 && sim_settle(c); i++) {
        unsigned leader = sim_leader_of(c, 0),
                 follower = sim_follower_of(c, (unsigned)sim_between(c, 0, 1));
        int32_t controller = sim_cluster_controller(c);
        sim_cluster_kill(c, follower);
        sim_wait_isr(c, follower, false);
        sim_cluster_start(c, follower);
        /* The controller's next writes bring it back; one of their replies is lost, and the servers
         * that the controller may come to are behind. */
        zk_model_lag(c->zk, 1, sim_between(c, 0, 3000) * SIM_MS);
        zk_model_lag(c->zk, 2, sim_between(c, 0, 3000) * SIM_MS);
        for (int k = 0; k < 20 && !sim_checker_in_isr(c->checker, 0, (int32_t)follower + 1); k++) {
            if (controller > 0 && sim_cluster_runs(c, (unsigned)controller - 1)) {
                struct zk_client *zk = sim_process_zk(c->brokers[(unsigned)controller - 1].process);
                zk_client_break_at(zk, (uint32_t)sim_between(c, 0, 4),
                                   sim_between(c, 0, 1) ? ZK_BREAK_REPLY : ZK_BREAK_LATE);
            }
            sim_cluster_run(c, sim_between(c, 100, 1500) * SIM_MS);
        }
        sim_cluster_kill(c, leader);
        sim_cluster_run(c, sim_between(c, 500, 9000) * SIM_MS);
        zk_model_lag(c->zk, 1, 0);
        zk_model_lag(c->zk, 2, 0);
    }
}

/* ---- who joins the ISR ---- */
static void play_join_and_die(struct sim_cluster *c)
{
    for (int i = 0; i < 10 && sim_settle(c); i++) {
        unsigned leader = sim_leader_of(c, 0),
                 follower = sim_follower_of(c, (unsigned)sim_between(c, 0, 1));
        sim_cluster_kill(c, follower);
        sim_wait_isr(c, follower, false);
        sim_cluster_run(c, sim_between(c, 0, 3000) * SIM_MS);
        struct sim_weather slow = c->options.weather;
        slow.disk.max_ns = sim_between(c, 1, 400) * SIM_MS;
        sim_world_set_weather(c->world, &slow);
        sim_cluster_start(c, follower);
        sim_wait_isr(c, follower, true);
        sim_cluster_run(c, sim_between(c, 0, 200) * SIM_MS);
        for (unsigned b = 0; b < c->options.broker_count; b++)
            if (b == follower || b == leader || sim_between(c, 0, 1))
                sim_cluster_power_off(c, b);
        sim_cluster_run(c, sim_between(c, 1, 200) * SIM_MS);
        sim_world_set_weather(c->world, &c->options.weather);
        sim_cluster_start(c, follower);
        sim_cluster_run(c, sim_between(c, 1, 8000) * SIM_MS);
    }
}

/* What a broker's node in ZooKeeper says of the process that is in; 0: none is. */
static uint64_t incarnation_in(struct sim_cluster *c, unsigned broker)
{
    struct zk_model_node node;
    struct znode_broker_node parsed;
    struct arena arena = ARENA_INIT;
    char path[64];
    uint64_t incarnation = 0;
    snprintf(path, sizeof path, "/corduroy/brokers/%u", broker + 1);
    if (zk_model_find(c->zk, path, &node) &&
        znode_broker_node_parse(node.data, &arena, &parsed) == ZNODE_OK &&
        parsed.state == ZNODE_BROKER_IN)
        incarnation = parsed.incarnation;
    arena_reset(&arena);
    return incarnation;
}

struct in_wait {
    unsigned broker;
    uint64_t not_this;
};

static bool another_is_in(struct sim_cluster *c, void *context)
{
    const struct in_wait *wait = context;
    uint64_t in = incarnation_in(c, wait->broker);
    return in != 0 && in != wait->not_this;
}

/* Starts the broker and waits until its new process counts. */
static void start_and_wait(struct sim_cluster *c, unsigned broker, uint64_t ns)
{
    struct in_wait wait = {broker, incarnation_in(c, broker)};
    sim_cluster_start(c, broker);
    sim_cluster_run_until(c, ns, another_is_in, &wait);
}

/* While the host is off. */
static void disk_replace(struct sim_cluster *c, unsigned broker, struct file_mem *other)
{
    file_mem_power_cycle(other, sim_between(c, 1, UINT64_MAX));
    file_mem_free(sim_host_swap_disk(c->brokers[broker].host, 0, other));
}

/* A follower that has caught up is replaced by a process with an empty disk while the leader's
 * request to let it join is on its way to the controller. */
static void play_bounce_while_joining(struct sim_cluster *c)
{
    for (int i = 0; i < 12 && sim_settle(c); i++) {
        unsigned leader, controller;
        if (!sim_part_leader_from_controller(c, &leader, &controller))
            continue;
        unsigned follower = 3 - leader - controller;
        struct sim_host *from = c->brokers[leader].host, *to = c->brokers[controller].host;
        sim_cluster_kill(c, follower);
        sim_wait_isr(c, follower, false);
        sim_cluster_run(c, sim_between(c, 100, 1000) * SIM_MS);
        start_and_wait(c, follower, 10 * SIM_SECOND);
        sim_link_cut(from, to, true);
        sim_cluster_run(c, sim_between(c, 50, 3000) * SIM_MS);
        if (!sim_checker_in_isr(c->checker, 0, (int32_t)follower + 1)) {
            sim_cluster_power_off(c, follower);
            disk_replace(c, follower, file_mem_new(sim_between(c, 1, UINT64_MAX)));
            sim_link_cut(from, c->brokers[follower].host, true);
            start_and_wait(c, follower, 13 * SIM_SECOND);
            sim_cluster_run(c, sim_between(c, 0, 5) * SIM_MS);
        }
        sim_link_cut(from, to, false);
        sim_cluster_run(c, sim_between(c, 500, 2000) * SIM_MS);
        sim_links_heal(c->world);
    }
}

/* ---- a disk is replaced, or an old image of it comes back ---- */
static void play_disk_swapped(struct sim_cluster *c)
{
    struct file_mem *image = NULL;
    for (int i = 0; i < 8 && sim_settle(c); i++) {
        unsigned b = (unsigned)sim_between(c, 0, c->options.broker_count - 1);
        struct sim_host *h = c->brokers[b].host;
        bool old = i % 2 == 0, alone = i % 4 < 2;
        if (old) { /* an image is taken; it comes back when the broker has been started since */
            image = file_mem_copy(sim_host_disk(h, 0), sim_between(c, 1, UINT64_MAX));
            sim_cluster_kill(c, b);
            start_and_wait(c, b, 20 * SIM_SECOND);
            sim_cluster_run(c, sim_between(c, 500, 5000) * SIM_MS);
        }
        /* The others are away when it comes back: it is all that there is to lead. */
        for (unsigned other = 0; alone && other < c->options.broker_count; other++)
            if (other != b)
                sim_cluster_kill(c, other);
        sim_cluster_power_off(c, b);
        sim_checker_excuse(c->checker, b);
        disk_replace(c, b, old ? image : file_mem_new(sim_between(c, 1, UINT64_MAX)));
        sim_cluster_run(c, sim_between(c, 1, 3000) * SIM_MS);
        sim_cluster_start(c, b);
        sim_cluster_run(c, sim_between(c, 1, alone ? 15000 : 3000) * SIM_MS);
        if (alone)
            sim_cluster_start_all(c);
        else
            sim_cluster_kill(c, sim_leader_of(c, 0));
        sim_cluster_run(c, sim_between(c, 1, 8000) * SIM_MS);
    }
}

/* A partition's directory is removed by hand, all else is as it was. */
static void remove_entry(void *context, const char *name, bool is_dir)
{
    void *fs = context;
    char path[256];
    snprintf(path, sizeof path, "t0-0/%s", name);
    POST(!is_dir && file_mem_ops.unlink(fs, path) == 0);
}

struct names {
    char name[512][64];
    unsigned count;
};

static void gather_name(void *context, const char *name, bool is_dir)
{
    struct names *names = context;
    (void)is_dir;
    POST(names->count < COUNT_OF(names->name));
    snprintf(names->name[names->count++], sizeof names->name[0], "%s", name);
}

static void remove_partition(struct sim_cluster *c, unsigned broker)
{
    void *fs = file_mem_mount(sim_host_disk(c->brokers[broker].host, 0), "");
    struct names *names = xcalloc(1, sizeof *names);
    if (file_mem_ops.list(fs, "t0-0", gather_name, names) == 0) {
        for (unsigned i = 0; i < names->count; i++)
            remove_entry(fs, names->name[i], false);
        POST(file_mem_ops.rmdir(fs, "t0-0") == 0);
        POST(file_mem_ops.sync_dir(fs, "") == 0);
    }
    free(names);
    file_mem_kill(fs);
}

static void play_directory_removed(struct sim_cluster *c)
{
    for (int i = 0; i < 6 && sim_settle(c); i++) {
        unsigned b = sim_follower_of(c, (unsigned)sim_between(c, 0, 1));
        sim_cluster_run(c, sim_between(c, 100, 2000) * SIM_MS);
        sim_cluster_kill(c, b);
        /* Alone it recovers and hears nothing: afterwards its journal has nothing to replay. */
        sim_cluster_isolate(c, b, true, false);
        sim_cluster_start(c, b);
        sim_process_cut_zk(c->brokers[b].process, true);
        sim_cluster_run(c, sim_between(c, 50, 300) * SIM_MS);
        sim_cluster_kill(c, b);
        remove_partition(c, b);
        sim_cluster_isolate(c, b, false, false);
        sim_cluster_start(c, b);
        sim_cluster_run(c, sim_between(c, 1, 2000) * SIM_MS);
        sim_cluster_kill(c, sim_leader_of(c, 0));
        sim_cluster_run(c, sim_between(c, 1, 8000) * SIM_MS);
    }
}

/* ---- logs that differ are cut where they part, and stay cut ---- */
static void play_truncation(struct sim_cluster *c)
{
    for (int i = 0; i < 10 && sim_settle(c); i++) {
        unsigned leader = sim_leader_of(c, 0);
        /* The leader goes on taking what nobody else hears of. */
        sim_cluster_isolate(c, leader, true, true);
        sim_cluster_run(c, sim_between(c, 7000, 12000) * SIM_MS);
        sim_cluster_isolate(c, leader, false, true);
        if (i % 2 == 0) { /* it counts again, and then everybody has to recover */
            sim_wait_isr(c, leader, true);
            sim_cluster_run(c, sim_between(c, 0, 300) * SIM_MS);
            for (unsigned b = 0; b < c->options.broker_count; b++)
                sim_cluster_power_off(c, b);
            sim_cluster_run(c, sim_between(c, 1, 100) * SIM_MS);
            continue;
        }
        for (int k = 0; k < 3; k++) {
            sim_cluster_run(c, sim_between(c, 1, 1500) * SIM_MS);
            if (sim_between(c, 0, 1)) {
                sim_host_power_off_at(c->brokers[leader].host, 0, sim_between(c, 0, 12));
                sim_cluster_run(c, sim_between(c, 100, 1000) * SIM_MS);
            } else {
                sim_cluster_kill(c, leader);
            }
            sim_cluster_start_all(c);
        }
        sim_cluster_run(c, sim_between(c, 500, 4000) * SIM_MS);
        sim_cluster_kill(c, sim_leader_of(c, 0));
        sim_cluster_run(c, sim_between(c, 1, 8000) * SIM_MS);
    }
}

/* A leader that only ZooKeeper and the controller cannot reach goes on pushing to its follower:
 * clients that hear no answer send to it again and again. */
static void impatient(struct sim_cluster_options *o)
{
    sim_calm(o);
    o->topic_count = o->partition_count = 1;
    o->produce_timeout_ms = 200;
}

static void play_late_pushes(struct sim_cluster *c)
{
    sim_cluster_add_producer(c, false);
    sim_cluster_add_producer(c, false);
    for (int i = 0; i < 12 && sim_settle(c); i++) {
        unsigned leader, controller;
        if (!sim_part_leader_from_controller(c, &leader, &controller))
            continue;
        struct sim_host *a = c->brokers[leader].host, *b = c->brokers[controller].host;
        struct sim_weather slow = c->options.weather;
        slow.net.max_ns = sim_between(c, 20, 400) * SIM_MS;
        sim_world_set_weather(c->world, &slow);
        sim_link_cut(a, b, true);
        sim_link_cut(b, a, true);
        sim_process_cut_zk(c->brokers[leader].process, true);
        sim_cluster_run(c, sim_between(c, 6000, 12000) * SIM_MS);
        sim_links_heal(c->world);
        if (sim_cluster_runs(c, leader))
            sim_process_cut_zk(c->brokers[leader].process, false);
        sim_world_set_weather(c->world, &c->options.weather);
        sim_cluster_run(c, sim_between(c, 100, 3000) * SIM_MS);
    }
}

/* ---- the leader alone ---- */
static void one_is_enough(struct sim_cluster_options *o)
{
    sim_calm(o);
    o->min_isr = 1;
}

static void play_last_member(struct sim_cluster *c)
{
    for (int i = 0; i < 6 && sim_settle(c); i++) {
        unsigned leader = sim_leader_of(c, 0);
        for (unsigned n = 0; n < 2; n++)
            sim_cluster_kill(c, sim_follower_of(c, n));
        sim_wait_isr(c, (leader + 1) % c->options.broker_count, false);
        sim_cluster_run(c, sim_between(c, 1, 8000) * SIM_MS);
        sim_cluster_power_off(c, leader);
        for (unsigned b = 0; b < c->options.broker_count; b++)
            if (b != leader)
                sim_cluster_start(c, b);
        sim_cluster_run(c, sim_between(c, 1, 15000) * SIM_MS);
    }
}

/* ---- an acknowledged tail is damaged, and power fails everywhere ---- */
static void play_damaged_journal(struct sim_cluster *c)
{
    for (int i = 0; i < 6 && sim_settle(c); i++) {
        unsigned b = (unsigned)sim_between(c, 0, c->options.broker_count - 1);
        sim_cluster_run(c, sim_between(c, 100, 3000) * SIM_MS);
        for (unsigned k = 0; k < c->options.broker_count; k++)
            sim_cluster_power_off(c, k);
        if (sim_damage_journal(sim_host_disk(c->brokers[b].host, 0), sim_world_random(c->world),
                               NULL)) {
            sim_trace(c->world, "the journal of broker %u is damaged", b + 1);
            sim_checker_excuse(c->checker, b);
        }
        sim_cluster_run(c, sim_between(c, 1, 1000) * SIM_MS);
        sim_cluster_start(c, b); /* it comes first, and must not lead */
        sim_cluster_run(c, sim_between(c, 1, 10000) * SIM_MS);
    }
}

/* ---- the number of replicas that must be in sync changes ---- */
static void play_min_isr_changes(struct sim_cluster *c)
{
    for (unsigned i = 0; i < 6 && sim_settle(c); i++) {
        unsigned leader = sim_leader_of(c, 0);
        sim_cluster_kill(c, sim_follower_of(c, 0));
        sim_cluster_kill(c, sim_follower_of(c, 1));
        sim_cluster_run(c, sim_between(c, 1, 9000) * SIM_MS);
        sim_outside_min_isr(c, "1", 2 * i + 100);
        sim_cluster_run(c, sim_between(c, 1, 4000) * SIM_MS);
        sim_cluster_kill(c, leader);
        for (unsigned b = 0; b < c->options.broker_count; b++)
            if (b != leader)
                sim_cluster_start(c, b);
        sim_cluster_run(c, sim_between(c, 1, 12000) * SIM_MS);
        sim_outside_min_isr(c, "2", 2 * i + 101);
    }
}

/* ---- a topic is deleted and made again while reports about the old one are under way ---- */
static bool topic_gone(struct sim_cluster *c, void *context)
{
    struct zk_model_node node;
    (void)context;
    return !zk_model_find(c->zk, "/brokers/topics/t0", &node);
}

static void early_recreated_topic(struct sim_cluster *c)
{
    for (int i = 0; i < 4 && sim_settle(c); i++) {
        unsigned follower = sim_follower_of(c, (unsigned)sim_between(c, 0, 1));
        struct sim_weather slow = c->options.weather;
        slow.net.slow_once_in = 4;
        slow.net.slow_max_ns = 2 * SIM_SECOND;
        sim_world_set_weather(c->world, &slow);
        sim_cluster_kill(c, follower);
        sim_cluster_run(c, sim_between(c, 1, 7000) * SIM_MS);
        sim_cluster_start(c, follower);
        sim_cluster_run(c, sim_between(c, 1, 3000) * SIM_MS);
        zk_model_put(c->zk, "/admin/delete_topics/t0", VIEW_NULL);
        if (!sim_cluster_run_until(c, 120 * SIM_SECOND, topic_gone, NULL)) {
            sim_violation(c->history, "liveness: a deleted topic does not go away");
            return;
        }
        if (!sim_cluster_create_topics(c))
            return;
        sim_world_set_weather(c->world, &c->options.weather);
    }
}

static void one_topic(struct sim_cluster_options *o)
{
    sim_calm(o);
    o->topic_count = 1;
}

const struct sim_scenario sim_scenarios[] = {
    {"restart-then-power", "recovered bytes are not synced bytes", sim_calm,
     play_restart_then_power, MUTATION_ACK_BEFORE_SYNC},
    {"sync-fails", "after a failed sync a directory is dead", sim_calm, play_sync_fails, 0},
    {"fast-restart", "a leader epoch belongs to one process", sim_calm, play_fast_restart,
     MUTATION_RESUME_OLD_EPOCH},
    {"power-everywhere", "a torn tail is not a damaged one", sim_calm, play_power_everywhere, 0},
    {"power-at-operation", "the synced end is a prefix", small_segments, play_power_at_operation,
     0},
    {"lost-isr-reply", "an unknown outcome is resolved by sync and read", sim_calm,
     play_lost_isr_reply, MUTATION_READ_WITHOUT_SYNC},
    {"join-and-die", "a replica joins by what it has synced", sim_calm, play_join_and_die,
     MUTATION_JOIN_BY_LOG_END},
    {"bounce-while-joining", "a replica joins as the process that acknowledged", sim_calm,
     play_bounce_while_joining, MUTATION_NO_INCARNATION_CHECK},
    {"disk-swapped", "a directory that is not the one we knew counts for nothing", sim_calm,
     play_disk_swapped, MUTATION_TRUST_ANY_DISK},
    {"directory-removed", "an empty log is not made for a missing one", sim_calm,
     play_directory_removed, MUTATION_EMPTY_FOR_MISSING},
    {"truncation", "what was cut stays cut", sim_calm, play_truncation,
     MUTATION_REPLAY_PAST_TRUNCATION},
    {"truncation-bound", "nothing committed is cut", sim_calm, play_truncation,
     MUTATION_TRUNCATE_TO_HIGH_WATERMARK},
    {"late-pushes", "a push of an older epoch is refused", impatient, play_late_pushes,
     MUTATION_NO_EPOCH_CHECK_ON_PUSH},
    {"damaged-journal", "a damaged copy neither leads nor counts", sim_calm, play_damaged_journal,
     MUTATION_CONFIRM_OWN_LOGS_ONLY},
    {"min-isr-changes", "leader and controller go by the number in the state", sim_calm,
     play_min_isr_changes, 0},
    {.name = "recreated-topic",
     .shows = "partitions are named by topic id",
     .prepare = one_topic,
     .early = early_recreated_topic,
     .play = play_fast_restart},
    {"replaced-by-hand", "a leader goes on with other followers", sim_four_brokers,
     sim_play_replaced_by_hand, 0},
    {"assigned-elsewhere", "who is in sync and not assigned neither leads nor counts",
     sim_four_brokers, sim_play_assigned_elsewhere, 0},
    {"state-removed", "a state that was deleted is made again as it was", sim_calm,
     sim_play_state_removed, 0},
    {"moved-by-hand", "who is alone in sync and not assigned leads until another is in sync",
     sim_one_replica, sim_play_moved_by_hand, 0},
    {.name = "stop-between",
     .shows = "a stop waits for what is being made or removed",
     .prepare = sim_calm,
     .early = sim_early_stop_between,
     .play = sim_play_stops},
    {"damaged-segment", "damaged bytes are found where they are read, and repaired",
     sim_one_partition, sim_play_damaged_segment, 0},
    {"full-disk", "a full disk is waited for", sim_calm, sim_play_full_disk, 0},
    {"one-disk-fails", "a directory that fails takes only its own logs", sim_three_disks,
     sim_play_one_disk_fails, 0},
    {"one-disk-swapped", "one disk of several is exchanged", sim_three_disks,
     sim_play_one_disk_swapped, 0},
    {"left-behind", "retention removes what a follower still lacks", sim_small_logs,
     sim_play_left_behind, 0},
    {"untold-joiner", "a change of the ISR that is pending counts", sim_calm,
     sim_play_untold_joiner, MUTATION_COUNT_COMMITTED_ISR},
    {"cut-producers", "what was cut was never sent", sim_one_producer, sim_play_cut_producers,
     MUTATION_KEEP_CUT_PRODUCERS},
    {"forgotten-producers", "only what was removed comes twice", sim_forgetting,
     sim_play_forgotten_producers, 0},
    {"elect-from-isr", "only members of the ISR are elected", sim_calm, sim_play_elect_from_isr,
     MUTATION_ELECT_OUTSIDE_ISR},
    {"unclean-election", "after an unclean election there is one log again", sim_allow_unclean,
     sim_play_unclean, 0},
    {"grown-and-gone", "partitions that stand in ZooKeeper are found", sim_with_room,
     sim_play_grown_and_gone, 0},
    {"grown-by-two", "what stands in a topic's node is added to, never written over", sim_with_room,
     sim_play_grown_by_two, 0},
    {"coordinator-dies", "what a coordinator answered its successor knows", sim_with_groups,
     sim_play_coordinator_dies, MUTATION_ANSWER_BEFORE_COMMIT},
    {"coordinator-loads", "groups are loaded to the end of the log", sim_with_groups,
     sim_play_coordinator_dies, MUTATION_LOAD_TO_HIGH_WATERMARK},
    {"coordinator-cut-off", "an old coordinator acknowledges nothing", sim_with_groups,
     sim_play_coordinator_cut_off, MUTATION_TAKE_ANY_GENERATION},
    {"producer-ids", "a block of producer ids is one broker's", sim_with_groups,
     sim_play_producer_ids, 0},
    {"last-member", "the last member of an ISR is never removed", one_is_enough, play_last_member,
     0},
};
const unsigned sim_scenario_count = COUNT_OF(sim_scenarios);
