/* SPDX-License-Identifier: Apache-2.0 */
/* Stops in good order at bad moments. */
#include <stdio.h>

#include "broker/log/clean_mark.h"
#include "tests/lib/file_mem.h"
#include "tests/sim/sim_play.h"

static bool none_runs(struct sim_cluster *c, void *context)
{
    (void)context;
    for (unsigned b = 0; b < c->options.broker_count; b++)
        if (sim_cluster_runs(c, b))
            return false;
    return true;
}

static void expect_clean(struct sim_cluster *c, unsigned broker)
{
    struct file *file;
    void *fs = file_mem_mount(sim_host_disk(c->brokers[broker].host, 0), "");
    int error = file_mem_ops.open(fs, CLEAN_MARK_FILE, FILE_READ, &file);
    if (error == 0)
        file_unref(file);
    else
        sim_violation(c->history, "broker %u stopped and left no clean mark", broker + 1);
    file_mem_kill(fs);
}

/* All stop, and every directory is closed cleanly. */
static void stop_all(struct sim_cluster *c)
{
    for (unsigned b = 0; b < c->options.broker_count; b++)
        sim_process_terminate(c->brokers[b].process);
    if (!sim_cluster_run_until(c, 60 * SIM_SECOND, none_runs, NULL)) {
        sim_violation(c->history, "liveness: a broker does not stop");
        return;
    }
    for (unsigned b = 0; b < c->options.broker_count; b++)
        expect_clean(c, b);
}

static bool extra_gone(struct sim_cluster *c, void *context)
{
    struct zk_model_node node;
    (void)context;
    return !zk_model_find(c->zk, "/brokers/topics/extra", &node);
}

/* A topic is being made, or removed, when everybody is told to stop. */
void sim_early_stop_between(struct sim_cluster *c)
{
    for (int i = 0; i < 6 && sim_settle(c); i++) {
        struct sim_weather slow = c->options.weather;
        slow.disk.max_ns = sim_between(c, 1, 300) * SIM_MS;
        sim_world_set_weather(c->world, &slow);
        if (i % 2 == 0)
            zk_model_put(c->zk, "/brokers/topics/extra",
                         VIEW_LITERAL("{\"version\":1,\"partitions\":{\"0\":[1,2,3],"
                                      "\"1\":[2,3,1],\"2\":[3,1,2],\"3\":[1,3,2]}}"));
        else
            zk_model_put(c->zk, "/admin/delete_topics/extra", VIEW_NULL);
        sim_cluster_run(c, sim_between(c, 0, 400) * SIM_MS);
        stop_all(c);
        sim_world_set_weather(c->world, &c->options.weather);
        if (!sim_settle(c))
            return;
        if (i % 2 == 1 && !sim_cluster_run_until(c, 60 * SIM_SECOND, extra_gone, NULL)) {
            sim_violation(c->history, "liveness: a deleted topic does not go away");
            return;
        }
    }
}

void sim_play_stops(struct sim_cluster *c)
{
    for (int i = 0; i < 3 && sim_settle(c); i++) {
        sim_cluster_run(c, sim_between(c, 1, 3000) * SIM_MS);
        stop_all(c);
    }
}
