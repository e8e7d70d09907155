/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/sim/sim_coordinators.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "broker/group/group_hash.h"
#include "common/assert.h"
#include "common/memory.h"
#include "controller/znode.h"

#define PARTITIONS_MAX 8
#define TOPIC_PATH ZNODE_TOPICS "/__consumer_offsets"

/* An epoch that stood in ZooKeeper from then on. */
struct elected {
    uint64_t at_ns;
    int32_t epoch, leader;
};
/* A broker that believed to lead. */
struct reign {
    uint64_t from_ns, to_ns; /* UINT64_MAX: it still does */
    int32_t epoch;
    unsigned broker, process;
};
struct partition_reigns {
    struct elected *elected;
    size_t elected_count, elected_capacity;
    struct reign *reigns;
    size_t reign_count, reign_capacity;
    size_t open; /* before it every reign has ended */
};
struct sim_coordinators {
    struct sim_history *history;
    unsigned broker_count;
    struct uuid topic;
    int32_t partition_count;
    struct partition_reigns partitions[PARTITIONS_MAX];
    uint64_t moved;
};

struct sim_coordinators *sim_coordinators_new(struct sim_history *history, unsigned broker_count)
{
    struct sim_coordinators *c = xcalloc(1, sizeof *c);
    c->history = history;
    c->broker_count = broker_count;
    return c;
}

void sim_coordinators_free(struct sim_coordinators *c)
{
    for (int i = 0; i < PARTITIONS_MAX; i++) {
        free(c->partitions[i].elected);
        free(c->partitions[i].reigns);
    }
    free(c);
}

/* ---- ZooKeeper ---- */
static void state_written(struct sim_coordinators *c, int number, const struct znode_state *s)
{
    struct partition_reigns *p = &c->partitions[number];
    const struct elected *last = p->elected_count ? &p->elected[p->elected_count - 1] : NULL;
    if (last && last->epoch == s->leader_epoch && last->leader == s->leader)
        return;
    if (last && last->leader != s->leader)
        c->moved++;
    p->elected = xgrow(p->elected, &p->elected_capacity, p->elected_count + 1, sizeof *p->elected);
    p->elected[p->elected_count++] =
        (struct elected){sim_now_ns(c->history->world), s->leader_epoch, s->leader};
    sim_trace(c->history->world, "zk __consumer_offsets-%d: leader %d epoch %d", number, s->leader,
              s->leader_epoch);
}

static void topic_written(struct sim_coordinators *c, const struct znode_topic *t)
{
    if (c->partition_count > 0)
        return;
    c->topic = t->id;
    c->partition_count = (int32_t)t->partition_count;
    POST(c->partition_count > 0 && c->partition_count <= PARTITIONS_MAX);
}

static void wrote(void *context, enum zk_watch_kind kind, const struct zk_model_node *node)
{
    struct sim_coordinators *c = context;
    struct znode_state state;
    struct znode_topic topic;
    struct arena arena = ARENA_INIT;
    int number = 0, size = 0;
    if (strncmp(node->path, TOPIC_PATH, sizeof TOPIC_PATH - 1) != 0 || kind == ZK_WATCH_DELETED ||
        node->data.size == 0)
        return;
    const char *rest = node->path + sizeof TOPIC_PATH - 1;
    if (*rest == 0 && znode_topic_parse(node->data, &arena, &topic) == ZNODE_OK)
        topic_written(c, &topic);
    else if (sscanf(rest, "/partitions/%d/state%n", &number, &size) == 1 && size > 0 &&
             rest[size] == 0 && znode_state_parse(node->data, &arena, &state) == ZNODE_OK)
        state_written(c, number, &state);
    arena_reset(&arena);
}

void sim_coordinators_watch(struct sim_coordinators *c, struct zk_model *zk)
{
    zk_model_on_write(zk, wrote, c);
}

/* ---- the brokers ---- */
static struct reign *reign_of(struct partition_reigns *p, unsigned broker)
{
    for (size_t i = p->open; i < p->reign_count; i++)
        if (p->reigns[i].to_ns == UINT64_MAX && p->reigns[i].broker == broker)
            return &p->reigns[i];
    return NULL;
}

static void reign_end(struct sim_coordinators *c, struct partition_reigns *p, struct reign *r)
{
    r->to_ns = sim_now_ns(c->history->world);
    while (p->open < p->reign_count && p->reigns[p->open].to_ns != UINT64_MAX)
        p->open++;
}

static void reign_begin(struct sim_coordinators *c, int32_t number, const struct reign *begun)
{
    struct partition_reigns *p = &c->partitions[number];
    for (size_t i = 0; i < p->reign_count; i++) {
        const struct reign *r = &p->reigns[i];
        if (r->epoch == begun->epoch &&
            (r->broker != begun->broker || r->process != begun->process))
            sim_violation(c->history,
                          "__consumer_offsets-%d: epoch %d is led by broker %u (start %u) and %u "
                          "(start %u)",
                          number, r->epoch, r->broker + 1, r->process, begun->broker + 1,
                          begun->process);
    }
    p->reigns = xgrow(p->reigns, &p->reign_capacity, p->reign_count + 1, sizeof *p->reigns);
    p->reigns[p->reign_count++] = *begun;
}

void sim_coordinators_turned(struct sim_coordinators *c, struct sim_process *process,
                             unsigned shard, const struct replica_host *replicas)
{
    unsigned shard_count = sim_process_shard_count(process);
    for (int32_t i = 0; i < c->partition_count && replicas; i++) {
        struct partition_id id = {c->topic, i};
        struct replica_view view;
        if (partition_shard(id, shard_count) != shard)
            continue;
        struct reign now = {.from_ns = sim_now_ns(c->history->world),
                            .to_ns = UINT64_MAX,
                            .broker = sim_host_index(sim_process_host(process)),
                            .process = sim_process_number(process)};
        struct reign *known = reign_of(&c->partitions[i], now.broker);
        bool leads = replica_host_look(replicas, id, &view) && view.leads;
        if (known && (!leads || view.leader_epoch != known->epoch)) {
            reign_end(c, &c->partitions[i], known);
            known = NULL;
        }
        if (leads && !known) {
            now.epoch = view.leader_epoch;
            reign_begin(c, i, &now);
        }
    }
}

void sim_coordinators_ended(struct sim_coordinators *c, struct sim_process *process)
{
    for (int32_t i = 0; i < c->partition_count; i++) {
        struct partition_reigns *p = &c->partitions[i];
        struct reign *r = reign_of(p, sim_host_index(sim_process_host(process)));
        if (r)
            reign_end(c, p, r);
    }
}

/* ---- questions ---- */
int32_t sim_coordinators_partition(const struct sim_coordinators *c, struct view group)
{
    return c->partition_count ? (int32_t)group_partition(group, (uint32_t)c->partition_count) : -1;
}

int32_t sim_coordinators_of(const struct sim_coordinators *c, struct view group)
{
    int32_t number = sim_coordinators_partition(c, group);
    const struct partition_reigns *p = number >= 0 ? &c->partitions[number] : NULL;
    return p && p->elected_count ? p->elected[p->elected_count - 1].leader : -1;
}

bool sim_coordinators_led(const struct sim_coordinators *c, struct view group, int32_t broker,
                          uint64_t begin_ns, uint64_t end_ns, uint64_t *ret_fresh_ns)
{
    int32_t number = sim_coordinators_partition(c, group);
    const struct partition_reigns *p = number >= 0 ? &c->partitions[number] : NULL;
    const struct reign *first = NULL;
    *ret_fresh_ns = begin_ns;
    for (size_t i = 0; p && i < p->reign_count && !first; i++) {
        const struct reign *r = &p->reigns[i];
        if ((int32_t)r->broker + 1 == broker && r->from_ns <= end_ns && r->to_ns >= begin_ns)
            first = r;
    }
    if (!first)
        return false;
    for (size_t i = 0; i < p->elected_count; i++) {
        const struct elected *e = &p->elected[i];
        if (e->epoch > first->epoch && e->at_ns < *ret_fresh_ns)
            *ret_fresh_ns = e->at_ns;
    }
    return true;
}

uint64_t sim_coordinators_moved(const struct sim_coordinators *c)
{
    return c->moved;
}
