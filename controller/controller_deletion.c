/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "common/memory.h"
#include "controller/internal.h"

/* Deletion of topics: a marker under /admin/delete_topics (written by us for an admin request, or
 * by an outside tool) -> the brokers hear TOPIC_GONE, clients see the topic no more -> every broker
 * that has or may have a replica says that no log is left -> the topic's nodes go, then its
 * overrides, then the marker. Until then the marker stays, through any change of controllers: a
 * broker that is away now removes its logs when it is back. */

struct ctl_erase {
    char **paths; /* parents before their children */
    uint32_t count, listed, listing;
    size_t capacity;
    uint32_t left; /* paths still to be deleted: the first so many */
};

void ctl_erase_free(struct ctl_erase *e)
{
    if (!e)
        return;
    for (uint32_t i = 0; i < e->count; i++)
        free(e->paths[i]);
    free(e->paths);
    free(e);
}

static void drop_context(struct ctl_request *r)
{
    free(r->context);
}

static void about(struct ctl_request *r, const struct ctl_topic *t)
{
    r->serial = t->serial;
    r->context = xstrdup(t->name);
    r->drop = drop_context;
}

static struct ctl_topic *subject(const struct controller *c, const struct ctl_request *r)
{
    struct ctl_topic *t = ctl_topic_still(c, view_of((const char *)r->context), r->serial);
    return t && t->state == CTL_TOPIC_ERASING ? t : NULL;
}

static void add_path(struct ctl_erase *e, char *path)
{
    e->paths = xgrow(e->paths, &e->capacity, (size_t)e->count + 1, sizeof *e->paths);
    e->paths[e->count++] = path;
}

static void erase_start(struct controller *c, struct ctl_topic *t);

/* ---- the end: overrides, then the marker ---- */

static void marker_gone(struct controller *c, struct ctl_request *r,
                        const struct zk_result *results, uint32_t count)
{
    struct ctl_topic *t = subject(c, r);
    uint32_t failed = ctl_failed_op(results, count);
    if (!t)
        return;
    if (failed < count && results[failed].error != ZK_ERR_NONODE) {
        ctl_note(c, SAY_ERROR, "could not remove the deletion marker of topic %s", t->name);
        return; /* the next controller tries again */
    }
    ctl_note_limited(c, &c->deletions_done, SAY_INFO, "topic %s is deleted", t->name);
    ctl_trace(c, "topic %s erased", t->name);
    ctl_topic_forget(c, t);
    ctl_list_read(c, CTL_LIST_TOPICS); /* one of that name may have been made since */
}

static void config_gone(struct controller *c, struct ctl_request *r,
                        const struct zk_result *results, uint32_t count)
{
    (void)results; /* there may have been none */
    (void)count;
    struct ctl_topic *t = subject(c, r);
    if (!t)
        return;
    struct ctl_request *m = ctl_multi_new(c, marker_gone, NULL);
    about(m, t);
    (void)ctl_add(
        m, (struct zk_op){.kind = ZK_DELETE,
                          .version = -1,
                          .path = znode_path_delete_topic(ctl_scratch(c), view_of(t->name))});
    ctl_send(c, m);
}

static void erase_config(struct controller *c, struct ctl_topic *t)
{
    struct ctl_request *r = ctl_multi_new(c, config_gone, NULL);
    about(r, t);
    (void)ctl_add(
        r, (struct zk_op){.kind = ZK_DELETE,
                          .version = -1,
                          .path = znode_path_topic_config(ctl_scratch(c), view_of(t->name))});
    ctl_send(c, r);
}

/* ---- the topic's nodes: all are listed, then deleted from the leaves ---- */

static void erase_some(struct controller *c, struct ctl_topic *t);

static void some_gone(struct controller *c, struct ctl_request *r, const struct zk_result *results,
                      uint32_t count)
{
    struct ctl_topic *t = subject(c, r);
    if (!t)
        return;
    uint32_t failed = ctl_failed_op(results, count);
    if (failed == count) {
        t->erase->left -= count - 1;
        erase_some(c, t);
    } else if (results[failed].error == ZK_ERR_NONODE || results[failed].error == ZK_ERR_NOTEMPTY) {
        erase_start(c, t); /* somebody else is at it */
    } else {
        ctl_note(c, SAY_ERROR, "could not delete the nodes of topic %s from ZooKeeper", t->name);
    }
}

static void some_unknown(struct controller *c, struct ctl_request *r)
{
    struct ctl_topic *t = subject(c, r);
    if (t)
        erase_start(c, t);
}

static void erase_some(struct controller *c, struct ctl_topic *t)
{
    struct ctl_erase *e = t->erase;
    if (e->left == 0) {
        erase_config(c, t);
        return;
    }
    struct ctl_request *r = ctl_multi_new(c, some_gone, some_unknown);
    about(r, t);
    for (uint32_t at = e->left;
         at > 0 && r->count < CTL_MULTI_OPS_MAX && r->size < CTL_MULTI_SIZE_MAX; at--)
        (void)ctl_add(
            r, (struct zk_op){.kind = ZK_DELETE, .version = -1, .path = view_of(e->paths[at - 1])});
    ctl_send(c, r);
}

static void list_next(struct controller *c, struct ctl_topic *t);

static void listed(struct controller *c, struct ctl_request *r, const struct zk_result *results,
                   uint32_t count)
{
    (void)count;
    struct ctl_topic *t = subject(c, r);
    if (!t || !t->erase || t->erase->listing == 0)
        return;
    struct ctl_erase *e = t->erase;
    e->listing--;
    for (uint32_t i = 0; results[0].error == ZK_OK && i < results[0].name_count; i++)
        add_path(e, xasprintf("%s/%.*s", e->paths[r->id], (int)results[0].names[i].size,
                              (const char *)results[0].names[i].base));
    if (results[0].error == ZK_ERR_NONODE && r->id == 0) {
        erase_config(c, t); /* it was removed by hand */
        return;
    }
    list_next(c, t);
}

static void list_next(struct controller *c, struct ctl_topic *t)
{
    struct ctl_erase *e = t->erase;
    while (e->listed < e->count) {
        struct ctl_request *r =
            ctl_read(c, ZK_CHILDREN, view_of(e->paths[e->listed]), false, listed);
        about(r, t);
        r->id = (int32_t)e->listed++;
        e->listing++;
    }
    if (e->listing == 0) {
        e->left = e->count;
        erase_some(c, t);
    }
}

static void erase_start(struct controller *c, struct ctl_topic *t)
{
    ctl_erase_free(t->erase);
    t->erase = xcalloc(1, sizeof *t->erase);
    struct view path = znode_path_topic(ctl_scratch(c), view_of(t->name));
    add_path(t->erase, xstrndup(path.base, path.size));
    list_next(c, t);
}

/* ---- waiting for the brokers ---- */

static void erase_if_heard(struct controller *c, struct ctl_topic *t)
{
    if (t->waiting_count > 0)
        return;
    for (uint32_t i = 0; i < t->partition_count; i++)
        if (t->partitions[i]->write != CTL_WRITE_IDLE)
            return; /* it is looked at again when that is settled */
    machine_move(&machine_topic, &t->state, CTL_TOPIC_ERASING);
    ctl_trace(c, "topic %s: all replicas are gone", t->name);
    erase_start(c, t);
}

void ctl_deletion_look(struct controller *c, struct ctl_topic *t)
{
    if (t->state == CTL_TOPIC_DELETING)
        erase_if_heard(c, t);
}

static void wait_for(struct ctl_topic *t, int32_t broker)
{
    for (uint32_t i = 0; i < t->waiting_count; i++)
        if (t->waiting[i] == broker)
            return;
    t->waiting = xrealloc(t->waiting, (t->waiting_count + 1) * sizeof *t->waiting);
    t->waiting[t->waiting_count++] = broker;
}

/* A broker that never had a broker node cannot have a log. */
static void wait_for_replicas(struct controller *c, struct ctl_topic *t)
{
    for (uint32_t i = 0; i < t->partition_count; i++) {
        const struct ctl_partition *p = t->partitions[i];
        for (uint32_t k = 0; k < p->replica_count; k++)
            if (ctl_broker_get(c, p->replicas[k].broker)->has_node)
                wait_for(t, p->replicas[k].broker);
    }
}

bool ctl_topic_deletable(const struct ctl_topic *t)
{
    return t->state == CTL_TOPIC_PRESENT || t->state == CTL_TOPIC_UNREADABLE;
}

/* The brokers were never told of it by this controller, and without its id they cannot be told now
 * whose logs are to go. */
static void delete_unreadable(struct controller *c, struct ctl_topic *t)
{
    machine_move(&machine_topic, &t->state, CTL_TOPIC_ERASING);
    ctl_note(c, SAY_WARN,
             "topic %s, whose node makes no sense, is being deleted from ZooKeeper; logs that "
             "brokers may have of it stay where they are",
             t->name);
    erase_start(c, t);
}

void ctl_topic_delete(struct controller *c, struct ctl_topic *t)
{
    PRE(ctl_topic_deletable(t) && c->state == CONTROLLER_ACTIVE);
    if (t->state == CTL_TOPIC_UNREADABLE) {
        delete_unreadable(c, t);
        return;
    }
    machine_move(&machine_topic, &t->state, CTL_TOPIC_DELETING);
    ctl_note_limited(c, &c->deletions_begun, SAY_INFO, "topic %s is being deleted", t->name);
    ctl_trace(c, "topic %s deleting", t->name);
    ctl_say_topic_gone(c, t);
    wait_for_replicas(c, t);
    erase_if_heard(c, t);
}

void ctl_deletion_heard(struct controller *c, struct ctl_topic *t, int32_t broker)
{
    if (t->state != CTL_TOPIC_DELETING)
        return;
    uint32_t kept = 0;
    for (uint32_t i = 0; i < t->waiting_count; i++)
        if (t->waiting[i] != broker)
            t->waiting[kept++] = t->waiting[i];
    t->waiting_count = kept;
    erase_if_heard(c, t);
}

/* ---- markers ---- */

static void ignored(struct controller *c, struct ctl_request *r, const struct zk_result *results,
                    uint32_t count)
{
    (void)c;
    (void)r;
    (void)results;
    (void)count;
}

void ctl_marker_remove(struct controller *c, struct view name)
{
    struct ctl_request *r = ctl_multi_new(c, ignored, NULL);
    (void)ctl_add(r, (struct zk_op){.kind = ZK_DELETE,
                                    .version = -1,
                                    .path = znode_path_delete_topic(ctl_scratch(c), name)});
    ctl_send(c, r);
}

void ctl_deletions_listed(struct controller *c, const struct view *names, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        struct ctl_topic *t = ctl_topic_find(c, names[i]);
        if (!t) {
            ctl_note(c, SAY_WARN, "%s/%.*s: there is no such topic", ZNODE_DELETE_TOPICS,
                     (int)names[i].size, (const char *)names[i].base);
            ctl_marker_remove(c, names[i]);
        } else if (!c->config.topic_deletion && t->state != CTL_TOPIC_DELETING &&
                   t->state != CTL_TOPIC_ERASING) {
            ctl_note(c, SAY_WARN, "topic %s is not deleted: delete.topic.enable is false", t->name);
            ctl_marker_remove(c, names[i]);
        } else {
            t->marked = true;
            if (ctl_topic_deletable(t) && c->state == CONTROLLER_ACTIVE)
                ctl_topic_delete(c, t);
        }
    }
}
