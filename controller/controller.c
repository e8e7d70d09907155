/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/controller.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/memory.h"
#include "controller/internal.h"

/* The step itself: an event is handed to the file that knows it, then everything that it stirred up
 * settles (partitions are decided, writes gathered into multis, news said), and the actions are
 * complete. */

const struct controller_config controller_config_default = {
    .broker = -1,
    .num_partitions = 1,
    .replication_factor = 3,
    .offsets_replication_factor = 3,
    .min_insync_replicas = 2,
    .topic_deletion = true,
    .auto_rebalance = true,
    .rebalance_interval_ms = 300 * 1000,
    .rebalance_percent = 10,
};

struct controller *controller_new(const struct controller_config *config)
{
    struct controller *c = xcalloc(1, sizeof *c);
    c->config = *config;
    c->random[0] = config->seed[0];
    c->random[1] = config->seed[1];
    c->state = CONTROLLER_NO_SESSION;
    c->known.broker = -1;
    c->queue_last = &c->queue_first;
    c->flight_last = &c->flight_first;
    c->unresolved_last = &c->unresolved_first;
    c->dirty_last = &c->dirty_first;
    c->gathered_last = &c->gathered_first;
    return c;
}

void controller_free(struct controller *c)
{
    if (!c)
        return;
    struct controller_actions nowhere = CONTROLLER_ACTIONS_INIT;
    c->out = &nowhere;
    c->state = CONTROLLER_STOPPED;
    ctl_forget_cluster(c);
    controller_actions_deinit(&nowhere);
    ctl_zk_bury(c);
    ctl_topics_bury(c);
    while (c->connections) {
        struct ctl_connection *next = c->connections->next;
        free(c->connections);
        c->connections = next;
    }
    free(c->known_host);
    free(c->touched);
    free(c->held);
    free(c->doubts);
    free(c->news);
    free(c);
}

/* ---- what the other files need ---- */

struct controller_action *ctl_act(struct controller *c, enum controller_action_kind kind)
{
    struct controller_actions *out = c->out;
    out->items = xgrow(out->items, &out->capacity, (size_t)out->count + 1, sizeof *out->items);
    struct controller_action *a = &out->items[out->count++];
    *a = (struct controller_action){.kind = kind};
    return a;
}

struct arena *ctl_scratch(struct controller *c)
{
    return &c->out->arena;
}

static struct view print_line(struct controller *c, const char *format, va_list args)
{
    char line[900];
    int size = vsnprintf(line, sizeof line, format, args);
    if (size < 0)
        size = 0;
    if ((size_t)size >= sizeof line)
        size = (int)sizeof line - 1;
    return arena_copy(ctl_scratch(c), (struct view){(const uint8_t *)line, (uint32_t)size});
}

void ctl_note(struct controller *c, enum say_level level, const char *format, ...)
{
    if (++c->notes > CTL_NOTES_MAX)
        return; /* said in one line at the end of the step */
    va_list args;
    va_start(args, format);
    struct view text = print_line(c, format, args);
    va_end(args);
    struct controller_action *a = ctl_act(c, CONTROLLER_DO_NOTE);
    a->u.note.level = level;
    a->u.note.text = text;
}

void ctl_note_limited(struct controller *c, struct ctl_note_limit *limit, enum say_level level,
                      const char *format, ...)
{
    if (limit->said == 0 || c->now_ms - limit->since_ms >= CTL_LIMITED_MS) {
        limit->since_ms = c->now_ms;
        limit->said = 0;
    }
    if (limit->said >= CTL_LIMITED_MAX) {
        limit->left_out++;
        return;
    }
    limit->said++;
    va_list args;
    va_start(args, format);
    struct view text = print_line(c, format, args);
    va_end(args);
    if (limit->left_out)
        ctl_note(c, level, "%.*s (and %" PRIu32 " like it left out)", (int)text.size,
                 (const char *)text.base, limit->left_out);
    else
        ctl_note(c, level, "%.*s", (int)text.size, text.base);
    limit->left_out = 0;
}

void ctl_trace(struct controller *c, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    struct view text = print_line(c, format, args);
    va_end(args);
    struct controller_action *a = ctl_act(c, CONTROLLER_DO_TRACE);
    a->u.note.level = SAY_DEBUG;
    a->u.note.text = text;
}

/* SplitMix64; the two streams are independent, so that a topic id has 128 random bits. */
uint64_t ctl_random(struct controller *c, unsigned stream)
{
    uint64_t z = c->random[stream] += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

void ctl_wake(struct controller *c, int64_t at_ms)
{
    if (c->wake_at_ms == 0 || at_ms < c->wake_at_ms)
        c->wake_at_ms = at_ms;
}

void ctl_move(struct controller *c, enum controller_state to)
{
    if (c->state == to)
        return;
    ctl_trace(c, "state %s -> %s", machine_state_name(&machine_controller, c->state),
              machine_state_name(&machine_controller, to));
    machine_move(&machine_controller, &c->state, to);
    ctl_known_changed(c);
}

bool ctl_reigns(const struct controller *c)
{
    return c->state == CONTROLLER_LOADING || c->state == CONTROLLER_ACTIVE;
}

static void free_brokers(struct controller *c)
{
    struct map_entry e;
    for (uint32_t at = 0; map_next(&c->brokers, &at, &e);)
        ctl_broker_free(e.value);
    map_deinit(&c->brokers);
}

/* Everything that was known under this reign; whoever waits for something is answered. */
void ctl_forget_cluster(struct controller *c)
{
    c->reign++;
    ctl_zk_forget(c);
    ctl_waits_fail(c);
    struct map_entry e;
    for (uint32_t at = 0; map_next(&c->topics, &at, &e);)
        ctl_topic_forget(c, e.value);
    map_deinit(&c->topics);
    map_deinit(&c->topics_by_id);
    free_brokers(c);
    for (uint32_t at = 0; map_next(&c->hints, &at, &e);)
        free(e.value);
    map_deinit(&c->hints);
    POST(c->partition_count == 0 && c->offline_count == 0 && c->digest == 0);
    c->dirty_first = NULL;
    c->dirty_last = &c->dirty_first;
    ctl_changes_forget(c);
    c->touched_count = c->held_count = c->doubt_count = c->news_count = 0;
    c->loading = 0;
    c->zookeeper_is_older = c->hints_read = false;
    memset(c->list_armed, 0, sizeof c->list_armed);
    memset(c->list_reading, 0, sizeof c->list_reading);
    memset(c->list_again, 0, sizeof c->list_again);
    c->tick_at_ms = 0;
    for (struct ctl_connection *n = c->connections; n; n = n->next) {
        n->started = n->wants_snapshot = false;
        n->number = 0;
        n->shutdown_asked = 0;
    }
}

/* ---- events ---- */

static void heard_watch(struct controller *c, struct view path)
{
    if (c->state == CONTROLLER_NO_SESSION || c->state == CONTROLLER_STOPPED)
        return;
    if (view_equal(path, VIEW_LITERAL(ZNODE_CONTROLLER))) {
        ctl_race(c);
        return;
    }
    if (!ctl_reigns(c))
        return;
    if (!ctl_list_watch(c, path))
        (void)ctl_broker_watch(c, path); /* others' watches are not ours to judge */
}

static void tick(struct controller *c)
{
    ctl_known_tick(c);
    if (!ctl_reigns(c))
        return;
    ctl_broker_tick(c);
    if (c->state != CONTROLLER_ACTIVE)
        return;
    if (c->now_ms >= c->tick_at_ms) {
        c->tick_at_ms = c->now_ms + CTL_TICK_MS;
        ctl_list_tick(c);
        ctl_topic_rescan(c);
        ctl_hints_tick(c);
        ctl_doubt_tick(c);
        ctl_stream_digest(c);
    }
    ctl_partitions_tick(c);
    if (c->config.auto_rebalance && c->now_ms >= c->rebalance_at_ms) {
        c->rebalance_at_ms = c->now_ms + c->config.rebalance_interval_ms;
        ctl_rebalance(c);
    }
    ctl_wake(c, c->tick_at_ms);
}

static void heard_registered(struct controller *c, struct cluster_member member)
{
    if (member.broker != c->config.broker || c->state == CONTROLLER_STOPPED)
        return;
    if (c->incarnation == member.incarnation)
        return;
    c->incarnation = member.incarnation;
    if (ctl_reigns(c)) {
        ctl_resign(c, "this broker registered anew");
    } else if (c->state != CONTROLLER_NO_SESSION) {
        ctl_race(c);
    } else if (c->session_up) {
        ctl_move(c, CONTROLLER_CONTENDING);
        ctl_race(c);
    }
}

static void heard_unregistered(struct controller *c)
{
    c->incarnation = 0;
    if (ctl_reigns(c))
        ctl_resign(c, "this broker's registration is gone");
}

/* What a broker says; each checks by itself whether we may listen. */
static void heard_broker(struct controller *c, const struct controller_event *e)
{
    switch (e->kind) {
    case CONTROLLER_EV_CONNECTED:
        ctl_connected(c, e->connection, e->u.member);
        break;
    case CONTROLLER_EV_DISCONNECTED:
        ctl_disconnected(c, e->connection);
        break;
    case CONTROLLER_EV_INVENTORY:
        ctl_broker_inventory(c, e->connection, &e->u.inventory);
        break;
    case CONTROLLER_EV_ISR_CHANGE:
        ctl_isr_asked(c, e->connection, &e->u.isr_change);
        break;
    case CONTROLLER_EV_REPORT:
        ctl_partition_report(c, e->connection, &e->u.report);
        break;
    case CONTROLLER_EV_SHUTDOWN:
        ctl_broker_shutdown(c, e->connection);
        break;
    case CONTROLLER_EV_SNAPSHOT_WANTED: {
        struct ctl_connection *n = ctl_connection_find(c, e->connection);
        if (n)
            n->wants_snapshot = true;
        break;
    }
    default:
        IMPOSSIBLE("an event of another source");
    }
}

static void hear(struct controller *c, const struct controller_event *e)
{
    switch (e->kind) {
    case CONTROLLER_EV_TIMER:
        c->wake_at_ms = c->wake_said_ms = 0;
        tick(c);
        break;
    case CONTROLLER_EV_ZK_SESSION:
        c->generation = e->u.session.generation;
        ctl_zk_session(c, e->u.session.state);
        break;
    case CONTROLLER_EV_ZK_REPLY:
        ctl_zk_reply(c, e);
        break;
    case CONTROLLER_EV_ZK_WATCH:
        heard_watch(c, e->u.watch.path);
        break;
    case CONTROLLER_EV_REGISTERED:
        heard_registered(c, e->u.member);
        break;
    case CONTROLLER_EV_UNREGISTERED:
        heard_unregistered(c);
        break;
    case CONTROLLER_EV_STOP:
        ctl_stop(c);
        break;
    case CONTROLLER_EV_CONNECTED:
    case CONTROLLER_EV_DISCONNECTED:
    case CONTROLLER_EV_INVENTORY:
    case CONTROLLER_EV_ISR_CHANGE:
    case CONTROLLER_EV_REPORT:
    case CONTROLLER_EV_SHUTDOWN:
    case CONTROLLER_EV_SNAPSHOT_WANTED:
        heard_broker(c, e);
        break;
    case CONTROLLER_EV_CREATE_TOPIC:
    case CONTROLLER_EV_DELETE_TOPIC:
    case CONTROLLER_EV_CREATE_PARTITIONS:
    case CONTROLLER_EV_ELECT_PREFERRED:
        ctl_admin(c, e);
        break;
    case CONTROLLER_EV_COUNT:
        IMPOSSIBLE("no event");
    }
}

/* Whoever asked may answer its client once its metadata has caught up with all that was said. */
static void number_answers(struct controller *c)
{
    for (uint32_t i = 0; i < c->out->count; i++) {
        struct controller_action *a = &c->out->items[i];
        if (a->kind != CONTROLLER_DO_ANSWER)
            continue;
        const struct ctl_connection *n = ctl_connection_find(c, a->connection);
        a->u.answer.metadata_number = n && n->started ? n->number : 0;
    }
}

static void settle(struct controller *c)
{
    if (c->state == CONTROLLER_ACTIVE) {
        ctl_partitions_settle(c);
        ctl_writes_flush(c);
        ctl_brokers_settle(c);
        ctl_stream_flush(c);
        ctl_waits_settle(c);
    }
    ctl_check_touched(c);
    ctl_zk_pump(c);
    uint32_t dropped = c->notes > CTL_NOTES_MAX ? c->notes - CTL_NOTES_MAX : 0;
    c->notes = 0;
    if (dropped)
        ctl_note(c, SAY_WARN, "%u more lines like these", dropped);
    number_answers(c);
    if (c->wake_at_ms != 0 && c->wake_at_ms != c->wake_said_ms) {
        c->wake_said_ms = c->wake_at_ms;
        ctl_act(c, CONTROLLER_DO_TIMER)->u.at_ms = c->wake_at_ms;
    }
}

void controller_step(struct controller *c, const struct controller_event *event,
                     struct controller_actions *ret)
{
    ret->count = 0;
    arena_reset(&ret->arena);
    ctl_zk_bury(c);
    ctl_topics_bury(c);
    c->out = ret;
    c->now_ms = event->now_ms;
    c->wall_ms = event->wall_ms;
    hear(c, event);
    settle(c);
    c->out = NULL;
}

void controller_actions_deinit(struct controller_actions *actions)
{
    arena_reset(&actions->arena);
    free(actions->items);
    *actions = CONTROLLER_ACTIONS_INIT;
}

/* ---- looking at it ---- */

const char *controller_state_name(enum controller_state state)
{
    return machine_state_name(&machine_controller, state);
}

struct controller_view controller_look(const struct controller *c)
{
    struct controller_view v = {
        .state = (enum controller_state)c->state,
        .epoch = ctl_reigns(c) ? c->epoch : 0,
        .topics = c->topics.count,
        .partitions = c->partition_count,
        .offline_partitions = c->offline_count,
        .zk_in_flight = c->in_flight,
        .zookeeper_is_older = c->zookeeper_is_older,
    };
    struct map_entry e;
    for (uint32_t at = 0; map_next(&c->brokers, &at, &e);) {
        const struct ctl_broker *b = e.value;
        v.brokers_alive += b->state == CTL_BROKER_IN;
    }
    return v;
}

uint64_t controller_digest(const struct controller *c)
{
    return c->digest;
}

const char *controller_result_text(enum controller_result result)
{
    static const char *const texts[CONTROLLER_RESULT_COUNT] = {
        [CONTROLLER_OK] = "ok",
        [CONTROLLER_NOT_ACTIVE] = "not active",
        [CONTROLLER_TIMED_OUT] = "timed out",
        [CONTROLLER_TOPIC_EXISTS] = "topic exists",
        [CONTROLLER_UNKNOWN_TOPIC] = "unknown topic",
        [CONTROLLER_UNKNOWN_TOPIC_ID] = "unknown topic id",
        [CONTROLLER_UNKNOWN_PARTITION] = "unknown partition",
        [CONTROLLER_TOPIC_DELETING] = "topic is being deleted",
        [CONTROLLER_INVALID_NAME] = "invalid name",
        [CONTROLLER_INVALID_PARTITIONS] = "invalid partitions",
        [CONTROLLER_INVALID_REPLICATION] = "invalid replication factor",
        [CONTROLLER_INVALID_ASSIGNMENT] = "invalid assignment",
        [CONTROLLER_INVALID_CONFIG] = "invalid config",
        [CONTROLLER_INVALID_REQUEST] = "invalid request",
        [CONTROLLER_DELETION_DISABLED] = "deletion disabled",
        [CONTROLLER_ELECTION_NOT_NEEDED] = "election not needed",
        [CONTROLLER_PREFERRED_UNAVAILABLE] = "preferred leader not available",
        [CONTROLLER_FAILED] = "failed",
    };
    PRE(result >= 0 && result < CONTROLLER_RESULT_COUNT);
    return texts[result];
}
