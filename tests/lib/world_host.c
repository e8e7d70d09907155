/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/world_host.h"

#include "common/assert.h"

static void node_step(void *shard, const struct event *event)
{
    reactor_step(&((struct host_node *)shard)->reactor, event);
}

static void node_other(void *context, const struct event *event)
{
    struct host_node *node = context;
    if (event->kind == EV_START) {
        if (node->host->start)
            node->host->start(node);
    } else if (event->kind == EV_STOP) {
        if (node->host->stop)
            node->host->stop(node);
    } else if (node->host->other) {
        node->host->other(node, event);
    }
}

int host_run(struct host *host)
{
    PRE(host->count <= HOST_NODES_MAX);
    struct world_config config = {.shard_count = host->count,
                                  .dir_count = host->dir_count,
                                  .dirs = host->dirs,
                                  .say_level = SAY_WARN,
                                  .step = node_step};
    host->world = world_new(&config);
    INVARIANT(host->world);
    if (host->zk_ops)
        world_set_zk(host->world, host->zk_ops, host->zk);
    for (unsigned i = 0; i < host->count; i++) {
        struct host_node *node = &host->nodes[i];
        struct env env = world_env(host->world, i);
        reactor_init(&node->reactor, &env);
        node->host = host;
        node->index = i;
        node->env = &node->reactor.env;
        node->reactor.other_heard = node_other;
        node->reactor.other_context = node;
        world_set_shard(host->world, i, node);
    }
    int code = world_run(host->world);
    for (unsigned i = 0; i < host->count; i++)
        reactor_deinit(&host->nodes[i].reactor);
    world_free(host->world);
    return code;
}

void host_end(struct host_node *node, int code)
{
    node->env->ops->halt(node->env->world, code, VIEW_LITERAL("the test is over"));
}

struct addr host_loopback(uint16_t port)
{
    return (struct addr){.ip = {[10] = 0xff, [11] = 0xff, [12] = 127, [15] = 1}, .port = port};
}
