/* SPDX-License-Identifier: Apache-2.0 */
/* What happens to the disks of a cluster, and to a topic that comes and goes on them. */
#include "tests/lib/file_mem.h"
#include "tests/sim/sim_cluster.h"

#define SIM_MARKER_ROOM 16384u /* for the small files of a directory, written anew */

/* ---- disks ---- */
void sim_cluster_fill_disk(struct sim_cluster *c, unsigned broker, unsigned dir, uint64_t left)
{
    struct sim_broker *b = &c->brokers[broker];
    uint64_t used = sim_host_disk_used(b->host, dir);
    if (b->full_disk || !sim_host_is_on(b->host) || used + left > SIM_DISK_SIZE)
        return;
    b->full_disk = true;
    b->full_dir = dir;
    b->short_of_room |= left < SIM_MARKER_ROOM;
    c->totals.full_disks++;
    sim_trace(c->world, "disk %u of broker %u fills up: %llu bytes left", dir, broker + 1,
              (unsigned long long)left);
    file_mem_set_capacity(sim_host_disk(b->host, dir), used + left);
}

void sim_cluster_empty_disk(struct sim_cluster *c, unsigned broker, unsigned dir)
{
    if (c->brokers[broker].full_dir == dir)
        c->brokers[broker].full_disk = false;
    file_mem_set_capacity(sim_host_disk(c->brokers[broker].host, dir), SIM_DISK_SIZE);
}

void sim_cluster_fail_disk(struct sim_cluster *c, unsigned broker, unsigned dir,
                           enum file_mem_call call, uint64_t nth, bool always)
{
    struct sim_broker *b = &c->brokers[broker];
    if (b->failed_disk)
        return;
    b->failed_disk = true;
    c->totals.failed_dirs++;
    sim_trace(c->world, "disk %u of broker %u fails", dir, broker + 1);
    file_mem_fail(sim_host_disk(b->host, dir), call, NULL, nth, 5 /* EIO */, always);
}

/* ---- the topic that comes and goes ---- */
static void recreate_look(void *object, uint64_t arg)
{
    struct sim_cluster *c = object;
    struct zk_model_node node;
    bool there = zk_model_find(c->zk, "/brokers/topics/" SIM_FLEETING_TOPIC, &node),
         gone = arg != 0;
    if (gone && there) {
        c->recreating = false;
        c->totals.recreated++;
        return;
    }
    gone = gone || !there;
    if (gone) /* a controller that has not heard yet says that it exists */
        sim_admin_again(c->admin);
    sim_world_at(c->world, sim_now_ns(c->world) + 500 * SIM_MS, recreate_look, c, gone);
}

void sim_cluster_recreate(struct sim_cluster *c)
{
    struct zk_model_node node;
    if (!c->options.fleeting || c->recreating ||
        !zk_model_find(c->zk, "/brokers/topics/" SIM_FLEETING_TOPIC, &node))
        return;
    sim_trace(c->world, "topic " SIM_FLEETING_TOPIC " is to be deleted");
    c->recreating = true;
    zk_model_put(c->zk, "/admin/delete_topics/" SIM_FLEETING_TOPIC, VIEW_NULL);
    recreate_look(c, 0);
}
