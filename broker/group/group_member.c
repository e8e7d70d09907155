/* SPDX-License-Identifier: Apache-2.0 */
/* The members of a group and what they support. */
#include <stdlib.h>

#include "broker/group/group_internal.h"
#include "common/memory.h"

/* ---- protocols: an array that ends with a null name, and the bytes behind it, in one block ----
 */
static size_t protocols_size(const struct group_protocol *protocols)
{
    size_t size = sizeof *protocols;
    for (; protocols->name.base != NULL; protocols++)
        size += sizeof *protocols + protocols->name.size + protocols->metadata.size;
    return size;
}

static struct view put_bytes(uint8_t **to, struct view from)
{
    struct view copy = {*to, from.size};
    if (from.size > 0)
        memcpy(*to, from.base, from.size);
    *to += from.size;
    return copy;
}

struct group_protocol *
group_protocols_new(struct group *g, const struct join_group_request_protocol *from, uint32_t count)
{
    size_t size = (count + 1) * sizeof(struct group_protocol);
    for (uint32_t i = 0; i < count; i++)
        size += (size_t)from[i].name.size + from[i].metadata.size;
    struct group_protocol *protocols = xcalloc(1, size);
    uint8_t *bytes = (uint8_t *)&protocols[count + 1];
    for (uint32_t i = 0; i < count; i++) {
        protocols[i].name = put_bytes(&bytes, from[i].name);
        protocols[i].metadata = put_bytes(&bytes, from[i].metadata);
    }
    group_charge(g, (int64_t)size);
    return protocols;
}

void group_protocols_free(struct group *g, struct group_protocol *protocols)
{
    if (protocols != NULL)
        group_charge(g, -(int64_t)protocols_size(protocols));
    free(protocols);
}

/* A name that a member gives twice counts once. */
static bool named_before(const struct group_protocol *first, const struct group_protocol *p)
{
    while (first != p && !view_equal(first->name, p->name))
        first++;
    return first != p;
}

static void count_protocols(struct group *g, const struct group_protocol *protocols, bool more)
{
    for (const struct group_protocol *p = protocols; p != NULL && p->name.base != NULL; p++) {
        if (named_before(protocols, p))
            continue;
        uintptr_t count = (uintptr_t)map_get(&g->supported, p->name);
        INVARIANT(more || count > 0);
        count = more ? count + 1 : count - 1;
        if (count > 0)
            map_put(&g->supported, p->name, (void *)count);
        else
            map_remove(&g->supported, p->name);
    }
}

bool group_supports(const struct group *g, struct view type,
                    const struct join_group_request_protocol *protocols, uint32_t count)
{
    if (count > GROUP_PROTOCOLS_MAX)
        return false;
    if (g->state == GROUP_EMPTY)
        return type.size > 0 && count > 0;
    if (g->protocol_type.base == NULL || !view_equal(type, g->protocol_type))
        return g->members.count == 0 && type.size > 0 && count > 0;
    for (uint32_t i = 0; i < count; i++)
        if ((uintptr_t)map_get(&g->supported, protocols[i].name) == g->members.count)
            return true;
    return g->members.count == 0 && count > 0;
}

static struct view favourite(const struct group *g, const struct group_member *m)
{
    for (const struct group_protocol *p = m->protocols; p->name.base != NULL; p++)
        if ((uintptr_t)map_get(&g->supported, p->name) == g->members.count)
            return p->name;
    return VIEW_NULL;
}

struct view group_vote(const struct group *g)
{
    struct map votes = MAP_INIT;
    struct map_entry e;
    struct view best = VIEW_NULL;
    uintptr_t best_count = 0;
    for (uint32_t at = 0; map_next(&g->members, &at, &e);) {
        struct view name = favourite(g, e.value);
        if (name.base != NULL)
            map_put(&votes, name, (void *)((uintptr_t)map_get(&votes, name) + 1));
    }
    for (uint32_t at = 0; map_next(&g->members, &at, &e);) {
        struct view name = favourite(g, e.value);
        uintptr_t count = name.base != NULL ? (uintptr_t)map_get(&votes, name) : 0;
        if (count > best_count) {
            best = name;
            best_count = count;
        }
    }
    map_deinit(&votes);
    return best;
}

/* ---- ids that were given out ---- */
/* In memory: the entry, and its key in the map. */
static int64_t pending_cost(struct view id)
{
    return (int64_t)sizeof(struct group_pending) + 64 + id.size;
}

void group_pending_add(struct group *g, struct view id, int64_t deadline_ms)
{
    struct group_pending *p = xcalloc(1, sizeof *p);
    p->deadline_ms = deadline_ms;
    group_wake_at(g, deadline_ms);
    (void)group_pending_remove(g, id);
    group_charge(g, pending_cost(id));
    map_put(&g->pending, id, p);
}

bool group_pending_remove(struct group *g, struct view id)
{
    struct group_pending *p = map_remove(&g->pending, id);
    if (p == NULL)
        return false;
    group_charge(g, -pending_cost(id));
    free(p);
    return true;
}

void group_pending_free(struct group *g)
{
    struct map_entry e;
    for (uint32_t at = 0; map_next(&g->pending, &at, &e);) {
        group_charge(g, -pending_cost(e.key));
        free(e.value);
    }
    map_deinit(&g->pending);
}

/* Ids that were not used in time. */
bool group_pending_expire(struct group *g)
{
    struct map_entry e;
    bool dropped = false;
    for (uint32_t at = 0; map_next(&g->pending, &at, &e);) {
        const struct group_pending *p = e.value;
        if (p->deadline_ms > g->now.ms)
            group_wake_at(g, p->deadline_ms);
        else
            dropped |= group_pending_remove(g, e.key);
    }
    return dropped;
}

/* ---- members ---- */
struct group_member *group_member_new(struct group *g, struct view id, struct view instance_id,
                                      struct view client_id, struct view client_host)
{
    struct group_member *m = xcalloc(1, sizeof *m);
    group_charge(g, sizeof *m);
    m->id = group_own(g, id);
    m->instance_id = group_own(g, instance_id);
    m->client_id = group_own(g, client_id);
    m->client_host = group_own(g, client_host);
    return m;
}

void group_member_free(struct group *g, struct group_member *m)
{
    group_disown(g, &m->id);
    group_disown(g, &m->instance_id);
    group_disown(g, &m->client_id);
    group_disown(g, &m->client_host);
    group_disown(g, &m->assignment);
    group_protocols_free(g, m->protocols);
    group_charge(g, -(int64_t)sizeof *m);
    free(m);
}

void group_member_set_protocols(struct group *g, struct group_member *m,
                                struct group_protocol *protocols)
{
    count_protocols(g, m->protocols, false);
    group_protocols_free(g, m->protocols);
    m->protocols = protocols;
    count_protocols(g, protocols, true);
}

void group_member_add(struct group *g, struct group_member *m)
{
    map_put(&g->members, m->id, m);
    if (m->instance_id.base != NULL)
        map_put(&g->static_members, m->instance_id, m);
    if (g->leader == NULL)
        g->leader = m;
    (void)group_pending_remove(g, m->id);
}

void group_member_synced(struct group *g, struct group_member *m)
{
    if (m->sync_due) {
        m->sync_due = false;
        INVARIANT(g->sync_due_count > 0);
        g->sync_due_count--;
    }
}

void group_member_refuse_parked(struct group *g, struct group_member *m, enum error_code error)
{
    struct group_request *join = group_member_take_join(g, m);
    struct group_request *sync = group_member_take_sync(m);
    if (join != NULL) {
        group_refuse(g, join, error);
        if (error == ERROR_UNKNOWN_MEMBER_ID)
            join->out.join.member_id = VIEW_LITERAL(""); /* it is to join as a new one */
    }
    if (sync != NULL)
        group_refuse(g, sync, error);
}

void group_member_remove(struct group *g, struct group_member *m, enum error_code error)
{
    struct map_entry e;
    uint32_t at = 0;
    group_member_refuse_parked(g, m, error);
    group_member_synced(g, m);
    count_protocols(g, m->protocols, false);
    map_remove(&g->members, m->id);
    if (m->instance_id.base != NULL && map_get(&g->static_members, m->instance_id) == m)
        map_remove(&g->static_members, m->instance_id);
    if (g->leader == m)
        g->leader = map_next(&g->members, &at, &e) ? e.value : NULL;
    group_member_free(g, m);
}

void group_member_park(struct group *g, struct group_member *m, struct group_request *r)
{
    struct group_request **place = r->kind == GROUP_JOIN ? &m->join : &m->sync;
    if (*place != NULL)
        group_refuse(g, *place, ERROR_REBALANCE_IN_PROGRESS);
    else if (r->kind == GROUP_JOIN)
        g->join_count++;
    *place = r;
    if (!m->fresh)
        m->deadline_ms = 0; /* who waits for us lives */
}

struct group_request *group_member_take_join(struct group *g, struct group_member *m)
{
    struct group_request *r = m->join;
    g->join_count -= r != NULL;
    m->join = NULL;
    return r;
}

struct group_request *group_member_take_sync(struct group_member *m)
{
    struct group_request *r = m->sync;
    m->sync = NULL;
    return r;
}

struct group_member *group_member_find(const struct group *g, struct view id)
{
    return map_get(&g->members, id);
}

enum error_code group_member_check(const struct group *g, struct view id, struct view instance_id,
                                   struct group_member **ret)
{
    struct group_member *m = group_member_find(g, id);
    *ret = m;
    if (instance_id.base != NULL) {
        const struct group_member *named = map_get(&g->static_members, instance_id);
        if (named == NULL)
            return ERROR_UNKNOWN_MEMBER_ID;
        if (named != m)
            return ERROR_FENCED_INSTANCE_ID;
    }
    return m != NULL ? ERROR_NONE : ERROR_UNKNOWN_MEMBER_ID;
}

void group_member_touch(struct group *g, struct group_member *m)
{
    m->deadline_ms = g->now.ms + m->session_timeout_ms;
    group_wake_at(g, m->deadline_ms);
}

struct view group_member_metadata(const struct group_member *m, struct view protocol)
{
    for (const struct group_protocol *p = m->protocols; p != NULL && p->name.base != NULL; p++)
        if (view_equal(p->name, protocol))
            return p->metadata;
    return VIEW_LITERAL("");
}

int64_t group_rebalance_timeout_ms(const struct group *g)
{
    struct map_entry e;
    int64_t longest = 0;
    for (uint32_t at = 0; map_next(&g->members, &at, &e);) {
        const struct group_member *m = e.value;
        longest = m->rebalance_timeout_ms > longest ? m->rebalance_timeout_ms : longest;
    }
    return longest;
}
