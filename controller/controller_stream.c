/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdlib.h>

#include "common/memory.h"
#include "controller/internal.h"
#include "proto/cluster/digest.h"

/* What the brokers are told: per connection a stream of numbered items that starts with a snapshot.
 * Items are levels: a snapshot and what was said before it may overlap. Every second the number of
 * the last item and a digest of all partitions are said; a broker that differs asks for a snapshot.
 *
 * A connection is spoken to once its member is the process that the broker's nodes name; until then
 * ZooKeeper is read again now and then. */

enum news_kind {
    NEWS_BROKER,
    NEWS_TOPIC,
    NEWS_TOPIC_GONE,
    NEWS_PARTITION,
};
struct ctl_news {
    enum news_kind kind;
    union {
        struct ctl_broker *broker;
        struct ctl_topic *topic;
        struct ctl_partition *partition;
    } u;
};

/* ---- connections ---- */

struct ctl_connection *ctl_connection_find(const struct controller *c, uint64_t id)
{
    struct ctl_connection *n = c->connections;
    while (n && n->id != id)
        n = n->next;
    return n;
}

static struct ctl_broker *registered(const struct controller *c, struct cluster_member member)
{
    struct ctl_broker *b = ctl_broker_find(c, member.broker);
    bool same = b && b->incarnation == member.incarnation && b->state != CTL_BROKER_ABSENT;
    return same ? b : NULL;
}

struct ctl_broker *ctl_connection_broker(const struct controller *c, uint64_t id)
{
    const struct ctl_connection *n = ctl_connection_find(c, id);
    return n ? registered(c, n->member) : NULL;
}

static void drop(struct controller *c, struct ctl_connection *n, bool close)
{
    struct ctl_connection **at = &c->connections;
    while (*at != n)
        at = &(*at)->next;
    *at = n->next;
    if (close)
        ctl_act(c, CONTROLLER_DO_CLOSE)->connection = n->id;
    free(n);
}

void ctl_connected(struct controller *c, uint64_t id, struct cluster_member member)
{
    struct ctl_connection **at = &c->connections;
    while (*at)
        if ((*at)->member.broker == member.broker || (*at)->id == id)
            drop(c, *at, (*at)->id != id);
        else
            at = &(*at)->next;
    struct ctl_connection *n = xcalloc(1, sizeof *n);
    n->id = id;
    n->member = member;
    *at = n;
    if (c->state == CONTROLLER_ACTIVE && !registered(c, member))
        ctl_broker_refresh(c, ctl_broker_get(c, member.broker));
}

void ctl_disconnected(struct controller *c, uint64_t id)
{
    struct ctl_connection *n = ctl_connection_find(c, id);
    if (n)
        drop(c, n, false);
}

/* ---- news ---- */

static struct ctl_news *add(struct controller *c, enum news_kind kind)
{
    c->news = xgrow(c->news, &c->news_capacity, (size_t)c->news_count + 1, sizeof(struct ctl_news));
    struct ctl_news *news = &c->news[c->news_count++];
    news->kind = kind;
    return news;
}

void ctl_say_broker(struct controller *c, struct ctl_broker *b)
{
    b->said = true;
    if (c->state == CONTROLLER_ACTIVE)
        add(c, NEWS_BROKER)->u.broker = b;
}

void ctl_partition_item(const struct controller *c, const struct ctl_partition *p,
                        struct cluster_partition_item *ret)
{
    (void)c;
    const struct ctl_state *s = &p->now;
    *ret = (struct cluster_partition_item){
        .id = {p->topic->id, p->number},
        .leader = s->version < 0 ? ZNODE_LEADER_NONE : s->leader,
        .leader_incarnation = s->leader_incarnation,
        .leader_epoch = s->leader_epoch,
        .version = s->version,
        .min_isr = s->min_isr,
        .flags = (s->is_new ? CLUSTER_PARTITION_NEW : 0u) |
                 (s->recovering ? CLUSTER_PARTITION_UNCLEAN : 0u),
        .replica_count = p->replica_count,
        .isr_count = s->isr.count,
    };
    const struct ctl_broker *b = ctl_broker_find(c, s->leader);
    if (b && mutated(c->config.mutations, MUTATION_RESUME_OLD_EPOCH))
        ret->leader_incarnation = b->incarnation;
    for (uint32_t i = 0; i < p->replica_count; i++)
        ret->replicas[i] = p->replicas[i].broker;
    memcpy(ret->isr, s->isr.brokers, sizeof ret->isr);
}

static void forget_digest(struct controller *c, struct ctl_partition *p)
{
    if (p->said)
        c->digest -= p->digest;
    p->said = false;
}

void ctl_say_partition(struct controller *c, struct ctl_partition *p)
{
    if (!p->topic->said)
        return;
    struct cluster_partition_item item;
    ctl_partition_item(c, p, &item);
    forget_digest(c, p);
    p->digest = cluster_digest_of(&item);
    p->said = true;
    c->digest += p->digest;
    if (c->state == CONTROLLER_ACTIVE)
        add(c, NEWS_PARTITION)->u.partition = p;
}

void ctl_say_topic(struct controller *c, struct ctl_topic *t)
{
    bool first = !t->said;
    t->said = true;
    if (c->state == CONTROLLER_ACTIVE)
        add(c, NEWS_TOPIC)->u.topic = t;
    for (uint32_t i = 0; first && i < t->partition_count; i++)
        ctl_say_partition(c, t->partitions[i]);
}

void ctl_topic_unsay(struct controller *c, struct ctl_topic *t)
{
    t->said = false;
    for (uint32_t i = 0; i < t->partition_count; i++)
        forget_digest(c, t->partitions[i]);
}

void ctl_say_topic_gone(struct controller *c, struct ctl_topic *t)
{
    ctl_topic_unsay(c, t);
    if (c->state == CONTROLLER_ACTIVE)
        add(c, NEWS_TOPIC_GONE)->u.topic = t;
}

void ctl_say_snapshot(struct controller *c)
{
    for (struct ctl_connection *n = c->connections; n; n = n->next)
        n->wants_snapshot = true;
}

void ctl_stream_digest(struct controller *c)
{
    c->digest_due = true;
}

/* ---- items ---- */

struct items {
    struct cluster_item *items;
    uint32_t count;
    size_t capacity;
};

static struct cluster_item *item_new(struct items *list, enum cluster_item_kind kind)
{
    list->items = xgrow(list->items, &list->capacity, (size_t)list->count + 1, sizeof *list->items);
    struct cluster_item *item = &list->items[list->count++];
    memset(item, 0, sizeof *item);
    item->kind = kind;
    return item;
}

static void put_broker(struct items *list, const struct ctl_broker *b)
{
    if (b->state == CTL_BROKER_ABSENT) {
        item_new(list, CLUSTER_ITEM_BROKER_GONE)->u.broker.member =
            (struct cluster_member){b->id, b->incarnation};
        return;
    }
    item_new(list, CLUSTER_ITEM_BROKER)->u.broker = (struct cluster_broker_item){
        .member = {b->id, b->incarnation},
        .alive = b->state == CTL_BROKER_IN,
        .host = view_of(b->host),
        .port = b->port,
        .rack = view_of(b->rack),
        .cluster_host = view_of(b->cluster_host),
        .cluster_port = b->cluster_port,
        .shard_count = b->shard_count,
    };
}

/* `key=value` lines. */
static struct view settings_text(struct arena *arena, const struct ctl_topic *t)
{
    size_t size = 0;
    for (uint32_t i = 0; i < t->setting_count; i++)
        size += strlen(t->settings[i].key) + strlen(t->settings[i].value) + 2;
    uint8_t *text = arena_alloc(arena, size);
    size_t at = 0;
    for (uint32_t i = 0; i < t->setting_count; i++) {
        size_t key = strlen(t->settings[i].key), value = strlen(t->settings[i].value);
        memcpy(text + at, t->settings[i].key, key);
        at += key;
        text[at++] = '=';
        memcpy(text + at, t->settings[i].value, value);
        at += value;
        text[at++] = '\n';
    }
    return (struct view){text, (uint32_t)size};
}

/* Brokers number a topic's places from 0: an assignment made by hand may leave some empty. */
static int32_t places(const struct ctl_topic *t)
{
    return t->partition_count == 0 ? 0 : t->partitions[t->partition_count - 1]->number + 1;
}

static void put_topic(struct controller *c, struct items *list, const struct ctl_topic *t,
                      enum cluster_item_kind kind)
{
    struct cluster_item *item = item_new(list, kind);
    item->u.topic = (struct cluster_topic_item){
        .id = t->id,
        .name = arena_copy(ctl_scratch(c), view_of(t->name)),
        .partition_count = places(t),
    };
    if (kind == CLUSTER_ITEM_TOPIC)
        item->u.topic.config = settings_text(ctl_scratch(c), t);
}

static void put_news(struct controller *c, struct items *list, const struct ctl_news *news)
{
    switch (news->kind) {
    case NEWS_BROKER:
        put_broker(list, news->u.broker);
        break;
    case NEWS_TOPIC:
        if (news->u.topic->said)
            put_topic(c, list, news->u.topic, CLUSTER_ITEM_TOPIC);
        break;
    case NEWS_TOPIC_GONE:
        put_topic(c, list, news->u.topic, CLUSTER_ITEM_TOPIC_GONE);
        break;
    case NEWS_PARTITION:
        if (news->u.partition->topic->said)
            ctl_partition_item(c, news->u.partition,
                               &item_new(list, CLUSTER_ITEM_PARTITION)->u.partition);
        break;
    }
}

static void put_all(struct controller *c, struct items *list)
{
    struct map_entry e;
    for (uint32_t at = 0; map_next(&c->brokers, &at, &e);) {
        const struct ctl_broker *b = e.value;
        if (b->state != CTL_BROKER_ABSENT)
            put_broker(list, b);
    }
    for (uint32_t at = 0; map_next(&c->topics, &at, &e);) {
        const struct ctl_topic *t = e.value;
        if (!t->said)
            continue;
        put_topic(c, list, t, CLUSTER_ITEM_TOPIC);
        for (uint32_t i = 0; i < t->partition_count; i++)
            ctl_partition_item(c, t->partitions[i],
                               &item_new(list, CLUSTER_ITEM_PARTITION)->u.partition);
    }
}

/* A snapshot deletes nothing; topics whose deletion waits for a broker are said after it. */
static void put_deleting(struct controller *c, struct items *list)
{
    struct map_entry e;
    for (uint32_t at = 0; map_next(&c->topics, &at, &e);) {
        const struct ctl_topic *t = e.value;
        if (t->state == CTL_TOPIC_DELETING)
            put_topic(c, list, t, CLUSTER_ITEM_TOPIC_GONE);
    }
}

/* ---- frames ---- */

/* Moved into the step's arena once, and shared by the frames of all connections. */
static void keep(struct controller *c, struct items *list)
{
    struct cluster_item *kept = arena_array(ctl_scratch(c), list->count + 1, sizeof *kept);
    if (list->count)
        memcpy(kept, list->items, list->count * sizeof *kept);
    free(list->items);
    list->items = kept;
}

static void send(struct controller *c, struct ctl_connection *n, const struct items *list,
                 bool snapshot)
{
    uint32_t at = 0;
    do {
        uint32_t count = list->count - at;
        if (count > CTL_FRAME_ITEMS_MAX)
            count = CTL_FRAME_ITEMS_MAX;
        struct controller_action *a = ctl_act(c, CONTROLLER_DO_SEND_METADATA);
        a->connection = n->id;
        a->u.metadata = (struct cluster_metadata){
            .controller_epoch = c->epoch,
            .controller = c->config.broker,
            .first_number = n->number + 1,
            .snapshot_begin = snapshot && at == 0,
            .snapshot_end = snapshot && at + count == list->count,
            .item_count = count,
            .items = list->items + at,
        };
        n->number += count;
        at += count;
    } while (at < list->count);
}

static void send_digest(struct controller *c, const struct ctl_connection *n)
{
    struct controller_action *a = ctl_act(c, CONTROLLER_DO_SEND_DIGEST);
    a->connection = n->id;
    a->u.digest = (struct cluster_digest){c->epoch, n->number, c->digest};
}

struct outbox {
    struct items news, all, deleting;
    bool have_all;
};

static void serve(struct controller *c, struct ctl_connection *n, struct outbox *box)
{
    if (!n->started || n->wants_snapshot) {
        if (!box->have_all) {
            put_all(c, &box->all);
            keep(c, &box->all);
            put_deleting(c, &box->deleting);
            keep(c, &box->deleting);
            box->have_all = true;
        }
        ctl_trace(c, "snapshot to broker %" PRId32 ": %" PRIu32 " items", n->member.broker,
                  box->all.count);
        n->started = true;
        n->wants_snapshot = false;
        send(c, n, &box->all, true);
        if (box->deleting.count)
            send(c, n, &box->deleting, false);
    } else if (box->news.count) {
        send(c, n, &box->news, false);
    }
    if (c->digest_due)
        send_digest(c, n);
}

void ctl_stream_flush(struct controller *c)
{
    struct outbox box = {0};
    for (uint32_t i = 0; i < c->news_count; i++)
        put_news(c, &box.news, &c->news[i]);
    c->news_count = 0;
    keep(c, &box.news);
    for (struct ctl_connection *n = c->connections, *next; n; n = next) {
        next = n->next;
        struct ctl_broker *b = registered(c, n->member);
        if (b)
            serve(c, n, &box);
        else if (n->started)
            drop(c, n, true);
        else if (c->digest_due)
            ctl_broker_refresh(c, ctl_broker_get(c, n->member.broker));
    }
    c->digest_due = false;
}
