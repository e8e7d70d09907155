/* SPDX-License-Identifier: Apache-2.0 */
#include "broker/group/group_internal.h"

#include <stdlib.h>

#include "common/memory.h"

static const char *const state_names[GROUP_STATES] = {
    [GROUP_EMPTY] = "Empty",
    [GROUP_PREPARING] = "PreparingRebalance",
    [GROUP_COMPLETING] = "CompletingRebalance",
    [GROUP_STABLE] = "Stable",
    [GROUP_DEAD] = "Dead",
};
/* To which states a group may move, as bits. */
#define TO(state) (1u << (state))
static const unsigned moves[GROUP_STATES] = {
    [GROUP_EMPTY] = TO(GROUP_PREPARING) | TO(GROUP_DEAD),
    [GROUP_PREPARING] = TO(GROUP_COMPLETING) | TO(GROUP_EMPTY) | TO(GROUP_DEAD),
    [GROUP_COMPLETING] = TO(GROUP_STABLE) | TO(GROUP_PREPARING) | TO(GROUP_DEAD),
    [GROUP_STABLE] = TO(GROUP_PREPARING) | TO(GROUP_DEAD),
    [GROUP_DEAD] = 0,
};

const char *group_state_name(enum group_state state)
{
    return state_names[state];
}

bool group_state_may_move(enum group_state from, enum group_state to)
{
    return (moves[from] & TO(to)) != 0;
}

void group_move(struct group *g, enum group_state to)
{
    INVARIANT(group_state_may_move(g->state, to));
    g->state = to;
    g->state_ms = g->now.wall_ms;
}

/* ---- memory ---- */
void group_charge(struct group *g, int64_t bytes)
{
    INVARIANT(bytes >= 0 || g->space->bytes >= (uint64_t)-bytes);
    g->space->bytes += (uint64_t)bytes;
}

bool group_has_room(const struct group *g)
{
    return g->space->bytes < g->space->bytes_max;
}

struct view group_own(struct group *g, struct view bytes)
{
    if (bytes.base == NULL)
        return VIEW_NULL;
    group_charge(g, bytes.size);
    return (struct view){(uint8_t *)xstrndup(bytes.base, bytes.size), bytes.size};
}

void group_disown(struct group *g, struct view *bytes)
{
    if (bytes->base != NULL)
        group_charge(g, -(int64_t)bytes->size);
    free((void *)(uintptr_t)bytes->base);
    *bytes = VIEW_NULL;
}

struct group *group_new(struct group_space *space, struct view id, struct group_now now)
{
    struct group *g = xcalloc(1, sizeof *g);
    g->space = space;
    group_charge(g, sizeof *g);
    g->id = group_own(g, id);
    g->now = now;
    g->state_ms = now.wall_ms;
    return g;
}

void group_free(struct group *g)
{
    struct map_entry e;
    INVARIANT(g->join_count == 0 && g->appends_under_way == 0);
    for (uint32_t at = 0; map_next(&g->members, &at, &e);)
        group_member_free(g, e.value);
    group_pending_free(g);
    group_offsets_free(g);
    map_deinit(&g->members);
    map_deinit(&g->static_members);
    map_deinit(&g->supported);
    group_disown(g, &g->protocol_type);
    group_disown(g, &g->protocol);
    group_disown(g, &g->id);
    group_charge(g, -(int64_t)sizeof *g);
    free(g);
}

/* ---- actions ---- */
void group_actions_init(struct group_actions *actions)
{
    *actions = (struct group_actions){0};
    actions->answered_last = &actions->answered;
    actions->appends_last = &actions->appends;
}

void group_answer(struct group *g, struct group_request *r)
{
    r->next = NULL;
    *g->actions->answered_last = r;
    g->actions->answered_last = &r->next;
}

void group_refuse(struct group *g, struct group_request *r, enum error_code error)
{
    group_request_refuse(r, error);
    group_answer(g, r);
}

struct group_append *group_append_new(struct group *g, enum group_append_kind kind)
{
    struct group_append *a = xcalloc(1, sizeof *a);
    a->kind = kind;
    a->generation = g->generation;
    record_builder_init(&a->records);
    return a;
}

void group_append_free(struct group_append *a)
{
    record_builder_deinit(&a->records);
    for (uint32_t i = 0; i < a->offset_count; i++)
        free(a->offsets[i]);
    arena_reset(&a->arena);
    free(a);
}

void group_emit(struct group *g, struct group_append *a)
{
    g->appends_under_way++;
    a->next = NULL;
    *g->actions->appends_last = a;
    g->actions->appends_last = &a->next;
}

/* ---- time ---- */
void group_wake_at(struct group *g, int64_t at_ms)
{
    if (at_ms > 0 && (g->timer_ms == 0 || at_ms < g->timer_ms))
        g->timer_ms = at_ms;
}

static bool drop_expired(struct group *g)
{
    struct map_entry e;
    bool dropped = false;
    for (uint32_t at = 0; map_next(&g->members, &at, &e);) {
        struct group_member *m = e.value;
        if (m->deadline_ms != 0 && m->deadline_ms <= g->now.ms) {
            group_member_remove(g, m, ERROR_UNKNOWN_MEMBER_ID);
            dropped = true;
        } else {
            group_wake_at(g, m->deadline_ms);
        }
    }
    return dropped;
}

static void step_begin(struct group *g, struct group_now now, struct group_actions *actions)
{
    INVARIANT(g->actions == NULL);
    g->actions = actions;
    g->now = now;
}

static void step_end(struct group *g)
{
    INVARIANT(g->join_count <= g->members.count);
    INVARIANT((g->leader == NULL) == (g->members.count == 0));
    INVARIANT(g->state != GROUP_STABLE || g->members.count > 0);
    INVARIANT(g->state != GROUP_EMPTY || g->members.count == 0);
    g->actions = NULL;
}

void group_timer(struct group *g, struct group_now now, struct group_actions *actions)
{
    step_begin(g, now, actions);
    g->timer_ms = 0;
    bool left = drop_expired(g);
    if (group_pending_expire(g) || left) {
        if (left)
            group_members_left(g);
        else
            group_maybe_complete_join(g);
    }
    group_join_timer(g);
    group_sync_timer(g);
    step_end(g);
}

/* ---- requests and appends ---- */
void group_serve(struct group *g, struct group_request *r, struct group_now now,
                 struct group_actions *actions)
{
    static void (*const serve[GROUP_REQUESTS])(struct group *, struct group_request *) = {
        [GROUP_JOIN] = group_join,           [GROUP_SYNC] = group_sync,
        [GROUP_HEARTBEAT] = group_heartbeat, [GROUP_LEAVE] = group_leave,
        [GROUP_COMMIT] = group_commit,       [GROUP_FETCH] = group_fetch,
        [GROUP_DESCRIBE] = group_describe,
    };
    step_begin(g, now, actions);
    if (g->state == GROUP_DEAD && r->kind != GROUP_DESCRIBE && r->kind != GROUP_FETCH)
        group_refuse(g, r, ERROR_COORDINATOR_NOT_AVAILABLE);
    else
        serve[r->kind](g, r);
    step_end(g);
}

/* What the append's own error means to a client of the group, as Kafka's coordinator has it. */
static enum error_code error_for_client(enum group_append_kind kind, enum error_code error)
{
    switch (error) {
    case ERROR_UNKNOWN_TOPIC_OR_PARTITION:
    case ERROR_NOT_ENOUGH_REPLICAS:
    case ERROR_NOT_ENOUGH_REPLICAS_AFTER_APPEND:
        return ERROR_COORDINATOR_NOT_AVAILABLE;
    case ERROR_NOT_LEADER_OR_FOLLOWER:
    case ERROR_KAFKA_STORAGE_ERROR:
        return ERROR_NOT_COORDINATOR;
    case ERROR_REQUEST_TIMED_OUT:
        return kind == GROUP_APPEND_OFFSETS ? error : ERROR_REBALANCE_IN_PROGRESS;
    case ERROR_MESSAGE_TOO_LARGE:
    case ERROR_RECORD_LIST_TOO_LARGE:
    case ERROR_INVALID_FETCH_SIZE:
        return kind == GROUP_APPEND_OFFSETS ? ERROR_INVALID_COMMIT_OFFSET_SIZE
                                            : ERROR_UNKNOWN_SERVER_ERROR;
    default:
        return error;
    }
}

void group_appended(struct group *g, struct group_append *a, enum error_code error,
                    int64_t log_offset, struct group_now now, struct group_actions *actions)
{
    step_begin(g, now, actions);
    if (error != ERROR_REQUEST_TIMED_OUT) {
        INVARIANT(g->appends_under_way > 0);
        g->appends_under_way--;
    }
    enum error_code told = error_for_client(a->kind, error);
    switch (a->kind) {
    case GROUP_APPEND_ASSIGNMENT:
        group_assignment_stored(g, a, told);
        break;
    case GROUP_APPEND_STATIC:
        group_static_stored(g, a, told);
        break;
    case GROUP_APPEND_OFFSETS:
        group_offsets_stored(g, a, told, log_offset);
        break;
    case GROUP_APPEND_EMPTY:
    case GROUP_APPEND_TOMBSTONES:
        break; /* what a crash forgets of these is found out again */
    }
    step_end(g);
}

void group_unload(struct group *g, struct group_now now, struct group_actions *actions)
{
    struct map_entry e;
    step_begin(g, now, actions);
    for (uint32_t at = 0; map_next(&g->members, &at, &e);)
        group_member_remove(g, e.value, ERROR_NOT_COORDINATOR);
    if (g->state != GROUP_DEAD)
        group_move(g, GROUP_DEAD);
    step_end(g);
}

bool group_is_over(const struct group *g)
{
    bool blank = g->state == GROUP_EMPTY && g->generation == 0 && g->offsets.count == 0 &&
                 g->pending.count == 0;
    return (g->state == GROUP_DEAD || blank) && g->appends_under_way == 0;
}
