/* SPDX-License-Identifier: Apache-2.0 */
/* Whole conversations of real consumers with Apache Kafka (tests/golden/groups): asked the same,
 * our group answers the same bytes, but for the random part of the member ids that each gives out.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/assert.h"
#include "common/bytes.h"
#include "proto/frame.h"
#include "tests/lib/group_bench.h"
#include "tests/lib/suite.h"

#define FILE_SIZE_MAX 65536u
#define RANDOM_SIZE 36u /* a UUID's text */

static struct group_bench b;

/* The random parts of member ids, Kafka's and ours. */
static struct {
    char kafkas[16][RANDOM_SIZE], ours[16][RANDOM_SIZE];
    unsigned count;
} ids;

static void replace(uint8_t *bytes, uint32_t size, const char *from, const char *to)
{
    for (uint8_t *at = bytes; (at = memmem(at, size - (size_t)(at - bytes), from, RANDOM_SIZE));)
        memcpy(at, to, RANDOM_SIZE);
}

static void learn(struct view kafkas, struct view ours)
{
    if (kafkas.size <= RANDOM_SIZE || kafkas.base[kafkas.size - RANDOM_SIZE - 1] != '-')
        return;
    ck_assert_uint_eq(kafkas.size, ours.size);
    ck_assert_mem_eq(kafkas.base, ours.base, kafkas.size - RANDOM_SIZE);
    ck_assert_uint_lt(ids.count, COUNT_OF(ids.ours));
    memcpy(ids.kafkas[ids.count], kafkas.base + kafkas.size - RANDOM_SIZE, RANDOM_SIZE);
    memcpy(ids.ours[ids.count++], ours.base + ours.size - RANDOM_SIZE, RANDOM_SIZE);
}

/* ---- requests ---- */
static bool decode(struct group_talk *t, struct wire_reader *body)
{
    struct group_request *r = &t->request;
    struct arena *arena = &r->arena;
    struct offset_fetch_request fetch;
    bool ok = false;
    switch (r->kind) {
    case GROUP_JOIN:
        ok = join_group_request_decode(body, r->version, arena, &r->in.join);
        r->group_id = r->in.join.group_id;
        break;
    case GROUP_SYNC:
        ok = sync_group_request_decode(body, r->version, arena, &r->in.sync);
        r->group_id = r->in.sync.group_id;
        break;
    case GROUP_HEARTBEAT:
        ok = heartbeat_request_decode(body, r->version, arena, &r->in.heartbeat);
        r->group_id = r->in.heartbeat.group_id;
        break;
    case GROUP_LEAVE:
        ok = leave_group_request_decode(body, r->version, arena, &r->in.leave);
        r->group_id = r->in.leave.group_id;
        break;
    case GROUP_COMMIT:
        ok = offset_commit_request_decode(body, r->version, arena, &r->in.commit);
        r->group_id = r->in.commit.group_id;
        group_commit_prepare(r);
        break;
    case GROUP_FETCH:
        ok = offset_fetch_request_decode(body, r->version, arena, &fetch);
        if (r->version >= 8) {
            ck_assert_uint_eq(fetch.groups_count, 1);
            r->in.fetch = fetch.groups[0];
        } else {
            offset_fetch_request_group_init(&r->in.fetch);
            r->in.fetch.group_id = fetch.group_id;
            r->in.fetch.topics_count = fetch.topics_count;
            r->in.fetch.topics = arena_array(arena, fetch.topics_count, sizeof *r->in.fetch.topics);
            for (uint32_t i = 0; i < fetch.topics_count; i++) {
                r->in.fetch.topics[i] = (struct offset_fetch_request_group_topic){
                    fetch.topics[i].name, fetch.topics[i].partition_indexes_count,
                    fetch.topics[i].partition_indexes};
            }
        }
        r->group_id = r->in.fetch.group_id;
        break;
    case GROUP_DESCRIBE:
    case GROUP_REQUESTS:
        break;
    }
    return ok;
}

static enum group_request_kind kind_of(int16_t api_key)
{
    switch (api_key) {
    case API_JOIN_GROUP:
        return GROUP_JOIN;
    case API_SYNC_GROUP:
        return GROUP_SYNC;
    case API_HEARTBEAT:
        return GROUP_HEARTBEAT;
    case API_LEAVE_GROUP:
        return GROUP_LEAVE;
    case API_OFFSET_COMMIT:
        return GROUP_COMMIT;
    case API_OFFSET_FETCH:
        return GROUP_FETCH;
    default:
        return GROUP_REQUESTS;
    }
}

/* ---- answers ---- */
static void encode_fetch(struct wire_writer *w, struct group_request *r)
{
    struct offset_fetch_response a;
    const struct offset_fetch_response_group *g = &r->out.fetch;
    offset_fetch_response_init(&a);
    a.groups = &r->out.fetch;
    a.groups_count = 1;
    a.error_code = g->error_code;
    a.topics_count = g->topics_count;
    a.topics = arena_array(&r->arena, g->topics_count, sizeof *a.topics);
    for (uint32_t i = 0; i < g->topics_count; i++) {
        a.topics[i].name = g->topics[i].name;
        a.topics[i].partitions_count = g->topics[i].partitions_count;
        a.topics[i].partitions =
            arena_array(&r->arena, g->topics[i].partitions_count, sizeof *a.topics[i].partitions);
        for (uint32_t k = 0; k < g->topics[i].partitions_count; k++) {
            const struct offset_fetch_response_group_partition *p = &g->topics[i].partitions[k];
            a.topics[i].partitions[k] = (struct offset_fetch_response_partition){
                p->partition_index, p->committed_offset, p->committed_leader_epoch, p->metadata,
                p->error_code};
        }
    }
    offset_fetch_response_encode(w, r->version, &a);
}

static void encode(struct wire_writer *w, struct group_request *r)
{
    switch (r->kind) {
    case GROUP_JOIN:
        join_group_response_encode(w, r->version, &r->out.join);
        return;
    case GROUP_SYNC:
        sync_group_response_encode(w, r->version, &r->out.sync);
        return;
    case GROUP_HEARTBEAT:
        heartbeat_response_encode(w, r->version, &r->out.heartbeat);
        return;
    case GROUP_LEAVE:
        leave_group_response_encode(w, r->version, &r->out.leave);
        return;
    case GROUP_COMMIT:
        offset_commit_response_encode(w, r->version, &r->out.commit);
        return;
    case GROUP_FETCH:
        encode_fetch(w, r);
        return;
    case GROUP_DESCRIBE:
    case GROUP_REQUESTS:
        ck_abort_msg("not recorded");
    }
}

/* ---- a conversation ---- */
static void learn_ids(const struct group_talk *t, const struct request_header *header,
                      struct view kafkas)
{
    struct join_group_response join;
    struct arena arena = ARENA_INIT;
    struct wire_reader r = wire_reader_of(kafkas);
    if (t->request.kind == GROUP_JOIN) {
        frame_read_response_header(&r, header->api, header->api_version);
        ck_assert(join_group_response_decode(&r, header->api_version, &arena, &join));
        if (t->request.in.join.member_id.size == 0)
            learn(join.member_id, t->request.out.join.member_id);
    }
    arena_reset(&arena);
}

static int by_partition(const void *one, const void *two)
{
    const struct offset_commit_response_partition *x = one, *y = two;
    return (x->partition_index > y->partition_index) - (x->partition_index < y->partition_index);
}

/* Kafka answers the partitions of a commit in an order of its own. */
static void sort_commit(struct view answer, const struct request_header *header)
{
    struct offset_commit_response commit;
    struct arena arena = ARENA_INIT;
    struct wire_writer w;
    struct wire_reader r = wire_reader_of(answer);
    frame_read_response_header(&r, header->api, header->api_version);
    uint8_t *body = (uint8_t *)(uintptr_t)r.at;
    ck_assert(offset_commit_response_decode(&r, header->api_version, &arena, &commit));
    for (uint32_t i = 0; i < commit.topics_count; i++) {
        qsort(commit.topics[i].partitions, commit.topics[i].partitions_count,
              sizeof commit.topics[i].partitions[0], by_partition);
    }
    wire_writer_init(&w, NULL, 256, 1 << 20);
    offset_commit_response_encode(&w, header->api_version, &commit);
    struct view sorted = wire_written(&w);
    ck_assert_uint_eq(sorted.size, (size_t)(answer.base + answer.size - body));
    memcpy(body, sorted.base, sorted.size);
    wire_writer_deinit(&w);
    arena_reset(&arena);
}

/* A group that was not spoken of before is a new one. */
static void meet(const struct group_talk *t)
{
    if (!view_equal(t->request.group_id, b.group->id)) {
        struct group_actions actions;
        group_actions_init(&actions);
        group_unload(b.group, b.now, &actions);
        ck_assert_ptr_null(actions.answered);
        group_free(b.group);
        b.group = group_new(&b.space, t->request.group_id, b.now);
    }
}

static void exchange(const char *file, unsigned number, struct view request, struct view answer)
{
    struct request_header header;
    struct wire_writer w;
    struct wire_reader body = wire_reader_of(request);
    ck_assert_int_eq(frame_read_request_header(&body, &header), 0);
    struct group_talk *t = group_bench_talk(&b, kind_of(header.api_key), header.api_version);
    struct view mine =
        arena_copy(&t->request.arena, (struct view){body.at, (uint32_t)wire_left(&body)});
    for (unsigned i = 0; i < ids.count; i++)
        replace((uint8_t *)(uintptr_t)mine.base, mine.size, ids.kafkas[i], ids.ours[i]);
    t->request.client_id = arena_copy(&t->request.arena, header.client_id);
    body = wire_reader_of(mine);
    ck_assert(decode(t, &body));
    meet(t);
    group_bench_ask(&b, t);
    group_bench_settle(&b, ERROR_NONE);
    group_bench_pass(&b, 0);
    ck_assert_msg(t->answered, "%s %u: not answered", file, number);
    learn_ids(t, &header, answer);
    wire_writer_init(&w, NULL, 256, 1 << 20);
    frame_begin_response(&w, header.api, header.api_version, header.correlation_id);
    encode(&w, &t->request);
    frame_end(&w, 0);
    struct view got = wire_written(&w);
    for (unsigned i = 0; i < ids.count; i++)
        replace((uint8_t *)(uintptr_t)got.base, got.size, ids.ours[i], ids.kafkas[i]);
    if (t->request.kind == GROUP_COMMIT) {
        sort_commit(answer, &header);
        sort_commit((struct view){got.base + 4, got.size - 4}, &header);
    }
    bool same = got.size == answer.size + 4 && memcmp(got.base + 4, answer.base, answer.size) == 0;
    ck_assert_msg(same, "%s %u (api %d, version %d): another answer, of %u bytes, not %u", file,
                  number, header.api_key, header.api_version, got.size - 4, answer.size);
    wire_writer_deinit(&w);
}

/* Takes a frame off the rest. */
static struct view take(struct view *rest)
{
    ck_assert_uint_ge(rest->size, 4);
    struct view frame = {rest->base + 4, load_u32(rest->base)};
    ck_assert_uint_le(frame.size, rest->size - 4);
    rest->base += 4 + frame.size;
    rest->size -= 4 + frame.size;
    return frame;
}

/* Plays a whole recorded conversation; every answer is compared. Returns how many there were. */
static unsigned converse(const char *name)
{
    static uint8_t bytes[FILE_SIZE_MAX];
    char path[200];
    unsigned count = 0;
    snprintf(path, sizeof path, "tests/golden/groups/%s.bin", name);
    FILE *file = fopen(path, "rb");
    ck_assert_msg(file != NULL, "cannot open %s; run from the top of the tree", path);
    struct view rest = {bytes, (uint32_t)fread(bytes, 1, sizeof bytes, file)};
    fclose(file);
    group_bench_init(&b);
    ids.count = 0;
    while (rest.size > 0) {
        struct view request = take(&rest), answer = take(&rest);
        exchange(name, count++, request, answer);
    }
    group_bench_deinit(&b);
    return count;
}

START_TEST(test_static_members)
{
    ck_assert_uint_eq(converse("java39-static"), 10);
    ck_assert_uint_eq(converse("java39-static-fenced"), 9);
}
END_TEST

START_TEST(test_librdkafka)
{
    ck_assert_uint_eq(converse("kcat-group"), 12);
    ck_assert_uint_eq(converse("confluent-kafka-group"), 16);
}
END_TEST

START_TEST(test_go)
{
    ck_assert_uint_eq(converse("franz-go-group-range"), 6);
    ck_assert_uint_eq(converse("franz-go-group-cooperative-sticky"), 7);
    ck_assert_uint_eq(converse("sarama-group"), 10);
}
END_TEST

START_TEST(test_python_and_node)
{
    ck_assert_uint_eq(converse("kafka-python-group"), 10);
    ck_assert_uint_eq(converse("kafkajs-group"), 16);
}
END_TEST

SUITE_MAIN("golden_groups", test_static_members, test_librdkafka, test_go, test_python_and_node)
