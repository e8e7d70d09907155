/* SPDX-License-Identifier: Apache-2.0 */
/* ListOffsets and OffsetForLeaderEpoch: one question per partition, asked on the partition's shard.
 */
#include "broker/api/api.h"
#include "common/assert.h"
#include "common/map.h"
#include "proto/gen/list_offsets.h"
#include "proto/gen/offset_for_leader_epoch.h"

/* What both APIs share: questions that are out to the partitions' shards, and the answer to the
 * client when the last of them has returned. */
struct gathering {
    struct request *request;
    struct shard *shard;
    uint32_t out_count;
    void (*answer)(struct gathering *g);
};

static void gathering_start(struct gathering *g, struct shard *s, struct request *r,
                            void (*answer)(struct gathering *))
{
    *g =
        (struct gathering){.request = request_ref(r), .shard = s, .out_count = 1, .answer = answer};
}

static void gathering_send(struct gathering *g, struct partition_id id, struct call *call)
{
    unsigned to = shard_of(g->shard, id);
    g->shard->crossed += to != g->shard->number;
    g->out_count++;
    request_ref(g->request);
    call_make(g->shard, to, call);
}

static void gathering_home(struct gathering *g)
{
    if (--g->out_count == 0)
        g->answer(g);
    request_unref(g->request);
}

/* ---- ListOffsets ---- */
struct offset_item {
    struct call call;
    struct offset_query query;
    struct list_offsets_response_partition *answer;
    struct list *list;
    struct shard *there;
};
struct list {
    struct gathering gathering;
    struct list_offsets_request in;
    struct list_offsets_response out;
    struct map asked; /* topic and partition -> &in: named once, &out: named several times */
    bool any_twice;
};

static void query_done(struct offset_query *q)
{
    struct offset_item *it = CONTAINER_OF(q, struct offset_item, query);
    call_return(it->there, &it->call);
}

static void query_there(struct call *call, struct shard *there)
{
    struct offset_item *it = CONTAINER_OF(call, struct offset_item, call);
    it->there = there;
    replica_host_find_offset(there->replicas, &it->query);
}

static void query_back(struct call *call, struct shard *home)
{
    struct offset_item *it = CONTAINER_OF(call, struct offset_item, call);
    int16_t version = it->list->gathering.request->header.api_version;
    enum error_code e = api_error_of(home, it->query.id, it->query.result);
    if (e == ERROR_OFFSET_NOT_AVAILABLE && version < 5)
        e = ERROR_LEADER_NOT_AVAILABLE;
    it->answer->error_code = (int16_t)e;
    if (e == ERROR_NONE) {
        it->answer->offset = it->query.ret_offset;
        it->answer->timestamp = it->query.ret_timestamp;
        it->answer->leader_epoch = it->query.ret_epoch;
    }
    gathering_home(&it->list->gathering);
}

#define EARLIEST_LOCAL (-4) /* the first record outside of tiered storage (KIP-405) */
#define LATEST_TIERED (-5)  /* the last record in tiered storage (KIP-1005) */

/* Whether this version knows this timestamp: a time, or one of the negative numbers with a meaning.
 * Without tiered storage, the earliest local record is the earliest. */
static bool timestamp_known(int64_t *timestamp, int16_t version)
{
    if (*timestamp == EARLIEST_LOCAL && version >= 8) {
        *timestamp = OFFSET_EARLIEST;
        return true;
    }
    return *timestamp >= 0 || *timestamp == OFFSET_LATEST || *timestamp == OFFSET_EARLIEST ||
           (*timestamp == OFFSET_MAX_TIMESTAMP && version >= 7) ||
           (*timestamp == LATEST_TIERED && version >= 9);
}

static void list_answer(struct gathering *g)
{
    struct list *l = CONTAINER_OF(g, struct list, gathering);
    struct wire_writer w;
    request_begin_answer(g->request, &w);
    list_offsets_response_encode(&w, g->request->header.api_version, &l->out);
    request_answer(g->request, &w, NULL, 0);
}

/* ---- partitions that are asked for twice: neither question is answered ---- */
static struct view asked_key(struct list *l, struct view topic, int32_t partition)
{
    uint8_t *key = arena_alloc(&l->gathering.request->arena, topic.size + 4);
    if (topic.size > 0)
        memcpy(key, topic.base, topic.size);
    store_u32(key + topic.size, (uint32_t)partition);
    return (struct view){key, topic.size + 4};
}

static void count_asked(struct list *l)
{
    for (uint32_t i = 0; i < l->in.topics_count; i++) {
        const struct list_offsets_request_topic *t = &l->in.topics[i];
        for (uint32_t k = 0; k < t->partitions_count; k++) {
            struct view key = asked_key(l, t->name, t->partitions[k].partition_index);
            if (map_put(&l->asked, key, &l->in) != NULL) {
                map_put(&l->asked, key, &l->out);
                l->any_twice = true;
            }
        }
    }
}

static bool asked_twice(struct list *l, struct view topic, int32_t partition)
{
    return l->any_twice && map_get(&l->asked, asked_key(l, topic, partition)) == &l->out;
}

static void list_one(struct list *l, struct view topic, const struct topic_meta *t,
                     const struct list_offsets_request_partition *from,
                     struct list_offsets_response_partition *to)
{
    int64_t timestamp = from->timestamp;
    list_offsets_response_partition_init(to);
    to->partition_index = from->partition_index;
    to->offset = to->timestamp = -1;
    if (asked_twice(l, topic, from->partition_index)) {
        to->error_code = ERROR_INVALID_REQUEST;
        return;
    }
    if (!timestamp_known(&timestamp, l->gathering.request->header.api_version)) {
        to->error_code = ERROR_UNSUPPORTED_VERSION;
        return;
    }
    if (t == NULL || from->partition_index < 0 ||
        (uint32_t)from->partition_index >= t->partition_count) {
        to->error_code = ERROR_UNKNOWN_TOPIC_OR_PARTITION;
        return;
    }
    if (timestamp == LATEST_TIERED)
        return; /* nothing is in tiered storage: no offset, no error */
    struct offset_item *it = arena_alloc(&l->gathering.request->arena, sizeof *it);
    it->list = l;
    it->answer = to;
    it->query = (struct offset_query){.id = {t->id, from->partition_index},
                                      .timestamp = timestamp,
                                      .committed = l->in.isolation_level == 1,
                                      .current_leader_epoch = from->current_leader_epoch,
                                      .done = query_done};
    it->call.there = query_there;
    it->call.back = query_back;
    gathering_send(&l->gathering, it->query.id, &it->call);
}

void api_list_offsets_serve(struct shard *s, struct request *r)
{
    struct list *l = arena_alloc(&r->arena, sizeof *l);
    if (!list_offsets_request_decode(&r->body, r->header.api_version, &r->arena, &l->in)) {
        request_hang_up(r, "a ListOffsets request that cannot be read");
        return;
    }
    gathering_start(&l->gathering, s, r, list_answer);
    l->asked = MAP_INIT;
    l->any_twice = false;
    count_asked(l);
    list_offsets_response_init(&l->out);
    l->out.topics_count = l->in.topics_count;
    l->out.topics = arena_array(&r->arena, l->in.topics_count, sizeof *l->out.topics);
    for (uint32_t i = 0; i < l->in.topics_count; i++) {
        const struct list_offsets_request_topic *from = &l->in.topics[i];
        struct list_offsets_response_topic *to = &l->out.topics[i];
        const struct topic_meta *t = metadata_by_name(&s->metadata, from->name);
        to->name = from->name;
        to->partitions_count = from->partitions_count;
        to->partitions = arena_array(&r->arena, from->partitions_count, sizeof *to->partitions);
        for (uint32_t k = 0; k < from->partitions_count; k++)
            list_one(l, from->name, t, &from->partitions[k], &to->partitions[k]);
    }
    map_deinit(&l->asked);
    gathering_home(&l->gathering);
}

/* ---- OffsetForLeaderEpoch ---- */
struct epoch_item {
    struct call call;
    struct partition_id id;
    int32_t current_leader_epoch, epoch;
    enum replica_result result;
    int32_t ret_epoch;
    int64_t ret_end;
    struct offset_for_leader_epoch_response_partition *answer;
    struct epochs *epochs;
};
struct epochs {
    struct gathering gathering;
    struct offset_for_leader_epoch_request in;
    struct offset_for_leader_epoch_response out;
};

static void epoch_there(struct call *call, struct shard *there)
{
    struct epoch_item *it = CONTAINER_OF(call, struct epoch_item, call);
    it->result = replica_host_epoch_end(there->replicas, it->id, it->current_leader_epoch,
                                        it->epoch, &it->ret_epoch, &it->ret_end);
    call_return(there, call);
}

static void epoch_back(struct call *call, struct shard *home)
{
    struct epoch_item *it = CONTAINER_OF(call, struct epoch_item, call);
    it->answer->error_code = (int16_t)api_error_of(home, it->id, it->result);
    if (it->result == REPLICA_OK) {
        it->answer->leader_epoch = it->ret_epoch;
        it->answer->end_offset = it->ret_end;
    }
    gathering_home(&it->epochs->gathering);
}

static void epochs_answer(struct gathering *g)
{
    struct epochs *e = CONTAINER_OF(g, struct epochs, gathering);
    struct wire_writer w;
    request_begin_answer(g->request, &w);
    offset_for_leader_epoch_response_encode(&w, g->request->header.api_version, &e->out);
    request_answer(g->request, &w, NULL, 0);
}

static void epoch_one(struct epochs *e, const struct topic_meta *t,
                      const struct offset_for_leader_epoch_request_partition *from,
                      struct offset_for_leader_epoch_response_partition *to)
{
    offset_for_leader_epoch_response_partition_init(to);
    to->partition = from->partition;
    if (t == NULL || from->partition < 0 || (uint32_t)from->partition >= t->partition_count) {
        to->error_code = ERROR_UNKNOWN_TOPIC_OR_PARTITION;
        return;
    }
    struct epoch_item *it = arena_alloc(&e->gathering.request->arena, sizeof *it);
    it->epochs = e;
    it->answer = to;
    it->id = (struct partition_id){t->id, from->partition};
    it->current_leader_epoch = from->current_leader_epoch;
    it->epoch = from->leader_epoch;
    it->ret_epoch = -1;
    it->ret_end = -1;
    it->call.there = epoch_there;
    it->call.back = epoch_back;
    gathering_send(&e->gathering, it->id, &it->call);
}

void api_offset_for_leader_epoch_serve(struct shard *s, struct request *r)
{
    struct epochs *e = arena_alloc(&r->arena, sizeof *e);
    if (!offset_for_leader_epoch_request_decode(&r->body, r->header.api_version, &r->arena,
                                                &e->in)) {
        request_hang_up(r, "an OffsetForLeaderEpoch request that cannot be read");
        return;
    }
    gathering_start(&e->gathering, s, r, epochs_answer);
    offset_for_leader_epoch_response_init(&e->out);
    e->out.topics_count = e->in.topics_count;
    e->out.topics = arena_array(&r->arena, e->in.topics_count, sizeof *e->out.topics);
    for (uint32_t i = 0; i < e->in.topics_count; i++) {
        const struct offset_for_leader_epoch_request_topic *from = &e->in.topics[i];
        struct offset_for_leader_epoch_response_topic *to = &e->out.topics[i];
        const struct topic_meta *t = metadata_by_name(&s->metadata, from->topic);
        to->topic = from->topic;
        to->partitions_count = from->partitions_count;
        to->partitions = arena_array(&r->arena, from->partitions_count, sizeof *to->partitions);
        for (uint32_t k = 0; k < from->partitions_count; k++)
            epoch_one(e, t, &from->partitions[k], &to->partitions[k]);
    }
    gathering_home(&e->gathering);
}
