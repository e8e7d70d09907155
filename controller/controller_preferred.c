/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>

#include "controller/internal.h"

/* Partitions go back to their preferred leaders, the first of their replicas: by the timer, and
 * when a tool asks for it. */

/* ---- by the timer ---- */

static bool could_move(const struct controller *c, const struct ctl_partition *p)
{
    if (p->state != CTL_PARTITION_ONLINE || p->write != CTL_WRITE_IDLE ||
        p->now.leader == p->replicas[0].broker || !ctl_leader_fits(c, p))
        return false;
    return ctl_isr_has(&p->now.isr, p->replicas[0].broker) &&
           p->replicas[0].state == CTL_REPLICA_ONLINE &&
           ctl_broker_counts(ctl_broker_find(c, p->replicas[0].broker));
}

/* Kafka's rule (leader.imbalance.per.broker.percentage): of each broker, when more than this share
 * of the partitions that prefer it are led by others, those that can move back do. */
void ctl_rebalance(struct controller *c)
{
    struct map_entry e;
    for (uint32_t at = 0; map_next(&c->brokers, &at, &e);) {
        struct ctl_broker *b = e.value;
        uint64_t preferred = 0, elsewhere = 0;
        if (!ctl_broker_counts(b))
            continue;
        for (uint32_t i = 0; i < b->partition_count; i++) {
            const struct ctl_partition *p = b->partitions[i];
            bool mine = p->replicas[0].broker == b->id && p->topic->state == CTL_TOPIC_PRESENT;
            preferred += mine;
            elsewhere += mine && p->now.leader != b->id;
        }
        if (elsewhere * 100 <= preferred * (uint64_t)c->config.rebalance_percent)
            continue;
        ctl_trace(c, "rebalance to broker %" PRId32, b->id);
        for (uint32_t i = 0; i < b->partition_count; i++) {
            struct ctl_partition *p = b->partitions[i];
            if (p->replicas[0].broker != b->id || !could_move(c, p))
                continue;
            p->preferred_wanted = true;
            ctl_partition_dirty(c, p);
        }
    }
}

/* ---- by /admin/preferred_replica_election ---- */

static void elect(struct controller *c, const struct znode_election *e)
{
    for (uint32_t i = 0; i < e->count; i++) {
        struct ctl_topic *t = ctl_topic_find(c, e->entries[i].topic);
        struct ctl_partition *p = t && t->state == CTL_TOPIC_PRESENT
                                      ? ctl_partition_find(t, e->entries[i].partition)
                                      : NULL;
        if (!p)
            continue;
        p->preferred_wanted = true; /* forgotten if it cannot be done; nobody waits for it */
        ctl_partition_dirty(c, p);
    }
}

/* What makes no sense is deleted too, or a tool would refuse to ask again. */
static void election_read(struct controller *c, struct ctl_request *r,
                          const struct zk_result *results, uint32_t count)
{
    (void)r;
    (void)count;
    struct znode_election e;
    if (results[0].error != ZK_OK || c->state != CONTROLLER_ACTIVE)
        return;
    int error = znode_election_parse(results[0].data, ctl_scratch(c), &e);
    if (error == ZNODE_OK) {
        ctl_note(c, SAY_INFO, "%" PRIu32 " partitions shall go back to their preferred leaders",
                 e.count);
        elect(c, &e);
    } else {
        ctl_note(c, SAY_WARN, "%s makes no sense and is deleted: %s", ZNODE_PREFERRED_ELECTION,
                 znode_error_text((enum znode_error)error));
    }
    ctl_node_delete(c, VIEW_LITERAL(ZNODE_ADMIN),
                    znode_path_name(view_of(ZNODE_PREFERRED_ELECTION)));
}

/* Only a controller that knows its partitions takes a request; one that has just won looks again
 * then. */
void ctl_admin_listed(struct controller *c, const struct view *names, uint32_t count)
{
    struct view wanted = znode_path_name(view_of(ZNODE_PREFERRED_ELECTION));
    for (uint32_t i = 0; i < count; i++)
        if (c->state == CONTROLLER_ACTIVE && view_equal(names[i], wanted))
            (void)ctl_read(c, ZK_GET, view_of(ZNODE_PREFERRED_ELECTION), false, election_read);
}
