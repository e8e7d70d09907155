/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "broker/group/group_host_internal.h"
#include "common/assert.h"
#include "common/memory.h"

struct group_now group_host_now(const struct group_host *host)
{
    const struct reactor *r = &host->shard->reactor;
    return (struct group_now){.ms = (int64_t)(r->now_ns / 1000000) + 1,
                              .wall_ms = r->env.ops->wall_ms(r->env.world)};
}

/* ---- groups ---- */
static void timer_fired(struct timer *timer)
{
    struct hosted_group *hg = CONTAINER_OF(timer, struct hosted_group, timer);
    struct group_actions actions;
    group_actions_init(&actions);
    hg->timer_ms = 0;
    group_timer(hg->group, group_host_now(hg->hosted->host), &actions);
    hosted_group_carry_out(hg, &actions);
}

struct hosted_group *hosted_group_new(struct hosted *h, struct view id)
{
    struct hosted_group *hg = xcalloc(1, sizeof *hg);
    hg->hosted = h;
    hg->group = group_new(&h->host->space, id, group_host_now(h->host));
    timer_init(&hg->timer, &h->host->shard->reactor, timer_fired);
    map_put(&h->groups, id, hg);
    h->host->group_count++;
    return hg;
}

void hosted_group_free(struct hosted_group *hg)
{
    map_remove(&hg->hosted->groups, hg->group->id);
    hg->hosted->host->group_count--;
    timer_deinit(&hg->timer);
    group_free(hg->group);
    free(hg);
}

/* A deadline that moved on is found out when the timer fires at its old time. */
static void set_timer(struct hosted_group *hg)
{
    int64_t at_ms = hg->group->timer_ms;
    if (at_ms != 0 && (hg->timer_ms == 0 || at_ms < hg->timer_ms)) {
        int64_t now_ms = group_host_now(hg->hosted->host).ms;
        hg->timer_ms = at_ms;
        timer_set(&hg->timer, at_ms > now_ms ? (uint64_t)(at_ms - now_ms) : 0);
    }
}

void group_host_hand_out(struct group_host *host, struct group_actions *actions)
{
    while (actions->answered != NULL) {
        struct group_request *r = actions->answered;
        actions->answered = r->next;
        if (host->freeing)
            r->dropped(r);
        else
            r->answered(r);
    }
}

void hosted_group_carry_out(struct hosted_group *hg, struct group_actions *actions)
{
    struct group_host *host = hg->hosted->host;
    while (actions->appends != NULL) {
        struct group_append *a = actions->appends;
        actions->appends = a->next;
        if (a->next == NULL)
            actions->appends_last = &actions->appends;
        hosted_append_begin(hg, a, actions);
    }
    if (group_is_over(hg->group))
        hosted_group_free(hg);
    else
        set_timer(hg);
    group_host_hand_out(host, actions);
}

/* ---- partitions ---- */
static struct hosted *find(const struct group_host *host, struct partition_id id)
{
    return map_get(&host->partitions, MAP_KEY(id));
}

static void unload(struct hosted *h)
{
    struct group_host *host = h->host;
    struct group_actions actions;
    struct map_entry e;
    group_actions_init(&actions);
    for (uint32_t at = 0; map_next(&h->groups, &at, &e);) {
        struct hosted_group *hg = e.value;
        group_unload(hg->group, group_host_now(host), &actions);
    }
    INVARIANT(actions.appends == NULL);
    hosted_append_drop_all(h);
    for (uint32_t at = 0; map_next(&h->groups, &at, &e);)
        hosted_group_free(e.value);
    if (h->load != NULL)
        hosted_load_abandon(h);
    map_remove(&host->partitions, MAP_KEY(h->id));
    map_deinit(&h->groups);
    map_deinit(&h->gone);
    free(h);
    group_host_hand_out(host, &actions);
}

void group_host_leads(struct group_host *host, struct partition_id id, int32_t leader_epoch)
{
    const struct topic_meta *t = metadata_by_id(&host->shard->metadata, id.topic);
    struct hosted *h = find(host, id);
    if (t == NULL || !view_equal(view_of(t->name), TOPIC_OFFSETS))
        return;
    if (h != NULL && h->leader_epoch >= leader_epoch)
        return;
    if (h != NULL)
        unload(h);
    h = xcalloc(1, sizeof *h);
    h->host = host;
    h->id = id;
    h->leader_epoch = leader_epoch;
    map_put(&host->partitions, MAP_KEY(id), h);
    hosted_load_begin(h);
}

void group_host_leads_not(struct group_host *host, struct partition_id id)
{
    struct hosted *h = find(host, id);
    if (h != NULL)
        unload(h);
}

/* ---- what every group hears ---- */
static void each_group(struct group_host *host,
                       void (*step)(struct group *, struct view, struct group_now,
                                    struct group_actions *),
                       struct view topic)
{
    struct map_entry p, e;
    for (uint32_t at = 0; map_next(&host->partitions, &at, &p);) {
        struct hosted *h = p.value;
        if (h->load != NULL) {
            if (topic.base != NULL)
                map_put(&h->gone, topic, h);
            continue;
        }
        for (uint32_t k = 0; map_next(&h->groups, &k, &e);) {
            struct hosted_group *hg = e.value;
            struct group_actions actions;
            group_actions_init(&actions);
            step(hg->group, topic, group_host_now(host), &actions);
            hosted_group_carry_out(hg, &actions);
        }
    }
}

static void expire(struct group *g, struct view topic, struct group_now now,
                   struct group_actions *actions)
{
    (void)topic;
    group_expire(g, now, actions);
}

void group_host_topic_gone(struct group_host *host, struct view name)
{
    each_group(host, group_topic_gone, name);
}

static void set_expiry_timer(struct group_host *host)
{
    timer_set(&host->expiry, (uint64_t)host->shard->config->offsets_retention_check_ms);
}

static void expiry_fired(struct timer *timer)
{
    struct group_host *host = CONTAINER_OF(timer, struct group_host, expiry);
    each_group(host, expire, VIEW_NULL);
    set_expiry_timer(host);
}

/* ---- the host ---- */
struct group_host *group_host_new(struct shard *shard)
{
    const struct broker_config *c = shard->config;
    struct group_host *host = xcalloc(1, sizeof *host);
    host->shard = shard;
    host->config = (struct group_config){
        .session_min_ms = c->session_min_ms,
        .session_max_ms = c->session_max_ms,
        .rebalance_delay_ms = c->rebalance_delay_ms,
        .size_max = c->group_max_size,
        .retention_ms = c->offsets_retention_minutes * 60000,
        .metadata_size_max = c->offset_metadata_max,
        .mutation = shard->mutation,
    };
    host->space = (struct group_space){.config = &host->config, .bytes_max = GROUP_SHARD_BYTES};
    host->appends_last = &host->appends;
    timer_init(&host->expiry, &shard->reactor, expiry_fired);
    timer_init(&host->timeouts, &shard->reactor, group_host_time_out);
    return host;
}

void group_host_free(struct group_host *host)
{
    struct map_entry e;
    host->freeing = true;
    for (uint32_t at = 0; map_next(&host->partitions, &at, &e);)
        unload(e.value);
    group_host_free_loads(host);
    map_deinit(&host->partitions);
    timer_deinit(&host->expiry);
    timer_deinit(&host->timeouts);
    free(host);
}

/* ---- requests ---- */
/* Who serves this, or the answer that says why nobody does. */
static struct hosted *serving(struct group_host *host, struct partition_id id,
                              struct group_request *r)
{
    struct hosted *h = find(host, id);
    struct replica_view view;
    if (!group_request_id_valid(r)) {
        group_request_refuse(r, ERROR_INVALID_GROUP_ID);
        return NULL;
    }
    if (host->shard->replicas == NULL || !replica_host_look(host->shard->replicas, id, &view) ||
        !view.leads) {
        group_request_refuse(r, ERROR_NOT_COORDINATOR);
        return NULL;
    }
    if (h == NULL || h->load != NULL || h->leader_epoch != view.leader_epoch) {
        group_request_refuse_loading(r);
        return NULL;
    }
    return h;
}

void group_host_serve(struct group_host *host, struct partition_id id, struct group_request *r)
{
    const struct env *env = &host->shard->reactor.env;
    struct group_actions actions;
    struct hosted *h = serving(host, id, r);
    if (h == NULL) {
        r->answered(r);
        return;
    }
    struct hosted_group *hg = map_get(&h->groups, r->group_id);
    if (hg == NULL && !group_request_makes_group(r)) {
        group_request_answer_absent(r);
        r->answered(r);
        return;
    }
    if (hg == NULL && (host->group_count >= GROUP_SHARD_GROUPS)) {
        group_request_refuse(r, ERROR_COORDINATOR_NOT_AVAILABLE);
        r->answered(r);
        return;
    }
    if (hg == NULL)
        hg = hosted_group_new(h, r->group_id);
    if (r->kind == GROUP_JOIN) {
        r->random[0] = env->ops->random(env->world);
        r->random[1] = env->ops->random(env->world);
    }
    group_actions_init(&actions);
    group_serve(hg->group, r, group_host_now(host), &actions);
    hosted_group_carry_out(hg, &actions);
}

struct list_groups_response_group *group_host_list(struct group_host *host,
                                                   const struct list_groups_request *request,
                                                   struct arena *arena, uint32_t *ret_count,
                                                   bool *ret_loading)
{
    struct map_entry p, e;
    struct list_groups_response_group *list = arena_array(arena, host->group_count, sizeof *list);
    *ret_count = 0;
    *ret_loading = false;
    for (uint32_t at = 0; map_next(&host->partitions, &at, &p);) {
        const struct hosted *h = p.value;
        *ret_loading = *ret_loading || h->load != NULL;
        for (uint32_t k = 0; h->load == NULL && map_next(&h->groups, &k, &e);) {
            const struct group *g = ((struct hosted_group *)e.value)->group;
            if (g->state != GROUP_DEAD && group_matches(g, request)) {
                struct list_groups_response_group *to = &list[(*ret_count)++];
                *to = group_listing(g);
                to->group_id = arena_copy(arena, to->group_id);
                to->protocol_type = arena_copy(arena, to->protocol_type);
            }
        }
    }
    return list;
}
