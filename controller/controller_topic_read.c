/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdlib.h>

#include "common/memory.h"
#include "controller/internal.h"

/* Topics that stand in ZooKeeper: made by us, by an earlier controller, or by an outside tool that
 * wrote /brokers/topics/T by hand. The list of names is watched; the nodes themselves are read
 * again in turn, each once in CTL_RESCAN_TICKS ticks, so that growth by hand is found too. */

static void drop_context(struct ctl_request *r)
{
    free(r->context);
}

static struct ctl_topic *subject(const struct controller *c, const struct ctl_request *r)
{
    return ctl_topic_still(c, view_of((const char *)r->context), r->serial);
}

static void about(struct ctl_request *r, const struct ctl_topic *t)
{
    r->serial = t->serial;
    r->context = xstrdup(t->name);
    r->drop = drop_context;
}

/* ---- a new name ---- */

void ctl_topic_present(struct controller *c, struct ctl_topic *t)
{
    machine_move(&machine_topic, &t->state, CTL_TOPIC_PRESENT);
    ctl_trace(c, "topic %s present, %" PRIu32 " partitions", t->name, t->partition_count);
    ctl_say_topic(c, t);
    for (uint32_t i = 0; i < t->partition_count; i++)
        ctl_partition_dirty(c, t->partitions[i]);
    if (t->loading) {
        t->loading = false;
        ctl_loaded_one(c);
    }
    if (t->marked && c->state == CONTROLLER_ACTIVE && t->state == CTL_TOPIC_PRESENT)
        ctl_topic_delete(c, t);
}

void ctl_topic_read_done(struct controller *c, struct ctl_topic *t)
{
    if (t->state == CTL_TOPIC_READING)
        ctl_topic_present(c, t);
}

static void node_read(struct controller *c, struct ctl_request *r, const struct zk_result *results,
                      uint32_t count);

static void read_node(struct controller *c, struct ctl_topic *t)
{
    about(ctl_read(c, ZK_GET, znode_path_topic(ctl_scratch(c), view_of(t->name)), false, node_read),
          t);
}

static void id_written(struct controller *c, struct ctl_request *r, const struct zk_result *results,
                       uint32_t count)
{
    struct ctl_topic *t = subject(c, r);
    uint32_t failed = ctl_failed_op(results, count);
    if (!t)
        return;
    if (failed < count && results[failed].error >= ZK_ERR_NOAUTH) {
        ctl_note(c, SAY_ERROR, "could not give topic %s an id: it is left alone", t->name);
        ctl_topic_forget(c, t);
        return;
    }
    if (t->state == CTL_TOPIC_READING)
        read_node(c, t);
}

static void id_unknown(struct controller *c, struct ctl_request *r)
{
    struct ctl_topic *t = subject(c, r);
    if (t && t->state == CTL_TOPIC_READING)
        read_node(c, t);
}

struct uuid ctl_topic_id_new(struct controller *c)
{
    struct uuid id;
    do {
        while (!uuid_from_random(ctl_random(c, 0), ctl_random(c, 1), &id))
            continue;
    } while (ctl_topic_by_id(c, id));
    return id;
}

/* A node without an id is of an old Kafka, or made by hand; an id that an old tool erased is
 * written back. */
static void write_id(struct controller *c, struct ctl_topic *t, struct znode_topic *node,
                     int32_t version)
{
    node->id = uuid_is_zero(t->id) ? ctl_topic_id_new(c) : t->id;
    struct ctl_request *r = ctl_multi_new(c, id_written, id_unknown);
    about(r, t);
    (void)ctl_add(r, (struct zk_op){.kind = ZK_SET,
                                    .version = version,
                                    .path = znode_path_topic(ctl_scratch(c), view_of(t->name)),
                                    .data = znode_topic_print(node, ctl_scratch(c))});
    ctl_send(c, r);
}

/* ---- a node that makes no sense: it is looked at again, and may be deleted ---- */

static void leave_alone(struct controller *c, struct ctl_topic *t, const struct zk_result *result,
                        const char *why)
{
    bool is_news =
        t->state == CTL_TOPIC_READING || result->version != t->version || result->czxid != t->czxid;
    t->version = result->version;
    t->czxid = result->czxid;
    if (is_news)
        ctl_note(c, SAY_ERROR, "%s/%s %s: the topic is left alone", ZNODE_TOPICS, t->name, why);
    machine_move(&machine_topic, &t->state, CTL_TOPIC_UNREADABLE);
    if (t->loading) {
        t->loading = false;
        ctl_loaded_one(c);
    }
    if (t->marked && c->state == CONTROLLER_ACTIVE && t->state == CTL_TOPIC_UNREADABLE)
        ctl_topic_delete(c, t);
}

static void illegal_name(struct controller *c, struct view name)
{
    ctl_note(c, SAY_WARN, "%s/%.*s is no legal topic name: it is left alone", ZNODE_TOPICS,
             (int)name.size, (const char *)name.base);
    (void)ctl_topic_new(c, name, CTL_TOPIC_UNREADABLE);
}

/* What is wrong with what was read; NULL: nothing. */
static const char *parse(struct controller *c, const struct zk_result *result,
                         struct znode_topic *ret)
{
    if (result->error != ZK_OK)
        return "could not be read";
    int error = znode_topic_parse(result->data, ctl_scratch(c), ret);
    if (error != ZNODE_OK)
        return znode_error_text((enum znode_error)error);
    const struct ctl_topic *twin = uuid_is_zero(ret->id) ? NULL : ctl_topic_by_id(c, ret->id);
    return twin ? arena_printf(ctl_scratch(c), "has the id of topic %s", twin->name) : NULL;
}

static void take_node(struct controller *c, struct ctl_topic *t, const struct znode_topic *node,
                      const struct zk_result *result)
{
    ctl_topic_set_id(c, t, node->id);
    t->version = result->version;
    t->czxid = result->czxid;
    ctl_topic_grow(c, t, node, true);
    if (--t->reads == 0)
        ctl_topic_read_done(c, t);
}

static void node_read(struct controller *c, struct ctl_request *r, const struct zk_result *results,
                      uint32_t count)
{
    (void)count;
    struct ctl_topic *t = subject(c, r);
    struct znode_topic node;
    const char *why;
    bool is_awaited = t && (t->state == CTL_TOPIC_READING || t->state == CTL_TOPIC_UNREADABLE);
    if (!is_awaited || !uuid_is_zero(t->id))
        return; /* an earlier reply was taken */
    if (results[0].error == ZK_ERR_NONODE) {
        ctl_topic_forget(c, t);
        return;
    }
    if ((why = parse(c, &results[0], &node))) {
        leave_alone(c, t, &results[0], why);
        return;
    }
    if (t->state == CTL_TOPIC_UNREADABLE) {
        ctl_note(c, SAY_INFO, "%s/%s makes sense again", ZNODE_TOPICS, t->name);
        machine_move(&machine_topic, &t->state, CTL_TOPIC_READING);
        ctl_overrides_read(c, view_of(t->name), false);
    }
    if (uuid_is_zero(node.id))
        write_id(c, t, &node, results[0].version);
    else
        take_node(c, t, &node, &results[0]);
}

void ctl_topic_read(struct controller *c, struct view name)
{
    struct ctl_topic *t = ctl_topic_new(c, name, CTL_TOPIC_READING);
    if (c->state == CONTROLLER_LOADING) {
        t->loading = true;
        c->loading++;
    }
    t->reads = 2; /* its node and its overrides; then one for each partition's state */
    read_node(c, t);
    ctl_overrides_read(c, name, true);
}

/* ---- the list of names ---- */

static int compare_views(const void *a, const void *b)
{
    const struct view *x = a, *y = b;
    uint32_t size = x->size < y->size ? x->size : y->size;
    int order = size ? memcmp(x->base, y->base, size) : 0;
    return order ? order : (x->size > y->size) - (x->size < y->size);
}

/* The node of a topic that the brokers know is gone, and nobody asked us: its logs are kept. */
static void gone_by_hand(struct controller *c, struct ctl_topic *t)
{
    ctl_note(c, SAY_WARN,
             "topic %s was removed from ZooKeeper by hand: the brokers forget it and keep its logs",
             t->name);
    ctl_topic_forget(c, t);
    ctl_say_snapshot(c);
}

void ctl_topics_listed(struct controller *c, const struct view *names, uint32_t count)
{
    struct map_entry e;
    for (uint32_t at = 0; map_next(&c->topics, &at, &e);) {
        struct ctl_topic *t = e.value;
        if (count && bsearch(&e.key, names, count, sizeof *names, compare_views))
            continue;
        if (t->state == CTL_TOPIC_PRESENT)
            gone_by_hand(c, t);
        else if (t->state == CTL_TOPIC_UNREADABLE)
            ctl_topic_forget(c, t);
    }
    for (uint32_t i = 0; i < count; i++) {
        if (ctl_topic_find(c, names[i]))
            continue;
        if (ctl_topic_name_valid(names[i]))
            ctl_topic_read(c, names[i]);
        else
            illegal_name(c, names[i]);
    }
}

/* ---- the rolling scan ---- */

static bool same_replicas(const struct ctl_partition *p, const struct znode_assignment *a)
{
    bool same = p->replica_count == a->replica_count;
    for (uint32_t i = 0; same && i < a->replica_count; i++)
        same = p->replicas[i].broker == a->replicas[i];
    return same;
}

static void note_moved(struct controller *c, const struct ctl_topic *t,
                       const struct znode_topic *node)
{
    for (uint32_t i = 0; i < node->partition_count; i++) {
        const struct ctl_partition *p = ctl_partition_find(t, node->partitions[i].partition);
        if (!p || same_replicas(p, &node->partitions[i]))
            continue;
        ctl_note(
            c, SAY_WARN,
            "the replicas of partition %s-%" PRId32
            " were changed by hand in ZooKeeper: that has no effect before the next controller",
            t->name, p->number);
        return;
    }
}

static void take_scan(struct controller *c, struct ctl_topic *t, const struct zk_result *result)
{
    struct znode_topic node;
    int error = znode_topic_parse(result->data, ctl_scratch(c), &node);
    if (error != ZNODE_OK) {
        t->version = result->version;
        ctl_note(c, SAY_ERROR, "%s/%s %s: it is used as it was", ZNODE_TOPICS, t->name,
                 znode_error_text((enum znode_error)error));
    } else if (uuid_is_zero(node.id)) {
        ctl_note(c, SAY_WARN, "topic %s lost its id in ZooKeeper: it is written back", t->name);
        write_id(c, t, &node, result->version);
    } else if (!uuid_equal(node.id, t->id)) {
        struct view name = arena_copy(ctl_scratch(c), view_of(t->name));
        gone_by_hand(c, t);
        ctl_topic_read(c, name);
    } else {
        t->version = result->version;
        t->czxid = result->czxid;
        note_moved(c, t, &node);
        ctl_topic_grow(c, t, &node, true);
    }
}

static void scanned(struct controller *c, struct ctl_request *r, const struct zk_result *results,
                    uint32_t count)
{
    (void)count;
    struct ctl_topic *t = subject(c, r);
    if (!t || t->state != CTL_TOPIC_PRESENT || t->growing)
        return;
    if (results[0].error == ZK_ERR_NONODE)
        ctl_list_read(c, CTL_LIST_TOPICS);
    else if (results[0].error == ZK_OK &&
             (results[0].version != t->version || results[0].czxid != t->czxid))
        take_scan(c, t, &results[0]);
}

void ctl_topic_rescan(struct controller *c)
{
    uint32_t count = (c->topics.count + CTL_RESCAN_TICKS - 1) / CTL_RESCAN_TICKS;
    struct map_entry e;
    if (count > CTL_RESCAN_MAX)
        count = CTL_RESCAN_MAX;
    for (uint32_t i = 0; i < count; i++) {
        if (!map_next(&c->topics, &c->rescan_at, &e)) {
            c->rescan_at = 0;
            if (!map_next(&c->topics, &c->rescan_at, &e))
                return;
        }
        struct ctl_topic *t = e.value;
        if (t->state == CTL_TOPIC_UNREADABLE && ctl_topic_name_valid(e.key))
            read_node(c, t);
        if (t->state != CTL_TOPIC_PRESENT)
            continue;
        about(ctl_read(c, ZK_GET, znode_path_topic(ctl_scratch(c), e.key), false, scanned), t);
        if (t->settings_unreadable)
            ctl_overrides_read(c, e.key, false);
    }
}
