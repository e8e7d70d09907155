/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdlib.h>

#include "common/memory.h"
#include "controller/internal.h"
#include "proto/cluster/digest.h"

/* Partitions: what is known of each, who must be looked at again (dirty), and taking a state that
 * was read or written. */

struct ctl_replica *ctl_replica_find(struct ctl_partition *p, int32_t broker)
{
    for (uint32_t i = 0; i < p->replica_count; i++)
        if (p->replicas[i].broker == broker)
            return &p->replicas[i];
    return NULL;
}

/* ---- who is looked at again ---- */

void ctl_partition_dirty(struct controller *c, struct ctl_partition *p)
{
    if (p->dirty)
        return;
    p->dirty = true;
    p->dirty_next = NULL;
    *c->dirty_last = p;
    c->dirty_last = &p->dirty_next;
}

void ctl_partition_hold(struct controller *c, struct ctl_partition *p, int64_t until_ms)
{
    if (until_ms > p->hold_until_ms)
        p->hold_until_ms = until_ms;
    ctl_wake(c, p->hold_until_ms);
    if (p->held)
        return;
    p->held = true;
    c->held = xgrow(c->held, &c->held_capacity, (size_t)c->held_count + 1,
                    sizeof(struct ctl_partition *));
    c->held[c->held_count++] = p;
}

void ctl_partitions_tick(struct controller *c)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < c->held_count; i++) {
        struct ctl_partition *p = c->held[i];
        if (c->now_ms < p->hold_until_ms) {
            ctl_wake(c, p->hold_until_ms);
            c->held[kept++] = p;
            continue;
        }
        p->held = false;
        ctl_partition_dirty(c, p);
    }
    c->held_count = kept;
}

static void note_waiting(struct controller *c, struct ctl_partition *p)
{
    if (p->state != CTL_PARTITION_OFFLINE || p->waiting_noted)
        return;
    char names[160] = "";
    size_t used = 0;
    for (uint32_t i = 0; i < p->now.isr.count && used + 16 < sizeof names; i++) {
        const struct ctl_replica *r = ctl_replica_find(p, p->now.isr.brokers[i]);
        used +=
            (size_t)snprintf(names + used, sizeof names - used, "%s%" PRId32 " (%s)", i ? ", " : "",
                             p->now.isr.brokers[i],
                             r ? machine_state_name(&machine_replica, r->state) : "not assigned");
    }
    p->waiting_noted = true;
    ctl_note(c, SAY_WARN,
             "partition %s-%" PRId32
             " has no leader: none of its in-sync replicas can lead; they are on brokers %s",
             p->topic->name, p->number, names);
}

static void look_at(struct controller *c, struct ctl_partition *p)
{
    if (p->topic->state != CTL_TOPIC_PRESENT || p->write != CTL_WRITE_IDLE)
        return;
    if (c->now_ms < p->hold_until_ms) {
        ctl_partition_hold(c, p, p->hold_until_ms);
        return;
    }
    if (p->now.version < 0 && p->state == CTL_PARTITION_UNWRITTEN && !p->topic->nodes_known) {
        ctl_topic_probe(c, p->topic);
        return;
    }
    struct ctl_state wanted;
    const char *why = ctl_decide(c, p, &wanted);
    if (why)
        (void)ctl_change_gather(c, p, &wanted, why);
    else
        note_waiting(c, p);
    if (!why || wanted.leader == p->replicas[0].broker)
        p->preferred_wanted = false;
}

void ctl_partitions_settle(struct controller *c)
{
    while (c->dirty_first) {
        struct ctl_partition *p = c->dirty_first;
        c->dirty_first = p->dirty_next;
        if (!c->dirty_first)
            c->dirty_last = &c->dirty_first;
        p->dirty = false;
        look_at(c, p);
    }
}

/* ---- replicas follow their brokers ---- */

static enum ctl_replica_state follow(const struct ctl_broker *b, enum ctl_replica_state now,
                                     bool new_process)
{
    bool failed = now == CTL_REPLICA_FAILED && !new_process;
    switch ((enum ctl_broker_state)b->state) {
    case CTL_BROKER_ABSENT:
    case CTL_BROKER_LEAVING:
        return CTL_REPLICA_OFFLINE;
    case CTL_BROKER_STARTING:
    case CTL_BROKER_ADMITTING:
    case CTL_BROKER_ENTERING:
        return failed ? CTL_REPLICA_FAILED : CTL_REPLICA_STARTING;
    case CTL_BROKER_IN:
        return failed ? CTL_REPLICA_FAILED : CTL_REPLICA_ONLINE;
    }
    IMPOSSIBLE("no such state of a broker");
}

void ctl_replicas_follow(struct controller *c, struct ctl_broker *b, bool new_process)
{
    for (uint32_t i = 0; i < b->partition_count; i++) {
        struct ctl_partition *p = b->partitions[i];
        struct ctl_replica *r = ctl_replica_find(p, b->id);
        if (r)
            machine_move(&machine_replica, &r->state,
                         follow(b, (enum ctl_replica_state)r->state, new_process));
        ctl_partition_dirty(c, p);
    }
}

/* ---- taking a state ---- */

static void touch(struct controller *c, struct ctl_partition *p)
{
    if (p->touched)
        return;
    p->touched = true;
    c->touched = xgrow(c->touched, &c->touched_capacity, (size_t)c->touched_count + 1,
                       sizeof(struct ctl_partition *));
    c->touched[c->touched_count++] = p;
}

static bool ready(const struct ctl_partition *p)
{
    return p->now.version >= 0 && !p->now.is_new;
}

static enum ctl_partition_state state_of(const struct ctl_state *s)
{
    if (s->version < 0)
        return CTL_PARTITION_UNWRITTEN;
    if (s->leader == ZNODE_LEADER_NONE)
        return CTL_PARTITION_OFFLINE;
    return s->is_new ? CTL_PARTITION_NEW : CTL_PARTITION_ONLINE;
}

static void enter(struct controller *c, struct ctl_partition *p, enum ctl_partition_state to)
{
    c->offline_count -= p->state == CTL_PARTITION_OFFLINE;
    machine_move(&machine_partition, &p->state, to);
    c->offline_count += p->state == CTL_PARTITION_OFFLINE;
    if (to != CTL_PARTITION_OFFLINE)
        p->waiting_noted = false;
}

static void trace_state(struct controller *c, const struct ctl_partition *p, const char *why)
{
    char isr[CLUSTER_REPLICAS_MAX * 12 + 1] = "";
    size_t used = 0;
    for (uint32_t i = 0; i < p->now.isr.count; i++)
        used += (size_t)snprintf(isr + used, sizeof isr - used, "%s%" PRId32, i ? "," : "",
                                 p->now.isr.brokers[i]);
    ctl_trace(c,
              "partition %s-%" PRId32 " %s: leader %" PRId32 " epoch %" PRId32 " version %" PRId32
              " isr %s min %" PRId32 "%s%s",
              p->topic->name, p->number, why, p->now.leader, p->now.leader_epoch, p->now.version,
              isr, p->now.min_isr, p->now.is_new ? " new" : "",
              p->now.recovering ? " recovering" : "");
}

/* Epochs and versions of one state node never go down. A node that was deleted and made again
 * starts anew; that is the end of the old one, told by ctl_partition_missing. */
static void check_order(const struct ctl_state *old, const struct ctl_state *new)
{
    INVARIANT(old->version < 0 || new->version >= old->version);
    INVARIANT(old->version < 0 || new->leader_epoch >= old->leader_epoch ||
              new->controller_epoch != old->controller_epoch);
}

/* Members of the ISR that are not assigned: said once, and the partition is looked at when the
 * broker comes or goes. */
static void meet_strangers(struct controller *c, struct ctl_partition *p)
{
    for (uint32_t i = 0; i < p->now.isr.count; i++) {
        int32_t broker = p->now.isr.brokers[i];
        if (ctl_replica_find(p, broker))
            continue;
        struct ctl_broker *b = ctl_broker_get(c, broker);
        bool met = false;
        for (uint32_t k = 0; k < b->partition_count; k++)
            met |= b->partitions[k] == p;
        if (met)
            continue;
        ctl_broker_add_partition(b, p);
        ctl_note(
            c, SAY_WARN,
            "broker %" PRId32 " is in sync for partition %s-%" PRId32
            " and not assigned to it (edited by hand?): it leaves the in-sync replicas as soon "
            "as they have one that is assigned",
            broker, p->topic->name, p->number);
    }
}

void ctl_partition_apply(struct controller *c, struct ctl_partition *p,
                         const struct ctl_state *state, const char *why)
{
    bool was_ready = ready(p);
    bool same_version = p->now.version == state->version && p->state != CTL_PARTITION_READING;
    check_order(&p->now, state);
    if (state->leader_epoch != p->now.leader_epoch)
        p->resigned_epoch = -2;
    p->now = *state;
    p->has_node = true;
    if (was_ready != ready(p))
        p->topic->unready += was_ready ? 1u : -1u;
    enter(c, p, state_of(&p->now));
    for (uint32_t i = 0; i < p->replica_count; i++) {
        struct ctl_replica *r = &p->replicas[i];
        if (!p->now.is_new)
            r->created = 0;
    }
    meet_strangers(c, p);
    ctl_doubt_heard_state(c, p);
    touch(c, p);
    if (!same_version)
        trace_state(c, p, why);
    ctl_say_partition(c, p);
    ctl_partition_dirty(c, p);
}

/* What it said is remembered: the leader counts on no smaller ISR than the one that it was told
 * last, so each member of that has what is committed. */
void ctl_partition_missing(struct controller *c, struct ctl_partition *p)
{
    if (p->now.version >= 0) {
        ctl_note(c, SAY_WARN,
                 "the state node of partition %s-%" PRId32
                 " was deleted by hand: it is made again, with a new leader epoch",
                 p->topic->name, p->number);
        p->topic->unready += ready(p);
        p->topic->nodes_known = false; /* others may be gone too */
    } else if (p->now.leader_epoch < 0 && p->state != CTL_PARTITION_UNWRITTEN) {
        ctl_survey_begin(c, p); /* nobody here knows what it said */
    }
    p->now.version = -1;
    p->has_node = false;
    enter(c, p, CTL_PARTITION_UNWRITTEN);
    ctl_say_partition(c, p);
    ctl_partition_dirty(c, p);
}

void ctl_partition_unreadable(struct controller *c, struct ctl_partition *p, const char *why)
{
    if (p->state != CTL_PARTITION_UNREADABLE)
        ctl_note(c, SAY_ERROR,
                 "the state node of partition %s-%" PRId32 " %s: nothing is decided for it",
                 p->topic->name, p->number, why);
    enter(c, p, CTL_PARTITION_UNREADABLE);
    ctl_doubt_list(c, p);
}

/* ---- reports ---- */

static void report_created(struct controller *c, struct ctl_partition *p, struct ctl_replica *r,
                           uint64_t incarnation)
{
    r->created = incarnation;
    if (p->now.is_new)
        ctl_partition_dirty(c, p);
}

void ctl_replica_failed(struct controller *c, struct ctl_partition *p, struct ctl_replica *r)
{
    machine_move(&machine_replica, &r->state, CTL_REPLICA_FAILED);
    p->waiting_noted = false; /* if it has no leader, the reason is another now */
    ctl_partition_dirty(c, p);
}

/* Only while the state is the one that it was said under. One that was long on its way speaks of a
 * replica that may have been made whole and joined the ISR since, perhaps as its only member; one
 * that is still true is said again with the order that follows. */
static void report_failed(struct controller *c, struct ctl_partition *p, struct ctl_replica *r,
                          const struct cluster_report *report)
{
    if (report->leader_epoch != p->now.leader_epoch || report->version != p->now.version)
        return;
    if (r->state != CTL_REPLICA_ONLINE && r->state != CTL_REPLICA_STARTING)
        return;
    ctl_note(c, SAY_WARN, "the replica of partition %s-%" PRId32 " on broker %" PRId32 " failed",
             p->topic->name, p->number, r->broker);
    ctl_replica_failed(c, p, r);
}

/* The leader's append failed after its offset was assigned: it will never append again in this
 * epoch. After a second one soon after the first the election waits a little, so that a full disk
 * does not cause one election after another. */
static void report_resigned(struct controller *c, struct ctl_partition *p, int32_t broker,
                            int32_t leader_epoch)
{
    if (p->now.leader != broker || p->now.leader_epoch != leader_epoch)
        return;
    ctl_note(c, SAY_WARN, "broker %" PRId32 " resigned as leader of partition %s-%" PRId32, broker,
             p->topic->name, p->number);
    p->resigned_epoch = leader_epoch;
    if (p->resigned_at_ms != 0 && c->now_ms - p->resigned_at_ms < CTL_RETRY_MS)
        ctl_partition_hold(c, p, c->now_ms + CTL_RETRY_MS);
    p->resigned_at_ms = c->now_ms;
    ctl_partition_dirty(c, p);
}

void ctl_partition_report(struct controller *c, uint64_t connection,
                          const struct cluster_report *report)
{
    struct ctl_broker *b = ctl_connection_broker(c, connection);
    struct ctl_topic *t = ctl_topic_by_id(c, report->id.topic);
    if (c->state != CONTROLLER_ACTIVE || !b || !t)
        return;
    if (report->kind == CLUSTER_REPORT_DELETED) {
        ctl_deletion_heard(c, t, b->id);
        return;
    }
    struct ctl_partition *p = ctl_partition_find(t, report->id.number);
    if (!p || t->state != CTL_TOPIC_PRESENT)
        return;
    struct ctl_replica *r = ctl_replica_find(p, b->id);
    if (!r) {
        /* Not assigned: what it says concerns nobody unless it leads. */
        if (report->kind == CLUSTER_REPORT_FAILED || report->kind == CLUSTER_REPORT_RESIGNED)
            report_resigned(c, p, b->id, report->leader_epoch);
        return;
    }
    switch (report->kind) {
    case CLUSTER_REPORT_CREATED:
        report_created(c, p, r, b->incarnation);
        break;
    case CLUSTER_REPORT_FAILED:
        report_failed(c, p, r, report);
        break;
    case CLUSTER_REPORT_RESIGNED:
        report_resigned(c, p, b->id, report->leader_epoch);
        break;
    case CLUSTER_REPORT_DELETED:
        break;
    }
}

/* ---- invariants ---- */

static void check(const struct ctl_partition *p)
{
    const struct ctl_state *s = &p->now;
    if (s->version < 0)
        return;
    INVARIANT(s->isr.count > 0 && s->isr.count <= CLUSTER_REPLICAS_MAX);
    INVARIANT(s->leader == ZNODE_LEADER_NONE || ctl_isr_has(&s->isr, s->leader));
    INVARIANT(s->leader_epoch >= 0);
    INVARIANT((p->state == CTL_PARTITION_OFFLINE) == (s->leader == ZNODE_LEADER_NONE) ||
              p->state == CTL_PARTITION_UNREADABLE);
    INVARIANT((p->change != NULL) == (p->write != CTL_WRITE_IDLE));
}

void ctl_check_touched(struct controller *c)
{
    for (uint32_t i = 0; i < c->touched_count; i++) {
        c->touched[i]->touched = false;
        check(c->touched[i]);
    }
    c->touched_count = 0;
}

void ctl_check_all(const struct controller *c)
{
    struct map_entry e;
    uint64_t digest = 0;
    uint32_t offline = 0, partitions = 0;
    for (uint32_t at = 0; map_next(&c->topics, &at, &e);) {
        const struct ctl_topic *t = e.value;
        uint32_t unready = 0;
        for (uint32_t i = 0; i < t->partition_count; i++) {
            const struct ctl_partition *p = t->partitions[i];
            struct cluster_partition_item item;
            check(p);
            ctl_partition_item(c, p, &item);
            digest += p->said ? cluster_digest_of(&item) : 0;
            offline += p->state == CTL_PARTITION_OFFLINE;
            unready += !ready(p);
            partitions++;
        }
        INVARIANT(unready == t->unready);
    }
    INVARIANT(digest == c->digest);
    INVARIANT(offline == c->offline_count);
    INVARIANT(partitions == c->partition_count);
}
