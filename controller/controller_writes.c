/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdlib.h>

#include "common/memory.h"
#include "controller/internal.h"

/* Writes of partition states. Decisions are gathered and leave in multis of bounded size, a few of
 * which may be under way: what comes meanwhile waits for the next, so that a thousand reports in a
 * thousand steps make no thousand multis. In each stands first the check of the reign, then the
 * broker nodes of those who join an ISR, then every state at the version that it was decided from.
 *
 * One op that fails fails its multi: the partition that it belongs to is read again, the others go
 * into the next multi. Until a write is settled (done, surely not done, or compared after a sync)
 * nothing else is decided for that partition. */

struct batch {
    struct ctl_change *first, **last;
    uint32_t check_count;
    struct ctl_joiner *checks; /* broker nodes that are checked by ops 1 .. check_count */
};

static void change_free(struct ctl_change *ch)
{
    if (ch->p)
        ch->p->change = NULL;
    free(ch->asked);
    free(ch);
}

static void write_move(struct ctl_partition *p, enum ctl_write_state to)
{
    machine_move(&machine_write, &p->write, to);
}

static void count_writes(struct controller *c, struct ctl_partition *p, bool up)
{
    for (uint32_t i = 0; i < p->replica_count; i++) {
        struct ctl_broker *b = ctl_broker_find(c, p->replicas[i].broker);
        INVARIANT(b && (up || b->writes > 0));
        b->writes += up ? 1u : -1u;
    }
}

static void gather(struct controller *c, struct ctl_change *ch)
{
    ch->next = NULL;
    *c->gathered_last = ch;
    c->gathered_last = &ch->next;
    c->gathered_count++;
    write_move(ch->p, CTL_WRITE_GATHERED);
}

struct ctl_change *ctl_change_gather(struct controller *c, struct ctl_partition *p,
                                     const struct ctl_state *wanted, const char *why)
{
    PRE(!p->change && p->write == CTL_WRITE_IDLE);
    PRE(wanted->isr.count > 0);
    PRE(wanted->leader == ZNODE_LEADER_NONE || ctl_isr_has(&wanted->isr, wanted->leader));
    struct ctl_change *ch = xcalloc(1, sizeof *ch);
    ch->p = p;
    ch->wanted = *wanted;
    ch->wanted.version = p->now.version + 1;
    ch->why = why;
    p->change = ch;
    count_writes(c, p, true);
    gather(c, ch);
    return ch;
}

/* The outcome of the write is known: done, or not. */
static void settled(struct controller *c, struct ctl_change *ch)
{
    struct ctl_partition *p = ch->p;
    if (p) {
        count_writes(c, p, false);
        write_move(p, CTL_WRITE_IDLE);
    }
    change_free(ch);
    if (p) {
        ctl_partition_dirty(c, p);
        ctl_isr_next(c, p);
        ctl_deletion_look(c, p->topic);
    }
}

static void done(struct controller *c, struct ctl_change *ch)
{
    struct ctl_partition *p = ch->p;
    struct ctl_asked *asked = ch->asked;
    ch->asked = NULL;
    if (p) {
        for (uint32_t i = 0; i < p->replica_count; i++) {
            struct ctl_replica *r = &p->replicas[i];
            if (r->state == CTL_REPLICA_FAILED && asked &&
                ctl_isr_has(&ch->wanted.isr, r->broker) && !ctl_isr_has(&p->now.isr, r->broker))
                machine_move(&machine_replica, &r->state, CTL_REPLICA_ONLINE);
        }
        ctl_partition_apply(c, p, &ch->wanted, ch->why);
        if (asked)
            ctl_isr_answer(c, asked, p, CLUSTER_ISR_DONE);
    }
    free(asked);
    settled(c, ch);
}

/* The write was certainly not done. */
static void refused(struct controller *c, struct ctl_change *ch)
{
    if (ch->p && ch->asked)
        ctl_isr_answer(c, ch->asked, ch->p, CLUSTER_ISR_REFUSED);
    settled(c, ch);
}

/* Whether it was done cannot be told: who asked for it goes on counting with both states. */
static void undecided(struct controller *c, struct ctl_change *ch)
{
    if (ch->p && ch->asked)
        ctl_isr_answer(c, ch->asked, ch->p, CLUSTER_ISR_UNKNOWN);
    settled(c, ch);
}

void ctl_change_abandon(struct controller *c, struct ctl_partition *p)
{
    if (!p->change)
        return;
    if (p->change->asked)
        ctl_isr_answer(c, p->change->asked, p, CLUSTER_ISR_UNKNOWN);
    count_writes(c, p, false);
    p->change->p = NULL;
    p->change = NULL;
}

void ctl_changes_forget(struct controller *c)
{
    while (c->gathered_first) {
        struct ctl_change *next = c->gathered_first->next;
        change_free(c->gathered_first);
        c->gathered_first = next;
    }
    c->gathered_last = &c->gathered_first;
    c->gathered_count = c->multis = 0;
}

/* ---- reading a state ---- */

static struct ctl_partition *subject(const struct controller *c, const struct ctl_request *r)
{
    const char *name = r->context;
    struct ctl_topic *t = ctl_topic_still(c, view_of(name), r->serial);
    return t ? ctl_partition_find(t, r->id) : NULL;
}

static void drop_context(struct ctl_request *r)
{
    free(r->context);
}

/* What stands in ZooKeeper is taken; false when it makes no sense. */
static bool take(struct controller *c, struct ctl_partition *p, const struct zk_result *result)
{
    struct ctl_state s;
    const char *why;
    if (result->error == ZK_ERR_NONODE) {
        ctl_partition_missing(c, p);
        return true;
    }
    if (result->error != ZK_OK) {
        ctl_partition_unreadable(c, p, "could not be read");
        return false;
    }
    if (!ctl_state_parse(c, p, result, &s, &why)) {
        ctl_partition_unreadable(c, p, why);
        return false;
    }
    if (s.controller_epoch > c->epoch) {
        ctl_deposed(c, "a later controller has written a partition's state");
        return false;
    }
    if (p->now.version > s.version)
        ctl_partition_missing(c, p); /* deleted and made again by hand */
    if (s.leader_epoch < p->now.leader_epoch) {
        ctl_partition_unreadable(c, p, "went back to an earlier leader epoch");
        return false;
    }
    ctl_partition_apply(c, p, &s, "read");
    return true;
}

static void state_read(struct controller *c, struct ctl_request *r, const struct zk_result *results,
                       uint32_t count)
{
    (void)count;
    struct ctl_partition *p = subject(c, r);
    if (!p)
        return;
    struct ctl_topic *t = p->topic;
    bool first = p->state == CTL_PARTITION_READING;
    /* A write that was decided meanwhile will find the version by itself. */
    if (p->write == CTL_WRITE_IDLE) {
        uint64_t reign = c->reign;
        (void)take(c, p, results);
        if (c->reign != reign)
            return;
    }
    if (first && --t->reads == 0)
        ctl_topic_read_done(c, t);
}

static struct ctl_request *read_state(struct controller *c, struct ctl_partition *p,
                                      ctl_done *heard)
{
    struct ctl_request *r =
        ctl_read(c, ZK_GET, znode_path_state(ctl_scratch(c), view_of(p->topic->name), p->number),
                 false, heard);
    r->id = p->number;
    r->serial = p->topic->serial;
    r->context = xstrdup(p->topic->name);
    r->drop = drop_context;
    return r;
}

void ctl_partition_read(struct controller *c, struct ctl_partition *p)
{
    (void)read_state(c, p, state_read);
}

/* After an unknown outcome and a sync: is what stands there what was written? */
static void compared(struct controller *c, struct ctl_request *r, const struct zk_result *results,
                     uint32_t count)
{
    (void)count;
    struct ctl_partition *p = subject(c, r);
    struct ctl_change *ch = p ? p->change : NULL;
    if (!ch || p->write != CTL_WRITE_COMPARING)
        return;
    bool ours = results[0].error == ZK_OK && results[0].version == ch->wanted.version &&
                view_equal(results[0].data, ctl_state_print(p, &ch->wanted, ctl_scratch(c)));
    ctl_trace(c, "partition %s-%" PRId32 " %s: the unknown outcome was %s", p->topic->name,
              p->number, ch->why, ours ? "done" : "not done");
    if (ours) {
        done(c, ch);
        return;
    }
    uint64_t reign = c->reign;
    bool taken = take(c, p, results);
    if (c->reign != reign)
        return;
    if (taken)
        refused(c, ch);
    else
        undecided(c, ch);
}

static void compare(struct controller *c, struct ctl_change *ch)
{
    write_move(ch->p, CTL_WRITE_COMPARING);
    (void)read_state(c, ch->p, compared);
}

/* ---- multis ---- */

static void batch_drop(struct ctl_request *r)
{
    struct batch *b = r->context;
    while (b->first) {
        struct ctl_change *next = b->first->next;
        change_free(b->first);
        b->first = next;
    }
    free(b->checks);
    free(b);
}

static struct ctl_change *pop(struct batch *b)
{
    struct ctl_change *ch = b->first;
    if (ch) {
        b->first = ch->next;
        ch->next = NULL;
    }
    return ch;
}

static void batch_unknown(struct controller *c, struct ctl_request *r)
{
    struct batch *b = r->context;
    struct ctl_change *ch;
    c->multis--;
    while ((ch = pop(b))) {
        if (!ch->p) {
            change_free(ch);
            continue;
        }
        write_move(ch->p, CTL_WRITE_UNKNOWN);
        compare(c, ch);
    }
}

/* The change that op belongs to is settled as not done, and why; the rest of its multi is not to
 * blame. */
static void blame(struct controller *c, struct ctl_change *ch, uint32_t op, enum zk_error error)
{
    struct ctl_partition *p = ch->p;
    ctl_trace(c, "partition %s-%" PRId32 " %s: refused by ZooKeeper (%d)", p->topic->name,
              p->number, ch->why, (int)error);
    if (op != ch->state_op) {
        /* A parent: there already, or its own parent is missing. */
        p->topic->nodes_known = p->topic->nodes_asked = false;
        refused(c, ch);
    } else if (error == ZK_ERR_BADVERSION || error == ZK_ERR_NONODE || error == ZK_ERR_NODEEXISTS) {
        if (error == ZK_ERR_NONODE && p->now.version < 0)
            p->topic->nodes_known = p->topic->nodes_asked = false;
        compare(c, ch);
    } else {
        ctl_note(c, SAY_ERROR, "could not write the state of partition %s-%" PRId32 " to ZooKeeper",
                 p->topic->name, p->number);
        ctl_partition_hold(c, p, c->now_ms + CTL_RETRY_MS);
        refused(c, ch);
    }
}

static bool same_joiner(struct ctl_joiner a, struct ctl_joiner b)
{
    return a.broker == b.broker && a.node_version == b.node_version;
}

static bool joins(const struct ctl_change *ch, struct ctl_joiner who)
{
    for (uint32_t i = 0; i < ch->joiner_count; i++)
        if (same_joiner(ch->joiners[i], who))
            return true;
    return false;
}

static void batch_failed(struct controller *c, struct batch *b, uint32_t op, enum zk_error error)
{
    struct ctl_change *ch;
    bool joiner = op >= 1 && op <= b->check_count;
    struct ctl_joiner who = joiner ? b->checks[op - 1] : (struct ctl_joiner){-1, -1};
    if (joiner)
        ctl_broker_refresh(c, ctl_broker_get(c, who.broker));
    while ((ch = pop(b))) {
        if (!ch->p) {
            change_free(ch);
        } else if (joiner && joins(ch, who)) {
            ctl_trace(c,
                      "partition %s-%" PRId32 ": broker %" PRId32 " is not that process any more",
                      ch->p->topic->name, ch->p->number, who.broker);
            refused(c, ch);
        } else if (op >= ch->first_op && op < ch->first_op + ch->op_count) {
            blame(c, ch, op, error);
        } else {
            gather(c, ch);
        }
    }
}

static void batch_done(struct controller *c, struct ctl_request *r, const struct zk_result *results,
                       uint32_t count)
{
    struct batch *b = r->context;
    struct ctl_change *ch;
    uint32_t failed = ctl_failed_op(results, count);
    c->multis--;
    if (failed == count && !ctl_all_ok(results, count))
        failed = 0; /* all rolled back, and none to blame: all again */
    if (failed < count) {
        batch_failed(c, b, failed, results[failed].error);
        return;
    }
    while ((ch = pop(b))) {
        if (!ch->p) {
            change_free(ch);
            continue;
        }
        ch->p->has_node = true;
        ch->p->topic->has_partitions_node = true;
        if (ch->wanted.version > 0)
            ch->wanted.version = results[ch->state_op].version;
        done(c, ch);
    }
}

/* The version is that of the moment when the joiner's incarnation was compared. */
static void add_check(struct controller *c, struct ctl_request *r, struct ctl_joiner who)
{
    struct batch *b = r->context;
    for (uint32_t i = 0; i < b->check_count; i++)
        if (same_joiner(b->checks[i], who))
            return;
    b->checks = xrealloc(b->checks, (b->check_count + 1) * sizeof *b->checks);
    b->checks[b->check_count++] = who;
    (void)ctl_add(r, (struct zk_op){.kind = ZK_CHECK,
                                    .version = who.node_version,
                                    .path = znode_path_broker_node(ctl_scratch(c), who.broker)});
}

static void add_change(struct controller *c, struct ctl_request *r, struct ctl_change *ch)
{
    struct ctl_partition *p = ch->p;
    struct view name = view_of(p->topic->name);
    struct arena *scratch = ctl_scratch(c);
    struct zk_op op = {.kind = ZK_SET,
                       .version = p->now.version,
                       .path = znode_path_state(scratch, name, p->number),
                       .data = ctl_state_print(p, &ch->wanted, scratch)};
    ch->first_op = r->count;
    if (p->now.version < 0) {
        op.kind = ZK_CREATE;
        if (!p->topic->has_partitions_node) {
            (void)ctl_add(
                r, (struct zk_op){.kind = ZK_CREATE, .path = znode_path_partitions(scratch, name)});
            p->topic->has_partitions_node = true; /* by this multi, or all are asked again */
        }
        if (!p->has_node)
            (void)ctl_add(r,
                          (struct zk_op){.kind = ZK_CREATE,
                                         .path = znode_path_partition(scratch, name, p->number)});
    }
    ch->state_op = ctl_add(r, op);
    ch->op_count = r->count - ch->first_op;
    write_move(p, CTL_WRITE_SENT);
}

static struct ctl_request *batch_new(struct controller *c)
{
    struct batch *b = xcalloc(1, sizeof *b);
    b->last = &b->first;
    struct ctl_request *r = ctl_multi_new(c, batch_done, batch_unknown);
    r->context = b;
    r->drop = batch_drop;
    return r;
}

static size_t estimate(const struct ctl_partition *p)
{
    return 3 * (strlen(p->topic->name) + 80) + 400 + (p->unknown ? strlen(p->unknown) : 0);
}

/* The checks must stand before the states: those of as many changes as surely fit are added first.
 */
static struct ctl_request *one_multi(struct controller *c)
{
    struct ctl_request *r = batch_new(c);
    struct batch *b = r->context;
    struct ctl_change *ch = c->gathered_first;
    size_t size = 0;
    uint32_t count = 0;
    for (; ch && count * 3 < CTL_MULTI_OPS_MAX && size < CTL_MULTI_SIZE_MAX; ch = ch->next) {
        size += ch->p ? estimate(ch->p) : 0;
        for (uint32_t i = 0; ch->p && i < ch->joiner_count; i++)
            add_check(c, r, ch->joiners[i]);
        count++;
    }
    while (count-- > 0) {
        ch = c->gathered_first;
        c->gathered_first = ch->next;
        c->gathered_count--;
        if (!c->gathered_first)
            c->gathered_last = &c->gathered_first;
        ch->next = NULL;
        if (!ch->p) {
            change_free(ch);
            continue;
        }
        *b->last = ch;
        b->last = &ch->next;
        add_change(c, r, ch);
    }
    return r;
}

void ctl_writes_flush(struct controller *c)
{
    while (c->gathered_first &&
           (c->multis < CTL_MULTIS_MAX || c->gathered_count >= CTL_MULTI_OPS_MAX / 3)) {
        struct ctl_request *r = one_multi(c);
        struct batch *b = r->context;
        if (b->first) {
            c->multis++;
            ctl_trace(c, "multi of %" PRIu32 " ops", r->count);
            ctl_send(c, r);
        } else {
            ctl_request_free(c, r);
        }
    }
}
