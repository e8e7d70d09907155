/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/internal.h"

/* What a partition's state node should say, given what it says and what is known of its replicas.
 * No action, no event: the same answer whenever it is asked, so that it does not matter which of
 * many events came first. Everything that the controller writes of its own accord is decided here;
 * ISR changes that a leader asks for are in controller_isr.c. */

bool ctl_isr_has(const struct ctl_isr *isr, int32_t broker)
{
    for (uint32_t i = 0; i < isr->count; i++)
        if (isr->brokers[i] == broker)
            return true;
    return false;
}

static void isr_add(struct ctl_isr *isr, int32_t broker)
{
    PRE(isr->count < CLUSTER_REPLICAS_MAX);
    isr->brokers[isr->count++] = broker;
}

/* Leader and controller go by the number in the state, never by the configuration: so a changed
 * setting takes effect through a fenced write. */
int32_t ctl_min_isr(const struct controller *c, const struct ctl_partition *p)
{
    const struct ctl_topic *t = p->topic;
    if (t->settings_unknown && p->now.min_isr > 0)
        return p->now.min_isr;
    int32_t wanted = t->min_insync > 0 ? t->min_insync : c->config.min_insync_replicas;
    if (wanted > p->replica_count)
        wanted = p->replica_count;
    return wanted < 1 ? 1 : wanted;
}

static const struct ctl_replica *replica_of(const struct ctl_partition *p, int32_t broker)
{
    for (uint32_t i = 0; i < p->replica_count; i++)
        if (p->replicas[i].broker == broker)
            return &p->replicas[i];
    return NULL;
}

static bool shutting_down(const struct controller *c, int32_t broker)
{
    const struct ctl_broker *b = ctl_broker_find(c, broker);
    return b && b->shutting_down;
}

static uint64_t incarnation_of(const struct controller *c, int32_t broker)
{
    const struct ctl_broker *b = ctl_broker_find(c, broker);
    return b ? b->incarnation : 0;
}

static bool may_lead(const struct controller *c, const struct ctl_replica *r)
{
    return r->state == CTL_REPLICA_ONLINE && !shutting_down(c, r->broker);
}

/* A leader epoch belongs to one incarnation: a restarted process leads in a new epoch only. */
static bool leader_is_the_same(const struct controller *c, const struct ctl_partition *p)
{
    if (mutated(c->config.mutations, MUTATION_RESUME_OLD_EPOCH))
        return true;
    return incarnation_of(c, p->now.leader) == p->now.leader_incarnation;
}

static bool isr_is_assigned(const struct ctl_partition *p)
{
    for (uint32_t i = 0; i < p->now.isr.count; i++)
        if (replica_of(p, p->now.isr.brokers[i]))
            return true;
    return false;
}

/* One that is not assigned, after the assignment was edited by hand. It leads on only while no
 * member of the ISR is assigned: until it has let one in, nobody else has what is committed. */
static bool stranger_fits(const struct controller *c, const struct ctl_partition *p)
{
    const struct ctl_broker *b = ctl_broker_find(c, p->now.leader);
    return b && b->state == CTL_BROKER_IN && !p->now.is_new && !isr_is_assigned(p);
}

bool ctl_leader_fits(const struct controller *c, const struct ctl_partition *p)
{
    const struct ctl_replica *r = replica_of(p, p->now.leader);
    bool there = r ? r->state == CTL_REPLICA_ONLINE : stranger_fits(c, p);
    return there && leader_is_the_same(c, p) && p->resigned_epoch != p->now.leader_epoch;
}

/* Stays in the ISR: what it acknowledged is synced. A broker that is starting stays too, one that
 * is not assigned does not. */
static bool may_stay(const struct controller *c, const struct ctl_partition *p, int32_t broker)
{
    const struct ctl_replica *r = replica_of(p, broker);
    if (!r)
        return false;
    if (p->now.is_new)
        return may_lead(c, r); /* nothing was acknowledged yet, so nobody needs to be waited for */
    return (r->state == CTL_REPLICA_ONLINE || r->state == CTL_REPLICA_STARTING) &&
           !shutting_down(c, broker);
}

static void lead(const struct controller *c, struct ctl_state *s, int32_t broker)
{
    s->leader = broker;
    s->leader_incarnation = broker == ZNODE_LEADER_NONE ? 0 : incarnation_of(c, broker);
    s->leader_epoch++;
}

/* The members that may stay, and the leader, which is never taken out here. */
static bool shrink(const struct controller *c, const struct ctl_partition *p, struct ctl_state *s)
{
    struct ctl_isr kept = {0};
    for (uint32_t i = 0; i < s->isr.count; i++) {
        int32_t broker = s->isr.brokers[i];
        if (broker == s->leader || may_stay(c, p, broker))
            isr_add(&kept, broker);
    }
    if (kept.count == s->isr.count || kept.count == 0)
        return false;
    s->isr = kept;
    return true;
}

/* A partition without a state, or one that is new and whose ISR has died: no leader has appended
 * yet, so any replicas that are online can start it. */
static const char *start(const struct controller *c, const struct ctl_partition *p,
                         struct ctl_state *s)
{
    struct ctl_isr isr = {0};
    for (uint32_t i = 0; i < p->replica_count; i++)
        if (may_lead(c, &p->replicas[i]))
            isr_add(&isr, p->replicas[i].broker);
    if (isr.count == 0)
        return NULL;
    s->isr = isr;
    s->is_new = true;
    lead(c, s, isr.brokers[0]);
    return p->now.version < 0 ? "created" : "started again";
}

/* The first assigned replica that may lead and is in the ISR; the one that resigned comes last. */
static int32_t candidate(const struct controller *c, const struct ctl_partition *p)
{
    int32_t last_resort = ZNODE_LEADER_NONE;
    bool resigned = p->resigned_epoch == p->now.leader_epoch;
    for (uint32_t i = 0; i < p->replica_count; i++) {
        const struct ctl_replica *r = &p->replicas[i];
        bool in_sync = ctl_isr_has(&p->now.isr, r->broker) ||
                       mutated(c->config.mutations, MUTATION_ELECT_OUTSIDE_ISR);
        if (!may_lead(c, r) || !in_sync)
            continue;
        if (!resigned || r->broker != p->now.leader)
            return r->broker;
        last_resort = r->broker;
    }
    return last_resort;
}

static const char *elect_unclean(const struct controller *c, const struct ctl_partition *p,
                                 struct ctl_state *s)
{
    if (!p->topic->is_unclean)
        return NULL;
    for (uint32_t i = 0; i < p->replica_count; i++) {
        if (!may_lead(c, &p->replicas[i]))
            continue;
        lead(c, s, p->replicas[i].broker);
        s->isr = (struct ctl_isr){1, {p->replicas[i].broker}};
        s->recovering = true;
        return "unclean election";
    }
    return NULL;
}

static const char *elect(const struct controller *c, const struct ctl_partition *p,
                         struct ctl_state *s)
{
    int32_t leader = candidate(c, p);
    if (leader != ZNODE_LEADER_NONE) {
        lead(c, s, leader);
        if (mutated(c->config.mutations, MUTATION_ELECT_OUTSIDE_ISR) &&
            !ctl_isr_has(&s->isr, leader))
            isr_add(&s->isr, leader);
        (void)shrink(c, p, s);
        return "election";
    }
    const char *why = s->is_new ? start(c, p, s) : elect_unclean(c, p, s);
    if (why)
        return why;
    if (s->leader == ZNODE_LEADER_NONE)
        return NULL;
    lead(c, s, ZNODE_LEADER_NONE);
    return "no leader left";
}

static bool all_created(const struct controller *c, const struct ctl_partition *p)
{
    for (uint32_t i = 0; i < p->now.isr.count; i++) {
        const struct ctl_replica *r = replica_of(p, p->now.isr.brokers[i]);
        if (!r || r->created == 0 || r->created != incarnation_of(c, r->broker))
            return false;
    }
    return true;
}

static bool preferred_possible(const struct controller *c, const struct ctl_partition *p)
{
    const struct ctl_replica *r = &p->replicas[0];
    return may_lead(c, r) && ctl_isr_has(&p->now.isr, r->broker);
}

/* The leader that stands may go on: smaller changes, all in one write. */
static const char *tend(const struct controller *c, const struct ctl_partition *p,
                        struct ctl_state *s)
{
    if (shutting_down(c, s->leader)) {
        int32_t other = candidate(c, p);
        if (other != ZNODE_LEADER_NONE) {
            lead(c, s, other);
            (void)shrink(c, p, s);
            return "controlled shutdown";
        }
    }
    const char *why = NULL;
    if (p->preferred_wanted && s->leader != p->replicas[0].broker && preferred_possible(c, p)) {
        lead(c, s, p->replicas[0].broker);
        why = "preferred election";
    }
    if (shrink(c, p, s) && !why)
        why = "shrink";
    if (s->is_new && all_created(c, p)) {
        s->is_new = false;
        if (!why)
            why = "all created";
    }
    return why;
}

static const char *start_first(const struct controller *c, const struct ctl_partition *p,
                               struct ctl_state *s)
{
    if (p->survey && !ctl_survey_done(c, p))
        return NULL;
    *s = (struct ctl_state){.version = -1, .leader_epoch = -1};
    return start(c, p, s);
}

/* The state node was deleted by hand. What it said is known; in a new epoch, since brokers do not
 * heed another state of an epoch that they know. */
static const char *make_again(const struct controller *c, const struct ctl_partition *p,
                              struct ctl_state *s)
{
    if (!elect(c, p, s))
        lead(c, s, ZNODE_LEADER_NONE);
    return "made again";
}

const char *ctl_decide(const struct controller *c, const struct ctl_partition *p,
                       struct ctl_state *ret)
{
    if (p->state == CTL_PARTITION_READING || p->state == CTL_PARTITION_UNREADABLE || p->ahead ||
        c->zookeeper_is_older)
        return NULL;
    struct ctl_state s = p->now;
    const char *why = NULL;
    if (s.version < 0) {
        why = s.leader_epoch >= 0 ? make_again(c, p, &s) : start_first(c, p, &s);
        if (!why)
            return NULL;
    } else if (ctl_leader_fits(c, p)) {
        why = tend(c, p, &s);
    } else {
        why = elect(c, p, &s);
    }
    s.min_isr = ctl_min_isr(c, p);
    if (!why && s.min_isr != p->now.min_isr)
        why = "min.insync.replicas";
    s.controller_epoch = c->epoch;
    if (why)
        *ret = s;
    return why;
}
