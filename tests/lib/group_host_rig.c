/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/group_host_rig.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "broker/group/group_records.h"
#include "common/assert.h"
#include "common/memory.h"
#include "proto/record_reader.h"

struct host_rig host_rig;
struct host_rig_asked host_rig_asked;

/* ---- the world: a clock and timers ---- */
static int64_t wall_ms(void *world)
{
    (void)world;
    return 1700000000000 + (int64_t)(host_rig.shard.reactor.now_ns / 1000000);
}

static uint64_t draw(void *world)
{
    static uint64_t last;
    (void)world;
    return ++last * 0x9E3779B97F4A7C15u;
}

static void set_timer(void *world, token name, uint64_t at_ns)
{
    struct host_rig_clocks *c = &host_rig.clocks;
    unsigned i = 0;
    (void)world;
    while (i < c->count && c->tokens[i] != name)
        i++;
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

void host_rig_pass(uint64_t ms)
{
    uint64_t until_ns = host_rig.shard.reactor.now_ns + ms * 1000000;
    for (;;) {
        struct host_rig_clocks *c = &host_rig.clocks;
        unsigned first = c->count;
        for (unsigned i = 0; i < c->count; i++) {
            bool earlier = first == c->count || c->at_ns[i] < c->at_ns[first];
            if (c->at_ns[i] != 0 && c->at_ns[i] <= until_ns && earlier)
                first = i;
        }
        if (first == c->count)
            break;
        struct event e = {.kind = EV_TIMER, .token = c->tokens[first], .now_ns = c->at_ns[first]};
        c->at_ns[first] = 0;
        reactor_step(&host_rig.shard.reactor, &e);
    }
    host_rig.shard.reactor.now_ns = until_ns;
}

int64_t host_rig_log_end_of(unsigned batches)
{
    return batches > 0 ? host_rig.ends[batches - 1] : host_rig.start;
}

bool host_rig_look(struct partition_id id, struct replica_view *ret)
{
    *ret = (struct replica_view){.leads = host_rig.leads,
                                 .leader_epoch = host_rig.epoch,
                                 .start = host_rig.start,
                                 .end = host_rig_log_end_of(host_rig.count),
                                 .high_watermark = host_rig_log_end_of(host_rig.committed)};
    return partition_id_equal(id, host_rig.id);
}

void host_rig_append(struct buf *buf)
{
    struct record_batch batch;
    struct view bytes = {buf->data, buf->used};
    ck_assert_uint_lt(host_rig.count, PARTITION_BATCHES);
    record_batch_assign(buf->data, host_rig_log_end_of(host_rig.count), host_rig.epoch);
    ck_assert_int_eq(record_batch_parse(bytes, &batch), 0);
    host_rig.batches[host_rig.count] = buf_ref(buf);
    host_rig.ends[host_rig.count] = record_batch_end_offset(&batch);
    host_rig.count++;
}

void host_rig_take_produce(struct produce_waiter *w)
{
    ck_assert(w->internal);
    ck_assert_int_eq(w->acks, -1);
    ck_assert(partition_id_equal(w->id, host_rig.id));
    w->base_offset = host_rig_log_end_of(host_rig.count);
    host_rig_append(w->batch.buf);
    host_rig.producing[host_rig.producing_count++] = w;
}

void host_rig_cancel_produce(struct produce_waiter *w)
{
    unsigned i = 0;
    while (i < host_rig.producing_count && host_rig.producing[i] != w)
        i++;
    ck_assert_uint_lt(i, host_rig.producing_count);
    memmove(&host_rig.producing[i], &host_rig.producing[i + 1],
            (--host_rig.producing_count - i) * sizeof host_rig.producing[0]);
    host_rig.cancelled++;
}

void host_rig_take_fetch(struct fetch_waiter *w)
{
    ck_assert_ptr_null(host_rig.fetching);
    ck_assert(w->wait);
    ck_assert_int_eq(w->current_leader_epoch, host_rig.epoch);
    host_rig.fetching = w;
    host_rig.fetches++;
}

void host_rig_cancel_fetch(struct fetch_waiter *w)
{
    ck_assert_ptr_eq(host_rig.fetching, w);
    host_rig.fetch_result = REPLICA_NOT_LEADER;
}

bool host_rig_feed(void)
{
    struct fetch_waiter *w = host_rig.fetching;
    if (w == NULL)
        return false;
    unsigned i = 0;
    while (i < host_rig.committed && host_rig.ends[i] <= w->offset)
        i++;
    if (host_rig.fetch_result == REPLICA_OK && i == host_rig.committed)
        return false; /* it waits */
    host_rig.fetching = NULL;
    w->result = host_rig.fetch_result;
    w->log_start = host_rig.start;
    host_rig.fetch_result = REPLICA_OK;
    if (w->result == REPLICA_OK) {
        w->read.pieces[0] =
            (struct piece){.buf = buf_ref(host_rig.batches[i]), .size = host_rig.batches[i]->used};
        w->read.piece_count = 1;
        w->read.size = host_rig.batches[i]->used;
        w->read.end = host_rig.ends[i];
    }
    w->done(w);
    return true;
}

void host_rig_feed_all(void)
{
    host_rig.committed = host_rig.count;
    while (host_rig_feed()) {
    }
}

void host_rig_settle(enum replica_result result)
{
    host_rig.committed = host_rig.count;
    while (host_rig.producing_count > 0) {
        struct produce_waiter *w = host_rig.producing[0];
        memmove(host_rig.producing, host_rig.producing + 1,
                --host_rig.producing_count * sizeof host_rig.producing[0]);
        w->result = result;
        w->done(w);
    }
}

/* ---- requests ---- */
static void answered(struct group_request *r)
{
    ck_assert_int_eq(host_rig_asked.answered[r - host_rig_asked.requests], 0);
    host_rig_asked.answered[r - host_rig_asked.requests] = 1;
}

static void dropped(struct group_request *r)
{
    ck_assert_int_eq(host_rig_asked.answered[r - host_rig_asked.requests], 0);
    host_rig_asked.answered[r - host_rig_asked.requests] = 2;
}

int host_rig_outcome(const struct group_request *r)
{
    return host_rig_asked.answered[r - host_rig_asked.requests];
}

struct group_request *host_rig_request(enum group_request_kind kind, int16_t version)
{
    struct group_request *r = &host_rig_asked.requests[host_rig_asked.count++];
    ck_assert_uint_le(host_rig_asked.count, COUNT_OF(host_rig_asked.requests));
    r->kind = kind;
    r->version = version;
    r->group_id = VIEW_LITERAL("g");
    r->client_id = VIEW_LITERAL("c");
    r->client_host = VIEW_LITERAL("/1.2.3.4");
    r->answered = answered;
    r->dropped = dropped;
    return r;
}

struct group_request *host_rig_commit(const char *group, const char *topic, int64_t offset)
{
    struct group_request *r = host_rig_request(GROUP_COMMIT, 8);
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
    group_host_serve(host_rig.shard.groups, host_rig.id, r);
    return r;
}

int host_rig_commit_error(const struct group_request *r)
{
    ck_assert_int_eq(host_rig_outcome(r), 1);
    return r->out.commit.topics[0].partitions[0].error_code;
}

struct group_request *host_rig_fetch(const char *group, const char *topic)
{
    static const int32_t zero[] = {0};
    struct group_request *r = host_rig_request(GROUP_FETCH, 8);
    r->group_id = view_of(group);
    offset_fetch_request_group_init(&r->in.fetch);
    r->in.fetch.topics = arena_array(&r->arena, 1, sizeof *r->in.fetch.topics);
    r->in.fetch.topics[0] = (struct offset_fetch_request_group_topic){view_of(topic), 1, zero};
    r->in.fetch.topics_count = 1;
    group_host_serve(host_rig.shard.groups, host_rig.id, r);
    ck_assert_int_eq(host_rig_outcome(r), 1);
    return r;
}

int host_rig_fetch_error(void)
{
    return host_rig_fetch("g", "t")->out.fetch.error_code;
}

int64_t host_rig_fetched(const char *group, const char *topic)
{
    struct group_request *r = host_rig_fetch(group, topic);
    ck_assert_int_eq(r->out.fetch.error_code, ERROR_NONE);
    return r->out.fetch.topics[0].partitions[0].committed_offset;
}

struct group_request *host_rig_join(const char *group, const char *member_id)
{
    struct group_request *r = host_rig_request(GROUP_JOIN, 3);
    struct join_group_request *in = &r->in.join;
    r->group_id = view_of(group);
    join_group_request_init(in);
    in->member_id = view_of(member_id);
    in->session_timeout_ms = 10000;
    in->protocol_type = VIEW_LITERAL("consumer");
    in->protocols = arena_array(&r->arena, 1, sizeof *in->protocols);
    in->protocols[0].name = VIEW_LITERAL("range");
    in->protocols_count = 1;
    group_host_serve(host_rig.shard.groups, host_rig.id, r);
    return r;
}

struct group_request *host_rig_sync_group(const char *group, struct view member_id,
                                          int32_t generation)
{
    struct group_request *r = host_rig_request(GROUP_SYNC, 3);
    r->group_id = view_of(group);
    sync_group_request_init(&r->in.sync);
    r->in.sync.member_id = member_id;
    r->in.sync.generation_id = generation;
    group_host_serve(host_rig.shard.groups, host_rig.id, r);
    return r;
}

void host_rig_lead(int32_t epoch)
{
    host_rig.leads = true;
    host_rig.epoch = epoch;
    group_host_leads(host_rig.shard.groups, host_rig.id, epoch);
}

void host_rig_init(void)
{
    struct env env = {.ops = &ops, .shard_count = 1};
    memset(&host_rig, 0, sizeof host_rig);
    memset(&host_rig_asked, 0, sizeof host_rig_asked);
    host_rig.config = (struct broker_config){.session_min_ms = 6000,
                                             .session_max_ms = 1800000,
                                             .group_max_size = INT32_MAX,
                                             .offsets_retention_minutes = 1,
                                             .offsets_retention_check_ms = 600000,
                                             .offset_metadata_max = 4096,
                                             .offsets_commit_timeout_ms = 5000};
    host_rig.id.topic.bytes[3] = 9;
    host_rig.id.number = 4;
    reactor_init(&host_rig.shard.reactor, &env);
    host_rig.shard.reactor.now_ns = 1000000;
    host_rig.shard.config = &host_rig.config;
    host_rig.shard.replicas = (struct replica_host *)&host_rig;
    metadata_init(&host_rig.shard.metadata);
    host_rig.topic = xcalloc(1, sizeof *host_rig.topic);
    host_rig.topic->refs = 1;
    host_rig.topic->id = host_rig.id.topic;
    host_rig.topic->name = xstrdup("__consumer_offsets");
    host_rig.topic->overrides = xstrdup("");
    host_rig.topic->config.max_message_bytes = 2000;
    map_put(&host_rig.shard.metadata.by_id, MAP_KEY(host_rig.id.topic),
            topic_meta_ref(host_rig.topic));
    host_rig.shard.groups = group_host_new(&host_rig.shard);
}

void host_rig_deinit(void)
{
    group_host_free(host_rig.shard.groups);
    ck_assert_uint_eq(host_rig.producing_count, 0);
    for (unsigned i = 0; i < host_rig.count; i++)
        buf_unref(host_rig.batches[i]);
    for (unsigned i = 0; i < host_rig_asked.count; i++) {
        ck_assert_int_ne(host_rig_asked.answered[i], 0);
        group_request_deinit(&host_rig_asked.requests[i]);
    }
    topic_meta_unref(host_rig.topic);
    metadata_deinit(&host_rig.shard.metadata);
    reactor_deinit(&host_rig.shard.reactor);
}

void host_rig_put_offset(const char *group, const char *topic, int64_t offset)
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
    host_rig_append(buf);
    buf_unref(buf);
    record_builder_deinit(&b);
}
