/* SPDX-License-Identifier: Apache-2.0 */
#include "broker/metadata.h"

#include <stdlib.h>

#include "common/memory.h"

bool metadata_name_internal(struct view name)
{
    return view_equal(name, TOPIC_OFFSETS) || view_equal(name, TOPIC_TRANSACTIONS);
}

struct topic_meta *topic_meta_ref(struct topic_meta *t)
{
    atomic_fetch_add_explicit(&t->refs, 1, memory_order_relaxed);
    return t;
}

void topic_meta_unref(struct topic_meta *t)
{
    if (t != NULL && atomic_fetch_sub_explicit(&t->refs, 1, memory_order_acq_rel) == 1) {
        free(t->name);
        free(t->overrides);
        free(t);
    }
}

void brokers_meta_unref(struct brokers_meta *b)
{
    if (b == NULL || atomic_fetch_sub_explicit(&b->refs, 1, memory_order_acq_rel) != 1)
        return;
    for (uint32_t i = 0; i < b->count; i++) {
        free(b->items[i].host);
        free(b->items[i].rack);
        free(b->items[i].cluster_host);
    }
    free(b);
}

const struct broker_meta *brokers_meta_find(const struct brokers_meta *b, int32_t broker)
{
    for (uint32_t i = 0; i < b->count; i++)
        if (b->items[i].member.broker == broker)
            return &b->items[i];
    return NULL;
}

void metadata_delta_unref(struct metadata_delta *d)
{
    if (d == NULL || atomic_fetch_sub_explicit(&d->refs, 1, memory_order_acq_rel) != 1)
        return;
    for (uint32_t i = 0; i < d->topic_count; i++)
        topic_meta_unref(d->topics[i]);
    brokers_meta_unref(d->brokers);
    free(d);
}

/* ---- one shard's view ---- */
void metadata_init(struct metadata *m)
{
    *m = (struct metadata){.controller_epoch = -1};
    m->brokers = xcalloc(1, sizeof *m->brokers);
    m->brokers->refs = 1;
    m->brokers->controller = -1;
}

void metadata_deinit(struct metadata *m)
{
    struct map_entry e;
    for (uint32_t at = 0; map_next(&m->by_id, &at, &e);)
        topic_meta_unref(e.value);
    map_deinit(&m->by_id);
    map_deinit(&m->by_name);
    brokers_meta_unref(m->brokers);
}

static void forget_topic(struct metadata *m, struct uuid id)
{
    struct topic_meta *old = map_remove(&m->by_id, MAP_KEY(id));
    if (old == NULL)
        return;
    if (map_get(&m->by_name, view_of(old->name)) == old)
        map_remove(&m->by_name, view_of(old->name));
    topic_meta_unref(old);
}

void metadata_apply(struct metadata *m, const struct metadata_delta *d)
{
    for (uint32_t i = 0; i < d->topic_count; i++) {
        struct topic_meta *t = d->topics[i];
        forget_topic(m, t->id);
        if (!t->gone && !t->vanished) {
            map_put(&m->by_id, MAP_KEY(t->id), topic_meta_ref(t));
            map_put(&m->by_name, view_of(t->name), t);
        }
    }
    if (d->brokers != NULL) {
        atomic_fetch_add_explicit(&d->brokers->refs, 1, memory_order_relaxed);
        brokers_meta_unref(m->brokers);
        m->brokers = d->brokers;
    }
    m->controller_epoch = d->controller_epoch;
    m->number = d->number;
    m->complete = true;
}

static bool same_but_dots(struct view a, struct view b)
{
    if (a.size != b.size)
        return false;
    for (uint32_t i = 0; i < a.size; i++) {
        uint8_t x = a.base[i] == '.' ? '_' : a.base[i], y = b.base[i] == '.' ? '_' : b.base[i];
        if (x != y)
            return false;
    }
    return true;
}

bool metadata_name_collides(const struct metadata *m, struct view name)
{
    struct map_entry e;
    if (memchr(name.base, '.', name.size) == NULL && memchr(name.base, '_', name.size) == NULL)
        return false;
    for (uint32_t at = 0; map_next(&m->by_name, &at, &e);)
        if (same_but_dots(e.key, name) && !view_equal(e.key, name))
            return true;
    return false;
}

struct topic_meta *metadata_by_name(const struct metadata *m, struct view name)
{
    return map_get(&m->by_name, name);
}

struct topic_meta *metadata_by_id(const struct metadata *m, struct uuid id)
{
    return map_get(&m->by_id, MAP_KEY(id));
}

const struct cluster_partition_item *metadata_partition(const struct metadata *m,
                                                        struct partition_id id)
{
    const struct topic_meta *t = metadata_by_id(m, id.topic);
    if (t == NULL || id.number < 0 || (uint32_t)id.number >= t->partition_count)
        return NULL;
    return &t->partitions[id.number];
}
