/* SPDX-License-Identifier: Apache-2.0 */
/* The coordinators of a shard over a replica that the test plays: what is told while loading, that
 * an answer waits for its record to be committed, and what leadership that comes and goes does. */
#include <stdlib.h>
#include <string.h>

#include "broker/group/group_host.h"
#include "broker/group/group_records.h"
#include "broker/shard.h"
#include "common/assert.h"
#include "common/memory.h"
#include "proto/record_reader.h"
#include "tests/lib/suite.h"

#define PARTITION_BATCHES 32u

/* ---- the world: a clock and timers ---- */
struct clocks {
    token tokens[64];
    uint64_t at_ns[64];
    unsigned count;
};

/* ---- the replica: batches, what is committed of them, who waits ---- */
static struct {
    struct shard shard;
    struct broker_config config;
    struct topic_meta *topic;
    struct partition_id id;
    struct clocks clocks;
    bool leads;
    int32_t epoch;
    struct buf *batches[PARTITION_BATCHES];
    int64_t ends[PARTITION_BATCHES];
    unsigned count, committed; /* batches */
    int64_t start;
    struct produce_waiter *producing[PARTITION_BATCHES];
    unsigned producing_count, cancelled;
    struct fetch_waiter *fetching;
    unsigned fetches;
    enum replica_result fetch_result;
} rig;

static int64_t wall_ms(void *world)
{
    (void)world;
    return 1700000000000 + (int64_t)(rig.shard.reactor.now_ns / 1000000);
}

static uint64_t draw(void *world)
{
    static uint64_t last;
    (void)world;
    return ++last * 0x9E3779B97F4A7C15u;
}

static void set_timer(void *world, token name, uint64_t at_ns)
{
    struct clocks *c = &rig.clocks;
    unsigned i = 0;
    (void)world;
    while (i < c->count && c->tokens[i] != name) {
        i++;
    }
    ck_assert_uint_lt(i, COUNT_OF(c->tokens));
    c->count += i == c->count;
    c->tokens[i] = name;
    c->at_ns[i] = at_ns;
}

static void hear_line(void *world, enum say_level level, struct view line)
{
    (void)world;
    (void)level;
    (void)line;
}

static const struct env_ops ops = {
    .wall_ms = wall_ms, .random = draw, .timer = set_timer, .say = hear_line};

/* Lets time pass, timer by timer. */
static void pass(uint64_t ms)
{
    uint64_t until_ns = rig.shard.reactor.now_ns + ms * 1000000;
    for (;;) {
        struct clocks *c = &rig.clocks;
        unsigned first = c->count;
        for (unsigned i = 0; i < c->count; i++) {
            bool earlier = first == c->count || c->at_ns[i] < c->at_ns[first];
            if (c->at_ns[i] != 0 && c->at_ns[i] <= until_ns && earlier) {
                first = i;
            }
        }
        if (first == c->count) {
            break;
        }
        struct event e = {.kind = EV_TIMER, .token = c->tokens[first], .now_ns = c->at_ns[first]};
        c->at_ns[first] = 0;
        reactor_step(&rig.shard.reactor, &e);
    }
    rig.shard.reactor.now_ns = until_ns;
}

static int64_t log_end_of(unsigned batches)
{
    return batches > 0 ? rig.ends[batches - 1] : rig.start;
}

bool replica_host_look(const struct replica_host *host, struct partition_id id,
                       struct replica_view *ret)
{
    (void)host;
    *ret = (struct replica_view){.leads = rig.leads,
                                 .leader_epoch = rig.epoch,
                                 .start = rig.start,
                                 .end = log_end_of(rig.count),
                                 .high_watermark = log_end_of(rig.committed)};
    return partition_id_equal(id, rig.id);
}

static void append(struct buf *buf)
{
    struct record_batch batch;
    struct view bytes = {buf->data, buf->used};
    ck_assert_uint_lt(rig.count, PARTITION_BATCHES);
    record_batch_assign(buf->data, log_end_of(rig.count), rig.epoch);
    ck_assert_int_eq(record_batch_parse(bytes, &batch), 0);
    rig.batches[rig.count] = buf_ref(buf);
    rig.ends[rig.count] = record_batch_end_offset(&batch);
    rig.count++;
}

void replica_host_produce(struct replica_host *host, struct produce_waiter *w)
{
    (void)host;
    ck_assert(w->internal);
    ck_assert_int_eq(w->acks, -1);
    ck_assert(partition_id_equal(w->id, rig.id));
    w->base_offset = log_end_of(rig.count);
    append(w->batch.buf);
    rig.producing[rig.producing_count++] = w;
}

void replica_host_produce_cancel(struct replica_host *host, struct produce_waiter *w)
{
    (void)host;
    unsigned i = 0;
    while (i < rig.producing_count && rig.producing[i] != w) {
        i++;
    }
    ck_assert_uint_lt(i, rig.producing_count);
    memmove(&rig.producing[i], &rig.producing[i + 1],
            (--rig.producing_count - i) * sizeof rig.producing[0]);
    rig.cancelled++;
}

void replica_host_fetch(struct replica_host *host, struct fetch_waiter *w)
{
    (void)host;
    ck_assert_ptr_null(rig.fetching);
    ck_assert(w->wait);
    ck_assert_int_eq(w->current_leader_epoch, rig.epoch);
    rig.fetching = w;
    rig.fetches++;
}

void replica_host_fetch_cancel(struct replica_host *host, struct fetch_waiter *w)
{
    (void)host;
    ck_assert_ptr_eq(rig.fetching, w);
    rig.fetch_result = REPLICA_NOT_LEADER;
}

/* What is below the high watermark is told, a batch at a time. False: nobody reads. */
static bool feed(void)
{
    struct fetch_waiter *w = rig.fetching;
    if (w == NULL) {
        return false;
    }
    unsigned i = 0;
    while (i < rig.committed && rig.ends[i] <= w->offset) {
        i++;
    }
    if (rig.fetch_result == REPLICA_OK && i == rig.committed) {
        return false; /* it waits */
    }
    rig.fetching = NULL;
    w->result = rig.fetch_result;
    w->log_start = rig.start;
    rig.fetch_result = REPLICA_OK;
    if (w->result == REPLICA_OK) {
        w->read.pieces[0] =
            (struct piece){.buf = buf_ref(rig.batches[i]), .size = rig.batches[i]->used};
        w->read.piece_count = 1;
        w->read.size = rig.batches[i]->used;
        w->read.end = rig.ends[i];
    }
    w->done(w);
    return true;
}

static void feed_all(void)
{
    rig.committed = rig.count;
    while (feed()) {
    }
}

/* Everything appended is committed, or failed. */
static void settle(enum replica_result result)
{
    rig.committed = rig.count;
    while (rig.producing_count > 0) {
        struct produce_waiter *w = rig.producing[0];
        memmove(rig.producing, rig.producing + 1, --rig.producing_count * sizeof rig.producing[0]);
        w->result = result;
        w->done(w);
    }
}

/* ---- requests ---- */
static struct {
    struct group_request requests[64];
    int answered[64]; /* 1 answered, 2 dropped */
    unsigned count;
} asked;

static void answered(struct group_request *r)
{
    ck_assert_int_eq(asked.answered[r - asked.requests], 0);
    asked.answered[r - asked.requests] = 1;
}

static void dropped(struct group_request *r)
{
    ck_assert_int_eq(asked.answered[r - asked.requests], 0);
    asked.answered[r - asked.requests] = 2;
}

static int outcome(const struct group_request *r)
{
    return asked.answered[r - asked.requests];
}

static struct group_request *request(enum group_request_kind kind, int16_t version)
{
    struct group_request *r = &asked.requests[asked.count++];
    ck_assert_uint_le(asked.count, COUNT_OF(asked.requests));
    r->kind = kind;
    r->version = version;
    r->group_id = VIEW_LITERAL("g");
    r->client_id = VIEW_LITERAL("c");
    r->client_host = VIEW_LITERAL("/1.2.3.4");
    r->answered = answered;
    r->dropped = dropped;
    return r;
}

static struct group_request *commit(const char *group, const char *topic, int64_t offset)
{
    struct group_request *r = request(GROUP_COMMIT, 8);
    struct offset_commit_request *in = &r->in.commit;
    r->group_id = view_of(group);
    offset_commit_request_init(in);
    in->generation_id_or_member_epoch = -1;
    in->topics = arena_array(&r->arena, 1, sizeof *in->topics);
    in->topics_count = 1;
    in->topics[0].name = view_of(topic);
    in->topics[0].partitions = arena_array(&r->arena, 1, sizeof *in->topics[0].partitions);
    in->topics[0].partitions_count = 1;
    in->topics[0].partitions[0].committed_offset = offset;
    group_commit_prepare(r);
    group_host_serve(rig.shard.groups, rig.id, r);
    return r;
}

static int commit_error(const struct group_request *r)
{
    ck_assert_int_eq(outcome(r), 1);
    return r->out.commit.topics[0].partitions[0].error_code;
}

static struct group_request *fetch(const char *group, const char *topic)
{
    static const int32_t zero[] = {0};
    struct group_request *r = request(GROUP_FETCH, 8);
    r->group_id = view_of(group);
    offset_fetch_request_group_init(&r->in.fetch);
    r->in.fetch.topics = arena_array(&r->arena, 1, sizeof *r->in.fetch.topics);
    r->in.fetch.topics[0] = (struct offset_fetch_request_group_topic){view_of(topic), 1, zero};
    r->in.fetch.topics_count = 1;
    group_host_serve(rig.shard.groups, rig.id, r);
    ck_assert_int_eq(outcome(r), 1);
    return r;
}

static int fetch_error(void)
{
    return fetch("g", "t")->out.fetch.error_code;
}

static int64_t fetched(const char *group, const char *topic)
{
    struct group_request *r = fetch(group, topic);
    ck_assert_int_eq(r->out.fetch.error_code, ERROR_NONE);
    return r->out.fetch.topics[0].partitions[0].committed_offset;
}

static struct group_request *join(const char *group, const char *member_id)
{
    struct group_request *r = request(GROUP_JOIN, 3);
    struct join_group_request *in = &r->in.join;
    r->group_id = view_of(group);
    join_group_request_init(in);
    in->member_id = view_of(member_id);
    in->session_timeout_ms = 10000;
    in->protocol_type = VIEW_LITERAL("consumer");
    in->protocols = arena_array(&r->arena, 1, sizeof *in->protocols);
    in->protocols[0].name = VIEW_LITERAL("range");
    in->protocols_count = 1;
    group_host_serve(rig.shard.groups, rig.id, r);
    return r;
}

static struct group_request *sync_group(const char *group, struct view member_id,
                                        int32_t generation)
{
    struct group_request *r = request(GROUP_SYNC, 3);
    r->group_id = view_of(group);
    sync_group_request_init(&r->in.sync);
    r->in.sync.member_id = member_id;
    r->in.sync.generation_id = generation;
    group_host_serve(rig.shard.groups, rig.id, r);
    return r;
}

/* ---- begin and end ---- */
static void lead(int32_t epoch)
{
    rig.leads = true;
    rig.epoch = epoch;
    group_host_leads(rig.shard.groups, rig.id, epoch);
}

static void rig_init(void)
{
    struct env env = {.ops = &ops, .shard_count = 1};
    memset(&rig, 0, sizeof rig);
    memset(&asked, 0, sizeof asked);
    rig.config = (struct broker_config){.session_min_ms = 6000,
                                        .session_max_ms = 1800000,
                                        .group_max_size = INT32_MAX,
                                        .offsets_retention_minutes = 1,
                                        .offsets_retention_check_ms = 600000,
                                        .offset_metadata_max = 4096,
                                        .offsets_commit_timeout_ms = 5000};
    rig.id.topic.bytes[3] = 9;
    rig.id.number = 4;
    reactor_init(&rig.shard.reactor, &env);
    rig.shard.reactor.now_ns = 1000000;
    rig.shard.config = &rig.config;
    rig.shard.replicas = (struct replica_host *)&rig;
    metadata_init(&rig.shard.metadata);
    rig.topic = xcalloc(1, sizeof *rig.topic);
    rig.topic->refs = 1;
    rig.topic->id = rig.id.topic;
    rig.topic->name = xstrdup("__consumer_offsets");
    rig.topic->overrides = xstrdup("");
    rig.topic->config.max_message_bytes = 2000;
    map_put(&rig.shard.metadata.by_id, MAP_KEY(rig.id.topic), topic_meta_ref(rig.topic));
    rig.shard.groups = group_host_new(&rig.shard);
}

static void rig_deinit(void)
{
    group_host_free(rig.shard.groups);
    ck_assert_uint_eq(rig.producing_count, 0);
    for (unsigned i = 0; i < rig.count; i++) {
        buf_unref(rig.batches[i]);
    }
    for (unsigned i = 0; i < asked.count; i++) {
        ck_assert_int_ne(asked.answered[i], 0);
        group_request_deinit(&asked.requests[i]);
    }
    topic_meta_unref(rig.topic);
    metadata_deinit(&rig.shard.metadata);
    reactor_deinit(&rig.shard.reactor);
}

/* A batch of an earlier coordinator's: one offset. */
static void put_offset(const char *group, const char *topic, int64_t offset)
{
    const struct record_batch_options options = RECORD_BATCH_OPTIONS_INIT;
    struct offset_commit_key key = {view_of(group), view_of(topic), 0};
    struct offset_commit_value value;
    struct record_builder b;
    offset_commit_value_init(&value);
    value.offset = offset;
    value.commit_timestamp = wall_ms(NULL);
    record_builder_init(&b);
    group_records_add_offset(&b, 1, &key, &value);
    struct view bytes = record_builder_finish(&b, &options);
    struct buf *buf = buf_copy(NULL, bytes.base, bytes.size);
    append(buf);
    buf_unref(buf);
    record_builder_deinit(&b);
}

START_TEST(test_not_the_coordinator)
{
    rig_init();
    ck_assert_int_eq(fetch_error(), ERROR_NOT_COORDINATOR);
    ck_assert_int_eq(commit_error(commit("g", "t", 1)), ERROR_NOT_COORDINATOR);
    struct group_request *r = join("", "");
    ck_assert_int_eq(r->out.join.error_code, ERROR_INVALID_GROUP_ID);
    rig.leads = true; /* it leads, and this host has not heard of it yet */
    ck_assert_int_eq(fetch_error(), ERROR_COORDINATOR_LOAD_IN_PROGRESS);
    rig_deinit();
}
END_TEST

START_TEST(test_other_topics_are_none_of_ours)
{
    rig_init();
    free(rig.topic->name);
    rig.topic->name = xstrdup("orders");
    lead(1);
    ck_assert_int_eq(fetch_error(), ERROR_COORDINATOR_LOAD_IN_PROGRESS);
    rig_deinit();
}
END_TEST

START_TEST(test_loading_waits_for_what_is_committed)
{
    rig_init();
    put_offset("g", "t", 7);
    put_offset("g", "u", 8);
    rig.committed = 1;
    lead(3);
    ck_assert_int_eq(fetch_error(), ERROR_COORDINATOR_LOAD_IN_PROGRESS);
    ck_assert(feed());
    ck_assert(!feed()); /* the second batch could still vanish */
    ck_assert_int_eq(fetch_error(), ERROR_COORDINATOR_LOAD_IN_PROGRESS);
    feed_all();
    ck_assert_int_eq(fetched("g", "t"), 7);
    ck_assert_int_eq(fetched("g", "u"), 8);
    ck_assert_int_eq(fetched("h", "t"), -1);
    rig_deinit();
}
END_TEST

START_TEST(test_start_of_the_log_moves_while_loading)
{
    rig_init();
    put_offset("g", "t", 7);
    put_offset("g", "t", 8);
    lead(3);
    rig.start = 1;
    rig.fetch_result = REPLICA_OUT_OF_RANGE;
    feed_all();
    ck_assert_int_eq(fetched("g", "t"), 8);
    rig_deinit();
}
END_TEST

START_TEST(test_loading_is_tried_again)
{
    rig_init();
    put_offset("g", "t", 7);
    put_offset("g", "t", 8);
    lead(3);
    rig.committed = 2;
    ck_assert(feed());
    rig.fetch_result = REPLICA_CORRUPT;
    ck_assert(feed());
    ck_assert(!feed());
    ck_assert_int_eq(fetch_error(), ERROR_COORDINATOR_LOAD_IN_PROGRESS);
    pass(1000);
    feed_all();
    ck_assert_int_eq(fetched("g", "t"), 8);
    rig_deinit();
}
END_TEST

START_TEST(test_records_of_unknown_versions_are_skipped)
{
    const struct record_batch_options options = RECORD_BATCH_OPTIONS_INIT;
    struct record_builder b;
    rig_init();
    record_builder_init(&b);
    record_builder_add(&b, 1, VIEW_LITERAL("\0\3\0\1g"), VIEW_LITERAL("\0\0"), NULL, 0);
    record_builder_add(&b, 1, VIEW_LITERAL("x"), VIEW_LITERAL("y"), NULL, 0);
    record_builder_add(&b, 1, VIEW_NULL, VIEW_NULL, NULL, 0);
    struct view bytes = record_builder_finish(&b, &options);
    struct buf *buf = buf_copy(NULL, bytes.base, bytes.size);
    append(buf);
    buf_unref(buf);
    record_builder_deinit(&b);
    put_offset("g", "t", 7);
    lead(3);
    feed_all();
    ck_assert_int_eq(fetched("g", "t"), 7);
    rig_deinit();
}
END_TEST

START_TEST(test_commit_is_answered_when_committed)
{
    rig_init();
    lead(1);
    struct group_request *r = commit("g", "t", 5);
    ck_assert_int_eq(outcome(r), 0);
    ck_assert_uint_eq(rig.producing_count, 1);
    ck_assert_int_eq(fetched("g", "t"), -1);
    settle(REPLICA_OK);
    ck_assert_int_eq(commit_error(r), ERROR_NONE);
    ck_assert_int_eq(fetched("g", "t"), 5);
    rig_deinit();
}
END_TEST

START_TEST(test_what_a_failed_append_is_called)
{
    static const struct {
        enum replica_result result;
        enum error_code told;
    } cases[] = {
        {REPLICA_NOT_ENOUGH, ERROR_COORDINATOR_NOT_AVAILABLE},
        {REPLICA_UNKNOWN, ERROR_COORDINATOR_NOT_AVAILABLE},
        {REPLICA_TOO_MANY, ERROR_COORDINATOR_NOT_AVAILABLE},
        {REPLICA_NOT_LEADER, ERROR_NOT_COORDINATOR},
        {REPLICA_STORAGE, ERROR_NOT_COORDINATOR},
        {REPLICA_CORRUPT, ERROR_UNKNOWN_SERVER_ERROR},
    };
    rig_init();
    lead(1);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct group_request *r = commit("g", "t", 5);
        settle(cases[i].result);
        ck_assert_int_eq(commit_error(r), cases[i].told);
    }
    ck_assert_int_eq(fetched("g", "t"), -1);
    rig_deinit();
}
END_TEST

START_TEST(test_batch_that_the_topic_does_not_take)
{
    static char name[2500];
    rig_init();
    lead(1);
    memset(name, 't', sizeof name - 1);
    ck_assert_int_eq(commit_error(commit("g", name, 5)), ERROR_INVALID_COMMIT_OFFSET_SIZE);
    ck_assert_uint_eq(rig.producing_count, 0);
    rig_deinit();
}
END_TEST

START_TEST(test_append_that_takes_too_long)
{
    rig_init();
    lead(1);
    struct group_request *first = commit("g", "t", 5);
    pass(3000);
    struct group_request *second = commit("g", "t", 6);
    pass(1999);
    ck_assert_int_eq(outcome(first), 0);
    pass(1);
    ck_assert_int_eq(commit_error(first), ERROR_REQUEST_TIMED_OUT);
    ck_assert_int_eq(outcome(second), 0);
    pass(3000);
    ck_assert_int_eq(commit_error(second), ERROR_REQUEST_TIMED_OUT);
    struct group_request *third = commit("g", "t", 7); /* the timer begins anew */
    pass(5000);
    ck_assert_int_eq(commit_error(third), ERROR_REQUEST_TIMED_OUT);
    settle(REPLICA_OK);
    ck_assert_int_eq(fetched("g", "t"), 7);
    rig_deinit();
}
END_TEST

START_TEST(test_leadership_goes)
{
    rig_init();
    lead(1);
    struct group_request *c = commit("g", "t", 5), *j = join("h", "");
    ck_assert_int_eq(outcome(j), 0);
    rig.leads = false;
    group_host_leads_not(rig.shard.groups, rig.id);
    ck_assert_int_eq(commit_error(c), ERROR_NOT_COORDINATOR);
    ck_assert_int_eq(outcome(j), 1);
    ck_assert_int_eq(j->out.join.error_code, ERROR_NOT_COORDINATOR);
    ck_assert_uint_eq(rig.cancelled, 1);
    ck_assert_int_eq(fetch_error(), ERROR_NOT_COORDINATOR);
    pass(60000); /* no timer of theirs is left */
    rig_deinit();
}
END_TEST

START_TEST(test_newer_epoch_loads_anew)
{
    rig_init();
    lead(1);
    struct group_request *c = commit("g", "t", 5);
    rig.epoch = 2; /* the replica knows first */
    ck_assert_int_eq(fetch_error(), ERROR_COORDINATOR_LOAD_IN_PROGRESS);
    lead(2);
    ck_assert_int_eq(commit_error(c), ERROR_NOT_COORDINATOR);
    ck_assert_uint_eq(rig.cancelled, 1);
    feed_all(); /* it was appended, so it is there */
    ck_assert_int_eq(fetched("g", "t"), 5);
    unsigned before = rig.fetches;
    group_host_leads(rig.shard.groups, rig.id, 1); /* late news */
    group_host_leads(rig.shard.groups, rig.id, 2);
    ck_assert_uint_eq(rig.fetches, before);
    ck_assert_int_eq(fetched("g", "t"), 5);
    rig_deinit();
}
END_TEST

START_TEST(test_leadership_goes_while_loading)
{
    rig_init();
    put_offset("g", "t", 7);
    lead(1);
    rig.leads = false;
    group_host_leads_not(rig.shard.groups, rig.id);
    ck_assert_int_eq(fetch_error(), ERROR_NOT_COORDINATOR);
    ck_assert(feed()); /* the read comes home to nobody */
    lead(2);
    feed_all();
    ck_assert_int_eq(fetched("g", "t"), 7);
    rig_deinit();
}
END_TEST

START_TEST(test_topic_goes_while_loading)
{
    rig_init();
    put_offset("g", "t", 7);
    put_offset("g", "u", 8);
    put_offset("h", "t", 9);
    lead(1);
    rig.committed = 1;
    ck_assert(feed());
    group_host_topic_gone(rig.shard.groups, VIEW_LITERAL("t"));
    feed_all();
    ck_assert_int_eq(fetched("g", "t"), -1);
    ck_assert_int_eq(fetched("g", "u"), 8);
    ck_assert_int_eq(fetched("h", "t"), -1);
    ck_assert_uint_eq(rig.producing_count, 2); /* their tombstones */
    settle(REPLICA_OK);
    group_host_topic_gone(rig.shard.groups, VIEW_LITERAL("u"));
    settle(REPLICA_OK);
    ck_assert_int_eq(fetched("g", "u"), -1);
    rig_deinit();
}
END_TEST

START_TEST(test_rebalance_by_timers)
{
    rig_init();
    lead(1);
    struct group_request *one = join("g", "");
    pass(0);
    ck_assert_int_eq(outcome(one), 1);
    ck_assert_int_eq(one->out.join.generation_id, 1);
    struct group_request *s = sync_group("g", one->out.join.member_id, 1);
    ck_assert_int_eq(outcome(s), 0);
    settle(REPLICA_OK);
    ck_assert_int_eq(s->out.sync.error_code, ERROR_NONE);
    pass(9999);
    ck_assert_uint_eq(rig.producing_count, 0);
    pass(2);
    ck_assert_uint_eq(rig.producing_count, 1); /* the session is over: the group is empty */
    settle(REPLICA_OK);
    struct list_groups_request q;
    struct arena arena = ARENA_INIT;
    uint32_t count;
    bool loading;
    list_groups_request_init(&q);
    struct list_groups_response_group *list =
        group_host_list(rig.shard.groups, &q, &arena, &count, &loading);
    ck_assert_uint_eq(count, 1);
    ck_assert(!loading);
    ck_assert(view_equal(list[0].group_state, VIEW_LITERAL("Empty")));
    arena_reset(&arena);
    rig_deinit();
}
END_TEST

START_TEST(test_blank_groups_do_not_stay)
{
    struct list_groups_request q;
    struct arena arena = ARENA_INIT;
    uint32_t count;
    bool loading;
    rig_init();
    lead(1);
    struct group_request *r = request(GROUP_JOIN, 9);
    join_group_request_init(&r->in.join);
    r->in.join.member_id = VIEW_LITERAL("");
    r->in.join.session_timeout_ms = 1; /* refused */
    group_host_serve(rig.shard.groups, rig.id, r);
    ck_assert_int_eq(r->out.join.error_code, ERROR_INVALID_SESSION_TIMEOUT);
    list_groups_request_init(&q);
    group_host_list(rig.shard.groups, &q, &arena, &count, &loading);
    ck_assert_uint_eq(count, 0);
    arena_reset(&arena);
    rig_deinit();
}
END_TEST

START_TEST(test_offsets_expire_by_the_clock)
{
    rig_init();
    lead(1);
    commit("g", "t", 5);
    settle(REPLICA_OK);
    pass(600000);
    ck_assert_uint_eq(rig.producing_count, 1);
    settle(REPLICA_OK);
    ck_assert_int_eq(fetched("g", "t"), -1);
    commit("g", "t", 6);
    settle(REPLICA_OK);
    pass(600000); /* again and again */
    ck_assert_uint_eq(rig.producing_count, 1);
    settle(REPLICA_OK);
    rig_deinit();
}
END_TEST

START_TEST(test_the_broker_ends)
{
    rig_init();
    lead(1);
    struct group_request *c = commit("g", "t", 5), *j = join("h", "");
    group_host_free(rig.shard.groups);
    ck_assert_int_eq(outcome(c), 2);
    ck_assert_int_eq(outcome(j), 2);
    rig.shard.groups = group_host_new(&rig.shard);
    rig_deinit();
}
END_TEST

SUITE_MAIN("group_host", test_not_the_coordinator, test_other_topics_are_none_of_ours,
           test_loading_waits_for_what_is_committed, test_start_of_the_log_moves_while_loading,
           test_loading_is_tried_again, test_records_of_unknown_versions_are_skipped,
           test_commit_is_answered_when_committed, test_what_a_failed_append_is_called,
           test_batch_that_the_topic_does_not_take, test_append_that_takes_too_long,
           test_leadership_goes, test_newer_epoch_loads_anew, test_leadership_goes_while_loading,
           test_topic_goes_while_loading, test_rebalance_by_timers, test_blank_groups_do_not_stay,
           test_offsets_expire_by_the_clock, test_the_broker_ends)
