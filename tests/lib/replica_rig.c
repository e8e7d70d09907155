/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/replica_rig.h"

#include <check.h>

struct replica_rig replica_rig;
const struct partition_config replica_rig_config = {.self = {1, 11},
                                                    .silence_ms = 1000,
                                                    .lag_ms = 30000,
                                                    .rejoin_ms = 200,
                                                    .rejoin_ms_max = 1000,
                                                    .retry_ms = 500};

void replica_rig_step(struct partition_event e)
{
    e.now_ms = replica_rig.now;
    replica_rig.acts.count = 0;
    partition_step(&replica_rig.p, &e, &replica_rig.acts);
}

void replica_rig_turn(void)
{
    replica_rig.acts.count = 0;
    partition_turn(&replica_rig.p, replica_rig.now, &replica_rig.acts);
}

const struct partition_action *replica_rig_did(enum partition_action_kind kind)
{
    for (uint32_t i = 0; i < replica_rig.acts.count; i++)
        if (replica_rig.acts.items[i].kind == kind)
            return &replica_rig.acts.items[i];
    return NULL;
}

void replica_rig_begin(int64_t end, int32_t last_epoch, int64_t high_watermark)
{
    struct partition_log log = {.there = true,
                                .created = true,
                                .last_epoch = last_epoch,
                                .end = end,
                                .synced_end = end,
                                .high_watermark = high_watermark};
    replica_rig.now = 1000;
    partition_init(&replica_rig.p, &replica_rig_config, REPLICA_RIG_ID, &log);
}

struct cluster_partition_item replica_rig_order(struct cluster_member leader, int32_t epoch,
                                                int32_t version)
{
    return (struct cluster_partition_item){.id = REPLICA_RIG_ID,
                                           .leader = leader.broker,
                                           .leader_incarnation = leader.incarnation,
                                           .leader_epoch = epoch,
                                           .version = version,
                                           .min_isr = 2,
                                           .replica_count = 3,
                                           .isr_count = 3,
                                           .replicas = {1, 2, 3},
                                           .isr = {1, 2, 3}};
}

void replica_rig_say_order(struct cluster_partition_item o)
{
    struct partition_event e = {.kind = PARTITION_EV_ORDER};
    e.u.order = o;
    replica_rig_step(e);
}

void replica_rig_say_member(struct cluster_member m, bool alive)
{
    struct partition_event e = {.kind = PARTITION_EV_MEMBER};
    e.u.member.member = m;
    e.u.member.alive = alive;
    replica_rig_step(e);
}

void replica_rig_say_log(int64_t end, int64_t synced_end, int32_t last_epoch)
{
    struct partition_event e = {.kind = PARTITION_EV_LOG};
    e.u.log = replica_rig.p.log;
    e.u.log.truncating = false;
    e.u.log.end = end;
    e.u.log.synced_end = synced_end;
    e.u.log.last_epoch = last_epoch;
    replica_rig_step(e);
}

void replica_rig_say_stream(enum partition_event_kind kind, struct cluster_member from)
{
    replica_rig_step((struct partition_event){.kind = kind, .from = from});
}

uint32_t replica_rig_session_of(struct cluster_member m)
{
    for (uint32_t i = 0; i < replica_rig.p.peer_count; i++)
        if (replica_rig.p.peers[i].broker == m.broker)
            return replica_rig.p.peers[i].session;
    return 0;
}

void replica_rig_say_ack(struct cluster_member from, int32_t epoch, int64_t end, int64_t synced_end)
{
    struct partition_event e = {.kind = PARTITION_EV_ACK, .from = from};
    e.u.ack =
        (struct cluster_ack){REPLICA_RIG_ID, epoch, replica_rig_session_of(from), end, synced_end};
    replica_rig_step(e);
}

void replica_rig_say_state(struct cluster_member from, int32_t last_epoch, int64_t end,
                           int32_t own_epoch, int64_t own_end)
{
    struct partition_event e = {
        .kind = PARTITION_EV_STATE, .from = from, .own_epoch = own_epoch, .own_end = own_end};
    e.u.state = (struct cluster_replica_state){REPLICA_RIG_ID,
                                               replica_rig.p.order.leader_epoch,
                                               replica_rig_session_of(from),
                                               last_epoch,
                                               0,
                                               end,
                                               0};
    replica_rig_step(e);
}

void replica_rig_lead(int64_t end, int64_t high_watermark)
{
    replica_rig_begin(end, 4, high_watermark);
    replica_rig_say_order(replica_rig_order(SELF, 5, 10));
    ck_assert(partition_leads(&replica_rig.p));
    replica_rig_say_member(TWO, true);
    replica_rig_say_member(THREE, true);
    replica_rig_say_stream(PARTITION_EV_STREAM_UP, TWO);
    replica_rig_say_state(TWO, 4, end, 4, end);
    ck_assert_ptr_nonnull(replica_rig_did(PARTITION_DO_START_PUSH));
    replica_rig_say_stream(PARTITION_EV_STREAM_UP, THREE);
    replica_rig_say_state(THREE, 4, end, 4, end);
    replica_rig_turn();
}

int64_t replica_rig_high_watermark_after_turn(void)
{
    replica_rig_turn();
    return replica_rig.p.high_watermark;
}

void replica_rig_say_open(struct cluster_member from, int32_t epoch, uint32_t session)
{
    struct partition_event e = {.kind = PARTITION_EV_OPEN, .from = from};
    e.u.open = (struct cluster_replica_open){REPLICA_RIG_ID, epoch, session, 0};
    replica_rig_step(e);
}

void replica_rig_say_push(struct cluster_member from, int32_t epoch, uint32_t session, int64_t base,
                          uint32_t size, int64_t high_watermark)
{
    struct partition_event e = {.kind = PARTITION_EV_PUSH, .from = from};
    e.u.push = (struct cluster_push){REPLICA_RIG_ID, epoch, session, high_watermark, 0, base, size};
    replica_rig_step(e);
}

void replica_rig_say_diverge(int32_t epoch, int64_t end, int32_t own_epoch, int64_t own_end)
{
    struct partition_event e = {
        .kind = PARTITION_EV_DIVERGE, .from = TWO, .own_epoch = own_epoch, .own_end = own_end};
    e.u.diverge = (struct cluster_diverge){REPLICA_RIG_ID, replica_rig.p.order.leader_epoch,
                                           replica_rig.p.stream_session, epoch, end};
    replica_rig_step(e);
}

void replica_rig_follow(int64_t end, int32_t last_epoch, int64_t high_watermark)
{
    replica_rig_begin(end, last_epoch, high_watermark);
    replica_rig_say_order(replica_rig_order(TWO, 5, 10));
    replica_rig_say_open(TWO, 5, 1);
    ck_assert_int_eq(replica_rig.p.state, PARTITION_MATCHING);
    ck_assert_int_eq(replica_rig_did(PARTITION_DO_SEND_STATE)->u.state.end, end);
}

void replica_rig_lead_alone(int64_t end, int64_t high_watermark)
{
    struct cluster_partition_item o = replica_rig_order(SELF, 5, 10);
    replica_rig_begin(end, 4, high_watermark);
    o.isr_count = 2;
    replica_rig_say_order(o);
    replica_rig_say_member(TWO, true);
    replica_rig_say_member(THREE, true);
    replica_rig_say_stream(PARTITION_EV_STREAM_UP, TWO);
    replica_rig_say_state(TWO, 4, end, 4, end);
    replica_rig_say_stream(PARTITION_EV_STREAM_UP, THREE);
    replica_rig_say_state(THREE, 4, 5, 4, end);
    replica_rig_say_ack(TWO, 5, end, end);
    replica_rig_turn();
    replica_rig.now += 1000;
}
