/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/memory.h"
#include "controller/internal.h"
#include "controller/znode.h"
#include "tests/lib/controller_rig.h"
#include "tests/lib/suite.h"

/* Random runs: brokers are killed and restarted, sessions end, replies are lost, servers lag,
 * topics come, grow and go, leaders ask for ISRs. Every write of a state node is judged when it
 * happens: epochs only grow, nobody writes whose reign is over, an elected leader was in the ISR.
 * When the faults have stopped, every partition has a live leader, and all brokers know what
 * ZooKeeper knows. RANDOM_RUNS and RANDOM_SEED choose others. */

struct judged { /* the last state of a partition's node */
    struct znode_state s;
    int32_t isr[CLUSTER_REPLICAS_MAX];
    int32_t version;
};
struct judge {
    struct rig *rig;
    struct map states; /* by path */
    int32_t reign;
    uint64_t elections, isr_changes;
};

static bool has(const int32_t *isr, uint32_t count, int32_t broker)
{
    for (uint32_t i = 0; i < count; i++)
        if (isr[i] == broker)
            return true;
    return false;
}

static void judge_change(struct judge *j, const char *path, const struct judged *old,
                         const struct judged *new)
{
    const struct znode_state *a = &old->s, *b = &new->s;
    ck_assert_msg(b->leader_epoch >= a->leader_epoch, "%s: the leader epoch went down", path);
    ck_assert_msg(b->controller_epoch >= a->controller_epoch, "%s: controller epoch", path);
    ck_assert_msg(new->version == old->version + 1, "%s: version", path);
    if (b->leader != a->leader || b->leader_incarnation != a->leader_incarnation)
        ck_assert_msg(b->leader_epoch == a->leader_epoch + 1, "%s: another leader, %" PRId32, path,
                      b->leader_epoch);
    j->elections += b->leader_epoch > a->leader_epoch;
    j->isr_changes += b->isr_count != a->isr_count;
    if (!a->is_new && b->leader >= 0)
        ck_assert_msg(has(old->isr, a->isr_count, b->leader), "%s: unclean leader", path);
    bool kept = a->is_new;
    for (uint32_t i = 0; i < b->isr_count; i++)
        kept |= has(old->isr, a->isr_count, new->isr[i]);
    ck_assert_msg(kept, "%s: nobody of the old ISR is in the new one", path);
    ck_assert_msg(a->is_new || !b->is_new, "%s: new again", path);
}

static void wrote_state(struct judge *j, const struct zk_model_node *node)
{
    struct arena arena = ARENA_INIT;
    struct judged *new = xcalloc(1, sizeof *new);
    struct judged *old = map_get(&j->states, view_of(node->path));
    ck_assert_int_eq(znode_state_parse(node->data, &arena, &new->s), ZNODE_OK);
    memcpy(new->isr, new->s.isr, new->s.isr_count * sizeof *new->s.isr);
    new->s.isr = NULL;
    new->version = node->version;
    arena_reset(&arena);
    ck_assert_msg(new->s.isr_count > 0, "%s: the ISR is empty", node->path);
    ck_assert_msg(new->s.leader < 0 || has(new->isr, new->s.isr_count, new->s.leader),
                  "%s: the leader is not in the ISR", node->path);
    ck_assert_msg(new->s.controller_epoch == j->reign,
                  "%s: written in epoch %" PRId32 " while %" PRId32 " reigns", node->path,
                  new->s.controller_epoch, j->reign);
    if (old)
        judge_change(j, node->path, old, new);
    free(map_put(&j->states, view_of(node->path), new));
}

static void wrote(void *context, enum zk_watch_kind kind, const struct zk_model_node *node)
{
    struct judge *j = context;
    size_t size = strlen(node->path);
    if (strcmp(node->path, ZNODE_CONTROLLER_EPOCH) == 0 && kind != ZK_WATCH_DELETED) {
        int32_t reign;
        ck_assert_int_eq(znode_controller_epoch_parse(node->data, &reign), ZNODE_OK);
        ck_assert_int_ge(reign, j->reign);
        j->reign = reign;
    }
    if (size < 6 || strcmp(node->path + size - 6, "/state") != 0)
        return;
    if (kind == ZK_WATCH_DELETED)
        free(map_remove(&j->states, view_of(node->path)));
    else
        wrote_state(j, node);
}

/* ---- what happens ---- */

static uint64_t draw(struct rig *r, uint64_t below)
{
    return schedule_random(&r->schedule) % below;
}

static struct rig_partition *any_partition(struct rig *r, struct rig_broker *b)
{
    struct map_entry e;
    if (b->partitions.count == 0)
        return NULL;
    uint64_t skip = draw(r, b->partitions.count);
    for (uint32_t at = 0; map_next(&b->partitions, &at, &e);)
        if (skip-- == 0)
            return e.value;
    return NULL;
}

static void ask_for_isr(struct rig *r, struct rig_broker *b)
{
    struct rig_partition *p = any_partition(r, b);
    if (!p || p->item.leader != b->id || b->follows < 0)
        return;
    struct controller_event e = {.kind = CONTROLLER_EV_ISR_CHANGE};
    struct cluster_isr_change *q = &e.u.isr_change;
    q->request = ++r->next_request;
    q->id = p->item.id;
    q->leader_epoch = p->item.leader_epoch;
    q->version = p->item.version;
    for (uint32_t i = 0; i < p->item.replica_count; i++) {
        int32_t id = p->item.replicas[i];
        if (id == b->id || draw(r, 3))
            q->isr[q->isr_count++] = (struct cluster_member){id, rig_broker(r, id)->incarnation};
    }
    rig_say(r, b->id, &e);
}

static void report_something(struct rig *r, struct rig_broker *b)
{
    struct rig_partition *p = any_partition(r, b);
    if (!p || b->follows < 0)
        return;
    struct controller_event e = {.kind = CONTROLLER_EV_REPORT};
    e.u.report = (struct cluster_report){
        p->item.id, draw(r, 2) ? CLUSTER_REPORT_FAILED : CLUSTER_REPORT_RESIGNED,
        p->item.leader_epoch, p->item.version};
    rig_say(r, b->id, &e);
}

static void change_topics(struct rig *r)
{
    char name[8];
    struct controller_event e = {.timeout_ms = 5000};
    snprintf(name, sizeof name, "t%" PRIu64, draw(r, 4));
    if (!rig_active(r))
        return;
    switch (draw(r, 4)) {
    case 0:
        (void)rig_create(r, name, 1 + (int32_t)draw(r, 4), -1);
        break;
    case 1:
        e.kind = CONTROLLER_EV_DELETE_TOPIC;
        e.u.delete_topic.name = view_of(name);
        (void)rig_admin(r, &e);
        break;
    case 2:
        e.kind = CONTROLLER_EV_CREATE_PARTITIONS;
        e.u.create_partitions.name = view_of(name);
        e.u.create_partitions.total = 1 + (int32_t)draw(r, 7);
        (void)rig_admin(r, &e);
        break;
    case 3:
        e.kind = CONTROLLER_EV_ELECT_PREFERRED;
        e.u.elect.name = view_of(name);
        (void)rig_admin(r, &e);
        break;
    }
}

static void disturb(struct rig *r, struct rig_broker *b)
{
    switch (draw(r, 12)) {
    case 0:
        rig_kill(r, b->id);
        break;
    case 1:
        rig_restart(r, b->id);
        break;
    case 2:
        zk_client_disconnect(b->zk);
        break;
    case 3:
        zk_client_expire(b->zk);
        break;
    case 4:
    case 5:
    case 6:
        zk_client_break_at(b->zk, (uint32_t)draw(r, 8), (enum zk_break)draw(r, 3));
        break;
    case 7:
        zk_model_lag(r->zk, 1 + (unsigned)draw(r, 2), draw(r, 2) ? draw(r, 300) * 1000000 : 0);
        break;
    case 8:
        report_something(r, b);
        break;
    default:
        ask_for_isr(r, b);
        break;
    }
}

static void one_thing(struct rig *r)
{
    struct rig_broker *b = rig_broker(r, 1 + (int32_t)draw(r, (uint64_t)r->broker_count));
    uint64_t what = draw(r, 10);
    if (!b->up)
        rig_start(r, b->id);
    else if (what < 2)
        change_topics(r);
    else if (what < 6)
        disturb(r, b);
    else
        ask_for_isr(r, b);
}

/* ---- afterwards ---- */

static void check_led(void *context, const struct zk_model_node *node)
{
    struct rig *r = context;
    size_t size = strlen(node->path);
    struct arena arena = ARENA_INIT;
    struct znode_state s;
    if (size >= 6 && strcmp(node->path + size - 6, "/state") == 0) {
        ck_assert_int_eq(znode_state_parse(node->data, &arena, &s), ZNODE_OK);
        ck_assert_msg(s.leader >= 1, "%s has no leader", node->path);
        ck_assert_uint_eq(s.leader_incarnation, rig_broker(r, s.leader)->incarnation);
        ck_assert_msg(!s.is_new, "%s is still new", node->path);
    }
    arena_reset(&arena);
}

static void calm(struct rig *r)
{
    zk_model_lag(r->zk, 1, 0);
    zk_model_lag(r->zk, 2, 0);
    for (int32_t id = 1; id <= r->broker_count; id++) {
        if (rig_broker(r, id)->up)
            rig_kill(r, id); /* replicas that failed are well in a new process */
        rig_start(r, id);
    }
    rig_run(r, 30000);
    rig_until(r, rig_all_in, 60000, "all in after the faults");
    rig_settle(r);
    rig_run(r, 12000); /* scans, digests */
    rig_settle(r);
    ck_assert_uint_eq(controller_look(rig_active(r)->controller).offline_partitions, 0);
    for (int32_t id = 1; id <= r->broker_count; id++)
        ck_assert_uint_eq(rig_broker(r, id)->digest_differences, 0);
    zk_model_walk(r->zk, ZNODE_TOPICS, check_led, r);
}

/* One run; adds to *elections and *isr_changes how many there were. */
static void run(uint64_t seed, uint64_t *elections, uint64_t *isr_changes)
{
    struct rig *r = rig_new_on(seed, 3, 3);
    struct judge j = {.rig = r};
    struct map_entry e;
    zk_model_on_write(r->zk, wrote, &j);
    rig_start_all(r);
    for (int i = 0; i < 150; i++) {
        one_thing(r);
        rig_run(r, draw(r, 8) ? draw(r, 40) : draw(r, 9000));
    }
    calm(r);
    if (getenv("RANDOM_TOTALS"))
        fprintf(stderr,
                "seed %" PRIu64 ": %" PRIu64 " elections, %" PRIu64 " ISR changes, reign %d\n",
                seed, j.elections, j.isr_changes, j.reign);
    *elections += j.elections;
    *isr_changes += j.isr_changes;
    rig_free(r);
    for (uint32_t at = 0; map_next(&j.states, &at, &e);)
        free(e.value);
    map_deinit(&j.states);
}

START_TEST(random_runs_end_well)
{
    const char *runs = getenv("RANDOM_RUNS"), *first = getenv("RANDOM_SEED");
    uint64_t seed = first ? strtoull(first, NULL, 10) : 1;
    uint64_t count = runs ? strtoull(runs, NULL, 10) : 40;
    uint64_t elections = 0, isr_changes = 0;
    for (uint64_t i = 0; i < count; i++) {
        if (getenv("RANDOM_TOTALS"))
            fprintf(stderr, "seed %" PRIu64 "\n", seed + i);
        run(seed + i, &elections, &isr_changes);
    }
    /* What is judged has happened: a run without any of it would end well whatever the rules. */
    ck_assert_uint_ge(elections, count);
    ck_assert_uint_ge(isr_changes, count);
}
END_TEST

SUITE_MAIN("controller_random", random_runs_end_well)
