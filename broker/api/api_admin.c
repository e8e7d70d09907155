/* SPDX-License-Identifier: Apache-2.0 */
/* CreateTopics, DeleteTopics and CreatePartitions. Any broker takes them; the controller carries
 * them out. The body of the request goes to the controller as it is, and the body of the response
 * comes back. The client is answered once this broker's own metadata shows the change, so that what
 * it asks next finds the topic. */
#include <stdio.h>
#include <stdlib.h>

#include "broker/api/api.h"
#include "broker/control/control.h"
#include "common/assert.h"
#include "common/memory.h"
#include "proto/gen/create_partitions.h"
#include "proto/gen/create_topics.h"
#include "proto/gen/delete_topics.h"

struct admin {
    struct call call;
    struct control_admin ask;
    struct request *request;
    struct shard *there;
    struct create_topics_request create;
    struct delete_topics_request delete;
    struct create_partitions_request grow;
};

static void admin_done(struct control_admin *ask)
{
    struct admin *a = CONTAINER_OF(ask, struct admin, ask);
    call_return(a->there, &a->call);
}

static void admin_there(struct call *call, struct shard *there)
{
    struct admin *a = CONTAINER_OF(call, struct admin, call);
    a->there = there;
    control_admin(there->control, &a->ask);
}

/* ---- an answer without the controller: one error for every topic ---- */
static void put_create(struct admin *a, struct wire_writer *w, int16_t error)
{
    struct create_topics_response out;
    create_topics_response_init(&out);
    out.topics_count = a->create.topics_count;
    out.topics = arena_array(&a->request->arena, out.topics_count, sizeof *out.topics);
    for (uint32_t i = 0; i < out.topics_count; i++) {
        create_topics_response_topic_init(&out.topics[i]);
        out.topics[i].name = a->create.topics[i].name;
        out.topics[i].error_code = error;
    }
    create_topics_response_encode(w, a->request->header.api_version, &out);
}

static void put_delete(struct admin *a, struct wire_writer *w, int16_t error)
{
    struct delete_topics_response out;
    bool by_id = a->request->header.api_version >= 6;
    delete_topics_response_init(&out);
    out.responses_count = by_id ? a->delete.topics_count : a->delete.topic_names_count;
    out.responses = arena_array(&a->request->arena, out.responses_count, sizeof *out.responses);
    for (uint32_t i = 0; i < out.responses_count; i++) {
        delete_topics_response_topic_init(&out.responses[i]);
        out.responses[i].name = by_id ? a->delete.topics[i].name : a->delete.topic_names[i];
        out.responses[i].error_code = error;
        if (by_id)
            out.responses[i].topic_id = a->delete.topics[i].topic_id;
    }
    delete_topics_response_encode(w, a->request->header.api_version, &out);
}

static void put_grow(struct admin *a, struct wire_writer *w, int16_t error)
{
    struct create_partitions_response out;
    create_partitions_response_init(&out);
    out.results_count = a->grow.topics_count;
    out.results = arena_array(&a->request->arena, out.results_count, sizeof *out.results);
    for (uint32_t i = 0; i < out.results_count; i++) {
        create_partitions_response_topic_init(&out.results[i]);
        out.results[i].name = a->grow.topics[i].name;
        out.results[i].error_code = error;
    }
    create_partitions_response_encode(w, a->request->header.api_version, &out);
}

static void admin_back(struct call *call, struct shard *home)
{
    struct admin *a = CONTAINER_OF(call, struct admin, call);
    struct request *r = a->request;
    struct wire_writer w;
    (void)home;
    request_begin_answer(r, &w);
    if (a->ask.answer != NULL) {
        wire_write_raw(&w, a->ask.answer->data, a->ask.answer->used);
        buf_unref(a->ask.answer);
    } else if (r->header.api_key == API_CREATE_TOPICS) {
        put_create(a, &w, a->ask.error);
    } else if (r->header.api_key == API_DELETE_TOPICS) {
        put_delete(a, &w, a->ask.error);
    } else {
        put_grow(a, &w, a->ask.error);
    }
    request_answer(r, &w, NULL, 0);
    request_unref(r);
}

static bool decode(struct admin *a, struct request *r, int32_t *ret_timeout_ms)
{
    int16_t version = r->header.api_version;
    bool good;
    if (r->header.api_key == API_CREATE_TOPICS) {
        good = create_topics_request_decode(&r->body, version, &r->arena, &a->create);
        *ret_timeout_ms = a->create.timeout_ms;
    } else if (r->header.api_key == API_DELETE_TOPICS) {
        good = delete_topics_request_decode(&r->body, version, &r->arena, &a->delete);
        *ret_timeout_ms = a->delete.timeout_ms;
    } else {
        good = create_partitions_request_decode(&r->body, version, &r->arena, &a->grow);
        *ret_timeout_ms = a->grow.timeout_ms;
    }
    return good;
}

void api_admin_serve(struct shard *s, struct request *r)
{
    struct admin *a = arena_alloc(&r->arena, sizeof *a);
    struct view body = {r->body.at, (uint32_t)wire_left(&r->body)};
    a->request = r;
    if (!decode(a, r, &a->ask.timeout_ms)) {
        request_hang_up(r, "an admin request that cannot be read");
        return;
    }
    request_ref(r);
    a->ask.api_key = r->header.api_key;
    a->ask.api_version = r->header.api_version;
    a->ask.body = body;
    a->ask.done = admin_done;
    a->call.there = admin_there;
    a->call.back = admin_back;
    call_make(s, 0, &a->call);
}

/* ---- automatic creation ---- */
#define AUTO_CREATING_MAX 32u
#define AUTO_CREATE_VERSION 5

struct auto_create {
    struct call call;
    struct control_admin ask;
    struct shard *there;
    struct wire_writer body;
};

static void auto_done(struct control_admin *ask)
{
    struct auto_create *a = CONTAINER_OF(ask, struct auto_create, ask);
    call_return(a->there, &a->call);
}

static void auto_there(struct call *call, struct shard *there)
{
    struct auto_create *a = CONTAINER_OF(call, struct auto_create, call);
    a->there = there;
    control_admin(there->control, &a->ask);
}

/* Nobody reads the answer but the operator: a client that waits for the topic is told nothing. */
static void say_refusal(struct shard *s, const struct buf *answer)
{
    struct arena arena = ARENA_INIT;
    struct create_topics_response out;
    struct wire_reader r = wire_reader_of((struct view){answer->data, answer->used});
    if (create_topics_response_decode(&r, AUTO_CREATE_VERSION, &arena, &out) &&
        out.topics_count == 1 && out.topics[0].error_code != ERROR_NONE &&
        out.topics[0].error_code != ERROR_TOPIC_ALREADY_EXISTS) {
        const struct create_topics_response_topic *t = &out.topics[0];
        say_limited(&s->reactor, &s->say_auto_create, SAY_WARN, "admin",
                    "topic %.*s cannot be created: %.*s", (int)t->name.size, t->name.base,
                    (int)t->error_message.size, t->error_message.base);
    }
    arena_reset(&arena);
}

static void auto_back(struct call *call, struct shard *home)
{
    struct auto_create *a = CONTAINER_OF(call, struct auto_create, call);
    home->auto_creating--;
    if (a->ask.answer != NULL)
        say_refusal(home, a->ask.answer);
    buf_unref(a->ask.answer);
    wire_writer_deinit(&a->body);
    free(a);
}

/* Set by hand, or left to the controller, which knows how many brokers there are. */
static int16_t offsets_replicas(const struct shard *s)
{
    const struct broker_config *config = s->config;
    return config->offsets_replication_factor_set ? (int16_t)config->offsets_replication_factor
                                                  : -1;
}

void api_auto_create(struct shard *s, struct view name)
{
    bool offsets = view_equal(name, TOPIC_OFFSETS);
    struct create_topics_request q;
    struct create_topics_request_topic t;
    struct create_topics_request_config configs[] = {
        {VIEW_LITERAL("cleanup.policy"), VIEW_LITERAL("compact")},
        {VIEW_LITERAL("compression.type"), VIEW_LITERAL("producer")},
        {VIEW_LITERAL("segment.bytes"), VIEW_NULL},
    };
    char segment[32];
    if (s->auto_creating >= AUTO_CREATING_MAX)
        return; /* the client asks again */
    struct auto_create *a = xcalloc(1, sizeof *a);
    create_topics_request_init(&q);
    create_topics_request_topic_init(&t);
    snprintf(segment, sizeof segment, "%lld", (long long)s->config->offsets_segment_bytes);
    configs[2].value = view_of(segment);
    t.name = name;
    t.num_partitions = offsets ? (int32_t)s->config->offsets_partitions : -1;
    t.replication_factor = offsets ? offsets_replicas(s) : -1;
    t.configs = configs;
    t.configs_count = offsets ? 3 : 0;
    q.topics = &t;
    q.topics_count = 1;
    q.timeout_ms = 10000;
    wire_writer_init(&a->body, NULL, 256, 4096);
    create_topics_request_encode(&a->body, AUTO_CREATE_VERSION, &q);
    s->auto_creating++;
    a->ask.api_key = API_CREATE_TOPICS;
    a->ask.api_version = AUTO_CREATE_VERSION;
    a->ask.timeout_ms = q.timeout_ms;
    a->ask.body = wire_written(&a->body);
    a->ask.done = auto_done;
    a->call.there = auto_there;
    a->call.back = auto_back;
    call_make(s, 0, &a->call);
}
