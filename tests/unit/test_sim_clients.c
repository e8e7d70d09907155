/* SPDX-License-Identifier: Apache-2.0 */
/* The simulated clients and their history against a broker that is one array in memory, in order
 * and, one by one, in the ways in which a broker can be wrong. */
#include <stdlib.h>

#include "common/assert.h"
#include "common/memory.h"
#include "proto/error_code.h"
#include "proto/gen/create_topics.h"
#include "proto/gen/fetch.h"
#include "proto/gen/init_producer_id.h"
#include "proto/gen/list_offsets.h"
#include "proto/gen/metadata.h"
#include "proto/gen/produce.h"
#include "proto/record_batch.h"
#include "tests/lib/suite.h"
#include "tests/sim/sim_admin.h"
#include "tests/sim/sim_consumer.h"
#include "tests/sim/sim_producer.h"

#define PARTITIONS 2
enum wrong {
    NOTHING_WRONG,
    LOSES_A_BATCH,    /* acknowledged, and another takes its offset */
    TWICE_A_BATCH,    /* appended again */
    SWAPS_BATCHES,    /* two batches of a producer in the wrong order */
    DAMAGES_A_RECORD, /* one byte, the checksum is right */
    SKIPS_OFFSETS,
    CUTS_THE_END, /* what a reader saw is gone, and others take its place */
};
struct fake_log {
    struct view batches[4096];
    int64_t ends[4096];
    uint32_t count;
    int64_t end;
    int32_t sequence_next[4]; /* by producer id */
};
struct fake {
    struct reactor reactor;
    struct source listening;
    struct fake_log logs[PARTITIONS];
    enum wrong wrong;
    bool created, done_wrong;
    unsigned produced, refused;
    int64_t producer_ids;
};
struct fake_conn {
    struct source source;
    struct fake *fake;
    uint8_t *in;
    size_t in_size, in_capacity;
};
static struct fake_log kept[PARTITIONS]; /* outlives the process: what its disk would be */

static const struct uuid topic_id = {{1, 2, 3}};

/* ---- the log ---- */
static void log_push(struct fake_log *log, struct view batch)
{
    uint8_t *copy = xmalloc(batch.size);
    struct record_batch parsed;
    memcpy(copy, batch.base, batch.size);
    record_batch_assign(copy, log->end, 5);
    struct view own = {copy, batch.size};
    ck_assert_int_eq(record_batch_parse(own, &parsed), 0);
    ck_assert(record_batch_is_producible(&parsed));
    ck_assert_uint_lt(log->count, COUNT_OF(log->batches));
    log->end = record_batch_end_offset(&parsed);
    log->ends[log->count] = log->end;
    log->batches[log->count++] = own;
}

/* Does what is wrong with this broker, once; the offset that is answered. */
static int64_t log_append(struct fake *f, struct fake_log *log, struct view batch)
{
    int64_t base = log->end;
    bool now = f->produced++ >= 40 && !f->done_wrong;
    if (now && f->wrong == SKIPS_OFFSETS)
        log->end = base = base + 3;
    if (now && f->wrong == CUTS_THE_END && log->count > 3) {
        struct record_batch last;
        f->done_wrong = true;
        ck_assert_int_eq(record_batch_parse(log->batches[--log->count], &last), 0);
        log->end = base = last.base_offset;
    }
    log_push(log, batch);
    if (!now)
        return base;
    if (f->wrong == LOSES_A_BATCH) {
        log->count--;
        log->end = base;
    } else if (f->wrong == TWICE_A_BATCH) {
        log_push(log, batch);
    } else if (f->wrong == DAMAGES_A_RECORD) {
        struct view own = log->batches[log->count - 1];
        ((uint8_t *)(uintptr_t)own.base)[own.size - 2] ^= 1;
        record_batch_seal((uint8_t *)(uintptr_t)own.base, own.size);
    }
    f->done_wrong = f->done_wrong || f->wrong != SWAPS_BATCHES;
    return base;
}

/* ---- answers ---- */
static void answer_metadata(struct fake *f, struct wire_writer *w, int16_t version)
{
    struct metadata_response_broker broker;
    struct metadata_response_topic topic;
    struct metadata_response_partition partitions[PARTITIONS];
    struct metadata_response m;
    metadata_response_init(&m);
    metadata_response_broker_init(&broker);
    metadata_response_topic_init(&topic);
    broker.node_id = 7;
    broker.host = VIEW_LITERAL("10.0.0.1");
    broker.port = 9092;
    topic.name = VIEW_LITERAL("t");
    topic.topic_id = topic_id;
    topic.error_code = f->created ? 0 : ERROR_UNKNOWN_TOPIC_OR_PARTITION;
    topic.partitions = partitions;
    topic.partitions_count = f->created ? PARTITIONS : 0;
    for (int i = 0; i < PARTITIONS; i++) {
        metadata_response_partition_init(&partitions[i]);
        partitions[i].partition_index = i;
        partitions[i].leader_id = 7;
        partitions[i].leader_epoch = 5;
    }
    m.brokers = &broker;
    m.brokers_count = 1;
    m.topics = &topic;
    m.topics_count = 1;
    metadata_response_encode(w, version, &m);
}

static void answer_create(struct fake *f, struct wire_writer *w, int16_t version)
{
    struct create_topics_response_topic topic;
    struct create_topics_response c;
    create_topics_response_init(&c);
    create_topics_response_topic_init(&topic);
    topic.name = VIEW_LITERAL("t");
    topic.error_code = f->created ? ERROR_TOPIC_ALREADY_EXISTS : 0;
    f->created = true;
    c.topics = &topic;
    c.topics_count = 1;
    create_topics_response_encode(w, version, &c);
}

static int16_t produce_one(struct fake *f, struct fake_log *log, struct view batch, int64_t *base)
{
    struct record_batch b;
    if (record_batch_parse(batch, &b) != 0)
        return ERROR_CORRUPT_MESSAGE;
    if (++f->refused % 7 == 0)
        return ERROR_NOT_ENOUGH_REPLICAS;
    if (b.producer_id >= 0) {
        int32_t *next = &log->sequence_next[b.producer_id];
        if (b.base_sequence > *next && f->wrong != SWAPS_BATCHES)
            return ERROR_OUT_OF_ORDER_SEQUENCE_NUMBER;
        if (b.base_sequence < *next && f->wrong != SWAPS_BATCHES)
            return ERROR_DUPLICATE_SEQUENCE_NUMBER;
        *next = b.base_sequence + (int32_t)b.count;
    }
    *base = log_append(f, log, batch);
    return 0;
}

static void answer_produce(struct fake *f, struct wire_reader *r, struct wire_writer *w,
                           int16_t version)
{
    struct arena arena = ARENA_INIT;
    struct produce_request q;
    struct produce_response_partition partitions[PARTITIONS];
    struct produce_response_topic topic;
    struct produce_response p;
    ck_assert(produce_request_decode(r, version, &arena, &q));
    ck_assert_uint_eq(q.topic_data_count, 1);
    produce_response_init(&p);
    produce_response_topic_init(&topic);
    topic.name = q.topic_data[0].name;
    topic.partition_responses = partitions;
    for (uint32_t i = 0; i < q.topic_data[0].partition_data_count; i++) {
        const struct produce_request_partition *part = &q.topic_data[0].partition_data[i];
        struct produce_response_partition *to = &partitions[topic.partition_responses_count++];
        produce_response_partition_init(to);
        to->index = part->index;
        to->error_code = produce_one(f, &f->logs[part->index], part->records, &to->base_offset);
    }
    p.responses = &topic;
    p.responses_count = 1;
    produce_response_encode(w, version, &p);
    arena_reset(&arena);
}

static void answer_fetch(struct fake *f, struct wire_reader *r, struct wire_writer *w,
                         int16_t version)
{
    struct arena arena = ARENA_INIT;
    struct fetch_request q;
    struct fetch_response_partition partitions[PARTITIONS];
    struct fetch_response_topic topic;
    struct fetch_response a;
    ck_assert(fetch_request_decode(r, version, &arena, &q));
    ck_assert_uint_eq(q.topics_count, 1);
    fetch_response_init(&a);
    fetch_response_topic_init(&topic);
    topic.topic = q.topics[0].topic;
    topic.topic_id = q.topics[0].topic_id;
    topic.partitions = partitions;
    for (uint32_t i = 0; i < q.topics[0].partitions_count; i++) {
        const struct fetch_request_partition *part = &q.topics[0].partitions[i];
        const struct fake_log *log = &f->logs[part->partition];
        struct fetch_response_partition *to = &partitions[topic.partitions_count++];
        fetch_response_partition_init(to);
        to->partition_index = part->partition;
        to->high_watermark = log->end;
        to->records = VIEW_LITERAL("");
        for (uint32_t k = 0; k < log->count; k++) {
            if (log->ends[k] > part->fetch_offset) {
                to->records = log->batches[k];
                break;
            }
        }
    }
    a.responses = &topic;
    a.responses_count = 1;
    fetch_response_encode(w, version, &a);
    arena_reset(&arena);
}

static void answer_list(struct wire_reader *r, struct wire_writer *w, int16_t version)
{
    struct arena arena = ARENA_INIT;
    struct list_offsets_request q;
    struct list_offsets_response_partition partitions[PARTITIONS];
    struct list_offsets_response_topic topic;
    struct list_offsets_response a;
    ck_assert(list_offsets_request_decode(r, version, &arena, &q));
    list_offsets_response_init(&a);
    list_offsets_response_topic_init(&topic);
    topic.name = q.topics[0].name;
    topic.partitions = partitions;
    for (uint32_t i = 0; i < q.topics[0].partitions_count; i++) {
        struct list_offsets_response_partition *to = &partitions[topic.partitions_count++];
        list_offsets_response_partition_init(to);
        to->partition_index = q.topics[0].partitions[i].partition_index;
        to->offset = 0;
    }
    a.topics = &topic;
    a.topics_count = 1;
    list_offsets_response_encode(w, version, &a);
    arena_reset(&arena);
}

static void answer_init(struct fake *f, struct wire_writer *w, int16_t version)
{
    struct init_producer_id_response a;
    init_producer_id_response_init(&a);
    a.producer_id = f->producer_ids++;
    a.producer_epoch = 0;
    init_producer_id_response_encode(w, version, &a);
}

static void conn_answer(struct fake_conn *c, struct view frame)
{
    const struct env *env = &c->fake->reactor.env;
    struct wire_reader r = wire_reader_of(frame);
    struct wire_writer w;
    struct request_header q;
    ck_assert_int_eq(frame_read_request_header(&r, &q), 0);
    wire_writer_init(&w, NULL, 1024, 1 << 24);
    uint32_t from = frame_begin_response(&w, q.api, q.api_version, q.correlation_id);
    if (q.api_key == API_METADATA)
        answer_metadata(c->fake, &w, q.api_version);
    else if (q.api_key == API_CREATE_TOPICS)
        answer_create(c->fake, &w, q.api_version);
    else if (q.api_key == API_PRODUCE)
        answer_produce(c->fake, &r, &w, q.api_version);
    else if (q.api_key == API_FETCH)
        answer_fetch(c->fake, &r, &w, q.api_version);
    else if (q.api_key == API_LIST_OFFSETS)
        answer_list(&r, &w, q.api_version);
    else
        answer_init(c->fake, &w, q.api_version);
    frame_end(&w, from);
    struct buf *buf = wire_writer_take(&w);
    ck_assert_ptr_nonnull(buf);
    struct piece piece = {.buf = buf, .size = buf->used};
    env->ops->net_send(env->world, c->source.token, &piece, 1);
    buf_unref(buf);
    wire_writer_deinit(&w);
}

/* ---- connections ---- */
static void conn_heard(struct source *source, const struct event *e)
{
    struct fake_conn *c = CONTAINER_OF(source, struct fake_conn, source);
    const struct env *env = &c->fake->reactor.env;
    if (e->kind == EV_NET_CLOSED) {
        reactor_remove(&c->fake->reactor, source);
        free(c->in);
        free(c);
    }
    if (e->kind != EV_NET_DATA)
        return;
    if (e->u.data.buf) {
        c->in = xgrow(c->in, &c->in_capacity, c->in_size + e->u.data.size, 1);
        memcpy(c->in + c->in_size, e->u.data.buf->data + e->u.data.at, e->u.data.size);
        c->in_size += e->u.data.size;
        buf_unref(e->u.data.buf);
    }
    while (c->in_size >= 4 && c->in_size - 4 >= load_u32(c->in)) {
        uint32_t size = load_u32(c->in);
        conn_answer(c, (struct view){c->in + 4, size});
        c->in_size -= 4 + size;
        memmove(c->in, c->in + 4 + size, c->in_size);
    }
    if (e->u.data.eof)
        env->ops->net_close(env->world, source->token, false);
    else
        env->ops->net_read(env->world, source->token, NULL, 0, 1, 65536, NULL);
}

static void listening_heard(struct source *source, const struct event *e)
{
    struct fake *f = CONTAINER_OF(source, struct fake, listening);
    f->reactor.env.ops->net_accept(f->reactor.env.world, e->token, 100);
}

static void fake_other(void *context, const struct event *e)
{
    struct fake *f = context;
    const struct env *env = &f->reactor.env;
    if (e->kind == EV_START) {
        struct addr any = {.port = 9092};
        f->listening.heard = listening_heard;
        reactor_add(&f->reactor, &f->listening);
        env->ops->net_listen(env->world, f->listening.token, &any, 0);
    } else if (e->kind == EV_NET_ACCEPTED) {
        struct fake_conn *c = xcalloc(1, sizeof *c);
        c->fake = f;
        c->source.heard = conn_heard;
        reactor_add_as(&f->reactor, &c->source, e->token);
        env->ops->net_read(env->world, e->token, NULL, 0, 1, 65536, NULL);
    }
}

static void fake_open(void *context, struct sim_process *process, const struct env *envs,
                      unsigned count, void **ret_shards)
{
    struct fake *f = xcalloc(1, sizeof *f);
    (void)process;
    (void)count;
    f->wrong = *(const enum wrong *)context;
    memcpy(f->logs, kept, sizeof kept);
    f->created = f->logs[0].count > 0;
    f->producer_ids = f->created ? 2 : 0;
    reactor_init(&f->reactor, &envs[0]);
    f->reactor.other_heard = fake_other;
    f->reactor.other_context = f;
    ret_shards[0] = f;
}

static void fake_step(void *shard, const struct event *event)
{
    struct fake *f = shard;
    reactor_step(&f->reactor, event);
}

static void fake_close(void *context, void **shards, unsigned count)
{
    struct fake *f = shards[0];
    (void)context;
    (void)count;
    memcpy(kept, f->logs, sizeof kept);
}

static void fake_start(struct sim_host *h, enum wrong wrong)
{
    struct sim_program program = {
        .open = fake_open, .step = fake_step, .close = fake_close, .context = &wrong};
    struct sim_process_options options = {.shard_count = 1};
    sim_process_start(h, &program, &options);
}

/* ---- the runs ---- */
struct run {
    struct sim_world *w;
    struct sim_history *history;
    struct sim_host *broker;
    struct sim_process *admin, *producers[2], *consumer;
    struct sim_client_options client;
};

static bool admin_done(void *context)
{
    struct run *run = context;
    return sim_admin_is_done(run->admin);
}

static struct run run_new(uint64_t seed, enum wrong wrong)
{
    struct run run = {.w = sim_world_new(seed, &sim_weather_calm)};
    memset(kept, 0, sizeof kept);
    run.history = sim_history_new(run.w);
    sim_history_topic(run.history, "t", PARTITIONS);
    run.broker = sim_host_new(run.w, "broker", 0, 0, 0);
    fake_start(run.broker, wrong);
    run.client = (struct sim_client_options){.history = run.history,
                                             .bootstrap = {sim_host_addr(run.broker, 9092)},
                                             .bootstrap_count = 1,
                                             .request_timeout_ms = 2000};
    struct sim_admin_options admin = {.client = run.client, .replication_factor = 1, .min_isr = 1};
    run.admin = sim_admin_start(sim_host_new(run.w, "admin", 0, 0, 0), &admin);
    ck_assert(sim_world_run_until(run.w, sim_now_ns(run.w) + 10 * SIM_SECOND, admin_done, &run));
    for (uint32_t i = 0; i < 2; i++) {
        struct sim_producer_options o = {.client = run.client,
                                         .number = i,
                                         .idempotent = true,
                                         .version = (int16_t)(9 + seed % 3),
                                         .interval_min_ms = 1,
                                         .interval_max_ms = 40,
                                         .records_max = 4,
                                         .size_max = 500,
                                         .in_flight_max = 1 + (uint32_t)(seed % 5),
                                         .timeout_ms = 1000};
        run.producers[i] = sim_producer_start(sim_host_new(run.w, "producer", 0, 0, 0), &o);
    }
    struct sim_consumer_options o = {.client = run.client,
                                     .version = (int16_t)(12 + seed % 6),
                                     .max_wait_ms = 100,
                                     .partition_max_bytes = 10000};
    run.consumer = sim_consumer_start(sim_host_new(run.w, "consumer", 0, 0, 0), &o);
    return run;
}

static bool idle(void *context)
{
    const struct run *run = context;
    const struct sim_consumer *c = sim_consumer_of(run->consumer);
    for (uint32_t i = 0; i < PARTITIONS; i++)
        if (sim_consumer_position(c, i) < run->history->partitions[i].acked_end)
            return false;
    return sim_producer_is_idle(sim_producer_of(run->producers[0])) &&
           sim_producer_is_idle(sim_producer_of(run->producers[1]));
}

/* Stops the producers, waits for what is left, closes the history. */
static void run_finish(struct run *run)
{
    int64_t ends[PARTITIONS];
    for (int i = 0; i < 2; i++)
        sim_producer_stop(sim_producer_of(run->producers[i]));
    if (!sim_world_run_until(run->w, sim_now_ns(run->w) + 60 * SIM_SECOND, idle, run))
        sim_violation(run->history, "liveness");
    for (uint32_t i = 0; i < PARTITIONS; i++)
        ends[i] = sim_consumer_position(sim_consumer_of(run->consumer), i);
    if (!run->history->violation)
        sim_history_finish(run->history, ends);
}

static void run_free(struct run *run)
{
    sim_world_free(run->w);
    sim_history_free(run->history);
}

START_TEST(test_all_is_well)
{
    for (uint64_t seed = 1; seed <= 4; seed++) {
        struct run run = run_new(seed, NOTHING_WRONG);
        sim_world_run(run.w, sim_now_ns(run.w) + 10 * SIM_SECOND);
        run_finish(&run);
        ck_assert_msg(!run.history->violation, "%s", run.history->violation);
        ck_assert_uint_gt(run.history->acknowledged, 300);
        ck_assert_uint_eq(run.history->acknowledged, run.history->record_count);
        run_free(&run);
    }
}
END_TEST

START_TEST(test_clients_go_on_after_a_restart)
{
    for (uint64_t seed = 1; seed <= 4; seed++) {
        struct run run = run_new(seed, NOTHING_WRONG);
        for (int i = 0; i < 5; i++) {
            sim_world_run(run.w, sim_now_ns(run.w) + 2 * SIM_SECOND);
            sim_process_kill(sim_host_process(run.broker));
            sim_world_run(run.w, sim_now_ns(run.w) + SIM_SECOND / 2);
            fake_start(run.broker, NOTHING_WRONG);
        }
        run_finish(&run);
        ck_assert_msg(!run.history->violation, "%s", run.history->violation);
        ck_assert_uint_eq(run.history->acknowledged, run.history->record_count);
        run_free(&run);
    }
}
END_TEST

START_TEST(test_whatever_is_wrong_is_found)
{
    enum wrong wrong = (enum wrong)_i;
    struct run run = run_new(3, wrong);
    sim_world_run(run.w, sim_now_ns(run.w) + 10 * SIM_SECOND);
    if (!run.history->violation)
        run_finish(&run);
    ck_assert_ptr_nonnull(run.history->violation);
    run_free(&run);
}
END_TEST

/* The hosts of a run are thrown away with it, as their processes would be: what they held is no
 * leak. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "detect_leaks=0";
}

int main(void)
{
    Suite *suite = suite_create("sim_clients");
    TCase *tcase = tcase_create("sim_clients");
    tcase_set_timeout(tcase, SUITE_TIMEOUT_S);
    tcase_add_test(tcase, test_all_is_well);
    tcase_add_test(tcase, test_clients_go_on_after_a_restart);
    tcase_add_loop_test(tcase, test_whatever_is_wrong_is_found, LOSES_A_BATCH, CUTS_THE_END + 1);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
