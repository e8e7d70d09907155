/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdlib.h>

#include "common/memory.h"
#include "controller/internal.h"

/* Brokers: what stands in /brokers/ids/N (the ephemeral, Kafka's) and in the persistent broker node
 * /corduroy/brokers/N is read and judged as one.
 *
 *   registered, node `starting`, same process  -> starting: snapshot, inventory, then `in`
 *   registered, node `in`, same process        -> in (set by us, or by an earlier controller)
 *   not registered, node not `out`             -> dead: the node is set to `out`, then its
 *                                                 partitions move
 *   two different processes                    -> between two reads: read again
 *
 * A new incarnation is a death and a birth. */

#define REFRESH_MS 100

struct ctl_broker *ctl_broker_find(const struct controller *c, int32_t id)
{
    return map_get(&c->brokers, MAP_KEY(id));
}

struct ctl_broker *ctl_broker_get(struct controller *c, int32_t id)
{
    struct ctl_broker *b = ctl_broker_find(c, id);
    if (!b) {
        b = xcalloc(1, sizeof *b);
        b->id = id;
        b->node_version = -1;
        (void)map_put(&c->brokers, MAP_KEY(id), b);
    }
    return b;
}

void ctl_broker_free(struct ctl_broker *b)
{
    free(b->host);
    free(b->rack);
    free(b->cluster_host);
    free((void *)(uintptr_t)b->node_data.base);
    free(b->partitions);
    free(b);
}

bool ctl_broker_counts(const struct ctl_broker *b)
{
    return b && b->state == CTL_BROKER_IN && !b->shutting_down;
}

void ctl_broker_add_partition(struct ctl_broker *b, struct ctl_partition *p)
{
    b->partitions = xgrow(b->partitions, &b->partition_capacity, (size_t)b->partition_count + 1,
                          sizeof(struct ctl_partition *));
    b->partitions[b->partition_count++] = p;
}

static int compare_ids(const void *a, const void *b)
{
    const struct ctl_broker *x = *(struct ctl_broker *const *)a;
    const struct ctl_broker *y = *(struct ctl_broker *const *)b;
    return (x->id > y->id) - (x->id < y->id);
}

uint32_t ctl_brokers_live(struct controller *c, struct ctl_broker ***ret)
{
    struct ctl_broker **live = arena_array(ctl_scratch(c), c->brokers.count + 1, sizeof *live);
    uint32_t count = 0;
    struct map_entry e;
    for (uint32_t at = 0; map_next(&c->brokers, &at, &e);)
        if (ctl_broker_counts(e.value))
            live[count++] = e.value;
    qsort(live, count, sizeof(struct ctl_broker *), compare_ids);
    *ret = live;
    return count;
}

/* ---- moves ---- */

static void broker_move(struct controller *c, struct ctl_broker *b, enum ctl_broker_state to,
                        bool new_process)
{
    bool was_alive = b->state == CTL_BROKER_IN;
    if (b->state != to)
        ctl_trace(c, "broker %" PRId32 " %s -> %s", b->id,
                  machine_state_name(&machine_broker, b->state),
                  machine_state_name(&machine_broker, to));
    machine_move(&machine_broker, &b->state, to);
    ctl_replicas_follow(c, b, new_process);
    if (was_alive != (to == CTL_BROKER_IN) || new_process || !b->said)
        ctl_say_broker(c, b);
}

/* Another process stands there than the one that was known: whatever the old one was or had said is
 * void. */
static void new_process(struct controller *c, struct ctl_broker *b)
{
    if (b->incarnation)
        ctl_note(c, SAY_INFO, "broker %" PRId32 " was restarted", b->id);
    if (b->state != CTL_BROKER_ABSENT)
        broker_move(c, b, CTL_BROKER_ABSENT, true);
    b->incarnation = b->node_incarnation;
    b->shutting_down = false;
    b->surveyed = 0;
    ctl_replicas_follow(c, b, true);
}

/* ---- its node is written ---- */

static void node_written(struct controller *c, struct ctl_request *r,
                         const struct zk_result *results, uint32_t count)
{
    struct ctl_broker *b = ctl_broker_find(c, r->id);
    uint32_t failed = ctl_failed_op(results, count);
    INVARIANT(b);
    if (failed == count) {
        b->node_version = results[1].version;
        b->node_state = (enum znode_broker_state)r->serial;
        if (b->node_state == ZNODE_BROKER_IN && b->state == CTL_BROKER_ENTERING) {
            ctl_note(c, SAY_INFO, "broker %" PRId32 " is in", b->id);
            broker_move(c, b, CTL_BROKER_IN, false);
        } else if (b->node_state == ZNODE_BROKER_OUT && b->state == CTL_BROKER_LEAVING) {
            broker_move(c, b, CTL_BROKER_ABSENT, false);
        }
    } else if (results[failed].error >= ZK_ERR_NOAUTH) {
        ctl_note(c, SAY_ERROR, "could not write the broker node of broker %" PRId32, b->id);
        b->refresh_at_ms = c->now_ms + CTL_RETRY_MS;
        ctl_wake(c, b->refresh_at_ms);
        return;
    }
    /* Whatever it was, what stands there now is read: also what came meanwhile. */
    ctl_broker_refresh(c, b);
}

static void node_unknown(struct controller *c, struct ctl_request *r)
{
    struct ctl_broker *b = ctl_broker_find(c, r->id);
    INVARIANT(b);
    ctl_trace(c, "broker %" PRId32 ": outcome unknown, reading", b->id);
    ctl_broker_refresh(c, b);
}

/* One multi: the reign's check and the node at the version that was read. An expiry has deleted
 * /brokers/ids/N already when a broker is set to `out`. */
static void write_node(struct controller *c, struct ctl_broker *b, enum znode_broker_state state)
{
    struct znode_broker_node node;
    if (znode_broker_node_parse(b->node_data, ctl_scratch(c), &node) != ZNODE_OK)
        IMPOSSIBLE("a broker node that could be read cannot be any more");
    node.state = state;
    struct ctl_request *r = ctl_multi_new(c, node_written, node_unknown);
    r->id = b->id;
    r->serial = state;
    (void)ctl_add(r, (struct zk_op){.kind = ZK_SET,
                                    .version = b->node_version,
                                    .path = znode_path_broker_node(ctl_scratch(c), b->id),
                                    .data = znode_broker_node_print(&node, ctl_scratch(c))});
    ctl_send(c, r);
}

/* ---- judging ---- */

static void judge_unregistered(struct controller *c, struct ctl_broker *b)
{
    if (!b->has_node || b->node_state == ZNODE_BROKER_OUT) {
        if (b->state != CTL_BROKER_ABSENT)
            broker_move(c, b, CTL_BROKER_ABSENT, false);
        return;
    }
    if (b->incarnation != b->node_incarnation)
        new_process(c, b);
    if (b->state != CTL_BROKER_LEAVING) {
        ctl_note(c, SAY_WARN, "broker %" PRId32 " is gone: its ZooKeeper session is over", b->id);
        broker_move(c, b, CTL_BROKER_LEAVING, false);
    }
    write_node(c, b, ZNODE_BROKER_OUT);
}

static void judge_registered(struct controller *c, struct ctl_broker *b)
{
    if (b->incarnation != b->node_incarnation)
        new_process(c, b);
    switch (b->node_state) {
    case ZNODE_BROKER_STARTING:
        if (b->state == CTL_BROKER_ABSENT || b->state == CTL_BROKER_LEAVING ||
            b->state == CTL_BROKER_IN)
            broker_move(c, b, CTL_BROKER_STARTING, false);
        else if (b->state == CTL_BROKER_ENTERING)
            write_node(c, b, ZNODE_BROKER_IN);
        break;
    case ZNODE_BROKER_IN:
        if (b->state != CTL_BROKER_IN)
            broker_move(c, b, CTL_BROKER_IN, false);
        break;
    case ZNODE_BROKER_OUT:
        /* It was declared dead and lives: it finds out and registers anew. */
        if (b->state != CTL_BROKER_ABSENT)
            broker_move(c, b, CTL_BROKER_ABSENT, false);
        break;
    }
    if (!b->said || b->item_stale)
        ctl_say_broker(c, b);
    b->item_stale = false;
}

static void judge(struct controller *c, struct ctl_broker *b)
{
    bool foreign = b->has_registration && b->registered_incarnation == 0;
    if (foreign && !b->foreign_noted) {
        b->foreign_noted = true;
        ctl_note(c, SAY_WARN,
                 "%s/%" PRId32 " belongs to a broker that is not Corduroy's: it takes no part",
                 ZNODE_BROKER_IDS, b->id);
    }
    if (!b->has_registration || foreign) {
        judge_unregistered(c, b);
    } else if (!b->has_node || b->registered_incarnation != b->node_incarnation) {
        b->refresh_at_ms = c->now_ms + REFRESH_MS;
        ctl_wake(c, b->refresh_at_ms);
    } else {
        judge_registered(c, b);
    }
}

/* ---- reading ---- */

static void read_done(struct controller *c, struct ctl_broker *b)
{
    if (--b->reads > 0)
        return;
    if (b->read_again) {
        b->read_again = false;
        ctl_broker_refresh(c, b);
        return;
    }
    judge(c, b);
    if (b->loading) {
        b->loading = false;
        ctl_loaded_one(c);
    }
}

static bool replace(char **text, struct view with)
{
    if (view_equal(view_of(*text), with) && !*text == !with.base)
        return false;
    free(*text);
    *text = with.base ? xstrndup(with.base, with.size) : NULL;
    return true;
}

/* The address that clients are told: of the first PLAINTEXT endpoint, as in Kafka's own fields. */
static void take_registration(struct ctl_broker *b, const struct znode_registration *reg)
{
    struct view host = VIEW_NULL;
    int32_t port = -1;
    for (uint32_t i = 0; i < reg->endpoint_count && !host.base; i++) {
        if (view_equal(reg->endpoints[i].protocol, VIEW_LITERAL("PLAINTEXT"))) {
            host = reg->endpoints[i].host;
            port = reg->endpoints[i].port;
        }
    }
    bool changed = replace(&b->host, host);
    changed |= replace(&b->rack, reg->rack);
    changed |= replace(&b->cluster_host, reg->cluster_host);
    changed |= b->port != port || b->cluster_port != reg->cluster_port ||
               b->shard_count != reg->shard_count;
    b->port = port;
    b->cluster_port = reg->cluster_port;
    b->shard_count = reg->shard_count;
    b->registered_incarnation = reg->incarnation;
    b->has_registration = true;
    b->item_stale |= changed;
}

static void registration_read(struct controller *c, struct ctl_request *r,
                              const struct zk_result *results, uint32_t count)
{
    (void)count;
    struct ctl_broker *b = ctl_broker_find(c, r->id);
    INVARIANT(b);
    struct znode_registration reg;
    b->has_registration = false;
    if (results[0].error == ZK_OK) {
        int error = znode_registration_parse(results[0].data, ctl_scratch(c), &reg);
        if (error == ZNODE_OK)
            take_registration(b, &reg);
        else
            ctl_note(c, SAY_ERROR, "%s/%" PRId32 " %s", ZNODE_BROKER_IDS, b->id,
                     znode_error_text((enum znode_error)error));
    }
    read_done(c, b);
}

static void node_read(struct controller *c, struct ctl_request *r, const struct zk_result *results,
                      uint32_t count)
{
    (void)count;
    struct ctl_broker *b = ctl_broker_find(c, r->id);
    INVARIANT(b);
    struct znode_broker_node node;
    b->has_node = false;
    if (results[0].error == ZK_OK) {
        int error = znode_broker_node_parse(results[0].data, ctl_scratch(c), &node);
        if (error == ZNODE_OK) {
            b->has_node = true;
            b->node_incarnation = node.incarnation;
            b->node_state = node.state;
            b->node_version = results[0].version;
            free((void *)(uintptr_t)b->node_data.base);
            uint8_t *copy = xmalloc(results[0].data.size);
            memcpy(copy, results[0].data.base, results[0].data.size);
            b->node_data = (struct view){copy, results[0].data.size};
        } else {
            ctl_note(c, SAY_ERROR, "%s/%" PRId32 " %s", ZNODE_BROKER_NODES, b->id,
                     znode_error_text((enum znode_error)error));
        }
    }
    read_done(c, b);
}

/* The broker node first: one multi writes both, so a node without its registration is that of a
 * process whose session is over, never that of one that registered between the two reads. */
void ctl_broker_refresh(struct controller *c, struct ctl_broker *b)
{
    if (b->reads) {
        b->read_again = true;
        return;
    }
    b->refresh_at_ms = 0;
    b->reads = 2;
    struct arena *scratch = ctl_scratch(c);
    ctl_read(c, ZK_GET, znode_path_broker_node(scratch, b->id), false, node_read)->id = b->id;
    ctl_read(c, ZK_GET, znode_path_broker_id(scratch, b->id), true, registration_read)->id = b->id;
}

static void refresh_loading(struct controller *c, struct ctl_broker *b)
{
    if (c->state == CONTROLLER_LOADING && !b->loading) {
        b->loading = true;
        c->loading++;
    }
    ctl_broker_refresh(c, b);
}

void ctl_brokers_listed(struct controller *c, const struct view *names, uint32_t count)
{
    struct map_entry e;
    for (uint32_t at = 0; map_next(&c->brokers, &at, &e);) {
        struct ctl_broker *b = e.value;
        if (b->listed)
            refresh_loading(c, b); /* it may be gone */
        b->listed = false;
    }
    for (uint32_t i = 0; i < count; i++) {
        int32_t id;
        if (!znode_parse_id(names[i], &id))
            continue;
        struct ctl_broker *b = ctl_broker_get(c, id);
        b->listed = true;
        refresh_loading(c, b);
    }
}

/* Brokers that were alive when the last controller died, and may not be now. */
void ctl_brokers_persistent(struct controller *c, const struct view *names, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        int32_t id;
        if (znode_parse_id(names[i], &id))
            refresh_loading(c, ctl_broker_get(c, id));
    }
}

bool ctl_broker_watch(struct controller *c, struct view path)
{
    struct view parent = VIEW_LITERAL(ZNODE_BROKER_IDS "/");
    int32_t id;
    if (path.size <= parent.size || memcmp(path.base, parent.base, parent.size) != 0 ||
        !znode_parse_id(znode_path_name(path), &id))
        return false;
    struct ctl_broker *b = ctl_broker_find(c, id);
    if (b)
        ctl_broker_refresh(c, b);
    return true;
}

void ctl_broker_tick(struct controller *c)
{
    struct map_entry e;
    for (uint32_t at = 0; map_next(&c->brokers, &at, &e);) {
        struct ctl_broker *b = e.value;
        if (b->refresh_at_ms == 0)
            continue;
        if (c->now_ms >= b->refresh_at_ms)
            ctl_broker_refresh(c, b);
        else
            ctl_wake(c, b->refresh_at_ms);
    }
}

void ctl_broker_enter(struct controller *c, struct ctl_broker *b)
{
    PRE(b->state == CTL_BROKER_ADMITTING);
    broker_move(c, b, CTL_BROKER_ENTERING, false);
    write_node(c, b, ZNODE_BROKER_IN);
}
