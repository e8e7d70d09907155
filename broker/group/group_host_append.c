/* SPDX-License-Identifier: Apache-2.0 */
/* Batches of groups, on their way to being committed. A coordinator says nothing that rests on a
 * record before that record is below the high watermark: a record that was only appended can vanish
 * with this leader. */
#include <stdlib.h>

#include "broker/group/group_host_internal.h"
#include "common/assert.h"
#include "common/memory.h"
#include "common/mutation.h"

static enum error_code error_of(enum replica_result result)
{
    switch (result) {
    case REPLICA_OK:
        return ERROR_NONE;
    case REPLICA_NOT_LEADER:
    case REPLICA_FENCED_EPOCH:
    case REPLICA_UNKNOWN_EPOCH:
        return ERROR_NOT_LEADER_OR_FOLLOWER;
    case REPLICA_STORAGE:
        return ERROR_KAFKA_STORAGE_ERROR;
    case REPLICA_UNKNOWN:
        return ERROR_UNKNOWN_TOPIC_OR_PARTITION;
    case REPLICA_NOT_ENOUGH:
    case REPLICA_TOO_MANY:
        return ERROR_NOT_ENOUGH_REPLICAS;
    case REPLICA_OUT_OF_RANGE:
    case REPLICA_NOT_AVAILABLE:
    case REPLICA_DUPLICATE:
    case REPLICA_OUT_OF_ORDER:
    case REPLICA_STALE_PRODUCER:
    case REPLICA_NOT_IN_TXN:
    case REPLICA_CORRUPT:
        break;
    }
    return ERROR_UNKNOWN_SERVER_ERROR;
}

static void link_append(struct group_host *host, struct hosted_append *ha)
{
    ha->previous = host->appends_last;
    *host->appends_last = ha;
    host->appends_last = &ha->next;
}

static void unlink_append(struct group_host *host, struct hosted_append *ha)
{
    *ha->previous = ha->next;
    if (ha->next != NULL)
        ha->next->previous = ha->previous;
    else
        host->appends_last = ha->previous;
}

static void free_append(struct hosted_append *ha)
{
    unlink_append(ha->group->hosted->host, ha);
    buf_unref(ha->waiter.batch.buf);
    group_append_free(ha->append);
    free(ha);
}

static void done(struct produce_waiter *w)
{
    struct hosted_append *ha = CONTAINER_OF(w, struct hosted_append, waiter);
    struct hosted_group *hg = ha->group;
    struct group_actions actions;
    group_actions_init(&actions);
    group_appended(hg->group, ha->append, error_of(w->result), w->base_offset,
                   group_host_now(hg->hosted->host), &actions);
    free_append(ha);
    hosted_group_carry_out(hg, &actions);
}

static bool too_large(const struct hosted *h, uint32_t size)
{
    const struct topic_meta *t = metadata_by_id(&h->host->shard->metadata, h->id.topic);
    return t != NULL && (int64_t)size > t->config.max_message_bytes;
}

/* The timer runs for the oldest append; the others are younger. */
static void set_timeout(struct group_host *host)
{
    int64_t now_ms = group_host_now(host).ms;
    const struct hosted_append *ha = host->appends;
    while (ha != NULL && ha->deadline_ms == 0)
        ha = ha->next;
    if (ha != NULL) {
        timer_set(&host->timeouts,
                  ha->deadline_ms > now_ms ? (uint64_t)(ha->deadline_ms - now_ms) : 0);
    }
}

void hosted_append_begin(struct hosted_group *hg, struct group_append *append,
                         struct group_actions *actions)
{
    struct hosted *h = hg->hosted;
    struct group_host *host = h->host;
    struct record_batch_options options = RECORD_BATCH_OPTIONS_INIT;
    if (append->kind == GROUP_APPEND_OFFSETS)
        options.base_sequence = 0; /* as Kafka has it in these batches, without any producer */
    struct view batch = record_builder_finish(&append->records, &options);
    if (too_large(h, batch.size)) {
        group_appended(hg->group, append, ERROR_MESSAGE_TOO_LARGE, -1, group_host_now(host),
                       actions);
        group_append_free(append);
        return;
    }
    struct hosted_append *ha = xcalloc(1, sizeof *ha);
    struct buf *buf = buf_copy(NULL, batch.base, batch.size);
    int16_t acks = mutated(host->config.mutation, MUTATION_ANSWER_BEFORE_COMMIT) ? 1 : -1;
    record_builder_deinit(&append->records);
    ha->group = hg;
    ha->append = append;
    ha->deadline_ms = group_host_now(host).ms + host->shard->config->offsets_commit_timeout_ms;
    ha->waiter = (struct produce_waiter){.id = h->id,
                                         .batch = {.buf = buf, .size = batch.size},
                                         .acks = acks,
                                         .internal = true,
                                         .done = done};
    link_append(host, ha);
    replica_host_produce(host->shard->replicas, &ha->waiter);
    if (host->timeouts.at_ns == 0)
        set_timeout(host);
}

void group_host_time_out(struct timer *timer)
{
    struct group_host *host = CONTAINER_OF(timer, struct group_host, timeouts);
    struct hosted_append *next;
    int64_t now_ms = group_host_now(host).ms;
    for (struct hosted_append *ha = host->appends; ha != NULL; ha = next) {
        struct group_actions actions;
        next = ha->next;
        if (ha->deadline_ms > now_ms)
            break;
        if (ha->deadline_ms != 0) {
            ha->deadline_ms = 0;
            group_actions_init(&actions);
            group_appended(ha->group->group, ha->append, ERROR_REQUEST_TIMED_OUT, -1,
                           group_host_now(host), &actions);
            hosted_group_carry_out(ha->group, &actions);
        }
    }
    set_timeout(host);
}

void hosted_append_drop_all(struct hosted *h)
{
    struct group_host *host = h->host;
    struct hosted_append *next;
    for (struct hosted_append *ha = host->appends; ha != NULL; ha = next) {
        struct hosted_group *hg = ha->group;
        struct group_actions actions;
        next = ha->next;
        if (hg->hosted != h)
            continue;
        replica_host_produce_cancel(host->shard->replicas, &ha->waiter);
        group_actions_init(&actions);
        group_appended(hg->group, ha->append, ERROR_NOT_LEADER_OR_FOLLOWER, -1,
                       group_host_now(host), &actions);
        INVARIANT(actions.appends == NULL); /* the group is dead */
        free_append(ha);
        group_host_hand_out(host, &actions);
    }
}
