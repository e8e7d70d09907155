/* SPDX-License-Identifier: Apache-2.0 */
/* The step of one replica: orders, the log's news, the choice of a role, reports. What a leader and
 * a follower do stands in partition_leader.c, partition_isr.c and partition_follower.c. */
#include "broker/replica/partition.h"

#include "broker/replica/partition_internal.h"

#define BIT(state) (1u << (state))
#define ANY_ROLE                                                                                   \
    (BIT(PARTITION_IDLE) | BIT(PARTITION_PREPARING) | BIT(PARTITION_RESIGNED) |                    \
     BIT(PARTITION_WAITING) | BIT(PARTITION_SUSPECT) | BIT(PARTITION_FAILED))

static const struct {
    const char *name;
    unsigned moves;
} states[PARTITION_STATES] = {
    [PARTITION_IDLE] = {"idle", ANY_ROLE | BIT(PARTITION_MISSING)},
    [PARTITION_MISSING] = {"missing", ANY_ROLE},
    [PARTITION_PREPARING] = {"preparing", ANY_ROLE | BIT(PARTITION_LEADER)},
    [PARTITION_LEADER] = {"leader", ANY_ROLE},
    [PARTITION_RESIGNED] = {"resigned", ANY_ROLE},
    [PARTITION_WAITING] = {"waiting",
                           ANY_ROLE | BIT(PARTITION_MATCHING) | BIT(PARTITION_TRUNCATING)},
    [PARTITION_MATCHING] = {"matching", ANY_ROLE | BIT(PARTITION_TRUNCATING) |
                                            BIT(PARTITION_FOLLOWER) | BIT(PARTITION_STOPPED)},
    [PARTITION_TRUNCATING] = {"truncating", ANY_ROLE | BIT(PARTITION_MATCHING)},
    [PARTITION_FOLLOWER] = {"follower", ANY_ROLE | BIT(PARTITION_MATCHING)},
    [PARTITION_STOPPED] = {"stopped", ANY_ROLE},
    [PARTITION_SUSPECT] = {"suspect", ANY_ROLE},
    [PARTITION_FAILED] = {"failed", 0},
};

const char *partition_state_name(enum partition_state state)
{
    return states[state].name;
}

bool partition_state_may_move(enum partition_state from, enum partition_state to)
{
    return from != to && (states[from].moves & BIT(to));
}

void partition_move(struct partition *p, enum partition_state to)
{
    if (p->state == to)
        return;
    INVARIANT(partition_state_may_move(p->state, to));
    p->state = to;
    p->touched = true;
    p->reported = 0;
}

struct partition_action *partition_do(struct partition_actions *actions,
                                      enum partition_action_kind kind)
{
    INVARIANT(actions->count < PARTITION_ACTIONS_MAX);
    struct partition_action *action = &actions->items[actions->count++];
    *action = (struct partition_action){.kind = kind};
    return action;
}

bool partition_in_isr(const struct partition *p, int32_t broker)
{
    return cluster_partition_in_isr(&p->order, broker);
}

bool partition_in_maximal_isr(const struct partition *p, int32_t broker)
{
    if (partition_in_isr(p, broker))
        return true;
    if (p->isr_pending) {
        for (uint32_t i = 0; i < p->isr_change.isr_count; i++)
            if (p->isr_change.isr[i].broker == broker)
                return true;
    }
    return false;
}

bool partition_stranger_in_isr(const struct partition *p)
{
    for (uint32_t i = 0; i < p->order.isr_count; i++) {
        int32_t broker = p->order.isr[i];
        if (broker != p->config->self.broker && !cluster_partition_has_replica(&p->order, broker))
            return true;
    }
    return false;
}

struct partition_peer *partition_find_peer(struct partition *p, int32_t broker)
{
    for (uint32_t i = 0; i < p->peer_count; i++)
        if (p->peers[i].broker == broker)
            return &p->peers[i];
    return NULL;
}

void partition_init(struct partition *p, const struct partition_config *config,
                    struct partition_id id, const struct partition_log *log)
{
    *p = (struct partition){
        .config = config,
        .state = PARTITION_IDLE,
        .log = *log,
        .high_watermark = log->there ? log->high_watermark : 0,
        .resigned_epoch = -1,
    };
    p->order.id = id;
    p->order.leader = -1;
    p->order.leader_epoch = -1;
    p->order.version = -1;
    if (log->there && log->failed)
        partition_move(p, PARTITION_FAILED);
}

/* ---- the choice of a role ---- */

/* An empty log is made only where nothing can have been acknowledged by this replica: the partition
 * is new, or the ISR does not count on it. Anything else would let an exchanged disk pass for the
 * old one. While a directory is offline the log may be there: two copies would meet when it comes
 * back. */
static void create_missing_log(struct partition *p, struct partition_actions *a)
{
    bool may = (p->order.flags & CLUSTER_PARTITION_NEW) ||
               (!partition_in_isr(p, p->config->self.broker) && !p->config->dir_offline) ||
               mutated(p->config->mutation, MUTATION_EMPTY_FOR_MISSING);
    if (!may)
        return;
    partition_do(a, PARTITION_DO_CREATE_LOG);
    p->log = (struct partition_log){.there = true, .last_epoch = -1};
    p->high_watermark = 0;
}

static void lead_or_wait(struct partition *p, struct partition_actions *a)
{
    if (p->state != PARTITION_PREPARING)
        return;
    if ((p->order.flags & CLUSTER_PARTITION_NEW) || !p->log.created || p->log.truncating)
        return;
    leader_begin(p, a);
}

static enum partition_state leader_role(const struct partition *p)
{
    bool mine = p->order.leader_incarnation == p->config->self.incarnation ||
                mutated(p->config->mutation, MUTATION_RESUME_OLD_EPOCH);
    if (!mine || p->order.leader_epoch <= p->resigned_epoch)
        return PARTITION_RESIGNED;
    return p->log.suspect ? PARTITION_SUSPECT : PARTITION_PREPARING;
}

/* What the newest order and the log make of this replica. Called with no leadership and no stream
 * standing. */
static void settle(struct partition *p, struct partition_actions *a)
{
    int32_t self = p->config->self.broker;
    if (p->state == PARTITION_FAILED)
        return;
    /* Who leads may be assigned no more: nobody else has what is committed then. */
    if (!cluster_partition_has_replica(&p->order, self) && p->order.leader != self) {
        partition_move(p, PARTITION_IDLE);
        return;
    }
    if (!p->log.there)
        create_missing_log(p, a);
    if (!p->log.there) {
        partition_move(p, PARTITION_IDLE);
        partition_move(p, PARTITION_MISSING);
    } else if (p->order.leader < 0) {
        partition_move(p, PARTITION_IDLE);
    } else if (p->order.leader == self) {
        partition_move(p, leader_role(p));
        lead_or_wait(p, a);
    } else if (partition_distrusted(p) && partition_in_isr(p, self)) {
        partition_move(p, PARTITION_SUSPECT);
    } else {
        partition_move(p, PARTITION_WAITING);
        follower_early_open(p, a);
    }
}

static bool same_replicas(const struct cluster_partition_item *a,
                          const struct cluster_partition_item *b)
{
    return a->replica_count == b->replica_count &&
           memcmp(a->replicas, b->replicas, a->replica_count * sizeof a->replicas[0]) == 0;
}

static void end_reign(struct partition *p, struct partition_actions *a)
{
    if (p->state == PARTITION_LEADER)
        leader_end(p, a);
    follower_drop_stream(p);
}

/* Any news of the state may be what these are waiting for; the others have their role until the
 * leadership changes. */
static bool waits_for_an_order(const struct partition *p)
{
    switch (p->state) {
    case PARTITION_IDLE:
    case PARTITION_MISSING:
    case PARTITION_PREPARING:
    case PARTITION_SUSPECT:
        return true;
    default:
        return false;
    }
}

static void on_order(struct partition *p, const struct cluster_partition_item *order,
                     struct partition_actions *a)
{
    bool older =
        order->leader_epoch < p->order.leader_epoch ||
        (order->leader_epoch == p->order.leader_epoch && order->version < p->order.version);
    if (p->ordered && older)
        return;
    bool same_reign = p->ordered && order->leader_epoch == p->order.leader_epoch &&
                      order->leader == p->order.leader &&
                      order->leader_incarnation == p->order.leader_incarnation;
    bool moved = same_reign && !same_replicas(order, &p->order);
    if (!same_reign)
        end_reign(p, a);
    else if (p->state == PARTITION_LEADER)
        isr_order(p, order);
    p->order = *order;
    /* A partition that is led was new before; a state that says so again was written by hand. */
    if (same_reign && p->state == PARTITION_LEADER)
        p->order.flags &= ~(uint32_t)CLUSTER_PARTITION_NEW;
    p->ordered = true;
    p->touched = true;
    leader_prepare_peers(p);
    if (moved && p->state == PARTITION_LEADER)
        leader_replicas_changed(p, a);
    bool dropped = moved && p->state != PARTITION_LEADER &&
                   !cluster_partition_has_replica(order, p->config->self.broker);
    if (dropped)
        follower_drop_stream(p);
    if (!same_reign || dropped || waits_for_an_order(p))
        settle(p, a);
}

/* ---- the log's news ---- */

/* Whoever leads next has all that is committed: it is in the ISR, and is there. */
static bool another_may_lead(const struct partition *p)
{
    for (uint32_t i = 0; i < p->peer_count; i++) {
        const struct partition_peer *peer = &p->peers[i];
        if (peer->alive && peer->up && peer->acked && partition_in_isr(p, peer->broker))
            return true;
    }
    return false;
}

/* A leader with damaged bytes hands over, so that it can be repaired from the others: outside of
 * the ISR it fetches everything anew. Where nobody else is in sync it goes on: what it has besides
 * can be served. */
static void on_damaged(struct partition *p, struct partition_actions *a)
{
    if (p->state != PARTITION_LEADER || !another_may_lead(p))
        return;
    partition_do(a, PARTITION_DO_SAY)->text =
        "bytes on the disk are damaged; another replica shall lead, and this one is fetched anew";
    p->damaged = true;
    p->resigned_epoch = p->order.leader_epoch;
    end_reign(p, a);
    partition_move(p, PARTITION_RESIGNED);
}

/* A follower that was to be cut, and cannot be. */
static void on_suspect(struct partition *p, struct partition_actions *a)
{
    partition_do(a, PARTITION_DO_SAY)->text =
        "bytes on the disk are damaged; everything is fetched anew";
    follower_refuse_stream(p, a);
    end_reign(p, a);
    if (p->ordered)
        settle(p, a);
}

static void on_log(struct partition *p, const struct partition_log *log,
                   struct partition_actions *a)
{
    bool moved = log->end != p->log.end || log->synced_end != p->log.synced_end ||
                 log->created != p->log.created,
         cut = log->truncating || p->log.truncating,
         became_suspect = log->suspect && !p->log.suspect;
    if (p->state == PARTITION_LEADER && log->end > p->log.end)
        isr_before_append(p);
    p->log = *log;
    /* A cut ends where a batch does, at or below the place asked for. After an unclean election the
     * high watermark may lie inside of that batch: it was another leader's. */
    if (cut && p->high_watermark > log->end)
        p->high_watermark = log->end;
    p->touched = true;
    if (log->failed && p->state != PARTITION_FAILED) {
        end_reign(p, a);
        partition_move(p, PARTITION_FAILED);
        return;
    }
    if (became_suspect) {
        on_suspect(p, a);
        return;
    }
    if (moved)
        p->ack_due = true;
    lead_or_wait(p, a);
    follower_log_moved(p, a);
}

static void on_self(struct partition *p, struct partition_actions *a)
{
    end_reign(p, a);
    if (p->ordered)
        settle(p, a);
}

/* ---- reports ---- */

/* What the controller must know of this replica as it stands. Said when it becomes so, again with
 * each new order and after a while for as long as it is so: a report may get lost, and one that was
 * said under an older order counts for nothing. 0: nothing. */
static int report_wanted(const struct partition *p)
{
    int32_t self = p->config->self.broker;
    bool counts =
        partition_in_isr(p, self) ||
        (p->order.leader == self && p->order.leader_incarnation == p->config->self.incarnation);
    switch (p->state) {
    case PARTITION_MISSING:
    case PARTITION_SUSPECT:
    case PARTITION_STOPPED:
    case PARTITION_FAILED:
        return counts ? CLUSTER_REPORT_FAILED : 0;
    case PARTITION_RESIGNED:
        return p->order.leader_incarnation == p->config->self.incarnation ? CLUSTER_REPORT_RESIGNED
                                                                          : 0;
    default:
        break;
    }
    bool is_new = (p->order.flags & CLUSTER_PARTITION_NEW) && p->log.there && p->log.created;
    return is_new && cluster_partition_has_replica(&p->order, self) ? CLUSTER_REPORT_CREATED : 0;
}

static void report_turn(struct partition *p, struct partition_actions *a)
{
    int wanted = p->ordered ? report_wanted(p) : 0;
    bool same_order =
        p->report_epoch == p->order.leader_epoch && p->report_version == p->order.version;
    bool recent = same_order && p->now_ms < p->report_ms + p->config->retry_ms;
    if (wanted == p->reported && (!wanted || recent))
        return;
    p->reported = wanted;
    p->report_epoch = p->order.leader_epoch;
    p->report_version = p->order.version;
    p->report_ms = p->now_ms;
    if (!wanted)
        return;
    struct partition_action *action = partition_do(a, PARTITION_DO_REPORT);
    action->u.report = (struct cluster_report){
        .id = p->order.id,
        .kind = (enum cluster_report_kind)wanted,
        .leader_epoch = p->order.leader_epoch,
        .version = p->order.version,
    };
}

/* ---- the step ---- */

static void check_invariants(const struct partition *p)
{
    bool leads = p->state == PARTITION_LEADER;
    INVARIANT(!p->log.there || p->log.start <= p->log.end);
    INVARIANT(!p->log.there || p->log.synced_end <= p->log.end);
    INVARIANT(!p->log.there || p->high_watermark <= p->log.end);
    INVARIANT(!leads || p->order.leader == p->config->self.broker);
    INVARIANT(!leads || p->order.leader_epoch > p->resigned_epoch);
    INVARIANT(!leads || !(p->order.flags & CLUSTER_PARTITION_NEW));
    INVARIANT(!leads || (p->log.there && p->log.created && !p->log.failed && !p->log.suspect));
    INVARIANT(!leads || !p->log.truncating);
    INVARIANT(!leads || p->epoch_start <= p->log.end);
    INVARIANT(leads || !p->isr_pending);
    INVARIANT(p->state != PARTITION_FOLLOWER || !p->log.truncating);
    INVARIANT(p->state != PARTITION_FOLLOWER || p->stream_from.incarnation != 0);
    INVARIANT(p->order.leader_epoch >= -1);
    for (uint32_t i = 0; leads && i < p->peer_count; i++) {
        INVARIANT(p->peers[i].synced_end <= p->peers[i].end);
        INVARIANT(p->peers[i].end <= p->log.end);
    }
}

static void dispatch(struct partition *p, const struct partition_event *e,
                     struct partition_actions *a)
{
    switch (e->kind) {
    case PARTITION_EV_ORDER:
        on_order(p, &e->u.order, a);
        break;
    case PARTITION_EV_LOG:
        on_log(p, &e->u.log, a);
        break;
    case PARTITION_EV_MEMBER:
        leader_member(p, e, a);
        break;
    case PARTITION_EV_DAMAGED:
        on_damaged(p, a);
        break;
    case PARTITION_EV_SELF:
        on_self(p, a);
        break;
    case PARTITION_EV_TIMER:
        p->timer_ms = 0;
        p->touched = true;
        leader_timer(p, a);
        break;
    case PARTITION_EV_ISR_REPLY:
    case PARTITION_EV_STREAM_UP:
    case PARTITION_EV_STREAM_DOWN:
    case PARTITION_EV_STREAM_SILENT:
    case PARTITION_EV_STREAM_HELD:
    case PARTITION_EV_STREAM_HEARD:
    case PARTITION_EV_STREAM_REOPEN:
    case PARTITION_EV_STATE:
    case PARTITION_EV_ACK:
    case PARTITION_EV_REFUSE:
        leader_event(p, e, a);
        break;
    case PARTITION_EV_OPEN:
    case PARTITION_EV_DIVERGE:
    case PARTITION_EV_RESET:
    case PARTITION_EV_PUSH:
    case PARTITION_EV_LEADER_DOWN:
        follower_event(p, e, a);
        break;
    case PARTITION_EVENTS:
        IMPOSSIBLE("no such event");
    }
}

void partition_step(struct partition *p, const struct partition_event *event,
                    struct partition_actions *actions)
{
    p->now_ms = event->now_ms;
    dispatch(p, event, actions);
    check_invariants(p);
}

static int64_t sooner(int64_t a, int64_t b)
{
    return !a ? b : !b ? a : min_i64(a, b);
}

static void set_timer(struct partition *p, struct partition_actions *a)
{
    int64_t at = p->reported ? p->report_ms + p->config->retry_ms : 0;
    if (p->state == PARTITION_LEADER) {
        at = sooner(at, isr_timer(p));
        for (uint32_t i = 0; i < p->peer_count; i++)
            at = sooner(at, p->peers[i].reopen_ms);
    }
    if (!at || (p->timer_ms && p->timer_ms <= at))
        return; /* one that comes too early finds nothing to do and is set again */
    p->timer_ms = at;
    partition_do(a, PARTITION_DO_TIMER)->at_ms = at;
}

void partition_turn(struct partition *p, int64_t now_ms, struct partition_actions *actions)
{
    p->now_ms = now_ms;
    p->touched = false;
    if (p->state == PARTITION_LEADER) {
        leader_turn(p, actions);
        isr_turn(p, actions);
    } else if (p->state == PARTITION_FOLLOWER) {
        follower_turn(p, actions);
    }
    report_turn(p, actions);
    set_timer(p, actions);
    check_invariants(p);
}

bool partition_wants_turn(const struct partition *p)
{
    return p->touched;
}

/* ---- questions ---- */

bool partition_leads(const struct partition *p)
{
    return p->state == PARTITION_LEADER;
}

enum partition_admission partition_admit(const struct partition *p, int16_t acks)
{
    if (p->state != PARTITION_LEADER)
        return PARTITION_NOT_LEADER;
    if (acks == -1 && (int64_t)p->order.isr_count < p->order.min_isr)
        return PARTITION_NOT_ENOUGH_REPLICAS;
    return PARTITION_ADMITTED;
}

bool partition_is_in_touch(const struct partition *p)
{
    if (p->state != PARTITION_LEADER)
        return false;
    for (uint32_t i = 0; i < p->peer_count; i++) {
        const struct partition_peer *peer = &p->peers[i];
        bool heard =
            peer->alive && peer->up && !peer->silent && !peer->held && peer->state == PEER_PUSHING;
        if (partition_in_maximal_isr(p, peer->broker) && !heard)
            return false;
    }
    return true;
}

bool partition_latest_available(const struct partition *p)
{
    return p->state == PARTITION_LEADER && p->high_watermark >= p->epoch_start;
}
