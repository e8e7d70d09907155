/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/memory.h"
#include "controller/internal.h"

/* Admin requests: checked here, answered once what was asked for is there, or when the time of the
 * request is over. */

void ctl_answer(struct controller *c, uint64_t request, uint64_t connection,
                enum controller_result result, const struct ctl_topic *t, const char *format, ...)
{
    struct controller_action *a = ctl_act(c, CONTROLLER_DO_ANSWER);
    a->connection = connection;
    a->u.answer.request = request;
    a->u.answer.result = result;
    if (t) {
        a->u.answer.id = t->id;
        a->u.answer.name = arena_copy(ctl_scratch(c), view_of(t->name));
        a->u.answer.partition_count = (int32_t)t->partition_count;
        a->u.answer.replication_factor = t->partition_count ? t->partitions[0]->replica_count : -1;
    }
    if (!format)
        return;
    char text[400];
    va_list args;
    va_start(args, format);
    int size = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (size > 0) {
        struct view copy = {(const uint8_t *)text, (uint32_t)strlen(text)};
        a->u.answer.message = arena_copy(ctl_scratch(c), copy);
    }
}

/* ---- waiting ---- */

struct ctl_wait *ctl_wait_new(struct controller *c, const struct controller_event *event,
                              enum ctl_wait_kind kind, const struct ctl_topic *t)
{
    struct ctl_wait *w = xcalloc(1, sizeof *w);
    w->kind = kind;
    w->request = event->request;
    w->connection = event->connection;
    w->serial = t->serial;
    w->name = xstrdup(t->name);
    w->deadline_ms = c->now_ms + (event->timeout_ms > 0 ? event->timeout_ms : 1);
    struct ctl_wait **last = &c->waits;
    while (*last)
        last = &(*last)->next;
    *last = w;
    return w;
}

static void wait_free(struct ctl_wait *w)
{
    free(w->name);
    free(w);
}

void ctl_waits_fail(struct controller *c)
{
    while (c->waits) {
        struct ctl_wait *w = c->waits;
        c->waits = w->next;
        ctl_answer(c, w->request, w->connection, CONTROLLER_NOT_ACTIVE, NULL,
                   "this broker is no longer controller");
        wait_free(w);
    }
}

void ctl_waits_refuse(struct controller *c, const struct ctl_topic *t, enum ctl_wait_kind kind,
                      enum controller_result result, const char *message)
{
    struct ctl_wait **at = &c->waits;
    while (*at) {
        struct ctl_wait *w = *at;
        if (w->serial != t->serial || w->kind != kind) {
            at = &w->next;
            continue;
        }
        *at = w->next;
        ctl_answer(c, w->request, w->connection, result, t, "%s", message);
        wait_free(w);
    }
}

static bool all_led(const struct ctl_topic *t)
{
    for (uint32_t i = 0; i < t->partition_count; i++)
        if (t->partitions[i]->now.version < 0 || t->partitions[i]->now.leader == ZNODE_LEADER_NONE)
            return false;
    return true;
}

static bool answer_election(struct controller *c, const struct ctl_wait *w,
                            const struct ctl_topic *t, bool late)
{
    const struct ctl_partition *p = ctl_partition_find(t, w->partition);
    INVARIANT(p);
    bool there = p->now.leader == p->replicas[0].broker;
    if (there)
        ctl_answer(c, w->request, w->connection, CONTROLLER_OK, t, NULL);
    else if (p->write == CTL_WRITE_IDLE && !p->preferred_wanted)
        ctl_answer(c, w->request, w->connection, CONTROLLER_PREFERRED_UNAVAILABLE, t,
                   "the preferred leader is not available");
    else if (late)
        ctl_answer(c, w->request, w->connection, CONTROLLER_TIMED_OUT, t, NULL);
    else
        return false;
    return true;
}

static bool answer_ready(struct controller *c, const struct ctl_wait *w, const struct ctl_topic *t,
                         bool late)
{
    bool complete = t->state == CTL_TOPIC_PRESENT && t->partition_count >= w->total;
    if (complete && (t->unready == 0 || (late && all_led(t))))
        ctl_answer(c, w->request, w->connection, CONTROLLER_OK, t, NULL);
    else if (late)
        ctl_answer(c, w->request, w->connection, CONTROLLER_TIMED_OUT, t,
                   "not all partitions have a leader yet");
    else
        return false;
    return true;
}

/* The deletion of a topic is answered when the brokers were told, not when all logs are gone. */
static bool answer_deletion(struct controller *c, const struct ctl_wait *w,
                            const struct ctl_topic *t, bool gone, bool late)
{
    if (gone)
        ctl_answer(c, w->request, w->connection, CONTROLLER_OK, t, NULL);
    else if (late)
        ctl_answer(c, w->request, w->connection, CONTROLLER_TIMED_OUT, t,
                   "it is not known whether the topic will be deleted");
    return gone || late;
}

static bool answer_wait(struct controller *c, const struct ctl_wait *w)
{
    const struct ctl_topic *t = ctl_topic_still(c, view_of(w->name), w->serial);
    bool late = c->now_ms >= w->deadline_ms;
    bool gone = !t || t->state == CTL_TOPIC_DELETING || t->state == CTL_TOPIC_ERASING;
    if (w->kind == CTL_WAIT_DELETION)
        return answer_deletion(c, w, t, gone, late);
    if (gone) {
        ctl_answer(c, w->request, w->connection, CONTROLLER_UNKNOWN_TOPIC, NULL,
                   "topic %s was deleted meanwhile", w->name);
        return true;
    }
    return w->kind == CTL_WAIT_ELECTION ? answer_election(c, w, t, late)
                                        : answer_ready(c, w, t, late);
}

void ctl_waits_settle(struct controller *c)
{
    struct ctl_wait **at = &c->waits;
    while (*at) {
        struct ctl_wait *w = *at;
        if (answer_wait(c, w)) {
            *at = w->next;
            wait_free(w);
        } else {
            ctl_wake(c, w->deadline_ms);
            at = &w->next;
        }
    }
}

/* ---- deletion ---- */

static void drop_context(struct ctl_request *r)
{
    free(r->context);
}

static void marker_written(struct controller *c, struct ctl_request *r,
                           const struct zk_result *results, uint32_t count)
{
    struct ctl_topic *t = ctl_topic_still(c, view_of((const char *)r->context), r->serial);
    uint32_t failed = ctl_failed_op(results, count);
    if (!t)
        return;
    if (failed < count && results[failed].error != ZK_ERR_NODEEXISTS) {
        ctl_waits_refuse(c, t, CTL_WAIT_DELETION, CONTROLLER_FAILED,
                         "ZooKeeper refused the deletion marker");
        return;
    }
    t->marked = true;
    if (ctl_topic_deletable(t))
        ctl_topic_delete(c, t);
}

/* Perhaps it was written: the list of markers, which is read then, says so, and the topic goes. */
static void marker_unknown(struct controller *c, struct ctl_request *r)
{
    (void)r;
    ctl_list_read(c, CTL_LIST_DELETIONS);
}

static void delete_topic(struct controller *c, const struct controller_event *event)
{
    const struct controller_delete_topic *d = &event->u.delete_topic;
    struct ctl_topic *t = d->name.base ? ctl_topic_find(c, d->name) : ctl_topic_by_id(c, d->id);
    if (!t || t->state == CTL_TOPIC_READING || t->state == CTL_TOPIC_CREATING) {
        ctl_answer(c, event->request, event->connection,
                   d->name.base ? CONTROLLER_UNKNOWN_TOPIC : CONTROLLER_UNKNOWN_TOPIC_ID, NULL,
                   NULL);
        return;
    }
    if (!c->config.topic_deletion) {
        ctl_answer(c, event->request, event->connection, CONTROLLER_DELETION_DISABLED, t,
                   "delete.topic.enable is false");
        return;
    }
    if (!ctl_topic_deletable(t)) { /* for clients it is gone */
        ctl_answer(c, event->request, event->connection, CONTROLLER_UNKNOWN_TOPIC, t, NULL);
        return;
    }
    (void)ctl_wait_new(c, event, CTL_WAIT_DELETION, t);
    struct ctl_request *r = ctl_multi_new(c, marker_written, marker_unknown);
    r->context = xstrdup(t->name);
    r->drop = drop_context;
    r->serial = t->serial;
    (void)ctl_add(
        r, (struct zk_op){.kind = ZK_CREATE,
                          .path = znode_path_delete_topic(ctl_scratch(c), view_of(t->name))});
    ctl_send(c, r);
}

/* ---- preferred leaders ---- */

static void elect_preferred(struct controller *c, const struct controller_event *event)
{
    struct ctl_topic *t = ctl_topic_find(c, event->u.elect.name);
    struct ctl_partition *p = t ? ctl_partition_find(t, event->u.elect.partition) : NULL;
    enum controller_result result = CONTROLLER_OK;
    if (!t || t->state < CTL_TOPIC_PRESENT)
        result = CONTROLLER_UNKNOWN_TOPIC;
    else if (t->state != CTL_TOPIC_PRESENT)
        result = CONTROLLER_TOPIC_DELETING;
    else if (!p)
        result = CONTROLLER_UNKNOWN_PARTITION;
    else if (p->now.leader == p->replicas[0].broker && ctl_leader_fits(c, p))
        result = CONTROLLER_ELECTION_NOT_NEEDED;
    else if (!ctl_broker_counts(ctl_broker_find(c, p->replicas[0].broker)) ||
             !ctl_isr_has(&p->now.isr, p->replicas[0].broker))
        result = CONTROLLER_PREFERRED_UNAVAILABLE;
    if (result != CONTROLLER_OK) {
        ctl_answer(c, event->request, event->connection, result, t, "%s",
                   controller_result_text(result));
        return;
    }
    p->preferred_wanted = true;
    ctl_partition_dirty(c, p);
    ctl_wait_new(c, event, CTL_WAIT_ELECTION, t)->partition = p->number;
}

void ctl_admin(struct controller *c, const struct controller_event *event)
{
    if (c->state != CONTROLLER_ACTIVE) {
        ctl_answer(c, event->request, event->connection, CONTROLLER_NOT_ACTIVE, NULL,
                   "this broker is not the controller");
        return;
    }
    switch (event->kind) {
    case CONTROLLER_EV_CREATE_TOPIC:
        ctl_create_topic(c, event);
        break;
    case CONTROLLER_EV_DELETE_TOPIC:
        delete_topic(c, event);
        break;
    case CONTROLLER_EV_CREATE_PARTITIONS:
        ctl_create_partitions(c, event);
        break;
    case CONTROLLER_EV_ELECT_PREFERRED:
        elect_preferred(c, event);
        break;
    default:
        IMPOSSIBLE("no admin request");
    }
}
