/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/sim/sim_admin.h"

#include <stdio.h>
#include <stdlib.h>

#include "common/assert.h"
#include "common/memory.h"
#include "proto/error_code.h"
#include "proto/gen/create_topics.h"

#define CREATE_TOPICS_VERSION 7
#define CONFIGS_MAX 6

struct sim_admin {
    struct sim_client client;
    struct sim_admin_options options;
    struct client_call call;
    bool pending, created[SIM_TOPICS_MAX];
    uint64_t retry_after_ns;
};

static bool all_created(const struct sim_admin *a)
{
    for (uint32_t i = 0; i < a->client.history->topic_count; i++)
        if (!a->created[i])
            return false;
    return true;
}

static void create_answered(struct sim_admin *a, const struct create_topics_response *answer)
{
    struct sim_history *h = a->client.history;
    for (uint32_t i = 0; i < answer->topics_count; i++) {
        const struct create_topics_response_topic *topic = &answer->topics[i];
        sim_trace(h->world, "admin: %.*s: %s", (int)topic->name.size,
                  (const char *)topic->name.base, error_code_name(topic->error_code));
        if (topic->error_code != 0 && topic->error_code != ERROR_TOPIC_ALREADY_EXISTS)
            continue;
        uint32_t first = sim_history_find(h, topic->name, 0);
        if (first != SIM_NO_RECORD)
            a->created[h->partitions[first].topic] = true;
    }
}

static void create_done(struct client_call *call, struct wire_reader *r)
{
    struct sim_admin *a = CONTAINER_OF(call, struct sim_admin, call);
    struct arena arena = ARENA_INIT;
    struct create_topics_response answer;
    a->pending = false;
    a->retry_after_ns = a->client.reactor.now_ns + 200 * SIM_MS;
    if (r && !create_topics_response_decode(r, call->version, &arena, &answer))
        sim_violation(a->client.history, "an answer to CreateTopics does not decode");
    else if (r)
        create_answered(a, &answer);
    arena_reset(&arena);
}

static void create_send(struct sim_admin *a)
{
    const struct sim_history *h = a->client.history;
    struct create_topics_request_topic topics[SIM_TOPICS_MAX];
    struct create_topics_request_config configs[CONFIGS_MAX];
    struct create_topics_request request;
    struct wire_writer w;
    uint32_t from, config_count = 0;
    char values[CONFIGS_MAX][24];
    const struct {
        const char *name;
        int64_t value;
        bool set;
    } wanted[CONFIGS_MAX] = {
        {"min.insync.replicas", a->options.min_isr, true},
        {"segment.bytes", a->options.segment_bytes, a->options.segment_bytes > 0},
        {"retention.ms", a->options.retention_ms, a->options.retention_ms > 0},
        {"retention.bytes", a->options.retention_bytes, a->options.retention_bytes > 0},
        {"file.delete.delay.ms", 1000, true},
        {"unclean.leader.election.enable", true, a->options.unclean},
    };
    for (unsigned i = 0; i < CONFIGS_MAX; i++) {
        if (!wanted[i].set)
            continue;
        if (strncmp(wanted[i].name, "unclean", 7) == 0)
            snprintf(values[i], sizeof values[i], "true");
        else
            snprintf(values[i], sizeof values[i], "%lld", (long long)wanted[i].value);
        create_topics_request_config_init(&configs[config_count]);
        configs[config_count].name = view_of(wanted[i].name);
        configs[config_count++].value = view_of(values[i]);
    }
    create_topics_request_init(&request);
    request.timeout_ms = 5000;
    request.topics = topics;
    for (uint32_t i = 0; i < h->topic_count; i++) {
        if (a->created[i])
            continue;
        struct create_topics_request_topic *topic = &topics[request.topics_count++];
        create_topics_request_topic_init(topic);
        topic->name = view_of(h->topics[i].name);
        topic->num_partitions = h->topics[i].made;
        topic->replication_factor = a->options.replication_factor;
        topic->configs = configs;
        /* The last one says that nobody relies on a topic's records, and of one that comes and goes
         * nobody does. */
        topic->configs_count =
            config_count - (a->options.unclean && h->topics[i].fleeting ? 1u : 0u);
    }
    a->pending = true;
    a->call.done = create_done;
    sim_call_begin(&a->client, &a->call, API_CREATE_TOPICS, CREATE_TOPICS_VERSION, &w, &from);
    create_topics_request_encode(&w, CREATE_TOPICS_VERSION, &request);
    sim_call_send(&a->client, sim_client_any(&a->client), &a->call, &w, from);
}

static void work(struct sim_client *client)
{
    struct sim_admin *a = CONTAINER_OF(client, struct sim_admin, client);
    if (!all_created(a)) {
        if (!a->pending && a->retry_after_ns <= client->reactor.now_ns)
            create_send(a);
        return;
    }
    for (size_t i = 0; i < client->history->partition_count; i++) {
        /* Asks for metadata where no leader is known. A topic that exists and never gets one was
         * about to be deleted: it is asked for again. */
        if (sim_history_is_made(client->history, (uint32_t)i) &&
            !sim_client_leader(client, (uint32_t)i) &&
            client->reactor.now_ns > a->retry_after_ns + 5 * SIM_SECOND)
            memset(a->created, 0, sizeof a->created);
    }
}

static void admin_open(void *context, struct sim_process *process, const struct env *envs,
                       unsigned count, void **ret_shards)
{
    const struct sim_admin_options *options = context;
    struct sim_admin *a = xcalloc(1, sizeof *a);
    PRE(count == 1);
    a->options = *options;
    sim_client_init(&a->client, process, &envs[0], &options->client, work);
    ret_shards[0] = a;
}

static void admin_step(void *shard, const struct event *event)
{
    struct sim_admin *a = shard;
    sim_client_step(&a->client, event);
}

static void admin_close(void *context, void **shards, unsigned count)
{
    struct sim_admin *a = shards[0];
    (void)context;
    (void)count;
    sim_client_deinit(&a->client);
    free(a);
    shards[0] = NULL;
}

struct sim_process *sim_admin_start(struct sim_host *host, const struct sim_admin_options *options)
{
    struct sim_admin_options copy = *options;
    struct sim_program program = {
        .open = admin_open, .step = admin_step, .close = admin_close, .context = &copy};
    struct sim_process_options one = {.shard_count = 1};
    return sim_process_start(host, &program, &one);
}

void sim_admin_again(struct sim_process *process)
{
    struct sim_admin *a = sim_process_shard(process, 0);
    memset(a->created, 0, sizeof a->created);
}

bool sim_admin_is_done(struct sim_process *process)
{
    const struct sim_admin *a = sim_process_shard(process, 0);
    if (!all_created(a))
        return false;
    for (size_t i = 0; i < a->client.history->partition_count; i++)
        if (sim_history_is_made(a->client.history, (uint32_t)i) &&
            a->client.partitions[i].leader < 0)
            return false;
    return true;
}
