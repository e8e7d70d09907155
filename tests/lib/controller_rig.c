/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/controller_rig.h"

#include <check.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/assert.h"
#include "common/memory.h"
#include "controller/internal.h"
#include "controller/znode.h"
#include "proto/cluster/digest.h"
#include "tests/lib/controller_rig_internal.h"

struct rig_broker *rig_broker(struct rig *r, int32_t id)
{
    PRE(id >= 1 && id <= r->broker_count);
    return &r->brokers[id - 1];
}

static int64_t now_ms(const struct rig *r)
{
    return (int64_t)(r->schedule.now_ns / 1000000) + 1;
}

/* ---- text ---- */

static void append(char **text, size_t *size, size_t *capacity, const char *line, size_t count)
{
    *text = xgrow(*text, capacity, *size + count + 2, 1);
    memcpy(*text + *size, line, count);
    *size += count;
    (*text)[(*size)++] = '\n';
    (*text)[*size] = 0;
}

static void trace(struct rig_broker *b, struct view text)
{
    struct rig *r = b->rig;
    char *line = xasprintf("%" PRId32 ": %.*s", b->id, (int)text.size, (const char *)text.base);
    if (getenv("RIG_TRACE"))
        fprintf(stderr, "%8.3f %s\n", (double)r->schedule.now_ns / 1e6, line);
    if (r->trace_on)
        append(&r->trace, &r->trace_size, &r->trace_capacity, line, strlen(line));
    free(line);
}

void rig_trace_clear(struct rig *r)
{
    r->trace_on = true;
    r->trace_size = 0;
    if (r->trace)
        r->trace[0] = 0;
}

void rig_expect(struct rig *r, const char *lines)
{
    const char *found = r->trace ? r->trace : "";
    r->trace_on = false;
    if (strcmp(found, lines) != 0)
        fprintf(stderr, "--- expected ---\n%s--- found ---\n%s----------------\n", lines, found);
    ck_assert_msg(strcmp(found, lines) == 0, "the trace differs");
}

bool rig_noted(const struct rig *r, const char *text)
{
    return r->notes && strstr(r->notes, text);
}

/* ---- what travels ---- */

struct parcel { /* something on its way to a process */
    struct rig_broker *to;
    uint32_t life;
    struct controller_event event;
    void *owned;
    void (*arrive)(struct parcel *p);
    struct cluster_isr_reply isr_reply;
    struct cluster_shutdown_reply shutdown_reply;
    struct cluster_metadata metadata;
    struct cluster_digest digest;
    uint64_t connection;
    struct rig_broker *from;
    struct arena arena;
};

void rig_run_parcel(void *arg)
{
    struct parcel *p = arg;
    if (p->to->up && p->to->life == p->life)
        p->arrive(p);
    arena_reset(&p->arena);
    free(p);
}

static void post(struct rig *r, struct parcel *p, uint64_t delay_ns)
{
    p->life = p->to->life;
    schedule_after(&r->schedule, delay_ns, rig_run_parcel, p);
}

/* The same for all, so that a connection keeps its order. */
#define MESSAGE_NS 500000

/* ---- steps ---- */

static void carry_out(struct rig_broker *b, const struct controller_action *a);

void rig_step(struct rig_broker *b, const struct controller_event *event)
{
    struct controller_actions actions = CONTROLLER_ACTIONS_INIT;
    struct controller_event e = *event;
    e.now_ms = now_ms(b->rig);
    e.wall_ms = 1700000000000 + e.now_ms;
    b->rig->steps++;
    controller_step(b->controller, &e, &actions);
    if (b->controller->partition_count < 200)
        ctl_check_all(b->controller);
    for (uint32_t i = 0; i < actions.count; i++)
        carry_out(b, &actions.items[i]);
    controller_actions_deinit(&actions);
}

static void arrive_event(struct parcel *p)
{
    rig_step(p->to, &p->event);
}

static struct rig_broker *connected_to(struct rig_broker *b)
{
    if (b->follows < 0)
        return NULL;
    struct rig_broker *to = rig_broker(b->rig, b->follows);
    return to->up ? to : NULL;
}

static void deliver(struct rig_broker *b, const struct controller_event *event, struct arena arena)
{
    struct rig_broker *to = connected_to(b);
    struct parcel *p = xcalloc(1, sizeof *p);
    p->to = to ? to : b;
    p->event = *event;
    p->event.connection = b->connection;
    p->arrive = arrive_event;
    p->arena = arena;
    if (to && !b->hung) {
        post(b->rig, p, MESSAGE_NS);
        return;
    }
    arena_reset(&p->arena);
    free(p);
}

void rig_say(struct rig *r, int32_t from, struct controller_event *event)
{
    deliver(rig_broker(r, from), event, ARENA_INIT);
}

/* ---- a broker hears ---- */

void rig_free_topics(struct map *m)
{
    struct map_entry e;
    for (uint32_t at = 0; map_next(m, &at, &e);) {
        struct rig_topic *t = e.value;
        free(t->name);
        free(t->config);
        free(t);
    }
    map_deinit(m);
}

void rig_free_values(struct map *m)
{
    struct map_entry e;
    for (uint32_t at = 0; map_next(m, &at, &e);)
        free(e.value);
    map_deinit(m);
}

static void take_topic(struct map *m, const struct cluster_topic_item *item)
{
    struct rig_topic *t = xcalloc(1, sizeof *t);
    t->id = item->id;
    t->name = xstrndup(item->name.base, item->name.size);
    t->config = item->config.size ? xstrndup(item->config.base, item->config.size) : xstrdup("");
    t->partition_count = item->partition_count;
    struct rig_topic *old = map_put(m, MAP_KEY(t->id), t);
    if (old) {
        free(old->name);
        free(old->config);
        free(old);
    }
}

static void report(struct rig_broker *b, struct partition_id id, enum cluster_report_kind kind,
                   int32_t epoch, int32_t version)
{
    struct controller_event e = {.kind = CONTROLLER_EV_REPORT};
    e.u.report = (struct cluster_report){id, kind, epoch, version};
    deliver(b, &e, ARENA_INIT);
}

static void take_partition(struct rig_broker *b, struct map *m,
                           const struct cluster_partition_item *item)
{
    struct rig_partition *p = xcalloc(1, sizeof *p);
    struct rig_partition *old = map_get(m, MAP_KEY(item->id));
    p->item = *item;
    if (old) {
        ck_assert_msg(item->leader_epoch >= old->item.leader_epoch,
                      "a broker is told of an earlier epoch");
    }
    free(map_put(m, MAP_KEY(item->id), p));
    bool member = false;
    for (uint32_t i = 0; i < item->isr_count; i++)
        member |= item->isr[i] == b->id;
    if ((item->flags & CLUSTER_PARTITION_NEW) && member && !b->mute)
        report(b, item->id, CLUSTER_REPORT_CREATED, item->leader_epoch, item->version);
}

static void take_topic_gone(struct rig_broker *b, struct map *topics, struct map *partitions,
                            struct uuid id)
{
    struct map_entry e;
    struct rig_topic *t = map_remove(topics, MAP_KEY(id));
    if (t) {
        free(t->name);
        free(t->config);
        free(t);
    }
    for (uint32_t at = 0; map_next(partitions, &at, &e);) {
        struct rig_partition *p = e.value;
        if (uuid_equal(p->item.id.topic, id)) {
            (void)map_remove(partitions, e.key);
            free(p);
        }
    }
    if (!b->mute)
        report(b, (struct partition_id){id, -1}, CLUSTER_REPORT_DELETED, -1, -1);
}

static void send_inventory(struct rig_broker *b)
{
    struct arena arena = ARENA_INIT;
    struct controller_event e = {.kind = CONTROLLER_EV_INVENTORY};
    struct cluster_directory *d = arena_alloc(&arena, sizeof *d);
    d->marker_matches = !b->marker_differs;
    struct cluster_exception *x = arena_array(&arena, b->exception_count + 1, sizeof *x);
    memcpy(x, b->exceptions, b->exception_count * sizeof *x);
    struct cluster_held *h = arena_array(&arena, b->held_count + 1, sizeof *h);
    memcpy(h, b->held, b->held_count * sizeof *h);
    e.u.inventory = (struct cluster_inventory){
        .from = {b->id, b->incarnation},
        .highest_controller_epoch =
            b->highest_controller_epoch ? b->highest_controller_epoch : b->seen_epoch,
        .directory_count = 1,
        .exception_count = b->exception_count,
        .held_count = b->held_count,
        .directories = d,
        .exceptions = x,
        .held = h,
    };
    b->exception_count = b->held_count = 0;
    b->marker_differs = false;
    deliver(b, &e, arena);
}

static void take_item(struct rig_broker *b, const struct cluster_item *item)
{
    struct map *topics = b->in_snapshot ? &b->snapshot_topics : &b->topics;
    struct map *partitions = b->in_snapshot ? &b->snapshot_partitions : &b->partitions;
    switch (item->kind) {
    case CLUSTER_ITEM_BROKER:
        if (item->u.broker.member.broker == b->id &&
            item->u.broker.member.incarnation == b->incarnation)
            b->alive_said = item->u.broker.alive;
        break;
    case CLUSTER_ITEM_BROKER_GONE:
        break;
    case CLUSTER_ITEM_TOPIC:
        take_topic(topics, &item->u.topic);
        break;
    case CLUSTER_ITEM_TOPIC_GONE:
        take_topic_gone(b, topics, partitions, item->u.topic.id);
        break;
    case CLUSTER_ITEM_PARTITION: {
        /* A broker has no place for it otherwise, and drops it. */
        const struct rig_topic *t = map_get(topics, MAP_KEY(item->u.partition.id.topic));
        ck_assert(!t || item->u.partition.id.number < t->partition_count);
        take_partition(b, partitions, &item->u.partition);
        break;
    }
    }
}

static void snapshot_ends(struct rig_broker *b)
{
    rig_free_topics(&b->topics);
    rig_free_values(&b->partitions);
    b->topics = b->snapshot_topics;
    b->partitions = b->snapshot_partitions;
    b->snapshot_topics = MAP_INIT;
    b->snapshot_partitions = MAP_INIT;
    b->in_snapshot = false;
    b->snapshots++;
    if (!b->mute)
        send_inventory(b);
}

static void arrive_metadata(struct parcel *p)
{
    struct rig_broker *b = p->to;
    const struct cluster_metadata *m = &p->metadata;
    if (p->connection != b->connection || b->hung)
        return;
    ck_assert_int_ge(m->controller_epoch, b->seen_epoch);
    b->seen_epoch = m->controller_epoch;
    if (m->snapshot_begin) {
        b->in_snapshot = true;
        rig_free_topics(&b->snapshot_topics);
        rig_free_values(&b->snapshot_partitions);
    } else {
        ck_assert_uint_eq(m->first_number, b->next_number);
    }
    b->next_number = m->first_number + m->item_count;
    for (uint32_t i = 0; i < m->item_count; i++)
        take_item(b, &m->items[i]);
    if (m->snapshot_end)
        snapshot_ends(b);
}

uint64_t rig_digest_of(const struct rig_broker *b)
{
    struct map_entry e;
    uint64_t digest = 0;
    for (uint32_t at = 0; map_next(&b->partitions, &at, &e);)
        digest += cluster_digest_of(&((struct rig_partition *)e.value)->item);
    return digest;
}

static void arrive_digest(struct parcel *p)
{
    struct rig_broker *b = p->to;
    if (p->connection != b->connection || b->hung)
        return;
    b->digests++;
    if (p->digest.last_number + 1 == b->next_number && p->digest.digest == rig_digest_of(b))
        return;
    b->digest_differences++;
    struct controller_event e = {.kind = CONTROLLER_EV_SNAPSHOT_WANTED};
    deliver(b, &e, ARENA_INIT);
}

static void arrive_isr_reply(struct parcel *p)
{
    p->to->isr_reply = p->isr_reply;
    p->to->isr_replies++;
}

static void arrive_shutdown_reply(struct parcel *p)
{
    p->to->shutdown_remaining = p->shutdown_reply.remaining;
}

/* ---- connections ---- */

static struct rig_broker *broker_of(struct rig *r, uint64_t connection)
{
    for (int32_t i = 0; i < r->broker_count; i++)
        if (r->brokers[i].up && r->brokers[i].connection == connection)
            return &r->brokers[i];
    return NULL;
}

void rig_disconnect(struct rig_broker *b)
{
    struct controller_event e = {.kind = CONTROLLER_EV_DISCONNECTED};
    deliver(b, &e, ARENA_INIT);
    b->follows = -1;
    b->connection = 0;
    b->in_snapshot = false;
}

static void connect_to(struct rig_broker *b, int32_t to)
{
    if (b->follows >= 0)
        rig_disconnect(b);
    if (!b->registered || !rig_broker(b->rig, to)->up)
        return;
    b->follows = to;
    b->connection = ++b->rig->next_connection;
    b->next_number = 0;
    b->alive_said = false;
    struct controller_event e = {.kind = CONTROLLER_EV_CONNECTED};
    e.u.member = (struct cluster_member){b->id, b->incarnation};
    deliver(b, &e, ARENA_INIT);
}

void rig_reconnect_all(void *arg)
{
    struct rig *r = arg;
    struct rig_broker *active = rig_active(r);
    for (int32_t i = 0; i < r->broker_count; i++) {
        struct rig_broker *b = &r->brokers[i];
        if (b->up && b->follows >= 0 && !connected_to(b))
            rig_disconnect(b);
        if (b->up && b->registered && active && (b->follows != active->id))
            connect_to(b, active->id);
    }
}

void rig_keep_connecting(void *arg)
{
    struct rig *r = arg;
    rig_reconnect_all(r);
    schedule_after(&r->schedule, 20000000, rig_keep_connecting, r);
}

/* ---- actions ---- */

static void run_timer(struct parcel *p)
{
    if (p->to->timer_ms != p->event.now_ms)
        return;
    p->to->timer_ms = 0;
    struct controller_event e = {.kind = CONTROLLER_EV_TIMER};
    rig_step(p->to, &e);
}

static void set_timer(struct rig_broker *b, int64_t at_ms)
{
    struct parcel *p = xcalloc(1, sizeof *p);
    int64_t wait = at_ms - now_ms(b->rig);
    p->to = b;
    p->arrive = run_timer;
    p->event.now_ms = at_ms;
    b->timer_ms = at_ms;
    post(b->rig, p, wait > 0 ? (uint64_t)wait * 1000000 : 0);
}

static struct cluster_item *copy_items(struct arena *arena, const struct cluster_metadata *m)
{
    struct cluster_item *items = arena_array(arena, m->item_count + 1, sizeof *items);
    for (uint32_t i = 0; i < m->item_count; i++) {
        items[i] = m->items[i];
        if (items[i].kind == CLUSTER_ITEM_TOPIC || items[i].kind == CLUSTER_ITEM_TOPIC_GONE) {
            items[i].u.topic.name = arena_copy(arena, items[i].u.topic.name);
            items[i].u.topic.config = arena_copy(arena, items[i].u.topic.config);
        }
    }
    return items;
}

static void send_back(struct rig_broker *b, const struct controller_action *a,
                      void (*arrive)(struct parcel *))
{
    struct rig_broker *to = broker_of(b->rig, a->connection);
    if (!to || to->follows != b->id)
        return;
    struct parcel *p = xcalloc(1, sizeof *p);
    p->to = to;
    p->arrive = arrive;
    p->connection = a->connection;
    if (a->kind == CONTROLLER_DO_SEND_METADATA) {
        p->metadata = a->u.metadata;
        p->metadata.items = copy_items(&p->arena, &a->u.metadata);
    } else if (a->kind == CONTROLLER_DO_SEND_DIGEST) {
        p->digest = a->u.digest;
    } else if (a->kind == CONTROLLER_DO_SEND_ISR_REPLY) {
        p->isr_reply = a->u.isr_reply;
    } else {
        p->shutdown_reply = a->u.shutdown_reply;
    }
    post(b->rig, p, MESSAGE_NS);
}

static void take_answer(struct rig *r, const struct controller_answer *a)
{
    struct rig_answer *to = &r->answers[a->request % COUNT_OF(r->answers)];
    ck_assert_msg(!to->there, "a request is answered twice");
    to->there = true;
    to->result = a->result;
    to->id = a->id;
    to->partition_count = a->partition_count;
    to->replication_factor = a->replication_factor;
    snprintf(to->message, sizeof to->message, "%.*s", (int)a->message.size,
             a->message.base ? (const char *)a->message.base : "");
}

static void take_known(struct rig_broker *b, const struct controller_known *known)
{
    b->active = known->active;
    b->epoch = known->epoch;
    rig_reconnect_all(b->rig);
}

static void carry_out(struct rig_broker *b, const struct controller_action *a)
{
    struct rig *r = b->rig;
    switch (a->kind) {
    case CONTROLLER_DO_ZK:
        zk_client_submit(b->zk, a->u.zk.token, a->u.zk.ops, a->u.zk.count);
        break;
    case CONTROLLER_DO_SEND_METADATA:
        send_back(b, a, arrive_metadata);
        break;
    case CONTROLLER_DO_SEND_DIGEST:
        send_back(b, a, arrive_digest);
        break;
    case CONTROLLER_DO_SEND_ISR_REPLY:
        send_back(b, a, arrive_isr_reply);
        break;
    case CONTROLLER_DO_SEND_SHUTDOWN_REPLY:
        send_back(b, a, arrive_shutdown_reply);
        break;
    case CONTROLLER_DO_CLOSE: {
        struct rig_broker *peer = broker_of(r, a->connection);
        if (peer) {
            peer->follows = -1;
            peer->connection = 0;
        }
        break;
    }
    case CONTROLLER_DO_ANSWER:
        take_answer(r, &a->u.answer);
        break;
    case CONTROLLER_DO_TIMER:
        set_timer(b, a->u.at_ms);
        break;
    case CONTROLLER_DO_KNOWN:
        take_known(b, &a->u.known);
        break;
    case CONTROLLER_DO_NOTE: {
        const struct view *t = &a->u.note.text;
        append(&r->notes, &r->notes_size, &r->notes_capacity, (const char *)t->base, t->size);
        if (getenv("RIG_TRACE"))
            fprintf(stderr, "%8.3f %" PRId32 " NOTE %.*s\n", (double)r->schedule.now_ns / 1e6,
                    b->id, (int)t->size, (const char *)t->base);
        break;
    }
    case CONTROLLER_DO_TRACE:
        trace(b, a->u.note.text);
        break;
    case CONTROLLER_DO_STOPPED:
        b->stopped = true;
        break;
    }
}
