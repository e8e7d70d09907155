/* SPDX-License-Identifier: Apache-2.0 */
/* FindCoordinator, JoinGroup, SyncGroup, Heartbeat, LeaveGroup and InitProducerId of a member. */
#include <stdio.h>
#include <string.h>

#include "common/assert.h"
#include "common/memory.h"
#include "proto/gen/find_coordinator.h"
#include "proto/gen/heartbeat.h"
#include "proto/gen/init_producer_id.h"
#include "proto/gen/join_group.h"
#include "proto/gen/leave_group.h"
#include "proto/gen/sync_group.h"
#include "tests/sim/sim_ids.h"
#include "tests/sim/sim_member_internal.h"

#define INIT_PRODUCER_ID_VERSION 4

static void text_of(char to[SIM_MEMBER_ID_SIZE], struct view from)
{
    PRE(from.size < SIM_MEMBER_ID_SIZE);
    if (from.size > 0)
        memcpy(to, from.base, from.size);
    to[from.size] = 0;
}

/* ---- FindCoordinator ---- */
static void found(struct sim_member *m, int16_t error, int32_t node)
{
    static const int16_t expected[] = {ERROR_COORDINATOR_NOT_AVAILABLE};
    member_answered(m, "FindCoordinator", error, expected, COUNT_OF(expected));
    if (error == ERROR_NONE)
        m->coordinator = node;
}

static void find_done(struct client_call *call, struct wire_reader *r)
{
    struct sim_member *m;
    struct find_coordinator_response answer;
    struct arena arena = ARENA_INIT;
    member_home(call, r, &m);
    m->find_ns = m->client.reactor.now_ns + sim_random_range(&m->client.random, 20, 200) * SIM_MS;
    if (!r)
        return;
    if (!find_coordinator_response_decode(r, call->version, &arena, &answer))
        member_garbled(m, "FindCoordinator");
    else if (call->version < 4)
        found(m, answer.error_code, answer.node_id);
    else if (answer.coordinators_count == 1)
        found(m, answer.coordinators[0].error_code, answer.coordinators[0].node_id);
    else
        member_garbled(m, "FindCoordinator");
    arena_reset(&arena);
}

void member_find_send(struct sim_member *m)
{
    struct find_coordinator_request request;
    struct view key = member_group(m);
    struct wire_writer w;
    uint32_t from;
    int16_t version = m->options.versions.find;
    struct attempt *a = member_begin(m, ATTEMPT_FIND, API_FIND_COORDINATOR, version, &w, &from);
    find_coordinator_request_init(&request);
    request.key = key;
    request.coordinator_keys = &key;
    request.coordinator_keys_count = 1;
    find_coordinator_request_encode(&w, version, &request);
    a->call.done = find_done;
    member_send(a, sim_client_any(&m->client), &w, from);
}

/* ---- JoinGroup ---- */
static void learn_members(struct sim_member *m, const struct join_group_response *answer)
{
    m->other_count = 0;
    bool self = false;
    for (uint32_t i = 0; i < answer->members_count; i++) {
        const struct join_group_response_member *from = &answer->members[i];
        if (m->other_count == COUNT_OF(m->others)) {
            sim_violation(m->client.history, "member %u: a generation of %u members",
                          m->options.number, answer->members_count);
            return;
        }
        text_of(m->others[m->other_count].id, from->member_id);
        text_of(m->others[m->other_count].who,
                from->group_instance_id.base ? from->group_instance_id : from->member_id);
        for (uint32_t k = 0; k < m->other_count; k++) {
            if (strcmp(m->others[k].who, m->others[m->other_count].who) == 0)
                sim_violation(m->client.history, "member %u: %s is in generation %d twice",
                              m->options.number, m->others[k].who, answer->generation_id);
        }
        self = self || strcmp(m->others[m->other_count].id, m->member_id) == 0;
        m->other_count++;
    }
    if (!self)
        sim_violation(m->client.history, "member %u: leads generation %d without being in it",
                      m->options.number, answer->generation_id);
}

static void joined(struct sim_member *m, const struct attempt *a,
                   const struct join_group_response *answer)
{
    bool named = a->call.version < 7 || view_equal(answer->protocol_type, MEMBER_PROTOCOL_TYPE);
    if (!named || !view_equal(answer->protocol_name, MEMBER_PROTOCOL) || answer->generation_id < 1)
        sim_violation(m->client.history, "member %u: JoinGroup: generation %d of protocol %.*s",
                      m->options.number, answer->generation_id, (int)answer->protocol_name.size,
                      (const char *)answer->protocol_name.base);
    text_of(m->member_id, answer->member_id);
    if (a->member_id[0] == 0 && m->options.instance[0])
        sim_group_static_joined(m->options.checker, m->options.group, m->options.instance,
                                m->member_id, &a->span);
    m->generation = answer->generation_id;
    m->leads = view_equal(answer->leader, answer->member_id) && !answer->skip_assignment;
    if (m->leads)
        learn_members(m, answer);
    m->state = MEMBER_SYNCING;
    m->retry_ns = 0;
    if (sim_random_once_in(&m->client.random, m->options.slow_once_in))
        member_put_off(m, 100, (uint32_t)m->options.session_timeout_ms * 2);
}

static void join_answered(struct sim_member *m, const struct attempt *a,
                          const struct join_group_response *answer)
{
    static const int16_t expected[] = {
        ERROR_MEMBER_ID_REQUIRED,          ERROR_UNKNOWN_MEMBER_ID,
        ERROR_FENCED_INSTANCE_ID,          ERROR_NOT_COORDINATOR,
        ERROR_REBALANCE_IN_PROGRESS,       ERROR_COORDINATOR_NOT_AVAILABLE,
        ERROR_COORDINATOR_LOAD_IN_PROGRESS};
    member_answered(m, "JoinGroup", answer->error_code, expected, COUNT_OF(expected));
    if (m->state != MEMBER_JOINING)
        return;
    if (answer->error_code == ERROR_NONE) {
        joined(m, a, answer);
    } else if (answer->error_code == ERROR_MEMBER_ID_REQUIRED) {
        text_of(m->member_id, answer->member_id);
        m->retry_ns = 0;
    } else {
        member_put_off(m, 20, 200);
        member_trouble(m, answer->error_code);
    }
}

static void join_done(struct client_call *call, struct wire_reader *r)
{
    struct sim_member *m;
    struct join_group_response answer;
    struct arena arena = ARENA_INIT;
    struct attempt *a = member_home(call, r, &m);
    if (!r)
        member_lost_coordinator(m);
    else if (!join_group_response_decode(r, call->version, &arena, &answer))
        member_garbled(m, "JoinGroup");
    else
        join_answered(m, a, &answer);
    arena_reset(&arena);
}

void member_join_send(struct sim_member *m, struct client_node *node)
{
    struct join_group_request request;
    struct join_group_request_protocol protocol;
    struct wire_writer w;
    uint32_t from;
    int16_t version = m->options.versions.join;
    struct attempt *a = member_begin(m, ATTEMPT_JOIN, API_JOIN_GROUP, version, &w, &from);
    join_group_request_protocol_init(&protocol);
    protocol.name = MEMBER_PROTOCOL;
    protocol.metadata = VIEW_LITERAL("of this member");
    join_group_request_init(&request);
    request.group_id = member_group(m);
    request.session_timeout_ms = m->options.session_timeout_ms;
    request.rebalance_timeout_ms = m->options.rebalance_timeout_ms;
    request.member_id = view_of(m->member_id);
    request.group_instance_id = member_instance(m);
    request.protocol_type = MEMBER_PROTOCOL_TYPE;
    request.protocols = &protocol;
    request.protocols_count = 1;
    join_group_request_encode(&w, version, &request);
    a->call.done = join_done;
    member_send(a, node, &w, from);
}

/* ---- SyncGroup ---- */
static void sync_answered(struct sim_member *m, const struct attempt *a,
                          const struct sync_group_response *answer)
{
    static const int16_t expected[] = {
        ERROR_UNKNOWN_MEMBER_ID,  ERROR_FENCED_INSTANCE_ID,    ERROR_NOT_COORDINATOR,
        ERROR_ILLEGAL_GENERATION, ERROR_REBALANCE_IN_PROGRESS, ERROR_COORDINATOR_NOT_AVAILABLE};
    member_answered(m, "SyncGroup", answer->error_code, expected, COUNT_OF(expected));
    if (m->state != MEMBER_SYNCING)
        return;
    if (answer->error_code != ERROR_NONE) {
        member_put_off(m, 20, 200);
        member_rejoin(m);
        member_trouble(m, answer->error_code);
        return;
    }
    sim_group_synced(m->options.checker, m->options.group, a->generation, m->options.instance,
                     a->member_id, answer->assignment, &a->span, &m->partitions);
    m->state = MEMBER_STABLE;
    m->synced_ns = m->client.reactor.now_ns;
    m->fetch_ns = m->synced_ns; /* as a consumer does, to know where to begin */
    memcpy(m->options.ghost->member_id, a->member_id, sizeof a->member_id);
    m->options.ghost->generation = a->generation;
}

static void sync_done(struct client_call *call, struct wire_reader *r)
{
    struct sim_member *m;
    struct sync_group_response answer;
    struct arena arena = ARENA_INIT;
    struct attempt *a = member_home(call, r, &m);
    if (!r) {
        member_lost_coordinator(m);
        member_rejoin(m);
    } else if (!sync_group_response_decode(r, call->version, &arena, &answer)) {
        member_garbled(m, "SyncGroup");
    } else {
        sync_answered(m, a, &answer);
    }
    arena_reset(&arena);
}

/* Every partition to one of the members, from a drawn one on. */
static uint32_t share_of(const struct sim_member *m, uint32_t member, uint32_t first)
{
    uint32_t partitions = 0;
    for (uint32_t i = 0; i < sim_history_kept(m->client.history); i++)
        if ((first + i) % m->other_count == member)
            partitions |= UINT32_C(1) << i;
    return partitions;
}

static uint32_t assign(struct sim_member *m, struct sync_group_request_assignment *to,
                       uint8_t bytes[][SIM_ASSIGNMENT_SIZE])
{
    uint32_t plan = 0, first = (uint32_t)sim_random_below(&m->client.random, m->other_count);
    for (uint32_t i = 0; i < m->other_count; i++) {
        uint32_t size = sim_group_plan(m->options.checker, m->options.group, m->generation,
                                       m->others[i].who, share_of(m, i, first), &plan, bytes[i]);
        sync_group_request_assignment_init(&to[i]);
        to[i].member_id = view_of(m->others[i].id);
        to[i].assignment = (struct view){bytes[i], size};
    }
    return m->other_count;
}

void member_sync_send(struct sim_member *m, struct client_node *node)
{
    struct sync_group_request request;
    struct sync_group_request_assignment assignments[COUNT_OF(m->others)];
    uint8_t bytes[COUNT_OF(m->others)][SIM_ASSIGNMENT_SIZE];
    struct wire_writer w;
    uint32_t from;
    int16_t version = m->options.versions.sync;
    struct attempt *a = member_begin(m, ATTEMPT_SYNC, API_SYNC_GROUP, version, &w, &from);
    sync_group_request_init(&request);
    request.group_id = member_group(m);
    request.generation_id = m->generation;
    request.member_id = view_of(m->member_id);
    request.group_instance_id = member_instance(m);
    request.protocol_type = MEMBER_PROTOCOL_TYPE;
    request.protocol_name = MEMBER_PROTOCOL;
    request.assignments = assignments;
    if (m->leads)
        request.assignments_count = assign(m, assignments, bytes);
    sync_group_request_encode(&w, version, &request);
    a->call.done = sync_done;
    member_send(a, node, &w, from);
}

/* ---- Heartbeat ---- */
static void beat_done(struct client_call *call, struct wire_reader *r)
{
    static const int16_t expected[] = {
        ERROR_UNKNOWN_MEMBER_ID,  ERROR_FENCED_INSTANCE_ID,    ERROR_NOT_COORDINATOR,
        ERROR_ILLEGAL_GENERATION, ERROR_REBALANCE_IN_PROGRESS, ERROR_COORDINATOR_NOT_AVAILABLE};
    struct sim_member *m;
    struct heartbeat_response answer;
    struct arena arena = ARENA_INIT;
    struct attempt *a = member_home(call, r, &m);
    if (!r) {
        member_lost_coordinator(m);
    } else if (!heartbeat_response_decode(r, call->version, &arena, &answer)) {
        member_garbled(m, "Heartbeat");
    } else {
        member_answered(m, "Heartbeat", answer.error_code, expected, COUNT_OF(expected));
        if (answer.error_code == ERROR_NONE)
            sim_group_beat(m->options.checker, m->options.group, a->generation, a->member_id,
                           &a->span);
        else if (m->state == MEMBER_STABLE && m->generation == a->generation &&
                 strcmp(m->member_id, a->member_id) == 0)
            member_trouble(m, answer.error_code);
    }
    arena_reset(&arena);
}

void member_beat_send(struct sim_member *m, struct client_node *node)
{
    struct heartbeat_request request;
    struct wire_writer w;
    uint32_t from;
    int16_t version = m->options.versions.beat;
    struct attempt *a = member_begin(m, ATTEMPT_BEAT, API_HEARTBEAT, version, &w, &from);
    heartbeat_request_init(&request);
    request.group_id = member_group(m);
    request.generation_id = m->generation;
    request.member_id = view_of(m->member_id);
    request.group_instance_id = member_instance(m);
    heartbeat_request_encode(&w, version, &request);
    a->call.done = beat_done;
    member_send(a, node, &w, from);
}

/* ---- LeaveGroup ---- */
static void leave_done(struct client_call *call, struct wire_reader *r)
{
    static const int16_t expected[] = {ERROR_UNKNOWN_MEMBER_ID, ERROR_FENCED_INSTANCE_ID,
                                       ERROR_NOT_COORDINATOR, ERROR_COORDINATOR_NOT_AVAILABLE,
                                       ERROR_COORDINATOR_LOAD_IN_PROGRESS};
    struct sim_member *m;
    struct leave_group_response answer;
    struct arena arena = ARENA_INIT;
    member_home(call, r, &m);
    m->state = MEMBER_OVER; /* a client says it once */
    if (r && !leave_group_response_decode(r, call->version, &arena, &answer)) {
        member_garbled(m, "LeaveGroup");
    } else if (r) {
        member_answered(m, "LeaveGroup", answer.error_code, expected, COUNT_OF(expected));
        for (uint32_t i = 0; i < answer.members_count; i++)
            member_answered(m, "LeaveGroup of one", answer.members[i].error_code, expected,
                            COUNT_OF(expected));
    }
    arena_reset(&arena);
}

void member_leave_send(struct sim_member *m, struct client_node *node)
{
    struct leave_group_request request;
    struct leave_group_request_member self;
    struct wire_writer w;
    uint32_t from;
    int16_t version = m->options.versions.leave;
    struct attempt *a = member_begin(m, ATTEMPT_LEAVE, API_LEAVE_GROUP, version, &w, &from);
    leave_group_request_member_init(&self);
    self.member_id = view_of(m->member_id);
    self.group_instance_id = member_instance(m);
    leave_group_request_init(&request);
    request.group_id = member_group(m);
    request.member_id = view_of(m->member_id);
    request.members = &self;
    request.members_count = 1;
    leave_group_request_encode(&w, version, &request);
    a->call.done = leave_done;
    member_send(a, node, &w, from);
}

/* ---- InitProducerId ---- */
static void id_done(struct client_call *call, struct wire_reader *r)
{
    static const int16_t expected[] = {ERROR_COORDINATOR_LOAD_IN_PROGRESS};
    struct sim_member *m;
    struct init_producer_id_response answer;
    struct arena arena = ARENA_INIT;
    struct attempt *a = member_home(call, r, &m);
    if (r && !init_producer_id_response_decode(r, call->version, &arena, &answer)) {
        member_garbled(m, "InitProducerId");
    } else if (r) {
        member_answered(m, "InitProducerId", answer.error_code, expected, COUNT_OF(expected));
        if (answer.error_code == ERROR_NONE && m->options.client.ids)
            sim_ids_given(m->options.client.ids, answer.producer_id, a->span.broker);
    }
    arena_reset(&arena);
}

void member_id_send(struct sim_member *m)
{
    struct init_producer_id_request request;
    struct wire_writer w;
    uint32_t from;
    struct attempt *a =
        member_begin(m, ATTEMPT_ID, API_INIT_PRODUCER_ID, INIT_PRODUCER_ID_VERSION, &w, &from);
    init_producer_id_request_init(&request);
    request.transactional_id = VIEW_NULL;
    init_producer_id_request_encode(&w, INIT_PRODUCER_ID_VERSION, &request);
    a->call.done = id_done;
    member_send(a, sim_client_any(&m->client), &w, from);
}
