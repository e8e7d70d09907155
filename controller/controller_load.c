/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdlib.h>

#include "common/memory.h"
#include "controller/internal.h"

/* What a new controller reads before it acts, and the lists (nodes whose children are watched) that
 * it keeps reading. Everything that must be read first counts in c->loading; at zero the reign
 * begins. No watch per topic: watches are sent to a server all at once when the client reconnects,
 * and too many make that message too large. A rolling scan finds what outside tools change. */

static const char *const list_paths[CTL_LIST_COUNT] = {
    [CTL_LIST_CONFIG_CHANGES] = ZNODE_CONFIG_CHANGES,
    [CTL_LIST_BROKERS] = ZNODE_BROKER_IDS,
    [CTL_LIST_TOPICS] = ZNODE_TOPICS,
    [CTL_LIST_DELETIONS] = ZNODE_DELETE_TOPICS,
    [CTL_LIST_ADMIN] = ZNODE_ADMIN,
};

/* Notifications of Kafka's that mean nothing to us: Kafka's new controller deletes them too. */
static const char *const stale_paths[] = {"/isr_change_notification",
                                          "/log_dir_event_notification"};

static void heard_list(struct controller *c, enum ctl_list list, const struct view *names,
                       uint32_t count)
{
    switch (list) {
    case CTL_LIST_BROKERS:
        ctl_brokers_listed(c, names, count);
        break;
    case CTL_LIST_TOPICS:
        ctl_topics_listed(c, names, count);
        break;
    case CTL_LIST_DELETIONS:
        ctl_deletions_listed(c, names, count);
        break;
    case CTL_LIST_ADMIN:
        ctl_admin_listed(c, names, count);
        break;
    case CTL_LIST_CONFIG_CHANGES:
        ctl_hints_heard(c, names, count);
        break;
    case CTL_LIST_COUNT:
        IMPOSSIBLE("no list");
    }
}

static void list_read(struct controller *c, struct ctl_request *r, const struct zk_result *results,
                      uint32_t count)
{
    (void)count;
    enum ctl_list list = (enum ctl_list)r->id;
    c->list_reading[list] = false;
    c->list_armed[list] = results[0].error == ZK_OK;
    if (results[0].error == ZK_OK)
        heard_list(c, list, results[0].names, results[0].name_count);
    else if (results[0].error == ZK_ERR_NONODE)
        heard_list(c, list, NULL, 0);
    else
        ctl_note(c, SAY_ERROR, "could not read %s from ZooKeeper", list_paths[list]);
    if (c->list_again[list]) {
        c->list_again[list] = false;
        ctl_list_read(c, list);
    }
    if (r->serial)
        ctl_loaded_one(c);
}

void ctl_list_read(struct controller *c, enum ctl_list list)
{
    if (c->list_reading[list]) {
        c->list_again[list] = true;
        return;
    }
    c->list_reading[list] = true;
    struct ctl_request *r = ctl_read(c, ZK_CHILDREN, view_of(list_paths[list]), true, list_read);
    r->id = (int32_t)list;
}

bool ctl_list_watch(struct controller *c, struct view path)
{
    for (unsigned i = 0; i < CTL_LIST_COUNT; i++) {
        if (view_equal(path, view_of(list_paths[i]))) {
            c->list_armed[i] = false;
            ctl_list_read(c, (enum ctl_list)i);
            return true;
        }
    }
    return false;
}

/* A list whose node was missing has no watch: it is looked at now and then. */
void ctl_list_tick(struct controller *c)
{
    for (unsigned i = 0; i < CTL_LIST_COUNT; i++)
        if (!c->list_armed[i] && !c->list_reading[i])
            ctl_list_read(c, (enum ctl_list)i);
}

/* ---- what is read once, after a win ---- */

static void ignored(struct controller *c, struct ctl_request *r, const struct zk_result *results,
                    uint32_t count)
{
    (void)c;
    (void)r;
    (void)results;
    (void)count;
}

void ctl_node_delete(struct controller *c, struct view parent, struct view name)
{
    char *path = arena_printf(ctl_scratch(c), "%.*s/%.*s", (int)parent.size, parent.base,
                              (int)name.size, name.base);
    struct ctl_request *r = ctl_multi_new(c, ignored, NULL);
    (void)ctl_add(r, (struct zk_op){.kind = ZK_DELETE, .version = -1, .path = view_of(path)});
    ctl_send(c, r);
}

static void stale_read(struct controller *c, struct ctl_request *r, const struct zk_result *results,
                       uint32_t count)
{
    (void)count;
    for (uint32_t i = 0; results[0].error == ZK_OK && i < results[0].name_count; i++)
        ctl_node_delete(c, r->single.path, results[0].names[i]);
    ctl_loaded_one(c);
}

static void persistent_read(struct controller *c, struct ctl_request *r,
                            const struct zk_result *results, uint32_t count)
{
    (void)r;
    (void)count;
    if (results[0].error == ZK_OK)
        ctl_brokers_persistent(c, results[0].names, results[0].name_count);
    ctl_loaded_one(c);
}

void ctl_load(struct controller *c)
{
    PRE(c->state == CONTROLLER_LOADING && c->loading == 0);
    c->loading = CTL_LIST_COUNT + COUNT_OF(stale_paths) + 1;
    for (unsigned i = 0; i < COUNT_OF(stale_paths); i++)
        (void)ctl_read(c, ZK_CHILDREN, view_of(stale_paths[i]), false, stale_read);
    (void)ctl_read(c, ZK_CHILDREN, VIEW_LITERAL(ZNODE_BROKER_NODES), false, persistent_read);
    for (unsigned i = 0; i < CTL_LIST_COUNT; i++) {
        c->list_reading[i] = true;
        struct ctl_request *r = ctl_read(c, ZK_CHILDREN, view_of(list_paths[i]), true, list_read);
        r->id = (int32_t)i;
        r->serial = 1;
    }
    /* /controller is watched through the whole reign. */
    ctl_race(c);
}

static void begin(struct controller *c)
{
    struct map_entry e;
    ctl_move(c, CONTROLLER_ACTIVE);
    ctl_trace(c, "read %" PRIu32 " brokers, %" PRIu32 " topics, %" PRIu32 " partitions",
              c->brokers.count, c->topics.count, c->partition_count);
    for (uint32_t at = 0; map_next(&c->topics, &at, &e);) {
        struct ctl_topic *t = e.value;
        for (uint32_t i = 0; i < t->partition_count; i++)
            ctl_partition_dirty(c, t->partitions[i]);
        if (t->marked && ctl_topic_deletable(t))
            ctl_topic_delete(c, t);
    }
    for (struct ctl_connection *n = c->connections; n; n = n->next)
        n->wants_snapshot = true;
    ctl_list_read(c, CTL_LIST_ADMIN);
    c->tick_at_ms = c->now_ms + CTL_TICK_MS;
    c->rebalance_at_ms = c->now_ms + 5000; /* as Kafka does, and then at its interval */
    ctl_wake(c, c->tick_at_ms);
}

void ctl_loaded_one(struct controller *c)
{
    PRE(c->loading > 0);
    if (--c->loading == 0 && c->state == CONTROLLER_LOADING)
        begin(c);
}
