/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/assert.h"
#include "common/memory.h"
#include "tests/sim/sim_member_internal.h"

#define TICK_MS 50
#define GHOST_INTERVAL_MS 1500
#define ID_INTERVAL_MS 700

static const char *const state_names[] = {[MEMBER_JOINING] = "joining",
                                          [MEMBER_SYNCING] = "syncing",
                                          [MEMBER_STABLE] = "stable",
                                          [MEMBER_LEAVING] = "leaving",
                                          [MEMBER_OVER] = "over"};

/* ---- requests ---- */
struct view member_group(const struct sim_member *m)
{
    return view_of(sim_group_checker_name(m->options.checker, m->options.group));
}

struct view member_instance(const struct sim_member *m)
{
    return m->options.instance[0] ? view_of(m->options.instance) : VIEW_NULL;
}

struct attempt *member_begin(struct sim_member *m, enum attempt_kind kind, enum api_key key,
                             int16_t version, struct wire_writer *w, uint32_t *ret_from)
{
    struct attempt *a = &m->attempts[kind];
    PRE(!a->pending);
    a->member = m;
    a->generation = m->generation;
    memcpy(a->member_id, m->member_id, sizeof a->member_id);
    sim_call_begin(&m->client, &a->call, key, version, w, ret_from);
    return a;
}

void member_send(struct attempt *a, struct client_node *node, struct wire_writer *w, uint32_t from)
{
    a->pending = true;
    a->span = (struct sim_span){.begin_ns = a->member->client.reactor.now_ns,
                                .broker = sim_client_node_broker(node)};
    sim_call_send(&a->member->client, node, &a->call, w, from);
}

struct attempt *member_home(struct client_call *call, const struct wire_reader *r,
                            struct sim_member **ret)
{
    struct attempt *a = CONTAINER_OF(call, struct attempt, call);
    struct sim_member *m = a->member;
    a->pending = false;
    a->span.end_ns = m->client.reactor.now_ns;
    if (!r && call->sent && a->span.end_ns >= call->deadline_ns)
        sim_group_unanswered(m->options.checker, m->options.group, m->member_id,
                             api_find(call->api_key)->name, &a->span);
    *ret = m;
    return a;
}

void member_garbled(struct sim_member *m, const char *api)
{
    sim_violation(m->client.history, "an answer to %s does not decode", api);
}

void member_answered(struct sim_member *m, const char *api, int16_t error, const int16_t *expected,
                     unsigned count)
{
    bool known = error == ERROR_NONE;
    for (unsigned i = 0; i < count && !known; i++)
        known = expected[i] == error;
    sim_trace(m->client.history->world, "member %u of %s (%s, %s, generation %d): %s: %s",
              m->options.number, sim_group_checker_name(m->options.checker, m->options.group),
              m->member_id, state_names[m->state], m->generation, api, error_code_name(error));
    if (!known)
        sim_violation(m->client.history, "member %u: %s is answered %s", m->options.number, api,
                      error_code_name(error));
}

/* ---- what errors ask for ---- */
void member_put_off(struct sim_member *m, uint32_t min_ms, uint32_t max_ms)
{
    m->retry_ns =
        m->client.reactor.now_ns + sim_random_range(&m->client.random, min_ms, max_ms) * SIM_MS;
}

void member_lost_coordinator(struct sim_member *m)
{
    m->coordinator = -1;
}

void member_rejoin(struct sim_member *m)
{
    if (m->state != MEMBER_LEAVING && m->state != MEMBER_OVER)
        m->state = MEMBER_JOINING;
}

void member_trouble(struct sim_member *m, int16_t error)
{
    switch (error) {
    case ERROR_UNKNOWN_MEMBER_ID:
        m->member_id[0] = 0;
        member_rejoin(m);
        return;
    case ERROR_ILLEGAL_GENERATION:
    case ERROR_REBALANCE_IN_PROGRESS:
        member_rejoin(m);
        return;
    case ERROR_FENCED_INSTANCE_ID:
        m->state = MEMBER_OVER;
        return;
    case ERROR_NOT_COORDINATOR:
    case ERROR_COORDINATOR_NOT_AVAILABLE:
        member_lost_coordinator(m);
        return;
    default:
        return;
    }
}

/* ---- what to do next ---- */
static bool is_due(const struct sim_member *m, uint64_t at_ns, enum attempt_kind kind)
{
    return at_ns <= m->client.reactor.now_ns && !m->attempts[kind].pending;
}

/* Puts the next time into *at_ns: about so many milliseconds from now. */
static void next_at(struct sim_member *m, uint64_t *at_ns, uint64_t interval_ms)
{
    *at_ns = m->client.reactor.now_ns +
             sim_random_range(&m->client.random, interval_ms / 2, interval_ms * 3 / 2) * SIM_MS;
}

static void offsets_work(struct sim_member *m, struct client_node *node)
{
    if (is_due(m, m->commit_ns, ATTEMPT_COMMIT)) {
        next_at(m, &m->commit_ns, m->options.commit_interval_ms);
        member_commit_send(m, node);
    }
    if (is_due(m, m->fetch_ns, ATTEMPT_FETCH)) {
        next_at(m, &m->fetch_ns, m->options.fetch_interval_ms);
        member_fetch_send(m, node);
    }
}

static void stable_work(struct sim_member *m, struct client_node *node)
{
    if (is_due(m, m->beat_ns, ATTEMPT_BEAT)) {
        next_at(m, &m->beat_ns, (uint64_t)m->options.session_timeout_ms / 4);
        member_beat_send(m, node);
    }
    offsets_work(m, node);
}

static void simple_work(struct sim_member *m, struct client_node *node)
{
    offsets_work(m, node);
    if (is_due(m, m->id_ns, ATTEMPT_ID)) {
        next_at(m, &m->id_ns, ID_INTERVAL_MS);
        member_id_send(m);
    }
}

static void member_work(struct sim_member *m, struct client_node *node)
{
    if (m->options.ghost->generation >= 0 && is_due(m, m->ghost_ns, ATTEMPT_GHOST)) {
        next_at(m, &m->ghost_ns, GHOST_INTERVAL_MS);
        member_ghost_send(m, node);
    }
    switch (m->state) {
    case MEMBER_JOINING:
        if (is_due(m, m->retry_ns, ATTEMPT_JOIN))
            member_join_send(m, node);
        return;
    case MEMBER_SYNCING:
        if (is_due(m, m->retry_ns, ATTEMPT_SYNC))
            member_sync_send(m, node);
        return;
    case MEMBER_STABLE:
        stable_work(m, node);
        return;
    case MEMBER_LEAVING:
        if (!m->attempts[ATTEMPT_LEAVE].pending)
            member_leave_send(m, node);
        return;
    case MEMBER_OVER:
        return;
    }
}

static void work(struct sim_client *client)
{
    struct sim_member *m = CONTAINER_OF(client, struct sim_member, client);
    if (m->state == MEMBER_OVER)
        return;
    if (m->coordinator < 0) {
        if (is_due(m, m->find_ns, ATTEMPT_FIND))
            member_find_send(m);
        return;
    }
    struct client_node *node = sim_client_node(client, m->coordinator);
    if (!node)
        return;
    if (m->options.simple)
        simple_work(m, node);
    else
        member_work(m, node);
}

/* ---- life ---- */
static void member_open(void *context, struct sim_process *process, const struct env *envs,
                        unsigned count, void **ret_shards)
{
    const struct sim_member_options *options = context;
    struct sim_member *m = xcalloc(1, sizeof *m);
    PRE(count == 1);
    m->options = *options;
    m->options.client.tick_ms = TICK_MS;
    m->coordinator = m->generation = -1;
    sim_client_init(&m->client, process, &envs[0], &m->options.client, work);
    ret_shards[0] = m;
}

static void member_step(void *shard, const struct event *event)
{
    struct sim_member *m = shard;
    sim_client_step(&m->client, event);
}

static void member_close(void *context, void **shards, unsigned count)
{
    struct sim_member *m = shards[0];
    (void)context;
    (void)count;
    sim_client_deinit(&m->client);
    free(m);
    shards[0] = NULL;
}

struct sim_process *sim_member_start(struct sim_host *host,
                                     const struct sim_member_options *options)
{
    struct sim_member_options copy = *options;
    struct sim_program program = {
        .open = member_open, .step = member_step, .close = member_close, .context = &copy};
    struct sim_process_options one = {.shard_count = 1};
    return sim_process_start(host, &program, &one);
}

struct sim_member *sim_member_of(struct sim_process *process)
{
    return sim_process_shard(process, 0);
}

struct sim_member_versions sim_member_versions_draw(struct sim_random *random, bool static_group)
{
    /* Who assigns must be told instance ids, and who has one must be able to say so. */
    return (struct sim_member_versions){
        .find = (int16_t)sim_random_range(random, 0, 6),
        .join = (int16_t)sim_random_range(random, static_group ? 5 : 0, 9),
        .sync = (int16_t)sim_random_range(random, static_group ? 3 : 0, 5),
        .beat = (int16_t)sim_random_range(random, static_group ? 3 : 0, 4),
        .leave = (int16_t)sim_random_range(random, 0, 5),
        .commit = (int16_t)sim_random_range(random, static_group ? 7 : 2, 9),
        .fetch = (int16_t)sim_random_range(random, 1, 9),
    };
}

void sim_member_leave(struct sim_member *m)
{
    if (m->state != MEMBER_OVER)
        m->state = m->member_id[0] ? MEMBER_LEAVING : MEMBER_OVER;
}

bool sim_member_is_over(const struct sim_member *m)
{
    return m->state == MEMBER_OVER;
}

bool sim_member_is_settled(const struct sim_member *m, uint64_t since_ns, int32_t *ret_generation,
                           uint32_t *ret_partitions)
{
    *ret_generation = m->generation;
    *ret_partitions = m->partitions;
    return (m->options.simple || m->state == MEMBER_STABLE) && m->fetched_ns > since_ns &&
           (m->options.simple || m->fetched_ns > m->synced_ns);
}

const char *sim_member_state(const struct sim_member *m)
{
    return m->coordinator < 0 ? "without a coordinator" : state_names[m->state];
}
