/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/sim/sim_consumer.h"

#include <stdio.h>
#include <stdlib.h>

#include "common/assert.h"
#include "common/memory.h"
#include "proto/error_code.h"
#include "proto/gen/fetch.h"
#include "proto/gen/list_offsets.h"
#include "proto/record_reader.h"

#define FETCH_BY_ID_VERSION 13
#define LIST_OFFSETS_VERSION 7
#define CALL_PARTITIONS_MAX 32

struct position {
    int64_t offset, high_watermark;
    const struct client_node *asked_of; /* a call for it is on its way there; NULL: none is */
    uint64_t retry_after_ns;
};
struct sim_consumer {
    struct sim_client client;
    struct sim_consumer_options options;
    struct position *positions;
    uint64_t out_of_range;
    char name[32];
};
struct consumer_call {
    struct client_call call;
    struct sim_consumer *consumer;
    uint32_t count;
    uint32_t partitions[CALL_PARTITIONS_MAX];
};

static void position_put_off(struct sim_consumer *c, struct position *p)
{
    p->retry_after_ns =
        c->client.reactor.now_ns + sim_random_range(&c->client.random, 20, 150) * SIM_MS;
    sim_client_refresh(&c->client);
}

static void call_home(struct consumer_call *cc)
{
    for (uint32_t i = 0; i < cc->count; i++)
        cc->consumer->positions[cc->partitions[i]].asked_of = NULL;
}

/* ---- records ---- */
static void batch_read(struct sim_consumer *c, uint32_t partition, const struct record_batch *batch)
{
    struct sim_history *h = c->client.history;
    struct position *p = &c->positions[partition];
    struct record_reader reader;
    struct record record;
    if (record_reader_init(&reader, batch) != 0) {
        sim_violation(h, "%s: a batch of partition %u cannot be read", c->name, partition);
        return;
    }
    while (!h->violation && record_reader_next(&reader, &record) == 0) {
        if (record.offset < p->offset)
            continue;
        if (record.offset > p->offset || record.offset >= p->high_watermark) {
            sim_violation(h, "%s: partition %u: offset %lld comes at %lld, high watermark %lld",
                          c->name, partition, (long long)record.offset, (long long)p->offset,
                          (long long)p->high_watermark);
            return;
        }
        sim_history_seen(h, partition, record.offset, record.value, c->name);
        p->offset = record.offset + 1;
        sim_history_read_to(h, partition, p->offset);
    }
}

static void records_read(struct sim_consumer *c, uint32_t partition, struct view records)
{
    while (!c->client.history->violation) {
        struct record_batch batch;
        int error = record_batch_next(&records, &batch);
        if (error == RECORD_BATCH_END || error == RECORD_BATCH_SHORT)
            return;
        if (error || !record_batch_crc_ok(&batch)) {
            sim_violation(c->client.history, "%s: partition %u: a batch that is %s", c->name,
                          partition,
                          record_batch_error_text(error ? (enum record_batch_error)error
                                                        : RECORD_BATCH_BAD_CRC));
            return;
        }
        batch_read(c, partition, &batch);
    }
}

static void fetched(struct sim_consumer *c, uint32_t partition,
                    const struct fetch_response_partition *answer)
{
    const struct sim_partition_history *ph = &c->client.history->partitions[partition];
    struct position *p = &c->positions[partition];
    if (p->offset < 0)
        return; /* rewound meanwhile */
    if (answer->error_code != 0) {
        if (answer->error_code == ERROR_OFFSET_OUT_OF_RANGE) {
            c->out_of_range++;
            if (p->offset < ph->removed_end || ph->unclean)
                p->offset = -1; /* begins again where the log does */
        }
        position_put_off(c, p);
        return;
    }
    p->high_watermark = answer->high_watermark;
    if (answer->records.size)
        records_read(c, partition, answer->records);
}

static void fetch_done(struct client_call *call, struct wire_reader *r)
{
    struct consumer_call *cc = CONTAINER_OF(call, struct consumer_call, call);
    struct sim_consumer *c = cc->consumer;
    struct sim_history *h = c->client.history;
    struct arena arena = ARENA_INIT;
    struct fetch_response answer;
    call_home(cc);
    if (r && !fetch_response_decode(r, call->version, &arena, &answer)) {
        sim_violation(h, "an answer to Fetch does not decode");
    } else if (!r || answer.error_code) {
        for (uint32_t i = 0; i < cc->count; i++)
            position_put_off(c, &c->positions[cc->partitions[i]]);
    } else {
        for (uint32_t t = 0; t < answer.responses_count; t++) {
            const struct fetch_response_topic *topic = &answer.responses[t];
            for (uint32_t i = 0; i < topic->partitions_count; i++) {
                int32_t number = topic->partitions[i].partition_index;
                uint32_t partition = call->version >= FETCH_BY_ID_VERSION
                                         ? sim_history_find_id(h, topic->topic_id, number)
                                         : sim_history_find(h, topic->topic, number);
                if (partition != SIM_NO_RECORD)
                    fetched(c, partition, &topic->partitions[i]);
            }
        }
    }
    arena_reset(&arena);
    free(cc);
    c->client.work(&c->client);
}

/* ---- asking ---- */
static struct consumer_call *call_new(struct sim_consumer *c,
                                      void (*done)(struct client_call *, struct wire_reader *))
{
    struct consumer_call *cc = xcalloc(1, sizeof *cc);
    cc->consumer = c;
    cc->call.done = done;
    return cc;
}

/* Those that this node leads, whose turn it is, with a known position or without. */
static void call_gather(struct consumer_call *cc, struct client_node *node, bool known)
{
    struct sim_consumer *c = cc->consumer;
    for (uint32_t i = 0; i < c->client.history->partition_count; i++) {
        struct position *p = &c->positions[i];
        if (sim_history_is_fleeting(c->client.history, i) ||
            !sim_history_is_made(c->client.history, i))
            continue;
        if (p->asked_of || (p->offset >= 0) != known || cc->count == CALL_PARTITIONS_MAX ||
            p->retry_after_ns > c->client.reactor.now_ns ||
            sim_client_leader(&c->client, i) != node)
            continue;
        p->asked_of = node;
        cc->partitions[cc->count++] = i;
    }
}

/* As real consumers do: one fetch at a time. A second one would be answered behind the first, which
 * may wait for records of a partition that is at its end. */
static bool is_fetching(const struct sim_consumer *c, const struct client_node *node)
{
    for (uint32_t i = 0; i < c->client.history->partition_count; i++)
        if (c->positions[i].asked_of == node && c->positions[i].offset >= 0)
            return true;
    return false;
}

static void fetch_send(struct sim_consumer *c, struct client_node *node)
{
    if (is_fetching(c, node))
        return;
    struct consumer_call *cc = call_new(c, fetch_done);
    const struct sim_history *h = c->client.history;
    struct fetch_request_partition partitions[CALL_PARTITIONS_MAX];
    struct fetch_request_topic topics[CALL_PARTITIONS_MAX];
    struct fetch_request request;
    struct wire_writer w;
    uint32_t from;
    call_gather(cc, node, true);
    if (cc->count == 0) {
        free(cc);
        return;
    }
    fetch_request_init(&request);
    request.max_wait_ms = c->options.max_wait_ms;
    request.min_bytes = 1;
    request.max_bytes = 1 << 20;
    request.session_epoch = -1;
    request.topics = topics;
    for (uint32_t i = 0; i < cc->count; i++) {
        const struct sim_partition_history *ph = &h->partitions[cc->partitions[i]];
        const struct sim_topic_history *th = &h->topics[ph->topic];
        fetch_request_partition_init(&partitions[i]);
        if (i == 0 || h->partitions[cc->partitions[i - 1]].topic != ph->topic) {
            struct fetch_request_topic *topic = &topics[request.topics_count++];
            fetch_request_topic_init(topic);
            topic->topic = view_of(th->name);
            topic->topic_id = th->id;
            topic->partitions = &partitions[i];
        }
        topics[request.topics_count - 1].partitions_count++;
        partitions[i].partition = ph->number;
        partitions[i].current_leader_epoch = c->client.partitions[cc->partitions[i]].leader_epoch;
        partitions[i].fetch_offset = c->positions[cc->partitions[i]].offset;
        partitions[i].partition_max_bytes = c->options.partition_max_bytes;
    }
    sim_call_begin(&c->client, &cc->call, API_FETCH, c->options.version, &w, &from);
    fetch_request_encode(&w, c->options.version, &request);
    sim_call_send(&c->client, node, &cc->call, &w, from);
}

static void list_done(struct client_call *call, struct wire_reader *r)
{
    struct consumer_call *cc = CONTAINER_OF(call, struct consumer_call, call);
    struct sim_consumer *c = cc->consumer;
    struct arena arena = ARENA_INIT;
    struct list_offsets_response answer;
    call_home(cc);
    for (uint32_t i = 0; i < cc->count; i++)
        position_put_off(c, &c->positions[cc->partitions[i]]);
    if (r && !list_offsets_response_decode(r, call->version, &arena, &answer)) {
        sim_violation(c->client.history, "an answer to ListOffsets does not decode");
    } else if (r) {
        for (uint32_t t = 0; t < answer.topics_count; t++) {
            for (uint32_t i = 0; i < answer.topics[t].partitions_count; i++) {
                const struct list_offsets_response_partition *p = &answer.topics[t].partitions[i];
                uint32_t partition =
                    sim_history_find(c->client.history, answer.topics[t].name, p->partition_index);
                if (partition == SIM_NO_RECORD || p->error_code != 0)
                    continue;
                const struct sim_partition_history *ph = &c->client.history->partitions[partition];
                if (p->offset > ph->removed_end && !ph->unclean)
                    sim_violation(c->client.history, "%s: partition %u begins at %lld", c->name,
                                  partition, (long long)p->offset);
                c->positions[partition].offset = p->offset;
                c->positions[partition].retry_after_ns = 0;
            }
        }
    }
    arena_reset(&arena);
    free(cc);
}

/* Where does each begin? */
static void list_send(struct sim_consumer *c, struct client_node *node)
{
    struct consumer_call *cc = call_new(c, list_done);
    const struct sim_history *h = c->client.history;
    struct list_offsets_request_partition partitions[CALL_PARTITIONS_MAX];
    struct list_offsets_request_topic topics[CALL_PARTITIONS_MAX];
    struct list_offsets_request request;
    struct wire_writer w;
    uint32_t from;
    call_gather(cc, node, false);
    if (cc->count == 0) {
        free(cc);
        return;
    }
    list_offsets_request_init(&request);
    request.replica_id = -1;
    request.topics = topics;
    for (uint32_t i = 0; i < cc->count; i++) {
        const struct sim_partition_history *ph = &h->partitions[cc->partitions[i]];
        list_offsets_request_partition_init(&partitions[i]);
        if (i == 0 || h->partitions[cc->partitions[i - 1]].topic != ph->topic) {
            struct list_offsets_request_topic *topic = &topics[request.topics_count++];
            list_offsets_request_topic_init(topic);
            topic->name = view_of(h->topics[ph->topic].name);
            topic->partitions = &partitions[i];
        }
        topics[request.topics_count - 1].partitions_count++;
        partitions[i].partition_index = ph->number;
        partitions[i].current_leader_epoch = -1;
        partitions[i].timestamp = -2;
    }
    sim_call_begin(&c->client, &cc->call, API_LIST_OFFSETS, LIST_OFFSETS_VERSION, &w, &from);
    list_offsets_request_encode(&w, LIST_OFFSETS_VERSION, &request);
    sim_call_send(&c->client, node, &cc->call, &w, from);
}

static void work(struct sim_client *client)
{
    struct sim_consumer *c = CONTAINER_OF(client, struct sim_consumer, client);
    for (struct client_node *node = client->nodes; node; node = node->next) {
        list_send(c, node);
        fetch_send(c, node);
    }
}

/* ---- life ---- */
static void consumer_open(void *context, struct sim_process *process, const struct env *envs,
                          unsigned count, void **ret_shards)
{
    const struct sim_consumer_options *options = context;
    struct sim_consumer *c = xcalloc(1, sizeof *c);
    PRE(count == 1);
    c->options = *options;
    snprintf(c->name, sizeof c->name, "consumer %u", options->number);
    sim_client_init(&c->client, process, &envs[0], &options->client, work);
    c->positions = xcalloc(c->client.history->partition_count, sizeof *c->positions);
    for (size_t i = 0; i < c->client.history->partition_count; i++)
        c->positions[i].offset = c->positions[i].high_watermark = -1;
    ret_shards[0] = c;
}

static void consumer_step(void *shard, const struct event *event)
{
    struct sim_consumer *c = shard;
    sim_client_step(&c->client, event);
}

static void consumer_close(void *context, void **shards, unsigned count)
{
    struct sim_consumer *c = shards[0];
    (void)context;
    (void)count;
    for (struct client_node *node = c->client.nodes; node; node = node->next) {
        while (node->first) {
            struct client_call *call = node->first;
            node->first = call->next;
            buf_unref(call->frame);
            if (call->done == fetch_done || call->done == list_done)
                free(CONTAINER_OF(call, struct consumer_call, call));
        }
    }
    free(c->positions);
    sim_client_deinit(&c->client);
    free(c);
    shards[0] = NULL;
}

struct sim_process *sim_consumer_start(struct sim_host *host,
                                       const struct sim_consumer_options *options)
{
    struct sim_consumer_options copy = *options;
    struct sim_program program = {
        .open = consumer_open, .step = consumer_step, .close = consumer_close, .context = &copy};
    struct sim_process_options one = {.shard_count = 1};
    return sim_process_start(host, &program, &one);
}

struct sim_consumer *sim_consumer_of(struct sim_process *process)
{
    return sim_process_shard(process, 0);
}

void sim_consumer_rewind(struct sim_consumer *c, uint32_t partition)
{
    c->positions[partition].offset = c->positions[partition].high_watermark = -1;
}

int64_t sim_consumer_position(const struct sim_consumer *c, uint32_t partition)
{
    return c->positions[partition].offset;
}

int64_t sim_consumer_high_watermark(const struct sim_consumer *c, uint32_t partition)
{
    return c->positions[partition].high_watermark;
}

uint64_t sim_consumer_out_of_range(const struct sim_consumer *c)
{
    return c->out_of_range;
}
