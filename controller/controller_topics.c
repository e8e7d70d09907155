/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdlib.h>

#include "common/memory.h"
#include "controller/internal.h"

/* Topics in memory: their partitions, their end, and which of their nodes are there. */

struct ctl_topic *ctl_topic_find(const struct controller *c, struct view name)
{
    return map_get(&c->topics, name);
}

struct ctl_topic *ctl_topic_by_id(const struct controller *c, struct uuid id)
{
    return map_get(&c->topics_by_id, MAP_KEY(id));
}

struct ctl_topic *ctl_topic_still(const struct controller *c, struct view name, uint64_t serial)
{
    struct ctl_topic *t = ctl_topic_find(c, name);
    return t && t->serial == serial ? t : NULL;
}

bool ctl_topic_name_valid(struct view name)
{
    if (name.size == 0 || name.size > 249 || view_equal(name, VIEW_LITERAL(".")) ||
        view_equal(name, VIEW_LITERAL("..")))
        return false;
    for (uint32_t i = 0; i < name.size; i++) {
        uint8_t b = name.base[i];
        bool legal = (b >= 'a' && b <= 'z') || (b >= 'A' && b <= 'Z') || (b >= '0' && b <= '9') ||
                     b == '.' || b == '_' || b == '-';
        if (!legal)
            return false;
    }
    return true;
}

struct ctl_topic *ctl_topic_new(struct controller *c, struct view name, enum ctl_topic_state state)
{
    PRE(!ctl_topic_find(c, name));
    struct ctl_topic *t = xcalloc(1, sizeof *t);
    t->name = xstrndup(name.base, name.size);
    t->serial = ++c->last_serial;
    t->state = (uint8_t)state;
    t->version = -1;
    t->is_unclean = c->config.unclean_election;
    (void)map_put(&c->topics, name, t);
    return t;
}

void ctl_topic_set_id(struct controller *c, struct ctl_topic *t, struct uuid id)
{
    PRE(uuid_is_zero(t->id) && !uuid_is_zero(id));
    t->id = id;
    (void)map_put(&c->topics_by_id, MAP_KEY(t->id), t);
}

/* ---- partitions of a topic ---- */

struct ctl_partition *ctl_partition_find(const struct ctl_topic *t, int32_t number)
{
    uint32_t low = 0, high = t->partition_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (t->partitions[middle]->number < number)
            low = middle + 1;
        else
            high = middle;
    }
    bool there = low < t->partition_count && t->partitions[low]->number == number;
    return there ? t->partitions[low] : NULL;
}

static bool usable(int32_t number, const int32_t *replicas, uint32_t count)
{
    if (number < 0 || number >= CTL_PARTITIONS_MAX || count == 0 || count > CLUSTER_REPLICAS_MAX)
        return false;
    for (uint32_t i = 0; i < count; i++) {
        for (uint32_t k = 0; k < i; k++)
            if (replicas[i] == replicas[k])
                return false;
        if (replicas[i] < 0)
            return false;
    }
    return true;
}

static void insert(struct ctl_topic *t, struct ctl_partition *p)
{
    t->partitions = xgrow(t->partitions, &t->partition_capacity, (size_t)t->partition_count + 1,
                          sizeof(struct ctl_partition *));
    uint32_t at = t->partition_count++;
    for (; at > 0 && t->partitions[at - 1]->number > p->number; at--)
        t->partitions[at] = t->partitions[at - 1];
    t->partitions[at] = p;
}

static enum ctl_replica_state replica_start(const struct ctl_broker *b)
{
    if (b->state == CTL_BROKER_ABSENT || b->state == CTL_BROKER_LEAVING)
        return CTL_REPLICA_OFFLINE;
    return b->state == CTL_BROKER_IN ? CTL_REPLICA_ONLINE : CTL_REPLICA_STARTING;
}

struct ctl_partition *ctl_topic_add(struct controller *c, struct ctl_topic *t, int32_t number,
                                    const int32_t *replicas, uint32_t count)
{
    PRE(!ctl_partition_find(t, number));
    if (!usable(number, replicas, count))
        return NULL;
    struct ctl_partition *p = xcalloc(1, sizeof *p + count * sizeof p->replicas[0]);
    p->topic = t;
    p->number = number;
    p->now = (struct ctl_state){.version = -1, .leader = ZNODE_LEADER_NONE, .leader_epoch = -1};
    p->resigned_epoch = -2;
    p->state = CTL_PARTITION_UNWRITTEN;
    p->replica_count = (uint8_t)count;
    for (uint32_t i = 0; i < count; i++) {
        struct ctl_broker *b = ctl_broker_get(c, replicas[i]);
        p->replicas[i].broker = replicas[i];
        p->replicas[i].state = (uint8_t)replica_start(b);
        ctl_broker_add_partition(b, p);
    }
    insert(t, p);
    t->unready++;
    c->partition_count++;
    ctl_say_partition(c, p);
    ctl_partition_dirty(c, p);
    return p;
}

void ctl_topic_grow(struct controller *c, struct ctl_topic *t, const struct znode_topic *node,
                    bool read)
{
    bool grown = false;
    for (uint32_t i = 0; i < node->partition_count; i++) {
        const struct znode_assignment *a = &node->partitions[i];
        if (ctl_partition_find(t, a->partition))
            continue;
        if (t->said && !grown)
            ctl_say_topic(c, t); /* before its partitions: what it says is filled in when it goes */
        grown = true;
        struct ctl_partition *p = ctl_topic_add(c, t, a->partition, a->replicas, a->replica_count);
        if (!p) {
            ctl_note(c, SAY_ERROR,
                     "the replicas of partition %s-%" PRId32 " in its topic node cannot be used",
                     t->name, a->partition);
            continue;
        }
        if (read) {
            p->state = CTL_PARTITION_READING;
            t->reads++;
            ctl_partition_read(c, p);
        }
    }
}

/* ---- the end of a topic object ---- */

static void forget_partition(struct controller *c, struct ctl_partition *p)
{
    if (p->asked) {
        ctl_isr_answer(c, p->asked, p, CLUSTER_ISR_UNKNOWN);
        free(p->asked);
        p->asked = NULL;
    }
    ctl_change_abandon(c, p);
    c->offline_count -= p->state == CTL_PARTITION_OFFLINE;
    c->partition_count--;
}

static void forget_at_brokers(struct controller *c, const struct ctl_topic *t)
{
    struct map_entry e;
    for (uint32_t at = 0; map_next(&c->brokers, &at, &e);) {
        struct ctl_broker *b = e.value;
        uint32_t kept = 0;
        for (uint32_t i = 0; i < b->partition_count; i++)
            if (b->partitions[i]->topic != t)
                b->partitions[kept++] = b->partitions[i];
        b->partition_count = kept;
    }
}

static void unlist(struct ctl_partition **list, uint32_t *count, const struct ctl_topic *t)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < *count; i++)
        if (list[i]->topic != t)
            list[kept++] = list[i];
    *count = kept;
}

static void undirty(struct controller *c, const struct ctl_topic *t)
{
    struct ctl_partition **at = &c->dirty_first;
    while (*at)
        if ((*at)->topic == t)
            *at = (*at)->dirty_next;
        else
            at = &(*at)->dirty_next;
    c->dirty_last = at;
}

/* Its memory lives until the next step: actions may name it. */
void ctl_topic_forget(struct controller *c, struct ctl_topic *t)
{
    ctl_topic_unsay(c, t);
    for (uint32_t i = 0; i < t->partition_count; i++)
        forget_partition(c, t->partitions[i]);
    if (ctl_reigns(c)) {
        forget_at_brokers(c, t);
        undirty(c, t);
        unlist(c->held, &c->held_count, t);
        unlist(c->doubts, &c->doubt_count, t);
        unlist(c->touched, &c->touched_count, t);
    }
    if (!uuid_is_zero(t->id) && ctl_topic_by_id(c, t->id) == t)
        (void)map_remove(&c->topics_by_id, MAP_KEY(t->id));
    (void)map_remove(&c->topics, view_of(t->name));
    t->dead_next = c->dead_topics;
    c->dead_topics = t;
    if (t->loading) {
        t->loading = false;
        if (ctl_reigns(c))
            ctl_loaded_one(c);
    }
}

void ctl_topics_bury(struct controller *c)
{
    while (c->dead_topics) {
        struct ctl_topic *t = c->dead_topics;
        c->dead_topics = t->dead_next;
        for (uint32_t i = 0; i < t->partition_count; i++) {
            free(t->partitions[i]->unknown);
            free(t->partitions[i]);
        }
        free(t->partitions);
        ctl_overrides_free(t);
        free(t->waiting);
        ctl_erase_free(t->erase);
        free(t->name);
        free(t);
    }
}

static struct ctl_topic *subject(const struct controller *c, const struct ctl_request *r)
{
    return ctl_topic_still(c, view_of((const char *)r->context), r->serial);
}

static void drop_context(struct ctl_request *r)
{
    free(r->context);
}

/* ---- which partition nodes are there ---- */

static void probed(struct controller *c, struct ctl_request *r, const struct zk_result *results,
                   uint32_t count)
{
    (void)count;
    struct ctl_topic *t = subject(c, r);
    if (!t)
        return;
    t->nodes_asked = false;
    t->nodes_known = results[0].error == ZK_OK || results[0].error == ZK_ERR_NONODE;
    t->has_partitions_node = results[0].error == ZK_OK;
    for (uint32_t i = 0; i < t->partition_count; i++) {
        struct ctl_partition *p = t->partitions[i];
        if (p->now.version < 0)
            p->has_node = false;
        ctl_partition_dirty(c, p);
        if (!t->nodes_known)
            ctl_partition_hold(c, p, c->now_ms + CTL_RETRY_MS);
    }
    for (uint32_t i = 0; results[0].error == ZK_OK && i < results[0].name_count; i++) {
        int32_t number;
        struct ctl_partition *p = NULL;
        if (znode_parse_id(results[0].names[i], &number))
            p = ctl_partition_find(t, number);
        if (p)
            p->has_node = true;
    }
}

void ctl_topic_probe(struct controller *c, struct ctl_topic *t)
{
    if (t->nodes_asked)
        return;
    t->nodes_asked = true;
    struct view path = znode_path_partitions(ctl_scratch(c), view_of(t->name));
    struct ctl_request *r = ctl_read(c, ZK_CHILDREN, path, false, probed);
    r->serial = t->serial;
    r->context = xstrdup(t->name);
    r->drop = drop_context;
}
