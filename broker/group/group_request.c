/* SPDX-License-Identifier: Apache-2.0 */
/* Answers that need no group. */
#include "broker/group/group_internal.h"

void group_request_deinit(struct group_request *r)
{
    arena_reset(&r->arena);
}

void group_commit_prepare(struct group_request *r)
{
    const struct offset_commit_request *in = &r->in.commit;
    struct offset_commit_response *out = &r->out.commit;
    offset_commit_response_init(out);
    out->topics_count = in->topics_count;
    out->topics = arena_array(&r->arena, in->topics_count, sizeof *out->topics);
    for (uint32_t i = 0; i < in->topics_count; i++) {
        const struct offset_commit_request_topic *from = &in->topics[i];
        struct offset_commit_response_topic *to = &out->topics[i];
        to->name = from->name;
        to->partitions_count = from->partitions_count;
        to->partitions = arena_array(&r->arena, from->partitions_count, sizeof *to->partitions);
        for (uint32_t k = 0; k < from->partitions_count; k++)
            to->partitions[k].partition_index = from->partitions[k].partition_index;
    }
}

static void refuse_commit(struct group_request *r, enum error_code error)
{
    for (uint32_t i = 0; i < r->out.commit.topics_count; i++) {
        struct offset_commit_response_topic *t = &r->out.commit.topics[i];
        for (uint32_t k = 0; k < t->partitions_count; k++)
            if (t->partitions[k].error_code == ERROR_NONE)
                t->partitions[k].error_code = (int16_t)error;
    }
}

/* Version 1 has no place for a group's error but in each partition. */
static void refuse_fetch(struct group_request *r, enum error_code error)
{
    struct offset_fetch_response_group *out = &r->out.fetch;
    if (r->version >= 2) {
        offset_fetch_response_group_init(out);
        out->group_id = r->group_id;
        out->error_code = (int16_t)error;
        return;
    }
    group_fetch_absent(r);
    for (uint32_t i = 0; i < out->topics_count; i++)
        for (uint32_t k = 0; k < out->topics[i].partitions_count; k++)
            out->topics[i].partitions[k].error_code = (int16_t)error;
}

void group_request_refuse(struct group_request *r, enum error_code error)
{
    switch (r->kind) {
    case GROUP_JOIN:
        join_group_response_init(&r->out.join);
        r->out.join.protocol_name = VIEW_NULL;
        r->out.join.member_id = r->in.join.member_id;
        r->out.join.error_code = (int16_t)error;
        return;
    case GROUP_SYNC:
        sync_group_response_init(&r->out.sync);
        r->out.sync.error_code = (int16_t)error;
        return;
    case GROUP_HEARTBEAT:
        heartbeat_response_init(&r->out.heartbeat);
        r->out.heartbeat.error_code = (int16_t)error;
        return;
    case GROUP_LEAVE:
        leave_group_response_init(&r->out.leave);
        r->out.leave.error_code = (int16_t)error;
        return;
    case GROUP_COMMIT:
        refuse_commit(r, error);
        return;
    case GROUP_FETCH:
        refuse_fetch(r, error);
        return;
    case GROUP_DESCRIBE:
        describe_groups_response_group_init(&r->out.describe);
        r->out.describe.group_id = r->group_id;
        r->out.describe.error_code = (int16_t)error;
        return;
    case GROUP_REQUESTS:
        break;
    }
    IMPOSSIBLE("a group request of no kind");
}

void group_request_refuse_loading(struct group_request *r)
{
    group_request_refuse(r, r->kind == GROUP_HEARTBEAT ? ERROR_NONE
                            : r->kind == GROUP_SYNC    ? ERROR_REBALANCE_IN_PROGRESS
                                                       : ERROR_COORDINATOR_LOAD_IN_PROGRESS);
}

bool group_request_makes_group(const struct group_request *r)
{
    return (r->kind == GROUP_JOIN && r->in.join.member_id.size == 0) ||
           (r->kind == GROUP_COMMIT && r->in.commit.generation_id_or_member_epoch < 0);
}

static void leave_absent(struct group_request *r)
{
    const struct leave_group_request *in = &r->in.leave;
    struct leave_group_response *out = &r->out.leave;
    leave_group_response_init(out);
    if (r->version < 3) {
        out->error_code = ERROR_UNKNOWN_MEMBER_ID;
        return;
    }
    out->members = arena_array(&r->arena, in->members_count, sizeof *out->members);
    for (uint32_t i = 0; i < in->members_count; i++) {
        out->members[out->members_count++] = (struct leave_group_response_member){
            in->members[i].member_id, in->members[i].group_instance_id, ERROR_UNKNOWN_MEMBER_ID};
    }
}

void group_request_answer_absent(struct group_request *r)
{
    switch (r->kind) {
    case GROUP_JOIN:
    case GROUP_SYNC:
    case GROUP_HEARTBEAT:
        group_request_refuse(r, ERROR_UNKNOWN_MEMBER_ID);
        return;
    case GROUP_LEAVE:
        leave_absent(r);
        return;
    case GROUP_COMMIT:
        group_request_refuse(r, ERROR_ILLEGAL_GENERATION);
        return;
    case GROUP_FETCH:
        group_fetch_absent(r);
        return;
    case GROUP_DESCRIBE:
        group_describe_absent(r);
        return;
    case GROUP_REQUESTS:
        break;
    }
    IMPOSSIBLE("a group request of no kind");
}

bool group_request_id_valid(const struct group_request *r)
{
    return r->group_id.size > 0 || r->kind == GROUP_COMMIT || r->kind == GROUP_FETCH ||
           r->kind == GROUP_DESCRIBE;
}

bool group_request_names_protocol(const struct group_request *r)
{
    const struct sync_group_request *in = &r->in.sync;
    return r->version < 5 || (in->protocol_type.base != NULL && in->protocol_name.base != NULL);
}
