/* SPDX-License-Identifier: Apache-2.0 */
/* From the controller's numbered items to deltas. A frame's items, or all of a snapshot's, are
 * gathered as drafts: a topic is copied once, however many of its partitions a frame names, and
 * becomes immutable when the delta is made. */
#include <stdlib.h>

#include "broker/metadata.h"
#include "common/assert.h"
#include "common/memory.h"

struct metadata_feed {
    const struct broker_config *config;
    struct map topics;  /* id -> struct topic_meta *: drafts, owned */
    struct map brokers; /* number -> struct broker_meta *: owned; every broker known */
    bool brokers_changed, in_snapshot, expects_snapshot;
    int32_t controller_epoch, controller;
    uint64_t number;
};

#define FEED_PARTITIONS_MAX 1000000

struct metadata_feed *metadata_feed_new(const struct broker_config *config)
{
    struct metadata_feed *f = xcalloc(1, sizeof *f);
    f->config = config;
    f->controller_epoch = -1;
    f->controller = -1;
    f->expects_snapshot = true;
    return f;
}

static void broker_free(struct broker_meta *b)
{
    free(b->host);
    free(b->rack);
    free(b->cluster_host);
    free(b);
}

static void forget_drafts(struct metadata_feed *f)
{
    struct map_entry e;
    for (uint32_t at = 0; map_next(&f->topics, &at, &e);)
        topic_meta_unref(e.value);
    map_deinit(&f->topics);
    f->topics = MAP_INIT;
}

static void forget_brokers(struct metadata_feed *f)
{
    struct map_entry e;
    for (uint32_t at = 0; map_next(&f->brokers, &at, &e);)
        broker_free(e.value);
    map_deinit(&f->brokers);
    f->brokers = MAP_INIT;
}

void metadata_feed_free(struct metadata_feed *f)
{
    if (f != NULL) {
        forget_drafts(f);
        forget_brokers(f);
        free(f);
    }
}

void metadata_feed_restart(struct metadata_feed *f)
{
    forget_drafts(f);
    f->in_snapshot = false;
    f->expects_snapshot = true;
}

/* ---- drafts ---- */
static struct topic_meta *topic_new(struct uuid id, uint32_t count)
{
    struct topic_meta *t = xcalloc(1, sizeof *t + count * sizeof t->partitions[0]);
    t->refs = 1;
    t->id = id;
    t->partition_count = count;
    for (uint32_t i = 0; i < count; i++) {
        t->partitions[i].id = (struct partition_id){id, (int32_t)i};
        t->partitions[i].leader = -1;
    }
    return t;
}

static void topic_describe(const struct metadata_feed *f, struct topic_meta *t, struct view name,
                           struct view overrides)
{
    t->name = xstrndup(name.base, name.size);
    t->overrides = xstrndup(overrides.base, overrides.size);
    t->internal = metadata_name_internal(name);
    config_topic(f->config, view_of(t->overrides), &t->config);
}

/* The draft of a topic with room for count partitions (0: as many as it has), made from what stands
 * when there is none. */
static struct topic_meta *draft(struct metadata_feed *f, const struct metadata *now, struct uuid id,
                                uint32_t count)
{
    struct topic_meta *d = map_get(&f->topics, MAP_KEY(id));
    const struct topic_meta *base = d;
    if (base == NULL && !f->in_snapshot)
        base = metadata_by_id(now, id);
    if (d != NULL && count <= d->partition_count)
        return d;
    if (base == NULL && count == 0)
        return NULL;
    uint32_t have = base != NULL ? base->partition_count : 0;
    struct topic_meta *t = topic_new(id, count > have ? count : have);
    if (base != NULL) {
        memcpy(t->partitions, base->partitions, have * sizeof t->partitions[0]);
        topic_describe(f, t, view_of(base->name), view_of(base->overrides));
    }
    topic_meta_unref(map_put(&f->topics, MAP_KEY(id), t));
    return t;
}

static void take_topic(struct metadata_feed *f, const struct metadata *now,
                       const struct cluster_topic_item *item)
{
    if (item->partition_count < 0 || item->partition_count > FEED_PARTITIONS_MAX)
        return;
    struct topic_meta *t = draft(f, now, item->id, (uint32_t)item->partition_count);
    if (t == NULL) {
        t = topic_new(item->id, 0);
        topic_meta_unref(map_put(&f->topics, MAP_KEY(item->id), t));
    }
    free(t->name);
    free(t->overrides);
    topic_describe(f, t, item->name, item->config);
}

static void take_topic_gone(struct metadata_feed *f, const struct metadata *now,
                            const struct cluster_topic_item *item)
{
    const struct topic_meta *known = metadata_by_id(now, item->id);
    struct topic_meta *t = topic_new(item->id, 0);
    topic_describe(f, t, known != NULL ? view_of(known->name) : item->name, VIEW_NULL);
    t->gone = true;
    topic_meta_unref(map_put(&f->topics, MAP_KEY(item->id), t));
}

static void take_partition(struct metadata_feed *f, const struct metadata *now,
                           const struct cluster_partition_item *item)
{
    struct topic_meta *t = draft(f, now, item->id.topic, 0);
    if (t == NULL || item->id.number < 0 || (uint32_t)item->id.number >= t->partition_count)
        return; /* its topic's item comes first, always: this one is of a topic deleted meanwhile */
    t->partitions[item->id.number] = *item;
}

static void take_broker(struct metadata_feed *f, const struct cluster_broker_item *item)
{
    struct broker_meta *b = xcalloc(1, sizeof *b);
    b->member = item->member;
    b->alive = item->alive;
    b->host = xstrndup(item->host.base, item->host.size);
    b->port = item->port;
    b->rack = item->rack.base != NULL ? xstrndup(item->rack.base, item->rack.size) : NULL;
    b->cluster_host = xstrndup(item->cluster_host.base, item->cluster_host.size);
    b->cluster_port = item->cluster_port;
    b->shard_count = item->shard_count;
    int32_t number = item->member.broker;
    struct broker_meta *old = map_put(&f->brokers, MAP_KEY(number), b);
    if (old != NULL)
        broker_free(old);
    f->brokers_changed = true;
}

static void take_item(struct metadata_feed *f, const struct metadata *now,
                      const struct cluster_item *item)
{
    switch (item->kind) {
    case CLUSTER_ITEM_BROKER:
        take_broker(f, &item->u.broker);
        break;
    case CLUSTER_ITEM_BROKER_GONE: {
        struct broker_meta *old = map_remove(&f->brokers, MAP_KEY(item->u.broker.member.broker));
        if (old != NULL) {
            broker_free(old);
            f->brokers_changed = true;
        }
        break;
    }
    case CLUSTER_ITEM_TOPIC:
        take_topic(f, now, &item->u.topic);
        break;
    case CLUSTER_ITEM_TOPIC_GONE:
        take_topic_gone(f, now, &item->u.topic);
        break;
    case CLUSTER_ITEM_PARTITION:
        take_partition(f, now, &item->u.partition);
        break;
    }
}

/* ---- the delta ---- */
static int by_number(const void *a, const void *b)
{
    const struct broker_meta *x = a, *y = b;
    return (x->member.broker > y->member.broker) - (x->member.broker < y->member.broker);
}

static struct brokers_meta *brokers_copy(const struct metadata_feed *f)
{
    struct brokers_meta *all = xcalloc(1, sizeof *all + f->brokers.count * sizeof all->items[0]);
    struct map_entry e;
    all->refs = 1;
    all->controller = f->controller;
    for (uint32_t at = 0; map_next(&f->brokers, &at, &e);) {
        const struct broker_meta *b = e.value;
        struct broker_meta *c = &all->items[all->count++];
        *c = *b;
        c->host = xstrdup(b->host);
        c->rack = b->rack != NULL ? xstrdup(b->rack) : NULL;
        c->cluster_host = xstrdup(b->cluster_host);
    }
    qsort(all->items, all->count, sizeof all->items[0], by_number);
    return all;
}

static uint32_t count_vanished(const struct metadata_feed *f, const struct metadata *now)
{
    struct map_entry e;
    uint32_t n = 0;
    for (uint32_t at = 0; f->in_snapshot && map_next(&now->by_id, &at, &e);)
        n += map_get(&f->topics, e.key) == NULL;
    return n;
}

static struct metadata_delta *make_delta(struct metadata_feed *f, const struct metadata *now)
{
    uint32_t count = f->topics.count + count_vanished(f, now);
    struct metadata_delta *d = xcalloc(1, sizeof *d + count * sizeof d->topics[0]);
    struct map_entry e;
    d->refs = 1;
    d->controller_epoch = f->controller_epoch;
    d->number = f->number;
    d->snapshot = f->in_snapshot;
    for (uint32_t at = 0; f->in_snapshot && map_next(&now->by_id, &at, &e);) {
        const struct topic_meta *old = e.value;
        if (map_get(&f->topics, e.key) == NULL) {
            struct topic_meta *t = topic_new(old->id, 0);
            topic_describe(f, t, view_of(old->name), VIEW_NULL);
            t->vanished = true;
            d->topics[d->topic_count++] = t;
        }
    }
    for (uint32_t at = 0; map_next(&f->topics, &at, &e);)
        d->topics[d->topic_count++] = topic_meta_ref(e.value);
    INVARIANT(d->topic_count == count);
    if (f->brokers_changed || f->in_snapshot || now->brokers->controller != f->controller)
        d->brokers = brokers_copy(f);
    f->brokers_changed = false;
    forget_drafts(f);
    return d;
}

struct metadata_delta *metadata_feed_frame(struct metadata_feed *f, const struct metadata *now,
                                           const struct cluster_metadata *frame,
                                           bool *ret_need_snapshot)
{
    *ret_need_snapshot = false;
    if (frame->controller_epoch < f->controller_epoch)
        return NULL; /* of a controller that was deposed */
    if (frame->snapshot_begin) {
        forget_drafts(f);
        forget_brokers(f);
        f->in_snapshot = true;
        f->expects_snapshot = false;
    } else if (f->expects_snapshot || frame->controller_epoch != f->controller_epoch ||
               frame->first_number != f->number + 1) {
        metadata_feed_restart(f);
        *ret_need_snapshot = true;
        return NULL;
    }
    f->controller_epoch = frame->controller_epoch;
    f->controller = frame->controller;
    for (uint32_t i = 0; i < frame->item_count; i++)
        take_item(f, now, &frame->items[i]);
    f->number = frame->first_number + frame->item_count - 1;
    if (f->in_snapshot && !frame->snapshot_end)
        return NULL;
    struct metadata_delta *d = make_delta(f, now);
    f->in_snapshot = false;
    return d;
}
