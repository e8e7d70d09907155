/* SPDX-License-Identifier: Apache-2.0 */
/* A group as its records in __consumer_offsets have it. */
#include <stdlib.h>

#include "broker/group/group_internal.h"

static void forget_members(struct group *g)
{
    struct map_entry e;
    for (uint32_t at = 0; map_next(&g->members, &at, &e);)
        group_member_remove(g, e.value, ERROR_NOT_COORDINATOR);
    group_disown(g, &g->protocol_type);
    group_disown(g, &g->protocol);
    g->generation = 0;
    g->state = GROUP_EMPTY;
}

static void load_member(struct group *g, const struct group_metadata_value *value,
                        const struct group_metadata_value_member *from)
{
    struct join_group_request_protocol protocol = {value->protocol, from->subscription};
    struct group_member *m = group_member_new(g, from->member_id, from->group_instance_id,
                                              from->client_id, from->client_host);
    m->session_timeout_ms = from->session_timeout;
    m->rebalance_timeout_ms =
        from->rebalance_timeout >= 0 ? from->rebalance_timeout : from->session_timeout;
    m->assignment = group_own(g, from->assignment);
    group_member_add(g, m);
    group_member_set_protocols(g, m, group_protocols_new(g, &protocol, 1));
    if (view_equal(from->member_id, value->leader))
        g->leader = m;
}

void group_load_metadata(struct group *g, const struct group_metadata_value *value)
{
    struct map_entry e;
    uint32_t at = 0;
    forget_members(g);
    g->generation = value->generation;
    g->state_ms = value->current_state_timestamp;
    g->protocol_type =
        group_own(g, value->protocol_type.size > 0 ? value->protocol_type : VIEW_NULL);
    if (value->members_count == 0 || value->protocol.base == NULL)
        return;
    g->protocol = group_own(g, value->protocol);
    g->state = GROUP_STABLE;
    for (uint32_t i = 0; i < value->members_count && i < GROUP_MEMBERS_MAX; i++)
        if (group_member_find(g, value->members[i].member_id) == NULL)
            load_member(g, value, &value->members[i]);
    INVARIANT(g->leader != NULL && map_next(&g->members, &at, &e));
}

void group_load_metadata_gone(struct group *g)
{
    forget_members(g);
}

bool group_loaded(struct group *g, struct group_now now, struct group_actions *actions)
{
    struct map_entry e;
    g->actions = actions;
    g->now = now;
    for (uint32_t at = 0; map_next(&g->members, &at, &e);)
        group_member_touch(g, e.value);
    if (g->members.count > g->space->config->size_max)
        group_prepare(g);
    g->actions = NULL;
    return !group_is_over(g);
}
