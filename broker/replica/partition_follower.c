/* SPDX-License-Identifier: Apache-2.0 */
/* A follower: waits for its leader's stream, says where its log ends, cuts what is not the
 * leader's, durably, and then appends what is pushed. It hears only the process that the order
 * names, in the epoch of the order, in the newest session. */
#include "broker/replica/partition_internal.h"

static void refuse(struct partition *p, struct cluster_member to, int32_t leader_epoch,
                   uint32_t session, enum cluster_refusal reason, struct partition_actions *a)
{
    struct partition_action *action = partition_do(a, PARTITION_DO_SEND_REFUSE);
    action->to = to;
    action->u.refuse = (struct cluster_refuse){
        .id = p->order.id, .leader_epoch = leader_epoch, .session = session, .reason = reason};
}

void follower_drop_stream(struct partition *p)
{
    p->stream_from = (struct cluster_member){0};
    p->stream_session = 0;
    p->state_due = false;
    p->leader_high_watermark = 0;
    p->leader_start = 0;
}

/* The leader opens it again, soon. */
void follower_refuse_stream(struct partition *p, struct partition_actions *a)
{
    if (p->stream_from.incarnation != 0)
        refuse(p, p->stream_from, p->order.leader_epoch, p->stream_session, CLUSTER_REFUSED_GAP, a);
}

/* Nothing more of this stream until the leader opens it again. */
static void wait_for_open(struct partition *p)
{
    p->stream_from = (struct cluster_member){0};
    p->state_due = false;
    if (p->state == PARTITION_MATCHING || p->state == PARTITION_FOLLOWER)
        partition_move(p, PARTITION_WAITING);
}

static void say_state(struct partition *p, struct partition_actions *a)
{
    struct partition_action *action = partition_do(a, PARTITION_DO_SEND_STATE);
    p->state_due = false;
    action->to = p->stream_from;
    action->u.state = (struct cluster_replica_state){
        .id = p->order.id,
        .leader_epoch = p->order.leader_epoch,
        .session = p->stream_session,
        .last_epoch = partition_distrusted(p) ? -1 : p->log.last_epoch,
        .start = p->log.start,
        .end = partition_distrusted(p) ? -1 : p->log.end,
        .high_watermark = p->high_watermark,
    };
}

/* ---- truncation ---- */

static void begin_cut(struct partition *p, enum partition_action_kind kind, int64_t to,
                      struct partition_actions *a)
{
    partition_do(a, kind)->offset = to;
    partition_move(p, PARTITION_TRUNCATING);
    p->log.truncating = true;
    p->state_due = true;
    if (kind == PARTITION_DO_RESET) {
        p->log.start = p->log.end = p->log.synced_end = to;
        p->log.last_epoch = -1;
        p->damaged = false;
    } else {
        p->log.end = min_i64(p->log.end, to);
        p->log.start = min_i64(p->log.start, to);
        p->log.synced_end = min_i64(p->log.synced_end, to);
    }
}

static void set_high_watermark(struct partition *p, int64_t to, struct partition_actions *a)
{
    if (p->high_watermark == to)
        return;
    p->high_watermark = to;
    partition_do(a, PARTITION_DO_SET_HIGH_WATERMARK)->offset = to;
}

/* What lies below our high watermark was committed. A leader whose log lacks it was elected
 * uncleanly, and the order says so; or something is broken, and then two logs that can be looked at
 * are worth more than one that follows. */
static bool may_cut_to(struct partition *p, int64_t to, struct partition_actions *a)
{
    if (to >= p->high_watermark || partition_distrusted(p) ||
        (p->order.flags & CLUSTER_PARTITION_UNCLEAN))
        return true;
    refuse(p, p->stream_from, p->order.leader_epoch, p->stream_session, CLUSTER_REFUSED_STOPPED, a);
    partition_do(a, PARTITION_DO_SAY)->text =
        "would have to cut committed records to follow its leader; it stops here";
    follower_drop_stream(p);
    partition_move(p, PARTITION_STOPPED);
    return false;
}

static void cut_to(struct partition *p, enum partition_action_kind kind, int64_t to,
                   struct partition_actions *a)
{
    if (!may_cut_to(p, to, a))
        return;
    int64_t high_watermark = kind == PARTITION_DO_RESET ? to : min_i64(p->high_watermark, to);
    begin_cut(p, kind, to, a);
    set_high_watermark(p, high_watermark, a);
}

/* ---- what the leader says ---- */

static bool from_leader(const struct partition *p, struct cluster_member from)
{
    if (from.broker != p->order.leader)
        return false;
    return from.incarnation == p->order.leader_incarnation ||
           mutated(p->config->mutation, MUTATION_NO_INCARNATION_CHECK);
}

static bool of_stream(const struct partition *p, struct cluster_member from, int32_t leader_epoch,
                      uint32_t session)
{
    return member_equal(from, p->stream_from) && p->stream_from.incarnation != 0 &&
           leader_epoch == p->order.leader_epoch && session == p->stream_session;
}

static void accept_open(struct partition *p, struct cluster_member from,
                        const struct cluster_replica_open *open, struct partition_actions *a)
{
    if (p->stream_from.broker == from.broker && p->stream_from.incarnation == from.incarnation &&
        open->session <= p->stream_session)
        return; /* overtaken by a newer one */
    if (p->state == PARTITION_FOLLOWER)
        partition_move(p, PARTITION_MATCHING);
    p->stream_from = from;
    p->stream_session = open->session;
    if (p->log.truncating) {
        partition_move(p, PARTITION_TRUNCATING);
        p->state_due = true;
    } else if (mutated(p->config->mutation, MUTATION_TRUNCATE_TO_HIGH_WATERMARK) &&
               p->log.end > p->high_watermark) {
        partition_move(p, PARTITION_MATCHING);
        cut_to(p, PARTITION_DO_TRUNCATE, p->high_watermark, a);
    } else {
        partition_move(p, PARTITION_MATCHING);
        say_state(p, a);
    }
}

/* An older connection of the same leader may deliver late what a newer one has overtaken. */
static bool is_overtaken_early(const struct partition *p, struct cluster_member from,
                               const struct cluster_replica_open *open)
{
    if (p->early_from.incarnation == 0)
        return false;
    return open->leader_epoch < p->early_open.leader_epoch ||
           (open->leader_epoch == p->early_open.leader_epoch && member_equal(from, p->early_from) &&
            open->session < p->early_open.session);
}

static void on_open(struct partition *p, struct cluster_member from,
                    const struct cluster_replica_open *open, struct partition_actions *a)
{
    if (!p->ordered || open->leader_epoch > p->order.leader_epoch) {
        if (is_overtaken_early(p, from, open))
            return;
        p->early_from = from; /* it knows more than we do: our order is on its way */
        p->early_open = *open;
        return;
    }
    if (open->leader_epoch < p->order.leader_epoch) {
        refuse(p, from, open->leader_epoch, open->session, CLUSTER_REFUSED_STALE_EPOCH, a);
        return;
    }
    switch (p->state) {
    case PARTITION_WAITING:
    case PARTITION_MATCHING:
    case PARTITION_TRUNCATING:
    case PARTITION_FOLLOWER:
        if (from_leader(p, from))
            accept_open(p, from, open, a);
        break;
    case PARTITION_MISSING:
    case PARTITION_STOPPED:
    case PARTITION_SUSPECT:
    case PARTITION_FAILED:
        refuse(p, from, open->leader_epoch, open->session, CLUSTER_REFUSED_STOPPED, a);
        break;
    default:
        refuse(p, from, open->leader_epoch, open->session, CLUSTER_REFUSED_NOT_REPLICA, a);
    }
}

void follower_early_open(struct partition *p, struct partition_actions *a)
{
    struct cluster_member from = p->early_from;
    if (from.incarnation == 0 || p->early_open.leader_epoch > p->order.leader_epoch)
        return;
    p->early_from = (struct cluster_member){0};
    if (p->early_open.leader_epoch == p->order.leader_epoch)
        on_open(p, from, &p->early_open, a);
}

/* Where our log parts from the leader's: the leader's `epoch` is the largest that it has at or
 * below our last one. When we have it too, both logs agree in it as far as the shorter goes;
 * when we do not, what we have from below it is where to look next. */
static void on_diverge(struct partition *p, const struct partition_event *e,
                       struct partition_actions *a)
{
    const struct cluster_diverge *d = &e->u.diverge;
    if (p->state != PARTITION_MATCHING || !of_stream(p, e->from, d->leader_epoch, d->session))
        return;
    int64_t to = e->own_end;
    if (e->own_epoch < 0)
        to = p->log.start;
    else if (e->own_epoch == d->epoch)
        to = min_i64(d->end, e->own_end);
    if (to < p->log.start)
        to = p->log.start;
    if (to >= p->log.end) { /* nothing to cut, so no round would follow: not what leaders say */
        refuse(p, e->from, d->leader_epoch, d->session, CLUSTER_REFUSED_GAP, a);
        wait_for_open(p);
        return;
    }
    cut_to(p, PARTITION_DO_TRUNCATE, to, a);
}

static void on_reset(struct partition *p, const struct partition_event *e,
                     struct partition_actions *a)
{
    const struct cluster_reset *r = &e->u.reset;
    if (p->state != PARTITION_MATCHING || r->start < 0 ||
        !of_stream(p, e->from, r->leader_epoch, r->session))
        return;
    cut_to(p, PARTITION_DO_RESET, r->start, a);
}

static void on_push(struct partition *p, struct cluster_member from,
                    const struct cluster_push *push, struct partition_actions *a)
{
    if (mutated(p->config->mutation, MUTATION_NO_EPOCH_CHECK_ON_PUSH) && push->size > 0 &&
        push->base == p->log.end && p->state != PARTITION_LEADER && p->log.there &&
        !p->log.truncating && p->state != PARTITION_FAILED) {
        partition_do(a, PARTITION_DO_ACCEPT_PUSH);
        return;
    }
    if (p->ordered && push->leader_epoch < p->order.leader_epoch) {
        /* It was deposed and has not heard of it. */
        refuse(p, from, push->leader_epoch, push->session, CLUSTER_REFUSED_STALE_EPOCH, a);
        return;
    }
    if (p->state == PARTITION_WAITING && p->ordered && from_leader(p, from) &&
        push->leader_epoch == p->order.leader_epoch) {
        /* The leader believes in a stream that has ended here: it must open it again. */
        refuse(p, from, push->leader_epoch, push->session, CLUSTER_REFUSED_GAP, a);
        return;
    }
    if ((p->state != PARTITION_MATCHING && p->state != PARTITION_FOLLOWER) ||
        !of_stream(p, from, push->leader_epoch, push->session))
        return;
    bool follows_on = push->base == p->log.end;
    if (!follows_on &&
        (push->size > 0 || push->base > p->log.end || p->state == PARTITION_MATCHING)) {
        refuse(p, from, push->leader_epoch, push->session, CLUSTER_REFUSED_GAP, a);
        wait_for_open(p);
        return;
    }
    partition_move(p, PARTITION_FOLLOWER);
    p->leader_high_watermark = max_i64(p->leader_high_watermark, push->high_watermark);
    p->leader_start = max_i64(p->leader_start, push->leader_start);
    p->touched = true;
    if (push->size > 0)
        partition_do(a, PARTITION_DO_ACCEPT_PUSH);
    else
        p->ack_due = true;
}

void follower_event(struct partition *p, const struct partition_event *e,
                    struct partition_actions *a)
{
    switch (e->kind) {
    case PARTITION_EV_OPEN:
        on_open(p, e->from, &e->u.open, a);
        break;
    case PARTITION_EV_DIVERGE:
        on_diverge(p, e, a);
        break;
    case PARTITION_EV_RESET:
        on_reset(p, e, a);
        break;
    case PARTITION_EV_PUSH:
        on_push(p, e->from, &e->u.push, a);
        break;
    case PARTITION_EV_LEADER_DOWN:
        if (member_equal(e->from, p->stream_from))
            wait_for_open(p);
        if (member_equal(e->from, p->early_from))
            p->early_from = (struct cluster_member){0};
        break;
    default:
        IMPOSSIBLE("not an event of a follower");
    }
}

/* The cut is durable: now, and not before, may this epoch's records come. */
void follower_log_moved(struct partition *p, struct partition_actions *a)
{
    if (p->state != PARTITION_TRUNCATING || p->log.truncating)
        return;
    bool due = p->state_due;
    partition_move(p, due ? PARTITION_MATCHING : PARTITION_WAITING);
    if (due)
        say_state(p, a);
}

void follower_turn(struct partition *p, struct partition_actions *a)
{
    set_high_watermark(p, max_i64(p->high_watermark, min_i64(p->leader_high_watermark, p->log.end)),
                       a);
    int64_t start = min_i64(p->leader_start, p->high_watermark);
    if (start > p->log.start) {
        struct partition_action *action = partition_do(a, PARTITION_DO_ADVANCE_START);
        action->offset = start;
        p->log.start = start;
    }
    if (!p->ack_due || !p->log.created)
        return;
    p->ack_due = false;
    struct partition_action *action = partition_do(a, PARTITION_DO_SEND_ACK);
    action->to = p->stream_from;
    action->u.ack = (struct cluster_ack){
        .id = p->order.id,
        .leader_epoch = p->order.leader_epoch,
        .session = p->stream_session,
        .end = p->log.end,
        .synced_end = p->log.synced_end,
    };
}
