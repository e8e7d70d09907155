/* SPDX-License-Identifier: Apache-2.0 */
/* Between a replica's step function and the world: events get their numbers, actions are done. */

#include "broker/log/open_txns.h"
#include "broker/log/producer_state.h"
#include "broker/replica/replica_internal.h"
#include "common/memory.h"

void replica_touch(struct replica *r)
{
    struct replica_host *h = r->host;
    if (r->touched)
        return;
    r->touched = true;
    r->next_touched = NULL;
    *h->touched_last = r;
    h->touched_last = &r->next_touched;
    host_turn_soon(h);
}

struct partition_log replica_log_numbers(const struct replica *r)
{
    const struct log *log = r->log;
    if (!log)
        return (struct partition_log){.last_epoch = -1};
    return (struct partition_log){
        .there = true,
        .created = log_created_durable(log),
        .failed = log_is_failed(log),
        .suspect = log_is_suspect(log),
        .truncating = log_truncating(log),
        .last_epoch = log_last_epoch(log),
        .start = log_start(log),
        .end = log_end(log),
        .synced_end = log_synced_end(log),
        .high_watermark = log_high_watermark(log),
    };
}

void replica_epoch_end(const struct replica *r, int32_t epoch, int32_t *ret_epoch, int64_t *ret_end)
{
    int32_t last = r->log ? log_last_epoch(r->log) : -1;
    *ret_epoch = -1;
    *ret_end = -1;
    if (last < 0 || epoch < 0)
        return;
    if (epoch >= last) {
        *ret_epoch = last;
        *ret_end = log_end(r->log);
        return;
    }
    log_epoch_end(r->log, epoch, ret_epoch, ret_end);
    /* Below all that is held: it ends where the log starts. */
    if (*ret_end <= log_start(r->log))
        *ret_epoch = -1;
    if (*ret_epoch < 0)
        *ret_end = -1;
}

int64_t replica_stable_offset(const struct replica *r)
{
    int64_t high_watermark = r->partition.high_watermark;
    int64_t unstable = open_txns_first_unstable(&log_producers(r->log)->txns);
    return unstable >= 0 && unstable < high_watermark ? unstable : high_watermark;
}

/* ---- the log ---- */

void replica_log_moved(struct replica *r)
{
    struct partition_event e;
    e.kind = PARTITION_EV_LOG;
    e.u.log = replica_log_numbers(r);
    replica_step(r, &e);
    produce_wake(r);
}

static void observed_moved(struct log_observer *observer)
{
    replica_log_moved(CONTAINER_OF(observer, struct replica, observer));
}

static void observed_failed(struct log_observer *observer, enum log_outcome why)
{
    struct replica *r = CONTAINER_OF(observer, struct replica, observer);
    struct partition_event e;
    say(&r->host->reactor->env, SAY_ERROR, "replica", "log of %s-%d failed: %s",
        replica_topic_name(r), r->id.number,
        why == LOG_CORRUPT ? "damaged bytes on disk" : "its directory failed");
    e.kind = PARTITION_EV_LOG;
    e.u.log = replica_log_numbers(r);
    e.u.log.failed = true;
    replica_step(r, &e);
}

void replica_watch_log(struct replica *r)
{
    r->observer = (struct log_observer){.moved = observed_moved, .failed = observed_failed};
    log_observe(r->log, &r->observer);
}

static void create_log(struct replica *r)
{
    struct replica_host *h = r->host;
    const struct host_topic *topic = r->topic;
    unsigned dir = log_dir_choose(h->config.dirs, h->config.dir_count);
    if (!topic->name || dir == h->config.dir_count) {
        say(&h->reactor->env, SAY_ERROR, "replica", "no directory for a new log of %s-%d",
            replica_topic_name(r), r->id.number);
        struct partition_event e;
        e.kind = PARTITION_EV_LOG;
        e.u.log = (struct partition_log){.there = true, .failed = true, .last_epoch = -1};
        replica_step(r, &e);
        return;
    }
    r->log =
        log_create(h->config.dirs[dir], h->reactor, view_of(topic->name), r->id, 0, &topic->config);
    replica_watch_log(r);
}

/* ---- actions ---- */

static struct stream *live_stream(struct replica *r, struct cluster_member to)
{
    struct stream *s = stream_get(r->host, to.broker, r->id, false);
    return s && s->broker->member.incarnation == to.incarnation ? s : NULL;
}

static void want_stream(struct replica *r, struct cluster_member to)
{
    struct stream *s = live_stream(r, to);
    if (!s)
        return;
    stream_want(s);
    if (!stream_is_ready(s))
        return;
    struct partition_event e;
    e.kind = PARTITION_EV_STREAM_UP;
    e.from = s->link.peer;
    replica_step(r, &e);
    if (s->silent || s->held) {
        e.kind = s->silent ? PARTITION_EV_STREAM_SILENT : PARTITION_EV_STREAM_HELD;
        replica_step(r, &e);
    }
}

static void act_peer(struct replica *r, const struct partition_action *a)
{
    struct stream *s = live_stream(r, a->to);
    struct feed *f = feed_find(r, a->to.broker);
    if (a->kind == PARTITION_DO_WANT_STREAM)
        want_stream(r, a->to);
    else if (a->kind == PARTITION_DO_STOP_PUSH && f)
        feed_stop(f);
    if (!s)
        return;
    if (a->kind == PARTITION_DO_SEND_OPEN)
        stream_say_open(s, &a->u.open);
    else if (a->kind == PARTITION_DO_SEND_DIVERGE)
        stream_say_diverge(s, &a->u.diverge);
    else if (a->kind == PARTITION_DO_SEND_RESET)
        stream_say_reset(s, &a->u.reset);
    else if (a->kind == PARTITION_DO_START_PUSH && f)
        feed_start(f, s, a->to, a->session, a->offset);
}

static void act_follower(struct replica *r, const struct partition_action *a)
{
    struct incoming *in = incoming_of(r, a->to);
    if (!in)
        return;
    if (a->kind == PARTITION_DO_SEND_STATE)
        incoming_say_state(in, &a->u.state);
    else if (a->kind == PARTITION_DO_SEND_ACK)
        incoming_say_ack(in, &a->u.ack);
    else
        incoming_say_refuse(in, &a->u.refuse);
}

static void gather_change(struct replica_host *h, const struct cluster_isr_change *change)
{
    h->changes = xgrow(h->changes, &h->change_capacity, h->change_count + 1u, sizeof *change);
    h->changes[h->change_count++] = *change;
    host_turn_soon(h);
}

static void gather_report(struct replica_host *h, const struct cluster_report *report)
{
    h->reports = xgrow(h->reports, &h->report_capacity, h->report_count + 1u, sizeof *report);
    h->reports[h->report_count++] = *report;
    host_turn_soon(h);
}

static bool act_log(struct replica *r, const struct partition_action *a)
{
    switch (a->kind) {
    case PARTITION_DO_CREATE_LOG:
        create_log(r);
        return r->log != NULL;
    case PARTITION_DO_TRUNCATE:
        fetch_fail(r, REPLICA_NOT_LEADER);
        log_truncate(r->log, a->offset);
        return true;
    case PARTITION_DO_RESET:
        fetch_fail(r, REPLICA_NOT_LEADER);
        log_reset(r->log, a->offset);
        return true;
    case PARTITION_DO_ADVANCE_START:
        log_advance_start(r->log, a->offset);
        return true;
    case PARTITION_DO_SET_HIGH_WATERMARK:
        log_set_high_watermark(r->log, a->offset);
        open_txns_advance(&log_producers(r->log)->txns, a->offset);
        produce_wake(r);
        fetch_wake(r);
        return false;
    default:
        return false;
    }
}

static void act_self(struct replica *r, const struct partition_action *a)
{
    switch (a->kind) {
    case PARTITION_DO_FAIL_WAITERS:
        produce_fail(r, REPLICA_NOT_LEADER);
        fetch_fail(r, REPLICA_NOT_LEADER);
        break;
    case PARTITION_DO_LEAD:
    case PARTITION_DO_NEW_PEERS:
        feeds_make(r);
        break;
    case PARTITION_DO_UNLEAD:
        feeds_drop(r);
        break;
    case PARTITION_DO_REPORT:
        gather_report(r->host, &a->u.report);
        break;
    case PARTITION_DO_ASK_ISR:
        gather_change(r->host, &a->u.isr_change);
        break;
    case PARTITION_DO_TIMER:
        replica_arm(r, a->at_ms);
        break;
    case PARTITION_DO_SAY:
        say_limited(r->host->reactor, &r->host->say_step, SAY_ERROR, "replica",
                    "%s-%d, epoch %d: %s", replica_topic_name(r), r->id.number,
                    r->partition.order.leader_epoch, a->text);
        break;
    case PARTITION_DO_PUSH_MARKS:
        feeds_mark(r);
        break;
    default:
        break;
    }
}

static bool carry_out(struct replica *r, const struct partition_actions *actions)
{
    bool accepted = false, log_changed = false;
    for (uint32_t i = 0; i < actions->count; i++) {
        const struct partition_action *a = &actions->items[i];
        switch (a->kind) {
        case PARTITION_DO_WANT_STREAM:
        case PARTITION_DO_SEND_OPEN:
        case PARTITION_DO_SEND_DIVERGE:
        case PARTITION_DO_SEND_RESET:
        case PARTITION_DO_START_PUSH:
        case PARTITION_DO_STOP_PUSH:
            act_peer(r, a);
            break;
        case PARTITION_DO_SEND_STATE:
        case PARTITION_DO_SEND_ACK:
        case PARTITION_DO_SEND_REFUSE:
            act_follower(r, a);
            break;
        case PARTITION_DO_ACCEPT_PUSH:
            accepted = true;
            break;
        default:
            log_changed |= act_log(r, a);
            act_self(r, a);
        }
    }
    if (log_changed)
        replica_log_moved(r);
    return accepted;
}

static struct partition_actions *actions_take(struct replica_host *h)
{
    INVARIANT(h->depth < STEP_DEPTH);
    struct partition_actions *actions = &h->actions[h->depth++];
    actions->count = 0;
    return actions;
}

bool replica_step_push(struct replica *r, struct partition_event *e)
{
    struct partition_actions *actions = actions_take(r->host);
    e->now_ms = host_now_ms(r->host);
    partition_step(&r->partition, e, actions);
    bool accepted = carry_out(r, actions);
    r->host->depth--;
    if (partition_wants_turn(&r->partition))
        replica_touch(r);
    return accepted;
}

void replica_step(struct replica *r, struct partition_event *e)
{
    (void)replica_step_push(r, e);
}

void replica_damaged(struct replica *r)
{
    r->damaged = true;
    replica_touch(r);
}

void replica_turn(struct replica *r)
{
    if (r->damaged) {
        struct partition_event e = {.kind = PARTITION_EV_DAMAGED};
        r->damaged = false;
        replica_step(r, &e);
    }
    struct partition_actions *actions = actions_take(r->host);
    partition_turn(&r->partition, host_now_ms(r->host), actions);
    carry_out(r, actions);
    r->host->depth--;
}

void replica_member(struct replica *r, const struct host_broker *b)
{
    struct partition_event e;
    e.kind = PARTITION_EV_MEMBER;
    e.u.member.member = b->member;
    e.u.member.alive = b->alive;
    replica_step(r, &e);
}
