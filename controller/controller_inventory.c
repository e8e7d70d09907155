/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>

#include "controller/internal.h"

/* How a broker comes and goes in good order: its inventory, its admission, its controlled shutdown.
 *
 * Before a broker counts, what it cannot vouch for leaves the ISRs (never the last member: that
 * partition goes offline and says why), and nothing is led under an earlier process of it any more.
 * Only when those writes are settled is its node set to `in`. What it still has an ISR membership
 * for, it keeps: what it acknowledged is synced, so that a restart of a whole cluster shrinks
 * nothing. */

/* Numbers above ZooKeeper's: somebody restored an old backup, or wiped it. Electing on its word
 * would throw away what was acknowledged since. */
static bool zookeeper_is_older(struct controller *c, const struct ctl_broker *b,
                               const struct cluster_inventory *inventory)
{
    if (inventory->highest_controller_epoch <= c->epoch)
        return false;
    if (!c->zookeeper_is_older)
        ctl_note(c, SAY_ERROR,
                 "ZooKeeper is older than the brokers: broker %" PRId32
                 " has seen controller epoch %" PRId32 ", ZooKeeper's is %" PRId32
                 "; nothing is elected until that is mended",
                 b->id, inventory->highest_controller_epoch, c->epoch);
    c->zookeeper_is_older = true;
    return true;
}

static struct ctl_partition *find(const struct controller *c, struct partition_id id)
{
    struct ctl_topic *t = ctl_topic_by_id(c, id.topic);
    return t && t->state == CTL_TOPIC_PRESENT ? ctl_partition_find(t, id.number) : NULL;
}

static const char *exception_text(enum cluster_exception_kind kind)
{
    switch (kind) {
    case CLUSTER_REPLICA_MISSING:
        return "is missing";
    case CLUSTER_REPLICA_SUSPECT:
        return "is suspect: it cannot be produced up to its confirmed end";
    case CLUSTER_REPLICA_WRONG_TOPIC:
        return "belongs to another topic of that name";
    case CLUSTER_REPLICA_FAILED:
        return "is in a directory that failed";
    }
    return "cannot be used";
}

static void take_exception(struct controller *c, struct ctl_broker *b,
                           const struct cluster_exception *x)
{
    struct ctl_partition *p = find(c, x->id);
    struct ctl_replica *r = p ? ctl_replica_find(p, b->id) : NULL;
    if (!r || r->state == CTL_REPLICA_OFFLINE)
        return;
    /* Outside of the ISR an empty or damaged log does no harm: the replica fetches it from its
     * leader. */
    if (!ctl_isr_has(&p->now.isr, b->id) &&
        !(p->change && ctl_isr_has(&p->change->wanted.isr, b->id)))
        return;
    if (r->state != CTL_REPLICA_FAILED)
        ctl_note(c, SAY_WARN, "the replica of partition %s-%" PRId32 " on broker %" PRId32 " %s",
                 p->topic->name, p->number, b->id, exception_text(x->kind));
    ctl_replica_failed(c, p, r);
}

/* A disk of which we know nothing, or of another time: a swapped or restored one. Which replicas
 * lie on it is not said, so none of the broker's is trusted. */
static void distrust_all(struct controller *c, struct ctl_broker *b)
{
    ctl_note(c, SAY_ERROR,
             "a log directory of broker %" PRId32
             " is not as that broker left it (replaced, or restored from a backup): its replicas "
             "are fetched anew",
             b->id);
    for (uint32_t i = 0; i < b->partition_count; i++) {
        struct cluster_exception x = {{b->partitions[i]->topic->id, b->partitions[i]->number},
                                      CLUSTER_REPLICA_SUSPECT};
        take_exception(c, b, &x);
    }
}

void ctl_broker_inventory(struct controller *c, uint64_t connection,
                          const struct cluster_inventory *inventory)
{
    struct ctl_broker *b = ctl_connection_broker(c, connection);
    if (c->state != CONTROLLER_ACTIVE || !b || b->state == CTL_BROKER_ABSENT ||
        b->state == CTL_BROKER_LEAVING)
        return;
    ctl_trace(c, "inventory of broker %" PRId32 ": %" PRIu32 " exceptions", b->id,
              inventory->exception_count);
    if (zookeeper_is_older(c, b, inventory))
        return;
    for (uint32_t i = 0; i < inventory->held_count; i++) {
        struct ctl_partition *p = find(c, inventory->held[i].id);
        if (p)
            ctl_doubt_held(c, b, p, &inventory->held[i]);
    }
    ctl_survey_heard(c, b);
    /* Another one of a process that was let in already: what it excepts may have been made whole
     * and joined since; what is so still is reported under the order that stands. */
    if (b->state == CTL_BROKER_IN)
        return;
    for (uint32_t i = 0; i < inventory->exception_count; i++)
        take_exception(c, b, &inventory->exceptions[i]);
    bool trusted = true;
    for (uint32_t i = 0; i < inventory->directory_count; i++)
        trusted &= inventory->directories[i].marker_matches;
    if (!trusted)
        distrust_all(c, b);
    if (b->state == CTL_BROKER_STARTING) {
        machine_move(&machine_broker, &b->state, CTL_BROKER_ADMITTING);
        ctl_trace(c, "broker %" PRId32 " starting -> admitting", b->id);
    }
}

void ctl_broker_shutdown(struct controller *c, uint64_t connection)
{
    struct ctl_connection *n = ctl_connection_find(c, connection);
    if (c->state != CONTROLLER_ACTIVE || !n)
        return; /* the broker repeats its request, whoever is controller then */
    n->shutdown_asked = 1;
    struct ctl_broker *b = ctl_connection_broker(c, connection);
    if (!b || b->shutting_down)
        return;
    ctl_note(c, SAY_INFO, "broker %" PRId32 " is shutting down", b->id);
    b->shutting_down = true;
    ctl_replicas_follow(c, b, false);
}

static int32_t still_led(const struct ctl_broker *b)
{
    int32_t led = 0;
    for (uint32_t i = 0; b && i < b->partition_count; i++) {
        const struct ctl_partition *p = b->partitions[i];
        led += p->now.leader == b->id && p->replica_count > 1;
    }
    return led;
}

/* After the writes of this step were gathered: whoever waits for them may go on. */
void ctl_brokers_settle(struct controller *c)
{
    struct map_entry e;
    for (uint32_t at = 0; map_next(&c->brokers, &at, &e);) {
        struct ctl_broker *b = e.value;
        if (b->state == CTL_BROKER_ADMITTING && b->writes == 0)
            ctl_broker_enter(c, b);
    }
    for (struct ctl_connection *n = c->connections; n; n = n->next) {
        struct ctl_broker *b = ctl_connection_broker(c, n->id);
        if (!n->shutdown_asked || (b && b->writes > 0))
            continue;
        n->shutdown_asked = 0;
        struct controller_action *a = ctl_act(c, CONTROLLER_DO_SEND_SHUTDOWN_REPLY);
        a->connection = n->id;
        a->u.shutdown_reply.remaining = still_led(b);
    }
}
