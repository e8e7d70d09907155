/* SPDX-License-Identifier: Apache-2.0 */
/* The offsets of a group: OffsetCommit, OffsetFetch, expiry. */
#include <stdlib.h>

#include "broker/group/group_internal.h"
#include "broker/group/group_records.h"
#include "common/memory.h"
#include "common/mutation.h"
#include "proto/gen/consumer_protocol_subscription.h"

/* Tombstones go in batches of about this size. */
#define TOMBSTONES_BYTES (256u << 10)

/* ---- one offset ---- */
static struct view offset_key(const struct group_offset *o)
{
    return (struct view){o->bytes, o->topic_size + 4};
}

static struct view offset_topic(const struct group_offset *o)
{
    return (struct view){o->bytes, o->topic_size};
}

static struct view offset_metadata(const struct group_offset *o)
{
    return (struct view){o->bytes + o->topic_size + 4, o->metadata_size};
}

/* In memory: itself and its key in the map. */
static int64_t offset_cost(const struct group_offset *o)
{
    return (int64_t)(sizeof *o + 64) + 2 * (int64_t)o->topic_size + o->metadata_size;
}

static struct group_offset *offset_new(struct view topic, int32_t partition, struct view metadata)
{
    struct group_offset *o = xcalloc(1, sizeof *o + topic.size + 4 + metadata.size);
    o->partition = partition;
    o->topic_size = topic.size;
    o->metadata_size = metadata.size;
    o->expire_ms = -1;
    o->leader_epoch = -1;
    o->log_offset = -1;
    if (topic.size > 0)
        memcpy(o->bytes, topic.base, topic.size);
    store_u32(o->bytes + topic.size, (uint32_t)partition);
    if (metadata.size > 0)
        memcpy(o->bytes + topic.size + 4, metadata.base, metadata.size);
    return o;
}

static void offset_drop(struct group *g, struct group_offset *o)
{
    if (o != NULL) {
        group_charge(g, -offset_cost(o));
        free(o);
    }
}

/* The newer record stands. Takes the offset over. */
static void offset_put(struct group *g, struct group_offset *o)
{
    const struct group_offset *old = map_get(&g->offsets, offset_key(o));
    if (old != NULL && old->log_offset > o->log_offset) {
        free(o);
        return;
    }
    group_charge(g, offset_cost(o));
    offset_drop(g, map_put(&g->offsets, offset_key(o), o));
}

void group_offsets_free(struct group *g)
{
    struct map_entry e;
    for (uint32_t at = 0; map_next(&g->offsets, &at, &e);)
        offset_drop(g, e.value);
    map_deinit(&g->offsets);
}

static struct offset_commit_key record_key(const struct group *g, const struct group_offset *o)
{
    return (struct offset_commit_key){g->id, offset_topic(o), o->partition};
}

static void add_record(struct group *g, struct group_append *a, const struct group_offset *o)
{
    struct offset_commit_key key = record_key(g, o);
    struct offset_commit_value value = {o->offset, o->leader_epoch, offset_metadata(o),
                                        o->commit_ms, o->expire_ms};
    group_records_add_offset(&a->records, g->now.wall_ms, &key, &value);
}

/* ---- OffsetCommit ---- */
/* Members commit for their generation; anybody while the group is empty. */
static enum error_code check_commit(const struct group *g, const struct offset_commit_request *in,
                                    struct group_member **ret)
{
    int32_t generation = in->generation_id_or_member_epoch;
    *ret = NULL;
    if (generation < 0 && g->state == GROUP_EMPTY)
        return ERROR_NONE;
    enum error_code error = group_member_check(g, in->member_id, in->group_instance_id, ret);
    if (error != ERROR_NONE)
        return error;
    if (generation != g->generation &&
        !mutated(g->space->config->mutation, MUTATION_TAKE_ANY_GENERATION))
        return ERROR_ILLEGAL_GENERATION;
    return g->state == GROUP_COMPLETING ? ERROR_REBALANCE_IN_PROGRESS : ERROR_NONE;
}

static struct group_offset *committed(const struct group *g, const struct group_request *r,
                                      struct view topic,
                                      const struct offset_commit_request_partition *p)
{
    struct group_offset *o = offset_new(topic, p->partition_index, p->committed_metadata);
    int64_t retention_ms = r->in.commit.retention_time_ms;
    o->offset = p->committed_offset;
    o->leader_epoch = p->committed_leader_epoch;
    o->commit_ms =
        r->version == 1 && p->commit_timestamp >= 0 ? p->commit_timestamp : g->now.wall_ms;
    if (r->version >= 2 && r->version <= 4 && retention_ms >= 0) {
        o->expire_ms =
            retention_ms > INT64_MAX - g->now.wall_ms ? INT64_MAX : g->now.wall_ms + retention_ms;
    }
    return o;
}

/* Marks what is too large, counts what is to be written and how many bytes that takes. */
static uint32_t measure(const struct group *g, struct group_request *r, uint64_t *ret_size)
{
    const struct offset_commit_request *in = &r->in.commit;
    uint32_t count = 0;
    *ret_size = 0;
    for (uint32_t i = 0; i < in->topics_count; i++) {
        for (uint32_t k = 0; k < in->topics[i].partitions_count; k++) {
            uint32_t size = in->topics[i].partitions[k].committed_metadata.size;
            int16_t *error = &r->out.commit.topics[i].partitions[k].error_code;
            if (*error == ERROR_NONE && size > g->space->config->metadata_size_max)
                *error = ERROR_OFFSET_METADATA_TOO_LARGE;
            if (*error == ERROR_NONE) {
                count++;
                *ret_size += (uint64_t)g->id.size + in->topics[i].name.size + size + 64;
            }
        }
    }
    return count;
}

static void append_commit(struct group *g, struct group_request *r, uint32_t count)
{
    const struct offset_commit_request *in = &r->in.commit;
    struct group_append *a = group_append_new(g, GROUP_APPEND_OFFSETS);
    a->request = r;
    a->offsets = arena_array(&a->arena, count, sizeof(struct group_offset *));
    for (uint32_t i = 0; i < in->topics_count; i++) {
        for (uint32_t k = 0; k < in->topics[i].partitions_count; k++) {
            if (r->out.commit.topics[i].partitions[k].error_code == ERROR_NONE) {
                struct group_offset *o =
                    committed(g, r, in->topics[i].name, &in->topics[i].partitions[k]);
                a->offsets[a->offset_count++] = o;
                add_record(g, a, o);
            }
        }
    }
    g->commits_under_way++;
    group_emit(g, a);
}

void group_commit(struct group *g, struct group_request *r)
{
    struct group_member *m;
    uint64_t size;
    enum error_code error = check_commit(g, &r->in.commit, &m);
    if (error == ERROR_NONE && !group_has_room(g))
        error = ERROR_COORDINATOR_NOT_AVAILABLE;
    if (error != ERROR_NONE) {
        group_refuse(g, r, error);
        return;
    }
    if (m != NULL && m->join == NULL && m->sync == NULL)
        group_member_touch(g, m);
    uint32_t count = measure(g, r, &size);
    if (size > GROUP_RECORD_BYTES_MAX)
        group_refuse(g, r, ERROR_INVALID_COMMIT_OFFSET_SIZE);
    else if (count == 0)
        group_answer(g, r);
    else
        append_commit(g, r, count);
}

void group_offsets_stored(struct group *g, struct group_append *a, enum error_code error,
                          int64_t log_offset)
{
    struct group_request *r = a->request;
    a->request = NULL;
    if (error == ERROR_NONE) {
        for (uint32_t i = 0; i < a->offset_count; i++) {
            a->offsets[i]->log_offset = log_offset + i;
            offset_put(g, a->offsets[i]);
        }
        a->offset_count = 0;
    }
    if (error != ERROR_REQUEST_TIMED_OUT) {
        INVARIANT(g->commits_under_way > 0);
        g->commits_under_way--;
    }
    if (r != NULL && error == ERROR_NONE)
        group_answer(g, r);
    else if (r != NULL)
        group_refuse(g, r, error);
}

/* ---- OffsetFetch ---- */
static struct offset_fetch_response_group_partition
partition_answer(struct group_request *r, const struct group_offset *o, int32_t partition)
{
    struct offset_fetch_response_group_partition p = {
        .partition_index = partition, .committed_offset = -1, .committed_leader_epoch = -1};
    p.metadata = VIEW_LITERAL("");
    if (o != NULL) {
        p.committed_offset = o->offset;
        p.committed_leader_epoch = o->leader_epoch;
        p.metadata = arena_copy(&r->arena, offset_metadata(o));
    }
    return p;
}

static void fetch_named(const struct group *g, struct group_request *r)
{
    const struct offset_fetch_request_group *in = &r->in.fetch;
    struct offset_fetch_response_group *out = &r->out.fetch;
    out->topics_count = in->topics_count;
    out->topics = arena_array(&r->arena, in->topics_count, sizeof *out->topics);
    for (uint32_t i = 0; i < in->topics_count; i++) {
        const struct offset_fetch_request_group_topic *from = &in->topics[i];
        struct offset_fetch_response_group_topic *to = &out->topics[i];
        uint8_t *key = arena_alloc(&r->arena, from->name.size + 4);
        if (from->name.size > 0)
            memcpy(key, from->name.base, from->name.size);
        to->name = from->name;
        to->partitions_count = from->partition_indexes_count;
        to->partitions = arena_array(&r->arena, to->partitions_count, sizeof *to->partitions);
        for (uint32_t k = 0; k < from->partition_indexes_count; k++) {
            int32_t partition = from->partition_indexes[k];
            store_u32(key + from->name.size, (uint32_t)partition);
            const struct group_offset *o =
                g != NULL ? map_get(&g->offsets, (struct view){key, from->name.size + 4}) : NULL;
            to->partitions[k] = partition_answer(r, o, partition);
        }
    }
}

/* All offsets, gathered by topic: counted first, so that each list is made once. */
static void fetch_all(const struct group *g, struct group_request *r)
{
    struct offset_fetch_response_group *out = &r->out.fetch;
    struct map by_topic = MAP_INIT;
    struct map_entry e;
    out->topics = arena_array(&r->arena, g->offsets.count, sizeof *out->topics);
    for (uint32_t at = 0; map_next(&g->offsets, &at, &e);) {
        struct offset_fetch_response_group_topic *t = map_get(&by_topic, offset_topic(e.value));
        if (t == NULL) {
            t = &out->topics[out->topics_count++];
            t->name = arena_copy(&r->arena, offset_topic(e.value));
            map_put(&by_topic, t->name, t);
        }
        t->partitions_count++;
    }
    for (uint32_t i = 0; i < out->topics_count; i++) {
        struct offset_fetch_response_group_topic *t = &out->topics[i];
        t->partitions = arena_array(&r->arena, t->partitions_count, sizeof *t->partitions);
        t->partitions_count = 0;
    }
    for (uint32_t at = 0; map_next(&g->offsets, &at, &e);) {
        const struct group_offset *o = e.value;
        struct offset_fetch_response_group_topic *t = map_get(&by_topic, offset_topic(o));
        t->partitions[t->partitions_count++] = partition_answer(r, o, o->partition);
    }
    map_deinit(&by_topic);
}

void group_fetch_absent(struct group_request *r)
{
    offset_fetch_response_group_init(&r->out.fetch);
    r->out.fetch.group_id = r->group_id;
    if (!r->in.fetch.topics_null)
        fetch_named(NULL, r);
}

void group_fetch(struct group *g, struct group_request *r)
{
    if (g->state == GROUP_DEAD) {
        group_fetch_absent(r);
    } else {
        offset_fetch_response_group_init(&r->out.fetch);
        r->out.fetch.group_id = r->group_id;
        if (r->in.fetch.topics_null)
            fetch_all(g, r);
        else
            fetch_named(g, r);
    }
    group_answer(g, r);
}

/* ---- expiry ---- */
/* The topics that the members of a stable group subscribe to. False: some member's subscription
 * cannot be read. */
static bool subscribed_topics(const struct group *g, struct map *topics)
{
    struct arena arena = ARENA_INIT;
    struct map_entry e;
    bool known = true;
    for (uint32_t at = 0; known && map_next(&g->members, &at, &e);) {
        struct consumer_protocol_subscription s;
        struct wire_reader reader = wire_reader_of(group_member_metadata(e.value, g->protocol));
        int16_t version = wire_read_i16(&reader);
        known = version >= 0 && consumer_protocol_subscription_decode(
                                    &reader, version > 3 ? 3 : version, &arena, &s);
        for (uint32_t i = 0; known && i < s.topics_count; i++)
            map_put(topics, s.topics[i], topics);
        arena_reset(&arena);
    }
    return known;
}

struct expiry {
    bool any;          /* whether anything can expire */
    bool since_state;  /* counted from when the group became empty, not from the commit */
    struct map spared; /* topics that stay */
    struct view topic; /* not null: this topic goes, and nothing else */
};

static bool expires(const struct group *g, const struct group_offset *o, const struct expiry *x)
{
    if (x->topic.base != NULL)
        return view_equal(offset_topic(o), x->topic);
    if (map_get(&x->spared, offset_topic(o)) != NULL)
        return false;
    if (o->expire_ms >= 0)
        return g->now.wall_ms >= o->expire_ms;
    int64_t since_ms = x->since_state && g->state_ms >= 0 ? g->state_ms : o->commit_ms;
    return g->now.wall_ms - since_ms >= g->space->config->retention_ms;
}

static struct group_append *add_tombstone(struct group *g, struct group_append *a,
                                          const struct group_offset *o)
{
    if (a == NULL)
        a = group_append_new(g, GROUP_APPEND_TOMBSTONES);
    if (o != NULL) {
        struct offset_commit_key key = record_key(g, o);
        group_records_add_offset_gone(&a->records, g->now.wall_ms, &key);
    } else {
        group_records_add_metadata_gone(&a->records, g->now.wall_ms, g->id);
    }
    if (a->records.size >= TOMBSTONES_BYTES) {
        group_emit(g, a);
        a = NULL;
    }
    return a;
}

static void remove_offsets(struct group *g, const struct expiry *x)
{
    struct group_append *a = NULL;
    struct map_entry e;
    for (uint32_t at = 0; x->any && map_next(&g->offsets, &at, &e);) {
        struct group_offset *o = e.value;
        if (expires(g, o, x)) {
            a = add_tombstone(g, a, o);
            map_remove(&g->offsets, e.key);
            offset_drop(g, o);
        }
    }
    if (g->state == GROUP_EMPTY && g->offsets.count == 0 && g->pending.count == 0 &&
        g->commits_under_way == 0) {
        group_move(g, GROUP_DEAD);
        if (g->generation > 0) /* else it has no record */
            a = add_tombstone(g, a, NULL);
    }
    if (a != NULL)
        group_emit(g, a);
}

void group_expire(struct group *g, struct group_now now, struct group_actions *actions)
{
    struct expiry x = {.any = g->commits_under_way == 0};
    g->actions = actions;
    g->now = now;
    if (g->state == GROUP_EMPTY)
        x.since_state = g->protocol_type.base != NULL;
    else if (g->state == GROUP_STABLE && view_equal(g->protocol_type, GROUP_CONSUMER))
        x.any = x.any && subscribed_topics(g, &x.spared);
    else
        x.any = false;
    remove_offsets(g, &x);
    map_deinit(&x.spared);
    g->actions = NULL;
}

void group_topic_gone(struct group *g, struct view topic, struct group_now now,
                      struct group_actions *actions)
{
    struct expiry x = {.any = true, .topic = topic};
    g->actions = actions;
    g->now = now;
    remove_offsets(g, &x);
    g->actions = NULL;
}

/* ---- loading ---- */
void group_load_offset(struct group *g, struct view topic, int32_t partition,
                       const struct offset_commit_value *value, int64_t log_offset)
{
    struct group_offset *o = offset_new(topic, partition, value->metadata);
    o->offset = value->offset;
    o->leader_epoch = value->leader_epoch;
    o->commit_ms = value->commit_timestamp;
    o->expire_ms = value->expire_timestamp;
    o->log_offset = log_offset;
    offset_put(g, o);
}

void group_load_offset_gone(struct group *g, struct view topic, int32_t partition)
{
    struct group_offset *key = offset_new(topic, partition, VIEW_NULL);
    offset_drop(g, map_remove(&g->offsets, offset_key(key)));
    free(key);
}
