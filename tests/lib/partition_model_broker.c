/* SPDX-License-Identifier: Apache-2.0 */
/* A broker of the model: its log, its step function's shell, the messages between brokers; and the
 * truth that all of it is held against. */
#include "tests/lib/partition_model_internal.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static uint64_t draw(struct partition_model *m)
{
    m->seed ^= m->seed << 13;
    m->seed ^= m->seed >> 7;
    m->seed ^= m->seed << 17;
    return m->seed * UINT64_C(0x2545F4914F6CDD1D) >> 11;
}

uint32_t model_below(struct partition_model *m, int64_t bound)
{
    return bound <= 1 ? 0 : (uint32_t)(draw(m) % (uint64_t)bound);
}

bool model_chance(struct partition_model *m, uint32_t percent)
{
    return model_below(m, 100) < percent;
}

void model_violated(struct partition_model *m, const char *format, ...)
{
    va_list args;
    if (m->violation[0])
        return;
    va_start(args, format);
    vsnprintf(m->violation, sizeof m->violation, format, args);
    va_end(args);
}

int32_t model_id_of(const struct partition_model *m, const struct model_broker *b)
{
    return (int32_t)(b - m->brokers);
}

/* ---- the model log ---- */

struct partition_log model_log_numbers(const struct model_broker *b)
{
    const struct model_log *l = &b->log;
    return (struct partition_log){
        .there = l->there,
        .created = l->created,
        .truncating = l->truncating,
        .last_epoch = l->end > l->start ? l->records[l->end - 1].epoch : -1,
        .start = l->start,
        .end = l->end,
        .synced_end = l->synced_end,
        .high_watermark = l->high_watermark,
    };
}

static void log_epoch(const struct model_log *l, int32_t epoch, int32_t *ret_epoch,
                      int64_t *ret_end)
{
    *ret_epoch = -1;
    *ret_end = -1;
    for (int64_t i = l->start; i < l->end && l->records[i].epoch <= epoch; i++) {
        *ret_epoch = l->records[i].epoch;
        *ret_end = i + 1;
    }
}

void model_log_put(struct partition_model *m, struct model_broker *b, struct model_record r)
{
    struct model_log *l = &b->log;
    if (l->truncating)
        model_violated(m, "broker %d appends while it truncates", model_id_of(m, b));
    if (r.epoch < 0 || r.epoch >= 64 || l->end >= MODEL_RECORDS)
        abort();
    struct model_record *slot = &m->assigned[r.epoch][l->end];
    if (slot->value == 0)
        *slot = r;
    else if (slot->value != r.value)
        model_violated(m, "two records at epoch %d offset %ld", r.epoch, (long)l->end);
    l->records[l->end++] = r;
}

static void log_cut_begin(struct model_log *l)
{
    if (!l->truncating) {
        memcpy(l->before, l->records, sizeof l->before);
        l->before_start = l->start;
        l->before_end = l->end;
    }
    l->truncating = true;
}

static void log_truncate_to(struct model_log *l, int64_t to)
{
    if (to >= l->end)
        return;
    log_cut_begin(l);
    l->end = to;
    l->synced_end = l->synced_end < to ? l->synced_end : to;
}

static void log_reset_to(struct model_log *l, int64_t to)
{
    log_cut_begin(l);
    l->start = l->end = l->synced_end = to;
}

/* ---- messages ---- */

struct model_message *model_send(struct partition_model *m, enum model_message_kind kind,
                                 const struct model_broker *from, struct cluster_member to)
{
    struct model_message *msg = &m->spilled;
    if (m->message_count < MODEL_MESSAGES)
        msg = &m->messages[m->message_count++];
    else
        m->overflowed = true;
    *msg = (struct model_message){
        .kind = kind, .from = {model_id_of(m, from), from->incarnation}, .to = to};
    if (!m->healing && model_chance(m, 20))
        msg->not_before = m->counts.steps + model_below(m, 400);
    return msg;
}

struct model_message model_take(struct partition_model *m, uint32_t at)
{
    struct model_message msg = m->messages[at];
    m->message_count--;
    memmove(&m->messages[at], &m->messages[at + 1],
            (m->message_count - at) * sizeof m->messages[0]);
    return msg;
}

/* ---- the truth ---- */

static void check_leader_has_all(struct partition_model *m, const struct model_broker *b)
{
    for (int64_t i = b->log.start; i < MODEL_RECORDS; i++) {
        const struct model_record *r = &m->acknowledged[i];
        if (r->value && m->acknowledged_epoch[i] < b->partition.order.leader_epoch &&
            (i >= b->log.end || b->log.records[i].value != r->value))
            model_violated(m, "leader %d of epoch %d lacks acknowledged offset %ld",
                           model_id_of(m, b), b->partition.order.leader_epoch, (long)i);
    }
}

static void check_committed(struct partition_model *m, const struct model_broker *b)
{
    const struct partition *p = &b->partition;
    for (int64_t i = b->log.start; i < p->high_watermark; i++) {
        struct model_record *r = &m->committed[i];
        if (i >= b->log.end)
            model_violated(m, "broker %d: high watermark beyond its end", model_id_of(m, b));
        else if (r->value == 0)
            *r = b->log.records[i];
        else if (r->value != b->log.records[i].value)
            model_violated(m, "broker %d differs below its high watermark at %ld",
                           model_id_of(m, b), (long)i);
    }
}

bool model_in_state_isr(const struct partition_model *m, int32_t broker)
{
    for (uint32_t i = 0; i < m->state.isr_count; i++)
        if (m->state.isr[i] == broker)
            return true;
    return false;
}

void model_check_isr_synced(struct partition_model *m)
{
    int32_t leader = m->state.leader;
    if (leader < 0 || !partition_leads(&m->brokers[leader].partition) ||
        m->brokers[leader].partition.order.leader_epoch != m->state.leader_epoch)
        return;
    int64_t end = m->brokers[leader].partition.high_watermark;
    for (int32_t i = 0; i < MODEL_BROKERS; i++) {
        const struct model_log *l = &m->brokers[i].log;
        if (model_in_state_isr(m, i) && l->there && !l->truncating && l->start <= end &&
            l->synced_end < end)
            model_violated(m, "broker %d in the isr has synced %ld of %ld", i, (long)l->synced_end,
                           (long)end);
    }
}

static void acknowledge(struct partition_model *m, struct model_broker *b)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < b->waiting_count; i++) {
        int64_t offset = b->waiting[i];
        if (offset >= b->partition.high_watermark) {
            b->waiting[kept++] = offset;
            continue;
        }
        m->acknowledged[offset] = b->log.records[offset];
        m->acknowledged_epoch[offset] = b->partition.order.leader_epoch;
        m->counts.acknowledged++;
        for (int32_t j = 0; j < MODEL_BROKERS; j++) {
            const struct model_broker *other = &m->brokers[j];
            if (other->running && partition_leads(&other->partition) &&
                other->partition.order.leader_epoch > b->partition.order.leader_epoch)
                check_leader_has_all(m, other);
        }
    }
    b->waiting_count = kept;
}

/* ---- a replica's shell ---- */

void model_tell_log(struct partition_model *m, struct model_broker *b)
{
    struct partition_event e = {.kind = PARTITION_EV_LOG};
    e.u.log = model_log_numbers(b);
    model_step(m, b, &e);
}

void model_stream_event(struct partition_model *m, struct model_broker *b,
                        enum partition_event_kind kind, struct cluster_member from)
{
    struct partition_event e = {.kind = kind, .from = from};
    model_step(m, b, &e);
}

/* The leader's messages and pushes to followers. */
static bool act_leader(struct partition_model *m, struct model_broker *b,
                       const struct partition_action *a)
{
    struct model_feed *feed =
        a->to.broker >= 0 && a->to.broker < MODEL_BROKERS ? &b->feeds[a->to.broker] : NULL;
    switch (a->kind) {
    case PARTITION_DO_WANT_STREAM:
        b->stream_wanted[a->to.broker] = true;
        if (b->stream_up[a->to.broker] == a->to.incarnation)
            model_stream_event(m, b, PARTITION_EV_STREAM_UP, a->to);
        return true;
    case PARTITION_DO_SEND_OPEN:
        model_send(m, MODEL_OPEN, b, a->to)->u.open = a->u.open;
        return true;
    case PARTITION_DO_SEND_DIVERGE:
        model_send(m, MODEL_DIVERGE, b, a->to)->u.diverge = a->u.diverge;
        return true;
    case PARTITION_DO_SEND_RESET:
        model_send(m, MODEL_RESET, b, a->to)->u.reset = a->u.reset;
        return true;
    case PARTITION_DO_START_PUSH:
        *feed = (struct model_feed){true, a->to, a->session, a->offset};
        return true;
    case PARTITION_DO_STOP_PUSH:
        feed->active = false;
        return true;
    default:
        return false;
    }
}

static bool act_follower(struct partition_model *m, struct model_broker *b,
                         const struct partition_action *a)
{
    switch (a->kind) {
    case PARTITION_DO_SEND_STATE:
        model_send(m, MODEL_STATE, b, a->to)->u.state = a->u.state;
        return true;
    case PARTITION_DO_SEND_ACK:
        model_send(m, MODEL_ACK, b, a->to)->u.ack = a->u.ack;
        return true;
    case PARTITION_DO_SEND_REFUSE:
        model_send(m, MODEL_REFUSE, b, a->to)->u.refuse = a->u.refuse;
        return true;
    default:
        return false;
    }
}

static void act_log(struct partition_model *m, struct model_broker *b,
                    const struct partition_action *a)
{
    switch (a->kind) {
    case PARTITION_DO_CREATE_LOG:
        b->log = (struct model_log){.there = true};
        break;
    case PARTITION_DO_TRUNCATE:
        m->counts.truncations++;
        log_truncate_to(&b->log, a->offset);
        break;
    case PARTITION_DO_RESET:
        m->counts.resets++;
        log_reset_to(&b->log, a->offset);
        break;
    case PARTITION_DO_ADVANCE_START:
        b->log.start = a->offset;
        break;
    case PARTITION_DO_LEAD:
        m->counts.elections++;
        check_leader_has_all(m, b);
        break;
    case PARTITION_DO_FAIL_WAITERS:
        b->waiting_count = 0;
        break;
    case PARTITION_DO_UNLEAD:
    case PARTITION_DO_NEW_PEERS:
        memset(b->feeds, 0, sizeof b->feeds);
        break;
    case PARTITION_DO_SET_HIGH_WATERMARK:
        check_committed(m, b);
        if (partition_leads(&b->partition))
            acknowledge(m, b);
        break;
    case PARTITION_DO_REPORT:
        model_send(m, MODEL_REPORT, b, (struct cluster_member){-1, 0})->u.report = a->u.report;
        break;
    case PARTITION_DO_ASK_ISR:
        model_send(m, MODEL_ISR_CHANGE, b, (struct cluster_member){-1, 0})->u.isr_change =
            a->u.isr_change;
        break;
    default:
        break; /* timers: time is told often enough; marks go with the next push */
    }
}

static bool changes_log(enum partition_action_kind kind)
{
    return kind == PARTITION_DO_CREATE_LOG || kind == PARTITION_DO_TRUNCATE ||
           kind == PARTITION_DO_RESET || kind == PARTITION_DO_ADVANCE_START;
}

static bool carry_out(struct partition_model *m, struct model_broker *b,
                      const struct partition_actions *actions)
{
    bool accepted = false, log_changed = false;
    for (uint32_t i = 0; i < actions->count; i++) {
        const struct partition_action *a = &actions->items[i];
        accepted |= a->kind == PARTITION_DO_ACCEPT_PUSH;
        log_changed |= changes_log(a->kind);
        if (!act_leader(m, b, a) && !act_follower(m, b, a))
            act_log(m, b, a);
    }
    if (log_changed)
        model_tell_log(m, b);
    return accepted;
}

static bool step_accepted(struct partition_model *m, struct model_broker *b,
                          struct partition_event *e)
{
    struct partition_actions actions = {0};
    e->now_ms = m->now_ms;
    partition_step(&b->partition, e, &actions);
    return carry_out(m, b, &actions);
}

void model_step(struct partition_model *m, struct model_broker *b, struct partition_event *e)
{
    (void)step_accepted(m, b, e);
}

void model_turn(struct partition_model *m, struct model_broker *b)
{
    if (!b->running)
        return;
    struct partition_actions actions = {0};
    partition_turn(&b->partition, m->now_ms, &actions);
    carry_out(m, b, &actions);
}

/* ---- the network ---- */

void model_deliver_replica(struct partition_model *m, struct model_broker *b,
                           const struct model_message *msg)
{
    struct partition_event e = {.from = msg->from};
    switch (msg->kind) {
    case MODEL_OPEN:
        e.kind = PARTITION_EV_OPEN;
        e.u.open = msg->u.open;
        break;
    case MODEL_STATE:
        e.kind = PARTITION_EV_STATE;
        e.u.state = msg->u.state;
        log_epoch(&b->log, msg->u.state.last_epoch, &e.own_epoch, &e.own_end);
        break;
    case MODEL_DIVERGE:
        e.kind = PARTITION_EV_DIVERGE;
        e.u.diverge = msg->u.diverge;
        log_epoch(&b->log, msg->u.diverge.epoch, &e.own_epoch, &e.own_end);
        break;
    case MODEL_RESET:
        e.kind = PARTITION_EV_RESET;
        e.u.reset = msg->u.reset;
        break;
    case MODEL_PUSH:
        e.kind = PARTITION_EV_PUSH;
        e.u.push = msg->u.push;
        break;
    case MODEL_ACK:
        e.kind = PARTITION_EV_ACK;
        e.u.ack = msg->u.ack;
        break;
    case MODEL_REFUSE:
        e.kind = PARTITION_EV_REFUSE;
        e.u.refuse = msg->u.refuse;
        break;
    default:
        return;
    }
    if (step_accepted(m, b, &e) && msg->kind == MODEL_PUSH) {
        for (uint32_t i = 0; i < msg->u.push.size; i++)
            model_log_put(m, b, msg->records[i]);
        model_tell_log(m, b);
    }
}

/* Records stand for bytes: a push of size n bears n records. */
void model_push(struct partition_model *m, struct model_broker *b, struct model_feed *f)
{
    const struct partition *p = &b->partition;
    struct model_message *msg = model_send(m, MODEL_PUSH, b, f->to);
    int64_t left = b->log.end - f->next;
    msg->u.push = (struct cluster_push){MODEL_ID,
                                        p->order.leader_epoch,
                                        f->session,
                                        p->high_watermark,
                                        b->log.start,
                                        f->next,
                                        left > 0 ? model_below(m, left > 8 ? 9 : left + 1) : 0};
    for (uint32_t i = 0; i < msg->u.push.size; i++)
        msg->records[i] = b->log.records[f->next++];
}

void model_break_stream(struct partition_model *m, int32_t leader, int32_t follower)
{
    struct model_broker *l = &m->brokers[leader], *f = &m->brokers[follower];
    if (!l->stream_up[follower])
        return;
    m->counts.broken_streams++;
    for (uint32_t i = m->message_count; i-- > 0;) {
        struct model_message *msg = &m->messages[i];
        bool back = msg->kind == MODEL_STATE || msg->kind == MODEL_ACK || msg->kind == MODEL_REFUSE;
        bool theirs = msg->kind <= MODEL_REFUSE && msg->from.broker == (back ? follower : leader) &&
                      msg->to.broker == (back ? leader : follower);
        if (!theirs)
            continue;
        if (m->healing || model_chance(m, 40)) {
            (void)model_take(m, i);
        } else {
            msg->not_before = m->counts.steps + model_below(m, 1000);
            m->counts.late_messages++;
        }
    }
    struct cluster_member to = {follower, l->stream_up[follower]};
    l->stream_up[follower] = 0;
    if (l->running)
        model_stream_event(m, l, PARTITION_EV_STREAM_DOWN, to);
    if (f->running && f->incarnation == to.incarnation)
        model_stream_event(m, f, PARTITION_EV_LEADER_DOWN,
                           (struct cluster_member){leader, l->incarnation});
}

void model_connect_streams(struct partition_model *m)
{
    int32_t l = (int32_t)model_below(m, MODEL_BROKERS), f = (int32_t)model_below(m, MODEL_BROKERS);
    struct model_broker *leader = &m->brokers[l];
    const struct model_broker *follower = &m->brokers[f];
    if (l == f || !leader->running || !leader->stream_wanted[f] || leader->stream_up[f] ||
        !follower->running)
        return;
    leader->stream_up[f] = follower->incarnation;
    model_stream_event(m, leader, PARTITION_EV_STREAM_UP,
                       (struct cluster_member){f, follower->incarnation});
}
