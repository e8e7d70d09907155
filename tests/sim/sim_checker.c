/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/sim/sim_checker.h"

#include <stdio.h>
#include <stdlib.h>

#include "common/assert.h"
#include "common/memory.h"
#include "controller/znode.h"
#include "tests/sim/sim_checker_internal.h"

struct sim_checker *sim_checker_new(struct sim_history *history, unsigned broker_count,
                                    struct replica_host *(*replicas)(struct sim_process *process,
                                                                     unsigned shard))
{
    struct sim_checker *c = xcalloc(1, sizeof *c);
    PRE(broker_count <= BROKERS_MAX);
    c->history = history;
    c->broker_count = broker_count;
    c->replicas = replicas;
    c->retention_ms = c->retention_bytes = -1;
    c->partitions = xcalloc(history->partition_count, sizeof *c->partitions);
    for (size_t i = 0; i < history->partition_count; i++) {
        c->partitions[i].leader = -1;
        c->partitions[i].leader_epoch = c->partitions[i].committed_epoch = -1;
    }
    return c;
}

void sim_checker_free(struct sim_checker *c)
{
    for (size_t i = 0; i < c->history->partition_count; i++)
        free(c->partitions[i].reigns);
    free(c->partitions);
    free(c);
}

const char *sim_checker_name(const struct sim_checker *c, uint32_t index, char name[48])
{
    const struct sim_partition_history *p = &c->history->partitions[index];
    snprintf(name, 48, "%s-%d", c->history->topics[p->topic].name, p->number);
    return name;
}

/* ---- what stands in ZooKeeper ---- */
/* T and P of /brokers/topics/T/partitions/P/state; P -1: the topic itself. */
static bool path_parse(const char *path, struct view *ret_topic, int *ret_partition)
{
    static const char prefix[] = ZNODE_TOPICS "/";
    if (strncmp(path, prefix, sizeof prefix - 1) != 0)
        return false;
    const char *topic = path + sizeof prefix - 1, *rest = strchr(topic, '/');
    *ret_partition = -1;
    *ret_topic = (struct view){(const uint8_t *)topic,
                               (uint32_t)(rest ? (size_t)(rest - topic) : strlen(topic))};
    if (!rest)
        return true;
    int size = 0;
    if (sscanf(rest, "/partitions/%d/state%n", ret_partition, &size) != 1 || size == 0)
        return false;
    return rest[size] == 0 && *ret_partition >= 0;
}

static bool isr_equal(const struct checked_partition *p, const struct znode_state *s)
{
    if (p->isr_count != s->isr_count)
        return false;
    for (uint32_t i = 0; i < s->isr_count; i++)
        if (p->isr[i] != s->isr[i])
            return false;
    return true;
}

/* From now on what was acknowledged may be gone. */
static void elected_uncleanly(struct sim_checker *c, uint32_t index, const struct znode_state *s)
{
    char name[48];
    if (!c->may_lose)
        sim_violation(c->history, "%s: broker %d is elected uncleanly in epoch %d",
                      sim_checker_name(c, index, name), s->leader, s->leader_epoch);
    c->unclean_elections++;
    c->history->partitions[index].unclean = true;
}

static void state_written(struct sim_checker *c, uint32_t index, const struct znode_state *s)
{
    struct checked_partition *p = &c->partitions[index];
    char name[48];
    if (s->leader_epoch < p->leader_epoch)
        sim_violation(c->history, "%s: leader epoch %d is written after %d",
                      sim_checker_name(c, index, name), s->leader_epoch, p->leader_epoch);
    if (s->leader_epoch > p->leader_epoch && s->leader >= 0)
        c->elections++;
    if (!isr_equal(p, s))
        c->isr_changes++;
    if (s->recovering && s->leader_epoch > p->leader_epoch && s->leader >= 0 &&
        !sim_checker_in_isr(c, index, s->leader))
        elected_uncleanly(c, index, s);
    p->leader = s->leader;
    p->leader_epoch = s->leader_epoch;
    p->recovering = s->recovering;
    p->isr_count = s->isr_count < BROKERS_MAX ? s->isr_count : BROKERS_MAX;
    for (uint32_t i = 0; i < p->isr_count; i++)
        p->isr[i] = s->isr[i];
    sim_trace(c->history->world, "zk %s: leader %d epoch %d isr of %u",
              sim_checker_name(c, index, name), p->leader, p->leader_epoch, p->isr_count);
    unsigned first = p->isr_count > 0 ? (unsigned)p->isr[0] - 1 : BROKERS_MAX;
    if (c->alone && p->isr_count == 1 && first < c->broker_count && p->copies[first].damaged)
        c->alone(c->alone_context, index, first);
}

/* What comes under that name from now on is another topic. */
static void topic_deleted(struct sim_checker *c, struct view topic)
{
    uint32_t index = sim_history_find(c->history, topic, 0);
    if (index == SIM_NO_RECORD)
        return;
    struct sim_topic_history *t = &c->history->topics[c->history->partitions[index].topic];
    t->id = (struct uuid){{0}};
    t->standing = 0;
    for (int32_t i = 0; i < t->partition_count; i++, index++) {
        struct checked_partition *p = &c->partitions[index];
        c->history->partitions[index].removed_end = 0;
        if (p->committed_end > 0 && !t->fleeting)
            sim_violation(c->history, "%s is deleted with records in it", t->name);
        free(p->reigns);
        *p = (struct checked_partition){.leader = -1, .leader_epoch = -1, .committed_epoch = -1};
    }
}

static void topic_written(struct sim_checker *c, struct sim_topic_history *t,
                          const struct znode_topic *znode)
{
    t->id = znode->id;
    if ((int32_t)znode->partition_count < t->standing)
        sim_violation(c->history, "%s has %u partitions, and had %d", t->name,
                      znode->partition_count, t->standing);
    t->standing = (int32_t)znode->partition_count;
}

static void wrote(void *context, enum zk_watch_kind kind, const struct zk_model_node *node)
{
    struct sim_checker *c = context;
    struct view topic;
    int number;
    if (!path_parse(node->path, &topic, &number))
        return;
    if (kind == ZK_WATCH_DELETED && number < 0)
        topic_deleted(c, topic);
    if (kind == ZK_WATCH_DELETED || !node->data.base)
        return;
    struct arena arena = ARENA_INIT;
    struct znode_state state;
    struct znode_topic znode;
    uint32_t index = sim_history_find(c->history, topic, number < 0 ? 0 : number);
    if (index == SIM_NO_RECORD) {
        return;
    } else if (number < 0) {
        if (znode_topic_parse(node->data, &arena, &znode) == ZNODE_OK)
            topic_written(c, &c->history->topics[c->history->partitions[index].topic], &znode);
    } else if (znode_state_parse(node->data, &arena, &state) == ZNODE_OK) {
        state_written(c, index, &state);
    } else {
        sim_violation(c->history, "%s cannot be read", node->path);
    }
    arena_reset(&arena);
}

void sim_checker_watch(struct sim_checker *c, struct zk_model *zk)
{
    c->history->ids_are_told = true;
    zk_model_on_write(zk, wrote, c);
}

/* ---- after each turn ---- */
struct look {
    struct sim_checker *checker;
    unsigned broker, process;
    int64_t skew_ms; /* of the broker's wall clock */
};

static void check_reign(struct sim_checker *c, uint32_t index, const struct look *look,
                        const struct replica_view *view)
{
    struct checked_partition *p = &c->partitions[index];
    char name[48];
    for (size_t i = 0; i < p->reign_count; i++) {
        const struct reign *r = &p->reigns[i];
        if (r->epoch != view->leader_epoch)
            continue;
        if (r->broker != look->broker || r->process != look->process)
            sim_violation(c->history,
                          "%s: epoch %d is led by broker %u (start %u) and %u (start %u)",
                          sim_checker_name(c, index, name), r->epoch, r->broker + 1, r->process,
                          look->broker + 1, look->process);
        return;
    }
    p->reigns = xgrow(p->reigns, &p->reign_capacity, p->reign_count + 1, sizeof *p->reigns);
    p->reigns[p->reign_count++] = (struct reign){view->leader_epoch, look->broker, look->process};
}

static void check_leader(struct sim_checker *c, uint32_t index, const struct look *look,
                         const struct replica_view *view)
{
    struct checked_partition *p = &c->partitions[index];
    char name[48];
    check_reign(c, index, look, view);
    if (c->history->partitions[index].unclean)
        return;
    if (view->leader_epoch >= p->committed_epoch) {
        if (view->end < p->committed_end)
            sim_violation(c->history,
                          "%s: broker %u leads epoch %d with an end of %lld, committed is %lld "
                          "(epoch %d)",
                          sim_checker_name(c, index, name), look->broker + 1, view->leader_epoch,
                          (long long)view->end, (long long)p->committed_end, p->committed_epoch);
        if (view->high_watermark > p->committed_end) {
            p->committed_end = view->high_watermark;
            p->committed_epoch = view->leader_epoch;
        }
    } else if (view->high_watermark > p->committed_end) {
        sim_violation(c->history, "%s: broker %u commits to %lld in epoch %d, after epoch %d did",
                      sim_checker_name(c, index, name), look->broker + 1,
                      (long long)view->high_watermark, view->leader_epoch, p->committed_epoch);
    }
}

/* What a leader committed in the very turn in which it heard of its successor counts, though it
 * leads no more when it is looked at. */
static void check_last_turn(struct sim_checker *c, uint32_t index, const struct look *look,
                            const struct replica_view *view)
{
    struct checked_partition *p = &c->partitions[index];
    const struct copy *copy = &p->copies[look->broker];
    bool led = copy->known && copy->process == look->process && copy->state == PARTITION_LEADER &&
               !c->history->partitions[index].unclean;
    for (size_t i = p->reign_count; led && i-- > 0;) {
        const struct reign *r = &p->reigns[i];
        if (r->broker != look->broker || r->process != look->process)
            continue;
        if (r->epoch >= p->committed_epoch && view->high_watermark > p->committed_end) {
            p->committed_end = view->high_watermark;
            p->committed_epoch = r->epoch;
        }
        return;
    }
}

/* A leader's log now starts at `start`: was all below it for retention to remove? */
static void check_retention(struct sim_checker *c, uint32_t index, const struct look *look,
                            const struct replica_view *view)
{
    const struct checked_partition *p = &c->partitions[index];
    struct sim_partition_history *ph = &c->history->partitions[index];
    int64_t now_ms = (int64_t)(sim_now_ns(c->history->world) / SIM_MS) + look->skew_ms;
    char name[48];
    const char *why = NULL;
    if (view->start > p->committed_end)
        why = "which is not committed";
    else if (c->retention_ms < 0 && c->retention_bytes < 0)
        why = "and nothing limits it";
    else if (c->retention_ms < 0 && (int64_t)view->size < c->retention_bytes)
        why = "and is smaller than retention.bytes now";
    for (int64_t i = ph->removed_end; !why && c->retention_bytes < 0 && i < view->start; i++) {
        uint32_t record = i < (int64_t)ph->count ? ph->bound[i] : SIM_NO_RECORD;
        if (record != SIM_NO_RECORD &&
            now_ms - (int64_t)(c->history->records[record].made_ns / SIM_MS) <= c->retention_ms)
            why = "and its records are too young";
    }
    if (why)
        sim_violation(c->history, "%s: broker %u removes up to %lld, %s",
                      sim_checker_name(c, index, name), look->broker + 1, (long long)view->start,
                      why);
    c->removed += (uint64_t)(view->start - ph->removed_end);
    ph->removed_end = view->start;
}

static void check_start(struct sim_checker *c, uint32_t index, const struct look *look,
                        const struct replica_view *view)
{
    const struct copy *copy = &c->partitions[index].copies[look->broker];
    bool led = copy->known && copy->process == look->process && copy->state == PARTITION_LEADER;
    char name[48];
    if (view->start <= c->history->partitions[index].removed_end ||
        c->history->partitions[index].unclean)
        return;
    if (view->leads || led)
        check_retention(c, index, look, view);
    else
        sim_violation(c->history, "%s: the log of broker %u starts at %lld, no leader's has yet",
                      sim_checker_name(c, index, name), look->broker + 1, (long long)view->start);
}

static void check_copy(struct sim_checker *c, uint32_t index, const struct look *look,
                       const struct replica_view *view)
{
    struct copy *copy = &c->partitions[index].copies[look->broker];
    char name[48];
    if (view->high_watermark > view->end || view->synced_end > view->end)
        sim_violation(c->history, "%s: broker %u: end %lld, synced %lld, high watermark %lld",
                      sim_checker_name(c, index, name), look->broker + 1, (long long)view->end,
                      (long long)view->synced_end, (long long)view->high_watermark);
    if (copy->known && copy->process == look->process && view->end < copy->end) {
        c->truncations++;
        /* What its own broker distrusts is fetched anew; check_isr sees to when it may be. */
        if (view->end < copy->high_watermark && !copy->damaged && !copy->distrusted &&
            !c->history->partitions[index].unclean)
            sim_violation(c->history, "%s: broker %u cuts to %lld, below its high watermark %lld",
                          sim_checker_name(c, index, name), look->broker + 1, (long long)view->end,
                          (long long)copy->high_watermark);
    }
    if (copy->known && copy->process == look->process && view->leads &&
        copy->led_epoch == view->leader_epoch && view->high_watermark > copy->high_watermark &&
        (int64_t)view->isr_count < view->min_isr && copy->isr_count < view->min_isr)
        sim_violation(c->history, "%s: broker %u commits to %lld with %u in sync, of %d",
                      sim_checker_name(c, index, name), look->broker + 1,
                      (long long)view->high_watermark, view->isr_count, view->min_isr);
    *copy = (struct copy){.known = true,
                          .damaged = copy->damaged,
                          .distrusted = view->distrusted,
                          .suspected = copy->suspected || view->distrusted,
                          .process = look->process,
                          .turn = c->turns,
                          .state = view->state,
                          .led_epoch = view->leads ? view->leader_epoch : -1,
                          .isr_count = view->isr_count,
                          .start = view->start,
                          .end = view->end,
                          .synced_end = view->synced_end,
                          .high_watermark = view->high_watermark,
                          .read_to = copy->process == look->process ? copy->read_to : 0};
}

static void check_isr(struct sim_checker *c, uint32_t index)
{
    const struct checked_partition *p = &c->partitions[index];
    const struct sim_partition_history *ph = &c->history->partitions[index];
    char name[48];
    if (ph->unclean)
        return;
    if (ph->acked_end > p->committed_end)
        sim_violation(c->history, "%s: acknowledged to %lld, committed to %lld",
                      sim_checker_name(c, index, name), (long long)ph->acked_end,
                      (long long)p->committed_end);
    for (uint32_t i = 0; i < p->isr_count; i++) {
        int32_t broker = p->isr[i] - 1;
        if (broker < 0 || (unsigned)broker >= c->broker_count)
            continue;
        const struct copy *copy = &p->copies[broker];
        if (copy->known && !copy->damaged && copy->state != PARTITION_SUSPECT &&
            copy->synced_end < p->committed_end)
            sim_violation(
                c->history,
                "%s: broker %d is in the ISR (epoch %d), synced to %lld, committed is %lld",
                sim_checker_name(c, index, name), broker + 1, p->leader_epoch,
                (long long)copy->synced_end, (long long)p->committed_end);
    }
}

static void look_at(void *context, struct partition_id id, const struct replica_view *view)
{
    const struct look *look = context;
    struct sim_checker *c = look->checker;
    uint32_t index = sim_history_find_id(c->history, id.topic, id.number);
    if (index == SIM_NO_RECORD || view->state == PARTITION_MISSING)
        return;
    if (!view->leads)
        check_last_turn(c, index, look, view);
    if (view->leads)
        check_leader(c, index, look, view);
    check_start(c, index, look, view);
    check_copy(c, index, look, view);
    check_isr(c, index);
}

/* What a broker has removed with its topic is known no more. It may have acknowledged in its last
 * turn what was never seen here. */
static void forget_gone(struct sim_checker *c, struct sim_process *process, unsigned shard,
                        unsigned broker)
{
    for (uint32_t i = 0; i < c->history->partition_count; i++) {
        const struct sim_partition_history *ph = &c->history->partitions[i];
        const struct sim_topic_history *topic = &c->history->topics[ph->topic];
        struct copy *copy = &c->partitions[i].copies[broker];
        if (topic->fleeting && copy->known && copy->turn != c->turns &&
            copy->process == sim_process_number(process) &&
            partition_shard((struct partition_id){topic->id, ph->number},
                            sim_process_shard_count(process)) == shard)
            copy->known = false;
    }
}

void sim_checker_turned(struct sim_checker *c, struct sim_process *process, unsigned shard)
{
    const struct replica_host *host = c->replicas(process, shard);
    struct sim_host *at = sim_process_host(process);
    struct look look = {c, sim_host_index(at), sim_process_number(process), sim_host_skew(at)};
    c->running[look.broker] = look.process;
    if (host && !c->history->violation) {
        c->turns++;
        replica_host_each(host, look_at, &look);
        forget_gone(c, process, shard, look.broker);
    }
}

void sim_checker_ended(struct sim_checker *c, struct sim_process *process)
{
    unsigned broker = sim_host_index(sim_process_host(process));
    if (broker < c->broker_count)
        c->running[broker] = 0;
    for (size_t i = 0; broker < c->broker_count && i < c->history->partition_count; i++)
        c->partitions[i].copies[broker].read_to = 0;
}

void sim_checker_excuse(struct sim_checker *c, unsigned broker)
{
    for (size_t i = 0; i < c->history->partition_count; i++)
        c->partitions[i].copies[broker].damaged = true;
}

void sim_checker_retention(struct sim_checker *c, int64_t retention_ms, int64_t retention_bytes)
{
    c->retention_ms = retention_ms;
    c->retention_bytes = retention_bytes;
}

void sim_checker_may_lose(struct sim_checker *c, bool may_lose)
{
    c->may_lose = may_lose;
    c->matches = c->matches || may_lose;
}

void sim_checker_begin_anew(struct sim_checker *c, uint32_t partition)
{
    struct checked_partition *p = &c->partitions[partition];
    unsigned leader = (unsigned)p->leader - 1;
    char name[48];
    if (p->recovering || p->leader < 1 || leader >= c->broker_count) {
        sim_violation(c->history, "%s: all are in sync, and its recovery has not ended",
                      sim_checker_name(c, partition, name));
        return;
    }
    /* A copy that led before may have removed more than the leader that came from outside. */
    int64_t start = p->copies[leader].start;
    for (unsigned b = 0; b < c->broker_count; b++)
        if (p->copies[b].known && p->copies[b].start > start)
            start = p->copies[b].start;
    sim_history_begin_anew(c->history, partition, start);
    p->committed_end = p->copies[leader].high_watermark;
    p->committed_epoch = p->leader_epoch;
    for (unsigned b = 0; b < c->broker_count; b++)
        p->copies[b].read_to = 0;
}

void sim_checker_hit(struct sim_checker *c, uint32_t partition, unsigned broker, bool hit)
{
    c->partitions[partition].copies[broker].damaged = hit;
    c->partitions[partition].copies[broker].suspected = false;
}

void sim_checker_on_alone(struct sim_checker *c,
                          void (*alone)(void *context, uint32_t partition, unsigned broker),
                          void *context)
{
    c->alone = alone;
    c->alone_context = context;
}

bool sim_checker_was_suspected(const struct sim_checker *c, uint32_t partition, unsigned broker)
{
    return c->partitions[partition].copies[broker].suspected;
}

bool sim_checker_is_sound(const struct sim_checker *c, uint32_t partition, unsigned broker)
{
    const struct checked_partition *p = &c->partitions[partition];
    const struct copy *copy = &p->copies[broker];
    return copy->known && !copy->distrusted && copy->process == c->running[broker] &&
           sim_checker_in_isr(c, partition, (int32_t)broker + 1) &&
           copy->synced_end >= p->committed_end;
}

/* ---- results ---- */
bool sim_checker_is_in_sync(const struct sim_checker *c, uint32_t partition,
                            unsigned replication_factor)
{
    const struct checked_partition *p = &c->partitions[partition];
    return c->history->partitions[partition].lost || !sim_history_is_made(c->history, partition) ||
           (p->leader >= 0 && p->isr_count >= replication_factor);
}

bool sim_checker_all_in_sync(const struct sim_checker *c, unsigned replication_factor, char *why,
                             size_t why_size)
{
    char name[48];
    for (uint32_t i = 0; i < c->history->partition_count; i++) {
        const struct checked_partition *p = &c->partitions[i];
        if (sim_checker_is_in_sync(c, i, replication_factor))
            continue;
        snprintf(why, why_size, "%s has leader %d (epoch %d) and %u in sync",
                 sim_checker_name(c, i, name), p->leader, p->leader_epoch, p->isr_count);
        return false;
    }
    return true;
}

void sim_checker_add_totals(const struct sim_checker *c, struct sim_totals *totals)
{
    totals->elections += c->elections;
    totals->isr_changes += c->isr_changes;
    totals->truncations += c->truncations;
    totals->records_checked += c->records_checked;
    totals->removed += c->removed;
    totals->unclean_elections += c->unclean_elections;
    totals->acknowledged += c->history->acknowledged;
}

int32_t sim_checker_leader(const struct sim_checker *c, uint32_t partition)
{
    return c->partitions[partition].leader;
}

bool sim_checker_in_isr(const struct sim_checker *c, uint32_t partition, int32_t broker_id)
{
    const struct checked_partition *p = &c->partitions[partition];
    for (uint32_t i = 0; i < p->isr_count; i++)
        if (p->isr[i] == broker_id)
            return true;
    return false;
}

int64_t sim_checker_committed_end(const struct sim_checker *c, uint32_t partition)
{
    return c->partitions[partition].committed_end;
}
