/* SPDX-License-Identifier: Apache-2.0 */
/* DescribeGroups and ListGroups. */
#include <strings.h>

#include "broker/group/group_internal.h"

/* What Kafka answers without an authorizer: READ, DELETE and DESCRIBE (bits 3, 6 and 8). */
#define GROUP_OPERATIONS (1 << 3 | 1 << 6 | 1 << 8)

static void describe_init(struct group_request *r)
{
    struct describe_groups_response_group *out = &r->out.describe;
    describe_groups_response_group_init(out);
    out->group_id = r->group_id;
    if (r->in.describe_operations)
        out->authorized_operations = GROUP_OPERATIONS;
}

void group_describe_absent(struct group_request *r)
{
    describe_init(r);
    r->out.describe.group_state = view_of(group_state_name(GROUP_DEAD));
}

static void describe_member(const struct group *g, const struct group_member *m,
                            struct group_request *r, struct describe_groups_response_member *to)
{
    struct arena *arena = &r->arena;
    describe_groups_response_member_init(to);
    to->member_id = arena_copy(arena, m->id);
    to->group_instance_id =
        m->instance_id.base != NULL ? arena_copy(arena, m->instance_id) : VIEW_NULL;
    to->client_id = arena_copy(arena, m->client_id);
    to->client_host = arena_copy(arena, m->client_host);
    if (g->state == GROUP_STABLE) {
        to->member_metadata = arena_copy(arena, group_member_metadata(m, g->protocol));
        to->member_assignment = arena_copy(arena, m->assignment);
    }
}

void group_describe(struct group *g, struct group_request *r)
{
    struct describe_groups_response_group *out = &r->out.describe;
    struct map_entry e;
    describe_init(r);
    out->group_state = view_of(group_state_name(g->state));
    if (g->state != GROUP_DEAD) {
        out->protocol_type = arena_copy(&r->arena, g->protocol_type);
        out->members = arena_array(&r->arena, g->members.count, sizeof *out->members);
        for (uint32_t at = 0; map_next(&g->members, &at, &e);)
            describe_member(g, e.value, r, &out->members[out->members_count++]);
    }
    if (g->state == GROUP_STABLE)
        out->protocol_data = arena_copy(&r->arena, g->protocol);
    group_answer(g, r);
}

static bool same_word(struct view a, const char *b)
{
    return a.size == strlen(b) && strncasecmp((const char *)a.base, b, a.size) == 0;
}

static bool among(const struct view *filter, uint32_t count, const char *word)
{
    uint32_t i = 0;
    while (i < count && !same_word(filter[i], word))
        i++;
    return count == 0 || i < count;
}

bool group_matches(const struct group *g, const struct list_groups_request *request)
{
    return among(request->states_filter, request->states_filter_count,
                 group_state_name(g->state)) &&
           among(request->types_filter, request->types_filter_count, "classic");
}

struct list_groups_response_group group_listing(const struct group *g)
{
    struct list_groups_response_group l;
    list_groups_response_group_init(&l);
    l.group_id = g->id;
    l.protocol_type = g->protocol_type;
    l.group_state = view_of(group_state_name(g->state));
    l.group_type = VIEW_LITERAL("classic");
    return l;
}
