/* SPDX-License-Identifier: Apache-2.0 */
/* Named courses of events on disks: they rot, fill up, fail one by one, and are exchanged. */
#include "tests/lib/file_mem.h"
#include "tests/sim/sim_play.h"
#include "tests/sim/sim_rot.h"

/* While the host is off: another disk in place of the one of that directory, which is returned. */
static struct file_mem *disk_put(struct sim_cluster *c, unsigned broker, unsigned dir,
                                 struct file_mem *other)
{
    file_mem_power_cycle(other, sim_between(c, 1, UINT64_MAX));
    return sim_host_swap_disk(c->brokers[broker].host, dir, other);
}

static struct file_mem *empty_disk(struct sim_cluster *c)
{
    return file_mem_new(sim_between(c, 1, UINT64_MAX));
}

/* ---- bits flip in a segment, and somebody needs what is there ---- */
void sim_one_partition(struct sim_cluster_options *o)
{
    sim_calm(o);
    o->topic_count = o->partition_count = 1;
    o->segment_bytes = 32768;
}

/* Or leads no more before anybody has read what was hit. */
static bool is_repaired(struct sim_cluster *c, void *context)
{
    const unsigned *hit = context;
    return !sim_rot_is_hit(c->rot, 0) ||
           (sim_leader_of(c, 0) != *hit && !sim_checker_was_suspected(c->checker, 0, *hit));
}

/* The leader's copy is hit, and a follower starts from nothing. */
void sim_play_damaged_segment(struct sim_cluster *c)
{
    for (int i = 0; i < 6 && sim_settle(c); i++) {
        unsigned leader = sim_leader_of(c, 0);
        unsigned follower = sim_follower_of(c, (unsigned)sim_between(c, 0, 1));
        sim_cluster_run(c, sim_between(c, 500, 3000) * SIM_MS);
        unsigned hit = leader;
        if (!sim_rot_segment(c->rot, &hit) || hit != leader)
            continue;
        sim_cluster_power_off(c, follower);
        sim_checker_excuse(c->checker, follower);
        file_mem_free(disk_put(c, follower, 0, empty_disk(c)));
        sim_cluster_run(c, sim_between(c, 1, 1000) * SIM_MS);
        sim_cluster_start_all(c);
        if (!sim_cluster_run_until(c, 90 * SIM_SECOND, is_repaired, &hit))
            sim_violation(c->history, "liveness: damaged bytes are not repaired");
    }
}

/* ---- disks fill up ---- */
void sim_play_full_disk(struct sim_cluster *c)
{
    for (int i = 0; i < 8 && sim_settle(c); i++) {
        unsigned b = (unsigned)sim_between(c, 0, c->options.broker_count - 1);
        sim_cluster_run(c, sim_between(c, 1, 2000) * SIM_MS);
        sim_cluster_fill_disk(c, b, 0, sim_between(c, 0, 1 << 20));
        sim_cluster_run(c, sim_between(c, 500, 6000) * SIM_MS);
        if (sim_between(c, 0, 1)) { /* it starts on a full disk */
            sim_cluster_kill(c, b);
            sim_cluster_run(c, sim_between(c, 1, 100) * SIM_MS);
            sim_cluster_start(c, b);
            sim_cluster_run(c, sim_between(c, 500, 6000) * SIM_MS);
        }
        sim_cluster_empty_disk(c, b, 0);
    }
}

/* ---- one disk of several ---- */
void sim_three_disks(struct sim_cluster_options *o)
{
    sim_calm(o);
    o->dir_count = 3;
    o->topic_count = 2;
    o->partition_count = 3;
}

/* What is on the others goes on; the broker is restarted at last. */
void sim_play_one_disk_fails(struct sim_cluster *c)
{
    for (int i = 0; i < 6 && sim_settle(c); i++) {
        unsigned b = (unsigned)sim_between(c, 0, c->options.broker_count - 1);
        unsigned dir = (unsigned)sim_between(c, 0, 2);
        sim_cluster_fail_disk(c, b, dir, FILE_MEM_PWRITEV, sim_between(c, 1, 10), true);
        sim_cluster_run(c, sim_between(c, 1000, 8000) * SIM_MS);
        if (sim_between(c, 0, 1)) {
            unsigned other = (b + 1) % c->options.broker_count;
            sim_cluster_kill(c, other);
            sim_cluster_run(c, sim_between(c, 1, 8000) * SIM_MS);
            sim_cluster_start(c, other);
        }
        sim_cluster_power_off(c, b);
        sim_cluster_run(c, sim_between(c, 1, 100) * SIM_MS);
    }
}

/* An empty disk takes the place of one of three: what was on the other two stays what it was. */
void sim_play_one_disk_swapped(struct sim_cluster *c)
{
    for (int i = 0; i < 6 && sim_settle(c); i++) {
        unsigned b = (unsigned)sim_between(c, 0, c->options.broker_count - 1);
        unsigned dir = (unsigned)sim_between(c, 0, 2);
        sim_cluster_run(c, sim_between(c, 100, 3000) * SIM_MS);
        sim_checker_excuse(c->checker, b);
        sim_cluster_power_off(c, b);
        file_mem_free(disk_put(c, b, dir, empty_disk(c)));
        sim_cluster_run(c, sim_between(c, 1, 1000) * SIM_MS);
        sim_cluster_start(c, b);
        sim_cluster_run(c, sim_between(c, 1, 3000) * SIM_MS);
        sim_cluster_kill(c, sim_leader_of(c, 0));
        sim_cluster_run(c, sim_between(c, 1, 5000) * SIM_MS);
    }
}

/* ---- retention goes on while a follower is away ---- */
void sim_small_logs(struct sim_cluster_options *o)
{
    sim_calm(o);
    o->segment_bytes = 32768;
    o->retention_bytes = 70000;
}

void sim_play_left_behind(struct sim_cluster *c)
{
    for (int i = 0; i < 8 && sim_settle(c); i++) {
        unsigned b = sim_follower_of(c, (unsigned)sim_between(c, 0, 1));
        sim_cluster_kill(c, b);
        sim_cluster_run(c, sim_between(c, 1000, 15000) * SIM_MS);
        sim_cluster_start(c, b);
        sim_cluster_run(c, sim_between(c, 1, 1000) * SIM_MS);
        if (sim_between(c, 0, 1))
            for (unsigned k = 0; k < c->options.broker_count; k++)
                sim_cluster_power_off(c, k);
        else
            sim_cluster_kill(c, sim_leader_of(c, 0));
        sim_cluster_run(c, sim_between(c, 1, 500) * SIM_MS);
    }
}
