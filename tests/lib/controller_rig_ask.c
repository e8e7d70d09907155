/* SPDX-License-Identifier: Apache-2.0 */
#include <check.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "controller/internal.h"
#include "tests/lib/controller_rig.h"

/* What a test asks of the rig, and what it looks at. */

uint64_t rig_admin(struct rig *r, struct controller_event *event)
{
    struct rig_broker *active = rig_active(r);
    ck_assert_msg(active, "nobody is controller");
    event->request = ++r->next_request;
    event->connection = active->connection;
    if (event->timeout_ms == 0)
        event->timeout_ms = 30000;
    r->answers[event->request % COUNT_OF(r->answers)].there = false;
    rig_step(active, event);
    return event->request;
}

uint64_t rig_create(struct rig *r, const char *topic, int32_t partitions, int32_t replication)
{
    struct controller_event e = {.kind = CONTROLLER_EV_CREATE_TOPIC};
    e.u.create_topic.name = view_of(topic);
    e.u.create_topic.partition_count = partitions;
    e.u.create_topic.replication_factor = replication;
    return rig_admin(r, &e);
}

uint64_t rig_create_assigned(struct rig *r, const char *topic, const int32_t *replicas,
                             uint32_t count)
{
    struct controller_replicas assignment = {0, count, replicas};
    struct controller_event e = {.kind = CONTROLLER_EV_CREATE_TOPIC};
    e.u.create_topic.name = view_of(topic);
    e.u.create_topic.partition_count = -1;
    e.u.create_topic.replication_factor = -1;
    e.u.create_topic.assignment_count = 1;
    e.u.create_topic.assignment = &assignment;
    return rig_admin(r, &e);
}

const struct rig_answer *rig_wait_answer(struct rig *r, uint64_t request)
{
    const struct rig_answer *a = &r->answers[request % COUNT_OF(r->answers)];
    uint64_t end = r->schedule.now_ns + UINT64_C(60000000000);
    while (!a->there) {
        ck_assert_msg(r->schedule.now_ns <= end, "no answer");
        ck_assert(schedule_step(&r->schedule));
    }
    return a;
}

void rig_create_ok(struct rig *r, const char *topic, int32_t partitions, int32_t replication)
{
    const struct rig_answer *a = rig_wait_answer(r, rig_create(r, topic, partitions, replication));
    ck_assert_msg(a->result == CONTROLLER_OK, "topic %s: %s, %s", topic,
                  controller_result_text(a->result), a->message);
    rig_settle(r);
}

bool rig_exists(struct rig *r, const char *path)
{
    struct zk_model_node node;
    return zk_model_find(r->zk, path, &node);
}

struct rig_state rig_state(struct rig *r, const char *topic, int32_t partition)
{
    struct arena arena = ARENA_INIT;
    struct zk_model_node node;
    struct znode_state s;
    struct rig_state ret = {0};
    char *path = arena_string(&arena, znode_path_state(&arena, view_of(topic), partition));
    ck_assert_msg(zk_model_find(r->zk, path, &node), "%s is not there", path);
    ck_assert_int_eq(znode_state_parse(node.data, &arena, &s), ZNODE_OK);
    ret.leader = s.leader;
    ret.leader_epoch = s.leader_epoch;
    ret.controller_epoch = s.controller_epoch;
    ret.version = node.version;
    ret.min_isr = s.min_isr;
    ret.is_new = s.is_new;
    ret.recovering = s.recovering;
    ret.leader_incarnation = s.leader_incarnation;
    ret.isr_count = s.isr_count;
    memcpy(ret.isr, s.isr, s.isr_count * sizeof *s.isr);
    arena_reset(&arena);
    return ret;
}

const char *rig_state_text(struct rig *r, const char *topic, int32_t partition)
{
    static char text[256]; /* a test's convenience: one at a time */
    struct rig_state s = rig_state(r, topic, partition);
    size_t used = (size_t)snprintf(text, sizeof text, "%" PRId32 " e%" PRId32 " v%" PRId32 " [",
                                   s.leader, s.leader_epoch, s.version);
    for (uint32_t i = 0; i < s.isr_count; i++)
        used +=
            (size_t)snprintf(text + used, sizeof text - used, "%s%" PRId32, i ? "," : "", s.isr[i]);
    snprintf(text + used, sizeof text - used, "] min %" PRId32 "%s%s", s.min_isr,
             s.is_new ? " new" : "", s.recovering ? " recovering" : "");
    return text;
}

struct uuid rig_topic_id(struct rig *r, const char *topic)
{
    struct arena arena = ARENA_INIT;
    struct zk_model_node node;
    struct znode_topic t;
    char *path = arena_string(&arena, znode_path_topic(&arena, view_of(topic)));
    ck_assert_msg(zk_model_find(r->zk, path, &node), "%s is not there", path);
    ck_assert_int_eq(znode_topic_parse(node.data, &arena, &t), ZNODE_OK);
    arena_reset(&arena);
    return t.id;
}

const struct cluster_partition_item *rig_told(struct rig *r, int32_t broker, const char *topic,
                                              int32_t partition)
{
    struct partition_id id = {rig_topic_id(r, topic), partition};
    struct rig_partition *p = map_get(&rig_broker(r, broker)->partitions, MAP_KEY(id));
    return p ? &p->item : NULL;
}

void rig_ask_isr(struct rig *r, int32_t from, const char *topic, int32_t partition,
                 const int32_t *isr, uint32_t count)
{
    struct controller_event e = {.kind = CONTROLLER_EV_ISR_CHANGE};
    struct cluster_isr_change *q = &e.u.isr_change;
    const struct cluster_partition_item *told = rig_told(r, from, topic, partition);
    ck_assert_ptr_nonnull(told);
    q->request = ++r->next_request;
    q->id = told->id;
    q->leader_epoch = told->leader_epoch;
    q->version = told->version;
    q->isr_count = count;
    for (uint32_t i = 0; i < count; i++)
        q->isr[i] = (struct cluster_member){isr[i], rig_broker(r, isr[i])->incarnation};
    rig_say(r, from, &e);
}

void rig_report(struct rig *r, int32_t from, const char *topic, int32_t partition,
                enum cluster_report_kind kind)
{
    struct controller_event e = {.kind = CONTROLLER_EV_REPORT};
    const struct cluster_partition_item *told = rig_told(r, from, topic, partition);
    e.u.report = (struct cluster_report){{rig_topic_id(r, topic), partition},
                                         kind,
                                         told ? told->leader_epoch : -1,
                                         told ? told->version : -1};
    rig_say(r, from, &e);
}
