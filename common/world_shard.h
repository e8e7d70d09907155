/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORDUROY_COMMON_WORLD_SHARD_H
#define CORDUROY_COMMON_WORLD_SHARD_H

#include <pthread.h>
#include <stdatomic.h>

#include "common/world.h"
#include "common/world_disk.h"
#include "common/world_inbox.h"
#include "common/world_net.h"
#include "common/world_timers.h"

/* Inside of the real world: the thread of one shard, and what the shards share. */

#define SHARD_RANDOM_COUNT 64

struct world_shard {
    struct world *world;
    unsigned index;
    void *state; /* of the broker, for step */
    pthread_t thread;
    struct world_loop loop;
    struct world_inbox inbox;
    struct world_watch wake;
    struct world_timers timers;
    struct world_net net;
    uint64_t random[SHARD_RANDOM_COUNT];
    unsigned random_left;
    struct disk_job *job_first, **job_last; /* said, not yet with their lanes */
    bool delivered;                         /* something, since the last turn */
    bool stop_told;
};
struct world {
    void (*step)(void *shard, const struct event *event);
    enum say_level say_level;
    const char *label;
    struct world_disk *disk;
    const struct world_zk_ops *zk_ops;
    void *zk;
    _Atomic uint64_t next_token;
    atomic_bool stopping, halted;
    atomic_int halt_code; /* of the first halt, 0..255; -1: none */
    int main_fd;          /* readable once halted */
    unsigned shard_count, shards_ready;
    struct world_shard shards[];
};

int world_shard_init(struct world_shard *s, struct world *world, unsigned index); /* 0, -errno */
void world_shard_deinit(struct world_shard *s);
/* The thread: until the broker halts. */
void *world_shard_main(void *shard);

extern const struct env_ops world_env_ops; /* world: a struct world_shard */
void world_halt(struct world *world, int code, struct view why);

#endif
