/* SPDX-License-Identifier: Apache-2.0 */
/* What a replica host answers to fetches and to questions about offsets and epochs, and what it
 * tells of a partition whose topic is deleted. */
#include "tests/lib/log_host.h"
#include "tests/lib/replica_pair.h"
#include "tests/lib/suite.h"

#define BATCHES 5

struct fetch {
    struct fetch_waiter w;
    uint32_t answers;
};

static void fetch_done(struct fetch_waiter *w)
{
    CONTAINER_OF(w, struct fetch, w)->answers++;
}

static struct fetch fetch_from(int64_t offset)
{
    struct fetch f = {.w = {.id = REPLICA_PAIR_ID,
                            .offset = offset,
                            .size_max = 1 << 20,
                            .first_whole = true,
                            .current_leader_epoch = -1,
                            .last_fetched_epoch = -1,
                            .done = fetch_done}};
    return f;
}

static void start_fetch(void *context, struct replica_host *host)
{
    replica_host_fetch(host, &((struct fetch *)context)->w);
}

static void cancel_fetch(void *context, struct replica_host *host)
{
    replica_host_fetch_cancel(host, &((struct fetch *)context)->w);
}

static bool fetch_answered(void *context)
{
    return ((struct fetch *)context)->answers > 0;
}

/* Asks nodes[node] and waits for the answer; what was read is dropped. */
static enum replica_result ask(struct replica_pair *pair, unsigned node, struct fetch *f)
{
    f->answers = 0;
    replica_pair_do(pair, node, start_fetch, f);
    replica_pair_wait(pair, fetch_answered, f);
    log_read_reset(&f->w.read);
    return f->w.result;
}

/* Broker 1 leads epoch 1, both hold the batches of offsets 0 to 4, all committed. */
static struct replica_pair *pair_with_records(uint64_t seed)
{
    struct replica_pair *pair = replica_pair_new(seed, &sim_weather_calm);
    replica_pair_lead_first(pair, 1);
    replica_pair_produce(pair, BATCHES);
    replica_pair_wait_in_step(pair);
    return pair;
}

START_TEST(a_leader_serves_what_is_committed)
{
    struct replica_pair *pair = pair_with_records(70);
    struct fetch f = fetch_from(2);
    replica_pair_do(pair, 0, start_fetch, &f);
    replica_pair_wait(pair, fetch_answered, &f);
    ck_assert_int_eq(f.w.result, REPLICA_OK);
    ck_assert_uint_eq(f.answers, 1);
    ck_assert_int_eq(f.w.high_watermark, BATCHES);
    ck_assert_int_eq(f.w.stable_offset, BATCHES);
    ck_assert_int_eq(f.w.log_start, 0);
    ck_assert_int_eq(f.w.read.end, BATCHES);
    ck_assert_uint_gt(f.w.read.size, 3 * REPLICA_PAIR_BATCH_SIZE);
    log_read_reset(&f.w.read);
    replica_pair_free(pair);
}
END_TEST

START_TEST(a_follower_serves_nothing)
{
    struct replica_pair *pair = pair_with_records(71);
    struct fetch f = fetch_from(0);
    ck_assert_int_eq(ask(pair, 1, &f), REPLICA_NOT_LEADER);
    replica_pair_free(pair);
}
END_TEST

START_TEST(a_partition_without_an_order_is_unknown)
{
    struct replica_pair *pair = pair_with_records(72);
    struct fetch f = fetch_from(0);
    f.w.id.number = 7;
    ck_assert_int_eq(ask(pair, 0, &f), REPLICA_UNKNOWN);
    replica_pair_free(pair);
}
END_TEST

START_TEST(another_leader_epoch_than_the_clients_is_told)
{
    struct replica_pair *pair = pair_with_records(73);
    struct fetch f = fetch_from(0);
    f.w.current_leader_epoch = 0;
    ck_assert_int_eq(ask(pair, 0, &f), REPLICA_FENCED_EPOCH);
    f.w.current_leader_epoch = 2;
    ck_assert_int_eq(ask(pair, 0, &f), REPLICA_UNKNOWN_EPOCH);
    f.w.current_leader_epoch = 1;
    ck_assert_int_eq(ask(pair, 0, &f), REPLICA_OK);
    replica_pair_free(pair);
}
END_TEST

START_TEST(offsets_outside_of_the_log_are_out_of_range)
{
    struct replica_pair *pair = pair_with_records(74);
    struct fetch beyond = fetch_from(BATCHES + 1), below = fetch_from(-1),
                 end = fetch_from(BATCHES);
    ck_assert_int_eq(ask(pair, 0, &beyond), REPLICA_OUT_OF_RANGE);
    ck_assert_int_eq(ask(pair, 0, &below), REPLICA_OUT_OF_RANGE);
    ck_assert_int_eq(ask(pair, 0, &end), REPLICA_OK); /* and nothing to read there yet */
    ck_assert_int_eq(end.w.read.end, 0);
    replica_pair_free(pair);
}
END_TEST

static void append_one_more(void *context, struct replica_host *host)
{
    struct buf *batch = log_host_batch(0, 1, 10, 1000);
    (void)context;
    ck_assert_int_eq(log_host_append(replica_host_log(host, REPLICA_PAIR_ID), batch, 1, NULL),
                     LOG_OK);
    buf_unref(batch);
}

/* A reader may know of a later high watermark than a new leader does: it waits, and is not sent
 * elsewhere. */
START_TEST(what_is_not_committed_yet_is_not_out_of_range)
{
    struct replica_pair *pair = pair_with_records(86);
    replica_pair_kill(pair, 1);
    pair->state.min_isr = 3; /* nothing is committed any more */
    replica_pair_elect(pair, 1);
    replica_pair_wait_for_leader(pair, 1);
    replica_pair_do(pair, 0, append_one_more, NULL);
    struct fetch f = fetch_from(BATCHES + 1), beyond = fetch_from(BATCHES + 2);
    ck_assert_int_eq(ask(pair, 0, &f), REPLICA_OK);
    ck_assert_int_eq(f.w.high_watermark, BATCHES);
    ck_assert_int_eq(ask(pair, 0, &beyond), REPLICA_OUT_OF_RANGE);
    replica_pair_free(pair);
}
END_TEST

START_TEST(a_fetch_that_waits_is_answered_by_the_next_commit)
{
    struct replica_pair *pair = pair_with_records(75);
    struct fetch f = fetch_from(BATCHES);
    f.w.wait = true;
    replica_pair_do(pair, 0, start_fetch, &f);
    sim_world_run(pair->world, sim_now_ns(pair->world) + SIM_SECOND);
    ck_assert_uint_eq(f.answers, 0);
    replica_pair_produce(pair, 1);
    replica_pair_wait(pair, fetch_answered, &f);
    ck_assert_int_eq(f.w.result, REPLICA_OK);
    ck_assert_int_eq(f.w.read.end, BATCHES + 1);
    log_read_reset(&f.w.read);
    replica_pair_free(pair);
}
END_TEST

START_TEST(a_cancelled_fetch_is_answered_once_with_nothing)
{
    struct replica_pair *pair = pair_with_records(76);
    struct fetch f = fetch_from(BATCHES);
    f.w.wait = true;
    replica_pair_do(pair, 0, start_fetch, &f);
    replica_pair_do(pair, 0, cancel_fetch, &f);
    replica_pair_wait(pair, fetch_answered, &f);
    ck_assert_int_eq(f.w.result, REPLICA_OK);
    ck_assert_uint_eq(f.w.read.piece_count, 0);
    replica_pair_do(pair, 0, cancel_fetch, &f); /* harmless now */
    replica_pair_produce(pair, 1);
    ck_assert_uint_eq(f.answers, 1);
    replica_pair_free(pair);
}
END_TEST

START_TEST(a_fetch_that_waits_hears_that_leadership_moved)
{
    struct replica_pair *pair = pair_with_records(77);
    struct fetch f = fetch_from(BATCHES);
    f.w.wait = true;
    replica_pair_do(pair, 0, start_fetch, &f);
    replica_pair_elect(pair, 2);
    replica_pair_wait(pair, fetch_answered, &f);
    ck_assert_int_eq(f.w.result, REPLICA_NOT_LEADER);
    replica_pair_free(pair);
}
END_TEST

/* KIP-595: offsets 0 to 4 are of epoch 1, what broker 2 took after them is of epoch 2. */
START_TEST(a_reader_whose_log_parted_is_told_where)
{
    struct replica_pair *pair = pair_with_records(78);
    replica_pair_elect(pair, 2);
    replica_pair_wait_for_leader(pair, 2);
    replica_pair_produce(pair, 2);
    struct fetch f = fetch_from(BATCHES + 1);
    f.w.last_fetched_epoch = 1;
    ck_assert_int_eq(ask(pair, 1, &f), REPLICA_OK);
    ck_assert(f.w.diverging);
    ck_assert_int_eq(f.w.diverging_epoch, 1);
    ck_assert_int_eq(f.w.diverging_end, BATCHES);
    f.w.last_fetched_epoch = 2;
    ck_assert_int_eq(ask(pair, 1, &f), REPLICA_OK);
    ck_assert(!f.w.diverging);
    f.w.last_fetched_epoch = 3; /* has not come */
    ck_assert_int_eq(ask(pair, 1, &f), REPLICA_OUT_OF_RANGE);
    replica_pair_free(pair);
}
END_TEST

/* ---- offsets and epochs ---- */

struct query {
    struct offset_query q;
    uint32_t answers;
};

static void query_done(struct offset_query *q)
{
    CONTAINER_OF(q, struct query, q)->answers++;
}

static void start_query(void *context, struct replica_host *host)
{
    replica_host_find_offset(host, &((struct query *)context)->q);
}

static bool query_answered(void *context)
{
    return ((struct query *)context)->answers > 0;
}

static struct offset_query find(struct replica_pair *pair, unsigned node, int64_t timestamp)
{
    struct query q = {.q = {.id = REPLICA_PAIR_ID,
                            .timestamp = timestamp,
                            .current_leader_epoch = -1,
                            .done = query_done}};
    replica_pair_do(pair, node, start_query, &q);
    replica_pair_wait(pair, query_answered, &q);
    ck_assert_uint_eq(q.answers, 1);
    return q.q;
}

START_TEST(an_empty_logs_first_record_would_be_of_this_epoch)
{
    struct replica_pair *pair = replica_pair_new(87, &sim_weather_calm);
    replica_pair_lead_first(pair, 1);
    replica_pair_wait_for_leader(pair, 1);
    struct offset_query q = find(pair, 0, OFFSET_EARLIEST);
    ck_assert_int_eq(q.result, REPLICA_OK);
    ck_assert_int_eq(q.ret_offset, 0);
    ck_assert_int_eq(q.ret_epoch, 1);
    replica_pair_free(pair);
}
END_TEST

START_TEST(offsets_are_found_by_position_and_by_time)
{
    struct replica_pair *pair = pair_with_records(80);
    struct offset_query q = find(pair, 0, OFFSET_EARLIEST);
    ck_assert_int_eq(q.result, REPLICA_OK);
    ck_assert_int_eq(q.ret_offset, 0);
    q = find(pair, 0, OFFSET_LATEST);
    ck_assert_int_eq(q.ret_offset, BATCHES);
    ck_assert_int_eq(q.ret_epoch, 1);
    q = find(pair, 0, 1000); /* all records have this time */
    ck_assert_int_eq(q.ret_offset, 0);
    ck_assert_int_eq(q.ret_timestamp, 1000);
    q = find(pair, 0, 1001);
    ck_assert_int_eq(q.result, REPLICA_OK);
    ck_assert_int_eq(q.ret_offset, -1);
    ck_assert_int_eq(find(pair, 1, OFFSET_LATEST).result, REPLICA_NOT_LEADER);
    replica_pair_free(pair);
}
END_TEST

static void append_one(void *context, struct replica_host *host)
{
    struct buf *batch = log_host_batch(0, 1, 10, 1000);
    (void)context;
    ck_assert_int_eq(log_host_append(replica_host_log(host, REPLICA_PAIR_ID), batch, 2, NULL),
                     LOG_OK);
    buf_unref(batch);
}

/* KIP-207: a new leader whose high watermark is below what an earlier one may have told. */
START_TEST(latest_is_not_told_before_the_epochs_start_is_committed)
{
    struct replica_pair *pair = pair_with_records(81);
    replica_pair_kill(pair, 1);
    pair->state.min_isr = 3; /* nothing is committed any more */
    replica_pair_elect(pair, 1);
    replica_pair_wait_for_leader(pair, 1);
    ck_assert_int_eq(find(pair, 0, OFFSET_LATEST).result, REPLICA_OK);
    replica_pair_do(pair, 0, append_one, NULL);
    replica_pair_elect(pair, 1);
    sim_world_run(pair->world, sim_now_ns(pair->world) + SIM_SECOND);
    replica_pair_wait_for_leader(pair, 1);
    ck_assert_int_eq(find(pair, 0, OFFSET_LATEST).result, REPLICA_NOT_AVAILABLE);
    ck_assert_int_eq(find(pair, 0, 1000).result, REPLICA_NOT_AVAILABLE);
    ck_assert_int_eq(find(pair, 0, OFFSET_EARLIEST).result, REPLICA_OK);
    replica_pair_free(pair);
}
END_TEST

START_TEST(the_end_of_an_epoch_is_told_by_its_leader_only)
{
    struct replica_pair *pair = pair_with_records(82);
    replica_pair_elect(pair, 2);
    replica_pair_wait_for_leader(pair, 2);
    replica_pair_produce(pair, 2);
    struct replica_host *leader = replica_pair_host(pair, 1);
    struct partition_id unknown = {REPLICA_PAIR_ID.topic, 7};
    int32_t epoch;
    int64_t end;
    ck_assert_int_eq(replica_host_epoch_end(leader, REPLICA_PAIR_ID, -1, 1, &epoch, &end),
                     REPLICA_OK);
    ck_assert_int_eq(epoch, 1);
    ck_assert_int_eq(end, BATCHES);
    ck_assert_int_eq(replica_host_epoch_end(leader, REPLICA_PAIR_ID, 2, 2, &epoch, &end),
                     REPLICA_OK);
    ck_assert_int_eq(epoch, 2);
    ck_assert_int_eq(end, BATCHES + 2);
    ck_assert_int_eq(replica_host_epoch_end(leader, REPLICA_PAIR_ID, -1, 9, &epoch, &end),
                     REPLICA_OK);
    ck_assert_int_eq(epoch, -1);
    ck_assert_int_eq(end, -1);
    ck_assert_int_eq(replica_host_epoch_end(leader, REPLICA_PAIR_ID, 1, 1, &epoch, &end),
                     REPLICA_FENCED_EPOCH);
    ck_assert_int_eq(replica_host_epoch_end(leader, unknown, -1, 1, &epoch, &end), REPLICA_UNKNOWN);
    ck_assert_int_eq(
        replica_host_epoch_end(replica_pair_host(pair, 0), REPLICA_PAIR_ID, -1, 1, &epoch, &end),
        REPLICA_NOT_LEADER);
    replica_pair_free(pair);
}
END_TEST

/* ---- what the controller asks ---- */

START_TEST(the_inventory_names_what_is_held_and_under_which_order)
{
    struct replica_pair *pair = pair_with_records(83);
    struct arena arena = ARENA_INIT;
    struct cluster_exception *exceptions;
    struct cluster_held *held;
    uint32_t exception_count, held_count;
    replica_host_inventory(replica_pair_host(pair, 0), &arena, &exceptions, &exception_count, &held,
                           &held_count);
    ck_assert_uint_eq(exception_count, 0);
    ck_assert_uint_eq(held_count, 1);
    ck_assert(partition_id_equal(held[0].id, REPLICA_PAIR_ID));
    ck_assert_int_eq(held[0].last_epoch, 1);
    ck_assert_int_eq(held[0].end, BATCHES);
    ck_assert_int_eq(held[0].order_epoch, 1);
    ck_assert_int_eq(held[0].order_version, pair->state.version);
    arena_reset(&arena);
    replica_pair_free(pair);
}
END_TEST

struct removal {
    struct topic_removal removal;
    uint32_t answers;
};

static void removal_told(struct topic_removal *removal)
{
    CONTAINER_OF(removal, struct removal, removal)->answers++;
}

static void delete_topic(void *context, struct replica_host *host)
{
    struct removal *r = context;
    struct cluster_item item = {.kind = CLUSTER_ITEM_TOPIC_GONE};
    item.u.topic.id = REPLICA_PAIR_ID.topic;
    replica_host_apply(host, &item);
    replica_host_when_gone(host, &r->removal);
}

static bool removal_answered(void *context)
{
    return ((struct removal *)context)->answers > 0;
}

START_TEST(a_deleted_topics_readers_are_answered_and_its_log_goes_durably)
{
    struct replica_pair *pair = pair_with_records(84);
    struct fetch f = fetch_from(BATCHES);
    struct removal r = {.removal = {.topic = REPLICA_PAIR_ID.topic, .told = removal_told}};
    f.w.wait = true;
    replica_pair_do(pair, 0, start_fetch, &f);
    replica_pair_do(pair, 0, delete_topic, &r);
    ck_assert_uint_eq(r.answers, 0); /* not before it is durable */
    replica_pair_wait(pair, removal_answered, &r);
    ck_assert(r.removal.gone);
    ck_assert_uint_eq(r.answers, 1);
    replica_pair_wait(pair, fetch_answered, &f);
    ck_assert_int_eq(f.w.result, REPLICA_UNKNOWN);
    ck_assert_ptr_null(replica_host_log(replica_pair_host(pair, 0), REPLICA_PAIR_ID));
    r.answers = 0;
    replica_pair_do(pair, 0, delete_topic, &r); /* nothing is left: answered at once */
    ck_assert_uint_eq(r.answers, 1);
    replica_pair_free(pair);
}
END_TEST

static void stop_done(void *context)
{
    *(bool *)context = true;
}

static void stop_host(void *context, struct replica_host *host)
{
    replica_host_stop(host, stop_done, context);
}

static bool is_true(void *context)
{
    return *(bool *)context;
}

START_TEST(a_stopping_host_answers_all_who_wait_and_takes_no_more)
{
    struct replica_pair *pair = pair_with_records(85);
    struct fetch waiting = fetch_from(BATCHES), late = fetch_from(0);
    bool stopped = false;
    waiting.w.wait = true;
    replica_pair_do(pair, 0, start_fetch, &waiting);
    replica_pair_do(pair, 0, stop_host, &stopped);
    ck_assert_int_eq(ask(pair, 0, &late), REPLICA_NOT_LEADER);
    ck_assert_int_eq(find(pair, 0, OFFSET_LATEST).result, REPLICA_NOT_LEADER);
    ck_assert_uint_eq(waiting.answers, 1);
    ck_assert_int_eq(waiting.w.result, REPLICA_NOT_LEADER);
    replica_pair_wait(pair, is_true, &stopped);
    replica_pair_free(pair);
}
END_TEST

SUITE_MAIN("replica fetch", a_leader_serves_what_is_committed, a_follower_serves_nothing,
           a_partition_without_an_order_is_unknown, another_leader_epoch_than_the_clients_is_told,
           offsets_outside_of_the_log_are_out_of_range,
           what_is_not_committed_yet_is_not_out_of_range,
           a_fetch_that_waits_is_answered_by_the_next_commit,
           a_cancelled_fetch_is_answered_once_with_nothing,
           a_fetch_that_waits_hears_that_leadership_moved, a_reader_whose_log_parted_is_told_where,
           offsets_are_found_by_position_and_by_time,
           an_empty_logs_first_record_would_be_of_this_epoch,
           latest_is_not_told_before_the_epochs_start_is_committed,
           the_end_of_an_epoch_is_told_by_its_leader_only,
           the_inventory_names_what_is_held_and_under_which_order,
           a_deleted_topics_readers_are_answered_and_its_log_goes_durably,
           a_stopping_host_answers_all_who_wait_and_takes_no_more)
