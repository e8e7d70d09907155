/* SPDX-License-Identifier: Apache-2.0 */
/* A leader and its followers: open a stream to each, find where its log and ours part, push from
 * there, count its acknowledgements, move the high watermark. */
#include "broker/replica/partition_internal.h"

#define REOPEN_SOON_MS 100 /* after a gap, or when the follower has not heard of the order yet */
#define REOPEN_STOPPED_MS 5000 /* when it said that it cannot follow */
/* When it has said nothing: what it answered may have gone by a connection that has ended since. */
#define REOPEN_UNANSWERED_MS 5000

static struct cluster_member peer_member(const struct partition_peer *peer)
{
    return (struct cluster_member){peer->broker, peer->incarnation};
}

/* What was known of a follower under another epoch, or of another process of it, is void. */
static void peer_forget(struct partition_peer *peer)
{
    peer->acked = false;
    peer->lacks = false;
    peer->state = PEER_DOWN;
    peer->end = 0;
    peer->synced_end = 0;
    peer->reopen_ms = 0;
}

/* Keeps the peers equal to the order's replicas but this one. */
void leader_prepare_peers(struct partition *p)
{
    struct partition_peer old[CLUSTER_REPLICAS_MAX];
    uint32_t old_count = p->peer_count;
    memcpy(old, p->peers, sizeof old);
    p->peer_count = 0;
    for (uint32_t i = 0; i < p->order.replica_count; i++) {
        int32_t broker = p->order.replicas[i];
        if (broker == p->config->self.broker)
            continue;
        struct partition_peer *peer = &p->peers[p->peer_count++];
        *peer = (struct partition_peer){.broker = broker, .down_since_ms = p->now_ms};
        for (uint32_t j = 0; j < old_count; j++)
            if (old[j].broker == broker)
                *peer = old[j];
    }
}

static void peer_open(struct partition *p, struct partition_peer *peer, struct partition_actions *a)
{
    if (peer->state == PEER_PUSHING) {
        struct partition_action *stop = partition_do(a, PARTITION_DO_STOP_PUSH);
        stop->to = peer_member(peer);
    }
    peer->state = PEER_OPENING;
    peer->reopen_ms = p->now_ms + REOPEN_UNANSWERED_MS;
    peer->session = ++p->session_last;
    struct partition_action *action = partition_do(a, PARTITION_DO_SEND_OPEN);
    action->to = peer_member(peer);
    action->u.open = (struct cluster_replica_open){
        .id = p->order.id,
        .leader_epoch = p->order.leader_epoch,
        .session = peer->session,
        .leader_start = p->log.start,
    };
}

static void peer_down(struct partition *p, struct partition_peer *peer, struct partition_actions *a)
{
    if (peer->state == PEER_PUSHING)
        partition_do(a, PARTITION_DO_STOP_PUSH)->to = peer_member(peer);
    if (peer->up)
        peer->down_since_ms = p->now_ms;
    peer->up = false;
    peer->silent = peer->held = false;
    peer->state = PEER_DOWN;
    peer->reopen_ms = 0;
}

void leader_begin(struct partition *p, struct partition_actions *a)
{
    partition_move(p, PARTITION_LEADER);
    p->epoch_start = p->log.end;
    p->epoch_start_ms = p->now_ms;
    p->said_start = p->log.start;
    p->high_watermark = min_i64(max_i64(p->high_watermark, p->log.high_watermark), p->log.end);
    p->isr_pending = false;
    p->isr_ask_ms = 0;
    partition_do(a, PARTITION_DO_LEAD);
    for (uint32_t i = 0; i < p->peer_count; i++) {
        struct partition_peer *peer = &p->peers[i];
        peer_forget(peer);
        peer->up = false;
        peer->silent = peer->held = false;
        peer->down_since_ms = p->now_ms;
        peer->lag_target = p->log.end;
        peer->lag_since_ms = peer->caught_up_ms = peer->joined_ms = p->now_ms;
        peer->rejoin_ms = 0;
        peer->rejoin_after_ms = 0;
        if (peer->alive)
            partition_do(a, PARTITION_DO_WANT_STREAM)->to = peer_member(peer);
    }
}

/* The assignment was changed under a leader that stays: its followers are others, or in another
 * order. What is pushed starts over for all of them; what they acknowledged stands, and so does a
 * pending ISR change. */
void leader_replicas_changed(struct partition *p, struct partition_actions *a)
{
    partition_do(a, PARTITION_DO_NEW_PEERS);
    for (uint32_t i = 0; i < p->peer_count; i++) {
        struct partition_peer *peer = &p->peers[i];
        if (peer->up) {
            peer->state = PEER_DOWN; /* what was pushed to it was stopped with the rest */
            peer_open(p, peer, a);
        } else if (peer->alive) {
            partition_do(a, PARTITION_DO_WANT_STREAM)->to = peer_member(peer);
        }
    }
}

void leader_end(struct partition *p, struct partition_actions *a)
{
    for (uint32_t i = 0; i < p->peer_count; i++)
        peer_down(p, &p->peers[i], a);
    p->isr_pending = false;
    partition_do(a, PARTITION_DO_FAIL_WAITERS);
    partition_do(a, PARTITION_DO_UNLEAD);
    partition_move(p, PARTITION_IDLE);
}

/* A broker's item: another incarnation is another process, whose disk may be another too. */
void leader_member(struct partition *p, const struct partition_event *e,
                   struct partition_actions *a)
{
    struct partition_peer *peer = partition_find_peer(p, e->u.member.member.broker);
    if (!peer)
        return;
    bool other = peer->incarnation != e->u.member.member.incarnation;
    bool came = e->u.member.alive && (other || !peer->alive);
    p->touched = true;
    if (other || !e->u.member.alive) {
        if (p->state == PARTITION_LEADER)
            peer_down(p, peer, a);
        peer->up = false;
    }
    if (other) {
        isr_before_falling_behind(p, peer); /* a restart makes nobody slow */
        peer_forget(peer);
        peer->incarnation = e->u.member.member.incarnation;
    }
    peer->alive = e->u.member.alive;
    if (came && p->state == PARTITION_LEADER)
        partition_do(a, PARTITION_DO_WANT_STREAM)->to = peer_member(peer);
}

/* The peer that this event speaks of, when it is the process that counts. */
static struct partition_peer *speaker(struct partition *p, struct cluster_member from)
{
    struct partition_peer *peer = partition_find_peer(p, from.broker);
    if (!peer)
        return NULL;
    bool current = peer->incarnation == from.incarnation ||
                   mutated(p->config->mutation, MUTATION_NO_INCARNATION_CHECK);
    return current && peer->alive ? peer : NULL;
}

static bool fits(const struct partition *p, const struct partition_peer *peer, int32_t leader_epoch,
                 uint32_t session)
{
    if (mutated(p->config->mutation, MUTATION_NO_INCARNATION_CHECK))
        return leader_epoch == p->order.leader_epoch;
    return leader_epoch == p->order.leader_epoch && session == peer->session;
}

/* Pushing starts where the follower's log ends, once that log is a prefix of ours. */
static void peer_start(struct partition *p, struct partition_peer *peer, int64_t end,
                       struct partition_actions *a)
{
    peer->state = PEER_PUSHING;
    peer->reopen_ms = 0;
    struct partition_action *action = partition_do(a, PARTITION_DO_START_PUSH);
    action->to = peer_member(peer);
    action->offset = end;
    action->session = peer->session;
    p->touched = true;
}

/* It is told to cut what it may have acknowledged: it acknowledges anew. */
static void peer_unacked(struct partition_peer *peer)
{
    peer->acked = false;
    peer->end = 0;
    peer->synced_end = 0;
}

static void peer_reset(struct partition *p, struct partition_peer *peer,
                       struct partition_actions *a)
{
    peer_unacked(peer);
    struct partition_action *action = partition_do(a, PARTITION_DO_SEND_RESET);
    action->to = peer_member(peer);
    action->u.reset = (struct cluster_reset){
        .id = p->order.id,
        .leader_epoch = p->order.leader_epoch,
        .session = peer->session,
        .start = p->log.start,
    };
}

/* Two logs whose last records agree in (epoch, offset) agree in all before (log matching). So the
 * follower's log is a prefix of ours when its last epoch reaches at least as far here. Otherwise
 * the largest epoch that we have at or below its own, and where that ends here, is where it looks
 * next; the epochs said go down with each round, so the rounds end. */
static void on_state(struct partition *p, struct partition_peer *peer,
                     const struct partition_event *e, struct partition_actions *a)
{
    const struct cluster_replica_state *s = &e->u.state;
    if (peer->state != PEER_OPENING || !fits(p, peer, s->leader_epoch, s->session))
        return;
    peer->lacks = partition_in_isr(p, peer->broker) && s->end < p->high_watermark;
    p->touched |= peer->lacks;
    bool empty = s->last_epoch < 0;
    bool unusable = s->end < 0 || s->end < p->log.start;
    if (unusable || (empty && s->end > p->log.end)) {
        peer_reset(p, peer, a);
    } else if (empty || (e->own_epoch == s->last_epoch && e->own_end >= s->end)) {
        peer_start(p, peer, s->end, a);
    } else if (e->own_epoch < 0) {
        peer_reset(p, peer, a); /* nothing of it was ever ours */
    } else {
        peer_unacked(peer);
        struct partition_action *action = partition_do(a, PARTITION_DO_SEND_DIVERGE);
        action->to = peer_member(peer);
        action->u.diverge = (struct cluster_diverge){
            .id = p->order.id,
            .leader_epoch = p->order.leader_epoch,
            .session = peer->session,
            .epoch = e->own_epoch,
            .end = e->own_end,
        };
    }
}

static void on_ack(struct partition *p, struct partition_peer *peer, const struct cluster_ack *ack,
                   struct partition_actions *a)
{
    bool any_state = mutated(p->config->mutation, MUTATION_NO_INCARNATION_CHECK);
    if (!fits(p, peer, ack->leader_epoch, ack->session) ||
        (peer->state != PEER_PUSHING && !any_state))
        return;
    if (ack->end > p->log.end || ack->synced_end > ack->end || ack->synced_end < 0) {
        if (peer->state == PEER_PUSHING)
            partition_do(a, PARTITION_DO_STOP_PUSH)->to = peer_member(peer);
        peer->state = PEER_REFUSED; /* it has what we never sent: nothing it says counts */
        peer->reopen_ms = p->now_ms + REOPEN_STOPPED_MS;
        return;
    }
    peer->acked = true;
    peer->end = max_i64(peer->end, ack->end);
    peer->synced_end = max_i64(peer->synced_end, ack->synced_end);
    peer->lacks = peer->lacks && peer->synced_end < p->high_watermark;
    p->touched = true;
    isr_heard_ack(p, peer);
}

static void resign(struct partition *p, struct partition_actions *a)
{
    p->resigned_epoch = p->order.leader_epoch;
    leader_end(p, a);
    partition_move(p, PARTITION_RESIGNED);
}

static void on_refuse(struct partition *p, struct partition_peer *peer,
                      const struct cluster_refuse *refuse, struct partition_actions *a)
{
    if (!fits(p, peer, refuse->leader_epoch, refuse->session))
        return;
    if (peer->state == PEER_PUSHING)
        partition_do(a, PARTITION_DO_STOP_PUSH)->to = peer_member(peer);
    peer->state = PEER_REFUSED;
    p->touched = true;
    switch (refuse->reason) {
    case CLUSTER_REFUSED_STALE_EPOCH:
        resign(p, a); /* there is a newer epoch: nothing more will be committed in this one */
        break;
    case CLUSTER_REFUSED_NOT_REPLICA:
    case CLUSTER_REFUSED_GAP:
        peer->reopen_ms = p->now_ms + REOPEN_SOON_MS;
        break;
    case CLUSTER_REFUSED_STOPPED:
        peer->reopen_ms = p->now_ms + REOPEN_STOPPED_MS;
        break;
    }
}

static void on_stream(struct partition *p, struct partition_peer *peer,
                      enum partition_event_kind kind, struct partition_actions *a)
{
    p->touched = true;
    switch (kind) {
    case PARTITION_EV_STREAM_UP:
        peer->up = true;
        peer->silent = peer->held = false;
        peer_open(p, peer, a);
        break;
    case PARTITION_EV_STREAM_REOPEN:
        if (peer->up)
            peer_open(p, peer, a);
        break;
    case PARTITION_EV_STREAM_DOWN:
        peer_down(p, peer, a);
        break;
    case PARTITION_EV_STREAM_HELD:
        peer->held = true;
        break;
    case PARTITION_EV_STREAM_HEARD:
        peer->silent = peer->held = false;
        break;
    default:
        IMPOSSIBLE("not an event of a stream");
    }
}

void leader_event(struct partition *p, const struct partition_event *e, struct partition_actions *a)
{
    if (p->state != PARTITION_LEADER)
        return;
    if (e->kind == PARTITION_EV_ISR_REPLY) {
        isr_reply(p, &e->u.isr_reply);
        return;
    }
    if (e->kind == PARTITION_EV_STREAM_SILENT) {
        struct partition_peer *mute = partition_find_peer(p, e->from.broker);
        if (mute && mute->up)
            mute->silent = p->touched = true;
        return;
    }
    struct partition_peer *peer = speaker(p, e->from);
    if (!peer)
        return;
    if (e->kind == PARTITION_EV_STATE)
        on_state(p, peer, e, a);
    else if (e->kind == PARTITION_EV_ACK)
        on_ack(p, peer, &e->u.ack, a);
    else if (e->kind == PARTITION_EV_REFUSE)
        on_refuse(p, peer, &e->u.refuse, a);
    else
        on_stream(p, peer, e->kind, a);
}

void leader_timer(struct partition *p, struct partition_actions *a)
{
    if (p->state != PARTITION_LEADER)
        return;
    for (uint32_t i = 0; i < p->peer_count; i++) {
        struct partition_peer *peer = &p->peers[i];
        if (!peer->reopen_ms || p->now_ms < peer->reopen_ms)
            continue;
        bool reads = !peer->held && !peer->silent; /* else the openings would pile up */
        peer->reopen_ms = reads ? 0 : p->now_ms + REOPEN_UNANSWERED_MS;
        if (reads && peer->up && peer->alive)
            peer_open(p, peer, a);
    }
}

/* A record is committed when every member of the maximal ISR holds it synced and the committed ISR
 * has min_isr members: whoever is elected next was in that ISR. A member that is not assigned has
 * no stream from us, and acknowledges nothing: the high watermark waits until it is out. */
static int64_t committed_end(const struct partition *p)
{
    bool unsynced = mutated(p->config->mutation, MUTATION_ACK_BEFORE_SYNC);
    if ((int64_t)p->order.isr_count < p->order.min_isr || partition_stranger_in_isr(p))
        return p->high_watermark;
    int64_t end = unsynced ? p->log.end : p->log.synced_end;
    for (uint32_t i = 0; i < p->peer_count; i++) {
        const struct partition_peer *peer = &p->peers[i];
        bool counts = mutated(p->config->mutation, MUTATION_COUNT_COMMITTED_ISR)
                          ? partition_in_isr(p, peer->broker)
                          : partition_in_maximal_isr(p, peer->broker);
        if (!counts)
            continue;
        if (!peer->acked)
            return p->high_watermark;
        end = min_i64(end, unsynced ? peer->end : peer->synced_end);
    }
    return max_i64(end, p->high_watermark);
}

void leader_turn(struct partition *p, struct partition_actions *a)
{
    int64_t end = committed_end(p);
    bool marks = p->log.start != p->said_start;
    INVARIANT(end >= p->high_watermark);
    if (end > p->high_watermark) {
        p->high_watermark = end;
        partition_do(a, PARTITION_DO_SET_HIGH_WATERMARK)->offset = end;
        marks = true;
    }
    if (marks) {
        p->said_start = p->log.start;
        partition_do(a, PARTITION_DO_PUSH_MARKS);
    }
}
