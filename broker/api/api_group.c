/* SPDX-License-Identifier: Apache-2.0 */
/* The APIs of consumer groups. A request goes to the shard of the group's partition of
 * __consumer_offsets, is served there, and is answered on the connection's shard. */
#include "broker/api/api.h"
#include "broker/group/group_host.h"
#include "common/assert.h"
#include "common/resolve.h"

/* One request of a client, as one question to each group that it names. The client is answered when
 * all of them are. */
struct group_round {
    struct request *client;
    struct shard *shard;
    uint32_t out_count;
    void (*answer)(struct group_round *round);
    struct group_ask *asks;
    uint32_t ask_count;
    bool several; /* an OffsetFetch from version 8 on, which names several groups */
    struct list_groups_request list_in;
    struct list_ask *lists;
};
struct group_ask {
    struct call call;
    struct group_round *round;
    struct group_request request;
    struct partition_id id;
    struct shard *there;
};

/* ---- asking ---- */
static void ask_there(struct call *call, struct shard *there)
{
    struct group_ask *ask = CONTAINER_OF(call, struct group_ask, call);
    ask->there = there;
    group_host_serve(there->groups, ask->id, &ask->request);
}

static void ask_answered(struct group_request *r)
{
    struct group_ask *ask = CONTAINER_OF(r, struct group_ask, request);
    call_return(ask->there, &ask->call);
}

static void round_free(struct group_round *round)
{
    for (uint32_t i = 0; i < round->ask_count; i++)
        group_request_deinit(&round->asks[i].request);
}

static void round_home(struct group_round *round)
{
    struct request *client = round->client;
    if (--round->out_count == 0) {
        round->answer(round);
        round_free(round);
    }
    request_unref(client);
}

static void ask_back(struct call *call, struct shard *home)
{
    struct group_ask *ask = CONTAINER_OF(call, struct group_ask, call);
    (void)home;
    round_home(ask->round);
}

/* The broker is ending, and the connection is gone already: nobody is answered. */
static void ask_dropped(struct group_request *r)
{
    struct group_round *round = CONTAINER_OF(r, struct group_ask, request)->round;
    struct request *client = round->client;
    if (--round->out_count == 0)
        round_free(round);
    request_unref(client);
}

static void ask_send(struct group_ask *ask)
{
    struct shard *s = ask->round->shard;
    const struct topic_meta *t = metadata_by_name(&s->metadata, TOPIC_OFFSETS);
    if (t == NULL || t->partition_count == 0) {
        group_request_refuse(&ask->request, ERROR_NOT_COORDINATOR);
        return;
    }
    ask->id = (struct partition_id){
        t->id, (int32_t)group_partition(ask->request.group_id, t->partition_count)};
    unsigned to = shard_of(s, ask->id);
    s->crossed += to != s->number;
    ask->call.there = ask_there;
    ask->call.back = ask_back;
    ask->round->out_count++;
    request_ref(ask->round->client);
    call_make(s, to, &ask->call);
}

/* ---- rounds ---- */
/* The peer's address as Kafka shows it: Java prints a slash before an address without a name. */
static struct view host_of(struct request *r)
{
    char text[RESOLVE_TEXT_SIZE];
    const struct addr *peer = request_peer(r);
    if (peer == NULL)
        return VIEW_LITERAL("");
    resolve_ip_text(peer, text);
    return view_of(arena_printf(&r->arena, "/%s", text));
}

static struct group_round *round_new(struct shard *s, struct request *r, uint32_t ask_count,
                                     enum group_request_kind kind,
                                     void (*answer)(struct group_round *))
{
    struct group_round *round = arena_alloc(&r->arena, sizeof *round);
    *round = (struct group_round){.client = request_ref(r),
                                  .shard = s,
                                  .out_count = 1,
                                  .answer = answer,
                                  .ask_count = ask_count};
    round->asks = arena_array(&r->arena, ask_count, sizeof *round->asks);
    for (uint32_t i = 0; i < ask_count; i++) {
        struct group_ask *ask = &round->asks[i];
        ask->round = round;
        ask->request.kind = kind;
        ask->request.version = r->header.api_version;
        ask->request.client_id =
            r->header.client_id.base != NULL ? r->header.client_id : VIEW_LITERAL("");
        ask->request.answered = ask_answered;
        ask->request.dropped = ask_dropped;
    }
    return round;
}

static void round_send(struct group_round *round)
{
    for (uint32_t i = 0; i < round->ask_count; i++)
        ask_send(&round->asks[i]);
    round_home(round);
}

/* ---- one group, one answer ---- */
static void encode(struct wire_writer *w, const struct group_request *g)
{
    switch (g->kind) {
    case GROUP_JOIN:
        join_group_response_encode(w, g->version, &g->out.join);
        return;
    case GROUP_SYNC:
        sync_group_response_encode(w, g->version, &g->out.sync);
        return;
    case GROUP_HEARTBEAT:
        heartbeat_response_encode(w, g->version, &g->out.heartbeat);
        return;
    case GROUP_LEAVE:
        leave_group_response_encode(w, g->version, &g->out.leave);
        return;
    case GROUP_COMMIT:
        offset_commit_response_encode(w, g->version, &g->out.commit);
        return;
    case GROUP_FETCH:
    case GROUP_DESCRIBE:
    case GROUP_REQUESTS:
        break;
    }
    IMPOSSIBLE("a group request of no kind");
}

static void answer_one(struct group_round *round)
{
    struct wire_writer w;
    request_begin_answer(round->client, &w);
    encode(&w, &round->asks[0].request);
    request_answer(round->client, &w, NULL, 0);
}

static bool decode(struct request *r, struct group_request *g)
{
    int16_t version = r->header.api_version;
    struct arena *arena = &r->arena;
    bool ok = false;
    switch (g->kind) {
    case GROUP_JOIN:
        ok = join_group_request_decode(&r->body, version, arena, &g->in.join);
        g->group_id = g->in.join.group_id;
        break;
    case GROUP_SYNC:
        ok = sync_group_request_decode(&r->body, version, arena, &g->in.sync);
        g->group_id = g->in.sync.group_id;
        break;
    case GROUP_HEARTBEAT:
        ok = heartbeat_request_decode(&r->body, version, arena, &g->in.heartbeat);
        g->group_id = g->in.heartbeat.group_id;
        break;
    case GROUP_LEAVE:
        ok = leave_group_request_decode(&r->body, version, arena, &g->in.leave);
        g->group_id = g->in.leave.group_id;
        break;
    case GROUP_COMMIT:
        ok = offset_commit_request_decode(&r->body, version, arena, &g->in.commit);
        g->group_id = g->in.commit.group_id;
        break;
    case GROUP_FETCH:
    case GROUP_DESCRIBE:
    case GROUP_REQUESTS:
        break;
    }
    return ok;
}

/* Marks partitions that do not exist; the group sees only the others. False: there are no others.
 */
static bool mark_unknown(const struct shard *s, struct group_request *g)
{
    bool any = false;
    for (uint32_t i = 0; i < g->out.commit.topics_count; i++) {
        struct offset_commit_response_topic *to = &g->out.commit.topics[i];
        const struct topic_meta *t = metadata_by_name(&s->metadata, to->name);
        for (uint32_t k = 0; k < to->partitions_count; k++) {
            int32_t number = to->partitions[k].partition_index;
            if (t == NULL || number < 0 || (uint32_t)number >= t->partition_count)
                to->partitions[k].error_code = ERROR_UNKNOWN_TOPIC_OR_PARTITION;
            else
                any = true;
        }
    }
    return any;
}

static void serve_one(struct shard *s, struct request *r, enum group_request_kind kind)
{
    struct group_round *round = round_new(s, r, 1, kind, answer_one);
    struct group_request *g = &round->asks[0].request;
    if (!decode(r, g)) {
        request_hang_up(r, "a group request that cannot be read");
        request_unref(r);
        return;
    }
    if (kind == GROUP_JOIN)
        g->client_host = host_of(r);
    if (kind == GROUP_SYNC && !group_request_names_protocol(g)) {
        group_request_refuse(g, ERROR_INCONSISTENT_GROUP_PROTOCOL);
        round_home(round);
        return;
    }
    if (kind == GROUP_COMMIT) {
        group_commit_prepare(g);
        if (!mark_unknown(s, g)) {
            round_home(round);
            return;
        }
    }
    round_send(round);
}

/* ---- OffsetFetch ---- */
static void answer_fetch(struct group_round *round)
{
    struct request *r = round->client;
    struct offset_fetch_response a;
    struct wire_writer w;
    offset_fetch_response_init(&a);
    if (round->several) {
        a.groups_count = round->ask_count;
        a.groups = arena_array(&r->arena, a.groups_count, sizeof *a.groups);
        for (uint32_t i = 0; i < a.groups_count; i++)
            a.groups[i] = round->asks[i].request.out.fetch;
    } else {
        const struct offset_fetch_response_group *g = &round->asks[0].request.out.fetch;
        a.error_code = g->error_code;
        a.topics_count = g->topics_count;
        a.topics = arena_array(&r->arena, a.topics_count, sizeof *a.topics);
        for (uint32_t i = 0; i < a.topics_count; i++) {
            struct offset_fetch_response_topic *to = &a.topics[i];
            to->name = g->topics[i].name;
            to->partitions_count = g->topics[i].partitions_count;
            to->partitions = arena_array(&r->arena, to->partitions_count, sizeof *to->partitions);
            for (uint32_t k = 0; k < to->partitions_count; k++) {
                const struct offset_fetch_response_group_partition *p = &g->topics[i].partitions[k];
                to->partitions[k] = (struct offset_fetch_response_partition){
                    p->partition_index, p->committed_offset, p->committed_leader_epoch, p->metadata,
                    p->error_code};
            }
        }
    }
    request_begin_answer(r, &w);
    offset_fetch_response_encode(&w, r->header.api_version, &a);
    request_answer(r, &w, NULL, 0);
}

/* A request of before version 8, in the form of one group of version 8. */
static struct offset_fetch_request_group only_group(struct request *r,
                                                    const struct offset_fetch_request *q)
{
    struct offset_fetch_request_group g;
    offset_fetch_request_group_init(&g);
    g.group_id = q->group_id;
    g.topics_null = q->topics_null;
    g.topics_count = q->topics_count;
    g.topics = arena_array(&r->arena, q->topics_count, sizeof *g.topics);
    for (uint32_t i = 0; i < q->topics_count; i++) {
        g.topics[i] = (struct offset_fetch_request_group_topic){
            q->topics[i].name, q->topics[i].partition_indexes_count,
            q->topics[i].partition_indexes};
    }
    return g;
}

static void serve_fetch(struct shard *s, struct request *r)
{
    struct offset_fetch_request q;
    if (!offset_fetch_request_decode(&r->body, r->header.api_version, &r->arena, &q)) {
        request_hang_up(r, "an OffsetFetch request that cannot be read");
        return;
    }
    bool several = r->header.api_version >= 8;
    struct group_round *round =
        round_new(s, r, several ? q.groups_count : 1, GROUP_FETCH, answer_fetch);
    round->several = several;
    for (uint32_t i = 0; i < round->ask_count; i++) {
        struct group_request *g = &round->asks[i].request;
        g->in.fetch = several ? q.groups[i] : only_group(r, &q);
        g->group_id = g->in.fetch.group_id;
    }
    round_send(round);
}

/* ---- DescribeGroups ---- */
static void answer_describe(struct group_round *round)
{
    struct request *r = round->client;
    struct describe_groups_response a;
    struct wire_writer w;
    describe_groups_response_init(&a);
    a.groups_count = round->ask_count;
    a.groups = arena_array(&r->arena, a.groups_count, sizeof *a.groups);
    for (uint32_t i = 0; i < a.groups_count; i++)
        a.groups[i] = round->asks[i].request.out.describe;
    request_begin_answer(r, &w);
    describe_groups_response_encode(&w, r->header.api_version, &a);
    request_answer(r, &w, NULL, 0);
}

static void serve_describe(struct shard *s, struct request *r)
{
    struct describe_groups_request q;
    if (!describe_groups_request_decode(&r->body, r->header.api_version, &r->arena, &q)) {
        request_hang_up(r, "a DescribeGroups request that cannot be read");
        return;
    }
    struct group_round *round = round_new(s, r, q.groups_count, GROUP_DESCRIBE, answer_describe);
    for (uint32_t i = 0; i < round->ask_count; i++) {
        struct group_request *g = &round->asks[i].request;
        g->group_id = q.groups[i];
        g->in.describe_operations = q.include_authorized_operations;
    }
    round_send(round);
}

/* ---- ListGroups: every shard is asked ---- */
struct list_ask {
    struct call call;
    struct group_round *round;
    struct arena arena;
    struct list_groups_response_group *groups;
    uint32_t count;
    bool loading;
};

static void answer_list(struct group_round *round)
{
    struct request *r = round->client;
    unsigned shard_count = round->shard->reactor.env.shard_count;
    struct list_groups_response a;
    struct wire_writer w;
    uint32_t count = 0;
    list_groups_response_init(&a);
    for (unsigned i = 0; i < shard_count; i++)
        count += round->lists[i].count;
    a.groups = arena_array(&r->arena, count, sizeof *a.groups);
    for (unsigned i = 0; i < shard_count; i++) {
        const struct list_ask *l = &round->lists[i];
        if (l->loading)
            a.error_code = ERROR_COORDINATOR_LOAD_IN_PROGRESS;
        for (uint32_t k = 0; k < l->count; k++)
            a.groups[a.groups_count++] = l->groups[k];
    }
    request_begin_answer(r, &w);
    list_groups_response_encode(&w, r->header.api_version, &a);
    request_answer(r, &w, NULL, 0);
    for (unsigned i = 0; i < shard_count; i++)
        arena_reset(&round->lists[i].arena);
}

static void list_there(struct call *call, struct shard *there)
{
    struct list_ask *l = CONTAINER_OF(call, struct list_ask, call);
    l->groups =
        group_host_list(there->groups, &l->round->list_in, &l->arena, &l->count, &l->loading);
    call_return(there, call);
}

static void list_back(struct call *call, struct shard *home)
{
    (void)home;
    round_home(CONTAINER_OF(call, struct list_ask, call)->round);
}

static void serve_list(struct shard *s, struct request *r)
{
    unsigned shard_count = s->reactor.env.shard_count;
    struct group_round *round = round_new(s, r, 0, GROUP_DESCRIBE, answer_list);
    if (!list_groups_request_decode(&r->body, r->header.api_version, &r->arena, &round->list_in)) {
        request_hang_up(r, "a ListGroups request that cannot be read");
        request_unref(r);
        return;
    }
    round->lists = arena_array(&r->arena, shard_count, sizeof *round->lists);
    for (unsigned i = 0; i < shard_count; i++) {
        struct list_ask *l = &round->lists[i];
        l->round = round;
        l->call.there = list_there;
        l->call.back = list_back;
        round->out_count++;
        request_ref(r);
        call_make(s, i, &l->call);
    }
    round_home(round);
}

void api_group_serve(struct shard *s, struct request *r)
{
    switch (r->header.api_key) {
    case API_JOIN_GROUP:
        serve_one(s, r, GROUP_JOIN);
        return;
    case API_SYNC_GROUP:
        serve_one(s, r, GROUP_SYNC);
        return;
    case API_HEARTBEAT:
        serve_one(s, r, GROUP_HEARTBEAT);
        return;
    case API_LEAVE_GROUP:
        serve_one(s, r, GROUP_LEAVE);
        return;
    case API_OFFSET_COMMIT:
        serve_one(s, r, GROUP_COMMIT);
        return;
    case API_OFFSET_FETCH:
        serve_fetch(s, r);
        return;
    case API_DESCRIBE_GROUPS:
        serve_describe(s, r);
        return;
    case API_LIST_GROUPS:
        serve_list(s, r);
        return;
    default:
        request_hang_up(r, "a request of an api that is not served");
    }
}
