/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/sim/sim_outside.h"

#include <stdio.h>
#include <string.h>

#include "common/arena.h"
#include "controller/znode.h"

#define TOPIC_PATH ZNODE_TOPICS "/t0"

void sim_outside_min_isr(struct sim_cluster *c, const char *value, unsigned change)
{
    char data[128], path[64];
    snprintf(data, sizeof data, "{\"version\":1,\"config\":{\"min.insync.replicas\":\"%s\"}}",
             value);
    zk_model_put(c->zk, ZNODE_TOPIC_CONFIGS "/t0", view_of(data));
    snprintf(path, sizeof path, ZNODE_CONFIG_CHANGES "/config_change_%010u", change);
    zk_model_put(c->zk, path, VIEW_LITERAL("{\"version\":2,\"entity_path\":\"topics/t0\"}"));
}

void sim_outside_forbid_unclean(struct sim_cluster *c)
{
    static const char was[] = "\"unclean.leader.election.enable\":\"true\"";
    static const char is[] = "\"unclean.leader.election.enable\":\"false\"";
    for (uint32_t i = 0; i < c->history->topic_count; i++) {
        const char *topic = c->history->topics[i].name;
        struct zk_model_node node;
        char path[96], data[1024], hint[96];
        snprintf(path, sizeof path, ZNODE_TOPIC_CONFIGS "/%s", topic);
        if (!zk_model_find(c->zk, path, &node))
            continue;
        snprintf(data, sizeof data, "%.*s", (int)node.data.size, (const char *)node.data.base);
        char *at = strstr(data, was), rest[1024];
        if (!at)
            continue;
        snprintf(rest, sizeof rest, "%s", at + sizeof was - 1);
        snprintf(at, sizeof data - (size_t)(at - data), "%s%s", is, rest);
        zk_model_put(c->zk, path, view_of(data));
        snprintf(path, sizeof path, ZNODE_CONFIG_CHANGES "/config_change_%010u", 1000 + i);
        snprintf(hint, sizeof hint, "{\"version\":2,\"entity_path\":\"topics/%s\"}", topic);
        zk_model_put(c->zk, path, view_of(hint));
    }
}

void sim_outside_grow(struct sim_cluster *c, uint32_t topic, int32_t total)
{
    struct arena arena = ARENA_INIT;
    struct zk_model_node node;
    struct znode_topic znode;
    char path[96];
    const uint32_t factor = (uint32_t)c->options.replication_factor;
    snprintf(path, sizeof path, ZNODE_TOPICS "/%s", c->history->topics[topic].name);
    if (zk_model_find(c->zk, path, &node) &&
        znode_topic_parse(node.data, &arena, &znode) == ZNODE_OK) {
        struct znode_assignment *all = arena_array(&arena, (size_t)total, sizeof *all);
        memcpy(all, znode.partitions, znode.partition_count * sizeof *all);
        for (int32_t p = (int32_t)znode.partition_count; p < total; p++) {
            int32_t *replicas = arena_array(&arena, factor, sizeof *replicas);
            for (uint32_t k = 0; k < factor; k++)
                replicas[k] = 1 + (p + (int32_t)k) % (int32_t)c->options.broker_count;
            all[p] = (struct znode_assignment){
                .partition = p, .replica_count = factor, .replicas = replicas};
            znode.partition_count++;
        }
        znode.partitions = all;
        zk_model_put(c->zk, path, znode_topic_print(&znode, &arena));
    }
    arena_reset(&arena);
}

static bool read_topic(struct sim_cluster *c, struct arena *arena, struct znode_topic *ret)
{
    struct zk_model_node node;
    return zk_model_find(c->zk, TOPIC_PATH, &node) &&
           znode_topic_parse(node.data, arena, ret) == ZNODE_OK;
}

void sim_outside_replace(struct sim_cluster *c, int32_t from, int32_t to)
{
    struct arena arena = ARENA_INIT;
    struct znode_topic topic;
    if (read_topic(c, &arena, &topic)) {
        for (uint32_t i = 0; i < topic.partition_count; i++) {
            struct znode_assignment *a = &topic.partitions[i];
            int32_t *replicas = arena_array(&arena, a->replica_count, sizeof *replicas);
            bool has = false;
            for (uint32_t k = 0; k < a->replica_count; k++)
                has |= a->replicas[k] == to;
            for (uint32_t k = 0; k < a->replica_count; k++)
                replicas[k] = a->replicas[k] == from && !has ? to : a->replicas[k];
            a->replicas = replicas;
        }
        zk_model_put(c->zk, TOPIC_PATH, znode_topic_print(&topic, &arena));
        zk_model_delete(c->zk, ZNODE_CONTROLLER);
    }
    arena_reset(&arena);
}

void sim_outside_remove_state(struct sim_cluster *c, bool all)
{
    zk_model_delete(c->zk, TOPIC_PATH "/partitions/0/state");
    if (all)
        zk_model_delete(c->zk, TOPIC_PATH "/partitions/0");
}

int32_t sim_outside_spare(struct sim_cluster *c)
{
    struct arena arena = ARENA_INIT;
    struct znode_topic topic;
    bool has[SIM_BROKERS_MAX + 1] = {false};
    int32_t spare = -1;
    if (read_topic(c, &arena, &topic) && topic.partition_count > 0) {
        for (uint32_t k = 0; k < topic.partitions[0].replica_count; k++) {
            int32_t id = topic.partitions[0].replicas[k];
            if (id >= 0 && id <= SIM_BROKERS_MAX)
                has[id] = true;
        }
        for (int32_t id = 1; id <= (int32_t)c->options.broker_count; id++)
            spare = has[id] ? spare : id;
    }
    arena_reset(&arena);
    return spare;
}
