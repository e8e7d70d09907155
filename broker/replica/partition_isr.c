/* SPDX-License-Identifier: Apache-2.0 */
/* Who is in sync: when a follower leaves, when it comes back, and what counts while the answer to
 * a change is out. One change is pending at a time; one whose outcome is unknown stays pending and
 * is asked again, with the same words under another number. A refusal ends it only when it answers
 * the last asking: a controller may refuse one copy and carry out the next, which is on its way. */
#include "broker/replica/partition_internal.h"

#define REJOIN_QUIET_MS 60000 /* in the ISR for so long: the next leaving counts as the first */

static bool peer_is_behind(const struct partition *p, const struct partition_peer *peer)
{
    return !peer->acked || peer->synced_end < p->log.end;
}

/* As in Kafka: a follower that has now reached what was the log's end at lag_since_ms was caught up
 * at that time. From here on the end of now is what it has to reach. */
void isr_heard_ack(struct partition *p, struct partition_peer *peer)
{
    if (peer->synced_end >= peer->lag_target) {
        peer->caught_up_ms = peer->lag_since_ms;
        peer->lag_target = p->log.end;
        peer->lag_since_ms = p->now_ms;
    }
    if (peer->synced_end >= p->log.end)
        peer->caught_up_ms = p->now_ms;
}

/* Nobody acknowledges while nothing is written: whoever has all of it was caught up until now. */
void isr_before_falling_behind(struct partition *p, struct partition_peer *peer)
{
    if (!peer_is_behind(p, peer))
        peer->caught_up_ms = peer->lag_since_ms = p->now_ms;
}

void isr_before_append(struct partition *p)
{
    for (uint32_t i = 0; i < p->peer_count; i++)
        isr_before_falling_behind(p, &p->peers[i]);
}

/* Joined by what it *synced*, said in this epoch by the process that the controller knows: at least
 * all that is committed, and the epoch's start, so that a high watermark of ours that is still
 * behind the truth does not let it in too early. */
static bool peer_may_join(const struct partition *p, const struct partition_peer *peer)
{
    int64_t end =
        mutated(p->config->mutation, MUTATION_JOIN_BY_LOG_END) ? peer->end : peer->synced_end;
    bool pushing =
        peer->state == PEER_PUSHING || mutated(p->config->mutation, MUTATION_NO_INCARNATION_CHECK);
    return peer->alive && !peer->silent && !peer->held && peer->acked && pushing &&
           peer->incarnation != 0 && end >= p->high_watermark && end >= p->epoch_start &&
           p->now_ms >= peer->rejoin_after_ms;
}

static bool peer_is_silent(const struct partition *p, const struct partition_peer *peer)
{
    return peer->silent || (!peer->up && p->now_ms - peer->down_since_ms >= p->config->silence_ms);
}

/* Whatever min_isr says. One that lacks what is committed (its disk was put back from a copy) must
 * not be elected while it gets that again. */
static bool peer_must_leave(const struct partition *p, const struct partition_peer *peer)
{
    return peer->lacks || peer_is_silent(p, peer);
}

/* Too far behind for too long, or behind and taking nothing. It talks: where the ISR would get too
 * small without it, it is waited for. */
static bool peer_is_slow(const struct partition *p, const struct partition_peer *peer)
{
    return peer_is_behind(p, peer) &&
           (peer->held || p->now_ms - peer->caught_up_ms > p->config->lag_ms);
}

static void peer_left(struct partition *p, struct partition_peer *peer)
{
    const struct partition_config *config = p->config;
    if (!peer->rejoin_ms || p->now_ms - peer->joined_ms > REJOIN_QUIET_MS)
        peer->rejoin_ms = config->rejoin_ms;
    else
        peer->rejoin_ms = min_i64(peer->rejoin_ms * 2, config->rejoin_ms_max);
    peer->rejoin_after_ms = p->now_ms + peer->rejoin_ms;
}

static void adopt_isr(struct partition *p, const int32_t *isr, uint32_t count)
{
    for (uint32_t i = 0; i < p->peer_count; i++) {
        struct partition_peer *peer = &p->peers[i];
        bool was = partition_in_isr(p, peer->broker), is = false;
        for (uint32_t j = 0; j < count; j++)
            is = is || isr[j] == peer->broker;
        if (was && !is) {
            peer_left(p, peer);
        } else if (!was && is) {
            peer->joined_ms = peer->caught_up_ms = peer->lag_since_ms = p->now_ms;
            peer->lag_target = p->log.end;
        }
    }
    memmove(p->order.isr, isr, count * sizeof *isr);
    p->order.isr_count = count;
    p->touched = true;
}

/* An order of the same epoch came; called before it is taken over. Each state's write names the
 * version that it replaces, so a newer version says that the pending change either is in it or can
 * never be. */
void isr_order(struct partition *p, const struct cluster_partition_item *order)
{
    if (order->version > p->order.version) {
        p->isr_pending = false;
        p->isr_ask_ms = 0;
    }
    adopt_isr(p, order->isr, order->isr_count);
}

void isr_reply(struct partition *p, const struct cluster_isr_reply *reply)
{
    if (!p->isr_pending || reply->request < p->isr_request_first ||
        reply->request > p->isr_change.request || reply->isr_count > CLUSTER_REPLICAS_MAX)
        return;
    p->touched = true;
    switch (reply->result) {
    case CLUSTER_ISR_DONE:
        if (reply->leader_epoch != p->order.leader_epoch || reply->version <= p->order.version)
            return;
        p->isr_pending = false;
        adopt_isr(p, reply->isr, reply->isr_count);
        p->order.version = reply->version;
        p->isr_ask_ms = 0;
        break;
    case CLUSTER_ISR_REFUSED:
        if (reply->request != p->isr_change.request)
            break;
        /* A state that has moved on may have done so by another copy of this very change: then
         * it stays pending until the order tells, with all its fields. */
        if (reply->leader_epoch == p->order.leader_epoch && reply->version == p->isr_change.version)
            p->isr_pending = false;
        p->isr_ask_ms = p->now_ms;
        break;
    case CLUSTER_ISR_UNKNOWN:
        break;
    }
}

/* The ISR as it should be now; false when it is so already. */
static bool propose(const struct partition *p, struct cluster_isr_change *ret)
{
    /* One that is not assigned leaves: it is named by no peer below. */
    uint32_t left = partition_stranger_in_isr(p), joined = 0, stay = p->order.isr_count;
    for (uint32_t i = 0; i < p->peer_count; i++)
        stay -= partition_in_isr(p, p->peers[i].broker) && peer_must_leave(p, &p->peers[i]);
    ret->isr_count = 0;
    ret->isr[ret->isr_count++] = p->config->self;
    for (uint32_t i = 0; i < p->peer_count; i++) {
        const struct partition_peer *peer = &p->peers[i];
        bool keep = false;
        if (!partition_in_isr(p, peer->broker)) {
            keep = peer_may_join(p, peer);
            joined += keep;
        } else if (peer_must_leave(p, peer)) {
            left++;
        } else if (peer_is_slow(p, peer) && (int64_t)stay > p->order.min_isr) {
            left++;
            stay--;
        } else {
            keep = true;
        }
        if (keep && ret->isr_count < CLUSTER_REPLICAS_MAX) /* a leader may be assigned no more */
            ret->isr[ret->isr_count++] = (struct cluster_member){peer->broker, peer->incarnation};
    }
    return left + joined > 0;
}

void isr_turn(struct partition *p, struct partition_actions *a)
{
    bool due = !p->isr_ask_ms || p->now_ms >= p->isr_ask_ms + p->config->retry_ms;
    if (p->isr_pending) {
        if (!due)
            return;
    } else {
        struct cluster_isr_change change;
        if (!due || !propose(p, &change))
            return;
        change.id = p->order.id;
        change.leader_epoch = p->order.leader_epoch;
        change.version = p->order.version;
        p->isr_change = change;
        p->isr_pending = true;
        p->isr_request_first = p->isr_request_last + 1;
    }
    p->isr_change.request = ++p->isr_request_last;
    p->isr_ask_ms = p->now_ms;
    partition_do(a, PARTITION_DO_ASK_ISR)->u.isr_change = p->isr_change;
}

static int64_t sooner(int64_t a, int64_t b)
{
    return !a ? b : min_i64(a, b);
}

int64_t isr_timer(const struct partition *p)
{
    struct cluster_isr_change change;
    int64_t ask_ms = p->isr_ask_ms + p->config->retry_ms, at = 0;
    if (p->isr_pending || (p->isr_ask_ms && propose(p, &change)))
        at = ask_ms;
    for (uint32_t i = 0; i < p->peer_count; i++) {
        const struct partition_peer *peer = &p->peers[i];
        if (!partition_in_isr(p, peer->broker)) {
            if (peer->alive && peer->acked && p->now_ms < peer->rejoin_after_ms)
                at = sooner(at, peer->rejoin_after_ms);
        } else if (!peer->up) {
            if (!peer_is_silent(p, peer))
                at = sooner(at, peer->down_since_ms + p->config->silence_ms);
        } else if (peer_is_behind(p, peer) && !peer_is_slow(p, peer)) {
            at = sooner(at, peer->caught_up_ms + p->config->lag_ms + 1);
        }
    }
    return at;
}
