/* SPDX-License-Identifier: Apache-2.0 */
/* What the controller's stream of metadata says, taken over by a shard: which brokers there are,
 * which topics, and the orders for this shard's partitions. Every shard hears every item. */
#include <stdlib.h>

#include "broker/replica/replica_internal.h"
#include "common/memory.h"
#include "common/resolve.h"

/* ---- topics and their replicas ---- */

static struct host_topic *topic_get(struct replica_host *h, struct uuid id)
{
    struct host_topic *t = map_get(&h->topics, MAP_KEY(id));
    if (!t) {
        t = xcalloc(1, sizeof *t);
        map_put(&h->topics, MAP_KEY(id), t);
    }
    return t;
}

static void topic_free(struct host_topic *t)
{
    if (!t)
        return;
    free(t->name);
    free(t);
}

void host_topic_link(struct replica *r)
{
    struct host_topic *t = topic_get(r->host, r->id.topic);
    r->topic = t;
    r->next_of_topic = t->replicas;
    r->link_of_topic = &t->replicas;
    if (t->replicas)
        t->replicas->link_of_topic = &r->next_of_topic;
    t->replicas = r;
}

static void topic_unlink(struct replica *r)
{
    *r->link_of_topic = r->next_of_topic;
    if (r->next_of_topic)
        r->next_of_topic->link_of_topic = r->link_of_topic;
    r->topic = NULL;
}

static void apply_topic(struct replica_host *h, const struct cluster_topic_item *item)
{
    struct host_topic *t = topic_get(h, item->id);
    free(t->name);
    t->name = xstrndup(item->name.base, item->name.size);
    h->config.topic_config(h->config.topic_config_context, item->config, &t->config);
    for (const struct replica *r = t->replicas; r; r = r->next_of_topic)
        if (r->log)
            log_configure(r->log, &t->config);
}

/* The replica of a deleted topic: all who wait for it are answered, and its log is deleted. */
static void remove_replica(struct replica *r)
{
    struct replica_host *h = r->host;
    bool led = r->said_leads;
    feeds_drop(r);
    produce_fail(r, REPLICA_UNKNOWN);
    fetch_fail(r, REPLICA_UNKNOWN);
    map_remove(&h->replicas, MAP_KEY(r->id));
    topic_unlink(r);
    replica_arm(r, 0);
    if (r->log)
        host_remove_log(h, r->id.topic, r->log);
    r->log = NULL;
    r->dead = true;
    r->said_leads = false;
    if (led && h->observer->leads_not)
        h->observer->leads_not(h->observer, r->id);
    replica_free_if_dead(r);
}

static void apply_topic_gone(struct replica_host *h, struct uuid topic)
{
    struct host_topic *t = map_remove(&h->topics, MAP_KEY(topic));
    while (t && t->replicas)
        remove_replica(t->replicas);
    topic_free(t);
}

/* ---- brokers ---- */

static struct host_broker *broker_get(struct replica_host *h, int32_t id)
{
    struct host_broker *b = map_get(&h->brokers, MAP_KEY(id));
    if (!b) {
        b = xcalloc(1, sizeof *b);
        b->broker = id;
        map_put(&h->brokers, MAP_KEY(id), b);
    }
    return b;
}

static void broker_take_over(struct host_broker *b, const struct cluster_broker_item *item)
{
    char *host = xstrndup(item->cluster_host.base ? (const void *)item->cluster_host.base : "",
                          item->cluster_host.size);
    b->known = true;
    b->alive = item->alive;
    b->member = item->member;
    b->has_addr = resolve_numeric(host, (uint16_t)item->cluster_port, &b->addr);
    free(host);
}

/* Another process of the broker: the old one is gone for every partition before its streams are. */
static void broker_replaced(struct replica_host *h, struct host_broker *b, uint32_t shard_count)
{
    struct map_entry entry;
    for (uint32_t at = 0; map_next(&h->replicas, &at, &entry);) {
        struct partition_event e;
        e.kind = PARTITION_EV_MEMBER;
        e.u.member.member = b->member;
        e.u.member.alive = false;
        replica_step(entry.value, &e);
    }
    streams_drop_broker(b);
    b->shard_count = shard_count;
}

static void tell_replicas(struct replica_host *h, const struct host_broker *b)
{
    struct map_entry entry;
    for (uint32_t at = 0; map_next(&h->replicas, &at, &entry);)
        replica_member(entry.value, b);
}

static void apply_broker(struct replica_host *h, const struct cluster_broker_item *item)
{
    if (item->member.broker == h->config.self.broker)
        return;
    struct host_broker *b = broker_get(h, item->member.broker);
    bool other = !b->known || b->member.incarnation != item->member.incarnation ||
                 b->shard_count != (uint32_t)item->shard_count;
    broker_take_over(b, item);
    if (other)
        broker_replaced(h, b, item->shard_count > 0 ? (uint32_t)item->shard_count : 0);
    tell_replicas(h, b);
}

static void apply_broker_gone(struct replica_host *h, int32_t id)
{
    struct host_broker *b = map_get(&h->brokers, MAP_KEY(id));
    if (!b)
        return;
    b->alive = false;
    tell_replicas(h, b);
}

/* ---- partitions ---- */

static void apply_partition(struct replica_host *h, const struct cluster_partition_item *item)
{
    const struct env *env = &h->reactor->env;
    if (partition_shard(item->id, env->shard_count) != env->shard)
        return;
    struct replica *r = host_find(h, item->id);
    if (!r && item->leader != h->config.self.broker &&
        !cluster_partition_has_replica(item, h->config.self.broker))
        return;
    if (!r)
        r = host_add(h, item->id, NULL);
    struct partition_event e;
    e.kind = PARTITION_EV_ORDER;
    e.u.order = *item;
    replica_step(r, &e);
    if (r->log)
        log_set_order(r->log, r->partition.order.leader_epoch, r->partition.order.version);
    for (uint32_t i = 0; i < r->partition.peer_count; i++) {
        int32_t broker = r->partition.peers[i].broker;
        const struct host_broker *b = map_get(&h->brokers, MAP_KEY(broker));
        if (b)
            replica_member(r, b);
    }
}

/* ---- all of it ---- */

void replica_host_apply(struct replica_host *h, const struct cluster_item *item)
{
    if (h->stopping)
        return;
    switch (item->kind) {
    case CLUSTER_ITEM_BROKER:
        apply_broker(h, &item->u.broker);
        break;
    case CLUSTER_ITEM_BROKER_GONE:
        apply_broker_gone(h, item->u.broker.member.broker);
        break;
    case CLUSTER_ITEM_TOPIC:
        apply_topic(h, &item->u.topic);
        break;
    case CLUSTER_ITEM_TOPIC_GONE:
        apply_topic_gone(h, item->u.topic.id);
        break;
    case CLUSTER_ITEM_PARTITION:
        apply_partition(h, &item->u.partition);
        break;
    }
}

void host_metadata_free(struct replica_host *h)
{
    struct map_entry entry;
    for (uint32_t at = 0; map_next(&h->topics, &at, &entry);)
        topic_free(entry.value);
    for (uint32_t at = 0; map_next(&h->brokers, &at, &entry);) {
        struct host_broker *b = entry.value;
        free(b->live);
        free(b->catch_up);
        free(b);
    }
    map_deinit(&h->topics);
    map_deinit(&h->brokers);
}
