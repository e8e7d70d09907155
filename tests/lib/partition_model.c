/* SPDX-License-Identifier: Apache-2.0 */
/* The promises that are checked:
 *
 *   one record per (epoch, offset): whoever appends at an offset in an epoch appends the same
 *   one history: what lies below any replica's high watermark is the same on all
 *   nothing acknowledged is lost: who starts to lead has what was acknowledged in earlier epochs,
 *   and when something is acknowledged, every leader of a later epoch has it
 *   every member of the stored ISR holds, synced, what is below the leader's high watermark
 */
#include "tests/lib/partition_model.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/assert.h"
#include "common/memory.h"

static const struct partition_id the_id = {{{7}}, 0};

static uint64_t draw(struct partition_model *m)
{
    m->seed ^= m->seed << 13;
    m->seed ^= m->seed >> 7;
    m->seed ^= m->seed << 17;
    return m->seed * UINT64_C(0x2545F4914F6CDD1D) >> 11;
}

static uint32_t below(struct partition_model *m, int64_t bound)
{
    return bound <= 1 ? 0 : (uint32_t)(draw(m) % (uint64_t)bound);
}

static bool chance(struct partition_model *m, uint32_t percent)
{
    return below(m, 100) < percent;
}

static void violated(struct partition_model *m, const char *format, ...) PRINTF_LIKE(2, 3);
static void violated(struct partition_model *m, const char *format, ...)
{
    va_list args;
    if (m->violation[0])
        return;
    va_start(args, format);
    vsnprintf(m->violation, sizeof m->violation, format, args);
    va_end(args);
}

static int32_t id_of(const struct partition_model *m, const struct model_broker *b)
{
    return (int32_t)(b - m->brokers);
}

/* ---- the model log ---- */

static struct partition_log log_numbers(const struct model_broker *b)
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

static void log_put(struct partition_model *m, struct model_broker *b, struct model_record r)
{
    struct model_log *l = &b->log;
    if (l->truncating)
        violated(m, "broker %d appends while it truncates", id_of(m, b));
    if (r.epoch < 0 || r.epoch >= 64 || l->end >= MODEL_RECORDS)
        abort();
    struct model_record *slot = &m->assigned[r.epoch][l->end];
    if (slot->value == 0)
        *slot = r;
    else if (slot->value != r.value)
        violated(m, "two records at epoch %d offset %ld", r.epoch, (long)l->end);
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

static struct model_message *send(struct partition_model *m, enum model_message_kind kind,
                                  const struct model_broker *from, struct cluster_member to)
{
    struct model_message *msg = &m->spilled;
    if (m->message_count < MODEL_MESSAGES)
        msg = &m->messages[m->message_count++];
    else
        m->overflowed = true;
    *msg =
        (struct model_message){.kind = kind, .from = {id_of(m, from), from->incarnation}, .to = to};
    if (!m->healing && chance(m, 20))
        msg->not_before = m->counts.steps + below(m, 400);
    return msg;
}

static struct model_message take(struct partition_model *m, uint32_t at)
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
            violated(m, "leader %d of epoch %d lacks acknowledged offset %ld", id_of(m, b),
                     b->partition.order.leader_epoch, (long)i);
    }
}

static void check_committed(struct partition_model *m, const struct model_broker *b)
{
    const struct partition *p = &b->partition;
    for (int64_t i = b->log.start; i < p->high_watermark; i++) {
        struct model_record *r = &m->committed[i];
        if (i >= b->log.end)
            violated(m, "broker %d: high watermark beyond its end", id_of(m, b));
        else if (r->value == 0)
            *r = b->log.records[i];
        else if (r->value != b->log.records[i].value)
            violated(m, "broker %d differs below its high watermark at %ld", id_of(m, b), (long)i);
    }
}

static bool in_state_isr(const struct partition_model *m, int32_t broker)
{
    for (uint32_t i = 0; i < m->state.isr_count; i++) {
        if (m->state.isr[i] == broker)
            return true;
    }
    return false;
}

static void check_isr_synced(struct partition_model *m)
{
    int32_t leader = m->state.leader;
    if (leader < 0 || !partition_leads(&m->brokers[leader].partition) ||
        m->brokers[leader].partition.order.leader_epoch != m->state.leader_epoch)
        return;
    int64_t end = m->brokers[leader].partition.high_watermark;
    for (int32_t i = 0; i < MODEL_BROKERS; i++) {
        const struct model_log *l = &m->brokers[i].log;
        if (in_state_isr(m, i) && l->there && !l->truncating && l->start <= end &&
            l->synced_end < end)
            violated(m, "broker %d in the isr has synced %ld of %ld", i, (long)l->synced_end,
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

static void step(struct partition_model *m, struct model_broker *b, struct partition_event *e);

static void tell_log(struct partition_model *m, struct model_broker *b)
{
    struct partition_event e = {.kind = PARTITION_EV_LOG};
    e.u.log = log_numbers(b);
    step(m, b, &e);
}

static void stream_event(struct partition_model *m, struct model_broker *b,
                         enum partition_event_kind kind, struct cluster_member from)
{
    struct partition_event e = {.kind = kind, .from = from};
    step(m, b, &e);
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
            stream_event(m, b, PARTITION_EV_STREAM_UP, a->to);
        return true;
    case PARTITION_DO_SEND_OPEN:
        send(m, MODEL_OPEN, b, a->to)->u.open = a->u.open;
        return true;
    case PARTITION_DO_SEND_DIVERGE:
        send(m, MODEL_DIVERGE, b, a->to)->u.diverge = a->u.diverge;
        return true;
    case PARTITION_DO_SEND_RESET:
        send(m, MODEL_RESET, b, a->to)->u.reset = a->u.reset;
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
        send(m, MODEL_STATE, b, a->to)->u.state = a->u.state;
        return true;
    case PARTITION_DO_SEND_ACK:
        send(m, MODEL_ACK, b, a->to)->u.ack = a->u.ack;
        return true;
    case PARTITION_DO_SEND_REFUSE:
        send(m, MODEL_REFUSE, b, a->to)->u.refuse = a->u.refuse;
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
        memset(b->feeds, 0, sizeof b->feeds);
        break;
    case PARTITION_DO_SET_HIGH_WATERMARK:
        check_committed(m, b);
        if (partition_leads(&b->partition))
            acknowledge(m, b);
        break;
    case PARTITION_DO_REPORT:
        send(m, MODEL_REPORT, b, (struct cluster_member){-1, 0})->u.report = a->u.report;
        break;
    case PARTITION_DO_ASK_ISR:
        send(m, MODEL_ISR_CHANGE, b, (struct cluster_member){-1, 0})->u.isr_change =
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
        tell_log(m, b);
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

static void step(struct partition_model *m, struct model_broker *b, struct partition_event *e)
{
    (void)step_accepted(m, b, e);
}

static void turn(struct partition_model *m, struct model_broker *b)
{
    if (!b->running)
        return;
    struct partition_actions actions = {0};
    partition_turn(&b->partition, m->now_ms, &actions);
    carry_out(m, b, &actions);
}

/* ---- the network ---- */

static void deliver_replica(struct partition_model *m, struct model_broker *b,
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
            log_put(m, b, msg->records[i]);
        tell_log(m, b);
    }
}

/* Records stand for bytes: a push of size n bears n records. */
static void push(struct partition_model *m, struct model_broker *b, struct model_feed *f)
{
    const struct partition *p = &b->partition;
    struct model_message *msg = send(m, MODEL_PUSH, b, f->to);
    int64_t left = b->log.end - f->next;
    msg->u.push = (struct cluster_push){the_id,
                                        p->order.leader_epoch,
                                        f->session,
                                        p->high_watermark,
                                        b->log.start,
                                        f->next,
                                        left > 0 ? below(m, left > 8 ? 9 : left + 1) : 0};
    for (uint32_t i = 0; i < msg->u.push.size; i++)
        msg->records[i] = b->log.records[f->next++];
}

static void break_stream(struct partition_model *m, int32_t leader, int32_t follower)
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
        if (m->healing || chance(m, 40)) {
            (void)take(m, i);
        } else {
            msg->not_before = m->counts.steps + below(m, 1000);
            m->counts.late_messages++;
        }
    }
    struct cluster_member to = {follower, l->stream_up[follower]};
    l->stream_up[follower] = 0;
    if (l->running)
        stream_event(m, l, PARTITION_EV_STREAM_DOWN, to);
    if (f->running && f->incarnation == to.incarnation)
        stream_event(m, f, PARTITION_EV_LEADER_DOWN,
                     (struct cluster_member){leader, l->incarnation});
}

static void connect_streams(struct partition_model *m)
{
    int32_t l = (int32_t)below(m, MODEL_BROKERS), f = (int32_t)below(m, MODEL_BROKERS);
    struct model_broker *leader = &m->brokers[l];
    const struct model_broker *follower = &m->brokers[f];
    if (l == f || !leader->running || !leader->stream_wanted[f] || leader->stream_up[f] ||
        !follower->running)
        return;
    leader->stream_up[f] = follower->incarnation;
    stream_event(m, leader, PARTITION_EV_STREAM_UP,
                 (struct cluster_member){f, follower->incarnation});
}

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

static struct cluster_item member_item(const struct partition_model *m, int32_t broker)
{
    return (struct cluster_item){
        .kind = CLUSTER_ITEM_BROKER,
        .u.broker = {.member = m->members[broker], .alive = m->alive[broker]}};
}

static void say_state(struct partition_model *m)
{
    broadcast(m, &(struct cluster_item){.kind = CLUSTER_ITEM_PARTITION, .u.partition = m->state});
}

static void say_member(struct partition_model *m, int32_t broker)
{
    struct cluster_item item = member_item(m, broker);
    broadcast(m, &item);
}

static void elect(struct partition_model *m, bool other)
{
    struct cluster_partition_item *s = &m->state;
    int32_t candidates[MODEL_BROKERS];
    uint32_t count = 0;
    if (s->leader_epoch >= 62)
        return;
    for (uint32_t i = 0; i < s->isr_count; i++) {
        if (m->alive[s->isr[i]] && !(other && s->isr[i] == s->leader))
            candidates[count++] = s->isr[i];
    }
    if (count == 0 && other)
        return;
    s->leader = count ? candidates[below(m, count)] : -1;
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
    if (!in_state_isr(m, broker) || kept == 0)
        return;
    kept = 0;
    for (uint32_t i = 0; i < s->isr_count; i++) {
        if (s->isr[i] != broker)
            s->isr[kept++] = s->isr[i];
    }
    s->isr_count = kept;
    s->version++;
    say_state(m);
}

static void declare_dead(struct partition_model *m, int32_t broker)
{
    if (!m->alive[broker])
        return;
    m->alive[broker] = false;
    m->out[broker] = true;
    say_member(m, broker);
    shrink(m, broker, false);
    if (m->state.leader == broker)
        elect(m, false);
}

/* The inventory of a process that has registered: what is missing counts no more; what it led
 * before goes on in a new epoch only. */
static void let_in(struct partition_model *m, int32_t broker)
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
    say_member(m, broker);
    bool last_and_missing = missing && in_state_isr(m, broker);
    if ((m->state.leader == broker || m->state.leader < 0) && !last_and_missing)
        elect(m, false);
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
        if (!in_state_isr(m, broker) && !current)
            return false;
    }
    return true;
}

static bool is_done_already(const struct partition_model *m, const struct cluster_isr_change *c)
{
    if (c->leader_epoch != m->state.leader_epoch || c->isr_count != m->state.isr_count ||
        m->state.version != c->version + 1)
        return false;
    for (uint32_t i = 0; i < c->isr_count; i++) {
        if (!in_state_isr(m, c->isr[i].broker))
            return false;
    }
    return true;
}

static void on_isr_change(struct partition_model *m, const struct model_message *msg)
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
    if (!m->healing && chance(m, 25)) {
        m->counts.unknown_outcomes++;
        if (chance(m, 50))
            return;
        result = CLUSTER_ISR_UNKNOWN;
    }
    struct model_message *reply = send(m, MODEL_ISR_REPLY, &m->brokers[0], msg->from);
    reply->u.isr_reply = (struct cluster_isr_reply){.request = c->request,
                                                    .id = c->id,
                                                    .result = result,
                                                    .leader_epoch = s->leader_epoch,
                                                    .version = s->version,
                                                    .isr_count = s->isr_count};
    memcpy(reply->u.isr_reply.isr, s->isr, sizeof s->isr);
}

static void on_report(struct partition_model *m, const struct model_message *msg)
{
    int32_t broker = msg->from.broker;
    if (m->members[broker].incarnation != msg->from.incarnation)
        return;
    if (msg->u.report.kind == CLUSTER_REPORT_CREATED) {
        m->created[broker] = true;
    } else if (msg->u.report.leader_epoch == m->state.leader_epoch) {
        shrink(m, broker, true);
        if (m->state.leader == broker)
            elect(m, false);
    }
    for (int32_t i = 0; i < MODEL_BROKERS; i++) {
        if (in_state_isr(m, i) && !m->created[i])
            return;
    }
    if (m->state.flags & CLUSTER_PARTITION_NEW) {
        m->state.flags &= ~(uint32_t)CLUSTER_PARTITION_NEW;
        m->state.version++;
        say_state(m);
    }
}

/* ---- processes ---- */

static void start(struct partition_model *m, int32_t broker)
{
    struct model_broker *b = &m->brokers[broker];
    b->running = true;
    b->incarnation = ++m->incarnation_last;
    b->config.self = (struct cluster_member){broker, b->incarnation};
    b->waiting_count = b->queue_count = 0;
    memset(b->feeds, 0, sizeof b->feeds);
    memset(b->stream_wanted, 0, sizeof b->stream_wanted);
    memset(b->stream_up, 0, sizeof b->stream_up);
    struct partition_log numbers = log_numbers(b);
    partition_init(&b->partition, &b->config, the_id, &numbers);
    m->members[broker] = b->config.self;
    m->alive[broker] = m->out[broker] = false;
    say_member(m, broker);
    /* A snapshot first. */
    b->queue_first = b->queue_count = 0;
    for (int32_t i = 0; i < MODEL_BROKERS; i++)
        b->queue[b->queue_count++] = member_item(m, i);
    b->queue[b->queue_count++] =
        (struct cluster_item){.kind = CLUSTER_ITEM_PARTITION, .u.partition = m->state};
}

/* Declared dead but alive: it finds itself out and registers anew, all connections closed. */
static void register_anew(struct partition_model *m, int32_t broker)
{
    struct model_broker *b = &m->brokers[broker];
    if (!b->running || !m->out[broker])
        return;
    m->counts.wrong_guesses++;
    for (int32_t i = 0; i < MODEL_BROKERS; i++) {
        break_stream(m, broker, i);
        break_stream(m, i, broker);
    }
    b->incarnation = ++m->incarnation_last;
    b->config.self.incarnation = b->incarnation;
    m->members[broker] = b->config.self;
    m->out[broker] = false;
    say_member(m, broker);
    struct partition_event e = {.kind = PARTITION_EV_SELF};
    step(m, b, &e);
    turn(m, b);
}

/* What comes back from the disk after a crash. A kill leaves the page cache; both leave a cut that
 * was not durable either way. */
static void crash_log(struct partition_model *m, struct model_log *l, bool power)
{
    if (!l->there)
        return;
    if (l->truncating && chance(m, 50)) {
        memcpy(l->records, l->before, sizeof l->records);
        l->start = l->before_start;
        l->end = l->before_end;
    } else if (power && l->end > l->synced_end) {
        l->end = l->synced_end + below(m, l->end - l->synced_end + 1);
    }
    if (l->end < l->start)
        l->end = l->start; /* the start was journalled, what lay between was not synced */
    if (!l->created)
        l->there = power ? chance(m, 50) : true;
    l->truncating = false;
    l->created = true;
    l->synced_end = l->end; /* recovery writes what it found again and syncs it */
    if (l->high_watermark > l->end)
        l->high_watermark = l->end;
}

static bool may_lose_disk(const struct partition_model *m, int32_t broker)
{
    uint32_t sound = 0;
    for (int32_t i = 0; i < MODEL_BROKERS; i++)
        sound += i != broker && in_state_isr(m, i) && m->alive[i] && m->brokers[i].log.there;
    return sound > 0 && !(m->state.flags & CLUSTER_PARTITION_NEW);
}

static void stop(struct partition_model *m, int32_t broker)
{
    struct model_broker *b = &m->brokers[broker];
    uint32_t kind = below(m, 10);
    if (!b->running)
        return;
    for (int32_t i = 0; i < MODEL_BROKERS; i++) {
        if (i != broker) {
            break_stream(m, broker, i);
            break_stream(m, i, broker);
        }
    }
    b->running = false;
    m->counts.kills++;
    if (kind == 0 && may_lose_disk(m, broker)) {
        m->counts.disk_swaps++;
        /* An ISR of this one alone, by a change on its way or another death before its own is
         * noticed, would be a double fault: offline until an operator decides. */
        for (uint32_t i = m->message_count; i-- > 0;) {
            if (m->messages[i].kind == MODEL_ISR_CHANGE && m->messages[i].from.broker == broker)
                (void)take(m, i);
        }
        b->log = (struct model_log){0};
        return;
    }
    m->counts.power_losses += kind < 5;
    crash_log(m, &b->log, kind < 5);
}

/* ---- one step ---- */

static void deliver(struct partition_model *m)
{
    if (m->message_count == 0)
        return;
    uint32_t at = m->healing || chance(m, 80) ? 0 : below(m, m->message_count);
    if (!m->healing && chance(m, 2))
        at = m->message_count - 1;
    while (!m->healing && at < m->message_count && m->messages[at].not_before > m->counts.steps)
        at++;
    if (at == m->message_count)
        return;
    struct model_message msg = take(m, at);
    if (!m->healing && chance(m, 3) && m->message_count < MODEL_MESSAGES)
        m->messages[m->message_count++] = msg; /* once more, later */
    if (msg.kind == MODEL_ISR_CHANGE) {
        if (m->healing || !chance(m, 10))
            on_isr_change(m, &msg);
        return;
    }
    if (msg.kind == MODEL_REPORT) {
        on_report(m, &msg);
        return;
    }
    /* To whichever process runs there now: fencing is the step's own business. */
    struct model_broker *b = &m->brokers[msg.to.broker];
    if (!b->running)
        return;
    if (msg.kind == MODEL_ISR_REPLY) {
        struct partition_event e = {.kind = PARTITION_EV_ISR_REPLY, .u.isr_reply = msg.u.isr_reply};
        if (b->incarnation == msg.to.incarnation)
            step(m, b, &e);
    } else {
        deliver_replica(m, b, &msg);
    }
    if (chance(m, 70))
        turn(m, b);
}

static void hear_member(struct partition_model *m, struct model_broker *b, int32_t broker)
{
    struct partition_event e = {.kind = PARTITION_EV_MEMBER};
    e.u.member.member = b->known[broker];
    e.u.member.alive = b->known_alive[broker];
    step(m, b, &e);
}

static void hear_order(struct partition_model *m, struct model_broker *b)
{
    if (!b->running || b->queue_count == 0)
        return;
    struct cluster_item item = b->queue[b->queue_first];
    b->queue_first = (b->queue_first + 1) % COUNT_OF(b->queue);
    b->queue_count--;
    struct partition_event e = {.kind = PARTITION_EV_ORDER};
    if (item.kind == CLUSTER_ITEM_PARTITION) {
        e.u.order = item.u.partition;
        step(m, b, &e);
        for (int32_t i = 0; i < MODEL_BROKERS; i++) /* peers are known from now on */
            hear_member(m, b, i);
    } else {
        int32_t broker = item.u.broker.member.broker;
        b->known[broker] = item.u.broker.member;
        b->known_alive[broker] = item.u.broker.alive;
        hear_member(m, b, broker);
    }
    turn(m, b);
}

static void disk(struct partition_model *m, struct model_broker *b)
{
    struct model_log *l = &b->log;
    if (!b->running || !l->there)
        return;
    l->created = true;
    if (l->truncating)
        l->truncating = false;
    l->synced_end = l->end - (chance(m, 70) ? 0 : below(m, l->end - l->synced_end + 1));
    l->high_watermark =
        b->partition.high_watermark < l->synced_end ? b->partition.high_watermark : l->synced_end;
    tell_log(m, b);
    turn(m, b);
}

static void produce(struct partition_model *m, struct model_broker *b)
{
    if (!b->running || b->log.end >= MODEL_RECORDS - 8 ||
        partition_admit(&b->partition, -1) != PARTITION_ADMITTED)
        return;
    b->waiting[b->waiting_count++] = b->log.end;
    log_put(m, b, (struct model_record){b->partition.order.leader_epoch, ++m->value_last});
    m->counts.appended++;
    tell_log(m, b);
}

static void retain(struct partition_model *m, struct model_broker *b)
{
    if (!b->running || !partition_leads(&b->partition) ||
        b->partition.high_watermark <= b->log.start)
        return;
    b->log.start += below(m, b->partition.high_watermark - b->log.start + 1);
    tell_log(m, b);
}

static void push_some(struct partition_model *m, struct model_broker *b)
{
    struct model_feed *f = &b->feeds[below(m, MODEL_BROKERS)];
    if (b->running && f->active && m->message_count < MODEL_MESSAGES)
        push(m, b, f);
}

static void tick(struct partition_model *m, struct model_broker *b)
{
    struct partition_event e = {.kind = PARTITION_EV_TIMER};
    m->now_ms += below(m, 60);
    if (b->running) {
        step(m, b, &e);
        turn(m, b);
    }
}

static void fault(struct partition_model *m)
{
    int32_t broker = (int32_t)below(m, MODEL_BROKERS);
    switch (below(m, 8)) {
    case 0:
        stop(m, broker);
        break;
    case 1:
        declare_dead(m, broker); /* whether it is or not */
        break;
    case 2:
    case 3:
        break_stream(m, broker, (int32_t)below(m, MODEL_BROKERS));
        break;
    case 4:
        elect(m, true);
        break;
    case 5:
        retain(m, &m->brokers[broker]);
        break;
    default:
        if (!m->brokers[broker].running)
            start(m, broker);
    }
}

static void one_step(struct partition_model *m)
{
    struct model_broker *b = &m->brokers[below(m, MODEL_BROKERS)];
    uint32_t kind = below(m, 100);
    m->counts.steps++;
    if (kind < 30)
        deliver(m);
    else if (kind < 42)
        hear_order(m, b);
    else if (kind < 52)
        disk(m, b);
    else if (kind < 68)
        push_some(m, b);
    else if (kind < 76)
        tick(m, b);
    else if (kind < 84)
        connect_streams(m);
    else if (kind < 92)
        produce(m, b);
    else if (kind < 95)
        let_in(m, id_of(m, b));
    else if (kind == 95)
        register_anew(m, id_of(m, b));
    else if (kind == 96 && !b->running && m->alive[id_of(m, b)])
        declare_dead(m, id_of(m, b));
    else if (kind >= 98 && !m->healing)
        fault(m);
    if (m->overflowed) { /* a stream that loses something is broken */
        m->overflowed = false;
        for (int32_t i = 0; i < MODEL_BROKERS * MODEL_BROKERS; i++)
            break_stream(m, i / MODEL_BROKERS, i % MODEL_BROKERS);
    }
    check_isr_synced(m);
}

struct partition_model *partition_model_new(uint64_t seed, unsigned mutation)
{
    struct partition_model *m = xcalloc(1, sizeof *m);
    m->seed = seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
    m->now_ms = 1000;
    m->state = (struct cluster_partition_item){.id = the_id,
                                               .leader = -1,
                                               .min_isr = 1 + (int32_t)below(m, 2),
                                               .flags = CLUSTER_PARTITION_NEW,
                                               .replica_count = MODEL_BROKERS,
                                               .isr_count = MODEL_BROKERS};
    for (int32_t i = 0; i < MODEL_BROKERS; i++)
        m->state.replicas[i] = m->state.isr[i] = i;
    for (int32_t i = 0; i < MODEL_BROKERS; i++) {
        m->brokers[i].config = (struct partition_config){.silence_ms = 300,
                                                         .lag_ms = 600,
                                                         .rejoin_ms = 50,
                                                         .rejoin_ms_max = 400,
                                                         .retry_ms = 200,
                                                         .mutation = mutation};
        start(m, i);
    }
    return m;
}

void partition_model_free(struct partition_model *m)
{
    free(m);
}

bool partition_model_run(struct partition_model *m, uint32_t steps)
{
    for (uint32_t i = 0; i < steps && !m->violation[0]; i++)
        one_step(m);
    return !m->violation[0];
}

static bool healed(const struct partition_model *m)
{
    const struct cluster_partition_item *s = &m->state;
    if (s->leader < 0 || s->isr_count != MODEL_BROKERS)
        return false;
    const struct model_broker *l = &m->brokers[s->leader];
    if (!partition_leads(&l->partition) || l->partition.high_watermark != l->log.end)
        return false;
    for (int32_t i = 0; i < MODEL_BROKERS; i++) {
        if (m->brokers[i].log.end != l->log.end ||
            m->brokers[i].partition.high_watermark != l->log.end)
            return false;
    }
    return true;
}

bool partition_model_heal(struct partition_model *m, uint32_t steps_max)
{
    m->healing = true;
    for (int32_t i = 0; i < MODEL_BROKERS; i++) {
        if (!m->brokers[i].running)
            start(m, i);
    }
    for (uint32_t i = 0; i < steps_max && !m->violation[0]; i++) {
        one_step(m);
        if (i % 16 == 0 && healed(m))
            return true;
    }
    if (!m->violation[0])
        violated(m, "not healed: leader %d epoch %d isr of %u", m->state.leader,
                 m->state.leader_epoch, m->state.isr_count);
    return false;
}
