/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>

#include "common/memory.h"
#include "controller/internal.h"

/* Partitions for which ZooKeeper's word is not enough.
 *
 * Ahead: brokers were told, or hold, more than the state node says. Somebody restored an old
 * backup, or wiped ZooKeeper: electing on its word would throw away what was acknowledged since.
 * Nothing is decided until the node says as much as they know.
 *
 * Unreadable: what stands in the node makes no sense.
 *
 * Both are ended by whoever writes the node, by hand or by a restore: so the nodes are read again,
 * some each tick.
 *
 * Surveyed: there is no state node, and nothing is remembered of one. It is a topic that somebody
 * wrote by hand (as old tools do), or somebody deleted the node; the brokers know which. It is
 * started only when each replica that could be asked has shown what it has. */

static bool doubted(const struct ctl_partition *p)
{
    return p->ahead || p->state == CTL_PARTITION_UNREADABLE;
}

void ctl_doubt_list(struct controller *c, struct ctl_partition *p)
{
    if (p->doubt_listed)
        return;
    p->doubt_listed = true;
    c->doubts = xgrow(c->doubts, &c->doubt_capacity, (size_t)c->doubt_count + 1,
                      sizeof(struct ctl_partition *));
    c->doubts[c->doubt_count++] = p;
}

static void unlist_settled(struct controller *c)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < c->doubt_count; i++) {
        struct ctl_partition *p = c->doubts[i];
        p->doubt_listed = doubted(p);
        if (p->doubt_listed)
            c->doubts[kept++] = p;
    }
    c->doubt_count = kept;
}

void ctl_doubt_tick(struct controller *c)
{
    unlist_settled(c);
    for (uint32_t i = 0; i < c->doubt_count && i < CTL_DOUBTS_READ_MAX; i++) {
        if (c->doubt_at >= c->doubt_count)
            c->doubt_at = 0;
        ctl_partition_read(c, c->doubts[c->doubt_at++]);
    }
}

/* A state was read or written. */
void ctl_doubt_heard_state(struct controller *c, struct ctl_partition *p)
{
    bool caught_up = p->now.leader_epoch > p->ahead_epoch ||
                     (p->now.leader_epoch == p->ahead_epoch && p->now.version >= p->ahead_version);
    if (!p->ahead || !caught_up)
        return;
    p->ahead = false;
    ctl_note(c, SAY_WARN,
             "the state node of partition %s-%" PRId32
             " says as much as the brokers know again (leader epoch %" PRId32 ", version %" PRId32
             "): leaders are elected for it",
             p->topic->name, p->number, p->now.leader_epoch, p->now.version);
}

/* ---- what a broker has ---- */

static bool later(int32_t epoch, int32_t version, int32_t than_epoch, int32_t than_version)
{
    return epoch > than_epoch || (epoch == than_epoch && version > than_version);
}

static void take_ahead(struct controller *c, struct ctl_partition *p, int32_t epoch,
                       int32_t version)
{
    if (!p->ahead || later(epoch, version, p->ahead_epoch, p->ahead_version)) {
        p->ahead_epoch = epoch;
        p->ahead_version = version;
    }
    p->ahead = true;
    ctl_doubt_list(c, p);
}

static void note_ahead(struct controller *c, const struct ctl_broker *b,
                       const struct ctl_partition *p, const char *what)
{
    ctl_note(c, SAY_ERROR,
             "ZooKeeper is older than the brokers: broker %" PRId32 " %s of partition %s-%" PRId32
             ", ZooKeeper's is %" PRId32 ", version %" PRId32
             "; no leader is elected for it until that is mended",
             b->id, what, p->topic->name, p->number, p->now.leader_epoch, p->now.version);
}

void ctl_doubt_held(struct controller *c, const struct ctl_broker *b, struct ctl_partition *p,
                    const struct cluster_held *held)
{
    char what[80];
    bool known = p->ahead;
    /* A node that is to be made again gets a leader epoch of its own. */
    int32_t epoch = p->now.leader_epoch;
    int32_t version = p->now.version < 0 && epoch >= 0 ? INT32_MAX : p->now.version;
    if (p->state == CTL_PARTITION_READING)
        return;
    if (p->change && p->change->wanted.leader_epoch > epoch)
        epoch = p->change->wanted.leader_epoch;
    if (held->last_epoch > epoch) {
        take_ahead(c, p, held->last_epoch, -1);
        snprintf(what, sizeof what, "holds leader epoch %" PRId32, held->last_epoch);
    }
    if (later(held->order_epoch, held->order_version, epoch, version)) {
        take_ahead(c, p, held->order_epoch, held->order_version);
        snprintf(what, sizeof what, "was told leader epoch %" PRId32 ", version %" PRId32,
                 held->order_epoch, held->order_version);
    }
    if (!known && p->ahead)
        note_ahead(c, b, p, what);
}

/* ---- no state node ---- */

void ctl_survey_begin(struct controller *c, struct ctl_partition *p)
{
    p->survey = ++c->surveys;
    if (c->state == CONTROLLER_ACTIVE)
        ctl_say_snapshot(c); /* each is answered by an inventory */
}

void ctl_survey_heard(struct controller *c, struct ctl_broker *b)
{
    b->surveyed = c->surveys;
    for (uint32_t i = 0; i < b->partition_count; i++)
        if (b->partitions[i]->now.version < 0)
            ctl_partition_dirty(c, b->partitions[i]);
}

bool ctl_survey_done(const struct controller *c, const struct ctl_partition *p)
{
    for (uint32_t i = 0; i < p->replica_count; i++) {
        const struct ctl_replica *r = &p->replicas[i];
        const struct ctl_broker *b = ctl_broker_find(c, r->broker);
        if (r->state != CTL_REPLICA_OFFLINE && b && b->surveyed < p->survey)
            return false;
    }
    return true;
}
