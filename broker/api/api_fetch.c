/* SPDX-License-Identifier: Apache-2.0 */
/* Fetch, with long polling. A read of each partition goes to the partition's shard, which answers
 * at once when there is anything to read and otherwise keeps the read as a waiter. The connection's
 * shard adds up the bytes. It stops waiting when min_bytes are there, when any read failed, or when
 * max_wait_ms is over; the reads that still wait are then cancelled, and the answer leaves when all
 * have returned.
 *
 * Partitions that returned early, with fewer than min_bytes in all, are read once more when the
 * time is over: the consumer gets what has gathered since. Fetch sessions (KIP-227) are answered
 * with id 0, so every fetch is a full one. */
#include "broker/api/api.h"
#include "broker/broker.h"
#include "common/assert.h"
#include "proto/gen/fetch.h"

/* What each partition may give at least, however many share an answer. */
#define PARTITION_SIZE_MIN (32 << 10)

/* The read of one partition. */
struct item {
    struct call call, cancel;
    struct fetch_waiter waiter;
    struct fetch_response_partition *answer;
    struct fetch *fetch;
    struct shard *there; /* the partition's */
    bool valid;          /* it is read; else it was refused here */
    bool out;            /* sent to the partition's shard and not returned yet */
    bool cancelled;      /* or does not wait, so that there is nothing to cancel */
};
enum fetch_phase {
    FETCH_SENDING, /* the reads go out; those that return at once are only counted */
    FETCH_WAITING, /* for min_bytes, a failure, or the timer */
    FETCH_ENDING,  /* nothing is waited for but the reads that are still out */
    FETCH_ANSWERED,
};
struct fetch {
    struct request *request;
    struct shard *shard;
    struct timer timer;
    struct fetch_request in;
    struct fetch_response out;
    struct item *items;
    uint32_t item_count, out_count;
    uint64_t size; /* read so far */
    enum fetch_phase phase;
    bool failed; /* an item was refused, or its read failed */
    bool reread; /* what had come early was read once more */
};

/* ---- on the partition's shard ---- */
static void waiter_done(struct fetch_waiter *w)
{
    struct item *it = CONTAINER_OF(w, struct item, waiter);
    call_return(it->there, &it->call);
}

static void item_there(struct call *call, struct shard *there)
{
    struct item *it = CONTAINER_OF(call, struct item, call);
    it->there = there;
    replica_host_fetch(there->replicas, &it->waiter);
}

static void cancel_there(struct call *call, struct shard *there)
{
    struct item *it = CONTAINER_OF(call, struct item, cancel);
    replica_host_fetch_cancel(there->replicas, &it->waiter);
    call_return(there, call);
}

/* ---- the answer ---- */
static void put_hint(struct fetch *f, struct item *it, struct fetch_response_node_endpoint *ends)
{
    const struct cluster_partition_item *item;
    const struct broker_meta *b = api_leader(f->shard, it->waiter.id, &item);
    bool fenced = it->answer->error_code == ERROR_FENCED_LEADER_EPOCH;
    if (b == NULL || (item->leader == f->shard->config->broker_id && !fenced))
        return;
    it->answer->current_leader.leader_id = item->leader;
    it->answer->current_leader.leader_epoch = item->leader_epoch;
    uint32_t k = 0;
    while (k < f->out.node_endpoints_count && ends[k].node_id != b->member.broker)
        k++;
    if (k == f->out.node_endpoints_count) {
        ends[k] = (struct fetch_response_node_endpoint){b->member.broker, view_of(b->host), b->port,
                                                        view_of(b->rack)};
        f->out.node_endpoints_count++;
    }
}

static void hint_leaders(struct fetch *f)
{
    /* Only from KIP-951 on, although earlier versions have the field. */
    bool hints = f->request->header.api_version >= 16;
    struct fetch_response_node_endpoint *ends =
        arena_array(&f->request->arena, f->shard->metadata.brokers->count, sizeof *ends);
    for (uint32_t i = 0; i < f->item_count; i++) {
        int16_t e = f->items[i].answer->error_code;
        if (e == ERROR_NOT_LEADER_OR_FOLLOWER)
            api_refused(f->shard, f->request, f->items[i].waiter.id);
        if (hints && (e == ERROR_NOT_LEADER_OR_FOLLOWER || e == ERROR_FENCED_LEADER_EPOCH))
            put_hint(f, &f->items[i], ends);
    }
    f->out.node_endpoints = ends;
}

static void put_result(struct item *it)
{
    const struct fetch_waiter *w = &it->waiter;
    struct fetch_response_partition *a = it->answer;
    a->error_code = (int16_t)api_error_of(it->fetch->shard, w->id, w->result);
    a->high_watermark = w->result == REPLICA_OK ? w->high_watermark : -1;
    a->last_stable_offset = w->result == REPLICA_OK ? w->stable_offset : -1;
    a->log_start_offset = w->result == REPLICA_OK ? w->log_start : -1;
    a->aborted_transactions_null = !w->committed;
    if (w->result == REPLICA_OK && w->diverging) {
        a->diverging_epoch.epoch = w->diverging_epoch;
        a->diverging_epoch.end_offset = w->diverging_end;
    }
}

/* Gathers what was read, in the order of the request, up to max_bytes; the first to have anything
 * always fits (KIP-74). */
static struct piece *gather(struct fetch *f, unsigned *ret_count)
{
    static const uint8_t nothing;
    uint64_t size = 0, limit = (uint64_t)(f->in.max_bytes > 0 ? f->in.max_bytes : 0);
    unsigned n = 0, most = 0;
    if (limit > (uint64_t)f->shard->config->fetch_max_bytes)
        limit = (uint64_t)f->shard->config->fetch_max_bytes;
    for (uint32_t i = 0; i < f->item_count; i++)
        most += f->items[i].waiter.read.piece_count;
    struct piece *pieces = arena_array(&f->request->arena, most + 1, sizeof *pieces);
    for (uint32_t i = 0; i < f->item_count; i++) {
        struct log_read *read = &f->items[i].waiter.read;
        f->items[i].answer->records = (struct view){&nothing, 0};
        if (read->size > 0 && (size == 0 || size + read->size <= limit)) {
            size += read->size;
            f->items[i].answer->records.size = read->size;
            memcpy(&pieces[n], read->pieces, read->piece_count * sizeof *pieces);
            n += read->piece_count;
            read->piece_count = 0; /* the references go with the answer */
        }
        log_read_reset(read);
    }
    *ret_count = n;
    return pieces;
}

static void answer(struct fetch *f)
{
    struct request *r = f->request;
    struct wire_writer w;
    unsigned piece_count;
    f->phase = FETCH_ANSWERED;
    timer_deinit(&f->timer);
    for (uint32_t i = 0; i < f->item_count; i++)
        if (f->items[i].valid)
            put_result(&f->items[i]);
    hint_leaders(f);
    struct piece *pieces = gather(f, &piece_count);
    request_begin_answer(r, &w);
    wire_writer_leave_gaps(&w);
    fetch_response_encode(&w, r->header.api_version, &f->out);
    request_answer(r, &w, pieces, piece_count);
}

/* ---- waiting ---- */
static void cancel_back(struct call *call, struct shard *home)
{
    struct item *it = CONTAINER_OF(call, struct item, cancel);
    (void)home;
    request_unref(it->fetch->request);
}

/* Cancels the reads that still wait. On this shard they return inside the call. */
static void end_waiting(struct fetch *f)
{
    f->phase = FETCH_ENDING;
    request_ref(f->request);
    for (uint32_t i = 0; i < f->item_count; i++) {
        struct item *it = &f->items[i];
        if (it->out && !it->cancelled) {
            it->cancelled = true;
            it->cancel.there = cancel_there;
            it->cancel.back = cancel_back;
            request_ref(f->request);
            call_make(f->shard, shard_of(f->shard, it->waiter.id), &it->cancel);
        }
    }
    request_unref(f->request);
}

static void send_item(struct fetch *f, struct item *it)
{
    unsigned to = shard_of(f->shard, it->waiter.id);
    f->shard->crossed += to != f->shard->number;
    it->out = true;
    f->out_count++;
    request_ref(f->request);
    call_make(f->shard, to, &it->call);
}

static bool has_enough(const struct fetch *f)
{
    return f->size >= (uint64_t)f->in.min_bytes;
}

/* All of them; none waits when a part of the request was refused. */
static void send_items(struct fetch *f)
{
    f->phase = FETCH_SENDING;
    for (uint32_t i = 0; i < f->item_count; i++) {
        if (f->items[i].valid) {
            f->items[i].waiter.wait &= !f->failed;
            send_item(f, &f->items[i]);
        }
    }
}

/* Reads those partitions once more, without waiting, that returned early with too little. True:
 * some of these reads are out. */
static bool read_again(struct fetch *f)
{
    if (f->reread || f->failed || f->size == 0 || has_enough(f))
        return false;
    f->reread = true;
    f->phase = FETCH_SENDING;
    f->size = 0;
    for (uint32_t i = 0; i < f->item_count; i++) {
        struct item *it = &f->items[i];
        if (it->valid && it->waiter.read.size > 0) {
            log_read_reset(&it->waiter.read);
            it->waiter.wait = false;
            it->cancelled = true;
            send_item(f, it);
        }
    }
    f->phase = FETCH_ENDING;
    return f->out_count > 0;
}

/* Takes the fetch as far as it can go now. The caller holds a reference to the request. */
static void proceed(struct fetch *f)
{
    if (f->phase == FETCH_WAITING && (f->failed || has_enough(f)))
        end_waiting(f);
    if (f->phase == FETCH_ENDING && f->out_count == 0 && !read_again(f))
        answer(f);
}

static void item_back(struct call *call, struct shard *home)
{
    struct item *it = CONTAINER_OF(call, struct item, call);
    struct fetch *f = it->fetch;
    (void)home;
    it->out = false;
    f->out_count--;
    f->size += it->waiter.read.size;
    f->failed |= it->waiter.result != REPLICA_OK || it->waiter.diverging;
    proceed(f);
    request_unref(f->request);
}

static void timed_out(struct timer *timer)
{
    struct fetch *f = CONTAINER_OF(timer, struct fetch, timer);
    request_ref(f->request);
    if (f->phase == FETCH_WAITING)
        end_waiting(f);
    proceed(f);
    request_unref(f->request);
}

/* A lost connection ends a fetch whose reads are all home and that waits for more to come: nothing
 * but its timer knows of it then. */
static void ended(struct request *r)
{
    struct fetch *f = r->state;
    timer_deinit(&f->timer);
}

/* ---- the start ---- */
static void refuse(struct fetch *f, struct item *it, enum error_code e)
{
    it->answer->error_code = (int16_t)e;
    it->answer->high_watermark = -1;
    f->failed = true;
}

/* The broker that says it fetches as a follower; negative: a consumer. */
static int32_t asker(const struct fetch *f)
{
    return f->request->header.api_version < 15 ? f->in.replica_id : f->in.replica_state.replica_id;
}

static void start_item(struct fetch *f, struct item *it, const struct fetch_request_partition *from,
                       const struct topic_meta *t, uint32_t share)
{
    bool by_id = f->request->header.api_version >= 13;
    it->fetch = f;
    it->answer->partition_index = from->partition;
    if (t == NULL || from->partition < 0 || (uint32_t)from->partition >= t->partition_count) {
        refuse(f, it,
               t == NULL && by_id ? ERROR_UNKNOWN_TOPIC_ID : ERROR_UNKNOWN_TOPIC_OR_PARTITION);
        return;
    }
    if (asker(f) >= 0) { /* our followers do not fetch: nobody else is a replica */
        refuse(f, it, ERROR_NOT_LEADER_OR_FOLLOWER);
        it->answer->aborted_transactions_null = true;
        return;
    }
    uint32_t size = from->partition_max_bytes > 0 ? (uint32_t)from->partition_max_bytes : 0;
    it->valid = true;
    it->waiter = (struct fetch_waiter){
        .id = {t->id, from->partition},
        .offset = from->fetch_offset,
        .size_max = size < share ? size : share,
        .first_whole = true,
        .wait = f->in.max_wait_ms > 0 && f->in.min_bytes > 0,
        .committed = f->in.isolation_level == 1,
        .current_leader_epoch = from->current_leader_epoch < 0 ? -1 : from->current_leader_epoch,
        .last_fetched_epoch = from->last_fetched_epoch,
        .done = waiter_done,
    };
    it->call.there = item_there;
    it->call.back = item_back;
}

static uint32_t share_of(const struct fetch *f)
{
    int64_t most = f->in.max_bytes < f->shard->config->fetch_max_bytes
                       ? f->in.max_bytes
                       : f->shard->config->fetch_max_bytes;
    int64_t share = f->item_count > 0 ? most / f->item_count : most;
    if (share < PARTITION_SIZE_MIN)
        share = most < PARTITION_SIZE_MIN ? most : PARTITION_SIZE_MIN;
    return share > 0 ? (uint32_t)share : 0;
}

static void lay_out(struct fetch *f)
{
    struct arena *arena = &f->request->arena;
    for (uint32_t i = 0; i < f->in.topics_count; i++)
        f->item_count += f->in.topics[i].partitions_count;
    f->items = arena_array(arena, f->item_count, sizeof *f->items);
    fetch_response_init(&f->out);
    f->out.responses_count = f->in.topics_count;
    f->out.responses = arena_array(arena, f->in.topics_count, sizeof *f->out.responses);
    uint32_t n = 0;
    for (uint32_t i = 0; i < f->in.topics_count; i++) {
        const struct fetch_request_topic *from = &f->in.topics[i];
        struct fetch_response_topic *to = &f->out.responses[i];
        const struct topic_meta *t = f->request->header.api_version >= 13
                                         ? metadata_by_id(&f->shard->metadata, from->topic_id)
                                         : metadata_by_name(&f->shard->metadata, from->topic);
        to->topic = from->topic;
        to->topic_id = from->topic_id;
        to->partitions_count = from->partitions_count;
        to->partitions = arena_array(arena, from->partitions_count, sizeof *to->partitions);
        for (uint32_t k = 0; k < from->partitions_count; k++) {
            struct item *it = &f->items[n++];
            it->answer = &to->partitions[k];
            fetch_response_partition_init(it->answer);
            start_item(f, it, &from->partitions[k], t, share_of(f));
        }
    }
}

/* What changed since the last request of a session: only who made the session could tell. The
 * client begins anew, with a full request (KIP-227). */
static void refuse_session(struct fetch *f)
{
    struct wire_writer w;
    fetch_response_init(&f->out);
    f->out.error_code = ERROR_FETCH_SESSION_ID_NOT_FOUND;
    request_begin_answer(f->request, &w);
    fetch_response_encode(&w, f->request->header.api_version, &f->out);
    request_answer(f->request, &w, NULL, 0);
}

void api_fetch_serve(struct shard *s, struct request *r)
{
    struct fetch *f = arena_alloc(&r->arena, sizeof *f);
    f->request = r;
    f->shard = s;
    if (!fetch_request_decode(&r->body, r->header.api_version, &r->arena, &f->in)) {
        request_hang_up(r, "a Fetch request that cannot be read");
        return;
    }
    if (r->header.api_version >= 7 && f->in.session_epoch != 0 && f->in.session_epoch != -1) {
        refuse_session(f); /* another broker's, or from before a restart */
        return;
    }
    timer_init(&f->timer, &s->reactor, timed_out);
    r->state = f;
    r->ended = ended;
    lay_out(f);
    bool waits = f->in.max_wait_ms > 0 && f->in.min_bytes > 0 && !f->failed;
    if (waits)
        timer_set(&f->timer, (uint64_t)f->in.max_wait_ms);
    request_ref(r);
    send_items(f);
    f->phase = waits ? FETCH_WAITING : FETCH_ENDING;
    proceed(f);
    request_unref(r);
}
