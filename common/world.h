/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORDUROY_COMMON_WORLD_H
#define CORDUROY_COMMON_WORLD_H

#include "common/assert.h"
#include "common/env.h"
#include "common/file.h"
#include "common/world_zk.h"

/* The real world of one broker process: implements struct env_ops for its shards, each on a thread
 * of its own with its own event loop; three threads a directory for disk jobs, started when first
 * used; signals. All functions here are called on the main thread unless they say otherwise. */

#define WORLD_SHARDS_MAX 64
#define WORLD_DIRS_MAX 32

/* A data directory: the operations that its disk jobs get. Both outlive the world. */
struct world_dir {
    const struct file_ops *files;
    void *fs;
};

struct world_config {
    unsigned shard_count;         /* 1..WORLD_SHARDS_MAX */
    unsigned dir_count;           /* 0..WORLD_DIRS_MAX */
    const struct world_dir *dirs; /* copied */
    enum say_level say_level;     /* lines above it are dropped */
    /* In every log line, after the level: "broker 1 "; "" for none. Outlives the world. */
    const char *label;
    /* Hears everything, on the thread of the shard concerned; shard: what world_set_shard gave. */
    void (*step)(void *shard, const struct event *event);
};

/* NULL with errno when the environment refuses (descriptors, memory for an event loop). */
struct world *world_new(const struct world_config *config);
/* What the shard's modules speak to. */
struct env world_env(struct world *world, unsigned shard);
void world_set_shard(struct world *world, unsigned shard, void *state);
/* The adapter that zk and zk_open go to; the world frees it. Without one zk_open is not allowed. */
void world_set_zk(struct world *world, const struct world_zk_ops *ops, void *adapter);

/* What ends a broker in good order: SIGTERM, SIGINT, and SIGHUP unless it is ignored (nohup). */
void world_signals(sigset_t *ret);
/* Starts the shards (each hears EV_START first), handles world_signals (EV_STOP to every
 * shard, once; a second SIGINT halts at once with 130), returns the code of the first halt when all
 * threads of shards and disks have ended. Jobs not yet begun are dropped then. A disk thread that
 * hangs in the kernel ends the process with that code after five seconds. The calls of env_ops are
 * still allowed afterwards, so that what shards own can be taken down, and have no effect. Once
 * only. */
int world_run(struct world *world) MUST_CHECK;
/* The same as a SIGTERM. Any thread, a signal handler too. */
void world_stop(struct world *world);
/* Frees the adapter, then everything that the world owns: connections, queued pieces, posts. What
 * shards own (mails, jobs) must not be freed before world_run has returned. */
void world_free(struct world *world);

/* As env_ops.say, for threads that are no shard's. Any thread. */
void world_say(struct world *world, enum say_level level, struct view line);

#endif
