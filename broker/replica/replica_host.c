/* SPDX-License-Identifier: Apache-2.0 */
#include "broker/replica/replica_host.h"

#include <stdlib.h>

#include "broker/log/producer_state.h"
#include "broker/replica/replica_internal.h"
#include "common/memory.h"

#define LAG_MS 30000
#define SILENCE_MS 1000
#define RETAIN_MS 300000
#define PRODUCER_MS 86400000
#define REJOIN_MS 200
#define REJOIN_MS_MAX 30000
#define RETRY_MS 1000

static void run_turn(struct turn_task *task);
static void run_tick(struct timer *timer);

struct replica *host_find(const struct replica_host *h, struct partition_id id)
{
    return map_get(&h->replicas, MAP_KEY(id));
}

void host_turn_soon(struct replica_host *h)
{
    reactor_at_turn(h->reactor, &h->turn);
}

bool host_is_full(const struct replica_host *h)
{
    if (h->config.stream && account_over(h->config.stream))
        return true;
    for (unsigned i = 0; i < h->config.dir_count; i++)
        if (account_over(log_dir_tail(h->config.dirs[i])))
            return true;
    return false;
}

/* ---- life ---- */

static void fill_defaults(struct replica_host *h)
{
    struct replica_host_config *c = &h->config;
    c->lag_ms = c->lag_ms > 0 ? c->lag_ms : LAG_MS;
    c->silence_ms = c->silence_ms > 0 ? c->silence_ms : SILENCE_MS;
    c->retain_ms = c->retain_ms > 0 ? c->retain_ms : RETAIN_MS;
    c->producer_ms = c->producer_ms > 0 ? c->producer_ms : PRODUCER_MS;
    h->partition_config = (struct partition_config){.self = c->self,
                                                    .silence_ms = c->silence_ms,
                                                    .lag_ms = c->lag_ms,
                                                    .rejoin_ms = REJOIN_MS,
                                                    .rejoin_ms_max = REJOIN_MS_MAX,
                                                    .retry_ms = RETRY_MS,
                                                    .dir_offline = c->dir_offline,
                                                    .mutation = c->mutation};
    h->identity.self = c->self;
    h->identity.shard_count = h->reactor->env.shard_count;
    h->identity.secret = c->secret;
    cluster_id_digest(c->cluster_id, h->identity.cluster);
}

struct replica_host *replica_host_new(struct reactor *reactor,
                                      const struct replica_host_config *config,
                                      struct replica_host_observer *observer)
{
    struct replica_host *h = xcalloc(1, sizeof *h);
    h->reactor = reactor;
    h->config = *config;
    h->observer = observer;
    h->turn.run = run_turn;
    h->touched_last = &h->touched_first;
    h->produced_last = &h->produced_first;
    h->doubted_last = &h->doubted;
    h->fetched_last = &h->fetched_first;
    h->offsets_last = &h->offsets_first;
    h->actions = xcalloc(STEP_DEPTH, sizeof *h->actions);
    h->pieces = xcalloc(STREAM_FRAME_PIECES, sizeof *h->pieces);
    h->retained_ns = reactor->now_ns;
    fill_defaults(h);
    timer_init(&h->tick, reactor, run_tick);
    timer_set(&h->tick, TICK_MS);
    return h;
}

void replica_arm(struct replica *r, int64_t at_ms)
{
    r->timer_ms = at_ms;
    if ((at_ms != 0) == (r->link_armed != NULL))
        return;
    if (at_ms) {
        struct replica_host *h = r->host;
        r->next_armed = h->armed;
        r->link_armed = &h->armed;
        h->armed = r;
        if (r->next_armed)
            r->next_armed->link_armed = &r->next_armed;
        return;
    }
    *r->link_armed = r->next_armed;
    if (r->next_armed)
        r->next_armed->link_armed = r->link_armed;
    r->next_armed = NULL;
    r->link_armed = NULL;
}

static void replica_free(struct replica *r)
{
    replica_arm(r, 0);
    feeds_drop(r);
    free(r);
}

void replica_free_if_dead(struct replica *r)
{
    if (r->dead && r->reads == 0 && !r->touched)
        replica_free(r);
}

void replica_host_free(struct replica_host *h)
{
    struct map_entry entry;
    if (!h)
        return;
    timer_deinit(&h->tick);
    for (uint32_t at = 0; map_next(&h->replicas, &at, &entry);) {
        struct replica *r = entry.value;
        if (r->log)
            log_observe(r->log, NULL);
        replica_free(r);
    }
    streams_free(h);
    host_removals_free(h);
    host_metadata_free(h);
    map_deinit(&h->replicas);
    free(h->refused);
    free(h->changes);
    free(h->reports);
    free(h->actions);
    free(h->pieces);
    free(h->pushes);
    free(h);
}

struct replica *host_add(struct replica_host *h, struct partition_id id, struct log *log)
{
    struct replica *r = xcalloc(1, sizeof *r);
    r->host = h;
    r->id = id;
    r->log = log;
    r->by_commit_last = &r->by_commit;
    r->by_sync_last = &r->by_sync;
    struct partition_log numbers = replica_log_numbers(r);
    if (log)
        replica_watch_log(r);
    partition_init(&r->partition, &h->partition_config, id, &numbers);
    map_put(&h->replicas, MAP_KEY(r->id), r);
    host_topic_link(r);
    return r;
}

void replica_host_add_log(struct replica_host *h, struct log *log)
{
    struct log_config config;
    h->config.topic_config(h->config.topic_config_context, VIEW_NULL, &config);
    log_attach(log, h->reactor, &config);
    host_add(h, log_id(log), log);
}

void replica_host_set_self(struct replica_host *h, struct cluster_member self)
{
    struct map_entry entry;
    h->config.self = self;
    h->partition_config.self = self;
    h->identity.self = self;
    for (uint32_t at = 0; map_next(&h->replicas, &at, &entry);) {
        struct partition_event e;
        e.kind = PARTITION_EV_SELF;
        replica_step(entry.value, &e);
    }
    streams_close_all(h, "registered anew");
    incoming_close_all(h, "registered anew");
}

void replica_host_isr_reply(struct replica_host *h, const struct cluster_isr_reply *reply)
{
    struct replica *r = host_find(h, reply->id);
    if (!r)
        return;
    struct partition_event e;
    e.kind = PARTITION_EV_ISR_REPLY;
    e.u.isr_reply = *reply;
    replica_step(r, &e);
}

void replica_host_inventory(struct replica_host *h, struct arena *arena,
                            struct cluster_exception **ret_exceptions,
                            uint32_t *ret_exception_count, struct cluster_held **ret_held,
                            uint32_t *ret_held_count)
{
    struct map_entry entry;
    uint32_t exceptions = 0, held = 0;
    *ret_exceptions = arena_array(arena, h->replicas.count, sizeof **ret_exceptions);
    *ret_held = arena_array(arena, h->replicas.count, sizeof **ret_held);
    for (uint32_t at = 0; map_next(&h->replicas, &at, &entry);) {
        const struct replica *r = entry.value;
        enum cluster_exception_kind kind = 0;
        if (r->partition.state == PARTITION_MISSING)
            kind = h->config.dir_offline ? CLUSTER_REPLICA_FAILED : CLUSTER_REPLICA_MISSING;
        else if (r->partition.state == PARTITION_FAILED)
            kind = CLUSTER_REPLICA_FAILED;
        else if (r->log && log_is_suspect(r->log))
            kind = CLUSTER_REPLICA_SUSPECT;
        if (kind)
            (*ret_exceptions)[exceptions++] = (struct cluster_exception){r->id, kind};
        if (!r->log)
            continue;
        struct cluster_held *have = &(*ret_held)[held++];
        *have = (struct cluster_held){r->id, log_last_epoch(r->log), log_end(r->log), -1, -1};
        log_order(r->log, &have->order_epoch, &have->order_version);
    }
    *ret_exception_count = exceptions;
    *ret_held_count = held;
}

/* ---- turns and ticks ---- */

static void tell_leadership(struct replica *r)
{
    struct replica_host_observer *o = r->host->observer;
    bool leads = partition_leads(&r->partition);
    int32_t epoch = r->partition.order.leader_epoch;
    if (r->said_leads && (!leads || r->said_epoch != epoch)) {
        r->said_leads = false;
        if (o->leads_not)
            o->leads_not(o, r->id);
    }
    if (leads && !r->said_leads) {
        r->said_leads = true;
        r->said_epoch = epoch;
        if (o->leads)
            o->leads(o, r->id, epoch);
    }
}

static void turn_replicas(struct replica_host *h)
{
    while (h->touched_first) {
        struct replica *r = h->touched_first;
        h->touched_first = r->next_touched;
        if (!h->touched_first)
            h->touched_last = &h->touched_first;
        r->touched = false;
        if (r->dead) {
            replica_free_if_dead(r);
            continue;
        }
        replica_turn(r);
        tell_leadership(r);
    }
}

static void tell_controller(struct replica_host *h)
{
    if (h->change_count > 0) {
        uint32_t count = h->change_count;
        h->change_count = 0;
        h->observer->ask_isr(h->observer, h->changes, count);
    }
    for (uint32_t i = 0; i < h->report_count; i++)
        h->observer->report(h->observer, &h->reports[i]);
    h->report_count = 0;
}

/* Every append, cut, creation and removal is in its place: what a clean stop closes is then whole.
 */
static bool logs_rest(const struct replica_host *h)
{
    for (unsigned i = 0; i < h->config.dir_count; i++)
        if (!log_dir_rests(h->config.dirs[i], h->reactor))
            return false;
    return true;
}

static void end_stop(struct replica_host *h)
{
    if (!h->stopped || h->reads > 0 || h->incoming || h->produced_first || h->fetched_first)
        return;
    if (!logs_rest(h))
        return;
    for (size_t i = 0; i < h->stream_count; i++)
        if (h->streams[i]->link.state != LINK_CLOSED)
            return;
    void (*stopped)(void *) = h->stopped;
    h->stopped = NULL;
    stopped(h->stopped_context);
}

static void run_turn(struct turn_task *task)
{
    struct replica_host *h = CONTAINER_OF(task, struct replica_host, turn);
    produce_doubted(h);
    turn_replicas(h);
    tell_controller(h);
    for (size_t i = 0; i < h->stream_count; i++)
        stream_turn(h->streams[i]);
    for (struct incoming *in = h->incoming; in; in = in->next)
        incoming_turn(in);
    produce_tell(h);
    fetch_tell(h);
    end_stop(h);
}

/* One that sets its timer anew comes to the front of the list, and is not met again in this tick.
 */
static void tick_replicas(struct replica_host *h)
{
    int64_t now_ms = host_now_ms(h);
    for (struct replica *r = h->armed, *next; r; r = next) {
        next = r->next_armed;
        if (now_ms < r->timer_ms)
            continue;
        struct partition_event e;
        replica_arm(r, 0);
        e.kind = PARTITION_EV_TIMER;
        replica_step(r, &e);
    }
}

static void retain(struct replica_host *h)
{
    struct map_entry entry;
    int64_t wall_ms = h->reactor->env.ops->wall_ms(h->reactor->env.world);
    for (uint32_t at = 0; map_next(&h->replicas, &at, &entry);) {
        struct replica *r = entry.value;
        if (partition_leads(&r->partition))
            log_retain(r->log, wall_ms);
        if (r->log)
            (void)producer_state_expire(log_producers(r->log), wall_ms, h->config.producer_ms);
    }
}

static void run_tick(struct timer *timer)
{
    struct replica_host *h = CONTAINER_OF(timer, struct replica_host, tick);
    timer_set(&h->tick, TICK_MS);
    if (h->stopped)
        host_turn_soon(h); /* nobody hears when a removed log is gone */
    tick_replicas(h);
    for (size_t i = 0; i < h->stream_count && !h->stopping; i++)
        stream_tick(h->streams[i]);
    for (struct incoming *in = h->incoming; in; in = in->next)
        incoming_tick(in);
    if (h->reactor->now_ns - h->retained_ns >= (uint64_t)h->config.retain_ms * 1000000) {
        h->retained_ns = h->reactor->now_ns;
        retain(h);
    }
}

void replica_host_stop(struct replica_host *h, void (*done)(void *context), void *context)
{
    struct map_entry entry;
    PRE(!h->stopping);
    h->stopping = true;
    h->stopped = done;
    h->stopped_context = context;
    for (uint32_t at = 0; map_next(&h->replicas, &at, &entry);) {
        struct replica *r = entry.value;
        produce_fail(r, REPLICA_NOT_LEADER);
        fetch_fail(r, REPLICA_NOT_LEADER);
    }
    streams_close_all(h, NULL);
    incoming_close_all(h, NULL);
    host_removals_stop(h);
    host_turn_soon(h);
}

/* ---- questions ---- */

static void fill_view(const struct replica *r, struct replica_view *v)
{
    const struct partition *p = &r->partition;
    *v = (struct replica_view){.state = p->state,
                               .leader = p->order.leader,
                               .leader_epoch = p->order.leader_epoch,
                               .leads = partition_leads(p),
                               .high_watermark = p->high_watermark,
                               .distrusted = p->damaged || p->log.suspect,
                               .isr_count = p->order.isr_count,
                               .min_isr = p->order.min_isr};
    if (r->log) {
        v->start = log_start(r->log);
        v->end = log_end(r->log);
        v->synced_end = log_synced_end(r->log);
        v->size = log_size(r->log);
        v->stable_offset = replica_stable_offset(r);
    }
}

bool replica_host_look(const struct replica_host *h, struct partition_id id,
                       struct replica_view *ret)
{
    const struct replica *r = host_find(h, id);
    if (!r || !r->partition.ordered)
        return false;
    fill_view(r, ret);
    return true;
}

void replica_host_each(const struct replica_host *h,
                       void (*each)(void *context, struct partition_id id,
                                    const struct replica_view *view),
                       void *context)
{
    struct map_entry entry;
    for (uint32_t at = 0; map_next(&h->replicas, &at, &entry);) {
        const struct replica *r = entry.value;
        struct replica_view view;
        fill_view(r, &view);
        each(context, r->id, &view);
    }
}

struct log *replica_host_log(const struct replica_host *h, struct partition_id id)
{
    const struct replica *r = host_find(h, id);
    return r ? r->log : NULL;
}
