/* SPDX-License-Identifier: Apache-2.0 */
#include "broker/broker.h"

#include <stdlib.h>

#include "broker/api/api.h"
#include "broker/control/control.h"
#include "broker/group/group_host.h"
#include "broker/limits.h"
#include "common/assert.h"
#include "common/memory.h"

struct broker {
    struct broker_setup setup;
    char *secret, *cluster_address;
    _Atomic(char *) cluster_id;
    struct log_dir *dirs[CONFIG_DIRS_MAX];
    struct shard *shards;
};

static struct uuid random_uuid(const struct env *env)
{
    uint64_t words[2] = {env->ops->random(env->world), env->ops->random(env->world)};
    struct uuid id;
    while (!uuid_from_random(words[0], words[1], &id))
        words[0] = env->ops->random(env->world);
    return id;
}

static void make_dirs(struct broker *b)
{
    const struct broker_config *c = b->setup.config;
    const struct env *env = &b->setup.envs[0];
    struct topic_config defaults;
    struct uuid storage = random_uuid(env);
    config_topic(c, VIEW_NULL, &defaults);
    for (unsigned i = 0; i < c->dir_count; i++) {
        struct log_dir_config d = {.index = i,
                                   .path = c->dirs[i],
                                   .unusable = b->setup.dir_errors[i],
                                   .broker_id = c->broker_id,
                                   .journal_file_size = (uint32_t)c->journal_bytes,
                                   .files_max = b->setup.files_max,
                                   .space_reserve = (uint64_t)c->space_reserve_bytes,
                                   .idle_round_ms = 50,
                                   .defaults = defaults.log,
                                   .fresh_directory_id = random_uuid(env),
                                   .fresh_storage_id = storage,
                                   .fresh_journal_id = random_uuid(env)};
        d.mutation = b->setup.mutation;
        b->dirs[i] = log_dir_new(&d);
    }
}

/* Producers are not read while bytes that are not in place yet are over the limit of any directory.
 */
static bool may_read(void *context)
{
    const struct shard *s = context;
    for (unsigned i = 0; i < s->config->dir_count; i++)
        if (account_over(log_dir_tail(s->broker->dirs[i])))
            return false;
    return true;
}

static void make_shard(struct broker *b, unsigned number)
{
    struct shard *s = &b->shards[number];
    const struct broker_config *c = b->setup.config;
    s->broker = b;
    s->config = c;
    s->number = number;
    s->mutation = b->setup.mutation;
    s->receive.limit = LIMIT_RECEIVE_BYTES;
    s->answers.limit = LIMIT_ANSWER_BYTES;
    s->streams.limit = LIMIT_STREAM_BYTES;
    reactor_init(&s->reactor, &b->setup.envs[number]);
    reactor_mail_kind(&s->reactor, MAIL_CALL, call_heard, s);
    metadata_init(&s->metadata);
    struct client_net_config net = {
        .request_size_max = (uint32_t)c->request_max_bytes,
        .idle_ns = (uint64_t)c->connections_max_idle_ms * 1000000,
        .connections_max = (uint32_t)(c->connections_max / b->setup.shard_count + 1),
        .receive = &s->receive,
        .answers = &s->answers,
        .serve = api_serve,
        .may_read = may_read,
        .context = s,
    };
    s->clients = client_net_new(&s->reactor, &net);
    s->groups = group_host_new(s);
    s->control = number == 0 ? control_new(s) : NULL;
    shard_listen_to_reactor(s);
}

struct broker *broker_new(const struct broker_setup *setup)
{
    struct broker *b = xcalloc(1, sizeof *b);
    PRE(setup->shard_count >= 1);
    b->setup = *setup;
    b->secret =
        setup->secret.base != NULL ? xstrndup(setup->secret.base, setup->secret.size) : NULL;
    b->setup.secret.base = (const uint8_t *)b->secret;
    b->cluster_address = xstrdup(setup->cluster_address);
    b->setup.cluster_address = b->cluster_address;
    make_dirs(b);
    b->shards = xcalloc(setup->shard_count, sizeof *b->shards);
    for (unsigned i = 0; i < setup->shard_count; i++)
        make_shard(b, i);
    b->setup.envs = NULL; /* the caller's */
    return b;
}

void broker_free(struct broker *b)
{
    if (b == NULL)
        return;
    for (unsigned i = 0; i < b->setup.shard_count; i++)
        shard_free(&b->shards[i]);
    for (unsigned i = 0; i < b->setup.config->dir_count; i++)
        log_dir_free(b->dirs[i]);
    free(b->shards);
    free(b->secret);
    free(b->cluster_address);
    free(atomic_load(&b->cluster_id));
    free(b);
}

struct shard *broker_shard(struct broker *b, unsigned number)
{
    PRE(number < b->setup.shard_count);
    return &b->shards[number];
}

unsigned broker_shard_count(const struct broker *b)
{
    return b->setup.shard_count;
}

const struct broker_setup *broker_setup_of(const struct broker *b)
{
    return &b->setup;
}

struct log_dir *const *broker_dirs(const struct broker *b)
{
    return b->dirs;
}

struct view broker_cluster_id(const struct broker *b)
{
    return view_of(atomic_load(&((struct broker *)(uintptr_t)b)->cluster_id));
}

void broker_set_cluster_id(struct broker *b, struct view id)
{
    char *none = NULL, *text = xstrndup(id.base, id.size);
    if (!atomic_compare_exchange_strong(&b->cluster_id, &none, text)) {
        INVARIANT(strcmp(none, text) == 0);
        free(text);
    }
}
