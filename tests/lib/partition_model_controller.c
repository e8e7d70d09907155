/* SPDX-License-Identifier: Apache-2.0 */
/* The model's controller and what stands in its store. */
#include "tests/lib/partition_model_internal.h"

/* ---- the controller ---- */

static void broadcast(struct partition_model *m, const struct cluster_item *item)
{
    for (int32_t i = 0; i < MODEL_BROKERS; i++) {
        struct model_broker *b = &m->brokers[i];
        if (!b->running || b->queue_count == COUNT_OF(b->queue))
            continue;
        b->queue[(b->queue_first + b->queue_count++) % COUNT_OF(b->queue)] = *item;
    }
}

struct cluster_item model_member_item(const struct partition_model *m, int32_t broker)
{
    return (struct cluster_item){
        .kind = CLUSTER_ITEM_BROKER,
        .u.broker = {.member = m->members[broker], .alive = m->alive[broker]}};
}

static void say_state(struct partition_model *m)
{
    broadcast(m, &(struct cluster_item){.kind = CLUSTER_ITEM_PARTITION, .u.partition = m->state});
}

void model_say_member(struct partition_model *m, int32_t broker)
{
    struct cluster_item item = model_member_item(m, broker);
    broadcast(m, &item);
}

void model_elect(struct partition_model *m, bool other)
{
    struct cluster_partition_item *s = &m->state;
    int32_t candidates[MODEL_BROKERS];
    uint32_t count = 0;
    if (s->leader_epoch >= 62)
        return;
    for (uint32_t i = 0; i < s->isr_count; i++)
        if (m->alive[s->isr[i]] && !(other && s->isr[i] == s->leader))
            candidates[count++] = s->isr[i];
    if (count == 0 && other)
        return;
    s->leader = count ? candidates[model_below(m, count)] : -1;
    s->leader_incarnation = count ? m->members[s->leader].incarnation : 0;
    s->leader_epoch++;
    s->version++;
    say_state(m);
}

/* Out of the ISR, but never the last of it; of the dead, never the last but dead ones. */
static void shrink(struct partition_model *m, int32_t broker, bool damaged)
{
    struct cluster_partition_item *s = &m->state;
    uint32_t kept = 0;
    for (uint32_t i = 0; i < s->isr_count; i++)
        kept += s->isr[i] != broker &&
                (damaged || (m->alive[s->isr[i]] && m->brokers[s->isr[i]].log.there));
    if (!model_in_state_isr(m, broker) || kept == 0)
        return;
    kept = 0;
    for (uint32_t i = 0; i < s->isr_count; i++)
        if (s->isr[i] != broker)
            s->isr[kept++] = s->isr[i];
    s->isr_count = kept;
    s->version++;
    say_state(m);
}

void model_declare_dead(struct partition_model *m, int32_t broker)
{
    if (!m->alive[broker])
        return;
    m->alive[broker] = false;
    m->out[broker] = true;
    model_say_member(m, broker);
    shrink(m, broker, false);
    if (m->state.leader == broker)
        model_elect(m, false);
}

/* The inventory of a process that has registered: what is missing counts no more; what it led
 * before goes on in a new epoch only. */
void model_let_in(struct partition_model *m, int32_t broker)
{
    struct model_broker *b = &m->brokers[broker];
    if (!b->running || m->alive[broker] || m->out[broker] ||
        m->members[broker].incarnation != b->incarnation)
        return;
    bool is_new = m->state.flags & CLUSTER_PARTITION_NEW;
    bool missing = !b->log.there && !is_new;
    if (missing)
        shrink(m, broker, true);
    m->alive[broker] = true;
    model_say_member(m, broker);
    bool last_and_missing = missing && model_in_state_isr(m, broker);
    if ((m->state.leader == broker || m->state.leader < 0) && !last_and_missing)
        model_elect(m, false);
}

static bool change_fits(const struct partition_model *m, const struct cluster_isr_change *c)
{
    if (c->leader_epoch != m->state.leader_epoch || c->version != m->state.version ||
        c->isr_count == 0)
        return false;
    if (c->leader_epoch == m->refused_epoch && c->request <= m->refused_request)
        return false;
    for (uint32_t i = 0; i < c->isr_count; i++) {
        int32_t broker = c->isr[i].broker;
        bool current = m->alive[broker] && m->members[broker].incarnation == c->isr[i].incarnation;
        if (!model_in_state_isr(m, broker) && !current)
            return false;
    }
    return true;
}

static bool is_done_already(const struct partition_model *m, const struct cluster_isr_change *c)
{
    if (c->leader_epoch != m->state.leader_epoch || c->isr_count != m->state.isr_count ||
        m->state.version != c->version + 1)
        return false;
    for (uint32_t i = 0; i < c->isr_count; i++)
        if (!model_in_state_isr(m, c->isr[i].broker))
            return false;
    return true;
}

void model_on_isr_change(struct partition_model *m, const struct model_message *msg)
{
    const struct cluster_isr_change *c = &msg->u.isr_change;
    struct cluster_partition_item *s = &m->state;
    enum cluster_isr_result result = CLUSTER_ISR_REFUSED;
    if (is_done_already(m, c)) {
        result = CLUSTER_ISR_DONE;
    } else if (change_fits(m, c)) {
        result = CLUSTER_ISR_DONE;
        for (uint32_t i = 0; i < c->isr_count; i++)
            s->isr[i] = c->isr[i].broker;
        s->isr_count = c->isr_count;
        s->version++;
        m->counts.isr_changes++;
        say_state(m);
    } else if (c->leader_epoch == m->state.leader_epoch) {
        /* Refused is refused: another copy of it must not be done when the members fit again. */
        if (c->leader_epoch != m->refused_epoch || c->request > m->refused_request)
            m->refused_request = c->request;
        m->refused_epoch = c->leader_epoch;
    }
    if (!m->healing && model_chance(m, 25)) {
        m->counts.unknown_outcomes++;
        if (model_chance(m, 50))
            return;
        result = CLUSTER_ISR_UNKNOWN;
    }
    struct model_message *reply = model_send(m, MODEL_ISR_REPLY, &m->brokers[0], msg->from);
    reply->u.isr_reply = (struct cluster_isr_reply){.request = c->request,
                                                    .id = c->id,
                                                    .result = result,
                                                    .leader_epoch = s->leader_epoch,
                                                    .version = s->version,
                                                    .isr_count = s->isr_count};
    memcpy(reply->u.isr_reply.isr, s->isr, sizeof s->isr);
}

void model_on_report(struct partition_model *m, const struct model_message *msg)
{
    int32_t broker = msg->from.broker;
    if (m->members[broker].incarnation != msg->from.incarnation)
        return;
    if (msg->u.report.kind == CLUSTER_REPORT_CREATED) {
        m->created[broker] = true;
    } else if (msg->u.report.leader_epoch == m->state.leader_epoch) {
        shrink(m, broker, true);
        if (m->state.leader == broker)
            model_elect(m, false);
    }
    for (int32_t i = 0; i < MODEL_BROKERS; i++)
        if (model_in_state_isr(m, i) && !m->created[i])
            return;
    if (m->state.flags & CLUSTER_PARTITION_NEW) {
        m->state.flags &= ~(uint32_t)CLUSTER_PARTITION_NEW;
        m->state.version++;
        say_state(m);
    }
}
