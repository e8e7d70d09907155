/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/sim/sim_client.h"

#include <arpa/inet.h>
#include <stdlib.h>

#include "common/assert.h"
#include "common/memory.h"
#include "proto/gen/metadata.h"

#define TICK_MS 20u
#define METADATA_VERSION 12
#define REQUEST_SIZE_MAX (4u << 20)
#define ANSWER_SIZE_MAX (64u << 20)

/* ---- nodes ---- */
static void node_heard(struct source *source, const struct event *event);

static struct client_node *node_new(struct sim_client *c, int32_t id, const struct addr *addr)
{
    struct client_node *node = xcalloc(1, sizeof *node);
    *node = (struct client_node){.client = c, .id = id, .addr = *addr};
    node->source.heard = node_heard;
    node->last = &node->first;
    struct client_node **link = &c->nodes;
    while (*link)
        link = &(*link)->next;
    *link = node;
    return node;
}

static struct client_node *node_find(struct sim_client *c, int32_t id)
{
    struct client_node *node = c->nodes;
    while (node && node->id != id)
        node = node->next;
    return node;
}

static void node_send(struct client_node *node, struct client_call *call)
{
    const struct env *env = &node->client->reactor.env;
    struct piece piece = {.buf = call->frame, .size = call->frame->used};
    env->ops->net_send(env->world, node->source.token, &piece, 1);
    buf_unref(call->frame);
    call->frame = NULL;
    call->sent = true;
}

static void node_read(struct client_node *node)
{
    const struct env *env = &node->client->reactor.env;
    env->ops->net_read(env->world, node->source.token, NULL, 0, 1, 65536, NULL);
}

static void node_close(struct client_node *node)
{
    const struct env *env = &node->client->reactor.env;
    if (node->source.token == 0 || node->closing)
        return;
    node->closing = true;
    env->ops->net_close(env->world, node->source.token, false);
}

/* Every call ends unknown; the next one opens a connection anew. */
static void node_closed(struct client_node *node)
{
    struct client_call *call = node->first;
    reactor_remove(&node->client->reactor, &node->source);
    node->open = node->closing = false;
    node->in_size = 0;
    node->first = NULL;
    node->last = &node->first;
    while (call) {
        struct client_call *next = call->next;
        buf_unref(call->frame);
        call->frame = NULL;
        call->done(call, NULL);
        call = next;
    }
}

static void answer(struct client_node *node, struct view frame)
{
    struct client_call *call = node->first;
    struct wire_reader r = wire_reader_of(frame);
    int32_t correlation = frame.size >= 4 ? load_i32(frame.base) : 0;
    if (!call || correlation != call->correlation) {
        sim_violation(node->client->history, "a broker answers %d where %d was asked", correlation,
                      call ? call->correlation : -1);
        return;
    }
    frame_read_response_header(&r, api_find(call->api_key), call->version);
    node->first = call->next;
    if (!node->first)
        node->last = &node->first;
    call->done(call, &r);
}

static void node_data(struct client_node *node, const struct event *event)
{
    const struct buf *buf = event->u.data.buf;
    uint32_t size = event->u.data.size;
    size_t pos = 0;
    if (buf) {
        node->in = xgrow(node->in, &node->in_capacity, node->in_size + size, 1);
        memcpy(node->in + node->in_size, buf->data + event->u.data.at, size);
        node->in_size += size;
    }
    while (!node->closing && node->in_size - pos >= 4) {
        uint32_t frame_size = load_u32(node->in + pos);
        if (frame_size > ANSWER_SIZE_MAX) {
            sim_violation(node->client->history, "a broker sends a frame of %u bytes", frame_size);
            return;
        }
        if (node->in_size - pos - 4 < frame_size)
            break;
        answer(node, (struct view){node->in + pos + 4, frame_size});
        pos += 4 + frame_size;
    }
    if (pos > 0)
        memmove(node->in, node->in + pos, node->in_size - pos);
    node->in_size -= pos;
    if (node->closing)
        return;
    if (event->u.data.eof)
        node_close(node);
    else
        node_read(node);
}

static void node_heard(struct source *source, const struct event *event)
{
    struct client_node *node = CONTAINER_OF(source, struct client_node, source);
    switch (event->kind) {
    case EV_NET_OPENED:
        if (event->error)
            break; /* CLOSED follows */
        node->open = true;
        node_read(node);
        for (struct client_call *call = node->first; call; call = call->next)
            node_send(node, call);
        break;
    case EV_NET_DATA:
        node_data(node, event);
        buf_unref(event->u.data.buf);
        break;
    case EV_NET_CLOSED:
        node_closed(node);
        break;
    default:
        break;
    }
}

/* ---- calls ---- */
void sim_call_begin(struct sim_client *c, struct client_call *call, enum api_key key,
                    int16_t version, struct wire_writer *w, uint32_t *ret_from)
{
    call->api_key = (int16_t)key;
    call->version = version;
    call->correlation = ++c->correlation_last;
    struct request_header header = {.api_key = call->api_key,
                                    .api_version = version,
                                    .correlation_id = call->correlation,
                                    .client_id = VIEW_LITERAL("sim"),
                                    .api = api_find(call->api_key)};
    wire_writer_init(w, NULL, 512, REQUEST_SIZE_MAX);
    *ret_from = frame_begin_request(w, &header);
}

void sim_call_send(struct sim_client *c, struct client_node *node, struct client_call *call,
                   struct wire_writer *w, uint32_t from)
{
    const struct env *env = &c->reactor.env;
    frame_end(w, from);
    call->frame = wire_writer_take(w);
    POST(call->frame);
    wire_writer_deinit(w);
    call->next = NULL;
    call->sent = false;
    call->deadline_ns = c->reactor.now_ns + (uint64_t)c->options.request_timeout_ms * SIM_MS;
    *node->last = call;
    node->last = &call->next;
    if (node->source.token == 0) {
        reactor_add(&c->reactor, &node->source);
        env->ops->net_open(env->world, node->source.token, &node->addr);
    } else if (node->open && !node->closing) {
        node_send(node, call);
    }
}

/* ---- metadata ---- */
static bool addr_parse(struct view host, int32_t port, struct addr *ret)
{
    char text[64];
    if (host.size >= sizeof text)
        return false;
    memcpy(text, host.base, host.size);
    text[host.size] = 0;
    *ret = (struct addr){.port = (uint16_t)port};
    ret->ip[10] = ret->ip[11] = 0xff;
    return inet_pton(AF_INET, text, ret->ip + 12) == 1;
}

static void learn_broker(struct sim_client *c, const struct metadata_response_broker *b)
{
    struct addr addr;
    struct client_node *node = node_find(c, b->node_id);
    if (!addr_parse(b->host, b->port, &addr)) {
        sim_violation(c->history, "metadata names a host %.*s", (int)b->host.size,
                      (const char *)b->host.base);
        return;
    }
    if (!node)
        node_new(c, b->node_id, &addr);
}

static void learn_topic(struct sim_client *c, const struct metadata_response_topic *t)
{
    if (t->error_code != 0)
        return;
    for (uint32_t i = 0; i < t->partitions_count; i++) {
        const struct metadata_response_partition *p = &t->partitions[i];
        uint32_t index = sim_history_find(c->history, t->name, p->partition_index);
        if (index == SIM_NO_RECORD)
            continue;
        struct client_partition *known = &c->partitions[index];
        if (!c->history->ids_are_told)
            c->history->topics[c->history->partitions[index].topic].id = t->topic_id;
        if (p->leader_epoch >= 0 && p->leader_epoch < known->leader_epoch &&
            !sim_history_is_fleeting(c->history, index))
            continue; /* older than what is known */
        known->leader = p->leader_id;
        known->leader_epoch = p->leader_epoch;
    }
}

static void metadata_done(struct client_call *call, struct wire_reader *r)
{
    struct sim_client *c = CONTAINER_OF(call, struct sim_client, metadata_call);
    struct arena arena = ARENA_INIT;
    struct metadata_response answer;
    c->metadata_pending = false;
    c->metadata_after_ns = c->reactor.now_ns + sim_random_range(&c->random, 20, 200) * SIM_MS;
    if (!r) {
        c->metadata_wanted = true;
        return;
    }
    if (!metadata_response_decode(r, METADATA_VERSION, &arena, &answer)) {
        sim_violation(c->history, "an answer to Metadata does not decode");
    } else {
        /* Clients forget whom they know and is not named (librdkafka from 2.10 on). */
        if (answer.brokers_count == 0)
            sim_violation(c->history, "an answer to Metadata names no broker");
        for (uint32_t i = 0; i < answer.brokers_count; i++)
            learn_broker(c, &answer.brokers[i]);
        for (uint32_t i = 0; i < answer.topics_count; i++)
            learn_topic(c, &answer.topics[i]);
    }
    arena_reset(&arena);
    c->work(c);
}

static void metadata_ask(struct sim_client *c)
{
    struct metadata_request_topic topics[SIM_TOPICS_MAX];
    struct metadata_request request;
    struct wire_writer w;
    uint32_t from;
    metadata_request_init(&request);
    request.topics = topics;
    request.topics_count = c->history->topic_count;
    request.allow_auto_topic_creation = false;
    for (uint32_t i = 0; i < c->history->topic_count; i++) {
        metadata_request_topic_init(&topics[i]);
        topics[i].name = view_of(c->history->topics[i].name);
    }
    c->metadata_wanted = false;
    c->metadata_pending = true;
    c->metadata_call.done = metadata_done;
    sim_call_begin(c, &c->metadata_call, API_METADATA, METADATA_VERSION, &w, &from);
    metadata_request_encode(&w, METADATA_VERSION, &request);
    sim_call_send(c, sim_client_any(c), &c->metadata_call, &w, from);
}

void sim_client_refresh(struct sim_client *c)
{
    c->metadata_wanted = true;
}

struct client_node *sim_client_any(struct sim_client *c)
{
    uint64_t count = 0;
    for (struct client_node *node = c->nodes; node; node = node->next)
        count++;
    uint64_t pick = sim_random_below(&c->random, count);
    struct client_node *node = c->nodes;
    while (pick-- > 0)
        node = node->next;
    return node;
}

struct client_node *sim_client_leader(struct sim_client *c, uint32_t partition)
{
    int32_t leader = c->partitions[partition].leader;
    struct client_node *node = leader >= 0 ? node_find(c, leader) : NULL;
    if (!node)
        sim_client_refresh(c);
    return node;
}

struct client_node *sim_client_node(struct sim_client *c, int32_t id)
{
    struct client_node *node = node_find(c, id);
    if (!node)
        sim_client_refresh(c);
    return node;
}

int32_t sim_client_node_broker(const struct client_node *node)
{
    return node->id < 0 ? -node->id : node->id; /* those of bootstrap are -1, -2 ... in order */
}

/* ---- life ---- */
static void tick(struct timer *timer)
{
    struct sim_client *c = CONTAINER_OF(timer, struct sim_client, tick);
    for (struct client_node *node = c->nodes; node; node = node->next)
        if (node->first && node->first->deadline_ns <= c->reactor.now_ns)
            node_close(node);
    if (c->metadata_wanted && !c->metadata_pending && c->metadata_after_ns <= c->reactor.now_ns)
        metadata_ask(c);
    if (!c->stopped)
        c->work(c);
    timer_set(&c->tick, c->options.tick_ms ? c->options.tick_ms : TICK_MS);
}

static void other_heard(void *context, const struct event *event)
{
    struct sim_client *c = context;
    if (event->kind != EV_START)
        return;
    c->started = true;
    timer_init(&c->tick, &c->reactor, tick);
    timer_set(&c->tick, 1);
    sim_client_refresh(c);
}

void sim_client_init(struct sim_client *c, struct sim_process *process, const struct env *env,
                     const struct sim_client_options *options, void (*work)(struct sim_client *))
{
    *c = (struct sim_client){
        .process = process, .history = options->history, .options = *options, .work = work};
    reactor_init(&c->reactor, env);
    c->reactor.other_heard = other_heard;
    c->reactor.other_context = c;
    sim_random_init(&c->random, env->ops->random(env->world));
    size_t count = c->history->partition_count;
    c->partitions = xcalloc(count ? count : 1, sizeof *c->partitions);
    for (size_t i = 0; i < count; i++)
        c->partitions[i] = (struct client_partition){-1, -1};
    for (unsigned i = 0; i < options->bootstrap_count; i++)
        node_new(c, -1 - (int32_t)i, &options->bootstrap[i]);
}

void sim_client_deinit(struct sim_client *c)
{
    while (c->nodes) {
        struct client_node *node = c->nodes;
        c->nodes = node->next;
        for (struct client_call *call = node->first; call; call = call->next) {
            buf_unref(call->frame);
            call->frame = NULL;
        }
        free(node->in);
        free(node);
    }
    free(c->partitions);
    reactor_deinit(&c->reactor);
}

void sim_client_step(struct sim_client *c, const struct event *event)
{
    reactor_step(&c->reactor, event);
}
