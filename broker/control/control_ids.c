/* SPDX-License-Identifier: Apache-2.0 */
/* Producer ids, in Kafka's way: blocks of 1000 from /latest_producer_id_block, taken by a
 * conditional write. A write whose outcome is unknown may have been done: that block is nobody's
 * then, and the node is read anew. */
#include <stdlib.h>

#include "broker/control/control_internal.h"
#include "common/memory.h"
#include "common/mutation.h"
#include "controller/znode.h"
#include "proto/error_code.h"

#define BLOCK 1000
#define WAITING_MAX 10000u

struct control_ids {
    struct control *control;
    int64_t next, end; /* [next, end) is ours */
    int64_t want_start;
    struct control_producer_id *first, **last;
    uint32_t waiting;
    bool asking, up;
};

static void read_block(struct control_ids *ids);

struct control_ids *control_ids_new(struct control *c)
{
    struct control_ids *ids = xcalloc(1, sizeof *ids);
    ids->control = c;
    ids->last = &ids->first;
    return ids;
}

void control_ids_free(struct control_ids *ids)
{
    free(ids);
}

static struct control_producer_id *pop(struct control_ids *ids)
{
    struct control_producer_id *ask = ids->first;
    ids->first = ask->next;
    if (ids->first == NULL)
        ids->last = &ids->first;
    ids->waiting--;
    return ask;
}

static void serve(struct control_ids *ids)
{
    while (ids->first != NULL && ids->next < ids->end) {
        struct control_producer_id *ask = pop(ids);
        ask->error = ERROR_NONE;
        ask->producer_id = ids->next++;
        ask->done(ask);
    }
    if (ids->first != NULL && !ids->asking && ids->up)
        read_block(ids);
}

static void fail_all(struct control_ids *ids, enum error_code e)
{
    struct control_producer_id *end = NULL;
    uint32_t n = ids->waiting;
    for (; n > 0 && ids->first != end; n--) {
        struct control_producer_id *ask = pop(ids);
        ask->error = (int16_t)e;
        ask->done(ask);
    }
}

static void written(struct control_zk_ask *ask, const struct event *reply)
{
    struct control_ids *ids = ask->control->ids;
    ids->asking = false;
    if (!reply->u.reply.unknown && reply->u.reply.results[0].error == ZK_OK) {
        ids->next = ids->want_start;
        ids->end = ids->want_start + BLOCK;
    } else if (reply->u.reply.unknown || reply->u.reply.results[0].error != ZK_ERR_BADVERSION) {
        fail_all(ids, ERROR_COORDINATOR_LOAD_IN_PROGRESS); /* clients ask again */
        return;
    }
    serve(ids);
}

static void read_done(struct control_zk_ask *ask, const struct event *reply)
{
    struct control_ids *ids = ask->control->ids;
    struct znode_producer_id_block block = {.broker = -1, .start = 0, .end = -1};
    struct arena arena = ARENA_INIT;
    const struct zk_result *result = reply->u.reply.results;
    ids->asking = false;
    if (reply->u.reply.unknown || result[0].error != ZK_OK) {
        fail_all(ids, ERROR_COORDINATOR_LOAD_IN_PROGRESS);
        return;
    }
    if (result[0].data.size > 0 &&
        znode_producer_id_block_parse(result[0].data, &arena, &block) != 0) {
        say(&ids->control->reactor->env, SAY_ERROR, "control",
            "%s cannot be read: no producer ids can be given out", ZNODE_PRODUCER_ID_BLOCK);
        fail_all(ids, ERROR_UNKNOWN_SERVER_ERROR);
        arena_reset(&arena);
        return;
    }
    ids->want_start = block.end + 1;
    struct znode_producer_id_block next = {.broker = ids->control->config->broker_id,
                                           .start = ids->want_start,
                                           .end = ids->want_start + BLOCK - 1};
    struct zk_op op = {.kind = ZK_SET,
                       .version =
                           mutated(ids->control->shard->mutation, MUTATION_BLOCK_WITHOUT_VERSION)
                               ? -1
                               : result[0].version,
                       .path = VIEW_LITERAL(ZNODE_PRODUCER_ID_BLOCK)};
    op.data = znode_producer_id_block_print(&next, &arena);
    ids->asking = true;
    control_zk(ids->control, &op, 1, 0, written);
    arena_reset(&arena);
}

static void read_block(struct control_ids *ids)
{
    struct zk_op op = {.kind = ZK_GET, .path = VIEW_LITERAL(ZNODE_PRODUCER_ID_BLOCK)};
    ids->asking = true;
    control_zk(ids->control, &op, 1, 0, read_done);
}

void control_ids_session(struct control_ids *ids, bool up)
{
    ids->up = up;
    if (up)
        serve(ids);
}

void control_producer_id(struct control *c, struct control_producer_id *ask)
{
    struct control_ids *ids = c->ids;
    if (ids->waiting >= WAITING_MAX || (!ids->up && ids->next == ids->end)) {
        ask->error = ERROR_COORDINATOR_LOAD_IN_PROGRESS;
        ask->done(ask);
        return;
    }
    ask->next = NULL;
    *ids->last = ask;
    ids->last = &ask->next;
    ids->waiting++;
    serve(ids);
}
