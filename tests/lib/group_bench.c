/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/group_bench.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/assert.h"
#include "common/memory.h"

void group_bench_init(struct group_bench *b)
{
    *b = (struct group_bench){.config = {.session_min_ms = 6000,
                                         .session_max_ms = 1800000,
                                         .size_max = INT32_MAX,
                                         .retention_ms = 60000,
                                         .metadata_size_max = 4096}};
    b->space = (struct group_space){.config = &b->config, .bytes_max = 1 << 20};
    b->now = (struct group_now){1000, 1700000000000};
    b->group = group_new(&b->space, VIEW_LITERAL("g"), b->now);
}

static void carry_out(struct group_bench *b, struct group_actions *actions)
{
    for (struct group_append *a = actions->appends; a; a = a->next) {
        ck_assert_uint_lt(b->under_way_count, COUNT_OF(b->under_way));
        b->under_way[b->under_way_count++] = a;
    }
    for (struct group_request *r = actions->answered; r; r = r->next)
        r->answered(r);
}

void group_bench_deinit(struct group_bench *b)
{
    struct group_actions actions;
    group_actions_init(&actions);
    group_unload(b->group, b->now, &actions);
    carry_out(b, &actions);
    group_bench_settle(b, ERROR_NOT_LEADER_OR_FOLLOWER);
    group_free(b->group);
    while (b->talks) {
        struct group_talk *t = b->talks;
        b->talks = t->next;
        ck_assert(t->answered);
        group_request_deinit(&t->request);
        free(t);
    }
    ck_assert_uint_eq(b->space.bytes, 0);
}

static void answered(struct group_request *r)
{
    struct group_talk *t = CONTAINER_OF(r, struct group_talk, request);
    ck_assert_msg(!t->answered, "a request is answered twice");
    t->answered = true;
    if (r->kind == GROUP_JOIN) {
        snprintf(t->id, sizeof t->id, "%.*s", (int)r->out.join.member_id.size,
                 (const char *)r->out.join.member_id.base);
    }
}

struct group_talk *group_bench_talk(struct group_bench *b, enum group_request_kind kind,
                                    int16_t version)
{
    struct group_talk *t = xcalloc(1, sizeof *t);
    t->request.kind = kind;
    t->request.version = version;
    t->request.group_id = VIEW_LITERAL("g");
    t->request.client_id = VIEW_LITERAL("c");
    t->request.client_host = VIEW_LITERAL("/127.0.0.1");
    t->request.answered = answered;
    t->next = b->talks;
    b->talks = t;
    return t;
}

void group_bench_ask(struct group_bench *b, struct group_talk *t)
{
    struct group_actions actions;
    static uint64_t draw; /* distinct is all that member ids need */
    t->request.random[0] = ++draw;
    t->request.random[1] = ~draw;
    group_actions_init(&actions);
    group_serve(b->group, &t->request, b->now, &actions);
    carry_out(b, &actions);
}

void group_bench_pass(struct group_bench *b, int64_t ms)
{
    int64_t until = b->now.ms + ms;
    while (b->group->timer_ms != 0 && b->group->timer_ms <= until) {
        struct group_actions actions;
        int64_t step = b->group->timer_ms > b->now.ms ? b->group->timer_ms - b->now.ms : 0;
        b->now.ms += step;
        b->now.wall_ms += step;
        group_actions_init(&actions);
        group_timer(b->group, b->now, &actions);
        carry_out(b, &actions);
        ck_assert_msg(b->group->timer_ms == 0 || b->group->timer_ms > b->now.ms,
                      "a timer that is due is asked for: %lld at %lld, state %d",
                      (long long)b->group->timer_ms, (long long)b->now.ms, (int)b->group->state);
    }
    b->now.wall_ms += until - b->now.ms;
    b->now.ms = until;
}

void group_bench_settle(struct group_bench *b, enum error_code error)
{
    while (b->under_way_count > 0) {
        struct group_append *a = b->under_way[0];
        struct group_actions actions;
        memmove(b->under_way, b->under_way + 1, --b->under_way_count * sizeof a);
        group_actions_init(&actions);
        int64_t at = b->log_end;
        b->log_end += a->records.count;
        group_appended(b->group, a, error, at, b->now, &actions);
        group_append_free(a);
        carry_out(b, &actions);
    }
}

/* ---- requests ---- */
static struct view text(struct group_talk *t, const char *s)
{
    return s ? arena_copy(&t->request.arena, view_of(s)) : VIEW_NULL;
}

struct group_talk *group_bench_join(struct group_bench *b, struct group_joiner who)
{
    struct group_talk *t = group_bench_talk(b, GROUP_JOIN, who.version);
    struct join_group_request *in = &t->request.in.join;
    char names[256], *at = names;
    join_group_request_init(in);
    t->request.client_id = text(t, who.client);
    in->group_id = VIEW_LITERAL("g");
    in->member_id = text(t, who.id);
    in->group_instance_id = text(t, who.instance);
    in->session_timeout_ms = who.session_ms;
    in->rebalance_timeout_ms = who.rebalance_ms;
    in->protocol_type = VIEW_LITERAL("consumer");
    in->protocols = arena_array(&t->request.arena, 8, sizeof *in->protocols);
    snprintf(names, sizeof names, "%s", who.protocols);
    for (char *name; (name = strsep(&at, " ")) && *name;) {
        struct join_group_request_protocol *p = &in->protocols[in->protocols_count++];
        p->name = text(t, name);
        p->metadata = view_of(arena_printf(&t->request.arena, "%s%s", name, who.mark));
    }
    group_bench_ask(b, t);
    return t;
}

struct group_talk *group_bench_newcomer(struct group_bench *b)
{
    struct group_joiner who = GROUP_JOINER;
    struct group_talk *first = group_bench_join(b, who);
    ck_assert_int_eq(first->request.out.join.error_code, ERROR_MEMBER_ID_REQUIRED);
    who.id = first->id;
    struct group_talk *second = group_bench_join(b, who);
    snprintf(second->id, sizeof second->id, "%s", first->id);
    return second;
}

struct group_talk *group_bench_sync(struct group_bench *b, const char *id, int32_t generation,
                                    const char *assignments)
{
    struct group_talk *t = group_bench_talk(b, GROUP_SYNC, 5);
    struct sync_group_request *in = &t->request.in.sync;
    char all[1024], *at = all;
    sync_group_request_init(in);
    in->member_id = text(t, id);
    in->generation_id = generation;
    in->protocol_type = VIEW_LITERAL("consumer");
    in->protocol_name = VIEW_LITERAL("range");
    in->assignments = arena_array(&t->request.arena, 16, sizeof *in->assignments);
    snprintf(all, sizeof all, "%s", assignments);
    for (char *one; (one = strsep(&at, " ")) && *one;) {
        char *bytes = strchr(one, '=');
        ck_assert_ptr_nonnull(bytes);
        *bytes++ = 0;
        in->assignments[in->assignments_count++] =
            (struct sync_group_request_assignment){text(t, one), text(t, bytes)};
    }
    group_bench_ask(b, t);
    return t;
}

int group_bench_heartbeat(struct group_bench *b, const char *id, int32_t generation)
{
    struct group_talk *t = group_bench_talk(b, GROUP_HEARTBEAT, 4);
    heartbeat_request_init(&t->request.in.heartbeat);
    t->request.in.heartbeat.member_id = text(t, id);
    t->request.in.heartbeat.generation_id = generation;
    group_bench_ask(b, t);
    ck_assert(t->answered);
    return t->request.out.heartbeat.error_code;
}

int group_bench_leave(struct group_bench *b, const char *id, const char *instance)
{
    struct group_talk *t = group_bench_talk(b, GROUP_LEAVE, 5);
    struct leave_group_request *in = &t->request.in.leave;
    leave_group_request_init(in);
    in->members = arena_array(&t->request.arena, 1, sizeof *in->members);
    in->members_count = 1;
    in->members[0].member_id = text(t, id);
    in->members[0].group_instance_id = text(t, instance);
    group_bench_ask(b, t);
    ck_assert(t->answered);
    ck_assert_int_eq(t->request.out.leave.error_code, ERROR_NONE);
    return t->request.out.leave.members[0].error_code;
}

struct group_talk *group_bench_commit(struct group_bench *b, const char *id, int32_t generation,
                                      const char *topic, int32_t partition, int64_t offset)
{
    struct group_talk *t = group_bench_talk(b, GROUP_COMMIT, 9);
    struct offset_commit_request *in = &t->request.in.commit;
    offset_commit_request_init(in);
    in->member_id = text(t, id);
    in->generation_id_or_member_epoch = generation;
    in->topics = arena_array(&t->request.arena, 1, sizeof *in->topics);
    in->topics_count = 1;
    in->topics[0].name = text(t, topic);
    in->topics[0].partitions = arena_array(&t->request.arena, 1, sizeof *in->topics[0].partitions);
    in->topics[0].partitions_count = 1;
    offset_commit_request_partition_init(&in->topics[0].partitions[0]);
    in->topics[0].partitions[0].partition_index = partition;
    in->topics[0].partitions[0].committed_offset = offset;
    in->topics[0].partitions[0].committed_metadata = VIEW_LITERAL("note");
    group_commit_prepare(&t->request);
    group_bench_ask(b, t);
    return t;
}

int group_commit_error(const struct group_talk *t)
{
    ck_assert(t->answered);
    return t->request.out.commit.topics[0].partitions[0].error_code;
}

int64_t group_bench_fetch(struct group_bench *b, const char *topic, int32_t partition)
{
    struct group_talk *t = group_bench_talk(b, GROUP_FETCH, 9);
    struct offset_fetch_request_group *in = &t->request.in.fetch;
    struct offset_fetch_request_group_topic one = {text(t, topic), 1, &partition};
    offset_fetch_request_group_init(in);
    in->topics = &one;
    in->topics_count = 1;
    group_bench_ask(b, t);
    ck_assert(t->answered);
    const struct offset_fetch_response_group *out = &t->request.out.fetch;
    ck_assert_int_eq(out->error_code, ERROR_NONE);
    ck_assert_int_eq(out->topics[0].partitions[0].error_code, ERROR_NONE);
    in->topics_count = 0;
    in->topics = NULL;
    return out->topics[0].partitions[0].committed_offset;
}

void group_bench_stable(struct group_bench *b, unsigned count, char ids[][128])
{
    struct group_talk *joins[16];
    char all[2048] = "";
    for (unsigned i = 0; i < count; i++) {
        joins[i] = group_bench_newcomer(b);
        snprintf(ids[i], 128, "%s", joins[i]->id);
    }
    group_bench_pass(b, 0);
    for (unsigned i = 0; i < count; i++) {
        ck_assert(joins[i]->answered);
        ck_assert_int_eq(joins[i]->request.out.join.error_code, ERROR_NONE);
        snprintf(all + strlen(all), sizeof all - strlen(all), "%s%s=part%u", i ? " " : "", ids[i],
                 i);
    }
    for (unsigned i = 0; i < count; i++) {
        bool leads = b->group->leader == map_get(&b->group->members, view_of(ids[i]));
        group_bench_sync(b, ids[i], b->group->generation, leads ? all : "");
    }
    group_bench_settle(b, ERROR_NONE);
    ck_assert_int_eq(b->group->state, GROUP_STABLE);
}
