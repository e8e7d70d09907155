/* SPDX-License-Identifier: Apache-2.0 */
/* A batch from a client, or from the broker itself: admitted, checked against what its producer
 * sent before, appended (from then on its offset is decided), handed to the followers' streams, and
 * answered when it is committed (acks -1), synced here (acks 1) or at the end of the turn (0). */
#include "broker/log/producer_state.h"
#include "broker/replica/replica_internal.h"
#include "common/memory.h"
#include "proto/record_batch.h"

static void list_put(struct produce_waiter **at, struct produce_waiter *w,
                     struct produce_waiter ***last)
{
    w->next = *at;
    w->previous = at;
    if (w->next)
        w->next->previous = &w->next;
    else
        *last = &w->next;
    *at = w;
}

static void list_remove(struct produce_waiter *w, struct produce_waiter ***last)
{
    *w->previous = w->next;
    if (w->next)
        w->next->previous = w->previous;
    else
        *last = w->previous;
    w->next = NULL;
}

static void finish(struct replica_host *h, struct produce_waiter *w, enum replica_result result)
{
    w->result = result;
    w->place = PRODUCE_FINISHED;
    list_put(h->produced_last, w, &h->produced_last);
    host_turn_soon(h);
}

/* In order of wait_for; nearly always the last. */
static void wait_in(struct produce_waiter **first, struct produce_waiter ***last,
                    struct produce_waiter *w)
{
    struct produce_waiter **at = *last;
    w->place = PRODUCE_WAITS;
    while (at != first) {
        struct produce_waiter *before = CONTAINER_OF(at, struct produce_waiter, next);
        if (before->wait_for <= w->wait_for)
            break;
        at = before->previous;
    }
    list_put(at, w, last);
}

static void wake(struct replica *r, struct produce_waiter **first, struct produce_waiter ***last,
                 int64_t reached)
{
    while (*first && (*first)->wait_for <= reached) {
        struct produce_waiter *w = *first;
        list_remove(w, last);
        finish(r->host, w, w->forgotten ? REPLICA_DUPLICATE : REPLICA_OK);
    }
}

void produce_wake(struct replica *r)
{
    if (!r->log)
        return;
    wake(r, &r->by_commit, &r->by_commit_last, r->partition.high_watermark);
    wake(r, &r->by_sync, &r->by_sync_last, log_synced_end(r->log));
}

static void fail_doubted(struct replica *r, enum replica_result why)
{
    for (struct produce_waiter **at = &r->host->doubted; *at;) {
        struct produce_waiter *w = *at;
        if (uuid_equal(w->id.topic, r->id.topic) && w->id.number == r->id.number) {
            list_remove(w, &r->host->doubted_last);
            finish(r->host, w, why);
        } else {
            at = &w->next;
        }
    }
}

void produce_fail(struct replica *r, enum replica_result why)
{
    fail_doubted(r, why);
    while (r->by_commit) {
        struct produce_waiter *w = r->by_commit;
        list_remove(w, &r->by_commit_last);
        finish(r->host, w, why);
    }
    while (r->by_sync) {
        struct produce_waiter *w = r->by_sync;
        list_remove(w, &r->by_sync_last);
        finish(r->host, w, why);
    }
}

void produce_tell(struct replica_host *h)
{
    while (h->produced_first) {
        struct produce_waiter *w = h->produced_first;
        list_remove(w, &h->produced_last);
        w->place = PRODUCE_NOWHERE;
        w->done(w);
    }
}

static void wait_or_finish(struct replica *r, struct produce_waiter *w)
{
    if (w->acks == 0)
        finish(r->host, w, REPLICA_OK);
    else if (w->acks == 1)
        wait_in(&r->by_sync, &r->by_sync_last, w);
    else
        wait_in(&r->by_commit, &r->by_commit_last, w);
    produce_wake(r);
}

/* ---- batches that were refused ----
 *
 * An idempotent producer has several batches in flight. One that nothing is known of here may begin
 * anywhere, since what it sent before may have been deleted. So when its first batch is refused
 * (not leader yet, too few in sync) and the second, sent before that answer, is not, the second
 * would go first, and the first be out of order for ever. What was refused a moment ago is
 * remembered: what follows it must wait for it. */

static struct refused_batch *refused_find(const struct replica_host *h, struct partition_id id,
                                          const struct record_batch *batch)
{
    for (uint32_t i = 0; h->refused && i < REFUSED_BATCHES; i++) {
        struct refused_batch *b = &h->refused[i];
        if (b->until_ms > host_now_ms(h) && b->producer_id == batch->producer_id &&
            b->producer_epoch == batch->producer_epoch && b->id.number == id.number &&
            uuid_equal(b->id.topic, id.topic))
            return b;
    }
    return NULL;
}

static void refused_put(struct replica_host *h, const struct produce_waiter *w,
                        enum replica_result why)
{
    struct record_batch batch;
    struct view bytes = {piece_bytes(&w->batch), w->batch.size};
    if (record_batch_parse_header(bytes, &batch) != 0 || !record_batch_has_producer(&batch))
        return;
    struct refused_batch *b = refused_find(h, w->id, &batch);
    if (!b) {
        if (!h->refused)
            h->refused = xcalloc(REFUSED_BATCHES, sizeof *h->refused);
        b = &h->refused[h->refused_next++ % REFUSED_BATCHES];
        *b = (struct refused_batch){
            w->id, batch.producer_id, batch.producer_epoch, batch.base_sequence, why, 0};
    }
    if (batch.base_sequence < b->sequence)
        b->sequence = batch.base_sequence;
    b->until_ms = host_now_ms(h) + REFUSED_MS;
}

static bool overtakes_refused(const struct replica *r, const struct record_batch *batch)
{
    if (!record_batch_has_producer(batch) || batch->base_sequence == 0 ||
        producer_state_find(log_producers(r->log), batch->producer_id))
        return false;
    const struct refused_batch *b = refused_find(r->host, r->id, batch);
    return b && b->sequence < batch->base_sequence;
}

/* The leader before may still have what is missing, refused or waiting there: a client that looks
 * for the new one sends what comes next first. Told that this is out of order it would take a new
 * producer epoch, and what that leader has refused, or could not answer for, and is committed all
 * the same, would be written twice (librdkafka before 2.3, the Java client). */
static bool comes_from_another_leader(const struct replica *r, const struct producer *known)
{
    const struct partition *p = &r->partition;
    return known && known->batch_count > 0 &&
           known->batches[known->batch_count - 1].last_offset < p->epoch_start &&
           host_now_ms(r->host) - p->epoch_start_ms < REFUSED_MS;
}

/* What follows a refused batch that has not come again is refused for the same reason: said to be
 * out of order, a client may take it for a desynchronization that cannot be mended (librdkafka
 * before 2.3 does, when it was disconnected in between: its pull request 4438). */
static enum replica_result refuse_out_of_order(const struct replica *r,
                                               const struct produce_waiter *w)
{
    struct record_batch batch;
    struct view bytes = {piece_bytes(&w->batch), w->batch.size};
    if (record_batch_parse_header(bytes, &batch) != 0)
        return REPLICA_OUT_OF_ORDER;
    const struct refused_batch *b = refused_find(r->host, r->id, &batch);
    const struct producer *known = producer_state_find(log_producers(r->log), batch.producer_id);
    bool came_again = known && known->epoch == batch.producer_epoch && known->batch_count > 0 &&
                      b && known->batches[known->batch_count - 1].last_sequence >= b->sequence;
    if (b && !came_again && b->sequence < batch.base_sequence)
        return b->why;
    /* A leader that was cut off does not know what others have taken since. */
    if (comes_from_another_leader(r, known) || !partition_is_in_touch(&r->partition))
        return REPLICA_NOT_LEADER;
    return REPLICA_OUT_OF_ORDER;
}

/* ---- batches that seem out of order ----
 *
 * A leader may have been deposed without having heard of it, and the new one have taken what seems
 * to be missing. But then that one is a member of the maximal ISR, and refuses our pushes. So
 * before a batch is called out of order an empty push goes to each of them, and behind it a ping:
 * when all have answered that and none has refused, nobody else led when the batch came. */

static bool doubt_is_settled(struct replica *r, uint64_t doubt)
{
    const struct partition *p = &r->partition;
    for (uint32_t i = 0; i < p->peer_count; i++) {
        if (!partition_in_maximal_isr(p, p->peers[i].broker))
            continue;
        const struct feed *f = feed_find(r, p->peers[i].broker);
        if (!f || f->mode == FEED_OFF || f->live->doubt_settled < doubt || doubt == 0)
            return false;
    }
    return true;
}

/* A follower that joins the ISR while others are still to answer is asked as soon as it is there.
 */
static void ask_for(struct replica *r, uint64_t doubt)
{
    for (uint32_t i = 0; i < r->feed_count; i++) {
        const struct feed *f = &r->feeds[i];
        if (f->mode == FEED_OFF || f->live->doubt_wanted >= doubt)
            continue;
        feeds_mark(r);
        stream_doubt(f->live, doubt);
    }
}

static void doubt(struct replica *r, struct produce_waiter *w)
{
    struct replica_host *h = r->host;
    w->place = PRODUCE_DOUBTED;
    list_put(h->doubted_last, w, &h->doubted_last);
    if (!w->doubt)
        w->doubt = ++h->doubt_last;
    ask_for(r, w->doubt);
}

/* What the producer's last batches say; REPLICA_OK: append it, or it is a duplicate (w->duplicate).
 */
static enum replica_result check_producer(struct replica *r, struct produce_waiter *w)
{
    struct record_batch batch;
    struct producer_duplicate old;
    struct view bytes = {piece_bytes(&w->batch), w->batch.size};
    if (record_batch_parse_header(bytes, &batch) != 0)
        return REPLICA_CORRUPT;
    switch (producer_state_check(log_producers(r->log), &batch, &old)) {
    case PRODUCER_NEW:
        return overtakes_refused(r, &batch) ? REPLICA_OUT_OF_ORDER : REPLICA_OK;
    case PRODUCER_DUPLICATE:
        w->duplicate = true;
        w->base_offset = old.base_offset;
        w->wait_for = old.last_offset + 1;
        if (batch.attributes & RECORD_BATCH_APPEND_TIME)
            w->append_time_ms = old.timestamp_ms;
        return REPLICA_OK;
    case PRODUCER_FORGOTTEN:
        w->duplicate = w->forgotten = true;
        w->wait_for = old.last_offset + 1;
        return REPLICA_OK;
    case PRODUCER_OUT_OF_ORDER:
        return REPLICA_OUT_OF_ORDER;
    case PRODUCER_STALE_EPOCH:
        return REPLICA_STALE_PRODUCER;
    case PRODUCER_NOT_IN_TXN:
        return REPLICA_NOT_IN_TXN;
    case PRODUCER_FULL:
        break;
    }
    return REPLICA_TOO_MANY;
}

static enum replica_result append(struct replica *r, struct produce_waiter *w)
{
    struct log_place place;
    switch (log_append_leader(r->log, &w->batch, r->partition.order.leader_epoch, &place)) {
    case LOG_OK:
        break;
    case LOG_FULL:
        return REPLICA_STORAGE;
    default:
        replica_log_moved(r); /* it failed after its offset was decided: leads no more */
        return REPLICA_STORAGE;
    }
    w->base_offset = place.base;
    w->wait_for = place.end;
    feed_appended(r, &w->batch, place.base, place.end);
    replica_log_moved(r);
    return REPLICA_OK;
}

static void produce(struct replica_host *h, struct produce_waiter *w)
{
    struct replica *r = host_find(h, w->id);
    enum replica_result result = REPLICA_OK;
    enum partition_admission admission = PARTITION_ADMITTED;
    w->base_offset = w->append_time_ms = w->log_start = -1;
    w->duplicate = w->forgotten = false;
    if (!r || !r->partition.ordered || h->stopping)
        result = h->stopping ? REPLICA_NOT_LEADER : REPLICA_UNKNOWN;
    else if ((admission = partition_admit(&r->partition, w->acks)) == PARTITION_NOT_LEADER)
        result = REPLICA_NOT_LEADER;
    else if (!w->internal)
        result = check_producer(r, w);
    /* Too few in sync for a new batch. One that is there already only waits for its commit: were it
     * refused, those behind it might be taken before it comes again, and it be forgotten. */
    if (admission == PARTITION_NOT_ENOUGH_REPLICAS && !w->duplicate)
        result = REPLICA_NOT_ENOUGH;
    if (result == REPLICA_OK && !w->duplicate)
        result = append(r, w);
    if (result == REPLICA_OUT_OF_ORDER || result == REPLICA_STALE_PRODUCER)
        w->log_start = log_start(r->log);
    if (result == REPLICA_OUT_OF_ORDER) {
        result = refuse_out_of_order(r, w);
        if (result == REPLICA_OUT_OF_ORDER && !doubt_is_settled(r, w->doubt))
            doubt(r, w);
        else
            finish(h, w, result);
        return;
    }
    if (result != REPLICA_OK) {
        if (!w->internal)
            refused_put(h, w, result);
        finish(h, w, result);
        return;
    }
    w->log_start = log_start(r->log);
    wait_or_finish(r, w);
}

void replica_host_produce(struct replica_host *h, struct produce_waiter *w)
{
    w->doubt = 0;
    produce(h, w);
}

/* What was missing may have come, or leadership have gone. */
void produce_doubted(struct replica_host *h)
{
    struct produce_waiter *w = h->doubted;
    h->doubted = NULL;
    h->doubted_last = &h->doubted;
    while (w) {
        struct produce_waiter *next = w->next;
        produce(h, w);
        w = next;
    }
}

void replica_host_produce_cancel(struct replica_host *h, struct produce_waiter *w)
{
    struct replica *r = host_find(h, w->id);
    if (w->place == PRODUCE_DOUBTED)
        list_remove(w, &h->doubted_last);
    if (w->place == PRODUCE_FINISHED)
        list_remove(w, &h->produced_last);
    else if (w->place == PRODUCE_WAITS && r)
        list_remove(w, w->acks == 1 ? &r->by_sync_last : &r->by_commit_last);
    w->place = PRODUCE_NOWHERE;
}
