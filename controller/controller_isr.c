/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdlib.h>

#include "common/memory.h"
#include "controller/internal.h"

/* ISR changes that leaders ask for (Kafka's AlterPartition). The state is written with the same
 * leader epoch, on the version that the leader named; a multi that grows the ISR also checks the
 * version of each joiner's broker node, so that a joiner that was restarted between its last
 * acknowledgement and the write cannot slip in.
 *
 * The answers: done, refused (surely not done, and never will be), unknown (ask again; until then
 * the leader counts with the larger of both). */

void ctl_isr_answer(struct controller *c, const struct ctl_asked *asked,
                    const struct ctl_partition *p, enum cluster_isr_result result)
{
    struct controller_action *a = ctl_act(c, CONTROLLER_DO_SEND_ISR_REPLY);
    a->connection = asked->connection;
    a->u.isr_reply = (struct cluster_isr_reply){
        .request = asked->change.request,
        .id = asked->change.id,
        .result = result,
        .leader_epoch = -1,
        .version = -1,
    };
    if (!p)
        return;
    a->u.isr_reply.leader_epoch = p->now.leader_epoch;
    a->u.isr_reply.version = p->now.version;
    a->u.isr_reply.isr_count = p->now.isr.count;
    memcpy(a->u.isr_reply.isr, p->now.isr.brokers, sizeof a->u.isr_reply.isr);
}

static bool names(const struct cluster_isr_change *change, int32_t broker)
{
    for (uint32_t i = 0; i < change->isr_count; i++)
        if (change->isr[i].broker == broker)
            return true;
    return false;
}

static bool same_isr(const struct ctl_isr *isr, const struct cluster_isr_change *change)
{
    if (isr->count != change->isr_count)
        return false;
    for (uint32_t i = 0; i < isr->count; i++)
        if (!names(change, isr->brokers[i]))
            return false;
    return true;
}

/* A member that is not in the ISR yet must be in, the very process whose acknowledgements were
 * counted, and not about to leave. */
static const char *cannot_join(const struct controller *c, struct cluster_member m)
{
    const struct ctl_broker *b = ctl_broker_find(c, m.broker);
    if (!b || b->state != CTL_BROKER_IN)
        return "a joiner is not in";
    if (b->shutting_down)
        return "a joiner is shutting down";
    if (mutated(c->config.mutations, MUTATION_NO_INCARNATION_CHECK))
        return NULL;
    if (b->incarnation != m.incarnation)
        return "a joiner was restarted";
    return NULL;
}

static const char *bad_members(const struct controller *c, struct ctl_partition *p,
                               const struct cluster_isr_change *change)
{
    if (change->isr_count == 0 || change->isr_count > CLUSTER_REPLICAS_MAX)
        return "wrong number of members";
    if (!names(change, p->now.leader))
        return "without the leader";
    for (uint32_t i = 0; i < change->isr_count; i++) {
        for (uint32_t k = 0; k < i; k++)
            if (change->isr[k].broker == change->isr[i].broker)
                return "a member twice";
        if (ctl_isr_has(&p->now.isr, change->isr[i].broker))
            continue; /* assigned or not: it stays */
        if (!ctl_replica_find(p, change->isr[i].broker))
            return "a joiner that is not assigned";
        const char *why = cannot_join(c, change->isr[i]);
        if (why)
            return why;
    }
    return NULL;
}

/* Why it is refused; NULL: it fits. */
static const char *refuse(const struct controller *c, struct ctl_partition *p,
                          const struct ctl_asked *asked)
{
    const struct cluster_isr_change *change = &asked->change;
    const struct ctl_broker *b = ctl_connection_broker(c, asked->connection);
    if (p->topic->state != CTL_TOPIC_PRESENT)
        return "the topic is being deleted";
    if (p->state != CTL_PARTITION_ONLINE)
        return "the partition has no leader, or is new";
    if (change->leader_epoch < p->now.leader_epoch)
        return "an earlier leader epoch";
    if (!b || b->id != p->now.leader || b->incarnation != p->now.leader_incarnation)
        return "not from the leader";
    if (b->state != CTL_BROKER_IN)
        return "the leader is leaving";
    if (change->version < p->now.version)
        return "an earlier version";
    if (change->leader_epoch == p->refused_epoch && change->request <= p->refused_request)
        return "refused before";
    return bad_members(c, p, change);
}

/* The asker may count on a smaller ISR once it hears "refused": another copy of this request, still
 * on its way, must not be done when its members fit again. */
static void remember_refused(struct ctl_partition *p, const struct cluster_isr_change *change)
{
    if (p->refused_epoch != change->leader_epoch || p->refused_request < change->request)
        p->refused_request = change->request;
    p->refused_epoch = change->leader_epoch;
}

static void grow_or_shrink(struct controller *c, struct ctl_partition *p, struct ctl_asked *asked)
{
    struct ctl_state wanted = p->now;
    const struct cluster_isr_change *change = &asked->change;
    /* In the order of the assignment, whatever the order asked for; then the leader, should it be
     * assigned no more. */
    wanted.isr.count = 0;
    for (uint32_t i = 0; i < p->replica_count; i++)
        if (names(change, p->replicas[i].broker))
            wanted.isr.brokers[wanted.isr.count++] = p->replicas[i].broker;
    /* Others may have to cut below their high watermark as long as one has not joined. */
    if (wanted.isr.count == p->replica_count)
        wanted.recovering = false;
    if (!ctl_replica_find(p, p->now.leader))
        wanted.isr.brokers[wanted.isr.count++] = p->now.leader;
    wanted.controller_epoch = c->epoch;
    wanted.min_isr = ctl_min_isr(c, p);
    struct ctl_change *ch = ctl_change_gather(c, p, &wanted, "isr change");
    for (uint32_t i = 0; i < wanted.isr.count; i++) {
        if (!ctl_isr_has(&p->now.isr, wanted.isr.brokers[i]))
            ch->joiners[ch->joiner_count++] = (struct ctl_joiner){
                wanted.isr.brokers[i], ctl_broker_find(c, wanted.isr.brokers[i])->node_version};
    }
    if (mutated(c->config.mutations, MUTATION_NO_INCARNATION_CHECK))
        ch->joiner_count = 0;
    ch->asked = asked;
}

/* Nothing is being written for the partition: answers the request or starts its write. Takes
 * asked. */
static void consider(struct controller *c, struct ctl_partition *p, struct ctl_asked *asked)
{
    const struct cluster_isr_change *change = &asked->change;
    const struct ctl_broker *b = ctl_connection_broker(c, asked->connection);
    bool newer = change->leader_epoch > p->now.leader_epoch || change->version > p->now.version;
    if (newer || p->ahead || c->zookeeper_is_older || p->state == CTL_PARTITION_UNREADABLE) {
        /* The leader knows a later state than this controller does: it is read again from
         * ZooKeeper. */
        ctl_isr_answer(c, asked, p, CLUSTER_ISR_UNKNOWN);
        if (newer)
            ctl_partition_read(c, p);
        free(asked);
        return;
    }
    if (change->leader_epoch == p->now.leader_epoch && same_isr(&p->now.isr, change) && b &&
        b->id == p->now.leader) {
        ctl_isr_answer(c, asked, p, CLUSTER_ISR_DONE);
        free(asked);
        return;
    }
    const char *why = refuse(c, p, asked);
    if (why) {
        ctl_trace(c, "partition %s-%" PRId32 ": isr change refused: %s", p->topic->name, p->number,
                  why);
        if (change->leader_epoch == p->now.leader_epoch)
            remember_refused(p, change);
        ctl_isr_answer(c, asked, p, CLUSTER_ISR_REFUSED);
        free(asked);
        return;
    }
    grow_or_shrink(c, p, asked);
}

void ctl_isr_next(struct controller *c, struct ctl_partition *p)
{
    if (!p->asked || p->write != CTL_WRITE_IDLE)
        return;
    struct ctl_asked *asked = p->asked;
    p->asked = NULL;
    consider(c, p, asked);
}

void ctl_isr_asked(struct controller *c, uint64_t connection,
                   const struct cluster_isr_change *change)
{
    struct ctl_asked *asked = xcalloc(1, sizeof *asked);
    asked->connection = connection;
    asked->change = *change;
    struct ctl_topic *t = ctl_topic_by_id(c, change->id.topic);
    struct ctl_partition *p = t ? ctl_partition_find(t, change->id.number) : NULL;
    if (c->state != CONTROLLER_ACTIVE) {
        ctl_isr_answer(c, asked, NULL, CLUSTER_ISR_UNKNOWN);
        free(asked);
    } else if (!p || t->state != CTL_TOPIC_PRESENT) {
        ctl_isr_answer(c, asked, NULL, CLUSTER_ISR_REFUSED);
        free(asked);
    } else if (p->write != CTL_WRITE_IDLE) {
        if (p->asked) {
            ctl_isr_answer(c, p->asked, p, CLUSTER_ISR_UNKNOWN);
            free(p->asked);
        }
        p->asked = asked;
    } else {
        consider(c, p, asked);
    }
}
