/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>

#include "common/assert.h"
#include "common/memory.h"
#include "tests/lib/file_mem.h"
#include "tests/sim/sim_internal.h"

/* Machines: addresses, disks, power. */

struct sim_host *sim_host_new(struct sim_world *w, const char *name, unsigned dir_count,
                              uint64_t disk_size, int64_t wall_skew_ms)
{
    PRE(w->host_count < SIM_HOSTS_MAX);
    PRE(dir_count <= SIM_DIRS_MAX);
    struct sim_host *h = xcalloc(1, sizeof *h);
    *h = (struct sim_host){.world = w,
                           .index = w->host_count,
                           .dir_count = dir_count,
                           .wall_skew_ms = wall_skew_ms,
                           .on = true};
    snprintf(h->name, sizeof h->name, "%s", name);
    snprintf(h->ip, sizeof h->ip, "10.0.0.%u", h->index + 1);
    for (unsigned d = 0; d < dir_count; d++) {
        h->disks[d] = file_mem_new(sim_random_next(&w->random));
        file_mem_set_capacity(h->disks[d], disk_size ? disk_size : UINT64_C(1) << 30);
    }
    w->hosts[w->host_count++] = h;
    return h;
}

struct addr sim_host_addr(const struct sim_host *h, uint16_t port)
{
    struct addr addr = {.port = port};
    addr.ip[10] = addr.ip[11] = 0xff;
    addr.ip[12] = 10;
    addr.ip[15] = (uint8_t)(h->index + 1);
    return addr;
}

const char *sim_host_ip(const struct sim_host *h)
{
    return h->ip;
}

unsigned sim_host_index(const struct sim_host *h)
{
    return h->index;
}

const char *sim_host_name(const struct sim_host *h)
{
    return h->name;
}

struct sim_world *sim_host_world(const struct sim_host *h)
{
    return h->world;
}

struct file_mem *sim_host_disk(struct sim_host *h, unsigned dir)
{
    PRE(dir < h->dir_count);
    return h->disks[dir];
}

struct sim_process *sim_host_process(struct sim_host *h)
{
    return h->process;
}

bool sim_host_is_on(const struct sim_host *h)
{
    return h->on;
}

void sim_host_set_skew(struct sim_host *h, int64_t wall_skew_ms)
{
    h->wall_skew_ms = wall_skew_ms;
}

int64_t sim_host_skew(const struct sim_host *h)
{
    return h->wall_skew_ms;
}

uint64_t sim_host_disk_used(struct sim_host *h, unsigned dir)
{
    uint64_t size = 0, total = 0;
    void *fs = file_mem_mount(sim_host_disk(h, dir), "");
    if (!fs)
        return 0;
    POST(file_mem_ops.space(fs, &size, &total) == 0);
    file_mem_kill(fs);
    return total - size;
}

void sim_host_power_off(struct sim_host *h)
{
    if (!h->on)
        return;
    h->on = false;
    if (h->process)
        sim_process_end(h->process, SIM_END_POWER);
    for (unsigned d = 0; d < h->dir_count; d++)
        file_mem_power_cycle(h->disks[d], sim_random_next(&h->world->random));
}

void sim_host_power_on(struct sim_host *h)
{
    if (h->on)
        return;
    h->on = true;
    sim_net_host_on(h);
}

struct file_mem *sim_host_swap_disk(struct sim_host *h, unsigned dir, struct file_mem *disk)
{
    PRE(!h->on && dir < h->dir_count);
    struct file_mem *old = h->disks[dir];
    h->disks[dir] = disk;
    return old;
}

void sim_host_power_off_at(struct sim_host *h, unsigned dir, uint64_t k)
{
    PRE(dir < h->dir_count);
    if (!h->on)
        return;
    file_mem_power_fails_at(h->disks[dir], k + 1);
}
