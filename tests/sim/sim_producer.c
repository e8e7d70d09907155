/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/sim/sim_producer.h"

#include <stdlib.h>

#include "common/assert.h"
#include "common/memory.h"
#include "proto/error_code.h"
#include "proto/gen/init_producer_id.h"
#include "proto/gen/produce.h"
#include "proto/record_builder.h"
#include "tests/sim/sim_ids.h"

#define QUEUE_MAX 8
#define CALL_BATCHES_MAX 16
#define INIT_PRODUCER_ID_VERSION 4

struct batch {
    struct batch *next;
    uint32_t partition, first_record, count;
    uint32_t ordinal; /* in its partition */
    int32_t base_sequence;
    bool in_flight, maybe; /* maybe: an attempt may have been appended */
    bool sent_first;       /* nothing of the partition was before it when it was sent last */
    uint64_t made_ns;
};

struct partition_queue {
    struct batch *first, **last;
    uint32_t count, in_flight;
    const struct client_node *in_flight_at;
    bool draining;
    uint64_t retry_after_ns;
    int32_t next_sequence;
    uint32_t next_ordinal;
};

struct sim_producer {
    struct sim_client client;
    struct sim_producer_options options;
    struct partition_queue *queues;
    struct client_call init_call;
    int32_t init_broker;
    bool init_pending, stopped;
    int64_t producer_id;
    int16_t producer_epoch;
    uint64_t next_batch_ns;
};

struct produce_call {
    struct client_call call;
    struct sim_producer *producer;
    uint32_t count;
    struct batch *batches[CALL_BATCHES_MAX];
};

/* ---- outcomes ---- */
static void batch_remove(struct sim_producer *p, struct batch *batch)
{
    struct partition_queue *q = &p->queues[batch->partition];
    struct batch **link = &q->first;
    while (*link != batch)
        link = &(*link)->next;
    *link = batch->next;
    if (!*link)
        q->last = link;
    q->count--;
    free(batch);
}

static void batch_acked(struct sim_producer *p, struct batch *batch, int64_t base_offset)
{
    for (uint32_t i = 0; i < batch->count; i++)
        sim_history_acked(p->client.history, batch->first_record + i,
                          base_offset < 0 ? -1 : base_offset + i);
    batch_remove(p, batch);
}

/* maybe: it may have been appended all the same. */
static void batch_failed(struct sim_producer *p, struct batch *batch, bool maybe)
{
    struct partition_queue *q = &p->queues[batch->partition];
    uint64_t now_ns = p->client.reactor.now_ns;
    batch->maybe = batch->maybe || maybe;
    q->draining = true;
    q->retry_after_ns = now_ns + sim_random_range(&p->client.random, 20, 150) * SIM_MS;
    sim_client_refresh(&p->client);
    if (p->options.idempotent || now_ns < batch->made_ns + p->options.give_up_ms * SIM_MS)
        return;
    for (uint32_t i = 0; i < batch->count; i++)
        sim_history_gave_up(p->client.history, batch->first_record + i, !batch->maybe);
    batch_remove(p, batch);
}

static void batch_answered(struct sim_producer *p, struct batch *batch,
                           const struct produce_response_partition *answer)
{
    sim_trace(p->client.history->world,
              "producer %u: partition %u sequence %d (%u records): %s, %lld", p->options.number,
              batch->partition, batch->base_sequence, batch->count,
              error_code_name(answer->error_code), (long long)answer->base_offset);
    switch (answer->error_code) {
    case ERROR_NONE:
        batch_acked(p, batch, answer->base_offset);
        return;
    case ERROR_DUPLICATE_SEQUENCE_NUMBER:
        batch_acked(p, batch, -1);
        return;
    case ERROR_OUT_OF_ORDER_SEQUENCE_NUMBER:
        if (batch->sent_first)
            break; /* nothing before it is missing, so it was in order */
        batch_failed(p, batch, false);
        return;
    case ERROR_NOT_ENOUGH_REPLICAS:
    case ERROR_UNKNOWN_TOPIC_OR_PARTITION:
    case ERROR_LEADER_NOT_AVAILABLE:
        batch_failed(p, batch, false);
        return;
    case ERROR_NOT_LEADER_OR_FOLLOWER:
    case ERROR_NOT_ENOUGH_REPLICAS_AFTER_APPEND:
    case ERROR_REQUEST_TIMED_OUT:
    case ERROR_KAFKA_STORAGE_ERROR:
    case ERROR_NETWORK_EXCEPTION:
        batch_failed(p, batch, true);
        return;
    default:
        break;
    }
    sim_violation(p->client.history, "producer %u: partition %u sequence %d is answered %s",
                  p->options.number, batch->partition, batch->base_sequence,
                  error_code_name(answer->error_code));
}

static void answers_apply(struct produce_call *pc, const struct produce_response *answer)
{
    struct sim_producer *p = pc->producer;
    for (uint32_t t = 0; t < answer->responses_count; t++) {
        const struct produce_response_topic *topic = &answer->responses[t];
        for (uint32_t i = 0; i < topic->partition_responses_count; i++) {
            uint32_t index = sim_history_find(p->client.history, topic->name,
                                              topic->partition_responses[i].index);
            for (uint32_t k = 0; k < pc->count; k++) {
                struct batch *batch = pc->batches[k];
                if (!batch || batch->partition != index)
                    continue;
                pc->batches[k] = NULL;
                batch_answered(p, batch, &topic->partition_responses[i]);
            }
        }
    }
}

static void produce_done(struct client_call *call, struct wire_reader *r)
{
    struct produce_call *pc = CONTAINER_OF(call, struct produce_call, call);
    struct sim_producer *p = pc->producer;
    for (uint32_t i = 0; i < pc->count; i++) {
        pc->batches[i]->in_flight = false;
        p->queues[pc->batches[i]->partition].in_flight--;
    }
    if (r) {
        struct arena arena = ARENA_INIT;
        struct produce_response answer;
        if (produce_response_decode(r, call->version, &arena, &answer))
            answers_apply(pc, &answer);
        else
            sim_violation(p->client.history, "an answer to Produce does not decode");
        arena_reset(&arena);
    }
    for (uint32_t i = 0; i < pc->count; i++)
        if (pc->batches[i])
            batch_failed(p, pc->batches[i], call->sent);
    free(pc);
}

/* ---- sending ---- */
static struct view batch_encode(struct sim_producer *p, const struct batch *batch,
                                struct record_builder *builder)
{
    const struct env *env = &p->client.reactor.env;
    const struct sim_history *h = p->client.history;
    struct record_batch_options options = RECORD_BATCH_OPTIONS_INIT;
    if (p->options.idempotent) {
        options.producer_id = p->producer_id;
        options.producer_epoch = p->producer_epoch;
        options.base_sequence = batch->base_sequence;
    }
    record_builder_init(builder);
    for (uint32_t i = 0; i < batch->count; i++) {
        uint32_t record = batch->first_record + i, size = h->records[record].size;
        uint8_t *value = xmalloc(size);
        sim_history_value(h, record, value);
        record_builder_add(builder, env->ops->wall_ms(env->world), VIEW_NULL,
                           (struct view){value, size}, NULL, 0);
        free(value);
    }
    return record_builder_finish(builder, &options);
}

/* The batch of the partition to be sent next, or NULL. */
static struct batch *queue_next(struct sim_producer *p, struct partition_queue *q,
                                const struct client_node *node)
{
    /* A leader that knows nothing of a producer takes any sequence number as its first, unless it
     * has refused an earlier one: what is in flight to an old leader must be decided before
     * anything goes to another. */
    if (q->in_flight > 0 && q->in_flight_at != node)
        return NULL;
    if (q->draining) {
        if (q->in_flight > 0 || q->retry_after_ns > p->client.reactor.now_ns)
            return NULL;
        q->draining = false;
    }
    if (q->in_flight >= p->options.in_flight_max)
        return NULL;
    struct batch *batch = q->first;
    while (batch && batch->in_flight)
        batch = batch->next;
    /* The broker remembers the last batches of a producer only: none goes further ahead of the
     * first that is not acknowledged. */
    bool near = batch && batch->ordinal - q->first->ordinal < p->options.in_flight_max;
    return near ? batch : NULL;
}

static void call_encode(struct sim_producer *p, struct produce_call *pc, struct wire_writer *w)
{
    const struct sim_history *h = p->client.history;
    struct record_builder builders[CALL_BATCHES_MAX];
    struct produce_request_partition partitions[CALL_BATCHES_MAX];
    struct produce_request_topic topics[CALL_BATCHES_MAX];
    struct produce_request request;
    produce_request_init(&request);
    request.acks = -1;
    request.timeout_ms = p->options.timeout_ms;
    request.topic_data = topics;
    for (uint32_t i = 0; i < pc->count; i++) {
        const struct sim_partition_history *ph = &h->partitions[pc->batches[i]->partition];
        produce_request_partition_init(&partitions[i]);
        partitions[i].index = ph->number;
        partitions[i].records = batch_encode(p, pc->batches[i], &builders[i]);
        struct view name = view_of(h->topics[ph->topic].name);
        struct produce_request_topic *last =
            request.topic_data_count ? &topics[request.topic_data_count - 1] : NULL;
        if (!last || !view_equal(last->name, name)) {
            last = &topics[request.topic_data_count++];
            produce_request_topic_init(last);
            last->name = name;
            last->partition_data = &partitions[i];
        }
        last->partition_data_count++;
    }
    produce_request_encode(w, pc->call.version, &request);
    for (uint32_t i = 0; i < pc->count; i++)
        record_builder_deinit(&builders[i]);
}

/* One request to the node with the next batch of each partition that it leads; false: none. */
static bool node_produce(struct sim_producer *p, struct client_node *node)
{
    struct produce_call *pc = xcalloc(1, sizeof *pc);
    struct wire_writer w;
    uint32_t from;
    pc->producer = p;
    pc->call.done = produce_done;
    for (uint32_t i = 0; i < p->client.history->partition_count; i++) {
        struct partition_queue *q = &p->queues[i];
        if (!q->first || pc->count == CALL_BATCHES_MAX || sim_client_leader(&p->client, i) != node)
            continue;
        struct batch *batch = queue_next(p, q, node);
        if (!batch)
            continue;
        batch->sent_first = batch == q->first;
        batch->in_flight = true;
        q->in_flight++;
        q->in_flight_at = node;
        pc->batches[pc->count++] = batch;
    }
    if (pc->count == 0) {
        free(pc);
        return false;
    }
    sim_call_begin(&p->client, &pc->call, API_PRODUCE, p->options.version, &w, &from);
    call_encode(p, pc, &w);
    sim_call_send(&p->client, node, &pc->call, &w, from);
    return true;
}

/* ---- a producer id ---- */
static void init_done(struct client_call *call, struct wire_reader *r)
{
    struct sim_producer *p = CONTAINER_OF(call, struct sim_producer, init_call);
    struct arena arena = ARENA_INIT;
    struct init_producer_id_response answer;
    p->init_pending = false;
    if (r && !init_producer_id_response_decode(r, INIT_PRODUCER_ID_VERSION, &arena, &answer)) {
        sim_violation(p->client.history, "an answer to InitProducerId does not decode");
    } else if (r && answer.error_code == 0) {
        p->producer_id = answer.producer_id;
        p->producer_epoch = answer.producer_epoch;
        if (p->client.options.ids) /* a test of the clients alone checks no ids */
            sim_ids_given(p->client.options.ids, answer.producer_id, p->init_broker);
    }
    arena_reset(&arena);
}

static void init_ask(struct sim_producer *p)
{
    struct init_producer_id_request request;
    struct wire_writer w;
    uint32_t from;
    init_producer_id_request_init(&request);
    request.transactional_id = VIEW_NULL;
    p->init_pending = true;
    p->init_call.done = init_done;
    sim_call_begin(&p->client, &p->init_call, API_INIT_PRODUCER_ID, INIT_PRODUCER_ID_VERSION, &w,
                   &from);
    init_producer_id_request_encode(&w, INIT_PRODUCER_ID_VERSION, &request);
    struct client_node *node = sim_client_any(&p->client);
    p->init_broker = sim_client_node_broker(node);
    sim_call_send(&p->client, node, &p->init_call, &w, from);
}

/* ---- work ---- */
static void batch_make(struct sim_producer *p)
{
    struct sim_random *random = &p->client.random;
    struct sim_history *h = p->client.history;
    uint32_t partition = (uint32_t)sim_random_below(random, h->partition_count);
    struct partition_queue *q = &p->queues[partition];
    /* Sequence numbers would be of the topic that was there before. */
    if (p->options.idempotent && sim_history_is_fleeting(h, partition))
        return;
    if (q->count >= QUEUE_MAX || !sim_history_is_made(h, partition))
        return;
    struct batch *batch = xcalloc(1, sizeof *batch);
    batch->partition = partition;
    batch->count = (uint32_t)sim_random_range(random, 1, p->options.records_max);
    batch->made_ns = p->client.reactor.now_ns;
    batch->ordinal = q->next_ordinal++;
    batch->base_sequence = q->next_sequence;
    q->next_sequence += (int32_t)batch->count;
    for (uint32_t i = 0; i < batch->count; i++) {
        uint32_t record = sim_history_add(
            h, partition, p->options.number,
            (uint32_t)sim_random_range(random, 8, p->options.size_max), p->options.idempotent);
        if (i == 0)
            batch->first_record = record;
    }
    *q->last = batch;
    q->last = &batch->next;
    q->count++;
}

static void work(struct sim_client *client)
{
    struct sim_producer *p = CONTAINER_OF(client, struct sim_producer, client);
    uint64_t now_ns = client->reactor.now_ns;
    if (p->options.idempotent && p->producer_id < 0) {
        if (!p->init_pending)
            init_ask(p);
        return;
    }
    if (!p->stopped && now_ns >= p->next_batch_ns) {
        p->next_batch_ns = now_ns + sim_random_range(&client->random, p->options.interval_min_ms,
                                                     p->options.interval_max_ms) *
                                        SIM_MS;
        batch_make(p);
    }
    for (struct client_node *node = client->nodes; node; node = node->next)
        while (node_produce(p, node))
            continue;
}

/* ---- life ---- */
static void producer_open(void *context, struct sim_process *process, const struct env *envs,
                          unsigned count, void **ret_shards)
{
    const struct sim_producer_options *options = context;
    struct sim_producer *p = xcalloc(1, sizeof *p);
    PRE(count == 1);
    p->options = *options;
    p->producer_id = -1;
    sim_client_init(&p->client, process, &envs[0], &options->client, work);
    p->queues = xcalloc(p->client.history->partition_count, sizeof *p->queues);
    for (size_t i = 0; i < p->client.history->partition_count; i++)
        p->queues[i].last = &p->queues[i].first;
    ret_shards[0] = p;
}

static void producer_step(void *shard, const struct event *event)
{
    struct sim_producer *p = shard;
    sim_client_step(&p->client, event);
}

static void producer_close(void *context, void **shards, unsigned count)
{
    struct sim_producer *p = shards[0];
    (void)context;
    (void)count;
    for (struct client_node *node = p->client.nodes; node; node = node->next) {
        while (node->first) {
            struct client_call *call = node->first;
            node->first = call->next;
            buf_unref(call->frame);
            if (call->done == produce_done)
                free(CONTAINER_OF(call, struct produce_call, call));
        }
    }
    for (size_t i = 0; i < p->client.history->partition_count; i++)
        while (p->queues[i].first)
            batch_remove(p, p->queues[i].first);
    free(p->queues);
    sim_client_deinit(&p->client);
    free(p);
    shards[0] = NULL;
}

struct sim_process *sim_producer_start(struct sim_host *host,
                                       const struct sim_producer_options *options)
{
    struct sim_producer_options copy = *options;
    struct sim_program program = {
        .open = producer_open, .step = producer_step, .close = producer_close, .context = &copy};
    struct sim_process_options one = {.shard_count = 1};
    return sim_process_start(host, &program, &one);
}

struct sim_producer *sim_producer_of(struct sim_process *process)
{
    return sim_process_shard(process, 0);
}

void sim_producer_stop(struct sim_producer *p)
{
    p->stopped = true;
}

bool sim_producer_is_idle(const struct sim_producer *p)
{
    for (size_t i = 0; i < p->client.history->partition_count; i++)
        if (p->queues[i].first && !p->client.history->partitions[i].lost)
            return false;
    return true;
}
