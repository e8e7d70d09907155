/* SPDX-License-Identifier: Apache-2.0 */
/* What goes over replication streams: lists of one kind, many partitions a frame. */
#include "proto/cluster/coder.h"

/* What every entry starts with. */
#define ENTRY_SIZE_MIN 28u
static void code_entry(struct coder *c, struct partition_id *id, int32_t *leader_epoch,
                       uint32_t *session)
{
    code_partition(c, id);
    code_i32(c, leader_epoch);
    code_u32(c, session);
}

static void code_opens(struct coder *c, struct cluster_message *m)
{
    struct cluster_replica_open *items =
        code_array(c, &m->u.opens.count, m->u.opens.items, ENTRY_SIZE_MIN + 8, sizeof *items);
    m->u.opens.items = items;
    for (uint32_t i = 0; i < m->u.opens.count; i++) {
        code_entry(c, &items[i].id, &items[i].leader_epoch, &items[i].session);
        code_i64(c, &items[i].leader_start);
    }
}

static void code_states(struct coder *c, struct cluster_message *m)
{
    struct cluster_replica_state *items =
        code_array(c, &m->u.states.count, m->u.states.items, ENTRY_SIZE_MIN + 28, sizeof *items);
    m->u.states.items = items;
    for (uint32_t i = 0; i < m->u.states.count; i++) {
        code_entry(c, &items[i].id, &items[i].leader_epoch, &items[i].session);
        code_i32(c, &items[i].last_epoch);
        code_i64(c, &items[i].start);
        code_i64(c, &items[i].end);
        code_i64(c, &items[i].high_watermark);
    }
}

static void code_diverges(struct coder *c, struct cluster_message *m)
{
    struct cluster_diverge *items = code_array(c, &m->u.diverges.count, m->u.diverges.items,
                                               ENTRY_SIZE_MIN + 12, sizeof *items);
    m->u.diverges.items = items;
    for (uint32_t i = 0; i < m->u.diverges.count; i++) {
        code_entry(c, &items[i].id, &items[i].leader_epoch, &items[i].session);
        code_i32(c, &items[i].epoch);
        code_i64(c, &items[i].end);
    }
}

static void code_resets(struct coder *c, struct cluster_message *m)
{
    struct cluster_reset *items =
        code_array(c, &m->u.resets.count, m->u.resets.items, ENTRY_SIZE_MIN + 8, sizeof *items);
    m->u.resets.items = items;
    for (uint32_t i = 0; i < m->u.resets.count; i++) {
        code_entry(c, &items[i].id, &items[i].leader_epoch, &items[i].session);
        code_i64(c, &items[i].start);
    }
}

static void code_acks(struct coder *c, struct cluster_message *m)
{
    struct cluster_ack *items =
        code_array(c, &m->u.acks.count, m->u.acks.items, ENTRY_SIZE_MIN + 16, sizeof *items);
    m->u.acks.items = items;
    for (uint32_t i = 0; i < m->u.acks.count; i++) {
        code_entry(c, &items[i].id, &items[i].leader_epoch, &items[i].session);
        code_i64(c, &items[i].end);
        code_i64(c, &items[i].synced_end);
    }
}

static void code_refuses(struct coder *c, struct cluster_message *m)
{
    struct cluster_refuse *items =
        code_array(c, &m->u.refuses.count, m->u.refuses.items, ENTRY_SIZE_MIN + 1, sizeof *items);
    m->u.refuses.items = items;
    for (uint32_t i = 0; i < m->u.refuses.count; i++) {
        code_entry(c, &items[i].id, &items[i].leader_epoch, &items[i].session);
        items[i].reason = (enum cluster_refusal)code_choice(
            c, items[i].reason, CLUSTER_REFUSED_STALE_EPOCH, CLUSTER_REFUSED_GAP);
    }
}

void code_push_head(struct coder *c, struct cluster_message *m)
{
    struct cluster_push *items =
        code_array(c, &m->u.pushes.count, m->u.pushes.items, ENTRY_SIZE_MIN + 28, sizeof *items);
    m->u.pushes.items = items;
    for (uint32_t i = 0; i < m->u.pushes.count; i++) {
        code_entry(c, &items[i].id, &items[i].leader_epoch, &items[i].session);
        code_i64(c, &items[i].high_watermark);
        code_i64(c, &items[i].leader_start);
        code_i64(c, &items[i].base);
        code_u32(c, &items[i].size);
    }
}

void code_replica(struct coder *c, struct cluster_message *m)
{
    switch ((unsigned)m->kind) {
    case CLUSTER_KIND_REPLICA_OPENS:
        code_opens(c, m);
        break;
    case CLUSTER_KIND_REPLICA_STATES:
        code_states(c, m);
        break;
    case CLUSTER_KIND_DIVERGES:
        code_diverges(c, m);
        break;
    case CLUSTER_KIND_RESETS:
        code_resets(c, m);
        break;
    case CLUSTER_KIND_ACKS:
        code_acks(c, m);
        break;
    case CLUSTER_KIND_REFUSES:
        code_refuses(c, m);
        break;
    default:
        IMPOSSIBLE("not a replication kind");
    }
}
