/* SPDX-License-Identifier: Apache-2.0 */
/* Produce. The connection's shard checks each batch (bounds, CRC, size) and hands it to its
 * partition's shard, with a reference to the buffer that it was received in. The request is
 * answered when all its partitions have answered, or when its time is over.
 *
 * The batches of one connection reach a partition's log in the order of their requests, because
 * calls between two shards keep their order and a partition belongs to one shard. */
#include "broker/api/api.h"
#include "broker/broker.h"
#include "common/assert.h"
#include "proto/gen/produce.h"
#include "proto/record_batch.h"

/* The batch of one partition. */
struct item {
    struct call call, cancel;
    struct produce_waiter waiter;
    struct produce_response_partition *answer;
    struct produce *produce;
    struct shard *there; /* where the replica is */
    bool out;            /* given to a replica and not home yet */
};
struct produce {
    struct request *request;
    struct shard *shard;
    struct timer timer;
    struct produce_request in;
    struct produce_response out;
    struct item *items;
    uint32_t item_count, out_count;
    int64_t now_ms; /* wall clock: the LogAppendTime of its batches */
    bool answered, failed;
};

/* ---- checks on the connection's shard ---- */
static enum error_code check_codec(const struct record_batch *b, int16_t version)
{
    return record_batch_codec(b) == RECORD_CODEC_ZSTD && version < 7
               ? ERROR_UNSUPPORTED_COMPRESSION_TYPE
               : ERROR_NONE;
}

/* Checks the times in the batch's header: of the first record and of the latest (KIP-937). */
static bool times_allowed(const struct topic_config *c, const struct record_batch *b,
                          int64_t now_ms)
{
    const int64_t times[] = {b->base_timestamp, b->max_timestamp};
    for (unsigned i = 0; i < COUNT_OF(times); i++) {
        int64_t before_ms = times[i] >= 0 ? now_ms - times[i] : INT64_MAX;
        if (times[i] != -1 && (before_ms > c->timestamp_before_max_ms ||
                               (before_ms < 0 && -before_ms > c->timestamp_after_max_ms)))
            return false;
    }
    return true;
}

/* Only a broker may say that a time is a LogAppendTime. In a topic that uses LogAppendTime, the
 * times of the producer do not matter. */
static enum error_code check_times(const struct topic_config *c, const struct record_batch *b,
                                   int64_t now_ms)
{
    if (b->attributes & RECORD_BATCH_APPEND_TIME ||
        (!c->append_time && !times_allowed(c, b, now_ms)))
        return ERROR_INVALID_TIMESTAMP;
    return ERROR_NONE;
}

/* From version 3 on, a Produce carries exactly one batch of magic 2 for each partition. */
static enum error_code check_batch(const struct produce *p, const struct topic_meta *t,
                                   struct view records, struct record_batch *ret)
{
    if (records.base == NULL || records.size == 0)
        return ERROR_INVALID_RECORD;
    switch (record_batch_parse(records, ret)) {
    case 0:
        break;
    case RECORD_BATCH_OLD_MAGIC:
        return ERROR_UNSUPPORTED_FOR_MESSAGE_FORMAT;
    case RECORD_BATCH_SHORT:
    case RECORD_BATCH_BAD_HEADER:
        return ERROR_INVALID_RECORD;
    default:
        return ERROR_CORRUPT_MESSAGE;
    }
    if (ret->size != records.size || ret->base_offset != 0 || !record_batch_is_producible(ret))
        return ERROR_INVALID_RECORD;
    if (ret->size > (uint64_t)t->config.max_message_bytes)
        return ERROR_MESSAGE_TOO_LARGE;
    if (ret->size > t->config.log.segment_bytes)
        return ERROR_RECORD_LIST_TOO_LARGE;
    if (record_batch_is_transactional(ret))
        return ERROR_INVALID_TXN_STATE;
    enum error_code e = check_codec(ret, p->request->header.api_version);
    return e == ERROR_NONE ? check_times(&t->config, ret, p->now_ms) : e;
}

static const char *error_text(enum error_code e)
{
    switch (e) {
    case ERROR_INVALID_RECORD:
        return "One or more records have been rejected: exactly one valid record batch is expected";
    case ERROR_INVALID_TIMESTAMP:
        return "One or more records have been rejected due to invalid timestamp";
    case ERROR_CORRUPT_MESSAGE:
        return "The bytes are not a record batch, or their checksum is wrong";
    case ERROR_UNSUPPORTED_FOR_MESSAGE_FORMAT:
        return "Record batches of the message format before 0.11 are not supported";
    case ERROR_INVALID_TXN_STATE:
        return "Transactions are not supported";
    default:
        return NULL;
    }
}

static void refuse(struct item *it, enum error_code e)
{
    it->answer->error_code = (int16_t)e;
    it->answer->base_offset = -1;
    it->answer->error_message = view_of(error_text(e));
    it->produce->failed = true;
}

/* ---- on the partition's shard ---- */
static void waiter_done(struct produce_waiter *w)
{
    struct item *it = CONTAINER_OF(w, struct item, waiter);
    call_return(it->there, &it->call);
}

static void item_there(struct call *call, struct shard *there)
{
    struct item *it = CONTAINER_OF(call, struct item, call);
    it->there = there;
    replica_host_produce(there->replicas, &it->waiter);
}

static void cancel_there(struct call *call, struct shard *there)
{
    struct item *it = CONTAINER_OF(call, struct item, cancel);
    if (it->waiter.place == PRODUCE_WAITS || it->waiter.place == PRODUCE_DOUBTED) {
        replica_host_produce_cancel(there->replicas, &it->waiter);
        it->waiter.result = REPLICA_NOT_LEADER;
        call_return(there, &it->call);
    }
    call_return(there, call);
}

/* ---- the answer ---- */
static void put_hint(struct produce *p, struct item *it,
                     struct produce_response_node_endpoint *ends)
{
    const struct cluster_partition_item *item;
    const struct broker_meta *b = api_leader(p->shard, it->waiter.id, &item);
    if (b == NULL || item->leader == p->shard->config->broker_id)
        return;
    it->answer->current_leader.leader_id = item->leader;
    it->answer->current_leader.leader_epoch = item->leader_epoch;
    uint32_t k = 0;
    while (k < p->out.node_endpoints_count && ends[k].node_id != b->member.broker)
        k++;
    if (k == p->out.node_endpoints_count) {
        ends[k] = (struct produce_response_node_endpoint){b->member.broker, view_of(b->host),
                                                          b->port, view_of(b->rack)};
        p->out.node_endpoints_count++;
    }
}

/* Names the new leader of each partition that is not led here (KIP-951). */
static void hint_leaders(struct produce *p)
{
    struct produce_response_node_endpoint *ends =
        arena_array(&p->request->arena, p->shard->metadata.brokers->count, sizeof *ends);
    for (uint32_t i = 0; i < p->item_count; i++) {
        if (p->items[i].answer->error_code == ERROR_NOT_LEADER_OR_FOLLOWER) {
            put_hint(p, &p->items[i], ends);
            api_refused(p->shard, p->request, p->items[i].waiter.id);
        }
    }
    p->out.node_endpoints = ends;
}

static void answer(struct produce *p)
{
    struct request *r = p->request;
    struct wire_writer w;
    p->answered = true;
    timer_deinit(&p->timer);
    if (p->in.acks == 0) {
        if (p->failed)
            request_hang_up(r, "a Produce request with acks=0 that failed");
        else
            request_answer_nothing(r);
        return;
    }
    if (p->failed)
        hint_leaders(p);
    request_begin_answer(r, &w);
    produce_response_encode(&w, r->header.api_version, &p->out);
    request_answer(r, &w, NULL, 0);
}

static void finish_one(struct produce *p)
{
    if (p->out_count == 0 && !p->answered)
        answer(p);
    request_unref(p->request);
}

static void item_back(struct call *call, struct shard *home)
{
    struct item *it = CONTAINER_OF(call, struct item, call);
    struct produce *p = it->produce;
    it->out = false;
    p->out_count--;
    buf_unref(it->waiter.batch.buf);
    if (!p->answered) {
        const struct produce_waiter *w = &it->waiter;
        it->answer->error_code = (int16_t)api_error_of(home, w->id, w->result);
        it->answer->base_offset = w->result == REPLICA_OK ? w->base_offset : -1;
        it->answer->log_start_offset = w->log_start;
        if (w->result == REPLICA_OK && it->answer->log_append_time_ms >= 0 && w->duplicate)
            it->answer->log_append_time_ms = w->append_time_ms;
        if (w->result != REPLICA_OK) {
            it->answer->log_append_time_ms = -1;
            p->failed = true;
        }
    }
    finish_one(p);
}

static void cancel_back(struct call *call, struct shard *home)
{
    struct item *it = CONTAINER_OF(call, struct item, cancel);
    (void)home;
    request_unref(it->produce->request);
}

/* A batch that is not committed in time may still be: REQUEST_TIMED_OUT says just that. */
static void timed_out(struct timer *timer)
{
    struct produce *p = CONTAINER_OF(timer, struct produce, timer);
    for (uint32_t i = 0; i < p->item_count; i++) {
        if (p->items[i].out) {
            p->items[i].answer->error_code = ERROR_REQUEST_TIMED_OUT;
            p->items[i].answer->base_offset = -1;
        }
    }
    request_ref(p->request);
    answer(p);
    for (uint32_t i = 0; i < p->item_count; i++) {
        struct item *it = &p->items[i];
        if (it->out) {
            request_ref(p->request);
            it->cancel.there = cancel_there;
            it->cancel.back = cancel_back;
            call_make(p->shard, shard_of(p->shard, it->waiter.id), &it->cancel);
        }
    }
    request_unref(p->request);
}

/* ---- the start ---- */
static void stamp(struct produce *p, struct item *it, const struct topic_meta *t,
                  struct view records)
{
    if (t->config.append_time) {
        it->answer->log_append_time_ms = p->now_ms;
        record_batch_set_append_time(p->request->buf->data + (records.base - p->request->buf->data),
                                     records.size, p->now_ms);
    }
}

static void start_item(struct produce *p, struct item *it,
                       const struct produce_request_partition *from, const struct topic_meta *t)
{
    struct record_batch batch;
    it->produce = p;
    it->answer->index = from->index;
    it->answer->log_append_time_ms = -1;
    if (t == NULL || from->index < 0 || (uint32_t)from->index >= t->partition_count) {
        refuse(it, ERROR_UNKNOWN_TOPIC_OR_PARTITION);
        return;
    }
    it->waiter.id = (struct partition_id){t->id, from->index};
    if (p->in.acks < -1 || p->in.acks > 1) {
        refuse(it, ERROR_INVALID_REQUIRED_ACKS);
        return;
    }
    if (t->internal && !view_equal(p->request->header.client_id, VIEW_LITERAL("__admin_client"))) {
        refuse(it, ERROR_INVALID_TOPIC_EXCEPTION);
        return;
    }
    enum error_code wrong = check_batch(p, t, from->records, &batch);
    if (wrong != ERROR_NONE) {
        refuse(it, wrong);
        return;
    }
    stamp(p, it, t, from->records);
    it->waiter.batch = (struct piece){.buf = buf_ref(p->request->buf),
                                      .pos = (uint64_t)(from->records.base - p->request->buf->data),
                                      .size = from->records.size};
    it->waiter.acks = p->in.acks;
    it->waiter.done = waiter_done;
    it->call.there = item_there;
    it->call.back = item_back;
    it->out = true;
    p->out_count++;
}

static void lay_out(struct produce *p)
{
    struct arena *arena = &p->request->arena;
    for (uint32_t i = 0; i < p->in.topic_data_count; i++)
        p->item_count += p->in.topic_data[i].partition_data_count;
    p->items = arena_array(arena, p->item_count, sizeof *p->items);
    produce_response_init(&p->out);
    p->out.responses_count = p->in.topic_data_count;
    p->out.responses = arena_array(arena, p->in.topic_data_count, sizeof *p->out.responses);
    uint32_t n = 0;
    for (uint32_t i = 0; i < p->in.topic_data_count; i++) {
        const struct produce_request_topic *from = &p->in.topic_data[i];
        struct produce_response_topic *to = &p->out.responses[i];
        const struct topic_meta *t = metadata_by_name(&p->shard->metadata, from->name);
        to->name = from->name;
        to->partition_responses_count = from->partition_data_count;
        to->partition_responses =
            arena_array(arena, from->partition_data_count, sizeof *to->partition_responses);
        for (uint32_t k = 0; k < from->partition_data_count; k++) {
            struct item *it = &p->items[n++];
            it->answer = &to->partition_responses[k];
            produce_response_partition_init(it->answer);
            start_item(p, it, &from->partition_data[k], t);
        }
    }
}

static void send_items(struct produce *p)
{
    struct shard *s = p->shard;
    struct request *r = request_ref(p->request);
    if (p->in.acks == -1 && p->out_count > 0)
        timer_set(&p->timer, p->in.timeout_ms > 0 ? (uint64_t)p->in.timeout_ms : 0);
    p->out_count++; /* keeps items that return at once from finishing the request too early */
    for (uint32_t i = 0; i < p->item_count; i++) {
        struct item *it = &p->items[i];
        if (it->out) {
            unsigned to = shard_of(s, it->waiter.id);
            s->crossed += to != s->number;
            request_ref(r);
            call_make(s, to, &it->call);
        }
    }
    p->out_count--;
    finish_one(p);
}

void api_produce_serve(struct shard *s, struct request *r)
{
    if (r->header.api_version < r->header.api->served_min) {
        request_hang_up(r, "a Produce request of a version before 3");
        return;
    }
    struct produce *p = arena_alloc(&r->arena, sizeof *p);
    p->request = r;
    p->shard = s;
    if (!produce_request_decode(&r->body, r->header.api_version, &r->arena, &p->in)) {
        request_hang_up(r, "a Produce request that cannot be read");
        return;
    }
    timer_init(&p->timer, &s->reactor, timed_out);
    p->now_ms = s->reactor.env.ops->wall_ms(s->reactor.env.world);
    lay_out(p);
    send_items(p);
}
