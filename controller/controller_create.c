/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdlib.h>

#include "common/memory.h"
#include "controller/internal.h"
#include "controller/placement.h"

/* Topics made and grown on request. A new topic is one multi: its overrides, its node, the parent
 * of its partitions; then its states are written like all others. The request is answered when
 * every partition has a leader that may append. */

struct plan { /* replicas of count partitions */
    uint32_t count, replication_factor;
    const int32_t *replicas;
};

/* A request that cannot be granted. */
static void refuse(struct controller *c, const struct controller_event *e,
                   enum controller_result result, const char *why)
{
    ctl_answer(c, e->request, e->connection, result, NULL, "%s", why);
}

/* ---- planning ---- */

static int place(struct controller *c, const struct placement_options *options, struct plan *ret)
{
    struct ctl_broker **live;
    uint32_t count = ctl_brokers_live(c, &live);
    struct placement_broker *brokers = arena_array(ctl_scratch(c), count + 1, sizeof *brokers);
    for (uint32_t i = 0; i < count; i++)
        brokers[i] = (struct placement_broker){live[i]->id, view_of(live[i]->rack)};
    int32_t *replicas = NULL;
    int error = placement_assign(brokers, count, options, ctl_scratch(c), &replicas);
    *ret = (struct plan){(uint32_t)options->partition_count, options->replication_factor, replicas};
    return error;
}

/* The default replication factor: never more than there are brokers that have ever joined, unless
 * it was set by hand. One that is down for a while counts: a topic made meanwhile would have a copy
 * less for ever. */
static int32_t default_replication(const struct controller *c, struct view topic)
{
    bool offsets = view_equal(topic, VIEW_LITERAL("__consumer_offsets"));
    int32_t known = 0;
    struct map_entry e;
    for (uint32_t at = 0; map_next(&c->brokers, &at, &e);)
        known += ((const struct ctl_broker *)e.value)->has_node;
    int32_t wanted = offsets ? c->config.offsets_replication_factor : c->config.replication_factor;
    bool by_hand =
        offsets ? c->config.offsets_replication_factor_set : c->config.replication_factor_set;
    return !by_hand && known > 0 && known < wanted ? known : wanted;
}

static bool explain_placement(struct controller *c, const struct controller_event *e, int error,
                              const struct plan *plan)
{
    struct ctl_broker **live;
    if (error == PLACEMENT_OK)
        return false;
    const char *why =
        "some brokers have a rack and some do not: replicas cannot be spread over racks";
    if (error != PLACEMENT_MIXED_RACKS)
        why = arena_printf(ctl_scratch(c),
                           "there are fewer brokers alive (%" PRIu32
                           ") than replicas asked for (%" PRIu32 ")",
                           ctl_brokers_live(c, &live), plan->replication_factor);
    refuse(c, e, CONTROLLER_INVALID_REPLICATION, why);
    return true;
}

/* One partition's replicas as given by hand. */
const char *ctl_bad_replicas(const struct controller *c, const struct controller_replicas *a,
                             uint32_t replication_factor)
{
    if (a->count == 0 || a->count > CLUSTER_REPLICAS_MAX)
        return "a partition has no replicas, or too many";
    if (a->count != replication_factor)
        return "all partitions of a topic have the same number of replicas";
    for (uint32_t i = 0; i < a->count; i++) {
        if (!ctl_broker_counts(ctl_broker_find(c, a->brokers[i])))
            return "a replica is given to a broker that is not alive";
        for (uint32_t k = 0; k < i; k++)
            if (a->brokers[k] == a->brokers[i])
                return "a partition has two replicas on one broker";
    }
    return NULL;
}

/* Takes an assignment that was made by hand. With `numbered` it is sorted by partition number, and
 * the numbers must be 0, 1, 2 and so on, each once. */
static const char *take_assignment(struct controller *c, const struct controller_replicas *given,
                                   uint32_t count, uint32_t replication_factor, bool numbered,
                                   struct plan *ret)
{
    int32_t *replicas =
        arena_array(ctl_scratch(c), (size_t)count * replication_factor + 1, sizeof *replicas);
    bool *seen = arena_array(ctl_scratch(c), count, sizeof *seen);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t number = numbered ? (uint32_t)given[i].partition : i;
        if (number >= count || seen[number])
            return "the partitions are not numbered from 0 without a gap";
        seen[number] = true;
        const char *why = ctl_bad_replicas(c, &given[i], replication_factor);
        if (why)
            return why;
        memcpy(replicas + (size_t)number * replication_factor, given[i].brokers,
               replication_factor * sizeof *replicas);
    }
    *ret = (struct plan){count, replication_factor, replicas};
    return NULL;
}

/* Works out the partitions and replicas of a new topic. False: the request was refused. */
static bool plan_new(struct controller *c, const struct controller_event *e, struct plan *ret)
{
    const struct controller_create_topic *q = &e->u.create_topic;
    if (q->assignment_count > 0) {
        const char *why = "both an assignment and counts are given";
        if (q->partition_count != -1 || q->replication_factor != -1) {
            refuse(c, e, CONTROLLER_INVALID_REQUEST, why);
            return false;
        }
        why = q->assignment_count > CTL_PARTITIONS_MAX
                  ? "too many partitions"
                  : take_assignment(c, q->assignment, q->assignment_count, q->assignment[0].count,
                                    true, ret);
        if (why)
            refuse(c, e, CONTROLLER_INVALID_ASSIGNMENT, why);
        return !why;
    }
    int32_t count = q->partition_count == -1 ? c->config.num_partitions : q->partition_count;
    int32_t factor =
        q->replication_factor == -1 ? default_replication(c, q->name) : q->replication_factor;
    if (count < 1 || count > CTL_PARTITIONS_MAX) {
        refuse(c, e, CONTROLLER_INVALID_PARTITIONS, "the number of partitions must be 1 to 100000");
        return false;
    }
    if (factor < 1 || factor > CLUSTER_REPLICAS_MAX) {
        refuse(c, e, CONTROLLER_INVALID_REPLICATION, "the replication factor must be 1 to 16");
        return false;
    }
    struct placement_options options = {
        .partition_count = count,
        .replication_factor = (uint32_t)factor,
        .start = (uint32_t)(ctl_random(c, 0) >> 33),
        .shift = (uint32_t)(ctl_random(c, 0) >> 33),
    };
    int error = place(c, &options, ret);
    return !explain_placement(c, e, error, ret);
}

/* ---- a new topic ---- */

static const char *bad_config(const struct controller_create_topic *q)
{
    for (uint32_t i = 0; i < q->config_count; i++) {
        const struct controller_setting *s = &q->configs[i];
        if (s->key.size == 0 || memchr(s->key.base, '\n', s->key.size) ||
            memchr(s->key.base, '=', s->key.size) ||
            (s->value.size && memchr(s->value.base, '\n', s->value.size)))
            return "a setting cannot hold such characters";
    }
    return NULL;
}

/* Kafka's metrics write '.' and '_' alike, so it refuses names that differ in nothing else. */
static bool collides(const struct controller *c, struct view name)
{
    struct map_entry e;
    if (!memchr(name.base, '.', name.size) && !memchr(name.base, '_', name.size))
        return false;
    for (uint32_t at = 0; map_next(&c->topics, &at, &e);) {
        bool same = e.key.size == name.size;
        for (uint32_t i = 0; same && i < name.size; i++) {
            uint8_t a = e.key.base[i], b = name.base[i];
            same = (a == '.' ? '_' : a) == (b == '.' ? '_' : b);
        }
        if (same)
            return true;
    }
    return false;
}

static bool check_new(struct controller *c, const struct controller_event *e)
{
    const struct controller_create_topic *q = &e->u.create_topic;
    const char *why;
    if (!ctl_topic_name_valid(q->name)) {
        refuse(c, e, CONTROLLER_INVALID_NAME,
               "a topic name has 1 to 249 letters, digits, '.', '_' and '-'");
    } else if (ctl_topic_find(c, q->name)) {
        ctl_answer(c, e->request, e->connection, CONTROLLER_TOPIC_EXISTS,
                   ctl_topic_find(c, q->name), "topic %.*s %s", (int)q->name.size, q->name.base,
                   ctl_topic_find(c, q->name)->state >= CTL_TOPIC_DELETING
                       ? "is marked for deletion"
                       : "exists already");
    } else if (collides(c, q->name)) {
        refuse(c, e, CONTROLLER_INVALID_NAME,
               "the name differs from another topic's only in '.' and '_'");
    } else if ((why = bad_config(q))) {
        refuse(c, e, CONTROLLER_INVALID_CONFIG, why);
    } else {
        return true;
    }
    return false;
}

static struct view topic_json(struct controller *c, const struct ctl_topic *t)
{
    struct znode_topic node = {.id = t->id, .partition_count = t->partition_count};
    node.partitions = arena_array(ctl_scratch(c), t->partition_count, sizeof *node.partitions);
    for (uint32_t i = 0; i < t->partition_count; i++) {
        const struct ctl_partition *p = t->partitions[i];
        int32_t *replicas = arena_array(ctl_scratch(c), p->replica_count, sizeof *replicas);
        for (uint32_t k = 0; k < p->replica_count; k++)
            replicas[k] = p->replicas[k].broker;
        node.partitions[i] = (struct znode_assignment){
            .partition = p->number, .replica_count = p->replica_count, .replicas = replicas};
    }
    return znode_topic_print(&node, ctl_scratch(c));
}

static struct view config_json(struct controller *c, const struct ctl_topic *t)
{
    struct znode_config node = {.count = t->setting_count};
    node.entries = arena_array(ctl_scratch(c), t->setting_count + 1, sizeof *node.entries);
    for (uint32_t i = 0; i < t->setting_count; i++) {
        node.entries[i].key = view_of(t->settings[i].key);
        node.entries[i].value = view_of(t->settings[i].value);
    }
    return znode_config_print(&node, ctl_scratch(c));
}

static void topic_written(struct controller *c, struct ctl_request *r,
                          const struct zk_result *results, uint32_t count);
static void topic_unknown(struct controller *c, struct ctl_request *r);

static void drop_context(struct ctl_request *r)
{
    free(r->context);
}

static struct ctl_topic *creating(const struct controller *c, const struct ctl_request *r)
{
    struct ctl_topic *t = ctl_topic_still(c, view_of((const char *)r->context), r->serial);
    return t && t->state == CTL_TOPIC_CREATING ? t : NULL;
}

static void write_topic(struct controller *c, struct ctl_topic *t, bool config_is_there)
{
    struct view name = view_of(t->name);
    struct arena *scratch = ctl_scratch(c);
    struct ctl_request *r = ctl_multi_new(c, topic_written, topic_unknown);
    r->serial = t->serial;
    r->context = xstrdup(t->name);
    r->drop = drop_context;
    (void)ctl_add(r, (struct zk_op){.kind = config_is_there ? ZK_SET : ZK_CREATE,
                                    .version = -1,
                                    .path = znode_path_topic_config(scratch, name),
                                    .data = config_json(c, t)});
    (void)ctl_add(r, (struct zk_op){.kind = ZK_CREATE,
                                    .path = znode_path_topic(scratch, name),
                                    .data = topic_json(c, t)});
    (void)ctl_add(r,
                  (struct zk_op){.kind = ZK_CREATE, .path = znode_path_partitions(scratch, name)});
    ctl_send(c, r);
}

static void give_up(struct controller *c, struct ctl_topic *t, enum controller_result result,
                    const char *why)
{
    ctl_waits_refuse(c, t, CTL_WAIT_READY, result, why);
    ctl_topic_forget(c, t);
    ctl_list_read(c, CTL_LIST_TOPICS);
}

static void topic_written(struct controller *c, struct ctl_request *r,
                          const struct zk_result *results, uint32_t count)
{
    struct ctl_topic *t = creating(c, r);
    if (!t)
        return;
    uint32_t failed = ctl_failed_op(results, count);
    if (failed == count) {
        t->version = 0;
        t->nodes_known = t->has_partitions_node = true;
        ctl_topic_present(c, t);
    } else if (failed == 1 && results[1].error == ZK_ERR_NODEEXISTS) {
        write_topic(c, t, true); /* overrides of an earlier topic, or written ahead by a tool */
    } else if (failed == 1 && results[1].error == ZK_ERR_NONODE && r->ops[1].kind == ZK_SET) {
        write_topic(c, t, false);
    } else if (results[failed].error == ZK_ERR_NODEEXISTS) {
        give_up(c, t, CONTROLLER_TOPIC_EXISTS, "the topic exists already");
    } else if (results[failed].error == ZK_ERR_TOO_LARGE) {
        give_up(c, t, CONTROLLER_INVALID_PARTITIONS,
                "the assignment of so many partitions does not fit into a ZooKeeper node");
    } else {
        give_up(c, t, CONTROLLER_FAILED, "ZooKeeper refused to create the topic");
    }
}

/* After an unknown outcome and a sync: is the topic there, and is it this one? */
static void topic_compared(struct controller *c, struct ctl_request *r,
                           const struct zk_result *results, uint32_t count)
{
    (void)count;
    struct ctl_topic *t = creating(c, r);
    struct znode_topic node;
    if (!t)
        return;
    if (results[0].error == ZK_ERR_NONODE) {
        write_topic(c, t, false);
    } else if (results[0].error == ZK_OK &&
               znode_topic_parse(results[0].data, ctl_scratch(c), &node) == ZNODE_OK &&
               uuid_equal(node.id, t->id)) {
        t->version = results[0].version;
        t->czxid = results[0].czxid;
        ctl_topic_present(c, t);
    } else {
        give_up(c, t, CONTROLLER_TOPIC_EXISTS, "the topic exists already");
    }
}

static void topic_unknown(struct controller *c, struct ctl_request *r)
{
    struct ctl_topic *t = creating(c, r);
    if (!t)
        return;
    struct ctl_request *read = ctl_read(
        c, ZK_GET, znode_path_topic(ctl_scratch(c), view_of(t->name)), false, topic_compared);
    read->serial = t->serial;
    read->context = xstrdup(t->name);
    read->drop = drop_context;
}

void ctl_create_topic(struct controller *c, const struct controller_event *e)
{
    const struct controller_create_topic *q = &e->u.create_topic;
    struct plan plan = {0};
    if (!check_new(c, e) || !plan_new(c, e, &plan))
        return;
    if (q->validate_only) {
        ctl_answer(c, e->request, e->connection, CONTROLLER_OK, NULL, NULL);
        struct controller_answer *a = &c->out->items[c->out->count - 1].u.answer;
        a->partition_count = (int32_t)plan.count;
        a->replication_factor = (int32_t)plan.replication_factor;
        return;
    }
    struct ctl_topic *t = ctl_topic_new(c, q->name, CTL_TOPIC_CREATING);
    ctl_topic_set_id(c, t, ctl_topic_id_new(c));
    struct znode_config config = {.count = q->config_count};
    config.entries = arena_array(ctl_scratch(c), q->config_count + 1, sizeof *config.entries);
    for (uint32_t i = 0; i < q->config_count; i++)
        config.entries[i] = (struct znode_config_entry){q->configs[i].key, q->configs[i].value};
    ctl_overrides_set(c, t, &config);
    for (uint32_t i = 0; i < plan.count; i++)
        if (!ctl_topic_add(c, t, (int32_t)i, plan.replicas + (size_t)i * plan.replication_factor,
                           plan.replication_factor))
            IMPOSSIBLE("a planned assignment cannot be used");
    ctl_trace(c, "topic %s creating, %" PRIu32 " partitions", t->name, t->partition_count);
    (void)ctl_wait_new(c, e, CTL_WAIT_READY, t);
    write_topic(c, t, false);
}
