/* SPDX-License-Identifier: Apache-2.0 */
/* OffsetCommit and OffsetFetch of a member. */
#include <stdio.h>
#include <string.h>

#include "common/assert.h"
#include "common/memory.h"
#include "proto/gen/offset_commit.h"
#include "proto/gen/offset_fetch.h"
#include "tests/sim/sim_member_internal.h"

#define PARTITIONS_MAX 32
#define EPOCHS 100 /* the leader epoch that goes with an offset is its remainder by this */

static uint32_t all_partitions(const struct sim_member *m)
{
    return (uint32_t)((UINT64_C(1) << sim_history_kept(m->client.history)) - 1);
}

/* ---- OffsetCommit ---- */
static enum sim_commit_outcome outcome_of(int16_t error)
{
    switch (error) {
    case ERROR_NONE:
        return SIM_COMMIT_ACKED;
    case ERROR_ILLEGAL_GENERATION:
    case ERROR_UNKNOWN_MEMBER_ID:
    case ERROR_FENCED_INSTANCE_ID:
    case ERROR_REBALANCE_IN_PROGRESS:
    case ERROR_COORDINATOR_LOAD_IN_PROGRESS:
    case ERROR_UNKNOWN_TOPIC_OR_PARTITION:
        return SIM_COMMIT_REFUSED;
    default:
        return SIM_COMMIT_UNKNOWN; /* it may have been appended before that was known */
    }
}

static void commit_trouble(struct sim_member *m, const struct attempt *a, int16_t error)
{
    bool own = a == &m->attempts[ATTEMPT_COMMIT] && m->generation == a->generation &&
               strcmp(m->member_id, a->member_id) == 0;
    if (error == ERROR_NOT_COORDINATOR || error == ERROR_COORDINATOR_NOT_AVAILABLE)
        member_lost_coordinator(m);
    else if (own && !m->options.simple && m->state == MEMBER_STABLE)
        member_trouble(m, error);
}

static void commit_answered(struct sim_member *m, const struct attempt *a,
                            const struct offset_commit_response *answer)
{
    static const int16_t expected[] = {ERROR_ILLEGAL_GENERATION,
                                       ERROR_UNKNOWN_MEMBER_ID,
                                       ERROR_FENCED_INSTANCE_ID,
                                       ERROR_REBALANCE_IN_PROGRESS,
                                       ERROR_COORDINATOR_LOAD_IN_PROGRESS,
                                       ERROR_COORDINATOR_NOT_AVAILABLE,
                                       ERROR_NOT_COORDINATOR,
                                       ERROR_REQUEST_TIMED_OUT,
                                       ERROR_UNKNOWN_TOPIC_OR_PARTITION};
    uint32_t told = 0;
    for (uint32_t t = 0; t < answer->topics_count; t++) {
        const struct offset_commit_response_topic *topic = &answer->topics[t];
        for (uint32_t i = 0; i < topic->partitions_count; i++) {
            const struct offset_commit_response_partition *p = &topic->partitions[i];
            uint32_t index = sim_history_find(m->client.history, topic->name, p->partition_index);
            if (index == SIM_NO_RECORD)
                continue;
            told |= UINT32_C(1) << index;
            member_answered(m, a == &m->attempts[ATTEMPT_GHOST] ? "an old commit" : "OffsetCommit",
                            p->error_code, expected, COUNT_OF(expected));
            sim_group_commit_done(m->options.checker, a->commit, index, outcome_of(p->error_code),
                                  &a->span, a->member_id);
            commit_trouble(m, a, p->error_code);
        }
    }
    if (told != a->partitions)
        sim_violation(m->client.history, "member %u: an OffsetCommit of %x is answered for %x",
                      m->options.number, a->partitions, told);
}

static void commit_done(struct client_call *call, struct wire_reader *r)
{
    struct sim_member *m;
    struct offset_commit_response answer;
    struct arena arena = ARENA_INIT;
    struct attempt *a = member_home(call, r, &m);
    if (!r)
        member_lost_coordinator(m);
    else if (!offset_commit_response_decode(r, call->version, &arena, &answer))
        member_garbled(m, "OffsetCommit");
    else
        commit_answered(m, a, &answer);
    arena_reset(&arena);
}

struct commit_body {
    struct offset_commit_request request;
    struct offset_commit_request_topic topics[SIM_TOPICS_MAX];
    struct offset_commit_request_partition partitions[PARTITIONS_MAX];
    char metadata[24];
};

/* The partitions of the history lie topic by topic. */
static void lay_out(struct commit_body *b, const struct sim_member *m, const struct attempt *a)
{
    const struct sim_history *h = m->client.history;
    uint32_t count = 0, last = UINT32_MAX;
    snprintf(b->metadata, sizeof b->metadata, "%llu", (unsigned long long)a->commit);
    b->request.topics = b->topics;
    for (uint32_t i = 0; i < h->partition_count; i++) {
        if (!(a->partitions >> i & 1))
            continue;
        struct offset_commit_request_partition *p = &b->partitions[count++];
        offset_commit_request_partition_init(p);
        p->partition_index = h->partitions[i].number;
        p->committed_offset = (int64_t)a->commit;
        p->committed_leader_epoch = (int32_t)(a->commit % EPOCHS);
        p->committed_metadata = view_of(b->metadata);
        if (h->partitions[i].topic != last) {
            last = h->partitions[i].topic;
            struct offset_commit_request_topic *t = &b->topics[b->request.topics_count++];
            offset_commit_request_topic_init(t);
            t->name = view_of(h->topics[last].name);
            t->partitions = p;
        }
        b->topics[b->request.topics_count - 1].partitions_count++;
    }
}

static void commit_send(struct sim_member *m, struct client_node *node, enum attempt_kind kind,
                        int32_t generation, const char *member_id, uint32_t partitions)
{
    struct commit_body body;
    struct wire_writer w;
    uint32_t from;
    int16_t version = m->options.versions.commit;
    if (partitions == 0)
        return;
    struct attempt *a = member_begin(m, kind, API_OFFSET_COMMIT, version, &w, &from);
    a->generation = generation;
    snprintf(a->member_id, sizeof a->member_id, "%s", member_id);
    a->partitions = partitions;
    a->commit =
        sim_group_commit_begin(m->options.checker, m->options.group, partitions, generation);
    offset_commit_request_init(&body.request);
    body.request.group_id = member_group(m);
    body.request.generation_id_or_member_epoch = generation;
    body.request.member_id = view_of(a->member_id);
    body.request.group_instance_id = generation >= 0 ? member_instance(m) : VIEW_NULL;
    body.request.retention_time_ms = -1;
    lay_out(&body, m, a);
    offset_commit_request_encode(&w, version, &body.request);
    a->call.done = commit_done;
    member_send(a, node, &w, from);
}

void member_commit_send(struct sim_member *m, struct client_node *node)
{
    uint32_t partitions = m->options.simple ? all_partitions(m) : m->partitions;
    if (sim_random_once_in(&m->client.random, 2))
        partitions &= (uint32_t)sim_random_next(&m->client.random);
    if (m->options.simple)
        commit_send(m, node, ATTEMPT_COMMIT, -1, "", partitions);
    else
        commit_send(m, node, ATTEMPT_COMMIT, m->generation, m->member_id, partitions);
}

void member_ghost_send(struct sim_member *m, struct client_node *node)
{
    const struct sim_member_ghost *ghost = m->options.ghost;
    int32_t generation = ghost->generation;
    if (generation > 1 && sim_random_once_in(&m->client.random, 2))
        generation--;
    commit_send(m, node, ATTEMPT_GHOST, generation, ghost->member_id, all_partitions(m));
}

/* ---- OffsetFetch ---- */
struct fetched {
    struct sim_member *member;
    const struct attempt *attempt;
    int64_t offsets[PARTITIONS_MAX];
    uint32_t told;
    int16_t error; /* of a partition */
};

static void fetched_one(struct fetched *f, struct view topic, int32_t number, int64_t offset,
                        int32_t epoch, struct view metadata, int16_t error)
{
    struct sim_history *h = f->member->client.history;
    uint32_t index = sim_history_find(h, topic, number);
    char text[24] = "";
    if (index == SIM_NO_RECORD)
        return;
    if (error != ERROR_NONE)
        f->error = error;
    f->told |= UINT32_C(1) << index;
    f->offsets[index] = offset;
    if (offset >= 0)
        snprintf(text, sizeof text, "%llu", (unsigned long long)offset);
    /* Commits before version 6 name no epoch, answers before version 5 tell none. */
    bool epoch_fits = epoch == -1 || (offset >= 0 && epoch == offset % EPOCHS);
    if (error == ERROR_NONE && (!view_equal(metadata, view_of(text)) || !epoch_fits))
        sim_violation(h, "member %u: offset %lld comes with epoch %d and metadata %.*s",
                      f->member->options.number, (long long)offset, epoch, (int)metadata.size,
                      (const char *)metadata.base);
}

static int16_t take(struct fetched *f, const struct offset_fetch_response *answer)
{
    for (uint32_t t = 0; t < answer->topics_count; t++) {
        const struct offset_fetch_response_topic *topic = &answer->topics[t];
        for (uint32_t i = 0; i < topic->partitions_count; i++) {
            const struct offset_fetch_response_partition *p = &topic->partitions[i];
            fetched_one(f, topic->name, p->partition_index, p->committed_offset,
                        p->committed_leader_epoch, p->metadata, p->error_code);
        }
    }
    for (uint32_t t = 0; answer->groups_count == 1 && t < answer->groups[0].topics_count; t++) {
        const struct offset_fetch_response_group_topic *topic = &answer->groups[0].topics[t];
        for (uint32_t i = 0; i < topic->partitions_count; i++) {
            const struct offset_fetch_response_group_partition *p = &topic->partitions[i];
            fetched_one(f, topic->name, p->partition_index, p->committed_offset,
                        p->committed_leader_epoch, p->metadata, p->error_code);
        }
    }
    return answer->groups_count == 1 ? answer->groups[0].error_code
           : answer->error_code != 0 ? answer->error_code
                                     : f->error;
}

static void fetch_answered(struct sim_member *m, const struct attempt *a,
                           const struct offset_fetch_response *answer)
{
    static const int16_t expected[] = {ERROR_NOT_COORDINATOR, ERROR_COORDINATOR_NOT_AVAILABLE,
                                       ERROR_COORDINATOR_LOAD_IN_PROGRESS};
    struct fetched f = {.member = m, .attempt = a};
    for (unsigned i = 0; i < PARTITIONS_MAX; i++)
        f.offsets[i] = -1;
    int16_t error = take(&f, answer);
    member_answered(m, "OffsetFetch", error, expected, COUNT_OF(expected));
    if (error == ERROR_NONE) {
        /* Who asks for all is not told of partitions without an offset. */
        if (a->partitions != 0 && f.told != a->partitions)
            sim_violation(m->client.history, "member %u: an OffsetFetch of %x is answered for %x",
                          m->options.number, a->partitions, f.told);
        sim_group_fetched(m->options.checker, m->options.group, all_partitions(m), f.offsets,
                          &a->span);
        m->fetched_ns = a->span.begin_ns;
        return;
    }
    if (error == ERROR_NOT_COORDINATOR || error == ERROR_COORDINATOR_NOT_AVAILABLE)
        member_lost_coordinator(m);
    m->fetch_ns = m->client.reactor.now_ns + sim_random_range(&m->client.random, 50, 300) * SIM_MS;
}

static void fetch_done(struct client_call *call, struct wire_reader *r)
{
    struct sim_member *m;
    struct offset_fetch_response answer;
    struct arena arena = ARENA_INIT;
    struct attempt *a = member_home(call, r, &m);
    if (!r)
        member_lost_coordinator(m);
    else if (!offset_fetch_response_decode(r, call->version, &arena, &answer))
        member_garbled(m, "OffsetFetch");
    else
        fetch_answered(m, a, &answer);
    arena_reset(&arena);
}

struct fetch_body {
    struct offset_fetch_request request;
    struct offset_fetch_request_group group;
    struct offset_fetch_request_topic topics[SIM_TOPICS_MAX];
    struct offset_fetch_request_group_topic group_topics[SIM_TOPICS_MAX];
    int32_t numbers[PARTITIONS_MAX];
};

/* All partitions by name, in the forms of before and since version 8. */
static void name_all(struct fetch_body *b, const struct sim_history *h)
{
    uint32_t topics = 0;
    for (uint32_t t = 0; t < h->topic_count && !h->topics[t].fleeting; t++, topics++) {
        uint32_t first = h->topics[t].first_partition,
                 count = (uint32_t)h->topics[t].partition_count;
        for (uint32_t i = 0; i < count; i++)
            b->numbers[first + i] = (int32_t)i;
        b->topics[t] = (struct offset_fetch_request_topic){view_of(h->topics[t].name), count,
                                                           &b->numbers[first]};
        b->group_topics[t] = (struct offset_fetch_request_group_topic){view_of(h->topics[t].name),
                                                                       count, &b->numbers[first]};
    }
    b->request.topics = b->topics;
    b->request.topics_count = topics;
    b->group.topics = b->group_topics;
    b->group.topics_count = topics;
}

void member_fetch_send(struct sim_member *m, struct client_node *node)
{
    struct fetch_body body;
    struct wire_writer w;
    uint32_t from;
    int16_t version = m->options.versions.fetch;
    bool all = version >= 2 && sim_random_once_in(&m->client.random, 2);
    struct attempt *a = member_begin(m, ATTEMPT_FETCH, API_OFFSET_FETCH, version, &w, &from);
    offset_fetch_request_init(&body.request);
    offset_fetch_request_group_init(&body.group);
    body.request.group_id = body.group.group_id = member_group(m);
    body.request.require_stable = sim_random_once_in(&m->client.random, 2);
    body.request.topics_null = body.group.topics_null = all;
    if (!all)
        name_all(&body, m->client.history);
    body.request.groups = &body.group;
    body.request.groups_count = 1;
    a->partitions = all ? 0 : all_partitions(m);
    offset_fetch_request_encode(&w, version, &body.request);
    a->call.done = fetch_done;
    member_send(a, node, &w, from);
}
