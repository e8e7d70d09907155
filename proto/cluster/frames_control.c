/* SPDX-License-Identifier: Apache-2.0 */
/* What goes over control connections: metadata and orders one way, inventories, ISR changes and
 * reports the other, admin requests. */
#include "proto/cluster/coder.h"

static void code_broker_item(struct coder *c, struct cluster_broker_item *b)
{
    code_member(c, &b->member);
    code_bool(c, &b->alive);
    code_view(c, &b->host);
    code_i32(c, &b->port);
    code_view(c, &b->rack);
    code_view(c, &b->cluster_host);
    code_i32(c, &b->cluster_port);
    code_i32(c, &b->shard_count);
}

static void code_topic_item(struct coder *c, struct cluster_topic_item *t)
{
    code_bytes(c, t->id.bytes, sizeof t->id.bytes);
    code_view(c, &t->name);
    code_i32(c, &t->partition_count);
    code_view(c, &t->config);
}

static void code_brokers(struct coder *c, uint32_t *count, int32_t brokers[CLUSTER_REPLICAS_MAX])
{
    code_count(c, count, CLUSTER_REPLICAS_MAX);
    for (uint32_t i = 0; i < *count; i++)
        code_i32(c, &brokers[i]);
}

static void code_partition_item(struct coder *c, struct cluster_partition_item *p)
{
    code_partition(c, &p->id);
    code_i32(c, &p->leader);
    code_u64(c, &p->leader_incarnation);
    code_i32(c, &p->leader_epoch);
    code_i32(c, &p->version);
    code_i32(c, &p->min_isr);
    code_u32(c, &p->flags);
    code_brokers(c, &p->replica_count, p->replicas);
    code_brokers(c, &p->isr_count, p->isr);
}

static void code_item(struct coder *c, struct cluster_item *item)
{
    item->kind = (enum cluster_item_kind)code_choice(c, item->kind, CLUSTER_ITEM_BROKER,
                                                     CLUSTER_ITEM_PARTITION);
    switch (item->kind) {
    case CLUSTER_ITEM_BROKER:
        code_broker_item(c, &item->u.broker);
        break;
    case CLUSTER_ITEM_BROKER_GONE:
        code_i32(c, &item->u.broker.member.broker);
        break;
    case CLUSTER_ITEM_TOPIC:
        code_topic_item(c, &item->u.topic);
        break;
    case CLUSTER_ITEM_TOPIC_GONE:
        code_bytes(c, item->u.topic.id.bytes, sizeof item->u.topic.id.bytes);
        code_view(c, &item->u.topic.name);
        break;
    case CLUSTER_ITEM_PARTITION:
        code_partition_item(c, &item->u.partition);
        break;
    }
}

static void code_metadata(struct coder *c, struct cluster_metadata *m)
{
    code_i32(c, &m->controller_epoch);
    code_i32(c, &m->controller);
    code_u64(c, &m->first_number);
    code_bool(c, &m->snapshot_begin);
    code_bool(c, &m->snapshot_end);
    m->items = code_array(c, &m->item_count, m->items, 5, sizeof *m->items);
    for (uint32_t i = 0; i < m->item_count && !c->failed; i++)
        code_item(c, &m->items[i]);
}

static void code_inventory(struct coder *c, struct cluster_inventory *v)
{
    code_member(c, &v->from);
    code_i32(c, &v->highest_controller_epoch);
    v->directories = code_array(c, &v->directory_count, v->directories, 17, sizeof *v->directories);
    for (uint32_t i = 0; i < v->directory_count; i++) {
        code_bytes(c, v->directories[i].id.bytes, sizeof v->directories[i].id.bytes);
        code_bool(c, &v->directories[i].marker_matches);
    }
    v->exceptions = code_array(c, &v->exception_count, v->exceptions, 21, sizeof *v->exceptions);
    for (uint32_t i = 0; i < v->exception_count; i++) {
        code_partition(c, &v->exceptions[i].id);
        v->exceptions[i].kind = (enum cluster_exception_kind)code_choice(
            c, v->exceptions[i].kind, CLUSTER_REPLICA_MISSING, CLUSTER_REPLICA_FAILED);
    }
    v->held = code_array(c, &v->held_count, v->held, 40, sizeof *v->held);
    for (uint32_t i = 0; i < v->held_count; i++) {
        code_partition(c, &v->held[i].id);
        code_i32(c, &v->held[i].last_epoch);
        code_i64(c, &v->held[i].end);
        code_i32(c, &v->held[i].order_epoch);
        code_i32(c, &v->held[i].order_version);
    }
}

static void code_isr_change(struct coder *c, struct cluster_isr_change *v)
{
    code_u64(c, &v->request);
    code_partition(c, &v->id);
    code_i32(c, &v->leader_epoch);
    code_i32(c, &v->version);
    code_count(c, &v->isr_count, CLUSTER_REPLICAS_MAX);
    for (uint32_t i = 0; i < v->isr_count; i++)
        code_member(c, &v->isr[i]);
}

static void code_isr_reply(struct coder *c, struct cluster_isr_reply *v)
{
    code_u64(c, &v->request);
    code_partition(c, &v->id);
    v->result =
        (enum cluster_isr_result)code_choice(c, v->result, CLUSTER_ISR_DONE, CLUSTER_ISR_UNKNOWN);
    code_i32(c, &v->leader_epoch);
    code_i32(c, &v->version);
    code_brokers(c, &v->isr_count, v->isr);
}

static void code_report(struct coder *c, struct cluster_report *v)
{
    code_partition(c, &v->id);
    v->kind = (enum cluster_report_kind)code_choice(c, v->kind, CLUSTER_REPORT_CREATED,
                                                    CLUSTER_REPORT_DELETED);
    code_i32(c, &v->leader_epoch);
    code_i32(c, &v->version);
}

static void code_admin(struct coder *c, struct cluster_admin *v)
{
    code_u64(c, &v->request);
    code_i16(c, &v->api_key);
    code_i16(c, &v->api_version);
    code_i32(c, &v->timeout_ms);
    code_view(c, &v->body);
}

static void code_admin_reply(struct coder *c, struct cluster_admin_reply *v)
{
    code_u64(c, &v->request);
    code_i16(c, &v->error);
    code_u64(c, &v->metadata_number);
    code_view(c, &v->body);
}

static void code_subscribe(struct coder *c, struct cluster_subscribe *v)
{
    code_member(c, &v->from);
    code_i32(c, &v->controller_epoch);
    code_u64(c, &v->next_number);
}

static void code_digest(struct coder *c, struct cluster_digest *v)
{
    code_i32(c, &v->controller_epoch);
    code_u64(c, &v->last_number);
    code_u64(c, &v->digest);
}

/* Kinds that are lists of one thing. */
static void code_lists(struct coder *c, struct cluster_message *m)
{
    if (m->kind == CLUSTER_KIND_ISR_CHANGES) {
        m->u.isr_changes.items = code_array(c, &m->u.isr_changes.count, m->u.isr_changes.items, 40,
                                            sizeof *m->u.isr_changes.items);
        for (uint32_t i = 0; i < m->u.isr_changes.count && !c->failed; i++)
            code_isr_change(c, &m->u.isr_changes.items[i]);
    } else if (m->kind == CLUSTER_KIND_ISR_REPLIES) {
        m->u.isr_replies.items = code_array(c, &m->u.isr_replies.count, m->u.isr_replies.items, 41,
                                            sizeof *m->u.isr_replies.items);
        for (uint32_t i = 0; i < m->u.isr_replies.count && !c->failed; i++)
            code_isr_reply(c, &m->u.isr_replies.items[i]);
    } else {
        m->u.reports.items =
            code_array(c, &m->u.reports.count, m->u.reports.items, 29, sizeof *m->u.reports.items);
        for (uint32_t i = 0; i < m->u.reports.count && !c->failed; i++)
            code_report(c, &m->u.reports.items[i]);
    }
}

void code_control(struct coder *c, struct cluster_message *m)
{
    switch ((unsigned)m->kind) {
    case CLUSTER_KIND_REFUSED:
        code_view(c, &m->u.refused);
        break;
    case CLUSTER_KIND_PING:
    case CLUSTER_KIND_PONG:
        code_u64(c, &m->u.ping.number);
        break;
    case CLUSTER_KIND_SUBSCRIBE:
        code_subscribe(c, &m->u.subscribe);
        break;
    case CLUSTER_KIND_METADATA:
        code_metadata(c, &m->u.metadata);
        break;
    case CLUSTER_KIND_DIGEST:
        code_digest(c, &m->u.digest);
        break;
    case CLUSTER_KIND_INVENTORY:
        code_inventory(c, &m->u.inventory);
        break;
    case CLUSTER_KIND_ISR_CHANGES:
    case CLUSTER_KIND_ISR_REPLIES:
    case CLUSTER_KIND_REPORTS:
        code_lists(c, m);
        break;
    case CLUSTER_KIND_SHUTDOWN:
        code_member(c, &m->u.shutdown.from);
        break;
    case CLUSTER_KIND_SHUTDOWN_REPLY:
        code_i32(c, &m->u.shutdown_reply.remaining);
        break;
    case CLUSTER_KIND_ADMIN:
        code_admin(c, &m->u.admin);
        break;
    case CLUSTER_KIND_ADMIN_REPLY:
        code_admin_reply(c, &m->u.admin_reply);
        break;
    default:
        IMPOSSIBLE("not a control kind");
    }
}
