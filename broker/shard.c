/* SPDX-License-Identifier: Apache-2.0 */
#include "broker/shard.h"

#include <stdlib.h>

#include "broker/broker.h"
#include "broker/control/control.h"
#include "broker/group/group_host.h"
#include "common/assert.h"
#include "common/memory.h"

struct expected_stream {
    struct expected_stream *next;
    token connection;
    struct cluster_open open;
};

unsigned shard_of(const struct shard *s, struct partition_id id)
{
    return partition_shard(id, broker_shard_count(s->broker));
}

/* ---- replication streams ---- */
void shard_expect_stream(struct shard *s, token connection, const struct cluster_open *open)
{
    struct expected_stream *e = xcalloc(1, sizeof *e);
    e->connection = connection;
    e->open = *open;
    e->next = s->expected;
    s->expected = e;
}

static struct expected_stream *take_expected(struct shard *s, token connection)
{
    for (struct expected_stream **at = &s->expected; *at != NULL; at = &(*at)->next) {
        if ((*at)->connection == connection) {
            struct expected_stream *found = *at;
            *at = found->next;
            return found;
        }
    }
    return NULL;
}

void shard_stream_accepted(struct shard *s, const struct event *event)
{
    const struct env *env = &s->reactor.env;
    struct expected_stream *e = take_expected(s, event->token);
    PRE(e != NULL);
    if (s->replicas != NULL && !s->stopping)
        replica_host_incoming_accept(s->replicas, event->token, &e->open);
    else
        env->ops->net_close(env->world, event->token, false);
    free(e);
}

static bool is_expected(const struct shard *s, token connection)
{
    const struct expected_stream *e = s->expected;
    while (e != NULL && e->connection != connection)
        e = e->next;
    return e != NULL;
}

/* ---- metadata ---- */
static struct cluster_item topic_item(const struct topic_meta *t)
{
    struct cluster_item item = {.kind = t->gone ? CLUSTER_ITEM_TOPIC_GONE : CLUSTER_ITEM_TOPIC};
    item.u.topic =
        (struct cluster_topic_item){t->id, view_of(t->name), (int32_t)t->partition_count,
                                    t->overrides != NULL ? view_of(t->overrides) : VIEW_NULL};
    return item;
}

static void apply_topic(struct shard *s, const struct topic_meta *t, const struct topic_meta *old,
                        bool all)
{
    struct cluster_item item = topic_item(t);
    if (t->vanished)
        return; /* a snapshot never deletes; a log without a topic is kept */
    if (t->gone) {
        replica_host_apply(s->replicas, &item);
        group_host_topic_gone(s->groups, view_of(t->name));
        return;
    }
    if (all || old == NULL || strcmp(old->overrides, t->overrides) != 0 ||
        old->partition_count != t->partition_count)
        replica_host_apply(s->replicas, &item);
    for (uint32_t i = 0; i < t->partition_count; i++) {
        const struct cluster_partition_item *p = &t->partitions[i];
        bool same = !all && old != NULL && i < old->partition_count &&
                    memcmp(p, &old->partitions[i], sizeof *p) == 0;
        if (p->replica_count > 0 && !same) {
            item = (struct cluster_item){.kind = CLUSTER_ITEM_PARTITION, .u.partition = *p};
            replica_host_apply(s->replicas, &item);
        }
    }
}

static void apply_brokers(struct shard *s, const struct brokers_meta *now,
                          const struct brokers_meta *old)
{
    for (uint32_t i = 0; i < now->count; i++) {
        const struct broker_meta *b = &now->items[i];
        struct cluster_item item = {.kind = CLUSTER_ITEM_BROKER};
        item.u.broker = (struct cluster_broker_item){.member = b->member,
                                                     .alive = b->alive,
                                                     .host = view_of(b->host),
                                                     .port = b->port,
                                                     .rack = view_of(b->rack),
                                                     .cluster_host = view_of(b->cluster_host),
                                                     .cluster_port = b->cluster_port,
                                                     .shard_count = b->shard_count};
        replica_host_apply(s->replicas, &item);
    }
    for (uint32_t i = 0; i < old->count; i++) {
        if (brokers_meta_find(now, old->items[i].member.broker) == NULL) {
            struct cluster_item item = {.kind = CLUSTER_ITEM_BROKER_GONE};
            item.u.broker.member = old->items[i].member;
            replica_host_apply(s->replicas, &item);
        }
    }
}

void shard_apply(struct shard *s, const struct metadata_delta *d)
{
    if (s->replicas != NULL && !s->stopping) {
        if (d->brokers != NULL)
            apply_brokers(s, d->brokers, s->metadata.brokers);
        for (uint32_t i = 0; i < d->topic_count; i++) {
            apply_topic(s, d->topics[i], metadata_by_id(&s->metadata, d->topics[i]->id),
                        d->snapshot);
        }
    }
    metadata_apply(&s->metadata, d);
}

/* ---- events that no source of its own hears ---- */
static void other_heard(void *context, const struct event *e)
{
    struct shard *s = context;
    if (e->kind == EV_NET_ACCEPTED && is_expected(s, e->token))
        shard_stream_accepted(s, e);
    else if (s->control != NULL)
        control_heard(s->control, e);
    else if (e->kind == EV_NET_ACCEPTED)
        client_net_accepted(s->clients, e);
}

void shard_listen_to_reactor(struct shard *s)
{
    s->reactor.other_heard = other_heard;
    s->reactor.other_context = s;
}

void shard_free(struct shard *s)
{
    control_free(s->control);
    client_net_free(s->clients);
    group_host_free(s->groups);
    if (s->replicas != NULL)
        replica_host_free(s->replicas);
    while (s->expected != NULL) {
        struct expected_stream *e = s->expected;
        s->expected = e->next;
        free(e);
    }
    metadata_deinit(&s->metadata);
    reactor_deinit(&s->reactor);
}

void shard_step(void *shard, const struct event *event)
{
    struct shard *s = shard;
    reactor_step(&s->reactor, event);
}
