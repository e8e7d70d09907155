/* SPDX-License-Identifier: Apache-2.0 */
/* JoinGroup: how members come into a generation. */
#include <stdlib.h>

#include "broker/group/group_internal.h"
#include "common/memory.h"

/* The part of a member id that the client chooses; an id must stay a string of the protocol. */
#define MEMBER_PREFIX_MAX 1024u
/* Between two looks at a group whose members do not come, whatever time they allow. */
#define ROUND_MS_MIN 1000

/* ---- answers ---- */
static void add_members(struct group *g, struct group_request *r)
{
    struct join_group_response *out = &r->out.join;
    struct map_entry e;
    out->members = arena_array(&r->arena, g->members.count, sizeof *out->members);
    for (uint32_t at = 0; map_next(&g->members, &at, &e);) {
        const struct group_member *m = e.value;
        out->members[out->members_count++] = (struct join_group_response_member){
            .member_id = arena_copy(&r->arena, m->id),
            .group_instance_id =
                m->instance_id.base != NULL ? arena_copy(&r->arena, m->instance_id) : VIEW_NULL,
            .metadata = arena_copy(&r->arena, group_member_metadata(m, g->protocol)),
        };
    }
}

/* The generation as it stands. Who is told another leader than the true one will not assign. */
static void answer_join(struct group *g, struct group_member *m, struct group_request *r,
                        struct view leader_id, bool tell_members)
{
    struct join_group_response *out = &r->out.join;
    join_group_response_init(out);
    out->generation_id = g->generation;
    out->protocol_type = arena_copy(&r->arena, g->protocol_type);
    out->protocol_name = arena_copy(&r->arena, g->protocol);
    out->leader = arena_copy(&r->arena, leader_id);
    out->member_id = arena_copy(&r->arena, m->id);
    if (tell_members)
        add_members(g, r);
    group_answer(g, r);
}

static void answer_parked(struct group *g, struct group_member *m, struct view leader_id,
                          bool tell_members)
{
    answer_join(g, m, group_member_take_join(g, m), leader_id, tell_members);
}

/* ---- the join phase ---- */
void group_prepare(struct group *g)
{
    if (g->state == GROUP_PREPARING || g->state == GROUP_DEAD)
        return;
    if (g->state == GROUP_COMPLETING)
        group_refuse_syncs(g, ERROR_REBALANCE_IN_PROGRESS);
    int64_t timeout_ms = group_rebalance_timeout_ms(g), wait_ms = timeout_ms;
    g->sync_deadline_ms = 0;
    g->assigning = false;
    g->initial = g->state == GROUP_EMPTY;
    g->joined_meanwhile = false;
    if (g->initial) {
        wait_ms = g->space->config->rebalance_delay_ms;
        g->initial_left_ms = timeout_ms > wait_ms ? timeout_ms - wait_ms : 0;
    }
    group_move(g, GROUP_PREPARING);
    g->join_deadline_ms = g->now.ms + wait_ms;
    group_maybe_complete_join(g);
    if (g->state == GROUP_PREPARING)
        group_wake_at(g, g->join_deadline_ms);
}

void group_members_left(struct group *g)
{
    if (g->state == GROUP_PREPARING)
        group_maybe_complete_join(g);
    else if (g->state == GROUP_STABLE || g->state == GROUP_COMPLETING)
        group_prepare(g);
}

/* Those who did not come back are out; static members stay until their session ends. */
static void drop_absent(struct group *g)
{
    struct map_entry e;
    for (uint32_t at = 0; map_next(&g->members, &at, &e);) {
        struct group_member *m = e.value;
        if (m->join == NULL && m->instance_id.base == NULL)
            group_member_remove(g, m, ERROR_UNKNOWN_MEMBER_ID);
    }
}

/* A leader among those who came. False: nobody did. */
static bool elect_leader(struct group *g)
{
    struct map_entry e;
    if (g->leader != NULL && g->leader->join != NULL)
        return true;
    for (uint32_t at = 0; map_next(&g->members, &at, &e);) {
        struct group_member *m = e.value;
        if (m->join != NULL) {
            g->leader = m;
            return true;
        }
    }
    return false;
}

static void become_empty(struct group *g)
{
    group_disown(g, &g->protocol);
    group_move(g, GROUP_EMPTY);
    struct group_append *a = group_append_new(g, GROUP_APPEND_EMPTY);
    INVARIANT(group_store(g, a));
}

static void begin_generation(struct group *g)
{
    struct map_entry e;
    struct view chosen = group_own(g, group_vote(g));
    group_disown(g, &g->protocol);
    g->protocol = chosen;
    group_move(g, GROUP_COMPLETING);
    for (uint32_t at = 0; map_next(&g->members, &at, &e);) {
        struct group_member *m = e.value;
        if (m->join != NULL)
            answer_parked(g, m, g->leader->id, g->leader == m);
        m->fresh = false;
        group_member_touch(g, m);
        if (!m->sync_due) {
            m->sync_due = true;
            g->sync_due_count++;
        }
    }
    g->sync_deadline_ms = g->now.ms + group_rebalance_timeout_ms(g);
    group_wake_at(g, g->sync_deadline_ms);
}

static void complete_join(struct group *g)
{
    drop_absent(g);
    g->initial = false;
    if (g->members.count > 0 && !elect_leader(g)) {
        /* Only static members are left and none came: their sessions decide. */
        int64_t wait_ms = group_rebalance_timeout_ms(g);
        g->join_deadline_ms = g->now.ms + (wait_ms > ROUND_MS_MIN ? wait_ms : ROUND_MS_MIN);
        group_wake_at(g, g->join_deadline_ms);
        return;
    }
    g->join_deadline_ms = 0;
    g->generation = g->generation == INT32_MAX ? 1 : g->generation + 1;
    if (g->members.count > 0)
        begin_generation(g);
    else
        become_empty(g);
}

void group_maybe_complete_join(struct group *g)
{
    if (g->state == GROUP_PREPARING && !g->initial && g->join_count == g->members.count &&
        g->pending.count == 0)
        complete_join(g);
}

void group_join_timer(struct group *g)
{
    int64_t delay_ms = g->space->config->rebalance_delay_ms;
    if (g->state != GROUP_PREPARING)
        return;
    if (g->join_deadline_ms > g->now.ms) {
        group_wake_at(g, g->join_deadline_ms);
    } else if (g->initial && g->joined_meanwhile && g->initial_left_ms > 0 && delay_ms > 0) {
        /* More are coming: wait as long again, in all no longer than a rebalance may take. */
        int64_t wait_ms = delay_ms < g->initial_left_ms ? delay_ms : g->initial_left_ms;
        g->initial_left_ms -= wait_ms;
        g->joined_meanwhile = false;
        g->join_deadline_ms = g->now.ms + wait_ms;
        group_wake_at(g, g->join_deadline_ms);
    } else {
        complete_join(g);
    }
}

/* ---- new members ---- */
static struct view new_member_id(struct group_request *r)
{
    const struct join_group_request *in = &r->in.join;
    struct view prefix = in->group_instance_id.base != NULL ? in->group_instance_id : r->client_id;
    uint64_t high = (r->random[0] & ~UINT64_C(0xF000)) | 0x4000; /* a random UUID, version 4 */
    uint64_t low = (r->random[1] >> 2) | UINT64_C(1) << 63;
    unsigned size = prefix.size < MEMBER_PREFIX_MAX ? prefix.size : MEMBER_PREFIX_MAX;
    return view_of(arena_printf(&r->arena, "%.*s-%08x-%04x-%04x-%04x-%012llx", (int)size,
                                prefix.base != NULL ? (const char *)prefix.base : "",
                                (unsigned)(high >> 32), (unsigned)(high >> 16 & 0xFFFF),
                                (unsigned)(high & 0xFFFF), (unsigned)(low >> 48),
                                (unsigned long long)(low & UINT64_C(0xFFFFFFFFFFFF))));
}

static void update_member(struct group *g, struct group_member *m, struct group_request *r)
{
    const struct join_group_request *in = &r->in.join;
    m->session_timeout_ms = in->session_timeout_ms;
    m->rebalance_timeout_ms =
        in->rebalance_timeout_ms >= 0 ? in->rebalance_timeout_ms : in->session_timeout_ms;
    group_member_set_protocols(g, m, group_protocols_new(g, in->protocols, in->protocols_count));
    group_member_park(g, m, r);
}

static void add_member(struct group *g, struct view id, struct group_request *r)
{
    const struct join_group_request *in = &r->in.join;
    struct group_member *m =
        group_member_new(g, id, in->group_instance_id, r->client_id, r->client_host);
    if (g->members.count == 0) {
        group_disown(g, &g->protocol_type);
        g->protocol_type = group_own(g, in->protocol_type);
    }
    m->fresh = true;
    group_member_add(g, m);
    update_member(g, m, r);
    m->deadline_ms = g->now.ms + GROUP_FRESH_WAIT_MS;
    group_wake_at(g, m->deadline_ms);
    if (g->state == GROUP_PREPARING && g->generation == 0)
        g->joined_meanwhile = true;
    group_prepare(g);
}

static void rejoin(struct group *g, struct group_member *m, struct group_request *r)
{
    update_member(g, m, r);
    group_prepare(g);
}

/* Another process with the same instance id: it takes the place of the one before (KIP-345). */
static void rename_member(struct group *g, struct group_member *m, struct view id)
{
    group_member_refuse_parked(g, m, ERROR_FENCED_INSTANCE_ID);
    map_remove(&g->members, m->id);
    group_disown(g, &m->id);
    m->id = group_own(g, id);
    map_put(&g->members, m->id, m);
}

static void store_replacement(struct group *g, struct group_member *m, struct view old_leader_id)
{
    struct group_append *a = group_append_new(g, GROUP_APPEND_STATIC);
    a->member_id = arena_copy(&a->arena, m->id);
    a->old_leader_id = arena_copy(&a->arena, old_leader_id);
    if (!group_store(g, a)) {
        group_refuse(g, group_member_take_join(g, m), ERROR_UNKNOWN_SERVER_ERROR);
        group_member_touch(g, m);
    }
}

static void replace_static(struct group *g, struct group_member *m, struct view id,
                           struct group_request *r)
{
    struct view old_leader_id = arena_copy(&r->arena, g->leader->id);
    rename_member(g, m, id);
    update_member(g, m, r);
    switch (g->state) {
    case GROUP_STABLE:
        if (view_equal(group_vote(g), g->protocol))
            store_replacement(g, m, old_leader_id);
        else
            group_prepare(g);
        return;
    case GROUP_COMPLETING: /* the leader may be assigning to the old id */
        group_prepare(g);
        return;
    case GROUP_PREPARING:
    case GROUP_EMPTY:
    case GROUP_DEAD:
    case GROUP_STATES:
        return;
    }
}

void group_static_stored(struct group *g, struct group_append *a, enum error_code error)
{
    struct group_member *m = group_member_find(g, a->member_id);
    if (m == NULL || m->join == NULL || g->state != GROUP_STABLE)
        return; /* a rebalance has begun: its end answers */
    if (error != ERROR_NONE) {
        struct group_request *r = group_member_take_join(g, m);
        group_refuse(g, r, error);
        r->out.join.member_id = VIEW_LITERAL("");
    } else if (m->join->version >= 9) {
        struct group_request *r = m->join;
        answer_parked(g, m, g->leader->id, g->leader == m);
        r->out.join.skip_assignment = g->leader == m;
    } else {
        answer_parked(g, m, a->old_leader_id, false);
    }
    group_member_touch(g, m);
}

static void give_id(struct group *g, struct view id, struct group_request *r)
{
    group_pending_add(g, id, g->now.ms + r->in.join.session_timeout_ms);
    group_refuse(g, r, ERROR_MEMBER_ID_REQUIRED);
    r->out.join.member_id = id;
}

static void join_new(struct group *g, struct group_request *r)
{
    const struct join_group_request *in = &r->in.join;
    struct view id = new_member_id(r);
    struct group_member *old = in->group_instance_id.base != NULL
                                   ? map_get(&g->static_members, in->group_instance_id)
                                   : NULL;
    if (old != NULL)
        replace_static(g, old, id, r);
    else if (in->group_instance_id.base == NULL && r->version >= 4)
        give_id(g, id, r); /* KIP-394 */
    else
        add_member(g, id, r);
}

static bool same_protocols(const struct group_member *m, const struct join_group_request *in)
{
    uint32_t i = 0;
    while (i < in->protocols_count && m->protocols[i].name.base != NULL &&
           view_equal(m->protocols[i].name, in->protocols[i].name) &&
           view_equal(m->protocols[i].metadata, in->protocols[i].metadata))
        i++;
    return i == in->protocols_count && m->protocols[i].name.base == NULL;
}

static void join_again(struct group *g, struct group_request *r)
{
    struct group_member *m;
    const struct join_group_request *in = &r->in.join;
    enum error_code error = group_member_check(g, in->member_id, in->group_instance_id, &m);
    if (error != ERROR_NONE) {
        group_refuse(g, r, error);
        return;
    }
    /* It may have missed our answer: tell it again. A leader that joins in a stable group wants
     * new assignments, for its topics changed. */
    bool same = same_protocols(m, in);
    if (same && (g->state == GROUP_COMPLETING || (g->state == GROUP_STABLE && g->leader != m)))
        answer_join(g, m, r, g->leader->id, g->leader == m);
    else
        rejoin(g, m, r);
}

/* Kafka counts who has come back while a rebalance runs, so that a group that is larger than a
 * lowered limit shrinks to it. */
static bool has_place(const struct group *g, const struct join_group_request *in)
{
    const struct group_member *m = group_member_find(g, in->member_id);
    int64_t max = g->space->config->size_max;
    if (max > GROUP_MEMBERS_MAX)
        max = GROUP_MEMBERS_MAX;
    if (m == NULL && map_get(&g->pending, in->member_id) == NULL &&
        g->members.count + g->pending.count >= GROUP_MEMBERS_MAX)
        return false;
    switch (g->state) {
    case GROUP_PREPARING:
        return (m != NULL && m->join != NULL) || g->join_count < max;
    case GROUP_COMPLETING:
    case GROUP_STABLE:
        return m != NULL || g->members.count < max;
    case GROUP_EMPTY:
    case GROUP_DEAD:
    case GROUP_STATES:
        break;
    }
    return true;
}

static void refuse_for_size(struct group *g, struct group_request *r)
{
    struct group_member *m = group_member_find(g, r->in.join.member_id);
    if (m != NULL)
        group_member_remove(g, m, ERROR_GROUP_MAX_SIZE_REACHED);
    (void)group_pending_remove(g, r->in.join.member_id);
    group_refuse(g, r, ERROR_GROUP_MAX_SIZE_REACHED);
    r->out.join.member_id = VIEW_LITERAL("");
}

void group_join(struct group *g, struct group_request *r)
{
    const struct join_group_request *in = &r->in.join;
    const struct group_config *c = g->space->config;
    bool fresh = in->member_id.size == 0;
    if (in->session_timeout_ms < c->session_min_ms || in->session_timeout_ms > c->session_max_ms)
        group_refuse(g, r, ERROR_INVALID_SESSION_TIMEOUT);
    else if (!has_place(g, in))
        refuse_for_size(g, r);
    else if (!group_supports(g, in->protocol_type, in->protocols, in->protocols_count))
        group_refuse(g, r, ERROR_INCONSISTENT_GROUP_PROTOCOL);
    else if (!group_has_room(g))
        group_refuse(g, r, ERROR_COORDINATOR_NOT_AVAILABLE);
    else if (fresh)
        join_new(g, r);
    else if (map_get(&g->pending, in->member_id) != NULL)
        add_member(g, in->member_id, r);
    else
        join_again(g, r);
    group_maybe_complete_join(g);
}
