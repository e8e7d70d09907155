/* SPDX-License-Identifier: Apache-2.0 */
/* SyncGroup, Heartbeat and LeaveGroup: the life of a generation. */
#include <stdlib.h>

#include "broker/group/group_internal.h"
#include "broker/group/group_records.h"

/* ---- the record of the group ---- */
static struct view assigned(const struct group_append *a, const struct map *by_id, struct view id,
                            struct view own)
{
    if (a->kind != GROUP_APPEND_ASSIGNMENT)
        return own;
    const struct group_assignment *found = map_get(by_id, id);
    return found != NULL ? found->assignment : VIEW_LITERAL("");
}

static uint64_t lay_out_members(struct group *g, struct group_append *a,
                                struct group_metadata_value *value)
{
    struct map by_id = MAP_INIT;
    struct map_entry e;
    uint64_t size = 0;
    for (uint32_t i = 0; i < a->assignment_count; i++)
        map_put(&by_id, a->assignments[i].member_id, &a->assignments[i]);
    value->members = arena_array(&a->arena, g->members.count, sizeof *value->members);
    for (uint32_t at = 0; map_next(&g->members, &at, &e);) {
        struct group_member *m = e.value;
        struct group_metadata_value_member *to = &value->members[value->members_count++];
        *to = (struct group_metadata_value_member){
            .member_id = m->id,
            .group_instance_id = m->instance_id,
            .client_id = m->client_id,
            .client_host = m->client_host,
            .rebalance_timeout = m->rebalance_timeout_ms,
            .session_timeout = m->session_timeout_ms,
            .subscription = group_member_metadata(m, g->protocol),
            .assignment = assigned(a, &by_id, m->id, m->assignment),
        };
        size += (uint64_t)m->id.size + m->instance_id.size + m->client_id.size +
                m->client_host.size + to->subscription.size + to->assignment.size + 32;
    }
    map_deinit(&by_id);
    return size;
}

bool group_store(struct group *g, struct group_append *a)
{
    struct group_metadata_value value;
    group_metadata_value_init(&value);
    value.protocol_type = g->protocol_type;
    value.generation = g->generation;
    value.protocol = g->protocol;
    value.leader = g->leader != NULL ? g->leader->id : VIEW_NULL;
    value.current_state_timestamp = g->state_ms;
    if (lay_out_members(g, a, &value) > GROUP_RECORD_BYTES_MAX) {
        group_append_free(a);
        return false;
    }
    group_records_add_metadata(&a->records, g->now.wall_ms, g->id, &value);
    group_emit(g, a);
    return true;
}

/* ---- SyncGroup ---- */
static void answer_sync(struct group *g, const struct group_member *m, struct group_request *r)
{
    struct sync_group_response *out = &r->out.sync;
    sync_group_response_init(out);
    out->protocol_type = arena_copy(&r->arena, g->protocol_type);
    out->protocol_name = arena_copy(&r->arena, g->protocol);
    out->assignment = arena_copy(&r->arena, m->assignment);
    group_answer(g, r);
}

void group_refuse_syncs(struct group *g, enum error_code error)
{
    struct map_entry e;
    for (uint32_t at = 0; map_next(&g->members, &at, &e);) {
        struct group_member *m = e.value;
        group_disown(g, &m->assignment);
        struct group_request *r = group_member_take_sync(m);
        if (r != NULL) {
            group_refuse(g, r, error);
            group_member_touch(g, m);
        }
    }
}

static void keep_assignments(struct group_append *a, const struct sync_group_request *in)
{
    a->assignment_count = in->assignments_count;
    a->assignments = arena_array(&a->arena, in->assignments_count, sizeof *a->assignments);
    for (uint32_t i = 0; i < in->assignments_count; i++) {
        a->assignments[i] = (struct group_assignment){
            arena_copy(&a->arena, in->assignments[i].member_id),
            arena_copy(&a->arena, in->assignments[i].assignment),
        };
    }
}

static void assign(struct group *g, const struct sync_group_request *in)
{
    struct group_append *a = group_append_new(g, GROUP_APPEND_ASSIGNMENT);
    keep_assignments(a, in);
    if (!group_store(g, a)) {
        group_refuse_syncs(g, ERROR_UNKNOWN_SERVER_ERROR);
        group_prepare(g);
        return;
    }
    g->assigning = true;
}

void group_assignment_stored(struct group *g, struct group_append *a, enum error_code error)
{
    struct map_entry e;
    if (g->state != GROUP_COMPLETING || g->generation != a->generation)
        return; /* a rebalance has begun meanwhile and has answered who waited */
    g->assigning = false;
    if (error != ERROR_NONE) {
        group_refuse_syncs(g, error);
        group_prepare(g);
        return;
    }
    for (uint32_t at = 0; map_next(&g->members, &at, &e);)
        group_disown(g, &((struct group_member *)e.value)->assignment);
    for (uint32_t i = 0; i < a->assignment_count; i++) {
        struct group_member *m = group_member_find(g, a->assignments[i].member_id);
        if (m != NULL) {
            group_disown(g, &m->assignment);
            m->assignment = group_own(g, a->assignments[i].assignment);
        }
    }
    group_move(g, GROUP_STABLE);
    for (uint32_t at = 0; map_next(&g->members, &at, &e);) {
        struct group_member *m = e.value;
        struct group_request *r = group_member_take_sync(m);
        if (r != NULL) {
            answer_sync(g, m, r);
            group_member_touch(g, m);
        }
    }
}

static enum error_code check_generation(const struct group *g, struct view member_id,
                                        struct view instance_id, int32_t generation,
                                        struct group_member **ret)
{
    enum error_code error = group_member_check(g, member_id, instance_id, ret);
    return error != ERROR_NONE           ? error
           : generation != g->generation ? ERROR_ILLEGAL_GENERATION
                                         : ERROR_NONE;
}

static bool protocol_fits(const struct group *g, const struct sync_group_request *in)
{
    return (in->protocol_type.base == NULL || view_equal(in->protocol_type, g->protocol_type)) &&
           (in->protocol_name.base == NULL || view_equal(in->protocol_name, g->protocol));
}

void group_sync(struct group *g, struct group_request *r)
{
    const struct sync_group_request *in = &r->in.sync;
    struct group_member *m;
    enum error_code error =
        group_request_names_protocol(r)
            ? check_generation(g, in->member_id, in->group_instance_id, in->generation_id, &m)
            : ERROR_INCONSISTENT_GROUP_PROTOCOL;
    if (error == ERROR_NONE && !protocol_fits(g, in))
        error = ERROR_INCONSISTENT_GROUP_PROTOCOL;
    if (error == ERROR_NONE && g->state == GROUP_PREPARING)
        error = ERROR_REBALANCE_IN_PROGRESS;
    if (error != ERROR_NONE) {
        group_refuse(g, r, error);
    } else if (g->state == GROUP_COMPLETING) {
        group_member_synced(g, m);
        group_member_park(g, m, r);
        if (g->leader == m && !g->assigning) /* said again: the first is on its way */
            assign(g, in);
    } else {
        group_member_synced(g, m);
        answer_sync(g, m, r);
        group_member_touch(g, m);
    }
}

void group_sync_timer(struct group *g)
{
    struct map_entry e;
    if (g->sync_deadline_ms == 0)
        return;
    if (g->sync_deadline_ms > g->now.ms) {
        group_wake_at(g, g->sync_deadline_ms);
        return;
    }
    g->sync_deadline_ms = 0;
    if (g->sync_due_count == 0)
        return;
    for (uint32_t at = 0; map_next(&g->members, &at, &e);) {
        struct group_member *m = e.value;
        if (m->sync_due)
            group_member_remove(g, m, ERROR_UNKNOWN_MEMBER_ID);
    }
    group_prepare(g);
}

/* ---- Heartbeat ---- */
void group_heartbeat(struct group *g, struct group_request *r)
{
    const struct heartbeat_request *in = &r->in.heartbeat;
    struct group_member *m;
    enum error_code error =
        check_generation(g, in->member_id, in->group_instance_id, in->generation_id, &m);
    if (error == ERROR_NONE) {
        if (m->join == NULL && m->sync == NULL)
            group_member_touch(g, m);
        if (g->state == GROUP_PREPARING)
            error = ERROR_REBALANCE_IN_PROGRESS;
    }
    heartbeat_response_init(&r->out.heartbeat);
    r->out.heartbeat.error_code = (int16_t)error;
    group_answer(g, r);
}

/* ---- LeaveGroup ---- */
/* One that leaves: by its member id, or, for an administrator, by its instance id alone. */
static enum error_code leave_one(struct group *g, const struct leave_group_request_member *who)
{
    struct group_member *m = NULL;
    enum error_code error = ERROR_NONE;
    if (who->member_id.size == 0) {
        m = who->group_instance_id.base != NULL
                ? map_get(&g->static_members, who->group_instance_id)
                : NULL;
        error = m != NULL ? ERROR_NONE : ERROR_UNKNOWN_MEMBER_ID;
    } else if (group_pending_remove(g, who->member_id)) {
        return ERROR_NONE;
    } else {
        error = group_member_check(g, who->member_id, who->group_instance_id, &m);
    }
    if (error == ERROR_NONE)
        group_member_remove(g, m, ERROR_UNKNOWN_MEMBER_ID);
    return error;
}

void group_leave(struct group *g, struct group_request *r)
{
    const struct leave_group_request *in = &r->in.leave;
    struct leave_group_response *out = &r->out.leave;
    uint32_t before = g->members.count;
    leave_group_response_init(out);
    if (r->version < 3) {
        struct leave_group_request_member who = {.member_id = in->member_id};
        out->error_code = (int16_t)leave_one(g, &who);
    } else {
        out->members = arena_array(&r->arena, in->members_count, sizeof *out->members);
        for (uint32_t i = 0; i < in->members_count; i++) {
            const struct leave_group_request_member *who = &in->members[i];
            out->members[out->members_count++] = (struct leave_group_response_member){
                who->member_id, who->group_instance_id, (int16_t)leave_one(g, who)};
        }
    }
    group_answer(g, r);
    if (g->members.count != before)
        group_members_left(g);
    else
        group_maybe_complete_join(g);
}
