/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdlib.h>

#include "common/memory.h"
#include "controller/internal.h"
#include "controller/placement.h"

/* More partitions for a topic: its node is read, the new assignments are added to what stands there
 * (fields that we do not know stay), and it is written at the version that was read. */

struct ctl_growth {
    char *name;
    uint32_t old_count, new_count, replication_factor;
    int32_t replicas[]; /* of the new ones */
};

static void growth_drop(struct ctl_request *r)
{
    struct ctl_growth *g = r->context;
    free(g->name);
    free(g);
}

/* Hands the growth on from one request to the next. */
static void carry(struct ctl_request *to, struct ctl_request *from)
{
    to->context = from->context;
    to->serial = from->serial;
    to->drop = growth_drop;
    from->context = NULL;
    from->drop = NULL;
}

static struct ctl_topic *subject(const struct controller *c, const struct ctl_request *r)
{
    const struct ctl_growth *g = r->context;
    struct ctl_topic *t = ctl_topic_still(c, view_of(g->name), r->serial);
    return t && t->state == CTL_TOPIC_PRESENT ? t : NULL;
}

static void fail(struct controller *c, struct ctl_topic *t, enum controller_result result,
                 const char *why)
{
    t->growing = false;
    ctl_waits_refuse(c, t, CTL_WAIT_READY, result, why);
}

static void read_node(struct controller *c, struct ctl_topic *t, struct ctl_request *from);

static void written(struct controller *c, struct ctl_request *r, const struct zk_result *results,
                    uint32_t count)
{
    const struct ctl_growth *g = r->context;
    struct ctl_topic *t = subject(c, r);
    if (!t)
        return;
    uint32_t failed = ctl_failed_op(results, count);
    if (failed < count && results[failed].error == ZK_ERR_BADVERSION) {
        read_node(c, t, r);
        return;
    }
    if (failed < count) {
        fail(c, t, CONTROLLER_FAILED, "ZooKeeper refused to write the topic");
        return;
    }
    t->version = results[1].version;
    t->growing = false;
    ctl_say_topic(c, t); /* first: a broker drops what is beyond the places that it knows of */
    for (uint32_t i = g->old_count; i < g->new_count; i++)
        if (!ctl_partition_find(t, (int32_t)i) &&
            !ctl_topic_add(c, t, (int32_t)i,
                           g->replicas + (size_t)(i - g->old_count) * g->replication_factor,
                           g->replication_factor))
            IMPOSSIBLE("a planned assignment cannot be used");
    ctl_trace(c, "topic %s grown to %" PRIu32 " partitions", t->name, t->partition_count);
}

/* The outcome is unknown: the node is read again, and tells. */
static void unknown(struct controller *c, struct ctl_request *r)
{
    struct ctl_topic *t = subject(c, r);
    if (t)
        read_node(c, t, r);
}

static void write(struct controller *c, struct ctl_topic *t, struct ctl_request *from,
                  struct znode_topic *node, int32_t version)
{
    const struct ctl_growth *g = from->context;
    uint32_t more = g->new_count - g->old_count;
    struct znode_assignment *all =
        arena_array(ctl_scratch(c), node->partition_count + more, sizeof *all);
    memcpy(all, node->partitions, node->partition_count * sizeof *all);
    for (uint32_t i = 0; i < more; i++)
        all[node->partition_count + i] = (struct znode_assignment){
            .partition = (int32_t)(g->old_count + i),
            .replica_count = g->replication_factor,
            .replicas = g->replicas + (size_t)i * g->replication_factor,
        };
    node->partitions = all;
    node->partition_count += more;
    struct ctl_request *r = ctl_multi_new(c, written, unknown);
    (void)ctl_add(r, (struct zk_op){.kind = ZK_SET,
                                    .version = version,
                                    .path = znode_path_topic(ctl_scratch(c), view_of(t->name)),
                                    .data = znode_topic_print(node, ctl_scratch(c))});
    carry(r, from);
    ctl_send(c, r);
}

static void node_read(struct controller *c, struct ctl_request *r, const struct zk_result *results,
                      uint32_t count)
{
    (void)count;
    const struct ctl_growth *g = r->context;
    struct ctl_topic *t = subject(c, r);
    struct znode_topic node;
    if (!t)
        return;
    if (results[0].error != ZK_OK ||
        znode_topic_parse(results[0].data, ctl_scratch(c), &node) != ZNODE_OK ||
        !uuid_equal(node.id, t->id)) {
        fail(c, t, CONTROLLER_FAILED, "the topic's node in ZooKeeper cannot be used");
    } else if (node.partition_count == g->old_count) {
        write(c, t, r, &node, results[0].version);
    } else if (node.partition_count >= g->new_count) {
        /* Our write whose reply was lost, or somebody else's. */
        t->growing = false;
        t->version = results[0].version;
        ctl_topic_grow(c, t, &node, true);
    } else {
        fail(c, t, CONTROLLER_INVALID_PARTITIONS, "the topic was changed meanwhile");
    }
}

static void read_node(struct controller *c, struct ctl_topic *t, struct ctl_request *from)
{
    struct ctl_request *r =
        ctl_read(c, ZK_GET, znode_path_topic(ctl_scratch(c), view_of(t->name)), false, node_read);
    carry(r, from);
}

/* ---- the request ---- */

static void refuse(struct controller *c, const struct controller_event *e,
                   const struct ctl_topic *t, enum controller_result result, const char *why)
{
    ctl_answer(c, e->request, e->connection, result, t, "%s", why);
}

static const char *by_hand(const struct controller *c, const struct controller_event *e,
                           uint32_t more, struct ctl_growth *g)
{
    const struct controller_create_partitions *q = &e->u.create_partitions;
    if (q->assignment_count != more)
        return "the assignment does not name every new partition once";
    for (uint32_t i = 0; i < more; i++) {
        const struct controller_replicas *a = &q->assignment[i];
        const char *why = ctl_bad_replicas(c, a, g->replication_factor);
        if (why)
            return why;
        memcpy(g->replicas + (size_t)i * g->replication_factor, a->brokers,
               g->replication_factor * sizeof *a->brokers);
    }
    return NULL;
}

/* Goes on with Kafka's rule from where partition 0 starts, so that the assignment looks as if all
 * partitions had been made at once. */
static int by_rule(struct controller *c, const struct ctl_topic *t, uint32_t more,
                   struct ctl_growth *g)
{
    struct ctl_broker **live;
    uint32_t count = ctl_brokers_live(c, &live), start = 0;
    struct placement_broker *brokers = arena_array(ctl_scratch(c), count + 1, sizeof *brokers);
    for (uint32_t i = 0; i < count; i++)
        brokers[i] = (struct placement_broker){live[i]->id, view_of(live[i]->rack)};
    while (start < count && live[start]->id < t->partitions[0]->replicas[0].broker)
        start++;
    if (start == count)
        start = 0;
    struct placement_options options = {
        .first_partition = (int32_t)g->old_count,
        .partition_count = (int32_t)more,
        .replication_factor = g->replication_factor,
        .start = start,
        .shift = start,
    };
    int32_t *placed;
    int error = placement_assign(brokers, count, &options, ctl_scratch(c), &placed);
    if (error == PLACEMENT_OK)
        memcpy(g->replicas, placed, (size_t)more * g->replication_factor * sizeof *placed);
    return error;
}

static bool plan(struct controller *c, const struct controller_event *e, const struct ctl_topic *t,
                 struct ctl_growth *g)
{
    uint32_t more = g->new_count - g->old_count;
    if (e->u.create_partitions.placed) {
        const char *why = by_hand(c, e, more, g);
        if (why)
            refuse(c, e, t, CONTROLLER_INVALID_ASSIGNMENT, why);
        return !why;
    }
    int error = by_rule(c, t, more, g);
    if (error != PLACEMENT_OK)
        refuse(c, e, t, CONTROLLER_INVALID_REPLICATION,
               error == PLACEMENT_MIXED_RACKS
                   ? "some brokers have a rack and some do not"
                   : "there are fewer brokers alive than the topic has replicas");
    return error == PLACEMENT_OK;
}

static struct ctl_topic *check(struct controller *c, const struct controller_event *e)
{
    const struct controller_create_partitions *q = &e->u.create_partitions;
    struct ctl_topic *t = ctl_topic_find(c, q->name);
    if (!t || t->state < CTL_TOPIC_PRESENT || t->partition_count == 0) {
        ctl_answer(c, e->request, e->connection, CONTROLLER_UNKNOWN_TOPIC, NULL,
                   "the topic does not exist");
        return NULL;
    }
    const char *why = NULL;
    enum controller_result result = CONTROLLER_INVALID_PARTITIONS;
    if (t->state != CTL_TOPIC_PRESENT) {
        result = CONTROLLER_TOPIC_DELETING;
        why = "the topic is being deleted";
    } else if (t->growing) {
        result = CONTROLLER_INVALID_REQUEST;
        why = "the topic is being changed by another request";
    } else if (q->total <= (int32_t)t->partition_count) {
        why = "a topic's partitions can only become more";
    } else if (q->total > CTL_PARTITIONS_MAX) {
        why = "a topic has at most 100000 partitions";
    } else if (t->partitions[t->partition_count - 1]->number != (int32_t)t->partition_count - 1) {
        why = "the topic's partition numbers have gaps";
    }
    if (why)
        refuse(c, e, t, result, why);
    return why ? NULL : t;
}

void ctl_create_partitions(struct controller *c, const struct controller_event *e)
{
    const struct controller_create_partitions *q = &e->u.create_partitions;
    struct ctl_topic *t = check(c, e);
    if (!t)
        return;
    uint32_t more = (uint32_t)q->total - t->partition_count;
    uint32_t factor = t->partitions[0]->replica_count;
    struct ctl_growth *g = xcalloc(1, sizeof *g + (size_t)more * factor * sizeof g->replicas[0]);
    g->old_count = t->partition_count;
    g->new_count = (uint32_t)q->total;
    g->replication_factor = factor;
    bool planned = plan(c, e, t, g);
    if (!planned || q->validate_only) {
        if (planned)
            ctl_answer(c, e->request, e->connection, CONTROLLER_OK, t, NULL);
        free(g);
        return;
    }
    g->name = xstrdup(t->name);
    t->growing = true;
    ctl_wait_new(c, e, CTL_WAIT_READY, t)->total = g->new_count;
    struct ctl_request *r =
        ctl_read(c, ZK_GET, znode_path_topic(ctl_scratch(c), view_of(t->name)), false, node_read);
    r->context = g;
    r->drop = growth_drop;
    r->serial = t->serial;
}
