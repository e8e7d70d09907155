/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/sim/sim_ids.h"

#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "controller/znode.h"

struct block {
    int64_t start, end; /* both of it */
    int32_t broker;
};
struct sim_ids {
    struct sim_history *history;
    struct block *blocks;
    size_t block_count, block_capacity;
    int64_t *given;
    size_t given_count, given_capacity;
};

struct sim_ids *sim_ids_new(struct sim_history *history)
{
    struct sim_ids *ids = xcalloc(1, sizeof *ids);
    ids->history = history;
    return ids;
}

void sim_ids_free(struct sim_ids *ids)
{
    free(ids->blocks);
    free(ids->given);
    free(ids);
}

static void block_written(struct sim_ids *ids, const struct znode_producer_id_block *b)
{
    int64_t next = ids->block_count ? ids->blocks[ids->block_count - 1].end + 1 : 0;
    if (b->start != next || b->end < b->start)
        sim_violation(ids->history, "producer ids: broker %d takes %lld to %lld, next is %lld",
                      b->broker, (long long)b->start, (long long)b->end, (long long)next);
    ids->blocks =
        xgrow(ids->blocks, &ids->block_capacity, ids->block_count + 1, sizeof *ids->blocks);
    ids->blocks[ids->block_count++] = (struct block){b->start, b->end, b->broker};
}

static void wrote(void *context, enum zk_watch_kind kind, const struct zk_model_node *node)
{
    struct sim_ids *ids = context;
    struct znode_producer_id_block block;
    struct arena arena = ARENA_INIT;
    if (strcmp(node->path, ZNODE_PRODUCER_ID_BLOCK) != 0 || kind == ZK_WATCH_DELETED ||
        node->data.size == 0)
        return;
    if (znode_producer_id_block_parse(node->data, &arena, &block) == ZNODE_OK)
        block_written(ids, &block);
    else
        sim_violation(ids->history, "%s cannot be read", node->path);
    arena_reset(&arena);
}

void sim_ids_watch(struct sim_ids *ids, struct zk_model *zk)
{
    zk_model_on_write(zk, wrote, ids);
}

void sim_ids_given(struct sim_ids *ids, int64_t producer_id, int32_t broker)
{
    bool covered = false;
    for (size_t i = 0; i < ids->block_count && !covered; i++) {
        const struct block *b = &ids->blocks[i];
        covered = b->broker == broker && producer_id >= b->start && producer_id <= b->end;
    }
    if (!covered)
        sim_violation(ids->history,
                      "broker %d gives out producer id %lld, which is not of a block "
                      "of its own",
                      broker, (long long)producer_id);
    for (size_t i = 0; i < ids->given_count; i++) {
        if (ids->given[i] == producer_id)
            sim_violation(ids->history, "producer id %lld is given out twice",
                          (long long)producer_id);
    }
    ids->given = xgrow(ids->given, &ids->given_capacity, ids->given_count + 1, sizeof *ids->given);
    ids->given[ids->given_count++] = producer_id;
}

uint64_t sim_ids_count(const struct sim_ids *ids)
{
    return ids->given_count;
}
