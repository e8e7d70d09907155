/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/sim/sim_grower.h"

#include <stdlib.h>

#include "common/assert.h"
#include "common/memory.h"
#include "proto/error_code.h"
#include "proto/gen/create_partitions.h"

#define CREATE_PARTITIONS_VERSION 3

struct sim_grower {
    struct sim_client client;
    struct sim_client_options options;
    struct client_call call;
    bool pending;
    uint32_t asked_topic;
    int32_t asked_total, wanted[SIM_TOPICS_MAX], confirmed[SIM_TOPICS_MAX];
    uint64_t retry_after_ns;
};

/* Whoever is told that a topic has them finds them in ZooKeeper. */
static void answered(struct sim_grower *g, const struct create_partitions_response_topic *answer)
{
    struct sim_history *h = g->client.history;
    const struct sim_topic_history *t = &h->topics[g->asked_topic];
    sim_trace(h->world, "grower: %s to %d: %s", t->name, g->asked_total,
              error_code_name(answer->error_code));
    if (answer->error_code != ERROR_NONE && answer->error_code != ERROR_INVALID_PARTITIONS)
        return;
    if (answer->error_code == ERROR_NONE && t->standing < g->asked_total)
        sim_violation(h, "%s is said to have %d partitions, and %d stand in its node", t->name,
                      g->asked_total, t->standing);
    if (t->standing >= g->asked_total)
        g->confirmed[g->asked_topic] = g->asked_total;
}

static void grow_done(struct client_call *call, struct wire_reader *r)
{
    struct sim_grower *g = CONTAINER_OF(call, struct sim_grower, call);
    struct arena arena = ARENA_INIT;
    struct create_partitions_response answer;
    g->pending = false;
    g->retry_after_ns =
        g->client.reactor.now_ns + sim_random_range(&g->client.random, 50, 500) * SIM_MS;
    if (r && (!create_partitions_response_decode(r, call->version, &arena, &answer) ||
              answer.results_count != 1))
        sim_violation(g->client.history, "an answer to CreatePartitions does not decode");
    else if (r)
        answered(g, &answer.results[0]);
    arena_reset(&arena);
}

static void grow_send(struct sim_grower *g, uint32_t t)
{
    struct create_partitions_request_topic topic;
    struct create_partitions_request request;
    struct wire_writer w;
    uint32_t from;
    create_partitions_request_topic_init(&topic);
    topic.name = view_of(g->client.history->topics[t].name);
    topic.count = g->wanted[t];
    topic.assignments_null = true;
    create_partitions_request_init(&request);
    request.timeout_ms = 5000;
    request.topics = &topic;
    request.topics_count = 1;
    g->pending = true;
    g->asked_topic = t;
    g->asked_total = g->wanted[t];
    g->call.done = grow_done;
    sim_call_begin(&g->client, &g->call, API_CREATE_PARTITIONS, CREATE_PARTITIONS_VERSION, &w,
                   &from);
    create_partitions_request_encode(&w, CREATE_PARTITIONS_VERSION, &request);
    sim_call_send(&g->client, sim_client_any(&g->client), &g->call, &w, from);
}

static void work(struct sim_client *client)
{
    struct sim_grower *g = CONTAINER_OF(client, struct sim_grower, client);
    for (uint32_t t = 0; t < client->history->topic_count; t++)
        if (!g->pending && g->retry_after_ns <= client->reactor.now_ns &&
            g->wanted[t] > g->confirmed[t])
            grow_send(g, t);
}

/* ---- life ---- */
static void grower_open(void *context, struct sim_process *process, const struct env *envs,
                        unsigned count, void **ret_shards)
{
    struct sim_grower *g = xcalloc(1, sizeof *g);
    PRE(count == 1);
    g->options = *(const struct sim_client_options *)context;
    sim_client_init(&g->client, process, &envs[0], &g->options, work);
    ret_shards[0] = g;
}

static void grower_step(void *shard, const struct event *event)
{
    struct sim_grower *g = shard;
    sim_client_step(&g->client, event);
}

static void grower_close(void *context, void **shards, unsigned count)
{
    struct sim_grower *g = shards[0];
    (void)context;
    (void)count;
    sim_client_deinit(&g->client);
    free(g);
    shards[0] = NULL;
}

struct sim_process *sim_grower_start(struct sim_host *host,
                                     const struct sim_client_options *options)
{
    struct sim_client_options copy = *options;
    struct sim_program program = {
        .open = grower_open, .step = grower_step, .close = grower_close, .context = &copy};
    struct sim_process_options one = {.shard_count = 1};
    return sim_process_start(host, &program, &one);
}

void sim_grower_ask(struct sim_process *process, uint32_t topic, int32_t total)
{
    struct sim_grower *g = sim_process_shard(process, 0);
    if (g->wanted[topic] < total)
        g->wanted[topic] = total;
}
