/* SPDX-License-Identifier: Apache-2.0 */
/* The offsets of a group: who may commit, what is fetched, what expires; groups read back from
 * their own records. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "broker/group/group_records.h"
#include "common/assert.h"
#include "common/memory.h"
#include "proto/record_reader.h"
#include "tests/lib/group_bench.h"
#include "tests/lib/suite.h"
#include "tests/lib/view_check.h"

static struct group_bench b;

/* ---- a log of batches that groups are loaded from ---- */
struct tape {
    uint8_t *batches[64];
    uint32_t sizes[64];
    unsigned count;
};

static void tape_add(struct tape *tape, struct group_append *a)
{
    struct record_batch_options options = RECORD_BATCH_OPTIONS_INIT;
    options.base_offset = b.log_end;
    struct view batch = record_builder_finish(&a->records, &options);
    ck_assert_uint_lt(tape->count, COUNT_OF(tape->batches));
    tape->batches[tape->count] = (uint8_t *)xstrndup(batch.base, batch.size);
    tape->sizes[tape->count++] = batch.size;
}

/* Commits what is under way and keeps its batches. */
static void settle_on(struct tape *tape)
{
    for (unsigned i = 0; i < b.under_way_count; i++)
        tape_add(tape, b.under_way[i]);
    group_bench_settle(&b, ERROR_NONE);
}

static void load_record(struct group *g, const struct record *record, struct arena *arena)
{
    struct group_record r;
    group_record_parse(record->key, record->value, arena, &r);
    ck_assert(r.kind == GROUP_RECORD_OFFSET || r.kind == GROUP_RECORD_METADATA);
    ck_assert_view(r.group, "g");
    if (r.kind == GROUP_RECORD_OFFSET && r.gone)
        group_load_offset_gone(g, r.topic, r.partition);
    else if (r.kind == GROUP_RECORD_OFFSET)
        group_load_offset(g, r.topic, r.partition, &r.value.offset, record->offset);
    else if (r.gone)
        group_load_metadata_gone(g);
    else
        group_load_metadata(g, &r.value.metadata);
}

/* Takes the group of the bench away and puts there what its records say. False: nothing. */
static bool reload(const struct tape *tape)
{
    struct group_actions actions;
    struct arena arena = ARENA_INIT;
    group_actions_init(&actions);
    ck_assert_uint_eq(b.under_way_count, 0);
    group_unload(b.group, b.now, &actions);
    group_free(b.group);
    ck_assert_uint_eq(b.space.bytes, 0);
    b.group = group_new(&b.space, VIEW_LITERAL("g"), b.now);
    for (unsigned i = 0; i < tape->count; i++) {
        struct record_batch batch;
        struct record_reader reader;
        struct record record;
        struct view bytes = {tape->batches[i], tape->sizes[i]};
        ck_assert_int_eq(record_batch_parse(bytes, &batch), 0);
        ck_assert_int_eq(record_reader_init(&reader, &batch), 0);
        while (record_reader_next(&reader, &record) == 0) {
            load_record(b.group, &record, &arena);
            arena_reset(&arena);
        }
    }
    bool there = group_loaded(b.group, b.now, &actions);
    ck_assert_ptr_null(actions.appends);
    return there;
}

static void tape_free(struct tape *tape)
{
    for (unsigned i = 0; i < tape->count; i++)
        free(tape->batches[i]);
}

/* Time for the expiry. */
static void expire(void)
{
    struct group_actions actions;
    group_actions_init(&actions);
    group_expire(b.group, b.now, &actions);
    for (struct group_append *a = actions.appends; a; a = a->next)
        b.under_way[b.under_way_count++] = a;
    ck_assert_ptr_null(actions.answered);
}

static void commit(const char *topic, int32_t partition, int64_t offset)
{
    struct group_talk *t = group_bench_commit(&b, "", -1, topic, partition, offset);
    ck_assert(!t->answered);
}

START_TEST(test_commit_counts_when_it_is_committed)
{
    group_bench_init(&b);
    struct group_talk *t = group_bench_commit(&b, "", -1, "t", 3, 17);
    ck_assert(!t->answered);
    ck_assert_int_eq(group_bench_fetch(&b, "t", 3), -1);
    group_bench_settle(&b, ERROR_NONE);
    ck_assert_int_eq(group_commit_error(t), ERROR_NONE);
    ck_assert_int_eq(group_bench_fetch(&b, "t", 3), 17);
    ck_assert_int_eq(group_bench_fetch(&b, "t", 2), -1);
    ck_assert_int_eq(group_bench_fetch(&b, "u", 3), -1);
    group_bench_deinit(&b);
}
END_TEST

START_TEST(test_commit_that_fails_changes_nothing)
{
    static const struct {
        enum error_code append, told;
    } cases[] = {
        {ERROR_NOT_ENOUGH_REPLICAS, ERROR_COORDINATOR_NOT_AVAILABLE},
        {ERROR_NOT_LEADER_OR_FOLLOWER, ERROR_NOT_COORDINATOR},
        {ERROR_KAFKA_STORAGE_ERROR, ERROR_NOT_COORDINATOR},
        {ERROR_MESSAGE_TOO_LARGE, ERROR_INVALID_COMMIT_OFFSET_SIZE},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        group_bench_init(&b);
        struct group_talk *t = group_bench_commit(&b, "", -1, "t", 0, 17);
        group_bench_settle(&b, cases[i].append);
        ck_assert_int_eq(group_commit_error(t), cases[i].told);
        ck_assert_int_eq(group_bench_fetch(&b, "t", 0), -1);
        group_bench_deinit(&b);
    }
}
END_TEST

START_TEST(test_commit_that_takes_too_long_may_still_count)
{
    struct group_actions actions;
    group_bench_init(&b);
    struct group_talk *t = group_bench_commit(&b, "", -1, "t", 0, 17);
    group_actions_init(&actions);
    group_appended(b.group, b.under_way[0], ERROR_REQUEST_TIMED_OUT, -1, b.now, &actions);
    actions.answered->answered(actions.answered);
    ck_assert_int_eq(group_commit_error(t), ERROR_REQUEST_TIMED_OUT);
    ck_assert_int_eq(group_bench_fetch(&b, "t", 0), -1);
    group_bench_settle(&b, ERROR_NONE);
    ck_assert_int_eq(group_bench_fetch(&b, "t", 0), 17);
    group_bench_deinit(&b);
}
END_TEST

START_TEST(test_newer_record_stands)
{
    struct group_actions actions;
    group_bench_init(&b);
    commit("t", 0, 1);
    commit("t", 0, 2);
    /* Said in the wrong order: the record at the higher offset is the newer one. */
    for (int i = 1; i >= 0; i--) {
        group_actions_init(&actions);
        group_appended(b.group, b.under_way[i], ERROR_NONE, i, b.now, &actions);
        actions.answered->answered(actions.answered);
        group_append_free(b.under_way[i]);
    }
    b.under_way_count = 0;
    ck_assert_int_eq(group_bench_fetch(&b, "t", 0), 2);
    group_bench_deinit(&b);
}
END_TEST

START_TEST(test_metadata_too_large_and_unknown_partitions)
{
    static char large[4097];
    group_bench_init(&b);
    memset(large, 'x', sizeof large);
    struct group_talk *t = group_bench_talk(&b, GROUP_COMMIT, 9);
    struct offset_commit_request *in = &t->request.in.commit;
    struct offset_commit_request_partition parts[3];
    struct offset_commit_request_topic topic = {VIEW_LITERAL("t"), 3, parts};
    offset_commit_request_init(in);
    for (int i = 0; i < 3; i++) {
        offset_commit_request_partition_init(&parts[i]);
        parts[i].partition_index = i;
        parts[i].committed_offset = 10 + i;
    }
    parts[0].committed_metadata = (struct view){(const uint8_t *)large, sizeof large - 1};
    parts[1].committed_metadata = (struct view){(const uint8_t *)large, sizeof large};
    in->generation_id_or_member_epoch = -1;
    in->topics = &topic;
    in->topics_count = 1;
    group_commit_prepare(&t->request);
    COMMITTED(t).topics[0].partitions[2].error_code = ERROR_UNKNOWN_TOPIC_OR_PARTITION;
    group_bench_ask(&b, t);
    group_bench_settle(&b, ERROR_NONE);
    ck_assert_int_eq(COMMITTED(t).topics[0].partitions[0].error_code, ERROR_NONE);
    ck_assert_int_eq(COMMITTED(t).topics[0].partitions[1].error_code,
                     ERROR_OFFSET_METADATA_TOO_LARGE);
    ck_assert_int_eq(COMMITTED(t).topics[0].partitions[2].error_code,
                     ERROR_UNKNOWN_TOPIC_OR_PARTITION);
    ck_assert_int_eq(group_bench_fetch(&b, "t", 0), 10);
    ck_assert_int_eq(group_bench_fetch(&b, "t", 1), -1);
    ck_assert_int_eq(group_bench_fetch(&b, "t", 2), -1);
    group_bench_deinit(&b);
}
END_TEST

START_TEST(test_fetch_all)
{
    group_bench_init(&b);
    commit("t", 1, 11);
    commit("u", 0, 20);
    commit("t", 0, 10);
    group_bench_settle(&b, ERROR_NONE);
    struct group_talk *t = group_bench_talk(&b, GROUP_FETCH, 9);
    offset_fetch_request_group_init(&t->request.in.fetch);
    t->request.in.fetch.topics_null = true;
    group_bench_ask(&b, t);
    const struct offset_fetch_response_group *f = &t->request.out.fetch;
    ck_assert_view(f->group_id, "g");
    ck_assert_uint_eq(f->topics_count, 2);
    ck_assert_view(f->topics[0].name, "t");
    ck_assert_uint_eq(f->topics[0].partitions_count, 2);
    ck_assert_int_eq(f->topics[0].partitions[1].committed_offset, 10);
    ck_assert_int_eq(f->topics[0].partitions[1].committed_leader_epoch, -1);
    ck_assert_view(f->topics[0].partitions[1].metadata, "note");
    ck_assert_uint_eq(f->topics[1].partitions_count, 1);
    group_bench_deinit(&b);
}
END_TEST

START_TEST(test_requests_where_there_is_no_group)
{
    group_bench_init(&b);
    struct group_talk *t = group_bench_talk(&b, GROUP_FETCH, 1);
    int32_t numbers[] = {4, 5};
    struct offset_fetch_request_group_topic topic = {VIEW_LITERAL("t"), 2, numbers};
    offset_fetch_request_group_init(&t->request.in.fetch);
    t->request.in.fetch.topics = &topic;
    t->request.in.fetch.topics_count = 1;
    group_request_answer_absent(&t->request);
    ck_assert_int_eq(t->request.out.fetch.topics[0].partitions[1].committed_offset, -1);
    ck_assert_int_eq(t->request.out.fetch.topics[0].partitions[1].error_code, ERROR_NONE);
    /* Version 1 has no other place for an error. */
    group_request_refuse(&t->request, ERROR_NOT_COORDINATOR);
    ck_assert_int_eq(t->request.out.fetch.topics[0].partitions[1].error_code,
                     ERROR_NOT_COORDINATOR);
    t->request.version = 5;
    group_request_refuse(&t->request, ERROR_NOT_COORDINATOR);
    ck_assert_int_eq(t->request.out.fetch.error_code, ERROR_NOT_COORDINATOR);
    ck_assert_uint_eq(t->request.out.fetch.topics_count, 0);
    t->answered = true;

    struct group_talk *d = group_bench_talk(&b, GROUP_DESCRIBE, 5);
    group_request_answer_absent(&d->request);
    ck_assert_view(d->request.out.describe.group_state, "Dead");
    ck_assert_int_eq(d->request.out.describe.error_code, ERROR_NONE);
    d->answered = true;

    struct group_talk *h = group_bench_talk(&b, GROUP_HEARTBEAT, 4);
    group_request_answer_absent(&h->request);
    ck_assert_int_eq(h->request.out.heartbeat.error_code, ERROR_UNKNOWN_MEMBER_ID);
    group_request_refuse_loading(&h->request);
    ck_assert_int_eq(h->request.out.heartbeat.error_code, ERROR_NONE);
    h->answered = true;
    group_bench_deinit(&b);
}
END_TEST

/* ---- expiry ---- */
START_TEST(test_offsets_of_no_group_expire_after_their_commit)
{
    struct tape tape = {0};
    group_bench_init(&b);
    commit("t", 0, 1);
    settle_on(&tape);
    group_bench_pass(&b, 30000);
    commit("u", 0, 2);
    settle_on(&tape);
    group_bench_pass(&b, 30000);
    expire();
    ck_assert_int_eq(group_bench_fetch(&b, "t", 0), -1);
    ck_assert_int_eq(group_bench_fetch(&b, "u", 0), 2);
    settle_on(&tape);
    ck_assert(reload(&tape));
    ck_assert_int_eq(group_bench_fetch(&b, "t", 0), -1);
    group_bench_pass(&b, 30000);
    expire();
    ck_assert_int_eq(b.group->state, GROUP_DEAD);
    settle_on(&tape);
    ck_assert(group_is_over(b.group));
    ck_assert(!reload(&tape));
    tape_free(&tape);
    group_bench_deinit(&b);
}
END_TEST

START_TEST(test_offsets_of_an_empty_group_expire_after_it_became_empty)
{
    struct tape tape = {0};
    char ids[1][128];
    group_bench_init(&b);
    group_bench_stable(&b, 1, ids);
    group_bench_commit(&b, ids[0], 1, "t", 0, 1);
    settle_on(&tape);
    for (int i = 0; i < 20; i++) {
        group_bench_pass(&b, 5000);
        group_bench_heartbeat(&b, ids[0], 1);
    }
    group_bench_leave(&b, ids[0], NULL);
    settle_on(&tape);
    expire(); /* the commit is 100 s old, the empty group is not */
    ck_assert_int_eq(group_bench_fetch(&b, "t", 0), 1);
    group_bench_pass(&b, 59999);
    expire();
    ck_assert_int_eq(group_bench_fetch(&b, "t", 0), 1);
    ck_assert_uint_eq(b.under_way_count, 0);
    group_bench_pass(&b, 1);
    expire();
    ck_assert_int_eq(b.group->state, GROUP_DEAD);
    ck_assert_uint_eq(b.under_way_count, 1);
    ck_assert_uint_eq(b.under_way[0]->records.count,
                      2); /* the offset's and the group's tombstone */
    settle_on(&tape);
    ck_assert(!reload(&tape));
    tape_free(&tape);
    group_bench_deinit(&b);
}
END_TEST

static void commit_with_retention(int64_t retention_ms)
{
    struct group_talk *t = group_bench_talk(&b, GROUP_COMMIT, 3);
    struct offset_commit_request *in = &t->request.in.commit;
    struct offset_commit_request_partition part;
    struct offset_commit_request_topic topic = {VIEW_LITERAL("t"), 1, &part};
    offset_commit_request_init(in);
    offset_commit_request_partition_init(&part);
    part.committed_offset = 5;
    in->generation_id_or_member_epoch = -1;
    in->retention_time_ms = retention_ms;
    in->topics = &topic;
    in->topics_count = 1;
    group_commit_prepare(&t->request);
    group_bench_ask(&b, t);
    group_bench_settle(&b, ERROR_NONE);
}

START_TEST(test_explicit_retention_stands)
{
    group_bench_init(&b);
    commit_with_retention(1000);
    group_bench_pass(&b, 999);
    expire();
    ck_assert_int_eq(group_bench_fetch(&b, "t", 0), 5);
    group_bench_pass(&b, 1);
    expire();
    ck_assert_int_eq(group_bench_fetch(&b, "t", 0), -1);
    group_bench_settle(&b, ERROR_NONE);
    group_bench_deinit(&b);
}
END_TEST

START_TEST(test_explicit_retention_may_be_for_ever)
{
    group_bench_init(&b);
    commit_with_retention(INT64_MAX);
    group_bench_pass(&b, 10 * b.config.retention_ms);
    expire();
    ck_assert_int_eq(group_bench_fetch(&b, "t", 0), 5);
    group_bench_deinit(&b);
}
END_TEST

/* A stable group of one consumer that subscribes to "kept". */
static void subscriber(char id[128], const char *subscription, uint32_t size)
{
    struct group_talk *t = group_bench_talk(&b, GROUP_JOIN, 3);
    struct join_group_request *in = &t->request.in.join;
    struct join_group_request_protocol p = {VIEW_LITERAL("range"),
                                            {(const uint8_t *)subscription, size}};
    join_group_request_init(in);
    in->protocol_type = VIEW_LITERAL("consumer");
    in->session_timeout_ms = 1800000;
    in->protocols = &p;
    in->protocols_count = 1;
    group_bench_ask(&b, t);
    group_bench_pass(&b, 0);
    snprintf(id, 128, "%s", t->id);
    group_bench_sync(&b, id, 1, "");
    group_bench_settle(&b, ERROR_NONE);
}

START_TEST(test_stable_group_keeps_what_it_subscribes_to)
{
    static const char subscription[] = "\0\0\0\0\0\1\0\4kept\377\377\377\377";
    char id[128];
    group_bench_init(&b);
    subscriber(id, subscription, sizeof subscription - 1);
    group_bench_commit(&b, id, 1, "kept", 0, 1);
    group_bench_commit(&b, id, 1, "left", 0, 2);
    group_bench_settle(&b, ERROR_NONE);
    group_bench_pass(&b, 60000);
    expire();
    ck_assert_int_eq(group_bench_fetch(&b, "kept", 0), 1);
    ck_assert_int_eq(group_bench_fetch(&b, "left", 0), -1);
    group_bench_settle(&b, ERROR_NONE);
    group_bench_deinit(&b);
}
END_TEST

START_TEST(test_subscription_that_cannot_be_read_keeps_all)
{
    char id[128];
    group_bench_init(&b);
    subscriber(id, "\0\0\0\0\0\7", 6);
    group_bench_commit(&b, id, 1, "left", 0, 2);
    group_bench_settle(&b, ERROR_NONE);
    group_bench_pass(&b, 60000);
    expire();
    ck_assert_int_eq(group_bench_fetch(&b, "left", 0), 2);
    group_bench_deinit(&b);
}
END_TEST

START_TEST(test_nothing_expires_under_a_commit)
{
    group_bench_init(&b);
    commit("t", 0, 1);
    group_bench_settle(&b, ERROR_NONE);
    group_bench_pass(&b, 60000);
    commit("t", 0, 2);
    expire();
    ck_assert_uint_eq(b.under_way_count, 1); /* the commit alone */
    group_bench_settle(&b, ERROR_NONE);
    ck_assert_int_eq(group_bench_fetch(&b, "t", 0), 2);
    group_bench_deinit(&b);
}
END_TEST

/* A commit that is on its way, or a member id that was given out, will be looked for. */
START_TEST(test_empty_group_does_not_end_under_a_request)
{
    group_bench_init(&b);
    commit("t", 0, 1);
    expire();
    group_bench_settle(&b, ERROR_NONE);
    ck_assert_int_eq(group_bench_fetch(&b, "t", 0), 1);
    group_bench_deinit(&b);
    group_bench_init(&b);
    struct group_joiner who = GROUP_JOINER;
    struct group_talk *t = group_bench_join(&b, who);
    ck_assert_int_eq(JOINED(t).error_code, ERROR_MEMBER_ID_REQUIRED);
    expire();
    who.id = t->id;
    t = group_bench_join(&b, who);
    group_bench_pass(&b, 0);
    ck_assert(t->answered);
    ck_assert_int_eq(JOINED(t).error_code, ERROR_NONE);
    group_bench_deinit(&b);
}
END_TEST

/* All at once they would be more than a batch of the topic may hold, and none would ever go. */
START_TEST(test_many_offsets_expire_in_batches_that_the_topic_takes)
{
    enum {
        TOPICS = 60
    };
    char topic[20000];
    struct tape tape = {0};
    group_bench_init(&b);
    b.space.bytes_max = UINT64_C(1) << 30;
    memset(topic, 'x', sizeof topic - 1);
    topic[sizeof topic - 1] = 0;
    for (int32_t i = 0; i < TOPICS; i++) {
        topic[0] = (char)('0' + i);
        commit(topic, i, i);
        group_bench_settle(&b, ERROR_NONE);
    }
    group_bench_pass(&b, b.config.retention_ms);
    expire();
    ck_assert_uint_gt(b.under_way_count, 3);
    settle_on(&tape);
    for (unsigned i = 0; i < tape.count; i++)
        ck_assert_uint_lt(tape.sizes[i], 300000);
    topic[0] = '0';
    ck_assert_int_eq(group_bench_fetch(&b, topic, 0), -1);
    tape_free(&tape);
    group_bench_deinit(&b);
}
END_TEST

START_TEST(test_deleted_topic_takes_its_offsets_along)
{
    struct tape tape = {0};
    struct group_actions actions;
    group_bench_init(&b);
    commit("t", 0, 1);
    commit("t", 1, 2);
    commit("u", 0, 3);
    settle_on(&tape);
    group_actions_init(&actions);
    group_topic_gone(b.group, VIEW_LITERAL("t"), b.now, &actions);
    ck_assert_ptr_nonnull(actions.appends);
    ck_assert_uint_eq(actions.appends->records.count, 2);
    b.under_way[b.under_way_count++] = actions.appends;
    settle_on(&tape);
    ck_assert(reload(&tape));
    ck_assert_int_eq(group_bench_fetch(&b, "t", 0), -1);
    ck_assert_int_eq(group_bench_fetch(&b, "t", 1), -1);
    ck_assert_int_eq(group_bench_fetch(&b, "u", 0), 3);
    tape_free(&tape);
    group_bench_deinit(&b);
}
END_TEST

/* ---- a new coordinator ---- */
START_TEST(test_members_go_on_with_the_next_coordinator)
{
    struct tape tape = {0};
    char ids[2][128], all[300];
    struct group_talk *talks[2];
    group_bench_init(&b);
    for (int i = 0; i < 2; i++) {
        talks[i] = group_bench_newcomer(&b);
        snprintf(ids[i], 128, "%s", talks[i]->id);
    }
    group_bench_pass(&b, 0);
    snprintf(all, sizeof all, "%s=one %s=two", ids[0], ids[1]);
    group_bench_sync(&b, ids[0], 1, all);
    group_bench_sync(&b, ids[1], 1, "");
    settle_on(&tape);
    group_bench_commit(&b, ids[1], 1, "t", 0, 7);
    settle_on(&tape);
    ck_assert(reload(&tape));
    ck_assert_int_eq(b.group->state, GROUP_STABLE);
    ck_assert_int_eq(group_bench_heartbeat(&b, ids[0], 1), ERROR_NONE);
    ck_assert_int_eq(group_bench_heartbeat(&b, ids[1], 1), ERROR_NONE);
    ck_assert_int_eq(group_bench_fetch(&b, "t", 0), 7);
    struct group_talk *sync = group_bench_sync(&b, ids[1], 1, "");
    ck_assert_view(sync->request.out.sync.assignment, "two");
    ck_assert(view_equal(b.group->leader->id, view_of(ids[0])));
    /* Their sessions run, as long as they were. */
    group_bench_pass(&b, 9999);
    ck_assert_int_eq(b.group->state, GROUP_STABLE);
    group_bench_pass(&b, 1);
    ck_assert_int_eq(b.group->state, GROUP_EMPTY);
    group_bench_settle(&b, ERROR_NONE);
    tape_free(&tape);
    group_bench_deinit(&b);
}
END_TEST

START_TEST(test_unanswered_generation_is_forgotten)
{
    struct tape tape = {0};
    group_bench_init(&b);
    group_bench_newcomer(&b);
    group_bench_pass(&b, 0); /* a generation without an assignment has no record */
    ck_assert(!reload(&tape));
    group_bench_deinit(&b);
}
END_TEST

SUITE_MAIN("group_offsets", test_commit_counts_when_it_is_committed,
           test_commit_that_fails_changes_nothing, test_commit_that_takes_too_long_may_still_count,
           test_newer_record_stands, test_metadata_too_large_and_unknown_partitions, test_fetch_all,
           test_requests_where_there_is_no_group,
           test_offsets_of_no_group_expire_after_their_commit,
           test_offsets_of_an_empty_group_expire_after_it_became_empty,
           test_explicit_retention_stands, test_explicit_retention_may_be_for_ever,
           test_stable_group_keeps_what_it_subscribes_to,
           test_subscription_that_cannot_be_read_keeps_all, test_nothing_expires_under_a_commit,
           test_empty_group_does_not_end_under_a_request,
           test_many_offsets_expire_in_batches_that_the_topic_takes,
           test_deleted_topic_takes_its_offsets_along, test_members_go_on_with_the_next_coordinator,
           test_unanswered_generation_is_forgotten)
