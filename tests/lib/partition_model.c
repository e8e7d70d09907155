/* SPDX-License-Identifier: Apache-2.0 */
/* The promises that are checked:
 *
 *   one record per (epoch, offset): whoever appends at an offset in an epoch appends the same
 *   one history: what lies below any replica's high watermark is the same on all
 *   nothing acknowledged is lost: who starts to lead has what was acknowledged in earlier epochs,
 *   and when something is acknowledged, every leader of a later epoch has it
 *   every member of the stored ISR holds, synced, what is below the leader's high watermark
 */
#include "tests/lib/partition_model_internal.h"

#include <stdlib.h>

#include "common/memory.h"

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
    struct partition_log numbers = model_log_numbers(b);
    partition_init(&b->partition, &b->config, MODEL_ID, &numbers);
    m->members[broker] = b->config.self;
    m->alive[broker] = m->out[broker] = false;
    model_say_member(m, broker);
    /* A snapshot first. */
    b->queue_first = b->queue_count = 0;
    for (int32_t i = 0; i < MODEL_BROKERS; i++)
        b->queue[b->queue_count++] = model_member_item(m, i);
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
        model_break_stream(m, broker, i);
        model_break_stream(m, i, broker);
    }
    b->incarnation = ++m->incarnation_last;
    b->config.self.incarnation = b->incarnation;
    m->members[broker] = b->config.self;
    m->out[broker] = false;
    model_say_member(m, broker);
    struct partition_event e = {.kind = PARTITION_EV_SELF};
    model_step(m, b, &e);
    model_turn(m, b);
}

/* What comes back from the disk after a crash. A kill leaves the page cache; both leave a cut that
 * was not durable either way. */
static void crash_log(struct partition_model *m, struct model_log *l, bool power)
{
    if (!l->there)
        return;
    if (l->truncating && model_chance(m, 50)) {
        memcpy(l->records, l->before, sizeof l->records);
        l->start = l->before_start;
        l->end = l->before_end;
    } else if (power && l->end > l->synced_end) {
        l->end = l->synced_end + model_below(m, l->end - l->synced_end + 1);
    }
    if (l->end < l->start)
        l->end = l->start; /* the start was journalled, what lay between was not synced */
    if (!l->created)
        l->there = power ? model_chance(m, 50) : true;
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
        sound += i != broker && model_in_state_isr(m, i) && m->alive[i] && m->brokers[i].log.there;
    return sound > 0 && !(m->state.flags & CLUSTER_PARTITION_NEW);
}

static void stop(struct partition_model *m, int32_t broker)
{
    struct model_broker *b = &m->brokers[broker];
    uint32_t kind = model_below(m, 10);
    if (!b->running)
        return;
    for (int32_t i = 0; i < MODEL_BROKERS; i++) {
        if (i != broker) {
            model_break_stream(m, broker, i);
            model_break_stream(m, i, broker);
        }
    }
    b->running = false;
    m->counts.kills++;
    if (kind == 0 && may_lose_disk(m, broker)) {
        m->counts.disk_swaps++;
        /* An ISR of this one alone, by a change on its way or another death before its own is
         * noticed, would be a double fault: offline until an operator decides. */
        for (uint32_t i = m->message_count; i-- > 0;)
            if (m->messages[i].kind == MODEL_ISR_CHANGE && m->messages[i].from.broker == broker)
                (void)model_take(m, i);
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
    uint32_t at = m->healing || model_chance(m, 80) ? 0 : model_below(m, m->message_count);
    if (!m->healing && model_chance(m, 2))
        at = m->message_count - 1;
    while (!m->healing && at < m->message_count && m->messages[at].not_before > m->counts.steps)
        at++;
    if (at == m->message_count)
        return;
    struct model_message msg = model_take(m, at);
    if (!m->healing && model_chance(m, 3) && m->message_count < MODEL_MESSAGES)
        m->messages[m->message_count++] = msg; /* once more, later */
    if (msg.kind == MODEL_ISR_CHANGE) {
        if (m->healing || !model_chance(m, 10))
            model_on_isr_change(m, &msg);
        return;
    }
    if (msg.kind == MODEL_REPORT) {
        model_on_report(m, &msg);
        return;
    }
    /* To whichever process runs there now: fencing is the step's own business. */
    struct model_broker *b = &m->brokers[msg.to.broker];
    if (!b->running)
        return;
    if (msg.kind == MODEL_ISR_REPLY) {
        struct partition_event e = {.kind = PARTITION_EV_ISR_REPLY, .u.isr_reply = msg.u.isr_reply};
        if (b->incarnation == msg.to.incarnation)
            model_step(m, b, &e);
    } else {
        model_deliver_replica(m, b, &msg);
    }
    if (model_chance(m, 70))
        model_turn(m, b);
}

static void hear_member(struct partition_model *m, struct model_broker *b, int32_t broker)
{
    struct partition_event e = {.kind = PARTITION_EV_MEMBER};
    e.u.member.member = b->known[broker];
    e.u.member.alive = b->known_alive[broker];
    model_step(m, b, &e);
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
        model_step(m, b, &e);
        for (int32_t i = 0; i < MODEL_BROKERS; i++) /* peers are known from now on */
            hear_member(m, b, i);
    } else {
        int32_t broker = item.u.broker.member.broker;
        b->known[broker] = item.u.broker.member;
        b->known_alive[broker] = item.u.broker.alive;
        hear_member(m, b, broker);
    }
    model_turn(m, b);
}

static void disk(struct partition_model *m, struct model_broker *b)
{
    struct model_log *l = &b->log;
    if (!b->running || !l->there)
        return;
    l->created = true;
    if (l->truncating)
        l->truncating = false;
    l->synced_end = l->end - (model_chance(m, 70) ? 0 : model_below(m, l->end - l->synced_end + 1));
    l->high_watermark =
        b->partition.high_watermark < l->synced_end ? b->partition.high_watermark : l->synced_end;
    model_tell_log(m, b);
    model_turn(m, b);
}

static void produce(struct partition_model *m, struct model_broker *b)
{
    if (!b->running || b->log.end >= MODEL_RECORDS - 8 ||
        partition_admit(&b->partition, -1) != PARTITION_ADMITTED)
        return;
    b->waiting[b->waiting_count++] = b->log.end;
    model_log_put(m, b, (struct model_record){b->partition.order.leader_epoch, ++m->value_last});
    m->counts.appended++;
    model_tell_log(m, b);
}

static void retain(struct partition_model *m, struct model_broker *b)
{
    if (!b->running || !partition_leads(&b->partition) ||
        b->partition.high_watermark <= b->log.start)
        return;
    b->log.start += model_below(m, b->partition.high_watermark - b->log.start + 1);
    model_tell_log(m, b);
}

static void push_some(struct partition_model *m, struct model_broker *b)
{
    struct model_feed *f = &b->feeds[model_below(m, MODEL_BROKERS)];
    if (b->running && f->active && m->message_count < MODEL_MESSAGES)
        model_push(m, b, f);
}

static void tick(struct partition_model *m, struct model_broker *b)
{
    struct partition_event e = {.kind = PARTITION_EV_TIMER};
    m->now_ms += model_below(m, 60);
    if (b->running) {
        model_step(m, b, &e);
        model_turn(m, b);
    }
}

static void fault(struct partition_model *m)
{
    int32_t broker = (int32_t)model_below(m, MODEL_BROKERS);
    switch (model_below(m, 8)) {
    case 0:
        stop(m, broker);
        break;
    case 1:
        model_declare_dead(m, broker); /* whether it is or not */
        break;
    case 2:
    case 3:
        model_break_stream(m, broker, (int32_t)model_below(m, MODEL_BROKERS));
        break;
    case 4:
        model_elect(m, true);
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
    struct model_broker *b = &m->brokers[model_below(m, MODEL_BROKERS)];
    uint32_t kind = model_below(m, 100);
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
        model_connect_streams(m);
    else if (kind < 92)
        produce(m, b);
    else if (kind < 95)
        model_let_in(m, model_id_of(m, b));
    else if (kind == 95)
        register_anew(m, model_id_of(m, b));
    else if (kind == 96 && !b->running && m->alive[model_id_of(m, b)])
        model_declare_dead(m, model_id_of(m, b));
    else if (kind >= 98 && !m->healing)
        fault(m);
    if (m->overflowed) { /* a stream that loses something is broken */
        m->overflowed = false;
        for (int32_t i = 0; i < MODEL_BROKERS * MODEL_BROKERS; i++)
            model_break_stream(m, i / MODEL_BROKERS, i % MODEL_BROKERS);
    }
    model_check_isr_synced(m);
}

struct partition_model *partition_model_new(uint64_t seed, unsigned mutation)
{
    struct partition_model *m = xcalloc(1, sizeof *m);
    m->seed = seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
    m->now_ms = 1000;
    m->state = (struct cluster_partition_item){.id = MODEL_ID,
                                               .leader = -1,
                                               .min_isr = 1 + (int32_t)model_below(m, 2),
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
    for (int32_t i = 0; i < MODEL_BROKERS; i++)
        if (m->brokers[i].log.end != l->log.end ||
            m->brokers[i].partition.high_watermark != l->log.end)
            return false;
    return true;
}

bool partition_model_heal(struct partition_model *m, uint32_t steps_max)
{
    m->healing = true;
    for (int32_t i = 0; i < MODEL_BROKERS; i++)
        if (!m->brokers[i].running)
            start(m, i);
    for (uint32_t i = 0; i < steps_max && !m->violation[0]; i++) {
        one_step(m);
        if (i % 16 == 0 && healed(m))
            return true;
    }
    if (!m->violation[0])
        model_violated(m, "not healed: leader %d epoch %d isr of %u", m->state.leader,
                       m->state.leader_epoch, m->state.isr_count);
    return false;
}
